"""Recipe `stage1`: from a code base to a fine-tuned adapter, its evaluation and a verdict.

    python -m swiftprep.recipes.stage1                    # with no argument at all: the demonstration, in runs/demo
    swiftprep stage1 recipes/stage1.yaml scan.path=~/code/our-app mix.ratio=30:70

scan → check → mix → sft → evaluate base and tuned model → verdict → report.json, report.md, loss.png.
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
from swiftprep.errors import ConfigError, RunError, RunInterrupted
from swiftprep.evaluate.compare import compare
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.shared.checking import check_sides, say_check
from swiftprep.recipes.shared.command_line import Arguments, run, say, spoken_lang
from swiftprep.recipes.shared.kept_answers import KeptAnswers
from swiftprep.recipes.shared.language import plural
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.output_folders import in_own_folder, resumed
from swiftprep.recipes.shared.phases import (
    Progress,
    begin,
    keep_seconds,
    read_progress,
    say_prepared,
    trained_run,
    training_folders,
)
from swiftprep.recipes.shared.report_files import write_report
from swiftprep.recipes.shared.scanning import (
    make_scanner,
    require_code_base,
    require_two_sides,
    say_samples_lang,
    say_what_is_scanned,
    scan_facts,
)
from swiftprep.recipes.shared.settings import (
    DEFAULT_SFT,
    EMBEDDED_SFT,
    DemoConfig,
    Stage1Config,
    load_config,
    save_config,
)
from swiftprep.recipes.shared.stage1_state import write_state
from swiftprep.recipes.shared.training import (
    check_before,
    first_rows,
    general_data,
    identity_data,
    longer_than,
    make_runner,
    mix_facts,
    name_arguments,
    require_checkpoint,
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
from swiftprep.records import write_jsonl
from swiftprep.storage.outputs import OutputFolder, reading, run_of, writing
from swiftprep.tokens import token_counter
from swiftprep.train.monitor import Monitor
from swiftprep.train.results import Evaluation
from swiftprep.train.runner import SwiftRunner
from swiftprep.withheld import masked

SUMMARY = "Stage 1: code base → samples → check → mix → fine-tuning → evaluation → verdict."
_SIDES = ("train.jsonl", "val.jsonl")


def stage1(
    config: Stage1Config, *, dry_run: bool = False, prepare: bool = False, resume: bool = False
) -> dict[str, Any]:
    """Run stage 1 and return its report, which is also written to the output folder.

    Args:
        config: Settings; see `swiftprep.recipes.shared.settings`. For a resumed run, those in its `config.yaml`.
        dry_run: Scan, check and mix, and show the command, but write nothing and load no model.
        prepare: Write the data, the settings and the command, but do not train.
        resume: Go on with the run in the output folder where it stopped: with the training, or the evaluation.

    Raises:
        ConfigError: a setting is wrong, or the output folder holds the results of another job.
        DataError: a data file is bad.
        RunError: training or evaluation failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    require_code_base(config.scan)
    if not resume:
        config = in_own_folder(config, "stage1")
    given = config
    embedded = EMBEDDED_SFT if config.model.path is None else {}
    sft = {**DEFAULT_SFT, **embedded, "seed": config.seed, "data_seed": config.seed, **config.sft}
    config = config.model_copy(update={"sft": sft})
    out = config.output_dir
    check_before(out, sft, config.eval.probes)
    if dry_run:
        return _shown(config)
    seconds: dict[str, float] = {}
    with ExitStack() as held:
        folder = held.enter_context(OutputFolder(out, wait=2))
        runner = make_runner(config.model, out / "sft")
        progress = read_progress(out) if resume else None
        if progress is None:
            config, progress, command = _prepared(config, runner, out / "data", seconds)
            progress = begin(folder, "stage1", config, progress, command, given=given)
        held.enter_context(reading(out / "data"))
        if prepare:
            say_prepared("stage1", progress, out)
            return progress.report
        try:
            return _trained(config, runner, folder, progress, seconds)
        except (KeyboardInterrupt, RunError, OSError) as error:
            keep_seconds(folder, "stage1", progress, seconds)
            say_how_to_resume("stage1", out)
            if isinstance(error, KeyboardInterrupt):
                raise RunInterrupted("stopped; what was done so far is kept (已中断，已完成的部分已保存)") from None
            raise


