"""What a rule says about a sample, and the law for it.

A **fix** changes a sample, so it must be provable that the sample means the same afterwards: bytes that decode
strictly in both directions, the end mark of a chat template, a line or a turn that stands there twice, byte for byte,
characters that nobody sees, a fence. What cannot be proved is a **warn** (the sample stays as it is), or a **drop**
where the sample would teach something wrong; what is dropped can be read in the report.

Code keeps every token: fenced blocks, and answers that are nothing but code. Five things change characters of it
without changing what it says: a strict decoding of the whole message, the unescaping of markup or a script that is none
as long as it is escaped, the joining of two halves of one character, taking out what is invisible outside of its
strings, attribute values and visible text, and taking off the numbers that a page counts its lines with. Secrets and
personal data are taken out by their own rules.

Words of an application are no flaws: constants, labels, messages and comments of the user's own files are at most a
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


def fix(sample: Sample, reason: str, reason_zh: str = "") -> RuleResult:
    """Keep this repaired sample in place of the one the rule was given; it must mean the same."""
    return RuleResult("fix", reason, reason_zh, sample)


def drop(reason: str, reason_zh: str = "") -> RuleResult:
    """Reject the sample; the report shows its text."""
    return RuleResult("drop", reason, reason_zh)


def warn(reason: str, reason_zh: str = "") -> RuleResult:
    """Keep the sample as it is and tell the person."""
    return RuleResult("warn", reason, reason_zh)


# A rule looks at one sample and returns a verdict, or None when it has nothing to say. Its id is the function's name
# with dashes. It never raises on a sample whose messages are texts, and says nothing about a sample it has repaired.
Rule: TypeAlias = Callable[[Sample], RuleResult | None]

# A rule over the whole set gives positions, the id of what it found, and verdicts. No position: it is about the set.
Found: TypeAlias = tuple[int | None, str, RuleResult]
SetRule: TypeAlias = Callable[[Sequence[Sample]], Iterable[Found]]
