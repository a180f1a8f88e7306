"""Tables on the console: in its language, with columns that stand below each other in Chinese as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from swiftprep.reasons import NAMES, name_of
from swiftprep.recipes.shared.command_line import say

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "kind": "种类",
    "samples": "样本数",
    "train": "训练",
    "val": "留出",
    "tokens": "token 数",
    "median_tokens": "token 中位数",
    "longest": "最长（token）",
    "dropped": "过长而剔除",
    "rule": "规则",
    "severity": "处理",
    "rows": "行数",
    "operation": "操作",
    "outcome": "结果",
    "variants": "变体数",
    "source": "来源",
    "channel": "通道",
    "available": "可用条数",
    "taken": "采用条数",
    "repeats": "重复倍数",
    "share": "占比",
}
_CELLS = {
    "severity": {"fix": "修复", "drop": "剔除", "warn": "警告"},
    "operation": {
        "paraphrase": "改写问题", "context": "更换上下文", "fim": "补全", "props": "改变属性", "repair": "改错",
    },
    "outcome": {"made": "已生成"},
    "channel": {"private": "私有", "general": "通用", "distilled": "蒸馏", "identity": "身份"},
    "kind": {"component": "整个组件", "fim": "补全", "template": "模板", "script": "脚本", "page": "页面"},
}  # fmt: skip
_WITH_IDS = ("operation", "kind")  # settings use the ids


def say_table(table: pd.DataFrame, *, empty: tuple[str, str] | None = None) -> None:
    """Print a table in the language of the console; columns without any value are left out.

    Args:
        table: The table, with the columns of `Scan.kinds`, `QualityReport.counts`, `Augmentation.counts` or
            `Mixer.plan`.
        empty: What to say of a table without rows, in English and Chinese.
    """
    if table.empty and empty is not None:
        say(*empty)
        return
    say(table_text(table, "en"), table_text(table, "zh"))


def table_text(table: pd.DataFrame, lang: str) -> str:
    """Return a table as text in a language; a value that is not known is a question mark, or 未知."""
    import pandas as pd

    shown = table.dropna(axis="columns", how="all")
    shown = shown.astype(object).where(shown.notna(), "未知" if lang == "zh" else "?")
    if lang == "zh":
        shown = pd.DataFrame({name: [_in_chinese(str(name), cell) for cell in shown[name]] for name in shown})
        shown = shown.rename(columns=_COLUMNS)
    with pd.option_context("display.unicode.east_asian_width", True):
        return str(shown.to_string(index=False))


def _in_chinese(column: str, cell: Any) -> Any:
    if cell in _CELLS.get(column, {}):
        word = _CELLS[column][cell]
        return f"{word}（{cell}）" if column in _WITH_IDS else word
    return name_of(cell, "zh") if column in ("rule", "outcome") and cell in NAMES else cell
