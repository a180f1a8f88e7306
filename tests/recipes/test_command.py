"""The command `swiftprep`: its front page, what it runs, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from present import present

import swiftprep
from swiftprep.__main__ import front_page, main
from swiftprep.recipes.shared.commands import COMMANDS, names

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
LOCALE = ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE")


@pytest.fixture
def speaking(monkeypatch):
    def choose(lang):
        for name in LOCALE:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", lang)

    choose("C")
    return choose


def test_the_console_script_is_this_command():
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]
    assert EntryPoint("swiftprep", scripts["swiftprep"], "console_scripts").load() is main


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_is_a_recipe_with_help(command, speaking, capsys):
    for name in (command.name, *command.aliases):
        assert main([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: swiftprep {command.name} ")


@pytest.mark.parametrize(
    ("lang", "argv", "shown"),
    [
        ("C", [], "Try first:"),
        ("zh_CN.UTF-8", [], "先试试："),
        ("zh_CN.UTF-8", ["--lang", "en"], "Try first:"),
        ("C", ["--lang=zh"], "先试试："),
        ("C", ["help"], "Try first:"),
        ("C", ["help", "--lang", "zh"], "先试试："),
        ("C", ["--help"], "Try first:"),
        ("C", ["-h"], "Try first:"),
        ("C", ["--version"], f"swiftprep {swiftprep.__version__}\n"),
        ("C", ["help", "scan"], "usage: swiftprep scan"),
        ("C", ["--lang", "zh", "help", "scan"], "用法：swiftprep scan"),
        ("C", ["help", "scan", "--lang", "zh"], "用法：swiftprep scan"),
        ("zh_CN.UTF-8", ["scan", "-h"], "用法：swiftprep scan"),
        ("zh_CN.UTF-8", ["scan", "--lang", "en", "--help"], "usage: swiftprep scan"),
        ("C", ["--lang", "zh", "scan", "--help"], "用法：swiftprep scan"),
    ],
)
def test_what_is_asked_for_is_shown(lang, argv, shown, speaking, capsys):
    speaking(lang)
    assert main(argv) == 0
    printed = capsys.readouterr()
    assert shown in printed.out
    assert printed.err == ""


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_front_page_has_a_line_for_each_command_and_three_things_to_try(lang):
    lines = front_page(lang).splitlines()
    for command in COMMANDS:
        (line,) = [line for line in lines if line.startswith(f"  {command.name} ")]
        assert command.summary[lang] in line
        assert all(alias in line for alias in command.aliases)
    assert sum(line.startswith("  swiftprep ") for line in lines) == 3
    assert max(map(len, lines)) <= 110


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["scann"], "scann: no such command (did you mean 'scan'?)"),
        (["help", "stag1"], "stag1: no such command (did you mean 'stage1'?)"),
        (["zzzz"], "`swiftprep` alone lists them"),
        (["--versoin"], "--versoin: no such option (did you mean '--version'?)"),
        (["--lang", "fr"], "--lang fr: zh or en"),
        (["scan", "--lang", "fr"], "--lang fr: zh or en"),
        (["--print-completion", "fish"], "bash or zsh is expected"),
    ],
)
def test_what_is_not_known_is_one_line_and_exit_2(argv, complaint, capsys):
    assert main(argv) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("error: ")
    assert complaint in printed.err
    assert printed.err.count("\n") == 1


def test_a_command_is_run_with_what_follows_it(tree, tmp_path, capsys):
    app = tree({"src/A.vue": "<template><ta-card /></template>\n", "src/b/B.vue": "<template><ta-tag /></template>\n"})
    assert main(["scan", str(app), "--output-dir", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "catalog.json").is_file()
    assert main(["--lang", "zh", "scan", f"{app}/none"]) == 2
    assert "没有这个文件夹或配置文件" in capsys.readouterr().err


def test_names_are_unambiguous():
    assert len(set(names())) == len(names())


def test_the_front_page_imports_no_recipe_and_nothing_of_weight():
    code = (
        "import sys; from swiftprep.__main__ import main; main([]); main(['--version']);"
        "print([m for m in sys.modules if m == 'pydantic' or m == 'yaml' or m.startswith('swiftprep.recipes.')"
        " and not m.startswith('swiftprep.recipes.shared')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_recipe_is_imported_alone():
    code = (
        "import sys; from swiftprep.__main__ import main; main(['report', '--help']);"
        "print(sorted(m for m in sys.modules if m.startswith('swiftprep.recipes.') and m.count('.') == 2))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['swiftprep.recipes.report', 'swiftprep.recipes.shared']"


def test_a_reader_that_leaves_is_no_error():
    command = f"{sys.executable} -m swiftprep scan --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
    assert done.stderr == ""


def test_a_terminal_without_chinese_letters_is_no_error():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LANG": "C", "LC_ALL": "C"}
    command = [sys.executable, "-m", "swiftprep", "scan", "--help"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_nothing_of_the_working_folder_is_imported(tmp_path):
    for name in ("yaml", "pydantic", "logging", "json", "annotated_types", "argcomplete"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working folder')\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "swiftprep", "scan", "--help"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "usage: swiftprep scan" in done.stdout or "用法" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("way", ["module", "script"])
@pytest.mark.parametrize("imported", ["swiftprep.recipes.shared.commands", "pydantic", "swiftprep.scan.scanner"])
def test_ctrl_c_while_modules_are_imported_is_one_line(imported, way, tree, tmp_path):
    app = tree({"A.vue": "<template><ta-card /></template>\n"})
    script = tmp_path / "swiftprep"  # as pip writes it
    script.write_text("import sys\nfrom swiftprep.__main__ import main\nsys.exit(main())\n")
    start = ["-m", "swiftprep"] if way == "module" else [str(script)]
    command = [sys.executable, "-X", "importtime", *start, "scan", str(app), f"output_dir={tmp_path}/out"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        for line in present(child.stderr):
            if line.rpartition("|")[2].strip() == imported:
                break
        child.send_signal(signal.SIGINT)
        said = [line for line in present(child.stderr) if not line.startswith("import time:")]
    assert child.returncode == 130
    assert [line.partition(";")[0] for line in said] == ["error: interrupted"]
    assert not (tmp_path / "out").exists()


def test_the_front_page_appears_at_once():
    def seconds():
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "swiftprep"], stdout=subprocess.DEVNULL, check=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.5  # 0.05 on an idle machine
