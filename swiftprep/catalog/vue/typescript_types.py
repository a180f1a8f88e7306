"""Convert TypeScript types to values, for `defineProps<Props>()` and `defineEmits<{…}>()`.

These forms are added to those of `values.py`; `typed.py` resolves their members, `type_props.py` their text:

    ["t", members, [values]]             an interface or object type, and its bases; see below
    ["&", [values]]                      an intersection
    ["|", [values]]                      a union
    ["[]", value]                        an array
    ["tuple", [values], text]            a tuple
    ["<>", value, [values]]              a type with arguments, `Omit<A, 'a'>`
    ["g", [[name, default]], value]      a type with parameters; a default is a value or None
    ["=", value, text]                   an alias, with the text that it stands for
    ["fn", value, text]                  a function type; the value has the events that its first parameter names
    ["call", value, text, doc]           a call signature: the type of its first parameter, the text of the others
    ["keyof", value]                     keyof A
    ["typeof", value]                    typeof a
    ["at", value, value]                 A['a']
    ["`", [values]]                      a template literal type
    ["map", name, keys, text, sign]      { [K in Keys]?: T }; the sign is "", "?" or "-?"

A member of an object type is `[name, type text, required, doc]`; the name is a value if it is computed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.syntax import MAX_ITEMS, doc_of, key_of, short, signature, string_of, type_text
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME, OBJECT, SOURCE, STRING, TYPE
from swiftprep.catalog.vue.values import Value, value_of
from swiftprep.parsing.grammar import parse, text_of

_MOST_NESTED = 40
_NAMED = r"""['"][^'"]+['"]\s*"""
_CALL = re.compile(rf"\(\s*\w+\s*:\s*(?:\|\s*)?({_NAMED}(?:\|\s*{_NAMED})*)(?:,(.*))?\)", re.S)
_TRANSPARENT = ("parenthesized_type", "readonly_type")
_SLOTS_TYPE = re.compile(r"SlotsType$")
_SIGNS = {"opting_type_annotation": "?", "omitting_type_annotation": "-?"}


def interface(node: Node) -> Value:
    """Convert an interface declaration."""
    clause = next((c for c in node.named_children if c.type in ("extends_type_clause", "extends_clause")), None)
    bases = [] if clause is None else [type_value(child) for child in clause.named_children]
    body = node.child_by_field_name("body")
    own = [TYPE, [], []] if body is None else type_value(body)
    if own[0] != TYPE:  # a mapped type is not allowed here
        return [SOURCE, short(node)]
    return _with_parameters(node, [TYPE, own[1], [*own[2], *bases]])


def alias(node: Node) -> Value:
    """Convert a `type` declaration."""
    value = node.child_by_field_name("value")
    if value is None:
        return [SOURCE, ""]
    inner = type_value(value)
    return _with_parameters(node, inner if inner[0] == TYPE else ["=", inner, type_text(value)])


def enumeration(node: Node) -> Value:
    """Convert an enum to an object of its values; a numeric value becomes its number."""
    body = node.child_by_field_name("body")
    members: list[list[Any]] = []
    number = 0
    for child in [] if body is None else body.named_children[:MAX_ITEMS]:
        value = child.child_by_field_name("value")
        name = child.child_by_field_name("name") if child.type == "enum_assignment" else child
        key = None if name is None or child.type == "comment" else key_of(name)
        if key is None:
            continue
        if value is None:
            members.append([key, [SOURCE, str(number)], doc_of(child)])
        else:
            members.append([key, value_of(value), doc_of(child)])
            number = int(text_of(value)) if text_of(value).isdecimal() and len(text_of(value)) < 9 else number
        number += 1
    return [OBJECT, members]


def class_type(node: Node) -> Value:
    """Convert a class that is only declared to the object type of its instances."""
    heritage = next((child for child in node.named_children if child.type == "class_heritage"), None)
    clause = (
        None if heritage is None else next((c for c in heritage.named_children if c.type == "extends_clause"), None)
    )
    bases = [] if clause is None else [value_of(child) for child in clause.named_children[:1]]
    body = node.child_by_field_name("body")
    members: list[list[Any]] = []
    for child in [] if body is None else body.named_children[:MAX_ITEMS]:
        name = child.child_by_field_name("name")
        key = None if name is None else key_of(name)
        is_own = not any(
            c.type in ("static", "accessibility_modifier") and text_of(c) != "public" for c in child.children
        )
        if key is not None and is_own and child.type in ("public_field_definition", "method_signature"):
            members.append([key, _member_text(child), not any(c.type == "?" for c in child.children), doc_of(child)])
    return ["class", [TYPE, members, bases]]


def _with_parameters(node: Node, value: Value) -> Value:
    parameters = node.child_by_field_name("type_parameters")
    if parameters is None:
        return value
    named: list[list[Any]] = []
    for child in parameters.named_children:
        name, default = child.child_by_field_name("name"), child.child_by_field_name("value")
        if name is not None:
            default_type = (
                None if default is None or not default.named_children else type_value(default.named_children[0])
            )
            named.append([text_of(name), default_type])
    return ["g", named, value]


def type_value(node: Node, depth: int = 0) -> Value:
    """Convert a type."""
    kind = node.type
    children = [child for child in node.named_children if child.type != "comment"]
    if depth > _MOST_NESTED:
        return [SOURCE, short(node)]
    if kind in ("object_type", "interface_body"):
        return _object_type(node, depth)
    if kind == "type_identifier":
        return [NAME, text_of(node)]
    if kind == "nested_type_identifier" and len(children) == 2:
        return [MEMBER, value_of(children[0]), text_of(children[1])]
    if kind == "generic_type" and len(children) == 2:
        return [
            "<>",
            type_value(children[0], depth + 1),
            [type_value(c, depth + 1) for c in children[1].named_children],
        ]
    if kind in ("intersection_type", "union_type"):
        sign = "&" if kind == "intersection_type" else "|"
        parts = _operands(node)
        more: list[Value] = [[SOURCE, "…"]] if len(parts) > MAX_ITEMS else []
        return [sign, [*(type_value(part, depth + 1) for part in parts[:MAX_ITEMS]), *more]]
    if kind in _TRANSPARENT and children:
        return type_value(children[0], depth + 1)
    if kind == "array_type" and children:
        return ["[]", type_value(children[0], depth + 1)]
    if kind == "tuple_type":
        items = [child.child_by_field_name("type") or child for child in children[:MAX_ITEMS]]
        items = [
            item.named_children[0] if item.type == "type_annotation" and item.named_children else item for item in items
        ]
        return ["tuple", [type_value(item, depth + 1) for item in items], type_text(node)]
    if kind == "template_literal_type":
        return ["`", [_template_part(child, depth + 1) for child in children[:MAX_ITEMS]]]
    if kind == "literal_type" and children and children[0].type == "string":
        return [STRING, string_of(children[0])]
    if kind == "index_type_query" and children:
        return ["keyof", type_value(children[0], depth + 1)]
    if kind == "type_query" and children:
        return ["typeof", value_of(children[0])]
    if kind == "lookup_type" and len(children) == 2:
        return ["at", type_value(children[0], depth + 1), type_value(children[1], depth + 1)]
    if kind == "function_type":
        return ["fn", _called(node, "", depth), type_text(node)]
    return [SOURCE, short(node)]


def _item(node: Node) -> Node:
    """Return the type of a tuple's item, which may have a name: `[id: number]`."""
    annotation = node.child_by_field_name("type")
    return node if annotation is None or not annotation.named_children else annotation.named_children[0]


