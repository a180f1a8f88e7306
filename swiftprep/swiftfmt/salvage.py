"""The rows of a damaged or oddly encoded file, each with the repairs it took to read it.

Rows that cannot be read safely are returned as problems, so that none is lost silently.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import DataError, one_line
from swiftprep.rows.columns import MESSAGES_KEYS
from swiftprep.rows.repeated_keys import may_repeat_a_key
from swiftprep.swiftfmt.conversation import STUMBLES, literal
from swiftprep.swiftfmt.json_values import REPEATED, NotRead, Values
from swiftprep.swiftfmt.loose import is_lone
from swiftprep.text.characters import SURROGATE
from swiftprep.text.limits import (
    LARGEST_FILE,
    LARGEST_ROW,
    TOO_LARGE,
    lines_within,
    loads_within,
    read_within,
    shallow,
)

MARK = b"\xef\xbb\xbf"
_BLANK = re.compile(r"[\s\ufeff]*")
_LINES_LOOKED_AT = 200  # lines examined after a break in an array
_LOOKED_AT = 1 << 20  # bytes examined to detect an encoding
_COMMON, _RARE = re.compile(rb"[\x81-\xfe][\xa1-\xfe]"), re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xa0]")
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")


@dataclass(frozen=True, slots=True)
class SalvagedRow:
    """A row as read from the file.

    Attributes:
        line: The line it begins on, from 1.
        value: The JSON value; None if there is a problem.
        repairs: The repairs it took to read it.
        problem: Why it cannot be read, as `(reason, detail)`.
    """

    line: int
    value: Any = None
    repairs: frozenset[str] = frozenset()
    problem: tuple[str, str] | None = None


def found_rows(path: Path) -> Iterator[SalvagedRow]:
    """Yield the rows of a `.jsonl`, `.json` or `.csv` file.

    A row of more than `LARGEST_ROW` bytes or `DEEPEST` levels is a problem, and so is one that fails to parse.
    """
    line = 0
    try:
        for row in _rows_of_file(path):
            line = row.line
            yield from _unwrapped(row)
    except Exception as error:
        yield SalvagedRow(line, problem=("failed", f"{one_line(error)}; the rest is not read"))


def _rows_of_file(path: Path) -> Iterator[SalvagedRow]:
    if path.suffix == ".csv":
        yield from _csv_rows(path)
        return
    with path.open("rb") as file:
        lines = (line.removeprefix(MARK) for line in lines_within(file))
        first = next((line for line in lines if line.strip()), b"").lstrip()
    # A long row does not justify holding the whole file in memory, but an array may be on one line.
    by_line = not first.startswith(b"[") and (len(first) > LARGEST_ROW or _is_object(first))
    if by_line or path.stat().st_size > LARGEST_FILE:
        yield from _lines(path)
        return
    text, repairs = _decoded(read_within(path))
    rows = None if text is None else _whole(text, repairs)
    yield from _lines(path) if rows is None else rows


def _is_object(line: bytes) -> bool:
    """Tell whether a line is one JSON object."""
    try:
        return isinstance(orjson.loads(line), dict)
    except orjson.JSONDecodeError:
        return False


def _decoded(data: bytes) -> tuple[str | None, frozenset[str]]:
    """Decode a text; return None where its encoding is uncertain."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), frozenset({"encoding"})
        except UnicodeDecodeError:
            return None, frozenset()
    repairs = frozenset({"byte-order-mark"}) if data.startswith(MARK) else frozenset()
    data = data.removeprefix(MARK)
    try:
        return data.decode("utf-8"), repairs
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("utf-8", "surrogatepass"), repairs
    except UnicodeDecodeError as error:
        data_there = data[error.start : error.start + _LOOKED_AT] if len(data) > _LOOKED_AT else data
    loose = data_there.decode("utf-8", "replace")
    wrong = loose.count("\ufffd")
    right = sum(char > "\u07ff" for char in loose) - wrong
    common, rare = (len(pairs.findall(data_there)) for pairs in (_COMMON, _RARE))
    if wrong <= right or common <= 2 * rare:  # UTF-8 with a stray byte, or a western encoding
        return None, frozenset()
    try:
        return data.decode("gb18030"), repairs | {"encoding"}
    except UnicodeDecodeError:
        return None, frozenset()


def _lines(path: Path) -> Iterator[SalvagedRow]:
    with path.open("rb") as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        file.seek(0)
        try:
            for number, line in enumerate(_widened(path) if wide else lines_within(file), start=1):
                if not line.strip(b" \t\r\n\x1a\xef\xbb\xbf"):
                    continue
                for row in _line(number, line):
                    yield SalvagedRow(number, row.value, row.repairs | {"encoding"}, row.problem) if wide else row
        except UnicodeDecodeError as error:
            yield SalvagedRow(0, problem=("encoding", f"not UTF-16: {error.reason}"))


