"""Read experts' questions and answers from YAML, CSV, Excel, Markdown and JSONL."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from swiftprep.distill.reading.apart import read_apart
from swiftprep.distill.reading.input_rows import InputRow, read_rows, read_text
from swiftprep.distill.reading.scenario_files import language_of, names_in
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.errors import DataError, one_line
from swiftprep.process.workers import Lost
from swiftprep.records import Reject, to_sample
from swiftprep.text.bounded_yaml import load_bounded, why_not_yaml
from swiftprep.text.characters import SURROGATE

SUFFIXES = (".yaml", ".yml", ".csv", ".tsv", ".xlsx", ".md", ".markdown", ".jsonl")
_NAMES = {
    "question": "question|instruction|query|prompt|problem|q|title|问题|提问|指令|题目|场景|需求|问",
    "input": "input|context|输入|补充|背景",
    "answer": "answer|output|response|solution|completion|reply|a|答案|回答|解答|输出|回复|答",
    "reasoning": "reasoning|rationale|thinking|thought|thoughts|analysis|思路|推理|思考|分析|推理过程|解题思路",
    "components": "components|component|tags|tag|组件|涉及组件",
    "intent": "intent|topic|theme|category|意图|主题|分类|类别",
    "author": "author|expert|by|作者|专家|编写人|提供人",
    "lang": "lang|language|语言",
    "level": "level|difficulty|难度|级别",
    "id": "id|编号|序号",
}
_FIELD_OF = {name: field for field, names in _NAMES.items() for name in names.split("|")}
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t](.*))?")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_CLOSING = re.compile(r"[ \t]#+[ \t]*\Z")
_REASONING = frozenset(_NAMES["reasoning"].split("|"))
_ASKS = re.compile(
    r"[?？]|如何|怎么|怎样|为什么|为何|什么|能否|是否|吗$|^(?:how|what|why|when|which|can|is|are|does|do)\b", re.I
)
_COMMANDS = re.compile(
    r"(?:请|帮我)?(?:创建|新建|实现|编写|写|使用|用|展示|显示|优化|封装|把|将|给|为|在)"
    r"|(?:please )?(?:create|build|write|use|show|make|implement|add|replace)\b",
    re.I,
)
_Heading: TypeAlias = tuple[int, int, str]  # line from 0, level, text


@dataclass(frozen=True, slots=True)
class ExpertAnswer:
    """A question and an expert's answer.

    Attributes:
        scenario: The question; its `meta` has `source` (the file), `line` or `row`, `sheet`, and `author` if known.
        answer: The answer.
        reasoning: The expert's reasoning, if given separately.
    """

    scenario: Scenario
    answer: str
    reasoning: str = ""

    @property
    def place(self) -> str:
        """Where it stands: `file:line`, or for Excel `file:sheet!row`."""
        meta = self.scenario.meta
        return place(meta["source"], meta["row"] if "row" in meta else meta["line"], meta.get("sheet", ""))


def place(file: str, number: int, sheet: str = "") -> str:
    """Return the place of a row in a file.

    >>> place("answers.xlsx", 12, "Sheet1"), place("answers.md", 3)
    ('answers.xlsx:Sheet1!12', 'answers.md:3')
    """
    return f"{file}:{sheet}!{number}" if sheet else f"{file}:{number}"


def read_experts(path: str | Path) -> tuple[list[ExpertAnswer], list[Reject]]:
    """Read a file, or all files of a folder and its subfolders, in the order of their names.

    Rows have a question and an answer, and may have `input`, `reasoning`, `components`, `intent`, `author`, `lang` and
    `level`, by these names or common synonyms (`instruction`, `output`, 问题, 答案, 思路). JSONL may hold any row form
    that ms-swift reads; a system prompt is dropped. In Markdown a heading is the question, and the text up to the next
    heading of the same or a higher level is the answer, unless the heading is the title of questions below it; a
    heading "Reasoning" or 思路 begins the reasoning. Front matter applies to the whole file. Formulas are plain text.

    Returns:
        The answers, and the rejects; each row is in one of the two. The reasons are `"no-question"`, `"no-answer"`,
        `"bad-row"`, `"bad-file"` (nothing in it could be read), `"not-read"` (it needs more time or memory than a file
        may take, see `swiftprep.distill.reading.apart`) and `"unknown-file"`.

    Raises:
        DataError: there is no such file or folder, or `path` is a file that cannot be read at all.
        MissingDependencyError: an Excel file is to be read, and openpyxl is not installed.
    """
    root = Path(path)
    is_file = os.path.isfile(root)
    if is_file and root.suffix.lower() not in SUFFIXES:
        raise DataError(f"{root}: expected one of {', '.join(SUFFIXES)} (不支持的文件类型)")
    if not is_file and not os.path.isdir(root):
        raise DataError(f"{root}: no such file or folder (没有这个文件或文件夹)")
    files = {root: root.name} if is_file else _files(root)
    known = [file for file in files if file.suffix.lower() in SUFFIXES]
    results = dict(zip(known, read_apart(partial(_read_file, files), known), strict=True))
    answers: list[ExpertAnswer] = []
    rejects: list[Reject] = []
    for file, name in files.items():
        result = results.get(file)
        if result is None:
            rejects.append(Reject(name, "unknown-file", f"not one of {', '.join(SUFFIXES)}"))
        elif isinstance(result, Lost):
            rejects.append(Reject(name, "not-read", result.reason))
        elif not isinstance(result, DataError):
            answers += result[0]
            rejects += result[1]
        elif is_file:
            raise result
        else:
            rejects.append(Reject(name, "bad-file", str(result)))
    return answers, rejects


def _files(root: Path) -> dict[Path, str]:
    """Return the files of a folder with their relative names, without hidden ones and Excel's lock files."""
    names = {file: file.relative_to(root) for file in sorted(p for p in root.rglob("*") if p.is_file())}
    return {
        file: name.as_posix()
        for file, name in names.items()
        if not any(part.startswith((".", "~$")) for part in name.parts)
    }


