"""Recipe `stage2`: mix verified answers to scenarios with stage 1's data, and train stage 1's model further.

    python -m swiftprep.recipes.stage2                                      # after stage 1 on the embedded default
    python -m swiftprep.recipes.stage2 recipes/stage2.yaml stage1=runs/stage1 teacher.provider=deepseek

distil → check → mix → sft → ask base, stage 1 and stage 2 → verdict → report.json, report.md, loss.png, coverage.png.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from typing import Any

import orjson

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.held_out import split_by_group
from swiftprep.errors import ConfigError, DistillStopped, RunInterrupted
from swiftprep.mix.mixer import Mixer
from swiftprep.models.folders import check_adapter
from swiftprep.quality.checker import Checker
from swiftprep.recipes.shared.asking import Distilled, distil, facts, write_coverage
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.distill_settings import DEFAULT_STAGE2_SFT, EMBEDDED_STAGE2_SFT, Stage2Config
from swiftprep.recipes.shared.questions import ask_stages, compare_stages, examples
from swiftprep.recipes.shared.report_files import write_report
from swiftprep.recipes.shared.settings import DEFAULT_SFT, load, save_config
from swiftprep.recipes.shared.stage1_state import Stage1Run, read_stage1
from swiftprep.recipes.shared.training import (
    check_before,
    general_data,
    going_on_from,
    longer_than,
    make_runner,
    mix_facts,
    require_checkpoint,
    save_answers,
    say_comparison,
    say_how_to_go_on,
    say_verdict,
    sft_facts,
    timed,
    versions,
)
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.outputs import OutputFolder, reading, writing
from swiftprep.tokens import token_counter
from swiftprep.train.monitor import Monitor
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

SUMMARY = "Stage 2: scenarios → verified answers → mix with stage 1 → fine-tuning goes on → evaluation → verdict."
LEAST = 4  # answers needed to train on some and hold out others


def stage2(config: Stage2Config, *, dry_run: bool = False) -> dict[str, Any]:
    """Run stage 2 and return its report, which is also written to the output folder.

    Args:
        config: Settings; see `swiftprep.recipes.shared.distill_settings`.
        dry_run: Show what would be asked and what it might cost; open no connection, load no model, write nothing.

    Raises:
        ConfigError: a setting is wrong, or there is no finished stage 1.
        DataError: a data file is bad.
        DistillStopped: the teacher cannot answer for now.
        RunError: training or evaluation failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    if config.output_dir.resolve() == config.stage1.resolve():
        raise ConfigError(
            f"output_dir={config.output_dir}: holds stage 1; name another folder "
            "(其中是第一阶段的结果，请另选输出文件夹)"
        )
    with ExitStack() as held:
        for where in () if dry_run else (config.stage1, config.stage1 / "data"):
            held.enter_context(reading(where))
        before = read_stage1(config.stage1, config.model)
        config = config.model_copy(update={"sft": _swift_arguments(config, before)})
        check_before(config.output_dir, config.sft, config.eval.probes)
        model = before.config.model.model_copy(update={"trust_remote_code": config.trust_remote_code})
        base = make_runner(model, config.output_dir / "sft")
        if before.is_adapter:
            check_adapter(before.checkpoint, base.model)
        folder = None if dry_run else held.enter_context(OutputFolder(config.output_dir, wait=2))
        return _stage2(config, before, base, folder)


