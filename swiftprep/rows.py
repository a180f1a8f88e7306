"""The types in a file's rows, and whether Arrow, which ms-swift reads JSON with, can read them as one table.

Arrow takes a file in blocks and gives each column one type. It refuses a key with values of two types, cannot turn a
null of one block into the list or object of another, and reads a list that begins with null out of the wrong memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

# The name of a type; for an object its keys with their types, for a list the types of its items.
Types: TypeAlias = "str | tuple[tuple[str, Types], ...] | frozenset[Types]"


def types_of(value: Any) -> Types:
    """Return the types of a JSON value, to compare."""
    if isinstance(value, dict):
        return tuple(sorted(((str(key), types_of(inner)) for key, inner in value.items()), key=lambda pair: pair[0]))
    if isinstance(value, (list, tuple)):
        return frozenset(map(types_of, value))
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
