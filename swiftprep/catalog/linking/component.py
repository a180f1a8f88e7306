"""Read a component's whole API from its options, merging mixins and bases as Vue does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from swiftprep.catalog.api import ITEMS, Component, Event, Method, Prop, Slot, kebab
from swiftprep.catalog.linking.beside_props import of_inner
from swiftprep.catalog.linking.effort import MOST_ITEMS
from swiftprep.catalog.linking.listeners import payload
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.props import PropReader, named_entries
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.linking.traced import Tracer
from swiftprep.catalog.linking.typed import TYPES
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, FUNCTION, OBJECT
from swiftprep.catalog.vue.values import Value, doc_tags

_USUAL_MODELS = (("value", "input"), ("modelValue", "update:modelValue"))
_BEING_READ: tuple[list[Event], bool] = ([], False)
_INHERITED = ("events", "props", "slots")  # what a mixin or base may add
_DEEPEST_HANDED = 12  # components that hand on to each other
_HIDDEN = ("@private", "@internal", "@ignore")


class ComponentReader:
    """Turns component options into `Component`s; each mixin is read only once."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.tracer = Tracer(modules, self._bases_at)
        self._props = PropReader(modules, self.component)
        self._read: dict[Place, Component] = {}  # bases, which several components may share
        self._cut_short: dict[Place, Component] = {}  # possibly incomplete ones, valid for one component only
        self._open: dict[Place, tuple[Component, list[Place]]] = {}  # those being read: their own API, their bases
        self._is_cut = False  # whether a cycle was found among them

    def component(self, path: Where, index: int, depth: int = 0) -> Component:
        """Return the merged API of the options at `(path, index)`; `name` is empty if the options have none.

        Args:
            path: The file.
            index: The index of the options in the file.
            depth: The nesting depth of the request.
        """
        asked, is_base = (path, index), bool(self._open)
        if asked in self._open:
            self._is_cut = True
            return Component(name="")
        stack = [asked]
        try:
            while stack:
                place = stack[-1]
                goes_on = self.modules.effort.spend(1, depth)
                if self._known(place) is not None or not (goes_on or place in self._open or place == asked):
                    stack.pop()
                elif place in self._open:
                    component = self._whole(*self._open[place])
                    is_whole = not (self._is_cut or self.modules.effort.is_cut)
                    (self._read if is_whole and (is_base or len(stack) > 1) else self._cut_short)[place] = component
                    del self._open[stack.pop()]
                else:
                    self._open[place] = Component(name=""), []
                    options = self.modules.options_at(*place)
                    bases, are_known = self._bases(options, place[0], depth)
                    own = self._traced(self._own(options, place[0], bases, depth), options, place, depth)
                    own = own if are_known else replace(own, open=tuple(sorted({*own.open, *_INHERITED})))
                    if "outer" in options:
                        own = self._joined_to_outer(own, *place, depth)
                    self._open[place] = own, bases
                    unread = [base for base in reversed(bases) if self._known(base) is None]
                    self._is_cut = self._is_cut or any(base in self._open for base in unread)
                    stack += [base for base in unread if goes_on and base not in self._open]
            return self._known(asked) or Component(name="")
        finally:
            for place in stack:
                self._open.pop(place, None)
            if not is_base:
                self._cut_short.clear()
                self._is_cut = False

    def _known(self, place: Place) -> Component | None:
        return self._read.get(place) or self._cut_short.get(place)

    def _whole(self, own: Component, bases: list[Place]) -> Component:
        component = own
        for base in reversed(bases):
            part = self._known(base)
            if part is not None:
                component = self._merged(component, part)
        return replace(component, model=component.model or _model(component))

    def _joined_to_outer(self, own: Component, path: Where, index: int, depth: int) -> Component:
        """Return a component merged with the options in the file of its `<script src>`."""
        place = self.modules.outer(path, index)
        if place is None or place == (path, index):
            return replace(own, open=tuple(sorted({*own.open, "props", "events", "slots"})))
        outer = self.component(*place, depth + 1)
        joined = self._merged(own, outer)
        at_home = {what: tuple(_at_home(item, outer.path) for item in getattr(joined, what)) for what in ITEMS}
        joined = replace(joined, **cast(Any, at_home))
        return replace(
            joined, name=own.name or outer.name, doc=own.doc or outer.doc, model=own.model or outer.model,
            components=(*own.components, *outer.components),
        )  # fmt: skip

    def _merged(self, own: Component, base: Component) -> Component:
        """Return `own` merged with `base`, a mixin or an extended component."""
        effort = self.modules.effort
        if not effort.spend((len(own.mixins) + len(base.mixins)) // 8):
            return own

        def joined(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
            if not theirs or not effort.spend((len(mine) + len(theirs)) // 4):
                return mine
            names = {kebab(item.name) for item in mine}
            added = [item for item in theirs if kebab(item.name) not in names]
            room = max(0, MOST_ITEMS - len(mine))
            if len(added) > room:
                effort.is_cut = True
            return (*mine, *(item if item.origin else replace(item, origin=base.path) for item in added[:room]))

        return replace(
            own,
            props=joined(own.props, base.props),
            events=joined(own.events, base.events),
            slots=joined(own.slots, base.slots),
            methods=joined(own.methods, base.methods),
            model=own.model or (base.model if base.model and base.model not in _USUAL_MODELS else None),
            mixins=tuple(dict.fromkeys([*own.mixins, *base.mixins])),
            open=tuple(sorted({*own.open, *base.open})),
            why_open=tuple(dict.fromkeys([*own.why_open, *base.why_open])),
            passes=tuple(dict.fromkeys([*own.passes, *base.passes])),
            root=own.root or base.root,
        )

    def _bases(self, options: dict[str, Any], path: Where, depth: int) -> tuple[list[Place], bool]:
        """Return the bases of the options in Vue's merge order, and whether these are all of them.

        The order is `extends`, then the mixins. One that is imported from outside the tree is not known.
        """
        values = [(options["extends"], path)] if "extends" in options else []
        mixins, where = self.modules.resolve(options.get("mixins") or [ARRAY, []], path, depth)
        for value in mixins[1] if mixins[0] == ARRAY else [mixins]:
            inner = value[1] if value[0] == "..." else value
            resolved, there = self.modules.resolve(inner, where, depth)
            items = resolved[1] if value[0] == "..." and resolved[0] == ARRAY else [resolved]
            values += [(item, there) for item in items]
        values += [(value, path) for value in options.get("spreads", ())]
        places = [self.modules.component(value, there, depth) for value, there in values]
        are_known = all(
            place is not None or self.modules.resolve(value, there, depth)[0][0] == OBJECT
            for place, (value, there) in zip(places, values, strict=True)
        )
        return [base for base in places if base is not None], are_known

    def _own(self, options: dict[str, Any], path: Where, bases: list[Place], depth: int) -> Component:
        unknown = set(options.get("open", ()))
        props = _named(self._props.read(options.get("props"), path, unknown, depth))
        if options.get("functional") and "props" not in options:  # then every attribute is a prop
            unknown.add("props")
        defaults = self._props.defaults(options.get("defaults", ()), path, depth)
        props = [replace(p, default=defaults[p.name], required=False) if p.name in defaults else p for p in props]
        events = self._declared_events(options.get("emits"), path, unknown, depth)
        for name, arguments, doc in options.get("events", ()):
            text = name if isinstance(name, str) else self.modules.text(name, path)
            if text is None:
                unknown.update(() if "flows" in options else ("events",))
            else:
                words, tags = doc_tags(doc)
                events.append(Event(text, arguments, doc=words or tags.get("event", "")))
        slots = [
            Slot(name, _bound(bindings), doc=doc, bindings=tuple(bindings))
            for name, bindings, doc in options.get("slots", ())
        ]
        slots += self._typed_slots(options.get("slot_types"), path, unknown, depth)
        model = self._declared_model(options.get("model"), path)
        for prop in self._props.models(options.get("models", ()), path, unknown):
            props.append(prop)
            events.append(Event(f"update:{prop.name}"))
            model = _USUAL_MODELS[1] if prop.name == "modelValue" else model
        roots = options.get("roots") or []
        return Component(
            name=self.modules.text(options.get("name"), path) or "",
            path=path_of(path),
            span=tuple(options["span"]),
            doc=options.get("doc", ""),
            props=tuple(props),
            events=tuple(_named(events)),
            slots=tuple(_named(slots)),
            methods=tuple(_methods(options.get("methods", ()))),
            model=model,
            mixins=tuple(path_of(base) for base, _ in bases),
            components=tuple(self._local_tags(options, path)),
            open=tuple(sorted(unknown)),
            passes=tuple(dict.fromkeys(options.get("passes", ()))),
            root=roots[0] if len(set(roots)) == 1 else ("*" if roots else ""),
        )

    def _bases_at(self, place: Place) -> list[Place]:
        return self._bases(self.modules.options_at(*place), place[0], 0)[0]

    def _traced(self, own: Component, options: dict[str, Any], place: Place, depth: int) -> Component:
        """Return a component with what its functions reach."""
        effects = self.tracer.trace(place)
        unknown = {*own.open, *effects.opened, *(() if "emits" in options else effects.unnamed)}
        events = [*own.events, *(Event(name, arguments) for name, arguments in effects.events.items())]
        slots = [
            *own.slots,
            *(Slot(name, _bound(list(keys)), bindings=tuple(keys)) for name, keys in effects.slots.items()),
        ]
        props = [Prop(name) for name in effects.props] if options.get("functional") and "props" not in options else []
        reasons = [*own.why_open, *sorted(effects.reasons)]
        for what, inner, masked in effects.handed:
            if inner == place or depth > _DEEPEST_HANDED or not self.modules.effort.spend(4):
                unknown.add(what)
                continue
            other = self.component(*inner, depth + 1)
            for part, why in of_inner(own, other) if what == "events" else ():
                unknown.add(part)
                reasons.append(("slots", why))
            begins = {name for name in other.open if name.partition(":")[0] == what}
            unknown |= begins
            reasons += [(which, why) for which, why in other.why_open if which == what and begins]
            items = [item for item in getattr(other, what) if item.name not in masked]
            added = [item if item.origin else replace(item, origin=other.path) for item in items]
            (events if what == "events" else slots).extend(added)
        return replace(
            own, props=tuple(_named([*own.props, *props])), events=tuple(self.modules.effort.capped(_named(events))),
            slots=tuple(self.modules.effort.capped(_named(slots))), open=tuple(sorted(unknown)),
            passes=tuple(dict.fromkeys([*own.passes, *effects.passes])),
            why_open=tuple(dict.fromkeys([*reasons, *_unnamed(unknown & effects.unnamed)])),
        )  # fmt: skip

    def _local_tags(self, options: dict[str, Any], path: Where) -> list[str]:
        resolved, _ = self.modules.resolve(options.get("components") or [OBJECT, []], path)
        names = [entry[0] for entry in resolved[1]] if resolved[0] == OBJECT else []
        if options.get("setup"):
            names += [
                name
                for name, (module, _) in self.modules.facts[path_of(path)].get("imports", {}).items()
                if module.endswith(".vue")
            ]
        return [kebab(name) for name in names if name != "..."]

    def _declared_model(self, value: Value | None, path: Where) -> tuple[str, str] | None:
        if value is None:
            return None
        resolved, where = self.modules.resolve(value, path)
        if resolved[0] != OBJECT:
            return None
        texts = {key: self.modules.text(inner, where) for key, inner, _ in resolved[1]}
        return texts.get("prop") or "value", texts.get("event") or "input"

    def _declared_events(self, value: Value | None, path: Where, unknown: set[str], depth: int) -> list[Event]:
        if value is None:
            return []
        if not self.modules.effort.spend(1, depth):
            unknown.add("events")
            return []
        resolved, where = self.modules.resolve(value, path, depth)
        events, is_whole = self.modules.effort.once(
            "events", resolved, where, lambda: self._events_of(resolved, where, depth), _BEING_READ
        )
        unknown.update(() if is_whole and self.modules.effort.spend(len(events) // 50) else ("events",))
        return events

    def _events_of(self, resolved: Value, where: Where, depth: int) -> tuple[list[Event], bool]:
        """Return the events that a value declares, and whether the list is complete."""
        unknown: set[str] = set()
        events: list[Event] = []
        if resolved[0] == ARRAY:
            for item in resolved[1]:
                if self.modules.effort.is_spent:
                    unknown.add("events")
                    break
                if item[0] == "...":
                    events += self._declared_events(item[1], where, unknown, depth + 1)
                elif (text := self.modules.text(item, where, depth)) is not None:
                    events.append(Event(text))
                else:
                    unknown.add("events")
        elif resolved[0] == OBJECT:
            for key, inner, doc in named_entries(self.modules, resolved, where):
                if key is None:
                    unknown.add("events")
                elif key == "...":
                    events += self._declared_events(inner, where, unknown, depth + 1)
                else:
                    events.append(Event(key, inner[1] if inner[0] == FUNCTION else "", doc=doc))
        elif resolved[0] in TYPES:
            props, is_whole = self._props.types.props(resolved, where, depth)
            unknown.update(() if is_whole else ("events",))
            events = [Event(prop.name, payload(prop.type), doc=prop.doc) for prop in props]
        else:
            for argument in resolved[2] if resolved[0] == CALL else ():
                events += self._declared_events(argument, where, unknown, depth + 1)
            if not events:
                unknown.add("events")
        return self.modules.effort.capped(events), not unknown

    def _typed_slots(self, value: Value | None, path: Where, unknown: set[str], depth: int) -> list[Slot]:
        if value is None:
            return []
        slots, is_whole = self._props.types.slots(value, path, depth)
        unknown.update(() if is_whole else ("slots",))
        return slots


def _bound(bindings: list[str]) -> str:
    return "{ " + ", ".join(bindings) + " }" if bindings else ""


def _methods(listed: list[list[str]]) -> list[Method]:
    methods = []
    for name, signature, doc in listed:
        if name[:1] not in "_$" and ("@" not in doc or not any(tag in doc for tag in _HIDDEN)):
            methods.append(Method(name, signature, doc=doc_tags(doc)[0] if doc else ""))
    return _named(methods)


def _named(items: list[Any]) -> list[Any]:
    """Return one item per name, merging the details of duplicates."""
    by_name: dict[str, Any] = {}
    for item in items:
        name = item.name if isinstance(item, Slot) else kebab(item.name)  # Vue knows slots by their exact names
        known = by_name.get(name)
        if known is None:
            by_name[name] = item
            continue
        if isinstance(known, Slot) and isinstance(item, Slot):
            names = tuple(dict.fromkeys([*known.bindings, *item.bindings]))
            known = replace(known, bindings=names, type=_bound(list(names)) or known.type)
        type_ = known.type or item.type
        if isinstance(known, Event) and _are_at_odds(known.type, item.type):
            type_ = "(…)"
        by_name[name] = replace(known, doc=known.doc or item.doc, type=type_)
    return list(by_name.values())


def _are_at_odds(one: str, other: str) -> bool:
    """Return whether two calls name an argument in ways that say different things: `(max)`, `(min)`.

    That `val` is a `value` is no difference, and what is no name is not compared.
    """
    for first, second in zip(*(text[1:-1].split(",") for text in (one, other)), strict=False):
        word, another = sorted((first.strip().lower(), second.strip().lower()), key=len)
        if word.isidentifier() and another.isidentifier() and word not in another:
            return True
    return False


def _at_home(item: Any, path: Where) -> Any:
    return replace(item, origin="") if item.origin == path else item


def _model(component: Component) -> tuple[str, str] | None:
    """Return the usual prop and event of `v-model`; what an inner component emits need not be this one's value."""
    own = ("", *component.mixins)
    props = {kebab(prop.name) for prop in component.props}
    events = {kebab(event.name) for event in component.events if event.origin in own}
    for prop, event in reversed(_USUAL_MODELS):
        if kebab(prop) in props and kebab(event) in events:
            return prop, event
    return None


def _unnamed(lists: Iterable[str]) -> list[tuple[str, str]]:
    """Return why lists are open in which names are unknown."""
    return [(what, f"the name of {'an event' if what == 'events' else 'a slot'} is computed") for what in sorted(lists)]
