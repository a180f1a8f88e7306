"""A component's whole API from its options: props, events, slots, methods, with mixins and bases merged as Vue does."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from swiftprep.catalog.api import Component, Event, Method, Prop, Slot, kebab
from swiftprep.catalog.modules import MAX_STEPS, Modules
from swiftprep.catalog.values import Value, doc_tags

_TYPES = {
    "String": "string", "Number": "number", "Boolean": "boolean", "Array": "array", "Object": "object",
    "Function": "function", "Symbol": "symbol", "BigInt": "bigint",
}  # fmt: skip
# vue-types and ant-design-vue's PropTypes, by what they are called there.
_PROP_TYPES = {
    "string": "string", "number": "number", "bool": "boolean", "boolean": "boolean", "array": "array",
    "object": "object", "func": "function", "function": "function", "arrayOf": "array", "objectOf": "object",
    "shape": "object", "any": "", "integer": "number", "symbol": "symbol", "node": "", "instanceOf": "object",
    "looseBool": "boolean", "style": "", "VNodeChild": "",
}  # fmt: skip
_LITERALS = re.compile(r"""\s*\|?\s*(?:'([^']*)'|"([^"]*)")\s*(?=\||$)""")
_DEFINITION = frozenset(("type", "default", "required", "validator", "values"))
_HIDDEN = ("@private", "@internal", "@ignore")


