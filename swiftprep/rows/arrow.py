"""The types in a file's rows, and whether Arrow, which ms-swift reads JSON with, can read them as one table.

Arrow takes a file in blocks and gives each column one type. It refuses a key with values of two types, cannot turn a
null of one block into the list or object of another, and reads a list that begins with null out of the wrong memory.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from typing import IO, Any, TypeAlias

import orjson

# The name of a type; for an object its keys with their types, for a list the types of its items.
Types: TypeAlias = "str | tuple[tuple[str, Types], ...] | frozenset[Types]"


def types_of(value: Any) -> Types:
    """Return the types of a JSON value, to compare."""
    if isinstance(value, dict):
        return tuple(sorted(((str(key), types_of(inner)) for key, inner in value.items()), key=lambda pair: pair[0]))
    if isinstance(value, (list, tuple)):
        # Once an item has told the type of a list, a null does no harm.
        return frozenset(types_of(item) for place, item in enumerate(value) if item is not None or place == 0)
    return type(value).__name__


def is_one_table(values: Iterable[Types]) -> bool:
    """Tell whether Arrow can read values of these types, in any order and with blocks of any size, in one column.

    >>> is_one_table(map(types_of, [{"tags": ["a"]}, {"tags": []}, {"lines": 3}]))
    True
    >>> is_one_table([types_of({"tags": [None, "a"]})])
    False
    """
    seen = set(values)
    objects = {types for types in seen if isinstance(types, tuple)}
    lists = {types for types in seen if isinstance(types, frozenset)}
    plain = {"number" if types in ("int", "float") else types for types in seen - objects - lists}
    if len(plain - {"NoneType"}) + bool(objects) + bool(lists) > 1:
        return False
    if (objects or lists) and plain:  # null in one block, more in the next
        return False
    items = frozenset().union(*lists)
    if "NoneType" in items or (frozenset() in lists and any(not isinstance(types, str) for types in items)):
        return False
    keys: dict[str, set[Types]] = {}
    for types in objects:
        for key, inner in types:
            keys.setdefault(key, set()).add(inner)
    # `datasets` takes a slash in the name of a column of two types for a step down, and never comes to an end.
    if any(not key or "/" in key for key in keys):
        return False
    return all(map(is_one_table, keys.values())) and (not items or is_one_table(items))


def put_meta_into_text(file: IO[bytes], *, fill: bool) -> None:
    """Write the rows of a file that is being written anew, with each `meta` as JSON text.

    Args:
        file: Holds one row a line.
        fill: Whether every row gets a `channel` and a `meta`.
    """
    file.flush()
    with tempfile.TemporaryFile() as even, open(file.name, "rb") as lines:
        for line in lines:
            row = orjson.loads(line)
            channel, meta = row.pop("channel", None), row.pop("meta", None)
            if fill or channel is not None:
                row["channel"] = channel or ""
            if fill or meta is not None:
                row["meta"] = orjson.dumps(meta or {}).decode("utf-8")
            even.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
        even.seek(0)
        file.seek(0)
        file.truncate()
        shutil.copyfileobj(even, file)
