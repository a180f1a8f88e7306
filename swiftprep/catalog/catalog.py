"""`Catalog`: a framework's components and their API, from its source, its usage or web-types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from swiftprep.arguments import checked_keywords
from swiftprep.catalog.api import ITEMS, Component, Owner, kebab
from swiftprep.catalog.check import Problem, check
from swiftprep.catalog.explain import Completeness, Explanation, completeness_of, explain_component
from swiftprep.catalog.known_tags import KnownTags, families
from swiftprep.catalog.merge import merge_components, merge_usage
from swiftprep.catalog.near import Names
from swiftprep.catalog.packing import FORMAT, packed, read_document, write_packed, write_web_types
from swiftprep.catalog.stored import to_component, to_contradiction, to_use
from swiftprep.catalog.vue.markup import Use
from swiftprep.catalog.webtypes import from_web_types, to_web_types
from swiftprep.catalog.witnesses.joining import Contradiction
from swiftprep.catalog.witnesses.runtime import runtime_components
from swiftprep.errors import DataError, one_line
from swiftprep.notebook import html_table, short
from swiftprep.process.workers import Guarded, Lost

if TYPE_CHECKING:
    import pandas as pd


class Catalog:
    """A framework's components by tag.

    Attributes:
        components: Tag → component; of several with one tag, the others are listed under their paths.
        usage: Tag → how it is used in the scanned code.
        contradictions: Where witnesses say different things of a component.
        roots: The scanned folders by name, if it comes from a scan, so that `explain` can name the line of a fact.

    >>> from swiftprep.catalog.api import Prop
    >>> catalog = Catalog([Component("ta-tag", props=(Prop("color", "string", required=True),))])
    >>> catalog.components["ta-tag"].props[0].name
    'color'
    >>> [problem.message for problem in catalog.check("<ta-tag colour='red' />")]
    ["<ta-tag> has no prop 'colour' (did you mean 'color'?)", "<ta-tag> needs the prop 'color'"]
    """

    @checked_keywords
    def __init__(
        self,
        components: Mapping[str, Component] | Iterable[Component] = (),
        *,
        usage: Mapping[str, Use] | None = None,
        framework: str = "",
        vue_version: str = "2.7",
        contradictions: Iterable[Contradiction] = (),
    ) -> None:
        """Create a catalogue.

        Args:
            components: The components by tag, or an iterable of them.
            usage: Tag → its usage in the scanned code.
            framework: The framework's name.
            vue_version: Its version of Vue; in Vue 3, a listener for a native event reaches the root element.
            contradictions: Where witnesses say different things of a component.
        """
        named = components if isinstance(components, Mapping) else {c.name: c for c in components}
        self.components: dict[str, Component] = dict(named)
        self.usage: dict[str, Use] = dict(usage or {})
        self.framework = framework
        self.vue_version = vue_version
        self.contradictions: list[Contradiction] = list(contradictions)
        self.roots: dict[str, Path] = {}
        self._check: Guarded[tuple[str, bool, bool], list[Problem]] | None = None

    def __len__(self) -> int:
        return len(self.components)

    def __iter__(self) -> Iterator[Component]:
        return iter(self.components.values())

    def __repr__(self) -> str:
        known = sum(1 for c in self if c.origin != "usage")
        return (
            f"<Catalog {short(self.framework or 'unnamed')}: {known} components, {len(self) - known} known from usage>"
        )

    def find(self, tag: str) -> Component | None:
        """Return the component with this tag, written `TaTable` or `ta-table`, or None."""
        return self.components.get(tag) or self.components.get(kebab(tag))

    def explain(self, tag: str, name: str | None = None) -> Explanation:
        """Return how a component, or a name in it, is known: the witness, the file and line, and why lists are open.

        Args:
            tag: The tag, written `TaTable` or `ta-table`, or the key of `components`.
            name: The name of a prop, event, slot or method; None for the component itself.

        >>> print(Catalog([Component("ta-tag", path="Tag.vue", span=(3, 9))]).explain("ta-tag"))
        component ta-tag — by the component's source (Tag.vue:3)
        """
        component = self.find(tag)
        if component is None:
            near = Names(self.components, cutoff=0.6).nearest(kebab(tag))
            return Explanation(f"<{tag}>", near=(near,) if near else ())
        return explain_component(component, name, self.roots, self.contradictions)

    @property
    def completeness(self) -> Completeness:
        """How many components are known completely, and why the others are not."""
        return completeness_of(self)

    def owned(self, owner: Owner) -> list[Component]:
        """Return the components of the `"framework"`, the `"application"`, or `"other"` packages.

        If no component has an owner, as in catalogues of earlier versions, all are the framework's.
        """
        is_told = any(component.owner for component in self)
        return [c for c in self if c.owner == owner or (not is_told and owner == "framework")]

    def owner_of(self, tag: str) -> Owner:
        """Return whose a tag is; one that is not in the catalogue is the framework's if it has its prefix."""
        component = self.find(tag)
        if component is not None and component.owner:
            return component.owner
        ours = self.owned("framework")
        if component is not None:
            return "framework" if component in ours else ""
        return "framework" if kebab(tag).partition("-")[0] in families(ours) else ""

    def check(self, code: str, *, strict: bool = False, only_known: bool = False) -> list[Problem]:
        """Return the problems in Vue code, by line; `[]` means it is valid.

        It finds syntax errors (also in template expressions), unknown tags, props, events and slots, and missing
        required props. Code that cannot be resolved is not reported: `v-bind="object"`, computed names, components
        imported from elsewhere.

        The check runs in a worker process. Code that takes more than 3 s, plus 3 s per megabyte, or crashes the process
        has a single problem: that it could not be checked.

        Args:
            code: A single-file component, or a fragment of a template.
            strict: Also report, in Vue 2, a listener for a native event (`@keydown`) on a component that does not emit
                it: without `.native` it is never called. In any version, also report a tag with a prefix that nothing
                in the catalogue has; other unknown tags are reported if the catalogue knows all tags with their
                prefix, or if they are slips of known ones.
            only_known: Report every tag that the catalogue does not have, also where it may not have all: for an author
                who knows the framework from nothing else, such as a teacher.
        """
        if self._check is None:
            by_tag: dict[str, list[Component]] = {}
            ours = families(self.owned("framework"))
            is_told = any(component.owner for component in self)
            # What the framework's source has under other names than the framework's is internal.
            offered = (c for c in self if c.owner or not is_told or c.name.partition("-")[0] in ours)
            for component in sorted(offered, key=lambda c: (not c.registered, c.owner == "application")):
                for tag in dict.fromkeys([component.name, *map(kebab, component.names)]):
                    by_tag.setdefault(tag, []).append(component)
            seen = frozenset(name for use in self.usage.values() for name in (*use.props, *use.events))
            tags = KnownTags(self, self.usage)
            self._check = Guarded(partial(_checked, by_tag, self.vue_version.startswith("3"), seen, tags), size=_size)
        outcome = self._check((code, strict, only_known))
        return [Problem("not-checked", 1, name=outcome.reason)] if isinstance(outcome, Lost) else outcome

    def to_pandas(self) -> pd.DataFrame:
        """Return one row per prop, event, slot and method.

        The columns are component, what, name, type, required, default, values, doc, origin, witness, path and
        line.
        """
        import pandas as pd

        columns = [
            "component",
            "what",
            "name",
            "type",
            "required",
            "default",
            "values",
            "doc",
            "origin",
            "witness",
            "path",
            "line",
        ]
        rows = [
            (
                key, what.removesuffix("s"), item.name, item.type, item.required, getattr(item, "default", None),
                ", ".join(getattr(item, "values", ())), item.doc, item.origin, item.witness, component.path,
                component.span[0],
            )
            for key, component in self.components.items()
            for what in ITEMS
            for item in getattr(component, what)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def to_web_types(self, path: str | Path | None = None, *, version: str = "0.0.0") -> dict[str, Any]:
        """Return the catalogue as a JetBrains web-types document, and write it to `path` if given.

        IDEs use it for completion if the framework's `package.json` has `"web-types": "./web-types.json"`.

        Args:
            path: The file to write, such as `web-types.json`.
            version: The framework's version.
        """
        settings = {"name": self.framework or "components", "version": version, "framework_version": self.vue_version}
        document = to_web_types(self.components.values(), **settings)
        if path is not None:
            write_web_types(path, self.components.values(), **settings)
        return document

    @classmethod
    def from_web_types(cls, path: str | Path) -> Catalog:
        """Read a web-types file, which many frameworks ship.

        Raises:
            DataError: the file cannot be read or is not a web-types document.
        """
        document = read_document(path)
        if isinstance(document, list):
            raise DataError(f"{path}: a JSON array; a web-types file is an object (不是 web-types 文件)")
        catalog = cls(from_web_types(document, str(path)))
        catalog.framework = str(document.get("name", ""))
        return catalog

    @classmethod
    @checked_keywords
    def from_runtime(
        cls, folder: str | Path, package: str | None = None, *, node: str | Path = "node", timeout: float = 60.0
    ) -> Catalog:
        """Read an installed package as Vue itself sees it at run time: its components, their props and defaults.

        **This runs the package's JavaScript** in a child process with Node, without network and with a time limit; see
        `swiftprep.catalog.witnesses.runtime`. Use it as another witness beside the source:
        `Scanner(app, facts=[Catalog.from_runtime("node_modules/ant-design-vue")])`.

        Args:
            folder: The package, with `vue` installed beside it (`node_modules/ant-design-vue`).
            package: Name of a package to read instead, among those installed in the folder (`ant-design-vue`).
            node: The Node program.
            timeout: Seconds that the package may take to load.

        Raises:
            ConfigError: the folder is no package.
            MissingDependencyError: Node, or Vue beside the package, is not installed.
            RunError: the package cannot be loaded, or not in time.
        """
        components, name, vue_version = runtime_components(
            folder if package is None else Path(folder) / "node_modules" / package, node=node, timeout=timeout
        )
        return cls(components, framework=name.rpartition("/")[2], vue_version=".".join(vue_version.split(".")[:2]))

    def pack(self) -> Iterator[bytes]:
        """Yield the whole catalogue, including usage, as JSON lines, a few hundred at a time."""
        return packed(self, self.components.items())

    @classmethod
    def unpack(cls, parts: Iterable[bytes]) -> Catalog:
        """Create a catalogue from the parts that `pack` yields.

        Raises:
            DataError: the parts are damaged or of another format.
        """
        return cls._from_rows(orjson.loads(line) for part in parts for line in part.splitlines())

    @classmethod
    def _from_rows(cls, rows: Iterable[Any]) -> Catalog:
        catalog = cls()
        number, tag = -1, ""
        try:
            for number, row in enumerate(rows):
                tag = ""
                if number == 0:
                    if row["format"] != FORMAT:
                        raise ValueError(f"format: {row['format']!r:.100}, expected {FORMAT!r}")
                    catalog.framework, catalog.vue_version = _text(row, "framework"), _text(row, "vue_version")
                elif "contradicts" in row:
                    tag = _text(row["contradicts"], "component")
                    catalog.contradictions.append(to_contradiction(row["contradicts"]))
                elif "tag" in row:
                    tag = _text(row, "tag")
                    catalog.components[tag] = to_component(row["is"])
                else:
                    tag = _text(row, "used")
                    catalog.usage[tag] = to_use(row["is"])
            if number < 0:
                raise ValueError("it is empty")
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            why = str(error) if type(error) is ValueError else one_line(error)
            where = f"entry {max(number, 0) + 1}" + (f" ({tag[:100]})" if tag else "")
            raise DataError(f"a damaged catalogue: {where}: {why}; scan again (组件目录已损坏，请重新扫描)") from None
        return catalog

    def save(self, path: str | Path) -> Path:
        """Write the whole catalogue, including usage, as JSON, atomically, and return the path."""
        write_packed(self.pack(), path)
        return Path(path)

    write = save

    @classmethod
    def merge(cls, catalogs: Iterable[Catalog]) -> Catalog:
        """Return one catalogue with the components of several, such as an application's and its framework's.

        If several have the same tag, what each knows is joined by rank: a user's overrides, the component's source, Vue
        at run time, web-types, vetur, TypeScript's types, documentation, usage; see
        `swiftprep.catalog.witnesses.joining`. Among equals, the first is taken, and others that differ in their props,
        events, slots or methods are logged. `contradictions` says where witnesses differ. Usage adds up, and so do the
        `uses` of components. The framework's name is the first one stated; the version of Vue is the first catalogue's.

        Args:
            catalogs: The catalogues; they stay as they are.

        >>> app = Catalog([Component("ta-table", origin="usage", uses=3)])
        >>> framework = Catalog([Component("ta-table"), Component("ta-tag")], framework="ta404")
        >>> Catalog.merge([app, framework]).components["ta-table"].origin
        'source'
        """
        given = list(catalogs)
        components, contradictions = merge_components(catalog.components for catalog in given)
        earlier = [one for catalog in given for one in catalog.contradictions]
        return cls(
            components,
            contradictions=dict.fromkeys((*earlier, *contradictions)),
            usage=merge_usage(catalog.usage for catalog in given),
            framework=next((catalog.framework for catalog in given if catalog.framework), ""),
            vue_version=given[0].vue_version if given else "2.7",
        )

    @classmethod
    @checked_keywords
    def load(cls, path: str | Path) -> Catalog:
        """Read a file written by `save`, or a web-types file; in a folder, its `catalog.json`.

        Raises:
            DataError: the file is neither.
        """
        path = Path(path) / "catalog.json" if Path(path).is_dir() else path
        document = read_document(path)
        if isinstance(document, dict):
            return cls.from_web_types(path)
        try:
            return cls._from_rows(document)
        except DataError as error:
            raise DataError(f"{path}: {error}") from None

    def _repr_html_(self) -> str:
        """Return the first components as a table for notebooks."""
        rows = ((key, *_counts(component), component.path) for key, component in self.components.items())
        return html_table(repr(self), ("tag", "names of props", "props", "events", "slots", "uses", "path"), rows)


def _counts(component: Component) -> tuple[object, ...]:
    names = ", ".join(prop.name for prop in component.props[:8]) + (" …" if len(component.props) > 8 else "")
    return names, len(component.props), len(component.events), len(component.slots), component.uses


def _text(row: dict[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise ValueError(f"{name}: {row[name]!r:.100}, expected text")
    return str(row[name])


def _checked(
    components: Mapping[str, list[Component]],
    vue3: bool,
    seen: frozenset[str],
    tags: KnownTags,
    asked: tuple[str, bool, bool],
) -> list[Problem]:
    code, strict, only_known = asked
    return check(code, components, vue3=vue3, strict=strict, seen=seen, tags=None if only_known else tags)


def _size(asked: tuple[str, bool, bool]) -> int:
    return len(asked[0])
