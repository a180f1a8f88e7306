"""Encoding of a row's messages by the template: whether it succeeds, and whether any token has a loss.

Source: ms-swift 4.6, `swift/template/template_inputs.py`, `template/base.py` and `loss_scale/base.py`, for supervised
training with the default loss scale. Length is not judged, since that takes the model's tokenizer.
"""

from __future__ import annotations

import os
from functools import reduce
from operator import add
from typing import Any

from swiftprep.swiftfmt.conversation import STUMBLES, Turn
from swiftprep.swiftfmt.loose import loads_loosely


class NotEncoded(ValueError):
    """The reason the template fails on a row."""


def learns(row: dict[str, Any], *, tools: bool = False) -> bool:
    """Tell whether any token of a row that ms-swift loads has a loss.

    Args:
        row: From `to_messages`; it is changed.
        tools: Whether the model's template has an agent template, as Qwen's do and plain `chatml` does not.

    Raises:
        NotEncoded: the template fails on the row, so that training skips it.
    """
    try:
        return _learns(row, tools)
    except NotEncoded:
        raise
    except STUMBLES as error:
        raise NotEncoded(f"the template raises on it ({type(error).__name__}: {error})") from None


def _learns(row: dict[str, Any], tools: bool) -> bool:
    turns = [dict(turn) for turn in row["messages"]]
    _rejected(row, turns)
    for name in ("positive", "negative"):
        for conversation in row.get(f"{name}_messages", ()):
            _plain_turns([dict(turn) for turn in conversation])
    if row.get("rejected_messages") is not None and "rejected_response" not in row:
        _plain_turns([dict(turn) for turn in row["rejected_messages"]])
    turns, system, pictures = _plain_turns(turns)
    images = [row["images"]] if isinstance(row.get("images"), str) else row.get("images")
    if pictures and images:
        raise NotEncoded("pictures both in the messages and in a column")
    for picture in pictures or images or []:
        if not _is_there(picture):
            raise NotEncoded("a picture that does not exist, or is not a picture file")
    for column in ("images", "videos", "audios"):
        if row.get(column) and not isinstance(row[column], (str, list, dict)):
            raise NotEncoded(f"{column} is {_kind(row[column])}, not a list of files")
    settings = row.get("chat_template_kwargs")
    if isinstance(settings, str):
        settings = _if_json(settings)
    if settings and not isinstance(settings, dict):
        raise NotEncoded("chat_template_kwargs is not an object")
    _refuse_tools(row, turns, tools)
    turns = _merge(turns)
    if system and not isinstance(system, str):
        raise NotEncoded("the system prompt is not text")
    if not turns:
        raise NotEncoded("nothing after the system prompt")
    return _any_loss(turns)


def _rejected(row: dict[str, Any], turns: list[Turn]) -> None:
    if "rejected_response" not in row:
        return
    rejected = row["rejected_response"]
    if not isinstance(rejected, (str, list)):
        raise NotEncoded("rejected_response is neither text nor a list of messages")
    others = [{"role": "assistant", "content": rejected}] if isinstance(rejected, str) else rejected
    if any(turn["role"] == "user" for turn in others):
        raise NotEncoded("rejected_response holds a user turn")
    last_user = max((i for i, turn in enumerate(turns) if turn["role"] == "user"), default=-1)
    answer = turns[last_user + 1 :]
    if len(answer) == len(others) == 1 and answer[0]["content"] == others[0]["content"]:
        raise NotEncoded("rejected_response equals the answer")


