"""The state file that stage 1 writes for stage 2: its checkpoint and the run of its data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swiftprep.catalog.catalog import Catalog
from swiftprep.errors import ConfigError, DataError
from swiftprep.models.folders import ADAPTER_CONFIG
from swiftprep.recipes.shared.scanning import is_demo
from swiftprep.recipes.shared.settings import Stage1Config, load
from swiftprep.records import iter_lines, parse_row
from swiftprep.storage.disk import write_text
from swiftprep.storage.outputs import check_run
from swiftprep.text.limits import read_within

STATE = "state.json"
FORMAT = 1  # of the state file


@dataclass(frozen=True, slots=True)
class Stage1Run:
    """A finished stage 1.

    Attributes:
        folder: Its output folder.
        config: Its settings; the model may have moved since.
        checkpoint: The best checkpoint.
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
        """Whether the checkpoint is an adapter, not a full model."""
        return (self.checkpoint / ADAPTER_CONFIG).is_file()

    @property
    def is_demo(self) -> bool:
        """Whether it was trained on the demonstration application."""
        return self.config.scan.path is None or is_demo(self.config.scan.path)

    @property
    def framework(self) -> str:
        """Name of the framework that it was trained for."""
        return self.config.scan.framework or Catalog.load(self.data / "catalog.json").framework

    def answers(self, name: str) -> list[dict[str, Any]]:
        """Return the evaluation rows of the `"base"` or the `"tuned"` model; none if the file is missing."""
        path = self.folder / "eval" / f"{name}.jsonl"
        return [parse_row(line) for _, line in iter_lines(path)] if path.is_file() else []


def write_state(folder: Path, best_checkpoint: Path, data: str) -> None:
    """Write the state file into the output folder of stage 1.

    Args:
        folder: The output folder, or the folder where its files are staged.
        best_checkpoint: The checkpoint to continue from.
        data: The run that wrote the data files; see `swiftprep.storage.outputs.run_of`.
    """
    content = {"format": FORMAT, "best_checkpoint": str(best_checkpoint), "data": data}
    write_text(folder / STATE, json.dumps(content, ensure_ascii=False, indent=2) + "\n")


def newest_stage1(runs: Path = Path("runs")) -> Path:
    """Return the output folder of the newest finished stage 1, whatever its name, that of the demonstration included.

    Args:
        runs: The folder in which the recipes put theirs by default.

    Raises:
        ConfigError: there is none.
    """
    states = [state for state in runs.glob(f"*/{STATE}") if b'"best_checkpoint"' in read_within(state)]
    if not states:
        raise ConfigError(
            f"{runs}: no finished stage 1 there; run `swiftprep stage1 scan.path=…` or `swiftprep demo` first, or name "
            "its output folder: stage1=… (请先运行第一阶段，或用 stage1=… 指定其输出文件夹)"
        )
    return max(states, key=lambda state: state.stat().st_mtime_ns).parent


def read_stage1(folder: Path, model: str | None) -> Stage1Run:
    """Read a finished stage 1 from its output folder.

    Args:
        folder: The output folder.
        model: The current place of its base model; None: unchanged.

    Raises:
        ConfigError: there is no finished stage 1, or a part of it is missing.
        DataError: its files are of two runs.
    """
    check_run(folder, (STATE, "config.yaml", "eval/base.jsonl", "eval/tuned.jsonl"))
    runs = check_run(folder / "data", ("train.jsonl", "val.jsonl", "catalog.json"))
    state = folder / STATE
    if not state.is_file():
        raise ConfigError(
            f"{folder}: no finished stage 1 there; run `swiftprep stage1 output_dir={folder}` first (请先运行第一阶段)"
        )
    config = load(Stage1Config, folder / "config.yaml")
    if model is not None:
        config = config.model_copy(update={"model": config.model.model_copy(update={"path": model})})
    try:
        content = json.loads(state.read_text(encoding="utf-8"))
        version, saved, data = content["format"], Path(content["best_checkpoint"]), content["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{state}: not a state file of stage 1: {error!r} (不是第一阶段的状态文件)") from None
    if version != FORMAT:
        raise ConfigError(
            f"{state}: has format {version!r:.80}, and this swiftprep reads {FORMAT}; run stage 1 again "
            "(状态文件的格式版本不同，请重新运行第一阶段)"
        )
    if data and runs and data not in runs:
        raise DataError(
            f"{folder}: {STATE} belongs to a stage 1 on the data of run {data}, and data/ holds that of run "
            f"{sorted(runs)[0]}: a later stage 1 did not come to its end. Run it again "
            "(数据与训练结果来自不同的运行，请重新运行第一阶段)"
        )
    moved = folder / "sft" / saved.parent.name / saved.name  # the output folder may have been moved
    checkpoint = saved if saved.is_dir() else moved
    for needed in (checkpoint, *(folder / "data" / name for name in ("train.jsonl", "val.jsonl", "catalog.json"))):
        if not needed.exists():
            raise ConfigError(f"{needed}: is gone; run stage 1 again (第一阶段的结果不完整，请重新运行)")
    return Stage1Run(folder, config, checkpoint)
