"""Progress where there is no terminal."""

from __future__ import annotations

from swiftprep.progress import ProgressLines
from swiftprep.streams import _console
from swiftprep.train.bar import RunProgress
from swiftprep.train.process import Waiting, _stopping


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


def test_a_line_is_in_the_language_of_the_console(monkeypatch):
    monkeypatch.setitem(_console, "lang", "zh")
    clock, written, bar = lines_of(4)
    bar.set_postfix({"loss": "1.235", "calls": 9}, refresh=False)
    clock.now = 6
    bar.remind("still loading the model")
    clock.now = 300
    bar.update()
    assert written == [
        "训练：正在加载模型，损失 1.235，调用 9 次，已用 6 秒",
        "训练：1/4 步，损失 1.235，调用 9 次，已用 5 分钟，约剩 15 分钟",
    ]


def test_a_line_holds_no_setting_of_the_bar():
    clock, written, bar = lines_of(2)
    bar.set_postfix({"calls": 9}, refresh=False)
    clock.now = 10
    bar.update(2)
    assert written == ["sft: 2/2 steps, 9 calls, 10 s so far"]


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


def waiting_after(*events: tuple[float, str, int]) -> str:
    clock = Clock()
    waiting = Waiting(clock)
    for clock.now, what, step in events:
        waiting.hear({"event": "doing", "what": what, "step": step})
    return waiting.told()[0]


def test_what_a_stop_waits_for_is_told_and_about_how_long_that_takes():
    first, step, saving = (0.0, "evaluate", 0), (9.0, "train", 0), (49.0, "save", 1)
    assert waiting_after(first) == "after this batch of the evaluation"
    assert waiting_after(first, (4.0, "evaluate", 0)) == "after this batch of the evaluation, in about 4 s"
    assert waiting_after(first, step) == "after this batch"
    assert waiting_after(step, saving) == "when the checkpoint of step 1 is saved"
    again = (79.0, "train", 1)  # a batch took 40 s, a checkpoint 30 s
    assert waiting_after(step, saving, again) == "after this batch, with a checkpoint of step 1, in about 70 s"
    assert (
        waiting_after(step, saving, again, (120.0, "save", 2))
        == "when the checkpoint of step 2 is saved, in about 30 s"
    )
    over = (130.0, "end", 2)
    assert waiting_after(step, saving, again, over) == "when the results are written, as training is over"


def test_before_training_nothing_is_waited_for():
    waiting = Waiting(Clock())
    assert not waiting.trains
    assert _stopping("sft", waiting, 600) == "stopping at once, as training has not begun (尚未开始训练，立即停止)"
    assert _stopping("eval", waiting, 10) == "stopping at once (立即停止)"
