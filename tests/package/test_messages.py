"""What is wrong with the user's input is said in English and, in brackets, in Chinese."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import swiftprep

ROOT = Path(swiftprep.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
WORD = re.compile(r"[a-z]{3,}")
# Four words are a sentence of our own; fewer join what another message says.
SENTENCE = 4


def messages():
    """Return where `ConfigError` and `DataError` are made, and what of their messages is written out."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            if node.func.id in ("ConfigError", "DataError"):
                texts = [part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant)]
                text = "\0".join(text for text in texts if isinstance(text, str))
                found.append(pytest.param(text, id=f"{path.relative_to(ROOT)}:{node.lineno}"))
    return found


@pytest.mark.parametrize("text", messages())
def test_a_message_is_in_both_languages(text):
    if len(WORD.findall(text)) >= SENTENCE:
        assert CHINESE.search(text)


@pytest.mark.parametrize("text", messages())
def test_chinese_stands_in_brackets_after_english(text):
    outside = re.sub(r"\([^()]*[\u4e00-\u9fff][^()]*(?:\([^()]*\)[^()]*)*\)", "", text)
    assert CHINESE.search(outside) is None
