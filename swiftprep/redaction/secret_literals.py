"""String literals of an expression, and the secrets in them: whole, concatenated, or with expressions inside."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from swiftprep.redaction.secret_values import Span, looks_secret

_TOKEN = re.compile(
    r"""(?<!\\)(?P<mark>\"{3}|'{3})(?P<triple>(?:[^"'\\]|\\.|(?!(?P=mark))["']){1,8192})(?P=mark)"""
    r"""|(?:\\["']|&quot;)(?P<escaped>[^"'\\\n]{0,4096}?)(?:\\["']|&quot;)"""
    r"""|[rbfuRBFU]{0,2}(?<!\\)(?:"(?P<double>(?:[^"\\\n]|\\.){0,8192})"|'(?P<single>(?:[^'\\\n]|\\.){0,8192})'"""
    r"""|`(?P<back>(?:[^`\\\n]|\\.){0,8192})`)|[(\[)\],;{}\n]|[^\s"'`(\[)\],;{}\n]{1,120}"""
)
_GOES_ON = re.compile(r"\+|\|\||\?|:$|\.|(?:or|if|else)$|\\$")
_TRANSPARENT = re.compile(
    r"(?:parse|from|atob|btoa|get|getenv|env|getOrDefault|getProperty|encode|String|Buffer|b64decode|SecretStr|bytes|"
    r"md5|[=:,(\[|?]\s?|(?<![A-Za-z])(?:[Rr]ef|shallowRef|useState|useRef|signal|mutableStateOf)(?:<[\w |]{1,20}>)?)\($"
)


def literals(text: str, at: int, depth: int = 0) -> Iterator[tuple[tuple[int, int], bool]]:
    """Yield the spans of the string literals in an expression, and False for arguments of an unrelated function."""
    opaque = junk = ended = 0
    last = "+"
    for token in _TOKEN.finditer(text, at):
        word = token[0]
        if token.lastgroup:
            group = "triple" if token["mark"] else token.lastgroup
            if last == '"' and not depth and text[ended : token.start()].strip(" \t"):
                return
            ended = token.end()
            yield token.span(group), not opaque
            last, junk = '"', 0
            continue
        if word == "\n":
            if not depth and last not in '"+(=:?|&[\\':
                return
            continue
        if word in "([":
            depth += 1
            called = _TRANSPARENT.search(text, max(at - 3, token.start() - 24), token.end()) if depth < 9 else None
            opaque = opaque or (depth if word == "(" and not called else 0)
        elif word in ")]":
            opaque = 0 if depth == opaque else opaque
            depth -= 1
        junk += len(word)
        ends = word in ";{}" or (word == "," and not depth) or not 0 <= depth < 9 or junk > 120
        if ends or (last == '"' and word not in "([)]," and not _GOES_ON.match(word)):
            return
        last = word[-1]


Literal: TypeAlias = tuple[tuple[int, int], bool]
_JOIN = re.compile(r"""["'`]{1,3}\s{0,80}[+\\]?\s{0,80}[rbuRBU]?["'`]{1,3}""")


def merged(text: str, spans: list[Span]) -> Iterator[Span]:
    """Yield the spans, joining two with nothing but a doubled quote between them, which stands for one quote."""
    last = spans[0]
    for span in spans[1:]:
        if text[last.end : span.start] in ("''", '""'):
            last = Span(last.start, span.end, last.kind)
        else:
            yield last
            last = span
    yield last


def joined(text: str, values: Sequence[Literal]) -> Iterator[list[Literal]]:
    """Yield the literals in groups that a program concatenates: `"Tr0" + "ub"`, `'Tr0' 'ub'`."""
    group: list[Literal] = []
    for value in values:
        if group and not (group[-1][1] == value[1] and _JOIN.fullmatch(text, group[-1][0][1], value[0][0])):
            yield group
            group = []
        group.append(value)
    if group:
        yield group


_FIXED = re.compile(r"[^\s:/_.?&=-]{8,512}")
_PHRASE = re.compile(r"\s*[A-Za-z-]{2,16} +(\S{12,512})\s*")


# Interpolations of JavaScript and Java, of Python and C#, of Ruby and PHP, and of shells.
_SLOTS = {
    "$": re.compile(r"[$#]\{[^{}]{0,200}\}|\{\$[^{}]{0,200}\}"),
    "{": re.compile(r"\{[^{}]{0,200}\}"),
    "$x": re.compile(r"[$#]\{[^{}]{0,200}\}|\{\$[^{}]{0,200}\}|\$[A-Za-z_]\w{0,60}"),
}
_WITH_VARIABLES = frozenset(".sh .php .kt .dart .groovy .scala".split())


def judged(text: str, span: tuple[int, int], rank: str, suffix: str = "") -> Iterator[Span]:
    """Yield the secrets in a literal: all of it, or the parts beside the expressions in it."""
    start, end = span
    value = text[start:end]
    quote, prefix = text[start - 1 : start], text[max(0, start - 3) : start - 1].lower()
    slots = _SLOTS["{" if prefix[-1:] in ("f", "$") or prefix[-2:] in ("fr", "$@") else "$"]
    if quote == '"' and suffix in _WITH_VARIABLES:
        slots = _SLOTS["$x"]
    if quote in ('"', "`") or slots is _SLOTS["{"]:
        pieces, at = [], start
        for slot in slots.finditer(text, start, end):
            pieces.append((at, slot.start()))
            at = slot.end()
        if pieces:  # only literal parts may be replaced; the expressions stay
            pieces.append((at, end))
            if not any(letter in text[slice(*piece)] for piece in pieces for letter in "{}"):
                for piece in pieces:
                    if _FIXED.fullmatch(text, *piece) and looks_secret(text[slice(*piece)], rank):
                        yield Span(*piece, rank)
            return
    if rank == "token" and (phrase := _PHRASE.fullmatch(value)):
        start, end = start + phrase.start(1), start + phrase.end(1)
    elif value != value.strip():
        start, end = start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip())
    value = re.sub(r"(?:\\[nrt])+", "", text[start:end])
    # A password in such a file may contain spaces, but is never a sentence.
    spaced = suffix == ".env" and rank == "password" and re.search(r"[A-Za-z]\S{0,40}\d|\d\S{0,40}[A-Za-z]", value)
    if looks_secret(re.sub(r"\s", "", value) if spaced else value, rank):
        yield Span(start, end, rank)
