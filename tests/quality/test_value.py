"""IFD scores and the cap by value."""

from __future__ import annotations

import math
import random
import sys
from typing import Any

import pandas as pd
import pytest
from present import present

from swiftprep import demo
from swiftprep.errors import ConfigError, DataError, MissingDependencyError
from swiftprep.quality.ifd import COLUMNS, hardest, ifd
from swiftprep.records import Sample


def samples_of(names, kinds=None):
    kinds = kinds or [""] * len(names)
    return [Sample.from_instruction("Q?", "", "A.", id=n, meta={"kind": k}) for n, k in zip(names, kinds, strict=True)]


def scores_of(names, values):
    return pd.DataFrame({"id": list(names), "ifd": values})


@pytest.mark.parametrize(
    ("values", "limits", "expected"),
    [
        pytest.param([0.2, 0.9, 0.5], {"top": 2}, "bc", id="the hardest, in the order they came"),
        pytest.param([0.2, 0.9, 1.1], {"top": 1}, "b", id="the misaligned is not the hardest"),
        pytest.param([0.2, 1.1, 1.0], {"top": 2}, "ac", id="of the misaligned the nearest to 1 first"),
        pytest.param([0.2, math.nan, 1.1], {"top": 2}, "ab", id="no score before misaligned"),
        pytest.param([0.5, 0.5, 0.5], {"top": 1}, "a", id="a tie goes to the first"),
        pytest.param([0.2, 0.9, 0.5], {"top": 0}, "", id="none"),
        pytest.param([0.2, 0.9, 0.5], {"top": 9}, "abc", id="more than there are"),
        pytest.param([0.2, 0.9, 0.5], {"share": 1}, "abc", id="all"),
        pytest.param([0.2, 0.9, 0.5], {"share": 0.34}, "bc", id="a share is rounded up"),
        pytest.param([0.1 * i for i in range(10)], {"share": 0.7}, "defghij", id="a share that floats cannot hold"),
    ],
)
def test_the_samples_with_most_to_teach_are_kept(values, limits, expected):
    names = "abcdefghij"[: len(values)]
    kept, rejected = hardest(samples_of(names), scores_of(names, values), **limits)
    assert "".join(sample.id for sample in kept) == expected
    assert sorted([*expected, *(present(reject.sample).id for reject in rejected)]) == list(names)
    assert {reject.reason for reject in rejected} <= {"low-value"}


def test_a_reject_says_where_it_was_and_why():
    samples = samples_of("abcd", ["api", "page", "api", "page"])
    _, rejected = hardest(samples, scores_of("abcd", [0.7, 1.5, 0.25, 0.5]), top=2, per_kind=True)
    assert [(reject.path, reject.detail) for reject in rejected] == [
        ("1", "IFD 1.500, rank 2 of 2 page: the question does not help"),
        ("2", "IFD 0.250, rank 2 of 2 api"),
    ]


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param({"top": 5}, {"page": 3, "api": 2}, id="two and a half and two, one remainder"),
        pytest.param({"top": 2}, {"page": 1, "api": 1}, id="few"),
        pytest.param({"share": 0.1}, {"page": 1}, id="one"),
        pytest.param({"top": 9}, {"page": 5, "api": 4}, id="all"),
    ],
)
def test_kinds_keep_their_share(limits, expected):
    names, kinds = "abcdefghi", ["page"] * 5 + ["api"] * 4
    values = [0.1] * 5 + [0.9] * 4  # without shares, all of one kind would go first
    kept, rejected = hardest(samples_of(names, kinds), scores_of(names, values), per_kind=True, **limits)
    found = [sample.meta["kind"] for sample in kept]
    assert {kind: found.count(kind) for kind in set(found)} == expected
    assert len(kept) + len(rejected) == 9


@pytest.mark.parametrize(
    "limits",
    [{}, {"top": 1, "share": 0.5}, {"top": -1}, {"share": 0}, {"share": 1.5}],
    ids=["neither", "both", "below nothing", "no share", "more than all"],
)
def test_a_cap_that_makes_no_sense_is_refused(limits):
    with pytest.raises(ConfigError, match="expected a count, or a share"):
        hardest(samples_of("a"), scores_of("a", [0.5]), **limits)


@pytest.mark.parametrize("names", ["ba", "a", "abc"])
def test_scores_of_other_samples_are_refused(names):
    with pytest.raises(DataError, match="of other samples"):
        hardest(samples_of("ab"), scores_of(names, [0.5] * len(names)), top=1)


