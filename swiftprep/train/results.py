"""The results of runs: `Run` for fine-tuning, `Evaluation` for questions."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.errors import DataError
from swiftprep.notebook import html_table, short
from swiftprep.train.monitor import Monitor, Verdict

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Run:
    """A fine-tuning run.

    Attributes:
        command: The same run as a `swift sft …` command line.
        output_dir: Its folder, `vN-date-time` in the runner's; None after a dry run.
        checkpoint: The last checkpoint; for LoRA an adapter folder. None after a dry run, or if none was saved.
        best_checkpoint: The one with the lowest eval loss, or the last one without evaluations.
        result: What ms-swift returned: `global_step`, `best_metric`, the token lengths of the data sets …
    """

    command: str
    output_dir: Path | None = None
    checkpoint: Path | None = None
    best_checkpoint: Path | None = None
    result: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        if self.output_dir is None:
            return "<Run: a dry run, with the command>"
        return (
            f"<Run {str(self.output_dir)[-200:]}: {self.checkpoint.name[:100] if self.checkpoint else 'no checkpoint'}>"
        )

    def _repr_html_(self) -> str:
        names = ("output_dir", "checkpoint", "best_checkpoint", "command")
        rows = [(name, getattr(self, name) or "") for name in names]
        return html_table(repr(self), ("what", "value"), rows, most_characters=2000)

    @property
    def log(self) -> pd.DataFrame:
        """One row per logged event, from `logging.jsonl`."""
        return self.monitor().log

    @property
    def verdict(self) -> Verdict:
        """Whether the run overfits, with the evidence and what to do, in Chinese; `monitor().verdict("en")` else."""
        return self.monitor().verdict()

    def trained_rows(self) -> dict[str, int]:
        """Return the number of rows ms-swift trained on and validated with, after dropping rows that are too long."""
        sizes = {name: re.search(r"size=(\d+)", str(self.result.get(f"{name}_dataset"))) for name in ("train", "val")}
        return {name: int(size[1]) for name, size in sizes.items() if size}

    def monitor(self) -> Monitor:
        """Return the run's log as a `Monitor`, including the earlier rows of a resumed run.

        Raises:
            DataError: this was a dry run.
        """
        if self.output_dir is None:
            raise DataError("a dry run has no log (试运行没有日志)")
        return Monitor.read(self.output_dir)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answers of a model.

    Attributes:
        rows: One dict per question: `set`, `id`, `topic`, `metric`, `score` (0 to 1), `prompt`, `reference`,
            `answer`; in the order of the files.
        output_dir: Folder of evalscope's own report.
        command: The arguments as a command line, for information only: the questions are a benchmark registered by
            swiftprep, which the `swift eval` command does not know.
    """

    rows: list[dict[str, Any]]
    output_dir: Path
    command: str

    def __repr__(self) -> str:
        scores = ", ".join(f"{short(name, 40)} {score:.2f}" for name, score in list(self.scores.items())[:6])
        return f"<Evaluation: {len(self.rows)} answers; {scores}>"

    def _repr_html_(self) -> str:
        names = ("set", "id", "score", "prompt", "reference", "answer")
        return html_table(repr(self), names, ([row.get(name, "") for name in names] for row in self.rows))

    @property
    def answers(self) -> pd.DataFrame:
        """The rows as a table."""
        import pandas as pd

        return pd.DataFrame(self.rows)

    @property
    def scores(self) -> dict[str, float]:
        """Mean score of each set, 0 to 1."""
        totals: dict[str, list[float]] = {}
        for row in self.rows:
            totals.setdefault(row["set"], []).append(row["score"])
        return {name: sum(values) / len(values) for name, values in totals.items()}
