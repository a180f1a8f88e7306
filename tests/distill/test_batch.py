"""The batch endpoint, against a server that keeps files and batches as OpenAI's does."""

from __future__ import annotations

import _thread
import asyncio
import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from swiftprep import Distiller, Limits, Teacher
from swiftprep.distill import batch, batch_rows
from swiftprep.distill.store import AnswerStore, read_ledger
from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted, TeacherError
from swiftprep.teachers.http import Response
from swiftprep.teachers.limiter import Halted
from swiftprep.teachers.request import Request

GOOD = "按钮用 `ta-button`，点击事件是 `click`。"


class BatchServer:
    """Files and batches in memory.

    `hold` keeps batches under way. `fail_first` lists the requests of the first batch that get the status `fail_with`.
    `trouble` is what goes wrong: handler → (status, body) of its next answers; the status 0 loses its answer.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.looks = 0
        self.hold = False
        self.refuse_batches = 0
        self.fail_first: set[int] = set()
        self.fail_with: Any = 500
        self.says = GOOD
        self.rewrite: Callable[[str], str] = str  # of each row of answers
        self.trouble: dict[str, list[tuple[int, str]]] = {}
        self.wrapped = False
        self.status = "completed"
        self.prefix = "batch-"
        self.url = ""

    def app(self) -> web.Application:
        @web.middleware
        async def troubled(request: web.Request, handler: Handler) -> web.StreamResponse:
            planned = self.trouble.get(request.match_info.handler.__name__)
            status, body = planned.pop(0) if planned else (200, "")
            if status and not body:
                return await handler(request)
            if status:
                return web.Response(status=status, text=body)
            answer = await handler(request)
            assert request.transport is not None
            request.transport.close()
            return answer

        app = web.Application(client_max_size=2**26, middlewares=[troubled])
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
        file = form["file"]
        assert isinstance(file, web.FileField)
        self.files[name] = file.file.read()
        made = {"id": name}
        return web.json_response({"status": True, "data": made} if self.wrapped else made)

    async def content(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["id"]])

    async def make(self, request: web.Request) -> web.Response:
        if self.refuse_batches:
            self.refuse_batches -= 1
            return web.json_response({"error": {"message": "no batches today", "code": "invalid"}}, status=400)
        wanted = await request.json()
        assert wanted["endpoint"] == "/v1/chat/completions"
        name = f"{self.prefix}{len(self.batches)}"
        self.batches[name] = {"id": name, "status": "in_progress", **wanted}
        made = self.batches[name]
        return web.json_response({"status": True, "data": made} if self.wrapped else made)

    async def list(self, request: web.Request) -> web.Response:
        return web.json_response({"data": list(self.batches.values())})

    async def look(self, request: web.Request) -> web.Response:
        self.looks += 1
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
                error = {"status_code": self.fail_with, "body": {"error": {"message": "oops"}}}
                errors.append({"custom_id": row["custom_id"], "response": error})
                continue
            message = {"role": "assistant", "content": self.says}
            body = {
                "choices": [{"message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 10, "completion_tokens": 5},
            }
            lines.append({"custom_id": row["custom_id"], "response": {"status_code": 200, "body": body}})
        for name, rows in (("output_file_id", lines), ("error_file_id", errors)):
            if rows:
                found[name] = f"file-{len(self.files)}"
                self.files[found[name]] = "\n".join(self.rewrite(json.dumps(row)) for row in rows).encode()


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
    monkeypatch.setattr(batch, "FIRST_POLL", 0.01)
    monkeypatch.setattr(batch, "LONGEST_POLL", 0.01)
    monkeypatch.setattr(batch, "QUIET", 3600)  # on a busy machine any pause between two questions may be long


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send a batch though somebody is not waiting."""
    monkeypatch.setattr(batch, "QUIET", 0.01)


def distiller(server: BatchServer, tmp_path: Any, **settings: Any) -> Distiller:
    teacher = Teacher(server.url, "m", price=(2, 4), limits=Limits(concurrency=2, backoff=0.01), **settings)
    return Distiller(teacher, store=tmp_path / "s.sqlite", reasoning="none")


# aiohttp's own server, where a boundary falls between two chunks.
pytestmark = pytest.mark.filterwarnings("ignore:unread_data:DeprecationWarning")

