"""Turn texts into hashed runs of tokens, which deduplication and the contamination check compare.

A token is a word or an identifier (letters, digits, `_`, `$`; case and camelCase kept), or any other visible character:
an operator, a bracket, a Chinese character. White space is not a token, and neither are `/` and `*`, so that a
reformatted comment stays the same. A shingle is the hash of a few neighbouring tokens. Texts that may share many
shingles share a bucket, by their MinHash signatures.

All texts of a batch are processed at once, as one array of bytes: a token's hash is a polynomial in its bytes modulo
2⁶⁴ (Karp and Rabin, Efficient randomized pattern-matching algorithms, 1987), taken from the sums over the whole batch
by multiplying with an inverse. Hashes are the same in every process.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes: TypeAlias = NDArray[np.uint64]
    Places: TypeAlias = NDArray[np.int64]

RECALL = 0.99  # share of true matches that become candidates, at a similarity of exactly the threshold
MOST_HASHES = 64  # in a signature
BATCH = 1 << 19  # characters processed at once
BASE = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2⁶⁴
WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz$"
BLANK = bytes([*range(33), 127, *b"/*"])
WIDE_BLANKS = ("\xa0".encode(), "\u3000".encode())  # each becomes as many spaces as it has bytes, so offsets stay valid
# The kind of each byte, and its value in the hash, which is 0 for blanks.
KINDS = bytes(0 if b in BLANK else 1 if b in WORD else 3 if 0x80 <= b < 0xC0 else 2 for b in range(256))
VALUES = bytes(0 if b in BLANK else b for b in range(256))
IN_WORD, OPENS = 1, 2  # the other kinds: 0 is blank, 3 continues a character of several bytes


@dataclass(frozen=True)
class TokenizedTexts:
    """The tokens of some texts.

    Attributes:
        data: The texts in UTF-8, each followed by a space.
        hashes: The hash of each token.
        starts: Where each token starts in `data`.
        bounds: `bounds[i]:bounds[i + 1]` are the tokens of text `i`.
    """

    data: bytes
    hashes: Hashes
    starts: Places
    bounds: Places

    def excerpt(self, first: int, last: int) -> str:
        """Return the text from token `first` up to, but not including, token `last`."""
        stop = int(self.starts[last]) if last < len(self.starts) else len(self.data)
        return self.data[int(self.starts[first]) : stop].decode("utf-8", "replace").rstrip()


def tokenize(texts: Sequence[str]) -> TokenizedTexts:
    """Find and hash the tokens of some texts; lone surrogates and NUL are treated like any other character."""
    import numpy as np

    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    data = b" ".join([*encoded, b""])
    lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
    edges = np.concatenate(([0], np.cumsum(lengths + 1)))
    blanked = data
    for blank in WIDE_BLANKS:
        blanked = blanked.replace(blank, b" " * len(blank))
    array = np.frombuffer(blanked.translate(VALUES), dtype=np.uint8)
    kinds = np.frombuffer(blanked.translate(KINDS), dtype=np.uint8)
    words = kinds == IN_WORD
    begins = words.copy()
    begins[1:] &= ~words[:-1]
    starts = np.flatnonzero(begins | (kinds == OPENS))
    powers, inverses = _powers(_room(len(array)))
    sums = np.zeros(len(array) + 1, dtype=np.uint64)
    np.cumsum(array * powers[: len(array)], out=sums[1:])  # blanks add nothing
    hashes = np.diff(sums[np.append(starts, len(array))]) * inverses[starts]
    return TokenizedTexts(data, mixed(hashes), starts, np.searchsorted(starts, edges))


def shingles(tokens: TokenizedTexts, size: int) -> tuple[Hashes, Places]:
    """Return the hash of every run of `size` tokens, and the bounds of each text's shingles.

    A text with fewer tokens is a single shingle; an empty one has none.

    >>> hashes, bounds = shingles(tokenize(["const a = 1", "a b", ""]), 3)
    >>> bounds.tolist()
    [0, 2, 3, 3]
    """
    import numpy as np

    powers, inverses = _powers(_room(len(tokens.hashes) + 1))
    sums = np.zeros(len(tokens.hashes) + 1, dtype=np.uint64)
    np.cumsum(tokens.hashes * powers[: len(tokens.hashes)], out=sums[1:])
    counts = np.diff(tokens.bounds)
    per_text = np.where(counts > 0, np.maximum(counts - size + 1, 1), 0)
    bounds = np.concatenate(([0], np.cumsum(per_text)))
    first = np.arange(bounds[-1]) + np.repeat(tokens.bounds[:-1] - bounds[:-1], per_text)
    stop = np.minimum(first + size, np.repeat(tokens.bounds[1:], per_text))
    return mixed((sums[stop] - sums[first]) * inverses[first]), bounds


def batches(texts: Sequence[tuple[str, ...]]) -> Iterator[tuple[int, int]]:
    """Yield ranges of texts with about `BATCH` characters each, or more if a single text is longer."""
    first, size = 0, 0
    for position, parts in enumerate(texts):
        size += sum(map(len, parts)) + len(parts)
        if size >= BATCH:
            yield first, position + 1
            first, size = position + 1, 0
    if first < len(texts):
        yield first, len(texts)


def mixed(hashes: Hashes) -> Hashes:
    """Spread every bit over all bits (the finaliser of splitmix64; Steele et al., 2014)."""
    import numpy as np

    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))


def shared_buckets(texts: Sequence[tuple[str, ...]], size: int, threshold: float) -> dict[int, list[int]]:
    """Return the numbers of the buckets that each text shares with others, without texts that share none.

    Two texts whose every part has a Jaccard similarity of at least `threshold` share a bucket with a probability of at
    least `RECALL`: the similarity of all parts together is never below that of the least similar part.

    Source: Broder, On the resemblance and containment of documents (1997); Leskovec, Rajaraman and Ullman, Mining of
    Massive Datasets (2020), section 3.4.
    """
    import numpy as np

    bands, rows = _bands(threshold)
    keys = [_keys(texts[first:last], size, bands, rows) for first, last in batches(texts)]
    if not keys:
        return {}
    _, numbers, counts = np.unique(np.concatenate(keys), return_inverse=True, return_counts=True)
    numbers = numbers.reshape(-1, bands)
    shared = counts[numbers] > 1
    return {int(i): numbers[i][shared[i]].tolist() for i in np.flatnonzero(shared.any(axis=1))}


def _bands(threshold: float) -> tuple[int, int]:
    """Return the number of bands and of hashes per band: the longest bands that reach the recall.

    >>> _bands(0.8)
    (12, 5)
    """
    if threshold == 1:
        return 1, MOST_HASHES
    best = MOST_HASHES, 1
    for rows in range(1, MOST_HASHES):
        bands = math.ceil(math.log(1 - RECALL) / math.log1p(-(threshold**rows)))
        if bands * rows > MOST_HASHES:
            break
        best = bands, rows
    return best


def _keys(texts: Sequence[tuple[str, ...]], size: int, bands: int, rows: int) -> Hashes:
    """Return the key of each text in each band: a hash of the band's minima over its shingles."""
    import numpy as np

    width = len(texts[0])
    hashes, bounds = shingles(tokenize([part for parts in texts for part in parts]), size)
    part = np.repeat(np.arange(len(bounds) - 1) % width, np.diff(bounds))
    hashes = (mixed(hashes + part.astype(np.uint64)) >> np.uint64(32)).astype(np.uint32)
    starts = bounds[:-1:width]
    filled = np.flatnonzero(bounds[width::width] > starts)
    draws = mixed(np.arange(1, 2 * bands * rows + 1, dtype=np.uint64)).astype(np.uint32).reshape(bands, rows, 2)
    keys = np.tile(np.arange(bands, dtype=np.uint64), (len(texts), 1))
    for band in range(bands):
        for flip, factor in draws[band]:
            least = np.minimum.reduceat((hashes ^ flip) * (factor | np.uint32(1)), starts[filled])
            keys[filled, band] = mixed(keys[filled, band] + least)
    return keys


def _room(size: int) -> int:
    return 1 << max(size, BATCH).bit_length()


@lru_cache(maxsize=4)
def _powers(size: int) -> tuple[Hashes, Hashes]:
    """Return the powers of `BASE` modulo 2⁶⁴ and their inverses."""
    import numpy as np

    bases = (BASE, pow(BASE, -1, 1 << 64))
    powers, inverses = (np.multiply.accumulate(np.full(size, base, dtype=np.uint64)) for base in bases)
    return powers, inverses