def _stage2(config: Stage2Config, before: Stage1Run, base: SwiftRunner, folder: OutputFolder | None) -> dict[str, Any]:
    """Run stage 2 into a locked output folder; without one, only show what would be asked."""
    out = config.output_dir
    seconds: dict[str, float] = {}
    catalog = Catalog.load(before.data / "catalog.json")
    with timed("distil", seconds):
        trained_on = list(read_jsonl(before.data / "train.jsonl"))
        distilled = distil(config, catalog, trained_on, is_demo=before.is_demo, dry_run=folder is None)
    if folder is None:
        say(str(distilled.preview or "nothing to ask"))
        say("\ndry run: no connection was opened, no model was loaded and nothing was written")
        return {"scenarios": [scenario.instruction for scenario in distilled.scenarios]}
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "config": masked(config.model_dump(mode="json")),
    }
    report["framework"], report["distilled"] = before.config.scan.framework, facts(distilled, catalog)
    with folder.writing("settings") as staged:
        save_config(config, staged / "config.yaml")
    with timed("check", seconds):
        train, val = _checked(config, before, distilled, catalog, report)
    with timed("mix", seconds):
        mix, planned = _mixed(config, before, base, train, val, report)
    with timed("merge", seconds):
        start, more = _start(config, before, base)
    say(f"sft     {start.model} (log: {out / 'sft'})")
    with timed("sft", seconds):
        trained = start.sft(mix, [str(out / "data" / "val.jsonl"), str(before.data / "val.jsonl")], **more)
    best = require_checkpoint(trained)
    say(f"sft     {trained.checkpoint}")
    monitor = trained.monitor()
    report["sft"] |= {"command": trained.command, **sft_facts(trained, monitor, planned=planned, held_out=len(val))}
    loss = report["sft"]["eval_loss"]  # step 0 is stage 1's
    report["sft"]["eval_loss"] = {"stage1": loss["base"], "stage2": loss["tuned"], "last": loss["last"]}
    report["sft"]["channels"] = _channel_losses(monitor)
    with timed("eval", seconds), going_on_from(trained):
        answers = ask_stages(config, before, base, start, best, catalog)
    report["eval"], report["examples"] = compare_stages(answers), examples(answers)
    lang = before.config.scan.lang
    report["verdict"] = asdict(monitor.verdict(lang))
    report["seconds"] = {name: round(value, 1) for name, value in seconds.items() if value >= 0.05}
    report["versions"] = versions()
    with folder.writing("stage2") as staged:
        save_config(config, staged / "config.yaml")
        for stage, rows in answers.items():
            save_answers(rows, staged / "eval" / f"{stage}.jsonl")
        write_coverage(distilled, catalog, staged / "coverage.png", lang)
        monitor.plot(staged / "loss.png", lang=lang)
        report = write_report(report, staged, lang, "stage2")
    _say_result(report)
    say(f"report: {out / 'report.md'}")
    return report


def _swift_arguments(config: Stage2Config, before: Stage1Run) -> dict[str, Any]:
    embedded = EMBEDDED_STAGE2_SFT if before.config.model.path is None else {}
    ours = {**DEFAULT_SFT, **DEFAULT_STAGE2_SFT, **embedded, "seed": config.seed, "data_seed": config.seed}
    return {**ours, **config.sft}


def _checked(
    config: Stage2Config, before: Stage1Run, distilled: Distilled, catalog: Catalog, report: dict[str, Any]
) -> tuple[list[Sample], list[Sample]]:
    """Hold some scenarios out, check the rest against them, and write both."""
    if len(distilled.samples) < LEAST:
        raise ConfigError(
            f"{len(distilled.samples)} answers passed, and {LEAST} are needed to train on some and hold out others: "
            "give distill.experts, a larger distill.n or a better teacher; `python -m swiftprep.recipes.distill` "
            "shows why answers are rejected (通过验证的回答太少，无法同时用于训练和评估)"
        )
    train, val = split_by_group(distilled.samples, config.val_fraction, config.seed)
    held_out = [*val, *read_jsonl(before.data / "val.jsonl")]
    checked = Checker(catalog=catalog, held_out=held_out).run(train, source="distilled")
    checked.write(config.output_dir / "checked", lang=before.config.scan.lang)
    report["check"] = {
        "read": checked.read,
        "kept": len(checked.kept),
        "held_out": len(val),
        "rules": orjson.loads(checked.counts().to_json(orient="records")),
    }
    say(f"check   {len(checked.kept)} of {checked.read} to train on, {len(val)} scenarios held out")
    if not checked.kept:
        raise ConfigError(
            f"the check kept none of {checked.read} answers; see {config.output_dir / 'checked'} (所有回答均未通过检查)"
        )
    folder = config.output_dir / "data"
    train, val = ([s.replace(channel="distilled") for s in samples] for samples in (checked.kept, val))
    sides = ("distilled.jsonl", "val.jsonl")
    with writing(folder, "stage2-data", sides=sides) as staged:
        for samples, name in zip((train, val), sides, strict=True):
            write_jsonl(samples, staged / name)
    return train, val