QUESTIONS = [f"第 {number} 个按钮的点击事件叫什么？" for number in range(7)]


@pytest.mark.slow
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
        while not server.looks:  # by now the batch is noted
            time.sleep(0.01)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
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
    server.status = "completed"
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 2)  # nothing is to be had from the failed one


def test_a_failed_batch_is_not_gone_back_to(server: BatchServer, tmp_path: Any) -> None:
    interrupted_run(server, tmp_path)
    server.status = "failed"
    with pytest.raises(DistillStopped, match="line 1 is bad"):
        distiller(server, tmp_path).run(QUESTIONS[:3], mode="batch")
    server.status = "completed"
    assert len(distiller(server, tmp_path).run(QUESTIONS[:3], mode="batch").samples) == 3


def test_a_batch_is_later_than_those_before_it_whatever_the_clock_says(server: BatchServer, tmp_path: Any) -> None:
    interrupted_run(server, tmp_path)
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("UPDATE batches SET submitted = 4e9")  # the clock was ahead then
    server.status = "failed"
    with pytest.raises(DistillStopped, match="line 1 is bad"):
        distiller(server, tmp_path).run(QUESTIONS[:3], mode="batch")
    server.status = "completed"
    distiller(server, tmp_path).run(QUESTIONS[:3], mode="batch")
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection:
        rows = connection.execute("SELECT id FROM batches ORDER BY submitted").fetchall()
    assert [row[0] for row in rows] == sorted(server.batches)
    assert len(rows) == 2


def test_the_latest_batch_of_a_question_counts(server: BatchServer, tmp_path: Any) -> None:
    """An earlier one that has no answer to it was not marked as done before a death."""
    interrupted_run(server, tmp_path)
    server.batches["batch-old"] = {"id": "batch-old", "status": "completed"}
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute(
            "INSERT INTO batches SELECT 'batch-old', teacher, host, submitted - 9, keys, NULL FROM batches"
        )
    assert len(distiller(server, tmp_path).run(QUESTIONS, mode="batch").samples) == 7
    assert set(server.batches) == {"batch-0", "batch-old"}


def test_an_expired_batch_is_asked_again(server: BatchServer, tmp_path: Any) -> None:
    server.status = "expired"
    server.fail_first = set(range(7))
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7


def test_a_function_has_no_batches(tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="batch"):
        Distiller(lambda messages: GOOD, store=tmp_path / "s.sqlite").run(QUESTIONS, mode="batch")


HTML = (200, "<html>gateway</html>")
LOST = (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param({"make": [LOST]}, id="lost answer to making"),
        pytest.param({"make": [LOST], "list": [HTML, (500, "oops")]}, id="lost answer, no list at first"),
        pytest.param({"make": [HTML, (429, "slow down")]}, id="page for making"),
        pytest.param({"upload": [(502, "oops"), HTML]}, id="upload at last"),
        pytest.param({"look": [HTML, (500, "oops"), LOST, (200, '{"code": 1}'), (429, "slow down")]}, id="looks"),
        pytest.param({"content": [HTML, (500, "oops"), LOST]}, id="answers at last"),
    ],
)
def test_trouble_on_the_way_sends_nothing_twice(
    server: BatchServer, tmp_path: Any, trouble: dict[str, list[tuple[int, str]]]
) -> None:
    server.trouble = trouble
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert len(result.samples) == 7
    assert not any(trouble.values())
    assert (len(server.batches), result.usage.outcomes) == (1, {"answered": 7})
    assert set(server.asked.values()) == {1}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "what"),
    [
        pytest.param("look", HTML, id="look: page"),
        pytest.param("look", (503, "oops"), id="look: server"),
        pytest.param("look", (200, '{"code": "x"}'), id="look: no state"),
        pytest.param("content", (403, '{"error": {"message": "expired"}}'), id="answers: forbidden"),
        pytest.param("content", HTML, id="answers: page"),
        pytest.param("make", (200, '{"code": "x"}'), id="make: no id"),
    ],
)
def test_an_outage_stops_the_run_and_the_next_one_goes_on(
    server: BatchServer, tmp_path: Any, where: str, what: tuple[int, str]
) -> None:
    server.trouble = {where: [what] * 100}
    with pytest.raises(DistillStopped) as stopped:
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert stopped.value.kind == "bad-batch"
    server.trouble = {}
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 1)
    assert set(server.asked.values()) == {1}


