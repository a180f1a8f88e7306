from __future__ import annotations

import json
import os

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
    verdict = Monitor.read(NORMAL).verdict("en")
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
    assert Monitor(rows).verdict("en").evidence[1] == (
        "train loss, on average, 1.800 from 0 to 4 → 1.440 from 6 to 10 (-20%)"
    )


def test_rising_token_accuracy_is_counter_evidence():
    rows = [
        {"step": i, "loss": 2 - i / 2, "eval_loss": e, "eval_token_acc": a}
        for i, (e, a) in enumerate([(1, 0.6), (1.3, 0.7)])
    ]
    verdict = Monitor(rows).verdict("en")
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
    verdict = Monitor(rows).verdict("en")
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
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == "overfitting"
    assert not any("at 0" in fix for fix in verdict.fixes)


# --- resumed runs --------------------------------------------------------------------------------------------------


def stretch(points, total=200, per_epoch=20):
    """The rows ms-swift logs between two checkpoints: `(step, train loss, eval loss)`, None for what is not logged."""
    rows = []
    for step, loss, eval_loss in points:
        at = {"epoch": step / per_epoch, "global_step/max_steps": f"{step}/{total}"}
        rows += [{"loss": loss, "grad_norm": 0.5, **at}] if loss is not None else []
        rows += [{"eval_loss": eval_loss, **at}] if eval_loss is not None else []
    return rows


