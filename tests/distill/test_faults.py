"""What each fault of a provider comes to, with the real `Distiller` and `Teacher` against a server that has them all."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import re
import socket
import threading
import time
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fault_server import FAULTS, Call, FaultServer, Plan, good_text, serve
from fault_table import (
    ELSEWHERE,
    GIVEN_UP,
    GIVEN_UP_STREAMS,
    GOOD,
    GOOD_ALONE,
    GOOD_STREAMS,
    HANGS,
    RETRIED,
    RETRIED_STREAMS,
    STOPS,
)
from kill_harness import CANARY, holds

from swiftprep.distill.budget import Budget
from swiftprep.distill.distiller import Distiller
from swiftprep.distill.result import Result
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.store import read_body, read_ledger
from swiftprep.errors import ConfigError, DistillStopped, TeacherError
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.request import Request
from swiftprep.teachers.teacher import Teacher

pytestmark = pytest.mark.slow

QUICK = Limits(concurrency=32, attempts=3, backoff=0.01)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CANARY_KEY", CANARY)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with serve() as running:
        yield running


def teacher(server: FaultServer, **settings: Any) -> Teacher:
    settings = {"limits": QUICK, "deadline": 20.0, "model": "fault-1", "api_key_env": "CANARY_KEY", **settings}
    return Teacher(server.base_url, settings.pop("model"), settings.pop("api_key_env"), **settings)


def asks(name: str, mark: str = "") -> Scenario:
    return Scenario(f"case-{name} 写一个计数按钮。{mark}", id=name)


def ledger(store: Path) -> dict[str, list[dict[str, Any]]]:
    rows = defaultdict(list)
    for row in read_ledger(store):
        rows[row["scenario"]].append(row)
    return rows


def outcomes(store: Path, name: str) -> list[str]:
    return [row["outcome"] for row in ledger(store)[name]]


# --- every fault, in a few runs -----------------------------------------------------------------------------------


@dataclass
class Ran:
    """All faults of one kind of teacher, met in one run and then in another."""

    folder: Path
    store: Path
    calls: dict[str, list[Call]]
    again: list[Call]  # of the second run
    result: Result
    log: str
    shown: str  # what Python and Jupyter would print of what is public
    written: str  # to standard output and error


class Listener(logging.Handler):
    """Keeps every record, its arguments and its traceback."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{record.getMessage()} {record.__dict__!r}")
        if record.exc_info:
            self.lines.append("".join(traceback.format_exception(*record.exc_info)))


@contextlib.contextmanager
def watched() -> Iterator[tuple[list[str], io.StringIO]]:
    """Listen to every logger, and to what is printed."""
    listener, printed = Listener(), io.StringIO()
    loggers = [logging.getLogger(name) for name in ("", "asyncio", "aiohttp", "aiohttp.client", "swiftprep")]
    levels = [each.level for each in loggers]
    loggers[0].addHandler(listener)
    for each in loggers:
        each.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            yield listener.lines, printed
    finally:
        loggers[0].removeHandler(listener)
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)


