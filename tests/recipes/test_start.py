"""The recipe `start`: questions, answers, and a settings file that is always valid."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import present

from swiftprep.__main__ import main
from swiftprep.recipes.shared.reading import load
from swiftprep.recipes.shared.settings import Stage1Config
from swiftprep.recipes.shared.tag_prefixes import look_at
from swiftprep.recipes.start import DEVICES, MODEL, settings_text


@pytest.fixture
def app(tree):
    vue = "<template><acme-card><acme-tag /><keep-alive /></acme-card></template>\n"
    return tree(
        {
            "src/A.vue": vue,
            "src/b/B.vue": "<template><AcmeButton /><el-tag /></template>\n",
            "src/C.vue": "<template><div /></template>\n",
            "node_modules/x/X.vue": "<template><x-y /></template>\n",
            "package.json": '{"name": "@corp/our-app", "dependencies": {"vue": "2.7", "acme-ui": "1"}}',
        }
    )


@pytest.fixture
def answering(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C")

    def answer(text, *argv):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        return main(["start", *argv])

    return answer


def test_enter_takes_what_is_offered(app, answering, capsys):
    assert answering("\n" * 5, str(app), "--output", "mine.yaml", "--json") == 0
    printed = capsys.readouterr()
    config = load(Stage1Config, Path("mine.yaml"))
    assert config.scan.path == app
    assert config.scan.framework == "acme-ui"
    assert (config.model.path, config.model.device) == (MODEL, "auto")
    assert config.model.name == "acme-ui assistant"
    assert json.loads(printed.out)["prefix"] == "acme"
    assert "2 of 3 .vue files use <acme-…>" in printed.err
    commands = [line.split("#")[0].strip() for line in printed.err.splitlines() if line.startswith("  swiftprep")]
    assert commands == [f"swiftprep stage1 mine.yaml{option}" for option in (" --dry-run", " --prepare", "")]


def test_answers_are_taken_and_wrong_ones_asked_again(app, answering, tmp_path, capsys):
    (tmp_path / "model").mkdir()
    text = f"{app}/none\n{tmp_path / 'model'}\n{app}\nel\nElement\n./nomodel\n./model\n./weights\ngpu\ncuda\n"
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "config.json").write_text("{}")
    assert answering(text, "--lang", "zh") == 0
    config = load(Stage1Config, Path("swiftprep.yaml"))
    assert (config.scan.framework, config.scan.lang, config.model.path) == ("Element", "zh", "./weights")
    assert (config.model.device, config.model.author) == ("cuda", "Element 团队")
    said = capsys.readouterr().err
    assert "没有这个文件夹" in said
    assert "这个文件夹里没有源文件" in said
    assert "./nomodel：没有这个模型" in said
    assert "./model：不是模型文件夹" in said
    assert "警告" not in said
    assert "请从 auto、cpu、cuda 中选择" in said
    assert "3 个 .vue 文件中有 1 个使用 <el-…>" in said


def test_a_prefix_that_no_file_uses_is_warned_of(app, answering, capsys):
    assert answering("\nacem\n\n\n\n", str(app)) == 0
    assert "warning: is acem the right prefix? The files use <acme-…>, <el-…>" in capsys.readouterr().err


def test_a_hub_id_is_taken_and_what_is_none_is_asked_again(app, answering, capsys):
    assert answering("\n\n\nmodel\nteam/model-v1.5\n\n", str(app)) == 0
    assert load(Stage1Config, Path("swiftprep.yaml")).model.path == "team/model-v1.5"
    assert "model: no such model folder, and not a hub id like" in capsys.readouterr().err


def test_a_file_that_is_there_stays(app, answering, tmp_path, capsys):
    (tmp_path / "swiftprep.yaml").write_text("mine")
    assert answering("\n" * 5, str(app)) == 2
    assert "it exists and stays as it is; choose another name: output=…" in capsys.readouterr().err
    assert (tmp_path / "swiftprep.yaml").read_text() == "mine"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_answers_that_end_too_soon_write_nothing(lang, app, answering, tmp_path, capsys):
    before = sorted(tmp_path.iterdir())
    assert answering("\nacme\n", str(app), "--lang", lang) == 2
    assert "the answers ended before the questions did; nothing was written (回答不全" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == before


def test_a_dry_run_shows_the_file(app, answering, tmp_path, capsys):
    assert answering("\n" * 5, str(app), "--dry-run") == 0
    assert f"  path: {app}\n" in capsys.readouterr().err
    assert not (tmp_path / "swiftprep.yaml").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_at_a_question_writes_nothing(app, tmp_path):
    command = [sys.executable, "-m", "swiftprep", "start", str(app), "--lang", "en"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, stdin=pipe, stderr=pipe) as child:
        said = b""
        while b"]: " not in said:
            said += os.read(present(child.stderr).fileno(), 1000)
        child.send_signal(signal.SIGINT)
        _, rest = child.communicate(timeout=20)
    assert child.returncode == 130
    assert b"error: interrupted" in rest
    assert b"Traceback" not in rest
    assert not (tmp_path / "swiftprep.yaml").exists()


ANSWERS = st.one_of(
    st.text(min_size=1).map(str.strip).filter(bool),
    st.sampled_from(
        [
            "null",
            "yes",
            "1e3",
            "12",
            "~",
            "# a",
            "a: b",
            "- a",
            "'",
            '"',
            "{a",
            "$path",
            "50:50",
            "2026-01-01",
            "*a",
            "\ud83d\ude00",
        ]
    ).map(lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16")),
)


@given(ANSWERS, ANSWERS, st.sampled_from(DEVICES), st.sampled_from(["zh", "en"]), ANSWERS)
def test_what_is_written_is_valid_whatever_was_answered(framework, model, device, lang, file):
    import tempfile

    answers = {"path": "/tmp", "framework": framework, "model": model, "device": device}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.yaml")
        path.write_text(settings_text(answers, lang, Path(file)), encoding="utf-8", newline="")
        config = load(Stage1Config, path)
    if not framework.startswith("~"):
        assert config.scan.framework == framework
    if not model.startswith("~"):
        assert config.model.path == model
    assert (config.model.device, config.scan.lang) == (device, lang)


def test_what_a_code_base_shows(app):
    name, count, prefixes = look_at(app)
    assert (name, count, dict(prefixes)) == ("acme-ui", 3, {"acme": 2, "el": 1})


def test_another_prefix_is_proposed_as_the_name(app, answering):
    assert answering("\nel\n\n\n\n", str(app)) == 0
    assert load(Stage1Config, Path("swiftprep.yaml")).scan.framework == "el"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_what_is_no_file_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "A.vue")
    assert look_at(tmp_path)[1] == 0
