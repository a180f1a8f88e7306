"""The code of an answer, and what is wrong with it: syntax, and what the catalogue says cannot be right."""

from __future__ import annotations

import html
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.check import Problem
from swiftprep.catalog.grammar import error_lines, parse
from swiftprep.catalog.markup import read_attribute
from swiftprep.catalog.script import parse_script
from swiftprep.catalog.sfc import blocks, read_attributes
from swiftprep.quality.markdown import fenced, is_bare_code

_SCRIPTS = {"js": "js", "javascript": "js", "mjs": "js", "jsx": "jsx", "ts": "ts", "typescript": "ts", "tsx": "tsx"}
_MARKUP = re.compile(r"\s*(?:<!--.*?-->\s*)*<[A-Za-z!]", re.S)
_HAS_TAG = re.compile(r"^\s*</?[A-Za-z][\w.-]*[\s/>]", re.M)
_JSX = re.compile(r"<[A-Za-z][\w.-]*[^<>]*/?>")
_ATTRIBUTES = rb"""((?:[^<>"']|"[^"]*"|'[^']*')*)"""
_TAG = re.compile(rb"<!--.*?(?:-->|\Z)|<[A-Za-z][\w.:-]*" + _ATTRIBUTES + rb">", re.S)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.S)
_MUSTACHE = re.compile(r"\{\{(.*?)\}\}", re.S)
_FOR = re.compile(r"\s*(.*?)\s+(?:in|of)\s+(.*)", re.S)
_SHELL = re.compile(r"^[ \t]*[%!].*$", re.M)
# What a script may be a piece of: a module, a component's options, a class's methods.
_SCRIPT_FRAMES = (("", ""), ("({", "\n})"), ("class A {", "\n}"))
_JAVA_FRAMES = (("", ""), ("class A {", "\n}"), ("class A { void a() {", "\n} }"))
_MOST_CHUNKS = 60

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
# A comment in a block that shows both.
_WRONG_NOTE = re.compile(
    r"\s*(?:<!--|//|/\*|#)\W*(?:错误?|(?:修改|优化)前|(?:wrong|bad|incorrect|before)\b)|^[^\w<]*❌", re.I
)
_RIGHT_NOTE = re.compile(
    r"\s*(?:<!--|//|/\*|#)\W*(?:正确|推荐|(?:修改|优化)后|(?:right|good|correct|after)\b)|^[^\w<]*✅", re.I
)
_NAMED_HERE = re.compile(
    r"""\bname\s*:\s*['"]([\w-]+)['"]|\bimport\s+(\w+)\s+from\s+['"](?:[.~]|@/)|\bcomponent\(\s*['"]([\w-]+)['"]"""
    r"|\b([A-Z]\w+)\.vue\b"
)
_FROM_PACKAGE = re.compile(r"""\bimport\s+(?:(\w+)|\{([^{}]*)\})\s+from\s+['"](?![.~]|@/)([^'"]+)['"]""")


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of code in an answer.

    Attributes:
        language: `"vue"`, a grammar's name (`"js"`, `"tsx"`, `"python"`, `"java"`), or what the fence says.
        code: The code.
        number: Which of the answer's blocks it is, from 1; 0 when the answer is nothing but this code.
        is_wrong: Whether the answer shows it as what not to do, or as what was there before.
    """

    language: str
    code: str
    number: int = 0
    is_wrong: bool = False


def pieces(text: str) -> list[Piece]:
    r"""Return the code of an answer, without empty blocks.

    >>> pieces("错误写法:\n```vue\n<ta-a/>\n```")
    [Piece(language='vue', code='<ta-a/>\n', number=1, is_wrong=True)]
    """
    if is_bare_code(text):
        return [Piece(_language("", text), text)]
    found = []
    done = 0
    for number, block in enumerate(fenced(text), start=1):
        before = text[done : block.start].rstrip()
        done = block.end
        if block.code.strip():
            said = before[before.rfind("\n") + 1 :][-200:]
            first = block.code.lstrip()[:120].partition("\n")[0]
            says = said + (first if first.startswith(("//", "<!--", "#", "/*")) else "")
            is_wrong = _SHOWN_WRONG.search(says) is not None and not _SHOWN_RIGHT.search(says)
            found.append(Piece(_language(block.language, block.code), block.code, number, is_wrong))
    return found


def _language(name: str, code: str) -> str:
    if name in ("vue", "html", "template", "vue-html", ""):
        if _MARKUP.match(code) or (name and _HAS_TAG.search(code)):
            return "vue"
        return "js" if name == "vue" else name
    if name in _SCRIPTS:
        return "vue" if re.match(r"\s*<(?:template|script)\b", code) else _SCRIPTS[name]
    return {"py": "python", "python3": "python"}.get(name, name)


def problems(text: str, found: list[Piece], catalog: Catalog | None) -> Iterator[tuple[Piece, Problem]]:
    """Yield what is wrong with the code of an answer, but for what it shows as wrong.

    Args:
        text: The whole answer: a component that one block defines is known in the others.
        found: Its pieces.
        catalog: Without it only syntax is looked at.
    """
    here = {kebab(name) for match in _NAMED_HERE.finditer(text) for name in match.groups() if name}
    for piece in found:
        if piece.is_wrong:
            continue
        for problem in dict.fromkeys(_problems(piece, catalog)):
            is_here = problem.kind == "unknown-tag" and kebab(problem.tag) in here
            if not is_here and not _noted_wrong(piece.code, problem.line):
                yield piece, problem


def _noted_wrong(code: str, line: int) -> bool:
    """Return whether a line stands between a comment that says "wrong" and one that says "right"."""
    lines = code.split("\n")
    is_right = any(map(_RIGHT_NOTE.match, lines[line:]))
    for before in reversed(lines[: max(line - 1, 0)]) if is_right else ():
        if _RIGHT_NOTE.match(before):
            return False
        if _WRONG_NOTE.match(before):
            return True
    return False


def _problems(piece: Piece, catalog: Catalog | None) -> Iterator[Problem]:
    if piece.language == "vue":
        yield from _checked(catalog, piece.code)
        yield from _expressions(piece.code)
    elif piece.language in ("js", "jsx", "ts", "tsx"):
        frame, line = script_frame(piece.code, piece.language)
        if line:
            yield Problem("syntax", line, name="syntax error")
        if catalog is not None and _JSX.search(piece.code):
            wrapped = f"<script lang='tsx'>{frame[0]}{piece.code}{frame[1]}\n</script>"
            yield from (problem for problem in _checked(catalog, wrapped) if problem.kind != "syntax")
    elif piece.language == "python" and ">>>" not in piece.code:
        yield from _syntax(error_lines(_tree(textwrap.dedent(_SHELL.sub("", piece.code)), "python"), nested=True))
    elif piece.language == "java":
        yield from _syntax(min((_errors(piece.code, "java", frame) for frame in _JAVA_FRAMES), key=len))


def _checked(catalog: Catalog | None, code: str) -> Iterator[Problem]:
    if catalog is None or all(component.kind != "component" for component in catalog):
        yield from (problem for problem in Catalog().check(code) if problem.kind == "syntax")
        return
    yield from catalog.check(code, strict=True)
    if "import" in code:
        yield from _invented(catalog, code)


def _invented(catalog: Catalog, code: str) -> Iterator[Problem]:
    """Yield components that are imported from a package under the framework's prefix, and are not in the framework."""
    prefixes = _prefixes(tuple(catalog.components))
    for match in _FROM_PACKAGE.finditer(code):
        for name in (match[1] or match[2]).split(","):
            tag = kebab(name.rpartition(" as ")[2].strip())
            if tag.startswith(prefixes) and catalog.find(tag) is None and re.search(rf"<{tag}[\s/>]", code):
                yield Problem("unknown-tag", code.count("\n", 0, match.start()) + 1, tag)


