"""`Finding`: the place and kind of a secret."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """The place and kind of a secret, without the secret itself.

    Attributes:
        path: The file, as passed to `redact`.
        line: The line it starts on, from 1.
        kind: The kind, such as `"aws-key-id"`, `"private-key"` or `"password"`.
    """

    path: str
    line: int
    kind: str
