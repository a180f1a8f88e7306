"""Find the events that helpers and children emit on components: `this.table.$emit('select')`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from swiftprep.catalog.api import Event, kebab
from swiftprep.catalog.linking.entries import Entry
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.linking.registered import Apart
from swiftprep.catalog.linking.scope import path_of
from swiftprep.catalog.vue.value_kinds import JOINED, OBJECT, STRING
from swiftprep.catalog.vue.values import Value


def emitted(modules: Modules, entries: Mapping[str, Entry], apart: Apart) -> dict[str, list[Event]]:
    """Return the events that helpers and children emit on each component (`this.table.$emit('select')`), by key.

    The receiver must have the component's name, with or without a prefix, or a name under which it provides itself,
    and the file must be in its folder or below. Events that the component itself listens to with `$on` are internal,
    not API. If only the beginning of an event's name is known, it ends with `*`; if nothing is, it is `*`, also for a
    parent in another folder.
    """
    by_word: defaultdict[str, list[str]] = defaultdict(list)
    provided: defaultdict[str, list[str]] = defaultdict(list)
    around: dict[str, str] = {}  # file → the component with others defined in it, as their parent
    for key, entry in entries.items():
        by_word[entry.name.rpartition("-")[2]].append(key)
        options = {} if entry.is_row else modules.options_at(*entry.place)
        for word in options.get("provides", ()):
            provided[word].append(key)
        if options and _has_inner(options):
            around[entry.path] = key
    parents = _parents(modules, entries, apart)
    named = _named_parents(entries, parents)
    events = _Emitted(modules, entries, by_word, around, parents, named=named, provided=provided)
    for path in sorted(modules.facts):
        foreign = modules.facts[path].get("foreign")
        if foreign:
            with apart(path, "events emitted on other components"):
                for receiver, name, arguments in foreign:
                    events.add(path, receiver, name, arguments)
    return events.events


def _parents(modules: Modules, entries: Mapping[str, Entry], apart: Apart) -> defaultdict[str, list[str]]:
    """Return, for each file, the components that locally register what it defines."""
    keys_by_path: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in entries.items():
        local = None if entry.is_row else modules.options_at(*entry.place).get("components")
        if local is None or local[0] != OBJECT:
            continue
        with apart(entry.path, f"components of {entry.name}", entry.line):
            places = [modules.component(inner, entry.place[0]) for _, inner, _ in local[1]]
            for path in dict.fromkeys(path_of(place[0]) for place in places if place is not None):
                if path != entry.path:
                    keys_by_path[path].append(key)
    return keys_by_path


def _named_parents(entries: Mapping[str, Entry], parents: Mapping[str, list[str]]) -> dict[str, str]:
    """Return, for each file of a component that none registers locally, the one that its names say to be its parent.

    It is `x-tabs` or `x-tab-group` for `x-tab`, and `x-menu` for `x-menu-item`.
    """
    named: dict[str, str] = {}
    for entry in sorted(entries.values(), key=lambda entry: (entry.path, entry.line)):
        if entry.registered and entry.path not in parents:
            names = (f"{entry.name}s", f"{entry.name}-group", entry.name.rpartition("-")[0])
            found = next((name for name in names if name in entries and entries[name].registered), None)
            if found is not None:
                named.setdefault(entry.path, found)
    return named


class _Emitted:
    """Collects the events that other files emit on components.

    Args:
        modules: The facts of all files.
        entries: The components, by key.
        by_word: The last word of a name → the keys of the components with it.
        around: File → the component with others defined in it.
        parents: File → the components that locally register it.
        named: File → the component that its names say to be its parent.
        provided: What components inject → the keys of the components that provide themselves under that name.

    Attributes:
        events: Key → events.
    """

    def __init__(
        self,
        modules: Modules,
        entries: Mapping[str, Entry],
        by_word: Mapping[str, list[str]],
        around: Mapping[str, str],
        parents: Mapping[str, list[str]],
        *,
        named: Mapping[str, str],
        provided: Mapping[str, list[str]],
    ) -> None:
        self.events: defaultdict[str, list[Event]] = defaultdict(list)
        self._modules = modules
        self._entries = entries
        self._by_word = by_word
        self._around = around
        self._parents = parents
        self._named = named
        self._provided = provided
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, path: str, receiver: str, name: Value, arguments: str) -> None:
        """Add an event that the file `path` emits on a receiver of this name."""
        event = self._modules.text(name, path) or _begins(name) or "*"
        for key in self._provided.get(receiver, ()):
            if path.startswith(self._entries[key].path.rpartition("/")[0] + "/"):
                self._note(key, Event(event, arguments, origin=path))
        called = kebab(receiver.strip("_$"))
        if called == "parent":
            for key in self._parents.get(path, ()):
                if event == "*" or path.startswith(self._entries[key].path.rpartition("/")[0] + "/"):
                    self._note(key, Event(event, arguments, origin=path))
            if path in self._named:
                self._note(self._named[path], Event(event, arguments, origin=path))
            if path in self._around:
                key = self._around[path]
                self.events[key].append(Event(event, arguments))
                self._names[key].add(event)
        if called in ("parent", "root", "bus", "event-bus", "child"):
            return
        for key in self._by_word.get(called.rpartition("-")[2], ()):
            owner = self._entries[key]
            bare = owner.name.partition("-")[2] or owner.name
            same = called in (owner.name, bare) or called.endswith(f"-{bare}")
            if same and path.startswith(owner.path.rpartition("/")[0] + "/"):
                self._note(key, Event(event, arguments, origin="" if path == owner.path else path))
                break

    def _note(self, key: str, event: Event) -> None:
        heard = self._modules.facts[self._entries[key].path].get("heard", ())
        if event.name not in self._names[key] and event.name not in heard:
            self._names[key].add(event.name)
            self.events[key].append(event)


def _begins(name: Value) -> str | None:
    """Return the beginning of a computed name, such as `"row-*"`, or None."""
    first = name[1][0] if name[0] == JOINED else name
    return f"{first[1]}*" if name[0] == JOINED and first[0] == STRING and first[1] else None


def _has_inner(options: Mapping[str, Any]) -> bool:
    """Return whether a component's local components are defined inline, as objects."""
    local = options.get("components")
    return local is not None and local[0] == OBJECT and any(inner[0] == OBJECT for _, inner, _ in local[1])
