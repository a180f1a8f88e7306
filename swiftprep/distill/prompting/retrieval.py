"""Retrieve the parts of the catalogue, and the real uses, that a teacher needs to see for a scenario."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.code.reference import api_text
from swiftprep.distill.prompting.guard import clean
from swiftprep.distill.prompting.uses import snippets
from swiftprep.distill.prompting.vocabulary import spoken, words_of
from swiftprep.distill.scenario import Scenario
from swiftprep.quality.rules.length import estimate
from swiftprep.records import Sample

MOST_FOUND = 4  # components found by the words of a scenario
MOST_SNIPPETS = 2  # per component
MOST_NEIGHBOURS = {1: 4, 2: 8, 3: 12}  # by the level of the scenario
_PARTS = frozenset(
    "item column group pane panel option node step submenu header footer aside main body content".split()
)
_FRAME = 25  # tokens of the delimiters around an entry
_NAMED = re.compile(r"[A-Za-z_$][\w$]*(?:[-.][A-Za-z_$][\w$]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReferencePiece:
    """A piece of reference.

    Attributes:
        kind: `"api"` or `"usage"`.
        of: The component.
        text: The text to show, with secrets and injections removed.
        tokens: Approximate number of tokens.
        source: `"usage"` for an API inferred from uses only.
        path: The file a usage is from.
        removed: What was neutralised in it, as `(kind, times)`.
    """

    kind: str
    of: str
    text: str
    tokens: int
    source: str = ""
    path: str = ""
    removed: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The reference for a scenario.

    Attributes:
        named: The components it is about, most important first.
        entries: The pieces to show, in order.
        left_out: Number of pieces left out to keep the budget.
    """

    named: tuple[str, ...]
    entries: tuple[ReferencePiece, ...]
    left_out: int

    @property
    def components(self) -> tuple[str, ...]:
        """The components with their API among the entries."""
        return tuple(entry.of for entry in self.entries if entry.kind == "api")


