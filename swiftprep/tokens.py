"""Count tokens with the model's own tokenizer, without loading torch or transformers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, MissingDependencyError
from swiftprep.records import Sample


class Counter:
    """Counts the tokens of a text: `counter("a text")`. It can be sent to another process.

    Attributes:
        path: The model's `tokenizer.json`.
        fingerprint: Hash of that file.
    """

    def __init__(self, model: str | Path) -> None:
        """Read a tokenizer.

        Args:
            model: The model's folder. For a hub id there is nothing on disk to look at, and nothing is downloaded.

        Raises:
            ConfigError: there is no `tokenizer.json` in it.
            MissingDependencyError: the package `tokenizers` is not installed.
        """
        self.path = Path(model) / "tokenizer.json"
        if not self.path.is_file():
            raise ConfigError(f"{model}: no tokenizer.json in it; download the model first (没有 tokenizer.json)")
        self.fingerprint = hashlib.blake2b(self.path.read_bytes(), digest_size=16).hexdigest()
        self._tokenizer = _tokenizer(str(self.path))

    def __call__(self, text: str) -> int:
        """Return how many tokens `text` is."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def __reduce__(self) -> tuple[type[Counter], tuple[Path]]:
        return Counter, (self.path.parent,)


@lru_cache(maxsize=4)
def _tokenizer(path: str) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingDependencyError("counting tokens needs tokenizers: pip install 'swiftprep[swift]'") from None
    return Tokenizer.from_file(path)


def token_counter(model: str | Path) -> Counter | None:
    """Return a function that counts the tokens of a text, or None where there is nothing on disk to count with."""
    try:
        return Counter(model)
    except (ConfigError, MissingDependencyError):
        return None


def sample_tokens(sample: Sample, count: Callable[[str], int]) -> int:
    """Return the tokens of a sample's messages; the chat template adds a few to each."""
    return sum(count(message["content"]) for message in sample.messages)
