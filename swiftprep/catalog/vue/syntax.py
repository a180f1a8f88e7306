"""Small readings of a JavaScript syntax tree: strings, names, keys, comments, parameters."""

from __future__ import annotations

import re
from functools import lru_cache

from tree_sitter import Node

from swiftprep.parsing.grammar import text_of
from swiftprep.text.characters import whole

MAX_ITEMS = 400
MAX_TEXT = 160
_LONGEST_TYPE = 600  # characters of a type

WRAPPERS = frozenset(
    ("parenthesized_expression", "as_expression", "satisfies_expression", "non_null_expression", "type_assertion")
)
DECLARED = ("function_declaration", "generator_function_declaration")
FUNCTIONS = frozenset(
    (*DECLARED, "arrow_function", "function_expression", "method_definition", "function", "generator_function")
)
_NAMES = frozenset(
    "property_identifier identifier number private_property_identifier type_identifier shorthand_property_identifier "
    "shorthand_property_identifier_pattern".split()
)
# The heading of a part of a file: `// ===== Measure =====`.
_HEADING = re.compile(r"/[/*]+\s*[=*#~_-]{3,}.*[=*#~_-]{3,}[\s*/]*")
_DOC_START = re.compile(r"\s*(?:/\*+|\*+/|\*|//+)?\s?")
_SPACES = re.compile(r"\s+")
_ESCAPE = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|.)", re.S)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": ""}
_TAG = re.compile(r"(?<!\S)@(\w+)")
_DESCRIBING = ("description", "desc", "zh", "summary", "en")  # tags whose text is the description


def short(node: Node) -> str:
    """Return the node's source text on one line, cut to `MAX_TEXT` characters."""
    text = " ".join(text_of(node).split(None, MAX_TEXT))  # words beyond these would be cut off anyway
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def type_text(node: Node) -> str:
    """Return a type's source text on one line; it ends with `…` if it is cut off."""
    text = " ".join(text_of(node).split(None, _LONGEST_TYPE))
    return text if len(text) <= _LONGEST_TYPE else text[: _LONGEST_TYPE - 1] + "…"


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
    inner = [child for child in node.named_children if child.type != "comment"]
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
        if len(text) <= 300 and (_COMMENTED_OUT.fullmatch(text) or _HEADING.fullmatch(text)):
            break  # code of another item, or the heading of several
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


def is_note(node: Node) -> bool:
    """Return whether a method's comment is `// …` without a tag: it may tell the next developer what the code does."""
    above = node.prev_sibling
    while above is not None and above.type in (",", ";"):
        above = above.prev_sibling
    is_block = above is not None and above.type == "comment" and text_of(above).startswith("/*")
    return not is_block and _TAG.search(doc_of(node)) is None


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


def key_of(node: Node) -> str | None:
    """Return a property's name, or None if it is computed."""
    kind = node.type
    if kind in _NAMES:
        return text_of(node)
    if kind == "string":
        return string_of(node)
    if kind == "computed_property_name" and node.named_children and node.named_children[0].type == "string":
        return string_of(node.named_children[0])
    return None


@lru_cache(maxsize=16)  # several readers look at the same options, one after the other
def pairs(node: Node) -> list[tuple[str, Node, Node | None]]:
    """Return `(key, entry, value)` of an object; a method is its own value.

    The key is `"..."` for a spread and `"[]"` for a computed key. The list is shared: it must not be changed.
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


def signature(node: Node) -> str:
    """Return a function's parameters as written, in brackets."""
    parameters = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
    if parameters is None:
        return "()"
    text = short(parameters)
    return text if text.startswith("(") else f"({text})"


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
