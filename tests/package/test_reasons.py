"""Every rule and every reason for a reject has a name in both languages."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import swiftprep
from swiftprep.distill.verification.verify import KINDS
from swiftprep.quality.checker import OTHERS, RULES, rule_id
from swiftprep.reasons import NAMES, counted, name_of
from swiftprep.swiftfmt.repair import REASONS

ROOT = Path(swiftprep.__file__).parent
# The call, and the position of the reason among its arguments.
MADE = {"Reject": 1, "reject": 0, "_reject": 2, "_Rejected": 0, "_NotGiven": 0, "Flaw": 0, "at": 0}
ID = re.compile(r"[a-z]+(?:-[a-z]+)*")
CHINESE = re.compile("[\u4e00-\u9fff]")


def written() -> set[str]:
    """Return the reasons that are written out where a reject or a flaw is made."""
    found = set()
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", "")
            if name in MADE and len(node.args) > MADE[name]:
                reason = node.args[MADE[name]]
                if isinstance(reason, ast.Constant) and isinstance(reason.value, str) and ID.fullmatch(reason.value):
                    found.add(reason.value)
    return found


def test_every_rule_and_every_reason_has_a_name():
    ids = {*map(rule_id, RULES), *OTHERS, "too-long", "framework-api", *KINDS, *REASONS, *written()}
    assert {"ignored", "duplicate", "no-answer", "judge", "licence", "bad-file"} <= ids
    assert sorted(ids - NAMES.keys()) == []


def test_every_name_is_in_both_languages_and_said_once():
    for english, chinese in NAMES.values():
        assert not CHINESE.search(english)
        assert CHINESE.search(chinese)
    assert "拒绝" not in "".join(chinese for _, chinese in NAMES.values()).replace("拒绝回答", "").replace(
        "请求被拒绝", ""
    )


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "重复（duplicate）2 个，my-rule 1 个"), ("en", "2 duplicate, 1 my-rule")]
)
def test_a_users_own_rule_keeps_its_id(lang, said):
    assert counted({"duplicate": 2, "my-rule": 1}, lang) == said
    assert name_of("secret", lang).endswith({"zh": "（secret）", "en": "(secret)"}[lang])


NEEDED = {"fix": 3, "drop": 2, "warn": 2, "Flaw": 3}  # arguments up to the Chinese reason


def findings() -> list[Any]:
    """Return the calls in which a rule or a verification says what is wrong."""
    found = []
    for folder in ("quality", "distill"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in NEEDED:
                    found.append(pytest.param(node, id=f"{path.relative_to(ROOT)}:{node.lineno}"))
    return found


@pytest.mark.parametrize("call", findings())
def test_what_is_wrong_is_said_in_chinese_too(call: ast.Call) -> None:
    starred = any(isinstance(argument, ast.Starred) for argument in call.args)
    needed = NEEDED[getattr(call.func, "id", "")]
    assert starred or len(call.args) >= needed
    if not starred:
        texts = [part.value for part in ast.walk(call.args[needed - 1]) if isinstance(part, ast.Constant)]
        written = "".join(text for text in texts if isinstance(text, str))
        assert not re.search("[A-Za-z]{3}", written) or CHINESE.search(written)
