"""What stage 1 left, as stage 2 needs it, and which scenarios stage 2 holds out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, DataError
from swiftprep.models.folders import ADAPTER_CONFIG
from swiftprep.recipes.config import Stage1Config, load
from swiftprep.records import Sample, iter_lines, parse_row
from swiftprep.storage.outputs import check_run


@dataclass(frozen=True, slots=True)
class Stage1Run:
    """A finished stage 1.

    Attributes:
        folder: Its output folder.
        config: Its settings; the model may lie somewhere else now.
        checkpoint: The best one.
    """

    folder: Path
    config: Stage1Config
    checkpoint: Path

    @property
    def data(self) -> Path:
        """The folder of its data files."""
        return self.folder / "data"

    @property
    def is_adapter(self) -> bool:
        """Whether the checkpoint is an adapter, and not a whole model."""
        return (self.checkpoint / ADAPTER_CONFIG).is_file()

    @property
    def is_demo(self) -> bool:
        """Whether it was trained on the demonstration application."""
        return self.config.scan.path is None

    def answers(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of its evaluation of the `"base"` or the `"tuned"` model; none when they are not there."""
        path = self.folder / "eval" / f"{name}.jsonl"
        return [parse_row(line) for _, line in iter_lines(path)] if path.is_file() else []


def read_stage1(folder: Path, model: str | None) -> Stage1Run:
    """Return what stage 1 left in its output folder.

    Args:
        folder: It.
        model: Where its base model is now; None: where it was.

    Raises:
        ConfigError: there is no finished stage 1, or a part of it is gone.
        DataError: what is there is of two runs.
    """
    report = folder / "report.json"
    check_run(folder, ("report.json", "config.yaml", "eval/base.jsonl", "eval/tuned.jsonl"))
    runs = check_run(folder / "data", ("train.jsonl", "val.jsonl", "catalog.json"))
    if not report.is_file():
        raise ConfigError(
            f"{folder}: no finished stage 1 there; run `python -m swiftprep.recipes.stage1 output_dir={folder}` first "
            "(请先运行第一阶段)"
        )
    config = load(Stage1Config, folder / "config.yaml")
    if model is not None:
        config = config.model_copy(update={"model": config.model.model_copy(update={"path": model})})
    try:
        told = json.loads(report.read_text(encoding="utf-8"))
        said, data = Path(told["sft"]["best_checkpoint"]), told.get("data")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{report}: not the report of stage 1: {error!r}") from None
    if data and runs and data not in runs:
        raise DataError(
            f"{folder}: report.json is of a stage 1 on the data of run {data}, and data/ holds that of run "
            f"{sorted(runs)[0]}: a later stage 1 did not come to its end. Run it again "
            "(数据与报告来自不同的运行，请重新运行第一阶段)"
        )
    moved = folder / "sft" / said.parent.name / said.name  # the folder may have been moved, as a whole
    checkpoint = said if said.is_dir() else moved
    for needed in (checkpoint, *(folder / "data" / name for name in ("train.jsonl", "val.jsonl", "catalog.json"))):
        if not needed.exists():
            raise ConfigError(f"{needed}: is gone; run stage 1 again (第一阶段的结果不完整，请重新运行)")
    return Stage1Run(folder, config, checkpoint)


def hold_out(samples: Iterable[Sample], fraction: float, seed: int) -> tuple[list[Sample], list[Sample]]:
    """Split samples into those to train on and those held out, all of one scenario on one side.

    Samples belong together that have one question, or come from one scenario (`meta["parent"]`, over any number of
    steps). Which are held out hangs on the seed and on the scenarios' names, not on the order.

    Args:
        samples: At least two questions.
        fraction: Share of the questions to hold out; at least one is, and one is not.
        seed: For the draw.
    """
    given = list(samples)
    parents = {sample.id: str(sample.meta["parent"]) for sample in given if sample.meta.get("parent")}
    of_question: dict[str, str] = {}
    for sample in sorted(given, key=lambda sample: sample.id):
        of_question.setdefault(sample.prompt, _root(sample.id, parents))
    groups: dict[str, list[Sample]] = {}
    for sample in given:
        groups.setdefault(of_question[sample.prompt], []).append(sample)

    def drawn(group: str) -> bytes:
        return hashlib.blake2b(f"{seed}\0{group}".encode("utf-8", "replace"), digest_size=16).digest()

    order = sorted(groups, key=lambda group: (drawn(group), group))
    chosen = set(order[: max(1, min(len(order) - 1, round(fraction * len(order))))])
    sides: tuple[list[Sample], list[Sample]] = ([], [])
    for group, members in groups.items():
        sides[group in chosen].extend(members)
    return sides


def _root(name: str, parents: dict[str, str]) -> str:
    seen = {name}
    while name in parents and parents[name] not in seen:
        name = parents[name]
        seen.add(name)
    return name
