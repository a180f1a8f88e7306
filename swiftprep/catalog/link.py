"""Join the facts of all files into components: who is registered as what, and what others emit on it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from swiftprep.catalog.api import Component, Event, Prop, Slot, camel, kebab, to_component
from swiftprep.catalog.html import DOM_EVENTS, is_global, is_native
from swiftprep.catalog.markup import Use
from swiftprep.catalog.modules import Facts, Modules
from swiftprep.catalog.values import Value
from swiftprep.catalog.vue import Reader

# File names that say nothing of the component in them; the folder's name does.
_NAMELESS = frozenset("index main src component mod entry".split())
# Tests, and what a build made of the source: where both define a component, the source counts.
_ASIDE = re.compile(r"(?:^|/)(?:tests?|__tests__|e2e|es|esm|lib|cjs|umd|dist)/|\.(?:spec|test)\.|(?:^|/)\.[^/]*$")
Place = tuple[str, int]


def link(facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None) -> dict[str, Component]:
    """Return the components defined in the files, by tag; see `Linked`."""
    return dict(Linked(facts, packages))


@dataclass(frozen=True, slots=True)
class _Entry:
    """A component to be: what it is called and where its options, or its row of a class, lie."""

    rank: int
    path: str
    line: int
    index: int
    name: str
    names: tuple[str, ...]
    registered: bool
    is_row: bool = False


class Linked:
    """The components defined in the files, made one by one while iterating: `(key, component)` in the order of keys.

    The key is the tag. A tag that two components share belongs to the registered one, else to the one that names
    itself so, else to the first by path; the others are listed under their paths.

    Attributes:
        tags: Every name there is a component for, in kebab case and as registered.
    """

    def __init__(self, facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None) -> None:
        """Find out who is called what.

        Args:
            facts: Path → what the file says (`facts.py`).
            packages: Package name → its folder.
        """
        self._modules = Modules(facts, packages)
        self._reader = Reader(self._modules)
        self._entries: dict[str, _Entry] = {}
        places: set[str] = set()
        for entry in sorted(self._listed(), key=lambda entry: (entry.rank, entry.path, entry.line)):
            key = entry.name
            if key in self._entries:
                key = f"{entry.path}:{entry.line}" if entry.path in places else entry.path
                places.add(entry.path)
            self._entries[key] = entry
        self._foreign = _foreign(self._entries, self._modules)
        self.tags = {tag for entry in self._entries.values() for tag in (entry.name, *entry.names)}

    def __iter__(self) -> Iterator[tuple[str, Component]]:
        for key in sorted(self._entries):
            yield key, self._component(key, self._entries[key])

    def _listed(self) -> Iterator[_Entry]:
        modules = self._modules
        registered = _registrations(modules)
        halves = _halves(modules)
        for path in sorted(modules.facts):
            facts = modules.facts[path]
            for index, row in enumerate(facts.get("entries", ())):
                yield _Entry(2, path, row["span"][0], index, row["name"], tuple(row["names"]), False, is_row=True)
            for index, options in enumerate(facts.get("components", ())):
                tags = registered.get((path, index), [])
                if not tags and ((path, index) in halves or not options.get("sure")):
                    continue
                own = modules.own_name(path, index)
                name = kebab((tags[0] if tags else "") or own or _file_name(path))
                names = tuple(dict.fromkeys(tag for tag in (*tags, own) if tag))
                rank = (0 if tags else 1 if own else 2) + 3 * bool(_ASIDE.search(path))
                yield _Entry(rank, path, options["span"][0], index, name, names, bool(tags))

    def _component(self, key: str, entry: _Entry) -> Component:
        if entry.is_row:
            return replace(to_component(self._modules.facts[entry.path]["entries"][entry.index]), path=entry.path)
        made = self._reader.component(entry.path, entry.index)
        known = {event.name for event in made.events}
        foreign = [event for event in self._foreign.get(key, ()) if event.name not in known]
        added = [event for event in foreign if not event.name.endswith("*")]
        computed = {f"events:{event.name[:-1]}" for event in foreign if event.name.endswith("*")}
        return replace(
            made, name=entry.name, names=entry.names, registered=entry.registered, events=(*made.events, *added),
            open=tuple(sorted({*made.open, *computed})),
        )  # fmt: skip


def _halves(modules: Modules) -> set[Place]:
    """Return the options that are a single-file component's script, in a file of its own."""
    outer = (
        modules.outer(path, index)
        for path in modules.facts
        for index, options in enumerate(modules.facts[path].get("components", ()))
        if "outer" in options
    )
    return {place for place in outer if place is not None and not place[0].endswith(".vue")}


def _file_name(path: str) -> str:
    stem = re.sub(r"\.\w+$", "", path.rpartition("/")[2])
    folders = path.split("/")[:-1]
    while stem.lower() in _NAMELESS and folders:
        stem = folders.pop()
    return re.sub(r"[^\w-]+", "-", stem)


