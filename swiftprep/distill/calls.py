"""Answer requests from the store, or from the teacher with retries, within the budget and the rate limits."""

from __future__ import annotations

import asyncio
import random
import reprlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from swiftprep.distill.budget import BudgetReached, Spending, cost_of
from swiftprep.distill.store import AnswerStore, Stored
from swiftprep.errors import DistillStopped, SwiftprepError, TeacherError, one_line
from swiftprep.quality.rules.length import estimate
from swiftprep.streams import get_logger
from swiftprep.teachers.failures import ACTIONS, Action, count
from swiftprep.teachers.limiter import Halted, Limiter
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.request import LIMIT_NAMES, Reply, Request, longest
from swiftprep.withheld import shown

logger = get_logger(__name__)

LONGEST_WAIT = 60.0  # seconds of backoff between two attempts
GIVES_UP = 20  # unanswered requests in a row after which the run is stopped
ADVICE = {
    "no-money": "the account has no money left; top it up and run again: answers so far are kept "
    "(账户余额不足，充值后重新运行即可，已有回答均已保存)",
    "auth": "the provider refuses the key, or the key may not use this model (密钥无效或没有权限)",
    "not-found": "no such model or address; check model and base_url (模型或地址不存在，请检查 model 和 base_url)",
    "redirect": "the provider redirects calls to another address; nothing was sent there. Set base_url to the final "
    "address (服务商要求重定向，请在 base_url 中填写最终地址)",
    "no-server": "the server on this machine could not be started, or has ended (本机模型服务启动失败或已退出)",
    "bad-batch": "the provider refuses the batch (批处理任务失败)",
    "throttled": "the provider throttles and lets nothing through (服务商持续限流)",
    "connection": "nothing answers at this address: is the server running, and base_url right? "
    "(该地址没有响应，请确认服务已启动、base_url 正确)",
    "deadline": "no answer came in time: raise the deadline, or ask for fewer tokens "
    "(回答超时，可调大 deadline 或减小 max_tokens)",
    "server": "the provider reports an error of its own; try again later (服务商内部出错，请稍后重试)",
    "empty": "its answers are empty: does this model chat, and is max_tokens large enough for its reasoning? "
    "(回答为空，请确认这是对话模型，且 max_tokens 够它思考)",
    "bad-body": "what comes back is no chat completion: does base_url end in the API's path, such as /v1? "
    "(返回的不是对话接口的内容，请检查 base_url 是否写到接口路径，例如 /v1)",
    "bad-request": "it refuses the requests; check teacher.sampling (请求被拒绝，请检查 teacher.sampling)",
}
# Failures about one prompt; they say nothing about the next one.
_OF_THE_PROMPT = ("filtered", "too-long")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a request.

    Attributes:
        key: Key of the request; where the first answer was cut off, of the one with the larger token limit.
        reply: The teacher's reply.
        cached: Whether it came from the store.
    """

    key: str
    reply: Reply
    cached: bool


@dataclass(slots=True)
class Tally:
    """Counters of a run.

    Attributes:
        calls: Attempts made.
        cached: Answers that came from the store.
        tokens_in: Tokens of the prompts.
        tokens_out: Tokens of the answers.
        cost: Money, of the teachers whose price is known.
        outcomes: Outcome → attempts.
    """

    calls: int = 0
    cached: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)


class _Slot:
    """A call in flight: start time and tokens used."""

    def __init__(self, spending: Spending) -> None:
        self._spending = spending
        self.began = 0.0
        self.used = 0

    def settle(self, tokens: tuple[int, int], cost: float | None) -> None:
        self.used = sum(tokens)
        self._spending.settle(self, tokens, cost)


class RequestExecutor:
    """The calls of one run, to any number of teachers.

    Attributes:
        stopped: Why no new call is started; None while the run goes on.
        tally: Counters of the run.
    """

    def __init__(
        self, store: AnswerStore, spending: Spending, *, seed: int = 0, on_halt: Callable[[], None] | None = None
    ) -> None:
        self.store = store
        self.spending = spending
        self.stopped: DistillStopped | BudgetReached | KeyboardInterrupt | None = None
        self.tally = Tally()
        self._limiters: dict[int, Limiter] = {}
        self._random = random.Random(seed)
        self._asking: dict[str, asyncio.Future[None]] = {}
        self._failed_in_a_row = 0
        # By teacher, and whether the store or a call said so: who has answered, and who has failed with what.
        self._answered: set[tuple[int, bool]] = set()
        self._unanswered: dict[tuple[int, bool], tuple[TeacherProtocol, TeacherError]] = {}
        self._halt = asyncio.Event()
        self._on_halt = on_halt

    def limiter(self, teacher: TeacherProtocol) -> Limiter:
        """Return the rate limiter of a teacher; each has its own."""
        if id(teacher) not in self._limiters:
            self._limiters[id(teacher)] = Limiter(teacher.limits, seed=self._random.randrange(2**32))
        return self._limiters[id(teacher)]

    def halt(self, reason: DistillStopped | BudgetReached | KeyboardInterrupt) -> None:
        """Start no new call from now on; those in flight are paid for, so they are waited for."""
        if self.stopped is None:
            self.stopped = reason
        self._halt.set()
        for limiter in self._limiters.values():
            limiter.close()
        # The budget has already admitted what a batch queues: it is still sent and waited for.
        if self._on_halt is not None and not isinstance(reason, BudgetReached):
            self._on_halt()

    def stop_if_never_answered(self) -> None:
        """Stop a run in which a teacher was asked and never answered, however few the questions were.

        Answers from the store do not speak for a teacher that no call has reached.
        """
        for (who, is_stored), (teacher, error) in self._unanswered.items():
            if not self._answered & {(who, False), (who, is_stored)}:
                self._stop(teacher, error, "it never answered (没有得到任何回答)")

    async def ask(
        self, teacher: TeacherProtocol, request: Request, *, purpose: str = "answer", scenario: str = ""
    ) -> Answer:
        """Return the answer to a request; if it is cut off, ask once more with twice the token limit.

        Args:
            teacher: The teacher to ask.
            request: The request.
            purpose: For the ledger: `"answer"`, `"repair"`, `"judge"` or `"evolve"`.
            scenario: For the ledger: id of the scenario.

        Raises:
            TeacherError: there will be no answer in this run; `.kind` says why.
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
        except TeacherError:  # the larger limit is more than this model allows
            self._failed_in_a_row = 0  # the teacher does answer
            return answer

    async def _once(self, teacher: TeacherProtocol, request: Request, purpose: str, scenario: str) -> Answer:
        key = request.key()
        while key in self._asking:  # identical requests of one run are sent once
            await asyncio.wait([self._asking[key]])
        stored = self.store.find(key)
        about = (id(teacher), stored is not None)
        try:
            if stored is not None:
                self.tally.cached += 1
                answer = _answered(key, stored, cached=True)
            else:
                answer = await self._called(teacher, request, key, purpose, scenario)
        except TeacherError as error:
            if error.kind not in _OF_THE_PROMPT:
                self._unanswered[about] = (teacher, error)
            raise
        self._answered.add(about)
        return answer

    async def _called(
        self, teacher: TeacherProtocol, request: Request, key: str, purpose: str, scenario: str
    ) -> Answer:
        """Call the teacher, while identical requests wait."""
        asking = self._asking[key] = asyncio.get_running_loop().create_future()
        try:
            return await self._call(teacher, request, key, purpose, scenario)
        finally:
            del self._asking[key]
            asking.set_result(None)

    async def _call(self, teacher: TeacherProtocol, request: Request, key: str, purpose: str, scenario: str) -> Answer:
        size = sum(len(message["content"].encode("utf-8", "replace")) for message in request.messages)
        failures = 0
        while True:
            try:
                reply = await self._attempt(teacher, request, key, purpose, scenario, size)
            except TeacherError as error:
                action = _action(error)
                if action == "wait" and getattr(teacher, "is_batch", False):  # each further round is a new batch
                    action = "retry"
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

    async def _pause(self, teacher: TeacherProtocol, failures: int, error: TeacherError) -> None:
        """Wait before another attempt, with exponential backoff and jitter."""
        longest_wait = min(LONGEST_WAIT, teacher.limits.backoff * 2 ** (failures - 1))
        retry_after = min(error.retry_after or 0.0, teacher.limits.patience)
        wait = max(retry_after, longest_wait * self._random.uniform(0.5, 1.0))
        try:
            await asyncio.wait_for(self._halt.wait(), wait)
        except asyncio.TimeoutError:
            return
        raise Halted

    async def _attempt(
        self, teacher: TeacherProtocol, request: Request, key: str, purpose: str, scenario: str, size: int
    ) -> Reply:
        """Make one call within the budget and the limits, recorded in the ledger before its slot is released."""
        worst = self.spending.upper_bound(size, request.sampling)
        async with self._slot(teacher, worst) as slot:
            self.tally.calls += 1
            attempt = self.store.begin(
                key, teacher=teacher.identity, host=teacher.host, purpose=purpose, scenario=scenario, tokens=worst,
                cost=cost_of(teacher.price, *worst),
            )  # fmt: skip
            start = time.perf_counter()
            result = await self._asked(teacher, request)
            latency = time.perf_counter() - start
            error = result if isinstance(result, TeacherError) else None
            outcome = error.kind if error else "answered"
            answers: tuple[str, Request, Stored] | None = None
            if isinstance(result, Reply):
                used = _tokens(result, size)
                self.spending.learn(size, request.sampling, used)
                answers = key, request, Stored(outcome, "", result)
            else:
                used = worst if result.tokens is None else result.tokens
                if _action(result) == "give-up":
                    answers = key, request, Stored(outcome, str(result), Reply("", finish_reason=""))
            cost = cost_of(teacher.price, *used)
            self._count(outcome, used, cost)
            slot.settle(used, cost)
            try:
                await self.store.end(
                    attempt,
                    outcome=outcome,
                    latency=latency,
                    status=error.status if error else 200,
                    tokens=used,
                    cost=cost,
                    detail=str(error or ""),
                    body=result.body,
                    answers=answers,
                )
            except DistillStopped as full:
                self.halt(full)
                raise Halted from None
            if isinstance(result, Reply):
                self.limiter(teacher).succeeded()
                return result
            if _action(result) == "wait":
                try:
                    self.limiter(teacher).throttled(result, slot.began)
                except TeacherError as enough:
                    raise self._stop(teacher, enough) from None
            raise result

    async def _asked(self, teacher: TeacherProtocol, request: Request) -> Reply | TeacherError:
        """Return a teacher's reply, or why there is none; a user's own teacher may return anything."""
        try:
            reply = await teacher.ask(request)
        except TeacherError as error:
            return error
        except DistillStopped as stopped:
            self.halt(stopped)
            raise Halted from None
        except (Halted, SwiftprepError):
            raise
        except Exception as error:  # the ledger must still record the end of the attempt
            logger.debug("a reply that cannot be read", exc_info=True)
            return TeacherError(
                f"the reply cannot be read: {one_line(error)} (无法解析回复)", kind="bad-body", tokens=None
            )
        texts = (reply.content, reply.reasoning, reply.finish_reason) if isinstance(reply, Reply) else (None,)
        if not all(isinstance(text, str) for text in texts):
            return TeacherError(
                f"the teacher returned {shown(reprlib.repr(reply)):.80}; expected a Reply of texts "
                "(教师模型应返回内容为文本的 Reply)",
                kind="bad-body",
            )
        tokens_in, tokens_out = count(reply.tokens_in), count(reply.tokens_out)
        body = reply.body if isinstance(reply.body, bytes) else b""
        if (tokens_in, tokens_out, body) == (reply.tokens_in, reply.tokens_out, reply.body):
            return reply
        return replace(reply, tokens_in=tokens_in, tokens_out=tokens_out, body=body)

    @asynccontextmanager
    async def _slot(self, teacher: TeacherProtocol, worst: tuple[int, int]) -> AsyncIterator[_Slot]:
        """Hold a slot for a call, once the budget and the limits allow it."""
        if self.stopped is not None:
            raise Halted
        limiter, slot = self.limiter(teacher), _Slot(self.spending)
        try:
            await self.spending.admit(slot, worst, teacher.price)
            slot.began = await limiter.acquire(sum(worst))
        except BudgetReached as reached:
            self.halt(reached)
            raise Halted from None
        except BaseException:
            self.spending.withdraw(slot)
            raise
        try:
            if self.stopped is not None:
                raise Halted
            yield slot
        finally:
            self.spending.withdraw(slot)
            limiter.release(sum(worst) - slot.used)

    def _count(self, outcome: str, tokens: tuple[int, int], cost: float | None) -> None:
        self.tally.outcomes[outcome] += 1
        self.tally.tokens_in += tokens[0]
        self.tally.tokens_out += tokens[1]
        self.tally.cost += cost or 0.0

    def _count_failure(self, teacher: TeacherProtocol, error: TeacherError) -> None:
        """Stop the run after too many failures in a row: the remaining requests would fail, too."""
        # Requests of a batch fail all at once; the other two kinds are about one prompt.
        if error.kind in _OF_THE_PROMPT or getattr(teacher, "is_batch", False):
            return
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= GIVES_UP:
            self._stop(
                teacher, error, f"{GIVES_UP} requests in a row got no answer (连续 {GIVES_UP} 个请求没有得到回答)"
            )

    def _stop(self, teacher: TeacherProtocol, error: TeacherError, seen: str = "") -> Halted:
        told = "; ".join(filter(None, (seen, ADVICE.get(error.kind, ""))))
        self.halt(DistillStopped(f"{teacher.host}: {told}: {error}", kind=error.kind))
        return Halted()


def _action(error: TeacherError) -> Action:
    """Return what to do about a failure; an unknown one is retried."""
    return ACTIONS.get(error.kind, "retry")


def _tokens(reply: Reply, size: int) -> tuple[int, int]:
    """Return the tokens an answer used; estimated where the provider does not say, so that none is free."""
    tokens_in = reply.tokens_in or size // 3
    return tokens_in, reply.tokens_out or estimate(reply.content) + estimate(reply.reasoning)


def _answered(key: str, stored: Stored, *, cached: bool) -> Answer:
    if stored.outcome != "answered":
        raise TeacherError(stored.detail, kind=stored.outcome)
    return Answer(key, stored.reply, cached)
