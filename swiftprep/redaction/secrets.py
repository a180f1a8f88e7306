"""Detection and replacement of secrets in source text.

There are two kinds of rules. The documented formats of providers are matched as they are. Everything else is judged by
the name beside it: `rank_of` says what a name such as `dbPassword` or `密码` reveals, and the value must look
accordingly: after a `password` a weak `root` with some digits suffices, after a bare `key` only what no person would
type. Where a grammar shows that there is a name, a call or another expression, it is code and not a value.
"""

from __future__ import annotations

from functools import cache
from itertools import chain

from swiftprep.redaction import secret_calls, secret_hooks, secret_joined, secret_names, secret_positions
from swiftprep.redaction.finding import Finding
from swiftprep.redaction.leads import Leads
from swiftprep.redaction.mask import MARKER, mask, word
from swiftprep.redaction.places import Places, regions
from swiftprep.redaction.secret_calls import called
from swiftprep.redaction.secret_columns import columns
from swiftprep.redaction.secret_defaults import defaults
from swiftprep.redaction.secret_formats import elsewhere, formats, private_keys
from swiftprep.redaction.secret_hooks import hooks
from swiftprep.redaction.secret_joined import from_variables, put_together
from swiftprep.redaction.secret_names import named, named_otherwise
from swiftprep.redaction.secret_positions import positional, told
from swiftprep.redaction.secret_values import Span

__all__ = ["Finding", "redact"]

_MOST_ROUNDS = 16
_LEADS = Leads(
    {
        "hooks": secret_hooks.LEADS,
        "variables": secret_joined.LEADS,
        "positional": secret_positions.CALL_LEADS,
        "called": secret_calls.LEADS,
        "named": secret_names.LEADS,
        "told": secret_positions.USER_LEADS,
    }
)


def redact(text: str, path: str = "") -> tuple[str, list[Finding]]:
    """Replace every secret in a text by a word for its kind, such as `REDACTED_PASSWORD`.

    Quotes and everything else around a value stay, and so does the number of lines. Code still parses afterwards: an
    unquoted value becomes a string. Redacted values are left alone, so that a second call finds nothing.

    Args:
        text: Source code, configuration or prose.
        path: Its file. The suffix distinguishes code, where a bare word is a variable, from configuration, where it is
            a value.

    Returns:
        The text without its secrets, and the findings in the order of their lines.

    >>> redact("password: Admin@" + "123  # 默认密码", "application.yml")
    ('password: REDACTED_PASSWORD  # 默认密码', [Finding(path='application.yml', line=1, kind='password')])
    """
    findings: list[Finding] = []
    # A secret can hide another from the rules, so repeat until none is found. If that does not end, replace whole
    # lines, and at last the whole text.
    rounds = 0
    while matched := _spans(text, path):
        spans, places = matched
        rounds += 1
        done, line = 0, 1
        for start, _, kind in spans:
            line += text.count("\n", done, start)
            findings.append(Finding(path, line, kind))
            done = start
        if rounds <= _MOST_ROUNDS:
            text = mask(text, spans, places)
        else:
            text = _without_lines(text, spans if rounds <= 2 * _MOST_ROUNDS else [Span(0, len(text), spans[0].kind)])
    return text, sorted(findings, key=lambda finding: finding.line)


def _without_lines(text: str, spans: list[Span]) -> str:
    """Replace every line that holds one of the spans by a word, and keep the number of lines."""
    pieces, done = [], 0
    for start, end, kind in spans:
        if end <= done:
            continue
        begin = max(done, text.rfind("\n", done, start) + 1)
        stop = text.find("\n", end)
        stop = len(text) if stop < 0 else stop
        pieces += [text[done:begin], word(kind), "\n" * text.count("\n", begin, stop)]
        done = stop
    return "".join([*pieces, text[done:]])


def _spans(text: str, path: str) -> tuple[list[Span], Places] | None:
    """Return the spans to redact, in order and without overlaps; where two rules overlap, the more exact one wins."""
    # One byte per character keeps the offsets equal; bytes are faster to search.
    raw = text.encode("latin-1", "replace")
    lower = raw.lower()
    small = lower.decode("latin-1")
    rules = _LEADS.rules(lower)
    spans = list(hooks(text, small)) if "hooks" in rules else []
    spans += [*private_keys(text), *formats(text, raw), *put_together(text)]
    spans += from_variables(text, small) if "variables" in rules else ()
    spans += elsewhere(text)
    spans += positional(text) if "positional" in rules else ()
    spans += called(text, lower) if "called" in rules else ()
    exact = len(spans)
    places = cache(lambda: Places(text, path))  # nothing is parsed before a secret is found
    for start, end, suffix in regions(text, path):
        piece = text[start:end]
        spans += [
            Span(start + span.start, start + span.end, span.kind)
            for span in chain(
                defaults(piece, suffix), columns(piece, suffix),
                named(piece, raw[start:end], suffix) if "named" in rules else (),
                named_otherwise(piece, raw[start:end], suffix),
                told(piece, small[start:end], suffix, places, start) if "told" in rules or not text.isascii() else (),
            )
        ]  # fmt: skip
    if not spans:
        return None
    # No rule may touch a marker: otherwise `redact` would not terminate.
    taken = bytearray(len(text))
    for match in MARKER.finditer(text):
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    kept: list[Span] = []
    for number, span in enumerate(spans):
        # In code, only a format or a call can reveal a secret; beside a name there is an expression.
        if 1 in taken[span.start : span.end] or (number >= exact and places().at(span.start, span.end).kind == "code"):
            continue
        taken[span.start : span.end] = b"\1" * (span.end - span.start)
        kept.append(span)
    return (sorted(kept), places()) if kept else None
