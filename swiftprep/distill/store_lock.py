"""The lock of a store; it ends with the process that holds it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from swiftprep.errors import ConfigError, one_line
from swiftprep.storage.locking import holder, lock, open_lock, sign


class Lock:
    """A lock held from creation until `release`, or until the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock `path` + `.lock`.

        Raises:
            ConfigError: another process holds it, a link is in its place, or the folder is not writable.
        """
        try:
            whole = path.resolve()  # the same lock by whatever name the store is opened
            self.path = whole.with_name(whole.name + ".lock")
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links, or a NUL
            raise ConfigError(f"{path}: not a valid file name: {one_line(error)} (文件名无效)") from None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open_lock(self.path, 0o600)
        except OSError as error:
            raise ConfigError(f"{self.path}: {error.strerror} (无法写入)") from None
        try:
            taken = lock(self._file)
        except OSError as error:
            os.close(self._file)
            raise ConfigError(
                f"{self.path}: this file system has no locks ({error.strerror}); name a store on a local disk "
                "(该文件系统不支持文件锁，请把存储文件放在本地磁盘)"
            ) from None
        if not taken:
            number = holder(self._file)
            os.close(self._file)
            by = f" by process {number}" if number else ""
            raise ConfigError(
                f"{path}: in use{by}; two runs on one store would pay for the same answers. Wait for it, or name "
                "another store (存储文件正被另一个进程使用，请等待其结束，或换一个存储文件)"
            )
        with suppress(OSError):  # a full disk: the lock holds without it
            sign(self._file)

    def release(self) -> None:
        """Release the lock."""
        os.close(self._file)
