"""Find the literals, visible text, comments and tokens of a piece of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from tree_sitter import Node

from swiftprep.code.snippets import SCRIPTS
from swiftprep.parsing.grammar import parse
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import blocks

Part: TypeAlias = Literal["literal", "visible", "comment"]

_SCRIPTS = {**SCRIPTS, "json": "js", "json5": "js"}
_OTHERS = {"python": "python", "py": "python", "java": "java"}
_MARKUP = ("vue", "html", "xml", "svg")
_PARTS: dict[str, Part] = {
    "string": "literal", "string_literal": "literal", "character_literal": "literal", "template_string": "literal",
    "regex": "literal", "quoted_attribute_value": "literal", "attribute_value": "literal", "jsx_text": "visible",
    "text": "visible", "comment": "comment", "line_comment": "comment", "block_comment": "comment",
    "html_comment": "comment",
}  # fmt: skip
# For languages without a grammar: quoted strings, and comments in the style of C, the shell, SQL and HTML.
_ROUGH = re.compile(
    rb"""((?<!\\)"(?:\\.|[^"\\\n])*"|(?<![\w'\\])'(?:\\.|[^'\\\n])*')|(/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|(?<![:\w])//[^\n]*"""
    rb"""|(?m:(?:^|(?<=\s))(?:\#|--)[ \t][^\n]*))""",
    re.S,
)
# In the shell, only `#` begins a comment, `/*` is a glob, and quotes may span lines.
_ROUGH_IN_SHELL = re.compile(rb"""((?<!\\)"(?:\\.|[^"\\])*"|(?<![\w\\])'[^']*')|((?m:(?:^|(?<=\s))\#[^\n]*))""", re.S)
_SHELLS = ("bash", "sh", "shell", "zsh")


@dataclass(frozen=True, slots=True)
class TextSpan:
    """A literal, visible text or comment in a piece of code; offsets are in UTF-8 bytes.

    Attributes:
        start: Where it begins.
        end: Where it ends.
        part: `"literal"` (a string, pattern or attribute value), `"visible"` (text that a page shows) or `"comment"`.
    """

    start: int
    end: int
    part: Part


def spans(code: str, language: str) -> tuple[TextSpan, ...]:
    """Return the literals, visible texts and comments of a piece of code, in order.

    Args:
        code: A file or any part of one.
        language: Its name after the fence; `"vue"` for a single-file component, `""` if unknown.
    """
    return _spans(code, language)


@lru_cache(maxsize=32)  # several rules look at one block
def _spans(code: str, language: str) -> tuple[TextSpan, ...]:
    source = code.encode("utf-8", "replace")
    if language in _MARKUP or (not language and code.lstrip()[:1] == "<"):
        return tuple(_in_markup(source))
    root = _root(source, language)
    if root is None:
        rough = _ROUGH_IN_SHELL if language in _SHELLS else _ROUGH
        return tuple(TextSpan(*m.span(), "literal" if m[1] else "comment") for m in rough.finditer(source))
    return tuple(_in_tree(root, 0))


def _root(source: bytes, language: str) -> Node | None:
    if language in _SCRIPTS:
        return parse_script(source, _SCRIPTS[language])[0]
    return parse(source, _OTHERS[language]).root_node if language in _OTHERS else None


def _in_markup(source: bytes) -> Iterator[TextSpan]:
    parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
    if not parts:
        yield from _in_tree(parse(source, "html").root_node, 0)
    for block in parts:
        inner = source[block.start : block.end]
        if block.kind == "template":
            yield from _in_tree(parse(inner, "html").root_node, block.start)
        elif block.kind == "script" and (root := _root(inner, block.lang or "js")) is not None:
            yield from _in_tree(root, block.start)
        else:
            for match in _ROUGH.finditer(inner):
                start, end = match.span()
                yield TextSpan(block.start + start, block.start + end, "literal" if match[1] else "comment")


def _in_tree(root: Node, offset: int) -> Iterator[TextSpan]:
    nodes = [root]
    while nodes:
        node = nodes.pop()
        part = _PARTS.get(node.type) if node.is_named else None
        if part is not None and node.end_byte > node.start_byte:
            yield TextSpan(offset + node.start_byte, offset + node.end_byte, part)
        else:
            nodes.extend(reversed(node.children))


def without(code: str, language: str, *parts: Part) -> str:
    """Return a piece of code with the given kinds of parts blanked out; line breaks stay.

    >>> without("say('TODO') // soon", "js", "literal")
    'say(      ) // soon'
    """
    source = bytearray(code.encode("utf-8", "replace"))
    for span in spans(code, language):
        if span.part in parts:
            source[span.start : span.end] = re.sub(rb"[^\n]", b" ", source[span.start : span.end])
    return source.decode("utf-8", "replace")


def comments(code: str, language: str) -> list[str]:
    r"""Return the comments of a piece of code, with their delimiters.

    >>> comments("a() // first\nb('// no comment')", "js")
    ['// first']
    """
    source = code.encode("utf-8", "replace")
    return [
        source[span.start : span.end].decode("utf-8", "replace")
        for span in spans(code, language)
        if span.part == "comment"
    ]


def last_token(code: str, language: str) -> str:
    """Return the last token of a script, comments aside, or `""`.

    >>> last_token("this.n = 1 // why?", "js"), last_token("const a =", "js")
    ('1', '=')
    """
    source = code.encode("utf-8", "replace")
    root = _root(source, language)
    nodes = [root] if root is not None else []
    while nodes:
        node = nodes.pop()
        if node.is_missing or _PARTS.get(node.type) == "comment":
            continue
        if not node.children or _PARTS.get(node.type) == "literal":
            text = source[node.start_byte : node.end_byte].decode("utf-8", "replace")
            if text.strip():
                return text
        nodes.extend(node.children)  # so that the last child is examined first
    return ""
