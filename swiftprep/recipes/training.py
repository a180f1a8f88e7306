"""What the recipes that train have in common."""

from __future__ import annotations

import importlib.util
import platform
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import orjson

from swiftprep import demo
from swiftprep.errors import ConfigError, MissingDependencyError
from swiftprep.evaluate.probes import load_questions
from swiftprep.recipes.config import ModelConfig
from swiftprep.records import write_jsonl
from swiftprep.storage.disk import write_text
from swiftprep.storage.staging import check_output
from swiftprep.train.results import Evaluation, Run
from swiftprep.train.runner import SwiftRunner


def check_before(output_dir: Path, sft: Mapping[str, Any], probes: str) -> None:
    """Refuse what would otherwise only be noticed after hours of training.

    Args:
        output_dir: Where the results shall go.
        sft: ms-swift's arguments.
        probes: The questions to ask.

    Raises:
        ConfigError: something in the settings is wrong.
        MissingDependencyError: evalscope is not installed.
    """
    check_output(output_dir)
    if sft["save_strategy"] == "no":
        raise ConfigError("sft.save_strategy=no: there would be no checkpoint to evaluate (没有检查点可评估)")
    load_questions(probes)
    if importlib.util.find_spec("evalscope") is None:
        raise MissingDependencyError("the evaluation needs evalscope: pip install 'swiftprep[swift]'")


def make_runner(model: ModelConfig, output_dir: Path) -> SwiftRunner:
    """Return the runner for a model, the embedded one when there is no path.

    Args:
        model: Which.
        output_dir: Of the runner.
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


def general_data(given: list[str] | None, model: ModelConfig, folder: Path) -> list[str]:
    """Return the general data sets: those given, else the rows that ship, written into a folder.

    Args:
        given: `mix.general`.
        model: The settings with the name and author that the model gives when asked.
        folder: Where the rows that ship go.
    """
    if given is not None:
        return given
    path = folder / "general.jsonl"
    write_jsonl(demo.general_samples(model.name, model.author), path)
    return [str(path)]


def save_answers(found: Evaluation, path: Path) -> None:
    """Write a model's answers as JSON lines."""
    write_text(path, "".join(orjson.dumps(row).decode() + "\n" for row in found.rows))


def sft_facts(trained: Run, planned: int, held_out: int) -> dict[str, Any]:
    """Say what came out. The base model's eval loss is that of step 0, measured by the same evaluation."""
    monitor = trained.monitor()
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


def versions() -> dict[str, str]:
    """Return the versions of what the figures of a run hang on."""
    names = ("ms-swift", "torch", "transformers", "peft", "evalscope")
    return {"python": platform.python_version()} | {name: metadata.version(name) for name in names}


@contextmanager
def timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    """Measure a block and write the seconds down under a name."""
    start = time.perf_counter()
    yield
    seconds[name] = time.perf_counter() - start
