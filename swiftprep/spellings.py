r"""Secrets in encoded or interrupted spellings, and long parts of secrets, found in a text and masked.

A text is reduced to its lower-case letters and digits: first as it stands, then with escapes decoded (`\u{73}`, `%73`,
`=73`, `\163`, `&#115;`), then with HTML tags removed as well. Everything else (white space, quotes, commas, marks,
zero-width characters) is skipped. Each reduced text is searched for the secret, forwards and backwards, and for its
base64 (at any byte offset), hexadecimal and decimal encodings. This takes time linear in the length of the text, and
little where no six consecutive characters belong to a secret.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

_PART = 12  # consecutive letters and digits of a secret that reveal too much of it
_PART_OF_BASE64 = 16
_PART_OF_HEX = 24
_PART_OF_CODES = 24
_SHORTEST = 10  # letters and digits; shorter secrets are not searched for in this way

_HEX = r"[2-7][0-9a-fA-F]"
_ESCAPE = (
    rf"\\{{1,8}}(?:[uUx](?:\{{0{{0,6}}(?P<braces>{_HEX})\}}|0{{0,6}}(?P<code>{_HEX}))|0{{4}}(?P<style>{_HEX})\s?"
    rf"|(?P<octal>[01][0-7][0-7])|(?P<short>{_HEX})\s?|[nrt])"
    rf"|%(?:u00|(?:25){{0,3}})(?P<url>{_HEX})|=(?P<quoted>{_HEX})"
    rf"|&(?:amp;){{0,3}}(?:\#(?:0{{0,6}}(?P<decimal>[0-9]{{2,3}})|[xX]0{{0,6}}(?P<entity>{_HEX}));?|\w{{2,24}};)"
)
_ESCAPES = re.compile(_ESCAPE)
_TAG = r"<[/!a-zA-Z][^<>]{0,200}>"
_TAGS = re.compile(_TAG)
_AS_IT_STANDS, _RESOLVED, _WITHOUT_TAGS = (
    re.compile(f"{before}(?P<plain>[A-Za-z0-9０-９Ａ-Ｚａ-ｚ])") for before in ("", f"{_ESCAPE}|", f"{_TAG}|{_ESCAPE}|")
)
_WIDE = re.compile("[０-９Ａ-Ｚａ-ｚ]")  # as Chinese input methods write them
_TO_WIDE = ord("０") - ord("0")
_SMALL = bytes(range(256)).lower()
_OTHERS = bytes(code for code in range(256) if not chr(code).isascii() or not chr(code).isalnum())


@dataclass(frozen=True, slots=True)
class _Row:
    """One spelling of a secret: its letters and digits, and the parts at which a match may begin."""

    letters: str
    least: int
    parts: dict[str, list[int]]  # a part of `least` letters → where it begins
    probes: tuple[str, ...]  # short pieces; every part contains at least one


def without_spellings(text: str, secrets: Iterable[str], mask: str) -> str:
    """Replace whatever spells one of these secrets, or a long part of one, by `mask`.

    A secret of letters only or digits only is not searched for, as it reads like a word or a number.
    """
    rows = [row for secret in secrets for row in _rows(secret)]
    if not rows:
        return text
    for pattern, reduce in ((_AS_IT_STANDS, _bare), (_RESOLVED, _resolved), (_WITHOUT_TAGS, _without_tags)):
        letters = reduce(text)
        if candidates := [row for row in rows if any(probe in letters for probe in row.probes)]:
            text = _masked(text, pattern, candidates, mask)
    return text


def _bare(text: str) -> str:
    if _WIDE.search(text):
        text = _WIDE.sub(lambda match: chr(ord(match[0]) - _TO_WIDE), text)
    return text.encode("ascii", "ignore").translate(_SMALL, _OTHERS).decode()


def _resolved(text: str) -> str:
    return _bare(_ESCAPES.sub(_letter, text))


def _without_tags(text: str) -> str:
    return _resolved(_TAGS.sub("", text)) if "<" in text else ""


def _letter(match: re.Match[str]) -> str:
    """Return the letter or digit that a match stands for, or an empty string."""
    kind, digits = match.lastgroup, match[match.lastgroup] if match.lastgroup else ""
    if kind is None or kind == "plain":
        return (digits if digits.isascii() else chr(ord(digits[0]) - _TO_WIDE)).lower() if digits else ""
    letter = chr(int(digits, {"octal": 8, "decimal": 10}.get(kind, 16)))
    return letter.lower() if letter.isascii() and letter.isalnum() else ""


def _masked(text: str, pattern: re.Pattern[str], rows: list[_Row], mask: str) -> str:
    spots = [(letter, match.span()) for match in pattern.finditer(text) if (letter := _letter(match))]
    letters = "".join(letter for letter, _ in spots)
    parts, done = [], 0
    for begin, end in _joined(sorted(span for row in rows for span in _spans(letters, row))):
        start, stop = spots[begin][1][0], spots[end - 1][1][1]
        parts += [text[done:start], mask]
        done = stop
    return "".join([*parts, text[done:]])


def _spans(letters: str, row: _Row) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each run of letters that belongs to a secret."""
    place = 0
    while place <= len(letters) - row.least:
        starts = row.parts.get(letters[place : place + row.least])
        if starts is None:
            place += 1
            continue
        begin = min(place - _alike_before(letters, place, row.letters, start) for start in starts)
        end = max(place + _alike_after(letters, place, row.letters, start) for start in starts)
        yield begin, end
        place = end