def written(folder, rows, name="logging.jsonl"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def saved(folder, rows):
    """A checkpoint's `trainer_state.json`."""
    step = int(folder.name.rpartition("-")[2])
    history = [{"step": int(row["global_step/max_steps"].split("/")[0]), **row} for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": step, "log_history": history}))


FIRST = [(10, 2.0, 1.9), (20, 1.7, 1.6), (30, 1.5, 1.4), (40, 1.2, 0.9)]


@pytest.mark.parametrize(
    ("resumed", "steps", "kind", "thrown"),
    [
        ([[(40, 1.3, 1.35), (50, 1.2, 1.3)]], [10, 20, 30, 40, 50], "normal", 2),
        ([[(30, None, 1.4), (40, 1.3, 1.35)]], [10, 20, 30, 40], "normal", 3),
        ([[(40, None, 0.9), (50, 1.1, 0.8)]], [10, 20, 30, 40, 50], "normal", 1),
        ([[(50, 1.1, 0.8)]], [10, 20, 30, 40, 50], "normal", 0),
        ([[(30, 1.4, 1.3), (40, 1.2, 1.2)], [(20, 1.6, 1.5), (30, 1.4, 1.45)]], [10, 20, 30], "normal", 10),
        ([[(30, 1.45, None)]], [10, 20], "normal", 4),
        ([[(30, 1.4, 1.8), (40, 1.2, 2.0)]], [10, 20, 30, 40], "overfitting", 4),
    ],
    ids=[
        "from a checkpoint before the last line",
        "evaluated when it started again",
        "evaluated again where it stopped",
        "where it stopped",
        "twice, the second time from further back",
        "before anything is evaluated anew",
        "and overfits now",
    ],
)
def test_what_a_resumed_run_does_again_replaces_what_it_did_before(tmp_path, resumed, steps, kind, thrown):
    rows = stretch(FIRST) + [row for points in resumed for row in stretch(points)]
    monitor = Monitor.read(written(tmp_path, rows))
    assert [at for at, _ in monitor.evals()] == steps
    assert monitor.verdict().kind == kind
    assert len(monitor.thrown_away) == thrown
    assert len(monitor.rows) + thrown == len(rows)
    told = [line for line in monitor.verdict("en").evidence if "do not count" in line]
    was_trained_again = any("loss" in row for row in monitor.thrown_away)
    assert bool(told) == was_trained_again
    if told:
        assert told[0].startswith(f"{thrown} row(s)")


def test_an_evaluation_made_twice_at_the_end_is_no_step_back(tmp_path):
    """As ms-swift logs it when it evaluates each epoch and once more when it saves."""
    rows = stretch(FIRST)
    monitor = Monitor.read(written(tmp_path, [*rows, {**rows[-1], "eval_runtime": 7.1}]))
    assert [at for at, _ in monitor.evals()] == [10, 20, 30, 40]
    assert not [line for line in monitor.verdict("en").evidence if "do not count" in line]
    other = Monitor.read(written(tmp_path, [*rows, {**rows[-1], "eval_loss": 5.0}]))
    assert [line for line in other.verdict("en").evidence if "do not count" in line]


def test_text_lines_of_a_second_attempt_replace_those_of_the_first():
    monitor = Monitor.read(OVERFITTING + "\n" + NORMAL)
    assert monitor.verdict().kind == "normal"
    assert len(monitor.thrown_away) == 3


@pytest.mark.parametrize("left", ["arguments", "arguments, both moved", "checkpoint of its own", "logs alone"])
def test_a_run_resumed_in_a_new_folder_is_read_from_its_beginning(tmp_path, left):
    """The best evaluation lies before the stop: only with it is the run seen to overfit."""
    first, second = tmp_path / "v0-20260401-080000", tmp_path / "v1-20260401-090000"
    before = stretch([(10, 2.0, 1.6), (20, 1.6, 1.1), (30, 1.3, 1.2)])
    after = stretch([(40, 1.0, 1.3), (50, 0.8, 1.31)])
    written(first, before + stretch([(40, 1.1, 1.25)]))
    written(second, after)
    if left.startswith("arguments"):
        saved(first / "checkpoint-30", before)
        root = tmp_path if left == "arguments" else "/somewhere/else"
        arguments = {"resume_from_checkpoint": f"{root}/{first.name}/checkpoint-30"}
        (second / "args.json").write_text(json.dumps(arguments))
    elif left.startswith("checkpoint"):
        saved(second / "checkpoint-50", before + after)
    for place in (tmp_path, second):
        monitor = Monitor.read(place)
        assert [at for at, _ in monitor.evals()] == [10, 20, 30, 40, 50]
        assert monitor.evals()[3] == (40, 1.3)
        verdict = monitor.verdict("en")
        assert verdict.kind == "overfitting"
        assert any(first.name in line for line in verdict.evidence) == (left == "logs alone")


def test_a_checkpoint_that_was_deleted_is_made_up_for_by_the_log_up_to_its_step(tmp_path):
    first, second = tmp_path / "v3-20260401-080000", tmp_path / "v4-20260401-090000"
    written(first, stretch([(10, 2.0, 1.6), (20, 1.6, 1.1), (30, 1.3, 0.5), (35, None, 0.4)]))
    written(second, stretch([(40, 1.0, 1.05)]))
    (second / "args.json").write_text(json.dumps({"resume_from_checkpoint": str(first / "checkpoint-20")}))
    assert [at for at, _ in Monitor.read(tmp_path).evals()] == [10, 20, 40]


def test_a_run_of_its_own_does_not_take_on_what_another_logged(tmp_path):
    written(tmp_path / "v0-20260401-080000", stretch(FIRST))
    fresh = written(tmp_path / "v1-20260401-090000", stretch([(10, 2.0, 1.9), (20, 1.8, 1.7)]))
    assert Monitor.read(tmp_path).evals() == Monitor.read(fresh).evals()
    (fresh.parent / "args.json").write_text(json.dumps({"resume_from_checkpoint": None}))
    written(fresh.parent, stretch([(100, 2.0, 1.9), (110, 1.8, 1.7)]))  # its first steps were not logged
    assert [at for at, _ in Monitor.read(tmp_path).evals()] == [100, 110]


def test_a_log_without_its_beginning_does_not_say_that_nothing_was_learned(tmp_path):
    log = written(tmp_path, stretch([(150, 1.0, 1.2), (160, 1.0, 1.2), (170, 1.0, 1.2)]))
    verdict = Monitor.read(log).verdict("en")
    assert verdict.kind == "unknown"
    assert "begins at 150" in verdict.evidence[0]


def test_names_of_a_log_are_shown_without_what_a_terminal_obeys(tmp_path):
    odd = r"\ud800\u001b[31mX"
    rows = "".join(
        f'{{"loss": {1 / n}, "global_step/max_steps": "{n}/10", "eval_{odd}_loss": {n}, "eval_{odd}_runtime": 1}}\n'
        for n in range(1, 9)
    )
    run = tmp_path / "v1-\x1b[31m"
    run.mkdir()
    (run / "logging.jsonl").write_text(rows)
    for monitor in (
        Monitor.read(run),
        Monitor([json.loads(row) for row in rows.splitlines()], continues="v0\x1b\ud800"),
    ):
        shown = f"{monitor.verdict('en')}{monitor.verdict('zh')}{monitor.eval_sets}{list(monitor.log)}"
        shown.encode("utf-8")
        assert "\x1b" not in shown
        assert odd in shown
    (run / "none.txt").write_text("nothing")
    with pytest.raises(DataError) as caught:
        Monitor.read(run / "none.txt")
    assert "\x1b" not in str(caught.value)


# --- several evaluation sets ---------------------------------------------------------------------------------------


def on_sets(losses, train=(1.9, 1.3, 0.9), timed=True):
    """One row per set and evaluation, as transformers logs them."""
    rows = []
    for number, loss in enumerate(train):
        at = {"step": 30 * (number + 1), "epoch": number + 1.0}
        rows.append({"loss": loss, **at})
        for name, series in losses.items():
            rows.append({f"eval_{name}_loss": series[number], **({f"eval_{name}_runtime": 2.0} if timed else {}), **at})
    return rows


RISING, FALLING, FLAT = [1.0, 1.2, 1.5], [1.8, 1.5, 1.3], [1.4, 1.4, 1.4]


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize(
    ("losses", "kind", "evidence", "counter"),
    [
        ({"held_out_vue": FALLING}, "normal", "eval loss on held_out_vue 1.800 at 30 → 1.300 at 90", None),
        ({"vue": FALLING, "chat_zh": RISING}, "overfitting", "eval loss on chat_zh is 50% above", "on vue 1.800"),
        ({"chat_zh": RISING, "vue": FALLING}, "overfitting", "eval loss on chat_zh is 50% above", "on vue 1.800"),
        ({"a": RISING, "b": RISING}, "overfitting", "eval loss on b is 50% above", None),
        ({"a": FALLING, "b": FLAT}, "normal", "eval loss on a", "eval loss on b 1.400 at 30 → 1.400 at 90 (+0%)"),
        ({"a": FLAT, "b": FLAT}, "not-learning", "eval loss on b", None),
    ],
    ids=["one", "the second rises", "the first rises", "both rise", "one stays", "both stay"],
)
def test_each_evaluation_set_is_judged_by_itself(losses, kind, evidence, counter, timed):
    verdict = Monitor(on_sets(losses, timed=timed)).verdict("en")
    assert verdict.kind == kind
    assert any(evidence in line for line in verdict.evidence)
    assert any(counter in line for line in verdict.counter) if counter else True
    assert ("metric_for_best_model=eval_chat_zh_loss" in str(verdict)) == ("chat_zh" in losses)
    chinese = Monitor(on_sets(losses, timed=timed)).verdict("zh")
    assert [len(part) for part in (chinese.evidence, chinese.counter, chinese.fixes)] == [
        len(part) for part in (verdict.evidence, verdict.counter, verdict.fixes)
    ]


def test_the_evaluations_of_a_set_by_its_name(tmp_path):
    rows = on_sets({"held_out": FALLING, "chat": RISING})
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"log_history": rows}))
    for monitor in (Monitor.read(path), Monitor.read("".join(json.dumps(row) + "\n" for row in rows))):
        assert monitor.eval_sets == ["held_out", "chat"]
        assert monitor.evals("chat") == [(30, 1.0), (60, 1.2), (90, 1.5)]
        assert monitor.evals("other") == []
        assert len(monitor.evals()) == 6


