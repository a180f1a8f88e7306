"""The events and slots that frameworks publish: web-types, or the pages of their sites, which a checkout holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from api_truth.frameworks import TRUTH, Framework, run
from api_truth.known import Api, Known, from_web_types

from swiftprep.catalog.api import kebab

# Where a checkout holds the pages, what its tags begin with, and whether the tables after a heading such as "Link Props"
# are that component's until another is named.
PAGES = {
    "antdv-demo": ("antdv-demo/docs/*/index.zh-CN.md", "a-", True),
    "cube-ui": ("document/components/docs/zh-CN/*.md", "cube-", False),
}
_HEADING = re.compile(r"(#{2,6}|-(?=\s+Cube[A-Z]\w*\s*$))\s+(.*)")  # or an item of a list that is nothing but a name
_EVENTS = re.compile(r"事件|\bevents?\b", re.I)
_SLOTS = re.compile(r"插槽|\bslots?\b", re.I)
_METHODS = re.compile(r"方法|\bmethods?\b", re.I)
_COMMON = re.compile(r"共同|共有|\bcommon\b", re.I)
# What a heading says beside the component's name.
_ROLE = re.compile(
    r"事件|插槽|方法|属性|配置|共同|共有|实例|组件|[的（(].*|\b(?:props?|events?|slots?|methods?|api)\b|`.*?`", re.I
)
_NAME = re.compile(r"[A-Za-z][\w-]*(?:[:.][A-Za-z][\w-]*)*")
_SLOT_NAMED = re.compile(r"slot=[\"']([\w.-]+)[\"']")
_CELLS = re.compile(r"(?<!\\)\|")


def documented(
    framework: Framework, installed: Path, checkout: Path | None, vue: str, tags: Mapping[str, str]
) -> Api | None:
    """Return what is published by tag, or None where nothing is, or only in a checkout that is not given."""
    if framework.documents == "web-types":
        return from_web_types(installed / "source", vue, dict(tags)) or None
    if framework.documents == "code" or checkout is None:
        return None
    by_tag: dict[str, tuple[set[str], set[str]]] = {}
    found = buefy(checkout, tags) if framework.documents == "buefy" else _pages(checkout, framework.documents, tags)
    for tag, kind, name in found:
        by_tag.setdefault(tag, (set(), set()))[kind == "slots"].add(name)
    spelt = (lambda name: name) if vue.startswith("2") else kebab
    return {
        tag: Known(events=frozenset(map(spelt, events)), slots=frozenset(slots))
        for tag, (events, slots) in by_tag.items()
    } or None


def _pages(checkout: Path, documents: str, tags: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    pattern, prefix, stays = PAGES[documents]
    paths = sorted(checkout.glob(pattern))
    pages = [path.parent.name if path.stem.startswith("index") else path.stem for path in paths]
    for path, page in zip(paths, pages, strict=True):
        yield from _Page(page, prefix, tags, pages=pages, stays=stays).read(path.read_text("utf-8"))


class _Page:
    """One page of a site: the tables under the headings that name a component, and those of the page's own."""

    def __init__(
        self, page: str, prefix: str, tags: Mapping[str, str], *, pages: Iterable[str] = (), stays: bool = True
    ) -> None:
        self.page, self.prefix, self.stays = page, prefix, stays
        self.tags = {kebab(tag).replace("-", ""): to for tag, to in tags.items()}
        self.elsewhere = {self.tag(other) for other in pages if other != page}
        self.on_page: dict[str, None] = {}

    def tag(self, *parts: str) -> str:
        """Return the tag for the parts of a name, such as `Menu` and `Item`, or `""`."""
        name = "".join(parts).replace("-", "").lower()
        return self.tags.get(self.prefix.replace("-", "") + name, self.tags.get(name, ""))

    def named(self, title: str) -> str | None:
        """Return the tag a heading names, `""` for something else, None if it names nothing."""
        bare = _ROLE.sub(" ", title).strip()
        if not bare or re.search(r"[\u4e00-\u9fff]", bare):
            return "" if bare and not _COMMON.search(title) else None
        parts = re.split(r"[.\s]+", bare)
        if not re.fullmatch(r"[A-Z][\w.\s]*|cube-[\w-]+", bare):
            return ""
        tag = self.tag(self.page, parts[-1]) or self.tag(*parts) or self.tag(parts[-1])
        return self.tag(self.page) if tag in self.elsewhere and len(parts) == 1 else tag

    def read(self, text: str) -> Iterator[tuple[str, str, str]]:
        """Yield (tag, "events" or "slots", name) for each row that says so."""
        kind, first, shared = "", "", False
        current = self.tag(self.page)
        named_at = [(0, current)]  # the components that the headings above name, with their levels
        common: list[tuple[str, str]] = []
        header: list[str] | None = None
        for line in text.splitlines():
            if heading := _HEADING.match(line):
                level, title = 9 if heading[1] == "-" else len(heading[1]), heading[2]
                named = None if level == 2 else self.named(title)
                named_at = [it for it in named_at if it[0] < level + (named is None)]
                if named and (self.stays or not _kind(title, "props")):
                    named_at.append((level, named))
                current = named_at[-1][1] if named is None else named
                self.on_page.setdefault(current)
                shared = bool(_COMMON.search(title))
                kind = kind if level == 9 else _kind(title)
                header, first = None, ""
            elif not line.lstrip().startswith("|"):
                header = None
            elif header is None:
                header = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
                first = first or header[0]  # a further table of other columns says more of what one row is about
            elif kind and header[0] != first:
                continue
            elif not re.fullmatch(r"[\s|:-]+", line):
                cells = [cell.strip() for cell in _CELLS.split(line.strip().strip("|"))]
                for item in _row(cells, header, kind or _kind(header[0])):
                    if shared:
                        common.append(item)
                    elif current:
                        yield (current, *item)
        for tag in filter(None, self.on_page):
            for item in common:
                yield (tag, *item)


