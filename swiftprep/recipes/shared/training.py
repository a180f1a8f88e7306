"""Code shared by the recipes that train."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from swiftprep import demo
from swiftprep.errors import ConfigError, MissingDependencyError, RunError
from swiftprep.evaluate.probes import load_questions
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.shared.command_line import Arguments, say, spoken_lang
from swiftprep.recipes.shared.language import LANGUAGES, plural
from swiftprep.recipes.shared.report_words import word
from swiftprep.recipes.shared.settings import MixConfig, ModelConfig
from swiftprep.recipes.shared.training_command import is_for_cpu
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.disk import write_text
from swiftprep.storage.staging import check_output
from swiftprep.streams import Lang
from swiftprep.swiftfmt import parse_entry
from swiftprep.tokens import sample_tokens
from swiftprep.train.monitor import Monitor
from swiftprep.train.results import Run
from swiftprep.train.runner import SwiftRunner

_ACCUMULATION = "gradient_accumulation_steps"


def check_before(output_dir: Path, sft: Mapping[str, Any], probes: str) -> None:
    """Check for errors that would otherwise only show after hours of training.

    Args:
        output_dir: Folder for the results.
        sft: ms-swift's arguments.
        probes: The questions to ask.

    Raises:
        ConfigError: a setting is wrong.
        MissingDependencyError: evalscope is not installed.
    """
    check_output(output_dir)
    if sft["save_strategy"] == "no":
        raise ConfigError("sft.save_strategy=no: there would be no checkpoint to evaluate (将没有检查点可供评估)")
    load_questions(probes)
    if importlib.util.find_spec("evalscope") is None:
        raise MissingDependencyError(
            "the evaluation needs evalscope: pip install 'swiftprep[swift]' (请先安装 evalscope)"
        )


def make_runner(model: ModelConfig, output_dir: Path, *, stand_in: Path | None = None) -> SwiftRunner:
    """Return the runner for a model, by default the embedded one.

    Args:
        model: Settings of the model.
        output_dir: The runner's output folder.
        stand_in: Folder to write a stand-in for the embedded model into, if that has not been converted yet: enough to
            tell the command, with this folder in place of the model's. None converts the model.
    """
    embedded = model.path is None
    path: str | Path = model.path or _embedded(stand_in)
    defaults = demo.MODEL_ARGUMENTS if embedded else {}
    return SwiftRunner(
        path,
        output_dir,
        model_type=model.model_type or defaults.get("model_type"),
        template=model.template or defaults.get("template"),
        device=model.device,
        trust_remote_code=model.trust_remote_code,
    )


def _embedded(stand_in: Path | None) -> Path:
    """Return the folder of the embedded model, or a stand-in."""
    if stand_in is None or (demo.model_folder() / "config.json").is_file():
        return demo.model()
    stand_in.mkdir(parents=True)
    write_text(stand_in / "config.json", json.dumps({"model_type": demo.MODEL_ARGUMENTS["model_type"]}))
    return stand_in


def general_data(
    data_sets: list[str] | None, model: ModelConfig, folder: Path, framework: str | None = None
) -> list[str]:
    """Return the general data sets; by default the included rows, which are written to a file.

    Args:
        data_sets: The setting `mix.general`.
        model: Settings with the name and author that the model reports when asked.
        folder: Folder for the included rows.
        framework: Name of the framework, which names the model unless the settings do. Without any name, the included
            rows in which the model says who it is are left out.
    """
    if data_sets is not None:
        return data_sets
    path = folder / "general.jsonl"
    names = names_of(model, framework)
    rows = demo.general_samples(*names) if names else demo.general_samples()
    write_jsonl([row for row in rows if names or not _is_identity(row)], path)
    return [str(path)]


def names_of(model: ModelConfig, framework: str | None) -> tuple[str, str] | None:
    """Return the name and the author that the model reports when asked; None if neither settings nor framework tell."""
    if framework is None and (model.name is None or model.author is None):
        return None
    return model.name or f"{framework} 助手", model.author or f"{framework} 团队"


def identity_data(mix: MixConfig, model: ModelConfig, framework: str | None, folder: Path) -> list[str]:
    """Return the data set in which the model says who it is, in a file, with the number of rows to take of it.

    It comes on top of the mix. By default there is none, unless the settings name the model and the general data is the
    user's own: the included general rows say it already.

    Args:
        mix: Settings with the number of rows.
        model: Settings with the name and author.
        framework: Name of the framework; see `names_of`.
        folder: Folder for the rows.

    Raises:
        ConfigError: the name or the author is missing.
    """
    names = names_of(model, framework)
    rows = [row.replace(channel="identity") for row in demo.general_samples(*names or ()) if _is_identity(row)]
    is_named = mix.general is not None and (model.name is not None or model.author is not None)
    wanted = (len(rows) if is_named else 0) if mix.identity is None else mix.identity
    if not wanted:
        return []
    if names is None:
        raise ConfigError(
            "model.name, model.author: both are needed for the rows in which the model says who it is; mix.identity=0 "
            "leaves them out (自我认知数据需要同时指定 model.name 和 model.author；不需要时设置 mix.identity=0)"
        )
    path = folder / "identity.jsonl"
    write_jsonl(rows, path)
    return [f"{path}#{wanted}"]


def _is_identity(sample: Sample) -> bool:
    return bool(sample.meta["is_identity"])


def name_arguments(data_sets: Iterable[str], model: ModelConfig, framework: str) -> dict[str, Any]:
    """Return ms-swift's arguments for the model's name and author, which it puts into rows of its hub's data sets.

    Without them, `swift/self-cognition` is trained with the words `{{NAME}}` and `{{AUTHOR}}`. A data set of another
    name on the hub may hold the same rows, so they are given for all that are no local files.

    Args:
        data_sets: The entries of `--dataset`.
        model: Settings with the name and author.
        framework: Name of the framework; see `names_of`.
    """
    if all(parse_entry(entry).path is not None for entry in data_sets):
        return {}
    name, author = (model.name, model.author)
    return {  # in Chinese, in English
        "model_name": [name or f"{framework} 助手", name or f"{framework} assistant"],
        "model_author": [author or f"{framework} 团队", author or f"{framework} team"],
    }


def mix_facts(mix: Mixer, ratio: object) -> dict[str, Any]:
    """Return the facts of a mix for a report, as plain values."""
    return {
        "ratio": str(ratio),
        "dataset": mix.dataset_args(),
        "plan": orjson.loads(mix.plan().to_json(orient="records")),
    }


def longer_than(samples: Iterable[Sample], longest: int | None, count: Callable[[str], int] | None) -> int | None:
    """Return how many samples are cut off; None if tokens cannot be counted or the limit is the model's own.

    Args:
        samples: Samples to train on or evaluate with.
        longest: `max_length`, in tokens.
        count: Counts the tokens of a text.
    """
    if count is None or longest is None:
        return None
    return sum(sample_tokens(sample, count) > longest for sample in samples)


def first_rows(source: Path, limit: int | None, target: Path) -> Path:
    """Copy the first rows of a data file, at most `limit`, to another file, and return that one."""
    write_jsonl(islice(read_jsonl(source), limit), target)
    return target


def require_checkpoint(run: Run) -> Path:
    """Return the best checkpoint.

    Raises:
        RunError: ms-swift saved none.
    """
    if run.best_checkpoint is None:
        raise RunError(f"ms-swift saved no checkpoint to evaluate; see {run.output_dir} (没有保存检查点)")
    return run.best_checkpoint


def save_answers(rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write a model's answers as JSON lines."""
    write_text(path, "".join(orjson.dumps(row).decode() + "\n" for row in rows))


