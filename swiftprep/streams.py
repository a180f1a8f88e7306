"""Telling never fails the work: what cannot be written to a standard stream or a log is lost, and nothing else.

A terminal goes away, a pipe's reader ends (`| head`), a disk is full (`2>/dev/full`), a stream was never opened
(`2>&-`): the files are written all the same.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO


class Forgiving:
    """A text stream that loses what it cannot write. Everything else is as of the stream it stands for.

    Args:
        stream: Of Python's; None is where there is none.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write what can be written; return the length of the text."""
        if self._stream is not None:
            with suppress(OSError, ValueError):  # a closed stream raises ValueError
                try:
                    self._stream.write(text)
                except UnicodeEncodeError as error:
                    self._stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        return len(text)

    def flush(self) -> None:
        """Pass on what is waiting."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether somebody looks at it."""
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def tell(text: str) -> None:
    """Tell the person in front of the terminal; standard output stays free for results."""
    stream = Forgiving(sys.stderr)
    stream.write(text + "\n")
    stream.flush()


@contextmanager
def forgiving_streams() -> Iterator[None]:
    """Make the streams of a whole program forgiving, from its start to the interpreter's own end.

    Descriptors 0 to 2 that are closed are opened on nothing, so that no file of ours is taken for one of them.
    """
    while (file := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(file, True)
    os.close(file)
    before = sys.stderr
    sys.stderr = Forgiving(before)
    try:
        yield
    finally:
        sys.stderr = before
        for stream in (sys.stdout, before):
            let_go(stream)


def let_go(stream: TextIO | None) -> None:
    """Have a stream that cannot be written to lose what waits in it: Python would fail on that as it ends."""
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # it may have no descriptor
            file = os.open(os.devnull, os.O_WRONLY)
            os.dup2(file, stream.fileno())  # type: ignore[union-attr]
            os.close(file)
            stream.flush()  # type: ignore[union-attr]


class _ForgivingLogger(logging.Logger):
    def handle(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            super().handle(record)


def get_logger(name: str) -> logging.Logger:
    """Return the logger of a module: as `logging.getLogger`, but a handler that fails loses what it was told."""
    logger = logging.getLogger(name)
    logger.__class__ = _ForgivingLogger
    return logger