def test_no_samples_are_no_error():
    assert hardest([], scores_of("", []), share=0.5) == ([], [])


@pytest.mark.parametrize("numbers", [{"batch_size": 0}, {"max_tokens": 1}])
def test_numbers_too_small_are_refused(numbers):
    with pytest.raises(ConfigError, match="expected at least"):
        ifd([], "model", **numbers)


def test_without_torch_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'swiftprep\[swift\]'"):
        ifd([], "model")


@pytest.mark.slow
def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be loaded"):
        ifd([], tmp_path)


@pytest.fixture(scope="module")
def general():
    english = [sample for sample in demo.general_samples() if sample.prompt.isascii()]
    return [sample for sample in english if 80 < len(sample.answer) < 200][:12]


@pytest.fixture(scope="module")
def scores(general, model):
    return ifd(general, model)


@pytest.mark.slow
@pytest.mark.xdist_group("value")
def test_an_answer_to_another_question_has_a_higher_score(general, scores, model):
    answers = [sample.messages[-1] for sample in general]
    random.Random(0).shuffle(answers)
    shuffled = [s.replace(messages=[*s.messages[:-1], answer]) for s, answer in zip(general, answers, strict=True)]
    wrong = ifd(shuffled, model)
    assert list(scores.columns) == COLUMNS
    assert len(scores) == 12
    assert scores["id"].tolist() == [sample.id for sample in general]
    assert scores["ifd"].between(0, 1).mean() > 0.9
    assert wrong["ifd"].mean() > scores["ifd"].mean() + 0.1
    assert wrong["ifd"].median() > 0.9


@pytest.mark.slow
@pytest.mark.xdist_group("value")
def test_the_batch_does_not_change_scores(general, scores, model):
    one_by_one = ifd(general[:4], model, batch_size=1)
    pd.testing.assert_frame_equal(one_by_one, scores[:4], rtol=1e-4)


@pytest.mark.slow
@pytest.mark.xdist_group("value")
def test_the_losses_are_those_of_the_model(general, scores, model):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(model)
    network = AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32).eval()
    sample = general[3]
    answer = tokenizer(sample.answer, return_tensors="pt")["input_ids"]
    asked = tokenizer.apply_chat_template(sample.messages[:-1], tokenize=False, add_generation_prompt=True)
    for column, before in (("loss_given", asked), ("loss_alone", "<|im_start|>assistant\n")):
        prefix = tokenizer(before, return_tensors="pt")["input_ids"]
        ids = torch.cat([prefix, answer], dim=1)
        labels = torch.cat([torch.full_like(prefix, -100), answer], dim=1)
        with torch.inference_mode():
            assert scores[column][3] == pytest.approx(network(ids, labels=labels).loss.item(), rel=1e-4)
    assert scores["tokens"][3] == answer.shape[1]
    assert scores["ifd"][3] == pytest.approx(scores["loss_given"][3] / scores["loss_alone"][3])


@pytest.mark.slow
def test_odd_samples_are_scored_or_marked(model):
    turns = [{"role": "tool_call", "content": "{}"}, {"role": "tool_response", "content": "1"}]
    question, answer = {"role": "user", "content": "Q?"}, {"role": "assistant", "content": "Four."}
    odd = [
        Sample.from_instruction("long question " * 50, "", "short answer", id="long question"),
        Sample.from_instruction("short question", "", "long answer " * 50, id="long answer"),
        Sample.from_instruction("long question " * 50, "", "long answer " * 50, id="both"),
        Sample.from_instruction("\ud800\x00", "", "\u202e \ud800 👩‍👩‍👧", id="\ud800"),
        Sample([question, *turns, answer], id="tools", channel="private", meta={"kind": "api"}),
        Sample([question, {"role": "assistant", "content": ""}], id="empty"),
    ]
    table: Any = ifd(odd, model, batch_size=2, max_tokens=64).set_index("id")
    assert table["truncated"].tolist() == [True, True, True, False, False, False]
    assert 32 <= table["tokens"]["long answer"] < 64
    assert table["tokens"]["both"] == 32
    assert table["ifd"].isna().tolist() == [False] * 5 + [True]
    assert table.loc["tools", ["kind", "channel"]].tolist() == ["api", "private"]
