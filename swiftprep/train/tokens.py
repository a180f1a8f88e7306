"""Count tokens with the model's own tokenizer, without loading torch or transformers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from swiftprep.records import Sample


def token_counter(model: str | Path) -> Callable[[str], int] | None:
    """Return a function that counts the tokens of a text, or None where the model has no `tokenizer.json` on disk.

    Args:
        model: A model's folder. For a hub id there is nothing on disk to look at, and nothing is downloaded.
    """
    path = Path(model) / "tokenizer.json"
    if not path.is_file():
        return None
    try:
        from tokenizers import Tokenizer
    except ImportError:  # it comes with transformers
        return None
    tokenizer = Tokenizer.from_file(str(path))
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def sample_tokens(sample: Sample, count: Callable[[str], int]) -> int:
    """Return the tokens of a sample's messages; the chat template adds a few to each."""
    return sum(count(message["content"]) for message in sample.messages)
