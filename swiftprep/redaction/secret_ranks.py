"""What a name reveals about its value: `dbPassword` is a password, `passwordRules` is not."""

from __future__ import annotations

import re
from functools import lru_cache

MARK = "REDACTED_"
WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TRAILERS = frozenset(
    "value val str string text default dev test prod production online local old new hash md encrypted plain raw b env "
    "hex data bytes base id num const equals".split()
)
_PASSWORDS = (
    "password",
    "passwd",
    "pwd",
    "psw",
    "pswd",
    "passcode",
    "passwords",
    "pwds",
    "mima",
    "storepass",
    "keypass",
)
_SECRETS = ("secret", "secrets", "secretkey", "signkey", "aeskey", "privatekey", "encryptkey", "salt")
_TOKENS = (
    *("token", "tokens", "apikey", "accesskey", "appkey", "authkey", "accountkey", "credential", "credentials"),
    *("authorization", "jscode"),
)
_SECRET_KEYS = frozenset(
    "secret sign aes des rc sm encrypt jwt private signing encryption crypto cipher hmac rsa".split()
)
_TOKEN_KEYS = frozenset(
    "api access app auth account service server admin license map amap webhook subscription".split()
)
_PAIRS = ("login", "connect", "connection", "auth", "basicauth", "proxyauth")


@lru_cache(maxsize=4096)
def rank_of(name: str) -> str:
    """Return the rank of a name: `password`, `passphrase`, `secret`, `token`, `key`, `pair`, `signing`, `""`.

    The last word counts: `passwordRules` holds rules, `loginPassword` a password. The marker of a redacted value is not
    a name.
    """
    if MARK in name:
        return ""
    words = [word.lower() for word in WORDS.findall(name)]
    while len(words) > 1 and words[-1] in _TRAILERS:
        if words[-1] == "id" and words[-2] not in ("key", "secret"):
            return ""
        words.pop()
    last, before = ["", "", *words][-1], ["", "", *words][-2]
    if last in ("encode", "matches") and words[-3:-1] == ["password", "encoder"]:
        return "password"
    if (before + last).endswith("passphrase"):
        return "passphrase"
    if last in ("pass", "pw") or (before + last).endswith(_PASSWORDS):
        return "password"
    if last.endswith(_SECRETS) or (last in ("key", "keys") and before in _SECRET_KEYS):
        return "secret"
    if (before + last).endswith(_TOKENS) or last in ("ak", "sk") or (last in ("key", "keys") and before in _TOKEN_KEYS):
        return "token"
    if last in _PAIRS:
        return "pair"
    if last == "hmac" or (before == "jwt" and last in ("sign", "verify", "encode", "decode")):
        return "signing"
    return "key" if last in ("key", "keys", "tk") and before not in ("public", "pub") else ""
