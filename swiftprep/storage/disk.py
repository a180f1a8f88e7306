"""Output files that are either whole or absent, and the folder for what is worth keeping between runs."""

from __future__ import annotations

import errno
import itertools
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from swiftprep.errors import ConfigError
from swiftprep.storage.locking import lock

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # raised by a write, which does not name its file
_LEFTOVER = re.compile(r"\.swiftprep-\d+-\d+\.tmp")
_POSIX = os.name == "posix"
_numbers = itertools.count()


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for binary writing and rename it onto `path` at the end.

    The file is flushed to disk before the rename, parent folders are made, and on any exception the temporary
    file is removed and `path` keeps what it held before. What a process that was killed left behind of this kind in
    the folder is removed, too.

    Raises:
        OSError: the folder cannot be made or written to, or the disk is full; it names the file.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _temporary(target.parent) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if not _POSIX:
                file.close()  # Windows moves no open file; elsewhere its lock says that it is no leftover
            os.replace(file.name, target)
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            error.filename = str(target)
        raise


@contextmanager
def whole_folder(path: str | Path) -> Iterator[Path]:
    """Yield the name of a folder beside `path`, to be made and filled, and rename it onto `path` at the end.

    On any exception it is removed; what a process that was killed left behind is removed, too.

    Raises:
        OSError: the folder cannot be made or written to, or `path` is there already.
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
    """Open a new file in a folder, locked as long as it is open, and remove it at the end if it is still there."""
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
        except FileExistsError:  # of a process with this number on another machine, or of one that is dead
            continue
        with suppress(OSError):  # a file system without locks: what is left there stays
            if _POSIX and not (lock(file.fileno()) and os.fstat(file.fileno()).st_nlink):
                file.close()  # taken for a leftover before it had its lock
                continue
        return file


def clear_leftovers(folder: Path) -> None:
    """Remove temporary files of ours that nobody has open, as their locks tell, with the folders beside them."""
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _LEFTOVER.fullmatch(entry.name)]
    for name in names:
        with suppress(OSError):  # somebody else was quicker, or it is not ours to remove
            _remove_if_dead(folder / name)


def _remove_if_dead(path: Path) -> None:
    if not _POSIX:
        path.unlink()  # Windows refuses that while somebody has it open
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


def cache_dir() -> Path:
    """Return the cache folder: `$SWIFTPREP_CACHE`, else `~/.cache/swiftprep`.

    Raises:
        ConfigError: there is no home folder: neither `$HOME` nor an entry in the table of users.
    """
    try:
        return Path(os.environ.get("SWIFTPREP_CACHE") or Path.home() / ".cache" / "swiftprep")
    except RuntimeError:
        raise ConfigError("no home folder is known: set HOME or SWIFTPREP_CACHE (找不到用户主目录)") from None
