"""Secrets whose names are elsewhere: columns of a statement or a table, names assigned in parallel."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.places import PROSE
from swiftprep.redaction.secret_names import chinese_rank
from swiftprep.redaction.secret_ranks import rank_of
from swiftprep.redaction.secret_values import Span, looks_secret

_INSERT = re.compile(
    r"(?:insert|replace)\s{1,9}(?:ignore\s{1,9})?(?:into\s{1,9})?[\w.`\"\[\]]{1,80}\s{0,9}\((?P<names>[^()]{1,2000})\)\s{0,9}values\s{0,9}",
    re.I,
)
_MAY_INSERT = re.compile(r"(?:insert|INSERT|Insert|replace|REPLACE|Replace)\s")
_PARALLEL = re.compile(
    r"^[ \t]*(?:(?:const|let|var)[ \t]+)?[\[(]?(?P<names>[\w.$]{1,60}(?:[ \t]{0,9},[ \t]{0,9}[\w.$]{1,60}){1,9})[\])]?"
    r"[ \t]{0,9}:?=(?!=)[ \t]{0,9}(?P<open>[\[(])?",
    re.M,
)
_LONGEST_NAMES = 1200  # characters of the names and their separators
_STATE = re.compile(r"[ \t]{0,9}useState(?:<[\w |]{1,30}>)?\((?=[\"'`])")
_TOKEN = re.compile(
    r"""(?<!\\)(?:'(?:[^'\\\n]|\\.|''){0,8192}'|"(?:[^"\\\n]|\\.){0,8192}"|`(?:[^`\\\n]|\\.){0,8192}`)"""
    r"""|[^'"`,()\[\]{};\n]{1,400}|[^\0]"""
)
_QUOTED = re.compile(r"\s*[Nrbu]?([\"'`])(?P<value>.{3,8192})\1\s*", re.S)
_NEXT_ROW = re.compile(r"\s{0,40},\s{0,40}(?=\()")

_TABLE = re.compile(
    r"^(?P<names>[^\n|]{0,200}\|[^\n]{1,1000})\n[ \t]*(?:\|[ \t]*)?:?-{1,99}:?[ \t]*(?:\|[ \t:|-]{0,400})?$", re.M
)
_SHEET_TOKEN = re.compile(r"\"[^\"]*\"|[^\",\t]+|.", re.S)
_SEPARATORS = {".csv": ",", ".tsv": "\t"}
_CELL = re.compile(r"[ \t`*]*(?P<value>[^|\n]{3,200}?)[ \t`*]*")
# A table that judges values shows invented ones.
_JUDGES = re.compile(r"(?i)strength|result|valid|match|score|强度|结果|合法|是否|通过")


def columns(text: str, suffix: str) -> Iterator[Span]:
    """Yield the secrets among values that are named elsewhere, in a column list or a table head."""
    at = 0
    may_insert = any(word in text for word in ("values", "VALUES", "Values")) and _MAY_INSERT.search(text)
    for match in _INSERT.finditer(text) if may_insert else ():
        if match.start() < at:
            continue
        ranks = [rank_of(name.strip(' \t\r\n`"[]')) for name in match["names"].split(",")]
        at = match.end()
        while any(ranks) and text[at : at + 1] == "(":
            fields, at = row_fields(text, at + 1)
            yield from _secrets(text, fields, ranks)
            row = _NEXT_ROW.match(text, at + 1)
            at = row.end() if row else len(text)
    if "=" in text and "," in text:
        for match in _assignments(text):
            names = [name.strip() for name in match["names"].split(",")]
            ranks = [rank_of(name) for name in names]
            if not any(ranks):
                continue
            if state := _STATE.match(text, match.end()):
                fields, _ = row_fields(text, state.end())
                yield from _secrets(text, fields[:1], ranks[:1])
                continue
            fields, _ = row_fields(text, match.end())
            if len(fields) == len(ranks):
                yield from _secrets(text, fields, ranks)
    if suffix in _SEPARATORS:
        yield from _sheet(text, _SEPARATORS[suffix])
    if suffix in PROSE and "|" in text:
        yield from _tables(text)


