"""Distillations against everything that goes wrong: python benchmarks/faults.py [times] [kills] [name]

Every fault of tests/support/fault_server.py is met `times` times in a run of its own, by the real teacher over a real socket. Then
real processes are killed at `kills` random moments of a run of 1,000 scenarios at concurrency 32, interrupted, and left
without room on the disk. What must hold: each failure has its kind in the ledger, which has as many attempts as the server
saw calls; nothing that is in the store is lost or asked for again; a kill costs no more calls than were in flight; in the
end the samples are those of a run that nothing disturbed, byte for byte; the key is in no file. Ends with 1 where it does
not. With a name, only the faults that have it in theirs are met.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.pop(0)  # this folder
sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from fault_server import Plan, serve
from fault_table import (
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
from kill_harness import (
    CANARY,
    Job,
    committed,
    finish,
    holds,
    kill_often,
    run,
    scenarios,
    server_process,
    start,
)

from swiftprep.distill.distiller import Distiller
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.store import read_ledger
from swiftprep.errors import DistillStopped
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.teacher import Teacher

QUICK = Limits(concurrency=32, attempts=3, backoff=0.01)
N, CONCURRENCY, DELAY = 1000, 32, 0.2


def expect(kept: bool, problem: str) -> list[str]:
    return [] if kept else [problem]


def meets(folder: Path, fault: str, expected: list[str], times: int, *, stream: bool = False) -> tuple[str, list[str]]:
    """Meet a fault `times` times, every other scenario being good, run that again, and return what does not hold."""
    mark = f"[[fault:{fault} x{'*' if len(expected) == 1 else len(expected) - 1}]]"
    asked = [Scenario(f"case-{number:04d} 写一个计数按钮。{mark if number % 2 else ''}") for number in range(2 * times)]
    with serve(Plan(delay=0.001)) as server:
        teacher = Teacher(
            server.base_url,
            "fault-1",
            "CANARY_KEY",
            limits=QUICK,
            stream=stream,
            deadline=0.5 if fault in HANGS else 30.0,
        )
        start = time.perf_counter()
        result = Distiller(teacher, store=folder / "distil.sqlite").run(asked)
        seconds = time.perf_counter() - start
        result.write(folder / "out")
        calls = len(server.calls)
        Distiller(teacher, store=folder / "distil.sqlite").run(asked)
        again = len(server.calls) - calls
        elsewhere = server.elsewhere
    seen = Counter(row["outcome"] for row in read_ledger(folder / "distil.sqlite"))
    problems = [
        *expect(seen == Counter([*expected, "answered"] * times), f"the ledger has {dict(seen)}"),
        *expect(seen.total() == calls, f"{calls} calls, {seen.total()} in the ledger"),
        *expect(again == 0, f"{again} calls by a second run"),
        *expect(elsewhere == 0, f"{elsewhere} calls elsewhere"),
        *expect(
            len(result.samples) == times * (2 if expected[-1] == "answered" else 1), f"{len(result.samples)} samples"
        ),
        *expect(not holds(folder, CANARY), "the key is in a file"),
    ]
    return f"{calls} calls, {len(result.samples)} samples, {seconds:.2f} s", problems


def stops(folder: Path, fault: str, kind: str, times: int) -> tuple[str, list[str]]:
    """Meet a fault that ends the run, in the middle of it, then go on, `times` times over."""
    asked, problems, after = scenarios(20 * (times + 1)), [], []
    with serve(Plan(delay=0.002)) as server:
        teacher = Teacher(server.base_url, "fault-1", "CANARY_KEY", limits=Limits(concurrency=4))
        for number in range(times):
            server.plan.change({"from_number": len(server.calls) + 10, "from_fault": fault})
            first = server.plan.from_number
            try:
                Distiller(teacher, store=folder / "distil.sqlite").run(asked)
                problems.append(f"stop {number + 1}: it did not stop")
            except DistillStopped as stopped:
                problems += expect(stopped.kind == kind, f"stop {number + 1}: {stopped.kind}")
            after.append(len(server.calls) - first)
        refused = sum(call.fault != "" for call in server.calls)
        server.plan.change({"from_number": 0})
        result = Distiller(teacher, store=folder / "distil.sqlite").run(asked)
        calls, elsewhere = len(server.calls), server.elsewhere
    problems += [
        *expect(max(after) <= 3, f"{max(after)} calls after the one that was refused"),
        *expect(calls == len(asked) + refused, f"{calls} calls for {len(asked)} answers and {refused} refusals"),
        *expect(len(result.samples) == len(asked), f"{len(result.samples)} samples"),
        *expect(elsewhere == 0, f"{elsewhere} calls elsewhere"),
        *expect(not holds(folder, CANARY), "the key is in a file"),
    ]
    return f"{calls} calls, {refused} refused, at most {max(after)} after the first", problems


def mixed(folder: Path) -> tuple[str, list[str]]:
    """A tenth of 1,000 first calls fails, each in one of the ways that may pass."""
    with serve(Plan(delay=0.02, rate=0.1, mix=tuple(sorted(RETRIED)), seed=1)) as server:
        teacher = Teacher(server.base_url, "fault-1", "CANARY_KEY", limits=QUICK, deadline=30.0)
        start = time.perf_counter()
        result = Distiller(teacher, store=folder / "distil.sqlite").run(scenarios(N))
        seconds = time.perf_counter() - start
        failed = sum(call.fault != "" for call in server.calls)
        calls = len(server.calls)
    problems = [
        *expect(len(result.samples) == N, f"{len(result.samples)} samples"),
        *expect(calls == N + failed, f"{calls} calls"),
        *expect(sum(1 for _ in read_ledger(folder / "distil.sqlite")) == calls, "the ledger has another count"),
    ]
    return f"{calls} calls, {failed} failed, {len(result.samples)} samples, {seconds:.1f} s", problems


def undisturbed(folder: Path) -> bytes:
    with serve() as server:
        teacher = Teacher(server.base_url, "fault-1", limits=Limits(concurrency=CONCURRENCY))
        result = Distiller(teacher, store=folder / "distil.sqlite").run(scenarios(N))
    return result.write(folder / "out")["samples"].read_bytes()


def ended(folder: Path, by: signal.Signals, kills: int, *, impatient: bool = False) -> tuple[str, list[str]]:
    with server_process(delay=DELAY, spread=0.9) as server:
        job = Job(folder / "job", server.base_url, n=N, concurrency=CONCURRENCY)
        outcome = kill_often(job, server, kills=kills, seed=7, delay=DELAY, by=by, impatient=impatient)
    made = job.samples.read_bytes() if job.samples.exists() else b""
    problems = [
        *outcome.problems,
        *expect(outcome.kills == kills, f"{outcome.kills} of {kills} hit"),
        *expect(made == undisturbed(folder / "quiet"), "the samples are others"),
        *expect(not holds(folder, CANARY), "the key is in a file"),
    ]
    lost = f"{sum(outcome.repeated)} calls repeated, at most {max(outcome.repeated)} for one"
    return f"{outcome.calls} calls for {N} answers, {lost}; {outcome.empty} before the first answer", problems


def no_room(folder: Path, times: int) -> tuple[str, list[str]]:
    """The file of the store may not grow over a size that gets larger with each run."""
    problems: list[str] = []
    stopped = lost = 0
    with server_process(delay=0.02) as server:
        for number in range(times):
            job = Job(
                folder / "job", server.base_url, n=N, concurrency=CONCURRENCY, file_size=100_000 + number * 150_000
            )
            before = committed(job.store)
            code, said = run(job)
            server.settle()
            calls, now = server.by_label(), committed(job.store)
            problems += expect(all(now.get(label) == row for label, row in before.items()), f"run {number + 1}: lost")
            stopped += (code, said.get("kind")) == (1, "store")
            problems += expect(code != 0 or number > 0, f"run {number + 1}: it did not stop")
            problems += expect(code in (0, 1, 2), f"run {number + 1}: ended with {code}: {said}")
            asked_for_nothing = sum(label not in now for label in calls)
            problems += expect(asked_for_nothing <= CONCURRENCY, f"run {number + 1}: {asked_for_nothing} calls lost")
            lost = max(lost, asked_for_nothing)
        roomy = Job(folder / "job", server.base_url, n=N, concurrency=CONCURRENCY)
        code, _ = run(roomy)
        problems += expect(code == 0, f"with room it ended with {code}")
        problems += expect(roomy.samples.read_bytes() == undisturbed(folder / "quiet"), "the samples are others")
    return f"{stopped} of {times} stopped; at most {lost} calls lost", problems


def two_at_once(folder: Path, times: int) -> tuple[str, list[str]]:
    problems: list[str] = []
    with server_process(delay=0.05) as server:
        for number in range(times):
            job = Job(folder / f"job{number}", server.base_url, n=200, concurrency=8)
            before = server.count()
            first = start(job)
            server.wait(before + 10, process=first)
            code, said = run(job)
            problems += expect(code == 2 and str(first.pid) in said.get("message", ""), f"the second: {code} {said}")
            code, _ = finish(job, first)
            problems += expect(code == 0, f"the first ended with {code}")
            problems += expect(server.count() - before == 200, f"{server.count() - before} calls for 200 answers")
    return f"{times} refused, {times} unharmed", problems


def main(times: int, kills: int, wanted: str) -> int:
    os.environ["CANARY_KEY"] = CANARY
    rows: list[tuple[str, int, Callable[[Path], tuple[str, list[str]]]]] = []

    def met(name: str, fault: str, expected: list[str], stream: bool = False) -> None:
        rows.append((name, times, lambda folder: meets(folder, fault, expected, times, stream=stream)))

    for fault, kind in RETRIED.items():
        met(fault, fault, [kind, kind, "answered"])
    for fault, kind in RETRIED_STREAMS.items():
        met(f"{fault} (stream)", fault, [kind, kind, "answered"], True)
    for fault, kind in GIVEN_UP.items():
        met(fault, fault, [kind])
    for fault, kind in GIVEN_UP_STREAMS.items():
        met(f"{fault} (stream)", fault, [kind], True)
    for fault in (*GOOD, *GOOD_ALONE):
        met(fault, fault, ["answered"])
    for fault in GOOD_STREAMS:
        met(fault, fault, ["answered"], True)
    for fault in HANGS:
        met(fault, fault, ["deadline", "answered"])
    for fault, kind in STOPS.items():
        rows.append((fault, 5, lambda folder, fault=fault, kind=kind: stops(folder, fault, kind, 5)))  # type: ignore[misc]
    rows += [
        ("a tenth fails", N, mixed),
        ("kill -9", kills, lambda folder: ended(folder, signal.SIGKILL, kills)),
        ("SIGTERM", kills // 5, lambda folder: ended(folder, signal.SIGTERM, kills // 5)),
        ("SIGINT", kills // 2, lambda folder: ended(folder, signal.SIGINT, kills // 2)),
        ("SIGINT several times", kills // 2, lambda folder: ended(folder, signal.SIGINT, kills // 2, impatient=True)),
        ("no room on the disk", 8, lambda folder: no_room(folder, 8)),
        ("two on one store", 5, lambda folder: two_at_once(folder, 5)),
    ]
    rows = [row for row in rows if wanted in row[0]]
    failed = 0
    print(f"{'fault':28} {'runs':>5}  held  figures")
    for name, runs, meet in rows:
        with tempfile.TemporaryDirectory() as folder:
            try:
                figures, problems = meet(Path(folder))
            except DistillStopped as stopped:
                figures, problems = "the run was stopped", [str(stopped)]
        failed += bool(problems)
        print(f"{name:28} {runs:5}  {'NO  ' if problems else 'yes '}  {figures}", flush=True)
        for problem in problems[:5]:
            print(f"{'':42}{problem}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"{len(rows) - failed} of {len(rows)} hold; peak memory {peak:.0f} MB")
    return 1 if failed else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(*map(int, (given + ["50", "50"][len(given) :])[:2]), "".join(given[2:3])))
