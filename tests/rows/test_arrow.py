"""What Arrow, which ms-swift reads JSON with, can read: all that is written, and not what the linter says it damages."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Checker, Mixer, Sample, read_jsonl, write_jsonl
from swiftprep.rows.arrow import is_one_table, types_of
from swiftprep.swiftfmt import as_swift_reads, lint

pa = pytest.importorskip("pyarrow", reason="Arrow comes with ms-swift")
arrow_json = pytest.importorskip("pyarrow.json", reason="Arrow comes with ms-swift")

READERS_BLOCK = (10 << 20) // 32


def damage(data: bytes, block_size: int) -> str:
    """Read JSON lines with Arrow in blocks of a size and return what is wrong with them, or nothing."""
    try:
        table = arrow_json.read_json(io.BytesIO(data), read_options=arrow_json.ReadOptions(block_size=block_size))
        table.validate(full=True)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        return f"{type(error).__name__}: {error}"
    return ""


def assert_readable(path: Path) -> None:
    data = path.read_bytes()
    longest = max(map(len, data.split(b"\n"))) + 1
    for block_size in (longest, 2 * longest, 5 * longest, 1 << 20):
        assert not damage(data, block_size)


def asked(meta: dict, number: int = 0) -> Sample:
    return Sample.from_instruction(f"How do I sort column {number}?", "", "Set sortable.", id=str(number), meta=meta)


METAS = {
    "null first": [{"reviewers": [None, "li"]}],
    "nulls only": [{"reviewers": [None, None]}, {"reviewers": ["li"]}],
    "null first, deep": [{"run": {"steps": [[1, 2], [None, 3]]}}],
    "null before objects": [{"spans": [None, {"from": 1}]}],
    "nulls and objects": [{"spans": [{"from": 1}, None, {"to": 2}]}, {"spans": []}],
    "object after null": [{"run": None}, {"run": {"seed": 1}}],
    "list after null": [{"tags": None}, {"tags": ["a"]}],
    "list of empty lists, then of full ones": [{"grid": [[]]}, {"grid": [[[1]]]}],
    "empty list, then objects": [{"spans": []}, {"spans": [{"from": 1}]}],
    "number and text": [{"line": 3}, {"line": "3-5"}],
    "true and number": [{"sure": True}, {"sure": 1}],
    "text and list": [{"path": "a.vue"}, {"path": ["a.vue", "b.vue"]}],
    "whole and fraction": [{"score": 1}, {"score": 0.5}],
    "63 and 64 bits": [{"hash": 2**63 - 1}, {"hash": 2**64 - 1}, {"hash": -(2**63)}],
    "dates and texts": [{"when": "2025-01-31"}, {"when": "yesterday"}],
    "no meta, then some": [{}, {"path": "a.vue", "tags": ["x"]}, {}],
    "slash and empty keys": [{"src/a.vue": 1}, {"src/a.vue": "x", "": 2}],
    "odd keys": [{"a.b": 1, "\u0000": 2, "键": {"[]": [1]}}],
}


@pytest.mark.parametrize("format", ["messages", "alpaca"])
@pytest.mark.parametrize("metas", METAS.values(), ids=METAS.keys())
def test_what_is_written_can_be_read_and_comes_back(tmp_path, metas, format):
    samples = [asked(meta, number) for number, meta in enumerate(metas)]
    write_jsonl(samples, tmp_path / "x.jsonl", format=format)
    assert_readable(tmp_path / "x.jsonl")
    assert list(read_jsonl(tmp_path / "x.jsonl")) == samples
    assert lint(tmp_path / "x.jsonl").counts == {"trained": len(samples)}


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.sampled_from(["x", "2025-01-31", "", "\u0000", 0.5]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a/b", ""]), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), values, max_size=3), min_size=1, max_size=6))
def test_any_meta_can_be_read_with_any_block(tmp_path_factory, metas):
    path = tmp_path_factory.mktemp("any") / "x.jsonl"
    samples = [asked(meta, number) for number, meta in enumerate(metas)]
    write_jsonl(samples, path)
    assert_readable(path)
    assert list(read_jsonl(path)) == samples


@pytest.mark.parametrize(
    ("metas", "together"),
    [
        ([{"tags": ["a", None]}, {"tags": []}, {"line": 1}], True),
        ([{"span": [1, 2]}, {"span": [1.5]}], True),
        ([{"tags": [None]}], False),
        ([{"run": {"a": [{"b": 1}]}}, {"run": {"a": [{"b": "x"}]}}], False),
    ],
)
def test_only_what_does_not_go_together_becomes_text(tmp_path, metas, together):
    assert is_one_table(map(types_of, metas)) is together
    write_jsonl([asked(meta) for meta in metas], tmp_path / "x.jsonl")
    kinds = {type(json.loads(line)["meta"]) for line in (tmp_path / "x.jsonl").read_text().splitlines()}
    assert kinds == {dict if together else str}


def test_a_conversation_with_a_history_can_have_any_meta(tmp_path):
    turns = [("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", "a2")]
    sample = Sample([{"role": role, "content": text} for role, text in turns], id="x", meta={"tags": [None, 1]})
    write_jsonl([sample], tmp_path / "x.jsonl", format="alpaca")
    assert_readable(tmp_path / "x.jsonl")
    assert list(read_jsonl(tmp_path / "x.jsonl")) == [sample]


@pytest.mark.slow
def test_what_the_checker_keeps_and_the_mixer_freezes_can_be_read(tmp_path):
    rows = [
        {"query": f"How do I page table number {i}?", "response": f"Bind pagination {i}, then load page {i}.",
         "meta": meta}
        for i, meta in enumerate([{"tags": [None, "x"]}, {"tags": "y"}, {"a/b": None}, {"tags": None}])
    ]  # fmt: skip
    given_file = tmp_path / "given.jsonl"
    given_file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = Checker(near_duplicate_threshold=None).run_files(given_file)
    assert len(report.kept) == 4
    kept = report.write(tmp_path / "checked")["kept"]
    assert_readable(kept)
    assert Mixer([kept], ratio=None).freeze(tmp_path / "mix.jsonl") == 4
    assert_readable(tmp_path / "mix.jsonl")
    assert sorted(str(s.meta) for s in read_jsonl(tmp_path / "mix.jsonl")) == sorted(str(row["meta"]) for row in rows)


def lists(depth: int) -> st.SearchStrategy:
    inner = st.integers(1, 2) if depth == 0 else lists(depth - 1)
    return st.lists(st.none() | inner, max_size=3)


def lines(rows: list[dict]) -> bytes:
    return "".join(json.dumps({"query": "q", "response": "a", **row}) + "\n" for row in rows).encode()


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.integers(0, 2).flatmap(
        lambda depth: st.lists(st.just({}) | st.fixed_dictionaries({"t": st.none() | lists(depth)}), min_size=1, max_size=6)
    )
)  # fmt: skip
def test_the_linter_names_the_lists_that_arrow_damages(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("null") / "x.jsonl"
    path.write_bytes(lines(rows))
    found = lint(path)
    assert ("begins with null" in found.fails) == bool(damage(lines(rows), READERS_BLOCK))
    assert bool(found.fails_at) == bool(found.fails)


FULL, NULL_FIRST = {"tags": ["x"]}, {"tags": [None, "y"]}
EMPTY: dict[str, Any] = {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ([FULL] * 900 + [NULL_FIRST], 0),
        ([FULL] * 900 + [EMPTY] * 400 + [NULL_FIRST], 1301),
        ([FULL] * 2900 + [EMPTY] * 400 + [NULL_FIRST], 0),  # of more than 2.6 MB, 10 MB are one block
        ([FULL] * 11_000 + [EMPTY] + [NULL_FIRST], 11_002),
    ],
    ids=["same block", "another block", "one block again", "after 10 MB"],
)
def test_each_block_finds_out_the_types_anew(tmp_path, rows, line):
    rows = [{"query": "q" * 1000, **row} for row in rows]
    path = tmp_path / "x.jsonl"
    path.write_bytes(lines(rows))
    assert lint(path).fails_at == line
    if path.stat().st_size < 8 * READERS_BLOCK:
        assert bool(damage(path.read_bytes(), READERS_BLOCK)) == bool(line)


@pytest.mark.parametrize(
    ("name", "text", "line"),
    [
        ("x.json", '[{"query": "q", "response": "a"}, {"query": "q", "response": "a", "ids": [null, 7]}]', 2),
        ("x.json", '{"query": "q",\n "response": "a",\n "ids": [\n null, 7]}', 1),
        ("x.jsonl", '{"query": "q", "history": [[null, "a"]], "response": "a"}\n', 1),
        ("x.jsonl", '{"query": "q", "response": "a", "ids": [ null ,7]}\n', 1),
        ("x.jsonl", '{"query": "q", "response": "a", "n": {"ids": [null, 7]}}\n{"query": "q", "n": {"k": 1}}\n', 0),
        ("x.csv", 'query,response,ids\nq,a,"[null, 7]"\n', 0),
    ],
)  # fmt: skip
def test_where_a_list_begins_with_null(tmp_path, name, text, line):
    path = tmp_path / name
    path.write_text(text)
    found = lint(path)
    assert (found.fails_at, bool(found.fails)) == (line, line > 0)
    if not line:
        assert list(as_swift_reads(path))
