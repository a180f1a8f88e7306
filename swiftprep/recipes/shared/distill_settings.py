"""Settings of the recipes that distil."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from swiftprep.recipes.shared.settings import DEFAULT_SFT, EvalConfig, MixConfig, OutputDir, ScanConfig, Section, Seed


class TeacherConfig(Section):
    """A teacher, and the rate limits for it."""

    provider: str | None = Field(default=None, description="a provider by name, such as deepseek or dashscope")
    base_url: str | None = Field(default=None, description="an OpenAI-compatible endpoint, in place of a provider")
    model: str | None = Field(default=None, description="the provider's model name; null, without endpoint: embedded")
    api_key_env: str | None = Field(default=None, description="the environment variable with the key")
    sampling: dict[str, Any] = Field(
        default_factory=dict, description="the provider's own parameters: temperature, max_tokens …"
    )
    stream: bool | None = Field(default=None, description="stream the answers; null: only if the model needs it")
    concurrency: int = Field(default=16, ge=1, description="calls in flight, at most")
    requests_per_minute: float | None = Field(default=None, gt=0, description="most calls a minute; null: no limit")
    tokens_per_minute: float | None = Field(default=None, gt=0, description="most tokens a minute; null: no limit")
    deadline: float = Field(default=600.0, gt=0, description="seconds a call may take")
    batch_hours: float = Field(
        default=36.0, gt=0, le=8_760, allow_inf_nan=False, description="hours a run waits for a batch"
    )
    price: tuple[float, float] | None = Field(default=None, description="money per million tokens in, and out")
    version: str = Field(default="", description="distinguishes models of the same name")


class BudgetConfig(Section):
    """Total budget, including earlier runs with the same store; null: no limit."""

    money: float | None = Field(default=None, ge=0, description="most money, in the currency of teacher.price")
    tokens: int | None = Field(default=None, ge=0, description="most tokens, in and out")
    calls: int | None = Field(default=None, ge=0, description="most calls")


class AskConfig(Section):
    """What to ask, and how to handle the answers."""

    n: int = Field(default=2, ge=0, description="scenarios to plan from the catalogue; 0: none")
    scenarios: Path | None = Field(default=None, description="a file of scenarios of your own, asked first")
    experts: Path | None = Field(
        default=None, description="experts' answers, a file or folder; null: the included ones, for the demonstration"
    )
    langs: list[Literal["zh", "en"]] | None = Field(
        default=None, min_length=1, description="languages of the questions; null: that of the samples (scan.lang)"
    )
    intents: list[str] | None = Field(default=None, description="plan only scenarios of these intents; null: all")
    reasoning: Literal["inline", "think", "none"] = Field(
        default="inline", description="considerations before the code; think: in <think> tags"
    )
    repair_rounds: int | None = Field(
        default=None, ge=0, description="repairs of an answer with flaws; null: 2, for the embedded teacher 1"
    )
    budget: BudgetConfig = BudgetConfig()
    mode: Literal["live", "batch"] = Field(default="live", description="batch: the provider's cheaper, slower batches")
    store: Path | None = Field(
        default=None, description="file that keeps every paid answer; null: distil.sqlite in the output folder"
    )
    verify_seconds: float = Field(
        default=3.0, gt=0, le=86_400, allow_inf_nan=False, description="seconds of CPU time for verifying an answer"
    )
    compiler: Path | None = Field(default=None, description="project whose Vue compiler runs, from its node_modules")


class DistillConfig(Section):
    """All settings of the distill recipe."""

    scan: ScanConfig = ScanConfig()
    catalog: Path | None = Field(default=None, description="catalog.json of a scan, in place of scan.path")
    samples: list[Path] = Field(default_factory=list, description="samples of that code base, shown as examples of use")
    teacher: TeacherConfig = TeacherConfig()
    judge: TeacherConfig | None = Field(default=None, description="a second model that scores the answers")
    distill: AskConfig = AskConfig()
    output_dir: OutputDir = Path("runs/distill")
    seed: Seed = 42


# Stage 2 trains on few rows: half the learning rate of stage 1, and as many epochs.
DEFAULT_STAGE2_SFT: dict[str, Any] = {"learning_rate": 5e-5}
EMBEDDED_STAGE2_SFT: dict[str, Any] = {"learning_rate": 1e-4, "max_length": 1024, "num_train_epochs": 1}


class Stage2Config(Section):
    """All settings of stage 2."""

    decided: ClassVar[dict[str, str]] = {
        "dataset": "stage1, distill and mix.general",
        "val_dataset": "val_fraction",
        "model": "model",
        "model_type": "stage1",
        "template": "stage1",
        "adapters": "start",
        "output_dir": "output_dir",
    }
    sft_defaults: ClassVar[dict[str, Any]] = {**DEFAULT_SFT, **DEFAULT_STAGE2_SFT}

    stage1: Path | None = Field(
        default=None, description="output folder of a finished stage 1; null: the newest in runs/"
    )
    model: str | None = Field(default=None, description="current place of its base model; null: unchanged")
    trust_remote_code: bool = Field(default=False, description="let Python code that comes with the model run")
    device: Literal["auto", "cpu", "cuda"] | None = Field(
        default=None,
        description="auto: a GPU if there is one; cuda: the command for one, with --prepare; null: as stage 1",
    )
    start: Literal["continue", "merge"] = Field(
        default="continue", description="train stage 1's adapter further, or merge it and train a new one"
    )
    teacher: TeacherConfig = TeacherConfig()
    judge: TeacherConfig | None = Field(default=None, description="a second model that scores the answers")
    distill: AskConfig = AskConfig()
    val_fraction: float = Field(default=0.2, gt=0, lt=1, description="share of the scenarios to hold out")
    rehearsal: float = Field(default=0.5, ge=0, description="rows of stage 1 per distilled row")
    mix: MixConfig = MixConfig(ratio="60:40")
    sft: dict[str, Any] = Field(default_factory=dict, description="ms-swift's own arguments")
    eval: EvalConfig = EvalConfig(limit=4)
    answer_tokens: int = Field(default=384, ge=1, description="longest answer to a held-out scenario, in tokens")
    output_dir: OutputDir = Path("runs/stage2")
    seed: Seed = 42
