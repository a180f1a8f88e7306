"""Read chat-template marks in a text: whose turn is which, what is reasoning, what is the answer.

A mark is removed where the rest is plainly the message: it begins or ends the text, or a pair of marks surrounds all of
it. Any other mark has no safe reading, and `Taken.wrong` names it. Marks in inline code and code blocks are left alone.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace

from swiftprep.code.markdown import FENCE_MARK, fenced, is_bare_code, outside_fences
from swiftprep.quality.rules.mark_patterns import marks, owner_of
from swiftprep.quality.rules.phrases import phrases

_INLINE = re.compile(r"(?<!`)(`{1,2})(?!`)[^`\n]+\1(?!`)")
_BOXED = re.compile(r"\\boxed[ \t]*\{")
_BRACE = re.compile(r"\\.|[{}]")
_LONGEST = 200  # characters of a mark with the white space around it, and of a formula in a box
_DEEPEST = 5  # nested pairs of marks
# The content of a mathematical box: commands, numbers, symbols and single letters.
_FORMULA = re.compile(r"(?:\\[a-zA-Z]+|\\.|\b[a-zA-Z]{1,2}\b|[^a-zA-Z\\\u3400-\u9fff`])*")
# A system prompt that does not say how to answer.
_SAYS_LITTLE = re.compile(
    r"(?:You are [^.\n]{1,60}\.\s*)?(?:You are an? (?:\w+ ){0,3}assistant\.?|你是一?[个名]?[^。\n]{0,12}助手。?)"
)
_PARSED = frozenset("vue html js javascript jsx ts typescript tsx python py java css scss less json".split())


@dataclass(frozen=True, slots=True)
class Taken:
    """A text without its marks.

    Attributes:
        thoughts: The pieces of reasoning, without blank ones.
        text: The answer. If `wrong` is set, it may still have marks.
        is_open: Whether the reasoning never ends, so that there is no answer.
        is_first: Whether all reasoning comes before the answer.
        foreign: The first mark around reasoning that is not `<think>`, or `""`.
        wrong: The mark that has no safe reading, or `""`; marks within reasoning do not count.
    """

    thoughts: tuple[str, ...]
    text: str
    is_open: bool = False
    is_first: bool = True
    foreign: str = ""
    wrong: str = ""


def has_marks(text: str) -> bool:
    """Return whether a text has anything that may be a mark, even in code."""
    return marks().any.search(text) is not None


def is_about_marks(question: str) -> bool:
    r"""Return whether a question is about marks: it says so, or mentions one in a sentence.

    >>> is_about_marks("What does <|im_start|> mean?"), is_about_marks("<|im_start|>user\nList the users.<|im_end|>")
    (True, False)
    """
    if phrases("about_templates").search(question):
        return True
    if marks().tokens.search(question) is None:
        return False
    owner = next((owner for owner, piece, _ in _turns(question) if piece.strip()), "?")
    return owner == "" and own_turn(question, "user")[1] != ""


def taken(text: str, asked: str = "") -> Taken:
    r"""Remove the marks from an answer, and separate its reasoning.

    Args:
        text: The answer.
        asked: The messages before it. A word in angle brackets that occurs there is intended, and after a question
            about marks only `<think>` counts as one.

    >>> found = taken("[THINK]A list is wanted.[/THINK]<answer>Use ta-table.</answer><|im_end|>")
    >>> found.thoughts, found.text
    (('A list is wanted.',), 'Use ta-table.')
    """
    if not has_marks(text):
        return Taken((), text)
    if is_about_marks(asked):
        return _thoughts(text, asked, plain=True)
    if is_bare_code(text):
        return _thoughts(without_edges(text), asked, plain=True)
    answer, wrong = own_turn(_apart_from_fences(text), "assistant")
    if wrong:
        return Taken((), text, wrong=wrong)
    parts = _thoughts(answer, asked)
    if parts.is_open:
        return parts
    if parts.foreign and not parts.is_first:
        return Taken((), text, wrong=parts.foreign)
    answer = _without_pairs(_bare_blocks(parts.text), asked)
    thoughts = tuple(filter(None, map(plain_thought, parts.thoughts)))
    return replace(parts, thoughts=thoughts, text=answer, wrong=left_mark(answer, asked))


def plain_thought(thought: str) -> str:
    """Return reasoning without the marks in it."""
    return marks().in_thought.sub("", thought).strip() if has_marks(thought) else thought.strip()


def left_mark(text: str, asked: str = "") -> str:
    """Return a mark that is left in a text outside code, or `""`; for `asked`, see `taken`."""
    if not has_marks(text):
        return ""
    patterns = marks()
    code_spans = _code_spans(text)
    for pattern in (patterns.tokens, patterns.calls, patterns.words):
        for match in pattern.finditer(text):
            mark = match[0].strip()
            is_struck = mark in ("<s>", "</s>") and "<s>" in text and "</s>" in text  # HTML
            is_meant = is_struck or (pattern is not patterns.tokens and _is_named(mark, asked))
            if not is_meant and not _is_within(match.start(), code_spans):
                return mark
    for match in _BOXED.finditer(text):
        inner = text[match.end() : _closing(text, match.end(), _LONGEST)]
        if not (_FORMULA.fullmatch(inner) or "boxed" in asked or _is_within(match.start(), code_spans)):
            return match[0]
    return ""


def own_turn(text: str, role: str) -> tuple[str, str]:
    r"""Return what a role says in a text with marks of turns, and the mark that has no safe reading, or `""`.

    >>> own_turn("<|im_start|>user\nList the users.<|im_end|>", "user")
    ('List the users.', '')
    """
    turns = list(_turns(text))
    pieces = [(owner, piece, mark) for owner, piece, mark in turns if piece.strip()]
    if len(turns) == 1 or not pieces:
        return text if pieces else "", ""
    before = []
    while pieces and pieces[0][0] not in ("", role):
        before.append(pieces.pop(0))
    wrong = next((mark for owner, _, mark in before if owner == "?"), "")
    if role == "user":  # instructions in a system prompt would be lost
        wrong = wrong or next(
            (
                mark
                for owner, content, mark in before
                if owner == "system" and not _SAYS_LITTLE.fullmatch(content.strip())
            ),
            "",
        )
    if not wrong and len(pieces) > 1 and pieces[1][0] in ("", "?", role):
        wrong = pieces[1][2]
    if not wrong and len(pieces) > 1 and pieces[1][2] == "[INST]" and not _is_next_turn(turns, pieces[1]):
        wrong = "[INST]"
    if wrong:
        return text, wrong
    return pieces[0][1].strip() if pieces else "", ""


def _is_next_turn(turns: list[tuple[str, str, str]], turn: tuple[str, str, str]) -> bool:
    """Return whether a user's turn follows the end of another turn, or is answered; otherwise it may be anything."""
    at = turns.index(turn)
    return turns[at - 1][0] == "?" or any(owner == "assistant" for owner, _, _ in turns[at + 1 :])


