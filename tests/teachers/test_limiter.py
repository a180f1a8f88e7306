"""Limits and budgets, in the loop's own time made quick."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from swiftprep.distill.budget import Budget, BudgetReached, Spending, to_budget
from swiftprep.distill.calls import RequestExecutor
from swiftprep.distill.store import AnswerStore, Spent
from swiftprep.errors import ConfigError, TeacherError
from swiftprep.teachers.limiter import Limiter
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.request import Reply, Request


class QuickLoop(asyncio.SelectorEventLoop):
    """An event loop in which waiting takes no time: the clock jumps to the next timer."""

    def __init__(self):
        self.now = 1000.0
        super().__init__(_Jumping(self))

    def time(self):
        return self.now


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self.loop = loop

    def select(self, timeout=None):
        if timeout:
            self.loop.now += timeout
        return super().select(0)


def run(work):
    loop = QuickLoop()
    try:
        return loop.run_until_complete(work())
    finally:
        loop.close()


def throttle(seconds=None):
    return TeacherError("429", kind="throttled", retry_after=seconds)


def test_no_more_than_the_limit_are_in_flight():
    async def work():
        limiter = Limiter(Limits(concurrency=3))

        async def call():
            await limiter.acquire()
            await asyncio.sleep(1)
            limiter.release()

        start = asyncio.get_running_loop().time()
        await asyncio.gather(*[call() for _ in range(9)])
        return limiter.most, limiter.in_flight, asyncio.get_running_loop().time() - start

    most, left, took = run(work)
    assert (most, left) == (3, 0)
    assert took == pytest.approx(3, abs=0.1)


def test_throttled_calls_of_one_time_lower_it_once_and_successes_bring_it_back():
    async def work():
        limiter = Limiter(Limits(concurrency=16, backoff=1))
        began = [await limiter.acquire() for _ in range(16)]
        await asyncio.sleep(0.5)
        for at in began:
            limiter.throttled(throttle(), at)
            limiter.release()
        lowered = limiter.limit
        waits = limiter._resume_at - asyncio.get_running_loop().time()
        at = await limiter.acquire()
        limiter.throttled(throttle(), at)
        lower = limiter.limit
        limiter.release()
        for _ in range(300):
            limiter.succeeded()
        return lowered, waits, lower, limiter.limit

    lowered, waits, lower, back = run(work)
    assert (lowered, lower, back) == (pytest.approx(11.2), pytest.approx(7.84), 16)
    assert 1 <= waits <= 1.1


def test_retry_after_holds_everybody():
    async def work():
        loop = asyncio.get_running_loop()
        limiter = Limiter(Limits(concurrency=4))
        at = await limiter.acquire()
        limiter.throttled(throttle(7), at)
        limiter.release()
        start = loop.time()
        times = [await limiter.acquire() - start for _ in range(2)]
        return times

    times = run(work)
    assert all(7 <= time <= 7.8 for time in times)


def test_the_limit_never_falls_below_one():
    async def work():
        limiter = Limiter(Limits(concurrency=2, backoff=0.1))
        for _ in range(5):
            at = await limiter.acquire()
            limiter.throttled(throttle(), at)
            limiter.release()
        return limiter.limit

    assert run(work) == 1


@pytest.mark.parametrize("seconds", [None, 5000], ids=["throttled for long", "asked to wait for long"])
def test_patience_ends(seconds):
    async def work():
        limiter = Limiter(Limits(concurrency=2, patience=300))
        for _ in range(100):
            at = await limiter.acquire()
            limiter.release()
            limiter.throttled(throttle(seconds), at)

    with pytest.raises(TeacherError, match="lower limits"):
        run(work)


class Provider:
    """A teacher that answers after a second, and takes four calls at a time until call 120."""

    identity, host, price = "m", "here", None
    sampling: Mapping[str, Any] = {}
    limits = Limits(concurrency=32, backoff=0.5)

    def __init__(self):
        self.calls = []  # how many were in flight with each
        self.in_flight = self.refused = 0

    async def ask(self, request):
        self.in_flight += 1
        self.calls.append(self.in_flight)
        too_many = len(self.calls) <= 120 and self.in_flight > 4
        try:
            await asyncio.sleep(0.2 if too_many else 1)
        finally:
            self.in_flight -= 1
        self.refused += too_many
        if too_many:
            raise throttle()
        return Reply("ok")

    async def close(self):
        pass


def test_the_slots_go_down_with_throttling_and_up_with_answers(tmp_path):
    provider = Provider()

    async def work():
        with AnswerStore(tmp_path / "s.sqlite") as store:
            calls = RequestExecutor(store, Spending(Budget(), Spent()))
            questions = [Request("m", ({"role": "user", "content": f"q{number}"},)) for number in range(280)]
            await asyncio.gather(*[calls.ask(provider, question) for question in questions])
            return calls.tally

    tally = run(work)
    assert tally.outcomes == {"answered": 280, "throttled": provider.refused}
    assert tally.calls == len(provider.calls) == 280 + provider.refused
    assert max(provider.calls) == 32
    assert provider.refused < 80
    assert max(provider.calls[80:120]) <= 8, "the slots went down"
    assert max(provider.calls[240:]) >= 16, "and up again"


def test_requests_a_minute_are_spaced():
    async def work():
        limiter = Limiter(Limits(concurrency=50, requests_per_minute=30))
        times = []
        for _ in range(5):
            times.append(await limiter.acquire())
        return [b - a for a, b in pairwise(times)]

    assert run(work) == pytest.approx([2, 2, 2, 2], abs=0.01)


def test_tokens_a_minute_are_spaced_and_what_was_not_used_is_given_back():
    async def work():
        limiter = Limiter(Limits(concurrency=50, tokens_per_minute=6000))
        first = await limiter.acquire(1000)
        second = await limiter.acquire(1000)
        limiter.release(unused=900)
        third = await limiter.acquire(1000)
        return second - first, third - second

    assert run(work) == pytest.approx((10, 1), abs=0.01)


def test_a_cancelled_wait_gives_its_place_up():
    async def work():
        limiter = Limiter(Limits(concurrency=1))
        await limiter.acquire()
        waiting = asyncio.ensure_future(limiter.acquire())
        behind = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        limiter.release()
        await behind
        return limiter.in_flight

    assert run(work) == 1


@pytest.mark.parametrize(
    "bad", [{"concurrency": 0}, {"attempts": 0}, {"requests_per_minute": 0}, {"tokens_per_minute": -1}], ids=str
)
def test_limits_that_are_none(bad):
    with pytest.raises(ConfigError, match=next(iter(bad))):
        Limits(**bad)


SAMPLING = {"max_tokens": 100}


@pytest.mark.parametrize(
    ("budget", "made"),
    [(Budget(calls=7), 7), (Budget(tokens=1000), 5), (Budget(money=0.5), 5), (Budget(), 20), (Budget(calls=0), 0)],
    ids=str,
)
def test_a_budget_is_not_passed_and_is_used(budget, made):
    """Each call may cost 316 tokens, and costs 184."""

    async def work():
        spending = Spending(budget, Spent())
        done = 0

        async def call(number):
            nonlocal done
            worst = spending.upper_bound(200, SAMPLING)
            await spending.admit(number, worst, (1000, 1000))
            await asyncio.sleep(1)
            spending.settle(number, (92, 8), 0.1)
            done += 1

        found = await asyncio.gather(*[call(number) for number in range(20)], return_exceptions=True)
        assert all(item is None or isinstance(item, BudgetReached) for item in found)
        return done, spending

    done, spending = run(work)
    assert spending.calls == done
    assert budget.calls is None or spending.calls <= budget.calls
    assert budget.tokens is None or spending.tokens <= budget.tokens
    assert budget.money is None or spending.money <= budget.money + 1e-9
    assert abs(done - made) <= (0 if budget.calls is not None or budget == Budget() else 3)


def test_what_earlier_runs_spent_counts():
    async def work():
        spending = Spending(Budget(calls=10), Spent(calls=10))
        await spending.admit(1, (1, 1), None)

    with pytest.raises(BudgetReached):
        run(work)


def test_a_budget_of_the_users():
    assert to_budget({"money": 2.5, "calls": 10}) == Budget(money=2.5, calls=10)
    with pytest.raises(ConfigError, match="did you mean 'money'"):
        to_budget({"mony": 2})
    with pytest.raises(ConfigError, match="calls"):
        to_budget({"calls": -1})


@pytest.mark.parametrize("seconds", [0, 0.001, None], ids=repr)
def test_a_provider_that_lets_nothing_through_is_asked_ever_more_rarely(seconds):
    async def work():
        loop = asyncio.get_running_loop()
        limiter = Limiter(Limits(concurrency=1, backoff=1))
        begins = []
        for _ in range(5):
            begins.append(await limiter.acquire())
            limiter.throttled(throttle(seconds), begins[-1])
            limiter.release()
        return [after - before for before, after in pairwise([*begins, loop.time()])]

    waits = run(work)[:-1]
    assert all(wait >= least for wait, least in zip(waits, (1, 2, 4, 8), strict=True))
