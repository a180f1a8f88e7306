"""The store: what was asked, what came back, and what each attempt cost; one SQLite file that outlives any death.

One row a request, under the key of everything that shapes its answer, and one row an attempt: the ledger. An attempt
is written down when it begins, so that one in flight when a process died is known to have been sent. An answer is in
the file, flushed to disk, before its call counts as done: whoever holds a slot for a call holds it until then, and so
no more calls are ever repeated than were in flight.

All writing is done by one thread, which takes whatever waits and commits it at once.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from swiftprep.distill.locking import Lock
from swiftprep.distill.request import Reply, Request, encodable
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
_BEGIN = (
    "INSERT INTO attempts(id, key, teacher, host, purpose, scenario, started, tokens_in, tokens_out, cost) "
    "VALUES (?,?,?,?,?,?,?,?,?,?)"
)
LEDGER = (
    "id", "key", "teacher", "host", "purpose", "scenario", "started", "latency", "outcome", "status", "tokens_in",
    "tokens_out", "cost", "detail",
)  # fmt: skip

Outcome: TypeAlias = Literal["answered", "filtered", "too-long", "bad-request"]
Write: TypeAlias = tuple[str, Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the store has for a request.

    Attributes:
        outcome: `"answered"`, or why it never will be: the kind of a `TeacherError`.
        detail: What the provider said, where there is no answer.
        reply: The answer; its body is in the ledger.
    """

    outcome: str
    detail: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Spent:
    """What the ledger adds up to."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0


class Store:
    """An open store. It is locked while it is open: two processes would pay for the same answers.

    Example::

        with Store("distil.sqlite") as store:
            store.find(request.key())
    """

    def __init__(self, path: str | Path) -> None:
        """Open a store, or make one; only its owner can read the file.

        Raises:
            ConfigError: another process has it open, it is no store, or its folder cannot be written to.
        """
        self.path = Path(path)
        self._lock = Lock(self.path)
        try:
            self._writer, self._reader = _open(self.path)
        except BaseException:
            self._lock.release()
            raise
        self._next: int = self._reader.execute("SELECT COALESCE(MAX(id), 0) FROM attempts").fetchone()[0]
        self._queue: queue.SimpleQueue[tuple[list[Write], Callable[[Exception | None], None] | None] | None]
        self._queue = queue.SimpleQueue()
        self._broken: Exception | None = None
        self._thread = threading.Thread(target=self._write_all, name="swiftprep-store", daemon=True)
        self._thread.start()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, close the file and let it go."""
        self._queue.put(None)
        self._thread.join()
        for connection in (self._reader, self._writer):
            connection.close()
        self._lock.release()

    def find(self, key: str) -> Stored | None:
        """Return what is known of a request, or None when it has no answer yet."""
        row = self._reader.execute(
            "SELECT outcome, detail, content, reasoning, finish_reason, tokens_in, tokens_out FROM requests "
            "WHERE key=?",
            (key,),
        ).fetchone()
        return None if row is None else Stored(row[0], row[1], Reply(*row[2:]))

    def spent(self) -> Spent:
        """Return what all attempts in the ledger add up to, lost ones among them."""
        row = self._reader.execute(
            "SELECT COUNT(*), TOTAL(tokens_in), TOTAL(tokens_out), TOTAL(cost) FROM attempts"
        ).fetchone()
        return Spent(int(row[0]), int(row[1]), int(row[2]), row[3])

    def begin(
        self,
        key: str,
        *,
        teacher: str,
        host: str,
        purpose: str,
        scenario: str,
        tokens: tuple[int, int] = (0, 0),
        cost: float | None = None,
    ) -> int:
        """Write down that a call begins, and return the attempt's number. It does not wait for the disk.

        Args:
            key: Of the request.
            teacher: Who is asked.
            host: Where.
            purpose: `"answer"`, `"repair"`, `"judge"` or `"evolve"`.
            scenario: What it is for.
            tokens: Of prompt and answer, at most: what counts if nobody ever writes down how it ended.
            cost: Likewise.
        """
        self._next += 1
        values = (self._next, key, teacher, host, purpose, scenario, time.time(), *tokens, cost)
        self._put([(_BEGIN, values)])
        return self._next

    async def end(
        self,
        attempt: int,
        *,
        outcome: str,
        latency: float,
        status: int | None = None,
        tokens: tuple[int, int] = (0, 0),
        cost: float | None = None,
        detail: str = "",
        body: bytes = b"",
        answers: tuple[Request, Stored] | None = None,
    ) -> None:
        """Write down how an attempt ended and, where that settles the request, its answer.

        It returns when that is on disk.

        Args:
            attempt: What `begin` returned.
            outcome: `"answered"`, or a `TeacherError`'s kind.
            latency: Seconds it took.
            status: The HTTP status.
            tokens: Of the prompt and of the answer.
            cost: Money; None when the price is not known.
            detail: What the failure says.
            body: The raw body.
            answers: The request, and what it is answered with from now on.

        Raises:
            DistillStopped: it could not be written.
        """
        packed = zlib.compress(body, 1) if body else None
        writes: list[Write] = [
            (
                "UPDATE attempts SET outcome=?, latency=?, status=?, tokens_in=?, tokens_out=?, cost=?, detail=?, "
                "body=? WHERE id=?",
                (outcome, latency, status, *tokens, cost, encodable(detail), packed, attempt),
            )
        ]
        if answers is not None:
            writes.append(_answer(*answers, attempt))
        await self.write(writes)

    async def write(self, writes: list[Write]) -> None:
        """Do some writing in one transaction and return when it is on disk.

        Raises:
            DistillStopped: it could not be written.
        """
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def tell(error: Exception | None) -> None:
            if not done.done():
                done.set_result(error)

        def from_thread(error: Exception | None) -> None:
            with suppress(RuntimeError):  # nobody waits any more: the loop is closed
                loop.call_soon_threadsafe(tell, error)

        self._put(writes, from_thread)
        error = await done
        if error is not None:
            raise _stopped(self.path, error)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query of one's own; what is not committed yet is not seen."""
        return self._reader.execute(query, values).fetchall()

    def _put(self, writes: list[Write], tell: Callable[[Exception | None], None] | None = None) -> None:
        self._queue.put((writes, tell))

    def _write_all(self) -> None:
        """Commit whatever waits, again and again, until the store is closed."""
        closing_down = False
        while not closing_down:
            waiting = [self._queue.get()]
            while True:
                try:
                    waiting.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            closing_down = None in waiting
            work = [item for item in waiting if item is not None]
            if self._broken is None:
                self._broken = self._commit([write for writes, _ in work for write in writes])
            for _, tell in work:
                if tell is not None:
                    tell(self._broken)

    def _commit(self, writes: list[Write]) -> Exception | None:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            for statement, values in writes:
                self._writer.execute(statement, values)
            self._writer.execute("COMMIT")
        except (sqlite3.Error, OSError, UnicodeError, OverflowError) as error:
            with suppress(sqlite3.Error):
                self._writer.execute("ROLLBACK")
            return error
        return None