def shows(*things: Any) -> str:
    """Return what is printed of things: their repr, their HTML, and errors with the variables of every frame."""
    seen: list[str] = []
    for thing in things:
        seen += [repr(thing), str(thing), repr(getattr(thing, "__dict__", ""))]
        if isinstance(thing, BaseException):
            trace = thing.__traceback__
            while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
                trace = trace.tb_next  # what a test knows is no leak
            seen += traceback.TracebackException(type(thing), thing, trace, capture_locals=True).format()
        elif hasattr(thing, "_repr_html_"):
            seen.append(thing._repr_html_())
    return "\n".join(seen)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ran]:
    runs: dict[str, Ran] = {}
    sets = {
        "plain": (False, [*((name, " x2") for name in RETRIED), *((name, " x*") for name in GIVEN_UP), *((name, " x*") for name in GOOD)], 20.0),
        "streams": (True, [*((name, " x2") for name in RETRIED_STREAMS), *((name, " x*") for name in GIVEN_UP_STREAMS), *((name, " x*") for name in GOOD_STREAMS)], 20.0),
        "hangs": (False, [(name, "") for name in HANGS], 0.6),
    }  # fmt: skip

    def run(which: str) -> Ran:
        if which not in runs:
            stream, faults, deadline = sets[which]
            folder = tmp_path_factory.mktemp(which)
            scenarios = [asks(name, f"[[fault:{name}{times}]]") for name, times in faults]
            with serve() as server, watched() as (log, printed):
                asked = teacher(server, stream=stream, deadline=deadline)
                distiller = Distiller(asked, store=folder / "distil.sqlite")
                result = distiller.run(scenarios)
                result.write(folder / "out")
                calls = {name: server.of(f"case-{name}") for name, _ in faults}
                before = len(server.calls)
                second = Distiller(teacher(server, stream=stream, deadline=deadline), store=folder / "distil.sqlite")
                again = second.run(scenarios)
                shown = shows(asked, distiller, result, again, result.usage, *result.samples, *result.rejected)
                runs[which] = Ran(
                    folder, folder / "distil.sqlite", calls, server.calls[before:], result, "\n".join(log), shown,
                    printed.getvalue(),
                )  # fmt: skip
        return runs[which]

    os.environ["CANARY_KEY"] = CANARY
    return run


def samples(result: Result) -> set[str]:
    text = "\n".join(sample.prompt for sample in result.samples)
    return {word.removeprefix("case-") for word in text.split() if word.startswith("case-")}


def reasons(result: Result) -> dict[str, str]:
    return {reject.path: reject.reason for reject in result.rejected}


def test_every_fault_is_looked_at() -> None:
    looked_at = {
        *RETRIED,
        *RETRIED_STREAMS,
        *GIVEN_UP,
        *GIVEN_UP_STREAMS,
        *STOPS,
        *GOOD,
        *GOOD_ALONE,
        *GOOD_STREAMS,
        *HANGS,
        *ELSEWHERE,
    }
    assert looked_at == set(FAULTS)


@pytest.mark.parametrize(
    ("which", "fault", "kind"),
    [*(("plain", *item) for item in RETRIED.items()), *(("streams", *item) for item in RETRIED_STREAMS.items())],
)
def test_what_may_pass_is_tried_again(ran: Callable[[str], Ran], which: str, fault: str, kind: str) -> None:
    run = ran(which)
    assert outcomes(run.store, fault) == [kind, kind, "answered"]
    assert len(run.calls[fault]) == 3
    assert fault in samples(run.result)


@pytest.mark.parametrize("fault", HANGS)
def test_what_hangs_or_drips_ends_at_the_deadline(ran: Callable[[str], Ran], fault: str) -> None:
    run = ran("hangs")
    *late, last = ledger(run.store)[fault]  # on a busy machine a good answer may be late, too
    assert late
    assert {row["outcome"] for row in late} == {"deadline"}
    assert last["outcome"] == "answered"
    assert late[0]["latency"] > 0.5
    assert len(run.calls[fault]) == len(late) + 1


@pytest.mark.parametrize(
    ("which", "fault", "kind"),
    [*(("plain", *item) for item in GIVEN_UP.items()), *(("streams", *item) for item in GIVEN_UP_STREAMS.items())],
)
def test_what_would_not_pass_is_never_tried_again(ran: Callable[[str], Ran], which: str, fault: str, kind: str) -> None:
    run = ran(which)
    assert outcomes(run.store, fault) == [kind]
    assert len(run.calls[fault]) == 1
    assert fault not in samples(run.result)
    assert reasons(run.result)[fault] == kind
    assert not [call for call in run.again if call.label == f"case-{fault}"]


@pytest.mark.parametrize(
    ("which", "fault"), [*(("plain", fault) for fault in GOOD), *(("streams", fault) for fault in GOOD_STREAMS)]
)
def test_odd_and_good_answers_are_taken(ran: Callable[[str], Ran], which: str, fault: str) -> None:
    run = ran(which)
    assert outcomes(run.store, fault) == ["answered"]
    assert fault in samples(run.result)