def sft_facts(
    trained: Run, monitor: Monitor, planned: int, held_out: int, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the facts of a run for a report, as plain values; the base model's eval loss is that of step 0.

    Of the rows, `planned` are in the mix, ms-swift read `data_set` of them, and `trained` of these were seen.

    Args:
        trained: The run.
        monitor: Its log.
        planned: Number of rows planned to train on.
        held_out: Number of held-out samples.
        arguments: ms-swift's arguments.
    """
    evals = monitor.evals()
    steps, data_set = trained.result.get("global_step"), trained.trained_rows().get("train")
    seen = None if steps is None or data_set is None else min(int(steps) * _rows_a_step(arguments), data_set)
    facts = {
        "output_dir": str(trained.output_dir),
        "checkpoint": str(trained.checkpoint),
        "best_checkpoint": str(trained.best_checkpoint),
        "steps": steps,
        "rows": {"planned": planned, "data_set": data_set, "trained": seen, "held_out": held_out},
        "eval_loss": {"base": None, "tuned": None, "last": None},
    }
    if evals:
        base = evals[0][1] if evals[0][0] == 0 else None
        tuned = [loss for step, loss in evals if step > 0]
        facts["eval_loss"] = {"base": base, "tuned": min(tuned, default=None), "last": evals[-1][1]}
    return facts


def _rows_a_step(arguments: Mapping[str, Any]) -> int:
    """Return how many rows a training step sees, in all processes that ms-swift starts."""
    batch, steps = (int(arguments.get(name) or 1) for name in ("per_device_train_batch_size", _ACCUMULATION))
    processes = int(os.environ.get("NPROC_PER_NODE") or 1) * int(os.environ.get("NNODES") or 1)
    return batch * steps * processes


def with_paths(value: Any, real: Mapping[str, str]) -> Any:
    """Return plain values in whose texts some paths are replaced by others, as for data in a temporary folder."""
    if isinstance(value, dict):
        return {key: with_paths(inner, real) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_paths(inner, real) for inner in value]
    if isinstance(value, str):
        for path, other in real.items():
            value = value.replace(path, other)
    return value


def channel_losses(monitor: Monitor) -> dict[str, dict[str, float]]:
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


def say_comparison(comparison: Mapping[str, Any], scores: str) -> None:
    """Print the comparison of the models on a set of questions.

    Args:
        comparison: The comparison, as plain values.
        scores: The models with their scores.
    """
    kept = "" if comparison["kept"] is None else f" (keeps {comparison['kept']:.0%} of what the base got right)"
    kept_zh = "" if comparison["kept"] is None else f"（基座答对的题保住了 {comparison['kept']:.0%}）"
    forgets, forgets_zh = (" — it forgets: see the report", "，有遗忘，见报告") if comparison["forgets"] else ("", "")
    name, questions = comparison["name"], comparison["questions"]
    say(
        f"{word(name, 'en')} ({word(comparison['metric'], 'en')}, {plural(questions, 'question')}): "
        f"{scores}{kept}{forgets}",
        f"{word(name, 'zh')}（{word(comparison['metric'], 'zh')}，{questions} 题）：{scores}{kept_zh}{forgets_zh}",
    )


def verdict_facts(monitor: Monitor, lang: Lang) -> dict[str, Any]:
    """Return the verdict on a run for a report, in the language of the report and in both."""
    both = {name: asdict(monitor.verdict(name)) for name in LANGUAGES}
    return {"verdict": both[lang], "verdicts": both}


def verdict_in_words(monitor: Monitor, lang: Lang) -> str:
    """Return the verdict on a run, with the evidence for and against and what to do, in a language."""
    verdict = monitor.verdict(lang)
    kind = word(verdict.kind, lang)
    lines = [f"结论：{kind}" if lang == "zh" else f"verdict: {kind}"]
    lines += [f"  {line}" for line in verdict.evidence]
    lines += [f"  但是：{line}" if lang == "zh" else f"  but: {line}" for line in verdict.counter]
    return "\n".join([*lines, *(f"  → {line}" for line in verdict.fixes)])


def say_verdict(monitor: Monitor) -> None:
    """Print the verdict on a run in the language of the console."""
    say(verdict_in_words(monitor, spoken_lang()))


def say_report(out: Path) -> None:
    """Print where the report of a run is."""
    say(f"report: {out / 'report.md'}", f"报告    {out / 'report.md'}")


def say_command(command: str, *, device_key: str = "model.device") -> None:
    """Print a training command, and how to get that for a GPU if it is one for a CPU.

    Args:
        command: The command.
        device_key: The key of the recipe's settings that chooses the device.
    """
    say(f"\n{command}\n")
    if is_for_cpu(command):
        say(
            f"this command is for the CPU of this machine; with {device_key}=cuda it is that for a machine with a GPU",
            f"这条命令用于本机的 CPU；设置 {device_key}=cuda 可得到用于 GPU 机器的命令",
        )


def resume_command(recipe: str, output_dir: Path, *more: str) -> str:
    """Return the command that goes on with a run of a recipe with `--resume`.

    Args:
        recipe: Name of the recipe.
        output_dir: The run's output folder.
        *more: Further words.
    """
    return shlex.join(["swiftprep", recipe, "--resume", f"output_dir={output_dir}", *more])


def say_how_to_resume(recipe: str, output_dir: Path, *, prepare: bool = False) -> None:
    """Print the command that goes on with a run of a recipe with `--resume`.

    Args:
        recipe: Name of the recipe.
        output_dir: The run's output folder.
        prepare: Whether the run was only to be prepared.
    """
    command = resume_command(recipe, output_dir, *["--prepare"][:prepare])
    say(f"to go on: {command}", f"继续运行：{command}")


def say_how_to_go_on(recipe: str, arguments: Arguments) -> None:
    """Print the command that resumes a run that was stopped, of a recipe without `--resume`: the same once more."""
    again = shlex.join([*([arguments.file] if arguments.file else []), *arguments.data, *arguments.overrides])
    command = f"swiftprep {recipe} {again}".rstrip()
    say(f"to go on: {command}", f"继续运行：{command}")


def versions() -> dict[str, str]:
    """Return the versions of the packages that the figures of a run depend on."""
    names = ("ms-swift", "torch", "transformers", "peft", "evalscope")
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


@contextmanager
def timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Record the seconds that a block takes, under a name, also of one that is interrupted."""
    start = time.perf_counter()
    try:
        yield
    finally:
        seconds[name] = time.perf_counter() - start
