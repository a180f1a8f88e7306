"""Rules about the instruction: too short, too vague, or about something that is missing."""

from __future__ import annotations

import re

from swiftprep.code.markdown import fenced, prose
from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.edit import with_texts
from swiftprep.quality.rules.origin import unquoted
from swiftprep.quality.rules.phrases import BETWEEN_WORDS, phrases
from swiftprep.records import Sample
from swiftprep.text.characters import HAN

_TOKEN = re.compile("[a-z]+(?:'[a-z]+)?|\\d+|[\u3400-\u9fff]+")
# Instructions in scripts other than Chinese and Latin are not judged.
_OTHER_LETTERS = re.compile("(?:(?![a-zA-Z\u00aa-\u024f\u3400-\u9fff\uff01-\uff5e])[^\\W\\d_]\\W*){2}")
# A question of what something is, and a name, symbol or code that it may be about.
_WHAT_IS = re.compile(
    r"\A\W*(?:what(?:'s| is| are| does)|explain|define|describe|介绍(?:一下)?|解释(?:一下)?|讲讲|什么是)(?!\w)"
    r"|(?:是什么|是啥|(?:是)?什么意思|有什么用|的含义|的作用)\W*\Z",
    re.I,
)
_NAMED = re.compile(
    r"`[^`\n]+`|\d|[+#=&|*/<>^%$@~√]|--|\b(?:vue|js|javascript|python|go)\b"
    r"|\b(?!(?:I|It|This|That|The|These|Those|You|My|Your)\b)[A-Z]"
)
_GENERAL = r"(?!它|这|那|你|我|问题|需求|答案|任务|内容|东西|原因|情况|意思)"
_A_TERM = re.compile(
    r"\W*(?:what(?:'s| is) an? [a-z][\w-]+"
    rf"|什么(?:是|叫){_GENERAL}\w{{2,12}}|{_GENERAL}\w{{2,12}}是(?:什么|啥)(?:意思|东西)?)\W*",
    re.I,
)
_OPERATORS = re.compile(r"[&|=<>+*^%~]{2}|!!?\w")
_EXPRESSION = re.compile(r"(?=\D*\d)(?=[^=≈≠<>≤≥+\-*/×÷^!%√]*[=≈≠<>≤≥+\-*/×÷^!%√])[\d\s.,+\-*/×÷^!%()√π=≈≠<>≤≥?？]+")
_QUOTED = re.compile(
    "(?!```)[「『“\"'‘《`][^」』”\"'’》`\n]{2,400}[」』”\"'’》`]|[:：]\\s*\\S{2,}|\n[^\\S\n]*\\S[^\n]{2,}[^\n:：](?:\n|$)|[{};<>=]{2}|\\(\\w*\\)"
)
LONG = 80  # characters above which an instruction is not short
_INLINE_CODE = re.compile(r"`[^`\n]*`|'[^'\n]*'|\"[^\"\n]*\"")
# An empty place for the input.
_EMPTY_PLACE = re.compile(r"\n[ \t]*(?:(?:`{3,}|~{3})[^\n`]*\n\s*(?:`{3,}|~{3,})|[^\W\d]{1,12}[:：])\Z")
_INPUT = re.compile(r"输入|\binputs?\b|\bstdin\b", re.I)
_ASKS_BACK = re.compile("[?？]")


def unclear(sample: Sample) -> RuleResult | None:
    """Drop an instruction that is too short or too vague to say what is wanted, or whose template was not filled in."""
    users = [turn["content"] for turn in sample.messages if turn["role"] == "user"]
    if len(users) != 1:
        return None
    question = users[0].strip()
    if len(question) > LONG:
        return None
    if not re.search(r"\w", question):
        return drop(f"the instruction has no words: {question[:20]}", f"指令没有内容：{question[:20]}")
    if phrases("greets", r"\W*{}\W*").fullmatch(question):
        return None
    slot = _unfilled(_INLINE_CODE.sub("", question))
    if slot and slot not in sample.answer:
        return drop(f"the instruction was not filled in: {slot}", f"指令模板没有填写：{slot}")
    says_enough = _OTHER_LETTERS.search(question) or _OPERATORS.search(question)
    if says_enough or _A_TERM.fullmatch(question) or _EXPRESSION.fullmatch(question):
        return None
    if (named := _WHAT_IS.sub("", question)) != question and _NAMED.search(named):
        return None
    words = _TOKEN.findall(question.lower())
    if sum(len(word) if HAN.match(word) else 2 for word in words) < 4:
        return drop(f"the instruction is too short: {question}", f"指令过短：{question}")
    left = phrases("says_nothing", BETWEEN_WORDS).sub("", question.lower())
    if len(re.findall(r"\w", left)) > 1 or (_ASKS_BACK.search(sample.answer) and not fenced(sample.answer)):
        return None
    return drop(f"the instruction does not say what is wanted: {question}", f"指令过于笼统：{question}")


