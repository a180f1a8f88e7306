"""The verified answers of stage 2: written, split into two sides, checked, and enough of them."""

from __future__ import annotations

from typing import Any

from swiftprep.catalog.catalog import Catalog
from swiftprep.distill.held_out import split_by_group
from swiftprep.distill.result import Result
from swiftprep.errors import ConfigError
from swiftprep.recipes.shared.asking import Distilled
from swiftprep.recipes.shared.checking import check_sides, say_check
from swiftprep.recipes.shared.command_line import say, spoken_lang
from swiftprep.recipes.shared.distill_settings import Stage2Config
from swiftprep.recipes.shared.output_folders import begun
from swiftprep.recipes.shared.stage1_state import Stage1Run
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.storage.outputs import OutputFolder, writing

LEAST_TO_TRAIN_ON = 8  # answers, beside those that are held out; with fewer, a few steps would tell nothing


def write_answers(distilled: Distilled, folder: OutputFolder) -> None:
    """Write the answers that passed, those that did not with the reasons, and what was not asked.

    Args:
        distilled: The answers.
        folder: The output folder of stage 2.
    """
    with folder.writing(begun("stage2")) as staged:
        Result(distilled.records).write(staged)


def say_if_too_few(distilled: Distilled, val_fraction: float) -> None:
    """Say of a dry run that the run would stop, as there would be too few answers even if all passed.

    Args:
        distilled: The scenarios that would be asked, and the experts' answers.
        val_fraction: Share of the scenarios to hold out.
    """
    most = len(distilled.samples) + len(distilled.scenarios)
    to_train_on = most - max(1, round(val_fraction * most))
    if to_train_on < LEAST_TO_TRAIN_ON:
        say(
            f"        the run would stop here: {most} answers at most, {max(0, to_train_on)} of them to train on, and "
            f"at least {LEAST_TO_TRAIN_ON} are needed; give a larger distill.n or distill.experts",
            f"        实际运行会在此停止：最多 {most} 条回答，其中 {max(0, to_train_on)} 条用于训练，而至少需要 "
            f"{LEAST_TO_TRAIN_ON} 条；请增大 distill.n 或提供 distill.experts",
        )


def check_answers(
    config: Stage2Config, before: Stage1Run, distilled: Distilled, catalog: Catalog, report: dict[str, Any]
) -> tuple[list[Sample], list[Sample]]:
    """Hold some scenarios out, check the rest against them, and write both sides, which are returned.

    Args:
        config: Settings of stage 2.
        before: Stage 1.
        distilled: The answers.
        catalog: Its catalogue.
        report: The report, which gets the facts of the check.

    Raises:
        ConfigError: too few answers are left.
    """
    train, val = split_by_group(distilled.samples, config.val_fraction, config.seed)
    before_it = list(read_jsonl(before.data / "val.jsonl"))
    checked = check_sides(train, val, catalog=catalog, held_out=before_it, source="distilled")
    checked.write(config.output_dir / "checked", spoken_lang())
    report["check"] = checked.facts()
    say_check(checked, config.output_dir / "checked")
    if len(checked.train) < LEAST_TO_TRAIN_ON or not checked.val:
        out, left = config.output_dir, f"{len(checked.train)} to train on and {len(checked.val)} held out"
        raise ConfigError(
            f"{len(distilled.samples)} answers passed, of which the check leaves {left}, and at least "
            f"{LEAST_TO_TRAIN_ON} and 1 are needed: give a larger distill.n, distill.experts or a better teacher; what "
            f"was asked before is not asked again. Why answers were rejected is in {out / 'rejects.jsonl'} and "
            f"{out / 'checked'} (可用的回答太少，至少需要 {LEAST_TO_TRAIN_ON} 条用于训练、1 条留出：请增大 distill.n、"
            "提供专家回答，或换更好的教师模型；原因见上述文件)"
        )
    folder = config.output_dir / "data"
    train, val = ([s.replace(channel="distilled") for s in samples] for samples in (checked.train, checked.val))
    sides = ("distilled.jsonl", "val.jsonl")
    with writing(folder, "stage2-data", sides=sides) as staged:
        for samples, name in zip((train, val), sides, strict=True):
            write_jsonl(samples, staged / name)
    return train, val
