"""Find training samples that contain held-out questions or answers.

A held-out question or answer is recognised by its runs of 13 tokens, anywhere in a training sample, whatever the white
space. Runs that occur in more than ten training samples are an import, a licence or a framework's boilerplate, and do
not count. An answer made mostly of such runs is compared as a whole, as a near duplicate: otherwise an answer that is
in the training data eleven times would hide itself. A piece of an answer that eleven samples contain is still missed.
(Counting source files instead of samples was tried: of element-ui's samples, whose files are disjoint, 41 of 1,061 then
have a share of one half or more, against 1.)

Source: Brown et al., Language Models are Few-Shot Learners (2020), appendix C.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swiftprep.quality.duplicates.dedup import near_duplicates
from swiftprep.quality.duplicates.shingles import batches, shingles, tokenize
from swiftprep.records import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from swiftprep.quality.duplicates.shingles import Hashes, Places

SHORTEST = 8  # tokens of the shortest question or answer that is searched for
FREQUENT = 10  # training samples above which a run does not count
WHOLE = 40  # runs from which an answer is also compared as a whole
NEAR = 0.9  # Jaccard similarity from which such answers are the same


@dataclass(frozen=True, slots=True)
class Hit:
    """A training sample that contains part of a held-out one.

    Attributes:
        position: The training sample.
        held_out_position: The held-out sample.
        share: The share of the held-out question or answer that was found, 0–1: of its runs that are not frequent, or
            the similarity of a near duplicate.
        text: The longest piece that was found.
    """

    position: int
    held_out_position: int
    share: float
    text: str


@dataclass(frozen=True)
class _Runs:
    """The runs of all held-out texts: run `i` occurs in the texts `texts[bounds[i]:bounds[i + 1]]`."""

    hashes: Hashes
    bounds: Places
    texts: Places


def contaminated(
    samples: Sequence[Sample], held_out: Sequence[Sample], *, n: int = 13, least: float = 0.2
) -> list[Hit]:
    """Find the training samples that contain a good part of a held-out sample's question or answer.

    A text with fewer than `n` tokens counts if all of it is found; one with fewer than 8 never does. Time grows with
    the length of both sides; memory, with the held-out side and the hits.

    Args:
        samples: The samples to train on.
        held_out: The samples to evaluate on.
        n: Tokens in a run. The tokens of code are short: 13 of them are one or two lines.
        least: The smallest share to report. Components of one framework have pieces in common.

    Returns:
        The hit with the largest share for each training sample that has one, by position.

    >>> text = "the quick brown fox jumps over the lazy dog near the old bridge"
    >>> asked = Sample.from_instruction(f"Repeat: {text}.", "", "No.")
    >>> contaminated([asked], [Sample.from_instruction("Go on.", "", text)])[0].share
    1.0
    """
    import numpy as np

    texts = [text for sample in held_out for text in (sample.prompt, sample.answer)]
    if not texts or not samples:
        return []
    sizes = _sizes(texts, n)
    runs = _runs(texts, sizes)
    rows, run_of_row = _contained_runs(samples, runs, sorted({size for size in sizes if size}))
    rare = np.bincount(run_of_row, minlength=len(runs.hashes)) <= FREQUENT
    every = np.bincount(runs.texts, minlength=len(texts))
    rare_ones = np.bincount(runs.texts[np.repeat(rare, np.diff(runs.bounds))], minlength=len(texts))
    telling = (rare_ones > 0) & (2 * rare_ones >= every)
    hits = {}
    for row, number, share in _best(
        rows[rare[run_of_row]], run_of_row[rare[run_of_row]], runs, np.where(telling, rare_ones, 0), least
    ):
        there = runs.hashes[run_of_row[slice(*np.searchsorted(rows, (row, row + 1)))]]
        hits[row] = Hit(row, number // 2, share, _longest(texts[number], sizes[number], there))
    whole = np.flatnonzero((~telling & (every >= WHOLE))[1::2])
    for hit in _near_answers(samples, held_out, whole.tolist()):
        if hit.position not in hits or hit.share > hits[hit.position].share:
            hits[hit.position] = hit
    return [hits[row] for row in sorted(hits)]


def _sizes(texts: Sequence[str], n: int) -> list[int]:
    """Return the number of tokens in the runs of each text, 0 if the text is too short to search for."""
    import numpy as np

    counts: list[int] = []
    for first, last in batches([(text,) for text in texts]):
        counts += np.diff(tokenize(texts[first:last]).bounds).tolist()
    return [min(count, n) if count >= min(SHORTEST, n) else 0 for count in counts]


def _runs(texts: Sequence[str], sizes: Sequence[int]) -> _Runs:
    import numpy as np

    hashes: list[Hashes] = [np.zeros(0, dtype=np.uint64)]
    numbers: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    for size in sorted({size for size in sizes if size}):
        these = [number for number, of_text in enumerate(sizes) if of_text == size]
        for first, last in batches([(texts[number],) for number in these]):
            here = these[first:last]
            of_these, bounds = shingles(tokenize([texts[number] for number in here]), size)
            hashes.append(of_these)
            numbers.append(np.repeat(here, np.diff(bounds)))
    hashes_, texts_ = np.concatenate(hashes), np.concatenate(numbers)
    order = np.lexsort((texts_, hashes_))
    hashes_, texts_ = hashes_[order], texts_[order]
    once = np.diff(hashes_, prepend=~hashes_[:1]).astype(bool) | np.diff(texts_, prepend=-1).astype(bool)
    known, starts = np.unique(hashes_[once], return_index=True)
    return _Runs(known, np.append(starts, once.sum()), texts_[once])


def _contained_runs(
    samples: Sequence[Sample], runs: _Runs, sizes: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of a training sample and a run it contains, by sample, each pair once."""
    import numpy as np

    room = 1 << (16 * len(runs.hashes)).bit_length()
    mask = np.uint64(room - 1)
    maybe = np.zeros(room, dtype=bool)  # a lookup here costs a tenth of one among the runs
    maybe[runs.hashes & mask] = True
    pairs: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
    texts = [("\n".join(message["content"] for message in sample.messages),) for sample in samples]
    for first, last in batches(texts):
        tokens = tokenize([text for (text,) in texts[first:last]])
        here = []
        for size in sizes:
            hashes, bounds = shingles(tokens, size)
            at = np.flatnonzero(maybe[hashes & mask])
            number = np.searchsorted(runs.hashes, hashes[at]).clip(max=len(runs.hashes) - 1)
            same = runs.hashes[number] == hashes[at]
            row = first - 1 + np.searchsorted(bounds, at[same], side="right")
            here.append(row * len(runs.hashes) + number[same])
        if here:
            pairs.append(np.unique(np.concatenate(here)))
    rows, numbers = np.divmod(np.concatenate(pairs), max(len(runs.hashes), 1))
    return rows, numbers


