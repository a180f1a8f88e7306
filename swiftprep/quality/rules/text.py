"""Rules about the characters of a text: wrong decoding or escaping, and the remains of pages and chat templates."""

from __future__ import annotations

import ast
import re
from typing import Any

import orjson

from swiftprep.code.markdown import INLINE_CODE, code_of, fenced, in_a_block, outside_fences, prose
from swiftprep.code.syntax import spans
from swiftprep.quality.rule import RuleResult, drop, fix, warn
from swiftprep.quality.rules.chat_tokens import kept_token
from swiftprep.quality.rules.decoding import decoded, looks_wrong, words_with_gaps, wrong_lines
from swiftprep.quality.rules.edit import with_answer, with_texts
from swiftprep.quality.rules.marks import has_marks, is_about_marks, left_mark, own_turn, taken, without_edges
from swiftprep.quality.rules.origin import is_code, is_scanned, language_of_file
from swiftprep.quality.rules.pages import page_line, unescaped, without_page_lines, without_tags
from swiftprep.quality.rules.phrases import phrases
from swiftprep.quality.rules.unseen import HIDDEN, without_hidden
from swiftprep.records import Sample
from swiftprep.rows.columns import RESPONSE_KEYS
from swiftprep.text.characters import whole, without_entities

LEAST_GAPS = 3  # words with a question mark inside; fewer may be a typing slip
_MOST_ECHOES = 100  # repeated questions that are removed from an answer
TAIL = 300  # characters at the end of a question that are searched for a template's end

_LOST = re.compile("\ufffd|锟斤拷|锟斤|烫烫烫|屯屯屯")
_MOST_SHOWN = 3  # from here on, replacement characters in a file are not there on purpose
_ABOUT_ENTITIES = re.compile(r"&|<\w|尖括号|angle bracket|实体|转义|entit|escap|unescape", re.I)
_ABOUT_TAGS = re.compile(
    r"\bhtml\b|\bmarkdown\b|标签(?!页)|\btags?\b|xss|富文本|rich ?text|加粗|\bbold\b|换行|line ?breaks?", re.I
)
_ABOUT_LOOKS = re.compile(
    r"颜色|上色|[红蓝绿黑白]色|字体|字号|居中|对齐|\bcolou?r|\bfont|\bcent(?:er|re)|\balign|\bsize\b", re.I
)
_LOOKS = re.compile(r"<\w+ [^<>\n]{0,200}?\b(?:color|style|align|size|face)=")
_ANSWER_KEYS = (
    *RESPONSE_KEYS, "result", "message", "reply", "generated_text", "回答", "答案", "内容", "输出",
    "choices", "messages", "data",
)  # fmt: skip
# Keys that accompany an answer in a row of a data set or in a service's reply.
_AROUND_AN_ANSWER = frozenset(
    "role id object created model usage index finish_reason logprobs system_fingerprint instruction input question"
    " query prompt history system source".split()
)
_OF_AN_INTERFACE = frozenset("code msg success status".split())
_DATA_KEYS = ("message", "data", "result", "content", "text", "内容", "输出")  # an interface may return these, too
LEAST = 40  # characters from which a text under one of these keys is an answer
_MARKS = re.compile(r"\?{2,}")
_ABOUT_ROLES = re.compile(r"\bassistant\b|\broles?\b|角色|助手", re.I)
_THINK = re.compile(r"<(/?)think(?:ing)?>")
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.S)


