"""Judge the loss curves of a run, with the figures for and against the judgement."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from swiftprep.train.logs import Row, begins_late, eval_sets, positions
from swiftprep.train.verdict_texts import Reason

# Relative to the best eval loss. A rise below NOISE is no evidence; one above CLEAR is enough; in between it takes two
# rises in a row.
NOISE = 0.01
CLEAR = 0.05
# The fraction of an epoch after which a run may be called normal or not learning. Overfitting shows on rows seen more
# than once, and before half an epoch most rows have not been seen at all; the learning rate may still be warming up.
# In a log without epochs, such as Megatron's, it is the fraction of the planned steps.
EARLY = 0.5
# A train loss this low may really reach 0. A jump to 0 from above it stands for NaN: the trainer leaves NaN out of the
# mean it logs (`logging_nan_inf_filter`).
NEAR_ZERO = 0.1
# If at least this fraction of the training has no evaluation after it, the run cannot be judged.
OPEN = 0.5

Figures: TypeAlias = dict[str, Any]
Line: TypeAlias = tuple[str, Figures]
Series: TypeAlias = list[tuple[float, float]]

# If evaluation sets are judged differently, the first of these decides.
_GRAVEST: tuple[Reason, ...] = (
    "broken",
    "diverged",
    "overfitting",
    "no-train-loss",
    "never-evaluated",
    "early",
    "normal",
    "begins-late",
    "not-learning",
    "unevaluated",
    "too-few",
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judgement of a log; each line is the key of a text with its figures.

    Attributes:
        reason: The reason for the verdict.
        evidence: Evidence for it.
        counter: Evidence against it, or worth knowing besides.
        fixes: Keys of the fixes.
    """

    reason: Reason
    evidence: list[Line] = field(default_factory=list)
    counter: list[Line] = field(default_factory=list)
    fixes: list[Line] = field(default_factory=list)


def judge(rows: list[Row]) -> Judgement:
    """Judge the rows that count, one evaluation set at a time; the gravest judgement is the run's."""
    dead, passing = _dead(rows)
    if dead:
        return Judgement("broken", [dead], passing)
    sets = eval_sets(rows)
    judged = {name: _judge_set(rows, name, column) for name, column in sets.items()}
    if not judged:
        judged = {"": Judgement("too-few", [("too-few", {"of": "", "evals": 0})])}
    reason = min((judgement.reason for judgement in judged.values()), key=_GRAVEST.index)
    alike = [judgement for judgement in judged.values() if judgement.reason == reason]
    others = [judgement for judgement in judged.values() if judgement.reason != reason]
    evidence = _once(line for judgement in alike for line in judgement.evidence)
    other_lines = [line for other in others for line in other.evidence if "of" in line[1]]
    late: list[Line] = [("begins-late", {"at": positions(rows)[0]})] if begins_late(rows) else []
    counter = _once(
        [*(line for judgement in alike for line in judgement.counter), *other_lines, *passing, *late, *_zero(rows)]
    )
    fixes: list[Line] = [("look-there", figures) for _, figures in passing]
    if reason == "too-few":
        moved = _train_moved(_finite(series(rows, train_column(rows))))
        evidence += [*moved, *_zero(rows)]
        if any(figures["change"] > CLEAR for _, figures in moved):
            evidence.append(("train-rose", {}))
            fixes.append(("diverged", {}))
    named = [name for name in judged if name and judged[name].reason == reason]
    if others and named and reason in ("overfitting", "diverged"):
        fixes.insert(0, ("choose", {"set": named[0]}))
    return Judgement(reason, evidence, [line for line in counter if line not in evidence], fixes)


def _once(lines: Iterable[Line]) -> list[Line]:
    kept: list[Line] = []
    for line in lines:
        if line not in kept:
            kept.append(line)
    return kept


