"""Convert a module's expressions to values that can be stored and linked, as far as a component's API needs them.

A *value* is a JSON list; its first item is its kind, by the names of `value_kinds.py`:

    ["s", text]                          a string
    ["+", [values]]                      a sum of strings, or of numbers; a third item marks a template string
    ["i", name]                          an identifier, to look up in the module; also `this`
    ["m", value, name]                   value.name
    ["[", value, key]                    value[key]
    ["o", [[key, value, doc], …]]        an object; the key "..." spreads the value, "[]" has ["k", key, value]
    ["a", [values]]                      an array; ["...", value] spreads
    ["c", callee, [arguments], [types]]  a call; ["...", value] spreads; the texts of its type arguments, if any
    ["f", signature, returned, parameters, body, [types]]   a function, its result and the names of its type parameters,
                                         if any; more in `functions.py`
    ["?", test, value, value]            a choice
    ["op", operator, values]             another operation, on one or two values
    ["do", statements, value]            an expression with effects: `(a.b = 1, a)`; None for the value just assigned
    ["d", text, value]                   the default of a prop as written; the value only if it may be constant
    ["as", type text, value]             `value as PropType<type>`
    ["t", members, [values]]             a type: [[name, type text, required, doc], …]; more in `typescript_types.py`
    ["C", index]                         a component's or a mixin's options, see `options.py`
    ["x", text]                          anything else, as source text

What is deeper than a few levels is converted only if it is small, so a large table costs little.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from tree_sitter import Node

from swiftprep.catalog.vue.functions import body_of, parameters_of
from swiftprep.catalog.vue.syntax import (
    FUNCTIONS,
    MAX_ITEMS,
    MAX_TEXT,
    WRAPPERS,
    clean_doc,
    doc_of,
    doc_tags,
    is_note,
    key_of,
    pairs,
    returned_node,
    short,
    signature,
    string_of,
    type_text,
    unwrapped,
    unwrapped_once,
)
from swiftprep.catalog.vue.value_kinds import (
    ARRAY,
    CALL,
    CHOICE,
    DEFAULT,
    EFFECTS,
    FUNCTION,
    ITEM,
    JOINED,
    MEMBER,
    NAME,
    OBJECT,
    OPERATION,
    SOURCE,
    STRING,
    TYPED,
)
from swiftprep.parsing.grammar import text_of

__all__ = [
    "MAX_ITEMS", "MAX_TEXT", "WRAPPERS", "Special", "Value", "clean_doc", "default_text", "doc_of", "doc_tags",
    "entries", "function_value", "is_note", "key_of", "pairs", "returned_node", "short", "signature", "string_of",
    "unwrapped", "unwrapped_once", "value_of",
]  # fmt: skip

Value: TypeAlias = list[Any]
Special: TypeAlias = Callable[[Node], Value | None]

MAX_DEPTH = 40
_SHALLOW = 5  # levels that are converted whatever their size
_SMALL = 20_000  # bytes of a deeper part
_MOST_ARGUMENTS = 40
_LONGEST_FUNCTION = 16_000  # bytes of a function whose statements are read
_LONGEST_METHOD = 800  # the same, as a method of an object
_MORE = ("x", "…")  # stands for the unknown items beyond `MAX_ITEMS`
_PROP_TYPE = re.compile(r"\bPropType<")
_SPACES = re.compile(r"\s+")
_LOGICAL = frozenset(("||", "&&", "??", "===", "!==", "==", "!=", "<", ">", "<=", ">=", "in", "-", "*", "/", "%"))
_CONSTANT = frozenset(
    "string number true false null undefined identifier member_expression subscript_expression call_expression "
    "ternary_expression binary_expression template_string unary_expression".split()
)


def value_of(node: Node | None, depth: int = 0, special: Special | None = None) -> Value:
    """Convert an expression.

    Args:
        node: The expression; None yields an unknown value.
        depth: The number of expressions around it.
        special: Converts the expression itself, an argument of a call or the result of a function in another way,
            or returns None.
    """
    if node is None:
        return [SOURCE, ""]
    node = unwrapped(node)
    while node.type == "await_expression" and node.named_children and depth < MAX_DEPTH:
        node, depth = unwrapped(node.named_children[0]), depth + 1
    if special is not None and (value := special(node)) is not None:
        return value
    kind = node.type
    if kind == "string":
        return [STRING, string_of(node)]
    if kind in ("identifier", "shorthand_property_identifier", "type_identifier", "this"):
        return [NAME, text_of(node)]
    is_read = depth < _SHALLOW or (depth < MAX_DEPTH and node.end_byte - node.start_byte <= _SMALL)
    convert = _CONVERTERS.get(kind) if is_read else None
    return [SOURCE, short(node)] if convert is None else convert(node, depth, special)


def _object(node: Node, depth: int, special: Special | None) -> Value:
    return [OBJECT, entries(node, depth)]


def _array(node: Node, depth: int, special: Special | None) -> Value:
    items: list[Value] = []
    for child in node.named_children[:MAX_ITEMS]:
        if child.type == "spread_element":
            items.append(["...", value_of(child.named_children[0], depth + 1)])
        elif child.type != "comment":
            items.append(value_of(child, depth + 1))
    return [ARRAY, items + [["...", list(_MORE)]] * (node.named_child_count > MAX_ITEMS)]


def _call(node: Node, depth: int, special: Special | None) -> Value:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    arguments = node.child_by_field_name("arguments")
    generic = node.child_by_field_name("type_arguments")
    types = (
        [] if generic is None else [[type_text(child) for child in generic.named_children if child.type != "comment"]]
    )
    if arguments is None or arguments.type != "arguments":
        return [CALL, value_of(callee, depth + 1, special), [], *types]
    values: list[Value] = []
    for child in arguments.named_children[:_MOST_ARGUMENTS]:
        if child.type == "spread_element":
            values.append(["...", value_of(child.named_children[0], depth + 1)])
        elif child.type != "comment":
            values.append(value_of(child, depth + 1, special))
    return [CALL, value_of(callee, depth + 1, special), values, *types]


def _member(node: Node, depth: int, special: Special | None) -> Value:
    owner = value_of(node.child_by_field_name("object"), depth + 1, special)
    return [MEMBER, owner, text_of(node.child_by_field_name("property") or node)]


def _item(node: Node, depth: int, special: Special | None) -> Value:
    owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
    if index is not None and index.type == "string":
        return [MEMBER, value_of(owner, depth + 1), string_of(index)]
    return [ITEM, value_of(owner, depth + 1), value_of(index, depth + 1)]


def _binary(node: Node, depth: int, special: Special | None) -> Value:
    operator = node.child_by_field_name("operator")
    sign = "" if operator is None else operator.type
    if sign != "+" and sign not in _LOGICAL:
        return [SOURCE, short(node)]
    sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
    values = [value_of(side, depth + 1, special) for side in sides]
    return [JOINED, values] if sign == "+" else [OPERATION, sign, values]


def _unary(node: Node, depth: int, special: Special | None) -> Value:
    operator, operand = node.child_by_field_name("operator"), node.child_by_field_name("argument")
    sign = "" if operator is None else operator.type
    if sign == "void":
        return [SOURCE, "undefined"]
    if sign in ("!", "typeof"):
        return [OPERATION, sign, [value_of(operand, depth + 1)]]
    return [SOURCE, short(node)]


def _choice(node: Node, depth: int, special: Special | None) -> Value:
    parts = ("condition", "consequence", "alternative")
    return [CHOICE, *(value_of(node.child_by_field_name(part), depth + 1, special) for part in parts)]


def _instantiation(node: Node, depth: int, special: Special | None) -> Value:
    """Convert `Array<Item>`, as in `type: Array<Item>`."""
    return [TYPED, type_text(node), value_of(node.named_children[0], depth + 1, special)]


def _template_string(node: Node, depth: int, special: Special | None) -> Value:
    parts: list[Value] = []
    for child in node.named_children:
        if child.type == "string_fragment":
            parts.append([STRING, text_of(child)])
        elif child.type == "template_substitution" and child.named_children:
            parts.append(value_of(child.named_children[0], depth + 1))
    if not parts:
        return [STRING, string_of(node)]
    return parts[0] if len(parts) == 1 and parts[0][0] == STRING else [JOINED, parts, ""]


def _effects(node: Node, depth: int, special: Special | None) -> Value:
    """Convert `(a, b)` and `a = b`; the value of the latter is that of its right side."""
    if node.type == "assignment_expression":
        sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
        return [EFFECTS, [["=", value_of(sides[0], depth + 1), value_of(sides[1], depth + 1, special)]], None]
    parts = [child for child in node.named_children if child.type != "comment"]
    if not parts:
        return [SOURCE, ""]
    if len(parts) == 2 and parts[0].type == "number":  # (0, make)()
        return value_of(parts[1], depth + 1, special)
    effects = [value_of(part, depth + 1) for part in parts[:-1]]
    last = value_of(parts[-1], depth + 1, special)
    return [EFFECTS, [["do", effect] for effect in effects], last]


def _function(node: Node, depth: int, special: Special | None) -> Value:
    return function_value(node, depth, special)


_CONVERTERS: dict[str, Callable[[Node, int, Special | None], Value]] = {
    "object": _object, "array": _array, "call_expression": _call, "new_expression": _call,
    "member_expression": _member, "subscript_expression": _item, "binary_expression": _binary,
    "instantiation_expression": _instantiation,
    "unary_expression": _unary, "ternary_expression": _choice, "template_string": _template_string,
    "sequence_expression": _effects, "assignment_expression": _effects, **dict.fromkeys(FUNCTIONS, _function),
}  # fmt: skip


def function_value(
    node: Node, depth: int = 0, special: Special | None = None, *, longest: int = _LONGEST_FUNCTION
) -> Value:
    """Convert a function; its statements are only read if it has at most `longest` bytes."""
    result = returned_node(node)
    returned = None if result is None else value_of(result, depth + 1, special)

    def convert(inner: Node | None) -> Value:
        return value_of(inner, depth + 1)

    if node.end_byte - node.start_byte > longest:
        return [FUNCTION, signature(node), returned, parameters_of(node, convert), None]

    def convert_result(inner: Node | None) -> Value:
        return value_of(inner, depth + 1, special)

    body = body_of(node, convert, convert_result)
    generic = node.child_by_field_name("type_parameters")
    types = [] if generic is None else [[text_of(child.named_children[0]) for child in generic.named_children]]
    return [FUNCTION, signature(node), returned, parameters_of(node, convert), body, *types]


def entries(node: Node, depth: int = 0) -> list[list[Any]]:
    """Convert an object's properties."""
    items = []
    for key, entry, value in pairs(node):
        if key == "default" and value is not None:
            converted = default_value(value, depth + 1)
        elif key == "validator" and value is not None:
            converted = _validator(value)
        else:
            converted = _entry(value, depth + 1)
        if key == "[]":
            computed = entry.child_by_field_name("key") or entry.child_by_field_name("name")
            inner = computed.named_children[0] if computed is not None and computed.named_children else None
            converted = ["k", value_of(inner, depth + 1), converted]
        items.append([key, converted, doc_of(entry)])
    return items + [["...", list(_MORE), ""]] * (node.named_child_count > MAX_ITEMS)


