"""What is wrong with the value of a setting, in users' words: English, then Chinese in brackets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from swiftprep.errors import one_line

# The kinds of pydantic's errors → what is expected, with the limits of the error's context.
_LIST = ("a list is expected, such as {key}=a,b", "应为列表，例如 {key}=a,b")
_TEXT = ("a text is expected", "应为文本")
_WHOLE = ("a whole number is expected", "应为整数")
_NUMBER = ("a number is expected", "应为数字")
_SWITCH = ("true or false is expected", "应为 true 或 false")
_SECTION = ("keys with values are expected below it", "其下应为键和值")
_EXPECTED: Mapping[str, tuple[str, str]] = {
    "list_type": _LIST,
    "string_type": _TEXT,
    "path_type": ("a path is expected", "应为路径"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": _NUMBER,
    "bool_type": _SWITCH,
    "bool_parsing": _SWITCH,
    "dict_type": _SECTION,
    "model_type": _SECTION,
    "model_attributes_type": _SECTION,
    "greater_than": ("a number above {gt:g} is expected", "应大于 {gt:g}"),
    "greater_than_equal": ("{ge:g} or more is expected", "应不小于 {ge:g}"),
    "less_than": ("a number below {lt:g} is expected", "应小于 {lt:g}"),
    "less_than_equal": ("{le:g} or less is expected", "应不大于 {le:g}"),
    "too_short": ("at least {min_length} is expected", "至少应有 {min_length} 项"),
}
_CHOICE = re.compile(r"'([^']*)'")


def value_error(key: str, problem: Mapping[str, Any]) -> str:
    """Return what is wrong with the value of a key, and what is expected.

    Args:
        key: The key, with dots.
        problem: One of the errors of pydantic's `ValidationError.errors()`.

    >>> value_error("seed", {"type": "int_parsing", "input": "many", "msg": ""})
    "seed='many': a whole number is expected (应为整数)"
    """
    kind, value = problem["type"], problem["input"]
    shown = "null" if value is None else one_line(repr(value), 200)
    key = one_line(key, 200)
    if kind in ("string_type", "path_type") and isinstance(value, dict) and value:
        below = one_line(f"{key}.{next(iter(value))}", 200)
        return f"{key}: it is a text here, so there is no {below} (此处是文本，没有 {below} 这个配置项)"
    if kind == "literal_error":
        choices = _CHOICE.findall(problem["ctx"]["expected"])
        return f"{key}={shown}: {' or '.join(choices)} is expected (应为 {' 或 '.join(choices)})"
    if kind in _EXPECTED:
        english, chinese = (text.format(key=key, **problem.get("ctx", {})) for text in _EXPECTED[kind])
        return f"{key}={shown}: {english} ({chinese})"
    message = one_line(problem["msg"].removeprefix("Value error, "))
    return f"{key}={shown}: {message[:1].lower()}{message[1:]}"