def _read_file(names: dict[Path, str], path: Path) -> tuple[list[ExpertAnswer], list[Reject]]:
    name = names[path]
    if path.suffix.lower() in (".md", ".markdown"):
        rows, common = _sections(path)
    else:
        rows, common = read_rows(path), {}
    answers: list[ExpertAnswer] = []
    rejects: list[Reject] = []
    counted = "row" if path.suffix.lower() == ".xlsx" else "line"
    for row in rows:
        at = place(name, row.place, row.sheet)
        try:
            value = row.value
            if isinstance(value, DataError):
                raise value
            answer = _to_answer(value if path.suffix.lower() != ".jsonl" else _any_form(value), common)
        except _NotGiven as error:
            rejects.append(Reject(at, error.reason, one_line(error)))
        except Exception as error:  # a bad row costs no other
            rejects.append(Reject(at, "bad-row", one_line(error)))
        else:
            meta = {**answer.scenario.meta, "source": name, counted: row.place}
            if row.sheet:
                meta["sheet"] = row.sheet
            answers.append(replace(answer, scenario=answer.scenario.replace(meta=meta)))
    return answers, rejects


class _NotGiven(DataError):
    """A row without a question or an answer."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _any_form(row: Any) -> Any:
    """Return a JSONL row as question and answer, whether it has our keys or one of ms-swift's forms."""
    if not isinstance(row, dict) or {"question", "answer"} <= _by_field(row).keys():
        return row
    sample = to_sample(row)
    if sum(message["role"] == "user" for message in sample.messages) > 1:
        raise DataError("a conversation of several turns; expected one question per row (只支持单轮问答)")
    extra = {key: row[key] for key in row if _FIELD_OF.get(key) in ("components", "intent", "author", "lang", "level")}
    return {**extra, "id": sample.id, "question": sample.prompt, "answer": sample.answer}


def _by_field(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row's values under our names; of several synonyms, the first that is not empty."""
    values: dict[str, Any] = {}
    for key, value in row.items():
        field = _FIELD_OF.get(str(key).strip().lower().replace("_", " "))
        if field and value is not None and (not isinstance(value, str) or value.strip()):
            values.setdefault(field, value)
    return values


def _to_answer(row: Any, common: dict[str, Any]) -> ExpertAnswer:
    if not isinstance(row, dict):
        raise DataError(f"{type(row).__name__}; expected a question and its answer (应为问题与答案)")
    values = _by_field(row)
    if "question" not in values and "input" in values:
        values["question"] = values.pop("input")
    columns = ", ".join(str(key) for key in list(row)[:8]) or "nothing"
    question, answer = _text(values, "question"), _text(values, "answer")
    if not question:
        raise _NotGiven("no-question", f"no question among {columns} (缺少问题)")
    if not answer:
        raise _NotGiven("no-answer", f"no answer among {columns} (缺少答案)")
    if "input" in values:
        question = f"{question}\n{_text(values, 'input')}"
    reasoning = _text(values, "reasoning")
    values = {**common, **values}
    components = names_in(values.get("components"))
    if components is None or any(map(SURROGATE.search, components)):
        raise DataError("components is not a list of names (components 应为组件名列表)")
    language = _text(values, "lang").lower()
    lang: Lang = (
        "zh"
        if language.startswith(("zh", "中"))
        else "en"
        if language.startswith(("en", "英"))
        else language_of(question)
    )
    level = _text(values, "level")
    scenario = Scenario(
        question,
        id=_text(values, "id"),
        components=components,
        intent=_text(values, "intent"),
        lang=lang,
        level=int(level) if level in ("1", "2", "3") else 1,
        meta={"author": _text(values, "author")} if "author" in values else {},
    )
    return ExpertAnswer(scenario, answer, reasoning)


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field, "")
    if isinstance(value, dict | list):
        raise DataError(f"{field} is {type(value).__name__}; expected text (应为文本)")
    text = str(value).strip().replace("\0", "\ufffd")
    if SURROGATE.search(text):
        raise DataError(f"{field} holds half a surrogate pair, which is not text (含有无效字符)")
    return text


