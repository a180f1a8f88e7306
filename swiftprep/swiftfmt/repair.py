"""Repair of rows of any form into `Sample`s ms-swift trains on, where a row has one safe reading."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swiftprep.errors import one_line
from swiftprep.records import Message, Reject, Sample
from swiftprep.rows.columns import (
    ANSWERERS,
    ASKERS,
    MESSAGES_KEYS,
    QUERY_KEYS,
    RESPONSE_KEYS,
    SYSTEM_KEYS,
    left_over,
)
from swiftprep.rows.turn_keys import Extra, keys_of_a_turn, row_extras, turn_extras
from swiftprep.swiftfmt.conversation import STUMBLES, form_of, literal, turns_in
from swiftprep.swiftfmt.lint import checked_path
from swiftprep.swiftfmt.salvage import found_rows
from swiftprep.text.limits import lines_within

REPAIRS = {
    "encoding": ("decoded from GBK or UTF-16", "按 GBK 或 UTF-16 解码"),
    "byte-order-mark": ("a byte order mark was removed", "去掉了文件头的 BOM"),
    "surrogates": ("broken emoji codes were joined or replaced", "修复了断开的代理对字符"),
    "json": ("small JSON errors were fixed: an extra comma, NaN, a duplicate key", "修正了 JSON 小错误，如多余的逗号"),
    "wrapped": ("the rows were in a list inside one object", "从外层对象中取出了行"),
    "delimiter": ("cells were separated by semicolons or tabs", "单元格以分号或制表符分隔"),
    "row-form": ("the row has another form than the file's first", "按与文件首行不同的行格式读取"),
    "messages-as-text": ("messages stored as text became a list", "messages 由文本还原为列表"),
    "columns": ("columns with the same meaning were merged", "同义列合并为一列"),
    "role-names": ("roles were renamed to those ms-swift knows", "角色名改为 ms-swift 认识的名称"),
    "content-parts": ("lists of text parts were joined", "把内容分段拼接为文本"),
    "reasoning": ("the reasoning was moved before its answer, in <think>", "把推理过程放到回答前的 <think> 中"),
    "text": ("a number was converted to text", "数字写成文本"),
    "channel": ("the channel was converted to text", "channel 写成文本"),
    "meta": ("meta was wrapped in an object", "meta 放入对象"),
}
REASONS = {
    "encoding": ("the text is neither UTF-8 nor GBK", "编码既不是 UTF-8 也不是 GBK"),
    "bad-json": ("the line is not JSON", "该行不是 JSON"),
    "bad-csv": ("the line does not fit the header", "该行与表头不符"),
    "repeated-key": ("a duplicate key has two different values", "同一个键出现两次且值不同"),
    "bad-row": ("the row is not an object", "该行不是对象"),
    "row-form": ("no known row form", "未知的行格式"),
    "no-question": ("there is no question", "没有问题"),
    "no-answer": ("there is no answer to learn", "没有可学习的回答"),
    "two-questions": ("two columns hold different questions", "两列给出了不同的问题"),
    "two-systems": ("two columns hold different system prompts", "两列给出了不同的 system"),
    "two-answers": ("two columns hold different answers", "两列给出了不同的回答"),
    "role": ("a turn has an unknown role, or a system prompt is not at the start", "角色未知，或 system 出现在后面"),
    "content": ("the content of a turn is not text", "内容不是文本"),
    "tools": ("tool calls are not supported", "不支持工具调用"),
    "media": ("pictures, sound and video are not supported", "不支持图片、音频和视频"),
    "loss": (
        "a mark excludes a turn from training or weights it, which a sample cannot express",
        "含有不参与训练或另有权重的轮次",
    ),
    "preference": ("it holds a rejected answer, which a sample cannot express", "含有偏好数据中的负例，样本无法表达"),
    "beside": ("beside its text a turn holds what a sample cannot express", "轮次在正文之外还有样本无法表达的内容"),
    "too-large": ("it is larger or nested deeper than the limits", "超过可读取的大小或嵌套深度"),
    "failed": ("reading it failed", "读取失败"),
    "plain-text": ("a text file has no questions and answers", "文本文件没有问答"),
}
_ROLES = {
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant", "ai": "assistant", "model": "assistant",
    "chatgpt": "assistant", "chatbot": "assistant",
    "system": "system", "developer": "system",
}  # fmt: skip
_TOOL_ROLES = {
    "tool", "tool_call", "tool_response", "function", "function_call", "function_response",
    "observation", "observations",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class RepairedRow:
    """One row of a file: a sample, or the reason there is none.

    Attributes:
        line: The line it begins on, from 1.
        sample: A sample ms-swift can train on, or None.
        repairs: The repairs made; keys of `REPAIRS`, sorted.
        reject: Where `sample` is None, the place, one of `REASONS`, and the detail.
    """

    line: int
    sample: Sample | None
    repairs: tuple[str, ...] = ()
    reject: Reject | None = None


class _Rejected(Exception):
    """A row with no safe reading: reason and detail."""


def repair_file(path: str | Path) -> Iterator[RepairedRow]:
    """Read every row of a `.jsonl`, `.json`, `.csv` or `.txt` file, each by its own form, and repair what is safe.

    Every row yields a sample or a reject. JSONL is read line by line, so that memory use stays flat.

    Raises:
        ConfigError: it is another kind of file.
        DataError: the file does not exist.
    """
    return _repaired(checked_path(path))


def _repaired(source: Path) -> Iterator[RepairedRow]:
    if source.suffix == ".txt":
        with source.open("rb") as file:
            for line, text in enumerate(lines_within(file), start=1):
                if text.strip():
                    detail = "ms-swift would learn each line as an answer without a question"
                    yield _reject(source, line, "plain-text", detail)
        return
    first_form = ""
    for salvaged in found_rows(source):
        if salvaged.problem:
            yield _reject(source, salvaged.line, *salvaged.problem)
            continue
        repairs = set(salvaged.repairs)
        try:
            form = _form(salvaged.value)
            first_form = first_form or form
            if form != first_form:
                repairs.add("row-form")
            sample = _sample(salvaged.value, repairs)
        except _Rejected as error:
            yield _reject(source, salvaged.line, *error.args)
        except Exception as error:  # a bad row must not cost any other row
            yield _reject(source, salvaged.line, "failed", one_line(error))
        else:
            yield RepairedRow(salvaged.line, sample, tuple(sorted(repairs)))


def _form(row: Any) -> str:
    if not isinstance(row, dict):
        return ""
    key = next((key for key in MESSAGES_KEYS if row.get(key)), None)
    if key is None:
        return form_of(row)
    turn = row[key][0] if isinstance(row[key], list) else None
    return f"{key} of {'turns' if isinstance(turn, dict) and {'role', 'from'} & set(turn) else 'exchanges'}"


def _reject(source: Path, line: int, reason: str, detail: str) -> RepairedRow:
    _, meaning_zh = REASONS[reason]
    return RepairedRow(line, None, (), Reject(f"{source}:{line}", reason, one_line(detail), None, meaning_zh))


def _sample(row: Any, repairs: set[str]) -> Sample:
    if not isinstance(row, dict):
        raise _Rejected("bad-row", f"expected a JSON object, found {_kind(row)}")
    row = _lower(row, repairs)
    messages = _checked(_messages(row, repairs))
    read = next((key for key in MESSAGES_KEYS if row.get(key)), "")
    for column in left_over(row, messages, (read,)):
        raise _Rejected(column.reason, f"column {column}")
    if read and any(row.get(key) for key in (*MESSAGES_KEYS, *QUERY_KEYS, *RESPONSE_KEYS, "history") if key != read):
        repairs.add("columns")
    extras = row_extras(row, ())
    if any(extra.kind == "reasoning" for extra in extras) and any(row.get(key) for key in MESSAGES_KEYS):
        raise _Rejected("beside", f"{' and '.join(map(str, extras))} beside the messages")
    messages[-1] = _with_extras(messages[-1], extras, repairs, " of the row")
    sample_id, channel, meta = row.get("id"), row.get("channel"), row.get("meta")
    if channel is not None and not isinstance(channel, str):
        repairs.add("channel")
        channel = json.dumps(channel, ensure_ascii=False)
    if meta is not None and not isinstance(meta, dict):
        repairs.add("meta")
        meta = {"meta": meta}
    sample_id = "" if sample_id is None else sample_id if isinstance(sample_id, str) else json.dumps(sample_id)
    return Sample(messages=messages, id=sample_id, channel=channel, meta=meta or {})


def _lower(row: dict[str, Any], repairs: set[str]) -> dict[str, Any]:
    """Lower-case the column names, except where two columns would get the same name."""
    lowered: dict[str, Any] = {}
    for key, value in row.items():
        name = str(key).strip().lower()
        if name != key and name in row:
            name = str(key)
        if name != key:
            repairs.add("columns")
        lowered[name] = value
    return lowered


def _messages(row: dict[str, Any], repairs: set[str]) -> list[Message]:
    key = next((k for k in MESSAGES_KEYS if row.get(k)), None)
    if key is not None:
        turns = _turn_list(row[key], repairs)
        messages = _turns(turns, repairs)
        system = _one(row, SYSTEM_KEYS, "two-systems", repairs)
        if system and messages and messages[0]["role"] != "system":
            messages.insert(0, {"role": "system", "content": system})
        return messages
    messages = _exchange(row, repairs) if not any(row.get(k) is not None for k in (*QUERY_KEYS, *RESPONSE_KEYS)) else []
    messages = messages or _pair(row, repairs)
    system = _one(row, SYSTEM_KEYS, "two-systems", repairs)
    context: list[Message] = [{"role": "system", "content": system}] if system else []
    return context + _history(row.get("history"), repairs) + messages


def _turn_list(turns: Any, repairs: set[str]) -> list[Any]:
    if isinstance(turns, str):
        try:
            turns = turns_in(turns)
        except ValueError as error:
            raise _Rejected("row-form", f"messages is text that is {error}") from None
        repairs.add("messages-as-text")
    if not isinstance(turns, list):
        raise _Rejected("row-form", f"messages is {_kind(turns)}, not a list of turns")
    return turns


def _turns(turns: list[Any], repairs: set[str]) -> list[Message]:
    messages: list[Message] = []
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict):
            raise _Rejected("row-form", f"turn {position} is {_kind(turn)}, not an object")
        if turn.get("tool_calls") or turn.get("function_call"):
            raise _Rejected("tools", f"turn {position} calls a tool")
        where = f" of turn {position}"
        if not {"role", "from"} & set(turn):
            exchange = _exchange(turn, repairs, f" in turn {position}")
            extras = turn_extras(turn, (*ASKERS, *ANSWERERS), answer=True)
            messages += [exchange[0], _with_extras(exchange[1], extras, repairs, where)]
            continue
        role = _role(turn.get("role", turn.get("from")), position, repairs)
        content = _text(turn.get("content", turn.get("value")), position, repairs)
        extras = turn_extras(turn, keys_of_a_turn(turn), answer=role == "assistant")
        messages.append(_with_extras({"role": role, "content": content}, extras, repairs, where))
    return messages


def _with_extras(message: Message, extras: list[Extra], repairs: set[str], where: str) -> Message:
    """Put the reasoning before the answer, as ms-swift's templates of thinking models expect; refuse all other keys."""
    for extra in extras:
        if extra.kind == "mark":
            raise _Rejected("loss", f"{extra}{where}")
        if extra.kind == "other" or message["role"] != "assistant" or not isinstance(extra.value, str):
            raise _Rejected("beside", f"{extra}{where}")
    thoughts = {str(extra.value).strip() for extra in extras}
    if not thoughts:
        return message
    thought, answer = thoughts.pop(), message["content"].lstrip("\n")
    if thoughts or not answer.strip() or "<think" in thought or "</think" in thought:
        raise _Rejected("beside", f"{' and '.join(map(str, extras))}{where}")
    repairs.add("reasoning")
    opened, closed, _ = answer.partition("</think>")
    if closed and opened.strip() == f"<think>\n{thought}":
        return message  # the reasoning is in place already
    if "<think" in answer or closed:
        raise _Rejected("beside", f"{' and '.join(map(str, extras))}{where}, which has a <think> of its own")
    return {**message, "content": f"<think>\n{thought}\n</think>\n\n{answer}"}


