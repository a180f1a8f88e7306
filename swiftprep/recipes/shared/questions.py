"""Ask the questions of stage 2 to the base model, stage 1 and stage 2, and compare the answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeAlias

from swiftprep.catalog.catalog import Catalog
from swiftprep.evaluate.compare import compare
from swiftprep.evaluate.probes import load_questions
from swiftprep.evaluate.validity import api_rows
from swiftprep.recipes.shared.command_line import say
from swiftprep.recipes.shared.distill_settings import Stage2Config
from swiftprep.recipes.shared.kept_answers import KeptAnswers
from swiftprep.recipes.shared.report_words import word
from swiftprep.recipes.shared.stage1_state import Stage1Run
from swiftprep.recipes.shared.training import first_rows
from swiftprep.train.runner import SwiftRunner

Rows: TypeAlias = list[dict[str, Any]]
STAGES = ("base", "stage1", "stage2")
_STAGES_ZH = dict(zip(STAGES, ("基座模型", "第一阶段", "第二阶段"), strict=True))


def ask_stages(
    config: Stage2Config,
    before: Stage1Run,
    base: SwiftRunner,
    start: SwiftRunner,
    checkpoint: Path,
    catalog: Catalog,
    *,
    kept: KeptAnswers,
) -> dict[str, Rows]:
    """Ask all three models the general probes, the held-out components and the held-out scenarios.

    Answers from stage 1 with the same limits are reused, as decoding is greedy.

    Args:
        config: Settings of stage 2.
        before: Stage 1.
        base: Runs the base model, and stage 1's adapter on it.
        start: Runs stage 2's checkpoint.
        checkpoint: Checkpoint of stage 2.
        catalog: Catalogue to check the API in the answers against; see `swiftprep.evaluate.validity`.
        kept: Asks, unless the run asked the same before.

    Returns:
        Stage → its rows, including the sets scored by their API.

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
    tuned = base if before.is_adapter else start  # a full model is not an adapter on the base model
    models = {
        "base": (base, None, before.answers("base")),
        "stage1": (tuned, first, before.answers("tuned")),
        "stage2": (start, checkpoint, []),
    }
    answers: dict[str, Rows] = {}
    for stage, (runner, adapter, known) in models.items():
        rows = _known(known, short, config, before)
        if not rows:
            rows = kept.eval(stage, runner, adapter, short, max_new_tokens=config.eval.max_new_tokens).rows
        rows = [
            *rows,
            *kept.eval(f"{stage}-scenarios", runner, adapter, long, max_new_tokens=config.answer_tokens).rows,
        ]
        rows += api_rows([row for row in rows if row["set"] != "general"], catalog)
        answers[stage] = rows
        sets = dict.fromkeys(row["set"] for row in rows)
        means = {name: f"{_mean(rows, name):.3f}" for name in sets}
        say(
            f"eval    {stage}: " + ", ".join(f"{name} {mean}" for name, mean in means.items()),
            f"评估    {_STAGES_ZH[stage]}：" + "，".join(f"{word(name, 'zh')} {mean}" for name, mean in means.items()),
        )
    return answers


def _known(rows: Rows, sets: dict[str, str | Path], config: Stage2Config, before: Stage1Run) -> Rows:
    """Return stage 1's answers to the questions of these sets; none unless all of them were answered."""
    if before.config.eval.max_new_tokens != config.eval.max_new_tokens:
        return []
    wanted = [(name, q.id, q.messages[-1]["content"]) for name, path in sets.items() for q in load_questions(path)]
    by_question = {(row.get("set"), row.get("id"), row.get("prompt")): row for row in rows}
    return [by_question[key] for key in wanted] if all(key in by_question for key in wanted) else []


def _mean(rows: Rows, name: str) -> float:
    scores = [row["score"] for row in rows if row["set"] == name]
    return float(sum(scores) / len(scores))


def compare_stages(answers: dict[str, Rows]) -> list[dict[str, Any]]:
    """Return for each set the mean scores of the three models, and how much of their right answers stage 2 keeps."""
    since_base = compare(answers["base"], answers["stage2"])
    since_stage1 = {c.name: c for c in compare(answers["stage1"], answers["stage2"])}
    return [
        {
            **change.to_dict(),
            "stage1": since_stage1[change.name].base,
            "stage2": change.tuned,
            "kept_of_stage1": since_stage1[change.name].kept,
        }
        for change in since_base
    ]


def examples(answers: dict[str, Rows], most: int = 4) -> list[dict[str, Any]]:
    """Pick from each set the questions with the largest change in score, to show the three answers side by side."""
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
