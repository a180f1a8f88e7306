"""What we say about ms-swift's loading and encoding, held against the real ms-swift; and the repair."""

from __future__ import annotations

import csv
import json
import math
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import odd_rows
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from in_swift import InSwift
from present import present

from swiftprep import Checker, Mixer, Sample, read_jsonl, write_jsonl
from swiftprep.errors import ConfigError, DataError
from swiftprep.swiftfmt import REASONS, REPAIRS, as_swift_reads, forecast, lint, parse_entry, repair_file


@pytest.fixture(scope="session")
def in_swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InSwift]:
    swift = InSwift(tmp_path_factory.mktemp("swift"))
    yield swift
    swift.close()


def write_files(files: dict[str, bytes], folder: Path) -> dict[str, Path]:
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in files}


def same(one, other) -> bool:
    """Tell whether two JSON values are equal, but for the digits of a fraction."""
    if isinstance(one, float) and isinstance(other, (int, float)):
        return math.isclose(one, other, rel_tol=1e-6)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def disagreement(path: Path, real: dict) -> str:
    """Say where what we tell of a file is not what ms-swift did, or nothing."""
    said = lint(path)
    if "fails" in real or said.fails:
        return "" if "fails" in real and said.fails else f"ms-swift: {str(real)[:200]}; we: {said.fails or 'it loads'}"
    kept = json.loads(json.dumps([messages for _, messages in as_swift_reads(path)]))
    if not same(real["rows"], kept):
        return f"ms-swift: {json.dumps(real['rows'])[:300]}; we: {json.dumps(kept)[:300]}"
    outcomes = ["encode-fails" if isinstance(n, str) else "trained" if n else "no-loss" for n in real["tokens"]]
    counts = Counter(said.counts)
    counts["trained"] += counts.pop("misread", 0)
    del counts["dropped"]
    return "" if +counts == Counter(outcomes) else f"ms-swift: {real['tokens']}; we: {said.counts}, {said.problems[:3]}"


def every_third() -> dict[str, bytes]:
    """Return what a shorter run takes of the files by hand, and some at random."""
    return dict(list(odd_rows.by_hand().items())[::3]) | odd_rows.at_random(11, 60)


def every_file() -> dict[str, bytes]:
    return odd_rows.by_hand() | odd_rows.at_random(12, 200)


THIRD_OR_ALL = pytest.mark.parametrize(
    ("files", "num_proc"),
    [
        pytest.param(every_third, None, id="every third", marks=pytest.mark.slow),
        pytest.param(every_file, 1, id="every", marks=pytest.mark.long),
    ],
)


@pytest.mark.xdist_group("swift")
@THIRD_OR_ALL
def test_ms_swift_does_with_every_file_what_we_say(in_swift, files, num_proc, tmp_path, model):
    paths = write_files(files(), tmp_path / "files")
    real = in_swift.load({name: [path] for name, path in paths.items()}, model=model, num_proc=num_proc)
    wrong = {name: why for name, path in paths.items() if (why := disagreement(path, real[name]))}
    assert not wrong, f"{len(wrong)} of {len(paths)}: {json.dumps(dict(list(wrong.items())[:5]), indent=1)}"
    failed = sum("fails" in found for found in real.values())
    assert 0.1 < failed / len(paths) < 0.6  # there is something to tell apart


@pytest.mark.xdist_group("swift")
@THIRD_OR_ALL
def test_ms_swift_trains_on_every_row_of_what_was_repaired(in_swift, files, num_proc, tmp_path, model):
    odd = files()
    odd.pop("dates-messages.jsonl", None)  # every text of the file looks like a date: ms-swift makes numbers of them
    paths = write_files(odd, tmp_path / "files")
    written, counts = {}, {}
    for name, path in paths.items():
        if samples := [row.sample for row in repair_file(path) if row.sample]:
            written[name] = tmp_path / "repaired" / f"{name}.jsonl"
            counts[name] = write_jsonl(samples, written[name])
    assert len(written) > len(odd) / 2
    real = in_swift.load({name: [path] for name, path in written.items()}, model=model, num_proc=num_proc, strict=True)
    failed = {name: found["fails"] for name, found in real.items() if "fails" in found}
    assert not failed
    assert {name: len(found["rows"]) for name, found in real.items()} == counts
    assert all(isinstance(n, int) and n > 0 for found in real.values() for n in found["tokens"])


