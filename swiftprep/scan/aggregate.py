"""Collect the results of a scan: a little of each file in memory, the rest in the spool."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any

import orjson

from swiftprep.catalog.api import Component
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.usage import infer
from swiftprep.scan.file_record import FileRecord
from swiftprep.scan.ownership import Ownership
from swiftprep.scan.result import Spool
from swiftprep.scan.usage import CodeUsage
from swiftprep.scan.witnesses import Witnesses

_KEPT_BYTES = 8_000_000  # of JSON, about eleven times as much when parsed
_LATEST = 500  # files
_PAGES = re.compile(r"(?:^|/)(?:pages?|views?)/")


class Files:
    """The kept files, in order: paths, details, and the places of their data in the spool."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.heads: list[dict[str, Any]] = []
        self.rows: list[tuple[int, int]] = []
        self.signatures: list[bytes] = []
        self.facts: dict[str, tuple[int, int]] = {}
        self.pages: dict[str, tuple[int, int]] = {}
        self._known: dict[bytes, dict[str, Any]] = {}

    def add(self, name: str, head: dict[str, Any], record: FileRecord, spool: Spool) -> str:
        """Add a file and return its name, made unique if another file's name reads the same."""
        while name in self.facts:  # all bytes that are not UTF-8 read as U+FFFD
            name += "\ufffd"
        self.paths.append(name)
        # Most files have the same head: UTF-8 and nothing else to say.
        non_empty = {key: value for key, value in head.items() if value}
        self.heads.append(self._known.setdefault(record.head, non_empty) if len(non_empty) == 1 else non_empty)
        self.rows.append(spool.add(record.rows))
        self.signatures.append(record.signature)
        self.facts[name] = spool.add(record.facts)
        return name


class ScanAggregate:
    """The results from all files together, as places in the spool."""

    def __init__(self) -> None:
        self.held_out: set[int] = set()
        self.catalog: list[tuple[int, int]] = []
        self.derived: list[tuple[str, tuple[int, int]]] = []

    def add(self, side: str, data: bytes, spool: Spool) -> None:
        """Put a part of the catalogue (`"catalog"`) or rows of another kind into the spool."""
        place = spool.add(data)
        if side == "catalog":
            self.catalog.append(place)
        else:
            self.derived.append((side, place))


class SpooledFacts(Mapping[str, Any]):
    """The facts of all files, kept as JSON in the spool and parsed on access.

    Linking goes through all files several times, in order, so that a cache of the latest ones would be of no use in a
    larger tree: the facts of the first files stay parsed, and of the others those that were used last.
    """

    def __init__(self, places: Mapping[str, tuple[int, int]], spool: Spool) -> None:
        self._packed = places
        self._kept: dict[str, Any] = {}
        self._room = _KEPT_BYTES
        self._latest = lru_cache(maxsize=_LATEST)(lambda path: _parsed(spool.get(places[path])))

    def __getitem__(self, path: str) -> Any:
        facts = self._kept.get(path)
        if facts is None:
            facts = self._latest(path)
            size = self._packed[path][1]
            if size <= self._room:
                self._room -= size
                self._kept[path] = facts
        return facts

    def __contains__(self, path: object) -> bool:
        return path in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _parsed(data: bytes) -> Any:
    """Parse JSON without garbage collection, which new objects start often and which takes ten times as long."""
    is_enabled = gc.isenabled()
    gc.disable()
    try:
        return orjson.loads(data)
    finally:
        if is_enabled:
            gc.enable()


def all_components(
    linked: Linked, usage: CodeUsage, ownership: Ownership, witnesses: Witnesses, *, vue3: bool
) -> Iterator[tuple[str, Component]]:
    """Yield the components found in source, then those that other witnesses know, then those known only from usage.

    Of two with one tag, a page of the application and a component used elsewhere with other props, the tag is that of
    the one that is used; the page is listed under its path.
    """
    known = set(linked.tags)
    only_registered = ownership.registers(linked.registered)
    for key, component in linked:
        owner = ownership.of_source(component.path, registered=component.registered)
        if owner == "framework" and only_registered and not component.registered and component.kind == "component":
            owner = ""
        is_page = owner == "application" or _PAGES.search(component.path) is not None
        use = usage.of_others(component) if is_page and key == component.name else None
        if use is None:
            uses = usage.by_tag[component.name].count if component.name in usage.by_tag else 0
            joined = witnesses.joined(key, replace(component, owner=owner, uses=uses or component.uses))
            if joined is not None:
                yield key, joined
        else:
            known.discard(component.name)
            yield component.path, replace(component, owner="application")
    for tag, component in witnesses.others(known):
        uses = usage.by_tag[tag].count if tag in usage.by_tag else 0
        yield tag, replace(component, owner=component.owner or ownership.of_tag(tag), uses=uses or component.uses)
    for tag, component in infer(usage.by_tag, known | witnesses.tags, linked.apart, vue3=vue3):
        yield tag, replace(component, owner=ownership.of_tag(tag))