@pytest.mark.parametrize("which", ["plain", "streams", "hangs"])
def test_the_ledger_has_every_call_and_a_second_run_makes_none(ran: Callable[[str], Ran], which: str) -> None:
    run = ran(which)
    rows = ledger(run.store)
    assert {name: len(calls) for name, calls in run.calls.items()} == {name: len(rows[name]) for name in run.calls}
    assert run.result.usage.calls == sum(map(len, run.calls.values()))
    assert run.again == []
    assert all(row["outcome"] and row["latency"] is not None for items in rows.values() for row in items)


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        ("502-html", b"<h1>nginx</h1>"), ("truncated-json", b'"object": "chat.completion"'), ("error-200", b"upstream timeout"),
        ("null-content", b'"content": null'), ("no-choices", b'"choices": []'), ("filter-zhipu", b'"1301"'),
        ("reset-middle", b'"object": "chat.completion"'), ("close-in-chunk", b'"object": "chat.completion"'),
        ("slow-good", b'"object": "chat.completion"'), ("bad-utf-8", b"\xff\xfe\x80"), ("html-200", b"<title>"),
    ],
)  # fmt: skip
def test_raw_bodies_are_kept(ran: Callable[[str], Ran], fault: str, kept: bytes) -> None:
    run = ran("plain")
    assert kept in read_body(run.store, ledger(run.store)[fault][0]["id"])


@pytest.mark.parametrize("which", ["plain", "streams", "hangs"])
def test_the_key_is_nowhere(ran: Callable[[str], Ran], which: str) -> None:
    run = ran(which)
    assert run.calls["hang" if which == "hangs" else "500"][0].headers["Authorization"] == f"Bearer {CANARY}"
    assert holds(run.folder, CANARY) == []
    assert CANARY not in run.log
    assert CANARY not in run.shown
    assert CANARY not in run.written


# --- what an error means ------------------------------------------------------------------------------------------


def kind_of(server: FaultServer, fault: str) -> str:
    async def ask() -> None:
        asked = teacher(server)
        try:
            await asked.ask(Request("fault-1", ({"role": "user", "content": f"case-{fault} [[fault:{fault}]]"},)))
        finally:
            await asked.close()

    with pytest.raises(TeacherError) as caught:
        asyncio.run(ask())
    return caught.value.kind


@pytest.mark.parametrize(("fault", "kind"), [("429-number", "throttled"), ("500-number", "server")])
def test_a_number_in_a_message_is_no_code(server: FaultServer, fault: str, kind: str) -> None:
    assert kind_of(server, fault) == kind


@pytest.mark.parametrize("fault", GOOD_ALONE)
def test_what_is_odd_about_a_good_answer_is_passed_over(server: FaultServer, tmp_path: Path, fault: str) -> None:
    scenarios = [asks("a", f"[[fault:{fault} x*]]"), asks("b")]
    result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run(scenarios)
    assert samples(result) == {"a", "b"}
    assert len(server.calls) == 2


# --- stops --------------------------------------------------------------------------------------------------------


def stopped(distiller: Distiller, scenarios: list[Scenario]) -> DistillStopped:
    with pytest.raises(DistillStopped) as caught:
        distiller.run(scenarios)
    return caught.value


@pytest.mark.parametrize(("fault", "kind"), STOPS.items())
def test_what_no_call_would_pass_stops_the_run(server: FaultServer, tmp_path: Path, fault: str, kind: str) -> None:
    few = Limits(concurrency=2, attempts=3, backoff=0.01)
    store = tmp_path / "s.sqlite"
    scenarios = [asks(f"a{number}") for number in range(8)]
    server.plan.change({"from_number": 4, "from_fault": fault})
    with watched() as (log, printed):
        distiller = Distiller(teacher(server, limits=few), store=store)
        error = stopped(distiller, scenarios)
    result = error.result
    assert error.kind == kind
    assert "127.0.0.1" in str(error)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in str(error))
    refused = len(server.calls) - 3
    assert 1 <= refused <= 2, "those in flight, and no more"
    assert len(result.samples) == 3, "what was in flight is kept"
    assert len(result.samples) + len(result.pending) == 8
    assert result.rejected == []
    assert result.stopped
    assert Counter(row["outcome"] for row in read_ledger(store)) == {"answered": 3, kind: refused}
    server.plan.change({"from_number": 0})
    again = Distiller(teacher(server, limits=few), store=store).run(scenarios)
    assert len(again.samples) == 8
    assert len(server.calls) == 8 + refused, "only what was missing is asked"
    assert server.elsewhere == 0
    said = shows(error, result, distiller) + "".join(log) + printed.getvalue()
    assert CANARY not in said
    assert holds(tmp_path, CANARY) == []


