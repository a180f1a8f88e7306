"""Rules about what an answer says: gaps, empty words, refusals, padding, echoes, the wrong language."""

from __future__ import annotations

import re

from swiftprep.code.markdown import fenced, is_bare_code, outside_fences, prose
from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.omissions import TODO, count_todos, left_out
from swiftprep.quality.rules.origin import is_code, is_part, is_scanned, said, unquoted
from swiftprep.quality.rules.phrases import BETWEEN_WORDS, phrases
from swiftprep.records import Sample
from swiftprep.redaction.mask import MARKER
from swiftprep.text.characters import HAN

SHORT = 160  # bytes up to which an answer is small talk, in which "Sure!" is no padding
ENDING = 240  # characters at the end of an answer that are searched for a closing phrase
LEAST = 20  # characters that must be left of an answer without its padding

_BEFORE_ECHO = re.compile(
    r"\s*(?:(?:Question|Q|You asked|Your question(?: is)?|(?:您|你)?的?(?:问题|提问)(?:是|为)?|问)[:：】\]]\s*"
    r"|[#*>\"“「『【\[]\s*)*",
    re.I,
)
_CLOSING_MARKS = re.compile(r"^[\"”」』】\]*]*[ \t]*")
# The beginning of an answer that leans on the question before it: without the question, it would say less.
_LEANS_ON_QUESTION = re.compile(
    r"\s*(?:[^\n。.!?！？,，`]{1,12}[:：]|(?:because|yes|no|not|simply|short|briefly|nothing|only)\b"
    r"|因为|由于|简单|简而言之|一句话|是的|不|可以|答案|其实|就是)",
    re.I,
)
_AN_ECHO = 12  # characters from which no answer repeats a question by chance
_ANSWER_LABEL = re.compile(r"^[【\[]?(?:Answer|A|答案|答|回答)[:：】\]]\s*", re.I)
_NO_VALUE = re.compile(r"([`'\"]?)(?:null|none|nan|nil|undefined|\[\]|\{\}|\(\)|''|\"\")\1[.。]?|`[^`\n]+`[.。]?", re.I)
_EMPTY_SIGNS = re.compile(r"[\s.…。,，、;；:：\-—_*?？!！~'\"“”`]*")  # punctuation that means nothing, unless asked for
_SPECIFIC = re.compile(r"[`\d]|[a-z][A-Z]|\w[-_]\w+[-_]\w|\w\(|\n[^\S\n]*[-*]\s|https?:")  # names, numbers, lists
_WORD = re.compile(r"(?<![a-z\u00e0-\u024f\d_])[a-z\u00e0-\u024f]+(?![a-z\u00e0-\u024f\d_])")  # not within a hash
_SCRIPTS = {
    "zh": HAN,
    "ja": re.compile("[\u3040-\u30ff]"),
    "ko": re.compile("[\uac00-\ud7af]"),
    "ru": re.compile("[\u0400-\u04ff]"),
}
_ENGLISH = frozenset(
    """the are and it with that this can you not or from if when which how what why does where should using want my your
    have but then there please""".split()
)
# Words that other languages share, and English imperatives: a text is English only with one of each.
_SMALL = frozenset("a an in is on of as at i so to for by be we has will".split())
_BIDS = frozenset("write show give explain describe create build make add implement use need list".split())
_FOREIGN = frozenset(
    """le la les l de du des et que un une est il elle par pour avec dans ce sur au aux d o os as da do em
    não é à ao uma um para porque como el una los las lo y en es por con cómo qué der die das und ist ein eine
    einen nicht den zu von mit für auf sich ich wie di che per il gli non sono cos è het een van ik hoe""".split()
)
# A full stop in `this.list` or a colon in `:data` does not end a sentence.
_FIRST = re.compile(
    r"\s*(?![#\-*|>\d])([^.!?。！？:：～~\n]{1,90})(?:(?:[!?。！？：～~]|[.:]+(?=\s|\Z))[^\w\s`<*#\-(（]*(?=[\w\s`<*#\-(（])|\n)\s*"
)
_LAST = re.compile(
    r"(?:(?<=[!?。！？～~\n`：）)])|(?<=[.:])(?=\s)|\A)[^\S\n]*([^.!?。！？～~\n]{2,120})[^\w`\n]*(?:\n\s*)?\Z"
)


