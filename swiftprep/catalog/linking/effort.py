"""How far linking follows what the files of a tree name: they may be written so that it would never come to an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from swiftprep.catalog.vue.values import Value

Result = TypeVar("Result")

MAX_DEPTH = 100  # of values within values, types within types, components within components
MOST_STEPS = 50_000  # of one component; those of large frameworks take some hundreds
MOST_ITEMS = 1_000  # props, events, slots or methods of one component
_RESERVE = 2_000_000  # steps that components may take from each other's share
_SHARE = 2_000


class Effort:
    """What following the names of one component costs, and what was found out on the way.

    Attributes:
        is_cut: Whether something was left out because it lies too deep, takes too long or is too much.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._reserve = _RESERVE
        self._left = 0
        self._known: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self.start()

    def start(self) -> None:
        """Begin with another component: forget what the one before found, and take its steps."""
        self._reserve = min(_RESERVE, self._reserve + max(self._left, 0) + _SHARE)
        self._left = max(_SHARE, min(MOST_STEPS, self._reserve))
        self._reserve = max(0, self._reserve - self._left)
        self._known.clear()
        self.is_cut = False

    def spend(self, steps: int = 1, depth: int = 0) -> bool:
        """Take steps, and return whether to go on; if not, something is left out."""
        self._left -= steps
        if self._left < 0 or depth > MAX_DEPTH:
            self.is_cut = True
            return False
        return True

    @property
    def is_spent(self) -> bool:
        """Whether no steps are left, so that there is no use in going on with a list."""
        return self._left < 0

    def once(self, what: str, value: Value, path: str, find: Callable[[], Result], meanwhile: Result) -> Result:
        """Return what `find` does, which is asked once for each `what` of a value in a file.

        Args:
            what: What is found out.
            value: Of what: the very object.
            path: The file it stands in.
            find: Finds it out.
            meanwhile: What to return when that asks for itself.
        """
        key = (what, id(value), path)
        known = self._known.get(key)
        if known is None:
            self._known[key] = (value, meanwhile)  # as long as the value is held, no other has its id
            self._known[key] = known = (value, find())
        result: Result = known[1]
        return result

    def named(self, key: tuple[Any, ...], find: Callable[[], Result], meanwhile: Result) -> Result:
        """Return what `find` does, which is asked once for each key; as `once`, by name."""
        known = self._known.get(key)
        if known is None:
            self._known[key] = (None, meanwhile)
            self._known[key] = known = (None, find())
        result: Result = known[1]
        return result

    def capped(self, items: list[Result]) -> list[Result]:
        """Return each of some items once, the first `MOST_ITEMS` of them."""
        distinct = list(dict.fromkeys(items))
        most = MOST_ITEMS if self.spend(len(distinct)) else _SHARE // 20
        if len(distinct) > most:
            self.is_cut = True
        return distinct[:most]
