"""The file of a store: creating, opening and reading it, and the errors when that fails."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, DistillStopped

FORMAT = 1
_MARK = 0x73776470  # SQLite's application id: "swdp"
_TABLES = """
CREATE TABLE requests(
    key TEXT PRIMARY KEY, request BLOB NOT NULL, outcome TEXT NOT NULL, detail TEXT NOT NULL, content TEXT NOT NULL,
    reasoning TEXT NOT NULL, finish_reason TEXT NOT NULL, tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,
    attempt INTEGER NOT NULL);
CREATE TABLE attempts(
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, teacher TEXT NOT NULL, host TEXT NOT NULL, purpose TEXT NOT NULL,
    scenario TEXT NOT NULL, started REAL NOT NULL, latency REAL, outcome TEXT, status INTEGER,
    tokens_in INTEGER NOT NULL DEFAULT 0, tokens_out INTEGER NOT NULL DEFAULT 0, cost REAL, detail TEXT, body BLOB);
CREATE INDEX attempts_key ON attempts(key);
CREATE TABLE batches(
    id TEXT PRIMARY KEY, teacher TEXT NOT NULL, host TEXT NOT NULL, submitted REAL NOT NULL, keys TEXT NOT NULL,
    collected REAL);
"""
_LATER_TABLES = """
CREATE TABLE IF NOT EXISTS unchecked(key TEXT PRIMARY KEY, terms TEXT NOT NULL, reason TEXT NOT NULL);
"""


def open_store(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection, int]:
    """Return a connection for writing, one for reading, and the number of the last attempt.

    Raises:
        ConfigError: it is no store, it is not writable, or it is an empty file that others can read.
    """
    try:
        _claim(path)
        writer, reader = (
            sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30) for _ in range(2)
        )
        mark, version = (writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        tables = writer.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if (mark, version) != (_MARK, FORMAT):
            if tables:
                raise ConfigError(
                    f"{path}: not a store of this version of swiftprep; name another file "
                    "(不是当前版本 swiftprep 的存储文件，请换一个文件)"
                )
            writer.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id={_MARK}; PRAGMA user_version={FORMAT}; COMMIT;"
            )
        writer.execute("PRAGMA journal_mode=WAL")
        writer.executescript(_LATER_TABLES)
        writer.execute("PRAGMA synchronous=FULL")
        # Left by a process that died: they were sent, and may have been paid for.
        writer.execute("UPDATE attempts SET outcome='lost' WHERE outcome IS NULL")
        last = reader.execute("SELECT COALESCE(MAX(id), 0) FROM attempts").fetchone()[0]
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: cannot be used as a store: {error} (存储文件不可用)") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror} (无法写入)") from None
    return writer, reader, int(last)


def _claim(path: Path) -> None:
    """Create the file if needed, and make an empty one private: it will hold prompts and answers."""
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        state = os.fstat(file)
        if state.st_size or os.name == "nt" or not stat.S_IMODE(state.st_mode) & 0o077:
            return
        if state.st_uid != os.geteuid():
            raise ConfigError(
                f"{path}: this empty file is somebody else's and readable by others; name another store "
                "(该文件属于其他用户且可被他人读取，请换一个存储文件)"
            )
        os.fchmod(file, 0o600)
    finally:
        os.close(file)


def query_file(path: str | Path, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a query to a store that may be in use.

    Raises:
        ConfigError: there is no store, or it cannot be read.
    """
    source = Path(path)
    if not is_file(source):
        raise ConfigError(f"{source}: no such store (没有这个存储文件)")
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{source}: cannot be read as a store: {error} (存储文件不可用)") from None


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file; an invalid name or a loop of links is not."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def damaged(path: Path, why: object) -> DistillStopped:
    """Return the error that stops a run whose store cannot be read."""
    return DistillStopped(
        f"{path}: the store cannot be read: {why}; nothing in it was asked again. Restore a backup, or name "
        "another store (存储文件已损坏；请恢复备份，或换一个存储文件)",
        kind="store",
    )


def stopped(path: Path, error: Exception) -> DistillStopped:
    """Return the error that stops a run that can no longer store answers."""
    message = str(error)
    if "malformed" in message or "not a database" in message:
        return damaged(path, error)
    if isinstance(error, OSError) or "full" in message or "disk" in message:
        advice = (
            "Free some disk space and run again: only what is missing is asked "
            "(回答无法写入磁盘；已有回答均已保存，清理磁盘后重新运行即可)"
        )
    else:
        advice = (
            "Run again, or name another store if that does not help: only what is missing is asked "
            "(回答无法写入存储文件；已有回答均已保存，请重新运行，若仍失败请换一个存储文件)"
        )
    return DistillStopped(
        f"{path}: answers can no longer be stored: {message}; those already stored are kept. {advice}", kind="store"
    )
