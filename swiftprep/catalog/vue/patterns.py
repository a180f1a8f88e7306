"""Convert what is not evaluated for flows (`flows.py`): parameters, the left sides of assignments, plain arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias

from tree_sitter import Node

from swiftprep.catalog.vue.values import key_of
from swiftprep.parsing.grammar import text_of

Expression: TypeAlias = list[Any]
Read: TypeAlias = Callable[[Node, int], Expression]

NOTHING: Expression = ["x"]
_DEEPEST = 60
_STATEMENTS = re.compile(r"_statement$|^(?:statement_block|program|switch_|else_|catch_|finally_|lexical_|variable_)")


def target_of(read: Read, node: Node, depth: int) -> Expression:
    """Convert a parameter or the left side of an assignment; `["=", target, default]` if it has a default.

    Args:
        read: Converts an expression.
        node: The pattern.
        depth: How deeply it is nested.
    """
    kind = node.type
    if depth > _DEEPEST:
        return NOTHING
    if kind in ("required_parameter", "optional_parameter"):
        inner, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        target = NOTHING if inner is None else target_of(read, inner, depth + 1)
        return target if value is None else ["=", target, read(value, depth + 1)]
    if kind in ("assignment_pattern", "object_assignment_pattern"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        target = NOTHING if left is None else target_of(read, left, depth + 1)
        return target if right is None else ["=", target, read(right, depth + 1)]
    if kind in ("identifier", "shorthand_property_identifier_pattern"):
        return ["i", text_of(node)]
    if kind == "rest_pattern" and node.named_children:
        return ["...", target_of(read, node.named_children[0], depth + 1)]
    if kind == "array_pattern":
        return ["a", [target_of(read, child, depth + 1) for child in node.named_children if child.type != "comment"]]
    if kind == "object_pattern":
        return ["o", [_member(read, child, depth + 1) for child in node.named_children if child.type != "comment"]]
    return read(node, depth + 1) if kind in ("member_expression", "subscript_expression") else NOTHING


def _member(read: Read, node: Node, depth: int) -> list[Any]:
    if node.type == "rest_pattern":
        return ["...", target_of(read, node, depth)]
    key = node.child_by_field_name("key") or node.child_by_field_name("left") or node
    value = node.child_by_field_name("value") or node
    return [key_of(key) or "", target_of(read, value, depth)]


def names_in(target: Expression) -> list[str]:
    """Return the names that a parameter or the left side of an assignment binds."""
    kind = target[0]
    if kind == "i":
        return [target[1]]
    if kind in ("=", "..."):
        return names_in(target[1])
    if kind == "a":
        return [name for item in target[1] for name in names_in(item)]
    if kind == "o":
        return [name for _, item in target[1] for name in names_in(item)]
    return []


def defaults_in(target: Expression) -> list[Expression]:
    """Return the defaults in the left side of an assignment: `slots.title` of `{ title = slots.title }`."""
    kind = target[0]
    if kind == "=":
        return [target[2], *defaults_in(target[1])]
    if kind in ("a", "o"):
        return [value for item in target[1] for value in defaults_in(item if kind == "a" else item[1])]
    return []


_FOR_TESTS = re.compile(rb"NODE_ENV['\"\]\s]*===?\s*['\"]test\b")


def is_for_tests(node: Node) -> bool:
    """Return whether a statement runs in tests only: `if (process.env.NODE_ENV === 'test') …`."""
    is_whole = node.type == "if_statement" and node.child_by_field_name("alternative") is None
    condition = node.child_by_field_name("condition") if is_whole else None
    return condition is not None and _FOR_TESTS.search(condition.text or b"") is not None


def outline(node: Node) -> Expression:
    """Return what there is to say about an argument that leads nowhere: its keys, or its text if it is a literal."""
    if node.type == "object":
        keys = [child.child_by_field_name("key") or child for child in node.named_children]
        names = [key_of(key) for key in keys if key.type not in ("comment", "spread_element")]
        return ["o", [[name, NOTHING] for name in names if name is not None]]
    return ["x", text_of(node)] if node.type in ("number", "true", "false", "null", "undefined") else NOTHING


@lru_cache(maxsize=1000)
def holds_statements(kind: str) -> bool:
    """Return whether a node of this kind holds statements."""
    return _STATEMENTS.search(kind) is not None or kind.endswith("_declaration")