PAD = "x" * 3000
SHORT = {"query": "q", "response": "a"}


def large(late: dict, **columns) -> bytes:
    """Return 11 MB of one shape, then a row."""
    return odd_rows.lines([{"query": f"q{i}", "response": PAD, **columns} for i in range(3700)] + [late]).encode()


# ms-swift's reader takes 10 MB at a time, and the types of the first 10 MB hold for all.
def large_files() -> dict[str, bytes]:
    return {
        "same": large(SHORT), "column": large({**SHORT, "channel": "x"}), "null-then-text": large({**SHORT, "channel": "x"}, channel=None),
        "missing": large(SHORT, channel="c"), "number-then-text": large({**SHORT, "label": "x"}, label=1), "digits": large({**SHORT, "label": "7"}, label=1),
        "fraction": large({**SHORT, "label": 1.5}, label=1), "key": large({**SHORT, "meta": {"a": 1, "b": 2}}, meta={"a": 1}),
        "fewer-keys": large({**SHORT, "meta": {"a": 1}}, meta={"a": 1, "b": 2}), "list": large({**SHORT, "tags": ["x"]}, tags=[]),
        "object-for-text": large({**SHORT, "channel": {"a": 1}}, channel="c"), "broken": large(SHORT) + b'{"query": "q"\n',
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_what_comes_after_ten_megabytes_must_fit(in_swift, tmp_path):
    paths = write_files({f"{name}.jsonl": data for name, data in large_files().items()}, tmp_path / "files")
    real = in_swift.load({name: [path] for name, path in paths.items()})
    assert {name: bool(lint(path).fails) for name, path in paths.items()} == {n: "fails" in r for n, r in real.items()}


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_loads_our_large_files_whatever_comes_late(in_swift, tmp_path):
    many = [Sample.from_instruction(f"q{i}", "", PAD, meta={"path": "a"}) for i in range(3700)]
    late = {
        "key": Sample.from_instruction("q", "", "a", meta={"path": "a", "span": [1, 2]}),
        "type": Sample.from_instruction("q", "", "a", meta={"path": 1}),
        "channel": Sample.from_instruction("q", "", "a", channel="general"),
    }
    paths = {}
    for name, sample in late.items():
        paths[name] = tmp_path / f"{name}.jsonl"
        write_jsonl([*many, sample], paths[name])
    paths["slash"] = tmp_path / "slash.jsonl"
    write_jsonl([many[0].replace(meta={"a/b": value}) for value in (1, "x")], paths["slash"])
    real = in_swift.load({name: [path] for name, path in paths.items()}, strict=True)
    assert {n: len(r.get("rows", ())) for n, r in real.items()} == {n: 2 if n == "slash" else 3701 for n in paths}


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_loads_all_that_the_checker_keeps(in_swift, tmp_path, model):
    every_third = dict(list(odd_rows.by_hand().items())[::3])
    every_third.pop("dates-messages.jsonl", None)  # as above
    files = write_files(every_third | odd_rows.at_random(3, 30), tmp_path / "odd")
    checker = Checker(
        levels={"unclear": "off", "hollow": "off", "wrong-language": "off"}, near_duplicate_threshold=None
    )
    written, counts = {}, {}
    for name, path in files.items():
        report = checker.run_files(path)
        assert report.read == len(report.kept) + len(report.rejected)
        if report.kept:
            written[name] = tmp_path / "kept" / f"{name}.jsonl"
            counts[name] = write_jsonl(report.kept, written[name])
    assert len(written) > 100
    real = in_swift.load({name: [path] for name, path in written.items()}, model=model, strict=True)
    assert {name: len(found.get("rows", ())) for name, found in real.items()} == counts
    assert all(isinstance(n, int) and n > 0 for found in real.values() for n in found["tokens"])


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_loads_the_planned_counts(in_swift, tmp_path):
    def rows(name, count, format):
        samples = [Sample.from_instruction(f"{name} {i}", "", "a", id=str(i), channel=name) for i in range(count)]
        write_jsonl(samples, tmp_path / name, format=format)
        return tmp_path / name

    private, general, more = (
        rows("p#1.jsonl", 20, "messages"),
        rows("my general.jsonl", 7, "alpaca"),
        rows("m.jsonl", 50, "messages"),
    )
    plans = {
        "scaled": Mixer([private], [more], ratio="70:30"),
        "repeated": Mixer([private], [general], ratio="40:60"),
        "shared": Mixer([private], [general, more], ratio="40:60"),
        "capped": Mixer([f"{private}#5"], [f"{more}#30"], ratio="50:50"),
        "everything": Mixer([private], [general, f"{more}#30"], ratio=None),
    }
    loaded = in_swift.load({name: mix.dataset_args() for name, mix in plans.items()})
    assert {n: int(m.plan()["taken"].sum()) for n, m in plans.items()} == {n: len(f["rows"]) for n, f in loaded.items()}


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_sees_each_row_as_often_as_the_plan_says(in_swift, tmp_path):
    rows = [{"query": f"q{i}", "response": "a"} for i in range(8)]
    (tmp_path / "x.json").write_text(json.dumps(rows))
    (tmp_path / "x.csv").write_text("query,response\n" + "".join(f"{row['query']},a\n" for row in rows))
    mixes = {
        f"{n}-{kind}": Mixer([f"{tmp_path}/x.{kind}#{n}"], ratio=None) for n in (3, 8, 20) for kind in ("json", "csv")
    }
    loaded = in_swift.load({name: mix.dataset_args() for name, mix in mixes.items()})
    for name, mix in mixes.items():
        seen = Counter(messages[0]["content"] for messages in loaded[name]["rows"])
        assert mix.plan()["repeats"].tolist() == [pytest.approx(seen.total() / len(rows), abs=0.006)]
        assert max(seen.values()) - min(seen[row["query"]] for row in rows) <= 1


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_learns_what_other_tools_marks_tell_it_not_to(in_swift, tmp_path, model):
    wrong, right = {"role": "assistant", "content": "Use ta-pane."}, {"role": "assistant", "content": "Use ta-panel."}
    extras: dict[str, dict[str, Any]] = {
        "plain": {}, "weight": {"weight": 0}, "train": {"train": False}, "reasoning": {"reasoning_content": "It says so."},
        "loss": {"loss": False}, "loss_scale": {"loss_scale": 0.0},
    }  # fmt: skip
    paths = write_files(
        {
            f"{name}.jsonl": odd_rows.lines([{"messages": [odd_rows.u("q"), {**wrong, **extra}, odd_rows.u("No."), right]}]).encode()
            for name, extra in extras.items()
        },
        tmp_path / "files",
    )  # fmt: skip
    real = in_swift.load({name: [path] for name, path in paths.items()}, model=model)
    learnt = {name.removesuffix(".jsonl"): found["tokens"][0] for name, found in real.items()}
    assert learnt["plain"] == learnt["weight"] == learnt["train"] == learnt["reasoning"] > learnt["loss"]
    outcomes = {name.removesuffix(".jsonl"): next(iter(lint(path).counts)) for name, path in paths.items()}
    assert {name for name, outcome in outcomes.items() if outcome == "misread"} == {"weight", "train", "reasoning"}


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_loads_lists_with_nulls_where_we_say_so(in_swift, tmp_path):
    full, null_first, nested = {"tags": ["x"]}, {"tags": [None, "y"]}, {"meta": {"tags": [None, "y"]}}
    files: dict[str, list[dict[str, Any]]] = {
        "after": [full, null_first], "one": [{"tags": [None]}, full], "inside": [{"tags": ["x", None]}],
        "uneven": [nested, {"meta": {"k": 1}}], "clash": [nested, {"meta": {"tags": 5}}], "objects": [{"tags": [None, {"a": 1}, {"b": 1}]}],
        "block": [full] * 900 + [null_first], "damaged": [null_first], "damaged-block": [full] * 900 + [{}] * 400 + [null_first] * 300,
    }  # fmt: skip
    pad = {name: "x" * (1000 if "block" in name else 1) for name in files}
    paths = write_files(
        {f"{n}.jsonl": odd_rows.lines([{"query": "q", "response": pad[n], **row} for row in rows]).encode() for n, rows in files.items()},
        tmp_path / "files",
    )  # fmt: skip
    sound = {name for name, path in paths.items() if not lint(path).fails}
    assert sound == {f"{name}.jsonl" for name in files if "damaged" not in name}
    real = in_swift.load({name: [paths[name]] for name in sound}, strict=True)
    assert {name: len(found.get("rows", ())) for name, found in real.items()} == {n: lint(paths[n]).rows for n in sound}


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_loads_any_meta_we_write(in_swift, tmp_path):
    chance = random.Random(8)
    values = [value for value in odd_rows.VALUES if value != 2**65]  # no JSON number of ours
    paths, counts = {}, {}
    for number in range(60):
        metas = [{key: chance.choice(values) for key in ("k", "a/b")[: chance.randint(1, 2)]} for _ in range(3)]
        metas = [
            {key: [None, value] if chance.random() < 0.2 else value for key, value in meta.items()} for meta in metas
        ]
        paths[str(number)] = tmp_path / f"{number}.jsonl"
        samples = [Sample.from_instruction("q", "", "a", meta=meta) for meta in metas]
        counts[str(number)] = write_jsonl(samples, paths[str(number)])
    real = in_swift.load({name: [path] for name, path in paths.items()}, strict=True)
    assert {name: len(found.get("rows", ())) for name, found in real.items()} == counts


@pytest.mark.slow
@pytest.mark.xdist_group("swift")
def test_ms_swift_reads_our_files_as_we_mean_them(in_swift, tmp_path):
    sample = Sample.from_instruction("学习", "路径是 a.vue", "<template/>", id="x", channel="private", meta={"n": 1})
    forms: tuple[Literal["messages", "alpaca"], ...] = ("messages", "alpaca")
    paths = {name: tmp_path / f"{name}.jsonl" for name in forms}
    for name, path in paths.items():
        write_jsonl(
            [sample, sample.replace(channel="general", meta={"n": "two", "m": {"deep": [1]}})], path, format=name
        )
    for found in in_swift.load({name: [str(path)] for name, path in paths.items()}).values():
        assert len(found["rows"]) == 2
        assert found["first"]["messages"] == sample.messages
        assert found["first"]["channel"] == "private"


@pytest.mark.parametrize(
    ("text", "source", "count"),
    [
        ("swift/self-cognition#500", "swift/self-cognition", 500),
        ("hf::org/name:sub#5", "hf::org/name:sub", 5),
        ("org/name", "org/name", None),
        ("here.jsonl#25", "here.jsonl", 25),
        ("odd#1.jsonl", "odd#1.jsonl", None),
        ("odd#1.jsonl#2", "odd#1.jsonl", 2),
    ],
)
def test_entries(tmp_path, monkeypatch, text, source, count):
    monkeypatch.chdir(tmp_path)
    for name in ("here.jsonl", "odd#1.jsonl"):
        (tmp_path / name).write_text("{}\n")
    entry = parse_entry(text)
    assert (entry.source, entry.count, entry.path is not None) == (source, count, source.endswith(".jsonl"))
    assert entry.with_count(count) == text


@pytest.mark.parametrize(
    "text", ["a/b#0", "a/b#-1", "a/b#0.5", "a/b#x", "a/b#", "/none/x", "./none", "none.json", "word"]
)
def test_bad_entries(text):
    with pytest.raises(ConfigError):
        parse_entry(text)


def test_a_file_that_cannot_be_loaded_at_all(tmp_path):
    path = tmp_path / "x.jsonl"
    for text, message in [
        ("", "empty"),
        ('{"query": "q"}\n[1]\n', "x.jsonl:2: expected a JSON object"),
        ("\n", "no rows"),
    ]:
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            forecast(path)
    with pytest.raises(ConfigError, match="expected"):
        forecast(tmp_path / "x.parquet")


def write(tmp_path: Path, name: str, data: bytes | str) -> Path:
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("name", "text", "outcomes"),
    [
        ("x.jsonl", '{"query": "q", "response": "a"}\n', ["trained"]),
        ("x.jsonl", '{"instruction": "q", "output": "a", "text": "t"}\n', ["no-loss"]),
        ("x.jsonl", '{"query": "q", "response": null}\n{"query": "q", "response": "a"}\n', ["no-loss", "trained"]),
        ("x.jsonl", '{"messages": [{"role": "developer", "content": "x"}]}\n{"messages": [{"role": "user", "content": 5}]}\n', ["dropped", "encode-fails"]),
        ("x.jsonl", '{"query": "2024-05-06", "response": "a"}\n', ["encode-fails"]),
        ("x.jsonl", '{"query": "q", "response": ""}\n', ["misread"]),
        ("x.txt", "only text\n", ["misread"]),
        ("x.csv", "query,response\n5,a\n", ["encode-fails"]),
        ("x.json", '[{"prompt": "p", "answer": "a"}]', ["trained"]),
    ],
)  # fmt: skip
def test_what_happens_to_a_row(tmp_path, name, text, outcomes):
    found = lint(write(tmp_path, name, text))
    assert not found.fails
    assert found.counts == dict(Counter(outcomes))
    assert [row.outcome for row in found.problems] == [outcome for outcome in outcomes if outcome != "trained"]
    assert all(row.reason and row.reason_zh for row in found.problems)


