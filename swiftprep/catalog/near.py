"""The known name that another is nearly spelt like, in a time that does not depend on who wrote the names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from difflib import get_close_matches

_LONGEST = 80  # characters of a name that is looked for
_LOOKED_AT = 1  # what a known name costs that is passed over
_COMPARED = 1_000  # and one that is compared
_MOST = 20_000_000  # of both, for one set of names; what is asked for then is told to be like none


class Names:
    """Known names.

    >>> Names(["page-size", "color"], cutoff=0.6).nearest("pagesize")
    'page-size'
    """

    def __init__(self, known: Iterable[str], *, cutoff: float) -> None:
        """Take some names.

        Args:
            known: The names.
            cutoff: How alike two names must be, as `difflib` counts it, from 0 to 1.
        """
        self._cutoff = cutoff
        self._known: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for name in dict.fromkeys(known):
            if len(name) <= 2 * _LONGEST:
                self._known[len(name)].append((name, _letters(name)))
        self._found: dict[str, str] = {}
        self._left = _MOST

    def nearest(self, name: str) -> str:
        """Return the known name that is most like `name`, or `""` when none is alike enough."""
        if name not in self._found:
            self._found[name] = self._nearest(name) if len(name) <= _LONGEST else ""
        return self._found[name]

    def _nearest(self, name: str) -> str:
        letters = _letters(name)
        fitting: list[str] = []
        for length, known in self._known.items():
            # At most so many characters of the two have no counterpart, and a letter of only one of them has none.
            most = int((1 - self._cutoff) * (len(name) + length) + 1e-9)
            if abs(len(name) - length) <= most and self._left > 0:
                self._left -= _LOOKED_AT * len(known)
                fitting += [other for other, has in known if (letters ^ has).bit_count() <= most]
        room = max(0, self._left // _COMPARED)
        self._left -= _COMPARED * min(len(fitting), room)
        return next(iter(get_close_matches(name, fitting[:room], n=1, cutoff=self._cutoff)), "")


def _letters(name: str) -> int:
    """Return the characters of a name as bits; several may share one."""
    bits = 0
    for char in set(name):
        bits |= 1 << (ord(char) & 63)
    return bits