def _template_part(node: Node, depth: int) -> Value:
    if node.type == "template_type" and node.named_children:
        return type_value(node.named_children[0], depth)
    return [STRING, text_of(node)]


@lru_cache(maxsize=8192)
def union_of(text: str) -> tuple[tuple[str, Value], ...]:
    """Return the parts of a union, or the only part of another type, each with its text; `()` if it cannot be read."""
    alias = next(iter(parse(f"type A = {text}".encode("utf-8", "replace"), "ts").root_node.named_children), None)
    value = None if alias is None else alias.child_by_field_name("value")
    if alias is None or value is None or alias.has_error or alias.end_byte < len(text.encode("utf-8", "replace")):
        return ()
    parts = [value]
    while len(parts) == 1 and parts[0].type in ("union_type", *_TRANSPARENT):
        parts = _operands(parts[0]) if parts[0].type == "union_type" else parts[0].named_children[:1]
    return tuple((type_text(part), type_value(part)) for part in parts)


def type_of(text: str) -> Value:
    """Return the value of a type's text."""
    parts = union_of(text)
    if not parts:
        return [SOURCE, text]
    return parts[0][1] if len(parts) == 1 else ["|", [value for _, value in parts]]


def slots_type(node: Node) -> Value | None:
    """Return the type `S` in `Object as SlotsType<S>`, the value of the option `slots`, or None."""
    while node.type in ("as_expression", "parenthesized_expression") and node.named_children:
        named = node.named_children[-1]
        if named.type == "generic_type" and len(named.named_children) == 2:
            arguments = [child for child in named.named_children[1].named_children if child.type != "comment"]
            if arguments and _SLOTS_TYPE.search(text_of(named.named_children[0])):
                return type_value(arguments[0])
        node = node.named_children[0]
    return None


def slots_of_call(options: Node) -> Value | None:
    """Return the type of the slots in `component<BoxSlots>()({…})` or `component<new (props, slots: S) => …>()({…})`.

    Args:
        options: The object that is passed.
    """
    call = None if options.parent is None or options.parent.type != "arguments" else options.parent.parent
    while call is not None and call.type == "call_expression":
        stated = call.child_by_field_name("type_arguments")
        for argument in [] if stated is None else stated.named_children:
            if (slots := _slots_in(argument)) is not None:
                return slots
        call = call.child_by_field_name("function")
    return None


