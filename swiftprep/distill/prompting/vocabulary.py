"""Find the words, in Chinese and English, that tell which components a text refers to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

import yaml

_WORD = re.compile(r"[a-z]{3,}")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_HAN = re.compile("[\u3400-\u9fff]+")
_STOP = frozenset(
    "the and for with this that from when which are use used has have not can all its one set you how using page add"
    " show data type value default component components whether name custom should true false will into only".split()
)


@cache
def _chinese() -> tuple[dict[str, list[str]], re.Pattern[str]]:
    text = (files("swiftprep") / "assets" / "distill" / "words.zh.yaml").read_text(encoding="utf-8")
    words: dict[str, list[str]] = yaml.safe_load(text)
    return words, re.compile("|".join(sorted(words, key=lambda word: (-len(word), word))))


def spoken(text: str) -> Iterator[tuple[str, float]]:
    """Yield `(word, weight)` for the words of a text that may name components, each word once."""
    weights: dict[str, float] = {}
    table, pattern = _chinese()
    for match in pattern.finditer(text):
        for rank, word in enumerate(table[match[0]]):
            weights[word] = max(weights.get(word, 0.0), 1 / (1 + rank))
    for word in words_of(text):
        weights.setdefault(word, 1.0)
    yield from sorted(weights.items())


def words_of(text: str) -> list[str]:
    """Return the words of a text: English ones, also in the singular, and pairs of Chinese characters."""
    english = [word for word in _WORD.findall(_HUMP.sub(" ", text).lower()) if word not in _STOP]
    singular = [word[:-1] for word in english if word.endswith("s") and len(word) > 4]
    han = [run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)]
    return [*english, *singular, *han]
