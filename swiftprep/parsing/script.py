"""Parse JavaScript and TypeScript, with or without JSX."""

from __future__ import annotations

import re

from tree_sitter import Node

from swiftprep.parsing.grammar import error_lines, parse, text_of

_NOT_ASCII = re.compile(rb"[\x80-\xff]+")
_SIGN = re.compile(r"\W")


def parse_script(source: bytes, lang: str) -> tuple[Node, list[int], str]:
    """Parse a script and return its root, the lines of its errors, from 1, and the grammar used.

    Vue's JSX has attributes (`class=`) that the JavaScript grammar rejects and the TSX grammar accepts.
    """
    plain = ["tsx", "js"] if b"</" in source or b"/>" in source else ["js"]
    names = {"ts": ["ts"], "tsx": ["tsx"], "jsx": ["tsx"]}.get(lang, plain)
    root = parse(source, names[0]).root_node
    errors = error_lines(root)
    if errors and len(names) > 1:
        other = parse(source, names[1]).root_node
        other_errors = error_lines(other)
        if len(other_errors) < len(errors):
            return other, sorted({*other_errors, *odd_names(source, other)}), names[1]
    return root, sorted({*errors, *odd_names(source, root)}), names[0]


def odd_names(source: bytes, root: Node) -> list[int]:
    """Return the lines, from 1, of invalid names such as `“a”` or `a，b`, which the grammar accepts."""
    if source.isascii():
        return []
    lines: list[int] = []
    end = 0  # of the last node examined
    for match in _NOT_ASCII.finditer(source):
        if match.start() < end or _SIGN.search(match[0].decode("utf-8", "replace")) is None:
            continue
        node = root.descendant_for_byte_range(match.start(), match.start() + 1)
        if node is not None and not node.child_count:
            end = node.end_byte
        if node is not None and node.type.endswith(("identifier", "identifier_pattern")):
            name = text_of(node).replace("$", "_").replace("\u200c", "").replace("\u200d", "")
            if not name.removeprefix("#").isidentifier() and "\\" not in name:
                lines.append(node.start_point[0] + 1)
    return sorted(set(lines))
