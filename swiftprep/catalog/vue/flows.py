"""Convert functions that may reach a component's slots, listeners or events, so that linking can trace them.

A *flow* is the part of a function that matters: `[parameters, steps]`. A step is an expression, `["=", target, value]`
or `["r", value]` for what is returned. An *expression* is a JSON list:

    ["T"]                              `this`
    ["s", text]  ["i", name]           a string, a name
    ["+", parts]                       a concatenated text
    ["m", value, name]                 value.name
    ["[", value, key]                  value[key]
    ["c", callee, arguments]           a call; an argument may be ["...", value]
    ["o", [[key, value], …]]           an object; the key "..." spreads, a list is a computed key
    ["a", items]                       an array
    ["f", flow]                        a function
    ["?", values, tested]              one of the values; what is only evaluated is in `tested`
    [",", values]                      values that are only evaluated
    ["e", value, "in" or "of"]         a key or an item of what a loop goes over
    ["j", tag, attributes, children]   an element; ["t", name] is a tag of a template
    ["!"]                              code nested too deeply to be read
    ["x"]  ["x", text]                 anything else; the text of a number or the like

What cannot reach a component is left out, so that the flows of most functions are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any, TypeAlias

from tree_sitter import Node

from swiftprep.catalog.vue.patterns import (
    NOTHING,
    Expression,
    defaults_in,
    holds_statements,
    is_for_tests,
    names_in,
    outline,
    target_of,
)
from swiftprep.catalog.vue.syntax import DECLARED, FUNCTIONS
from swiftprep.catalog.vue.values import WRAPPERS, key_of, string_of, unwrapped_once
from swiftprep.parsing.grammar import text_of

Flow: TypeAlias = list[Any]

# Members through which a component, its context or its instance is reached.
PARTS = frozenset(
    "$slots $scopedSlots $listeners $attrs $emit $props slots scopedSlots listeners attrs emit data on props proxy ctx "
    "setupContext parent $parent $createElement".split()
)
RENDERERS = frozenset("h createElement createVNode _createVNode $createElement _c".split())
_TELLING = re.compile(r"slot|listener|emit|attrs", re.I)
_HOOK = re.compile(r"(?:use|define|get|create|with|make)[A-Z]|inject\Z")
_COPIES = re.compile(rb"(?:\[\]|Array\.prototype)\.slice\.call|Array\.from|toArray")  # of a list
_DEEPEST = 60
_AROUND = WRAPPERS | {"await_expression"}
_DULL = ("i", "s", "x")  # kinds of expressions that do nothing by themselves
_NAMES = frozenset("s+i?ma")  # the kinds of what may be a name, or names


class FlowReader:
    """Converts functions to flows.

    Args:
        known: The names of the component's own methods and computed properties.
        dull: Parameters that lead nowhere, such as the props of `setup`.
        may_do: Tells whether a method of the component may do something with a name that it is told.
        apart: Where component options begin, which are converted by themselves.
        in_template: Whether the code is that of a template, whose names are members of the component.
    """

    def __init__(
        self,
        known: Iterable[str] = (),
        *,
        dull: Iterable[str] = (),
        may_do: Callable[[str], bool] | None = None,
        apart: Container[int] = frozenset(),
        in_template: bool = False,
    ) -> None:
        self._known = frozenset(known)
        self._dull = frozenset(dull)
        self._may_do = may_do
        self._apart = apart
        self._in_template = in_template
        self._live: list[set[str]] = []  # of each function around: the names that may hold something

    def function(self, node: Node, depth: int = 0) -> Flow:
        """Convert a function."""
        listed = node.child_by_field_name("parameters") or node.child_by_field_name("parameter")
        nodes = [] if listed is None else [listed] if listed.type == "identifier" else listed.named_children
        self._live.append(set())
        parameters = [target_of(self.expression, child, depth) for child in nodes if child.type != "comment"]
        for parameter in parameters:
            self._live[-1].update(names_in(parameter))
        self._live[-1] -= self._dull
        self._live[-1].add("arguments")
        body = node.child_by_field_name("body")
        steps: list[Expression] = []
        if body is not None and body.type == "statement_block":
            self._statements(body.named_children, steps, depth)
        elif body is not None:
            result = self.expression(body, depth + 1)
            steps += [["r", result]] if result is not NOTHING else []
        self._live.pop()
        return [parameters, steps]

    def block(self, nodes: Sequence[Node]) -> Flow:
        """Convert statements, such as those of a `<script setup>`, to a flow without parameters."""
        self._live.append(set())
        steps: list[Expression] = []
        self._statements(nodes, steps, 0)
        self._live.pop()
        return [[], steps]

    def _statements(self, nodes: Sequence[Node], steps: list[Expression], depth: int) -> None:
        later = [node for node in nodes if node.type in DECLARED]
        named = [node.child_by_field_name("name") for node in later]
        self._live[-1].update(text_of(name) for name in named if name is not None)
        after: list[Expression] = []
        for node in nodes:
            if node.type != "comment" and node.type not in DECLARED:
                self._statement(node, after, depth)
        for node in later:  # their bodies use the names that the other statements bind
            name = node.child_by_field_name("name")
            steps += [["=", ["i", text_of(name)], ["f", self.function(node, depth + 1)]]] if name is not None else []
        steps += after

    def _statement(self, node: Node, steps: list[Expression], depth: int) -> None:
        kind = node.type
        if depth > _DEEPEST:
            steps.append(["!"])
        elif is_for_tests(node):
            return
        elif kind == "return_statement":
            result = self._inside(node, depth)
            steps += [["r", result]] if result is not NOTHING else []
        elif kind == "variable_declarator":
            self._assigned(node.child_by_field_name("name"), node.child_by_field_name("value"), steps, depth)
        elif kind == "for_in_statement":
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            over = NOTHING if right is None else self.expression(right, depth + 1)
            if left is not None and self.is_worth(over):
                how = "of" if any(child.type == "of" for child in node.children) else "in"
                target = target_of(self.expression, left, depth)
                self._live[-1].update(names_in(target))
                steps.append(["=", target, ["e", over, how]])
            body = node.child_by_field_name("body")
            if body is not None:
                self._statement(body, steps, depth + 1)
        elif kind == "export_statement":
            declared = node.child_by_field_name("declaration")
            if declared is not None:
                self._statements([declared], steps, depth + 1)
        elif holds_statements(kind):
            if not kind.startswith(("class", "interface", "type", "enum", "import")):
                self._statements(node.named_children, steps, depth + 1)
        elif kind in ("class", "import_statement", "empty_statement"):
            return
        else:
            found = self.expression(node, depth + 1)
            steps += [found] if self.is_live(found) else []

    def _assigned(self, target: Node | None, value: Node | None, steps: list[Expression], depth: int) -> None:
        if target is None or value is None:
            return
        found = self.expression(value, depth + 1)
        is_worth = self.is_worth(found)
        if is_worth or target.type in ("object_pattern", "array_pattern"):
            left = target_of(self.expression, target, depth)
            if is_worth or any(map(self.is_live, defaults_in(left))):
                self._live[-1].update(names_in(left) if self.is_live(found) or found[0] != "s" else ())
                steps.append(["=", left, found])

    def is_live(self, expression: Expression) -> bool:
        """Return whether an expression may hold, or do something to, what leads to a component."""
        kind = expression[0]
        if kind == "i":
            is_bound = self._in_template or any(expression[1] in names for names in self._live)
            return is_bound and expression[1] not in RENDERERS
        if kind == "m":
            if expression[1][0] == "T":
                return (
                    expression[2] in PARTS or expression[2] in self._known or bool(_TELLING.search(str(expression[2])))
                )
            return self.is_live(expression[1])
        if kind in ("+", "a"):
            return any(map(self.is_live, expression[1]))
        if kind == "o":
            return any(key == "..." or self.is_live(value) for key, value in expression[1])
        if kind == "?":
            return any(map(self.is_live, (*expression[1], *expression[2])))
        return kind not in ("s", "x")

    def is_worth(self, expression: Expression) -> bool:
        """Return whether an expression is worth being bound to a name: it leads somewhere, or is a text."""
        if expression[0] in ("+", "a"):
            return all(map(self.is_worth, expression[1]))
        return expression[0] in ("s", "i", "?", "o") or self.is_live(expression)

    def expression(self, node: Node, depth: int = 0) -> Expression:
        """Convert an expression; `["x"]` if it leads nowhere."""
        kind = node.type
        while kind in _AROUND:
            inner = unwrapped_once(node)
            if inner is None:
                return NOTHING
            node, kind = inner, inner.type
        convert = _KINDS.get(kind)
        if depth > _DEEPEST:
            return ["!"]
        if kind in FUNCTIONS:
            flow = self.function(node, depth + 1)
            return ["f", flow] if flow[1] else NOTHING
        return self._evaluated(node, depth) if convert is None else convert(self, node, depth)

    def _evaluated(self, node: Node, depth: int) -> Expression:
        """Convert any other expression, which only evaluates its parts."""
        if (
            not node.named_child_count
            or node.type.startswith(("type", "jsx_text"))
            or node.children[0].type == "delete"
        ):
            return NOTHING
        parts = [self.expression(child, depth + 1) for child in node.named_children if child.type != "comment"]
        parts = [part for part in parts if part[0] not in _DULL and self.is_live(part)]
        return [",", parts] if parts else NOTHING

    def _this(self, node: Node, depth: int) -> Expression:
        return ["T"]

    def _name(self, node: Node, depth: int) -> Expression:
        return ["i", text_of(node)]

    def _string(self, node: Node, depth: int) -> Expression:
        return ["s", string_of(node)]

    def _template(self, node: Node, depth: int) -> Expression:
        parts: list[Expression] = []
        for child in node.named_children:
            if child.type == "string_fragment":
                parts.append(["s", text_of(child)])
            elif child.type == "template_substitution" and child.named_children:
                parts.append(self.expression(child.named_children[0], depth + 1))
        return ["s", string_of(node)] if not parts else ["+", parts]

    def _dot(self, node: Node, depth: int) -> Expression:
        owner, name = node.child_by_field_name("object"), node.child_by_field_name("property")
        found = NOTHING if owner is None else self.expression(owner, depth + 1)
        return NOTHING if found[0] in ("x", "s") or name is None else ["m", found, text_of(name)]

    def _subscript(self, node: Node, depth: int) -> Expression:
        owner, index = node.child_by_field_name("object"), node.child_by_field_name("index")
        found = NOTHING if owner is None else self.expression(owner, depth + 1)
        key = NOTHING if index is None else self.expression(index, depth + 1)
        if index is not None and index.type in ("string", "number") and found[0] not in ("x", "s"):
            return ["m", found, key[1] if key[0] == "s" else text_of(index)]
        if self.is_live(found):
            return ["[", found, key]
        return [",", [key]] if self.is_live(key) and key[0] != "i" else NOTHING

    def _call(self, node: Node, depth: int) -> Expression:
        callee = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        listed = node.child_by_field_name("arguments")
        nodes = [] if listed is None else [child for child in listed.named_children if child.type != "comment"]
        called = NOTHING if callee is None else self.expression(callee, depth + 1)
        arguments = [self.expression(child, depth + 1) for child in nodes]
        if callee is not None and arguments and _COPIES.fullmatch(callee.text or b""):
            return arguments[0]
        live = [argument for argument in arguments if self.is_live(argument)]
        if called[0] == "i":
            is_kept = bool(live) or self.is_live(called) or _HOOK.match(called[1]) is not None
        elif called[0] == "m" and called[1][0] == "T":
            is_told = bool(arguments) and (arguments[0][0] in _NAMES or nodes[0].type == "object")
            is_told = is_told and called[2][:1] != "$" and (self._may_do is None or self._may_do(called[2]))
            is_kept = bool(live) or self.is_live(called) or is_told
        else:
            is_kept = self.is_live(called) or any(argument[0] != "i" for argument in live)
        if not is_kept:
            return NOTHING
        pairs = zip(nodes, arguments, strict=True)
        return ["c", called, [outline(child) if given is NOTHING else given for child, given in pairs]]

    def _object(self, node: Node, depth: int) -> Expression:
        entries: list[list[Any]] = []
        if node.start_byte in self._apart:
            return NOTHING
        for child in node.named_children:
            if child.type == "pair":
                key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
                found = NOTHING if value is None else self.expression(value, depth + 1)
                name = None if key is None else key_of(key)
                computed = key.named_children[0] if key is not None and name is None and key.named_children else None
                entries.append([name if computed is None else self.expression(computed, depth + 1), found])
            elif child.type == "spread_element" and child.named_children:
                entries.append(["...", self.expression(child.named_children[0], depth + 1)])
            elif child.type == "shorthand_property_identifier":
                entries.append([text_of(child), ["i", text_of(child)]])
            elif child.type == "method_definition":
                name_ = child.child_by_field_name("name")
                flow = self.function(child, depth + 1)
                key_ = None if name_ is None else key_of(name_)
                entries.append([key_ or NOTHING, ["f", flow] if flow[1] else NOTHING])
        is_kept = any(
            self.is_live(value) or (key == "..." and value[0] == "i") or (isinstance(key, list) and self.is_live(key))
            for key, value in entries
        )
        return ["o", entries] if is_kept or not entries else NOTHING  # members may be added to an empty one

    def _array(self, node: Node, depth: int) -> Expression:
        items = [self.expression(child, depth + 1) for child in node.named_children if child.type != "comment"]
        return ["a", items] if any(item is not NOTHING for item in items) else NOTHING

    def _spread(self, node: Node, depth: int) -> Expression:
        inner = self.expression(node.named_children[0], depth + 1) if node.named_children else NOTHING
        return ["...", inner] if self.is_live(inner) else NOTHING

    def _inside(self, node: Node, depth: int) -> Expression:
        inside = next((child for child in node.named_children if child.type != "comment"), None)
        return NOTHING if inside is None else self.expression(inside, depth + 1)

    def _choice(self, node: Node, depth: int) -> Expression:
        test, one, other = (node.child_by_field_name(name) for name in ("condition", "consequence", "alternative"))
        values = [self.expression(part, depth + 1) for part in (one, other) if part is not None]
        tested = [] if test is None else [self.expression(test, depth + 1)]
        return self._one_of(values, tested)

    def _binary(self, node: Node, depth: int) -> Expression:
        operator = node.child_by_field_name("operator")
        sides = [node.child_by_field_name(name) for name in ("left", "right")]
        values = [self.expression(side, depth + 1) for side in sides if side is not None]
        sign = "" if operator is None else operator.type
        if sign in ("||", "??"):
            return self._one_of(values, [])
        if sign == "&&":
            return self._one_of(values[1:], values[:1])
        if sign == "+":
            return ["+", values] if any(part[0] in ("s", "+") for part in values) else self._one_of([], values)
        return self._one_of([], values)

    def _one_of(self, values: list[Expression], tested: list[Expression]) -> Expression:
        tested = [part for part in tested if self.is_live(part) and part[0] != "i"]
        if any(value is not NOTHING for value in values):
            return ["?", values, tested]
        return [",", tested] if tested else NOTHING

    def _assignment(self, node: Node, depth: int) -> Expression:
        steps: list[Expression] = []
        self._assigned(node.child_by_field_name("left"), node.child_by_field_name("right"), steps, depth)
        return steps[0] if steps else NOTHING

    def _element(self, node: Node, depth: int) -> Expression:
        opening = node.named_children[0] if node.type == "jsx_element" and node.named_children else node
        name = opening.child_by_field_name("name")
        attributes: list[list[Any]] = []
        for child in opening.named_children:
            if child.type == "jsx_attribute" and len(child.named_children) > 1:
                found = self.expression(child.named_children[1], depth + 1)
                attributes += [[text_of(child.named_children[0]), found]] if self.is_live(found) else []
            elif child.type == "jsx_expression" and child.named_children:
                found = self.expression(child.named_children[0], depth + 1)
                inner = found[1] if found[0] == "..." else found
                attributes += [["...", inner]] if self.is_live(inner) or inner[0] == "i" else []
        children = node.named_children[1:] if node is not opening else []
        inside = [self.expression(child, depth + 1) for child in children if child.type.startswith("jsx_e")]
        inside += [self.expression(child, depth + 1) for child in children if child.type == "jsx_self_closing_element"]
        inside = [part for part in inside if self.is_live(part)]
        if not attributes and not inside:
            return NOTHING
        tag: Expression = NOTHING if name is None else self.expression(name, depth + 1)
        if name is not None and name.type == "identifier" and text_of(name)[:1].islower():
            tag = ["s", text_of(name)]
        return ["j", tag, attributes, inside]


_KINDS: dict[str, Callable[[FlowReader, Node, int], Expression]] = {
    "this": FlowReader._this,
    "identifier": FlowReader._name,
    "shorthand_property_identifier": FlowReader._name,
    "string": FlowReader._string,
    "template_string": FlowReader._template,
    "member_expression": FlowReader._dot,
    "subscript_expression": FlowReader._subscript,
    "call_expression": FlowReader._call,
    "new_expression": FlowReader._call,
    "object": FlowReader._object,
    "array": FlowReader._array,
    "spread_element": FlowReader._spread,
    "jsx_expression": FlowReader._inside,
    "ternary_expression": FlowReader._choice,
    "binary_expression": FlowReader._binary,
    "assignment_expression": FlowReader._assignment,
    "jsx_element": FlowReader._element,
    "jsx_self_closing_element": FlowReader._element,
}