@pytest.mark.parametrize(
    "beside",
    [
        {"eval_loss_private": 9.0, "eval_loss_of_a_loss": 9.0},
        {"eval_nll_loss": 9.0, "eval_rewards/margins": 1.0},
        {"eval_load_balancing_loss": 9.0, "eval_z_loss": 9.0},
    ],
    ids=["channels", "parts of the loss of DPO", "parts of the loss of Megatron's experts"],
)
def test_channels_and_parts_of_a_loss_are_no_sets(beside):
    rows = [{"step": s, "epoch": s, "loss": 2 / s, "eval_loss": 2 - s / 10, **beside} for s in (1, 2, 3)]
    assert Monitor(rows).eval_sets == [""]
    assert Monitor(rows).verdict().kind == "normal"
    named = [{k.replace("eval_", "eval_set_"): v for k, v in row.items()} for row in rows]
    timed = [{**row, "eval_set_runtime": 1.0} for row in named]
    assert Monitor(timed).eval_sets == ["set"]


def test_a_set_is_held_against_the_train_loss_of_its_own_channel():
    rows = on_sets({"vue": RISING, "chat": FALLING}, train=(1.0, 1.4, 3.0))
    trains = iter([1.5, 1.1, 0.7])
    rows = [{**row, "loss_vue": next(trains)} if "loss" in row else row for row in rows]
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == "overfitting"
    assert "train loss 1.500 at 30 → 0.700 at 90 (-53%)" in verdict.evidence