def test_columns_are_named(tmp_path):
    row = {"Prompt": "p", "completion": "c", "id": 7, "channel": "general"}
    found = lint(write(tmp_path, "x.jsonl", json.dumps(row)))
    assert found.columns == {"Prompt": "query", "completion": "response", "id": "ignored", "channel": "channel"}
    assert (found.form, found.rows, found.kept) == ("response", 1, 1)


def test_a_row_with_tools_encodes_where_the_template_knows_tools(tmp_path):
    row = {"tools": [{"name": "f"}], "messages": [odd_rows.u("q"), odd_rows.a("x")]}
    path = write(tmp_path, "x.jsonl", json.dumps(row))
    assert lint(path).counts == {"encode-fails": 1}
    assert lint(path, tools=True).counts == {"trained": 1}


GOOD = [odd_rows.u("q"), odd_rows.a("x")]
READ = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}]


@pytest.mark.parametrize(
    ("name", "data", "repairs", "messages"),
    [
        ("x.jsonl", json.dumps({"messages": GOOD}), (), READ),
        ("x.jsonl", b"\xef\xbb\xbf" + json.dumps({"messages": GOOD}).encode(), ("byte-order-mark",), READ),
        ("x.jsonl", '{"query": "你好，世界", "response": "x"}'.encode("gbk"), ("encoding",), [odd_rows.u("你好，世界"), READ[1]]),
        ("x.jsonl", '{"query": "q", "response": "x"}\n'.encode("utf-16"), ("encoding",), READ),
        ("x.csv", "query,response\n你好，世界,x\n".encode("gb18030"), ("encoding",), [odd_rows.u("你好，世界"), READ[1]]),
        ("x.csv", "query;response\nq;x\n", ("delimiter",), READ),
        ("x.jsonl", '{"query": "\\ud83d and \\ude00", "response": "x"}', ("surrogates",), [odd_rows.u("\ufffd and \ufffd"), READ[1]]),
        ("x.jsonl", '{"query": "\ud83d\\ude00", "response": "x"}'.encode("utf-8", "surrogatepass"), ("surrogates",), [odd_rows.u("\U0001f600"), READ[1]]),
        ("x.jsonl", '{"query": "q", "response": "x", "score": NaN,}', ("json",), READ),
        ("x.jsonl", "{'query': 'q', 'response': 'x'}", ("json",), READ),
        ("x.jsonl", '{"id": 1, "id": 2, "query": "q", "response": "x"}', ("json",), READ),
        ("x.jsonl", '{"human": "q", "gpt": "x"}', ("row-form",), READ),
        ("x.jsonl", '{"messages": [{"role": "Human", "content": "q"}, {"role": "AI", "content": "x"}]}', ("role-names",), READ),
        ("x.jsonl", '{"messages": [{"role": "developer", "content": "s"}, {"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}]}', ("role-names",), [odd_rows.s("s"), *READ]),
        ("x.jsonl", '{"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}, {"role": "assistant", "content": "x"}]}', ("content-parts",), READ),
        ("x.jsonl", '{"prompt": "q", "question": "q", "answer": "x"}', ("columns",), READ),
        ("x.jsonl", '{"instruction": "q", "output": "x", "text": "q x"}', ("columns",), READ),
        ("x.jsonl", json.dumps({"messages": json.dumps(GOOD)}), ("messages-as-text",), READ),
        ("x.json", '{"data": [{"query": "q", "response": "x"}]}', ("wrapped",), READ),
        ("x.json", '[\n {"query": "q",\n  "response": "x"}\n]', (), READ),
        ("x.jsonl", '{"query": "q", "response": "x", "channel": 3}', ("channel",), READ),
    ],
)  # fmt: skip
def test_repairs(tmp_path, name, data, repairs, messages):
    (row,) = repair_file(write(tmp_path, name, data))
    assert (row.repairs, row.sample and row.sample.messages, row.reject) == (repairs, messages, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"query": "q", "response": null}', "no-answer"),
        ('{"response": "x"}', "no-question"),
        ('{"prompt": "p", "question": "q", "answer": "x"}', "two-questions"),
        ('{"query": "q", "text": "x", "answer": "y"}', "two-answers"),
        ('{"query": "q", "query": "p", "response": "x"}', "repeated-key"),
        ('{"query": "q", "respo', "bad-json"),
        ('{"query": "q\\x", "response": "x"}', "bad-json"),
        ("[5]", "bad-row"),
        ('{"messages": [{"role": "narrator", "content": "q"}, {"role": "assistant", "content": "x"}]}', "role"),
        ('{"messages": [{"role": "user", "content": {"k": 1}}, {"role": "assistant", "content": "x"}]}', "content"),
        ('{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x", "loss": false}]}', "loss"),
        ('{"query": "q", "response": "x", "images": ["a.png"]}', "media"),
        ('{"query": "q", "response": "x", "tools": [{"name": "f"}]}', "tools"),
        ('{"foo": "x"}', "row-form"),
        *((json.dumps({"messages": GOOD, **more}), reason) for more, reason in (
            ({"question": "another", "answer": "y"}, "two-questions"),
            ({"output": "y"}, "two-answers"),
            ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "y"}]}, "two-questions"),
            ({"history": [["before", "y"]]}, "two-questions"),
            ({"human": "another", "gpt": "y"}, "two-questions"),
            ({"rejected_response": "y"}, "preference"),
            ({"chosen": GOOD, "rejected": GOOD[:1]}, "preference"),
            ({"label": False}, "loss"),
            ({"chat_template_kwargs": {"enable_thinking": False}}, "beside"),
        )),
        (json.dumps({"messages": [{"role": "system", "content": "s"}, *GOOD], "system_prompt": "t"}), "two-systems"),
        ('{"query": "q", "response": "x", "user": "another", "bot": "y"}', "two-questions"),
    ],
)  # fmt: skip
def test_what_has_no_safe_reading_is_rejected(tmp_path, text, reason):
    path = write(tmp_path, "x.jsonl", text + '\n{"query": "q", "response": "x"}\n')
    first, second = repair_file(path)
    assert first.sample is None
    assert (present(first.reject).reason, present(first.reject).path) == (reason, f"{path}:1")
    assert present(second.sample).messages == READ


