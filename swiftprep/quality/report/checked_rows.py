"""A row on its way through the checker, its findings, and the columns of the findings."""

from __future__ import annotations

from dataclasses import dataclass, field

from swiftprep.quality.report.shown import shown
from swiftprep.quality.rule import Severity
from swiftprep.records import Reject, Sample

COLUMNS = [
    "place", "id", "rule", "severity", "reason", "reason_zh", "source", "channel", "kind", "before", "after",
]  # fmt: skip
GAP = "\n⋯\n"  # separates two changes of one repair


@dataclass(frozen=True, slots=True)
class Note:
    """One finding, about a row or about the whole set.

    Attributes:
        rule: The rule's id.
        severity: Whether the row was repaired, dropped or only reported.
        reason: What is wrong, in English.
        reason_zh: The same in Chinese.
        before: Every part of the sample that a repair changed, separated by `GAP`; private data only by kind and
            length. With `Checker(fix=False)`, the parts that a repair would change.
        after: The same parts after the repair.
    """

    rule: str
    severity: Severity
    reason: str
    reason_zh: str = ""
    before: str = ""
    after: str = ""


@dataclass(slots=True)
class CheckedRow:
    """A row on its way through the checker.

    Attributes:
        place: `file:line`, or the position in the list.
        source: The file or data set it comes from.
        sample: The sample as it is now; None if it could not be read.
        before: The original sample, without private data.
        reject: Why the row was rejected, or None.
        notes: The findings, in order.
        is_private: Whether private data was found that is to stay. `shown` leaves it out.
    """

    place: str
    source: str
    sample: Sample | None
    before: Sample | None
    reject: Reject | None = None
    notes: list[Note] = field(default_factory=list)
    is_private: bool = False

    @property
    def shown(self) -> Sample | None:
        """The sample without private data."""
        return shown(self.sample) if self.is_private and self.sample is not None else self.sample
