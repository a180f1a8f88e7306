"""The command line and the exit codes of all recipes."""

from __future__ import annotations

import errno
import json
import logging
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from swiftprep import recipes
from swiftprep.errors import ConfigError, DataError, MissingDependencyError, RunInterrupted, SwiftprepError, one_line
from swiftprep.process import lifeline
from swiftprep.recipes.shared.argument_forms import place_words, sort_words
from swiftprep.recipes.shared.commands import Command, command_named
from swiftprep.recipes.shared.language import terminal_lang
from swiftprep.streams import Forgiving, Lang, console_lang, forgiving_streams, set_console_lang, tell
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
        name: Name of the recipe's module; a command of `swiftprep` has the help of `COMMANDS`.
        summary: What it does, for the help of any other.
        recipe: Does the work and returns its report, which `--json` prints.
        argv: The command line; None for that of the process.
        takes_data: Whether a path other than a settings file is a data file.
        can_prepare: Whether the recipe has `--prepare`.
        can_resume: Whether the recipe has `--resume`.
    """
    speak_in(None)
    options = (*["prepare"][:can_prepare], *["resume"][:can_resume])
    known = command_named(name) or Command(name, None, {"en": summary, "zh": summary})
    command = replace(known, options=options)
    with forgiving_streams():
        try:
            code = _run(recipe, lambda: _read(command, argv, takes_data))
        except KeyboardInterrupt:  # the second one, or while the report is printed
            code = INTERRUPTED
        if recipes.is_program and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            # The work is done: an interrupt while the interpreter shuts down is not worth a traceback.
            signal.signal(signal.SIGINT, lambda number, frame: os._exit(code))
        return code


def _run(recipe: Callable[[Arguments], dict[str, Any]], read: Callable[[], Arguments | None]) -> int:
    handler = logging.StreamHandler()
    handler.setFormatter(ShownFormatter("%(levelname)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    try:
        arguments = read()
        if arguments is None:
            return DONE
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


def speak_in(lang: Lang | None) -> None:
    """Set the language of what a recipe prints, reports and draws from now on.

    Args:
        lang: `"zh"` or `"en"`; None: that of the terminal, told from `LC_ALL`, `LC_MESSAGES`, `LANG` or
            `LANGUAGE`.
    """
    set_console_lang(lang or terminal_lang())


def spoken_lang() -> Lang:
    """Return the language that `say` prints now, and that of reports unless a recipe's `lang` says otherwise."""
    return console_lang()


speak_in(None)


def say(text: str, zh: str | None = None) -> None:
    """Print a message on standard error; standard output stays free for `--json`.

    Args:
        text: The message in English.
        zh: The same in Chinese; it is printed instead when `speak_in` chose Chinese.
    """
    tell(shown(zh if zh is not None and console_lang() == "zh" else text))


def say_next(*words: object) -> None:
    """Print the command that usually comes next."""
    command = shlex.join(["swiftprep", *map(str, words)])
    say(f"next: {command}", f"接下来：{command}")


def _complain(text: str) -> None:
    for line in shown(text).split("\n"):
        tell(f"error: {line}")


def print_page(text: str) -> None:
    """Print a page of help on standard output, as far as its reader takes it."""
    stream = Forgiving(sys.stdout)
    stream.write(f"{text}\n")
    stream.flush()


def page_width() -> int:
    """Return the width of a page of help: that of the terminal, but of lines that are easy to read."""
    return max(40, min(shutil.get_terminal_size((100, 24)).columns, 110))


def _read(command: Command, argv: Sequence[str] | None, takes_data: bool) -> Arguments | None:
    """Read the command line of a recipe; None: its help was asked for, and printed."""
    kind = command.kind() if command.settings else None
    given = list(sys.argv[1:] if argv is None else argv)
    words = sort_words(given, kind, ["dry-run", *command.options, "json"])
    speak_in(words.lang)
    if "help" in words.flags:
        from swiftprep.recipes.shared.help_page import help_page

        print_page(help_page(command, spoken_lang(), page_width(), takes_data=takes_data))
        return None
    file, data, settings = place_words(words.alone, kind, takes_data=takes_data)
    return Arguments(
        file=file,
        data=data,
        overrides=[*settings, *words.overrides],
        dry_run="dry-run" in words.flags,
        prepare="prepare" in words.flags,
        resume="resume" in words.flags,
        json="json" in words.flags,
    )
