r"""Masking of secrets (keys, passwords, credentials in URLs) and escaping of control characters in text from outside.

There is one registry per process. It holds the values registered here, and the environment variables whose names
indicate a secret, including the passwords in URLs (of proxies, say). A server may echo such a value in its own
escaping: `\u002B` for `+` in JSON, `%2B` in a URL, `&#43;` in HTML. So each character is matched in all its escaped
forms, and before any text is truncated, since half a key would no longer match. Encodings such as base64, and long
parts of a key, are found by `swiftprep.spellings`.

`shown` is for all output: exceptions, the ledger, reports, the console. `without_secrets` is for answers, which are
trained on and in which nothing but a secret may change.
"""

from __future__ import annotations

import base64
import html.entities
import logging
import os
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import unquote

from swiftprep.spellings import without_spellings

MASK = "***"
LEAST = 8  # characters from which a value counts as a key; servers without keys are given `none` or `EMPTY`
LEAST_TOLD = 4  # characters from which a password in a URL is masked in output
MARGIN = 8192  # bytes of a secret in its longest spelling; that much is dropped from the end of a truncated text

_variables: set[str] = set()
_values: set[str] = set()

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SECRETS = frozenset(
    "token secret password passwd passwort pass pwd psw passphrase passcode credential credentials apikey accesskey "
    "secretkey authorization auth cookie jwt sak mima webhook webhooks hook".split()
)
# Names of a tokenizer's tokens, and of keys in tables and layers.
_OTHER_TOKENS = frozenset("pad eos bos unk cls sep mask image video audio special stop start end next new".split())
_OTHER_KEYS = frozenset(
    "layer prng primary foreign public pub sort group partition cache column index label row map dict json state data "
    "feature image text prompt response query metric".split()
)
# A name that goes on with one of these describes the secret (its variable, its file) and does not hold it.
_ABOUT = frozenset("env file keyfile path dir folder sock socket name id type len length size limit count".split())
_WHERE = frozenset("url uri address addr endpoint".split())

# User and password in a URL, also in one with JSON escapes.
_IN_URL = re.compile(r"""((?::|%3[aA])(?://|\\{1,4}/\\{1,4}/|%2[fF]%2[fF]))[^\s/\\@?#'"<>`]{1,300}@(?=[\w\[.-])""")
_OPEN = re.compile(r"""://([^\s/@:?#'"<>`]{0,200}):([^\s/'"<>`]{1,200})@(?=[\w\[.-])""")
_SCHEME = re.compile(r"""(?i)\b(bearer|basic)(\s{1,4}|%20)(?=[\w.~+/-]{0,200}[0-9])[\w.~+/-]{12,}={0,2}""")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
# An ASCII character in an escaped spelling. A text without any is searched for literal secrets only, which is faster.
_ESCAPE = r"\\(?:[ux](?:00)?[2-7][0-9a-fA-F]|/)|%[2-7][0-9a-fA-F]|&(?:#|\w{2,16};)|\0"
_ESCAPED, _ESCAPED_IN_BYTES = re.compile(_ESCAPE), re.compile(_ESCAPE.encode())


def withhold(value: str) -> None:
    """Register a value to be masked from now on; values too short to be keys are ignored."""
    if len(value) >= LEAST:
        _values.add(value)


def withhold_variable(name: str) -> None:
    """Register an environment variable whose value is to be masked, whatever its name."""
    _variables.add(name)


def withhold_url(url: str) -> None:
    """Register the password in a URL to be masked."""
    _values.update(_of_urls(url))


