"""Rules about the form of a conversation: what its turns are and in which order."""

from __future__ import annotations

import re
from itertools import pairwise

import orjson

from swiftprep.quality.edit import with_texts
from swiftprep.quality.verdict import Verdict, drop, fix
from swiftprep.records import Message, Sample

_ROLES = ("system", "user", "assistant", "tool", "tool_call", "tool_response")
_LONE = re.compile("[\ud800-\udfff]")


def form(sample: Sample) -> Verdict | None:
    """A conversation is a list of `{"role": …, "content": …}`, and both are texts."""
    turns = sample.messages
    if not isinstance(turns, list) or not turns:
        return drop("no messages", "没有对话内容")
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or turn.get("role") not in _ROLES:
            role = turn.get("role") if isinstance(turn, dict) else type(turn).__name__
            return drop(f"turn {position} has role {role!r}", f"第 {position} 轮的角色 {role!r} 无效")
        if not isinstance(turn.get("content"), str):
            return drop(f"content of turn {position} is no text", f"第 {position} 轮的内容不是文本")
    if sample.channel is not None and not isinstance(sample.channel, str):
        return drop(f"channel is {type(sample.channel).__name__}", "channel 不是字符串")
    try:
        orjson.dumps([sample.id, sample.channel, sample.meta])
    except TypeError as error:
        return drop(f"cannot be written as JSON: {error}", "无法写成 JSON")
    return None


def surrogates(sample: Sample) -> Verdict | None:
    """Halves of a UTF-16 pair are no characters: no JSON can be written with them."""
    if not any(_LONE.search(turn["content"]) for turn in sample.messages):
        return None
    made = with_texts(sample, lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore"))
    return fix(made, "holds lone surrogates", "含有孤立的代理字符")


def empty_turn(sample: Sample) -> Verdict | None:
    """A turn without content teaches nothing; with its partner it is taken out where something is left."""
    turns = sample.messages
    if all(turn["content"].strip() for turn in turns):
        return None
    if not turns[-1]["content"].strip():
        return drop("the answer is empty", "回答为空")
    kept: list[Message] = []
    skip = False
    for turn in turns:
        blank = not turn["content"].strip()
        if skip and turn["role"] == "assistant":
            skip = False
        elif blank and turn["role"] == "assistant" and kept and kept[-1]["role"] == "user":
            kept.pop()
        elif blank:
            skip = turn["role"] == "user"
        else:
            kept.append(turn)
            skip = False
    if not _is_whole(kept):
        return drop("the question is empty", "问题为空")
    return fix(sample.replace(messages=kept), "has an empty turn", "含有空白的对话轮次")


def repeated_turn(sample: Sample) -> Verdict | None:
    """The same turn, or the same question and answer, twice in succession."""
    kept: list[Message] = []
    for turn in sample.messages:
        if kept and _same(kept[-1], turn):
            continue
        kept.append(turn)
        if len(kept) >= 4 and all(_same(a, b) for a, b in zip(kept[-4:-2], kept[-2:], strict=True)):
            del kept[-2:]
    answers = [" ".join(turn["content"].split()) for turn in kept if turn["role"] == "assistant"]
    if len(set(answers)) < len(answers) and any(len(a) > 15 and answers.count(a) > 1 for a in answers):
        return drop("gives the same answer twice", "对不同的问题给出相同的回答")
    if len(kept) == len(sample.messages):
        return None
    return fix(sample.replace(messages=kept), "a turn is there twice", "有重复的对话轮次")


def _same(one: Message, other: Message) -> bool:
    return one["role"] == other["role"] and one["content"].split() == other["content"].split()


def role_order(sample: Sample) -> Verdict | None:
    """System first, then user and assistant in turn, the assistant last; tools' turns stay as they are."""
    turns = sample.messages
    if any(turn["role"].startswith("tool") for turn in turns):
        if turns[-1]["role"] == "assistant" and any(turn["role"] == "user" for turn in turns):
            return None
        return drop("does not end with an answer", "对话不是以回答结尾")
    made = [turn for turn in turns if turn["role"] != "system"]
    system = [turn["content"] for turn in turns if turn["role"] == "system"]
    while made and made[0]["role"] == "assistant":
        del made[0]
    while made and made[-1]["role"] == "user":
        del made[-1]
    if not made:
        return drop("has no question with an answer", "没有完整的一问一答")
    made = _alternating(made)
    if system:
        made.insert(0, {"role": "system", "content": "\n\n".join(dict.fromkeys(system))})
    if made == turns:
        return None
    roles = ", ".join(turn["role"] for turn in turns)
    return fix(sample.replace(messages=made), f"its roles are {roles}", f"角色顺序不对：{roles}")


def _alternating(turns: list[Message]) -> list[Message]:
    """Join turns of one role that follow each other."""
    made = [dict(turns[0])]
    for before, turn in pairwise(turns):
        if turn["role"] == before["role"]:
            made[-1]["content"] += "\n\n" + turn["content"]
        else:
            made.append(dict(turn))
    return made


def _is_whole(turns: list[Message]) -> bool:
    return bool(turns) and turns[-1]["role"] == "assistant" and any(turn["role"] == "user" for turn in turns)
