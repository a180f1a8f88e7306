"""Cut a Python or Java file into pieces.

Sources are UTF-8. Syntax errors never raise: code that does not parse stays in the piece around it.
"""

from __future__ import annotations

import bisect
from dataclasses import dataclass

from tree_sitter import Node

from swiftprep.parsing.nodes import COMMENTS, Language, field_of, kind_of, name_of, root_of, undecorated


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of a file that splits no statement and includes the white space after it.

    Attributes:
        kind: `"function"`, `"class"`, `"method"`, or `"statements"` for a run of anything else.
        name: Its name as declared; `""` for a run of statements.
        start: Offset of its first byte, including comments directly above it.
        end: Offset after its last byte.
        line: Line of its first byte, from 1.
        language: The language for `members` to parse it in.
    """

    kind: str
    name: str
    start: int
    end: int
    line: int
    language: Language = "python"


def python_units(source: bytes) -> list[Unit]:
    r"""Cut a Python file at its top-level functions and classes; together, the units are the whole file.

    >>> [(unit.kind, unit.name, unit.line) for unit in python_units(b"import os\n\n# Adds.\ndef add(): ...\n")]
    [('statements', '', 1), ('function', 'add', 3)]
    """
    return _cut(source, Unit("", "", 0, len(source), 1, "python"), root_of(source, "python"))


def java_units(source: bytes) -> list[Unit]:
    """Cut a Java file at its top-level types; together, the units are the whole file."""
    return _cut(source, Unit("", "", 0, len(source), 1, "java"), root_of(source, "java"))


def members(source: bytes, unit: Unit) -> list[Unit]:
    """Cut a class at its methods and nested classes; together, the units are the whole class.

    A unit that is not a class is returned unchanged.

    Args:
        source: The whole file.
        unit: One of its units, or a member of one.
    """
    body: Node | None = root_of(source, unit.language) if unit.kind == "class" else None
    while body is not None:
        nodes = body.children
        at = bisect.bisect_right(nodes, unit.start, key=lambda n: n.end_byte)
        while at < len(nodes) and nodes[at].type in COMMENTS:
            at += 1
        if at == len(nodes):
            break
        node = nodes[at]
        body = node if node.type == "enum_body_declarations" else field_of(undecorated(node), "body")
        if body is not None and kind_of(node) == "class" and unit.start <= node.start_byte < unit.end:
            return _cut(source, unit, body)
    return [unit]


def _cut(source: bytes, whole: Unit, body: Node) -> list[Unit]:
    nodes = [n for n in body.named_children for n in (n.named_children if n.type == "enum_body_declarations" else [n])]
    owner = [i if kind_of(node) else -1 for i, node in enumerate(nodes)]
    for i in reversed(range(len(nodes) - 1)):  # comments directly above a definition
        if nodes[i].type in COMMENTS and nodes[i + 1].start_point.row <= nodes[i].end_point.row + 1:
            owner[i] = owner[i + 1]
    for i in range(1, len(nodes)):  # trailing comments, or comments indented below a definition
        column = nodes[owner[i - 1]].start_point.column if owner[i - 1] >= 0 else 1_000_000
        beside = nodes[i].start_point.row == nodes[i - 1].end_point.row
        if nodes[i].type in COMMENTS and (beside or nodes[i].start_point.column > column):
            owner[i] = owner[i - 1]
    nested = bool(whole.kind)
    cuts = [(whole.start, whole.line, -1)] if nested or not nodes else [(whole.start, whole.line, owner[0])]
    for i, node in enumerate(nodes):
        if owner[i] != cuts[-1][2]:
            cuts.append((_line_start(source, node.start_byte), node.start_point.row + 1, owner[i]))
    if nested and whole.language == "java" and cuts[-1][2] >= 0:
        cuts.append((_line_start(source, body.end_byte - 1), body.end_point.row + 1, -1))
    units = []
    for (start, line, i), end in zip(cuts, [*(cut[0] for cut in cuts[1:]), whole.end], strict=True):
        kind, name = ("statements", "") if i < 0 else (kind_of(nodes[i]), name_of(nodes[i]))
        kind = "method" if nested and kind == "function" else kind
        units.append(Unit(kind, name, start, end, line, whole.language))
    return [unit for unit in units if unit.end > unit.start]


def _line_start(source: bytes, offset: int) -> int:
    """Return the start of the line at `offset`, or `offset` itself if code precedes it on that line."""
    start = source.rfind(b"\n", 0, offset) + 1
    return offset if source[start:offset].strip() else start
