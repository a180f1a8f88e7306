"""Write the API of a component as compact text, in a notation like TypeScript's, which models know."""

from __future__ import annotations

import re

from swiftprep.catalog.api import Component, Event, Method, Prop, Slot, kebab
from swiftprep.catalog.vue.markup import Use
from swiftprep.catalog.vue.native import is_global

_LONGEST = 60  # characters of a default; a longer one is not worth its tokens
_LONGEST_DOC = 200
_MOST_VALUES = 12
_OWNERS = {
    "application": "a component of the application, not of the framework",
    "other": "a component of another package, not of the framework",
}
_SENTENCE = re.compile(r"[。！？]|[.!?](?=\s)")
_INNER = re.compile(r"_|\$|handle[A-Z]|on[A-Z]|emit[A-Z]|(?:dispatch|broadcast|created|mounted|destroyed)\Z")


def api_text(component: Component, use: Use | None = None, *, brief: bool = False) -> str:
    """Return the props, events, slots and methods of a component as text.

    Args:
        component: The component, class or function.
        use: How its tag is used; for a component known only from usage, attributes seen too rarely to count as API
            are listed too.
        brief: Leave out descriptions and methods.
    """
    is_component = component.kind == "component"
    lines = [_OWNERS[component.owner]] if component.owner in _OWNERS else []
    if component.doc and not brief:
        lines.append(_short(component.doc))
    if is_component and component.origin == "source" and not component.registered and "/" in component.path:
        lines.append(f"import from {component.path}")
    groups = [
        ("props" if is_component else "parameters", [_prop(prop, brief, component.origin) for prop in component.props]),
        ("events", [_event(event, brief) for event in component.events]),
        ("slots", [_slot(slot, brief) for slot in component.slots]),
    ]
    if not brief:
        methods = [method for method in component.methods if not _INNER.match(method.name) and not method.origin]
        if is_component and not any(method.doc for method in methods):
            groups.append(("methods", [", ".join(f"{m.name}{_call(m)}" for m in methods)] if methods else []))
        else:
            heading = "signature" if component.kind == "function" else "methods"
            groups.append((heading, [_method(method) for method in methods]))
    for name, items in groups:
        if items:
            lines += [name, *(f"  {item}" for item in items)]
    if component.model and is_component:
        lines.append(f"v-model = {component.model[0]} + @{component.model[1]}")
    elif use is not None and use.models and is_component:
        lines.append("v-model")
    if use is not None and component.origin == "usage" and (rare := _rare(component, use)):
        lines.append(f"also seen: {', '.join(rare)}")
    if is_component and component.passes and not brief:
        lines.append(f"other attributes go to: {', '.join(component.passes)}")
    return "\n".join(lines) or "(no props, events or slots)"


def _rare(component: Component, use: Use) -> list[str]:
    """Return the attributes, events and slots seen on a tag but not in its API, in template syntax."""
    props = {kebab(prop.name) for prop in component.props}
    events = {event.name for event in component.events}
    slots = {slot.name for slot in component.slots}
    return [
        *(name for name in sorted(use.props) if name not in props and not is_global(name)),
        *(f"@{name}" for name in sorted(use.events) if name not in events),
        *(f"#{name}" for name in sorted(use.slots) if name not in slots and name != "default"),
    ]


def _prop(prop: Prop, brief: bool, origin: str) -> str:
    text = prop.name
    values = [repr(value) for value in prop.values[:_MOST_VALUES]]
    if values and origin != "usage":
        text += f": {' | '.join(values)}"
    elif prop.type or values:
        text += f": {prop.type or 'string'}"
    if prop.required:
        text += " (required)"
    elif prop.default is not None and not brief and len(default := " ".join(prop.default.split())) <= _LONGEST:
        text += f" = {default}"
    if values and origin == "usage":
        text += f" (such as {', '.join(values)})"
    return text + _note(prop.doc, brief)


def _event(event: Event, brief: bool) -> str:
    return event.name + (event.type if event.type.startswith("(") else "") + _note(event.doc, brief)


def _slot(slot: Slot, brief: bool) -> str:
    return slot.name + (f" {{ {', '.join(slot.bindings)} }}" if slot.bindings else "") + _note(slot.doc, brief)


def _method(method: Method) -> str:
    return method.name + _call(method) + _note(method.doc, False)


def _call(method: Method) -> str:
    return method.type if method.type.startswith("(") else "()"


def _note(doc: str, brief: bool) -> str:
    return f"  // {_short(doc)}" if doc and not brief else ""


def _short(doc: str) -> str:
    """Return a description on one line; a long one is cut to its first sentence."""
    text = " ".join(doc.split())
    end = _SENTENCE.search(text, 0, _LONGEST_DOC) if len(text) > _LONGEST_DOC else None
    return text[: end.end()] if end else text[:_LONGEST_DOC]
