"""`Distiller`: from scenarios to answers with reasoning, verified against the catalogue and never paid for twice."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from swiftprep.arguments import checked_keywords, one_or_more
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.given import GivenCatalog, catalog_of
from swiftprep.distill.budget import Budget, to_budget
from swiftprep.distill.event_loop import run_async
from swiftprep.distill.planning.coverage import coverage, of_framework, plot_coverage
from swiftprep.distill.planning.planner import plan
from swiftprep.distill.preview import Preview, preview
from swiftprep.distill.prompting.prompts import OPERATIONS, Operation, Prompter
from swiftprep.distill.reading.experts import ExpertAnswer, read_experts
from swiftprep.distill.reading.scenario_files import language_of, load_scenarios
from swiftprep.distill.result import Result, ScenarioRecord, settle, to_sample
from swiftprep.distill.run import DistillRun, Work
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.distill.store import LEDGER, AnswerStore, read_ledger
from swiftprep.distill.verification.verify import Verifier
from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted
from swiftprep.inputs import Data, samples_of
from swiftprep.notebook import html_of_repr
from swiftprep.records import Message, Sample
from swiftprep.streams import get_logger
from swiftprep.teachers.functions import as_teacher
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.request import Reasoning, Reply

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from swiftprep.distill.verification.compiler import Compiler

logger = get_logger(__name__)

_FILES = (".yaml", ".yml", ".jsonl", ".csv", ".txt")

Asked = Scenario | str


class Distiller:
    """Plan scenarios, ask a teacher or read experts' answers, verify every answer, and keep all of it in a store.

    Example::

        distiller = Distiller(Teacher("deepseek", "deepseek-chat"), catalog=scan, examples=scan)
        result = distiller.run(distiller.plan(100), budget=Budget(money=5))
        result.samples, result.rejected, result.usage, result.pass_rates()
    """

    @checked_keywords
    def __init__(
        self,
        teacher: TeacherProtocol | Callable[[list[Message]], Any] | None = None,
        *,
        catalog: GivenCatalog | None = None,
        store: str | Path = "distil.sqlite",
        examples: Data = (),
        reasoning: Reasoning = "inline",
        repair_rounds: int = 2,
        judge: TeacherProtocol | Callable[[list[Message]], Any] | None = None,
        compiler: Compiler | None = None,
        verify_seconds: float = 3.0,
    ) -> None:
        """Create a distiller; nothing is asked and no file is written yet.

        Args:
            teacher: A `Teacher`, or a function `messages → str`; not needed for experts' answers.
            catalog: The framework's components: a `Catalog`, or a `Scan` or file that holds it; without one, answers
                are not checked against an API.
            store: The SQLite file that keeps every answer and the ledger of every attempt.
            examples: Training samples of the code base, or a `Scan` or file that holds them: the teacher sees real
                uses of a component in them, and what they cover is planned less. Held-out samples are left out.
            reasoning: `"inline"`: considerations, then the code, as in the source article's stage 2; `"think"`: in
                `<think>` tags before the answer; `"none"`.
            repair_rounds: How often an answer that does not pass goes back to the teacher with its flaws.
            judge: A second teacher that scores each answer from 1 to 5; below 4 it goes back like any other.
            compiler: The user's own Vue compiler; see `swiftprep.distill.verification.compiler.Compiler.find`.
            verify_seconds: CPU seconds that verifying an answer may take, and as many more for each million
                characters; an answer that takes longer is rejected as `"not-checked"`.

        Raises:
            ConfigError: an argument is invalid.
        """
        if reasoning not in ("inline", "think", "none"):
            raise ConfigError(
                f"reasoning={reasoning!r}; expected 'inline', 'think' or 'none' (应为 'inline'、'think' 或 'none')"
            )
        if repair_rounds < 0:
            raise ConfigError(f"repair_rounds={repair_rounds}; expected 0 or more (应为非负整数)")
        self._teacher = None if teacher is None else as_teacher(teacher)
        self._judge = None if judge is None else as_teacher(judge, name="judge")
        self._examples = tuple(samples_of("examples", examples, side="train"))
        self.catalog = catalog_of(catalog)
        self.store = Path(store)
        self.reasoning: Reasoning = reasoning
        self.repair_rounds = repair_rounds
        self.verifier = Verifier(self.catalog, reasoning=reasoning, compiler=compiler, seconds=verify_seconds)

    @property
    def teacher(self) -> TeacherProtocol | None:
        """The teacher that answers."""
        return self._teacher

    @property
    def judge(self) -> TeacherProtocol | None:
        """The teacher that scores the answers."""
        return self._judge

    @property
    def examples(self) -> tuple[Sample, ...]:
        """The training samples given as examples."""
        return self._examples

    @cached_property
    def prompter(self) -> Prompter:
        """The writer of prompts; creating it goes through every example once."""
        return Prompter(self.catalog, examples=self._examples, reasoning=self.reasoning)

    def __repr__(self) -> str:
        return f"<Distiller {self.teacher!r:.150}, {self.catalog!r:.150}, store {str(self.store)[-150:]}>"

    _repr_html_ = html_of_repr

    @checked_keywords
    def plan(
        self,
        n: int,
        *,
        langs: Lang | Iterable[Lang] = "zh",
        intents: str | Iterable[str] | None = None,
        asked: Iterable[Scenario] = (),
        seed: int = 42,
    ) -> list[Scenario]:
        """Return `n` scenarios for what the examples and the scenarios already asked cover least.

        Args:
            n: How many.
            langs: A language, or several in turn.
            intents: One or some of `swiftprep.distill.planning.planner.INTENTS`; None: all.
            asked: Scenarios of earlier rounds.
            seed: The same seed gives the same scenarios.

        Raises:
            ConfigError: there is no catalogue, or an intent or language is unknown.
        """
        return plan(
            self._catalog(),
            n,
            samples=self.examples,
            scenarios=asked,
            langs=tuple(one_or_more("langs", langs)),
            intents=None if intents is None else one_or_more("intents", intents),
            seed=seed,
        )

    def coverage(self, items: Iterable[Sample | Scenario] | None = None) -> pd.DataFrame:
        """Return how many samples or scenarios there are for each component (rows) and intent (columns).

        Args:
            items: What to count; None: the examples.
        """
        return coverage(self._catalog(), self.examples if items is None else items)

    def plot_coverage(
        self,
        items: Iterable[Sample | Scenario] | None = None,
        path: str | Path | None = None,
        *,
        lang: Lang = "zh",
    ) -> Figure:
        """Return the coverage of the framework's components as a heat map, the least covered first.

        Args:
            items: See `coverage`.
            path: Where to save it as PNG, too.
            lang: Language of the labels, `"en"` or `"zh"`.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        return plot_coverage(of_framework(self.coverage(items), self._catalog()), path, lang=lang)

    def ledger(self) -> pd.DataFrame:
        """Return every attempt recorded in the store, one per row: the teacher, start, outcome and cost.

        Raises:
            ConfigError: there is no store yet.
        """
        import pandas as pd

        return pd.DataFrame(read_ledger(self.store), columns=list(LEDGER))

    @checked_keywords
    def run(
        self,
        scenarios: Iterable[Asked] | str | Path,
        *,
        budget: Budget | Mapping[str, float] | None = None,
        mode: Literal["live", "batch"] = "live",
    ) -> Result:
        """Ask the teacher and return the answers that passed; what is in the store is not asked again.

        Args:
            scenarios: Scenarios or plain instructions, or a file of them.
            budget: Limit of the store's ledger, earlier runs included; the run ends before exceeding it, and
                `result.stopped` says so.
            mode: `"batch"` uses the provider's batch endpoint: up to a day slower, usually at half the price.

        Returns:
            `asked == len(samples) + len(rejected) + len(pending)`.

        Raises:
            ConfigError: no teacher, no key, a store in use, or a budget that cannot be kept.
            DistillStopped: the account is empty, the key is refused, the teacher never answers, the disk is full …; it
                carries `.result`, and the same call goes on from there.
            RunInterrupted: Ctrl-C; calls in flight are answered and stored first. A second Ctrl-C does not wait.
        """
        if mode not in ("live", "batch"):
            raise ConfigError(f"mode={mode!r}; expected 'live' or 'batch' (应为 'live' 或 'batch')")
        return self._run(scenarios, budget, mode, DistillRun.distil)[1]

    @checked_keywords
    def evolve(
        self,
        scenarios: Iterable[Asked] | str | Path,
        *,
        operations: Operation | Iterable[Operation] = OPERATIONS,
        budget: Budget | Mapping[str, float] | None = None,
    ) -> list[Scenario]:
        """Let the teacher rewrite scenarios into harder or different ones, and return the new ones.

        A rewrite that is no task any more, loses a component or repeats the original is left out and logged. The new
        scenarios name their parent in `meta`; `run` takes them like any others. The store keeps the answers.

        Args:
            scenarios: See `run`.
            operations: Some of `"deepen"`, `"constrain"`, `"concretise"`, `"reason"` and `"broaden"`; each scenario is
                rewritten by one, in turn.
            budget: See `run`.

        Raises:
            ConfigError: an operation is unknown; also as in `run`.
            DistillStopped: see `run`.
            RunInterrupted: see `run`.

        Source: Xu et al. 2023, WizardLM (Evol-Instruct), arXiv 2304.12244.
        """
        chosen = tuple(one_or_more("operations", operations)) or OPERATIONS
        run, result = self._run(scenarios, budget, "live", lambda run: run.evolve(chosen))
        evolved = list({item.id: item for item in run.evolved.values()}.values())
        if len(evolved) < result.asked:
            logger.warning(
                "evolve: %d of %d scenarios gave a new one: %s", len(evolved), result.asked, result.reasons()
            )
        return evolved

    def _run(
        self,
        scenarios: Iterable[Asked] | str | Path,
        budget: Budget | Mapping[str, float] | None,
        mode: str,
        step: Callable[[DistillRun], Coroutine[Any, Any, None]],
    ) -> tuple[DistillRun, Result]:
        if self.teacher is None:
            raise ConfigError("there is no teacher to ask: Distiller(Teacher(…)) (没有指定教师模型)")
        asked = self._scenarios(scenarios)
        for teacher in (self.teacher, self.judge):
            check = getattr(teacher, "check", None)
            if check is not None:
                check()
        work = Work(
            prompter=self.prompter,
            verifier=self.verifier,
            teacher=self.teacher,
            judge=self.judge,
            reasoning=self.reasoning,
            repair_rounds=self.repair_rounds,
            budget=to_budget(budget),
            mode=mode,
        )
        with AnswerStore(self.store) as store:
            run = DistillRun(work, store, asked)
            interrupted = False
            try:
                run_async(lambda: step(run), on_interrupt=run.interrupt)
            except KeyboardInterrupt:
                interrupted = True
        result = run.result()
        if isinstance(run.reason, DistillStopped):
            run.reason.result = result
            raise run.reason
        if interrupted or isinstance(run.reason, KeyboardInterrupt):
            raise RunInterrupted(
                f"stopped; {len(result.samples)} answers are in {self.store}. The same call goes on from there "
                "(已中断，回答已保存，重新运行即可继续)",
                result=result,
            )
        return run, result

    def preview(self, scenarios: Iterable[Asked] | str | Path) -> Preview:
        """Return what a run would send and might cost, without opening a connection or writing a file.

        Raises:
            ConfigError: there is no teacher.
        """
        if self.teacher is None:
            raise ConfigError("there is no teacher to ask: Distiller(Teacher(…)) (没有指定教师模型)")
        return preview(self.prompter, self.teacher, self.store, self._scenarios(scenarios), self.reasoning)

    def from_experts(self, path: str | Path) -> Result:
        """Read experts' answers and verify them like a teacher's; nothing is sent anywhere.

        A reject's `path` says where the answer stands: `answers.md:12`, or for Excel `answers.xlsx:Sheet1!12`.

        Args:
            path: YAML, CSV, Excel, Markdown or JSONL, or a folder of such files; see
                `swiftprep.distill.reading.experts`.

        Raises:
            ConfigError: nothing there can be read.
            DataError: a file is damaged.
        """
        answers, rejects = read_experts(path)
        records = []
        replies = [(item.scenario, self._as_reply(item)) for item in answers]
        for item, (flaws, answer) in zip(answers, self.verifier.check_all(replies, by_experts=True), strict=True):
            record = ScenarioRecord(item.scenario, tries=1, flaws=[flaws])
            settle(record, to_sample(item.scenario, answer, self.reasoning, "expert", {}), flaws)
            if record.reject is not None:
                record.reject = replace(record.reject, path=item.place)
            records.append(record)
        records += [ScenarioRecord(Scenario(reject.path or "?"), reject=reject) for reject in rejects]
        return Result(records)

    def _as_reply(self, item: ExpertAnswer) -> Reply:
        """Return an expert's answer as a reply; with inline reasoning, the reasoning comes before it."""
        if self.reasoning == "inline" and item.reasoning:
            return Reply(f"{item.reasoning}\n\n{item.answer}")
        return Reply(item.answer, item.reasoning)

    def _catalog(self) -> Catalog:
        if self.catalog is None:
            raise ConfigError("planning needs the framework's catalogue: Distiller(…, catalog=scan) (缺少组件目录)")
        return self.catalog

    def _scenarios(self, source: Iterable[Asked] | str | Path) -> list[Scenario]:
        if isinstance(source, Path) or (
            isinstance(source, str) and source.lower().endswith(_FILES) and "\n" not in source
        ):
            return load_scenarios(source)
        items = [source] if isinstance(source, str | Scenario) else source
        try:
            return [_scenario(item) for item in items]
        except TypeError:
            raise ConfigError(
                f"scenarios={source!r:.80}: expected scenarios, instructions or a file of them "
                "(应为 Scenario、指令文本，或包含它们的文件)"
            ) from None


def _scenario(item: Asked) -> Scenario:
    """Return a scenario; the language of a plain instruction is told from its characters."""
    return item if isinstance(item, Scenario) else Scenario(item, lang=language_of(item))
