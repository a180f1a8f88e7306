from __future__ import annotations

import json
from typing import Any

import pytest
from present import present

from swiftprep import Checker, read_jsonl
from swiftprep.errors import DataError
from swiftprep.records import Reject
from swiftprep.rows.turn_keys import row_extras, turn_extras
from swiftprep.swiftfmt import lint, repair_file


def kinds(holder: dict, answer: bool = True) -> list[str]:
    return [extra.kind for extra in turn_extras(holder, {"role", "content"}, answer=answer)]


MARKS: list[dict[str, Any]] = [
    {"weight": 0}, {"weight": 0.25}, {"weight": "0"}, {"lossWeight": 2}, {"loss": False}, {"loss": "no"}, {"train": False},
    {"training": 0}, {"trainable": "false"}, {"train_on_turn": False}, {"trainOnTurn": False}, {"train-on-turn": False},
    {"learn": False}, {"masked": True}, {"is_masked": 1}, {"mask": True}, {"mask": 0}, {"ignore_loss": True}, {"no_train": True},
    {"skip": True}, {"exclude": "yes"}, {"include": False}, {"token_weights": [1, 0, 1]}, {"train_detail": [{"from": 0, "to": 3}]},
]  # fmt: skip
AS_USUAL = [
    {"weight": 1}, {"weight": 1.0}, {"weight": None}, {"loss": True}, {"loss": 1}, {"train": True}, {"training": "true"},
    {"masked": False}, {"ignore": 0}, {"no_loss": False}, {"include": True}, {"weights": [1, 1]}, {"mask": None}, {"loss": 1.73},
    {"id": "m-1"}, {"timestamp": "2025-01-31"}, {"score": 0.7}, {"tokens": 12}, {"final": True}, {"usage": {"total": 5}},
    {"reasoning_content": ""}, {"reasoning": None}, {"tool_calls": []}, {"refusal": None}, {"prefix": False}, {"reasoning_tokens": 90},
    {"reasoning": "high"}, {"thinking": "off"},
]  # fmt: skip
BESIDE: list[dict[str, Any]] = [
    {"tool_calls": [{"id": "1"}]}, {"function_call": {"name": "f"}}, {"refusal": "I cannot."}, {"audio": {"id": "a"}}, {"name": "li"},
    {"prefix": True}, {"partial": True}, {"images": ["a.png"]}, {"comment": "wrong!"}, {"channel": "final"},
]  # fmt: skip
REASONING = ["reasoning_content", "reasoning", "thinking", "thought", "reasoningContent", "chain-of-thought", "CoT"]


@pytest.mark.parametrize("mark", MARKS, ids=str)
def test_a_mark_on_an_answer_counts_and_on_a_question_says_nothing_new(mark):
    assert kinds(mark) == ["mark"]
    assert kinds(mark, answer=False) == []


@pytest.mark.parametrize("extra", AS_USUAL, ids=str)
def test_what_changes_nothing_is_no_extra(extra):
    assert kinds(extra) == []


@pytest.mark.parametrize("extra", BESIDE, ids=str)
def test_what_holds_something_counts_whoever_speaks(extra):
    assert kinds(extra) == kinds(extra, answer=False) == ["other"]


def test_a_question_that_is_to_be_learnt_counts():
    assert kinds({"train": True}, answer=False) == ["mark"]
    assert kinds({"weight": 1}, answer=False) == kinds({"include": True}, answer=False) == []


def test_of_a_row_only_marks_and_reasoning_count():
    row = {
        "weight": 0,
        "loss": 1.7,
        "training_data": "web",
        "loss_mask": [0, 1],
        "comment": "x",
        "thinking": "so",
        "keep": True,
    }
    assert [extra.key for extra in row_extras(row, ())] == ["weight", "loss_mask", "thinking"]
    assert not row_extras({"loss": False}, {"loss"})


def conversation(**extra: object) -> dict:
    return {
        "messages": [
            {"role": "user", "content": "Which tag?"},
            {"role": "assistant", "content": "Use ta-tag.", **extra},
        ]
    }


def written(tmp_path, *rows: dict):
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


PAIR = {"query": "Which tag?", "response": "Use ta-tag."}
SHAREGPT = [{"from": "human", "value": "Which tag?"}, {"from": "gpt", "value": "Use ta-tag."}]


