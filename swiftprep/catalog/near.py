"""Find the known name most similar to another, in bounded time even for hostile names."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import get_close_matches

from swiftprep.catalog.api import kebab

_LONGEST = 80  # characters of a name to look up
_LOOKED_AT = 1  # cost of a known name that is skipped
_COMPARED = 1_000  # cost of one that is compared
_MOST = 20_000_000  # total cost for one set of names; after that, nothing is similar


class Names:
    """A set of known names to search by similarity.

    >>> Names(["page-size", "color"], cutoff=0.6).nearest("pagesize")
    'page-size'
    """

    def __init__(self, known: Iterable[str], *, cutoff: float) -> None:
        """Create the set.

        Args:
            known: The names.
            cutoff: Minimum similarity of two names by `difflib`, from 0 to 1.
        """
        self._cutoff = cutoff
        self._known: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        for name in dict.fromkeys(known):
            if len(name) <= 2 * _LONGEST:
                self._known[len(name)].append((name, _letters(name)))
        self._found: dict[str, str] = {}
        self._left = _MOST

    def nearest(self, name: str) -> str:
        """Return the known name most similar to `name`, or `""` if none is similar enough."""
        if name not in self._found:
            self._found[name] = self._nearest(name) if len(name) <= _LONGEST else ""
        return self._found[name]

    def _nearest(self, name: str) -> str:
        letters = _letters(name)
        fitting: list[str] = []
        for length, known in self._known.items():
            # Maximum number of unmatched characters; a letter that only one name contains is always unmatched.
            most = int((1 - self._cutoff) * (len(name) + length) + 1e-9)
            if abs(len(name) - length) <= most and self._left > 0:
                self._left -= _LOOKED_AT * len(known)
                fitting += [other for other, has in known if (letters ^ has).bit_count() <= most]
        room = max(0, self._left // _COMPARED)
        self._left -= _COMPARED * min(len(fitting), room)
        return next(iter(get_close_matches(name, fitting[:room], n=1, cutoff=self._cutoff)), "")


def is_misspelt(name: str, other: str) -> bool:
    """Return whether two names differ by one letter at most, or by the order of letters, and not by a plural.

    >>> [is_misspelt(name, "page-size") for name in ("page-szie", "page-sze", "page-sizes", "page-side", "age-site")]
    [True, True, False, True, False]
    """
    mine, theirs = Counter(name), Counter(other)
    singular, others = ([part.removesuffix("s") for part in text.split("-")] for text in (kebab(name), kebab(other)))
    return (mine - theirs).total() <= 1 and (theirs - mine).total() <= 1 and singular != others


def _letters(name: str) -> int:
    """Return the set of characters in a name as bits; several characters may share a bit."""
    bits = 0
    for char in set(name):
        bits |= 1 << (ord(char) & 63)
    return bits
