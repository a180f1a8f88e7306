"""Real distillations that die: killed, interrupted, out of disk, two at once."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fault_server import serve
from kill_harness import (
    CANARY,
    Job,
    Server,
    committed,
    finish,
    holds,
    interrupt,
    kill_often,
    run,
    scenarios,
    server_process,
    start,
)

from swiftprep.distill.distiller import Distiller
from swiftprep.distill.store import AnswerStore, read_ledger
from swiftprep.errors import ConfigError
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.teacher import Teacher

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@pytest.fixture
def server() -> Iterator[Server]:
    with server_process(delay=0.05, spread=0.9) as running:
        yield running


def quiet(folder: Path, n: int) -> bytes:
    """Return the samples of a run that nothing disturbs, on a store and a server of its own."""
    with serve() as server:
        teacher = Teacher(server.base_url, "fault-1", limits=Limits(concurrency=32))
        result = Distiller(teacher, store=folder / "distil.sqlite").run(scenarios(n))
        assert len(result.samples) == n == len(server.calls)
    return result.write(folder / "out")["samples"].read_bytes()


def go_on(job: Job) -> bytes:
    """Run a job to its end in this process and return the samples."""
    teacher = Teacher(job.base_url, "fault-1", limits=Limits(concurrency=job.concurrency))
    result = Distiller(teacher, store=job.store).run(scenarios(job.n))
    assert len(result.samples) == job.n
    return result.write(job.folder / "out")["samples"].read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "kills", "seed"),
    [
        (60, 1, 1),
        (120, 4, 2),
        pytest.param(400, 20, 2, marks=pytest.mark.long),
    ],
    ids=["once", "some times", "many times"],
)
def test_killed_runs_lose_nothing_and_pay_for_nothing_twice(
    tmp_path: Path, server: Server, n: int, kills: int, seed: int
) -> None:
    job = Job(tmp_path / "killed", server.base_url, n=n)
    outcome = kill_often(job, server, kills=kills, seed=seed, delay=0.05)
    assert outcome.problems == []
    assert outcome.kills == kills
    assert max(outcome.repeated) <= 32
    assert job.samples.read_bytes() == quiet(tmp_path / "quiet", job.n)
    assert holds(tmp_path, CANARY) == []


@pytest.mark.slow
def test_the_ledger_knows_the_calls_a_kill_cost(tmp_path: Path, server: Server) -> None:
    """Each call the server saw is in it, those cut off as lost."""
    job = Job(tmp_path, server.base_url, n=80, concurrency=8)
    server.plan(hold_from=41)
    process = start(job)
    server.wait(48, process=process)
    end = time.monotonic() + 60
    while len(list(read_ledger(job.store))) < 48:  # that a call begins is written a moment after it does
        assert time.monotonic() < end
        time.sleep(0.005)
    process.kill()
    process.wait()
    server.settle()
    server.plan(hold_from=0)
    go_on(job)
    outcomes = Counter(row["outcome"] for row in read_ledger(job.store))
    assert outcomes == {"answered": 80, "lost": 8}
    assert server.count() == 88


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["SIGINT", "SIGTERM", pytest.param("SIGHUP", marks=pytest.mark.long)],
)
def test_a_signal_ends_a_run_that_goes_on_later(tmp_path: Path, server: Server, name: str) -> None:
    job = Job(tmp_path / "stopped", server.base_url, n=40, concurrency=8)
    server.plan(hold_from=16)
    process = start(job)
    server.wait(16, process=process)
    if name == "SIGINT":
        interrupt(job, process)
    else:
        process.send_signal(getattr(signal, name))
    server.plan(hold_from=0)
    code, said = finish(job, process)
    server.settle()
    calls, kept = server.by_label(), committed(job.store)
    lost = [label for label in calls if label not in kept]
    if name == "SIGINT":
        assert (code, said["error"]) == (130, "RunInterrupted")
        assert lost == [], "what was in flight is waited for: it is paid for"
        assert 16 <= calls.total() <= 23
    else:
        assert code != 0
        assert len(lost) <= 8
    made = go_on(job)
    after = server.by_label()
    assert all(after[label] == calls[label] for label in kept)
    assert after.total() == 40 + len(lost)
    assert made == quiet(tmp_path / "quiet", job.n)


@pytest.mark.slow
@pytest.mark.timeout(400)  # the call in flight takes an hour
def test_a_second_interrupt_does_not_wait(tmp_path: Path, server: Server) -> None:
    job = Job(tmp_path, server.base_url, n=40, concurrency=8, deadline=3600)
    server.plan(by_number={20: "hang"})
    process = start(job)
    server.wait(30, process=process)
    interrupt(job, process)
    assert process.poll() is None, "it waits for the answer in flight"
    process.send_signal(signal.SIGINT)
    code, said = finish(job, process)
    assert (code, said["error"]) == (130, "RunInterrupted")
    assert "Traceback" not in job.errors.read_text("utf-8")
    kept, calls = committed(job.store), server.by_label()
    server.plan(by_number={})
    go_on(job)
    after = server.by_label()
    assert all(after[label] == calls[label] for label in kept)
    assert after.total() == 40 + sum(label not in kept for label in calls)
    assert CANARY not in job.errors.read_text("utf-8")


@pytest.mark.parametrize(
    ("n", "kills"),
    [pytest.param(120, 4, marks=pytest.mark.slow), pytest.param(400, 16, marks=pytest.mark.long)],
    ids=["some times", "many times"],
)
def test_many_interrupts_in_a_row_end_it_in_good_order(tmp_path: Path, server: Server, n: int, kills: int) -> None:
    job = Job(tmp_path / "interrupted", server.base_url, n=n)
    outcome = kill_often(job, server, kills=kills, seed=3, delay=0.05, by=signal.SIGINT, impatient=True)
    assert outcome.problems == []
    assert outcome.kills == kills
    assert job.samples.read_bytes() == quiet(tmp_path / "quiet", job.n)


@pytest.mark.slow
def test_a_file_that_may_not_grow_ends_the_run_and_loses_nothing(tmp_path: Path, server: Server) -> None:
    job = Job(tmp_path / "full", server.base_url, n=200, concurrency=8, file_size=200_000)
    code, said = run(job)
    assert code == 1
    assert (said["error"], said["kind"]) == ("DistillStopped", "store")
    assert str(job.store) in said["message"]
    assert "磁盘" in said["message"]
    goes_on(tmp_path, job, server)


@pytest.mark.slow
def test_a_full_disk_ends_the_run_and_loses_nothing(tmp_path: Path, server: Server) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(folder)], capture_output=True
    ).returncode:
        pytest.skip("a file system can only be mounted by root")
    try:
        job = Job(folder, server.base_url, n=300, concurrency=8)
        code, said = run(job)
        assert code == 1
        assert (said["error"], said["kind"]) == ("DistillStopped", "store")
        subprocess.run(["mount", "-o", "remount,size=20m", str(folder)], check=True)
        goes_on(tmp_path, job, server)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def goes_on(folder: Path, job: Job, server: Server) -> None:
    """With room again the run goes on; only what was in flight when there was none is asked again."""
    server.settle()
    calls, kept = server.by_label(), committed(job.store)
    lost = [label for label in calls if label not in kept]
    assert 0 < len(kept) < job.n
    assert len(lost) <= job.concurrency
    made = go_on(job)
    after = server.by_label()
    assert all(after[label] == calls[label] for label in kept)
    assert after.total() == job.n + len(lost)
    assert made == quiet(folder / "quiet", job.n)


@pytest.mark.slow
def test_two_on_one_store(tmp_path: Path, server: Server) -> None:
    job = Job(tmp_path / "one", server.base_url, n=40, concurrency=8)
    server.plan(by_number={20: "hang"})
    first = start(job)
    server.wait(20, process=first)
    with pytest.raises(ConfigError, match=rf"in use by process {first.pid}\b.*另一个进程"):
        AnswerStore(job.store)
    first.kill()
    first.wait()
    server.settle()
    kept, calls = committed(job.store), server.by_label()
    go_on(job)  # a lock dies with its process
    after = server.by_label()
    assert all(after[label] == calls[label] for label in kept)
    assert after.total() == 40 + sum(label not in kept for label in calls)


def test_one_store_by_two_names(tmp_path: Path) -> None:
    (tmp_path / "link.sqlite").symlink_to(tmp_path / "distil.sqlite")
    with AnswerStore(tmp_path / "distil.sqlite"), pytest.raises(ConfigError, match="in use"):
        AnswerStore(tmp_path / "link.sqlite")


def test_a_lock_file_with_nobody_behind_it_is_none(tmp_path: Path) -> None:
    tmp_path.joinpath("distil.sqlite.lock").write_text(f"{os.getpid()}\n")
    AnswerStore(tmp_path / "distil.sqlite").close()


@pytest.mark.parametrize("damage", ["no database", "another database", "a folder", "cut off"])
def test_what_is_no_store_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "distil.sqlite"
    if damage == "no database":
        path.write_bytes(b"id,question\n1,why\n" * 500)
    elif damage == "another database":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE users(name TEXT)")
    elif damage == "a folder":
        path.mkdir()
    else:
        AnswerStore(path).close()
        path.write_bytes(path.read_bytes()[:5000])
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(ConfigError, match=r"distil\.sqlite"):
        AnswerStore(path)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "distil.sqlite").touch()
    AnswerStore(tmp_path / "distil.sqlite").close()


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    folder = tmp_path / "read-only"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a file system can only be mounted by root")
    try:
        with pytest.raises(ConfigError, match="无法写入"):
            AnswerStore(folder / "distil.sqlite")
    finally:
        subprocess.run(["umount", str(folder)], check=True)
