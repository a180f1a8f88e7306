"""Turn the members of types into props, with the types that a reader needs.

A name that stands for literals, basic types or a function is replaced by them; an interface keeps its name. Vue checks
other types than TypeScript: for an interface, that the value is an object.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from swiftprep.catalog.api import Prop, Slot
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Scope, Where, local
from swiftprep.catalog.linking.type_code import bracketed, bracketed_function, literals_of, quoted, written
from swiftprep.catalog.linking.type_members import Member, TypePlace
from swiftprep.catalog.linking.typed import TypeReader, filled
from swiftprep.catalog.vue.typescript_types import first_parameter, type_of, union_of
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME, SOURCE, STRING, TYPE
from swiftprep.catalog.vue.values import Value

_BASIC = {
    "string": "string", "number": "number", "boolean": "boolean", "true": "boolean", "false": "boolean",
    "object": "object", "symbol": "symbol", "bigint": "bigint", "any": "", "unknown": "",
    "void": "", "null": "", "undefined": "", "never": "",
}  # fmt: skip
# What Vue checks for types of JavaScript, of the DOM and of Vue itself.
_FOREIGN = {
    "String": "string", "Number": "number", "Boolean": "boolean", "Array": "array", "Object": "object",
    "Function": "function", "Date": "date", "Symbol": "symbol", "Promise": "promise", "RegExp": "regexp",
    "Set": "set", "Map": "map", "Error": "error", "Record": "object", "Partial": "object", "Pick": "object",
    "Omit": "object", "Required": "object", "InstanceType": "object", "Parameters": "array",
    "Element": "object", "Node": "object", "Window": "object", "Document": "object", "File": "file",
    "CSSProperties": "object", "StyleValue": "boolean string object array", "VNode": "object",
    "Component": "object function", "TransitionProps": "object",
}  # fmt: skip
_AS_A_TYPE = r"(?<![\w$.'\"`]){}(?![\w$'\"`]|\??:)"
_VERBATIM = {"fn": "function", "tuple": "array", TYPE: "object"}
_LITERAL = re.compile(r"""-?\d+(?:\.\d+)?|true|false|null|undefined|'[^'\n]*'|"[^"\n]*"|`[^`\n]*`|\(\)\s*=>.*""", re.S)
_BARE = re.compile(r"[\w#./-]+", re.ASCII)
_DOM = re.compile(r"(?:HTML|SVG)\w*Element|\w*Event")
_ARRAYS = frozenset(("Array", "ReadonlyArray"))
_NOTHING = frozenset(("null", "undefined", "void", "never"))
_ABSENT = frozenset(("undefined", "never", "void"))
_OF_STRINGS = frozenset("Exclude Extract Capitalize Uncapitalize Uppercase Lowercase".split())
_SPELT_OUT = frozenset((STRING, SOURCE, NAME, MEMBER, "[]", "fn", "tuple", "at", "keyof", "`", "=", "|", "<>", "enum"))
_LONGEST = 400  # characters of a type that replaces its name
_MOST_VALUES = 100


class Shown(NamedTuple):
    """A type as a reader needs it.

    Attributes:
        text: Its code.
        values: The strings it allows, if it allows nothing else.
        runtime: The types that Vue checks for it, such as `"object"`; `()` if unknown.
        is_plain: Whether these can be seen from its code.
    """

    text: str
    values: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    is_plain: bool = True


