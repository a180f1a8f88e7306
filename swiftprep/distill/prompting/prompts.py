"""Write the messages to a teacher: questions, repairs, judgements and rewrites of scenarios.

The same catalogue and the same scenario give the same bytes, as answers are stored under a hash of the messages. The
wordings are in `assets/distill/prompts.zh.yaml` and `prompts.en.yaml`.

Sources: the article's section 1.2 for the form of the reasoning; Xu et al. 2023 (Evol-Instruct, arXiv 2304.12244)
for the ways a task is rewritten; Zheng et al. 2023 (arXiv 2306.05685) for a model as judge.
"""

from __future__ import annotations

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
from swiftprep.text.characters import HAN

__all__ = ["OPERATIONS", "Prompt", "Prompter", "read_evolved", "read_judgement"]

Operation: TypeAlias = Literal["deepen", "constrain", "concretise", "reason", "broaden"]
OPERATIONS: tuple[Operation, ...] = ("deepen", "constrain", "concretise", "reason", "broaden")
REASONINGS: tuple[Reasoning, ...] = ("inline", "think", "none")

_LANGUAGES = {".py": "Python", ".java": "Java"}
_LONGEST_ANSWER = 100_000  # characters of an answer that is sent back for repair
_ENGINE = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class Told(Protocol):
    """A problem to report to a teacher, in English and in Chinese, such as a `verify.Flaw`."""

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
        components: The components with their API in it.
        neutralised: Number of things neutralised, by kind (`guard.KINDS`).
        left_out: Number of reference pieces left out to keep the budget.
        where: Kind of thing neutralised → the files it was in, or the scenario's id.
    """

    messages: tuple[Message, ...]
    components: tuple[str, ...] = ()
    neutralised: dict[str, int] = field(default_factory=dict)
    left_out: int = 0
    where: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Prompter:
    """Write the prompts about one catalogue.

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
            catalog: The components; without one the prompts have no reference.
            examples: Training samples whose answers use them, as a source of real uses; never held-out ones.
            reasoning: The form to ask the reasoning in: numbered considerations before the code (`"inline"`), a
                `<think>` block (`"think"`), or none.
            budget: Most tokens of reference to show; the rest of a prompt is some 900.
            framework: The framework's name; by default the catalogue's.
            vue_version: The version of Vue; by default the catalogue's.
            count: Counts the tokens of a text.

        Raises:
            ConfigError: the form of reasoning is unknown, or the budget is negative.
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
        """Return the prompt for a scenario: the rules, the API and uses that fit the budget, and the task."""
        retrieved = self.retriever.find(scenario)
        task, removed = clean(scenario.instruction, instructions=False)
        fenced = _fenced(retrieved.entries, ("task", task))
        components = self.catalog.components
        keys = [self.retriever.key(tag) for tag in scenario.components]
        values = self._values(retrieved.named) | {
            "reference": "\n\n".join(fenced[:-1]),
            "task": fenced[-1],
            "must": list(dict.fromkeys(components[key].name for key in keys if key)),
        }
        words = _words(scenario.lang)
        hints = [words["hints"].get(scenario.intent, ""), words["levels"].get(scenario.level, "")]
        values["hint"] = _filled("\n".join(hint for hint in hints if hint), values)
        where = {kind: {scenario.id} for kind in removed}
        for entry in retrieved.entries:
            removed.update(dict(entry.removed))
            for kind, _ in entry.removed:
                where.setdefault(kind, set()).add(entry.path)
        return Prompt(
            messages=_conversation(words["system"], words["task"], values),
            components=retrieved.components,
            neutralised=dict(sorted(removed.items())),
            left_out=retrieved.left_out,
            where={kind: tuple(sorted(paths)) for kind, paths in sorted(where.items())},
        )

    def mend(self, messages: Sequence[Message], answer: str, flaws: Iterable[Told]) -> tuple[Message, ...]:
        """Return the conversation with a request to repair the answer: its flaws, and a call for a complete new one.

        The answer is sent back unchanged, but cut if it is longer than any good one, and with lone surrogates, which
        no request can hold, replaced. The API of components that the flaws name is added unless it was shown before.

        Args:
            messages: The prompt, from `ask` or an earlier `mend`.
            answer: The teacher's answer.
            flaws: Its flaws.
        """
        lang: Lang = "zh" if messages and HAN.match(messages[0]["content"]) else "en"
        flaws = list(flaws)
        texts = [_one_line(flaw.message_zh if lang == "zh" else flaw.message) for flaw in flaws]
        problems = [clean(text, instructions=False)[0] for text in texts]
        before = "\n".join(message["content"] for message in messages if message["role"] == "user")
        keys = [key for flaw in flaws for key in self.retriever.mentions(flaw.message) if f' of="{key}"' not in before]
        entries = self.retriever.apis(dict.fromkeys(keys))
        values = self._values(()) | {"problems": problems, "reference": "\n\n".join(_fenced(entries))}
        return (
            *messages,
            {"role": "assistant", "content": answer[:_LONGEST_ANSWER].encode("utf-8", "replace").decode("utf-8")},
            {"role": "user", "content": _filled(_words(lang)["mend"], values)},
        )

    def judge(self, scenario: Scenario, answer: str) -> tuple[Message, ...]:
        """Return the messages that ask a judge to score an answer from 1 to 5; `read_judgement` reads its reply.

        The answer is data: it is enclosed in delimiters, and instructions to a model or requests for a score are
        removed from it.
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
        return _conversation(words["judge_system"], words["judge"], values)

    def evolve(self, scenario: Scenario, how: Operation) -> tuple[Message, ...]:
        """Return the messages that ask a model to rewrite a scenario; `read_evolved` reads its reply.

        Args:
            scenario: The scenario.
            how: `"deepen"`, `"constrain"`, `"concretise"` or `"reason"` (evolving in depth), or `"broaden"` (a new task
                of the same kind).

        Raises:
            ConfigError: the operation is unknown.
        """
        if how not in OPERATIONS:
            raise ConfigError(
                f"operation {how!r}; expected one of {', '.join(OPERATIONS)}{did_you_mean(str(how), OPERATIONS)}"
                " (没有这种改写方式)"
            )
        retrieved = self.retriever.find(scenario)
        entries = [entry for entry in retrieved.entries if entry.kind == "api"]
        fenced = _fenced(entries, ("task", clean(scenario.instruction, instructions=False)[0]))
        words = _words(scenario.lang)
        values = self._values(retrieved.named) | {
            "reference": "\n\n".join(fenced[:-1]),
            "task": fenced[-1],
        }
        values["operation"] = _filled(words["operations"][how], values)
        return _conversation(words["evolve_system"], words["evolve"], values)

    def _values(self, named: Sequence[str]) -> dict[str, Any]:
        """Return the variables that every template can use."""
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
    """Return entries and pairs `(kind, text)`, each between delimiters that none of them can forge."""
    entries = list(entries)
    mark = mark_for([*(entry.text for entry in entries), *(text for _, text in texts)])
    enclosed = [enclose(e.text, mark, kind=e.kind, of=e.of, source=e.source) for e in entries]
    return enclosed + [enclose(text, mark, kind=kind) for kind, text in texts]


def _conversation(system: str, user: str, values: dict[str, Any]) -> tuple[Message, ...]:
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