def _role(role: Any, position: int, repairs: set[str]) -> str:
    name = str(role).strip().lower().replace("-", "_")
    if name in _TOOL_ROLES:
        raise _Rejected("tools", f"turn {position} has role '{role}'")
    if not isinstance(role, str) or name not in _ROLES:
        raise _Rejected("role", f"turn {position} has role {role!r}")
    if role not in (*ASKERS, *ANSWERERS, "system"):
        repairs.add("role-names")
    return _ROLES[name]


def _text(content: Any, position: int, repairs: set[str]) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, (int, float)) and not isinstance(content, bool):
        repairs.add("text")
        return json.dumps(content)
    if isinstance(content, list) and content and all(isinstance(part, dict) for part in content):
        if any(part.get("type") in ("tool_use", "tool_result") for part in content):
            raise _Rejected("tools", f"turn {position} has a tool's content block")
        if any(part.get("type") != "text" for part in content):
            raise _Rejected("media", f"turn {position} has a part that is not text")
        if all(isinstance(part.get("text"), str) for part in content):
            repairs.add("content-parts")
            return "".join(part["text"] for part in content)
    raise _Rejected("content", f"the content of turn {position} is {_kind(content)}")


def _exchange(row: dict[str, Any], repairs: set[str], where: str = "") -> list[Message]:
    """Read `{"human": …, "gpt": …}`, or return an empty list where neither key is present."""
    asked = [row[key] for key in ASKERS if row.get(key) is not None]
    answered = [row[key] for key in ANSWERERS if row.get(key) is not None]
    if not asked and not answered:
        if where:
            raise _Rejected("role", f"no role{where}")
        return []
    if len(asked) != 1 or len(answered) != 1:
        raise _Rejected("row-form", f"not one question and one answer{where}")
    if not where:
        repairs.add("row-form")  # a pair of keys that ms-swift does not know
    if not isinstance(asked[0], str) or not isinstance(answered[0], str):
        raise _Rejected("content", f"question or answer is not text{where}")
    return [{"role": "user", "content": asked[0]}, {"role": "assistant", "content": answered[0]}]


