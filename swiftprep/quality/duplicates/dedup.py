"""Find duplicate samples: exact, near and, with an embedding of your own, semantic duplicates.

Samples are compared part by part: the question, the answer, and any earlier messages. Two samples are duplicates if
*every* part is alike. So a reworded question is no duplicate, though the answer is the same; nor are two gaps cut in
one file, though question and answer together are the same file.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, TypeAlias

from swiftprep.errors import ConfigError
from swiftprep.quality.duplicates.shingles import BATCH, batches, shared_buckets, shingles, tokenize
from swiftprep.records import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from swiftprep.quality.duplicates.shingles import Hashes

    Embeddings: TypeAlias = NDArray[np.float32]

SHINGLE = 5  # tokens; with element-ui's samples, 3, 4 and 5 find the same duplicates
FULL = 32  # texts kept in a bucket; further texts are found through other bands
TRIED = 8  # candidates per text: those that share the most buckets with it
BLOCK = 512  # embeddings compared at once with as many others


@dataclass(frozen=True, slots=True)
class Match:
    """A text that is a near duplicate of an earlier one.

    Attributes:
        position: The text.
        of: The earlier text, which is itself no near duplicate of one before it.
        similarity: Jaccard similarity of the least similar part, 0–1.
    """

    position: int
    of: int
    similarity: float


@dataclass(frozen=True, slots=True)
class Copy:
    """A sample to drop as a duplicate of another.

    Attributes:
        position: The sample to drop.
        of: The sample to keep.
        kind: `"exact"`: equal apart from white space; `"near"`: mostly equal; `"semantic"`: equal in meaning.
        similarity: Similarity of the least similar part, 0–1.
        across: Whether a training sample duplicates a held-out one.
    """

    position: int
    of: int
    kind: Literal["exact", "near", "semantic"]
    similarity: float
    across: bool


def duplicates(
    samples: Sequence[Sample], *, threshold: float = 0.8, near: bool = True, held_out: Collection[int] = ()
) -> list[Copy]:
    """Find the duplicates to drop, including training samples that repeat a held-out one.

    One of several duplicates is kept: a held-out sample rather than a training sample, then one with closed code
    fences, then the one with the longest answer. The text that is kept does not depend on the order of the samples; of
    equal ones, the first is kept. Every sample to drop is similar to the kept one itself. Of held-out samples, only
    exact duplicates are dropped: near duplicates stay, to keep whatever resembles one of them out of training.

    Args:
        samples: All samples at once.
        threshold: Jaccard similarity from which two parts are near duplicates, above 0 and up to 1.
        near: Whether to find near duplicates as well.
        held_out: Positions of held-out samples, besides those whose `meta["split"]` is `"val"`.

    Returns:
        The samples to drop, by position.

    Raises:
        ConfigError: the threshold is out of range.

    >>> a = Sample.from_instruction("Show a button.", "", "<ta-button/>")
    >>> b = Sample.from_instruction("Show a  button.", "", "<ta-button/>", meta={"split": "val"})
    >>> duplicates([a, b])
    [Copy(position=0, of=1, kind='exact', similarity=1.0, across=True)]
    """
    _check(threshold)
    held = _held_out(samples, held_out)
    parts = [_parts(sample) for sample in samples]
    texts = [_digest(of_sample) for of_sample in parts]
    kept: dict[bytes, int] = {}
    copies = []
    for position in _best_first(samples, texts, held):
        of = kept.setdefault(texts[position], position)
        if of != position:
            copies.append(Copy(position, of, "exact", 1.0, of in held and position not in held))
    if near:
        left = list(kept.values())  # still the best first
        firm = sum(position in held for position in left)
        for match in near_duplicates([parts[position] for position in left], threshold=threshold, firm=firm):
            position, of = left[match.position], left[match.of]
            copies.append(Copy(position, of, "near", match.similarity, of in held))
    return sorted(copies, key=lambda copy: copy.position)


def near_duplicates(texts: Sequence[tuple[str, ...]], *, threshold: float = 0.8, firm: int = 0) -> list[Match]:
    r"""Find texts whose every part has a Jaccard similarity of at least `threshold` with that of an earlier text.

    The shingles are runs of five tokens; shorter parts are alike if they have the same tokens. Buckets of MinHash
    signatures give the candidates, and each is verified on all its shingles, so every match is correct. Of true matches
    with a similarity just at the threshold 1 % is missed, and fewer above it. Time grows linearly with the number of
    texts, even if all come from one template; memory, with the number of texts that share a bucket.

    Args:
        texts: The texts, all with the same number of parts, those to keep first.
        threshold: The similarity, above 0 and up to 1.
        firm: How many of the first texts are kept without being matched.

    Returns:
        The matches, by position.

    Raises:
        ConfigError: the threshold is out of range.

    >>> near_duplicates([("let a = 1 + b",), ("let a",), ("let a = 1\n  + b",)])
    [Match(position=2, of=0, similarity=1.0)]
    """
    _check(threshold)
    buckets = shared_buckets(texts, SHINGLE, threshold)
    kept: list[tuple[int, list[Hashes]]] = []
    members: defaultdict[int, list[int]] = defaultdict(list)
    matches = []
    for position, sets in _sets(texts, list(buckets)):
        if position >= firm:
            met = Counter(index for bucket in buckets[position] for index in members[bucket])
            candidates = [kept[index] for index in sorted(index for index, _ in met.most_common(TRIED))]
            match = _first_alike(position, sets, candidates, threshold)
            if match:
                matches.append(match)
                continue
        for bucket in buckets[position]:
            if len(members[bucket]) < FULL:
                members[bucket].append(len(kept))
        kept.append((position, sets))
    return matches


def _check(threshold: float) -> None:
    if not 0 < threshold <= 1:
        raise ConfigError(f"threshold={threshold!r}; expected above 0 and up to 1 (阈值应大于 0 且不超过 1)")


def _held_out(samples: Sequence[Sample], more: Collection[int]) -> set[int]:
    return {*more, *(i for i, sample in enumerate(samples) if sample.is_held_out)}


def _parts(sample: Sample) -> tuple[str, str, str]:
    """Return the earlier messages, the last question and the answer, in Unicode's composed form (NFC)."""
    *asked, answer = sample.messages
    at = max((i for i, message in enumerate(asked) if message["role"] == "user"), default=-1)
    question = asked.pop(at)["content"] if at >= 0 else ""
    before = "\n".join(f"{message['role']}: {message['content']}" for message in asked)
    return (
        unicodedata.normalize("NFC", before),
        unicodedata.normalize("NFC", question),
        unicodedata.normalize("NFC", answer["content"]),
    )