def test_no_money_in_mid_run_stops_all_hands(tmp_path: Path) -> None:
    scenarios = [asks(f"a{number:03}") for number in range(80)]
    with serve(Plan(delay=0.01, from_number=40, from_fault="no-money-zhipu")) as server:
        limits = Limits(concurrency=16)
        error = stopped(Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite"), scenarios)
        assert "欠费" in str(error)
        assert len(error.result.samples) == 39
        assert len(server.calls) <= 40 + 16
        refused = sum(call.fault != "" for call in server.calls)
        server.plan.change({"from_number": 0})
        result = Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite").run(scenarios)
        assert len(result.samples) == 80
        assert len(server.calls) == 80 + refused
        assert (result.usage.calls, result.usage.cached) == (41, 39)


@pytest.mark.parametrize(
    ("settings", "retry_after"),
    [({"requests_per_minute": 0.2}, 0.0), ({}, 280.0)],
    ids=["calls evenly spaced", "the pool pauses"],
)
@pytest.mark.timeout(120)  # the next slot comes after five minutes
def test_a_stop_does_not_wait_for_slots(tmp_path: Path, settings: dict[str, Any], retry_after: float) -> None:
    """Whoever waits for a slot when the run ends is let go: with few calls a minute that is minutes."""
    with serve(Plan(delay=0.1, retry_after=retry_after, by_number={1: "401", 2: "429-seconds"})) as server:
        limits = Limits(concurrency=4, **settings)
        stopped(
            Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite"), [asks(f"a{i}") for i in range(3)]
        )


def test_a_provider_that_only_throttles_ends_the_run(server: FaultServer, tmp_path: Path) -> None:
    limits = Limits(concurrency=4, backoff=0.02, patience=0.15)
    scenarios = [asks(f"a{number}", "[[fault:429-bare x*]]") for number in range(6)]
    error = stopped(Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite"), scenarios)
    assert error.kind == "throttled"
    assert "限流" in str(error)
    assert len(error.result.pending) == 6, "nothing is rejected for it"
    assert len(server.calls) < 30


@pytest.mark.timeout(120)  # it is told to wait for a day
def test_a_wait_longer_than_our_patience_ends_the_run_at_once(tmp_path: Path) -> None:
    with serve(Plan(retry_after=86400)) as server:
        error = stopped(Distiller(teacher(server), store=tmp_path / "s.sqlite"), [asks("a", "[[fault:429-seconds]]")])
    assert error.kind == "throttled"
    assert int(re.findall(r"(\d+) s more", str(error))[0]) >= 86399


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as taken:  # nobody listens, and nobody else can have the port
        taken.bind(("127.0.0.1", 0))
        limits = Limits(concurrency=4, attempts=2, backoff=0.01)
        gone = Teacher(f"http://127.0.0.1:{taken.getsockname()[1]}/v1", "fault-1", limits=limits)
        result = stopped(Distiller(gone, store=tmp_path / "few.sqlite"), [asks("a"), asks("b")]).result
        assert reasons(result) == {"a": "no-answer", "b": "no-answer"}
        assert outcomes(tmp_path / "few.sqlite", "a") == ["connection", "connection"]
        error = stopped(Distiller(gone, store=tmp_path / "many.sqlite"), [asks(f"a{number}") for number in range(500)])
    assert error.kind == "connection"
    assert error.result.usage.calls < 100, "it is not tried a thousand times"


@pytest.mark.parametrize("questions", [1, 2, 5, 25])
@pytest.mark.parametrize(
    ("fault", "kind", "advice"),
    [
        ("reset-before", "connection", "is the server running"),
        ("close-before", "connection", "请确认服务已启动"),
        ("empty-content", "empty", "max_tokens"),
        ("hang", "deadline", "raise the deadline"),
        ("html-200", "bad-body", "/v1"),
        ("500", "server", "稍后重试"),
        ("400-parameter", "bad-request", "teacher.sampling"),
    ],
)
def test_a_teacher_that_never_answers_is_an_error_however_few_the_questions(
    server: FaultServer, tmp_path: Path, questions: int, fault: str, kind: str, advice: str
) -> None:
    asked = teacher(server, limits=Limits(concurrency=25, attempts=1, backoff=0.01), deadline=0.2)
    scenarios = [asks(f"a{number}", f"[[fault:{fault} x*]]") for number in range(questions)]
    for _ in range(2):  # what a provider refuses for good is in the store the second time
        error = stopped(Distiller(asked, store=tmp_path / "s.sqlite"), scenarios)
        assert error.kind == kind
        assert all(part in str(error) for part in (advice, "127.0.0.1", "没有得到"))
        assert len(error.result.rejected) + len(error.result.pending) == questions


def test_answers_in_the_store_do_not_speak_for_a_server_that_is_gone(tmp_path: Path) -> None:
    with serve() as server:
        gone = teacher(server, limits=Limits(attempts=1))
        Distiller(gone, store=tmp_path / "s.sqlite").run([asks("a"), asks("b")])
        assert samples(Distiller(gone, store=tmp_path / "s.sqlite").run([asks("a")])) == {"a"}
    error = stopped(Distiller(gone, store=tmp_path / "s.sqlite"), [asks("a"), asks("b"), asks("c")])
    assert samples(error.result) == {"a", "b"}, "what was paid for is carried"
    assert reasons(error.result) == {"c": "no-answer"}
    assert samples(Distiller(gone, store=tmp_path / "s.sqlite").run([asks("a"), asks("b")])) == {"a", "b"}


def test_what_a_provider_says_of_one_prompt_is_no_silence(server: FaultServer, tmp_path: Path) -> None:
    scenarios = [asks("a", "[[fault:filter-azure x*]]"), asks("b", "[[fault:400-context x*]]")]
    result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run(scenarios)
    assert reasons(result) == {"a": "filtered", "b": "too-long"}


# --- waits and slots ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["429-seconds", "429-milliseconds", pytest.param("429-date", marks=pytest.mark.slow)])
def test_the_whole_pool_waits_as_long_as_it_is_told(tmp_path: Path, fault: str) -> None:
    with serve(Plan(delay=0.01, retry_after=0.15, by_number={5: fault})) as server:
        limits = Limits(concurrency=2, backoff=0.01)
        result = Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite").run(
            [asks(f"a{number}") for number in range(20)]
        )
        told = next(call for call in server.calls if call.fault)
        after = [call for call in server.calls if call.start > told.end]
        early = [call for call in after if call.start < told.named_wait - 0.001]
        assert len(result.samples) == 20
        assert len(after) >= 10
        assert len(early) <= 1, "sent before the client had read it"


def test_what_is_throttled_for_too_many_calls_at_once_is_answered_later(tmp_path: Path) -> None:
    with serve(Plan(delay=0.01, limit=2, limit_until=30)) as server:
        limits = Limits(concurrency=8, backoff=0.01)
        result = Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite").run(
            [asks(f"a{number}") for number in range(40)]
        )
        refused = [call.number for call in server.calls if call.fault]
        assert refused
        assert len(result.samples) == 40
        assert len(server.calls) == 40 + len(refused) == result.usage.calls
        assert server.most <= 8


