"""Read the props that an option declares, in any form: objects, lists, types, calls, PropTypes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.linking.defaults import default_of, is_literal
from swiftprep.catalog.linking.inspected import is_nothing, is_prop_type, peeled
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Where, local
from swiftprep.catalog.linking.type_props import PropTypes
from swiftprep.catalog.linking.typed import TYPES
from swiftprep.catalog.vue.value_kinds import (
    ARRAY,
    CALL,
    CHOICE,
    FUNCTION,
    IN,
    JOINED,
    MEMBER,
    NAME,
    OBJECT,
    OPERATION,
    OPTIONS,
    SOURCE,
    STRING,
    TYPED,
)
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
_LITERAL_TYPES = {"true": "boolean", "false": "boolean", "null": "", "undefined": ""}
_WORD = re.compile(r"\b[A-Z]\w*")
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
        resolved, where = self.modules.resolve(value, path, depth)
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
        elif kind in (CHOICE, OPERATION):  # of which the condition is unknown
            unknown.add("props")
            parts = resolved[2:] if kind == CHOICE else resolved[2][-1:] if resolved[1] == "&&" else resolved[2]
            props = [prop for part in parts for prop in self.read(part, where, unknown, depth + 1)]
        elif kind == OBJECT:
            props = self._of_object(resolved, where, unknown, depth)
        elif kind == ARRAY:
            props = self._of_list(resolved, where, unknown, depth)
        elif kind in TYPES:
            props, is_whole = self.types.props(resolved, where, depth)
            unknown.update(() if is_whole else ("props",))
        elif kind == OPTIONS:
            component = self.component(where, resolved[1], depth + 1)
            unknown.update(() if "props" not in component.open else ("props",))
            props = list(component.props)
        elif is_nothing(resolved):
            props = []
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
        if resolved[0] != OBJECT:
            return {}
        texts: dict[str, str] = {}
        for key, inner, _ in self.modules.evaluator.entries((resolved, where), depth):
            if key != "..." and (text := default_of(self.modules, inner, where, depth)) is not None:
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
        by_name: dict[str, Prop] = {}
        for key, inner, doc in self.modules.evaluator.entries((resolved, path), depth):
            if self.modules.effort.is_spent:
                unknown.add("props")
            elif key == "...":
                for prop in self.read(inner, path, unknown, depth + 1):
                    by_name[prop.name] = prop
            else:
                by_name[key] = defined_prop(self.modules, key, inner, path, doc, depth, types=self.types)
        return list(by_name.values())

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
            elif item[0] in (OBJECT, NAME, CALL, MEMBER, IN):  # a part of a list merged by a call
                props += self.read(item, path, unknown, depth + 1)
            else:
                unknown.add("props")
        return props

    def _of_call(self, call: Value, path: Where, unknown: set[str], depth: int) -> list[Prop]:
        """Return the props that the arguments of a call show, whose result is unknown."""
        callee = str(call[1][-1]) if call[1][0] in (NAME, MEMBER) else ""
        unknown.add("props")
        listed = [argument for argument in call[2] if argument[0] not in (SOURCE, STRING, FUNCTION)]
        props: list[Prop] = []
        for argument in listed[:1] if _CHOICE.match(callee) else listed:
            props += self.read(argument, path, unknown, depth + 1)
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
    if kind == "function" and default is not None and is_literal(default):
        default = None  # the function is the default, and this is what it returns
    prop = Prop(name, kind, bool(settings.get("required")), words, default, values)
    return types.stated(prop, *settings["stated"]) if types is not None and "stated" in settings else prop


def _definition(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any]:
    """Return the settings in a prop's definition: `type`, `required`, `default`, `values`."""
    if not modules.effort.spend(1, depth):
        return {}
    value, path = peeled(value, path)
    kind = value[0]
    if kind == NAME and value[1] in _TYPES and local(value[1], path) is None:
        return {"type": _TYPES[value[1]]}
    if kind == ARRAY:
        text = _union(modules, value, path, depth + 1)
        return {"type": text, "stated": (text, path)} if any(item[0] == TYPED for item in value[1]) else {"type": text}
    if kind == SOURCE:
        named = re.fullmatch(r"PropType<(.*)>", value[1], re.S)
        return {"type": named[1], "stated": (named[1], path)} if named else {}
    if kind == TYPED:
        checked = _definition(modules, value[2], path, depth + 1)
        if _lacks_argument(value[1], path):
            return checked
        return {**checked, "type": value[1], "stated": (value[1], path, checked.get("type", ""))}
    if kind == OBJECT:
        return _settings(modules, value, path, depth)
    if kind == FUNCTION:
        return {"type": "function"}
    if kind in (MEMBER, CALL):
        known = _prop_type(modules, value, path, depth)
        if known is not None:
            return known
    resolved, where = modules.resolve(value, path, depth)
    if resolved != value or where != path:
        return modules.effort.once(
            "prop", resolved, where, lambda: _definition(modules, resolved, where, depth + 1), {}
        )
    if kind == CALL:
        return _definition_of_call(modules, value, path, depth)
    if kind == NAME and value[1][:1].isupper():
        return {"type": value[1]}
    return {}


