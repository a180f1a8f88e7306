"""What a rule says about a sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from swiftprep.records import Sample

Severity: TypeAlias = Literal["fix", "drop", "warn"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something a rule found. `fix`, `drop` and `warn` make it.

    Attributes:
        severity: `"fix"`: repaired and kept; `"drop"`: rejected; `"warn"`: kept as it is.
        reason: What is wrong with this sample, in English.
        reason_zh: The same in Chinese.
        sample: The repaired sample, of a `"fix"`.
    """

    severity: Severity
    reason: str
    reason_zh: str = ""
    sample: Sample | None = None


def fix(sample: Sample, reason: str, reason_zh: str = "") -> Verdict:
    """Keep this repaired sample in place of the one the rule was given."""
    return Verdict("fix", reason, reason_zh, sample)


def drop(reason: str, reason_zh: str = "") -> Verdict:
    """Reject the sample."""
    return Verdict("drop", reason, reason_zh)


def warn(reason: str, reason_zh: str = "") -> Verdict:
    """Keep the sample and tell the person."""
    return Verdict("warn", reason, reason_zh)


# A rule looks at one sample and returns a verdict, or None when it has nothing to say. Its id is the function's name
# with dashes. It never raises on a sample whose messages are texts, and says nothing about a sample it has repaired.
Rule: TypeAlias = Callable[[Sample], Verdict | None]

# A rule over the whole set gives positions, the id of what it found, and verdicts. No position: it is about the set.
Found: TypeAlias = tuple[int | None, str, Verdict]
SetRule: TypeAlias = Callable[[Sequence[Sample]], Iterable[Found]]
