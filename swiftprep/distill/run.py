"""One run of a distiller: its scenarios, processed concurrently."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from swiftprep.distill.batch import BatchTeacher
from swiftprep.distill.budget import Budget, BudgetReached, Spending
from swiftprep.distill.calls import Answer, RequestExecutor
from swiftprep.distill.prompting.prompts import Operation, Prompter, read_evolved, read_judgement
from swiftprep.distill.result import Result, ScenarioRecord, Usage, settle, to_sample
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.store import AnswerStore
from swiftprep.distill.verification.flaw import Flaw
from swiftprep.distill.verification.verify import NOT_CHECKED, Verifier
from swiftprep.errors import ConfigError, DistillStopped, SwiftprepError, TeacherError, one_line
from swiftprep.progress import progress_bar
from swiftprep.records import Message, Reject, Sample
from swiftprep.streams import get_logger
from swiftprep.teachers.limiter import Halted
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.request import Reasoning, Reply, Request

logger = get_logger(__name__)

T = TypeVar("T")
GOOD = 4  # lowest judge's score, out of 5, at which an answer is kept


@dataclass(frozen=True, slots=True)
class _Judged:
    """A judge's verdict; one that is pending is left to the next run."""

    flaws: list[Flaw]
    can_be_mended: bool = True
    is_pending: bool = False


_PASSED = _Judged([])


@dataclass(frozen=True, slots=True)
class Work:
    """The frozen settings of a run.

    Attributes:
        prompter: Writes the prompts.
        verifier: Finds the flaws of an answer.
        teacher: Answers.
        judge: Scores each answer without flaws; None: no judge.
        reasoning: The form the reasoning is asked for in.
        repair_rounds: How often an answer goes back to the teacher for repair, at most.
        budget: What may be spent.
        mode: `"live"` or `"batch"`.
    """

    prompter: Prompter
    verifier: Verifier
    teacher: TeacherProtocol
    judge: TeacherProtocol | None
    reasoning: Reasoning
    repair_rounds: int
    budget: Budget
    mode: str


