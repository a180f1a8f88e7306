"""Separate code from prose in an answer: CommonMark fenced blocks and bare code."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

FENCE_MARK = re.compile(r"`{3,}|~{3,}")
INLINE_CODE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")  # within one line, between single backticks

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})([^\n]*)$", re.M)  # deeper indentation means a list item
_FENCE_AT_LEFT = re.compile(r"^ {0,3}(?:`{3,}|~{3,})", re.M)
_INLINE = re.compile(r"`[^`\n]+`")
_CODE_START = re.compile(
    r"""\s*(?:<(?:template|script|style|!--|!DOCTYPE|html|[a-z]+-[\w-]+)\b | ['"]use\ strict | /[/*] | \#!
    | (?:import|export|package|@\w+|const|let|var|function|async\ function|class|def|from|public|private
    | module\.exports|\#include)\b)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Fenced:
    """A fenced block.

    Attributes:
        start: Where its opening fence begins, in the text.
        end: Where its closing fence ends; the end of the text when it is never closed.
        language: The first word after the fence, in lower case.
        code: Its content, with the final line end.
        mark: The opening fence itself.
        closed: Whether there is a closing fence.
    """

    start: int
    end: int
    language: str
    code: str
    mark: str
    closed: bool


def fenced(text: str) -> list[Fenced]:
    r"""Return the fenced blocks of a text, in order.

    Source: CommonMark 0.31, fenced code blocks.

    >>> [(block.language, block.code, block.closed) for block in fenced("So:\n```js\nlet a\n```\n")]
    [('js', 'let a\n', True)]
    """
    return list(_fenced(text))


@lru_cache(maxsize=16)  # many rules look at one answer
def _fenced(text: str) -> tuple[Fenced, ...]:
    blocks = []
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            is_heading = match[1][0] == "~" and not match[2].strip() and _line_before(text, match.start())
            if not is_heading and (match[1][0] == "~" or "`" not in match[2]):
                opened = match
        elif match[1].startswith(opened[1]) and not match[2].strip():
            blocks.append(_block(text, opened, match.start(), match.end(), True))
            opened = None
    if opened is not None:
        blocks.append(_block(text, opened, len(text), len(text), False))
    return tuple(blocks)


def _line_before(text: str, start: int) -> str:
    """Return the line before `start`, stripped; above a row of `~`, it is a heading."""
    return text[text.rfind("\n", 0, max(0, start - 1)) + 1 : max(0, start - 1)].strip()


def _block(text: str, opened: re.Match[str], stop: int, end: int, closed: bool) -> Fenced:
    language = opened[2].split()[0].lower() if opened[2].strip() else ""
    return Fenced(opened.start(), end, language, text[opened.end() + 1 : stop], opened[1], closed)


def in_a_block(at: int, blocks: list[Fenced]) -> bool:
    """Return whether an offset lies within one of the blocks, which must be sorted."""
    number = bisect_right(blocks, at, key=lambda block: block.start)
    return number > 0 and at < blocks[number - 1].end


def outside_fences(text: str) -> str:
    """Return a text without its fenced blocks."""
    pieces, done = [], 0
    for block in fenced(text):
        pieces.append(text[done : block.start])
        done = block.end
    return "".join([*pieces, text[done:]])


def prose(text: str) -> str:
    r"""Return a text without fenced blocks and inline code; `""` if all of it is bare code.

    >>> prose("Use `v-if`:\n```vue\n<a/>\n```\nDone.")
    'Use  :\n\nDone.'
    """
    if is_bare_code(text):
        return ""
    return _INLINE.sub(" ", outside_fences(text))


def is_bare_code(text: str) -> bool:
    """Return whether a whole answer is unfenced code, as in the source article's stage 1."""
    return _CODE_START.match(text) is not None and _FENCE_AT_LEFT.search(text) is None


def code_of(text: str) -> list[tuple[str, str]]:
    """Return `(language, code)` of each piece of code in an answer; the language of bare code is `""`."""
    if is_bare_code(text):
        return [("", text)]
    return [(block.language, block.code) for block in fenced(text)]
