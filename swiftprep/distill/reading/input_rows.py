"""Read rows, with their places, from hand-written files: YAML, JSONL, CSV, Excel, plain text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from swiftprep.distill.reading.sheets import sheets
from swiftprep.errors import DataError
from swiftprep.records import parse_row
from swiftprep.text.bounded_yaml import BoundedLoader, why_not_yaml
from swiftprep.text.limits import read_within

_MOST_BYTES = 100 << 20
_FIELD = 2**31 - 1  # characters of a CSV cell; Python has one limit for the whole process


@dataclass(frozen=True, slots=True)
class InputRow:
    """A row of a file.

    Attributes:
        place: The line, from 1; for a sheet, the row as Excel numbers it.
        value: A mapping, a string, or any other YAML value; an error when the row cannot be read.
        sheet: The sheet of an Excel file.
    """

    place: int
    value: Any
    sheet: str = ""


def read_text(path: Path) -> str:
    r"""Return a file's text with `\n` line ends, decoded from UTF-8, UTF-16 with a byte order mark, or GB18030.

    Raises:
        DataError: it cannot be read, is too large, or is not text.
    """
    try:
        data = read_within(path, _MOST_BYTES)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror} (无法读取该文件)") from None
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise DataError(f"{path}: neither UTF-8 nor GBK (文件编码既不是 UTF-8 也不是 GBK)")


def read_rows(path: Path) -> Iterator[InputRow]:
    """Yield the rows of a file by its suffix: `.yaml`, `.yml`, `.jsonl`, `.csv`, `.tsv`, `.xlsx`, `.txt`.

    A table's first row names its columns. Empty rows, and a title across a sheet, are skipped.

    Raises:
        DataError: the file cannot be read at all; the message begins with its name, and the line if known.
        MissingDependencyError: it is an Excel file, and openpyxl is not installed.
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
        return (
            InputRow(n, line.strip()) for n, line in enumerate(read_text(path).split("\n"), start=1) if line.strip()
        )
    raise DataError(f"{path}: unknown kind of file '{suffix}' (不支持的文件类型)")


def _yaml_rows(path: Path) -> Iterator[InputRow]:
    try:
        loader = BoundedLoader(read_text(path))
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        line, why = why_not_yaml(error)
        raise DataError(f"{path}:{line or 1}: not valid YAML: {why} (YAML 格式错误)") from None
    if node is None:
        return
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for item, value in zip(nodes, loader.construct_each(nodes), strict=True):
        place = item.start_mark.line + 1
        if isinstance(value, yaml.YAMLError):
            line, why = why_not_yaml(value)
            where = f" on line {line}" if line > place else ""
            value = DataError(f"not valid YAML{where}: {why} (YAML 格式错误)")
        yield InputRow(place, value)


def _json_rows(path: Path) -> Iterator[InputRow]:
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            try:
                yield InputRow(number, parse_row(line.encode("utf-8", "surrogatepass")))
            except DataError as error:
                yield InputRow(number, error)


def _csv_rows(path: Path, separator: str) -> Iterator[InputRow]:
    # Before Python 3.11 csv rejects NUL; U+FFFF, which is not a character, marks the end below.
    text = read_text(path).replace("\0", "\ufffd").replace("\uffff", "\ufffd")
    csv.field_size_limit(_FIELD)
    first = text.partition("\n")[0]
    separator = next((mark for mark in (separator, ";", "\t") if mark in first), separator)
    last = ["\uffff"]  # a line we append: it comes out intact unless a quote before it is still open
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
                yield InputRow(line, DataError("a quote is not closed before the end of the file (引号没有闭合)"))
            elif any(cell.strip() for cell in cells):
                if head is None:
                    head = [cell.strip() for cell in cells]
                else:
                    yield _table_row(line, head, cells)
            line = reader.line_num + 1
    except csv.Error as error:
        yield InputRow(line, DataError(f"{error}; the rest is not read (之后的内容未读)"))


def _table_row(place: int, head: list[str], cells: list[str]) -> InputRow:
    more = [cell for cell in cells[len(head) :] if cell.strip()]
    if more:
        error = DataError(f"{len(cells)} cells, and the header has {len(head)}; quote cells with commas (列数多于表头)")
        return InputRow(place, error)
    return InputRow(place, {name: cell for name, cell in zip(head, cells, strict=False) if name and cell.strip()})


def _sheet_rows(path: Path) -> Iterator[InputRow]:
    for title, rows in sheets(path):
        width = max((max(cells) for _, cells in rows), default=0)
        head: dict[int, str] = {}
        for number, cells in rows:
            if head:
                named = {name: cells[column] for column, name in head.items() if column in cells}
                yield InputRow(number, named, title)
            elif width == 1 or len(set(cells.values())) > 1:
                head = {column: name.strip() for column, name in sorted(cells.items())}
            # else a single text across all columns: the sheet's title
