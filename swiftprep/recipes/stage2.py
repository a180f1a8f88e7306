"""Recipe `stage2`: mix verified answers to scenarios with stage 1's data, and train stage 1's model further.

    swiftprep stage2                                      # after the newest stage 1 in runs/
    swiftprep stage2 recipes/stage2.yaml stage1=runs/stage1 teacher.provider=deepseek

distil → check → mix → sft → ask base, stage 1 and stage 2 → verdict → report.json, report.md, loss.png, coverage.png.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path
from typing import Any

from swiftprep import demo
from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError, DistillStopped, RunError, RunInterrupted
from swiftprep.mix.mixer import Mixer
from swiftprep.models.folders import check_adapter
from swiftprep.recipes.shared.asking import Distilled, distil, facts, write_coverage
from swiftprep.recipes.shared.command_line import Arguments, run, say, spoken_lang
from swiftprep.recipes.shared.distill_settings import DEFAULT_STAGE2_SFT, EMBEDDED_STAGE2_SFT, Stage2Config
from swiftprep.recipes.shared.kept_answers import KeptAnswers
from swiftprep.recipes.shared.output_folders import begun, in_own_folder, is_unfinished, resumed
from swiftprep.recipes.shared.phases import (
    Progress,
    begin,
    keep_seconds,
    read_progress,
    say_prepared,
    trained_run,
    training_folders,
)
from swiftprep.recipes.shared.questions import ask_stages, compare_stages, examples
from swiftprep.recipes.shared.report_files import write_report
from swiftprep.recipes.shared.report_words import word
from swiftprep.recipes.shared.settings import DEFAULT_SFT, ModelConfig, load, save_config
from swiftprep.recipes.shared.stage1_state import Stage1Run, newest_stage1, read_stage1
from swiftprep.recipes.shared.stage2_answers import (
    LEAST_TO_TRAIN_ON,
    check_answers,
    say_if_too_few,
    write_answers,
)
from swiftprep.recipes.shared.training import (
    channel_losses,
    check_before,
    general_data,
    identity_data,
    longer_than,
    make_runner,
    mix_facts,
    name_arguments,
    require_checkpoint,
    resume_command,
    save_answers,
    say_command,
    say_comparison,
    say_how_to_resume,
    say_report,
    say_verdict,
    sft_facts,
    timed,
    verdict_facts,
    versions,
    with_paths,
)
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.outputs import OutputFolder, reading
from swiftprep.tokens import token_counter
from swiftprep.train.monitor import Monitor
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

SUMMARY = "Stage 2: scenarios → verified answers → mix with stage 1 → fine-tuning goes on → evaluation → verdict."


def stage2(
    config: Stage2Config, *, dry_run: bool = False, prepare: bool = False, resume: bool = False
) -> dict[str, Any]:
    """Run stage 2 and return its report, which is also written to the output folder.

    Args:
        config: Settings; see `swiftprep.recipes.shared.distill_settings`. For a resumed run, those in its
            `config.yaml`.
        dry_run: Show what would be asked and what it might cost; open no connection, load no model, write nothing.
        prepare: Distil, and write the data, the settings and the command, but do not train.
        resume: Go on with the run in the output folder where it stopped: with the training, or the evaluation.

    Raises:
        ConfigError: a setting is wrong, there is no finished stage 1, or the output folder holds the results of
            another job.
        DataError: a data file is bad.
        DistillStopped: the teacher cannot answer for now.
        RunError: training or evaluation failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    finished = config.stage1
    if finished is None:
        finished = newest_stage1()
        say(
            f"stage 1 {finished}, the newest in {finished.parent}", f"第一阶段 {finished}（{finished.parent} 中最新的）"
        )
    config = config.model_copy(update={"stage1": finished})
    if config.output_dir.resolve() == finished.resolve():
        raise ConfigError(
            f"output_dir={config.output_dir}: holds stage 1; name another folder "
            "(其中是第一阶段的结果，请另选输出文件夹)"
        )
    if not resume:
        config = in_own_folder(config, "stage2")
    given, out = config, config.output_dir
    with ExitStack() as held:
        for where in () if dry_run else (finished, finished / "data"):
            held.enter_context(reading(where))
        before = read_stage1(finished, config.model)
        config = config.model_copy(update={"sft": _swift_arguments(config, before)})
        check_before(out, config.sft, config.eval.probes)
        if prepare and before.is_adapter and config.start == "merge":
            raise ConfigError(
                "start=merge: merging loads the model, which --prepare does not; use start=continue, or drop --prepare "
                "(合并需要加载模型，请改用 start=continue，或去掉 --prepare)"
            )
        if dry_run:
            with tempfile.TemporaryDirectory(prefix="swiftprep-") as temporary:
                return _shown(config, before, Path(temporary))
        base = make_runner(_base_model(config, before), out / "sft")
        if before.is_adapter:
            check_adapter(before.checkpoint, base.model)
        folder = held.enter_context(OutputFolder(out, wait=2))
        seconds: dict[str, float] = {}
        progress = read_progress(out) if resume else None
        try:
            if progress is None:
                config, progress = _prepared(config, before, base, folder, seconds)
                command = progress.report["sft"]["command"]
                progress = begin(folder, "stage2", config, progress, command, given=given, device_key="device")
            if prepare:
                say_prepared("stage2", progress, out, device_key="device")
                return progress.report
            return _trained(config, before, base, folder, progress, seconds)
        except (KeyboardInterrupt, RunError, DistillStopped, OSError) as error:
            if progress is not None:
                keep_seconds(folder, "stage2", progress, seconds)
            if is_unfinished(out, "stage2"):
                say_how_to_resume("stage2", out, prepare=prepare)
            if isinstance(error, KeyboardInterrupt):
                raise RunInterrupted("stopped; what was done so far is kept (已中断，已完成的部分已保存)") from None
            raise


