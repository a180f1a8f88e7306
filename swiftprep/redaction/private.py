"""Removal of everything private from a text: secrets, personal data, and addresses of the company's own machines.

It is used wherever private code is shown to others or to a model: for the scanner's samples and a teacher's prompts.
The checker applies the same detection in its rules `secrets` and `personal-data`.
"""

from __future__ import annotations

from swiftprep.redaction.finding import Finding
from swiftprep.redaction.intranet import intranet
from swiftprep.redaction.mask import mask
from swiftprep.redaction.personal_data import personal
from swiftprep.redaction.places import Places
from swiftprep.redaction.secret_values import Span
from swiftprep.redaction.secrets import redact
from swiftprep.redaction.stand_ins import of_the_same_form, stand_in

OWN_HOST = "intranet.example"  # RFC 2606; addresses become those of RFC 5737
_MOST_ADDRESSES = 254


def without_private(text: str, path: str = "") -> tuple[str, list[Finding]]:
    """Return a text with everything private replaced, and the findings.

    A secret becomes a word such as `REDACTED_PASSWORD`, and so does personal data, unless code may check its format:
    then it becomes a number of the same format that belongs to nobody. An address becomes one that is reserved for
    documentation. Code still parses afterwards.

    Args:
        text: Source code, configuration or prose.
        path: Its file, as for `redact`.

    >>> without_private("fetch('http://10.23.4.5:8080/api')", "a.js")[0]
    "fetch('http://192.0.2.1:8080/api')"
    """
    text, findings = redact(text, path)
    if spans := personal(text, path):
        findings += _findings(text, path, spans)
        text = _without_personal(text, path, spans)
    if spans := intranet(text, path):
        findings += _findings(text, path, spans)
        text = _with_documentation_addresses(text, spans)
    return text, sorted(findings, key=lambda finding: finding.line)


def _findings(text: str, path: str, spans: list[Span]) -> list[Finding]:
    findings, done, line = [], 0, 1
    for start, _, kind in spans:
        line += text.count("\n", done, start)
        findings.append(Finding(path, line, kind))
        done = start
    return findings


def _without_personal(text: str, path: str, spans: list[Span]) -> str:
    for span in reversed(spans):
        value = text[span.start : span.end]
        other = stand_in(text, span, path)
        if other is None:  # text that depends on the value becomes wrong, but the value is personal
            other = of_the_same_form(value, span.kind)
        if other:
            text = text[: span.start] + other + text[span.end :]
    spans = personal(text, path)
    return mask(text, spans, Places(text, path)) if spans else text


def _with_documentation_addresses(text: str, spans: list[Span]) -> str:
    """Replace a company's addresses by addresses reserved for documentation, equal ones by equal ones."""
    numbers: dict[str, int] = {}
    pieces, done = [], 0
    for start, end, kind in spans:
        if start < done:
            continue
        number = numbers.setdefault(text[start:end], len(numbers) % _MOST_ADDRESSES + 1)
        pieces += [text[done:start], OWN_HOST if kind == "intranet-host" else f"192.0.2.{number}"]
        done = end
    return "".join([*pieces, text[done:]])