# --- Megatron, dead runs, evaluations alone ------------------------------------------------------------------------


def megatron(losses, evals, total, every=25):
    """What `swift/megatron/callbacks/print.py` of ms-swift 4.6 writes, for a model with experts."""
    rows = []
    for number, (loss, eval_loss) in enumerate(zip(losses, evals, strict=True)):
        at = {"iteration": f"{every * (number + 1)}/{total}", "elapsed_time": "3m 2s", "train_speed(s/it)": 7.1}
        rows.append({"load_balancing_loss": 1.1, "loss": loss, "grad_norm": 1.5, "learning_rate": 1e-4, **at})
        rows.append({"eval_load_balancing_loss": 1.1, "eval_loss": eval_loss, **at})
    return [*rows, {"last_model_checkpoint": "x", "best_model_checkpoint": None, "best_metric": None}]


@pytest.mark.parametrize(
    ("evals", "total", "kind"),
    [
        ([2.0, 1.6, 1.4, 1.3], 100, "normal"),
        ([2.0, 1.5, 1.6, 1.9], 100, "overfitting"),
        ([2.0, 1.6, 1.4, 1.3], 2000, "unknown"),
    ],
    ids=["learns", "overfits", "has only begun"],
)
def test_logs_of_the_megatron_trainer(tmp_path, evals, total, kind):
    monitor = Monitor.read(written(tmp_path, megatron([1.9, 1.5, 1.1, 0.8], evals, total)))
    assert [at for at, _ in monitor.evals()] == [25, 50, 75, 100]
    assert monitor.eval_sets == [""]
    assert monitor.verdict().kind == kind
    assert set(monitor.log["max_steps"]) == {total}


def test_a_megatron_run_that_was_resumed(tmp_path):
    rows = megatron([1.9, 1.5, 1.1], [2.0, 1.6, 0.8], 100)
    rows += [{**row, "iteration": "75/100"} for row in megatron([1.2], [1.5], 100)[:2]]
    assert Monitor.read(written(tmp_path, rows)).evals() == [(25, 2.0), (50, 1.6), (75, 1.5)]


NAN = float("nan")


@pytest.mark.parametrize(
    ("lang", "evidence", "fix"),
    [("en", "a held-out answer within max_length", "Raise max_length"), ("zh", "超出 max_length", "提高 max_length")],
)
def test_held_out_answers_that_are_cut_off_whole_are_no_divergence(lang, evidence, fix):
    train = [{"step": 5 * n, "loss": 2.0 - n / 10} for n in range(1, 5)]
    evals = [{"step": at, "eval_loss": NAN} for at in (0, 10, 20)]
    verdict = Monitor(sorted(train + evals, key=lambda row: row["step"])).verdict(lang)
    assert verdict.kind == "unknown"
    assert evidence in verdict.evidence[0]
    assert verdict.fixes[0].startswith(fix)


def test_an_eval_loss_that_broke_later_is_a_divergence():
    train = [{"step": 5 * n, "loss": 2.0 - n / 10} for n in range(1, 5)]
    evals = [{"step": at, "eval_loss": loss} for at, loss in ((0, 2.0), (10, NAN), (20, NAN))]
    assert Monitor(sorted(train + evals, key=lambda row: row["step"])).verdict("en").kind == "diverged"


