"""Real distillations in processes of their own, killed at random moments and started again until they are done.

The server is another process, so that its count of the calls outlives them. `python tests/kill_harness.py '{"store": …}'` is one
such distillation; `kill_often` starts it, kills it, looks at what is in the store and at the server's count, and so on.
"""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [
    str(HERE.parent),
    str(HERE.parents[2]),
]  # this folder and the project's, where this file is the program

from fault_server import LABEL  # noqa: E402

CANARY = "sk-canary-5up3r53cr3t-0123456789"


@dataclass(frozen=True)
class Job:
    """One distillation of `n` scenarios into `folder`."""

    folder: Path
    base_url: str
    n: int = 100
    concurrency: int = 32
    deadline: float = 20.0
    attempts: int = 3
    backoff: float = 0.01
    file_size: int = 0  # no file may grow over this many bytes; 0 is no limit

    @property
    def store(self) -> Path:
        return self.folder / "distil.sqlite"

    @property
    def output(self) -> Path:
        """What the process prints; beside the folder, which may be full."""
        return self.folder.with_name(f"{self.folder.name}.out.txt")

    @property
    def errors(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.err.txt")

    @property
    def samples(self) -> Path:
        return self.folder / "out" / "samples.jsonl"


def scenarios(n: int) -> list[str]:
    return [f"case-{number:04d} 写一个计数按钮。" for number in range(n)]


# --- the process that distils -------------------------------------------------------------------------------------


def distil(job: Job) -> int:
    """Run a job in this process and print how it ended as one line of JSON."""
    logging.basicConfig(level=logging.INFO)
    logging.info(STARTED)
    from swiftprep.distill.distiller import Distiller
    from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted
    from swiftprep.teachers.protocol import Limits
    from swiftprep.teachers.teacher import Teacher

    if job.file_size:
        import resource

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.file_size, job.file_size))
    limits = Limits(concurrency=job.concurrency, attempts=job.attempts, backoff=job.backoff)
    teacher = Teacher(job.base_url, "fault-1", "CANARY_KEY", limits=limits, deadline=job.deadline)
    try:
        result = Distiller(teacher, store=job.store).run(scenarios(job.n))
        result.write(job.folder / "out")
    except ConfigError as error:
        return say(2, error)
    except RunInterrupted as error:
        return say(130, error)
    except DistillStopped as error:
        return say(1, error)
    print(json.dumps({"samples": len(result.samples), "rejected": len(result.rejected), "calls": result.usage.calls}))
    return 0


def say(code: int, error: BaseException) -> int:
    print(json.dumps({"error": type(error).__name__, "kind": getattr(error, "kind", ""), "message": str(error)}))
    return code


# --- the server's process -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Server:
    port: int

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def get(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", data, timeout=60) as answer:
            return json.load(answer)

    def count(self) -> int:
        return int(self.get("_count")["calls"])

    def plan(self, **changes: Any) -> None:
        self.get("_plan", changes)

    def by_label(self) -> Counter[str]:
        return Counter(call[0] for call in self.get("_calls")["calls"])

    def wait(self, calls: int, seconds: float = 120.0, process: subprocess.Popen[str] | None = None) -> None:
        """Wait until so many calls came, or the process ended."""
        end = time.monotonic() + seconds
        while self.count() < calls and (process is None or process.poll() is None):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.count()} calls after {seconds} s, {calls} expected")
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until no client is connected: all that a dead one had sent is counted."""
        end = time.monotonic() + 60
        while self.get("_count")["connections"]:
            if time.monotonic() > end:
                raise TimeoutError("a client is still connected")
            time.sleep(0.002)


@contextmanager
def server_process(log: Path | None = None, **plan: Any) -> Iterator[Server]:
    command = [sys.executable, str(HERE.parent / "fault_server.py"), "--plan", json.dumps(plan)]
    command += ["--log", str(log)] if log else []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield Server(int(process.stdout.readline()))
        finally:
            process.stdin.close()


# --- killing ------------------------------------------------------------------------------------------------------


def start(job: Job) -> subprocess.Popen[str]:
    """Start a job's process."""
    job.folder.mkdir(parents=True, exist_ok=True)
    settings = {**asdict(job), "folder": str(job.folder)}
    with job.output.open("a") as out, job.errors.open("a") as err:
        return subprocess.Popen(
            [sys.executable, str(HERE), json.dumps(settings)], stdout=out, stderr=err, stdin=subprocess.DEVNULL, text=True,
            env={**os.environ, "CANARY_KEY": CANARY, "PYTHONHASHSEED": "random"},
        )  # fmt: skip


def interrupt(job: Job, process: subprocess.Popen[str], more: Iterable[float] = ()) -> None:
    """Send a job's process a Ctrl-C, more of them after pauses, and wait until it begins no call any more or has ended."""
    seen = logged(job, STOPPING)
    process.send_signal(signal.SIGINT)
    for pause in more:
        time.sleep(pause)
        process.send_signal(signal.SIGINT)
    wait_for_log(job, process, STOPPING, seen + 1)


STARTED, STOPPING = "the process has started", "no new call is begun"


def logged(job: Job, text: str) -> int:
    """Return how often the processes of a job have logged a text."""
    return job.errors.read_text("utf-8").count(text) if job.errors.exists() else 0


def wait_for_log(job: Job, process: subprocess.Popen[str], text: str, times: int) -> None:
    """Wait until a text was logged so often, or the process ended."""
    end = time.monotonic() + 120
    while process.poll() is None and logged(job, text) < times:
        if time.monotonic() > end:
            raise TimeoutError(f"not logged: {text}")
        time.sleep(0.02)


