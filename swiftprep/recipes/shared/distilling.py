"""What the recipes that distil have in common: whom to ask, what to ask, and what to tell of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Protocol

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.budget import Budget
from swiftprep.distill.distiller import Distiller
from swiftprep.distill.planning.coverage import coverage, plot_coverage
from swiftprep.distill.preview import Preview
from swiftprep.distill.reading.scenario_files import load_scenarios
from swiftprep.distill.result import Result, ScenarioRecord
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.compiler import Compiler
from swiftprep.errors import ConfigError, DistillStopped, did_you_mean
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.distill_settings import AskConfig, TeacherConfig
from swiftprep.records import Sample
from swiftprep.teachers.protocol import Limits, TeacherProtocol
from swiftprep.teachers.providers import PROVIDERS
from swiftprep.teachers.teacher import Teacher

# The embedded teacher takes a minute for an answer on two cores, which is not worth waiting for.
EMBEDDED_SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 128}
_USERS_TO_MEND = ("auth", "not-found", "redirect")
_MOST_SHOWN = 20


class Settings(Protocol):
    """What both recipes' settings have."""

    teacher: TeacherConfig
    judge: TeacherConfig | None
    distill: AskConfig
    output_dir: Path
    seed: int


@dataclass(frozen=True, slots=True)
class Distilled:
    """What came of it.

    Attributes:
        experts: Of the experts' answers; None when there were none to read.
        asked: Of the teacher's; None when nothing was asked.
        preview: In place of that, after a dry run.
        scenarios: What the teacher was asked, or would be.
        teacher: Its identity, and the host it is at; empty when nothing was asked.
    """

    experts: Result | None
    asked: Result | None
    preview: Preview | None
    scenarios: list[Scenario]
    teacher: dict[str, str]

    @property
    def samples(self) -> list[Sample]:
        """The verified answers; where an expert and the teacher answered one scenario, the expert's."""
        kept: dict[str, Sample] = {}
        for result in (self.experts, self.asked):
            for sample in result.samples if result else ():
                kept.setdefault(sample.id, sample)
        return list(kept.values())

    @property
    def records(self) -> list[ScenarioRecord]:
        """What became of each scenario, experts first."""
        return [record for result in (self.experts, self.asked) if result for record in result.records]


def shipped_experts() -> Path:
    """Return the folder of experts' answers for the demonstration application."""
    return Path(str(files("swiftprep") / "assets" / "distill" / "experts"))


def make_teacher(config: TeacherConfig) -> TeacherProtocol:
    """Return the teacher that a recipe's settings describe; without any, the embedded one, served on this machine.

    Raises:
        ConfigError: something in the settings is wrong.
        MissingDependencyError: the embedded one is not installed.
    """
    if config.provider is not None and config.base_url is not None:
        raise ConfigError("teacher: give provider or base_url, not both (provider 与 base_url 只能填一个)")
    if config.provider is not None and config.provider not in PROVIDERS:
        near = did_you_mean(config.provider, PROVIDERS) or f"; known: {', '.join(PROVIDERS)}"
        raise ConfigError(f"teacher.provider={config.provider!r}: not known{near}; or give base_url (没有这个服务商)")
    endpoint = config.base_url or config.provider
    if endpoint is None:
        if config.model is not None and not config.model.endswith(".gguf"):
            raise ConfigError(f"teacher.model={config.model!r}: whose is it? Give provider or base_url (请指定服务商)")
        return Teacher.local(config.model, sampling={**EMBEDDED_SAMPLING, **config.sampling})
    if config.model is None:
        raise ConfigError(f"teacher.model: which model of {endpoint}? (请指定模型)")
    return Teacher(
        endpoint,
        config.model,
        config.api_key_env,
        sampling=config.sampling,
        limits=Limits(
            concurrency=config.concurrency,
            requests_per_minute=config.requests_per_minute,
            tokens_per_minute=config.tokens_per_minute,
            batch_hours=config.batch_hours,
        ),
        price=config.price,
        stream=config.stream,
        deadline=config.deadline,
        version=config.version,
    )


