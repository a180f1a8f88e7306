"""Text wrapped to the width of a terminal, where a Chinese character takes two columns."""

from __future__ import annotations

import re
import unicodedata

# A word of Latin text, a single wide character with the punctuation that must not begin a line, or white space.
_PIECE = re.compile(
    r"\s+|[\u2e80-\u9fff\uff00-\uffef][，。；：、）！？]*|[^\s\u2e80-\u9fff\uff00-\uffef]+[，。；：、）！？]*"
)


def columns(text: str) -> int:
    """Return how many columns a text takes in a terminal.

    >>> columns("ab中文")
    6
    """
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int, indent: str = "", further: str | None = None) -> str:
    """Return a text in lines of at most `width` columns; a longer word has a line of its own.

    >>> print(wrapped("which one, 哪一个", 12, "  "))
      which one,
      哪一个

    Args:
        text: A paragraph.
        width: Columns of a line, indent included.
        indent: What stands before the first line.
        further: What stands before the others; None: the same.
    """
    further = indent if further is None else further
    lines = [indent]
    is_empty = True
    for piece in _PIECE.findall(text):
        if not is_empty and columns(lines[-1] + piece.rstrip()) > width:
            lines.append(further)
            is_empty = True
        if piece.isspace():
            lines[-1] += "" if is_empty else " "
        else:
            lines[-1] += piece
            is_empty = False
    return "\n".join(line.rstrip() for line in lines)
