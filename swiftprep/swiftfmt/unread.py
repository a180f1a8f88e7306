"""Content of a row that ms-swift does not read although it changes what should be learnt.

Source: ms-swift 4.6, `swift/dataset/preprocessor/core.py`: of a turn it keeps the role, the content, `loss` and
`loss_scale`, the `tool_calls` of an assistant and the `name` of a tool; of a row, the columns it knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from swiftprep.rows.columns import TELLING_KEYS, left_over
from swiftprep.rows.turn_keys import Extra, is_telling, row_extras, turn_extras
from swiftprep.swiftfmt.conversation import turns_in

_TURN = {"role", "from", "content", "value", "loss", "loss_scale"}
_PLAIN = {"role", "content"}
_PAIR = {"user", "human", "assistant", "gpt", "bot"}
_ANSWERS = {"assistant", "gpt", "bot", "tool_call", "function_call", "function-call"}
_RESULTS = {"tool", "tool_response", "function_response", "function-response", "observation", "observations"}


def watched(column_uses: dict[str, str]) -> tuple[set[str], list[str]]:
    """Return the ignored columns that may affect how a row is learnt, and the columns of its turns.

    Args:
        column_uses: How each column is used, as in `Lint.columns`.
    """
    ignored = {column for column, use in column_uses.items() if use == "ignored" and is_telling(column)}
    return ignored, [column for column, use in column_uses.items() if use == "messages"]


def unread(row: Any, ignored: set[str], turns: list[str]) -> str:
    """Describe the content of a raw row that ms-swift leaves unread, or return an empty text.

    Args:
        row: The row.
        ignored: From `watched`.
        turns: From `watched`.
    """
    if not isinstance(row, dict):
        return ""
    # Look up the keys of the row, and not all of the file's columns in each row.
    beside = {column: value for column, value in row.items() if column in ignored}
    extras = [f"its {extra}" for extra in row_extras(beside, ())] if beside else []
    for column in turns:
        extras += _in_turns(row.get(column))
    return f"ms-swift does not read {' and '.join(extras)}" if extras else ""


def other_conversations(column_uses: dict[str, str]) -> list[str]:
    """Return the columns that may hold another conversation than the one ms-swift reads.

    Args:
        column_uses: How each column is used, as in `Lint.columns`. Two used columns count too: ms-swift does not read a
            system prompt beside messages that begin with one, nor a response beside the output of an alpaca row.
    """
    may_be_left = ("ignored", "system", "response")
    return [column for column, use in column_uses.items() if use in may_be_left and column.lower() in TELLING_KEYS]


def unsaid(row: Any, columns: list[str], messages: list[dict[str, Any]]) -> str:
    """Describe the content of a raw row that the messages ms-swift reads lack, or return an empty text.

    Args:
        row: The row.
        columns: From `other_conversations`.
        messages: The messages ms-swift reads from the row.
    """
    if not columns or not isinstance(row, dict):
        return ""
    columns_left = left_over({column.lower(): row[column] for column in columns if column in row}, messages)
    return f"ms-swift does not read its {' and '.join(map(str, columns_left))}" if columns_left else ""


def _in_turns(turns: Any) -> Iterable[str]:
    if isinstance(turns, str):
        try:
            turns = turns_in(turns)
        except ValueError:
            return
    for position, turn in enumerate(turns if isinstance(turns, (list, tuple)) else (), start=1):
        if isinstance(turn, dict) and not turn.keys() <= _PLAIN:
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
        read.discard("content")  # the value replaces it
    if isinstance(turn.get("loss"), str):
        read.discard("loss")  # any text counts as true
    return turn_extras(turn, read, answer=role in _ANSWERS)
