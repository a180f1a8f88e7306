"""Rules about what an answer says: left out, refused, padded, repeated, in the wrong language."""

from __future__ import annotations

import re
from itertools import pairwise

from swiftprep.quality.edit import with_answer
from swiftprep.quality.markdown import fenced, is_bare_code, prose
from swiftprep.quality.phrases import phrases
from swiftprep.quality.truncation import is_part
from swiftprep.quality.verdict import Verdict, drop, fix, warn
from swiftprep.records import Sample

SHORT = 160  # bytes of an answer that is talk, in which "Sure!" is no padding
LEAST = 20  # characters that must be left of an answer when its padding is gone

_BEFORE_ECHO = re.compile(r"\s*(?:(?:Question|Q|问题|问|提问)[:：]\s*|[#*>\"“「『]+\s*)*", re.I)
_AFTER_ECHO = re.compile(r"^[\s*\"”」』:：,，.。!！?？]*(?:(?:Answer|A|答案|答|回答)[:：]\s*)?", re.I)
_ONE_MARK = re.compile(r"([^\s|])\1{39,}\s*$")
_NUMBER = re.compile(r"^\s*(?:\d+[.)、]|[-*•])\s*")
_DOTS = re.compile(r"^[ \t]*(?://|#|<!--|/\*|\*|--)?[ \t]*(?:\.{3,6}|…{1,2})[ \t]*(?:-->|\*/)?[ \t]*$", re.M)
_TODO = re.compile(r"\b(?:TODO|FIXME|TBD)\b|待办")
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"[A-Za-z]{2,}")
_CLOSING = r"(?:(?<=[.!?。！？\n`:：])|^)\s*{}[^\n]{0,160}\s*$"


def placeholder(sample: Sample) -> Verdict | None:
    """Something left out, which the model would learn: "rest of the code", `[...大量数据...]`, a lone `...`."""
    if is_part(sample):
        return None
    answer = sample.answer
    found = phrases("left_out").search(answer) or _DOTS.search(answer)
    if found:
        text = " ".join(found[0].split())
        return drop(f"leaves something out: {text[:60]}", f"内容有省略或占位：{text[:60]}")
    todo = _TODO.search(answer)
    if todo is None:
        return None
    lines = [line for line in _telling_lines(answer) if line.strip(" \t{}();,")]
    if sum(_TODO.search(line) is not None for line in lines) * 4 >= len(lines):
        return drop("is hardly more than a TODO", "几乎只有 TODO")
    return warn("holds a TODO", "含有 TODO")


def _telling_lines(answer: str) -> list[str]:
    """Return the lines that count: of the code where there is some, else all."""
    blocks = fenced(answer)
    return "\n".join(block.code for block in blocks).splitlines() if blocks else answer.splitlines()


def hollow(sample: Sample) -> Verdict | None:
    """An answer that is a word for nothing, a mark, or a place to fill in."""
    answer = sample.answer.strip()
    inner = "\n".join(block.code for block in fenced(answer)).strip() if answer.startswith("```") else answer
    says_nothing = phrases("hollow", r"\W*{}\W*").fullmatch(inner) or not re.search(r"\w", inner)
    agrees = phrases("agrees", r"\W*{}\W*").fullmatch(inner) and not phrases("yes_or_no").search(sample.prompt)
    if not says_nothing and not (agrees and phrases("asks_how").search(sample.prompt)):
        return None
    return drop(f"the answer says nothing: {answer[:20]}", f"回答没有内容：{answer[:20]}")


def refusal(sample: Sample) -> Verdict | None:
    """An answer that declines, which the model would learn to do."""
    head = prose(sample.answer)[:240]
    found = phrases("refusal").search(head)
    if found is None or len(sample.answer) > 1200:
        return None
    return drop(f"refuses: {found[0][:60]}", f"拒绝回答：{found[0][:60]}")


def prompt_leak(sample: Sample) -> Verdict | None:
    """The prompt that an answer was generated or judged with, in the answer."""
    if is_bare_code(sample.answer):
        return None
    found = phrases("leaked").search(prose(sample.answer))
    if found is None or phrases("leaked").search(sample.prompt):
        return None
    return drop(f"holds its generator's prompt: {found[0][:60]}", f"混入了生成用的提示词：{found[0][:60]}")


def boilerplate(sample: Sample) -> Verdict | None:
    """What assistants put around an answer: "Certainly!", "As an AI language model", "希望对你有帮助"."""
    answer = sample.answer
    if is_bare_code(answer):
        return None
    made = _without_opening(_without_itself(answer, sample.prompt))
    while (closing := phrases("closing", _CLOSING).search(made)) and closing.start() > LEAST:
        made = made[: closing.start()].rstrip()
    if made == answer or not made.strip():
        return None
    return fix(with_answer(sample, made), "opens or ends with an assistant's set phrases", "含有助手套话")


