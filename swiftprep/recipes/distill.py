"""Recipe `distill`: from experts and a teacher to verified answers, rejects with reasons, and a report.

    swiftprep distill scan.path=demo                    # the demonstration, on this machine
    swiftprep distill recipes/distill.yaml scan.path=../our-app teacher.provider=deepseek \
        teacher.model=deepseek-chat distill.n=100 --dry-run

scan → plan → experts and teacher → samples.jsonl, rejects.jsonl, pending.jsonl, coverage.png, report.json, report.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.result import Result
from swiftprep.errors import ConfigError, DistillStopped, MissingDependencyError, RunInterrupted
from swiftprep.recipes.shared.asking import Distilled, distil, facts, write_coverage
from swiftprep.recipes.shared.command_line import Arguments, run, say, spoken_lang
from swiftprep.recipes.shared.distill_settings import DistillConfig
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.report_files import write_report
from swiftprep.recipes.shared.scanning import is_demo, make_scanner, say_samples_lang
from swiftprep.recipes.shared.settings import load, save_config
from swiftprep.recipes.shared.training import say_how_to_go_on, say_report, timed
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.outputs import check_together, writing
from swiftprep.withheld import masked

SUMMARY = "Distil: scenarios → answers of experts and a teacher, each verified against the catalogue."


def distill(config: DistillConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Distil, write everything into the output folder and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.distill_settings`.
        dry_run: Show what would be sent, where to, and what it might cost; open no connection and write nothing.

    Raises:
        ConfigError: there is no code base, a setting is wrong, or the output folder holds the results of another job.
        DataError: a data file is bad.
        DistillStopped: the teacher cannot answer for now, or never answered; what was answered before, and the
            experts' answers, are written first, and the same command resumes.
        RunInterrupted: Ctrl-C; the same command resumes.
    """
    config = in_own_folder(config, "distill", inputs=("scan.path", "catalog", "samples"))
    out = config.output_dir
    seconds: dict[str, float] = {}
    with timed("scan", seconds):
        catalog, examples, is_demo = _known(config)
    say(
        f"scan    {plural(len(catalog), 'component')}, {plural(len(examples), 'sample')} to show uses from",
        f"扫描    {len(catalog)} 个组件，{len(examples)} 条样本可作为用法示例",
    )
    if config.distill.langs is None:
        say_samples_lang(config.scan.lang)

    def keep(stopped: Distilled) -> None:
        """Write what there is, unless a file of an earlier run may hold more."""
        pending = stopped.asked is None or stopped.asked.pending
        if stopped.samples and not (pending and (out / "samples.jsonl").exists()):
            _write(config, stopped, catalog, seconds)

    with timed("distil", seconds):
        distilled = distil(
            config, catalog, examples, is_demo=is_demo, dry_run=dry_run, lang=config.scan.lang, on_stop=keep
        )
    if dry_run:
        if distilled.preview is not None:
            say(distilled.preview.in_words("en"), distilled.preview.in_words("zh"))
        say("\ndry run: no connection was opened and nothing was written", "\n试运行：没有建立连接，也没有写入任何文件")
        return {"scenarios": [s.instruction for s in distilled.scenarios], **_previewed(distilled.preview)}
    return _write(config, distilled, catalog, seconds)


def _write(config: DistillConfig, distilled: Distilled, catalog: Catalog, seconds: dict[str, float]) -> dict[str, Any]:
    """Write everything into the output folder and return the report."""
    out, lang = config.output_dir, spoken_lang()
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "config": masked(config.model_dump(mode="json")),
        "framework": catalog.framework or config.scan.framework,
        **facts(distilled, catalog),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }
    with writing(out, "distill") as staged:
        save_config(config, staged / "config.yaml")
        Result(distilled.records).write(staged)
        write_jsonl(distilled.samples, staged / "samples.jsonl")
        try:
            write_coverage(distilled, catalog, staged / "coverage.png", lang)
        except MissingDependencyError as error:
            say(f"        no coverage.png: {error}", f"        没有画 coverage.png：{error}")
        report = write_report(report, staged, lang, "distill")
    kept, rejected = len(distilled.samples), report["rejected_in_all"]
    say(f"kept    {plural(kept, 'answer')}: {out / 'samples.jsonl'}", f"保留    {kept} 条回答：{out / 'samples.jsonl'}")
    if rejected:
        where = out / "rejects.jsonl"
        say(f"        {rejected} rejected, with reasons: {where}", f"        剔除 {rejected} 条，原因见 {where}")
    say_report(out)
    return report


def _known(config: DistillConfig) -> tuple[Catalog, list[Sample], bool]:
    """Return the catalogue, the samples the teacher may see, and whether it is the demonstration application."""
    if config.catalog is not None:
        check_together([config.catalog, *config.samples])
        train = [s for path in config.samples for s in read_jsonl(path) if not s.is_held_out]
        return Catalog.load(config.catalog), train, False
    if config.samples:
        raise ConfigError(
            "samples: they need catalog=catalog.json; with scan.path the samples come from the scan "
            "(使用 samples 时须同时指定 catalog)"
        )
    scan = make_scanner(config.scan, seed=config.seed, tokenizer=None).scan()
    return scan.catalog, scan.train, is_demo(config.scan.path)


def _previewed(preview: Any) -> dict[str, Any]:
    names = ("host", "teacher", "calls", "cached", "tokens_in", "tokens_out", "cost")
    return {} if preview is None else {name: getattr(preview, name) for name in names}


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        try:
            return distill(load(DistillConfig, arguments.file, arguments.overrides), dry_run=arguments.dry_run)
        except (RunInterrupted, DistillStopped):
            say_how_to_go_on("distill", arguments)
            raise

    return run("distill", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