class PropTypes:
    """Reads props, events and slots that types declare.

    Args:
        modules: The facts of all files.
        values: Returns the props that a value declares, for `typeof props`; see `TypeReader`.
    """

    def __init__(self, modules: Modules, values: Callable[[Value, Where, set[str], int], list[Prop]]) -> None:
        self._types = TypeReader(modules, values)
        self._effort = modules.effort
        self._being_read: set[int] = set()  # the ids of aliases

    def props(self, value: Value, where: Where, depth: int = 0) -> tuple[list[Prop], bool]:
        """Return the members of a type as props, and whether these are all."""
        members = self._types.members(value, TypePlace(where, depth))
        return [self._prop(member) for member in members.by_name.values()], members.complete

    def slots(self, value: Value, where: Where, depth: int = 0) -> tuple[list[Slot], bool]:
        """Return the members of a type as slots, and whether these are all."""
        members = self._types.members(value, TypePlace(where, depth))
        slots = []
        for name, (prop, texts) in members.by_name.items():
            text, place = texts[0] if texts else (prop.type, TypePlace(where, depth))
            bindings = tuple(self._slot_props(text, place.further()))
            slots.append(Slot(name, "" if text in _BASIC else text, doc=prop.doc, bindings=bindings))
        return slots, members.complete

    def _slot_props(self, text: str, place: TypePlace) -> Iterable[str]:
        """Return the names in a slot's type: `(props: Scope) => any`, `Scope`, or a name of either."""
        scope = first_parameter(text)
        if scope is not None:
            return self._types.members(scope, place).by_name
        value = type_of(text)
        named = self._types.named(value, place) if value[0] in (NAME, MEMBER) else (value, place)
        if named is None or named[0][0] in ("fn", SOURCE):
            return ()
        if named[0][0] == "=" and named[0][1][0] == "fn":
            return self._slot_props(named[0][2], named[1].further()) if self._effort.spend(1, place.depth) else ()
        return self._types.members(*named).by_name

    def stated(self, prop: Prop, text: str, where: Where, checked: str = "") -> Prop:
        """Return a prop whose type is a text, and which Vue checks by other types: `Object as PropType<Item>`."""
        shown = self._shown(text, TypePlace(where))
        parts = [part for part in checked.split(" | ") if part]
        runtime = tuple(map(str.lower, parts)) if all(map(str.isidentifier, parts)) else ()
        if runtime and (not shown.is_plain or set(runtime) != set(shown.runtime)):
            shown = shown._replace(runtime=runtime, is_plain=False)
        return _with_type(prop, shown)

    def _prop(self, member: Member) -> Prop:
        if not member.texts:
            return member.prop
        shown = self._of_member(member)
        return _with_type(replace(member.prop, default=_default(member.prop.default, shown)), shown)

    def _of_member(self, member: Member, depth: int = 0) -> Shown:
        if not member.texts:
            prop = member.prop
            return Shown(prop.type, prop.values, prop.runtime, not prop.runtime)
        return _joined([self._shown(text, place.further(depth)) for text, place in member.texts])

    def _shown(self, text: str, place: TypePlace) -> Shown:
        parts = union_of(text) if self._effort.spend(1 + len(text) // 100, place.depth) else ()
        if not parts:
            return Shown(text, literals_of(text))
        return _joined([self._part(text, value, place.further()) for text, value in parts])

    def _part(self, text: str, value: Value, place: TypePlace) -> Shown:
        kind = value[0]
        if kind == STRING:
            return Shown(quoted(value[1]), (value[1],), ("string",))
        if kind in (NAME, MEMBER):
            argument = local(f"<{value[1]}>", place.where) if kind == NAME else None
            if argument is not None and argument[0][0] == SOURCE and argument[0][1]:
                return self._shown(argument[0][1], TypePlace(argument[1], place.depth))
            named = self._types.named(value, place)
            if named is not None and named[0][0] == TYPE and argument is not None:
                return Shown("object", (), ("object",))
            return _foreign(text) if named is None else self._of_body(text, *named)
        if kind == "[]":
            inner = self._shown(_item_of(text), place)
            return Shown(f"{bracketed(inner.text)}[]", (), ("array",))
        if kind in _VERBATIM:
            return Shown(_with_names(text, place.where), (), (_VERBATIM[kind],))
        if kind == "<>":
            return self._with_arguments(text, value, place)
        if kind in ("at", "keyof", "`"):
            return self._of_strings(text, value, place)
        if kind == "&":
            return self._of_intersection(text, value, place)
        return _of_source(text)

    def _of_body(self, text: str, body: Value, place: TypePlace) -> Shown:
        """Return what a name stands for: itself, or the text of its alias."""
        if id(body) in self._being_read:  # an alias that contains itself
            return Shown(text, is_plain=False)
        self._being_read.add(id(body))
        try:
            if not isinstance(place.where, str):
                return self._body(text, body, place)
            read = functools.partial(self._body, text, body, place)
            return self._effort.once("text", body, place.where, read, Shown(text, is_plain=False))
        finally:
            self._being_read.discard(id(body))

    def _body(self, text: str, body: Value, place: TypePlace) -> Shown:
        if body[0] == "g":
            body, place = filled(body, place, [])
        kind = body[0]
        if kind in (TYPE, "class", "map"):
            return Shown(text, (), ("object",), is_plain=False)
        if kind == "enum":
            strings = self._types.keys(body, place)
            return _literals(strings.names) if strings.complete and strings.names else Shown(text, is_plain=False)
        code = body[2] if kind == "=" else written(body)
        if not code or code.endswith("…"):
            return self._of_strings(text, body, place)
        inner = self._shown(code, place.further())
        is_short = bool(inner.values) or len(inner.text) <= _LONGEST
        if is_short and _is_spelt_out(body[1] if kind == "=" else body):
            return inner
        return Shown(text, inner.values, inner.runtime, is_plain=False)

    def _with_arguments(self, text: str, value: Value, place: TypePlace) -> Shown:
        applied = self._types.applied(value, place)
        text = _with_names(text, place.where)
        if applied is not None:
            return self._of_body(text, *applied)
        name = str(value[1][-1])
        inner = written(value[2][0]) if value[2] else ""
        if name in _ARRAYS:
            shown = f"{bracketed(self._shown(inner, place).text)}[]" if inner else text
            return Shown(shown, (), ("array",))
        if name in ("NonNullable", "Readonly", "PropType") and inner:
            return self._shown(inner, place)
        return self._of_strings(text, value, place) if name in _OF_STRINGS else _foreign(text, name)

    def _of_strings(self, text: str, value: Value, place: TypePlace) -> Shown:
        """Return a type by the strings or by the only member that it stands for, else as it is written."""
        if value[0] == "at":
            keys = self._types.keys(value[2], place)
            known = self._types.members(value[1], place).by_name if len(keys.names) == 1 else {}
            if keys.complete and len(keys.names) == 1 and keys.names[0] in known:
                member = self._of_member(known[keys.names[0]], place.depth)
                return member if member.text else Shown(text, is_plain=False)
        strings = self._types.keys(value, place)
        if strings.complete and 0 < len(strings.names) <= _MOST_VALUES:
            return _literals(strings.names)
        return Shown(text, (), ("string",) if value[0] == "`" else (), is_plain=False)

    def _of_intersection(self, text: str, value: Value, place: TypePlace) -> Shown:
        """Return `string & {}` as a string, any other intersection as an object."""
        basic = [part[1] for part in value[1] if part[0] == SOURCE and part[1] in _BASIC]
        if basic:
            return _of_source(basic[0])
        kinds = [self._part(text, part, place).runtime for part in value[1]]
        return Shown(text, (), ("object",) if all(kind == ("object",) for kind in kinds) else (), is_plain=False)


def _with_type(prop: Prop, shown: Shown) -> Prop:
    values, runtime = prop.values or shown.values, () if shown.is_plain else shown.runtime
    return replace(prop, type=shown.text, values=values, runtime=runtime)


def _default(text: str | None, shown: Shown) -> str | None:
    """Return the default that a comment states as source text, or None if it only describes it.

    A string often stands there without quotes: `@default small`.
    """
    if text is None or _LITERAL.fullmatch(text):
        return text
    if text in shown.values or (shown.text == "string" and _BARE.fullmatch(text)):
        return quoted(text)
    return text if _is_value(text) else None


def _is_value(text: str) -> bool:
    return text[:1] in "[{(" and text[-1:] in "]})" and text.isascii()


def _is_spelt_out(value: Value) -> bool:
    """Return whether the text of a type says more than its name does."""
    if value[0] == "|":
        return all(_is_spelt_out(part) for part in value[1])
    if value[0] == "<>":
        return str(value[1][-1]) in _ARRAYS | _OF_STRINGS
    return value[0] in _SPELT_OUT and (value[0] != SOURCE or value[1] in _BASIC or bool(_of_source(value[1]).runtime))


def _with_names(text: str, where: Where) -> str:
    """Return a type's text with the arguments of its type parameters instead of their names."""
    while isinstance(where, Scope):
        for name, (value, _) in where.names.items():
            if name.startswith("<") and (argument := written(value)):
                text = re.sub(_AS_A_TYPE.format(name[1:-1]), argument.replace("\\", r"\\"), text)
        where = where.outer
    return text


def _item_of(text: str) -> str:
    """Return the type of an array's items, `A | B` of `(A | B)[]`."""
    item = text.removeprefix("readonly ").removesuffix("[]").strip()
    return item[1:-1].strip() if item.startswith("(") and item.endswith(")") else item


def _foreign(text: str, name: str = "") -> Shown:
    """Return a type that the tree does not define."""
    name = name or text
    known = ("object",) if _DOM.fullmatch(name) else tuple(_FOREIGN.get(name, "").split())
    return Shown(text, (), known, is_plain=known in ((), (name.lower(),)))


def _of_source(text: str) -> Shown:
    if text in _BASIC:
        return Shown(text, (), (_BASIC[text],) if _BASIC[text] else ())
    return Shown(text, (), ("number",) if text.lstrip("-")[:1].isdigit() else ())


def _literals(strings: Iterable[str]) -> Shown:
    values = tuple(strings)
    return Shown(" | ".join(map(quoted, values)), values, ("string",))


def _joined(parts: list[Shown]) -> Shown:
    """Return the union of types; what an optional prop may lack anyway is not said."""
    if len(parts) == 1:
        return parts[0]
    said = [part for part in parts if part.text not in _ABSENT] or parts
    real = [part for part in said if part.text not in _NOTHING]
    values = tuple(dict.fromkeys(value for part in real for value in part.values))
    runtime = tuple(dict.fromkeys(kind for part in real for kind in part.runtime))
    is_union = len({part.text for part in said}) > 1
    return Shown(
        " | ".join(dict.fromkeys(bracketed_function(part.text) if is_union else part.text for part in said)),
        values if all(part.values for part in real) else (),
        runtime if all(part.runtime for part in real) else (),
        all(part.is_plain for part in real),
    )
