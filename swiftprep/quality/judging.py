"""Apply rules to rows, in order: the package's own in worker processes, the user's in this one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal, NamedTuple, TypeAlias

from swiftprep.errors import ConfigError
from swiftprep.process.workers import Guarded, ItemLimits, Lost, WorkerPool
from swiftprep.quality.report.checked_rows import CheckedRow, Note
from swiftprep.quality.report.report import extracts
from swiftprep.quality.report.shown import PRIVATE, masked, shown
from swiftprep.quality.rule import Rule, RuleResult, Severity, drop
from swiftprep.records import Reject, Sample

Level: TypeAlias = Literal["off", "warn", "drop"]

_BATCH = 100  # rows sent to a worker at once
_BATCH_CHARACTERS = 100_000


class Named(NamedTuple):
    """A rule with its id.

    Attributes:
        name: The rule's id.
        rule: The rule itself.
        is_own: Whether it is one of the package's. A user's rule may need something that cannot be sent to another
            process, such as an open file.
    """

    name: str
    rule: Rule
    is_own: bool


@dataclass(frozen=True)
class Terms:
    """How findings are acted on.

    Attributes:
        levels: Rule id → the level that replaces the rule's own severity.
        fix: Whether samples are repaired.
    """

    levels: Mapping[str, Level]
    fix: bool = True


class Judging:
    """The rules in order, grouped by the process they run in."""

    def __init__(self, rules: Sequence[Named], terms: Terms, limits: ItemLimits) -> None:
        self._terms = terms
        self._steps: list[Callable[[list[CheckedRow], WorkerPool], None]] = []
        for is_own, group in groupby(rules, lambda named: named.is_own):
            together = tuple(group)
            if is_own:
                guarded = Guarded(_Judge(together, terms), limits=limits, size=_size)
                self._steps.append(lambda rows, pool, guarded=guarded: self._in_workers(guarded, rows, pool))  # type: ignore[misc]
            else:
                self._steps.append(lambda rows, _, together=together: self._here(together, rows))  # type: ignore[misc]

    def judge(self, rows: list[CheckedRow], pool: WorkerPool) -> None:
        """Apply all rules once to each row, until one rejects it."""
        for step in self._steps:
            step([row for row in rows if row.reject is None], pool)

    def _here(self, rules: tuple[Named, ...], rows: list[CheckedRow]) -> None:
        for row in rows:
            for name, rule, _ in rules:
                if row.reject is None:
                    apply(row, name, rule, self._terms)

    def _in_workers(
        self, guarded: Guarded[CheckedRow, _Change | None], rows: list[CheckedRow], pool: WorkerPool
    ) -> None:
        at_once = 3 * pool.workers
        begun: deque[tuple[list[CheckedRow], Future[list[_Change | Lost | None]]]] = deque()
        for batch in _batches(rows):
            begun.append((batch, pool.submit(guarded, batch)))
            if len(begun) > at_once:
                self._put(*begun.popleft())
        while begun:
            self._put(*begun.popleft())

    def _put(self, rows: list[CheckedRow], future: Future[list[_Change | Lost | None]]) -> None:
        for row, change in zip(rows, future.result(), strict=True):
            if isinstance(change, Lost):
                not_checked(row, change, self._terms)
            elif change is not None:
                change.put(row)


def _size(row: CheckedRow) -> int:
    return 0 if row.sample is None else sum(len(turn["content"]) for turn in row.sample.messages)


def _batches(rows: list[CheckedRow]) -> Iterator[list[CheckedRow]]:
    batch: list[CheckedRow] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += _size(row)
        if len(batch) == _BATCH or size > _BATCH_CHARACTERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Change(NamedTuple):
    """How the rules changed a row.

    Attributes:
        sample: The repaired sample; None if it did not change.
        before: The original sample without private data; None if it did not change.
    """

    sample: Sample | None
    before: Sample | None
    reject: Reject | None
    notes: list[Note]
    is_private: bool

    def put(self, row: CheckedRow) -> None:
        row.reject, row.notes, row.is_private = self.reject, self.notes, self.is_private
        if row.reject is not None and row.reject.sample is None:  # it cannot be shown
            row.sample = row.before = None
        else:
            row.sample, row.before = self.sample or row.sample, self.before or row.before


@dataclass(frozen=True)
class _Judge:
    """Apply the package's rules to a row in a worker."""

    rules: tuple[Named, ...]
    terms: Terms

    def __call__(self, row: CheckedRow) -> _Change | None:
        sample, before, notes_before = row.sample, row.before, len(row.notes)
        for name, rule, _ in self.rules:
            try:
                apply(row, name, rule, self.terms)
            except ConfigError as error:  # its message may quote the sample
                not_checked(row, Lost(f"rule '{name}' failed: {type(error.__cause__).__name__}"), self.terms)
            if row.reject is not None:
                break
        if row.sample is sample and row.before is before and row.reject is None and len(row.notes) == notes_before:
            return None
        return _Change(
            None if row.sample is sample else row.sample,
            None if row.before is before else row.before,
            row.reject,
            row.notes,
            row.is_private,
        )