def _entry(node: Node | None, depth: int) -> Value:
    """Convert a property's value, keeping the type in `Object as PropType<Item>`."""
    if node is not None and node.type in FUNCTIONS:
        return function_value(node, depth, longest=_LONGEST_METHOD)
    if node is not None and node.type in ("as_expression", "parenthesized_expression"):
        named = _PROP_TYPE.search(text := text_of(node))
        text = text.rstrip().rstrip(")").rstrip()
        if named and text.endswith(">") and len(text) > named.end() + 1:
            stated = _SPACES.sub(" ", text[named.end() : -1]).strip()
            return [TYPED, stated, value_of(node, depth)]
    return value_of(node, depth)


def default_value(node: Node, depth: int = 0) -> Value:
    """Convert the default of a prop: its text, and its value if that may be constant.

    An object with a type is no default, but the definition of a prop that is called `default`.
    """
    inner = unwrapped(node)
    is_kept = inner.type in _CONSTANT or (inner.type == "object" and any(key == "type" for key, _, _ in pairs(inner)))
    return [DEFAULT, default_text(node), _entry(node, depth) if is_kept else None]


def default_text(node: Node) -> str:
    """Return the source text of a default; for a factory, of its result."""
    node = unwrapped(node)
    if node.type in FUNCTIONS:
        result = returned_node(node)
        if result is not None:
            return short(unwrapped(result))
    return short(node)


