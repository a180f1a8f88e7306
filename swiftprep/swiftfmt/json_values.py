"""Tolerant parsing of JSON values, with a record of the errors that were tolerated."""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import Any

from swiftprep.errors import DataError
from swiftprep.rows.columns import MESSAGES_KEYS, QUERY_KEYS, RESPONSE_KEYS, SYSTEM_KEYS
from swiftprep.swiftfmt.loose import with_spaces_for_commas
from swiftprep.text.limits import LARGEST_ROW, TOO_DEEP, TOO_LARGE, shallow

REPEATED = "repeated-key"
_READ = {*MESSAGES_KEYS, *QUERY_KEYS, *RESPONSE_KEYS, *SYSTEM_KEYS, "history", "role", "from", "value", "channel"}
_COMMA_TOO_MANY = re.compile(r'\\.|"|,(?=\s*[\]}])', re.DOTALL)
_BRACKET = re.compile(r'\\.|["\[\]{}]', re.DOTALL)
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class NotRead:
    """Takes the place of a value that is too large or nested too deeply, and holds the reason."""

    why: str


class Values:
    """Parses the JSON values of a text one after another, each part of it a few times at most.

    Once an extra comma is found, a copy of the text without such commas is parsed from there on: the decoder counts all
    lines before an error to report it, which would take for ever if it failed at each of a million rows.
    """

    def __init__(self, text: str) -> None:
        self._original = self._text = text
        self._spaced: list[int] | None = None  # positions of extra commas, once they were searched for
        self._tolerated: set[str] = set()
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._once,
            parse_constant=self._constant,
            parse_int=self._integer,
            parse_float=self._fraction,
            strict=False,
        )

    def at(self, place: int) -> tuple[Any, int, frozenset[str]]:
        """Return the value at a position, its end, and the errors tolerated in it.

        Raises:
            ValueError: it is not valid JSON.
        """
        try:
            value, end = self._decoded(place)
        except RecursionError:
            return NotRead(TOO_DEEP), _end_of_brackets(self._text, place), frozenset()
        if end - place > LARGEST_ROW:
            return NotRead(TOO_LARGE), end, frozenset()
        if _CONTROL.search(self._original, place, end) or self._had_comma(place, end):
            self._tolerated.add("json")
        try:
            return shallow(value), end, frozenset(self._tolerated)
        except DataError as error:
            return NotRead(str(error)), end, frozenset()

    def _decoded(self, place: int) -> tuple[Any, int]:
        self._tolerated.clear()
        try:
            return self._decoder.raw_decode(self._text, place)
        except json.JSONDecodeError as error:
            if self._spaced is None:
                self._text, self._spaced = with_spaces_for_commas(self._original, _COMMA_TOO_MANY)
                return self._decoded(place)
            raise ValueError(error.msg) from None

    def _had_comma(self, place: int, end: int) -> bool:
        spaced = self._spaced or []
        return bisect_left(spaced, place) < bisect_left(spaced, end)

    def _once(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for key, value in pairs:
            if key in row:
                self._tolerated.add("json" if row[key] == value or key not in _READ else REPEATED)
            row[key] = value
        return row

    def _constant(self, _: str) -> None:
        self._tolerated.add("json")

    def _integer(self, digits: str) -> int | str:
        number = int(digits) if len(digits) < 25 else 2**64
        if -(2**63) <= number < 2**64:
            return number
        self._tolerated.add("json")
        return digits

    def _fraction(self, digits: str) -> float | str:
        number = float(digits)
        if abs(number) == float("inf"):
            self._tolerated.add("json")
            return digits
        return number


def _end_of_brackets(text: str, place: int) -> int:
    """Return the end of the object or list at a position, without recursion."""
    depth, in_string = 0, False
    for match in _BRACKET.finditer(text, place):
        if match[0] == '"':
            in_string = not in_string
        elif not in_string and match[0][0] != "\\":
            depth += 1 if match[0] in "[{" else -1
            if not depth:
                return match.end()
    return len(text)
