"""A fine-tuning run that presses Ctrl-C at a moment of its own, in a process of its own.

It takes one argument, JSON: `model` and `output_dir`, `sft` (the arguments of `SwiftRunner.sft`), `press` (the event to
press at, by the values it must have; None never presses) and `again` (seconds until it is pressed once more). Standard
output gets one JSON line: the seconds from Ctrl-C to the end, the error, its checkpoint, the steps that were logged, and those
that were evaluated to the end.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from swiftprep import RunInterrupted, SwiftRunner
from swiftprep.demo import MODEL_ARGUMENTS


def main() -> int:
    job = json.loads(sys.argv[1])
    pressed: list[float] = []
    told: dict[str, Any] = {"error": None, "checkpoint": None, "steps": [], "evaluated": []}

    def press(event: dict[str, Any]) -> None:
        if event["event"] == "log" and "eval_loss" in event["row"]:
            told["evaluated"].append(event["row"]["step"])
        wanted = job["press"]
        if wanted is not None and not pressed and wanted.items() <= event.items():
            pressed.append(time.monotonic())
            if job["again"] is not None:
                threading.Timer(job["again"], os.kill, (os.getpid(), signal.SIGINT)).start()
            signal.raise_signal(signal.SIGINT)

    class Pressing(SwiftRunner):
        def _run(
            self, job: dict[str, Any], folder: Path, *listeners: Callable[[dict[str, Any]], None]
        ) -> dict[str, Any]:
            return super()._run(job, folder, *listeners, press)

    logging.basicConfig(level=logging.WARNING, format="%(message)s")  # to standard error
    try:
        trained = Pressing(job["model"], job["output_dir"], **MODEL_ARGUMENTS).sft(**job["sft"])
        told["checkpoint"] = str(trained.checkpoint) if trained.checkpoint else None
        told["steps"] = trained.log["step"].dropna().astype(int).tolist()
        code = 0
    except RunInterrupted as error:
        told["error"] = str(error)
        told["checkpoint"] = str(error.checkpoint) if error.checkpoint else None
        code = 130
    told["seconds"] = time.monotonic() - pressed[0] if pressed else None
    sys.__stdout__.write(json.dumps(told) + "\n")  # type: ignore[union-attr]
    return code


if __name__ == "__main__":
    sys.exit(main())
