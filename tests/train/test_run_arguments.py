"""The commands for a GPU that is elsewhere, the names of a model, and values that are wrong."""

from __future__ import annotations

import json
import shlex

import pytest

from swiftprep import Sample, SwiftRunner, write_jsonl
from swiftprep.errors import ConfigError
from swiftprep.models.device import Device, detect, environment_of, require_device
from swiftprep.recipes.shared.settings import load_config


@pytest.fixture
def hollow(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    return folder


@pytest.fixture
def train(tmp_path):
    write_jsonl([Sample.from_instruction("Count.", "", "1 2 3", id="a")], tmp_path / "train.jsonl")
    return str(tmp_path / "train.jsonl")


@pytest.fixture
def no_gpu(monkeypatch):
    if detect("auto").kind == "cuda":
        pytest.skip("this machine has a GPU")


def words(command):
    return shlex.split(command.replace("\\\n", " "))


def test_the_command_for_a_gpu_can_be_had_without_one(hollow, train, no_gpu):
    argv = words(SwiftRunner(hollow, device="cuda").command([train]))
    assert argv[argv.index("--torch_dtype") + 1] == "bfloat16"
    for name in ("--use_cpu", "--bf16", "--fp16", "--dataloader_num_workers", "--gradient_checkpointing"):
        assert name not in argv
    assert environment_of("cuda") == {}


def test_the_evaluation_and_the_merge_for_a_gpu_likewise(hollow, tmp_path, train, no_gpu):
    runner = SwiftRunner(hollow, tmp_path / "out", device="cuda")
    evaluation = runner.eval(None, {"held": train}, dry_run=True)
    assert evaluation.rows == []
    assert "--torch_dtype bfloat16" in evaluation.command
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(hollow)}))
    assert words(runner.merge_command(adapter))[:2] == ["swift", "export"]
    assert f"--output_dir {adapter}-merged" in runner.merge_command(adapter)
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "adapter-merged").exists()


def test_running_on_a_gpu_that_is_not_there_is_refused_before_anything_is_loaded(hollow, train, tmp_path, no_gpu):
    with pytest.raises(ConfigError, match="torch sees no GPU here"):
        SwiftRunner(hollow, tmp_path / "out", device="cuda").sft([train])
    assert not list((tmp_path / "out").glob("*.log"))
    require_device("auto")


def test_a_device_ms_swift_does_not_have(hollow):
    with pytest.raises(ConfigError, match="'auto', 'cpu', 'cuda' or None"):
        SwiftRunner(hollow, device="gpu")


def test_the_devices_of_a_recipe():
    assert load_config(None, ["model.device=cuda"]).model.device == "cuda"
    assert detect("cuda") == Device("cuda", detect("cuda").dtype)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("Helper", ["Helper"]),
        (("小助手", "Helper"), ["小助手", "Helper"]),
    ],
)
def test_the_names_reach_ms_swift(hollow, train, given, told):
    runner = SwiftRunner(hollow, device="cpu", model_name=given, model_author="Some team")
    argv = words(runner.command([train, "swift/self-cognition#5"]))
    at = argv.index("--model_name")
    assert argv[at + 1 : at + 1 + len(told)] == told
    assert argv[argv.index("--model_author") + 1] == "Some team"


@pytest.mark.parametrize("entry", ["swift/self-cognition", "ms::swift/self-cognition:qwen3#9"])
@pytest.mark.parametrize("names", [{}, {"model_name": "Helper"}])
def test_self_cognition_without_names_is_refused(hollow, train, entry, names):
    with pytest.raises(ConfigError, match=r"model_author.*\{\{NAME\}\}"):
        SwiftRunner(hollow, device="cpu", **names).command([train, entry])


def test_the_names_may_be_given_as_ms_swifts_arguments(hollow, train):
    runner = SwiftRunner(hollow, device="cpu")
    argv = words(runner.command([train, "swift/self-cognition"], model_name=["甲"], model_author=["乙"]))
    assert argv[argv.index("--model_name") + 1] == "甲"


@pytest.mark.parametrize("given", [("a", "b", "c"), (), ""])
def test_names_are_one_or_two(hollow, given):
    with pytest.raises(ConfigError, match="model_name"):
        SwiftRunner(hollow, model_name=given)


def test_a_wrong_value_is_refused_in_the_dry_run(hollow, train):
    with pytest.raises(ConfigError, match="learning_rate='abc': expected a number"):
        SwiftRunner(hollow, device="cpu").command([train], learning_rate="abc")
    with pytest.raises(ConfigError, match="max_length='2k': expected a whole number"):
        SwiftRunner(hollow, device="cpu").command([train], max_length="2k")
    assert "--max_length 64" in SwiftRunner(hollow, device="cpu").command([train], max_length="64")


def test_a_wrong_value_in_a_recipes_settings():
    with pytest.raises(ConfigError, match=r"sft\.learning_rate='abc': expected a number"):
        load_config(None, ["sft.learning_rate=abc"])
