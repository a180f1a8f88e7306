"""Convert a function's parameters and statements to compact JSON that can be run while linking.

A *pattern* is what parameters and variables look like:

    ["i", name]                          a name
    ["{", [[key, pattern]], rest]        `{ a, b: c, ...rest }`; the rest is a pattern or None
    ["[", [patterns]]                    `[a, , b]`, with None for what is left out
    ["=", pattern, value]                a pattern with a default
    ["...", pattern]                     the remaining arguments

A *statement* is one of:

    ["let", pattern, value]              a declaration
    ["=", target, value]                 an assignment to a name, `["m", …]` or `["[", …]`
    ["delete", target]
    ["do", value]                        an expression, such as a call
    ["if", test, [statements], [statements]]
    ["for", "of" or "in", pattern, value, [statements]]
    ["loop", [statements], test, [statements], [statements]]   before it, as long as, after each turn, in each turn
    ["return", value]   ["throw"]   ["break"]   ["continue"]
    ["?"]                                one that is not read
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from tree_sitter import Node

from swiftprep.catalog.vue.syntax import key_of, unwrapped
from swiftprep.catalog.vue.value_kinds import JOINED, NAME, OPERATION, SOURCE
from swiftprep.parsing.grammar import text_of

Statement: TypeAlias = list[Any]
Convert: TypeAlias = Callable[[Node | None], list[Any]]

_MOST_NESTED = 12  # blocks within each other
_DECLARATIONS = ("lexical_declaration", "variable_declaration")
_SKIPPED = frozenset((
    "comment", "empty_statement", "interface_declaration", "type_alias_declaration", "ambient_declaration",
    "function_signature", "debugger_statement",
))  # fmt: skip
_EFFECTS = frozenset(("unary_expression", "update_expression", "augmented_assignment_expression"))
_ENDS = {"throw_statement": "throw", "break_statement": "break", "continue_statement": "continue"}


def parameters_of(function: Node, convert: Convert) -> list[Any]:
    """Convert a function's parameters to patterns."""
    listed = function.child_by_field_name("parameters")
    if listed is None:
        single = function.child_by_field_name("parameter")
        return [] if single is None else [[NAME, text_of(single)]]
    patterns = [pattern_of(child, convert) for child in listed.named_children if child.type != "comment"]
    return [pattern for pattern in patterns if pattern != [NAME, "this"]]