def finish(job: Job, process: subprocess.Popen[str], seconds: float = 300.0) -> tuple[int, dict[str, Any]]:
    """Wait for the end and return the exit code and what was printed last."""
    code = process.wait(seconds)
    lines = job.output.read_text("utf-8").splitlines()
    return code, json.loads(lines[-1]) if lines else {}


def run(job: Job, seconds: float = 300.0) -> tuple[int, dict[str, Any]]:
    return finish(job, start(job), seconds)


def committed(store: Path) -> dict[str, tuple[Any, ...]]:
    """Return label → answer of what is in a store, read from a copy: opening it would repair what a death left behind."""
    if not store.exists():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        for suffix in ("", "-wal"):
            if (found := store.with_name(store.name + suffix)).exists():
                shutil.copy(found, folder)
        with closing(sqlite3.connect(Path(folder, store.name))) as connection:
            if not connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
                return {}
            rows = connection.execute(
                "SELECT request, outcome, detail, content, reasoning, finish_reason, tokens_in, tokens_out, attempt FROM requests"
            ).fetchall()
    return {label_of(row[0]): tuple(row) for row in rows}


def label_of(request: bytes) -> str:
    turns = json.loads(unpacked(request))["messages"]
    found = LABEL.search(next(turn["content"] for turn in reversed(turns) if turn["role"] == "user"))
    return found.group() if found else ""


@dataclass
class Outcome:
    """What came of a run that was killed.

    Attributes:
        kills: Kills that hit a living process.
        empty: Of these, before anything was in the store.
        repeated: Calls each of them cost: made, and not in the store.
        calls: At the server.
        problems: What does not hold.
    """

    kills: int = 0
    empty: int = 0
    repeated: list[int] = field(default_factory=list)
    calls: int = 0
    problems: list[str] = field(default_factory=list)


def kill_often(
    job: Job,
    server: Server,
    *,
    kills: int,
    seed: int,
    delay: float,
    by: signal.Signals = signal.SIGKILL,
    impatient: bool = False,
) -> Outcome:
    """Run a job to its end, ending it at random moments by a signal, and check after each what must hold.

    An answer that was in the store stays as it is and is never asked for again; a kill costs as many calls as were in
    flight, at most, and an interrupt none, unless it is `impatient`: sent several times in a row. In the end each
    scenario is answered. The server holds a call back that the run cannot end without, so that each signal hits a run
    under way.
    """
    draw, outcome = random.Random(seed), Outcome()
    kept: dict[str, tuple[Any, ...]] = {}
    called: dict[str, int] = {}  # calls for what is in the store, when it was first seen there
    per_kill = max(2, 3 * job.n // (2 * (kills + 1)))
    while True:
        calls_before = server.by_label()
        hits = outcome.kills < kills
        held = calls_before.total() + draw.randrange(1, min(per_kill, job.n - len(kept)) + 1) if hits else 0
        server.plan(hold_from=held)
        starts = logged(job, STARTED)
        process = start(job)
        if by == signal.SIGINT:  # before, it is Python's to deal with
            wait_for_log(job, process, STARTED, starts + 1)
        if hits and draw.random() < 0.15:
            time.sleep(draw.uniform(0.0, 0.5))
        elif hits:
            server.wait(draw.randrange(calls_before.total(), held) + 1, process=process)
            time.sleep(draw.uniform(0.0, 1.2 * delay))
        if hits and by == signal.SIGINT:
            pause = draw.choice((0.0, 0.001, 0.02, 0.1))
            interrupt(job, process, [pause] * draw.randrange(1, 5) if impatient else [])
        elif hits:
            process.send_signal(by)
        server.plan(hold_from=0)
        code = process.wait(300)
        server.settle()
        now, calls = committed(job.store), server.by_label()
        for label, answer in kept.items():
            if now.get(label) != answer:
                outcome.problems.append(f"{label}: was in the store, and is lost or another now")
            if calls[label] != called[label]:
                outcome.problems.append(f"{label}: was in the store, and was asked for again")
        lost = [label for label in calls - calls_before if label not in now]
        kept, called = now, {label: calls[label] for label in now}
        if hits and code in (-by, 130):
            outcome.kills += 1
            outcome.empty += not now
            outcome.repeated.append(len(lost))
            most = 0 if by == signal.SIGINT and not impatient else job.concurrency
            if len(lost) > most:
                outcome.problems.append(f"kill {outcome.kills}: {len(lost)} calls lost, {most} at most")
            continue
        if code:
            outcome.problems.append(f"ended with {code}: {job.errors.read_text('utf-8')[-2000:]}")
        outcome.calls = calls.total()
        if len(now) != job.n:
            outcome.problems.append(f"{len(now)} of {job.n} are answered")
        if outcome.calls != job.n + sum(outcome.repeated):
            outcome.problems.append(f"{outcome.calls} calls for {job.n} answers with {sum(outcome.repeated)} lost")
        return outcome


def holds(folder: Path, secret: str) -> list[str]:
    """Return the files below a folder that hold a text, in the bodies of a store too."""
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        data = path.read_bytes()
        if data.startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
                tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
                cells = [
                    cell for table in tables for row in connection.execute(f"SELECT * FROM {table}") for cell in row
                ]
            data += b"\n".join(unpacked(cell) for cell in cells)
        if secret.encode() in data:
            found.append(path.name)
    return found


def unpacked(cell: Any) -> bytes:
    """Return what is in a cell of a store; a blob has one letter before it that says whether it is compressed."""
    if not isinstance(cell, bytes):
        return str(cell).encode("utf-8", "replace")
    return zlib.decompress(cell[1:]) if cell[:1] == b"z" else cell[1:]


if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    sys.exit(distil(Job(**{**settings, "folder": Path(settings["folder"])})))
