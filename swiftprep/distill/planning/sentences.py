"""Write instructions: sentences from `assets/distill`, with slots filled from the catalogue."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, TypeVar

import yaml

from swiftprep.distill.planning.misuse import Misuse
from swiftprep.distill.scenario import Lang

_SLOT = re.compile(r"\{([a-z]+)([123]?)\}")
_OF_DOMAIN = frozenset("domain key column field action".split())
_WRONG = frozenset(("snippet", "wrong", "right"))
_TYPED = ("text", "date", "number", "choice", "flag")
_ARTICLE = re.compile(r"(?<![\w`<])([Aa]) (?=(?:[aeio]|u(?!se|ni)|API|HTTP)(?!ne\b)[\w-]*)")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SentenceFacts:
    """The values for the slots of sentences about one component.

    Attributes:
        tag: Its name.
        traits: From `traits_of`.
        names: Slot → names that fit, such as `"prop"` → its props.
        others: Slot → other components that fit, for `"table"`, `"parent"`, `"mate"` …
        choices: Pairs of a prop and a value it takes.
        misuses: Kind → mistakes to ask about.
    """

    tag: str
    traits: tuple[str, ...]
    names: dict[str, tuple[str, ...]]
    others: dict[str, tuple[str, ...]]
    choices: tuple[tuple[str, str], ...] = ()
    misuses: dict[str, list[Misuse]] | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """A sentence with slots, and the trait it is for."""

    text: str
    trait: str


@lru_cache(maxsize=2)
def phrases(lang: Lang) -> dict[str, Any]:
    """Return the sentences and domains of a language."""
    text = (files("swiftprep") / "assets" / "distill" / f"scenarios.{lang}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


@lru_cache(maxsize=2)
def _table(lang: Lang) -> dict[str, dict[str, list[Wording]]]:
    """Return the wordings by intent and trait."""
    table: dict[str, dict[str, list[Wording]]] = {}
    for intent, groups in phrases(lang)["intents"].items():
        by_trait = table.setdefault(intent, {})
        for traits, texts in groups.items():
            for trait in traits.split():
                by_trait.setdefault(trait, []).extend(Wording(text, trait) for text in texts)
    return table


def fitting_traits(intent: str) -> set[str]:
    """Return the traits that an intent has sentences for."""
    return {*_table("zh")[intent]}


def wordings(facts: SentenceFacts, intent: str, lang: Lang) -> list[Wording]:
    """Return the sentences of an intent that this component can fill; `[]` when the intent does not fit."""
    traits = tuple(facts.misuses or ()) if intent == "troubleshooting" else facts.traits
    by_trait = _table(lang)[intent]
    return [w for trait in traits for w in by_trait.get(trait, ()) if fits(w.text, facts)]


def fits(text: str, facts: SentenceFacts) -> bool:
    """Return whether every slot of a sentence can be filled for this component."""
    need: dict[str, int] = {}
    for slot, number in _SLOT.findall(text):
        need[slot] = max(need.get(slot, 1), int(number or 1))
    for slot, count in need.items():
        if slot in _OF_DOMAIN or slot in _WRONG or slot in ("tag", "rows", "library"):
            continue
        if slot in ("choice", "value"):
            if not facts.choices:
                return False
        elif len(facts.others.get(slot, facts.names.get(slot, ()))) < count:
            return False
    return True


class Writer:
    """Write instructions in one language, preferring what was drawn least so far.

    Attributes:
        lang: The language.
        framework: The framework's name, or `""`.
        vue: Vue's version.
        draw: Chooses between options drawn equally often.
    """

    def __init__(self, lang: Lang, *, framework: str, vue: str, draw: Random) -> None:
        self.lang: Lang = lang
        self.draw = draw
        self.frame = {"framework": framework, "vue": vue}
        self._drawn: Counter[str] = Counter()
        leads = phrases(lang)["leads"]
        self._leads = [lead for lead in leads if framework or "{framework}" not in lead]
        ours = framework.lower().replace("-", " ")
        self._libraries = [name for name in phrases(lang)["libraries"] if name.lower() != ours]

    def write(
        self, facts: SentenceFacts, intent: str, choices: Sequence[Wording], more: int
    ) -> tuple[str, tuple[str, ...], str]:
        """Return an instruction, the components it names, and the key of its domain.

        Args:
            facts: The component it is about.
            intent: The intent.
            choices: Sentences from `wordings`.
            more: Number of requirements to add to the sentence.
        """
        wording = self._least([*choices], lambda w: f"{intent}/{w.text}")
        domain = self._least(phrases(self.lang)["domains"], lambda d: f"domain/{d['key']}")
        filled = self._values(facts, wording, domain)
        parts = [wording.text]
        for _ in range(more):
            extra = self._extra(facts, intent, filled, parts)
            if extra:
                parts.append(extra)
        lead = ""
        if intent != "troubleshooting" and "code" not in facts.traits and self.draw.random() < 0.4:
            lead = self._least(self._leads, lambda text: f"lead/{text}")
        gap = "" if self.lang == "zh" else " "
        text = gap.join([lead, *parts] if lead else parts)
        used = [facts.tag]

        def put(match: re.Match[str]) -> str:
            slot = match[1] + match[2]
            value = filled[slot]
            if match[1] in facts.others and value not in used:
                used.append(value)
            return value

        text = _tidy(_SLOT.sub(put, text), str(domain["name"]), self.lang)
        return text, tuple(used), str(domain["key"])

    def _extra(self, facts: SentenceFacts, intent: str, filled: dict[str, str], parts: list[str]) -> str:
        extras = phrases(self.lang)["extras"]
        if intent in extras and "code" not in facts.traits:
            pool = list(extras[intent])
        else:
            pool = [t for key, texts in extras.items() if set(key.split()) & set(facts.traits) for t in texts]
            pool += extras["facts"] if "any" in facts.traits or "own" in facts.traits else []
        mentioned = _named(" ".join(parts))
        pool = [text for text in pool if text not in parts and fits(text, facts) and not mentioned & _named(text)]
        if not pool:
            return ""
        text: str = self._least(pool, lambda t: f"extra/{t}")
        for slot in sorted(_named(text) - filled.keys()):
            filled.update(self._facts(facts, slot))
        return text

    def _values(self, facts: SentenceFacts, wording: Wording, domain: dict[str, Any]) -> dict[str, str]:
        """Return a value for each slot of a sentence."""
        draw, values = self.draw, {**self.frame, "tag": facts.tag}
        slots = {slot for slot, _ in _SLOT.findall(wording.text)}
        values |= {"domain": domain["name"], "key": domain["key"]}
        columns = [name for kind in _TYPED[:4] for name in domain[kind]]
        kind = next((t for t in facts.traits if t in _TYPED), "")
        values["field"] = draw.choice(domain[kind] if kind else columns)
        values |= _numbered("column", draw.sample(columns, 3)) | _numbered("action", draw.sample(domain["actions"], 2))
        values["rows"] = draw.choice(phrases(self.lang)["rows"])
        values["library"] = draw.choice(self._libraries)
        if slots & _WRONG and facts.misuses:
            misuse = draw.choice(facts.misuses[wording.trait])
            values |= misuse._asdict()
        for slot in sorted(slots):
            if slot not in values:
                values |= self._facts(facts, slot)
        return values

    def _facts(self, facts: SentenceFacts, slot: str) -> dict[str, str]:
        if slot in ("choice", "value"):
            prop, value = self.draw.choice(facts.choices)
            return {"choice": prop, "value": value}
        names = facts.others.get(slot, facts.names.get(slot, ()))
        return _numbered(slot, self.draw.sample(names, min(3, len(names))))

    def _least(self, options: Sequence[T], name: Any) -> T:
        """Return the option drawn least often so far; a random one of several."""
        fewest = min(self._drawn[name(option)] for option in options)
        chosen = self.draw.choice([option for option in options if self._drawn[name(option)] == fewest])
        self._drawn[name(chosen)] += 1
        return chosen


def _tidy(text: str, domain: str, lang: Lang) -> str:
    """Write `商品的名称` for `商品的商品名称`, and `an order` for `a order`."""
    if lang == "zh":
        return re.sub(f"{domain}的{domain}(?=[\u4e00-\u9fff]{{2}})", f"{domain}的", text)
    return _ARTICLE.sub(r"\1n ", text)


def _named(text: str) -> set[str]:
    """Return the slots of a sentence; an API name is not to be mentioned twice."""
    return {slot for slot, _ in _SLOT.findall(text)} - {"tag"}


def _numbered(slot: str, names: Sequence[str]) -> dict[str, str]:
    """Return `slot`, `slot1`, `slot2` … for a series of names."""
    numbered = {f"{slot}{number}": name for number, name in enumerate(names, start=1)}
    return numbered | {slot: numbered[f"{slot}1"]} if numbered else {}
