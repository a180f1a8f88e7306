"""Introduce one known fault into Vue code, and describe it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.markup import is_custom
from swiftprep.catalog.vue.native import is_global
from swiftprep.code.tags import Spot, line_of, markup, opening, spots, without
from swiftprep.parsing.sfc import Element, blocks

SYNTAX = ("unclosed", "comma")
BREAKS = ("unknown-prop", "unknown-event", "unknown-slot", "unknown-tag", "missing-prop", *SYNTAX)
_NAME = re.compile(r"[a-z][a-z0-9-]*[a-z0-9]")
_SHORTEST = 4  # letters of the shortest name that is misspelt
_MEMBER_END = re.compile(rb"[}\]'\w](,)[ \t]*\n\s*(?:async )?[A-Za-z_$][\w$]*(?:\s*:|\([^()\n]*\)\s*\{)")


class Broken(NamedTuple):
    """Code with a single fault.

    Attributes:
        code: The code.
        kind: The kind of fault, one of `BREAKS`.
        line: The line of the fault, from 1.
        tag: The element concerned, or `""`.
        wrong: The wrong name, or `""`.
        right: The correct name, or `""`.
    """

    code: str
    kind: str
    line: int
    tag: str = ""
    wrong: str = ""
    right: str = ""


def misspelt(name: str, draw: Random) -> str:
    """Return a name with a typical slip: a letter lost, doubled or swapped, `_` for `-`, a plural."""
    at = draw.randrange(1, len(name) - 1)
    slips = [name[:at] + name[at + 1 :], name[:at] + name[at] + name[at:]]
    slips.append(name[:at] + name[at + 1] + name[at] + name[at + 2 :])
    slips.append(name.replace("-", "_", 1) if "-" in name else name + "s")
    slips = [word for word in slips if word != name and "--" not in word and not word.endswith("-")]
    return draw.choice(slips) if slips else name + "s"


def broken(code: str, kind: str, catalog: Catalog | None, draw: Random) -> Iterator[Broken]:
    """Yield the code with one kind of fault, each time at another place, in random order.

    The caller must check that the catalogue reports this fault and nothing else.

    Args:
        code: A single-file component, or a piece of a template.
        kind: The kind of fault, one of `BREAKS`.
        catalog: The framework's catalogue; without it, only the syntax can be broken.
        draw: Chooses the places and the slips.
    """
    source = code.encode("utf-8", "replace")
    if kind == "comma":
        yield from _without_comma(source, draw)
        return
    elements = markup(source)
    alone = _alone(elements) if kind == "unclosed" else set()
    order = list(range(len(elements)))
    draw.shuffle(order)
    for index in order:
        element = elements[index]
        if kind == "unclosed":
            unclosed = _unclosed(source, element) if index in alone else None
            if unclosed is not None:
                yield unclosed
        elif catalog is not None:
            owner = elements[element.parent].tag if element.parent >= 0 else ""
            yield from _misused(source, element, kind, catalog.find(element.tag), catalog.find(owner), draw)


def _misused(
    source: bytes, element: Element, kind: str, spec: Component | None, owner: Component | None, draw: Random
) -> Iterator[Broken]:
    if kind == "unknown-slot":
        for spot in spots(source, element):
            holder = spec if spot.attribute.bound and element.tag != "template" else owner
            if spot.attribute.role == "slot" and holder is not None:
                known = {slot.name for slot in holder.slots}
                yield from _slip(source, spot, kind, holder.name, known, draw)
        return
    if spec is None:
        return
    if kind == "unknown-tag":
        yield from _unknown_tag(source, element, draw)
    elif kind == "missing-prop":
        required = {kebab(prop.name) for prop in spec.props if prop.required}
        for spot in spots(source, element):
            if spot.attribute.role == "prop" and spot.attribute.name in required:
                code = without(source, spot).decode("utf-8", "replace")
                yield Broken(code, kind, element.line, element.tag, "", spot.attribute.name)
    else:
        role, names = ("prop", spec.props) if kind == "unknown-prop" else ("on", spec.events)
        known = {kebab(item.name) if role == "prop" else item.name for item in names}
        candidates = [spot for spot in spots(source, element) if spot.attribute.role == role]
        draw.shuffle(candidates)
        for spot in candidates:
            if not is_global(spot.attribute.name):
                yield from _slip(source, spot, kind, element.tag, known, draw)


def _slip(source: bytes, spot: Spot, kind: str, tag: str, known: set[str], draw: Random) -> Iterator[Broken]:
    """Yield the source with an attribute's name misspelt."""
    name = spot.attribute.name
    if name not in known or len(name) < _SHORTEST or not _NAME.fullmatch(name):
        return
    wrong = misspelt(name, draw)
    written = source[spot.start : spot.end]
    at = written.rfind(name.encode()) if written.startswith(b"slot=") else written.find(name.encode())
    if at < 0 or wrong in known or wrong == name:  # below 0, the name is written in another case
        return
    start = spot.start + at
    code = source[:start] + wrong.encode() + source[start + len(name) :]
    yield Broken(code.decode("utf-8", "replace"), kind, line_of(source, start), tag, wrong, name)


