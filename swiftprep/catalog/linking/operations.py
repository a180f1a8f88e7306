"""Evaluate operations: `a && b`, `a === b`, `typeof a`, `a in b`, `a - b`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swiftprep.catalog.linking.inspected import computed, is_unknown, type_of
from swiftprep.catalog.linking.scope import Bound, Where
from swiftprep.catalog.vue.value_kinds import ARRAY, JOINED, NAME, OBJECT, SOURCE, STRING
from swiftprep.catalog.vue.values import Value

if TYPE_CHECKING:
    from swiftprep.catalog.linking.evaluate import Evaluator


def result_of(evaluator: Evaluator, value: Value, where: Where, depth: int) -> Bound | None:
    """Return the result of an operation, or None if it is unknown."""
    sign, operands = value[1], value[2]
    first = operands[0], where
    if sign in ("||", "&&", "??"):
        left, there = evaluator.modules.resolve(*first, depth + 1)
        if sign == "??":
            is_first = None if is_unknown(left) else left[1:] not in (["undefined"], ["null"])
        else:
            truth = evaluator.truth((left, there), depth)
            is_first = None if truth is None else truth == (sign == "||")
        return None if is_first is None else (left, there) if is_first else (operands[1], where)
    result = _compared(evaluator, sign, first, (operands[-1], where), depth)
    return None if result is None else ([STRING, result] if sign == "typeof" else [SOURCE, result], where)


def _compared(evaluator: Evaluator, sign: str, one: Bound, other: Bound, depth: int) -> str | None:
    """Return the result of an operation as source text (for `typeof`, as it is), or None."""
    if sign == "!":
        truth = evaluator.truth(one, depth)
        return None if truth is None else "false" if truth else "true"
    left, right = evaluator.modules.resolve(*one, depth + 1), evaluator.modules.resolve(*other, depth + 1)
    if sign == "typeof":
        return type_of(left[0])
    if sign == "in":
        key = evaluator.key(left, depth)
        keys = [entry[0] for entry in evaluator.entries(right, depth)] if right[0][0] in (OBJECT, ARRAY) else ["..."]
        return "true" if key in keys else None if key is None or "..." in keys else "false"
    if sign in ("===", "!==", "==", "!="):
        same = _same(evaluator, left, right, len(sign) == 2, depth)
        return None if same is None else "true" if same == (sign[0] == "=") else "false"
    numbers = evaluator.number(left, depth), evaluator.number(right, depth)
    if numbers[0] is None or numbers[1] is None:
        return None
    return computed(sign, numbers[0], numbers[1])


def _same(evaluator: Evaluator, one: Bound, other: Bound, is_loose: bool, depth: int) -> bool | None:
    """Return whether two evaluated values are equal, or None if that is unknown."""
    if is_unknown(one[0]) or is_unknown(other[0]):
        return None
    nothing = {"undefined", "null"}
    if is_loose and one[0][0] == SOURCE and other[0][0] == SOURCE and {one[0][1], other[0][1]} <= nothing:
        return True
    kinds = {one[0][0], other[0][0]}
    if kinds <= {STRING, SOURCE, NAME}:
        return bool(one[0] == other[0])
    if JOINED in kinds:
        texts = evaluator.modules.text(*one, depth), evaluator.modules.text(*other, depth)
        return None if None in texts else texts[0] == texts[1]
    return False if kinds & {STRING, SOURCE, NAME} else None
