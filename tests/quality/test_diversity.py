"""Distinct-n, self-BLEU, and the table of both."""

from __future__ import annotations

from typing import Any

import pytest

from swiftprep.quality.duplicates.diversity import (
    before_and_after,
    distinct_n,
    diversity,
    instruction_of,
    self_bleu,
    tokens,
)
from swiftprep.records import Sample


def asked(text: str, kind: str | None = None, input: str = "") -> Sample:
    return Sample.from_instruction(text, input, "ok", meta={"kind": kind} if kind else {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("A  cat,\ta CAT", ["a", "cat", ",", "a", "cat"]),
        ("用Vue 2.7", ["用", "vue", "2", ".", "7"]),
        ("日本のテスト", ["日", "本", "の", "テ", "ス", "ト"]),
        ("\ud800 🙂 \x00", ["\ud800", "🙂", "\x00"]),
    ],
    ids=["empty", "words", "mixed", "kana", "odd"],
)
def test_words_and_chinese_characters_are_tokens(text, expected):
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("texts", "n", "expected"),
    [
        ([], 1, 0.0),
        (["a"], 2, 0.0),
        (["a b c", "a b d"], 1, 4 / 6),
        (["a b c", "a b d"], 2, 3 / 4),
        (["a b c", "a b d"], 3, 1.0),
        (["写一写"], 1, 2 / 3),
    ],
    ids=["nothing", "too short", "words", "pairs", "triples", "chinese"],
)
def test_distinct_n_is_the_share_of_different_runs(texts, n, expected):
    assert distinct_n(texts, n) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("texts", "low", "high"),
    [
        ([], 0, 0),
        (["alone here"], 0, 0),
        (["the same five words again"] * 3, 1, 1),
        (["a b c d e f", "g h i j k l"], 0, 0.05),
        (["a b c d e f", "a b c d e x"], 0.5, 0.95),
        (["", "a b"], 0, 0.3),
    ],
    ids=["nothing", "one", "copies", "unlike", "alike", "one empty"],
)
def test_self_bleu_tells_copies_from_unlike_texts(texts, low, high):
    assert low <= self_bleu(texts) <= high + 1e-12


@pytest.mark.parametrize(("n", "expected"), [(1, 0.5564866697), (2, 0.3466227885), (4, 0.2215671652)])
def test_self_bleu_is_that_of_nltk(n, expected):
    """The figures are the mean of `sentence_bleu(others, text, smoothing_function=SmoothingFunction().method1)`."""
    texts = ["the cat sat on the mat", "the dog sat on the mat and the cat", "a cat on a mat", "the the the"]
    assert self_bleu([*texts, "one two three four five six seven"], n) == pytest.approx(expected)


def test_of_many_texts_a_seeded_few_are_compared():
    texts = [f"text {i} says {i * i}" for i in range(60)]
    assert self_bleu(texts, limit=20, seed=1) == self_bleu(texts, limit=20, seed=1)
    assert self_bleu(texts, limit=20, seed=1) != self_bleu(texts, limit=20, seed=2)


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (asked("Write its script.", input="File: a.vue\n\n```vue\n<a/>\n```"), "Write its script."),
        (asked("Repair this.\n```vue\n<a/>\n```"), "Repair this."),
        (asked("One line.\nAnother."), "One line.\nAnother."),
        (
            Sample([{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}], meta={"input_at": "x"}),
            "q",
        ),
    ],
    ids=["input", "fence", "no code", "odd meta"],
)
def test_code_that_is_shown_is_no_instruction(sample, expected):
    assert instruction_of(sample) == expected


def test_the_table_has_a_row_for_each_kind():
    table = diversity([asked("a b", "page"), asked("a b", "page"), asked("c d", "page"), asked("e f")]).set_index(
        "kind"
    )
    assert list(table.index) == ["all", "page", "other"]
    assert table.loc["page", "samples"] == 3
    assert table.loc["page", "most common"] == pytest.approx(2 / 3)
    assert table.loc["page", "distinct-1"] == pytest.approx(4 / 6)
    assert len(diversity([])) == 1


def test_before_and_after_compare_as_many_texts():
    before = [asked("write it now", "page")] * 4
    after = [*before, *(asked(f"{word} the page with care", "page") for word in "make build code draw".split())]
    table: Any = before_and_after(before, after).set_index(["when", "kind"])
    old, new = table.loc[("before", "page")], table.loc[("after", "page")]
    assert (old["samples"], new["samples"]) == (4, 8)
    assert new["distinct-2"] > old["distinct-2"] == 2 / 8
    assert new["self-BLEU"] < old["self-BLEU"]
    assert new["distinct-2"] == diversity(after, limit=4).set_index("kind").loc["page", "distinct-2"]
