"""Run a job in its own process, forward its events, and explain how it ended."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, RunError, RunInterrupted
from swiftprep.process import children, lifeline
from swiftprep.process.jobs import LOG_END, events_of, how_ended, last_lines, send_job
from swiftprep.streams import get_logger

logger = get_logger(__name__)

WORKER = children.python("swiftprep.train.worker")
# Seconds a child has to end when asked to, or when this process ends: a training run finishes its step and saves a
# checkpoint, others only clean up.
GRACE = {"sft": 600.0}
AT_ONCE = 10.0


def run_in_child(
    job: Mapping[str, Any],
    *,
    log_path: Path,
    environment: Mapping[str, str],
    on_event: Callable[[dict[str, Any]], None],
    worker: Sequence[str] = WORKER,
) -> dict[str, Any]:
    """Run a job in a fresh process and return its result.

    Args:
        job: See `swiftprep.train.worker.run_job`.
        log_path: File for all output of the process.
        environment: Variables to set in the process.
        on_event: Called with each event as it happens.
        worker: The command to start; it speaks the protocol of `swiftprep.train.worker`.

    Raises:
        ConfigError: ms-swift refused the arguments.
        RunError: the process failed or died; the message has the end of its log.
        RunInterrupted: Ctrl-C in this process, or a signal to the child.
    """
    grace = GRACE.get(job.get("task", ""), AT_ONCE)
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        child = lifeline.start(
            worker,
            grace=grace,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=children.environment(environment, network=True),
        )
    seen: list[dict[str, Any]] = []
    interrupted = False
    overdue = threading.Timer(grace, lifeline.end, [child])
    overdue.daemon = True
    try:
        send_job(child, job)
        while True:
            try:
                _listen(child, seen, on_event)
                child.wait()
                break
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                logger.warning(
                    "stopping after this step, within %g s; Ctrl-C again to stop at once "
                    "(本步结束后保存检查点并停止，再按一次 Ctrl-C 立即停止)",
                    grace,
                )
                child.send_signal(signal.SIGINT)
                overdue.start()
    except KeyboardInterrupt:  # the second one, or before the job was sent
        interrupted = True
    finally:
        overdue.cancel()
        _end(child)
    return _outcome(child.returncode, seen, interrupted, log_path)


def _listen(
    child: subprocess.Popen[bytes], seen: list[dict[str, Any]], on_event: Callable[[dict[str, Any]], None]
) -> None:
    for event in events_of(child):
        if event["event"] not in ("step", "log", "answer"):
            seen.append(event)
        on_event(event)


def _end(child: subprocess.Popen[bytes]) -> None:
    lifeline.end(child)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _outcome(code: int, seen: list[dict[str, Any]], interrupted: bool, log_path: Path) -> dict[str, Any]:
    last = {event["event"]: event for event in seen}
    result: dict[str, Any] = last.get("done", {}).get("result", {})
    failure = last.get("failed")
    if not failure and (interrupted or "stopped" in last or result.get("interrupted")):
        raise RunInterrupted("stopped (已中断)")
    if "done" in last and code == 0:
        return result
    tail = _tail(log_path)
    if failure and "arguments" in last and "started" not in last:
        message = failure["message"] if failure["type"] != "SystemExit" else _argparse_line(tail)
        raise ConfigError(f"ms-swift refuses the arguments: {message} (ms-swift 拒绝了这些参数)")
    if failure:
        reason = f"{failure['type']}: {failure['message']}{_hint(failure, tail)}"
    elif code < 0:
        reason = f"the process was {how_ended(code)}"
    else:
        reason = f"the process ended with {how_ended(code)} (进程异常退出)"
    raise RunError(f"{reason}\nThe end of {log_path}:\n" + "\n".join(tail), log_path=log_path)


def _hint(failure: Mapping[str, str], tail: list[str]) -> str:
    if failure["type"] == "OutOfMemoryError" or "out of memory" in failure["message"]:
        return (
            "\nOut of memory (显存不足): lower per_device_train_batch_size or max_length, or set "
            "gradient_checkpointing=true"
        )
    if any("SemLock" in line for line in tail):
        return "\nThe shared memory, /dev/shm, is full or not usable (/dev/shm 已满或不可用)"
    if any("in _show_dataset" in line for line in tail):
        return "\nNo row is left to train on: all are longer than max_length (所有样本都超过 max_length，已全部丢弃)"
    return ""


def _tail(path: Path) -> list[str]:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LOG_END))
        return last_lines(file.read())


def _argparse_line(tail: list[str]) -> str:
    return next((line for line in reversed(tail) if "error:" in line), tail[-1] if tail else "see the log")
