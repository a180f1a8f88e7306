"""Replacements for personal numbers in a text that checks their format, or uses their digits.

`MOBILE.test('…')  // true` becomes wrong if the number becomes a word, so it becomes a number of the same format that
belongs to nobody. Where none fits, because the text shows its digits again, the value stays and is reported.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from swiftprep.redaction.places import PROSE, regions
from swiftprep.redaction.secret_values import Span

# Test cards from the documentation of payment services, by number of digits and first digit.
_CARDS = {
    (15, "3"): "378282246310005", (16, "3"): "3566002020360505", (16, "4"): "4111111111111111",
    (16, "5"): "5555555555554444", (16, "6"): "6200000000000005", (19, "6"): "6205500000000000004",
}  # fmt: skip
# Words of a text that works with the digits.
_LESSON = re.compile(
    r"(?i)luhn|check(?:[- ]?sum|[- ]?digit)|校验[位码和]|加权|(?<![a-z])mod(?:ulo)?[ -]?1[01]\b|模 ?1[01](?!\d)"
)
_CARRIERS = re.compile(r"(?i)号段|运营商|中国(?:移动|联通|电信)|unicom|cmcc|telecom|carrier")
# Code that may check the format.
_CHECK = re.compile(
    r"\.(?:test|exec|match|matches|search|fullmatch|findall|replace|sub)\(|\bassert|\bexpect\(|"
    r"(?<![A-Za-z])(?:is|check|valid|validate|verify|ok)(?:[A-Z_]\w{0,40})?\("
)
_PATTERN = re.compile(r"[/\"'`](\^[^/\"'`\n]{3,200}\$)[/\"'`]")
_MOST_CHOICES = 5  # quantifiers of a pattern; with more of them, or repeated groups, matching may take for ever
_CHOICE, _REPEATED_GROUP = re.compile(r"[*+?]|\{\d*,"), re.compile(r"\)[*+{]")
# Partly hidden values in a text, `139****5678` and `l***@corp.cn`, and dates.
_HIDDEN_TAIL, _HIDDEN_HEAD = (
    re.compile(r"(\d{3})\d{0,3}[ -]?[*•]{2,}"),
    re.compile(r"(?<![*•])[*•]{2,}[ -]?(\d{4})(?!\d)"),
)
_HIDDEN_MAIL = re.compile(r"(?<!\w)(\w)\w{0,3}[*•]{2,}\w{0,4}@([A-Za-z0-9.-]{3,253})")
_DATE = re.compile(r"(?<!\d)(\d{4})(?:[-/.年](\d{1,2})[-/.月](\d{1,2})|(\d\d)(\d\d))(?!\d)")


class _About(NamedTuple):
    """Facts about a whole text that do not depend on the value: determined once for all values."""

    teaches: bool
    carriers: bool
    beginnings: frozenset[str]  # three digits before stars
    endings: frozenset[str]  # four digits after stars
    mailboxes: frozenset[tuple[str, str]]  # first letter and host of an address with stars
    dates: frozenset[tuple[int, int, int]]
    patterns: tuple[str, ...]
    checked: tuple[tuple[int, int, bool], ...]  # start, end, whether it is prose


@lru_cache(maxsize=4)
def _about(text: str, path: str) -> _About:
    pieces: list[tuple[int, int, bool]] = []
    for start, end, suffix in regions(text, path):
        if _CHECK.search(text, start, end):
            pieces.append((start, end, suffix in PROSE))
    return _About(
        teaches=_LESSON.search(text) is not None,
        carriers=_CARRIERS.search(text) is not None,
        beginnings=frozenset(_HIDDEN_TAIL.findall(text)),
        endings=frozenset(_HIDDEN_HEAD.findall(text)),
        mailboxes=frozenset((name, host.rstrip(".")) for name, host in _HIDDEN_MAIL.findall(text)),
        dates=frozenset((int(m[1]), int(m[2] or m[4]), int(m[3] or m[5])) for m in _DATE.finditer(text)),
        patterns=tuple(dict.fromkeys(match[1] for match in _PATTERN.finditer(text))),
        checked=tuple(pieces),
    )


def stand_in(text: str, span: Span, path: str) -> str | None:
    """Return the replacement of a value: `""` for the word of its kind, or None if the value has to stay.

    Args:
        text: The text that contains it.
        span: Its place and kind, from `personal`.
        path: The path passed to `personal`.

    >>> code = "isPhone('+86 139-1234-5678')"
    >>> stand_in(code, Span(9, 26, "phone"), "a.js")
    '+86 138-0013-8000'
    >>> stand_in("139****5678, 13912345678", Span(13, 24, "phone"), "a.md") is None
    True
    """
    value = text[span.start : span.end]
    about = _about(text, path)
    if _goes_on_from(value, span.kind, about):
        return None
    if not _is_checked(text, span, about):
        return ""
    other = of_the_same_form(value, span.kind)
    return None if other is None or _tells_apart(value, other, span.kind, about) else other


def _goes_on_from(value: str, kind: str, about: _About) -> bool:
    """Return whether a text explains the check digit, shows the value partly hidden, or shows its date of birth."""
    if kind == "email":
        name, _, host = value.partition("@")
        return (name[0], host) in about.mailboxes
    digits = _digits(value)
    if kind in ("id-card", "bank-card") and about.teaches:
        return True
    if digits[:3] in about.beginnings or digits[-4:] in about.endings:
        return True
    return kind == "id-card" and (int(digits[6:10]), int(digits[10:12]), int(digits[12:14])) in about.dates


def _is_checked(text: str, span: Span, about: _About) -> bool:
    """Return whether the code around a value, or its line in prose, may check the value's format."""
    piece = next((piece for piece in about.checked if piece[0] <= span.start < piece[1]), None)
    if piece is None:
        return False
    start, end, is_prose = piece
    if is_prose:
        start = text.rfind("\n", 0, span.start) + 1
        end = text.find("\n", span.end) % (len(text) + 1)
        return _CHECK.search(text, start, end) is not None
    return True


def of_the_same_form(value: str, kind: str) -> str | None:
    """Return a value of the same format that belongs to nobody, or None where none is known."""
    digits = _digits(value)
    if kind == "email":
        return "user@example.com"
    if kind == "phone":
        known = digits[:-11] + "13800138000"
    elif kind == "id-card":
        known = "11010519491231002X" if digits.endswith("X") else "440524188001010014"
    else:
        known = _CARDS.get((len(digits), digits[0]), "")
    if len(known) != len(digits):
        return None
    left = iter(known)
    return re.sub(r"[\dXx]", lambda _: next(left), value)


def _tells_apart(value: str, other: str, kind: str, about: _About) -> bool:
    """Return whether a check in the text may accept one of two values and reject the other."""
    if kind == "email":
        return False
    return (kind == "phone" and about.carriers) or any(_differs(pattern, value, other) for pattern in about.patterns)


@lru_cache(maxsize=64)
def _differs(pattern: str, value: str, other: str) -> bool:
    """Return whether a pattern matches only one of two values, or cannot be tried safely."""
    if _REPEATED_GROUP.search(pattern) or len(_CHOICE.findall(pattern)) > _MOST_CHOICES:
        return True
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return True
    return (compiled.search(value) is None) != (compiled.search(other) is None)


def _digits(value: str) -> str:
    return re.sub(r"[^\dX]", "", value.upper())
