"""Read the licence that a source file states, and decide whether it is one of those that are allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = 3000
# One of these is in every text that states a licence; most files have none, and need no closer look.
_HINTS = (
    *"licen spdx reserved permission redistribution proprietary confidential mulan permitted gpl mozilla".split(),
    *("apache", "bsd", "prohibited", "unlicense", "wtfpl", "public domain", "internal use", "trade secret"),
)
_CHINESE_HINTS = tuple(
    "版权 著作权 许可 协议 授权 权利 木兰 机密 保密 内部 商业秘密 知识产权 严禁 禁止 不得".split()
)  # fmt: skip
# These are parts of other words as well.
_SHORT_HINTS = ("epl", "cddl", "eupl", "mpl", "sspl", "busl", "rsal", "cecill", "cc", "creative commons", "996")
_SHORT_HINT = re.compile(
    r"[ecmsbra](?<!\w.)(?:(?<=e)(?:pl|upl)|(?<=c)(?:ddl|ecill|c[- ]by|c0|reative commons)|(?<=m)pl|(?<=s)spl|(?<=b)usl"
    r"|(?<=r)sal|(?<=a)nti[- ]?996)\b"
)
_LINES = 30
_ID = r"[A-Za-z0-9](?:[\w.+:]|-(?![->]))*"
_TERM = rf"(?:\([ \t]*)*{_ID}(?:[ \t]*\))*"
# An operator in small letters is one where an id follows it: "MIT and EPL-2.0", not "MIT and nothing else".
_OPERATOR = r"(?:AND|OR|WITH|(?i:and|or|with)(?=[ \t]+\(*(?:[A-Z][\w.+]*-[\w.+-]*\d|MIT\b|ISC\b|Unlicense\b|Zlib\b)))"
_EXPRESSION = rf"{_TERM}(?:[ \t]+{_OPERATOR}[ \t]+{_TERM})*"
_SPDX = re.compile(rf"(?i:SPDX-License-Identifier)[ \t]*[:：][ \t]*({_EXPRESSION})")
_TAG = re.compile(rf"(?i:@licen[cs]e)[ \t:：]+({_EXPRESSION})")
_IS_ID = re.compile(r"[A-Z]{2}[A-Za-z]*(?:-[A-Z][A-Za-z]*)*-\d[\w.+-]*")  # an id in SPDX's form, known or not
_COMMENT = re.compile(
    r"/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|\{#.*?(?:#\}|\Z)"
    r"|(?:^|(?<=\s))(?://|#|--|;|%|(?:rem|REM)\s)[^\n]*",
    re.DOTALL | re.MULTILINE,
)
# What may stand above the notice at the head of a file.
_ABOVE = re.compile(r"(?:\s|<(?:template|script|style)\b[^>]*>|['\"]use \w+['\"];?|package [\w.]+;|<\?\w+|\ufeff)*")
# Between the words of a sentence stand spaces, comment signs and line ends.
_SIGNS = re.compile(r"(?:\s|[*#;/|!<>\"'`=~]|--+)+")
_OWNER = re.compile(r"(?i)copyright|\(c\)|©|licen[cs]e|版权|著作权")


@dataclass(frozen=True, slots=True)
class Statement:
    """What the head of a file says of its licence.

    Attributes:
        licence: An SPDX expression; `LicenseRef-…` of one that has no id; `""` when none is stated.
        words: The words it was read from, on one line.
    """

    licence: str = ""
    words: str = ""


def licence_of(text: str) -> str:
    """Return the licence that the head of a file states, or an empty string.

    >>> licence_of("// SPDX-License-Identifier: MIT OR Apache-2.0")
    'MIT OR Apache-2.0'
    >>> licence_of("/* 某某公司 版权所有 */")
    'LicenseRef-Proprietary'
    """
    return read_licence(text).licence


def read_licence(text: str) -> Statement:
    """Return the licence that the head of a file states, with its words.

    An SPDX line within the first 30 lines comes first and is returned whole, then an `@license` tag, then the words of
    the known licences in a comment. A clause that takes rights away, such as the Commons Clause, is joined to its
    licence by `AND`. A notice that reserves all rights is `LicenseRef-Proprietary`, unless there is a licence beside
    it, and a sentence that puts the file under a licence nobody knows is `LicenseRef-` and that licence's name. Of the
    GNU licences only the version is told, not whether a later one will do. Nothing beyond the first 3,000 characters is
    read, and a mere pointer ("see LICENSE") states none.

    >>> read_licence("// Licensed under the Acme Community License 1.2")
    Statement(licence='LicenseRef-Acme-Community-License-1.2', words='Licensed under the Acme Community License 1.2')
    """
    head = text[:_HEAD]
    lower = head.lower()
    if not _may_state(lower):
        return Statement()
    from swiftprep.scan.licence_words import NAMES, RIDERS, WORDS  # many patterns, which most files do without

    if stated := _SPDX.search("\n".join(head.split("\n", _LINES)[:_LINES])):
        return Statement(_trimmed(stated[1]), " ".join(stated[0].split()))
    # What a page shows to its visitors, such as a footer that reserves all rights, is not about its source.
    blocks = [match[0] for match in _COMMENT.finditer(head)]
    notices = [*_leading(head), *(comment for comment in blocks if _OWNER.search(comment))]
    if not blocks and not re.search(r"[<{;=]", head[:400]):
        blocks = notices = [head]
    comments = "\n".join(blocks)
    for tag in _TAG.finditer(comments):
        stated_tag = _trimmed(tag[1])
        if " " in stated_tag or stated_tag.lower() in NAMES or _IS_ID.fullmatch(stated_tag):
            return Statement(NAMES.get(stated_tag.lower(), stated_tag), " ".join(tag[0].split()))
    words = _SIGNS.sub(" ", comments)
    matches = [(match.start(), at, match) for at, (_, pattern) in enumerate(WORDS) if (match := pattern.search(words))]
    known = Statement(WORDS[min(matches)[1]][0], min(matches)[2][0][:120]) if matches else Statement()
    notice = _SIGNS.sub(" ", "\n".join(dict.fromkeys(notices)))
    for rider, pattern in RIDERS:
        if rule := pattern.search(notice):
            joined = f"{known.licence} AND {rider}" if known.licence else rider
            known = Statement(joined, f"{known.words} … {rule[0]}" if known.words else rule[0])
    return known if known.licence else _unknown(words, notice, "\n".join(notices))


def _may_state(lower: str) -> bool:
    """Return whether a head in small letters has anything in it that a licence is stated with."""
    if any(hint in lower for hint in _HINTS):
        return True
    if not lower.isascii() and any(hint in lower for hint in _CHINESE_HINTS):
        return True
    return any(hint in lower for hint in _SHORT_HINTS) and _SHORT_HINT.search(lower) is not None


def _leading(head: str) -> list[str]:
    """Return the comments that stand before any code."""
    comments = []
    at = 0
    while match := _COMMENT.match(head, _ABOVE.match(head, at).end()):  # type: ignore[union-attr]  # it matches nothing, too
        comments.append(match[0])
        at = match.end()
    return comments


def _unknown(words: str, notice: str, lines: str) -> Statement:
    """Return what a notice says that names no known licence: all rights reserved, or some other licence."""
    from swiftprep.scan.licence_words import LABEL, NAMES, POINTER, RESERVED, RESTRICTED, STATEMENTS

    if match := RESERVED.search(words) or RESTRICTED.search(notice):
        return Statement("LicenseRef-Proprietary", match[0])
    for pattern in STATEMENTS:
        if match := pattern.search(notice):
            name = match.groupdict().get("name") or ""
            return Statement(_reference(name), " ".join(match[0].split())[:120])
    for match in LABEL.finditer(lines):
        if not POINTER.match(match["name"]):
            licence = NAMES.get(match["name"].strip(" .*/-").lower())
            return Statement(licence or _reference(match["name"]), " ".join(match["name"].split()))
    return Statement()


def _reference(name: str) -> str:
    """Return an SPDX reference for a licence that has no id.

    >>> _reference("Acme Community License, v1.2"), _reference("")
    ('LicenseRef-Acme-Community-License-v1.2', 'LicenseRef-Unknown')
    """
    parts = re.findall(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*", name)
    is_named = any(part.lower() not in ("license", "licence") for part in parts)
    return "LicenseRef-" + ("-".join(parts)[:60].strip("-.") if is_named else "Unknown")


def _trimmed(expression: str) -> str:
    """Drop what a comment left at the end of an expression: a full stop, a bracket that was opened before it."""
    expression = expression.rstrip(" \t.:-")
    surplus = expression.count(")") - expression.count("(")
    return expression[: len(expression) - surplus] if surplus > 0 else expression[max(-surplus, 0) :]


def allowed(licence: str, allow: frozenset[str]) -> bool:
    """Return whether a licence can be satisfied with the allowed ones.

    Of `A OR B` one will do, of `A AND B` both must be allowed; an exception (`A WITH B`) takes nothing away from what A
    allows, and "or later" (`A+`, `A-or-later`) may be taken as that version. Case does not matter. What is no SPDX
    expression is not allowed; no licence at all always is.

    Args:
        licence: An id or an expression, as `licence_of` returns it.
        allow: SPDX ids.

    >>> allowed("(MIT OR GPL-3.0) AND ISC", frozenset({"MIT", "ISC"}))
    True
    """
    if not licence.strip():
        return True
    tokens = re.findall(r"[()]|[^\s()]+", licence)[::-1]
    # Nobody nests deeper, and so a hostile text cannot exhaust the stack.
    if tokens.count("(") > 50:
        return False
    try:
        return _any_of(tokens, frozenset(name.lower() for name in allow)) and not tokens
    except (IndexError, ValueError):
        return False


def _any_of(tokens: list[str], allow: frozenset[str]) -> bool:
    result = _all_of(tokens, allow)
    while tokens and tokens[-1].upper() == "OR":
        tokens.pop()
        result |= _all_of(tokens, allow)
    return result


def _all_of(tokens: list[str], allow: frozenset[str]) -> bool:
    result = _one(tokens, allow)
    while tokens and tokens[-1].upper() == "AND":
        tokens.pop()
        result &= _one(tokens, allow)
    return result


def _one(tokens: list[str], allow: frozenset[str]) -> bool:
    name = tokens.pop().lower()
    if name == "(":
        result = _any_of(tokens, allow)
        if tokens.pop() != ")":
            raise ValueError("unbalanced")
        return result
    if name in (")", "or", "and", "with"):
        raise ValueError(f"{name} where a licence should be")
    plain = re.sub(r"(?:\+|-or-later|-only)$", "", name)
    # An only-version grants no choice of another, so a bare id and its `-only` form are the same.
    result = bool({name, plain, f"{plain}-only"} & allow)
    if tokens and tokens[-1].upper() == "WITH":
        tokens.pop()
        exception = tokens.pop().lower()
        if exception in ("(", ")", "or", "and", "with"):
            raise ValueError(f"{exception} where an exception should be")
        result |= f"{name} with {exception}" in allow
    return result
