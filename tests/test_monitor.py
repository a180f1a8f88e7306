from __future__ import annotations

import json

import pytest

from swiftprep import Monitor
from swiftprep.errors import DataError

NORMAL = """  1. # 训练日志片段(正常)
  2. Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193
  3. Epoch 2/3: Train Loss: 0.892, Eval Loss: 0.878
  4. Epoch 3/3: Train Loss: 0.714, Eval Loss: 0.742"""
OVERFITTING = """Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193
Epoch 2/3: Train Loss: 0.892, Eval Loss: 1.215
Epoch 3/3: Train Loss: 0.515, Eval Loss: 1.897  # 验证损失显著上升,可能过拟合"""


def curve(evals, train=None):
    """A log of one train and one eval row per epoch."""
    train = train or [2.0 / (i + 1) for i in range(len(evals))]
    return Monitor(
        [{"epoch": i + 1, "loss": t, "eval_loss": e} for i, (t, e) in enumerate(zip(train, evals, strict=True))]
    )


def test_the_articles_normal_example():
    verdict = Monitor.read(NORMAL).verdict()
    assert verdict.kind == "normal"
    assert verdict.evidence[0] == "eval loss 1.193 at 1 → 0.742 at 3 (-38%)"
    assert verdict.fixes == []


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_articles_overfitting_example_and_its_fixes(lang):
    verdict = Monitor.read(OVERFITTING).verdict(lang)
    assert verdict.kind == "overfitting"
    assert any("59%" in line for line in verdict.evidence)
    fixes = " ".join(verdict.fixes)
    for fix in ("early_stop_interval", "5e-5", "lora_dropout=0.1", "1-2"):
        assert fix in fixes


@pytest.mark.parametrize(
    ("evals", "train", "kind"),
    [
        ([1.5, 1.2, 1.0, 1.005], None, "normal"),
        ([1.5, 1.2, 1.0, 1.02], None, "normal"),
        ([1.5, 1.0, 1.02, 1.04], None, "overfitting"),
        ([1.5, 1.0, 1.02, 1.015], None, "normal"),
        ([1.5, 1.0, 1.2], None, "overfitting"),
        ([1.5, 1.0, 1.6], [1.4, 0.9, 2.5], "diverged"),
        ([1.5, 1.499, 1.498], [1.5, 1.5, 1.5], "not-learning"),
        ([1.5, float("nan")], None, "diverged"),
        ([1.5], None, "unknown"),
    ],
    ids=[
        "noise",
        "one small rise",
        "two small rises",
        "up and down",
        "a clear rise",
        "train rises too",
        "flat",
        "nan",
        "one",
    ],
)
def test_shapes_of_curves(evals, train, kind):
    assert curve(evals, train).verdict().kind == kind


def test_one_noisy_batch_at_the_end_does_not_hide_that_the_train_loss_fell():
    rows = [{"step": i, "loss": 2 - i / 10} for i in range(10)] + [{"step": 10, "loss": 2.2}]
    rows += [{"step": 0, "eval_loss": 2.0}, {"step": 10, "eval_loss": 1.5}]
    assert Monitor(rows).verdict().evidence[1] == "train loss 1.800 at 0 → 1.440 at 10 (-20%)"


def test_rising_token_accuracy_is_counter_evidence():
    rows = [
        {"step": i, "loss": 2 - i / 2, "eval_loss": e, "eval_token_acc": a}
        for i, (e, a) in enumerate([(1, 0.6), (1.3, 0.7)])
    ]
    verdict = Monitor(rows).verdict()
    assert verdict.kind == "overfitting"
    assert verdict.counter == ["eval token accuracy rose too: 0.600 → 0.700"]


SWIFT_LOG = [
    {"eval_loss": 1.7, "eval_token_acc": 0.6, "epoch": 0, "global_step/max_steps": "0/2", "elapsed_time": "1s"},
    {"loss": 1.6, "grad_norm": 0.4, "epoch": 0.5, "global_step/max_steps": "1/2", "loss_private": 1.9},
    {"loss": 1.2, "epoch": 1.0, "global_step/max_steps": "2/2"},
    {"eval_loss": 1.3, "epoch": 1.0, "global_step/max_steps": "2/2"},
    {"train_dataset": "130±0, size=8", "last_model_checkpoint": "x", "log_history": [{"loss": 9}]},
]