def _registrations(modules: Modules) -> dict[Place, list[str]]:
    """Return the names each component is registered under; `""` for its own."""
    found: defaultdict[Place, list[str]] = defaultdict(list)
    for path in sorted(modules.facts):
        facts = modules.facts[path]
        for name, component, loop in facts.get("registrations", ()):
            pairs = [(name, component, path, "")] if loop is None else _unrolled(modules, path, name, component, loop)
            for name_, component_, where, key in pairs:
                place = modules.component(component_, where)
                if place is None:
                    continue
                text = key or modules.text(name_, where) or _own_name(modules, name_, place)
                found[place].append(text or "")
        for value in facts.get("installs", ()):
            place = modules.component(value, path)
            if place is not None:
                found[place].append("")
    for place, names in found.items():
        own = modules.own_name(*place)
        found[place] = list(dict.fromkeys(name or own for name in names))
        if "" in found[place] and len(found[place]) > 1:
            found[place].remove("")
    return found


def _own_name(modules: Modules, name: Value, place: Place) -> str | None:
    """Return the name when it is said as `X.name`, a prefix included (`'Ta' + X.name`)."""
    own = modules.own_name(*place) or None
    if name[0] == "m" and name[2] in ("name", "componentName"):
        return own
    if name[0] == "+" and own is not None:
        parts = [own if p[0] == "m" and p[2] == "name" else modules.text(p, place[0]) for p in name[1]]
        return None if None in parts else "".join(part or "" for part in parts)
    return None


def _unrolled(
    modules: Modules, path: str, name: Value, component: Value, loop: list[Any]
) -> list[tuple[Value, Value, str, str]]:
    """Return `(name, component, file, key)` of each turn of the loop a registration stands in."""
    kind, variables, iterated = loop
    made, where = _iterated(modules, iterated, path)
    if component[0] == "C":
        return []
    turns: list[tuple[Value, Value, str, str]] = []
    if made[0] == "a":
        items = [(["x", ""], item, where) for item in made[1] if item[0] != "..."]
        for spread in (item for item in made[1] if item[0] == "..."):
            inner, there = modules.resolve(spread[1], where)
            items += [(["x", ""], item, there) for item in (inner[1] if inner[0] == "a" else [])]
    elif made[0] == "o":
        items = []
        for key, inner, _ in made[1]:
            if key == "...":
                deeper, there = modules.resolve(inner, where)
                items += [(["s", k], v, there) for k, v, _ in (deeper[1] if deeper[0] == "o" else [])]
            else:
                items.append((["s", key], inner, where))
    elif made[0] == "ns":
        exports = modules.facts[made[1]].get("exports", {})
        items = [(["s", key], ["i", key] if value == ["i", key] else value, made[1]) for key, value in exports.items()]
    else:
        return []
    named_by_key = kind == "in" or len(variables) > 1 or name[0] == "i"
    for key, item, there in items:
        prefix = ""
        if name[0] == "+":
            prefix = "".join(part[1] for part in name[1] if part[0] == "s")
            if name[1] and name[1][-1][0] == "m":  # 'Ta' + component.name
                place = modules.component(item, there)
                own = _own_name(modules, ["m", ["x", ""], "name"], place) if place else None
                turns.append((["x", ""], item, there, prefix + own if own else ""))
                continue
        turns.append((name, item, there, prefix + key[1] if named_by_key and key[0] == "s" and name[0] != "m" else ""))
    return turns


def _iterated(modules: Modules, value: Value, path: str) -> tuple[Value, str]:
    """Resolve what a loop goes over; `Object.keys(x)` and its like go over `x`."""
    if value[0] == "c" and value[1][0] == "m" and value[1][1] == ["i", "Object"] and value[2]:
        return modules.resolve(value[2][0], path)
    return modules.resolve(value, path)


def _foreign(entries: Mapping[str, _Entry], modules: Modules) -> dict[str, list[Event]]:
    """Return the events that helpers and children emit on a component (`this.table.$emit('select')`), by its key.

    The receiver's name must be the component's, with or without a prefix, and the file must lie in its folder or
    below. What the component itself listens to with `$on` is talk between the two, not its API. The name of an event
    of which only the beginning can be told ends with `*`.
    """
    by_word: defaultdict[str, list[str]] = defaultdict(list)
    around: dict[str, str] = {}  # file → the component that has others defined within it, whose parent it is
    for key, entry in entries.items():
        by_word[entry.name.rpartition("-")[2]].append(key)
        if not entry.is_row and _has_inner(modules.facts[entry.path]["components"][entry.index]):
            around[entry.path] = key
    parents = _parents(entries, modules)
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for path in sorted(modules.facts):
        for receiver, name, arguments in modules.facts[path].get("foreign", ()):
            event = modules.text(name, path) or _begins(name)
            called = kebab(receiver.strip("_$"))
            for key in parents[path] if called == "parent" else ():
                heard = modules.facts[entries[key].path].get("heard", ())
                if event and event not in heard and all(known.name != event for known in found[key]):
                    found[key].append(Event(event, arguments, origin=path))
            if event is not None and called == "parent" and path in around:
                found[around[path]].append(Event(event, arguments))
            if event is None or called in ("parent", "root", "bus", "event-bus", "child"):
                continue
            for key in by_word.get(called.rpartition("-")[2], ()):
                owner = entries[key]
                bare = owner.name.partition("-")[2] or owner.name
                same = called in (owner.name, bare) or called.endswith(f"-{bare}")
                if not same or not path.startswith(owner.path.rpartition("/")[0] + "/"):
                    continue
                heard = modules.facts[owner.path].get("heard", ())
                if event not in heard and all(known.name != event for known in found[key]):
                    found[key].append(Event(event, arguments, origin="" if path == owner.path else path))
                break
    return found


