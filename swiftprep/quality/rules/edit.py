"""Make a changed copy of a sample."""

from __future__ import annotations

from collections.abc import Callable

from swiftprep.records import Sample


def with_texts(sample: Sample, change: Callable[[str], str], *, roles: tuple[str, ...] = ()) -> Sample:
    """Apply `change` to every message, or to those of some roles; return the same sample if nothing changed."""
    messages = [
        {**turn, "content": change(turn["content"])} if not roles or turn["role"] in roles else turn
        for turn in sample.messages
    ]
    return sample if messages == sample.messages else sample.replace(messages=messages)


def with_answer(sample: Sample, answer: str) -> Sample:
    """Return the sample with another answer."""
    return sample.replace(messages=[*sample.messages[:-1], {**sample.messages[-1], "content": answer}])
