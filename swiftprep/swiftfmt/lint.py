"""Prediction of what ms-swift does with each row of a file."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeAlias

from swiftprep.errors import ConfigError, DataError, one_line
from swiftprep.records import Reject
from swiftprep.storage.outputs import settle
from swiftprep.swiftfmt.conversation import Dropped, form_of, renames, to_messages
from swiftprep.swiftfmt.dataset_entry import FILE_SUFFIXES, DatasetEntry
from swiftprep.swiftfmt.encoding import NotEncoded, learns
from swiftprep.swiftfmt.shape import milliseconds
from swiftprep.swiftfmt.table import Table, read_table
from swiftprep.swiftfmt.unread import other_conversations, unread, unsaid, watched
from swiftprep.swiftfmt.whole_file import WholeFile

Outcome: TypeAlias = Literal["trained", "misread", "no-loss", "encode-fails", "dropped"]

OUTCOMES = {
    "trained": ("ms-swift trains on it", "正常训练"),
    "misread": ("ms-swift trains on it, but reads it differently than it looks", "会训练，但读法与表面不符"),
    "no-loss": ("it loads, but nothing of it is learnt", "能加载，但没有任何可学习的内容"),
    "encode-fails": ("it loads, but the template fails on it", "能加载，但模板编码失败"),
    "dropped": ("ms-swift leaves it out", "被 ms-swift 丢弃"),
}
_READ = {
    "messages": {"messages", "system", "rejected_messages"},
    "alpaca": {"instruction", "input", "output", "response", "system", "history"},
    "response": {"query", "response", "system", "history"},
}
_NOT_JUDGED = "its outcome cannot be predicted"
_CARRIED = {
    "images", "videos", "audios", "objects", "tools", "label", "channel", "margin", "rejected_response",
    "rejected_messages", "positive_messages", "negative_messages", "chat_template_kwargs",
}  # fmt: skip


MOST_PROBLEMS = 100_000  # rows that are listed, to bound memory

Converted: TypeAlias = tuple[int, dict[str, Any], str, str]
_LOOKED_AT = 5  # turns that `datasets` examines


@dataclass(frozen=True, slots=True)
class LintedRow:
    """The outcome of one row.

    Attributes:
        line: The line it begins on, from 1; in a file that is one JSON array, its position in the array.
        outcome: One of `OUTCOMES`.
        reason: The reason in English; empty for `"trained"`.
        reason_zh: The meaning of the outcome in Chinese.
    """

    line: int
    outcome: Outcome
    reason: str = ""
    reason_zh: str = ""


@dataclass(frozen=True)
class Lint:
    """The outcome of a file.

    Attributes:
        path: The file.
        fails: Why the whole file fails to load and training stops; empty if it loads.
        fails_at: The line that makes it fail, from 1; 0 where no single line does.
        form: `"messages"`, `"alpaca"` or `"response"`: the row form ms-swift chooses for the whole file.
        columns: How each column is used: `"messages"`, `"query"`, `"response"` …, or `"ignored"`.
        counts: Rows by outcome; they add up to `rows`.
        problems: The rows that are not `"trained"`, in order, up to `MOST_PROBLEMS`.
    """

    path: Path
    fails: str = ""
    fails_at: int = 0
    form: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    problems: list[LintedRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows in the file, as far as it could be read."""
        return sum(self.counts.values())

    @property
    def kept(self) -> int:
        """Rows `swift.load_dataset` keeps."""
        return 0 if self.fails else self.rows - self.counts.get("dropped", 0)


def lint(path: str | Path, *, tools: bool = False) -> Lint:
    """Predict what ms-swift does with every row of a `.jsonl`, `.json`, `.csv` or `.txt` file.

    Args:
        path: The file.
        tools: Whether the model's template has an agent template, as Qwen's do and plain `chatml` does not.

    Raises:
        ConfigError: it is another kind of file.
        DataError: the file does not exist.
    """
    source = checked_path(path)
    try:
        table = read_table(source)
        form, names = _reading(table)
    except WholeFile as error:
        return Lint(source, fails=str(error), fails_at=error.line)
    counts: Counter[str] = Counter()
    problems: list[LintedRow] = []
    columns = _column_uses(table, form, names)
    try:
        for line, row, dropped, left_unread in _kept_as_json(_converted(table, form, columns)):
            linted = _row(line, row, dropped, left_unread, tools)
            counts[linted.outcome] += 1
            if linted.outcome != "trained" and len(problems) < MOST_PROBLEMS:
                problems.append(linted)
    except WholeFile as error:
        return Lint(source, fails=str(error), fails_at=error.line)
    fails = "" if counts["dropped"] < counts.total() else f"ms-swift drops all rows ({problems[0].reason})"
    return Lint(source, fails, 0, form, columns, {name: counts[name] for name in OUTCOMES if counts[name]}, problems)