def mojibake(sample: Sample) -> RuleResult | None:
    """Repair text decoded with the wrong encoding if the right reading is proved; reject it if letters are lost."""
    if phrases("about_encodings").search(sample.prompt):
        return None  # the answer may well show wrong letters
    repaired = with_texts(sample, lambda text: decoded(text, has_code=is_code(sample) or "```" in text))
    texts = [turn["content"] for turn in repaired.messages]
    lost = sum(len(_LOST.findall(text)) for text in texts)
    if any(map(_is_lost, texts)) or lost >= (_MOST_SHOWN if is_scanned(sample) else 1):
        return drop("lost letters when it was decoded with the wrong encoding", "含有无法恢复的乱码")
    if any(map(looks_wrong, texts)):
        return drop("was decoded with the wrong encoding, and part of it is lost", "乱码，且无法完整还原")
    if repaired is not sample:
        return fix(repaired, "was decoded with the wrong encoding", "乱码，已按正确编码还原")
    wrong, letters = map(sum, zip(*map(wrong_lines, texts), strict=True))
    if wrong:
        say = drop if 2 * wrong > letters and not is_scanned(sample) else warn
        return say("some of its lines were decoded with the wrong encoding", "部分行是乱码")
    if len(gaps := words_with_gaps(_words(sample.answer))) >= LEAST_GAPS and not is_scanned(sample):
        examples = ", ".join(sorted(gaps)[:3])
        return warn(
            f"some of its letters may have become question marks: {examples}", f"部分字母可能变成了问号：{examples}"
        )
    return warn("contains replacement characters", "含有替换字符") if lost else None


def _words(answer: str) -> str:
    """Return the words of an answer: its prose, and the sentences in the strings of its code."""
    pieces = [prose(answer)]
    for language, code in code_of(answer) if "?" in answer else ():
        source = code.encode("utf-8", "replace")
        texts = (source[span.start : span.end] for span in spans(code, language) if span.part != "comment")
        pieces += (text.decode("utf-8", "replace")[1:-1] for text in texts if b" " in text.strip() and b"?" in text)
    return "\n".join(pieces)


def _is_lost(text: str) -> bool:
    """Return whether letters became question marks, as in an encoding that lacks them."""
    marks = _MARKS.findall(prose(text)) if "??" in text else []
    return len(marks) > 2 or any(len(run) > 5 for run in marks)


def hidden_characters(sample: Sample) -> RuleResult | None:
    """Remove control and zero-width characters: invisible, they cost tokens or hide what code does."""
    if not any(HIDDEN.search(turn["content"]) for turn in sample.messages):
        return None
    if phrases("about_hidden").search(sample.prompt):
        return None
    cleaned = with_texts(sample, without_hidden, roles=("system", "user"))
    language = language_of_file(sample) if is_code(sample) else None
    cleaned = with_texts(cleaned, lambda text: without_hidden(text, language=language), roles=("assistant",))
    if cleaned.messages != sample.messages:
        return fix(cleaned, "holds invisible characters", "含有不可见字符")
    return warn("holds invisible characters in a string of its code", "代码的字符串里含有不可见字符")


def json_wrapped(sample: Sample) -> RuleResult | None:
    """Unwrap an answer from a JSON object where nobody asked for JSON."""
    inner = sample.answer.strip()
    blocks = fenced(inner)
    if len(blocks) == 1 and (blocks[0].start, blocks[0].end) == (0, len(inner)) and blocks[0].language in ("", "json"):
        inner = blocks[0].code.strip()
    if inner[:1] not in ("{", "[") or "json" in sample.prompt.lower() or is_scanned(sample):
        return None
    try:
        value = orjson.loads(inner)
    except orjson.JSONDecodeError:
        try:
            value = ast.literal_eval(inner)  # a printed Python object
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return None
    text = whole(_answer_in(value))
    if not text:
        return None
    return fix(with_answer(sample, text), "is wrapped in a JSON object", "回答被包在 JSON 里")


def _answer_in(value: Any, depth: int = 0) -> str:
    """Return the only answer text in a row, a chat or a service's reply, or `""`.

    An object that holds anything else is data: taking one text out of it would lose the rest.
    """
    if isinstance(value, str) or depth > 5:
        return value.strip() if isinstance(value, str) and depth else ""
    if isinstance(value, list):
        replies = [turn for turn in value if isinstance(turn, dict) and turn.get("role") == "assistant"]
        return _answer_in(replies[-1] if replies else value[0] if len(value) == 1 else None, depth + 1)
    if not isinstance(value, dict):
        return ""
    keys = [key for key in _ANSWER_KEYS if key in value]
    if len(keys) != 1 or not set(value) <= {keys[0], *_AROUND_AN_ANSWER, *_OF_AN_INTERFACE}:
        return ""
    text = _answer_in(value[keys[0]], depth + 1)
    may_be_data = keys[0] in _DATA_KEYS or not _OF_AN_INTERFACE.isdisjoint(value)
    is_data = may_be_data and len(text) < LEAST and "\n" not in text
    return "" if is_data else text


