"""`Finding`: where a secret was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a secret was. What it was is nowhere in it.

    Attributes:
        path: The file, as given to `redact`.
        line: The line it starts on, from 1.
        kind: What it is, such as `"aws-key-id"`, `"private-key"` or `"password"`.
    """

    path: str
    line: int
    kind: str