def _slots_in(argument: Node) -> Value | None:
    """Return a type argument if it is called `…Slots`, or the type of its parameter `slots`."""
    name = argument.named_children[0] if argument.type == "generic_type" else argument
    if name.type == "type_identifier":
        return type_value(argument) if text_of(name).endswith("Slots") else None
    parameters = next((child for child in argument.named_children if child.type == "formal_parameters"), None)
    for parameter in [] if parameters is None else parameters.named_children:
        pattern, annotation = parameter.child_by_field_name("pattern"), parameter.child_by_field_name("type")
        if pattern is not None and text_of(pattern) == "slots" and annotation is not None:
            return type_value(annotation.named_children[0])
    return None


def first_parameter(text: str) -> Value | None:
    """Return the type of the first parameter of a function's type, `(props: { row: Row }) => any`, or None.

    The type may be cut off, and its result may be missing: `(props: Row)`.
    """
    source = f"type A = {text if '=>' in text else f'{text} => any'}"
    stack = [parse(source.encode("utf-8", "replace"), "ts").root_node]
    while stack:
        node = stack.pop()
        if node.type == "formal_parameters":
            first = node.named_children[0] if node.named_children else None
            annotation = None if first is None else first.child_by_field_name("type")
            return None if annotation is None else type_value(annotation.named_children[0])
        stack.extend(reversed(node.named_children))
    return None


def _operands(node: Node) -> list[Node]:
    """Return the parts of `A & B & C`, which the grammar nests, without recursion."""
    parts: list[Node] = []
    stack = [node]
    while stack:
        top = stack.pop()
        if top.type == node.type:
            stack.extend(reversed([child for child in top.named_children if child.type != "comment"]))
        else:
            parts.append(top)
    return parts


def _object_type(node: Node, depth: int) -> Value:
    """Convert an object type; an index signature becomes an unknown base."""
    members: list[list[Any]] = []
    unknown: list[Value] = []
    for child in node.named_children:
        if child.type in ("property_signature", "method_signature"):
            name = child.child_by_field_name("name")
            key = None if name is None else _member_name(name)
            if key is None:
                unknown.append([SOURCE, short(child)])
                continue
            optional = any(c.type == "?" for c in child.children)
            members.append([key, _member_text(child), not optional, doc_of(child)])
        elif child.type == "call_signature":
            called = _called(child, doc_of(child), depth)
            members += called[1]
            unknown += called[2]
        elif child.type == "index_signature":
            mapped = next((c for c in child.named_children if c.type == "mapped_type_clause"), None)
            if mapped is not None:
                return _mapped(child, mapped, depth)
            unknown.append([SOURCE, short(child)])
    return [TYPE, members, unknown]


def _member_name(name: Node) -> str | Value | None:
    key = key_of(name)
    if key is None and name.type == "computed_property_name" and name.named_children:
        computed = value_of(name.named_children[0])
        return computed if computed[0] in (NAME, MEMBER) else None
    return key


def _member_text(node: Node) -> str:
    if node.type == "method_signature":
        return signature(node)
    annotation = node.child_by_field_name("type")
    return "" if annotation is None else type_text(annotation).lstrip(": ")


def _mapped(node: Node, clause: Node, depth: int) -> Value:
    name, keys = clause.child_by_field_name("name"), clause.child_by_field_name("type")
    if name is None or keys is None or clause.child_by_field_name("alias") is not None:  # `as` renames the keys
        return [SOURCE, short(node)]
    annotation = node.child_by_field_name("type")
    text = "" if annotation is None else short(annotation).lstrip("-?+: ")
    sign = "" if annotation is None else _SIGNS.get(annotation.type, "")
    return ["map", text_of(name), type_value(keys, depth + 1), text, sign]


def _called(node: Node, doc: str, depth: int) -> Value:
    """Return the events in a call signature such as `(e: 'change' | 'input', id: number)` as members."""
    parameters = node.child_by_field_name("parameters")
    text = "" if parameters is None else text_of(parameters)
    events = called_events(text)
    if events:
        return [TYPE, [[name, arguments, False, doc] for name, arguments in events], []]
    first = None if parameters is None else next(iter(parameters.named_children), None)
    annotation = None if first is None else first.child_by_field_name("type")
    if annotation is None or not annotation.named_children or first is None:
        return [TYPE, [], [[SOURCE, short(node)]]]
    return [TYPE, [], [["call", type_value(annotation.named_children[0], depth + 1), _rest(node, first), doc]]]


def called_events(parameters: str) -> list[tuple[str, str]]:
    """Return the events that the first of a function's parameters names, each with the other parameters.

    >>> called_events("(e: 'change' | 'input', id: number)")
    [('change', '(id: number)'), ('input', '(id: number)')]
    """
    match = _CALL.fullmatch(parameters)
    if match is None:
        return []
    arguments = f"({' '.join((match[2] or '').split()).strip(', ')})"
    return [(name, arguments) for name in re.findall(r"""['"]([^'"]+)['"]""", match[1])]


def _rest(function: Node, first: Node) -> str:
    """Return a function's parameters after its first, in brackets."""
    parameters = function.child_by_field_name("parameters")
    raw = b"" if parameters is None else (parameters.text or b"")[first.end_byte - parameters.start_byte :]
    return f"({' '.join(raw.decode('utf-8', 'replace').strip(' ,()').split())})"