def _shown(config: Stage1Config) -> dict[str, Any]:
    """Prepare in a folder that is thrown away, show the command with the real paths, and return the report."""
    out = config.output_dir
    with tempfile.TemporaryDirectory(prefix="swiftprep-") as temporary:
        place = Path(temporary)
        runner = make_runner(config.model, out / "sft", stand_in=place / "model")
        _, progress, _ = _prepared(config, runner, place / "data", {})
        real = {str(place / "data"): str(out / "data")}
        if config.model.path is None:
            real[str(place / "model")] = str(demo.model_folder())
        report: dict[str, Any] = with_paths(progress.report, real)
    say_command(report["sft"]["command"])
    say(
        f"dry run: no model was loaded and nothing was written; the results would be in {out}",
        f"试运行：没有加载模型，也没有写入任何文件；实际运行的结果将在 {out}",
    )
    return report


def _prepared(
    config: Stage1Config, runner: SwiftRunner, data: Path, seconds: dict[str, float]
) -> tuple[Stage1Config, Progress, str]:
    """Write the data into a folder; return the settings with what was told from the code base, the run and its command.

    The three parts: turn the code base into samples and hold some files out, check both sides, and mix them with
    general data, so that the model forgets less of what it knows.
    """
    say_what_is_scanned(config.scan)
    with timed("scan", seconds):
        tokenizer = None if config.scan.max_tokens is None else runner.model
        scan = make_scanner(config.scan, seed=config.seed, tokenizer=tokenizer).scan()
        refuse_nothing(scan.place, scan.files_kept, scan.rejects, config.output_dir)
    framework = scan.framework
    config = config.model_copy(update={"scan": config.scan.model_copy(update={"framework": framework})})
    sides = (len(scan.train), len(scan.val), len(scan.rejects))
    found = plural(scan.found, "file")
    say(
        f"scan    {framework}: {found}: {sides[0]} train, {sides[1]} held out, {sides[2]} rejected",
        f"扫描    {framework}：{scan.found} 个文件：训练 {sides[0]}，留出 {sides[1]}，剔除 {sides[2]}",
    )
    say_samples_lang(config.scan.lang)
    require_two_sides(scan)
    with timed("check", seconds):
        checked = check_sides(scan.train, scan.val, catalog=scan.catalog, source=scan.place)
    with writing(data, "stage1-data", sides=_SIDES) as staged:
        files = scan.write(staged)
        for name, samples in zip(_SIDES, (checked.train, checked.val), strict=True):
            write_jsonl(samples, staged / name)
    checked.write(data.parent / "checked", spoken_lang())
    out = config.output_dir
    say_check(checked, out / "checked" if data.parent == out else None)
    if not checked.train or not checked.val:
        raise ConfigError(
            f"the check kept {len(checked.train)} samples to train on and {len(checked.val)} held out, and both are "
            f"needed; why is in {out / 'checked'} (检查后训练或留出的样本为空，原因见该文件夹)"
        )
    if scan.findings:
        where = out / "data" / files["findings"].name
        say(
            f"        {plural(len(scan.findings), 'secret')} replaced: {where}",
            f"        替换了 {len(scan.findings)} 处密钥：{where}",
        )
    with timed("mix", seconds):
        count = token_counter(runner.model)
        mix = Mixer(
            [data / "train.jsonl"],
            general_data(config.mix.general, config.model, data, framework),
            ratio=config.mix.ratio,
            size=config.mix.size,
            seed=config.seed,
            count_tokens=count,
        )
        identity = identity_data(config.mix, config.model, framework, data)
        plan = mix.plan()
    dataset = [*mix.dataset_args(), *identity]
    config = config.model_copy(update={"sft": {**name_arguments(dataset, config.model, framework), **config.sft}})
    mixed = with_paths(mix.command(), {str(data): str(out / "data")})
    say(f"mix     {mixed}", f"混合    {mixed}")
    longest = config.sft["max_length"]
    longer = longer_than([*checked.train, *checked.val], longest, count)
    if longer:
        samples_in_all = len(checked.train) + len(checked.val)
        say(
            f"        {longer} of {samples_in_all} samples: cut off at max_length={longest} tokens",
            f"        {samples_in_all} 条样本中有 {longer} 条超过 max_length={longest}，会被截断",
        )
    command = runner.command(dataset, [data / "val.jsonl"], **config.sft)
    added = sum(int(entry.rpartition("#")[2]) for entry in identity)
    report: dict[str, Any] = {
        "swiftprep": metadata.version("swiftprep"),
        "framework": framework,
        "config": masked(config.model_dump(mode="json")),
        "scan": scan_facts(scan),
        "check": checked.facts(),
        "data": run_of(data / "train.jsonl"),
        "mix": {**mix_facts(mix, config.mix.ratio), "identity": added},
        "sft": {
            "max_length": longest,
            "longer_than_max_length": longer,
            "planned": int(plan["taken"].sum()) + added,
            "command": command,
        },
        "seconds": dict(seconds),
    }
    earlier = training_folders(runner.output_dir)
    return config, Progress(dataset, [str(data / "val.jsonl")], report, earlier), command