def as_swift_reads(path: str | Path) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Yield the line and the messages of each row that ms-swift keeps.

    Raises:
        ConfigError: see `lint`.
        DataError: the file does not exist, or fails to load as a whole.
    """
    source = checked_path(path)
    table = read_table(source)
    form, names = _reading(table)
    for line, row, dropped, _ in _kept_as_json(_converted(table, form, _column_uses(table, form, names))):
        if not dropped:
            yield line, [_written(turn) for turn in row["messages"]]


def checked_path(path: str | Path) -> Path:
    """Return the path of an existing file of a kind ms-swift reads.

    Raises:
        ConfigError: it is another kind of file.
        DataError: the file does not exist.
    """
    source = Path(path)
    if source.is_dir():
        raise ConfigError(
            f"{source}: is a folder; expected a data file ({', '.join(FILE_SUFFIXES)}), such as "
            f"{source / 'train.jsonl'} (是文件夹，应为数据文件)"
        )
    if source.suffix not in FILE_SUFFIXES:
        raise ConfigError(f"{source}: expected {', '.join(FILE_SUFFIXES)} (不支持的文件类型)")
    settle(source.parent)
    if not os.path.isfile(source):
        raise DataError(f"{source}: no such file (没有这个文件)")
    return source


def _reading(table: Table) -> tuple[str, dict[str, str]]:
    columns = list(table.shape.children)
    form = form_of(columns)
    names = renames(columns, form)
    for column, name in names.items():
        if name in columns:
            raise WholeFile(f"columns '{column}' and '{name}' would get the same name (列名冲突)")
    return form, names


def _converted(table: Table, form: str, columns: dict[str, str]) -> Iterator[Converted]:
    """Yield `(line, row as kept, reason it is dropped, content that is left unread)`."""
    wanted = {column: name for column, name in columns.items() if name != "ignored"}
    ignored, turns = watched(columns)
    beside = other_conversations(columns)
    for line, plain in table.rows():
        row: dict[str, Any] = {}
        dropped, left_unread = "", ""
        try:
            left_unread = unread(plain, ignored, turns)
            row = {name: table.cell(plain, column) for column, name in wanted.items()}
            row = to_messages(row, form)
            left_unread = left_unread or unsaid(plain, beside, row["messages"])
        except Dropped as error:
            dropped = one_line(str(error))
        except Exception as error:  # a bad row must not cost any other row
            dropped = f"{_NOT_JUDGED} ({one_line(error)})"
        yield line, row, dropped, left_unread


def _kept_as_json(rows: Iterator[Converted]) -> Iterator[Converted]:
    """Yield the rows as they come out of ms-swift's intermediate file, where turns of several types are stored as JSON.

    `datasets` 4 examines the first five turns to tell JSON from other text, with a parser that rejects whole numbers of
    more than 64 bits. If it fails there, all turns stay text; if it fails later, the whole file fails.

    Raises:
        WholeFile: the whole file fails.
    """
    first: list[Converted] = []
    turns, stays_text = 0, False
    for line, row, dropped, left_unread in rows:
        if not dropped:
            if not stays_text and any(map(_is_too_big, row["messages"])):
                if turns >= _LOOKED_AT:
                    raise WholeFile("a whole number in a turn has more than 64 bits (整数超过 64 位)", line)
                stays_text = True
            turns += len(row["messages"])
        first.append((line, row, dropped, left_unread))
        if turns >= _LOOKED_AT or stays_text:
            yield from (_as_text(item) if stays_text else item for item in first)
            first = []
    yield from first


def _is_too_big(turn: dict[str, Any]) -> bool:
    return any(isinstance(value, int) and value >= 2**64 for value in turn.values())


def _as_text(item: Converted) -> Converted:
    line, row, dropped, left_unread = item
    if not dropped:
        turns = [json.dumps(turn, ensure_ascii=False, separators=(",", ":")) for turn in row["messages"]]
        row = {**row, "messages": turns}
    return line, row, dropped, left_unread


def _row(line: int, row: dict[str, Any], dropped: str, left_unread: str, tools: bool) -> LintedRow:
    if dropped:
        return _problem(line, "dropped", dropped)
    if isinstance(row["messages"][0], str):
        return _problem(line, "encode-fails", "a whole number of more than 64 bits leaves all turns as text")
    try:
        row["messages"] = [_written(turn) for turn in row["messages"]]
        odd = _misread(row["messages"]) or left_unread
        if not learns(row, tools=tools):
            return _problem(line, "no-loss", "no answer has a loss")
    except NotEncoded as error:
        return _problem(line, "encode-fails", one_line(str(error)))
    except Exception as error:
        return _problem(line, "encode-fails", f"{_NOT_JUDGED} ({one_line(error)})")
    return _problem(line, "misread", odd) if odd else LintedRow(line, "trained")


def _problem(line: int, outcome: Outcome, reason: str) -> LintedRow:
    return LintedRow(line, outcome, reason, OUTCOMES[outcome][1])


def _misread(turns: list[dict[str, Any]]) -> str:
    if all(turn["role"] in ("assistant", "system") for turn in turns):
        return "there is no question: it is learnt as plain text"
    if turns[-1]["role"] == "assistant" and turns[-1]["content"] in ("", []):
        return "the answer is empty: only the end mark is learnt"
    loss = turns[-1].get("loss")
    if turns[-1]["role"] == "assistant" and loss is not None and not loss:
        return "the last answer is marked not to be learnt, but its end mark is learnt nevertheless"
    return ""


def _written(turn: Any) -> Any:
    """Return a turn as read back from the file ms-swift writes it to."""
    if isinstance(turn, str) or isinstance(turn["content"], str):
        return turn
    return {key: _as_json(value) for key, value in turn.items()}


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return milliseconds(value)
    if isinstance(value, float):
        return None if value != value or value in (float("inf"), float("-inf")) else value
    if isinstance(value, dict):
        return {key: _as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_json(item) for item in value]
    return value


def _column_uses(table: Table, form: str, names: dict[str, str]) -> dict[str, str]:
    known = _READ[form] | _CARRIED
    return {
        column: name if (name := names.get(column, column)) in known else "ignored" for column in table.shape.children
    }


@dataclass(frozen=True, slots=True)
class Forecast:
    """The rows that ms-swift keeps of a file.

    Attributes:
        form: `"messages"`, `"alpaca"` or `"response"`: the row form ms-swift chooses for the whole file.
        rows: Rows in the file.
        kept: Rows `swift.load_dataset` keeps.
        dropped: The others, each with its line and reason, up to `MOST_PROBLEMS`; `rows == kept + len(dropped)` unless
            there are more.
    """

    form: str
    rows: int
    kept: int
    dropped: list[Reject] = field(default_factory=list)


def forecast(path: str | Path) -> Forecast:
    """Predict how many rows of a file ms-swift keeps, and why it drops the others.

    Raises:
        ConfigError: it is not a `.jsonl`, `.json`, `.csv` or `.txt` file.
        DataError: the file is missing, or ms-swift cannot load it at all.
    """
    source = checked_path(path)
    rows, kept = 0, 0
    dropped: list[Reject] = []
    try:
        table = read_table(source)
        form, names = _reading(table)
        for line, _, reason, _ in _kept_as_json(_converted(table, form, _column_uses(table, form, names))):
            rows += 1
            kept += not reason
            if reason and len(dropped) < MOST_PROBLEMS:
                dropped.append(Reject(f"{source}:{line}", "swift-drops", reason))
    except WholeFile as error:
        place = f"{source}:{error.line}" if error.line else str(source)
        raise DataError(f"{place}: {error}; ms-swift refuses the whole file (ms-swift 无法加载该文件)") from None
    return Forecast(form=form, rows=rows, kept=kept, dropped=dropped)


def require_rows(entry: DatasetEntry, *, repeat: bool = True) -> Forecast | None:
    """Refuse a local entry that ms-swift would fail on; return its forecast, or None for other entries.

    Args:
        entry: From `parse_entry`.
        repeat: Whether `#N` may exceed the number of rows: in `--dataset` rows repeat, in `--val_dataset` they do not.

    Raises:
        ConfigError: `#N` exceeds the rows and `repeat` is off.
        DataError: the file cannot be loaded, or no row of it is kept.
    """
    if entry.path is None or entry.path.suffix not in FILE_SUFFIXES or entry.path.is_dir():
        return None
    expected = forecast(entry.path)
    if not expected.kept:
        reason = expected.dropped[0].detail
        raise DataError(f"{entry.path}: ms-swift keeps none of its {expected.rows} rows ({reason}) (没有可用的行)")
    if not repeat and entry.count is not None and entry.count > expected.kept:
        raise ConfigError(
            f"'{entry.with_count(entry.count)}': there are only {expected.kept} rows to validate with (验证行数不足)"
        )
    return expected
