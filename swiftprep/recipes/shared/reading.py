"""Reading and writing settings: defaults, a YAML file, and `key=value` on the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from swiftprep.errors import ConfigError, DataError, MissingDependencyError, did_you_mean, one_line
from swiftprep.models.arguments import unknown_arguments, wrong_values
from swiftprep.recipes.shared.keys import Key, keys_of, section_of
from swiftprep.recipes.shared.value_errors import value_error
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.redaction.secret_formats import has_format
from swiftprep.storage.disk import write_text
from swiftprep.text.bounded_yaml import where_not_yaml
from swiftprep.text.limits import read_within
from swiftprep.withheld import masked, withhold, withhold_settings

_LARGEST = 1 << 20  # bytes of a settings file
_MOST_ARGUMENTS = 1_000  # arguments for ms-swift, which knows fewer
_SHOWN = 50  # problems reported
_WORD = re.compile(r"[\w.~+/-]{16,512}", re.A)
_KEY = re.compile(r"(?:sk|pk|rk|ak|ghp|gho|ghs|github_pat|glpat|hf|ms|xox[a-z])[-_][\w-]{12,}", re.A)

Config = TypeVar("Config", bound=BaseModel)


def load(kind: type[Config], file: str | Path | None = None, overrides: Iterable[str] = ()) -> Config:
    """Read a recipe's settings: the defaults, then the file, then `key=value` pairs with dotted keys.

    Args:
        kind: The recipe's settings.
        file: A YAML file, or None.
        overrides: Pairs such as `"mix.ratio=30:70"` or `"sft.learning_rate=5e-5"`. The value of a key for a path or a
            text is taken as it is, except `null`. That of a list is a YAML list in brackets, or values separated by
            commas, unless there is a file of just that name; given again, the key adds to the list. Any other value
            is read as YAML.

    Raises:
        ConfigError: a setting is wrong; all problems are listed, one per line, with the key and a did-you-mean.
        MissingDependencyError: there are arguments for ms-swift to check, and it is not installed.
    """
    settings: dict[str, Any] = {}
    if file is not None:
        settings = _read(Path(file))
    keys = {key.name: key for key in keys_of(kind)}
    lists: dict[str, list[Any]] = {}
    for number, override in enumerate(overrides, 1):
        _withhold_keys(override)
        key, mark, value = override.partition("=")
        if not mark or not key:
            raise ConfigError(f"setting {number}: expected key=value, such as mix.ratio=40:60 (应为 key=value)")
        taken = _taken(key, value, keys.get(key))
        if isinstance(taken, list) and key in keys and keys[key].is_list:
            taken = lists[key] = [*lists.get(key, []), *taken]
        else:
            lists.pop(key, None)
        _put(settings, _parts(key, keys), taken)
    settings = _tidy(_over_defaults(kind, settings), set(_sections(kind)))
    withhold_settings(settings)  # before any message quotes them
    problems: list[str] = []
    config = kind()
    try:
        config = kind.model_validate(settings)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        problems = [_explain(kind, dict(problem)) for problem in errors[:_SHOWN]]
        problems += ["" for _ in errors[_SHOWN:]]
    if "sft" in kind.model_fields and isinstance(settings.get("sft"), dict) and settings["sft"]:
        names = [one_line(str(name), 100) for name in settings["sft"]]
        if len(names) > _MOST_ARGUMENTS:
            raise ConfigError(f"sft: more than {_MOST_ARGUMENTS} arguments (参数过多)")
        decided: dict[str, str] = getattr(kind, "decided", {})
        problems += [
            f"sft.{name}: this recipe sets it; use {decided[name]} (由本流程设置)" for name in names if name in decided
        ]
        problems += [f"sft: {line}" for line in unknown_arguments("sft", names)]
        problems += [f"sft.{line}" for line in wrong_values("sft", settings["sft"])]
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more problems (还有更多问题)"] if len(problems) > _SHOWN else []
        raise ConfigError("\n".join(problems[:_SHOWN] + more))
    return config


def save_config(config: BaseModel, path: Path) -> Path:
    """Write the resolved settings as YAML that `load` can read back, without keys and tokens."""
    plain = masked(config.model_dump(mode="json"))
    return write_text(path, yaml.safe_dump(plain, allow_unicode=True, sort_keys=False))


def _withhold_keys(text: str) -> None:
    """Withhold anything that looks like a key from all output, as it may be in a setting where none is expected."""
    for word in _WORD.findall(text):
        for part in {word, *word.split(".")}:  # the name of a setting may stand before it
            if _KEY.match(part) or has_format(part):
                withhold(part)


def _read(path: Path) -> dict[str, Any]:
    try:
        text = read_within(path, _LARGEST).decode("utf-8")
        _withhold_keys(text)
        settings = load_yaml(text)
    except OSError as error:
        raise ConfigError(f"{one_line(str(path))}: {error.strerror} (没有这个配置文件)") from None
    except DataError as error:
        raise ConfigError(str(error)) from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {where_not_yaml(error)} (YAML 格式错误)") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not valid YAML: byte {error.start + 1} is no UTF-8 (文件不是 UTF-8 编码)") from None
    if settings is None:
        return {}
    if not isinstance(settings, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(settings).__name__} (应为键值对)")
    return settings


def _taken(name: str, text: str, key: Key | None) -> Any:
    """Return the value that a text on the command line stands for."""
    if key is None or not (key.is_list or key.is_text):
        return _value(name, text)
    if text in ("null", ""):
        return None
    if not key.is_list:
        return text
    if text.lstrip().startswith("[") and Path not in key.kinds:  # a folder may be called [x]
        return _value(name, text)
    is_whole = os.path.exists(os.path.expanduser(text))
    parts = [text] if is_whole else [part.strip() for part in text.split(",") if part.strip()]
    return parts[0] if len(parts) == 1 and key.kinds & {str, Path} else parts


def _value(key: str, text: str) -> Any:
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"'{one_line(key, 100)}': not valid YAML: {where_not_yaml(error)} (YAML 格式错误)") from None


def _parts(name: str, keys: Mapping[str, Key]) -> list[str]:
    """Return the parts of a dotted key; a name of the user's choice, such as `mix.size.team/v1.5`, is one part."""
    parts = name.split(".")
    for count in range(1, len(parts)):
        key = keys.get(".".join(parts[:count]))
        if key is not None and key.is_flat:
            return [*parts[:count], ".".join(parts[count:])]
    return parts


