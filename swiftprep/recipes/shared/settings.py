"""Settings of the recipes that scan, check, mix and train."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator

from swiftprep.mix.mixer import parse_ratio
from swiftprep.recipes.shared.reading import load as load
from swiftprep.recipes.shared.reading import save_config as save_config
from swiftprep.scan.file_record import SUFFIXES
from swiftprep.scan.tasks import KINDS

Seconds: TypeAlias = Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)]
Megabytes: TypeAlias = Annotated[int, Field(ge=200, le=1_000_000)]
OutputDir: TypeAlias = Annotated[Path, Field(description="folder for the results")]
Seed: TypeAlias = Annotated[int, Field(description="random seed; the same seed gives the same result")]


class Section(BaseModel):
    """A section of settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=(), coerce_numbers_to_str=True)


class ScanConfig(Section):
    """The private code base, and how to scan it."""

    path: Path | list[Path] | None = Field(
        default=None,
        description="folder of the code base, and further ones such as its framework's; demo: the demonstration",
    )
    sample_all: bool = Field(default=False, description="make samples of all folders, not only of the first")
    facts: list[str] = Field(
        default_factory=list,
        description="what else the components' API is in: folders of packages, web-types, catalogues",
    )
    runtime: list[Path] = Field(
        default_factory=list, description="packages that Vue itself lists at run time, by running them in Node"
    )
    overrides: Path | None = Field(default=None, description="your own corrections of the catalogue, in YAML or JSON")
    framework: str | None = Field(
        default=None, description="name of the framework, as in the instructions; null: told from the code base"
    )
    vue_version: str | None = Field(
        default=None, description="Vue version of the code; null: 3 if package.json names it, else 2.7"
    )
    lang: Literal["zh", "en"] = Field(
        default="zh",
        description="language of the samples' instructions; what you read is in that of --lang or the terminal",
    )
    kinds: list[str] = Field(default=["component"], description="kinds of samples, or .yaml templates of your own")
    suffixes: list[str] = Field(default=[".vue"], description="suffixes of the files to make samples from")
    max_tokens: int | None = Field(
        default=None, ge=1, description="cut samples that are longer, in tokens; null: no limit"
    )
    allow_licenses: list[str] | None = Field(
        default=None, description="licences (SPDX ids) a file may state; null: all"
    )
    ignore: list[str] | None = Field(default=None, description="gitignore patterns in place of the default ones")
    val_fraction: float = Field(default=0.2, gt=0, lt=1, description="share of the files to hold out")
    file_seconds: Seconds = Field(
        default=3.0, description="seconds of CPU time for a file, and again for each megabyte"
    )
    file_memory_mb: Megabytes = Field(
        default=2000, description="megabytes of memory of a process that reads files, on Linux"
    )


class ScanRecipeConfig(Section):
    """All settings of the scan recipe."""

    scan: ScanConfig = ScanConfig(kinds=list(KINDS), suffixes=list(SUFFIXES), val_fraction=0.1)
    tokenizer: Path | None = Field(default=None, description="folder of the model whose tokenizer counts")
    output_dir: OutputDir = Path("runs/scan")
    seed: Seed = 42


class CheckConfig(Section):
    """All settings of the check recipe."""

    data: list[Path] = Field(default_factory=list, description=".jsonl, .json or .csv files; demo: a scan of the demo")
    catalog: Path | None = Field(
        default=None,
        description="catalog.json of a scan, to check Vue code against; by default the one beside the data; null: none",
    )
    held_out: list[Path] = Field(
        default_factory=list, description="files of held-out samples; rows that are near them are rejected"
    )
    near_duplicate_threshold: float | None = Field(
        default=0.8, gt=0, le=1, description="similarity of near copies; null: only exact ones"
    )
    max_tokens: int | None = Field(default=None, ge=1, description="swift's --max_length; longer samples are rejected")
    tokenizer: Path | None = Field(default=None, description="folder of the model whose tokenizer counts")
    levels: dict[str, Literal["off", "warn", "drop"]] = Field(
        default_factory=dict, description="levels of single rules, in place of their own"
    )
    fix: bool = Field(default=True, description="false: report repairs but keep rows as they are, secrets included")
    row_seconds: Seconds = Field(default=3.0, description="seconds of CPU time for a row, and again for each megabyte")
    row_memory_mb: Megabytes = Field(
        default=2000, description="megabytes of memory of a process that checks rows, on Linux"
    )
    lang: Literal["zh", "en"] | None = Field(
        default=None, description="language of the report; null: that of the console"
    )
    output_dir: OutputDir = Path("runs/check")


