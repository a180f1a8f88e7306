"""`Budget`: what may be spent, and the spending that stops before it is passed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields

from swiftprep.distill.store import Spent
from swiftprep.errors import ConfigError, did_you_mean
from swiftprep.teachers.protocol import Price, TeacherProtocol
from swiftprep.teachers.request import longest


@dataclass(frozen=True, slots=True)
class Budget:
    """What the ledger of a store may come to, earlier runs included; None: no limit.

    Attributes:
        money: In the currency of the teachers' `price`.
        tokens: Of prompts and answers.
        calls: Attempts, failed ones included.

    >>> Budget(calls=100)
    Budget(money=None, tokens=None, calls=100)
    """

    money: float | None = None
    tokens: int | None = None
    calls: int | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0):
                raise ConfigError(f"budget: {item.name}={value!r}; expected 0 or more (预算应为非负数)")


def to_budget(given: Budget | Mapping[str, float] | None) -> Budget:
    """Return a budget of what the user gave.

    Raises:
        ConfigError: a mapping has another key than money, tokens and calls.
    """
    if given is None or isinstance(given, Budget):
        return given or Budget()
    if not isinstance(given, Mapping):
        raise ConfigError(f"budget={given!r}: expected Budget(money=…, tokens=…, calls=…) (预算格式不正确)")
    known = [item.name for item in fields(Budget)]
    for name in given:
        if name not in known:
            raise ConfigError(f"budget: no '{name}'{did_you_mean(name, known)}; expected {', '.join(known)}")
    return Budget(**given)  # type: ignore[arg-type]


def cost_of(price: Price | None, tokens_in: int, tokens_out: int) -> float | None:
    """Return the money some tokens cost; None when the price is not known.

    >>> cost_of((1.0, 10.0), 500_000, 100_000)
    1.5
    """
    return None if price is None else (tokens_in * price[0] + tokens_out * price[1]) / 1e6


class BudgetReached(Exception):
    """Nothing more fits. Not an error: the run ends and tells."""


class Spending:
    """What is spent and what the calls in flight may still cost, held against the budget.

    A call is let go when it fits even at its worst: all of the prompt's bytes are tokens, the answer is as long as
    `max_tokens` lets it be. How many bytes a token has is learnt from what comes back. While others are in flight that
    may turn out cheaper, a call that does not fit waits; when none is, the budget is reached.
    """

    def __init__(self, budget: Budget, spent: Spent) -> None:
        self.budget = budget
        self.calls = spent.calls
        self.tokens = spent.tokens_in + spent.tokens_out
        self.money = spent.money
        self.reached = False
        self._per_byte = 1.0
        self._per_limit = 1.0
        self._seen = False
        self._reserved: dict[object, tuple[int, float]] = {}
        self._tokens, self._money = 0, 0.0  # of those
        self._settled = asyncio.Event()

    def check(self, teachers: list[TeacherProtocol]) -> None:
        """Make sure that the budget can be kept.

        Raises:
            ConfigError: the price of a teacher is not known, or nothing limits how long its answers may be.
        """
        for teacher in teachers:
            if self.budget.money is not None and teacher.price is None:
                raise ConfigError(
                    f"budget: money={self.budget.money}, but the price of {teacher.identity} is not known; give it "
                    "price=(…, …), money for a million tokens of prompt and of answer (请提供单价 price)"
                )
            limits_money = self.budget.money is not None or self.budget.tokens is not None
            if limits_money and teacher.host != "this process" and not longest(teacher.sampling):
                raise ConfigError(
                    "budget: the teacher's sampling needs max_tokens, or no answer's cost can be foreseen"
                )

    def upper_bound(self, size: int, sampling: Mapping[str, object]) -> tuple[int, int]:
        """Return the tokens of prompt and answer a request may come to.

        Args:
            size: Bytes of its messages.
            sampling: Its sampling.
        """
        return int(size * self._per_byte) + 16, int(longest(sampling) * self._per_limit)

    async def admit(self, ticket: object, tokens: tuple[int, int], price: Price | None) -> None:
        """Wait until a call fits, and count it in.

        Raises:
            BudgetReached: it does not fit, and nothing is in flight that could make room.
        """
        if self.budget == Budget():
            return
        worst = (sum(tokens), cost_of(price, *tokens) or 0.0)
        while not self._fits(*worst):
            if self.reached or not self._reserved:
                self.reached = True
                raise BudgetReached
            self._settled.clear()
            await self._settled.wait()
        self._reserved[ticket] = worst
        self._tokens, self._money = self._tokens + worst[0], self._money + worst[1]

    def settle(self, ticket: object, tokens: tuple[int, int], cost: float | None) -> None:
        """Count what a call came to, in place of what it might have."""
        self.withdraw(ticket)
        self.calls += 1
        self.tokens += sum(tokens)
        self.money += cost or 0.0

    def withdraw(self, ticket: object) -> None:
        """Take back what was counted in; nothing when that is done already."""
        tokens, money = self._reserved.pop(ticket, (0, 0.0))
        self._tokens, self._money = self._tokens - tokens, self._money - money
        self._settled.set()

    def learn(self, size: int, sampling: Mapping[str, object], tokens: tuple[int, int]) -> None:
        """Learn from an answer how many tokens a byte of a prompt is, and whether the limit of answers is kept to."""
        if size and tokens[0]:
            seen = 1.25 * tokens[0] / size
            self._per_byte = max(self._per_byte, seen) if self._seen else seen
            self._seen = True
        if longest(sampling):
            self._per_limit = max(self._per_limit, tokens[1] / longest(sampling))

    def _fits(self, tokens: int, money: float) -> bool:
        budget = self.budget
        return (
            (budget.calls is None or self.calls + len(self._reserved) + 1 <= budget.calls)
            and (budget.tokens is None or self.tokens + self._tokens + tokens <= budget.tokens)
            and (budget.money is None or self.money + self._money + money <= budget.money + 1e-12)
        )
