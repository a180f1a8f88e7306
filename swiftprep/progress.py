"""Progress bars, shown in a terminal and in Jupyter only."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from swiftprep.streams import Forgiving


def progress_bar(items: Iterable[Any] | None = None, **settings: Any) -> Any:
    """Return a tqdm bar, or a silent stand-in where nobody watches, as in a log file or a pipe.

    Args:
        items: What to iterate over, if anything.
        **settings: Passed to `tqdm.auto.tqdm`.
    """
    terminal = Forgiving(sys.stderr)
    in_jupyter = _in_jupyter()  # where standard error is not a terminal
    if not in_jupyter and not terminal.isatty():
        return _Unseen(items, **settings)
    from tqdm.auto import tqdm

    class Bar(tqdm):  # type: ignore[misc]
        def refresh(self, nolock: bool = False, lock_args: Any = None) -> None:
            """Redraw the bar. tqdm's own method keeps the lock of all bars if interrupted, and the next bar hangs."""
            if nolock:
                self.display()
            else:
                with self._lock:
                    self.display()

    return Bar(items, **settings) if in_jupyter else Bar(items, file=terminal, **settings)


def _in_jupyter() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


class _Unseen:
    """A silent bar: it takes no lock, and cannot fail."""

    def __init__(self, items: Iterable[Any] | None = None, *, total: float | None = None, **_: Any) -> None:
        self.total = total
        self.n: float = 0
        self._items = items

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items or ())

    def __enter__(self) -> _Unseen:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, n: float = 1) -> None:
        """Advance the counter."""
        self.n += n

    def set_postfix(self, *_: Any, **__: Any) -> None:
        """Ignore the postfix."""

    def close(self) -> None:
        """Do nothing."""
