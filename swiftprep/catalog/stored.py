"""Read components and uses from JSON, checking the type of every field.

A catalogue has a hundred thousand items, nearly all with the same fields of the same types. Each such combination is
checked once; for other items with it, only the lists are checked.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

from swiftprep.catalog.api import ITEMS, RANK, Component, Owner
from swiftprep.catalog.vue.markup import Use
from swiftprep.catalog.witnesses.joining import Contradiction

_KNOWN_FORMS = 1_000
_TEXT, _FLAG, _NUMBER, _LIST = (str,), (bool,), (int,), (list,)
_OF_ITEM: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "type", "doc", "origin", "witness"), _TEXT),
    "required": _FLAG,
    "default": (str, type(None)),
    "values": _LIST,
    "bindings": _LIST,
    "runtime": _LIST,
}
_OPTIONAL = ("why_open",)  # absent in catalogues of earlier versions
_TEXTS = ("names", "mixins", "components", "open", "passes")
_OF_COMPONENT: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("name", "kind", "path", "doc", "origin", "root", "owner"), _TEXT),
    **dict.fromkeys((*_TEXTS, "span", *_OPTIONAL, *ITEMS), _LIST),
    "model": (list, type(None)),
    "registered": _FLAG,
    "uses": _NUMBER,
}
_KINDS = ("component", "class", "function")
_OF_USE: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("count", "files", "models", "objects"), _NUMBER),
    **dict.fromkeys(("props", "events", "slots", "parents"), (dict,)),
    "example": _LIST,
}
_NAMES = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "an object",
    type(None): "null",
}
_forms: dict[tuple[Any, ...], tuple[str, ...]] = {}  # valid combinations of class, fields and types → the list fields


def to_component(row: dict[str, Any]) -> Component:
    """Return the component stored as `row`.

    Raises:
        ValueError: a field is missing, unknown or of the wrong type; the message names it.
    """
    _lists(Component, row, _OF_COMPONENT)
    if row.get("kind", "component") not in _KINDS or row.get("origin", "source") not in RANK:
        raise ValueError(f"kind: {row.get('kind')!r:.100}, origin: {row.get('origin')!r:.100}: no such thing")
    if row.get("owner", "") not in get_args(Owner):
        raise ValueError(f"owner: {row['owner']!r:.100}: no such thing")
    values = dict(row)
    for what, kind in ITEMS.items():
        try:
            values[what] = tuple([_item(kind, item) for item in row[what]])
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from None
    for name in _TEXTS:
        values[name] = _texts(name, row[name])
    values["span"] = tuple(row["span"])
    if len(row["span"]) != 2 or set(map(type, row["span"])) != {int}:
        raise ValueError(f"span: {row['span']!r:.100}, expected two whole numbers")
    values["why_open"] = tuple([_pair("why_open", pair) for pair in row.get("why_open", ())])
    if row["model"] is not None:
        values["model"] = _texts("model", row["model"])
        if len(row["model"]) != 2:
            raise ValueError(f"model: {row['model']!r:.100}, expected a property and an event")
    return Component(**values)


def to_use(row: dict[str, Any]) -> Use:
    """Return the use stored as `row`.

    Raises:
        ValueError: as for `to_component`.
    """
    _lists(Use, row, _OF_USE)
    for name, types in (("props", [int, int, list]), ("slots", [int, list])):
        for key, value in row.get(name, {}).items():
            if type(value) is not list or list(map(type, value)) != types:
                raise ValueError(f"{name}: {key!r:.100}: {value!r:.100}, expected numbers and a list")
            _texts(f"{name}: {key!r:.100}", value[-1])
    for name in ("events", "parents"):
        for key, value in row.get(name, {}).items():
            if type(value) is not int:
                raise ValueError(f"{name}: {key!r:.100}: {value!r:.100}, expected a whole number")
    example = row.get("example", [])
    if example and list(map(type, example)) != [str, int, str]:
        raise ValueError(f"example: {example!r:.100}, expected a path, a line and its source")
    return Use(**row)


def to_contradiction(row: dict[str, Any]) -> Contradiction:
    """Return the contradiction stored as `row`.

    Raises:
        ValueError: as for `to_component`.
    """
    names = list(Contradiction.__dataclass_fields__)
    if sorted(row) != sorted(names):
        raise ValueError(f"fields: {sorted(row)!r:.200}, expected {', '.join(names)}")
    _texts("contradicts", row.values())
    if row["witness"] not in RANK or row["other"] not in RANK:
        raise ValueError(f"witness: {row['witness']!r:.50}, {row['other']!r:.50}: no such thing")
    return Contradiction(**row)


def _item(kind: type[Any], row: Any) -> Any:
    lists = _lists(kind, row, _OF_ITEM)
    if row.get("witness", "source") not in RANK:
        raise ValueError(f"witness: {row['witness']!r:.100}: no such thing")
    if lists:
        row = dict(row)
        for name in lists:
            row[name] = _texts(name, row[name])
    return kind(**row)


def _lists(kind: type[Any], row: Any, fields: dict[str, tuple[type, ...]]) -> tuple[str, ...]:
    """Return the names of the list fields of an object, or raise ValueError."""
    if type(row) is not dict:
        raise ValueError(f"{row!r:.100}, expected an object")
    form = (kind, *row, *map(type, row.values()))
    known = _forms.get(form)
    if known is not None:
        return known
    for name, value in row.items():
        if name not in fields or name not in kind.__dataclass_fields__:
            raise ValueError(f"{name!r:.100}: no such field")
        if type(value) not in fields[name]:
            expected = " or ".join(_NAMES[allowed] for allowed in fields[name])
            raise ValueError(f"{name}: {value!r:.100}, expected {expected}")
    missing = [name for name in (("name",) if kind is not Use else ()) if name not in row]
    missing += [
        name
        for name, of in fields.items()
        if kind is Component and name not in row and list in of and name not in _OPTIONAL
    ]
    if missing:
        raise ValueError(f"{missing[0]}: is missing")
    if len(_forms) >= _KNOWN_FORMS:
        _forms.clear()
    return _forms.setdefault(form, tuple(name for name, value in row.items() if type(value) is list))


def _pair(name: str, value: Any) -> tuple[str, str]:
    if type(value) is not list or list(map(type, value)) != [str, str]:
        raise ValueError(f"{name}: {value!r:.100} in the list, expected two texts")
    return value[0], value[1]


def _texts(name: str, values: Iterable[Any]) -> tuple[str, ...]:
    texts = tuple(values)
    for value in texts:
        if type(value) is not str:
            raise ValueError(f"{name}: {value!r:.100} in the list, expected text")
    return texts
