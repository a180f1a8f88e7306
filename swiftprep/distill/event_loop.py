"""Run asyncio code from ordinary code: in scripts, and in Jupyter, whose own loop is already running."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Found = TypeVar("Found")
GLANCE = 0.2  # seconds between two looks at whether there was a Ctrl-C: not every platform wakes a waiting thread


def run_async(work: Callable[[], Coroutine[Any, Any, Found]], *, on_interrupt: Callable[[], None]) -> Found:
    """Run a coroutine in the event loop of a thread of its own, wait for it, and return what it returns.

    The first Ctrl-C calls `on_interrupt` in that loop and goes on waiting; the second cancels the coroutine.

    Args:
        work: Makes the coroutine.
        on_interrupt: Tells it to come to an end.

    Raises:
        KeyboardInterrupt: it was cancelled.
    """
    # Plain values and a bare lock: an interrupt within an Event's or a Future's own locking breaks it ("release
    # unlocked lock"), and many may come in a row.
    found: list[Found] = []
    failures: list[BaseException] = []
    started, wake = threading.Event(), threading.Lock()
    wake.acquire()
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Found]]] = []

    async def main() -> Found:
        task = asyncio.ensure_future(work())
        running.append((asyncio.get_running_loop(), task))
        started.set()
        return await task

    def in_thread() -> None:
        try:
            found.append(asyncio.run(main()))
        except BaseException as error:
            failures.append(error)
        finally:
            started.set()
            wake.release()

    thread = threading.Thread(target=in_thread, name="swiftprep-distill", daemon=True)
    thread.start()
    interrupts = told = 0
    # Not `thread.join`: an interrupt makes it take a living thread for dead (python/cpython#90882).
    while not (found or failures):
        try:
            if told < interrupts and started.is_set():
                told = interrupts
                _tell(running, on_interrupt if interrupts == 1 else None)
            wake.acquire(timeout=GLANCE)
        except KeyboardInterrupt:
            interrupts += 1
    if not failures:
        return found[0]
    if isinstance(failures[0], asyncio.CancelledError):
        raise KeyboardInterrupt from None
    raise failures[0]


def _tell(
    running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[Found]]], on_interrupt: Callable[[], None] | None
) -> None:
    for loop, task in running:
        try:
            loop.call_soon_threadsafe(on_interrupt or task.cancel)
        except RuntimeError:  # it has ended meanwhile
            return
