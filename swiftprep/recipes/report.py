"""Recipe `report`: show the report of a finished run, in Chinese or English, or the verdict on any training log.

swiftprep report run=runs/stage1 lang=en
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from swiftprep.errors import ConfigError, DataError
from swiftprep.recipes.shared.command_line import Arguments, run, say, spoken_lang
from swiftprep.recipes.shared.data_settings import ReportConfig
from swiftprep.recipes.shared.report_files import markdown
from swiftprep.recipes.shared.settings import load
from swiftprep.recipes.shared.training import verdict_in_words
from swiftprep.records import parse_row
from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import writing
from swiftprep.storage.run_records import read_runs
from swiftprep.streams import Lang
from swiftprep.train.monitor import Monitor

SUMMARY = "Report: show the report of a finished run, or the verdict on a training log."
TEMPLATES = ("stage1", "stage2", "distill")


def report(config: ReportConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Print the report of a run, write it into a folder if asked to, and return its content.

    Stages 1 and 2 and distill have a report in words; of the other recipes the figures are shown. In any other folder,
    and for a file, the training log is read, and the verdict on it is shown.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`.
        dry_run: Print only.

    Raises:
        ConfigError: no folder was given, or there is none.
        DataError: there is neither a report nor a training log in it.
    """
    folder = config.run
    if folder is None:
        raise ConfigError("run: the report of what? For example `swiftprep report run=runs/stage1` (请指定运行文件夹)")
    if not folder.exists():
        raise ConfigError(f"{folder}: no such file or folder (没有这个文件或文件夹)")
    content, text = _shown(folder, config.lang or spoken_lang())
    say(text.rstrip())
    if config.output_dir is not None and not dry_run:
        with writing(config.output_dir, "report") as staged:
            write_text(staged / "report.md", text)
        say(f"written to {config.output_dir / 'report.md'}", f"已写入 {config.output_dir / 'report.md'}")
    return content


def _shown(folder: Path, lang: Lang) -> tuple[dict[str, Any], str]:
    """Return what is known of a run, and the text that shows it."""
    recipe = _recipe_of(folder)
    path = folder / "report.json"
    if recipe is not None and recipe != "sft" and path.is_file():
        content = _read(path)
        if recipe not in TEMPLATES:
            return content, yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
        return content, markdown(content, lang, recipe)
    page = folder / "report.html"
    if page.is_file():
        return {"report": str(page)}, f"请用浏览器打开 {page}" if lang == "zh" else f"{page}: open it in a browser"
    monitor = Monitor.read(folder)
    return asdict(monitor.verdict(lang)), verdict_in_words(monitor, lang)


def _recipe_of(folder: Path) -> str | None:
    """Return the recipe that wrote the report in a folder; None without one."""
    names = [run.id.rpartition("-")[0] for run in read_runs(folder) if "report.json" in run.files]
    return names[-1] if names else None


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_row(path.read_bytes())
    except DataError as error:
        raise DataError(f"{path}: {error}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(ReportConfig, arguments.file, arguments.overrides)
        if arguments.data:
            config = config.model_copy(update={"run": Path(arguments.data[0])})
        return report(config, dry_run=arguments.dry_run)

    return run("report", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
