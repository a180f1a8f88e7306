"""Training logs: where they lie, and the rows of them that count."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.errors import DataError

Row: TypeAlias = dict[str, Any]

EPOCH_LINE = re.compile(
    r"Epoch\s+(?P<epoch>\d+)\s*/\s*\d+\s*[:：]\s*"
    r"Train\s+Loss\s*[:：]\s*(?P<loss>\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf)"
    r"(?:\s*[,，]\s*(?:Eval|Val(?:idation)?)\s+Loss\s*[:：]\s*(?P<eval_loss>\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf))?",
    re.IGNORECASE,
)
_STEP_OF_TOTAL = ("global_step/max_steps", "iteration")  # of the trainer, and of the Megatron trainer
_SET_LOSS = re.compile(r"eval_(.+)_loss")
_RUN_OF_A_SET = ("runtime", "samples_per_second", "steps_per_second")
_VERSION = re.compile(r"v(\d+)(?:-(\d{8}-\d{6}))?")  # the folder of a run, as ms-swift names it
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_LOG, _STATE = "logging.jsonl", "trainer_state.json"


@dataclass(frozen=True, slots=True)
class Log:
    """The rows of a log, in order.

    Attributes:
        rows: One dict per logged event.
        continues: The folder of an earlier run whose rows come first, where only the numbers of the steps say so.
    """

    rows: list[Row] = field(default_factory=list)
    continues: str = ""


# --- rows ----------------------------------------------------------------------------------------------------------


def parse(text: str) -> list[Row]:
    """Return the rows of a log: text lines, `trainer_state.json` or `logging.jsonl`; empty when it is none of them."""
    return _text_rows(text) or _state_rows(text) or _jsonl_rows(text)


def clean_row(row: Mapping[str, Any]) -> Row:
    """Return a logged row with numbers alone, its step among them, under the names of `trainer_state.json`.

    A loss that is null is NaN, which JSON does not have; beside another loss in the same row it is only an empty cell.
    """
    numbers = {key: number for key, value in row.items() if (number := _number(value)) is not None}
    losses = [key for key in row if key in ("loss", "eval_loss") or _SET_LOSS.fullmatch(key)]
    if not any(key in numbers for key in losses):
        numbers |= dict.fromkeys(losses, math.nan)
    if "loss" in numbers and "grad_norm" in row:
        numbers.setdefault("grad_norm", math.nan)
    for name in _STEP_OF_TOTAL:
        step, _, total = str(row.get(name, "")).partition("/")
        if step.isdigit() and total.isdigit():
            numbers |= {"step": int(step), "max_steps": int(total)}
    if isinstance(numbers.get("iteration"), int):
        numbers.setdefault("step", numbers["iteration"])
    return numbers


def _number(value: Any) -> Any:
    """Return a number as it is, one in a string (`"nan"`) as a float, and None for what is none."""
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return None
    return None if isinstance(value, (list, dict)) else value


def _text_rows(text: str) -> list[Row]:
    return [
        {key: float(value) for key, value in match.groupdict().items() if value is not None}
        for match in EPOCH_LINE.finditer(text)
    ]


def _state_rows(text: str) -> list[Row]:
    try:
        state = json.loads(text)
    except json.JSONDecodeError:
        return []
    history = state.get("log_history") if isinstance(state, dict) else None
    return [clean_row(row) for row in history if isinstance(row, dict)] if isinstance(history, list) else []


def _jsonl_rows(text: str) -> list[Row]:
    """Read `logging.jsonl`. Its last line, the result of the run, has another shape; one cut short is passed over."""
    rows = []
    for line in text.split("\n"):
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(row, dict) and (set(_STEP_OF_TOTAL) & set(row) or "loss" in row or _evaluated(row)):
            rows.append(clean_row(row))
    return rows


def _evaluated(row: Mapping[str, Any]) -> list[str]:
    """Return the columns of a row that are the eval loss of a set.

    Each set is evaluated by itself, which transformers logs as `eval_<name>_loss` beside `eval_<name>_runtime`. A loss
    beside a plain `eval_loss` is a part of that one (`eval_nll_loss` of DPO, `eval_z_loss` of Megatron's experts), and
    `eval_loss_<channel>` is a channel within it.
    """
    if "eval_loss" in row:
        return ["eval_loss"]
    named = [(column, match[1]) for column in row if (match := _SET_LOSS.fullmatch(column))]
    timed = [column for column, name in named if any(f"eval_{name}_{what}" in row for what in _RUN_OF_A_SET)]
    return timed or [column for column, name in named if not name.startswith("loss_")]


def eval_sets(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the column of each evaluation set's loss by its name; the only set of most runs has the name `""`.

    >>> eval_sets([{"eval_loss": 1.2}])
    {'': 'eval_loss'}
    >>> eval_sets([{"eval_chat_zh_loss": 1.2}, {"eval_code_loss": 0.8}])
    {'chat_zh': 'eval_chat_zh_loss', 'code': 'eval_code_loss'}
    """
    columns = dict.fromkeys(column for row in rows for column in _evaluated(row))
    return {match[1] if (match := _SET_LOSS.fullmatch(column)) else "": column for column in columns}


def positions(rows: list[Row]) -> list[float]:
    """Return where each row stands: its step; where no row has one its epoch, else its number in the log."""
    unit = next((unit for unit in ("step", "epoch") if any(unit in row for row in rows)), None)
    if unit is None:
        return [float(number) for number in range(len(rows))]
    places, at = [], 0.0
    for row in rows:
        at = float(row.get(unit, at))
        places.append(at)
    return places


def counted(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Part the rows that count from those of stretches that were thrown away.

    A run that is resumed from a checkpoint does again what came after it, into the same log: there the train loss, or
    the eval loss of a set, is logged anew for a step that has passed. The rows of later steps do not count any more,
    nor those of that step, except that the evaluation which opens a resumed run (`eval_on_start`) leaves the train
    loss of its step as it is.

    Returns:
        The rows that count, and the others, both in their order.
    """
    sets = set(eval_sets(rows).values())
    kept: list[tuple[float, Row]] = []
    thrown: list[Row] = []
    last: dict[str, float] = {}
    for at, row in zip(positions(rows), rows, strict=True):
        kinds = {column for column in ("loss", *sets) if column in row}
        if any(last.get(kind, -math.inf) >= at for kind in kinds):
            again = [
                entry[0] > at or (entry[0] == at and ("loss" in kinds or not kinds.isdisjoint(entry[1])))
                for entry in kept
            ]
            thrown += [row for (_, row), over in zip(kept, again, strict=True) if over]
            kept = [entry for entry, over in zip(kept, again, strict=True) if not over]
            last = {kind: place for place, earlier in kept for kind in ("loss", *sets) if kind in earlier}
        kept.append((at, row))
        last |= dict.fromkeys(kinds, at)
    return [row for _, row in kept], thrown


def begins_late(rows: list[Row]) -> bool:
    """Tell whether a log begins in the middle: its first train loss is more than one interval away from step 0."""
    steps = sorted({row["step"] for row in rows if "step" in row and "loss" in row})
    gaps = [later - earlier for earlier, later in itertools.pairwise(steps)]
    return bool(gaps) and steps[0] > 1.5 * min(gaps)


# --- files ---------------------------------------------------------------------------------------------------------


def read_file(path: Path) -> list[Row]:
    """Return the rows of one file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return parse(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise DataError(f"{path}: {error.strerror} (没有找到训练日志)") from None


def read_run(folder: Path) -> tuple[Path, Log]:
    """Read the newest log in a folder; of a resumed run, with what came before.

    Returns:
        The file, and its rows.

    Raises:
        DataError: there is none.
    """
    path = find_log(folder)
    rows = read_file(path)
    if path.name == _STATE or not rows:  # a state has the whole history
        return path, Log(rows)
    before = _before(path.parent, rows)
    return path, Log(before.rows + rows, before.continues)


def _before(run: Path, rows: list[Row]) -> Log:
    """Return what was logged before a run went on from a checkpoint, which is in another folder as a rule."""
    checkpoint = _resumed_from(run)
    states = [_newest_state(run), *(place / _STATE for place in _places(checkpoint, run))]
    for state in states:
        if state is not None and state.is_file() and (earlier := _up_to(read_file(state), rows)):
            return Log(earlier)
    if checkpoint is None and ((run / "args.json").is_file() or not begins_late(rows)):
        return Log()
    if checkpoint is None:
        runs = sorted((other for other in run.parent.iterdir() if _is_before(other, run)), key=_age, reverse=True)
    else:
        runs = [place.parent for place in _places(checkpoint, run) if not _same(place.parent, run)]
    for other in runs:
        if _log_of(other) is None:
            continue
        log = read_run(other)[1]
        if checkpoint is None:
            return Log(log.rows, log.continues or other.name)
        saved_at = _CHECKPOINT.fullmatch(checkpoint.name)
        end = int(saved_at[1]) if saved_at else math.inf
        kept = [row for at, row in zip(positions(log.rows), log.rows, strict=True) if at <= end]
        return Log(_up_to(kept, rows), log.continues)
    return Log()


def _up_to(earlier: list[Row], rows: list[Row]) -> list[Row]:
    """Return the rows that stand before a run's own, of the step it begins with only what it did not log itself."""
    begin = min(positions(rows))
    first = {column for at, row in zip(positions(rows), rows, strict=True) if at == begin for column in row}
    own = first & {"loss", *eval_sets(rows).values()}
    return [
        row
        for at, row in zip(positions(earlier), earlier, strict=True)
        if at < begin or (at == begin and own.isdisjoint(row) and "loss" not in own)
    ]


def _resumed_from(run: Path) -> Path | None:
    """Return the checkpoint that ms-swift wrote down that the run went on from."""
    try:
        arguments = json.loads((run / "args.json").read_text(encoding="utf-8"))
        return Path(arguments["resume_from_checkpoint"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _places(checkpoint: Path | None, run: Path) -> list[Path]:
    """Return where a checkpoint may be: where it was, and beside the run, if both were moved together."""
    return [] if checkpoint is None else [checkpoint, run.parent / checkpoint.parent.name / checkpoint.name]


def _is_before(folder: Path, run: Path) -> bool:
    return bool(_VERSION.fullmatch(folder.name) and _VERSION.fullmatch(run.name)) and _age(folder) < _age(run)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def find_log(folder: Path) -> Path:
    """Return the newest log in a run's folder or in those of the runs below it: `logging.jsonl`, else a trainer state.

    Of several checkpoints the one of the highest step counts, and of several `vN-…` folders that of the highest
    number: copies out of git, an archive or a hub all have one time.

    Raises:
        DataError: there is none.
    """
    own = _log_of(folder)
    if own is not None:
        return own
    for depths in (("*", "*/*"), ("**",)):
        below = [
            found
            for depth in depths
            for name in (_LOG, _STATE, f"checkpoint-*/{_STATE}")
            for found in folder.glob(f"{depth}/{name}")
        ]
        runs = {path.parent.parent if _CHECKPOINT.fullmatch(path.parent.name) else path.parent for path in below}
        if log := _log_of(_newest(runs)) if runs else None:
            return log
    raise DataError(f"{folder}: no logging.jsonl or trainer_state.json in it (没有找到训练日志)")


def _log_of(run: Path) -> Path | None:
    return run / _LOG if (run / _LOG).is_file() else _newest_state(run)


def _newest_state(run: Path) -> Path | None:
    """Return the trainer state of the highest step: that of a checkpoint, or the one beside them at a run's end."""
    states = [path for path in (run / _STATE, *run.glob(f"checkpoint-*/{_STATE}")) if path.is_file()]
    return max(states, key=_step_of, default=None)


def _step_of(state: Path) -> int:
    if named := _CHECKPOINT.fullmatch(state.parent.name):
        return int(named[1])
    rows = read_file(state)
    return int(max(positions(rows), default=-1))


def _newest(runs: set[Path]) -> Path:
    """Return the newest of several runs. Beside `vN-…` folders others do not count; two parents differ by the date."""
    newest: list[Path] = []
    for parent in {run.parent for run in runs}:
        siblings = [run for run in runs if run.parent == parent]
        versions = [run for run in siblings if _VERSION.fullmatch(run.name)]
        newest += [max(versions, key=_age)] if versions else siblings
    if any(_VERSION.fullmatch(run.name) for run in newest):
        newest = [run for run in newest if _VERSION.fullmatch(run.name)]
    return max(newest, key=_date)


def _age(run: Path) -> tuple[int, str]:
    named = _VERSION.fullmatch(run.name)
    return (int(named[1]), named[2] or "") if named else (-1, "")


def _date(run: Path) -> tuple[str, int, list[Any]]:
    """Return what orders runs that no number does: the date in the name, else the file's, else the name."""
    named = _VERSION.fullmatch(run.name)
    log = _log_of(run)
    natural = [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", str(run))]
    return (named[2] or "") if named else "", log.stat().st_mtime_ns if log else 0, natural
