"""Rules about code fences: code is fenced, and its fences are valid Markdown."""

from __future__ import annotations

import re

from swiftprep.code.markdown import fenced, prose
from swiftprep.code.snippets import syntax_errors
from swiftprep.quality.rule import RuleResult, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.origin import is_code
from swiftprep.records import Sample
from swiftprep.text.characters import HAN

_LANGUAGES = "vue|html|javascript|js|jsx|typescript|ts|tsx|json|css|scss|less|python|py|java|sql|bash|shell|sh|xml|yaml"
_MARK = r"(?:(?:\\?` ?){2,5}|'{3}|’{3}|·{3}|｀{3}|~{3,})"  # what people and programs write as a fence
_FENCE_LINE = re.compile(
    rf"[ \t]*(?:{_MARK}(?:[ \t]*({_LANGUAGES}))?|\[code(?:=({_LANGUAGES}))?\]|\[/code\])[ \t]*", re.I
)
_FENCE_OR_BLANK = re.compile(rf"{_MARK}[ \t]*(?:(?:{_LANGUAGES})\b)?|\[/?code(?:=\w+)?\]|\s", re.I)
_CODE_ON_IT = re.compile(rf"```({_LANGUAGES})(?:[ \t]+(?=[<{{(\w@/#'\"])(?![\w-]+=)|(?=<))(.*\S.*)", re.I)
_AFTER_TEXT = re.compile(rf"(?!\s*>)(.*[^\s`])[ \t]*```({_LANGUAGES})?[ \t]*", re.I)
_BEFORE_TEXT = re.compile("```(?=[\u3000-\u9fff\uff00-\uffef])(.*)")
_BLOCK = re.compile(r"^<(template|script|style)\b", re.M)
_STARTS = re.compile(
    r"""\s*(?:(?:import|export)\s+[\w{*] | from\s+[\w.]+\s+import | (?:const|let|var)\s+[\w{\[]
    | (?:async\s+)?function\b | class\s+\w+ | def\s+\w+ | @\w+ | return\b.*[;)] | this\.\w
    | SELECT\s | INSERT\s | UPDATE\s | CREATE\s | </?(?:template|script|style|[a-z]+-[\w-]+)[\s/>]
    | \#include | public\s | private\s | if\s*\( | for\s*\( | while\s*\( | [\w.$]+\([^\u3400-\u9fff]*[{(\[]\s*$
    | [.\#@]?[\w-]+(?:[ ,.>:\#\[][^{\u3400-\u9fff]*)?\{\s*$)""",
    re.VERBOSE,
)
_GOES_ON = re.compile(
    r"[{}()\[\];,>:]\s*$|^\s+\S|^[}\])]|^\s*(?://|/\*|\*|#)|=>|^\s*$|^\s*(?:FROM|WHERE|GROUP|ORDER|LEFT|JOIN|ON|AND|HAVING|LIMIT)\b"
)
# A style, a function or two statements within a line of prose.
_IN_SENTENCE = re.compile(
    r"(?<![\w-])[\w-]{1,60}[ \t]{0,9}\{\s{0,9}(?:[\w-]{1,60}[ \t]{0,9}:[^{};\n]{1,200};\s{0,9}){2,}\}"
    r"|\bfunction\s{1,9}\w{1,60}\s{0,9}\([^()\n]{0,200}\)\s{0,9}\{[^{}\n;]{0,400};[^{}\n]{0,400}\}"
    r"|\b(?:const|let|var)\s{1,9}\w{1,60}\s{0,9}=[^;=\n]{1,200};[ \t]*(?:const|let|var|return|if|for)\b",
    re.ASCII,
)


def fence_form(sample: Sample) -> RuleResult | None:
    """Repair fences that do not start their line, have more than a language after them, or close differently."""
    answer = sample.answer
    if is_code(sample):
        return None
    if _is_well_fenced(answer):
        return None
    repaired = _fenced_anew(answer)
    if (
        repaired == answer
        or any(not block.closed for block in fenced(repaired)[:-1])
        or not _says_the_same(answer, repaired)
    ):
        return None
    return fix(with_answer(sample, repaired), "a code fence is not well formed", "代码块的围栏格式不正确")


def _says_the_same(one: str, other: str) -> bool:
    """Return whether two texts differ only in fences and white space."""
    return _FENCE_OR_BLANK.sub("", one) == _FENCE_OR_BLANK.sub("", other)


def _is_well_fenced(text: str) -> bool:
    done = 0
    outside = []
    for block in fenced(text):
        opening = text[block.start : block.end].partition("\n")[0].strip()
        inner = _FENCE_LINE.fullmatch(block.code.partition("\n")[0])
        if (
            not block.closed
            or _CODE_ON_IT.fullmatch(opening)
            or (inner and inner[1] and block.language in ("", inner[1].lower()))
        ):
            return False
        outside.append(text[done : block.start])
        done = block.end
    lines = "".join([*outside, text[done:]]).split("\n")
    return not any(
        (_FENCE_LINE.fullmatch(line) and not _is_underline(line, lines[place - 1] if place else ""))
        or _AFTER_TEXT.fullmatch(line)
        for place, line in enumerate(lines)
    )