class DistillRun:
    """One run of a distiller."""

    def __init__(self, work: Work, store: AnswerStore, scenarios: Iterable[Scenario]) -> None:
        """Create a run; nothing is asked yet.

        Args:
            work: Settings of the run.
            store: An open store.
            scenarios: What to ask.
        """
        self.work = work
        self.teacher = work.teacher
        self.store = store
        self.records = [ScenarioRecord(scenario) for scenario in scenarios]
        self._failed: SwiftprepError | None = None
        self.neutralised: Counter[str] = Counter()
        self.evolved: dict[str, Scenario] = {}
        self.calls: RequestExecutor | None = None
        self._batch: BatchTeacher | None = None
        self._thinking = asyncio.Lock()
        self._verifying = asyncio.Lock()
        self._workers: list[asyncio.Future[None]] = []
        self._working = 0
        self._bar: Any = None

    async def distil(self) -> None:
        """Get all scenarios answered."""
        await self._go(self._distil)

    async def evolve(self, operations: Sequence[Operation]) -> None:
        """Get all scenarios rewritten into `evolved`, by one operation each, in turn."""
        how = {record.scenario.id: operations[at % len(operations)] for at, record in enumerate(self.records)}
        await self._go(lambda record: self._evolve(record, how[record.scenario.id]))

    async def _go(self, step: Callable[[ScenarioRecord], Awaitable[None]]) -> None:
        judge = self.work.judge
        if self.work.mode == "batch":
            if not isinstance(self.teacher, OpenAITeacher):
                raise ConfigError(
                    "mode='batch': only a Teacher over HTTP has a batch endpoint (该教师模型不支持批处理接口)"
                )
            self.teacher = self._batch = BatchTeacher(self.teacher, self.store, lambda: self._working)
        teachers = [self.teacher, *([judge] if judge else [])]
        spending = Spending(self.work.budget, self.store.spent())
        spending.check(teachers)
        # A batch goes on at the provider; a run that ends early does not wait a day for it.
        self.calls = RequestExecutor(self.store, spending, on_halt=self._batch.leave if self._batch else None)
        todo = iter(self._first_of_their_kind())
        # More workers than slots, so that one is ready whenever a slot is free.
        self._working = min(len(self.records), 2 * self.teacher.limits.concurrency)
        with progress_bar(total=len(self.records), desc="distil", unit=" scenarios") as bar:
            self._bar = bar
            self._workers = [asyncio.ensure_future(self._work(todo, step)) for _ in range(self._working)]
            try:
                await asyncio.gather(*self._workers)
            finally:
                for worker in self._workers:
                    worker.cancel()
                await asyncio.gather(*self._workers, return_exceptions=True)
                for teacher in teachers:
                    await _close(teacher)
        if self._failed is not None:
            raise self._failed
        if self.calls.stopped is None:
            self.calls.stop_if_never_answered()

    @property
    def reason(self) -> DistillStopped | BudgetReached | KeyboardInterrupt | None:
        """Why the run ended early; None when it did not."""
        return self.calls.stopped if self.calls else None

    def interrupt(self) -> None:
        """End the run: start no new call."""
        if self.calls is not None:
            self.calls.halt(KeyboardInterrupt())
        logger.info("no new call is begun; waiting for those in flight (不再发起新请求，正在等待已发出的请求)")

    def result(self) -> Result:
        """Return the result so far."""
        tally = self.calls.tally if self.calls else None
        if tally is None:
            return Result(self.records)
        teachers = [self.teacher, *([self.work.judge] if self.work.judge else [])]
        cost = tally.cost if any(teacher.price is not None for teacher in teachers) else None
        usage = Usage(
            tally.calls, tally.cached, tally.tokens_in, tally.tokens_out, cost, dict(sorted(tally.outcomes.items()))
        )
        return Result(self.records, usage, self._why(), dict(sorted(self.neutralised.items())))

    def _why(self) -> str:
        if isinstance(self.reason, BudgetReached):
            return "the budget is reached; with a larger one the same call goes on (已达预算上限，提高预算后可继续)"
        return str(self.reason or "") or ("interrupted" if self.reason else "")

    def _first_of_their_kind(self) -> Iterator[ScenarioRecord]:
        seen: set[str] = set()
        for record in self.records:
            if record.scenario.id in seen:
                record.reject = Reject(record.scenario.id, "duplicate", "another scenario has the same id")
                self._bar.update()
                continue
            seen.add(record.scenario.id)
            yield record

    async def _work(self, todo: Iterator[ScenarioRecord], step: Callable[[ScenarioRecord], Awaitable[None]]) -> None:
        try:
            for record in todo:
                try:
                    await step(record)
                except (Halted, asyncio.CancelledError, SwiftprepError):
                    record.reject = None  # it may still be repaired: the next run goes on with it
                    raise
                except Exception as error:  # one scenario's failure costs no other
                    logger.warning("scenario %s: %s", record.scenario.id, one_line(error))
                    logger.debug("scenario %s", record.scenario.id, exc_info=True)
                    record.reject = Reject(record.scenario.id, "error", one_line(error))
                self._show()
        except Halted:
            return
        except DistillStopped as stopped:  # the store failed, not the scenario
            assert self.calls is not None
            self.calls.halt(stopped)
        except SwiftprepError as error:  # the calls in flight are paid for, so wait for them
            self._failed = self._failed or error
            assert self.calls is not None
            self.calls.halt(DistillStopped(str(error), kind="error"))
        finally:
            self._working -= 1
            if self._batch is not None:
                self._batch.look()

    def _show(self) -> None:
        assert self.calls is not None
        tally = self.calls.tally
        figures: dict[str, Any] = {"calls": tally.calls}
        if self.teacher.price is not None:
            figures["cost"] = f"{tally.cost:.4g}"
        self._bar.set_postfix(figures, refresh=False)
        self._bar.update()

    async def _distil(self, record: ScenarioRecord) -> None:
        """Ask for an answer, verify it, and have it repaired until it passes or the rounds are used up."""
        assert self.calls is not None
        work, scenario = self.work, record.scenario
        prompt = await self._think(work.prompter.ask, scenario)
        self.neutralised.update(prompt.neutralised)
        messages = prompt.messages
        for purpose in ("answer", *["repair"] * work.repair_rounds):
            request = Request(self.teacher.identity, messages, self.teacher.sampling, work.reasoning)
            try:
                answer = await self.calls.ask(self.teacher, request, purpose=purpose, scenario=scenario.id)
            except TeacherError as error:
                if not record.flaws:
                    record.reject = Reject(scenario.id, _reason(error), str(error))
                    return
                break  # the last answer stays rejected, with its flaws
            record.tries += 1
            meta = {"request": answer.key, "tries": record.tries}
            flaws, sample = await self._verified(scenario, answer, prompt.messages, meta)
            verdict = _PASSED
            if not flaws and work.judge is not None:
                verdict = await self._judge(work.judge, scenario, sample.answer)
                flaws = verdict.flaws
            record.flaws.append(flaws)
            record.reject = None
            if verdict.is_pending:
                return
            settle(record, sample, flaws)
            if not flaws or not verdict.can_be_mended:
                return
            messages = await self._think(work.prompter.mend, messages, answer.reply.content, flaws)

    async def _evolve(self, record: ScenarioRecord, how: Operation) -> None:
        """Get a scenario rewritten; reject it when the new one is of no use."""
        assert self.calls is not None
        scenario = record.scenario
        request = Request(self.teacher.identity, self.work.prompter.evolve(scenario, how), self.teacher.sampling)
        try:
            answer = await self.calls.ask(self.teacher, request, purpose="evolve", scenario=scenario.id)
        except TeacherError as error:
            record.reject = Reject(scenario.id, _reason(error), str(error))
            return
        evolved = read_evolved(answer.reply.content, scenario, how)
        if evolved is None:
            record.reject = Reject(scenario.id, "not-evolved", answer.reply.content[:200])
        else:
            self.evolved[scenario.id] = evolved

    async def _verified(
        self, scenario: Scenario, answer: Answer, messages: tuple[Message, ...], meta: dict[str, Any]
    ) -> tuple[list[Flaw], Sample]:
        """Verify an answer in a thread; one that could not be verified is not tried again on the same terms."""
        terms = self.work.verifier.terms
        if reason := self.store.unchecked(answer.key, terms):
            return [Flaw(NOT_CHECKED, reason, reason)], Sample.from_instruction(scenario.instruction, "", "")
        async with self._verifying:
            flaws, sample = await asyncio.to_thread(self._verify, scenario, answer.reply, messages, meta)
        if flaws and flaws[0].kind == NOT_CHECKED:
            await self.store.leave_unchecked(answer.key, terms, flaws[0].message)
        return flaws, sample

    def _verify(
        self, scenario: Scenario, reply: Reply, messages: tuple[Message, ...], meta: dict[str, Any]
    ) -> tuple[list[Flaw], Sample]:
        flaws = self.work.verifier.check(scenario, reply, messages)
        answer = self.work.verifier.finish(scenario, reply)
        return flaws, to_sample(scenario, answer, self.work.reasoning, self.teacher.identity, meta)

    async def _judge(self, judge: TeacherProtocol, scenario: Scenario, answer: str) -> _Judged:
        """Return a second teacher's verdict on an answer; a judge that fails does not count as a bad score."""
        assert self.calls is not None
        request = Request(judge.identity, self.work.prompter.judge(scenario, answer), judge.sampling)
        try:
            verdict = await self.calls.ask(judge, request, purpose="judge", scenario=scenario.id)
        except TeacherError as error:
            if _reason(error) == "no-answer":
                return _Judged([], is_pending=True)
            flaw = Flaw("judge", f"the judge gave no score: {error}", f"评审模型没有给出评分：{error}")
            return _Judged([flaw], can_be_mended=False)
        judgement = read_judgement(verdict.reply.content)
        if judgement is None:
            flaw = Flaw("judge", "the judge's score cannot be read", "无法读取评审模型的评分")
            return _Judged([flaw], can_be_mended=False)
        score, why = judgement
        flaws = [] if score >= GOOD else [Flaw("judge", f"scored {score} of 5: {why}", f"评分 {score}/5：{why}")]
        return _Judged(flaws)

    async def _think(self, work: Callable[..., T], *arguments: Any) -> T:
        """Compute for one scenario per turn of the event loop, so that calls in flight need not wait long."""
        async with self._thinking:
            await asyncio.sleep(0)
            return work(*arguments)


async def _close(teacher: TeacherProtocol) -> None:
    try:
        await teacher.close()
    except Exception as error:
        logger.warning("%s could not be closed: %s", teacher.identity, type(error).__name__)


def _reason(error: TeacherError) -> str:
    """Return the reject reason of a scenario that got no answer."""
    return error.kind if error.kind in ("filtered", "too-long", "bad-request") else "no-answer"
