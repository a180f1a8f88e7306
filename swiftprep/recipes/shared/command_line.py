"""The command line and the exit codes of all recipes."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from swiftprep import recipes
from swiftprep.errors import ConfigError, DataError, MissingDependencyError, RunInterrupted, SwiftprepError, one_line
from swiftprep.process import lifeline
from swiftprep.streams import forgiving_streams, tell
from swiftprep.withheld import ShownFormatter, printable, shown, shown_in

logger = logging.getLogger(__name__)

DONE, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130
# Errors of the system that are about a path the user gave, not about the work itself.
_WRONG_PATH = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arguments:
    """The parsed command line: a settings file, `key=value` pairs, data files and options."""

    file: str | None = None
    data: list[str] = field(default_factory=list)
    overrides: list[str] = field(default_factory=list)
    dry_run: bool = False
    prepare: bool = False
    resume: bool = False
    json: bool = False


def run(
    name: str,
    summary: str,
    recipe: Callable[[Arguments], dict[str, Any]],
    argv: Sequence[str] | None,
    *,
    takes_data: bool = False,
    can_prepare: bool = False,
    can_resume: bool = False,
) -> int:
    """Run a recipe and return the exit code.

    0: done. 2: the user's input is wrong, reported in one line without a traceback. 1: any other error, such as a full
    disk or a report that cannot be written to standard output. 130: interrupted by Ctrl-C, SIGTERM or SIGHUP, with a
    message on how to resume. A failure to write to standard error changes nothing.

    Args:
        name: Name of the recipe's module.
        summary: What it does, for `--help`.
        recipe: Does the work and returns its report, which `--json` prints.
        argv: The command line; None for that of the process.
        takes_data: Whether a path other than a settings file is a data file.
        can_prepare: Whether the recipe has `--prepare`.
        can_resume: Whether the recipe has `--resume`.
    """
    speak_in(None)
    with forgiving_streams():
        try:
            code = _run(recipe, _parse(name, summary, argv, takes_data, can_prepare, can_resume))
        except KeyboardInterrupt:  # the second one, or while the report is printed
            code = INTERRUPTED
        if recipes.is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # The work is done: an interrupt while the interpreter shuts down is not worth a traceback.
            signal.signal(signal.SIGINT, lambda number, frame: os._exit(code))
        return code


def _run(recipe: Callable[[Arguments], dict[str, Any]], arguments: Arguments) -> int:
    handler = logging.StreamHandler()
    handler.setFormatter(ShownFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        if signal.getsignal(signal.SIGINT) is recipes.stop_at_once:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        with lifeline.stopping_by_signals(signal.default_int_handler):
            report = recipe(arguments)
    except (ConfigError, DataError, MissingDependencyError) as error:
        _complain(str(error))
        return USER_ERROR
    except RunInterrupted as error:
        _complain(str(error))
        return INTERRUPTED
    except KeyboardInterrupt:
        _complain("interrupted; nothing was left half-written (已中断，没有写到一半的文件)")
        return INTERRUPTED
    except SwiftprepError as error:
        _complain(str(error))
        return FAILED
    except OSError as error:
        logger.debug("where it was", exc_info=True)
        name = "" if error.filename is None else f"{os.fsdecode(error.filename)}: "
        what = one_line(f"{name}{error.strerror or error}", 1000)
        if error.errno in _WRONG_PATH:
            _complain(what)
            return USER_ERROR
        _complain(f"{what}; files that were there before are intact (读写失败，原有文件完好)")
        return FAILED
    return _print(report) if arguments.json else DONE


def _print(report: dict[str, Any]) -> int:
    """Print a report as JSON, and return the exit code."""
    cleaned = shown_in(report)
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        try:
            print(printable(json.dumps(cleaned, ensure_ascii=False, indent=2)))
        except UnicodeEncodeError:  # a file name may not be valid text, or the terminal's encoding limited
            print(json.dumps(cleaned, indent=2))
        sys.stdout.flush()
    except BrokenPipeError:  # a reader such as `head` has read what it wanted
        return DONE
    except (OSError, ValueError) as error:
        _complain(f"standard output did not take the report: {error} (无法写到标准输出)")
        return FAILED
    return DONE


def speak_in(lang: str | None) -> None:
    """Set the language of what `say` prints from now on.

    Args:
        lang: `"zh"` or `"en"`; None: that of the terminal, told from `LC_ALL`, `LC_MESSAGES` or `LANG`.
    """
    global _lang
    _lang = lang or _terminal_lang()


def _terminal_lang() -> str:
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "").lower().startswith("zh") else "en"


_lang = _terminal_lang()


def say(text: str, zh: str | None = None) -> None:
    """Print a message on standard error; standard output stays free for `--json`.

    Args:
        text: The message in English.
        zh: The same in Chinese; it is printed instead when `speak_in` chose Chinese.
    """
    tell(shown(zh if zh is not None and _lang == "zh" else text))


def _complain(text: str) -> None:
    for line in shown(text).split("\n"):
        tell(f"error: {line}")


def _parse(
    name: str, summary: str, argv: Sequence[str] | None, takes_data: bool, can_prepare: bool, can_resume: bool
) -> Arguments:
    parser = argparse.ArgumentParser(prog=f"python -m swiftprep.recipes.{name}", description=summary)
    metavar = "FILE.yaml | key=value" + (" | DATA" if takes_data else "")
    parser.add_argument("settings", nargs="*", metavar=metavar, help="settings; later ones win")
    parser.add_argument("--dry-run", action="store_true", help="only show what would be done; load no model")
    if can_prepare:
        parser.add_argument("--prepare", action="store_true", help="write the data and the command, but do not train")
    if can_resume:
        parser.add_argument("--resume", action="store_true", help="go on with the newest run that was interrupted")
    parser.add_argument("--json", action="store_true", help="print the report as JSON on standard output")
    options = parser.parse_intermixed_args(argv)
    files = [item for item in options.settings if "=" not in item]
    data = [item for item in files if takes_data and not item.endswith((".yaml", ".yml"))]
    files = [item for item in files if item not in data]
    if len(files) > 1:
        parser.error(f"one settings file at most, not {', '.join(files)}; settings look like key=value")
    return Arguments(
        file=files[0] if files else None,
        data=data,
        overrides=[item for item in options.settings if "=" in item],
        dry_run=options.dry_run,
        prepare=getattr(options, "prepare", False),
        resume=getattr(options, "resume", False),
        json=options.json,
    )