def test_an_upload_without_an_id_stops_the_run(server: BatchServer, tmp_path: Any) -> None:
    server.trouble = {"upload": [(200, '{"code": "x", "message": "no files today"}')]}
    with pytest.raises(DistillStopped, match="no files today") as stopped:
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert stopped.value.kind == "bad-batch"


def test_ids_may_be_in_data(server: BatchServer, tmp_path: Any) -> None:
    server.wrapped = True
    assert len(distiller(server, tmp_path).run(QUESTIONS, mode="batch").samples) == 7


def refuse_batches(tmp_path: Any) -> None:
    """Make a store that fails as soon as a batch is to be noted."""
    AnswerStore(tmp_path / "s.sqlite").close()
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection, connection:
        connection.execute("CREATE TRIGGER t BEFORE INSERT ON batches BEGIN SELECT RAISE(ABORT, 'disk is full'); END")


@pytest.mark.parametrize("prefix", ["../../v1/", "a?b=", "a#b", "%2e%2e%2f", "批 "])
def test_an_id_is_one_segment_of_a_path(server: BatchServer, tmp_path: Any, prefix: str) -> None:
    server.prefix = prefix
    assert len(distiller(server, tmp_path).run(QUESTIONS, mode="batch").samples) == 7


@pytest.mark.parametrize("name", ["..", ".", "", 7, None, {"id": 1}, "x" * 5000], ids=repr)
def test_what_names_no_segment_is_asked_for_nowhere(name: Any) -> None:
    with pytest.raises(TeacherError, match="no id"):
        batch._segment(name)


def test_a_batch_that_never_ends_is_waited_for_so_long(server: BatchServer, tmp_path: Any) -> None:
    server.hold = True
    teacher = Teacher(server.url, "m", limits=Limits(concurrency=2, backoff=0.01, batch_hours=0.05 / 3600))
    asking = Distiller(teacher, store=tmp_path / "s.sqlite", reasoning="none")
    with pytest.raises(DistillStopped, match=r"still 'in_progress'.*batch_hours"):
        asking.run(QUESTIONS, mode="batch")
    server.hold = False
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 1)  # the next run waits on


@pytest.mark.parametrize("hours", [0, -1, float("nan")])
def test_hours_are_more_than_none(hours: float) -> None:
    with pytest.raises(ConfigError, match="batch_hours"):
        Limits(batch_hours=hours)


def test_a_store_that_cannot_note_the_batch_stops_the_run(server: BatchServer, tmp_path: Any) -> None:
    refuse_batches(tmp_path)
    with pytest.raises(DistillStopped, match="disk is full") as stopped:
        distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (stopped.value.kind, len(server.batches)) == ("store", 0)


def test_requests_that_are_refused_do_not_stop_the_others(server: BatchServer, tmp_path: Any) -> None:
    server.fail_first, server.fail_with = set(range(25)), 400
    questions = [f"第 {number} 个按钮的点击事件叫什么？" for number in range(30)]
    result = distiller(server, tmp_path).run(questions, mode="batch")
    assert (len(result.samples), len(result.rejected)) == (5, 25)
    assert {reject.reason for reject in result.rejected} == {"bad-request"}


def test_large_files_are_split(server: BatchServer, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "LARGEST_SENT", 4000)
    result = distiller(server, tmp_path).run(["问" * 5000, *QUESTIONS], mode="batch")
    sent = [server.files[made["input_file_id"]] for made in server.batches.values()]
    assert len(sent) > 1
    assert all(len(text) <= 4000 or text.count(b"\n") == 1 for text in sent)
    assert set(server.asked.values()) == {1}
    assert len(result.records) == 8


def test_nothing_is_streamed(server: BatchServer, tmp_path: Any) -> None:
    distiller(server, tmp_path, stream=True).run(QUESTIONS[:1], mode="batch")
    assert b'"stream' not in server.files["file-0"]


@pytest.mark.slow
def test_a_large_file_is_sent_without_a_warning(server: BatchServer, tmp_path: Any) -> None:
    distiller(server, tmp_path).run(["问" * 400_000], mode="batch")  # a warning would be an error
    assert len(server.files["file-0"]) > 2**20
    assert server.asked