def train_column(rows: Iterable[Mapping[str, Any]], name: str = "") -> str:
    """Return the column of the train loss to compare an eval loss with: `"loss"`, or that of the channel evaluated.

    In a mix the train loss jumps with the share of general rows in a batch; ms-swift's `enable_channel_loss` logs the
    loss of each channel.

    Args:
        rows: Rows of a log.
        name: Name of the evaluation set; it evaluates the channel of the same name.
    """
    columns = {column for row in rows for column in row}
    evaluated = [column for column in columns if column.startswith("eval_loss_")]
    own = evaluated[0].removeprefix("eval_") if len(evaluated) == 1 else "loss"
    return next(column for column in (f"loss_{name}", own, "loss") if column in columns or column == "loss")


def series(rows: list[Row], column: str) -> Series:
    """Return the positions at which a column has a value, with the values."""
    return [(at, row[column]) for at, row in zip(positions(rows), rows, strict=True) if row.get(column) is not None]


def _dead(rows: list[Row]) -> tuple[Line | None, list[Line]]:
    """Look for a train loss that broke: NaN, or the 0 that is logged in its place.

    Returns:
        A line about where it broke, if training never recovered; and lines about times when it did.
    """
    train = [(at, row) for at, row in zip(positions(rows), rows, strict=True) if row.get("loss") is not None]
    broken, learns, before = [], [], math.inf
    for _, row in train:
        loss, norm = row["loss"], row.get("grad_norm", 0.0)
        nan = not math.isfinite(norm)
        broken.append(not math.isfinite(loss) or (loss == 0 and (nan or (norm == 0 and before > NEAR_ZERO))))
        learns.append(not broken[-1] and not nan)
        before = loss if loss and math.isfinite(loss) else before
    since = next((number for number in range(len(train), 0, -1) if learns[number - 1]), 0)
    # The optimizer skips a single step with an overflowing gradient; after the last step one cannot tell.
    dead = len(train) - since > 1 or any(broken[since:])
    passing = [entry for entry, wrong in zip(train[:since], broken, strict=False) if wrong]
    lines = [("broke-once", _where(passing))] if passing else []
    return (("broken", _where(train[since:])) if dead else None), lines


def _zero(rows: list[Row]) -> list[Line]:
    """Return a line about a train loss of exactly 0 at the end, which alone does not prove that training broke."""
    train = series(rows, train_column(rows))
    since = next((number for number in range(len(train), 0, -1) if train[number - 1][1] != 0), 0)
    return [("train-zero", {"at": train[since][0], "rows": len(train) - since})] if len(train) - since > 1 else []


def _finite(points: Series) -> Series:
    return [(at, loss) for at, loss in points if math.isfinite(loss)]