@pytest.mark.timeout(120)  # with fewer calls than slots nothing is answered
def test_as_many_calls_as_slots_and_no_more(tmp_path: Path) -> None:
    with serve(Plan(hold_from=1)) as server:

        def let_go() -> None:
            while server.in_flight < 7:
                time.sleep(0.005)
            server.plan.hold_from = 0

        threading.Thread(target=let_go, daemon=True).start()
        limits = Limits(concurrency=7)
        Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite").run([asks(f"a{i}") for i in range(40)])
        assert server.most == 7


# --- answers that were cut off --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_an_answer_cut_off_is_asked_for_once_more_with_a_larger_limit(
    server: FaultServer, tmp_path: Path, stream: bool
) -> None:
    fault = "stream-length" if stream else "length"
    scenarios = [asks("once", f"[[fault:{fault}]]"), asks("always", f"[[fault:{fault} x*]]")]
    for calls in (4, 0):
        asked = teacher(server, sampling={"max_tokens": 100}, stream=stream)
        before = len(server.calls)
        result = Distiller(asked, store=tmp_path / "s.sqlite", repair_rounds=0).run(scenarios)
        assert len(server.calls) - before == calls
        assert samples(result) == {"once"}
        assert reasons(result) == {"always": "truncated"}
    assert [call.body["max_tokens"] for call in server.of("case-once")] == [100, 200]
    assert [call.body["max_tokens"] for call in server.of("case-always")] == [100, 200]


