"""Take types apart that are written as text: unions, literals, arguments."""

from __future__ import annotations

import re

_STRING = r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|`(?:\\.|[^`\\])*`"
_TOKEN = re.compile(rf"{_STRING}|=>|\\.|.", re.DOTALL)
_LITERAL = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|-?\d+(?:\.\d+)?|true|false")


def literals(type_: str) -> tuple[str, ...]:
    """Return the values of a union of literals, ignoring null and undefined; `()` for any other type."""
    members = [member.strip() for member in split_type(type_, ("|",)) or ()]
    members = [member for member in members if member not in ("", "null", "undefined")]
    if not all(_LITERAL.fullmatch(member) for member in members):
        return ()
    return tuple(dict.fromkeys(member[1:-1] if member[0] in "'\"" else member for member in members))


def fields_of(text: str, brackets: str) -> list[tuple[str, str]] | None:
    """Split `(a, b: T)` or `{ a, b: T }` into names and types; None for anything else."""
    match = re.fullmatch(rf"\s*\{brackets[0]}(.*)\{brackets[1]}\s*", text, re.DOTALL)
    parts = split_type(match[1], (",", ";") if brackets == "{}" else (",",)) if match else None
    if parts is None:
        return None
    if not parts[-1].strip():
        parts.pop()  # empty, or after a trailing comma
    names = [(split_type(part, (":",)) or [part])[0] for part in parts]
    fields = [(name.strip(), part[len(name) + 1 :].strip()) for name, part in zip(names, parts, strict=True)]
    return fields if all(name for name, _ in fields) else None


def fields_text(fields: list[tuple[str, str]], brackets: str) -> str:
    """Return names and types as `(a, b: T)` or `{ a, b: T }`."""
    inner = ", ".join(f"{name}: {type_}" if type_ else name for name, type_ in fields)
    return f"({inner})" if brackets == "()" else f"{{ {inner} }}"


def split_type(text: str, marks: tuple[str, ...]) -> list[str] | None:
    """Split a type at marks outside brackets and strings; None if brackets do not match."""
    parts, start, depth = [], 0, 0
    for token in _TOKEN.finditer(text):
        if depth == 0 and token[0] in marks:
            parts.append(text[start : token.start()])
            start = token.end()
        depth += (token[0] in "([{<") - (token[0] in ")]}>")
        if depth < 0:
            return None
    return [*parts, text[start:]] if depth == 0 else None
