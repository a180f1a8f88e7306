"""Write the report of a recipe as JSON and Markdown, and plot the losses."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from swiftprep.plotting import new_figure
from swiftprep.storage.disk import atomic_write, write_text
from swiftprep.train.judgement import train_column
from swiftprep.train.logs import eval_sets
from swiftprep.withheld import printable, shown_in

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


def write_report(report: dict[str, Any], folder: Path, lang: str, recipe: str) -> dict[str, Any]:
    """Write `report.json` and `report.md` into a folder, and return the report as written: without secrets.

    Args:
        report: The report, of plain values.
        folder: The folder.
        lang: `"zh"` or `"en"`.
        recipe: Name of the recipe; see `write_markdown`.
    """
    report = shown_in(report)
    write_text(folder / "report.json", orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    write_markdown(report, folder / "report.md", lang, recipe)
    return report


def write_markdown(report: dict[str, Any], path: str | Path, lang: str, recipe: str = "stage1") -> Path:
    """Write the report of a recipe as Markdown.

    Args:
        report: The content of `report.json`.
        path: The file.
        lang: `"zh"` or `"en"`.
        recipe: `"stage1"`, `"distill"` or `"stage2"`.
    """
    source = (files("swiftprep") / "assets" / "reports" / f"{recipe}.{lang}.md").read_text(encoding="utf-8")
    environment = SandboxedEnvironment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_finalized
    )
    environment.filters["cell"] = _cell
    environment.filters["fenced"] = _fenced
    return write_text(path, environment.from_string(source).render(**report))


class _Inert(str):
    """Markdown in which text from outside has been made inert."""

    __slots__ = ()


# Markdown also turns a bare address into a link.
_ADDRESS = re.compile(r"(?i)\b(https?|ftp|mailto|xmpp):|\b(www)\.")
_SIGNS = {"&": "&amp;", "<": "&lt;", "\\": "&#92;", "|": "\\|", "`": "'", "[": "\\["}


def _finalized(value: object) -> object:
    """Make the values in a template inert, so that only the template's own text is Markdown."""
    return _inert(value) if isinstance(value, str) and not isinstance(value, _Inert) else value


def _inert(text: str) -> _Inert:
    """Turn a text into one line of plain Markdown: no link, no picture, no HTML, no table."""
    line = "".join(_SIGNS.get(letter, letter) for letter in printable(text).replace("\n", " "))
    return _Inert(_ADDRESS.sub(lambda match: f"{match[1]}&#58;" if match[1] else f"{match[2]}&#46;", line))


def _cell(text: object, width: int = 160) -> _Inert:
    """Shorten a text to fit a cell of a Markdown table."""
    line = " ".join(str(text).split())
    return _inert(line if len(line) <= width else line[: width - 1] + "…")


def _fenced(text: object, language: str = "text") -> _Inert:
    """Put a text into a code block with a fence longer than any in the text."""
    code = printable(str(text))
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return _Inert(f"{fence}{language}\n{code}\n{fence}")
