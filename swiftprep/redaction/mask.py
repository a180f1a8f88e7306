"""Replacement of private values by marker words, so that code still parses afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from swiftprep.redaction.places import MARKUP, OTHER_CODE, PROSE, GrammarPart, Place, Places, flat, parsed
from swiftprep.redaction.secret_values import Span

# The marker of earlier versions, which is not valid code outside of a string.
OLD_MARKER = re.compile(r"<REDACTED:([a-z0-9-]+)>")
MARKER = re.compile(rf"{OLD_MARKER.pattern}|REDACTED_[A-Z][A-Z0-9_]*")

_KEY_TEXT = re.compile(r"\\[nrt]|[A-Za-z0-9+/=]{2,}")
_STATIC = frozenset(".java .kt .go .cs .c .cpp .rs .dart .swift .scala".split())
_MOST_TRIED = 40  # values of a part for which several replacements are tried

_Edit: TypeAlias = tuple[int, int, str]


def word(kind: str) -> str:
    """Return the marker word for a kind of value.

    >>> word("id-card")
    'REDACTED_ID_CARD'
    """
    return "REDACTED_" + re.sub(r"[^A-Z0-9]+", "_", kind.upper())


def mask(text: str, spans: Sequence[Span], places: Places) -> str:
    """Replace each span by the marker word for its kind.

    In a string, a comment or plain text the word is inserted bare; in place of a number or name in code, as a string.
    Where a part of the text that parsed before would not parse afterwards, more than the span is replaced.

    Args:
        text: The text.
        spans: The spans to replace, in order and without overlaps.
        places: The places of the same text.
    """
    edits: list[_Edit] = []
    groups: dict[GrammarPart | None, list[Span]] = {}
    for span in spans:
        groups.setdefault(places.part(span.start), []).append(span)
    for part, group in groups.items():
        choices = [next(_choices(text, span, places)) for span in group]
        if part is not None and _errors(text, choices, part) > (errors := places.tree(part).errors):
            choices = _one_by_one(text, group, places, part, errors)
        edits += choices
    return _apply(text, sorted(edits))


def _choices(text: str, span: Span, places: Places) -> Iterator[_Edit]:
    """Yield the possible replacements of a span, the smallest change first."""
    start, end, kind = span
    bare = word(kind)
    if kind == "private-key" and re.search(r"[\n\\]", text[start:end]):
        # Its lines may be string literals that code concatenates: replace only the letters of the key.
        yield (
            start,
            end,
            _KEY_TEXT.sub(lambda match: match[0] if match[0][0] == "\\" else bare, text[start:end]),
        )
        return
    place = places.at(start, end)
    quoted = f"{place.quotes[0]}{bare}{place.quotes[0]}" if place.quotes else bare
    if place.kind == "number":
        yield place.start, place.end, _in_place_of_number(text, place, quoted, places.suffix(start))
    elif place.kind == "code":
        yield start, end, quoted
    yield start, end, bare
    yield min(place.start, start), max(place.end, end), bare if place.kind == "text" else quoted
    for around in islice(places.around(start, end), 5):
        yield *around, quoted


_SAYS_NUMBER = re.compile(r":\s{0,3}(?:number|bigint|int|float)\s{0,3}=\s{0,3}$")


def _in_place_of_number(text: str, place: Place, quoted: str, suffix: str) -> str:
    """Return a string, or 0 where the assigned variable may have a number type."""
    if suffix in _STATIC or _SAYS_NUMBER.search(text, max(0, place.start - 40), place.start):
        return "0" + re.sub(r"[^lLnuU]", "", text[place.start : place.end])
    return quoted


def _one_by_one(text: str, group: list[Span], places: Places, part: GrammarPart, errors: int) -> list[_Edit]:
    kept: list[_Edit] = []
    for number, span in enumerate(group):
        if kept and span.end <= kept[-1][1]:
            continue  # the replacement of the previous span covers it
        choices = [choice for choice in _choices(text, span, places) if not kept or choice[0] >= kept[-1][1]]
        if not choices:
            choices = [(span.start, span.end, word(span.kind))]
        tried = choices if number < _MOST_TRIED else []
        kept.append(next((c for c in tried if _errors(text, [*kept, c], part) <= errors), choices[0]))
    return kept


def _errors(text: str, edits: Sequence[_Edit], part: GrammarPart) -> int:
    inside = [(start - part.start, end - part.start, new) for start, end, new in edits]
    return parsed(flat(_apply(text[part.start : part.end], inside)), part.language).errors


def _apply(text: str, edits: Sequence[_Edit]) -> str:
    pieces: list[str] = []
    done = 0
    for start, end, new in edits:
        pieces += text[done:start], new
        done = end
    return "".join([*pieces, text[done:]])


_IN_TAG = re.compile(r"<[A-Za-z/](?:[^<>\"']|\"[^\"]*\"|'[^']*')*$")
_STATEMENT = re.compile(r"\s*(?:(?:const|let|var)\s[^=]*|[\w$.\[\]'\"]+\s*)=\s*$")


def renewed(text: str, path: str) -> tuple[str, list[str]]:
    """Replace the markers of earlier versions, `<REDACTED:kind>`, by today's words where they are in code.

    A marker in a string, a comment or the text of markup becomes the word. Prose stays as it is.

    Args:
        text: The text.
        path: Its file; `".md"` for prose that may hold fenced code.

    Returns:
        The text, and the lines in which a marker replaced a value or an expression, whose type is unknown.

    >>> renewed("a = '<REDACTED:token>'", "a.js"), renewed("a = <REDACTED:token>", "a.js")[1]
    (("a = 'REDACTED_TOKEN'", []), ['a = <REDACTED:token>'])
    """
    marks = list(OLD_MARKER.finditer(text))
    fresh = OLD_MARKER.sub(lambda match: word(match[1]), text) if marks else text
    places = Places(fresh, path)
    edits: list[_Edit] = []
    broken: list[str] = []
    shift = 0
    for mark in marks:
        new = word(mark[1])
        start = mark.start() + shift
        shift += len(new) - len(mark[0])
        outcome = _outcome(fresh, start, start + len(new), places)
        if outcome == "renew":
            edits.append((*mark.span(), new))
        elif outcome == "broken":
            line_end = text.find("\n", mark.end())
            broken.append(text[text.rfind("\n", 0, mark.start()) + 1 : line_end if line_end >= 0 else len(text)])
    return _apply(text, edits), broken


def _outcome(text: str, start: int, end: int, places: Places) -> str:
    """Return what to do with a marker of an earlier version: `"renew"` or `"keep"`; `"broken"` if it breaks code."""
    place, suffix = places.at(start, end), places.suffix(start)
    if places.part(start) is not None:
        return "renew" if place.kind == "text" and place.is_sound else "broken"
    line = text.rfind("\n", 0, start) + 1
    if suffix in PROSE:
        ends = text[end:].split("\n", 1)[0].strip()
        is_code = _STATEMENT.fullmatch(text[line:start]) and (
            ends == ";" or re.match(r"\s*(?:const|let|var)\s", text[line:])
        )
        return "broken" if is_code else "keep"
    if suffix in MARKUP:
        return "broken" if _IN_TAG.search(text, max(0, start - 2000), start) else "renew"
    return "broken" if suffix in OTHER_CODE and place.kind != "text" else "renew"
