"""One word for one thing in what a Chinese reader reads, and no English punctuation in it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import swiftprep
from swiftprep.__main__ import front_page
from swiftprep.recipes.shared.commands import COMMANDS
from swiftprep.recipes.shared.help_page import help_page
from swiftprep.recipes.shared.language import plural

ROOT = Path(swiftprep.__file__).parents[1]
PAGES = [ROOT / "README.zh-CN.md", *sorted((ROOT / "docs").glob("*.zh-CN.md"))]
# The word that is not used → the one that is.
OTHERS = {
    "代码仓库": "代码库",
    "配方": "流程",
    "评测": "评估，留出样本",
    "被拒绝的回答": "被剔除的回答",
    "会被拒绝；": "会被剔除",
}
# What follows Chinese is of English: `修复 0 条: runs`, `清空。 单独`.
ENGLISH_MARKS = re.compile(r"[\u4e00-\u9fff][:;,?!](?=\s|$)|[。；，：] (?=\S)", re.M)


def read_by_people() -> Iterator[tuple[str, str]]:
    """Yield what a Chinese reader reads, with its place."""
    for path in PAGES:
        yield path.name, re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text("utf-8"), flags=re.S)
    for path in [*(ROOT / "swiftprep" / "assets" / "help").iterdir(), *(ROOT / "recipes").glob("*.yaml")]:
        yield path.name, path.read_text("utf-8")
    for path in (ROOT / "swiftprep" / "assets" / "reports").glob("*.zh.md"):
        yield path.name, path.read_text("utf-8")
    for path in (ROOT / "swiftprep").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


@pytest.mark.parametrize("word", OTHERS)
def test_one_word_for_one_thing(word):
    assert [place for place, text in read_by_people() if word in text] == [], f"say {OTHERS[word]}"


def help_in_chinese() -> Iterator[tuple[str, str]]:
    yield "swiftprep", front_page("zh")
    for command in COMMANDS:
        yield command.name, help_page(command, "zh", 200, takes_data=True)


def test_help_in_chinese_has_chinese_punctuation():
    for name, text in help_in_chinese():
        assert ENGLISH_MARKS.findall(text) == [], name


def test_what_a_recipe_says_in_chinese_has_chinese_punctuation():
    for path in (ROOT / "swiftprep" / "recipes").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and len(node.args) == 2:
                assert ENGLISH_MARKS.findall(ast.unparse(node.args[1])) == [], f"{path.name}:{node.lineno}"


def test_one_is_not_several():
    assert plural(1, "secret") == "1 secret"
    assert plural(0, "file") == "0 files"
