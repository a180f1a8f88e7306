"""The rows of a damaged or oddly encoded file, each with what had to be done to read it.

What has no safe reading is handed back as a problem, so that no row is lost without a word.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from swiftprep.repeated_keys import may_repeat_a_key
from swiftprep.row_columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS
from swiftprep.swiftfmt.conversation import STUMBLES, literal
from swiftprep.swiftfmt.loose import is_lone

MARK = b"\xef\xbb\xbf"
_REPEATED = "repeated-key"
_READ = {*MESSAGES_KEYS, *QUERY_KEYS, *RESPONSE_KEYS, *SYSTEM_KEYS, "history", "role", "from", "value", "channel"}
_LARGEST = 256 << 20  # a file is read whole, to look for JSON over several lines, up to this size
_BLANK = re.compile(r"[\s\ufeff]*")
_STRING_OR_COMMA = re.compile(r'"(?:[^"\\]|\\.)*"|,(?=\s*[\]}])', re.DOTALL)
_COMMON, _RARE = re.compile(rb"[\x81-\xfe][\xa1-\xfe]"), re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xa0]")
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_LONE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Found:
    """A row as it was found.

    Attributes:
        line: The line it begins on, from 1.
        value: The JSON value, or None with a problem.
        repairs: What was done to read it.
        problem: Why it cannot be read, as `(reason, detail)`.
    """

    line: int
    value: Any = None
    repairs: frozenset[str] = frozenset()
    problem: tuple[str, str] | None = None


def found_rows(path: Path) -> Iterator[Found]:
    """Yield the rows of a `.jsonl`, `.json` or `.csv` file."""
    for found in _found(path):
        yield from _unwrapped(found)


def _found(path: Path) -> Iterator[Found]:
    if path.suffix == ".csv":
        yield from _csv_rows(path)
        return
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if _is_lines(head) or path.stat().st_size > _LARGEST:
        yield from _lines(path)
        return
    text, repairs = _decoded(path.read_bytes())
    rows = _whole(text, repairs) if text is not None else None
    yield from _lines(path) if rows is None else rows


def _is_lines(head: bytes) -> bool:
    """Tell whether the first line with something on it is one JSON object."""
    lines = (line for line in head.removeprefix(MARK).split(b"\n") if line.strip())
    first = next(lines, b"")
    try:
        return isinstance(orjson.loads(first), dict)
    except orjson.JSONDecodeError:
        return False


def _decoded(data: bytes) -> tuple[str | None, frozenset[str]]:
    """Decode a text; return None where its encoding is not certain."""
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
    except UnicodeDecodeError:
        pass
    loose = data.decode("utf-8", "replace")
    wrong = loose.count("\ufffd")
    right = sum(char > "\u07ff" for char in loose) - wrong
    common, rare = (len(pairs.findall(data)) for pairs in (_COMMON, _RARE))
    if wrong <= right or common <= 2 * rare:  # good UTF-8 but for a stray byte, or a western encoding
        return None, frozenset()
    try:
        return data.decode("gb18030"), repairs | {"encoding"}
    except UnicodeDecodeError:
        return None, frozenset()


def _lines(path: Path) -> Iterator[Found]:
    with path.open("rb") as file:
        wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
        file.seek(0)
        try:
            for number, line in enumerate(_widened(path) if wide else file, start=1):
                if not line.strip(b" \t\r\n\x1a\xef\xbb\xbf"):
                    continue
                for row in _line(number, line):
                    yield Found(number, row.value, row.repairs | {"encoding"}, row.problem) if wide else row
        except UnicodeDecodeError as error:
            yield Found(0, problem=("encoding", f"not UTF-16: {error.reason}"))


def _widened(path: Path) -> Iterator[bytes]:
    with path.open(encoding="utf-16", errors="surrogatepass", newline="\n") as file:
        for line in file:
            yield line.encode("utf-8", "surrogatepass")


def _line(number: int, line: bytes) -> list[Found]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        pass
    else:
        if not may_repeat_a_key(line, value):
            return [Found(number, value)]
    text, repairs = _decoded(line)
    if text is None:
        return [Found(number, problem=("encoding", "neither UTF-8 nor GBK"))]
    return list(_values(text.strip(), number, repairs))


def _values(text: str, line: int, repairs: frozenset[str]) -> Iterator[Found]:
    """Yield the JSON values of a line, which is one unless a line break is missing or a comma follows."""
    place = 0
    while place < len(text):
        try:
            value, end, more = _scan(text, place)
        except ValueError as error:
            try:
                value = literal(text[place:])
            except STUMBLES:
                value = None
            if isinstance(value, dict) and place == 0:
                yield _clean(line, value, repairs | {"json"})
            else:
                yield Found(line, problem=("bad-json", f"not valid JSON: {error}"))
            return
        rest = _BLANK.match(text, end).end()  # type: ignore[union-attr]
        if text[rest : rest + 1] == ",":
            rest, more = rest + 1, more | {"json"}
        after = _BLANK.match(text, rest).end()  # type: ignore[union-attr]
        if after < len(text) or place:
            more = more | {"json"}
        yield _clean(line, value, repairs | more)
        place = after


def _whole(text: str, repairs: frozenset[str]) -> list[Found] | None:
    """Read a text that is one JSON array, or objects over several lines; None if it is neither."""
    start = _BLANK.match(text).end()  # type: ignore[union-attr]
    if text[start : start + 1] == "[":
        return _array(text, start, repairs)
    rows: list[Found] = []
    place = start
    while place < len(text):
        try:
            value, end, more = _scan(text, place)
        except ValueError:
            return None
        if not isinstance(value, dict):
            return None
        rows.append(_clean(text.count("\n", 0, place) + 1, value, repairs | more))
        place = _BLANK.match(text, end).end()  # type: ignore[union-attr]
    return rows


def _unwrapped(found: Found) -> Iterator[Found]:
    """Yield the rows of an object that holds nothing but one list of rows."""
    inner = next(iter(found.value.items())) if isinstance(found.value, dict) and len(found.value) == 1 else ("", None)
    if inner[0] in MESSAGES_KEYS or not isinstance(inner[1], list) or not inner[1]:
        yield found
        return
    if not all(isinstance(row, dict) for row in inner[1]):
        yield found
        return
    for row in inner[1]:
        yield Found(found.line, row, found.repairs | {"wrapped"})


def _array(text: str, start: int, repairs: frozenset[str]) -> list[Found] | None:
    """Read an array item by item, so that what stands before a break is kept."""
    rows: list[Found] = []
    place, line, counted = start + 1, 1, 0
    while True:
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]
        line, counted = line + text.count("\n", counted, place), place
        if text[place : place + 1] == "]":
            rest = text[place + 1 :].strip()
            return rows + (list(_values(rest, line, repairs)) if rest else [])
        try:
            value, place, more = _scan(text, place)
        except ValueError as error:
            if place < len(text) or not rows:
                rows.append(Found(line, problem=("bad-json", f"not valid JSON: {error}; the rest is not read")))
            return rows
        rows.append(_clean(line, value, repairs | more))
        place = _BLANK.match(text, place).end()  # type: ignore[union-attr]
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] != "]":
            if place < len(text):
                rows.append(Found(line, problem=("bad-json", "the array is broken here; the rest is not read")))
            return rows


def _scan(text: str, place: int) -> tuple[Any, int, frozenset[str]]:
    """Parse the JSON value at a place; return it, its end, and what had to be forgiven."""
    forgiven: set[str] = set()

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for key, value in pairs:
            if key in row:
                forgiven.add("json" if row[key] == value or key not in _READ else _REPEATED)
            row[key] = value
        return row

    def constant(_: str) -> None:
        forgiven.add("json")

    def integer(digits: str) -> int | str:
        number = int(digits) if len(digits) < 25 else 2**64
        if -(2**63) <= number < 2**64:
            return number
        forgiven.add("json")
        return digits

    def fraction(digits: str) -> float | str:
        number = float(digits)
        if abs(number) == float("inf"):
            forgiven.add("json")
            return digits
        return number

    decoder = json.JSONDecoder(
        object_pairs_hook=once, parse_constant=constant, parse_int=integer, parse_float=fraction, strict=False
    )
    try:
        value, end = decoder.raw_decode(text, place)
        if _has_control(text, place, end):
            forgiven.add("json")
        return value, end, frozenset(forgiven)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except ValueError:
        forgiven.clear()
        mended = _STRING_OR_COMMA.sub(lambda match: " " if match[0] == "," else match[0], text[place:])
        try:
            value, end = decoder.raw_decode(mended)
        except json.JSONDecodeError as error:
            raise ValueError(error.msg) from None
        except RecursionError:
            raise ValueError("nested too deeply") from None
        return value, place + end, frozenset(forgiven | {"json"})


def _has_control(text: str, place: int, end: int) -> bool:
    return any(char < " " and char not in "\t\n\r" for char in text[place:end])


def _clean(line: int, value: Any, repairs: frozenset[str]) -> Found:
    """Join surrogate pairs that came apart, and put U+FFFD for what is left of one."""
    if _REPEATED in repairs:
        return Found(line, problem=(_REPEATED, "a key stands twice, with two values"))
    if _any_lone(value):
        return Found(line, _joined(value), repairs | {"surrogates"})
    return Found(line, value, repairs)


def _any_lone(value: Any) -> bool:
    if isinstance(value, str):
        return is_lone(value)
    if isinstance(value, dict):
        return any(is_lone(key) or _any_lone(item) for key, item in value.items() if isinstance(key, str))
    return isinstance(value, (list, tuple)) and any(map(_any_lone, value))


def _joined(value: Any) -> Any:
    if isinstance(value, str):
        paired = _PAIR.sub(lambda m: chr(0x10000 + ((ord(m[1]) - 0xD800) << 10) + ord(m[2]) - 0xDC00), value)
        return _LONE.sub("\ufffd", paired)
    if isinstance(value, dict):
        return {_joined(key): _joined(item) for key, item in value.items()}
    return [_joined(item) for item in value] if isinstance(value, (list, tuple)) else value


def _csv_rows(path: Path) -> Iterator[Found]:
    text, repairs = _decoded(path.read_bytes())
    if text is None:
        yield Found(1, problem=("encoding", "neither UTF-8 nor GBK"))
        return
    csv.field_size_limit(2**31 - 1)
    first = text.lstrip().partition("\n")[0]
    delimiter = next((char for char in ",;\t" if char in first), ",")
    if delimiter != ",":
        repairs = repairs | {"delimiter"}
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    head: list[str] = []
    line = 1
    try:
        for cells in reader:
            at, line = line, reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not head:
                head = [cell.strip() for cell in cells]
                continue
            if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
                yield Found(at, problem=("bad-csv", f"{len(cells)} cells, and the header has {len(head)}"))
                continue
            if len(set(filter(None, head))) < len([name for name in head if name]):
                yield Found(at, problem=("repeated-key", "two columns of the header have one name"))
                continue
            row = {name: cell or None for name, cell in zip(head, cells, strict=False) if name}
            yield _clean(at, row, repairs)
    except csv.Error as error:
        yield Found(line, problem=("bad-csv", str(error)))
