"""The interface of every teacher: a model over HTTP, one on this machine, or a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from swiftprep.arguments import checked_keywords
from swiftprep.errors import ConfigError
from swiftprep.teachers.request import Reply, Request

Price: TypeAlias = tuple[float, float]


@checked_keywords
@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the calls to a provider.

    Attributes:
        concurrency: Most calls in flight at once; fewer while the provider throttles.
        requests_per_minute: Calls started per minute, evenly spaced; None: no limit.
        tokens_per_minute: Tokens of prompts and answers per minute; None: no limit.
        attempts: Most calls for one answer when the provider fails; waits for throttling do not count, except in
            batches.
        backoff: Most seconds before the second attempt; doubled with each further one, up to a minute.
        patience: Seconds the provider may throttle without an answer before the run is stopped.
        batch_hours: Hours a run waits for a batch; the next run resumes waiting.
    """

    concurrency: int = 16
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    attempts: int = 5
    backoff: float = 1.0
    patience: float = 900.0
    batch_hours: float = 36.0

    def __post_init__(self) -> None:
        for name in ("concurrency", "attempts"):
            if getattr(self, name) < 1:
                raise ConfigError(f"limits: {name}={getattr(self, name)!r}; expected 1 or more (应不小于 1)")
        for name in ("requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"limits: {name}={value!r}; expected more than 0, or None (应大于 0，或为 None)")
        if not self.batch_hours > 0:
            raise ConfigError(f"limits: batch_hours={self.batch_hours!r}; expected more than 0 (应大于 0)")


@runtime_checkable
class TeacherProtocol(Protocol):
    """A teacher, such as `Teacher`, or a function wrapped by `as_teacher`."""

    @property
    def identity(self) -> str:
        """Name of the model, under which its answers are stored, independent of where it is served."""

    @property
    def host(self) -> str:
        """The host that requests go to, shown before they are sent."""

    @property
    def limits(self) -> Limits:
        """Limits on the calls."""

    @property
    def sampling(self) -> Mapping[str, Any]:
        """Sampling parameters of each request."""

    @property
    def price(self) -> Price | None:
        """Money per million tokens of prompt and of answer; None: unknown."""

    async def ask(self, request: Request) -> Reply:
        """Return the answer, or raise `TeacherError`."""

    async def close(self) -> None:
        """Close the connections; the next `ask` reopens them."""
