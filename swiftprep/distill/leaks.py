"""What of the prompt must not come back: its words, its code, and talk of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from swiftprep.distill.answer_code import Piece
from swiftprep.distill.scenario import Scenario
from swiftprep.quality.markdown import outside_fences
from swiftprep.records import Message

# Measured on the demonstration framework: of an expert's lines at most 44 % stand in the prompt that its question makes,
# of another file of the code base at most 35 %, and of an example handed back all of them.
COPIED_LINES = 6  # lines of code from which an answer can be called a copy
COPIED_SHARE = 0.8  # share of its lines that stand in the prompt
LONGEST = 20_000  # characters of an answer that are looked at
_STEP = 8
_WINDOWS = (36, 96)  # characters in succession that are a copy, in Chinese and in other prose
_HAN = re.compile("[\u3400-\u9fff]")
_GIVEN = (
    "(?:提供|给出|给定|列出|附上|附带|所给|给我|上述|上面|上文|以上|前面|前文|参考资料|资料中|提示词?|文档里|上下文)"
)
_SOURCE = "(?:API|接口|组件目录|目录|参考|资料|文档|说明|片段|示例代码|用法示例|使用示例|上下文|提示词|材料)"
_LACKS = "(?:中|里|内|没有|未|显示|表明|指出|可知|可以看出)"
_TALKS_ZH = re.compile(
    rf"(?:根据|按照|依据|参考|参照|基于|从|在|由)[^。\n，,；;]{{0,8}}{_GIVEN}的?[^。\n，,；;]{{0,12}}{_SOURCE}"
    rf"|{_GIVEN}的?[^。\n，,；;]{{0,10}}(?:参考|目录|资料|文档|片段|材料){_LACKS}"
    rf"|(?:API|接口|组件)\s*(?:参考|参考资料|参考文档|目录)\s*{_LACKS}"
    r"|(?:您|你)(?:所)?(?:提供|给出|给我|附上)的[^。\n，,；;]{0,10}(?:API|参考|资料|文档|片段|上下文)"
    r"|(?:提示词|系统提示|参考资料|上下文)(?:中|里)(?:的|没有|未|要求|提到|说)|参考资料(?:显示|表明|没有|未)"
)
_SOURCES_EN = r"(?:reference|catalog(?:ue)?|docs?|documentation|listing|snippets?|excerpts?|examples?)"
_TALKS_EN = re.compile(
    rf"\b(?:provided|given|supplied|attached|above|your|the)\s(?:\w+\s){{0,3}}?(?:API|component|usage)\s{_SOURCES_EN}\b"
    rf"|\b(?:API|component|usage)\s{_SOURCES_EN}\s"
    r"(?:you|that (?:you|was|were)|above|provided|given|shown|supplied|in the prompt)\b"
    rf"|\b(?:{_SOURCES_EN}|context|material|API)\s(?:that\s)?(?:you(?:'ve| have)?|was|were)\s"
    r"(?:gave|given|provided|supplied|shared|included)\b"
    rf"|\b(?:provided|supplied|given)\s(?:{_SOURCES_EN}|context|APIs?)\b"
    r"|\b(?:in|from|per|by) (?:the|my|your) (?:system )?prompt\b|\bmy instructions\b"
    r"|\b(?:the|your) instructions (?:say|said|ask|require|forbid|tell)\b|\b(?:according to|per|in) the reference\b",
    re.I,
)
# What `guard` puts around data, and in place of what it takes out.
_DELIMITER = re.compile(r"</?\s*data-(?:[0-9a-f]{6,}|标记|mark)\b[^<>\n]{0,80}>?|\[removed: [^\]\n]{0,60}\]", re.I)


def talk_of_prompt(text: str) -> str:
    """Return the words with which an answer speaks of its prompt, or a delimiter of the prompt in it, or `""`.

    The trained model will have no such reference before it.

    >>> talk_of_prompt("根据提供的 API 参考，ta-table 支持分页。")
    '根据提供的 API 参考'
    """
    text = text[:LONGEST]
    prose = outside_fences(text)
    found = _DELIMITER.search(text) or _TALKS_ZH.search(prose) or _TALKS_EN.search(prose)
    return found[0].strip() if found else ""


def _asked(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message["role"] in ("system", "user")]


def copied_prose(text: str, scenario: Scenario, messages: Sequence[Message]) -> str:
    """Return a long stretch of the prompt's words that an answer repeats, or `""`; it may quote the scenario."""
    said = " ".join(outside_fences(text)[:LONGEST].split())
    size = _WINDOWS[len(_HAN.findall(said)) * 4 < len(said)]
    if len(said) < size:
        return ""
    asked = " ".join(scenario.instruction.split())
    sources = [" ".join(message["content"].split()).replace(asked, "\n") for message in _asked(messages)]
    for start in range(0, len(said) - size + 1, _STEP):
        window = said[start : start + size]
        if any(window in source for source in sources) and window not in asked:
            return window
    return ""


def copied_code(found: Sequence[Piece], scenario: Scenario, messages: Sequence[Message]) -> float:
    """Return the share of an answer's lines of code that stand in one message of the prompt; 0 for a few lines."""
    asked = set(_lines(scenario.instruction))
    code = [line for piece in found for line in _lines(piece.code[:LONGEST])]
    if len(code) < COPIED_LINES:
        return 0.0
    best = 0
    for message in _asked(messages):
        shown = set(_lines(message["content"])) - asked
        best = max(best, sum(line in shown for line in code))
    return best / len(code)


def _lines(text: str) -> list[str]:
    """Return the lines that tell one piece of code from another, without indent."""
    return [line for line in map(str.strip, text.split("\n")) if len(line) > 7]
