"""Processing of untrusted text in worker processes, which may crash on it.

A parser can run into an endless loop, exhaust memory or crash natively, and nothing in the same process survives that.
Here each item has a limit of processor time and of memory. Exceeding one ends the worker process and costs that one
item; another worker process goes on with the rest.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from functools import cached_property, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

from swiftprep.errors import ConfigError, RunError, SwiftprepError
from swiftprep.process import children, worker_child
from swiftprep.process.item_limits import ItemLimits, check_workers
from swiftprep.process.worker_child import LENGTH, Lost, attempt, keep, send

__all__ = ["Guarded", "ItemLimits", "Lost", "WorkerPool", "pool_of"]

Item = TypeVar("Item")
Result = TypeVar("Result")

_PIPE = 1 << 20  # bytes of a pipe's buffer
_FEW = 8  # up to so many results are awaited one by one; beyond, about as many are collected per read
_NAP = 0.01  # the longest wait for that, in seconds
_WALL = 20  # wall time of items on a busy machine, as a multiple of their processor time, plus a minute


class Guarded(Generic[Item, Result]):
    """A function that runs on untrusted text in a worker process, so that a crash costs only the item.

    >>> length = Guarded(len)
    >>> length("abc"), length(None)
    (3, Lost(reason="TypeError: object of type 'NoneType' has no len()", over=''))

    In a worker process it is called directly, without limits of its own.
    """

    def __init__(
        self,
        function: Callable[[Item], Result],
        *,
        limits: ItemLimits = ItemLimits(),  # noqa: B008 - it is frozen
        size: Callable[[Item], int] = lambda item: 0,
    ) -> None:
        """Set up; a worker process starts with the first item.

        Args:
            function: What to do with an item; cloudpickle must be able to pickle it, and pickle its results.
            limits: The limits of one item.
            size: Returns the bytes of an item, for its time limit.
        """
        self.function = function
        self.limits = limits
        self.size = size

    def __call__(self, item: Item) -> Result | Lost:
        """Return the function's result for one item; see `map`."""
        return self.map([item])[0]

    def map(self, items: Sequence[Item]) -> list[Result | Lost]:
        """Return the function's result for each item.

        Raises:
            SwiftprepError: the function raised it.
            RunError: no worker process can be started, or it cannot load the function.
        """
        if worker_child.is_child:
            return [attempt(self.function, item) for item in items]
        with pool_of(1) as pool:
            return pool.submit(self, items).result()

    @cached_property
    def packed(self) -> tuple[bytes, bytes]:
        """Hash and pickle of the function, for the worker processes."""
        import cloudpickle

        try:
            data = cloudpickle.dumps(self.function)
        except Exception as error:
            raise ConfigError(
                f"{self.function!r:.200} cannot be given to a worker process: {type(error).__name__}: {error} "
                "(无法传给工作进程)"
            ) from None
        return hashlib.blake2b(data, digest_size=16).digest(), data

    def __reduce__(self) -> tuple[Any, ...]:
        return _guarded, (self.function, self.limits)


def _guarded(function: Callable[[Any], Any], limits: ItemLimits) -> Guarded[Any, Any]:
    return Guarded(function, limits=limits)