def without_edges(code: str) -> str:
    """Return code without the marks of turns at its beginning and end; further in, they belong to the code."""
    turns = marks().turns
    while (first := turns.match(code.lstrip())) and first[0].strip() != "<s>":
        code = code.lstrip()[first.end() :]
    while last := _last_mark(code):
        code = code[: last.start()]
    return code


def _last_mark(code: str) -> re.Match[str] | None:
    end = len(code.rstrip())
    matches = [m for m in marks().turns.finditer(code, max(0, end - 80)) if m.end() >= end and m[0] != "</s>"]
    return matches[-1] if matches else None


def _is_named(mark: str, asked: str) -> bool:
    """Return whether the question names a mark or its other half, or is about tool calls if the mark is one."""
    return mark.replace("/", "").rstrip(">]") in asked or ("_call" in mark.lower() and mark.strip("</>[]") in asked)


def _is_within(place: int, spans: list[tuple[int, int]]) -> bool:
    """Return whether a place lies in one of the spans, which are in order."""
    at = bisect_right(spans, (place, sys.maxsize)) - 1
    return at >= 0 and place < spans[at][1]


def _code_spans(text: str) -> list[tuple[int, int]]:
    """Return the spans of code in a text, without the marks at the end of an unclosed block."""
    code_spans = []
    done = 0
    for block in fenced(text):
        code_spans += [match.span() for match in _INLINE.finditer(text, done, block.start)]
        code = block.code if block.closed else without_edges("`" + block.code)[1:]
        stop = block.end if block.closed else block.end - len(block.code) + len(code)
        code_spans.append((block.start, stop))
        done = block.end
    return [*code_spans, *(match.span() for match in _INLINE.finditer(text, done))]


def _apart_from_fences(text: str) -> str:
    """Move a mark on the line of a fence to a line of its own, so that the fence is recognised."""
    any_ = marks().any
    lines = []
    for line in text.split("\n"):
        fence = FENCE_MARK.search(line)
        before, after = (line[: fence.start()], line[fence.end() :].lstrip()) if fence else ("", "")
        if fence and before.strip() and not any_.sub("", before).strip():
            lines += [before, line[fence.start() :]]
        elif fence and not before.strip() and any_.match(after):
            lines += [line[: fence.end()], after]
        else:
            lines.append(line)
    return "\n".join(lines)


