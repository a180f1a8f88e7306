"""Follow what a component provides to those within it: `provide(KEY, { slots })`, `inject(KEY).slots.icon`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from swiftprep.catalog.linking.held import (
    CONTEXT,
    EMIT,
    INSTANCE,
    SLOTS,
    UNKNOWN,
    Function,
    Held,
    Reference,
    Variables,
    all_roles,
    name_at,
)
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.vue.flows import Flow
from swiftprep.catalog.vue.value_kinds import NAME, STRING
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.tracing import Tracing

_MOST_STEPS = 40  # from name to name
_MOST = 20  # components that inject the same


class Injectors:
    """The components of the tree whose `setup` calls `inject`, to be found by the key.

    Args:
        modules: The facts of all files.
    """

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._places: dict[str, dict[Place, None]] | None = None
        self._elsewhere: set[str] = set()  # the keys that other functions inject, whose callers are not known

    def of(self, key: str) -> list[Place] | None:
        """Return the components that inject a key; None if they are not known."""
        if self._places is None:
            self._places = defaultdict(dict)
            for path, facts in sorted(self._modules.facts.items()):
                if "inject" in facts.get("imports", {}):
                    self._read(path, facts)
        places = self._places.get(key)
        return None if not places or key in self._elsewhere or len(places) > _MOST else list(places)

    def _read(self, path: str, facts: Mapping[str, Any]) -> None:
        assert self._places is not None
        for index, options in enumerate(facts.get("components", ())):
            for key in self._keys(options.get("flows", {}).get("setup"), path):
                self._places[key][path, index] = None
        for flow in facts.get("flows", {}).values():
            self._elsewhere.update(self._keys(flow, path))

    def _keys(self, flow: Flow | None, path: str) -> Iterator[str]:
        stack: list[Any] = [flow or []]
        while stack:
            part = stack.pop()
            if part[:1] == ["c"] and part[1] == ["i", "inject"] and part[2]:
                kind, *said = part[2][0]
                value = [NAME, said[0]] if kind == "i" else [STRING, said[0]] if kind == "s" else None
                key = None if value is None else identity(self._modules, value, path)
                yield from () if key is None else (key,)
            stack += [inner for inner in reversed(part) if isinstance(inner, list)]


def identity(modules: Modules, value: Value, where: Where) -> str | None:
    """Return what is the same for all names of a key: its text, or where it is defined; None if that is not known."""
    found: str | None = None
    for _ in range(_MOST_STEPS):
        if value[0] == STRING:
            return repr(value[1])
        following = modules.following(value, where)
        if value[0] == NAME:
            found = f"{path_of(where)}:{value[1]}" if following is not None else found
        if following is None:
            return found
        value, where = following
    return None


def _key(run: Tracing, arguments: list[Held]) -> str | None:
    key = arguments[0]
    if len(key.texts) + len(key.references) != 1 or key.is_open:
        return None
    if key.texts:
        return repr(key.texts[0])
    return identity(run.modules, key.references[0].value, key.references[0].where)


def injected(run: Tracing, called: Reference, arguments: list[Held]) -> Held:
    """Return what `inject(key)` may return; if that is not known, its methods cannot be followed."""
    key = _key(run, arguments) if run.given and arguments else None
    found = None if key is None else run.given.get(key)
    return name_at(f"{called.key}()", called.where) if found is None else found


def provide(run: Tracing, arguments: list[Held]) -> None:
    """Follow `provide(key, value)` to the components that inject it; if they are not known, the lists are open."""
    roles = all_roles(arguments[1])
    if not roles & {SLOTS, EMIT, CONTEXT, INSTANCE}:
        return
    key = _key(run, arguments)
    places = None if key is None or run.given else run.injectors.of(key)
    if key is None or places is None:
        if roles & {SLOTS, CONTEXT, INSTANCE}:
            run.effects.leave_open(("slots",), "they are provided to the components within it")
        run.effects.unnamed |= {"events"} if roles & {EMIT, CONTEXT, INSTANCE} else set()
        return
    for place in places:
        _run(run.within({key: arguments[1]}), place)


def _run(run: Tracing, place: Place) -> None:
    where, index = place
    options = run.modules.options_at(where, index)
    flows = options["flows"]
    names = Variables({}, None, UNKNOWN, where)
    if options.get("setup"):
        run.run(flows["setup"][1], names)
    else:
        names.names.update(run.run_with_anything(Function(flows["setup"], names), UNKNOWN, UNKNOWN).members or {})
    if "template" in flows:
        run.run(flows["template"], Variables(names.names, None, UNKNOWN, where, is_template=True))
    run.run_the_rest()
