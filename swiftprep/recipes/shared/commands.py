"""The commands of `swiftprep`: one list, from which the front page, the help and the completion are made.

This module imports nothing of weight, so that the front page appears at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any


@dataclass(frozen=True, slots=True)
class Command:
    """A command, which runs the recipe `swiftprep.recipes.<name>`.

    Attributes:
        name: Its name, and that of the recipe's module.
        settings: The module in `swiftprep.recipes.shared` and the class that hold its settings; None if it has none.
        summary: What it does, by language, in one line.
        examples: What a user may type after its name.
        options: Its options beside those that every command has.
        aliases: Other names of it.
        without: Sections or keys of the settings that it does not take, as it sets them itself.
    """

    name: str
    settings: tuple[str, str] | None
    summary: dict[str, str]
    examples: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def kind(self) -> Any:
        """Import and return the class of its settings; None if it has none."""
        if self.settings is None:
            return None
        module, name = self.settings
        return getattr(import_module(f"swiftprep.recipes.shared.{module}"), name)


COMMANDS = (
    Command(
        "start",
        ("start_settings", "StartConfig"),
        {"en": "ask a few questions and write a settings file", "zh": "回答几个问题，生成配置文件"},
        ("", "../our-app", "../our-app output=our-app.yaml"),
    ),
    Command(
        "demo",
        ("settings", "DemoConfig"),
        {
            "en": "stage 1 on the application that ships, in runs/demo",
            "zh": "用自带的演示应用完整运行第一阶段，结果在 runs/demo",
        },
        ("", "sft.max_steps=5 output_dir=runs/quick"),
        options=("prepare", "resume"),
        without=("scan.path",),
    ),
    Command(
        "scan",
        ("settings", "ScanRecipeConfig"),
        {"en": "code base → samples, catalogue of components, web-types", "zh": "代码库 → 样本、组件目录、web-types"},
        ("../our-app output_dir=data", "../our-app scan.suffixes=.vue,.js scan.kinds=component,page --dry-run"),
    ),
    Command(
        "check",
        ("settings", "CheckConfig"),
        {
            "en": "data files → what is kept, repaired and rejected, and why",
            "zh": "数据文件 → 保留、修复、剔除了什么，以及原因",
        },
        ("train.jsonl held_out=val.jsonl", "data/train.jsonl data/catalog.json output_dir=runs/check"),
    ),
    Command(
        "augment",
        ("data_settings", "AugmentConfig"),
        {"en": "samples → variants of them, made without a teacher", "zh": "样本 → 变体，不需要教师模型"},
        ("data/train.jsonl", "data/train.jsonl per_sample=2 output_dir=runs/augment"),
    ),
    Command(
        "mix",
        ("data_settings", "MixRecipeConfig"),
        {
            "en": "private and general data at a ratio → ms-swift's --dataset",
            "zh": "按比例混合私有与通用数据 → ms-swift 的 --dataset",
        },
        ("data/train.jsonl mix.ratio=30:70", "data/train.jsonl mix.general=general.jsonl"),
    ),
    Command(
        "distill",
        ("distill_settings", "DistillConfig"),
        {"en": "scenarios → verified answers of experts and a teacher", "zh": "场景 → 专家和教师模型的回答，逐条验证"},
        (
            "../our-app teacher.provider=deepseek teacher.model=deepseek-chat --dry-run",
            "data/catalog.json samples=data/train.jsonl teacher.provider=deepseek distill.n=100",
        ),
        aliases=("distil",),
    ),
    Command(
        "stage1",
        ("settings", "Stage1Config"),
        {"en": "code base → data → fine-tuning → evaluation → verdict", "zh": "代码库 → 数据 → 微调 → 评估 → 结论"},
        (
            "../our-app model.path=Qwen/Qwen2.5-Coder-0.5B-Instruct --dry-run",
            "our-app.yaml mix.ratio=30:70",
        ),
        options=("prepare", "resume"),
    ),
    Command(
        "stage2",
        ("distill_settings", "Stage2Config"),
        {"en": "go on from stage 1 with distilled answers", "zh": "在第一阶段之后，用蒸馏得到的回答继续训练"},
        ("runs/stage1 teacher.provider=deepseek teacher.model=deepseek-chat distill.n=300",),
        options=("prepare", "resume"),
    ),
    Command(
        "sft",
        ("data_settings", "SftConfig"),
        {"en": "fine-tune on data that is ready, with ms-swift", "zh": "用 ms-swift 在现成的数据上微调"},
        ("mix.jsonl held_out=val.jsonl model.path=Qwen/Qwen2.5-Coder-0.5B-Instruct",),
        options=("resume",),
    ),
    Command(
        "evaluate",
        ("data_settings", "EvaluateConfig"),
        {
            "en": "a checkpoint and its base model answer the same questions",
            "zh": "检查点与基座模型回答同样的问题，比较得分",
        },
        ("runs/stage1", "val.jsonl checkpoint=runs/sft/checkpoint-100"),
        aliases=("eval",),
    ),
    Command(
        "report",
        ("data_settings", "ReportConfig"),
        {
            "en": "show the report of a finished run, or judge a training log",
            "zh": "显示一次运行的报告，或对训练日志下结论",
        },
        ("runs/stage1", "runs/stage1 lang=en"),
    ),
)


def command_named(word: str) -> Command | None:
    """Return the command with this name or alias; None if there is none."""
    return next((command for command in COMMANDS if word in (command.name, *command.aliases)), None)


def names() -> list[str]:
    """Return the names of all commands, aliases included."""
    return [name for command in COMMANDS for name in (command.name, *command.aliases)]
