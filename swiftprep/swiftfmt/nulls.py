"""Lists that begin with null, which Arrow reads out of the wrong memory.

Arrow parses a JSON file in blocks. As long as a block has not shown the type of a list's items, a list that begins with
null and goes on is counted longer than what is stored of it. What comes out depends on what lies behind in memory:
other values, an error far from the cause, or the end of the process (Arrow 26; apache/arrow, issue 51305).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from swiftprep.swiftfmt.shape import Shape

BLOCK = (10 << 20) // 32  # bytes of a block: `datasets` takes a 32nd of the 10 MB it reads at once
NULL_FIRST = re.compile(rb"\[\s*null\s*,")
DAMAGE = (
    "a list begins with null, and Arrow reads what follows out of the wrong memory: the process may die, stop with "
    "another error, or take other values (列表以 null 开头，Arrow 会读错内存)"
)


def first_damaged(rows: Iterable[tuple[int, int, Any]], shape: Shape) -> int:
    """Return the line of the first row that Arrow damages, or 0.

    Args:
        rows: `(line, block, row)`, with the block of the file the row ends in.
        shape: Of the file, settled: what is kept as JSON text is no list.
    """
    known: set[int] = set()
    last = -1
    for line, block, row in rows:
        if block != last:
            known.clear()
            last = block
        if _is_damaged(row, shape, known):
            return line
    return 0


def _is_damaged(value: Any, shape: Shape, known: set[int]) -> bool:
    if shape.as_json:
        return False
    if isinstance(value, dict):
        return any(_is_damaged(value[key], child, known) for key, child in shape.children.items() if key in value)
    item = shape.item
    if not isinstance(value, list) or item is None or item.as_json:
        return False
    if len(value) > 1 and value[0] is None and id(item) not in known:
        return True
    for inner in value:
        if inner is not None:
            known.add(id(item))
            if _is_damaged(inner, item, known):
                return True
    return False


def block_of(row: int, end: int, size: int, *, written_again: bool) -> int:
    """Return the block a row is in; where that is not known, one of its own, as if the row were the first of one.

    Args:
        row: The number of the row, from 0.
        end: Where the row ends in the file, in bytes.
        size: The file's size in bytes.
        written_again: Whether `datasets` writes the rows anew before Arrow reads them, with letters beyond ASCII and
            slashes escaped: then only the rows of a small file are known to be in one block.
    """
    if size * (6 if written_again else 1) <= BLOCK:
        return 0
    if written_again:
        return row
    if size // 8 > BLOCK:  # then 10 MB are one block
        return 0 if end <= 32 * BLOCK else row
    return end // BLOCK
