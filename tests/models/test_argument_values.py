"""The values of ms-swift's arguments, against its own parser."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata
from importlib.resources import files

import pytest

from swiftprep.errors import ConfigError
from swiftprep.models.arguments import known_arguments, read_arguments, to_argv, wrong_values
from swiftprep.models.list_arguments import to_text

VALUES = [
    ("learning_rate", 1e-4, True),
    ("learning_rate", "1e-4", True),
    ("learning_rate", 1, True),
    ("learning_rate", "inf", True),
    ("learning_rate", "abc", False),
    ("learning_rate", True, False),
    ("learning_rate", [1e-4], True),
    ("learning_rate", [1e-4, 1e-5], False),
    ("learning_rate", {"a": 1}, False),
    ("learning_rate", None, True),
    ("max_steps", 5, True),
    ("max_steps", "5", True),
    ("max_steps", -1, True),
    ("max_steps", 5.0, False),
    ("max_steps", "1e3", False),
    ("max_length", "2k", False),
    ("use_cpu", True, True),
    ("use_cpu", "true", True),
    ("use_cpu", "Yes", True),
    ("use_cpu", 1, True),
    ("use_cpu", 2, False),
    ("use_cpu", "maybe", False),
    ("bf16", "off", False),
    ("bf16", False, True),
    ("torch_dtype", "bfloat16", True),
    ("torch_dtype", "bf16", False),
    ("torch_dtype", "None", True),
    ("quant_bits", 4, True),
    ("quant_bits", 5, False),
    ("save_strategy", "epoch", True),
    ("save_strategy", "weekly", False),
    ("target_modules", ["q_proj", "v_proj"], True),
    ("target_modules", "all-linear", True),
    ("interleave_prob", [0.5, 0.5], True),
    ("interleave_prob", [0.5, "half"], False),
    ("lr_scheduler_kwargs", {"min_lr": 1e-6}, True),
    ("lr_scheduler_kwargs", '{"min_lr": 1e-6}', True),
    ("system", "-be brief", True),
    ("system", "", True),
    ("callbacks", [], True),
]
PARSE = """
import contextlib, json, sys
from swift.arguments import SftArguments
from transformers import HfArgumentParser
parser = HfArgumentParser([SftArguments])
taken = []
for argv in json.load(sys.stdin):
    try:
        taken.append(parser.parse_known_args(argv)[1] == [])
    except SystemExit:
        taken.append(False)
print("taken", json.dumps(taken))
"""


@pytest.mark.parametrize(("name", "value", "right"), VALUES)
def test_values_are_checked_by_their_type(name, value, right):
    problems = wrong_values("sft", {name: value})
    assert (problems == []) is right
    assert all(problem.startswith(f"{name}={value!r}: expected ") for problem in problems)


@pytest.mark.slow
def test_the_arguments_that_ship_are_those_of_the_installed_ms_swift_with_their_types():
    """Where this fails, ms-swift or transformers is another: write the file anew as CONTRIBUTING.md says."""
    versions = {name: metadata.version(name) for name in ("ms-swift", "transformers")}
    shipped = (files("swiftprep") / "assets" / "swift" / "arguments.json").read_text(encoding="utf-8")
    assert to_text(versions, read_arguments()) == shipped
    assert known_arguments() == json.loads(shipped)["arguments"]


@pytest.mark.slow
def test_ms_swifts_own_parser_takes_and_refuses_the_same():
    sent = json.dumps([to_argv({name: value}) for name, value, _ in VALUES])
    child = subprocess.run([sys.executable, "-c", PARSE], input=sent, capture_output=True, text=True, check=True)
    taken = json.loads(child.stdout.rpartition("taken ")[2])
    assert [(*row[:2], took) for row, took in zip(VALUES, taken, strict=True)] == VALUES


def test_a_wrong_choice_is_told_with_the_right_ones():
    problem = wrong_values("sft", {"torch_dtype": "bfloat"})[0]
    assert "one of bfloat16, float16, float32" in problem
    assert "did you mean 'bfloat16'" in problem


def test_what_is_unknown_is_not_judged():
    assert wrong_values("sft", {"learning_rat": "abc"}) == []


def test_several_are_told_at_once():
    assert len(wrong_values("sft", {"learning_rate": "abc", "max_steps": "x", "use_cpu": True})) == 2


def test_a_value_that_no_command_line_has_is_refused():
    with pytest.raises(ConfigError, match="NUL"):
        wrong_values("sft", {"system": "a\0b"})
