"""Follow a name across files: imports, re-exports, namespaces, object members, what functions return."""

from __future__ import annotations

import os.path
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from swiftprep.catalog.values import Value

_SUFFIXES = ("", ".vue", ".js", ".ts", ".jsx", ".tsx", ".mjs", ".cjs", ".mts", ".cts", ".d.ts")
_INDEX = tuple(f"/index{suffix}" for suffix in _SUFFIXES[1:])
_INDEX_OF_LIST = re.compile("[0-9]{1,4}")
MAX_STEPS = 24
_MOST_KNOWN = 50_000

Facts = Mapping[str, Any]


class Modules:
    """The facts of all files by path, and the way from a value in one of them to what it means.

    Args:
        facts: Path relative to the root → what the file says (`facts.py`).
        packages: Package name → its folder relative to the root, from the tree's `package.json` files.
    """

    def __init__(self, facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None) -> None:
        self.facts = facts
        self.packages = packages or {}
        self._files: dict[tuple[str, str], str | None] = {}
        self._by_end: dict[str, list[str]] | None = None

    def file(self, module: str, importer: str) -> str | None:
        """Return the path that a module name means in `importer`, or None when it is not in the tree.

        A relative name is looked up as bundlers do; a package's own name through its `package.json`; an alias such as
        `@/components/Box` by the end of the path, the nearest to the importer first.
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
            if package in self.packages:
                base = self.packages[package]
                rest = "/".join(parts[count:])
                for inside in (
                    (rest, f"src/{rest}", "src", "src/index", "index") if rest else ("src", "", "index", "lib")
                ):
                    if found := self._exact(os.path.normpath(os.path.join(base, inside))):
                        return found
                return None
        if len(parts) == 1:
            return None
        return self._by_tail(parts[1:] if not parts[0].startswith("@") or parts[0] == "@" else parts[2:], folder)

    def _exact(self, path: str) -> str | None:
        path = path.replace(os.sep, "/").removeprefix("./")
        for suffix in _SUFFIXES:
            if path + suffix in self.facts:
                return path + suffix
        for suffix in _INDEX:
            candidate = (path + suffix).removeprefix("./").removeprefix("/")
            if candidate in self.facts:
                return candidate
        stem = path.removesuffix(".js").removesuffix(".jsx")  # TypeScript names the file it will become
        if stem != path:
            for suffix in (".ts", ".tsx"):
                if stem + suffix in self.facts:
                    return stem + suffix
        return None

    def _by_tail(self, parts: list[str], folder: str) -> str | None:
        if not parts:
            return None
        if self._by_end is None:
            self._by_end = defaultdict(list)
            for path in self.facts:
                stem, _ = os.path.splitext(path)
                stem = stem.removesuffix("/index")
                self._by_end[stem.rpartition("/")[2]].append(path)
        tail = "/" + os.path.splitext("/".join(parts))[0].removesuffix("/index")
        matches = []
        for path in self._by_end.get(tail.rpartition("/")[2], ()):
            stem = "/" + os.path.splitext(path)[0].removesuffix("/index")
            if stem.endswith(tail):
                shared = _shared(path, folder + "/")
                matches.append((-shared, len(path), path))
        return min(matches)[2] if matches else None

    def resolve(self, value: Value, path: str, steps: int = 0, *, calls: bool = True) -> tuple[Value, str]:
        """Follow names until something that is not a name; return it with the file it stands in.

        Args:
            value: What to follow.
            path: The file it stands in.
            steps: How far it was followed already.
            calls: Whether to follow a call into what the function returns.
        """
        if steps > MAX_STEPS:
            return ["x", ""], path
        kind = value[0]
        facts = self.facts.get(path, {})
        if kind == "i":
            bound = facts.get("bindings", {}).get(value[1])
            if bound is not None and bound != value:
                return self.resolve(bound, path, steps + 1, calls=calls)
            imported = facts.get("imports", {}).get(value[1])
            if imported is not None:
                return self.exported(imported[0], imported[1], path, steps + 1, calls=calls) or (value, path)
        elif kind == "m":
            made, where = self.resolve(value[1], path, steps + 1)
            found = self._member(made, value[2], where, steps + 1)
            if found is not None:
                return found
        elif kind == "c" and calls:
            called, where = self.resolve(value[1], path, steps + 1)
            if called[0] == "f" and called[2] is not None:
                return self.resolve(called[2], where, steps + 1)
        return value, path

    def _member(self, made: Value, name: str, where: str, steps: int) -> tuple[Value, str] | None:
        if made[0] == "o":
            for key, inner, _ in made[1]:
                if key == name:
                    return self.resolve(inner, where, steps)
        elif made[0] == "ns":
            return self.exported_from(made[1], name, steps)
        elif made[0] == "a" and _INDEX_OF_LIST.fullmatch(name) and int(name) < len(made[1]):
            return self.resolve(made[1][int(name)], where, steps)
        elif made[0] == "C":
            options = self.options(made, where)
            inner = options.get(name)
            if isinstance(inner, list) and inner and isinstance(inner[0], str):
                return self.resolve(inner, where, steps)
        return None

    def exported(
        self, module: str, name: str, importer: str, steps: int = 0, *, calls: bool = True
    ) -> tuple[Value, str] | None:
        """Return what `import {name} from module` gives, with its file."""
        path = self.file(module, importer)
        return None if path is None else self.exported_from(path, name, steps, calls=calls)

    def exported_from(self, path: str, name: str, steps: int = 0, *, calls: bool = True) -> tuple[Value, str] | None:
        """Return an export of the file `path`."""
        if steps > MAX_STEPS:
            return None
        if name == "*":
            return ["ns", path], path
        facts = self.facts.get(path, {})
        value = facts.get("exports", {}).get(name)
        if value is not None:
            return self.resolve(value, path, steps + 1, calls=calls)
        for star in facts.get("stars", ()):
            if name != "default" and (found := self.exported(star, name, path, steps + 1, calls=calls)):
                return found
        default = facts.get("exports", {}).get("default")
        if name != "default" and default is not None and default[0] == "o":  # module.exports = { name: … }
            return self._member(default, name, path, steps + 1)
        return None

    def options(self, value: Value, path: str) -> dict[str, Any]:
        """Return the options a `["C", index]` stands for."""
        options: dict[str, Any] = self.facts[path]["components"][value[1]]
        return options

    def outer(self, path: str, index: int) -> tuple[str, int] | None:
        """Return where the options stand that a single-file component has in another file (`<script src>`), or None."""
        value = self.facts[path]["components"][index].get("outer")
        return None if value is None else self.component(value, path)

    def own_name(self, path: str, index: int) -> str:
        """Return the name that a component gives itself, or `""`."""
        name = self.text(self.facts[path]["components"][index].get("name"), path)
        place = None if name else self.outer(path, index)
        if place is not None and place != (path, index):
            name = self.text(self.facts[place[0]]["components"][place[1]].get("name"), place[0])
        return name or ""

    def text(self, value: Value | None, path: str, steps: int = 0) -> str | None:
        """Return the string a value is, or None when it cannot be told."""
        if value is None or steps > MAX_STEPS:
            return None
        if value[0] == "s":
            return str(value[1])
        if value[0] == "+":
            parts = [self.text(part, path, steps + 1) for part in value[1]]
            return None if None in parts else "".join(part or "" for part in parts)
        if value[0] in ("i", "m", "c"):
            made, where = self.resolve(value, path)
            return None if made[0] in ("i", "m", "c") else self.text(made, where, steps + 1)
        return None

    def component(self, value: Value, path: str, steps: int = 0) -> tuple[str, int] | None:
        """Return `(path, index)` of the component or mixin a value means, through wrappers such as `withInstall(X)`."""
        if steps > MAX_STEPS:
            return None
        made, where = self.resolve(value, path)
        if made[0] == "C":
            return where, made[1]
        if made[0] == "c":
            for argument in made[2]:
                if found := self.component(argument, where, steps + 1):
                    return found
        if made[0] == "ns":
            found_ = self.exported_from(made[1], "default")
            return self.component(found_[0], found_[1], steps + 1) if found_ else None
        return None


def _shared(one: str, other: str) -> int:
    """Return how many characters two paths begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
