"""Code shared by the recipes that distil: create the teacher, distil, and report."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.budget import Budget
from swiftprep.distill.distiller import Distiller
from swiftprep.distill.planning.coverage import coverage, of_framework, plot_coverage
from swiftprep.distill.preview import Preview
from swiftprep.distill.reading.scenario_files import load_scenarios
from swiftprep.distill.result import Result, ScenarioRecord
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.distill.verification.compiler import Compiler
from swiftprep.errors import ConfigError, DistillStopped, did_you_mean, one_line
from swiftprep.reasons import counted, in_chinese, in_english, name_of
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.distill_settings import AskConfig, TeacherConfig
from swiftprep.recipes.shared.language import plural
from swiftprep.records import Sample
from swiftprep.teachers.protocol import Limits, TeacherProtocol
from swiftprep.teachers.providers import PROVIDERS
from swiftprep.teachers.teacher import Teacher

if TYPE_CHECKING:
    import pandas as pd

# On two cores the embedded teacher needs a minute for a full-length answer, too long for trying things out.
EMBEDDED_SAMPLING: dict[str, Any] = {"temperature": 0.7, "max_tokens": 128}
_USERS_TO_MEND = ("auth", "not-found", "redirect")
_MOST_SHOWN = 20


class Settings(Protocol):
    """The settings that both recipes have."""

    teacher: TeacherConfig
    judge: TeacherConfig | None
    distill: AskConfig
    output_dir: Path
    seed: int


@dataclass(frozen=True, slots=True)
class Distilled:
    """The results of a distillation.

    Attributes:
        experts: Result for the experts' answers; None if there were none.
        asked: Result for the teacher's answers; None if nothing was asked.
        preview: A preview in place of `asked`, after a dry run.
        scenarios: The scenarios that the teacher was or would be asked.
        teacher: The teacher's identity and host; empty if there was nothing to ask.
    """

    experts: Result | None
    asked: Result | None
    preview: Preview | None
    scenarios: list[Scenario]
    teacher: dict[str, str]

    @property
    def samples(self) -> list[Sample]:
        """The verified answers; an expert's takes precedence over the teacher's to the same scenario."""
        kept: dict[str, Sample] = {}
        for result in (self.experts, self.asked):
            for sample in result.samples if result else ():
                kept.setdefault(sample.id, sample)
        return list(kept.values())

    @property
    def records(self) -> list[ScenarioRecord]:
        """The records of all scenarios, experts first."""
        return [record for result in (self.experts, self.asked) if result for record in result.records]


def shipped_experts() -> Path:
    """Return the folder of experts' answers for the demonstration application."""
    return Path(str(files("swiftprep") / "assets" / "distill" / "experts"))


