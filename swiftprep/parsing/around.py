"""What stands around places of a source: one walk down its tree, where `Node.parent` begins at the root each time."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from tree_sitter import Node

Result = TypeVar("Result")


class Around(NamedTuple):
    """A node and what it stands in.

    Attributes:
        node: The node.
        above: Its parent with what that stands in; None at the root.
        siblings: Its parent's children.
        at: Which of them it is.
    """

    node: Node
    above: Around | None
    siblings: list[Node]
    at: int


def smallest(root: Node, places: Iterable[int]) -> dict[int, Around]:
    """Return, for each byte, the smallest node around it."""
    order = sorted(set(places))
    innermost: dict[int, Around] = {}
    stack = [(Around(root, None, [root], 0), 0, len(order))]
    while stack:
        here, done, end = stack.pop()
        children = here.node.children
        for at, child in enumerate(children):
            if done == end:
                break
            first = bisect.bisect_left(order, child.start_byte, done, end)
            last = bisect.bisect_left(order, child.end_byte, first, end)
            innermost.update(dict.fromkeys(order[done:first], here))
            if last > first:
                stack.append((Around(child, here, children, at), first, last))
            done = last
        innermost.update(dict.fromkeys(order[done:end], here))
    return innermost


def nearest(
    here: Around | None, known: dict[int, Result | None], test: Callable[[Around], Result | None]
) -> Result | None:
    """Return what `test` returns of the innermost of a node and those around it for which that is not None.

    Args:
        here: Where to begin.
        known: What was found before, by node, so that no node is tested twice.
        test: What is looked for.
    """
    passed: list[int] = []
    result: Result | None = None
    while here is not None and result is None:
        if here.node.id in known:
            result = known[here.node.id]
            break
        passed.append(here.node.id)
        result = test(here)
        here = here.above
    known.update(dict.fromkeys(passed, result))
    return result
