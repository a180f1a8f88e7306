"""Output streams and loggers that discard what cannot be written, instead of failing the run.

A terminal is closed, the reader of a pipe exits (`| head`), a disk is full (`2>/dev/full`), a stream was never opened
(`2>&-`): the output files are still written.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TextIO, TypeAlias

Lang: TypeAlias = Literal["zh", "en"]
_console: dict[str, Lang] = {"lang": "en"}


class Forgiving:
    """A text stream that discards what cannot be written, and otherwise behaves like the stream it wraps.

    Args:
        stream: One of Python's standard streams, or None where there is none.
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
        """Flush the stream, ignoring errors."""
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.flush()

    def isatty(self) -> bool:
        """Tell whether the stream is a terminal."""
        with suppress(OSError, ValueError):
            return self._stream is not None and self._stream.isatty()
        return False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def console_lang() -> Lang:
    """Return the language of what is printed for a person, `"zh"` or `"en"`."""
    return _console["lang"]


def set_console_lang(lang: Lang) -> None:
    """Set the language of what is printed for a person, such as progress."""
    _console["lang"] = lang


def tell(text: str) -> None:
    """Print a message to standard error; standard output stays free for results."""
    stream = Forgiving(sys.stderr)
    stream.write(text + "\n")
    stream.flush()


@contextmanager
def forgiving_streams() -> Iterator[None]:
    """Make the standard streams forgiving for the whole run of a program, interpreter shutdown included.

    Closed descriptors among 0 to 2 are opened on the null device, so that no file of ours is mistaken for one of them.
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
    """Discard the buffer of a stream that cannot be written to, since flushing it would fail at interpreter exit."""
    try:
        if stream is not None:
            stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # the stream may have no descriptor
            file = os.open(os.devnull, os.O_WRONLY)
            os.dup2(file, stream.fileno())  # type: ignore[union-attr]
            os.close(file)
            stream.flush()  # type: ignore[union-attr]


class _ForgivingLogger(logging.Logger):
    def handle(self, record: logging.LogRecord) -> None:
        with suppress(OSError, ValueError):
            super().handle(record)


def get_logger(name: str) -> logging.Logger:
    """Return a module's logger, like `logging.getLogger`; a failing handler loses the record instead of raising."""
    logger = logging.getLogger(name)
    logger.__class__ = _ForgivingLogger
    return logger
