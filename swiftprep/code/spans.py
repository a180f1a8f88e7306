"""Find the stretches of code outside strings, comments, regular expressions and visible text.

Code with look-alike characters does not parse, so it is scanned character by character. A curly or full-width quote
counts as a straight one, and what it encloses as a string.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from swiftprep.code import snippets

Kind: TypeAlias = Literal["script", "expression", "tag", "style"]

QUOTES = {"“": '”“"＂„', "”": '”"＂', "„": '”“"', "＂": '＂"', "‘": "’‘'＇", "’": "’'＇", "＇": "＇'", "‚": "’‘'"}
SCRIPTS = {
    **snippets.SCRIPTS, "jsx": "tsx", "python": "python", "py": "python", "python3": "python", "java": "java",
}  # fmt: skip
STYLES = ("css", "scss", "less")
_EXPRESSION = re.compile(r"[:：@＠#＃]|v[-\u2010-\u2013\u2212]")
_RAW = re.compile(r"<(script|style)\b([^>]*)>", re.I)
_TAG = re.compile(r"[<＜]([/／]?)(?=[A-Za-z])")
_INDENT = re.compile(r"[^\S\n]+(?=[<＜][/／]?[A-Za-z!])")
_BEFORE_REGEX = re.compile(r"(?:^|[(,=:\[!&|?{};+\-*%~^<>（，：；＝]|\b(?:return|typeof|case|in|of|delete|void))\s*$")
_REGEX = re.compile(r"/(?![*/])(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/")
_NAME = re.compile(r"[^\s\u00a0\u2000-\u200a\u202f\u205f\u3000<>＜＞=＝/／\"'“”‘’＂＇]+")


@dataclass(frozen=True, slots=True)
class CodeSpan:
    """A stretch of code; `kind` says in which syntax it is written."""

    start: int
    end: int
    kind: Kind


def code_spans(code: str, language: str, *, wide_tags: bool = True) -> list[CodeSpan]:
    """Return the stretches of code in which look-alike characters are wrong, in order.

    Args:
        code: The code.
        language: `"vue"`, a key of `SCRIPTS`, one of `STYLES`, `"json"` or `"sql"`; others have none.
        wide_tags: Whether a `＜` at the beginning of a line may begin a tag; otherwise it is text.

    >>> code = "f(“好，”，1) // （注）"
    >>> [code[span.start : span.end] for span in code_spans(code, "js")]
    ['f(“', '”，1) ']
    """
    spans: Iterator[CodeSpan] = iter(())
    if language == "vue":
        spans = _markup(code, wide_tags)
    elif language in SCRIPTS:
        spans = _script(code, 0, len(code), SCRIPTS[language], "script")
    elif language == "sql":
        spans = _script(code, 0, len(code), language, "script")
    elif language in STYLES or language == "json":
        spans = _script(code, 0, len(code), language, "style")
    return [span for span in spans if span.start < span.end]


def _script(code: str, start: int, end: int, language: str, kind: Kind) -> Iterator[CodeSpan]:
    """Yield the stretches outside strings, comments and regular expressions."""
    at = begin = start
    while at < end:
        stop = _skipped(code, at, end, language)
        if stop is None:
            at += 1
            continue
        inner, resume = stop
        yield CodeSpan(begin, inner, kind)
        if code[at] == "`" and language in ("js", "ts", "tsx"):
            yield from _holes(code, at + 1, resume, language, kind)
        # Curly quotes belong to the code around them, and a closing quote opens no new string.
        begin, at = resume, resume + (code[at] in QUOTES)
    yield CodeSpan(begin, end, kind)


def _skipped(code: str, at: int, end: int, language: str) -> tuple[int, int] | None:
    """Return the bounds of the string, comment or regular expression that begins at `at`, or None."""
    sign = code[at]
    is_hash = language == "python"
    two = code[at : at + 2]
    is_note = two == "--" if language == "sql" else two == "//" and language not in ("python", "css", "json")
    if is_note or (sign == "#" and is_hash):
        return at, _until(code, "\n", at, end)
    if two == "/*" and language not in ("python", "json"):
        return at, min(end, _until(code, "*/", at + 2, end) + 2)
    if sign in "\"'" and (language != "json" or sign == '"'):
        triple = code[at : at + 3]
        if language in ("python", "java") and triple == sign * 3:
            return at, min(end, _until(code, triple, at + 3, end) + 3)
        return at, _string_end(code, at, end)
    if sign == "`" and language in ("js", "ts", "tsx"):
        return at, _template_end(code, at, end)
    if sign == "`" and language == "sql":
        return at, _string_end(code, at, end)
    if sign == "/" and language in ("js", "ts", "tsx") and _BEFORE_REGEX.search(code, max(0, at - 12), at):
        regex = _REGEX.match(code, at, end)
        return (at, regex.end()) if regex else None
    if sign in QUOTES:
        line = _until(code, "\n", at, end)
        closing = next((place for place in range(at + 1, line) if code[place] in QUOTES[sign]), None)
        if closing is not None and not re.search(r"[\"'\\]", code[at + 1 : closing]):
            return at + 1, closing
    return None


def _until(code: str, sign: str, start: int, end: int) -> int:
    place = code.find(sign, start, end)
    return end if place < 0 else place


def _string_end(code: str, at: int, end: int) -> int:
    place = at + 1
    while place < end and code[place] not in (code[at], "\n"):
        place += 1 + (code[place] == "\\")
    return min(end, place + 1)


def _template_end(code: str, at: int, end: int) -> int:
    place, depth = at + 1, 0
    while place < end and (depth or code[place] != "`"):
        if code[place : place + 2] == "${":
            depth += 1
        elif code[place] == "}" and depth:
            depth -= 1
        place += 1 + (code[place] == "\\")
    return min(end, place + 1)


def _holes(code: str, start: int, end: int, language: str, kind: Kind) -> Iterator[CodeSpan]:
    """Yield the code in the `${…}` of a template string."""
    for hole in re.finditer(r"\$\{([^{}`]*)\}", code[start:end]):
        yield from _script(code, start + hole.start(1), start + hole.end(1), language, kind)


def _markup(code: str, wide_tags: bool) -> Iterator[CodeSpan]:
    at = 0
    while at < len(code):
        if code.startswith("<!--", at):
            at = _until(code, "-->", at, len(code)) + 3
        elif code.startswith("{{", at):
            stop = _until(code, "}}", at, len(code))
            yield from _script(code, at + 2, stop, "js", "expression")
            at = stop + 2
        elif raw := _RAW.match(code, at):
            stop = _until(code, f"</{raw[1]}", raw.end(), len(code))
            language = "ts" if re.search(r"lang=[\"']tsx?", raw[2]) else "js"
            if raw[1].lower() == "style":
                yield from _script(code, raw.end(), stop, "scss", "style")
            else:
                yield from _script(code, raw.end(), stop, "tsx" if "tsx" in raw[2] else language, "script")
            at = stop
        elif (tag := _TAG.match(code, at)) and (code[at] == "<" or (wide_tags and _begins_line(code, at))):
            at = yield from _tag(code, tag.start(), tag.end())
        else:
            before = _INDENT.match(code, at) if code[at - 1 : at] in ("\n", "") else None
            if before:  # the indentation of a tag
                yield CodeSpan(at, before.end(), "tag")
            at = before.end() if before else at + 1


def _begins_line(code: str, at: int) -> bool:
    return not code[code.rfind("\n", 0, at) + 1 : at].strip()


def _tag(code: str, start: int, at: int) -> Generator[CodeSpan, None, int]:
    """Yield the spans of a tag and return its end."""
    begin = start
    name = ""
    while at < len(code) and code[at] not in ">＞<":
        sign = code[at]
        if sign in "=＝" and name:
            value = at + 1
            quote = code[value : value + 1]
            closing = None
            if quote and (quote in "\"'" or quote in QUOTES):
                closing = next(
                    (p for p in range(value + 1, len(code)) if code[p] in (QUOTES.get(quote) or quote)), None
                )
            if closing is None:
                at += 1
                continue
            yield CodeSpan(begin, value + 1, "tag")
            if _EXPRESSION.match(name):
                yield from _script(code, value + 1, closing, "js", "expression")
            begin, at, name = closing, closing + 1, ""
        elif attribute := _NAME.match(code, at):
            name, at = attribute[0], attribute.end()
        else:
            at += 1
    at += code[at : at + 1] in (">", "＞")
    yield CodeSpan(begin, at, "tag")
    return at
