"""Limits of work in worker processes: time and memory per item, and the number of processes."""

from __future__ import annotations

from typing import NamedTuple

from swiftprep.arguments import is_number
from swiftprep.errors import ConfigError

LONGEST = 86_400  # seconds per item
LEAST_MB, MOST_MB = 200, 1_000_000
MOST_WORKERS = 1_000  # more than the cores of any machine; each is a process, and a thread of this one


class ItemLimits(NamedTuple):
    """The limits of one item.

    Attributes:
        seconds: Processor time of every item.
        seconds_per_mb: Additional time per 1,000,000 bytes of the item.
        memory_mb: Memory of the whole worker process, where the platform can limit it (Linux).
    """

    seconds: float = 3.0
    seconds_per_mb: float = 3.0
    memory_mb: int = 2000

    @classmethod
    def given(cls, name: str, seconds: float, memory_mb: int = 2000) -> ItemLimits:
        """Return the limits that a user set as `NAME_seconds=` and `NAME_memory_mb=`.

        Raises:
            ConfigError: a value is not a number, or out of range.
        """
        if (
            not (is_number(seconds) and is_number(memory_mb))
            or not 0 < seconds <= LONGEST
            or not LEAST_MB <= memory_mb <= MOST_MB
        ):
            raise ConfigError(
                f"{name}_seconds={seconds!r:.100}, {name}_memory_mb={memory_mb!r:.100}: expected more than 0 and up to "
                f"{LONGEST:,} seconds, and {LEAST_MB} to {MOST_MB:,} megabytes (超出范围)"
            )
        return cls(seconds, seconds, memory_mb)

    def of(self, size: int) -> float:
        """Return the time limit in seconds of an item of `size` bytes."""
        return self.seconds + self.seconds_per_mb * size / 1e6


def check_workers(workers: object) -> None:
    """Check the number of worker processes.

    Raises:
        ConfigError: it is not a whole number from 1 to `MOST_WORKERS`.
    """
    if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(
            f"workers={workers!r:.100}: expected 1 or more, and at most {MOST_WORKERS:,}; best the number of cores "
            "(工作进程数超出范围)"
        )
