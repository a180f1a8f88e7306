"""Data, logs, experts' files and settings from outside: one of them costs itself, and reading comes to an end."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from steps import growth

from swiftprep import Monitor, read_jsonl
from swiftprep.distill.reading import apart, sheets
from swiftprep.distill.reading.experts import read_experts
from swiftprep.distill.reading.scenario_files import load_scenarios
from swiftprep.errors import ConfigError, DataError
from swiftprep.mix.sources import open_source
from swiftprep.process import worker_child
from swiftprep.process.workers import ItemLimits
from swiftprep.recipes.shared.settings import CheckConfig, load
from swiftprep.records import Reject
from swiftprep.scan.tasks import load_task
from swiftprep.swiftfmt import lint, repair_file
from swiftprep.swiftfmt.table import read_table
from swiftprep.text.bounded_yaml import load_bounded
from swiftprep.text.limits import LARGEST_ROW, lines_within, read_within, shallow

GOOD = '{"query": "怎么写按钮？", "response": "写 ta-button。"}\n'
NOT_REPAIRED_IN_A_MINUTE = 400_000


def nested(levels: int, inner: str = "1") -> str:
    return "[" * levels + inner + "]" * levels


def repaired(tmp_path: Path, name: str, text: str | bytes) -> tuple[int, list[tuple[int, str]]]:
    """Return how many samples a file gives, and the line and reason of each row that is none."""
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    rows = list(repair_file(path))
    return sum(row.sample is not None for row in rows), [(row.line, row.reject.reason) for row in rows if row.reject]


# --- limits -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("levels", "fits"), [(100, True), (101, False), (5000, False)])
def test_a_value_has_a_hundred_levels_at_most(levels: int, fits: bool) -> None:
    value: Any = 1
    for number in range(levels):
        value = {"a": value} if number % 2 else [value, 1]
    if fits:
        assert shallow(value) is value
    else:
        with pytest.raises(DataError, match="100 levels"):
            shallow(value)


@pytest.mark.parametrize("text", ["ab\ncdefgh\nij", "ab\ncdefgh", "abcd\n\nabcde\n", "abcdefgh\n"])
def test_of_a_line_that_is_too_long_only_the_beginning_is_held(text: str) -> None:
    whole = text.splitlines(keepends=True)
    assert list(lines_within(io.StringIO(text), 4)) == [line[:5] for line in whole]
    assert list(lines_within(io.BytesIO(text.encode()), 4)) == [line[:5].encode() for line in whole]


def test_only_regular_files_of_a_size_are_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_within(tmp_path / "file", 5) == b"12345"
    with pytest.raises(DataError, match="more than"):
        read_within(tmp_path / "file", 4)
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(DataError, match="regular"):
            read_within(path, 5)


# --- rows -------------------------------------------------------------------------------------------------------

ONE_BAD = {
    "deep in lines": ("a.jsonl", GOOD + f'{{"query": "a", "response": "b", "meta": {nested(600)}}}\n' + GOOD, 2, "too-large"),
    "very deep in lines": ("a.jsonl", GOOD + f'{{"query": "a", "x": {nested(9000)}}}\n' + GOOD, 2, "too-large"),
    "deep in an array": ("a.json", f'[{GOOD}, {{"query": "a", "response": "b", "meta": {nested(600)}}}, {GOOD}]', 2, "too-large"),
    "very deep in an array": ("a.json", f'[{GOOD}, {{"query": "[", "x": {nested(9000, chr(34) + "]" + chr(34))}}}, {GOOD}]', 2, "too-large"),
    "deep messages as text": ("a.jsonl", GOOD + json.dumps({"messages": nested(900)}) + "\n" + GOOD, 2, "row-form"),
    "very deep messages as text": ("a.jsonl", GOOD + json.dumps({"messages": nested(9000)}) + "\n" + GOOD, 2, "row-form"),
    "many signs in a history": ("a.jsonl", GOOD + json.dumps({"query": "a", "response": "b", "history": "-" * 9000 + "1"}) + "\n" + GOOD, 2, "row-form"),
    "a string left open": ("a.jsonl", GOOD + '{"query": "a", "response": "' + '<a b=\\"c\\">' * 9 + "\n" + GOOD, 2, "bad-json"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "good", "reason"), ONE_BAD.values(), ids=ONE_BAD)
def test_a_row_costs_no_other_row(tmp_path: Path, name: str, text: str, good: int, reason: str) -> None:
    samples, rejects = repaired(tmp_path, name, text)
    assert (samples, [said for _, said in rejects]) == (good, [reason])
    lint(tmp_path / name)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("a.jsonl", GOOD, "\n" + GOOD), ("a.jsonl", "", ""), ("a.json", f"[{GOOD},", f",{GOOD}]")],
    ids=["a line", "a line without an end", "an item"],
)
def test_a_row_that_is_too_large_is_a_reject(tmp_path: Path, name: str, before: str, after: str) -> None:
    large = '{"query": "a", "response": "' + "b" * LARGEST_ROW + '"}'
    samples, rejects = repaired(tmp_path, name, before + large + after)
    assert samples == bool(before) + bool(after)
    assert [reason for _, reason in rejects] == ["too-large"]
    if name == "a.jsonl":
        assert "32 MB" in lint(tmp_path / name).fails
        bad: list[Reject] = []
        assert len(list(read_jsonl(tmp_path / name, rejects=bad))) == samples
        assert [reject.reason for reject in bad] == ["bad-row"]


def test_rows_of_samples_are_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    odd = f'{{"query": "a", "response": "b", "meta": {{"a" : 1, "a" : {"9" * 5000}}}}}\n'
    deep = json.dumps({"query": "a", "response": "b", "meta": nested(500)}) + "\n"
    path.write_text(GOOD + odd + deep + f'{{"query": {nested(800)}}}\n' + GOOD, encoding="utf-8")
    rejects: list[Reject] = []
    assert len(list(read_jsonl(path, rejects=rejects))) == 2
    assert [reject.path.rpartition(":")[2] for reject in rejects] == ["2", "3", "4"]
    assert all(len(reject.detail) < 600 for reject in rejects)


@pytest.mark.parametrize(
    "failure", [RecursionError("too deep"), MemoryError(), ValueError("odd")], ids=lambda e: type(e).__name__
)
def test_whatever_fails_at_a_row_is_said_of_that_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    from swiftprep.swiftfmt import repair

    real = repair._form

    def form(row: Any) -> str:
        if row["query"] == "bad":
            raise failure
        return real(row)

    monkeypatch.setattr(repair, "_form", form)
    (tmp_path / "a.jsonl").write_text(GOOD + '{"query": "bad", "response": "b"}\n' + GOOD, encoding="utf-8")
    rows = list(repair_file(tmp_path / "a.jsonl"))
    assert [row.sample is not None for row in rows] == [True, False, True]
    assert rows[1].reject is not None
    assert rows[1].reject.reason == "failed"
    assert type(failure).__name__ in rows[1].reject.detail


def commas_too_many(n: int) -> str:
    return "".join(f'{{"query": "q{i}", "response": "a",}}' for i in range(n))


@pytest.mark.slow
def test_commas_too_many_are_looked_for_once(tmp_path: Path) -> None:
    def read(n: int) -> None:
        path = tmp_path / f"{n}.jsonl"
        path.write_text(commas_too_many(n), encoding="utf-8")
        assert all(row.sample for row in repair_file(path))

    assert growth(read, 100) < 6


WIDE: dict[str, tuple[str, Callable[[], str]]] = {
    "columns of one name": ("a.csv", lambda: ",".join(["a"] * 10_000) + "\n1\n"),
    "marks of their own": (
        "a.jsonl",
        lambda: "".join(f'{{"query": "q", "response": "a", "loss_{i}": 1}}\n' for i in range(60_000)),
    ),
}


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(("name", "make"), WIDE.values(), ids=WIDE)
def test_many_columns_are_not_held_against_each_other(tmp_path: Path, name: str, make: Callable[[], str]) -> None:
    (tmp_path / name).write_text(make(), encoding="utf-8")
    assert lint(tmp_path / name).rows


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            '{"query": "a", "response": "' + '<a b=\\"c\\">' * (NOT_REPAIRED_IN_A_MINUTE // 9), id="left open"
        ),
        pytest.param('{"a": "' + "\\" * NOT_REPAIRED_IN_A_MINUTE + "\\", id="backslashes"),
        pytest.param('{"a": 1' + " ," * NOT_REPAIRED_IN_A_MINUTE + "}", id="commas"),
        pytest.param('{"a": ' + "9" * NOT_REPAIRED_IN_A_MINUTE + ",}", id="digits"),
    ],
)
def test_a_long_damaged_line_is_given_up(tmp_path: Path, line: str) -> None:
    samples, rejects = repaired(tmp_path, "a.jsonl", GOOD + line + "\n" + GOOD)
    assert (samples, len(rejects)) == (2, 1)
    lint(tmp_path / "a.jsonl")


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_cell_of_digits_is_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("query,response\n1," + "1" * NOT_REPAIRED_IN_A_MINUTE + "x\n", encoding="utf-8")
    assert lint(path).counts == {"encode-fails": 1}  # the question is a number


TABLES = {
    "many columns, short rows": ("a.csv", "query,response," + ",".join(f"c{i}" for i in range(9_000)) + "\n" + "1\n" * 9_000),
    "scalars beside a list": ("a.json", '{"z": 1,\n"z": 1,' + json.dumps({"a": [1] * 9_000, **{f"k{i}": 1 for i in range(9_000)}})[1:]),
    "objects with keys of their own": ("a.json", "\n".join(json.dumps({"m": {f"k{i}": 1}}, indent=1) for i in range(1_500))),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), TABLES.values(), ids=TABLES)
def test_a_table_that_would_be_filled_up_is_not(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert "not looked into" in lint(tmp_path / name).fails


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_turns_of_one_role_are_joined_once(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "x" * 50}] * 200_000 + [{"role": "assistant", "content": "a"}]
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"messages": turns}) + "\n", encoding="utf-8")
    assert lint(path).counts == {"trained": 1}


@pytest.mark.slow
def test_columns_of_one_name_are_told_apart_as_pandas_does(tmp_path: Path) -> None:
    import pandas as pd

    path = tmp_path / "a.csv"
    path.write_text("a,a.1,a,,a,,a.1\n" + "1,2,3,4,5,6,7\n", encoding="utf-8")
    assert list(read_table(path).shape.children) == list(pd.read_csv(path).columns)


@pytest.mark.parametrize("count", ["9" * 5000, "１２", "²"])
def test_a_number_of_rows_has_few_ascii_digits(tmp_path: Path, count: str) -> None:
    (tmp_path / "a.jsonl").write_text(GOOD, encoding="utf-8")
    with pytest.raises(ConfigError, match="not a number of rows"):
        open_source(f"{tmp_path / 'a.jsonl'}#{count}", "general", {})


# --- logs -------------------------------------------------------------------------------------------------------


def trained(step: int, **more: float) -> str:
    return json.dumps({"loss": 1.0, "global_step/max_steps": f"{step}/9", **more}) + "\n"


LOG = trained(1) + '{"eval_loss": 1.1, "global_step/max_steps": "1/9"}\n'
BAD_LINES = {
    "deep": f'{{"loss": {nested(3000)}}}',
    "step of 400 digits": f'{{"loss": 1, "step": {"9" * 400}}}',
    "epoch without end": '{"loss": 1, "epoch": -Infinity}',
    "step that is no number": '{"loss": 1, "step": NaN}',
    "cut short": '{"loss": 1, "gl',
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_line_of_a_log_costs_no_other_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "logging.jsonl"
    path.write_text(LOG + line + "\n" + trained(3), encoding="utf-8")
    monitor = Monitor.read(path)
    assert len(monitor.rows) == 3
    assert monitor.passed_over == [3]
    assert any("line 3" in text for text in monitor.verdict("en").evidence)


def test_a_row_after_a_bar_of_progress_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.log"
    path.write_bytes(b"10%|#\r20%|##\r" + LOG.replace("\n", "\r").encode())
    assert len(Monitor.read(path).rows) == 2


def test_a_loss_of_any_size_is_judged(tmp_path: Path) -> None:
    path = tmp_path / "logging.jsonl"
    path.write_text(LOG + f'{{"loss": {"9" * 5000}, "global_step/max_steps": "2/9"}}\n', encoding="utf-8")
    assert Monitor.read(path).verdict().kind == "diverged"
    assert Monitor([{"step": 1, "loss": 10**400}, {"step": 2, "loss": "²"}]).verdict().kind == "diverged"
    odd = {"loss": 1.0, "global_step/max_steps": "²/³"}
    assert "step" not in Monitor([odd]).rows[0]


def test_a_column_in_each_row_makes_no_table_of_all(tmp_path: Path) -> None:
    path = tmp_path / "logging.jsonl"
    path.write_text(LOG + "".join(trained(i, **{f"k{i}": 1.0}) for i in range(2, 700)), encoding="utf-8")
    monitor = Monitor.read(path)
    assert monitor.log.shape[1] <= 305
    assert monitor.left_out > 350
    assert any("left out" in text for text in monitor.verdict("en").evidence)


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda n: [{"step": s, "eval_loss": 1.0} for s in [*range(n), *range(n)]], id="evaluations done again"
        ),
        pytest.param(
            lambda n: [*({"step": 5, "lr": 1.0} for _ in range(n)), *({"step": 5, "eval_loss": 1.0} for _ in range(n))],
            id="rows that stay",
        ),
    ],
)
def test_counting_the_rows_takes_steps_in_proportion(make: Callable[[int], list[dict[str, Any]]]) -> None:
    assert growth(lambda n: Monitor(make(n)).verdict(), 300) < 6


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_step_again_and_again_is_counted_once() -> None:
    rows = [{"step": step, "loss": 1.0} for step in [*range(40_000), *[40_000] * 40_000]]
    assert len(Monitor(rows).rows) == 40_001


def test_runs_that_go_on_from_each_other_are_read_once(tmp_path: Path) -> None:
    for name, other in (("v0-20240101-000000", "v1-20240102-000000"), ("v1-20240102-000000", "v0-20240101-000000")):
        run = tmp_path / name
        (run / "checkpoint-9").mkdir(parents=True)
        (run / "logging.jsonl").write_text(trained(5) + trained(6), encoding="utf-8")
        resumed = {"resume_from_checkpoint": str(tmp_path / other / "checkpoint-9")}
        (run / "args.json").write_text(json.dumps(resumed), encoding="utf-8")
    assert Monitor.read(tmp_path).rows
    (run / "args.json").write_text(json.dumps({"resume_from_checkpoint": "x" * 3000}), encoding="utf-8")
    assert Monitor.read(run).rows


# --- experts' files ---------------------------------------------------------------------------------------------

HEAD = (
    '<row r="1"><c r="A1" t="inlineStr"><is><t>问题</t></is></c><c r="B1" t="inlineStr"><is><t>答案</t></is></c></row>'
)


def cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


ROW = f'<row r="2">{cell("A2", "怎么写？")}{cell("B2", "这样写。")}</row>'


def workbook(path: Path, rows: str, after: str = "", parts: dict[str, bytes] | None = None, doctype: str = "") -> None:
    """Write an Excel file with one sheet, of the XML that is given."""
    openpyxl = pytest.importorskip("openpyxl")
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    sheet = f'<?xml version="1.0"?>{doctype}<worksheet xmlns="{space}"><sheetData>{rows}</sheetData>{after}</worksheet>'
    with zipfile.ZipFile(plain) as given, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name in given.namelist():
            made.writestr(name, sheet if name.endswith("sheet1.xml") else given.read(name))
        for name, data in (parts or {}).items():
            made.writestr(name, data)


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("rows", "after", "given"),
    [
        pytest.param(HEAD + ROW + f'<row r="1048576">{cell("XFD1048576", "x")}</row>', "", 1, id="a cell far out"),
        pytest.param(
            HEAD + ROW,
            '<mergeCells count="1"><mergeCell ref="C1:H1048576"/></mergeCells>',
            1,
            id="whole columns merged",
        ),
        pytest.param(
            HEAD + ROW + "".join(f'<row r="{n}">{cell(f"XFD{n}", "x")}</row>' for n in range(3, 20_000)),
            "",
            1,
            id="wide rows",
        ),
        pytest.param(
            HEAD + ROW + f'<row r="3">{cell("A3", "又怎么写？")}</row>',
            '<mergeCells count="1"><mergeCell ref="B2:B1048576"/></mergeCells>',
            2,
            id="an answer merged to the end",
        ),
    ],
)
def test_a_sheet_is_read_by_the_cells_there_are(tmp_path: Path, rows: str, after: str, given: int) -> None:
    workbook(tmp_path / "a.xlsx", rows, after)
    found, _ = read_experts(tmp_path / "a.xlsx")
    assert [item.answer for item in found] == ["这样写。"] * given


def test_a_workbook_brings_no_bomb_and_no_entities(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.md").write_text("# 怎么写？\n\n这样。\n", encoding="utf-8")
    monkeypatch.setattr(worker_child, "is_child", True)  # so that it is read in this process
    monkeypatch.setattr(sheets, "LARGEST", 1 << 20)
    workbook(tmp_path / "bomb.xlsx", HEAD + ROW, parts={"xl/more.xml": b" " * (2 << 20)})
    secret = tmp_path / "secret.txt"
    secret.write_text("内部", encoding="utf-8")
    entity = f'<!DOCTYPE x [<!ENTITY a SYSTEM "{secret.as_uri()}">]>'
    workbook(tmp_path / "entity.xlsx", HEAD + ROW.replace("这样写。", "&a;"), doctype=entity)
    shared = f'<row r="2">{cell("A2", "怎么写？")}{cell("B2", "这样写。" * 30_000)}</row>'
    merged = '<mergeCells count="1"><mergeCell ref="B2:ZZ2"/></mergeCells>'
    workbook(tmp_path / "merged.xlsx", HEAD + shared, merged)
    secret.unlink()
    found, rejects = read_experts(tmp_path)
    assert len(found) == 1
    assert {(reject.path, reject.reason) for reject in rejects} == {
        ("bomb.xlsx", "bad-file"), ("entity.xlsx", "bad-file"), ("merged.xlsx", "bad-file")
    }  # fmt: skip
    assert all("\n" not in reject.detail for reject in rejects)


@pytest.mark.slow
def test_a_file_that_takes_too_much_costs_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "LIMITS", ItemLimits(seconds=0.5, seconds_per_mb=0.0))
    (tmp_path / "b.yaml").write_text(f"[{'a,' * 60_000}]", encoding="utf-8")
    for name in ("a.md", "c.md"):
        (tmp_path / name).write_text("# 怎么写？\n\n这样。\n", encoding="utf-8")
    found, (reject,) = read_experts(tmp_path)
    assert [given.scenario.meta["source"] for given in found] == ["a.md", "c.md"]
    assert (reject.path, reject.reason) == ("b.yaml", "not-read")
    assert "within 0.5 s of processor time; a file has 0.5 s and 0 s a MB" in reject.detail
    with pytest.raises(DataError, match=r"b\.yaml: did not come to an end within 0\.5 s"):
        load_scenarios(tmp_path / "b.yaml")


def test_files_are_found_from_where_the_user_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.txt").write_text(f"写 {name}\n", encoding="utf-8")
        (tmp_path / name / "bad.yaml").write_text("- {", encoding="utf-8")
        monkeypatch.chdir(tmp_path / name)  # the worker, which stays, was started elsewhere
        assert load_scenarios("a.txt")[0].instruction == f"写 {name}"
        with pytest.raises(DataError, match=r"^bad\.yaml:\d: not valid YAML"):
            read_experts("bad.yaml")


@pytest.mark.slow
@pytest.mark.parametrize(("row", "count"), [("<row/>", 7_000_000), ("<row><c/></row>", 3_000_000)])
def test_a_small_workbook_of_millions_of_rows_is_not_read(tmp_path: Path, row: str, count: int) -> None:
    rows = ROW + row * count
    workbook(tmp_path / "a.xlsx", HEAD + rows)
    assert (tmp_path / "a.xlsx").stat().st_size < 200_000
    found, (reject,) = read_experts(tmp_path / "a.xlsx")
    assert (found, reject.path, reject.reason) == ([], "a.xlsx", "not-read")


@pytest.mark.slow
def test_a_long_honest_list_is_read(tmp_path: Path) -> None:
    items = "".join(f"- question: 第 {i} 个表格怎么分页？\n  answer: 用 ta-table {i}\n" for i in range(15_000))
    (tmp_path / "a.yaml").write_text(items, encoding="utf-8")
    found, rejects = read_experts(tmp_path)
    assert (len(found), rejects) == (15_000, [])


def bomb(kind: str, steps: int = 40) -> str:
    """Return a YAML document of a kilobyte that stands for 2⁴⁰ values."""
    if kind == "merge":
        more = "".join(f"a{i + 1}: &a{i + 1} {{<<: [*a{i} , *a{i} ], k{i}: 1}}\n" for i in range(steps))
        return f"a0: &a0 {{k: 1}}\n{more}"
    return "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i} , *a{i} ]\n" for i in range(steps))


DOCUMENTS = {
    "merge keys": bomb("merge"),
    "aliases": bomb("alias"),
    "an alias to itself": "a: &a [*a ]\n",
    "deep by aliases": "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [*a{i} ]\n" for i in range(120)),
    "deep": "a: " + nested(101),
    "very deep": "[" * 300,
    "deep in blocks": "".join(" " * i + "a:\n" for i in range(500)),
    "half a pair": 'a: "\\ud800"\n',
    "a tag that does not fit": "a: !!timestamp x\n",
    "digits by a tag": f'a: !!int "{"9" * 5000}"\n',
}


@pytest.mark.parametrize("text", DOCUMENTS.values(), ids=DOCUMENTS)
def test_yaml_beyond_the_limits_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    for read in (lambda: load(CheckConfig, path), lambda: load_task(path)):
        with pytest.raises(ConfigError) as caught:
            read()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 1000
    with pytest.raises(ConfigError, match="not valid YAML"):
        load(CheckConfig, None, [f"levels={text}"])


def test_long_plain_scalars_are_text_and_pairs_are_joined() -> None:
    base_sixty = "1" + ":1" * 50_000
    assert load_bounded(f"a: {base_sixty}\nb: {'9' * 5000}") == {"a": base_sixty, "b": "9" * 5000}
    assert load_bounded(r'"\ud83d\ude00"') == "😀"
    assert load_bounded("a: " + nested(99)) is not None


def test_an_item_of_a_list_of_experts_costs_no_other_item(tmp_path: Path) -> None:
    items = ["{question: 甲, answer: 乙}", "!!timestamp x", "!!bool perhaps", '{question: "\\ud800", answer: b}']
    (tmp_path / "a.yaml").write_text("".join(f"- {item}\n" for item in [*items, items[0]]), encoding="utf-8")
    (tmp_path / "b.yaml").write_text("".join(f"- {line}\n" for line in bomb("alias").splitlines()), encoding="utf-8")
    (tmp_path / "c.md").write_text(f"---\nx: {nested(300)}\n---\n# 怎么写？\n\n这样。\n", encoding="utf-8")
    found, rejects = read_experts(tmp_path)
    assert [item.scenario.meta["line"] for item in found] == [1, 5]
    assert [(reject.path, reject.reason) for reject in rejects] == [
        ("a.yaml:2", "bad-row"), ("a.yaml:3", "bad-row"), ("a.yaml:4", "bad-row"), ("b.yaml", "bad-file"), ("c.md", "bad-file"),
    ]  # fmt: skip


# --- the command line -------------------------------------------------------------------------------------------


def run_recipe(*arguments: str, more: str = "pass", **environment: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; {more}; from swiftprep.recipes.check import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env={**os.environ, **environment}, check=False
    )  # fmt: skip


LONG = "n" * 300


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [[f"{LONG}.jsonl"], [f"{LONG}.yaml"], [f"held_out=[{LONG}]"], [f"catalog={LONG}"], ["data=" + "[" * 3000], ["[" * 3000]],
    ids=["data", "settings", "held out", "catalog", "brackets as a value", "brackets as a file"],
)  # fmt: skip
def test_a_wrong_input_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    child = run_recipe(*arguments, f"output_dir={tmp_path / 'out'}")
    assert child.returncode == 2
    assert "Traceback" not in child.stderr
    assert child.stderr.count("\n") == 1


@pytest.mark.slow
def test_without_a_home_a_tilde_is_a_name(tmp_path: Path) -> None:
    nobody = "import os, pwd; os.environ.pop('HOME'); pwd.getpwuid = {}.__getitem__"
    child = run_recipe("~/a.jsonl", more=nobody)
    assert (child.returncode, child.stderr.count("\n")) == (2, 1)
    assert "~/a.jsonl: no such file" in child.stderr


@pytest.mark.slow
def test_a_report_may_be_piped_into_head(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(GOOD, encoding="utf-8")
    code = "import sys; from swiftprep.recipes.check import main; sys.exit(main())"
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jsonl"), "--dry-run", "--json"],
        stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    assert child.returncode == 0
    assert "BrokenPipe" not in child.stderr


# --- anything ---------------------------------------------------------------------------------------------------

PIECES = [
    '{"query": "q", "response": "a"', '"', "{", "}", "[", "]", ",", ":", "\\", "\\ud800", "\n", "\r", " ", "\0", "\ufeff",
    "null", "NaN", "1e999", "9" * 30, "-", "'a'", '"loss": 1', '"messages": ', '"step": ', "- ", "&a ", "*a ", "<<: ", "!!int ", "? ",
]  # fmt: skip


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join), st.sampled_from(["jsonl", "json", "csv", "txt"]))
def test_no_text_makes_a_reader_fail(tmp_path_factory: pytest.TempPathFactory, text: str, suffix: str) -> None:
    path = tmp_path_factory.mktemp("any") / f"a.{suffix}"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    rejects: list[Reject] = []
    rows = list(repair_file(path))
    assert all((row.sample is None) == (row.reject is not None) for row in rows)
    lint(path)
    list(read_jsonl(path, rejects=rejects))
    with suppress(DataError):
        Monitor.read(path).verdict()
    with suppress(yaml.YAMLError):
        load_bounded(text)