def _train_moved(train: Series) -> list[Line]:
    """Return a line about the first and last train loss, each a mean over a few values, as one batch says little."""
    if len(train) < 2:
        return []
    width = min(5, len(train) // 2)
    return [("train-moved" if width == 1 else "train-moved-mean", _ends(train, width))]


def _unevaluated(logged: Series, train: Series, of: Figures) -> Line | None:
    """Return a line about training at the end without an evaluation for longer than the usual interval."""
    places = [at for at, _ in logged]
    longest = max((after - before for before, after in itertools.pairwise(places)), default=0)
    if not train or train[-1][0] - places[-1] <= longest:
        return None
    return "unevaluated", {"at": places[-1], "end": train[-1][0], **of}


def _where(entries: list[tuple[float, Row]]) -> Figures:
    at, row = entries[0]
    norm = f", grad_norm {row['grad_norm']:g}" if "grad_norm" in row else ""
    return {"at": at, "seen": f"loss {row['loss']:g}{norm}", "rows": len(entries)}


def _judge_set(rows: list[Row], name: str, column: str) -> Judgement:
    """Judge one evaluation set by its eval loss and the train loss."""
    of = {"of": name}
    logged = series(rows, column)
    evals = _finite(logged)
    if not evals and _finite(
        series(rows, train_column(rows, name))
    ):  # a broken training would have a broken train loss
        return Judgement("never-evaluated", [("never-evaluated", {"evals": len(logged), **of})])
    if not math.isfinite(logged[-1][1]):
        return Judgement("broken", [("eval-broken", {"at": logged[-1][0], "loss": logged[-1][1], **of})])
    if len(evals) < 2:
        return Judgement("too-few", [("too-few", {"evals": len(evals), **of})])
    train = _finite(series(rows, train_column(rows, name)))
    best_at, best = min(evals, key=lambda pair: pair[1])
    last = evals[-1][1]
    rise = last / best - 1 if best else 0.0
    odd = [at for at, loss in logged if not math.isfinite(loss)]
    counter: list[Line] = [("eval-broke-once", {"at": odd[0], "rows": len(odd), **of})] if odd else []
    evidence: list[Line] = [("eval-moved", {**_ends(evals), **of}), *_train_moved(train)]
    open_end = _unevaluated(logged, train, of)
    counter += [open_end] if open_end else []
    # Evaluations are compared with the training up to the last of them.
    reached = next((number for number, (at, _) in enumerate(train, start=1) if at >= evals[-1][0]), len(train))
    beside = train[:reached]
    early = _early(rows, column)
    tail = [loss for at, loss in evals if at >= best_at][-3:]
    if rise > CLEAR or (rise > NOISE and len(tail) == 3 and tail[0] < tail[1] < tail[2]):
        evidence.append(("above-best", {"rise": rise, "best": best, "best_at": best_at, **of}))
        accuracy = series(rows, column.removesuffix("loss") + "token_acc")
        if len(accuracy) > 1 and accuracy[-1][1] > accuracy[0][1]:
            counter.append(("accuracy-rose", {**_ends(accuracy), **of}))
        counter += [early] if early else []
        falls = _falls(beside if open_end else train, best_at)
        if falls is None:
            return Judgement("no-train-loss", [*evidence, ("no-train-loss", {})], counter)
        return Judgement("overfitting" if falls else "diverged", evidence, counter)
    if rise > NOISE:
        counter.append(("watch", {"rise": rise, **of}))
    if len(beside) > 1 and last > (loss := _ends(beside, min(5, len(beside) // 2))["last"]) > 0:
        counter.append(("gap", {"gap": last / loss - 1, "loss": last, "at": evals[-1][0], "train": loss, **of}))
    learned = evals[0][1] - best > NOISE * evals[0][1]
    if early:
        return Judgement("early", [early, *evidence], counter)
    if not learned and begins_late(rows):
        return Judgement("begins-late", [("begins-late", {"at": positions(rows)[0]}), *evidence], counter)
    if open_end and train[-1][0] - evals[-1][0] >= OPEN * (train[-1][0] - positions(rows)[0]):
        return Judgement("unevaluated", [open_end, *evidence], counter)
    return Judgement("normal" if learned else "not-learning", evidence, counter)


def _early(rows: list[Row], column: str) -> Line | None:
    """Return a line if the last evaluation came too early to judge by; None if it did not, or nothing tells."""
    row = next(row for row in reversed(rows) if row.get(column) is not None)
    if row.get("epoch") is not None:
        return ("early-epoch", {"seen": row["epoch"], "least": EARLY}) if row["epoch"] < EARLY else None
    if row.get("max_steps") and row["step"] < EARLY * row["max_steps"]:
        return "early-plan", {"at": row["step"], "steps": row["max_steps"], "least": EARLY}
    return None


def _ends(points: Series, width: int = 1) -> Figures:
    """Return the beginning and the end of a series, each as the mean over `width` values."""
    first, last = (sum(value for _, value in part) / width for part in (points[:width], points[-width:]))
    return {
        "first_at": points[0][0],
        "first_to": points[width - 1][0],
        "first": first,
        "last_from": points[-width][0],
        "last_at": points[-1][0],
        "last": last,
        "change": last / first - 1 if first else 0.0,
    }


def _falls(train: Series, since: float) -> bool | None:
    """Tell whether the train loss is lower at the end than at the step `since`, over up to five logged values.

    Returns:
        None when the log does not tell: no train loss after that step, or none to compare it with.
    """
    before = [loss for at, loss in train if at <= since] or [loss for _, loss in train[:1]]
    after = [loss for at, loss in train if at > since]
    if not after or len(train) < 2:
        return None
    width = min(5, len(before), len(after))
    return sum(after[-width:]) < sum(before[-width:])
