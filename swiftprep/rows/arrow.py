"""The types of a file's rows, and whether Arrow, ms-swift's JSON reader, can read them as one table.

Arrow reads a file in blocks and gives each column one type. It refuses a key with values of two types, cannot cast a
null of one block to the list or object of another, and reads invalid memory for a list that begins with null.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from typing import IO, Any, TypeAlias

import orjson

# A type's name; for an object its keys with their types, for a list the set of its item types.
Types: TypeAlias = "str | tuple[tuple[str, Types], ...] | frozenset[Types]"


def types_of(value: Any) -> Types:
    """Return the types of a JSON value in a comparable form."""
    if isinstance(value, dict):
        return tuple(sorted(((str(key), types_of(inner)) for key, inner in value.items()), key=lambda pair: pair[0]))
    if isinstance(value, (list, tuple)):
        # Once the first item has set the type of a list, a null does no harm.
        return frozenset(types_of(item) for place, item in enumerate(value) if item is not None or place == 0)
    return type(value).__name__


def is_one_table(values: Iterable[Types]) -> bool:
    """Tell whether one Arrow column can hold values of these types, in any order and with any block size.

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
    if (objects or lists) and plain:  # null in one block, an object or list in the next
        return False
    items = frozenset().union(*lists)
    if "NoneType" in items or (frozenset() in lists and any(not isinstance(types, str) for types in items)):
        return False
    keys: dict[str, set[Types]] = {}
    for types in objects:
        for key, inner in types:
            keys.setdefault(key, set()).add(inner)
    # `datasets` takes a slash in the name of a two-typed column for a path separator, and loops forever.
    if any(not key or "/" in key for key in keys):
        return False
    return all(map(is_one_table, keys.values())) and (not items or is_one_table(items))


def put_meta_into_text(file: IO[bytes], *, fill: bool) -> None:
    """Rewrite a file that is open for writing, with each `meta` as JSON text.

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
