"""Limit the effort of linking, so that hostile files cannot make it run forever."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from swiftprep.catalog.vue.values import Value

Result = TypeVar("Result")

MAX_DEPTH = 100  # of nested values, types or components
MOST_STEPS = 50_000  # per component; those of large frameworks need a few hundred
MOST_ITEMS = 1_000  # props, events, slots or methods of one component
_RESERVE = 2_000_000  # unused steps that other components may use
_SHARE = 2_000


class Effort:
    """The remaining steps for resolving one component, and the results cached on the way.

    Attributes:
        is_cut: Whether a limit on depth, steps or items was reached, so that something is missing.
    """

    def __init__(self) -> None:
        self.is_cut = False
        self._reserve = _RESERVE
        self._left = 0
        self._known: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        self.start()

    def start(self) -> None:
        """Start another component: clear the cached results and allot new steps."""
        self._reserve = min(_RESERVE, self._reserve + max(self._left, 0) + _SHARE)
        self._left = max(_SHARE, min(MOST_STEPS, self._reserve))
        self._reserve = max(0, self._reserve - self._left)
        self._known.clear()
        self.is_cut = False

    def spend(self, steps: int = 1, depth: int = 0) -> bool:
        """Use up steps, and return whether to go on; if not, the result is incomplete."""
        self._left -= steps
        if self._left < 0 or depth > MAX_DEPTH:
            self.is_cut = True
            return False
        return True

    @property
    def is_spent(self) -> bool:
        """Whether no steps are left, so that loops can stop early."""
        return self._left < 0

    def once(self, what: str, value: Value, path: Hashable, find: Callable[[], Result], meanwhile: Result) -> Result:
        """Return the result of `find`, called only once for each purpose, value and file.

        Args:
            what: The purpose, such as `"props"`.
            value: The value, compared by identity.
            path: The place in which it stands.
            find: Computes the result.
            meanwhile: The result to return for recursive requests.
        """
        key = (what, id(value), path)
        known = self._known.get(key)
        if known is None:
            self._known[key] = (value, meanwhile)  # holding the value keeps its id unique
            self._known[key] = known = (value, find())
        result: Result = known[1]
        return result

    def is_known(self, what: str, value: Value, path: Hashable) -> bool:
        """Return whether `once` has a result for these already."""
        return (what, id(value), path) in self._known

    def named(self, key: tuple[Any, ...], find: Callable[[], Result], meanwhile: Result) -> Result:
        """Return the result of `find`, called only once for each key; like `once`, but by name."""
        known = self._known.get(key)
        if known is None:
            self._known[key] = (None, meanwhile)
            self._known[key] = known = (None, find())
        result: Result = known[1]
        return result

    def capped(self, items: list[Result]) -> list[Result]:
        """Return the distinct items, at most `MOST_ITEMS`."""
        distinct = list(dict.fromkeys(items))
        most = MOST_ITEMS if self.spend(len(distinct)) else _SHARE // 20
        if len(distinct) > most:
            self.is_cut = True
        return distinct[:most]
