"""A row on its way through the checker, what is found about it, and the columns that is told in."""

from __future__ import annotations

from dataclasses import dataclass, field

from swiftprep.quality.report.shown import shown
from swiftprep.quality.rule import Severity
from swiftprep.records import Reject, Sample

COLUMNS = [
    "place", "id", "rule", "severity", "reason", "reason_zh", "source", "channel", "kind", "before", "after",
]  # fmt: skip
GAP = "\n⋯\n"  # between two changes of one repair


@dataclass(frozen=True, slots=True)
class Note:
    """One finding about a row, or about the set when it has no row.

    Attributes:
        rule: The rule's id.
        severity: What came of it.
        reason: What is wrong, in English.
        reason_zh: In Chinese.
        before: Every part of the sample that a repair changed, `GAP` between them; of what is private, kind and
            length. With `Checker(fix=False)`, what a repair would change.
        after: What these parts became, or would become.
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
        place: `file:line`, or its position in the list.
        source: The file or data set it is from.
        sample: As it is now; None when it could not be read.
        before: As it came, without what is private.
        is_private: Whether something private was found in it that is to stay. `shown` is without it.
        reject: Why it was rejected, or None.
        notes: What was found, in order.
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
        """The sample as it may be shown."""
        return shown(self.sample) if self.is_private and self.sample is not None else self.sample
