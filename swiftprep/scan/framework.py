"""Infer the name of the framework that a code base is written with, from its tags and its `package.json`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
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

# Scripts that register components for the whole application; they are read even in a large tree.
_ENTRY = re.compile(
    r"(?:^|/)(?:main|index|app|core|use|lazy_use|plugins?|components?|global|register|setup)\.[jt]s$", re.I
)
_MOST_ENTRIES = 100

_TAG = re.compile(rb"<([A-Za-z][a-z0-9]{0,30}(?:-[a-z0-9]|[A-Z])[A-Za-z0-9-]{0,60})[\s/>]")
# Each begins with plain letters, which makes the search several times faster.
_NAMED = re.compile(rb"name:\s{0,4}['\"]([A-Za-z][\w-]{1,60})['\"]")
_REGISTERED = re.compile(
    rb"component\(\s{0,40}(?:['\"]([A-Za-z][\w-]{1,60})['\"]|[\w$]{1,60}(?:\.\w{1,60})?)\s{0,40},\s{0,40}([\w$]{1,60})"
)
_PLUGGED = re.compile(rb"use\(\s{0,40}([\w$]{1,60})")
_IMPORTED = re.compile(
    rb"import\s{1,4}(?:([\w$]{1,60})\s{0,4},?\s{0,4})?(?:\{([^{}]{0,2000})\}\s{0,4})?from\s{0,4}['\"]([^'\"\n]{1,200})['\"]"
)
_PACKAGE_NAME = re.compile(r"(?:@([a-z0-9][a-z0-9._-]{0,100})/)?([a-z0-9][a-z0-9._-]{0,100})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FrameworkName:
    """A framework's name, and what it was taken from."""

    name: str
    source: FrameworkFrom


@dataclass(slots=True)
class FolderTags:
    """The tags that one folder uses and defines, in kebab case.

    Attributes:
        used: Tag → the number of its uses.
        named: The names of components and of files.
        registered: What the folder registers or imports from its own files.
        foreign: Tag → the package that it is imported or registered from.
        plugins: The packages whose plug-in is installed (`Vue.use(X)`).
        package: The content of the folder's `package.json`.
    """

    used: Counter[str] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)
    registered: set[str] = field(default_factory=set)
    foreign: dict[str, str] = field(default_factory=dict)
    plugins: set[str] = field(default_factory=set)
    package: dict[str, Any] = field(default_factory=dict)

    @property
    def defined(self) -> set[str]:
        """The tags that the folder itself defines."""
        return self.named | self.registered

    @property
    def dependencies(self) -> list[str]:
        """The names of the packages it depends on, in the order of the kinds of dependencies."""
        wanted = (self.package.get(key) for key in _DEPENDENCIES)
        return [name for names in wanted if isinstance(names, dict) for name in names if isinstance(name, str)]


def framework_of(roots: Roots, files: Iterable[FoundFile], tags: dict[str, FolderTags] | None = None) -> FrameworkName:
    """Return the name of the framework that the files use, or that they are.

    The framework is what the most frequent prefix among the tags that a folder uses, but does not define, stands for:
    another of the folders, which defines them; a dependency whose name fits the prefix; else the prefix itself. A
    folder that defines the tags it uses is a framework itself, or needs none: its package, else the folder, names it.

    The files are not parsed, and only a part of a large tree is read. The result depends on nothing else.

    Args:
        roots: The scanned folders.
        files: The files found in them.
        tags: The tags in each folder, if they are known.
    """
    tags = tags_of(roots, files) if tags is None else tags
    packages = {name: of_root.package for name, of_root in tags.items()}
    foreign: Counter[str] = Counter()
    kinds: defaultdict[str, set[str]] = defaultdict(set)
    for of_root in tags.values():
        for tag, count in of_root.used.items():
            if tag not in of_root.defined:
                foreign[prefix_of(tag)] += count
                kinds[prefix_of(tag)].add(tag)
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
    prefix: str, used: set[str], roots: Roots, tags: dict[str, FolderTags], packages: dict[str, dict[str, Any]]
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
                fit = fit_of(prefix, dependency)
                fitting += [(-fit, place, dependency)] if fit else []
    if fitting:
        return FrameworkName(package_name(min(fitting)[2]), "package.json")
    return FrameworkName(prefix, "tag prefix") if len(prefix) > 1 and len(used) >= _FEWEST_TAGS else None


