"""Uses of components, cut from samples: the element with what its script defines for it, never a whole file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from textwrap import dedent

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.markup import shown_use
from swiftprep.catalog.sfc import Element, blocks, template
from swiftprep.quality.markdown import code_of
from swiftprep.records import Sample

LONGEST = 30  # lines of an element that is shown whole
LONGEST_TEXT = 2500  # characters of it
LONGEST_PART = 14  # lines of what its script defines for it
MOST_PARTS = 4
KEPT = 8  # of each component
_FRAGMENTS = ("fim", "script", "template", "api")  # kinds of samples whose answers are no place to cut from
_CALLED = ("python", "py", "java")
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_BRACKETS = {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}


@dataclass(frozen=True, slots=True)
class Snippet:
    """A use of a component: the file it is from, its text, and how many of the component's attributes it sets."""

    path: str
    text: str
    sets: int


def snippets(catalog: Catalog, examples: Iterable[Sample], names: Mapping[str, str]) -> dict[str, list[Snippet]]:
    """Return key → the most telling uses of a component, the best first.

    Args:
        catalog: The components; where the examples have no use of one, that of its `usage` is taken.
        examples: Samples whose answers hold code.
        names: Any name of a component → its key in the catalogue.
    """
    found: dict[str, dict[str, Snippet]] = defaultdict(dict)
    given: set[str] = set()
    for sample in examples:
        given.add(str(sample.meta.get("path") or ""))
        if sample.meta.get("kind") in _FRAGMENTS or not sample.messages:
            continue
        path = str(sample.meta.get("path") or "")
        for language, code in code_of(sample.answer):
            is_markup = language not in _CALLED and not path.endswith((".py", ".java"))
            for key, snippet in (_from_markup if is_markup else _from_calls)(code, path, names):
                found[key].setdefault(snippet.text, snippet)
    for tag, use in sorted(catalog.usage.items()):
        name = names.get(tag)
        whole = shown_use(use)
        if not name or name in found or not whole:
            continue
        where = use.example[0]
        if not given or where in given:  # another file may be held out
            found[name][whole] = Snippet(str(where), whole, len(use.props))
    return {
        key: sorted(texts.values(), key=lambda s: (-min(s.sets, 6), len(s.text), s.text, s.path))[:KEPT]
        for key, texts in found.items()
    }


def _from_markup(code: str, path: str, names: Mapping[str, str]) -> Iterator[tuple[str, Snippet]]:
    """Yield the elements of a single-file component, or of a piece of a template."""
    source = code.replace("\r\n", "\n").encode("utf-8", "replace")
    parts = blocks(source)
    markup = [part for part in parts if part.kind == "template" and part.lang in ("", "html")]
    if not parts and "<" in code:
        elements = template(source).elements
    else:
        elements = [element for part in markup for element in template(source, part.start, part.end).elements]
    script = "\n".join(source[p.start : p.end].decode("utf-8", "replace") for p in parts if p.kind == "script")
    lines = script.split("\n")
    for element in elements:
        key = names.get(element.tag) or names.get(kebab(element.tag))
        if key is None:
            continue
        shown = _element(source, element)
        if shown is None:
            continue
        defined = _defined(element, lines)
        if defined:
            shown = "\n".join([shown, "<!-- script -->", *defined])
        yield key, Snippet(path, shown, len(element.attrs) + len(defined))


def _element(source: bytes, element: Element) -> str | None:
    """Return an element with its indentation taken off, or None when it is too long to be shown."""
    start = source.rfind(b"\n", 0, element.start) + 1
    lead = source[start : element.start].decode("utf-8", "replace")
    whole = source[element.start : element.end].decode("utf-8", "replace")
    if whole.count("\n") >= LONGEST or len(whole) > LONGEST_TEXT:
        return None
    return whole if lead.strip() else dedent(lead + whole)


def _defined(element: Element, lines: list[str]) -> list[str]:
    """Return what a script defines of what an element's attributes are bound to."""
    wanted: list[str] = []
    for name, value in element.attrs:
        if value and (name[0] in ":@" or name.startswith("v-")) and (match := _NAME.match(value)):
            wanted.append(match[0])
    found: list[str] = []
    for name in dict.fromkeys(wanted):
        if len(found) < MOST_PARTS and (part := _definition(name, lines)):
            found.append(part)
    return found


def _definition(name: str, lines: list[str]) -> str:
    """Return the lines that define a name: a property, a method or a variable; `""` when they are too many."""
    pattern = re.compile(rf"\s*(?:(?:const|let|var|async|function) )*{re.escape(name)}\s*[:=(]")
    for at, line in enumerate(lines):
        if len(line) > 300 or not pattern.match(line) or line.rstrip().endswith((")", ");")):
            continue  # a call is no definition
        depth = 0
        for end in range(at, min(at + LONGEST_PART, len(lines))):
            depth += sum(_BRACKETS.get(letter, 0) for letter in lines[end])
            if depth <= 0:
                return dedent("\n".join(lines[at : end + 1]))
    return ""


def _from_calls(code: str, path: str, names: Mapping[str, str]) -> Iterator[tuple[str, Snippet]]:
    """Yield the lines around each call of a class or function."""
    lines = code.split("\n")
    for at, line in enumerate(lines):
        if len(line) > 300 or line.lstrip().startswith(("def ", "class ", "#", "//", "*")):
            continue
        for match in _CALL.finditer(line):
            if key := names.get(match[1]):
                yield key, Snippet(path, dedent("\n".join(lines[max(0, at - 3) : at + 5])).strip("\n"), 0)
