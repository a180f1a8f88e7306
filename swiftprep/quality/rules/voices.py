"""Rules about answers that mix in other text: a judge's verdict, thinking aloud, a question, a second answer."""

from __future__ import annotations

import re

import orjson

from swiftprep.code.markdown import fenced, outside_fences
from swiftprep.quality.rule import RuleResult, drop, warn
from swiftprep.quality.rules.origin import is_code, is_scanned, said, unquoted
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

_LINE = r"(?m)^[ \t#*>]*{}[^\n]*$"
_ITS_OWN_LINES = r"(?m){}"
_THOUGHT = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.S)
_SCORES = frozenset(
    "score scores rating overall overall_score total_score final_score grade verdict 评分 得分 总分 结论".split()
)
_REASONS = frozenset(
    """rationale reason reasoning explanation feedback critique comment comments justification correctness helpfulness
    accuracy relevance completeness clarity verdict decision 理由 评语 评价 说明 正确性 相关性 有用性 完整性""".split()
)
_ABOUT_AN_ANSWER = re.compile(r"\bthe (?:answer|response|assistant)\b|(?:该|此|这个)?(?:回答|答案)", re.I)
_GLUED = re.compile(
    r"(?<![\w.-])[a-z]{3,}[.!?](?:An?|The|This|It|In|To|You|If|We|When|These|There|Yes|No|First) [A-Za-z]+\b(?![(.])"
)
_ALIKE = 0.5  # share of common words from which two code blocks are alike
_SAME_WORDS = 12  # leading characters from which two introductions of code introduce the same thing
_CODE_WORD = re.compile(r"\w+")


def judge_leak(sample: Sample) -> RuleResult | None:
    """Drop an answer that is or contains a judge's verdict: a score, `[[A]]`, "the response is correct"."""
    if is_scanned(sample) or phrases("about_scores").search(sample.prompt):
        return None
    if judgement := _judgement(sample.answer):
        say = drop if _ABOUT_AN_ANSWER.search(judgement) else warn
        return say("is a judge's verdict on an answer", "是评审结果，不是回答")
    if is_code(sample):
        return None
    match = phrases("judged", _ITS_OWN_LINES).search(unquoted(said(sample)))
    if match is None:
        return None
    return drop(f"holds a judge's verdict: {match[0].strip()[:60]}", f"混入了评审结果：{match[0].strip()[:60]}")


def _judgement(answer: str) -> str:
    """Return the texts of an answer that is a JSON object with a score and its reasons, or `""`."""
    inner = answer.strip()
    blocks = fenced(inner)
    if len(blocks) == 1 and (blocks[0].start, blocks[0].end) == (0, len(inner)):
        inner = blocks[0].code.strip()
    if inner[:1] != "{":
        return ""
    try:
        value = orjson.loads(inner)
    except orjson.JSONDecodeError:
        return ""
    keys = {key.lower() for key in value}
    if not keys & _SCORES or not keys & _REASONS or len(keys & (_SCORES | _REASONS)) < max(2, len(keys) - 1):
        return ""
    return " ".join(text for text in value.values() if isinstance(text, str)) or inner


def thinks_aloud(sample: Sample) -> RuleResult | None:
    """Drop an answer with reasoning outside `<think>`: "Okay, the user wants …", "Hmm, wait"."""
    if is_code(sample) or is_scanned(sample):
        return None
    words = unquoted(outside_fences(_THOUGHT.sub("", sample.answer)))
    first = phrases("thinks_first", r"\A\s*{}").match(words)
    others = {match[0].lower() for match in phrases("thinks_aloud").finditer(words)}
    if not others or len(others) + (first is not None) < 2:
        return None
    excerpt = " ".join((first[0] if first else min(others)).split())[:60]
    say = drop if first else warn
    return say(f"thinks aloud: {excerpt}", f"回答里混入了思考过程：{excerpt}")


def askers_words(sample: Sample) -> RuleResult | None:
    """Drop an answer that is itself a question for help, such as the next post of a forum."""
    if fenced(sample.answer) or is_code(sample) or phrases("asks_for_text").search(sample.prompt):
        return None
    others = {match[0].lower() for match in phrases("asker_says").finditer(unquoted(said(sample)))}
    if not others or phrases("asker_says").search(sample.prompt):
        return None
    excerpt = min(others)[:60]
    say = drop if len(others) > 1 and not is_scanned(sample) else warn
    return say(f"reads like a question for help: {excerpt}", f"回答像是提问者说的话：{excerpt}")


def several_answers(sample: Sample) -> RuleResult | None:
    """Warn of several answers in one: numbered, reworded, or to a question that nobody asked."""
    if is_code(sample) or is_scanned(sample) or phrases("asks_for_several").search(sample.prompt):
        return None
    words = outside_fences(sample.answer)
    if match := phrases("next_question", _LINE).search(words):
        excerpt = match[0].strip()[:60]
        return warn(f"also answers another question: {excerpt}", f"还回答了别的问题：{excerpt}")
    numbered = phrases("numbered_answer", _LINE).findall(words)
    if len(numbered) > 1:
        return warn(f"holds {len(numbered)} answers", f"含有 {len(numbered)} 个回答")
    if match := _GLUED.search(said(sample)):
        return warn(f"may be two texts joined by mistake: {match[0][:60]}", f"可能是两段文字拼接而成：{match[0][:60]}")
    if announced := _repeated_introduction(sample.answer):
        return warn(f"may answer twice: {announced[:60]}", f"可能回答了两遍：{announced[:60]}")
    return None


def _repeated_introduction(answer: str) -> str:
    """Return the introduction of a code block that repeats an earlier one, or `""`."""
    done = 0
    before: list[tuple[str, str, set[str]]] = []
    for block in fenced(answer):
        announced = answer[done : block.start].strip().rpartition("\n\n")[2]
        done = block.end
        words = set(_CODE_WORD.findall(block.code))
        for other, language, others in before:
            alike = len(words & others) >= _ALIKE * len(words | others)
            if alike and language == block.language and announced[:_SAME_WORDS] == other[:_SAME_WORDS]:
                return announced
        if len(announced) > _SAME_WORDS:
            before.append((announced, block.language, words))
    return ""
