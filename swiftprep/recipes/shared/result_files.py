"""Write the results of a recipe into its output folder, or, in a dry run, nowhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import writing
from swiftprep.withheld import shown_in


@contextmanager
def result_files(output_dir: Path, recipe: str, *, dry_run: bool) -> Iterator[Path]:
    """Yield a folder for the results, which move into the output folder together at the end; see `outputs.writing`.

    Args:
        output_dir: The recipe's output folder.
        recipe: Name of the recipe.
        dry_run: Throw the results away instead, and leave the output folder alone.
    """
    if dry_run:
        with TemporaryDirectory(prefix="swiftprep-") as folder:
            yield Path(folder)
        return
    with writing(output_dir, recipe) as staged:
        yield staged


def write_json_report(report: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write `report.json` into a folder, and return the report as written: without secrets."""
    report = shown_in(report)
    write_text(folder / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    return report
