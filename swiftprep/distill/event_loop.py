"""Run asyncio code from ordinary code: in scripts, and in Jupyter, whose own loop is already running."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
GLANCE = 0.2  # seconds between checks for Ctrl-C: not every platform wakes a waiting thread


def run_async(work: Callable[[], Coroutine[Any, Any, T]], *, on_interrupt: Callable[[], None]) -> T:
    """Run a coroutine in an event loop in its own thread, and return its result.

    The first Ctrl-C calls `on_interrupt` in that loop and keeps waiting; the second cancels the coroutine.

    Args:
        work: Creates the coroutine.
        on_interrupt: Asks it to finish.

    Raises:
        KeyboardInterrupt: it was cancelled.
    """
    # Plain values and a bare lock: an interrupt inside the locking of an Event or a Future breaks it ("release
    # unlocked lock"), and many may come in a row.
    results: list[T] = []
    failures: list[BaseException] = []
    started, wake = threading.Event(), threading.Lock()
    wake.acquire()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]] = []

    async def main() -> T:
        task = asyncio.ensure_future(work())
        running.append((asyncio.get_running_loop(), task))
        started.set()
        return await task

    def in_thread() -> None:
        try:
            results.append(asyncio.run(main()))
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()
            wake.release()

    thread = threading.Thread(target=in_thread, name="swiftprep-distill", daemon=True)
    thread.start()
    interrupts = handled = 0
    # Not `thread.join`: after an interrupt it takes a running thread for dead (python/cpython#90882).
    while not (results or failures):
        try:
            if handled < interrupts and started.is_set():
                handled = interrupts
                _tell(running, on_interrupt if interrupts == 1 else None)
            wake.acquire(timeout=GLANCE)
        except KeyboardInterrupt:
            interrupts += 1
    if not failures:
        return results[0]
    if isinstance(failures[0], asyncio.CancelledError):
        raise KeyboardInterrupt from None
    raise failures[0]


def _tell(
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[T]]], on_interrupt: Callable[[], None] | None
) -> None:
    for loop, task in running:
        try:
            loop.call_soon_threadsafe(on_interrupt or task.cancel)
        except RuntimeError:  # the loop has closed meanwhile
            return
