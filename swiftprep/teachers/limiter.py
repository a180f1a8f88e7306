"""Limit the calls in flight, and the rate at which calls start.

The limit follows additive increase, multiplicative decrease, as in TCP (Chiu and Jain, 1989; the factor is CUBIC's,
RFC 9438): each answer raises it a little, and a throttled call lowers it, once for all calls in flight at the time. A
provider's `Retry-After` pauses all calls. Starts are spaced evenly (the generic cell rate algorithm), so that a
minute's allowance is not spent in its first second.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque

from swiftprep.errors import TeacherError
from swiftprep.teachers.protocol import Limits

DECREASE = 0.7
LONGEST_PAUSE = 60.0  # seconds, if the provider does not say how long to wait


class Halted(Exception):
    """The run is ending; no new call is started."""


class Limiter:
    """Limit the calls to one teacher, within one event loop.

    Attributes:
        limit: Calls that may be in flight now, from 1 to `limits.concurrency`.
        in_flight: Calls in flight now.
        most: Most calls that were in flight at once.
    """

    def __init__(self, limits: Limits, *, seed: int | None = None) -> None:
        self.limits = limits
        self.limit = float(limits.concurrency)
        self.in_flight = 0
        self.most = 0
        self._random = random.Random(seed)
        self._waiting: deque[tuple[asyncio.Future[float], int]] = deque()
        self._loop = asyncio.get_running_loop()
        self._resume_at = 0.0  # all calls pause until then
        self._next_at = 0.0  # when the rate limits allow the next call
        self._decreased_at = float("-inf")
        self._throttled_since: float | None = None
        self._in_a_row = 0
        self._wake: asyncio.TimerHandle | None = None
        self._closed = False

    async def acquire(self, tokens: int = 0) -> float:
        """Wait for a slot and return the time it was granted, in the loop's seconds.

        Args:
            tokens: Tokens the call may use, for the limit per minute.

        Raises:
            Halted: the run is ending.
        """
        if self._closed:
            raise Halted
        slot: asyncio.Future[float] = self._loop.create_future()
        self._waiting.append((slot, tokens))
        self._pump()
        try:
            return await slot
        except asyncio.CancelledError:
            if slot.done() and not slot.cancelled():
                self.release()
            raise

    def close(self) -> None:
        """Raise `Halted` in all that wait for a slot, now and later."""
        self._closed = True
        while self._waiting:
            slot, _ = self._waiting.popleft()
            if not slot.done():
                slot.set_exception(Halted())
        if self._wake is not None:
            self._wake.cancel()

    def release(self, unused: int = 0) -> None:
        """Return a slot.

        Args:
            unused: Tokens reserved but not used; negative when more were used.
        """
        self.in_flight -= 1
        if self.limits.tokens_per_minute:
            self._next_at -= unused * 60 / self.limits.tokens_per_minute
        self._pump()

    def succeeded(self) -> None:
        """Record an answer: the limit rises by one for each full round of answers."""
        self._throttled_since = None
        self._in_a_row = 0
        self.limit = min(float(self.limits.concurrency), self.limit + 1 / max(1.0, self.limit))

    def throttled(self, error: TeacherError, began: float) -> None:
        """Record a throttled call: lower the limit and pause all calls.

        Args:
            error: The provider's error.
            began: When the call got its slot.

        Raises:
            TeacherError: the provider has throttled for longer than `limits.patience`, or asks for a longer wait.
        """
        now = self._loop.time()
        if self._throttled_since is None:
            self._throttled_since = now
        if began >= self._decreased_at:
            self._decreased_at = now
            self._in_a_row += 1
            self.limit = max(1.0, self.limit * DECREASE)
            # Back off whatever it asks for: after `Retry-After: 0` calls would hammer a provider that still throttles.
            self._pause(now, min(LONGEST_PAUSE, self.limits.backoff * 2 ** min(self._in_a_row - 1, 10)))
        if error.retry_after is not None:
            self._pause(now, error.retry_after)
        if max(now, self._resume_at) - self._throttled_since > self.limits.patience:
            raise TeacherError(
                f"throttled for {now - self._throttled_since:.0f} s without an answer, with "
                f"{max(0.0, self._resume_at - now):.0f} s more to wait; run again later, or with lower limits: {error} "
                "(持续被限流，请稍后重新运行，或调低 limits)",
                kind="throttled",
                status=error.status,
                body=error.body,
            )

    def _pause(self, now: float, seconds: float) -> None:
        # Jitter, so that other processes do not all resume at the same moment.
        self._resume_at = max(self._resume_at, now + seconds * (1 + self._random.random() / 10))

    def _pump(self) -> None:
        """Grant slots to those waiting, as far as the limit, the pause and the rates allow."""
        while self._waiting:
            slot, tokens = self._waiting[0]
            if slot.done():  # cancelled meanwhile
                self._waiting.popleft()
                continue
            if self.in_flight >= int(self.limit):
                return
            now = self._loop.time()
            ready_at = max(self._resume_at, self._next_at)
            if now < ready_at:
                self._wake_at(ready_at)
                return
            self._waiting.popleft()
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            self._next_at = max(self._next_at, now) + self._cost(tokens)
            slot.set_result(now)

    def _cost(self, tokens: int) -> float:
        """Return the seconds by which a call delays the next one under the rate limits."""
        limits = self.limits
        calls = 60 / limits.requests_per_minute if limits.requests_per_minute else 0.0
        return max(calls, tokens * 60 / limits.tokens_per_minute if limits.tokens_per_minute else 0.0)

    def _wake_at(self, when: float) -> None:
        if self._wake is not None:
            if self._wake.when() <= when and not self._wake.cancelled() and self._wake.when() > self._loop.time():
                return
            self._wake.cancel()
        self._wake = self._loop.call_at(when, self._woken)

    def _woken(self) -> None:
        self._wake = None
        self._pump()
