"""The store: requests, answers and the cost of each attempt, in one SQLite file that survives crashes.

There is one row per request, keyed by everything that shapes its answer, and one row per attempt: the ledger. An
attempt is recorded when it begins, so that those in flight when a process dies are known. An answer is flushed to disk
before its call counts as done and gives back its slot, so no more calls are ever repeated than were in flight.

All writes of one turn of the event loop share a commit, made in the loop itself: a thread would wait longer for the
interpreter's lock than for the disk.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import orjson

from swiftprep.distill.store_file import damaged, open_store, query_file, stopped
from swiftprep.distill.store_lock import Lock
from swiftprep.errors import DistillStopped
from swiftprep.teachers.request import Reply, Request, encodable
from swiftprep.withheld import shown, without_secrets_in_bytes

LINGER = 0.02  # seconds the record of a call's start may wait to share the commit of an answer
LARGE = 16_384  # bytes above which a body is compressed; below, compression costs more than it saves
_BEGIN = (
    "INSERT INTO attempts(id, key, teacher, host, purpose, scenario, started, tokens_in, tokens_out, cost) "
    "VALUES (?,?,?,?,?,?,?,?,?,?)"
)
LEDGER = (
    "id", "key", "teacher", "host", "purpose", "scenario", "started", "latency", "outcome", "status", "tokens_in",
    "tokens_out", "cost", "detail",
)  # fmt: skip

Write: TypeAlias = tuple[str, Sequence[Any]]
Waiting: TypeAlias = "asyncio.Future[Exception | None] | None"
_MOST = 2**53  # largest count stored: SQLite holds less than 2**63, and a provider may report any number


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored result of a request.

    Attributes:
        outcome: `"answered"`, or the kind of the `TeacherError` for which it never will be.
        detail: The provider's message, where there is no answer.
        reply: The answer; its raw body is in the ledger.
    """

    outcome: str
    detail: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class Spent:
    """The totals of the ledger."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float = 0.0


class AnswerStore:
    """An open store, locked against other processes: two would pay for the same answers.

    Example::

        with AnswerStore("distil.sqlite") as store:
            store.find(request.key())
    """

    def __init__(self, path: str | Path) -> None:
        """Open a store, or create one that only its owner can read.

        Raises:
            ConfigError: another process has it open, it is no store, or its folder is not writable.
        """
        self.path = Path(path)
        self._lock = Lock(self.path)
        try:
            self._writer, self._reader, self._next = open_store(self.path)
        except BaseException:
            self._lock.release()
            raise
        self._pending: list[tuple[list[Write], Waiting]] = []  # writes that belong together, and who waits for them
        self._broken: Exception | None = None

    def __enter__(self) -> AnswerStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Write what is pending, close the file and release the lock."""
        try:
            self._flush()
            for connection in (self._reader, self._writer):
                connection.close()
        finally:
            self._lock.release()

    def find(self, key: str) -> Stored | None:
        """Return the stored result of a request, or None when there is none yet.

        Raises:
            DistillStopped: the store is damaged.
        """
        rows = self.rows(
            "SELECT outcome, detail, content, reasoning, finish_reason, tokens_in, tokens_out FROM requests "
            "WHERE key=?",
            (key,),
        )
        if not rows:
            return None
        row = rows[0]
        if [type(value) for value in row] != [str] * 5 + [int] * 2:
            raise self.damaged("a row of answers has values of the wrong types")
        return Stored(row[0], row[1], Reply(*row[2:]))

    def unchecked(self, key: str, terms: str) -> str:
        """Return why the answer to a request could not be verified on these terms; `""` when nothing is recorded."""
        rows = self.rows("SELECT reason FROM unchecked WHERE key=? AND terms=?", (key, terms))
        return str(rows[0][0]) if rows else ""

    async def leave_unchecked(self, key: str, terms: str, reason: str) -> None:
        """Record that the answer to a request could not be verified, so that it is not tried again.

        Raises:
            DistillStopped: it could not be written.
        """
        await self.write([("INSERT OR REPLACE INTO unchecked VALUES (?,?,?)", (key, terms, encodable(reason)))])

    def open_batches(self, teacher: str, host: str) -> Iterator[tuple[str, list[str]]]:
        """Yield the batches of a teacher that are still open, latest first: the id and the keys of the requests.

        Raises:
            DistillStopped: the store is damaged.
        """
        query = "SELECT id, keys FROM batches WHERE collected IS NULL AND teacher=? AND host=? ORDER BY submitted DESC"
        for batch, packed in self.rows(query, (teacher, host)):
            try:
                keys = [str(key) for key in orjson.loads(packed)]
            except (TypeError, ValueError) as error:
                raise self.damaged(error) from None
            yield batch, keys

    async def add_batch(self, batch: str, *, teacher: str, host: str, keys: Sequence[str]) -> None:
        """Record a batch as the latest and open.

        Args:
            batch: Its id; see `rename_batch` where the provider has not given one yet.
            teacher: Identity of the teacher.
            host: Host of the provider.
            keys: Keys of its requests.

        Raises:
            DistillStopped: it could not be written.
        """
        # Later than all others even if the clock has been set back since.
        latest = "SELECT ?, ?, ?, MAX(?, COALESCE(MAX(submitted), 0) + 0.001), ?, NULL FROM batches"
        values = (batch, teacher, host, time.time(), json.dumps(list(keys)))
        await self.write([(f"INSERT OR REPLACE INTO batches {latest}", values)])

    async def rename_batch(self, batch: str, name: str) -> None:
        """Record the id a provider gave to a batch.

        Raises:
            DistillStopped: it could not be written.
        """
        await self.write([("UPDATE batches SET id=? WHERE id=?", (name, batch))])

    async def close_batches(self, batches: Iterable[str]) -> None:
        """Record that the answers of batches have been collected.

        Raises:
            DistillStopped: it could not be written.
        """
        now = time.time()
        await self.write([("UPDATE batches SET collected=? WHERE id=?", (now, batch)) for batch in batches])

    async def carry_over(self, keys: Iterable[str]) -> None:
        """Take the cost of lost attempts out of the ledger: a batch still brings the answers, and they count then.

        Raises:
            DistillStopped: it could not be written.
        """
        carry = "UPDATE attempts SET outcome='carried-over', tokens_in=0, tokens_out=0, cost=0 "
        await self.write([(f"{carry} WHERE key=? AND outcome='lost'", (key,)) for key in keys])

    def spent(self) -> Spent:
        """Return the totals over all attempts in the ledger, lost ones included."""
        row = self.rows("SELECT COUNT(*), TOTAL(tokens_in), TOTAL(tokens_out), TOTAL(cost) FROM attempts")[0]
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
        """Record the start of a call and return the attempt's number, without waiting for the disk.

        Args:
            key: Key of the request.
            teacher: Identity of the teacher.
            host: Host of the provider.
            purpose: `"answer"`, `"repair"`, `"judge"` or `"evolve"`.
            scenario: Id of the scenario.
            tokens: Upper bound of prompt and answer tokens, which counts if the end is never recorded.
            cost: Upper bound of the money, likewise.
        """
        self._next += 1
        values = (self._next, key, teacher, host, purpose, encodable(scenario), time.time(), *tokens, cost)
        self._pending.append(([(_BEGIN, values)], None))
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
        """Record the end of an attempt and, where it settles the request, the answer, and wait until it is on disk.

        Secrets are removed from all texts.

        Args:
            attempt: The number `begin` returned.
            outcome: `"answered"`, or the kind of the `TeacherError`.
            latency: Seconds.
            status: HTTP status.
            tokens: Tokens of the prompt and of the answer.
            cost: Money; None when the price is unknown.
            detail: The error message.
            body: The raw body of the response.
            answers: The key of the request, the request, and the result it has from now on.

        Raises:
            DistillStopped: it could not be written.
        """
        packed = _pack(without_secrets_in_bytes(body)) if body else None
        writes: list[Write] = [
            (
                "UPDATE attempts SET outcome=?, latency=?, status=?, tokens_in=?, tokens_out=?, cost=?, detail=?, "
                "body=? WHERE id=?",
                (
                    encodable(outcome),
                    latency,
                    None if status is None else _counted(status),
                    *map(_counted, tokens),
                    cost,
                    encodable(shown(detail)),
                    packed,
                    attempt,
                ),
            )
        ]
        if answers is not None:
            writes.append(_answer(*answers, attempt))
        await self.write(writes)

    async def write(self, writes: list[Write]) -> None:
        """Execute statements in one transaction and return once it is on disk.

        Raises:
            DistillStopped: it could not be written.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Exception | None] = loop.create_future()
        if all(waiting is None for _, waiting in self._pending):  # later writes of this turn join the same commit
            loop.call_soon(self._flush)
        self._pending.append((writes, done))
        error = await done
        if error is not None:
            raise stopped(self.path, error)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query over what is committed.

        Raises:
            DistillStopped: the store cannot be read.
        """
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self.damaged(error) from None

    def damaged(self, why: object) -> DistillStopped:
        """Return the error that stops a run whose store cannot be read."""
        return damaged(self.path, why)

    def _flush(self) -> None:
        """Commit all pending writes and wake those who wait for them."""
        pending, self._pending = self._pending, []
        errors: list[Exception | None] = [self._broken] * len(pending)
        if pending and self._broken is None:
            together = self._commit([write for writes, _ in pending for write in writes])
            if together is not None:  # one bad write must not fail the others
                errors = [self._commit(writes) for writes, _ in pending]
                self._broken = next(filter(None, errors), None)
        for (_, done), error in zip(pending, errors, strict=True):
            if done is not None and not done.done():
                done.set_result(error)

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


