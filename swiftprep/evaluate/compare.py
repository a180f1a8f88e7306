"""Compare the base model and the tuned model on the same questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

# Below this share, the tuned model forgets. A small model gets a few answers right by luck, and loses them with any
# change.
KEPT_ENOUGH = 0.85


@dataclass(frozen=True, slots=True)
class SetComparison:
    """The scores of two models on one set of questions.

    Attributes:
        name: The set.
        metric: `"pass"` (share of correct answers) or `"rouge-l"` (similarity to the reference, 0 to 1).
        questions: How many questions there are.
        base: Mean score of the base model, 0 to 1.
        tuned: Mean score of the tuned model.
        kept: For `"pass"`: the share of the base model's correct answers that the tuned model also gets right; None if
            the base model has none. Forgetting is measured here and not by the loss, which hardly changes when a model
            loses its abilities.
        lost: Ids of the questions that the base model passes and the tuned one fails.
        gained: Ids of the questions that the tuned model passes and the base one fails.
    """

    name: str
    metric: str
    questions: int
    base: float
    tuned: float
    kept: float | None = None
    lost: list[str] = field(default_factory=list)
    gained: list[str] = field(default_factory=list)

    @property
    def forgets(self) -> bool:
        """Whether the tuned model lost more of the base model's knowledge than chance and wording explain."""
        return self.kept is not None and self.kept < KEPT_ENOUGH

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain values, `forgets` included."""
        return {**asdict(self), "forgets": self.forgets}


def compare(base: Iterable[Mapping[str, Any]], tuned: Iterable[Mapping[str, Any]]) -> list[SetComparison]:
    """Compare the answers of two models, set by set.

    Args:
        base: The base model's answers: mappings with `set`, `id`, `metric` and `score`.
        tuned: The tuned model's answers to the same questions.

    Raises:
        ValueError: the two models did not answer the same questions.
    """
    scores = [{(a["set"], a["id"]): (a["metric"], float(a["score"])) for a in answers} for answers in (base, tuned)]
    if scores[0].keys() != scores[1].keys():
        missing = sorted(scores[0].keys() ^ scores[1].keys())[:3]
        raise ValueError(f"the two models did not answer the same questions; only one answered {missing}")
    return [_compare_set(name, *scores) for name in sorted({key[0] for key in scores[0]})]


def _compare_set(
    name: str, base: Mapping[tuple[str, str], tuple[str, float]], tuned: Mapping[tuple[str, str], tuple[str, float]]
) -> SetComparison:
    keys = [key for key in base if key[0] == name]
    metric = base[keys[0]][0]
    means = [sum(side[key][1] for key in keys) / len(keys) for side in (base, tuned)]
    if metric != "pass":
        return SetComparison(name, metric, len(keys), means[0], means[1])
    right = [{key[1] for key in keys if side[key][1] >= 1} for side in (base, tuned)]
    return SetComparison(
        name,
        metric,
        len(keys),
        means[0],
        means[1],
        kept=len(right[0] & right[1]) / len(right[0]) if right[0] else None,
        lost=sorted(right[0] - right[1]),
        gained=sorted(right[1] - right[0]),
    )
