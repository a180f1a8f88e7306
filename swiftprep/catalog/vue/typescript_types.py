"""Convert TypeScript types to values, for `defineProps<Props>()` and `defineEmits<{…}>()`.

These forms are added to those of `values.py`; `typed.py` resolves their members:

    ["t", members, [values]]             an interface or object type, and its bases
    ["&", [values]]                      an intersection
    ["|", [values]]                      a union
    ["<>", value, [values]]              a type with arguments, `Omit<A, 'a'>`
    ["g", [[name, default]], value]      a type with parameters; a default is a value or None
    ["keyof", value]                     keyof A
    ["typeof", value]                    typeof a
    ["at", value, value]                 A['a']
    ["map", name, keys, text, sign]      { [K in Keys]?: T }; the sign is "", "?" or "-?"
"""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.value_kinds import MEMBER, NAME, SOURCE, STRING, TYPE
from swiftprep.catalog.vue.values import MAX_ITEMS, Value, doc_of, key_of, short, signature, string_of, value_of
from swiftprep.parsing.grammar import parse, text_of

_MOST_NESTED = 40
_NAMED = r"""['"][^'"]+['"]\s*"""
_CALL = re.compile(rf"\(\s*\w+\s*:\s*(?:\|\s*)?({_NAMED}(?:\|\s*{_NAMED})*)(?:,(.*))?\)", re.S)
_TRANSPARENT = ("parenthesized_type", "readonly_type")
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
    return [SOURCE, ""] if value is None else _with_parameters(node, type_value(value))


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
    if kind == "literal_type" and children and children[0].type == "string":
        return [STRING, string_of(children[0])]
    if kind == "index_type_query" and children:
        return ["keyof", type_value(children[0], depth + 1)]
    if kind == "type_query" and children:
        return ["typeof", value_of(children[0])]
    if kind == "lookup_type" and len(children) == 2:
        return ["at", type_value(children[0], depth + 1), type_value(children[1], depth + 1)]
    if kind == "function_type":
        return _called(node, "")
    return [SOURCE, short(node)]


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
            key = None if name is None else key_of(name)
            if key is None:
                unknown.append([SOURCE, short(child)])
                continue
            optional = any(c.type == "?" for c in child.children)
            members.append([key, _member_text(child), not optional, doc_of(child)])
        elif child.type == "call_signature":
            called = _called(child, doc_of(child))
            members += called[1]
            unknown += called[2]
        elif child.type == "index_signature":
            mapped = next((c for c in child.named_children if c.type == "mapped_type_clause"), None)
            if mapped is not None:
                return _mapped(child, mapped, depth)
            unknown.append([SOURCE, short(child)])
    return [TYPE, members, unknown]


def _member_text(node: Node) -> str:
    if node.type == "method_signature":
        return signature(node)
    annotation = node.child_by_field_name("type")
    return "" if annotation is None else short(annotation).lstrip(": ")


def _mapped(node: Node, clause: Node, depth: int) -> Value:
    name, keys = clause.child_by_field_name("name"), clause.child_by_field_name("type")
    if name is None or keys is None or clause.child_by_field_name("alias") is not None:  # `as` renames the keys
        return [SOURCE, short(node)]
    annotation = node.child_by_field_name("type")
    text = "" if annotation is None else short(annotation).lstrip("-?+: ")
    sign = "" if annotation is None else _SIGNS.get(annotation.type, "")
    return ["map", text_of(name), type_value(keys, depth + 1), text, sign]


def _called(node: Node, doc: str) -> Value:
    """Return the events in a call signature such as `(e: 'change' | 'input', id: number)` as members."""
    parameters = node.child_by_field_name("parameters")
    match = None if parameters is None else _CALL.fullmatch(text_of(parameters))
    if match is None:
        return [TYPE, [], [[SOURCE, short(node)]]]
    arguments = f"({' '.join((match[2] or '').split()).strip(', ')})"
    return [TYPE, [[name, arguments, False, doc] for name in re.findall(r"""['"]([^'"]+)['"]""", match[1])], []]