def _pair(row: dict[str, Any], repairs: set[str]) -> list[Message]:
    if not any(key in row for key in (*QUERY_KEYS, *RESPONSE_KEYS)):
        names = ", ".join(sorted(row)) or "nothing"
        raise _Rejected("row-form", f"columns {names}; expected messages, conversations, query or instruction")
    if row.get("instruction") and row.get("input"):
        others = {key: row[key] for key in row if key not in ("instruction", "input")}
        parts = [_value(row[key], repairs) for key in ("instruction", "input")]
        question = "\n".join(parts)
        other = _one(others, QUERY_KEYS, "two-questions", repairs)
        if other and other != question:
            raise _Rejected("two-questions", "instruction, input and another column")
    else:
        question = _one(row, QUERY_KEYS, "two-questions", repairs)
    first = [key for key in ("response", "output") if row.get(key) is not None]
    answer = _one(row, tuple(first) or RESPONSE_KEYS, "two-answers", repairs)
    if first and any(row.get(key) is not None for key in RESPONSE_KEYS if key not in first):
        repairs.add("columns")
    if not answer:
        raise _Rejected("no-answer", "the answer is missing or empty")
    if not question:
        raise _Rejected("no-question", "the question is missing or empty")
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _one(row: dict[str, Any], keys: tuple[str, ...], reason: str, repairs: set[str]) -> str:
    """Return the one text that the columns hold, or an empty text; refuse two different ones."""
    present = [key for key in keys if row.get(key) not in (None, "", [])]
    values = {_value(row[key], repairs) for key in present}
    if len(values) > 1:
        raise _Rejected(reason, " and ".join(f"'{key}'" for key in present))
    if len([key for key in keys if key in row]) > 1 and not {"instruction", "input"} <= set(row):
        repairs.add("columns")
    return values.pop() if values else ""


