"""The command line of a recipe, in all the forms that users write it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from pydantic import BaseModel

from swiftprep.errors import ConfigError, DataError, did_you_mean, one_line
from swiftprep.recipes.shared.keys import Key, folder_key, keys_of
from swiftprep.recipes.shared.language import LANGUAGES
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.streams import Lang
from swiftprep.text.limits import read_within

_YAML = (".yaml", ".yml")
_LARGEST = 1 << 20  # bytes of a settings file
_CATALOG = "catalog.json"
_DEMO = "demo"  # as `scan.path`, the demonstration application


@dataclass(slots=True)
class Words:
    """A command line, sorted.

    Attributes:
        flags: The options that were given, without dashes.
        overrides: Settings as `key=value`, in their order.
        alone: The other words.
        lang: What `--lang` chose, if anything.
    """

    flags: set[str] = field(default_factory=set)
    overrides: list[str] = field(default_factory=list)
    alone: list[str] = field(default_factory=list)
    lang: Lang | None = None


def sort_words(argv: Sequence[str], kind: type[BaseModel] | None, options: Iterable[str]) -> Words:
    """Sort a command line into options, settings and other words.

    A setting is written `key=value`, `--key value` or `--key=value`; with dashes before it, its name may be written
    with dashes for underscores, too. After `--` there are no options.

    Args:
        argv: The command line.
        kind: The recipe's settings; None if any key may be one.
        options: The recipe's options that take no value, without dashes.

    Raises:
        ConfigError: an option is not known, or has no value.
    """
    keys = {key.name: key for key in keys_of(kind)} if kind else {}
    options = [*options, "help"]
    words = Words()
    rest = iter(argv)
    for word in rest:
        if word == "--":
            words.alone += rest
            break
        if word == "-h" or (word.startswith("--") and word[2:] in options):
            words.flags.add("help" if word == "-h" else word[2:])
        elif word.startswith("--"):
            name, mark, value = word[2:].partition("=")
            key = _key(name, keys)
            if name != "lang" and kind is not None and key is None:
                raise ConfigError(_no_such_option(name, [*options, "lang"], list(keys)))
            if not mark:
                following = next(rest, None)
                if following is None:
                    if name == "lang":
                        chosen_lang("")
                    raise ConfigError(f"--{one_line(name, 100)}: it needs a value after it (缺少值)")
                value = following
            if name == "lang":
                words.lang = chosen_lang(value)
            if name != "lang" or "lang" in keys:
                words.overrides.append(f"{key or name}={value}")
        elif word.startswith("-") and len(word) > 1:
            raise ConfigError(_no_such_option(word.lstrip("-"), [*options, "lang"], list(keys)))
        elif "=" in word:
            words.overrides.append(word)
        else:
            words.alone.append(word)
    return words


def chosen_lang(value: str) -> Lang:
    """Return a language that `--lang` may choose.

    Raises:
        ConfigError: there is no such language.
    """
    for lang in LANGUAGES:
        if value == lang:
            return lang
    raise ConfigError(f"{one_line(f'--lang {value}', 100).rstrip()}: zh or en is expected (应为 zh 或 en)")


def place_words(
    words: Iterable[str], kind: type[BaseModel] | None, *, takes_data: bool
) -> tuple[str | None, list[str], list[str]]:
    """Say what the words that stand alone are: a settings file, data files, and settings as `key=value`.

    An existing folder is taken for the key that `folder_key` names, and `catalog.json` for `catalog`, where the recipe
    has such a key. `demo` is the demonstration application, unless there is a folder of that name.

    Args:
        words: The words.
        kind: The recipe's settings.
        takes_data: Whether a file other than these is data.

    Raises:
        ConfigError: there are two settings files or two folders, or there is no such file or folder.
    """
    keys = {key.name: key for key in keys_of(kind)} if kind else {}
    folder = folder_key(keys)
    files, data, overrides = [], [], []
    folders: list[str] = []
    for word in words:
        path = os.path.expanduser(word)
        if folder and os.path.isdir(path):
            folders.append(os.path.abspath(path) if os.path.normpath(path) == _DEMO else word)
        elif folder == "scan.path" and word == _DEMO:
            folders.append(word)
        elif "catalog" in keys and os.path.basename(word) == _CATALOG:
            overrides.append(f"catalog={word}")
        elif takes_data and not word.endswith(_YAML):
            data.append(word)
        else:
            files.append(word)
    if len(files) > 1:
        raise ConfigError(
            f"one settings file at most, not {one_line(', '.join(files))}; settings look like key=value "
            "(最多一个配置文件；配置项写作 key=value)"
        )
    if folder and len(folders) > 1 and not keys[folder].is_list:
        raise ConfigError(f"one folder at most, not {one_line(', '.join(folders))} (最多一个文件夹)")
    for file in files:
        if folder and not os.path.lexists(os.path.expanduser(file)):
            raise ConfigError(
                f"{one_line(file)}: No such file or directory: it is neither a folder nor a settings file "
                "(没有这个文件夹或配置文件)"
            )
        if folder and not _may_hold_settings(os.path.expanduser(file)):
            raise ConfigError(
                f"{one_line(file)}: is a file, and no settings file (.yaml); expected a folder for {folder} "
                f"(是文件，也不是 .yaml 配置文件；{folder} 应为文件夹)"
            )
    overrides = [*([f"{folder}={','.join(folders)}"] if folders else []), *overrides]
    return next(iter(files), None), data, overrides


def _may_hold_settings(file: str) -> bool:
    """Tell whether a file may be one of settings, by its name or else by its content."""
    if file.endswith(_YAML) or not os.path.isfile(file):
        return True
    try:
        return isinstance(load_yaml(read_within(Path(file), _LARGEST).decode("utf-8")), dict)
    except OSError:  # whoever reads it says what is wrong
        return True
    except (ValueError, DataError, yaml.YAMLError):
        return False


def _key(name: str, keys: dict[str, Key]) -> str | None:
    """Return the key that an option names; None if there is none."""
    for spelling in (name, name.replace("-", "_")):
        section, _, last = spelling.rpartition(".")
        if spelling in keys or _is_free(spelling, keys):
            return spelling
        if any(known.startswith(f"{spelling}.") for known in keys) and (last or section):
            return spelling  # a whole section, as {key: value, …}
    return None


def _is_free(name: str, keys: dict[str, Key]) -> bool:
    """Tell whether a name is within a section that takes any names, such as `sft`."""
    parts = name.split(".")
    return any((key := keys.get(".".join(parts[:count]))) and key.is_free for count in range(1, len(parts)))


def _no_such_option(name: str, options: list[str], keys: list[str]) -> str:
    plain = name.replace("-", "_")
    elsewhere = [key for key in keys if key.endswith(f".{plain}")]
    near = f" (did you mean {' or '.join(f'--{key}' for key in elsewhere)}?)" if elsewhere else ""
    near = near or did_you_mean(f"--{name}", [f"--{known}" for known in (*options, *keys)])
    return f"--{one_line(name, 100)}: no such option{near or '; --help lists them'} (没有这个选项)"
