"""Stages 1 and 2 from their settings to their results, with a double in place of ms-swift's training."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from swiftprep import Checker, Sample, demo, read_jsonl, write_jsonl
from swiftprep.errors import ConfigError, RunInterrupted
from swiftprep.recipes import check, distill, stage1, stage2
from swiftprep.recipes import scan as scan_recipe
from swiftprep.recipes.shared import stage2_answers, training
from swiftprep.recipes.shared.checking import CheckedSides, say_check
from swiftprep.recipes.shared.settings import MixConfig, ModelConfig, Stage1Config, load_config
from swiftprep.recipes.shared.stage1_state import newest_stage1
from swiftprep.train.monitor import Monitor
from swiftprep.train.results import Evaluation, Run
from swiftprep.train.runner import SwiftRunner

PHONE = "13812345678"
CARDS = {
    name: f"<template><ta-card title='{name}'><ta-tag color='{color}'>{text}</ta-tag></ta-card></template>\n"
    f"<script>\nexport default {{ name: '{name}Card', props: {{ {name.lower()}Id: Number }} }}\n</script>\n"
    for name, color, text in [
        ("Order", "red", "待付款订单"), ("User", "blue", "在线用户"), ("Stock", "green", "库存充足"),
        ("Bill", "gold", "账单已出"), ("Ticket", "cyan", "工单处理中"), ("Coupon", "pink", "优惠券可用"),
        ("Device", "gray", "设备离线"), ("Alarm", "orange", "告警未确认"),
    ]
}  # fmt: skip


@pytest.fixture
def app(tree):
    return tree({f"src/{name}/Index.vue": code for name, code in CARDS.items()})


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    return folder


@pytest.fixture
def given(app, model_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return [f"scan.path={app}", "scan.framework=acme", f"model.path={model_folder}"]


def everything(folder):
    """Return all files below a folder, with their content."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


