"""Stage 1: a code base in, a fine-tuned adapter, its evaluation and a verdict out.

    python -m swiftprep.recipes.stage1                                      # the embedded default
    python -m swiftprep.recipes.stage1 recipes/stage1.yaml scan.path=~/code/our-app mix.ratio=30:70

scan → mix → sft → evaluate base and tuned model → verdict → report.json, report.md, loss.png.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import ConfigError, RunError, RunInterrupted
from swiftprep.evaluate.compare import compare
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.cli import Arguments, run, say
from swiftprep.recipes.config import DEFAULT_SFT, EMBEDDED_SFT, Stage1Config, load_config, save_config
from swiftprep.recipes.nothing_kept import refuse_nothing
from swiftprep.recipes.scan import scanner
from swiftprep.recipes.training import (
    check_before,
    general_data,
    make_runner,
    save_answers,
    sft_facts,
    timed,
    versions,
)
from swiftprep.records import read_jsonl, write_jsonl
from swiftprep.report import plot_losses, write_report
from swiftprep.scan.result import Scan
from swiftprep.storage.outputs import OutputFolder, reading, run_of
from swiftprep.tokens import sample_tokens, token_counter
from swiftprep.train.results import Evaluation, Run
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

SUMMARY = "Stage 1: code base → samples → mix → fine-tuning → evaluation → verdict."


def stage1(config: Stage1Config, *, dry_run: bool = False) -> dict[str, Any]:
    """Run stage 1 and return its report, which is also written to the output folder.

    Args:
        config: What to do; see `swiftprep.recipes.config`.
        dry_run: Scan, mix and write the data files, but load no model.

    Raises:
        ConfigError: something in the settings is wrong.
        DataError: a data file is bad.
        RunError: training or evaluation failed.
        RunInterrupted: Ctrl-C; the message says how to go on.
    """
    config = config.model_copy(update={"sft": _swift_arguments(config)})
    check_before(config.output_dir, config.sft, config.eval.probes)
    runner = make_runner(config.model, config.output_dir / "sft")
    with ExitStack() as held:
        return _stage1(config, runner, held, dry_run)


def _stage1(config: Stage1Config, runner: SwiftRunner, held: ExitStack, dry_run: bool) -> dict[str, Any]:
    out = config.output_dir
    folder = held.enter_context(OutputFolder(out, wait=2))
    seconds: dict[str, float] = {}
    with timed("scan", seconds):
        scan = _scan(config, runner.model)
        files = scan.write(out / "data")
        held.enter_context(reading(out / "data"))
    with folder.writing("settings") as staged:
        save_config(config, staged / "config.yaml")
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "config": masked(config.model_dump(mode="json")),
    }
    report["scan"] = _scan_facts(scan)
    report["data"] = run_of(files["train"])
    say(f"scan    {scan.found} files: {len(scan.train)} train, {len(scan.val)} held out, {len(scan.rejects)} rejected")
    if scan.findings:
        say(f"        {len(scan.findings)} secrets were replaced: {files['findings']}")
    count = token_counter(runner.model)
    with timed("mix", seconds):
        mix = Mixer(
            [files["train"]],
            general_data(config.mix.general, config.model, out / "data"),
            ratio=config.mix.ratio,
            size=config.mix.size,
            seed=config.seed,
            count_tokens=count,
        )
        plan = mix.plan()
    report["mix"] = {
        "ratio": str(config.mix.ratio),
        "dataset": mix.dataset_args(),
        "plan": orjson.loads(plan.to_json(orient="records")),
    }
    say(f"mix     {mix.command()}")
    longest = config.sft["max_length"]  # None: the model's own limit
    long_rows = None
    if count is not None and longest is not None:
        long_rows = sum(sample_tokens(sample, count) > longest for sample in scan.samples)
    report["sft"] = {"max_length": longest, "longer_than_max_length": long_rows}
    if long_rows:
        say(f"        {long_rows} of {len(scan.samples)} components are cut off at max_length={longest} tokens")
    say(f"sft     {runner.model} (log: {out / 'sft'})")
    with timed("sft", seconds):
        trained = runner.sft(mix.dataset_args(), [files["val"]], dry_run=dry_run, **config.sft)
    report["sft"]["command"] = trained.command
    if dry_run:
        say(f"\n{trained.command}\n\ndry run: the data files are in {out / 'data'}; no model was loaded")
        return report
    if trained.best_checkpoint is None:
        raise RunError(f"ms-swift saved no checkpoint to evaluate; see {trained.output_dir} (没有保存检查点)")
    say(f"sft     {trained.checkpoint}")
    with timed("eval", seconds):
        held_out = out / "data" / "eval.jsonl"
        write_jsonl(islice(read_jsonl(files["val"]), config.eval.limit), held_out)
        try:
            answers = _evaluate(runner, trained, {"general": config.eval.probes, "held-out": held_out}, config)
        except RunInterrupted as stopped:  # going on from the last checkpoint skips the training that is done
            raise RunInterrupted(str(stopped), checkpoint=trained.checkpoint) from None
    report["sft"] |= sft_facts(trained, planned=int(plan["taken"].sum()), held_out=len(scan.val))
    report["eval"] = [c.to_dict() for c in compare(answers["base"].rows, answers["tuned"].rows)]
    report["examples"] = _examples(answers)
    report["verdict"] = {**asdict(trained.monitor().verdict(config.scan.lang))}
    report["seconds"] = {name: round(value, 1) for name, value in seconds.items()}
    report["versions"] = versions()
    with folder.writing("stage1") as staged:
        save_config(config, staged / "config.yaml")
        for name, found in answers.items():
            save_answers(found, staged / "eval" / f"{name}.jsonl")
        plot_losses(trained.log, staged / "loss.png")
        report = write_report(report, staged, config.scan.lang, "stage1")
    _say_result(report, out)
    return report


def _swift_arguments(config: Stage1Config) -> dict[str, Any]:
    embedded = EMBEDDED_SFT if config.model.path is None else {}
    return {**DEFAULT_SFT, **embedded, "seed": config.seed, "data_seed": config.seed, **config.sft}


def _scan(config: Stage1Config, model: str | Path) -> Scan:
    wanted = config.scan
    scan = scanner(wanted, seed=config.seed, tokenizer=None if wanted.max_tokens is None else model).scan()
    refuse_nothing(str(scan.root), scan.kept, scan.rejects, config.output_dir)
    if not scan.train or not scan.val:
        raise ConfigError(
            f"{scan.root}: {scan.kept} of {scan.found} files can be used {scan.reasons() or ''}; at least two are "
            "needed, one to train on and one to hold out (可用的组件太少)"
        )
    return scan


def _evaluate(
    runner: SwiftRunner, trained: Run, sets: dict[str, str | Path], config: Stage1Config
) -> dict[str, Evaluation]:
    found = {}
    for name, checkpoint in {"base": None, "tuned": trained.best_checkpoint}.items():
        found[name] = runner.eval(checkpoint, sets, max_new_tokens=config.eval.max_new_tokens)
        say(f"eval    {name}: " + ", ".join(f"{k} {v:.3f}" for k, v in found[name].scores.items()))
    return found


def _scan_facts(scan: Scan) -> dict[str, Any]:
    return {
        "root": str(scan.root),
        "found": scan.found,
        "kept": scan.kept,
        "rejected": scan.reasons(),
        "train": len(scan.train),
        "held_out": len(scan.val),
        "secrets": len(scan.findings),
        "held_out_paths": [file["path"] for file in scan.files if file["split"] == "val"],
    }


def _examples(answers: dict[str, Evaluation], most: int = 5) -> list[dict[str, Any]]:
    """Pick, of each set, the questions whose score changed most, to show both answers side by side."""
    pairs = list(zip(answers["base"].rows, answers["tuned"].rows, strict=True))
    pairs.sort(key=lambda pair: -abs(pair[0]["score"] - pair[1]["score"]))
    sets = dict.fromkeys(base["set"] for base, _ in pairs)
    chosen = [pair for name in sets for pair in [p for p in pairs if p[0]["set"] == name][:most]]
    return [
        {
            **{key: base[key] for key in ("set", "id", "metric", "prompt")},
            "base": {key: base[key] for key in ("answer", "score")},
            "tuned": {key: tuned[key] for key in ("answer", "score")},
        }
        for base, tuned in chosen
    ]


def _say_result(report: dict[str, Any], out: Path) -> None:
    loss = report["sft"]["eval_loss"]
    if loss["base"] is not None:
        say(f"\nheld-out eval loss: base {loss['base']:.3f} → tuned {loss['tuned']:.3f}")
    for found in report["eval"]:
        kept = "" if found["kept"] is None else f" (keeps {found['kept']:.0%} of what the base got right)"
        kept += " — it forgets: see the report" if found["forgets"] else ""
        asked = f"{found['name']} ({found['metric']}, {found['questions']} questions)"
        say(f"{asked}: {found['base']:.3f} → {found['tuned']:.3f}{kept}")
    say(f"verdict: {report['verdict']['kind']}")
    for line in report["verdict"]["evidence"]:
        say(f"  {line}")
    say(f"report: {out / 'report.md'}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        try:
            return stage1(load_config(arguments.file, arguments.overrides), dry_run=arguments.dry_run)
        except RunInterrupted as stopped:
            settings = list(arguments.overrides)
            if stopped.checkpoint:
                settings = [item for item in settings if not item.startswith("sft.resume_from_checkpoint=")]
                settings.append(f"sft.resume_from_checkpoint={stopped.checkpoint}")
            again = shlex.join([*([arguments.file] if arguments.file else []), *settings])
            say(f"to go on: python -m swiftprep.recipes.stage1 {again}")
            raise

    return run("stage1", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
