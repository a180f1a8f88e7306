"""What a variable or an expression may hold while the functions of a component are traced."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from swiftprep.catalog.linking.scope import Where
from swiftprep.catalog.vue.flows import Flow
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME
from swiftprep.catalog.vue.values import Value

# What an expression may hold of a component.
SELF, CONTEXT, DATA, PROPS = "self", "context", "data", "props"
SLOTS, LISTENERS, ATTRS, EMIT, CHILDREN, KEY = "slots", "listeners", "attrs", "emit", "children", "key"
INSTANCE, FALLS, H = "instance", "falls", "h"  # `getCurrentInstance()`, `attrs` of `setup`, `createElement`
_OF_INSTANCE = {
    "$slots": SLOTS, "$scopedSlots": SLOTS, "$listeners": LISTENERS, "$attrs": ATTRS, "$emit": EMIT, "$props": PROPS,
    "$createElement": H,
}  # fmt: skip
_OF_CONTEXT = {
    "slots": SLOTS, "scopedSlots": SLOTS, "listeners": LISTENERS, "attrs": FALLS, "emit": EMIT, "data": DATA,
    "children": CHILDREN, "props": PROPS,
}  # fmt: skip
PARTS: dict[str, dict[str, str]] = {
    SELF: _OF_INSTANCE,
    CONTEXT: _OF_CONTEXT,
    INSTANCE: {**_OF_INSTANCE, **_OF_CONTEXT, "proxy": SELF, "ctx": SELF, "setupContext": CONTEXT, "data": KEY},
    DATA: {"on": LISTENERS, "scopedSlots": SLOTS, "attrs": ATTRS, "props": ATTRS},
}
# The lists that are incomplete if a part gets where it cannot be followed.
OPENS = {
    SLOTS: ("slots",), CHILDREN: ("slots",), LISTENERS: ("events",), EMIT: ("events",), ATTRS: ("props",),
    FALLS: ("events", "props"), DATA: ("events", "props", "slots"), CONTEXT: ("events", "props", "slots"),
    SELF: ("events", "slots"), INSTANCE: ("events", "slots"),
}  # fmt: skip
_MOST = 200  # texts or functions
_MOST_REFERENCES = 8
_MOST_DOTS = 3
_DEEPEST = 4  # objects within objects


class Reference(NamedTuple):
    """A name, or a member of it, that linking resolves: as a value, where it stands, and as text."""

    value: Value
    where: Where
    key: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reference) and self.key == other.key and self.where == other.where

    def __hash__(self) -> int:
        return hash((self.key, self.where))

    def member(self, name: str) -> Held:
        """Return a member of it; what is further down is not known."""
        if self.key.count(".") >= _MOST_DOTS:
            return UNKNOWN
        return Held(references=(Reference([MEMBER, self.value, name], self.where, f"{self.key}.{name}"),))


@dataclass(slots=True, eq=False)
class Held:
    """What may be held, all at once.

    Attributes:
        texts: The strings.
        roles: The parts of the component, and `?n` for the unknown argument of function `n`.
        members: The members of an object, which may be added to.
        rest: What the other members or the items may hold, or None.
        functions: The functions.
        references: What linking resolves.
        masked: The members of an object that hide those of what is spread into it before them.
        is_open: Whether it may be something else too.
    """

    texts: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()
    members: dict[str, Held] | None = None
    rest: Held | None = None
    functions: tuple[Function, ...] = ()
    references: tuple[Reference, ...] = ()
    masked: frozenset[str] = frozenset()
    is_open: bool = False

    @property
    def signature(self) -> tuple[Any, ...]:
        """What two arguments must share for a function to do the same with both."""
        return (
            self.texts, self.roles, id(self.members) if self.members else 0, id(self.rest) if self.rest else 0,
            self.functions, self.references, self.is_open,
        )  # fmt: skip


class NamedFunction(NamedTuple):
    """A function that a reference names: its flow or None, its place, and whether it is one of the tree at all."""

    flow: Flow | None
    where: Where
    is_known: bool


@dataclass(slots=True, eq=False)
class Variables:
    """The variables of a function that is being traced.

    Attributes:
        names: The variables.
        outer: Those of the function around it, or None.
        this: What `this` is.
        where: The place in which its other names stand.
        is_template: Whether names are members of `this`.
    """

    names: dict[str, Held]
    outer: Variables | None
    this: Held
    where: Where
    is_template: bool = False


class Function(NamedTuple):
    """A function with the variables around it; `first` are arguments bound to it."""

    flow: list[Any]
    around: Variables
    first: tuple[Held, ...] = ()

    @property
    def number(self) -> int:
        """What distinguishes it from others."""
        return id(self.flow)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function) and self.flow is other.flow and self.around is other.around

    def __hash__(self) -> int:
        return hash((id(self.flow), id(self.around)))


def name_at(name: str, where: Where) -> Held:
    """Return what a name that no function binds stands for."""
    return Held(references=(Reference([NAME, name], where, name),))


NOTHING = Held()
UNKNOWN = Held(is_open=True)


def part(role: str) -> Held:
    """Return a part of the component."""
    return Held(roles=frozenset((role,)))


def text(*texts: str) -> Held:
    """Return one of these strings."""
    return Held(texts=texts)


def either(values: Iterable[Held], depth: int = 0) -> Held:
    """Return what holds any of these; members too deep in objects are unknown."""
    held = [value for value in values if value is not NOTHING]
    if not held:
        return NOTHING
    if len(held) == 1 or all(value is held[0] for value in held):
        return held[0]
    if depth > _DEEPEST:
        return UNKNOWN
    members = [value.members for value in held if value.members is not None]
    joined: dict[str, Held] | None = members[0] if members else None
    if len(members) > 1:
        joined = {}
        for group in members:
            for name, value in group.items():
                joined[name] = (
                    value if name not in joined or joined[name] is value else either([joined[name], value], depth + 1)
                )
    rests = [value.rest for value in held if value.rest is not None]
    references = _distinct(item for value in held for item in value.references)
    return Held(
        texts=_distinct(item for value in held for item in value.texts),
        roles=frozenset(item for value in held for item in value.roles),
        members=joined,
        rest=either(rests, depth + 1) if rests else None,
        functions=_distinct(item for value in held for item in value.functions),
        references=references[:_MOST_REFERENCES],
        masked=frozenset.intersection(*(value.masked for value in held if value.roles or value.members is not None))
        if any(value.masked for value in held)
        else frozenset(),
        is_open=any(value.is_open for value in held) or len(references) > _MOST_REFERENCES,
    )


def _distinct(items: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(items))[:_MOST]


def joined_texts(parts: list[Held]) -> Held:
    """Return the concatenation of texts, or what is unknown about one of them."""
    texts: list[str] = [""]
    for value in parts:
        if value.is_open or value.references or not value.texts:
            return unknown_of(value)
        texts = [before + after for before in texts for after in value.texts][:_MOST]
    return Held(texts=_distinct(texts))


def items_of(value: Held) -> Held:
    """Return what the items of a list, or the values of an object, may hold."""
    inner = [*(value.members or {}).values(), *([value.rest] if value.rest is not None else [])]
    shared = value.roles & {SLOTS, LISTENERS, ATTRS, FALLS}
    found = either([*inner, *([Held(roles=shared)] if shared else [])])
    return either([found, unknown_of(value)]) if value.is_open or not inner else found


def unknown_of(value: Held) -> Held:
    """Return what is unknown because a value is, which may be the argument of a function."""
    return Held(roles=frozenset(role for role in value.roles if role[:1] == "?"), is_open=True)


def all_roles(value: Held, depth: int = 0) -> frozenset[str]:
    """Return the parts that a value holds, or hands on in its members."""
    inner = [*(value.members or {}).values(), *([value.rest] if value.rest is not None else [])] if depth < 4 else []
    return value.roles.union(*(all_roles(item, depth + 1) for item in inner[:_MOST]))


def listed_items(value: Held) -> list[Held]:
    """Return the arguments that a list is spread into; one stands for any number that are not known."""
    members = value.members or {}
    known = [members[key] for key in sorted(members, key=_place) if key.isdigit()]
    rest = [value.rest] if value.rest is not None else [UNKNOWN] if value.is_open or not known else []
    return [*known, *rest]


def _place(key: str) -> int:
    return int(key) if key.isascii() and key.isdigit() and len(key) < 9 else _MOST


def spread(made: Held, value: Held) -> Held:
    """Return an object with the members of another added to it; functions and texts have none."""
    rests = [inner for inner in (made.rest, value.rest) if inner is not None]
    return Held(
        roles=made.roles | value.roles, members={**(made.members or {}), **(value.members or {})},
        rest=either(rests) if rests else None,
        masked=(made.masked if not value.roles else frozenset()) | value.masked,
        is_open=made.is_open or value.is_open or bool(value.references),
    )  # fmt: skip
