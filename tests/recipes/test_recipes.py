"""The recipes: their settings, their exit codes, and stage 1 for real."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from present import present
from scripted_teacher import scripted

from swiftprep import recipes, withheld
from swiftprep.errors import ConfigError
from swiftprep.process import worker_child
from swiftprep.recipes import check, distill, stage1
from swiftprep.recipes import scan as scan_recipe
from swiftprep.recipes.shared.distill_settings import DistillConfig, Stage2Config
from swiftprep.recipes.shared.phases import newest_checkpoint
from swiftprep.recipes.shared.settings import (
    DEFAULT_SFT,
    EMBEDDED_SFT,
    CheckConfig,
    Section,
    Stage1Config,
    load,
    load_config,
    save_config,
)
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.scan import scanner as scanner_module
from swiftprep.teachers.functions import as_teacher

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "recipes").glob("*.yaml"))
SETTINGS: dict[str, type[Section]] = {"stage1": Stage1Config, "stage2": Stage2Config, "distill": DistillConfig}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_recipe_is_valid_and_opens_with_its_command(path):
    first = path.read_text(encoding="utf-8").splitlines()[0]
    command = re.fullmatch(rf"# swiftprep (\w+) recipes/{path.name}(.*)", first)
    assert command is not None
    assert load(SETTINGS[command[1]], path, command[2].split())


def test_settings_come_from_defaults_then_file_then_command_line(tmp_path):
    file = tmp_path / "x.yaml"
    file.write_text("scan: {framework: acme}\nmix: {ratio: 50:50}\nseed: 7\n")
    config = load_config(file, ["seed=8", "sft.learning_rate=5e-5"])
    assert (config.scan.framework, config.mix.ratio, config.seed) == ("acme", "50:50", 8)
    assert config.sft == {"learning_rate": 5e-5}
    assert config.model == Stage1Config().model


@pytest.mark.parametrize(
    "text",
    [
        "/data/p #1/out",
        "a: b",
        "[x]",
        "{x}",
        "'x'",
        "# x",
        "* x",
        "&x",
        "!x",
        "%x",
        "@x",
        "`x",
        "no",
        "1.0",
        "2024-01-01",
        "x\\n",
        "-",
        "? x",
        "| x",
        "C:\\x",
    ],
)
def test_a_path_or_a_text_is_taken_as_it_is(text):
    config = load_config(None, [f"output_dir={text}", f"scan.path={text}", f"scan.framework={text}"])
    assert (config.output_dir, config.scan.path, config.scan.framework) == (Path(text), Path(text), text)


def test_home_and_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load_config(None, ["scan.path=~", "output_dir=~/runs/~x"])
    assert (config.scan.path, config.output_dir) == (tmp_path, tmp_path / "runs" / "~x")
    assert load_config(None, ["scan.path=null", "scan.vue_version="]).scan.path is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("50:50", "50:50"),
        ("70:30", "70:30"),
        ("0.4", 0.4),
        ("1e-4", 1e-4),
        ("5e-05", 5e-5),
        ("42", 42),
        ("true", True),
        ("no", "no"),
        ("off", "off"),
    ],
)
def test_yaml_reads_ratios_and_rates_as_people_mean_them(text, value):
    read = load_yaml(text)
    assert read == value
    assert type(read) is type(value)


def test_resolved_settings_are_read_back_the_same(tmp_path):
    config = load_config(None, ["mix.ratio=50:50", "scan.path=/x", "sft.lora_rank=4"])
    assert load_config(save_config(config, tmp_path / "c.yaml")) == config


def test_what_people_type(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    file = tmp_path / "x.yaml"
    file.write_text("scan:\nmix:\n  ratio: 70:30\n")
    config = load_config(file, ["scan.vue_version=2.7", "scan.framework=404", "output_dir=~/runs", "scan.lang=en"])
    assert (config.scan.vue_version, config.scan.framework, config.scan.lang) == ("2.7", "404", "en")
    assert config.output_dir == Path("/home/me/runs")


def test_tokens_are_not_kept(tmp_path):
    saved = save_config(load_config(None, ["sft.hub_token=canary"]), tmp_path / "c.yaml")
    assert "canary" not in saved.read_text()


def test_all_unknown_keys_are_reported_at_once():
    with pytest.raises(ConfigError) as error:
        load_config(None, ["scan.pth=x", "mx.ratio=1", "scan.lang=fr", "seed=many", "sft.learning_rat=1"])
    lines = str(error.value).splitlines()
    assert len(lines) == 5
    text = "\n".join(lines)
    for hint in (
        "did you mean 'scan.path'",
        "did you mean 'mix'",
        "scan.lang='fr'",
        "seed='many'",
        "did you mean 'learning_rate'",
    ):
        assert hint in text


@pytest.fixture
def app(tree):
    return tree({f"src/{name}/Index.vue": f"<template><ta-card title='{name}' /></template>\n" for name in "abcdef"})


@pytest.fixture
def model_folder(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    return folder


BAD_INPUT = {
    "missing folder": ("scan.path={tmp}/none", "no such folder"),
    "no .vue": ("scan.path={tmp}/no-vue", "no .vue file in it"),
    "misspelt key": ("scan.pathh=x", "scan.pathh: no such key (did you mean 'scan.path'?)"),
    "misspelt ms-swift argument": ("sft.learning_rat=1", "did you mean 'learning_rate'?"),
    "ratio": ("mix.ratio=40:70:1", "ratio '40:70:1'"),
    "missing model": ("model.path=/none/model", "no such model folder"),
    "empty dataset": ("mix.general=[{tmp}/empty.jsonl]", "the file is empty"),
    "#0": ("mix.general=[swift/self-cognition#0]", "#0 is not a number of rows"),
    "hub data set of unknown size": ("mix.general=[team/rows]", "unknown size"),
    "missing settings file": ("none.yaml", "none.yaml: No such file"),
    "what the recipe sets itself": ("sft.dataset=x.jsonl", "sft.dataset: this recipe sets it; use scan.path"),
    "missing probes": ("eval.probes=/none.jsonl", "/none.jsonl: no such file"),
    "no checkpoints": ("sft.save_strategy=no", "no checkpoint to evaluate"),
    "a file as folder": ("output_dir={tmp}/empty.jsonl", "is a file"),
    "size that is no number": ("sft.max_length=abc", "expected a whole number"),
}


@pytest.mark.parametrize("ratio", ["0:100", "50:50:1", "half", "2"])
def test_a_ratio_that_is_none_is_refused_before_the_scan(ratio):
    with pytest.raises(ConfigError, match=r"^mix\.ratio=.*expected 'private:general'"):
        load_config(overrides=[f"mix.ratio={ratio}"])


NOTHING_KEPT = {
    "all ignored": (None, 2, "3 ignored"),
    "one exception": (lambda: NameError("name 'x' is not defined"), 1, "an error within swiftprep, the same for all 3: NameError: name"),
    "two exceptions": (iter([NameError("x"), KeyError("y"), NameError("x")]).__next__, 2, "3 not-parsed"),
    "a limit": (lambda: MemoryError(), 2, "3 not-parsed"),
}  # fmt: skip


@pytest.mark.parametrize(("error", "code", "message"), NOTHING_KEPT.values(), ids=NOTHING_KEPT.keys())
def test_a_scan_that_keeps_nothing_replaces_nothing(error, code, message, tmp_path, app, monkeypatch, capsys):
    for name in "def":
        shutil.rmtree(app / "src" / name)
    settings = [f"scan.path={app}", f"output_dir={tmp_path}/out"]
    assert scan_recipe.main(settings) == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()}
    capsys.readouterr()
    if error is None:
        settings.append("scan.ignore=['*']")
    else:
        monkeypatch.setattr(scanner_module, "_readers", failing_readers(error))
    assert scan_recipe.main([*settings, "scan.lang=en"]) == code
    (complaint,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert message in complaint
    assert "stays as it is" in complaint
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir() if path.is_file()} == before
    assert stage1.main([*settings[:1], *settings[2:], f"output_dir={tmp_path}/s1", "--dry-run"]) == code
    assert not (tmp_path / "s1").exists()


def failing_readers(error):
    """Return readers to whom the same happens with every file as to a worker."""

    def fails(file):
        raise error()

    @contextmanager
    def readers(job, limits, workers):
        def read(files, known):
            future: Future[Any] = Future()
            future.set_result([worker_child.attempt(fails, file) for file in files])
            return future

        yield read

    return readers


def test_a_check_that_keeps_nothing_replaces_nothing(tmp_path, capsys):
    row = {"query": "怎么写一个按钮组件？", "response": "写 `<ta-button>`，点击事件用 `@click` 监听就可以了。"}
    data = tmp_path / "x.jsonl"
    data.write_text(json.dumps(row))
    assert check.main([str(data), f"output_dir={tmp_path}/out"]) == 0
    before = (tmp_path / "out" / "kept.jsonl").read_bytes()
    data.write_text('{"a": 1}\n{"query": "q"')
    assert check.main([str(data), f"output_dir={tmp_path}/out"]) == 2
    assert "nothing is kept: 1 " in capsys.readouterr().err
    assert (tmp_path / "out" / "kept.jsonl").read_bytes() == before


@pytest.mark.parametrize(("setting", "message"), BAD_INPUT.values(), ids=BAD_INPUT.keys())
def test_bad_input_is_one_clear_line_and_exit_2(setting, message, tmp_path, app, model_folder, capsys):
    (tmp_path / "no-vue").mkdir()
    (tmp_path / "empty.jsonl").write_text("")
    usual = [f"scan.path={app}", f"model.path={model_folder}", f"output_dir={tmp_path}/out"]
    assert stage1.main([*usual, setting.format(tmp=tmp_path)]) == 2
    complaints = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(complaints) == 1
    assert message in complaints[0]


def test_dry_run_plans_everything_and_loads_no_model(tmp_path, app, model_folder, capsys):
    settings = [f"scan.path={app}", f"model.path={model_folder}", f"output_dir={tmp_path}/out", "--dry-run", "--json"]
    assert stage1.main([*settings, "mix.ratio=50:50"]) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["scan"]["found"] == 6
    assert report["mix"]["dataset"][1].endswith("general.jsonl#5")
    assert report["sft"]["command"].startswith("swift sft")
    assert report["sft"]["command"] in printed.err
    assert f"--dataset {tmp_path}/out/data/train.jsonl" in report["sft"]["command"]
    assert f"--output_dir {tmp_path}/out/sft" in report["sft"]["command"]
    assert "/swiftprep-" not in printed.err + printed.out, "the temporary folder is not shown"
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.xdist_group("stage1")
def test_stage1_on_the_embedded_default(stage1_run):
    """The whole chain for real."""
    out = stage1_run.folder
    report = json.loads(stage1_run.printed)
    assert report == json.loads((out / "report.json").read_text())
    assert report["sft"]["eval_loss"]["tuned"] < report["sft"]["eval_loss"]["base"] - 0.02
    assert report["sft"]["rows"]["planned"] == report["sft"]["rows"]["data_set"] == 35
    assert report["sft"]["rows"]["trained"] == 8 * 4
    assert {c["name"]: c["questions"] for c in report["eval"]} == {"general": 4, "held-out": 1}
    assert report["verdict"]["kind"] == "normal"
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "## 结论：正常" in text
    resolved = load_config(out / "config.yaml").sft
    assert resolved["max_steps"] == 8
    assert resolved["learning_rate"] == EMBEDDED_SFT["learning_rate"]
    assert set(DEFAULT_SFT) < set(resolved)
    assert (Path(report["sft"]["best_checkpoint"]) / "adapter_model.safetensors").is_file()


@pytest.mark.slow
def test_ctrl_c_exits_130_and_says_how_to_go_on(tmp_path, model):
    command = [
        sys.executable,
        "-m",
        "swiftprep.recipes.stage1",
        "scan.path=demo",
        f"output_dir={tmp_path}",
        "sft.max_length=128",
    ]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not any('"loss"' in log.read_text() for log in tmp_path.glob("sft/v*/logging.jsonl")):
        assert child.poll() is None, present(child.stderr).read()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert f"to go on: swiftprep stage1 --resume output_dir={tmp_path}\n" in said
    checkpoint = newest_checkpoint(tmp_path / "sft")
    assert checkpoint is not None
    assert (checkpoint / "trainer_state.json").is_file()
    short = ["sft.max_steps=1", "eval.limit=1", "eval.max_new_tokens=4"]
    assert stage1.main(["--resume", f"output_dir={tmp_path}", *short]) == 0
    log = next(path for path in tmp_path.glob("sft/v*/args.json") if path.parent != checkpoint.parent)
    assert json.loads(log.read_text())["resume_from_checkpoint"] == str(checkpoint)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "module",
    ["recipes", "swiftprep.errors", "swiftprep.recipes.shared.command_line", "pydantic", "swiftprep.scan.scanner"],
)
def test_ctrl_c_while_modules_are_imported_is_one_line(module, app, tmp_path):
    module = module if "." in module or module == "pydantic" else f"swiftprep.{module}"
    command = [sys.executable, "-X", "importtime", "-m", "swiftprep.recipes.scan", f"scan.path={app}"]
    with subprocess.Popen([*command, f"output_dir={tmp_path}/out"], stderr=subprocess.PIPE, text=True) as child:
        for line in present(child.stderr):
            if line.rpartition("|")[2].strip() == module:
                break
        child.send_signal(signal.SIGINT)
        said = [line for line in present(child.stderr) if not line.startswith("import time:")]
    assert child.returncode == 130
    assert [line.partition(";")[0] for line in said] == ["error: interrupted"]
    assert not (tmp_path / "out").exists()


def test_what_is_imported_by_others_handles_no_signals():
    assert not recipes.is_program
    assert signal.getsignal(signal.SIGINT) is not recipes.stop_at_once


def test_a_program_that_is_done_ends_at_once_with_its_own_code(app, tmp_path, monkeypatch):
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    before = signal.getsignal(signal.SIGINT)
    try:
        assert scan_recipe.main([f"scan.path={app}", "--dry-run"]) == 0
        assert signal.getsignal(signal.SIGINT) is before
        monkeypatch.setattr(recipes, "is_program", True)
        signal.signal(signal.SIGINT, recipes.stop_at_once)
        assert scan_recipe.main([f"scan.path={app}", "--dry-run"]) == 0
        signal.raise_signal(signal.SIGINT)
        assert scan_recipe.main([f"scan.path={app}/none", "--dry-run"]) == 2
        assert codes == [0]
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_check_recipe_sorts_a_file_into_kept_and_rejected(tmp_path, capsys):
    rows = [
        {"query": "对话框要怎样关闭？", "response": "先取得它的引用，再调用关闭方法。"},
        {"query": "对话框要怎样打开？", "response": "抱歉，我无法回答这个问题。"},
        {"instruction": "How do I show a table?", "input": "", "output": "Import it first. Then show it."},
    ]
    data = tmp_path / "mine.jsonl"
    data.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="gb18030")
    out = tmp_path / "out"
    assert check.main([str(data), f"output_dir={out}", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["read"], report["kept"], report["rejected"]) == (3, 2, 1)
    assert "fails on the whole file" in report["as_is"][str(data)]
    assert sorted(path.name for path in out.iterdir()) == [
        ".swiftprep", "config.yaml", "findings.jsonl", "kept.jsonl", "rejects.jsonl", "report.html",
    ]  # fmt: skip
    assert load(CheckConfig, out / "config.yaml").data == [data]
    assert check.main([str(data), f"output_dir={tmp_path / 'dry'}", "--dry-run"]) == 0
    assert not (tmp_path / "dry").exists()


@pytest.mark.slow
def test_the_check_recipe_runs_on_the_demonstration_by_name(tmp_path, capsys):
    assert check.main(["demo", f"output_dir={tmp_path}", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kept"] == report["read"] > 100


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["nowhere.jsonl"], "no such file"),
        (["x.jsonl", "levels={refusl: off}"], "did you mean 'refusal'"),
        (["near_duplicate_threshold=3"], "near_duplicate_threshold"),
        (["a.yaml", "b.yaml"], "one settings file at most"),
    ],
)
def test_the_check_recipe_names_what_is_wrong(argv, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code: str | int | None
    try:
        code = check.main(argv)
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert message in capsys.readouterr().err


LIKE_KEYS = {
    "an at sign": "@{}", "a per cent sign": "%{}", "an alias": "*{}", "a tag": "!{} x", "a back tick": "`{}", "open quotes": '"{}',
    "open bracket": "[{}", "a colon": "{}: a: b", "escape": '"\\{}"', "number": "!!int {}", "date": "!!timestamp {}", "base64": "!!binary é{}",
    "quotes": "!!int {}'a\"b", "control": "{}\x07", "a handle": "!{}!a x", "directive": "|{}", "merge": "{{<<: {}}}",
}  # fmt: skip


@pytest.mark.parametrize("form", LIKE_KEYS.values(), ids=LIKE_KEYS)
def test_of_settings_that_do_not_parse_nothing_is_told(form, tmp_path):
    text = form.format("Zq9fR4w")
    (tmp_path / "c.yaml").write_text(f"seed: 1\nmix:\n  ratio: {text}\n", encoding="utf-8")
    for arguments in ((tmp_path / "c.yaml",), (None, [f"mix.ratio={text}"])):
        with pytest.raises(ConfigError) as caught:
            load(Stage1Config, *arguments)
        told = str(caught.value)
        assert "not valid YAML" in told
        assert "Zq9" not in told
        assert "R4w" not in told
        assert "\n" not in told
    assert "'mix.ratio'" in told


def test_where_settings_do_not_parse_is_told(tmp_path):
    (tmp_path / "c.yaml").write_text("seed: 1\nmix: {ratio: [1, 2}\n")
    with pytest.raises(ConfigError, match=r"line 2, column 19: expected ',' or '\]', but got '}'"):
        load_config(tmp_path / "c.yaml")
    (tmp_path / "c.yaml").write_bytes(b"seed: \xff")
    with pytest.raises(ConfigError, match="byte 7 is no UTF-8"):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(ConfigError, match=r"^setting 1: expected key=value"):
        load_config(None, ["=Zq9fR4w"])


@pytest.mark.parametrize(
    "text",
    ["seed: 1\nseed: 2\n", "scan: {lang: zh, lang: en}\n", "seed: 1\n'seed': 1\n"],
    ids=["top", "section", "quoted"],
)
def test_a_key_that_stands_twice_is_an_error_of_its_line(text, tmp_path):
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"line \d, column \d+: a key that stands there already"):
        load(Stage1Config, tmp_path / "c.yaml")


def test_what_is_merged_in_may_be_given_anew():
    assert load_yaml("a: &a {x: 1}\nb: {<<: *a, x: 2}") == {"a": {"x": 1}, "b": {"x": 2}}


@pytest.mark.parametrize("key", ["sk-abcdefgh12345678ijklmnop", "sk-" + "atk9f8e7d6c5b4a39281706", "ghp_" + "aB3" * 12])
@pytest.mark.parametrize(
    "setting", ["teacher={}", "distill.n={}", "{}=1", "teacher.{}=1", "teacher.concurrency={}", "seed=[{}]"]
)
def test_a_key_at_the_wrong_setting_is_not_shown(key, setting, monkeypatch):
    monkeypatch.setattr(withheld, "_values", set())  # what another test has registered
    with pytest.raises(ConfigError) as refused:
        load(DistillConfig, None, [setting.format(key)])
    assert key not in str(refused.value)
    assert "***" in str(refused.value)


@pytest.mark.parametrize(
    "setting",
    ["teacher.sampling={max_tokens: 0}", "teacher.sampling={temperature: hot}", "teacher.base_url=http://a b"],
)
def test_a_dry_run_refuses_what_no_teacher_takes(setting, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    base = ["scan.path=demo", "teacher.base_url=http://127.0.0.1:9/v1", "teacher.model=m", "distill.n=1", "--dry-run"]
    assert distill.main([*base, setting]) == 2
    assert "error: " in capsys.readouterr().err


def test_a_damaged_store_ends_the_recipe_and_leaves_what_was_there(tmp_path, monkeypatch, capsys):
    taught = as_teacher(scripted({"": []}))
    monkeypatch.setattr("swiftprep.recipes.shared.asking.make_teacher", lambda config: taught)
    store, out = tmp_path / "s.sqlite", tmp_path / "out"
    argv = ["scan.path=demo", "distill.n=1", "distill.repair_rounds=0", f"distill.store={store}", f"output_dir={out}"]
    assert distill.main(argv) == 0
    before = {path: path.read_bytes() for path in out.iterdir() if path.is_file()}
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='requests'").fetchone()
    data = bytearray(store.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xaa" * 4096
    store.write_bytes(data)
    assert distill.main(argv) == 1
    assert "s.sqlite: the store cannot be read" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in out.iterdir() if path.is_file()} == before
