"""Progress bars: in a terminal and in Jupyter, nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from swiftprep.streams import Forgiving


def progress_bar(items: Iterable[Any] | None = None, **settings: Any) -> Any:
    """Return a tqdm bar that is silent when nobody watches, such as in a log file or a pipe.

    tqdm's own `disable=None` would be silent in Jupyter too, whose standard error is no terminal.

    Args:
        items: What to iterate over, if anything.
        **settings: Of `tqdm.auto.tqdm`.
    """
    from tqdm.auto import tqdm

    if "ipykernel" in sys.modules:
        return tqdm(items, **settings)
    terminal = Forgiving(sys.stderr)
    return tqdm(items, disable=not terminal.isatty(), file=terminal, **settings)