def _unknown_tag(source: bytes, element: Element, draw: Random) -> Iterator[Broken]:
    name = element.tag
    if not is_custom(name) or len(name) < _SHORTEST or not _NAME.fullmatch(name):
        return
    wrong = misspelt(name, draw)
    first, _ = opening(source, element)
    end = _end_tag(source, element)
    code = source[: first + 1] + wrong.encode() + source[first + 1 + len(name) :]
    if end is not None:
        shift = len(wrong) - len(name)
        code = code[: end + shift + 2] + wrong.encode() + code[end + shift + 2 + len(name) :]
    yield Broken(code.decode("utf-8", "replace"), "unknown-tag", element.line, wrong, wrong, name)


def _end_tag(source: bytes, element: Element) -> int | None:
    closing = f"</{element.tag}>".encode("utf-8", "replace")
    return element.end - len(closing) if source[element.start : element.end].endswith(closing) else None


def _alone(elements: list[Element]) -> set[int]:
    """Return the elements that have no other element of the same tag around, within or right beside them."""
    by_tag: defaultdict[str, list[int]] = defaultdict(list)
    for index in sorted(range(len(elements)), key=lambda index: (elements[index].start, -elements[index].end)):
        by_tag[elements[index].tag].append(index)
    alone = set()
    for same in by_tag.values():
        reached = -1  # the end of the earlier ones
        for at, index in enumerate(same):
            following = elements[same[at + 1]].start if at + 1 < len(same) else elements[index].end + 1
            if reached < elements[index].start and elements[index].end < following:
                alone.add(index)
            reached = max(reached, elements[index].end)
    return alone


def _unclosed(source: bytes, element: Element) -> Broken | None:
    """Return the source without an element's end tag, where no other end tag could be taken for it."""
    end = _end_tag(source, element)
    if end is None or element.tag in ("p", "li", "template") or element.parent < 0:
        return None
    before = source[:end].rstrip(b" \t")
    alone = before.endswith(b"\n") and source[element.end : element.end + 1] == b"\n"
    code = before[:-1] + source[element.end :] if alone else source[:end] + source[element.end :]
    return Broken(code.decode("utf-8", "replace"), "unclosed", element.line, element.tag)


def _without_comma(source: bytes, draw: Random) -> Iterator[Broken]:
    for block in blocks(source):
        if block.kind != "script" or block.is_setup:
            continue
        places = [match.start(1) for match in _MEMBER_END.finditer(source, block.start, block.end)]
        draw.shuffle(places)
        for at in places:
            code = source[:at] + source[at + 1 :]
            yield Broken(code.decode("utf-8", "replace"), "comma", line_of(source, at))
