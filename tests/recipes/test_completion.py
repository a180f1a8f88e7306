"""Completion in the shell. Without argcomplete these tests are skipped, and say so."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from swiftprep.__main__ import main
from swiftprep.recipes.shared.commands import COMMANDS

pytest.importorskip("argcomplete", reason="argcomplete is a dependency, but not installed")


@pytest.fixture
def completed(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "val.jsonl").write_text("")
    (tmp_path / "my.yaml").write_text("")
    (tmp_path / ".hidden").write_text("")

    def complete(line):
        answers = tmp_path / "answers"
        asked = {
            "_ARGCOMPLETE": "1", "_ARGCOMPLETE_IFS": "\n", "_ARGCOMPLETE_SHELL": "tcsh", "COMP_TYPE": "9",
            "_ARGCOMPLETE_STDOUT_FILENAME": str(answers), "_ARGCOMPLETE_COMP_WORDBREAKS": " \t\n",
            "COMP_LINE": line, "COMP_POINT": str(len(line.encode())),
        }  # fmt: skip
        command = [sys.executable, "-m", "swiftprep"]
        subprocess.run(command, env={**os.environ, **asked}, check=True, timeout=60)
        return [word.strip() for word in answers.read_text("utf-8").split("\n")]

    return complete


def test_commands_are_completed(completed):
    offered = completed("swiftprep ")
    assert {command.name for command in COMMANDS} <= set(offered)
    assert [word.rstrip() for word in completed("swiftprep sta") if word] == ["start", "stage1", "stage2"]


def test_options_and_keys_are_completed(completed):
    assert "scan.path=" in [word.rstrip() for word in completed("swiftprep scan scan.p")]
    assert any("--dry-run" in word for word in completed("swiftprep scan --dr"))
    assert any("--scan.path" in word for word in completed("swiftprep scan --scan.p"))
    assert any("sft." in word for word in completed("swiftprep stage1 sf"))
    assert not any("scan.path" in word for word in completed("swiftprep demo scan.p"))


def test_values_and_files_are_completed(completed):
    assert {word.strip() for word in completed("swiftprep scan scan.lang=")} == {"scan.lang=zh", "scan.lang=en"}
    assert [word.strip() for word in completed("swiftprep check fix=f")] == ["fix=false"]
    assert [word.strip() for word in completed("swiftprep check held_out=data/v")] == ["held_out=data/val.jsonl"]
    assert any(word.startswith("my.yaml") for word in completed("swiftprep scan m"))
    assert any(word.startswith("cpu") for word in completed("swiftprep stage1 --model.device c"))


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_code_for_the_shell_is_printed(shell, capsys):
    assert main(["--print-completion", shell]) == 0
    code = capsys.readouterr().out
    assert "swiftprep" in code
    assert "compdef _python_argcomplete swiftprep" in code  # the same code serves both shells


def test_bash_completes(tmp_path):
    script = tmp_path / "swiftprep"
    script.write_text(f"#!{sys.executable}\nimport sys\nfrom swiftprep.__main__ import main\nsys.exit(main())\n")
    script.chmod(0o755)
    line = "swiftprep sca"
    typed = (
        f'PATH={tmp_path}:$PATH; eval "$(swiftprep --print-completion bash)"; COMP_LINE={line!r}; COMP_POINT={len(line)};'
        "COMP_TYPE=9; COMP_WORDS=(swiftprep sca); COMP_CWORD=1; compopt() { :; };"
        'f=$(complete -p swiftprep | sed "s/.*-F \\([^ ]*\\) .*/\\1/"); $f swiftprep sca swiftprep; echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", typed], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert done.stdout.strip() == "scan", done.stderr


def test_without_a_question_of_the_shell_nothing_is_completed(capsys):
    assert main(["--version"]) == 0
