"""Rules about the characters: text that was decoded, escaped or cut out of a chat the wrong way."""

from __future__ import annotations

import ast
import html
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson

from swiftprep.quality.edit import with_answer, with_texts
from swiftprep.quality.markdown import fenced, outside_fences, prose
from swiftprep.quality.marks import has_marks, is_about_marks, left_mark, own_turn, taken, without_edges
from swiftprep.quality.origin import is_code
from swiftprep.quality.phrases import phrases
from swiftprep.quality.verdict import Verdict, drop, fix
from swiftprep.records import RESPONSE_KEYS, Sample

TAIL = 300  # characters at the end of a question in which a template's end is looked for

_LOST = re.compile("\ufffd|锟斤拷|锟斤|烫烫烫|屯屯屯")
_LATIN = re.compile("[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u2122]{2}")
_WIDE = re.compile("[\u2010-\u2027\u3000-\u301f\u3400-\u9fff\uff01-\uff5e]")
_CJK = re.compile("[\u3400-\u9fff]{2}")
# What shows nothing: control characters but tab and line ends, zero-width ones but the joiner of emoji, and the marks
# that turn the direction of text, which can hide code (Boucher and Anderson, Trojan Source, 2021).
_HIDDEN = re.compile(
    "\x1b\\[[0-9;]*[A-Za-z]"
    "|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060-\u2064\ufeff\u202a-\u202e\u2066-\u2069\u00ad]"
)
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\r": "", "\\\\": "\\"}
_ESCAPED = re.compile(r'\\(?:[ntr"]|\\)')
_ENTITY = re.compile(r"&(?:amp;)?(?:lt|gt|amp|quot|nbsp|#39|#x27|apos|ldquo|rdquo|hellip|mdash);")
_ABOUT_ENTITIES = re.compile(r"&|<\w|尖括号|angle bracket|实体|转义|entit|escap|unescape", re.I)
_ANSWER_KEYS = (
    *RESPONSE_KEYS, "result", "message", "reply", "generated_text", "回答", "答案", "内容", "输出",
    "choices", "messages", "data",
)  # fmt: skip
_LINE = r"(?m:^[ \t]*{}[ \t]*$\n?)"
_MARKS = re.compile(r"\?{2,}")
_HTML = re.compile(r"</?(?:p|div|span|b|strong|i|em|ul|ol|li|font|h[1-6])(?: [^<>\n]*)?>|<br ?/?>", re.I)
_TAG_NAME = re.compile(r"<(/?[a-z][a-z0-9]*)(?: [^<>\n]*)?>", re.I)
_BREAK = re.compile(r"<br ?/?>|&nbsp;", re.I)
_END_TAG = re.compile(r"(?:<br ?/?>|</p>)\n?", re.I)
_INLINE = re.compile(r"(?<!`)`[^`\n]+`(?!`)")
_THINK = re.compile(r"<(/?)think(?:ing)?>")
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?</think(?:ing)?>\s*", re.S)


def mojibake(sample: Sample) -> Verdict | None:
    """Text decoded with the wrong encoding: put right line by line where it can be, rejected where letters are lost."""
    if phrases("about_encodings").search(sample.prompt):
        return None  # wrong letters may well be shown in the answer
    made = with_texts(sample, _decoded)
    if any(_LOST.search(turn["content"]) or _is_lost(turn["content"]) for turn in made.messages):
        return drop("holds letters that were lost in a wrong decoding", "含有无法恢复的乱码")
    return None if made is sample else fix(made, "was decoded with the wrong encoding", "乱码，已按正确编码还原")


def _is_lost(text: str) -> bool:
    """Return whether letters became question marks, as when text is written in an encoding that has none of them."""
    marks = _MARKS.findall(prose(text)) if "??" in text else []
    return len(marks) > 2 or any(len(run) > 5 for run in marks)


def _decoded(text: str) -> str:
    if not _LATIN.search(text) and not _CJK.search(text):
        return text
    return "\n".join(map(_decoded_line, text.split("\n")))


def _decoded_line(line: str) -> str:
    if _LATIN.search(line):
        made = _from_latin(line)
        if made:
            return made
        from ftfy import TextFixerConfig, fix_encoding

        return fix_encoding(line, TextFixerConfig(restore_byte_a0=True, replace_lossy_sequences=False))
    if _CJK.search(line):
        # Chinese in GBK hardly ever happens to be valid UTF-8 too: of a line that nearly is, the reading is wrong.
        made = line.encode("gb18030", "replace").decode("utf-8", "replace")
        right = sum("\u3400" <= character <= "\u9fff" for character in made)
        return made if right > 1 and made.count("\ufffd") * 4 < right else line
    return line