def not_checked(row: CheckedRow, lost: Lost, terms: Terms) -> None:
    """Reject a row that could not be checked, without its sample: private data may still be in it."""
    level = terms.levels.get("not-checked", "drop")
    if level == "off" or row.sample is None:
        return
    raised = {"seconds": "; row_seconds= gives it more", "memory_mb": "; row_memory_mb= gives it more"}
    reason = lost.reason + raised.get(lost.over, "")
    note(row, "not-checked", level, drop(reason, f"无法检查：{reason}"))
    if row.reject is not None:
        row.reject = replace(row.reject, sample=None)
        row.sample = row.before = None


def apply(row: CheckedRow, name: str, rule: Rule, terms: Terms) -> None:
    """Apply a rule to a row, and act on its result.

    Raises:
        ConfigError: the rule failed; the message names it and the row.
    """
    level = terms.levels.get(name)
    if level == "off" or row.sample is None:
        return
    try:
        verdict = rule(row.sample)
        if verdict is not None and not isinstance(verdict, RuleResult):
            raise TypeError(f"it returned {verdict!r:.100}, and not fix(…), drop(…), warn(…) or None")
        is_private = rule in PRIVATE and verdict is not None and verdict.sample is not None
        if verdict is not None and not is_private:
            verdict = _without_private(verdict, rule, row)
    except Exception as error:
        raise ConfigError(
            f"rule '{name}' failed on sample {row.place}: {type(error).__name__}: {error} (规则执行出错)"
        ) from error
    if verdict is None:
        return
    severity: Severity = level or verdict.severity
    if severity == "fix" and not terms.fix:
        severity = "warn"
    if is_private and verdict.sample is not None:
        _note_private(row, name, severity, verdict, verdict.sample)
    else:
        note(row, name, severity, verdict)


def note(row: CheckedRow, name: str, level: Severity, verdict: RuleResult) -> None:
    """Record a finding, and act on it."""
    assert row.sample is not None
    before = after = ""
    if verdict.sample is not None:
        before, after = extracts(shown(row.sample), shown(verdict.sample))  # a repair may uncover private data
    if level == "fix" and verdict.sample is not None:
        row.sample = verdict.sample
    elif level == "drop":
        row.reject = Reject(row.place, name, verdict.reason, row.shown, verdict.reason_zh)
    _add(row, Note(name, level, verdict.reason, verdict.reason_zh, before, after))


def _note_private(row: CheckedRow, name: str, level: Severity, verdict: RuleResult, clean: Sample) -> None:
    """Record private data by its kinds and lengths, and remove it unless it is to stay."""
    assert row.sample is not None
    extract = extracts(shown(masked(row.sample, clean)), shown(clean))  # there may be more private data around it
    reason, reason_zh = verdict.reason, verdict.reason_zh
    row.before = shown(clean)  # private data is not even shown as the original text
    if level == "warn":
        row.is_private = True
        reason, reason_zh = f"{reason}; still there", f"{reason_zh}；仍在样本中"
    elif level == "drop":
        row.sample = row.before  # no later rule looks for more private data
        row.reject = Reject(row.place, name, reason, row.before, reason_zh)
    else:
        row.sample = clean
    _add(row, Note(name, level, reason, reason_zh, *extract))


def _without_private(verdict: RuleResult, rule: Rule, row: CheckedRow) -> RuleResult:
    """Return a result whose reasons, which may quote the sample, quote no private data."""
    if not row.is_private or row.shown is None:
        return verdict
    redacted = rule(row.shown) or RuleResult("warn", "see the sample", "见样本")
    return replace(verdict, reason=redacted.reason, reason_zh=redacted.reason_zh)


def _add(row: CheckedRow, finding: Note) -> None:
    if finding not in row.notes:  # the rules run again after a repair
        row.notes.append(finding)
