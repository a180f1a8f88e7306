"""The progress of a run: a bar, or lines where there is no terminal."""

from __future__ import annotations

import threading
from typing import Any

from swiftprep.progress import ProgressLines, progress_bar

_LOADING = "still loading the model"


class RunProgress:
    """A progress bar driven by the events of a run, and without a terminal by the time as well."""

    def __init__(self, name: str, unit: str, total: int | None = None, *, bar: Any = None, every: float = 1.0) -> None:
        """Create the progress of a run.

        Args:
            name: What is being done.
            unit: What is counted.
            total: How many there will be, if known.
            bar: A bar in place of `progress_bar`'s.
            every: Seconds between two looks at the clock; the bar decides whether a line is due.
        """
        self._bar = progress_bar(desc=name, unit=unit, total=total) if bar is None else bar
        self._every = every
        self._over = threading.Event()

    def __enter__(self) -> RunProgress:
        if isinstance(self._bar, ProgressLines):  # a first step may take minutes, without any event
            threading.Thread(target=self._remind, args=(self._bar,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._bar.close()

    def _remind(self, lines: ProgressLines) -> None:
        while not self._over.wait(self._every):
            lines.remind(_LOADING)

    def update(self, event: dict[str, Any]) -> None:
        """Advance by a step or an answer, and show the latest losses."""
        if event["event"] == "step":
            self._bar.total = event["max_steps"]
            self._bar.update(event["step"] - self._bar.n)
        elif event["event"] == "answer":
            self._bar.update()
        elif event["event"] == "log":
            losses = {k: f"{v:.3f}" for k, v in event["row"].items() if k in ("loss", "eval_loss")}
            if losses:
                self._bar.set_postfix(losses)
