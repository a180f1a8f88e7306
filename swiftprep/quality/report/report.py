"""The checker's findings, and the outcome of every row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.notebook import html_table
from swiftprep.quality.report.checked_rows import COLUMNS, GAP, CheckedRow, Note
from swiftprep.quality.report.page import Pair, write_html
from swiftprep.records import Reject, Sample, write_jsonl
from swiftprep.storage.disk import write_rows
from swiftprep.storage.outputs import writing

if TYPE_CHECKING:
    import pandas as pd

CONTEXT = 40  # characters shown on either side of a change
MOST_PAIRS = 4_000_000  # pairs of lines to compare; beyond it, all between the first and last change is shown


@dataclass(frozen=True)
class QualityReport:
    """The outcome of every row; `Checker.run` returns it.

    Attributes:
        rows: All rows that were read, in order.
        set_notes: The findings about the set as a whole.
    """

    rows: Sequence[CheckedRow]
    set_notes: Sequence[Note] = ()

    def __repr__(self) -> str:
        return (
            f"<QualityReport: {self.read} rows, {len(self.kept)} kept ({len(self.repaired)} repaired), "
            f"{len(self.rejected)} rejected>"
        )

    def _repr_html_(self) -> str:
        counts = self.counts()
        return html_table(repr(self), list(counts.columns), counts.itertuples(index=False))

    @property
    def read(self) -> int:
        """How many rows were read; `read == len(kept) + len(rejected)`."""
        return len(self.rows)

    @cached_property
    def kept(self) -> list[Sample]:
        """The samples to train on, repaired ones included, in their original order.

        With `fix=False`, or a level of `"warn"` for a rule about private data, that data is still in these samples.
        """
        return [row.sample for row in self.rows if row.reject is None and row.sample is not None]

    @cached_property
    def rejected(self) -> list[Reject]:
        """The rejected rows: place, rule id, reason, and the sample if it could be read."""
        return [row.reject for row in self.rows if row.reject is not None]

    @property
    def samples(self) -> list[Sample]:
        """The samples to train on: another name for `kept`."""
        return self.kept

    @property
    def train(self) -> list[Sample]:
        """The kept samples that are not held out."""
        return [sample for sample in self.kept if not sample.is_held_out]

    @property
    def val(self) -> list[Sample]:
        """The kept samples of the held-out side."""
        return [sample for sample in self.kept if sample.is_held_out]

    @property
    def rejects(self) -> list[Reject]:
        """Another name for `rejected`."""
        return self.rejected

    def reasons(self) -> dict[str, int]:
        """Return how many rows were rejected by each rule, the most frequent first."""
        return dict(Counter(reject.reason for reject in self.rejected).most_common())

    @cached_property
    def changes(self) -> list[tuple[Sample, Sample]]:
        """Pairs of each repaired sample: the original, without private data, and the sample that is kept."""
        return [
            (row.before, row.sample)
            for row in self.rows
            if row.reject is None and row.sample and row.before and any(note.severity == "fix" for note in row.notes)
        ]

    @property
    def repaired(self) -> list[Sample]:
        """The repaired samples, as they are kept."""
        return [after for _, after in self.changes]

    @cached_property
    def findings(self) -> pd.DataFrame:
        """One row per finding.

        The columns are place, id, rule, severity, reason, reason_zh, source, channel, kind, before, after. `place` is
        `file:line` or the position in the list, and empty for a finding about the set. `before` and `after` hold every
        part that a repair changed.
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
                "kind": sample.kind if sample else "",
            }
            lines += [asdict(note) | about for note in row.notes]
        return [{name: _printable(text) for name, text in line.items()} for line in lines]

    def counts(self) -> pd.DataFrame:
        """Count the rows with a finding, by rule, severity and source, the most frequent first."""
        findings = self.findings.drop_duplicates(["place", "rule", "severity"])
        table = findings.groupby(["rule", "severity", "source"], as_index=False).size()
        table = table.rename(columns={"size": "rows"})
        return table.sort_values(
            ["rows", "rule", "severity", "source"], ascending=[False, True, True, True]
        ).reset_index(drop=True)

    def to_html(self, path: str | Path, *, lang: str = "zh") -> Path:
        """Write one self-contained page to browse and filter the findings.

        Args:
            path: The file.
            lang: `"zh"` or `"en"`, the language in which the page opens.
        """
        totals = {
            "read": self.read,
            "kept": len(self.kept),
            "rejected": len(self.rejected),
            "repaired": len(self.changes),
            "findings": len(self.findings),
        }
        return write_html(path, totals=totals, findings=self.findings, samples_at=self._samples_at, lang=lang)

    def _samples_at(self, places: Collection[str]) -> dict[str, Pair]:
        """Return the sample at each place: the original if it was repaired, and the sample as it is now."""
        pairs: dict[str, Pair] = {}
        for row in self.rows:
            now = row.shown if row.place in places else None
            if now is not None:
                was = row.before if row.before is not None and row.before.messages != now.messages else None
                pairs[row.place] = (was, now)
        return pairs

    def write(self, folder: str | Path, *, lang: str = "zh") -> dict[str, Path]:
        """Write `kept.jsonl`, `rejects.jsonl`, `findings.jsonl` and `report.html`, all or none.

        See `swiftprep.storage.outputs`. `save` is another name for it.

        Args:
            folder: Where to.
            lang: The language in which the page opens.

        Returns:
            The files by name: kept, rejects, findings, report.
        """
        with writing(folder, "check") as staged:
            write_jsonl(self.kept, staged / "kept.jsonl")
            write_rows((asdict(reject) for reject in self.rejected), staged / "rejects.jsonl")
            write_rows(self._lines(), staged / "findings.jsonl")
            self.to_html(staged / "report.html", lang=lang)
        names = ("kept.jsonl", "rejects.jsonl", "findings.jsonl", "report.html")
        return {name.partition(".")[0]: Path(folder) / name for name in names}

    save = write


