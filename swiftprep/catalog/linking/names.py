"""Resolve names across files: imports, re-exports, namespaces; `evaluate.py` evaluates the values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from swiftprep.catalog.linking.effort import Effort
from swiftprep.catalog.linking.evaluate import FINAL, Evaluator
from swiftprep.catalog.linking.files import SourceFiles
from swiftprep.catalog.linking.inspected import digest
from swiftprep.catalog.linking.scope import Bound, Scope, Where, is_settled, key_of, path_of
from swiftprep.catalog.linking.unlisted import UnlistedExports
from swiftprep.catalog.vue.value_kinds import (
    CALL,
    IN,
    JOINED,
    MEMBER,
    NAME,
    OBJECT,
    OPTIONS,
    SOURCE,
    STRING,
)
from swiftprep.catalog.vue.values import Value

_MOST_KNOWN = 50_000
_FEW = 20  # steps before values are checked for leading back to themselves
_MOST_PARTS = 200  # of a concatenated text
_LONGEST_TEXT = 2_000  # characters of such a text
COMPONENT_KEYS = frozenset("name props emits mixins extends components model functional inheritAttrs".split())
_CODE_KEYS = frozenset(("setup", "render", "template", "methods", "computed", "watch"))
_TELLING_KEYS = frozenset("props emits mixins extends functional".split())

_CREATES = re.compile(r"(?:create|define|make)\w*Component$")

Facts = Mapping[str, Any]
Place: TypeAlias = tuple[Where, int]  # a file or a call in it, and the index of component options in the file


class Modules:
    """Resolves values using the facts of all files.

    Args:
        facts: Path relative to the root → the file's facts (`facts.py`).
        packages: Package name → its folder relative to the root, from the tree's `package.json` files.

    Attributes:
        effort: The limit on resolving names, to be restarted for each component.
    """

    def __init__(self, facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None) -> None:
        self.facts = facts
        self.packages = packages or {}
        self.effort = Effort()
        self._unlisted = UnlistedExports(facts)
        self._files = SourceFiles(facts, self.packages)
        self._exports: dict[str, tuple[frozenset[str], list[str], bool]] = {}
        self._places: dict[tuple[str, str], tuple[str, bool] | None] = {}
        self.evaluator = Evaluator(self)

    def file(self, module: str, importer: str) -> str | None:
        """Return the path of a module imported by `importer`, or None if it is not in the tree."""
        return self._files.file(module, importer)

    def resolve(self, value: Value, path: Where, depth: int = 0, *, calls: bool = True, types: bool = False) -> Bound:
        """Resolve a value until it is no longer a name; return it with the place in which it stands.

        Args:
            value: The value to resolve.
            path: The file or the scope in which it stands.
            depth: The nesting depth of the request.
            calls: Whether to resolve a call to the value that the function returns.
            types: Whether the name is that of a type.
        """
        kind = value[0]
        if kind in FINAL:
            return (value, path) if self.effort.spend(1, depth) else ([SOURCE, ""], path)
        name = _dotted(value) if kind in (NAME, MEMBER) and is_settled(path) else None
        if name is None:
            return self._followed(value, path, depth, calls, types)
        unknown: Bound = ([SOURCE, ""], path)
        return self.effort.named(
            ("name", path, name, calls, types), lambda: self._followed(value, path, depth, calls, types), unknown
        )

    def _followed(self, value: Value, path: Where, depth: int, calls: bool, types: bool) -> Bound:
        passed: dict[tuple[int, Where], Value] = {}
        count = 0
        while self.effort.spend(1, depth):
            count += 1
            if count > _FEW:
                if (id(value), path) in passed:
                    return [SOURCE, ""], path
                passed[id(value), path] = value
            following = self.evaluator.step(value, path, depth, calls=calls, types=types)
            if following is None:
                return value, path
            calls = calls or value[0] not in (NAME, IN)
            value, path = following
        return [SOURCE, ""], path

    def following(self, value: Value, path: Where) -> Bound | None:
        """Return what a name or a member stands for, resolved by one step; None if it is not known."""
        return self.evaluator.step(value, path, 0, calls=False)

    def top_level(self, value: Value, path: str, *, types: bool = False) -> Bound | None:
        """Return what the name of a value or a type is bound to at the top level of a file, or None."""
        facts = self.facts.get(path, {})
        bound = facts.get("types" if types else "bindings", {}).get(value[1])
        if bound is not None and bound != value:
            return bound, path
        imported = facts.get("imports", {}).get(value[1])
        return None if imported is None else self._exported(imported[0], imported[1], path)

    def _exported(self, module: str, name: str, importer: str) -> Bound | None:
        path = self.file(module, importer) or self._unlisted.file(module, name, importer)
        if path is None:
            return None
        if name == "require":  # of a compiled module: its default export, or all of them
            names, stars, _ = self._exporting(path)
            name = "default" if names == {"default"} and not stars else "*"
        return self.export(path, name)

    def declared(self, name: str, path: str) -> tuple[str, str] | None:
        """Return the file that declares what a name means in a file, and its name there, or None."""
        for _ in range(_FEW):
            facts = self.facts.get(path, {})
            imported = facts.get("imports", {}).get(name)
            if name in facts.get("bindings", {}):
                return path, name
            source = None if imported is None else self.file(imported[0], path)
            place = None if source is None or imported is None else self._defining(source, imported[1])
            if place is None or not place[1]:
                return None
            path, value = place[0], self.facts[place[0]]["exports"][imported[1]]
            if value[0] != NAME:
                return None
            name = value[1]
        return None

    def all_exports(self, path: str) -> list[tuple[str, Bound]]:
        """Return the exports of a file with their names, including what it re-exports."""
        names: dict[str, None] = {}
        stack, seen = [path], {path}
        while stack and self.effort.spend():
            own, stars, _ = self._exporting(stack.pop())
            names |= dict.fromkeys(sorted(own - {"default"}))
            stack += [star for star in stars if star not in seen]
            seen.update(stars)
        exports = ((name, self.export(path, name)) for name in names)
        return [(name, found) for name, found in exports if found is not None]

    def export(self, path: str, name: str) -> Bound | None:
        """Return the value that `path` exports as `name`, with the file that defines it."""
        if name == "*":
            return ["ns", path], path
        key = (path, name)
        if key not in self._places:
            if len(self._places) > _MOST_KNOWN:
                self._places.clear()
            was_cut, self.effort.is_cut = self.effort.is_cut, False
            place = self._defining(path, name)
            if self.effort.is_cut:  # another component may have steps left, so do not cache this
                return None
            self.effort.is_cut = was_cut
            self._places[key] = place
        place = self._places[key]
        if place is None:
            return None
        exports = self.facts[place[0]]["exports"]
        if place[1]:
            return exports[name], place[0]
        return next(((inner, place[0]) for key, inner, _ in exports["default"][1] if key == name), None)

    def _defining(self, path: str, name: str) -> tuple[str, bool] | None:
        """Return the file that defines an export of `path`, and whether as a named export rather than an object member.

        Each file is visited once, as in ECMAScript's `ResolveExport`, since files may re-export each other.
        """
        seen: set[str] = set()
        stack = [(path, False)]  # file, and whether its re-exports were searched
        while stack:
            place, is_done = stack.pop()
            if is_done:
                if self._part(place, name):  # module.exports = { name: … }
                    return place, False
            elif place not in seen:
                seen.add(place)
                if not self.effort.spend():
                    return None
                names, stars, is_object = self._exporting(place)
                if name in names:
                    return place, True
                if name != "default":
                    stack += [(place, True)] if is_object else []
                    stack += [(star, False) for star in reversed(stars)]
        return None

    def _part(self, path: str, name: str) -> bool:
        return any(key == name for key, _, _ in self.facts[path]["exports"]["default"][1])

    def _exporting(self, path: str) -> tuple[frozenset[str], list[str], bool]:
        """Return a file's own exports, the files it re-exports, and whether its default export is an object."""
        known = self._exports.get(path)
        if known is None:
            facts = self.facts.get(path, {})
            exports = facts.get("exports", {})
            passed_on = (self.file(star, path) for star in dict.fromkeys(facts.get("stars", ())))
            stars = list(dict.fromkeys(star for star in passed_on if star is not None))
            is_object = exports.get("default", [""])[0] == OBJECT
            known = self._exports[path] = (frozenset(exports), stars, is_object)
        return known

    def options(self, value: Value, path: Where) -> dict[str, Any]:
        """Return the options that `["C", index]` refers to."""
        return self.options_at(path, value[1])

    def options_at(self, path: Where, index: int) -> dict[str, Any]:
        """Return the options of the component or mixin at a place."""
        if index < 0 and not isinstance(path, str) and path.options is not None:
            return path.options
        options: dict[str, Any] = self.facts[path_of(path)]["components"][index]
        return options

    def outer(self, path: Where, index: int) -> Place | None:
        """Return the place of the options that a component has in another file (`<script src>`), or None."""
        value = self.options_at(path, index).get("outer")
        return None if value is None else self.component(value, path)

    def own_name(self, path: Where, index: int) -> str:
        """Return the `name` in a component's options, or `""`."""
        name = self.text(self.options_at(path, index).get("name"), path)
        place = None if name else self.outer(path, index)
        if place is not None and place != (path, index):
            name = self.text(self.options_at(*place).get("name"), place[0])
        return name or ""

    def text(self, value: Value | None, path: Where, depth: int = 0) -> str | None:
        """Return the string that a value resolves to, or None if unknown."""
        if value is None:
            return None
        texts: list[str] = []
        size = parts = 0
        is_sum = False  # in which a number is a text
        stack = [(value, path)]
        while stack:
            value, path = stack.pop()
            parts += 1
            if parts > _MOST_PARTS or size > _LONGEST_TEXT or not self.effort.spend(1, depth):
                self.effort.is_cut = True
                return None
            if value[0] == STRING:
                texts.append(str(value[1]))
                size += len(texts[-1])
            elif value[0] == JOINED:
                stack += [(part, path) for part in reversed(value[1])]
                is_sum = True
            elif value[0] == SOURCE:
                if not is_sum or self.evaluator.number((value, path), depth) is None:
                    return None
                texts.append(value[1])
            else:
                resolved, where = self.resolve(value, path, depth)
                if resolved[0] not in (STRING, JOINED, SOURCE):
                    return None
                stack.append((resolved, where))
        return "".join(texts)

    def component(self, value: Value, path: Where, depth: int = 0) -> Place | None:
        """Return the place of the component or mixin that a value refers to, even inside `withInstall(X)`."""
        seen: dict[tuple[int, Where], Value] = {}
        stack = [(value, path)]
        while stack:
            if not self.effort.spend(1, depth):
                return None
            resolved, where = self.resolve(*stack.pop(), depth)
            if resolved[0] == OPTIONS:
                return where, resolved[1]
            if (id(resolved), where) in seen:
                continue
            seen[id(resolved), where] = resolved
            if resolved[0] == CALL:
                named = self._named_by_call(resolved, where, depth)
                if named is not None:
                    return self._made(named, where, depth)
                stack += [(argument, where) for argument in reversed(resolved[2])]
            elif resolved[0] == OBJECT and (place := self._made(resolved, where, depth)) is not None:
                return place
            elif resolved[0] == MEMBER and resolved[2] == "options":
                stack.append((resolved[1], where))
            elif resolved[0] == "ns" and (default := self.export(resolved[1], "default")):
                stack.append(default)
        return None

    def _named_by_call(self, call: Value, where: Where, depth: int) -> Value | None:
        """Return the component that `createComponent('x-box')(options)` makes, where nothing else is known of it."""
        made, there = self.resolve(call[1], where, depth, calls=False)
        if made[0] != CALL or not made[2] or not call[2] or not _CREATES.match(str(made[1][-1])):
            return None
        name = self.text(made[2][0], there, depth)
        if not name or self.component(call[2][0], where, depth + 1) is None:
            return None
        return [OBJECT, [["...", [IN, call[2][0], where], ""], ["name", [STRING, name], ""]]]

    def _made(self, value: Value, where: Where, depth: int) -> Place | None:
        """Return the place of a component that is made of an object, such as `{...Base, name: 'other'}`.

        An object that only adds other things to a component, such as `install`, is that component.
        """
        entries = self.evaluator.entries((value, where), depth)
        own = {key: inner for key, inner, _ in entries if key in COMPONENT_KEYS}
        spread = [inner for key, inner, _ in entries if key == "..."]
        bases = [place for inner in spread if (place := self.component(inner, where, depth + 1)) is not None]
        if len(bases) == 1 and not own:
            return bases[0]
        if not bases and _TELLING_KEYS.isdisjoint(own):
            return None
        base = self.options_at(*bases[0]) if bases else {}
        statics = {key: inner for key, inner, _ in entries if key[:1].isupper()}
        options: dict[str, Any] = own | {
            "sure": True, "span": base.get("span", [1, 1]), "methods": [], "statics": statics, "spreads": spread,
            "made of": bases[0] if bases else None, "doc": base.get("doc", ""),
            "untraced": any(key in _CODE_KEYS for key, _, _ in entries),
        }  # fmt: skip
        path = path_of(bases[0][0]) if bases else path_of(where)
        return Scope(path, where, f"{key_of(where)}{{{digest(value)}}}", options=options), -1


def _dotted(value: Value) -> str | None:
    """Return a name or member access as written, such as `a.b`; None for anything else."""
    names: list[str] = []
    while value[0] == MEMBER:
        names.append(value[2])
        value = value[1]
    return ".".join([value[1], *reversed(names)]) if value[0] == NAME else None
