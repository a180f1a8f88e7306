"""Failures of a whole file, and the checks that every kind of file goes through."""

from __future__ import annotations

from pathlib import Path

from swiftprep.errors import DataError
from swiftprep.text.limits import read_within

NOT_UTF8 = "not UTF-8; if the file is GBK: iconv -f GB18030 -t UTF-8 (文件不是 UTF-8，请先转换编码)"
MOST_CELLS = 20_000_000  # of a table that is filled up to a rectangle


class WholeFile(DataError):
    """The whole file fails to load; the message gives the reason.

    Attributes:
        line: The line it fails on, from 1, or 0 where no single line makes it fail.
    """

    def __init__(self, reason: str, line: int = 0) -> None:
        super().__init__(reason)
        self.line = line


def read_file(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        WholeFile: it is too large.
    """
    try:
        return read_within(path)
    except DataError as error:
        raise WholeFile(f"{str(error).removeprefix(f'{path}: ')}: it is not looked into") from None


def decoded(data: bytes) -> str:
    """Decode UTF-8.

    Raises:
        WholeFile: it is not UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise WholeFile(NOT_UTF8) from None


def refuse_cells(rows: int, columns: int) -> None:
    """Refuse a table of more than `MOST_CELLS` cells.

    Raises:
        WholeFile: it has more.
    """
    if rows * columns > MOST_CELLS:
        raise WholeFile(f"a table of {rows:,} × {columns:,} cells is not looked into (表格过大)")
