"""Find the file that an import names, as webpack, vite and TypeScript resolve it."""

from __future__ import annotations

import bisect
import os.path
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

# As webpack and vite resolve them: `./btn` beside `btn.vue` is `btn.js`.
_SUFFIXES = ("", ".mjs", ".js", ".mts", ".ts", ".jsx", ".tsx", ".cjs", ".cts", ".vue", ".d.ts")
_INDEX = tuple(f"/index{suffix}" for suffix in _SUFFIXES[1:])
_MOST_KNOWN = 50_000
_MOST_FOLDERS = 20  # in an alias such as `@/a/b/c`


class SourceFiles:
    """The files of the tree, to find imported modules among them.

    Args:
        paths: The paths, relative to the root.
        packages: Package name → its folder relative to the root, from the tree's `package.json` files.
    """

    def __init__(self, paths: Collection[str], packages: Mapping[str, str]) -> None:
        self._paths = paths
        self._packages = packages
        self._files: dict[tuple[str, str], str | None] = {}
        self._tails: dict[str, list[str]] = {}
        self._nearest: dict[tuple[str, str], str | None] = {}

    def file(self, module: str, importer: str) -> str | None:
        """Return the path of a module imported by `importer`, or None if it is not in the tree.

        Relative names are resolved as in bundlers, the tree's own packages through their `package.json`, and aliases
        such as `@/components/Box` by the end of the path, preferring files near the importer.
        """
        folder = os.path.dirname(importer)
        key = (module, folder)
        if key not in self._files:
            if len(self._files) > _MOST_KNOWN:
                self._files.clear()
            self._files[key] = self._find(module, folder)
        return self._files[key]

    def _find(self, module: str, folder: str) -> str | None:
        module = module.partition("?")[0]
        if module.startswith("."):
            return self._exact(os.path.normpath(os.path.join(folder, module)))
        parts = module.split("/")
        for count in (2, 1):
            package = "/".join(parts[:count])
            if package in self._packages:
                base = self._packages[package]
                rest = "/".join(parts[count:])
                for inside in (
                    (rest, f"src/{rest}", "src", "src/index", "index") if rest else ("src", "", "index", "lib")
                ):
                    if path := self._exact(os.path.normpath(os.path.join(base, inside))):
                        return path
                return None
        if len(parts) == 1:
            return None
        if parts[0] in ("@", "~"):  # the folder of the sources, by convention
            above = [folder[: match.start()] for match in re.finditer(r"/|$", folder)]
            tried = [f"{place}/src" for place in reversed(above)]
            tried += ["src", *(place for place in reversed(above) if place.rpartition("/")[2] == "src"), ""]
            for place in tried:
                if path := self._exact(os.path.normpath(os.path.join(place, *parts[1:]))):
                    return path
        is_scoped = parts[0].startswith("@") and parts[0] != "@"
        found = None if is_scoped and len(parts) < 3 else self._by_tail(parts[1:], folder)
        return self._by_tail(parts[2:], folder) if found is None and is_scoped else found

    def _exact(self, path: str) -> str | None:
        path = path.replace(os.sep, "/").removeprefix("./")
        for suffix in _SUFFIXES:
            if path + suffix in self._paths:
                return path + suffix
        for suffix in _INDEX:
            candidate = (path + suffix).removeprefix("./").removeprefix("/")
            if candidate in self._paths:
                return candidate
        stem = path.removesuffix(".js").removesuffix(".jsx")  # TypeScript imports name the compiled file
        if stem != path:
            for suffix in (".ts", ".tsx", ".d.ts"):
                if stem + suffix in self._paths:
                    return stem + suffix
        return None

    def _by_tail(self, parts: list[str], folder: str) -> str | None:
        """Return the file with this end of its path that shares the longest prefix with the folder.

        A file with the very name that is written comes first; among equals, the shortest path, then the first.
        """
        if not parts:
            return None
        if not self._tails:
            self._tails = _by_ends(self._paths)
        exact = "/".join(parts)
        tail = os.path.splitext(exact)[0].removesuffix("/index")
        named = self._tails.get(tail, [])
        # In a sorted list, paths that share the longest prefix are next to the folder's own position.
        at = bisect.bisect_left(named, folder + "/")
        best = max((_shared(path, folder + "/") for path in named[max(at - 1, 0) : at + 1]), default=0)
        near = (folder + "/")[:best]
        if (exact, near) not in self._nearest:
            low = bisect.bisect_left(named, near)
            high = bisect.bisect_left(named, near + "\U0010ffff", low)
            self._nearest[exact, near] = min(
                named[low:high], key=lambda path: (not path.endswith(exact), len(path), path), default=None
            )
        return self._nearest[exact, near]


def _by_ends(paths: Iterable[str]) -> dict[str, list[str]]:
    """Return the sorted paths by each of their ends, without suffix and `/index`."""
    paths_by_end: defaultdict[str, list[str]] = defaultdict(list)
    for path in sorted(paths):
        parts = os.path.splitext(path)[0].removesuffix("/index").split("/")[-_MOST_FOLDERS:]
        for start in range(len(parts)):
            paths_by_end["/".join(parts[start:])].append(path)
    return paths_by_end


def _shared(one: str, other: str) -> int:
    """Return the length of the common prefix of two paths."""
    pairs = zip(one, other, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
