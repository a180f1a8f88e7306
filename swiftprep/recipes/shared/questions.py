"""The questions of stage 2: asked of the base model, stage 1 and stage 2, and their answers side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.catalog.catalog import Catalog
from swiftprep.evaluate.compare import compare
from swiftprep.evaluate.probes import load_questions
from swiftprep.evaluate.validity import api_rows
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.distill_settings import Stage2Config
from swiftprep.recipes.shared.stage1_state import Stage1Run
from swiftprep.recipes.shared.training import first_rows
from swiftprep.train.runner import SwiftRunner

Rows: TypeAlias = list[dict[str, Any]]
STAGES = ("base", "stage1", "stage2")


def ask_stages(
    config: Stage2Config, before: Stage1Run, base: SwiftRunner, start: SwiftRunner, checkpoint: Path, catalog: Catalog
) -> dict[str, Rows]:
    """Ask all three models the general probes, the held-out components and the held-out scenarios.

    What stage 1 has asked already, with the same limits, is not asked again: decoding is greedy.

    Args:
        config: Of stage 2.
        before: Stage 1.
        base: Runs the base model, and stage 1's adapter on it.
        start: Runs stage 2's checkpoint.
        checkpoint: Of stage 2.
        catalog: The answers' API is held against it; see `swiftprep.evaluate.validity`.

    Returns:
        Stage → its rows, sets by their API among them.

    Raises:
        RunError: an evaluation failed.
        RunInterrupted: Ctrl-C.
    """
    data = config.output_dir / "data"
    held_out = first_rows(before.data / "val.jsonl", config.eval.limit, data / "held-out.jsonl")
    short: dict[str, str | Path] = {"general": config.eval.probes, "held-out": held_out}
    long: dict[str, str | Path] = {
        "scenarios": first_rows(data / "val.jsonl", config.eval.limit, data / "scenarios.jsonl")
    }
    first = before.checkpoint if before.is_adapter else None
    tuned = base if before.is_adapter else start  # a whole model has no base to be an adapter of
    models = {
        "base": (base, None, before.answers("base")),
        "stage1": (tuned, first, before.answers("tuned")),
        "stage2": (start, checkpoint, []),
    }
    answers: dict[str, Rows] = {}
    for stage, (runner, adapter, known) in models.items():
        rows = _known(known, short, config, before)
        if not rows:
            rows = runner.eval(adapter, short, max_new_tokens=config.eval.max_new_tokens).rows
        rows = [*rows, *runner.eval(adapter, long, max_new_tokens=config.answer_tokens).rows]
        rows += api_rows([row for row in rows if row["set"] != "general"], catalog)
        answers[stage] = rows
        sets = dict.fromkeys(row["set"] for row in rows)
        say(f"eval    {stage}: " + ", ".join(f"{name} {_mean(rows, name):.3f}" for name in sets))
    return answers


def _known(rows: Rows, sets: dict[str, str | Path], config: Stage2Config, before: Stage1Run) -> Rows:
    """Return stage 1's answers to the questions of these sets, or none when they are not just these."""
    if before.config.eval.max_new_tokens != config.eval.max_new_tokens:
        return []
    wanted = [(name, q.id, q.messages[-1]["content"]) for name, path in sets.items() for q in load_questions(path)]
    found = {(row.get("set"), row.get("id"), row.get("prompt")): row for row in rows}
    return [found[key] for key in wanted] if all(key in found for key in wanted) else []


def _mean(rows: Rows, name: str) -> float:
    scores = [row["score"] for row in rows if row["set"] == name]
    return float(sum(scores) / len(scores))


def compare_stages(answers: dict[str, Rows]) -> list[dict[str, Any]]:
    """Return, set by set, the mean scores of the three models, and what stage 2 lost of what the base got right."""
    since_base = compare(answers["base"], answers["stage2"])
    since_stage1 = {c.name: c for c in compare(answers["stage1"], answers["stage2"])}
    return [
        {
            **found.to_dict(),
            "stage1": since_stage1[found.name].base,
            "stage2": found.tuned,
            "kept_of_stage1": since_stage1[found.name].kept,
        }
        for found in since_base
    ]


def examples(answers: dict[str, Rows], most: int = 4) -> list[dict[str, Any]]:
    """Pick, of each set, the questions whose score changed most, to show the three answers side by side."""
    keyed = {stage: {(row["set"], row["id"]): row for row in rows} for stage, rows in answers.items()}
    keys = [key for key in keyed["base"] if not key[0].endswith("-api")]
    keys.sort(key=lambda key: -abs(keyed["stage1"][key]["score"] - keyed["stage2"][key]["score"]))
    chosen = [
        key for name in dict.fromkeys(k[0] for k in keyed["base"]) for key in [k for k in keys if k[0] == name][:most]
    ]
    return [
        {
            **{field: keyed["base"][key][field] for field in ("set", "id", "metric", "prompt")},
            **{stage: {field: keyed[stage][key][field] for field in ("answer", "score")} for stage in STAGES},
        }
        for key in chosen
    ]
