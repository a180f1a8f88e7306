"""Work on text from outside, in child processes that may die of it.

A parser can run into an endless loop, into all memory, or into its own native death, and nothing in the same process
survives that. Here each item has a limit of processor time and of memory. What goes over one ends the child and costs
that one item; another child goes on with the rest.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from swiftprep import children
from swiftprep.errors import RunError, SwiftprepError

Item = TypeVar("Item")
Result = TypeVar("Result")

_LENGTH = struct.Struct("<Q")
_WALL = 20  # how many times their processor time items may take on a busy machine, beyond a minute


class Limits(NamedTuple):
    """What one item may take.

    Attributes:
        seconds: Processor time of any item.
        seconds_per_mb: More of it for each 1,000,000 bytes of the item.
        memory_mb: Of the whole child, where the platform can limit it (Linux).
    """

    seconds: float = 3.0
    seconds_per_mb: float = 3.0
    memory_mb: int = 2000

    def of(self, size: int) -> float:
        """Return the seconds of an item of `size` bytes."""
        return self.seconds + self.seconds_per_mb * size / 1e6


@dataclass(frozen=True, slots=True)
class Lost:
    """What stands in place of a result.

    Attributes:
        reason: Why there is none, in words.
        over: The limit that was too low: `"seconds"`, `"memory_mb"`, or `""`.
    """

    reason: str
    over: str = ""


class WorkerPool(Generic[Item, Result]):
    """Children that apply one function to item after item.

    They end with `close`, with the `with` block, when nothing refers to the pool any more, and with this process,
    however that ends.

    >>> with WorkerPool(len, workers=2) as pool:
    ...     pool.submit(["abc", None, ""]).result()
    [3, Lost(reason="TypeError: object of type 'NoneType' has no len()", over=''), 0]
    """

    def __init__(
        self,
        function: Callable[[Item], Result],
        *,
        workers: int = 1,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        size: Callable[[Item], int] = lambda item: 0,
    ) -> None:
        """Set up; a child starts with the first work for it.

        Args:
            function: What to do with an item; cloudpickle must take it.
            workers: How many children.
            limits: What one item may take.
            size: The bytes of an item, for its limit.
        """
        import cloudpickle

        self._work: queue.SimpleQueue[Any] = queue.SimpleQueue()
        places = [place for place in sys.path if place not in ("", ".", os.getcwd())]
        setup = pickle.dumps((places, limits.memory_mb, cloudpickle.dumps(function)))
        workforce = [_Child(setup) for _ in range(workers)]
        threads = [
            threading.Thread(target=_serve, args=(self._work, child, limits, size), daemon=True) for child in workforce
        ]
        for thread in threads:
            thread.start()
        self._threads = threads
        self._end = weakref.finalize(self, _stop, self._work, threads, workforce)

    def submit(self, items: Sequence[Item]) -> Future[list[Result | Lost]]:
        """Have a child work on items; the result has one entry for each, in their order.

        It raises the `SwiftprepError` that the function raised, and `RunError` where no child can be started.
        """
        future: Future[list[Result | Lost]] = Future()
        self._work.put((items, future))
        return future

    def close(self) -> None:
        """End the children, once they have done what they were given; harmless when it was called before."""
        if self._end.alive:
            for _ in self._threads:
                self._work.put(None)
            for thread in self._threads:
                thread.join()
        self._end()

    def __enter__(self) -> WorkerPool[Item, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _stop(work: queue.SimpleQueue[Any], threads: list[threading.Thread], workforce: list[_Child]) -> None:
    """End the children in the middle of their work."""
    for child in workforce:
        child.dismiss()
    for _ in threads:
        work.put(None)
    for thread in threads:
        if thread is not threading.current_thread():
            thread.join()


def _serve(work: queue.SimpleQueue[Any], child: _Child, limits: Limits, size: Callable[[Any], int]) -> None:
    """Hand a child what there is to do: what one thread of this process is for."""
    while (given := work.get()) is not None:
        items, future = given
        try:
            future.set_result(_results(child, items, [limits.of(size(item)) for item in items]))
        except BaseException as error:
            future.set_exception(error)
        del given, items, future
    child.end()


def _results(child: _Child, items: Sequence[Any], seconds: Sequence[float]) -> list[Any]:
    results: list[Any] = []
    failure: SwiftprepError | None = None
    while len(results) < len(items):
        try:
            for result in child.work(items[len(results) :], seconds[len(results) :]):
                if isinstance(result, SwiftprepError):
                    failure = failure or result
                results.append(result)
        except EOFError:  # the child died of the next one; another goes on after it
            code = child.end()
            results.append(_lost(code, child.overdue, seconds[len(results)]))
    if failure is not None:
        raise failure
    return results


def _lost(code: int, overdue: bool, seconds: float) -> Lost:
    if overdue or code == -getattr(signal, "SIGPROF", 0):
        return Lost(f"did not come to an end within {seconds:.3g} s of processor time", "seconds")
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    return Lost(f"the process that worked on it died: {how}")


class _Child:
    """One child process, started when there is work, and again when it has died."""

    def __init__(self, setup: bytes) -> None:
        self._setup = setup
        self._process: subprocess.Popen[bytes] | None = None
        self.overdue = False  # whether it was ended by the clock
        self._dismissed = False

    def work(self, items: Sequence[Any], seconds: Sequence[float]) -> Iterator[Any]:
        """Yield the result of each.

        Raises:
            EOFError: the child has died of the next one.
            RunError: it could not be started, or the pool is no more.
        """
        if self._dismissed:
            raise RunError("the pool of workers has ended (工作进程池已关闭)")
        process = self._process = self._process or self._start()
        self.overdue = False
        watch = threading.Timer(_WALL * sum(seconds) + 60, self._kill, [process])
        watch.daemon = True
        watch.start()
        try:
            _send(process.stdin, pickle.dumps(list(zip(items, seconds, strict=True)), pickle.HIGHEST_PROTOCOL))
            for _ in items:
                yield _receive(process.stdout)
        except OSError:
            raise EOFError from None
        finally:
            watch.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            children.python("swiftprep.workers"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=children.environment(),
            start_new_session=True,  # Ctrl-C is for the parent
        )
        try:
            _send(process.stdin, self._setup)
            failure = _receive(process.stdout)
        except (EOFError, OSError):
            failure = f"exit code {process.wait()}"
        if failure:
            self._process = process
            self.end()
            raise RunError(f"a worker process does not start: {failure} (工作进程无法启动)")
        return process

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        self.overdue = True
        process.kill()

    def dismiss(self) -> None:
        """End the process and start no other: from another thread than the one that works with it."""
        self._dismissed = True
        if (process := self._process) is not None:
            process.kill()

    def end(self) -> int:
        """End the process where it runs, and return its exit code."""
        process, self._process = self._process, None
        if process is None:
            return 0
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        try:
            return process.wait(1)  # without input it ends by itself
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _send(pipe: Any, data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: Any) -> Any:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


# --- the child ------------------------------------------------------------------------------------------------------


def main() -> None:
    """Read a function, then lists of items with their seconds, from standard input; write the results, one by one."""
    source, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints
    try:
        places, memory_mb, packed = _receive(source)
        sys.path += [place for place in places if place not in sys.path]  # for a function of the user's
        function = pickle.loads(packed)
        _limit_memory(memory_mb << 20)
    except Exception as error:
        _send(results, pickle.dumps(f"{type(error).__name__}: {error}"))
        return
    _send(results, pickle.dumps(""))
    with contextlib.suppress(EOFError, BrokenPipeError):
        while True:
            for item, seconds in _receive(source):
                _send(results, _result(function, item, seconds))


def _result(function: Callable[[Any], Any], item: Any, seconds: float) -> bytes:
    try:
        _limit_time(seconds)
        return pickle.dumps(function(item), pickle.HIGHEST_PROTOCOL)
    except SwiftprepError as error:  # something is wrong with the function's settings, and so with every item
        return pickle.dumps(error)
    except MemoryError:
        lost = Lost("needs more memory than there is for it", "memory_mb")
    except RecursionError:
        lost = Lost("is nested too deeply")
    except BaseException as error:
        lost = Lost(f"{type(error).__name__}: {str(error)[:500]}")
    finally:
        _limit_time(0)
    return pickle.dumps(lost)


def _limit_time(seconds: float) -> None:
    """Have this process end after that much processor time; what Windows lacks, the parent's clock stands in for."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(size: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not a POSIX system, or one that does not limit it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    # By its name: else `Lost` would be a class of `__main__`, which the parent has not got.
    from swiftprep import workers

    workers.main()