# --- Markdown ---------------------------------------------------------------------------------------------------


def _sections(path: Path) -> tuple[Iterator[InputRow], dict[str, Any]]:
    lines = read_text(path).split("\n")
    start, common = _front_matter(path, lines)
    headings = list(_headings(lines, start))
    if not headings:
        raise DataError(f"{path}: no heading in it; each question must be a heading (文件中没有标题，问题应写成标题)")
    return _questions(lines, start, headings), common


def _front_matter(path: Path, lines: list[str]) -> tuple[int, dict[str, Any]]:
    if lines[0].rstrip() != "---":
        return 0, {}
    end = next((n for n, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), 0)
    if not end:
        return 0, {}
    try:
        loaded = load_bounded("\n".join(lines[1:end]))
    except yaml.YAMLError as error:
        line, why = why_not_yaml(error)
        message = f"{path}:{line + 1}: the front matter is not valid YAML: {why} (文件头不是有效的 YAML)"
        raise DataError(message) from None
    common = _by_field(loaded) if isinstance(loaded, dict) else {}
    return end + 1, {key: common[key] for key in ("author", "intent", "components", "lang", "level") if key in common}


def _headings(lines: list[str], start: int) -> Iterator[_Heading]:
    """Yield `(line from 0, level, text)` of each heading outside of fenced blocks."""
    fence = ""
    for number in range(start, len(lines)):
        mark = _FENCE.fullmatch(lines[number])
        if fence:
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
        elif mark and (mark[1][0] == "~" or "`" not in mark[2]):
            fence = mark[1]
        elif heading := _HEADING.fullmatch(lines[number]):
            yield number, len(heading[1]), _CLOSING.sub("", f" {heading[2] or ''}").strip()


def _questions(lines: list[str], start: int, headings: list[_Heading]) -> Iterator[InputRow]:
    """Yield a row for each question, and one with an error for any text without a question."""
    yield from _stray(lines, start, headings[0][0])
    at = 0
    while at < len(headings):
        number, level, question = headings[at]
        after = next((n for n in range(at + 1, len(headings)) if headings[n][1] <= level), len(headings))
        inner = headings[at + 1 : after]
        end = headings[after][0] if after < len(headings) else len(lines)
        if _is_title(lines, headings, at, inner):
            yield from _stray(lines, number + 1, inner[0][0])
            at += 1
            continue
        answer, reasoning = _parts(lines, number + 1, end, inner)
        yield InputRow(number + 1, {"question": question, "answer": answer, "reasoning": reasoning})
        at = after


def _stray(lines: list[str], start: int, end: int) -> Iterator[InputRow]:
    text = "\n".join(lines[start:end]).strip()
    if text:
        first = next(n for n in range(start, end) if lines[n].strip())
        yield InputRow(
            first + 1, _NotGiven("no-question", f"text that belongs to no question: {text[:80]} (不属于任何问题)")
        )


def _is_title(lines: list[str], headings: list[_Heading], at: int, inner: list[_Heading]) -> bool:
    """Return whether a heading is the title of a file or chapter with the questions as headings below it.

    It is if they are questions and it is not, or if it is the only top heading and no text follows it directly.
    """
    number, level, text = headings[at]
    if not inner or _ASKS.search(text):
        return False
    nearest = min(lv for _, lv, _ in inner)
    children = [name for _, lv, name in inner if lv == nearest]
    if any(_is_reasoning(name) or _is_answer(name) for name in children):
        return False
    if 2 * sum(_ASKS.search(name) is not None for name in children) >= len(children):
        return True
    alone = at == 0 and sum(lv <= level for _, lv, _ in headings) == 1
    return alone and not "".join(lines[number + 1 : inner[0][0]]).strip() and not _COMMANDS.match(text)


def _is_reasoning(text: str) -> bool:
    return text.strip(" :：*").lower() in _REASONING


def _is_answer(text: str) -> bool:
    return _FIELD_OF.get(text.strip(" :：*").lower()) == "answer"


def _parts(lines: list[str], start: int, end: int, inner: list[_Heading]) -> tuple[str, str]:
    """Return the answer and the reasoning under a question."""
    answer, reasoning = lines[start : inner[0][0] if inner else end], list[str]()
    into, depth = answer, 7
    for place, (number, level, text) in enumerate(inner):
        stop = inner[place + 1][0] if place + 1 < len(inner) else end
        if level <= depth:
            into, depth = (reasoning, level) if _is_reasoning(text) else (answer, 7)
        is_label = _is_answer(text) or (into is reasoning and level == depth)
        into += lines[number + 1 if is_label else number : stop]
    return "\n".join(answer).strip(), "\n".join(reasoning).strip()