def make_teacher(config: TeacherConfig) -> TeacherProtocol:
    """Return the teacher that a recipe's settings describe, by default the embedded one on this machine.

    Raises:
        ConfigError: a setting is wrong.
        MissingDependencyError: the embedded teacher is not installed.
    """
    if config.provider is not None and config.base_url is not None:
        raise ConfigError("teacher: give provider or base_url, not both (provider 与 base_url 只能填一个)")
    if config.provider is not None and config.provider not in PROVIDERS:
        near = did_you_mean(config.provider, PROVIDERS) or f"; known: {', '.join(PROVIDERS)}"
        raise ConfigError(
            f"teacher.provider={config.provider!r}: not known{near}; or give base_url (未知的服务商，也可改填 base_url)"
        )
    endpoint = config.base_url or config.provider
    if endpoint is None:
        if config.model is not None and not config.model.endswith(".gguf"):
            raise ConfigError(
                f"teacher.model={config.model!r}: whose is it? Give provider or base_url (请指定 provider 或 base_url)"
            )
        return Teacher.local(config.model, sampling={**EMBEDDED_SAMPLING, **config.sampling})
    if config.model is None:
        raise ConfigError(f"teacher.model: which model of {endpoint}? (请指定 teacher.model)")
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
    config: Settings,
    catalog: Catalog,
    examples: Iterable[Sample],
    *,
    is_demo: bool,
    dry_run: bool,
    lang: Lang = "zh",
    on_stop: Callable[[Distilled], None] | None = None,
) -> Distilled:
    """Read experts' answers, plan scenarios, and ask the teacher.

    Args:
        config: The recipe's settings.
        catalog: The framework's catalogue.
        examples: Training samples of the code base, none held out.
        is_demo: Whether it is the demonstration application, for which experts' answers are included.
        lang: Language of the questions that are planned, unless the settings name some.
        dry_run: Ask nothing; see `Distilled.preview`.
        on_stop: Takes what there is when the teacher stops the run, before the error is raised.

    Raises:
        ConfigError: a setting is wrong, or the provider refuses the key, the model or the address.
        DistillStopped: the teacher cannot answer for now, or never answered.
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
    experts = None
    if path is not None:
        experts = Distiller(**settings).from_experts(path)
        say(_of_experts(experts, path, "en"), _of_experts(experts, path, "zh"))
        examples += experts.samples  # the teacher sees them, and what they cover is planned less
    own = load_scenarios(wanted.scenarios) if wanted.scenarios else []
    answered = [record.scenario for record in experts.records] if experts else []
    scenarios = list(own)
    if wanted.n:
        scenarios += Distiller(examples=examples, **settings).plan(
            wanted.n, langs=wanted.langs or [lang], intents=wanted.intents, asked=[*own, *answered], seed=config.seed
        )
    if not scenarios and experts is None:
        raise ConfigError(
            "distill.n=0: nothing to ask, and no experts: give distill.n, distill.scenarios or "
            "distill.experts (没有要问的场景，也没有专家回答)"
        )
    if not scenarios:
        return Distilled(experts, None, None, [], {})
    teacher = make_teacher(config.teacher)
    judge = None if config.judge is None else make_teacher(config.judge)
    distiller = Distiller(teacher, judge=judge, examples=examples, **settings)
    who = {"identity": teacher.identity, "host": teacher.host}
    if dry_run:
        return Distilled(experts, None, distiller.preview(scenarios), scenarios, who)
    say(
        f"distil  {plural(len(scenarios), 'scenario')} to ask {teacher.identity} at {teacher.host}",
        f"蒸馏    向 {teacher.identity}（{teacher.host}）提问 {len(scenarios)} 个场景",
    )
    try:
        asked = distiller.run(scenarios, budget=Budget(**wanted.budget.model_dump()), mode=wanted.mode)
    except DistillStopped as stopped:
        if on_stop is not None:
            on_stop(Distilled(experts, stopped.result, None, scenarios, who))
        if stopped.kind in _USERS_TO_MEND:
            raise ConfigError(str(stopped)) from None
        raise
    say(*_in_both(asked))
    if asked.stopped:
        pending = len(asked.pending)
        say(
            f"        {pending} not asked: {in_english(asked.stopped)}",
            f"        还有 {pending} 个没有提问：{in_chinese(asked.stopped)}",
        )
    return Distilled(experts, asked, None, scenarios, who)


def _in_both(asked: Result) -> tuple[str, str]:
    """Return the outcome of a teacher's answers, in English and Chinese."""
    kept, rejected = len(asked.samples), len(asked.rejected)
    english, chinese = f"        {kept} pass, {rejected} rejected", f"        通过 {kept} 个，剔除 {rejected} 个"
    if rejected:
        english += f": {counted(asked.reasons(), 'en')}"
        chinese += f"：{counted(asked.reasons(), 'zh')}"
    return english, chinese


