"""What experts wrote: every row becomes a question with its answer, or a reject with a reason."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swiftprep import Distiller, Scenario
from swiftprep.distill.reading.experts import ExpertAnswer, read_experts
from swiftprep.distill.verification.examine import LONGEST
from swiftprep.distill.verification.verify import Verifier
from swiftprep.errors import DataError, MissingDependencyError
from swiftprep.process import worker_child
from swiftprep.process.workers import Guarded
from swiftprep.teachers.request import Reply

YAML = """- question: 如何分页？
  answer: |
    用 ta-table。

    ```vue
    <ta-table />
    ```
  reasoning: 先想数据从哪里来。
  components: [ta-table]
  intent: paging
  author: 张工
- 问题: How?
  答案: So.
"""
CSV = '问题,答案,思路,组件,意图,作者\n如何分页？,"用 ta-table。\n\n```vue\n<ta-table />\n```",先想数据从哪里来。,ta-table,paging,张工\nHow?,So.,,,,\n'
MARKDOWN = """---
author: 张工
intent: paging
components: ta-table
---
# 如何分页？
### 思路
先想数据从哪里来。
### 回答
用 ta-table。

```vue
<ta-table />
```
# How?
So.
"""
JSONL = (
    '{"instruction": "如何分页？", "input": "", "output": "用 ta-table。\\n\\n```vue\\n<ta-table />\\n```", '
    '"author": "张工", "intent": "paging", "components": ["ta-table"]}\n'
    '{"messages": [{"role": "user", "content": "How?"}, {"role": "assistant", "content": "So."}]}\n'
)
ANSWER = "用 ta-table。\n\n```vue\n<ta-table />\n```"
FILES: dict[str, tuple[str, bytes, tuple[int, int]]] = {
    "yaml": ("a.yaml", YAML.encode(), (1, 12)),
    "csv": ("a.csv", CSV.encode(), (2, 7)),
    "gbk csv": ("a.csv", CSV.encode("gbk"), (2, 7)),
    "utf-8-sig csv, crlf": ("a.csv", CSV.replace("\n", "\r\n").encode("utf-8-sig"), (2, 7)),
    "utf-16 tsv": ("a.tsv", CSV.replace(",", "\t").encode("utf-16"), (2, 7)),
    "semicolons": ("a.csv", CSV.replace(",", ";").encode(), (2, 7)),
    "markdown": ("a.md", MARKDOWN.encode(), (6, 15)),
    "markdown, crlf": ("a.markdown", MARKDOWN.replace("\n", "\r\n").encode(), (6, 15)),
    "jsonl": ("a.jsonl", JSONL.encode(), (1, 2)),
}


@pytest.mark.parametrize(("name", "data", "lines"), FILES.values(), ids=FILES)
def test_every_form_says_the_same(tmp_path: Path, name: str, data: bytes, lines: tuple[int, int]) -> None:
    (tmp_path / name).write_bytes(data)
    found, rejects = read_experts(tmp_path / name)
    assert rejects == []
    first, second = found
    assert (first.scenario.instruction, first.answer, first.scenario.lang) == ("如何分页？", ANSWER, "zh")
    assert (second.scenario.instruction, second.answer, second.scenario.lang) == ("How?", "So.", "en")
    assert first.reasoning == ("" if name == "a.jsonl" else "先想数据从哪里来。")
    assert (first.scenario.components, first.scenario.intent) == (("ta-table",), "paging")
    assert first.scenario.meta == {"source": name, "line": lines[0], "author": "张工"}
    assert second.scenario.meta["line"] == lines[1]


def workbook(path: Path, rows: list[list[Any]], *, merge: tuple[str, ...] = (), sheet: str = "问答") -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    for area in merge:
        book.active.merge_cells(area)
    book.create_sheet("空")
    book.save(path)
    return path


def test_excel(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["专家问答", None, None],
        ["问题", "答案", "难度"],
        ["如何分页？", "第一行\n第二行", 2],
        [None, None, None],
        [None, '=HYPERLINK("http://x","点我")', 3.0],
        ["没有答案", None, None],
    ]
    found, rejects = read_experts(workbook(tmp_path / "a.xlsx", rows, merge=("A1:C1", "A3:A5")))
    assert [(g.scenario.instruction, g.answer, g.scenario.level) for g in found] == [
        ("如何分页？", "第一行\n第二行", 2),
        ("如何分页？", '=HYPERLINK("http://x","点我")', 3),
    ]
    assert [g.scenario.meta for g in found] == [{"source": "a.xlsx", "row": row, "sheet": "问答"} for row in (3, 5)]
    assert [(r.path, r.reason) for r in rejects] == [("a.xlsx:问答!6", "no-answer")]


def test_excel_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK")
    monkeypatch.setattr(worker_child, "is_child", True)  # so that it is read in this process
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'swiftprep\[experts\]'"):
        read_experts(tmp_path / "a.xlsx")


SECTIONS = {
    "deeper headings are the answer's": ("# 分页\n前言\n## 步骤一\n甲\n## 步骤二\n乙\n", [("分页", "前言\n## 步骤一\n甲\n## 步骤二\n乙", "")]),
    "a title": ("# 常见问题\n\n## 甲？\n一\n## 乙？\n二\n", [("甲？", "一", ""), ("乙？", "二", "")]),
    "chapters": ("# 文档\n## 表格\n### 怎么分页\n一\n### 怎么排序\n二\n## 怎么登录\n三\n", [("怎么分页", "一", ""), ("怎么排序", "二", ""), ("怎么登录", "三", "")]),
    "a question with steps right below it": ("# 如何分页\n## 步骤\n甲\n", [("如何分页", "## 步骤\n甲", "")]),
    "an order with steps right below it": ("# 创建分页列表\n## 步骤\n甲\n", [("创建分页列表", "## 步骤\n甲", "")]),
    "headings in fences": ("# 甲\n```sh\n# 不是标题\n```\n~~~\n## 也不是\n~~~\n", [("甲", "```sh\n# 不是标题\n```\n~~~\n## 也不是\n~~~", "")]),
    "a fence never closed": ("# 甲\n```\n# 乙\n", [("甲", "```\n# 乙", "")]),
    "a longer fence": ("# 甲\n````\n```\n# 乙\n````\n# 丙\n丁\n", [("甲", "````\n```\n# 乙\n````", ""), ("丙", "丁", "")]),
    "reasoning": ("# Q\n## Reasoning:\nr\n### more\ns\n## Code\nc\n", [("Q", "## Code\nc", "r\n### more\ns")]),
    "reasoning after the answer": ("# Q\na\n### 思路\nr\n", [("Q", "a", "r")]),
    "closing hashes": ("## 甲 ##\n乙\n#不是标题\n", [("甲", "乙\n#不是标题", "")]),
    "an indented heading": ("   # 甲\n乙\n    # 代码\n", [("甲", "乙\n    # 代码", "")]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), SECTIONS.values(), ids=SECTIONS)
def test_markdown_sections(tmp_path: Path, text: str, said: list[tuple[str, str, str]]) -> None:
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    found, rejects = read_experts(tmp_path / "a.md")
    assert [(g.scenario.instruction, g.answer, g.reasoning) for g in found] == said
    assert rejects == []


REJECTS: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    "no answer below": ("a.md", "# 甲\n# 乙\n丙\n", [("a.md:1", "no-answer")]),
    "reasoning alone": ("a.md", "# 甲\n## 思路\n乙\n", [("a.md:1", "no-answer")]),
    "text before the first heading": ("a.md", "\n前言\n# 甲\n乙\n", [("a.md:2", "no-question")]),
    "text of a chapter": ("a.md", "# 常见问题\n说明\n## 甲？\n乙\n", [("a.md:2", "no-question")]),
    "empty heading": ("a.md", "#\n甲\n# 乙\n丙\n", [("a.md:1", "no-question")]),
    "no question": ("a.csv", "问题,答案\n,甲\n乙,\n,\n丙,丁\n", [("a.csv:2", "no-question"), ("a.csv:3", "no-answer")]),
    "too many cells": ("a.csv", "问题,答案\n甲,乙,丙\n丁,戊\n", [("a.csv:2", "bad-row")]),
    "open quote": ("a.csv", '问题,答案\n甲,乙\n丙,"丁\n戊,己\n', [("a.csv:3", "bad-row")]),
    "bad json": ("a.jsonl", '{bad\n{"query": "甲", "response": "乙"}\n[1]\n', [("a.jsonl:1", "bad-row"), ("a.jsonl:3", "bad-row")]),
    "unknown form": ("a.jsonl", '{"x": 1}\n', [("a.jsonl:1", "bad-row")]),
    "several turns": (
        "a.jsonl",
        '{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, '
        '{"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}\n',
        [("a.jsonl:1", "bad-row")],
    ),
    "scalars": ("a.yaml", "- 甲\n- 5\n- question: 乙\n  answer: [丙]\n", [("a.yaml:1", "bad-row"), ("a.yaml:2", "bad-row"), ("a.yaml:3", "bad-row")]),
    "surrogate": ("a.yaml", '- question: 甲\n  answer: "\\ud800"\n', [("a.yaml:1", "bad-row")]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), REJECTS.values(), ids=REJECTS)
def test_what_is_left_out_says_why(tmp_path: Path, name: str, text: str, said: list[tuple[str, str]]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found, rejects = read_experts(tmp_path / name)
    assert [(r.path, r.reason) for r in rejects] == said
    assert all(r.detail for r in rejects)
    assert all(g.answer and g.scenario.instruction for g in found)


BAD: dict[str, tuple[str, bytes, str]] = {
    "no headings": ("a.md", b"only text\n", "no heading"),
    "nothing": ("a.md", b"", "no heading"),
    "front matter": ("a.md", b"---\na: [\n---\n# q\na\n", "front matter"),
    "no yaml": ("a.yaml", b"- a: [\n", "not valid YAML"),
    "no workbook": ("a.xlsx", b"PK\x03\x04 nonsense", "not a readable Excel file"),
    "unknown": ("a.docx", b"x", "expected one of"),
    "neither": ("a.csv", b"\xff\xff\x81", "neither UTF-8 nor GBK"),
}


@pytest.mark.parametrize(("name", "data", "said"), BAD.values(), ids=BAD)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, said: str) -> None:
    if name.endswith("xlsx"):
        pytest.importorskip("openpyxl")
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=said):
        read_experts(tmp_path / name)
    (tmp_path / "b.yaml").write_text(YAML, encoding="utf-8")
    found, rejects = read_experts(tmp_path)
    assert len(found) == 2
    assert [r.path for r in rejects] == [name]
    assert rejects[0].reason in ("bad-file", "unknown-file")
    with pytest.raises(DataError, match="no such file"):
        read_experts(tmp_path / "none")


def test_a_folder_is_read_in_the_order_of_its_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a/z.yaml", "a/.hidden.yaml", "~$lock.xlsx"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(YAML, encoding="utf-8")
    found, rejects = read_experts(tmp_path)
    assert [(g.scenario.meta["source"], g.scenario.meta["line"]) for g in found] == [
        ("a/z.yaml", 1), ("a/z.yaml", 12), ("b.yaml", 1), ("b.yaml", 12),
    ]  # fmt: skip
    assert rejects == []


def test_input_is_part_of_the_question_and_a_long_cell_is_whole(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"instruction": "Do", "input": "this", "output": "Done."}\n', encoding="utf-8")
    assert read_experts(tmp_path / "a.jsonl")[0][0].scenario.instruction == "Do\nthis"
    long = "长" * 1_000_000
    (tmp_path / "b.csv").write_text(f"Instruction, Input ,OUTPUT\n做,这个,{long}\n", encoding="utf-8")
    given_ = read_experts(tmp_path / "b.csv")[0][0]
    assert given_.scenario.instruction == "做\n这个"
    assert given_.answer == long


_PIECES = st.lists(
    st.sampled_from(["# 甲\n", "## 乙？\n", "### 思路\n", "```\n", "~~~js\n", "---\n", "text\n", "\n", "#\n", "a\r\n", "\u202e😀\0\n", "- x: [\n", "\u2028"]),
    max_size=14,
)  # fmt: skip


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_PIECES)
def test_markdown_of_any_shape_is_kept(tmp_path: Path, pieces: list[str]) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("".join(pieces).encode())
    try:
        found, rejects = read_experts(path)
    except DataError:
        return
    kept = "\n".join(
        [*(f"{g.scenario.instruction}\n{g.reasoning}\n{g.answer}" for g in found), *(r.detail for r in rejects)]
    )
    assert found or rejects
    start = read_experts(path)[0] == found
    assert start
    if not rejects and not pieces[0].startswith("---"):
        assert kept.count("text") == "".join(pieces).count("text")


_CELL = st.text(st.sampled_from('问答abc,;"\n\r\t =@\0\u202e😀'), max_size=8)


@pytest.mark.slow
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(_CELL, _CELL), max_size=6))
def test_every_row_of_a_csv_is_counted(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    path = tmp_path / "a.csv"
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in [("问题", "答案"), *rows]]
    path.write_bytes("".join(f"{line}\r\n" for line in quoted).encode())  # csv.writer refuses NUL before Python 3.11
    found, rejects = read_experts(path)
    assert len(found) + len(rejects) == sum(bool(q.strip() or a.strip()) for q, a in rows)
    assert len(found) == sum(bool(q.strip() and a.strip()) for q, a in rows)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["yaml", "csv", "md", "jsonl", "tsv"]), st.binary(max_size=60))
def test_no_bytes_make_it_crash(tmp_path: Path, suffix: str, data: bytes) -> None:
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(data)
    try:
        found, _ = read_experts(path)
    except DataError:
        return
    assert all(isinstance(one, ExpertAnswer) for one in found)


def test_many_rows_go_to_the_worker_together(tmp_path, monkeypatch):
    """Each call of the worker takes longer than to look through a short answer."""
    calls: list[int] = []
    mapped = Guarded.map

    def counted(self, items):
        calls.append(len(items))
        return mapped(self, items)

    monkeypatch.setattr(Guarded, "map", counted)
    (tmp_path / "a.csv").write_text("question,answer\n" + "如何使用按钮？,用 `ta-button`。\n" * 1200)
    distiller = Distiller(store=tmp_path / "s.sqlite", reasoning="none")
    result = distiller.from_experts(tmp_path / "a.csv")
    assert (result.asked, calls) == (1200, [1, 500, 500, 200])
    one = distiller.verifier
    scenario, reply = Scenario("如何使用按钮？"), Reply("用 `ta-button`。")
    assert list(one.check_all([(scenario, reply)])) == [(one.check(scenario, reply), one.finish(scenario, reply))]


def test_an_answer_too_long_to_look_through_costs_no_other():
    verifier = Verifier(reasoning="none")
    asked = [(Scenario("如何？"), Reply(text)) for text in ("用按钮。", "长" * (10 * LONGEST + 1), "用表格。")]
    kinds = [[flaw.kind for flaw in flaws] for flaws, _ in verifier.check_all(asked)]
    assert kinds[0] == kinds[2] != kinds[1]
