"""Find secrets in source text and take them out.

Two kinds of rule look at a text. Formats that providers document are matched as they stand. All else is judged by the
name beside it: `_rank` says what a name such as `dbPassword` or `密码` gives away, and the value must look accordingly:
after a `password` a weak `root` with some digits is enough, after a bare `key` only what no person would type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from swiftprep.scan.secret_formats import elsewhere, formats, private_keys
from swiftprep.scan.secret_names import named
from swiftprep.scan.secret_values import Span


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a secret was. What it was is nowhere in it.

    Attributes:
        path: The file, as given to `redact`.
        line: The line it starts on, from 1.
        kind: What it is, such as `"aws-key-id"`, `"private-key"` or `"password"`.
    """

    path: str
    line: int
    kind: str


def redact(text: str, path: str = "") -> tuple[str, list[Finding]]:
    """Replace the characters of every secret in a text with `<REDACTED:kind>`.

    Quotes and everything else around a value stay, and so does the number of lines. What is redacted already is left
    alone, so a second call finds nothing.

    Args:
        text: Source code, configuration or prose.
        path: Its file. The suffix tells code, where a bare word is a variable, from configuration, where it is a value.

    Returns:
        The text without its secrets, and the findings in the order of their lines.

    >>> redact("password: Admin@" + "123  # 默认密码", "application.yml")
    ('password: <REDACTED:password>  # 默认密码', [Finding(path='application.yml', line=1, kind='password')])
    """
    findings: list[Finding] = []
    # A secret can hide another from the rules, so look until there is nothing more to see. Each round leaves fewer
    # characters that are not redacted, so there is a last one.
    while spans := _spans(text, path):
        pieces: list[str] = []
        done, line = 0, 1
        for start, end, kind in spans:
            line += text.count("\n", done, start)
            findings.append(Finding(path, line, kind))
            line += text.count("\n", start, end)
            pieces += text[done:start], _mask(text[start:end], kind)
            done = end
        text = "".join([*pieces, text[done:]])
    return text, sorted(findings, key=lambda finding: finding.line)


_MARKER = re.compile(r"<REDACTED:[a-z0-9-]+>")
_KEY_TEXT = re.compile(r"\\[nrt]|[A-Za-z0-9+/=]{2,}")


def _mask(value: str, kind: str) -> str:
    marker = f"<REDACTED:{kind}>"
    if kind != "private-key" or not ("\n" in value or "\\" in value):
        return marker
    # Its lines may be string literals that code puts together: only the letters of the key go.
    return _KEY_TEXT.sub(lambda match: match[0] if match[0][0] == "\\" else marker, value)


def _spans(text: str, path: str) -> list[Span]:
    """Return what to redact, in order and without overlaps; where two rules meet, the more exact one wins."""
    file = PurePosixPath(path.lower())
    suffix = ".env" if file.name.startswith(".env") else file.suffix or file.name
    # One byte for a character, so that places are the same in both; bytes are the faster to look through.
    raw = text.encode("latin-1", "replace")
    found = [*private_keys(text), *formats(text, raw), *elsewhere(text), *named(text, raw.lower(), suffix)]
    # No rule should touch a marker: with one that did, `redact` would not come to an end.
    taken = bytearray(len(text) if found else 0)
    kept: list[Span] = []
    for match in _MARKER.finditer(text) if found else ():
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    for span in found:
        if 1 not in taken[span.start : span.end]:
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept)
