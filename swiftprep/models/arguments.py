"""ms-swift's arguments: those the installed version knows, and how to write them on a command line."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from importlib import metadata
from importlib.resources import files
from typing import Any

from swiftprep.arguments import right_spelling
from swiftprep.errors import ConfigError, MissingDependencyError, RunError, did_you_mean, one_line
from swiftprep.process import children, lifeline
from swiftprep.storage.disk import cache_dir, write_text
from swiftprep.withheld import masked

_LISTS_OF_PATHS = ("dataset", "val_dataset", "adapters")
_NEGATIVE = re.compile(r"-\d+|-\d*\.\d+")  # argparse takes these for numbers, not for options
_NO_ARGUMENT = re.compile("[\0\ud800-\udfff]")  # not possible on a command line
_OF_SERVER = ("host", "port", "api_key", "ssl_keyfile", "ssl_certfile", "served_model_name")


def require_swift() -> str:
    """Return the installed version of ms-swift.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        return metadata.version("ms-swift")
    except metadata.PackageNotFoundError:
        raise MissingDependencyError(
            "training and evaluation need ms-swift: pip install 'swiftprep[swift]' (请先安装 ms-swift)"
        ) from None


@lru_cache(maxsize=1)
def known_arguments() -> dict[str, dict[str, Any]]:
    """Return the arguments of the installed ms-swift: task (`"sft"` or `"eval"`) → name → the values it takes.

    The values are a `type` (`"int"`, `"float"`, `"bool"`, `"str"` or `"choice"`), for a choice the `choices`, and
    `several` where there may be more than one.

    Those of the locked version come with swiftprep, as importing ms-swift takes seconds; those of any other version
    are read from the installed classes, once per combination of versions, and cached.

    Raises:
        MissingDependencyError: ms-swift is not installed.
        RunError: it is installed, but cannot be imported.
    """
    versions = {"ms-swift": require_swift(), "transformers": metadata.version("transformers")}
    shipped = json.loads((files("swiftprep") / "assets" / "swift" / "arguments.json").read_text(encoding="utf-8"))
    if shipped["versions"] == versions:
        return dict(shipped["arguments"])
    cached = cache_dir() / f"swift-arguments-2-{'-'.join(versions.values())}-py{sys.version_info.minor}.json"
    try:
        return dict(json.loads(cached.read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError):
        known = read_arguments()
        write_text(cached, json.dumps(known))
        return known


def read_arguments() -> dict[str, dict[str, Any]]:
    """Return the arguments like `known_arguments`, read from the installed ms-swift in a child process.

    Raises:
        RunError: ms-swift cannot be imported.
    """
    command = children.python("swiftprep.models.list_arguments")
    child = lifeline.run(command, environment=children.environment())
    if child.returncode:
        raise RunError("ms-swift cannot be imported (无法导入 ms-swift):\n" + child.stderr[-2000:])
    return dict(json.loads(child.stdout)["arguments"])


def unknown_arguments(task: str, names: Iterable[str]) -> list[str]:
    """Return an error message, with a did-you-mean, for each name the installed ms-swift does not know.

    Args:
        task: `"sft"` or `"eval"`.
        names: Argument names.
    """
    known = known_arguments()[task]
    return [
        f"ms-swift {require_swift()} has no {task} argument '{name}'{right_spelling(name, known)} "
        "(ms-swift 没有这个参数)"
        for name in sorted(set(names) - set(known))
    ]


def wrong_values(task: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return an error message for each value that ms-swift's parser would refuse; unknown arguments are passed over.

    Args:
        task: `"sft"` or `"eval"`.
        arguments: Arguments by name.

    Raises:
        ConfigError: a value cannot be written on a command line.
    """
    known = known_arguments()[task]
    problems = []
    for name, value in arguments.items():
        if name not in known:
            continue
        argv = to_argv({name: value})
        texts = [argv[0].partition("=")[2]] if len(argv) == 1 else argv[1:]
        if (expected := _expected(known[name], texts)) is not None:
            shown = one_line(repr(value), 200)
            problems.append(f"{name}={shown}: expected {expected[0]} (应为{expected[1]})")
    return problems


def _expected(values: Mapping[str, Any], texts: list[str]) -> tuple[str, str] | None:
    """Return what an argument takes, in English and Chinese, or None if it takes these texts."""
    if len(texts) > 1 and not values.get("several"):
        return "a single value", "单个值"
    if values["type"] == "choice":
        choices: list[str] = values["choices"]
        near = "" if set(texts) <= set(choices) else did_you_mean(texts[0], choices)
        return None if set(texts) <= set(choices) else (f"one of {', '.join(choices)}{near}", "所列选项之一")
    reads, *words = _READS[values["type"]]
    try:
        for text in texts:
            reads(text)
    except ValueError:
        return words[0], words[1]
    return None


def as_bool(value: Any) -> bool:
    """Return a value as ms-swift's parser reads it; None is false.

    Raises:
        ValueError: it is neither true nor false.
    """
    text = "no" if value is None else str(value)
    if text.lower() not in ("yes", "true", "t", "y", "1", "no", "false", "f", "n", "0"):
        raise ValueError(text)
    return text.lower() in ("yes", "true", "t", "y", "1")


# How ms-swift's parser reads a text of each type.
_READS: dict[str, tuple[Callable[[str], Any], str, str]] = {
    "int": (int, "a whole number", "整数"),
    "float": (float, "a number", "数字"),
    "bool": (as_bool, "true or false", "true 或 false"),
    "str": (str, "a text", "文本"),
}


def check_served(arguments: Mapping[str, Any]) -> None:
    """Refuse server arguments of an evaluation that swiftprep sets itself.

    Args:
        arguments: Arguments of ms-swift's `EvalArguments`. With `eval_url` they belong to the user's own server.

    Raises:
        ConfigError: one of them is set.
    """
    if not arguments.get("eval_url"):
        for name in _OF_SERVER:
            if arguments.get(name) is not None:
                raise ConfigError(f"{name} is set by swiftprep itself, without eval_url (由 swiftprep 设置)")


def to_argv(arguments: Mapping[str, Any]) -> list[str]:
    """Return arguments in the form of a command line.

    Lists become several values, mappings JSON, booleans `true` and `false`; None omits the argument. A value that
    begins with a dash is written so that ms-swift's parser does not take it for an option.

    Raises:
        ConfigError: a value cannot be written on a command line.

    >>> to_argv({"model": "m", "dataset": ["a#5", "-b"], "use_cpu": True, "seed": None})
    ['--model', 'm', '--dataset', 'a#5', './-b', '--use_cpu', 'true']
    >>> to_argv({"system": "-be brief"})
    ['--system=-be brief']
    """
    argv: list[str] = []
    for name, value in arguments.items():
        if value is None or value == []:
            continue
        values = value if isinstance(value, (list, tuple)) else [value]
        texts = [_to_text(item) for item in values]
        if name in _LISTS_OF_PATHS:
            texts = [f"./{text}" if text.startswith("-") else text for text in texts]
        if any(map(_NO_ARGUMENT.search, texts)):
            raise ConfigError(
                f"{name}: has a NUL or half a character, which no command line can have; remove it "
                "(参数中含有 NUL 或不完整的字符，请删除)"
            )
        options = [text for text in texts if text.startswith("-") and not _NEGATIVE.fullmatch(text)]
        if options and len(texts) > 1:
            raise ConfigError(
                f"{name}: ms-swift takes {options[0]!r} for an option when there are several values; make it begin "
                "with another character (有多个值时，值不能以 - 开头)"
            )
        argv += [f"--{name}={texts[0]}"] if options else [f"--{name}", *texts]
    return argv


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)


def to_command(task: str, arguments: Mapping[str, Any]) -> str:
    r"""Return the `swift sft …` command line, one argument per line, quoted for a shell, without keys and tokens.

    >>> print(to_command("sft", {"dataset": ["a.jsonl", "b#5"]}))
    swift sft \
        --dataset a.jsonl 'b#5'
    """
    lines = [f"swift {task}"]
    for name, value in masked(arguments).items():
        argv = to_argv({name: value})
        if argv:
            lines.append("    " + shlex.join(argv))
    return " \\\n".join(lines)
