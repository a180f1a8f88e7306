"""What tracing a component's functions has found: the events and slots they reach, and what could not be followed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from swiftprep.catalog.linking.held import (
    INSTANCE,
    KEY,
    LISTENERS,
    OPENS,
    SELF,
    SLOTS,
    Held,
    all_roles,
)
from swiftprep.catalog.linking.names import Place

NOT_NAMES = frozenset(
    "length forEach map filter reduce some every find includes indexOf push concat slice join keys values entries "
    "hasOwnProperty toString call apply bind then catch reverse sort unshift".split()
)
_OF_TEXTS = frozenset("trim split replace match test".split())


class Handed(NamedTuple):
    """All slots or listeners of a component, handed on to another.

    Attributes:
        what: `"slots"` or `"events"`.
        place: The other component.
        masked: The names that it is given something else for.
    """

    what: str
    place: Place
    masked: frozenset[str]


class Effects:
    """Collects what is found.

    Attributes:
        events: Event → its arguments.
        slots: Slot → its slot props.
        props: What a functional component without `props` reads of them.
        opened: The lists that are incomplete; see `Component.open`.
        reasons: Pairs of such a list and why it is.
        unnamed: Those that are because a name is unknown.
        handed: What is handed on to other components of the tree.
        passes: The native tags that all listeners are handed on to.
    """

    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        self.slots: dict[str, dict[str, None]] = {}
        self.props: dict[str, None] = {}
        self.opened: set[str] = set()
        self.reasons: dict[tuple[str, str], None] = {}
        self.handed: dict[Handed, None] = {}
        self.passes: dict[str, None] = {}
        self.unnamed: set[str] = set()
        self._pending: dict[int, set[str]] = {}  # function → what is unknown if nothing calls it

    def event(self, name: str, arguments: str = "") -> None:
        """Add an event; signs for the way of listening (`~!&`) are no part of its name."""
        name = name.lstrip("~!&")
        if name and name not in NOT_NAMES and not name.isdigit():
            self.events[name] = self.events.get(name) or arguments

    def listener(self, name: str, arguments: str = "") -> None:
        """Add an event whose listener is read, unless it is a method of what may be a text: `data[key].trim()`."""
        if name not in _OF_TEXTS:
            self.event(name, arguments)

    def slot(self, name: str, bindings: Iterable[str] = ()) -> None:
        """Add a slot."""
        if name and name not in NOT_NAMES and not name.isdigit():
            self.slots.setdefault(name, {}).update(dict.fromkeys(bindings))

    def leave_open(self, lists: Iterable[str], reason: str) -> None:
        """Say that lists are incomplete, and why."""
        for what in lists:
            self.opened.add(what)
            self.reasons[what, reason] = None

    def everything_unknown(self) -> None:
        """Say that nothing is known to be complete."""
        self.leave_open(("events", "props", "slots"), "the whole of what it is given is passed on")

    def unknown(self, what: str, name: Held) -> None:
        """Say that the name of an event or a slot is unknown, unless it is an argument and all calls are known."""
        given = [int(role[1:]) for role in name.roles if role[:1] == "?"]
        for number in given:
            self._pending.setdefault(number, set()).add(what)
        if not given and KEY not in name.roles:
            self.unnamed.add(what)

    def escapes(self, value: Held, *, to_helper: bool = False) -> None:
        """Say that a value gets where it cannot be followed, such as a function of a package."""
        for role in all_roles(value):
            if role in OPENS and (role not in (SELF, INSTANCE) or to_helper):
                self.leave_open(OPENS[role], "they are passed to a function that could not be followed")

    def hand(self, role: str, place: Place | None, masked: frozenset[str] = frozenset()) -> None:
        """Add that all slots or listeners are handed on; `place` is None for a component that is not known."""
        what = {SLOTS: "slots", LISTENERS: "events"}[role]
        if place is None:
            self.leave_open((what,), "they are passed on to a component that is not known")
        else:
            self.handed[Handed(what, place, masked)] = None

    def settle(self, called: Iterable[int], outside: Iterable[int]) -> None:
        """Decide about the unknown names that are arguments.

        Args:
            called: The functions that are called with known arguments.
            outside: Those that another component may call, such as the methods of a mixin.
        """
        known = {*called, *outside}
        for number in sorted(self._pending):
            if number not in known:
                self.unnamed |= self._pending[number]