def _kind(title: str, *further: str) -> str:
    said = (
        ("events", _EVENTS),
        ("slots", _SLOTS),
        ("methods", _METHODS),
        *((it, re.compile(it, re.I)) for it in further),
    )
    return next((kind for kind, pattern in said if pattern.search(title)), "")


def _row(cells: list[str], header: list[str], kind: str) -> Iterator[tuple[str, str]]:
    """Yield what a row of a table names: an event, a slot, or a prop that may be given as a slot."""
    first = re.sub(r"<sup>.*?</sup>|\(.*?\)|（.*?）", "", cells[0])
    names = [name for part in re.split(r"<br\s*/?>|[,、/]|\s或\s", first) for name in _NAME.findall(part)[:1]]
    if kind in ("events", "slots"):
        yield from ((kind, name) for name in names)
    elif kind == "" and names:
        types = [cell for cell, title in zip(cells, header, strict=False) if re.search("类型|type", title, re.I)]
        if any(re.search(r"\bslot\b|\bslot-scope\b", cell) for cell in types):
            yield from (("slots", name) for name in _SLOT_NAMED.findall(" ".join(types)) or names[:1])


def buefy(checkout: Path, tags: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield (tag, "events" or "slots", name) from the data of Buefy's own pages."""
    found = json.loads(
        run("node", TRUTH / "pages.js", *sorted(checkout.glob("packages/docs/src/pages/**/api/*.ts")), cwd=checkout)
    )
    for path, sections in found.items():
        page = _Page(Path(path).stem, "b-", tags)
        for section in sections:
            title = section.get("title") or ""
            one = page.page.removesuffix("s")
            tag = (
                page.tag(page.page)
                if not title
                else page.tag(page.page, title) or page.tag(one, title) or page.tag(title)
            )
            for kind in ("events", "slots"):
                for item in section.get(kind) or () if tag else ():
                    for name in re.split(r",|<br>", re.sub(r"</?code>", "", item["name"])):
                        if _NAME.fullmatch(name.strip()):
                            yield tag, kind, name.strip()
