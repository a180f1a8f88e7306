"""Find what an answer leaves out: comments in place of code, dots, stubs, places to fill in, TODOs."""

from __future__ import annotations

import re

from swiftprep.code.markdown import code_of
from swiftprep.code.snippets import language_of as code_language
from swiftprep.code.snippets import syntax_errors
from swiftprep.code.syntax import comments, without
from swiftprep.quality.rules.origin import is_code, language_of_file, said, unquoted
from swiftprep.quality.rules.phrases import phrases
from swiftprep.records import Sample

_DOTS = re.compile(r"^[ \t]*(?:(?://|#|<!--|/\*|\*|--)[ \t]*)?(?:\.{3,6}|…{1,2})[ \t]*(?:(?:-->|\*/)[ \t]*)?$", re.M)
# Languages in which three dots are a statement, the end of a document, or omitted output.
_DOTS_ARE_CODE = (
    "python", "py", "pyi", "yaml", "yml", "text", "txt", "plaintext", "console", "bash", "sh", "shell", "log", "diff",
)  # fmt: skip
_DOTS_IN_PROSE = re.compile(r"^ {0,3}(?:\.{3,6}|…{1,2})[ \t]*$", re.M)
_STUB = re.compile(
    r"^[ \t]*(?:async )?def [^\n]*:[ \t]*\n(?:[ \t]*\"{3}(?:(?!\"{3}).)*\"{3}[ \t]*\n)?"
    r"[ \t]*(?P<says>#[^\n]*)\n(?:[ \t]*#[^\n]*\n)*[ \t]*(?:pass|\.\.\.)[ \t]*$",
    re.M | re.S,
)
_ABSTRACT = re.compile(r"abstract|overload")
_ELLIPSIS = re.compile(r"\[(?:\.\.\.|…{1,6})[^\]\n,()]{1,40}(?:\.\.\.|…{1,6})\]")
TODO = re.compile(r"\b(?:TODO|FIXME|TBD)\b")
_TODO_LINE = re.compile(r"\W*(?:TODO|FIXME|TBD)\b(?!\s*[,，、/])")
_HARDLY_ANYTHING = 80  # characters up to which prose says little more than that something is left out


def left_out(sample: Sample) -> tuple[str, bool]:
    """Return the words or dots that leave something out, or `""`, and whether they can mean nothing else."""
    pieces = _code(sample)
    for language, code in pieces:
        visible = without(code, language, "literal", "visible")
        match = phrases("left_out").search("\n".join(comments(code, language))) or _ELLIPSIS.search(visible)
        if match is None and language not in _DOTS_ARE_CODE and ">>>" not in code and "def " not in code:
            match = _DOTS.search(without(code, language, "literal"))
            if match and not code[match.end() :].strip() and not syntax_errors(code, code_language(language, code)):
                return match[0], False  # after complete code, dots may mean "and so on"
        if match:
            return match[0], True
        if language in ("python", "py") and (stub := _stub(code)):
            return stub, False
    words = unquoted(said(sample))
    match = phrases("to_fill_in").search(words) if not phrases("asks_for_template").search(sample.prompt) else None
    if match is None and ">>>" not in words:
        match = _ELLIPSIS.search(words) or _DOTS_IN_PROSE.search(words)
    if match:
        return match[0], True
    match = phrases("left_out").search(words)
    return (match[0], not pieces and len(words.strip()) < _HARDLY_ANYTHING) if match else ("", False)


def _stub(code: str) -> str:
    """Return a comment in place of a function's body, if at least half of the functions have one, or `""`."""
    stubs = [match for match in _STUB.finditer(code) if not _ABSTRACT.search(_decorators(code, match.start()))]
    return stubs[0]["says"] if stubs and 2 * len(stubs) >= code.count("def ") else ""


def _decorators(code: str, at: int) -> str:
    """Return the decorators above the beginning of a line."""
    start = at
    while (above := code.rfind("\n", 0, max(0, start - 1)) + 1) < start and code[above:start].lstrip().startswith("@"):
        start = above
    return code[start:at]


def _code(sample: Sample) -> list[tuple[str, str]]:
    """Return `(language, code)` of an answer's code; bare code has the language of its file."""
    return [(language_of_file(sample), sample.answer)] if is_code(sample) else code_of(sample.answer)


def count_todos(sample: Sample) -> tuple[int, int]:
    """Count the TODOs of an answer, and the lines of code or prose that say something else."""
    pieces = _code(sample)
    if not pieces:
        lines = [line for line in unquoted(said(sample)).splitlines() if line.strip()]
        todos = sum(_TODO_LINE.match(line) is not None for line in lines)
        return todos, len(lines) - todos
    noted = [note for language, code in pieces for note in comments(code, language) if TODO.search(note)]
    others = [line for language, code in pieces for line in without(code, language, "comment").splitlines()]
    return len(noted), sum(bool(line.strip(" \t{}();,")) for line in others)