@pytest.mark.parametrize("as_text", [False, True], ids=["NaN", "null"])
@pytest.mark.parametrize(
    ("losses", "norms", "since"),
    [
        ([0.0, 0.0, 0.0, 0.0], [NAN] * 4, 10),
        ([0.0, 0.0, 0.0, 0.0], [0.0] * 4, 10),
        ([NAN] * 4, [NAN] * 4, 10),
        ([1.9, 1.6, NAN, NAN], [1.0, 1.1, NAN, NAN], 30),
        ([1.9, 1.6, 1.5, 0.0], [1.0, 1.1, 1.0, NAN], 40),
        ([1.9, 1.6, 0.0, 0.0], [1.0, 1.1, 0.0, 0.0], 30),
        ([1.9, 1.6, NAN, 0.0], [1.0, 3.0, NAN, 0.0], 30),
        ([1.9, 1.6, 1.6, 1.6], [1.0, NAN, NAN, NAN], 20),
        ([1.9, 0.0, 0.0, 0.0], None, 20),
    ],
)
def test_a_run_that_broke_is_not_told_to_learn_faster(tmp_path, losses, norms, since, as_text):
    rows = []
    for number, loss in enumerate(losses):
        at = {"epoch": number + 1.0, "global_step/max_steps": f"{10 * (number + 1)}/40"}
        rows.append({"loss": loss, **({"grad_norm": norms[number]} if norms else {}), **at})
        rows.append({"eval_loss": 2.0, **at})
    path = written(tmp_path, rows)
    if as_text:
        path.write_text(path.read_text().replace("NaN", "null"))
    verdict = Monitor.read(path).verdict("en")
    assert verdict.kind == "diverged"
    assert f"broke at {since} " in verdict.evidence[0]
    assert "Raise the learning rate" not in str(verdict)
    assert "float16" in str(verdict)
    assert f"训练从第 {since} 步起失效" in Monitor.read(path).verdict("zh").evidence[0]


@pytest.mark.parametrize(
    ("losses", "norms", "told"),
    [
        ([1.9, NAN, 1.5, 1.2], [1.0, NAN, 1.0, 0.9], "at 20 the log has loss nan, grad_norm nan (1 such"),
        ([1.9, 0.0, 0.0, 1.2], [1.0, NAN, NAN, 0.9], "at 20 the log has loss 0, grad_norm nan (2 such"),
        ([1.9, 1.7, 1.5, 1.2], [1.0, NAN, 1.0, 0.9], ""),
        ([1.9, 1.7, 1.5, 1.2], [1.0, 1.0, 1.0, NAN], ""),
    ],
    ids=["nan", "zero", "one gradient", "the last gradient"],
)
def test_a_run_that_came_back_is_judged_by_the_rest(losses, norms, told):
    rows = [
        {"step": 10 * n, "epoch": float(n), "loss": loss, "grad_norm": norm, "eval_loss": 2 - n / 10}
        for n, (loss, norm) in enumerate(zip(losses, norms, strict=True), start=1)
    ]
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == "normal"
    assert any(line.startswith(told) for line in verdict.counter) if told else "the log has" not in str(verdict)


def test_a_loss_that_was_learned_down_to_zero_is_no_broken_one():
    losses = [(1.0, 0.9), (0.2, 1.2), (0.01, 1.6), (0.0, 2.1)]
    for norms in ([1.0, 0.5, 0.01, 0.001], [1.0, 0.5, 0.01, 0.0]):
        rows = [
            {"epoch": n + 1, "loss": loss, "eval_loss": held_out, "grad_norm": norms[n]}
            for n, (loss, held_out) in enumerate(losses)
        ]
        assert Monitor(rows).verdict().kind == "overfitting"


