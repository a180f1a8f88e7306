"""The batch endpoint, against a server that keeps files and batches as OpenAI's does."""

from __future__ import annotations

import _thread
import asyncio
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from aiohttp import web

from swiftprep import Distiller, Limits, Teacher
from swiftprep.distill.store import read_ledger
from swiftprep.distill.teachers import batch
from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted

GOOD = "按钮用 `ta-button`，点击事件是 `click`。"


class BatchServer:
    """Files and batches in memory; `hold` keeps batches under way, `fail` lists requests that fail at first."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.hold = False
        self.refuse_batches = 0
        self.fail_first: set[int] = set()
        self.status = "completed"
        self.url = ""

    def app(self) -> web.Application:
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/v1/files", self.upload)
        app.router.add_get("/v1/files/{id}/content", self.content)
        app.router.add_post("/v1/batches", self.make)
        app.router.add_get("/v1/batches", self.list)
        app.router.add_get("/v1/batches/{id}", self.look)
        return app

    async def upload(self, request: web.Request) -> web.Response:
        form = await request.post()
        assert form["purpose"] == "batch"
        name = f"file-{len(self.files)}"
        self.files[name] = form["file"].file.read()
        return web.json_response({"id": name})

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def make(self, request: web.Request) -> web.Response:
        if self.refuse_batches:
            self.refuse_batches -= 1
            return web.json_response({"error": {"message": "no batches today", "code": "invalid"}}, status=400)
        wanted = await request.json()
        assert wanted["endpoint"] == "/v1/chat/completions"
        name = f"batch-{len(self.batches)}"
        self.batches[name] = {"id": name, "status": "in_progress", **wanted}
        return web.json_response(self.batches[name])

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.batches.values())})

    async def look(self, request: web.Request) -> web.Response:
        found = self.batches[request.match_info["id"]]
        if not self.hold and found["status"] == "in_progress":
            self.answer(found)
        return web.json_response(found)

    def answer(self, found: dict[str, Any]) -> None:
        found["status"] = self.status
        if self.status == "failed":
            found["errors"] = {"data": [{"message": "line 1 is bad"}]}
            return
        lines, errors = [], []
        for number, line in enumerate(self.files[found["input_file_id"]].splitlines()):
            row = json.loads(line)
            self.asked[row["body"]["messages"][-1]["content"]] += 1
            if number in self.fail_first and len(self.batches) == 1:
                error = {"status_code": 500, "body": {"error": {"message": "oops"}}}
                errors.append({"custom_id": row["custom_id"], "response": error})
                continue
            message = {"role": "assistant", "content": GOOD}
            body = {
                "choices": [{"message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5},
            }
            lines.append({"custom_id": row["custom_id"], "response": {"status_code": 200, "body": body}})
        for name, rows in (("output_file_id", lines), ("error_file_id", errors)):
            if rows:
                found[name] = f"file-{len(self.files)}"
                self.files[found[name]] = "\n".join(map(json.dumps, rows)).encode()


@pytest.fixture
def server() -> Iterator[BatchServer]:
    made = BatchServer()
    loop = asyncio.new_event_loop()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(made.app())
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    runner = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield made
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "FIRST_POLL", 0.05)
    monkeypatch.setattr(batch, "QUIET", 0.3)


def distiller(server: BatchServer, tmp_path: Any, **settings: Any) -> Distiller:
    teacher = Teacher(server.url, "m", price=(2, 4), limits=Limits(concurrency=2, backoff=0.01), **settings)
    return Distiller(teacher, store=tmp_path / "s.sqlite", reasoning="none")


# aiohttp's own server, where a boundary falls between two chunks.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")

QUESTIONS = [f"第 {number} 个按钮的点击事件叫什么？" for number in range(7)]


def test_one_batch_answers_all(server: BatchServer, tmp_path: Any) -> None:
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7
    assert len(server.batches) == 1
    assert result.usage.calls == 7
    assert result.usage.cost == pytest.approx(7 * (10 * 1 + 5 * 2) / 1e6)  # half the price
    again = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (again.usage.calls, len(again.samples), len(server.batches)) == (0, 7, 1)
    live = distiller(server, tmp_path).run(QUESTIONS)  # the answers are the same, however they were asked for
    assert (live.usage.calls, len(live.samples)) == (0, 7)


def test_what_fails_goes_into_the_next_batch(server: BatchServer, tmp_path: Any) -> None:
    server.fail_first = {1, 4}
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7
    assert [len(server.files[b["input_file_id"]].splitlines()) for b in server.batches.values()] == [7, 2]
    assert result.usage.outcomes == {"answered": 7, "server": 2}


def interrupted_run(server: BatchServer, tmp_path: Any) -> None:
    """Run until the batch is under way, then Ctrl-C."""
    server.hold = True

    def interrupt() -> None:
        while not server.batches:
            time.sleep(0.01)
        time.sleep(0.1)
        _thread.interrupt_main()

    threading.Thread(target=interrupt).start()
    with pytest.raises(RunInterrupted):
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    server.hold = False


def test_a_batch_is_waited_for_again_after_an_interrupt(server: BatchServer, tmp_path: Any) -> None:
    interrupted_run(server, tmp_path)
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7
    assert len(server.batches) == 1
    assert set(server.asked.values()) == {1}
    outcomes = Counter(row["outcome"] for row in read_ledger(tmp_path / "s.sqlite"))
    assert outcomes == {"carried-over": 7, "answered": 7}


def test_a_batch_that_was_made_but_not_noted_is_found(server: BatchServer, tmp_path: Any) -> None:
    """The process died between the provider's answer and the note of it."""
    interrupted_run(server, tmp_path)
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE batches SET id = 'file:file-0'")
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 1)


def test_a_batch_that_was_never_made_is_made(server: BatchServer, tmp_path: Any) -> None:
    server.refuse_batches = 1
    with pytest.raises(DistillStopped) as stopped:
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert stopped.value.kind == "bad-batch"
    assert "no batches today" in str(stopped.value)
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 1)
    assert sum(name.startswith("file-") for name in server.files) == 2  # the file was not sent twice


def test_a_failed_batch_stops_the_run(server: BatchServer, tmp_path: Any) -> None:
    server.status = "failed"
    with pytest.raises(DistillStopped, match="line 1 is bad"):
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")


def test_an_expired_batch_is_asked_again(server: BatchServer, tmp_path: Any) -> None:
    server.status = "expired"
    server.fail_first = set(range(7))
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7


def test_a_function_has_no_batches(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="batch"):
        Distiller(lambda messages: GOOD, store=tmp_path / "s.sqlite").run(QUESTIONS, mode="batch")