@pytest.mark.parametrize(
    ("row", "reason", "named"),
    [
        *[(conversation(**mark), "loss", next(iter(mark))) for mark in MARKS if "loss" not in mark],
        *[(conversation(**extra), "beside", next(iter(extra))) for extra in BESIDE[2:]],
        ({"conversations": [SHAREGPT[0], {**SHAREGPT[1], "weight": 0}]}, "loss", "'weight': 0 of turn 2"),
        ({"conversations": [SHAREGPT[0], {**SHAREGPT[1], "tool_calls": [{"name": "f"}]}]}, "tools", "tool_calls"),
        ({"conversation": [{"human": "Which tag?", "assistant": "Use ta-tag.", "loss": False}]}, "loss", "'loss': False"),
        ({"messages": json.dumps(conversation(train=False)["messages"])}, "loss", "'train': False of turn 2"),
        ({**PAIR, "weight": 0}, "loss", "its 'weight': 0"),
        ({**PAIR, "sample_weight": 0.3}, "loss", "its 'sample_weight': 0.3"),
        ({**PAIR, "loss": False}, "loss", "its 'loss': False"),
        ({**conversation(), "loss_mask": [0, 1]}, "loss", "its 'loss_mask': [0, 1]"),
        ({**conversation(), "reasoning": "It is a label."}, "beside", "its 'reasoning'"),
        (conversation(reasoning=["It is", "a label."]), "beside", "'reasoning'"),
        (conversation(loss="no"), "loss", "'loss': no"),
    ],
    ids=lambda value: json.dumps(value)[-60:] if isinstance(value, dict) else "",
)  # fmt: skip
def test_nothing_beside_the_text_is_lost_without_a_word(tmp_path, row, reason, named):
    path = written(tmp_path, conversation(), row) if "messages" in row else written(tmp_path, row)
    told = lint(path)
    (problem,) = told.problems
    assert (problem.outcome, problem.line) == ("misread", told.rows)
    assert named in problem.reason
    *_, repaired = repair_file(path)
    assert (repaired.sample, present(repaired.reject).reason) == (None, reason)
    assert named.removeprefix("its ").split(":")[0].strip("'") in present(repaired.reject).detail.replace(
        "calls a tool", "tool_calls"
    )
    if not isinstance(row.get("messages"), str) and "conversation" not in row:
        rejects: list[Reject] = []
        assert len(list(read_jsonl(path, rejects=rejects))) == told.rows - 1
        assert "a sample has no place for it" in rejects[0].detail
        with pytest.raises(DataError, match=f"x.jsonl:{told.rows}: "):
            list(read_jsonl(path))


@pytest.mark.parametrize("extra", AS_USUAL, ids=str)
def test_what_changes_nothing_is_taken_as_it_is(tmp_path, extra):
    path = written(tmp_path, conversation(**extra))
    assert lint(path).counts == {"trained": 1}
    (row,) = repair_file(path)
    assert (row.repairs, row.reject) == ((), None)
    assert list(read_jsonl(path)) == [row.sample]


def test_ms_swifts_own_marks_are_read_by_ms_swift_and_by_no_sample(tmp_path):
    first = {"role": "assistant", "content": "Use ta-tab.", "loss": False}
    turns = conversation()["messages"]
    path = written(tmp_path, {"messages": [turns[0], first, {"role": "user", "content": "No."}, turns[1]]})
    assert lint(path).counts == {"trained": 1}
    (row,) = repair_file(path)
    assert present(row.reject).reason == "loss"
    (problem,) = lint(written(tmp_path, conversation(loss=False))).problems
    assert (problem.outcome, "end mark" in problem.reason) == ("misread", True)


THOUGHT = "It is a label; labels are tags."
THINKS = f"<think>\n{THOUGHT}\n</think>\n\nUse ta-tag."


@pytest.mark.parametrize(
    "row",
    [
        *[conversation(**{key: THOUGHT}) for key in REASONING],
        conversation(reasoning=f"\n{THOUGHT}\n", reasoning_content=THOUGHT),
        {"conversations": [SHAREGPT[0], {**SHAREGPT[1], "thinking": THOUGHT}]},
        {"conversation": [{"human": "Which tag?", "assistant": "Use ta-tag.", "thought": THOUGHT}]},
        {**PAIR, "reasoning_content": THOUGHT},
        {"instruction": "Which tag?", "input": "", "output": "Use ta-tag.", "complex_cot": THOUGHT},
        conversation(content=THINKS, reasoning=THOUGHT),
    ],
)
def test_reasoning_goes_before_its_answer(tmp_path, row):
    path = written(tmp_path, row)
    (problem,) = lint(path).problems
    assert problem.outcome == "misread"
    (repaired,) = repair_file(path)
    assert repaired.repairs == ("reasoning",)
    assert present(repaired.sample).answer == THINKS
    report = Checker(levels={"hollow": "off"}).run_files(path)
    assert [sample.answer for sample in report.kept] == [THINKS]
    assert "reasoning" in set(report.findings["rule"])


@pytest.mark.parametrize(
    "row",
    [
        conversation(reasoning=THOUGHT, thinking="Something else."),
        conversation(reasoning=THOUGHT, content=""),
        conversation(reasoning="<think>odd</think> odd"),
        conversation(reasoning=THOUGHT, content="<think>\nother\n</think>\n\nUse ta-tag."),
        {"messages": [{"role": "user", "content": "Which tag?", "thinking": THOUGHT}, conversation()["messages"][1]]},
    ],
    ids=["two", "no answer", "tags inside", "another one there", "of the user"],
)
def test_reasoning_that_has_no_one_place_is_rejected(tmp_path, row):
    (repaired,) = repair_file(written(tmp_path, row))
    assert (repaired.sample, present(repaired.reject).reason) == (None, "beside")


def test_a_value_that_takes_the_place_of_the_content_is_told(tmp_path):
    turns = conversation()["messages"]
    (problem,) = lint(written(tmp_path, {"messages": [turns[0], {**turns[1], "value": "Something else."}]})).problems
    assert (problem.outcome, "'content': Use ta-tag." in problem.reason) == ("misread", True)
    (row,) = repair_file(tmp_path / "x.jsonl")
    assert (row.sample, present(row.reject).reason) == (None, "beside")
    (same,) = repair_file(written(tmp_path, {"messages": [turns[0], {**turns[1], "value": "Use ta-tag."}]}))
    assert (present(same.sample).messages, same.repairs) == (turns, ())
