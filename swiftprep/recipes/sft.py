"""Recipe `sft`: fine-tune on data sets that are ready, and say whether the run overfits.

swiftprep sft runs/mix/mix.jsonl held_out=data/val.jsonl model.path=Qwen/Qwen2.5-Coder-0.5B-Instruct
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from swiftprep import demo
from swiftprep.errors import ConfigError, RunError, RunInterrupted
from swiftprep.recipes.shared.command_line import Arguments, run, say, say_next, spoken_lang
from swiftprep.recipes.shared.data_settings import SftConfig
from swiftprep.recipes.shared.output_folders import in_own_folder, resumed
from swiftprep.recipes.shared.phases import (
    Progress,
    begin,
    keep_seconds,
    read_progress,
    trained_run,
    training_folders,
)
from swiftprep.recipes.shared.result_files import write_json_report
from swiftprep.recipes.shared.row_lengths import say_too_long
from swiftprep.recipes.shared.settings import DEFAULT_SFT, EMBEDDED_SFT, load, save_config
from swiftprep.recipes.shared.training import (
    make_runner,
    say_command,
    say_how_to_resume,
    say_verdict,
    verdict_facts,
    versions,
    with_paths,
)
from swiftprep.storage.outputs import OutputFolder
from swiftprep.tokens import token_counter
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

SUMMARY = "Fine-tune: data sets → a checkpoint, its losses and a verdict."
# What cannot be without data to evaluate on.
_NEEDS_HELD_OUT = ("eval_on_start", "eval_strategy", "load_best_model_at_end")


def sft(config: SftConfig, *, dry_run: bool = False, resume: bool = False) -> dict[str, Any]:
    """Fine-tune, write the report and the plot of the losses into the output folder, and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`. For a resumed run, those in its `config.yaml`.
        dry_run: Check everything and show the command, but load no model and write nothing.
        resume: Go on with the run in the output folder from its newest checkpoint.

    Raises:
        ConfigError: no data was given, a setting is wrong, or the output folder holds the results of another job.
        DataError: a data file cannot be loaded.
        RunError: the run failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    if not config.data:
        raise ConfigError(
            "data: train on what? For example `swiftprep sft runs/mix/mix.jsonl held_out=data/val.jsonl` "
            "(请指定训练数据)"
        )
    if not resume:
        config = in_own_folder(config, "sft")
    given, out = config, config.output_dir
    config = config.model_copy(update={"sft": _arguments(config)})
    if dry_run:
        return _shown(config)
    with ExitStack() as held:
        folder = held.enter_context(OutputFolder(out, wait=2))
        runner = make_runner(config.model, out / "sft")
        progress = read_progress(out) if resume else None
        if progress is None:
            command = runner.command(config.data, config.held_out, **config.sft)
            say_too_long(config.data, config.held_out, config.sft.get("max_length"), token_counter(runner.model))
            earlier = training_folders(runner.output_dir)
            progress = Progress(config.data, config.held_out, _facts(config, command), earlier)
            progress = begin(folder, "sft", config, progress, command, given=given)
        seconds: dict[str, float] = {}
        try:
            return _trained(config, runner, folder, progress, seconds)
        except (KeyboardInterrupt, RunError, OSError) as error:
            keep_seconds(folder, "sft", progress, seconds)
            say_how_to_resume("sft", out)
            if isinstance(error, KeyboardInterrupt):
                raise RunInterrupted("stopped; what was done so far is kept (已中断，已完成的部分已保存)") from None
            raise


def _arguments(config: SftConfig) -> dict[str, Any]:
    embedded = EMBEDDED_SFT if config.model.path is None else {}
    defaults = {**DEFAULT_SFT, **embedded, "seed": config.seed, "data_seed": config.seed}
    if not config.held_out:
        defaults = {key: value for key, value in defaults.items() if key not in _NEEDS_HELD_OUT}
        say("no held_out=…: no eval loss, and no verdict", "未指定 held_out=…：没有验证损失，无法判断是否过拟合")
    names = {"model_name": config.model.name, "model_author": config.model.author}
    return {**defaults, **{key: value for key, value in names.items() if value is not None}, **config.sft}


def _facts(config: SftConfig, command: str) -> dict[str, Any]:
    return {
        "swiftprep": metadata.version("swiftprep"),
        "config": masked(config.model_dump(mode="json")),
        "sft": {"command": command},
    }


def _shown(config: SftConfig) -> dict[str, Any]:
    """Show the command, and return the report with it."""
    with TemporaryDirectory(prefix="swiftprep-") as temporary:
        stand_in = Path(temporary) / "model"
        runner = make_runner(config.model, config.output_dir / "sft", stand_in=stand_in)
        command = runner.command(config.data, config.held_out, **config.sft)
        say_too_long(config.data, config.held_out, config.sft.get("max_length"), token_counter(runner.model))
    if config.model.path is None:
        command = str(with_paths(command, {str(stand_in): str(demo.model_folder())}))
    say_command(command)
    say("dry run: no model was loaded and nothing was written", "试运行：没有加载模型，也没有写入任何文件")
    return _facts(config, command)


def _trained(
    config: SftConfig, runner: SwiftRunner, folder: OutputFolder, progress: Progress, seconds: dict[str, float]
) -> dict[str, Any]:
    """Train unless that is done, judge and report."""
    out = config.output_dir
    trained = trained_run("sft", runner, config.sft, folder, progress, seconds)
    monitor = trained.monitor()
    losses = [loss for _, loss in monitor.evals()]
    report = {**progress.report, "sft": dict(progress.report["sft"])}
    report["sft"] |= {
        "output_dir": str(trained.output_dir),
        "checkpoint": str(trained.checkpoint),
        "best_checkpoint": str(trained.best_checkpoint),
        "steps": trained.result.get("global_step"),
        "eval_loss": {"first": losses[0], "best": min(losses), "last": losses[-1]} if losses else None,
    }
    report |= verdict_facts(monitor, config.lang or spoken_lang())
    report["seconds"] = {name: round(value, 1) for name, value in progress.seconds_in_all(seconds).items()}
    report["versions"] = versions()
    with folder.writing("sft") as staged:
        save_config(config, staged / "config.yaml")
        monitor.plot(staged / "loss.png", lang=config.lang or spoken_lang())
        report = write_json_report(report, staged)
    best = trained.best_checkpoint or trained.checkpoint
    say(f"sft     {best}", f"训练    {best}")
    if losses:
        change = f"{losses[0]:.3f} → {min(losses):.3f}"
        say(f"eval loss: {change}", f"验证损失：{change}")
    say_verdict(monitor)
    say(f"written to {out}: report.json, loss.png", f"已写入 {out}：report.json、loss.png")
    say_next("evaluate", f"run={out}")
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        if arguments.resume:
            config = resumed(SftConfig, "sft", arguments.file, arguments.overrides)
        else:
            config = load(SftConfig, arguments.file, arguments.overrides)
            config = config.model_copy(update={"data": [*config.data, *arguments.data]})
        return sft(config, dry_run=arguments.dry_run, resume=arguments.resume)

    return run("sft", SUMMARY, recipe, argv, takes_data=True, can_resume=True)


if __name__ == "__main__":
    sys.exit(main())
