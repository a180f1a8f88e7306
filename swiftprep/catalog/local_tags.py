"""The tags that a file registers or imports by itself, and the components that its imports mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.vue.module import Module
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME
from swiftprep.catalog.vue.values import Value

_MOST_STEPS = 20  # from a name to what it is


class LocalTags:
    """The tags that a file defines or imports.

    Attributes:
        tags: Tag → the module it is imported from, `""` if it is defined here.
        own: The component's own names, for recursive components.
        complete: Whether these are all.
    """

    def __init__(self) -> None:
        self.tags: dict[str, str] = {}
        self.own: set[str] = set()
        self.complete = True

    def add(self, module: Module, *, setup: bool) -> None:
        """Add the tags of a script."""
        if setup:
            self.tags.update({kebab(name): source for name, (source, _) in module.imports.items()})
            self.tags.update({kebab(name): "" for name in module.bindings})
        for options in module.components:
            if options.get("name", [""])[0] == "s":
                self.own.add(kebab(options["name"][1]))
            self._registered(options.get("components"), module)
        for name, *_ in module.registrations:
            if name[0] == "s":
                self.tags.setdefault(kebab(name[1]), "")
            else:
                self.complete = False

    def _registered(self, value: list[Any] | None, module: Module) -> None:
        if value is None:
            return
        if value[0] != "o":
            value = module.bindings.get(value[1], value) if value[0] == "i" else value
        if value[0] != "o":
            self.complete = False
            return
        for key, inner, _ in value[1]:
            if key == "...":
                self.complete = False
                continue
            self.tags[kebab(key)] = _module_of(inner, module)


def imported(module: str, named: Iterable[Component]) -> Component | None:
    """Return the only component that an import can mean, by the end of the module name, or None."""
    if not module:
        return None
    tail = [part for part in re.sub(r"\.\w+$", "", module.rstrip("/")).split("/") if part not in (".", "..", "@", "")]
    fitting: list[tuple[int, Component]] = []
    for component in named:
        parts = [re.sub(r"\.\w+$", "", part) for part in component.path.split("/")]
        while len(parts) > 1 and parts[-1] in ("index", "main", "src") and parts[-1:] != tail[-1:]:
            parts.pop()
        shared = _shared(tail, parts)
        if len(parts) > 1 and parts[-1] == parts[-2]:  # `Trend/Trend.vue` is what the folder exports
            shared = max(shared, _shared(tail, parts[:-1]))
        if shared or (tail and kebab(tail[-1]) == component.name) or (tail and tail[-1] in parts):
            fitting.append((shared, component))
    best = max((shared for shared, _ in fitting), default=0)
    first = [component for shared, component in fitting if shared == best]
    return first[0] if len(first) == 1 else None


def _module_of(value: Value, module: Module) -> str:
    """Return the module that a component, or the one of which it is a member (`Tabs.Pane`), is imported from."""
    for _ in range(_MOST_STEPS):
        if value[0] == MEMBER:
            value = value[1]
        elif value[0] == NAME and value[1] not in module.imports and value[1] in module.bindings:
            value = module.bindings[value[1]]
        else:
            break
    return str(module.imports.get(value[1], [""])[0]) if value[0] == NAME else ""


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many of the last parts of two paths are equal."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
