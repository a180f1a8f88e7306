"""Completion in the shell, by argcomplete: commands, options, settings and their values."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from typing import Any, Literal, get_args, get_origin

from swiftprep.errors import MissingDependencyError
from swiftprep.recipes.shared.commands import Command, command_named, names
from swiftprep.recipes.shared.keys import Key, keys_of, union_members
from swiftprep.recipes.shared.language import LANGUAGES


def shell_code(shell: str) -> str:
    """Return the code that a shell evaluates for completion.

    Args:
        shell: `"bash"` or `"zsh"`.

    Raises:
        MissingDependencyError: argcomplete is not installed.
    """
    try:
        import argcomplete
    except ImportError:
        raise MissingDependencyError("completion needs argcomplete: pip install argcomplete (请先安装)") from None
    return str(argcomplete.shellcode(["swiftprep"], shell=shell))


def complete() -> None:
    """Answer the shell's question what may come next, and end the process; do nothing without argcomplete."""
    try:
        import argcomplete
    except ImportError:
        return
    line = os.environ.get("COMP_LINE", "")
    argcomplete.autocomplete(completion_parser(line), always_complete_options="long")


def completion_parser(line: str) -> argparse.ArgumentParser:
    """Return a parser that stands for the command line, for argcomplete.

    Args:
        line: What was typed so far; only the settings of the command in it are loaded.
    """
    parser = argparse.ArgumentParser(prog="swiftprep")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES)
    parser.add_argument("--print-completion", choices=("bash", "zsh"))
    commands = parser.add_subparsers()
    typed = line.split()[1:]
    for name in names():
        inner = commands.add_parser(name)
        command = command_named(name)
        if command is not None and name in typed:
            _add_arguments(inner, command)
    return parser


def _add_arguments(parser: argparse.ArgumentParser, command: Command) -> None:
    kind = command.kind()
    keys = {key.name: key for key in keys_of(kind) if key.name not in command.without} if kind else {}
    for option in ("dry-run", *command.options, "json"):
        parser.add_argument(f"--{option}", action="store_true")
    parser.add_argument("--lang", choices=LANGUAGES)
    words: Any = parser.add_argument("words", nargs="*")
    words.completer = CompletedSettings(keys)
    for name, key in keys.items():
        if name != "lang":
            option_of: Any = parser.add_argument(f"--{name}")
            option_of.completer = CompletedValues(key)


class CompletedValues:
    """Completes the value of a setting: its choices, else files."""

    def __init__(self, key: Key) -> None:
        self._key = key

    def __call__(self, prefix: str, **_: Any) -> Iterable[str]:
        """Return what may be typed in place of the beginning of a value."""
        members = union_members(self._key.field.annotation)
        inner = [part for member in members for part in (member, *get_args(member))]
        choices = [str(value) for kind in inner if get_origin(kind) is Literal for value in get_args(kind)]
        choices += ["true", "false"] if bool in members else []
        return choices or _files(prefix)


class CompletedSettings:
    """Completes a word that stands alone: the key of a setting, its value after `=`, or a file."""

    def __init__(self, keys: dict[str, Key]) -> None:
        self._keys = keys

    def __call__(self, prefix: str, **_: Any) -> Iterable[str]:
        """Return what may be typed in place of the beginning of a word."""
        name, mark, value = prefix.partition("=")
        if mark:
            values = CompletedValues(self._keys[name])(value) if name in self._keys else _files(value)
            return [f"{name}={each}" for each in values]
        return [*(f"{key}." if self._keys[key].is_free else f"{key}=" for key in self._keys), *_files(prefix)]


def _files(prefix: str) -> list[str]:
    folder, _, beginning = prefix.rpartition("/")
    try:
        found = sorted(os.listdir(os.path.expanduser(folder) or ("/" if prefix.startswith("/") else ".")))
    except OSError:
        return []
    before = prefix[: len(prefix) - len(beginning)]
    hidden = beginning.startswith(".")
    return [
        f"{before}{name}{'/' if os.path.isdir(os.path.expanduser(before + name)) else ''}"
        for name in found
        if name.startswith(beginning) and (hidden or not name.startswith("."))
    ]
