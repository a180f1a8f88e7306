"""The command line all recipes share, and what their exit codes mean."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from swiftprep.errors import ConfigError, DataError, MissingDependencyError, RunInterrupted, SwiftprepError, one_line

DONE, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130
# What the system says to a path that the user named, and not to the work itself.
_WRONG_PATH = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arguments:
    """What was asked for on the command line: a settings file, `key=value` pairs, and data files."""

    file: str | None = None
    data: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    dry_run: bool = False
    json: bool = False


def run(
    name: str,
    summary: str,
    recipe: Callable[[Arguments], dict[str, Any]],
    argv: Sequence[str] | None,
    *,
    takes_data: bool = False,
) -> int:
    """Run a recipe and return the exit code.

    0 done; 2 the user's input is wrong, said in a clear line and without a traceback; 1 anything else; 130
    interrupted, with the way to go on.

    Args:
        name: Of the recipe's module.
        summary: What it does, for `--help`.
        recipe: Does the work and returns its report, which `--json` prints.
        argv: The command line; None for the real one.
        takes_data: Whether a path that is no settings file is a data file.
    """
    arguments = _parse(name, summary, argv, takes_data)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        report = recipe(arguments)
    except (ConfigError, DataError, MissingDependencyError) as error:
        _complain(str(error))
        return USER_ERROR
    except RunInterrupted as error:
        _complain(str(error))
        return INTERRUPTED
    except KeyboardInterrupt:
        _complain("interrupted; nothing was left half-written (已中断)")
        return INTERRUPTED
    except SwiftprepError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        name = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        _complain(one_line(f"{name}{error.strerror or error}", 1000))
        return USER_ERROR if error.errno in _WRONG_PATH else FAILED
    if arguments.json:
        _print_report(report)
    return DONE


def _print_report(report: dict[str, Any]) -> None:
    """Print a report on standard output; a reader that has left, such as `head`, has what it wanted."""
    text = json.dumps(report, ensure_ascii=False, indent=2)
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:  # the name of a file may be no text
        text = json.dumps(report, indent=2)
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends


def say(text: str) -> None:
    """Tell the person in front of the terminal; standard output stays free for `--json`."""
    print(text, file=sys.stderr, flush=True)


def _complain(text: str) -> None:
    for line in text.splitlines():
        print(f"error: {line}", file=sys.stderr)


def _parse(name: str, summary: str, argv: Sequence[str] | None, takes_data: bool) -> Arguments:
    parser = argparse.ArgumentParser(prog=f"python -m swiftprep.recipes.{name}", description=summary)
    shown = "FILE.yaml | key=value" + (" | DATA" if takes_data else "")
    parser.add_argument("settings", nargs="*", metavar=shown, help="settings; later ones win")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done; load no model")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    given = parser.parse_intermixed_args(argv)
    files = [item for item in given.settings if "=" not in item]
    data = [item for item in files if takes_data and not item.endswith((".yaml", ".yml"))]
    files = [item for item in files if item not in data]
    if len(files) > 1:
        parser.error(f"one settings file at most, not {', '.join(files)}; settings look like key=value")
    return Arguments(
        file=files[0] if files else None,
        data=data,
        overrides=[item for item in given.settings if "=" in item],
        dry_run=given.dry_run,
        json=given.json,
    )
