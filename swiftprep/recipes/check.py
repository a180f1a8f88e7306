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
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.settings import CheckConfig, load, save_config
from swiftprep.scan.scanner import Scanner
from swiftprep.storage.outputs import check_together, writing
from swiftprep.storage.staging import check_output
from swiftprep.swiftfmt import lint
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
    as_is = {str(path): _as_is(path) for path in config.data}
    result = checker.run(scan.samples, source="demo") if scan else checker.run_files(*config.data)
    report = _report(result) | {"as_is": as_is}
    for path, outcome in as_is.items():
        say(f"{path}: as it is, ms-swift {outcome}")
    say(repr(result).strip("<>"))
    say(result.counts().to_string(index=False))
    refuse_nothing(", ".join(map(str, config.data)) or "demo", len(result.kept), result.rejected, config.output_dir)
    if dry_run:
        return report
    with writing(config.output_dir, "check") as staged:
        files = result.write(staged, lang=config.lang)
        save_config(config, staged / "config.yaml")
    report["files"] = {name: str(config.output_dir / path.name) for name, path in files.items()}
    say(f"written to {config.output_dir}; open {report['files']['report']} in a browser (请用浏览器打开报告)")
    return report


def _as_is(path: Path) -> str:
    """Return what ms-swift would do with a file as it is."""
    result = lint(path)
    if result.fails:
        return f"fails on the whole file: {result.fails}"
    return ", ".join(f"{count} {outcome}" for outcome, count in result.counts.items() if count)


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
