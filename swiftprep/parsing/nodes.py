"""Helpers for the syntax trees of Python and Java: statements, definitions and their text."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

from tree_sitter import Node

from swiftprep.parsing.grammar import parse

Language: TypeAlias = Literal["python", "java"]

COMMENTS = ("comment", "line_comment", "block_comment", "line_continuation")
INTERFACES = ("interface_declaration", "annotation_type_declaration")
MAX_SHOWN = 10_000  # bytes of source that `line_of` puts on one line
MAX_NESTED = 50  # levels of nested classes that are listed

_FUNCTIONS = ("function_definition", "method_declaration", "constructor_declaration", "compact_constructor_declaration")
_CLASSES = ("class_definition", "class_declaration", "enum_declaration", "record_declaration", *INTERFACES)
_TRANSPARENT = frozenset((
    "if_statement", "elif_clause", "else_clause", "try_statement", "except_clause", "finally_clause", "with_statement",
    "match_statement", "case_clause", "block", "enum_body_declarations", "ERROR",
))  # fmt: skip


@lru_cache(maxsize=2)  # entries, units and members are all read from one file before the next
def root_of(source: bytes, language: Language) -> Node:
    """Return the root of a file's syntax tree."""
    return parse(source, language).root_node


def is_broken(definition: Node) -> bool:
    """Return whether the header of a definition has a syntax error and so may be misread."""
    head = itertools.takewhile(lambda n: not n.type.endswith((":", "block", "body")), definition.children)
    return field_of(definition, "name") is None or any(child.has_error or child.is_missing for child in head)


def statements_of(body: Node | None) -> Iterator[Node]:
    """Yield the statements of a body, including those in branches of `if`, `try`, `with` and `match`."""
    return (statement for statement, _ in statements_in(body))


def statements_in(body: Node | None) -> Iterator[tuple[Node, Node]]:
    """Yield each statement of `statements_of` with its parent, because `Node.parent` is slow."""
    stack = [] if body is None else [(node, body) for node in reversed(body.named_children)]
    while stack:
        node, parent = stack.pop()
        if node.type in _TRANSPARENT:
            stack.extend((child, node) for child in reversed(node.named_children))
        else:
            yield node, parent


def undecorated(node: Node) -> Node:
    """Return a definition without its decorators."""
    return field_of(node, "definition") or node


def kind_of(node: Node) -> str:
    """Return `"function"` or `"class"`, or `""` if the node is no definition."""
    type_ = undecorated(node).type
    return "function" if type_ in _FUNCTIONS else "class" if type_ in _CLASSES else ""


def name_of(node: Node) -> str:
    """Return the name that a node defines."""
    return text_of(field_of(undecorated(node), "name"))


def span_of(node: Node) -> tuple[int, int]:
    """Return a node's first and last line, from 1."""
    return node.start_point.row + 1, node.end_point.row + 1


def field_of(node: Node | None, name: str) -> Node | None:
    """Return the child in the node's field `name`, or None."""
    return None if node is None else node.child_by_field_name(name)


def children_of(node: Node | None) -> list[Node]:
    """Return a node's named children; `[]` for None."""
    return [] if node is None else node.named_children


def text_of(node: Node | None) -> str:
    """Return the source text of a node; `""` for None."""
    return "" if node is None else (node.text or b"").decode("utf-8", "replace")


def line_of(node: Node | None) -> str:
    """Return a node's source on one line, without comments; long text is cut off."""
    if node is None or "\n" not in text_of(node):
        return text_of(node)
    parts: list[str] = [""]
    end, stack = node.start_byte, [node]
    while stack and end - node.start_byte < MAX_SHOWN:
        leaf = stack.pop()
        if leaf.child_count and leaf.type not in ("string", "string_literal"):  # only their escapes are child nodes
            stack.extend(reversed(leaf.children))
        elif leaf.type not in COMMENTS:
            glued = leaf.start_byte == end or parts[-1].endswith(("(", "[", "{")) or leaf.type in (")", "]", "}")
            parts += [text for text in (" " * (not glued), text_of(leaf)) if text]
            end = leaf.end_byte
    return "".join([*parts, " …"] if stack else parts)