def _shown(config: Stage2Config, before: Stage1Run, temporary: Path) -> dict[str, Any]:
    """Show what would be asked and how training would go on, and return that."""
    out, data = config.output_dir, temporary / "data"
    base = make_runner(_base_model(config, before), out / "sft", stand_in=temporary / "model")
    if before.is_adapter:
        check_adapter(before.checkpoint, base.model)
    catalog = Catalog.load(before.data / "catalog.json")
    trained_on = list(read_jsonl(before.data / "train.jsonl"))
    distilled = distil(config, catalog, trained_on, is_demo=before.is_demo, dry_run=True, lang=before.config.scan.lang)
    if distilled.preview is None:
        say("nothing to ask", "没有要问的场景")
    else:
        say(distilled.preview.in_words("en"), distilled.preview.in_words("zh"))
    say_if_too_few(distilled, config.val_fraction)
    for name in ("distilled", "val"):
        write_jsonl([Sample.from_instruction("to come", "", "to come")], data / f"{name}.jsonl")
    general = general_data(config.mix.general or before.config.mix.general, before.config.model, data, before.framework)
    more = {"adapters": [str(before.checkpoint)]} if before.is_adapter and config.start == "continue" else {}
    command = base.command([data / "distilled.jsonl", *general], [data / "val.jsonl"], **config.sft, **more)
    real = {str(data): str(out / "data")}
    if before.config.model.path is None:
        real[str(temporary / "model")] = str(demo.model_folder())
    command = with_paths(command, real)
    say(
        "\nthen, with rows of stage 1 and as many general rows as fit the answers:",
        "\n之后（另加第一阶段的数据，通用数据的行数随回答数而定）：",
    )
    say_command(command, device_key="device")
    say(
        f"dry run: no connection was opened, no model was loaded, nothing was written; results would be in {out}",
        f"试运行：没有建立连接，没有加载模型，也没有写入任何文件；实际运行的结果将在 {out}",
    )
    return {"scenarios": [scenario.instruction for scenario in distilled.scenarios], "sft": {"command": command}}


