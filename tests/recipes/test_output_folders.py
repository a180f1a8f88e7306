"""Which output folder a run takes: results of another job are never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.output_folders import begun, in_own_folder, unfinished
from swiftprep.recipes.shared.settings import CheckConfig, Stage1Config, save_config
from swiftprep.storage.outputs import writing


def leave(folder, what, config):
    """Leave what a run of a recipe leaves."""
    with writing(folder, what) as staged:
        save_config(config, staged / "config.yaml")
    return folder


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_empty_or_new_folder_is_taken_as_it_is(here):
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1")
    assert not (here / "runs").exists()
    (here / "runs/stage1").mkdir(parents=True)
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1")


def test_a_finished_training_gets_a_numbered_folder_beside_it_and_it_is_said(here, capsys):
    leave(here / "runs/stage1", "stage1", Stage1Config())
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1-2")
    assert "runs/stage1-2, as runs/stage1 holds the results of stage1" in capsys.readouterr().err
    leave(here / "runs/stage1-2", "stage1", Stage1Config())
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1-3")


def test_a_named_folder_with_results_is_refused_with_another_to_name(here):
    leave(here / "mine", "stage1", Stage1Config())
    with pytest.raises(ConfigError, match=r"output_dir=mine: holds the results of stage1.*output_dir=mine-2"):
        in_own_folder(Stage1Config(output_dir=Path("mine")), "stage1")


def test_the_same_cheap_job_is_renewed_and_another_is_not(here):
    config = CheckConfig(data=[Path("a.jsonl")])
    leave(here / "runs/check", "check", config)
    same = CheckConfig(data=[here / "a.jsonl"], lang="en")
    assert in_own_folder(same, "check", inputs=("data",)).output_dir == Path("runs/check")
    other = CheckConfig(data=[Path("b.jsonl")])
    assert in_own_folder(other, "check", inputs=("data",)).output_dir == Path("runs/check-2")
    named = CheckConfig(data=[Path("b.jsonl")], output_dir=Path("runs/check"))
    with pytest.raises(ConfigError, match="holds the results of check"):
        in_own_folder(named, "check", inputs=("data",))


@pytest.mark.parametrize("what", ["stage2", begun("stage2"), "scan"])
def test_what_another_recipe_wrote_or_began_is_not_touched(what, here):
    leave(here / "runs/stage1", what, Stage1Config())
    with pytest.raises(ConfigError, match=f"holds the results of {what.removesuffix('-begun')}"):
        in_own_folder(Stage1Config(output_dir=Path("runs/stage1")), "stage1")


def test_results_whose_record_is_lost_are_not_touched(here):
    (here / "runs/stage1").mkdir(parents=True)
    (here / "runs/stage1/state.json").write_text("{}")
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1-2")


def test_an_unfinished_run_is_gone_on_with_in_its_folder(here):
    leave(here / "runs/stage1", begun("stage1"), Stage1Config())
    assert in_own_folder(Stage1Config(), "stage1").output_dir == Path("runs/stage1")
    assert unfinished(Stage1Config(), "stage1") == Path("runs/stage1")
    leave(here / "runs/stage1", "stage1", Stage1Config(seed=7))
    with pytest.raises(ConfigError, match="no run was begun there"):
        unfinished(Stage1Config(), "stage1")
    with pytest.raises(ConfigError, match="its run came to its end"):
        unfinished(Stage1Config(output_dir=Path("runs/stage1")), "stage1")


def test_the_newest_unfinished_run_is_the_one_to_resume(here):
    for number, name in enumerate(("stage1", "stage1-3", "stage1-2", "stage1-old")):
        leave(here / "runs" / name, begun("stage1"), Stage1Config())
        os.utime(here / "runs" / name / "config.yaml", (number, number))
    leave(here / "runs/stage1-4", "stage1", Stage1Config())
    assert unfinished(Stage1Config(), "stage1") == Path("runs/stage1-2")
    assert unfinished(Stage1Config(output_dir=Path("runs/stage1-3")), "stage1") == Path("runs/stage1-3")
