"""The exceptions swiftprep raises.

    SwiftprepError
    ├── ConfigError (ValueError)              the user's settings or paths are wrong
    ├── DataError (ValueError)                a row or a data file is wrong; names file and line
    ├── MissingDependencyError (ImportError)  an extra is not installed; names the command that installs it
    ├── RunError (RuntimeError)               a training or evaluation run failed; carries the end of its log
    ├── TeacherError (RuntimeError)           a call to a teacher failed; carries its kind and the raw body
    ├── DistillStopped (RuntimeError)         a distillation cannot go on; carries what there is, and resumes
    └── RunInterrupted (KeyboardInterrupt)    a run was stopped by Ctrl-C; carries the checkpoint to resume from

Each also derives from a built-in exception, so that code which does not know swiftprep can catch it, and each survives
`pickle` with all its attributes, so that it can cross process boundaries. Messages pass through `shown`: secrets are
masked, and control characters in quoted text are escaped. A message is in English, then, in brackets, in Chinese, and
stands where it is raised.
Recipes turn `ConfigError`, `DataError` and `MissingDependencyError` into exit code 2, `RunInterrupted` into 130.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from swiftprep.withheld import shown, without_secrets_in_bytes


class SwiftprepError(Exception):
    """Base of everything swiftprep raises on purpose."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(shown(part) if isinstance(part, str) else part for part in args))

    def __reduce__(self) -> tuple[Any, ...]:
        # The default calls the class with `args` alone, which keyword-only parameters without a default refuse.
        return _unpickled, (type(self), self.args, self.__dict__)


class ConfigError(SwiftprepError, ValueError):
    """A setting, an argument or a path given by the user is wrong."""


class DataError(SwiftprepError, ValueError):
    """A row or a file of data is wrong. The message opens with `file:line:` where there is one."""


class MissingDependencyError(SwiftprepError, ImportError):
    """An optional dependency is not installed."""


class RunError(SwiftprepError, RuntimeError):
    """A training or evaluation run failed.

    Attributes:
        log_path: The whole log of the run, or None when it ran in this process.
    """

    def __init__(self, message: str, *, log_path: Path | None = None) -> None:
        super().__init__(message)
        self.log_path = log_path


class TeacherError(SwiftprepError, RuntimeError):
    """A call to a teacher brought no answer.

    Attributes:
        kind: What happened, one of `swiftprep.teachers.failures.ACTIONS`.
        status: The HTTP status; None when there was none.
        retry_after: Seconds the provider asks to wait; None when it does not say.
        body: The raw body, without secrets.
        tokens: Of prompt and answer, as far as reported; None where unknown and possibly billed.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        status: int | None = None,
        retry_after: float | None = None,
        body: bytes = b"",
        tokens: tuple[int, int] | None = (0, 0),
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after = retry_after
        self.body = without_secrets_in_bytes(body)
        self.tokens = tokens


class DistillStopped(SwiftprepError, RuntimeError):
    """A distillation cannot go on: no money, a refused key, a full disk. Calling it again resumes it.

    Attributes:
        kind: Why: a `TeacherError`'s kind, or `"store"`.
        result: The results so far, a `swiftprep.distill.result.Result`; None when there are none.
    """

    def __init__(self, message: str, *, kind: str, result: Any = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.result = result


class RunInterrupted(SwiftprepError, KeyboardInterrupt):
    """A run was stopped by Ctrl-C.

    Attributes:
        checkpoint: The newest checkpoint on disk, to pass as `resume_from_checkpoint`; None if there is none yet.
        result: Of a distillation, the results so far, a `swiftprep.distill.result.Result`.
    """

    def __init__(self, message: str, *, checkpoint: Path | None = None, result: Any = None) -> None:
        super().__init__(message)
        self.checkpoint = checkpoint
        self.result = result


def _unpickled(cls: type[SwiftprepError], args: tuple[Any, ...], attributes: dict[str, Any]) -> SwiftprepError:
    error = cls.__new__(cls, *args)
    in_python: Any = next(base for base in cls.__mro__ if base.__module__ == "builtins")
    in_python.__init__(error, *args)  # ImportError keeps its message outside `args` as well
    error.__dict__.update(attributes)
    return error


def one_line(error: BaseException | str, most: int = 500) -> str:
    """Describe a text or an exception on one line; exceptions from outside swiftprep are prefixed with their class.

    >>> one_line(RecursionError("maximum recursion depth exceeded"))
    'RecursionError: maximum recursion depth exceeded'
    """
    text = " ".join(str(error)[: 2 * most].split())
    if not isinstance(error, (str, SwiftprepError)):
        text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= most else f"{text[:most]}…"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `" (did you mean 'x'?)"` for the nearest known word, or an empty string.

    >>> did_you_mean("learning_rat", ["learning_rate", "seed"])
    " (did you mean 'learning_rate'?)"
    >>> did_you_mean("zzz", ["seed"])
    ''
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean '{near[0]}'?)" if near else ""