def distil(
    config: Settings, catalog: Catalog, examples: Iterable[Sample], *, is_demo: bool, dry_run: bool
) -> Distilled:
    """Read what experts wrote, plan what to ask, and ask.

    Args:
        config: The recipe's settings.
        catalog: Of the framework.
        examples: Training samples of the code base, none held out.
        is_demo: Whether it is the demonstration application, whose experts' answers ship.
        dry_run: Ask nothing; see `Distilled.preview`.

    Raises:
        ConfigError: something in the settings is wrong, or the provider refuses the key, the model or the address.
        DistillStopped: the teacher can answer no more for now.
        RunInterrupted: Ctrl-C.
    """
    wanted = config.distill
    settings: dict[str, Any] = {
        "catalog": catalog,
        "store": wanted.store or config.output_dir / "distil.sqlite",
        "reasoning": wanted.reasoning,
        "repair_rounds": _repair_rounds(config),
        "compiler": _compiler(wanted.compiler),
        "verify_seconds": wanted.verify_seconds,
    }
    examples = list(examples)
    path = wanted.experts or (shipped_experts() if is_demo else None)
    experts = None if path is None else Distiller(**settings).from_experts(path)
    if experts is not None:
        say(f"experts {len(experts.samples)} of {experts.asked} answers pass ({path})")
        examples += experts.samples  # what they cover is planned less, and shown to the teacher
    own = load_scenarios(wanted.scenarios) if wanted.scenarios else []
    answered = [record.scenario for record in experts.records] if experts else []
    scenarios = list(own)
    if wanted.n:
        scenarios += Distiller(examples=examples, **settings).plan(
            wanted.n, langs=wanted.langs, intents=wanted.intents, asked=[*own, *answered], seed=config.seed
        )
    if not scenarios:
        return Distilled(experts, None, None, [], {})
    teacher = make_teacher(config.teacher)
    judge = None if config.judge is None else make_teacher(config.judge)
    distiller = Distiller(teacher, judge=judge, examples=examples, **settings)
    told = {"identity": teacher.identity, "host": teacher.host}
    if dry_run:
        return Distilled(experts, None, distiller.preview(scenarios), scenarios, told)
    say(f"distil  {len(scenarios)} scenarios go to {teacher.identity} at {teacher.host}")
    try:
        asked = distiller.run(scenarios, budget=Budget(**wanted.budget.model_dump()), mode=wanted.mode)
    except DistillStopped as stopped:
        if stopped.kind in _USERS_TO_MEND:
            raise ConfigError(str(stopped)) from None
        raise
    say(f"        {len(asked.samples)} answered, {len(asked.rejected)} rejected {asked.reasons() or ''}")
    if asked.stopped:
        say(f"        {len(asked.pending)} not asked: {asked.stopped}")
    return Distilled(experts, asked, None, scenarios, told)


def _repair_rounds(config: Settings) -> int:
    if config.distill.repair_rounds is not None:
        return config.distill.repair_rounds
    return 1 if config.teacher.provider is None and config.teacher.base_url is None else 2


def _compiler(folder: Path | None) -> Compiler | None:
    if folder is None:
        return None
    found = Compiler.find(folder)
    if found is None:
        raise ConfigError(
            f"distill.compiler={folder}: no Vue compiler in its node_modules, or no node (没有 Vue 编译器)"
        )
    return found


def facts(found: Distilled, catalog: Catalog) -> dict[str, Any]:
    """Return what a report says of it, as plain values."""
    rejected = [record for record in found.records if record.reject is not None]
    return {
        "teacher": found.teacher,
        "experts": found.experts.to_dict() if found.experts else None,
        "asked": found.asked.to_dict() if found.asked else None,
        "kept": len(found.samples),
        "components": {"all": len(coverage(catalog, [])), "covered": _covered(catalog, found.samples)},
        "rejected": [
            {
                "instruction": record.scenario.instruction,
                "tries": record.tries,
                "reason": record.reject.reason,
                "detail": record.reject.detail,
                "answer": record.reject.sample.answer if record.reject.sample else "",
            }
            for record in rejected[:_MOST_SHOWN]
            if record.reject
        ],
        "rejected_in_all": len(rejected),
        "shown": _shown(found.samples),
    }


def _covered(catalog: Catalog, samples: list[Sample]) -> int:
    return int((coverage(catalog, samples).sum(axis=1) > 0).sum())


def _shown(samples: list[Sample], most: int = 3) -> list[dict[str, str]]:
    """Pick some answers to show whole, of different intents, short ones first."""
    by_intent: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda sample: (len(sample.answer), sample.id)):
        by_intent.setdefault(str(sample.meta.get("intent")), sample)
    return [
        {
            "id": s.id,
            "intent": str(s.meta.get("intent")),
            "generator": str(s.meta.get("generator")),
            "prompt": s.prompt,
            "answer": s.answer,
        }
        for s in list(by_intent.values())[:most]
    ]


def write_coverage(found: Distilled, catalog: Catalog, path: Path) -> None:
    """Plot how many verified answers there are of each component and intent."""
    plot_coverage(coverage(catalog, found.samples), path)
