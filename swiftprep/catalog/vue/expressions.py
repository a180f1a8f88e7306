"""Find the JavaScript in directives and `{{ }}` of a template, and check that it parses.

Everything that Vue compiles is checked: expressions, statements in listeners, the parameters of `v-slot`, both sides
of `v-for`, and dynamic arguments. Filters (`price | currency`) are valid in Vue 2, TypeScript if the script uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node

from swiftprep.catalog.vue.markup import read_attribute
from swiftprep.catalog.vue.values import WRAPPERS
from swiftprep.parsing.grammar import parse
from swiftprep.parsing.script import odd_names
from swiftprep.parsing.sfc import Template, blanked
from swiftprep.text.characters import without_entities

_TEXT = re.compile(r"[^\0]+")  # everything else is zeroed
_RESERVED = (
    "await|break|case|catch|class|const|continue|debugger|default|delete|do|else|enum|export|extends|finally|for|"
    "function|if|import|in|instanceof|let|new|return|super|switch|throw|try|typeof|var|void|while|with|yield"
)
_SIMPLE = re.compile(rf"\s*(?!(?:{_RESERVED})\b)[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*\s*\Z", re.A)
_FOR = re.compile(r"(?<=\s)(?:in|of)(?=\s)")
_ENTITY = re.compile(r"&(?:#\d+|#[xX][\da-fA-F]+|\w+);")
_FILTER = re.compile(r"(?<!\|)\|(?!\|)\s*([\w$-]+)")
_DYNAMIC = re.compile(r"(?:[:@#]|v-[\w-]+:)\[")
_MODIFIERS = re.compile(r"(?:\.[\w.-]*)?")
_WITHOUT_VALUE = frozenset(("else", "once", "pre", "cloak"))
_NEED_VALUE = frozenset(("if", "else-if", "show", "html", "text"))
_ASSIGNS = re.compile(r"(?<![=!<>])=(?![=>])")
_LONGEST_SHOWN = 60


class TemplateCode(NamedTuple):
    """A piece of code in a template.

    Attributes:
        kind: `"expression"`, `"statements"`, `"parameters"` or `"for"`.
        text: The code.
        shown: The code as written, with its attribute or braces.
    """

    kind: str
    text: str
    shown: str


def expression_errors(
    parsed: Template,
    source: bytes,
    *,
    vue3: bool,
    typed: bool | None = None,
    mustaches: bool = True,
    strict: bool = False,
) -> list[tuple[int, str]]:
    """Return `(line, what is wrong)` of each piece of a template that Vue cannot compile.

    Args:
        parsed: The template.
        source: The file that contains it.
        vue3: Whether it is for Vue 3, which has no filters and requires values that Vue 2 does not.
        typed: Whether it may contain TypeScript; None if unknown, which allows it.
        mustaches: Whether `{{ }}` are its delimiters.
        strict: Whether an unclosed `{{` is an error in Vue 2 too, which treats it as text.
    """
    grammars = {True: ("ts", "js"), False: ("js",), None: ("js", "ts")}[typed]
    codes = list(codes_of(parsed, source, vue3=vue3, mustaches=mustaches, strict=strict))
    return [(line, _message(code.shown)) for line, code in codes if not _is_sound(code.kind, code.text, grammars, vue3)]


def codes_of(
    parsed: Template,
    source: bytes,
    *,
    vue3: bool = False,
    mustaches: bool = True,
    strict: bool = False,
    holding: re.Pattern[str] | None = None,
) -> Iterator[tuple[int, TemplateCode]]:
    """Yield `(line, code)` of all code in a template.

    Args:
        parsed: The template.
        source: The file that contains it.
        vue3: As in `expression_errors`.
        mustaches: As in `expression_errors`.
        strict: As in `expression_errors`.
        holding: What the code must hold to be yielded.
    """
    if holding is not None and holding.search(source[parsed.start : parsed.end].decode("utf-8", "replace")) is None:
        return
    for element in parsed.elements:
        for name, value in element.attrs:
            if holding is None or holding.search(value or "") or ("[" in name and holding.search(name)):
                for code in _in_attribute(name, value, vue3):
                    yield element.line, code
    has_mustaches = mustaches and source.find(b"{{", parsed.start, parsed.end) >= 0
    markup = blanked(source, parsed.start, parsed.end, [*parsed.tags, *parsed.inert]) if has_mustaches else b""
    if b"{{" in markup:
        first = source.count(b"\n", 0, parsed.start) + 1
        plain = markup.decode("utf-8", "replace")
        for text in _TEXT.finditer(plain):
            if holding is not None and holding.search(text[0]) is None:
                continue
            for place, inner, written in _mustaches(text[0]):
                if (vue3 or strict) if inner is None else inner.strip():  # Vue 2 treats an unclosed `{{` as text
                    line = first + plain.count("\n", 0, text.start() + place)
                    yield line, TemplateCode("expression", inner or "", written)


def _mustaches(text: str) -> Iterator[tuple[int, str | None, str]]:
    """Yield `(offset, inside, as written)` of each `{{ }}` in a text; the inside is None if it is unclosed."""
    start = text.find("{{")
    while start >= 0:
        end = text.find("}}", start + 2)
        if end < 0:
            yield start, None, text[start:]
            return
        yield start, text[start + 2 : end], text[start : end + 2]
        start = text.find("{{", end + 2)


def _message(code: str) -> str:
    text = " ".join(code.split())
    return f"syntax error in '{text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + '…'}'"


def _in_attribute(name: str, value: str | None, vue3: bool) -> Iterator[TemplateCode]:
    """Yield the code in an attribute; `""` if a required expression is missing."""
    written = name if value is None else f'{name}="{value}"'
    if dynamic := _DYNAMIC.match(name):
        inner, end, modifiers = name[dynamic.end() :].rpartition("]")
        yield TemplateCode("expression", inner if end and _MODIFIERS.fullmatch(modifiers) else "", written)
    if name in ("slot-scope", "scope"):
        if value and value.strip():
            yield TemplateCode("parameters", value, written)
        return
    attribute = read_attribute(name, value)
    code = value or ""
    is_empty = not code.strip()
    if attribute.role == "directive":
        if attribute.name == "for":
            if vue3 or not is_empty:  # Vue 2 ignores an empty one
                yield TemplateCode("for", code, written)
        elif attribute.name not in _WITHOUT_VALUE and (not is_empty or (vue3 and attribute.name in _NEED_VALUE)):
            yield TemplateCode("expression", code, written)
    elif attribute.role == "slot":
        if attribute.bound and not is_empty:
            is_name = name.startswith((":", "v-bind:"))  # :slot="name"
            yield TemplateCode("expression" if is_name else "parameters", code, written)
    elif attribute.role in ("on", "listeners"):
        if not is_empty or (vue3 and value is None and attribute.role == "on" and not attribute.modifiers):
            yield TemplateCode("statements" if attribute.role == "on" else "expression", code, written)
    elif attribute.role == "model":
        if vue3 or not is_empty:
            yield TemplateCode("expression", code, written)
    elif attribute.bound and (value is not None or not vue3):  # in Vue 3, `:a` is short for `:a="a"`
        yield TemplateCode("expression", code, written)


@lru_cache(maxsize=4096)
def _is_sound(kind: str, text: str, grammars: tuple[str, ...], vue3: bool) -> bool:
    """Return whether a piece of code parses, either as written or with its entities (`&amp;&amp;`) decoded."""
    if not text.strip():
        return kind == "parameters"
    if kind in ("expression", "statements") and _SIMPLE.match(text):
        return True
    if kind == "for":
        text = text.strip()
        separator = _FOR.search(text)
        if separator is None:
            return False
        left = text[: separator.start()].strip()
        inner = left[1:-1] if left[:1] == "(" and left[-1:] == ")" else left
        if not vue3 and inner.rstrip().endswith(","):
            return False
        return _is_sound("parameters", inner, grammars, vue3) and _is_sound(
            "expression", text[separator.end() :], grammars, vue3
        )
    readings = [text, without_entities(text)] if _ENTITY.search(text) else [text]
    if kind != "parameters" and not vue3 and "|" in text:  # a filter may have a name that no variable may
        readings += [_FILTER.sub("| _f", reading) for reading in readings]
    return any(_parses(kind, reading, grammar) for reading in readings for grammar in grammars)


@lru_cache(maxsize=4096)
def is_assignable(text: str, typed: bool | None, vue3: bool) -> bool:
    """Return whether `v-model` can assign to an expression; True for one that does not parse.

    In Vue 2, `a ? b : c` works by accident: it becomes `a ? b : c = value`.

    >>> [is_assignable(text, False, True) for text in ("a", "a.b[c]", "f(a)", "a ? b : c", "a + b", "(a)")]
    [True, True, False, False, False, True]
    """
    if _SIMPLE.match(text):
        return True
    for grammar in ("ts", "js") if typed is not False else ("js",):
        root = _root(f"({text})", grammar)
        node = None if root is None else _inside(root)
        while node is not None and node.named_children and (node.type in WRAPPERS or node.type == "ternary_expression"):
            if node.type == "ternary_expression" and vue3:
                break
            node = node.named_children[-1 if node.type in ("type_assertion", "ternary_expression") else 0]
        if node is not None:
            return node.type in ("identifier", "member_expression", "subscript_expression", "undefined")
    return True


def _parses(kind: str, text: str, grammar: str) -> bool:
    if kind == "parameters":
        root = _root(f"(({text}\n) => 0)", grammar)
        arrow = None if root is None else _inside(root)
        parameters = None if arrow is None else arrow.child_by_field_name("parameters")
        return (
            parameters is not None
            and parameters.start_byte == 1
            and parameters.end_byte == len(text.encode("utf-8", "replace")) + 4
        )
    root = _root(f"({text})", grammar)
    if root is not None and _inside(root) is not None:
        return True
    return kind == "statements" and _root(text, grammar) is not None


def _root(code: str, grammar: str) -> Node | None:
    """Return the syntax tree of the code, or None if it does not parse."""
    source = code.encode("utf-8", "replace")
    root = parse(source, grammar).root_node
    return None if root.has_error or odd_names(source, root) or _assigns_to_value(code, root) else root


def _assigns_to_value(code: str, root: Node) -> bool:
    """Return whether the code assigns to an operation: the grammar reads `a && b = c` as `a && (b = c)`."""
    if not _ASSIGNS.search(code):
        return False
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if node.type in ("binary_expression", "unary_expression") and any(
            child.type in ("assignment_expression", "augmented_assignment_expression") for child in node.named_children
        ):
            return True
        nodes += node.named_children
    return False


def _inside(root: Node) -> Node | None:
    """Return the expression inside the brackets around the whole code, or None."""
    statements = [child for child in root.named_children if child.type != "comment"]
    whole = statements[0].named_children[0] if len(statements) == 1 and statements[0].named_children else None
    if whole is None or whole.type != "parenthesized_expression" or whole.end_byte != root.end_byte:
        return None
    return next((child for child in whole.named_children if child.type != "comment"), None)
