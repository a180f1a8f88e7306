"""Figures for notebooks and files, without pyplot and its global state."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from swiftprep.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, which Jupyter displays even when pyplot was never imported.

    Args:
        width: In inches.
        height: In inches.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingDependencyError("plots need matplotlib: pip install 'swiftprep[swift]'") from None

    class ShownFigure(Figure):
        """A figure that renders itself as PNG for Jupyter."""

        def _repr_png_(self) -> bytes:
            image = io.BytesIO()
            self.savefig(image, format="png")
            return image.getvalue()

    return ShownFigure(figsize=(width, height), dpi=120, layout="constrained")
