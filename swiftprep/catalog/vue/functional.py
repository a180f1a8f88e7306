"""Read the events and slots of functional components in Vue 2 from their use of the context.

`render(h, { props, listeners, slots, scopedSlots, data, children })` and `<template functional>` have no `this`:
instead of `$emit('press')` they call `listeners.press()`, and they pass on everything else by hand, as `data` or
`listeners`. If one of these is passed on whole, the component's API is not complete here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from tree_sitter import Node

from swiftprep.catalog.vue.behaviour import payload_of
from swiftprep.catalog.vue.value_kinds import STRING
from swiftprep.catalog.vue.values import WRAPPERS, key_of, pairs, string_of, unwrapped, unwrapped_once
from swiftprep.parsing.grammar import parse, text_of

# The parts that each part of the context contains, and the lists that are incomplete if a part is passed on whole.
_PARTS = {
    "context": {part: part for part in ("listeners", "slots", "scopedSlots", "data", "children")},
    "data": {"on": "listeners", "scopedSlots": "scopedSlots", "attrs": "attrs", "props": "attrs"},
}
_OPENS = {
    "context": ("events", "props", "slots"), "data": ("events", "props", "slots"), "attrs": ("props",),
    "listeners": ("events",), "slots": (), "slots()": ("slots",), "scopedSlots": ("slots",),
    "children": ("slots",),  # the default slot, and elements with `slot=`
}  # fmt: skip
_DEEPEST = 20  # levels of an expression that yields a part of the context
IN_TEMPLATE = _PARTS["context"]


def read_render(options: dict[str, Any], render: Node) -> None:
    """Add the events and slots used in a functional component's render function to its options."""
    parameters = render.child_by_field_name("parameters")
    body = render.child_by_field_name("body")
    arguments = [] if parameters is None else [child for child in parameters.named_children if child.type != "comment"]
    if body is not None and len(arguments) > 1:
        context = _Context(options, {})
        context.bind(arguments[1].child_by_field_name("pattern") or arguments[1], "context")
        context.read(body)


def read_expressions(options: dict[str, Any], texts: Iterable[str]) -> None:
    """Add the events and slots used in the expressions of a `<template functional>` to the options."""
    context = _Context(options, dict(IN_TEMPLATE))
    for text in texts:
        roots = (parse(code.encode("utf-8", "replace"), "ts").root_node for code in (f"({text}\n)", text))
        root = next((root for root in roots if not root.has_error), None)
        if root is not None:
            context.read(root)


class _Within(NamedTuple):
    """A node with its ancestors, kept by the walk, since `Node.parent` searches from the root."""

    node: Node
    above: _Within | None

    def outermost(self) -> _Within:
        """Return the outermost parentheses or type assertion around a node, or the node itself."""
        here = self
        while (
            here.above is not None and here.above.node.type in WRAPPERS and unwrapped_once(here.above.node) == here.node
        ):
            here = here.above
        return here


