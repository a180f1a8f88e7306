"""Prediction of what ms-swift does with a `--dataset` entry, a file and a row, without importing it; and row repair.

Differential tests check it against the real ms-swift 4.6: `swift.load_dataset`, then the template's encoding.
"""

from swiftprep.swiftfmt.dataset_entry import FILE_SUFFIXES, DatasetEntry, is_hub_id, parse_entry
from swiftprep.swiftfmt.lint import OUTCOMES, Forecast, Lint, LintedRow, as_swift_reads, forecast, lint, require_rows
from swiftprep.swiftfmt.repair import REASONS, REPAIRS, RepairedRow, repair_file

__all__ = [
    "FILE_SUFFIXES",
    "OUTCOMES",
    "REASONS",
    "REPAIRS",
    "DatasetEntry",
    "Forecast",
    "Lint",
    "LintedRow",
    "RepairedRow",
    "as_swift_reads",
    "forecast",
    "is_hub_id",
    "lint",
    "parse_entry",
    "repair_file",
    "require_rows",
]  # fmt: skip