# --- what is the same question --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "calls"),
    [
        ({}, 0),
        ({"limits": Limits(concurrency=1, attempts=9, requests_per_minute=60000.0)}, 0),
        ({"deadline": 7.0}, 0),
        ({"api_key_env": "OTHER_KEY"}, 0),
        ({"price": (1.0, 2.0)}, 0),
        ({"stream": True}, 0),
        ({"model": "fault-2"}, 3),
        ({"version": "2"}, 3),
        ({"sampling": {"temperature": 0.1}}, 3),
        ({"sampling": {"max_tokens": 77}}, 3),
        ({"sampling": {"seed": 1}}, 3),
        ({"sampling": {"response_format": {"type": "json_object"}}}, 3),
    ],
    ids=lambda value: str(value)[:60],
)
def test_what_shapes_an_answer_makes_another_question(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], calls: int
) -> None:
    monkeypatch.setenv("OTHER_KEY", "sk-another-key-0123456789")
    scenarios = [asks(f"a{number}") for number in range(3)]
    first = Distiller(teacher(server), store=tmp_path / "s.sqlite").run(scenarios)
    second = Distiller(teacher(server, **changes), store=tmp_path / "s.sqlite").run(scenarios)
    assert len(server.calls) == 3 + calls
    assert (second.usage.calls, second.usage.cached) == (calls, 3 - calls)
    if not calls:
        assert second.samples == first.samples


def test_another_prompt_or_form_is_another_question_and_another_address_is_not(
    server: FaultServer, tmp_path: Path
) -> None:
    store = tmp_path / "s.sqlite"
    Distiller(teacher(server), store=store).run([asks("a")])
    Distiller(teacher(server), store=store, reasoning="none").run([asks("a")])
    assert len(server.calls) == 2
    Distiller(teacher(server), store=store).run([asks("a", "快一点")])
    assert len(server.calls) == 3
    with serve() as moved:
        result = Distiller(teacher(moved), store=store).run([asks("a")])
        assert len(moved.calls) == 0
    assert result.usage.cached == 1


def test_the_same_question_twice_is_asked_once(tmp_path: Path) -> None:
    with serve(Plan(delay=0.02)) as server:
        scenarios = [Scenario("case-same 写一个计数按钮。", id=f"s{number}") for number in range(6)]
        result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run(scenarios)
        assert len(server.calls) == 1
        assert len(result.samples) == 6


def test_what_got_no_answer_is_asked_again_by_the_next_run(server: FaultServer, tmp_path: Path) -> None:
    for calls in (3, 6):
        distiller = Distiller(teacher(server), store=tmp_path / "s.sqlite")
        result = stopped(distiller, [asks("a", "[[fault:500 x6]]")]).result
        assert reasons(result) == {"a": "no-answer"}
        assert len(server.calls) == calls
    result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run([asks("a", "[[fault:500 x6]]")])
    assert samples(result) == {"a"}
    assert outcomes(tmp_path / "s.sqlite", "a") == ["server"] * 6 + ["answered"]