class _Context:
    """Tracks the parts of the context through code.

    Args:
        options: The component's options, which receive `events`, `slots` and `open`.
        names: Variable → the part it holds.
    """

    def __init__(self, options: dict[str, Any], names: dict[str, str]) -> None:
        self.options = options
        self.names = names

    def read(self, code: Node) -> None:
        stack: list[_Within] = [_Within(code, None)]
        while stack:
            here = stack.pop()
            part = self._part(here.node)
            if part is not None:
                self._use(here, part)
            else:
                stack.extend(_Within(child, here) for child in reversed(here.node.named_children))

    def bind(self, pattern: Node, part: str) -> None:
        """Record the names that a variable or a pattern binds to a part, or to parts of it."""
        if pattern.type in ("assignment_pattern", "object_assignment_pattern"):
            pattern = pattern.child_by_field_name("left") or pattern
        if pattern.type != "object_pattern":
            self.names[text_of(pattern)] = part
            return
        for child in pattern.named_children:
            key = child.child_by_field_name("key") or child.child_by_field_name("left") or child
            inner = child.child_by_field_name("value") or key
            name = None if child.type == "rest_pattern" else key_of(key)
            leads_to = _PARTS.get(part, {}).get(name or "")
            if child.type == "rest_pattern":
                self.names[text_of(child.named_children[0])] = part
            elif leads_to is not None:
                self.bind(inner, leads_to)
            elif part not in _PARTS and name is not None:
                self._named(part, name, None)

    def _part(self, node: Node, depth: int = 0) -> str | None:
        """Return the part of the context that an expression yields, or None."""
        node = unwrapped(node)
        if depth > _DEEPEST:
            return None
        if node.type in ("identifier", "shorthand_property_identifier"):
            return self.names.get(text_of(node))
        if node.type == "member_expression":
            owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
            part = None if owner is None else self._part(owner, depth + 1)
            return None if part is None or name is None else _PARTS.get(part, {}).get(text_of(name))
        if node.type == "call_expression":
            callee = node.child_by_field_name("function")
            return "slots()" if callee is not None and self._part(callee, depth + 1) == "slots" else None
        if node.type == "binary_expression" and text_of(node.child_by_field_name("operator") or node) in ("||", "??"):
            left = node.child_by_field_name("left")
            return None if left is None else self._part(left, depth + 1)
        return None

    def _use(self, here: _Within, part: str) -> None:
        """Record the use of a part: a member access, a binding to a name, or passing it on whole."""
        here = here.outermost()
        if here.above is None or _is_tested(here.node, here.above.node):
            return
        node, above = here.node, here.above.node
        if above.type == "member_expression" and above.child_by_field_name("object") == node:
            if part not in _PARTS:
                self._named(part, text_of(above.child_by_field_name("property") or above), here.above)
            return  # another part of the context, such as its props
        if above.type == "subscript_expression" and above.child_by_field_name("object") == node:
            index = above.child_by_field_name("index")
            if index is not None and index.type == "string" and part not in _PARTS:
                self._named(part, string_of(index), here.above)
                return
        elif above.type == "variable_declarator" and above.child_by_field_name("value") == node:
            pattern = above.child_by_field_name("name")
            if pattern is not None:
                self.bind(pattern, part)
            return
        self.options.setdefault("open", []).extend(_OPENS[part])

    def _named(self, part: str, name: str, asked: _Within | None) -> None:
        """Record an event or slot; `asked` is the expression that accesses it, which may be called."""
        around = None if asked is None else asked.outermost().above
        call, node = (None, None) if around is None or asked is None else (around.node, asked.node)
        is_called = call is not None and call.type == "call_expression" and call.child_by_field_name("function") == node
        arguments = call.child_by_field_name("arguments") if is_called and call is not None else None
        values = [] if arguments is None else [child for child in arguments.named_children if child.type != "comment"]
        if part == "listeners":
            words = f"({', '.join(payload_of(argument) for argument in values)})" if values else ""
            self.options.setdefault("events", []).append([[STRING, name], words, ""])
        elif part in ("slots()", "scopedSlots"):
            scope = unwrapped(values[0]) if values else None
            bindings = [key for key, _, _ in pairs(scope)] if scope is not None and scope.type == "object" else []
            names = [key for key in bindings if key not in ("...", "[]")]
            self.options.setdefault("slots", []).append([name, names, ""])


def _is_tested(node: Node, above: Node) -> bool:
    """Return whether a part is only tested for existence: `listeners && …`, `if (slots())`, `!data`."""
    if above.type == "binary_expression":
        operator = text_of(above.child_by_field_name("operator") or above)
        return operator == "&&" and above.child_by_field_name("left") == node
    if above.type == "ternary_expression":
        return above.child_by_field_name("condition") == node
    return above.type in ("unary_expression", "if_statement", "parenthesized_expression")
