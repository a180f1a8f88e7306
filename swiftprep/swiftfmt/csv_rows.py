"""The rows of a CSV file as pandas reads them for ms-swift: the header, the records, and the types of columns.

Source: `datasets` 4, `packaged_modules/csv`, as ms-swift 4.6 calls it (`swift/dataset/loader.py`).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

from swiftprep.rows.columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS
from swiftprep.swiftfmt.conversation import form_of
from swiftprep.swiftfmt.whole_file import WholeFile, decoded, read_file, refuse_cells
from swiftprep.text.limits import whole_number

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")
_FRACTION = re.compile(
    r"\s*[+-]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]+)?|inf|infinity)\s*", re.IGNORECASE | re.ASCII
)


def csv_rows(path: Path) -> list[tuple[int, Any]]:
    """Return `(line, row)` for each record of a CSV file.

    Raises:
        WholeFile: ms-swift cannot load the file.
    """
    text = decoded(read_file(path)).removeprefix("\ufeff")
    csv.field_size_limit(2**31 - 1)
    last = [str(len(text))]  # an added line, which is parsed as a record unless a quote before it is open
    reader = csv.reader(chain(io.StringIO(text if text.endswith(("\n", "\r")) else f"{text}\n", newline=""), last))
    records: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for record in reader:
            if record and (len(record) > 1 or not record[0] or record[0].strip(" \t")):
                records.append((line, record))
            line = reader.line_num + 1
    except csv.Error as error:
        raise WholeFile(f"{error} (CSV 格式错误)", line) from None
    line, record = records.pop()
    if record != last:
        raise WholeFile("a quote is not closed (引号未闭合)", line)
    if not records:
        raise WholeFile("the file has no header (数据集为空)")
    head = _header(records.pop(0)[1])
    if not records:
        raise WholeFile("the file has no rows (数据集为空)")
    width = len(records[0][1])
    refuse_cells(len(records), len(head))
    index = max(0, width - len(head))  # a first row longer than the header makes its first cells row labels
    rows = []
    for number, record in records:
        if len(record) > len(head) + index and any(record[len(head) + index :]):
            raise WholeFile(f"{len(record)} cells, and the header has {len(head)} (单元格数与表头不符)", number)
        cells = record[index:] + [""] * (len(head) + index - len(record))
        rows.append((number, dict(zip(head, cells, strict=False))))
    pair = (*QUERY_KEYS, *RESPONSE_KEYS, "history")
    used = {*SYSTEM_KEYS, *(MESSAGES_KEYS if form_of(head) == "messages" else pair)}
    for column in head:
        read = column.lower() in used  # other columns are written again, which limits numbers to 63 bits
        convert = _conversion([row[column] for _, row in rows], 2**64 if read else 2**63)
        if convert:
            for _, row in rows:
                row[column] = convert(row[column])
    return rows


def _header(names: list[str]) -> list[str]:
    head: dict[str, None] = {}
    original = set(names)
    numbers: dict[str, int] = {}  # where the search for a free number goes on
    for position, name in enumerate(names):
        plain = name or f"Unnamed: {position}"
        number = numbers.get(plain, 0)
        unique = f"{plain}.{number}" if number else plain
        while unique in head or (number and unique in original):
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
            return None  # more digits than Python parses
        if any(not -(2**63) <= whole_number(_digits(cell)) < limit for cell in cells):
            raise WholeFile("a whole number has more than 64 bits (整数超过 64 位)")
        return int
    if all(_FRACTION.fullmatch(cell) for cell in cells):
        return float
    if all(cell.lower() in ("true", "false") for cell in cells):
        return lambda cell: cell.lower() == "true"
    return None
