"""The original sources of a compiled file, from its source map (ECMA-426).

A map is read only if it is inline or beside the file, inside the scanned folder. Only sources that the map contains
count: a name alone, which may lead anywhere, is never opened.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from swiftprep.catalog.vue.facts import SCRIPTS, suffix_of
from swiftprep.scan.source_file import SAYS, read_bytes, why_generated, why_minified
from swiftprep.text.json_text import read_json

MAX_MAP_BYTES = 20_000_000
MAX_SOURCES = 2_000
MAX_CHARACTERS = 5_000_000  # of all sources together
_URL = re.compile(r"^[ \t]*(?://|/\*)[#@] ?sourceMappingURL=(\S+?)(?:\s*\*/)?[ \t]*$", re.MULTILINE)
_INLINE = re.compile(r"data:application/json(?:;charset=[\w-]+)?;base64,")
_SCHEME = re.compile(r"(?:webpack|rollup|vite|ng)://[^/]*/")
_SECTIONS = 200
_SFC = ("<template", "<script")


def original_sources(root: Path, path: str, text: str, *, package: str = "") -> dict[str, str]:
    """Return the original sources of a compiled file by their paths in the scanned folder; `{}` without a usable map.

    Sources of installed packages and of the bundler itself are left out, and so are sources that are compiled too.

    Args:
        root: The scanned folder.
        path: The compiled file, relative to it.
        text: Its content.
        package: The folder of its package, relative to `root`. A source outside it (`../../../packages/box/box.vue`)
            is placed in it.
    """
    urls = _URL.findall(text)
    place, data = _map_data(root, path, urls[-1] if urls else posixpath.basename(path) + ".map")
    try:
        content = read_json(data.removeprefix(b")]}'"))
    except ValueError:
        return {}
    sources: dict[str, str] = {}
    names: dict[str, str] = {}
    left = MAX_CHARACTERS
    for folder, name, source in _listed(content):
        left -= len(source)
        if left < 0 or len(names) >= MAX_SOURCES:
            break
        target = _placed(posixpath.dirname(place), folder, name, package)
        # Parts of a component are listed with a query (`A.vue?vue&type=script`); the whole has none.
        if target and _is_original(target, source) and (target not in sources or "?" in names[target]):
            sources[target] = source.replace("\r\n", "\n").replace("\r", "\n")
            names[target] = name
    return sources


def _map_data(root: Path, path: str, url: str) -> tuple[str, bytes]:
    """Return the place and the content of a source map; the content is empty if it cannot be read."""
    inline = _INLINE.match(url)
    if inline:
        try:
            return path, base64.b64decode(url[inline.end() :][:MAX_MAP_BYTES], validate=True)
        except (binascii.Error, ValueError):
            return path, b""
    place = posixpath.normpath(posixpath.join(posixpath.dirname(path), unquote(url)))
    if ":" in url or "\0" in place or url.startswith("/") or place.startswith(".."):
        return path, b""
    data = read_bytes(root, place, max_bytes=MAX_MAP_BYTES)
    return place, data if isinstance(data, bytes) else b""


def _listed(content: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the folder, name and content of each source in a map, or in the sections of one."""
    sections = content.get("sections") if isinstance(content, dict) else None
    parts = sections[:_SECTIONS] if isinstance(sections, list) else ()
    for part in [content, *(part.get("map") for part in parts if isinstance(part, dict))]:
        listing = part if isinstance(part, dict) else {}
        names, texts, folder = (listing.get(key) for key in ("sources", "sourcesContent", "sourceRoot"))
        if isinstance(names, list) and isinstance(texts, list):
            for name, text in zip(names, texts, strict=False):
                if isinstance(name, str) and isinstance(text, str):
                    yield folder if isinstance(folder, str) else "", name, text


def _placed(folder: str, source_root: str, name: str, package: str) -> str:
    """Return where in the scanned folder a source belongs, or `""` if it is no source of this package."""
    name = name.partition("?")[0]
    scheme = _SCHEME.match(name)
    written = name[scheme.end() :] if scheme else posixpath.join(source_root, name)
    if ":" in written or "\0" in written or "node_modules" in written or len(written) > 1000:
        return ""
    start = "" if scheme else posixpath.relpath(folder or ".", package or ".")
    path = posixpath.normpath(posixpath.join(start, written.lstrip("/")))
    while path.startswith("../"):
        path = path[3:]
    return posixpath.join(package, path) if suffix_of(path) in (".vue", *SCRIPTS) else ""


def _is_original(path: str, source: str) -> bool:
    if path.endswith(".d.ts") or not source.strip():
        return False
    if path.endswith(".vue") and not any(tag in source for tag in _SFC):
        return False
    compiled = why_generated(source, path)
    return (not compiled or compiled.startswith(SAYS)) and not why_minified(source)