def test_who_asks_again_while_answers_come_in_is_in_the_next_batch(server: BatchServer, tmp_path: Any) -> None:
    """A failure in the first file of answers, while the second one is still on its way."""
    server.fail_first = {4}
    first = server.answer

    def answer(found: dict[str, Any]) -> None:
        first(found)
        if "error_file_id" in found:
            found["output_file_id"], found["error_file_id"] = found["error_file_id"], found["output_file_id"]
            server.trouble["content"] = [(200, ""), *[(500, "oops")] * 5]

    server.answer = answer  # type: ignore[method-assign]
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 2)


def ask(
    tmp_path: Any,
    endpoint: Scripted,
    then: Callable[[batch.BatchTeacher], None] = lambda asks: None,
    questions: int = 1,
) -> None:
    """Have questions asked of SiliconFlow, as it were, and do something while they wait."""

    async def asked(store: AnswerStore) -> None:
        teacher = Teacher("https://api.siliconflow.cn/v1", "m", limits=Limits(attempts=1, backoff=0.01))
        teacher.endpoint = endpoint  # type: ignore[assignment]
        asks = batch.BatchTeacher(teacher, store, lambda: endpoint.workers)
        texts = [Request("m", ({"role": "user", "content": f"q{number}"},)) for number in range(questions)]
        waiting = [asyncio.ensure_future(asks.ask(text)) for text in texts]
        await asyncio.sleep(0)  # all of them ask
        then(asks)
        try:
            await asyncio.wait(waiting, timeout=60)
            for answer in waiting:
                assert answer.done()
            for failed in [answer.exception() for answer in waiting]:
                raise failed or AssertionError("an answer")
        finally:
            await asks.close()

    with AnswerStore(tmp_path / "s.sqlite") as store:
        asyncio.run(asked(store))


class Scripted:
    """An endpoint that gives ids, or raises what nobody expects."""

    def __init__(self, bug: Exception | None = None) -> None:
        self.calls: list[str] = []
        self.bug = bug
        self.workers = 2

    async def call(self, method: str, path: str, body: Any = None, *, largest: int | None = None) -> Response:
        self.calls.append(path)
        if self.bug is not None:
            raise self.bug
        return Response(200, {}, b'{"id": "x"}')

    async def close(self) -> None:
        pass


@pytest.mark.usefixtures("impatient")
def test_whatever_goes_wrong_is_told_to_who_waits(tmp_path: Any) -> None:
    with pytest.raises(TeacherError, match="a bug") as failed:
        ask(tmp_path, Scripted(RuntimeError("a bug")))
    assert failed.value.kind == "bad-batch"


@pytest.mark.usefixtures("impatient")
def test_a_full_disk_is_told_as_it_is(tmp_path: Any) -> None:
    refuse_batches(tmp_path)
    with pytest.raises(DistillStopped, match="disk is full"):
        ask(tmp_path, Scripted())


def test_leave_lets_everybody_go_and_sends_nothing(tmp_path: Any) -> None:
    endpoint = Scripted()

    def leave(asks: batch.BatchTeacher) -> None:
        asks.leave()
        endpoint.workers = 0  # they have gone
        asks.look()

    with pytest.raises(Halted):
        ask(tmp_path, endpoint, leave)
    assert not endpoint.calls


@pytest.mark.usefixtures("impatient")
def test_no_file_has_more_requests_than_the_provider_takes(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "FEWER", 2)
    endpoint = Scripted()
    endpoint.workers = 6
    with pytest.raises(TeacherError, match="no state"):
        ask(tmp_path, endpoint, questions=5)
    assert endpoint.calls.count("/files") == 3


@pytest.mark.parametrize(
    "status", [10**30, -1, 0, 1e300, "9" * 5000, float("nan"), None, [], True], ids=lambda v: repr(v)[:9]
)
def test_an_odd_status_is_one_bad_row(server: BatchServer, tmp_path: Any, status: Any) -> None:
    server.fail_first, server.fail_with = {1}, status
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert (len(result.samples), len(server.batches)) == (7, 2)
    assert result.usage.outcomes == {"answered": 7, "server": 1}


