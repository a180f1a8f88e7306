from __future__ import annotations

import json
import stat
from types import SimpleNamespace
from typing import Any, cast

import pytest

from swiftprep import Checker, Mixer, Sample, Scanner, SwiftRunner, read_jsonl, write_jsonl
from swiftprep.arguments import checked_keywords, right_spelling
from swiftprep.errors import ConfigError
from swiftprep.inputs import data_file, data_files, samples_and_paths, samples_of


def sample(text: str, **meta: str) -> Sample:
    return Sample.from_instruction(text, "", "a", id=text, meta=dict(meta))


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_text_is_one_path_and_mixtures_are_flattened_in_order(tmp_path):
    assert list(samples_and_paths("x", "train.jsonl")) == ["train.jsonl"]
    result = SimpleNamespace(samples=[sample("2"), sample("3")])
    mixed = [sample("1"), result, tmp_path, ["b.jsonl", sample("4")]]
    found = [item.id if isinstance(item, Sample) else item for item in samples_and_paths("x", mixed)]
    assert found == ["1", "2", "3", tmp_path, "b.jsonl", "4"]


@pytest.mark.parametrize("wrong", [5, {"messages": []}, [{"messages": []}], [3.5], b"train.jsonl"])
def test_what_is_no_data_is_refused_with_the_argument_and_the_way_out(wrong):
    with pytest.raises(ConfigError, match=r"^private=.*: expected a list of paths.*read_jsonl"):
        list(samples_and_paths("private", wrong))


def test_of_a_scan_each_side_takes_its_own(tmp_path):
    scan = SimpleNamespace(samples=[sample("1"), sample("2", split="val")], train=[sample("1")], val=[sample("2")])
    assert [s.id for s in samples_of("x", scan, side="train")] == ["1"]
    assert [s.id for s in samples_of("x", scan)] == ["1", "2"]
    [path] = data_files("val_dataset", scan, side="val")
    assert [s.id for s in read_jsonl(path)] == ["2"]


def test_held_out_samples_never_get_into_training_data_and_are_counted(tmp_path, caplog):
    write_jsonl([sample("3", split="val")], tmp_path / "f.jsonl")
    samples = [sample("1"), sample("2", split="val")]
    [path] = data_files("private", samples, side="train")
    assert [s.id for s in read_jsonl(path)] == ["1"]
    assert [s.id for s in samples_of("examples", [*samples, tmp_path / "f.jsonl"], side="train")] == ["1"]
    assert "private: left out 1 held-out samples" in caplog.text
    assert "examples: left out 2 held-out samples" in caplog.text


@pytest.mark.parametrize("entry", ["f.jsonl", "f.jsonl#2", "text.jsonl"])
def test_held_out_samples_in_a_file_to_train_on_are_warned_of(tmp_path, monkeypatch, caplog, entry):
    monkeypatch.chdir(tmp_path)
    write_jsonl([sample("1"), sample("2", split="val"), sample("3", split="train")], "f.jsonl")
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    (tmp_path / "text.jsonl").write_text(json.dumps({**row, "meta": json.dumps({"split": "val"})}) + "\nnone\n")
    assert data_files("private", entry, side="train") == [entry]
    assert f"private: {entry.partition('#')[0]} holds 1 held-out samples" in caplog.text
    assert "其中有 1 条留出样本" in caplog.text
    caplog.clear()
    data_files("val_dataset", entry, side="val")
    write_jsonl([sample("the split of val", note="val"), sample("1", split="train")], "f.jsonl")
    data_files("private", ["f.jsonl", "none.jsonl", "team/hub#5", str(tmp_path)], side="train")
    assert not caplog.text


def test_the_kept_rows_of_a_report_hold_both_sides_and_are_warned_of(tmp_path, caplog):
    rows = [
        sample(f"How is a table of {word} sorted?", split=side) for word, side in (("cars", "train"), ("trees", "val"))
    ]
    report = Checker().run(rows)
    kept = report.write(tmp_path)["kept"]
    Mixer(private=kept, ratio=None)
    assert "private: " in caplog.text
    assert "holds 1 held-out samples" in caplog.text
    caplog.clear()
    assert Mixer(private=report, ratio=None).plan()["taken"].tolist() == [1]
    assert "holds" not in caplog.text