def _turns(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield `(owner, text, mark before it)`; the owner is `""` if no mark names it, and `"?"` after an end mark."""
    code_spans = _code_spans(text)
    owner, done, before = "", 0, ""
    for match in marks().turns.finditer(text):
        if _is_struck(text, match, done) or _is_within(match.start(), code_spans):
            continue
        piece = text[done : match.start()]
        yield owner, piece, before
        done, before = match.end(), match[0].strip()
        if match["turns"]:
            owner = owner_of(match[0])
        elif match["ends"] or piece.strip():
            owner = "?"
    yield owner, text[done:], before


def _is_struck(text: str, match: re.Match[str], done: int) -> bool:
    """Return whether `<s>` or `</s>` is HTML, with its other half in the text."""
    if match[0].strip() == "<s>":
        closing = text.find("</s>", match.end())
        return closing >= 0 and marks().turns.match(text, closing) is None
    return match[0] == "</s>" and "<s>" in outside_fences(text[done : match.start()])


def _thoughts(text: str, asked: str, *, plain: bool = False) -> Taken:
    """Separate reasoning from the answer; with `plain`, only `<think>` counts."""
    spoken: list[str] = []
    thoughts: list[str] = []
    done = 0
    fence = ""  # the fence of the code block we are in
    within = ""  # the kind of marks around the reasoning we are in
    seen, is_first, foreign = False, True, ""
    code_spans = [match.span() for match in _INLINE.finditer(text)]
    for match in marks().thoughts.finditer(text):
        if mark := match["fence"]:
            if not within and not fence:
                fence = mark
            elif not within and mark.startswith(fence) and not match["info"].strip():
                fence = ""
            continue
        side, kind = str(match.lastgroup).split("_")
        before = text[done : match.start()]
        if (fence and not within) or (within and kind != within) or _is_within(match.start(), code_spans):
            continue
        if kind != "0" and (plain or match[0].strip() in asked):
            continue
        if kind == marks().word and not within and not _opens(text, match, side, spoken, before):
            continue
        done = match.end()
        if side == "last" and not seen:  # the opening mark is missing
            thoughts.append("".join([*spoken, before]))
            spoken = []
        else:
            (thoughts if within else spoken).append(before)
        is_first = is_first and not any(map(str.strip, spoken))
        within = "" if side == "last" else kind
        seen, foreign = True, foreign or (match[0].strip() if kind != "0" else "")
    (thoughts if within else spoken).append(text[done:])
    whole = tuple(thought.strip() for thought in thoughts if thought.strip())
    return Taken(whole, "".join(spoken) if seen else text, bool(within), is_first, foreign)


def _opens(text: str, match: re.Match[str], side: str, spoken: list[str], before: str) -> bool:
    """Return whether a word in angle brackets opens a pair before anything else."""
    is_first = side == "first" and not before.strip() and not any(map(str.strip, spoken))
    return is_first and f"</{match[0].strip()[1:]}" in text[match.end() :]


def _without_pairs(text: str, asked: str) -> str:
    """Remove the marks around a whole answer, pair by pair."""
    for _ in range(_DEEPEST):
        text = text.strip()
        inner = _within_any(text, marks().answers, asked)
        boxed = _BOXED.match(text) if inner is None and text.endswith("}") and "boxed" not in asked else None
        if boxed and _closing(text, boxed.end(), len(text)) == len(text) - 1:
            inner = text[boxed.end() : -1]
        if inner is None:
            break
        text = inner
    return text


def _within_any(text: str, pairs: list[tuple[re.Pattern[str], re.Pattern[str]]], asked: str) -> str | None:
    """Return the content of a pair of marks around a text, or None."""
    for begins, ends in pairs:
        opened, closed = begins.match(text), ends.search(text, max(0, len(text) - _LONGEST))
        if not opened or not closed or opened.end() > closed.start():
            continue
        first, last, inner = opened[0].strip(), closed[0].strip(), text[opened.end() : closed.start()]
        is_pair = first[1:] == last[2:] or not re.match(r"<\w", first)
        if is_pair and first not in inner and last not in inner and not _is_named(first, asked):
            return inner
    return None


def _closing(text: str, start: int, most: int) -> int:
    """Return where the brace opened before `start` closes; if that is not found, the end of the search."""
    depth = 1
    for brace in _BRACE.finditer(text, start, start + most):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.start()
    return min(len(text), start + most)


def _bare_blocks(text: str) -> str:
    """Remove marks from the edges of code blocks in languages that have no such syntax."""
    pieces, done = [], 0
    for block in fenced(text):
        if block.closed and block.language in _PARSED and (code := _bare(block.code)) != block.code:
            at = text.index("\n", block.start) + 1
            pieces += [text[done:at], code.strip("\n"), "\n"]
            done = at + len(block.code)
    return "".join([*pieces, text[done:]])


def _bare(code: str) -> str:
    for _ in range(_DEEPEST):
        code = without_edges(code)
        inner = _within_any(code, marks().answers[:-1], "")
        if inner is None:
            break
        code = inner
    return code
