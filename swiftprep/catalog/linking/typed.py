"""Resolve the members of TypeScript types across files: `extends`, intersections, mapped and utility types.

The rules are TypeScript's (utility types: typescriptlang.org/docs/handbook/utility-types.html). A type that cannot be
resolved marks the list as incomplete, so that members are never silently missing. `type_props.py` turns the members
into props.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from swiftprep.catalog.api import Prop
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Bound, Scope, Where, local, path_of
from swiftprep.catalog.linking.type_code import written
from swiftprep.catalog.linking.type_members import Member, Members, TypePlace, both, either, extended, marked
from swiftprep.catalog.vue.typescript_types import type_of
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, MEMBER, NAME, OBJECT, SOURCE, STRING, TYPE
from swiftprep.catalog.vue.values import Value, doc_tags

TYPES = frozenset("t & | [] tuple <> g = fn call keyof typeof at ` map enum class".split())
_AS_IT_IS = frozenset(
    ("Readonly", "NonNullable", "ExtractPropTypes", "ExtractPublicPropTypes", "ComponentProps", "Prettify")
)
_NOTHING = ([SOURCE, "undefined"], [SOURCE, "null"], [SOURCE, "never"])
_NUMBERS = itertools.count()  # no two uses of a generic type are the same scope
_MOST_TEMPLATES = 200  # strings that a template literal type stands for
_SPELLINGS: dict[str, Callable[[str], str]] = {
    "Capitalize": lambda text: text[:1].upper() + text[1:],
    "Uncapitalize": lambda text: text[:1].lower() + text[1:],
    "Uppercase": str.upper,
    "Lowercase": str.lower,
}


class Keys(NamedTuple):
    """The strings in a type of keys, and whether they are complete."""

    names: tuple[str, ...]
    complete: bool


Typed: TypeAlias = tuple[Value, TypePlace]
_UNKNOWN = Members({}, False)
_NO_KEYS = Keys((), False)


class TypeReader:
    """Finds the members of types, and the strings that they stand for.

    Args:
        modules: The facts of all files.
        values: Returns the props that a value declares, for `typeof props`, at a nesting depth; it adds `"props"` to
            the set if there may be others.
    """

    def __init__(self, modules: Modules, values: Callable[[Value, Where, set[str], int], list[Prop]]) -> None:
        self.modules = modules
        self._values = values
        self._augments: dict[str, dict[str, list[tuple[Value, str]]]] | None = None

    def named(self, value: Value, place: TypePlace) -> Typed | None:
        """Return the type with this name, or None if it is not in the tree."""
        bound = local(f"<{value[1]}>", place.where) if value[0] == NAME else None
        if bound is not None:
            argument = type_of(bound[0][1]) if bound[0][0] == SOURCE else bound[0]
            return argument, TypePlace(bound[1], place.depth + 1)
        resolved, where = self.modules.resolve(value, place.where, place.depth, calls=False, types=True)
        return None if resolved[0] not in TYPES else (resolved, TypePlace(where, place.depth + 1))

    def applied(self, value: Value, place: TypePlace) -> Typed | None:
        """Return a generic type of the tree with its arguments in scope, or None."""
        named = self.named(value[1], place) if value[1][0] in (NAME, MEMBER) else None
        return None if named is None else filled(*named, [(argument, place) for argument in value[2]])

    def members(self, value: Value, place: TypePlace) -> Members:
        """Return the members of the type `value` at a place."""
        effort = self.modules.effort
        value = value[1] if value[0] == "=" else value
        if not effort.spend(1, place.depth):
            return _UNKNOWN
        if not isinstance(place.where, str):
            return self._members_of(value, place)
        members = effort.once("members", value, place.where, lambda: self._members_of(value, place), _UNKNOWN)
        return members if effort.spend(len(members.by_name) // 50) else _UNKNOWN

    def _members_of(self, value: Value, place: TypePlace) -> Members:
        kind, place = value[0], place.further()
        if kind in (NAME, MEMBER):
            named = self.named(value, place)
            return _UNKNOWN if named is None else self.members(*named)
        if kind == "g":
            return self.members(*filled(value, place, []))
        if kind in ("fn", "class"):
            return self.members(value[1], place)
        if kind == TYPE:
            return self._declared(value, place)
        if kind == "call":
            keys = self.keys(value[1], place)
            return Members(
                {name: _member(name, value[2], False, value[3], place) for name in keys.names}, keys.complete
            )
        if kind == "&":
            return both([self.members(part, place) for part in value[1]])
        if kind == "|":
            return either([self.members(part, place) for part in value[1] if part not in _NOTHING])
        if kind == "typeof":
            return self._of_value(value[1], place)
        if kind == "map":
            return self._mapped(value, place)
        if kind == "at":
            return self._of_member(value, place)
        if kind == "<>":
            applied = self.applied(value, place)
            return self._utility(value, place) if applied is None else self.members(*applied)
        return _UNKNOWN

    def _declared(self, value: Value, place: TypePlace) -> Members:
        """Return the members of an interface or object type, of its bases, and of its declarations in other files."""
        own: dict[str, Member] = {}
        complete = True
        for name, text, required, doc in value[1]:
            key = name if isinstance(name, str) else self.modules.text(name, place.where, place.depth)
            if key is None:
                complete = False
            else:
                own[key] = _member(key, text, required, doc, place)
        further = [(base, place) for base in value[2]]
        further += [
            (more, TypePlace(path, place.depth)) for more, path in self._augmenting(value, path_of(place.where))
        ]
        return extended(Members(own, complete), [self.members(*base) for base in further])

    def _augmenting(self, value: Value, path: str) -> list[tuple[Value, str]]:
        """Return the parts that other files add to an interface by `declare module`, each with its file."""
        if self._augments is None:
            self._augments = {}
            for augmenting in sorted(self.modules.facts):
                for module, types in self.modules.facts[augmenting].get("augments", ()):
                    target = self.modules.file(module, augmenting)
                    for name, more in types.items() if target is not None and target != augmenting else ():
                        self._augments.setdefault(str(target), {}).setdefault(name, []).append((more, augmenting))
        if path not in self._augments:
            return []
        types = self.modules.facts[path].get("types", {})
        name = next((name for name, known in types.items() if value in (known, known[-1])), "")
        return self._augments[path].get(name, [])

    def _of_value(self, value: Value, place: TypePlace) -> Members:
        declared = self.modules.facts[path_of(place.where)].get("declared", {})
        if value[0] == NAME and value[1] in declared:
            return self.members(declared[value[1]], place)
        unknown: set[str] = set()
        props = self._values(value, place.where, unknown, place.depth)
        return Members({prop.name: Member(prop) for prop in props}, not unknown)

    def _of_member(self, value: Value, place: TypePlace) -> Members:
        """Return the members of `A['inner']`; of a component's instance, `$props` are its props."""
        if value[1][0] == "<>" and value[1][1] == [NAME, "InstanceType"] and value[2] == [STRING, "$props"]:
            return self.members(value[1][2][0], place) if value[1][2] else _UNKNOWN
        keys = self.keys(value[2], place)
        known = self.members(value[1], place).by_name
        texts = [text for name in keys.names if name in known for text in known[name].texts]
        if not keys.complete or not texts or not all(known[n].texts if n in known else False for n in keys.names):
            return _UNKNOWN
        return either([self.members(type_of(text), where.further(place.depth)) for text, where in texts])

    def _utility(self, value: Value, place: TypePlace) -> Members:
        name, arguments = str(value[1][-1]), value[2]
        if name == "Record" and len(arguments) == 2:
            keys = self.keys(arguments[0], place)
            text = written(arguments[1])
            return Members({key: _member(key, text, True, "", place) for key in keys.names}, keys.complete)
        if name == "ReturnType" and arguments and arguments[0][0] == "typeof":
            return self._of_value([CALL, arguments[0][1], []], place)
        if name in _AS_IT_IS or name in ("Partial", "Required"):
            inner = self.members(arguments[0], place) if arguments else _UNKNOWN
            return inner if name in _AS_IT_IS else marked(inner, required=name == "Required")
        if name in ("Pick", "Omit") and len(arguments) == 2:
            inner, keys = self.members(arguments[0], place), self.keys(arguments[1], place)
            kept = {key: prop for key, prop in inner.by_name.items() if (key in keys.names) == (name == "Pick")}
            if name == "Pick":
                lost = set(keys.names) - set(inner.by_name)
                return Members(kept, keys.complete and (inner.complete or not lost))
            if keys.complete:
                return Members(kept, inner.complete)
            return marked(Members(kept, False), required=False)  # any of them may be omitted
        return _UNKNOWN

    def _mapped(self, value: Value, place: TypePlace) -> Members:
        """Return the members of `{ [K in keyof A]: … }`, taken from `A`, or of `{ [K in 'a' | 'b']: … }`."""
        _, parameter, over, text, sign = value
        if over[0] == "keyof":
            inner = self.members(over[1], place)
        else:
            keys = self.keys(over, place)
            inner = Members({key: _member(key, "", True, "", place) for key in keys.names}, keys.complete)
        if not text.endswith(f"[{parameter}]"):  # not the member's own type
            inner = Members(
                {
                    name: Member(replace(known.prop, type="", values=()), ((text, place),))
                    for name, known in inner.by_name.items()
                },
                inner.complete,
            )
        return marked(inner, required=sign == "-?") if sign else inner

    def keys(self, value: Value, place: TypePlace) -> Keys:
        """Return the strings in a type such as `'a' | keyof B`."""
        if not self.modules.effort.spend(1, place.depth):
            return _NO_KEYS
        value = value[1] if value[0] == "=" else value
        kind, place = value[0], place.further()
        if kind == STRING:
            return Keys((value[1],), True)
        if kind == "|":
            parts = [self.keys(part, place) for part in value[1]]
            return Keys(_joined(part.names for part in parts), all(part.complete for part in parts))
        if kind in (NAME, MEMBER):
            named = self.named(value, place)
            return _NO_KEYS if named is None else self.keys(*named)
        if kind == "g":
            return self.keys(*filled(value, place, []))
        if kind == "keyof":
            inner = self.members(value[1], place)
            return Keys(tuple(inner.by_name), inner.complete)
        if kind == "enum":
            return self._strings(value[1], place)
        if kind == "`":
            return self._templates(value[1], place)
        if kind == "at":
            return self._keys_at(value[1], value[2], place)
        if kind == "<>":
            applied = self.applied(value, place)
            return self._keys_of_utility(value, place) if applied is None else self.keys(*applied)
        return Keys((), value in _NOTHING)

    def _keys_of_utility(self, value: Value, place: TypePlace) -> Keys:
        name, arguments = str(value[1][-1]), value[2]
        if name in ("Exclude", "Extract") and len(arguments) == 2:
            one, other = self.keys(arguments[0], place), self.keys(arguments[1], place)
            kept = tuple(key for key in one.names if (key in other.names) == (name == "Extract"))
            return Keys(kept, one.complete and other.complete)
        if (name in _SPELLINGS or name in ("NonNullable", "Readonly")) and arguments:
            inner = self.keys(arguments[0], place)
            spell = _SPELLINGS.get(name, str)
            return Keys(tuple(map(spell, inner.names)), inner.complete)
        return _NO_KEYS

    def _templates(self, parts: list[Value], place: TypePlace) -> Keys:
        """Return the strings of a template literal type, if its parts are all known."""
        known = [self.keys(part, place) for part in parts]
        count = 1
        for part in known:
            count *= len(part.names)
        if count > _MOST_TEMPLATES or not all(part.complete for part in known):
            return _NO_KEYS
        return Keys(tuple("".join(texts) for texts in itertools.product(*(part.names for part in known))), True)

    def _keys_at(self, owner: Value, key: Value, place: TypePlace) -> Keys:
        """Return the strings of `(typeof LIST)[number]`, `(typeof MAP)[keyof typeof MAP]` or `Props['size']`."""
        value, there = self._value_of(owner, place)
        if key == [SOURCE, "number"]:
            return self._items(owner if value is None else value, there if value is not None else place)
        if value is not None and key[0] == "keyof":
            return self._strings(value, there)
        names = self.keys(key, place)
        known = self.members(owner, place).by_name
        if not names.complete or not names.names or not all(name in known for name in names.names):
            return _NO_KEYS
        parts = [self._keys_of_member(known[name], place.depth) for name in names.names]
        return Keys(_joined(part.names for part in parts), all(part.complete for part in parts))

    def _keys_of_member(self, member: Member, depth: int) -> Keys:
        if not member.texts:
            return Keys(member.prop.values, bool(member.prop.values))
        parts = [self.keys(type_of(text), where.further(depth)) for text, where in member.texts]
        return Keys(_joined(part.names for part in parts), all(part.complete for part in parts))

    def _value_of(self, value: Value, place: TypePlace) -> tuple[Value | None, TypePlace]:
        """Return the value whose type a type is, `x` of `typeof x`, or None."""
        named: Typed | None = (value, place)
        while named is not None and self.modules.effort.spend(1, place.depth):
            value, place = named
            if value[0] == "typeof":
                return value[1], place
            named = (value[1], place) if value[0] == "=" else self.named(*named) if value[0] in (NAME, MEMBER) else None
        return None, place

    def _strings(self, value: Value, place: TypePlace) -> Keys:
        """Return the strings that an object's keys have as values."""
        resolved, where = self.modules.resolve(value, place.where, place.depth)
        if resolved[0] != OBJECT:
            return _NO_KEYS
        text_of = functools.partial(self.modules.text, path=where, depth=place.depth)
        texts = [None if key == "..." else text_of(inner) for key, inner, _ in resolved[1]]
        return Keys(tuple(dict.fromkeys(text for text in texts if text is not None)), None not in texts)

    def _items(self, value: Value, place: TypePlace) -> Keys:
        """Return the strings in a list, or in the tuple that a type is or that a constant is declared to be."""
        resolved, where = self.modules.resolve(value, place.where, place.depth)
        declared = self.modules.facts[path_of(where)].get("declared", {})
        stated = declared.get(resolved[1]) if resolved[0] == NAME else None
        named = (stated, TypePlace(where, place.depth)) if stated is not None else self.named(value, place)
        if named is not None and named[0][0] == "=":
            named = named[0][1], named[1]
        if named is not None and named[0][0] == "tuple":
            return self.keys(["|", named[0][1]], named[1])
        if resolved[0] != ARRAY:
            return _NO_KEYS
        texts = [self.modules.text(item, where, place.depth) for item in resolved[1]]
        return Keys(tuple(text for text in texts if text is not None), None not in texts)


def filled(body: Value, where: TypePlace, arguments: list[Typed]) -> Typed:
    """Return the body of a generic type, with its parameters bound to arguments or defaults."""
    if body[0] != "g":
        return body, where
    names: dict[str, Bound] = {}
    scope = Scope(path_of(where.where), where.where, f"<{next(_NUMBERS)}>", names)
    for number, (name, default) in enumerate(body[1]):
        if number < len(arguments):
            names[f"<{name}>"] = arguments[number][0], arguments[number][1].where
        elif default is not None:
            names[f"<{name}>"] = default, scope
    return body[2], TypePlace(scope, where.depth)


def _member(name: str, text: str, required: bool, doc: str, place: TypePlace) -> Member:
    words, tags = doc_tags(doc)
    return Member(Prop(name, "", required, words, tags.get("default") or None), ((text, place),))


def _joined(names: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for some in names for name in some))
