"""`Monitor`: read a training log, tell whether the run overfits, and what to do."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from swiftprep.errors import ConfigError, DataError, SwiftprepError, one_line
from swiftprep.notebook import MOST_ROWS, html_table
from swiftprep.train.logs import (
    EPOCH_LINE,
    Log,
    clean_row,
    counted,
    eval_sets,
    parse,
    positions,
    read_file,
    read_run,
)
from swiftprep.train.loss_plot import plot_losses
from swiftprep.train.overfitting import Line, judge, series
from swiftprep.train.verdict_texts import FIXES, KINDS, OF_A_SET, TEXTS, UNITS, Kind
from swiftprep.withheld import printable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_COLUMNS = ("step", "epoch", "loss", "eval_loss", "token_acc", "eval_token_acc", "learning_rate", "grad_norm")
# A table of the log has a cell per row and column; real logs have a few dozen columns.
MOST_COLUMNS, LEAST_COLUMNS, MOST_CELLS = 300, 50, 20_000_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a run.

    Attributes:
        kind: `"normal"`, `"overfitting"`, `"not-learning"`, `"diverged"`, or `"unknown"` when the log does not tell:
            fewer than two evaluations, the last one before half an epoch or half of the training, a rising eval loss
            without a train loss to compare it with, or a log without its beginning. The evidence says which.
        evidence: The figures for it.
        counter: The figures against it.
        fixes: What to do, with ms-swift's argument names; empty when nothing needs to be done.
    """

    kind: Kind
    evidence: list[str] = field(default_factory=list)
    counter: list[str] = field(default_factory=list)
    fixes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        return (
            f"<Verdict {self.kind}: {len(self.evidence)} lines for it, {len(self.counter)} against, "
            f"{len(self.fixes)} fixes>"
        )

    def _repr_html_(self) -> str:
        lines = [(mark, line) for mark, part in self._parts() for line in part]
        return html_table(self.kind, ("", "verdict"), lines, most_characters=300)

    def _parts(self) -> tuple[tuple[str, list[str]], ...]:
        return ("+", self.evidence), ("-", self.counter), ("→", self.fixes)

    def __str__(self) -> str:
        return "\n".join([self.kind, *(f"  {mark} {line}" for mark, part in self._parts() for line in part)])


