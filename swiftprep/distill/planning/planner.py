"""Plan scenarios over components and intents, the least covered first, naming only what the catalogue has."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from random import Random

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.vue.markup import Use
from swiftprep.distill.planning.coverage import tally
from swiftprep.distill.planning.intents import INTENTS
from swiftprep.distill.planning.misuse import misuses
from swiftprep.distill.planning.sentences import SentenceFacts, Wording, Writer, fitting_traits, wordings
from swiftprep.distill.planning.traits import (
    askable,
    framework_tags,
    importance,
    parents_of,
    toggles,
    traits_of,
    usable,
)
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.errors import ConfigError, did_you_mean
from swiftprep.records import Sample

__all__ = ["INTENTS", "plan"]

_log = logging.getLogger(__name__)


MOST = 100_000  # scenarios per plan
_TRIES = 60  # sentences drawn for a cell before it counts as exhausted
_MATES = 6
_PARTNERS = ("table", "pager", "form", "overlay", "text", "button")
_NO_USE = Use(files=0)


def plan(
    catalog: Catalog,
    n: int,
    *,
    samples: Iterable[Sample] = (),
    scenarios: Iterable[Scenario] = (),
    langs: Sequence[Lang] = ("zh",),
    intents: Sequence[str] | None = None,
    seed: int = 42,
) -> list[Scenario]:
    """Return up to `n` scenarios, the most needed first; `plan(k)` is the beginning of `plan(n)`.

    Components that are used often or have a large API come first and more often, but every component gets its turn,
    with its least covered intent. Every prop, event, slot and component named in an instruction is in the catalogue.
    A component with an unknown API that nothing uses is left out.

    Args:
        catalog: The framework's components; functions and classes of Python and Java have fewer intents.
        n: Number of scenarios, 100,000 at most.
        samples: Existing samples; one without an `intent` in its `meta` counts as `"use"`.
        scenarios: Scenarios already asked.
        langs: Languages, in turn.
        intents: Some of `INTENTS`; None for all.
        seed: Equal seeds give equal plans.

    Raises:
        ConfigError: `n`, `langs` or `intents` is invalid, or there is nothing to ask about.

    >>> from swiftprep.catalog.api import Prop
    >>> button = Component("ta-button", props=(Prop("size", "string"),), origin="usage", uses=3)
    >>> [scenario.intent for scenario in plan(Catalog([button]), 3)]
    ['use', 'form', 'permission']
    """
    wanted = _checked(n, langs, intents)
    board = _Board(catalog, wanted, langs, seed)
    samples, scenarios = list(samples), list(scenarios)
    board.count(samples, scenarios)
    seen = {s.prompt for s in samples} | {s.instruction for s in scenarios}
    planned: list[Scenario] = []
    open_langs = list(langs)
    while len(planned) < n and open_langs:
        lang = open_langs[len(planned) % len(open_langs)]
        scenario = board.next(lang, seen)
        if scenario is None:
            open_langs.remove(lang)
            continue
        seen.add(scenario.instruction)
        planned.append(scenario)
    if len(planned) < n:
        _log.warning(
            "%d scenarios requested, only %d can be worded differently (该目录只能生成 %d 个不同的场景)",
            n, len(planned), len(planned),
        )  # fmt: skip
    return planned


def _checked(n: int, langs: Sequence[Lang], intents: Sequence[str] | None) -> list[str]:
    if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= MOST:
        message = f"n={n!r}; expected a whole number from 0 to {MOST:,} (场景数量应为 0 到 {MOST:,} 的整数)"
        raise ConfigError(message)
    if isinstance(langs, str) or not langs or set(langs) - {"zh", "en"}:
        raise ConfigError(f"langs={langs!r}; expected a list of 'zh' and 'en' (语言列表应由 zh、en 组成)")
    if isinstance(intents, str) or (intents is not None and not intents):
        raise ConfigError(f"intents={intents!r}; expected a list of intents, or None for all (应为意图列表)")
    for name in intents or ():
        if name not in INTENTS:
            known = ", ".join(INTENTS)
            raise ConfigError(
                f"unknown intent {name!r}{did_you_mean(str(name), INTENTS)}; there are {known} (没有这种意图)"
            )
    return [name for name in INTENTS if intents is None or name in intents]


class _Board:
    """The cells of component and intent, how often each is covered, and which is next."""

    def __init__(self, catalog: Catalog, intents: list[str], langs: Sequence[Lang], seed: int) -> None:
        self.catalog, self.intents, self.seed = catalog, intents, seed
        self.entries = askable(catalog)
        if not self.entries:
            raise ConfigError("the catalogue has no component to ask about (组件目录为空，无法规划场景)")
        ours = framework_tags(catalog)
        self.uses = {tag: catalog.usage.get(tag, _NO_USE) for tag in self.entries}
        self.traits = {tag: traits_of(c, self.uses[tag], own=tag not in ours) for tag, c in self.entries.items()}
        self.weight = {
            tag: importance(c) * (0.5 if "own" in self.traits[tag] else 1) for tag, c in self.entries.items()
        }
        self.order = sorted(self.entries, key=lambda tag: (-self.weight[tag], tag))
        self.children: dict[str, list[str]] = {}
        self.files: dict[str, list[str]] = {}
        for tag in self.order:
            self.files.setdefault(self.entries[tag].path, []).append(tag)
            for parent in self.uses[tag].parents:
                self.children.setdefault(parent, []).append(tag)
        public = [tag for tag in self.order if "any" in self.traits[tag]]
        self.partners = {kind: [t for t in public if self.traits[t][0] == kind][:2] for kind in _PARTNERS}
        self.partners["card"] = [tag for tag in public if tag.endswith("card")][:2]
        # An intent that fits few components goes to those first: paging to tables.
        self.fitting = {
            intent: sum(not fitting_traits(intent).isdisjoint(traits) for traits in self.traits.values()) or len(ours)
            for intent in intents
        }
        draw = Random(seed)
        self.writers = {
            lang: Writer(lang, framework=catalog.framework, vue=catalog.vue_version, draw=draw) for lang in langs
        }
        self.draw = draw
        self.cells: Counter[tuple[str, str]] = Counter()
        self.asked: Counter[str] = Counter()
        self.of_intent: Counter[str] = Counter()
        self.planned: Counter[str] = Counter()
        self.closed: set[tuple[str, str, str]] = set()
        self._facts: dict[str, SentenceFacts] = {}
        self._wordings: dict[tuple[str, str, str], list[Wording]] = {}
        self.heap: list[tuple[float, int]] = []

    def count(self, samples: list[Sample], scenarios: list[Scenario]) -> None:
        """Count what is covered; samples without an intent do not affect which component is next."""
        for (tag, intent), times in (tally(self.catalog, samples) + tally(self.catalog, scenarios)).items():
            self.cells[tag, intent if intent in INTENTS else "use"] += times
            if intent in INTENTS:
                self.asked[tag] += times
                self.of_intent[intent] += times
        self.heap = [(self._need(tag), place) for place, tag in enumerate(self.order)]
        heapq.heapify(self.heap)

    def _need(self, tag: str) -> float:
        return -self.weight[tag] / (1 + self.asked[tag])

    def next(self, lang: Lang, seen: set[str]) -> Scenario | None:
        """Return the most needed scenario, or None when nothing is left in this language."""
        tried: list[tuple[float, int]] = []
        scenario = None
        while self.heap and scenario is None:
            _, place = heapq.heappop(self.heap)
            scenario = self._ask(self.order[place], lang, seen)
            tried.append((self._need(self.order[place]), place))
        for entry in tried:
            heapq.heappush(self.heap, entry)
        return scenario

    def _ask(self, tag: str, lang: Lang, seen: set[str]) -> Scenario | None:
        ranked = sorted(
            (intent for intent in self.intents if (tag, intent, lang) not in self.closed),
            key=lambda intent: (self.cells[tag, intent], self.of_intent[intent] * self.fitting[intent] ** 0.5),
        )
        for intent in ranked:
            key = (tag, intent, lang)
            if key not in self._wordings:
                self._wordings[key] = wordings(self.facts(tag), intent, lang)
            choices = self._wordings[key]
            if choices:
                level = max(INTENTS[intent].level, self.planned[intent] % 3 + 1)
                for attempt in range(_TRIES):
                    more = level - INTENTS[intent].level + attempt // 20
                    text, used, domain = self.writers[lang].write(self.facts(tag), intent, choices, more)
                    if text not in seen:
                        return self._record(text, used, intent, lang, level, domain)
            self.closed.add(key)
        return None

    def _record(self, text: str, used: tuple[str, ...], intent: str, lang: Lang, level: int, domain: str) -> Scenario:
        self.asked[used[0]] += 1
        for tag in used:
            self.cells[tag, intent] += 1
        self.of_intent[intent] += 1
        self.planned[intent] += 1
        meta = {"source": "planned", "domain": domain}
        return Scenario(text, components=used, intent=intent, lang=lang, level=level, meta=meta)

    def facts(self, tag: str) -> SentenceFacts:
        """Return what sentences can say about a component; it is read once."""
        if tag not in self._facts:
            self._facts[tag] = self._read(tag)
        return self._facts[tag]

    def _read(self, tag: str) -> SentenceFacts:
        component, use = self.entries[tag], self.uses[tag]
        if component.kind != "component":
            return self._of_code(component)
        model = component.model or ("", "")
        own = [p for p in component.props if not p.origin] or component.props
        props = [kebab(p.name) for p in own if usable(p.name) and p.name != model[0]]
        events = [e.name for e in component.events if usable(e.name) and e.name not in (model[1], "input")]
        arrays = [kebab(p.name) for p in own if "array" in p.type.lower() and p.name != model[0]]
        known = {kebab(p.name) for p in component.props}
        names = {
            "prop": tuple(dict.fromkeys(props)),
            "event": tuple(dict.fromkeys(events)),
            "slot": tuple(dict.fromkeys(s.name for s in component.slots if usable(s.name) and s.name != "default")),
            "array": tuple(arrays),
            "toggle": tuple(toggles(component)),
            "loading": ("loading",) if "loading" in known else (),
            "disabled": ("disabled",) if "disabled" in known else (),
            **{name: (value,) for name, value in self._frame().items() if value},
        }
        choices = tuple((kebab(p.name), v.strip("'\"")) for p in own for v in p.values if usable(v.strip("'\"")))
        return SentenceFacts(
            tag, self.traits[tag], names, self._others(component, use), choices,
            misuses(component, self.catalog, self.seed) if "troubleshooting" in self.intents else None,
        )  # fmt: skip

    def _frame(self) -> dict[str, str]:
        return {"framework": self.catalog.framework, "vue": self.catalog.vue_version}

    def _others(self, component: Component, use: Use) -> dict[str, tuple[str, ...]]:
        """Return related components: those seen around or inside this one, else the framework's main ones."""
        tag = component.name
        parents = parents_of(component, use, self.entries)
        near = [other for other in [*parents, *self.children.get(tag, ())] if other != tag]
        others = {kind: tuple(other for other in top if other != tag)[:1] for kind, top in self.partners.items()}
        others["parent"] = tuple(parents[:1])
        if not near:
            mine = {self.traits[tag][0], "item", "field"}
            public = (t for t in self.order if "any" in self.traits[t] and self.traits[t][0] not in mine)
            near = [*islice(public, _MATES)] or [t for t in self.order[: _MATES + 1] if t != tag]
        others["mate"] = tuple(dict.fromkeys(near))[:_MATES]
        return others

    def _of_code(self, component: Component) -> SentenceFacts:
        tag = component.name
        names = {
            "prop": tuple(p.name for p in component.props if usable(p.name) and p.name not in ("self", "cls")),
            "method": tuple(m.name for m in component.methods if usable(m.name)),
            "language": ("Java" if component.path.endswith(".java") else "Python",),
        }
        near = [t for t in self.files[component.path] if t != tag]
        near = near or [t for t in self.order[: _MATES + 1] if t != tag and "code" in self.traits[t]]
        mistakes = misuses(component, self.catalog, self.seed) if "troubleshooting" in self.intents else None
        return SentenceFacts(tag, self.traits[tag], names, {"mate": tuple(near[:_MATES])}, (), mistakes)
