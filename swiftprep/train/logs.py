"""Find and read training logs, and select the rows that count."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.errors import DataError, one_line
from swiftprep.text.limits import read_within, shallow, whole_number
from swiftprep.withheld import printable

Row: TypeAlias = dict[str, Any]

EPOCH_LINE = re.compile(
    r"Epoch\s{1,9}(?P<epoch>[0-9]{1,9})\s{0,9}/\s{0,9}[0-9]{1,9}\s{0,9}[:：]\s{0,9}"
    r"Train\s{1,9}Loss\s{0,9}[:：]\s{0,9}(?P<loss>[0-9]{1,20}(?:\.[0-9]{1,30})?(?:e[+-]?[0-9]{1,5})?|nan|inf)"
    r"(?:\s{0,9}[,，]\s{0,9}(?:Eval|Val(?:idation)?)\s{1,9}Loss\s{0,9}[:：]\s{0,9}"
    r"(?P<eval_loss>[0-9]{1,20}(?:\.[0-9]{1,30})?(?:e[+-]?[0-9]{1,5})?|nan|inf))?",
    re.IGNORECASE,
)
_STEP_OF_TOTAL = ("global_step/max_steps", "iteration")  # of the trainer, and of the Megatron trainer
_SET_LOSS = re.compile(r"eval_(.+)_loss")
_RUN_OF_A_SET = ("runtime", "samples_per_second", "steps_per_second")
_VERSION = re.compile(r"v(\d+)(?:-(\d{8}-\d{6}))?")  # the folder of a run, as ms-swift names it
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_LOG, _STATE = "logging.jsonl", "trainer_state.json"
_PROGRESS = re.compile(r"([0-9]{1,15})/([0-9]{1,15})")
_PLACES = ("step", "epoch", "max_steps")
_LARGEST_ARGUMENTS = 4 << 20  # bytes of an `args.json`
_MOST_RUNS = 100  # runs in a chain in which each resumes the one before


@dataclass(frozen=True, slots=True)
class Log:
    """The rows of a log, in order.

    Attributes:
        rows: One dict per logged event.
        continues: The folder of an earlier run with the first rows, if that is only inferred from the step numbers.
        passed_over: Numbers, from 1, of lines that should be rows but cannot be read.
    """

    rows: list[Row] = field(default_factory=list)
    continues: str = ""
    passed_over: list[int] = field(default_factory=list)


# --- rows ----------------------------------------------------------------------------------------------------------


def parse(text: str) -> Log:
    """Return the rows of a log: text lines, `trainer_state.json` or `logging.jsonl`; no rows for anything else."""
    rows = _text_rows(text) or _state_rows(text)
    return Log(rows) if rows else _jsonl_rows(text)


def clean_row(row: Mapping[str, Any]) -> Row:
    """Return the numbers of a logged row, including its step, under the names of `trainer_state.json`.

    A null loss stands for NaN, which JSON does not have; next to another loss in the same row it is just an empty
    cell. Control characters and invalid text in names are escaped.
    """
    row = {printable(key): value for key, value in row.items()}
    numbers = {key: number for key, value in row.items() if (number := _number(value)) is not None}
    losses = [key for key in row if key in ("loss", "eval_loss") or _SET_LOSS.fullmatch(key)]
    if not any(key in numbers for key in losses):
        numbers |= dict.fromkeys(losses, math.nan)
    if "loss" in numbers and "grad_norm" in row:
        numbers.setdefault("grad_norm", math.nan)
    for name in _STEP_OF_TOTAL:
        if isinstance(row.get(name), str) and (progress := _PROGRESS.fullmatch(row[name])):
            numbers |= {"step": int(progress[1]), "max_steps": int(progress[2])}
    if isinstance(numbers.get("iteration"), int):
        numbers.setdefault("step", numbers["iteration"])
    return numbers


def _number(value: Any) -> Any:
    """Return a number as it is, one in a string (`"nan"`) as a float, and None for anything else."""
    if isinstance(value, str):
        try:
            return float(value) if len(value) <= 40 else None
        except ValueError:
            return None
    if isinstance(value, int) and abs(value) >= 2**63:
        return math.inf if value > 0 else -math.inf
    return None if isinstance(value, (list, dict)) else value


def _text_rows(text: str) -> list[Row]:
    return [
        {key: float(value) for key, value in match.groupdict().items() if value is not None}
        for match in EPOCH_LINE.finditer(text)
    ]


def _state_rows(text: str) -> list[Row]:
    try:
        state = _parsed(text)
    except (ValueError, RecursionError):
        return []
    history = state.get("log_history") if isinstance(state, dict) else None
    rows = []
    for row in history if isinstance(history, list) else ():
        with suppress(ValueError, TypeError, AttributeError):
            rows.append(_with_place(clean_row(row)))
    return rows


def _jsonl_rows(text: str) -> Log:
    """Read `logging.jsonl`; its last line is the result of the run in another form, or is still being written."""
    log = Log()
    lines = text.split("\n")
    for number, line in enumerate(lines, start=1):
        try:
            row = _parsed(line) if line.lstrip().startswith("{") else {}
            if set(_STEP_OF_TOTAL) & set(row) or "loss" in row or _evaluated(row):
                log.rows.append(_with_place(clean_row(row)))
        except Exception:  # a bad line costs no other
            if line.lstrip().startswith('{"') and number < len(lines):
                log.passed_over.append(number)
    return log


def _parsed(text: str) -> Any:
    return shallow(json.loads(text, parse_int=whole_number))


def _with_place(row: Row) -> Row:
    """Return a row; raise `ValueError` if its step or epoch is not a usable number."""
    if all(abs(row[name]) < 2**53 for name in _PLACES if name in row):
        return row
    raise ValueError("not a valid step number")


def _evaluated(row: Mapping[str, Any]) -> list[str]:
    """Return the columns of a row with the eval loss of a set.

    Each set is evaluated separately, and transformers logs it as `eval_<name>_loss` with `eval_<name>_runtime`. A loss
    next to a plain `eval_loss` is a part of that one (`eval_nll_loss` of DPO, `eval_z_loss` of Megatron's experts), and
    `eval_loss_<channel>` is a channel within it.
    """
    if "eval_loss" in row:
        return ["eval_loss"]
    named = [(column, match[1]) for column in row if (match := _SET_LOSS.fullmatch(column))]
    timed = [column for column, name in named if any(f"eval_{name}_{what}" in row for what in _RUN_OF_A_SET)]
    return timed or [column for column, name in named if not name.startswith("loss_")]


def eval_sets(rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return evaluation set → column of its loss; the only set of most runs has the name `""`.

    >>> eval_sets([{"eval_loss": 1.2}])
    {'': 'eval_loss'}
    >>> eval_sets([{"eval_chat_zh_loss": 1.2}, {"eval_code_loss": 0.8}])
    {'chat_zh': 'eval_chat_zh_loss', 'code': 'eval_code_loss'}
    """
    columns = dict.fromkeys(column for row in rows for column in _evaluated(row))
    return {match[1] if (match := _SET_LOSS.fullmatch(column)) else "": column for column in columns}


def positions(rows: list[Row]) -> list[float]:
    """Return the position of each row: its step, or its epoch if no row has a step, else its index in the log."""
    unit = next((unit for unit in ("step", "epoch") if any(unit in row for row in rows)), None)
    if unit is None:
        return [float(number) for number in range(len(rows))]
    places, at = [], 0.0
    for row in rows:
        at = float(row.get(unit, at))
        places.append(at)
    return places


def counted(rows: list[Row]) -> tuple[list[Row], list[Row]]:
    """Separate the rows that count from those that a resumed run has repeated.

    A run resumed from a checkpoint repeats the steps after it in the same log: a train loss, or the eval loss of a
    set, is logged again for an earlier step. From then on the old rows of later steps do not count, nor those of that
    step, except that the evaluation at the start of a resumed run (`eval_on_start`) keeps the train loss of its step.

    Returns:
        The rows that count, and the others, both in order.
    """
    sets = set(eval_sets(rows).values())
    places = positions(rows)
    is_kept = [True] * len(rows)
    thrown: list[Row] = []
    # Row numbers by position, under each loss the row has, and all of them under "".
    here: dict[float, dict[str, list[int]]] = {}
    furthest: list[float] = []  # the positions, negated, as a heap
    last: dict[str, list[int]] = {}  # rows by loss; rows thrown away are removed when encountered

    def last_place(kind: str) -> float:
        numbers = last.setdefault(kind, [])
        while numbers and not is_kept[numbers[-1]]:
            numbers.pop()
        return places[numbers[-1]] if numbers else -math.inf

    for number, (at, row) in enumerate(zip(places, rows, strict=True)):
        kinds = {column for column in row if column == "loss" or column in sets}
        if any(last_place(kind) >= at for kind in kinds):
            again: list[int] = []
            while furthest and -furthest[0] > at:
                again += here.pop(-heappop(furthest))[""]
            at_once = here.get(at, {})
            for kind in [""] if "loss" in kinds else kinds:
                again += at_once.pop(kind, [])
            for earlier in sorted({earlier for earlier in again if is_kept[earlier]}):
                is_kept[earlier] = False
                thrown.append(rows[earlier])
        if at not in here:
            heappush(furthest, -at)
        for kind in ("", *kinds):
            here.setdefault(at, {}).setdefault(kind, []).append(number)
            last.setdefault(kind, []).append(number)
    return [row for row, kept in zip(rows, is_kept, strict=True) if kept], thrown


def begins_late(rows: list[Row]) -> bool:
    """Tell whether a log begins in the middle: its first train loss is more than one interval after step 0."""
    steps = sorted({row["step"] for row in rows if "step" in row and "loss" in row})
    gaps = [later - earlier for earlier, later in itertools.pairwise(steps)]
    return bool(gaps) and steps[0] > 1.5 * min(gaps)


# --- files ---------------------------------------------------------------------------------------------------------


def read_file(path: Path) -> Log:
    """Return the rows of one file.

    Raises:
        DataError: it cannot be read.
    """
    try:
        text = read_within(path).decode("utf-8", "replace")
        return parse(text.replace("\r\n", "\n").replace("\r", "\n"))
    except OSError as error:
        raise DataError(f"{one_line(str(path))}: {error.strerror} (没有找到训练日志)") from None
    except MemoryError:
        raise DataError(f"{path}: too large for the available memory (内存不足)") from None


def read_run(folder: Path, *, seen: frozenset[Path] = frozenset()) -> tuple[Path, Log]:
    """Read the newest log in a folder; for a resumed run, with the earlier rows.

    Args:
        folder: The folder of the run, or one above it.
        seen: Runs already read, which resumed this one.

    Returns:
        The file, and its rows.

    Raises:
        DataError: there is no log.
    """
    path = find_log(folder)
    log = read_file(path)
    seen |= {path.parent.resolve()}
    if path.name == _STATE or not log.rows or len(seen) > _MOST_RUNS:  # a state has the whole history
        return path, log
    before = _before(path.parent, log.rows, seen)
    return path, Log(before.rows + log.rows, before.continues, log.passed_over)


def _before(run: Path, rows: list[Row], seen: frozenset[Path]) -> Log:
    """Return what was logged before the checkpoint that a run resumed from, usually in another folder."""
    checkpoint = _resumed_from(run)
    states = [_newest_state(run), *(place / _STATE for place in _places(checkpoint, run))]
    for state in states:
        if state is not None and state.is_file() and (earlier := _up_to(read_file(state).rows, rows)):
            return Log(earlier)
    if checkpoint is None and ((run / "args.json").is_file() or not begins_late(rows)):
        return Log()
    if checkpoint is None:
        runs = sorted((other for other in run.parent.iterdir() if _is_before(other, run)), key=_age, reverse=True)
    else:
        runs = [place.parent for place in _places(checkpoint, run) if not _same(place.parent, run)]
    for other in runs:
        if other.resolve() in seen or _log_of(other) is None:
            continue
        log = read_run(other, seen=seen)[1]
        if checkpoint is None:
            return Log(log.rows, log.continues or other.name)
        saved_at = _CHECKPOINT.fullmatch(checkpoint.name)
        end = int(saved_at[1]) if saved_at else math.inf
        kept = [row for at, row in zip(positions(log.rows), log.rows, strict=True) if at <= end]
        return Log(_up_to(kept, rows), log.continues)
    return Log()


def _up_to(earlier: list[Row], rows: list[Row]) -> list[Row]:
    """Return the earlier rows before a run's own; for its first step only those it did not log itself."""
    begin = min(positions(rows))
    first = {column for at, row in zip(positions(rows), rows, strict=True) if at == begin for column in row}
    own = first & {"loss", *eval_sets(rows).values()}
    return [
        row
        for at, row in zip(positions(earlier), earlier, strict=True)
        if at < begin or (at == begin and own.isdisjoint(row) and "loss" not in own)
    ]


def _resumed_from(run: Path) -> Path | None:
    """Return the checkpoint a run resumed from, as recorded by ms-swift."""
    try:
        arguments = json.loads(read_within(run / "args.json", _LARGEST_ARGUMENTS).decode("utf-8"))
        checkpoint = Path(arguments["resume_from_checkpoint"])
        (run.parent / checkpoint.name).is_file(), checkpoint.is_file()  # raises if it cannot be a file name
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return checkpoint


def _places(checkpoint: Path | None, run: Path) -> list[Path]:
    """Return the possible places of a checkpoint: where it was, or next to the run if both were moved together."""
    return [] if checkpoint is None else [checkpoint, run.parent / checkpoint.parent.name / checkpoint.name]


def _is_before(folder: Path, run: Path) -> bool:
    return bool(_VERSION.fullmatch(folder.name) and _VERSION.fullmatch(run.name)) and _age(folder) < _age(run)


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def find_log(folder: Path) -> Path:
    """Return the newest log of a run or of the runs in a folder: `logging.jsonl`, else a trainer state.

    The newest checkpoint is the one with the highest step, and the newest `vN-…` folder the one with the highest
    number: in copies from git, an archive or a hub all file times are equal.

    Raises:
        DataError: there is no log.
    """
    own = _log_of(folder)
    if own is not None:
        return own
    for depths in (("*", "*/*"), ("**",)):
        below = [
            path
            for depth in depths
            for name in (_LOG, _STATE, f"checkpoint-*/{_STATE}")
            for path in folder.glob(f"{depth}/{name}")
        ]
        runs = {path.parent.parent if _CHECKPOINT.fullmatch(path.parent.name) else path.parent for path in below}
        if log := _log_of(_newest(runs)) if runs else None:
            return log
    raise DataError(f"{folder}: no logging.jsonl or trainer_state.json in it (没有找到训练日志)")


def _log_of(run: Path) -> Path | None:
    return run / _LOG if (run / _LOG).is_file() else _newest_state(run)


def _newest_state(run: Path) -> Path | None:
    """Return the trainer state of the highest step: of a checkpoint, or the one that a finished run writes."""
    states = [path for path in (run / _STATE, *run.glob(f"checkpoint-*/{_STATE}")) if path.is_file()]
    return max(states, key=_step_of, default=None)


def _step_of(state: Path) -> int:
    if named := _CHECKPOINT.fullmatch(state.parent.name):
        return int(named[1])
    return int(max(positions(read_file(state).rows), default=-1))


def _newest(runs: set[Path]) -> Path:
    """Return the newest of several runs: `vN-…` folders first, by number, and across parents by date."""
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
    """Return the sort key of runs in different folders: the date in the name, else the file's, else the name."""
    named = _VERSION.fullmatch(run.name)
    log = _log_of(run)
    natural = [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", str(run))]
    return (named[2] or "") if named else "", log.stat().st_mtime_ns if log else 0, natural
