"""Trace the functions of a component to the events and slots they reach, through helpers, mixins, inner components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

from swiftprep.catalog.api import kebab
from swiftprep.catalog.linking.held import (
    CONTEXT,
    EMIT,
    FALLS,
    LISTENERS,
    PARTS,
    PROPS,
    SELF,
    SLOTS,
    UNKNOWN,
    Function,
    H,
    NamedFunction,
    Reference,
    Variables,
    name_at,
    part,
)
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.provided import Injectors
from swiftprep.catalog.linking.reached import Effects
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.linking.tracing import Tracing
from swiftprep.catalog.vue.flows import Flow
from swiftprep.catalog.vue.value_kinds import NAME, OBJECT, STRING
from swiftprep.catalog.vue.values import Value

Functions: TypeAlias = dict[str, tuple[Flow, Where]]


# What a component that is a function is given, by the names of its parameters; with others, its context.
_GIVEN = {
    "h": part(H), "createElement": part(H), "props": part(PROPS), "slots": part(SLOTS), "listeners": part(LISTENERS),
    "emit": part(EMIT), "attrs": part(FALLS), "_": UNKNOWN,
}  # fmt: skip


class _Inherited(NamedTuple):
    """What a component has from its own options and its bases.

    Attributes:
        methods: Its methods.
        computed: Its computed properties.
        tags: The components that it registers: tag → the value and its place.
    """

    methods: Functions
    computed: Functions
    tags: dict[str, tuple[Value, Where]]


class Tracer:
    """Traces components.

    Args:
        modules: The facts of all files.
        bases: Returns the bases of a component.

    Attributes:
        places: Tag → the component that it means everywhere.
        is_vue3: Whether the code is for Vue 3, in which attributes include listeners.
        wholes: Options as they are written → the component that a call makes of them.
    """

    def __init__(self, modules: Modules, bases: Callable[[Place], list[Place]]) -> None:
        self.modules = modules
        self.places: Mapping[str, Place] = {}
        self.is_vue3 = False
        self.wholes: Mapping[Place, Place] = {}
        self._bases = bases
        self._inherited: dict[Place, _Inherited] = {}
        self._named: dict[Reference, NamedFunction] = {}
        self._injectors = Injectors(modules)

    def trace(self, place: Place) -> Effects:
        """Return what the functions in a component's own options reach; those of its bases are traced with them."""
        where, index = place
        options = self.modules.options_at(where, index)
        flows: dict[str, Any] = options.get("flows", {})
        effects = Effects()
        if options.get("untraced"):
            lists = ("slots",) if "emits" in options else ("events", "slots")
            effects.leave_open(lists, "its options stand in a function, so that its code is not traced")
        if not flows:
            return effects
        inherited = self._functions(self.wholes.get(place, place), 0)

        def place_of_tag(name: str) -> Place | None:
            local = inherited.tags.get(kebab(name))
            found = None if local is None else self.modules.component(*local)
            return found or self.places.get(kebab(name))

        run = Tracing(
            self.modules, effects, inherited.methods, inherited.computed, place_of_tag, self._named, self._injectors,
            is_vue3=self.is_vue3,
        )  # fmt: skip
        outside = self._run(run, options, flows, where)
        run.run_the_rest()
        for name in flows.get("taken", ()):
            self._emit_as(name, where, effects)
        effects.settle(run.called, outside)
        if self.is_vue3 and "inheritAttrs" not in options and "template" not in flows and _has_inner_root(flows):
            effects.leave_open(("events",), "listeners reach the component that is its root")
        if effects.passes and ("template" not in flows or options.get("functional")):
            # Those of the DOM; a template's element makes them known by its tag.
            effects.leave_open(("events",), "all listeners are passed on to a native element")
        return effects

    def _run(self, run: Tracing, options: dict[str, Any], flows: dict[str, Any], where: Where) -> set[int]:
        """Run what Vue runs, and return the functions that other components may call."""
        here = run.at(where)
        context = [part(H), part(CONTEXT)] if options.get("functional") else [part(H)]
        given = {"setup": [part(PROPS) if options.get("functional") else UNKNOWN, part(CONTEXT)], "render": context}
        setup = here
        if "function" in flows:
            function = Function(flows["function"], here)
            words = [one[1] if one[0] == "i" else "" for one in function.flow[0]]
            run.run_with_anything(function, *(_GIVEN.get(word, part(CONTEXT)) for word in words))
        if "setup" in flows and not options.get("setup"):
            made = run.run_with_anything(Function(flows["setup"], here), *given["setup"])
            run.state.update(made.members or {})  # before what uses these
        for flow in flows.get("roots", ()):
            run.run_with_anything(Function(flow, here))
        if "render" in flows:
            run.run_with_anything(Function(flows["render"], here), *given["render"])
        if options.get("setup") and "setup" in flows:
            setup = Variables({}, None, part(SELF), where)
            run.run(flows["setup"][1], setup)
        for name, word in flows.get("names", {}).items():
            run.apply(name_at(word, where), given[name])
        context_names = {word: part(role) for word, role in PARTS[CONTEXT].items()} if options.get("functional") else {}
        if "template" in flows:
            template = Variables({**setup.names, **context_names}, None, part(SELF), where, is_template=True)
            run.run(flows["template"], template)
        for flow in flows.get("computed", {}).values():
            run.call(Function(flow, here), [])
        methods = [Function(flow, here) for flow in flows.get("methods", {}).values()]
        methods += [Function(flow, run.at(there)) for flow, there in self._taken(flows, where, 0).values()]
        for function in methods:
            run.run_with_anything(function)
        return {function.number for function in methods} if not options.get("sure") else set()

    def _functions(self, place: Place, depth: int) -> _Inherited:
        known = self._inherited.get(place)
        if known is not None:
            return known
        where, index = place
        options = self.modules.options_at(where, index)
        inherited = _Inherited({}, {}, {})
        self._inherited[place] = inherited  # of one that is its own base
        was_cut, self.modules.effort.is_cut = self.modules.effort.is_cut, False
        for base in self._bases(place) if self.modules.effort.spend(1, depth) else ():
            for mine, theirs in zip(inherited, self._functions(base, depth + 1), strict=True):
                mine.update(theirs)
        flows = options.get("flows", {})
        inherited.methods.update(self._taken(flows, where, depth))
        for mine, key in ((inherited.methods, "methods"), (inherited.computed, "computed")):
            mine.update({name: (flow, where) for name, flow in flows.get(key, {}).items()})
        inherited.tags.update(self._tags(options, where))
        if self.modules.effort.is_cut:
            del self._inherited[place]
        self.modules.effort.is_cut |= was_cut
        return inherited

    def _taken(self, flows: dict[str, Any], where: Where, depth: int) -> Functions:
        """Return the methods that a component takes from others: `methods: Popper.methods`."""
        taken: Functions = {}
        for name in flows.get("taken", ()):
            place = self.modules.component([NAME, name], where)
            if place is not None and self.modules.effort.spend(1, depth):
                taken.update(self._functions(place, depth + 1).methods)
        return taken

    def _emit_as(self, name: str, where: Where, effects: Effects) -> None:
        """Add the events that the component of which others are taken emits by name; its flows lack most of them."""
        place = self.modules.component([NAME, name], where)
        for word, arguments, _ in () if place is None else self.modules.options_at(*place).get("events", ()):
            if isinstance(word, list) and word[0] == STRING and self.modules.effort.spend(1):
                effects.event(word[1], arguments)

    def _tags(self, options: dict[str, Any], where: Where) -> dict[str, tuple[Value, Where]]:
        resolved, there = self.modules.resolve(options.get("components") or [OBJECT, []], where)
        tags = {kebab(key): (value, there) for key, value, _ in resolved[1]} if resolved[0] == OBJECT else {}
        if options.get("setup"):
            imports = self.modules.facts.get(path_of(where), {}).get("imports", {})
            tags |= {kebab(name): ([NAME, name], where) for name in imports}
        return tags


def _has_inner_root(flows: dict[str, Any]) -> bool:
    """Return whether a `render` function, or the one that `setup` returns, returns an element of a component."""
    results = [step[1] for key in ("setup", "render") if key in flows for step in flows[key][1] if step[0] == "r"]
    inner = [step[1] for found in results if found[0] == "f" for step in found[1][1] if step[0] == "r"]
    return any(found[0] == "j" and found[1][0] in ("i", "m") for found in (*results, *inner))
