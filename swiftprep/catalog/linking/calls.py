"""What calls do: of the component's own functions, of helpers in other files, of Vue and of packages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from swiftprep.catalog.api import camel, kebab
from swiftprep.catalog.linking import elements, provided
from swiftprep.catalog.linking.held import (
    CONTEXT,
    DATA,
    EMIT,
    FALLS,
    INSTANCE,
    KEY,
    LISTENERS,
    NOTHING,
    SELF,
    SLOTS,
    UNKNOWN,
    Function,
    H,
    Held,
    Reference,
    all_roles,
    either,
    items_of,
    listed_items,
    part,
    spread,
    text,
)
from swiftprep.catalog.linking.reached import NOT_NAMES
from swiftprep.catalog.linking.references import function_of, is_foreign, texts_of, with_items
from swiftprep.catalog.vue.flows import RENDERERS
from swiftprep.catalog.vue.patterns import Expression

if TYPE_CHECKING:
    from swiftprep.catalog.linking.tracing import Tracing

_OF_VUE = {
    "useSlots": SLOTS, "useAttrs": FALLS, "useListeners": LISTENERS, "getCurrentInstance": INSTANCE,
    "useContext": CONTEXT, "defineEmits": EMIT,
}  # fmt: skip
_SAME = frozenset("ref shallowRef reactive shallowReactive readonly toRef toRefs unref toValue markRaw toRaw".split())
_EACH = frozenset("forEach map flatMap filter some every find findIndex reduce reduceRight".split())
_CAMEL = re.compile(r"camel", re.I)
_KEBAB = re.compile(r"kebab|hyphen", re.I)
# What the name of a helper says that is not in the tree: it renders a slot, or emits an event.
_RENDERS = re.compile(r"slot|ComponentFromProp|TNode|renderContent", re.I)
_EMITS = re.compile(r"_*emit", re.I)
_HANDED_BACK = frozenset((SLOTS, LISTENERS, FALLS, DATA, EMIT))


def method_of(run: Tracing, owner: Held, name: str, arguments: list[Held]) -> Held | None:
    """Return what a method of a list, of `Object` or of a component returns; None for any other."""
    if name in _EACH and arguments and arguments[0].functions:
        return _over_items(run, owner, name, arguments)
    if name in ("slice", "filter", "reverse", "sort") and (owner.members or owner.rest):
        return Held(rest=items_of(owner)) if name == "slice" else owner
    if name == "concat" and (owner.members or owner.rest):
        added = [items_of(value) if value.members or value.rest else value for value in arguments]
        return Held(members=owner.members, rest=either([owner.rest or NOTHING, *added]))
    if name in ("push", "unshift") and (owner.members is not None or owner.rest is not None):
        owner.rest = either([owner.rest or NOTHING, *arguments])
        return UNKNOWN
    if name in ("push", "unshift") and owner.references:  # a list outside of all functions
        for value in arguments:
            run.effects.escapes(value)
        return UNKNOWN
    if any(reference.key == "Object" for reference in owner.references):
        return _of_object(run, name, arguments)
    return None


def _over_items(run: Tracing, owner: Held, name: str, arguments: list[Held]) -> Held:
    item = items_of(owner) if owner.members or owner.rest or owner.roles else UNKNOWN
    if name.startswith("reduce"):
        start = arguments[1] if len(arguments) > 1 else UNKNOWN
        results = [run.call(function, [start, item, UNKNOWN]) for function in arguments[0].functions]
        return either([start, *results])
    is_known = not (item.is_open and not item.texts and not item.roles)
    for function in arguments[0].functions:
        if is_known:
            run.called.add(function.number)
    results = [
        run.call(function, [item, UNKNOWN]) if is_known else run.run_with_anything(function)
        for function in arguments[0].functions
    ]
    if name in ("map", "flatMap"):
        return Held(rest=either(results))
    return item if name == "find" else owner


def _of_object(run: Tracing, name: str, arguments: list[Held]) -> Held:
    first = arguments[0] if arguments else UNKNOWN
    if name == "keys":
        keys = part(KEY) if first.roles & {SLOTS, LISTENERS} else text(*(first.members or {}))
        return Held(rest=keys if not first.is_open else either([keys, UNKNOWN]))
    if name == "values":
        return Held(rest=items_of(first))
    if name == "entries":
        key = part(KEY) if first.roles & {SLOTS, LISTENERS} else text(*(first.members or {}))
        return Held(rest=Held(members={"0": key, "1": items_of(first)}))
    if name == "assign" and arguments:
        made = first
        for value in arguments[1:]:
            made = spread(made, value)
            if first.members is not None:
                first.members.update(made.members or {})
                first.roles, first.masked = made.roles, made.masked
                first.rest, first.is_open = made.rest, made.is_open
        return first if first.members is not None else made
    return UNKNOWN


def applied(run: Tracing, called: Reference, arguments: list[Held]) -> Held:
    """Return what a call of a named function that is not bound to a variable may return."""
    name = called.key.rpartition(".")[2]
    known = run.functions.get(called)
    if known is None:
        known = function_of(run.modules, called.value, called.where)
        if not run.modules.effort.is_cut:
            run.functions[called] = known
    flow, there, is_known = known
    if flow is not None:
        return run.call(Function(flow, run.at(there)), arguments)
    if not is_known:
        if name in _OF_VUE:
            return UNKNOWN if run.given else part(_OF_VUE[name])
        if name == "inject":
            return provided.injected(run, called, arguments)
        if name == "provide" and len(arguments) > 1:
            provided.provide(run, arguments)
            return UNKNOWN
        if name in RENDERERS:
            return elements.created(run, arguments)
        if name == "computed":
            made = either([run.call(function, []) for given in arguments for function in given.functions])
            return either([Held(members={"value": made}), made])
        if name in _SAME and arguments:
            return either([Held(members={"value": arguments[0]}), arguments[0]])
    if (_CAMEL.search(name) or _KEBAB.search(name)) and len(arguments) == 1:
        given = texts_of(run.modules, arguments[0])
        if given.texts and not given.is_open:
            return text(*map(camel if _CAMEL.search(name) else kebab, given.texts))
    if not is_known:
        chosen = _chosen(run, name, arguments)
        if chosen is not None:
            return chosen
        if _told_by_name(run, name, arguments):
            return UNKNOWN
        is_helper = is_foreign(run.modules, called)
        for given in arguments if is_helper or name == "provide" else ():
            run.effects.escapes(given, to_helper=is_helper)
    roles = frozenset(role for given in arguments for role in all_roles(given) if role in _HANDED_BACK)
    functions = tuple(function for given in arguments for function in given.functions)
    return Held(roles=roles, functions=functions, is_open=True)


def _chosen(run: Tracing, name: str, arguments: list[Held]) -> Held | None:
    """Return what a package's `omit` or `pick` leaves of listeners or slots, or None for another function."""
    if name not in ("omit", "pick") or len(arguments) != 2 or not arguments[0].roles & {LISTENERS, SLOTS}:
        return None
    whole, listed = arguments[0], arguments[1]
    names = texts_of(run.modules, items_of(listed) if listed.members else listed)
    if names.is_open or not names.texts:
        run.effects.escapes(whole)
        return UNKNOWN if name == "pick" else whole
    if name == "omit":
        return replace(whole, masked=whole.masked | set(names.texts))
    return Held(members={word: run.member(whole, word) for word in names.texts})


