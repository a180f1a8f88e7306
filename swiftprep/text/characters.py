"""Escaped and broken characters in text from outside, decoded safely."""

from __future__ import annotations

import html
import re
from typing import Any

HAN = re.compile("[\u3400-\u9fff]")  # a Chinese character
SURROGATE = re.compile("[\ud800-\udfff]")  # half of a UTF-16 pair, which is no character
# No code point has eight decimal digits, and Python refuses to parse more than 4,300.
_NO_CHARACTER = re.compile(r"&#(?:0*[1-9][0-9]{7,}|[xX]0*[1-9a-fA-F][0-9a-fA-F]{6,});?")


def whole(text: str) -> str:
    r"""Return a text that can be encoded: surrogate pairs joined, and U+FFFD for half a pair.

    >>> whole("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"
    True
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def whole_in(value: Any) -> Any:
    r"""Return plain values (texts, lists, tuples, dictionaries) with `whole` applied to each text.

    >>> whole_in({"a\ud800": ["b", 1]}) == {"a\ufffd": ["b", 1]}
    True
    """
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {whole_in(key): whole_in(inner) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(whole_in, value))
    return value


def without_entities(text: str) -> str:
    """Return a text with HTML entities decoded.

    >>> without_entities("&lt;a&gt; &#20013;") == "<a> 中" and without_entities("&#" + "9" * 9_999 + ";") == "\ufffd"
    True
    """
    return html.unescape(_NO_CHARACTER.sub("\ufffd", text))
