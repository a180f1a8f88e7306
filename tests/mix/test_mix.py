from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from swiftprep import Checker, Mixer, Sample, demo, read_jsonl, write_jsonl
from swiftprep.apportion import apportion
from swiftprep.errors import ConfigError, DataError
from swiftprep.mix.mixer import parse_ratio
from swiftprep.recipes.shared.data_settings import MixRecipeConfig
from swiftprep.recipes.shared.reading import load


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """Write a file of so many rows and return its name, relative to the working folder."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, count: int) -> str:
        write_jsonl([Sample.from_instruction(f"{name} {i}", "", "a", id=f"{name}-{i}") for i in range(count)], name)
        return name

    return write


@pytest.mark.parametrize(
    ("ratio", "general"),
    [("40:60", 60), ("50:50", 40), ("30:70", 93), ("70:30", 17), (0.4, 60), ("0.4", 60), ("2:3", 60), ("1:5", 200)],
)
def test_all_private_rows_are_taken_and_the_general_side_is_scaled(rows, ratio, general):
    mix = Mixer(private=[rows("train.jsonl", 40)], general=[rows("general.jsonl", 500)], ratio=ratio)
    assert mix.dataset_args() == ["train.jsonl", f"general.jsonl#{general}"]
    assert mix.plan()["taken"].tolist() == [40, general]


def test_general_data_sets_share_in_proportion_to_their_size(rows):
    mix = Mixer([rows("train.jsonl", 40)], ["swift/self-cognition#100", rows("general.jsonl", 200)], ratio="40:60")
    assert mix.dataset_args() == ["train.jsonl", "swift/self-cognition#20", "general.jsonl#40"]


def test_too_few_general_rows_repeat_and_the_plan_says_so(rows, caplog):
    mix = Mixer([rows("train.jsonl", 40)], [rows("general.jsonl", 10)], ratio="40:60")
    assert mix.dataset_args() == ["train.jsonl", "general.jsonl#60"]
    assert mix.plan()["repeats"].tolist() == [1.0, 6.0]
    assert "6.0 times" in caplog.text


def test_without_a_ratio_everything_is_taken(rows):
    mix = Mixer([rows("train.jsonl", 4) + "#2"], ["swift/self-cognition#500", rows("g.jsonl", 3)], ratio=None)
    assert mix.dataset_args() == ["train.jsonl#2", "swift/self-cognition#500", "g.jsonl"]


def test_a_size_stands_in_for_a_missing_count(rows):
    mix = Mixer([rows("t.jsonl", 40)], ["swift/self-cognition"], size={"swift/self-cognition": 108})
    assert mix.dataset_args() == ["t.jsonl", "swift/self-cognition#60"]


def test_the_command_survives_a_shell(rows):
    mix = Mixer([rows("my data.jsonl", 4)], ["swift/self-cognition#500"], ratio="50:50")
    assert shlex.split(mix.command(), comments=True) == ["--dataset", *mix.dataset_args()]


def test_tokens_are_counted_when_asked(rows):
    mix = Mixer([rows("t.jsonl", 2)], ["a/b#9"], ratio=None, count_tokens=lambda text: len(text.split()))
    assert mix.plan()["tokens"].fillna(-1).tolist() == [6, -1]


def kinds_of_files(tmp_path) -> dict[str, str]:
    """Write ten rows with two words in the question and one in the answer, as every kind of file."""
    rows = [{"query": f"which {i}", "response": "this"} for i in range(10)]
    turns = [
        {"messages": [{"role": "user", "content": r["query"]}, {"role": "assistant", "content": "this"}]} for r in rows
    ]
    texts = {
        "pairs.jsonl": "".join(json.dumps(row) + "\n" for row in rows),
        "pairs.json": json.dumps(rows),
        "pretty.json": json.dumps(turns, indent=2),
        "pairs.csv": "query,response\n" + "".join(f"{row['query']},this\n" for row in rows),
        "lines.txt": "three words here\n" * 10,
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return texts


@pytest.mark.parametrize("suffix", ["", "#4", "#25"])
@pytest.mark.parametrize("name", ["pairs.jsonl", "pairs.json", "pretty.json", "pairs.csv", "lines.txt"])
def test_every_figure_of_the_plan_holds_for_every_kind_of_file(rows, tmp_path, name, suffix):
    kinds_of_files(tmp_path)
    taken = int(suffix.removeprefix("#") or 10)
    mix = Mixer([name + suffix], [rows("g.jsonl", 7)], ratio=None, count_tokens=lambda text: len(text.split()))
    plan = mix.plan().to_dict("records")
    assert plan[0] == {
        "source": name, "channel": "private", "available": 10, "taken": taken, "repeats": taken / 10, "tokens": 3 * taken,
        "share": round(taken / (taken + 7), 4),
    }  # fmt: skip


def test_what_is_not_known_of_the_plan_is_left_open(rows, tmp_path):
    (tmp_path / "parts.jsonl").write_text(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": [{"type": "text", "text": "q"}]},
                    {"role": "assistant", "content": "a"},
                ]
            }
        )
    )
    (tmp_path / "folder").mkdir()
    given = [rows("t.jsonl", 4), "parts.jsonl", "folder#3", "team/unknown#9", "team/known#9", "team/bare"]
    mix = Mixer(given, ratio=None, size={"team/known": 6, "team/bare": 5}, count_tokens=len)
    plan = mix.plan()
    assert plan["taken"].tolist() == [4, 1, 3, 9, 9, 5]
    assert plan["available"].fillna(-1).tolist() == [4, 1, -1, -1, 6, 5]
    assert plan["repeats"].fillna(-1).tolist() == [1, 1, -1, -1, 1.5, 1]
    assert plan["tokens"].isna().tolist() == [False, True, True, True, True, True]
    assert mix.dataset_args() == ["t.jsonl", "parts.jsonl", "folder#3", "team/unknown#9", "team/known#9", "team/bare#5"]


def test_one_data_set_may_be_given_by_itself(rows):
    private, general = rows("t.jsonl", 4), rows("g.jsonl", 9)
    assert Mixer(private, Path(general)).dataset_args() == ["t.jsonl", "g.jsonl#6"]
    for given in ({"private": 5}, {"private": private, "general": 5}):
        with pytest.raises(ConfigError, match=r"=5: expected a list"):
            Mixer(**given)


def test_a_ratio_that_takes_more_than_a_count_is_told(rows, caplog):
    Mixer([rows("t.jsonl", 4)], [rows("g.jsonl", 200) + "#10"])
    assert not caplog.text
    Mixer([rows("t.jsonl", 40)], ["g.jsonl#10"])
    assert "g.jsonl#10: the ratio takes 60 rows of it" in caplog.text
    assert "name a file of 10 rows, or pass ratio=None" in caplog.text


def test_of_a_hub_data_set_a_count_only_weighs_either_and_how_many_rows_there_are_is_not_known(rows, caplog):
    mix = Mixer(rows("t.jsonl", 400), "AI-ModelScope/x#5")
    assert mix.dataset_args()[1] == "AI-ModelScope/x#600"
    assert "AI-ModelScope/x#5: the ratio takes 600 rows of it" in caplog.text
    assert "实际取 600 行" in caplog.text
    assert "there are only" not in caplog.text
    caplog.clear()
    Mixer(rows("t.jsonl", 400), "AI-ModelScope/x#5", size={"AI-ModelScope/x": 50})
    assert "needs 600 general rows, but there are only 50" in caplog.text


def test_a_hub_data_set_of_unknown_size_names_the_spelling_of_recipes(rows):
    with pytest.raises(ConfigError) as refused:
        Mixer(rows("t.jsonl", 4), "AI-ModelScope/x-v1.5")
    setting = "mix.size.AI-ModelScope/x-v1.5=500"
    assert str(refused.value).count(setting) == 2
    size = load(MixRecipeConfig, None, [setting]).mix.size
    assert Mixer(rows("t.jsonl", 4), "AI-ModelScope/x-v1.5", size=size).plan()["available"].tolist() == [4, 500]


def test_without_general_data_the_included_rows_are_named(rows):
    with pytest.raises(ConfigError, match=r"demo.general_samples\(name, author\)"):
        Mixer(rows("t.jsonl", 4))
    assert Mixer(rows("t.jsonl", 4), demo.general_samples("n", "a")).plan()["taken"].tolist() == [4, 6]


def test_a_count_below_the_rows_does_not_make_them_fewer(rows, caplog):
    mix = Mixer([rows("t.jsonl", 40)], [rows("g.jsonl", 200) + "#10"], ratio="40:60")
    assert mix.plan()[["available", "taken", "repeats"]].to_numpy().tolist() == [[40, 40, 1.0], [200, 60, 0.3]]
    assert "is seen about" not in caplog.text


def test_freeze_writes_the_planned_rows_once_more_the_same(rows, tmp_path):
    mix = Mixer([rows("t.jsonl", 4)], [rows("g.jsonl", 3)], ratio="40:60")
    assert mix.freeze("one.jsonl") == 10
    mix.freeze("two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()
    channels = [s.channel for s in read_jsonl("one.jsonl")]
    assert (channels.count("private"), channels.count("general")) == (4, 6)


def test_a_hub_data_set_cannot_be_frozen(rows):
    with pytest.raises(ConfigError, match="only local"):
        Mixer([rows("t.jsonl", 4)], ["swift/self-cognition#5"]).freeze("x.jsonl")


BAD = {
    "three parts": ("40:70:1", ConfigError, "ratio '40:70:1'"),
    "no private share": ("0:100", ConfigError, "ratio '0:100'"),
    "a percentage": (40, ConfigError, "ratio '40'"),
    "words": ("half", ConfigError, "ratio 'half'"),
}


@pytest.mark.parametrize(("ratio", "kind", "message"), BAD.values(), ids=BAD.keys())
def test_bad_ratios(rows, ratio, kind, message):
    with pytest.raises(kind, match=message):
        Mixer([rows("t.jsonl", 4)], [rows("g.jsonl", 4)], ratio=ratio)


@pytest.mark.parametrize(
    ("private", "general", "kind", "message"),
    [
        (["t.jsonl#0"], ["g.jsonl"], ConfigError, "#0 is not a number of rows"),
        (["t.jsonl#-1"], ["g.jsonl"], ConfigError, "#-1 is not"),
        (["t.jsonl#0.5"], ["g.jsonl"], ConfigError, "#0.5 is not"),
        (["t.jsonl"], ["team/general"], ConfigError, "unknown size: write 'team/general#500'"),
        (["t.jsonl"], ["none.jsonl"], ConfigError, "'none.jsonl': no such file"),
        (["t.jsonl"], ["data/none.jsonl"], ConfigError, "'data/none.jsonl': no such file"),
        (["t.jsonl"], [], ConfigError, "no general data set"),
        ([], ["g.jsonl"], ConfigError, "no private data set"),
        (["empty.jsonl"], ["g.jsonl"], DataError, "the file is empty"),
        (["broken.jsonl"], ["g.jsonl"], DataError, "broken.jsonl:2: not valid JSON"),
        (["dropped.jsonl"], ["g.jsonl"], DataError, "keeps none of its 1 rows"),
    ],
)
def test_bad_data_sets(rows, tmp_path, private, general, kind, message):
    rows("t.jsonl", 4), rows("g.jsonl", 4)
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "broken.jsonl").write_text('{"query": "q", "response": "a"}\n{oops\n')
    (tmp_path / "dropped.jsonl").write_text('{"messages": []}\n')
    with pytest.raises(kind, match=message):
        Mixer(private, general)


@pytest.mark.parametrize(("total", "weights"), [(10, [1, 1, 1]), (0, [3, 4]), (7, [5, 0, 9]), (93, [108, 200, 7])])
def test_apportion_adds_up_and_stays_within_one_of_the_exact_share(total, weights):
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * w / sum(weights)) < 1 for part, w in zip(parts, weights, strict=True))


def test_a_share_is_a_fraction_of_all_rows():
    assert parse_ratio("30:70") == parse_ratio(0.3)


def test_a_tiny_share_can_be_given_as_a_number():
    assert parse_ratio(0.00001) == parse_ratio("1:99999")


def test_freeze_refuses_a_file_it_reads_otherwise_than_ms_swift(rows, tmp_path):
    good = '{"query": "How is a table sorted by its price?", "response": "Call `sort` with the name of the column."}'
    (tmp_path / "odd.jsonl").write_text(f'{good}\n{{"query": "And by name?", "response": null}}\n')
    mix = Mixer(["odd.jsonl"], ratio=None)
    assert mix.plan()["available"].tolist() == [2]  # ms-swift keeps the row without an answer
    with pytest.raises(DataError) as refused:
        mix.freeze("out.jsonl")
    for part in (
        "ms-swift keeps 2 rows of it and swiftprep reads 1 (odd.jsonl:2: 'response' is null",
        "`swiftprep check odd.jsonl` writes kept.jsonl",
        "ms-swift 保留 2 行，swiftprep 读出 1 行",
    ):
        assert part in str(refused.value)
    kept = Checker().run("odd.jsonl").write("checked")["kept"]
    assert Mixer([kept], ratio=None).freeze("out.jsonl") == 1


@pytest.mark.parametrize("ratio", ["40/60", "40 : 60", "40：60", (40, 60), [2, 3], (0.4, 0.6)])
def test_a_ratio_may_be_written_in_several_ways(rows, ratio):
    assert Mixer(rows("t.jsonl", 40), rows("g.jsonl", 100), ratio=ratio).dataset_args() == ["t.jsonl", "g.jsonl#60"]


@pytest.mark.parametrize("ratio", [(40,), (1, 2, 3), ("a", "b"), (0, 1), {}])
def test_what_is_no_ratio_is_refused(rows, ratio):
    with pytest.raises(ConfigError, match=r"ratio .*expected"):
        Mixer(rows("t.jsonl", 40), rows("g.jsonl", 100), ratio=ratio)


@pytest.mark.parametrize(
    "name", ["swift/self-cognition", "ms::swift/self-cognition:qwen3", "modelscope/self-cognition"]
)
def test_the_size_of_the_identity_set_is_known_and_as_general_data_it_is_warned_of(rows, caplog, name):
    mix = Mixer(rows("t.jsonl", 90), f"{name}#500", ratio=None)
    assert mix.plan()["available"].tolist() == [90, 108]
    assert "identity" in caplog.text
    assert "has 108 rows, and 500 are taken: each is seen about 4.6 times" in caplog.text
    caplog.clear()
    assert Mixer(rows("t.jsonl", 90), [name, rows("g.jsonl", 108)]).plan()["taken"].tolist() == [90, 68, 67]
    assert "identity" in caplog.text
    assert "each is seen" not in caplog.text


def test_no_other_data_set_is_taken_for_the_identity_set(rows, caplog):
    Mixer(rows("t.jsonl", 4), ["team/self-cognition#500", rows("g.jsonl", 9)], ratio=None)
    assert not caplog.text
