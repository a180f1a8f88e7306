"""Measure how much texts differ from each other: distinct-n and self-BLEU."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from typing import TYPE_CHECKING

from swiftprep.records import Sample

if TYPE_CHECKING:
    import pandas as pd

LIMIT = 200  # texts per figure, since with more texts distinct-n falls and self-BLEU rises by itself
_TOKEN = re.compile(r"[^\W\u3040-\u30ff\u3400-\u9fff]+|\w|[^\w\s]")


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in lower case: words, single Chinese characters, and other visible characters.

    >>> tokens("用el-table写一页")
    ['用', 'el', '-', 'table', '写', '一', '页']
    """
    return _TOKEN.findall(text.lower())


def distinct_n(texts: Iterable[str], n: int) -> float:
    """Return the share of distinct n-grams among all n-grams of tokens, 0–1; 0 if there are none.

    Source: Li et al., A diversity-promoting objective function for neural conversation models (2016).

    >>> distinct_n(["a b a b"], 1)
    0.5
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        counts += _grams(tokens(text), n)
    return len(counts) / counts.total() if counts else 0.0


def _grams(words: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[at : at + n]) for at in range(len(words) - n + 1))


def self_bleu(texts: Sequence[str], n: int = 4, *, limit: int = LIMIT, seed: int = 42) -> float:
    """Return the mean BLEU of each text against all others, 0–1: how much they repeat each other.

    BLEU weights all lengths up to `n` equally, with the brevity penalty. Where a text shares words with the others but
    no n-gram of some length, 0.1 of one is counted, as in nltk's `SmoothingFunction().method1`.

    Args:
        texts: The texts.
        n: The length of the longest n-grams compared.
        limit: The most texts to use; if there are more, this many are drawn.
        seed: Seed of that draw.

    Returns:
        The mean; 0.0 for fewer than two texts.

    Source: Zhu et al., Texygen: a benchmarking platform for text generation models (2018).
    """
    chosen = [tokens(text) for text in _drawn(texts, limit, seed)]
    if len(chosen) < 2:
        return 0.0
    grams = [[_grams(words, size) for size in range(1, n + 1)] for words in chosen]
    highest = [_two_highest([of_text[size] for of_text in grams]) for size in range(n)]
    lengths = [len(words) for words in chosen]
    scores = []
    for index, words in enumerate(chosen):
        if all(_of_others(highest[0][gram], count) == 0 for gram, count in grams[index][0].items()):
            scores.append(0.0)  # no word in common
            continue
        logs = 0.0
        for size in range(n):
            mine = grams[index][size]
            # The most often any other text has the n-gram: the highest count, or the second if the highest is its own.
            clipped = sum(min(count, _of_others(highest[size][gram], count)) for gram, count in mine.items())
            logs += math.log((clipped or 0.1) / max(mine.total(), 1)) / n
        # Of texts equally near in length, the shorter counts.
        near = min((abs(length - len(words)), length) for other, length in enumerate(lengths) if other != index)[1]
        scores.append(math.exp(logs + min(0.0, 1 - near / len(words))))
    return sum(scores) / len(scores)


def _two_highest(counts: Sequence[Counter[tuple[str, ...]]]) -> dict[tuple[str, ...], tuple[int, int]]:
    highest: dict[tuple[str, ...], tuple[int, int]] = {}
    for of_text in counts:
        for gram, count in of_text.items():
            first, second = highest.get(gram, (0, 0))
            highest[gram] = (count, first) if count > first else (first, max(second, count))
    return highest


def _of_others(highest: tuple[int, int], own: int) -> int:
    return highest[1] if highest[0] == own else highest[0]


def _drawn(texts: Sequence[str], limit: int, seed: int) -> list[str]:
    return list(texts) if len(texts) <= limit else Random(seed).sample(list(texts), limit)


def instruction_of(sample: Sample) -> str:
    """Return a sample's instruction, without the code or table that goes with it."""
    instruction, input_ = sample.instruction_and_input
    return instruction if input_ else instruction.partition("\n```")[0]


def diversity(samples: Iterable[Sample], *, limit: int = LIMIT, seed: int = 42) -> pd.DataFrame:
    """Return how much the instructions of each kind differ, with a row `"all"` for all kinds together.

    The columns are kind, samples, distinct-1, distinct-2, distinct-3, self-BLEU, and most common: the share of the most
    frequent instruction.

    Args:
        samples: The samples; one without a kind counts as `"other"`.
        limit: The most instructions of a kind that are drawn for all figures but the last.
        seed: Seed of that draw.
    """
    return _table(_by_kind(samples), limit=limit, seed=seed)


def before_and_after(
    before: Iterable[Sample], after: Iterable[Sample], *, limit: int = LIMIT, seed: int = 42
) -> pd.DataFrame:
    """Return the `diversity` of two sets in one table, with the column `when` first.

    Equally many instructions of each kind are drawn from both sets, since the figures depend on the number of texts.
    """
    import pandas as pd

    old, new = _by_kind(before), _by_kind(after)
    limits = {kind: min(limit, len(texts)) for kind, texts in old.items()}
    tables = {
        "before": _table(old, limit=limit, seed=seed),
        "after": _table(new, limit=limit, seed=seed, limits=limits),
    }
    return pd.concat([table.assign(when=when) for when, table in tables.items()], ignore_index=True)[
        ["when", *tables["before"].columns]
    ]


def _by_kind(samples: Iterable[Sample]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {"all": []}
    for sample in samples:
        text = instruction_of(sample)
        texts["all"].append(text)
        texts.setdefault(sample.kind or "other", []).append(text)
    return texts


def _table(kinds: dict[str, list[str]], *, limit: int, seed: int, limits: dict[str, int] | None = None) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for kind, texts in kinds.items():
        drawn = _drawn(texts, (limits or {}).get(kind, limit), seed)
        common = max(Counter(texts).values()) / len(texts) if texts else 0.0
        figures = [distinct_n(drawn, n) for n in (1, 2, 3)]
        rows.append((kind, len(texts), *figures, self_bleu(drawn, limit=limit, seed=seed), common))
    columns = ["kind", "samples", "distinct-1", "distinct-2", "distinct-3", "self-BLEU", "most common"]
    return pd.DataFrame(rows, columns=columns)
