"""Link the facts of all files into components, with their registered names and the events emitted on them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from swiftprep.catalog.api import Component, Event, kebab
from swiftprep.catalog.linking.component import ComponentReader
from swiftprep.catalog.linking.listeners import listener_events
from swiftprep.catalog.linking.names import Facts, Modules, Place
from swiftprep.catalog.linking.reasons import why_open
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.stored import to_component
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, JOINED, MEMBER, NAME, OBJECT, OPTIONS, SOURCE, STRING
from swiftprep.catalog.vue.values import Value

# File names that do not describe the component in them; the folder's name does.
_NAMELESS = frozenset("index main src component mod entry".split())
# Tests and build output; if the source defines the same component, it takes precedence.
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|e2e|es|esm|lib|cjs|umd|dist)/|\.(?:spec|test)\.|(?:^|/)\.[^/]*$")
Failure: TypeAlias = list[Any]


def link(
    facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None, *, vue3: bool = False
) -> dict[str, Component]:
    """Return the components defined in the files, by tag; see `Linked`."""
    return dict(Linked(facts, packages, vue3=vue3))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A component to read: its names and the place of its options, or of its row for a class."""

    rank: int
    path: str
    line: int
    index: int
    name: str
    names: tuple[str, ...]
    registered: bool
    is_row: bool = False


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
        self._entries: dict[str, _Entry] = {}
        self._tags: dict[Place, str] = {}
        places: set[str] = set()
        for entry in sorted(
            self._listed(), key=lambda entry: (entry.rank, rank_of(entry.path), entry.path, entry.line)
        ):
            key = entry.name
            if key in self._entries:
                key = f"{entry.path}:{entry.line}" if entry.path in places else entry.path
                places.add(entry.path)
            self._entries[key] = entry
        self._reader.tracer.places = self._places()
        self._foreign = self._emitted()
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
                (entry.path, entry.index): entry.name
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

    def _listed(self) -> Iterator[_Entry]:
        modules = self._modules
        registered = self._registrations()
        halves = self._halves()
        for path in sorted(modules.facts):
            facts = modules.facts[path]
            for index, row in enumerate(facts.get("entries", ())):
                yield _Entry(2, path, row["span"][0], index, row["name"], tuple(row["names"]), False, is_row=True)
            for index, options in enumerate(facts.get("components", ())):
                tags = registered.get((path, index), [])
                if not tags and ((path, index) in halves or not options.get("sure")):
                    continue
                own = ""
                with self.apart(path, "name of a component", options["span"][0]):
                    own = modules.own_name(path, index)
                name = kebab((tags[0] if tags else "") or own or _file_name(path))
                names = tuple(dict.fromkeys(tag for tag in (*tags, own) if tag))
                rank = (0 if tags else 1 if own else 2) + 3 * bool(_ASIDE.search(path)) + 6 * ("compiled" in facts)
                yield _Entry(rank, path, options["span"][0], index, name, names, bool(tags))

    def _places(self) -> dict[str, Place]:
        """Return the components by their tags."""
        entries = [entry for key, entry in self._entries.items() if key == entry.name and not entry.is_row]
        return {kebab(name): (entry.path, entry.index) for entry in entries for name in (*entry.names, entry.name)}

    def _component(self, key: str, entry: _Entry) -> Component:
        if entry.is_row:
            return replace(to_component(self._modules.facts[entry.path]["entries"][entry.index]), path=entry.path)
        component = self._reader.component(entry.path, entry.index)
        known = {event.name for event in component.events}
        foreign = [event for event in self._foreign.get(key, ()) if event.name not in known]
        added = [event for event in foreign if not event.name.endswith("*")]
        added += listener_events(component.props, (*component.events, *added)) if self._vue3 else []
        computed = {f"events:{event.name[:-1]}" for event in foreign if event.name.endswith("*")}
        unknown = ("events", "props", "slots") if self._modules.effort.is_cut else ()
        if self._modules.options_at(entry.path, entry.index).get("bare"):  # its parent reads what it is given
            unknown = (*unknown, "slots")
        whole = replace(
            component, name=entry.name, names=entry.names, registered=entry.registered,
            events=(*component.events, *added), open=tuple(sorted({*component.open, *computed, *unknown})),
        )  # fmt: skip
        return replace(whole, why_open=why_open(self._modules, entry.path, entry.index, whole))

    def _halves(self) -> set[Place]:
        """Return the places of options that a single-file component includes by `<script src>`."""
        modules = self._modules
        places: set[Place] = set()
        for path in modules.facts:
            for index, options in enumerate(modules.facts[path].get("components", ())):
                if "outer" in options:
                    with self.apart(path, "script of a component", options["span"][0]):
                        place = modules.outer(path, index)
                        places |= {place} if place is not None and not path_of(place[0]).endswith(".vue") else set()
        return places

    def _registrations(self) -> dict[Place, list[str]]:
        """Return the names under which each component is registered; `""` for its own name."""
        modules = self._modules
        names_by_place: defaultdict[Place, list[str]] = defaultdict(list)
        for path in sorted(modules.facts):
            facts = modules.facts[path]
            for name, component, loop in facts.get("registrations", ()):
                with self.apart(path, "registration of components"):
                    pairs: list[tuple[Value, Value, Where, str]] = [(name, component, path, "")]
                    for name_, component_, where, key in (
                        pairs if loop is None else _unrolled(modules, path, name, component, loop)
                    ):
                        place = modules.component(component_, where)
                        if place is not None:
                            text = key or modules.text(name_, where) or _own_name(modules, name_, place)
                            names_by_place[place].append(text or "")
            for value in facts.get("installs", ()):
                with self.apart(path, "installation of a component"):
                    place = modules.component(value, path)
                    if place is not None:
                        names_by_place[place].append("")
        for place, names in names_by_place.items():
            own = ""
            with self.apart(path_of(place[0]), "name of a component"):
                own = modules.own_name(*place)
            names_by_place[place] = list(dict.fromkeys(name or own for name in names))
            if "" in names_by_place[place] and len(names_by_place[place]) > 1:
                names_by_place[place].remove("")
        return names_by_place

    def _emitted(self) -> dict[str, list[Event]]:
        """Return the events that helpers and children emit on each component (`this.table.$emit('select')`), by key.

        The receiver must have the component's name, with or without a prefix, and the file must be in its folder or
        below. Events that the component itself listens to with `$on` are internal, not API. If only the beginning of
        an event's name is known, it ends with `*`.
        """
        modules = self._modules
        by_word: defaultdict[str, list[str]] = defaultdict(list)
        around: dict[str, str] = {}  # file → the component with others defined in it, as their parent
        for key, entry in self._entries.items():
            by_word[entry.name.rpartition("-")[2]].append(key)
            if not entry.is_row and _has_inner(modules.facts[entry.path]["components"][entry.index]):
                around[entry.path] = key
        emitted = _Emitted(modules, self._entries, by_word, around, self._parents())
        for path in sorted(modules.facts):
            foreign = modules.facts[path].get("foreign")
            if foreign:
                with self.apart(path, "events emitted on other components"):
                    for receiver, name, arguments in foreign:
                        emitted.add(path, receiver, name, arguments)
        return emitted.events

    def _parents(self) -> defaultdict[str, list[str]]:
        """Return, for each file, the components that locally register it from the same folder or below."""
        modules = self._modules
        keys_by_path: defaultdict[str, list[str]] = defaultdict(list)
        for key, entry in self._entries.items():
            local = None if entry.is_row else modules.facts[entry.path]["components"][entry.index].get("components")
            if local is None or local[0] != OBJECT:
                continue
            with self.apart(entry.path, f"components of {entry.name}", entry.line):
                places = [modules.component(inner, entry.path) for _, inner, _ in local[1]]
                for path in dict.fromkeys(path_of(place[0]) for place in places if place is not None):
                    if path != entry.path and path.startswith(entry.path.rpartition("/")[0] + "/"):
                        keys_by_path[path].append(key)
        return keys_by_path