def _begins(name: Value) -> str | None:
    """Return the beginning of a computed name, such as `"row-*"`, or None."""
    first = name[1][0] if name[0] == "+" else name
    return f"{first[1]}*" if name[0] == "+" and first[0] == "s" and first[1] else None


def _parents(entries: Mapping[str, _Entry], modules: Modules) -> defaultdict[str, list[str]]:
    """Return the components that register another file of their folder for themselves, by that file."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in entries.items():
        local = None if entry.is_row else modules.facts[entry.path]["components"][entry.index].get("components")
        for _, inner, _ in local[1] if local is not None and local[0] == "o" else ():
            place = modules.component(inner, entry.path)
            path = place[0] if place is not None else ""
            if path != entry.path and path.startswith(entry.path.rpartition("/")[0] + "/") and key not in found[path]:
                found[path].append(key)
    return found


def _has_inner(options: Mapping[str, Any]) -> bool:
    """Return whether a component's local components are defined right there, as objects."""
    local = options.get("components")
    return local is not None and local[0] == "o" and any(inner[0] == "o" for _, inner, _ in local[1])


def infer(usage: Mapping[str, Use], known: Iterable[str]) -> dict[str, Component]:
    """Return an entry for every tag that is used and not known: what its users show of its API.

    Something seen once may be a slip: it is listed only where the tag itself is rare, and nothing seen more often is
    spelt nearly the same. An attribute that any element takes says nothing, so it is not listed.

    Args:
        usage: Tag → how it is used.
        known: Tags there is a better entry for.
    """
    known = set(known)
    frequent = {name for use in usage.values() for name, seen in use.props.items() if seen[0] > 1}
    made: dict[str, Component] = {}
    for tag, use in sorted(usage.items()):
        if tag in known or ("-" not in tag and is_native(tag)):
            continue
        props = []
        for name, (times, bound, values) in sorted(use.props.items()):
            if (is_global(name) and not _is_prop_all_the_same(name, times, bound, use)) or (
                name in _SLIPS and not bound
            ):
                continue
            if not _ATTRIBUTE.fullmatch(name) or not _is_solid(times, use):
                continue
            if times == 1 and name not in frequent and get_close_matches(name, frequent, n=1, cutoff=0.9):
                continue
            kind = "" if bound else "boolean" if not values else "string"
            props.append(Prop(camel(name), kind, values=tuple(values) if kind == "string" else ()))
        events = [
            Event(name)
            for name, times in sorted(use.events.items())
            if _is_solid(times, use) and not (name in DOM_EVENTS and times == 1)
        ]
        slots = [
            Slot(name, "{ " + ", ".join(sorted(bindings)) + " }" if bindings else "", bindings=tuple(sorted(bindings)))
            for name, (times, bindings) in sorted(use.slots.items())
            if _is_solid(times, use) or name == "default"
        ]
        path, line = (use.example[0], use.example[1]) if use.example else ("", 0)
        made[tag] = Component(
            tag, path=path, span=(line, line), props=tuple(props), events=tuple(events), slots=tuple(slots),
            model=("value", "input") if _is_solid(use.models, use) else None, names=(tag,), origin="usage",
            open=("events", "props", "slots"), uses=use.count,
        )  # fmt: skip
    return made


_ATTRIBUTE = re.compile(r"[a-zA-Z][\w.:-]*")
_DOUBLE = frozenset(("title", "hidden", "draggable", "autofocus"))
_SLIPS = frozenset("bind else for if model on show".split())  # a directive without its v-


def _is_prop_all_the_same(name: str, times: int, bound: int, use: Use) -> bool:
    """Return whether an attribute that any element takes is used as a prop: `:data-source`, a card's `title`."""
    if name.startswith("data-"):
        return bound == times > 1
    return name in _DOUBLE and times > 1 and 2 * times >= use.count


def _is_solid(times: int, use: Use) -> bool:
    """Return whether something was seen often enough to be believed."""
    return times >= 2 or (times == 1 and use.count <= 2)
