"""Conversion of a table row to the messages ms-swift trains on, or the reason it drops the row.

Source: ms-swift 4.6, `swift/dataset/preprocessor/core.py`. It drops a row when its Python code raises on it, so the
steps here keep its order, and a row that would raise there raises here.
"""

from __future__ import annotations

import ast
import contextlib
import json
import warnings
from collections import Counter
from collections.abc import Iterable
from typing import Any

from swiftprep.errors import DataError
from swiftprep.rows.columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS
from swiftprep.text.limits import LONGEST_LITERAL, TOO_DEEP, shallow

Turn = dict[str, Any]
_MEDIA = {f"{kind}{s}": f"{kind}s" for kind in ("image", "audio", "video") for s in ("s", "")}
_ROLES = {"system", "user", "tool_call", "tool_response", "tool", "assistant"}
_RENAMED_ROLES = {"human": "user", "gpt": "assistant", "bot": "assistant"}
_TOOL_ROLES = {
    "function_call": "tool_call",
    "function_response": "tool_response", "observation": "tool_response", "observations": "tool_response",
}  # fmt: skip
# Exceptions that ms-swift's code raises on unexpected rows.
STUMBLES = (TypeError, KeyError, AttributeError, IndexError, ValueError, SyntaxError, RecursionError, MemoryError)


class Dropped(ValueError):
    """The reason ms-swift drops a row."""


def form_of(columns: Iterable[str]) -> str:
    """Choose the row form like `AutoPreprocessor`: once per file, from the union of its columns."""
    present = set(columns)
    if present & set(MESSAGES_KEYS):
        return "messages"
    return "alpaca" if {"instruction", "input"} <= present else "response"


def renames(columns: Iterable[str], form: str) -> dict[str, str]:
    """Map columns like `RowPreprocessor.safe_rename_columns`: synonyms that collide all keep their names."""
    synonyms = _MEDIA | {key: "system" for key in SYSTEM_KEYS}
    if form == "messages":
        synonyms |= {key: "messages" for key in MESSAGES_KEYS}
    else:
        synonyms |= {key: "query" for key in QUERY_KEYS} | {key: "response" for key in RESPONSE_KEYS}
    by_lower = {column.lower(): column for column in columns}
    mapped = {by_lower[key]: target for key, target in synonyms.items() if key in by_lower}
    times = Counter(mapped.values())
    return {column: target for column, target in mapped.items() if times[target] == 1 and column != target}


def to_messages(row: dict[str, Any], form: str) -> dict[str, Any]:
    """Return the row as ms-swift keeps it, with its `messages` and whatever else training sees.

    Args:
        row: A typed row under its renamed columns; it is changed.
        form: From `form_of`.

    Raises:
        Dropped: ms-swift drops the row.
    """
    try:
        if form == "messages":
            _from_messages(row)
        else:
            if form == "alpaca":
                _from_alpaca(row)
            _from_pair(row)
        _check(row)
    except Dropped:
        raise
    except STUMBLES as error:
        raise Dropped(f"it has values of a type ms-swift does not expect ({type(error).__name__}: {error})") from None
    return row


def _from_alpaca(row: dict[str, Any]) -> None:
    instruction, input_, output = row.pop("instruction", None), row.pop("input", None), row.pop("output", None)
    if output is not None:
        row["response"] = output
    query = f"{instruction}\n{input_}" if instruction and input_ else instruction or input_
    if not isinstance(query, str):
        raise Dropped("instruction and input are both missing, or not text")
    row["query"] = query


def _from_pair(row: dict[str, Any]) -> None:
    response = row.pop("response", None)
    if isinstance(response, list):
        if not response:
            raise Dropped("the answer is an empty list")
        response = response[0]
    history = row.pop("history", None) or []
    query, system = row.pop("query", None), row.pop("system", None)
    if isinstance(history, str):
        history = literal(history)
    history.append([query, response])
    turns: list[Turn] = [] if system is None else [{"role": "system", "content": system}]
    for exchange in history:
        if not isinstance(exchange, (list, tuple)):
            raise Dropped("history is not a list of [query, response] pairs")
        for role, content in zip(("user", "assistant"), (exchange[0], exchange[1]), strict=True):
            if content is not None:
                turns.append({"role": role, "content": content})
    row["messages"] = turns
    if not turns:
        raise Dropped("neither a query nor an answer in a column ms-swift reads")


