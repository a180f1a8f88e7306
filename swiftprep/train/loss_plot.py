"""Plot the losses of a run."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.plotting import new_figure
from swiftprep.storage.disk import atomic_write
from swiftprep.train.logs import eval_sets
from swiftprep.train.overfitting import train_column

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_EVAL_COLORS = ("#e45756", "#54a24b", "#f58518", "#b279a2")


def plot_losses(log: pd.DataFrame, path: str | Path | None = None) -> Figure:
    """Plot train loss and eval loss over the steps; for a mix, also the train loss of the channel evaluated.

    Each evaluation set has its own line.

    Args:
        log: `run.log` or `Monitor.log`.
        path: Where to save it as PNG, too, atomically.

    Returns:
        The figure, which a notebook shows.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = new_figure(7, 4)
    axes = figure.subplots()
    across = "step" if "step" in log else "epoch"
    own = train_column([dict.fromkeys(log.columns)])
    of_channel = f" ({own.removeprefix('loss_')})" if own != "loss" else ""
    styles: dict[str, dict[str, Any]] = {
        "loss": {"label": "train loss", "color": "#4c78a8", "linewidth": 1.5, "alpha": 0.35 if of_channel else 1},
        own: {"label": f"train loss{of_channel}", "color": "#4c78a8", "linewidth": 1.5},
    }
    for color, (name, column) in zip(
        cycle(_EVAL_COLORS), eval_sets([dict.fromkeys(log.columns)]).items(), strict=False
    ):
        styles[column] = {"label": f"eval loss ({name or 'held out'})", "color": color, "marker": "o", "linewidth": 2}
    for column, style in styles.items():
        if column in log:
            points = log[[across, column]].dropna()
            axes.plot(points[across], points[column], **style)
    axes.set(xlabel=across, ylabel="loss")
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    if path is not None:
        with atomic_write(path) as file:
            figure.savefig(file, format="png")
    return figure
