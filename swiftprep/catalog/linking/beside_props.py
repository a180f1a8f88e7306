"""Leave open what a component may be told in place of a prop: its documents may name it, though no code has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.catalog.api import Component, Prop, kebab

_LISTENER = re.compile(r"on[A-Z]")
_CONTENT = re.compile(r"\b(?:[TV]Node|VueNode|JSX\.Element|VNodeChild)\b")


def beside_props(component: Component) -> Iterator[tuple[str, str]]:
    """Yield what the props of a component of Vue 2 leave open, and why.

    - A prop such as `onDragEnd` is a function that is called as an event is emitted: `"events:drag-end"`.
    - A prop that is a text or a function may take what a slot of its name holds: `"slots:label"`.
    """
    events = {kebab(event.name) for event in component.events}
    slots = {slot.name for slot in component.slots}
    for prop in component.props:
        types = _types(prop)
        if _LISTENER.match(prop.name) and ("function" in types or "=>" in prop.type):
            name = prop.name[2].lower() + prop.name[3:]
            if kebab(name) not in events:
                why = f"the prop '{prop.name}' is a function that is called for '{name}'"
                yield from ((f"events:{word}", why) for word in _spellings(name))
        elif types >= {"function", "string"} or _CONTENT.search(prop.type):
            why = f"the prop '{prop.name}' may be a function that renders what a slot '{prop.name}' would hold"
            yield from ((f"slots:{word}", why) for word in _spellings(prop.name) if word not in slots)


def of_inner(component: Component, inner: Component) -> Iterator[tuple[str, str]]:
    """Yield the slots of an inner component that its owner has as props, and why they are open."""
    props = {kebab(prop.name) for prop in component.props}
    slots = {slot.name for slot in component.slots}
    for slot in inner.slots:
        if kebab(slot.name) in props and slot.name not in slots:
            yield f"slots:{slot.name}", f"the prop '{slot.name}' is handed on to '{inner.name}', which has such a slot"


def _types(prop: Prop) -> set[str]:
    return set(map(str.lower, prop.runtime or (part.strip() for part in prop.type.split("|"))))


def _spellings(name: str) -> list[str]:
    return list(dict.fromkeys((name, kebab(name))))
