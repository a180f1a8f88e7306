"""Secrets whose names do not reveal them, found by their use: keys passed to ciphers, session ids, webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice

from swiftprep.redaction.assigned import assigned
from swiftprep.redaction.secret_literals import literals
from swiftprep.redaction.secret_values import PLACEHOLDER, STAND_INS, Span, is_random, looks_secret

_CIPHER = r"(?:aes|des|tripledes|3des|rc4|rabbit|blowfish|sm4)"
# A call; its group tells from which argument on there may be a key.
_CALL = re.compile(
    rf"""(?<![a-z])(?:
      (?P<second>{_CIPHER}(?:drop|legacy)?\s?\.\s?(?:encrypt|decrypt|encode|decode)\w{{0,20}}
        | \w{{0,20}}{_CIPHER}_?(?:encrypt|decrypt|encode|decode)\w{{0,20}}
        | (?:encrypt|decrypt)\w{{0,12}}{_CIPHER}\w{{0,12}}
        | signwith | hmac(?:md5|sha\d{{1,3}}|sm3|ripemd160)? | create(?:cipher|decipher)(?:iv)?
        | sm2\s?\.\s?do(?:decrypt|signature))
      | (?P<first>(?:utf8|hex|latin1|base64)\.parse | set(?:private|secret|signing)key | fernet | aesgcm
        | new\s(?:secretkeyspec|ivparameterspec|desede?keyspec|deskeyspec|{_CIPHER}|crypto-js))
      | (?P<only>(?:aes|des3?|arc4|blowfish)\.new))
    \s?\(\s{{0,20}}""",
    re.X,
)
# Every text with such a call contains one of these, in lower case.
_CALL_WORDS = tuple(
    "crypt cipher hmac sm4 sm2 utf8.parse hex.parse latin1.parse base64.parse privatekey( secretkey( signingkey( "
    "signwith( spec( .new( fernet( aesgcm(".split()
)
# Words at which `called` applies, for `Leads`.
LEADS = (
    r"crypt|cipher|hmac|sm4|sm2|utf8\Z|hex\Z|latin1\Z|base64|privatekey\Z|secretkey\Z|signingkey\Z|btoa\Z|buffer\Z"
    r"|signwith\Z|(?:key|parameter)spec\Z|(?<![a-z])(?:aes|des3?|arc4)\Z|blowfish|fernet\Z|aesgcm\Z"
    r"|sess(?:ion|_?id|data|\Z)|(?<![a-z])sid\Z|cookie|hook"
)
_NO_KEY = re.compile(
    r"(?i)(?:(?:aes|des|des3|rc4|sm4|rsa|md5|sha\d*|hmac(?:(?:sha|md)\d{1,4})?)(?:[-_/]\w+(?:[-/]\w+)*)?|ecb|cbc|ctr|gcm|cfb|ofb|pkcs\d?(?:padding)?|"
    r"utf-?8|hex|base64(?:url)?|latin1|binary|ascii|zeropadding|nopadding|encrypt|decrypt|raw|spki|pkcs8|jwk)"
)
_NAME = re.compile(r"(?<![\w$.'\"])[A-Za-z_$][\w$]{0,60}(?![\w$]*\s?[.(:])")
_KEY_SIZES = (16, 24, 32, 44, 48, 64)

_SESSION = re.compile(
    r"""s(?<!redacted_s)(?:ess(?:ion[\w-]{0,20}|[-_]?id|data)|id(?<![a-z]sid))["'`]?\s?[=:,]\s?["'`]?(?:s%3a|s:)?([\w.%+/-]{16,512})"""
)
_COOKIE = re.compile(
    r"""(?:set-)?cookie["'`]?\]?\s{0,3}[:=,]\s{0,3}["'`]?((?:[\w.-]{1,40}=[^\s;"'`]{1,600}(?:;\s?|(?=["'`\n]|$))){1,40})"""
)
_COOKIE_VALUE = re.compile(r"[\w.-]{1,40}=([^\s;\"'`]{12,600})")
_BASIC = re.compile(
    r"""(?:btoa|[Bb]ase64\w{0,4}\.(?:encode|stringify|btoa)|(?:en|to)_?[Bb]ase64\w{0,6}|Buffer\.from)\(\s?["'`][\w.@+-]{1,64}:([^\s"'`:/]{3,128})["'`]"""
)
_HOOK = re.compile(r"https?://[^\s\"'`<>(){}]{0,160}?hook[\w-]{0,20}([/?.][^\s\"'`<>(){}]{0,400})")
_HOOK_VALUE = re.compile(r"(?<=[/=@])[\w-]{20,200}(?=[/&?@#]|$)")


def called(text: str, raw: bytes) -> Iterator[Span]:
    """Yield keys passed to ciphers, session values, `user:password` to be encoded, and webhook tokens.

    Args:
        text: The text.
        raw: The text in lower case, one byte per character.
    """
    lower = raw.decode("latin-1")
    if any(part in lower for part in _CALL_WORDS):
        yield from _keys(text, lower)
    if "base64" in lower or "btoa(" in lower or "buffer.from(" in lower:
        for match in _BASIC.finditer(text):
            if looks_secret(match[1], "password"):
                yield Span(*match.span(1), "password")
    places = _SESSION.finditer(lower) if "sess" in lower or "sid" in lower else ()
    yield from _drawn(text, (match.span(1) for match in places), 16, "session")
    pairs = _COOKIE.finditer(lower) if "cookie" in lower else ()
    values = (value.span(1) for match in pairs for value in _COOKIE_VALUE.finditer(text, *match.span(1)))
    yield from _drawn(text, values, 12, "session", letters=14)
    hooks = _HOOK.finditer(lower) if "hook" in lower else ()
    tokens = (value.span() for match in hooks for value in _HOOK_VALUE.finditer(text, *match.span(1)))
    yield from _drawn(text, tokens, 20, "webhook-token")


def _drawn(text: str, values: Iterable[tuple[int, int]], least: int, kind: str, letters: int = 24) -> Iterator[Span]:
    """Yield the values that are machine-generated."""
    for start, end in values:
        if is_random(text[start:end], least=least, letters=letters) and not PLACEHOLDER.search(text[start:end]):
            yield Span(start, end, kind)


def _keys(text: str, lower: str) -> Iterator[Span]:
    names: set[str] = set()
    for match in _CALL.finditer(lower):
        at, alone = match.end(), match.lastgroup != "second"
        values = [span for span, _ in literals(text, at, 1)]
        if match["only"]:  # the arguments after the key are not secret
            values = [(start, end) for start, end in values if "," not in text[at:start]]
        for start, end in values:
            # The first argument of most calls is the text or the algorithm.
            if alone or "," in text[at:start]:
                yield from _key(text, start, end, alone=alone)
        if not values:
            arguments = text[at : at + 400].partition(")")[0]
            head, _, tail = arguments.partition(",")
            names.update(_NAME.findall(head if match["only"] else arguments if alone else tail))
    # A key passed by name is found where the name is assigned.
    for name in sorted(names):
        for at in assigned(text, name):
            for (start, end), _ in islice(literals(text, at), 1):
                yield from _key(text, start, end, alone=True)


def _key(text: str, start: int, end: int, *, alone: bool) -> Iterator[Span]:
    """Yield a literal passed to a cipher, if it may be a key.

    Args:
        text: The text.
        start: Start offset.
        end: End offset.
        alone: Whether it may also be the text to process, so that it must look like a key.
    """
    value = text[start:end]
    if not value.isascii() or PLACEHOLDER.search(value) or _NO_KEY.fullmatch(value) or value.lower() in STAND_INS:
        return
    has_digit = re.search(r"\d", value) is not None
    is_sized = len(value) in _KEY_SIZES or (len(value) == 8 and has_digit)
    if re.search(r"\s", value) or len(value) < 6:
        return
    if is_sized or looks_secret(value, "secret") or (not alone and (has_digit or len(value) >= 8)):
        yield Span(start, end, "secret")
