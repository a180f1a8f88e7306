"""Which output folder a run takes, so that nothing finished is touched by accident.

A recipe asks once, before any work, and writes only there::

    config = in_own_folder(config, "augment", inputs=("data",))  # cheap: the same job over the same inputs is renewed
    config = in_own_folder(config, "sft")                        # a finished training is never overwritten
    ...
    with writing(config.output_dir, "augment") as staged:        # the name under which the results are recorded
        save_config(config, staged / "config.yaml")              # where the next run looks up the inputs

A recipe that trains writes its settings first, under `begun("sft")`. Until results are recorded under `"sft"`, the run
is unfinished, and `resumed` finds it for `--resume`. Once it has its data, the same recipe renews it only with the same
settings (`job_of`); with others it is another job, which leaves the data and the command as they are. A dry run asks
too, as nothing is created here.
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
from swiftprep.text.limits import loads_within, read_within
from swiftprep.withheld import MASK, masked

PROGRESS = "progress.json"  # of a run that has its data: see `swiftprep.recipes.shared.phases`
_RESULTS = ("report.json", "report.html", "state.json")  # in a folder whose record is lost

# They change neither the data nor what is trained.
_NOT_OF_THE_JOB = ("output_dir", "device", "model.device", "eval", "answer_tokens", "lang")
_MOST_NAMED = 5

Config = TypeVar("Config", bound=BaseModel)


def begun(recipe: str) -> str:
    """Return the name under which a recipe that trains records its settings, before there are results."""
    return f"{recipe}{BEGUN}"


def in_own_folder(config: Config, recipe: str, *, inputs: Sequence[str] = ()) -> Config:
    """Return the settings with the output folder that this run may write to, which is said on the console.

    A folder that holds the results of another job, or the data of one that is not finished, is left alone: without
    `output_dir` in the settings, the run gets a numbered folder beside it (`runs/stage1-2`).

    Args:
        config: The recipe's settings, with `output_dir`.
        recipe: Name of the recipe, under which its results are recorded.
        inputs: Dotted keys of the settings that make two runs the same job, whose results are renewed. Without any,
            no results are ever overwritten.

    Raises:
        ConfigError: the folder was named in the settings, and holds another job; or it cannot be used.
        DataError: a link is in place of a file or folder of swiftprep's own.
    """
    wanted = _folder(config)
    check_output(wanted)
    holds = _in_the_way(wanted, config, recipe, inputs)
    free = wanted if holds is None else _free(wanted, config, recipe, inputs)
    if holds is not None:
        english, chinese = holds
        if "output_dir" in config.model_fields_set:
            again = " ".join(["swiftprep", recipe, "--resume", f"output_dir={wanted}"])
            goes_on = is_unfinished(wanted, recipe)
            to_go_on = (f"go on with it by `{again}`, or ", f"用 {again} 继续该运行，或") if goes_on else ("", "请")
            raise ConfigError(
                f"output_dir={wanted}: holds {english}, which stay as they are; {to_go_on[0]}name another folder, such "
                f"as output_dir={free} (该文件夹中已有{chinese}，不会被覆盖；{to_go_on[1]}另选输出文件夹)"
            )
        say(f"folder  {free}, as {wanted} holds {english}", f"文件夹  {free}（{wanted} 中已有{chinese}，不会被覆盖）")
    if is_unfinished(free, recipe) and (free / PROGRESS).is_file():
        say(
            f"folder  {free}: the same job was begun there, and is begun anew; to go on with it: --resume",
            f"文件夹  {free}：其中有同一任务未完成的运行，将重新开始；要继续该运行请用 --resume",
        )
    return config if holds is None else config.model_copy(update={"output_dir": free})


def job_of(config: BaseModel) -> dict[str, Any]:
    """Return the settings that make two runs of a recipe that trains the same job.

    These are all but the output folder, the device, the language of a verdict and the questions to ask at the end.

    Args:
        config: The settings as given, before a run adds to them.
    """
    settings: dict[str, Any] = masked(config.model_dump(mode="json"))
    for key in _NOT_OF_THE_JOB:
        section, _, name = key.rpartition(".")
        inner = _at(settings, section) if section else settings
        if isinstance(inner, dict):
            inner.pop(name, None)
    return settings


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


def _in_the_way(folder: Path, config: BaseModel, recipe: str, inputs: Sequence[str]) -> tuple[str, str] | None:
    """Return what is in a folder that a run must not overwrite, in English and Chinese; None if there is nothing."""
    written = _written(folder)
    others = [name for name in written if name.removesuffix(BEGUN) != recipe]
    done = _finished(folder)
    if not written and any((folder / name).exists() for name in _RESULTS):
        return "the results of an unknown run", "来历不明的结果"
    if others:
        return _results(others[-1].removesuffix(BEGUN))
    if recipe in done and not (inputs and _same_inputs(folder, config, inputs)):
        return _results(recipe)
    if begun(recipe) in written and recipe not in done and (differing := _other_settings(folder, config)):
        names = ", ".join(differing[:_MOST_NAMED]) + (" …" if len(differing) > _MOST_NAMED else "")
        return (
            f"the data of a run of {recipe} that is not finished, with other settings ({names})",
            f" {recipe} 未完成的运行，其配置不同（{names}）",
        )
    return None


def _results(recipe: str) -> tuple[str, str]:
    return f"the results of {recipe}", f" {recipe} 的结果"


def _other_settings(folder: Path, config: BaseModel) -> list[str]:
    """Return the keys in which the job of the run that has its data in a folder differs; none without such a run."""
    try:
        before = loads_within(read_within(folder / PROGRESS)).get("job")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, AttributeError, DataError):
        before = None
    old, new = _flat(before), _flat(job_of(config))
    return sorted(key for key in old | new if _absolute(old.get(key)) != _absolute(new.get(key)))


def _flat(settings: Any, prefix: str = "") -> dict[str, Any]:
    """Return settings by their dotted keys, down to the values."""
    if not isinstance(settings, Mapping):
        return {prefix.rstrip("."): settings} if prefix else {}
    return {key: value for name in settings for key, value in _flat(settings[name], f"{prefix}{name}.").items()}


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
    return next(p for p in places if not p.is_file() and _in_the_way(p, config, recipe, inputs) is None)
