"""Read the props that an option declares, in any form: objects, lists, types, calls, PropTypes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Where
from swiftprep.catalog.linking.type_props import PropTypes
from swiftprep.catalog.linking.typed import TYPES
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, FUNCTION, MEMBER, NAME, OBJECT, OPTIONS, SOURCE, STRING
from swiftprep.catalog.vue.values import Value, doc_tags

_TYPES = {
    "String": "string", "Number": "number", "Boolean": "boolean", "Array": "array", "Object": "object",
    "Function": "function", "Symbol": "symbol", "BigInt": "bigint",
}  # fmt: skip
# Types by their names in vue-types and in ant-design-vue's PropTypes.
_PROP_TYPES = {
    "string": "string", "number": "number", "bool": "boolean", "boolean": "boolean", "array": "array",
    "object": "object", "func": "function", "function": "function", "arrayOf": "array", "objectOf": "object",
    "shape": "object", "any": "", "integer": "number", "symbol": "symbol", "node": "", "instanceOf": "object",
    "looseBool": "boolean", "style": "", "VNodeChild": "",
}  # fmt: skip
_BEING_READ: tuple[list[Prop], bool] = ([], False)
_LONGEST_TYPE = 2_000  # characters
_CHOICE = re.compile(r"omit|pick|pluck|without|exclude|only", re.I)


class PropReader:
    """Turns the value of a `props` option into `Prop`s.

    Args:
        modules: The facts of all files.
        component: Returns the API of the options at `(path, index)` for a nesting depth, for props taken from a
            component.
    """

    def __init__(self, modules: Modules, component: Callable[[Where, int, int], Component]) -> None:
        self.modules = modules
        self.component = component
        self.types = PropTypes(modules, self.read)

    def read(self, value: Value | None, path: Where, unknown: set[str], depth: int = 0) -> list[Prop]:
        """Return the props that a value declares: an object, a list of names, a type, or calls and spreads of these.

        Args:
            value: The value.
            path: The file or the scope in which it stands.
            unknown: Receives `"props"` if some props are unknown.
            depth: The nesting depth of the request.
        """
        if value is None:
            return []
        if not self.modules.effort.spend(1, depth):
            unknown.add("props")
            return []
        resolved, where = self.modules.resolve(value, path, depth, calls=False)
        props, is_whole = self.modules.effort.once(
            "props", resolved, where, lambda: self._declared(resolved, where, depth), _BEING_READ
        )
        unknown.update(() if is_whole and self.modules.effort.spend(len(props) // 50) else ("props",))
        return props

    def _declared(self, resolved: Value, where: Where, depth: int) -> tuple[list[Prop], bool]:
        """Return the props, and whether the list is complete."""
        unknown: set[str] = set()
        kind = resolved[0]
        if kind == CALL:
            props = self._of_call(resolved, where, unknown, depth)
        elif kind == OBJECT:
            props = self._of_object(resolved, where, unknown, depth)
        elif kind == ARRAY:
            props = self._of_list(resolved, where, unknown, depth)
        elif kind in TYPES:
            props, is_whole = self.types.props(resolved, where, depth)
            unknown.update(() if is_whole else ("props",))
        elif kind == OPTIONS:
            props = list(self.component(where, resolved[1], depth + 1).props)
        else:
            owner = (
                self.modules.component(resolved[1], where, depth) if kind == MEMBER and resolved[2] == "props" else None
            )
            if owner is None:
                return [], False
            props = list(self.component(*owner, depth + 1).props)  # Button.props
        return self.modules.effort.capped(props), not unknown

    def defaults(self, values: Iterable[Value], path: Where, depth: int = 0) -> dict[str, str]:
        """Return the source texts of prop defaults from objects, resolving spreads."""
        texts: dict[str, str] = {}
        for value in values:
            if self.modules.effort.spend(1, depth):
                resolved, where = self.modules.resolve(value, path, depth)
                read = functools.partial(self._defaults_of, resolved, where, depth)
                texts |= self.modules.effort.once("defaults", resolved, where, read, dict[str, str]())
        return texts

    def _defaults_of(self, resolved: Value, where: Where, depth: int) -> dict[str, str]:
        texts: dict[str, str] = {}
        for key, inner, _ in resolved[1] if resolved[0] == OBJECT else ():
            if key == "...":
                texts |= self.defaults([inner], where, depth + 1)
            elif (text := _default(inner)) is not None:
                texts[key] = text
        return texts

    def models(self, calls: Iterable[list[Any]], path: Where, unknown: set[str]) -> list[Prop]:
        """Return the props that `defineModel(name, settings)` declares, each call as `[arguments, type text]`.

        Args:
            calls: The calls.
            path: The file that contains them.
            unknown: Receives `"props"` and `"events"` if a name is unknown.
        """
        props = []
        for arguments, text in calls:
            resolved = [self.modules.resolve(argument, path) for argument in arguments]
            is_named = bool(resolved) and resolved[0][0][0] != OBJECT
            name = self.modules.text(*resolved[0]) if is_named else "modelValue"
            if name is None:
                unknown.update(("props", "events"))
                continue
            value, where = next(
                ((value, where) for value, where in resolved if value[0] == OBJECT), ([OBJECT, []], path)
            )
            prop = defined_prop(self.modules, name, value, where, "", types=self.types)
            props.append(self.types.stated(prop, text, path) if text else prop)
        return props

    def _of_object(self, resolved: Value, path: Where, unknown: set[str], depth: int) -> list[Prop]:
        props: list[Prop] = []
        for key, inner, doc in named_entries(self.modules, resolved, path):
            if key is None or self.modules.effort.is_spent:
                unknown.add("props")
            elif key == "...":
                props += self.read(inner, path, unknown, depth + 1)
            else:
                props.append(defined_prop(self.modules, key, inner, path, doc, depth, types=self.types))
        return props

    def _of_list(self, resolved: Value, path: Where, unknown: set[str], depth: int) -> list[Prop]:
        props: list[Prop] = []
        for item in resolved[1]:
            if self.modules.effort.is_spent:
                unknown.add("props")
                break
            if item[0] == "...":
                props += self.read(item[1], path, unknown, depth + 1)
            elif (text := self.modules.text(item, path, depth)) is not None:
                props.append(Prop(text))
            elif item[0] in (OBJECT, NAME, CALL, MEMBER):  # a part of a list merged by a call
                props += self.read(item, path, unknown, depth + 1)
            else:
                unknown.add("props")
        return props

    def _of_call(self, call: Value, path: Where, unknown: set[str], depth: int) -> list[Prop]:
        """Return the props that a call creates, from the function's result or else from its arguments.

        `buildProps({…})`, `Object.assign({}, a, b)`, `initDefaultProps(props, {…})`, `omit(props, ['a'])`.
        """
        resolved, where = self.modules.resolve(call, path, depth)
        if resolved[0] in (OBJECT, ARRAY, OPTIONS):
            doubtful: set[str] = set()
            props = self.read(resolved, where, doubtful, depth + 1)
            if props and not doubtful:
                return props
        callee = str(call[1][-1]) if call[1][0] in (NAME, MEMBER) else ""
        listed = [argument for argument in call[2] if argument[0] not in (SOURCE, STRING, FUNCTION)]
        choice = _CHOICE.match(callee)
        props = []
        for argument in listed[:1] if choice else listed:
            props += self.read(argument, path, unknown, depth + 1)
        if not props:
            unknown.add("props")
        if choice and len(listed) > 1:
            names, there = self.modules.resolve(listed[1], path, depth)
            chosen = {self.modules.text(name, there) for name in names[1]} if names[0] == ARRAY else set()
            keeps = choice[0].lower() in ("pick", "pluck", "only")
            props = [prop for prop in props if (prop.name in chosen) == keeps]
        return _without_defaults(props) if "efault" in callee else props


def named_entries(modules: Modules, resolved: Value, path: Where) -> Iterator[tuple[str | None, Value, str]]:
    """Yield `(key, value, doc)` of an object value; computed keys are resolved, and None if unknown."""
    for key, inner, doc in resolved[1]:
        if key == "[]":
            yield modules.text(inner[1], path) or None, inner[2], doc
        else:
            yield key, inner, doc


def defined_prop(
    modules: Modules,
    name: str,
    value: Value,
    path: Where,
    doc: str,
    depth: int = 0,
    *,
    types: PropTypes | None = None,
) -> Prop:
    """Return the prop described by a definition such as `{type: String, default: 'a'}` and its comment.

    Args:
        modules: The facts of all files.
        name: The prop's name.
        value: The definition.
        path: The file or the scope in which it stands.
        doc: Its comment.
        depth: The nesting depth of the request.
        types: Reads the type of `Object as PropType<Item>`.
    """
    settings = _definition(modules, value, path, depth)
    words, tags = doc_tags(doc)
    values = tuple(settings.get("values") or ()) or tuple(
        v.strip(" '\"`") for v in tags.get("values", "").split(",") if v.strip(" '\"`")
    )
    kind = settings.get("type") or tags.get("type", "").strip("{} ")
    default = settings.get("default") or tags.get("default") or None
    prop = Prop(name, kind, bool(settings.get("required")), words, default, values)
    return types.stated(prop, *settings["stated"]) if types is not None and "stated" in settings else prop


def _definition(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any]:
    """Return the settings in a prop's definition: `type`, `required`, `default`, `values`."""
    if not modules.effort.spend(1, depth):
        return {}
    kind = value[0]
    if kind == NAME and value[1] in _TYPES:
        return {"type": _TYPES[value[1]]}
    if kind == ARRAY:
        return {"type": _union(modules, value, path, depth + 1)}
    if kind == SOURCE:
        named = re.fullmatch(r"PropType<(.*)>", value[1], re.S)
        return {"type": named[1], "stated": (named[1], path, *value[2:])} if named else {}
    if kind == OBJECT:
        return _settings(modules, value, path, depth)
    if kind == FUNCTION:
        return {"type": "function"}
    if kind in (MEMBER, CALL):
        known = _prop_type(modules, value, path, depth)
        if known is not None:
            return known
    if kind in (NAME, MEMBER, CALL):
        resolved, where = modules.resolve(value, path, depth, calls=False)
        if resolved != value or where != path:
            return modules.effort.once(
                "prop", resolved, where, lambda: _definition(modules, resolved, where, depth + 1), {}
            )
        if kind == CALL:
            return _definition_of_call(modules, value, path, depth)
        if kind == NAME and value[1][:1].isupper():
            return {"type": value[1]}
    return {}


