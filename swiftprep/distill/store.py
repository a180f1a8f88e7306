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
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.distill.store_file import damaged, open_store, query_file, stopped
from swiftprep.distill.store_lock import Lock
from swiftprep.errors import DistillStopped
from swiftprep.teachers.request import Reply, Request, encodable
from swiftprep.withheld import shown, without_secrets_in_bytes

LINGER = 0.02  # seconds the note that a call has begun waits for an answer to be committed with
LARGE = 16_384  # bytes from which a body is compressed; below, that costs more than it saves
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
_MOST = 2**53  # of anything counted: SQLite holds no more than 2**63, and others' numbers may be of any size


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
            self._writer, self._reader, self._next = open_store(self.path)
        except BaseException:
            self._lock.release()
            raise
        self._pending: list[tuple[list[Write], Waiting]] = []  # what belongs together, and who waits for it
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
        """Return what is known of a request, or None when it has no answer yet.

        Raises:
            DistillStopped: the store is damaged.
        """
        found = self.rows(
            "SELECT outcome, detail, content, reasoning, finish_reason, tokens_in, tokens_out FROM requests "
            "WHERE key=?",
            (key,),
        )
        if not found:
            return None
        row = found[0]
        if [type(value) for value in row] != [str] * 5 + [int] * 2:
            raise self.damaged("a row of answers is not as it was written")
        return Stored(row[0], row[1], Reply(*row[2:]))

    def unchecked(self, key: str, terms: str) -> str:
        """Return why the answer to a request could not be verified on the same terms; `""` when nothing is known."""
        found = self.rows("SELECT reason FROM unchecked WHERE key=? AND terms=?", (key, terms))
        return str(found[0][0]) if found else ""

    async def leave_unchecked(self, key: str, terms: str, reason: str) -> None:
        """Write down that the answer to a request could not be verified, so that nobody tries again.

        Raises:
            DistillStopped: it could not be written.
        """
        await self.write([("INSERT OR REPLACE INTO unchecked VALUES (?,?,?)", (key, terms, encodable(reason)))])

    def spent(self) -> Spent:
        """Return what all attempts in the ledger add up to, lost ones among them."""
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
        """Do some writing in one transaction and return when it is on disk.

        Raises:
            DistillStopped: it could not be written.
        """
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Exception | None] = loop.create_future()
        if all(
            waiting is None for _, waiting in self._pending
        ):  # whoever else comes in this turn is in the same commit
            loop.call_soon(self._flush)
        self._pending.append((writes, done))
        error = await done
        if error is not None:
            raise stopped(self.path, error)

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query of one's own; what is not committed yet is not seen.

        Raises:
            DistillStopped: the store cannot be read.
        """
        try:
            return self._reader.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self.damaged(error) from None

    def damaged(self, why: object) -> DistillStopped:
        """Return what stops a run whose store cannot be read: that is no fault of what was asked."""
        return damaged(self.path, why)

    def _flush(self) -> None:
        """Commit whatever waits, and tell those who wait for it."""
        pending, self._pending = self._pending, []
        errors: list[Exception | None] = [self._broken] * len(pending)
        if pending and self._broken is None:
            together = self._commit([write for writes, _ in pending for write in writes])
            if together is not None:  # what is wrong with one is not to take the others along
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
    """Return a number that can be stored, whoever counted."""
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
    """Yield the attempts of a store as dictionaries, in order, without their bodies; it may be in use meanwhile."""
    for row in query_file(path, f"SELECT {', '.join(LEDGER)} FROM attempts ORDER BY id"):
        yield dict(zip(LEDGER, row, strict=True))


def read_body(path: str | Path, attempt: int) -> bytes:
    """Return the raw body an attempt brought; empty when there was none."""
    rows = query_file(path, "SELECT body FROM attempts WHERE id = ?", (attempt,))
    return _unpack(rows[0][0]) if rows and rows[0][0] else b""


def read_answers(path: str | Path, keys: Sequence[str]) -> dict[str, str]:
    """Return key → outcome for the requests that are settled; nothing is made when there is no store yet."""
    if not Path(path).is_file():
        return {}
    found: dict[str, str] = {}
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        found |= dict(
            query_file(path, f"SELECT key, outcome FROM requests WHERE key IN ({','.join('?' * len(some))})", some)
        )
    return found