def _prepared(
    config: Stage2Config, before: Stage1Run, base: SwiftRunner, folder: OutputFolder, seconds: dict[str, float]
) -> tuple[Stage2Config, Progress]:
    """Distil, check and mix into a locked output folder; return the settings with all arguments, and the run."""
    out, lang = config.output_dir, spoken_lang()
    catalog = Catalog.load(before.data / "catalog.json")
    with folder.writing(begun("stage2")) as staged:
        save_config(config, staged / "config.yaml")

    def keep(stopped: Distilled) -> None:
        """Write what there is, and say if that is enough to go on with."""
        write_answers(stopped, folder)
        by_experts = len(stopped.experts.samples) if stopped.experts else 0
        if by_experts > LEAST_TO_TRAIN_ON:
            nothing = ["distill.n=0", *(["distill.scenarios=null"] if config.distill.scenarios else [])]
            command = resume_command("stage2", out, *nothing)
            say(
                f"without the teacher, with the {by_experts} experts' answers that passed: {command}",
                f"不用教师模型，只用已通过的 {by_experts} 条专家回答继续：{command}",
            )

    with timed("distil", seconds):
        trained_on = list(read_jsonl(before.data / "train.jsonl"))
        distilled = distil(
            config,
            catalog,
            trained_on,
            is_demo=before.is_demo,
            dry_run=False,
            on_stop=keep,
            lang=before.config.scan.lang,
        )
    write_answers(distilled, folder)
    framework = before.framework
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "framework": framework,
        "distilled": facts(distilled, catalog),
    }
    with timed("check", seconds):
        train, val = check_answers(config, before, distilled, catalog, report)
    with timed("mix", seconds):
        dataset = _mixed(config, before, base, train, val, report)
    config = config.model_copy(
        update={"sft": {**name_arguments(dataset, before.config.model, framework), **config.sft}}
    )
    val_dataset = [str(out / "data" / "val.jsonl"), str(before.data / "val.jsonl")]
    with timed("merge", seconds):
        start, more = _start(config, before, base)
    command = start.command(dataset, val_dataset, **more)
    report["config"] = masked(config.model_dump(mode="json"))
    report["sft"]["command"] = command
    report["seconds"] = dict(seconds)
    with folder.writing(begun("stage2")) as staged:
        write_coverage(distilled, catalog, staged / "coverage.png", lang)
    return config, Progress(dataset, val_dataset, report, training_folders(base.output_dir))


