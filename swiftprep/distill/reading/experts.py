"""Read what experts wrote: questions and answers in YAML, CSV, Excel, Markdown and JSONL."""

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
from swiftprep.distill.reading.rows import InputRow, read_rows, read_text
from swiftprep.distill.reading.scenario_files import language_of, names_in
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.errors import DataError, one_line
from swiftprep.process.workers import Lost
from swiftprep.records import Reject, to_sample
from swiftprep.text.bounded_yaml import load_bounded, why_not_yaml

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
_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ExpertAnswer:
    """A question an expert answered.

    Attributes:
        scenario: The question; its `meta` has `source` (the file), `line` or `row`, `sheet`, and `author` if known.
        answer: The answer.
        reasoning: How it is come by, where the expert says so apart.
    """

    scenario: Scenario
    answer: str
    reasoning: str = ""


def read_experts(path: str | Path) -> tuple[list[ExpertAnswer], list[Reject]]:
    """Read a file, or all files of a folder and those below it, in the order of their names.

    Rows have a question and an answer, and may have `input`, `reasoning`, `components`, `intent`, `author`, `lang` and
    `level`, by these names or common synonyms (`instruction`, `output`, 问题, 答案, 思路). JSONL may hold any row form
    that ms-swift reads; a system prompt is left out. In Markdown a heading is the question, and what follows up to the
    next heading of that level or a higher one is the answer, unless the headings below it ask and it is their title; a
    heading "Reasoning" or 思路 in it opens the reasoning. Front matter says what holds for all of a file. Formulas are
    plain text here.

    Returns:
        What was read, and why the rest was not: each row is in one of the two. Reasons are `"no-question"`,
        `"no-answer"`, `"bad-row"`, `"bad-file"` (nothing in it could be read), `"not-read"` (it takes more time or
        memory than a file has, see `swiftprep.distill.reading.apart`) and `"unknown-file"`.

    Raises:
        DataError: there is no such file or folder; or the only file it names cannot be read at all.
        MissingDependencyError: an Excel file, without openpyxl.
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
    found: list[ExpertAnswer] = []
    rejects: list[Reject] = []
    for file, name in files.items():
        result = results.get(file)
        if result is None:
            rejects.append(Reject(name, "unknown-file", f"not one of {', '.join(SUFFIXES)}"))
        elif isinstance(result, Lost):
            rejects.append(Reject(name, "not-read", result.reason))
        elif not isinstance(result, DataError):
            found += result[0]
            rejects += result[1]
        elif is_file:
            raise result
        else:
            rejects.append(Reject(name, "bad-file", str(result)))
    return found, rejects


def _files(root: Path) -> dict[Path, str]:
    """Return the files of a folder with their names in it; Excel's lock files and hidden ones are none."""
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
    found: list[ExpertAnswer] = []
    rejects: list[Reject] = []
    place = "row" if path.suffix.lower() == ".xlsx" else "line"
    for row in rows:
        at = f"{name}:{row.sheet}!{row.place}" if row.sheet else f"{name}:{row.place}"
        try:
            value = row.value
            if isinstance(value, DataError):
                raise value
            made = _given(value if path.suffix.lower() != ".jsonl" else _any_form(value), common)
        except _NotGiven as error:
            rejects.append(Reject(at, error.reason, one_line(error)))
        except Exception as error:  # whatever a row does, it costs no other row
            rejects.append(Reject(at, "bad-row", one_line(error)))
        else:
            meta = {**made.scenario.meta, "source": name, place: row.place}
            if row.sheet:
                meta["sheet"] = row.sheet
            found.append(replace(made, scenario=made.scenario.replace(meta=meta)))
    return found, rejects


