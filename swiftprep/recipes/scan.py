"""The scan alone: a code base in; samples, catalogue and web-types out.

python -m swiftprep.recipes.scan scan.path=~/code/our-app scan.framework=ta404 output_dir=data
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson

from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.scanning import make_scanner
from swiftprep.recipes.shared.settings import ScanRecipeConfig, load, save_config
from swiftprep.storage.outputs import writing
from swiftprep.storage.staging import check_output

SUMMARY = "Scan: code base → samples, catalogue of components, web-types."


def scan(config: ScanRecipeConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Scan, write everything into the output folder and return the report.

    Args:
        config: What to do; see `swiftprep.recipes.shared.settings`.
        dry_run: Read and count, but write nothing.

    Raises:
        ConfigError: something in the settings is wrong.
        DataError: no file is kept.
        RunError: no file is kept, because swiftprep itself fails.
    """
    if not dry_run:
        check_output(config.output_dir)
    found = make_scanner(config.scan, seed=config.seed, tokenizer=config.tokenizer).scan()
    kinds = found.kinds()
    known = sum(component.origin == "source" for component in found.catalog)
    report = {
        "root": str(found.root),
        "found": found.found,
        "kept": found.kept,
        "rejected": found.reasons(),
        "dropped": len(found.dropped),
        "secrets": len(found.findings),
        "kinds": orjson.loads(kinds.to_json(orient="records")),
        "components": {"source": known, "usage": len(found.catalog) - known},
    }
    say(f"{found.root}: {found.found} files, {found.kept} kept, {len(found.rejects)} rejected {found.reasons() or ''}")
    refuse_nothing(str(found.root), found.kept, found.rejects, config.output_dir)
    say(kinds.dropna(axis="columns", how="all").to_string(index=False))
    say(f"{known} components, {len(found.catalog) - known} more known from how they are used")
    if found.findings:
        say(f"{len(found.findings)} secrets were replaced; findings.jsonl says where")
    if dry_run:
        return report
    with writing(config.output_dir, "scan") as staged:
        files = found.write(staged)
        save_config(config, staged / "config.yaml")
    report["files"] = {name: str(config.output_dir / path.name) for name, path in files.items()}
    say(f"written to {config.output_dir}")
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        return scan(load(ScanRecipeConfig, arguments.file, arguments.overrides), dry_run=arguments.dry_run)

    return run("scan", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
