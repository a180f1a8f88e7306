"""The rule about answers caught in a loop."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from swiftprep.code.markdown import fenced, outside_fences
from swiftprep.quality.rule import RuleResult, drop, warn
from swiftprep.quality.rules.origin import is_code, is_scanned
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample
from swiftprep.redaction.mask import MARKER

_RUN = re.compile(r"([^\W\d_][^\n]{0,15}?)\1{11,}")
_LONG_RUN = re.compile(r"([^\s])\1{999}")
_COUNTED = 30  # lines that differ only in a number; a list of data may have fewer
_WORD = re.compile("[^\\W\\d_]{3}|[\u3400-\u9fff]")
_DIGIT = re.compile(r"\d")
_FIRST_NUMBER = re.compile(r"^([^\d\n]*)\d+", re.M)
_PARAGRAPH = 40  # characters above which nobody writes a paragraph three times
_ROWS = 12  # equal lines in code; rows and columns of a page may well be the same a few times
_BLANK_LINES = re.compile(r"\n(?:[ \t\r]{0,200}\n){99}")
_NOT_DATA = 1000  # characters of one repeated piece; no matrix or fixture is as long and uniform
_EMPTY_BLOCKS = 20
_NUMBER = re.compile(r"^\s*(?:\d+[.)、]|[-*•])\s*")


def looping(sample: Sample) -> RuleResult | None:
    """Drop an answer caught in a loop: it ends in one piece over and over, or repeats one line many times.

    A matrix, a fixture or a sentence to be written ten times also repeats itself; such an answer is kept with a
    warning.
    """
    repeated = _loop(sample)
    if repeated is None:
        counted = "" if is_scanned(sample) else _counts(sample)
        return (
            warn(f"repeats a line with only the number changing: {counted[:40]}", f"只有编号在变：{counted[:40]}")
            if counted
            else None
        )
    is_asked_for = _is_asked_for(repeated, sample.prompt) and not _is_endless(sample.answer, repeated)
    say = warn if is_scanned(sample) or is_asked_for else drop
    return say(f"repeats itself: {repeated[:40]}", f"内容循环重复：{repeated[:40]}")


def _is_asked_for(repeated: str, question: str) -> bool:
    """Return whether the repetition may have been asked for: a text several times, or a matrix of one number."""
    if phrases("asks_to_repeat").search(question):
        return True
    is_data = _WORD.search(repeated) is None
    return is_data and (phrases("asks_for_rows").search(question) or _DIGIT.search(question)) is not None


def _is_endless(answer: str, repeated: str) -> bool:
    """Return whether one piece is repeated so often that nobody can have asked for it as data."""
    if not repeated or _WORD.search(repeated):
        return False
    return repeated * (_NOT_DATA // len(repeated) + 1) in answer


def _loop(sample: Sample) -> str | None:
    """Return the repeated piece, or None."""
    answer = MARKER.sub("", sample.answer).rstrip()
    tail = answer[-800:]
    period = _period(tail)
    if period and len(tail) >= 4 * period and len(tail) >= 40 and re.search(r"\w", tail[-period:]):
        return tail[-period:].strip()
    if period and len(answer) > _NOT_DATA and answer.endswith(tail[-period:] * (_NOT_DATA // period)):
        return f"symbols without words (无文字的符号): {tail[-period:].strip()}"
    if _BLANK_LINES.search(answer):
        return "line breaks (空行)"
    text = "" if is_code(sample) else outside_fences(answer)
    run = _RUN.search(text)
    if run:
        return run[1]
    if run := _LONG_RUN.search(text):
        return run[0][:12]
    if len(answer) > 60 and len(set(answer[-40:])) == 1:
        return answer[-12:]
    paragraphs = Counter(part.strip() for part in re.split(r"\n{2,}", text) if len(part.strip()) > _PARAGRAPH)
    again = next((part for part, times in paragraphs.items() if times > 2), "")
    if again:
        return again
    blocks = [] if is_code(sample) else fenced(answer)
    if sum(not block.code.strip() for block in blocks) > _EMPTY_BLOCKS:
        return "empty code blocks (空代码块)"
    for piece, most in ((text, 4), *((block.code, _ROWS) for block in blocks)):
        line = _repeated(piece, most)
        if line:
            return line
    return None


def _counts(sample: Sample) -> str:
    """Return a line of code that is repeated many times in a row, with another number each time, or `""`."""
    blocks = [] if is_code(sample) else fenced(sample.answer)
    return next(filter(None, (_repeated(_FIRST_NUMBER.sub(r"\g<1>0", block.code), _COUNTED) for block in blocks)), "")


def _repeated(text: str, most: int) -> str:
    """Return a line or sentence that is repeated `most` times in a row, apart from its list number, or `""`."""
    lines = [_NUMBER.sub("", line).strip() for line in re.split(r"\n|(?<=[。！？])", text) if line.strip()]
    run = 1
    for before, line in pairwise(lines):
        run = run + 1 if line == before and len(line) > 8 and re.search(r"[\w\u3400-\u9fff]{3}", line) else 1
        if run >= most:
            return line
    return ""


def _period(text: str) -> int:
    """Return the shortest period with which the end of a text repeats at least four times, in characters, or 0."""
    at = len(text) - 10
    for _ in range(3):  # a quick test: the last ten characters must occur four times
        at = text.rfind(text[-10:], 0, at + 9)
        if at < 0:
            return 0
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