@lru_cache(maxsize=8)
def _prefixes(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Return what the framework's tags begin with, such as `("ta-",)`: what a third of all tags share."""
    counts = Counter(tag.partition("-")[0] + "-" for tag in tags if "-" in tag)
    return tuple(sorted(prefix for prefix, count in counts.items() if count >= 3 and count * 3 >= len(tags)))


def _syntax(lines: list[int]) -> list[Problem]:
    return [Problem("syntax", line, name="syntax error") for line in lines[:1]]


def _tree(code: str, grammar: str) -> Node:
    return parse(code.encode("utf-8", "replace"), grammar).root_node


def _errors(code: str, grammar: str, frame: tuple[str, str]) -> list[int]:
    return error_lines(_tree(frame[0] + code + frame[1], grammar), nested=True)


def script_frame(code: str, language: str) -> tuple[tuple[str, str], int]:
    """Return what a script is a piece of, as `(before, after)`, and the line of its first syntax error or 0."""
    frame, line = _frame(code, language)
    if not line:
        return frame, 0
    # An import and some options, say, with a blank line between: each may be whole by itself.
    chunks = re.split(r"\n[ \t]*\n", code)
    if not 1 < len(chunks) <= _MOST_CHUNKS:
        return frame, line
    pending = ""
    for chunk in chunks:
        pending += f"{chunk}\n\n"
        if not _frame(pending, language)[1]:
            pending = ""
    return frame, line if pending else 0


def _frame(code: str, language: str) -> tuple[tuple[str, str], int]:
    best = (_SCRIPT_FRAMES[0], 0)
    for grammar in dict.fromkeys((language, "tsx" if language in ("js", "jsx") else language)):
        for before, after in _SCRIPT_FRAMES:
            lines = parse_script((before + code + after).encode("utf-8", "replace"), grammar)[1]
            if not lines:
                return (before, after), 0
            if lines[0] > best[1]:
                best = ((before, after), lines[0])
    return best


def _expressions(code: str) -> Iterator[Problem]:
    """Yield the expressions in a template that do not parse."""
    source = code.encode("utf-8", "replace")
    parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
    ranges = [(b.start, b.end) for b in parts if b.kind == "template" and b.lang in ("", "html")]
    for start, end in ranges if parts else [(0, len(source))]:
        found = list(_found(source, start, end))
        if error_lines(_tree("\n".join(text for _, text, _ in found), "js")):
            for line, text, shown in found:
                if all(error_lines(_tree(text, grammar)) for grammar in ("js", "ts")):
                    yield Problem("syntax", line, name=f"syntax error in '{shown[:60]}'")


def _found(source: bytes, start: int, end: int) -> Iterator[tuple[int, str, str]]:
    """Yield `(line, statement, as written)` of every expression in a template."""
    for tag in _TAG.finditer(source, start, end):
        for name, value in read_attributes(tag[1]) if tag[1] else ():
            if value and value.strip():
                statement = _statement(name, html.unescape(value))
                if statement:
                    yield source.count(b"\n", 0, tag.start()) + 1, statement, f'{name}="{value}"'
    text = _COMMENT.sub(lambda match: b"\n" * match[0].count(b"\n"), source[start:end]).decode("utf-8", "replace")
    first = source.count(b"\n", 0, start) + 1
    for match in _MUSTACHE.finditer(text):
        if match[1].strip():
            yield first + text.count("\n", 0, match.start()), f"({html.unescape(match[1])});", match[0]


def _statement(name: str, value: str) -> str:
    if name == "v-for":
        found = _FOR.fullmatch(value)
        return f"(({found[1].strip('() ')}) => ({found[2]}));" if found else f"({value});"
    if name in ("slot-scope", "scope"):
        return f"(({value}) => 0);"
    attribute = read_attribute(name, value)
    if attribute.role == "slot":
        return f"(({value}) => 0);" if attribute.bound and attribute.value else ""
    if attribute.role == "on":
        is_function = re.match(r"\s*(?:async\b|function\b|\(?[\w\s,{}]*\)?\s*=>)", value)
        return f"({value});" if is_function else f"(async () => {{ {value}\n}});"
    return f"({value});" if attribute.bound or name[:1] == ":" else ""
