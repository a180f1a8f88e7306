"""Find and edit the attributes of an element in the source."""

from __future__ import annotations

import re
from typing import NamedTuple

from swiftprep.catalog.vue.markup import Attribute, read_attribute
from swiftprep.parsing.sfc import Element, blocks, template

_OPENING = re.compile(rb"""<(?:[^>"']|"[^"]*"|'[^']*')*>""")
_ATTRIBUTE = re.compile(rb"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'<>`]+))?""")


class Spot(NamedTuple):
    """An attribute in the source.

    Attributes:
        attribute: Its meaning to Vue.
        start: Its first byte.
        name_end: The byte after its name.
        end: The byte after its value.
    """

    attribute: Attribute
    start: int
    name_end: int
    end: int


def markup(source: bytes) -> list[Element]:
    """Return the elements in the templates of a single-file component, or in a fragment of a template."""
    parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
    if not parts:
        return template(source).elements
    elements: list[Element] = []
    for block in parts:
        if block.kind == "template" and block.lang in ("", "html"):
            shift = len(elements)
            for element in template(source, block.start, block.end).elements:
                element.parent += shift if element.parent >= 0 else 0
                elements.append(element)
    return elements


def opening(source: bytes, element: Element) -> tuple[int, int]:
    """Return the start and end of an element's opening tag."""
    match = _OPENING.match(source, element.start)
    return (match.start(), match.end()) if match else (element.start, element.start)


def spots(source: bytes, element: Element) -> list[Spot]:
    """Return the attributes of an element, in order."""
    start, end = opening(source, element)
    inside = start + 1 + len(element.tag.encode("utf-8", "replace"))
    attribute_spots = []
    for match in _ATTRIBUTE.finditer(source, inside, max(inside, end - 1)):
        value = None if match[2] is None else match[2].decode("utf-8", "replace")
        if value and value[0] in "\"'":
            value = value[1:-1]
        attribute = read_attribute(match[1].decode("utf-8", "replace"), value)
        attribute_spots.append(Spot(attribute, match.start(), match.end(1), match.end()))
    return attribute_spots


def without(source: bytes, spot: Spot) -> bytes:
    """Return the source without an attribute and the white space before it."""
    return source[: spot.start].rstrip() + source[spot.end :]


def with_attribute(source: bytes, element: Element, text: str) -> bytes:
    """Return the source with an attribute inserted first, on its own line if the others are on theirs."""
    at = element.start + 1 + len(element.tag.encode("utf-8", "replace"))
    blank = re.compile(rb"\s*").match(source, at)
    space = blank[0] if blank and b"\n" in blank[0] and spots(source, element) else b" "
    return source[:at] + space + text.encode() + source[at:]


def line_of(source: bytes, position: int) -> int:
    """Return the line of a byte, from 1."""
    return source.count(b"\n", 0, position) + 1
