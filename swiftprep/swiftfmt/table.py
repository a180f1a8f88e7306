"""A file → the table ms-swift sees: typed rows with their line, or why the whole file fails.

Source: `datasets` 4, `packaged_modules/{json,csv,text}`, as ms-swift 4.6 calls them (`swift/dataset/loader.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import DataError, one_line
from swiftprep.rows.columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS
from swiftprep.swiftfmt import shape as shapes
from swiftprep.swiftfmt.conversation import form_of
from swiftprep.swiftfmt.loose import decode_loosely, loads_loosely, loads_strictly, scan_strictly
from swiftprep.swiftfmt.nulls import DAMAGE, NULL_FIRST, block_of, first_damaged
from swiftprep.swiftfmt.shape import Shape, settle, typed
from swiftprep.text.limits import LARGEST_ROW, TOO_LARGE, lines_within, read_within, whole_number

BATCH = 10 << 20  # bytes of a JSON file that are read and typed as one
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_NOT_UTF8 = "not UTF-8; if the file is GBK: iconv -f GB18030 -t UTF-8 (文件不是 UTF-8，请先转换编码)"
_FAR = 2**63  # Arrow looks at the encoding last of all
_MARK = b"\xef\xbb\xbf"
_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
_FRACTION = re.compile(
    r"\s*[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)\s*", re.IGNORECASE | re.ASCII
)
MOST_CELLS = 20_000_000  # of a table that is filled up to a rectangle
MOST_KEYS = 1_000  # of objects that get each other's keys


class WholeFile(DataError):
    """The whole file fails to load; the message says why.

    Attributes:
        line: The line it fails on, from 1, or 0 where it is no one line's fault.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


class _NotStrict(WholeFile):
    """Arrow refuses the file; pandas has a last try."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's table.

    Attributes:
        shape: The columns and their types.
        rows: Yields `(line, row)`, each time from the start; a row is the plain JSON value, to be typed by `cell`.
    """

    shape: Shape
    rows: Callable[[], Iterator[tuple[int, Any]]]

    def cell(self, row: Any, column: str) -> Any:
        """Return a row's value in a column, as the column's type makes it."""
        return typed((row or {}).get(column), self.shape.children[column])


def read_table(path: Path) -> Table:
    """Read a `.jsonl`, `.json`, `.csv` or `.txt` file the way ms-swift does.

    Raises:
        WholeFile: ms-swift cannot load the file at all.
    """
    if path.stat().st_size == 0:
        raise WholeFile("the file is empty (数据集为空)")
    try:
        if path.suffix == ".csv":
            found = _csv_rows(path)
            return _listed(lambda: iter(found))
        if path.suffix == ".txt":
            return _listed(partial(_text_rows, path))
        return _json_table(path)
    except (MemoryError, RecursionError) as error:
        raise WholeFile(f"{one_line(error)}, while it was read here (读取失败)") from None


def _listed(rows: Callable[[], Iterator[tuple[int, Any]]]) -> Table:
    shape = Shape()
    for number, (_, row) in enumerate(rows()):
        shape.observe(row, number)
    for column in shape.children.values():
        column.dates = False  # only JSON's texts are tried as dates
    if not shape.kinds:
        raise WholeFile("the file has no rows (数据集为空)")
    return Table(shape, rows)