@pytest.mark.parametrize(
    ("evals", "train", "kind"),
    [
        ([1.4, 1.1, 1.3, 1.7], [], "unknown"),
        ([1.4, 1.1, 1.3, 1.7], [(4, 1.0)], "unknown"),
        ([1.4, 1.1, 1.3, 1.7], [(1, 1.5), (2, 1.2)], "unknown"),
        ([1.4, 1.3, 1.2, 1.1], [], "normal"),
        ([1.4, 1.4, 1.4, 1.4], [], "not-learning"),
        ([1.4, 1.2, 1.1, NAN], [], "diverged"),
    ],
    ids=["rising", "one train loss", "none after the best", "falling", "flat", "nan"],
)
def test_without_a_train_loss_beside_it_no_sample_is_blamed(evals, train, kind):
    rows = [{"step": s, "epoch": s, "loss": loss} for s, loss in train]
    rows += [{"step": s, "epoch": s, "eval_loss": loss} for s, loss in enumerate(evals, start=1)]
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == kind
    assert "broken sample" not in str(verdict)
    if kind == "unknown":
        assert any("55% above its lowest, 1.100 at 2" in line for line in verdict.evidence)
        assert any("logging_steps" in fix for fix in verdict.fixes)


# --- too early -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("epochs", "kind"), [(0.03, "unknown"), (0.06, "unknown"), (0.49, "unknown"), (0.5, "normal"), (0.98, "normal")]
)
def test_nobody_is_told_that_all_is_well_before_half_an_epoch(epochs, kind):
    rows = [
        {"step": n, "epoch": epochs * n / 4, "loss": 2 - n / 10, "eval_loss": 1.9 - n / 10, "max_steps": 4}
        for n in range(1, 5)
    ]
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == kind
    assert ("too early" in verdict.evidence[0]) == (kind == "unknown")
    assert (f"{epochs:.0%} of an epoch" in verdict.evidence[0]) == (kind == "unknown")
    flat = [{**row, "eval_loss": 1.9} for row in rows]
    assert Monitor(flat).verdict().kind == ("unknown" if kind == "unknown" else "not-learning")


def test_an_alarm_is_not_held_back_because_it_is_early():
    rows = [{"step": n, "epoch": n / 100, "loss": 2 - n / 10, "eval_loss": 1 + n / 10} for n in range(1, 7)]
    verdict = Monitor(rows).verdict("en")
    assert verdict.kind == "overfitting"
    assert "too early" in verdict.counter[0]


# --- which log -----------------------------------------------------------------------------------------------------


def aged(path, seconds):
    os.utime(path, (seconds, seconds))
    return path


