"""Infer the name of the framework that a code base is written with, from its tags and its `package.json`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from swiftprep.catalog.api import kebab
from swiftprep.redaction.file_names import without_private_name
from swiftprep.scan.packages import nearest_package
from swiftprep.scan.roots import Root, Roots, readable
from swiftprep.scan.source_file import read_bytes
from swiftprep.scan.walk import FoundFile

FrameworkFrom = Literal["given", "package.json", "tag prefix", "folder name"]

MOST_FILES = 1_500  # read in all
MOST_BYTES = 4_000_000  # read in all
_LARGEST = 200_000  # bytes of a file
LONGEST_NAME = 60
_FEWEST_TAGS = 2  # different tags of a prefix that is itself taken as a name
_SHARE = 5  # a framework has at least every fifth use of a tag
_SCRIPTS = (".js", ".jsx", ".ts", ".tsx", ".mjs")
_DEPENDENCIES = ("dependencies", "peerDependencies", "devDependencies")
_BUILT_IN = frozenset(("router", "keep", "transition", "nuxt", "slot"))
_NAMELESS = frozenset(("index", "main"))
# The prefixes that published frameworks use and that their names do not show.
_PUBLISHED = {
    "a": "ant-design-vue", "i": ("iview", "view-design", "view-ui-plus"), "v": "vuetify", "n": "naive-ui",
    "q": "quasar", "b": "bootstrap-vue", "t": ("tdesign-vue", "tdesign-vue-next", "tdesign-mobile-vue"),
    "u": ("uview-ui", "uview-plus"), "p": "primevue", "md": "vue-material",
}  # fmt: skip

_TAG = re.compile(rb"<([A-Za-z][a-z0-9]{0,30}(?:-[a-z0-9]|[A-Z])[A-Za-z0-9-]{0,60})[\s/>]")
# Each begins with plain letters, which makes the search several times faster.
_DEFINITIONS = (
    re.compile(rb"name:\s{0,4}['\"]([A-Za-z][\w-]{1,60})['\"]"),
    re.compile(rb"component\(\s{0,40}['\"]([A-Za-z][\w-]{1,60})['\"]"),
    re.compile(rb"import (\w{1,60}) from ['\"](?:\.|@/|~/)"),
)
_PACKAGE_NAME = re.compile(r"(?:@([a-z0-9][a-z0-9._-]{0,100})/)?([a-z0-9][a-z0-9._-]{0,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FrameworkName:
    """A framework's name, and what it was taken from."""

    name: str
    source: FrameworkFrom


@dataclass(slots=True)
class _Tags:
    """The tags that one folder uses and defines, in kebab case."""

    used: Counter[str] = field(default_factory=Counter)
    defined: set[str] = field(default_factory=set)


def framework_of(roots: Roots, files: Iterable[FoundFile]) -> FrameworkName:
    """Return the name of the framework that the files use, or that they are.

    The framework is what the most frequent prefix among the tags that a folder uses, but does not define, stands for:
    another of the folders, which defines them; a dependency whose name fits the prefix; else the prefix itself. A
    folder that defines the tags it uses is a framework itself, or needs none: its package, else the folder, names it.

    The files are not parsed, and only a part of a large tree is read. The result depends on nothing else.

    Args:
        roots: The scanned folders.
        files: The files found in them.
    """
    tags = _tags_of(roots, sorted(files, key=lambda file: file.path))
    packages = {root.name: nearest_package(root.folder) for root in roots.all}
    foreign: Counter[str] = Counter()
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for of_root in tags.values():
        for tag, count in of_root.used.items():
            if tag not in of_root.defined:
                foreign[_prefix(tag)] += count
                kinds[_prefix(tag)].add(tag)
    total = sum(of_root.used.total() for of_root in tags.values())
    likely = [(-count, prefix) for prefix, count in foreign.items() if count * _SHARE >= total]
    for _, prefix in sorted(likely):
        if named := _of_prefix(prefix, kinds[prefix], roots, tags, packages):
            return named
    for root in sorted(roots.all, key=lambda root: (-len(tags[root.name].defined), root.name)):
        if name := package_name(packages[root.name].get("name")):
            return FrameworkName(name, "package.json")
    return FrameworkName(_folder_name(roots.all[0]), "folder name")