def withhold_settings(settings: Any) -> None:
    """Register the secrets among settings to be masked: values with a secret's name, and passwords in URLs."""
    for name, value in _leaves(settings, ""):
        withhold_url(value)
        if is_secret_name(name) and value != MASK:
            withhold(value)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Return whether a value with this name is a secret: a key, a token, a password, the address of a webhook.

    >>> [is_secret_name(name) for name in ("API_KEY", "hubToken", "swanlab_webhook_url", "db.password")]
    [True, True, True, True]
    >>> [is_secret_name(name) for name in ("max_tokens", "api_key_env", "pad_token", "reft_layer_key", "sortKeys")]
    [False, False, False, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    where = words[-1:] and words[-1] in _WHERE
    while words and (words[-1].isdigit() or words[-1] in _WHERE):
        words.pop()
    last, before = ["", "", *words][-1], ["", "", *words][-2]
    if where:
        return last in ("webhook", "webhooks", "hook")
    if last in _ABOUT:
        return False
    if last == "key" or (last == "keys" and before in ("api", "access", "secret", "private")):
        return before not in _OTHER_KEYS
    if last == "token":
        return before not in _OTHER_TOKENS
    return last in _SECRETS or last.endswith(("password", "passwd", "apikey", "secretkey", "accesskey", "authtoken"))


def without_secrets(text: str) -> str:
    """Return a text with the known secrets masked, in whatever spelling; nothing else changes.

    A password that reads like a word stays, as it may be a word.
    """
    if len(text) < LEAST_TOLD:
        return text
    return _replaced(text, [secret for secret in _known() if secret in _values or _is_drawn(secret)])


def holds_secret(text: str) -> bool:
    """Return whether a text contains a known secret, or a password in a URL."""
    return ("@" in text and _IN_URL.search(text) is not None) or without_secrets(text) != text


def without_secrets_in_bytes(body: bytes) -> bytes:
    """Return raw bytes with the known secrets masked, in whatever spelling."""
    is_escaped = _ESCAPED_IN_BYTES.search(body) is not None
    for secret in _known():
        if len(secret) < LEAST:
            continue
        if is_escaped or _is_odd(secret):
            body = _spelled_in_bytes(secret).sub(MASK.encode(), body)
        else:
            body = body.replace(secret.encode(), MASK.encode())
    return without_spellings(body.decode("latin-1"), _known(), MASK).encode("latin-1")


def without_half_secret(body: bytes) -> bytes:
    """Return truncated bytes, with the beginning of a secret at their end masked."""
    for secret in _known():
        beginnings = (secret[:length].encode("utf-8", "replace") for length in range(len(secret) - 1, 3, -1))
        half = next((beginning for beginning in beginnings if body.endswith(beginning)), b"")
        if half:
            return body.removesuffix(half) + MASK.encode()
    return body


def shown(text: str) -> str:
    r"""Return a text fit for display: secrets masked and control characters escaped.

    >>> shown("proxy http://me:pass" + "word@proxy.corp:3128 \x1b[31mrefused")
    'proxy http://***@proxy.corp:3128 \\u001b[31mrefused'
    """
    text = _replaced(text, _known())
    text = _IN_URL.sub(rf"\1{MASK}@", text) if "@" in text else text
    return printable(_SCHEME.sub(rf"\1\2{MASK}", text))


def _replaced(text: str, secrets: Collection[str]) -> str:
    is_escaped = _ESCAPED.search(text) is not None
    for secret in secrets:
        if len(secret) < LEAST:
            text = _alone(secret).sub(MASK, text)
        elif is_escaped or _is_odd(secret):
            text = _spelled(secret).sub(MASK, text)
        else:
            text = text.replace(secret, MASK)
    return without_spellings(text, secrets, MASK)


def printable(text: str) -> str:
    r"""Return a text with control characters, and those that change text direction, escaped as in JSON.

    Line feeds and tabs are kept.

    >>> printable("a\x1b]0;title\x07\r\nb\tc\u202e")
    'a\\u001b]0;title\\u0007\nb\tc\\u202e'
    """
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text.replace("\r\n", "\n"))


def shown_in(value: Any) -> Any:
    """Return plain values (texts, lists, mappings) fit for display: texts through `shown`, secrets masked by name.

    >>> shown_in({"env": {"API_KEY": "abc"}, "sft": ["x"], "api_key_env": "MY_KEY"})
    {'env': {'API_KEY': '***'}, 'sft': ['x'], 'api_key_env': 'MY_KEY'}
    """
    return _each(value, "", shown)