@pytest.mark.parametrize("place", ["run", "above", "file"])
def test_reads_what_ms_swift_writes(tmp_path, place):
    folder = tmp_path / "v0-20260101-000000"
    folder.mkdir()
    (folder / "logging.jsonl").write_text("".join(json.dumps(row) + "\n" for row in SWIFT_LOG))
    monitor = Monitor.read({"run": folder, "above": tmp_path, "file": folder / "logging.jsonl"}[place])
    assert monitor.evals() == [(0, 1.7), (2, 1.3)]
    log = monitor.log
    assert log["step"].tolist() == [0, 1, 2, 2]
    assert log["loss_private"].dropna().tolist() == [1.9]
    assert "elapsed_time" not in log


def test_a_log_cut_off_in_the_middle_of_a_line_is_read_up_to_there(tmp_path):
    text = "".join(json.dumps(row) + "\n" for row in SWIFT_LOG[:3]) + '{"loss": 0.'
    (tmp_path / "logging.jsonl").write_text(text)
    assert len(Monitor.read(tmp_path).rows) == 3


def test_reads_trainer_state(tmp_path):
    state = {"log_history": [{"eval_loss": 1.7, "step": 0}, {"loss": 1.6, "step": 1}, {"eval_loss": 1.3, "step": 1}]}
    path = tmp_path / "checkpoint-1" / "trainer_state.json"
    path.parent.mkdir()
    path.write_text(json.dumps(state))
    assert Monitor.read(path).evals() == [(0, 1.7), (1, 1.3)]
    assert Monitor.read(tmp_path).evals() == [(0, 1.7), (1, 1.3)]


def test_reads_a_text_file(tmp_path):
    path = tmp_path / "train.log"
    path.write_text(OVERFITTING, encoding="utf-8")
    assert Monitor.read(path).verdict().kind == "overfitting"


@pytest.mark.parametrize("text", [None, "", "hello\n", "[1, 2]\n"], ids=["missing", "empty", "prose", "a list"])
def test_no_log_is_a_clear_error(tmp_path, text):
    path = tmp_path / "x.log"
    if text is not None:
        path.write_text(text)
    with pytest.raises(DataError, match=r"x\.log"):
        Monitor.read(path)


def test_of_a_mix_the_evaluated_channels_own_train_loss_counts():
    """General rows make the train loss jump; the private channel, which is what is evaluated, falls steadily."""
    rows = [
        {
            "step": i,
            "loss": loss,
            "loss_private": own,
            "loss_general": 3.0,
            "eval_loss": held_out,
            "eval_loss_private": 1,
        }
        for i, (loss, own, held_out) in enumerate([(1.5, 1.5, 1.6), (1.2, 1.2, 1.3), (3.0, 0.9, 1.5)])
    ]
    verdict = Monitor(rows).verdict()
    assert verdict.kind == "overfitting"
    assert verdict.evidence[1] == "train loss 1.500 at 0 → 0.900 at 2 (-40%)"
    without_channels = [{k: v for k, v in row.items() if "_private" not in k} for row in rows]
    assert Monitor(without_channels).verdict().kind == "diverged"


def test_odd_logs_are_read_or_refused_but_never_a_crash(tmp_path):
    assert Monitor.read("Epoch 1/1: Train Loss: 1.5, Eval Loss: 1.193.").evals() == [(1, 1.193)]
    assert Monitor.read('{"step": 1, "loss": 2.0}\n{"step": 1, "eval_loss": 1.0}\n').evals() == [(1, 1.0)]
    gbk = tmp_path / "gbk.log"
    gbk.write_bytes("日志\n".encode("gbk") + OVERFITTING.encode("gbk"))
    assert Monitor.read(gbk).verdict().kind == "overfitting"
    for odd in ("", "x" * 6000, '{"log_history": [null]}\n'):
        with pytest.raises(DataError):
            Monitor.read(odd)


def test_a_run_that_only_makes_the_base_worse_is_not_told_to_keep_step_0():
    rows = [{"step": s, "loss": 2 - s / 20, "eval_loss": e} for s, e in [(0, 1.5), (10, 1.8), (20, 2.0)]]
    verdict = Monitor(rows).verdict()
    assert verdict.kind == "overfitting"
    assert not any("at 0" in fix for fix in verdict.fixes)