def _digest(parts: tuple[str, ...]) -> bytes:
    text = "\n".join([" ".join(part.split()) for part in parts])
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _best_first(samples: Sequence[Sample], texts: Sequence[bytes], held: Collection[int]) -> list[int]:
    def rank(position: int) -> tuple[bool, int, int, bytes, int]:
        answer = samples[position].answer
        length = len(answer) - answer.count(" ") - answer.count("\n")
        return position not in held, answer.count("```") % 2, -length, texts[position], position

    return sorted(range(len(samples)), key=rank)


def _first_alike(
    position: int, sets: Sequence[Hashes], candidates: Sequence[tuple[int, Sequence[Hashes]]], threshold: float
) -> Match | None:
    for of, others in candidates:
        similarity = _similarity(sets, others, threshold)
        if similarity >= threshold:
            return Match(position, of, similarity)
    return None


def _similarity(one: Sequence[Hashes], other: Sequence[Hashes], threshold: float) -> float:
    """Return the similarity of the least similar part; 0.0 if sizes alone keep a part below the threshold."""
    import numpy as np

    least = 1.0
    for mine, yours in zip(one, other, strict=True):
        small, large = sorted((len(mine), len(yours)))
        if small < threshold * large:
            return 0.0
        if large:
            both = np.concatenate((mine, yours))
            both.sort()
            common = int(np.count_nonzero(both[1:] == both[:-1]))
            least = min(least, common / (small + large - common))
    return least


