"""Recipe `sft`: fine-tune on data sets that are ready, and say whether the run overfits.

swiftprep sft runs/mix/mix.jsonl held_out=data/val.jsonl model.path=Qwen/Qwen2.5-Coder-0.5B-Instruct
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from typing import Any

from swiftprep.errors import ConfigError, RunInterrupted
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.data_settings import SftConfig
from swiftprep.recipes.shared.result_files import write_json_report
from swiftprep.recipes.shared.settings import DEFAULT_SFT, EMBEDDED_SFT, load, save_config
from swiftprep.recipes.shared.training import make_runner, say_how_to_go_on, say_verdict, timed, versions
from swiftprep.storage.outputs import OutputFolder
from swiftprep.storage.staging import check_output
from swiftprep.withheld import masked

SUMMARY = "Fine-tune: data sets → a checkpoint, its losses and a verdict."
# What cannot be without data to evaluate on.
_NEEDS_HELD_OUT = ("eval_on_start", "eval_strategy", "load_best_model_at_end")


def sft(config: SftConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Fine-tune, write the report and the plot of the losses into the output folder, and return the report.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`.
        dry_run: Check everything and show the command, but load no model and write nothing.

    Raises:
        ConfigError: no data was given, or a setting is wrong.
        DataError: a data file cannot be loaded.
        RunError: the run failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    if not config.data:
        raise ConfigError(
            "data: train on what? For example `swiftprep sft runs/mix/mix.jsonl held_out=data/val.jsonl` "
            "(请指定训练数据)"
        )
    embedded = EMBEDDED_SFT if config.model.path is None else {}
    defaults = {**DEFAULT_SFT, **embedded, "seed": config.seed, "data_seed": config.seed}
    if not config.held_out:
        defaults = {key: value for key, value in defaults.items() if key not in _NEEDS_HELD_OUT}
        say("no held_out=…: no eval loss, and no verdict", "未指定 held_out=…：没有验证损失，无法判断是否过拟合")
    arguments = {**defaults, **config.sft}
    config = config.model_copy(update={"sft": arguments})
    out = config.output_dir
    check_output(out)
    runner = make_runner(config.model, out / "sft")
    command = runner.command(config.data, config.held_out, **arguments)
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "config": masked(config.model_dump(mode="json")),
        "sft": {"command": command},
    }
    if dry_run:
        say(command)
        say("\ndry run: no model was loaded and nothing was written", "\n试运行：没有加载模型，也没有写入任何文件")
        return report
    seconds: dict[str, float] = {}
    with ExitStack() as held:
        folder = held.enter_context(OutputFolder(out, wait=2))
        with folder.writing("settings") as staged:
            save_config(config, staged / "config.yaml")
        say(f"sft     {runner.model} (log: {out / 'sft'})", f"训练    {runner.model}（日志：{out / 'sft'}）")
        with timed("sft", seconds):
            trained = runner.sft(config.data, config.held_out, **arguments)
        monitor = trained.monitor()
        losses = [loss for _, loss in monitor.evals()]
        report["sft"] |= {
            "output_dir": str(trained.output_dir),
            "checkpoint": str(trained.checkpoint),
            "best_checkpoint": str(trained.best_checkpoint),
            "steps": trained.result.get("global_step"),
            "eval_loss": {"first": losses[0], "best": min(losses), "last": losses[-1]} if losses else None,
        }
        report["verdict"] = asdict(monitor.verdict(config.lang))
        report["seconds"] = {name: round(value, 1) for name, value in seconds.items()}
        report["versions"] = versions()
        with folder.writing("sft") as staged:
            save_config(config, staged / "config.yaml")
            monitor.plot(staged / "loss.png", lang=config.lang)
            report = write_json_report(report, staged)
    best = trained.best_checkpoint or trained.checkpoint
    say(f"sft     {best}", f"训练    {best}")
    if losses:
        change = f"{losses[0]:.3f} → {min(losses):.3f}"
        say(f"eval loss: {change}", f"验证损失：{change}")
    say_verdict(report["verdict"])
    say(f"written to {out}: report.json, loss.png", f"已写入 {out}：report.json、loss.png")
    return report


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(SftConfig, arguments.file, arguments.overrides)
        try:
            data = [*config.data, *arguments.data]
            return sft(config.model_copy(update={"data": data}), dry_run=arguments.dry_run)
        except RunInterrupted as stopped:
            say_how_to_go_on("sft", arguments, stopped.checkpoint)
            raise

    return run("sft", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
