"""Literals compared with a secret's name: `'…' === password`, `['…'].includes(password)`, `case '…'`.

Also literals returned by a function with such a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_REACH = 120  # characters before a name in which a comparison begins
_LONGEST = 600  # characters of the compared literals
_LED = r"!?(?:[\w.$]{0,40}[(\[][\"']?){0,2}\Z"  # what may precede the name: `md5(`, `form['`
_SIGN = re.compile(rf"(?P<end>[\"'`])\s{{0,20}}[=!]==?\s{{0,20}}{_LED}")
_CALL = re.compile(
    rf"(?P<end>[\"'`]|[\])]{{1,2}})\s{{0,20}}\.(?:equals\w{{0,12}}|contentEquals|includes|contains|indexOf|has|some|to[A-Z]\w{{0,16}})"
    rf"\(\s{{0,20}}{_LED}"
)
_BEFORE_COMMA = re.compile(rf"(?P<end>[\"'`])\s{{0,20}},\s{{0,20}}{_LED}")
_COMPARES = re.compile(r"(?i)(?:equals?|is|compare\w{0,12}|same|strcmp|timingSafeEqual|assert\w{0,12})\(\s{0,20}\Z")
_LITERAL = re.compile(r"\"(?P<double>[^\"\n\\]{1,200})\"|'(?P<single>[^'\n\\]{1,200})'|`(?P<back>[^`\n\\]{1,200})`")
_OPENS = {"]": "[", ")": "("}
# What follows the name: `switch (password) { case '…'`, `expect(password).toBe('…')`.
_AFTER = re.compile(
    r"\)\s{0,3}(?:\{\s{0,40}case\s{1,3}|\.(?:not\.|to\.|should\.|is\.){0,2}(?:toBe|to(?:Strict)?Equal|equals?|eql?|isEqualTo|"
    r"toHaveValue)\(\s{0,3})(?=[\"'`])"
)
_CASES = re.compile(r"case\s{1,3}(?P<quote>[\"'`])(?P<value>[^\"'`\n\\]{1,200})(?P=quote)\s{0,3}:")
# A function without arguments, or with only itself: `getPassword() { return '…' }`.
_ANSWERS = re.compile(
    r"\(\s?(?:self|cls|this)?\s?\)(?:\s{0,3}:\s?(?:string|String|str)\b|\s{0,3}->\s{0,3}\w{1,12})?\s{0,3}"
    r"(?:(?:=>|:|=)?\s{0,3}\{?\s{0,40}return\s{1,3}|=>?\s{0,3})[bru]?(?=[\"'`])"
)


def compared_after(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Yield the literals after a name that it is compared with; the name ends at `end`."""
    if after := _AFTER.match(text, end):
        if literal := _LITERAL.match(text, after.end()):
            yield literal.span(str(literal.lastgroup))
        if "case" in after[0]:
            for case in _CASES.finditer(text, after.end(), after.end() + _LONGEST):
                yield case.span("value")


def answered(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Yield the literal that a function returns whose name ends at `end`."""
    answer = _ANSWERS.match(text, end)
    literal = _LITERAL.match(text, answer.end()) if answer else None
    if literal:
        yield literal.span(str(literal.lastgroup))


def compared(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the literals before a name that it is compared with; the name begins at `start`."""
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
    """Return the span of the literal whose closing quote ends at `end`."""
    begin = text.rfind(text[end - 1], max(0, end - _LONGEST), end - 1) + 1
    return None if not begin or "\n" in text[begin:end] else (begin, end - 1)


_IN_BRACKETS = re.compile(
    r" \((?=[^\s()]{0,64}\d)(?=[^\s()]{0,64}[a-z])(?=[^\s()]{0,64}[A-Z@#$%!])([^\s()\"'`,;/:.]{6,64})\)"
)
_GIVEN_AWAY = re.compile(r"(?i)(?:hard-?coded|default|initial|temp|current|old|real|prod)[a-z]{0,8} \Z")
_COMMENT = re.compile(r"//|#|\*|<!--")


def in_brackets(text: str, end: int, before: str) -> tuple[int, int] | None:
    """Return the span of a password that a comment mentions in brackets: `the hard-coded pwd (…)`.

    Args:
        text: The text.
        end: End of the name.
        before: The text before the name on its line.
    """
    is_given_away = _GIVEN_AWAY.search(before[-24:]) and _COMMENT.search(before)
    match = _IN_BRACKETS.match(text, end) if is_given_away else None
    return match.span(1) if match else None
