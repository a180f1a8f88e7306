"""The batch endpoint: answers within a day, usually at half the price.

`BatchTeacher` is a teacher whose `ask` waits until everybody else waits, too, and then sends all questions in one
file. All else stays as it is: the store, the ledger, verification, mending, which asks in the next file. A batch is
in the store before the provider knows of it: whoever runs again after a death waits for it instead of sending it again.

Source: OpenAI's batch API, which DashScope, Zhipu and SiliconFlow have, too.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import orjson

from swiftprep.distill.request import Reply, Request
from swiftprep.distill.store import Store
from swiftprep.distill.teachers.failures import ACTIONS, failure, read_reply
from swiftprep.distill.teachers.http import Endpoint, Response
from swiftprep.distill.teachers.teacher import Limits, Price, Teacher
from swiftprep.errors import DistillStopped, TeacherError

MOST = 50_000  # requests in a file, as OpenAI and DashScope limit it
LARGEST = 2**30  # bytes of a file of answers
HALF = 0.5  # of the price
QUIET = 5.0  # seconds without a new question after which a batch goes out though somebody is not waiting
FIRST_POLL, LONGEST_POLL = 5.0, 60.0
_OVER = ("completed", "failed", "expired", "cancelled", "canceled")


class BatchTeacher:
    """A teacher that answers through its batch endpoint, for one run."""

    def __init__(self, teacher: Teacher, store: Store, waiting: Callable[[], int], *, poll: float = FIRST_POLL) -> None:
        """Set up; batches of earlier runs are taken over at the first question.

        Args:
            teacher: Whom to ask.
            store: Remembers the batches.
            waiting: Returns how many questions can come at most now: the scenarios still in work.
            poll: Seconds until the first look at a batch; later looks are rarer.
        """
        self._teacher = teacher
        self._endpoint: Endpoint = teacher.endpoint
        self._store = store
        self._waiting = waiting
        self._poll = poll
        self.identity = teacher.identity
        self.host = teacher.host
        self.sampling: Mapping[str, Any] = teacher.sampling
        self.price: Price | None = None
        if teacher.price is not None:
            self.price = (teacher.price[0] * HALF, teacher.price[1] * HALF)
        self.limits = Limits(concurrency=MOST, attempts=teacher.limits.attempts, backoff=teacher.limits.backoff)
        version = re.search(r"/(v\d+)/?$", urlsplit(teacher.base_url).path)
        self._path = f"/{version[1] if version else 'v1'}/chat/completions"
        self._queue: dict[str, Request] = {}
        self._futures: dict[str, asyncio.Future[Reply]] = {}
        self._sent: set[str] = set()  # keys in a batch that is under way
        self._asking = 0  # questions that wait for an answer
        self._collected: dict[str, set[str]] = {}  # batch → its keys, of those that are done
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._adopted = False

    async def ask(self, request: Request) -> Reply:
        """Put a request into the next batch and return its answer when the batch is done.

        Raises:
            TeacherError: it has none.
        """
        loop = asyncio.get_running_loop()
        if not self._adopted:
            self._adopted = True
            self._adopt()
        key = request.key()
        future = self._futures.get(key)  # there may be an answer already, of a batch of an earlier run
        if future is None:
            future = self._futures[key] = loop.create_future()
            if key not in self._sent:
                self._queue[key] = request
        self._asking += 1
        self.look()
        try:
            return await future
        finally:
            self._asking -= 1
            if self._futures.get(key) is future:
                del self._futures[key]

    def look(self) -> None:
        """Send a batch when nobody is left who could add to it; call it, too, when a scenario is done."""
        if not self._queue:
            return
        if self._asking >= self._waiting() or len(self._queue) >= MOST:
            self._send()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._send)

    async def close(self) -> None:
        """Leave the batches to the provider; the next run goes on with them."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A batch with answers that nobody asked for this time is looked at again the next time.
        spent = [batch for batch, keys in self._collected.items() if not self._futures.keys() & keys]
        with suppress(DistillStopped):
            await self._store.write(
                [("UPDATE batches SET collected=? WHERE id=?", (time.time(), batch)) for batch in spent]
            )
        for future in self._futures.values():
            future.cancel() if not future.done() else future.exception()
        await self._teacher.close()

    def _send(self) -> None:
        requests, self._queue = self._queue, {}
        if requests:
            self._sent |= set(requests)
            self._start(self._submit(requests), list(requests))

    def _start(self, work: Any, keys: list[str]) -> None:
        async def guarded() -> None:
            try:
                await work
            except TeacherError as error:
                if ACTIONS.get(error.kind) == "give-up":  # it is the batch that is refused, not each of its requests
                    error.kind = "bad-batch"
                for key in keys:
                    self._fail(key, error)

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adopt(self) -> None:
        """Take over the batches of earlier runs that are not collected yet."""
        query = "SELECT id, keys FROM batches WHERE collected IS NULL AND teacher = ? AND host = ? ORDER BY submitted"
        for batch, packed in self._store.rows(query, (self.identity, self.host)):
            keys = [key for key in orjson.loads(packed) if self._store.find(key) is None]
            if not keys:
                continue
            self._sent |= set(keys)
            self._futures |= {key: asyncio.get_running_loop().create_future() for key in keys}
            self._start(self._go_on(batch, keys), keys)

    async def _go_on(self, batch: str, keys: list[str]) -> None:
        # What is not lost is not to be paid for again: its attempt is the one made now.
        carry = "UPDATE attempts SET outcome='carried-over', tokens_in=0, tokens_out=0, cost=0 "
        await self._store.write([(f"{carry} WHERE key=? AND outcome='lost'", (key,)) for key in keys])
        if batch.startswith("file:"):
            batch = await self._find_or_make(batch.removeprefix("file:"))
        await self._collect(batch, keys)

    async def _submit(self, requests: dict[str, Request]) -> None:
        """Send a file of requests, make a batch of it, and wait for the answers."""
        import aiohttp

        lines = [
            {"custom_id": key, "method": "POST", "url": self._path, "body": self._teacher.body(request)}
            for key, request in requests.items()
        ]
        text = b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)
        form = aiohttp.FormData()
        form.add_field("purpose", "batch")
        form.add_field("file", text, filename="requests.jsonl", content_type="application/jsonl")
        file = _json(await self._endpoint.call("POST", "/files", form), self.host)["id"]
        values = (f"file:{file}", self.identity, self.host, time.time(), json.dumps(list(requests)))
        await self._store.write(
            [("INSERT OR REPLACE INTO batches(id, teacher, host, submitted, keys) VALUES (?,?,?,?,?)", values)]
        )
        await self._collect(await self._make(file), list(requests))

    async def _find_or_make(self, file: str) -> str:
        """Return the batch of a file that was sent before a death, which may have come before the batch was made."""
        known = _json(await self._endpoint.call("GET", "/batches?limit=100"), self.host).get("data") or []
        for batch in known:
            if isinstance(batch, dict) and batch.get("input_file_id") == file:
                await self._name(file, batch["id"])
                return str(batch["id"])
        return await self._make(file)

    async def _make(self, file: str) -> str:
        wanted = {"input_file_id": file, "endpoint": self._path, "completion_window": "24h"}
        batch = _json(await self._endpoint.call("POST", "/batches", orjson.dumps(wanted)), self.host)["id"]
        await self._name(file, batch)
        return str(batch)

    async def _name(self, file: str, batch: str) -> None:
        await self._store.write([("UPDATE batches SET id=? WHERE id=?", (batch, f"file:{file}"))])

    async def _collect(self, batch: str, keys: list[str]) -> None:
        """Wait for a batch and hand out its answers."""
        state = await self._wait(batch)
        left = set(keys)
        for name in ("output_file_id", "error_file_id"):
            if state.get(name):
                response = await self._patiently("GET", f"/files/{state[name]}/content", largest=LARGEST)
                for line in response.body.split(b"\n"):
                    if line.strip():
                        left.discard(self._hand_out(line))
        if left and state["status"] == "failed":
            told = str(state.get("errors") or "no reason was given")
            raise TeacherError(f"the batch {batch} failed: {told[:500]}", kind="bad-batch")
        for key in left:
            self._fail(key, TeacherError(f"not answered: the batch {state['status']}", kind="deadline"))
        self._sent -= set(keys)
        self._collected[batch] = set(keys)

    async def _wait(self, batch: str) -> dict[str, Any]:
        pause = self._poll
        while True:
            state = _json(await self._patiently("GET", f"/batches/{batch}"), self.host)
            if state.get("status") in _OVER:
                return state
            await asyncio.sleep(pause)
            pause = min(LONGEST_POLL, pause * 1.5)

    async def _patiently(self, method: str, path: str, *, largest: int | None = None) -> Response:
        """Call, and again while the provider fails: the batch itself is not harmed by that."""
        last = TeacherError("the provider cannot be reached", kind="connection")
        for attempt in range(2 * self.limits.attempts):
            try:
                response = await self._endpoint.call(method, path, largest=largest)
                if response.status != 429 and response.status < 500:
                    return response
                last = failure(response.status, response.headers, response.body, None, self.host)
            except TeacherError as error:
                last = error
            await asyncio.sleep(last.retry_after or min(LONGEST_POLL, self.limits.backoff * 2**attempt))
        raise last

    def _hand_out(self, line: bytes) -> str:
        """Give one line of a file of answers to who waits for it, and return its key."""
        try:
            row = orjson.loads(line)
            key = str(row["custom_id"])
            response = row.get("response") or {}
            body = response.get("body")
            packed = body.encode() if isinstance(body, str) else orjson.dumps(body or row.get("error"))
            status = int(response.get("status_code") or 500)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
            return ""  # whoever waits for it is told that it was not answered
        future = self._futures.get(key)
        if future is None or future.done():
            return key
        try:
            future.set_result(self._endpoint.scrubbed(read_reply(status, {}, packed, self.host)))
        except TeacherError as error:
            future.set_exception(error)
        return key

    def _fail(self, key: str, error: TeacherError) -> None:
        self._sent.discard(key)
        future = self._futures.get(key)
        if future is not None and not future.done():
            future.set_exception(TeacherError(str(error), kind=error.kind, status=error.status, body=error.body))


def _json(response: Response, host: str) -> dict[str, Any]:
    """Return a response's JSON object.

    Raises:
        TeacherError: it is an error, or no JSON object.
    """
    try:
        document = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        document = None
    if response.status not in (200, 201):
        raise failure(response.status, response.headers, response.body, document, host)
    if not isinstance(document, dict):
        raise TeacherError("the batch endpoint answered with no JSON object", kind="bad-body", body=response.body)
    return document