def masked(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings with the secrets masked, for display or storage; everything else stays as it is.

    >>> masked({"hub_token": "abc", "learning_rate": 1e-4})
    {'hub_token': '***', 'learning_rate': 0.0001}
    """
    return dict(_each(dict(settings), "", _masked_text))


def _masked_text(text: str) -> str:
    return _IN_URL.sub(rf"\1{MASK}@", without_secrets(text))


def _each(value: Any, name: str, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {_text(key, change): _each(inner, str(key), change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_each(inner, name, change) for inner in value]
    # A small number under such a name may be a count or a ratio.
    is_value = isinstance(value, str | bytes) or (type(value) is int and len(str(value)) > 5)
    return MASK if value and is_value and is_secret_name(name) else _text(value, change)


def _text(value: Any, change: Any) -> Any:
    if not isinstance(value, str):
        return value
    return _masked_json(change(value))


_IN_JSON = re.compile(
    r"""(?P<name>["']?)([A-Za-z_][\w.-]{1,60})(?P=name)(\s{0,8}[:=]\s{0,8})(["'])([^"'\\\n]{1,2000})\4"""
)


def _masked_json(text: str) -> str:
    """Mask the values of secret names within a text, since settings may be passed as JSON."""
    if not ("{" in text and ('"' in text or "'" in text)):
        return text
    return _IN_JSON.sub(lambda m: f"{m[1]}{m[2]}{m[1]}{m[3]}{m[4]}{MASK}{m[4]}" if is_secret_name(m[2]) else m[0], text)


def _leaves(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner, name)
    elif isinstance(value, str):
        yield name, value


def _known() -> tuple[str, ...]:
    """Return the known secrets, longest first."""
    # The raw data behind `os.environ`: decoding all of it for each text takes longer than searching for the secrets.
    raw = getattr(os.environ, "_data", os.environ)
    return _of(tuple(raw.items()), frozenset(_variables), frozenset(_values))


@lru_cache(maxsize=4)
def _of(environment: tuple[tuple[Any, Any], ...], variables: frozenset[str], values: frozenset[str]) -> tuple[str, ...]:
    secrets = set(values)
    for name, value in ((os.fsdecode(name), os.fsdecode(value)) for name, value in environment):
        text = value.strip()
        is_secret = name in variables or (is_secret_name(name) and not text.startswith(("/", "~/")))
        if is_secret and len(text) >= LEAST:
            secrets.add(text)
        if "@" in text:
            secrets.update(_of_urls(text))
    return tuple(sorted(secrets, key=lambda text: (-len(text), text)))


def _is_odd(secret: str) -> bool:
    """Return whether a secret has characters that are escaped in most formats."""
    return not secret.isascii() or any(letter in secret for letter in "\"'\\")


def _is_drawn(secret: str) -> bool:
    kinds = re.search("[0-9]", secret), re.search("[A-Za-z]", secret)
    return len(secret) >= LEAST and (len(secret) >= 16 or all(kinds))


@lru_cache(maxsize=256)
def _of_urls(text: str) -> tuple[str, ...]:
    """Return the passwords in the URLs of a text: literal, decoded, and as in a Basic authorization header."""
    passwords: set[str] = set()
    for match in _OPEN.finditer(text):
        user, password = match[1], match[2]
        passwords |= {password, unquote(password)}
        for pair in (f"{user}:{password}", f"{unquote(user)}:{unquote(password)}"):
            passwords.add(base64.b64encode(pair.encode("utf-8", "replace")).decode().rstrip("="))
    return tuple(password for password in passwords if len(password) >= LEAST_TOLD)


@lru_cache(maxsize=256)
def _spelled(secret: str) -> re.Pattern[str]:
    return re.compile(_spelling(secret))


@lru_cache(maxsize=256)
def _spelled_in_bytes(secret: str) -> re.Pattern[bytes]:
    return re.compile(_spelling(secret).encode("utf-8", "replace"))


@lru_cache(maxsize=256)
def _alone(secret: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9]){_spelling(secret)}(?![A-Za-z0-9])")


def _spelling(secret: str) -> str:
    """Return the pattern of a secret whose characters may be escaped as in JSON, a URL, HTML or source code.

    Alternatives start with distinct characters and repeats are bounded, so that matching takes linear time.
    """
    return r"\0{0,3}".join(map(_letter, secret))


@cache
def _letter(letter: str) -> str:
    raw, code = re.escape(letter), ord(letter)
    forms = [raw, rf"\\{{1,8}}u{_any_case(f'{code:04x}')}"] if code < 0x10000 else [raw]
    forms.append("".join(rf"%(?:25){{0,3}}{_any_case(f'{byte:02x}')}" for byte in letter.encode("utf-8", "replace")))
    if code < 0x100:
        forms.append(rf"\\{{1,8}}x{_any_case(f'{code:02x}')}")
    if not letter.isalnum():
        forms.append(rf"\\{{1,8}}{raw}")
    names = [f"#0{{0,6}}{code};?", f"#[xX]0{{0,6}}{_any_case(f'{code:x}')};?", *map(re.escape, _entities()[letter])]
    forms.append(f"&(?:amp;){{0,3}}(?:{'|'.join(names)})")
    return f"(?:{'|'.join(forms)})"


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


@cache
def _entities() -> Mapping[str, list[str]]:
    names: defaultdict[str, list[str]] = defaultdict(list)
    for name, letter in html.entities.html5.items():
        if len(letter) == 1 and name.endswith(";"):
            names[letter].append(name)
    return names


class ShownFormatter(logging.Formatter):
    """Formats log records through `shown`, including tracebacks."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the formatted line, followed by its traceback."""
        return shown(super().format(record))
