"""The members of types, and how types are put together from others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from swiftprep.catalog.api import Prop
from swiftprep.catalog.linking.scope import Where


@dataclass(frozen=True, slots=True)
class TypePlace:
    """The context of a type: its file, or a scope with the arguments of its type parameters, and the nesting depth."""

    where: Where
    depth: int = 0

    def further(self, beyond: int = 0) -> TypePlace:
        """Return the place one level deeper, also than the depth `beyond` of a request that led here."""
        return replace(self, depth=max(self.depth, beyond) + 1)


class Member(NamedTuple):
    """A member of a type: a prop whose type is yet to be read from the texts, unless there are none."""

    prop: Prop
    texts: tuple[tuple[str, TypePlace], ...] = ()


class Members(NamedTuple):
    """The members of a type by name, and whether they are complete."""

    by_name: dict[str, Member]
    complete: bool


def marked(members: Members, *, required: bool) -> Members:
    """Return the members, all of them required or none."""
    by_name = {n: Member(replace(prop, required=required), texts) for n, (prop, texts) in members.by_name.items()}
    return Members(by_name, members.complete)


def extended(own: Members, bases: list[Members]) -> Members:
    """Merge an interface with its bases; its own members take precedence."""
    by_name = dict(own.by_name)
    for base in bases:
        for name, member in base.by_name.items():
            by_name.setdefault(name, member)
    return Members(by_name, own.complete and all(base.complete for base in bases))


def both(parts: list[Members]) -> Members:
    """Merge the parts of an intersection; a member is required if any part requires it."""
    by_name: dict[str, Member] = {}
    for part in parts:
        for name, (prop, texts) in part.by_name.items():
            known, first = by_name.get(name, (prop, texts))
            required = known.required or prop.required
            by_name[name] = Member(replace(known, required=required, doc=known.doc or prop.doc), first)
    return Members(by_name, all(part.complete for part in parts))


def either(parts: list[Members]) -> Members:
    """Merge the parts of a union; a member is required if every part requires it."""
    if not parts:
        return Members({}, True)
    by_name: dict[str, Member] = {}
    for part in parts:
        for name, (prop, texts) in part.by_name.items():
            known, earlier = by_name.setdefault(name, Member(prop, texts))
            by_name[name] = Member(known, (*earlier, *(text for text in texts if text not in earlier)))
    for name, (prop, texts) in by_name.items():
        needed = all(name in part.by_name and part.by_name[name].prop.required for part in parts)
        by_name[name] = Member(replace(prop, required=needed), texts)
    return Members(by_name, all(part.complete for part in parts))
