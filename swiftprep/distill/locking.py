"""A lock on a file that is gone with the process that holds it."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

from swiftprep.errors import ConfigError


class Lock:
    """Held from when it is made until `release`, or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock `path` + `.lock`.

        Raises:
            ConfigError: somebody else has it, or the folder cannot be written to.
        """
        whole = path.resolve()  # by whatever name it is called
        self.path = whole.with_name(whole.name + ".lock")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise ConfigError(f"{self.path}: {error.strerror} (无法写入)") from None
        try:
            _take(self._file)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                os.close(self._file)
                raise ConfigError(
                    f"{self.path}: this file system has no locks ({error.strerror}); name a store on a local disk "
                    "(该文件系统不支持文件锁)"
                ) from None
            holder = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() if hasattr(os, "pread") else ""
            os.close(self._file)
            by = f" by process {holder}" if holder.isdigit() else ""
            raise ConfigError(
                f"{path}: in use{by}; two runs on one store would pay for the same answers. Wait for it, or name "
                "another store (存储文件正被另一个进程使用)"
            ) from None
        with suppress(OSError):  # a full disk: the lock holds without it
            os.truncate(self._file, 0)
            os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give it back."""
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        os.lseek(file, 1 << 20, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
