"""What goes to a teacher and what comes back: plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import orjson

from swiftprep.records import Message
from swiftprep.withheld import without_secrets

Reasoning: TypeAlias = Literal["inline", "think", "none"]
LIMIT_NAMES = ("max_tokens", "max_completion_tokens")


def longest(sampling: Mapping[str, object]) -> int:
    """Return the limit of an answer's tokens that a sampling sets; 0 when it sets none."""
    for name in LIMIT_NAMES:
        value = sampling.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a teacher: everything that shapes the answer, and nothing else.

    Attributes:
        model: The teacher's `identity`: its model and, where a name stands for several, the version.
        messages: Turns as `{"role": …, "content": …}`, the system prompt among them.
        sampling: What the body has beside them: `temperature`, `max_tokens`, `seed`, a JSON schema …
        reasoning: The form the reasoning is asked for in.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Mapping[str, Any] = field(default_factory=dict)
    reasoning: Reasoning = "none"

    def __post_init__(self) -> None:
        # A lone surrogate has no bytes, so it could be neither sent nor stored.
        clean = tuple({name: encodable(text) for name, text in message.items()} for message in self.messages)
        object.__setattr__(self, "messages", clean)

    def to_json(self) -> bytes:
        """Return the request as canonical JSON: equal requests give equal bytes."""
        parts = {
            "model": self.model,
            "messages": [dict(message) for message in self.messages],
            "sampling": dict(self.sampling),
            "reasoning": self.reasoning,
        }
        return orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)

    def key(self) -> str:
        """Return the name the answer is stored under: a hash of everything above."""
        return hashlib.blake2b(self.to_json(), digest_size=20).hexdigest()


def encodable(text: str) -> str:
    """Return a text that has bytes: without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a teacher answered, without the keys of this process, which a provider may repeat.

    Attributes:
        content: The answer.
        reasoning: What it thought, where the provider gives that apart (`reasoning_content`, `reasoning`).
        finish_reason: `"stop"`, `"length"`, `"content_filter"` …
        tokens_in: Tokens of the prompt, as billed; 0 when the provider does not say.
        tokens_out: Tokens of the answer, its reasoning included.
        body: The raw body; empty where the answer repeats a key, which may be there in pieces.
    """

    content: str
    reasoning: str = ""
    finish_reason: str = "stop"
    tokens_in: int = 0
    tokens_out: int = 0
    body: bytes = b""

    def __post_init__(self) -> None:
        for name in ("content", "reasoning"):
            text = getattr(self, name)
            clean = without_secrets(text) if isinstance(text, str) else text
            if clean != text:
                object.__setattr__(self, name, clean)
                object.__setattr__(self, "body", b"")
