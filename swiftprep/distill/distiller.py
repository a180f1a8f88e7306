"""`Distiller`: scenarios → answers with reasoning, each verified against the catalogue, none paid for twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.budget import Budget, to_budget
from swiftprep.distill.event_loop import run_async
from swiftprep.distill.planning.coverage import coverage, plot_coverage
from swiftprep.distill.planning.planner import plan
from swiftprep.distill.preview import Preview, preview
from swiftprep.distill.prompting.prompts import OPERATIONS, Operation, Prompter
from swiftprep.distill.reading.experts import ExpertAnswer, read_experts
from swiftprep.distill.reading.scenario_files import load_scenarios
from swiftprep.distill.result import Result, ScenarioRecord, settle, to_sample
from swiftprep.distill.run import DistillRun, Work
from swiftprep.distill.scenario import Lang, Scenario
from swiftprep.distill.store import LEDGER, AnswerStore, read_ledger
from swiftprep.distill.verification.verify import Verifier
from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted
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

_HAN = re.compile("[\u3400-\u9fff]")
_FILES = (".yaml", ".yml", ".jsonl", ".csv", ".txt")

Asked = Scenario | str


class Distiller:
    """Plan what to ask, ask a teacher or read what experts wrote, verify every answer, and keep all of it in a store.

    Example::

        distiller = Distiller(Teacher("deepseek", "deepseek-chat"), catalog=scan.catalog, examples=scan.train)
        result = distiller.run(distiller.plan(100), budget=Budget(money=5))
        result.samples, result.rejected, result.usage, result.pass_rates()
    """

    def __init__(
        self,
        teacher: TeacherProtocol | Callable[[list[Message]], Any] | None = None,
        *,
        catalog: Catalog | None = None,
        store: str | Path = "distil.sqlite",
        examples: Iterable[Sample] = (),
        reasoning: Reasoning = "inline",
        repair_rounds: int = 2,
        judge: TeacherProtocol | Callable[[list[Message]], Any] | None = None,
        compiler: Compiler | None = None,
        verify_seconds: float = 3.0,
    ) -> None:
        """Set up; nothing is asked and no file is made yet.

        Args:
            teacher: A `Teacher`, or a function `messages → str`; not needed for experts' answers.
            catalog: The framework's components; without one, answers are not checked against an API.
            store: The SQLite file that keeps every answer and the ledger of every attempt.
            examples: Training samples of the code base: real uses of a component are shown to the teacher, and what
                they cover is planned less. Never give it the held-out ones.
            reasoning: `"inline"`: considerations, then the code, as in the source article's stage 2; `"think"`: in
                `<think>` tags before the answer; `"none"`.
            repair_rounds: How often an answer that does not pass goes back to the teacher with its problems.
            judge: A second teacher that scores each answer from 1 to 5; below 4 it goes back like any other.
            compiler: The user's own Vue compiler; see `swiftprep.distill.verification.compiler.Compiler.find`.
            verify_seconds: Seconds of processor time that verifying an answer may take, and as many more for each
                million characters; one that takes longer does not pass, as `"not-checked"`.

        Raises:
            ConfigError: an argument is not one.
        """
        if reasoning not in ("inline", "think", "none"):
            raise ConfigError(f"reasoning={reasoning!r}; expected 'inline', 'think' or 'none'")
        if repair_rounds < 0:
            raise ConfigError(f"repair_rounds={repair_rounds}; expected 0 or more")
        self._teacher = None if teacher is None else as_teacher(teacher)
        self._judge = None if judge is None else as_teacher(judge, name="judge")
        self._examples = tuple(examples)
        self.catalog = catalog
        self.store = Path(store)
        self.reasoning: Reasoning = reasoning
        self.repair_rounds = repair_rounds
        self.verifier = Verifier(catalog, reasoning=reasoning, compiler=compiler, seconds=verify_seconds)

    @property
    def teacher(self) -> TeacherProtocol | None:
        """Who is asked."""
        return self._teacher

    @property
    def judge(self) -> TeacherProtocol | None:
        """Who scores the answers."""
        return self._judge

    @property
    def examples(self) -> tuple[Sample, ...]:
        """The samples whose uses are shown to the teacher, and whose components are planned less."""
        return self._examples

    @cached_property
    def prompter(self) -> Prompter:
        """What says what a teacher is told; to set it up takes a look at every example."""
        return Prompter(self.catalog, examples=self._examples, reasoning=self.reasoning)

    def __repr__(self) -> str:
        return f"<Distiller {self.teacher!r}, {self.catalog!r}, store {self.store}>"

    def plan(
        self,
        n: int,
        *,
        langs: Iterable[Lang] = ("zh",),
        intents: Sequence[str] | None = None,
        asked: Iterable[Scenario] = (),
        seed: int = 42,
    ) -> list[Scenario]:
        """Return `n` scenarios for what the examples and the scenarios asked already cover least.

        Args:
            n: How many.
            langs: Languages, in turn.
            intents: Some of `swiftprep.distill.planning.planner.INTENTS`; None: all.
            asked: Scenarios of earlier rounds.
            seed: The same seed gives the same scenarios.

        Raises:
            ConfigError: there is no catalogue, or an intent or language that there is not.
        """
        return plan(
            self._catalog(), n, samples=self.examples, scenarios=asked, langs=tuple(langs), intents=intents, seed=seed
        )

    def coverage(self, items: Iterable[Sample | Scenario] | None = None) -> pd.DataFrame:
        """Return how many samples or scenarios there are for each component (rows) and intent (columns).

        Args:
            items: What to count; None: the examples.
        """
        return coverage(self._catalog(), self.examples if items is None else items)

    def plot_coverage(self, items: Iterable[Sample | Scenario] | None = None, path: str | Path | None = None) -> Figure:
        """Return `coverage` as a heat map, the components least covered first.

        Args:
            items: See `coverage`.
            path: Save it there as PNG too.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        return plot_coverage(self.coverage(items), path)

    def ledger(self) -> pd.DataFrame:
        """Return every attempt ever made for this store, one a row: who was asked, when, how it ended, what it cost.

        Raises:
            ConfigError: there is no store yet.
        """
        import pandas as pd

        return pd.DataFrame(read_ledger(self.store), columns=list(LEDGER))

    def run(
        self,
        scenarios: Iterable[Asked] | str | Path,
        *,
        budget: Budget | Mapping[str, float] | None = None,
        mode: Literal["live", "batch"] = "live",
    ) -> Result:
        """Ask the teacher and return what passed. What is in the store is not asked again.

        Args:
            scenarios: Scenarios or plain instructions, or a file of them.
            budget: What the store's ledger may come to, earlier runs included; the run ends before it is passed, and
                `result.stopped` says so.
            mode: `"batch"` uses the provider's batch endpoint: up to a day slower, usually at half the price.

        Returns:
            `asked == len(samples) + len(rejected) + len(pending)`.

        Raises:
            ConfigError: no teacher, no key, a store in use, or a budget that cannot be kept.
            DistillStopped: the account is empty, the key is refused, the disk is full …; it carries `.result`, and
                the same call goes on from there.
            RunInterrupted: Ctrl-C; what was in flight is answered and stored first. A second Ctrl-C does not wait.
        """
        if mode not in ("live", "batch"):
            raise ConfigError(f"mode={mode!r}; expected 'live' or 'batch'")
        return self._run(scenarios, budget, mode, DistillRun.distil)[1]

    def evolve(
        self,
        scenarios: Iterable[Asked] | str | Path,
        *,
        operations: Sequence[Operation] = OPERATIONS,
        budget: Budget | Mapping[str, float] | None = None,
    ) -> list[Scenario]:
        """Have the teacher rewrite scenarios into harder and other ones, and return those that came of it.

        What is no task any more, loses a component or says the same again is left out, with a line in the log. The new
        scenarios name their parent in `meta`; `run` asks them like any others. The answers are kept in the store.

        Args:
            scenarios: See `run`.
            operations: Some of `"deepen"`, `"constrain"`, `"concretise"`, `"reason"` and `"broaden"`; each scenario is
                rewritten by one, in turn.
            budget: See `run`.

        Raises:
            ConfigError: no such operation, and as `run`.
            DistillStopped: as `run`.
            RunInterrupted: as `run`.

        Source: Xu et al. 2023, WizardLM (Evol-Instruct), arXiv 2304.12244.
        """
        run, result = self._run(scenarios, budget, "live", lambda run: run.evolve(tuple(operations) or OPERATIONS))
        made = list({item.id: item for item in run.evolved.values()}.values())
        if len(made) < result.asked:
            logger.warning("evolve: %d of %d scenarios gave a new one: %s", len(made), result.asked, result.reasons())
        return made

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
                "(已中断，答案已保存，重新运行即可继续)",
                result=result,
            )
        return run, result

    def preview(self, scenarios: Iterable[Asked] | str | Path) -> Preview:
        """Return what a run would send and might cost. It opens no connection and makes no file.

        Raises:
            ConfigError: there is no teacher.
        """
        if self.teacher is None:
            raise ConfigError("there is no teacher to ask: Distiller(Teacher(…)) (没有指定教师模型)")
        return preview(self.prompter, self.teacher, self.store, self._scenarios(scenarios), self.reasoning)

    def from_experts(self, path: str | Path) -> Result:
        """Read answers that experts wrote and verify them as a teacher's are; nothing is sent anywhere.

        Args:
            path: YAML, CSV, Excel, Markdown or JSONL, or a folder of such files; see
                `swiftprep.distill.reading.experts`.

        Raises:
            ConfigError: nothing there can be read.
            DataError: a file is damaged.
        """
        given, rejects = read_experts(path)
        records = []
        replies = [(item.scenario, self._as_reply(item)) for item in given]
        for (scenario, _), (flaws, answer) in zip(replies, self.verifier.check_all(replies), strict=True):
            record = ScenarioRecord(scenario, tries=1, flaws=[flaws])
            settle(record, to_sample(scenario, answer, self.reasoning, "expert", {}), flaws)
            records.append(record)
        records += [ScenarioRecord(Scenario(reject.path or "?"), reject=reject) for reject in rejects]
        return Result(records)

    def _as_reply(self, given: ExpertAnswer) -> Reply:
        """Return an expert's answer in the form that was asked for: inline, the reasoning comes before it."""
        if self.reasoning == "inline" and given.reasoning:
            return Reply(f"{given.reasoning}\n\n{given.answer}")
        return Reply(given.answer, given.reasoning)

    def _catalog(self) -> Catalog:
        if self.catalog is None:
            raise ConfigError(
                "planning needs the framework's catalogue: Distiller(…, catalog=scan.catalog) (缺少组件目录)"
            )
        return self.catalog

    def _scenarios(self, given: Iterable[Asked] | str | Path) -> list[Scenario]:
        if isinstance(given, Path) or (isinstance(given, str) and given.lower().endswith(_FILES) and "\n" not in given):
            return load_scenarios(given)
        items = [given] if isinstance(given, str | Scenario) else given
        try:
            return [_scenario(item) for item in items]
        except TypeError:
            raise ConfigError(
                f"scenarios={given!r:.80}: expected scenarios, instructions or a file of them (场景应为文本或 Scenario)"
            ) from None


def _scenario(item: Asked) -> Scenario:
    """Return a scenario; a plain instruction has the language of its letters."""
    return item if isinstance(item, Scenario) else Scenario(item, lang="zh" if _HAN.search(item) else "en")