class _NotGiven(DataError):
    """A row without a question or an answer."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def _any_form(row: Any) -> Any:
    """Return a JSONL row as question and answer: by our names, else in one of the forms of ms-swift."""
    if not isinstance(row, dict) or {"question", "answer"} <= _by_field(row).keys():
        return row
    sample = to_sample(row)
    if sum(message["role"] == "user" for message in sample.messages) > 1:
        raise DataError("a conversation of several turns; an expert's row has one question (只支持单轮问答)")
    extra = {key: row[key] for key in row if _FIELD_OF.get(key) in ("components", "intent", "author", "lang", "level")}
    return {**extra, "id": sample.id, "question": sample.prompt, "answer": sample.answer}


def _by_field(row: dict[Any, Any]) -> dict[str, Any]:
    """Return a row's values by our names; of two synonyms, the first that says something."""
    made: dict[str, Any] = {}
    for key, value in row.items():
        field = _FIELD_OF.get(str(key).strip().lower().replace("_", " "))
        if field and value is not None and (not isinstance(value, str) or value.strip()):
            made.setdefault(field, value)
    return made


def _given(row: Any, common: dict[str, Any]) -> ExpertAnswer:
    if not isinstance(row, dict):
        raise DataError(f"{type(row).__name__}; expected a question and its answer (应为问题与答案)")
    made = _by_field(row)
    if "question" not in made and "input" in made:
        made["question"] = made.pop("input")
    columns = ", ".join(str(key) for key in list(row)[:8]) or "nothing"
    question, answer = _text(made, "question"), _text(made, "answer")
    if not question:
        raise _NotGiven("no-question", f"no question among {columns} (缺少问题)")
    if not answer:
        raise _NotGiven("no-answer", f"no answer among {columns} (缺少答案)")
    if "input" in made:
        question = f"{question}\n{_text(made, 'input')}"
    reasoning = _text(made, "reasoning")
    made = {**common, **made}
    components = names_in(made.get("components"))
    if components is None or any(map(_LONE.search, components)):
        raise DataError("components is no list of names (components 应为组件名列表)")
    told = _text(made, "lang").lower()
    lang: Lang = (
        "zh" if told.startswith(("zh", "中")) else "en" if told.startswith(("en", "英")) else language_of(question)
    )
    level = _text(made, "level")
    scenario = Scenario(
        question,
        id=_text(made, "id"),
        components=components,
        intent=_text(made, "intent"),
        lang=lang,
        level=int(level) if level in ("1", "2", "3") else 1,
        meta={"author": _text(made, "author")} if "author" in made else {},
    )
    return ExpertAnswer(scenario, answer, reasoning)


def _text(row: dict[str, Any], field: str) -> str:
    value = row.get(field, "")
    if isinstance(value, dict | list):
        raise DataError(f"{field} is {type(value).__name__}; expected text (应为文本)")
    text = str(value).strip().replace("\0", "\ufffd")
    if _LONE.search(text):
        raise DataError(f"{field} holds half a surrogate pair, which is no text (含有无效字符)")
    return text


# --- Markdown ---------------------------------------------------------------------------------------------------


def _sections(path: Path) -> tuple[Iterator[InputRow], dict[str, Any]]:
    lines = read_text(path).split("\n")
    start, common = _front_matter(path, lines)
    headings = list(_headings(lines, start))
    if not headings:
        raise DataError(f"{path}: no heading in it; a heading is the question (没有标题，标题应为问题)")
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
        told = f"{path}:{line + 1}: the front matter is not valid YAML: {why} (文件头不是有效的 YAML)"
        raise DataError(told) from None
    made = _by_field(loaded) if isinstance(loaded, dict) else {}
    return end + 1, {key: made[key] for key in ("author", "intent", "components", "lang", "level") if key in made}


def _headings(lines: list[str], start: int) -> Iterator[_Heading]:
    """Yield `(line from 0, level, text)` of each heading that is in no fenced block."""
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
    """Yield a row for each question, and one with an error for text that belongs to none."""
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
    """Return whether a heading is the title of a file or chapter, and the questions are the headings below it.

    That is so where they ask and it does not; or it is the only one of the first level, with nothing below it.
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
    """Return the answer and the reasoning that stand under a question."""
    answer, reasoning = lines[start : inner[0][0] if inner else end], list[str]()
    into, depth = answer, 7
    for place, (number, level, text) in enumerate(inner):
        stop = inner[place + 1][0] if place + 1 < len(inner) else end
        if level <= depth:
            into, depth = (reasoning, level) if _is_reasoning(text) else (answer, 7)
        told = _is_answer(text) or (into is reasoning and level == depth)
        into += lines[number + 1 if told else number : stop]
    return "\n".join(answer).strip(), "\n".join(reasoning).strip()
