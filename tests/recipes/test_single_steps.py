"""The recipes for single steps: augment, mix, sft, evaluate and report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from swiftprep import Sample, read_jsonl, write_jsonl
from swiftprep.recipes import augment, check, evaluate, mix, report, sft
from swiftprep.recipes import scan as scan_recipe
from swiftprep.recipes.shared.command_line import speak_in
from swiftprep.recipes.shared.row_lengths import RowLengths, row_lengths, say_too_long
from swiftprep.recipes.shared.settings import CheckConfig, load

RECIPES = {"augment": augment, "mix": mix, "sft": sft, "evaluate": evaluate, "report": report}


@pytest.fixture
def app(tree):
    pages = {
        f"src/{name}/Index.vue": f"<template>\n  <ta-card title='{name}' :bordered='true'>\n    <ta-tag>{name}</ta-tag>\n"
        f"  </ta-card>\n</template>\n<script>\nexport default {{ name: 'page-{name}' }}\n</script>\n"
        for name in "abcdef"
    }
    return tree(pages)


@pytest.fixture
def data(app, tmp_path):
    assert scan_recipe.main([f"scan.path={app}", "scan.framework=acme", f"output_dir={tmp_path / 'data'}"]) == 0
    return tmp_path / "data"


@pytest.fixture
def general(tmp_path):
    rows = [Sample.from_instruction(f"What is {n} + {n}?", "", f"{2 * n}", id=str(n)) for n in range(40)]
    write_jsonl(rows, tmp_path / "general.jsonl")
    return tmp_path / "general.jsonl"


@pytest.mark.parametrize("name", RECIPES)
def test_without_data_it_says_what_is_missing_and_gives_an_example(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert RECIPES[name].main([]) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert f"`swiftprep {name} " in complaint
    assert list(tmp_path.iterdir()) == []


def test_augment_writes_the_variants_alone_and_with_their_originals(data, tmp_path, capsys):
    out = tmp_path / "augmented"
    assert augment.main([str(data / "train.jsonl"), f"output_dir={out}", "--json"]) == 0
    counted = json.loads(capsys.readouterr().out)
    originals = list(read_jsonl(data / "train.jsonl"))
    variants = list(read_jsonl(out / "variants.jsonl"))
    together = list(read_jsonl(out / "samples.jsonl"))
    assert counted["catalog"] == str(data / "catalog.json")
    assert (counted["samples"], counted["variants"]) == (len(originals), len(variants))
    assert len(variants) > 0
    assert {sample.id for sample in together} == {sample.id for sample in [*originals, *variants]}
    assert len(together) == len(originals) + len(variants)
    for operation in {row["operation"] for row in counted["outcomes"]}:
        assert sum(row["samples"] for row in counted["outcomes"] if row["operation"] == operation) == len(originals)


def test_catalog_null_switches_the_catalogue_off(data, tmp_path, capsys):
    arguments = [str(data / "train.jsonl"), "--lang", "en", "--dry-run", "--json"]
    checked = [f"output_dir={tmp_path / 'checked'}", *arguments]
    assert check.main(checked) == 0
    assert "catalog.json, beside the data" in capsys.readouterr().err
    assert check.main([*checked, "catalog=null"]) == 0
    told = capsys.readouterr().err
    assert "catalog=null: components and props are not checked" in told
    assert "beside the data" not in told
    augmented = [f"output_dir={tmp_path / 'augmented'}", *arguments]
    for setting, catalog in (([], str(data / "catalog.json")), (["catalog=null"], None)):
        assert augment.main([*augmented, *setting]) == 0
        assert json.loads(capsys.readouterr().out)["catalog"] == catalog


def test_the_settings_of_a_check_tell_the_catalogue_it_used(data, tmp_path):
    out = tmp_path / "checked"
    assert check.main([str(data / "train.jsonl"), f"output_dir={out}"]) == 0
    assert load(CheckConfig, out / "config.yaml").catalog == data / "catalog.json"


@pytest.mark.parametrize("name", ["check", "augment"])
def test_a_folder_where_a_data_file_is_wanted_is_told_so(name, data, capsys):
    assert {"check": check, "augment": augment}[name].main([str(data), "--lang", "en", "--dry-run"]) == 2
    complaint = capsys.readouterr().err.splitlines()[-1]
    assert f"{data}: is a folder; expected a" in complaint
    assert f"such as {data / 'train.jsonl'}" in complaint
    assert "是文件夹" in complaint


def test_mix_writes_one_file_at_the_ratio(data, general, tmp_path, capsys):
    out = tmp_path / "mixed"
    arguments = [str(data / "train.jsonl"), f"mix.general={general}", "mix.ratio=50:50", f"output_dir={out}"]
    arguments[1] = f"mix.general=[{general}]"
    assert mix.main([*arguments, "--json"]) == 0
    planned = json.loads(capsys.readouterr().out)
    rows = list(read_jsonl(out / "mix.jsonl"))
    private = len(list(read_jsonl(data / "train.jsonl")))
    assert planned["frozen"] == {"path": str(out / "mix.jsonl"), "rows": 2 * private}
    assert sum(sample.channel == "general" for sample in rows) == private
    assert (out / "dataset.txt").read_text().splitlines() == planned["dataset"]


def test_rows_of_identity_come_on_top_of_a_mix(data, general, tmp_path, capsys):
    out = tmp_path / "mixed"
    arguments = [str(data / "train.jsonl"), f"mix.general=[{general}]", "mix.ratio=50:50", f"output_dir={out}"]
    assert mix.main([*arguments, "mix.identity=20", "model.name=小A"]) == 2
    assert "model.name, model.author: both are needed" in capsys.readouterr().err
    assert mix.main([*arguments, "mix.identity=20", "model.name=小A", "model.author=某团队", "--json"]) == 0
    printed = capsys.readouterr()
    assert "20 rows in which the model says who it is" in printed.err
    planned = json.loads(printed.out)
    assert planned["dataset"][-1] == f"{out / 'identity.jsonl'}#20"
    assert (out / "dataset.txt").read_text(encoding="utf-8").splitlines() == planned["dataset"]
    rows = list(read_jsonl(out / "mix.jsonl"))
    assert planned["frozen"]["rows"] == len(rows)
    named = [row for row in rows if row.channel == "identity"]
    assert len(named) == 20
    assert len(rows) == sum(row["taken"] for row in planned["plan"]) + 20
    assert all("小A" in row.answer or "某团队" in row.answer for row in named)


def test_a_mix_with_hub_data_is_left_to_ms_swift(data, tmp_path, capsys):
    out = tmp_path / "mixed"
    hub = "mix.general=[AI-ModelScope/alpaca-gpt4-data-zh#500]"
    assert mix.main([str(data / "train.jsonl"), hub, f"output_dir={out}"]) == 0
    assert not (out / "mix.jsonl").exists()
    assert (out / "dataset.txt").read_text().splitlines()[1].startswith("AI-ModelScope/alpaca-gpt4-data-zh#")


def test_the_included_rows_are_where_the_list_says(data, tmp_path):
    out = tmp_path / "mixed"
    assert mix.main([str(data / "train.jsonl"), f"output_dir={out}"]) == 0
    for entry in (out / "dataset.txt").read_text().splitlines():
        assert Path(entry.partition("#")[0]).is_file()


@pytest.mark.parametrize("name", ["augment", "mix"])
def test_a_dry_run_writes_nothing(name, data, tmp_path, capsys):
    before = sorted(tmp_path.rglob("*"))
    assert RECIPES[name].main([str(data / "train.jsonl"), f"output_dir={tmp_path / 'out'}", "--dry-run"]) == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert str(tmp_path / "t") not in capsys.readouterr().out


def test_the_report_of_figures_and_of_a_log(data, tmp_path, capsys):
    out = tmp_path / "mixed"
    assert mix.main([str(data / "train.jsonl"), f"output_dir={out}"]) == 0
    assert report.main([str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((out / "report.json").read_text())
    log = tmp_path / "train.log"
    log.write_text(
        "Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193\nEpoch 2/3: Train Loss: 0.892, Eval Loss: 1.215\n"
        "Epoch 3/3: Train Loss: 0.515, Eval Loss: 1.897\n"
    )
    assert report.main([str(log), "lang=en", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "overfitting"
    assert report.main([str(tmp_path / "none")]) == 2
    assert report.main([str(data)]) == 2


@pytest.mark.slow
@pytest.mark.xdist_group("stage1")
def test_the_report_of_stage1_in_the_other_language(stage1_run, tmp_path, capsys):
    assert report.main([str(stage1_run.folder), "lang=en", f"output_dir={tmp_path / 'en'}"]) == 0
    assert "## Verdict: normal" in (tmp_path / "en" / "report.md").read_text(encoding="utf-8")
    assert "## 结论：正常" in (stage1_run.folder / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ("1 of 3 training rows are longer than max_length=10 tokens", "the eval loss may be nan")),
        ("zh", ("3 条训练数据中有 1 条超过 max_length=10", "验证损失可能为 nan")),
    ],
)
def test_rows_that_are_too_long_are_warned_of(lang, said, tmp_path, capsys):
    rows = [Sample.from_instruction("a", "", answer) for answer in ("x", "y", "z " * 12)]
    write_jsonl(rows, tmp_path / "train.jsonl")
    write_jsonl([Sample.from_instruction("a " * 12, "", "b"), rows[0]], tmp_path / "val.jsonl")
    speak_in(lang)
    data = ["AI-ModelScope/alpaca-gpt4-data-zh#5", f"{tmp_path / 'train.jsonl'}#2"]
    say_too_long(data, [tmp_path / "val.jsonl"], 10, lambda text: len(text.split()))
    told = capsys.readouterr().err
    assert all(part in told for part in said)
    assert row_lengths([tmp_path / "val.jsonl"], 10, lambda text: len(text.split())) == RowLengths(2, 1, 1)
    say_too_long(data, [tmp_path / "val.jsonl"], 10, None)
    say_too_long(data, [tmp_path / "val.jsonl"], None, len)
    say_too_long(data, [tmp_path / "val.jsonl"], 100, len)
    assert capsys.readouterr().err == ""
    speak_in(None)


def test_the_dry_run_of_sft_warns_of_rows_that_are_too_long(tmp_path, capsys):
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    model = tmp_path / "model"
    model.mkdir()
    tokenizer = Tokenizer(WordLevel({"x": 0}, unk_token="x"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(model / "tokenizer.json"))
    (model / "config.json").write_text('{"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"]}')
    write_jsonl([Sample.from_instruction("a", "", "b " * 50)], tmp_path / "train.jsonl")
    settings = [f"model.path={model}", "model.model_type=qwen2", "model.template=qwen2_5", "sft.max_length=20"]
    arguments = [str(tmp_path / "train.jsonl"), *settings, f"output_dir={tmp_path / 'out'}", "--dry-run"]
    assert sft.main([*arguments, "--lang", "en"]) == 0
    assert "1 of 1 training rows are longer than max_length=20 tokens" in capsys.readouterr().err


@pytest.mark.slow
def test_fine_tuning_and_evaluating_for_real(data, general, model, tmp_path, capsys):
    out = tmp_path / "tuned"
    steps = ["sft.max_steps=2", "sft.max_length=320", "sft.eval_strategy=steps", "sft.save_strategy=steps"]
    assert sft.main([str(general), f"held_out=[{data / 'val.jsonl'}]", f"output_dir={out}", *steps]) == 0
    written = json.loads((out / "report.json").read_text())
    assert written["sft"]["steps"] == 2
    assert written["sft"]["eval_loss"]["first"] > 0
    assert (out / "loss.png").read_bytes().startswith(b"\x89PNG")
    few = [f"eval.probes={probes(tmp_path)}", "eval.limit=1", "eval.max_new_tokens=8"]
    assert evaluate.main([f"run={out}", *few, f"output_dir={tmp_path / 'eval'}", "--json"]) == 0
    compared = json.loads(capsys.readouterr().out)
    assert {row["name"]: row["questions"] for row in compared["eval"]} == {"general": 2, "held-out": 1}
    assert compared["checkpoint"] == written["sft"]["best_checkpoint"]
    assert len((tmp_path / "eval" / "tuned.jsonl").read_text().splitlines()) == 3


def probes(folder):
    rows = [{"id": str(n), "question": f"What is {n} + {n}?", "accept": [str(2 * n)]} for n in (1, 2)]
    path = folder / "probes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path