def _answer(request: Request, stored: Stored, attempt: int) -> Write:
    reply = stored.reply
    return (
        "INSERT OR REPLACE INTO requests VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            request.key(), zlib.compress(request.to_json(), 1), stored.outcome, encodable(stored.detail),
            encodable(reply.content), encodable(reply.reasoning), reply.finish_reason, reply.tokens_in,
            reply.tokens_out, attempt,
        ),
    )  # fmt: skip


def _stopped(path: Path, error: Exception) -> DistillStopped:
    return DistillStopped(
        f"{path}: the answers can no longer be stored: {error}; what is in it stays. Free the disk and run it again: "
        "only what is missing is asked (答案无法写入磁盘；已有的答案都在，清理磁盘后重新运行即可)",
        kind="store",
    )


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection]:
    """Return a connection to write with, in one thread, and one to read with."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        writer, reader = (
            sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30) for _ in range(2)
        )
        mark, version = (writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version"))
        tables = writer.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if (mark, version) != (_MARK, FORMAT):
            if tables:
                raise ConfigError(
                    f"{path}: no store of this version of swiftprep; name another file (不是可用的存储文件)"
                )
            writer.executescript(
                f"BEGIN IMMEDIATE; {_TABLES} PRAGMA application_id={_MARK}; PRAGMA user_version={FORMAT}; COMMIT;"
            )
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA synchronous=FULL")
        # Whoever died left these; they were sent, and may have been paid for.
        writer.execute("UPDATE attempts SET outcome='lost' WHERE outcome IS NULL")
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{path}: cannot be used as a store: {error} (存储文件不可用)") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror} (无法写入)") from None
    return writer, reader


def read_ledger(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the attempts of a store as dictionaries, in order, without their bodies; it may be in use meanwhile."""
    for row in _query(path, f"SELECT {', '.join(LEDGER)} FROM attempts ORDER BY id"):
        yield dict(zip(LEDGER, row, strict=True))


def read_body(path: str | Path, attempt: int) -> bytes:
    """Return the raw body an attempt brought; empty when there was none."""
    rows = _query(path, "SELECT body FROM attempts WHERE id = ?", (attempt,))
    return zlib.decompress(rows[0][0]) if rows and rows[0][0] else b""


def read_answers(path: str | Path, keys: Sequence[str]) -> dict[str, str]:
    """Return key → outcome for the requests that are settled; nothing is made when there is no store yet."""
    if not Path(path).is_file():
        return {}
    found: dict[str, str] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        found |= dict(
            _query(path, f"SELECT key, outcome FROM requests WHERE key IN ({','.join('?' * len(some))})", some)
        )
    return found


def _query(path: str | Path, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    source = Path(path)
    if not source.is_file():
        raise ConfigError(f"{source}: no such store (没有这个存储文件)")
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.DatabaseError as error:
        raise ConfigError(f"{source}: cannot be read as a store: {error} (存储文件不可用)") from None