def _sets(texts: Sequence[tuple[str, ...]], positions: Sequence[int]) -> Iterator[tuple[int, list[Hashes]]]:
    """Yield each text's position and the shingles of its parts: the upper bits of the hashes, sorted and unique."""
    import numpy as np

    number_bits = np.uint64((2 * BATCH).bit_length())  # for the number of a part within its batch
    hash_bits = np.uint64(64) - number_bits
    for first, last in batches([texts[position] for position in positions]):
        here = positions[first:last]
        hashes, bounds = shingles(tokenize([part for position in here for part in texts[position]]), SHINGLE)
        numbers = np.arange(len(bounds), dtype=np.uint64) << hash_bits
        keys = np.repeat(numbers[:-1], np.diff(bounds)) | (hashes >> number_bits)
        keys.sort()
        keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
        bounds = np.searchsorted(keys, numbers)
        keys &= (np.uint64(1) << hash_bits) - np.uint64(1)
        sets = iter([keys[start:stop].copy() for start, stop in pairwise(bounds.tolist())])
        for position in here:
            yield position, [next(sets) for _ in texts[position]]


def semantic_duplicates(
    samples: Sequence[Sample],
    embed: Callable[[Sequence[str]], Embeddings],
    *,
    threshold: float = 0.95,
    held_out: Collection[int] = (),
) -> list[Copy]:
    """Find the samples whose question and answer both mean the same as those of another sample.

    Samples are kept by the rules of `duplicates`, except that even exact duplicates among held-out samples stay. Time
    grows with the square of the number of samples; memory holds their embeddings.

    Args:
        samples: All samples at once.
        embed: Returns one embedding, a row, for each text, at most `BLOCK` texts at a time. For example
            `WordLlama.load().embed` (package wordllama, which includes its weights), or `encode` of a
            `SentenceTransformer`.
        threshold: Cosine similarity from which two parts are alike, above 0 and up to 1. A good value depends on the
            model: review what it finds.
        held_out: Positions of held-out samples, as with `duplicates`.

    Returns:
        The samples to drop, by position.

    Raises:
        ConfigError: the threshold is out of range, or `embed` does not return a row for each text.
    """
    import numpy as np

    _check(threshold)
    held = _held_out(samples, held_out)
    parts = [_parts(sample) for sample in samples]
    order = _best_first(samples, [_digest(of_sample) for of_sample in parts], held)
    sides = [_embeddings([parts[position][side] for position in order], embed) for side in (1, 2)]
    kept = np.zeros(0, dtype=np.int64)  # places in `order`
    copies = []
    for start in range(0, len(order), BLOCK):
        places = np.arange(start, min(start + BLOCK, len(order)))
        best, of = np.zeros(len(places)), np.zeros(len(places), dtype=np.int64)
        for others in np.split(kept, range(BLOCK, len(kept), BLOCK)):
            if len(others):
                cosines = _cosines(sides, places, others)
                at = cosines.argmax(axis=1)
                of = np.where(cosines.max(axis=1) > best, others[at], of)
                best = np.maximum(best, cosines.max(axis=1))
        among = _cosines(sides, places, places)
        stay: list[int] = []
        for i, place in enumerate(places.tolist()):
            position = order[place]
            nearest = max(stay, key=lambda other: among[i, other], default=None)
            if nearest is not None and among[i, nearest] > best[i]:
                best[i], of[i] = among[i, nearest], places[nearest]
            if position in held or best[i] < threshold:
                stay.append(i)
            else:
                copies.append(Copy(position, order[of[i]], "semantic", float(best[i]), order[of[i]] in held))
        kept = np.append(kept, places[stay])
    return sorted(copies, key=lambda copy: copy.position)


def _embeddings(texts: Sequence[str], embed: Callable[[Sequence[str]], Embeddings]) -> Embeddings:
    """Return the embeddings, normalised to length 1."""
    import numpy as np

    blocks = []
    for start in range(0, len(texts), BLOCK):
        block = np.asarray(embed(texts[start : start + BLOCK]), dtype=np.float32)
        if block.ndim != 2 or len(block) != len(texts[start : start + BLOCK]):
            raise ConfigError(f"embed returned the shape {block.shape}; expected a row for each text (每条文本一行)")
        blocks.append(block / np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12))
    return np.concatenate(blocks) if blocks else np.zeros((0, 1), dtype=np.float32)


def _cosines(sides: Sequence[Embeddings], some: NDArray[np.int64], others: NDArray[np.int64]) -> Embeddings:
    """Return the cosines of the less similar side: a row for each of `some`, a column for each of `others`."""
    import numpy as np

    questions, answers = (side[some] @ side[others].T for side in sides)
    least: Embeddings = np.minimum(questions, answers)
    return least
