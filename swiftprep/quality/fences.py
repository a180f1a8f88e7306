"""Rules about code in an answer: fenced, and fenced the way Markdown has it."""

from __future__ import annotations

import re

from swiftprep.quality.edit import with_answer
from swiftprep.quality.markdown import fenced, is_bare_code
from swiftprep.quality.verdict import Verdict, fix
from swiftprep.records import Sample

_LANGUAGES = "vue|html|javascript|js|jsx|typescript|ts|tsx|json|css|scss|less|python|py|java|sql|bash|shell|sh|xml|yaml"
_GLUED_CODE = re.compile(rf"^```({_LANGUAGES})[ \t]+(?=[<{{(\w@/#'\"])(?![\w-]+=)", re.M | re.I)
_CODE_ON_IT = re.compile(rf"^```({_LANGUAGES})(?=<)", re.M | re.I)
_WIDE = re.compile(r"^｀{3}(?=[\w\s]|$)", re.M)
_TWO = re.compile(rf"^``({_LANGUAGES})\n(.*?)^``[ \t]*$", re.M | re.S)
_GLUED_TEXT = re.compile("^```(?=[\u3000-\u9fff\uff00-\uffef])", re.M)
_QUOTES = re.compile(rf"^'''({_LANGUAGES})\n(.*?)^'''[ \t]*$", re.M | re.S)
_BLOCK = re.compile(r"^<(template|script|style)\b", re.M)
_STARTS = re.compile(
    r"\s*(?:(?:import|export)\s+[\w{*]|from\s+[\w.]+\s+import|(?:const|let|var)\s+[\w{\[]|(?:async\s+)?function\b|class\s+\w+|def\s+\w+|@\w+|"
    r"return\b.*[;)]|this\.\w|SELECT\s|INSERT\s|UPDATE\s|CREATE\s|</?(?:template|script|style|div|[a-z]+-[\w-]+)[\s/>]|#include|public\s|private\s|if\s*\(|for\s*\(|while\s*\()"
)
_GOES_ON = re.compile(
    r"[{}()\[\];,>:]\s*$|^\s+\S|^[}\])]|^\s*(?://|/\*|\*|#)|=>|^\s*$|^\s*(?:FROM|WHERE|GROUP|ORDER|LEFT|JOIN|ON|AND|HAVING|LIMIT)\b"
)
_HAN_START = re.compile("[\u3400-\u9fff]")


def fence_form(sample: Sample) -> Verdict | None:
    """A fence must begin its line, with nothing but the language behind it, and close as it opened."""
    answer = sample.answer
    if is_bare_code(answer):
        return None
    made = _QUOTES.sub(lambda match: f"```{match[1]}\n{match[2]}```", answer)
    made = _TWO.sub(lambda match: f"```{match[1]}\n{match[2]}```", _WIDE.sub("```", made))
    made = _CODE_ON_IT.sub(lambda match: f"```{match[1]}\n", made)
    made = _GLUED_CODE.sub(lambda match: f"```{match[1]}\n", made)
    made = _GLUED_TEXT.sub("```\n", made)
    made = _opened_on_its_line(made)
    made = _closed_alike(made)
    if made == answer:
        return None
    return fix(with_answer(sample, made), "a code fence is not well formed", "代码块的围栏格式不正确")


def _opened_on_its_line(text: str) -> str:
    """Put a fence that follows text, or code that is followed by one, on a line of its own."""
    lines: list[str] = []
    inside = False
    for line in text.split("\n"):
        stripped = line.strip()
        at = line.find("```")
        if at > 0 and line[:at].strip() and line.count("```") == 1:
            head, tail = line[:at].rstrip(), line[at:]
            opens = not inside and re.fullmatch(rf"```(?:{_LANGUAGES})?\s*", tail, re.I)
            closes = inside and re.fullmatch(r"```\s*", tail)
            if opens or closes:
                lines += [head, "", tail] if opens else [head, tail]
                inside = not inside
                continue
        if stripped.startswith("```"):
            inside = not inside
        lines.append(line)
    return "\n".join(lines)


def _closed_alike(text: str) -> str:
    """Close a block with the marks that opened it, where others stand at its end."""
    blocks = fenced(text)
    if not blocks or blocks[-1].closed:
        return text
    last = blocks[-1]
    ends = list(re.finditer(r"^(?:`{3,}|~{3,})[ \t]*$", last.code, re.M))
    if not ends:
        return text
    start = len(text) - len(last.code)
    end = ends[0]
    closing = end[0].strip()
    if closing[0] != last.mark[0]:
        closing = last.mark
    opened = text[: last.start] + text[last.start : start].replace(last.mark, closing, 1)
    return f"{opened}{last.code[: end.start()]}{closing}{last.code[end.end() :]}"


def bare_code(sample: Sample) -> Verdict | None:
    """Code among prose without a fence; an answer that is nothing but code is left as it is (article, stage 1)."""
    answer = sample.answer
    if is_bare_code(answer) or "```" in answer or "~~~" in answer:
        return None
    made = _fence_component(answer) or _fence_lines(answer)
    if made is None:
        return None
    return fix(with_answer(sample, made), "its code is not fenced", "代码没有放在代码块里")


def _fence_component(text: str) -> str | None:
    first = _BLOCK.search(text)
    if first is None:
        return None
    ends = [match.end() for match in re.finditer(r"^</(?:template|script|style)>", text, re.M)]
    if not ends or ends[-1] <= first.start():
        return None
    before, code, after = text[: first.start()], text[first.start() : ends[-1]], text[ends[-1] :]
    return f"{before.rstrip()}\n\n```vue\n{code}\n```" + (f"\n\n{after.strip()}" if after.strip() else "")


def _fence_lines(text: str) -> str | None:
    lines = text.split("\n")
    runs: list[tuple[int, int]] = []
    start = None
    for index, line in enumerate([*lines, "."]):
        code = index < len(lines) and not _HAN_START.match(line.strip())
        if start is None:
            if code and _STARTS.match(line):
                start = index
        elif not code or not (_STARTS.match(line) or _GOES_ON.search(line)):
            runs.append((start, index))
            start = None
    made = text
    for begin, end in reversed(runs):
        while end > begin and not lines[end - 1].strip():
            end -= 1
        block = lines[begin:end]
        if sum(bool(line.strip()) for line in block) < 2 or not any(re.search(r"[{}();=<>]", line) for line in block):
            continue
        lines[begin:end] = [f"```{_guess(block)}", *block, "```"]
        made = "\n".join(lines)
    return made if made != text else None


def _guess(lines: list[str]) -> str:
    text = "\n".join(lines)
    if re.search(r"^\s*</?[a-zA-Z]", text):
        return "vue" if re.search(r"</?[a-z]+-[\w-]+|[:@][\w-]+=|v-\w+", text) else "html"
    if re.search(r"^\s*(?:def \w+|from \w[\w.]* import|import \w+$|print\()", text, re.M):
        return "python"
    if re.match(r"\s*(?:SELECT|INSERT|UPDATE|CREATE)\b", text):
        return "sql"
    if re.search(r"^\s*(?:public|private) ", text, re.M):
        return "java"
    return "js"
