"""The texts of `Monitor`, in English and Chinese."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["normal", "overfitting", "not-learning", "diverged", "unknown"]
Reason: TypeAlias = Literal[
    "normal",
    "overfitting",
    "not-learning",
    "diverged",
    "broken",
    "too-few",
    "never-evaluated",
    "early",
    "no-train-loss",
    "begins-late",
    "unevaluated",
]

KINDS: dict[Reason, Kind] = {
    "normal": "normal",
    "overfitting": "overfitting",
    "not-learning": "not-learning",
    "diverged": "diverged",
    "broken": "diverged",
    "too-few": "unknown",
    "never-evaluated": "unknown",
    "early": "unknown",
    "no-train-loss": "unknown",
    "begins-late": "unknown",
    "unevaluated": "unknown",
}

OF_A_SET = {"en": " on {name}", "zh": "（{name}）"}

TEXTS = {
    "en": {
        "eval-moved": "eval loss{of} {first:.3f} at {first_at:g} → {last:.3f} at {last_at:g} ({change:+.0%})",
        "train-moved": "train loss {first:.3f} at {first_at:g} → {last:.3f} at {last_at:g} ({change:+.0%})",
        "train-moved-mean": "train loss, on average, {first:.3f} from {first_at:g} to {first_to:g} → {last:.3f} from "
        "{last_from:g} to {last_at:g} ({change:+.0%})",
        "train-rose": "the train loss rose: with no evaluations to compare it with, the run may have diverged",
        "train-zero": "the train loss is exactly 0 from {at:g} on ({rows} rows): do those rows hold an answer?",
        "unevaluated": "nothing was evaluated{of} after {at:g}, and training went on to {end:g}: that part is open",
        "above-best": "eval loss{of} is {rise:.0%} above its lowest, {best:.3f} at {best_at:g}, while training went on",
        "accuracy-rose": "eval token accuracy{of} rose too: {first:.3f} → {last:.3f}",
        "watch": "the last eval loss{of} is {rise:.1%} above the lowest: watch the next one",
        "gap": "eval loss{of} {loss:.3f} at {at:g} is {gap:.0%} above the train loss up to there, {train:.3f}",
        "broken": "training broke at {at:g} ({seen}) and did not recover: checkpoints saved after that are useless",
        "broke-once": "at {at:g} the log has {seen} ({rows} such row(s) in all); training recovered",
        "eval-broken": "the eval loss{of} is {loss} at {at:g}",
        "never-evaluated": "the eval loss{of} is not a number in any of {evals} evaluation(s), the first included, "
        "while the train loss is: most likely, nothing is left of a held-out answer within max_length",
        "eval-broke-once": "the eval loss{of} at {at:g} is not a number ({rows} such row(s) in all)",
        "too-few": "evaluations{of} in the log: {evals}; two are needed",
        "early-epoch": "too early to tell: the last evaluation came after {seen:.0%} of an epoch; from {least:.0%} on "
        "most rows have been seen",
        "early-plan": "too early to tell: the last evaluation came at {at:g} of {steps:g} planned steps; "
        "{least:.0%} of them are needed",
        "no-train-loss": "no train loss is logged to compare it with: the run may be overfitting or have diverged",
        "begins-late": "the log begins at {at:g}: what was learned before is not in it",
        "done-again": "{rows} row(s) of the log at {where} do not count: the run was resumed and repeated them",
        "passed-over": "{lines} line(s) of the log cannot be read and are skipped, the first is line {first}",
        "left-out": "{columns} column(s) that few rows have are left out",
        "continues": "earlier rows are read from {folder}, which this run continues, judging by the step numbers",
    },
    "zh": {
        "eval-moved": "验证损失{of}：第 {first_at:g} {unit}为 {first:.3f}，第 {last_at:g} {unit}为 {last:.3f}，{moved}",
        "train-moved": "训练损失：第 {first_at:g} {unit}为 {first:.3f}，第 {last_at:g} {unit}为 {last:.3f}，{moved}",
        "train-moved-mean": "训练损失的均值：第 {first_at:g}–{first_to:g} {unit}为 {first:.3f}，"
        "第 {last_from:g}–{last_at:g} {unit}为 {last:.3f}，{moved}",
        "train-rose": "训练损失上升，又没有可对照的评估：训练可能已经发散",
        "train-zero": "从第 {at:g} {unit}起，训练损失恰好为 0（{rows} 行日志）：请检查这些样本是否有回答",
        "unevaluated": "第 {at:g} {unit}之后没有再评估{of}，而训练一直进行到第 {end:g} {unit}：这一段的情况不明",
        "above-best": "训练还在继续，验证损失{of}已比最低点（第 {best_at:g} {unit}的 {best:.3f}）高 {rise:.0%}",
        "accuracy-rose": "验证集的 token 准确率{of}也在上升：从 {first:.3f} 升到 {last:.3f}",
        "watch": "最后一次的验证损失{of}比最低点高 {rise:.1%}：请留意下一次评估",
        "gap": "第 {at:g} {unit}的验证损失{of}为 {loss:.3f}，比到此为止的训练损失 {train:.3f} 高 {gap:.0%}",
        "broken": "训练从第 {at:g} {unit}起失效（{seen}），此后没有恢复：之后保存的检查点都不可用",
        "broke-once": "第 {at:g} {unit}的日志为 {seen}（这样的日志共 {rows} 行），之后训练恢复正常",
        "eval-broken": "第 {at:g} {unit}的验证损失{of}为 {loss}",
        "never-evaluated": "从第一次评估起，{evals} 次验证损失{of}都不是数值，而训练损失正常：很可能是某些留出样本"
        "的回答超出 max_length，被全部截掉",
        "eval-broke-once": "第 {at:g} {unit}的验证损失{of}不是数值（共 {rows} 次）",
        "too-few": "日志中只有 {evals} 次评估{of}，至少需要两次",
        "early-epoch": "现在下结论为时过早：最后一次评估时，第一个 epoch 只完成了 {seen:.0%}；"
        "至少完成 {least:.0%}，大部分样本才训练过一遍",
        "early-plan": "现在下结论为时过早：最后一次评估在第 {at:g} 步，而计划共 {steps:g} 步；至少要完成 {least:.0%}",
        "no-train-loss": "日志中没有训练损失可以对照：可能是过拟合，也可能是训练发散",
        "begins-late": "日志从第 {at:g} {unit}才开始，此前学到的内容不在其中",
        "done-again": "第 {where} {unit}的 {rows} 行日志不计入：训练中断后从更早的位置继续，这一段重新做过",
        "passed-over": "日志中有 {lines} 行无法读取，已跳过，最前面的是第 {first} 行",
        "left-out": "有 {columns} 列只在少数行中出现，没有列入",
        "continues": "更早的部分取自 {folder}：从步数看，本次训练是接着它进行的",
    },
}
# What the positions of a log count, by the column they are taken from.
UNITS = {"step": "步", "epoch": "轮", "": "行"}

FIXES: dict[str, dict[str, tuple[str, ...]]] = {
    "en": {
        "overfitting": (
            "Stop early: keep the checkpoint with the lowest eval loss; set "
            "early_stop_interval=2, eval_steps equal to save_steps, load_best_model_at_end=true",
            "Lower the learning rate, for example learning_rate=5e-5",
            "Regularise more: lora_dropout=0.1",
            "Train for fewer epochs: 1-2 are usually enough for a small data set",
        ),
        "not-learning": (
            "Raise the learning rate, or train longer",
            "Check that the samples reach the model: rows dropped or cut by max_length teach nothing",
        ),
        "diverged": (
            "Lower the learning rate, for example learning_rate=5e-5, and warm up (warmup_ratio=0.05)",
            "Look for a broken sample near the step where the loss blew up",
        ),
        "broken": (
            "Go back to an earlier checkpoint, or start again",
            "Train in torch_dtype=bfloat16 or float32: float16 overflows, and so do some attention kernels "
            "(try attn_impl=sdpa)",
            "Look for rows with nothing to learn from, such as answers cut off whole by max_length",
            "Lower the learning rate, for example learning_rate=5e-5, and warm up (warmup_ratio=0.05)",
        ),
        "too-few": ("Give a val_dataset and evaluate at least twice, for example eval_steps=save_steps=50",),
        "never-evaluated": (
            "Raise max_length above the longest held-out prompt and its answer",
            "Or hold out shorter samples: `swiftprep scan … scan.max_tokens=…` cuts long components into parts",
            "If the answers do fit, evaluate in torch_dtype=bfloat16 or float32",
        ),
        "early": ("Let it go on, and read the log again after half an epoch",),
        "no-train-loss": (
            "Log the train loss more often than you evaluate, for example logging_steps=5",
            "Until then keep the checkpoint with the lowest eval loss",
        ),
        "begins-late": ("Read the folder above the runs, or the trainer_state.json of the newest checkpoint",),
        "unevaluated": (
            "Evaluate to the end of the training, for example eval_strategy=steps with eval_steps=save_steps=50; "
            "until then keep the last checkpoint that was evaluated",
        ),
        "normal": (),
        "choose": (
            "The sets disagree: choose the one that decides, for example metric_for_best_model=eval_{set}_loss, or mix "
            "in more rows like those of {set}",
        ),
        "look-there": ("Look at the rows trained on near {at:g}, where the loss broke briefly",),
    },
    "zh": {
        "overfitting": (
            "提前停止训练，保留验证损失最低的检查点；设置 early_stop_interval=2、"
            "eval_steps 与 save_steps 相等、load_best_model_at_end=true",
            "降低学习率，例如 learning_rate=5e-5",
            "加强正则化：lora_dropout=0.1",
            "减少训练轮次：小数据集通常 1-2 个 epoch 就够",
        ),
        "not-learning": ("提高学习率，或延长训练", "检查样本是否真正参与训练：被 max_length 丢弃或截断的行学不到东西"),
        "diverged": (
            "降低学习率（例如 learning_rate=5e-5）并预热（warmup_ratio=0.05）",
            "检查损失突变处附近是否有损坏的样本",
        ),
        "broken": (
            "回到失效之前的检查点，或重新训练",
            "改用 torch_dtype=bfloat16 或 float32：float16 容易溢出，某些注意力实现也会（可试 attn_impl=sdpa）",
            "检查是否有学不到东西的行，例如回答被 max_length 整个截掉",
            "降低学习率（例如 learning_rate=5e-5）并预热（warmup_ratio=0.05）",
        ),
        "too-few": ("提供 val_dataset，并至少评估两次，例如 eval_steps=save_steps=50",),
        "never-evaluated": (
            "提高 max_length，使其容得下最长的留出样本（提示与回答）",
            "或留出较短的样本：`swiftprep scan … scan.max_tokens=…` 会把长组件切成几部分",
            "如果回答并未超长，请改用 torch_dtype=bfloat16 或 float32 评估",
        ),
        "early": ("继续训练，半个 epoch 之后再读一次日志",),
        "no-train-loss": (
            "让训练损失的记录比评估更频繁，例如 logging_steps=5",
            "在此之前，保留验证损失最低的检查点",
        ),
        "begins-late": ("改为读取各次训练的上级文件夹，或最新检查点的 trainer_state.json",),
        "unevaluated": (
            "让评估一直做到训练结束，例如 eval_strategy=steps、eval_steps=save_steps=50；"
            "在此之前，请保留最后一个评估过的检查点",
        ),
        "normal": (),
        "choose": (
            "各验证集的走势不一致：请指定以哪一个为准，例如 metric_for_best_model=eval_{set}_loss，"
            "或多混入与 {set} 同类的数据",
        ),
        "look-there": ("检查第 {at:g} {unit}附近训练过的样本：损失曾在那里短暂失效",),
    },
}
