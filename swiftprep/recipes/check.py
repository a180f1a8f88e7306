"""Recipe `check`: from data files to the rows kept, the rows rejected with reasons, and a report to browse.

python -m swiftprep.recipes.check train.jsonl held_out=[val.jsonl] catalog=data/catalog.json output_dir=runs/check
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from swiftprep import demo
from swiftprep.catalog.catalog import Catalog
from swiftprep.quality.checker import Checker
from swiftprep.quality.duplicates.diversity import diversity
from swiftprep.quality.report.report import QualityReport
from swiftprep.reasons import name_of
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.settings import CheckConfig, load, save_config
from swiftprep.scan.scanner import Scanner
from swiftprep.storage.outputs import check_together, writing
from swiftprep.storage.staging import check_output
from swiftprep.swiftfmt.lint import OUTCOMES, Lint, lint
from swiftprep.tokens import Counter

SUMMARY = "Check: data files → what is kept, repaired and rejected, and why."


def check(config: CheckConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Check data files, write everything into the output folder and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.settings`. Without data, the samples of the demonstration
            application are checked.
        dry_run: Read and count, but write nothing.

    Raises:
        ConfigError: a setting is wrong.
        DataError: a file is missing or cannot be read, or no row is kept.
        RunError: no row is kept because of an error in swiftprep.
    """
    if not dry_run:
        check_output(config.output_dir)
    if config.catalog:
        check_together([config.catalog, *config.data])
    scan = None if config.data else Scanner(demo.app(), framework="ta404").scan()
    catalog = Catalog.load(config.catalog) if config.catalog else scan.catalog if scan else None
    checker = Checker(
        catalog=catalog,
        held_out=config.held_out,
        near_duplicate_threshold=config.near_duplicate_threshold,
        max_tokens=config.max_tokens,
        count_tokens=Counter(config.tokenizer) if config.tokenizer else None,
        levels=config.levels,
        fix=config.fix,
        row_seconds=config.row_seconds,
        row_memory_mb=config.row_memory_mb,
    )
    linted = {str(path): lint(path) for path in config.data}
    result = checker.run(scan.samples, source="demo") if scan else checker.run_files(*config.data)
    report = _report(result) | {"as_is": {path: _as_is(found, "en") for path, found in linted.items()}}
    for path, found in linted.items():
        say(
            f"{path}: as it is, ms-swift {_as_is(found, 'en')}",
            f"{path}：如果原样交给 ms-swift，{_as_is(found, 'zh')}",
        )
    rows, kept, repaired, rejected = result.read, len(result.kept), len(result.repaired), len(result.rejected)
    say(
        f"{rows} rows, {kept} kept ({repaired} repaired), {rejected} rejected",
        f"检查结果：共 {rows} 行，保留 {kept} 行（其中修复 {repaired} 行），剔除 {rejected} 行",
    )
    say(result.counts().to_string(index=False), _counts_in_chinese(result))
    refuse_nothing(", ".join(map(str, config.data)) or "demo", len(result.kept), result.rejected, config.output_dir)
    if dry_run:
        return report
    with writing(config.output_dir, "check") as staged:
        files = result.write(staged, lang=config.lang)
        save_config(config, staged / "config.yaml")
    report["files"] = {name: str(config.output_dir / path.name) for name, path in files.items()}
    page = report["files"]["report"]
    say(
        f"written to {config.output_dir}; open {page} in a browser",
        f"已写入 {config.output_dir}；请用浏览器打开 {page}",
    )
    return report


def _as_is(linted: Lint, lang: str) -> str:
    """Return what ms-swift would do with a file as it is."""
    if linted.fails:
        return f"整个文件加载失败：{linted.fails}" if lang == "zh" else f"fails on the whole file: {linted.fails}"
    counts = {outcome: count for outcome, count in linted.counts.items() if count}
    if lang == "zh":
        return "，".join(f"{count} 行{OUTCOMES[outcome][1]}" for outcome, count in counts.items())
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items())


def _counts_in_chinese(result: QualityReport) -> str:
    """Return the counts of the findings as a table in Chinese."""
    table = result.counts()
    table["rule"] = [name_of(rule, "zh") for rule in table["rule"]]
    table["severity"] = table["severity"].replace({"fix": "修复", "drop": "剔除", "warn": "警告"})
    return table.set_axis(["规则", "处理", "来源", "行数"], axis="columns").to_string(index=False)


def _report(result: QualityReport) -> dict[str, Any]:
    return {
        "read": result.read,
        "kept": len(result.kept),
        "repaired": len(result.repaired),
        "rejected": len(result.rejected),
        "rules": orjson.loads(result.counts().to_json(orient="records")),
        "diversity": orjson.loads(diversity(result.kept).to_json(orient="records")),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(CheckConfig, arguments.file, arguments.overrides)
        data = [*config.data, *(Path(os.path.expanduser(path)) for path in arguments.data)]
        return check(config.model_copy(update={"data": data}), dry_run=arguments.dry_run)

    return run("check", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
