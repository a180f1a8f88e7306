"""Choose the files to hold out, keeping near copies and folders in one split to avoid leakage."""

from __future__ import annotations

import hashlib
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

from swiftprep.streams import get_logger

logger = get_logger(__name__)

PERMUTATIONS = 64
BANDS = 16  # of 4 values: two files with similarity 0.8 share a band with probability 0.9999
ALIKE = 0.75  # minimum share of equal values for near copies
LEAST_WORDS = 12  # shorter texts match only exact copies

_SPACED = bytes(code if code > 127 or chr(code).isalnum() else 32 for code in range(256))


def signature(text: str) -> bytes:
    """Return the MinHash signature of a text's word bigrams, 256 bytes; for a short text, its hash.

    Source: Broder, On the resemblance and containment of documents (1997).
    """
    words = text.encode("utf-8", "replace").translate(_SPACED).decode("utf-8", "replace").split()
    if len(words) < LEAST_WORDS:
        return hashlib.blake2b(" ".join(text.split()).encode("utf-8", "replace"), digest_size=16).digest()
    from rensa import RMinHash

    sketch = RMinHash(num_perm=PERMUTATIONS, seed=1)
    sketch.update(list(map(" ".join, pairwise(words))))
    return struct.pack(f"<{PERMUTATIONS}I", *sketch.digest())


def near_copies(signatures: Sequence[bytes]) -> list[int]:
    """Return a group number for each signature; near copies share one.

    The time is linear in the number of signatures: within a bucket, each is compared only with the first.
    """
    parents = list(range(len(signatures)))
    width = 4 * PERMUTATIONS // BANDS
    for band in range(BANDS):
        first: dict[bytes, int] = {}
        for index, sign in enumerate(signatures):
            short = len(sign) < 4 * PERMUTATIONS
            if short and band:
                continue
            key = sign if short else sign[band * width : (band + 1) * width]
            other = first.setdefault(key, index)
            met = other != index and _find(parents, other) != _find(parents, index)
            if met and (short or _alike(sign, signatures[other]) >= ALIKE):
                _join(parents, other, index)
    return [_find(parents, index) for index in range(len(signatures))]


def _alike(one: bytes, other: bytes) -> float:
    same = sum(one[i : i + 4] == other[i : i + 4] for i in range(0, 4 * PERMUTATIONS, 4))
    return same / PERMUTATIONS


def _find(parents: list[int], index: int) -> int:
    while parents[index] != index:
        parents[index] = parents[parents[index]]
        index = parents[index]
    return index


def _join(parents: list[int], one: int, other: int) -> None:
    a, b = _find(parents, one), _find(parents, other)
    parents[max(a, b)] = min(a, b)


def held_out(paths: Sequence[str], signatures: Sequence[bytes], fraction: float, seed: int) -> set[int]:
    """Choose the files to hold out, by index.

    Near copies stay together, and so do whole folders, unless the tree has only one, or only folders far larger than
    the share to hold out. Each kind of file contributes its share. The choice depends on names, contents and the seed,
    not on the order of the files.

    Args:
        paths: The files, relative to the root.
        signatures: Their signatures, in the same order.
        fraction: Share of the files to hold out.
        seed: Seed for the choice.
    """
    wanted = min(round(len(paths) * fraction) or int(fraction > 0), len(paths) - 1)
    if wanted < 1:
        return set()
    order = sorted(range(len(paths)), key=lambda index: paths[index])
    chosen = _chosen([paths[i] for i in order], [signatures[i] for i in order], fraction, wanted, seed)
    return {order[index] for index in chosen}


def _chosen(paths: list[str], signatures: list[bytes], fraction: float, wanted: int, seed: int) -> set[int]:
    copies = near_copies(signatures)
    groups = _groups(copies)
    by_folder = _groups(_with_folders(paths, copies))
    if len(by_folder) > 1 and min(map(len, by_folder)) <= 3 * wanted:
        groups = by_folder
    if min(map(len, groups)) > len(paths) // 2:
        logger.warning(
            "nearly all files are copies of each other; the model will have seen the held-out ones (文件几乎都是重复的)"
        )
        groups = [[index] for index in range(len(paths))]
    groups.sort(key=lambda group: _draw(seed, min(paths[index] for index in group)))
    kinds: defaultdict[str, list[list[int]]] = defaultdict(list)
    for group in groups:  # each kind contributes its share, else only a few helpers might be held out
        kinds[Counter(paths[index].rpartition(".")[2].lower() for index in group).most_common(1)[0][0]].append(group)
    chosen: set[int] = set()
    for of_kind in kinds.values():
        room = round(sum(map(len, of_kind)) * fraction)
        for group in of_kind:
            if len(group) <= room and len(chosen) + len(group) <= wanted:
                chosen.update(group)
                room -= len(group)
    if chosen:
        return chosen
    largest = max(kinds.values(), key=lambda of_kind: (sum(map(len, of_kind)), paths[of_kind[0][0]]))
    return set(sorted(largest, key=len)[0])


def _draw(seed: int, name: str) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "replace")).digest()


def _with_folders(paths: Sequence[str], copies: Sequence[int]) -> list[int]:
    """Merge the groups of files that share a folder."""
    parents = list(range(len(paths)))
    seen: dict[str | int, int] = {}
    for index, path in enumerate(paths):
        for key in (path.rpartition("/")[0], copies[index]):
            _join(parents, seen.setdefault(key, index), index)
    return [_find(parents, index) for index in range(len(paths))]


def _groups(numbers: Iterable[int]) -> list[list[int]]:
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for index, number in enumerate(numbers):
        groups[number].append(index)
    return list(groups.values())
