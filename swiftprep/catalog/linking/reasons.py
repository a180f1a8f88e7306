"""Say why the lists of a component are open: what in its options could not be followed, and where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, MEMBER, NAME, OBJECT
from swiftprep.catalog.vue.values import Value

_MOST = 20  # bases of one component
_DEEPEST = 20  # members of members
_LISTS = ("props", "events", "slots")


def why_open(modules: Modules, place: Place, component: Component) -> tuple[tuple[str, str], ...]:
    """Return pairs of an open list and a reason, with the file and line in brackets at its end.

    Args:
        modules: The facts of all files.
        place: The place of its options.
        component: The component.
    """
    parts = [part for part in component.open if part.partition(":")[0] in _LISTS]
    if not parts:
        return ()
    path, options = place[0], modules.options_at(*place)
    at = f"({path_of(path)}:{options['span'][0]})"
    names = {part.partition(":")[0] for part in parts}
    reasons = [(what, f"{why} {at}") for what, why in component.why_open if what in names]
    for name in dict.fromkeys(_unknown_bases(modules, options, path)):
        reasons += [(what, f"its mixin or base {name} could not be followed {at}") for what in _LISTS if what in parts]
    if modules.effort.is_cut:
        reasons += [(what, f"it is too deep, too long or too large to follow to the end {at}") for what in parts]
    if "props" in parts and (said := _unknown_props(modules, options, path)):
        reasons.append(("props", f"{said} {at}"))
    for part in parts:
        what, _, prefix = part.partition(":")
        if prefix and not any(f"'{prefix}'" in kebab(why) or f"'{prefix}'" in why for _, why in reasons):
            reasons.append((what, f"names that begin with '{prefix}' are computed {at}"))
        elif not prefix and part in options.get("open", ()) and not any(name == part for name, _ in reasons):
            reasons.append((what, f"{_WRITTEN[what]} {at}"))
    explained = {what for what, _ in reasons}
    for what in dict.fromkeys(part.partition(":")[0] for part in parts):
        if what not in explained:
            reasons.append((what, f"a part of its {what} could not be followed {at}"))
    return tuple(dict.fromkeys(reasons))


_WRITTEN = {
    "props": "attributes are passed on to a component or element that is not known",
    "events": "the name of an event is computed, or listeners are passed on",
    "slots": "the name of a slot is computed, or slots are passed on",
}


def _unknown_bases(modules: Modules, options: dict[str, Any], path: Where) -> Iterator[str]:
    """Yield the names of the mixins and bases that lead to no component."""
    values: list[Value] = [options["extends"]] if "extends" in options else []
    mixins, where = modules.resolve(options.get("mixins") or [ARRAY, []], path)
    own = mixins[1] if mixins[0] == ARRAY else [mixins]
    places: list[tuple[Value, Where]] = [(value, path) for value in (*values, *options.get("spreads", ()))] + [
        (value, where) for value in own
    ]
    for value, there in places[:_MOST]:
        inner = value[1] if value[0] == "..." else value
        if modules.component(inner, there) is None and modules.resolve(inner, there)[0][0] not in (OBJECT, ARRAY):
            yield _shown(modules, inner, there)


def _unknown_props(modules: Modules, options: dict[str, Any], path: Where) -> str:
    if options.get("functional") and "props" not in options:
        return "it is a functional component without props, so that every attribute is one"
    value = options.get("props")
    if value is None:
        return ""
    resolved, where = modules.resolve(value, path)
    if resolved[0] == OBJECT:
        spread = [inner for key, inner, *_ in resolved[1] if key == "..."]
        unknown = [inner for inner in spread if modules.resolve(inner, where)[0][0] not in (OBJECT, ARRAY)]
        return f"its props include {_shown(modules, unknown[0], where)}, which could not be followed" if unknown else ""
    return "" if resolved[0] == ARRAY else f"its props are {_shown(modules, resolved, where)}, which is not followed"


def _shown(modules: Modules, value: Value, where: Where) -> str:
    """Return how a value is written, with the package or file it is imported from."""
    members: list[str] = []
    is_call = False
    for _ in range(_DEEPEST):
        if value[0] == MEMBER:
            members.append(str(value[2]))
            value = value[1]
        elif value[0] == CALL:
            is_call = True
            value = value[1]
        else:
            break
    if value[0] != NAME:
        return "an expression"
    name = ".".join([str(value[1]), *reversed(members)]) + ("()" if is_call else "")
    module = modules.facts[path_of(where)].get("imports", {}).get(value[1], ("", ""))[0]
    return f"'{name}' from '{module}'" if module else f"'{name}'"