def _lacks_argument(text: str, path: Where) -> bool:
    """Return whether a type has a parameter of its function's to which the call gives no argument."""
    arguments = [local(f"<{name}>", path) for name in dict.fromkeys(_WORD.findall(text))]
    return any(argument is not None and argument[0] == [SOURCE, ""] for argument in arguments)


def _definition_of_call(modules: Modules, call: Value, path: Where, depth: int) -> dict[str, Any]:
    """Read `makeProp(String, 'a')` of a function that is not in the tree: its arguments as type and default."""
    settings: dict[str, Any] = {}
    for argument in call[2]:
        definition = _definition(modules, argument, path, depth + 1)
        if argument[0] in (STRING, SOURCE) and not definition and "default" not in settings:
            settings["default"] = default_of(modules, argument, path, depth)
        elif argument[0] != FUNCTION:
            settings = {**definition, **settings}
    return settings


def _settings(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, inner, _ in modules.evaluator.entries((value, path), depth):
        if key == "..." or key == "type":
            settings |= _definition(modules, inner, path, depth + 1)
        elif key == "default":
            settings["default"] = default_of(modules, inner, path, depth)
        elif key == "required":
            settings["required"] = modules.evaluator.truth((inner, path), depth) is True
        elif key in ("validator", "values"):
            resolved, where = modules.resolve(inner, path, depth)
            listed = [modules.text(item, where, depth) for item in resolved[1]] if resolved[0] == ARRAY else []
            if listed and None not in listed:
                settings["values"] = tuple(listed)
    return settings


def _prop_type(modules: Modules, value: Value, path: Where, depth: int) -> dict[str, Any] | None:
    """Read `PropTypes.bool.def(true)`, `PropTypes.oneOf(['a', 'b']).isRequired`, or return None."""
    if not is_prop_type(value, path):
        return None
    settings: dict[str, Any] = {}
    while value[0] in (MEMBER, CALL):
        arguments = value[2] if value[0] == CALL else []
        callee, there = peeled(value[1], path) if value[0] == CALL else (value, path)
        name = callee[2] if callee[0] == MEMBER and isinstance(callee[2], str) else None  # or it is computed
        if name in ("def", "default") and arguments:
            settings.setdefault("default", default_of(modules, arguments[0], path, depth))
        elif name == "isRequired":
            settings["required"] = True
        elif name in ("oneOf", "oneOfType") and arguments:
            settings = {**_one_of(modules, name, arguments[0], path, depth), **settings}
        elif name in _PROP_TYPES:
            settings.setdefault("type", _PROP_TYPES[name])
        value, path = peeled(callee[1], there) if callee[0] == MEMBER else (callee, there)
    return settings


def _one_of(modules: Modules, name: str, value: Value, path: Where, depth: int) -> dict[str, Any]:
    """Read the argument of `PropTypes.oneOf` or `oneOfType`."""
    resolved, where = modules.resolve(value, path, depth)
    if resolved[0] == CALL and resolved[2]:  # tuple('a', 'b')
        resolved = resolved[2][0] if resolved[2][0][0] == ARRAY else [ARRAY, resolved[2]]
    if resolved[0] != ARRAY:
        return {}
    if name == "oneOfType":
        return {"type": _union(modules, resolved, where, depth + 1)}
    items = [modules.resolve(*item, depth + 1) for item in modules.evaluator.items((resolved, where), depth)[0]]
    texts = [modules.evaluator.key(item, depth) for item in items]
    kinds = ["string" if item[0] in (STRING, JOINED) else _LITERAL_TYPES.get(item[1], "number") for item, _ in items]
    listed = tuple(text for (item, _), text in zip(items, texts, strict=True) if text is not None and item[0] == STRING)
    return {"type": " | ".join(dict.fromkeys(kind for kind in kinds if kind)), "values": listed}


def _union(modules: Modules, resolved: Value, path: Where, depth: int) -> str:
    """Return the union of the types that a list of definitions allows."""
    items, _ = modules.evaluator.items((resolved, path), depth)
    types = [_definition(modules, *item, depth).get("type", "") for item in items]
    text = " | ".join(dict.fromkeys(t for t in types if t))
    if len(text) > _LONGEST_TYPE:
        modules.effort.is_cut = True
    return text[:_LONGEST_TYPE]


def _without_defaults(props: list[Prop]) -> list[Prop]:
    """Drop the duplicates from `initDefaultProps(props, {size: 'small'})`: later ones are only defaults."""
    by_name: dict[str, Prop] = {}
    for prop in props:
        by_name.setdefault(prop.name, prop)
    return list(by_name.values())