def _definition_of_call(modules: Modules, call: Value, path: Where, depth: int) -> dict[str, Any]:
    """Read `makeProp(String, 'a')`: the function's result, else its arguments as type and default."""
    resolved, where = modules.resolve(call, path, depth)
    if resolved[0] == OBJECT:
        known = _definition(modules, resolved, where, depth + 1)
        if known.get("type"):
            return known
    settings: dict[str, Any] = {}
    for argument in call[2]:
        definition = _definition(modules, argument, path, depth + 1)
        if argument[0] in (STRING, SOURCE) and not definition and "default" not in settings:
            settings["default"] = _source(argument)
        elif argument[0] != FUNCTION:
            settings = {**definition, **settings}
    return settings


def _settings(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, inner, _ in value[1]:
        if key == "..." or key == "type":
            settings |= _definition(modules, inner, path, depth + 1)
        elif key == "default":
            settings["default"] = inner[1] if inner[0] in (SOURCE, NAME) else None
        elif key == "required":
            settings["required"] = inner == [SOURCE, "true"]
        elif key in ("validator", "values"):
            resolved, where = modules.resolve(inner, path, depth)
            listed = [modules.text(item, where, depth) for item in resolved[1]] if resolved[0] == ARRAY else []
            if listed and None not in listed:
                settings["values"] = tuple(listed)
    return settings


def _prop_type(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any] | None:
    """Read `PropTypes.bool.def(true)`, `PropTypes.oneOf(['a', 'b']).isRequired`, or return None."""
    settings: dict[str, Any] = {}
    known = False
    while value[0] in (MEMBER, CALL):
        arguments = value[2] if value[0] == CALL else []
        name = value[1][2] if value[0] == CALL and value[1][0] == MEMBER else value[2] if value[0] == MEMBER else None
        if name in ("def", "default") and arguments:
            settings["default"] = _source(arguments[0])
        elif name == "isRequired":
            settings["required"] = True
        elif name in ("oneOf", "oneOfType") and arguments:
            known = True
            resolved, where = modules.resolve(arguments[0], path, depth)
            if resolved[0] == CALL and resolved[2]:  # tuple('a', 'b')
                resolved = resolved[2][0] if resolved[2][0][0] == ARRAY else [ARRAY, resolved[2]]
            if resolved[0] == ARRAY and name == "oneOf":
                listed = [modules.text(item, where, depth) for item in resolved[1]]
                settings["values"] = tuple(item for item in listed if item is not None)
                settings["type"] = "string"
            elif resolved[0] == ARRAY:
                settings["type"] = _union(modules, resolved, where, depth + 1)
        elif name in _PROP_TYPES:
            known = True
            settings.setdefault("type", _PROP_TYPES[name])
        value = value[1][1] if value[0] == CALL and value[1][0] == MEMBER else value[1]
    return settings if known and value[0] == NAME and "ype" in str(value[1]) else None


def _union(modules: Modules, resolved: Value, path: Where, depth: int) -> str:
    """Return the union of the types that a list of definitions allows."""
    types = [_definition(modules, item, path, depth).get("type", "") for item in resolved[1]]
    text = " | ".join(dict.fromkeys(t for t in types if t))
    if len(text) > _LONGEST_TYPE:
        modules.effort.is_cut = True
    return text[:_LONGEST_TYPE]


def _source(value: Value) -> str | None:
    if value[0] == STRING:
        return repr(value[1])
    return str(value[1]) if value[0] in (SOURCE, NAME) else {OBJECT: "{}", ARRAY: "[]"}.get(value[0])


def _default(value: Value) -> str | None:
    """Return the source text of a default; for a factory, of its result."""
    while value[0] == FUNCTION:
        if value[2] is None:
            return None
        value = value[2]
    if value[0] in (OBJECT, ARRAY) and value[1]:
        return "{…}" if value[0] == OBJECT else "[…]"
    return _source(value)


def _without_defaults(props: list[Prop]) -> list[Prop]:
    """Drop the duplicates from `initDefaultProps(props, {size: 'small'})`: later ones are only defaults."""
    by_name: dict[str, Prop] = {}
    for prop in props:
        by_name.setdefault(prop.name, prop)
    return list(by_name.values())
