"""Rules about the form of a conversation: what its turns are and in which order."""

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
_GREETING = 60  # characters of an assistant's first words that are hardly more than a greeting
_CHOICE = re.compile(r"还是|哪[个种些]|\bor\b|\bwhich\b|\d|`", re.I)  # a question that the next turn answers


def form(sample: Sample) -> RuleResult | None:
    """A conversation is a list of `{"role": …, "content": …}`, and both are texts; a role has one of some names."""
    turns = sample.messages
    if not isinstance(turns, list) or not turns:
        return drop("no messages", "没有对话内容")
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict) or turn.get("role") not in (*_ROLES, *ROLE_NAMES):
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
    named = [{**turn, "role": ROLE_NAMES.get(turn["role"], turn["role"])} for turn in turns]
    if named == turns:
        return None
    return fix(sample.replace(messages=named), "calls its roles by other names", "角色名不规范")


def surrogates(sample: Sample) -> RuleResult | None:
    """Halves of a UTF-16 pair are no characters: two that belong together are joined, a lone one says nothing.

    In code a lone half may be all that is left of a string, so there the sample goes.
    """
    if not any(SURROGATE.search(turn["content"]) for turn in sample.messages):
        return None
    joined = with_texts(sample, lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"))
    code = [block.code for turn in joined.messages for block in fenced(turn["content"])]
    if any(map(SURROGATE.search, [*code, joined.answer] if is_code(joined) else code)):
        return drop("its code holds lone surrogates", "代码里含有孤立的代理字符")
    return fix(with_texts(joined, lambda text: SURROGATE.sub("", text)), "holds lone surrogates", "含有孤立的代理字符")


def empty_turn(sample: Sample) -> RuleResult | None:
    """A turn without content says nothing: it goes, alone or with an empty partner, where a whole conversation is left.

    With a blank turn between them, an answer has no question or a question no answer: what stands there is not ours
    to take out or to join.
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
    return one["role"] == other["role"] and one["content"].strip() == other["content"].strip()


def role_order(sample: Sample) -> RuleResult | None:
    """System first, then user and assistant in turn, the assistant last; tools' turns stay as they are.

    What is put right loses nothing that is learnt: a last question without an answer goes, a greeting before the first
    question goes, a system prompt before the first answer comes first, a person's messages in a row become one. Two
    answers in a row, and a conversation that the assistant leads, have no one right form.
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
        return drop("has no question with an answer", "没有完整的一问一答")
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
    """Return where the first turn of a role stands, or the second after a greeting of that role."""
    places = [place for place, turn in enumerate(turns) if turn["role"] == role]
    return places[after_greeting] if len(places) > after_greeting else len(turns)


def _is_greeting(text: str) -> bool:
    return len(text) <= _GREETING and not fenced(text) and not _CHOICE.search(text)


def _joined(turns: list[Message]) -> list[Message]:
    """Join the messages of a person that follow each other."""
    joined = [dict(turns[0])]
    for before, turn in pairwise(turns):
        if turn["role"] == before["role"]:
            joined[-1]["content"] += "\n\n" + turn["content"]
        else:
            joined.append(dict(turn))
    return joined


def _is_whole(turns: list[Message]) -> bool:
    return bool(turns) and turns[-1]["role"] == "assistant" and any(turn["role"] == "user" for turn in turns)
