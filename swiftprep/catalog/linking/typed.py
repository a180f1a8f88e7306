"""Resolve the members of TypeScript types across files: `extends`, intersections, mapped and utility types.

The rules are TypeScript's (utility types: typescriptlang.org/docs/handbook/utility-types.html). A type that cannot be
resolved marks the list as incomplete, so that members are never silently missing.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeAlias

from swiftprep.catalog.api import Prop
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Bound, Scope, Where, local, path_of
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, MEMBER, NAME, SOURCE, STRING, TYPE
from swiftprep.catalog.vue.values import Value, doc_tags

TYPES = frozenset(("t", "&", "|", "<>", "g", "keyof", "typeof", "at", "map"))
_AS_IT_IS = frozenset(("Readonly", "NonNullable", "ExtractPropTypes", "ExtractPublicPropTypes"))
_NOTHING = ([SOURCE, "undefined"], [SOURCE, "null"], [SOURCE, "never"])
_NUMBERS = itertools.count()  # no two uses of a generic type are the same scope
_LITERALS = re.compile(r"""\s*(?:\|\s*)?(?:'([^']*)'|"([^"]*)")\s*(?=\||$)""")


class Members(NamedTuple):
    """The members of a type by name, and whether they are complete."""

    by_name: dict[str, Prop]
    complete: bool


class Keys(NamedTuple):
    """The strings in a type of keys, and whether they are complete."""

    names: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """The context of a type: its file, or a scope with the arguments of its type parameters, and the nesting depth."""

    where: Where
    depth: int = 0

    def further(self) -> _Place:
        return replace(self, depth=self.depth + 1)


_Typed: TypeAlias = tuple[Value, _Place]
_NONE = Members({}, True)
_UNKNOWN = Members({}, False)


