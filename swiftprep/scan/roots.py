"""The folders of a scan, and the paths of their files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swiftprep.errors import ConfigError
from swiftprep.records import Reject
from swiftprep.redaction.file_names import without_private_name
from swiftprep.scan.commit import commit_of
from swiftprep.scan.packages import packages_of
from swiftprep.scan.vue_version import USUAL, vue_version_of
from swiftprep.scan.walk import DEFAULT_IGNORE, FoundFile, walk


def readable(name: str) -> str:
    """Return a file name as valid text; bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Root:
    """One folder of a scan.

    Attributes:
        name: What its files' paths begin with; `""` if it is the only one to make samples of.
        folder: Where it is.
        rank: Its place in the order given; of two components with one tag, that in the first folder counts.
        is_sampled: Whether samples are made of its files, or they are only read for the catalogue.
    """

    name: str
    folder: Path
    rank: int = 0
    is_sampled: bool = True

    def path(self, relative: str) -> str:
        """Return the path in the scan of a path in this folder."""
        return f"{self.name}/{relative}".rstrip("/") if self.name else relative


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders of a scan, sorted by name."""

    all: tuple[Root, ...]

    @classmethod
    def given(
        cls, folders: Iterable[str | Path], *, facts: Iterable[str | Path] = (), sample_all: bool = False
    ) -> Roots:
        """Return the roots for some folders.

        A path in the scan of one folder is relative to it. With several folders, it begins with the folder's name; of
        equal names, the second becomes `name-2`, and so on.

        Args:
            folders: The folders of the code base, the first one first in rank.
            facts: Folders to read for the catalogue only, such as `node_modules/ant-design-vue`, relative to the first
                folder or to the working folder. One within the first folder keeps its path there.
            sample_all: Whether to make samples of all `folders`, not only of the first.

        Raises:
            ConfigError: there is none, one does not exist, or one is within another.
        """
        paths = [Path(folder) for folder in folders]
        if not paths:
            raise ConfigError("root: expected a folder, or a list of some (应为文件夹，或文件夹列表)")
        for path in paths:
            if path.exists() and not path.is_dir():
                raise ConfigError(f"{path}: is a file; expected the folder of a code base (是文件，应为代码库的文件夹)")
            if not path.is_dir():
                raise ConfigError(f"{path}: no such folder (没有这个文件夹)")
        only_facts = [_place_of_facts(folder, paths[0]) for folder in facts]
        if len(paths) == 1:
            return cls(_with_facts([Root("", paths[0])], only_facts))
        resolved = {path.resolve(): path for path in paths}
        inner, outer = next(
            ((inner, outer) for inner in resolved for outer in inner.parents if outer in resolved), (None, None)
        )
        if inner is not None and outer is not None:
            raise ConfigError(
                f"{resolved[inner]}: is within {resolved[outer]}, so that its files would be read twice; leave one of "
                "the two out, or name folders beside each other (文件夹互相包含，请去掉其中一个)"
            )
        if len(resolved) < len(paths):
            twice = next(path for path in paths if resolved[path.resolve()] is not path)
            raise ConfigError(f"{twice}: given twice; name each folder once (文件夹重复，每个只需写一次)")
        named: dict[str, Root] = {}
        ranks = {path: rank for rank, path in enumerate(resolved)}
        for path in sorted(resolved, key=lambda path: (path.name, str(path))):
            name = _numbered(without_private_name(readable(path.name)) or "root", named)
            named[name] = Root(name, resolved[path], ranks[path], sample_all or ranks[path] == 0)
        return cls(_with_facts(list(named.values()), only_facts))

    def __str__(self) -> str:
        return ", ".join(str(root.folder) for root in self.all)

    @property
    def _names(self) -> list[str]:
        return [root.name for root in self.all]

    def of(self, path: str) -> Root:
        """Return the root that a path in the scan is in."""
        return max(
            (root for root in self.all if not root.name or path.startswith(f"{root.name}/")),
            key=lambda root: len(root.name),
        )

    def place(self, path: str) -> tuple[Path, str]:
        """Return the folder that a path in the scan is in, and the path within it."""
        root = self.of(path)
        return root.folder, path.removeprefix(f"{root.name}/") if root.name else path

    def walk(self, suffixes: Iterable[str], ignore: Iterable[str] | None) -> Iterator[FoundFile | Reject]:
        """Yield the files of all folders in order; see `walk`.

        Raises:
            ConfigError: one of several folders holds no source file.
        """
        for root in self.all:
            item = None
            for item in walk(root.folder, suffixes=suffixes, ignore=self._ignored(root, ignore)):
                if isinstance(item, FoundFile):
                    yield FoundFile(root.path(item.path), item.size, item.mtime_ns)
                else:
                    yield Reject(root.path(item.path), item.reason, item.detail)
            if item is None and root.name:
                raise ConfigError(f"{root.folder}: no source file in it (文件夹里没有可扫描的源文件)")

    def _ignored(self, root: Root, ignore: Iterable[str] | None) -> Iterable[str] | None:
        """Return the patterns of what is not read in a folder, in place of `ignore`."""
        if not root.is_sampled:
            return [*DEFAULT_IGNORE, *_built(root.folder)]
        begins = root.path("") + "/" if root.name else ""
        inner = [
            f"/{name.removeprefix(begins)}/" for name in self._names if name.startswith(begins) and name != root.name
        ]
        return [*(DEFAULT_IGNORE if ignore is None else ignore), *inner] if inner else ignore

    def packages(self) -> dict[str, str]:
        """Return the names of the npm packages with their folders; of equal names, that in the first folder given."""
        found: dict[str, str] = {}
        for root in sorted(self.all, key=lambda root: root.rank):
            for name, folder in packages_of(root.folder).items():
                found.setdefault(name, root.path(folder))
        return found

    def commits(self) -> dict[str, str | None]:
        """Return the commit that is checked out in each folder, by the folder's name in the paths.

        One that is only read for the catalogue, within another folder, is an installed package: it has none.
        """
        sampled = [root for root in self.all if root.is_sampled]
        return {
            root.name: commit_of(root.folder)
            if root.is_sampled or not any(_inside(root.folder, outer.folder) for outer in sampled)
            else None
            for root in self.all
        }

    def vue_version(self) -> str:
        """Return the version of Vue: the first that is stated, else the usual one."""
        versions = [vue_version_of(root.folder) for root in sorted(self.all, key=lambda root: root.rank)]
        return next((version for version in versions if version != USUAL), USUAL)


def _numbered(name: str, taken: Iterable[str]) -> str:
    """Return a name that is not taken: itself, or with a number."""
    numbered, number = name, 1
    while numbered in taken:
        number += 1
        numbered = f"{name}-{number}"
    return numbered


def _place_of_facts(folder: str | Path, first: Path) -> Path:
    """Return where a folder to read for the catalogue is.

    Raises:
        ConfigError: it is neither in the first folder nor in the working folder.
    """
    for path in (first / folder, Path(folder)):
        if path.is_dir():
            return path
    raise ConfigError(f"facts: {folder}: no such folder, in {first} or here (没有这个文件夹)")


def _with_facts(roots: list[Root], folders: list[Path]) -> tuple[Root, ...]:
    """Return the roots together with those that are only read for the catalogue, by name.

    Raises:
        ConfigError: one is read already.
    """
    places = {root.folder.resolve(): root for root in roots}
    for folder in folders:
        place = folder.resolve()
        if place in places:
            raise ConfigError(f"facts: {folder}: is read already; leave it out (该文件夹已包含在内)")
        inside = next((root.path(path) for root in roots if (path := _inside(folder, root.folder))), "")
        if not inside:
            taken = [root.name for root in places.values()]
            taken += os.listdir(roots[0].folder) if not roots[0].name else []
            inside = _numbered(without_private_name(readable(folder.name or place.name)) or "root", taken)
        places[place] = Root(inside, folder, len(places), is_sampled=False)
    return tuple(sorted(places.values(), key=lambda root: root.name))


def _inside(folder: Path, outer: Path) -> str:
    """Return the path of a folder within another, or `""`."""
    path = Path(os.path.relpath(folder.absolute(), outer.absolute())).as_posix()
    return "" if path.startswith("..") or path == "." else path


_SOURCES = ("src", "packages", "components")
_BUILT = ("es", "esm", "es5", "lib", "cjs", "umd")  # the first of them that is there is read if there is no source


def _built(package: Path) -> list[str]:
    """Return the folders of a package that only repeat its code in another form, as ignore patterns."""
    there = [name for name in _BUILT if (package / name).is_dir()]
    has_source = any(_holds_code(package / name) for name in _SOURCES)
    return [f"/{name}/" for name in (there if has_source else there[1:])]


def _holds_code(folder: Path) -> bool:
    """Return whether a folder holds components or scripts."""
    for _, _, names in os.walk(folder):
        if any(name.endswith((".vue", ".js", ".jsx", ".ts", ".tsx")) and not name.endswith(".d.ts") for name in names):
            return True
    return False
