"""Ctrl-C at every moment of a real run: it ends soon, says when, and goes on from the checkpoint it names."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from present import present

from swiftprep import Sample, write_jsonl

HARNESS = Path(__file__).parents[1] / "support" / "stop_harness.py"
SOON = 60.0  # seconds
LAST = 4
# Evaluations at each step, of which every second one has no checkpoint that follows; two batches a step.
SETTINGS: dict[str, Any] = {
    "max_steps": LAST, "eval_on_start": True, "eval_strategy": "steps", "eval_steps": 1, "save_steps": 2,
    "logging_steps": 1, "per_device_train_batch_size": 1, "per_device_eval_batch_size": 1,
    "gradient_accumulation_steps": 2, "max_length": 64, "report_to": "none",
}  # fmt: skip


class Ended(NamedTuple):
    code: int
    seconds: float | None  # since Ctrl-C
    error: str | None
    checkpoint: Path | None
    steps: list[int]  # that were logged, if the run came to its end
    evaluated: list[int]  # the steps whose evaluation came to its end
    written: str  # to standard error


class Moment(NamedTuple):
    press: dict[str, Any]
    told: str
    step: int  # of the checkpoint that is left; 0: none
    again: float | None = None
    resumes: bool = False
    late: int = 0  # steps that a busy machine may do before it hears of Ctrl-C


MOMENTS = {
    "before the arguments are read": Moment({"event": "arguments"}, "at once, as training has not begun", 0),
    "while the model is loaded": Moment({"event": "started"}, "at once, as training has not begun", 0),
    "in the first evaluation": Moment(
        {"event": "doing", "what": "evaluate", "step": 0}, "after this batch of the evaluation (", 0
    ),
    "in the first step": Moment({"event": "doing", "what": "train", "step": 0}, "after this batch (", 0, late=1),
    "in a step": Moment(
        {"event": "doing", "what": "train", "step": 1},
        "after this batch, with a checkpoint of step 1",
        1,
        resumes=True,
        late=1,
    ),
    "in an evaluation that no checkpoint follows": Moment(
        {"event": "doing", "what": "evaluate", "step": 1},
        "after this batch of the evaluation, with a checkpoint of step 1",
        1,
        resumes=True,
    ),
    "in an evaluation that a checkpoint follows": Moment(
        {"event": "doing", "what": "evaluate", "step": 2},
        "after this batch of the evaluation, with a checkpoint of step 2",
        2,
    ),
    "while a checkpoint is saved": Moment(
        {"event": "doing", "what": "save", "step": 2}, "when the checkpoint of step 2 is saved", 2, late=1
    ),
    "at the very end": Moment(
        {"event": "doing", "what": "end", "step": LAST},
        "when the results are written, as training is over",
        LAST,
        resumes=True,
    ),
    "twice": Moment(
        {"event": "doing", "what": "evaluate", "step": 3},
        "Ctrl-C again to stop at once",
        2,
        again=0.02,
        resumes=True,
        late=1,
    ),
}


@pytest.fixture
def train(model: Path, tmp_path: Path) -> Callable[..., Ended]:
    """Train a few steps on a few short rows, with Ctrl-C at an event."""
    rows = [
        Sample.from_instruction(f"Count to {i}.", "", " ".join(map(str, range(i))), id=str(i)) for i in range(2, 10)
    ]
    data = {"dataset": tmp_path / "train.jsonl", "val_dataset": tmp_path / "val.jsonl"}
    for path in data.values():
        write_jsonl(rows, path)

    def run(press: dict[str, Any] | None = None, again: float | None = None, **more: Any) -> Ended:
        sft = {**SETTINGS, **{name: [str(path)] for name, path in data.items()}, **more}
        job = {"model": str(model), "output_dir": str(tmp_path / "runs"), "sft": sft, "press": press, "again": again}
        child = subprocess.run(
            [sys.executable, str(HARNESS), json.dumps(job)], capture_output=True, text=True, check=False, timeout=240
        )
        assert child.returncode in (0, 130), child.stderr[-3000:]
        told = json.loads(child.stdout)
        checkpoint = Path(told["checkpoint"]) if told["checkpoint"] else None
        return Ended(
            child.returncode, told["seconds"], told["error"], checkpoint, told["steps"], told["evaluated"], child.stderr
        )

    return run


def step_of(checkpoint: Path | None) -> int:
    return 0 if checkpoint is None else int(checkpoint.name.rpartition("-")[2])


@pytest.mark.long
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS.keys())
def test_ctrl_c_ends_a_run_soon_and_it_goes_on_from_there(train, moment):
    ended = train(moment.press, moment.again)
    assert ended.code == 130
    assert present(ended.seconds) < SOON
    assert moment.told in ended.written
    assert moment.step <= step_of(ended.checkpoint) <= moment.step + moment.late
    if ended.checkpoint is None:
        assert "start again" in present(ended.error)
    else:
        assert f"resume_from_checkpoint='{ended.checkpoint}'" in present(ended.error)
        assert (ended.checkpoint / "adapter_model.safetensors").stat().st_size > 0
    if moment.press.get("what") == "evaluate":  # it was cut short
        assert moment.press["step"] not in ended.evaluated
    if moment.resumes:
        resumed = train(resume_from_checkpoint=str(ended.checkpoint))
        assert (resumed.code, step_of(resumed.checkpoint)) == (0, LAST)
        assert set(range(1, LAST + 1)) <= set(resumed.steps)
        assert resumed.evaluated[0] == step_of(ended.checkpoint)  # what was cut short is made up for


@pytest.mark.slow
def test_neither_an_evaluation_nor_an_adapter_that_is_trained_further_swallows_ctrl_c(train):
    first = train({"event": "doing", "what": "evaluate", "step": 1})
    assert (first.code, step_of(first.checkpoint), first.evaluated) == (130, 1, [0])
    assert present(first.seconds) < SOON
    assert "after this batch of the evaluation, with a checkpoint of step 1" in first.written

    second = train({"event": "doing", "what": "evaluate", "step": 0}, adapters=[str(first.checkpoint)])
    assert (second.code, second.checkpoint, second.evaluated) == (130, None, [])
    assert present(second.seconds) < SOON
    assert "after this batch of the evaluation (" in second.written


@pytest.mark.long
def test_a_resumed_run_that_is_stopped_at_once_names_a_checkpoint_all_the_same(train):
    first = train({"event": "doing", "what": "train", "step": 1})
    while_loading = train({"event": "started"}, resume_from_checkpoint=str(first.checkpoint))
    assert (while_loading.code, while_loading.checkpoint) == (130, first.checkpoint)
    evaluating = train({"event": "doing", "what": "evaluate", "step": 1}, resume_from_checkpoint=str(first.checkpoint))
    assert (evaluating.code, step_of(evaluating.checkpoint)) == (130, 1)
    resumed = train(resume_from_checkpoint=str(evaluating.checkpoint))
    assert (resumed.code, step_of(resumed.checkpoint)) == (0, LAST)
