"""Cache the results of a scan in an SQLite file, so that a rescan reads only changed files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from swiftprep.scan.file_record import FileRecord
from swiftprep.scan.walk import FoundFile
from swiftprep.storage.disk import cache_dir
from swiftprep.streams import get_logger

logger = get_logger(__name__)

KEPT_SECONDS = 30 * 24 * 3600  # caches not used for this long are deleted
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS files (path BLOB PRIMARY KEY, size INTEGER, mtime INTEGER, read_at INTEGER, sha TEXT,"
    " head BLOB, facts BLOB, rows BLOB, signature BLOB, inner BLOB)",
    "CREATE TABLE IF NOT EXISTS whole (digest TEXT PRIMARY KEY, held_out BLOB)",
    "CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, side TEXT, data BLOB)",
)
_BATCH = 1000


class Known:
    """The cached size, modification time, read time (both in nanoseconds) and hash of each file."""

    def __init__(self, stamps: dict[str, tuple[int, int, int, str]]) -> None:
        self._stamps = stamps

    def sha(self, file: FoundFile) -> str:
        """Return the cached hash of the file, or `""`."""
        return self._stamps[file.path][3] if file.path in self._stamps else ""

    def is_current(self, file: FoundFile) -> bool:
        """Return whether a file is certainly unchanged, judging by its size and modification time.

        A file read within one clock tick of its modification does not count: it may have changed again in that tick.
        """
        if file.path not in self._stamps:
            return False
        size, mtime, read_at, _ = self._stamps[file.path]
        tick = 2_000_000_000 if mtime % 1_000_000_000 == 0 else 20_000_000
        return size == file.size and mtime == file.mtime_ns and mtime + tick < read_at


class ScanCache:
    """The cached records of one folder scanned with one set of settings.

    If the cache file is damaged, locked or not writable, the scan goes on without it.

    Args:
        path: The SQLite file, or None to cache nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._connection: sqlite3.Connection | None = None
        self._waiting = 0
        if path is None:
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _prune(path.parent)
            self._connection = _open(path)
        except OSError as error:
            _tell_unusable(path, error.strerror or str(error))
        except sqlite3.OperationalError as error:
            if "locked" in str(error):  # by another scan
                logger.info("scanning without the cache %s: %s", path.name, error)
            else:  # a disk that is full or read-only
                _tell_unusable(path, str(error))
        except sqlite3.DatabaseError:  # damaged: start a new one
            with contextlib.suppress(OSError, sqlite3.DatabaseError):
                path.unlink(missing_ok=True)
                self._connection = _open(path)

    def known(self) -> Known:
        """Return what is known of all files from earlier scans."""
        rows = self._all("SELECT path, size, mtime, read_at, sha FROM files")
        return Known({os.fsdecode(path): (size, mtime, read_at, sha) for path, size, mtime, read_at, sha in rows})

    def get(self, path: str) -> FileRecord | None:
        """Return the record of a file, or None."""
        rows = self._all("SELECT sha, head, facts, rows, signature, inner FROM files WHERE path = ?", os.fsencode(path))
        return FileRecord(*rows[0]) if rows else None

    def put(self, file: FoundFile, record: FileRecord, read_at: int) -> None:
        """Store the record of a file that was read at `read_at` (nanoseconds since the epoch)."""
        self._do(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            os.fsencode(file.path), file.size, file.mtime_ns, read_at,
            record.sha, record.head, record.facts, record.rows, record.signature, record.inner,
        )  # fmt: skip
        self._waiting += 1
        if self._waiting >= _BATCH:
            self.commit()

    def whole(self, digest: str) -> tuple[bytes, Iterator[tuple[str, bytes]]] | None:
        """Return the held-out files and the parts stored by `add_whole` for exactly these files, or None."""
        rows = self._all("SELECT held_out FROM whole WHERE digest = ?", digest)
        if not rows or self._connection is None:
            return None
        cursor = self._connection.execute("SELECT side, data FROM parts ORDER BY number")
        return rows[0][0], ((side, data) for side, data in cursor)

    def start_whole(self) -> None:
        """Delete the stored results for all files together, to store new ones."""
        self._do("DELETE FROM whole")
        self._do("DELETE FROM parts")

    def add_whole(self, side: str, data: bytes) -> None:
        """Store a part of the results for all files together."""
        self._do("INSERT INTO parts (side, data) VALUES (?, ?)", side, data)

    def finish_whole(self, digest: str, held_out: bytes) -> None:
        """Mark the stored parts as complete; without this, they are not used."""
        self._do("INSERT INTO whole VALUES (?, ?)", digest, held_out)

    def forget(self, paths: set[str]) -> None:
        """Delete the records of files that are not among `paths`."""
        for (name,) in self._all("SELECT path FROM files"):
            if os.fsdecode(name) not in paths:
                self._do("DELETE FROM files WHERE path = ?", name)

    def commit(self) -> None:
        """Write pending changes to disk."""
        self._waiting = 0
        if self._connection is not None:
            with contextlib.suppress(sqlite3.DatabaseError):
                self._connection.commit()
                self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """Write pending changes and close the file."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.DatabaseError):
                self._connection.commit()
            self._connection.close()
            self._connection = None

    def _all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        if self._connection is None:
            return []
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._give_up(error)
            return []

    def _do(self, query: str, *values: object) -> None:
        if self._connection is None:
            return
        try:
            self._connection.execute(query, values)
        except sqlite3.DatabaseError as error:
            self._give_up(error)

    def _give_up(self, error: sqlite3.DatabaseError) -> None:
        logger.info("going on without the cache: %s", error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@lru_cache(maxsize=64)  # warn once
def _tell_unusable(path: Path, why: str) -> None:
    logger.warning(
        "%s: the cache cannot be used (%s); scanning without it. SWIFTPREP_CACHE names another folder, cache=False "
        "turns caching off (缓存文件夹不可写，本次不使用缓存；可用 SWIFTPREP_CACHE 指定其他文件夹，或设 cache=False)",
        path.parent,
        why,
    )


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=0.2, isolation_level=None)
    try:
        path.chmod(0o600)
        connection.execute("PRAGMA synchronous = OFF")  # a lost cache can be rebuilt
        for statement in _SCHEMA:
            connection.execute(statement)
        connection.execute("BEGIN IMMEDIATE")
    except BaseException:
        connection.close()
        raise
    os.utime(path)
    return connection


def _prune(folder: Path) -> None:
    limit = time.time() - KEPT_SECONDS
    for path in folder.glob("*.sqlite"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink()


def store_path(folders: Iterable[Path], fingerprint: str) -> Path:
    """Return the path of the records of some folders in the cache folder."""
    key = "\0".join([*(str(folder.resolve()) for folder in folders), fingerprint])
    name = hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache_dir() / "scan" / f"{name}.sqlite"
