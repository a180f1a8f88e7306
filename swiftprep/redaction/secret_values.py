"""What a secret looks like: long, varied and unlike words, or a password that a person made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from swiftprep.redaction.letters import is_drawn

UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


class Span(NamedTuple):
    """The place and kind of a secret in a text."""

    start: int
    end: int
    kind: str


def hits(text: str, part: str) -> Iterator[int]:
    """Yield the positions of a substring; this is faster than any pattern."""
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


PLACEHOLDER = re.compile(
    r"x{4,}|X{4,}|(?<![A-Za-z0-9])[xX]{3,}(?![A-Za-z0-9])|\*{3,}|\.{3}|…|(?i:your|change.?(?:me|it)|placeholder|example|"
    r"redacted|dummy|process\.env|os\.environ|import\.meta|getenv)|\$\{|\{\{|\$\(|<%|^<.*>$|^\{.*\}$|^%.*%$|"
    r"^\$[A-Z_][A-Z0-9_]*$|^%[sd]$"
)
STAND_INS = frozenset(
    "password passwd pass pwd psw secret token user username test none null true false undefined string text required "
    "optional hidden visible yes no on off input value passwort kennwort contrasena senha wachtwoord parola heslo "
    "haslo adgangskode salasana".split()
)
_NOT_A_VALUE = re.compile(
    r"^(?:\.{1,2}/|[@~]/|[#?]/|\$t\b|#[0-9a-fA-F]{3,8}$)|://|=>|\(\)|&&|\|\||\[[aA0]-|\\d|\.\*|\{\d|</|/>|^data:|^ENC\(|"
    r"^\d+(?:px|%|ms|rem)$|^[\w.+-]+@[\w-]+\.(?:com|cn|net|org|io)$|\.(?:vue|js|ts|json|png|svg|html|css)$|"
    r"^\d[\d.:/-]*[./:-][\d.:/-]*[TZ]?[\d:.]*$|^[a-z][a-z_]{0,30}\d{0,2}\.[A-Z][A-Z_]{1,40}$"
)
# Names of algorithms, encodings and versions, which have digits too: `sha256WithRSA`, `aes-256-cbc`, `v1.2`, `h264`.
_ALGORITHM = re.compile(
    r"(?i)(?:md|sha|aes|des|rsa|utf|base|hmac|oauth|ecb|cbc|pkcs)-?\d{1,4}(?:[-_/ ]?(?:with|and|rsa|ecdsa|dsa|aes|ecb|"
    r"cbc|gcm|ctr|cfb|ofb|url|padding|crypt|mb4|bits?|hash|hex|le|be|bom|hmac|encrypt|encryption|decrypt|key|string)"
    r"|[-_/]\d{1,4}){0,4}|v\d{1,3}(?:\.\d{1,4}){0,4}(?:[-_]?(?:alpha|beta|rc|dev)[\d.]{0,6})?"
    r"|hmac-?(?:sha|md)-?\d{1,4}|[hx]\.?26\d|h5|i18n|l10n|a11y|k8s"
)
_LICENCE = re.compile(r"(?=[A-Z-]{0,40}\d)(?=[\d-]{0,40}[A-Z])[A-Z0-9]{4,6}(?:-[A-Z0-9]{4,6}){3,6}")  # software keys
_BIGRAMS = frozenset(
    "ab ac ad al an ap ar as at bl ca ce ch ck co ct de di ea ec ed el em en ep er es et ex fi ge ha he ho ic id ig il "
    "im in io is it ke la le li ll lo ly ma me mi mo mp na nc nd ne ng ni ns nt ol om on op or ot ou ow pa pe pl po pr "
    "ra re ri ro rs rt se sh si sp ss st ta te th ti to tr ts un ur us ut ve".split()
)  # fmt: skip
_CONSTANT = re.compile(r"[a-z]+(?:[_-][a-z]+)+|[A-Z]+(?:[_-][A-Z]+)+")
_COMMON = frozenset("qwerty qwertyuiop asdfgh asdfghjkl zxcvbnm iloveyou letmein woaini".split())
_LEET = str.maketrans("013457$@!", "oleastsai")


# The random words of a passphrase, and words of which a description of one contains at least one.
_DRAWN_WORDS = re.compile(r"[a-z]{3,12}(?:[ -][a-z]{3,12}){3,11}")
_SAID = frozenset(
    "the your you this that for and not with from are was has have must should will can enter please type passphrase "
    "password key keys file when use used new old confirm least".split()
)


def looks_secret(value: str, rank: str) -> bool:
    """Return whether a value looks like a secret, judged by the rank of its name."""
    if rank == "passphrase":
        if _DRAWN_WORDS.fullmatch(value) and _SAID.isdisjoint(re.split("[ -]", value)):
            return True
        rank = "password"
    value = value[:96]  # the beginning of a long value suffices
    if not rank or not value.isascii() or PLACEHOLDER.search(value) or _NOT_A_VALUE.search(value):
        return False
    if _CONSTANT.fullmatch(value) or (value[:1] == "/" and not is_random(value, least=24, letters=30)):
        return False
    if re.search(r"\s", value):
        return rank == "password" and re.fullmatch(r"[a-z]{4}(?: [a-z]{4}){3}", value) is not None
    if rank == "key":
        return not re.fullmatch(UUID, value) and is_random(value, least=20, letters=30)
    made_up = rank in ("password", "secret") and len(value) >= (6 if rank == "password" else 8) and _made_up(value)
    made_up = made_up or (rank in ("password", "secret") and is_jumbled(value, 2.6))
    made_up = made_up or (rank == "token" and _LICENCE.fullmatch(value) is not None)
    made_up = made_up or (rank == "token" and len(value) >= 12 and _is_mixed(value) and is_drawn(value))
    return made_up or is_random(value, least=10, letters=16)


def _is_mixed(value: str) -> bool:
    """Return whether a value consists of lower-case letters, upper-case letters and digits, and nothing else."""
    return value.isalnum() and not value.islower() and not value.isupper() and re.search(r"\d", value) is not None


def _made_up(value: str) -> bool:
    """Return whether a person may have made a value up as a password: not a word, an identifier or a class name."""
    if len(value) > 64:
        return False
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    special = sum(letter in "!@#$%^&*?+~=" for letter in value)
    if value.lower() in _COMMON:
        return True
    if not letters:
        return digits >= 6 or (digits > 2 and digits + special >= 6)
    if digits < 2 and value[:-1].isalnum() and value[-1] not in "=?" and is_drawn(value):
        return not _ALGORITHM.fullmatch(value)
    if not digits:
        return value[-1] != "=" and (
            special > 1 or (special == 1 and letters > 3 and (value[0] + value[-1]).isalnum() and not value.islower())
        )
    if special:
        return letters + digits > 2
    if digits > 1 or _ALGORITHM.fullmatch(value):
        return not _ALGORITHM.fullmatch(value) and (value.isalnum() or digits > 2 or not value.islower())
    odd = len(value) > 7 and _wordiness(value) < 0.35
    odd = odd or (len(value) > 6 and value[:-1].istitle() and value[:-1].isalpha())  # a word and a digit
    leet = value.isalnum() and not value[-1].isdigit()
    return odd or (leet and value.lower().translate(_LEET).startswith(("passw", "admin", "root")))


def is_random(value: str, *, least: int, letters: int) -> bool:
    """Return whether a value is machine-generated: long, varied, and with letters unlike words.

    Args:
        value: The value.
        least: Minimum number of letters and digits.
        letters: Minimum number of letters and digits where fewer than two are digits.
    """
    plain = re.sub(r"[^A-Za-z0-9]", "", value[:96])
    if len(plain) < least or len(set(plain)) < 6 or plain.isdigit():
        return False
    if sum(map(str.isdigit, plain)) < 2 and len(plain) < letters:
        return False
    steps = sum(-1 <= ord(one) - ord(other) <= 1 for one, other in pairwise(plain))
    return steps < len(plain) * 0.5 and _wordiness(plain) < 0.38


_RUN = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")


def is_jumbled(value: str, longest: float) -> bool:
    """Return whether letters and digits change case and kind more often than in an identifier.

    Args:
        value: The value.
        longest: Mean length of the runs below which they are not words: that of `getUserById` is 2.75.

    >>> is_jumbled("rw" + "ZQVk" + "PFMx", 2.6), is_jumbled("getUserById", 2.6)
    (True, False)
    """
    if not 9 <= len(value) <= 96 or not value.isalnum() or value.islower() or value.isupper():
        return False
    return len(value) / len(_RUN.findall(value)) < longest


def _wordiness(value: str) -> float:
    """Return the share of letter pairs that are common in words: about 0.7 in words, 0.15 in random letters."""
    lower = value.lower()
    return sum(lower[at : at + 2] in _BIGRAMS for at in range(len(lower) - 1)) / max(len(lower) - 1, 1)
