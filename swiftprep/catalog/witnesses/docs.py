"""Find what the documentation in Markdown says of each component.

Headings call a component by its tag, by its name without the framework's prefix (`Button` for `a-button`), or as a part
of another (`Menu.SubMenu` for `a-sub-menu`). Of several pages, those nearest to the component's file count, and of
several languages, the one preferred.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, cast

from swiftprep.catalog.api import Component, Event, Method, Prop, Slot, kebab, one_spelling
from swiftprep.catalog.witnesses.joining import constructors
from swiftprep.catalog.witnesses.markdown import is_chinese

_KINDS: dict[str, type[Any]] = {"props": Prop, "events": Event, "slots": Slot, "methods": Method}
_PAGES = frozenset(("index", "readme", "doc", "docs", "api"))
_TYPES = frozenset(("string", "number", "boolean", "array", "object", "function"))
_SHARE = 0.1  # of the tags have the framework's prefix


class Docs:
    """The tables of all pages, by the component that they are about.

    >>> page = [[["Box"], "props", [["size", "盒子的大小", "string"]]]]
    >>> docs = Docs({"box/index.zh-CN.md": page}, ["x-box", "x-tag"], chinese=True)
    >>> docs.of(Component("x-box", path="box/index.jsx")).props[0].doc
    '盒子的大小'
    """

    def __init__(self, pages: Mapping[str, Iterable[Any]], tags: Iterable[str], *, chinese: bool) -> None:
        """Find the component of each table.

        Args:
            pages: Path → the page's tables; see `markdown.api_tables`.
            tags: The names of all components.
            chinese: Whether to prefer comments in Chinese, else those in another language.
        """
        self._chinese = chinese
        self._tables: defaultdict[str, list[tuple[str, str, Any]]] = defaultdict(list)
        by_word = _by_word({kebab(tag) for tag in tags}) if pages else {}
        for path in sorted(pages):
            for subjects, kind, rows in pages[path]:
                words = dict.fromkeys(word for subject in subjects for word in _words(subject, path))
                tag = next((by_word[word] for word in words if word in by_word), None)
                if tag is not None:
                    self._tables[tag].append((path, kind, rows))

    def of(self, component: Component) -> Component | None:
        """Return what the documentation says of a component, or None."""
        tables = [table for table in self._tables.get(component.name, ()) if component.path]
        if not tables:
            return None
        near = max(_shared(path, component.path) for path, _, _ in tables)
        items: dict[str, dict[str, Any]] = {kind: {} for kind in _KINDS}
        paths: list[str] = []
        for path, kind, rows in tables:
            if _shared(path, component.path) < near and near > 0:
                continue
            paths.append(path)
            for name, doc, type_ in rows:
                item = _KINDS[kind](name, _type(type_), doc=doc, witness="docs")
                known = items[kind].get(one_spelling(name))
                if known is None or (not known.doc and doc):
                    items[kind][one_spelling(name)] = item
                elif doc and is_chinese(doc) == self._chinese != is_chinese(known.doc):
                    items[kind][one_spelling(name)] = replace(known, doc=doc)
        lists = {kind: tuple(listed.values()) for kind, listed in items.items()}
        return Component(component.name, path=paths[0] if paths else "", origin="docs", **cast(Any, lists))


def _type(text: str) -> str:
    """Return a type from a table as Vue knows it, or `""` if it is written in any other way."""
    kinds = constructors(text)
    return " | ".join(sorted(kinds)) if kinds <= _TYPES else ""


def _by_word(tags: set[str]) -> dict[str, str]:
    """Return each tag by the words that headings may use for it."""
    firsts = Counter(tag.partition("-")[0] for tag in tags if "-" in tag)
    prefix = min(firsts, key=lambda first: (-firsts[first], first), default="")
    if firsts[prefix] < _SHARE * len(tags):
        return {tag: tag for tag in tags}
    return {tag: tag for tag in tags} | {
        tag.removeprefix(f"{prefix}-"): tag for tag in tags if tag.startswith(f"{prefix}-")
    }


def _words(subject: str, path: str) -> list[str]:
    """Return the names, in kebab case, that a subject may stand for."""
    if not subject:
        *folders, name = path.split("/")
        stem = name.partition(".")[0].lower()
        return [kebab(folders[-1] if stem in _PAGES and folders else name.partition(".")[0])]
    parts = [kebab(part) for part in re.split(r"[.\s]", subject) if part]
    return ["-".join(parts), parts[-1]] if len(parts) > 1 else parts


def _shared(one: str, other: str) -> int:
    """Return the number of folders that two paths have in common."""
    count = 0
    for mine, its in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if mine != its:
            break
        count += 1
    return count
