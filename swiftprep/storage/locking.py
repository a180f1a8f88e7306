"""Operating-system locks on open files, released when the process that holds them ends, however it ends."""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

from swiftprep.errors import ConfigError

# For opening swiftprep's own files: a link in their place is not followed, and opening a pipe does not block.
NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
_LONGEST = 20  # bytes: a lock file holds a process number

_TAKEN = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def open_lock(path: Path, mode: int = 0o666, *, create: bool = True) -> int:
    """Open a lock file, creating it if it does not exist, and return its descriptor.

    Raises:
        ConfigError: a link, or a file that is not a lock, is in its place; it is neither locked nor written to.
        OSError: it cannot be opened.
    """
    try:
        file = os.open(path, os.O_RDWR | NO_LINKS | (os.O_CREAT if create else 0), mode)
    except OSError as error:
        if error.errno == errno.ELOOP or path.is_symlink():
            raise _no_lock(path) from None
        raise
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1 or status.st_size > _LONGEST:
        os.close(file)
        raise _no_lock(path)
    return file


def _no_lock(path: Path) -> ConfigError:
    return ConfigError(f"{path}: a link, or no lock file of swiftprep; delete it, or name another place (不是锁文件)")


def lock(file: int, *, shared: bool = False) -> bool:
    """Try to lock an open file without waiting, and return whether the lock is held.

    The lock is held until the file is closed. Two descriptors of one file exclude each other even within a process.

    Args:
        file: Descriptor of a file open for writing.
        shared: Take a shared lock. Windows has none: there nothing is locked.

    Raises:
        OSError: this file system does not support locks.
    """
    try:
        _take(file, shared)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def sign(file: int) -> None:
    """Write this process's number into a locked file.

    Raises:
        OSError: the disk is full; the lock is still held.
    """
    os.truncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, f"{os.getpid()}\n".encode())


def holder(file: int) -> str:
    """Return the number of the process that signed a lock file, or `""`."""
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