def _widened(path: Path) -> Iterator[bytes]:
    with path.open(encoding="utf-16", errors="surrogatepass", newline="\n") as file:
        for line in lines_within(file):
            yield line.encode("utf-8", "surrogatepass")


def _line(number: int, line: bytes) -> list[SalvagedRow]:
    if len(line) > LARGEST_ROW:
        return [SalvagedRow(number, problem=("too-large", TOO_LARGE))]
    try:
        value = loads_within(line)
        if not may_repeat_a_key(line, value):
            return [SalvagedRow(number, value)]
    except orjson.JSONDecodeError:
        pass
    except DataError as error:
        return [SalvagedRow(number, problem=("too-large", str(error)))]
    text, repairs = _decoded(line)
    if text is None:
        return [SalvagedRow(number, problem=("encoding", "neither UTF-8 nor GBK"))]
    return list(_values(text.strip(), number, repairs))


def _values(text: str, line: int, repairs: frozenset[str]) -> Iterator[SalvagedRow]:
    """Yield the JSON values of a line: one, unless a line break is missing."""
    place = 0
    values = Values(text)
    while place < len(text):
        try:
            value, end, more = values.at(place)
        except ValueError as error:
            try:
                value = shallow(literal(text)) if place == 0 else None
            except STUMBLES:
                value = None
            if isinstance(value, dict):
                yield _clean(line, value, repairs | {"json"})
            else:
                yield SalvagedRow(line, problem=("bad-json", f"not valid JSON: {error}"))
            return
        rest = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if text[rest : rest + 1] == ",":
            rest, more = rest + 1, more | {"json"}
        after = _BLANK.match(text, rest).end()  # type: ignore[union-attr]
        if after < len(text) or place:
            more = more | {"json"}
        yield _clean(line, value, repairs | more)
        place = after


def _whole(text: str, repairs: frozenset[str]) -> Iterator[SalvagedRow] | None:
    """Parse a text that is one JSON array, or objects over several lines; return None if it is neither."""
    start = _BLANK.match(text).end()  # type: ignore[union-attr]
    if text[start : start + 1] == "[":
        return _array(text, start, repairs)
    rows: list[SalvagedRow] = []
    values = Values(text)
    place, line, counted = start, 1, 0
    while place < len(text):
        try:
            value, end, more = values.at(place)
        except ValueError:
            return None
        if not isinstance(value, (dict, NotRead)):
            return None
        line, counted = line + text.count("\n", counted, place), place
        rows.append(_clean(line, value, repairs | more))
        place = _BLANK.match(text, end).end()  # type: ignore[union-attr]
    return iter(rows)


def _unwrapped(outer: SalvagedRow) -> Iterator[SalvagedRow]:
    """Yield the rows of an object that holds nothing but one list of rows, or the object itself."""
    inner = next(iter(outer.value.items())) if isinstance(outer.value, dict) and len(outer.value) == 1 else ("", None)
    if inner[0] in MESSAGES_KEYS or not isinstance(inner[1], list) or not inner[1]:
        yield outer
        return
    if not all(isinstance(row, dict) for row in inner[1]):
        yield outer
        return
    for row in inner[1]:
        yield SalvagedRow(outer.line, row, outer.repairs | {"wrapped"})


def _array(text: str, start: int, repairs: frozenset[str]) -> Iterator[SalvagedRow] | None:
    """Parse an array; return None if only its opening bracket is there, and what follows are rows, one per line."""
    values = Values(text)
    place = _BLANK.match(text, start + 1).end()  # type: ignore[union-attr]
    if text[place : place + 1] in ("", "]"):
        return _items(text, values, place, repairs)
    end_of_line = _line_end(text, start)
    try:
        _, end, _ = values.at(place)
    except ValueError:
        return None if _holds_rows(text, end_of_line) else _items(text, values, place, repairs)
    after = _BLANK.match(text, end).end()  # type: ignore[union-attr]
    is_item = text[after : after + 1] in ("", ",", "]", "{")
    return _items(text, values, place, repairs) if is_item or after >= end_of_line else None


def _items(text: str, values: Values, place: int, repairs: frozenset[str]) -> Iterator[SalvagedRow]:
    """Yield the items of an array one by one; after a break, the lines that follow, if they are rows."""
    line, counted = 1, 0
    is_empty = True
    while True:
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, place), place
        if text[place : place + 1] == "]":
            yield from _after_array(text, place + 1, line, repairs)
            return
        try:
            value, end, more = values.at(place)
        except ValueError as error:
            if place < len(text) or is_empty:
                yield from _after_break(text, place, line, f"not valid JSON: {error}", repairs)
            return
        yield _clean(line, value, repairs | more)
        is_empty = False
        place = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] == "{":  # a comma is missing
            repairs = repairs | {"json"}
        elif text[place : place + 1] != "]":
            if place < len(text):
                line += text.count("\n", counted, place)
                yield from _after_break(text, place, line, "the array is broken here", repairs)
            return


