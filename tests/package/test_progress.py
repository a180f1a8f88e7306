"""Progress where there is no terminal."""

from __future__ import annotations

from typing import Any

from swiftprep.progress import ProgressLines
from swiftprep.train.bar import RunProgress
from swiftprep.train.process import Waiting


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines_of(total):
    clock = Clock()
    written: list[str] = []
    return clock, written, ProgressLines(total=total, desc="sft", unit=" steps", clock=clock, write=written.append)


def test_a_line_after_some_seconds_and_then_once_a_minute():
    clock, written, bar = lines_of(600)
    for second in range(1, 301):
        clock.now = second
        bar.update()
    assert written[0] == "sft: 5/600 steps, 5 s so far, about 10 min left"
    assert len(written) == 5


def test_quick_work_writes_nothing():
    _, written, bar = lines_of(3)
    bar.update(3)
    assert written == []
    assert bar.n == 3


def test_a_slow_first_step_is_heard_of():
    clock, written, bar = lines_of(None)
    for clock.now in (3, 6, 40, 70):
        bar.remind("still loading the model")
    assert written == ["sft: still loading the model, 6 s so far", "sft: still loading the model, 70 s so far"]


def test_a_run_shows_step_and_loss():
    clock, written, bar = lines_of(None)
    progress = RunProgress("sft", " steps", bar=bar)
    progress.update({"event": "log", "row": {"loss": 1.23456, "step": 1}})
    clock.now = 10
    progress.update({"event": "step", "step": 1, "max_steps": 4})
    assert written == ["sft: 1/4 steps, loss 1.235, 10 s so far, about 30 s left"]


def test_a_run_without_events_is_heard_of_all_the_same():
    _, written, bar = lines_of(None)
    bar._due = 0
    with RunProgress("sft", " steps", bar=bar, every=0.01) as progress:
        for _ in range(500):
            if written or progress._over.wait(0.01):
                break
    assert written[0].startswith("sft: still loading the model")


def waiting_after(*events: tuple[float, dict[str, Any]]) -> str:
    clock = Clock()
    waiting = Waiting(clock)
    for clock.now, event in events:
        waiting.hear(event)
    return waiting.told()[0]


STEPS: list[tuple[float, dict[str, Any]]] = [(10.0 * i, {"event": "step", "step": i, "max_steps": 9}) for i in range(4)]


def test_what_a_stop_waits_for_is_told():
    assert "not begun" in waiting_after()
    assert "after this step and" in waiting_after(STEPS[0])
    assert "the last took 10 s each" in waiting_after(*STEPS)
    first = (1.0, {"event": "evaluating", "step": 0, "batches": 7})
    assert "after this batch of the evaluation" in waiting_after(STEPS[0], first)
    later = (31.0, {"event": "evaluating", "step": 3, "batches": 7})
    assert "the evaluation of 7 batches" in waiting_after(*STEPS, later)
    over = (90.0, {"event": "log", "row": {"eval_loss": 1.0, "step": 3}})
    assert "after this step and" in waiting_after(*STEPS, later, over)