def _from_latin(line: str) -> str:
    """Return a line of UTF-8 or GB18030 bytes that were read as Latin-1, or `""` where it is no such line."""
    try:
        data = line.encode("latin-1")
    except UnicodeError:
        return ""
    try:
        return data.decode("utf-8")
    except UnicodeError:
        made = data.decode("gb18030", "replace")
    high = sum(byte > 127 for byte in data)
    return made if high >= 4 and 2 * len(_WIDE.findall(made)) == high else ""


def hidden_characters(sample: Sample) -> Verdict | None:
    """Control and zero-width characters are not seen, and cost tokens or hide what the code does."""
    made = with_texts(sample, lambda text: _HIDDEN.sub("", text) if _HIDDEN.search(text) else text)
    return None if made is sample else fix(made, "holds characters that cannot be seen", "含有不可见字符")


def escaped_text(sample: Sample) -> Verdict | None:
    r"""An answer in which every line end is the two characters `\n`: it was escaped once too often."""
    answer = sample.answer
    inner = answer.strip()
    if "\n" in inner or _INLINE.sub("", inner).count("\\n") < 2:
        return None
    quoted = len(inner) > 2 and inner[0] == inner[-1] == '"'
    made = _ESCAPED.sub(lambda match: _ESCAPES[match[0]], inner[1:-1] if quoted else inner)
    if max(map(len, inner.split("\\n"))) > 400 or not made.strip():
        return None
    return fix(with_answer(sample, made), "its line ends are written as \\n", "换行被写成了字面的 \\n")


def json_wrapped(sample: Sample) -> Verdict | None:
    """An answer that is a JSON object with the answer in it, where nobody asked for JSON."""
    inner = sample.answer.strip()
    blocks = fenced(inner)
    if len(blocks) == 1 and (blocks[0].start, blocks[0].end) == (0, len(inner)) and blocks[0].language in ("", "json"):
        inner = blocks[0].code.strip()
    if inner[:1] not in ("{", "[") or "json" in sample.prompt.lower():
        return None
    try:
        value = orjson.loads(inner)
    except orjson.JSONDecodeError:
        try:
            value = ast.literal_eval(inner)  # a Python object, printed
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    text = _answer_in(value)
    if not text:
        return None
    return fix(with_answer(sample, text), "is a JSON object with the answer in it", "回答被包在 JSON 里")


def _answer_in(value: Any, depth: int = 0) -> str:
    """Return the one text in a row, a chat or a service's reply that is the answer, or `""`."""
    if isinstance(value, str) or depth > 5:
        return value.strip() if isinstance(value, str) and depth else ""
    if isinstance(value, list):
        said = [turn for turn in value if isinstance(turn, dict) and turn.get("role") == "assistant"]
        return _answer_in(said[-1] if said else value[0] if len(value) == 1 else None, depth + 1)
    if not isinstance(value, dict):
        return ""
    return next((text for key in _ANSWER_KEYS if (text := _answer_in(value.get(key), depth + 1))), "")


def web_residue(sample: Sample) -> Verdict | None:
    """Lines that a web page adds to what it shows: its buttons, its author, its licence."""
    answer = sample.answer
    if is_code(sample):
        return None
    made = _outside_code(answer, lambda text: phrases("web_page", _LINE).sub("", text)).strip()
    if made == answer.strip() or not made:
        return None
    return fix(with_answer(sample, made), "holds the remains of a web page", "残留网页内容")


def html_residue(sample: Sample) -> Verdict | None:
    """Entities and tags left over from a web page, in code or around it."""
    answer = sample.answer
    if _ABOUT_ENTITIES.search(sample.prompt):
        return None
    made = answer
    entities = _ENTITY.findall(answer)
    escaped = {entity.replace("amp;", "") for entity in entities}
    if {"&lt;", "&gt;"} <= escaped and not re.search(r"<[a-zA-Z/!]", _ENTITY.sub("", answer)):
        while (once := html.unescape(made)) != made:
            made = once
        made = made.replace("\xa0", " ")
    elif not is_code(sample):
        made = _outside_code(answer, _without_tags)
        if len(made) < 0.7 * len(html.unescape(answer)) and phrases("about_code").search(sample.prompt):
            return None  # it is HTML that was asked for
    if made == answer or not made.strip():
        return None
    return fix(with_answer(sample, made), "holds the remains of HTML", "残留 HTML 实体或标签")


def _without_tags(text: str) -> str:
    tags = Counter(tag.lower() for tag in _TAG_NAME.findall(text) if tag.lower() not in ("br", "/br"))
    if any(count != tags[f"/{tag}"] for tag, count in list(tags.items()) if tag[0] != "/"):
        return text  # prose that speaks of a tag
    if not tags and not _BREAK.search(text) and not _ENTITY.search(text):
        return text
    return "".join(map(_without_tags_in, text.splitlines(keepends=True)))


