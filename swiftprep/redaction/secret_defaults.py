"""Secrets in default values of variables: `${DB_PASSWORD:-…}` in a shell, `${db.password:…}` in Spring."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.secret_names import CONFIGURATION, is_plain
from swiftprep.redaction.secret_ranks import rank_of
from swiftprep.redaction.secret_values import Span, looks_secret

# With a colon in any text, as no program has it otherwise. Without one only in shells and similar formats.
_DEFAULT = re.compile(
    r"""\$\{(?:(?P<name>[\w.-]{1,60}):[-=]?|(?P<short>[A-Z_][A-Z0-9_]{0,60}|\d)[-=])(?![?+])"""
    r"""(?P<quote>["']?)(?P<value>[^\s{}"'`$]{4,200})(?P=quote)\}"""
)
# The assigned name, where the variable's own name says nothing: `PASS=${1:-…}`.
_GIVEN = re.compile(r"""([\w.-]{1,60})["']?\s{0,3}[:=]\s{0,3}["']?(?:\$\{[\w.]{1,60}:?[-=]?){0,3}$""")


def defaults(text: str, suffix: str) -> Iterator[Span]:
    """Yield the secrets among default values of variables; the braces and the operator stay."""
    for match in _DEFAULT.finditer(text) if "${" in text else ():
        if match["short"] and suffix not in CONFIGURATION:
            continue
        assignment = _GIVEN.search(text, max(0, match.start() - 160), match.start())
        rank = rank_of(match["name"] or match["short"]) or (rank_of(assignment[1]) if assignment else "")
        value = match["value"]
        if looks_secret(value, rank) or (rank == "password" and is_plain(value, suffix)):
            yield Span(*match.span("value"), rank)
