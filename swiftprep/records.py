"""Reading and writing `Sample` records as JSONL.

Four row forms are read, one per line, and may be mixed in a file:

| form           | columns                                                        |
|----------------|----------------------------------------------------------------|
| messages       | `messages`: a list of `{role, content}`                        |
| sharegpt       | `conversations` or `conversation`: a list of `{from, value}`   |
| alpaca         | `instruction`, `input`, `output` (the source article's rows)   |
| query-response | `query` and `response`, or a synonym ms-swift knows            |

ms-swift picks one form per *file*, so swiftprep always writes files of a single form.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import orjson

from swiftprep.errors import DataError, one_line
from swiftprep.rows.arrow import is_one_table, put_meta_into_text, types_of
from swiftprep.rows.columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS, LeftOver, left_over
from swiftprep.rows.repeated_keys import repeated_key
from swiftprep.rows.turn_keys import Extra, keys_of_a_turn, row_extras, turn_extras
from swiftprep.sample import Message, Reject, Sample
from swiftprep.storage.disk import atomic_write
from swiftprep.storage.outputs import own, settle
from swiftprep.text.limits import LARGEST_ROW, TOO_LARGE, lines_within, loads_within, shallow

__all__ = [
    "READ_AT_ONCE",
    "ROLE_NAMES",
    "Message",
    "Reject",
    "Sample",
    "iter_lines",
    "parse_row",
    "read_jsonl",
    "to_sample",
    "write_jsonl",
]

READ_AT_ONCE = 10_000_000  # bytes from which ms-swift's reader infers the column types of a file

ROLE_NAMES = {
    "user": "user", "human": "user",
    "assistant": "assistant", "gpt": "assistant", "bot": "assistant",
    "system": "system",
    "tool": "tool", "tool_call": "tool_call", "tool_response": "tool_response",
    "function_call": "tool_call", "function_response": "tool_response",
    "observation": "tool_response", "observations": "tool_response",
}  # fmt: skip
_ROW_KEYS = {*MESSAGES_KEYS, *SYSTEM_KEYS, *QUERY_KEYS, *RESPONSE_KEYS, "id", "channel", "meta", "history"}


def read_jsonl(path: str | Path, *, rejects: list[Reject] | None = None) -> Iterator[Sample]:
    r"""Read samples from a JSONL file, whichever of the four row forms each row has.

    Lines end at `\n` only; a byte order mark and blank lines are skipped. A row of more than 32 MB or nested more than
    100 levels deep counts as bad.

    Args:
        path: The file, in UTF-8.
        rejects: Without it the first bad row raises. With a list, each bad row is appended to it (reason
            `"bad-row"`) and reading goes on; samples plus rejects add up to the rows of the file.

    Raises:
        DataError: the file is missing, or a row is bad and `rejects` is None. The message opens with
            `file:line:`.
    """
    source = Path(path)
    settle(source.parent)
    if not os.path.isfile(source):
        if source.is_dir():
            raise DataError(
                f"{source}: is a folder; expected a .jsonl file, such as {source / 'train.jsonl'} "
                "(是文件夹，应为 .jsonl 文件)"
            )
        raise DataError(f"{source}: no such file (没有这个文件)")
    return _read(source, rejects)


def _read(source: Path, rejects: list[Reject] | None) -> Iterator[Sample]:
    for number, line in iter_lines(source):
        try:
            sample = to_sample(parse_row(line))
        except Exception as error:  # a bad row must not cost any other row
            if rejects is None:
                raise DataError(f"{source}:{number}: {one_line(error)}") from None
            rejects.append(Reject(f"{source}:{number}", "bad-row", one_line(error)))
        else:
            yield sample


def iter_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield `(line number from 1, line)` for each non-blank line, without a byte order mark.

    A line of more than `LARGEST_ROW` bytes is truncated, and `parse_row` then refuses it.
    """
    with path.open("rb") as file:
        for number, line in enumerate(lines_within(file), start=1):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if text.strip(b" \t\r\n"):
                yield number, text


