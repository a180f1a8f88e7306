"""Recipes: complete jobs, run by `python -m swiftprep.recipes.<name> [file.yaml] [key=value …]`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType


def _is_program() -> bool:
    """Tell whether Python is about to run a recipe with `-m`, and imports this package first."""
    of_here = f"{__name__}."
    return sys.argv[:1] == ["-m"] and any(part.removeprefix("-m").startswith(of_here) for part in sys.orig_argv)


def stop_at_once(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C while modules are still being imported: nothing has started, so a traceback would not help."""
    with suppress(OSError):
        os.write(2, "error: interrupted; nothing was begun (已中断，尚未开始)\n".encode())
    os._exit(130)


is_program = _is_program()
if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop_at_once)
