"""`Monitor`: read a training log and say whether the run overfits, and what to do."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from swiftprep.errors import DataError
from swiftprep.train.wording import FIXES, TEXTS, Kind

if TYPE_CHECKING:
    import pandas as pd

# Relative to the best eval loss. Below NOISE a rise is no evidence; above CLEAR one rise is enough; between the two
# it takes two rises in a row.
NOISE = 0.01
CLEAR = 0.05

_EPOCH_LINE = re.compile(
    r"Epoch\s+(?P<epoch>\d+)\s*/\s*\d+\s*[:：]\s*"
    r"Train\s+Loss\s*[:：]\s*(?P<loss>\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf)"
    r"(?:\s*[,，]\s*(?:Eval|Val(?:idation)?)\s+Loss\s*[:：]\s*(?P<eval_loss>\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf))?",
    re.IGNORECASE,
)
_COLUMNS = ("step", "epoch", "loss", "eval_loss", "token_acc", "eval_token_acc", "learning_rate", "grad_norm")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a log says about a run.

    Attributes:
        kind: `"normal"`, `"overfitting"`, `"not-learning"`, `"diverged"`, or `"unknown"` when there are too few
            evaluations to tell.
        evidence: The figures that speak for it.
        counter: The figures that speak against it.
        fixes: What to do, with ms-swift's argument names; empty when nothing need be done.
    """

    kind: Kind
    evidence: list[str] = field(default_factory=list)
    counter: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        lines: list[str] = [self.kind]
        lines += [f"  + {line}" for line in self.evidence]
        lines += [f"  - {line}" for line in self.counter]
        lines += [f"  → {line}" for line in self.fixes]
        return "\n".join(lines)


class Monitor:
    """A training log, from ms-swift or in the plain text form of the source article (section 4).

    >>> text = '''Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193
    ... Epoch 2/3: Train Loss: 0.892, Eval Loss: 1.215
    ... Epoch 3/3: Train Loss: 0.515, Eval Loss: 1.897'''
    >>> Monitor.read(text).verdict().kind
    'overfitting'
    """

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        """Hold the rows of a log; see `read` for getting them.

        Args:
            rows: One dict per logged event, with any of `step`, `epoch`, `loss`, `eval_loss`, `token_acc`,
                `eval_token_acc`, `learning_rate`, `grad_norm` and the `loss_<channel>` of ms-swift.
        """
        self.rows = rows

    @classmethod
    def read(cls, source: str | Path) -> Monitor:
        """Read a log.

        Args:
            source: A run's folder (or the folder above its `vN-…` folders: the newest is read), a
                `logging.jsonl`, a `trainer_state.json`, a text file, or the text itself.

        Raises:
            DataError: nothing there, or nothing in it that is a training log.
        """
        text = str(source)
        if isinstance(source, str) and ("\n" in text or not text or _EPOCH_LINE.search(text)):
            return cls._parsed(text, "the text")
        path = Path(source)
        try:
            if path.is_dir():
                path = find_log(path)
            content = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise DataError(f"{path}: {error.strerror} (没有找到训练日志)") from None
        return cls._parsed(content, str(path))

    @classmethod
    def _parsed(cls, text: str, name: str) -> Monitor:
        rows = _text_rows(text) or _state_rows(text) or _jsonl_rows(text)
        if not rows:
            raise DataError(
                f"{name}: no training log in it: expected ms-swift's JSON lines or 'Epoch 1/3: Train Loss: …'"
            )
        return cls(rows)

    @property
    def log(self) -> pd.DataFrame:
        """One row per logged event; a column an event does not have is NaN."""
        import pandas as pd

        frame = pd.DataFrame(self.rows)
        first = [column for column in _COLUMNS if column in frame]
        return frame[first + [column for column in frame if column not in first]]

    def evals(self) -> list[tuple[float, float]]:
        """Return `(step, eval loss)` of each evaluation, in order."""
        return _series(self.rows, "eval_loss")

    def verdict(self, lang: Literal["en", "zh"] = "en") -> Verdict:
        """Judge the run, with the evidence, what speaks against it, and what to do.

        Overfitting is called when the eval loss has left its lowest point, clearly or twice in a row, while the
        train loss went on falling (source article, section 4). An eval loss that rises together with the eval
        token accuracy is named as counter-evidence: on small models that is common and less grave.

        Args:
            lang: Language of the texts.
        """
        kind, evidence, counter, values = _judge(self.rows)
        say = TEXTS[lang]
        return Verdict(
            kind=kind,
            evidence=[say[key].format(**values) for key in evidence],
            counter=[say[key].format(**values) for key in counter],
            fixes=[fix.format(**values) for fix in FIXES[lang][kind]],
        )


def find_log(folder: Path) -> Path:
    """Return the newest `logging.jsonl` (else `trainer_state.json`) in a run's folder or the `vN-…` folders below.

    Raises:
        DataError: there is none.
    """
    for name in ("logging.jsonl", "trainer_state.json"):
        logs = [*folder.glob(name), *folder.glob(f"v*/{name}"), *folder.glob(f"*/v*/{name}")]
        logs += folder.glob(f"**/checkpoint-*/{name}") if name == "trainer_state.json" else ()
        if logs:
            return max(logs, key=lambda log: (log.stat().st_mtime_ns, str(log)))
    raise DataError(f"{folder}: no logging.jsonl or trainer_state.json in it (没有找到训练日志)")


