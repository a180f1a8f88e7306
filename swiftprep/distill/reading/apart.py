"""Read files in a worker process: a few kilobytes can hold more than there is memory and time for."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from swiftprep.errors import DataError
from swiftprep.process.workers import Guarded, ItemLimits, Lost

Read = TypeVar("Read")

LIMITS = ItemLimits(seconds_per_mb=10.0)  # the densest honest YAML takes that much


def read_apart(read: Callable[[Path], Read], paths: Sequence[Path]) -> list[Read | DataError | Lost]:
    """Return what is read from each file, or the `DataError` that it is, or why it was not read to its end.

    Args:
        read: Reads a file; a function of a module, whose result pickle takes.
        paths: The files, relative ones from the working directory of now.

    Raises:
        SwiftprepError: `read` raises one that is no `DataError`.
    """
    folder = "" if all(path.is_absolute() for path in paths) else os.getcwd()
    guarded = Guarded(partial(_read, read, folder), limits=LIMITS, size=_size)
    return [_found(result) for result in guarded.map(paths)]


def _read(read: Callable[[Path], Read], folder: str, path: Path) -> tuple[Read | None, str | None]:
    """Return what is read, and the error if there is one, which costs no other file."""
    if folder:
        os.chdir(folder)
    try:
        return read(path), None
    except DataError as error:
        return None, str(error)


def _found(result: tuple[Read | None, str | None] | Lost) -> Read | DataError | Lost:
    if isinstance(result, Lost):
        least, more, memory_mb = LIMITS
        told = f"{result.reason}; a file has {least:g} s and {more:g} s a MB, and {memory_mb:,} MB of memory"
        return Lost(f"{told} (文件超出读取限制，未读)", result.over)
    value, error = result
    return value if error is None else DataError(error)  # type: ignore[return-value]


def _size(path: Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
