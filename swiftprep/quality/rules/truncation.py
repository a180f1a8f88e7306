"""The rule about truncated answers."""

from __future__ import annotations

import re

from swiftprep.code.completeness import cut_off
from swiftprep.code.markdown import fenced, prose
from swiftprep.code.syntax import last_token, without
from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.origin import is_code, is_part, language_of_file
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

_TICKS = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
_LETTER_END = re.compile(r"[\w\u3400-\u9fff]$")
# Tokens that cannot end a script.
_GOES_ON = frozenset(
    "= += -= *= /= + * & | && || ?? ? ?. . ( [ => == === != !== const let var import new await typeof extends".split()
)
_START_TAG = re.compile(r"\s*<[A-Za-z][\w.-]*(?![\w.-])(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>\s*")
_TEXTS = frozenset(["", *"text txt plaintext md markdown console log output diff".split()])
_SENTENCE = re.compile(r"[。！？!?]|\.(?=\s|$)")
_ITEM_END = re.compile(r"[。！？!?；;.]$")
_ITEM = re.compile(r"\s*(?:[-*+•]|\d+[.)、]|[#>|]|https?://)")
_NOTHING_AFTER = re.compile(r"#{1,6}[ \t].*|(?:\d{1,2}[.)、]|[-*+])")
_LONGEST = 1000  # characters examined of a last line
_SHORT = 12  # characters of a last line that may well be a name or a number


def truncated(sample: Sample) -> RuleResult | None:
    """Drop an answer that stops early, in open code or within a sentence; close a code block that lacks its fence."""
    if is_part(sample) or not re.search(r"\w", sample.answer):
        return None  # `hollow` judges an answer without words
    answer = sample.answer.rstrip()
    if is_code(sample):
        return _open_code(cut_off(answer, language_of_file(sample)))
    blocks = fenced(answer)
    wants_part = phrases("asks_for_part").search(sample.prompt) is not None
    for block in blocks:
        # A snippet in a closed block may well show half a function, but not half an element unless asked to.
        is_part_of_it = wants_part or _START_TAG.fullmatch(block.code) is not None
        if not block.closed or (block.language in ("vue", "html") and not is_part_of_it):
            verdict = _open_code(cut_off(block.code, block.language))
            if verdict:
                return verdict
        if block.language in ("js", "javascript", "ts", "typescript"):
            last = last_token(block.code, block.language)
            if last in _GOES_ON:
                return _open_code(last)
        elif block.language not in _TEXTS and _ends_open(block.code, block.language):
            return _open_code("(")
    if not blocks or blocks[-1].closed:
        return _open_sentence(answer, answer[blocks[-1].end :] if blocks else answer)
    if not blocks[-1].code.strip():
        return drop("its code block is empty", "代码块为空")
    closed = with_answer(sample, f"{answer}\n{blocks[-1].mark}")
    return fix(closed, "its code block is not closed", "代码块没有闭合")


def _ends_open(code: str, language: str) -> bool:
    """Return whether code in any language ends with an opening bracket."""
    return code.rstrip().endswith("(") and without(code, language, "literal", "comment").rstrip().endswith("(")


def _open_code(opened: str) -> RuleResult | None:
    return drop(f"its code ends with an unclosed {opened}", f"代码被截断，{opened} 没有闭合") if opened else None


def _open_sentence(answer: str, tail: str) -> RuleResult | None:
    last = tail.strip().rpartition("\n")[2].strip()[-_LONGEST:]
    if not last:
        return None
    says, says_zh = f"in the middle of a sentence: …{last[-20:]}", f"句子没有写完：…{last[-20:]}"
    if last.endswith((":", "：")) and (phrases("announces").search(last) or len(last) == len(answer)):
        return drop("announces something, but ends there", "只有引导语，没有后文")
    if len(last) < len(answer) and _NOTHING_AFTER.fullmatch(last):
        return drop(f"ends with an empty heading or item: {last[:40]}", f"最后的标题或列表项没有内容：{last[:40]}")
    # Any single word may be the whole answer; marks that open and do not close are never right.
    if (
        _TICKS.sub("", last).count("**") % 2
        or _TICKS.sub("", last).replace("`_", "").count("`") % 2
        or (len(answer) > 20 and phrases("dangling", "{}$").search(last))
    ):
        return drop("ends " + says, says_zh)
    before = [line.strip() for line in prose(tail).strip().split("\n")[:-1] if line.strip()]
    like_it = [line for line in before if bool(_ITEM.match(line)) == bool(_ITEM.match(last))]
    others_end = _SENTENCE.search(last) or (like_it and all(_ITEM_END.search(line) for line in like_it))
    if _LETTER_END.search(last) and len(last) > _SHORT and others_end:
        return warn("may end " + says, says_zh)
    return None