def _told_by_name(run: Tracing, name: str, arguments: list[Held]) -> bool:
    """Add the slot or the event that a helper of a package is told (`getSlot(this, 'icon')`); return if that is all."""
    if len(arguments) < 2 or not arguments[0].roles & {SELF, INSTANCE, CONTEXT, SLOTS, LISTENERS, EMIT}:
        return False
    words = texts_of(run.modules, arguments[1]).texts
    for word in words:
        if _RENDERS.search(name):
            run.effects.slot(word)
        elif _EMITS.match(name):
            run.effects.event(word)
    return name == "renderSlot" and bool(words)


def shown(listed: list[Expression]) -> str:
    """Return arguments as text: `(row, {…})`."""
    words = []
    for inner in listed:
        kind, last = inner[0], str(inner[-1])
        simple = {"i": last, "m": last, "s": f"'{last}'", "o": "{…}", "a": "[…]", "x": last if len(inner) > 1 else "…"}
        words.append("...args" if kind == "..." else simple.get(kind, "…"))
    return f"({', '.join(words)})" if words else ""


def method(run: Tracing, owner: Held, name: str, arguments: list[Held], listed: list[Expression]) -> Held:
    """Return what `owner.name(…)` may return; `listed` are its arguments as written."""
    owner = with_items(run.modules, owner)
    known = method_of(run, owner, name, arguments)
    if known is not None:
        return known
    if name in ("call", "apply", "bind"):
        this = arguments[0] if arguments else NOTHING
        packed = arguments[1:]
        given = listed_items(packed[0]) if name == "apply" and packed else packed
        if name == "bind":
            bound = tuple(Function(f.flow, f.around, (*f.first, *given)) for f in owner.functions)
            return Held(roles=owner.roles, functions=bound, references=owner.references, is_open=owner.is_open)
        return run.apply(owner, given, this=this)
    for role in owner.roles & {SLOTS, LISTENERS}:
        if name == "hasOwnProperty" and arguments:
            run.subscript(Held(roles=frozenset((role,))), arguments[0])
        elif role == SLOTS:
            keys = arguments[0].members if arguments and arguments[0].members else {}
            run.effects.slot(name, [key for key in keys if key not in NOT_NAMES])
        else:
            run.effects.listener(name, shown(listed))
    return run.apply(run.member(owner, name), arguments, shown(listed[1:]), this=owner)


def called(run: Tracing, function: Held, arguments: list[Held], words: str = "", this: Held | None = None) -> Held:
    """Return what a call of a value may return."""
    results: list[Held] = []
    if EMIT in function.roles and arguments:
        _emitted(run, arguments[0], words)
    if SLOTS in function.roles:
        results.append(part(SLOTS))
    if H in function.roles:
        results.append(elements.created(run, arguments))
    results += [run.call(one, arguments, this) for one in function.functions]
    results += [applied(run, reference, arguments) for reference in function.references]
    return either([*results, UNKNOWN] if function.is_open or not results else results)


def _emitted(run: Tracing, name: Held, words: str) -> None:
    name = texts_of(run.modules, name)
    for event in name.texts:
        run.effects.event(event, words)
    if name.is_open or not name.texts:
        run.effects.unknown("events", name)
