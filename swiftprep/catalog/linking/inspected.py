"""What evaluated values are: nothing, unknown, a definition by PropTypes, equal to each other."""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import Any

from swiftprep.catalog.linking.scope import Bound, Scope, Where, local
from swiftprep.catalog.vue.value_kinds import (
    ARRAY,
    CALL,
    CHOICE,
    EFFECTS,
    FUNCTION,
    IN,
    ITEM,
    MEMBER,
    NAME,
    OBJECT,
    OPERATION,
    OPTIONS,
    SOURCE,
    STRING,
)
from swiftprep.catalog.vue.values import Value

UNDEFINED: Value = [SOURCE, "undefined"]
UNKNOWN: Value = [SOURCE, "…"]
_NOTHING = frozenset(("undefined", "null", "false", "true"))
_NUMBERS = itertools.count()
_MOST_COMPARED = 5_000  # parts of a value
_PROP_TYPES = re.compile(r"\w*(?:Props?|Vue)Types|_\w*[tT]ypes\d*")  # names that PropTypes are imported under
GLOBALS = frozenset("String Number Boolean Array Object Function Symbol Date Promise Element HTMLElement".split())
TYPE_NAMES = {STRING: "string", OBJECT: "object", ARRAY: "object", OPTIONS: "object", FUNCTION: "function"}
MORE: list[Any] = ["...", [IN, UNKNOWN, ""], ""]


def computed(sign: str, one: int, other: int) -> str | None:
    """Return the result of an operation on two numbers as source text, or None."""
    if sign in ("<", ">", "<=", ">="):
        is_so = one < other if sign[0] == "<" else one > other
        return "true" if is_so or (len(sign) == 2 and one == other) else "false"
    results = {"-": one - other, "*": one * other} | ({"%": one % other} if other > 0 else {})
    return str(results[sign]) if sign in results else None


def flat(entries: list[list[Any]]) -> Value:
    """Return an object of entries that need no further evaluation, one of each key."""
    return [OBJECT, entries, ""]


def inside(bound: Bound) -> Value:
    """Return a value that stands for another one in its own place."""
    return bound[0] if bound[0][0] == IN else [IN, *bound]


def peeled(value: Value, where: Where) -> Bound:
    """Return a value in its own place, without evaluating it."""
    while value[0] == IN:
        value, where = value[1], value[2]
    return value, where


def is_nothing(value: Value) -> bool:
    """Return whether spreading a value adds nothing."""
    return bool(value[0] == SOURCE and value[1] in _NOTHING)


def is_unknown(value: Value) -> bool:
    """Return whether an evaluated value is unknown."""
    if value[0] == SOURCE:
        return value[1] not in _NOTHING and not value[1].removeprefix("-").replace(".", "", 1).isdigit()
    return value[0] in (MEMBER, ITEM, CALL, CHOICE, OPERATION, EFFECTS) or (
        value[0] == NAME and value[1] not in GLOBALS
    )


def is_prop_type(value: Value, where: Where) -> bool:
    """Return whether a value is a definition such as `PropTypes.string.def('a')`."""
    found = False
    while value[0] in (MEMBER, CALL, IN):
        if value[0] == IN:
            value, where = value[1], value[2]
        else:
            value, found = value[1], True
    return found and value[0] == NAME and _PROP_TYPES.fullmatch(value[1]) is not None and local(value[1], where) is None


def digest(value: Value) -> str:
    """Return a text that is the same for equal values, unless they are too large to compare."""
    texts: list[str] = []
    stack: list[Any] = [value]
    while stack and len(texts) < _MOST_COMPARED:
        part = stack.pop()
        if isinstance(part, list):
            texts.append(f"[{len(part)}")
            stack.extend(part)
        else:
            texts.append(part.key if isinstance(part, Scope) else repr(part))
    if stack:
        return f"#{next(_NUMBERS)}"
    text = "\n".join(texts)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()


def type_of(value: Value) -> str | None:
    """Return what `typeof` says of an evaluated value, or None if it is unknown."""
    if value[0] == SOURCE:
        text = str(value[1])
        if text == "undefined":
            return text
        return "boolean" if text in ("true", "false") else "object" if text == "null" else None
    if value[0] == NAME and value[1] in GLOBALS:
        return "function"
    return TYPE_NAMES.get(str(value[0]))