_ANY_OF_A_TYPE = re.compile(r"\b(?:typeof|instanceof|isNaN|isFinite|isNumber|isInteger)\b|\.test\(")


def _validator(node: Node) -> Value:
    """Return the values that an `includes`, `indexOf` or `oneOf` allows, or the name of their list."""
    text = text_of(node)
    if len(text) > 2000 or ("||" in text and _ANY_OF_A_TYPE.search(text)):
        return [SOURCE, ""]
    listed = re.search(r"\[([^\[\]]*)\](?:\s*as const)?(?:\s*\))?\s*\.\s*(?:includes|indexOf|some)\b", text)
    listed = listed or re.search(r"\boneOf\w*\(\s*\[([^\[\]]*)\]", text)
    if listed:
        literals = re.findall(r"""'([^'\n]*)'|"([^"\n]*)"|([\w.+-]+)""", listed[1])
        return [ARRAY, [[STRING, a or b or c] for a, b, c in literals]]
    named = re.search(r"(?<![\w$])([A-Za-z_$][\w$]*)\s*\.\s*(?:includes|indexOf)\b", text)
    named = named or re.search(r"\boneOf\w*\(\s*([A-Za-z_$][\w$]*)", text)
    return [NAME, named[1]] if named else [SOURCE, ""]
