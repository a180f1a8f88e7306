"""The store: what was asked, what came back, and what each attempt cost; one SQLite file that survives crashes.

One row a request, under the key of everything that shapes its answer, and one row an attempt: the ledger. An attempt
is written down when it begins, so that one in flight when a process died is known of. An answer is in
the file, flushed to disk, before its call counts as done: whoever holds a slot for a call holds it until then, and so
no more calls are ever repeated than were in flight.

All that is to be written in one turn of the event loop is one commit, made in the loop itself: a thread would wait for
the interpreter's lock longer than for the disk.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.distill.store_lock import Lock
from swiftprep.errors import ConfigError, DistillStopped
from swiftprep.teachers.request import Reply, Request, encodable
from swiftprep.withheld import shown, without_secrets_in_bytes

FORMAT = 1
LINGER = 0.02  # seconds the note that a call has begun waits for an answer to be committed with
LARGE = 16_384  # bytes from which a body is compressed; below, that costs more than it saves
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
_BEGIN = (
    "INSERT INTO attempts(id, key, teacher, host, purpose, scenario, started, tokens_in, tokens_out, cost) "
    "VALUES (?,?,?,?,?,?,?,?,?,?)"
)
LEDGER = (
    "id", "key", "teacher", "host", "purpose", "scenario", "started", "latency", "outcome", "status", "tokens_in",
    "tokens_out", "cost", "detail",
)  # fmt: skip

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


class AnswerStore:
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
        self._pending: list[Write] = []
        self._waiting: list[asyncio.Future[Exception | None]] = []
        self._broken: Exception | None = None

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what waits, close the file and let it go."""
        try:
            self._flush()
            for connection in (self._reader, self._writer):
                connection.close()
        finally:
            self._lock.release()

    def find(self, key: str) -> Stored | None:
        """Return what is known of a request, or None when it has no answer yet."""
        row = self._reader.execute(
            "SELECT outcome, detail, content, reasoning, finish_reason, tokens_in, tokens_out FROM requests "
            "WHERE key=?",
            (key,),
        ).fetchone()
        return None if row is None else Stored(row[0], row[1], Reply(*row[2:]))

    def unchecked(self, key: str, terms: str) -> str:
        """Return why the answer to a request could not be verified on the same terms; `""` when nothing is known."""
        row = self._reader.execute("SELECT reason FROM unchecked WHERE key=? AND terms=?", (key, terms)).fetchone()
        return "" if row is None else str(row[0])

    async def leave_unchecked(self, key: str, terms: str, reason: str) -> None:
        """Write down that the answer to a request could not be verified, so that nobody tries again.

        Raises:
            DistillStopped: it could not be written.
        """
        await self.write([("INSERT OR REPLACE INTO unchecked VALUES (?,?,?)", (key, terms, encodable(reason)))])

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
        values = (self._next, key, teacher, host, purpose, encodable(scenario), time.time(), *tokens, cost)
        self._pending.append((_BEGIN, values))
        if len(self._pending) == 1:
            asyncio.get_running_loop().call_later(LINGER, self._flush)
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
        answers: tuple[str, Request, Stored] | None = None,
    ) -> None:
        """Write down how an attempt ended and, where that settles the request, its answer; all without secrets.

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
            answers: The request's key, the request, and what it is answered with from now on.

        Raises:
            DistillStopped: it could not be written.
        """
        packed = _pack(without_secrets_in_bytes(body)) if body else None
        writes: list[Write] = [
            (
                "UPDATE attempts SET outcome=?, latency=?, status=?, tokens_in=?, tokens_out=?, cost=?, detail=?, "
                "body=? WHERE id=?",
                (outcome, latency, status, *tokens, cost, encodable(shown(detail)), packed, attempt),
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
        done: asyncio.Future[Exception | None] = loop.create_future()
        self._pending += writes
        self._waiting.append(done)
        if len(self._waiting) == 1:  # whoever else comes in this turn is in the same commit
            loop.call_soon(self._flush)
        error = await done
        if error is not None:
            raise _stopped(self.path, error)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query of one's own; what is not committed yet is not seen."""
        return self._reader.execute(query, values).fetchall()

    def _flush(self) -> None:
        """Commit whatever waits, and tell those who wait for it."""
        writes, self._pending = self._pending, []
        waiting, self._waiting = self._waiting, []
        if writes and self._broken is None:
            self._broken = self._commit(writes)
        for done in waiting:
            if not done.done():
                done.set_result(self._broken)

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


def _pack(body: bytes) -> bytes:
    return b"z" + zlib.compress(body, 1) if len(body) > LARGE else b"=" + body


def _unpack(packed: bytes) -> bytes:
    return zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]


def _answer(key: str, request: Request, stored: Stored, attempt: int) -> Write:
    reply = stored.reply
    return (
        "INSERT OR REPLACE INTO requests VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            key, _pack(without_secrets_in_bytes(request.to_json())), stored.outcome, encodable(shown(stored.detail)),
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
        writer.executescript(_LATER_TABLES)
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
    return _unpack(rows[0][0]) if rows and rows[0][0] else b""


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
