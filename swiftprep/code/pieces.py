"""Extract the code of an answer and recognise examples shown as wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass

from swiftprep.code.markdown import fenced, is_bare_code
from swiftprep.code.snippets import language_of

_SHOWN_WRONG = re.compile(
    r"❌|✗|✘|🚫|错误(?:的)?(?:写法|示例|代码|用法|做法|方式|例子|示范)|不推荐|不建议|不要这样|请勿|反例|反面|问题代码|有问题的"
    r"|出错的|(?:修改|修复|修正|改造|迁移|优化|重构|替换|改写)之?前"
    r"|(?:原来|原先|原有|原始|原本|原|旧)的?(?:代码|写法|实现|用法|模板|页面|版本)"
    r"|\b(?:wrong|incorrect|broken|faulty|problematic|not recommended)\b"
    r"|\bbefore(?: the)?(?: migration| fix| change)?\W*$"
    r"|\b(?:original|old|existing|previous) (?:code|markup|template|version|usage|page)\b"
    r"|\bdo(?:n't| not) (?:do|write|use) (?:this|it|that)\b|\bbad (?:example|practice|code)\b",
    re.I,
)
_SHOWN_RIGHT = re.compile(
    r"✅|✔|(?<!不)正确|(?<!不)推荐|(?:修改|修复|修正|改造|迁移|优化|重构|替换|改写)之?后|改[为成]"
    r"|\b(?:correct|right|fixed|corrected|after)\b",
    re.I,
)
# Comments in a block that shows both wrong and right code.
_WRONG_NOTE = re.compile(
    r"\s*(?:<!--|//|/\*|#)\W*(?:错误?|(?:修改|优化)前|(?:wrong|bad|incorrect|before)\b)|^[^\w<]*❌", re.I
)
_RIGHT_NOTE = re.compile(
    r"\s*(?:<!--|//|/\*|#)\W*(?:正确|推荐|(?:修改|优化)后|(?:right|good|correct|after)\b)|^[^\w<]*✅", re.I
)


@dataclass(frozen=True, slots=True)
class CodePiece:
    """A piece of code in an answer.

    Attributes:
        language: `"vue"`, a grammar's name (`"js"`, `"tsx"`, `"python"`, `"java"`), or the word after the fence.
        code: The code.
        number: The number of its block in the answer, from 1; 0 if the whole answer is bare code.
        is_wrong: Whether the answer shows it as a mistake, or as the code before a change.
    """

    language: str
    code: str
    number: int = 0
    is_wrong: bool = False


def pieces(text: str) -> list[CodePiece]:
    r"""Return the pieces of code in an answer, without empty blocks.

    >>> pieces("错误写法:\n```vue\n<ta-a/>\n```")
    [CodePiece(language='vue', code='<ta-a/>\n', number=1, is_wrong=True)]
    """
    if is_bare_code(text):
        return [CodePiece(language_of("", text), text)]
    code_pieces = []
    done = 0
    for number, block in enumerate(fenced(text), start=1):
        before = text[done : block.start].rstrip()
        done = block.end
        if block.code.strip():
            last_line = before[before.rfind("\n") + 1 :][-200:]
            first = block.code.lstrip()[:120].partition("\n")[0]
            says = last_line + (first if first.startswith(("//", "<!--", "#", "/*")) else "")
            is_wrong = _SHOWN_WRONG.search(says) is not None and not _SHOWN_RIGHT.search(says)
            code_pieces.append(CodePiece(language_of(block.language, block.code), block.code, number, is_wrong))
    return code_pieces


def is_noted_wrong(code: str, line: int) -> bool:
    """Return whether a line lies between a comment that marks wrong code and one that marks right code."""
    lines = code.split("\n")
    is_right = any(map(_RIGHT_NOTE.match, lines[line:]))
    for before in reversed(lines[: max(line - 1, 0)]) if is_right else ():
        if _RIGHT_NOTE.match(before):
            return False
        if _WRONG_NOTE.match(before):
            return True
    return False
