"""The forms in which the command line of a recipe may be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.argument_forms import place_words, sort_words
from swiftprep.recipes.shared.command_line import Arguments, run
from swiftprep.recipes.shared.data_settings import EvaluateConfig
from swiftprep.recipes.shared.distill_settings import DistillConfig, Stage2Config
from swiftprep.recipes.shared.settings import CheckConfig, ScanRecipeConfig, Stage1Config, load
from swiftprep.recipes.shared.start_settings import StartConfig

FORMS = {
    "key=value": ["scan.path=x", "output_dir=y", "sft.seed=3"],
    "--key value": ["--scan.path", "x", "--output_dir", "y", "--sft.seed", "3"],
    "--key=value": ["--scan.path=x", "--output_dir=y", "--sft.seed=3"],
    "dashes": ["--scan.path=x", "--output-dir", "y", "--sft.seed=3"],
}


@pytest.mark.parametrize("argv", FORMS.values(), ids=FORMS.keys())
def test_all_forms_of_a_setting_are_the_same(argv):
    words = sort_words([*argv, "--dry-run"], Stage1Config, ["dry-run"])
    assert words.overrides == ["scan.path=x", "output_dir=y", "sft.seed=3"]
    assert words.flags == {"dry-run"}
    assert words.alone == []


@pytest.mark.parametrize(
    ("argv", "overrides"),
    [
        (["--seed", "-1"], ["seed=-1"]),
        (["--sft.dataset_num_proc", "2"], ["sft.dataset_num_proc=2"]),
        (["--mix.size.swift/x", "10"], ["mix.size.swift/x=10"]),
        (["--mix", "{ratio: 30:70}"], ["mix={ratio: 30:70}"]),
        (["--sft={seed: 1}"], ["sft={seed: 1}"]),
        (["--scan.path", "a=b"], ["scan.path=a=b"]),
        (["--output_dir="], ["output_dir="]),
    ],
)
def test_a_value_may_be_anything(argv, overrides):
    assert sort_words(argv, Stage1Config, []).overrides == overrides


@pytest.mark.usefixtures("here")
def test_demo_is_the_demonstration_unless_there_is_a_folder_of_that_name(tmp_path):
    assert place_words(["demo"], ScanRecipeConfig, takes_data=False)[2] == ["scan.path=demo"]
    (tmp_path / "demo").mkdir()
    for word in ("demo", "./demo", "demo/"):
        assert place_words([word], ScanRecipeConfig, takes_data=False)[2] == [f"scan.path={tmp_path}/demo"]


def test_after_two_dashes_there_are_no_options():
    assert sort_words(["--", "--odd", "a"], CheckConfig, []).alone == ["--odd", "a"]


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["--dryrun"], "--dryrun: no such option (did you mean '--dry-run'?)"),
        (["--path", "x"], "did you mean --scan.path or --model.path?"),
        (["--output_dri=x"], "did you mean '--output_dir'?"),
        (["--zzz"], "--help lists them"),
        (["-n"], "--n: no such option"),
        (["--seed"], "--seed: it needs a value"),
        (["--lang", "de"], "--lang de: zh or en"),
    ],
)
def test_an_option_that_is_not_known_is_refused(argv, complaint):
    with pytest.raises(ConfigError) as refused:
        sort_words(argv, Stage1Config, ["dry-run"])
    assert complaint in str(refused.value)


def test_lang_sets_the_language_of_the_report_where_there_is_such_a_key():
    assert sort_words(["--lang", "en"], CheckConfig, []).overrides == ["lang=en"]
    words = sort_words(["--lang=en"], Stage1Config, [])
    assert (words.overrides, words.lang) == ([], "en")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "lib").mkdir()
    for name in ("a.yaml", "b.yaml", "empty", "train.jsonl", "catalog.json"):
        (tmp_path / name).write_text("")
    (tmp_path / "settings").write_text("seed: 1\n")
    (tmp_path / "App.vue").write_text("<template><i/></template>")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("kind", "takes_data", "alone", "placed"),
    [
        (ScanRecipeConfig, False, ["app"], (None, [], ["scan.path=app"])),
        (Stage1Config, False, ["a.yaml", "app"], ("a.yaml", [], ["scan.path=app"])),
        (Stage1Config, False, ["settings"], ("settings", [], [])),
        (StartConfig, False, ["app"], (None, [], ["path=app"])),
        (Stage2Config, False, ["app"], (None, [], ["stage1=app"])),
        (EvaluateConfig, True, ["app", "train.jsonl"], (None, ["train.jsonl"], ["run=app"])),
        (DistillConfig, False, ["catalog.json"], (None, [], ["catalog=catalog.json"])),
        (CheckConfig, True, ["train.jsonl", "catalog.json"], (None, ["train.jsonl"], ["catalog=catalog.json"])),
        (CheckConfig, True, ["a.yaml", "none.jsonl"], ("a.yaml", ["none.jsonl"], [])),
        (CheckConfig, True, ["app"], (None, ["app"], [])),
    ],
)
def test_a_word_alone_is_what_it_names(kind, takes_data, alone, placed):
    assert place_words(alone, kind, takes_data=takes_data) == placed


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("alone", "complaint"),
    [
        (["./nosuch"], "./nosuch: No such file or directory: it is neither a folder nor a settings file"),
        (["a.yaml", "b.yaml"], "one settings file at most"),
        (["empty"], "empty: is a file, and no settings file (.yaml); expected a folder for scan.path"),
        (["./App.vue"], "scan.path 应为文件夹"),
    ],
)
def test_words_that_fit_nowhere_are_refused(alone, complaint):
    with pytest.raises(ConfigError) as refused:
        place_words(alone, Stage1Config, takes_data=False)
    assert complaint in str(refused.value)


LISTS = {
    "one": (["held_out=val.jsonl"], ["val.jsonl"]),
    "commas": (["held_out=a.jsonl, b.jsonl"], ["a.jsonl", "b.jsonl"]),
    "repeated": (["held_out=a", "held_out=b,c", "held_out=[d]"], ["a", "b", "c", "d"]),
    "brackets": (["held_out=[a, b]"], ["a", "b"]),
    "cleared": (["held_out=a", "held_out=[]"], ["a"]),
}


@pytest.mark.parametrize(("given", "read"), LISTS.values(), ids=LISTS.keys())
def test_a_list_is_written_with_or_without_brackets(given, read):
    assert load(CheckConfig, None, given).held_out == [Path(name) for name in read]


def test_a_comma_in_the_name_of_a_file_is_no_separator(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b.jsonl").write_text("")
    assert load(CheckConfig, None, ["held_out=a,b.jsonl"]).held_out == [Path("a,b.jsonl")]


def test_lists_of_other_types_are_read_likewise(tmp_path):
    scan = load(ScanRecipeConfig, None, ["scan.suffixes=.vue,.js", "scan.allow_licenses=MIT"]).scan
    assert (scan.suffixes, scan.allow_licenses) == ([".vue", ".js"], ["MIT"])
    assert load(ScanRecipeConfig, None, ["scan.ignore=a", "scan.ignore=null"]).scan.ignore is None
    stage2 = load(Stage2Config, None, ["teacher.price=2,8", "distill.langs=zh,en", "distill.langs=[en]"])
    assert stage2.teacher.price == (2.0, 8.0)
    assert stage2.distill.langs == ["zh", "en", "en"]


def test_a_dot_in_a_name_of_the_users_choice_is_part_of_the_name():
    settings = ["mix.size.team/set-v1.5=500", "mix.size.folder=3", "sft.learning_rate=5e-5"]
    config = load(Stage1Config, None, settings)
    assert config.mix.size == {"team/set-v1.5": 500, "folder": 3}
    assert config.sft == {"learning_rate": 5e-5}
    assert load(Stage2Config, None, ["teacher.sampling.top_p=0.5"]).teacher.sampling == {"top_p": 0.5}


def test_a_list_on_the_command_line_replaces_that_of_the_file(tmp_path):
    (tmp_path / "a.yaml").write_text("held_out: [x]\n")
    assert load(CheckConfig, tmp_path / "a.yaml", ["held_out=y"]).held_out == [Path("y")]


@pytest.mark.parametrize(
    ("kind", "setting", "hint"),
    [
        (ScanRecipeConfig, "path=x", "path: no such key (did you mean 'scan.path'?)"),
        (ScanRecipeConfig, "suffixes=.vue", "did you mean 'scan.suffixes'?"),
        (Stage1Config, "path=x", "did you mean 'scan.path' or 'model.path'?"),
        (Stage1Config, "ratio=1:2", "did you mean 'mix.ratio'?"),
        (Stage1Config, "output_dri=x", "did you mean 'output_dir'?"),
    ],
)
def test_a_key_without_its_section_is_told_where_it_belongs(kind, setting, hint):
    with pytest.raises(ConfigError) as refused:
        load(kind, None, [setting])
    assert hint in str(refused.value)


def test_a_recipe_gets_what_was_given(here, capsys):
    got: list[Arguments] = []

    def recipe(arguments):
        got.append(arguments)
        return {}

    argv = ["app", "--prepare", "a.yaml", "--seed", "3", "suffixes=x", "--json", "--resume", "--dry-run"]
    assert run("stage1", "", recipe, argv, can_prepare=True, can_resume=True) == 0
    assert got == [
        Arguments(
            file="a.yaml",
            overrides=["scan.path=app", "seed=3", "suffixes=x"],
            dry_run=True,
            prepare=True,
            resume=True,
            json=True,
        )
    ]
    assert run("stage1", "", recipe, ["--prepare"]) == 2
    assert "--prepare: no such option" in capsys.readouterr().err
