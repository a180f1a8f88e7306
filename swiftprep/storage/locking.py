"""Locks of the operating system on an open file: gone with the process that holds them, however it ends."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

from swiftprep.errors import ConfigError

# For opening a file of swiftprep's own: a link in its place is no way to another, and a pipe there is not waited for.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_LONGEST = 20  # bytes: what a lock holds is the number of a process

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def open_lock(path: Path, mode: int = 0o666, *, create: bool = True) -> int:
    """Open a file to be locked, which is made if it is not there, and return its descriptor.

    Raises:
        ConfigError: a link, or something that is no lock, is in its place: that is neither locked nor written to.
        OSError: it cannot be opened.
    """
    try:
        file = os.open(path, os.O_RDWR | NO_LINKS | (os.O_CREAT if create else 0), mode)
    except OSError as error:
        if error.errno == errno.ELOOP or path.is_symlink():
            raise _no_lock(path) from None
        raise
    found = os.fstat(file)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 or found.st_size > _LONGEST:
        os.close(file)
        raise _no_lock(path)
    return file


def _no_lock(path: Path) -> ConfigError:
    return ConfigError(f"{path}: a link, or no lock of swiftprep's; delete it, or name another place (不是锁文件)")


def lock(file: int, *, shared: bool = False) -> bool:
    """Take the lock of an open file and tell whether that went well; it is never waited for.

    It is held until the file is closed. Two openings of one file exclude each other within a process, too.

    Args:
        file: Descriptor of a file that is open for writing.
        shared: Others may share it who ask for that, too. Windows has no such locks: there it is not taken at all.

    Raises:
        OSError: this file system has no locks.
    """
    try:
        _take(file, shared)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def sign(file: int) -> None:
    """Write into a file whose lock is held who holds it.

    Raises:
        OSError: the disk is full; the lock holds all the same.
    """
    os.truncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, f"{os.getpid()}\n".encode())


def holder(file: int) -> str:
    """Return the number of the process that signed a lock, or `""`."""
    number = os.pread(file, _LONGEST, 0).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
    return number if number.isdigit() else ""


if sys.platform == "win32":
    import msvcrt

    def _take(file: int, shared: bool) -> None:
        if shared:
            return
        os.lseek(file, 1 << 20, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(file: int, shared: bool) -> None:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
