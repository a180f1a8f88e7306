"""The folder of a model or a checkpoint runs no Python of its own, whoever has it loaded, unless that was asked for."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from swiftprep import SwiftRunner, demo
from swiftprep.errors import ConfigError, RunError
from swiftprep.models.folders import carried_arguments
from swiftprep.recipes.shared.stage1_state import write_state
from swiftprep.serve.server import LocalServer
from swiftprep.teachers.swift import swift_teacher
from swiftprep.train.process import run_in_child

PLUGIN = {"external_plugins": ["evil.py"]}
CODE = {
    "args.json": PLUGIN,
    "args.json, old name": {"custom_register_path": ["evil.py"]},
    "config.json": {"model_type": "llama", "auto_map": {"AutoModel": "evil.M"}},
    "config.json, inside": {"model_type": "llava", "text_config": {"auto_map": {"AutoConfig": "evil.C"}}},
    "tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["evil.T", None]}},
    "preprocessor_config.json": {"auto_map": {"AutoProcessor": "evil.P"}},
    "generation_config.json": {"auto_map": {"x": "evil.G"}},
    "any_other.json": [{"custom_pipelines": {"text-generation": {"impl": "evil.P"}}}],
}


@pytest.fixture
def folders(tmp_path):
    """A model and an adapter that was trained on it; both look right until they are loaded."""
    model, adapter = tmp_path / "model", tmp_path / "adapter"
    for folder in (model, adapter):
        folder.mkdir()
    (model / "config.json").write_text('{"model_type": "llama"}')
    (adapter / "adapter_config.json").write_text(json.dumps({"r": 8, "base_model_name_or_path": str(model)}))
    (adapter / "args.json").write_text(json.dumps({"model": str(model)}))
    (tmp_path / "train.jsonl").write_text('{"query": "q", "response": "a"}\n')
    return model, adapter


def plant(folder, name):
    path = folder / name.partition(",")[0]
    there = json.loads(path.read_text()) if path.exists() else {}
    given = CODE[name]
    path.write_text(json.dumps({**there, **given} if isinstance(given, dict) else given))


WAYS = {
    "eval": lambda runner, adapter, data: runner.eval(adapter, data),
    "merge": lambda runner, adapter, data: runner.merge(adapter),
    "train on": lambda runner, adapter, data: runner.sft([data], adapters=[str(adapter)], dry_run=True),
    "go on": lambda runner, adapter, data: runner.sft([data], resume_from_checkpoint=str(adapter), dry_run=True),
    "teacher": lambda runner, adapter, data: swift_teacher(runner.model, [adapter], device="cpu"),
}


@pytest.mark.parametrize("name", CODE)
@pytest.mark.parametrize("way", WAYS)
def test_no_adapter_is_loaded_with_code_of_its_own(way, name, folders, tmp_path):
    model, adapter = folders
    plant(adapter, name)
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        WAYS[way](SwiftRunner(model, tmp_path / "out", device="cpu"), adapter, tmp_path / "train.jsonl")


@pytest.mark.parametrize("name", CODE)
def test_no_model_is_loaded_with_code_of_its_own(name, folders, tmp_path):
    model, _ = folders
    plant(model, name)
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        SwiftRunner(model)
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        swift_teacher(model)
    SwiftRunner(model, trust_remote_code=True)
    data = [tmp_path / "train.jsonl"]
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        SwiftRunner("Qwen/Qwen2.5-Coder-0.5B-Instruct", tmp_path / "out", device="cpu").command(data, model=str(model))
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match="trust_remote_code=True"):
        SwiftRunner(tmp_path / "good", tmp_path / "out").eval(model, tmp_path / "train.jsonl")


def test_load_args_is_off(folders, tmp_path):
    model, _ = folders
    with pytest.raises(ConfigError, match="load_args"):
        SwiftRunner(model).command([tmp_path / "train.jsonl"], load_args=True)


def test_words_of_a_vocabulary_and_empty_values_are_no_code(folders, tmp_path):
    model, _ = folders
    for name in ("vocab.json", "tokenizer.json", "added_tokens.json"):
        (model / name).write_text('{"auto_map": 5, "model": {"vocab": {"external_plugins": 7}}}')
    (model / "args.json").write_text('{"external_plugins": [], "custom_register_path": [], "auto_map": null}')
    SwiftRunner(model)


def test_what_shapes_answers_is_taken_up_and_what_runs_is_not(tmp_path):
    trained = {"system": "You know ta404.", "template": "chatml", "attn_impl": "someone/kernel", "model": "x", **PLUGIN}
    (tmp_path / "args.json").write_text(json.dumps({**trained, "response_prefix": None}))
    assert carried_arguments(tmp_path) == {"system": "You know ta404."}


@pytest.mark.long
@pytest.mark.parametrize("task", ["sft", "eval"])
def test_ms_swifts_own_processes_refuse_it_as_well(task, model, tmp_path):
    """As for a model from a hub, which nobody can look at before."""
    folder = shutil.copytree(model, tmp_path / "model")
    config = json.loads((folder / "config.json").read_text())
    config["auto_map"] = {"AutoConfig": "evil.C", "AutoModelForCausalLM": "evil.M"}
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "made-up"}))
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass C: pass\nclass M: pass\n")
    data = tmp_path / "train.jsonl"
    data.write_text('{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]}\n')
    arguments = {"model": str(folder), **demo.MODEL_ARGUMENTS, "torch_dtype": "float32"}
    more: dict[str, dict[str, Any]] = {
        "sft": {"dataset": [str(data)], "output_dir": str(tmp_path / "out"), "check_model": False, "use_cpu": True},
        "eval": {"eval_output_dir": str(tmp_path / "out"), "infer_backend": "transformers", "eval_backend": "Native"},
    }
    job = {"task": task, "arguments": {**arguments, **more[task]}, "trust_remote_code": False, "sets": {"a": str(data)}}
    with pytest.raises((ConfigError, RunError)):
        run_in_child(
            job, log_path=tmp_path / "log", environment={"CUDA_VISIBLE_DEVICES": ""}, on_event=lambda event: None
        )
    assert not (tmp_path / "ran").exists()
    assert "runs Python code of its own" in (tmp_path / "log").read_text()


def test_stage_2_takes_no_trust_from_the_folder_of_stage_1(folders, tmp_path, capsys):
    from swiftprep.recipes import stage2

    model, adapter = folders
    plant(model, "config.json")
    run = tmp_path / "stage1"
    (run / "data").mkdir(parents=True)
    for name in ("train.jsonl", "val.jsonl", "catalog.json"):
        (run / "data" / name).write_text("")
    (run / "config.yaml").write_text(f"model: {{path: {model}, trust_remote_code: true}}\n")
    write_state(run, adapter, "")
    assert stage2.main([f"stage1={run}", f"output_dir={tmp_path / 'out'}"]) == 2
    assert "trust_remote_code=True" in capsys.readouterr().err


@pytest.mark.long
def test_the_server_of_a_model_refuses_it_too(tmp_path):
    """That of an evaluation as well, which is the same."""
    (tmp_path / "config.json").write_text('{"model_type": "made-up", "auto_map": {"AutoConfig": "evil.C"}}')
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass C: pass\n")
    arguments = {"model": str(tmp_path), "model_type": "llama", "template": "chatml", "load_args": False}
    job = {"task": "swift", "arguments": arguments, "trust_remote_code": False}
    with LocalServer(job, model="m") as server, pytest.raises((ConfigError, RunError), match="runs Python code of"):
        _ = server.base_url
    assert not (tmp_path / "ran").exists()