class Retriever:
    r"""Find the components a scenario is about, their API, and real uses of them.

    >>> from swiftprep.catalog.api import Component, Prop
    >>> catalog = Catalog([Component("ta-table", props=(Prop("columns", "array"),)), Component("ta-card")])
    >>> found = Retriever(catalog).find(Scenario("做一个用户表格"))
    >>> found.named, found.entries[0].text
    (('ta-table',), 'props\n  columns: array')
    """

    def __init__(
        self,
        catalog: Catalog,
        examples: Iterable[Sample] = (),
        *,
        budget: int = 3000,
        count: Callable[[str], int] = estimate,
    ) -> None:
        """Index the catalogue and the examples.

        Args:
            catalog: The components.
            examples: Training samples whose answers use them; never held-out ones.
            budget: Most tokens to show for a scenario.
            count: Counts the tokens of a text.
        """
        self.catalog = catalog
        self.budget = budget
        self._count = count
        self._names: dict[str, str] = {}
        for key, component in catalog.components.items():
            for name in (key, component.name, *component.names, component.name.rpartition(".")[2]):
                self._names.setdefault(name, key)
                self._names.setdefault(kebab(name), key)
        self._offered = _offered(catalog)
        self._common = sorted(self._offered, key=lambda key: (-catalog.components[key].uses, key))
        self._apis: dict[tuple[str, bool], ReferencePiece] = {}
        self._snippets: dict[str, list[ReferencePiece]] = {}
        self._cuts = snippets(catalog, examples, self._names)
        self._kin = _kin(self._offered)
        self._near = self._neighbours()
        self._weights = self._word_weights()

    def find(self, scenario: Scenario) -> Retrieved:
        """Return what a teacher should see for a scenario.

        First the API of the components it names, then real uses of them, then the API of their neighbours, and a use
        of each neighbour whose API is inferred from uses only.

        An entry that does not fit the budget is left out as a whole; an API that is too long is first tried without
        its documentation and methods.
        """
        named, spoken = self.named(scenario)
        neighbours = self._around(named, spoken, scenario.level if named else 2)
        uses = [entry for key in named for entry in self.usage(key, named)[:MOST_SNIPPETS]]
        seen = "\n".join(entry.text for entry in uses)
        inferred = [
            key for key in neighbours if self.catalog.components[key].origin == "usage" and f"<{key}" not in seen
        ]
        entries, left_out = self._fitting(
            [
                *((self.api(key), self.api(key, brief=True)) for key in named),
                *((entry,) for entry in uses),
                *((self.api(key, brief=True),) for key in neighbours),
                *((entry,) for key in inferred for entry in sorted(self.usage(key), key=_size)[:1]),
            ]
        )
        return Retrieved(named, tuple(entries), left_out)

    def _around(self, named: Sequence[str], spoken: Sequence[str], level: int) -> list[str]:
        """Return further useful components: found by words, related to the named ones, then the most used."""
        near: Counter[str] = Counter()
        for key in named:
            near.update(self._near.get(key, {}))
        close = [key for other in named for key in self._kin.get(other, ())]
        close += sorted((key for key in near if key in self._offered), key=lambda key: (-near[key], key))
        most = MOST_NEIGHBOURS[max(1, min(level, 3))]
        common = self._common if level > 1 else []
        return [key for key in dict.fromkeys([*spoken, *close, *common]) if key not in named][:most]

    def apis(self, keys: Iterable[str]) -> list[ReferencePiece]:
        """Return the API of each component, by its key, as far as the budget allows."""
        return self._fitting([(self.api(key), self.api(key, brief=True)) for key in keys])[0]

    def _fitting(self, wanted: Iterable[Sequence[ReferencePiece]]) -> tuple[list[ReferencePiece], int]:
        """Return the first entry of each group that still fits the budget, and the number of groups left out."""
        entries: list[ReferencePiece] = []
        room, left_out = self.budget, 0
        for choices in wanted:
            entry = next((entry for entry in choices if entry.tokens + _FRAME <= room), None)
            if entry is None:
                left_out += 1
            else:
                entries.append(entry)
                room -= entry.tokens + _FRAME
        return entries, left_out

    def named(self, scenario: Scenario) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the components a scenario names, and those its words refer to.

        If it names none, those its words refer to count as named.
        """
        text = scenario.instruction[:4000]
        keys = [self.key(tag) for tag in (*scenario.components, *self.mentions(text))]
        named = tuple(dict.fromkeys(key for key in keys if key))
        spoken = self._spoken_of(text)
        return (named, spoken) if named else (spoken, ())

    def key(self, name: str) -> str | None:
        """Return the catalogue's key for any name of a component, or None."""
        return self._names.get(name) or self._names.get(kebab(name))

    def mentions(self, text: str) -> list[str]:
        """Return the keys of the components named in a text, in order; a plain word is not a name."""
        keys = []
        for match in _NAMED.finditer(text):
            word = match[0]
            marked = text[max(0, match.start() - 1) : match.start()] in ("<", "`") or "-" in word or "_" in word
            if (marked or word != word.lower()) and (key := self.key(word)):
                keys.append(key)
        return list(dict.fromkeys(keys))

    def api(self, key: str, *, brief: bool = False) -> ReferencePiece:
        """Return the API of a component, by its key in the catalogue; `brief` omits documentation and methods."""
        entry = self._apis.get((key, brief))
        if entry is None:
            component = self.catalog.components[key]
            text = api_text(component, self.catalog.usage.get(component.name), brief=brief)
            entry = self._entry("api", key, text, component.path, "usage" if component.origin == "usage" else "")
            self._apis[key, brief] = entry
        return entry

    def usage(self, key: str, named: Sequence[str] = ()) -> list[ReferencePiece]:
        """Return real uses of a component, first those that also show others of `named`."""
        if key not in self._snippets:
            cuts = self._cuts.get(key, [])
            self._snippets[key] = [self._entry("usage", key, cut.text, cut.path) for cut in cuts]
        others = [tag for tag in named if tag != key]
        return sorted(self._snippets[key], key=lambda entry: -sum(f"<{tag}" in entry.text for tag in others))

    def _entry(self, kind: str, key: str, text: str, path: str, source: str = "") -> ReferencePiece:
        text, removed = clean(text, path)
        return ReferencePiece(kind, key, text, self._count(text), source, path, tuple(sorted(removed.items())))

    def _neighbours(self) -> dict[str, dict[str, int]]:
        """Return key → the components seen around or inside it → times."""
        near: dict[str, dict[str, int]] = defaultdict(dict)
        for tag, use in sorted(self.catalog.usage.items()):
            for parent, times in sorted(use.parents.items()):
                inner, outer = self.key(tag), self.key(parent)
                if inner and outer and inner != outer:
                    near[inner][outer] = near[inner].get(outer, 0) + 2 * times  # a parent matters more than a child
                    near[outer][inner] = near[outer].get(inner, 0) + times
        return near

    def _word_weights(self) -> dict[str, list[tuple[str, float]]]:
        """Return word → `(key, weight)` of the components with the word in their name or documentation."""
        components = self.catalog.components
        firsts = Counter(component.name.partition("-")[0] for component in self.catalog if "-" in component.name)
        held: dict[str, dict[str, float]] = defaultdict(dict)
        for key in sorted(self._offered):
            component = components[key]
            first, _, rest = kebab(component.name.rpartition(".")[2]).replace("_", "-").partition("-")
            is_prefix = bool(rest) and firsts[first] >= max(2, len(components) / 20)
            tail = rest if is_prefix else f"{first}-{rest}".strip("-")
            parts = tail.split("-")
            for word in set(words_of(" ".join([component.doc, *(prop.doc for prop in component.props)]))):
                held[word][key] = 0.3
            for part in parts:
                held[part][key] = 3 / len(parts)
            if rest:
                held[rest][key] = 3.0
            held[tail][key] = 5.0
        return {
            word: sorted((key, weight * (1 + math.log(len(components) / len(keys)))) for key, weight in keys.items())
            for word, keys in held.items()
        }

    def _spoken_of(self, text: str) -> tuple[str, ...]:
        scores: dict[str, float] = defaultdict(float)
        for word, weight in spoken(text):
            for key, value in self._weights.get(word, ()):
                scores[key] += weight * value
        best = sorted(scores, key=lambda key: (-scores[key], key))
        return tuple(key for key in best[:MOST_FOUND] if scores[key] >= max(2.0, scores[best[0]] / 4))


