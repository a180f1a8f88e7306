"""Keys that a program concatenates from literals and variables, or builds in a template literal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from swiftprep.redaction.assigned import assigned
from swiftprep.redaction.secret_formats import has_format
from swiftprep.redaction.secret_ranks import rank_of
from swiftprep.redaction.secret_values import Span, hits, is_random, looks_secret

Part: TypeAlias = tuple[int, int]

_LEAST = 5  # letters from which a part reveals something
_MOST_PARTS = 12
# Beginnings of keys and authorizations at the start of a literal.
_OPENING = re.compile(
    r"[\"'`](?P<start>sk-|ms-|hf_|LTAI|AKID|AKIA|ASIA|AKLT|ghp?[pousr]?_|github_pat_|glpat-|xox[a-z]-|AIza|npm_|pypi-|[sr]k_(?:live|test)_|"
    r"eyJ|ark-|SEC|Bearer |Basic )"
)
_LITERAL = re.compile(r"\"(?P<double>[^\"\n\\]{0,400})\"|'(?P<single>[^'\n\\]{0,400})'|`(?P<back>[^`\n\\$]{0,400})`")
_NEXT = re.compile(r"\s{0,40}(?:\\\n\s{0,40})?(?:\+\s{0,40}\[?|\)?\.(?:concat|append)\(\s{0,20}|,\s{0,40})?(?=[\"'`])")
_TEMPLATE = re.compile(r"`(?P<text>[^`\n\\]{0,400})`")
_LITERAL_SLOT = re.compile(r"\$\{\s{0,3}[\"']")
_SLOT = re.compile(r"\$\{\s{0,3}(?:([\"'])(?P<literal>[^\"'\n\\{}]{0,200})\1|(?P<name>[A-Za-z_$][\w$]{0,60}))\s{0,3}\}")
# Parts of the names of secrets; below, the rest of such a name with its assignment, and how the name may begin.
_TELLING = (
    *("token", "secret", "pass", "pw", "apikey", "api_key", "accesskey", "access_key", "authorization", "credential"),
)
LEADS = "|".join(_TELLING)  # of `from_variables`, for `Leads`
_GIVEN = re.compile(
    r"(?P<name>[\w$]{1,60})[\"']?(?:\s?:\s?(?:string|String|str))?\s{0,3}[:=]\s{0,3}(?=[A-Za-z_$`\"'\[{])"
)
_BEFORE = re.compile(r"[\w$]{0,40}\Z")
_TERM = re.compile(
    r"(?:(?P<name>[A-Za-z_$][\w$]{0,60})(?!\s?[\w(.\[])|[\"'](?P<literal>[^\"'\n\\]{0,400})[\"'])\s{0,20}(?P<more>\+\s{0,20})?"
)
_VALUE = re.compile(r"(?<!:)(?<!: )[\"'`](?P<value>[^\"'`\n\\]{1,400})[\"'`]")
_PIECE = re.compile(r"([\"'])(?P<value>[^\"'\n\\]{1,80})\1")
# Strings joined without separators, characters, or character codes.
_PIECES = re.compile(
    r"(?:new\s{1,3}char\s?\[\s?\]\s{0,3})?[\[{]\s{0,20}(?P<pieces>(?:[\"'][^\"'\n\\]{1,80}[\"']\s{0,20}(?:,\s{0,20}(?=[\"']))?){2,128})[\]}]"
    r"(?P<joined>\s{0,20}\.join\(\s?(?:\"\"|''|``)\s?\))?"
    r"|String\.fromCharCode\(\s{0,3}(?P<codes>\d{2,3}(?:\s{0,3},\s{0,3}\d{2,3}){5,128})"
)
_SEPARATORS = " \t:/_.?&=-"


def put_together(text: str) -> Iterator[Span]:
    """Yield the parts of keys that are split over several literals, each of which may look harmless."""
    for opening in _OPENING.finditer(text):
        parts = list(_literals(text, opening.start()))
        if len(parts) > 1:
            yield from _judged(text, parts, "token")
    if _LITERAL_SLOT.search(text):
        for template in _TEMPLATE.finditer(text):
            parts, names = _parts(text, *template.span("text"))
            if len(parts) > 1 and not names:
                yield from _judged(text, parts, "token")


def from_variables(text: str, lower: str) -> Iterator[Span]:
    """Yield the parts that a program concatenates into a secret after its name: variables, strings, characters.

    Args:
        text: The text.
        lower: The text in lower case, with the same offsets.
    """
    for at in sorted(at for word in _TELLING for at in hits(lower, word)):
        assignment = _GIVEN.match(text, at)
        before = _BEFORE.search(text[max(0, at - 40) : at]) if assignment else None
        rank = rank_of(before[0] + assignment["name"]) if assignment and before else ""
        if assignment and rank in ("password", "passphrase", "secret", "token"):
            if pieces := _PIECES.match(text, assignment.end()):
                yield from _of_pieces(text, pieces, rank)
            yield from _of_variables(text, assignment.end(), rank)


def _literals(text: str, at: int) -> Iterator[Part]:
    """Yield the spans of the literals that are concatenated from a position on."""
    for _ in range(_MOST_PARTS):
        literal = _LITERAL.match(text, at)
        if literal is None:
            return
        yield literal.span(str(literal.lastgroup))
        following = _NEXT.match(text, literal.end())
        if following is None:
            return
        at = following.end()


def _of_pieces(text: str, match: re.Match[str], rank: str) -> Iterator[Span]:
    """Yield joined strings, characters or character codes, if together they are a secret."""
    if match["codes"]:
        whole = "".join(chr(int(code)) for code in match["codes"].split(","))
    else:
        pieces = [piece["value"] for piece in _PIECE.finditer(match["pieces"])]
        whole = "".join(pieces) if match["joined"] or all(len(piece) == 1 for piece in pieces) else ""
    if looks_secret(whole, rank):
        yield Span(*match.span("codes" if match["codes"] else "pieces"), rank)


def _parts(text: str, start: int, end: int) -> tuple[list[Part], list[str]]:
    """Return the literal parts of a template literal, and the names in it."""
    parts, names, at = list[Part](), list[str](), start
    for slot in _SLOT.finditer(text, start, end):
        parts.append((at, slot.start()))
        if slot["name"]:
            names.append(slot["name"])
        else:
            parts.append(slot.span("literal"))
        at = slot.end()
    parts.append((at, end))
    return ([], []) if any("{" in text[slice(*part)] for part in parts) else (parts, names)


def _of_variables(text: str, at: int, rank: str) -> Iterator[Span]:
    """Yield the values of the variables that are concatenated into a secret, where the text assigns them."""
    parts: list[Part] = []
    names: list[str] = []
    if template := _TEMPLATE.match(text, at):
        parts, names = _parts(text, *template.span("text"))
    else:
        for _ in range(_MOST_PARTS):
            term = _TERM.match(text, at)
            if term is None:
                return
            if term["name"]:
                names.append(term["name"])
            else:
                parts.append(term.span("literal"))
            at = term.end()
            if not term["more"]:
                break
    if not names:
        return
    for start, end in parts:  # `${prefix}.…`
        value = text[start:end].strip(_SEPARATORS)
        start = text.find(value, start)
        if looks_secret(value, rank):
            yield Span(start, start + len(value), rank)
    for name in dict.fromkeys(names):
        values = (_VALUE.match(text, at) for at in assigned(text, name))
        parts += [match.span("value") for match in values if match]
    if len(names) + len(parts) > 1:
        yield from _judged(text, [part for part in parts if part[0] < part[1]], rank)


def _judged(text: str, parts: Sequence[Part], rank: str) -> Iterator[Span]:
    """Yield the parts if together they are a key: in a known format, or machine-generated."""
    pieces = [text[slice(*part)] for part in parts]
    for whole in ("".join(pieces), "-".join(pieces)):
        scheme, _, value = whole.rpartition(" ")
        is_key = has_format(whole) or (scheme in ("Bearer", "Basic") and is_random(value, least=16, letters=30))
        if is_key or (rank != "token" and looks_secret(whole, rank)):
            for (_, end), piece in zip(parts, pieces, strict=True):
                own = piece.removeprefix("Bearer ").removeprefix("Basic ")
                if len(own) >= _LEAST and not own.isalpha():
                    yield Span(end - len(own), end, rank)
            return
