"""Recipe `stage1`: from a code base to a fine-tuned adapter, its evaluation and a verdict.

    python -m swiftprep.recipes.stage1                                      # the embedded default
    python -m swiftprep.recipes.stage1 recipes/stage1.yaml scan.path=~/code/our-app mix.ratio=30:70

scan → mix → sft → evaluate base and tuned model → verdict → report.json, report.md, loss.png.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from importlib import metadata
from typing import Any

from swiftprep.errors import RunInterrupted
from swiftprep.evaluate.compare import compare
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.nothing_kept import refuse_nothing
from swiftprep.recipes.shared.report_files import write_report
from swiftprep.recipes.shared.scanning import make_scanner, require_two_sides, scan_facts
from swiftprep.recipes.shared.settings import DEFAULT_SFT, EMBEDDED_SFT, Stage1Config, load_config, save_config
from swiftprep.recipes.shared.stage1_state import write_state
from swiftprep.recipes.shared.training import (
    check_before,
    first_rows,
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
from swiftprep.storage.outputs import OutputFolder, reading, run_of
from swiftprep.tokens import token_counter
from swiftprep.train.results import Evaluation
from swiftprep.withheld import masked

SUMMARY = "Stage 1: code base → samples → mix → fine-tuning → evaluation → verdict."


def stage1(config: Stage1Config, *, dry_run: bool = False) -> dict[str, Any]:
    """Run stage 1 and return its report, which is also written to the output folder.

    Args:
        config: Settings; see `swiftprep.recipes.shared.settings`.
        dry_run: Scan, mix and write the data files, but load no model.

    Raises:
        ConfigError: a setting is wrong.
        DataError: a data file is bad.
        RunError: training or evaluation failed.
        RunInterrupted: Ctrl-C; the message says how to resume.
    """
    embedded = EMBEDDED_SFT if config.model.path is None else {}
    sft = {**DEFAULT_SFT, **embedded, "seed": config.seed, "data_seed": config.seed, **config.sft}
    config = config.model_copy(update={"sft": sft})
    out = config.output_dir
    check_before(out, sft, config.eval.probes)
    runner = make_runner(config.model, out / "sft")
    seconds: dict[str, float] = {}
    with ExitStack() as held:
        folder = held.enter_context(OutputFolder(out, wait=2))

        # Turn the code base into samples and hold some files out.
        with timed("scan", seconds):
            tokenizer = None if config.scan.max_tokens is None else runner.model
            scan = make_scanner(config.scan, seed=config.seed, tokenizer=tokenizer).scan()
            refuse_nothing(scan.place, scan.files_kept, scan.rejects, out)
            require_two_sides(scan)
            files = scan.write(out / "data")
            held.enter_context(reading(out / "data"))
        with folder.writing("settings") as staged:
            save_config(config, staged / "config.yaml")
        sides = f"{len(scan.train)} train, {len(scan.val)} held out, {len(scan.rejects)} rejected"
        say(f"scan    {scan.found} files: {sides}")
        if scan.findings:
            say(f"        {len(scan.findings)} secrets were replaced: {files['findings']}")

        # Mix them with general data, so that the model forgets less of what it knows.
        with timed("mix", seconds):
            count = token_counter(runner.model)
            mix = Mixer(
                [files["train"]],
                general_data(config.mix.general, config.model, out / "data"),
                ratio=config.mix.ratio,
                size=config.mix.size,
                seed=config.seed,
                count_tokens=count,
            )
            plan = mix.plan()
        say(f"mix     {mix.command()}")
        longest = sft["max_length"]
        longer = longer_than(scan.samples, longest, count)
        if longer:
            say(f"        {longer} of {len(scan.samples)} components are cut off at max_length={longest} tokens")

        # Train with ms-swift.
        say(f"sft     {runner.model} (log: {out / 'sft'})")
        with timed("sft", seconds):
            trained = runner.sft(mix.dataset_args(), [files["val"]], dry_run=dry_run, **sft)
        report: dict[str, Any] = {
            "swiftprep": metadata.version("swiftprep"),
            "config": masked(config.model_dump(mode="json")),
            "scan": scan_facts(scan),
            "data": run_of(files["train"]),
            "mix": mix_facts(mix, config.mix.ratio),
            "sft": {
                "max_length": longest,
                "longer_than_max_length": longer,
                "command": trained.command,
            },
        }
        if dry_run:
            say(f"\n{trained.command}\n\ndry run: the data files are in {out / 'data'}; no model was loaded")
            return report
        best = require_checkpoint(trained)
        say(f"sft     {trained.checkpoint}")

        # Ask the base model and the tuned one the same questions.
        answers: dict[str, Evaluation] = {}
        with timed("eval", seconds), going_on_from(trained):
            held_out = first_rows(files["val"], config.eval.limit, out / "data" / "eval.jsonl")
            sets = {"general": config.eval.probes, "held-out": held_out}
            for name, checkpoint in {"base": None, "tuned": best}.items():
                answers[name] = runner.eval(checkpoint, sets, max_new_tokens=config.eval.max_new_tokens)
                scores = answers[name].scores
                say(f"eval    {name}: " + ", ".join(f"{key} {score:.3f}" for key, score in scores.items()))

        # Compare, judge and write the report.
        monitor = trained.monitor()
        report["sft"] |= sft_facts(trained, monitor, planned=int(plan["taken"].sum()), held_out=len(scan.val))
        comparisons = compare(answers["base"].rows, answers["tuned"].rows)
        report["eval"] = [comparison.to_dict() for comparison in comparisons]
        report["examples"] = _examples(answers)
        report["verdict"] = asdict(monitor.verdict(config.scan.lang))
        report["seconds"] = {name: round(value, 1) for name, value in seconds.items()}
        report["versions"] = versions()
        with folder.writing("stage1") as staged:
            save_config(config, staged / "config.yaml")
            write_state(staged, best, report["data"])
            for name, evaluation in answers.items():
                save_answers(evaluation.rows, staged / "eval" / f"{name}.jsonl")
            monitor.plot(staged / "loss.png", lang=config.scan.lang)
            report = write_report(report, staged, config.scan.lang, "stage1")
    loss = report["sft"]["eval_loss"]
    if loss["base"] is not None:
        say(f"\nheld-out eval loss: base {loss['base']:.3f} → tuned {loss['tuned']:.3f}")
    for comparison in report["eval"]:
        say_comparison(comparison, f"{comparison['base']:.3f} → {comparison['tuned']:.3f}")
    say_verdict(report["verdict"])
    say(f"report: {out / 'report.md'}")
    return report


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
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        try:
            return stage1(load_config(arguments.file, arguments.overrides), dry_run=arguments.dry_run)
        except RunInterrupted as stopped:
            say_how_to_go_on("stage1", arguments, stopped.checkpoint)
            raise

    return run("stage1", SUMMARY, recipe, argv)


if __name__ == "__main__":
    sys.exit(main())
