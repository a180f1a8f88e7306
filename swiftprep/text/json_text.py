"""JSON from outside: of any depth it is written with, but not of any depth it is read with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

MAX_DEPTH = 100  # of arrays and objects within each other


def read_json(data: bytes) -> Any:
    """Return what JSON says.

    Raises:
        ValueError: it is no JSON, or nested deeper than `MAX_DEPTH` levels.

    >>> read_json(b'{"a": [1]}')
    {'a': [1]}
    """
    document = orjson.loads(data)
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return document
    raise ValueError(f"nested deeper than {MAX_DEPTH} levels (嵌套过深)")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
