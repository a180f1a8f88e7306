"""What is known of components beside their source, to join with what the source says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.webtypes import GENERATOR, from_web_types
from swiftprep.catalog.witnesses.declarations import Declarations, without_docs
from swiftprep.catalog.witnesses.docs import Docs
from swiftprep.catalog.witnesses.joining import Contradiction, joined
from swiftprep.catalog.witnesses.overrides import Override, overridden
from swiftprep.catalog.witnesses.vetur import from_vetur
from swiftprep.errors import DataError
from swiftprep.scan.packages import read_package
from swiftprep.scan.roots import Roots
from swiftprep.scan.source_file import read_bytes
from swiftprep.streams import get_logger
from swiftprep.text.json_text import read_json

logger = get_logger(__name__)

_LARGEST = 30_000_000  # bytes of a file with web-types; vuetify's has 3 million


class Witnesses:
    """What witnesses other than the source know of each component.

    Attributes:
        contradictions: Where two of them say different things; it grows as components are joined.
    """

    def __init__(
        self,
        catalogs: Iterable[Catalog],
        docs: Docs,
        overrides: Mapping[str, Override],
        *,
        declarations: Declarations | None = None,
    ) -> None:
        """Put together what is known of each tag.

        Args:
            catalogs: Catalogues other than that of the source; of equal rank, the first counts.
            docs: What the documentation says.
            overrides: The user's corrections, by tag.
            declarations: The components in `.d.ts` files.
        """
        self._declarations = declarations
        self.contradictions: list[Contradiction] = []
        self._docs = docs
        self._overrides = overrides
        self._by_tag: dict[str, list[Component]] = {}
        for catalog in catalogs:
            for component in catalog:
                if component.kind == "component" and component.origin != "usage":
                    for tag in dict.fromkeys((component.name, *map(kebab, component.names))):
                        self._by_tag.setdefault(tag, []).append(component)

    @property
    def tags(self) -> set[str]:
        """The names that need not be inferred from usage, also those of which the user says that there are none."""
        return set(self._by_tag) | set(self._overrides)

    def joined(self, key: str, component: Component) -> Component | None:
        """Return a component from source together with what the other witnesses know; None if the user denies it."""
        has_tag = key == component.name  # otherwise another component has it
        is_page = component.owner == "application" and not component.registered  # its name says little
        others = self._others(component) if has_tag and not is_page else []
        documented = self._docs.of(component) if has_tag and component.kind == "component" else None
        others += [documented] if documented is not None else []
        declared = self._declarations.of(component) if self._declarations and component.kind == "component" else None
        if declared is not None:  # its comments are those of the documentation, seldom in the language of the users
            others.append(declared if documented is None else without_docs(declared))
        if others:
            component, contradictions = joined((component, *others))
            public = component.registered  # declarations describe what is exported, not what shares its name
            self.contradictions += [one for one in contradictions if public or one.other != "types"]
        return self._corrected(component) if has_tag else component

    def _others(self, component: Component) -> list[Component]:
        for tag in (component.name, *map(kebab, component.names)):
            if tag in self._by_tag:
                return list(self._by_tag[tag])
        return []

    def others(self, known: Iterable[str]) -> Iterator[tuple[str, Component]]:
        """Yield the components that are not known from source, by tag.

        Args:
            known: The names of those that are.
        """
        from_source = {kebab(name) for name in known}
        seen: set[int] = set()
        for tag in sorted(self._by_tag):
            entries = [one for one in self._by_tag[tag] if id(one) not in seen]
            seen |= {id(one) for one in entries}
            names = {name for one in entries for name in (one.name, *map(kebab, one.names))}
            if not entries or not names.isdisjoint(from_source):
                continue
            component, contradictions = joined(entries)
            self.contradictions += contradictions
            corrected = self._corrected(component)
            if corrected is not None:
                yield corrected.name, corrected
        for tag in sorted(set(self._overrides) - from_source - set(self._by_tag)):
            corrected = self._corrected(Component(tag, names=(tag,), origin="overrides"))
            if corrected is not None:
                yield tag, corrected

    def _corrected(self, component: Component) -> Component | None:
        tags = (component.name, *map(kebab, component.names))
        override = next((self._overrides[tag] for tag in tags if tag in self._overrides), None)
        return component if override is None else overridden(component, override)


def published(roots: Roots) -> list[Catalog]:
    """Return the components in the web-types and vetur files of the packages in the folders.

    A file that cannot be read gives a warning. One written by swiftprep is skipped: it says what an earlier scan found.
    """
    catalogs: list[Catalog] = []
    for folder in sorted(set(roots.packages().values())):
        root, inside = roots.place(f"{folder}/")
        stated = read_package(root, inside.rstrip("/"))
        named = stated.get("web-types") or "web-types.json"
        files = [name for name in (named if isinstance(named, list) else [named]) if isinstance(name, str)]
        for name in files:
            content = _json(roots, folder, name)
            if isinstance(content, dict) and "contributions" in content:
                catalogs += _catalog(
                    folder, "/".join([*([folder] if folder else []), name.removeprefix("./")]), content
                )
        vetur = stated.get("vetur")
        if isinstance(vetur, dict) and isinstance(vetur.get("tags"), str):
            tags = _json(roots, folder, vetur["tags"])
            attributes = _json(roots, folder, str(vetur.get("attributes", "")))
            try:
                catalogs += [Catalog(from_vetur(tags, attributes, vetur["tags"]))] if tags is not None else []
            except DataError as error:
                logger.warning("%s/%s (未能读取)", folder, error)
    return catalogs


def _catalog(folder: str, path: str, content: dict[str, Any]) -> list[Catalog]:
    html = content["contributions"].get("html") if isinstance(content["contributions"], dict) else None
    if isinstance(html, dict) and html.get("generator") == GENERATOR:
        return []
    try:
        components = from_web_types(content, path)
    except DataError as error:
        logger.warning("%s", error)
        return []
    prefix = f"{folder}/" if folder else ""
    return [Catalog(replace(one, path=f"{prefix}{one.path}" if one.path else path) for one in components)]


def _json(roots: Roots, folder: str, name: str) -> Any:
    """Return the content of a file in a package; None if there is none, or it is outside the folders."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return None
    root, inside = roots.place("/".join([folder, *parts]) if folder else "/".join(parts))
    data = read_bytes(root, inside, max_bytes=_LARGEST)
    if not isinstance(data, bytes):
        if data.reason == "too-large":
            logger.warning("%s/%s: %s (文件过大)", folder, name, data.detail)
        return None
    try:
        return read_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValueError as error:
        logger.warning("%s/%s: not valid JSON: %s (JSON 格式错误)", folder, name, str(error)[:200])
        return None


def digest_of(catalogs: Iterable[Catalog], overrides: Mapping[str, Override]) -> str:
    """Return a hash of what the witnesses know."""
    digest = hashlib.blake2b(orjson.dumps(dict(sorted(overrides.items()))), digest_size=16)
    for catalog in catalogs:
        for part in catalog.pack():
            digest.update(part)
    return digest.hexdigest()
