"""The literals before a telling name that are compared with it: `'…' === password`, `['…'].includes(password)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

_REACH = 120  # characters before a name in which a comparison begins
_LONGEST = 600  # characters of what is compared
_LED = r"!?(?:[\w.$]{0,40}[(\[][\"']?){0,2}\Z"  # what may stand before the name: `md5(`, `form['`
_SIGN = re.compile(rf"(?P<end>[\"'`])\s{{0,20}}[=!]==?\s{{0,20}}{_LED}")
_CALL = re.compile(
    rf"(?P<end>[\"'`]|[\])]{{1,2}})\s{{0,20}}\.(?:equals\w{{0,12}}|contentEquals|includes|contains|indexOf|has|some|to[A-Z]\w{{0,16}})"
    rf"\(\s{{0,20}}{_LED}"
)
_BEFORE_COMMA = re.compile(rf"(?P<end>[\"'`])\s{{0,20}},\s{{0,20}}{_LED}")
_COMPARES = re.compile(r"(?i)(?:equals?|is|compare\w{0,12}|same|strcmp|timingSafeEqual|assert\w{0,12})\(\s{0,20}\Z")
_LITERAL = re.compile(r"\"(?P<double>[^\"\n\\]{1,200})\"|'(?P<single>[^'\n\\]{1,200})'|`(?P<back>[^`\n\\]{1,200})`")
_OPENS = {"]": "[", ")": "("}


def compared(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the literals are that what begins at a place is compared with, and that stand before it."""
    tail = text[max(0, start - _REACH) : start]
    if "=" not in tail and "(" not in tail:
        return
    offset = start - len(tail)
    match = _SIGN.search(tail) or _CALL.search(tail)
    if match is None:
        match = _BEFORE_COMMA.search(tail)
        literal = _literal_before(text, offset + match.end("end")) if match else None
        if literal and _COMPARES.search(text, max(0, literal[0] - 41), literal[0] - 1):
            yield literal
        return
    end = offset + match.end("end")
    sign = match["end"][0]
    if sign in _OPENS:
        begin = text.rfind(_OPENS[sign], max(0, end - _LONGEST), end)
        for one in _LITERAL.finditer(text, begin, end) if begin >= 0 else ():
            yield one.span(str(one.lastgroup))
    elif literal := _literal_before(text, end):
        yield literal


def _literal_before(text: str, end: int) -> tuple[int, int] | None:
    """Return where the literal is whose closing quote ends at a place."""
    begin = text.rfind(text[end - 1], max(0, end - _LONGEST), end - 1) + 1
    return None if not begin or "\n" in text[begin:end] else (begin, end - 1)
