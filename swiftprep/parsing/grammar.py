"""The tree-sitter grammars, each loaded on first use."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from tree_sitter import Language, Node, Parser, Tree

_GRAMMARS = {
    "html": ("tree_sitter_html", "language"),
    "js": ("tree_sitter_javascript", "language"),
    "ts": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "python": ("tree_sitter_python", "language"),
    "java": ("tree_sitter_java", "language"),
}


@cache
def language(name: str) -> Language:
    """Return a grammar: `"html"`, `"js"`, `"ts"`, `"tsx"`, `"python"` or `"java"`."""
    module, function = _GRAMMARS[name]
    return Language(getattr(import_module(module), function)())


@cache
def _parser(name: str) -> Parser:
    return Parser(language(name))


def parse(source: bytes, name: str) -> Tree:
    """Parse UTF-8 `source`; syntax errors become ERROR nodes in the tree and never raise."""
    return _parser(name).parse(source)


def error_lines(root: Node, most: int | None = 20, *, nested: bool = False) -> list[int]:
    """Return the lines, from 1, of the ERROR and MISSING nodes; `[]` means the source parses.

    Args:
        root: The tree to search.
        most: The maximum number of such nodes to collect, or None for all.
        nested: Also report errors within errors: in Python and Java, one ERROR node may span the whole file and hide
            where the mistake is.
    """
    if not root.has_error:
        return []
    lines: list[int] = []
    stack = [root]
    while stack and (most is None or len(lines) < most):
        node = stack.pop()
        if node.is_error or node.is_missing:
            lines.append(node.start_point[0] + 1)
            if not nested:
                continue
        stack.extend(child for child in reversed(node.children) if child.has_error or child.is_missing)
    return sorted(set(lines))


def text_of(node: Node) -> str:
    """Return the node's source text."""
    return (node.text or b"").decode("utf-8", "replace")