def _after_array(text: str, place: int, line: int, repairs: frozenset[str]) -> Iterator[SalvagedRow]:
    end_of_line = _line_end(text, place)
    if not _holds_rows(text, end_of_line):
        end_of_line = len(text)
    rest = text[place:end_of_line].strip()
    yield from _values(rest, line, repairs) if rest else ()
    yield from _rows_by_line(text[end_of_line:], line, repairs)


def _rows_by_line(text: str, line: int, repairs: frozenset[str]) -> Iterator[SalvagedRow]:
    for number, row in enumerate(text.split("\n"), start=line):
        if row.strip():
            yield from _values(row.strip(), number, repairs | {"json"})


def _after_break(text: str, place: int, line: int, why: str, repairs: frozenset[str]) -> Iterator[SalvagedRow]:
    """Yield the break of an array as a problem, and then the rows on the lines after it, if they are rows."""
    end_of_line = _line_end(text, place)
    if not _holds_rows(text, end_of_line):
        yield SalvagedRow(line, problem=("bad-json", f"{why}; the rest is not read"))
        return
    yield SalvagedRow(line, problem=("bad-json", why))
    yield from _rows_by_line(text[end_of_line:].rstrip().removesuffix("]"), line, repairs)  # the array's own bracket


def _line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


def _holds_rows(text: str, place: int) -> bool:
    """Tell whether most of the next lines are one object each, unlike the lines of items that span several lines."""
    lines: list[str] = []
    while place < len(text) and len(lines) < _LINES_LOOKED_AT:
        end = _line_end(text, place + 1)
        lines += filter(None, [text[place:end].strip(" \t\r\n,]")])
        place = end
    # orjson rejects a lone surrogate, which does not matter to the form of a line.
    rows = sum(line.startswith("{") and _is_object(line.encode("utf-8", "replace")) for line in lines)
    return 2 * rows > len(lines)


def _clean(line: int, value: Any, repairs: frozenset[str]) -> SalvagedRow:
    """Join split surrogate pairs, and replace the remaining halves by U+FFFD."""
    if isinstance(value, NotRead):
        return SalvagedRow(line, problem=("too-large", value.why))
    if REPEATED in repairs:
        return SalvagedRow(line, problem=(REPEATED, "a duplicate key has two different values"))
    if _any_lone(value):
        return SalvagedRow(line, _joined(value), repairs | {"surrogates"})
    return SalvagedRow(line, value, repairs)


def _any_lone(value: Any) -> bool:
    if isinstance(value, str):
        return is_lone(value)
    if isinstance(value, dict):
        return any(is_lone(key) or _any_lone(item) for key, item in value.items() if isinstance(key, str))
    return isinstance(value, (list, tuple)) and any(map(_any_lone, value))


def _joined(value: Any) -> Any:
    if isinstance(value, str):
        paired = _PAIR.sub(lambda m: chr(0x10000 + ((ord(m[1]) - 0xD800) << 10) + ord(m[2]) - 0xDC00), value)
        return SURROGATE.sub("\ufffd", paired)
    if isinstance(value, dict):
        return {_joined(key): _joined(item) for key, item in value.items()}
    return [_joined(item) for item in value] if isinstance(value, (list, tuple)) else value


def _csv_rows(path: Path) -> Iterator[SalvagedRow]:
    text, repairs = _decoded(read_within(path))
    if text is None:
        yield SalvagedRow(1, problem=("encoding", "neither UTF-8 nor GBK"))
        return
    csv.field_size_limit(2**31 - 1)
    first = text[:_LOOKED_AT].lstrip().partition("\n")[0]
    delimiter = next((char for char in ",;\t" if char in first), ",")
    if delimiter != ",":
        repairs = repairs | {"delimiter"}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    head: list[str] = []
    has_twice = False
    line = 1
    for cells in _cells(reader):
        at, line = line, reader.line_num + 1
        if isinstance(cells, csv.Error):  # only this line is lost
            yield SalvagedRow(at, problem=("bad-csv", str(cells)))
            continue
        if not any(cell.strip() for cell in cells):
            continue
        if not head:
            head = [cell.strip() for cell in cells]
            names = [name for name in head if name]
            has_twice = len(set(names)) < len(names)
            continue
        if sum(map(len, cells)) > LARGEST_ROW:
            yield SalvagedRow(at, problem=("too-large", TOO_LARGE))
            continue
        if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
            yield SalvagedRow(at, problem=("bad-csv", f"{len(cells)} cells, and the header has {len(head)}"))
            continue
        if has_twice:
            yield SalvagedRow(at, problem=("repeated-key", "two columns of the header have the same name"))
            continue
        row = {name: cell or None for name, cell in zip(head, cells, strict=False) if name}
        yield _clean(at, row, repairs)


def _cells(reader: Iterator[list[str]]) -> Iterator[list[str] | csv.Error]:
    while True:
        try:
            yield next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield error
