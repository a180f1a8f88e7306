"""List the components to read: those that files define, and those that calls make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from swiftprep.catalog.api import kebab
from swiftprep.catalog.linking.names import Modules, Place
from swiftprep.catalog.linking.registered import Apart, Registrations
from swiftprep.catalog.linking.scope import path_of

# File names that do not describe the component in them; the folder's name does.
_NAMELESS = frozenset("index main src component mod entry".split())
# Tests and build output; if the source defines the same component, it takes precedence.
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|e2e|es|esm|lib|cjs|umd|dist)/|\.(?:spec|test)\.|(?:^|/)\.[^/]*$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A component to read: its names, and the place of its options, or of its row for a class."""

    rank: int
    path: str
    line: int
    place: Place
    name: str
    names: tuple[str, ...]
    registered: bool
    is_row: bool = False


def listed(modules: Modules, apart: Apart) -> Iterator[Entry]:
    """Yield the components of all files.

    Args:
        modules: The facts of all files.
        apart: Limits the steps for one component and notes what fails.
    """
    registrations = Registrations(modules, apart)
    halves = _halves(modules, apart)
    made = [place for place in registrations.names if not isinstance(place[0], str)]
    made += [place for place in registrations.made if place not in registrations.names]
    bases = _bases(modules, made)
    for path in sorted(modules.facts):
        facts = modules.facts[path]
        for index, row in enumerate(facts.get("entries", ())):
            names = tuple(row["names"])
            yield Entry(2, path, row["span"][0], (path, index), row["name"], names, False, is_row=True)
        for index, options in enumerate(facts.get("components", ())):
            tags = registrations.names.get((path, index), [])
            if tags or (options.get("sure") and (path, index) not in halves):
                entry = _entry(modules, apart, (path, index), tags)
                if tags or (path, index) not in bases or (entry.names and not options.get("within")):
                    yield entry
    for place in made:
        tags = registrations.names.get(place, [])
        if tags or modules.options_at(*place).get("sure"):
            yield _entry(modules, apart, place, tags, *registrations.made.get(place, ()))


def _entry(
    modules: Modules, apart: Apart, place: Place, tags: list[str], home: str = "", exported: str = "default"
) -> Entry:
    """Return the entry of a component.

    Args:
        modules: The facts of all files.
        apart: Limits the steps and notes what fails.
        place: The place of its options.
        tags: The names under which it is registered; `""` for an unknown one.
        home: The file that exports it, which names it if nothing else does.
        exported: Its exported name.
    """
    path, line = path_of(place[0]), modules.options_at(*place)["span"][0]
    own = ""
    with apart(path, "name of a component", line):
        own = modules.own_name(*place)
    named = (tags[0] if tags else "") or own or (exported if exported != "default" else _file_name(home or path))
    names = tuple(dict.fromkeys(tag for tag in (*tags, own) if tag))
    rank = (0 if tags else 1 if own else 2) + 3 * bool(_ASIDE.search(path)) + 6 * ("compiled" in modules.facts[path])
    return Entry(rank, path, line, place, kebab(named), names, bool(tags))


def _halves(modules: Modules, apart: Apart) -> set[Place]:
    """Return the places of options that a single-file component includes by `<script src>`."""
    places: set[Place] = set()
    for path in modules.facts:
        for index, options in enumerate(modules.facts[path].get("components", ())):
            if "outer" in options:
                with apart(path, "script of a component", options["span"][0]):
                    place = modules.outer(path, index)
                    places |= {place} if place is not None and not path_of(place[0]).endswith(".vue") else set()
    return places


def _bases(modules: Modules, made: list[Place]) -> set[Place]:
    """Return the places of the options as they are written that components made by calls consist of."""
    bases: set[Place] = set()
    for place in made:
        inner: Place | None = place
        while inner is not None and (path_of(inner[0]), inner[1]) not in bases:
            if inner[1] >= 0:
                bases.add((path_of(inner[0]), inner[1]))
            inner = modules.options_at(*inner).get("made of")
    return bases


def _file_name(path: str) -> str:
    stem = re.sub(r"\.\w+$", "", path.rpartition("/")[2])
    folders = path.split("/")[:-1]
    while stem.lower() in _NAMELESS and folders:
        stem = folders.pop()
    return re.sub(r"[^\w-]+", "-", stem)
