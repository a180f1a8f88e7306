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
# Seconds a child has to end when asked to, or when this process ends: a training run finishes its batch and saves a
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
    """What a run that is asked to stop still has to finish, by its events, and about how long that takes."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._doing: dict[str, Any] = {}
        self._since = 0.0
        self._took: dict[str, float] = {}  # seconds of the last batch of each kind, and of the last checkpoint

    @property
    def trains(self) -> bool:
        """Whether training has begun, so that there may be something to save."""
        return bool(self._doing)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of an event."""
        if event["event"] == "doing":
            now = self._clock()
            if self._doing:
                self._took[self._doing["what"]] = now - self._since
            self._doing, self._since = dict(event), now

    def told(self) -> tuple[str, str]:
        """Return when a run that trains will stop, in English and Chinese."""
        what, step = self._doing["what"], self._doing["step"]
        saved = (f", with a checkpoint of step {step}", f"并保存第 {step} 步的检查点") if step else ("", "")
        parts = {"train": ("train", "save"), "evaluate": ("evaluate", "save")}.get(what, (what,))
        seconds = sum(self._took.get(part, 0.0) for part in parts if step or part != "save")
        about = (f", in about {seconds:.0f} s", f"，约需 {seconds:.0f} 秒") if seconds >= 1 else ("", "")
        english, chinese = {
            "train": (f"after this batch{saved[0]}", f"当前批次结束{saved[1]}后停止"),
            "evaluate": (f"after this batch of the evaluation{saved[0]}", f"评估完当前批次{saved[1]}后停止"),
            "save": (f"when the checkpoint of step {step} is saved", f"第 {step} 步的检查点保存完毕后停止"),
            "end": ("when the results are written, as training is over", "训练已结束，写完结果后停止"),
        }[what]
        return english + about[0], chinese + about[1]


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
    task = str(job.get("task", ""))
    grace = GRACE.get(task, AT_ONCE)
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
    last: dict[str, dict[str, Any]] = {}  # the latest event of each kind
    interrupted = False
    waiting = Waiting()

    def heard(event: dict[str, Any]) -> None:
        waiting.hear(event)
        on_event(event)

    overdue: threading.Timer | None = None
    try:
        send_job(child, job)
        while True:
            try:
                _listen(child, last, heard)
                child.wait()
                break
            except KeyboardInterrupt:
                if interrupted:
                    raise
                interrupted = True
                overdue = threading.Timer(grace if waiting.trains else AT_ONCE, lifeline.end, [child])
                overdue.daemon = True
                logger.warning(_stopping(task, waiting, grace))
                child.send_signal(signal.SIGINT)
                overdue.start()
    except KeyboardInterrupt:  # the second one, or before the job was sent
        interrupted = True
    finally:
        if overdue is not None:
            overdue.cancel()
        _end(child)
    return _outcome(child.returncode, last, interrupted, log_path)


def _stopping(task: str, waiting: Waiting, grace: float) -> str:
    if not waiting.trains:
        english, chinese = (", as training has not begun", "尚未开始训练，") if task == "sft" else ("", "")
        return f"stopping at once{english} ({chinese}立即停止)"
    english, chinese = waiting.told()
    return (
        f"stopping {english} ({grace:g} s at most); Ctrl-C again to stop at once, without saving "
        f"({chinese}，最多 {grace:g} 秒；再按一次 Ctrl-C 立即停止，不再保存)"
    )


def _listen(
    child: subprocess.Popen[bytes], last: dict[str, dict[str, Any]], on_event: Callable[[dict[str, Any]], None]
) -> None:
    for event in events_of(child):
        last[event["event"]] = event
        on_event(event)


def _end(child: subprocess.Popen[bytes]) -> None:
    lifeline.end(child)
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _outcome(code: int, last: dict[str, dict[str, Any]], interrupted: bool, log_path: Path) -> dict[str, Any]:
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