def web_residue(sample: Sample) -> RuleResult | None:
    """Remove lines that a web page adds to its content: buttons, author, licence."""
    answer = sample.answer
    if is_code(sample) or phrases("about_pages").search(sample.prompt):
        return None
    cleaned = without_page_lines(answer)
    if cleaned and cleaned != answer.strip():
        return fix(with_answer(sample, cleaned), "holds the remains of a web page", "残留网页内容")
    line = page_line(answer)
    return warn(f"may hold the remains of a web page: {line[:60]}", f"可能残留网页内容：{line[:60]}") if line else None


def html_residue(sample: Sample) -> RuleResult | None:
    """Remove entities and tags left over from a web page, in code or around it."""
    answer = sample.answer
    if not ("&" in answer or "<" in answer) or (is_scanned(sample) and is_code(sample)):
        return None
    if _ABOUT_ENTITIES.search(sample.prompt):
        return None
    cleaned = unescaped(answer)
    if cleaned == answer and not is_code(sample) and not _ABOUT_TAGS.search(sample.prompt):
        if _ABOUT_LOOKS.search(sample.prompt) and _LOOKS.search(answer):
            return None  # the answer shows how to style a text
        cleaned = without_tags(answer)
        if len(cleaned) < 0.7 * len(without_entities(answer)) and phrases("about_code").search(sample.prompt):
            return None  # HTML was asked for
    if cleaned == answer or not cleaned.strip():
        return None
    return fix(with_answer(sample, cleaned), "holds the remains of HTML", "残留 HTML 实体或标签")


def chat_markers(sample: Sample) -> RuleResult | None:
    """Remove a chat template's marks inside a message, which the tokenizer takes for real ones."""
    others = [turn for turn in sample.messages if turn["role"] != "assistant"]
    if any(is_about_marks(turn["content"]) for turn in others):
        return kept_token(sample)
    asked = "\n".join(f"{turn['role']}\n{turn['content']}" for turn in others)
    messages = []
    for position, turn in enumerate(sample.messages):
        content, wrong = turn["content"], ""
        if turn["role"] == "assistant":
            is_whole = position == len(sample.messages) - 1 and is_code(sample)
            content, wrong = (without_edges(content), "") if is_whole else _without_marks(content, asked)
        elif turn["role"] in ("user", "system") and has_marks(content):
            content, wrong = own_turn(content, turn["role"])
        if wrong:
            reason = f"holds {wrong} of a chat template where it cannot be removed safely"
            return drop(reason, f"混入了无法安全去掉的模板标记 {wrong}")
        # White space around a mark does not count as a difference.
        messages.append(turn if content.split() == turn["content"].split() else {**turn, "content": content})
    cleaned = sample.replace(messages=messages)
    cleaned = with_texts(cleaned, _question_alone, roles=("user",))
    if not is_code(cleaned) and not _ABOUT_ROLES.search(sample.prompt):
        cleaned = with_answer(cleaned, _answer_alone(cleaned.answer, cleaned.prompt))
    if cleaned.messages == sample.messages:
        return kept_token(sample)
    if not cleaned.answer or not cleaned.prompt:
        return drop("is nothing but chat-template marks", "只有对话模板标记")
    return fix(cleaned, "holds chat-template marks", "混入了对话模板标记")


