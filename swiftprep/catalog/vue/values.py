"""Convert a module's expressions to values that can be stored and linked, as far as a component's API needs them.

A *value* is a JSON list; its first item is its kind, by the names of `value_kinds.py`:

    ["s", text]                          a string
    ["+", [values]]                      concatenated strings
    ["i", name]                          an identifier, to look up in the module
    ["m", value, name]                   value.name
    ["o", [[key, value, doc], …]]        an object; the key "..." spreads the value, "[]" has ["k", key, value]
    ["a", [values]]                      an array; ["...", value] spreads
    ["c", callee, [arguments]]           a call
    ["f", signature, returned]           a function, and its result if that is an object
    ["t", members, [values]]             a type: [[name, type text, required, doc], …]; more in `typescript_types.py`
    ["C", index]                         a component's or a mixin's options, see `options.py`
    ["x", text]                          anything else, as source text

Only shallow parts are converted, so a table of a thousand rows costs nothing.
"""

from __future__ import annotations

import re
from typing import Any, TypeAlias

from tree_sitter import Node

from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, FUNCTION, JOINED, MEMBER, NAME, OBJECT, SOURCE, STRING
from swiftprep.parsing.grammar import text_of
from swiftprep.text.characters import whole

Value: TypeAlias = list[Any]

MAX_DEPTH = 5
MAX_ITEMS = 400
MAX_TEXT = 160
_MORE = ("x", "…")  # stands for the unknown items beyond `MAX_ITEMS`

WRAPPERS = frozenset(
    ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion")
)
_AWAITED = "await_expression"
_NAMES = frozenset(
    "property_identifier identifier number private_property_identifier type_identifier shorthand_property_identifier "
    "shorthand_property_identifier_pattern".split()
)
_FUNCTIONS = frozenset(
    ("arrow_function", "function_expression", "function_declaration", "method_definition", "function")
)
_DOC_START = re.compile(r"\s*(?:/\*+|\*+/|\*|//+)?\s?")
_PROP_TYPE = re.compile(r"\bPropType<")
_SPACES = re.compile(r"\s+")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.S)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_TAG = re.compile(r"(?<!\S)@(\w+)")
_DESCRIBING = ("description", "desc", "zh", "summary", "en")  # tags whose text is the description


def short(node: Node) -> str:
    """Return the node's source text on one line, cut to `MAX_TEXT` characters."""
    text = " ".join(text_of(node).split(None, MAX_TEXT))  # words beyond these would be cut off anyway
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def string_of(node: Node) -> str:
    """Return the value of a string literal or a template string without substitutions."""
    raw = text_of(node)[1:-1]
    return whole(_ESCAPE.sub(_unescape, raw)) if "\\" in raw else raw


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if len(code) > 1:
        point = int(code[1:].strip("{}"), 16)
        return chr(point) if point < 0x110000 else "\ufffd"
    return _ESCAPED.get(code, code)


def unwrapped(node: Node) -> Node:
    """Return the node without parentheses and type assertions around it."""
    while node.type in WRAPPERS:
        inner = unwrapped_once(node)
        if inner is None:
            return node
        node = inner
    return node


def unwrapped_once(node: Node) -> Node | None:
    """Return the node inside one pair of parentheses or one type assertion, or None."""
    inner = node.named_children
    return None if not inner else inner[-1] if node.type == "type_assertion" else inner[0]


# An entry that is commented out: `// onClick: PropTypes.func,`, `// size?: (a: string) => void;`.
_COMMENTED_OUT = re.compile(
    r"//\s*(?:[A-Za-z_$][\w$]*\??\s*:\s*(?:[\w$.'\"`\[\](){}!-]+|.*(?:=>|\().*)\s*[,;{]"
    r"|[A-Za-z_$][\w$]*\??\s*:\s*(?:PropTypes\.\w.*|String|Number|Boolean|Array|Object|Function)|[\]})]+[,;]?)\s*",
    re.A,
)


def doc_of(node: Node) -> str:
    """Return the node's comment: the ones directly above it, else the trailing one on its line."""
    row = node.start_point[0]
    above: list[str] = []
    previous = node.prev_sibling
    while previous is not None and previous.type in (",", ";"):
        previous = previous.prev_sibling
    while previous is not None and previous.type == "comment" and previous.end_point[0] >= row - 1:
        before = previous.prev_sibling
        while before is not None and before.type in (",", ";"):
            before = before.prev_sibling
        beside = before is not None and before.end_point[0] == previous.start_point[0]
        if beside and before is not None and before.type not in ("comment", "{", "[", "("):
            break  # a trailing comment of another item
        text = text_of(previous)
        if len(text) <= 300 and _COMMENTED_OUT.fullmatch(text):
            break  # code of another item
        above.append(text)
        row = previous.start_point[0]
        previous = before
    if not above:
        after = node.next_sibling
        while after is not None and after.type in (",", ";"):
            after = after.next_sibling
        if after is not None and after.type == "comment" and after.start_point[0] == node.end_point[0]:
            above = [text_of(after)]
    return clean_doc("\n".join(reversed(above))) if above else ""