class WorkerPool:
    """Worker processes that apply guarded functions to items.

    They end with `close`, with the `with` block, when the pool is garbage-collected, and with this process, however it
    ends.

    >>> with WorkerPool(workers=2) as pool:
    ...     pool.submit(Guarded(len), ["abc", ""]).result()
    [3, 0]
    """

    def __init__(self, *, workers: int = 1) -> None:
        """Set up; a worker process starts with the first work for it.

        Args:
            workers: Number of worker processes.

        Raises:
            ConfigError: not from 1 to `swiftprep.process.item_limits.MOST_WORKERS`.
            RunError: the system allows no more threads.
        """
        check_workers(workers)
        self.workers = workers
        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        workforce = [_Child() for _ in range(workers)]
        self._threads: list[threading.Thread] = []  # those started
        self._end = weakref.finalize(self, _stop, self._work, self._threads, workforce)
        _note_the_end()
        _pools.add(self)
        try:
            for child in workforce:
                thread = threading.Thread(target=_serve, args=(self._work, child), daemon=True)
                thread.start()
                self._threads.append(thread)
        except BaseException as error:
            self._end()
            if not isinstance(error, RuntimeError):
                raise
            raise RunError(f"workers={workers}: {error}; give fewer (工作进程数过多)") from None

    def submit(self, guarded: Guarded[Item, Result], items: Sequence[Item]) -> Future[list[Result | Lost]]:
        """Queue items for a worker process; the result has one entry for each, in order.

        The future raises the `SwiftprepError` of the function, and `RunError` where no worker process can be started.
        """
        future: Future[list[Result | Lost]] = Future()
        self._work.put((guarded, items, future))
        return future

    def close(self) -> None:
        """End the worker processes once they have finished their work; may be called more than once."""
        if self._end.alive:
            for _ in self._threads:
                self._work.put(None)
            for thread in self._threads:
                thread.join()
        self._end()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextlib.contextmanager
def pool_of(workers: int) -> Iterator[WorkerPool]:
    """Yield a pool. A pool of one is shared and kept, as starting a process takes longer than most of its work.

    Args:
        workers: Number of worker processes.
    """
    if workers > 1:
        with WorkerPool(workers=workers) as pool:
            yield pool
    else:
        with _lock:
            if not _kept:
                _kept.append(WorkerPool())
        yield _kept[0]


_lock = threading.Lock()
_kept: list[WorkerPool] = []
_pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()


_ending = threading.Event()  # set when the interpreter exits


@lru_cache(maxsize=1)
def _note_the_end() -> None:
    """Register `_ending` after the first finalizer is created, so that it is set before any finalizer runs."""
    atexit.register(_ending.set)


def _leave_to_parent() -> None:
    """Forget the pools after a fork, which copies no threads: the worker processes belong to the parent."""
    global _lock
    _lock = threading.Lock()
    _kept.clear()
    for pool in list(_pools):
        pool._end.detach()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)


def _stop(work: queue.SimpleQueue[Any], threads: list[threading.Thread], workforce: list[_Child]) -> None:
    """End the worker processes, even in the middle of their work."""
    for child in workforce:
        child.dismiss()
    for _ in threads:
        work.put(None)
    try:
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()
    except KeyboardInterrupt:
        if not _ending.is_set():  # else nobody is left to handle it, and the worker processes have been killed
            raise


def _serve(work: queue.SimpleQueue[Any], child: _Child) -> None:
    """Hand queued work to one worker process; the target of a thread of this process."""
    while (task := work.get()) is not None:
        guarded, items, future = task
        try:
            future.set_result(_results(child, guarded, items))
        except BaseException as error:
            future.set_exception(error)
        del task, guarded, items, future
    child.end()


def _results(child: _Child, guarded: Guarded[Any, Any], items: Sequence[Any]) -> list[Any]:
    todo = [_Order.of(item, guarded) for item in items]
    results: list[Any] = []
    failure: SwiftprepError | None = None
    while len(results) < len(todo):
        try:
            for result in child.work(guarded, todo[len(results) :]):
                if isinstance(result, SwiftprepError):
                    failure = failure or result
                results.append(result)
        except EOFError:  # the worker process crashed on the next item; another goes on after it
            code = child.end()
            results.append(_lost(code, child.overdue, todo[len(results)].seconds))
    if failure is not None:
        raise failure
    return results


