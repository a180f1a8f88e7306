"""Check whether a piece of code parses, be it a whole file or a fragment.

Code in an answer may be a module, the options of a component, some methods of a class, an object, or several of these
separated by blank lines. It is valid if it parses as any of them.
"""

from __future__ import annotations

import re
import textwrap

from swiftprep.catalog.check import check
from swiftprep.parsing.grammar import error_lines, parse
from swiftprep.parsing.script import parse_script

SCRIPTS = {"js": "js", "javascript": "js", "mjs": "js", "jsx": "jsx", "ts": "ts", "typescript": "ts", "tsx": "tsx"}

_MARKUP = re.compile(r"\s*<[A-Za-z!]")
_HAS_TAG = re.compile(r"^\s*</?[A-Za-z][\w.-]*[\s/>]", re.M)
_SHELL = re.compile(r"^[ \t]*[%!].*$", re.M)
_SCRIPT = (("", ""), ("({", "\n})"), ("(", "\n)"), ("class A {", "\n}"), ("[", "\n]"))
_FRAMES = {
    "js": _SCRIPT,
    "jsx": _SCRIPT,
    "ts": (*_SCRIPT, ("interface A {", "\n}"), ("type A =", "")),
    "tsx": (*_SCRIPT, ("interface A {", "\n}"), ("type A =", "")),
    "python": (("", ""), ("def a():\n  if 1:\n", "")),
    "java": (("", ""), ("class A {", "\n}"), ("class A { void a() {", "\n} }")),
}
_MOST_CHUNKS = 60
_MOST_READ = 100_000  # characters of chunks to parse in all; an incomplete chunk is parsed again with the next
_LONGEST_PART = 10_000  # characters; longer code is taken for a whole file, since broken code is slow to parse


def language_of(name: str, code: str) -> str:
    """Return the language of a piece of code, from the word after its fence and its content.

    Returns:
        `"vue"`, a grammar's name (`"js"`, `"tsx"`, `"python"`, `"java"`), or the name itself.

    >>> language_of("html", "<ta-a/>"), language_of("javascript", "a()"), language_of("sql", "SELECT 1")
    ('vue', 'js', 'sql')
    """
    if name in ("vue", "html", "template", "vue-html", ""):
        if _MARKUP.match(code) or (name and _HAS_TAG.search(code)):
            return "vue"
        return "js" if name == "vue" else name
    if name in SCRIPTS:
        return "vue" if re.match(r"\s*<(?:template|script)\b", code) else SCRIPTS[name]
    return {"py": "python", "python3": "python"}.get(name, name)


def syntax_errors(code: str, language: str) -> list[tuple[int, str]]:
    """Return `(line, what is wrong)` of each syntax error; `[]` for a language without a grammar.

    Args:
        code: A file or any part of one.
        language: A language as returned by `language_of`.

    >>> syntax_errors("data() { return {} },", "js"), syntax_errors("if (a { b() }", "js")
    ([], [(1, 'syntax error')])
    """
    if language == "vue":
        return [
            (problem.line, problem.name)
            for problem in check(code, {}, vue3=False, strict=False)
            if problem.kind == "syntax"
        ]
    if language == "python" and ">>>" in code:
        return []
    line = script_frame(code, language)[1] if language in _FRAMES else 0
    return [(line, "syntax error")] if line else []


def script_frame(code: str, language: str) -> tuple[tuple[str, str], int]:
    """Return the frame `(before, after)` in which a script parses best, and the line of its first error or 0."""
    if language == "python":
        code = textwrap.dedent(_SHELL.sub("", code))
    frame, line = _frame(code, language)
    if not line:
        return frame, 0
    # An import and some options, for example, separated by a blank line: each may be complete on its own.
    chunks = re.split(r"\n[ \t]*\n", code)
    if not 1 < len(chunks) <= _MOST_CHUNKS:
        return frame, line
    pending, left = "", _MOST_READ
    for chunk in chunks:
        pending += f"{chunk}\n\n"
        left -= len(pending)
        if left < 0:
            break
        if not _frame(pending, language)[1]:
            pending = ""
    return frame, line if pending else 0


def _frame(code: str, language: str) -> tuple[tuple[str, str], int]:
    frames = _FRAMES[language] if len(code) <= _LONGEST_PART else _FRAMES[language][:3]
    best = (frames[0], 0)
    for grammar in dict.fromkeys((language, "tsx" if language in ("js", "jsx") else language)):
        for before, after in frames:
            lines = _errors(f"{before}{code}{after}", grammar)
            if not lines:
                return (before, after), 0
            line = max(1, lines[0] - before.count("\n"))
            if line > best[1]:
                best = ((before, after), line)
    return best


def _errors(code: str, grammar: str) -> list[int]:
    source = code.encode("utf-8", "replace")
    if grammar in ("python", "java"):
        return error_lines(parse(source, grammar).root_node, nested=True)
    return parse_script(source, grammar)[1]
