"""Recipe `evaluate`: ask a checkpoint and its base model the same questions, and compare the answers.

swiftprep evaluate run=runs/stage1
swiftprep evaluate data/val.jsonl checkpoint=runs/sft/sft/v0-20250101-120000/checkpoint-100
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.evaluate.compare import compare
from swiftprep.models.folders import ADAPTER_CONFIG, trained_with
from swiftprep.recipes.shared.command_line import Arguments, run, say
from swiftprep.recipes.shared.data_settings import EvaluateConfig
from swiftprep.recipes.shared.output_folders import in_own_folder
from swiftprep.recipes.shared.result_files import write_json_report
from swiftprep.recipes.shared.settings import ModelConfig, load, save_config
from swiftprep.recipes.shared.training import first_rows, make_runner, save_answers, say_comparison
from swiftprep.storage.outputs import writing
from swiftprep.train.results import Evaluation

SUMMARY = "Evaluate: a checkpoint and its base model answer the same questions → scores, what was gained and lost."


def evaluate(config: EvaluateConfig, *, dry_run: bool = False) -> dict[str, Any]:
    """Ask the questions, write answers and scores into the output folder, and return the report.

    The output folder gets `base.jsonl` and `tuned.jsonl` with the answers, and `report.json`.

    Args:
        config: Settings; see `swiftprep.recipes.shared.data_settings`.
        dry_run: Check everything, but load no model and write nothing.

    Raises:
        ConfigError: neither a run nor a checkpoint was given, or a setting is wrong.
        DataError: a file of questions has a bad row.
        RunError: an evaluation failed.
        RunInterrupted: Ctrl-C.
    """
    checkpoint, held_out = _from_run(config.run) if config.run else (None, [])
    checkpoint = config.checkpoint or checkpoint
    if checkpoint is None:
        raise ConfigError(
            "run: evaluate what? For example `swiftprep evaluate run=runs/stage1`, or give checkpoint=… "
            "(请指定要评估的运行或检查点)"
        )
    config = in_own_folder(config, "evaluate", inputs=("run", "checkpoint", "data"))
    out = config.output_dir
    base, tuned = _models(config.model, checkpoint)
    files = config.data or held_out
    sets: dict[str, str | Path] = {"general": config.eval.probes}
    sets |= {"held-out" if len(files) == 1 else path.stem: path for path in files}
    asked = {name: str(path) for name, path in sets.items()}
    say(f"model   {checkpoint}", f"模型    {checkpoint}")
    if base:
        say(f"base    {base.path}", f"基座    {base.path}")
    else:
        say("base    not known: give model.path to compare with it", "基座    未知：用 model.path 指定后可作对比")
    for name, source in asked.items():
        say(f"ask     {name}: {source}", f"提问    {name}：{source}")
    if dry_run:
        say("dry run: no model was loaded and nothing was written", "试运行：没有加载模型，也没有写入任何文件")
        return {"checkpoint": str(checkpoint), "sets": asked}
    answers: dict[str, Evaluation] = {}
    with writing(out, "evaluate") as staged:
        limited = {
            name: path if name == "general" else first_rows(Path(path), config.eval.limit, staged / f"{name}.jsonl")
            for name, path in sets.items()
        }
        for name, model in {"base": base, "tuned": tuned}.items():
            if model is None:
                continue
            runner = make_runner(model, out / "eval")
            adapter = checkpoint if name == "tuned" and model is base else None
            answers[name] = runner.eval(adapter, limited, max_new_tokens=config.eval.max_new_tokens)
            scores = answers[name].scores
            scored = ", ".join(f"{key} {score:.3f}" for key, score in scores.items())
            say(f"eval    {name}: {scored}", f"评估    {name}：{scored}")
            save_answers(answers[name].rows, staged / f"{name}.jsonl")
        comparisons = [c.to_dict() for c in compare(answers["base"].rows, answers["tuned"].rows)] if base else []
        report = write_json_report(
            {
                "checkpoint": str(checkpoint),
                "base": base.path if base else None,
                "sets": asked,
                "scores": {name: evaluation.scores for name, evaluation in answers.items()},
                "eval": comparisons,
            },
            staged,
        )
        save_config(config, staged / "config.yaml")
    for comparison in comparisons:
        say_comparison(comparison, f"{comparison['base']:.3f} → {comparison['tuned']:.3f}")
    say(
        f"written to {out}: report.json, and the answers in base.jsonl and tuned.jsonl",
        f"已写入 {out}：report.json，回答在 base.jsonl 和 tuned.jsonl 中",
    )
    return report


def _from_run(folder: Path) -> tuple[Path, list[Path]]:
    """Return the best checkpoint of a finished run and its files of held-out samples."""
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        saved = Path(report["sft"]["best_checkpoint"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{folder}: no finished run of stage1, stage2 or sft in it; give its output folder, or checkpoint=… "
            "(其中没有已完成的训练)"
        ) from None
    moved = folder / "sft" / saved.parent.name / saved.name  # the output folder may have been moved
    checkpoint = saved if saved.is_dir() else moved
    own = folder / "data" / "val.jsonl"
    given = report["config"].get("held_out") or []
    return checkpoint, [own] if own.is_file() else [Path(path) for path in given]


def _models(model: ModelConfig, checkpoint: Path) -> tuple[ModelConfig | None, ModelConfig]:
    """Return the settings of the base model, None if it is not known, and of the model to evaluate."""
    if not checkpoint.is_dir():
        raise ConfigError(f"{checkpoint}: no such checkpoint (没有这个检查点)")
    trained = trained_with(checkpoint)
    own = {name: getattr(model, name) or trained.get(name) for name in ("model_type", "template")}
    path = model.path or trained.get("model")
    is_adapter = (checkpoint / ADAPTER_CONFIG).is_file()
    if path is None and is_adapter:
        raise ConfigError(f"{checkpoint}: which is its base model? Give model.path (请用 model.path 指定基座模型)")
    base = None if path is None else model.model_copy(update={**own, "path": str(path)})
    tuned = base if is_adapter else model.model_copy(update={**own, "path": str(checkpoint)})
    assert tuned is not None
    return base, tuned


def main(argv: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""

    def recipe(arguments: Arguments) -> dict[str, Any]:
        config = load(EvaluateConfig, arguments.file, arguments.overrides)
        data = [*config.data, *map(Path, arguments.data)]
        return evaluate(config.model_copy(update={"data": data}), dry_run=arguments.dry_run)

    return run("evaluate", SUMMARY, recipe, argv, takes_data=True)


if __name__ == "__main__":
    sys.exit(main())
