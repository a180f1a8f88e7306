"""Rules about the form of a conversation: its turns, and their order."""

from __future__ import annotations

import re
from itertools import pairwise

import orjson

from swiftprep.code.markdown import fenced
from swiftprep.quality.rule import RuleResult, drop, fix
from swiftprep.quality.rules.edit import with_texts
from swiftprep.quality.rules.origin import is_code
from swiftprep.records import ROLE_NAMES, Message, Sample
from swiftprep.text.characters import SURROGATE

_ROLES = ("system", "user", "assistant", "tool", "tool_call", "tool_response")
_GREETING = 60  # characters up to which an assistant's first words are hardly more than a greeting
_CHOICE = re.compile(r"还是|哪[个种些]|\bor\b|\bwhich\b|\d|`", re.I)  # a question that the next turn answers


def form(sample: Sample) -> RuleResult | None:
    """Drop a conversation that is not a list of `{"role": …, "content": …}`, and normalise its role names."""
    turns = sample.messages
    if not isinstance(turns, list) or not turns:
        return drop("no messages", "没有对话内容")
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or turn.get("role") not in (*_ROLES, *ROLE_NAMES):
            role = turn.get("role") if isinstance(turn, dict) else type(turn).__name__
            return drop(f"turn {position} has role {role!r}", f"第 {position} 轮的角色 {role!r} 无效")
        if not isinstance(turn.get("content"), str):
            return drop(f"content of turn {position} is not text", f"第 {position} 轮的内容不是文本")
    if sample.channel is not None and not isinstance(sample.channel, str):
        return drop(f"channel is {type(sample.channel).__name__}", "channel 不是字符串")
    try:
        orjson.dumps([sample.id, sample.channel, sample.meta])
    except TypeError as error:
        return drop(f"cannot be written as JSON: {error}", "无法写成 JSON")
    named = [{**turn, "role": ROLE_NAMES.get(turn["role"], turn["role"])} for turn in turns]
    if named == turns:
        return None
    return fix(sample.replace(messages=named), "uses other names for its roles", "角色名不规范")


