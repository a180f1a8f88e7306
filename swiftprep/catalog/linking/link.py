"""Link the facts of all files into components, with their registered names and the events emitted on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.linking.asked import AskedSlots
from swiftprep.catalog.linking.beside_props import beside_props
from swiftprep.catalog.linking.component import ComponentReader
from swiftprep.catalog.linking.emitted import emitted
from swiftprep.catalog.linking.entries import Entry, listed
from swiftprep.catalog.linking.listeners import listener_events
from swiftprep.catalog.linking.names import Facts, Modules, Place
from swiftprep.catalog.linking.reasons import why_open
from swiftprep.catalog.stored import to_component
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME
from swiftprep.catalog.vue.values import Value

Failure: TypeAlias = list[Any]


def link(
    facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None, *, vue3: bool = False
) -> dict[str, Component]:
    """Return the components defined in the files, by tag; see `Linked`."""
    return dict(Linked(facts, packages, vue3=vue3))


class Linked:
    """The components defined in the files; iterating reads them one by one, as `(key, component)` in order of keys.

    The key is the tag. If several components share a tag, it goes to the registered one, else to the one with that
    `name`, else to the first by path; the others are listed under their paths.

    Components that fail are left out and recorded in `failed`; incomplete ones are `open` and recorded in `notes`.

    Attributes:
        tags: The names of all components, in kebab case and as registered.
        failed: `[path, span, what, why]` of each component or name that raised an exception.
        notes: `(path, note)` of each incomplete component.
    """

    def __init__(
        self,
        facts: Mapping[str, Facts],
        packages: Mapping[str, str] | None = None,
        *,
        vue3: bool = False,
        rank_of: Callable[[str], int] = lambda path: 0,
    ) -> None:
        """Find the names of all components.

        Args:
            facts: Path → the file's facts (`facts.py`).
            packages: Package name → its folder.
            vue3: Whether they are written for Vue 3, where a prop `onSearch` is also an event.
            rank_of: Path → the rank of its folder; of two components known alike, that of the lower rank has the tag.
        """
        self.failed: list[Failure] = []
        self.notes: list[tuple[str, str]] = []
        self._vue3 = vue3
        self._modules = Modules(facts, packages)
        self._reader = ComponentReader(self._modules)
        self._entries: dict[str, Entry] = {}
        self._tags: dict[Place, str] = {}
        places: set[str] = set()
        for entry in sorted(
            listed(self._modules, self.apart),
            key=lambda entry: (entry.rank, rank_of(entry.path), entry.path, entry.line),
        ):
            key = entry.name
            if key in self._entries:
                key = f"{entry.path}:{entry.line}" if entry.path in places else entry.path
                places.add(entry.path)
            self._entries[key] = entry
        self._reader.tracer.places, self._reader.tracer.is_vue3 = self._places(), vue3
        self._reader.tracer.wholes = self._wholes()
        self._foreign = emitted(self._modules, self._entries, self.apart)
        self._asked = AskedSlots(self._modules, self.apart)
        self.tags = {tag for entry in self._entries.values() for tag in (entry.name, *entry.names)}

    def __iter__(self) -> Iterator[tuple[str, Component]]:
        for key in sorted(self._entries):
            entry, component = self._entries[key], None
            with self.apart(entry.path, f"component {entry.name}", entry.line):
                component = self._component(key, entry)
            if component is not None:
                yield key, component

    @property
    def registered(self) -> list[str]:
        """The paths of the components that are registered globally."""
        return [entry.path for entry in self._entries.values() if entry.registered]

    def tag_of(self, variable: str, path: str) -> str:
        """Return the tag of the component that a variable of a file refers to (`Badge`, `Menu.Item`), or `""`."""
        if not self._tags:
            self._tags = {
                entry.place: entry.name
                for key, entry in self._entries.items()
                if key == entry.name and not entry.is_row
            }
        name, *members = variable.split(".")
        value: Value = [NAME, name]
        for member in members:
            value = [MEMBER, value, member]
        place = None
        with self.apart(path, f"component {variable}"):
            place = self._modules.component(value, path)
        return self._tags.get(place, "") if place is not None else ""

    @contextmanager
    def apart(self, path: str, what: str, line: int = 1) -> Iterator[None]:
        """Run a block with the steps of one component, and record an exception instead of raising it."""
        effort = self._modules.effort
        effort.start()
        try:
            yield
        except Exception as error:  # includes RecursionError and MemoryError
            self.failed.append([path, [line, line], what, f"{type(error).__name__}: {str(error)[:200]}"])
        if effort.is_cut:
            self.notes.append((path, f"{what} was not followed to the end: it is too deep, too long or too large"))

    def _places(self) -> dict[str, Place]:
        """Return the components by their tags."""
        entries = [entry for key, entry in self._entries.items() if key == entry.name and not entry.is_row]
        return {kebab(name): entry.place for entry in entries for name in (*entry.names, entry.name)}

    def _wholes(self) -> dict[Place, Place]:
        """Return the components that calls make, by the options that each alone is made of."""
        wholes: dict[Place, list[Place]] = {}
        for entry in self._entries.values():
            base = None if entry.is_row else self._modules.options_at(*entry.place).get("made of")
            while base is not None and entry.place not in wholes.setdefault(base, []):
                wholes[base].append(entry.place)
                base = self._modules.options_at(*base).get("made of")
        return {base: made[0] for base, made in wholes.items() if len(made) == 1}

    def _component(self, key: str, entry: Entry) -> Component:
        if entry.is_row:
            return replace(to_component(self._modules.facts[entry.path]["entries"][entry.place[1]]), path=entry.path)
        component = self._reader.component(*entry.place)
        known = {event.name for event in component.events}
        foreign = [event for event in self._foreign.get(key, ()) if event.name not in known]
        added = [event for event in foreign if not event.name.endswith("*")]
        added += listener_events(component.props, (*component.events, *added)) if self._vue3 else []
        computed = {
            f"events:{event.name[:-1]}" if event.name != "*" else "events"
            for event in foreign
            if event.name.endswith("*")
        }
        unknown = ("events", "props", "slots") if self._modules.effort.is_cut else ()
        if self._modules.options_at(*entry.place).get("bare"):  # its parent reads what it is given
            unknown = (*unknown, "slots", *(() if component.events or added else ("events",)))
        asked = next(self._asked.of(component), None)
        reasons = () if asked is None else (("slots", f"a slot '{asked[0]}' of others is read in {asked[1]}"),)
        unknown = (*unknown, *(what for what, _ in reasons))
        whole = replace(
            component, name=entry.name, names=entry.names, registered=entry.registered,
            events=(*component.events, *added), open=tuple(sorted({*component.open, *computed, *unknown})),
            why_open=(*component.why_open, *reasons),
        )  # fmt: skip
        beside = {} if self._vue3 else dict(beside_props(whole))
        whole = replace(
            whole, open=tuple(sorted({*whole.open, *beside})),
            why_open=(*whole.why_open, *((part.partition(":")[0], why) for part, why in beside.items())),
        )  # fmt: skip
        return replace(whole, why_open=why_open(self._modules, entry.place, whole))