def test_the_same_samples_give_the_same_private_file(cache):
    samples = [sample("1"), sample("2", note="a")]
    [path] = data_files("private", samples, side="train")
    assert data_files("private", list(samples), side="train") == [path]
    assert data_files("private", [samples[0]], side="train") != [path]
    assert list(read_jsonl(path)) == samples
    assert str(cache) in path
    folder = next(cache.glob("samples/*"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(cache.rglob("*.tmp"))


def test_samples_are_written_where_the_user_says(tmp_path):
    [path] = data_files("private", [sample("1")], side="train", folder=tmp_path / "here")
    assert [str(p) for p in (tmp_path / "here").glob("*.jsonl")] == [path]


def test_a_mixer_takes_samples_files_and_results_together(tmp_path):
    write_jsonl([sample(f"f{i}") for i in range(3)], tmp_path / "f.jsonl")
    write_jsonl([sample(f"g{i}") for i in range(10)], tmp_path / "g.jsonl")
    scan = SimpleNamespace(samples=[], train=[sample("1"), sample("2")], val=[sample("3")])
    mix = Mixer(private=[scan, tmp_path / "f.jsonl"], general=str(tmp_path / "g.jsonl"), ratio=(50, 50))
    assert mix.plan()["taken"].tolist() == [2, 3, 5]
    assert data_files("dataset", mix, side="train") == mix.dataset_args()
    assert [s.id for s in read_jsonl(mix.dataset_args()[0])] == ["1", "2"]


def test_no_samples_are_no_data_set():
    with pytest.raises(ConfigError, match="no private data set"):
        Mixer(private=[], ratio=None)
    assert data_files("val_dataset", None, side="val") == []


@pytest.mark.parametrize(
    ("name", "known", "ours"),
    [
        ("epochs", ["num_train_epochs", "seed"], "num_train_epochs"),
        ("lr", ["learning_rate"], "learning_rate"),
        ("output", ["output_dir"], "output_dir"),
        ("learning_rat", ["learning_rate"], "learning_rate"),
    ],
)
def test_foreign_names_and_slips_are_told_the_right_spelling(name, known, ours):
    assert right_spelling(name, known) == f" (did you mean '{ours}'?)"


def test_every_unknown_keyword_is_named_and_errors_within_the_call_stay():
    @checked_keywords
    def scan(root, *, seed=1):
        if root is None:
            raise TypeError("from within")
        return root, seed

    assert scan("x", seed=2) == ("x", 2)
    with pytest.raises(ConfigError, match=r"scan: no argument 'sed'.*did you mean 'seed'.*\n.*'zzz' "):
        scan("x", sed=2, zzz=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="from within"):
        scan(None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Mixer, "Mixer: private=… is needed (缺少参数 private)"),
        (Scanner, "Scanner: root=… is needed"),
        (SwiftRunner, "SwiftRunner: model=… is needed"),
        (cast(Any, Checker()).run, "Checker.run: samples=… is needed"),
        (
            lambda: cast(Any, Scanner)("a", "b", "c"),
            "Scanner: too many positional arguments; without names it takes root, framework,",
        ),
        (lambda: cast(Any, Scanner)("a", root="b"), "Scanner: multiple values for argument 'root'"),
        (lambda: cast(Any, SwiftRunner)(None), "model=None: expected a model folder, or a hub id"),
    ],
)
def test_a_call_with_an_argument_missing_or_too_much_is_told_which(call, message):
    with pytest.raises(ConfigError) as refused:
        call()
    assert message in str(refused.value)


def test_a_report_has_two_sides_and_nothing_held_out_is_told():
    report = Checker().run([sample("What is a tag?"), sample("What is a tree?", split="val")])
    for side, ids in (("train", ["What is a tag?"]), ("val", ["What is a tree?"])):
        [path] = data_files("dataset", report, side=cast(Any, side))
        assert [s.id for s in read_jsonl(path)] == ids
    with pytest.raises(ConfigError, match=r"val_dataset: <QualityReport.* holds no held-out samples; pass .samples"):
        data_files("val_dataset", Checker().run([sample("What is a tag?")]), side="val")


@pytest.mark.parametrize("several", [[], ["a.jsonl", "b.jsonl"]], ids=len)
def test_one_file_is_one_file(several):
    assert data_file("held-out", "a.jsonl", side="val") == "a.jsonl"
    with pytest.raises(ConfigError, match=f"held-out: {len(several)} data sets; expected one"):
        data_file("held-out", several, side="val")
