"""Worker programs that read a job, one line of JSON, and write events, one JSON line each.

The parent uses `send_job`, `events_of`, `how_ended` and `last_lines`; the worker reads its job from standard input and
writes events with `event_writer`. Whatever else the worker prints goes to its standard error, a log.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from swiftprep.streams import get_logger

logger = get_logger(__name__)

Emit: TypeAlias = Callable[[dict[str, Any]], None]

LOG_END = 20_000  # bytes of a log that `last_lines` needs
TAIL_LINES = 20


def send_job(child: subprocess.Popen[bytes], job: Mapping[str, Any]) -> None:
    """Send a worker its job; if it has died already, its log has the reason."""
    assert child.stdin is not None
    with contextlib.suppress(OSError, ValueError):
        child.stdin.write(json.dumps(dict(job), ensure_ascii=False).encode("utf-8", "surrogateescape") + b"\n")
        child.stdin.flush()


def events_of(child: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """Yield a worker's events until it closes its output."""
    assert child.stdout is not None
    for line in child.stdout:
        try:
            yield json.loads(line)
        except ValueError:
            logger.debug("not an event: %r", line)


def how_ended(code: int) -> str:
    """Return an exit code in words.

    >>> how_ended(3), how_ended(-15)
    ('exit code 3', 'ended by SIGTERM')
    """
    if code >= 0:
        return f"exit code {code}"
    memory = ", most likely because memory ran out (很可能是内存不足)" if -code == signal.SIGKILL else ""
    return f"ended by {signal.Signals(-code).name}{memory}"


def last_lines(log: bytes) -> list[str]:
    r"""Return the last lines of a log, with only the last state of a progress bar.

    >>> last_lines(b"1 %\r2 %\n\ndone\n")
    ['2 %', 'done']
    """
    lines = [line.rstrip().rpartition("\r")[2] for line in log.decode("utf-8", "replace").split("\n")]
    return [line for line in lines if line.strip()][-TAIL_LINES:]


def event_writer() -> Emit:
    """Return a function that writes events to what is standard output now; later output goes to standard error."""
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    lock = threading.Lock()

    def emit(event: dict[str, Any]) -> None:
        with lock, contextlib.suppress(BrokenPipeError):  # the parent has died; this process ends, too
            events.write(json.dumps(event, ensure_ascii=False, default=str) + "\n")
            events.flush()

    return emit
