"""Duplicate keys in the objects of a JSON text, of which `orjson` silently keeps the last."""

from __future__ import annotations

import json
import re
from typing import Any

from swiftprep.text.limits import whole_number

_COLON = re.compile(rb'"\s+:')


def may_repeat_a_key(line: bytes, value: Any) -> bool:
    """Tell quickly whether a text may have a duplicate key: False is certain, True needs a closer look.

    Args:
        line: The JSON text.
        value: The value parsed from it.
    """
    return line.count(b'":') != _count_keys(value) or _has_loose_colon(line)


def repeated_key(line: bytes, value: Any) -> str | None:
    """Return a duplicate key of an object that has two different values, or None.

    Args:
        line: A valid JSON text.
        value: The value parsed from it.

    >>> repeated_key(b'{"a": 1, "b": {"c": 2, "c": 3}}', {"a": 1, "b": {"c": 3}})
    'c'
    """
    if not may_repeat_a_key(line, value):
        return None
    repeated: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for key, inner in pairs:
            if key in row and row[key] != inner:
                repeated.append(key)
            row[key] = inner
        return row

    json.loads(line, object_pairs_hook=look, parse_int=whole_number)
    return repeated[0] if repeated else None


def _has_loose_colon(line: bytes) -> bool:
    """Tell whether white space may stand between a key and its colon."""
    return (b" :" in line or b"\t:" in line or b"\n:" in line or b"\r:" in line) and _COLON.search(line) is not None


def _count_keys(value: Any) -> int:
    """Count the keys of all objects in a value."""
    if type(value) is dict:
        count = len(value)
        for item in value.values():
            if type(item) is dict or type(item) is list:
                count += _count_keys(item)
        return count
    if type(value) is list:
        count = 0
        for item in value:
            if type(item) is dict or type(item) is list:
                count += _count_keys(item)
        return count
    return 0
