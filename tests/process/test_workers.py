"""What a worker does with an item that never ends, takes all memory or kills it: one item is lost, and nothing else."""

from __future__ import annotations

import ctypes
import gc
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from typing import Any, cast

import cloudpickle
import pytest

from swiftprep import Scanner
from swiftprep.errors import ConfigError, RunError
from swiftprep.process import workers
from swiftprep.process.workers import Guarded, ItemLimits, Lost, WorkerPool, pool_of
from swiftprep.scan import scanner

pytestmark = pytest.mark.slow

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the children cannot import the tests

LOW = ItemLimits(seconds=0.5, seconds_per_mb=0, memory_mb=1500)


def do(what):
    if what == "spin":
        while True:
            pass
    if what == "pattern":
        return re.match(r"(a|aa)+$", "a" * 60 + "b")
    if what == "memory":
        return len(bytearray(1 << 40))
    if what == "memory, bit by bit":
        return len([bytes(1 << 20) for _ in range(3000)])
    if what == "deep":
        return do_deep()
    if what == "segfault":
        ctypes.string_at(0)
    if what == "exit":
        os._exit(3)
    if what == "raise":
        raise KeyError(what)
    if what == "interrupt":
        raise KeyboardInterrupt
    if what == "unpicklable":
        return threading.Lock()
    if what == "prints":
        print("noise")
        os.write(1, b"more noise")
    return what.upper()


def do_deep():
    return do_deep()


ENDINGS = {
    "spin": ("did not come to an end within 0.5 s of processor time", "seconds"),
    "pattern": ("did not come to an end within 0.5 s of processor time", "seconds"),
    "memory": ("needs more memory", "memory_mb"),
    "memory, bit by bit": ("needs more memory", "memory_mb"),
    "deep": ("nested too deeply", ""),
    "segfault": ("died: SIGSEGV", ""),
    "exit": ("died: exit code 3", ""),
    "raise": ("KeyError: 'raise'", ""),
    "interrupt": ("KeyboardInterrupt", ""),
    "unpicklable": ("cannot pickle", ""),
}


@pytest.mark.skipif(sys.platform != "linux", reason="other platforms lack some of the limits")
def test_an_item_costs_itself_alone():
    items = [word for name in ENDINGS for word in ("before", name)] + ["prints", "after"]
    results = Guarded(do, limits=LOW).map(items)
    assert len(results) == len(items)
    for item, result in zip(items, results, strict=True):
        if item not in ENDINGS:
            assert result == item.upper()
        else:
            reason, over = ENDINGS[item]
            assert isinstance(result, Lost)
            assert reason in result.reason
            assert result.over == over


def test_the_limit_of_an_item_grows_with_its_size():
    assert ItemLimits(seconds=3, seconds_per_mb=2).of(500_000) == 4
    assert Guarded(do, limits=ItemLimits(0.1, 1e6), size=len)("a") == "A"


def test_several_children_work_at_the_same_time():
    with WorkerPool(workers=2) as pool:
        futures = [pool.submit(Guarded(sleepy), [n]) for n in range(6)]
        pids = {future.result()[0] for future in futures}
    assert len(pids) == 2


def sleepy(number):
    time.sleep(0.3)
    return os.getpid()


def pid_of(item):
    return os.getpid()


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def gone(pid):
    until = time.monotonic() + 60
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.parametrize("how", ["close", "with", "forgotten"])
def test_no_child_outlives_its_pool(how):
    pool = WorkerPool()
    (pid,) = pool.submit(Guarded(pid_of), [None]).result()
    assert alive(pid)
    if how == "close":
        pool.close()
        pool.close()
    elif how == "with":
        with pool:
            pass
    else:
        del pool
        gc.collect()
    assert gone(pid)