def _without_marks(answer: str, asked: str) -> tuple[str, str]:
    """Return an answer without marks except `<think>` around its reasoning, and the mark that must stay, or `""`."""
    if not has_marks(answer):
        return answer, ""
    turn_text, wrong = own_turn(answer, "assistant")
    thought = _THOUGHT.match(turn_text)
    head, body = (thought[0], turn_text[thought.end() :]) if thought else ("", turn_text)
    unmarked = taken(body, asked)
    stray = unmarked.foreign if unmarked.is_open or head else ""
    wrong = wrong or unmarked.wrong or stray or next(filter(None, map(left_mark, unmarked.thoughts)), "")
    if wrong:
        return answer, wrong
    if not unmarked.foreign and _THINK.search(INLINE_CODE.sub("", body)):
        return turn_text, ""  # `think_tags` judges `<think>`
    if unmarked.thoughts:
        head = "<think>\n" + "\n\n".join(unmarked.thoughts) + "\n</think>\n\n"
    if "<thinking>" not in asked:
        head = head.replace("<thinking>", "<think>").replace("</thinking>", "</think>")
    return head + unmarked.text, ""


def _question_alone(text: str) -> str:
    asked = text.strip()
    begin, end = phrases("asker").match(asked), phrases("asked").search(asked, max(0, len(asked) - TAIL))
    if not end and not (begin and "\n" not in begin[0].strip() and begin[0].lstrip().startswith("#")):
        return text
    return asked[begin.end() if begin else 0 : end.start() if end else len(asked)].strip()


def _answer_alone(text: str, question: str) -> str:
    """Return an answer without the turn labels around it, and without the question repeated before it."""
    for _ in range(_MOST_ECHOES):
        asker = phrases("asker").match(text)
        if not asker or not text.startswith(question.strip(), asker.end()):
            break
        rest = text[asker.end() + len(question.strip()) :]
        begins = phrases("speaker").match(rest)
        if not begins or not rest[:1].isspace() or not rest[begins.end() :].strip():
            break
        text = rest.lstrip()
    begin = phrases("speaker").match(text)
    if begin and begin[0].strip(" \n:：#") in question:
        begin = None  # the label was asked for
    if begin and (last := phrases("speaker_ends").search(text, max(0, len(text) - TAIL))):
        text = text[: last.start()]
    blocks = fenced(text)
    ends = (match.start() for match in phrases("next_turn").finditer(text))
    end = next((at for at in ends if not in_a_block(at, blocks)), len(text))
    return text if not begin and end == len(text) else text[begin.end() if begin else 0 : end].strip()


def think_tags(sample: Sample) -> RuleResult | None:
    """Repair or drop reasoning whose `<think>` and `</think>` do not open once, close once and hold something."""
    answer = sample.answer
    if is_code(sample) or "<think" in sample.prompt:
        return None
    if "<think>" in answer and "</thinking>" in answer:
        answer = answer.replace("</thinking>", "</think>")
        return fix(with_answer(sample, answer), "its <think> is closed as </thinking>", "<think> 的结束标签写错")
    marks = [match[1] for match in _THINK.finditer(INLINE_CODE.sub("", answer))]
    if not marks or not _THINK.search(INLINE_CODE.sub("", outside_fences(answer))):
        return None
    if marks == ["/"] and not _THINK.split(answer)[0].strip():
        return fix(with_answer(sample, _THINK.sub("", answer).strip()), "its <think> is empty", "<think> 里没有内容")
    if marks == ["/"]:
        return fix(with_answer(sample, "<think>\n" + answer), "its <think> has no opening tag", "缺少 <think> 开头标签")
    if marks != ["", "/"]:
        return drop("its <think> is not closed", "<think> 标签没有闭合")
    start, end = list(_THINK.finditer(answer))[:2]
    if not answer[end.end() :].strip():
        return drop("has no answer after its reasoning", "思考之后没有回答")
    if answer[start.end() : end.start()].strip():
        return None
    cleaned = (answer[: start.start()] + answer[end.end() :]).strip()
    return fix(with_answer(sample, cleaned), "its <think> is empty", "<think> 里没有内容")