def _alike_before(text: str, place: int, letters: str, start: int) -> int:
    count = 0
    while count < min(place, start) and text[place - count - 1] == letters[start - count - 1]:
        count += 1
    return count


def _alike_after(text: str, place: int, letters: str, start: int) -> int:
    count = 0
    while count < min(len(text) - place, len(letters) - start) and text[place + count] == letters[start + count]:
        count += 1
    return count


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    begin, end = -1, -1
    for one, other in spans:
        if one > end:
            if end >= 0:
                yield begin, end
            begin = one
        end = max(end, other)
    if end >= 0:
        yield begin, end


@lru_cache(maxsize=256)
def _rows(secret: str) -> tuple[_Row, ...]:
    letters = "".join(letter for letter in secret if letter.isascii() and letter.isalnum())
    if len(letters) < _SHORTEST or letters.isdigit() or letters.isalpha():
        return ()
    least = min(_PART, len(letters))
    rows = [_row(letters, least), _row(letters[::-1], least)]
    data = secret.encode("utf-8", "replace")
    for before in range(3):  # only base64 characters that depend on the secret alone, whatever surrounds it
        packed = base64.b64encode(b"\0" * before + data).decode().rstrip("=")
        whole = packed[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        rows.append(_row("".join(letter for letter in whole if letter.isalnum()), _PART_OF_BASE64))
    rows.append(_row(data.hex(), min(_PART_OF_HEX, 2 * len(data))))
    rows.append(_row("".join(map(str, data)), _PART_OF_CODES, is_drawn=True))
    return tuple(row for row in rows if row.parts)


def _row(letters: str, least: int, *, is_drawn: bool = False) -> _Row:
    parts: dict[str, list[int]] = {}
    for start in range(len(letters) - least + 1):
        part = letters[start : start + least]
        if is_drawn or len(letters) == least or _is_drawn(part):
            parts.setdefault(part.lower(), []).append(start)
    letters, half = letters.lower(), least // 2
    probes = tuple(letters[place : place + half] for place in range(0, len(letters) - half + 1, half))
    return _Row(letters, least, parts, probes)


def _is_drawn(part: str) -> bool:
    """Return whether a part looks random: letters and digits, or upper and lower case alternating."""
    turns = sum(one.isupper() != other.isupper() for one, other in pairwise(part))
    return not part.isdigit() and (not part.isalpha() or turns > 3)
