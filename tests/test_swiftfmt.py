"""What we say about ms-swift's loading, held against the real `swift.load_dataset`."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from swiftprep import Mixer, Sample, write_jsonl
from swiftprep.errors import ConfigError, DataError
from swiftprep.swiftfmt import forecast, parse_entry

USER, ASSISTANT = {"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}
HUMAN, GPT = {"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}

# Each file is of one form and has rows of which ms-swift drops some.
FILES = {
    "messages": [
        {"messages": [USER, ASSISTANT], "channel": "private", "meta": {"path": "a.vue", "span": [1, 2]}},
        {"messages": [{"role": "system", "content": "s"}, USER, ASSISTANT], "meta": {"path": 7}},
        {"messages": []},
        {"messages": None},
        {"messages": [{"role": "developer", "content": "x"}, USER, ASSISTANT]},
        {"messages": [USER, {"role": "assistant", "content": None}]},
        {"messages": [USER]},
    ],
    "messages-as-text": [
        {"messages": json.dumps([USER, ASSISTANT])},
        {"messages": str([USER, ASSISTANT])},
        {"messages": "hello"},
    ],
    "sharegpt": [
        {"conversations": [HUMAN, GPT], "system": "s"},
        {"conversations": [HUMAN, GPT, HUMAN, GPT]},
        {"conversations": [{"from": "alien", "value": "x"}, GPT]},
        {"conversations": []},
    ],
    "sharegpt-pairs": [
        {"conversation": [{"human": "q", "assistant": "a"}]},
        {"conversation": [{"human": "q", "assistant": None}]},
    ],
    "alpaca": [
        {"id": "vue-component-0", "instruction": "q", "input": "路径", "output": "a"},
        {"id": "1", "instruction": "q", "input": "", "output": "a"},
        {"id": "2", "instruction": None, "input": None, "output": "a"},
        {"id": "3", "instruction": "q", "input": None, "output": None},
        {"id": "4", "instruction": "", "input": "", "output": "a"},
    ],
    "alpaca-without-input": [
        {"instruction": "q", "output": "a"},
        {"instruction": None, "output": None},
    ],
    "query-response": [
        {"query": "q", "response": "a", "channel": "general"},
        {"query": None, "response": "a", "channel": "general"},
        {"query": None, "response": None, "channel": "general"},
    ],
    "synonyms": [{"Prompt": "q", "completion": "a"}, {"Prompt": None, "completion": None}],
    "colliding-synonyms": [{"prompt": "q", "question": "q", "answer": "a"}, {"prompt": "q", "question": "q"}],
    "nothing-known": [{"foo": "x"}, {"foo": "y", "response": "a"}],
}

_LOAD = """
import json, os, sys
out = os.fdopen(os.dup(1), "w"); os.dup2(2, 1)
from swift.dataset import load_dataset
kept = {}
for name, entries in json.load(sys.stdin).items():
    data, _ = load_dataset(entries, **({"shuffle": True} if len(entries) > 1 else {}))
    kept[name] = {"rows": len(data), "columns": sorted(data.column_names), "first": data[0] if len(data) else None}
json.dump(kept, out)
"""


def load_in_swift(entries: dict[str, list[str]], tmp_path) -> dict[str, dict]:
    """Load `--dataset` lists with the real ms-swift, in a process and a cache of its own."""
    env = {**os.environ, "MODELSCOPE_CACHE": str(tmp_path / "cache"), "HF_HOME": str(tmp_path / "hf")}
    child = subprocess.run(
        [sys.executable, "-c", _LOAD], input=json.dumps(entries), capture_output=True, text=True, env=env, check=False
    )
    assert child.returncode == 0, child.stderr[-3000:]
    return json.loads(child.stdout)


@pytest.mark.slow
def test_ms_swift_keeps_as_many_rows_as_we_say(jsonl, tmp_path):
    paths = {name: jsonl(f"{name}.jsonl", rows) for name, rows in FILES.items()}
    loaded = load_in_swift({name: [str(path)] for name, path in paths.items()}, tmp_path)
    said = {name: forecast(path) for name, path in paths.items()}
    assert {name: f.kept for name, f in said.items()} == {name: found["rows"] for name, found in loaded.items()}
    assert all(f.rows == f.kept + len(f.dropped) == len(FILES[name]) for name, f in said.items())
    assert any(f.dropped for f in said.values())


@pytest.mark.slow
def test_ms_swift_loads_the_planned_counts(tmp_path):
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
    loaded = load_in_swift({name: mix.dataset_args() for name, mix in plans.items()}, tmp_path)
    assert {n: int(m.plan()["taken"].sum()) for n, m in plans.items()} == {n: f["rows"] for n, f in loaded.items()}


@pytest.mark.slow
def test_ms_swift_reads_our_files_as_we_mean_them(tmp_path):
    sample = Sample.from_instruction("学习", "路径是 a.vue", "<template/>", id="x", channel="private", meta={"n": 1})
    paths = {name: tmp_path / f"{name}.jsonl" for name in ("messages", "alpaca")}
    for name, path in paths.items():
        write_jsonl(
            [sample, sample.replace(channel="general", meta={"n": "two", "m": {"deep": [1]}})], path, format=name
        )
    for found in load_in_swift({name: [str(path)] for name, path in paths.items()}, tmp_path).values():
        assert found["rows"] == 2
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
    for text, message in [("", "empty"), ('{"query": "q"}\n[1]\n', ":2: expected a JSON object"), ("\n", "empty")]:
        path.write_text(text)
        with pytest.raises(DataError, match=message):
            forecast(path)
    with pytest.raises(ConfigError, match="only be counted"):
        forecast(tmp_path / "x.csv")