def _offered(catalog: Catalog) -> set[str]:
    """Return the components that may be shown without being named: no pages and no internals of a framework.

    If most uses are of registered components, the framework's source was scanned, and a tag known only from its uses
    is internal. Otherwise such tags are the framework. What is known to be another package's is never shown.
    """
    components = catalog.components
    if any(component.owner for component in catalog):
        owned = {
            key for key, c in components.items() if c.owner == "framework" and (c.registered or c.origin != "source")
        }
        registered = {key for key, c in components.items() if c.owner == "application" and c.registered}
        code = {key for key, c in components.items() if c.kind != "component"}
        return owned | registered | code or {key for key, c in components.items() if c.owner != "other"}
    public = {key for key, c in catalog.components.items() if c.kind != "component" or c.registered}
    public |= {key for key, c in catalog.components.items() if c.origin == "web-types"}
    inferred = {key for key, c in catalog.components.items() if c.origin == "usage"}
    uses = [sum(catalog.components[key].uses for key in keys) for keys in (public, inferred)]
    if uses[0] <= uses[1]:
        public |= inferred
    return public or set(catalog.components)


def _kin(keys: Iterable[str]) -> dict[str, list[str]]:
    """Return key → its parts, or the whole it is a part of, by name: `el-table-column` and `el-table`."""
    names = set(keys)
    kin: dict[str, list[str]] = defaultdict(list)
    for key in sorted(names):
        whole, _, part = key.rpartition("-")
        if part in _PARTS and whole in names:
            kin[whole].append(key)
            kin[key].append(whole)
    return kin


def _size(entry: ReferencePiece) -> tuple[int, str]:
    return entry.tokens, entry.text