def _assignments(text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of `_PARALLEL`, skipping most lines quickly."""
    at = text.find("=")
    while at >= 0:
        start = text.rfind("\n", max(0, at - _LONGEST_NAMES), at) + 1
        if (
            (start or at < _LONGEST_NAMES)
            and text.find(",", start, at) >= 0
            and (match := _PARALLEL.match(text, start))
        ):
            yield match
        end = text.find("\n", at)
        at = text.find("=", end) if end >= 0 else -1


def row_fields(text: str, at: int, most: int = 20_000) -> tuple[list[tuple[int, int]], int]:
    """Return the spans of the fields of a row, and its end: a closing bracket, the end of the line or a `;`.

    At most `most` characters are examined.
    """
    fields: list[tuple[int, int]] = []
    start, depth = at, 0
    for token in _TOKEN.finditer(text, at, at + most):
        word = token[0]
        if word in ("(", "[", "{"):
            depth += 1
        elif word in (")", "]", "}"):
            depth -= 1
        if depth < 0 or (not depth and word in ("\n", ";")):
            return [*fields, (start, token.start())], token.start()
        if word == "," and not depth:
            fields.append((start, token.start()))
            start = token.end()
    end = min(len(text), at + most)
    return [*fields, (start, end)], end


def _secrets(text: str, fields: list[tuple[int, int]], ranks: list[str]) -> Iterator[Span]:
    for field, rank in zip(fields, ranks, strict=False):
        match = _QUOTED.fullmatch(text, *field) if rank else None
        if match and looks_secret(match["value"].replace("''", "'"), rank):
            yield Span(*match.span("value"), rank)


def _sheet(text: str, separator: str) -> Iterator[Span]:
    """Yield the secrets of a CSV or TSV sheet whose first line names the columns."""
    ranks: list[str] = []
    at = 0
    for line in text.splitlines(keepends=True):
        fields = list(_fields(line, separator))
        if not at:
            names = [line[slice(*field)] for field in fields]
            ranks = [rank_of(name) if name.isascii() and " " not in name else chinese_rank(name) for name in names]
            if not any(ranks):
                return
        else:
            for (start, end), rank in zip(fields, ranks, strict=False):
                if rank and looks_secret(line[start:end], rank):
                    yield Span(at + start, at + end, rank)
        at += len(line)


def _fields(line: str, separator: str) -> Iterator[tuple[int, int]]:
    """Yield the spans of the values in a line, without quotes and spaces around them."""
    start = 0
    for token in _SHEET_TOKEN.finditer(line + separator):
        if token[0] == separator:
            field = line[start : token.start()]
            value = field.strip(' \r\n\ufeff"')
            start += field.index(value)
            yield start, start + len(value)
            start = token.end()


def _tables(text: str) -> Iterator[Span]:
    at = 0
    for match in _TABLE.finditer(text):
        if match.start() < at:
            continue
        names = [name.strip(" \t`*") for name in match["names"].strip().strip("|").split("|")]
        ranks = [rank_of(name) if name.isascii() and " " not in name else chinese_rank(name) for name in names]
        if not any(ranks) or any(map(_JUDGES.search, names)):
            continue
        at = match.end() + 1
        while 0 < at < len(text):
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            if "|" not in text[at:end]:
                break
            start = (
                at + len(text[at:end]) - len(text[at:end].lstrip(" \t|")) if text[at:end].lstrip()[:1] == "|" else at
            )
            for rank in ranks:
                stop = text.find("|", start, end)
                stop = end if stop < 0 else stop
                cell = _CELL.fullmatch(text, start, stop) if rank else None
                if cell and looks_secret(cell["value"], rank):
                    yield Span(*cell.span("value"), rank)
                start = min(stop + 1, end)
            at = end + 1
