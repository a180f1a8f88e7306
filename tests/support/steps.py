"""How much work something is: a count that is the same on a slow machine as on a fast one.

Only calls are counted. What one of them does within itself, such as a pattern that goes back and forth, is not: the tests
put a limit of a minute on that, with inputs for which a square takes longer, and `benchmarks/rules.py` looks closer.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import Any


def steps(work: Callable[[], Any]) -> int:
    """Return how many functions, of Python and of C, are called."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.collect()
    gc.disable()  # what is cleared away meanwhile may call functions, too
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def growth(work: Callable[[int], Any], n: int) -> float:
    """Return how many times the steps something of size `n` takes it takes for four times the size."""
    work(1)  # patterns are compiled, and the like
    return steps(lambda: work(4 * n)) / steps(lambda: work(n))
