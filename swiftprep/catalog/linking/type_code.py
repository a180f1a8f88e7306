"""Write types as TypeScript code."""

from __future__ import annotations

import re

from swiftprep.catalog.vue.value_kinds import NAME, SOURCE, STRING
from swiftprep.catalog.vue.values import Value

_TOKEN = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`|=>|[^\s\w]""")
_OPENING = frozenset("([{<")
_CLOSING = frozenset(")]}>")
_OPERATORS = frozenset("|&?")
_ARROW = frozenset(("=>",))
_LITERALS = re.compile(r"""\s*(?:\|\s*)?(?:'([^']*)'|"([^"]*)")\s*(?=\||$)""")


def written(value: Value) -> str:
    """Return a type as code, or `""` if its source text was not kept."""
    kind = value[0]
    if kind == STRING:
        return quoted(value[1])
    if kind in (SOURCE, NAME):
        return str(value[1])
    if kind in ("fn", "=", "tuple"):
        return str(value[2])
    if kind == "[]":
        inner = written(value[1])
        return f"{bracketed(inner)}[]" if inner else ""
    if kind == "|":
        parts = [written(part) for part in value[1]]
        return " | ".join(map(bracketed_function, parts)) if all(parts) else ""
    if kind == "<>" and value[1][0] == NAME:
        parts = [written(part) for part in value[2]]
        return f"{value[1][1]}<{', '.join(parts)}>" if all(parts) else ""
    return ""


def quoted(text: str) -> str:
    """Return a string as a TypeScript literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def bracketed(text: str) -> str:
    """Return a type for use before `[]`: a union or a function stands in brackets.

    >>> bracketed("A | B"), bracketed("(a: A) => void"), bracketed("Map<A | B>")
    ('(A | B)', '((a: A) => void)', 'Map<A | B>')
    """
    return f"({text})" if _has_outside(text, _OPERATORS) or bracketed_function(text) != text else text


def bracketed_function(text: str) -> str:
    """Return a type for use in a union: a function stands in brackets."""
    return f"({text})" if _has_outside(text, _ARROW) else text


def _has_outside(text: str, signs: frozenset[str]) -> bool:
    """Return whether one of the signs stands outside brackets and strings."""
    depth = 0
    for token in _TOKEN.findall(text):
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0 and token in signs:
            return True
    return False


def literals_of(text: str) -> tuple[str, ...]:
    """Return the strings of a union of string literals; `()` for any other type."""
    literals: list[str] = []
    position = 0
    while match := _LITERALS.match(text, position):
        literals.append(match[1] if match[1] is not None else match[2])
        position = match.end()
        if position >= len(text):
            return tuple(literals)
    return ()
