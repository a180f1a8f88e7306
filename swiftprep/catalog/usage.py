"""Infer the API of components from their usage, if the source is not available."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager

from swiftprep.catalog.api import Component, Event, Prop, Slot, camel
from swiftprep.catalog.linking.effort import MOST_ITEMS
from swiftprep.catalog.near import Names
from swiftprep.catalog.vue.markup import SAMPLES, Use
from swiftprep.catalog.vue.native import DOM_EVENTS, is_global, is_native

_ALIKE = 0.9  # similarity from which a name seen once counts as a typo of a more frequent one


def infer(
    usage: Mapping[str, Use],
    known: Iterable[str],
    apart: Callable[[str, str, int], AbstractContextManager[None]],
    *,
    vue3: bool = False,
) -> Iterator[tuple[str, Component]]:
    """Yield an entry for every tag that is used but not known, with the API that its uses show.

    A name seen once may be a typo: it is listed only if the tag itself is rare and no more frequent name is similar.
    Attributes that any element accepts are not listed.

    Args:
        usage: Tag → its usage.
        known: Tags with a better entry.
        apart: A context manager that records an exception (`link.Linked.apart`), by file, name and line.
        vue3: Whether the code is for Vue 3, where a bare `v-model` is always the same prop and event.
    """
    known = set(known)
    frequent = {name for use in usage.values() for name, seen in use.props.items() if seen[0] > 1}
    alike = Names(frequent, cutoff=_ALIKE)
    for tag, use in sorted(usage.items()):
        if tag in known or ("-" not in tag and is_native(tag)):
            continue
        path, line = (use.example[0], use.example[1]) if use.example else ("", 0)
        component = None
        with apart(path, f"component {tag}", line):
            component = _inferred(tag, use, frequent, alike, vue3)
        if component is not None:
            yield tag, component


def _inferred(tag: str, use: Use, frequent: set[str], alike: Names, vue3: bool) -> Component:
    props = []
    for name, (times, bound, values) in sorted(use.props.items()):
        if (is_global(name) and not _is_prop_all_the_same(name, times, bound, use)) or (name in _SLIPS and not bound):
            continue
        if not _ATTRIBUTE.fullmatch(name) or not _is_solid(times, use):
            continue
        if times == 1 and name not in frequent and alike.nearest(name) != "":
            continue
        kind, listed = _type(times, bound, values), _enumerated(times, bound, values)
        props.append(Prop(camel(name), kind, values=listed, witness="usage"))
    events = [
        Event(name, witness="usage")
        for name, times in sorted(use.events.items())
        if _is_solid(times, use) and not (name in DOM_EVENTS and times == 1)
    ]
    slots = [
        Slot(
            name,
            "{ " + ", ".join(sorted(bindings)) + " }" if bindings else "",
            bindings=tuple(sorted(bindings)),
            witness="usage",
        )
        for name, (times, bindings) in sorted(use.slots.items())
        if _is_solid(times, use) or name == "default"
    ]
    path, line = (use.example[0], use.example[1]) if use.example else ("", 0)
    return Component(
        tag, path=path, span=(line, line), props=tuple(props[:MOST_ITEMS]),
        events=tuple(events[:MOST_ITEMS]), slots=tuple(slots[:MOST_ITEMS]),
        model=_model(use, vue3), names=(tag,), origin="usage",
        open=("events", "props", "slots"), uses=use.count,
    )  # fmt: skip


def _type(times: int, bound: int, values: list[str]) -> str:
    """Return the type that literal values show, or `""`; a single one shows none, nor does a number in quotes."""
    if bound or times < 2 or any(_NUMBER.fullmatch(value) for value in values):
        return ""
    return "string" if any(values) else "boolean"


def _enumerated(times: int, bound: int, values: list[str]) -> tuple[str, ...]:
    """Return values that look like the few allowed ones: two words or more, seen twice each on average."""
    is_likely = not bound and 1 < len(values) < SAMPLES and times >= 2 * len(values)
    return tuple(values) if is_likely and all(map(_WORD.fullmatch, values)) else ()


def _model(use: Use, vue3: bool) -> tuple[str, str] | None:
    """Return the prop and event of `v-model`, if they are certain; in Vue 2, a component may choose others."""
    if not _is_solid(use.models, use):
        return None
    if vue3:
        return "modelValue", "update:modelValue"
    return ("value", "input") if "value" in use.props and "input" in use.events else None


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_WORD = re.compile(r"[A-Za-z][\w-]*")
_ATTRIBUTE = re.compile(r"[a-zA-Z][\w.:-]*")
_DOUBLE = frozenset(("title", "hidden", "draggable", "autofocus"))
_SLIPS = frozenset("bind else for if model on show".split())  # directives without their v-


def _is_prop_all_the_same(name: str, times: int, bound: int, use: Use) -> bool:
    """Return whether a global attribute is used as a prop, such as `:data-source` or a card's `title`."""
    if name.startswith("data-"):
        return bound == times > 1
    return name in _DOUBLE and times > 1 and 2 * times >= use.count


def _is_solid(times: int, use: Use) -> bool:
    """Return whether something was seen often enough to count."""
    return times >= 2 or (times == 1 and use.count <= 2)
