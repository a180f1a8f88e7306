"""Child processes that end with this process, however it ends, together with everything they have started.

Each child leads its own session. A small helper process, the keeper, knows of every child; its standard input is the
lifeline. When this process ends, even by `kill -9`, the lifeline closes: the keeper asks each child to stop, waits for
the child's grace period, and then kills what is left of its process group. Children that a child starts by `start`
have a lifeline of their own.

The keeper runs this file, without anything installed, so it imports the standard library only.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

_KEEPER = [sys.executable, "-I", "-S", __file__]
_NEEDED = ("SYSTEMROOT", "LD_LIBRARY_PATH")  # variables without which Python may not start
_POLL = 0.05  # seconds between two checks of the children being ended

_lock = threading.RLock()  # a finalizer may call `end` in the middle of `start`
_keeper: subprocess.Popen[bytes] | None = None
_charges: dict[int, bytes] = {}


class Handler(Protocol):
    """A signal handler, as Python calls it."""

    def __call__(self, number: int, frame: FrameType | None, /) -> Any:
        """Handle the signal."""


def start(command: Sequence[str], *, grace: float = 0.0, **options: Any) -> subprocess.Popen[Any]:
    """Start a child process that ends with this one. Ctrl-C in a terminal does not reach it.

    Args:
        command: The program and its arguments.
        grace: Seconds the child has to exit after this process ends, when it is sent SIGINT. With 0 it is killed at
            once.
        **options: Passed to `subprocess.Popen`.

    Raises:
        OSError: it cannot be started.
    """
    with _lock:
        _tell(b"")  # so that the keeper runs before the child does
        child = subprocess.Popen(list(command), start_new_session=True, **options)
        _charges[child.pid] = b"+%d %d\n" % (child.pid, round(grace * 1000))
        _tell(_charges[child.pid])
    return child


def run(command: Sequence[str], *, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a command to completion, like `subprocess.run`, and return its output; it ends with this process.

    Args:
        command: The program and its arguments.
        environment: All variables of its environment.

    Raises:
        OSError: it cannot be started.
    """
    pipe = subprocess.PIPE
    with start(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, env=environment, text=True) as child:
        try:
            out, errors = child.communicate()
        finally:
            end(child)
    return subprocess.CompletedProcess(command, child.returncode, out, errors)


def end(child: subprocess.Popen[Any]) -> int:
    """Kill a child of `start` and everything it started, and return its exit code; does nothing if it has ended."""
    with _lock:
        is_ours = bool(_charges.pop(child.pid, None))  # false in a fork, and on a second call
    if is_ours and child.poll() is None:
        child.kill()
        _kill_group(child.pid)
    elif is_ours and not _birth(child.pid):  # once it is reaped, its number may belong to another process
        _kill_group(child.pid)
    code = child.wait()
    if is_ours:
        with _lock:
            _tell(b"-%d\n" % child.pid)
    return code


@contextlib.contextmanager
def stopping_by_signals(handler: Handler) -> Iterator[None]:
    """Handle SIGTERM and SIGHUP as SIGINT is handled, within the block.

    A signal that is ignored stays ignored: a run started with `nohup` goes on without its terminal. Outside the main
    thread, where Python allows no handlers, this does nothing.

    Args:
        handler: The handler of SIGINT.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    for number, was in before.items():
        if was is not signal.SIG_IGN:
            signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _tell(line: bytes) -> None:
    """Write a line to the keeper; start one if none runs, and then register all children with it."""
    global _keeper
    for _ in range(2):
        if _keeper is None or _keeper.poll() is not None:
            _dismiss()
            _keeper = subprocess.Popen(
                _KEEPER,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # else a reader of our output would wait for the keeper, too
                stderr=subprocess.DEVNULL,
                cwd=os.path.abspath(os.sep),
                env={name: os.environ[name] for name in _NEEDED if name in os.environ},
                start_new_session=True,
            )
            line = b"".join(_charges.values())
        assert _keeper.stdin is not None
        try:
            _keeper.stdin.write(line)
            _keeper.stdin.flush()
            return
        except OSError:
            _keeper.kill()
            _keeper.wait()
    raise OSError("the helper process that ends child processes with this one does not start")


def _dismiss() -> None:
    """Close the lifeline: at the end of this process, or in a fork of it, which has no children to end."""
    global _keeper
    if _keeper is not None:
        assert _keeper.stdin is not None
        with contextlib.suppress(OSError):
            _keeper.stdin.close()
        _keeper.returncode = _keeper.returncode or 0  # it exits by itself, once the children have
    _keeper = None


def _in_fork() -> None:
    global _lock
    _lock = threading.RLock()
    _dismiss()
    _charges.clear()


atexit.register(_dismiss)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_fork)


# --- the keeper -----------------------------------------------------------------------------------------------------


def main() -> None:
    """Track children that start and end until the lifeline closes; then end those that are left."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    charges: dict[int, tuple[float, str]] = {}
    for line in sys.stdin.buffer:
        if not line.endswith(b"\n"):  # the parent died while writing it
            break
        pid, _, grace = line[1:].partition(b" ")
        if line.startswith(b"+"):
            charges[int(pid)] = int(grace) / 1000, _birth(int(pid))
        else:
            charges.pop(int(pid), None)
    _end_all(charges)


def _end_all(charges: dict[int, tuple[float, str]]) -> None:
    began = time.monotonic()
    for pid, (grace, birth) in charges.items():
        if grace and _birth(pid) == birth:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGINT)
    while charges:
        for pid, (grace, birth) in list(charges.items()):
            now = _birth(pid)
            if now and now != birth:  # the number belongs to another process by now: nothing of ours is left
                del charges[pid]
            elif not now or time.monotonic() >= began + grace:
                _kill_group(pid)
                del charges[pid]
        time.sleep(_POLL if charges else 0)


def _birth(pid: int) -> str:
    """Return what distinguishes a process from a later one of the same number; `""` when it has ended."""
    try:
        state, *more = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state in "ZX" else more[18]  # its start time, in ticks since boot
    except OSError:
        pass
    if os.path.exists("/proc/self/stat"):
        return ""
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return "there"
    return ""


def _kill_group(leader: int) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(leader, signal.SIGKILL)
        else:
            os.kill(leader, signal.SIGTERM)  # Windows: it ends at once


if __name__ == "__main__":
    main()
