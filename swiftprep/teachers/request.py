"""Requests to a teacher and its replies, as plain values."""

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
    """Return the limit that sampling parameters set on the tokens of an answer; 0 when there is none."""
    for name in LIMIT_NAMES:
        value = sampling.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return 0


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a teacher: everything that shapes the answer, and nothing else.

    Attributes:
        model: The teacher's `identity`: the model and, if its name is ambiguous, the version.
        messages: Turns as `{"role": …, "content": …}`, including the system prompt.
        sampling: Further fields of the body: `temperature`, `max_tokens`, `seed`, a JSON schema …
        reasoning: The requested form of reasoning.
    """

    model: str
    messages: tuple[Message, ...]
    sampling: Mapping[str, Any] = field(default_factory=dict)
    reasoning: Reasoning = "none"

    def __post_init__(self) -> None:
        # A lone surrogate cannot be encoded, so it could be neither sent nor stored.
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
        """Return the key the answer is stored under: a hash of all attributes."""
        return hashlib.blake2b(self.to_json(), digest_size=20).hexdigest()


def encodable(text: str) -> str:
    """Return a text that can be encoded: lone surrogates are replaced."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Reply:
    """A teacher's reply, with this process's API keys removed, as a provider may echo them.

    Attributes:
        content: The answer.
        reasoning: The reasoning, if the provider returns it separately (`reasoning_content`, `reasoning`).
        finish_reason: `"stop"`, `"length"`, `"content_filter"` …
        tokens_in: Tokens of the prompt, as billed; 0 when the provider does not say.
        tokens_out: Tokens of the answer, reasoning included.
        body: The raw body; empty if the answer repeats a key, which the body may hold in pieces.
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
