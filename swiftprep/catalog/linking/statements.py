"""What the statements of a function's body may change, as far as `run.py` has to know before it runs them."""

from __future__ import annotations

from swiftprep.catalog.vue.functions import Statement
from swiftprep.catalog.vue.value_kinds import CALL, CHOICE, EFFECTS, FUNCTION, OPERATION
from swiftprep.catalog.vue.values import Value

_BLOCKS = {"if": (2, 3), "for": (4,), "loop": (1, 3, 4)}  # the positions of statements in others
CHANGES = ("push", "unshift")


def has_effects(value: Value) -> bool:
    """Return whether an expression changes something: `(a[key] = b, a)` or `(a[key] = b) && a`."""
    parts = value[2] if value[0] == OPERATION else value[1:] if value[0] == CHOICE else ()
    return value[0] == EFFECTS or any(map(has_effects, parts))


def matters(statement: Statement) -> bool:
    """Return whether a statement may change a result."""
    kind = statement[0]
    if kind in ("if", "for", "loop"):
        return any(matters(inner) for at in _BLOCKS[kind] for inner in statement[at])
    if kind == "do":
        value = statement[1]
        if value[0] != CALL:
            return False
        is_change = value[1][-1] in (*CHANGES, "assign", "_extends", "component", "use")
        return is_change or any(
            argument[0] == FUNCTION and argument[4] and any(map(matters, argument[4])) for argument in value[2]
        )
    return kind in ("=", "delete", "return", "?")