class MixConfig(Section):
    """The general data to mix in, and how much."""

    general: list[str] | None = Field(
        default=None, description="general data: files, or hub ids with #N rows; null: the included rows"
    )
    ratio: str | float = Field(default="40:60", description="private : general, by rows")
    size: dict[str, int] = Field(default_factory=dict, description="rows of hub data sets that carry no #N")
    identity: int | None = Field(
        default=None,
        ge=0,
        description="more rows in which the model says who it is, beside the ratio; null: 14 if it is given a name and "
        "general data of yours, else none",
    )

    @field_validator("ratio")
    @classmethod
    def _is_ratio(cls, ratio: str | float) -> str | float:
        parse_ratio(ratio)  # fail now, not after an hour of scanning
        return ratio


class ModelConfig(Section):
    """The model to train, and the name and author it reports when asked."""

    path: str | None = Field(default=None, description="folder or hub id; null: the embedded SmolLM2-135M-Instruct")
    model_type: str | None = Field(default=None, description="ms-swift's model type; null: from the model's files")
    template: str | None = Field(default=None, description="ms-swift's chat template; null: that of the model type")
    name: str | None = Field(default=None, description="what the model calls itself; null: the framework's assistant")
    author: str | None = Field(default=None, description="whom it names as its author; null: the framework's team")
    device: Literal["auto", "cpu", "cuda"] | None = Field(
        default="auto", description="auto: a GPU if there is one; null: left to ms-swift"
    )
    trust_remote_code: bool = Field(default=False, description="let Python code that comes with the model run")


class EvalConfig(Section):
    """The questions to ask before and after training."""

    probes: str = Field(default="general", description="questions with checkable answers; 'general': the included ones")
    limit: int | None = Field(default=None, ge=1, description="most held-out samples to ask for")
    max_new_tokens: int = Field(default=64, ge=1, description="longest answer, in tokens")


# For a LoRA run on a small private code base. The evaluation at step 0 measures the base model's eval loss in the same
# way as the tuned model's.
DEFAULT_SFT: dict[str, Any] = {
    "num_train_epochs": 2,
    "learning_rate": 1e-4,
    "max_length": 2048,
    "truncation_strategy": "right",
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 4,
    "logging_steps": 1,
    "eval_on_start": True,
    "eval_strategy": "epoch",
    "save_strategy": "epoch",
    "load_best_model_at_end": True,
    "save_total_limit": 2,
    "enable_channel_loss": True,
}

# The embedded model is so small that it needs a larger learning rate to learn within minutes.
EMBEDDED_SFT: dict[str, Any] = {"learning_rate": 2e-4}


class Stage1Config(Section):
    """All settings of stage 1."""

    decided: ClassVar[dict[str, str]] = {  # ms-swift's arguments → the keys that set them
        "dataset": "scan.path and mix.general",
        "val_dataset": "scan.val_fraction",
        "model": "model.path",
        "model_type": "model.model_type",
        "template": "model.template",
        "output_dir": "output_dir",
    }
    sft_defaults: ClassVar[dict[str, Any]] = DEFAULT_SFT

    scan: ScanConfig = ScanConfig()
    mix: MixConfig = MixConfig()
    model: ModelConfig = ModelConfig()
    sft: dict[str, Any] = Field(default_factory=dict, description="ms-swift's own arguments")
    eval: EvalConfig = EvalConfig()
    output_dir: OutputDir = Path("runs/stage1")
    seed: Seed = 42


class DemoConfig(Stage1Config):
    """All settings of stage 1 on the demonstration application, in a folder of its own."""

    scan: ScanConfig = ScanConfig(path=Path("demo"))
    output_dir: OutputDir = Path("runs/demo")


def load_config(file: str | Path | None = None, overrides: Iterable[str] = ()) -> Stage1Config:
    """Read the settings of stage 1; see `load`."""
    return load(Stage1Config, file, overrides)
