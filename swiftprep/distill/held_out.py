"""Hold scenarios out, keeping all samples of one question on one side."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from swiftprep.records import Sample


def split_by_group(samples: Iterable[Sample], fraction: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Split samples into training and held-out ones, keeping related samples together.

    Samples are related if they have the same question or descend from the same scenario (`meta["parent"]`, over any
    number of steps). The split depends on the seed and the scenarios' ids, not on the order.

    Args:
        samples: Samples of at least two questions.
        fraction: Share of the questions to hold out; at least one is held out, and at least one is not.
        seed: Seed of the draw.
    """
    all_samples = list(samples)
    parents = {sample.id: str(sample.meta["parent"]) for sample in all_samples if sample.meta.get("parent")}
    of_question: dict[str, str] = {}
    for sample in sorted(all_samples, key=lambda sample: sample.id):
        of_question.setdefault(sample.prompt, _root(sample.id, parents))
    groups: dict[str, list[Sample]] = {}
    for sample in all_samples:
        groups.setdefault(of_question[sample.prompt], []).append(sample)

    def drawn(group: str) -> bytes:
        return hashlib.blake2b(f"{seed}\0{group}".encode("utf-8", "replace"), digest_size=16).digest()

    order = sorted(groups, key=lambda group: (drawn(group), group))
    chosen = set(order[: max(1, min(len(order) - 1, round(fraction * len(order))))])
    sides: tuple[list[Sample], list[Sample]] = ([], [])
    for group, members in groups.items():
        sides[group in chosen].extend(members)
    return sides


def _root(name: str, parents: dict[str, str]) -> str:
    seen = {name}
    while name in parents and parents[name] not in seen:
        name = parents[name]
        seen.add(name)
    return name
