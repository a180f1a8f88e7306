"""`Flaw`: what is wrong with an answer, told to the teacher and counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with an answer.

    Attributes:
        kind: One of `swiftprep.distill.verification.verify.KINDS` or `"not-checked"`, to count by.
        message: What exactly, in English, for the teacher and for a person.
        message_zh: The same in Chinese.
    """

    kind: str
    message: str
    message_zh: str
