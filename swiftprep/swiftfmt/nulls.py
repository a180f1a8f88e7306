"""Lists that begin with null, for which Arrow reads invalid memory.

Arrow parses a JSON file in blocks. Until a block has determined the item type of a list, a list that begins with null
and goes on is recorded as longer than its stored items. The result depends on what lies behind them in memory: other
values, an error far from the cause, or a crash of the process (Arrow 26; apache/arrow, issue 51305).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from swiftprep.swiftfmt.shape import Shape

BLOCK = (10 << 20) // 32  # bytes of a block: `datasets` takes a 32nd of the 10 MB it reads at once
NULL_FIRST = re.compile(rb"\[\s*null\s*,")
DAMAGE = (
    "a list begins with null, and Arrow reads invalid memory for it: the process may crash, stop with "
    "another error, or take other values (列表以 null 开头，Arrow 会读错内存)"
)


def first_damaged(rows: Iterable[tuple[int, int, Any]], shape: Shape) -> int:
    """Return the line of the first row that Arrow corrupts, or 0.

    Args:
        rows: `(line, block, row)`, with the number of the block that the row ends in.
        shape: Settled shape of the file: what is stored as JSON text is not a list.
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
    """Return the block a row is in; where it is unknown, a block of its own, as if the row were the first of one.

    Args:
        row: Number of the row, from 0.
        end: End of the row in the file, in bytes.
        size: Size of the file in bytes.
        written_again: Whether `datasets` rewrites the rows before Arrow reads them, with non-ASCII characters and
            slashes escaped: then only the rows of a small file are known to share a block.
    """
    if size * (6 if written_again else 1) <= BLOCK:
        return 0
    if written_again:
        return row
    if size // 8 > BLOCK:  # then 10 MB form one block
        return 0 if end <= 32 * BLOCK else row
    return end // BLOCK
