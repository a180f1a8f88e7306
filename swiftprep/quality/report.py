"""What the checker found, and where everything went."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from swiftprep.records import Reject, Sample

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "place", "id", "rule", "severity", "reason", "reason_zh", "source", "channel", "kind", "before", "after",
]  # fmt: skip


@dataclass(frozen=True)
class QualityReport:
    """What `Checker.run` returns.

    Attributes:
        read: Rows that came in; `read == len(kept) + len(rejected)`.
        kept: The samples to train on, the repaired ones among them, in the order they came.
        rejected: The others, each with its place, the rule's id, the reason, and the sample where it could be read.
        changes: Each repaired sample as it came and as it is kept.
        findings: One row per finding; the columns are `COLUMNS`. `place` is `file:line` or the position in the
            list; a finding about the set as a whole has an empty one. `before` and `after` are short extracts.
    """

    read: int
    kept: list[Sample]
    rejected: list[Reject]
    changes: list[tuple[Sample, Sample]] = field(default_factory=list)
    findings: pd.DataFrame = field(default=None)  # type: ignore[assignment]

    @property
    def repaired(self) -> list[Sample]:
        """The samples that were repaired, as they are kept."""
        return [after for _, after in self.changes]

    def to_html(self, path: str | Path, *, lang: str = "en") -> Path:
        """Write one self-contained page to browse and filter the findings."""
        from swiftprep.quality.html import write_html

        return write_html(self, path, lang=lang)
