"""A file as the table ms-swift sees: typed rows with their lines, or the reason the whole file fails.

Source: `datasets` 4, `packaged_modules/{json,csv,text}`, as ms-swift 4.6 calls them (`swift/dataset/loader.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import DataError, one_line
from swiftprep.swiftfmt import shape as shapes
from swiftprep.swiftfmt.csv_rows import csv_rows
from swiftprep.swiftfmt.loose import decode_loosely, loads_loosely, loads_strictly, scan_strictly
from swiftprep.swiftfmt.nulls import DAMAGE, NULL_FIRST, block_of, first_damaged
from swiftprep.swiftfmt.shape import Shape, settle, typed
from swiftprep.swiftfmt.whole_file import NOT_UTF8, WholeFile, decoded, read_file, refuse_cells
from swiftprep.text.limits import LARGEST_ROW, TOO_LARGE, lines_within

BATCH = 10 << 20  # bytes of a JSON file that are read and typed at once
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_FAR = 2**63  # stands for the last row, since Arrow checks the encoding last
_MARK = b"\xef\xbb\xbf"
MOST_KEYS = 1_000  # of objects that are filled up with each other's keys


class _NotStrict(WholeFile):
    """Arrow refuses the file; pandas may still read it."""


@dataclass(frozen=True, slots=True)
class Table:
    """The table of a file.

    Attributes:
        shape: The columns and their types.
        rows: Yields `(line, row)`, each time from the start; a row is the plain JSON value, to be converted by `cell`.
    """

    shape: Shape
    rows: Callable[[], Iterator[tuple[int, Any]]]

    def cell(self, row: Any, column: str) -> Any:
        """Return a row's value in a column, converted to the column's type."""
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
            rows = csv_rows(path)
            return _listed(lambda: iter(rows))
        if path.suffix == ".txt":
            return _listed(partial(_text_rows, path))
        return _json_table(path)
    except (MemoryError, RecursionError) as error:
        raise WholeFile(f"{one_line(error)}, while reading it (读取失败)") from None


def _listed(rows: Callable[[], Iterator[tuple[int, Any]]]) -> Table:
    shape = Shape()
    for number, (_, row) in enumerate(rows()):
        shape.observe(row, number)
    for column in shape.children.values():
        column.dates = False  # only texts of JSON are parsed as dates
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
        raise WholeFile(NOT_UTF8) from None


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
    """A line of the file is not one JSON text."""


def _array_table(path: Path) -> Table:
    try:
        items = loads_loosely(decode_loosely(read_file(path)))
    except DataError as error:
        raise error if isinstance(error, WholeFile) else WholeFile(str(error)) from None
    except ValueError as error:
        raise WholeFile(f"not valid JSON: {error} (不是有效的 JSON)") from None
    if not any(isinstance(item, dict) for item in items) and items and not isinstance(items[0], dict):
        items = [{"text": item} for item in items]
    return _settled(
        [(number, item) for number, item in enumerate(items, start=1)], detect=True, size=path.stat().st_size
    )


def _settled(rows: list[tuple[int, Any]], *, detect: bool, size: int = 0) -> Table:
    """Type the rows of a file; with its size in bytes, also refuse what Arrow would corrupt."""
    shape = Shape()
    for number, (line, row) in enumerate(rows):
        if row is not None and not isinstance(row, dict):
            raise WholeFile(f"expected a JSON object, found {type(row).__name__} (应为 JSON 对象)", line)
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
    """Settle a shape, and return whether any of it is stored as JSON text."""
    if not shape.children:
        raise WholeFile("the file has no rows (数据集为空)")
    clash = shapes.first_clash(shape)
    if clash and not detect:
        raise WholeFile(
            f"column {'/'.join(clash[1])} holds values of several types, in a file not of one row per line "
            "(列类型不一致)"
        )
    if clash and any("/" in part or not part for part in clash[1]):
        raise WholeFile(
            f"column {'/'.join(clash[1])} holds values of several types, and ms-swift hangs on its name (列名有问题)"
        )
    places = settle(shape, detect=detect)
    if not detect and shapes.most_keys(shape) > MOST_KEYS:
        raise WholeFile(f"objects with more than {MOST_KEYS:,} different keys are not looked into (键过多)")
    for path in places:
        shapes.mark_twice(shape, path, (row for _, row in rows))
    return bool(places)


def _lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield `(line number, position in bytes, text)`; a carriage return ends a text as well."""
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
    """Read a file of one JSON text per line in two passes, to bound memory; return None if a line is not one."""
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
            raise WholeFile("not valid JSON (不是有效的 JSON)", line) from None
        if error and (bad is None or (bad[0] == _FAR and error != NOT_UTF8)):
            bad = (_FAR if error == NOT_UTF8 else number, line, error)
        if row is not None and not isinstance(row, dict):
            raise WholeFile(f"expected a JSON object, found {type(row).__name__} (应为 JSON 对象)", line)
        null_first = null_first or (b"null" in text and NULL_FIRST.search(text) is not None)
        if place <= BATCH:
            shape.observe(row, number)
            continue
        if not settled:
            as_text = _settle_lines(shape, bad, rows)
            settled = True
        for column, value in (row or {}).items():
            if column not in shape.children or not shapes.fits(value, shape.children[column]):
                raise WholeFile(
                    f"column '{column}' has another type than in the first 10 MB of the file (列类型不一致)", line
                )
    if not settled:
        as_text = _settle_lines(shape, bad, rows)
    if null_first:
        _refuse_damage(shape, in_blocks())
    return Table(shape, rows)


def _settle_lines(
    shape: Shape, bad: tuple[int, int, str] | None, rows: Callable[[], Iterator[tuple[int, Any]]]
) -> bool:
    """Settle a shape; rows that only ujson accepts are fatal, unless the file goes through ujson before Arrow."""
    clash = shapes.first_clash(shape)
    if bad and not shapes.uneven_places(shape) and (clash is None or clash[0] >= bad[0]):
        raise _NotStrict(bad[2], bad[1])
    return _finish(shape, rows(), detect=True)


def _parse_line(text: bytes) -> tuple[Any, str]:
    """Parse a line strictly, or else loosely, with the error of the strict parser."""
    try:
        row = loads_strictly(text)
    except DataError:
        raise
    except UnicodeDecodeError:
        return _parse_loosely(text), NOT_UTF8
    except ValueError as error:
        return _parse_loosely(text), f"not valid JSON: {error}"
    if b"0" * 19 in text.translate(_ZEROS):  # may hold a number that ujson refuses
        _parse_loosely(text)
    return row, ""


def _parse_again(text: bytes) -> Any:
    """Parse a line known to be valid."""
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
    """Read a file in which JSON texts may span lines, or share a line."""
    text = decoded(read_file(path).removeprefix(_MARK))
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
            raise _NotStrict(f"not valid JSON: {error} (不是有效的 JSON)", line) from None
        rows.append((line, row))
        line += text.count("\n", start, place)
    return _settled(rows, detect=False, size=path.stat().st_size)


def _frame_table(path: Path) -> Table | None:
    """Read a file that is one object as pandas does: lists become columns, and other values are repeated."""
    try:
        row = loads_loosely(decoded(read_file(path)))
    except ValueError:
        return None
    lengths = {len(value) for value in row.values() if isinstance(value, list)} if isinstance(row, dict) else set()
    if len(lengths) != 1:
        return None
    count = lengths.pop()
    refuse_cells(count, len(row))
    columns = {key: value if isinstance(value, list) else [value] * count for key, value in row.items()}
    return _settled([(1, {key: values[i] for key, values in columns.items()}) for i in range(count)], detect=False)
