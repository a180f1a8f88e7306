"""Where a text gives names literals as their values: what a program hands over by a name stands there."""

from __future__ import annotations

import re
from functools import lru_cache

_GIVEN = re.compile(
    r"(?<![\w$])(?P<name>[A-Za-z_$][\w$]{0,60})[\"']?(?:\s{0,3}:\s{0,3}\w{1,20})?\s{0,3}[:=]\s{0,3}(?=[\"'`])"
)
_MOST = 16  # places of one name
_FEW = 4  # names that are looked for one by one


def assigned(text: str, name: str) -> list[int]:
    """Return where the quotes of the literals open that a name is given: `name = '…'`, `"name": "…"`.

    >>> assigned("const a: string = 'x', b = 'y'; o.a = 'z'", "a")
    [18, 38]
    """
    asked = _asked(text)
    if name not in asked and len(asked) < _FEW:
        asked[name] = _places(text, name)
    return asked[name] if name in asked else _by_name(text).get(name, [])


@lru_cache(maxsize=2)
def _asked(text: str) -> dict[str, list[int]]:
    """Return what is known of the names that were asked for."""
    return {}


def _places(text: str, name: str) -> list[int]:
    places: list[int] = []
    at = text.find(name)
    while at >= 0 and len(places) < _MOST:
        given = _GIVEN.match(text, at)
        if given and given["name"] == name:
            places.append(given.end())
        at = text.find(name, at + len(name))
    return places


@lru_cache(maxsize=2)
def _by_name(text: str) -> dict[str, list[int]]:
    """Return the places of every name, so that a text is gone through once, however many names are asked for."""
    found: dict[str, list[int]] = {}
    for match in _GIVEN.finditer(text):
        places = found.setdefault(match["name"], [])
        if len(places) < _MOST:
            places.append(match.end())
    return found