def _trained(
    config: Stage2Config,
    before: Stage1Run,
    base: SwiftRunner,
    folder: OutputFolder,
    progress: Progress,
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Train unless that is done, ask the three models the same questions, compare, judge and report."""
    out, lang = config.output_dir, spoken_lang()
    start, more = _start(config, before, base)
    trained = trained_run("stage2", start, more, folder, progress, seconds)
    best = require_checkpoint(trained)
    say(f"sft     {trained.checkpoint}", f"训练    {trained.checkpoint}")
    monitor = trained.monitor()
    report = {**progress.report, "sft": {**progress.report["sft"]}}
    planned, held_out = report["sft"]["planned"], report["check"]["held_out"]
    report["sft"] |= {"command": trained.command, **sft_facts(trained, monitor, planned, held_out, config.sft)}
    loss = report["sft"]["eval_loss"]  # step 0 is stage 1's
    report["sft"]["eval_loss"] = {"stage1": loss["base"], "stage2": loss["tuned"], "last": loss["last"]}
    report["sft"]["channels"] = channel_losses(monitor)
    with timed("eval", seconds):
        catalog, kept = Catalog.load(before.data / "catalog.json"), KeptAnswers(folder, "stage2", progress)
        answers = ask_stages(config, before, base, start, best, catalog, kept=kept)
    report["eval"], report["examples"] = compare_stages(answers), examples(answers)
    report |= verdict_facts(monitor, lang)
    all_seconds = {**report["seconds"], **progress.seconds_in_all(seconds)}
    report["seconds"] = {name: round(value, 1) for name, value in all_seconds.items() if value >= 0.05}
    report["versions"] = versions()
    with folder.writing("stage2") as staged:
        save_config(config, staged / "config.yaml")
        for stage, rows in answers.items():
            save_answers(rows, staged / "eval" / f"{stage}.jsonl")
        monitor.plot(staged / "loss.png", lang=lang)
        report = write_report(report, staged, lang, "stage2")
    _say_result(report, monitor)
    say_report(out)
    return report


def _base_model(config: Stage2Config, before: Stage1Run) -> ModelConfig:
    """Return the settings of stage 1's base model, as it is used now."""
    device = before.config.model.device if config.device is None else config.device
    return before.config.model.model_copy(update={"trust_remote_code": config.trust_remote_code, "device": device})


def _swift_arguments(config: Stage2Config, before: Stage1Run) -> dict[str, Any]:
    embedded = EMBEDDED_STAGE2_SFT if before.config.model.path is None else {}
    ours = {**DEFAULT_SFT, **DEFAULT_STAGE2_SFT, **embedded, "seed": config.seed, "data_seed": config.seed}
    return {**ours, **config.sft}


def _mixed(
    config: Stage2Config,
    before: Stage1Run,
    base: SwiftRunner,
    train: list[Sample],
    val: list[Sample],
    report: dict[str, Any],
) -> list[str]:
    """Mix the answers with general data and rows of stage 1, against forgetting; return the data sets."""
    folder = config.output_dir / "data"
    count = token_counter(base.model)
    rows = sum(1 for _ in read_jsonl(before.data / "train.jsonl"))
    again = min(rows, round(config.rehearsal * len(train)))
    mix = Mixer(
        [folder / "distilled.jsonl", *([f"{before.data / 'train.jsonl'}#{again}"] if again else [])],
        general_data(config.mix.general or before.config.mix.general, before.config.model, folder, before.framework),
        ratio=config.mix.ratio,
        size={**before.config.mix.size, **config.mix.size},
        seed=config.seed,
        count_tokens=count,
    )
    plan = mix.plan()
    wanted = config.mix if config.mix.identity is not None else before.config.mix
    identity = identity_data(wanted, before.config.model, before.framework, folder)
    added = sum(int(entry.rpartition("#")[2]) for entry in identity)
    longest = config.sft["max_length"]
    longer = longer_than([*train, *val], longest, count)
    if longer:
        answers = len(train) + len(val)
        say(
            f"        {longer} of {answers} answers: cut off at max_length={longest} tokens",
            f"        {answers} 条回答中有 {longer} 条超过 max_length={longest}，会被截断",
        )
    report["sft"] = {
        "max_length": longest,
        "longer_than_max_length": longer,
        "planned": int(plan["taken"].sum()) + added,
    }
    report["mix"] = {**mix_facts(mix, config.mix.ratio), "rehearsal": again, "identity": added}
    say(f"mix     {mix.command()}", f"混合    {mix.command()}")
    return [*mix.dataset_args(), *identity]


def _start(config: Stage2Config, before: Stage1Run, base: SwiftRunner) -> tuple[SwiftRunner, dict[str, Any]]:
    """Return the runner to continue with, and its arguments: the base model with its adapter, or the merged model."""
    if before.is_adapter and config.start == "continue":
        return base, {**config.sft, "adapters": [str(before.checkpoint)]}
    model = before.checkpoint  # stage 1 tuned the whole model
    if before.is_adapter:
        model = base.merge(before.checkpoint, config.output_dir / "merged")
        say(f"merge   {model}", f"合并    {model}")
    runner = SwiftRunner(
        model,
        base.output_dir,
        model_type=base.model_type,
        template=base.template,
        device=base.device,
        trust_remote_code=base.trust_remote_code,
    )
    return runner, config.sft


def _say_result(report: dict[str, Any], monitor: Monitor) -> None:
    for name, loss in report["sft"]["channels"].items():
        before, after = f"{loss['before']:.3f}", f"{loss['after']:.3f}"
        say(
            f"held-out eval loss, {name}: stage 1 {before} → stage 2 {after}",
            f"留出数据的验证损失（{word(name, 'zh')}）：第一阶段 {before} → 第二阶段 {after}",
        )
    for row in report["eval"]:
        say_comparison(row, f"{row['base']:.3f} → {row['stage1']:.3f} → {row['stage2']:.3f}")
    say_verdict(monitor)


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        if arguments.resume:
            config = resumed(Stage2Config, "stage2", arguments.file, arguments.overrides)
        else:
            config = load(Stage2Config, arguments.file, arguments.overrides)
        return stage2(config, dry_run=arguments.dry_run, prepare=arguments.prepare, resume=arguments.resume)

    return run("stage2", SUMMARY, recipe, argv, can_prepare=True, can_resume=True)


if __name__ == "__main__":
    sys.exit(main())