def parse_row(line: bytes) -> dict[str, Any]:
    """Parse one line as a JSON object.

    Raises:
        DataError: it is not UTF-8, not JSON, not an object, too large, nested too deeply, or has a duplicate key with
            two different values.
    """
    if len(line) > LARGEST_ROW:
        raise DataError(TOO_LARGE)
    try:
        row = loads_within(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode("utf-8")
        except UnicodeDecodeError:
            raise DataError(
                "not UTF-8; if the file is GBK: iconv -f GB18030 -t UTF-8 (文件不是 UTF-8，请先转换编码)"
            ) from None
        raise DataError(f"not valid JSON: {error} (不是有效的 JSON)") from None
    if not isinstance(row, dict):
        raise DataError(f"expected a JSON object, found {type(row).__name__} (应为 JSON 对象)")
    key = repeated_key(line, row)
    if key is not None:
        raise DataError(f"the key '{key}' stands twice, with two values (同一个键出现两次且值不同)")
    return row


def to_sample(row: dict[str, Any]) -> Sample:
    """Turn a row of any of the four forms into a `Sample`.

    Raises:
        DataError: the form is unknown, ms-swift could not train on the conversation, or the row holds more than a
            sample can: two questions, pictures, a rejected answer.
    """
    meta = row.get("meta") or {}
    if isinstance(meta, str):
        meta = _parsed(meta)
    if not isinstance(meta, dict):
        raise DataError(f"'meta' is {type(meta).__name__}; expected an object (应为对象)")
    channel = row.get("channel")
    if channel is not None and not isinstance(channel, str):
        raise DataError(
            f"'channel' is {channel!r}; expected a string, as ms-swift needs one type in all files (应为文本)"
        )
    sample_id = row.get("id")
    _refuse(row_extras(row, _ROW_KEYS), " of the row")
    messages, extra = _messages(row)
    key = next((k for k in MESSAGES_KEYS if row.get(k) is not None), "")
    _refuse(left_over(row, messages, (key,)), " beside what is read of the row")
    return Sample(
        messages=messages,
        id="" if sample_id is None else str(sample_id),
        channel=channel or None,
        meta={**meta, **extra},
    )


def _parsed(text: str) -> Any:
    try:
        return shallow(orjson.loads(text))
    except orjson.JSONDecodeError:
        return text


def _messages(row: dict[str, Any]) -> tuple[list[Message], dict[str, Any]]:
    key = next((k for k in MESSAGES_KEYS if row.get(k) is not None), None)
    if key is not None:
        return _check(_from_turns(row[key], key, _system(row))), {}
    if "instruction" in row and ("output" in row or "input" in row):
        instruction, input_ = row.get("instruction") or "", row.get("input") or ""
        _need_text("instruction", instruction)
        _need_text("input", input_)
        one_turn = Sample.from_instruction(instruction, input_, _response(row))
        return _check(_with_context(row, one_turn.messages)), one_turn.meta
    queries = [k for k in QUERY_KEYS if row.get(k) is not None]
    if not queries:
        columns = ", ".join(sorted(row)) or "nothing"
        raise DataError(
            f"unknown row form with columns {columns}; expected messages, conversations, "
            "instruction/input/output or query/response (未知的行格式)"
        )
    if len(queries) > 1 and "query" not in queries:
        raise DataError(f"{' and '.join(queries)} are all names for the query; keep one of them (问题列重复)")
    query = row["query"] if "query" in queries else row[queries[0]]
    _need_text(queries[0], query)
    turn = [{"role": "user", "content": query}, {"role": "assistant", "content": _response(row)}]
    return _check(_with_context(row, turn)), {}


def _system(row: dict[str, Any]) -> str | None:
    return next((row[k] for k in SYSTEM_KEYS if row.get(k) is not None), None)


def _response(row: dict[str, Any]) -> str:
    keys = [k for k in RESPONSE_KEYS if k in row]
    if not keys:
        raise DataError("no answer column; expected 'response' or 'output' (没有回答列)")
    if len(keys) > 1 and "response" not in keys and "output" not in keys:
        raise DataError(f"{' and '.join(keys)} are all names for the answer; keep one of them (回答列重复)")
    key = next((k for k in ("output", "response") if k in keys), keys[0])
    if row[key] is None:
        raise DataError(f"'{key}' is null: there is nothing to learn (没有可学习的回答)")
    _need_text(key, row[key])
    return str(row[key])


def _with_context(row: dict[str, Any], turn: list[Message]) -> list[Message]:
    """Put the row's system prompt and history in front of its last turn."""
    system, history = _system(row), row.get("history") or []
    context = [] if system is None else [{"role": "system", "content": system}]
    if not isinstance(history, list) or any(not isinstance(h, list) or len(h) != 2 for h in history):
        raise DataError("'history' must be a list of [query, response] pairs (应为问答对列表)")
    for query, response in history:
        context += [{"role": "user", "content": query}, {"role": "assistant", "content": response}]
    return context + turn


def _from_turns(turns: Any, key: str, system: str | None) -> list[Message]:
    if not isinstance(turns, list):
        raise DataError(f"'{key}' is {type(turns).__name__}; expected a list of turns (应为列表)")
    messages: list[Message] = []
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict):
            raise DataError(f"turn {position} is {type(turn).__name__}; expected an object (应为对象)")
        role = turn.get("role", turn.get("from"))
        if not isinstance(role, str) or role not in ROLE_NAMES:
            raise DataError(
                f"turn {position} has role {role!r}; expected one of system, user, assistant, tool (角色未知)"
            )
        content = turn.get("content", turn.get("value"))
        if len(turn) > 2:
            _refuse(
                turn_extras(turn, keys_of_a_turn(turn), answer=ROLE_NAMES[role] in ("assistant", "tool_call")),
                f" of turn {position}",
            )
        _need_text(f"content of turn {position} ({role})", content)
        messages.append({"role": ROLE_NAMES[role], "content": str(content)})
    if system is not None and messages and messages[0]["role"] != "system":
        messages.insert(0, {"role": "system", "content": system})
    return messages


