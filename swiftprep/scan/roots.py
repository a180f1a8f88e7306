"""The folders of a scan, and the paths of their files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from swiftprep.errors import ConfigError
from swiftprep.records import Reject
from swiftprep.redaction.file_names import without_private_name
from swiftprep.scan.commit import commit_of
from swiftprep.scan.packages import packages_of
from swiftprep.scan.vue_version import USUAL, vue_version_of
from swiftprep.scan.walk import FoundFile, walk


def readable(name: str) -> str:
    """Return a file name as valid text; bytes that are not UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Root:
    """One folder of a scan.

    Attributes:
        name: What its files' paths begin with; `""` if it is the only folder.
        folder: Where it is.
    """

    name: str
    folder: Path

    def path(self, relative: str) -> str:
        """Return the path in the scan of a path in this folder."""
        return f"{self.name}/{relative}".rstrip("/") if self.name else relative


@dataclass(frozen=True, slots=True)
class Roots:
    """The folders of a scan, in an order that does not depend on the order given."""

    all: tuple[Root, ...]

    @classmethod
    def given(cls, folders: Iterable[str | Path]) -> Roots:
        """Return the roots for some folders.

        A path in the scan of one folder is relative to it. With several folders, it begins with the folder's name; of
        equal names, the second becomes `name-2`, and so on.

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
        if len(paths) == 1:
            return cls((Root("", paths[0]),))
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
        for path in sorted(resolved, key=lambda path: (path.name, str(path))):
            first = without_private_name(readable(path.name)) or "root"
            name, number = first, 1
            while name in named:
                number += 1
                name = f"{first}-{number}"
            named[name] = Root(name, resolved[path])
        return cls(tuple(named[name] for name in sorted(named)))

    def __str__(self) -> str:
        return ", ".join(str(root.folder) for root in self.all)

    def place(self, path: str) -> tuple[Path, str]:
        """Return the folder that a path in the scan is in, and the path within it."""
        if not self.all[0].name:
            return self.all[0].folder, path
        name, _, relative = path.partition("/")
        return next(root.folder for root in self.all if root.name == name), relative

    def walk(self, suffixes: Iterable[str], ignore: Iterable[str] | None) -> Iterator[FoundFile | Reject]:
        """Yield the files of all folders in order; see `walk`.

        Raises:
            ConfigError: one of several folders holds no source file.
        """
        for root in self.all:
            item = None
            for item in walk(root.folder, suffixes=suffixes, ignore=ignore):
                if isinstance(item, FoundFile):
                    yield FoundFile(root.path(item.path), item.size, item.mtime_ns)
                else:
                    yield Reject(root.path(item.path), item.reason, item.detail)
            if item is None and root.name:
                raise ConfigError(f"{root.folder}: no source file in it (文件夹里没有可扫描的源文件)")

    def packages(self) -> dict[str, str]:
        """Return the names of the npm packages with their folders; of equal names, the first."""
        found: dict[str, str] = {}
        for root in self.all:
            for name, folder in packages_of(root.folder).items():
                found.setdefault(name, root.path(folder))
        return found

    def commits(self) -> dict[str, str | None]:
        """Return the commit that is checked out in each folder, by the folder's name in the paths."""
        return {root.name: commit_of(root.folder) for root in self.all}

    def vue_version(self) -> str:
        """Return the version of Vue: the first that is stated, else the usual one."""
        versions = [vue_version_of(root.folder) for root in self.all]
        return next((version for version in versions if version != USUAL), USUAL)