class _Emitted:
    """Collects the events that other files emit on components.

    Args:
        modules: The facts of all files.
        entries: The components, by key.
        by_word: The last word of a name → the keys of the components with it.
        around: File → the component with others defined in it.
        parents: File → the components that locally register it.

    Attributes:
        events: Key → events.
    """

    def __init__(
        self,
        modules: Modules,
        entries: Mapping[str, _Entry],
        by_word: Mapping[str, list[str]],
        around: Mapping[str, str],
        parents: Mapping[str, list[str]],
    ) -> None:
        self.events: defaultdict[str, list[Event]] = defaultdict(list)
        self._modules = modules
        self._entries = entries
        self._by_word = by_word
        self._around = around
        self._parents = parents
        self._names: defaultdict[str, set[str]] = defaultdict(set)

    def add(self, path: str, receiver: str, name: Value, arguments: str) -> None:
        """Add an event that the file `path` emits on a receiver of this name."""
        event = self._modules.text(name, path) or _begins(name)
        if event is None:
            return
        called = kebab(receiver.strip("_$"))
        if called == "parent":
            for key in self._parents.get(path, ()) if event else ():
                self._note(key, Event(event, arguments, origin=path))
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


def _file_name(path: str) -> str:
    stem = re.sub(r"\.\w+$", "", path.rpartition("/")[2])
    folders = path.split("/")[:-1]
    while stem.lower() in _NAMELESS and folders:
        stem = folders.pop()
    return re.sub(r"[^\w-]+", "-", stem)


