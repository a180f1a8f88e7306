"""Find the components that are registered, and under which names, by running what registers them.

`install` functions (`Menu.install = …`, `withInstall(Menu)`, `export function install`) are run with a stand-in for Vue
or the app; so are the statements of the top level that register components. What they register is noted. A registration
that is not reached in this way is read as it is written.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeAlias

from swiftprep.catalog.linking.evaluate import digest, inside
from swiftprep.catalog.linking.names import Facts, Modules, Place
from swiftprep.catalog.linking.run import run_statements
from swiftprep.catalog.linking.scope import Bound, Scope, Where, path_of
from swiftprep.catalog.vue.value_kinds import (
    APP,
    ARRAY,
    CALL,
    FUNCTION,
    JOINED,
    MEMBER,
    NAME,
    OBJECT,
    OPTIONS,
    STRING,
)
from swiftprep.catalog.vue.values import Value

# Opens the block in which one file's registrations are followed, with what they are.
Apart: TypeAlias = Callable[..., AbstractContextManager[None]]
_APP: Value = [APP]
_KNOWN = (OBJECT, ARRAY, OPTIONS, FUNCTION, STRING, "ns")  # kinds of values that are neither Vue nor an app
_INDEX = re.compile(r"(?:^|/)index\.\w+$")  # the entry of its folder
_MOST_NESTED = 20  # plugins that install each other


class Registrations:
    """The components that are registered, and those that exist only as the results of calls.

    Args:
        modules: The facts of all files.
        apart: Limits the steps for one file and notes what fails.

    Attributes:
        names: The names under which each component is registered.
        made: The components that the files export as the results of calls, with the first file and exported name.
    """

    def __init__(self, modules: Modules, apart: Apart) -> None:
        self.names: dict[Place, list[str]] = {}
        self.made: dict[Place, tuple[str, str]] = {}
        self._modules = modules
        self._apart = apart
        self._noted: defaultdict[Place, list[str]] = defaultdict(list)
        self._reached: set[tuple[str, str]] = set()  # the files and names of registrations that were run
        self._written: dict[tuple[str, str], Place] = {  # options that are written in a registration itself
            (path, digest(name)): (path, component[1])
            for path in sorted(modules.facts)
            for name, component in modules.facts[path].get("registrations", ())
            if component[0] == OPTIONS
        }
        self._installing: list[str] = []
        self._entries: dict[str, bool] = {}  # folder → whether its index registers components
        with self._listening():
            for path in sorted(modules.facts, key=lambda path: (not _INDEX.search(path), path)):
                before = len(self._noted)
                self._run(path, modules.facts[path])
                if _INDEX.search(path):
                    folder = path.rpartition("/")[0]
                    self._entries[folder] = self._entries.get(folder, False) or len(self._noted) > before
        run = {(path_of(place[0]), self._own(place)) for place in self._noted}
        for path in sorted(modules.facts):
            self._read(path, modules.facts[path], run)
        for place, names in self._noted.items():
            own = self._own(place)
            distinct = list(dict.fromkeys(name or own for name in names))
            self.names[place] = [name for name in distinct if name] or [""]

    def _own(self, place: Place) -> str:
        own = ""
        with self._apart(path_of(place[0]), "name of a component"):
            own = self._modules.own_name(*place)
        return own

    @contextmanager
    def _listening(self) -> Iterator[None]:
        self._modules.evaluator.on_call = self._called
        try:
            yield
        finally:
            self._modules.evaluator.on_call = None

    def _run(self, path: str, facts: Facts) -> None:
        """Run what a file exports and does at its top level."""
        runs = bool(facts.get("registrations"))
        functions = {name: v for name, v in facts.get("bindings", {}).items() if v[0] == FUNCTION} if runs else {}
        for name, value in (functions | facts.get("exports", {})).items():
            if self._may_install(value, facts):
                with self._apart(path, "registration of components"):
                    self._export(name, value, path, runs=runs)
        if facts.get("registering"):
            with self._apart(path, "registration of components"):
                frame = Scope(path, path, f"{path}#registering", is_running=True)
                run_statements(self._modules.evaluator, facts["registering"], frame)

    def _may_install(self, value: Value, facts: Facts) -> bool:
        """Return whether an exported value may be a plugin or the result of a call."""
        if value[0] == NAME:
            bound = facts.get("bindings", {}).get(value[1])
            if value[1] in facts.get("effects", {}):
                return True
            return bound is not None and bound[0] != NAME and self._may_install(bound, facts)
        if value[0] == OPTIONS:
            return "install" in facts["components"][value[1]].get("statics", ())
        if value[0] == OBJECT:
            return any(key in ("install", "...") for key, _, _ in value[1])
        return value[0] in (CALL, MEMBER, FUNCTION)

    def _export(self, name: str, value: Value, path: str, *, runs: bool) -> None:
        modules = self._modules
        resolved, where = modules.resolve(value, path)
        if resolved[0] == FUNCTION:
            is_factory = (
                name.startswith("create") and resolved[2] is not None and not any(map(_is_required, resolved[3]))
            )
            if name == "install" or runs:
                bound = modules.evaluator.apply((resolved, where), [(_APP, path)], 0)
            elif is_factory:
                bound = modules.evaluator.apply((resolved, where), [], 0)
            else:
                return
            if bound is not None:
                self._install(modules.resolve(*bound), path)
            return
        if not self._is_inner(path):
            self._install((resolved, where), path)
        place = modules.component(resolved, where)
        if place is not None and not isinstance(place[0], str):
            self.made.setdefault(place, (path, name))

    def _is_inner(self, path: str) -> bool:
        """Return whether a file is a part of what the index of its folder registers, and no entry of its own.

        The parts that are registered too are reached from the index.
        """
        folder = path
        while folder and not _INDEX.search(path):
            folder = folder.rpartition("/")[0]
            if folder in self._entries:
                return self._entries[folder]
        return False

    def _install(self, plugin: Bound, path: str, depth: int = 0) -> None:
        """Run the `install` of a plugin."""
        evaluator = self._modules.evaluator
        if plugin[0][0] not in (OBJECT, OPTIONS):
            return
        install = evaluator.member(plugin[0], "install", plugin[1], depth)
        if install is None:
            return
        key = digest([inside(plugin)])
        if key not in self._installing and len(self._installing) < _MOST_NESTED:
            self._installing.append(key)
            evaluator.apply(install, [(_APP, path)], depth + 1, this=plugin)
            self._installing.pop()

    def _called(self, call: Value, where: Where, arguments: list[Bound], depth: int) -> Bound | None:
        """Note what `x.component(name, definition)` registers and run what `x.use(plugin)` installs."""
        owner, there = self._modules.resolve(call[1][1], where, depth + 1)
        if owner[0] in _KNOWN:
            return None
        if call[1][2] == "use" and arguments:
            plugin = self._modules.resolve(*arguments[0], depth + 1)
            if plugin[0][0] == FUNCTION:
                self._modules.evaluator.apply(plugin, [(_APP, where), *arguments[1:]], depth + 1)
            self._install(plugin, path_of(where), depth)
        elif len(arguments) in (2, 3):
            site = path_of(where), digest(call[2][0])
            written = self._written.get(site) if len(call[2]) > 1 and call[2][1][0] in (OBJECT, OPTIONS) else None
            place = written or self._modules.component(*arguments[1], depth + 1)
            if place is not None:
                self._noted[place].append(self._modules.text(*arguments[0], depth + 1) or "")
                self._reached.add(site)
        return owner, there

    def _read(self, path: str, facts: Facts, run: set[tuple[str, str]]) -> None:
        """Read the registrations of a file that were not run; `run` has the files and names of those that were."""
        modules = self._modules
        for name, component in facts.get("registrations", ()):
            if (path, digest(name)) not in self._reached:
                with self._apart(path, "registration of components"):
                    place = modules.component(component, path)
                    if place is not None:
                        self._noted[place].append(modules.text(name, path) or _own_name(modules, name, place))
        for value in facts.get("installs", ()):
            with self._apart(path, "installation of a component"):
                place = modules.component(value, path)
                if place is not None and (path_of(place[0]), self._own(place)) not in run:
                    self._noted[place].append("")


def _is_required(parameter: Any) -> bool:
    return parameter is None or parameter[0] not in ("=", "...")


def _own_name(modules: Modules, name: Value, place: Place) -> str:
    """Return the name if it is written as `X.name`, possibly with a prefix (`'Ta' + X.name`), else `""`."""
    own = modules.own_name(*place)
    if name[0] == JOINED and own:
        parts: list[Any] = [own if p[0] == MEMBER and p[2] == "name" else modules.text(p, place[0]) for p in name[1]]
        return "" if None in parts else "".join(parts)
    return own if name[0] == MEMBER and name[2] in ("name", "componentName") else ""
