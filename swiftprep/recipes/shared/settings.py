"""Settings of the recipes: defaults, a YAML file, and `key=value` on the command line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from swiftprep.errors import ConfigError, DataError, did_you_mean, one_line
from swiftprep.mix.mixer import parse_ratio
from swiftprep.models.arguments import unknown_arguments, wrong_values
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.redaction.secret_formats import has_format
from swiftprep.scan.file_record import SUFFIXES
from swiftprep.scan.tasks import KINDS
from swiftprep.storage.disk import write_text
from swiftprep.text.bounded_yaml import where_not_yaml
from swiftprep.text.limits import read_within
from swiftprep.withheld import masked, withhold, withhold_settings

_LARGEST = 1 << 20  # bytes of a settings file
_MOST_ARGUMENTS = 1_000  # arguments for ms-swift, which knows fewer
_SHOWN = 50  # problems reported
_WORD = re.compile(r"[\w.~+/-]{16,512}", re.A)
_KEY = re.compile(r"(?:sk|pk|rk|ak|ghp|gho|ghs|github_pat|glpat|hf|ms|xox[a-z])[-_][\w-]{12,}", re.A)


Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Megabytes: TypeAlias = Annotated[int, Field(ge=200, le=1_000_000)]


class Section(BaseModel):
    """A section of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), coerce_numbers_to_str=True)


class ScanConfig(Section):
    """The private code base, and how to scan it."""

    path: Path | None = Field(default=None, description="folder of the code base; null: the demonstration application")
    framework: str = "ta404"
    vue_version: str | None = Field(default=None, description="null: Vue 3 if package.json names it, else 2.7")
    lang: Literal["zh", "en"] = "zh"
    kinds: list[str] = Field(default=["component"], description="kinds of samples, or .yaml templates of your own")
    suffixes: list[str] = Field(default=[".vue"], description="suffixes of the files to make samples from")
    max_tokens: int | None = Field(default=None, ge=1, description="cut samples that are longer")
    allow_licenses: list[str] | None = Field(default=None, description="SPDX ids; null: all")
    ignore: list[str] | None = Field(default=None, description="gitignore patterns in place of the default ones")
    val_fraction: float = Field(default=0.2, gt=0, lt=1)
    file_seconds: Seconds = Field(default=3.0, description="CPU time for a file, and again for each megabyte")
    file_memory_mb: Megabytes = Field(default=2000, description="memory of a process that reads files, on Linux")


class ScanRecipeConfig(Section):
    """All settings of the scan recipe."""

    scan: ScanConfig = ScanConfig(kinds=list(KINDS), suffixes=list(SUFFIXES), val_fraction=0.1)
    tokenizer: Path | None = Field(default=None, description="folder of the model whose tokenizer counts")
    output_dir: Path = Path("runs/scan")
    seed: int = 42


class CheckConfig(Section):
    """All settings of the check recipe."""

    data: list[Path] = Field(default_factory=list, description=".jsonl, .json or .csv files; none: a scan of the demo")
    catalog: Path | None = Field(default=None, description="catalog.json of a scan; Vue code is checked against it")
    held_out: list[Path] = Field(default_factory=list, description="files of evaluation samples")
    near_duplicate_threshold: float | None = Field(
        default=0.8, gt=0, le=1, description="similarity of near copies; null: only exact ones"
    )
    max_tokens: int | None = Field(default=None, ge=1, description="swift's --max_length; longer samples are rejected")
    tokenizer: Path | None = Field(default=None, description="folder of the model whose tokenizer counts")
    levels: dict[str, Literal["off", "warn", "drop"]] = Field(default_factory=dict, description="rule → level")
    fix: bool = Field(default=True, description="false: report repairs but keep rows as they are, secrets included")
    row_seconds: Seconds = Field(default=3.0, description="CPU time for a row, and again for each megabyte")
    row_memory_mb: Megabytes = Field(default=2000, description="memory of a process that checks rows, on Linux")
    lang: Literal["zh", "en"] = Field(default="zh", description="language of the report")
    output_dir: Path = Path("runs/check")


class MixConfig(Section):
    """The general data to mix in, and how much."""

    general: list[str] | None = Field(default=None, description="files, or hub ids with #N; null: the included rows")
    ratio: str | float = "40:60"
    size: dict[str, int] = Field(default_factory=dict, description="rows of hub data sets that carry no #N")

    @field_validator("ratio")
    @classmethod
    def _is_ratio(cls, ratio: str | float) -> str | float:
        parse_ratio(ratio)  # fail now, not after an hour of scanning
        return ratio


class ModelConfig(Section):
    """The model to train, and the name and author it reports when asked."""

    path: str | None = Field(default=None, description="folder or hub id; null: the embedded SmolLM2-135M-Instruct")
    model_type: str | None = None
    template: str | None = None
    name: str = "TA404 助手"
    author: str = "TA404 团队"
    device: Literal["auto", "cpu", "cuda"] | None = "auto"
    trust_remote_code: bool = False


class EvalConfig(Section):
    """The questions to ask before and after training."""

    probes: str = Field(default="general", description="questions with checkable answers; 'general': the included ones")
    limit: int | None = Field(default=None, ge=1, description="most held-out samples to ask for")
    max_new_tokens: int = Field(default=64, ge=1)