class Reader:
    """Turns options into `Component`s; a mixin used a hundred times is read once."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self._read: dict[tuple[str, int], Component] = {}

    def component(self, path: str, index: int, seen: frozenset[tuple[str, int]] = frozenset()) -> Component:
        """Return the merged API of the options at `(path, index)`; its `name` is empty when the options give none."""
        key = (path, index)
        if key in self._read:
            return self._read[key]
        if key in seen:  # a mixin that includes itself
            return Component(name="")
        options = self.modules.facts[path]["components"][index]
        made = self._own(options, path)
        bases = self._bases(options, path)
        parts = [self.component(*base, seen | {key}) for base in bases]
        for part in reversed(parts):
            made = _merged(made, part)
        made = replace(made, model=made.model or _model(made))
        if not seen:
            self._read[key] = made
        return made

    def _bases(self, options: dict[str, Any], path: str) -> list[tuple[str, int]]:
        """Return what the options build on: `extends` first, then the mixins, as Vue merges them."""
        values: list[Value] = [options["extends"]] if "extends" in options else []
        mixins, where = self.modules.resolve(options.get("mixins") or ["a", []], path)
        found = [self.modules.component(value, path) for value in values]
        if mixins[0] == "a":
            for value in mixins[1]:
                inner = value[1] if value[0] == "..." else value
                made, there = self.modules.resolve(inner, where)
                items = made[1] if value[0] == "..." and made[0] == "a" else [made]
                found += [self.modules.component(item, there) for item in items]
        found += [self.modules.component(value, path) for value in options.get("spreads", ())]
        return [base for base in found if base is not None]

    def _own(self, options: dict[str, Any], path: str) -> Component:
        unknown = set(options.get("open", ()))
        props = _named(self._props(options.get("props"), path, unknown))
        if "defaults" in options:
            defaults = {key: value[1] for key, value in options["defaults"]}
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
        slots += self._typed_slots(options.get("slot_types"), path)
        model = self._declared_model(options.get("model"), path)
        for name, settings in options.get("models", ()):
            props.append(_prop(name, self._definition(settings, path), "", path))
            events.append(Event(f"update:{name}"))
            model = model or (name, f"update:{name}")
        roots = options.get("roots") or []
        passes = list(options.get("passes", ()))
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
            mixins=tuple(p for p, _ in self._bases(options, path)),
            components=tuple(self._local_tags(options, path)),
            open=tuple(sorted(unknown)),
            passes=tuple(dict.fromkeys(passes)),
            root=roots[0] if len(roots) == 1 or len(set(roots)) == 1 else ("*" if roots else ""),
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

    def _props(self, value: Value | None, path: str, unknown: set[str], steps: int = 0) -> list[Prop]:
        """Return the props a value declares: an object, a list of names, a type, or calls and spreads of these."""
        if value is None or steps > MAX_STEPS:
            return []
        made, where = self.modules.resolve(value, path, calls=False)
        kind = made[0]
        if kind == "c":
            return self._props_of_call(made, where, unknown, steps)
        if kind == "o":
            props: list[Prop] = []
            for key, inner, doc in made[1]:
                if key == "[]":
                    key, inner = self.modules.text(inner[1], where) or "", inner[2]
                    if not key:
                        unknown.add("props")
                        continue
                if key == "...":
                    props += self._props(inner, where, unknown, steps + 1)
                else:
                    props.append(_prop(key, self._definition(inner, where), doc, where))
            return props
        if kind == "a":
            props = []
            for item in made[1]:
                if item[0] == "...":
                    props += self._props(item[1], where, unknown, steps + 1)
                elif (text := self.modules.text(item, where)) is not None:
                    props.append(Prop(text))
                elif item[0] in ("o", "i", "c", "m"):  # the parts of a call's merged list
                    props += self._props(item, where, unknown, steps + 1)
                else:
                    unknown.add("props")
            return props
        if kind == "t":
            own = [_typed_prop(*member) for member in made[1]]
            for base in made[2] if len(made) > 2 else ():
                own += self._props(["i", base], where, unknown, steps + 1)
            return own
        if kind == "C":
            return list(self.component(where, made[1]).props)
        if kind == "m":  # Button.props
            owner = self.modules.component(made[1], where)
            if owner is not None and made[2] == "props":
                return list(self.component(*owner).props)
        unknown.add("props")
        return []

    def _props_of_call(self, call: Value, path: str, unknown: set[str], steps: int) -> list[Prop]:
        """Return the props a call makes: what the function returns, else what it is given.

        `buildProps({…})`, `Object.assign({}, a, b)`, `initDefaultProps(props, {…})`, `omit(props, ['a'])`.
        """
        made, where = self.modules.resolve(call, path)
        if made[0] in ("o", "a", "t", "C"):
            doubtful: set[str] = set()
            found = self._props(made, where, doubtful, steps + 1)
            if found and not doubtful:
                return found
        callee = str(call[1][-1]) if call[1][0] in ("i", "m") else ""
        listed = [argument for argument in call[2] if argument[0] not in ("x", "s", "f")]
        choice = re.search(r"^(omit|pick|pluck|without|exclude|only)", callee, re.I)
        found = []
        for argument in listed[:1] if choice else listed:
            found += self._props(argument, path, unknown, steps + 1)
        if not found:
            unknown.add("props")
        if choice and len(listed) > 1:
            names, there = self.modules.resolve(listed[1], path)
            chosen = {self.modules.text(name, there) for name in names[1]} if names[0] == "a" else set()
            keeps = choice[1].lower() in ("pick", "pluck", "only")
            found = [prop for prop in found if (prop.name in chosen) == keeps]
        return _with_defaults(found) if "efault" in callee else found

    def _definition(self, value: Value, path: str, steps: int = 0) -> dict[str, Any]:
        """Return what a prop's definition says: `type`, `required`, `default`, `values`."""
        kind = value[0]
        if kind == "i" and value[1] in _TYPES:
            return {"type": _TYPES[value[1]]}
        if kind == "a":
            types = [self._definition(item, path, steps + 1).get("type", "") for item in value[1]]
            return {"type": " | ".join(dict.fromkeys(t for t in types if t))}
        if kind == "x":
            named = re.fullmatch(r"PropType<(.*)>", value[1], re.S)
            if named:
                return {"type": named[1], "values": _literals(named[1])}
            return {}
        if kind == "o":
            return self._settings(value, path, steps)
        if kind == "f":
            return {"type": "function"}
        if kind in ("m", "c"):
            known = _prop_type(value, self, path)
            if known is not None:
                return known
        if steps < MAX_STEPS and kind in ("i", "m", "c"):
            made, where = self.modules.resolve(value, path, calls=False)
            if made != value or where != path:
                return self._definition(made, where, steps + 1)
            if kind == "c":
                return self._definition_of_call(value, path, steps)
            if kind == "i":
                return {"type": value[1]} if value[1][:1].isupper() else {}
        return {}

    def _definition_of_call(self, call: Value, path: str, steps: int) -> dict[str, Any]:
        """Read `makeProp(String, 'a')`: what the function returns, else the type and then the default."""
        made, where = self.modules.resolve(call, path)
        if made[0] == "o":
            known = self._definition(made, where, steps + 1)
            if known.get("type"):
                return known
        found: dict[str, Any] = {}
        for argument in call[2]:
            said = self._definition(argument, path, steps + 1)
            if argument[0] in ("s", "x") and not said and "default" not in found:
                found["default"] = _source(argument)
            elif argument[0] != "f":
                found = {**said, **found}
        return found

    def _settings(self, value: Value, path: str, steps: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, inner, _ in value[1]:
            if key == "..." or key == "type":
                found |= self._definition(inner, path, steps + 1)
            elif key == "default":
                found["default"] = inner[1] if inner[0] in ("x", "i") else None
            elif key == "required":
                found["required"] = inner == ["x", "true"]
            elif key in ("validator", "values"):
                made, where = self.modules.resolve(inner, path)
                if made[0] == "a":
                    listed = [self.modules.text(item, where) for item in made[1]]
                    if listed and None not in listed:
                        found["values"] = tuple(str(item) for item in listed)
        return found

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
            for key, inner, doc in made[1]:
                if key == "[]":
                    key, inner = self.modules.text(inner[1], where) or "", inner[2]
                    if not key:
                        unknown.add("events")
                        continue
                if key == "...":
                    events += self._declared_events(inner, where, unknown, steps + 1)
                else:
                    events.append(Event(key, inner[1] if inner[0] == "f" else "", doc=doc))
            return events
        if made[0] == "t":
            return [Event(name, _payload(text), doc=doc) for name, text, _, doc in made[1]]
        if made[0] == "c":
            found = [e for argument in made[2] for e in self._declared_events(argument, where, unknown, steps + 1)]
            if found:
                return found
        unknown.add("events")
        return []

    def _typed_slots(self, value: Value | None, path: str) -> list[Slot]:
        if value is None:
            return []
        made, _ = self.modules.resolve(value, path)
        if made[0] != "t":
            return []
        return [
            Slot(name, text, doc=doc, bindings=tuple(re.findall(r"(\w+)\??\s*:", text)[1:]))
            for name, text, _, doc in made[1]
        ]


def _prop_type(value: Value, reader: Reader, path: str) -> dict[str, Any] | None:
    """Read `PropTypes.bool.def(true)`, `PropTypes.oneOf(['a', 'b']).isRequired`, or return None."""
    found: dict[str, Any] = {}
    known = False
    while value[0] in ("m", "c"):
        arguments = value[2] if value[0] == "c" else []
        name = value[1][2] if value[0] == "c" and value[1][0] == "m" else value[2] if value[0] == "m" else None
        if name in ("def", "default") and arguments:
            found["default"] = _source(arguments[0])
        elif name == "isRequired":
            found["required"] = True
        elif name in ("oneOf", "oneOfType") and arguments:
            known = True
            made, where = reader.modules.resolve(arguments[0], path)
            if made[0] == "c" and made[2]:  # tuple('a', 'b')
                made = made[2][0] if made[2][0][0] == "a" else ["a", made[2]]
            if made[0] == "a" and name == "oneOf":
                listed = [reader.modules.text(item, where) for item in made[1]]
                found["values"] = tuple(item for item in listed if item is not None)
                found["type"] = "string"
            elif made[0] == "a":
                types = [reader._definition(item, where).get("type", "") for item in made[1]]
                found["type"] = " | ".join(dict.fromkeys(t for t in types if t))
        elif name in _PROP_TYPES:
            known = True
            found.setdefault("type", _PROP_TYPES[name])
        value = value[1][1] if value[0] == "c" and value[1][0] == "m" else value[1]
    return found if known and value[0] == "i" and "ype" in str(value[1]) else None


def _source(value: Value) -> str | None:
    if value[0] == "s":
        return repr(value[1])
    return str(value[1]) if value[0] in ("x", "i") else {"o": "{}", "a": "[]"}.get(value[0])


def _with_defaults(props: list[Prop]) -> list[Prop]:
    """Join what `initDefaultProps(props, {size: 'small'})` names twice: the later mention is only a default."""
    made: dict[str, Prop] = {}
    for prop in props:
        made.setdefault(prop.name, prop)
    return list(made.values())


def _prop(name: str, said: dict[str, Any], doc: str, path: str) -> Prop:
    words, tags = doc_tags(doc)
    values = tuple(said.get("values") or ()) or tuple(v.strip() for v in tags.get("values", "").split(",") if v.strip())
    kind = said.get("type") or tags.get("type", "").strip("{} ")
    return Prop(
        name, kind, bool(said.get("required")), words, said.get("default") or tags.get("default") or None, values
    )


def _typed_prop(name: str, text: str, required: bool, doc: str) -> Prop:
    words, tags = doc_tags(doc)
    return Prop(name, text, required, words, tags.get("default") or None, _literals(text))


def _literals(text: str) -> tuple[str, ...]:
    """Return the strings of a type that is a union of strings only."""
    found: list[str] = []
    position = 0
    while match := _LITERALS.match(text, position):
        found.append(match[1] if match[1] is not None else match[2])
        position = match.end()
        if position >= len(text):
            return tuple(found)
    return ()


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
        if not name.startswith(("_", "$")) and not any(tag in doc for tag in _HIDDEN):
            made.append(Method(name, signature, doc=doc_tags(doc)[0]))
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


def _merged(own: Component, base: Component) -> Component:
    """Return `own` with what `base`, a mixin or the component it extends, adds."""

    def joined(mine: tuple[Any, ...], theirs: tuple[Any, ...]) -> tuple[Any, ...]:
        names = {kebab(item.name) for item in mine}
        added = [item for item in theirs if kebab(item.name) not in names]
        return (*mine, *(replace(item, origin=item.origin or base.path) for item in added))

    return replace(
        own,
        name=own.name,
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


_USUAL_MODELS = (("value", "input"), ("modelValue", "update:modelValue"))


def _model(component: Component) -> tuple[str, str] | None:
    props, events = ({kebab(item.name) for item in items} for items in (component.props, component.events))
    for prop, event in reversed(_USUAL_MODELS):
        if kebab(prop) in props and kebab(event) in events:
            return prop, event
    return None
