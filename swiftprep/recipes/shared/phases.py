"""How far a run that trains has come, kept in its output folder, so that it can go on where it stopped.

begun      config.yaml, progress.json and command.sh: the data are complete, and a checkpoint may be there
stopped    progress.json has the seconds that each step took so far
trained    progress.json has the finished training, which only needs to be evaluated
finished   the results are recorded under the recipe's name; see `swiftprep.recipes.shared.output_folders`
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel

from swiftprep.errors import DataError
from swiftprep.models.folders import read_json
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.output_folders import PROGRESS, begun, job_of
from swiftprep.recipes.shared.settings import save_config
from swiftprep.recipes.shared.training import resume_command, say_command, timed
from swiftprep.recipes.shared.training_command import command_file, say_what_to_copy
from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import OutputFolder
from swiftprep.text.limits import loads_within, read_within
from swiftprep.train.results import Run
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

COMMAND = "command.sh"
FORMAT = 1  # of the progress file


@dataclass(frozen=True, slots=True)
class Progress:
    """A run that has its data.

    Attributes:
        dataset: ms-swift's `--dataset` list.
        val_dataset: ms-swift's `--val_dataset` list.
        report: The report so far, as plain values.
        earlier: The names of the training folders that were there before, of runs on other data.
        trained: The finished training; None before it.
        job: The settings by which the same job is told; see `swiftprep.recipes.shared.output_folders.job_of`.
        seconds: What each step took in the processes before this one.
        begun: When the run was begun.
    """

    dataset: list[str]
    val_dataset: list[str]
    report: dict[str, Any]
    earlier: list[str]
    trained: Run | None = None
    job: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    begun: str = field(default_factory=lambda: dt.datetime.now().isoformat())

    def seconds_in_all(self, seconds: Mapping[str, float]) -> dict[str, float]:
        """Return what each step took, in the processes before this one and in this one.

        Args:
            seconds: Those of this process.
        """
        return {name: self.seconds.get(name, 0.0) + seconds.get(name, 0.0) for name in {**self.seconds, **seconds}}


def begin(
    folder: OutputFolder,
    recipe: str,
    config: BaseModel,
    progress: Progress,
    command: str,
    *,
    given: BaseModel | None = None,
    device_key: str = "model.device",
) -> Progress:
    """Write the settings, the progress and the training command into an output folder.

    Args:
        folder: The output folder.
        recipe: Name of the recipe.
        config: Its settings.
        progress: The run, with its data.
        command: The training as a `swift sft …` command line.
        given: The settings as the run was started with; None: `config`.
        device_key: The key of the settings that chooses the device.

    Returns:
        The progress with the job.
    """
    progress = replace(progress, job=job_of(given or config))
    with folder.writing(begun(recipe)) as staged:
        save_config(config, staged / "config.yaml")
        write_text(staged / PROGRESS, _dumped(progress))
        write_text(staged / COMMAND, command_file(command, folder.path, recipe, device_key=device_key))
    return progress


def trained_run(
    recipe: str,
    runner: SwiftRunner,
    arguments: Mapping[str, Any],
    folder: OutputFolder,
    progress: Progress,
    seconds: dict[str, float],
) -> Run:
    """Return the training of a run that has its data: the finished one, or train, from its newest checkpoint if any.

    Args:
        recipe: Name of the recipe.
        runner: Trains.
        arguments: ms-swift's arguments.
        folder: The output folder, where the end of the training is recorded.
        progress: The run.
        seconds: Gets the seconds of the training.

    Raises:
        RunError: the training failed.
        RunInterrupted: Ctrl-C.
    """
    sft_folder = folder.path / "sft"
    trained = _finished_training(sft_folder, progress)
    if trained is None:
        say(f"sft     {runner.model} (log: {sft_folder})", f"训练    {runner.model}（日志：{sft_folder}）")
        with timed("sft", seconds):
            trained = runner.sft(
                progress.dataset, progress.val_dataset, **_from_checkpoint(arguments, sft_folder, progress)
            )
        _has_trained(folder, recipe, progress, trained, seconds)
    return trained


def _has_trained(
    folder: OutputFolder, recipe: str, progress: Progress, trained: Run, seconds: Mapping[str, float] | None = None
) -> Progress:
    """Record a finished training, and return the progress with it.

    Args:
        folder: The output folder.
        recipe: Name of the recipe.
        progress: The run.
        trained: The training.
        seconds: What each step took in this process.
    """
    _keep(folder, recipe, replace(progress, trained=trained, seconds=progress.seconds_in_all(seconds or {})))
    return replace(progress, trained=trained)


def keep_seconds(folder: OutputFolder, recipe: str, progress: Progress, seconds: Mapping[str, float]) -> None:
    """Record what each step of a run that stops took so far.

    Args:
        folder: The output folder.
        recipe: Name of the recipe.
        progress: The run, as this process found or began it.
        seconds: What each step took in this process.
    """
    latest = read_progress(folder.path) or progress
    with suppress(OSError):  # what stopped the run is what to tell of
        _keep(folder, recipe, replace(latest, seconds=progress.seconds_in_all(seconds)))


def _keep(folder: OutputFolder, recipe: str, progress: Progress) -> None:
    with folder.writing(begun(recipe)) as staged:
        write_text(staged / PROGRESS, _dumped(progress))


def read_progress(folder: Path) -> Progress | None:
    """Return how far the run in an output folder has come; None if it has no data yet.

    A training whose checkpoints are gone does not count.

    Raises:
        DataError: the file is damaged, or of another version of swiftprep.
    """
    path = folder / PROGRESS
    if not path.is_file():
        return None
    try:
        content = loads_within(read_within(path))
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r:.80}")
        progress = Progress(
            list(map(str, content["dataset"])),
            list(map(str, content["val_dataset"])),
            dict(content["report"]),
            list(map(str, content["earlier"])),
            _run(content["trained"]),
            dict(content.get("job", {})),
            {str(name): float(value) for name, value in content.get("seconds", {}).items()},
            str(content.get("begun", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: cannot be read ({error!r:.200}); start again without --resume (无法读取)") from None
    trained = progress.trained
    there = trained is not None and trained.output_dir is not None and trained.output_dir.is_dir()
    there = there and trained is not None and (trained.best_checkpoint is None or trained.best_checkpoint.is_dir())
    return progress if there else replace(progress, trained=None)


def training_folders(sft_folder: Path) -> list[str]:
    """Return the names of the training folders (`vN-date-time`) in the folder where ms-swift trains."""
    return sorted(path.name for path in sft_folder.glob("v*-*") if path.is_dir())


def newest_checkpoint(sft_folder: Path, earlier: Sequence[str] = ()) -> Path | None:
    """Return the newest complete checkpoint of the trainings in a folder; None if there is none.

    Args:
        sft_folder: The folder where ms-swift trains.
        earlier: Names of training folders that do not count.
    """
    states = [  # the last file of a checkpoint
        state
        for state in sft_folder.glob("v*-*/checkpoint-*/trainer_state.json")
        if state.parent.parent.name not in earlier
    ]
    return max(states, key=lambda state: state.stat().st_mtime_ns).parent if states else None


def _from_checkpoint(arguments: Mapping[str, Any], sft_folder: Path, progress: Progress) -> dict[str, Any]:
    """Return ms-swift's arguments, with the checkpoint to go on from if this run has saved one.

    Args:
        arguments: The arguments.
        sft_folder: The folder where ms-swift trains.
        progress: The run.
    """
    newest = newest_checkpoint(sft_folder, progress.earlier)
    return {**arguments, **({"resume_from_checkpoint": str(newest)} if newest else {})}


def _finished_training(sft_folder: Path, progress: Progress) -> Run | None:
    """Return the training that came to its end, in this run or by its command; None if there is none yet.

    Args:
        sft_folder: The folder where ms-swift trains.
        progress: The run.
    """
    newest = newest_checkpoint(sft_folder, progress.earlier)
    if progress.trained is not None or newest is None:
        return progress.trained
    state = read_json(newest / "trainer_state.json")  # a loss in it may be NaN
    steps, planned = state.get("global_step"), state.get("max_steps")
    if not (isinstance(steps, int) and isinstance(planned, int) and 0 < planned <= steps):
        return None
    best = newest.with_name(Path(state.get("best_model_checkpoint") or newest).name)
    say(f"sft     was trained before, {steps} steps: {newest}", f"训练    此前已完成 {steps} 步：{newest}")
    command = progress.report["sft"]["command"]
    return Run(command, newest.parent, newest, best if best.is_dir() else newest, {"global_step": steps})


def say_prepared(recipe: str, progress: Progress, out: Path, *, device_key: str = "model.device") -> None:
    """Print the training command of a prepared run, what it needs on another machine, and how to go on from there.

    Args:
        recipe: Name of the recipe.
        progress: The run.
        out: Its output folder.
        device_key: The key of the settings that chooses the device.
    """
    command = progress.report["sft"]["command"]
    say_command(command, device_key=device_key)
    say_what_to_copy(command, out)
    again = resume_command(recipe, out)
    say(
        f"prepared: the data are in {out / 'data'}, the command in {out / COMMAND}; nothing was trained. "
        f"To train here, or to evaluate what that command trained: {again}",
        f"已准备好：数据在 {out / 'data'}，训练命令在 {out / COMMAND}，尚未训练。"
        f"在本机训练，或评估该命令训练的结果：{again}",
    )


def _dumped(progress: Progress) -> str:
    plain = masked({"format": FORMAT, **asdict(progress)})
    return orjson.dumps(plain, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS).decode()


def _run(content: dict[str, Any] | None) -> Run | None:
    if content is None:
        return None
    paths = {
        name: Path(content[name]) if content[name] else None for name in ("output_dir", "checkpoint", "best_checkpoint")
    }
    return Run(command=str(content["command"]), result=dict(content["result"]), **paths)
