from __future__ import annotations

import pytest

from swiftprep import demo
from swiftprep.catalog.api import Component
from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError, DataError
from swiftprep.evaluate.compare import compare
from swiftprep.evaluate.probes import Question, comparable, load_questions
from swiftprep.evaluate.validity import api_rows, api_valid


def test_the_probes_that_ship_are_checkable_and_not_in_the_general_rows():
    probes = load_questions("general")
    assert len(probes) >= 20
    assert {q.metric for q in probes} == {"pass"}
    assert len({q.id for q in probes}) == len(probes)
    trained_on = {sample.prompt.lower() for sample in demo.general_samples()}
    assert not [q for q in probes if q.messages[0]["content"].lower() in trained_on]


def test_the_general_rows_that_ship():
    rows = demo.general_samples("小泰", "某公司")
    assert len(rows) >= 100
    assert len({row.prompt for row in rows}) == len(rows)
    text = "".join(m["content"] for row in rows for m in row.messages)
    assert "{{" not in text
    assert "小泰" in text
    assert "某公司" in text
    chinese = sum(any("\u4e00" <= c <= "\u9fff" for c in row.prompt) for row in rows)
    assert 40 <= chinese <= len(rows) - 40


@pytest.mark.parametrize(
    ("answer", "right"), [("It is PARIS.", True), ("Parisian", False), ("Paris or Rome", False), ("", False)]
)
def test_patterns_decide(answer, right):
    assert Question("q", [], accept=[r"\bparis\b"], reject=[r"\brome\b"]).passes(answer) is right


def test_samples_become_questions_with_a_reference(jsonl):
    path = jsonl("val.jsonl", [{"id": "a", "query": "q", "response": "r"}])
    (question,) = load_questions(path)
    assert (question.id, question.reference, question.metric) == ("a", "r", "rouge-l")


def test_questions_of_one_id_are_told_apart(jsonl):
    rows = [{"id": "a", "query": str(i), "response": "r"} for i in range(2)]
    assert [q.id for q in load_questions(jsonl("val.jsonl", rows))] == ["a", "a@2"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"question": "q", "accept": ["("]}], "1: pattern '\\('"),
        ([{"question": "q", "accept": []}], "1: a probe needs"),
        ([{"accept": ["x"]}], "1: a probe needs"),
        ([{"query": "q"}], "1: no answer column"),
        ([], "empty"),
    ],
)
def test_bad_questions(jsonl, rows, message):
    with pytest.raises(DataError, match=message):
        load_questions(jsonl("q.jsonl", rows))


def test_a_missing_question_file():
    with pytest.raises(ConfigError, match="no such file"):
        load_questions("none.jsonl")


def answer(name, id, score, metric="pass"):
    return {"set": name, "id": id, "metric": metric, "score": score}


def test_forgetting_is_counted_over_what_the_base_gets_right():
    base = [answer("g", i, s) for i, s in [("a", 1), ("b", 1), ("c", 0), ("d", 1)]]
    tuned = [answer("g", i, s) for i, s in [("a", 1), ("b", 0), ("c", 1), ("d", 1)]]
    (found,) = compare(base, tuned)
    assert (found.base, found.tuned, found.kept) == (0.75, 0.75, 2 / 3)
    assert (found.lost, found.gained) == (["b"], ["c"])
    assert found.to_dict()["forgets"] is True


def test_a_base_that_gets_nothing_right_cannot_forget():
    (found,) = compare([answer("g", "a", 0)], [answer("g", "a", 1)])
    assert found.kept is None
    assert not found.forgets


def test_sets_are_compared_apart():
    base = [answer("g", "a", 1), answer("h", "a", 0.25, "rouge-l")]
    tuned = [answer("g", "a", 1), answer("h", "a", 0.5, "rouge-l")]
    assert [(c.name, c.metric, c.tuned) for c in compare(base, tuned)] == [("g", "pass", 1.0), ("h", "rouge-l", 0.5)]


def test_answers_to_other_questions_cannot_be_compared():
    with pytest.raises(ValueError, match="same questions"):
        compare([answer("g", "a", 1)], [answer("g", "b", 1)])


def test_likeness_treats_all_languages_alike():
    """A Chinese word in place of another costs as much as an English one, and a cut-off answer is not punished."""
    reference = "<ta-tag>用户</ta-tag>" + " rest" * 500
    given, wanted = comparable("<ta-tag>user</ta-tag>", reference)
    assert given == ["<", "ta", "-", "tag", ">", "user", "<", "/", "ta", "-", "tag", ">"]
    assert wanted[5:7] == ["用", "户"]
    assert len(wanted) == 50
    assert len(comparable("word " * 80, reference)[1]) == 80


@pytest.mark.slow
def test_an_answer_that_kills_who_reads_it_is_not_valid():
    deep = "".join(" " * depth + "if a:\n" for depth in range(511)) + " " * 511 + "'Do."  # the grammar dies of it
    catalog = Catalog([Component("ta-b")])
    valid, odd = "```vue\n<ta-b/>\n```\n", f"```vue\n<ta-b/>\n```\n```python\n{deep}"
    assert [api_valid(answer, catalog) for answer in (valid, odd)] == [True, False]
    rows = [{"set": "s", "answer": odd, "reference": valid}, {"set": "s", "answer": valid, "reference": odd}]
    assert [(row["set"], row["score"]) for row in api_rows(rows, catalog)] == [("s-api", 0.0)]
