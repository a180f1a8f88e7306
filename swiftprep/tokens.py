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
    """Counts the tokens of a text: `counter("a text")`. Instances can be pickled.

    Attributes:
        path: The model's `tokenizer.json`.
        fingerprint: Hash of that file.
    """

    def __init__(self, model: str | Path) -> None:
        """Read a tokenizer.

        Args:
            model: The model's folder. A hub id is not looked up, and nothing is downloaded.

        Raises:
            ConfigError: the folder has no `tokenizer.json`.
            MissingDependencyError: the package `tokenizers` is not installed.
        """
        self.path = Path(model) / "tokenizer.json"
        if not self.path.is_file():
            raise ConfigError(f"{model}: no tokenizer.json in it; download the model first (没有 tokenizer.json)")
        self.fingerprint = hashlib.blake2b(self.path.read_bytes(), digest_size=16).hexdigest()
        self._tokenizer = _tokenizer(str(self.path))

    def __call__(self, text: str) -> int:
        """Return the number of tokens in `text`."""
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
    """Return a `Counter` for a model, or None where its tokenizer cannot be loaded from disk."""
    try:
        return Counter(model)
    except (ConfigError, MissingDependencyError):
        return None


def sample_tokens(sample: Sample, count: Callable[[str], int]) -> int:
    """Return the number of tokens in a sample's messages; the chat template adds a few to each."""
    return sum(count(message["content"]) for message in sample.messages)