def _is_underline(line: str, before: str) -> bool:
    """Return whether a row of `~` underlines a heading, as in reStructuredText."""
    return set(line.strip()) == {"~"} and bool(before.strip())


def _fenced_anew(text: str) -> str:
    """Rewrite everything that serves as a fence as three backticks on a line of its own."""
    lines: list[str] = []
    opened: str | None = None  # the language of the block we are in
    mark = ""  # the first character of its fence
    for line in text.split("\n"):
        fence = None if opened is None and _is_underline(line, "".join(lines[-1:])) else _FENCE_LINE.fullmatch(line)
        indent = line[: len(line) - len(line.lstrip())]
        language = ((fence[1] or fence[2] or "") if fence else "").lower()
        if fence and opened is None and (language or "`" * 3 in line or "~~~" in line or "[code" in line):
            lines.append(f"{indent}```{language}")
            opened, mark = language, line.strip()[:1]
        elif fence and opened is not None and language and lines[-1].lstrip().startswith("```"):
            lines[-1], opened = f"{indent}```{language}", language  # opened twice
        elif fence and opened is not None and language in ("", opened) and not _is_docstring(line, mark):
            lines.append(f"{indent}```")
            opened = None
        elif opened is None and (on_it := _CODE_ON_IT.fullmatch(line)):
            lines += [f"```{on_it[1]}", on_it[2]]
            opened = on_it[1].lower()
        elif (after := _AFTER_TEXT.fullmatch(line)) and (opened is None or not after[2]) and line.count("```") == 1:
            lines += [after[1], "", f"```{after[2] or ''}"] if opened is None else [after[1], "```"]
            opened = (after[2] or "").lower() if opened is None else None
        elif opened is not None and (before := _BEFORE_TEXT.fullmatch(line)):
            lines += ["```", before[1]]
            opened = None
        else:
            lines.append(line)
    if opened == "" and lines[-1] == "```" and "```" in lines[:-1]:
        del lines[-1]  # closed twice
    return "\n".join(lines)


def _is_docstring(line: str, mark: str) -> bool:
    """Return whether three quotes belong to Python: as a fence, they only close what they opened."""
    return line.strip()[:1] == "'" != mark


def bare_code(sample: Sample) -> RuleResult | None:
    """Fence code that stands in prose without a fence; an answer that is only code stays (article, stage 1)."""
    answer = sample.answer
    if is_code(sample) or "```" in answer or "~~~" in answer:
        return None
    with_fences = _fence_component(answer) or _fence_lines(answer)
    if with_fences is None:
        within = _IN_SENTENCE.search(prose(answer))
        return (
            warn(f"has code in the middle of a sentence: {within[0][:60]}", f"代码混在句子里：{within[0][:60]}")
            if within
            else None
        )
    if not _says_the_same(answer, with_fences):
        return None
    return fix(with_answer(sample, with_fences), "its code is not fenced", "代码没有放在代码块里")


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
        code = index < len(lines) and not HAN.match(line.strip())
        if start is None:
            if code and _STARTS.match(line):
                start = index
        elif not code or not (_STARTS.match(line) or _GOES_ON.search(line)):
            runs.append((start, index))
            start = None
    fenced_lines: list[str] = []
    done = 0
    for begin, end in runs:
        while end > begin and not lines[end - 1].strip():
            end -= 1
        block = lines[begin:end]
        above = next((lines[place].strip() for place in range(begin - 1, -1, -1) if lines[place].strip()), "")
        if all(line.startswith(("    ", "\t")) for line in block if line.strip()) or (
            above.endswith("::") or above.startswith(".. code")
        ):
            continue  # an indented block is already a code block
        if sum(bool(line.strip()) for line in block) < 2 or not any(re.search(r"[{}();=<>]", line) for line in block):
            continue
        if block[0].startswith(("    ", "\t")) or not _is_whole(block):
            continue
        fenced_lines += [*lines[done:begin], f"```{_guess(block)}", *block, "```"]
        done = end
    return "\n".join([*fenced_lines, *lines[done:]]) if fenced_lines else None


def _is_whole(lines: list[str]) -> bool:
    """Return whether lines are complete code and nothing else, as far as a grammar can tell."""
    code, language = "\n".join(lines), _guess(lines)
    if language in ("python", "js"):
        return not syntax_errors(code, language)
    return "<!--" not in code or "-->" in code


def _guess(lines: list[str]) -> str:
    text = "\n".join(lines)
    if re.search(r"^\s*</?[a-zA-Z]", text):
        return "vue" if re.search(r"</?[a-z]+-[\w-]+|[:@][\w-]+=|v-\w+", text) else "html"
    if re.search(r"^[^\S\n]*(?:def \w+|from \w[\w.]* import|import \w+$|print\()", text, re.M):
        return "python"
    if re.match(r"\s*(?:SELECT|INSERT|UPDATE|CREATE)\b", text):
        return "sql"
    if re.search(r"^[^\S\n]*(?:public|private) ", text, re.M):
        return "java"
    if re.match(r"\s*[.#@]?[\w-][^(;={]*\{", text) and re.search(r"^[ \t]*[\w-]+[ \t]*:[^;{\n]+;[ \t]*$", text, re.M):
        return "css"
    return "js"
