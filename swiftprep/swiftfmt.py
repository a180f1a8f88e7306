"""What ms-swift will do with a `--dataset` entry, a file and a row, told without importing ms-swift.

Source: ms-swift 4.6, `swift/dataset/dataset_syntax.py`, `dataset/loader.py` and `dataset/preprocessor/core.py`. The
differential tests hold the four row forms and `#N` against the real `swift.load_dataset`. Not told yet: tool calls,
pictures and other media, a key that stands twice in a row, NaN, and files other than JSONL.
"""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import ConfigError, DataError
from swiftprep.records import (
    MESSAGES_KEYS,
    QUERY_KEYS,
    RESPONSE_KEYS,
    ROLE_NAMES,
    SYSTEM_KEYS,
    Reject,
    iter_lines,
    parse_row,
)

FILE_SUFFIXES = (".jsonl", ".json", ".csv", ".txt")
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_ROLES = set(ROLE_NAMES.values())
_USER = tuple(name for name, role in ROLE_NAMES.items() if role == "user")
_ASSISTANT = tuple(name for name, role in ROLE_NAMES.items() if role == "assistant")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of swift's `--dataset`: `[hf::|ms::]id_or_path[:sub1/sub2][#N]`.

    Attributes:
        source: Path or hub id, with the `hf::`/`ms::` prefix and the `:subset` part it was given with.
        path: The local file or folder, or None for a hub id.
        count: N of the `#N` suffix, or None.
    """

    source: str
    path: Path | None
    count: int | None

    def with_count(self, count: int | None) -> str:
        """Write the entry back with another `#N`."""
        return self.source if count is None else f"{self.source}#{count}"


def parse_entry(text: str) -> Entry:
    """Read a `--dataset` entry the way ms-swift does: what exists on disk is taken literally.

    Raises:
        ConfigError: `#N` is not a whole number from 1 on, the file is not there, or it is no hub id either.

    >>> parse_entry("swift/self-cognition#500").count
    500
    """
    if os.path.exists(text):
        return Entry(source=text, path=Path(text), count=None)
    source, mark, number = text.rpartition("#")
    if not mark:
        source, number = text, ""
    count = None
    if mark:
        if not re.fullmatch(r"\s*\+?\d+\s*", number) or int(number) < 1:
            raise ConfigError(
                f"'{text}': #{number} is not a number of rows; write #N with N of 1 or more (#N 必须是正整数)"
            )
        count = int(number)
    if os.path.exists(source):
        return Entry(source=source, path=Path(source), count=count)
    hub_id = re.sub(r"^(hf|ms)::", "", source, flags=re.IGNORECASE).split(":", 1)[0]
    looks_local = hub_id.endswith(FILE_SUFFIXES) or hub_id.startswith((".", "/", "~", "\\"))
    if looks_local or not is_hub_id(hub_id):
        raise ConfigError(
            f"'{source}': no such file or folder, and not a hub id like 'swift/self-cognition' "
            "(没有这个文件，也不是数据集 id)"
        )
    return Entry(source=source, path=None, count=count)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What ms-swift keeps of a file.

    Attributes:
        form: `"messages"`, `"alpaca"` or `"response"`: the one reading ms-swift chooses for the whole file.
        rows: Rows in the file.
        kept: Rows `swift.load_dataset` keeps.
        dropped: The others, each with its line and reason; `rows == kept + len(dropped)`.
    """

    form: str
    rows: int
    kept: int
    dropped: list[Reject] = field(default_factory=list)


def forecast(path: str | Path) -> Forecast:
    """Tell how many rows of a JSONL file ms-swift keeps, and why it drops the others.

    Raises:
        ConfigError: not a `.jsonl` file.
        DataError: the file is one that ms-swift cannot load at all: missing, empty, or with a line that is not a
            JSON object.
    """
    source = Path(path)
    if source.suffix != ".jsonl":
        raise ConfigError(f"{source}: rows can only be counted in .jsonl files; convert it, or give its size")
    if not source.is_file():
        raise DataError(f"{source}: no such file (没有这个文件)")
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, line in iter_lines(source):
        try:
            rows.append((number, parse_row(line)))
        except DataError as error:
            raise DataError(f"{source}:{number}: {error}; ms-swift refuses the whole file for it") from None
    if not rows:
        raise DataError(f"{source}: the file is empty (数据集为空)")
    columns = {column for _, row in rows for column in row}
    form = _form(columns)
    names = _rename(columns, form)
    dropped = []
    for number, row in rows:
        renamed = {names.get(key, key): value for key, value in row.items()}
        reason = _WHY_DROPPED[form](renamed)
        if not reason and "rejected_response" in columns and row.get("rejected_response") is None:
            reason = "no rejected_response, which other rows of the file have"
        if reason:
            dropped.append(Reject(f"{source}:{number}", "swift-drops", reason))
    return Forecast(form=form, rows=len(rows), kept=len(rows) - len(dropped), dropped=dropped)


