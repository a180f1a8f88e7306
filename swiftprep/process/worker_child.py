"""The worker process of `workers`: it reads functions and items, and writes results or the reasons of failures."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from swiftprep.errors import RunError, SwiftprepError

Item = TypeVar("Item")
Result = TypeVar("Result")

LENGTH = struct.Struct("<Q")
_FUNCTIONS = 8  # cached by a worker process

is_child = False  # whether this process is a worker


@dataclass(frozen=True, slots=True)
class Lost:
    """Takes the place of a result that is missing.

    Attributes:
        reason: Why there is no result.
        over: The limit that was exceeded: `"seconds"`, `"memory_mb"`, or `""`.
    """

    reason: str
    over: str = ""


def keep(known: dict[bytes, Any], key: bytes, value: Any) -> bool:
    """Move an entry to the end of a cache, evict the first where it is too large, and return whether it was cached.

    Parent and child both do this, and so their caches agree.
    """
    is_known = key in known
    known[key] = known.pop(key) if is_known else value
    if len(known) > _FUNCTIONS:
        del known[next(iter(known))]
    return is_known


def send(pipe: Any, data: bytes) -> None:
    """Write pickled data to a pipe."""
    pipe.write(LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: Any) -> Any:
    """Read one pickled value from a pipe.

    Raises:
        EOFError: the other side has closed it.
    """
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        raise EOFError
    (length,) = LENGTH.unpack(head)
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return pickle.loads(data)


def main() -> None:
    """Read functions and items with their time limits from standard input, and write the results one by one."""
    global is_child
    is_child = True
    source, results = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # anything the function prints goes to standard error
    functions: dict[bytes, Callable[[Any], Any]] = {}
    with contextlib.suppress(EOFError, BrokenPipeError):
        sys.path += [place for place in receive(source) if place not in sys.path]  # for the user's own functions
        send(results, pickle.dumps("ready"))
        while True:
            key, packed, memory_mb, orders = receive(source)
            _limit_memory(memory_mb << 20)
            function = functions[key] if key in functions else _load(packed)
            keep(functions, key, function)
            for item, seconds in orders:
                send(results, _result(function, item, seconds))


def _load(packed: bytes) -> Callable[[Any], Any]:
    """Unpickle a function; where that fails, return one that raises the reason for every item."""
    try:
        function: Callable[[Any], Any] = pickle.loads(packed)
    except Exception as error:
        failure = RunError(
            f"a worker process cannot load its function: {type(error).__name__}: {error}. Define your own in "
            "the script or notebook itself, or in an installed package (工作进程无法加载该函数)"
        )

        def function(_: Any) -> Any:
            raise failure

    return function


def _result(function: Callable[[Any], Any], item: bytes, seconds: float) -> bytes:
    try:
        _limit_time(seconds)
        return pickle.dumps(attempt(function, pickle.loads(item)), pickle.HIGHEST_PROTOCOL)
    except SwiftprepError as error:  # the function's settings are wrong, and so every item fails
        return pickle.dumps(error)
    except BaseException as error:  # what it returned cannot be pickled
        return pickle.dumps(_lost_to(error))
    finally:
        _limit_time(0)


def attempt(function: Callable[[Item], Result], item: Item) -> Result | Lost:
    """Return the function's result for an item, or the reason there is none; a `SwiftprepError` is raised."""
    if isinstance(item, Lost):
        return item
    try:
        return function(item)
    except SwiftprepError:
        raise
    except BaseException as error:
        return _lost_to(error)


def _lost_to(error: BaseException) -> Lost:
    if isinstance(error, MemoryError):
        return Lost("needs more memory than there is for it", "memory_mb")
    if isinstance(error, RecursionError):
        return Lost("is nested too deeply")
    return Lost(f"{type(error).__name__}: {str(error)[:500]}")


def _limit_time(seconds: float) -> None:
    """End this process after that much processor time; on Windows, the parent's timer has to do."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _limit_memory(size: int) -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # not a POSIX system, or one without this limit
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (size, resource.getrlimit(resource.RLIMIT_AS)[1]))


if __name__ == "__main__":
    # Imported by name: else `Lost` would be a class of `__main__`, which the parent cannot unpickle.
    from swiftprep.process import worker_child

    worker_child.main()
