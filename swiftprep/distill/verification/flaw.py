"""`Flaw`: something wrong with an answer, for the teacher and for the statistics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with an answer.

    Attributes:
        kind: One of `swiftprep.distill.verification.verify.KINDS`, or `"not-checked"`.
        message: What exactly is wrong, in English, for the teacher and for people.
        message_zh: The same in Chinese.
    """

    kind: str
    message: str
    message_zh: str
