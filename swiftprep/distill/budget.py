"""`Budget`: what a run may spend, and the bookkeeping that stops it before it spends more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, fields

from swiftprep.arguments import checked_keywords
from swiftprep.distill.store import Spent
from swiftprep.errors import ConfigError, did_you_mean
from swiftprep.teachers.protocol import Price, TeacherProtocol
from swiftprep.teachers.request import longest


@checked_keywords
@dataclass(frozen=True, slots=True)
class Budget:
    """Limits on the totals of a store's ledger, earlier runs included; None: no limit.

    Attributes:
        money: In the currency of the teachers' `price`.
        tokens: Tokens of prompts and answers.
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


def to_budget(budget: Budget | Mapping[str, float] | None) -> Budget:
    """Return the user's budget as a `Budget`.

    Raises:
        ConfigError: a mapping has a key other than money, tokens and calls.
    """
    if budget is None or isinstance(budget, Budget):
        return budget or Budget()
    if not isinstance(budget, Mapping):
        raise ConfigError(f"budget={budget!r}: expected Budget(money=…, tokens=…, calls=…) (预算格式不正确)")
    known = [item.name for item in fields(Budget)]
    for name in budget:
        if name not in known:
            raise ConfigError(
                f"budget: no '{name}'{did_you_mean(name, known)}; expected {', '.join(known)} (预算中没有这一项)"
            )
    return Budget(**budget)  # type: ignore[arg-type]


def cost_of(price: Price | None, tokens_in: int, tokens_out: int) -> float | None:
    """Return the cost of some tokens; None when the price is unknown.

    >>> cost_of((1.0, 10.0), 500_000, 100_000)
    1.5
    """
    return None if price is None else (tokens_in * price[0] + tokens_out * price[1]) / 1e6


class BudgetReached(Exception):
    """The budget is used up. Not an error: the run ends and says so."""


class Spending:
    """Compare what is spent, and what the calls in flight may still cost, with the budget.

    A call is admitted if it fits even in the worst case: every byte of the prompt is a token, and the answer is as
    long as `max_tokens` allows. The tokens per byte are learnt from the answers. A call that does not fit waits while
    others are in flight that may turn out cheaper; when there are none, the budget is reached.
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
        self._tokens, self._money = 0, 0.0  # totals of `_reserved`
        self._settled = asyncio.Event()

    def check(self, teachers: list[TeacherProtocol]) -> None:
        """Make sure that the budget can be kept.

        Raises:
            ConfigError: a teacher's price is unknown, or nothing limits the length of its answers.
        """
        for teacher in teachers:
            if self.budget.money is not None and teacher.price is None:
                raise ConfigError(
                    f"budget: money={self.budget.money}, but the price of {teacher.identity} is unknown; give it "
                    "price=(…, …), the money per million tokens of prompt and of answer "
                    "(单价未知，请设置 price：每百万输入、输出 token 的价格)"
                )
            limits_money = self.budget.money is not None or self.budget.tokens is not None
            if limits_money and teacher.host != "this process" and not longest(teacher.sampling):
                raise ConfigError(
                    "budget: the teacher's sampling needs max_tokens, or the cost of an answer cannot be bounded "
                    "(请在 sampling 中设置 max_tokens，否则无法估算回答的费用上限)"
                )

    def upper_bound(self, size: int, sampling: Mapping[str, object]) -> tuple[int, int]:
        """Return the most tokens the prompt and the answer of a request may have.

        Args:
            size: Bytes of its messages.
            sampling: Its sampling parameters.
        """
        return int(size * self._per_byte) + 16, int(longest(sampling) * self._per_limit)

    async def admit(self, ticket: object, tokens: tuple[int, int], price: Price | None) -> None:
        """Wait until a call fits the budget, and reserve its worst case.

        Raises:
            BudgetReached: it does not fit, and no call in flight could make room.
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
        """Replace a call's reservation by what it used."""
        self.withdraw(ticket)
        self.calls += 1
        self.tokens += sum(tokens)
        self.money += cost or 0.0

    def withdraw(self, ticket: object) -> None:
        """Cancel a reservation, if it still exists."""
        tokens, money = self._reserved.pop(ticket, (0, 0.0))
        self._tokens, self._money = self._tokens - tokens, self._money - money
        self._settled.set()

    def learn(self, size: int, sampling: Mapping[str, object], tokens: tuple[int, int]) -> None:
        """Learn from an answer how many tokens a byte makes, and how far answers exceed their limit."""
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
