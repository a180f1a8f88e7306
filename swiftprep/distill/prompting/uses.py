"""Cut uses of components from samples: an element and the script definitions it needs, never a whole file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from textwrap import dedent
from typing import TypeAlias

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.markup import shown_use
from swiftprep.code.markdown import code_of
from swiftprep.parsing.sfc import Element, blocks, template
from swiftprep.process.workers import Guarded, Lost
from swiftprep.records import Sample
from swiftprep.streams import get_logger

logger = get_logger(__name__)

LONGEST = 30  # lines of an element
LONGEST_TEXT = 2500  # characters of an element, and of each definition in its script
LONGEST_PART = 14  # lines of a definition
MOST_PARTS = 4  # definitions per element
KEPT = 8  # uses per component
_FRAGMENTS = ("fim", "script", "template", "api")  # kinds of samples whose answers are fragments
_CALLED = ("python", "py", "java")
_BATCH = 300  # samples passed to a worker at once
_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_DEFINITION = re.compile(r"\s*(?:(?:const|let|var|async|function) )*([A-Za-z_$][\w$]*)\s*[:=(]")
_CALL = re.compile(r"\b([A-Za-z_]\w*)\s*\(")
_BRACKETS = {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}

_Answer: TypeAlias = tuple[str, str]  # path, text


@dataclass(frozen=True, slots=True)
class Snippet:
    """A use of a component: its file, its text, and the number of attributes it sets."""

    path: str
    text: str
    sets: int


def snippets(catalog: Catalog, examples: Iterable[Sample], names: Mapping[str, str]) -> dict[str, list[Snippet]]:
    """Return key → the most telling uses of a component, the best first.

    Args:
        catalog: The components; a component without a use in the examples gets the one in the catalogue's `usage`.
        examples: Samples whose answers hold code.
        names: Any name of a component → its key in the catalogue.
    """
    by_key: dict[str, dict[str, Snippet]] = defaultdict(dict)
    paths: set[str] = set()
    answers: list[_Answer] = []
    for sample in examples:
        path = sample.path
        paths.add(path)
        if sample.kind not in _FRAGMENTS and sample.messages:
            answers.append((path, sample.answer))
    cut = Guarded(partial(_cut, dict(names)), size=_size)
    for at in range(0, len(answers), _BATCH):
        for (path, _), uses in zip(answers[at : at + _BATCH], cut.map(answers[at : at + _BATCH]), strict=True):
            if isinstance(uses, Lost):
                logger.warning(
                    "no uses of components are taken from example %s: %s (未能从该样例中提取组件用法)",
                    path or "-",
                    uses.reason,
                )
                continue
            for key, snippet in uses:
                by_key[key].setdefault(snippet.text, snippet)
    for tag, use in sorted(catalog.usage.items()):
        name = names.get(tag)
        whole = shown_use(use)
        if not name or name in by_key or not whole:
            continue
        where = use.example[0]
        if not paths or where in paths:  # other files may be held out
            by_key[name][whole] = Snippet(str(where), whole, len(use.props))
    return {key: _best(texts) for key, texts in by_key.items()}


def _size(answer: _Answer) -> int:
    return len(answer[1])


def _cut(names: Mapping[str, str], answer: _Answer) -> list[tuple[str, Snippet]]:
    """Return the most telling uses of components in an answer, each with the component's key."""
    path, text = answer
    by_key: dict[str, dict[str, Snippet]] = defaultdict(dict)
    for language, code in code_of(text):
        is_markup = language not in _CALLED and not path.endswith((".py", ".java"))
        for key, snippet in (_from_markup if is_markup else _from_calls)(code, path, names):
            by_key[key].setdefault(snippet.text, snippet)
    return [(key, snippet) for key, texts in by_key.items() for snippet in _best(texts)]


def _best(texts: Mapping[str, Snippet]) -> list[Snippet]:
    return sorted(texts.values(), key=lambda s: (-min(s.sets, 6), len(s.text), s.text, s.path))[:KEPT]


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
    defines = _Definitions(script)
    for element in elements:
        key = names.get(element.tag) or names.get(kebab(element.tag))
        if key is None:
            continue
        text = _element(source, element)
        if text is None:
            continue
        defined = _defined(element, defines)
        if defined:
            text = "\n".join([text, "<!-- script -->", *defined])
        yield key, Snippet(path, text, len(element.attrs) + len(defined))


def _element(source: bytes, element: Element) -> str | None:
    """Return an element without its indentation, or None when it is too long to show."""
    if element.end - element.start > 4 * LONGEST_TEXT:  # bytes
        return None
    before = source[max(0, element.start - LONGEST_TEXT) : element.start]
    lead = before.rpartition(b"\n")[2].decode("utf-8", "replace")
    whole = source[element.start : element.end].decode("utf-8", "replace")
    if whole.count("\n") >= LONGEST or len(whole) > LONGEST_TEXT:
        return None
    return whole if lead.strip() else dedent(lead + whole)


def _defined(element: Element, defines: _Definitions) -> list[str]:
    """Return the script's definitions of the names an element's attributes are bound to."""
    wanted: list[str] = []
    for name, value in element.attrs:
        if value and (name[0] in ":@" or name.startswith("v-")) and (match := _NAME.match(value)):
            wanted.append(match[0])
    definitions: list[str] = []
    for name in dict.fromkeys(wanted):
        if len(definitions) < MOST_PARTS and (part := defines.of(name)):
            definitions.append(part)
    return definitions


class _Definitions:
    """The definitions in a script, by name."""

    def __init__(self, script: str) -> None:
        self._lines = script.split("\n")
        self._depths = [sum(_BRACKETS.get(letter, 0) for letter in line) for line in self._lines]
        self._places: dict[str, list[int]] = defaultdict(list)
        self._parts: dict[str, str] = {}
        for at, line in enumerate(self._lines):
            # A call is not a definition.
            if len(line) <= 300 and not line.rstrip().endswith((")", ");")) and (match := _DEFINITION.match(line)):
                self._places[match[1]].append(at)

    def of(self, name: str) -> str:
        """Return the lines that define a property, method or variable; `""` when there are none or too many."""
        if name not in self._parts:
            self._parts[name] = next(filter(None, map(self._part, self._places.get(name, ()))), "")
        return self._parts[name]

    def _part(self, at: int) -> str:
        depth = 0
        for end in range(at, min(at + LONGEST_PART, len(self._lines))):
            depth += self._depths[end]
            if depth <= 0:
                part = self._lines[at : end + 1]
                return dedent("\n".join(part)) if sum(map(len, part)) <= LONGEST_TEXT else ""
        return ""


def _from_calls(code: str, path: str, names: Mapping[str, str]) -> Iterator[tuple[str, Snippet]]:
    """Yield the lines around each call of a class or function."""
    lines = code.split("\n")
    for at, line in enumerate(lines):
        if len(line) > 300 or line.lstrip().startswith(("def ", "class ", "#", "//", "*")):
            continue
        keys = dict.fromkeys(key for match in _CALL.finditer(line) if (key := names.get(match[1])))
        around = lines[max(0, at - 3) : at + 5] if keys else []
        if sum(map(len, around)) <= LONGEST_TEXT:
            for key in keys:
                yield key, Snippet(path, dedent("\n".join(around)).strip("\n"), 0)
