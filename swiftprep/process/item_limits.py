"""What work in child processes may take: of time and memory for an item, and of processes for all of it."""

from __future__ import annotations

from typing import NamedTuple

from swiftprep.arguments import is_number
from swiftprep.errors import ConfigError

LONGEST = 86_400  # seconds that an item may be given
LEAST_MB, MOST_MB = 200, 1_000_000
MOST_WORKERS = 1_000  # more than any machine has cores that pay; each is a process, and a thread of this one


class ItemLimits(NamedTuple):
    """What one item may take.

    Attributes:
        seconds: Processor time of any item.
        seconds_per_mb: More of it for each 1,000,000 bytes of the item.
        memory_mb: Of the whole child, where the platform can limit it (Linux).
    """

    seconds: float = 3.0
    seconds_per_mb: float = 3.0
    memory_mb: int = 2000

    @classmethod
    def given(cls, name: str, seconds: float, memory_mb: int = 2000) -> ItemLimits:
        """Return the limits that a user gave as `NAME_seconds=` and `NAME_memory_mb=`.

        Raises:
            ConfigError: they are none.
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
        """Return the seconds of an item of `size` bytes."""
        return self.seconds + self.seconds_per_mb * size / 1e6


def check_workers(workers: object) -> None:
    """Refuse a number of processes that is none.

    Raises:
        ConfigError: it is not a whole number from 1 to `MOST_WORKERS`.
    """
    if not isinstance(workers, int) or isinstance(workers, bool) or not 1 <= workers <= MOST_WORKERS:
        raise ConfigError(
            f"workers={workers!r:.100}: expected 1 or more, and at most {MOST_WORKERS:,}: as many as there are cores "
            "(工作进程数超出范围)"
        )