def _without_itself(answer: str, question: str) -> str:
    whole = phrases("of_itself", r"\s*{}[^.!?。！？\n]*(?:[.!?。！？]+\s*|\n+)").match(answer)
    if whole and len(answer) - whole.end() > LEAST and not phrases("about_you").search(question):
        return answer[whole.end() :]
    made = phrases("as_an_ai").sub("", answer, count=1)
    return answer if made == answer else made[:1].upper() + made[1:]


def _without_opening(answer: str) -> str:
    if len(answer.encode("utf-8", "replace")) <= SHORT and not fenced(answer):
        return answer
    while (found := phrases("opening", r"\s*{}\s*[.!。！:：~～]+\s*").match(answer)) and len(
        answer
    ) - found.end() > LEAST:
        answer = answer[found.end() :]
    return answer


def echo(sample: Sample) -> Verdict | None:
    """An answer that is its question, or begins with it."""
    question, answer = sample.prompt.strip(), sample.answer.strip()
    if len(question) < 8:
        return None
    begin = _BEFORE_ECHO.match(answer)
    start = begin.end() if begin else 0
    asked = question.rstrip("?？.。!！").lower()
    if answer[start : start + len(asked)].lower() != asked:
        return None
    rest = _AFTER_ECHO.sub("", answer[start + len(asked) :], count=1).strip()
    if len(re.findall(r"\w", rest)) < 4:
        return drop("the answer is the question", "回答与指令相同")
    return fix(with_answer(sample, rest), "repeats its question first", "回答开头重复了问题")


def looping(sample: Sample) -> Verdict | None:
    """An answer caught in a loop: its end is one piece over and over, or one line stands there many times."""
    answer = sample.answer.rstrip()
    tail = answer[-800:]
    period = _period(tail)
    if period and len(tail) >= 4 * period and len(tail) >= 40 and re.search(r"\w", tail[-period:]):
        return drop(f"repeats itself: {tail[-period:].strip()[:40]}", f"内容循环重复：{tail[-period:].strip()[:40]}")
    if _ONE_MARK.search(answer):
        return drop(f"ends with one mark over and over: {answer[-12:]}", f"末尾重复同一字符：{answer[-12:]}")
    blocks = [] if is_bare_code(answer) else fenced(answer)
    for text, most in ((prose(answer), 4), *((block.code, 8) for block in blocks)):
        line = _repeated(text, most)
        if line:
            return drop(f"repeats itself: {line[:40]}", f"内容循环重复：{line[:40]}")
    return None


def _repeated(text: str, most: int) -> str:
    """Return a line or sentence that stands `most` times in succession, but for its number, or `""`."""
    lines = [_NUMBER.sub("", line).strip() for line in re.split(r"\n|(?<=[。！？])", text) if line.strip()]
    run = 1
    for before, line in pairwise(lines):
        run = run + 1 if line == before and len(line) > 8 and re.search(r"[\w\u3400-\u9fff]{3}", line) else 1
        if run >= most:
            return line
    return ""


def _period(text: str) -> int:
    """Return the least number of characters after which the end of a text repeats at least four times, or 0."""
    backwards = text[::-1]
    border = [0] * len(backwards)
    best = 0
    k = 0
    for i in range(1, len(backwards)):
        while k and backwards[i] != backwards[k]:
            k = border[k - 1]
        if backwards[i] == backwards[k]:
            k += 1
        border[i] = k
        period = i + 1 - k
        if i + 1 >= max(4 * period, 40) and len(set(backwards[:period])) > 2:
            best = period
    return best


def wrong_language(sample: Sample) -> Verdict | None:
    """An answer in another language than its question, where nobody asked for that."""
    question, answer = prose(sample.prompt), prose(sample.answer)
    if not answer.strip() or phrases("translates").search(question):
        return None
    asked, said = _language_of(question), _language_of(answer)
    if not asked or not said or asked == said or len(answer.split()) + len(_HAN.findall(answer)) < 12:
        return None
    return drop(f"asked in {asked}, answered in {said}", f"提问语言是 {asked}，回答语言是 {said}")


def _language_of(text: str) -> str:
    """Return `"zh"` or `"en"` where a text is clearly one of them, else `""`."""
    chinese, words = len(_HAN.findall(text)), len(_WORD.findall(text))
    if chinese >= 4 and chinese > words:
        return "zh"
    return "en" if words >= 4 and chinese * 20 < words else ""