def placeholder(sample: Sample) -> RuleResult | None:
    """Drop an answer that leaves something out, as the model would learn to: "rest of the code", `[...大量数据...]`.

    Only what the author says about the code counts: comments and prose. Constants, labels and messages are the
    application's own words (`STATUS.TODO`, `label: '待补充'`). Where a part was asked for, and in scanned files, the
    sample is kept with a warning.
    """
    if is_part(sample) or not re.search(r"\w", sample.answer):
        return None  # `hollow` judges an answer without words
    say = warn if is_scanned(sample) or phrases("asks_for_part").search(sample.prompt) else drop
    omission, is_sure = left_out(sample)
    if omission and omission.lower() not in sample.prompt.lower():
        text = " ".join(omission.split())[:60]
        return (say if is_sure else warn)(f"leaves something out: {text}", f"内容有省略或占位：{text}")
    todos, others = count_todos(sample)
    if not todos or TODO.search(sample.prompt):
        return None
    return (
        say("is little more than a TODO", "几乎只有 TODO")
        if todos * 4 >= todos + others
        else warn("holds a TODO", "含有 TODO")
    )


def hollow(sample: Sample) -> RuleResult | None:
    """Drop an answer that says nothing: "none", a lone mark, a courtesy."""
    if is_part(sample) and is_code(sample):
        return None  # a part of a file may be a closing bracket
    answer = sample.answer.strip()
    inner = "\n".join(block.code for block in fenced(answer)).strip() if answer.startswith("```") else answer
    if MARKER.match(inner) or len(inner) > 200:
        return None
    if _NO_VALUE.fullmatch(inner) and phrases("asks_for_a_value").search(sample.prompt):
        return None
    if not re.search(r"\w", inner):
        return _signs_alone(inner, sample.prompt)
    says_nothing = phrases("hollow", r"\W*{}\W*").fullmatch(inner)
    agrees = phrases("agrees", r"\W*{}\W*").fullmatch(inner) and phrases("asks_how").search(sample.prompt)
    courteous = len(inner) < 80 and all(
        is_courtesy(part) for part in re.split(r"[.!?。！？～~\n]+", inner) if part.strip()
    )
    if says_nothing and phrases("asks_where").search(sample.prompt):
        return None
    may_be_courteous = (
        (len(sample.prompt) < 80 and phrases("greets", r"\W*{}\W*").fullmatch(sample.prompt))
        or phrases("yes_or_no").search(sample.prompt)
        or phrases("asks_what_to_say").search(sample.prompt)
    )
    if not says_nothing and courteous and not may_be_courteous and phrases("asks_for_text").search(sample.prompt):
        return warn(f"the answer is only a courtesy: {answer[:40]}", f"回答只有客套话：{answer[:40]}")
    if says_nothing or ((agrees or courteous) and not may_be_courteous):
        return drop(f"the answer says nothing: {answer[:20]}", f"回答没有内容：{answer[:20]}")
    if _is_commonplace(inner):
        return warn(f"the answer would fit any question: {answer[:40]}", f"回答空泛：{answer[:40]}")
    return None


def _signs_alone(inner: str, question: str) -> RuleResult | None:
    """Judge an answer without words: an operator or an emoji may have been asked for, a lone dash says nothing."""
    excerpt = inner if len(inner) <= 20 else f"{inner[:20]}…"
    may_be_asked_for = re.search(r"[^\s'\"“”`]", inner) and phrases("asks_for_signs").search(question)
    is_empty = _EMPTY_SIGNS.fullmatch(inner) is not None
    if is_empty and not may_be_asked_for:
        return drop(f"the answer says nothing: {excerpt}", f"回答没有内容：{excerpt}")
    if may_be_asked_for and not is_empty:
        return None
    return warn(f"the answer has symbols but no words: {excerpt}", f"回答只有符号：{excerpt}")


def _is_commonplace(answer: str) -> bool:
    """Return whether each sentence of an answer is a courtesy or a platitude."""
    if _SPECIFIC.search(answer):
        return False
    sentences = [part for part in re.split(r"[.!?。！？～~\n]+", answer) if part.strip()]
    platitudes = [phrases("platitudes").search(part) is not None for part in sentences]
    return any(platitudes) and all(flat or is_courtesy(part) for part, flat in zip(sentences, platitudes, strict=True))


def refusal(sample: Sample) -> RuleResult | None:
    """Drop an answer that declines, as the model would learn to decline.

    An application's message to its users, or a rule that rejects records, is no refusal: the assistant does not speak
    of itself there, or it gives code. A letter that was asked for may decline as well: it is kept with a warning,
    unless the answer declines to write it.
    """
    if fenced(sample.answer) or len(sample.answer) > 1200 or phrases("refusal").search(sample.prompt):
        return None
    words = unquoted(said(sample)[:240])
    match = phrases("refusal").search(words)
    refused = match[0] if match else _of_itself_alone(sample, words)
    if not refused:
        return None
    is_letter = any(phrases(name).search(sample.prompt) for name in ("asks_for_text", "asks_what_to_say"))
    if match and is_letter and not phrases("declines_to_write").search(words):
        return warn(
            f"refuses, or is a text that does: {refused[:60]}", f"拒绝回答，或本来就是一段婉拒的文字：{refused[:60]}"
        )
    return drop(f"refuses: {refused[:60]}", f"拒绝回答：{refused[:60]}")


