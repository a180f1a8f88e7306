"""The result of a rule, and what each kind of result allows.

A **fix** changes a sample, so it must be provable that the sample still means the same: bytes that decode strictly in
both directions, the end marker of a chat template, a line or turn repeated byte for byte, invisible characters, a
fence. What cannot be proved is a **warn** (the sample stays as it is), or a **drop** where the sample would teach
something wrong; the report shows what was dropped.

Code, whether fenced or a whole answer, keeps every token. Only five repairs change its characters, and none of them
changes what it says: strictly decoding the whole message, unescaping markup or a script that does not parse while
escaped, joining the two halves of a surrogate pair, removing invisible characters outside strings, attribute values
and visible text, and removing the line numbers of a web page. Secrets and personal data are removed by their own rules.

An application's own words are not flaws: constants, labels, messages and comments in the user's files are at most a
**warn**.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from swiftprep.records import Sample

Severity: TypeAlias = Literal["fix", "drop", "warn"]


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A finding of a rule, made with `fix`, `drop` or `warn`.

    Attributes:
        severity: `"fix"`: repaired and kept; `"drop"`: rejected; `"warn"`: kept as it is.
        reason: What is wrong with this sample, in English.
        reason_zh: The same in Chinese.
        sample: The repaired sample of a `"fix"`.
    """

    severity: Severity
    reason: str
    reason_zh: str = ""
    sample: Sample | None = None


def fix(sample: Sample, reason: str, reason_zh: str = "") -> RuleResult:
    """Replace the sample with this repaired one, which must mean the same."""
    return RuleResult("fix", reason, reason_zh, sample)


def drop(reason: str, reason_zh: str = "") -> RuleResult:
    """Reject the sample; the report shows its text."""
    return RuleResult("drop", reason, reason_zh)


def warn(reason: str, reason_zh: str = "") -> RuleResult:
    """Keep the sample as it is, and report it."""
    return RuleResult("warn", reason, reason_zh)


# A rule checks one sample and returns a result, or None if it finds nothing. Its id is the function's name with
# dashes. It never raises on a sample whose messages are strings, and finds nothing in a sample it has repaired.
Rule: TypeAlias = Callable[[Sample], RuleResult | None]

# A rule over the whole set yields positions, rule ids and results; a position of None stands for the set as a whole.
Found: TypeAlias = tuple[int | None, str, RuleResult]
SetRule: TypeAlias = Callable[[Sequence[Sample]], Iterable[Found]]
