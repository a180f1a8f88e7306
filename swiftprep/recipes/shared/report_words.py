"""What a report calls the ids of our own: channels, evaluation sets, metrics, intents, steps of a run."""

from __future__ import annotations

from swiftprep.distill.planning.intents import INTENTS

_ENGLISH = {
    "general": "general questions",
    "held-out": "held-out components",
    "scenarios": "held-out scenarios",
    "held-out-api": "held-out components",
    "scenarios-api": "held-out scenarios",
    "pass": "share of right answers",
    "rouge-l": "ROUGE-L to the reference (0 to 1)",
    "api": "share of answers that use the framework, and only what it has",
    "zh": "Chinese",
    "en": "English",
    "hidden": "hidden characters",
    "delimiter": "our own delimiters",
    "token": "tokens of chat templates",
    "instruction": "instructions to the model",
    "secret": "secrets and personal data",
}
_CHINESE = {
    # channels
    "private": "私有数据",
    "distilled": "蒸馏数据",
    # evaluation sets and metrics
    "general": "通用题",
    "held-out": "留出组件",
    "scenarios": "留出场景",
    "held-out-api": "留出组件",
    "scenarios-api": "留出场景",
    "pass": "答对的比例",
    "rouge-l": "与参考答案的 ROUGE-L（0 到 1）",
    "api": "用到框架且所用 API 全部存在的比例",
    # groups of scenarios
    "all": "全部",
    "intent": "意图",
    "lang": "语言",
    "component": "组件",
    "other": "其他",
    "zh": "中文",
    "en": "英文",
    **{name: intent.zh for name, intent in INTENTS.items()},
    # what is taken out of a prompt
    "hidden": "不可见字符",
    "delimiter": "与提示词相同的分隔标记",
    "token": "对话模板标记",
    "instruction": "针对模型的指令",
    "secret": "密钥和个人信息",
    # verdicts
    "normal": "正常",
    "overfitting": "过拟合",
    "not-learning": "没有学到东西",
    "diverged": "发散",
    "unknown": "无法判断",
    # steps of a run
    "scan": "扫描",
    "distil": "蒸馏",
    "check": "检查",
    "mix": "混合",
    "merge": "合并",
    "sft": "训练",
    "eval": "评估",
}


def word(text: str, lang: str) -> str:
    """Return what a report calls an id of ours; any other text is returned as it is.

    >>> word("held-out", "zh"), word("held-out", "en"), word("mine", "zh")
    ('留出组件', 'held-out components', 'mine')
    """
    return (_CHINESE if lang == "zh" else _ENGLISH).get(text, text)
