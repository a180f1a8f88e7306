"""What the checker found, and where every row went."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.disk import atomic_write
from swiftprep.quality.verdict import Severity
from swiftprep.records import Reject, Sample, write_jsonl

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = [
    "place", "id", "rule", "severity", "reason", "reason_zh", "source", "channel", "kind", "before", "after",
]  # fmt: skip
CONTEXT = 40  # characters shown on either side of a change
EXTRACT = 240  # characters of an extract


@dataclass(frozen=True, slots=True)
class Note:
    """One finding about a row, or about the set when it has no row.

    Attributes:
        rule: The rule's id.
        severity: What came of it.
        reason: What is wrong, in English.
        reason_zh: In Chinese.
        before: An extract of what a repair changed.
        after: What it became.
    """

    rule: str
    severity: Severity
    reason: str
    reason_zh: str = ""
    before: str = ""
    after: str = ""


@dataclass(slots=True)
class Row:
    """A row on its way through the checker.

    Attributes:
        place: `file:line`, or its position in the list.
        source: The file or data set it is from.
        sample: As it is now; None when it could not be read.
        before: As it came, without what is private.
        reject: Why it was rejected, or None.
        notes: What was found, in order.
    """

    place: str
    source: str
    sample: Sample | None
    before: Sample | None
    reject: Reject | None = None
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class QualityReport:
    """What became of every row. `Checker.run` returns it.

    Attributes:
        rows: All rows that came in, in order.
        set_notes: What was found about the set as a whole.
    """

    rows: Sequence[Row]
    set_notes: Sequence[Note] = ()

    def __repr__(self) -> str:
        return (
            f"<QualityReport: {self.read} rows, {len(self.kept)} kept ({len(self.repaired)} repaired), "
            f"{len(self.rejected)} rejected>"
        )

    def _repr_html_(self) -> str:
        table = self.counts().head(30).to_html(index=False)  # escaped
        return f"<p>{html.escape(repr(self).strip('<>'))}</p>{table}"

    @property
    def read(self) -> int:
        """How many rows came in; `read == len(kept) + len(rejected)`."""
        return len(self.rows)

    @cached_property
    def kept(self) -> list[Sample]:
        """The samples to train on, the repaired ones among them, in the order they came."""
        return [row.sample for row in self.rows if row.reject is None and row.sample is not None]

    @cached_property
    def rejected(self) -> list[Reject]:
        """The others: place, the rule's id, the reason, and the sample where it could be read."""
        return [row.reject for row in self.rows if row.reject is not None]

    @cached_property
    def changes(self) -> list[tuple[Sample, Sample]]:
        """Each repaired sample as it came, without what is private, and as it is kept."""
        return [
            (row.before, row.sample)
            for row in self.rows
            if row.reject is None and row.sample and row.before and any(note.severity == "fix" for note in row.notes)
        ]

    @property
    def repaired(self) -> list[Sample]:
        """The samples that were repaired, as they are kept."""
        return [after for _, after in self.changes]

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row per finding.

        The columns are place, id, rule, severity, reason, reason_zh, source, channel, kind, before, after. `place` is
        `file:line` or the position in the list, and empty for a finding about the set; `before` and `after` are
        extracts of what a repair changed.
        """
        import pandas as pd

        return pd.DataFrame(self._lines(), columns=COLUMNS)

    def _lines(self) -> list[dict[str, Any]]:
        lines = [dict.fromkeys(COLUMNS, "") | asdict(note) for note in self.set_notes]
        for row in self.rows:
            sample = row.sample or (row.reject.sample if row.reject else None)
            about = {
                "place": row.place,
                "id": sample.id if sample else "",
                "source": row.source,
                "channel": (sample.channel if sample else None) or "",
                "kind": str(sample.meta.get("kind") or "") if sample else "",
            }
            lines += [asdict(note) | about for note in row.notes]
        return [{name: _printable(text) for name, text in line.items()} for line in lines]

    def counts(self) -> pd.DataFrame:
        """Return how many rows each rule found something in, by severity and source, the most frequent first."""
        found = self.findings.drop_duplicates(["place", "rule", "severity"])
        table = found.groupby(["rule", "severity", "source"], as_index=False).size()
        table = table.rename(columns={"size": "rows"})
        return table.sort_values(
            ["rows", "rule", "severity", "source"], ascending=[False, True, True, True]
        ).reset_index(drop=True)

    def to_html(self, path: str | Path, *, lang: str = "en") -> Path:
        """Write one self-contained page to browse and filter the findings.

        Args:
            path: The file.
            lang: `"en"` or `"zh"`; the page can switch.
        """
        from swiftprep.quality.html import write_html

        return write_html(self, path, lang=lang)

    def write(self, folder: str | Path, *, lang: str = "en") -> dict[str, Path]:
        """Write `kept.jsonl`, `rejects.jsonl`, `findings.jsonl` and `report.html`, each atomically.

        Returns:
            Name → file: kept, rejects, findings, report.
        """
        target = Path(folder)
        files = {name: target / f"{name}.jsonl" for name in ("kept", "rejects", "findings")}
        write_jsonl(self.kept, files["kept"])
        _write_rows((asdict(reject) for reject in self.rejected), files["rejects"])
        _write_rows(self._lines(), files["findings"])
        files["report"] = self.to_html(target / "report.html", lang=lang)
        return files


def _write_rows(rows: Iterable[dict[str, Any]], path: Path) -> None:
    with atomic_write(path) as file:
        for row in rows:
            # orjson refuses what a rejected row may hold: lone surrogates, huge numbers.
            file.write(json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace") + b"\n")


def extracts(before: Sample, after: Sample) -> tuple[str, str]:
    """Return the parts of two versions of a sample in which they differ, with some context, cut to `EXTRACT`."""
    old = "\n\n".join(f"[{turn['role']}] {turn['content']}" for turn in before.messages)
    new = "\n\n".join(f"[{turn['role']}] {turn['content']}" for turn in after.messages)
    if old == new:
        return "", ""
    start = 0
    least = min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    end = 0
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    start = max(0, start - CONTEXT)
    end = max(0, end - CONTEXT)
    return tuple(_short(text[start : len(text) - end]) for text in (old, new))  # type: ignore[return-value]


def _printable(text: str) -> str:
    """Return a text that can be written: a lone surrogate can be shown nowhere."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _short(text: str) -> str:
    text = _printable(text)
    half = EXTRACT // 2
    return text if len(text) <= EXTRACT else f"{text[:half]} … {text[-half:]}"
