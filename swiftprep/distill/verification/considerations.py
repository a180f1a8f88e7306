"""Tell real reasoning from words that merely announce it."""

from __future__ import annotations

import re

from swiftprep.code.markdown import is_bare_code, outside_fences
from swiftprep.distill.verification.answer import before_code
from swiftprep.quality.rules.answers import is_courtesy, language_of

_ITEM = re.compile(
    r"\s*(?:[-*+•]\s|\d{1,2}[.)、：:]|[(（]\d{1,2}[)）]|[①-⑳]|#{1,6}\s|[一二三四五六七八九十]、|第[一二三四五六七八九十]|\*\*)"
)
LEAST = 5  # minimum weight of a sentence: 1 per character, 2 per word
_SENTENCE_END = re.compile(r"[。！？!?；;]|\.(?=\s|$)|[:：]\s*$")
_CLAUSE_END = re.compile(r"[，,：:、—]")
_LETTER = re.compile(r"[^\W\x00-\x7f]")
_WORD = re.compile(r"[A-Za-z0-9_$']+")
_CODE_NAME = re.compile(r"`|[A-Za-z]{2,}")
_HAN = re.compile("[\u3400-\u9fff]{2,}")
# Words found in any task and any reasoning.
_COMMON = re.compile(
    "需要|实现|使用|用户|功能|代码|组件|页面|考虑|以下|几点|问题|要求|需求|合适|选择|编写|创建|开发|一个|进行|数据|如何|怎么|请"
)
# Sentences that announce what follows.
_ANNOUNCES = re.compile(
    r"(?:以下|下面|下列|这里|这)(?:就?是|为|给出|提供|展示).*|.*(?:如下|见下方|见下文|如下所示)\W*"
    r"|.{0,20}(?:代码|实现|示例|步骤|方案|思路|答案|考虑以下几点|需要考虑多个方面)\W*"
    r"|\W*(?:here(?:'s| is| are)|below (?:is|are)|the following|this is|see (?:the )?code|full code|complete code)\b.*",
    re.I,
)
# A sentence of only these words says that somebody is thinking, but not what.
_THINKS = frozenset(
    "好|好的|嗯|首先|那么|现在|接下来|先|我|我们|让|来|会|需要|要|应该|将|可以|一步一步|一步步|逐步|仔细|认真|好好|深入|地|的"
    "|思考|分析|想想|想一想|想|理解|梳理|看看|看|考虑|一下|下|这个|这|该|您|你|用户|问题|需求|任务|要求|实现|思路|如何|怎么"
    "|经过|之后|后|给出|回答|答案|开始|完毕|然后|再|写|代码|请求|问|了|吧".split("|")
)
_THINKS_EN = frozenset(
    """okay ok alright sure well so now first hmm let me us let's lets i we i'll we'll will need to should going am i'm
    must carefully think thinking about through over at it this that the a an problem question request requirement
    requirements task step by steps analyze analyse analysis reason reasoning consider break down walk work understand
    look see what is are user user's users wants want needs needed asked ask and then answer write code give provide
    solve start begin how do can be of for in on my your our out some time done here solution approach implement
    implementation""".split()
)


def considerations(text: str) -> int:
    r"""Return how many considerations a piece of reasoning holds: items of a list, or sentences that say something.

    >>> considerations("Let me think step by step."), considerations("让我们一步一步思考。")
    (0, 0)
    >>> considerations("1. 列表用 ta-table 展示\n2. 分页由 pagination 控制")
    2
    """
    count = 0
    for line in text.split("\n"):
        item = _ITEM.match(line)
        sentences = [piece for piece in _SENTENCE_END.split(line[item.end() :] if item else line) if _says(piece)]
        count += len(sentences)
        if len(sentences) == 1 and not item:
            clauses = [clause for clause in _CLAUSE_END.split(sentences[0]) if _says(clause)]
            count += len(clauses) >= 3
    return count


def _says(piece: str) -> bool:
    """Return whether a sentence says something of substance."""
    piece = piece.strip(' \t*#`-—>“”"').replace("’", "'")
    words = _WORD.findall(piece.lower())
    if len(_LETTER.findall(piece)) + 2 * len(words) < LEAST or _ANNOUNCES.fullmatch(piece) or is_courtesy(piece):
        return False
    if _LETTER.search(piece):
        return bool(words) or not _consists_of("".join(_LETTER.findall(piece)), _THINKS)
    return not _THINKS_EN.issuperset(words)


def _consists_of(text: str, words: frozenset[str]) -> bool:
    """Return whether a text is a sequence of one or more of the words."""
    longest = max(map(len, words))
    ends = [True] + [False] * len(text)
    for end in range(1, len(ends)):
        ends[end] = any(ends[at] and text[at:end] in words for at in range(max(0, end - longest), end))
    return bool(text) and ends[-1]


def is_specific(reasoning: str, task: str) -> bool:
    r"""Return whether reasoning is about its task: it mentions a code name or one of the task's own words.

    >>> is_specific("1. 代码简洁易懂。\n2. 便于维护和扩展。", "写表单"), is_specific("1. 先校验表单", "写表单")
    (False, True)
    """
    if _CODE_NAME.search(reasoning) or language_of(reasoning) != "zh":
        return True
    pairs = _pairs(_COMMON.sub(" ", reasoning))
    return not pairs.isdisjoint(_pairs(_COMMON.sub(" ", task)))


def _pairs(text: str) -> set[str]:
    """Return the pairs of successive Chinese characters."""
    return {run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)}


def inline_considerations(answer: str) -> int:
    """Return how many considerations precede the code of an answer.

    In an answer that lists its considerations with code under each, all of them count if the first precedes the code.
    """
    if is_bare_code(answer):
        return 0
    before = before_code(answer)
    count = considerations(before)
    if count == 1 or (count == 0 and any(map(_ITEM.match, before.split("\n")))):
        lines = outside_fences(answer).split("\n")
        if any(map(_ITEM.match, before.split("\n"))) and sum(map(bool, map(_ITEM.match, lines))) >= 2:
            return considerations("\n".join(lines))
    return count