def clean_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of `logging.jsonl` with numbers for its step, under the names of `trainer_state.json`."""
    clean = {k: v for k, v in row.items() if not isinstance(v, (str, list, dict)) and v is not None}
    step, _, total = str(row.get("global_step/max_steps", "")).partition("/")
    if step.isdigit() and total.isdigit():
        clean |= {"step": int(step), "max_steps": int(total)}
    return clean


def _text_rows(text: str) -> list[dict[str, Any]]:
    return [
        {key: float(value) for key, value in match.groupdict().items() if value is not None}
        for match in _EPOCH_LINE.finditer(text)
    ]


def _state_rows(text: str) -> list[dict[str, Any]]:
    try:
        state = json.loads(text)
    except json.JSONDecodeError:
        return []
    history = state.get("log_history") if isinstance(state, dict) else None
    return [clean_row(row) for row in history if isinstance(row, dict)] if isinstance(history, list) else []


def _jsonl_rows(text: str) -> list[dict[str, Any]]:
    """Read `logging.jsonl`. Its last line, the result of the run, has another shape; one cut short is passed over."""
    rows = []
    for line in text.split("\n"):
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and ("global_step/max_steps" in row or {"loss", "eval_loss"} & set(row)):
            rows.append(clean_row(row))
    return rows


def _at(row: Mapping[str, Any]) -> float:
    return float(row.get("step", row.get("epoch", 0)))


def _series(rows: list[dict[str, Any]], column: str) -> list[tuple[float, float]]:
    return [(_at(row), row[column]) for row in rows if row.get(column) is not None]


def _judge(rows: list[dict[str, Any]]) -> tuple[Kind, list[str], list[str], dict[str, Any]]:
    """Return the kind, the keys of the texts that speak for and against it, and the figures in them."""
    evals, train = _series(rows, "eval_loss"), _series(rows, train_column(rows))
    broken = sorted((at, loss) for at, loss in [*train, *evals] if not math.isfinite(loss))
    if broken:
        return "diverged", ["broken"], [], {"at": broken[0][0], "loss": broken[0][1]}
    if len(evals) < 2:
        return "unknown", ["too-few"], [], {"evals": len(evals)}
    best_at, best = min(evals, key=lambda pair: pair[1])
    last = evals[-1][1]
    rise = last / best - 1 if best else 0.0
    values: dict[str, Any] = {"best_at": best_at, "best": best, "rise": rise}
    evidence, counter = ["eval-moved"], []
    values |= _ends("eval", evals)
    if len(train) > 1:
        evidence.append("train-moved")
        values |= _ends("train", train, width=max(1, min(5, len(train) // 2)))  # a single batch says little
    tail = [loss for at, loss in evals if at >= best_at][-3:]
    left_its_best = rise > CLEAR or (rise > NOISE and len(tail) == 3 and tail[0] < tail[1] < tail[2])
    if left_its_best:
        evidence.append("above-best")
        accuracy = _series(rows, "eval_token_acc")
        if len(accuracy) > 1 and accuracy[-1][1] > accuracy[0][1]:
            counter.append("accuracy-rose")
            values |= _ends("accuracy", accuracy)
        return ("overfitting" if _falls(train, best_at) else "diverged"), evidence, counter, values
    if rise > NOISE:
        counter.append("watch")
    if values.get("train_last") and last > values["train_last"]:
        counter.append("gap")
        values["gap"] = last / values["train_last"] - 1
    kind: Kind = "normal" if evals[0][1] - best > NOISE * evals[0][1] else "not-learning"
    return kind, evidence, counter, values


def train_column(rows: Iterable[Mapping[str, Any]]) -> str:
    """Name the train loss that the eval loss can be held against: `"loss"`, or that of the one channel evaluated.

    In a mix the train loss jumps with the share of general rows in a batch; ms-swift's `enable_channel_loss` gives the
    loss of each channel.
    """
    columns = {column for row in rows for column in row}
    evaluated = [column for column in columns if column.startswith("eval_loss_")]
    own = evaluated[0].removeprefix("eval_") if len(evaluated) == 1 else "loss"
    return own if own in columns else "loss"


def _ends(name: str, series: list[tuple[float, float]], width: int = 1) -> dict[str, float]:
    """Return where a series begins and ends, each as the mean over `width` values."""
    first, last = (sum(value for _, value in part) / width for part in (series[:width], series[-width:]))
    return {
        f"{name}_first_at": series[0][0],
        f"{name}_first": first,
        f"{name}_last_at": series[-1][0],
        f"{name}_last": last,
        f"{name}_change": last / first - 1 if first else 0.0,
    }


def _falls(train: list[tuple[float, float]], since: float) -> bool:
    """Tell whether the train loss is lower at the end than at the step `since`, over up to five logged values."""
    before = [loss for at, loss in train if at <= since] or [loss for _, loss in train[:1]]
    after = [loss for at, loss in train if at > since]
    width = min(5, len(before), len(after))
    return width > 0 and sum(after[-width:]) < sum(before[-width:])
