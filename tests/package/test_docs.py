"""The documents do not drift from the code or from each other."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import swiftprep
from swiftprep.distill.planning.planner import INTENTS
from swiftprep.distill.verification.verify import KINDS
from swiftprep.quality.checker import OTHERS, RULES, rule_id
from swiftprep.teachers.providers import PROVIDERS

ROOT = Path(__file__).parents[2]
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def blocks(path, language):
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)


def commands(path):
    """The shell commands, without comments."""
    lines = "".join(blocks(path, "bash")).splitlines()
    return [re.sub(r"\s+#\s.*", "", line).rstrip() for line in lines if line.strip()]


def test_the_drawing_of_the_rooms_is_up_to_date():
    done = subprocess.run([sys.executable, str(ROOT / "docs" / "draw_imports.py"), "--check"], check=False)
    assert done.returncode == 0, "python docs/draw_imports.py"


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_local_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_lines_of_prose_have_120_characters_at_most(path):
    prose = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    lines = [line for line in prose.split("\n") if not line.lstrip().startswith(("|", "[", "!")) and "http" not in line]
    assert [line for line in lines if len(line) > 120] == []


def test_both_readmes_give_the_same_commands():
    assert commands(ROOT / "README.md") == commands(ROOT / "README.zh-CN.md") != []


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_python_example_is_about_ten_lines_and_uses_public_names(name):
    (code,) = blocks(ROOT / name, "python")
    tree = ast.parse(code)
    imported = [alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert set(imported) <= set(swiftprep.__all__)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_make_targets_exist(name):
    targets = set(re.findall(r"`?make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8")))
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= targets <= rules


@pytest.mark.parametrize("name", ["quality.md", "quality.zh-CN.md"])
def test_every_rule_is_in_the_table(name):
    told = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", (ROOT / "docs" / name).read_text(encoding="utf-8")))
    assert {*map(rule_id, RULES), *OTHERS, "too-long", "framework-api"} <= told


@pytest.mark.parametrize("name", ["distiller.md", "distiller.zh-CN.md"])
def test_every_flaw_intent_and_provider_is_told(name):
    told = set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", (ROOT / "docs" / name).read_text(encoding="utf-8")))
    assert {*KINDS, *INTENTS, *PROVIDERS} <= told