def _plain_turns(turns: list[Turn]) -> tuple[list[Turn], Any, list[Any]]:
    """Remove the system prompt and turn lists of parts into text; return the turns, the prompt and the pictures."""
    system = turns.pop(0)["content"] if turns and turns[0]["role"] == "system" else None
    pictures: list[Any] = []
    for turn in turns:
        content = turn.get("content")
        if turn["role"] in ("tool_call", "tool", "tool_response") and not isinstance(content, str):
            content = turn["content"] = ""
        if content is None or isinstance(content, str) or _is_tokens(content):
            continue
        if not isinstance(content, list) and content != {}:
            raise NotEncoded(f"the content of a turn is {_kind(content)}, not text")
        text = ""
        for part in content:
            key = part["type"]
            value = part.get(key)
            if key == "text":
                text += value
                continue
            key = key.removesuffix("_url")
            text += f"<{key}>"
            if isinstance(value, dict):
                value = value["url"]
            if value and key == "image":
                pictures.append(value)
            elif value and key not in ("audio", "video"):
                raise NotEncoded(f"a content part has type {key!r}")
        turn["content"] = text
    return turns, system, pictures


def _is_tokens(content: Any) -> bool:
    return bool(
        (isinstance(content, list) and content and isinstance(content[0], int))
        or (isinstance(content, dict) and "token_ids" in content)
    )


def _if_json(text: str) -> Any:
    try:
        return loads_loosely(text)
    except ValueError:
        return text


def _kind(value: Any) -> str:
    return "an object" if isinstance(value, dict) else type(value).__name__


def _is_there(picture: Any) -> bool:
    path = picture.get("path") if isinstance(picture, dict) else picture
    return isinstance(path, str) and (path.startswith("http") or os.path.exists(path))


def _refuse_tools(row: dict[str, Any], turns: list[Turn], tools: bool) -> None:
    for before, turn in zip([None, *turns], turns, strict=False):
        role = turn["role"]
        if role in ("tool", "tool_response") and (before is None or before["role"] == "system"):
            raise NotEncoded("the conversation begins with a tool's result")
        if role in ("tool", "tool_response", "tool_call") and not tools:
            raise NotEncoded("it has tool calls, and the template has no agent template")
    if row.get("tools") and not tools:
        raise NotEncoded("it has tools, and the template has no agent template")


def _merge(turns: list[Turn]) -> list[Turn]:
    """Merge consecutive turns of one role; the parts of an answer keep their own loss."""
    merged: list[Turn] = []
    for turn in turns:
        role = {"tool_call": "assistant", "tool_response": "tool"}.get(turn["role"], turn["role"])
        part = (turn.get("content"), turn.get("loss"), turn.get("loss_scale"))
        if merged and merged[-1]["role"] == role == "assistant":
            merged[-1]["parts"].append(part)
        elif merged and merged[-1]["role"] == role == "user":
            merged[-1]["parts"].append((turn["content"], None, None))
        elif merged and merged[-1]["role"] == role == "tool":
            continue
        else:
            merged.append({"role": role, "content": turn.get("content"), "parts": [part]})
    for turn in merged:
        if turn["role"] == "user" and len(turn["parts"]) > 1:
            contents = [content for content, _, _ in turn["parts"]]
            is_text = all(isinstance(content, str) for content in contents)
            turn["content"] = "".join(contents) if is_text else reduce(add, contents)
    return merged


def _any_loss(turns: list[Turn]) -> bool:
    if turns[0]["role"] == "assistant":
        turns = [{"role": "user", "content": ""}, *turns]
    if len(turns) % 2:
        turns = [*turns, {"role": "assistant", "content": None, "parts": []}]
    has_loss = False
    for query, response in zip(turns[::2], turns[1::2], strict=True):
        if query["role"] not in ("user", "tool") or response["role"] != "assistant":
            raise NotEncoded("the roles do not alternate, or a system prompt is not at the start")
        if query["role"] == "user" and query["content"] is not None and not isinstance(query["content"], str):
            raise NotEncoded("a question is not text")
        last = response is turns[-1]
        parts = response["parts"]
        if len(parts) == 1 and parts[0][0] is None:
            parts = []
        if not parts and not last:
            raise NotEncoded("an answer is missing")
        for content, loss, scale in parts:
            trained = loss or loss is None
            if trained and (scale is None or scale > 0) and content:
                has_loss = True
            if content is None:
                raise NotEncoded("an answer is missing")
        if parts and last:
            has_loss = True  # the end-of-turn token has a loss even where the answer has none
    return has_loss
