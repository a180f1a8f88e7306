"""Read the licence stated in a source file, and check it against the allowed ones."""

from __future__ import annotations

import re
from dataclasses import dataclass

_HEAD = 3000
# Every licence statement contains one of these; most files have none and need no closer look.
_HINTS = (
    *"licen spdx reserved permission redistribution proprietary confidential mulan permitted gpl mozilla".split(),
    *("apache", "bsd", "prohibited", "unlicense", "wtfpl", "public domain", "internal use", "trade secret"),
)
_CHINESE_HINTS = tuple(
    "版权 著作权 许可 协议 授权 权利 木兰 机密 保密 内部 商业秘密 知识产权 严禁 禁止 不得".split()
)  # fmt: skip
# These also occur inside other words.
_SHORT_HINTS = ("epl", "cddl", "eupl", "mpl", "sspl", "busl", "rsal", "cecill", "cc", "creative commons", "996")
_SHORT_HINT = re.compile(
    r"[ecmsbra](?<!\w.)(?:(?<=e)(?:pl|upl)|(?<=c)(?:ddl|ecill|c[- ]by|c0|reative commons)|(?<=m)pl|(?<=s)spl|(?<=b)usl"
    r"|(?<=r)sal|(?<=a)nti[- ]?996)\b"
)
_LINES = 30
_ID = r"[A-Za-z0-9](?:[\w.+:]|-(?![->]))*"
_TERM = rf"(?:\([ \t]*)*{_ID}(?:[ \t]*\))*"
# A lower-case operator counts only before an id: "MIT and EPL-2.0", not "MIT and nothing else".
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
# Lines that may precede the notice at the top of a file.
_ABOVE = re.compile(r"(?:\s|<(?:template|script|style)\b[^>]*>|['\"]use \w+['\"];?|package [\w.]+;|<\?\w+|\ufeff)*")
# The words of a sentence may be separated by spaces, comment marks and line ends.
_SIGNS = re.compile(r"(?:\s|[*#;/|!<>\"'`=~]|--+)+")
_OWNER = re.compile(r"(?i)copyright|\(c\)|©|licen[cs]e|版权|著作权")


@dataclass(frozen=True, slots=True)
class Statement:
    """The licence statement at the top of a file.

    Attributes:
        licence: An SPDX expression; `LicenseRef-…` for a licence without an id; `""` if none is stated.
        words: The words that state it, on one line.
    """

    licence: str = ""
    words: str = ""


def licence_of(text: str) -> str:
    """Return the licence stated at the top of a file, or an empty string.

    >>> licence_of("// SPDX-License-Identifier: MIT OR Apache-2.0")
    'MIT OR Apache-2.0'
    >>> licence_of("/* 某某公司 版权所有 */")
    'LicenseRef-Proprietary'
    """
    return read_licence(text).licence


def read_licence(text: str) -> Statement:
    """Return the licence stated at the top of a file, with the words that state it.

    An SPDX line within the first 30 lines takes precedence and is returned whole, then an `@license` tag, then the
    wording of a known licence in a comment. A restricting clause, such as the Commons Clause, is appended with `AND`. A
    notice that reserves all rights gives `LicenseRef-Proprietary`, unless a licence accompanies it; a sentence that
    names an unknown licence gives `LicenseRef-` and that name. For GNU licences only the version is detected, not
    whether a later one is allowed. Only the first 3,000 characters are read, and a mere pointer ("see LICENSE") does
    not count.

    >>> read_licence("// Licensed under the Acme Community License 1.2")
    Statement(licence='LicenseRef-Acme-Community-License-1.2', words='Licensed under the Acme Community License 1.2')
    """
    head = text[:_HEAD]
    lower = head.lower()
    if not _may_state(lower):
        return Statement()
    from swiftprep.scan.licence_words import NAMES, RIDERS, WORDS  # many patterns, which most files never need

    if stated := _SPDX.search("\n".join(head.split("\n", _LINES)[:_LINES])):
        return Statement(_trimmed(stated[1]), " ".join(stated[0].split()))
    # Text that a page shows to visitors, such as a footer that reserves all rights, is not about its source.
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
    """Return whether a lower-case text may state a licence."""
    if any(hint in lower for hint in _HINTS):
        return True
    if not lower.isascii() and any(hint in lower for hint in _CHINESE_HINTS):
        return True
    return any(hint in lower for hint in _SHORT_HINTS) and _SHORT_HINT.search(lower) is not None


def _leading(head: str) -> list[str]:
    """Return the comments before any code."""
    comments = []
    at = 0
    while match := _COMMENT.match(head, _ABOVE.match(head, at).end()):  # type: ignore[union-attr]  # it matches nothing, too
        comments.append(match[0])
        at = match.end()
    return comments


def _unknown(words: str, notice: str, lines: str) -> Statement:
    """Read a notice without a known licence: all rights reserved, or a licence of another name."""
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
    """Return an SPDX reference for a licence without an id.

    >>> _reference("Acme Community License, v1.2"), _reference("")
    ('LicenseRef-Acme-Community-License-v1.2', 'LicenseRef-Unknown')
    """
    parts = re.findall(r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*", name)
    is_named = any(part.lower() not in ("license", "licence") for part in parts)
    return "LicenseRef-" + ("-".join(parts)[:60].strip("-.") if is_named else "Unknown")


def _trimmed(expression: str) -> str:
    """Drop trailing punctuation and unbalanced brackets from an expression."""
    expression = expression.rstrip(" \t.:-")
    surplus = expression.count(")") - expression.count("(")
    return expression[: len(expression) - surplus] if surplus > 0 else expression[max(-surplus, 0) :]


def allowed(licence: str, allow: frozenset[str]) -> bool:
    """Return whether a licence expression is satisfied by the allowed licences.

    `A OR B` needs one of the two, `A AND B` needs both. `A WITH B` is allowed wherever A is, and `A+` or `A-or-later`
    wherever A is. Case is ignored. An invalid SPDX expression is never allowed; a file without a licence always is.

    Args:
        licence: An id or an expression, as `licence_of` returns it.
        allow: SPDX ids.

    >>> allowed("(MIT OR GPL-3.0) AND ISC", frozenset({"MIT", "ISC"}))
    True
    """
    if not licence.strip():
        return True
    tokens = re.findall(r"[()]|[^\s()]+", licence)[::-1]
    # No real expression nests deeper; the limit keeps a hostile one from exhausting the stack.
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
