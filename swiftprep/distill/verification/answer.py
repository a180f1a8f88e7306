"""From a teacher's reply to the answer as it will be trained on: the reasoning in its form, wrappings taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass

from swiftprep.code.markdown import fenced
from swiftprep.quality.rules.marks import plain_thought, taken
from swiftprep.teachers.request import Reasoning, Reply

_FENCE_LINE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n`]*$", re.M)
_WRAPPED = re.compile(r"(`{3,}|~{3,})[ \t]*(?:markdown|md)[ \t]*\n", re.I)


@dataclass(frozen=True, slots=True)
class Parts:
    """A reply taken apart.

    Attributes:
        thought: What the teacher thought, without tags; `""` when it gave none.
        text: What it said.
        is_open: Whether its thought never ends, so that there is no answer.
    """

    thought: str
    text: str
    is_open: bool = False


def parts(reply: Reply, asked: str = "") -> Parts:
    r"""Take a reply apart: thought and answer.

    A thought is what the provider gives apart, and what stands between `<think>` and `</think>`, or the like marks of
    other templates, outside of code. Some templates write the opening mark into the prompt, so all before a first
    closing one is a thought, too. Marks around the answer are taken off; one that cannot be is left where it is.

    Args:
        reply: What the teacher answered.
        asked: The task; when it is about such marks they are left alone.

    >>> parts(Reply("First the columns.\n</think>\n\nUse ta-table."))
    Parts(thought='First the columns.', text='Use ta-table.', is_open=False)
    """
    found = taken(_plain(reply.content), asked)
    thoughts = dict.fromkeys(filter(None, (plain_thought(_plain(reply.reasoning)), *found.thoughts)))
    return Parts("\n\n".join(thoughts), _unwrapped(found.text.strip()), found.is_open)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")


def _unwrapped(text: str) -> str:
    """Take off a Markdown fence around a whole answer; within it there is often code with fences of its own."""
    opened = _WRAPPED.match(text)
    if opened is None:
        return text
    inner = text[opened.end() :]
    marks = [match for match in _FENCE_LINE.finditer(inner) if match[1].startswith(opened[1])]
    # With its own fences in pairs the last one ends the wrapping; without a last one the wrapping was never closed.
    if len(marks) % 2 and not inner[marks[-1].end() :].strip():
        inner = inner[: marks[-1].start()]
    elif len(marks) % 2:
        return text
    return inner.strip()


def joined(thought: str, text: str, reasoning: Reasoning) -> tuple[str, str]:
    """Return `(answer, reasoning)` in the form asked for; see `written`."""
    if reasoning == "think":
        return (f"<think>\n{thought}\n</think>\n\n{text}" if thought else text), thought
    return text, before_code(text) if reasoning == "inline" else ""


def before_code(text: str) -> str:
    """Return the prose of an answer before its first code block; all of it when there is none."""
    blocks = fenced(text)
    return text[: blocks[0].start].strip() if blocks else text


def written(reply: Reply, reasoning: Reasoning, asked: str = "") -> tuple[str, str]:
    r"""Return a reply as it will be trained on, and the part of it that is its reasoning.

    Args:
        reply: What the teacher answered. A byte order mark, `\r`, the marks of a chat template and a Markdown fence
            around the whole are taken off.
        reasoning: `"think"`: `<think>\n…\n</think>\n\n` and the answer; `"inline"`: the answer, whose reasoning is what
            stands before its first code block; `"none"`: the answer, and `""`.
        asked: See `parts`.

    >>> written(Reply("Use ta-table.", reasoning="A list is wanted."), "think")
    ('<think>\nA list is wanted.\n</think>\n\nUse ta-table.', 'A list is wanted.')
    """
    found = parts(reply, asked)
    return joined(found.thought, found.text, reasoning)