class TypeReader:
    """Finds the members of types.

    Args:
        modules: The facts of all files.
        values: Returns the props that a value declares, for `typeof props`, at a nesting depth; it adds `"props"` to
            the set if there may be others.
    """

    def __init__(self, modules: Modules, values: Callable[[Value, Where, set[str], int], list[Prop]]) -> None:
        self.modules = modules
        self._values = values

    def members(self, value: Value, path: Where, depth: int = 0) -> Members:
        """Return the members of the type `value` in the file `path`, at this nesting depth."""
        return self._members(value, _Place(path, depth))

    def _named(self, value: Value, place: _Place) -> _Typed | None:
        """Return the type with this name, or None if it is not in the tree."""
        bound = local(value[1], place.where) if value[0] == NAME else None
        if bound is not None:
            return bound[0], _Place(bound[1], place.depth + 1)
        resolved, where = self.modules.resolve(value, place.where, place.depth, calls=False)
        return None if resolved[0] in (NAME, MEMBER, CALL) else (resolved, _Place(where, place.depth + 1))

    def _applied(self, value: Value, place: _Place) -> _Typed | None:
        """Return a generic type of the tree with its arguments in scope, or None."""
        named = self._named(value[1], place) if value[1][0] in (NAME, MEMBER) else None
        if named is None:
            return None
        body, where = named
        return _filled(body, where, [(argument, place) for argument in value[2]])

    def _members(self, value: Value, place: _Place) -> Members:
        effort = self.modules.effort
        if not effort.spend(1, place.depth):
            return _UNKNOWN
        if not isinstance(place.where, str):
            return self._members_of(value, place)
        members = effort.once("members", value, place.where, lambda: self._members_of(value, place), _UNKNOWN)
        return members if effort.spend(len(members.by_name) // 50) else _UNKNOWN

    def _members_of(self, value: Value, place: _Place) -> Members:
        kind, place = value[0], place.further()
        if kind in (NAME, MEMBER):
            named = self._named(value, place)
            return _UNKNOWN if named is None else self._members(*named)
        if kind == "g":
            return self._members(*_filled(value, place, []))
        if kind == TYPE:
            own = {name: _prop(name, text, required, doc) for name, text, required, doc in value[1]}
            return _extended(Members(own, True), [self._members(base, place) for base in value[2]])
        if kind == "&":
            return _both([self._members(part, place) for part in value[1]])
        if kind == "|":
            return _either([self._members(part, place) for part in value[1] if part not in _NOTHING])
        if kind == "typeof":
            unknown: set[str] = set()
            props = self._values(value[1], place.where, unknown, place.depth)
            return Members({prop.name: prop for prop in props}, not unknown)
        if kind == "map":
            return self._mapped(value, place)
        if kind == "<>":
            applied = self._applied(value, place)
            return self._utility(value, place) if applied is None else self._members(*applied)
        return _UNKNOWN

    def _utility(self, value: Value, place: _Place) -> Members:
        name, arguments = str(value[1][-1]), value[2]
        if name == "Record" and len(arguments) == 2:
            keys = self._keys(arguments[0], place)
            return Members({key: _prop(key, _text(arguments[1]), True, "") for key in keys.names}, keys.complete)
        if name in _AS_IT_IS or name in ("Partial", "Required"):
            inner = self._members(arguments[0], place) if arguments else _UNKNOWN
            return inner if name in _AS_IT_IS else _marked(inner, required=name == "Required")
        if name in ("Pick", "Omit") and len(arguments) == 2:
            inner, keys = self._members(arguments[0], place), self._keys(arguments[1], place)
            kept = {key: prop for key, prop in inner.by_name.items() if (key in keys.names) == (name == "Pick")}
            if name == "Pick":
                lost = set(keys.names) - set(inner.by_name)
                return Members(kept, keys.complete and (inner.complete or not lost))
            if keys.complete:
                return Members(kept, inner.complete)
            return _marked(Members(kept, False), required=False)  # any of them may be omitted
        return _UNKNOWN

    def _mapped(self, value: Value, place: _Place) -> Members:
        """Return the members of `{ [K in keyof A]: … }`, taken from `A`, or of `{ [K in 'a' | 'b']: … }`."""
        _, parameter, over, text, sign = value
        if over[0] == "keyof":
            inner = self._members(over[1], place)
        else:
            keys = self._keys(over, place)
            inner = Members({key: _prop(key, "", True, "") for key in keys.names}, keys.complete)
        if not text.endswith(f"[{parameter}]"):  # not the member's own type
            inner = Members(
                {n: replace(prop, type=text, values=()) for n, prop in inner.by_name.items()}, inner.complete
            )
        return _marked(inner, required=sign == "-?") if sign else inner

    def _keys(self, value: Value, place: _Place) -> Keys:
        """Return the strings in a type such as `'a' | keyof B`."""
        if not self.modules.effort.spend(1, place.depth):
            return Keys((), False)
        kind, place = value[0], place.further()
        if kind == STRING:
            return Keys((value[1],), True)
        if kind == "|":
            parts = [self._keys(part, place) for part in value[1]]
            return Keys(_joined(part.names for part in parts), all(part.complete for part in parts))
        if kind in (NAME, MEMBER):
            named = self._named(value, place)
            return Keys((), False) if named is None else self._keys(*named)
        if kind == "g":
            return self._keys(*_filled(value, place, []))
        if kind == "keyof":
            inner = self._members(value[1], place)
            return Keys(tuple(inner.by_name), inner.complete)
        if kind == "at" and value[1][0] == "typeof" and value[2] == [SOURCE, "number"]:  # (typeof NAMES)[number]
            return self._items(value[1][1], place)
        if kind == "<>":
            applied = self._applied(value, place)
            if applied is not None:
                return self._keys(*applied)
            name, arguments = str(value[1][-1]), value[2]
            if name in ("Exclude", "Extract") and len(arguments) == 2:
                one, other = self._keys(arguments[0], place), self._keys(arguments[1], place)
                kept = tuple(key for key in one.names if (key in other.names) == (name == "Extract"))
                return Keys(kept, one.complete and other.complete)
        return Keys((), value in _NOTHING)

    def _items(self, value: Value, place: _Place) -> Keys:
        resolved, where = self.modules.resolve(value, place.where, place.depth)
        texts = (
            [self.modules.text(item, where, place.depth) for item in resolved[1]] if resolved[0] == ARRAY else [None]
        )
        return Keys(tuple(text for text in texts if text is not None), None not in texts)


def _filled(body: Value, where: _Place, arguments: list[_Typed]) -> _Typed:
    """Return the body of a generic type, with its parameters bound to arguments or defaults."""
    if body[0] != "g":
        return body, where
    names: dict[str, Bound] = {}
    scope = Scope(path_of(where.where), where.where, f"<{next(_NUMBERS)}>", names)
    for number, (name, default) in enumerate(body[1]):
        if number < len(arguments):
            names[name] = arguments[number][0], arguments[number][1].where
        elif default is not None:
            names[name] = default, scope
    return body[2], _Place(scope, where.depth)


def _prop(name: str, text: str, required: bool, doc: str) -> Prop:
    words, tags = doc_tags(doc)
    return Prop(name, text, required, words, tags.get("default") or None, literals_of(text))


def literals_of(text: str) -> tuple[str, ...]:
    """Return the strings of a union of string literals; `()` for any other type."""
    literals: list[str] = []
    position = 0
    while match := _LITERALS.match(text, position):
        literals.append(match[1] if match[1] is not None else match[2])
        position = match.end()
        if position >= len(text):
            return tuple(literals)
    return ()


def _text(value: Value) -> str:
    return repr(value[1]) if value[0] == STRING else str(value[1]) if value[0] in (SOURCE, NAME) else ""


def _joined(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in names for name in some))


def _marked(members: Members, *, required: bool) -> Members:
    return Members({n: replace(prop, required=required) for n, prop in members.by_name.items()}, members.complete)


def _extended(own: Members, bases: list[Members]) -> Members:
    """Merge an interface with its bases; its own members take precedence."""
    by_name = dict(own.by_name)
    for base in bases:
        for name, prop in base.by_name.items():
            by_name.setdefault(name, prop)
    return Members(by_name, own.complete and all(base.complete for base in bases))


def _both(parts: list[Members]) -> Members:
    """Merge the parts of an intersection; a member is required if any part requires it."""
    by_name: dict[str, Prop] = {}
    for part in parts:
        for name, prop in part.by_name.items():
            known = by_name.get(name, prop)
            by_name[name] = replace(known, required=known.required or prop.required, doc=known.doc or prop.doc)
    return Members(by_name, all(part.complete for part in parts))


def _either(parts: list[Members]) -> Members:
    """Merge the parts of a union; a member is required if every part requires it."""
    if not parts:
        return _NONE
    by_name: dict[str, Prop] = {}
    for part in parts:
        for name, prop in part.by_name.items():
            known = by_name.setdefault(name, prop)
            types = " | ".join(dict.fromkeys(text for text in (known.type, prop.type) if text))
            values = tuple(dict.fromkeys((*known.values, *prop.values))) if known.values and prop.values else ()
            by_name[name] = replace(known, type=types, values=values)
    for name, prop in by_name.items():
        needed = all(name in part.by_name and part.by_name[name].required for part in parts)
        by_name[name] = replace(prop, required=needed)
    return Members(by_name, all(part.complete for part in parts))
