"""Checks of arguments: one value where several may be passed, and numbers that can be compared."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError


def one_or_more(name: str, value: Any) -> list[Any]:
    """Return an argument as a list; a single text or path becomes a list of one item.

    Args:
        name: Name of the argument, for the error message.
        value: The argument.

    Raises:
        ConfigError: it is neither a text or path nor iterable.

    >>> one_or_more("general", "swift/self-cognition#500")
    ['swift/self-cognition#500']
    """
    if isinstance(value, (str, Path)):
        return [value]
    if not isinstance(value, Iterable):
        raise ConfigError(f"{name}={value!r:.200}: expected a list (应为列表)")
    return list(value)


def is_number(value: object) -> bool:
    """Tell whether a value is an int or float, and not a bool."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
