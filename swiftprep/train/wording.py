"""What `Monitor` says, in English and Chinese."""

from __future__ import annotations

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["normal", "overfitting", "not-learning", "diverged", "unknown"]

TEXTS = {
    "en": {
        "eval-moved": "eval loss {eval_first:.3f} at {eval_first_at:g} → {eval_last:.3f} at {eval_last_at:g} "
        "({eval_change:+.0%})",
        "train-moved": "train loss {train_first:.3f} at {train_first_at:g} → {train_last:.3f} at {train_last_at:g} "
        "({train_change:+.0%})",
        "above-best": "eval loss is {rise:.0%} above its lowest, {best:.3f} at {best_at:g}, while training went on",
        "accuracy-rose": "eval token accuracy rose too: {accuracy_first:.3f} → {accuracy_last:.3f}",
        "watch": "the last eval loss is {rise:.1%} above the lowest: watch the next one",
        "gap": "eval loss is {gap:.0%} above train loss",
        "broken": "the loss is {loss} at {at:g}",
        "too-few": "{evals} evaluation(s) in the log; two are needed",
    },
    "zh": {
        "eval-moved": "验证损失：{eval_first_at:g} 处 {eval_first:.3f} → {eval_last_at:g} 处 {eval_last:.3f}"
        "（{eval_change:+.0%}）",
        "train-moved": "训练损失：{train_first_at:g} 处 {train_first:.3f} → {train_last_at:g} 处 {train_last:.3f}"
        "（{train_change:+.0%}）",
        "above-best": "训练仍在继续，验证损失却比最低点（{best_at:g} 处 {best:.3f}）高 {rise:.0%}",
        "accuracy-rose": "验证集 token 准确率同样上升：{accuracy_first:.3f} → {accuracy_last:.3f}",
        "watch": "最后一次验证损失比最低点高 {rise:.1%}：留意下一次评估",
        "gap": "验证损失比训练损失高 {gap:.0%}",
        "broken": "{at:g} 处的损失为 {loss}",
        "too-few": "日志中有 {evals} 次评估，至少需要两次",
    },
}

FIXES = {
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
        "unknown": ("Give a val_dataset and evaluate at least twice, for example eval_steps=save_steps=50",),
        "normal": (),
    },
    "zh": {
        "overfitting": (
            "早停：保留验证损失最低的检查点；设置 early_stop_interval=2、"
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
        "unknown": ("提供 val_dataset，并至少评估两次，例如 eval_steps=save_steps=50",),
        "normal": (),
    },
}