def _trained(
    config: Stage1Config, runner: SwiftRunner, folder: OutputFolder, progress: Progress, seconds: dict[str, float]
) -> dict[str, Any]:
    """Train unless that is done, ask the base model and the tuned one the same questions, compare, judge and report."""
    out = config.output_dir
    trained = trained_run("stage1", runner, config.sft, folder, progress, seconds)
    best = require_checkpoint(trained)
    say(f"sft     {trained.checkpoint}", f"训练    {trained.checkpoint}")
    answers: dict[str, Evaluation] = {}
    kept = KeptAnswers(folder, "stage1", progress)
    with timed("eval", seconds):
        held_out = first_rows(out / "data" / "val.jsonl", config.eval.limit, out / "data" / "eval.jsonl")
        sets: dict[str, str | Path] = {"general": config.eval.probes, "held-out": held_out}
        for name, checkpoint in {"base": None, "tuned": best}.items():
            answers[name] = kept.eval(name, runner, checkpoint, sets, max_new_tokens=config.eval.max_new_tokens)
            scores = ", ".join(f"{key} {score:.3f}" for key, score in answers[name].scores.items())
            say(f"eval    {name}: {scores}", f"评估    {name}：{scores}")
    monitor = trained.monitor()
    report = {**progress.report, "sft": {**progress.report["sft"]}}
    planned, held_out_rows = report["sft"]["planned"], report["check"]["held_out"]
    report["sft"] |= sft_facts(trained, monitor, planned, held_out_rows, config.sft)
    report["eval"] = [comparison.to_dict() for comparison in compare(answers["base"].rows, answers["tuned"].rows)]
    report["examples"] = _examples(answers)
    report |= verdict_facts(monitor, spoken_lang())
    all_seconds = {**report["seconds"], **progress.seconds_in_all(seconds)}
    report["seconds"] = {name: round(value, 1) for name, value in all_seconds.items()}
    report["versions"] = versions()
    with folder.writing("stage1") as staged:
        save_config(config, staged / "config.yaml")
        write_state(staged, best, report["data"])
        for name, evaluation in answers.items():
            save_answers(evaluation.rows, staged / "eval" / f"{name}.jsonl")
        monitor.plot(staged / "loss.png", lang=spoken_lang())
        report = write_report(report, staged, spoken_lang(), "stage1")
    _say_result(report, monitor, out)
    return report


def _say_result(report: dict[str, Any], monitor: Monitor, out: Path) -> None:
    loss = report["sft"]["eval_loss"]
    if loss["base"] is not None:
        change = f"{loss['base']:.3f} → {loss['tuned']:.3f}"
        say(f"\nheld-out eval loss: base → tuned {change}", f"\n留出数据的验证损失：基座 → 微调后 {change}")
    for comparison in report["eval"]:
        say_comparison(comparison, f"{comparison['base']:.3f} → {comparison['tuned']:.3f}")
    say_verdict(monitor)
    say_report(out)


def _examples(answers: dict[str, Evaluation], most: int = 5) -> list[dict[str, Any]]:
    """Pick from each set the questions with the largest change in score, to show both answers side by side."""
    pairs = list(zip(answers["base"].rows, answers["tuned"].rows, strict=True))
    pairs.sort(key=lambda pair: -abs(pair[0]["score"] - pair[1]["score"]))
    sets = dict.fromkeys(base["set"] for base, _ in pairs)
    chosen = [pair for name in sets for pair in [p for p in pairs if p[0]["set"] == name][:most]]
    return [
        {
            **{key: base[key] for key in ("set", "id", "metric", "prompt")},
            "base": {key: base[key] for key in ("answer", "score")},
            "tuned": {key: tuned[key] for key in ("answer", "score")},
        }
        for base, tuned in chosen
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code. Without any word, the process runs the demonstration."""
    is_bare = argv is None and not sys.argv[1:]

    def recipe(arguments: Arguments) -> dict[str, Any]:
        if arguments.resume:
            config = resumed(Stage1Config, "stage1", arguments.file, arguments.overrides)
        else:
            config = DemoConfig() if is_bare else load_config(arguments.file, arguments.overrides)
        return stage1(config, dry_run=arguments.dry_run, prepare=arguments.prepare, resume=arguments.resume)

    return run("stage1", SUMMARY, recipe, argv, can_prepare=True, can_resume=True)


if __name__ == "__main__":
    sys.exit(main())
