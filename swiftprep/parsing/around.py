"""Find the nodes around positions in a source in one walk, since `Node.parent` searches from the root each time."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from tree_sitter import Node

Result = TypeVar("Result")


class Around(NamedTuple):
    """A node with its ancestors.

    Attributes:
        node: The node.
        above: Its parent, with its own ancestors; None at the root.
        siblings: Its parent's children, including itself.
        at: Its index among them.
    """

    node: Node
    above: Around | None
    siblings: list[Node]
    at: int


def smallest(root: Node, places: Iterable[int]) -> dict[int, Around]:
    """Return the smallest node around each byte offset."""
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
    """Return the first result of `test` that is not None, going from a node outward to the root.

    Args:
        here: The node to begin with.
        known: Earlier results by node id, updated here, so that no node is tested twice.
        test: Returns a result for a node, or None to go on to its parent.
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