def _counted(number: Any) -> int:
    """Return a count clipped to what can be stored."""
    return max(0, min(number, _MOST)) if isinstance(number, int) else 0


def _pack(body: bytes) -> bytes:
    return b"z" + zlib.compress(body, 1) if len(body) > LARGE else b"=" + body


def _unpack(packed: bytes) -> bytes:
    return zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]


def _answer(key: str, request: Request, stored: Stored, attempt: int) -> Write:
    reply = stored.reply
    return (
        "INSERT OR REPLACE INTO requests VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            key, _pack(without_secrets_in_bytes(request.to_json())), encodable(stored.outcome),
            encodable(shown(stored.detail)), encodable(reply.content), encodable(reply.reasoning),
            encodable(reply.finish_reason), _counted(reply.tokens_in), _counted(reply.tokens_out), attempt,
        ),
    )  # fmt: skip


def read_ledger(path: str | Path) -> Iterator[dict[str, Any]]:
    """Yield the attempts of a store, which may be in use, as dictionaries in order, without their bodies."""
    for row in query_file(path, f"SELECT {', '.join(LEDGER)} FROM attempts ORDER BY id"):
        yield dict(zip(LEDGER, row, strict=True))


def read_body(path: str | Path, attempt: int) -> bytes:
    """Return the raw response body of an attempt; empty when there was none."""
    rows = query_file(path, "SELECT body FROM attempts WHERE id = ?", (attempt,))
    return _unpack(rows[0][0]) if rows and rows[0][0] else b""


def read_answers(path: str | Path, keys: Sequence[str]) -> dict[str, str]:
    """Return key → outcome for the settled requests; no store is created where there is none."""
    if not Path(path).is_file():
        return {}
    outcomes: dict[str, str] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        outcomes |= dict(
            query_file(path, f"SELECT key, outcome FROM requests WHERE key IN ({','.join('?' * len(some))})", some)
        )
    return outcomes
