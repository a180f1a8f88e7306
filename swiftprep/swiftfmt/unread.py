"""What a row says that ms-swift does not read, and that changes what there is to learn.

Source: ms-swift 4.6, `swift/dataset/preprocessor/core.py`: of a turn it keeps the role, the content, `loss` and
`loss_scale`, the `tool_calls` of an assistant and the `name` of a tool; of a row, the columns it knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from swiftprep.swiftfmt.conversation import STUMBLES, literal
from swiftprep.turn_keys import Extra, row_extras, turn_extras

_TURN = {"role", "from", "content", "value", "loss", "loss_scale"}
_PAIR = {"user", "human", "assistant", "gpt", "bot"}
_ANSWERS = {"assistant", "gpt", "bot", "tool_call", "function_call", "function-call"}
_RESULTS = {"tool", "tool_response", "function_response", "function-response", "observation", "observations"}


def unread(row: Any, fates: dict[str, str]) -> str:
    """Say what ms-swift leaves unread of a row, or return an empty text.

    Args:
        row: As it stands in the file.
        fates: What becomes of each column, as `Lint.columns`.
    """
    if not isinstance(row, dict):
        return ""
    found = [f"its {extra}" for extra in row_extras(row, {name for name, fate in fates.items() if fate != "ignored"})]
    for column, fate in fates.items():
        if fate == "messages":
            found += _in_turns(row.get(column))
    return f"ms-swift does not read {' and '.join(found)}" if found else ""


def _in_turns(turns: Any) -> Iterable[str]:
    if isinstance(turns, str):
        try:
            turns = json.loads(turns)
        except ValueError:
            try:
                turns = literal(turns)
            except STUMBLES:
                return
    for position, turn in enumerate(turns if isinstance(turns, (list, tuple)) else (), start=1):
        if isinstance(turn, dict):
            for extra in _in_turn(turn):
                yield f"{extra} of turn {position}"


def _in_turn(turn: dict[str, Any]) -> list[Extra]:
    if not {"role", "from"} & set(turn):
        return turn_extras(turn, _PAIR, answer=True)
    role = str(turn.get("from", turn.get("role")))
    read = {"name", *_TURN} if role in _RESULTS else set(_TURN)
    if turn.get("role") == "assistant":
        read.add("tool_calls")
    if turn.get("content") and turn.get("value") not in (None, turn["content"]):
        read.discard("content")  # the value is put in its place
    if isinstance(turn.get("loss"), str):
        read.discard("loss")  # any text is taken for true
    return turn_extras(turn, read, answer=role in _ANSWERS)
