"""The console speaks the language that is asked for, else that of the terminal."""

from __future__ import annotations

import pytest

from swiftprep.recipes.shared.command_line import run, say, speak_in


@pytest.fixture(autouse=True)
def _as_before():
    yield
    speak_in(None)


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "保留 3 条\n"),
        ({"LANG": "en_US.UTF-8"}, "3 kept\n"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "3 kept\n"),
        ({"LC_MESSAGES": "zh_TW", "LANG": "C"}, "保留 3 条\n"),
        ({}, "3 kept\n"),
    ],
    ids=["zh", "en", "LC_ALL first", "LC_MESSAGES before LANG", "none"],
)
def test_the_terminal_decides_unless_a_language_is_asked_for(monkeypatch, capsys, variables, spoken):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    speak_in(None)
    say("3 kept", "保留 3 条")
    assert capsys.readouterr().err == spoken


def test_the_language_asked_for_wins_and_the_next_run_begins_anew(monkeypatch, capsys):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C")

    def recipe(arguments):
        say("first", "开头")
        speak_in("zh")
        say("then", "然后")
        say("only in English")
        return {}

    for _ in range(2):
        assert run("x", "X.", recipe, []) == 0
        assert capsys.readouterr().err == "first\n然后\nonly in English\n"
