"""Secrets that are the default of a variable: `${DB_PASSWORD:-…}` of a shell, `${db.password:…}` of Spring."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.secret_names import CONFIGURATION, is_plain
from swiftprep.redaction.secret_ranks import rank_of
from swiftprep.redaction.secret_values import Span, looks_secret

# With a colon in any text: no program has it so. Without one only where a shell, or what reads as one, takes it.
_DEFAULT = re.compile(
    r"""\$\{(?:(?P<name>[\w.-]{1,60}):[-=]?|(?P<short>[A-Z_][A-Z0-9_]{0,60}|\d)[-=])(?![?+])"""
    r"""(?P<quote>["']?)(?P<value>[^\s{}"'`$]{4,200})(?P=quote)\}"""
)
# What is given the value, where the variable tells nothing: `PASS=${1:-…}`.
_GIVEN = re.compile(r"""([\w.-]{1,60})["']?\s{0,3}[:=]\s{0,3}["']?(?:\$\{[\w.]{1,60}:?[-=]?){0,3}$""")


def defaults(text: str, suffix: str) -> Iterator[Span]:
    """Yield the secrets among the defaults of variables; the braces and the mark before the value stay."""
    for match in _DEFAULT.finditer(text) if "${" in text else ():
        if match["short"] and suffix not in CONFIGURATION:
            continue
        given = _GIVEN.search(text, max(0, match.start() - 160), match.start())
        rank = rank_of(match["name"] or match["short"]) or (rank_of(given[1]) if given else "")
        value = match["value"]
        if looks_secret(value, rank) or (rank == "password" and is_plain(value, suffix)):
            yield Span(*match.span("value"), rank)
