"""The check within a recipe that trains: both sides of the data, before anything is trained on or held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from swiftprep.catalog.catalog import Catalog
from swiftprep.quality.checker import Checker
from swiftprep.quality.judging import Level
from swiftprep.quality.report.report import QualityReport
from swiftprep.reasons import counted
from swiftprep.recipes.shared.command_line import say
from swiftprep.records import Sample
from swiftprep.streams import Lang

_MOST_RULES = 3  # named on the console
# These rules keep the training side apart from the held-out one; among themselves, held-out samples may be alike.
_AMONG_HELD_OUT: dict[str, Level] = {"duplicate": "off", "near-duplicate": "off", "contamination": "off"}


@dataclass(frozen=True, slots=True)
class CheckedSides:
    """Both sides of the data after the check, repaired.

    Attributes:
        train: The samples to train on.
        val: The held-out samples.
        of_train: What was found on the training side.
        of_val: What was found on the held-out side.
    """

    train: list[Sample]
    val: list[Sample]
    of_train: QualityReport
    of_val: QualityReport

    def facts(self) -> dict[str, Any]:
        """Return the facts for a report, as plain values; each side's `read` is what is kept and rejected of it."""
        return {
            "read": self.of_train.read,
            "kept": len(self.train),
            "rejected": len(self.of_train.rejected),
            "held_out": len(self.val),
            "held_out_read": self.of_val.read,
            "held_out_rejected": len(self.of_val.rejected),
            "rules": _rules(self.of_train),
            "held_out_rules": _rules(self.of_val),
        }

    def write(self, folder: Path, lang: Lang) -> None:
        """Write what was found: on the training side into the folder, on the held-out side into one within it."""
        self.of_train.write(folder, lang=lang)
        self.of_val.write(folder / "held-out", lang=lang)


def check_sides(
    train: Sequence[Sample],
    val: Sequence[Sample],
    *,
    catalog: Catalog,
    held_out: Sequence[Sample] = (),
    source: str = "",
) -> CheckedSides:
    """Check both sides: private data is replaced, what can be repaired is repaired, the rest is rejected.

    A training sample that repeats a held-out one is rejected, never the held-out one.

    Args:
        train: The samples to train on.
        val: The held-out samples.
        catalog: The framework's catalogue; Vue code is checked against it.
        held_out: More held-out samples, checked before, that training samples must not repeat.
        source: Where the samples are from, for the report.
    """
    of_val = Checker(catalog=catalog, levels=_AMONG_HELD_OUT).run(val, source=source)
    of_train = Checker(catalog=catalog, held_out=[*of_val.kept, *held_out]).run(train, source=source)
    return CheckedSides(list(of_train.kept), list(of_val.kept), of_train, of_val)


def say_check(sides: CheckedSides, folder: Path | None) -> None:
    """Print how much the check kept and repaired on each side, and where to read what it found, if that is written."""
    kept, read = len(sides.train), sides.of_train.read
    val, val_read = len(sides.val), sides.of_val.read
    repaired = len(sides.of_train.repaired) + len(sides.of_val.repaired)
    where, where_zh = ("", "") if folder is None else (f": {folder}", f"：{folder}")
    say(
        f"check   {kept} of {read} to train on, {val} of {val_read} held out, {repaired} repaired{where}",
        f"检查    训练 {kept} / {read}，留出 {val} / {val_read}，修复 {repaired} 条{where_zh}",
    )
    warned = Counter[str]()
    for row in [*_rules(sides.of_train), *_rules(sides.of_val)]:
        if row["severity"] == "warn":
            warned[row["rule"]] += row["rows"]
    if warned:
        most = dict(warned.most_common(_MOST_RULES))
        pages = [] if folder is None else [str(folder / "report.html"), str(folder / "held-out" / "report.html")]
        where, where_zh = (f": {', '.join(pages)}", f"：{'、'.join(pages)}") if pages else ("", "")
        say(
            f"        {warned.total()} warnings, most often {counted(most, 'en')}{where}",
            f"        {warned.total()} 条警告，最多的是{counted(most, 'zh')}{where_zh}",
        )


def _rules(report: QualityReport) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = orjson.loads(report.counts().to_json(orient="records"))
    return rows