@pytest.mark.parametrize("how", ["killed", "ends"])
def test_no_child_outlives_its_parent(how):
    code = (
        "import os, sys, time; sys.path.insert(0, sys.argv[1]); from test_workers import *\n"
        "print(Guarded(pid_of)(None), flush=True)\n" + ("time.sleep(3600)" if how == "killed" else "")
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, os.path.dirname(__file__)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    if how == "killed":
        parent.send_signal(signal.SIGKILL)
    parent.wait(60)
    parent.stdout.close()
    assert gone(pid)


def test_what_the_child_cannot_load_is_told():
    class Odd:
        def __reduce__(self):
            return (no_such, ())

    with pytest.raises(RunError, match=r"a worker process cannot load.*no_such.*installed package"):
        Guarded[Any, Any](cast("Any", Odd()))(1)
    assert Guarded(do)("a") == "A"


def test_what_cannot_be_sent_is_told():
    lock = threading.Lock()
    with pytest.raises(ConfigError, match="cannot be given to a worker process"):
        Guarded[Any, Any](lambda item: lock)(1)
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    lost, whole = Guarded(do).map([deep, "a"])
    assert isinstance(lost, Lost)
    assert "RecursionError" in lost.reason
    assert whole == "A"


def test_a_child_knows_the_functions_it_was_given_last():
    powers = [Guarded(partial(pow, base)) for base in range(20)]
    for guarded in [*powers, *reversed(powers), powers[3], powers[3]]:
        assert guarded(2) == guarded.function(2)


def within(item):
    return Guarded(do, limits=LOW).map([item, "deep", "raise"]), os.getpid()


def test_within_a_child_it_is_called_there():
    with pool_of(1) as pool:
        (pid,) = pool.submit(Guarded(pid_of), [None]).result()
    found = Guarded(within)("a")
    assert not isinstance(found, Lost)
    (word, deep, raised), where = found
    assert (word, where) == ("A", pid)
    assert isinstance(deep, Lost)
    assert isinstance(raised, Lost)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
def test_after_a_fork_each_has_its_own():
    pid = Guarded(pid_of)(None)
    fork = os.fork()
    if fork == 0:
        os._exit(0 if Guarded(pid_of)(None) not in (pid, None) else 1)
    assert os.waitpid(fork, 0)[1] == 0
    assert Guarded(pid_of)(None) == pid


def no_such():
    raise ValueError("no_such")


@pytest.mark.parametrize("count", [0, -1, 1001, 100_000, 2.0, "2", True, None])
def test_a_number_of_workers_that_is_none_is_refused(count):
    threads = threading.active_count()
    with pytest.raises(ConfigError, match=r"workers=.*at most 1,000"):
        WorkerPool(workers=count)
    assert threading.active_count() == threads


def test_a_pool_that_cannot_have_its_threads_leaves_none(monkeypatch):
    before = threading.active_count()
    begun: list[threading.Thread] = []

    class Thread(threading.Thread):
        def start(self):
            if len(begun) == 3:
                raise RuntimeError("can't start new thread")
            begun.append(self)
            super().start()

    monkeypatch.setattr(threading, "Thread", Thread)
    with pytest.raises(RunError, match=r"workers=8: can't start new thread; give fewer"):
        WorkerPool(workers=8)
    assert len(begun) == 3
    assert threading.active_count() == before


def test_an_interrupt_as_the_interpreter_ends_is_no_traceback(monkeypatch):
    class Thread(threading.Thread):
        def join(self, timeout=None):
            raise KeyboardInterrupt

    monkeypatch.setattr(workers, "_ending", threading.Event())
    with pytest.raises(KeyboardInterrupt):
        workers._stop(queue.SimpleQueue(), [Thread()], [])
    workers._ending.set()
    workers._stop(queue.SimpleQueue(), [Thread()], [])


def test_the_end_of_the_interpreter_is_noted_before_pools_are_ended():
    script = (
        "from swiftprep.process import workers\n"
        "pool = workers.WorkerPool()\n"
        "import weakref\n"
        "weakref.finalize(pool, lambda: print(workers._ending.is_set()))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("True\n", "")


def test_no_more_readers_are_started_than_there_is_to_read(tmp_path, monkeypatch):
    (tmp_path / "a.js").write_text("export const a = () => 1\n")
    asked: list[int] = []

    def pool(count):
        asked.append(count)
        return pool_of(count)

    monkeypatch.setattr(scanner, "pool_of", pool)
    assert Scanner(tmp_path, cache=False, workers=1000).scan().found == 1
    assert asked == [1]