def _value(value: Any, repairs: set[str]) -> str:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        value = value[0]
        repairs.add("text")
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        repairs.add("text")
        return json.dumps(value)
    raise _Rejected("content", f"a column is {_kind(value)}, not text")


def _history(history: Any, repairs: set[str]) -> list[Message]:
    if isinstance(history, str) and history.strip():
        try:
            history = literal(history)
        except STUMBLES:
            raise _Rejected("row-form", "history is text that is not a list") from None
    messages: list[Message] = []
    if history and not isinstance(history, list):
        raise _Rejected("row-form", f"history is {_kind(history)}")
    for exchange in history or []:
        if not isinstance(exchange, (list, tuple)) or [type(text) for text in exchange] != [str, str]:
            raise _Rejected("row-form", "history is not a list of [query, response] pairs")
        messages += [{"role": "user", "content": exchange[0]}, {"role": "assistant", "content": exchange[1]}]
    return messages


def _checked(messages: list[Message]) -> list[Message]:
    if not messages:
        raise _Rejected("row-form", "no messages")
    if any(message["role"] == "system" for message in messages[1:]):
        raise _Rejected("role", "a system prompt is not at the start")
    if messages[-1]["role"] != "assistant" or not messages[-1]["content"].strip():
        raise _Rejected("no-answer", "the last message is not an answer, or is empty")
    if not any(message["role"] == "user" for message in messages):
        raise _Rejected("no-question", "no user message")
    return messages


def _kind(value: Any) -> str:
    return "null" if value is None else type(value).__name__