class Trainer(SwiftRunner):
    """Checks and tells the command as ms-swift's runner does; trains and answers in no time, or is interrupted."""

    trainings: list[dict[str, Any]]
    asked: list[Any]
    stop_at = ""
    seconds = 0.0

    def sft(self, dataset: Any, val_dataset: Any = None, *, dry_run: bool = False, **arguments: Any) -> Run:
        run = super().sft(dataset, val_dataset, dry_run=True, **arguments)
        if dry_run:
            return run
        self.trainings.append({"dataset": dataset, **arguments})
        time.sleep(self.seconds)
        folder = self.output_dir / f"v{len(self.trainings)}-now"
        checkpoint = folder / "checkpoint-3"
        checkpoint.mkdir(parents=True)
        (checkpoint / "trainer_state.json").write_text("{}")
        adapter = {"r": 8, "base_model_name_or_path": self.model}
        (checkpoint / "adapter_config.json").write_text(json.dumps(adapter))
        rows = [{"step": step, "eval_loss": 2.0 - step / 10, "loss": 2.0} for step in range(4)]
        (folder / "logging.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        if self.stop_at == "sft":
            raise RunInterrupted("stopped", checkpoint=checkpoint)
        result = {"global_step": 3, "train_dataset": "size=99"}
        return Run(run.command, folder, checkpoint, checkpoint, result)

    def eval(self, checkpoint: Any = None, dataset: Any = "", **arguments: Any) -> Evaluation:
        if self.stop_at == "eval" or (self.stop_at == "eval tuned" and checkpoint is not None):
            raise RunInterrupted("stopped")
        self.asked.append(checkpoint)
        row = {"id": "1", "metric": "pass", "score": 1.0, "prompt": "q", "reference": "a", "answer": "a"}
        return Evaluation([{"set": name, **row} for name in dataset], self.output_dir, "swift eval")


@pytest.fixture
def trainer(monkeypatch):
    """Stages 1 and 2 train with the double; `trainings` says with what."""
    monkeypatch.setattr(Trainer, "trainings", [], raising=False)
    monkeypatch.setattr(Trainer, "asked", [], raising=False)
    monkeypatch.setattr(Trainer, "stop_at", "")
    monkeypatch.setattr(Trainer, "seconds", 0.0)
    monkeypatch.setattr(training, "SwiftRunner", Trainer)
    return Trainer


# --- nothing finished is touched -------------------------------------------------------------------------------------


def test_a_dry_run_over_a_finished_run_changes_nothing(given, trainer, tmp_path):
    assert stage1.main([*given, "output_dir=mine"]) == 0
    before = everything(tmp_path / "mine")
    assert stage1.main([*given, "--dry-run", "mix.ratio=50:50"]) == 0
    assert stage1.main([*given, "output_dir=mine", "--dry-run", "mix.ratio=50:50"]) == 2
    assert everything(tmp_path / "mine") == before
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_of_the_embedded_model_converts_nothing(given, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    assert stage1.main([*given[:2], "--dry-run"]) == 0
    assert f"--model {demo.model_folder()}" in capsys.readouterr().err
    assert not (tmp_path / "cache" / "models").exists()


def test_a_finished_stage1_is_never_overwritten(given, trainer, tmp_path, capsys):
    assert stage1.main(given) == 0
    before = everything(tmp_path / "runs/stage1")
    assert stage1.main(given) == 0
    assert everything(tmp_path / "runs/stage1") == before
    assert (tmp_path / "runs/stage1-2/report.md").is_file()
    assert "runs/stage1 holds the results of stage1" in capsys.readouterr().err
    assert stage1.main([*given, "output_dir=runs/stage1"]) == 2
    assert everything(tmp_path / "runs/stage1") == before
    assert newest_stage1() == Path("runs/stage1-2")


def test_prepare_leaves_data_and_command_and_the_same_folder_trains_later(given, trainer, tmp_path, capsys):
    assert stage1.main([*given, "--prepare", "--json"]) == 0
    printed = capsys.readouterr()
    out = tmp_path / "runs/stage1"
    command = json.loads(printed.out)["sft"]["command"]
    assert command in printed.err
    assert (out / "command.sh").read_text().endswith(f"\n{command}\n")
    assert {"train.jsonl", "val.jsonl", "catalog.json", "general.jsonl"} <= {p.name for p in (out / "data").iterdir()}
    assert load_config(out / "config.yaml").scan.framework == "acme"
    assert not (out / "report.json").exists()
    assert trainer.trainings == []
    assert stage1.main(given) == 0
    assert (out / "report.json").is_file()
    assert len(trainer.trainings) == 1


def test_prepared_data_are_not_replaced_by_another_job_and_the_same_one_begins_anew(given, trainer, tmp_path, capsys):
    assert stage1.main([*given, "--prepare", "seed=7", "model.device=cpu"]) == 0
    before = everything(tmp_path / "runs/stage1")
    capsys.readouterr()
    assert stage1.main([*given, "--prepare"]) == 0
    assert "runs/stage1 holds the data of a run of stage1 that is not finished, with other settings (seed)" in (
        capsys.readouterr().err
    )
    assert everything(tmp_path / "runs/stage1") == before
    assert (tmp_path / "runs/stage1-2/command.sh").is_file()
    assert stage1.main([*given, "--prepare", "output_dir=runs/stage1", "sft.lora_rank=4"]) == 2
    said = capsys.readouterr().err
    assert "(seed, sft.lora_rank), which stay as they are; go on with it by `swiftprep stage1 --resume " in said
    assert "or name another folder, such as output_dir=runs/stage1-3 (" in said
    assert everything(tmp_path / "runs/stage1") == before
    assert stage1.main([*given, "seed=7", "--prepare", "model.device=cuda", "eval.limit=3"]) == 0
    assert "runs/stage1: the same job was begun there, and is begun anew" in capsys.readouterr().err
    assert everything(tmp_path / "runs/stage1") != before
    assert not (tmp_path / "runs/stage1-3").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="a script of POSIX")
def test_the_prepared_command_works_from_any_folder_and_says_what_it_needs(given, trainer, tmp_path, capsys):
    mine = tmp_path / "general.jsonl"
    write_jsonl(demo.general_samples(), mine)
    wanted = ["--prepare", "model.device=cuda", "output_dir=my runs/a", "mix.general=general.jsonl"]
    assert stage1.main([*given, *wanted]) == 0
    needs = f"copy to the same paths there: my runs/a, {tmp_path / 'model'}, general.jsonl\n"
    assert needs in capsys.readouterr().err
    script = (tmp_path / "my runs/a/command.sh").read_text()
    comment = [line for line in script.splitlines() if line.startswith("#")]
    assert "# Training on a GPU, unless the settings left the device to ms-swift." in comment
    assert "#   general.jsonl" in comment
    assert any("请把以下内容复制到相同的路径" in line for line in comment)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/swift").write_text('#!/bin/sh\npwd; ls "my runs/a/data/train.jsonl" general.jsonl\n')
    (tmp_path / "bin/swift").chmod(0o755)
    copied = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-there"))
    child = subprocess.run(
        ["sh", str(copied / "my runs/a/command.sh")], cwd="/", capture_output=True, text=True, check=True,
        env={"PATH": f"{copied / 'bin'}:/usr/bin:/bin"},
    )  # fmt: skip
    assert child.stdout.splitlines()[0] == str(copied)


def test_a_command_with_absolute_paths_only_stays_where_it_is(given, trainer, tmp_path):
    assert stage1.main([*given, "--prepare", f"output_dir={tmp_path / 'out'}"]) == 0
    assert "\ncd -P " not in (tmp_path / "out/command.sh").read_text()


# --- going on --------------------------------------------------------------------------------------------------------


def test_after_an_interrupted_evaluation_nothing_is_trained_again(given, trainer, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trainer, "stop_at", "eval")
    monkeypatch.setattr(trainer, "seconds", 0.3)
    assert stage1.main([*given, "seed=7"]) == 130
    monkeypatch.setattr(trainer, "seconds", 0.0)
    assert "to go on: swiftprep stage1 --resume output_dir=runs/stage1\n" in capsys.readouterr().err
    assert not (tmp_path / "runs/stage1/report.json").exists()
    monkeypatch.setattr(trainer, "stop_at", "")
    assert stage1.main(["--resume", "output_dir=runs/stage1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(trainer.trainings) == 1
    assert (report["config"]["seed"], report["framework"]) == (7, "acme")
    assert report["seconds"].keys() >= {"scan", "eval"}
    assert report["seconds"]["sft"] >= 0.3, "the time of the first process"
    assert stage1.main(["--resume"]) == 2
    assert "no run was begun" in capsys.readouterr().err


def test_a_model_that_has_answered_is_not_asked_again_unless_the_questions_changed(given, trainer, monkeypatch, capsys):
    monkeypatch.setattr(trainer, "stop_at", "eval tuned")
    assert stage1.main([*given, "scan.val_fraction=0.5"]) == 130
    assert stage1.main(["--resume"]) == 130
    assert "base: was asked before" in capsys.readouterr().err
    assert trainer.asked == [None]
    assert stage1.main(["--resume", "eval.max_new_tokens=9"]) == 130
    assert stage1.main(["--resume", "eval.max_new_tokens=9", "eval.limit=1"]) == 130
    assert trainer.asked == [None, None, None]
    monkeypatch.setattr(trainer, "stop_at", "")
    assert stage1.main(["--resume", "eval.max_new_tokens=9", "eval.limit=1"]) == 0
    assert len(trainer.asked) == 4
    assert trainer.asked[-1] is not None


def test_an_interrupted_training_goes_on_from_its_newest_checkpoint(given, trainer, tmp_path, monkeypatch, app):
    old = tmp_path / "runs/stage1/sft/v0-before/checkpoint-9"
    old.mkdir(parents=True)
    (old / "trainer_state.json").write_text("{}")
    monkeypatch.setattr(trainer, "stop_at", "sft")
    monkeypatch.setattr(trainer, "seconds", 0.2)
    assert stage1.main(given) == 130
    data = (tmp_path / "runs/stage1/data/train.jsonl").read_bytes()
    shutil.rmtree(app)  # it goes on with the data it began with
    monkeypatch.setattr(trainer, "stop_at", "")
    assert stage1.main(["--resume"]) == 0
    seconds = json.loads((tmp_path / "runs/stage1/report.json").read_text())["seconds"]
    assert seconds["sft"] >= 0.4, "both parts"
    first, second = trainer.trainings
    assert "resume_from_checkpoint" not in first
    assert second["resume_from_checkpoint"] == "runs/stage1/sft/v1-now/checkpoint-3"
    assert second["dataset"] == first["dataset"]
    assert (tmp_path / "runs/stage1/data/train.jsonl").read_bytes() == data


def test_what_is_interrupted_before_any_checkpoint_starts_with_its_data(given, trainer, tmp_path):
    assert stage1.main([*given, "--prepare"]) == 0
    assert stage1.main(["--resume", "eval.limit=1"]) == 0
    (only,) = trainer.trainings
    assert "resume_from_checkpoint" not in only
    assert load_config(tmp_path / "runs/stage1/config.yaml").eval.limit == 1


@pytest.fixture
def demo_stage1(trainer, model_folder, tmp_path, monkeypatch):
    """A finished stage 1 on the demonstration application, for which experts' answers are included."""
    monkeypatch.chdir(tmp_path)
    assert stage1.main(["scan.path=demo", f"model.path={model_folder}"]) == 0
    return tmp_path / "runs/stage1"


def test_stage2_is_prepared_trained_later_and_never_trained_again(demo_stage1, trainer, tmp_path, monkeypatch, capsys):
    before = everything(demo_stage1)
    assert stage2.main(["distill.n=0", "--prepare"]) == 0
    out = tmp_path / "runs/stage2"
    assert (
        (out / "command.sh").read_text().startswith("#!/bin/sh\n# Training on the CPU; for a command for a GPU, set d")
    )
    assert "--adapters runs/stage1/sft/v1-now/checkpoint-3" in capsys.readouterr().err
    assert len(trainer.trainings) == 1, "that of stage 1"
    monkeypatch.setattr(trainer, "stop_at", "eval")
    assert stage2.main(["--resume"]) == 130
    assert "to go on: swiftprep stage2 --resume output_dir=runs/stage2\n" in capsys.readouterr().err
    monkeypatch.setattr(trainer, "stop_at", "")
    assert stage2.main(["--resume", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(trainer.trainings) == 2
    facts = report["check"]
    assert facts["read"] + facts["held_out_read"] == report["distilled"]["kept"]
    assert facts["read"] == facts["kept"] + facts["rejected"]
    assert (out / "coverage.png").is_file()
    assert stage2.main(["distill.n=0", "output_dir=runs/stage2"]) == 2
    assert "holds the results of stage2" in capsys.readouterr().err
    assert everything(demo_stage1) == before


def test_stage2_tells_the_command_for_a_gpu(demo_stage1, trainer, tmp_path, capsys):
    assert stage2.main(["distill.n=0", "--dry-run"]) == 0
    assert "with device=cuda it is that for a machine with a GPU" in capsys.readouterr().err
    assert stage2.main(["distill.n=0", "--prepare", "device=cuda"]) == 0
    said = capsys.readouterr().err
    assert "=cuda" not in said
    script = (tmp_path / "runs/stage2/command.sh").read_text()
    assert "--use_cpu" not in script
    assert "#   runs/stage1/sft/v1-now/checkpoint-3\n" in script
    assert stage2.main(["--resume", "--dry-run", "device=cpu"]) == 0
    assert "--use_cpu true" in capsys.readouterr().err


def test_stage2_dry_run_tells_the_command_and_writes_nothing(demo_stage1, tmp_path, capsys):
    before = everything(tmp_path)
    capsys.readouterr()
    assert stage2.main(["distill.n=0", "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "--dataset runs/stage2/data/distilled.jsonl" in said
    assert "--output_dir runs/stage2/sft" in said
    assert "/swiftprep-" not in said
    assert everything(tmp_path) == before


def test_stage2_stops_with_advice_when_too_few_answers_are_left_to_train_on(demo_stage1, trainer, monkeypatch, capsys):
    monkeypatch.setattr(stage2_answers, "LEAST_TO_TRAIN_ON", 1000)
    assert stage2.main(["distill.n=0"]) == 2
    assert "at least 1000 and 1 are needed: give a larger distill.n" in capsys.readouterr().err
    assert len(trainer.trainings) == 1


@pytest.mark.parametrize(("steps", "trains"), [(3, False), (2, True)], ids=["at its end", "halfway"])
def test_what_the_prepared_command_trained_is_only_evaluated(steps, trains, given, trainer, tmp_path, capsys):
    assert stage1.main([*given, "--prepare"]) == 0
    for step in (1, steps):
        checkpoint = tmp_path / f"runs/stage1/sft/v0-now/checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        state = {"global_step": step, "max_steps": 3, "best_model_checkpoint": "/elsewhere/checkpoint-1"}
        (checkpoint / "trainer_state.json").write_text(json.dumps(state))
    (checkpoint.parent / "logging.jsonl").write_text('{"step": 0, "eval_loss": 2.0}\n{"step": 3, "eval_loss": 1.0}\n')
    assert stage1.main(["--resume", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert bool(trainer.trainings) is trains
    if not trains:
        assert report["sft"]["best_checkpoint"] == "runs/stage1/sft/v0-now/checkpoint-1"
        assert report["sft"]["rows"]["trained"] is None
        assert (tmp_path / "runs/stage1/report.md").is_file()


# --- the demonstration is asked for by name --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "argv", "message"),
    [
        (check, [], "data: check what?"),
        (check, ["lang=en"], "data: check what?"),
        (scan_recipe, ["output_dir=x"], "scan.path: which code base?"),
        (distill, ["distill.n=1"], "scan.path: which code base?"),
        (stage1, ["mix.ratio=50:50"], "scan.path: which code base?"),
        (stage1, [], "scan.path: which code base?"),
        (stage1, ["--dry-run"], "scan.path: which code base?"),
    ],
)
def test_no_recipe_falls_back_on_the_demonstration(recipe, argv, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert recipe.main(argv) == 2
    (complaint,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert message in complaint
    assert "swiftprep demo" in complaint or "swiftprep check demo" in complaint
    assert list(tmp_path.iterdir()) == []


def test_stage1_with_no_argument_at_all_is_the_demonstration_in_a_folder_of_its_own(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo").mkdir()
    asked: list[Stage1Config] = []

    def ask(config, **options):
        asked.append(config)
        return {}

    monkeypatch.setattr(stage1, "stage1", ask)
    monkeypatch.setattr(sys, "argv", ["stage1"])
    assert stage1.main() == 0
    (config,) = asked
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    report = stage1.stage1(config, dry_run=True)
    assert (report["scan"]["root"], report["framework"]) == (str(demo.app()), "ta404")
    assert "--output_dir runs/demo/sft" in report["sft"]["command"]


def test_stage2_takes_the_newest_stage1_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert stage2.main([]) == 2
    assert "no finished stage 1 there; run `swiftprep stage1" in capsys.readouterr().err
    for number, name in enumerate(("stage1", "demo", "demo-2", "mine", "other")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        state = tmp_path / "runs" / name / "state.json"
        state.write_text("{}" if name == "other" else '{"best_checkpoint": "x"}')  # another program's state.json
        os.utime(state, (number, number))
    assert stage2.main([]) == 2
    assert "stage 1 runs/mine, the newest in runs" in capsys.readouterr().err


# --- the check within stage 1 ----------------------------------------------------------------------------------------


def test_a_phone_number_is_in_no_data_and_what_is_trained_on_was_checked(given, trainer, app, tmp_path):
    for name in ("Order", "User", "Stock", "Bill"):
        (app / f"src/{name}/Phone.vue").write_text(
            f"<template><ta-tag>{name} 客服电话 {PHONE}</ta-tag></template>\n<script>\n"
            f"export default {{ name: '{name}Phone', data: () => ({{ phone: '{PHONE}' }}) }}\n</script>\n"
        )
    (app / "src/Order/Copy.vue").write_text(CARDS["Order"])
    (
        tmp_path / "mine.yaml"
    ).write_text(  # the scan replaces it in code; in a template of the user's, only the check does
        f"kind: component\ninstruction: 学习这个组件，有问题请致电 {PHONE}。\ninput: '{{{{ path }}}}'\noutput: '{{{{ code }}}}'\n"
    )
    assert stage1.main([*given, "scan.kinds=mine.yaml"]) == 0
    out = tmp_path / "runs/stage1"
    data = {name: (out / "data" / f"{name}.jsonl").read_text() for name in ("train", "val")}
    assert PHONE not in data["train"] + data["val"]
    report = json.loads((out / "report.json").read_text())
    facts, scanned = report["check"], report["scan"]
    assert facts["read"] == facts["kept"] + facts["rejected"] == scanned["train"]
    assert facts["held_out_read"] == facts["held_out"] + facts["held_out_rejected"] == scanned["held_out"]
    assert facts["kept"] == len(data["train"].splitlines())
    assert facts["held_out"] == len(data["val"].splitlines())
    rules = {row["rule"]: row["severity"] for row in facts["rules"] + facts["held_out_rules"]}
    assert rules["personal-data"] == "fix"
    assert (out / "checked/report.html").is_file()
    text = (out / "report.md").read_text()
    assert f"- Quality check of the training side: {facts['kept']} of {facts['read']} samples kept" in text
    assert f"- Quality check of the held-out side: {facts['held_out']} of {facts['held_out_read']} samples kept" in text


def test_held_out_rows_are_never_dropped_for_each_other_and_training_rows_that_leak_them_are():
    from swiftprep import Sample
    from swiftprep.catalog.catalog import Catalog
    from swiftprep.recipes.shared.checking import check_sides

    long = "先取得对话框的引用，再调用它的关闭方法，最后把表单里的数据重新置空，避免下次打开时还留着上一次填写的内容。"
    val = [Sample.from_instruction("怎样关闭对话框？", "", long, id=str(n), meta={"split": "val"}) for n in range(2)]
    train = [
        Sample.from_instruction("怎样关闭对话框？", "", long, id="leak"),
        Sample.from_instruction(
            "表格怎样分页？", "", "给表格传入 pagination，并监听 change 事件取得新的页码。", id="fine"
        ),
    ]
    sides = check_sides(train, val, catalog=Catalog())
    assert [sample.id for sample in sides.val] == ["0", "1"]
    assert [sample.id for sample in sides.train] == ["fine"]
    assert sides.facts()["rejected"] == 1


def test_the_console_says_what_is_scanned(given, trainer, capsys):
    assert stage1.main([*given, "--dry-run"]) == 0
    said = capsys.readouterr().err
    assert "scan    kinds: component; suffixes: .vue; 20% of the files held out (scan.kinds=…" in said


def test_the_console_counts_the_warnings_of_both_sides_by_rule_and_says_where_they_are(capsys):
    refusals = [
        Sample.from_instruction(
            f"第 {n} 个问题：怎样关闭对话框？", "", "抱歉，作为一个人工智能助手，我无法回答这个问题。", id=str(n)
        )
        for n in range(3)
    ]
    checker = Checker(levels={"refusal": "warn", "near-duplicate": "off", "duplicate": "off"})
    train, val = (checker.run(side, source="x") for side in (refusals[:2], refusals[2:]))
    assert "refusal" in {row.rule for row in train.counts().itertuples()}
    say_check(CheckedSides(list(train.kept), list(val.kept), train, val), Path("out/checked"))
    said = capsys.readouterr().err
    assert (
        "3 warnings, most often 3 refuses to answer (refusal): out/checked/report.html, out/checked/held-out/report.html\n"
        in said
    )


def test_few_held_out_files_are_warned_of(given, trainer, capsys):
    assert stage1.main([*given, "scan.val_fraction=0.1", "--dry-run"]) == 0
    assert "only 1 file held out" in capsys.readouterr().err
    assert stage1.main([*given, "scan.val_fraction=0.5", "--dry-run"]) == 0
    assert "held out, so" not in capsys.readouterr().err


# --- check: the catalogue beside the data ----------------------------------------------------------------------------


def test_check_finds_the_catalogue_beside_the_data_or_says_that_there_is_none(given, tmp_path, capsys):
    assert scan_recipe.main([given[0], "scan.framework=ta", "output_dir=data"]) == 0
    capsys.readouterr()
    assert check.main(["data/train.jsonl", "--dry-run"]) == 0
    assert "data/catalog.json, beside the data" in capsys.readouterr().err
    shutil.copy("data/train.jsonl", "alone.jsonl")
    assert check.main(["alone.jsonl", "--dry-run"]) == 0
    assert "give one with catalog=" in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


# --- who the model says it is ----------------------------------------------------------------------------------------


def test_the_model_is_named_after_the_framework_unless_the_settings_name_it(given, trainer, tmp_path):
    assert stage1.main([*given, "--prepare"]) == 0
    text = (tmp_path / "runs/stage1/data/general.jsonl").read_text()
    assert "acme 助手" in text
    assert "acme 团队" in text
    assert "{{" not in text


def test_names_reach_ms_swift_with_data_of_the_hub_only(given, trainer, tmp_path, capsys):
    assert stage1.main([*given, "--dry-run", "--json"]) == 0
    assert "model_name" not in json.loads(capsys.readouterr().out)["sft"]["command"]
    hub = ["mix.general=[team/chat#500]", "--dry-run", "--json"]
    assert stage1.main([*given, *hub]) == 0
    command = json.loads(capsys.readouterr().out)["sft"]["command"]
    assert "--model_name 'acme 助手' 'acme assistant'" in command
    assert "--model_author 'acme 团队' 'acme team'" in command
    assert stage1.main([*given, *hub, "model.name=小A"]) == 0
    assert "--model_name '小A' '小A'" in json.loads(capsys.readouterr().out)["sft"]["command"]


@pytest.mark.parametrize(
    ("mix", "model", "rows"),
    [
        ({}, {}, None),
        ({}, {"name": "A"}, None),
        ({"general": ["g.jsonl"]}, {}, None),
        ({"general": ["g.jsonl"]}, {"name": "A"}, "14"),
        ({"general": ["g.jsonl"], "identity": 0}, {"name": "A"}, None),
        ({"identity": 30}, {}, "30"),
    ],
)
def test_identity_is_a_small_channel_of_its_own(mix, model, rows, tmp_path):
    entries = training.identity_data(MixConfig(**mix), ModelConfig(**model), "acme", tmp_path)
    assert entries == ([f"{tmp_path}/identity.jsonl#{rows}"] if rows else [])
    if rows:
        samples = list(read_jsonl(tmp_path / "identity.jsonl"))
        assert {sample.channel for sample in samples} == {"identity"}
        assert len(samples) == 14
        assert all("A" in s.answer or "acme" in s.answer for s in samples)


def test_without_any_name_the_included_rows_say_nothing_of_the_model(tmp_path):
    training.general_data(None, ModelConfig(), tmp_path)
    text = (tmp_path / "general.jsonl").read_text()
    assert "TA404" not in text
    assert "{{" not in text
    assert len(text.splitlines()) == len(demo.general_samples()) - 14


# --- counts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "arguments", "processes", "seen"),
    [
        (5, {"gradient_accumulation_steps": 4}, None, 20),
        (5, {"gradient_accumulation_steps": 2, "per_device_train_batch_size": 3}, None, 30),
        (5, {"gradient_accumulation_steps": 4}, "2", 40),
        (500, {"gradient_accumulation_steps": 4}, None, 317),
        (5, {}, None, 5),
    ],
)
def test_rows_seen_are_steps_times_batches_and_no_more_than_there_are(steps, arguments, processes, seen, monkeypatch):
    monkeypatch.delenv("NPROC_PER_NODE", raising=False)
    if processes:
        monkeypatch.setenv("NPROC_PER_NODE", processes)
    run = Run("swift sft", result={"global_step": steps, "train_dataset": "Dataset(size=317)"})
    rows = training.sft_facts(run, Monitor([]), 320, 9, arguments)["rows"]
    assert rows == {"planned": 320, "data_set": 317, "trained": seen, "held_out": 9}


# --- disks and folders -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["stage1", "scan", "check"])
def test_a_folder_that_cannot_be_made_is_one_line(name, given, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    argv = [f"{tmp_path}/file", "lang=en"] if name == "check" else given[: 3 if name == "stage1" else 2]
    recipe = {"stage1": stage1, "scan": scan_recipe, "check": check}[name]
    if name == "check":
        (tmp_path / "x.jsonl").write_text(
            '{"query": "按钮怎么写？", "response": "用 `<ta-button>`，点击事件用 @click 监听。"}'
        )
        argv = ["x.jsonl"]
    assert recipe.main([*argv, "output_dir=file/out"]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line.startswith("error:")]) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("name", ["stage1", "scan"])
def test_a_full_disk_is_one_line(name, given, tmp_path):
    argv = [*given[: 3 if name == "stage1" else 2], "output_dir=out", *(["--prepare"] if name == "stage1" else [])]
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"from swiftprep.recipes import {name};"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000));"
        f"sys.exit({name}.main({argv!r}))"
    )
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert child.returncode == 1, child.stderr
    assert "Traceback" not in child.stderr
    assert [line for line in child.stderr.splitlines() if line.startswith("error:")] != []


@pytest.mark.skipif(sys.platform == "win32", reason="HOME of POSIX")
def test_without_a_home_the_stages_still_tell_the_command(given, tmp_path):
    code = f"import sys; from swiftprep.recipes import stage1; sys.exit(stage1.main({[*given, '--dry-run']!r}))"
    (tmp_path / "file").write_text("")
    env = {"PATH": "/usr/bin:/bin", "HOME": f"{tmp_path}/file/home", "PYTHONPATH": ":".join(sys.path)}
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=env)
    assert child.returncode == 0, child.stderr
    assert "Traceback" not in child.stderr


def test_settings_without_a_framework_take_the_name_the_scanner_tells(given, trainer, tmp_path):
    assert stage1.main([given[0], given[2], "--prepare"]) == 0
    assert load_config(tmp_path / "runs/stage1/config.yaml").scan.framework
    with pytest.raises(ConfigError, match="which code base"):
        stage1.stage1(Stage1Config(), dry_run=True)
