"""The types of a file's columns as `datasets` infers them, and the conversion of values to them.

A JSON file is one table, so every column has one type. Where rows differ, values change: a key that an object lacks is
added as null, whole numbers become floats beside a float, texts that all look like dates become dates, and a column of
several types is stored as JSON text (`datasets` 4, `packaged_modules/json/json.py`, `utils/json.py`).
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any, TypeAlias

from swiftprep.swiftfmt.loose import loads_loosely

Path: TypeAlias = tuple[str, ...]  # the keys that lead to a place; "[]" stands for the items of a list
BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = 1, 2, 4, 8, 16
_DIGITS = re.compile(r"-?[0-9]{1,18}")
_DATE = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T](?:(\d\d):(\d\d):(\d\d)|(\d\d):(\d\d)|(\d\d))(?:(Z)|([+-])(\d\d):?(\d\d)?)?)?"
)


@dataclass(slots=True)
class Shape:
    """What is known of one place in the table, such as a column or a key of its objects.

    Attributes:
        kinds: The types seen, as bits; null is not counted.
        keys: The keys of the first object.
        uneven: Whether objects have different keys, or the first has none.
        children: The shape below each key, in order of appearance.
        item: The shape of a list's items.
        fraction: Whether a number is not a 64-bit whole number.
        dates: Whether every text so far looks like a date.
        nulls: Whether a value was null or absent.
        clash: Position of the first row with another plain type than before, or -1.
        as_json: Whether the column is stored as JSON text; `settle` decides it.
        twice: Whether that text is itself encoded as JSON once more, which `datasets` does when an object around one
            of the first five values is null.
    """

    kinds: int = 0
    keys: frozenset[str] = frozenset()
    uneven: bool = False
    children: dict[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    fraction: bool = False
    dates: bool = True
    clash: int = -1
    as_json: bool = False
    twice: bool = False

    def observe(self, value: Any, row: int) -> None:
        """Take a value at this place into account."""
        kind = type(value)
        if kind is str:
            if self.kinds != STRING:
                self._add(STRING, row)
            if self.dates and (not value[:1].isdigit() or not _is_date(value)):
                self.dates = False
        elif kind is dict:
            if not self.kinds & OBJECT:
                self.keys = frozenset(value)
                self.uneven = not value
            elif not self.uneven and value.keys() != self.keys:
                self.uneven = True
            if self.kinds != OBJECT:
                self._add(OBJECT, row)
            children = self.children
            for key, inner in value.items():
                child = children.get(key)
                if child is None:
                    child = children[key] = Shape()
                if inner is not None:
                    child.observe(inner, row)
        elif kind is list:
            if self.kinds != ARRAY:
                self._add(ARRAY, row)
            item = self.item
            if item is None:
                item = self.item = Shape()
            for inner in value:
                if inner is not None:
                    item.observe(inner, row)
        elif kind is bool:
            self._add(BOOLEAN, row)
        elif value is not None:
            self._add(NUMBER, row)
            if kind is float or not -(2**63) <= value < 2**63:
                self.fraction = True

    def _add(self, kind: int, row: int) -> None:
        if self.kinds and not self.kinds & kind and self.clash < 0:
            self.clash = row
        self.kinds |= kind

    @property
    def mixed(self) -> bool:
        """Whether values of several types were seen."""
        return self.kinds & (self.kinds - 1) != 0


def uneven_places(shape: Shape, path: Path = ()) -> list[Path]:
    """Return the places that `datasets` stores as JSON text before it reads the table, as their values differ."""
    if shape.kinds == OBJECT:
        if path and shape.uneven:
            return [path]
        return [place for key, child in shape.children.items() for place in uneven_places(child, (*path, key))]
    if shape.kinds == ARRAY:
        return uneven_places(shape.item, (*path, "[]")) if shape.item else []
    return [path] if shape.mixed and shape.kinds & (ARRAY | OBJECT) else []


def first_clash(shape: Shape, path: Path = ()) -> tuple[int, Path] | None:
    """Return the first row whose type contradicts that of another row, and the place in it."""
    if shape.mixed:
        return shape.clash, path
    clashes = [clash for child, place in _below(shape, path) if (clash := first_clash(child, place))]
    return min(clashes, key=lambda clash: clash[0]) if clashes else None


def settle(shape: Shape, *, detect: bool, path: Path = ()) -> list[Path]:
    """Decide which places are stored as JSON text, and return them.

    Args:
        shape: Changed in place.
        detect: Whether objects with different keys count, which `datasets` checks only when every line of the file is
            one JSON text.
        path: The place of the shape in a row.
    """
    if shape.mixed or (detect and path and shape.kinds == OBJECT and shape.uneven):
        shape.as_json = True
        return [path]
    below = _below(shape, path)
    return [json_place for child, place in below for json_place in settle(child, detect=detect, path=place)]


def most_keys(shape: Shape, path: Path = ()) -> int:
    """Count the keys of the most uneven objects: each of those objects is filled up to all of these keys."""
    if shape.as_json:
        return 0
    own = len(shape.children) if path and shape.uneven else 0
    return max([own, *(most_keys(child, place) for child, place in _below(shape, path))])


def fits(value: Any, shape: Shape) -> bool:
    """Tell whether a value of a later batch can be cast to the type that the first batch gave to its place."""
    if value is None or shape.as_json:
        return True
    if isinstance(value, dict):
        return shape.kinds == STRING or (
            shape.kinds == OBJECT
            and all(key in shape.children and fits(item, shape.children[key]) for key, item in value.items())
        )
    if isinstance(value, list):
        return shape.kinds == ARRAY and all(shape.item is not None and fits(item, shape.item) for item in value)
    if isinstance(value, str):
        if shape.kinds == NUMBER:
            return _DIGITS.fullmatch(value) is not None
        return shape.kinds == STRING and (not shape.dates or _is_date(value))
    if shape.kinds == NUMBER:
        return shape.fraction or not isinstance(value, float) or value.is_integer()
    return shape.kinds in (BOOLEAN, STRING)


def mark_twice(shape: Shape, path: Path, rows: Iterable[Any]) -> None:
    """Determine whether a place stored as JSON text is encoded as JSON twice."""
    slots = islice((around is None for row in rows for around in _around(row, path)), 5)
    if path[-1] != "[]" and any(slots):
        for part in path:
            shape = shape.item if part == "[]" and shape.item else shape.children[part]
        shape.twice = True


def _around(value: Any, path: Path) -> Iterator[Any]:
    """Yield the objects, or nulls, that contain a place."""
    if len(path) == 1:
        yield value
    elif path[0] == "[]":
        for item in value if isinstance(value, list) else ():
            yield from _around(item, path[1:])
    else:
        yield from _around(value.get(path[0]) if isinstance(value, dict) else None, path[1:])


def _below(shape: Shape, path: Path) -> list[tuple[Shape, Path]]:
    below = [(child, (*path, key)) for key, child in shape.children.items()]
    return [*below, (shape.item, (*path, "[]"))] if shape.item else below


def typed(value: Any, shape: Shape) -> Any:
    """Return a value as converted to a column of this shape."""
    if shape.as_json:
        is_json, decoded = False, value
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                is_json, decoded = True, loads_loosely(value)
        if shape.twice:
            return value if is_json else json.dumps(value, separators=(",", ":")).replace("/", "\\/")
        return decoded
    if value is None:
        return None
    if isinstance(value, dict):
        return {key: typed(value.get(key), child) for key, child in shape.children.items()}
    if isinstance(value, list):
        return [typed(item, shape.item) for item in value] if shape.item else []
    if isinstance(value, str):
        return _date(value) if shape.dates else value
    return float(value) if shape.fraction and not isinstance(value, bool) else value


def _is_date(text: str) -> bool:
    try:
        return _date(text) is not None
    except ValueError:
        return False


def _date(text: str) -> datetime | None:
    """Parse a date the way Arrow does, converted to UTC without a zone; return None for any other text."""
    match = _DATE.fullmatch(text) if text.isascii() else None
    if not match:
        return None
    day, hour, minute, second, hour2, minute2, hour3, _, sign, zone_hour, zone_minute = match.groups()
    moment = datetime.strptime(day, "%Y-%m-%d").replace(
        hour=int(hour or hour2 or hour3 or 0), minute=int(minute or minute2 or 0), second=int(second or 0)
    )
    if sign:
        shift = timedelta(hours=int(zone_hour), minutes=int(zone_minute or 0))
        moment = moment - shift if sign == "+" else moment + shift
    return moment


def milliseconds(moment: datetime) -> int:
    """Return a date as ms-swift writes it into a message, in milliseconds since 1970."""
    return int(moment.replace(tzinfo=timezone.utc).timestamp() * 1000)