def surrogates(sample: Sample) -> RuleResult | None:
    """Join the halves of surrogate pairs, and remove lone surrogates, which are no characters.

    In code, a lone half may be all that is left of a string, so the sample is dropped.
    """
    if not any(SURROGATE.search(turn["content"]) for turn in sample.messages):
        return None
    joined = with_texts(sample, lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
    code = [block.code for turn in joined.messages for block in fenced(turn["content"])]
    if any(map(SURROGATE.search, [*code, joined.answer] if is_code(joined) else code)):
        return drop("its code holds lone surrogates", "代码里含有孤立的代理字符")
    return fix(with_texts(joined, lambda text: SURROGATE.sub("", text)), "holds lone surrogates", "含有孤立的代理字符")


def empty_turn(sample: Sample) -> RuleResult | None:
    """Remove turns without content, where a complete conversation is left.

    Where a blank turn leaves an answer without its question, or a question without its answer, there is no safe repair,
    and the sample is dropped.
    """
    turns = sample.messages
    kept = [turn for turn in turns if turn["content"].strip()]
    if len(kept) == len(turns):
        return None
    if not turns[-1]["content"].strip():
        return drop("the answer is empty", "回答为空")
    if not _is_whole(kept):
        return drop("the question is empty", "问题为空")
    roles = [turn["role"] for turn in kept]
    if any(one == other == "assistant" for one, other in pairwise(roles)) or roles[roles[0] == "system"] == "assistant":
        return drop("a question in the conversation is empty", "对话中有空白的问题")
    if any(one == other == "user" for one, other in pairwise(roles)):
        return drop("an answer in the conversation is empty", "对话中有空白的回答")
    return fix(sample.replace(messages=kept), "has an empty turn", "含有空白的对话轮次")


def repeated_turn(sample: Sample) -> RuleResult | None:
    """Remove a turn, or a question with its answer, that is repeated at once; drop equal answers to other questions."""
    kept: list[Message] = []
    for turn in sample.messages:
        if kept and _same(kept[-1], turn):
            continue
        kept.append(turn)
        if len(kept) >= 4 and all(_same(a, b) for a, b in zip(kept[-4:-2], kept[-2:], strict=True)):
            del kept[-2:]
    answers = [" ".join(turn["content"].split()) for turn in kept if turn["role"] == "assistant"]
    if len(set(answers)) < len(answers) and any(len(a) > 15 and answers.count(a) > 1 for a in answers):
        return drop("gives the same answer to different questions", "对不同的问题给出相同的回答")
    if len(kept) == len(sample.messages):
        return None
    return fix(sample.replace(messages=kept), "repeats a turn", "有重复的对话轮次")


def _same(one: Message, other: Message) -> bool:
    return one["role"] == other["role"] and one["content"].strip() == other["content"].strip()


def role_order(sample: Sample) -> RuleResult | None:
    """Put roles in order: system first, then user and assistant by turns, the assistant last.

    A repair loses nothing that is learnt: a last question without an answer and a greeting before the first question
    are removed, a system prompt before the first answer moves to the front, and consecutive messages of the user are
    joined. Two answers in a row, or a conversation led by the assistant, have no single right form, and are dropped.
    Conversations with tool turns only have to end with an answer.
    """
    turns = sample.messages
    if any(turn["role"].startswith("tool") for turn in turns):
        if turns[-1]["role"] == "assistant" and any(turn["role"] == "user" for turn in turns):
            return None
        return drop("does not end with an answer", "对话不是以回答结尾")
    dialogue = [turn for turn in turns if turn["role"] != "system"]
    while dialogue and dialogue[-1]["role"] == "user":
        del dialogue[-1]
    if not any(turn["role"] == "user" for turn in dialogue):
        return drop("has no complete question and answer", "没有完整的一问一答")
    roles = ", ".join(turn["role"] for turn in turns)
    is_led = dialogue[0]["role"] == "assistant" and not (len(dialogue) > 2 and _is_greeting(dialogue[0]["content"]))
    reordered = dialogue[1:] if dialogue[0]["role"] == "assistant" else dialogue
    late = any(
        turn["role"] == "system" for turn in turns[_first(turns, "assistant", dialogue[0]["role"] == "assistant") :]
    )
    if is_led or late or any(a["role"] == b["role"] == "assistant" for a, b in pairwise(reordered)):
        return drop(f"its roles are {roles}", f"角色顺序不对：{roles}")
    reordered = _joined(reordered)
    if system := [turn["content"] for turn in turns if turn["role"] == "system"]:
        reordered.insert(0, {"role": "system", "content": "\n\n".join(dict.fromkeys(system))})
    if reordered == turns:
        return None
    return fix(sample.replace(messages=reordered), f"its roles are {roles}", f"角色顺序不对：{roles}")


def _first(turns: list[Message], role: str, after_greeting: bool) -> int:
    """Return the index of the first turn of a role, or of the second after a greeting of that role."""
    places = [place for place, turn in enumerate(turns) if turn["role"] == role]
    return places[after_greeting] if len(places) > after_greeting else len(turns)


def _is_greeting(text: str) -> bool:
    return len(text) <= _GREETING and not fenced(text) and not _CHOICE.search(text)


def _joined(turns: list[Message]) -> list[Message]:
    """Join consecutive messages of the same role."""
    joined = [dict(turns[0])]
    for before, turn in pairwise(turns):
        if turn["role"] == before["role"]:
            joined[-1]["content"] += "\n\n" + turn["content"]
        else:
            joined.append(dict(turn))
    return joined


def _is_whole(turns: list[Message]) -> bool:
    return bool(turns) and turns[-1]["role"] == "assistant" and any(turn["role"] == "user" for turn in turns)
