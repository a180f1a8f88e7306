"""A component's whole API from its options: props, events, slots, methods, with mixins and bases merged as Vue does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from swiftprep.catalog.api import ITEMS, Component, Event, Method, Slot, kebab
from swiftprep.catalog.modules import MAX_STEPS, Modules
from swiftprep.catalog.props import PropReader, named_entries
from swiftprep.catalog.typed import TYPES
from swiftprep.catalog.types import first_parameter
from swiftprep.catalog.values import Value, doc_tags

MAX_NESTED = 40  # mixins of mixins
_USUAL_MODELS = (("value", "input"), ("modelValue", "update:modelValue"))
_HIDDEN = ("@private", "@internal", "@ignore")


class Reader:
    """Turns options into `Component`s; a mixin used a hundred times is read once."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._props = PropReader(modules, self.component)
        self._read: dict[tuple[str, int], Component] = {}
        self._open: set[tuple[str, int]] = set()  # those being read
        self._cut = False  # whether one of them was come across again

    def component(self, path: str, index: int) -> Component:
        """Return the merged API of the options at `(path, index)`; its `name` is empty when the options give none."""
        key = (path, index)
        if key in self._read:
            return self._read[key]
        if key in self._open or len(self._open) > MAX_NESTED:  # a mixin that includes itself
            self._cut = True
            return Component(name="")
        before, self._cut = self._cut, False
        self._open.add(key)
        try:
            made = self._whole(path, index)
        finally:
            self._open.remove(key)
        # Bases are kept, as others may build on them too; not what was cut short for another's sake.
        if self._open and not self._cut:
            self._read[key] = made
        self._cut = (self._cut or before) and bool(self._open)
        return made

    def _whole(self, path: str, index: int) -> Component:
        options = self.modules.facts[path]["components"][index]
        bases = self._bases(options, path)
        made = self._own(options, path, bases)
        if "outer" in options:
            made = self._joined_to_outer(made, path, index)
        for part in reversed([self.component(*base) for base in bases]):
            made = _merged(made, part)
        return replace(made, model=made.model or _model(made))

    def _joined_to_outer(self, made: Component, path: str, index: int) -> Component:
        """Return a component with the options that its `<script src>` names, as its own."""
        place = self.modules.outer(path, index)
        if place is None or place == (path, index):
            return replace(made, open=tuple(sorted({*made.open, "props", "events", "slots"})))
        outer = self.component(*place)
        joined = _merged(made, outer)
        at_home = {what: tuple(_at_home(item, outer.path) for item in getattr(joined, what)) for what in ITEMS}
        joined = replace(joined, **cast(Any, at_home))
        return replace(
            joined, name=made.name or outer.name, doc=made.doc or outer.doc, model=made.model or outer.model,
            components=(*made.components, *outer.components),
        )  # fmt: skip

    def _bases(self, options: dict[str, Any], path: str) -> list[tuple[str, int]]:
        """Return what the options build on: `extends` first, then the mixins, as Vue merges them."""
        found = [self.modules.component(options["extends"], path)] if "extends" in options else []
        mixins, where = self.modules.resolve(options.get("mixins") or ["a", []], path)
        if mixins[0] == "a":
            for value in mixins[1]:
                inner = value[1] if value[0] == "..." else value
                made, there = self.modules.resolve(inner, where)
                items = made[1] if value[0] == "..." and made[0] == "a" else [made]
                found += [self.modules.component(item, there) for item in items]
        found += [self.modules.component(value, path) for value in options.get("spreads", ())]
        return [base for base in found if base is not None]

    def _own(self, options: dict[str, Any], path: str, bases: list[tuple[str, int]]) -> Component:
        unknown = set(options.get("open", ()))
        props = _named(self._props.read(options.get("props"), path, unknown))
        if options.get("functional") and "props" not in options:  # then every attribute is one
            unknown.add("props")
        defaults = self._props.defaults(options.get("defaults", ()), path)
        props = [replace(p, default=defaults[p.name], required=False) if p.name in defaults else p for p in props]
        events = self._declared_events(options.get("emits"), path, unknown)
        for name, arguments, doc in options.get("events", ()):
            text = name if isinstance(name, str) else self.modules.text(name, path)
            if text is None:
                unknown.add("events")
            else:
                words, tags = doc_tags(doc)
                events.append(Event(text, arguments, doc=words or tags.get("event", "")))
        slots = [
            Slot(name, _bound(bindings), doc=doc, bindings=tuple(bindings))
            for name, bindings, doc in options.get("slots", ())
        ]
        slots += self._typed_slots(options.get("slot_types"), path, unknown)
        model = self._declared_model(options.get("model"), path)
        for prop in self._props.models(options.get("models", ()), path, unknown):
            props.append(prop)
            events.append(Event(f"update:{prop.name}"))
            model = _USUAL_MODELS[1] if prop.name == "modelValue" else model
        roots = options.get("roots") or []
        return Component(
            name=self.modules.text(options.get("name"), path) or "",
            path=path,
            span=tuple(options["span"]),
            doc=options.get("doc", ""),
            props=tuple(props),
            events=tuple(_named(events)),
            slots=tuple(_named(slots)),
            methods=tuple(_methods(options.get("methods", ()))),
            model=model,
            mixins=tuple(base for base, _ in bases),
            components=tuple(self._local_tags(options, path)),
            open=tuple(sorted(unknown)),
            passes=tuple(dict.fromkeys(options.get("passes", ()))),
            root=roots[0] if len(set(roots)) == 1 else ("*" if roots else ""),
        )

    def _local_tags(self, options: dict[str, Any], path: str) -> list[str]:
        made, _ = self.modules.resolve(options.get("components") or ["o", []], path)
        names = [entry[0] for entry in made[1]] if made[0] == "o" else []
        if options.get("setup"):
            names += [
                name
                for name, (module, _) in self.modules.facts[path].get("imports", {}).items()
                if module.endswith(".vue")
            ]
        return [kebab(name) for name in names if name != "..."]

    def _declared_model(self, value: Value | None, path: str) -> tuple[str, str] | None:
        if value is None:
            return None
        made, where = self.modules.resolve(value, path)
        if made[0] != "o":
            return None
        said = {key: self.modules.text(inner, where) for key, inner, _ in made[1]}
        return said.get("prop") or "value", said.get("event") or "input"

    def _declared_events(self, value: Value | None, path: str, unknown: set[str], steps: int = 0) -> list[Event]:
        if value is None or steps > MAX_STEPS:
            return []
        made, where = self.modules.resolve(value, path)
        if made[0] == "a":
            events: list[Event] = []
            for item in made[1]:
                if item[0] == "...":
                    events += self._declared_events(item[1], where, unknown, steps + 1)
                elif (text := self.modules.text(item, where)) is not None:
                    events.append(Event(text))
                else:
                    unknown.add("events")
            return events
        if made[0] == "o":
            events = []
            for key, inner, doc in named_entries(self.modules, made, where):
                if key is None:
                    unknown.add("events")
                elif key == "...":
                    events += self._declared_events(inner, where, unknown, steps + 1)
                else:
                    events.append(Event(key, inner[1] if inner[0] == "f" else "", doc=doc))
            return events
        if made[0] in TYPES:
            members = self._props.types.members(made, where)
            unknown.update(() if members.complete else ("events",))
            return [Event(name, _payload(prop.type), doc=prop.doc) for name, prop in members.by_name.items()]
        if made[0] == "c":
            found = [e for argument in made[2] for e in self._declared_events(argument, where, unknown, steps + 1)]
            if found:
                return found
        unknown.add("events")
        return []

    def _typed_slots(self, value: Value | None, path: str, unknown: set[str]) -> list[Slot]:
        if value is None:
            return []
        members = self._props.types.members(value, path)
        unknown.update(() if members.complete else ("slots",))
        slots = []
        for name, prop in members.by_name.items():
            scope = first_parameter(prop.type)
            bindings = () if scope is None else tuple(self._props.types.members(scope, path).by_name)
            slots.append(Slot(name, prop.type, doc=prop.doc, bindings=bindings))
        return slots


