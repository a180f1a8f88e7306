"""Resolve what a traced value refers to: texts, lists of texts, functions."""

from __future__ import annotations

import re

from swiftprep.catalog.linking.held import (
    ATTRS,
    FALLS,
    KEY,
    LISTENERS,
    SLOTS,
    Held,
    NamedFunction,
    Reference,
    either,
    items_of,
    part,
    text,
    unknown_of,
)
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Where, local, path_of
from swiftprep.catalog.vue.value_kinds import ARRAY, FUNCTION, NAME
from swiftprep.catalog.vue.values import Value

_HARMLESS = re.compile(r"(?:vue|@vue/[\w-]+|lodash(?:-es)?|vue-demi)(?:/|\Z)")
_OF_JAVASCRIPT = frozenset(
    "Array Boolean JSON Math Number Object Promise Reflect String Symbol Vue WeakMap clearTimeout console isNaN "
    "parseFloat parseInt process require requestAnimationFrame setTimeout window document".split()
)
_MOST_STEPS = 40  # from name to name


def with_items(modules: Modules, value: Held) -> Held:
    """Return a value with the texts of the lists that it names (`const EVENTS = ['open', 'close']`)."""
    lists = [modules.resolve(of.value, of.where) for of in value.references if of.value[0] != "t"]
    texts = [modules.text(item, where) for found, where in lists if found[0] == ARRAY for item in found[1]]
    if not texts or None in texts:
        return value
    return either([value, Held(rest=text(*(word for word in texts if word is not None)))])


def texts_of(modules: Modules, value: Held) -> Held:
    """Return a value whose references to texts are resolved."""
    if not value.references:
        return value
    texts = [modules.text(of.value, of.where) for of in value.references if of.value[0] != "t"]
    known = tuple(found for found in texts if found is not None)
    is_open = value.is_open or len(known) < len(value.references)
    return Held(tuple(dict.fromkeys((*value.texts, *known))), value.roles, is_open=is_open)


def looped(modules: Modules, value: Held, how: str) -> Held:
    """Return what a loop over a value gives: its items (`of`) or its keys (`in`)."""
    if how == "of":
        return items_of(with_items(modules, value))
    if value.roles & {SLOTS, LISTENERS, ATTRS, FALLS}:
        return part(KEY)
    is_whole = value.members and not value.is_open and value.rest is None
    return text(*(value.members or {})) if is_whole else unknown_of(value)


def function_of(modules: Modules, value: Value, where: Where) -> NamedFunction:
    """Return the function that a value names."""
    for _ in range(_MOST_STEPS):
        if value[0] == NAME:
            bound = local(value[1], where)
            if bound is not None:
                value, where = bound
                continue
            flow = modules.facts.get(path_of(where), {}).get("flows", {}).get(value[1])
            if flow is not None:
                return NamedFunction(flow, path_of(where), True)
        if value[0] == FUNCTION:
            flow = modules.facts.get(path_of(where), {}).get("flows", {}).get("default")
            return NamedFunction(flow, path_of(where), True)
        following = modules.following(value, where)
        if following is None:
            break
        if value[0] == NAME and following[0][0] == FUNCTION and path_of(following[1]) == path_of(where):
            return NamedFunction(None, where, True)  # a function of this file that does nothing with a component
        value, where = following
    return NamedFunction(None, where, False)


def is_foreign(modules: Modules, called: Reference) -> bool:
    """Return whether a value is a function that cannot be read, except one of JavaScript, of Vue and the like."""
    name = called.key.partition(".")[0]
    imported = modules.facts.get(path_of(called.where), {}).get("imports", {}).get(name)
    return name not in _OF_JAVASCRIPT if imported is None else not _HARMLESS.match(imported[0])
