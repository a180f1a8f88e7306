from __future__ import annotations

import json
import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swiftprep import Sample, read_jsonl, write_jsonl
from swiftprep.errors import DataError
from swiftprep.records import Reject
from swiftprep.storage.disk import atomic_write

FORMS: dict[str, dict[str, Any]] = {
    "messages": {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
    "sharegpt": {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
    "alpaca": {"id": "vue-component-0", "instruction": "q", "input": "", "output": "a"},
    "query-response": {"query": "q", "response": "a"},
    "prompt-completion": {"prompt": "q", "completion": "a"},
}


@pytest.mark.parametrize("row", FORMS.values(), ids=FORMS.keys())
def test_reads_every_form(jsonl, row):
    (sample,) = read_jsonl(jsonl("rows.jsonl", [row]))
    assert [(m["role"], m["content"]) for m in sample.messages] == [("user", "q"), ("assistant", "a")]


def test_the_articles_row_joins_instruction_and_input_like_ms_swift(jsonl):
    row = {"id": "vue-component-0", "instruction": "学习", "input": "路径是'a.vue'。", "output": "<template/>"}
    (sample,) = read_jsonl(jsonl("rows.jsonl", [row]))
    assert sample.id == "vue-component-0"
    assert sample.prompt == "学习\n路径是'a.vue'。"
    assert sample.answer == "<template/>"


def test_system_and_history_come_first(jsonl):
    row = {"system": "s", "history": [["q1", "a1"]], "query": "q2", "response": "a2"}
    (sample,) = read_jsonl(jsonl("rows.jsonl", [row]))
    assert [m["content"] for m in sample.messages] == ["s", "q1", "a1", "q2", "a2"]


BAD = {
    "ends with the user": (
        {"messages": [{"role": "user", "content": "q"}]},
        "last message is 'user'; expected 'assistant'",
    ),
    "null answer": ({"instruction": "q", "input": "", "output": None}, "'output' is null"),
    "empty answer": ({"query": "q", "response": " "}, "answer is empty"),
    "no known columns": ({"foo": 1}, "unknown row form with columns foo"),
    "two names for the query": ({"prompt": "a", "question": "b", "response": "c"}, "keep one of them"),
    "unknown role": ({"messages": [{"role": "developer", "content": "x"}]}, "role 'developer'"),
    "content is an object": (
        {"messages": [{"role": "user", "content": {"a": 1}}, {"role": "assistant", "content": "a"}]},
        "content of turn 1 (user) is dict",
    ),
    "number as channel": ({"query": "q", "response": "a", "channel": 3}, "'channel' is 3"),
    "two questions": (
        {"query": "q", "response": "a", "instruction": "p", "output": "b"},
        "'query': q and 'response': a beside what is read",
    ),
    "a picture": ({"query": "q", "response": "a", "image": "a.png"}, "'image': a.png beside"),
    "a rejected answer": ({**FORMS["messages"], "rejected_response": "b"}, "'rejected_response': b beside"),
    "not an object": ([1, 2], "expected a JSON object, found list"),
}


@pytest.mark.parametrize(("row", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_row_names_file_and_line(jsonl, row, message):
    path = jsonl("rows.jsonl", [FORMS["messages"], row])
    with pytest.raises(DataError) as error:
        list(read_jsonl(path))
    assert str(error.value).startswith(f"{path}:2: ")
    assert message in str(error.value)


def test_rejects_are_counted_and_reading_goes_on(jsonl):
    rows = [FORMS["messages"], {"foo": 1}, FORMS["alpaca"], {"query": "q"}]
    rejects: list[Reject] = []
    path = jsonl("rows.jsonl", rows)
    assert len(list(read_jsonl(path, rejects=rejects))) == 2
    assert [(r.path, r.reason) for r in rejects] == [(f"{path}:2", "bad-row"), (f"{path}:4", "bad-row")]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"query": "q", "query" : "p", "response": "a"}', "query"),
        (
            '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a", "content": "b"}]}',
            "content",
        ),
    ],
)
def test_a_key_with_two_values_is_told(tmp_path, line, key):
    path = tmp_path / "rows.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(DataError, match=f"the key '{key}' stands twice"):
        list(read_jsonl(path))
    path.write_text('{"query": "q \\":\\" x", "query": "q \\":\\" x", "response": "a"}\n')
    assert [sample.prompt for sample in read_jsonl(path)] == ['q ":" x']


@pytest.mark.parametrize("history", ["[" * 200_000, "[1," * 100_000, '":' * 100_000])
def test_a_hostile_column_is_one_bad_row(jsonl, history):
    rejects: list[Reject] = []
    rows = [{**FORMS["messages"], "history": history}, FORMS["messages"]]
    assert len(list(read_jsonl(jsonl("rows.jsonl", rows), rejects=rejects))) == len(rejects) == 1


def test_line_numbers_count_blank_lines_and_a_mark_is_passed_over(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(FORMS["messages"]).encode() + b"\n\n{oops\n")
    with pytest.raises(DataError, match=r"rows.jsonl:3: not valid JSON"):
        list(read_jsonl(path))


def test_a_line_separator_inside_text_does_not_end_the_line(jsonl):
    row = {"query": "q", "response": "a\u2028b"}
    (sample,) = read_jsonl(jsonl("rows.jsonl", [row]))
    assert sample.answer == "a\u2028b"


def test_gbk_says_how_to_convert(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes('{"query": "你好", "response": "好"}\n'.encode("gbk"))
    with pytest.raises(DataError, match="iconv -f GB18030"):
        list(read_jsonl(path))


def test_a_missing_file_is_told_at_once(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_jsonl(tmp_path / "none.jsonl")


TEXT = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1).filter(str.strip)


@st.composite
def samples(draw):
    turns = draw(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3))
    messages = [{"role": "system", "content": draw(TEXT)}] if draw(st.booleans()) else []
    for query, answer in turns:
        messages += [{"role": "user", "content": query}, {"role": "assistant", "content": answer}]
    return Sample(messages, id=draw(TEXT), channel=draw(st.none() | TEXT), meta=draw(st.dictionaries(TEXT, TEXT)))


@pytest.mark.slow
@given(st.lists(samples(), min_size=1, max_size=4))
def test_messages_come_back_as_they_were_written(tmp_path_factory, written):
    path = tmp_path_factory.mktemp("round") / "a.jsonl"
    assert write_jsonl(written, path) == len(written)
    assert list(read_jsonl(path)) == written


@given(TEXT, TEXT | st.just(""), TEXT)
def test_alpaca_comes_back_with_instruction_and_input_apart(tmp_path_factory, instruction, input_, output):
    path = tmp_path_factory.mktemp("round") / "a.jsonl"
    write_jsonl([Sample.from_instruction(instruction, input_, output, id="x")], path, format="alpaca")
    row = json.loads(path.read_bytes())
    assert row == {"id": "x", "instruction": instruction, "input": input_, "output": output}


def test_alpaca_refuses_what_it_cannot_hold(tmp_path):
    tool = Sample([{"role": "tool", "content": "x"}, {"role": "assistant", "content": "a"}], id="t")
    with pytest.raises(DataError, match="sample t has turns tool, assistant"):
        write_jsonl([tool], tmp_path / "a.jsonl", format="alpaca")


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(tmp_path):
    path = tmp_path / "a.jsonl"
    write_jsonl([Sample.from_instruction("q", "", "a")], path)
    before = path.read_bytes()
    bad = Sample.from_instruction("q", "", "\ud800")
    with pytest.raises(DataError, match="sample 2"):
        write_jsonl([Sample.from_instruction("q", "", "b"), bad], path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.jsonl"]


def test_atomic_write_cleans_up_on_interrupt(tmp_path):
    def write_half():
        with atomic_write(tmp_path / "f") as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert os.listdir(tmp_path) == []


def large(late: Sample) -> list[Sample]:
    """Eleven megabytes of samples of one shape, then another."""
    return [Sample.from_instruction(f"q{i}", "", "x" * 3000, id=str(i), meta={"path": "a"}) for i in range(3700)] + [
        late
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    "late",
    [
        Sample.from_instruction("q", "", "a", meta={"path": "a", "span": [1, 2]}),
        Sample.from_instruction("q", "", "a", meta={"path": 1}),
        Sample.from_instruction("q", "", "a", channel="general", meta={"path": "a"}),
        Sample.from_instruction("q", "", "a"),
    ],
    ids=["another key", "another type", "a channel", "no meta"],
)
def test_a_large_file_has_one_type_for_each_column(tmp_path, late):
    samples = large(late)
    assert write_jsonl(samples, tmp_path / "x.jsonl") == len(samples)
    rows = [json.loads(line) for line in (tmp_path / "x.jsonl").read_text().splitlines()]
    assert {tuple((key, type(value)) for key, value in row.items()) for row in rows} == {
        (("id", str), ("messages", list), ("channel", str), ("meta", str))
    }
    assert list(read_jsonl(tmp_path / "x.jsonl")) == samples


def test_a_file_of_one_shape_or_a_small_one_keeps_its_meta_as_it_is(tmp_path):
    early, late = (Sample.from_instruction("q", "", "a", meta=meta) for meta in ({"path": "a"}, {"n": 1}))
    for samples in (large(early), [*large(early)[:2], late]):
        write_jsonl(samples, tmp_path / "x.jsonl")
        assert isinstance(json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])["meta"], dict)


def test_a_key_with_a_slash_is_written_as_text(tmp_path):
    samples = [Sample.from_instruction("q", "", "a", meta={"a/b": value}) for value in (1, "x")]
    write_jsonl(samples, tmp_path / "x.jsonl")
    assert isinstance(json.loads((tmp_path / "x.jsonl").read_text().splitlines()[0])["meta"], str)
    assert list(read_jsonl(tmp_path / "x.jsonl")) == samples
