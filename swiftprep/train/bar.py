"""The progress bar of a run."""

from __future__ import annotations

from typing import Any

from swiftprep.progress import progress_bar


class RunProgress:
    """A progress bar driven by the events of a run."""

    def __init__(self, name: str, unit: str, total: int | None = None) -> None:
        self._bar = progress_bar(desc=name, unit=unit, total=total)

    def __enter__(self) -> RunProgress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

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