def require_rows(entry: Entry, *, repeat: bool = True) -> Forecast | None:
    """Refuse a local `.jsonl` entry that ms-swift would fail on; return its forecast, None for other data sets.

    Args:
        entry: From `parse_entry`.
        repeat: Whether `#N` may exceed the rows there are, as in a `--dataset` (rows repeat) but not in a
            `--val_dataset`.

    Raises:
        ConfigError: `#N` exceeds the rows and `repeat` is off.
        DataError: the file cannot be loaded, or no row of it is kept.
    """
    if entry.path is None or entry.path.suffix != ".jsonl":
        return None
    found = forecast(entry.path)
    if not found.kept:
        raise DataError(f"{entry.path}: ms-swift keeps none of its {found.rows} rows ({found.dropped[0].detail})")
    if not repeat and entry.count is not None and entry.count > found.kept:
        raise ConfigError(f"'{entry.with_count(entry.count)}': there are only {found.kept} rows to validate with")
    return found


def is_hub_id(text: str) -> bool:
    """Tell whether a text has the form of a hub id, `owner/name`."""
    return _HUB_ID.fullmatch(text) is not None


def _form(columns: Iterable[str]) -> str:
    """Choose like `AutoPreprocessor`: once per file, from the union of its columns."""
    present = set(columns)
    if present & set(MESSAGES_KEYS):
        return "messages"
    return "alpaca" if {"instruction", "input"} <= present else "response"


def _rename(columns: set[str], form: str) -> dict[str, str]:
    """Map columns like `RowPreprocessor.safe_rename_columns`: synonyms that collide are all left alone."""
    synonyms = {key: "system" for key in SYSTEM_KEYS}
    if form == "messages":
        synonyms |= {key: "messages" for key in MESSAGES_KEYS}
    else:
        synonyms |= {key: "query" for key in QUERY_KEYS} | {key: "response" for key in RESPONSE_KEYS}
    by_lower = {column.lower(): column for column in columns}
    mapped = {by_lower[key]: target for key, target in synonyms.items() if key in by_lower}
    times = Counter(mapped.values())
    return {column: target for column, target in mapped.items() if times[target] == 1 and column != target}


def _drops_messages(row: dict[str, Any]) -> str:
    turns = row.get("messages")
    if isinstance(turns, str):
        try:
            turns = orjson.loads(turns)
        except orjson.JSONDecodeError:
            try:
                turns = ast.literal_eval(turns)
            except (ValueError, SyntaxError):
                return "messages is text that is neither JSON nor a Python list"
    if not turns or not isinstance(turns, list):
        return "no messages"
    for position, turn in enumerate(turns, start=1):
        if not isinstance(turn, dict):
            return f"turn {position} is not an object"
        if _is_pair(turns[0]):
            if not any(turn.get(k) is not None for k in _USER) or not any(turn.get(k) is not None for k in _ASSISTANT):
                return f"turn {position} is not a pair of user and assistant"
            continue
        role = turn.get("from", turn.get("role"))
        content = turn.get("value", turn.get("content"))
        if _standard_role(role) not in _ROLES:
            return f"turn {position} has role {role!r}"
        if content is None:
            return f"turn {position} has no content"
    return ""


def _standard_role(role: Any) -> Any:
    """Name a role like `MessagesPreprocessor.to_std_messages`, which takes a dash in the tools' names only."""
    tool = ROLE_NAMES.get(str(role).replace("-", "_"))
    return tool if tool in ("tool_call", "tool_response") and "function" in str(role) else ROLE_NAMES.get(str(role))


def _is_pair(turn: dict[str, Any]) -> bool:
    """Tell the other sharegpt shape, one object per exchange: `{"human": …, "gpt": …}`."""
    return not {"role", "content", "from", "value"} & set(turn)


def _drops_pair(row: dict[str, Any]) -> str:
    if row.get("response") == []:
        return "the answer is an empty list"
    if row.get("history") or any(row.get(key) is not None for key in ("query", "response", "system")):
        return ""
    return "neither a query nor an answer in a column ms-swift reads"


def _drops_alpaca(row: dict[str, Any]) -> str:
    instruction, input_ = row.get("instruction"), row.get("input")
    query = "" if instruction and input_ else instruction or input_
    if not isinstance(query, str):
        return "instruction and input are both missing, or not text"
    return ""


_WHY_DROPPED = {"messages": _drops_messages, "alpaca": _drops_alpaca, "response": _drops_pair}