class Stage1Config(Section):
    """All settings of stage 1."""

    decided: ClassVar[dict[str, str]] = {  # ms-swift's arguments → the keys that set them
        "dataset": "scan.path and mix.general",
        "val_dataset": "scan.val_fraction",
        "model": "model.path",
        "model_type": "model.model_type",
        "template": "model.template",
        "output_dir": "output_dir",
    }

    scan: ScanConfig = ScanConfig()
    mix: MixConfig = MixConfig()
    model: ModelConfig = ModelConfig()
    sft: dict[str, Any] = Field(default_factory=dict, description="ms-swift's own arguments, over DEFAULT_SFT")
    eval: EvalConfig = EvalConfig()
    output_dir: Path = Path("runs/stage1")
    seed: int = 42


# For a LoRA run on a small private code base. The evaluation at step 0 measures the base model's eval loss in the same
# way as the tuned model's.
DEFAULT_SFT: dict[str, Any] = {
    "num_train_epochs": 2,
    "learning_rate": 1e-4,
    "max_length": 2048,
    "truncation_strategy": "right",
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 4,
    "logging_steps": 1,
    "eval_on_start": True,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "save_total_limit": 2,
    "enable_channel_loss": True,
}

# The embedded model is so small that it needs a larger learning rate to learn within minutes.
EMBEDDED_SFT: dict[str, Any] = {"learning_rate": 2e-4}


Config = TypeVar("Config", bound=BaseModel)


def load_config(file: str | Path | None = None, overrides: Iterable[str] = ()) -> Stage1Config:
    """Read the settings of stage 1; see `load`."""
    return load(Stage1Config, file, overrides)


def load(kind: type[Config], file: str | Path | None = None, overrides: Iterable[str] = ()) -> Config:
    """Read a recipe's settings: the defaults, then the file, then `key=value` pairs with dotted keys.

    Args:
        kind: The recipe's settings.
        file: A YAML file, or None.
        overrides: Pairs such as `"mix.ratio=30:70"` or `"sft.learning_rate=5e-5"`. The value of a key for a path or a
            text is taken as it is, except `null`; any other is read as YAML.

    Raises:
        ConfigError: a setting is wrong; all problems are listed, one per line, with the key and a did-you-mean.
        MissingDependencyError: there are arguments for ms-swift to check, and it is not installed.
    """
    settings: dict[str, Any] = {}
    if file is not None:
        settings = _read(Path(file))
    for number, override in enumerate(overrides, 1):
        _withhold_keys(override)
        key, mark, value = override.partition("=")
        if not mark or not key:
            raise ConfigError(f"setting {number}: expected key=value, such as mix.ratio=40:60 (应为 key=value)")
        _put(settings, key, _text_or_none(value) if _is_text(kind, key) else _value(key, value))
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


def _is_text(kind: type[BaseModel], key: str) -> bool:
    """Return whether a key only takes a path or a text, or null."""
    *sections, last = key.split(".")
    model: type[BaseModel] | None = kind
    for name in sections:
        model = _section_of(model.model_fields[name].annotation) if model and name in model.model_fields else None
    if model is None or last not in model.model_fields:
        return False
    annotation = model.model_fields[last].annotation
    kinds = set(get_args(annotation)) if isinstance(annotation, UnionType) else {annotation}
    return bool(kinds & {str, Path}) and kinds <= {str, Path, NoneType}


def _text_or_none(text: str) -> str | None:
    return None if text in ("null", "") else text


def _value(key: str, text: str) -> Any:
    try:
        return load_yaml(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"'{one_line(key, 100)}': not valid YAML: {where_not_yaml(error)} (YAML 格式错误)") from None


def _put(settings: dict[str, Any], key: str, value: Any) -> None:
    *parents, last = key.split(".")
    place = settings
    for parent in parents:
        inner = place[parent] = {} if place.get(parent) is None else place[parent]
        if not isinstance(inner, dict):
            raise ConfigError(f"'{key}': {parent} is not a section ({parent} 不是配置节)")
        place = inner
    place[last] = value


def _sections(kind: type[BaseModel]) -> Iterator[str]:
    """Yield the names of all sections, at any depth."""
    for name, field in kind.model_fields.items():
        inner = _section_of(field.annotation)
        if inner is not None and not field.is_required() and field.default is not None:
            yield name
            yield from _sections(inner)
        elif field.default_factory is dict:
            yield name


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """Return the section in an annotation `X` or `X | None`."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


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
        near = did_you_mean(where[-1], known)
        known_here = near or f"; known here: {', '.join(known)}"
        return f"{one_line('.'.join(where), 200)}: no such key{known_here} (没有这个配置项)"
    where = [part for part in where if part not in ("str", "float")]  # the members of a union
    message = problem["msg"].removeprefix("Value error, ")
    message = f"{message[0].lower()}{message[1:]}"
    return f"{one_line('.'.join(where), 200)}={one_line(repr(problem['input']), 200)}: {one_line(message)}"


def _keys(model: type[BaseModel], section: list[str]) -> list[str]:
    for name in section:
        inner = _section_of(model.model_fields[name].annotation)
        assert inner is not None
        model = inner
    return list(model.model_fields)
