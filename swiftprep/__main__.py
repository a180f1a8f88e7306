"""The command `swiftprep`: its front page, and the recipe that each of its commands runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

from swiftprep import __version__
from swiftprep.recipes.shared.commands import COMMANDS, Command, command_named, names
from swiftprep.recipes.shared.language import LANGUAGES, terminal_lang
from swiftprep.streams import Forgiving, forgiving_streams, tell

DONE, USER_ERROR = 0, 2
_OPTIONS = ("--help", "--lang", "--version", "--print-completion")
_SHELLS = ("bash", "zsh")
_FRONT = {
    "en": (
        "swiftprep {version}: from a private code base to a fine-tuned Qwen2.5-Coder, with ms-swift",
        "Commands",
        "Try first",
        "`swiftprep <command> --help` lists all settings of a command; --lang zh is this page in Chinese (中文).\n"
        'Also: --version; --print-completion bash (or zsh), as in eval "$(swiftprep --print-completion bash)".',
    ),
    "zh": (
        "swiftprep {version}：从私有代码库到微调好的 Qwen2.5-Coder，基于 ms-swift",
        "命令",
        "先试试",
        "`swiftprep <命令> --help` 列出该命令的全部配置项；--lang en 显示英文（English）。\n"
        '还有：--version；--print-completion bash（或 zsh），用法：eval "$(swiftprep --print-completion bash)"。',
    ),
}
_FIRST = (
    ("demo", {"en": "see the whole path on what ships with swiftprep", "zh": "用自带的内容走完整个流程"}),
    ("scan ../our-app --dry-run", {"en": "see what your code base yields", "zh": "看看你的代码库能得到什么"}),
    ("start", {"en": "write a settings file for your code base", "zh": "为你的代码库生成配置文件"}),
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code; without one, print the front page.

    Args:
        argv: The command line; None for that of the process.
    """
    if "_ARGCOMPLETE" in os.environ and argv is None:
        from swiftprep.recipes.shared.completion import complete

        complete()
    words = list(sys.argv[1:] if argv is None else argv)
    lang, wants_help = None, False
    while words and (words[0].startswith("-") or words[0] == "help"):
        option, mark, value = words.pop(0).partition("=")
        if option in ("help", "--help", "-h"):
            wants_help = True
        elif option in ("--version", "-V"):
            return _print(f"swiftprep {__version__}")
        elif option in ("--lang", "--print-completion"):
            value = value if mark or not words else words.pop(0)
            if option == "--print-completion":
                return _print_completion(value)
            if value not in LANGUAGES:
                return _refuse(f"{f'--lang {value}'.rstrip()}: zh or en is expected (应为 zh 或 en)")
            lang = value
        else:
            return _unknown(option, _OPTIONS, "no such option", "没有这个选项")
    if not words:
        return _print(front_page(lang or terminal_lang()))
    command = command_named(words[0])
    if command is None:
        return _unknown(words[0], names(), "no such command", "没有这个命令")
    spoken = ["--lang", lang] if lang else []
    return _run(command, [*spoken, *words[1:], *["--help"][:wants_help]])


def front_page(lang: str) -> str:
    """Return a line for each command, and the first things to try.

    Args:
        lang: `"zh"` or `"en"`.
    """
    title, commands, first, more = _FRONT[lang]
    colon = "：" if lang == "zh" else ":"
    lines = [title.format(version=__version__), "", f"{commands}{colon}"]
    for command in COMMANDS:
        also = f" ({', '.join(command.aliases)})" if command.aliases else ""
        lines.append(f"  {command.name:<10}{command.summary[lang]}{also}")
    lines += ["", f"{first}{colon}"]
    lines += [f"  {'swiftprep ' + typed:<37}# {why[lang]}" for typed, why in _FIRST]
    return "\n".join([*lines, "", more])


def _run(command: Command, argv: Sequence[str]) -> int:
    """Import a recipe, which no other command needs, and run it."""
    code: int = import_module(f"swiftprep.recipes.{command.name}").main(argv)
    return code


def _print(text: str) -> int:
    with forgiving_streams():
        stream = Forgiving(sys.stdout)
        stream.write(f"{text}\n")
        stream.flush()
    return DONE


def _print_completion(shell: str) -> int:
    if shell not in _SHELLS:
        return _refuse(f"--print-completion {shell}: bash or zsh is expected (应为 bash 或 zsh)")
    from swiftprep.errors import MissingDependencyError
    from swiftprep.recipes.shared.completion import shell_code

    try:
        return _print(shell_code(shell))
    except MissingDependencyError as error:
        return _refuse(str(error))


def _unknown(word: str, known: Iterable[str], what: str, zh: str) -> int:
    from swiftprep.errors import did_you_mean, one_line

    near = did_you_mean(word, known) or "; `swiftprep` alone lists them"
    return _refuse(f"{one_line(word, 100)}: {what}{near} ({zh}；单独运行 swiftprep 可查看全部)")


def _refuse(text: str) -> int:
    from swiftprep.withheld import shown

    tell(f"error: {shown(text)}")
    return USER_ERROR


if __name__ == "__main__":
    sys.exit(main())
