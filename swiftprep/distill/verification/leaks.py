"""Find what an answer must not take from its prompt: its words, its code, and mentions of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from swiftprep.code.markdown import is_bare_code, outside_fences
from swiftprep.code.pieces import CodePiece
from swiftprep.distill.scenario import Scenario
from swiftprep.records import Message
from swiftprep.text.characters import HAN

# Measured on the demonstration framework: at most 44 % of the lines of an expert's answer are in the prompt of its
# question, at most 35 % of those of another file of the code base, and all lines of a copied example.
COPIED_LINES = 6  # lines of code from which an answer can count as a copy
COPIED_SHARE = 0.8  # share of its lines that are in the prompt
LONGEST = 20_000  # characters of an answer that are examined
_STEP = 8
_WINDOWS = (36, 96)  # consecutive characters that make a copy, in Chinese and in other prose
_WHO = "(?:您|你|上面|上文|上述|以上|这里|文中|题目|题干)?"
_GAVE = "(?:所)?(?:提供|给出|给定|列出|附上|附带|给我)"
_SOURCE = "(?:参考|目录|资料|文档|说明|(?<!代码)片段|用法示例|使用示例|上下文|材料|API)"
_SAYS = "(?:没有|未|显示|表明|指出|可知|可以看出|说明)"
# An answer may well mention what the back end provides, or its own code.
_TALKS_ZH = re.compile(
    rf"(?:根据|按照|依据|参考|参照|基于|从|在|查看){_WHO}{_GAVE}的?[^。\n，,；;]{{0,10}}{_SOURCE}"
    rf"|(?:您|你){_GAVE}的[^。\n，,；;]{{0,10}}{_SOURCE}"
    rf"|{_WHO}{_GAVE}的[^。\n，,；;]{{0,6}}(?:参考|资料|文档|材料)(?:中|里|内)?{_SAYS}"
    rf"|(?:根据|按照|依据|参照)(?:上面|上文|上述|以上|前面)的?(?:框架|组件|接口)*\s*(?:API\s*)?(?:参考|资料|文档|API)"
    rf"|(?:API|接口|组件)\s*(?:参考|目录)(?:资料|文档)?(?:中|里|内)?{_SAYS}"
    rf"|参考资料(?:中|里|内)?(?:的|{_SAYS}|要求|提到|列出)|(?:系统提示词?|提示词)(?:中|里)?(?:的要求|要求|规定|提到|说|没有)"
    r"|(?:参考|API\s*列表|接口列表)(?:中|里)(?:面)?(?:没有|未|已|只)?(?:列出|给出|提到|标注|标有|有|的|，|\s*`)"
    r"|(?:资料|清单)(?:中|里)(?:面)?(?:没有|未|已|只)?(?:列出|给出|提到|标注|标有)|没有(?:编造|虚构|臆造)"
    r"|(?:您|你)给的[^。\n，,；;]{0,4}(?:清单|列表|定义)|上下文(?:给出|提供)的(?:组件|接口|API|框架)|source\s*=\s*[\"“]usage"
    r"|训练(?:另一个|其他|其它)模型|上(?:一)?次(?:的)?回答|按(?:照)?(?:您|你)的反馈"
    r"|按(?:照)?规则[^。\n]{0,10}(?:TODO|占位|编造|省略)"
)
_NOUNS_EN = r"(?:reference|catalog(?:ue)?|docs?|documentation|listing|snippets?|excerpts?)"
_TALKS_EN = re.compile(
    rf"\b(?:provided|given|supplied|attached)\s(?:\w+\s){{0,2}}?(?:API|component|usage)\s(?:{_NOUNS_EN}|examples?)\b"
    rf"|\b(?:API|component|usage)\s{_NOUNS_EN}\s"
    r"(?:above|(?:that )?you|provided|given|shown|supplied|says|lists|shows|does)\b"
    rf"|\b(?:{_NOUNS_EN}|context|material|API|examples)\s(?:that\s)?you(?:'ve| have)?\s"
    r"(?:gave|given|provided|supplied|shared|included)\b"
    rf"|\bthe (?:provided|supplied) (?:{_NOUNS_EN}|context|APIs?|material)\b|\bthe given (?:{_NOUNS_EN}|APIs?)\b"
    r"|\b(?:in|from|per|by) (?:my|your) prompt\b|\bsystem prompt\b|\bmy instructions\b"
    r"|\bthe (?:instructions|guidelines) (?:say|ask|require|forbid|want)\b"
    r"|\bthe prompt (?:says|asks for|requires|forbids|wants)\b(?! confirmation)"
    r"|\b(?:my|your|the) previous answer\b|\bthe given examples?\b"
    r"|\b(?:according to|per|in|from) the reference\b|\bthe reference (?:says|lists|shows|does|has)\b",
    re.I,
)
_NOUN = re.compile(
    "API|接口|参考|目录|资料|文档|说明|片段|示例|上下文|提示词|reference|docs|documentation|snippet|example|prompt",
    re.I,
)
# Further ways in which a thought mentions its prompt.
_THOUGHT_TALK = re.compile(
    r"系统提示|提示词|参考资料|参考里|定界符|规则\s*(?:第\s*)?\d|第\s*\d+\s*条规则|规则(?:里|中)?(?:要求|规定|说)|按(?:照)?规则"
    r"|\bsystem prompt\b|\bthe (?:reference|prompt|instructions?|delimiters?)\b|\bAPI reference\b|\brules? \d"
    r"|\bthe rules (?:say|require|ask)",
    re.I,
)
_SENTENCE_END = re.compile(r"(?<=[。！？!?\n])|(?<=[\w`)]\.)(?<!\d\.)(?=\s)")
# The delimiters that `guard` puts around data, and its placeholder for what it removes.
_DELIMITER = re.compile(r"</?\s*data-(?:[0-9a-f]{6,}|标记|mark)\b[^<>\n]{0,80}>?|\[removed: [^\]\n]{0,60}\]", re.I)


def talk_of_prompt(text: str, task: str) -> str:
    """Return the words with which an answer mentions its prompt, or a delimiter of the prompt in it, or `""`.

    The trained model will not have such a prompt. An answer may mention whatever the task mentions.

    >>> talk_of_prompt("根据提供的 API 参考，ta-table 支持分页。", "用 ta-table 分页")
    '根据提供的 API 参考'
    """
    text = text[:LONGEST]
    prose = _prose(text)
    if match := _DELIMITER.search(text):
        return match[0]
    task = task.lower()
    for pattern in (_TALKS_ZH, _TALKS_EN):
        for match in pattern.finditer(prose):
            nouns = _NOUN.findall(match[0])
            if not nouns or any(noun.lower() not in task for noun in nouns):
                return match[0].strip()
    return ""


def without_talk(thought: str, task: str) -> str:
    r"""Return a thought without the sentences that mention the prompt.

    A reasoning model thinks about its prompt whatever the instructions say, and the trained model has another one.

    >>> without_talk("用户要分页。参考资料里有 pagination。\n页码要写回。", "用 ta-table 分页")
    '用户要分页。\n页码要写回。'
    """
    kept = []
    for sentence in _SENTENCE_END.split(thought):
        is_talk = _THOUGHT_TALK.search(sentence) or talk_of_prompt(sentence, task)
        kept.append("\n" * sentence.count("\n") if is_talk else sentence)
    return "".join(kept).strip()


def _prose(text: str) -> str:
    return "" if is_bare_code(text) else outside_fences(text)


def _asked(messages: Sequence[Message]) -> list[Message]:
    return [message for message in messages if message["role"] in ("system", "user")]


def copied_prose(text: str, scenario: Scenario, messages: Sequence[Message]) -> str:
    """Return a long passage of the prompt that an answer repeats, or `""`; it may quote the scenario."""
    prose = " ".join(_prose(text)[:LONGEST].split())
    size = _WINDOWS[len(HAN.findall(prose)) * 4 < len(prose)]
    if len(prose) < size:
        return ""
    asked = " ".join(scenario.instruction.split())
    sources = [" ".join(message["content"].split()) for message in _asked(messages)]
    for start in range(0, len(prose) - size + 1, _STEP):
        window = prose[start : start + size]
        if any(window in source for source in sources) and window not in asked:
            return window
    return ""


def copied_code(pieces: Sequence[CodePiece], scenario: Scenario, messages: Sequence[Message]) -> float:
    """Return the share of an answer's lines of code that are in one message of the prompt; 0 for very few lines."""
    asked = set(_lines(scenario.instruction))
    code = [line for piece in pieces for line in _lines(piece.code[:LONGEST])]
    if len(code) < COPIED_LINES:
        return 0.0
    best = 0
    for message in _asked(messages):
        prompt_lines = set(_lines(message["content"])) - asked
        best = max(best, sum(line in prompt_lines for line in code))
    return best / len(code)


def _lines(text: str) -> list[str]:
    """Return the distinctive lines of some code, without indentation."""
    return [line for line in map(str.strip, text.split("\n")) if len(line) > 7]
