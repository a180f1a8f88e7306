"""Settings of the recipes for single steps: augment, mix, sft, evaluate and report."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from swiftprep.augment.augmenter import OPERATIONS
from swiftprep.recipes.shared.settings import DEFAULT_SFT, EvalConfig, MixConfig, ModelConfig, OutputDir, Section, Seed


class AugmentConfig(Section):
    """All settings of the augment recipe."""

    data: list[Path] = Field(default_factory=list, description=".jsonl files of samples")
    catalog: Path | None = Field(
        default=None, description="catalog.json of a scan; by default the one beside the data; null: none"
    )
    operations: list[str] = Field(default=list(OPERATIONS), description="the kinds of variants to make")
    per_sample: int = Field(default=1, ge=1, description="most variants of a sample for each operation")
    vary_variants: bool = Field(default=False, description="make variants of variants, too")
    framework: str | None = Field(default=None, description="name of the framework; null: that of the catalogue")
    output_dir: OutputDir = Path("runs/augment")
    seed: Seed = 42


class MixRecipeConfig(Section):
    """All settings of the mix recipe."""

    private: list[str] = Field(default_factory=list, description="private data: files, or hub ids with #N")
    mix: MixConfig = MixConfig()
    model: ModelConfig = ModelConfig()
    output_dir: OutputDir = Path("runs/mix")
    seed: Seed = 42


class SftConfig(Section):
    """All settings of the sft recipe."""

    decided: ClassVar[dict[str, str]] = {
        "dataset": "data",
        "val_dataset": "held_out",
        "model": "model.path",
        "model_type": "model.model_type",
        "template": "model.template",
        "output_dir": "output_dir",
    }
    sft_defaults: ClassVar[dict[str, Any]] = DEFAULT_SFT

    data: list[str] = Field(default_factory=list, description="swift's --dataset: files or hub ids, with #N or without")
    held_out: list[str] = Field(default_factory=list, description="files to evaluate on; without: no verdict")
    model: ModelConfig = ModelConfig()
    sft: dict[str, Any] = Field(default_factory=dict, description="ms-swift's own arguments")
    lang: Literal["zh", "en"] | None = Field(
        default=None, description="language of the verdict; null: that of the console"
    )
    output_dir: OutputDir = Path("runs/sft")
    seed: Seed = 42


class EvaluateConfig(Section):
    """All settings of the evaluate recipe."""

    run: Path | None = Field(default=None, description="output folder of a finished stage 1, stage 2 or sft")
    checkpoint: Path | None = Field(default=None, description="a checkpoint; null: the best one of the run")
    data: list[Path] = Field(default_factory=list, description="files of held-out samples; none: those of the run")
    model: ModelConfig = Field(default=ModelConfig(), description="the base model; without path: that of the run")
    eval: EvalConfig = EvalConfig()
    output_dir: OutputDir = Path("runs/evaluate")


class ReportConfig(Section):
    """All settings of the report recipe."""

    run: Path | None = Field(default=None, description="output folder of a recipe, or any folder with a training log")
    lang: Literal["zh", "en"] | None = Field(default=None, description="language; null: that of the console")
    output_dir: Path | None = Field(default=None, description="folder for report.md; null: print it only")