@pytest.mark.parametrize("times", ["equal", "backwards"])
def test_the_newest_is_the_one_of_the_highest_number(tmp_path, times):
    moment = 1_700_000_000
    for step in (800, 9, 1200, 90):
        folder = tmp_path / "plain" / f"checkpoint-{step}"
        saved(folder, stretch([(step // 2 + 1, 2.0, 1.9), (step, 1.5, 1.4)]))
        aged(folder / "trainer_state.json", moment - (step if times == "backwards" else 0))
    assert Monitor.read(tmp_path / "plain").evals()[-1][0] == 1200
    for number, step in ((2, 20), (9, 90), (10, 10)):
        path = written(tmp_path / "runs" / f"v{number}", stretch([(step // 2, 2.0, 1.9), (step, 1.5, 1.4)]))
        aged(path, moment - (number if times == "backwards" else 0))
    assert Monitor.read(tmp_path / "runs").evals()[-1][0] == 10
    for run, steps in (("v1-20260105-000000", (100, 1000)), ("v2-20260106-000000", (8, 60))):
        for step in steps:
            saved(tmp_path / "states" / run / f"checkpoint-{step}", stretch([(step // 2, 2, 2), (step, 1, 1)]))
    assert Monitor.read(tmp_path / "states").evals()[-1][0] == 60


def test_of_two_models_runs_the_later_counts_whatever_its_number(tmp_path):
    for name, step in (("two/v7-20260101-000000", 70), ("one/v0-20260301-000000", 10), ("two/v6-20260201-000000", 60)):
        aged(written(tmp_path / name, stretch([(step // 2, 2.0, 1.9), (step, 1.5, 1.4)])), 1_700_000_000)
    assert Monitor.read(tmp_path).evals()[-1][0] == 10


def test_the_state_beside_the_checkpoints_counts_when_it_went_further(tmp_path):
    saved(tmp_path / "checkpoint-40", stretch([(20, 2.0, 1.9), (40, 1.5, 1.4)]))
    history = [{"step": s, "eval_loss": 2 - s / 100} for s in (20, 40, 55)]
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history}))
    assert Monitor.read(tmp_path).evals()[-1][0] == 55
    (tmp_path / "trainer_state.json").write_text(json.dumps({"log_history": history[:1]}))
    assert Monitor.read(tmp_path).evals()[-1][0] == 40


def falling(last_eval, *, end=300, every=30):
    """A run whose losses fall, evaluated every so many steps until one of them."""
    rows = [{"step": s, "epoch": s / 100, "loss": 2 - s / 200} for s in range(10, end + 1, 10)]
    rows += [{"step": s, "epoch": s / 100, "eval_loss": 2.3 - s / 200} for s in range(every, last_eval + 1, every)]
    return Monitor(sorted(rows, key=lambda row: row["step"])).verdict("en")


def test_a_run_without_an_evaluation_in_its_second_half_is_open():
    verdict = falling(150)
    assert verdict.kind == "unknown"
    assert verdict.evidence[0] == "nothing was evaluated after 150, and training went on to 300: that part is open"
    assert "eval_steps" in verdict.fixes[0]


def test_a_shorter_part_without_an_evaluation_is_told_beside_the_verdict():
    verdict = falling(240)
    assert verdict.kind == "normal"
    assert verdict.counter[0] == "nothing was evaluated after 240, and training went on to 300: that part is open"
    assert not [line for line in falling(270).counter if "nothing was evaluated" in line]


def test_the_eval_loss_is_held_against_the_train_loss_of_its_time():
    (gap,) = [line for line in falling(240).counter if "above" in line]
    assert gap == "eval loss 1.100 at 240 is 22% above the train loss up to there, 0.900"


def test_what_came_after_the_last_evaluation_does_not_make_a_run_overfit():
    """It diverges as far as it was evaluated, and its train loss falls only afterwards."""
    losses = [2.0, 1.8, 1.6, 1.9, 2.2, 2.5, *(2.4 - i / 10 for i in range(20))]
    rows = [{"step": i, "loss": loss} for i, loss in enumerate(losses)]
    rows += [{"step": s, "eval_loss": loss} for s, loss in ((0, 2.0), (2, 1.6), (4, 2.3), (5, 2.6))]
    assert Monitor(rows).verdict().kind == "diverged"


@pytest.mark.parametrize("evals", [[], [{"step": 12, "eval_loss": 6.5}]], ids=["none", "one"])
def test_a_train_loss_that_rises_is_told_without_evaluations(evals):
    verdict = Monitor([{"step": i, "loss": 1 + i / 2} for i in range(13)] + evals).verdict("en")
    assert verdict.kind == "unknown"
    assert "train loss, on average, 2.000 from 0 to 4 → 6.000 from 8 to 12 (+200%)" in verdict.evidence
    assert any("the train loss rose" in line for line in verdict.evidence)
    assert any("Lower the learning rate" in fix for fix in verdict.fixes)


@pytest.mark.parametrize("norm", [0.4, 0.0], ids=["a gradient", "none"])
def test_a_train_loss_of_exactly_zero_is_told_without_evaluations(norm):
    losses = [0.09, 0.05, 0.0, 0.0, 0.0]
    verdict = Monitor([{"step": i, "loss": loss, "grad_norm": norm} for i, loss in enumerate(losses)]).verdict("en")
    assert (verdict.kind, verdict.evidence[-1]) == (
        "unknown",
        "the train loss is exactly 0 from 2 on (3 rows): do those rows hold an answer?",
    )


def test_a_value_at_a_step_is_the_one_of_the_log():
    rows = [{"step": s, "loss": loss} for s, loss in ((10, 2.0), (20, 1.0), (30, 0.9))]
    assert "train loss 2.000 at 10 → 0.900 at 30 (-55%)" in Monitor(rows).verdict("en").evidence


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "loop"], ids=["NUL", "too long", "loop of links"])
def test_a_name_that_can_be_none_is_told_in_one_line(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(DataError) as refused:
        Monitor.read(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_folder_that_cannot_be_looked_through_is_told_in_one_line(tmp_path, monkeypatch):
    def glob(*_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.glob", glob)
    with pytest.raises(DataError, match="Permission denied"):
        Monitor.read(tmp_path)
