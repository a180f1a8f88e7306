"""What is handed on to the elements that a component renders: by JSX, by `h(tag, data, children)`, by its template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swiftprep.catalog.linking.held import (
    ATTRS,
    DATA,
    FALLS,
    LISTENERS,
    NOTHING,
    SLOTS,
    Held,
    Variables,
    all_roles,
    either,
    spread,
)
from swiftprep.catalog.linking.names import Place
from swiftprep.catalog.vue.native import is_native
from swiftprep.catalog.vue.patterns import Expression

if TYPE_CHECKING:
    from swiftprep.catalog.linking.tracing import Tracing

_SLOTS_OF_JSX = frozenset(("scopedSlots", "v-slots", "vSlots"))
_WHOLE = frozenset(("on", "scopedSlots", "v-slots", "vSlots"))  # the members of an element's data that are handed on
_OTHER = frozenset(("key", "ref", "class", "style", "nativeOn", "directives", "domProps"))


def rendered(run: Tracing, expression: Expression, names: Variables) -> Held:
    """Follow what JSX, or an element of a template, is given."""
    _, tag, attributes, children = expression
    data = Held(members={})
    for name, inner in attributes:
        value = run.evaluate(inner, names)
        if name == "...":
            data = spread(data, value)
        elif data.members is not None:
            data.members[name] = either([data.members.get(name, NOTHING), value])
    given = [run.evaluate(child, names) for child in children]
    if data.members or data.roles or data.is_open or any(all_roles(child) for child in given):
        return _hand_on(run, run.evaluate(tag, names), data, given)
    return NOTHING


def created(run: Tracing, arguments: list[Held]) -> Held:
    """Follow what `h(tag, data, children)` is given."""
    if arguments:
        data, *children = arguments[1:] or [NOTHING]
        return _hand_on(run, arguments[0], data, children)
    return NOTHING


def _hand_on(run: Tracing, tag: Held, data: Held, children: list[Held]) -> Held:
    """Follow what an element is given, and return what it leaves to the element around it."""
    effects = run.effects
    if tag.texts == ("template",):
        return either(children)
    members = data.members or {}
    listeners = either([members.get("on", NOTHING), Held(roles=data.roles & {LISTENERS, DATA})])
    slots = either(
        [*(members.get(name, NOTHING) for name in sorted(_SLOTS_OF_JSX)), Held(roles=data.roles & {DATA}), *children]
    )
    roles = _with_returned(run, slots)
    targets: list[Place | str | None] = []
    if listeners.roles & {LISTENERS, DATA} or roles & {SLOTS, DATA}:
        targets = _targets(run, tag)
    for target in targets:
        if isinstance(target, str):
            if listeners.roles & {LISTENERS, DATA}:
                effects.passes[target] = None
            if any(SLOTS in child.roles for child in children):  # Vue 3 shows the default slot in a native element
                effects.slot("default")
            continue
        if listeners.roles & {LISTENERS, DATA}:
            effects.hand(LISTENERS, target, listeners.masked)
        if roles & {SLOTS, DATA}:
            effects.hand(SLOTS, target)
    if DATA in data.roles:
        effects.everything_unknown()
    falls = {FALLS, ATTRS} if run.is_vue3 else {FALLS}
    if falls & data.roles or any(FALLS in all_roles(members.get(name, NOTHING)) for name in ("attrs", "props")):
        targets = _targets(run, tag) if run.is_vue3 else [None]
        for target in targets:  # Vue 3 hands on the listeners with the attributes
            if target is not None and not isinstance(target, str):
                effects.hand(LISTENERS, target)
        is_known = all(target is not None and not isinstance(target, str) for target in targets)
        lists = ("props",) if is_known else ("props", "events")
        effects.leave_open(lists, "attributes are passed on to a component or element that is not known")
    for name, value in members.items():
        if name not in _WHOLE | _OTHER:
            effects.escapes(value)
    return NOTHING


def _with_returned(run: Tracing, slots: Held) -> frozenset[str]:
    """Return the parts that slots hold, also those that functions under computed keys return."""
    found = slots.roles
    for function in slots.rest.functions if slots.rest is not None else ():
        found |= run.call(function, []).roles
    return found | (slots.rest.roles if slots.rest is not None else frozenset())


def _targets(run: Tracing, tag: Held) -> list[Place | str | None]:
    """Return the components and native tags that a tag may be; None for one that is not known."""
    targets: list[Place | str | None] = []
    for name in tag.texts:
        targets.append(name if is_native(name) else run.place_of_tag(name))
    for value, where, _ in tag.references:
        if value[0] == "t":
            targets.append(value[1] if is_native(value[1]) else run.place_of_tag(value[1]))
            continue
        place = run.modules.component(value, where)
        word = run.modules.text(value, where) if place is None else None
        targets.append(word if word is not None and is_native(word) else place)
    if tag.is_open or not (tag.texts or tag.references):
        targets.append(None)
    return [*dict.fromkeys(targets)]