def clean_doc(comment: str) -> str:
    """Return the text of a comment on one line, without stars and slashes."""
    return _SPACES.sub(" ", " ".join(map(_words_of, comment.split("\n")))).strip()


def _words_of(line: str) -> str:
    start = _DOC_START.match(line)
    line = line[start.end() if start else 0 :].rstrip()
    return line[:-1].rstrip("*") if line.endswith("*/") else line


def doc_tags(doc: str) -> tuple[str, dict[str, str]]:
    """Split a cleaned comment into its text and its `@tag value` pairs.

    >>> doc_tags("The size. @values small, large @deprecated")
    ('The size.', {'values': 'small, large', 'deprecated': ''})
    """
    if "@" not in doc:
        return doc, {}
    tags = list(_TAG.finditer(doc))
    if not tags:
        return doc, {}
    ends = [*(tag.start() for tag in tags[1:]), len(doc)]
    values = {tag[1]: doc[tag.end() : end].strip() for tag, end in zip(tags, ends, strict=True)}
    described = next((values[tag] for tag in _DESCRIBING if values.get(tag)), "")
    if "defaultValue" in values:
        values.setdefault("default", values["defaultValue"])
    return doc[: tags[0].start()].strip() or described, values


def value_of(node: Node | None, depth: int = 0) -> Value:
    """Convert an expression."""
    if node is None:
        return [SOURCE, ""]
    node = unwrapped(node)
    while depth < MAX_DEPTH and node.type == _AWAITED and node.named_children:
        node = unwrapped(node.named_children[0])
    kind = node.type
    if kind == "string":
        return [STRING, string_of(node)]
    if kind in ("identifier", "shorthand_property_identifier", "type_identifier"):
        return [NAME, text_of(node)]
    if kind == "template_string" and depth < 2 * MAX_DEPTH:
        return _template_string(node, depth)
    if depth < MAX_DEPTH:
        if kind == "object":
            return [OBJECT, entries(node, depth)]
        if kind == "array":
            return [ARRAY, _items(node, depth)]
        if kind == "call_expression" or kind == "new_expression":
            return _call(node, depth)
        if kind == "member_expression":
            target = node.child_by_field_name("object")
            return [MEMBER, value_of(target, depth + 1), text_of(node.child_by_field_name("property") or node)]
        if kind == "binary_expression" and _operator(node) == "+":
            sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
            return [JOINED, [value_of(side, depth + 1) for side in sides]]
        if kind in _FUNCTIONS:
            return [FUNCTION, signature(node), returned(node, depth)]
    return [SOURCE, short(node)]


def _operator(node: Node) -> str:
    operator = node.child_by_field_name("operator")
    return "" if operator is None else operator.type


def _template_string(node: Node, depth: int) -> Value:
    parts: list[Value] = []
    for child in node.named_children:
        if child.type == "string_fragment":
            parts.append([STRING, text_of(child)])
        elif child.type == "template_substitution" and child.named_children:
            parts.append(value_of(child.named_children[0], max(depth + 1, MAX_DEPTH - 1)))
    if not parts:
        return [STRING, string_of(node)]
    return parts[0] if len(parts) == 1 and parts[0][0] == STRING else [JOINED, parts]


def _items(node: Node, depth: int) -> list[Value]:
    items: list[Value] = []
    for child in node.named_children[:MAX_ITEMS]:
        if child.type == "spread_element":
            items.append(["...", value_of(child.named_children[0], depth + 1)])
        elif child.type != "comment":
            items.append(value_of(child, depth + 1))
    return items + [["...", list(_MORE)]] * (node.named_child_count > MAX_ITEMS)


def _call(node: Node, depth: int) -> Value:
    callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    arguments = node.child_by_field_name("arguments")
    values = [] if arguments is None else [c for c in arguments.named_children if c.type != "comment"]
    return [CALL, value_of(callee, depth + 1), [value_of(argument, depth + 1) for argument in values[:8]]]


def key_of(node: Node) -> str | None:
    """Return a property's name, or None if it is computed."""
    if node.type == "string":
        return string_of(node)
    if node.type in _NAMES:
        return text_of(node)
    if node.type == "computed_property_name" and node.named_children and node.named_children[0].type == "string":
        return string_of(node.named_children[0])
    return None


