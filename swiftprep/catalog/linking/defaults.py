"""Return the defaults of props as source text."""

from __future__ import annotations

import json

from swiftprep.catalog.linking.inspected import is_unknown, peeled
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.scope import Where
from swiftprep.catalog.vue.value_kinds import ARRAY, DEFAULT, FUNCTION, IN, JOINED, NAME, OBJECT, SOURCE, STRING
from swiftprep.catalog.vue.values import MAX_TEXT, Value


def default_of(modules: Modules, value: Value, path: Where, depth: int = 0) -> str | None:
    """Return the source text of a default, or None if there is none or it depends on an unknown argument."""
    value, path = peeled(value, path)
    text: str | None = None
    if value[0] == DEFAULT:
        text = str(value[1]) if isinstance(path, str) else None
        if value[2] is None:
            return str(value[1])
        value = value[2]
    written = value
    resolved, where = modules.resolve(value, path, depth)
    if resolved[0] == DEFAULT:
        return str(resolved[1])
    if resolved == [SOURCE, "undefined"]:
        return None
    if resolved[0] == STRING:
        return text if text is not None and written[0] == STRING else _quoted(resolved[1])
    if resolved[0] == JOINED:
        joined = modules.text(resolved, where, depth)
        return text if joined is None else _quoted(joined)
    if is_unknown(resolved):
        is_shown = text is None and isinstance(path, str) and resolved[0] == SOURCE
        return str(resolved[1]) or None if is_shown else text
    if text is not None and (written[0] == SOURCE or resolved[0] == FUNCTION):
        return text
    return _source(resolved)


def is_literal(default: str) -> bool:
    """Return whether a default is written out: a text, a number, a list, an object, `true` or `false`."""
    return default[:1] in "'\"`[{-0123456789" or default in ("true", "false")


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text and "\n" not in text else json.dumps(text, ensure_ascii=False)


def _source(value: Value, depth: int = 0) -> str | None:
    """Return the text of an evaluated value, shortened; for a factory, of its result."""
    while value[0] in (IN, FUNCTION, DEFAULT):
        if value[0] == DEFAULT:
            return str(value[1])
        if value[0] == FUNCTION and (value[2] is None or value[2][0] not in (OBJECT, ARRAY)):
            return None
        value = value[1] if value[0] == IN else value[2]
    if value[0] == STRING:
        return _quoted(value[1])
    if value[0] in (OBJECT, ARRAY) and value[1] and depth > 2:
        return "{…}" if value[0] == OBJECT else "[…]"
    if value[0] == ARRAY:
        text = ", ".join(_source(item, depth + 1) or "…" for item in value[1])
        return f"[{text}]" if len(text) < MAX_TEXT else "[…]"
    if value[0] == OBJECT:
        text = ", ".join(f"{key}: {_source(inner, depth + 1) or '…'}" for key, inner, _ in value[1] if key != "...")
        return "{}" if not value[1] else f"{{ {text} }}" if len(text) < MAX_TEXT and text else "{…}"
    return str(value[1]) if value[0] in (SOURCE, NAME) and value[1] else None
