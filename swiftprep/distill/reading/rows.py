"""Rows of files that people write by hand, each with its place: YAML, JSONL, CSV, Excel, plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from swiftprep.errors import DataError, MissingDependencyError
from swiftprep.records import parse_row

_MOST_BYTES = 100_000_000
_FIELD = 2**31 - 1  # characters of a CSV cell; a limit of Python's that is one for the whole process


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in one place of a file.

    Attributes:
        place: The line, from 1; the row of a sheet, as Excel counts.
        value: A mapping, a string, or whatever else YAML holds there; an error when the row cannot be read.
        sheet: The sheet of an Excel file.
    """

    place: int
    value: Any
    sheet: str = ""


def read_text(path: Path) -> str:
    r"""Return a file's text with `\n` line ends: UTF-8 or UTF-16 with or without its mark, else GB18030.

    Raises:
        DataError: it cannot be read, is too large, or is no text.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path}: more than {_MOST_BYTES:,} bytes (文件过大)")
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror} (读不了这个文件)") from None
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise DataError(f"{path}: neither UTF-8 nor GBK (文件编码既不是 UTF-8 也不是 GBK)")


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of a file by its ending: `.yaml`, `.yml`, `.jsonl`, `.csv`, `.tsv`, `.xlsx`, `.txt`.

    A table's first row names its columns. Empty rows, and a title across a sheet, are passed over.

    Raises:
        DataError: the whole file is of no use; the message opens with its name, and the line where there is one.
        MissingDependencyError: an Excel file, without openpyxl.
    """
    suffix = path.suffix.lower()
    if suffix in (".yaml", ".yml"):
        return _yaml_rows(path)
    if suffix == ".jsonl":
        return _json_rows(path)
    if suffix in (".csv", ".tsv"):
        return _csv_rows(path, "\t" if suffix == ".tsv" else ",")
    if suffix == ".xlsx":
        return _sheet_rows(path)
    if suffix == ".txt":
        return (Row(n, line.strip()) for n, line in enumerate(read_text(path).split("\n"), start=1) if line.strip())
    raise DataError(f"{path}: unknown kind of file '{suffix}' (不支持的文件类型)")


def _yaml_rows(path: Path) -> Iterator[Row]:
    loader = None
    try:
        loader = yaml.SafeLoader(read_text(path))
        node = loader.get_single_node()
        if node is None:
            return
        loaded = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise DataError(f"{path}:{line}: not valid YAML: {error.problem or error.context} (YAML 格式错误)") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        line = loader.line + 1 if loader else 1
        raise DataError(f"{path}:{line}: not valid YAML: {_first_line(error)} (YAML 格式错误)") from None
    if isinstance(node, yaml.SequenceNode):
        for item, value in zip(node.value, loaded, strict=True):
            yield Row(item.start_mark.line + 1, value)
    else:
        yield Row(node.start_mark.line + 1, loaded)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200] or type(error).__name__


def _json_rows(path: Path) -> Iterator[Row]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                yield Row(number, parse_row(line.encode("utf-8", "surrogatepass")))
            except DataError as error:
                yield Row(number, error)


def _csv_rows(path: Path, separator: str) -> Iterator[Row]:
    # Before Python 3.11 csv takes no NUL; U+FFFF, which is no character, marks the end below.
    text = read_text(path).replace("\0", "\ufffd").replace("\uffff", "\ufffd")
    csv.field_size_limit(_FIELD)
    first = text.partition("\n")[0]
    separator = next((mark for mark in (separator, ";", "\t") if mark in first), separator)
    last = ["\uffff"]  # a line of ours: it comes out whole unless a quote before it is open
    reader = csv.reader(
        chain(io.StringIO(text if text.endswith("\n") else f"{text}\n", newline=""), last), delimiter=separator
    )
    head: list[str] | None = None
    line = 1
    try:
        for cells in reader:
            if cells == last:
                return
            if cells and cells[-1].endswith(last[0]):
                yield Row(line, DataError("a quote is not closed before the end of the file (引号没有闭合)"))
            elif any(cell.strip() for cell in cells):
                if head is None:
                    head = [cell.strip() for cell in cells]
                else:
                    yield _table_row(line, head, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}:{line}: {error}") from None


def _table_row(place: int, head: list[str], cells: list[str], sheet: str = "") -> Row:
    more = [cell for cell in cells[len(head) :] if cell.strip()]
    if more:
        error = DataError(f"{len(cells)} cells, and the header has {len(head)}; quote cells with commas (列数多于表头)")
        return Row(place, error, sheet)
    named = {name: cell for name, cell in zip(head, cells, strict=False) if name and cell.strip()}
    return Row(place, named, sheet)


def _sheet_rows(path: Path) -> Iterator[Row]:
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise MissingDependencyError("Excel files need openpyxl: pip install 'swiftprep[experts]'") from None
    try:
        with path.open("rb") as file:
            book = load_workbook(file, data_only=False, keep_vba=False, keep_links=False)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error} (读不了这个文件)") from None
    except Exception as error:  # a damaged file makes openpyxl raise whatever it stumbles over
        raise DataError(f"{path}: not a readable Excel file: {_first_line(error)} (不是有效的 Excel 文件)") from None
    for sheet in book.worksheets:
        merged = {
            (row, column): sheet.cell(area.min_row, area.min_col).value
            for area in sheet.merged_cells.ranges
            for row in range(area.min_row, area.max_row + 1)
            for column in range(area.min_col, area.max_col + 1)
        }
        head: list[str] | None = None
        for number, found in enumerate(sheet.iter_rows(values_only=True), start=1):
            if not any(_cell(value).strip() for value in found):
                continue
            cells = [_cell(merged.get((number, column), value)) for column, value in enumerate(found, start=1)]
            if head is not None:
                yield _table_row(number, head, cells, sheet.title)
            elif len(cells) == 1 or len({cell for cell in cells if cell.strip()}) > 1:
                head = [cell.strip() for cell in cells]  # one cell across them all is the sheet's title


def _cell(value: Any) -> str:
    """Return a cell as text; a formula is its own text and is never computed."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
