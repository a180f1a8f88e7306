"""Rules about what must not be in training data: secrets and personal data."""

from __future__ import annotations

import re

from swiftprep.quality.edit import with_texts
from swiftprep.quality.verdict import Verdict, fix
from swiftprep.records import Sample
from swiftprep.scan.secrets import redact

_PHONE = re.compile(r"(?<![\w.+-])(?:\+?86[- ]?)?1[3-9]\d(?:\d{8}|[- ]\d{4}[- ]\d{4})(?![\w.-]*\d)(?![\w-])", re.ASCII)
_IDENTITY = re.compile(
    r"(?<![\w.-])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\w-])", re.ASCII
)
_CARD = re.compile(r"(?<![\w.-])[3-6]\d{3}(?:[ -]?\d{4}){2,3}[ -]?\d{1,4}(?![\w.-]*\d)(?!\w)", re.ASCII)
_MAIL = re.compile(
    r"(?<![\w.+%/@-])[A-Za-z0-9][\w.+-]{0,63}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,4}[A-Za-z]{2,24})(?![\w@])",
    re.ASCII,
)
# Names that RFC 2606 sets aside for examples; no person has an address there.
_NOBODY = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net|cn)|example|test|invalid|localhost)$", re.I)
# Numbers that documentation uses for nobody's: of a phone, and of cards that payment services give for tests.
_KNOWN = frozenset("13800138000 13800000000 13888888888 13900000000".split()) | frozenset(
    "4242424242424242 4111111111111111 5555555555554444 4000056655665556 378282246310005 6011111111111117".split()
)
_FILES = frozenset("js ts vue css scss less png jpg jpeg svg gif webp json html md py java".split())
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def secrets(sample: Sample) -> Verdict | None:
    """Keys, tokens and passwords, replaced by `<REDACTED:kind>` as the scanner does."""
    kinds: list[str] = []

    def clean(text: str) -> str:
        made, findings = redact(text, ".md")
        kinds.extend(finding.kind for finding in findings)
        return made

    made = with_texts(sample, clean)
    if made is sample:
        return None
    names = ", ".join(sorted(set(kinds)))
    return fix(made, f"holds secrets: {names}", f"含有密钥或口令：{names}")


def personal_data(sample: Sample) -> Verdict | None:
    """Mobile numbers, ID numbers, bank cards and e-mail addresses of people, replaced by `<REDACTED:kind>`."""
    kinds: list[str] = []

    def clean(text: str) -> str:
        if "@" in text:
            text = _MAIL.sub(lambda match: match[0] if _is_nobody(match) else mask("email"), text)
        if re.search(r"\d{4}", text):
            text = _IDENTITY.sub(lambda match: mask("id-card") if is_identity_number(match[0]) else match[0], text)
            text = _CARD.sub(
                lambda match: mask("bank-card") if is_card_number(match[0]) and not is_known(match[0]) else match[0],
                text,
            )
            text = _PHONE.sub(lambda match: match[0] if is_known(match[0]) else mask("phone"), text)
        return text

    def mask(kind: str) -> str:
        kinds.append(kind)
        return f"<REDACTED:{kind}>"

    made = with_texts(sample, clean)
    if made is sample:
        return None
    names = ", ".join(sorted(set(kinds)))
    return fix(made, f"holds personal data: {names}", f"含有个人信息：{names}")


def is_known(text: str) -> bool:
    """Return whether a number is one that documentation uses for nobody's."""
    digits = re.sub(r"\D", "", text)
    return digits in _KNOWN or digits.removeprefix("86") in _KNOWN


def _is_nobody(match: re.Match[str]) -> bool:
    name = match[0].partition("@")[0]
    suffix = match[1].rpartition(".")[2].lower()
    return name in ("git", "npm") or suffix in _FILES or _NOBODY.search(match[1]) is not None


def is_identity_number(text: str) -> bool:
    """Return whether 18 characters are a Chinese ID number, by its check digit (GB 11643-1999).

    >>> is_identity_number("11010519491231002X")
    True
    """
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def is_card_number(text: str) -> bool:
    """Return whether 15 to 19 digits are a card number, by its check digit (ISO/IEC 7812-1, Luhn).

    >>> is_card_number("4111 1111 1111 1111"), is_card_number("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(digit) for digit in text if digit.isdigit()]
    if not 15 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (2 * digit - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0