def test_a_line_that_csv_cannot_read_costs_itself(tmp_path, monkeypatch):
    limit = csv.field_size_limit(20)
    monkeypatch.setattr(csv, "field_size_limit", lambda size: None)
    try:
        rows = list(repair_file(write(tmp_path, "x.csv", f"query,response\nq,x\n{'q' * 30},x\nq,x\n")))
    finally:
        monkeypatch.undo()
        csv.field_size_limit(limit)
    assert [row.sample is not None for row in rows] == [True, False, True]
    assert present(rows[1].reject).path.endswith("x.csv:3")


ROW = '{"query": "q", "response": "x"}'


@pytest.mark.parametrize(
    ("text", "kept", "rejected"),
    [
        pytest.param(f"{first}\n" + f"{ROW}\n" * 3, 3, 1, id=name)
        for name, first in {
            "a line of a log": "[2024-01-01 INFO] export started",
            "half an array": '[{"a":1,',
            "two brackets": "[[",
            "a word": "[INFO] export started",
        }.items()
    ]
    + [
        pytest.param(f'["a"] is no row\n{ROW}\n{ROW}', 2, 2, id="a list and more"),
        pytest.param(f"[\n{ROW},\n{{'broken\n{ROW},\n{ROW}\n]\n", 3, 1, id="an array with a broken line"),
        pytest.param(f"[{ROW},\n{ROW} oh\n{ROW}\n{ROW}]", 4, 1, id="a word after an item"),
        pytest.param(f"[{ROW}\n{ROW}\n{ROW}]", 3, 0, id="no commas"),
        pytest.param(f"[{ROW},\n{ROW},\n{ROW[:20]}", 2, 1, id="cut off"),
        pytest.param('[\n {"query": "q",\n  "response": "x"},\n {"query"\n  "q"}\n]', 1, 1, id="items of several lines"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("suffix", ["jsonl", "json"])
def test_a_broken_array_costs_what_is_broken_and_no_more(tmp_path, text, kept, rejected, suffix):
    rows = list(repair_file(write(tmp_path, f"x.{suffix}", text)))
    assert sum(row.sample is not None for row in rows) == kept
    assert sum(row.reject is not None for row in rows) == rejected


@pytest.mark.parametrize(
    "more",
    [
        {"prompt": "q", "prompt_id": "7", "response": "x"},
        {"instruction": "", "input": "", "output": None, "history": [], "images": []},
        {"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "x"}]},
        {"label": True, "rejected": False, "user": "a name"},
    ],
    ids=["copies", "empty", "twice", "no conversation"],
)
def test_columns_that_say_nothing_else_do_no_harm(tmp_path, more):
    path = write(tmp_path, "x.jsonl", json.dumps({"messages": GOOD, **more}))
    (row,), (sample,) = repair_file(path), read_jsonl(path)
    assert row.sample is not None
    assert row.sample.messages == sample.messages == READ
    assert lint(path).counts == {"trained": 1}


@pytest.mark.parametrize(
    ("row", "unread"),
    [
        ({"messages": GOOD, "query": "another"}, "'query': another"),
        ({"messages": [{"role": "system", "content": "s"}, *GOOD], "system": "t"}, "'system': t"),
        (
            {"query": "q", "response": "x", "instruction": "another", "output": "y"},
            "'instruction': another and 'output': y",
        ),
        ({"instruction": "q", "input": "", "output": "x", "response": "y"}, "'response': y"),
        ({"messages": GOOD, "conversation": [{"user": "q", "assistant": "y"}]}, "'conversation': [{"),
    ],
    ids=["query", "system", "instruction", "response", "conversation"],
)
def test_another_conversation_in_a_row_is_told_by_every_reader(tmp_path, row, unread):
    path = write(tmp_path, "x.jsonl", json.dumps(row))
    (problem,) = lint(path).problems
    assert problem.outcome == "misread"
    assert f"does not read its {unread}" in problem.reason
    (repaired,) = repair_file(path)
    assert repaired.sample is None
    with pytest.raises(DataError, match="no place for it"):
        list(read_jsonl(path))


def test_a_form_of_its_own_in_a_mixed_file(tmp_path):
    rows = [{"messages": GOOD}, {"instruction": "q", "input": "", "output": "x"}]
    assert [(present(row.sample).messages, row.repairs) for row in repair_file(write(tmp_path, "x.jsonl", odd_rows.lines(rows)))] == [
        (READ, ()),
        (READ, ("row-form",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        '{"query": "你好世界", "response": "x"}'.encode().replace("世".encode(), b"\xe9"),
        '{"query": "Müller", "response": "x"}'.encode("latin-1"),
    ],
    ids=["stray-byte", "latin-1"],
)
def test_what_is_no_gbk_is_not_taken_for_it(tmp_path, line):
    (row,) = repair_file(write(tmp_path, "x.jsonl", line))
    assert present(row.reject).reason == "encoding"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(odd_rows.VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from([*odd_rows.EXTRA, "role", "from", "value"]) | st.text(max_size=3)
rows_of_any_kind = st.lists(st.dictionaries(keys, json_values, max_size=4) | json_values, max_size=4)
good_lines = "".join(odd_rows.lines([odd_rows.good(form, i)]) for i, form in enumerate(odd_rows.FORMS)).encode()
any_bytes = st.one_of(
    st.binary(max_size=200),
    rows_of_any_kind.map(lambda rows: odd_rows.lines(rows).encode("utf-8", "surrogatepass")),
    rows_of_any_kind.map(lambda rows: json.dumps(rows).encode()),
    st.tuples(st.integers(0, len(good_lines)), st.integers(0, 4), st.binary(max_size=4)).map(
        lambda cut: good_lines[: cut[0]] + cut[2] + good_lines[cut[0] + cut[1] :]
    ),
)


@pytest.mark.slow
@settings(
    max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=any_bytes, suffix=st.sampled_from(["jsonl", "json", "csv", "txt"]))
def test_nothing_crashes_and_no_row_is_lost(tmp_path, data, suffix):
    path = write(tmp_path, f"x.{suffix}", data)
    found = lint(path)
    assert bool(found.fails) or found.rows == found.kept + found.counts.get("dropped", 0) > 0
    try:
        told = forecast(path)
    except DataError:
        assert found.fails
    else:
        assert told.rows == told.kept + len(told.dropped) == found.rows
        assert bool(told.kept) != bool(found.fails)
    rows = list(repair_file(path))
    assert all((row.sample is None) != (row.reject is None) for row in rows)
    assert all(set(row.repairs) <= set(REPAIRS) for row in rows)
    assert all(row.reject.reason in REASONS for row in rows if row.reject)
    samples = [row.sample for row in rows if row.sample]
    assert write_jsonl(samples, tmp_path / "out.jsonl") == len(samples)


def test_the_odd_files_are_the_same_each_time():
    assert odd_rows.at_random(5, 4) == odd_rows.at_random(5, 4) != odd_rows.at_random(6, 4)
    assert len(odd_rows.by_hand()) > 300
