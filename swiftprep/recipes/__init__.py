"""Recipes: complete jobs, run by `swiftprep <name> …` or `python -m swiftprep.recipes.<name> …`."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

# What `python -m swiftprep` has in place of `-m` by the time that it runs.
_MAIN = os.path.join(os.path.dirname(os.path.dirname(__file__)), "__main__.py")


def _is_program() -> bool:
    """Tell whether the command `swiftprep` is running, or Python is about to run it or a recipe with `-m`."""
    if os.path.basename(sys.argv[0] if sys.argv else "").removesuffix(".exe") == "swiftprep":
        return True
    if sys.argv[:1] != ["-m"] and sys.argv[:1] != [_MAIN]:
        return False
    modules = [part.removeprefix("-m") for part in sys.orig_argv]
    return any(module == "swiftprep" or module.startswith(f"{__name__}.") for module in modules)


def stop_at_once(number: int, frame: FrameType | None) -> None:
    """Handle Ctrl-C while modules are still being imported: nothing has started, so a traceback would not help."""
    with suppress(OSError):
        os.write(2, "error: interrupted; nothing was begun (已中断，尚未开始)\n".encode())
    os._exit(130)


is_program = _is_program()
if is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, stop_at_once)
