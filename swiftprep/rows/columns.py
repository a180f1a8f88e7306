"""The columns of a row that hold training content, and those among them that a reader would lose.

A row may hold two conversations (`messages`, and a `query` with its `response`), or content that a sample has no place
for: pictures, tools, a rejected answer. Every reader reads one conversation; what it would lose is named here.
"""

from __future__ import annotations

import ast
import contextlib
import json
import warnings
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from swiftprep.text.limits import LONGEST_LITERAL

# The synonyms ms-swift maps to one name (swift/dataset/preprocessor/core.py, ResponsePreprocessor and
# MessagesPreprocessor).
MESSAGES_KEYS = ("messages", "conversation", "conversations")
SYSTEM_KEYS = ("system", "system_prompt")
QUERY_KEYS = ("query", "prompt", "input", "instruction", "question", "problem")
RESPONSE_KEYS = (
    "response", "answer", "output", "targets", "target", "answer_key", "answers", "solution",
    "text", "completion", "content",
)  # fmt: skip
MEDIA_KEYS = ("images", "image", "videos", "video", "audios", "audio", "objects")
ASKERS, ANSWERERS = ("user", "human"), ("assistant", "gpt", "bot")
# The last two are other tools' names for the answers of a preference row.
_PREFERENCE_KEYS = (
    "rejected_response", "rejected_messages", "positive_messages", "negative_messages", "rejected", "chosen",
)  # fmt: skip
_DESIRED_KEYS = ("label", "kto_tag")  # of KTO: whether the answer is one to learn
# Other names for the answer often hold a copy of it, or a reference solution to check it against.
_ANSWER_KEYS = ("response", "output")
_TEXT_KEYS = {"content", "value", "text", *ASKERS, *ANSWERERS}
TELLING_KEYS = frozenset((
    *MESSAGES_KEYS, *SYSTEM_KEYS, *QUERY_KEYS, *RESPONSE_KEYS, "history", *MEDIA_KEYS, "tools", "chat_template_kwargs",
    *ASKERS, *ANSWERERS, *_PREFERENCE_KEYS, *_DESIRED_KEYS,
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class LeftOver:
    """A column that a reader would lose.

    Attributes:
        reason: The kind of content that would be lost, one of `swiftprep.swiftfmt.REASONS`.
        key: Name of the column.
        value: Its value.
    """

    reason: str
    key: str
    value: Any

    def __str__(self) -> str:
        text = str(self.value)
        return f"'{self.key}': {text if len(text) <= 40 else f'{text[:40]}…'}"


def left_over(row: Mapping[str, Any], messages: list[dict[str, Any]], read: Container[str] = ()) -> list[LeftOver]:
    """Return the columns with training content that the messages read from the row do not contain.

    Args:
        row: The row.
        messages: The messages read from it, with `role` and `content`.
        read: Columns known to be read.

    >>> turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    >>> [str(column) for column in left_over({"messages": turns, "query": "q", "response": "b"}, turns)]
    ["'response': b"]
    """
    return [LeftOver(reason, key, row[key]) for reason, key in _left_over(row, messages) if key not in read]


def _left_over(row: Mapping[str, Any], messages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for reason, keys in (("media", MEDIA_KEYS), ("preference", _PREFERENCE_KEYS)):
        for key in keys:
            if row.get(key) and not isinstance(row[key], (bool, int, float)):
                yield reason, key
    if row.get("tools") and row["tools"] != "[]":
        yield "tools", "tools"
    if row.get("chat_template_kwargs") not in (None, "", "{}", {}):
        yield "beside", "chat_template_kwargs"
    for key in _DESIRED_KEYS:
        if str(row.get(key)).strip().lower() in ("false", "0"):
            yield "loss", key
    exchange = any(row.get(key) for key in ASKERS) and any(row.get(key) for key in ANSWERERS)
    for reason, role, keys in (
        ("two-systems", "system", SYSTEM_KEYS),
        ("two-questions", "user", (*QUERY_KEYS, *(ASKERS if exchange else ()))),
        ("two-answers", "assistant", (*_ANSWER_KEYS, *(ANSWERERS if exchange else ()))),
        ("two-questions", "", (*MESSAGES_KEYS, "history")),
    ):
        for key in keys:
            if row.get(key) and not _is_contained(row[key], role, messages, row):
                yield reason, key


def _is_contained(value: Any, role: str, messages: list[dict[str, Any]], row: Mapping[str, Any]) -> bool:
    texts = {turn["content"].strip() for turn in messages if role in (turn["role"], "") and _is_text(turn["content"])}
    if role == "user":
        parts = [row.get("instruction"), row.get("input")]
        if all(map(_is_text, parts)) and "\n".join(parts).strip() in texts:  # type: ignore[arg-type]
            texts |= {part.strip() for part in parts if part}
    # Reasoning may have been put before an answer.
    texts |= {text.rpartition("</think>")[2].strip() for text in texts}
    return all(not text.strip() or text.strip() in texts for text in _texts(_parsed(value) if not role else value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a value: the value itself, or those of its turns."""
    left = [value]  # no recursion: the value may be nested deeply
    while left:
        inner = left.pop()
        if isinstance(inner, str):
            yield inner
        elif isinstance(inner, (int, float)) and not isinstance(inner, bool):
            yield json.dumps(inner)
        elif isinstance(inner, (list, tuple)):
            left += inner
        elif isinstance(inner, dict):
            left += [inner[key] for key in _TEXT_KEYS & inner.keys()]


def _parsed(value: Any) -> Any:
    """Parse a text that holds a JSON or Python list; return anything else as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith("["):
        return value
    with contextlib.suppress(ValueError, RecursionError):
        return json.loads(value)
    if len(value) > LONGEST_LITERAL:
        return value
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return value
