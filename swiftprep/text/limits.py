"""Limits on the size and nesting of input, so that one file or row from outside cannot exhaust memory or the stack.

The limits of the libraries come too late: `orjson` accepts 1,024 levels and Python 1,000 frames, a line may be as long
as the file, and a pipe may never end.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, AnyStr, TypeVar

import orjson

from swiftprep.errors import DataError

LARGEST_ROW = 32 << 20  # bytes of a row, a hundred times the longest answer that a model learns
LARGEST_FILE = 256 << 20  # bytes of a file that is read whole
DEEPEST = 100  # levels of a JSON or YAML value
LONGEST_LITERAL = 1 << 20  # characters of a printed Python value, whose syntax tree takes a hundred times its memory
TOO_LARGE = f"more than {LARGEST_ROW >> 20} MB in one row (一行超过 {LARGEST_ROW >> 20} MB)"
TOO_DEEP = f"nested deeper than {DEEPEST} levels (嵌套超过 {DEEPEST} 层)"

Value = TypeVar("Value")


def read_within(path: Path, most: int = LARGEST_FILE) -> bytes:
    """Return the content of a regular file.

    Raises:
        DataError: it is not a regular file, or has more than `most` bytes.
        OSError: it cannot be read.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise DataError(f"{path}: not a regular file (不是普通文件)")
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise DataError(f"{path}: more than {most >> 20} MB (文件超过 {most >> 20} MB)")
    return data


def lines_within(file: IO[AnyStr], most: int = LARGEST_ROW) -> Iterator[AnyStr]:
    r"""Yield the lines of a file with their `\n`; a longer line is cut off after `most + 1` bytes or characters.

    The caller can tell from its length that a line is too long, and no more of it is held in memory.
    """
    while line := file.readline(most + 1):
        yield line
        while len(line) > most and not line.endswith(b"\n" if isinstance(line, bytes) else "\n"):
            line = file.readline(most + 1)


def shallow(value: Value) -> Value:
    """Return a parsed value, unless it is nested too deeply to walk through.

    Raises:
        DataError: it has more than `DEEPEST` levels.

    >>> shallow({"a": [1, 2]})
    {'a': [1, 2]}
    """
    level: list[object] = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list, tuple))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list, tuple))
        ]
        if not level:
            return value
    raise DataError(TOO_DEEP)


def loads_within(text: bytes) -> Any:
    """Parse a JSON text, unless it is nested too deeply.

    Raises:
        DataError: it has more than `DEEPEST` levels.
        orjson.JSONDecodeError: it is not valid JSON.
    """
    value = orjson.loads(text)
    # Counting brackets is quick, and most rows have too few to be deep.
    return shallow(value) if text.count(b"[") + text.count(b"{") > DEEPEST else value


def whole_number(digits: str) -> int | float:
    """Parse a whole number of a JSON text; 25 digits or more become a float, which may be infinite.

    >>> whole_number("12"), whole_number("9" * 400)
    (12, inf)
    """
    return int(digits) if len(digits) < 25 else float(digits)