class Monitor:
    """A training log, from ms-swift or in the plain text form of the source article (section 4).

    Attributes:
        rows: The rows that count, in order.
        thrown_away: The rows that do not count, because a resumed run repeated them.
        passed_over: Numbers, from 1, of lines that should be rows but cannot be read.
        left_out: Number of columns left out of the rows, to keep the table of a log with hundreds of them small.

    >>> text = '''Epoch 1/3: Train Loss: 1.243, Eval Loss: 1.193
    ... Epoch 2/3: Train Loss: 0.892, Eval Loss: 1.215
    ... Epoch 3/3: Train Loss: 0.515, Eval Loss: 1.897'''
    >>> Monitor.read(text).verdict().kind
    'overfitting'
    """

    def __init__(self, rows: list[dict[str, Any]], *, continues: str = "", passed_over: Sequence[int] = ()) -> None:
        """Create a monitor from the rows of a log; see `read` for reading a file.

        Args:
            rows: One dict per logged event, in the order of the log, with any of `step`, `epoch`, `loss`, `eval_loss`
                (or `eval_<name>_loss` of several sets), `token_acc`, `eval_token_acc`, `learning_rate`, `grad_norm`
                and the `loss_<channel>` of ms-swift.
            continues: Name of the earlier run that the first rows are from, if that is only inferred.
            passed_over: Numbers of the lines that should be rows but cannot be read.
        """
        within, self.left_out = _within_columns([clean_row(row) for row in rows])
        self.rows, self.thrown_away = counted(within)
        self.passed_over = list(passed_over)
        self._continues = printable(continues)

    def __repr__(self) -> str:
        steps = positions(self.rows)
        reach = f", steps {min(steps):g} to {max(steps):g}" if steps else ""
        return f"<Monitor: {len(self.rows)} rows{reach}, {len(self.evals())} evaluations>"

    def _repr_html_(self) -> str:
        columns = [name for name in _COLUMNS if any(name in row for row in self.rows)]
        rows = [[row.get(name, "") for name in columns] for row in self.rows[-MOST_ROWS:]]
        return html_table(repr(self), columns, rows)

    @classmethod
    def read(cls, source: str | Path) -> Monitor:
        """Read a log.

        Args:
            source: A run's folder, or one with `vN-…` folders, of which the highest number is read, including the
                earlier rows of a resumed run; a `logging.jsonl` (also Megatron's), a `trainer_state.json`, a text
                file, or the text itself.

        Raises:
            DataError: there is no such file or folder, or no training log in it.
        """
        text = str(source)
        if isinstance(source, str) and ("\n" in text or not text or EPOCH_LINE.search(text)):
            return cls._of(parse(text), "the text")
        try:
            path, log = read_run(Path(source)) if os.path.isdir(source) else (source, read_file(Path(source)))
        except SwiftprepError:
            raise
        except (OSError, RuntimeError, ValueError) as error:  # a NUL, a loop of links, a folder deleted meanwhile
            raise DataError(f"{one_line(text)}: cannot be searched: {one_line(error)} (无法读取)") from None
        return cls._of(log, str(path))

    @classmethod
    def _of(cls, log: Log, name: str) -> Monitor:
        if not log.rows:
            raise DataError(
                f"{printable(name)}: no training log in it: expected ms-swift's JSON lines or "
                "'Epoch 1/3: Train Loss: …' (其中没有训练日志)"
            )
        return cls(log.rows, continues=log.continues, passed_over=log.passed_over)

    @property
    def log(self) -> pd.DataFrame:
        """One row per logged event that counts; a column an event does not have is NaN."""
        import pandas as pd

        frame = pd.DataFrame(self.rows)
        first = [column for column in _COLUMNS if column in frame]
        return frame[first + [column for column in frame if column not in first]]

    @property
    def eval_sets(self) -> list[str]:
        """The names of the evaluation sets; `[""]` for a run with a single set, which has no name.

        >>> Monitor([{"step": 5, "eval_code_loss": 1.1}, {"step": 5, "eval_chat_zh_loss": 1.4}]).eval_sets
        ['code', 'chat_zh']
        """
        return list(eval_sets(self.rows))

    def evals(self, name: str | None = None) -> list[tuple[float, float]]:
        """Return `(step, eval loss)` of each evaluation, in order.

        Args:
            name: Name of the evaluation set; None means all, so a step may occur several times.
        """
        sets = eval_sets(self.rows)
        wanted = list(sets.values()) if name is None else [sets[name]] if name in sets else []
        return sorted((pair for column in wanted for pair in series(self.rows, column)), key=lambda pair: pair[0])

    def plot(self, path: str | Path | None = None, *, lang: Literal["en", "zh"] = "zh") -> Figure:
        """Plot train loss and eval loss over the steps; for a mix, also the train loss of the channel evaluated.

        Args:
            path: Save it there as PNG too, atomically.
            lang: Language of the labels; without a Chinese font they are in English.

        Returns:
            The figure, which a notebook shows.

        Raises:
            MissingDependencyError: matplotlib is not installed.
        """
        return plot_losses(self.log, path, lang=lang)

    def verdict(self, lang: Literal["en", "zh"] = "zh") -> Verdict:
        """Judge the run, with the evidence for and against, and what to do.

        A run overfits when the eval loss has risen from its lowest point, clearly or twice in a row, while the train
        loss kept falling (source article, section 4). An eval token accuracy that rises along with the eval loss is
        reported as counter-evidence: on small models that is common and less serious. Evaluation sets are judged
        separately, and the gravest judgement is the run's. A run is not called normal or not learning by an evaluation
        before half an epoch (`overfitting.EARLY` says why).

        Args:
            lang: Language of the texts.

        Raises:
            ConfigError: there is no such language.
        """
        if lang not in TEXTS:
            raise ConfigError(f"lang={one_line(repr(lang), 100)}: 'zh' or 'en' is expected (应为 'zh' 或 'en')")
        judged = judge(self.rows)
        evidence = judged.evidence + self._beside()
        fixes: list[Line] = [*judged.fixes, (judged.reason, {})]
        unit = {"unit": UNITS[next((name for name in ("step", "epoch") if any(name in row for row in self.rows)), "")]}
        return Verdict(
            kind=KINDS[judged.reason],
            evidence=[_text(TEXTS[lang][key], figures | unit, lang) for key, figures in evidence],
            counter=[_text(TEXTS[lang][key], figures | unit, lang) for key, figures in judged.counter],
            fixes=[_text(fix, figures | unit, lang) for key, figures in fixes for fix in FIXES[lang][key]],
        )

    def _beside(self) -> list[Line]:
        """Return lines about the origin of the rows that readers should know."""
        lines: list[Line] = []
        # ms-swift may evaluate twice at the end of an epoch; without training in between that is not a resumed run.
        sets = set(eval_sets(self.rows).values())
        by_value: dict[tuple[str, Any], dict[frozenset[tuple[str, Any]], None]] = {}
        for row in self.rows:
            values = frozenset((name, row[name]) for name in row if name in ("step", "epoch") or name in sets)
            if any(name in sets for name, _ in values):
                # Indexed by the step, which few rows share, rather than by a loss.
                first = min(values, key=lambda pair: (pair[0] in sets, pair[0] == "epoch"))
                by_value.setdefault(first, {})[values] = None
        is_done_again = any(
            "loss" in row or not any(values <= row.items() for pair in row.items() for values in by_value.get(pair, ()))
            for row in self.thrown_away
        )
        if is_done_again:
            places = positions(self.thrown_away)
            where = "–".join(f"{place:g}" for place in sorted({min(places), max(places)}))
            lines.append(("done-again", {"rows": len(places), "where": where}))
        if self.passed_over:
            lines.append(("passed-over", {"lines": len(self.passed_over), "first": self.passed_over[0]}))
        if self.left_out:
            lines.append(("left-out", {"columns": self.left_out}))
        if self._continues:
            lines.append(("continues", {"folder": self._continues}))
        return lines


def _text(text: str, figures: dict[str, Any], lang: str) -> str:
    name = figures.get("of", "")
    of = OF_A_SET[lang].format(name=name) if name else ""
    return text.format(**{**figures, "of": of, "moved": _moved(figures.get("change", 0.0))})


def _moved(change: float) -> str:
    """Return a relative change in Chinese."""
    share = f"{abs(change):.0%}"
    return "基本不变" if share == "0%" else f"{'上升' if change > 0 else '下降'} {share}"


def _within_columns(rows: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows with their most frequent columns, and the number of columns left out, 0 for real logs.

    If each row had its own column, the cells of a table would grow with the square of the rows.
    """
    times = Counter(chain.from_iterable(rows))
    most = max(LEAST_COLUMNS, min(MOST_COLUMNS, MOST_CELLS // max(1, len(rows))))
    if len(times) <= most:
        return rows, 0
    kept = {"step", "epoch", "max_steps", "loss", "eval_loss", *(name for name, _ in times.most_common(most))}
    return [{name: row[name] for name in row if name in kept} for row in rows], len(times.keys() - kept)
