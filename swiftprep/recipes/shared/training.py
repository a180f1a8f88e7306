"""Code shared by the recipes that train."""

from __future__ import annotations

import importlib.util
import platform
import shlex
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from swiftprep import demo
from swiftprep.errors import ConfigError, MissingDependencyError, RunError, RunInterrupted
from swiftprep.evaluate.probes import load_questions
from swiftprep.mix.mixer import Mixer
from swiftprep.recipes.shared.command_line import Arguments, say
from swiftprep.recipes.shared.settings import ModelConfig
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.disk import write_text
from swiftprep.storage.staging import check_output
from swiftprep.tokens import sample_tokens
from swiftprep.train.monitor import Monitor
from swiftprep.train.results import Run
from swiftprep.train.runner import SwiftRunner


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


def make_runner(model: ModelConfig, output_dir: Path) -> SwiftRunner:
    """Return the runner for a model, by default the embedded one.

    Args:
        model: Settings of the model.
        output_dir: The runner's output folder.
    """
    embedded = model.path is None
    path = demo.model() if model.path is None else model.path
    defaults = demo.MODEL_ARGUMENTS if embedded else {}
    return SwiftRunner(
        path,
        output_dir,
        model_type=model.model_type or defaults.get("model_type"),
        template=model.template or defaults.get("template"),
        device=model.device,
        trust_remote_code=model.trust_remote_code,
    )


def general_data(data_sets: list[str] | None, model: ModelConfig, folder: Path) -> list[str]:
    """Return the general data sets; by default the included rows, which are written to a file.

    Args:
        data_sets: The setting `mix.general`.
        model: Settings with the name and author that the model reports when asked.
        folder: Folder for the included rows.
    """
    if data_sets is not None:
        return data_sets
    path = folder / "general.jsonl"
    write_jsonl(demo.general_samples(model.name, model.author), path)
    return [str(path)]


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


@contextmanager
def going_on_from(run: Run) -> Iterator[None]:
    """Add the checkpoint of a finished training to an interruption, so that training need not be repeated."""
    try:
        yield
    except RunInterrupted as stopped:
        raise RunInterrupted(str(stopped), checkpoint=run.checkpoint) from None


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


def sft_facts(trained: Run, monitor: Monitor, planned: int, held_out: int) -> dict[str, Any]:
    """Return the facts of a run for a report, as plain values; the base model's eval loss is that of step 0.

    Args:
        trained: The run.
        monitor: Its log.
        planned: Number of rows planned to train on.
        held_out: Number of held-out samples.
    """
    evals = monitor.evals()
    trained_rows = trained.trained_rows()
    facts = {
        "output_dir": str(trained.output_dir),
        "checkpoint": str(trained.checkpoint),
        "best_checkpoint": str(trained.best_checkpoint),
        "steps": trained.result.get("global_step"),
        "rows": {"planned": planned, "trained": trained_rows.get("train"), "held_out": held_out},
        "eval_loss": {"base": None, "tuned": None, "last": None},
    }
    if evals:
        base = evals[0][1] if evals[0][0] == 0 else None
        tuned = [loss for step, loss in evals if step > 0]
        facts["eval_loss"] = {"base": base, "tuned": min(tuned, default=None), "last": evals[-1][1]}
    return facts


def say_comparison(comparison: Mapping[str, Any], scores: str) -> None:
    """Print the comparison of the models on a set of questions.

    Args:
        comparison: The comparison, as plain values.
        scores: The models with their scores.
    """
    kept = "" if comparison["kept"] is None else f" (keeps {comparison['kept']:.0%} of what the base got right)"
    forgets = " — it forgets: see the report" if comparison["forgets"] else ""
    say(f"{comparison['name']} ({comparison['metric']}, {comparison['questions']} questions): {scores}{kept}{forgets}")


def say_verdict(verdict: Mapping[str, Any]) -> None:
    """Print the verdict on a run with its evidence."""
    say(f"verdict: {verdict['kind']}")
    for line in verdict["evidence"]:
        say(f"  {line}")


def say_how_to_go_on(recipe: str, arguments: Arguments, checkpoint: Path | None = None) -> None:
    """Print the command that resumes a run that was stopped."""
    settings = list(arguments.overrides)
    if checkpoint:
        settings = [item for item in settings if not item.startswith("sft.resume_from_checkpoint=")]
        settings.append(f"sft.resume_from_checkpoint={checkpoint}")
    again = shlex.join([*([arguments.file] if arguments.file else []), *settings])
    say(f"to go on: python -m swiftprep.recipes.{recipe} {again}".rstrip())


def versions() -> dict[str, str]:
    """Return the versions of the packages that the figures of a run depend on."""
    names = ("ms-swift", "torch", "transformers", "peft", "evalscope")
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


@contextmanager
def timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Record the seconds that a block takes, under a name."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
