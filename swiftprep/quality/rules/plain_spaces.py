"""Repair spaces and find long dashes in code without a grammar here: YAML, shell, Dockerfiles and others."""

from __future__ import annotations

import re

from swiftprep.code.syntax import spans

ODD_SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_SHELLS = frozenset("bash sh shell zsh console powershell cmd bat".split())
# Languages in which only a plain space separates words, so that any other space would be part of a word.
_BETWEEN_WORDS = _SHELLS - {"console"} | frozenset(
    "sql c cpp c++ cs csharp go golang rust rs php kotlin swift scala dart ruby rb dockerfile nginx makefile".split()
)
_BY_INDENT = _BETWEEN_WORDS | frozenset("yaml yml ini toml conf properties env".split())
# Within a string, white space before a Chinese character may be the indent of a paragraph.
_INDENT = re.compile(
    rf"^(?:[{ODD_SPACES}][ \t{ODD_SPACES}]*|[ \t]+[{ODD_SPACES}][ \t{ODD_SPACES}]*(?![ \t{ODD_SPACES}\u3400-\u9fff]))",
    re.M,
)
_SPACE = re.compile(rf"(?<![\u3000-\u9fff])[{ODD_SPACES}]+(?![\u3000-\u9fff])")
_WORD = re.compile(rf"[{ODD_SPACES}]")
_OPTION = re.compile(r"(?<![^\s])[\u2010-\u2015\u2212]{1,2}[A-Za-z][\w-]*")


def with_plain_spaces(code: str, language: str) -> str:
    r"""Return code with plain spaces in place of odd ones that indent lines or separate words, outside quotes.

    >>> with_plain_spaces("a:\n\u00a0\u00a0b: 'c\u00a0d'", "yaml")
    "a:\n  b: 'c\xa0d'"
    """
    if language not in _BY_INDENT:
        return code
    indented = _INDENT.sub(lambda indent: _WORD.sub(" ", indent[0]), code)
    if language not in _BETWEEN_WORDS or not _WORD.search(indented):
        return indented
    return "".join(
        text if is_quoted else _SPACE.sub(lambda odd: " " * len(odd[0]), text)
        for text, is_quoted in _parts(indented, language)
    )


def odd_options(code: str, language: str) -> list[str]:
    """Return command options that begin with a long dash, which may stand for one hyphen or two.

    >>> odd_options("npm ci \u2014silent", "bash")
    ['\u2014silent']
    """
    if language not in _SHELLS:
        return []
    return [match[0] for text, is_quoted in _parts(code, language) if not is_quoted for match in _OPTION.finditer(text)]


def _parts(code: str, language: str) -> list[tuple[str, bool]]:
    """Return the parts of code, each with whether it is a comment or in quotes."""
    source = code.encode("utf-8", "replace")
    parts: list[tuple[str, bool]] = []
    done = 0
    for span in spans(code, language):
        parts.append((source[done : span.start].decode("utf-8", "replace"), False))
        parts.append((source[span.start : span.end].decode("utf-8", "replace"), True))
        done = span.end
    return [*parts, (source[done:].decode("utf-8", "replace"), False)]