def fit_of(prefix: str, dependency: Any) -> int:
    """Return how well the name of a dependency fits a prefix, from 5 for a published one to 1; 0 if it does not."""
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


def tags_of(roots: Roots, files: Iterable[FoundFile]) -> dict[str, FolderTags]:
    """Return the tags in each folder, by its name; only a part of a large tree is read, and nothing is parsed."""
    listed = sorted(files, key=lambda file: file.path)
    tags = {root.name: FolderTags(package=nearest_package(root.folder)) for root in roots.all}
    of_folder = {root.folder: tags[root.name] for root in roots.all}
    for file in listed:
        folder, path = roots.place(file.path)
        of_folder[folder].named.add(_file_tag(path))
    dependencies = {root.folder: frozenset(tags[root.name].dependencies) for root in roots.all}
    left = MOST_BYTES
    for file in _sampled(listed):
        if file.size > min(_LARGEST, left):
            continue
        folder, path = roots.place(file.path)
        data = read_bytes(folder, path, max_bytes=_LARGEST)
        if isinstance(data, bytes):
            left -= len(data)
            _note_tags(of_folder[folder], data, path.lower(), dependencies[folder])
    return tags


def _note_tags(found: FolderTags, data: bytes, path: str, dependencies: Collection[str]) -> None:
    """Add what one file uses and defines."""
    has_markup = path.endswith((".vue", ".jsx", ".tsx"))
    if has_markup:
        names = (kebab(name.decode()) for name in _TAG.findall(data))
        found.used.update(name for name in names if prefix_of(name) not in _BUILT_IN)
    found.named.update(kebab(name.decode()) for name in _NAMED.findall(data))
    packages: dict[str, str] = {}
    for default, braced, source in _IMPORTED.findall(data):
        module = source.decode("utf-8", "replace")
        package = package_of(module, dependencies)
        locals_ = [part.rpartition(b" as ")[2].strip() for part in braced.split(b",")]
        for name in filter(None, (default, *locals_)):
            local = name.decode("utf-8", "replace")
            if package:
                packages[local] = package
                if has_markup:
                    found.foreign.setdefault(kebab(local), package)
            elif default == name:
                found.registered.add(kebab(local))
    for text, component in _REGISTERED.findall(data):
        tag, variable = kebab((text or component).decode()), component.decode()
        if variable in packages:
            found.foreign[tag] = packages[variable]
        elif text:
            found.registered.add(tag)
    found.plugins.update(packages[name.decode()] for name in _PLUGGED.findall(data) if name.decode() in packages)


def package_of(module: str, dependencies: Collection[str] = ()) -> str:
    """Return the name of the package that a module is imported from, or `""` for one of the code base.

    >>> package_of("ant-design-vue/es/table"), package_of("@corp/ui", ["@corp/ui"]), package_of("@comp/a", ["vue"])
    ('ant-design-vue', '@corp/ui', '')
    """
    if module.startswith((".", "/", "~", "@/", "src/", "#")) or module.endswith(".vue"):
        return ""
    package = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
    # Aliases of folders look like packages.
    return package if package in dependencies or not (dependencies and "/" in module) else ""


def _sampled(files: Sequence[FoundFile]) -> list[FoundFile]:
    """Return the files to read: components before scripts, and of too many, some from everywhere in the tree."""
    vue = [file for file in files if file.path.lower().endswith(".vue")]
    scripts = [file for file in files if file.path.lower().endswith(_SCRIPTS)]
    entries = sorted((file for file in scripts if _ENTRY.search(file.path)), key=lambda file: file.path.count("/"))
    first = entries[:_MOST_ENTRIES]
    known = {file.path for file in first}
    others = _spread([file for file in scripts if file.path not in known], max(MOST_FILES - len(vue) - len(first), 0))
    return [*first, *_spread(vue, MOST_FILES), *others]


def _spread(files: list[FoundFile], most: int) -> list[FoundFile]:
    if len(files) <= most:
        return files
    return [files[number * len(files) // most] for number in range(most)]


def prefix_of(tag: str) -> str:
    """Return the first word of a tag."""
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
