"""The rule about line numbers that a page or an editor adds to code."""

from __future__ import annotations

import re
from itertools import pairwise

from swiftprep.code.markdown import fenced, outside_fences
from swiftprep.code.snippets import language_of, syntax_errors
from swiftprep.quality.rule import RuleResult, fix, warn
from swiftprep.quality.rules.edit import with_answer
from swiftprep.quality.rules.origin import is_code
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

LEAST = 3  # lines from which consecutive numbers are no coincidence
_NUMBERED = re.compile(r"[ \t]*(\d{1,4})(?:([|:.)]|[ \t]*[|│┃→])|(?=[ \t])|(?=[^\d\s]|$))([ \t]*)(.*)")
_NUMBER = re.compile(r"[ \t]*(\d{1,4})[|:.]?[ \t]*")
# In these languages, a line that begins with a number does not parse.
_WITH_GRAMMAR = frozenset("vue js jsx ts tsx python java".split())
_WITHOUT_GRAMMAR = frozenset(
    """css scss less sass sql bash sh shell zsh c cpp c++ h csharp cs go golang rust php ruby rb kotlin swift scala dart
    nginx dockerfile lua perl powershell groovy makefile""".split()
)


def line_numbers(sample: Sample) -> RuleResult | None:
    """Remove line numbers before every line of code, which keep it from parsing."""
    answer = sample.answer
    if is_code(sample) or phrases("about_line_numbers").search(sample.prompt):
        return None
    pieces: list[str] = []
    done = 0
    is_open = False
    for block in fenced(answer):
        start = block.start + answer[block.start : block.end].find("\n") + 1
        code = without_line_numbers(block.code, block.language)
        is_open = is_open or code is None
        pieces += answer[done:start], block.code if code is None else code
        done = start + len(block.code)
    repaired = "".join([*pieces, answer[done:]])
    if repaired != answer and phrases("about_line_numbers").search(outside_fences(answer)):
        return warn("has line numbers in its code, and mentions them", "代码中带有行号，正文也提到行号")
    if repaired != answer:
        return fix(with_answer(sample, repaired), "has line numbers in its code", "代码中混入了行号")
    return warn("may have line numbers in its code", "代码中可能混入了行号") if is_open else None


def without_line_numbers(code: str, name: str) -> str | None:
    r"""Return code without its line numbers; unchanged if it has none, None if that is uncertain.

    Args:
        code: The content of a fence.
        name: The word after the opening fence.

    >>> without_line_numbers("1 | .a {\n2 |   top: 0;\n3 | }\n", "css")
    '.a {\n  top: 0;\n}\n'
    """
    language = language_of(name, code)
    if language == name == "" or (name in ("vue", "html") and language != "vue"):
        language = "vue" if re.match(r"\s*\d{1,4}\W*<", code) else language
    lines = code.rstrip("\n").split("\n")
    if len(lines) < LEAST or not (language in _WITH_GRAMMAR or language in _WITHOUT_GRAMMAR):
        return code
    bare_lines = _before_each(lines) or _in_front(lines)
    if bare_lines is None:
        return code
    bare = "\n".join(bare_lines) + code[len(code.rstrip("\n")) :]
    if language in _WITHOUT_GRAMMAR:
        is_glued = re.match(r"[ \t]*\d+[^\s\d|:.)│┃→]", code)  # `10% {` of an animation
        return code if is_glued else bare
    is_code_already = not syntax_errors(code, language) and language != "vue"
    if not syntax_errors(bare, language_of(name, bare)):
        return bare if not is_code_already or bare_lines == _in_front(lines) else code
    return code if is_code_already else None


def _before_each(lines: list[str]) -> list[str] | None:
    """Return lines without their leading numbers if these are consecutive, else None."""
    matches = [_NUMBERED.fullmatch(line) for line in lines]
    rows = [match for match in matches if match is not None]
    if len(rows) < len(lines):
        return None
    numbers = [int(row[1]) for row in rows]
    marks = {row[2] for row in rows if row[4].strip()}
    if len(marks) != 1 or any(after - before != 1 for before, after in pairwise(numbers)):
        return None
    filled = [row for row in rows if row[4].strip()]
    if len(filled) < LEAST:
        return None
    # The gap after the number is the same in all lines, or the code begins in the same column.
    gaps = {width: min(len(row[3]) for row in filled if len(row[1]) == width) for width in {len(r[1]) for r in filled}}
    if len(set(gaps.values())) == 1:
        gap = min(gaps.values())
        return [
            (row[3] + row[4])[gap:].rstrip(" \t") if not row[4].strip() else (row[3] + row[4])[gap:] for row in rows
        ]
    columns = {row.end(2 if row[2] else 1) + gaps[len(row[1])] for row in filled}
    if len(columns) != 1:
        return None
    column = columns.pop()
    return [row[0][column:] for row in rows]


def _in_front(lines: list[str]) -> list[str] | None:
    """Return lines without a block of numbers before all of them, one number per line, or None."""
    count = 0
    while count < len(lines) and (match := _NUMBER.fullmatch(lines[count])) and int(match[1]) == count + 1:
        count += 1
    return lines[count:] if count >= LEAST and len(lines) - count == count else None
