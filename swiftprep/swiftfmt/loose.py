"""JSON parsing that mimics the two parsers behind ms-swift.

`datasets` reads a file with Arrow, which is strict, and examines it with pandas' ujson, which is not: ujson accepts a
duplicate key, a control character, half a surrogate pair and a comma before `}`, and parses `-` as zero. Where a column
holds values of several types, its texts go through ujson too, so that the text `5` comes back as a number.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from swiftprep.errors import DataError
from swiftprep.rows.repeated_keys import may_repeat_a_key
from swiftprep.text.characters import SURROGATE
from swiftprep.text.limits import TOO_DEEP, loads_within, shallow

_SPACE = " \t\n\r"
_NUMBER = re.compile(r"-?\d*(\.\d*)?([eE][+-]?\d*)?")
_COMMA_TOO_MANY = re.compile(r'\\.|"|,(?=[ \t\n\r]*\})', re.DOTALL)
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u(?![dD][c-fC-F])")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LOW = re.compile("[\udc00-\udfff]")


def loads_strictly(line: bytes) -> Any:
    """Parse one JSON text as Arrow does.

    Raises:
        ValueError: Arrow refuses it: invalid JSON, a duplicate key, half a surrogate pair, a number too big.
        DataError: it is nested too deeply to be checked.
    """
    try:
        value = loads_within(line)
    except orjson.JSONDecodeError:
        return _parse_strictly(line.decode("utf-8"))
    # orjson silently keeps the last of duplicate keys.
    return _parse_strictly(line.decode("utf-8")) if may_repeat_a_key(line, value) else value


def scan_strictly(text: str, start: int) -> tuple[Any, int]:
    """Parse the JSON text that begins at a position, and return its value and end.

    Raises:
        ValueError: see `loads_strictly`.
    """
    try:
        value, end = _STRICT.raw_decode(text, start)
    except json.JSONDecodeError as error:
        raise ValueError(error.msg) from None
    except RecursionError:
        raise DataError(TOO_DEEP) from None
    _refuse_lone(text[start:end], shallow(value))
    return value, end


def loads_loosely(text: str) -> Any:
    """Parse a text as pandas' ujson does.

    Raises:
        ValueError: ujson refuses it.
        DataError: it is nested too deeply to be checked.
    """
    if "\0" in text or _HALF.search(text):
        raise ValueError("a NUL character, or half a surrogate pair")
    text = text.strip(_SPACE)
    if text[:1] == "-" or text[:1].isdigit():
        if not text.isascii() or not _NUMBER.fullmatch(text):
            raise ValueError("not a number")
        return _loose_number(text)
    if text[:1] not in tuple('"[{tfnNI'):
        raise ValueError("not JSON")
    if "}" in text and "," in text:
        text, _ = with_spaces_for_commas(text, _COMMA_TOO_MANY)
    try:
        value = shallow(_LOOSE.decode(text))
    except RecursionError:
        raise DataError(TOO_DEEP) from None
    return _tame(value) if _SURROGATE.search(text) or is_lone(text) else value


def with_spaces_for_commas(text: str, token: re.Pattern[str]) -> tuple[str, list[int]]:
    """Replace certain commas outside the strings of a JSON text by spaces, and return their positions, too.

    One pass suffices: an unclosed string is not scanned again from each quote in it.

    Args:
        text: JSON, or what should be JSON.
        token: Matches a comma to be replaced, a quote, and a backslash with the character after it.
    """
    places: list[int] = []
    in_string = False
    for match in token.finditer(text):
        if match[0] == '"':
            in_string = not in_string
        elif match[0] == "," and not in_string:
            places.append(match.start())
    starts = [0, *(place + 1 for place in places)]
    return " ".join(text[start:end] for start, end in zip(starts, [*places, len(text)], strict=True)), places


def decode_loosely(data: bytes) -> str:
    """Decode bytes as ujson does, which decodes some invalid UTF-8 to other characters.

    Raises:
        ValueError: ujson refuses the bytes.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    letters, place = [], 0
    while place < len(data):
        first = data[place]
        more = 0 if first < 0xC0 else 1 if first < 0xE0 else 2 if first < 0xF0 else 3
        rest = data[place + 1 : place + 1 + more]
        if first >= 0xF8 or len(rest) < more or any(byte < 0x80 for byte in rest):
            raise ValueError("not UTF-8")
        code = first if not more else first & (0x3F >> more)
        for byte in rest:
            code = code << 6 | byte & 0x3F
        if code < (0, 0x80, 0x800, 0x10000)[more] or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            raise ValueError("not UTF-8")
        letters.append(chr(code))
        place += 1 + more
    return "".join(letters)


def is_lone(text: str) -> bool:
    """Tell whether a text contains half a surrogate pair."""
    return not text.isascii() and SURROGATE.search(text) is not None


def _parse_strictly(text: str) -> Any:
    value, end = scan_strictly(text, len(text) - len(text.lstrip(_SPACE)))
    if text[end:].strip(_SPACE):
        raise ValueError("more than one value")
    return value


def _refuse_lone(text: str, value: Any) -> None:
    if ("\\u" in text or not text.isascii()) and is_lone(json.dumps(value, ensure_ascii=False)):
        raise ValueError("half a surrogate pair")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a duplicate key in one object")
    return row


def _strict_float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("number too big")
    return number


def _strict_int(text: str) -> int | float:
    return int(text) if len(text) < 25 else _strict_float(text)


def _loose_number(text: str) -> int | float:
    mantissa, power, exponent = text.lower().partition("e")
    mantissa = mantissa.rstrip(".") if mantissa.rstrip(".").lstrip("-") else "0"
    if power or "." in text:
        return float(f"{mantissa}e{exponent if exponent[-1:].isdigit() else 0}")
    number = int(mantissa) if len(mantissa) < 25 else 2**64
    if not -(2**63) <= number < 2**64:
        raise ValueError("number too big")
    return number


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)


def _tame(value: Any) -> Any:
    """Remove half surrogates, as ujson does."""
    if isinstance(value, str):
        if not is_lone(value):
            return value
        if _LOW.search(value):
            raise ValueError("half a surrogate pair")
        return SURROGATE.sub("", value)
    if isinstance(value, dict):
        return {_tame(key): _tame(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_tame(item) for item in value]
    return value


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_float=_strict_float, parse_int=_strict_int)
_LOOSE = json.JSONDecoder(strict=False, parse_constant=_constant, parse_int=_loose_number)
