"""A coroutine run from ordinary code, and Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

# It counts how often it was told to end, and says what became of it.
CHILD = """
import asyncio, sys
from swiftprep.distill.event_loop import run_async
told = []
async def work():
    print("begun", flush=True)
    while len(told) < 1 or sys.argv[1] == "deaf":
        await asyncio.sleep(0.001)
    await asyncio.sleep(float(sys.argv[2]))
    return "done"
try:
    print(run_async(work, on_interrupt=lambda: told.append(1)), len(told), flush=True)
except KeyboardInterrupt:
    print("cancelled", len(told), flush=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("kind", "seconds", "interrupts", "ending"),
    [("listens", "0", 1, "done 1"), ("deaf", "0", 2, "cancelled"), ("listens", "3600", 500, "cancelled")],
    ids=["one", "two", "hundreds in a row"],
)
def test_the_first_interrupt_is_told_and_the_second_cancels(kind, seconds, interrupts, ending):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, kind, seconds], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "begun\n"
    time.sleep(0.1)  # the thread that waits has begun a little later
    for number in range(interrupts):
        if child.poll() is not None:
            break
        child.send_signal(signal.SIGINT)
        time.sleep(0.3 if number == 0 and interrupts == 2 else 0.0002)
    out, errors = child.communicate(timeout=60)
    # Of two that come at once the second is all that counts; of hundreds the last may come while the child says so.
    endings = [ending] if interrupts == 1 else ["cancelled 0", "cancelled 1"]
    assert any(f"{one}\n".startswith(out) if interrupts > 2 else out == f"{one}\n" for one in endings), errors
    assert "unlocked lock" not in errors
