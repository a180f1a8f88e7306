"""Run a job in its own process, forward its events, and explain how it ended."""

from __future__ import annotations

import contextlib
import errno
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, RunError, RunInterrupted, one_line
from swiftprep.process import children, lifeline
from swiftprep.process.jobs import LOG_END, events_of, how_ended, last_lines, send_job
from swiftprep.streams import get_logger

logger = get_logger(__name__)

WORKER = children.python("swiftprep.train.worker")
# Seconds a child has to end when asked to, or when this process ends: a training run finishes its step and saves a
# checkpoint, others only clean up.
GRACE = {"sft": 600.0}
AT_ONCE = 10.0
_DISK = {
    errno.ENOSPC: "the disk is full; free some space and start again (磁盘已满，请清理空间后重新开始)",
    errno.EDQUOT: "the disk quota is used up; free some space and start again (磁盘配额已满，请清理后重新开始)",
    errno.EACCES: "a folder or file may not be written; choose another output folder (没有写入权限，请换输出文件夹)",
    errno.EROFS: "the file system is read-only; choose another output folder (文件系统只读，请换一个输出文件夹)",
}


class Waiting:
    """What a run that is asked to stop still has to finish, by its events."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._steps: list[float] = []  # when the last ones ended
        self._evaluating: dict[str, Any] | None = None
        self._trains = False

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of an event."""
        if event["event"] == "step":
            self._trains, self._evaluating = True, None
            self._steps = [*self._steps, self._clock()][-4:]
        elif event["event"] == "evaluating":
            self._evaluating = dict(event)
        elif event["event"] == "log" and "eval_loss" in event["row"]:
            self._evaluating, self._steps = None, []  # the time of an evaluation is no step's

    def told(self) -> tuple[str, str]:
        """Return what is waited for, in English and Chinese."""
        if not self._trains:
            return "as training has not begun", "训练尚未开始"
        if self._evaluating is not None:
            if self._evaluating["step"] == 0:
                return "after this batch of the evaluation", "评估完当前批次后"
            batches = self._evaluating["batches"]
            size = f" of {batches} batches" if batches else ""
            return f"after the evaluation{size} and the checkpoint that follows", "评估结束并保存检查点后"
        if len(self._steps) < 2:
            return "after this step and its checkpoint", "本步结束并保存检查点后"
        each = (self._steps[-1] - self._steps[0]) / (len(self._steps) - 1)
        return f"after this step (the last took {each:.0f} s each) and its checkpoint", "本步结束并保存检查点后"


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
    try:
        log_path.parent.mkdir(parents=True, exist_ok=True)
        log_file = log_path.open("ab")
    except OSError as error:
        what = _DISK.get(error.errno or 0, "the output folder cannot be used (无法使用输出文件夹)")
        raise RunError(f"{what}: {one_line(str(error))}") from None
    with log_file as log:
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
    waiting = Waiting()

    def heard(event: dict[str, Any]) -> None:
        waiting.hear(event)
        on_event(event)

    overdue = threading.Timer(grace, lifeline.end, [child])
    overdue.daemon = True
    try:
        send_job(child, job)
        while True:
            try:
                _listen(child, seen, heard)
                child.wait()
                break
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                logger.warning(
                    "stopping, %s, within %g s at most; Ctrl-C again to stop at once "
                    "(正在停止，%s；再按一次 Ctrl-C 立即停止)",
                    waiting.told()[0],
                    grace,
                    waiting.told()[1],
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
        if event["event"] not in ("step", "log", "answer", "evaluating"):
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
    shared = any("SemLock" in line for line in tail)
    if failure and not shared and (problem := _of_disk(failure["message"])):
        raise RunError(f"{problem}: {one_line(failure['message'])}; the log is {log_path}", log_path=log_path)
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


def _of_disk(message: str) -> str:
    """Return what is wrong with a disk or a folder by the message of an `OSError`; `""` if it is something else."""
    return next((told for number, told in _DISK.items() if f"[Errno {number}]" in message), "")


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
