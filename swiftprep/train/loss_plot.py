"""Plot the losses of a run."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swiftprep.plotting import font_for, new_figure, set_font
from swiftprep.storage.disk import atomic_write
from swiftprep.train.logs import eval_sets
from swiftprep.train.overfitting import train_column

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_EVAL_COLORS = ("#e45756", "#54a24b", "#f58518", "#b279a2")


_WORDS = {
    "en": {
        "train": "train loss", "train of": "train loss ({name})", "eval": "eval loss ({name})", "held out": "held out",
        "step": "step", "epoch": "epoch", "loss": "loss",
    },
    "zh": {
        "train": "训练损失", "train of": "训练损失（{name}）", "eval": "验证损失（{name}）", "held out": "留出数据",
        "step": "步数", "epoch": "轮数（epoch）", "loss": "损失",
    },
}  # fmt: skip


def plot_losses(log: pd.DataFrame, path: str | Path | None = None, *, lang: str = "zh") -> Figure:
    """Plot train loss and eval loss over the steps; for a mix, also the train loss of the channel evaluated.

    Each evaluation set has its own line.

    Args:
        log: `run.log` or `Monitor.log`.
        path: Where to save it as PNG, too, atomically.
        lang: Language of the labels, `"en"` or `"zh"`; without a Chinese font they are in English.

    Returns:
        The figure, which a notebook shows.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    figure = new_figure(7, 4)
    font = font_for(lang)
    words = _WORDS[lang if font else "en"]
    axes = figure.subplots()
    across = "step" if "step" in log else "epoch"
    own = train_column([dict.fromkeys(log.columns)])
    styles: dict[str, dict[str, Any]] = {
        "loss": {"label": words["train"], "color": "#4c78a8", "linewidth": 1.5, "alpha": 1.0}
    }
    if own != "loss":
        styles["loss"]["alpha"] = 0.35
        label = words["train of"].format(name=own.removeprefix("loss_"))
        styles[own] = {"label": label, "color": "#4c78a8", "linewidth": 1.5}
    for color, (name, column) in zip(
        cycle(_EVAL_COLORS), eval_sets([dict.fromkeys(log.columns)]).items(), strict=False
    ):
        label = words["eval"].format(name=name or words["held out"])
        styles[column] = {"label": label, "color": color, "marker": "o", "linewidth": 2}
    for column, style in styles.items():
        if column in log:
            points = log[[across, column]].dropna()
            axes.plot(points[across], points[column], **style)
    axes.set(xlabel=words[across], ylabel=words["loss"])
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    set_font(figure, font)
    if path is not None:
        with atomic_write(path) as file:
            figure.savefig(file, format="png")
    return figure
