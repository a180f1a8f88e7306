"""One answer for one request: from the store, or from the teacher, however often it must be asked."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from swiftprep.distill.budget import LIMIT_NAMES, BudgetReached, Spending, cost_of, longest
from swiftprep.distill.limiter import Closed, Limiter
from swiftprep.distill.request import Reply, Request
from swiftprep.distill.store import Store, Stored
from swiftprep.distill.teachers.failures import ACTIONS
from swiftprep.distill.teachers.teacher import Teaches
from swiftprep.errors import DistillStopped, TeacherError
from swiftprep.quality.length import estimate

LONGEST_WAIT = 60.0  # seconds between two attempts
GIVES_UP = 20  # requests in a row without one answer, after which the run is stopped
ADVICE = {
    "no-money": "the account has no money left; charge it and run it again: what is answered is kept "
    "(账户余额不足，充值后重新运行即可)",
    "auth": "the provider refuses the key, or the key may not use this model (密钥无效或没有权限)",
    "not-found": "no such model or address; check model and base_url (模型或地址不存在)",
    "redirect": "the provider sends calls on to another address; nothing was sent there. Put the final address into "
    "base_url (请填写最终地址)",
    "no-server": "the server on this machine could not be started, or has ended (本机模型服务启动失败)",
    "bad-batch": "the provider refuses the batch (批量任务失败)",
    "throttled": "the provider throttles and lets nothing through (服务商持续限流)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request.

    Attributes:
        key: Of the request; with a larger limit than at first where the first answer was cut off.
        reply: What came back.
        cached: Whether it was in the store.
    """

    key: str
    reply: Reply
    cached: bool


@dataclass(slots=True)
class Tally:
    """What a run did, counted while it runs.

    Attributes:
        calls: Attempts made.
        cached: Answers that were in the store.
        tokens_in: Of the prompts.
        tokens_out: Of the answers.
        cost: Money; of teachers whose price is known.
        outcomes: How the attempts ended.
    """

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class Halted(Exception):
    """The run is ending; nothing new is begun. What ends it is in `Calls.stopped`."""


