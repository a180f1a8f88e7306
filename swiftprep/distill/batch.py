"""The batch endpoint: answers within a day, usually at half the price.

`BatchTeacher` is a teacher whose `ask` waits until everybody else waits, too, and then sends all questions in one
file. All else stays as it is: the store, the ledger, verification, mending, which asks in the next file. A batch is
in the store before the provider knows of it: whoever runs again after a death waits for it instead of sending it again.

Source: OpenAI's batch API, which DashScope, Zhipu and SiliconFlow have, too.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import orjson

from swiftprep.distill.batch_rows import Rows
from swiftprep.distill.store import AnswerStore
from swiftprep.errors import DistillStopped, TeacherError, one_line
from swiftprep.teachers.failures import ACTIONS, failure, read_json
from swiftprep.teachers.http import Endpoint, Response
from swiftprep.teachers.limiter import Halted
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import Price
from swiftprep.teachers.request import Reply, Request
from swiftprep.withheld import shown

Found = TypeVar("Found")
MOST = 50_000  # requests in a file, as OpenAI and DashScope limit it
FEWER = 5_000  # as SiliconFlow does
LARGEST_SENT = 100 * 10**6  # bytes of a file of requests, as Zhipu limits it
HALF = 0.5  # of the price
QUIET = 5.0  # seconds without a new question after which a batch goes out though somebody is not waiting
LONGEST_ID = 500  # characters of an id
FIRST_POLL, LONGEST_POLL = 5.0, 60.0
_OVER = ("completed", "failed", "expired", "cancelled", "canceled")


class BatchTeacher:
    """A teacher that answers through its batch endpoint, for one run."""

    is_batch = True  # one refused question says nothing about the next one: all went in the same file

    def __init__(
        self, teacher: OpenAITeacher, store: AnswerStore, waiting: Callable[[], int], *, poll: float = FIRST_POLL
    ) -> None:
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
        self._hours = teacher.limits.batch_hours
        self.identity = teacher.identity
        self.host = teacher.host
        self.sampling: Mapping[str, Any] = teacher.sampling
        self.price: Price | None = None
        if teacher.price is not None:
            self.price = (teacher.price[0] * HALF, teacher.price[1] * HALF)
        self.limits = replace(teacher.limits, concurrency=MOST, requests_per_minute=None, tokens_per_minute=None)
        version = re.search(r"/(v\d+)/?$", urlsplit(teacher.base_url).path)
        self._path = f"/{version[1] if version else 'v1'}/chat/completions"
        self._most = FEWER if "siliconflow" in self.host else MOST
        self._queue: dict[str, Request] = {}
        self._futures: dict[str, asyncio.Future[Reply]] = {}
        self._sent: set[str] = set()  # keys in a batch that is under way
        self._asking = 0  # questions that wait for an answer
        self._collected: dict[str, list[str]] = {}  # batch → its keys, of those that are done
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._adopted = False

    async def ask(self, request: Request) -> Reply:
        """Put a request into the next batch and return its answer when the batch is done.

        Raises:
            TeacherError: it has none; of kind `"bad-batch"` when that is so of all of its batch.
            DistillStopped: the store cannot note the batch.
            Halted: see `leave`.
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
        if self._asking >= self._waiting() or len(self._queue) >= self._most:
            self._send()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._send)

    def leave(self) -> None:
        """Let go whoever waits, with `Halted`, and send nothing more; what was sent is waited for in the next run."""
        self._queue.clear()
        for future in self._futures.values():
            if not future.done():
                future.set_exception(Halted())

    async def close(self) -> None:
        """Leave the batches to the provider; the next run goes on with them."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A batch with answers that nobody asked for this time is looked at again the next time.
        spent = [batch for batch, keys in self._collected.items() if self._futures.keys().isdisjoint(keys)]
        mark = "UPDATE batches SET collected=? WHERE id=?"
        with suppress(DistillStopped):
            await self._store.write([(mark, (time.time(), batch)) for batch in spent])
        for future in self._futures.values():
            future.cancel() if not future.done() else future.exception()
        await self._teacher.close()

    def _send(self) -> None:
        requests, self._queue = self._queue, {}
        if not requests:
            return
        self._sent |= set(requests)
        for keys, text in self._files(requests):
            self._start(self._submit(keys, text), keys)

    def _files(self, requests: Mapping[str, Request]) -> Iterator[tuple[list[str], bytes]]:
        """Yield the files to send, none too large, and the keys in each."""
        keys, lines, size = list[str](), list[bytes](), 0
        for key, request in requests.items():
            body = self._teacher.body(request)
            body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
            told = {"custom_id": key, "method": "POST", "url": self._path, "body": body}
            line = orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)
            if keys and size + len(line) > LARGEST_SENT:
                yield keys, b"".join(lines)
                keys, lines, size = [], [], 0
            keys.append(key)
            lines.append(line)
            size += len(line)
        yield keys, b"".join(lines)

    def _start(self, work: Awaitable[None], keys: list[str]) -> None:
        async def guarded() -> None:
            failed: Callable[[], Exception]  # one for each question: a shared one would drag the frames of all along
            try:
                return await work
            except DistillStopped as error:
                failed = partial(DistillStopped, str(error), kind=error.kind)
            except TeacherError as error:  # it is the batch that is refused, not each of its requests
                kind = error.kind if ACTIONS.get(error.kind) == "stop" else "bad-batch"
                failed = partial(TeacherError, str(error), kind=kind, status=error.status)
            except Exception as error:
                failed = partial(TeacherError, f"the batch cannot be followed: {error!r}", kind="bad-batch")
            for key in keys:
                self._hand_out(key, failed())

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adopt(self) -> None:
        """Take over the batches of earlier runs that are not collected yet."""
        query = "SELECT id, keys FROM batches WHERE collected IS NULL AND teacher=? AND host=? ORDER BY submitted DESC"
        for batch, packed in self._store.rows(query, (self.identity, self.host)):
            # What was asked again is in a later batch, too: that one counts.
            keys = [key for key in self._keys(packed) if key not in self._sent and self._store.find(key) is None]
            if keys:
                self._sent |= set(keys)
                self._futures |= {key: asyncio.get_running_loop().create_future() for key in keys}
                self._start(self._go_on(batch, keys), keys)

    def _keys(self, packed: Any) -> list[str]:
        try:
            return [str(key) for key in orjson.loads(packed)]
        except (TypeError, ValueError) as error:
            raise self._store.damaged(error) from None

    async def _go_on(self, batch: str, keys: list[str]) -> None:
        # What is not lost is not to be paid for again: its attempt is the one made now.
        carry = "UPDATE attempts SET outcome='carried-over', tokens_in=0, tokens_out=0, cost=0 "
        await self._store.write([(f"{carry} WHERE key=? AND outcome='lost'", (key,)) for key in keys])
        if batch.startswith("file:"):
            batch = await self._make(batch.removeprefix("file:"), may_exist=True)
        await self._collect(batch, keys)

    async def _submit(self, keys: list[str], text: bytes) -> None:
        """Send a file of requests, make a batch of it, and wait for the answers."""
        file = await self._patiently(partial(self._upload, text))
        values = (f"file:{file}", self.identity, self.host, time.time(), json.dumps(keys))
        # Later than all others, even where the clock was set back since.
        later = "SELECT ?, ?, ?, MAX(?, COALESCE(MAX(submitted), 0) + 0.001), ?, NULL FROM batches"
        await self._store.write([(f"INSERT OR REPLACE INTO batches {later}", values)])
        await self._collect(await self._make(file), keys)

    async def _upload(self, text: bytes) -> str:
        import aiohttp

        form = aiohttp.FormData()
        form.add_field("purpose", "batch")
        form.add_field("file", io.BytesIO(text), filename="requests.jsonl", content_type="application/jsonl")
        return _id(await self._endpoint.call("POST", "/files", form), self.host)

    async def _make(self, file: str, *, may_exist: bool = False) -> str:
        """Return the batch of a file, which is made unless the provider has one: it would be paid for twice."""
        wanted = orjson.dumps({"input_file_id": file, "endpoint": self._path, "completion_window": "24h"})

        async def find_or_make() -> str:
            nonlocal may_exist
            found = await self._find(file) if may_exist else ""
            may_exist = True  # even if the answer is lost
            return found or _id(await self._endpoint.call("POST", "/batches", wanted), self.host)

        batch = await self._patiently(find_or_make)
        await self._store.write([("UPDATE batches SET id=? WHERE id=?", (batch, f"file:{file}"))])
        return batch

    async def _find(self, file: str) -> str:
        """Return the batch of a file, or an empty string when the provider has none."""
        batches = _json(await self._endpoint.call("GET", "/batches?limit=100"), self.host).get("data")
        if not isinstance(batches, list):
            raise TeacherError("the batch endpoint answered with no list of batches", kind="bad-body")
        mine = (batch for batch in batches if isinstance(batch, dict) and batch.get("input_file_id") == file)
        return str(next(mine, {}).get("id") or "")

    async def _collect(self, batch: str, keys: list[str]) -> None:
        """Wait for a batch and hand out its answers."""
        state = await self._wait(batch)
        left = set(keys)

        def hand_out(key: str, answer: Reply | Exception) -> None:
            if key in left:
                left.discard(key)
                self._hand_out(key, answer)

        for name in ("output_file_id", "error_file_id"):
            if state.get(name):
                await self._patiently(partial(self._read, state[name], hand_out))
        failed = state["status"] == "failed"
        # A batch that failed has no answers to come back for; the next run sends another one.
        self._collected[batch] = [] if failed else keys
        if left and failed:
            told = shown(json.dumps(state.get("errors") or "no reason was given", ensure_ascii=False))
            raise TeacherError(f"the batch {one_line(batch, 100)} failed: {told[:500]}", kind="bad-batch")
        for key in left:
            self._hand_out(key, TeacherError(f"not answered: the batch {state['status']}", kind="deadline"))

    async def _wait(self, batch: str) -> dict[str, Any]:
        async def look() -> dict[str, Any]:
            response = await self._endpoint.call("GET", f"/batches/{_segment(batch)}")
            state = _json(response, self.host)
            if isinstance(state.get("status"), str):
                return state
            raise TeacherError(f"no state of the batch{_shown(response.body)}", kind="bad-body")

        loop = asyncio.get_running_loop()
        pause, end = self._poll, loop.time() + 3600 * self._hours
        while (state := await self._patiently(look))["status"] not in _OVER:
            if loop.time() >= end:
                told = (
                    f"the batch {one_line(batch, 100)} is still {one_line(state['status'], 100)!r} after "
                    f"{self._hours:g} hours; run again to wait on, or raise batch_hours (批处理超时未完成)"
                )
                raise TeacherError(told, kind="bad-batch")
            await asyncio.sleep(pause)
            pause = min(LONGEST_POLL, pause * 1.5)
        return state

    async def _patiently(self, step: Callable[[], Awaitable[Found]]) -> Found:
        """Do a step, and again while the provider fails: the batch itself is not harmed by that."""
        for attempt in range(2 * self.limits.attempts):
            try:
                return await step()
            except TeacherError as error:
                if ACTIONS.get(error.kind) not in ("retry", "wait"):
                    raise
                last = error
            await asyncio.sleep(min(LONGEST_POLL, last.retry_after or self.limits.backoff * 2**attempt))
        raise last

    async def _read(self, file: str, tell: Callable[[str, Reply | Exception], None]) -> None:
        """Read a file of answers and tell what each request got."""
        rows = Rows(tell, self.host)
        response = await self._endpoint.call("GET", f"/files/{_segment(file)}/content", take=rows.take)
        if response.status != 200:
            error = failure(response.status, response.headers, response.body, None, self.host, is_cut=response.is_cut)
            if ACTIONS.get(error.kind) == "stop":
                error.kind = "bad-batch"  # the key is good, the file is not there any more
            raise error
        rows.end()
        if not rows.count and rows.beginning.strip():  # a gateway's page, say: the answers are there, and paid for
            raise TeacherError(f"no answers in {one_line(file, 100)}{_shown(rows.beginning)}", kind="bad-body")

    def _hand_out(self, key: str, found: Reply | Exception) -> None:
        """Tell who waits for it; who asks once more is in the next batch."""
        self._sent.discard(key)
        future = self._futures.get(key)
        if future is not None and not future.done():
            future.set_result(found) if isinstance(found, Reply) else future.set_exception(found)


def _segment(name: Any) -> str:
    """Return an id of the provider's as one segment of a path, whatever is in it."""
    if not isinstance(name, str) or not name.strip(".") or len(name) > LONGEST_ID or not name.isprintable():
        raise TeacherError(f"{one_line(repr(name), 100)} is no id of a batch or a file", kind="bad-batch")
    return quote(name, safe="")


def _id(response: Response, host: str) -> str:
    """Return the id of what was made."""
    found = _json(response, host).get("id")
    if not isinstance(found, str) or not found or not found.isprintable():  # half a pair of surrogates is not, either
        raise TeacherError(f"the batch endpoint answered without an id{_shown(response.body)}", kind="bad-batch")
    return found


def _json(response: Response, host: str) -> dict[str, Any]:
    """Return a response's JSON object, or the one in its `data`, as SiliconFlow sends it."""
    try:
        document = read_json(response.body)
    except ValueError:
        document = None
    if response.status not in (200, 201):
        raise failure(response.status, response.headers, response.body, document, host, is_cut=response.is_cut)
    if not isinstance(document, dict):
        raise TeacherError(f"the batch endpoint answered with no JSON object{_shown(response.body)}", kind="bad-body")
    inner = document.get("data")
    return inner if isinstance(inner, dict) else document


def _shown(body: bytes) -> str:
    return f": {shown(body[:4000].decode('utf-8', 'replace'))[:300]}"
