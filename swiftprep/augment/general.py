"""Slightly reword the user's own prompts: politeness, the opening, the form of the question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from swiftprep.augment.parent import Draft, Drafts, Parent

LONGEST = 600  # characters up to which a new opening makes a difference to a prompt
_LEADS = {
    "zh": ("请", "请你", "请帮我", "帮我", "麻烦你", "麻烦你帮我", "烦请", "你好，请", "你好，麻烦你"),
    "en": ("please ", "could you please ", "can you help me? Please ", "hello. Please ", "hi, please ", "kindly "),
}
_ASKS = {
    "zh": ("请问，", "想请教一下：", "你好，请问", "有个问题想问：", "我想知道，", "请教一个问题："),
    "en": ("quick question: ", "I have a question. ", "I would like to know: ", "hello. ", "a question: ", "hi! "),
}
_OLD_LEAD = {
    "zh": re.compile(r"\A(?:你好[，,]\s*)?(?:请你|请帮我|请|帮我|麻烦你)?"),
    "en": re.compile(r"\A(?:please\s+)?", re.I),
}
# A verb that is not part of a noun (`计算机`, `list comprehensions`), as far as the next words tell.
_VERB = {
    "zh": re.compile(
        r"(?:编写|实现|解释|给出|列出|说明|总结|描述(?!符)|写(?![作法字])|翻译(?![官器])|介绍(?!信)|生成(?![式器树])|"
        r"计算(?![机器力])|设计(?![师图]|模式)|分析(?!师)|推荐(?!信)|修改|改写|创建|判断|提取|整理)"
    ),
    "en": re.compile(
        r"(?:write|implement|explain|give|list|describe|translate|summari[sz]e|compare|analy[sz]e|design|recommend|"
        r"rewrite|create|check|extract|compute|calculate|convert|name|suggest|draft|find|sort|show|define|outline)\s+"
        r"(?:an?|the|this|these|that|those|my|me|our|us|all|some|one|two|three|four|five|\d+|how|what|why|each|every)\b",
        re.I,
    ),
}
_OLD_ASK = re.compile(r"\A(?:你好[，,]\s*)?请问[，,]?\s*")
_QUESTION = {
    "zh": re.compile(r"什么|哪|怎么|怎样|如何|为什么|为何|多少|几|吗[？?]|是否|谁|能否|可以"),
    "en": re.compile(
        r"(?:what|which|how|why|when|where|who|whose|is|are|do|does|did|can|could|should|would|will)\b", re.I
    ),
}


def reworded(parent: Parent, draw: Random) -> Drafts:
    """Change the opening of a prompt, and keep its content.

    Only a request that begins with its verb and a lone question are changed: anything else may be a text to work on, or
    a role to play.
    """
    prompt, lang = parent.instruction, parent.lang
    if len(parent.sample.prompt) > LONGEST:
        return "too-long"
    rest = _OLD_LEAD[lang].sub("", prompt, count=1)
    leads: tuple[str, ...]
    if not parent.input and "\n" not in prompt and prompt.endswith(("?", "？")) and _is_question(prompt, lang):
        leads, text = _ASKS[lang], _OLD_ASK.sub("", prompt, count=1)
    elif _VERB[lang].match(rest):
        leads, text = _LEADS[lang], rest[0].lower() + rest[1:]
    else:
        return "not-understood"
    chosen = [lead for lead in leads if not prompt.lower().startswith(lead)]
    draw.shuffle(chosen)

    def drafts() -> Iterator[Draft]:
        for lead in chosen:
            variant = lead[0].upper() + lead[1:] + text
            if lead.startswith("could"):  # a question must be a single sentence
                if "\n" in variant or parent.input or not variant.endswith(".") or ". " in variant:
                    continue
                variant = variant[:-1] + "?"
            yield Draft(variant, parent.input, parent.sample.answer, parent.kind)

    return drafts()


def _is_question(text: str, lang: str) -> bool:
    return (_QUESTION[lang].search(text) if lang == "zh" else _QUESTION[lang].match(text)) is not None