def _of_itself_alone(sample: Sample, words: str) -> str:
    """Return an answer that only speaks of the model itself and sends the user elsewhere, or `""`."""
    if len(said(sample)) > len(words) or phrases("about_you").search(sample.prompt):
        return ""
    sentences = [part for part in re.split(r"(?<=[.!?。！？])\s*|\n+", words) if part.strip()]
    of_itself = [
        phrases("of_itself").match(part) is not None and not phrases("goes_on").search(part) for part in sentences
    ]
    elsewhere = (phrases("turns_away", r"\s*{}").match(part) is not None or is_courtesy(part) for part in sentences)
    is_all = any(of_itself) and all(own or away for own, away in zip(of_itself, elsewhere, strict=True))
    return " ".join(words.split()) if is_all else ""


def prompt_leak(sample: Sample) -> RuleResult | None:
    """Drop a sample that contains the prompt it was generated or judged with."""
    if is_code(sample):
        return None
    asked = phrases("leaked_question").search(sample.prompt)
    leak = asked or phrases("leaked").search(unquoted(said(sample)))
    if leak is None or (asked is None and phrases("leaked").search(sample.prompt)):
        if (maybe := phrases("maybe_generator").search(sample.prompt)) and not is_scanned(sample):
            excerpt = maybe[0][:60]
            return warn(
                f"its question may be a prompt for generating data: {excerpt}", f"指令可能是生成用的提示词：{excerpt}"
            )
        return None
    say = warn if is_scanned(sample) else drop
    return say(f"contains the prompt it was generated with: {leak[0][:60]}", f"混入了生成用的提示词：{leak[0][:60]}")


def boilerplate(sample: Sample) -> RuleResult | None:
    """Remove an assistant's set phrases around an answer: "Certainly!", "As an AI language model", "希望对你有帮助"."""
    answer = sample.answer
    if is_code(sample):
        return None
    trimmed = answer
    if not phrases("about_you").search(sample.prompt):
        trimmed = _without_itself(trimmed)
    is_letter = any(phrases(name).search(sample.prompt) for name in ("asks_for_text", "asks_what_to_say"))
    is_long = len(answer.encode("utf-8", "replace")) > SHORT or fenced(answer)
    if not is_letter and (is_long or not _is_talk(sample.prompt)):
        bare = _without_courtesy(trimmed)
        trimmed = (
            trimmed if not is_long and re.search("[?？]", bare) else bare
        )  # a short answer that asks back is small talk
    if trimmed.strip() in (answer.strip(), ""):
        return None
    return fix(with_answer(sample, trimmed), "opens or ends with an assistant's set phrases", "含有助手套话")


def _is_talk(question: str) -> bool:
    """Return whether a question invites small talk, so that "Sure!" may be part of the answer."""
    return any(phrases(name).search(question) for name in ("yes_or_no", "about_you")) or (
        len(question) < SHORT and phrases("greets", r"\W*{}\W*").fullmatch(question) is not None
    )


def _without_itself(answer: str) -> str:
    """Remove sentences in which a model speaks of itself, and the words "as an AI" from a sentence that says more."""
    code = fenced(answer)
    start = code[0].start if code else len(answer)
    end = code[-1].end if code else len(answer)
    pattern = phrases(
        "of_itself", r"(?:(?<=[.!?。！？\n])|\A|[（(])[ \t]*{}[^.!?。！？\n]*(?:[.!?。！？]+[）)]?[ \t]*|\n+|\Z)"
    )
    trimmed = pattern.sub("", answer[:start]) + answer[start:end] + pattern.sub("", answer[end:])
    if len(trimmed.strip()) < LEAST:
        return answer
    match = phrases("as_an_ai").search(trimmed)
    if match and not any(block.start <= match.start() < block.end for block in fenced(trimmed)):
        trimmed = trimmed[: match.start()] + trimmed[match.end() :]
        trimmed = trimmed[:1].upper() + trimmed[1:]
    return answer if trimmed == answer else trimmed.strip()


def _without_courtesy(answer: str) -> str:
    """Remove courteous sentences from the beginning and end of an answer."""
    begin = 0
    while (first := _FIRST.match(answer, begin)) and is_courtesy(first[1]) and len(answer) - first.end() > LEAST:
        begin = first.end()
    answer = answer[begin:]
    end = len(answer)
    while True:
        while end and answer[end - 1].isspace():
            end -= 1
        start = max(0, end - ENDING)
        last = _LAST.search(answer, start, end)
        if not last or not is_courtesy(last[1]) or last.start() <= max(LEAST, start):
            return answer[:end]
        end = last.start()