def _payload(text: str) -> str:
    """Return an event's arguments from its type, `[id: number]` or `(id: number) => void`."""
    if text.startswith("["):
        return f"({text[1:-1]})"
    return text.partition("=>")[0].strip()


def _bound(bindings: list[str]) -> str:
    return "{ " + ", ".join(bindings) + " }" if bindings else ""


def _methods(listed: list[list[str]]) -> list[Method]:
    made = []
    for name, signature, doc in listed:
        if name[:1] not in "_$" and ("@" not in doc or not any(tag in doc for tag in _HIDDEN)):
            made.append(Method(name, signature, doc=doc_tags(doc)[0] if doc else ""))
    return _named(made)


def _named(items: list[Any]) -> list[Any]:
    """Keep one of each name, joining what the others say of it."""
    made: dict[str, Any] = {}
    for item in items:
        known = made.get(kebab(item.name))
        if known is None:
            made[kebab(item.name)] = item
            continue
        if isinstance(known, Slot) and isinstance(item, Slot):
            names = tuple(dict.fromkeys([*known.bindings, *item.bindings]))
            known = replace(known, bindings=names, type=_bound(list(names)) or known.type)
        made[kebab(item.name)] = replace(known, doc=known.doc or item.doc, type=known.type or item.type)
    return list(made.values())


def _at_home(item: Any, path: str) -> Any:
    return replace(item, origin="") if item.origin == path else item


def _merged(own: Component, base: Component) -> Component:
    """Return `own` with what `base`, a mixin or the component it extends, adds."""

    def joined(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
        names = {kebab(item.name) for item in mine}
        added = [item for item in theirs if kebab(item.name) not in names]
        return (*mine, *(replace(item, origin=item.origin or base.path) for item in added))

    return replace(
        own,
        props=joined(own.props, base.props),
        events=joined(own.events, base.events),
        slots=joined(own.slots, base.slots),
        methods=joined(own.methods, base.methods),
        model=own.model or (base.model if base.model and base.model not in _USUAL_MODELS else None),
        mixins=tuple(dict.fromkeys([*own.mixins, *base.mixins])),
        open=tuple(sorted({*own.open, *base.open})),
        passes=tuple(dict.fromkeys([*own.passes, *base.passes])),
        root=own.root or base.root,
    )


def _model(component: Component) -> tuple[str, str] | None:
    props, events = ({kebab(item.name) for item in items} for items in (component.props, component.events))
    for prop, event in reversed(_USUAL_MODELS):
        if kebab(prop) in props and kebab(event) in events:
            return prop, event
    return None
