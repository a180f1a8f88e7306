"""How many calls may be in flight, and when the next may begin.

Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain, 1989; the factor is CUBIC's, RFC 9438):
each answer raises the limit a little, a throttled call lowers it, once for all the calls that were under way together.
A provider's `Retry-After` holds the whole pool. Rates are spaced evenly (the generic cell rate algorithm), so that a
minute's allowance is not spent in its first second.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque

from swiftprep.errors import TeacherError
from swiftprep.teachers.protocol import Limits

DECREASE = 0.7
LONGEST_PAUSE = 60.0  # seconds, where the provider does not say how long


class Halted(Exception):
    """The run is ending; nothing new is begun."""


class Limiter:
    """The calls to one teacher, within one event loop.

    Attributes:
        limit: Calls that may be in flight now, from 1 to `limits.concurrency`.
        in_flight: Calls in flight now.
        most: The most there were at once.
    """

    def __init__(self, limits: Limits, *, seed: int | None = None) -> None:
        self.limits = limits
        self.limit = float(limits.concurrency)
        self.in_flight = 0
        self.most = 0
        self._random = random.Random(seed)
        self._waiting: deque[tuple[asyncio.Future[float], int]] = deque()
        self._loop = asyncio.get_running_loop()
        self._resume_at = 0.0  # the whole pool waits until then
        self._next_at = 0.0  # when the rates let the next call begin
        self._decreased_at = float("-inf")
        self._throttled_since: float | None = None
        self._in_a_row = 0
        self._wake: asyncio.TimerHandle | None = None
        self._closed = False

    async def acquire(self, tokens: int = 0) -> float:
        """Wait for a slot and return the time it was given, in the loop's seconds.

        Args:
            tokens: What the call may use of the tokens a minute.

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
        """Let go whoever waits, and whoever comes."""
        self._closed = True
        while self._waiting:
            slot, _ = self._waiting.popleft()
            if not slot.done():
                slot.set_exception(Halted())
        if self._wake is not None:
            self._wake.cancel()

    def release(self, unused: int = 0) -> None:
        """Give a slot back.

        Args:
            unused: Tokens that were counted on and not used; negative when more were.
        """
        self.in_flight -= 1
        if self.limits.tokens_per_minute:
            self._next_at -= unused * 60 / self.limits.tokens_per_minute
        self._pump()

    def succeeded(self) -> None:
        """Take note of an answer: the limit goes up by one for each full round of them."""
        self._throttled_since = None
        self._in_a_row = 0
        self.limit = min(float(self.limits.concurrency), self.limit + 1 / max(1.0, self.limit))

    def throttled(self, error: TeacherError, began: float) -> None:
        """Take note of a throttled call: lower the limit and pause the pool.

        Args:
            error: What the provider said.
            began: When the call was given its slot.

        Raises:
            TeacherError: the provider throttled for longer than `limits.patience`, or asks to wait for longer.
        """
        now = self._loop.time()
        if self._throttled_since is None:
            self._throttled_since = now
        if began >= self._decreased_at:
            self._decreased_at = now
            self._in_a_row += 1
            self.limit = max(1.0, self.limit * DECREASE)
            # Whatever it asks for: `Retry-After: 0` would be a call after the other to one that lets nothing through.
            self._pause(now, min(LONGEST_PAUSE, self.limits.backoff * 2 ** min(self._in_a_row - 1, 10)))
        if error.retry_after is not None:
            self._pause(now, error.retry_after)
        if max(now, self._resume_at) - self._throttled_since > self.limits.patience:
            raise TeacherError(
                f"throttled for {now - self._throttled_since:.0f} s without an answer, and to wait "
                f"{max(0.0, self._resume_at - now):.0f} s more; run it again later, or with lower limits: {error}",
                kind="throttled",
                status=error.status,
                body=error.body,
            )

    def _pause(self, now: float, seconds: float) -> None:
        # A little longer, so that those who wait elsewhere do not all come back at once.
        self._resume_at = max(self._resume_at, now + seconds * (1 + self._random.random() / 10))

    def _pump(self) -> None:
        """Give slots to those who wait, as long as the limit, the pause and the rates let it."""
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
        """Return the seconds until the rates let another call begin."""
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
