"""Remove invisible characters where this does not change the meaning of a text or its code."""

from __future__ import annotations

import re

from swiftprep.code.markdown import fenced
from swiftprep.code.syntax import spans

_NO_CHARACTERS = "\ufdd0-\ufdef" + "".join(chr(plane << 16 | end) for plane in range(17) for end in (0xFFFE, 0xFFFF))
# Invisible letters that a model reads nevertheless; legitimate only in a regional flag, after U+1F3F4.
_TAG = "[\U000e0000-\U000e007f]"
_TAGS = "".join(f"(?<!\U0001f3f4{_TAG}{{{count}}})" for count in range(7)) + _TAG
# Invisible: terminal colours, control characters except tab and line ends, zero-width characters except the joiner of
# emoji, and direction marks, which can hide code (Boucher and Anderson, Trojan Source, 2021).
HIDDEN = re.compile(
    "(?:\x1b\\[|\x9b)[0-9;]*[A-Za-z]"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f"
    f"\u200b\u200e\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069\u00ad{_NO_CHARACTERS}]"
    f"|{_TAGS}"
)
# Never intended literally, even in a string: such characters are written as escapes.
_NEVER_MEANT = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f{_NO_CHARACTERS}]|{_TAGS}")
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# White space in JavaScript, which may be all that separates two words.
_SEPARATES = re.compile("(?<=[\\w$])[\x0b\x0c\ufeff]+(?=[\\w$])")


def without_hidden(text: str, *, language: str | None = None) -> str:
    r"""Return a text without invisible characters, except those that its code may need.

    In code they stay in strings, patterns, attribute values and visible text, where they may be intended; elsewhere in
    code they belong to no name and no operator. Prose in a right-to-left script keeps its direction marks.

    Args:
        text: A message, or the code itself.
        language: The language, if the whole text is code.

    >>> without_hidden("Use\u200b it:\n```js\nlet\u200b a = 'b\u200bc'\n```")
    "Use it:\n```js\nlet a = 'b\u200bc'\n```"
    """
    if not HIDDEN.search(text):
        return text
    if language is not None:
        return _in_code(text, language)
    pieces: list[str] = []
    done = 0
    for block in fenced(text):
        start = block.start + text[block.start : block.end].find("\n") + 1
        pieces += _in_prose(text[done:start]), _in_code(block.code, block.language)
        done = start + len(block.code)
    return "".join([*pieces, _in_prose(text[done:])])


def never_meant(text: str) -> str:
    r"""Return the code point of the first character that is in code only by accident, even in a string, or `""`.

    >>> never_meant("a = '\x1b[31m'"), never_meant(r"a = '\x1b[31m'")
    ('U+001B', '')
    """
    match = _NEVER_MEANT.search(text)
    return f"U+{ord(match[0]):04X}" if match else ""


def _in_prose(text: str) -> str:
    if _RIGHT_TO_LEFT.search(text):
        return HIDDEN.sub(lambda match: match[0] if _DIRECTION.fullmatch(match[0]) else "", text)
    return HIDDEN.sub("", text)


def _in_code(code: str, language: str) -> str:
    if not HIDDEN.search(code):
        return code
    source = code.encode("utf-8", "replace")
    pieces: list[str] = []
    done = 0
    for span in spans(code, language):
        if span.part != "comment":
            pieces += _outside_texts(source[done : span.start]), source[span.start : span.end].decode("utf-8")
            done = span.end
    return "".join([*pieces, _outside_texts(source[done:])])


def _outside_texts(source: bytes) -> str:
    text = source.decode("utf-8", "replace")
    return HIDDEN.sub("", _SEPARATES.sub(" ", text))