@pytest.mark.parametrize("calls", [0, 1, 25])
def test_a_budget_of_calls_is_kept_with_failures_and_all(tmp_path: Path, calls: int) -> None:
    with serve(Plan(rate=0.5, mix=("500", "429-bare", "reset-before", "empty-200"), delay=0.005)) as server:
        asked = teacher(server)
        result = Distiller(asked, store=tmp_path / "s.sqlite").run(
            [asks(f"a{number}") for number in range(60)], budget=Budget(calls=calls)
        )
        assert len(server.calls) == calls == result.usage.calls
        assert "预算" in result.stopped
        assert len(result.samples) + len(result.pending) == 60


# --- keys ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    ["sk-canary\n-cut-in-two", "sk-canary with spaces", "sk-canary-钥匙", "sk-canary\t-tab", "sk-canary\x7f", "", "  "],
    ids=ascii,
)
def test_what_cannot_be_a_key_is_refused_and_not_shown(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("CANARY_KEY", key)
    with pytest.raises(ConfigError, match="CANARY_KEY") as caught:
        Distiller(teacher(server), store=tmp_path / "s.sqlite").run([asks("a")])
    assert "sk-canary" not in shows(caught.value)
    assert server.calls == []


def test_a_short_key_takes_nothing_out_of_answers(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Servers without keys are given `none`, `x` or `EMPTY`, and these are words of an answer too."""
    texts = []
    for key in ("none", CANARY):
        monkeypatch.setenv("CANARY_KEY", key)
        server.plan.answer = '1. 用原生元素。\n2. 用 display 隐藏。\n\n```vue\n<template>\n  <p style="display: none">{label}</p>\n</template>\n```\n\n完成。'
        result = Distiller(teacher(server), store=tmp_path / f"{key}.sqlite").run([asks("a")])
        texts.append(result.samples[0].answer)
    assert texts[0] == texts[1]


def test_an_answer_that_says_the_key_is_never_kept_with_it(server: FaultServer, tmp_path: Path) -> None:
    with watched() as (log, printed):
        result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run([asks("a", "[[fault:echo-answer x*]]")])
        result.write(tmp_path / "out")
    assert len(server.calls) >= 1
    assert CANARY not in shows(result, *result.samples, *result.rejected) + "".join(log) + printed.getvalue()
    assert holds(tmp_path, CANARY) == []


ERRORS = [fault for fault in FAULTS if fault not in (*GOOD, *GOOD_ALONE, *GOOD_STREAMS, *HANGS, *ELSEWHERE)]


@pytest.mark.parametrize("fault", [*(fault for fault in ERRORS if fault != "500-long"), "hang"])
def test_no_traceback_shows_the_key_not_even_with_its_variables(server: FaultServer, fault: str) -> None:
    shown: list[str] = []

    async def ask() -> None:
        asked = teacher(
            server,
            stream=fault.startswith(("stream", "filter-stream", "echo-stream")),
            deadline=0.2 if fault == "hang" else 20.0,
        )
        try:
            await asked.ask(Request("fault-1", ({"role": "user", "content": f"case-{fault} [[fault:{fault}]]"},)))
        except TeacherError as error:
            shown.append(shows(error, asked))
        await asked.close()

    asyncio.run(ask())
    assert shown
    assert CANARY not in shown[0]


@pytest.mark.parametrize("end", ["cancelled", "closed"])
def test_no_traceback_shows_the_key_when_a_call_is_cut_short(server: FaultServer, end: str) -> None:
    shown: list[str] = []

    async def ask() -> None:
        asked = teacher(server)
        call = asyncio.ensure_future(
            asked.ask(Request("fault-1", ({"role": "user", "content": "case-a [[fault:hang]]"},)))
        )
        while not server.calls:
            await asyncio.sleep(0.01)
        if end == "cancelled":
            call.cancel()
        else:
            await asked.close()
        try:
            await call
        except BaseException as error:
            shown.append(shows(error))
        await asked.close()

    asyncio.run(asyncio.wait_for(ask(), 60))
    assert shown
    assert CANARY not in shown[0]


# --- other teachers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [None, "", 7, b"bytes", ValueError("broken"), KeyError("x"), TeacherError("no", kind="server"), TeacherError("no", kind="odd")],
    ids=repr,
)  # fmt: skip
def test_a_function_that_fails_costs_its_own_scenario_only(tmp_path: Path, answer: Any) -> None:
    def answers(messages: list[dict[str, str]]) -> Any:
        if "case-bad" not in messages[-1]["content"]:
            return good_text("写", "a")
        if isinstance(answer, Exception):
            raise answer
        return answer

    answers.limits = Limits(attempts=2, backoff=0.01)  # type: ignore[attr-defined]
    result = Distiller(answers, store=tmp_path / "s.sqlite").run([asks("a"), asks("bad"), asks("b")])
    assert samples(result) == {"a", "b"}
    assert [reject.path for reject in result.rejected] == ["bad"]


@pytest.mark.parametrize(
    "instruction",
    [
        "case-a \ud800 写",
        "case-a \x00 写",
        "case-a",
        "case-a " + "长" * 50_000,
        "\u202ecase-a 写 \u2066",
        "case-a 👩‍👩‍👧 写",
    ],
    ids=["lone surrogate", "NUL", "short", "long", "right to left", "emoji"],
)
def test_odd_questions_are_asked_or_rejected(server: FaultServer, tmp_path: Path, instruction: str) -> None:
    result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run([Scenario(instruction, id="odd"), asks("b")])
    assert result.asked == len(result.samples) + len(result.rejected) == 2
    assert "b" in samples(result)
    result.write(tmp_path / "out")


NOTEBOOK = """
import logging
from swiftprep.distill.distiller import Distiller
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.teacher import Teacher
logging.basicConfig(level=logging.DEBUG)
teacher = Teacher("{base_url}", "fault-1", "CANARY_KEY", limits=Limits(concurrency=4, attempts=2, backoff=0.01), deadline=1.0)
distiller = Distiller(teacher, store="distil.sqlite")
scenarios = ["case-" + name + " 写一个计数按钮。[[fault:" + name + "]]" for name in {faults}]
result = distiller.run(scenarios)
display(teacher, distiller, result, *result.samples, *result.rejected)
"""


def test_no_notebook_shows_the_key(server: FaultServer, tmp_path: Path) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    faults = ["500", "hang", "reset-middle", "echo-400", "echo-500", "echo-headers", "echo-answer", "filter-zhipu"]
    cells = [
        NOTEBOOK.format(base_url=server.base_url, faults=faults),
        "%xmode Verbose\ndistiller.run(['case-stop 写。[[fault:echo-401]]'])",
        "%tb",
        "%debug\nimport traceback, sys\nprint(*traceback.TracebackException.from_exception(sys.last_value, capture_locals=True).format())",
        "%whos\nteacher.__dict__, distiller.__dict__",
    ]
    cells[3] = cells[3].removeprefix("%debug\n")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbclient.NotebookClient(
        notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    shown = str([cell.outputs for cell in notebook.cells])
    assert [output.get("ename") for output in notebook.cells[0].outputs if output.output_type == "error"] == []
    assert "DistillStopped" in str(notebook.cells[1].outputs)
    assert "aiohttp" in shown or "asyncio" in shown
    assert CANARY not in shown
    assert holds(tmp_path, CANARY) == []


def test_a_connection_closed_after_each_answer_costs_nothing(server: FaultServer, tmp_path: Path) -> None:
    scenarios = [asks(f"a{number}", "[[fault:good-and-gone x*]]") for number in range(40)]
    limits = Limits(concurrency=8, attempts=8, backoff=0.01)
    result = Distiller(teacher(server, limits=limits), store=tmp_path / "s.sqlite").run(scenarios)
    assert len(result.samples) == 40
    seen = [row["outcome"] for rows in ledger(tmp_path / "s.sqlite").values() for row in rows]
    assert seen.count("answered") == 40
    assert set(seen) <= {"answered", "connection"}, "it was closed before the question was read"


@pytest.mark.parametrize("fault", ["huge", "endless"])
def test_a_body_without_end_is_not_read_to_its_end(server: FaultServer, tmp_path: Path, fault: str) -> None:
    result = Distiller(teacher(server), store=tmp_path / "s.sqlite").run([asks("a", f"[[fault:{fault}]]"), asks("b")])
    assert samples(result) == {"a", "b"}
    assert outcomes(tmp_path / "s.sqlite", "a") == ["bad-body", "answered"]
