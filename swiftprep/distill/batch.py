"""The batch endpoint: answers within a day, usually at half the price.

`BatchTeacher` is a teacher that queues requests until every worker is waiting, then sends them all in one file. The
store, the ledger, verification and repair work as usual; repairs go into the next file. A batch is recorded in the
store before the provider knows of it, so a run restarted after a crash waits for it instead of sending it again.

Source: OpenAI's batch API, which DashScope, Zhipu and SiliconFlow offer, too.
"""

from __future__ import annotations

import asyncio
import io
import json
import re
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

T = TypeVar("T")
MOST = 50_000  # requests per file: the limit of OpenAI and DashScope
FEWER = 5_000  # the limit of SiliconFlow
LARGEST_SENT = 100 * 10**6  # bytes per request file: the limit of Zhipu
HALF = 0.5  # batch price as a share of the regular price
QUIET = 5.0  # seconds without a new request after which a batch is sent even if some workers are still busy
LONGEST_ID = 500  # characters of an id
FIRST_POLL, LONGEST_POLL = 5.0, 60.0
_OVER = ("completed", "failed", "expired", "cancelled", "canceled")


class BatchTeacher:
    """A teacher that answers through its batch endpoint, for one run."""

    is_batch = True  # failures in a row do not count one by one: all requests went out in the same file

    def __init__(
        self, teacher: OpenAITeacher, store: AnswerStore, waiting: Callable[[], int], *, poll: float = FIRST_POLL
    ) -> None:
        """Create the teacher; unfinished batches of earlier runs are resumed at the first request.

        Args:
            teacher: The teacher whose batch endpoint is used.
            store: Records the batches.
            waiting: Returns how many requests can be waiting at most: the number of busy workers.
            poll: Seconds before a batch is first polled; the interval grows from there.
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
        self._sent: set[str] = set()  # keys in a running batch
        self._asking = 0  # requests waiting for an answer
        self._collected: dict[str, list[str]] = {}  # finished batch → its keys
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._adopted = False

    async def ask(self, request: Request) -> Reply:
        """Put a request into the next batch and return its answer once the batch is done.

        Raises:
            TeacherError: the request got no answer; of kind `"bad-batch"` when the whole batch failed.
            DistillStopped: the batch cannot be recorded in the store.
            Halted: see `leave`.
        """
        loop = asyncio.get_running_loop()
        if not self._adopted:
            self._adopted = True
            self._adopt()
        key = request.key()
        future = self._futures.get(key)  # a batch of an earlier run may have answered it already
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
        """Send a batch if no worker is left that could add to it; also to be called whenever a worker ends."""
        if not self._queue:
            return
        if self._asking >= self._waiting() or len(self._queue) >= self._most:
            self._send()
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(QUIET, self._send)

    def leave(self) -> None:
        """Raise `Halted` in everything that waits and send nothing more; the next run resumes the batches sent."""
        self._queue.clear()
        for future in self._futures.values():
            if not future.done():
                future.set_exception(Halted())

    async def close(self) -> None:
        """Stop polling; the batches stay with the provider and are resumed by the next run."""
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # A batch with answers that no request of this run wanted stays open for the next run.
        spent = [batch for batch, keys in self._collected.items() if self._futures.keys().isdisjoint(keys)]
        with suppress(DistillStopped):
            await self._store.close_batches(spent)
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
        """Yield the request files, split to the size limit, with the keys in each."""
        keys, lines, size = list[str](), list[bytes](), 0
        for key, request in requests.items():
            body = self._teacher.body(request)
            body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
            row = {"custom_id": key, "method": "POST", "url": self._path, "body": body}
            line = orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
            if keys and size + len(line) > LARGEST_SENT:
                yield keys, b"".join(lines)
                keys, lines, size = [], [], 0
            keys.append(key)
            lines.append(line)
            size += len(line)
        yield keys, b"".join(lines)

    def _start(self, work: Awaitable[None], keys: list[str]) -> None:
        async def guarded() -> None:
            failed: Callable[[], Exception]  # a new error per request: a shared one would collect every traceback
            try:
                return await work
            except DistillStopped as error:
                failed = partial(DistillStopped, str(error), kind=error.kind)
            except TeacherError as error:  # the provider refused the batch, not its single requests
                kind = error.kind if ACTIONS.get(error.kind) == "stop" else "bad-batch"
                failed = partial(TeacherError, str(error), kind=kind, status=error.status)
            except Exception as error:
                failed = partial(
                    TeacherError, f"polling the batch failed: {error!r} (查询批处理任务时出错)", kind="bad-batch"
                )
            for key in keys:
                self._hand_out(key, failed())

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _adopt(self) -> None:
        """Resume the open batches of earlier runs."""
        for batch, batch_keys in self._store.open_batches(self.identity, self.host):
            # A key that was sent again is also in a later batch, which was yielded before; that one counts.
            keys = [key for key in batch_keys if key not in self._sent and self._store.find(key) is None]
            if keys:
                self._sent |= set(keys)
                self._futures |= {key: asyncio.get_running_loop().create_future() for key in keys}
                self._start(self._go_on(batch, keys), keys)

    async def _go_on(self, batch: str, keys: list[str]) -> None:
        # The answers are not lost after all, and must not be counted twice: the attempt made now counts them.
        await self._store.carry_over(keys)
        if batch.startswith("file:"):
            batch = await self._make(batch.removeprefix("file:"), may_exist=True)
        await self._collect(batch, keys)

    async def _submit(self, keys: list[str], text: bytes) -> None:
        """Upload a file of requests, create a batch from it, and collect the answers."""
        file = await self._patiently(partial(self._upload, text))
        await self._store.add_batch(f"file:{file}", teacher=self.identity, host=self.host, keys=keys)
        await self._collect(await self._make(file), keys)

    async def _upload(self, text: bytes) -> str:
        import aiohttp

        form = aiohttp.FormData()
        form.add_field("purpose", "batch")
        form.add_field("file", io.BytesIO(text), filename="requests.jsonl", content_type="application/jsonl")
        return _id(await self._endpoint.call("POST", "/files", form), self.host)

    async def _make(self, file: str, *, may_exist: bool = False) -> str:
        """Return the batch of a file; create it only if the provider has none, or it would be paid for twice."""
        order = orjson.dumps({"input_file_id": file, "endpoint": self._path, "completion_window": "24h"})

        async def find_or_make() -> str:
            nonlocal may_exist
            existing = await self._find(file) if may_exist else ""
            may_exist = True  # the provider may create it although its answer never arrives
            return existing or _id(await self._endpoint.call("POST", "/batches", order), self.host)

        batch = await self._patiently(find_or_make)
        await self._store.rename_batch(f"file:{file}", batch)
        return batch

    async def _find(self, file: str) -> str:
        """Return the batch of a file, or an empty string when the provider has none."""
        batches = _json(await self._endpoint.call("GET", "/batches?limit=100"), self.host).get("data")
        if not isinstance(batches, list):
            raise TeacherError(
                "the batch endpoint returned no list of batches (批处理接口没有返回列表)", kind="bad-body"
            )
        mine = (batch for batch in batches if isinstance(batch, dict) and batch.get("input_file_id") == file)
        return str(next(mine, {}).get("id") or "")

    async def _collect(self, batch: str, keys: list[str]) -> None:
        """Wait for a batch and deliver its answers."""
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
        # There is nothing left to fetch from a failed batch; the next run sends a new one.
        self._collected[batch] = [] if failed else keys
        if left and failed:
            reason = shown(json.dumps(state.get("errors") or "no reason was given", ensure_ascii=False))
            raise TeacherError(
                f"the batch {one_line(batch, 100)} failed: {reason[:500]} (批处理任务失败)", kind="bad-batch"
            )
        for key in left:
            message = f"not answered: the batch ended as {state['status']!r} (批处理任务已结束，但该请求没有得到回答)"
            self._hand_out(key, TeacherError(message, kind="deadline"))

    async def _wait(self, batch: str) -> dict[str, Any]:
        async def look() -> dict[str, Any]:
            response = await self._endpoint.call("GET", f"/batches/{_segment(batch)}")
            state = _json(response, self.host)
            if isinstance(state.get("status"), str):
                return state
            raise TeacherError(f"the batch has no state{_excerpt(response.body)} (无法读取批处理状态)", kind="bad-body")

        loop = asyncio.get_running_loop()
        pause, end = self._poll, loop.time() + 3600 * self._hours
        while (state := await self._patiently(look))["status"] not in _OVER:
            if loop.time() >= end:
                message = (
                    f"the batch {one_line(batch, 100)} is still {one_line(state['status'], 100)!r} after "
                    f"{self._hours:g} hours; run again to wait on, or raise batch_hours (批处理超时未完成)"
                )
                raise TeacherError(message, kind="bad-batch")
            await asyncio.sleep(pause)
            pause = min(LONGEST_POLL, pause * 1.5)
        return state

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        """Retry a step while the provider fails: the batch itself is not affected by that."""
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
        """Download a file of answers and report the result of each request."""
        rows = Rows(tell, self.host)
        response = await self._endpoint.call("GET", f"/files/{_segment(file)}/content", take=rows.take)
        if response.status != 200:
            error = failure(response.status, response.headers, response.body, None, self.host, is_cut=response.is_cut)
            if ACTIONS.get(error.kind) == "stop":
                error.kind = "bad-batch"  # the API key is fine; the file no longer exists
            raise error
        rows.end()
        if not rows.count and rows.beginning.strip():  # such as a gateway's page; the answers still exist, paid for
            raise TeacherError(
                f"no answers in {one_line(file, 100)}{_excerpt(rows.beginning)} (结果文件中没有回答)", kind="bad-body"
            )

    def _hand_out(self, key: str, result: Reply | Exception) -> None:
        """Deliver a result to the caller that waits for it; a retry goes into the next batch."""
        self._sent.discard(key)
        future = self._futures.get(key)
        if future is not None and not future.done():
            future.set_result(result) if isinstance(result, Reply) else future.set_exception(result)


def _segment(name: Any) -> str:
    """Return an id from the provider as a single URL path segment, whatever it contains."""
    if not isinstance(name, str) or not name.strip(".") or len(name) > LONGEST_ID or not name.isprintable():
        raise TeacherError(
            f"{one_line(repr(name), 100)} is no id of a batch or a file (批处理或文件的编号无效)", kind="bad-batch"
        )
    return quote(name, safe="")


def _id(response: Response, host: str) -> str:
    """Return the id of the object created."""
    created = _json(response, host).get("id")
    if not isinstance(created, str) or not created or not created.isprintable():  # a lone surrogate is not printable
        raise TeacherError(
            f"the batch endpoint answered with no id{_excerpt(response.body)} (批处理接口没有返回编号)",
            kind="bad-batch",
        )
    return created


def _json(response: Response, host: str) -> dict[str, Any]:
    """Return a response's JSON object, or the one in its `data`, as SiliconFlow sends it."""
    try:
        document = read_json(response.body)
    except ValueError:
        document = None
    if response.status not in (200, 201):
        raise failure(response.status, response.headers, response.body, document, host, is_cut=response.is_cut)
    if not isinstance(document, dict):
        raise TeacherError(
            f"the batch endpoint answered with no JSON object{_excerpt(response.body)} (批处理接口没有返回 JSON)",
            kind="bad-body",
        )
    inner = document.get("data")
    return inner if isinstance(inner, dict) else document


def _excerpt(body: bytes) -> str:
    return f": {shown(body[:4000].decode('utf-8', 'replace'))[:300]}"
