"""Choose which compiled, minified and very large files are read for the catalogue, once all other files are known.

Such files are never samples. Most only repeat what the sources say, so they are read only where nothing else does: in a
package without components of its own, where no source has their name, or where a source imports them.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from swiftprep.catalog.vue.facts import SCRIPTS, suffix_of
from swiftprep.scan.source_file import SAYS
from swiftprep.scan.walk import FoundFile

NOTE = "; its facts were read for the catalogue (未做样本，但已读取其接口)"
_BUNDLE = 3
_BUNDLES = ("webpack output", "UMD bundle", "SystemJS bundle")  # all modules in one file
_MOST_BYTES = 5_000_000
_MOST_ROUNDS = 50  # of following imports from one compiled file to the next
_COMPONENTS = re.compile(rb'"components":\[\{|"registrations":\[\[')
_IMPORTED = re.compile(rb'"((?:\.{1,2}|[@~])/[^"\\]*)"')
_INDEX = re.compile(r"/index$")


@dataclass(frozen=True, slots=True)
class Aside:
    """A file that was set aside.

    Attributes:
        file: The file.
        reason: The reason of its reject.
        detail: Its detail.
    """

    file: FoundFile
    reason: str
    detail: str

    @property
    def rank(self) -> int:
        """How far it is from the sources: 0 has a source map, 3 is a bundle, minified or very large."""
        if self.reason != "generated" or self.detail in _BUNDLES:
            return _BUNDLE
        return {"has a source map": 0, "compiled to CommonJS": 2}.get(self.detail, 1)


def is_set_aside(reason: str, detail: str, path: str, size: int) -> bool:
    """Return whether a rejected file may be read for the catalogue later."""
    return (
        not detail.startswith(SAYS)
        and reason in ("generated", "minified", "too-large")
        and suffix_of(path) in (".vue", *SCRIPTS)
        and size <= _MOST_BYTES
        and not path.endswith(".d.ts")
    )


@dataclass(slots=True)
class _Package:
    """The files of a package.

    Attributes:
        folder: Its folder.
        unread: Its files that were set aside.
        stems: The names of its source files → the top folders they are in.
        has_components: Whether a file that was read defines or registers a component.
        left_out: The top folders that hold another build of the same modules.
    """

    folder: str
    unread: dict[str, Aside] = field(default_factory=dict)
    stems: dict[str, set[str]] = field(default_factory=dict)
    has_components: bool = False
    left_out: list[str] = field(default_factory=list)

    def inside(self, path: str) -> tuple[str, str]:
        """Return the top folder of a path in the package, and the rest of the path without its suffix."""
        relative = path[len(self.folder) + 1 if self.folder else 0 :]
        top, slash, rest = relative.partition("/")
        name = _INDEX.sub("", posixpath.splitext(rest if slash else relative)[0])
        return (top if slash else ""), name

    def modules(self) -> Iterator[Aside]:
        """Yield the modules that say what no source says; of several builds (`es/`, `lib/`), the best one."""
        builds: dict[str, list[tuple[str, Aside]]] = {}
        for path, aside in sorted(self.unread.items()):
            if aside.rank < _BUNDLE:
                top, name = self.inside(path)
                builds.setdefault(top, []).append((name, aside))
        seen: set[str] = set()
        for top in sorted(builds, key=lambda top: (min(a.rank for _, a in builds[top]), not top.startswith("es"), top)):
            names = {name for name, _ in builds[top]}
            if 2 * len(names & seen) > len(names):  # another build of the same modules
                self.left_out.append(top)
                continue
            for name, aside in builds[top]:
                tops = self.stems.get(posixpath.basename(name), set()) if self.has_components else set()
                if name not in seen and not tops - {top}:
                    yield aside
            seen |= names


class Reading:
    """The files that were set aside, and the choice of those to read.

    Args:
        asides: The files.
        folders: The folders of the packages and of the roots.
    """

    def __init__(self, asides: Iterable[Aside], folders: Iterable[str]) -> None:
        self._packages = {folder: _Package(folder) for folder in {"", *folders}}
        self._unread: dict[str, Aside] = {}
        self._paths: dict[str, list[str]] = {}  # a path as an import may write it → the files
        self._names: set[str] = set()
        self._importers: dict[str, set[tuple[str, str]]] = {}  # file → package and top folder of those that import it
        for aside in asides:
            path = aside.file.path
            package = self._package(path)
            package.unread[path] = self._unread[path] = aside
            self._names.add(posixpath.basename(package.inside(path)[1]))
            stem = posixpath.splitext(path)[0]
            for written in {path, stem, _INDEX.sub("", stem)}:
                self._paths.setdefault(written, []).append(path)

    def add(self, path: str, facts: bytes) -> None:
        """Add the facts of a file that was read."""
        package = self._package(path)
        top, name = package.inside(path)
        if (stem := posixpath.basename(name)) in self._names:
            package.stems.setdefault(stem, set()).add(top)
        package.has_components = package.has_components or _COMPONENTS.search(facts) is not None
        folder = posixpath.dirname(path)
        for found in _IMPORTED.findall(facts):
            module = found.decode("utf-8", "replace")
            places = [folder] if module.startswith(".") else [package.folder, posixpath.join(package.folder, "src")]
            for place in places:
                written = posixpath.join(place, module if module.startswith(".") else module[2:])
                for target in self._paths.get(posixpath.normpath(written), ()):
                    self._importers.setdefault(target, set()).add((package.folder, top))

    def rounds(self) -> Iterator[list[Aside]]:
        """Yield files to read; after each round, `add` their facts."""
        yield self._take([aside for package in self._packages.values() for aside in package.modules()])
        bare = [package for package in self._packages.values() if not package.has_components]
        yield self._take([aside for package in bare for aside in package.unread.values()])
        left_out = {(package.folder, top) for package in self._packages.values() for top in package.left_out}
        for _ in range(_MOST_ROUNDS):
            wanted = [aside for path, aside in self._unread.items() if self._importers.get(path, set()) - left_out]
            if not wanted:
                break
            yield self._take(wanted)

    def _take(self, asides: list[Aside]) -> list[Aside]:
        for aside in asides:
            del self._unread[aside.file.path]
            del self._package(aside.file.path).unread[aside.file.path]
        return sorted(asides, key=lambda aside: aside.file.path)

    def _package(self, path: str) -> _Package:
        folder = posixpath.dirname(path)
        while folder not in self._packages:
            folder = posixpath.dirname(folder)
        return self._packages[folder]