def _without_tags_in(line: str) -> str:
    if line.lstrip().startswith("|"):  # a table has no other way to end a line within a cell
        return line
    pieces = re.split(r"(`[^`\n]*`)", line)  # inline code may show a tag
    pieces[::2] = [_HTML.sub("", _END_TAG.sub("\n", piece)) for piece in pieces[::2]]
    return html.unescape("".join(pieces)).replace("\xa0", " ")


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    pieces: list[str] = []
    done = 0
    for block in fenced(text):
        pieces += change(text[done : block.start]), text[block.start : block.end]
        done = block.end
    return "".join([*pieces, change(text[done:])])


def chat_markers(sample: Sample) -> Verdict | None:
    """A chat template's marks inside a message: the tokenizer takes them for the real ones."""
    others = [turn for turn in sample.messages if turn["role"] != "assistant"]
    if any(is_about_marks(turn["content"]) for turn in others):
        return None
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
            reason = f"holds {wrong} of a chat template where it cannot be taken off"
            return drop(reason, f"混入了无法安全去掉的模板标记 {wrong}")
        # The white space around a mark is no difference.
        messages.append(turn if content.split() == turn["content"].split() else {**turn, "content": content})
    made = sample.replace(messages=messages)
    made = with_texts(made, _question_alone, roles=("user",))
    if not is_code(made):
        made = with_answer(made, _answer_alone(made.answer))
    if made.messages == sample.messages:
        return None
    if not made.answer or not made.prompt:
        return drop("is nothing but the marks of a chat template", "只有对话模板标记")
    return fix(made, "holds the marks of a chat template", "混入了对话模板标记")


def _without_marks(answer: str, asked: str) -> tuple[str, str]:
    """Return an answer with its thought in `<think>` and without other marks, and the one that has to stay or `""`."""
    if not has_marks(answer):
        return answer, ""
    said, wrong = own_turn(answer, "assistant")
    thought = _THOUGHT.match(said)
    head, body = (thought[0], said[thought.end() :]) if thought else ("", said)
    found = taken(body, asked)
    stray = found.foreign if found.is_open or head else ""
    wrong = wrong or found.wrong or stray or next(filter(None, map(left_mark, found.thoughts)), "")
    if wrong:
        return answer, wrong
    if not found.foreign and _THINK.search(_INLINE.sub("", body)):
        return said, ""  # of `<think>` another rule says more
    if found.thoughts:
        head = "<think>\n" + "\n\n".join(found.thoughts) + "\n</think>\n\n"
    if "<thinking>" not in asked:
        head = head.replace("<thinking>", "<think>").replace("</thinking>", "</think>")
    return head + found.text, ""


def _question_alone(text: str) -> str:
    asked = text.strip()
    begin, end = phrases("asker").match(asked), phrases("asked").search(asked, max(0, len(asked) - TAIL))
    if not end and not (begin and "\n" not in begin[0].strip() and begin[0].lstrip().startswith("#")):
        return text
    return asked[begin.end() if begin else 0 : end.start() if end else len(asked)].strip()


def _answer_alone(text: str) -> str:
    begin = phrases("speaker").match(text)
    blocks = fenced(text)
    ends = (match.start() for match in phrases("next_turn").finditer(text))
    end = next((at for at in ends if not any(b.start <= at < b.end for b in blocks)), len(text))
    return text if not begin and end == len(text) else text[begin.end() if begin else 0 : end].strip()


def think_tags(sample: Sample) -> Verdict | None:
    """Reasoning between `<think>` and `</think>`, which must open once, close once and hold something."""
    answer = sample.answer
    if is_code(sample) or "<think" in sample.prompt:
        return None
    if "<think>" in answer and "</thinking>" in answer:
        answer = answer.replace("</thinking>", "</think>")
        return fix(with_answer(sample, answer), "its <think> is closed as </thinking>", "<think> 的结束标签写错")
    marks = [match[1] for match in _THINK.finditer(_INLINE.sub("", answer))]
    if not marks or not _THINK.search(_INLINE.sub("", outside_fences(answer))):
        return None
    if marks == ["/"] and not _THINK.split(answer)[0].strip():
        return fix(with_answer(sample, _THINK.sub("", answer).strip()), "its <think> is empty", "<think> 里没有内容")
    if marks == ["/"]:
        return fix(with_answer(sample, "<think>\n" + answer), "its <think> is not opened", "缺少 <think> 开头标签")
    if marks != ["", "/"]:
        return drop("its <think> is not closed", "<think> 标签没有闭合")
    start, end = list(_THINK.finditer(answer))[:2]
    if not answer[end.end() :].strip():
        return drop("there is no answer after its reasoning", "思考之后没有回答")
    if answer[start.end() : end.start()].strip():
        return None
    made = (answer[: start.start()] + answer[end.end() :]).strip()
    return fix(with_answer(sample, made), "its <think> is empty", "<think> 里没有内容")
