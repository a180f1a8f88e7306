"""Detect code that was cut off."""

from __future__ import annotations

from swiftprep.parsing.grammar import parse
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import blocks, template

_GRAMMAR = {
    "js": "js", "javascript": "js", "jsx": "jsx", "ts": "ts", "typescript": "ts", "tsx": "tsx", "json": "js",
    "json5": "js", "python": "python", "py": "python", "java": "java",
}  # fmt: skip
_CLOSES = {"}": "{", ")": "(", "]": "["}
_MARKUP = ("vue", "html", "xml")


def cut_off(code: str, language: str) -> str:
    """Return the first element or bracket that the code leaves open, such as `"<template>"`, or `""` if it is complete.

    Markup is checked for unclosed elements and blocks; JavaScript, TypeScript, JSON, Python and Java for unclosed
    brackets; code in other languages counts as complete. Unmatched closing brackets and tags do not count as cut off.

    Args:
        code: The code.
        language: Its name after the fence; `"vue"` for a single-file component.

    >>> cut_off("<template><div>x</template>", "vue"), cut_off("if (a) { b(", "js"), cut_off("a()", "js")
    ('<div>', '{', '')
    """
    source = code.replace("\r\n", "\n").encode("utf-8", "replace")
    if language in _MARKUP:
        return _open_element(source)
    grammar = _GRAMMAR.get(language)
    return _open_bracket(source, grammar) if grammar else ""


def _open_element(source: bytes) -> str:
    parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
    if not parts:
        return _left_open(source, 0, None)
    for block in parts:
        if not block.closed:
            return f"<{block.kind}>"
        if block.kind == "template" and block.lang in ("", "html"):
            left_open = _left_open(source, block.start, block.end)
        elif block.kind == "script" and block.lang in ("", "js", "jsx", "ts", "tsx"):
            left_open = _open_bracket(source[block.start : block.end], block.lang or "js")
        else:
            left_open = ""
        if left_open:
            return left_open
    return ""


def _left_open(source: bytes, start: int, end: int | None) -> str:
    for _, message in template(source, start, end).errors:
        tag, mark, _ = message.partition(" without its end tag")
        if mark:
            return tag
    rest = source[start:end].rstrip()
    return rest[rest.rfind(b"<") :].decode("utf-8", "replace")[:40] if rest.rfind(b"<") > rest.rfind(b">") else ""


def _open_bracket(source: bytes, grammar: str) -> str:
    """Return the first unclosed bracket outside strings, regular expressions and comments."""
    stack: list[str] = []
    in_script = grammar not in ("python", "java")
    nodes = [parse_script(source, grammar)[0] if in_script else parse(source, grammar).root_node]
    while nodes:
        node = nodes.pop()
        if node.is_missing:
            continue
        kind = "{" if node.type == "${" else node.type
        if kind in _CLOSES.values():
            stack.append(kind)
        elif kind in _CLOSES and stack and stack[-1] == _CLOSES[kind]:
            stack.pop()
        elif kind not in ("string", "string_literal", "regex", "comment"):
            nodes.extend(reversed(node.children))
    return stack[0] if stack else ""