class Calls:
    """The calls of one run, to any number of teachers.

    Attributes:
        stopped: Why no new call is begun any more; None while it goes on.
        tally: What was done.
    """

    def __init__(self, store: Store, spending: Spending, *, seed: int = 0) -> None:
        self.store = store
        self.spending = spending
        self.stopped: DistillStopped | BudgetReached | KeyboardInterrupt | None = None
        self.tally = Tally()
        self._limiters: dict[int, Limiter] = {}
        self._random = random.Random(seed)
        self._asking: dict[str, asyncio.Future[None]] = {}
        self._failed_in_a_row = 0
        self._halt = asyncio.Event()
        self.on_change: Callable[[], None] = lambda: None

    def limiter(self, teacher: Teaches) -> Limiter:
        """Return the limiter of a teacher; each has one."""
        if id(teacher) not in self._limiters:
            self._limiters[id(teacher)] = Limiter(teacher.limits, seed=self._random.randrange(2**32))
        return self._limiters[id(teacher)]

    def halt(self, reason: DistillStopped | BudgetReached | KeyboardInterrupt) -> None:
        """Begin no new call from now on; those in flight are waited for, as they are paid for."""
        if self.stopped is None:
            self.stopped = reason
        self._halt.set()
        for limiter in self._limiters.values():
            limiter.close()

    async def ask(self, teacher: Teaches, request: Request, *, purpose: str = "answer", scenario: str = "") -> Answer:
        """Return the answer to a request; one that was cut off is asked for once more with twice the limit.

        Args:
            teacher: Whom to ask.
            request: What.
            purpose: For the ledger: `"answer"`, `"repair"`, `"judge"` or `"evolve"`.
            scenario: For the ledger: what it is for.

        Raises:
            TeacherError: there is none, and there will be none in this run; `.kind` says why.
            Halted: the run is ending.
        """
        answer = await self._once(teacher, request, purpose, scenario)
        names = [name for name in LIMIT_NAMES if name in request.sampling]
        if answer.reply.finish_reason != "length" or not names:
            return answer
        larger = {name: 2 * longest(request.sampling) for name in names}
        request = Request(request.model, request.messages, {**request.sampling, **larger}, request.reasoning)
        try:
            return await self._once(teacher, request, purpose, scenario)
        except TeacherError:  # the larger limit is more than this model has
            return answer

    async def _once(self, teacher: Teaches, request: Request, purpose: str, scenario: str) -> Answer:
        key = request.key()
        while key in self._asking:  # the same question twice in one run is asked once
            await asyncio.wait([self._asking[key]])
        stored = self.store.find(key)
        if stored is not None:
            self.tally.cached += 1
            return _answered(key, stored, cached=True)
        asking = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._call(teacher, request, key, purpose, scenario)
        finally:
            del self._asking[key]
            asking.set_result(None)

    async def _call(self, teacher: Teaches, request: Request, key: str, purpose: str, scenario: str) -> Answer:
        size = sum(len(message["content"].encode("utf-8", "replace")) for message in request.messages)
        failures = 0
        while True:
            try:
                reply = await self._attempt(teacher, request, key, purpose, scenario, size)
            except TeacherError as error:
                action = ACTIONS.get(error.kind, "give-up")
                if action == "stop":
                    raise self._stop(teacher, error) from None
                if action == "give-up":
                    self._count_failure(teacher, error)
                    raise
                if action == "retry":
                    failures += 1
                    if failures >= teacher.limits.attempts:
                        self._count_failure(teacher, error)
                        raise
                    if error.kind != "needs-stream":
                        await self._pause(teacher, failures, error)
            else:
                self._failed_in_a_row = 0
                return Answer(key, reply, cached=False)

    async def _pause(self, teacher: Teaches, failures: int, error: TeacherError) -> None:
        """Wait before another attempt: longer each time, and not all for the same time."""
        longest_wait = min(LONGEST_WAIT, teacher.limits.backoff * 2 ** (failures - 1))
        wait = max(error.retry_after or 0.0, longest_wait * self._random.uniform(0.5, 1.0))
        try:
            await asyncio.wait_for(self._halt.wait(), wait)
        except asyncio.TimeoutError:
            return
        raise Halted

    async def _attempt(
        self, teacher: Teaches, request: Request, key: str, purpose: str, scenario: str, size: int
    ) -> Reply:
        """Make one call, within the budget and the limits, and have it in the ledger before the slot is given back."""
        if self.stopped is not None:
            raise Halted
        limiter = self.limiter(teacher)
        worst = self.spending.worst(size, request.sampling)
        ticket = id(asyncio.current_task())
        try:
            await self.spending.admit(ticket, worst, teacher.price)
        except BudgetReached as reached:
            self.halt(reached)
            raise Halted from None
        loop = asyncio.get_running_loop()
        try:
            began = await limiter.acquire(sum(worst))
        except Closed:
            self.spending.withdraw(ticket)
            raise Halted from None
        except BaseException:
            self.spending.withdraw(ticket)
            raise
        tokens, cost = (0, 0), cost_of(teacher.price, 0, 0)
        try:
            if self.stopped is not None:
                self.spending.withdraw(ticket)
                raise Halted
            self.tally.calls += 1
            attempt = self.store.begin(
                key, teacher=teacher.identity, host=teacher.host, purpose=purpose, scenario=scenario, tokens=worst,
                cost=cost_of(teacher.price, *worst),
            )  # fmt: skip
            start = loop.time()
            error: TeacherError | None = None
            reply: Reply | None = None
            try:
                reply = await teacher.ask(request)
            except TeacherError as failed:
                error = failed
            latency = loop.time() - start
            answers: tuple[str, Request, Stored] | None = None
            if reply is not None:
                outcome = "answered"
                tokens = _tokens(reply, size)
                self.spending.learn(size, request.sampling, tokens)
                answers = key, request, Stored(outcome, "", reply)
            else:
                assert error is not None
                outcome = error.kind
                if ACTIONS.get(outcome, "give-up") == "give-up":
                    answers = key, request, Stored(outcome, str(error), Reply("", finish_reason=""))
            cost = cost_of(teacher.price, *tokens)
            self._count(outcome, tokens, cost)
            self.spending.settle(ticket, tokens, cost)
            try:
                await self.store.end(
                    attempt,
                    outcome=outcome,
                    latency=latency,
                    status=error.status if error else 200,
                    tokens=tokens,
                    cost=cost,
                    detail=str(error or ""),
                    body=error.body if error else reply.body if reply else b"",
                    answers=answers,
                )
            except DistillStopped as full:
                self.halt(full)
                raise Halted from None
            if error is None and reply is not None:
                limiter.succeeded()
                return reply
            assert error is not None
            if ACTIONS.get(outcome) == "wait":
                try:
                    limiter.throttled(error, began)
                except TeacherError as enough:
                    raise self._stop(teacher, enough) from None
            raise error
        finally:
            limiter.release(sum(worst) - sum(tokens))

    def _count(self, outcome: str, tokens: tuple[int, int], cost: float | None) -> None:
        self.tally.outcomes[outcome] += 1
        self.tally.tokens_in += tokens[0]
        self.tally.tokens_out += tokens[1]
        self.tally.cost += cost or 0.0
        self.on_change()

    def _count_failure(self, teacher: Teaches, error: TeacherError) -> None:
        """Stop the run when nothing is answered any more: the next thousand would fare no better."""
        if error.kind in ("filtered", "too-long"):
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= GIVES_UP:
            self._stop(teacher, error, f"{GIVES_UP} requests in a row got no answer (连续失败)")

    def _stop(self, teacher: Teaches, error: TeacherError, advice: str = "") -> Halted:
        advice = advice or ADVICE.get(error.kind, "")
        self.halt(DistillStopped(f"{teacher.host}: {advice}: {error}", kind=error.kind))
        return Halted()


def _tokens(reply: Reply, size: int) -> tuple[int, int]:
    """Return what an answer used; where the provider does not say, an estimate, so that no budget takes it for free."""
    tokens_in = reply.tokens_in or size // 3
    return tokens_in, reply.tokens_out or estimate(reply.content) + estimate(reply.reasoning)


def _answered(key: str, stored: Stored, *, cached: bool) -> Answer:
    if stored.outcome != "answered":
        raise TeacherError(stored.detail, kind=stored.outcome)
    return Answer(key, stored.reply, cached)
