"""Valid components and, for each, the same with one known thing broken."""

from __future__ import annotations

import random
import re

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.vue.markup import read_attribute
from swiftprep.catalog.vue.native import is_global
from swiftprep.parsing.sfc import Element, blocks, template

KINDS = {
    "unknown prop": "unknown-prop",
    "unknown tag": "unknown-tag",
    "missing required prop": "missing-prop",
    "unbalanced tag": "syntax",
    "misspelt event": "unknown-event",
}


def misspelt(word: str, draw: random.Random) -> str:
    """Return a word with one letter dropped, doubled, swapped with the next or replaced."""
    while True:
        at = draw.randrange(1, len(word)) if len(word) > 1 else 0
        made = draw.choice(
            [
                word[:at] + word[at + 1 :],
                word[:at] + word[at] + word[at:],
                word[:at] + draw.choice("xqz") + word[at + 1 :],
            ]
        )
        if made != word and re.fullmatch(r"[a-z][\w-]*[a-z0-9]", made):
            return made


def damaged(code: str, kind: str, catalog: dict[str, Component], draw: random.Random) -> str | None:
    """Return `code` with one thing of that kind broken in its template, or None where there is nothing to break."""
    source = code.encode()
    block = next((b for b in blocks(source) if b.kind == "template"), None)
    if block is None:
        return None
    elements = template(source, block.start, block.end).elements
    draw.shuffle(elements)
    for element in elements:
        made = _broken(source, element, kind, catalog.get(kebab(element.tag)), draw)
        if made is not None:
            return made.decode()
    return None


def _broken(source: bytes, element: Element, kind: str, spec: Component | None, draw: random.Random) -> bytes | None:
    text = source[element.start : element.end]
    name_end = 1 + len(element.tag)

    def put(start: int, end: int, new: str) -> bytes:
        return source[: element.start + start] + new.encode() + source[element.start + end :]

    if kind == "unbalanced tag":
        closing = f"</{element.tag}>".encode()
        return (
            put(len(text) - len(closing), len(text), "")
            if text.endswith(closing) and element.tag not in "p li"
            else None
        )
    if spec is None:
        return None
    if kind == "unknown tag":
        other = misspelt(element.tag, draw)
        whole = text.replace(f"<{element.tag}".encode(), f"<{other}".encode(), 1)
        closing = f"</{element.tag}>".encode()
        if whole.endswith(closing):
            whole = whole[: -len(closing)] + f"</{other}>".encode()
        return source[: element.start] + whole + source[element.end :]
    attributes = [(name, read_attribute(name, value)) for name, value in element.attrs]
    known = {kebab(p.name): p for p in spec.props}
    if kind == "unknown prop":
        given = [(n, a) for n, a in attributes if a.role == "prop" and a.name in known and not is_global(a.name)]
        if not given:
            return put(name_end, name_end, f' {draw.choice(["colour-scheme", "wdith", "is-lodaing"])}="1"')
        written, attribute = draw.choice(given)
        new = written.replace(attribute.name, misspelt(attribute.name, draw))
        return _renamed(source, element, written, new) if new != written else None
    if kind == "misspelt event":
        given = [(n, a) for n, a in attributes if a.role == "on" and not a.modifiers and len(a.name) > 3]
        if not given or ":" in given[0][1].name:
            return None
        written, attribute = draw.choice(given)
        return _renamed(source, element, written, written.replace(attribute.name, misspelt(attribute.name, draw)))
    required = [(n, a) for n, a in attributes if a.role == "prop" and a.name in known and known[a.name].required]
    if not required or any(a.role in ("object", "model") for _, a in attributes):
        return None
    written, _ = draw.choice(required)
    match = re.search(rb"\s" + re.escape(written.encode()) + rb"""(?:=("[^"]*"|'[^']*'))?""", text)
    return None if match is None else put(match.start(), match.end(), "")


def _renamed(source: bytes, element: Element, written: str, new: str) -> bytes | None:
    match = re.search(rb"(?<=\s)" + re.escape(written.encode()) + rb"(?=[\s=/>])", source[element.start : element.end])
    if match is None:
        return None
    at = element.start + match.start()
    return source[:at] + new.encode() + source[at + len(written) :]