def _text_rows(path: Path) -> Iterator[tuple[int, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(lines_within(file), start=1):
                if len(line) > LARGEST_ROW:
                    raise WholeFile(TOO_LARGE, number)
                yield number, {"text": line.removesuffix("\n")}
    except UnicodeDecodeError:
        raise WholeFile(_NOT_UTF8) from None


def _whole(path: Path) -> bytes:
    try:
        return read_within(path)
    except DataError as error:
        raise WholeFile(f"{str(error).removeprefix(f'{path}: ')}: it is not looked into") from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WholeFile(_NOT_UTF8) from None


# --- JSON -------------------------------------------------------------------------------------------------------


def _json_table(path: Path) -> Table:
    with path.open("rb") as file:
        first = file.read(1)
    if first == b"[":
        return _array_table(path)
    try:
        return _lines_table(path) or _stream_table(path)
    except _NotStrict:
        table = _frame_table(path)
        if table is None:
            raise
        return table


class _NotLines(Exception):
    """Some line of the file is not one JSON text."""


def _array_table(path: Path) -> Table:
    try:
        items = loads_loosely(decode_loosely(_whole(path)))
    except DataError as error:
        raise error if isinstance(error, WholeFile) else WholeFile(str(error)) from None
    except ValueError as error:
        raise WholeFile(f"not valid JSON: {error}") from None
    if not any(isinstance(item, dict) for item in items) and items and not isinstance(items[0], dict):
        items = [{"text": item} for item in items]
    return _settled(
        [(number, item) for number, item in enumerate(items, start=1)], detect=True, size=path.stat().st_size
    )


def _settled(rows: list[tuple[int, Any]], *, detect: bool, size: int = 0) -> Table:
    """Type the rows of a file; with its size in bytes, as Arrow reads them from JSON."""
    shape = Shape()
    for number, (line, row) in enumerate(rows):
        if row is not None and not isinstance(row, dict):
            raise WholeFile(f"expected a JSON object, found {type(row).__name__}", line)
        shape.observe(row, number)
    _finish(shape, rows, detect=detect)
    if size:
        blocks = (block_of(number, 0, size, written_again=True) for number in range(len(rows)))
        _refuse_damage(shape, ((line, block, row) for (line, row), block in zip(rows, blocks, strict=True)))
    return Table(shape, lambda: iter(rows))


def _refuse_damage(shape: Shape, rows: Iterable[tuple[int, int, Any]]) -> None:
    if line := first_damaged(rows, shape):
        raise WholeFile(DAMAGE, line)


def _finish(shape: Shape, rows: Iterable[tuple[int, Any]], *, detect: bool) -> bool:
    """Settle a shape, and tell whether anything of it is kept as JSON text."""
    if not shape.children:
        raise WholeFile("the file has no rows (数据集为空)")
    clash = shapes.first_clash(shape)
    if clash and not detect:
        raise WholeFile(f"column {'/'.join(clash[1])} holds values of several types, in a file not of one row a line")
    if clash and any("/" in part or not part for part in clash[1]):
        raise WholeFile(f"column {'/'.join(clash[1])} holds values of several types, and ms-swift hangs on its name")
    places = settle(shape, detect=detect)
    if not detect and shapes.most_keys(shape) > MOST_KEYS:
        raise WholeFile(f"objects with more than {MOST_KEYS:,} keys between them: it is not looked into (键过多)")
    for path in places:
        shapes.mark_twice(shape, path, (row for _, row in rows))
    return bool(places)


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield `(line number, place in bytes, text)`; a carriage return ends a text as well."""
    place = 0
    with path.open("rb") as file:
        for number, line in enumerate(lines_within(file), start=1):
            if len(line) > LARGEST_ROW:
                raise WholeFile(TOO_LARGE, number)
            text = line.rstrip(b"\r\n") if line.endswith(b"\n") else line
            for part in text.split(b"\r") if b"\r" in text else (text,):
                yield number, place, part
            place += len(line)


def _lines_table(path: Path) -> Table | None:
    """Read a file of one JSON text a line, in two passes, so that memory stays flat; None if a line is not one."""
    shape, bad, settled = Shape(), None, False
    null_first, as_text = False, False

    def rows() -> Iterator[tuple[int, Any]]:
        for line, _, text in _lines(path):
            yield line, _parse_line(text)[0] if bad else _parse_again(text)

    def in_blocks() -> Iterator[tuple[int, int, Any]]:
        size = path.stat().st_size
        for number, ((line, row), (_, place, text)) in enumerate(zip(rows(), _lines(path), strict=True)):
            yield line, block_of(number, place + len(text), size, written_again=as_text), row

    for number, (line, place, text) in enumerate(_lines(path)):
        try:
            row, error = _parse_line(text)
        except DataError as too_deep:
            raise WholeFile(str(too_deep), line) from None
        except _NotLines:
            if place <= BATCH:
                return None
            raise WholeFile("not valid JSON", line) from None
        if error and (bad is None or (bad[0] == _FAR and error != _NOT_UTF8)):
            bad = (_FAR if error == _NOT_UTF8 else number, line, error)
        if row is not None and not isinstance(row, dict):
            raise WholeFile(f"expected a JSON object, found {type(row).__name__}", line)
        null_first = null_first or (b"null" in text and NULL_FIRST.search(text) is not None)
        if place <= BATCH:
            shape.observe(row, number)
            continue
        if not settled:
            as_text = _settle_lines(shape, bad, rows)
            settled = True
        for column, value in (row or {}).items():
            if column not in shape.children or not shapes.fits(value, shape.children[column]):
                raise WholeFile(f"column '{column}' is not of the type it has in the first 10 MB of the file", line)
    if not settled:
        as_text = _settle_lines(shape, bad, rows)
    if null_first:
        _refuse_damage(shape, in_blocks())
    return Table(shape, rows)


def _settle_lines(
    shape: Shape, bad: tuple[int, int, str] | None, rows: Callable[[], Iterator[tuple[int, Any]]]
) -> bool:
    """Settle a shape; what only ujson reads is fatal unless the file goes through ujson before Arrow meets it."""
    clash = shapes.first_clash(shape)
    if bad and not shapes.uneven_places(shape) and (clash is None or clash[0] >= bad[0]):
        raise _NotStrict(bad[2], bad[1])
    return _finish(shape, rows(), detect=True)


def _parse_line(text: bytes) -> tuple[Any, str]:
    """Parse a line strictly, or loosely with what is wrong with it."""
    try:
        row = loads_strictly(text)
    except DataError:
        raise
    except UnicodeDecodeError:
        return _parse_loosely(text), _NOT_UTF8
    except ValueError as error:
        return _parse_loosely(text), f"not valid JSON: {error}"
    if b"0" * 19 in text.translate(_ZEROS):  # perhaps a number that ujson refuses
        _parse_loosely(text)
    return row, ""


def _parse_again(text: bytes) -> Any:
    """Parse a line in which nothing is wrong."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return loads_strictly(text)


def _parse_loosely(text: bytes) -> Any:
    try:
        return loads_loosely(decode_loosely(text))
    except DataError:
        raise
    except ValueError:
        raise _NotLines from None


def _stream_table(path: Path) -> Table:
    """Read a file in which a JSON text may span lines, or share one with others."""
    text = _decoded(_whole(path).removeprefix(_MARK))
    rows: list[tuple[int, Any]] = []
    place, line = 0, 1
    blank = re.compile(r"[ \t\n\r]*")
    while True:
        start = blank.match(text, place).end()  # type: ignore[union-attr]
        line += text.count("\n", place, start)
        if start == len(text):
            break
        try:
            row, place = scan_strictly(text, start)
        except DataError as error:
            raise WholeFile(str(error), line) from None
        except ValueError as error:
            raise _NotStrict(f"not valid JSON: {error}", line) from None
        rows.append((line, row))
        line += text.count("\n", start, place)
    return _settled(rows, detect=False, size=path.stat().st_size)


def _frame_table(path: Path) -> Table | None:
    """Read a file that is one object as pandas does: its lists become columns, its other values are repeated."""
    try:
        row = loads_loosely(_decoded(_whole(path)))
    except ValueError:
        return None
    lengths = {len(value) for value in row.values() if isinstance(value, list)} if isinstance(row, dict) else set()
    if len(lengths) != 1:
        return None
    count = lengths.pop()
    _refuse_cells(count, len(row))
    columns = {key: value if isinstance(value, list) else [value] * count for key, value in row.items()}
    return _settled([(1, {key: values[i] for key, values in columns.items()}) for i in range(count)], detect=False)


# --- CSV --------------------------------------------------------------------------------------------------------


def _csv_rows(path: Path) -> list[tuple[int, Any]]:
    text = _decoded(_whole(path)).removeprefix("\ufeff")
    csv.field_size_limit(2**31 - 1)
    last = [str(len(text))]  # a line of ours: it comes out whole unless a quote before it is open
    reader = csv.reader(chain(io.StringIO(text if text.endswith(("\n", "\r")) else f"{text}\n", newline=""), last))
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            if record and (len(record) > 1 or not record[0] or record[0].strip(" \t")):
                records.append((line, record))
            line = reader.line_num + 1
    except csv.Error as error:
        raise WholeFile(str(error), line) from None
    line, record = records.pop()
    if record != last:
        raise WholeFile("a quote is not closed", line)
    if not records:
        raise WholeFile("the file has no header (数据集为空)")
    head = _header(records.pop(0)[1])
    if not records:
        raise WholeFile("the file has no rows (数据集为空)")
    width = len(records[0][1])
    _refuse_cells(len(records), len(head))
    index = max(0, width - len(head))  # a first row longer than the header makes its first cells row labels
    rows = []
    for number, record in records:
        if len(record) > len(head) + index and any(record[len(head) + index :]):
            raise WholeFile(f"{len(record)} cells, and the header has {len(head)}", number)
        cells = record[index:] + [""] * (len(head) + index - len(record))
        rows.append((number, dict(zip(head, cells, strict=False))))
    pair = (*QUERY_KEYS, *RESPONSE_KEYS, "history")
    used = {*SYSTEM_KEYS, *(MESSAGES_KEYS if form_of(head) == "messages" else pair)}
    for column in head:
        read = column.lower() in used  # the others are written again, where a number has 63 bits
        convert = _conversion([row[column] for _, row in rows], 2**64 if read else 2**63)
        if convert:
            for _, row in rows:
                row[column] = convert(row[column])
    return rows


def _refuse_cells(rows: int, columns: int) -> None:
    if rows * columns > MOST_CELLS:
        raise WholeFile(f"a table of {rows:,} × {columns:,} cells: it is not looked into (表格过大)")


def _header(names: list[str]) -> list[str]:
    head: dict[str, None] = {}
    given = set(names)
    numbers: dict[str, int] = {}  # where the search for a free number goes on
    for position, name in enumerate(names):
        plain = name or f"Unnamed: {position}"
        number = numbers.get(plain, 0)
        unique = f"{plain}.{number}" if number else plain
        while unique in head or (number and unique in given):
            number += 1
            unique = f"{plain}.{number}"
        numbers[plain] = number
        head[unique] = None
    return list(head)


def _digits(cell: str) -> str:
    number = cell.strip()
    digits = number.lstrip("+-")
    return number[: len(number) - len(digits)] + (digits.lstrip("0") or "0")


def _conversion(cells: list[str], limit: int) -> Callable[[str], Any] | None:
    if all(_INTEGER.fullmatch(cell) for cell in cells):
        if max(map(len, cells)) > 4300:
            return None  # more digits than Python reads
        if any(not -(2**63) <= whole_number(_digits(cell)) < limit for cell in cells):
            raise WholeFile("a whole number has more than 64 bits")
        return int
    if all(_FRACTION.fullmatch(cell) for cell in cells):
        return float
    if all(cell.lower() in ("true", "false") for cell in cells):
        return lambda cell: cell.lower() == "true"
    return None
