"""Read the rows of an Excel file from the cells that exist.

A single far-off cell, or a merge down to the last row, makes a sheet of 17 billion cells, of which the file holds a
few. So cells are read one by one as they occur in the file, and a merge fills only rows that are not empty.
"""

from __future__ import annotations

import zipfile
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from swiftprep.errors import DataError, MissingDependencyError, one_line

LARGEST = 50 << 20  # bytes, packed and unpacked; also characters over all cells, which may share one text
MOST_PARTS = 1_000  # files in the archive
MOST_MERGED = 5_000_000  # cells filled by merges
_DTD = tuple("<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be"))
_CHUNK = 1 << 20


def sheets(path: Path) -> Iterator[tuple[str, list[tuple[int, dict[int, str]]]]]:
    """Yield the title of each sheet and its rows that are not empty: the number from 1, and column → text.

    Raises:
        DataError: it cannot be read, is not an Excel file, or unpacks to too much.
        MissingDependencyError: openpyxl is not installed.
    """
    try:
        from openpyxl import load_workbook  # type: ignore[import-untyped,unused-ignore]
    except ImportError:
        raise MissingDependencyError(
            "Excel files need openpyxl: pip install 'swiftprep[experts]' (请先安装 openpyxl)"
        ) from None
    try:
        with path.open("rb") as file:
            _refuse_bombs(path, file)
            book = load_workbook(file, read_only=True, data_only=False, keep_vba=False, keep_links=False)
            left = [LARGEST, MOST_MERGED]
            for sheet in book.worksheets:
                yield sheet.title, list(_rows(path, sheet, left))
    except (DataError, MemoryError):
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error} (无法读取该文件)") from None
    except Exception as error:  # a damaged file makes openpyxl raise whatever it stumbles over
        reason = one_line(f"{type(error).__name__}: {error}", 200)
        raise DataError(f"{path}: not a readable Excel file: {reason} (不是有效的 Excel 文件)") from None


def _refuse_bombs(path: Path, file: Any) -> None:
    """Refuse a file that unpacks to too much, or that defines XML entities, which no Excel file does."""
    with zipfile.ZipFile(file) as archive:
        parts = archive.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST:
            raise DataError(f"{path}: unpacks to more than {LARGEST >> 20} MB or {MOST_PARTS:,} files (解压后过大)")
        for part in parts:
            with archive.open(part) as content:
                end = b""
                while chunk := content.read(_CHUNK):
                    seen = end + chunk
                    if any(mark in seen for mark in _DTD):
                        raise DataError(f"{path}: {one_line(part.filename, 100)} has a DTD (文件含有外部实体声明)")
                    end = seen[-2 * len(_DTD[0]) :]
    file.seek(0)


def _rows(path: Path, sheet: Any, left: list[int]) -> Iterator[tuple[int, dict[int, str]]]:
    from openpyxl.worksheet._reader import WorkSheetParser  # type: ignore[import-untyped,unused-ignore]

    rows: dict[int, dict[int, str]] = {}
    with sheet._get_source() as source:
        parser = WorkSheetParser(
            source,
            sheet._shared_strings,
            epoch=sheet.parent.epoch,
            date_formats=sheet.parent._date_formats,
            timedelta_formats=sheet.parent._timedelta_formats,
        )
        for number, cells in parser.parse():
            texts = {cell["column"]: text for cell in cells if (text := as_text(cell["value"])).strip()}
            left[0] -= sum(map(len, texts.values()))
            if left[0] < 0:
                raise DataError(f"{path}: more than {LARGEST >> 20} million characters (单元格文本过多)")
            if texts:
                rows.setdefault(number, {}).update(texts)
        areas = [area.bounds for area in _areas(parser)]
    _fill(path, rows, areas, left)
    for number in sorted(rows):
        yield number, rows[number]


def _areas(parser: Any) -> Iterable[Any]:
    from openpyxl.worksheet.cell_range import CellRange  # type: ignore[import-untyped,unused-ignore]

    merged = getattr(parser, "merged_cells", None)
    return [CellRange(str(cell.ref)) for cell in merged.mergeCell] if merged else []


def _fill(path: Path, rows: dict[int, dict[int, str]], areas: list[tuple[int, int, int, int]], left: list[int]) -> None:
    """Put the text of each merged area into its cells, in the rows that are not empty."""
    numbers = sorted(rows)
    for first_column, first_row, last_column, last_row in areas:
        text = rows.get(first_row, {}).get(first_column, "")
        below = range(bisect_left(numbers, first_row), bisect_right(numbers, last_row))
        cells = len(below) * (last_column - first_column + 1) if text else 1
        left[0] -= cells * len(text)
        left[1] -= cells
        if min(left) < 0:
            raise DataError(f"{path}: its merged cells cover too much (合并单元格过大)")
        for place in below if text else ():
            rows[numbers[place]] |= dict.fromkeys(range(first_column, last_column + 1), text)


def as_text(value: Any) -> str:
    """Return a cell as text; a formula stays text and is never computed."""
    if value is None:
        return ""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