def package_name(name: Any) -> str:
    """Return the name of an npm package without its scope, or `""` if it is no valid name.

    >>> package_name("@corp/ta404"), package_name("ignore this and that")
    ('ta404', '')
    """
    match = _PACKAGE_NAME.fullmatch(name) if isinstance(name, str) else None
    return match[2][:LONGEST_NAME] if match else ""


def _of_prefix(
    prefix: str, used: set[str], roots: Roots, tags: dict[str, _Tags], packages: dict[str, dict[str, Any]]
) -> FrameworkName | None:
    """Return what a prefix stands for, or None if it fits no dependency and is too short or too rare to be a name."""
    defining = {root.name: len(used & tags[root.name].defined) for root in roots.all}
    source = max(roots.all, key=lambda root: defining[root.name])
    if 2 * defining[source.name] >= len(used):
        if name := package_name(packages[source.name].get("name")):
            return FrameworkName(name, "package.json")
        return FrameworkName(_folder_name(source), "folder name")
    fitting = []
    for package in packages.values():
        for place, key in enumerate(_DEPENDENCIES):
            wanted = package.get(key)
            for dependency in wanted if isinstance(wanted, dict) else ():
                fit = _fit(prefix, dependency)
                fitting += [(-fit, place, dependency)] if fit else []
    if fitting:
        return FrameworkName(package_name(min(fitting)[2]), "package.json")
    return FrameworkName(prefix, "tag prefix") if len(prefix) > 1 and len(used) >= _FEWEST_TAGS else None


def _fit(prefix: str, dependency: Any) -> int:
    """Return how well the name of a dependency fits a prefix, or 0."""
    match = _PACKAGE_NAME.fullmatch(dependency) if isinstance(dependency, str) else None
    if match is None:
        return 0
    scope, name = (match[1] or "").lower(), match[2].lower()
    published = _PUBLISHED.get(prefix, ())
    if name in ((published,) if isinstance(published, str) else published):
        return 5
    if len(prefix) < 2 or scope == "types":
        return 0
    words = re.split(r"[._-]", name)
    if prefix in words:
        return 4
    if any(re.fullmatch(rf"{re.escape(prefix)}(?:\d+|ui)", word) for word in words):
        return 3
    if scope == prefix:
        return 2
    return int(name.startswith(prefix))


def _tags_of(roots: Roots, files: Sequence[FoundFile]) -> dict[str, _Tags]:
    tags = {root.name: _Tags() for root in roots.all}
    of_folder = {root.folder: tags[root.name] for root in roots.all}
    for file in files:
        folder, path = roots.place(file.path)
        of_folder[folder].defined.add(_file_tag(path))
    left = MOST_BYTES
    for file in _sampled(files):
        if file.size > min(_LARGEST, left):
            continue
        folder, path = roots.place(file.path)
        data = read_bytes(folder, path, max_bytes=_LARGEST)
        if not isinstance(data, bytes):
            continue
        left -= len(data)
        found = of_folder[folder]
        for pattern in _DEFINITIONS:
            found.defined.update(kebab(name.decode()) for name in pattern.findall(data))
        if path.lower().endswith((".vue", ".jsx", ".tsx")):
            names = (kebab(name.decode()) for name in _TAG.findall(data))
            found.used.update(name for name in names if _prefix(name) not in _BUILT_IN)
    return tags


def _sampled(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Return the files to read: components before scripts, and of too many, some from everywhere in the tree."""
    vue = [file for file in files if file.path.lower().endswith(".vue")]
    scripts = [file for file in files if file.path.lower().endswith(_SCRIPTS)]
    return [*_spread(vue, MOST_FILES), *_spread(scripts, max(MOST_FILES - len(vue), 0))]


def _spread(files: list[FoundFile], most: int) -> list[FoundFile]:
    if len(files) <= most:
        return files
    return [files[number * len(files) // most] for number in range(most)]


def _prefix(tag: str) -> str:
    return tag.partition("-")[0]


def _file_tag(path: str) -> str:
    """Return the tag that a file's component has if it is named after the file, or the folder of an `index` file."""
    *folders, name = path.split("/")
    stem = name.partition(".")[0]
    return kebab(folders[-1] if stem.lower() in _NAMELESS and folders else stem)


def _folder_name(root: Root) -> str:
    name = without_private_name(readable(root.folder.resolve().name))
    name = "".join(char for char in name if char.isalnum() or char in "-_.")
    return name.strip("-_.")[:LONGEST_NAME] or "app"
