"""Keys of a turn or row beside its text, which would be lost if only the text were read.

Three kinds matter: a *mark* that says whether to train on the turn (`weight: 0`, `train: false`, `masked: true`), the
*reasoning* before an answer, and any *other* key that holds text. Keys that only describe a turn, such as its id, are
left out, and so is a mark that asks for normal training. A mark that cannot be understood counts as one that does not.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

REASONING = {
    "reasoning", "reasoning_content", "reasoning_text", "thinking", "thinking_content", "think", "thought", "thoughts",
    "chain_of_thought", "cot", "complex_cot",
}  # fmt: skip
_EFFORTS = {"none", "minimal", "low", "medium", "high", "auto", "default", "enabled", "disabled", "detailed"}
_LEARNT = {
    "weight", "weights", "train", "training", "trainable", "trained", "learn", "learnable", "learned", "loss", "losses",
    "supervise", "supervised", "backprop", "gradient", "grad",
}  # fmt: skip
_KEPT = {"keep", "include", "included"}
_NOT_LEARNT = {"masked", "masking", "ignore", "ignored", "skip", "skipped", "exclude", "excluded", "frozen"}
_EITHER_WAY = {"mask", "masks"}  # in some tools 1 means "not learnt", in others "learnt"
_NOT = {"no", "not", "non", "without", "disable", "disabled"}
_FACTOR = {"weight", "weights", "scale", "factor"}
_LABELS = {
    "id", "uuid", "uid", "idx", "index", "turn", "turn_id", "message_id", "parent", "parent_id", "conversation_id",
    "tool_call_id", "type", "object", "model", "created", "created_at", "updated_at", "timestamp", "time", "date",
    "datetime", "lang", "language", "source", "finish_reason", "stop_reason", "status", "usage", "meta", "metadata",
    "hash", "reasoning_effort",
}  # fmt: skip
_SWITCHES = {"prefix", "partial"}  # the turn is only the beginning of an answer
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "0": 0, "1": 1}
_LONGEST_NAME = 100  # characters of a key that are examined and cached
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Extra:
    """A key beside the text of a turn or row.

    Attributes:
        key: Name of the key.
        value: Its value.
        kind: `"mark"`, `"reasoning"` or `"other"`.
    """

    key: str
    value: Any
    kind: Literal["mark", "reasoning", "other"]

    def __str__(self) -> str:
        text = str(self.value)
        return f"'{self.key}': {text if len(text) <= 40 else f'{text[:40]}…'}"


def turn_extras(turn: dict[str, Any], read: Container[str], *, answer: bool) -> list[Extra]:
    """Return the keys of a turn that are not read and matter.

    Args:
        turn: A role with a text, or a pair of question and answer.
        read: The keys that are read.
        answer: Whether it is the assistant's turn: other turns are not learnt anyway.

    >>> [extra.key for extra in turn_extras({"content": "x", "weight": 0, "id": 7}, {"content"}, answer=True)]
    ['weight']
    """
    return list(_extras(turn, read, answer))


def keys_of_a_turn(turn: dict[str, Any]) -> set[str]:
    """Return the keys read from a turn: its role, and its text under either name, unless there are two texts."""
    two = "content" in turn and turn.get("value") not in (None, turn["content"])
    return {"role", "from", "content"} if two else {"role", "from", "content", "value"}


def row_extras(row: dict[str, Any], read: Container[str]) -> list[Extra]:
    """Return the marks and the reasoning in columns of a row that are not read; its other columns do not matter."""
    return [
        extra
        for extra in _extras(row, read, True)
        if extra.kind == "reasoning" or (extra.kind == "mark" and _is_mark_value(extra.value))
    ]


def is_telling(name: str) -> bool:
    """Tell whether a name is that of a mark or of reasoning."""
    names = _names(name[:_LONGEST_NAME])
    return bool(_marked(names[0]) or REASONING & set(names))


def _extras(holder: dict[str, Any], read: Container[str], answer: bool) -> Iterator[Extra]:
    for key, value in holder.items():
        if key in read or _is_empty(value):
            continue
        names = _names(str(key)[:_LONGEST_NAME])
        if marked := _marked(names[0]):
            asked = marked == {"learnt"} and value is True  # to train on a turn that is not the assistant's
            if (not _learns_as_usual(marked, value)) if answer else asked:
                yield Extra(key, value, "mark")
        elif REASONING & set(names) and isinstance(value, (str, list, dict)):
            if not _is_setting(value):
                yield Extra(key, value, "reasoning")
        elif names[0] in _SWITCHES:
            if _switch(value) is not False:
                yield Extra(key, value, "other")
        elif isinstance(value, (str, list, dict)) and names[0] not in _LABELS:
            yield Extra(key, value, "other")


@lru_cache(maxsize=4096)
def _names(key: str) -> tuple[str, str]:
    """Return a name in snake case and in lower case: `trainOnTurn` becomes `train_on_turn` and `trainonturn`."""
    plain = key.strip().replace("-", "_")
    return _HUMP.sub("_", plain).lower(), plain.lower()


@lru_cache(maxsize=4096)
def _marked(name: str) -> frozenset[str]:
    """Return what a true value means for a mark of this name: `learnt`, `not-learnt` or `either`, with modifiers.

    `factor` stands for a number to multiply the loss by, `kept` for more than training. An empty set is no mark.
    """
    words = set(name.split("_"))
    if words & _EITHER_WAY:
        return frozenset({"either"})
    factor = {"factor"} if words & _FACTOR else set()
    if words & _NOT_LEARNT:
        return frozenset({"not-learnt", *factor})
    if words & _LEARNT:
        return frozenset({"not-learnt" if words & _NOT else "learnt", *factor})
    return frozenset({"learnt", "kept"}) if words & _KEPT else frozenset()


def _learns_as_usual(marked: frozenset[str], value: Any) -> bool:
    if isinstance(value, list):
        return all(_learns_as_usual(marked, item) for item in value)
    switch = _switch(value)
    if switch is None:
        # A number other than 0 and 1, such as a measured loss, matters only in a weight.
        return isinstance(value, (int, float)) and "factor" not in marked and "either" not in marked
    return "either" not in marked and switch is ("learnt" in marked)


def _switch(value: Any) -> bool | None:
    """Parse true, false, 1, 0 and the words for them; return None for anything else."""
    if isinstance(value, str):
        value = _WORDS.get(value.strip().lower())
    return bool(value) if isinstance(value, (bool, int, float)) and value in (0, 1) else None


def _is_setting(value: Any) -> bool:
    """Tell whether a value is a setting for the reasoning and not the reasoning itself."""
    return isinstance(value, str) and (value.strip().lower() in _EFFORTS or _switch(value) is not None)


def _is_mark_value(value: Any) -> bool:
    if isinstance(value, list):
        return all(map(_is_mark_value, value))
    return isinstance(value, (bool, int, float)) or _switch(value) is not None


def _is_empty(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())
