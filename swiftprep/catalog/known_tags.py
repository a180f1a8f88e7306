"""Judge tags that a catalogue does not have, by what it knows of the framework and of the code base."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.near import Names, is_misspelt

# Prefixes of widely used frameworks, which nobody else uses.
_PUBLISHED = frozenset("el van cube mt nut".split())
_SIMILAR = 0.8  # similarity from which a tag may be a slip of another
_SHORTEST, _SHORTEST_SEEN = 3, 5  # letters after the prefix of a tag that another is a slip of; if it is only seen
_SHORTEST_WORD = 5  # a first word that is too long for a prefix of a framework
_SHORTEST_OWN = 4  # letters of a tag of the same file that another can be a slip of
_MOST_WORDS = 20
_FEWEST_OF_A_FAMILY = 3
_FEWEST_REGISTERED = 5  # registered components from which on those that are not registered are internal


class KnownTags:
    """The tags of a catalogue, to judge others.

    The tags under a prefix are all known if its components are known from more than their use. Otherwise, and for any
    other tag, only a slip of a known or seen tag is certain to be wrong: what a code base uses is never the whole
    framework, and an application registers components that nobody sees here. Nor is a tag certain to be wrong if the
    source has a component of that name, which may be registered in a way that was not followed.

    >>> tags = KnownTags([Component("ta-table", registered=True), Component("el-input", origin="usage")], [])
    >>> [tags.lack(tag) for tag in ("ta-tree", "el-tree", "el-inptu", "page-head")]
    [True, False, True, False]
    """

    def __init__(self, components: Iterable[Component], used: Iterable[str]) -> None:
        """Index the tags.

        Args:
            components: The components.
            used: The tags that the code base uses.
        """
        listed = [component for component in components if component.kind == "component"]
        registers = sum(component.registered for component in listed) >= _FEWEST_REGISTERED
        known: Counter[str] = Counter()
        guessed: Counter[str] = Counter()
        self._inner = frozenset(c.name for c in listed if registers and c.origin == "source" and not c.registered)
        tags: dict[str, bool] = dict.fromkeys(map(kebab, used), False)  # tag → whether it is known better than from use
        for component in listed:
            is_known = component.origin != "usage" and component.owner in ("framework", "")
            for tag in dict.fromkeys([component.name, *map(kebab, component.names)]):
                tags[tag] = is_known or tags.get(tag, False)
                if is_known:
                    known[_prefix(tag)] += component.registered or not registers
                else:  # used once, it may be a slip
                    guessed[_prefix(tag)] += component.owner != "application" and component.uses != 1
        self._prefixes = frozenset(map(_prefix, tags))
        self._closed = frozenset(p for p, count in known.items() if p and count > 0 and not guessed[p])
        self._known = tags
        self._names = Names(tags, cutoff=_SIMILAR)

    def lack(self, tag: str, *, strict: bool = False) -> bool:
        """Return whether a tag that is not among them is certain not to exist.

        Args:
            tag: The tag in kebab case.
            strict: Whether one of a family that nothing in the catalogue belongs to does not exist either.
        """
        prefix = _prefix(tag)
        if tag in self._known:
            return False
        if not self._known or (prefix in self._closed and not self._may_be_inner(tag, prefix)):
            return True
        if prefix not in self._prefixes and (strict or prefix in _PUBLISHED):
            return True
        near = self._names.nearest(tag)
        return near != "" and is_misspelt(tag, near) and self._is_slip(tag, near)

    def _may_be_inner(self, tag: str, prefix: str) -> bool:
        """Return whether a tag is made of a known one and a component of the source, as `ta-menu-item` of `Item`."""
        name = tag.removeprefix(f"{prefix}-")
        ends = [at for at, sign in enumerate(name) if sign == "-"][:_MOST_WORDS]
        return name in self._inner or any(
            name[at + 1 :] in self._inner and f"{prefix}-{name[:at]}" in self._known for at in ends
        )

    def _is_slip(self, tag: str, near: str) -> bool:
        """Return whether a tag that differs from another by a letter is a slip, and not of another family."""
        prefix, meant = _prefix(tag), _prefix(near)
        is_known = self._known[near]
        # Another letter may make another word; a letter too many, or another order of letters, hardly does.
        is_plain = is_known or len(tag) > len(near) or sorted(tag) == sorted(near)
        shortest = _SHORTEST if is_plain else _SHORTEST_SEEN
        if len(near.removeprefix(f"{meant}-")) < shortest:
            return False
        return not _is_other_family(tag, near) or (is_known and len(meant) > 1 and prefix not in self._prefixes)


def is_slip_of(tag: str, own: Iterable[str]) -> bool:
    """Return whether a tag is a slip of one that the same file registers."""
    return any(
        len(other) >= _SHORTEST_OWN
        and is_misspelt(tag, other)
        and (not _is_other_family(tag, other) or len(_prefix(other)) >= _SHORTEST_WORD)
        for other in own
    )


def families(components: Iterable[Component]) -> frozenset[str]:
    """Return the prefixes that at least three components, and a third of them, share."""
    tags = [component.name for component in components]
    counts = Counter(map(_prefix, tags))
    return frozenset(p for p, count in counts.items() if p and count >= _FEWEST_OF_A_FAMILY and 3 * count >= len(tags))


def _is_other_family(tag: str, near: str) -> bool:
    """Return whether a tag differs from another only by its prefix (`v-table`, `a-table`)."""
    prefix, meant = _prefix(tag), _prefix(near)
    return prefix != meant and tag.endswith(near.removeprefix(meant))


def _prefix(tag: str) -> str:
    return tag.partition("-")[0] if "-" in tag else ""
