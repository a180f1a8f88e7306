"""Positions of string literals that a text assigns to names, to find values that a program passes by name."""

from __future__ import annotations

import re
from functools import lru_cache

_GIVEN = re.compile(
    r"(?<![\w$])(?P<name>[A-Za-z_$][\w$]{0,60})[\"']?(?:\s{0,3}:\s{0,3}\w{1,20})?\s{0,3}[:=]\s{0,3}(?=[\"'`])"
)
_MOST = 16  # places per name
_FEW = 4  # names that are searched for one by one


def assigned(text: str, name: str) -> list[int]:
    """Return the positions of the opening quotes of literals assigned to a name: `name = '…'`, `"name": "…"`.

    >>> assigned("const a: string = 'x', b = 'y'; o.a = 'z'", "a")
    [18, 38]
    """
    asked = _asked(text)
    if name not in asked and len(asked) < _FEW:
        asked[name] = _places(text, name)
    return asked[name] if name in asked else _by_name(text).get(name, [])


@lru_cache(maxsize=2)
def _asked(text: str) -> dict[str, list[int]]:
    """Return the cache of the names searched for so far."""
    return {}


def _places(text: str, name: str) -> list[int]:
    places: list[int] = []
    at = text.find(name)
    while at >= 0 and len(places) < _MOST:
        assignment = _GIVEN.match(text, at)
        if assignment and assignment["name"] == name:
            places.append(assignment.end())
        at = text.find(name, at + len(name))
    return places


@lru_cache(maxsize=2)
def _by_name(text: str) -> dict[str, list[int]]:
    """Return the places of every name in one pass, however many names are searched for."""
    by_name: dict[str, list[int]] = {}
    for match in _GIVEN.finditer(text):
        places = by_name.setdefault(match["name"], [])
        if len(places) < _MOST:
            places.append(match.end())
    return by_name
