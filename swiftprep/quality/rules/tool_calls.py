"""The rule about tool calls written as text in an answer."""

from __future__ import annotations

import json
import re
from typing import Any

from swiftprep.code.markdown import outside_fences
from swiftprep.quality.rule import RuleResult, drop, warn
from swiftprep.quality.rules.origin import is_code, is_scanned
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample
from swiftprep.text.limits import shallow

_OBJECT = re.compile(r"^[ \t]*(?=[\[{])", re.M)
_NAMES = frozenset("tool tool_name name function function_name action api plugin recipient_name".split())
_ARGUMENTS = frozenset("parameters params arguments args kwargs input inputs action_input tool_input".split())
_BESIDE = frozenset("id call_id type index thought thoughts reasoning".split())
# The format of agents that write a thought, an action and its input, line by line.
_STEPS = re.compile(r"^Action:[ \t]*[\w.-][^\n]*\n+Action Input:", re.M)
# A search tool's reference after a sentence, to a list of sources that is missing here.
_SOURCE = re.compile(r"【\d+(?::\d+)?†[^】\n]{0,60}】|[\ue200-\ue206](?:cite|turn\d)")


def tool_call(sample: Sample) -> RuleResult | None:
    """Drop an answer with a tool call in its text: nothing runs it, and its result is missing."""
    if is_code(sample) or is_scanned(sample) or any(turn["role"].startswith("tool") for turn in sample.messages):
        return None
    if any(phrases("about_tools").search(turn["content"]) for turn in sample.messages if turn["role"] != "assistant"):
        return None
    text = outside_fences(sample.answer)
    steps = _STEPS.search(text)
    call = steps[0] if steps else _call(text)
    if call:
        call = " ".join(call.split())[:60]
        return drop(f"has a tool call in its text: {call}", f"正文里残留工具调用：{call}")
    source = _SOURCE.search(text)
    return warn(f"refers to a search result: {source[0]}", f"残留检索引用标记：{source[0]}") if source else None


def _call(text: str) -> str:
    """Return the first JSON object, on lines of its own, that is a tool call, or `""`."""
    reader = json.JSONDecoder()
    for line in _OBJECT.finditer(text):
        try:
            value, end = reader.raw_decode(text, line.end())
            shallow(value)
        except (ValueError, RecursionError):
            continue
        if is_call(value) and not text[end:].partition("\n")[0].strip():
            return text[line.end() : end]
    return ""


def is_call(value: Any) -> bool:
    """Return whether a JSON value is a tool call, or a list of them: a name, arguments, and nothing else.

    >>> is_call({"name": "search", "arguments": {"query": "a"}}), is_call({"name": "Li", "age": 3})
    (True, False)
    """
    if isinstance(value, list):
        return bool(value) and all(map(is_call, value))
    if not isinstance(value, dict) or not value:
        return False
    if set(value) <= {"function", *_BESIDE} and isinstance(value.get("function"), dict):
        return is_call(value["function"])
    if set(value) == {"tool_calls"}:
        return is_call(value["tool_calls"])
    name_keys, argument_keys = sorted(_NAMES.intersection(value)), sorted(_ARGUMENTS.intersection(value))
    if not len(name_keys) == len(argument_keys) == 1 or not set(value) <= {*name_keys, *argument_keys, *_BESIDE}:
        return False
    name, arguments = value[name_keys[0]], value[argument_keys[0]]
    is_name = isinstance(name, str) and re.fullmatch(r"[\w.:/-]{2,64}", name) is not None
    return is_name and isinstance(arguments, dict | str)
