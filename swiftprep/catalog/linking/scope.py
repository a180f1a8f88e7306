"""Where a value stands: at the top level of a file, or within a call of one of its functions.

A *place* of the top level is the file's path. Within a call it is a `Scope`, which binds the function's parameters and
local variables, each to a value and the place in which that value stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from swiftprep.catalog.vue.values import Value


@dataclass(slots=True, eq=False)
class Scope:
    """A call of a function, or the arguments of a generic type.

    Attributes:
        path: The file of the function.
        outer: The scope around the function, or its file.
        key: The call as text. Scopes with the same key are equal.
        names: The parameters and local variables, with their values.
        options: Component options that only exist in this scope, as made by `{...Base, name: 'other'}`.
        is_running: Whether the function's statements are being run, so that variables may still change.
        calls: How many calls were made in it, while it was running.
        changed: The names whose objects got other entries.
        aliases: Variable → the entry of another object that it was bound to, as a target of an assignment.
    """

    path: str
    outer: Where
    key: str
    names: dict[str, Bound] = field(default_factory=dict)
    options: dict[str, Any] | None = None
    is_running: bool = False
    calls: int = 0
    changed: set[str] = field(default_factory=set)
    aliases: dict[str, Value] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Scope) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


Where: TypeAlias = "str | Scope"
Bound: TypeAlias = "tuple[Value, Where]"


def path_of(where: Where) -> str:
    """Return the file in which a value stands."""
    return where if isinstance(where, str) else where.path


def key_of(where: Where) -> str:
    """Return a text that is the same for equal places."""
    return where if isinstance(where, str) else where.key


def local(name: str, where: Where) -> Bound | None:
    """Return what a parameter or a local variable is bound to, or None if there is none of this name."""
    scope = holder(name, where)
    return None if scope is None else scope.names[name]


def holder(name: str, where: Where) -> Scope | None:
    """Return the innermost scope that binds a name, or None."""
    while not isinstance(where, str):
        if name in where.names:
            return where
        where = where.outer
    return None


def is_settled(where: Where) -> bool:
    """Return whether no variable that is visible here can change any more."""
    while not isinstance(where, str):
        if where.is_running:
            return False
        where = where.outer
    return True