class _Order(NamedTuple):
    """An item on its way to a worker process: its pickle, and its time limit in seconds."""

    packed: bytes
    seconds: float

    @classmethod
    def of(cls, item: Any, guarded: Guarded[Any, Any]) -> _Order:
        try:
            return cls(pickle.dumps(item, pickle.HIGHEST_PROTOCOL), guarded.limits.of(guarded.size(item)))
        except Exception as error:  # for example, it is nested too deeply
            lost = Lost(f"cannot be given to a worker: {type(error).__name__}: {str(error)[:500]}")
            return cls(pickle.dumps(lost), guarded.limits.seconds)


def _received(pipe: Any, count: int) -> Iterator[Any]:
    """Yield `count` pickled results.

    Several are read at a time: waking up for each costs both processes more than producing most of them.

    Raises:
        EOFError: the other side has closed the pipe.
    """
    data = memoryview(b"")
    began, total = time.monotonic(), count
    while count:
        length = LENGTH.unpack_from(data)[0] + LENGTH.size if len(data) >= LENGTH.size else LENGTH.size
        if len(data) >= length > LENGTH.size:
            yield pickle.loads(data[LENGTH.size : length])
            data = data[length:]
            count -= 1
            continue
        if _FEW < count < total:  # wait about as long as so many results take
            time.sleep(min(_NAP, _FEW * (time.monotonic() - began) / (total - count)))
        parts: list[memoryview | bytes] = [data, os.read(pipe.fileno(), _PIPE)]
        while parts[-1] and sum(map(len, parts)) < length:
            parts.append(os.read(pipe.fileno(), _PIPE))
        if not parts[-1]:
            raise EOFError
        data = memoryview(b"".join(parts))


def _widen(pipe: Any) -> None:
    """Enlarge the buffer of a pipe, where the platform allows it (Linux)."""
    with contextlib.suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _lost(code: int, overdue: bool, seconds: float) -> Lost:
    if overdue or code == -getattr(signal, "SIGPROF", 0):
        return Lost(f"did not come to an end within {seconds:.3g} s of processor time", "seconds")
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Lost(f"the process that worked on it died: {how}")


class _Child:
    """One worker process, started when there is work, and again after a crash."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._functions: dict[bytes, None] = {}  # those the worker process has cached
        self.overdue = False  # whether the timer killed it
        self._dismissed = False

    def work(self, guarded: Guarded[Any, Any], orders: Sequence[_Order]) -> Iterator[Any]:
        """Yield the result of each item.

        Raises:
            EOFError: the worker process crashed on the next item.
            RunError: it could not be started, or the pool has ended.
        """
        key, function = guarded.packed
        if self._dismissed:
            raise RunError("the pool of workers has ended (工作进程池已关闭)")
        process = self._process = self._process or self._start()
        self.overdue = False
        watch = threading.Timer(_WALL * sum(order.seconds for order in orders) + 60, self._kill, [process])
        watch.daemon = True
        watch.start()
        is_known = keep(self._functions, key, None)
        request = (key, b"" if is_known else function, guarded.limits.memory_mb, [tuple(order) for order in orders])
        try:
            send(process.stdin, pickle.dumps(request, pickle.HIGHEST_PROTOCOL))
            yield from _received(process.stdout, len(orders))
        except OSError:
            raise EOFError from None
        finally:
            watch.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            children.python("swiftprep.process.worker_child"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=children.environment_for_parsing(),
            start_new_session=True,  # Ctrl-C is for the parent
        )
        places = [place for place in sys.path if place not in ("", ".", os.getcwd())]
        try:
            send(process.stdin, pickle.dumps(places))
            next(_received(process.stdout, 1))
            _widen(process.stdout)
        except (EOFError, OSError):
            raise RunError(f"a worker process does not start: exit code {process.wait()} (工作进程无法启动)") from None
        self._functions.clear()
        return process

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        self.overdue = True
        process.kill()

    def dismiss(self) -> None:
        """Kill the process and start no other; called from another thread than the one that works with it."""
        self._dismissed = True
        if (process := self._process) is not None:
            process.kill()

    def end(self) -> int:
        """End the process if it runs, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            return process.wait(1)  # it exits by itself once its input is closed
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()
