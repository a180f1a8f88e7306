"""Parse the rows of a batch's result file as it is downloaded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import orjson

from swiftprep.errors import TeacherError
from swiftprep.teachers.failures import read_json, read_reply
from swiftprep.teachers.http import LARGEST, too_large
from swiftprep.teachers.request import Reply

LARGEST_FILE = 2**30  # bytes read of a result file
_ENDS = 4096  # bytes kept of either end of a row that is too large: one of them holds the request's id
_ID = re.compile(rb'"custom_id"\s{0,8}:\s{0,8}"([0-9a-f]{40})"')

Answer = tuple[str, Reply | TeacherError]


class Rows:
    """Take a result file in pieces and report each row; at most one row is held in memory.

    Attributes:
        count: Rows reported.
        beginning: The first bytes of the file, for an error message where it has no rows.
    """

    def __init__(
        self, tell: Callable[[str, Reply | TeacherError], None], host: str, *, most: int = LARGEST_FILE
    ) -> None:
        """Start with an empty file.

        Args:
            tell: Called with the `custom_id` of a row and the result of its request.
            host: The provider's host, for error messages.
            most: Bytes of the file to read at most.
        """
        self._tell = tell
        self._host = host
        self._left = most
        self._row = bytearray()
        self._is_cut = False
        self.count = 0
        self.beginning = b""

    def take(self, piece: bytes) -> bool:
        """Take the next piece and return whether to go on reading."""
        if len(self.beginning) < _ENDS:
            self.beginning += piece[:_ENDS]
        whole, end, rest = piece[: self._left].rpartition(b"\n")
        if end:
            first, *others = whole.split(b"\n")
            self._add(first)
            self.end()
            for row in others:
                self._add(row)
                self.end()
        self._add(rest)
        self._left -= len(piece)
        return self._left > 0

    def end(self) -> None:
        """Report the row received so far: it is complete."""
        row, self._row = bytes(self._row), bytearray()
        is_cut, self._is_cut = self._is_cut, False
        answer = _too_large(row) if is_cut else read_row(row, self._host)
        if answer is not None:
            self.count += 1
            self._tell(*answer)

    def _add(self, part: bytes) -> None:
        self._row += part
        if len(self._row) > LARGEST or (self._is_cut and len(self._row) > 4 * _ENDS):
            self._is_cut = True
            del self._row[_ENDS:-_ENDS]


def read_row(row: bytes, host: str) -> Answer | None:
    """Return the request a row names and its result; None when it names none.

    However odd a row is, the request it names counts as answered: asking again would cost money again.
    """
    try:
        document = read_json(row)
    except ValueError:
        return _bad(row, "its row in the batch's result file cannot be read (批处理结果中的这一行无法解析)")
    if not isinstance(document, dict) or not isinstance(document.get("custom_id"), str):
        return None
    key = document["custom_id"]
    response = document.get("response")
    response = response if isinstance(response, dict) else {}
    body = response.get("body")
    packed = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else _packed(body or document.get("error"))
    try:
        return key, read_reply(_status(response.get("status_code")), {}, packed, host)
    except TeacherError as error:
        return key, error


def _too_large(row: bytes) -> Answer | None:
    return _bad(row, too_large(LARGEST))


def _bad(row: bytes, message: str) -> Answer | None:
    named = _ID.search(row)
    if named is None:
        return None
    return named[1].decode(), TeacherError(message, kind="bad-body", status=200, body=row[:_ENDS], tokens=None)


def _packed(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, or an integer too large for orjson
        return json.dumps(value).encode()


def _status(value: Any) -> int:
    """Return an HTTP status; anything that is not one counts as the provider's failure, 500."""
    try:
        status = int(value)
    except (TypeError, ValueError, OverflowError):
        return 500
    return status if 100 <= status <= 599 else 500