def pattern_of(node: Node, convert: Convert) -> list[Any] | None:
    """Convert a parameter or the left side of a declaration; None if it is not read."""
    kind = node.type
    if kind in ("required_parameter", "optional_parameter"):  # of TypeScript
        inner, value = node.child_by_field_name("pattern"), node.child_by_field_name("value")
        pattern = None if inner is None else pattern_of(inner, convert)
        return pattern if pattern is None or value is None else ["=", pattern, convert(value)]
    if kind in ("identifier", "this", "shorthand_property_identifier_pattern"):
        return [NAME, text_of(node)]
    if kind in ("assignment_pattern", "object_assignment_pattern"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        pattern = None if left is None else pattern_of(left, convert)
        return None if pattern is None else ["=", pattern, convert(right)]
    if kind == "rest_pattern" and node.named_children:
        return ["...", pattern_of(node.named_children[0], convert)]
    if kind == "array_pattern":
        return ["[", _listed(node, convert)]
    if kind == "object_pattern":
        return _object_pattern(node, convert)
    return None


def _listed(node: Node, convert: Convert) -> list[Any]:
    """Return the patterns in `[a, , b]`, with None for a gap."""
    items: list[Any] = []
    current: Any = None
    for child in node.children[1:]:
        if child.type in (",", "]"):
            items.append(current)
            current = None
        elif child.type != "comment":
            current = pattern_of(child, convert)
    return items


def _object_pattern(node: Node, convert: Convert) -> list[Any]:
    named: list[Any] = []
    rest = None
    for child in node.named_children:
        if child.type == "rest_pattern" and child.named_children:
            rest = pattern_of(child.named_children[0], convert)
        elif child.type == "pair_pattern":
            key, value = child.child_by_field_name("key"), child.child_by_field_name("value")
            name = None if key is None else key_of(key)
            if name is not None and value is not None:
                named.append([name, pattern_of(value, convert)])
        elif child.type in ("shorthand_property_identifier_pattern", "object_assignment_pattern"):
            left = child.child_by_field_name("left") or child
            named.append([text_of(left), pattern_of(child, convert)])
    return ["{", named, rest]


def body_of(function: Node, convert: Convert, convert_result: Convert) -> list[Statement]:
    """Convert a function's statements, except the `return` at its end.

    Args:
        function: The function.
        convert: Converts an expression.
        convert_result: Converts an expression that is returned.
    """
    body = function.child_by_field_name("body")
    if body is not None and body.type in _EFFECTS:  # key => delete copy[key]
        return _Block(convert, convert_result).effects(body)
    if body is None or body.type != "statement_block":
        return []
    nodes = [node for node in body.named_children if node.type not in _SKIPPED]
    last = next((at for at in range(len(nodes) - 1, -1, -1) if nodes[at].type == "return_statement"), len(nodes))
    return _Block(convert, convert_result).read(nodes[:last])


def statements_of(nodes: list[Node], convert: Convert, convert_assigned: Convert) -> list[Statement]:
    """Convert statements of a module's top level."""
    return _Block(convert, convert_assigned).read(nodes)


class _Block:
    """Converts statements.

    Args:
        convert: Converts an expression.
        convert_result: Converts an expression that is returned or assigned.
    """

    def __init__(self, convert: Convert, convert_result: Convert) -> None:
        self._convert = convert
        self._convert_result = convert_result

    def read(self, nodes: list[Node], depth: int = 0) -> list[Statement]:
        """Convert statements; functions are declared first."""
        if depth > _MOST_NESTED:
            return [["?"]]
        statements: list[Statement] = []
        for node in sorted(nodes, key=lambda node: node.type != "function_declaration"):
            if node.type not in _SKIPPED:
                statements += self._statement(node, depth)
        return statements

    def _statement(self, node: Node, depth: int) -> list[Statement]:
        kind = node.type
        if kind in _DECLARATIONS:
            return [self._declared(child) for child in node.named_children if child.type == "variable_declarator"]
        if kind == "expression_statement":
            return [] if not node.named_children else self.effects(node.named_children[0])
        if kind == "function_declaration":
            named = node.child_by_field_name("name")
            return [["let", [NAME, "" if named is None else text_of(named)], self._convert(node)]]
        if kind == "return_statement":
            value = node.named_children[0] if node.named_children else None
            return [["return", [SOURCE, "undefined"] if value is None else self._convert_result(value)]]
        if kind == "if_statement":
            parts = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
            test = self._convert(node.child_by_field_name("condition"))
            return [["if", test, *(self._block(part, depth) for part in parts)]]
        if kind == "for_in_statement":
            return [self._for_in(node, depth)]
        if kind in ("for_statement", "while_statement"):
            return [self._loop(node, depth)]
        if kind in ("statement_block", "try_statement"):
            return self._block(node.child_by_field_name("body") or node, depth)
        return [[_ENDS.get(kind, "?")]]

    def _block(self, node: Node | None, depth: int) -> list[Statement]:
        if node is None:
            return []
        if node.type == "else_clause":
            return self._block(node.named_children[-1] if node.named_children else None, depth)
        return self.read(node.named_children if node.type == "statement_block" else [node], depth + 1)

    def _declared(self, node: Node) -> Statement:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        pattern = None if name is None else pattern_of(name, self._convert)
        converted = [SOURCE, "undefined"] if value is None else self._convert_result(value)
        return ["?"] if pattern is None else ["let", pattern, converted]

    def effects(self, node: Node) -> list[Statement]:
        """Convert an expression that is a statement."""
        node = unwrapped(node)
        kind = node.type
        if kind == "sequence_expression":
            return [statement for child in node.named_children for statement in self.effects(child)]
        if kind == "assignment_expression":
            return [self._assigned(node)]
        if kind == "augmented_assignment_expression":
            target = self._convert(node.child_by_field_name("left"))
            sign = text_of(node.child_by_field_name("operator") or node)[:-1]
            values = [target, self._convert(node.child_by_field_name("right"))]
            return [["=", target, [JOINED, values] if sign == "+" else [OPERATION, sign, values]]]
        if kind == "update_expression":
            target = self._convert(node.child_by_field_name("argument"))
            one = [SOURCE, "1"]
            step = [JOINED, [target, one]] if "++" in text_of(node) else [OPERATION, "-", [target, one]]
            return [["=", target, step]]
        if kind == "unary_expression" and node.children and node.children[0].type == "delete":
            return [["delete", self._convert(node.child_by_field_name("argument"))]]
        if kind == "binary_expression":
            sign = text_of(node.child_by_field_name("operator") or node)
            right = node.child_by_field_name("right")
            if right is not None and sign in ("&&", "||"):
                done = self.effects(right)
                test = self._convert(node.child_by_field_name("left"))
                return [["if", test, *((done, []) if sign == "&&" else ([], done))]]
        if kind == "ternary_expression":
            branches = (node.child_by_field_name("consequence"), node.child_by_field_name("alternative"))
            test = self._convert(node.child_by_field_name("condition"))
            return [["if", test, *([] if branch is None else self.effects(branch) for branch in branches)]]
        return [] if kind == "string" else [["do", self._convert(node)]]

    def _assigned(self, node: Node) -> Statement:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return ["?"]
        if left.type in ("object_pattern", "array_pattern"):
            pattern = pattern_of(left, self._convert)
            return ["?"] if pattern is None else ["let", pattern, self._convert(right)]
        return ["=", self._convert(left), self._convert_result(right)]

    def _for_in(self, node: Node, depth: int) -> Statement:
        left = node.child_by_field_name("left")
        pattern = None if left is None else pattern_of(left, self._convert)
        if pattern is None:
            return ["?"]
        kind = "in" if any(child.type == "in" for child in node.children) else "of"
        body = self._block(node.child_by_field_name("body"), depth)
        return ["for", kind, pattern, self._convert(node.child_by_field_name("right")), body]

    def _loop(self, node: Node, depth: int) -> Statement:
        first, step = node.child_by_field_name("initializer"), node.child_by_field_name("increment")
        test = node.child_by_field_name("condition")
        before = [] if first is None or first.type in _SKIPPED else self._statement(first, depth)
        if test is not None and test.type == "expression_statement":
            test = test.named_children[0] if test.named_children else None
        after = [] if step is None else self.effects(step)
        return ["loop", before, self._convert(test), after, self._block(node.child_by_field_name("body"), depth)]
