"""Read files in a worker process: a few kilobytes can unpack to more than memory and time allow."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from swiftprep.errors import DataError
from swiftprep.process.workers import Guarded, ItemLimits, Lost

Read = TypeVar("Read")

LIMITS = ItemLimits(seconds_per_mb=10.0)  # enough for the densest ordinary YAML


def read_apart(read: Callable[[Path], Read], paths: Sequence[Path]) -> list[Read | DataError | Lost]:
    """Return the result for each file: what was read, a `DataError`, or why reading was stopped.

    Args:
        read: Reads a file; a module-level function with a result that can be pickled.
        paths: The files; relative ones start from the current working directory.

    Raises:
        SwiftprepError: `read` raised one other than `DataError`.
    """
    folder = "" if all(path.is_absolute() for path in paths) else os.getcwd()
    guarded = Guarded(partial(_read, read, folder), limits=LIMITS, size=_size)
    return [_unpacked(result) for result in guarded.map(paths)]


def _read(read: Callable[[Path], Read], folder: str, path: Path) -> tuple[Read | None, str | None]:
    """Return what was read, or the error, so that a bad file costs no other."""
    if folder:
        os.chdir(folder)
    try:
        return read(path), None
    except DataError as error:
        return None, str(error)


def _unpacked(result: tuple[Read | None, str | None] | Lost) -> Read | DataError | Lost:
    if isinstance(result, Lost):
        least, more, memory_mb = LIMITS
        message = f"{result.reason}; a file has {least:g} s and {more:g} s a MB, and {memory_mb:,} MB of memory"
        return Lost(f"{message} (文件超出读取限制，未读)", result.over)
    value, error = result
    return value if error is None else DataError(error)  # type: ignore[return-value]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
