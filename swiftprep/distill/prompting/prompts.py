"""What is said to a teacher: the question, its mending, its judging, and how a scenario evolves.

The same catalogue and the same scenario give the same bytes: the messages are the key an answer is stored under. The
wordings are in `assets/distill/prompts.zh.yaml` and `prompts.en.yaml`.

Sources: the article's section 1.2 for the form of the reasoning; Xu et al. 2023 (Evol-Instruct, arXiv 2304.12244)
for the ways a task is rewritten; Zheng et al. 2023 (arXiv 2306.05685) for a model as judge.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol, TypeAlias

import yaml
from jinja2 import Environment, StrictUndefined

from swiftprep.catalog.api import Component
from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.prompting.evolving import read_evolved
from swiftprep.distill.prompting.guard import clean, enclose, mark_for
from swiftprep.distill.prompting.judging import read_judgement
from swiftprep.distill.prompting.retrieval import ReferencePiece, Retriever
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.errors import ConfigError, did_you_mean
from swiftprep.quality.rules.length import estimate
from swiftprep.records import Message, Sample
from swiftprep.teachers.request import Reasoning

__all__ = ["OPERATIONS", "Prompt", "Prompter", "read_evolved", "read_judgement"]

Operation: TypeAlias = Literal["deepen", "constrain", "concretise", "reason", "broaden"]
OPERATIONS: tuple[Operation, ...] = ("deepen", "constrain", "concretise", "reason", "broaden")
REASONINGS: tuple[Reasoning, ...] = ("inline", "think", "none")

_LANGUAGES = {".py": "Python", ".java": "Java"}
_LONGEST_ANSWER = 100_000  # characters of an answer that goes back to be mended
_HAN = re.compile("[\u3400-\u9fff]")
_ENGINE = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class Told(Protocol):
    """A problem to tell a teacher of, in English and in Chinese, such as a `verify.Flaw`."""

    @property
    def message(self) -> str:
        """What is wrong, in English."""

    @property
    def message_zh(self) -> str:
        """What is wrong, in Chinese."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to a teacher.

    Attributes:
        messages: The system prompt and the question.
        components: The components whose API it shows.
        neutralised: What was made powerless in it, by kind (`guard.KINDS`).
        left_out: How many pieces of reference the budget had no room for.
        where: Kind of what was neutralised → the files it was in, or the scenario's id.
    """

    messages: tuple[Message, ...]
    components: tuple[str, ...] = ()
    neutralised: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Prompter:
    """Words the questions to a teacher about one catalogue.

    >>> from swiftprep.catalog.api import Prop
    >>> catalog = Catalog([Component("ta-table", props=(Prop("columns", "array"),))], framework="ta404")
    >>> prompt = Prompter(catalog).ask(Scenario("做一个用户表格"))
    >>> prompt.components, [message["role"] for message in prompt.messages]
    (('ta-table',), ['system', 'user'])
    """

    def __init__(
        self,
        catalog: Catalog | None = None,
        *,
        examples: Iterable[Sample] = (),
        reasoning: Reasoning = "inline",
        budget: int = 3000,
        framework: str | None = None,
        vue_version: str | None = None,
        count: Callable[[str], int] = estimate,
    ) -> None:
        """Index the catalogue and the examples.

        Args:
            catalog: The components; without one the questions have no reference.
            examples: Samples whose answers use them, to show uses from; those of the training side alone.
            reasoning: The form the reasoning is asked for in: numbered considerations before the code (`"inline"`),
                a `<think>` block (`"think"`), or none.
            budget: The most tokens of reference to show; the rest of a prompt is some 900.
            framework: The framework's name; the catalogue's when it is not given.
            vue_version: The version of Vue; the catalogue's when it is not given.
            count: Counts the tokens of a text.

        Raises:
            ConfigError: there is no such form of reasoning, or the budget is negative.
        """
        if reasoning not in REASONINGS:
            raise ConfigError(
                f"reasoning={reasoning!r}; expected one of {', '.join(REASONINGS)}"
                f"{did_you_mean(str(reasoning), REASONINGS)} (没有这种推理形式)"
            )
        if budget < 0:
            raise ConfigError(f"budget={budget}; expected 0 or more tokens (预算不能为负)")
        self.catalog = catalog if catalog is not None else Catalog()
        self.reasoning: Reasoning = reasoning
        self.framework = _one_line(self.catalog.framework if framework is None else framework)
        self.vue_version = _one_line(vue_version or self.catalog.vue_version)
        self.retriever = Retriever(self.catalog, examples, budget=budget, count=count)

    def ask(self, scenario: Scenario) -> Prompt:
        """Return the question: the rules, the API and the uses that fit into the budget, and the task."""
        found = self.retriever.find(scenario)
        task, removed = clean(scenario.instruction, instructions=False)
        fenced = _fenced(found.entries, ("task", task))
        components = self.catalog.components
        keys = [self.retriever.key(tag) for tag in scenario.components]
        values = self._values(found.named) | {
            "reference": "\n\n".join(fenced[:-1]),
            "task": fenced[-1],
            "must": list(dict.fromkeys(components[key].name for key in keys if key)),
        }
        words = _words(scenario.lang)
        hints = [words["hints"].get(scenario.intent, ""), words["levels"].get(scenario.level, "")]
        values["hint"] = _filled("\n".join(hint for hint in hints if hint), values)
        where = {kind: {scenario.id} for kind in removed}
        for entry in found.entries:
            removed.update(dict(entry.removed))
            for kind, _ in entry.removed:
                where.setdefault(kind, set()).add(entry.path)
        return Prompt(
            messages=_said(words["system"], words["task"], values),
            components=found.components,
            neutralised=dict(sorted(removed.items())),
            left_out=found.left_out,
            where={kind: tuple(sorted(paths)) for kind, paths in sorted(where.items())},
        )

    def mend(self, messages: Sequence[Message], answer: str, flaws: Iterable[Told]) -> tuple[Message, ...]:
        """Return the conversation carried on: the answer, what is wrong with it, and the wish for a whole new one.

        The answer goes back as it came, unless it is longer than any good one; only lone surrogates, which no request
        can hold, are replaced. The API of the components that the problems name is added where it was not shown before.

        Args:
            messages: What was asked, by `ask` or by an earlier `mend`.
            answer: What was answered.
            flaws: What is wrong with it.
        """
        lang: Lang = "zh" if messages and _HAN.match(messages[0]["content"]) else "en"
        told = list(flaws)
        texts = [_one_line(flaw.message_zh if lang == "zh" else flaw.message) for flaw in told]
        problems = [clean(text, instructions=False)[0] for text in texts]
        before = "\n".join(message["content"] for message in messages if message["role"] == "user")
        keys = [key for flaw in told for key in self.retriever.mentions(flaw.message) if f' of="{key}"' not in before]
        entries = self.retriever.apis(dict.fromkeys(keys))
        values = self._values(()) | {"problems": problems, "reference": "\n\n".join(_fenced(entries))}
        return (
            *messages,
            {"role": "assistant", "content": answer[:_LONGEST_ANSWER].encode("utf-8", "replace").decode("utf-8")},
            {"role": "user", "content": _filled(_words(lang)["mend"], values)},
        )

    def judge(self, scenario: Scenario, answer: str) -> tuple[Message, ...]:
        """Return what asks a model for a score from 1 to 5 of an answer; `read_judgement` reads what it says.

        The answer is data: it stands between delimiters, and what in it speaks to a model or asks for a score is taken
        out.
        """
        named = self.retriever.named(scenario)[0]
        entries = self.retriever.apis(dict.fromkeys([*named, *self.retriever.mentions(answer[:20_000])]))
        task = clean(scenario.instruction, instructions=False)[0]
        fenced = _fenced(entries, ("task", task), ("answer", clean(answer, scores=True)[0]))
        values = self._values(named) | {
            "reference": "\n\n".join(fenced[:-2]),
            "task": fenced[-2],
            "answer": fenced[-1],
        }
        words = _words(scenario.lang)
        return _said(words["judge_system"], words["judge"], values)

    def evolve(self, scenario: Scenario, how: Operation) -> tuple[Message, ...]:
        """Return what asks a model to rewrite a scenario's instruction; `read_evolved` reads what it says.

        Args:
            scenario: The scenario.
            how: `"deepen"`, `"constrain"`, `"concretise"` or `"reason"` (evolving in depth), or `"broaden"` (a new task
                of the same kind).

        Raises:
            ConfigError: there is no such operation.
        """
        if how not in OPERATIONS:
            raise ConfigError(
                f"operation {how!r}; expected one of {', '.join(OPERATIONS)}{did_you_mean(str(how), OPERATIONS)}"
                " (没有这种改写方式)"
            )
        found = self.retriever.find(scenario)
        entries = [entry for entry in found.entries if entry.kind == "api"]
        fenced = _fenced(entries, ("task", clean(scenario.instruction, instructions=False)[0]))
        words = _words(scenario.lang)
        values = self._values(found.named) | {
            "reference": "\n\n".join(fenced[:-1]),
            "task": fenced[-1],
        }
        values["operation"] = _filled(words["operations"][how], values)
        return _said(words["evolve_system"], words["evolve"], values)

    def _values(self, named: Sequence[str]) -> dict[str, Any]:
        """Return what every template can use."""
        components = self.catalog.components
        about: list[Component] = [components[key] for key in named] or list(self.catalog)
        is_vue = not about or any(component.kind == "component" for component in about)
        suffixes = Counter(component.path[component.path.rfind(".") :].lower() for component in about)
        languages = [_LANGUAGES[suffix] for suffix, _ in suffixes.most_common() if suffix in _LANGUAGES]
        return {
            "known": bool(components),
            "framework": self.framework,
            "vue": is_vue and (bool(about) or bool(self.catalog.framework)),
            "version": self.vue_version,
            "vue2": self.vue_version.startswith("2"),
            "language": "" if is_vue or not languages else languages[0],
            "reasoning": self.reasoning,
        }


def _fenced(entries: Iterable[ReferencePiece], *texts: tuple[str, str]) -> list[str]:
    """Return entries and `(kind, text)`s between delimiters that none of them can forge."""
    entries = list(entries)
    mark = mark_for([*(entry.text for entry in entries), *(text for _, text in texts)])
    shown = [enclose(e.text, mark, kind=e.kind, of=e.of, source=e.source) for e in entries]
    return shown + [enclose(text, mark, kind=kind) for kind, text in texts]


def _said(system: str, user: str, values: dict[str, Any]) -> tuple[Message, ...]:
    return (
        {"role": "system", "content": _filled(system, values)},
        {"role": "user", "content": _filled(user, values)},
    )


def _filled(template: str, values: dict[str, Any]) -> str:
    return _compiled(template)(values).strip()


@cache
def _compiled(template: str) -> Callable[[dict[str, Any]], str]:
    return _ENGINE.from_string(template).render


@cache
def _words(lang: str) -> dict[str, Any]:
    if lang not in ("zh", "en"):
        raise ConfigError(f"lang={lang!r}; expected 'zh' or 'en' (语言只能是 zh 或 en)")
    text = (files("swiftprep") / "assets" / "distill" / f"prompts.{lang}.yaml").read_text(encoding="utf-8")
    words: dict[str, Any] = yaml.safe_load(text)
    return words


def _one_line(text: str) -> str:
    return " ".join(text.split())