ODD_ROWS: dict[str, Callable[[str], str]] = {
    "nested": lambda row: row[:-1] + ', "x": ' + "[" * 2000 + "]" * 2000 + "}",
    "cut off": lambda row: row[:-5],
    "response is a list": lambda row: row.replace('"response": {', '"response": [], "was": {'),
    "no response": lambda row: row.replace('"response"', '"other"'),
    "too large": lambda row: row.replace("ta-button", "x" * 5000),
    "too large, id at the end": lambda row: row.replace("{", '{"x": "' + "y" * 5000 + '", ', 1),
}


@pytest.mark.parametrize("odd", ODD_ROWS.values(), ids=ODD_ROWS)
def test_an_odd_row_ends_its_requests_attempt(
    server: BatchServer, tmp_path: Any, odd: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_rows, "LARGEST", 4000)
    monkeypatch.setattr(batch_rows, "_ENDS", 400)
    server.rewrite = odd
    teacher = Teacher(server.url, "m", limits=Limits(backoff=0.01, attempts=2))
    asking = Distiller(teacher, store=tmp_path / "s.sqlite", reasoning="none")
    with pytest.raises(DistillStopped, match="never answered") as stopped:
        asking.run(QUESTIONS[:2], mode="batch")
    result = stopped.value.result
    assert (len(result.samples), result.usage.calls, len(server.batches)) == (0, 4, 2)
    server.rewrite = str
    assert len(asking.run(QUESTIONS[:2], mode="batch").samples) == 2
    with closing(sqlite3.connect(tmp_path / "s.sqlite")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM batches WHERE collected IS NULL").fetchall() == [(0,)]


def test_half_a_pair_of_surrogates_is_mended(server: BatchServer, tmp_path: Any) -> None:
    server.says = GOOD + "\ud83d"
    result = distiller(server, tmp_path).run(QUESTIONS, mode="batch")
    assert {sample.answer[-1] for sample in result.samples} == {"\ufffd"}
    assert (len(result.samples), result.usage.calls) == (7, 7)


def test_rows_are_split_wherever_the_pieces_end() -> None:
    row = json.dumps({"custom_id": "k", "response": {"status_code": 500}}).encode()
    for size in (1, 7, 1000):
        told: list[str] = []
        rows = batch_rows.Rows(lambda key, answer: told.append(key), "here")  # noqa: B023 - it is used up below
        text = b"\n\n".join([row] * 3)
        for start in range(0, len(text), size):
            assert rows.take(text[start : start + size])
        rows.end()
        assert (told, rows.count) == (["k"] * 3, 3)


def test_no_more_than_the_limit_is_read_of_a_file_of_answers() -> None:
    told: list[str] = []
    rows = batch_rows.Rows(lambda key, answer: told.append(key), "here", most=50)
    assert rows.take(b'{"custom_id": "k"}\n')
    assert not rows.take(b'{"custom_id": "l"}\n' + b'{"custom_id": "m"}\n' * 9)
    rows.end()
    assert told == ["k", "l"]


def test_throttled_rows_count_as_attempts(server: BatchServer, tmp_path: Any) -> None:
    server.fail_with = 429
    first = server.answer

    def answer(found: dict[str, Any]) -> None:
        rows = len(server.files[found["input_file_id"]].splitlines())
        text = server.files[found["input_file_id"]].splitlines()
        error = {"status_code": 429, "body": {"error": {"message": "slow down"}}}
        lines = [json.dumps({"custom_id": json.loads(line)["custom_id"], "response": error}) for line in text]
        found |= {"status": "completed", "output_file_id": f"file-{len(server.files)}"}
        server.files[found["output_file_id"]] = "\n".join(lines).encode()
        assert rows == 2

    server.answer = answer  # type: ignore[method-assign]
    teacher = Teacher(server.url, "m", limits=Limits(backoff=0.01, attempts=3))
    with pytest.raises(DistillStopped, match="never answered") as stopped:
        Distiller(teacher, store=tmp_path / "s.sqlite", reasoning="none").run(QUESTIONS[:2], mode="batch")
    assert (len(server.batches), stopped.value.result.usage.outcomes) == (3, {"throttled": 6})
    impatient = Teacher(server.url, "m", limits=Limits(backoff=0.01, attempts=50, patience=0.05))
    with pytest.raises(DistillStopped, match="throttled") as stopped:
        Distiller(impatient, store=tmp_path / "s.sqlite", reasoning="none").run(QUESTIONS[:2], mode="batch")
    assert stopped.value.kind == "throttled"
    server.answer = first  # type: ignore[method-assign]
