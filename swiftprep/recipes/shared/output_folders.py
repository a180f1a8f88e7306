"""Which output folder a run takes, so that nothing finished is touched by accident.

A recipe asks once, before any work, and writes only there::

    config = in_own_folder(config, "augment", inputs=("data",))  # cheap: the same job over the same inputs is renewed
    config = in_own_folder(config, "sft")                        # a finished training is never overwritten
    ...
    with writing(config.output_dir, "augment") as staged:        # the name under which the results are recorded
        save_config(config, staged / "config.yaml")              # where the next run looks up the inputs

A recipe that trains writes its settings first, under `begun("sft")`. Until results are recorded under `"sft"`, the run
is unfinished: the same recipe may go on in that folder, and `resumed` finds it for `--resume`. A dry run asks too, as
nothing is created here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel

from swiftprep.errors import ConfigError, DataError
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.settings import load
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.storage.outputs import settle
from swiftprep.storage.run_records import BEGUN, read_runs
from swiftprep.storage.staging import check_output
from swiftprep.text.limits import read_within
from swiftprep.withheld import MASK, masked

_RESULTS = ("report.json", "report.html", "state.json")  # in a folder whose record is lost

Config = TypeVar("Config", bound=BaseModel)


def begun(recipe: str) -> str:
    """Return the name under which a recipe that trains records its settings, before there are results."""
    return f"{recipe}{BEGUN}"


def in_own_folder(config: Config, recipe: str, *, inputs: Sequence[str] = ()) -> Config:
    """Return the settings with the output folder that this run may write to, which is said on the console.

    A folder that holds the results of another job is left alone: without `output_dir` in the settings, the run gets a
    numbered folder beside it (`runs/stage1-2`).

    Args:
        config: The recipe's settings, with `output_dir`.
        recipe: Name of the recipe, under which its results are recorded.
        inputs: Dotted keys of the settings that make two runs the same job, whose results are renewed. Without any,
            no results are ever overwritten.

    Raises:
        ConfigError: the folder was named in the settings, and holds the results of another job; or it cannot be used.
        DataError: a link is in place of a file or folder of swiftprep's own.
    """
    wanted = _folder(config)
    check_output(wanted)
    holds = _in_the_way(wanted, config, recipe, inputs)
    if not holds:
        return config
    if "output_dir" in config.model_fields_set:
        free = _free(wanted, config, recipe, inputs)
        raise ConfigError(
            f"output_dir={wanted}: holds the results of {holds}, which stay as they are; name another folder, such as "
            f"output_dir={free} (该文件夹中已有 {holds} 的结果，不会被覆盖；请另选输出文件夹)"
        )
    free = _free(wanted, config, recipe, inputs)
    say(
        f"folder  {free}, as {wanted} holds the results of {holds}",
        f"文件夹  {free}（{wanted} 中已有 {holds} 的结果，不会被覆盖）",
    )
    return config.model_copy(update={"output_dir": free})


def unfinished(config: BaseModel, recipe: str) -> Path:
    """Return the folder of the newest run of a recipe that has begun and not come to its end.

    Args:
        config: The recipe's settings: only `output_dir` if they name it, else the default folder and the numbered ones.
        recipe: Name of the recipe.

    Raises:
        ConfigError: there is none.
    """
    wanted = _folder(config)
    is_named = "output_dir" in config.model_fields_set
    places = [wanted] if is_named else [wanted, *_numbered(wanted)]
    waiting = [place for place in places if is_unfinished(place, recipe)]
    if not waiting:
        done = is_named and recipe in _finished(wanted)
        why = "its run came to its end" if done else "no run was begun there"
        zh = "该运行已经完成" if done else "没有可继续的运行"
        where = wanted if is_named else f"{wanted}, {wanted}-2 …"
        raise ConfigError(
            f"--resume: {where}: {why}; without --resume a new run is started ({zh}；去掉 --resume 则重新开始)"
        )
    return max(waiting, key=lambda place: (place / "config.yaml").stat().st_mtime)


def resumed(kind: type[Config], recipe: str, file: str | None, overrides: Sequence[str]) -> Config:
    """Return the settings of the run that `--resume` goes on with: those in its folder, with the given ones over them.

    Args:
        kind: The recipe's settings.
        recipe: Name of the recipe.
        file: A settings file; it only tells the folder.
        overrides: `key=value` pairs.

    Raises:
        ConfigError: there is no run to go on with, or a setting is wrong.
    """
    folder = unfinished(load(kind, file, overrides), recipe)
    saved = folder / "config.yaml"
    say(f"resume  {folder}, with the settings in {saved}", f"继续    {folder}，沿用 {saved} 中的配置")
    config = load(kind, saved, overrides)
    known = {name: value for name, value in getattr(config, "sft", {}).items() if value != MASK}  # not kept in the file
    update: dict[str, Any] = {"output_dir": folder, **({"sft": known} if "sft" in kind.model_fields else {})}
    return config.model_copy(update=update)


def is_unfinished(folder: Path, recipe: str) -> bool:
    """Return whether a folder holds a run of a recipe that has begun and not come to its end."""
    written = _written(folder)
    return begun(recipe) in written and recipe not in written and (folder / "config.yaml").is_file()


def _folder(config: BaseModel) -> Path:
    folder: Path = config.output_dir  # type: ignore[attr-defined]
    return folder


def _in_the_way(folder: Path, config: BaseModel, recipe: str, inputs: Sequence[str]) -> str:
    """Return the recipe whose results in a folder a run must not overwrite, or `""`."""
    written = _written(folder)
    others = [name for name in written if name.removesuffix(BEGUN) != recipe]
    done = _finished(folder)
    if not written and any((folder / name).exists() for name in _RESULTS):
        return "an unknown run"
    if others:
        return others[-1].removesuffix(BEGUN)
    if recipe in done and not (inputs and _same_inputs(folder, config, inputs)):
        return recipe
    return ""


def _written(folder: Path) -> list[str]:
    """Return the names under which runs have recorded files in a folder, the newest last."""
    if not folder.is_dir():
        return []
    settle(folder)
    names = [run.id.rpartition("-")[0] for run in read_runs(folder)]
    return [name for name in names if name and name != "settings"]


def _finished(folder: Path) -> list[str]:
    return [name for name in _written(folder) if not name.endswith(BEGUN)]


def _same_inputs(folder: Path, config: BaseModel, inputs: Sequence[str]) -> bool:
    """Return whether the run in a folder had the same inputs; paths are compared as seen from here."""
    try:
        before = load_yaml(read_within(folder / "config.yaml").decode("utf-8"))
    except (OSError, ValueError, DataError, yaml.YAMLError):
        return False
    now = masked(config.model_dump(mode="json"))
    return all(_absolute(_at(before, key)) == _absolute(_at(now, key)) for key in inputs)


def _at(settings: Any, key: str) -> Any:
    for part in key.split("."):
        settings = settings.get(part) if isinstance(settings, Mapping) else None
    return settings


def _absolute(value: Any) -> Any:
    if isinstance(value, list):
        return [_absolute(item) for item in value]
    return os.path.abspath(os.path.expanduser(value)) if isinstance(value, str) else value


def _numbered(folder: Path) -> list[Path]:
    """Return the numbered folders beside a folder that exist."""
    beside = folder.parent.glob(f"{folder.name}-*") if folder.parent.is_dir() else ()
    return [place for place in beside if place.name.removeprefix(f"{folder.name}-").isdecimal() and place.is_dir()]


def _free(folder: Path, config: BaseModel, recipe: str, inputs: Sequence[str]) -> Path:
    """Return the first numbered folder that a run may write to."""
    places = (folder.with_name(f"{folder.name}-{number}") for number in count(2))
    return next(place for place in places if not place.is_file() and not _in_the_way(place, config, recipe, inputs))