def pairs(node: Node) -> list[tuple[str, Node, Node | None]]:
    """Return `(key, entry, value)` of an object; a method is its own value.

    The key is `"..."` for a spread and `"[]"` for a computed key.
    """
    entries: list[tuple[str, Node, Node | None]] = []
    for child in node.named_children[:MAX_ITEMS]:
        kind = child.type
        if kind == "pair":
            key = child.child_by_field_name("key")
            name = None if key is None else key_of(key)
            if key is not None:
                entries.append(("[]" if name is None else name, child, child.child_by_field_name("value")))
        elif kind == "method_definition":
            key = child.child_by_field_name("name")
            name = None if key is None else key_of(key)
            if name is not None:
                entries.append((name, child, child))
        elif kind == "shorthand_property_identifier":
            entries.append((text_of(child), child, child))
        elif kind == "spread_element" and child.named_children:
            entries.append(("...", child, child.named_children[0]))
    return entries


def entries(node: Node, depth: int = 0) -> list[list[Any]]:
    """Convert an object's properties."""
    items = []
    for key, entry, value in pairs(node):
        if key == "default" and value is not None:
            converted: Value = [SOURCE, default_text(value)]
        elif key == "validator" and value is not None:
            converted = _validator(value)
        else:
            converted = _typed(value, depth + 1)
        if key == "[]":
            computed = entry.child_by_field_name("key")
            inner = computed.named_children[0] if computed is not None and computed.named_children else None
            converted = ["k", value_of(inner, depth + 1), converted]
        items.append([key, converted, doc_of(entry)])
    return items + [["...", list(_MORE), ""]] * (node.named_child_count > MAX_ITEMS)


def _typed(node: Node | None, depth: int) -> Value:
    """Convert a value, keeping the type in `Object as PropType<Item>`."""
    if node is not None and node.type in ("as_expression", "parenthesized_expression"):
        named = _PROP_TYPE.search(text := text_of(node))
        text = text.rstrip().rstrip(")").rstrip()
        if named and text.endswith(">") and len(text) > named.end() + 1:
            stated = "PropType<" + _SPACES.sub(" ", text[named.end() : -1]).strip() + ">"
            return [SOURCE, stated, text[: named.start()][:MAX_TEXT]]
    return value_of(node, depth)


def default_text(node: Node) -> str:
    """Return the source text of a default; for a factory, of its result."""
    node = unwrapped(node)
    if node.type in _FUNCTIONS:
        result = returned_node(node)
        if result is not None:
            return short(unwrapped(result))
    return short(node)


def _validator(node: Node) -> Value:
    """Return the values that an `includes`, `indexOf` or `oneOf` allows, or the name of their list."""
    text = text_of(node)
    if len(text) > 2000:
        return [SOURCE, ""]
    listed = re.search(r"\[([^\[\]]*)\](?:\s*as const)?(?:\s*\))?\s*\.\s*(?:includes|indexOf|some)\b", text)
    listed = listed or re.search(r"\boneOf\w*\(\s*\[([^\[\]]*)\]", text)
    if listed:
        literals = re.findall(r"""'([^'\n]*)'|"([^"\n]*)"|([\w.+-]+)""", listed[1])
        return [ARRAY, [[STRING, a or b or c] for a, b, c in literals]]
    named = re.search(r"(?<![\w$])([A-Za-z_$][\w$]*)\s*\.\s*(?:includes|indexOf)\b", text)
    named = named or re.search(r"\boneOf\w*\(\s*([A-Za-z_$][\w$]*)", text)
    return [NAME, named[1]] if named else [SOURCE, ""]


def signature(node: Node) -> str:
    """Return a function's parameters as written, in brackets."""
    parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    if parameters is None:
        return "()"
    text = short(parameters)
    return text if text.startswith("(") else f"({text})"


def returned(node: Node, depth: int) -> Value | None:
    """Return a function's result if it is an object, an array, a string or a call, else None."""
    result = returned_node(node)
    if result is None:
        return None
    result = unwrapped(result)
    if result.type in ("object", "array", "call_expression", "template_string", "identifier", "binary_expression"):
        return value_of(result, depth + 1)
    return None


def returned_node(function: Node) -> Node | None:
    """Return the expression that a function returns at its end, or None."""
    body = function.child_by_field_name("body")
    if body is None:
        return None
    if body.type != "statement_block":
        return body
    for statement in reversed(body.named_children):
        if statement.type == "return_statement":
            return statement.named_children[0] if statement.named_children else None
    return None