def _own_name(modules: Modules, name: Value, place: Place) -> str | None:
    """Return the name if it is written as `X.name`, possibly with a prefix (`'Ta' + X.name`)."""
    own = modules.own_name(*place) or None
    if name[0] == MEMBER and name[2] in ("name", "componentName"):
        return own
    if name[0] == JOINED and own is not None:
        parts = [own if p[0] == MEMBER and p[2] == "name" else modules.text(p, place[0]) for p in name[1]]
        return None if None in parts else "".join(part or "" for part in parts)
    return None


def _unrolled(
    modules: Modules, path: str, name: Value, component: Value, loop: list[Any]
) -> list[tuple[Value, Value, Where, str]]:
    """Return `(name, component, place, key)` for each iteration of the loop around a registration."""
    kind, variables, iterated = loop
    resolved, where = _iterated(modules, iterated, path)
    if component[0] == OPTIONS:
        return []
    turns: list[tuple[Value, Value, Where, str]] = []
    items: list[tuple[Value, Value, Where]]
    if resolved[0] == ARRAY:
        items = [([SOURCE, ""], item, where) for item in resolved[1] if item[0] != "..."]
        for spread in (item for item in resolved[1] if item[0] == "..."):
            inner, there = modules.resolve(spread[1], where)
            items += [([SOURCE, ""], item, there) for item in (inner[1] if inner[0] == ARRAY else [])]
    elif resolved[0] == OBJECT:
        items = []
        for key, inner, _ in resolved[1]:
            if key == "...":
                deeper, there = modules.resolve(inner, where)
                items += [([STRING, k], v, there) for k, v, _ in (deeper[1] if deeper[0] == OBJECT else [])]
            else:
                items.append(([STRING, key], inner, where))
    elif resolved[0] == "ns":
        exports = modules.facts[resolved[1]].get("exports", {})
        items = [
            ([STRING, key], [NAME, key] if value == [NAME, key] else value, resolved[1])
            for key, value in exports.items()
        ]
    else:
        return []
    named_by_key = kind == "in" or len(variables) > 1 or name[0] == NAME
    for key, item, there in items:
        prefix = ""
        if name[0] == JOINED:
            prefix = "".join(part[1] for part in name[1] if part[0] == STRING)
            if name[1] and name[1][-1][0] == MEMBER:  # 'Ta' + component.name
                place = modules.component(item, there)
                own = _own_name(modules, [MEMBER, [SOURCE, ""], "name"], place) if place else None
                turns.append(([SOURCE, ""], item, there, prefix + own if own else ""))
                continue
        turns.append(
            (name, item, there, prefix + key[1] if named_by_key and key[0] == STRING and name[0] != MEMBER else "")
        )
    return turns


def _iterated(modules: Modules, value: Value, path: str) -> tuple[Value, Where]:
    """Resolve the value that a loop iterates; `Object.keys(x)` and the like iterate `x`."""
    if value[0] == CALL and value[1][0] == MEMBER and value[1][1] == [NAME, "Object"] and value[2]:
        return modules.resolve(value[2][0], path)
    return modules.resolve(value, path)


def _begins(name: Value) -> str | None:
    """Return the beginning of a computed name, such as `"row-*"`, or None."""
    first = name[1][0] if name[0] == JOINED else name
    return f"{first[1]}*" if name[0] == JOINED and first[0] == STRING and first[1] else None


def _has_inner(options: Mapping[str, Any]) -> bool:
    """Return whether a component's local components are defined inline, as objects."""
    local = options.get("components")
    return local is not None and local[0] == OBJECT and any(inner[0] == OBJECT for _, inner, _ in local[1])
