"""What whoever asks a teacher can rely on, whatever it is: a model over HTTP, one on this machine, or a function."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from swiftprep.errors import ConfigError
from swiftprep.teachers.request import Reply, Request

Price: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Limits:
    """How hard a provider may be pressed.

    Attributes:
        concurrency: Calls in flight at once, at most; fewer after the provider throttles, more again after successes.
        requests_per_minute: Calls begun a minute, evenly spaced; None: no limit.
        tokens_per_minute: Tokens of prompts and answers a minute; None: no limit.
        attempts: Calls for one answer, at most, when the provider fails; waiting because of throttling is not counted,
            except in batches.
        backoff: Seconds before the second attempt, at most; doubled with each, up to a minute.
        patience: Seconds the provider may throttle without one answer before the run is stopped.
        batch_hours: Hours a run waits for a batch; the next one goes on waiting.
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
                raise ConfigError(f"limits: {name}={getattr(self, name)!r}; expected 1 or more")
        for name in ("requests_per_minute", "tokens_per_minute"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ConfigError(f"limits: {name}={value!r}; expected more than 0, or None")
        if not self.batch_hours > 0:
            raise ConfigError(f"limits: batch_hours={self.batch_hours!r}; expected more than 0")


@runtime_checkable
class TeacherProtocol(Protocol):
    """What can be asked. `Teacher` is one; `as_teacher` makes one of a function."""

    @property
    def identity(self) -> str:
        """Names what answers, so that its answers are found again: the model, not where it is served."""

    @property
    def host(self) -> str:
        """Where the questions go, to be shown before they do."""

    @property
    def limits(self) -> Limits:
        """How hard it may be pressed."""

    @property
    def sampling(self) -> Mapping[str, Any]:
        """What each request has beside its messages."""

    @property
    def price(self) -> Price | None:
        """Money for a million tokens of prompt and of answer; None: not known."""

    async def ask(self, request: Request) -> Reply:
        """Return the answer, or raise `TeacherError`."""

    async def close(self) -> None:
        """Close connections; the next `ask` opens them again."""