def _refuse(extras: list[Extra] | list[LeftOver], where: str) -> None:
    if extras:
        raise DataError(
            f"{' and '.join(map(str, extras))}{where}: a sample has no place for it; `swiftprep check` repairs or "
            "rejects such rows (样本无法保存，请先用 swiftprep check 处理)"
        )


def _check(messages: list[Message]) -> list[Message]:
    if not messages:
        raise DataError("no messages (没有消息)")
    for position, message in enumerate(messages, start=1):
        _need_text(f"content of turn {position} ({message['role']})", message["content"])
        if message["role"] == "system" and position > 1:
            raise DataError(f"turn {position} is 'system'; only the first may be (system 只能在开头)")
    if messages[-1]["role"] != "assistant":
        raise DataError(f"last message is '{messages[-1]['role']}'; expected 'assistant' (最后一条应为 assistant)")
    if not messages[-1]["content"].strip():
        raise DataError("the answer is empty: there is nothing to learn (回答为空)")
    if not any(m["role"] == "user" for m in messages):
        raise DataError("no 'user' message before the answer (没有提问)")
    return messages


def _need_text(name: str, value: Any) -> None:
    if not isinstance(value, str):
        raise DataError(f"{name} is {'null' if value is None else type(value).__name__}; expected a string (应为文本)")


def write_jsonl(samples: Iterable[Sample], path: str | Path, format: Literal["messages", "alpaca"] = "messages") -> int:
    """Write samples to a JSONL file atomically, and return their number.

    Args:
        samples: The samples, in this order.
        path: The file; missing parent folders are created.
        format: `"messages"` (any conversation) or `"alpaca"` (`instruction`, `input`, `output`, and `system` and
            `history` where a sample has them).

    The file loads in ms-swift. Its reader, Arrow, gives each column of a file one type. Where some `meta` does not fit
    one type (a list that begins with null, a key with values of two types, a slash in a key), every `meta` of the file
    is written as JSON text. The same goes for a file of over 10 MB whose rows differ, since Arrow infers the types from
    the first 10 MB. `read_jsonl` reads both.

    Raises:
        DataError: a sample cannot be written in that format, or holds text that is not valid Unicode.
    """
    if format not in ("messages", "alpaca"):
        raise DataError(f"format={format!r}; expected 'messages' or 'alpaca' (格式不支持)")
    count = 0
    columns, metas = set(), set()
    own(path)
    with atomic_write(path) as file:
        for count, sample in enumerate(samples, start=1):
            row = _messages_row(sample) if format == "messages" else _alpaca_row(sample)
            try:
                file.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))
            except TypeError as error:
                raise DataError(f"{path}: sample {count} ({sample.id or 'no id'}): {error}") from None
            columns.add(tuple(row))
            if "meta" in row:
                metas.add(types_of(row["meta"]))
        uneven = (len(columns) > 1 or len(metas) > 1) and file.tell() > READ_AT_ONCE
        if uneven and any({"history", "system"} & set(names) for names in columns):
            raise DataError(
                f"{path}: over 10 MB, its rows need one set of columns; write it with format='messages' "
                "(各行的列不一致)"
            )
        if uneven or not is_one_table(metas):
            put_meta_into_text(file, fill=uneven)
    return count


def _messages_row(sample: Sample) -> dict[str, Any]:
    row: dict[str, Any] = {"id": sample.id, "messages": sample.messages}
    return _tagged(row, sample, sample.meta)


def _alpaca_row(sample: Sample) -> dict[str, Any]:
    turns = list(sample.messages)
    row: dict[str, Any] = {"id": sample.id}
    if turns and turns[0]["role"] == "system":
        row["system"] = turns.pop(0)["content"]
    if not turns or len(turns) % 2 or any(m["role"] != ("user", "assistant")[i % 2] for i, m in enumerate(turns)):
        roles = ", ".join(m["role"] for m in turns)
        raise DataError(
            f"sample {sample.id or '(no id)'} has turns {roles}; alpaca needs alternating user and assistant turns "
            "(轮次不交替)"
        )
    contents = [m["content"] for m in turns]
    meta = {key: value for key, value in sample.meta.items() if key != "input_at"}
    instruction, input_ = sample.instruction_and_input
    row |= {"instruction": instruction, "input": input_, "output": contents[-1]}
    if contents[:-2]:
        row["history"] = [contents[i : i + 2] for i in range(0, len(contents) - 2, 2)]
    return _tagged(row, sample, meta)


def _tagged(row: dict[str, Any], sample: Sample, meta: dict[str, Any]) -> dict[str, Any]:
    if sample.channel is not None:
        row["channel"] = sample.channel
    if meta:
        row["meta"] = meta
    return row