def _best(
    rows: NDArray[np.int64], numbers: NDArray[np.int64], runs: _Runs, totals: NDArray[np.int64], least: float
) -> Iterator[tuple[int, int, float]]:
    """Yield each training sample with the text of which it contains the largest share, and that share.

    Args:
        rows: Training samples, in order.
        numbers: The run that each of them contains.
        runs: All runs.
        totals: How many runs of each text count, 0 if it is not searched for.
        least: The smallest share to report.
    """
    import numpy as np

    counts = np.diff(runs.bounds)[numbers]  # in how many texts each run occurs
    at = np.arange(counts.sum()) + np.repeat(runs.bounds[numbers] - np.cumsum(counts) + counts, counts)
    pairs, held = np.unique(np.repeat(rows, counts) * len(totals) + runs.texts[at], return_counts=True)
    row, text = np.divmod(pairs, len(totals))
    share = np.where(totals[text] > 0, held / np.maximum(totals[text], 1), 0.0)
    order = np.lexsort((text, -share, row))
    order = order[np.diff(row[order], prepend=-1) > 0]
    order = order[share[order] >= least]
    yield from zip(row[order].tolist(), text[order].tolist(), share[order].tolist(), strict=True)


def _longest(text: str, size: int, there: Hashes) -> str:
    """Return the longest piece of a text whose runs were all found."""
    import numpy as np

    tokens = tokenize([text])
    hashes, _ = shingles(tokens, size)
    edges = np.flatnonzero(np.diff(np.isin(hashes, there), prepend=False, append=False))
    first, last = max(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True), key=lambda e: e[1] - e[0])
    return tokens.excerpt(first, last + size - 1)


def _near_answers(samples: Sequence[Sample], held_out: Sequence[Sample], tests: Sequence[int]) -> Iterator[Hit]:
    """Find near duplicates of the answers of these held-out samples."""
    answers = [sample.answer for sample in samples]
    texts = [(held_out[position].answer,) for position in tests] + [(answer,) for answer in answers]
    for match in near_duplicates(texts, threshold=NEAR, firm=len(tests)) if tests else ():
        if match.of < len(tests):
            position = match.position - len(tests)
            yield Hit(position, tests[match.of], match.similarity, answers[position])
