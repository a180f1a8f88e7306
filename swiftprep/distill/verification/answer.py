"""Turn a teacher's reply into the answer to train on: reasoning in the right form, wrapping removed."""

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
    """A reply split into thought and answer.

    Attributes:
        thought: The thought, without tags; `""` when there is none.
        text: The answer.
        is_open: Whether the thought is never closed, so that there is no answer.
    """

    thought: str
    text: str
    is_open: bool = False


def parts(reply: Reply, asked: str = "") -> Parts:
    r"""Split a reply into thought and answer.

    The thought is the reasoning that the provider returns separately, and the text outside of code between `<think>`
    and `</think>` or the similar tags of other templates. Some templates put the opening tag into the prompt, so
    everything before a first closing tag is thought, too. Tags around the answer are removed where possible.

    Args:
        reply: The teacher's reply.
        asked: The task; if it is about such tags, they are left alone.

    >>> parts(Reply("First the columns.\n</think>\n\nUse ta-table."))
    Parts(thought='First the columns.', text='Use ta-table.', is_open=False)
    """
    split = taken(_plain(reply.content), asked)
    thoughts = dict.fromkeys(filter(None, (plain_thought(_plain(reply.reasoning)), *split.thoughts)))
    return Parts("\n\n".join(thoughts), _unwrapped(split.text.strip()), split.is_open)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", "")


def _unwrapped(text: str) -> str:
    """Remove a Markdown fence around a whole answer, which often contains code with its own fences."""
    opened = _WRAPPED.match(text)
    if opened is None:
        return text
    inner = text[opened.end() :]
    marks = [match for match in _FENCE_LINE.finditer(inner) if match[1].startswith(opened[1])]
    # If the inner fences are in pairs, the last one closes the wrapping; without it the wrapping was never closed.
    if len(marks) % 2 and not inner[marks[-1].end() :].strip():
        inner = inner[: marks[-1].start()]
    elif len(marks) % 2:
        return text
    return inner.strip()


def joined(thought: str, text: str, reasoning: Reasoning) -> tuple[str, str]:
    """Return `(answer, reasoning)` in the requested form; see `written`."""
    if reasoning == "think":
        return (f"<think>\n{thought}\n</think>\n\n{text}" if thought else text), thought
    return text, before_code(text) if reasoning == "inline" else ""


def before_code(text: str) -> str:
    """Return the prose of an answer before its first code block; all of it when there is none."""
    blocks = fenced(text)
    return text[: blocks[0].start].strip() if blocks else text


def written(reply: Reply, reasoning: Reasoning, asked: str = "") -> tuple[str, str]:
    r"""Return a reply as it will be trained on, and its reasoning.

    Args:
        reply: The teacher's reply. A byte order mark, `\r`, chat template tags and a Markdown fence around the whole
            are removed.
        reasoning: `"think"`: `<think>\n…\n</think>\n\n` and the answer; `"inline"`: the answer, with the text before
            its first code block as reasoning; `"none"`: the answer, and `""`.
        asked: See `parts`.

    >>> written(Reply("Use ta-table.", reasoning="A list is wanted."), "think")
    ('<think>\nA list is wanted.\n</think>\n\nUse ta-table.', 'A list is wanted.')
    """
    split = parts(reply, asked)
    return joined(split.thought, split.text, reasoning)