def _unfilled(question: str) -> str:
    """Return a slot of a question that was never filled in, or `""`.

    `%s` and `{count}` may be slots, or the subject of the question. They are slots if there are several and nothing
    says that they are the subject, if only a template for questions has such a name, or if the question is nothing
    else.
    """
    if unfilled := phrases("unfilled").search(question):
        return unfilled[0]
    slots = [match[0] for match in phrases("slot").finditer(question) if not _is_in_path(match)]
    if not slots or phrases("about_slots").search(question):
        return ""
    is_alone = not re.search(r"\w", question.replace(slots[0], ""))
    for_a_question = (slot for slot in slots if phrases("slot_for_a_question").fullmatch(slot))
    return slots[0] if len(slots) > 1 or is_alone else next(for_a_question, "")


def _is_in_path(match: re.Match[str]) -> bool:
    """Return whether a slot is part of a path or an expression, such as `[name].vue` or `/user/{name}`."""
    before, after = match.string[: match.start()][-1:], match.string[match.end() :][:2]
    return before in ("/", ".", "-", "=", ":", "$") or re.match(r"[./\-=]\w?", after) is not None


def empty_input(sample: Sample) -> RuleResult | None:
    """Remove an empty place for an input below the instruction."""
    cleaned = with_texts(sample, _without_no_input, roles=("user",))
    return None if cleaned is sample else fix(cleaned, "has an empty place for an input", "带有空的输入占位")


def _without_no_input(text: str) -> str:
    match = phrases("no_input").search(text.rstrip(), max(0, len(text.rstrip()) - LONG))
    if match is None or _INPUT.search(text[: match.start()]):  # the instruction itself is about an input
        return text
    return text[: match.start()].rstrip()


def missing_object(sample: Sample) -> RuleResult | None:
    """Drop an instruction about "the code below" with nothing below it."""
    users = [turn["content"] for turn in sample.messages if turn["role"] == "user"]
    if len(users) != 1:
        return None
    question = _EMPTY_PLACE.sub("", users[0].strip()).rstrip()
    if len(question) > 400 or any(block.code.strip() for block in fenced(question)):
        return None
    if match := phrases("what_is_attached").search(question) or phrases("what_was_said").search(unquoted(question)):
        return drop(f"refers to '{match[0].strip()}', which is missing", f"提到“{match[0].strip()}”，但没有给出")
    match = phrases("what_follows").search(question)
    after = question[match.end() :] if match else ""
    match = match or phrases("what_precedes").search(question)
    if match is None or _QUOTED.search(after) or _QUOTED.search(question[: match.start()].strip() + " "):
        return None
    return drop(f"refers to '{match[0].strip()}', which is missing", f"提到“{match[0].strip()}”，但没有给出")


def missing_reasoning(sample: Sample) -> RuleResult | None:
    """Warn of a how-to question answered in one bare sentence or with code alone (source article, section 1.2).

    Where a system prompt asks for reasoning between marks, an answer without it teaches the model to leave it out.

    Only samples that should teach reasoning are checked: those of a teacher or an expert (`meta["kind"]` of
    `"scenario"` or `"qa"`), and samples without a kind outside the general channel.
    """
    if _thought_is_missing(sample):
        return warn("was asked to reason between marks, but did not", "要求先思考，但回答里没有思考过程")
    if sample.kind not in ("", "scenario", "qa") or (not sample.kind and sample.channel == "general"):
        return None
    question = sample.prompt[:400]
    if not all(phrases(name).search(question) for name in ("asks_how", "about_code")) or "<think>" in sample.answer:
        return None
    reasoning = prose(sample.answer).strip()
    sentences = [s for s in re.split(r"[。！？!?；;\n]|\.(?=\s|$)", reasoning) if len(s.strip()) > 6]
    clauses = [c for c in re.split(r"[，,：:、]", reasoning) if len(c.strip()) > 2]
    if len(sentences) >= 2 or len(clauses) >= 3:
        return None
    return warn("gives no reasoning before its answer", "缺少推理过程")


def _thought_is_missing(sample: Sample) -> bool:
    """Return whether a system prompt asks for reasoning between marks and the answer has none."""
    asked = "\n".join(turn["content"] for turn in sample.messages if turn["role"] == "system")
    everything = "\n".join(turn["content"] for turn in sample.messages[:-1])
    if not phrases("asks_to_think").search(asked) or phrases("asks_not_to_think").search(everything):
        return False
    return not phrases("thought").search(sample.answer)
