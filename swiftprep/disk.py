"""Output files that are either whole or absent, and the folder for what is worth keeping between runs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from swiftprep.errors import ConfigError


@contextmanager
def atomic_write(path: str | Path) -> Iterator[IO[bytes]]:
    """Open a temporary neighbour of `path` for binary writing and rename it onto `path` at the end.

    The file is flushed to disk before the rename, parent folders are made, and on any exception the temporary
    file is removed and `path` keeps what it held before.

    Raises:
        OSError: the folder cannot be made or written to.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


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