def literal(text: str) -> Any:
    """Parse a Python literal, like `ast.literal_eval`.

    Raises:
        ValueError: it is longer than `LONGEST_LITERAL`, or not a literal; `STUMBLES` lists what else Python raises.
    """
    if len(text) > LONGEST_LITERAL:
        raise ValueError("a Python value too long to parse (Python 文本过长)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes in the text do not matter
        return ast.literal_eval(text)


def turns_in(text: str) -> Any:
    """Parse turns stored as text: JSON, or a printed Python list.

    Raises:
        ValueError: it is neither, or nested too deeply.
    """
    try:
        return shallow(json.loads(text))
    except RecursionError:
        raise DataError(TOO_DEEP) from None
    except DataError:
        raise
    except ValueError:
        try:
            return shallow(literal(text))
        except DataError:
            raise
        except STUMBLES:
            raise ValueError("neither JSON nor a Python list") from None


def _from_messages(row: dict[str, Any]) -> None:
    if "rejected_messages" in row:
        inner = {"messages": row["rejected_messages"]}
        row["rejected_messages"] = inner["messages"] if _normalise(inner) else None
    if "messages" not in row:
        raise Dropped("it has both conversation and conversations, and ms-swift reads neither")
    if not _normalise(row):
        raise Dropped("no messages")


def _normalise(row: dict[str, Any]) -> bool:
    turns = row["messages"]
    if isinstance(turns, str):
        try:
            turns = turns_in(turns)
        except ValueError as error:
            raise Dropped(f"messages is text that is {error}") from None
    if not turns or isinstance(turns, str):
        return False
    images: list[Any] = []
    turns = _provider_turns(turns, images)
    if images:
        if row.get("images"):
            raise Dropped("pictures both in the messages and in a column")
        row["images"] = images
    for key, synonyms in (("role", ("role", "from")), ("content", ("content", "value"))):
        for turn in turns:
            for synonym in synonyms:
                if synonym in turn:
                    turn[key] = turn.pop(synonym)
    system = row.pop("system", None)
    row["messages"] = (
        _standard_roles(turns, system) if "role" in turns[0] or "content" in turns[0] else _exchanges(turns, system)
    )
    return True


def _exchanges(turns: list[Turn], system: Any) -> list[Turn]:
    messages: list[Turn] = [] if system is None else [{"role": "system", "content": system}]
    for position, turn in enumerate(turns, start=1):
        for key, synonyms in (("user", ("user", "human")), ("assistant", ("assistant", "gpt", "bot"))):
            for synonym in synonyms:
                if synonym in turn:
                    turn[key] = turn.pop(synonym)
            if key not in turn:
                raise Dropped(f"turn {position} is not a pair of user and assistant")
            messages.append({"role": key, "content": turn[key]})
    return messages


def _standard_roles(turns: list[Turn], system: Any) -> list[Turn]:
    if turns[0]["role"] != "system" and system is not None:
        turns.insert(0, {"role": "system", "content": system})
    for turn in turns:
        role = turn["role"]
        if role in ("user", "assistant"):
            continue
        name = _RENAMED_ROLES.get(role) or _TOOL_ROLES.get(role.replace("-", "_"))
        if name:
            turn["role"] = name
    return turns


def _provider_turns(turns: Any, images: list[Any]) -> Any:
    """Split OpenAI's tool calls and Anthropic's content blocks into turns of their own."""
    if any(turn.get("tool_calls") for turn in turns):
        return _openai_turns(turns)
    for turn in turns:
        content = turn.get("content")
        if isinstance(content, list) and any(
            block.get("type") in ("tool_use", "tool_result") or (block.get("type") == "image" and "source" in block)
            for block in content
        ):
            return _anthropic_turns(turns, images)
    return turns


def _marks(turn: Turn) -> Turn:
    return {key: turn[key] for key in ("loss", "loss_scale") if key in turn}


def _openai_turns(turns: list[Turn]) -> list[Turn]:
    messages: list[Turn] = []
    for turn in turns:
        calls = turn.get("tool_calls") if turn.get("role") == "assistant" else None
        if not calls:
            messages.append(turn)
            continue
        if turn.get("content"):
            messages.append({key: turn[key] for key in turn if key in ("role", "content", "loss", "loss_scale")})
        for call in calls:
            function = call.get("function", call)
            arguments = function.get("arguments", {})
            if isinstance(arguments, str):
                with contextlib.suppress(json.JSONDecodeError):
                    arguments = json.loads(arguments)
            content = {"name": function["name"], "arguments": arguments}
            messages.append({"role": "tool_call", "content": content, **_marks(turn)})
    return messages


def _anthropic_turns(turns: list[Turn], images: list[Any]) -> list[Turn]:
    messages: list[Turn] = []
    for turn in turns:
        content = turn.get("content")
        if not isinstance(content, list):
            messages.append(turn)
            continue
        pending: list[str] = []

        def flush(turn: Turn = turn, pending: list[str] = pending) -> None:
            if pending:
                messages.append({"role": turn["role"], "content": "".join(pending), **_marks(turn)})
                pending.clear()

        for block in content:
            kind = block.get("type")
            if kind == "text":
                pending.append(block.get("text", ""))
            elif kind == "image":
                pending.append("<image>")
                images.append(_picture(block))
            elif kind == "tool_use":
                flush()
                call = {"name": block["name"], "arguments": block.get("input", {})}
                messages.append({"role": "tool_call", "content": call, **_marks(turn)})
            elif kind == "tool_result":
                flush()
                result = _block_text(block.get("content", ""), images)
                messages.append({"role": "tool_response", "content": result, **_marks(turn)})
            else:
                raise Dropped(f"a content block has type {kind!r}")
        flush()
    return messages


def _picture(block: dict[str, Any]) -> str:
    source = block.get("source") or {}
    if source.get("type") == "base64" and source.get("media_type") and source.get("data"):
        return f"data:{source['media_type']};base64,{source['data']}"
    if source.get("type") == "url" and source.get("url"):
        return str(source["url"])
    raise Dropped("a picture block without a source that ms-swift knows")


def _block_text(content: Any, images: list[Any]) -> Any:
    if not isinstance(content, list):
        return content
    parts = []
    for block in content:
        if block.get("type") == "text":
            parts.append(block.get("text", ""))
        elif block.get("type") == "image":
            parts.append("<image>")
            images.append(_picture(block))
        else:
            raise Dropped(f"a content block has type {block.get('type')!r}")
    return "".join(parts)


def _check(row: dict[str, Any]) -> None:
    objects = row.get("objects")
    if objects is not None:
        for box in objects["bbox"] if "bbox" in objects.keys() else _no_boxes():  # noqa: SIM118 - as ms-swift does
            if len(box) not in (2, 4):
                raise Dropped("a box in objects has neither 2 nor 4 numbers")
    turns = row["messages"]
    if "rejected_response" in row:
        rejected = row["rejected_response"]
        if rejected is None:
            raise Dropped("no rejected_response, although other rows of the file have one")
        if isinstance(rejected, str) and rejected == turns[-1]["content"]:
            raise Dropped("rejected_response equals the answer")
    if not turns:
        raise Dropped("no messages")
    for position, turn in enumerate(turns, start=1):
        extra = {"name"} if turn.get("role") in ("tool", "tool_response") else set()
        for key in set(turn) - {"role", "content", "loss", "loss_scale"} - extra:
            turn.pop(key)
        if turn.get("role") not in _ROLES:
            raise Dropped(f"turn {position} has role {turn.get('role')!r}")
        if turn.get("content") is None:
            raise Dropped(f"turn {position} has no content")
    if row.get("tools") is not None:
        row["tools"] = _as_list(row["tools"])


def _as_list(tools: Any) -> list[Any]:
    if isinstance(tools, str):
        try:
            tools = json.loads(tools)
        except json.JSONDecodeError:
            return [tools]
    return tools if isinstance(tools, list) else [tools]


def _no_boxes() -> Any:
    raise Dropped("objects has no bbox")