def _put(settings: dict[str, Any], parts: list[str], value: Any) -> None:
    *parents, last = parts
    place = settings
    for parent in parents:
        inner = place[parent] = {} if place.get(parent) is None else place[parent]
        if not isinstance(inner, dict):
            raise ConfigError(f"'{'.'.join(parts)}': {parent} is not a section ({parent} 不是配置节)")
        place = inner
    place[last] = value


def _sections(kind: type[BaseModel]) -> Iterator[str]:
    """Yield the names of all sections, at any depth."""
    for name, field in kind.model_fields.items():
        inner = section_of(field.annotation)
        if inner is not None and not field.is_required() and field.default is not None:
            yield name
            yield from _sections(inner)
        elif field.default_factory is dict:
            yield name


def _tidy(value: Any, sections: set[str]) -> Any:
    """Expand `~` in paths, and treat a section's bare heading as an empty section."""
    if isinstance(value, dict):
        return {k: {} if inner is None and k in sections else _tidy(inner, sections) for k, inner in value.items()}
    if isinstance(value, list):
        return [_tidy(inner, sections) for inner in value]
    at_home = isinstance(value, str) and (value == "~" or value.startswith("~/"))
    return os.path.expanduser(value) if at_home else value  # unlike pathlib, it keeps `~` if there is no home


def _over_defaults(kind: type[BaseModel], settings: dict[str, Any]) -> dict[str, Any]:
    """Merge a section's settings into the recipe's own defaults for it, which may differ from the section's."""
    merged = dict(settings)
    for name, field in kind.model_fields.items():
        if isinstance(field.default, BaseModel) and isinstance(merged.get(name), dict):
            merged[name] = {**field.default.model_dump(), **merged[name]}
    return merged


def _explain(kind: type[BaseModel], problem: dict[str, Any]) -> str:
    where = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        known = _keys(kind, where[:-1])
        elsewhere = [key.name for key in keys_of(kind) if key.name.endswith(f".{where[-1]}")] if len(where) == 1 else []
        if not elsewhere and len(where) == 1 and "sft" in kind.model_fields and _is_of_swift(where[-1]):
            elsewhere = [f"sft.{where[-1]}"]
        if elsewhere:
            near = f" (did you mean {' or '.join(repr(name) for name in elsewhere)}?)"
        else:
            section = "".join(f"{name}." for name in where[:-1])
            near = did_you_mean(where[-1], known).replace("mean '", f"mean '{section}")
        known_here = near or f"; known here: {', '.join(known)}"
        return f"{one_line('.'.join(where), 200)}: no such key{known_here} (没有这个配置项)"
    where = [part for part in where if part not in ("str", "float")]  # the members of a union
    return value_error(".".join(where), problem)


def _is_of_swift(name: str) -> bool:
    """Return whether a key is the name of one of ms-swift's arguments."""
    try:
        return not unknown_arguments("sft", [name])
    except MissingDependencyError:
        return False


def _keys(model: type[BaseModel], section: list[str]) -> list[str]:
    for name in section:
        inner = section_of(model.model_fields[name].annotation)
        assert inner is not None
        model = inner
    return list(model.model_fields)