def extracts(before: Sample, after: Sample) -> tuple[str, str]:
    """Return every part in which two versions of a sample differ, with some context; `GAP` separates the parts."""
    old = _printable("\n\n".join(f"[{turn['role']}] {turn['content']}" for turn in before.messages))
    new = _printable("\n\n".join(f"[{turn['role']}] {turn['content']}" for turn in after.messages))
    places = _differences(old, new)
    return GAP.join(old[a:b] for a, b, _, _ in places), GAP.join(new[c:d] for _, _, c, d in places)


def _differences(old: str, new: str) -> list[tuple[int, int, int, int]]:
    """Return where each part that differs starts and ends in both texts, with `CONTEXT` characters on either side."""
    lines = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [list(accumulate(map(len, side), initial=0)) for side in lines]
    head = _alike(*lines)
    tail = _alike(lines[0][head:][::-1], lines[1][head:][::-1])
    middle = lines[0][head : len(lines[0]) - tail], lines[1][head : len(lines[1]) - tail]
    parts: list[tuple[int, int, int, int]] = []
    if len(middle[0]) * len(middle[1]) > MOST_PAIRS:
        codes = [("replace", 0, len(middle[0]), 0, len(middle[1]))]
    else:
        codes = list(SequenceMatcher(None, *middle, autojunk=False).get_opcodes())
    for what, a, b, c, d in codes:
        if what == "equal":
            continue
        a, b, c, d = starts[0][head + a], starts[0][head + b], starts[1][head + c], starts[1][head + d]
        same = _alike(old[a:b], new[c:d])
        back = _alike(old[a + same : b][::-1], new[c + same : d][::-1])
        before = min(CONTEXT, a + same, c + same)
        behind = min(CONTEXT, len(old) - b + back, len(new) - d + back)
        part = (a + same - before, b - back + behind, c + same - before, d - back + behind)
        if parts and (part[0] <= parts[-1][1] or part[2] <= parts[-1][3]):
            part = (parts[-1][0], part[1], parts[-1][2], part[3])
            del parts[-1]
        parts.append(part)
    return parts


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many leading items two sequences have in common."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _printable(text: str) -> str:
    """Replace lone surrogates, which cannot be written as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")
