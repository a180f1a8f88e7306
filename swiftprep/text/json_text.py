"""JSON from outside, parsed with a limit on its nesting depth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

MAX_DEPTH = 100  # nested arrays and objects


def read_json(data: bytes) -> Any:
    """Parse a JSON text.

    Raises:
        ValueError: it is not valid JSON, or nested deeper than `MAX_DEPTH` levels.

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
