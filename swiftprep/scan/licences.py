"""Read the licence that a source file states, and decide whether it is one of those that are allowed."""

from __future__ import annotations

import re

_HEAD = 3000
# One of these is in every text that states a licence; most files have none, and need no closer look.
_HINTS = (
    *("licen", "spdx", "reserved", "permission", "redistribution", "proprietary", "confidential", "mulan"),
    *("gpl", "mozilla", "apache", "bsd", "版权", "著作权", "许可", "协议", "授权", "权利", "木兰"),
)
_LINES = 30
_ID = r"[A-Za-z0-9](?:[\w.+:]|-(?![->]))*"
_TERM = rf"(?:\([ \t]*)*{_ID}(?:[ \t]*\))*"
_EXPRESSION = rf"{_TERM}(?:[ \t]+(?:AND|OR|WITH)[ \t]+{_TERM})*"
_SPDX = re.compile(rf"(?i:SPDX-License-Identifier)[ \t]*[:：][ \t]*({_EXPRESSION})")
_TAG = re.compile(rf"(?i:@licen[cs]e)[ \t:：]+({_EXPRESSION})")
_COMMENT = re.compile(
    r"/\*.*?(?:\*/|\Z)|<!--.*?(?:-->|\Z)|\"\"\".*?(?:\"\"\"|\Z)|'''.*?(?:'''|\Z)|\{#.*?(?:#\}|\Z)"
    r"|(?:^|(?<=\s))(?://|#|--|;|%|(?:rem|REM)\s)[^\n]*",
    re.DOTALL | re.MULTILINE,
)
# Between the words of a sentence stand spaces, comment signs and line ends.
_SIGNS = re.compile(r"(?:\s|[*#;/|!<>\"'`=~]|--+)+")
_V = r"(?:version |v|v\. ?|-)?"
_GNU = r"general public licen[cs]e"
# A text is of the licence whose words come first, and of the upper one where two begin at the same place.
_WORDS = tuple(
    (spdx, re.compile(pattern, re.IGNORECASE))
    for spdx, pattern in (
        ("MulanPSL-2.0", rf"mulan ?psl[, ]*{_V}2|mulan permissive software licen[cs]e[, ]*{_V}2|木兰宽松许可证"),
        ("AGPL-3.0", rf"(?:gnu )?affero {_GNU}|\bagpl"),
        ("LGPL-2.1", rf"(?:gnu )?(?:lesser|library) {_GNU}.{{0,120}}?version 2|\blgpl[, ]*{_V}2"),
        ("LGPL-3.0", rf"(?:gnu )?(?:lesser|library) {_GNU}|\blgpl"),
        ("GPL-2.0", rf"gnu {_GNU}.{{0,120}}?version 2\b|\bgpl[, ]*{_V}2"),
        ("GPL-3.0", rf"gnu {_GNU}.{{0,120}}?version 3\b|\bgpl[, ]*{_V}3"),
        ("GPL-2.0", rf"gnu {_GNU}|under (?:the )?(?:terms of the )?gpl\b"),
        ("MPL-2.0", rf"mozilla public licen[cs]e[, ]*{_V}2|\bmpl[, ]*{_V}2"),
        ("Apache-2.0", rf"apache (?:software )?licen[cs]e[, (]*{_V}2|apache[- ]{_V}2|licen[cs]ed? ?[:：] ?apache\b"),
        ("MIT", r"\bmit(?:-style)? licen[cs]ed?\b|"
                r"licen[cs]ed? ?(?:[:：]|under (?:the )?(?:terms of the )?) ?\(?mit\b"
                r"|\bmit ?(?:许可|协议|授权)|"
                r"permission is hereby granted, free of charge, to any person obtaining a copy"),
        ("ISC", r"\bisc licen[cs]ed?\b|licen[cs]ed? ?[:：] ?isc\b|"
                r"permission to use, copy, modify,? and ?(?:or)? distribute this software for any purpose"),
        ("BSD-3-Clause", r"redistribution and use in source and binary forms.{0,2400}?neither the name|"
                         r"bsd[- ]3[- ]clause|3[- ]clause bsd|(?:new|modified|revised) bsd licen[cs]e|"
                         r"bsd-style licen[cs]e"),
        ("BSD-2-Clause", r"redistribution and use in source and binary forms|bsd[- ]2[- ]clause|2[- ]clause bsd|"
                         r"simplified bsd licen[cs]e"),
    )
)  # fmt: skip
_RESERVED = re.compile(
    r"all rights? (?:are )?reserved|版权所有|著作权所有|保留(?:所有|一切|全部)权利|proprietary and confidential|"
    r"confidential and proprietary|proprietary (?:software|code)",
    re.IGNORECASE,
)
_NAMES = {
    **{name.lower(): name for name in (
        "MIT", "MIT-0", "ISC", "0BSD", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "MPL-2.0", "MulanPSL-2.0", "Zlib",
        "Unlicense", "WTFPL", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "BSL-1.0", "EPL-2.0", "UNLICENSED",
        "GPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0", "GPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.1",
        "LGPL-2.1-only", "LGPL-2.1-or-later", "LGPL-3.0", "LGPL-3.0-only", "LGPL-3.0-or-later", "AGPL-3.0",
        "AGPL-3.0-only", "AGPL-3.0-or-later",
    )},
    "bsd": "BSD-3-Clause", "apache": "Apache-2.0", "apache2": "Apache-2.0", "gplv2": "GPL-2.0", "gplv3": "GPL-3.0",
    "proprietary": "LicenseRef-Proprietary",
}  # fmt: skip


def licence_of(text: str) -> str:
    """Return the licence that the head of a file states, or an empty string.

    An SPDX line within the first 30 lines comes first and is returned whole, then an `@license` tag, then the words of
    the known licences in a comment. A notice that reserves all rights is `LicenseRef-Proprietary`, unless there is a
    licence beside it. Of the GNU licences only the version is told, not whether a later one will do. Nothing beyond
    the first 3,000 characters is read.

    >>> licence_of("// SPDX-License-Identifier: MIT OR Apache-2.0")
    'MIT OR Apache-2.0'
    >>> licence_of("/* 某某公司 版权所有 */")
    'LicenseRef-Proprietary'
    """
    head = text[:_HEAD]
    if not any(sign in head.lower() for sign in _HINTS):
        return ""
    if stated := _SPDX.search("\n".join(head.split("\n", _LINES)[:_LINES])):
        return _trimmed(stated[1])
    # What a page shows to its visitors, such as a footer that reserves all rights, is not about its source.
    comments = "\n".join(_COMMENT.findall(head)) or ("" if re.search(r"[<{;=]", head[:400]) else head)
    for tag in _TAG.finditer(comments):
        stated_tag = _trimmed(tag[1])
        if " " in stated_tag or stated_tag.lower() in _NAMES:
            return _NAMES.get(stated_tag.lower(), stated_tag)
    words = _SIGNS.sub(" ", comments)
    found = [(match.start(), number) for number, (_, pattern) in enumerate(_WORDS) if (match := pattern.search(words))]
    if found:
        return _WORDS[min(found)[1]][0]
    return "LicenseRef-Proprietary" if _RESERVED.search(words) else ""


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
