"""The intents: what a question about a component can ask for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Intent:
    """What a question asks for.

    Attributes:
        zh: Name in Chinese.
        en: Name in English.
        level: Difficulty of a plain question, 1 to 3; each added requirement makes it harder.
    """

    zh: str
    en: str
    level: int


# The themes of the article's second and third data set.
INTENTS: dict[str, Intent] = {
    "use": Intent("使用", "use", 1),
    "combine": Intent("组合", "combine two or three", 2),
    "form": Intent("表单", "form", 1),
    "paging": Intent("分页列表", "table with paging", 2),
    "validation": Intent("校验", "validation", 2),
    "permission": Intent("权限", "permission", 2),
    "performance": Intent("大数据性能", "performance with large data", 2),
    "errors": Intent("错误处理", "error handling", 2),
    "troubleshooting": Intent("问题排查", "troubleshooting", 1),
    "migration": Intent("迁移", "migration", 2),
    "best-practice": Intent("最佳实践", "best practice", 2),
}
