"""Output files that are either complete or absent, and the cache folder."""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import orjson

from swiftprep.errors import ConfigError
from swiftprep.storage.locking import lock

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # raised by a write, which does not name its file
_LEFTOVER = re.compile(r"\.swiftprep-\d+-\d+\.tmp")
_POSIX = os.name == "posix"
_numbers = itertools.count()


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for binary writing and rename it onto `path` at the end.

    The file is flushed to disk before the rename, and parent folders are created. On any exception the temporary file
    is removed and `path` keeps its old content. Temporary files that killed processes left in the folder are removed,
    too.

    Raises:
        OSError: the folder cannot be created or written to, or the disk is full; it names the file.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _temporary(target.parent) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not _POSIX:
                file.close()  # Windows cannot move an open file; elsewhere the lock marks it as in use
            os.replace(file.name, target)
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = str(target)
        raise


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield the path of a folder beside `path`, to be created and filled, and rename it onto `path` at the end.

    On any exception it is removed; folders that killed processes left behind are removed, too.

    Raises:
        OSError: the folder cannot be created or written to, or `path` already exists.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _temporary(target.parent) as file:
        folder = Path(file.name).with_suffix(".dir")
        try:
            yield folder
            folder.rename(target)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _temporary(folder: Path) -> Iterator[IO[bytes]]:
    """Open a new file in a folder, keep it locked while open, and remove it at the end if it still exists."""
    clear_leftovers(folder)
    file = _new_file(folder)
    try:
        with file:
            yield file
    finally:
        Path(file.name).unlink(missing_ok=True)


def _new_file(folder: Path) -> IO[bytes]:
    while True:
        name = folder / f".swiftprep-{os.getpid()}-{next(_numbers)}.tmp"
        try:
            file = name.open("xb")
        except FileExistsError:  # of a process with the same number, on another machine or dead
            continue
        with suppress(OSError):  # a file system without locks: leftovers stay there
            if _POSIX and not (lock(file.fileno()) and os.fstat(file.fileno()).st_nlink):
                file.close()  # another process took it for a leftover before it was locked
                continue
        return file


def clear_leftovers(folder: Path) -> None:
    """Remove swiftprep's temporary files that no process has locked, with the folders beside them."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _LEFTOVER.fullmatch(entry.name)]
    for name in names:
        with suppress(OSError):  # another process was quicker, or we may not remove it
            _remove_if_dead(folder / name)


def _remove_if_dead(path: Path) -> None:
    if not _POSIX:
        path.unlink()  # Windows refuses this while the file is open
    else:
        file = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not lock(file):
                return
            path.unlink()
        finally:
            os.close(file)
    shutil.rmtree(path.with_suffix(".dir"), ignore_errors=True)


def write_text(path: str | Path, text: str) -> Path:
    """Write `text` to `path` as UTF-8, atomically, and return the path."""
    with atomic_write(path) as file:
        file.write(text.encode("utf-8"))
    return Path(path)


def write_rows(rows: Iterable[Mapping[str, Any]], path: str | Path) -> None:
    """Write JSON lines atomically. What UTF-8 cannot hold, such as half a surrogate pair, is written as an escape."""
    with atomic_write(path) as file:
        for row in rows:
            try:
                line = orjson.dumps(row, default=str)
            except TypeError:  # lone surrogates, huge numbers
                line = json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace")
            file.write(line + b"\n")


def cache_dir() -> Path:
    """Return the cache folder: `$SWIFTPREP_CACHE`, else `~/.cache/swiftprep`.

    Raises:
        ConfigError: there is no home folder: neither `$HOME` nor an entry in the user database.
    """
    try:
        return Path(os.environ.get("SWIFTPREP_CACHE") or Path.home() / ".cache" / "swiftprep")
    except RuntimeError:
        raise ConfigError("no home folder is known: set HOME or SWIFTPREP_CACHE (找不到用户主目录)") from None
