"""A wrong value is explained in a sentence of users' words, in English and Chinese."""

from __future__ import annotations

import pytest

from swiftprep import ConfigError
from swiftprep.recipes.shared.distill_settings import DistillConfig
from swiftprep.recipes.shared.settings import CheckConfig, Stage1Config, load

WRONG = {
    "a list": (Stage1Config, "scan.kinds=null", "scan.kinds=null: a list is expected, such as scan.kinds=a,b (应为列表，例如 scan.kinds=a,b)"),
    "a choice": (Stage1Config, "scan.lang=fr", "scan.lang='fr': zh or en is expected (应为 zh 或 en)"),
    "a whole number": (Stage1Config, "seed=many", "seed='many': a whole number is expected (应为整数)"),
    "a number": (CheckConfig, "row_seconds=long", "row_seconds='long': a number is expected (应为数字)"),
    "above": (CheckConfig, "row_seconds=0", "row_seconds=0: a number above 0 is expected (应大于 0)"),
    "at most": (CheckConfig, "row_seconds=1000000", "row_seconds=1000000: 86400 or less is expected (应不大于 86400)"),
    "at least": (CheckConfig, "max_tokens=0", "max_tokens=0: 1 or more is expected (应不小于 1)"),
    "below": (Stage1Config, "scan.val_fraction=1", "scan.val_fraction=1: a number below 1 is expected (应小于 1)"),
    "a switch": (CheckConfig, "fix=perhaps", "fix='perhaps': true or false is expected (应为 true 或 false)"),
    "a section": (Stage1Config, "scan=3", "scan=3: keys with values are expected below it (其下应为键和值)"),
    "a text": (DistillConfig, "teacher.model.device=cpu", "teacher.model: it is a text here, so there is no teacher.model.device (此处是文本，没有 teacher.model.device 这个配置项)"),
    "a misspelt key": (Stage1Config, "scan.pth=x", "scan.pth: no such key (did you mean 'scan.path'?) (没有这个配置项)"),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "setting", "said"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_value_says_what_is_expected(kind, setting, said):
    with pytest.raises(ConfigError) as error:
        load(kind, None, [setting])
    assert str(error.value) == said


def test_an_argument_of_ms_swift_is_one_under_sft():
    with pytest.raises(ConfigError, match=r"did you mean 'sft\.learning_rate'\?"):
        load(Stage1Config, None, ["learning_rate=1e-4"])
    with pytest.raises(ConfigError) as error:
        load(CheckConfig, None, ["learning_rate=1e-4"])
    assert "sft" not in str(error.value)
