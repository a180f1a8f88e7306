"""What a caller gave: one thing where several may be given, and numbers that are none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError


def one_or_more(name: str, given: Any) -> list[Any]:
    """Return what was given as a list; one text or path is a list of one, and not of its letters.

    Args:
        name: Of the argument.
        given: It.

    Raises:
        ConfigError: it is neither.

    >>> one_or_more("general", "swift/self-cognition#500")
    ['swift/self-cognition#500']
    """
    if isinstance(given, (str, Path)):
        return [given]
    if not isinstance(given, Iterable):
        raise ConfigError(f"{name}={given!r:.200}: expected a list (应为列表)")
    return list(given)


def is_number(value: object) -> bool:
    """Tell whether something is a number that can be compared with others."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
