"""Find unfinished code: a TODO, a body with only a comment, a comment that leaves the work to the reader."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TODO = re.compile(r"(?://|#|<!--|/\*|\*)[^\n]{0,40}\b(?:TODO|FIXME|TBD)\b")
_COMMENTS = re.compile(r"\s*(?P<said>(?:(?://[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))\s*)+)", re.S)
# A method, a function of an object, or one of a component's options.
_EMPTY = tuple(
    re.compile(begins, re.M)
    for begins in (
        r"^[ \t]*(?:async[ \t]+)?(?!(?:catch|if|for|while|switch|function|with)\b)[\w$]+[ \t]*\([^()\n]*\)[ \t]*\{",
        r"\b(?:methods|computed|watch|rules|props)\s*:\s*\{",
        r"(?<![\w$])[\w$]+\s*:\s*(?:async\s*)?(?:function\s*)?\([^()\n]*\)\s*(?:=>\s*)?\{",
    )
)
# Comments saying that the body is empty on purpose.
_ON_PURPOSE = re.compile(
    r"无需|无须|不需要|不用|不必|不做|不处理|忽略|空(?:函数|实现|方法)|什么(?:都|也)不|阻止|仅(?:用于|为)"
    r"|\b(?:no-?op|nothing|intentional(?:ly)?|ignored?|noop|empty|not needed)\b",
    re.I,
)
_SENT_AWAY = re.compile(
    r"(?://|/\*|<!--)[^\n]{0,30}?(?:"
    r"自行(?:实现|补充|编写|完善)|根据(?:实际|具体)[^\s，。]{0,4}(?:补充|实现|编写|完善)|不再赘述"
    r"|与(?:上面|前面|上文|上述)[^\n]{0,8}?(?:一致|相同|一样)"
    r"|\b(?:add|implement|put|write) your own\b)"
    r"|<!--\s*(?:更多|其他|其它|其余)[^\n>]{0,14}(?:\.{3}|…)[.…]*\s*-->",
    re.I,
)


def left_undone(answer: str, code: str, asked: str) -> str:
    r"""Return the first unfinished part of an answer as it is written there, or `""`.

    Args:
        answer: The whole answer.
        code: Its code.
        asked: The task; unfinished code in it may be repeated.

    >>> left_undone("", "save() {\n  // 提交表单的代码\n}", "写表单")
    'save() { // 提交表单的代码 }'
    """
    todo = _TODO.search(answer)
    if todo and not _TODO.search(asked):
        return todo[0]
    for match in _SENT_AWAY.finditer(code):
        if match[0] not in asked:
            return " ".join(match[0].split())
    for pattern in _EMPTY:
        for text, comment in _with_comments_alone(code, pattern):
            if text not in asked and not _ON_PURPOSE.search(comment):
                return " ".join(text.split())
    return ""


def _with_comments_alone(code: str, begins: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield each block that holds nothing but comments, with its head, and the comments."""
    at = 0
    while head := begins.search(code, at):
        at = head.end()
        if comments := _COMMENTS.match(code, at):
            at = comments.end()
            if code[at : at + 1] == "}":
                yield code[head.start() : at + 1], comments["said"]