def is_courtesy(sentence: str) -> bool:
    """Return whether a sentence is nothing but a courtesy.

    >>> is_courtesy("好的，很高兴为您解答"), is_courtesy("好的，先引入组件")
    (True, False)
    """
    if phrases("offers").fullmatch(sentence.strip()):
        return True
    if not phrases("courtesy").search(sentence):
        return False
    return len(re.findall(r"\w", phrases("courteous_words", BETWEEN_WORDS).sub("", sentence.lower()))) < 2


def echo(sample: Sample) -> RuleResult | None:
    """Drop an answer that is its question, and remove a question repeated word for word before its answer.

    A correct answer may well begin with the words of its question ("The size prop of ta-button" … "accepts `small`"),
    so the question is only removed where it stands apart: on a line of its own, or with its question mark.
    """
    question, answer = sample.prompt.strip(), sample.answer.strip()
    asked = question.rstrip("?？.。!！").lower()
    if len(question) < 8 or not re.search(r"\w", asked) or is_code(sample):
        return None
    before = _BEFORE_ECHO.match(answer)
    bodies = [answer, answer[before.end() :] if before else answer]
    if any(body.strip('"“”「」『』【】[]*?？.。!！ ').lower() == asked.strip('"“”「」『』【】[]* ') for body in bodies):
        return drop("the answer is the question", "回答与指令相同")
    if len(question) >= _AN_ECHO and outside_fences(answer).count(question) > 1:
        return warn("repeats its question several times", "多次重复问题")
    body = next((body for body in bodies if body.startswith(question)), None)
    if body is None or is_bare_code(question):
        return None
    after = _CLOSING_MARKS.sub("", body[len(question) :], count=1)
    if after[:1] != "\n" and (question[-1] not in "?？" or _LEANS_ON_QUESTION.match(after)):
        return None
    rest = _ANSWER_LABEL.sub("", after.strip(), count=1).strip()
    return (
        fix(with_answer(sample, rest), "repeats its question before the answer", "回答开头重复了问题") if rest else None
    )


def wrong_language(sample: Sample) -> RuleResult | None:
    """Drop an answer in another language than its question, where nobody asked for that."""
    question, answer = prose(sample.prompt), said(sample)
    if len(answer) < 24:
        return None
    asked, spoken = language_of(question), language_of(answer)
    wanted = [name for name in ("zh", "en") if phrases(f"asks_for_{name}").search(question)]
    if len(wanted) == 1 and spoken and not phrases("about_translation").search(question):
        say = drop if asked == wanted[0] else warn
        verdict = say(
            f"asked to answer in {wanted[0]}, answered in {spoken}", f"要求用 {wanted[0]} 回答，却用了 {spoken}"
        )
        return verdict if spoken != wanted[0] else None
    if phrases("translates").search(question):
        return None
    if asked not in ("zh", "en") or not spoken or asked == spoken or (HAN.search(question) and spoken == "zh"):
        return None
    return drop(f"asked in {asked}, answered in {spoken}", f"提问语言是 {asked}，回答语言是 {spoken}")


def language_of(text: str) -> str:
    """Return `"zh"`, `"en"`, `"ja"`, `"ko"`, `"ru"` or `"other"` if the language of a text is clear, else `""`.

    >>> language_of("如何使用 ta-table？"), language_of("How do I use it?"), language_of("Le chat est sur la table.")
    ('zh', 'en', 'other')
    """
    letters = {name: len(pattern.findall(text)) for name, pattern in _SCRIPTS.items()}
    words = _WORD.findall(text.lower())
    if letters["ja"] >= 3 and letters["ja"] * 4 >= letters["zh"] and letters["ja"] + letters["zh"] > len(words):
        return "ja"  # Japanese uses Chinese characters, too
    for name in ("ko", "ru"):
        if letters[name] >= 8 and letters[name] > len(words):
            return name
    if letters["zh"] >= 4 and letters["zh"] > len(words):
        return "zh"
    if len(words) < 3 or letters["zh"] * 20 >= len(words):
        return ""
    foreign = sum(word in _FOREIGN for word in words)
    strong, small, bids = (sum(word in known for word in words) for known in (_ENGLISH, _SMALL, _BIDS))
    if foreign > 1 and foreign * 5 >= len(words) and foreign > strong + small:
        return "other"
    english = strong + small + bids if strong or (small and bids) else 0
    return "en" if english > foreign and english * 20 >= len(words) else ""