def _of_experts(experts: Result, path: Path, lang: str) -> str:
    """Return how many experts' answers pass, the main reason of those that do not, and the first such answer."""
    kept, rejected = len(experts.samples), experts.rejected
    line = (
        f"专家    {experts.asked} 条回答中 {kept} 条通过（{path}）"
        if lang == "zh"
        else f"experts {kept} of {plural(experts.asked, 'answer')} pass ({path})"
    )
    if not rejected:
        return line
    (reason, times), *_ = experts.reasons().items()
    first = next(reject for reject in rejected if reject.reason == reason)
    name, at = name_of(reason, lang), place_in_words(first.path, lang)
    if lang == "zh":
        why = one_line(first.detail_zh or in_chinese(first.detail), 300)
        return f"{line}；剔除 {len(rejected)} 条，其中 {times} 条因为 {name}，例如 {at}：{why}"
    why = one_line(in_english(first.detail), 300)
    return f"{line}: {len(rejected)} rejected, {times} of them: {name}, such as {at}: {why}"


def place_in_words(path: str, lang: str) -> str:
    """Return a place such as `answers.xlsx:Sheet1!12` in words; another, such as `answers.md:12`, as it is.

    >>> place_in_words("answers.xlsx:Sheet1!12", "en"), place_in_words("answers.md:12", "en")
    ('answers.xlsx, sheet Sheet1, row 12', 'answers.md:12')
    """
    place, _, row = path.rpartition("!")
    file, _, sheet = place.rpartition(":")
    if not (file and row.isdecimal()):
        return path
    return f"{file} 的工作表“{sheet}”第 {row} 行" if lang == "zh" else f"{file}, sheet {sheet}, row {row}"


def _repair_rounds(config: Settings) -> int:
    if config.distill.repair_rounds is not None:
        return config.distill.repair_rounds
    return 1 if config.teacher.provider is None and config.teacher.base_url is None else 2


def _compiler(folder: Path | None) -> Compiler | None:
    if folder is None:
        return None
    compiler = Compiler.find(folder)
    if compiler is None:
        raise ConfigError(
            f"distill.compiler={folder}: no Vue compiler in its node_modules, or no node "
            "(其 node_modules 中没有 Vue 编译器，或没有安装 node)"
        )
    return compiler


def facts(distilled: Distilled, catalog: Catalog) -> dict[str, Any]:
    """Return the facts of a distillation for a report, as plain values."""
    rejected = [record for record in distilled.records if record.reject is not None]
    covered = _coverage(catalog, distilled.samples)
    return {
        "teacher": distilled.teacher,
        "experts": distilled.experts.to_dict() if distilled.experts else None,
        "asked": distilled.asked.to_dict() if distilled.asked else None,
        "kept": len(distilled.samples),
        "components": {"all": len(covered), "covered": int((covered.sum(axis=1) > 0).sum())},
        "rejected": [
            {
                "instruction": record.scenario.instruction,
                "place": "" if record.reject.path == record.scenario.id else record.reject.path,
                "tries": record.tries,
                "reason": record.reject.reason,
                "detail": record.reject.detail,
                "detail_zh": record.reject.detail_zh or in_chinese(record.reject.detail),
                "answer": record.reject.sample.answer if record.reject.sample else "",
            }
            for record in rejected[:_MOST_SHOWN]
            if record.reject
        ],
        "rejected_in_all": len(rejected),
        "shown": _samples_to_show(distilled.samples),
    }


def _coverage(catalog: Catalog, samples: list[Sample]) -> pd.DataFrame:
    """Return the coverage of the framework's own components."""
    return of_framework(coverage(catalog, samples), catalog)


def _samples_to_show(samples: list[Sample], most: int = 3) -> list[dict[str, str]]:
    """Pick some answers of different intents to show in full, short ones first."""
    by_intent: dict[str, Sample] = {}
    for sample in sorted(samples, key=lambda sample: (len(sample.answer), sample.id)):
        by_intent.setdefault(str(sample.meta.get("intent")), sample)
    return [
        {
            "id": s.id,
            "intent": str(s.meta.get("intent") or ""),
            "generator": str(s.meta.get("generator")),
            "prompt": s.prompt,
            "answer": s.answer,
        }
        for s in list(by_intent.values())[:most]
    ]


def write_coverage(distilled: Distilled, catalog: Catalog, path: Path, lang: Lang = "en") -> None:
    """Plot the number of verified answers for each component of the framework and each intent."""
    plot_coverage(_coverage(catalog, distilled.samples), path, lang=lang)