def _mixed(
    config: Stage2Config,
    before: Stage1Run,
    base: SwiftRunner,
    train: list[Sample],
    val: list[Sample],
    report: dict[str, Any],
) -> tuple[list[str], int]:
    """Mix the answers with general data and rows of stage 1, against forgetting; return the data sets."""
    folder = config.output_dir / "data"
    count = token_counter(base.model)
    rows = sum(1 for _ in read_jsonl(before.data / "train.jsonl"))
    again = min(rows, round(config.rehearsal * len(train)))
    mix = Mixer(
        [folder / "distilled.jsonl", *([f"{before.data / 'train.jsonl'}#{again}"] if again else [])],
        general_data(config.mix.general or before.config.mix.general, before.config.model, folder),
        ratio=config.mix.ratio,
        size={**before.config.mix.size, **config.mix.size},
        seed=config.seed,
        count_tokens=count,
    )
    plan = mix.plan()
    longest = config.sft["max_length"]
    longer = longer_than([*train, *val], longest, count)
    if longer:
        say(f"        {longer} of {len(train) + len(val)} answers are cut off at max_length={longest} tokens")
    report["sft"] = {"max_length": longest, "longer_than_max_length": longer}
    report["mix"] = {**mix_facts(mix, config.mix.ratio), "rehearsal": again}
    say(f"mix     {mix.command()}")
    return mix.dataset_args(), int(plan["taken"].sum())


def _start(config: Stage2Config, before: Stage1Run, base: SwiftRunner) -> tuple[SwiftRunner, dict[str, Any]]:
    """Return the runner to continue with, and its arguments: the base model with its adapter, or the merged model."""
    if before.is_adapter and config.start == "continue":
        return base, {**config.sft, "adapters": [str(before.checkpoint)]}
    model = before.checkpoint  # stage 1 tuned the whole model
    if before.is_adapter:
        model = base.merge(before.checkpoint, config.output_dir / "merged")
        say(f"merge   {model}")
    runner = SwiftRunner(
        model,
        base.output_dir,
        model_type=base.model_type,
        template=base.template,
        device=base.device,
        trust_remote_code=base.trust_remote_code,
    )
    return runner, config.sft


def _channel_losses(monitor: Monitor) -> dict[str, dict[str, float]]:
    """Return the eval loss of each channel before the first step and at the best step."""
    rows = [row for row in monitor.rows if row.get("eval_loss") is not None]
    if not rows or rows[0].get("step") != 0:
        return {}
    best = min(rows, key=lambda row: float(row["eval_loss"]))
    names = sorted(column.removeprefix("eval_loss_") for column in rows[0] if column.startswith("eval_loss_"))
    return {
        name: {"before": rows[0][f"eval_loss_{name}"], "after": best[f"eval_loss_{name}"]}
        for name in names
        if f"eval_loss_{name}" in best
    }


def _say_result(report: dict[str, Any]) -> None:
    for name, loss in report["sft"]["channels"].items():
        say(f"held-out eval loss, {name}: stage 1 {loss['before']:.3f} → stage 2 {loss['after']:.3f}")
    for row in report["eval"]:
        say_comparison(row, f"base {row['base']:.3f}, stage 1 {row['stage1']:.3f}, stage 2 {row['stage2']:.3f}")
    say_verdict(report["verdict"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        try:
            return stage2(load(Stage2Config, arguments.file, arguments.overrides), dry_run=arguments.dry_run)
        except (RunInterrupted, DistillStopped) as stopped:
            say_how_to_go_on("stage2", arguments, getattr(stopped, "checkpoint", None))
            raise

    return run("stage2", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
