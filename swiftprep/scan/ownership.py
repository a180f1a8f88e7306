"""Tell whose a component is: the framework's, the application's, or of another package."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from swiftprep.catalog.api import Owner, kebab
from swiftprep.scan.framework import FolderTags, fit_of, package_name, prefix_of

_SHARE = 5  # a prefix that only somewhat fits the framework's name has at least every fifth use of a tag
_SURE_FIT, _GOOD_FIT = 4, 3
_FEWEST_NAMED = 3  # components whose names begin with a prefix
_NO_TAGS = frozenset("vue vue-router vuex vue-i18n pinia".split())  # plug-ins without components of their own prefix
# Folders of a framework's repository that only use its components.
_ASIDE = re.compile(
    r"(?:^|/)(?:[\w-]*demos?|docs?|document|site|_?(?:example|usage)[\w-]*|samples?|tests?|__(?:tests|mocks)__|e2e|playground)/"
)
_FEWEST_REGISTERED = 5


@dataclass(frozen=True, slots=True)
class FrameworkTags:
    """The tags of the framework, for a container: those with one of its prefixes, without some.

    Attributes:
        prefixes: Its prefixes, such as `("ta",)`; `()` if its tags have none in common.
        excepted: The tags of others, in order.
    """

    prefixes: tuple[str, ...] = ()
    excepted: tuple[str, ...] = ()

    def __contains__(self, tag: object) -> bool:
        return (
            isinstance(tag, str)
            and tag not in self.excepted
            and (not self.prefixes or ("-" in tag and prefix_of(tag) in self.prefixes))
        )


@dataclass(frozen=True, slots=True)
class Ownership:
    """Whose the components are, by the code base's registrations, plug-ins and prefixes.

    Attributes:
        framework: The tags of the framework.
        packages: The packages that the framework may be imported from.
        application: The tags that the code base registers or imports from its own files, or uses by its own names.
        homes: The names of the scanned folders that are the framework's source, `""` for a single folder.
        folders: The names of all scanned folders, with which the paths of their files begin.
    """

    framework: FrameworkTags
    packages: frozenset[str]
    application: frozenset[str]
    homes: frozenset[str]
    folders: tuple[str, ...] = ("",)

    @property
    def key(self) -> tuple[object, ...]:
        """All of it, in an order that is always the same."""
        return self.framework, sorted(self.packages), sorted(self.application), sorted(self.homes), self.folders

    def of_tag(self, tag: str) -> Owner:
        """Return whose a tag is that is known only from its uses."""
        if tag in self.framework:
            return "framework"
        return "application" if tag in self.application else "other"

    def of_source(self, path: str, *, registered: bool = False) -> Owner:
        """Return whose a component is that this file of the scanned folders defines, globally registered or not.

        One that the framework's repository defines for its demos or tests is nobody's API: `""`.
        """
        names = [name for name in self.folders if not name or path.startswith(f"{name}/")]
        root = max(names, key=len, default="")
        if root not in self.homes:
            return "application"
        inner = path.removeprefix(f"{root}/") if root else path
        return "framework" if registered or not _ASIDE.search(inner) else ""

    def registers(self, paths: Iterable[str]) -> bool:
        """Return whether the framework registers its components, so that others in its source are internal.

        Args:
            paths: The files of the components that are registered globally.
        """
        return sum(self.of_source(path, registered=True) == "framework" for path in paths) >= _FEWEST_REGISTERED

    def tag_of_import(self, package: str, name: str) -> str:
        """Return the tag of a component imported from a package of the framework, or `""`.

        Args:
            package: The package.
            name: The name it exports, such as `Menu.Item`.
        """
        if package not in self.packages or len(self.framework.prefixes) != 1:
            return ""
        tag = kebab(name.replace(".", ""))
        prefix = self.framework.prefixes[0]
        return tag if prefix_of(tag) == prefix and "-" in tag else f"{prefix}-{tag}"


def ownership_of(tags: Mapping[str, FolderTags], framework: str) -> Ownership:
    """Return whose the components of a code base are.

    Args:
        tags: The tags that each scanned folder uses and defines.
        framework: The framework's name.
    """
    dependencies = {name for folder in tags.values() for name in folder.dependencies}
    packages = {name for name in dependencies if package_name(name) == package_name(framework) != ""} | {framework}
    own = {tag for folder in tags.values() for tag in folder.registered}
    foreign = {
        tag: package
        for folder in tags.values()
        for tag, package in folder.foreign.items()
        if package not in packages and tag not in own
    }
    plugins = {name for folder in tags.values() for name in folder.plugins} - packages
    prefix = _prefix(tags, framework, foreign, plugins)
    if prefix:
        packages |= {name for name in dependencies | plugins if fit_of(prefix, name) >= _SURE_FIT}
        foreign = {tag: package for tag, package in foreign.items() if package not in packages}
    used = {name: _used(folder, foreign, prefix) for name, folder in tags.items()}
    homes = frozenset(name for name, folder in tags.items() if _is_home(folder, used[name], prefix, packages))
    application = {
        tag
        for name, folder in tags.items()
        if name not in homes
        for tag in (folder.registered | (folder.named if not prefix else _without(folder.named, prefix)))
    } - {tag for name in homes for tag in tags[name].defined}
    explained = {tag for tags_ in used.values() for tag in tags_ if not prefix and _explains(tag, plugins)}
    theirs = {*foreign, *application, *explained}
    excepted = sorted(theirs if not prefix else theirs - _without(theirs, prefix))
    return Ownership(
        FrameworkTags((prefix,) if prefix else (), tuple(excepted)),
        frozenset(packages), frozenset(application), homes, tuple(sorted(tags)),
    )  # fmt: skip


def _prefix(tags: Mapping[str, FolderTags], framework: str, foreign: Mapping[str, str], plugins: set[str]) -> str:
    """Return the prefix of the framework's tags, or `""` if they seem to have none.

    It is the one that fits the framework's name best; else the most frequent one of the tags that no other package
    and no registration of the code base explains, if it has half of them.
    """
    uses: Counter[str] = Counter()
    strange: Counter[str] = Counter()
    for folder in tags.values():
        for tag, count in folder.used.items():
            if "-" in tag and tag not in foreign:
                uses[prefix_of(tag)] += count
                strange[prefix_of(tag)] += 0 if tag in folder.registered else count
    for folder in tags.values():
        named = Counter(prefix_of(tag) for tag in folder.named if "-" in tag)
        uses.update({prefix: 0 for prefix, count in named.items() if count >= _FEWEST_NAMED})
    total = uses.total()
    fits = {prefix: fit_of(prefix, framework) for prefix in uses}
    fits = {p: fit for p, fit in fits.items() if fit >= _GOOD_FIT or (fit and uses[p] * _SHARE >= total)}
    if fits:
        return min(fits, key=lambda prefix: (-fits[prefix], -uses[prefix], prefix))
    unexplained = Counter({p: n for p, n in strange.items() if n and not _explains(p, plugins)}) or +strange
    best = min(unexplained, key=lambda prefix: (-unexplained[prefix], prefix), default="")
    return best if best and 2 * unexplained[best] >= unexplained.total() else ""


def _explains(tag: str, plugins: set[str]) -> bool:
    """Return whether one of the installed plug-ins fits a tag or prefix."""
    prefix = prefix_of(tag)
    bare = {name.rpartition("/")[2] for name in plugins} - _NO_TAGS
    return any(fit_of(prefix, name) for name in plugins if name not in _NO_TAGS) or (
        len(prefix) == 1 and any(name.startswith(prefix) for name in bare)
    )


def _used(folder: FolderTags, foreign: Mapping[str, str], prefix: str) -> set[str]:
    """Return the tags used in a folder that may be the framework's."""
    tags = {tag for tag in folder.used if tag not in foreign}
    return {tag for tag in tags if "-" in tag and prefix_of(tag) == prefix} if prefix else tags


def _is_home(folder: FolderTags, used: set[str], prefix: str, packages: set[str]) -> bool:
    """Return whether a folder is the framework's source: it defines most of the framework's tags that it uses.

    One that depends on the framework's package is not, unless it does so under the framework's prefix.
    """
    defined = folder.defined
    is_named = package_name(folder.package.get("name")) in packages - {""}
    if not is_named and not packages.isdisjoint(folder.dependencies) and not (prefix and used):
        return False
    bare = {f"{prefix}-{tag}" for tag in folder.named} if is_named or not folder.package else set()
    return 2 * len(used & (defined | bare)) >= len(used)


def _without(tags: set[str], prefix: str) -> set[str]:
    return {tag for tag in tags if prefix_of(tag) != prefix or "-" not in tag}
