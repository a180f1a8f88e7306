"""Recipe `mix`: from private and general data sets to one mix at a ratio, and swift's `--dataset` list.

swiftprep mix data/train.jsonl mix.general=general.jsonl mix.ratio=40:60 output_dir=runs/mix
"""

from __future__ import annotations

import random
import shlex
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.shared.command_line import Arguments, run, say, say_next
from swiftprep.recipes.shared.data_settings import MixRecipeConfig
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.result_files import result_files, write_json_report
from swiftprep.recipes.shared.settings import load, save_config
from swiftprep.recipes.shared.tables import say_table
from swiftprep.recipes.shared.training import general_data, identity_data, mix_facts, with_paths
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.disk import write_text
from swiftprep.swiftfmt import parse_entry
from swiftprep.tokens import token_counter

SUMMARY = "Mix: private and general data at a ratio → one file, and swift's --dataset list."


def mix(config: MixRecipeConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Plan a mix, write it and return the report.

    The output folder gets `dataset.txt` with swift's `--dataset`, `report.json`, and, if all data sets are local files,
    `mix.jsonl`, which is the mix itself.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`.
        dry_run: Plan, but write nothing.

    Raises:
        ConfigError: no private data was given, or a setting is wrong.
        DataError: ms-swift could not load a file.
    """
    if not config.private:
        raise ConfigError(
            "private: which data sets? For example `swiftprep mix data/train.jsonl mix.ratio=40:60` (请指定私有数据)"
        )
    config = in_own_folder(config, "mix", inputs=("private", "mix.general"))
    out, rows = config.output_dir, 0
    with result_files(out, "mix", dry_run=dry_run) as staged:
        mixer = Mixer(
            config.private,
            general_data(config.mix.general, config.model, staged),
            ratio=config.mix.ratio,
            size=config.mix.size,
            seed=config.seed,
            count_tokens=token_counter(config.model.path) if config.model.path else None,
        )
        identity = identity_data(config.mix, config.model, None, staged)
        dataset = [*mixer.dataset_args(), *identity]
        is_local = all(parse_entry(entry).path is not None for entry in dataset)
        real = {str(staged): str(out)}
        report: dict[str, Any] = with_paths(mix_facts(mixer, config.mix.ratio), real)
        report["dataset"] = with_paths(dataset, real)
        report["identity"] = sum(int(entry.rpartition("#")[2]) for entry in identity)
        report["frozen"] = None
        plan = mixer.plan()
        say_table(plan.assign(source=[with_paths(source, real) for source in plan["source"]]))
        if identity:
            say(
                f"identity: {report['identity']} rows in which the model says who it is, on top of the mix",
                f"自我认知：在混合之外另加 {report['identity']} 行",
            )
        say(f"--dataset {shlex.join(report['dataset'])}")
        if not dry_run:
            if is_local:
                rows = _frozen(mixer, identity, config.seed, staged / "mix.jsonl")
                report["frozen"] = {"path": str(out / "mix.jsonl"), "rows": rows}
            write_text(staged / "dataset.txt", "".join(f"{entry}\n" for entry in report["dataset"]))
            report = write_json_report(report, staged)
            save_config(config, staged / "config.yaml")
    if dry_run:
        say("dry run: nothing was written", "试运行：没有写入任何文件")
    elif rows:
        say(
            f"written to {out}: mix.jsonl with {plural(rows, 'row')}, to train on as it is",
            f"已写入 {out}：mix.jsonl，共 {rows} 条，可直接用于训练",
        )
        say_next("sft", out / "mix.jsonl", "held_out=val.jsonl")
    else:
        say(
            f"written to {out}: dataset.txt; a mix with hub data sets is drawn by ms-swift",
            f"已写入 {out}：dataset.txt；含有 hub 数据集的混合由 ms-swift 抽取",
        )
    return report


def _frozen(mixer: Mixer, identity: Sequence[str], seed: int, path: Path) -> int:
    """Write the mix with the rows of identity among the others to one file, and return the number of rows."""
    rows = mixer.freeze(path)
    if not identity:
        return rows
    added: list[Sample] = []
    for entry in identity:
        source, _, wanted = entry.rpartition("#")
        added += islice(cycle(list(read_jsonl(source))), int(wanted))
    samples = [*read_jsonl(path), *added]
    random.Random(seed).shuffle(samples)
    return write_jsonl(samples, path)


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(MixRecipeConfig, arguments.file, arguments.overrides)
        private = [*config.private, *arguments.data]
        return mix(config.model_copy(update={"private": private}), dry_run=arguments.dry_run)

    return run("mix", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
