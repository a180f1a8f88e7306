"""What a test knows to be there, where the types say that it may not be."""

from __future__ import annotations

from typing import TypeVar

from swiftprep import Sample
from swiftprep.quality.rule import RuleResult

T = TypeVar("T")


def present(value: T | None) -> T:
    """Return the value; fail where there is none."""
    assert value is not None
    return value


def repaired(verdict: RuleResult | None) -> Sample:
    """Return the sample as a rule repaired it; fail where the rule found nothing or repaired nothing."""
    return present(present(verdict).sample)
