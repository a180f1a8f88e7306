"""The rows of a batch's file of answers: split off as they come in, and what each says of which request."""

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

LARGEST_FILE = 2**30  # bytes of a file of answers that are read
_ENDS = 4096  # bytes kept of both ends of a row that is too large: its request's id is in one of them
_ID = re.compile(rb'"custom_id"\s{0,8}:\s{0,8}"([0-9a-f]{40})"')

Answer = tuple[str, Reply | TeacherError]


class Rows:
    """Takes a file of answers in pieces and tells of each row; no more than one row is held.

    Attributes:
        count: Rows that were told of.
        beginning: The first bytes of the file, to be shown where there are no rows in it.
    """

    def __init__(
        self, tell: Callable[[str, Reply | TeacherError], None], host: str, *, most: int = LARGEST_FILE
    ) -> None:
        """Set up.

        Args:
            tell: Is given a row's `custom_id` and what its request got.
            host: Whose file it is.
            most: Bytes of the file that are read.
        """
        self._tell = tell
        self._host = host
        self._left = most
        self._row = bytearray()
        self._is_cut = False
        self.count = 0
        self.beginning = b""

    def take(self, piece: bytes) -> bool:
        """Take the next piece and return whether more is wanted."""
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
        """Tell of the row that has come in by now: it is over."""
        row, self._row = bytes(self._row), bytearray()
        is_cut, self._is_cut = self._is_cut, False
        found = _too_large(row) if is_cut else read_row(row, self._host)
        if found is not None:
            self.count += 1
            self._tell(*found)

    def _add(self, part: bytes) -> None:
        self._row += part
        if len(self._row) > LARGEST or (self._is_cut and len(self._row) > 4 * _ENDS):
            self._is_cut = True
            del self._row[_ENDS:-_ENDS]


def read_row(row: bytes, host: str) -> Answer | None:
    """Return what a row says of which request, None when it names none.

    Whatever is odd about a row, the request it names has got its answer: it would be paid for again.
    """
    try:
        document = read_json(row)
    except ValueError:
        return _bad(row, "its row in the file of answers cannot be read")
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


def _bad(row: bytes, told: str) -> Answer | None:
    named = _ID.search(row)
    if named is None:
        return None
    return named[1].decode(), TeacherError(told, kind="bad-body", status=200, body=row[:_ENDS], tokens=None)


def _packed(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half a pair of surrogates, or an endless number
        return json.dumps(value).encode()


def _status(value: Any) -> int:
    """Return an HTTP status; what is none is a failure of the provider's."""
    try:
        status = int(value)
    except (TypeError, ValueError, OverflowError):
        return 500
    return status if 100 <= status <= 599 else 500
