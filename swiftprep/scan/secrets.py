"""Find secrets in source text and take them out.

Two kinds of rule look at a text. Formats that providers document are matched as they stand. All else is judged by the
name beside it: `_rank` says what a name such as `dbPassword` or `密码` gives away, and the value must look accordingly:
after a `password` a weak `root` with some digits is enough, after a bare `key` only what no person would type.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePosixPath
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Finding:
    """Where a secret was. What it was is nowhere in it.

    Attributes:
        path: The file, as given to `redact`.
        line: The line it starts on, from 1.
        kind: What it is, such as `"aws-key-id"`, `"private-key"` or `"password"`.
    """

    path: str
    line: int
    kind: str


class _Span(NamedTuple):
    start: int
    end: int
    kind: str


def redact(text: str, path: str = "") -> tuple[str, list[Finding]]:
    """Replace the characters of every secret in a text with `<REDACTED:kind>`.

    Quotes and everything else around a value stay, and so does the number of lines. What is redacted already is left
    alone, so a second call finds nothing.

    Args:
        text: Source code, configuration or prose.
        path: Its file. The suffix tells code, where a bare word is a variable, from configuration, where it is a value.

    Returns:
        The text without its secrets, and the findings in the order of their lines.

    >>> redact("password: Admin@" + "123  # 默认密码", "application.yml")
    ('password: <REDACTED:password>  # 默认密码', [Finding(path='application.yml', line=1, kind='password')])
    """
    findings: list[Finding] = []
    # A secret can hide another from the rules, so look until there is nothing more to see. Each round leaves fewer
    # characters that are not redacted, so there is a last one.
    while spans := _spans(text, path):
        pieces: list[str] = []
        done, line = 0, 1
        for start, end, kind in spans:
            line += text.count("\n", done, start)
            findings.append(Finding(path, line, kind))
            line += text.count("\n", start, end)
            pieces += text[done:start], _mask(text[start:end], kind)
            done = end
        text = "".join([*pieces, text[done:]])
    return text, sorted(findings, key=lambda finding: finding.line)


_MARKER = re.compile(r"<REDACTED:[a-z0-9-]+>")
_KEY_TEXT = re.compile(r"\\[nrt]|[A-Za-z0-9+/=]{2,}")


def _mask(value: str, kind: str) -> str:
    marker = f"<REDACTED:{kind}>"
    if kind != "private-key" or not ("\n" in value or "\\" in value):
        return marker
    # Its lines may be string literals that code puts together: only the letters of the key go.
    return _KEY_TEXT.sub(lambda match: match[0] if match[0][0] == "\\" else marker, value)


def _spans(text: str, path: str) -> list[_Span]:
    """Return what to redact, in order and without overlaps; where two rules meet, the more exact one wins."""
    file = PurePosixPath(path.lower())
    suffix = ".env" if file.name.startswith(".env") else file.suffix or file.name
    # One byte for a character, so that places are the same in both; bytes are the faster to look through.
    raw = text.encode("latin-1", "replace")
    found = [*_private_keys(text), *_formats(text, raw), *_elsewhere(text, suffix), *_named(text, raw.lower(), suffix)]
    # No rule should touch a marker: with one that did, `redact` would not come to an end.
    taken = bytearray(len(text) if found else 0)
    kept: list[_Span] = []
    for match in _MARKER.finditer(text) if found else ():
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    for span in found:
        if 1 not in taken[span.start : span.end]:
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept)


# --- formats that providers document ----------------------------------------------------------------------------------

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_VENDORS = (
    "gsk_ xai- nvapi- r8_ pplx- tvly- jina_ pcsk_ lsv2_ dop_v1_ dckr_pat_ shpat_ lin_api_ ntn_ PMAK- ATATT3 ATBB SCT "
    "fal_ dapi figd_ sntrys_ sq0csp- GOCSPX- api_org_ xapp- glsa_ rnd_ sbp_"
).split()
# Name, how it looks, and how many letters it must have to be one without two digits among them.
_FORMATS = tuple(
    (kind, re.compile(pattern), letters)
    for kind, pattern, letters in (
        ("anthropic-key", r"sk-ant-[\w-]{20,200}", 20),
        ("openai-key", r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,250}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", 20),
        ("dashscope-key", r"sk-[0-9a-f]{32}(?![\w-])", 16),  # and DeepSeek's, which look the same
        # Moonshot, SiliconFlow and all who copy OpenAI's form.
        ("model-api-key", rf"sk-(?:[a-z0-9]{{2,8}}-){{0,3}}(?:{_UUID}|\w{{20,200}})", 40),
        ("modelscope-token", rf"ms-{_UUID}", 16),
        ("volcengine-key", rf"ark-{_UUID}[\w-]{{0,20}}|AK[LT][TP][\w-]{{20,80}}={{0,2}}", 16),
        ("huggingface-token", r"hf_[A-Za-z0-9]{30,60}", 16),
        ("stripe-key", r"[sr]k_(?:live|test)_\w{16,200}|whsec_[\w+/=]{24,200}", 20),
        ("aliyun-key-id", r"LTAI[A-Za-z0-9]{12,26}(?![A-Za-z0-9])", 14),
        ("tencent-key-id", r"AKID[A-Za-z0-9]{13,60}(?![A-Za-z0-9])", 14),
        ("baidu-key", r"(?:bce-v3/)?ALTAK[\w-]{18,40}(?:/[0-9a-f]{20,64})?", 16),
        ("wechat-appid", r"wx[0-9a-f]{16}(?![A-Za-z0-9])", 16),
        ("wecom-corpid", r"ww[0-9a-f]{16}(?![A-Za-z0-9])", 16),
        ("dingtalk-secret", r"SEC[0-9a-f]{64}(?![A-Za-z0-9])", 16),
        ("dingtalk-appkey", r"ding[0-9a-z]{16,20}(?![A-Za-z0-9])", 99),
        ("feishu-appid", r"cli_[0-9a-z]{16,20}(?![A-Za-z0-9])", 99),
        ("aws-key-id", r"A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])", 16),
        ("github-token", r"gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_\w{22,255}", 16),
        ("gitlab-token", r"gl(?:pat|ptt|dt|rt|cbt|soat|oas|ft|imt|agent)-[\w.-]{20,300}", 20),
        ("slack-token", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,250}", 16),
        ("google-key", r"AIza[\w-]{35}", 16),
        ("npm-token", r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])", 24),
        ("pypi-token", r"pypi-[\w-]{40,500}", 40),
        ("twilio-key", r"(?:SK|AC)[0-9a-f]{32}(?![A-Za-z0-9])", 16),
        ("jwt", r"eyJ[\w-]{8,500}={0,2}\.[\w-]{8,8000}={0,2}\.[\w-]{6,2000}", 16),
        ("zhipu-key", r"[0-9a-f]{32}\.[A-Za-z0-9]{16}(?![A-Za-z0-9])", 16),
        ("vendor-token", "|".join(rf"{prefix}[\w-]{{20,200}}" for prefix in _VENDORS), 40),
    )
)
_ANY_FORMAT = re.compile("|".join(pattern.pattern for _, pattern, _ in _FORMATS))
# Formats that may come without a digit, by how they start.
_PREFIXES = ("hf_", "sk-", "LTAI", "AKI", "ASIA", "AKLT", "ghp_", "eyJ", "AIza", "gl", "xox", "npm_", "sk_", *_VENDORS)
# What tells the value that follows.
_PLACES = re.compile(
    r"(?P<wecom_webhook>cgi-bin/webhook/\w{1,20}\?key=)|(?P<dingtalk_webhook>/robot/send\?access_token=)"
    r"|(?P<feishu_webhook>/hook/)|(?P<slack_webhook>hooks\.slack\.com/\w{1,20}/\w{1,20}/(?:\w{1,20}/)?)"
    r"|(?P<discord_webhook>/webhooks/\d{10,25}/)|(?P<sendgrid_key>\bSG\.)|(?P<telegram_token>\b\d{8,10}:)"
    r"|(?P<aliyun_token>\bSTS\.)|(?P<vault_token>\bhvs\.)|(?P<google_token>\bya29\.)"
)
_LEADS = ("?key=", "token=", "SG.", "STS.", "hvs.", "ya29.", *(f"{digit}:" for digit in range(10)))
_PLACED = re.compile(r"[\w-]{20,500}(?:\.[\w-]{16,500})?")
# The secret that belongs to an id looks like nothing in particular, but it stands near.
_PARTNERS = {
    kind: re.compile(rf"(?<![\w/+=-]){pattern}(?![\w/+=-])")
    for kind, pattern in (
        ("aliyun-key-id", "[A-Za-z0-9]{30}"), ("tencent-key-id", "[A-Za-z0-9]{32}"), ("wechat-appid", "[0-9a-f]{32}"),
        ("volcengine-key", "[A-Za-z0-9+/]{40,80}={0,2}"), ("aws-key-id", "[A-Za-z0-9/+]{40}"),
        ("wecom-corpid", r"[\w-]{43}"), ("dingtalk-appkey", r"[\w-]{64}"), ("feishu-appid", "[A-Za-z0-9]{32}"),
        ("twilio-key", "[0-9a-f]{32}"),
    )
}  # fmt: skip
_RUNS = bytes(97 if (chr(code).isalnum() and code < 128) or chr(code) in "_-" else 32 for code in range(256))
_DIGIT = re.compile(rb"\d")


def _formats(text: str, raw: bytes) -> Iterator[_Span]:
    """Yield what looks like a known format: each has at least 16 letters, digits, `_` and `-` in a row."""
    flat = raw.translate(_RUNS)
    at = flat.find(b"a" * 16)
    while at >= 0:
        end = flat.find(b" ", at)
        end = len(flat) if end < 0 else end
        if _DIGIT.search(raw, at, end) or text.startswith(_PREFIXES, at):
            if raw[at - 1 : at] == b"\\":
                at += 1  # the n of "\n"
            if match := _ANY_FORMAT.match(text, at):
                yield from _format(text, match)
            elif text.endswith(_LEADS, 0, at) or "hook" in text[max(0, at - 64) : at]:
                lead = [place for place in _PLACES.finditer(text, max(0, at - 64), at) if place.end() == at]
                value = _PLACED.match(text, at)
                if lead and value and _random(value[0], least=16, letters=16):
                    yield _Span(*value.span(), str(lead[-1].lastgroup).replace("_", "-"))
        at = flat.find(b"a" * 16, end)


def _format(text: str, match: re.Match[str]) -> Iterator[_Span]:
    start = match.start()
    kind, found, letters = next((k, m, n) for k, pattern, n in _FORMATS if (m := pattern.match(text, start)))
    if not _PLACEHOLDER.search(found[0]) and _random(found[0], least=12, letters=letters):
        yield _Span(*found.span(), kind)
        if kind in _PARTNERS:
            for near in _PARTNERS[kind].finditer(text, max(0, start - 160), found.end() + 160):
                if near.start() != start and _random(near[0], least=28, letters=30):
                    yield _Span(*near.span(), re.sub(r"-[a-z]+$", "-secret", kind))


# --- private keys, addresses, commands, hashes ------------------------------------------------------------------------

_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[nrt]|[^A-Za-z0-9+/=<-]){0,200}"
    r"(?P<body>(?:(?!-----)[^<>{}()]){16,20000}?)[\s\"'`+\\]{0,200}(?:\\[nrt][\s\"'`+\\]{0,200})?(?:-----END|\Z)"
)
_ADDRESS = re.compile(r"""://[^\s/:@'"`<>,?#]{0,80}:([^\s/'"`<>]{3,128})@(?=[\w\[.{$-])|://([\w-]{20,100})@(?=\w)""")
_SHELL = re.compile(
    r"""(?:mysql\w{0,10}\s[^\n|;&]{0,120}?(?<=\s)-p|sshpass\s{1,4}-p\s{0,4}|redis-cli\s[^\n|;&]{0,120}?(?<=\s)-a\s{1,4}"""
    r"""|curl\b[^\n]{0,200}?\s(?:-u|--user)[ =]{1,2}['"]?[^\s:'"]{1,64}:|docker login\s[^\n]{0,100}?\s-p\s{1,2}"""
    r"""|(?:identified by|IDENTIFIED BY)\s{1,4})['"]?([^\s'"|;]{4,64})"""
)
_SHELL_WORDS = ("mysql", "sshpass", "redis-cli", "curl ", "docker login", "identified by", "IDENTIFIED BY")
_PASSWORD_HASH = re.compile(r"\$2[aby]\$\d\d\$([./A-Za-z0-9]{53})")


def _private_keys(text: str) -> Iterator[_Span]:
    if "PRIVATE KEY" in text:
        for match in _PRIVATE_KEY.finditer(text):
            if re.search(r"[A-Za-z0-9+/=]{16}", match["body"]) and not _PLACEHOLDER.search(match["body"]):
                yield _Span(*match.span("body"), "private-key")


def _elsewhere(text: str, suffix: str) -> Iterator[_Span]:
    for match in _ADDRESS.finditer(text):
        if match[1] and not _PLACEHOLDER.search(match[1]) and match[1].lower() not in _STAND_INS:
            yield _Span(*match.span(1), "url-password")
        elif match[2] and _random(match[2], least=20, letters=30):
            yield _Span(*match.span(2), "url-token")
    if suffix not in _PAGES and any(word in text for word in _SHELL_WORDS):
        yield from (_Span(*m.span(1), "password") for m in _SHELL.finditer(text) if _looks(m[1], "password"))
    if "$2" in text:
        yield from (_Span(*match.span(1), "password-hash") for match in _PASSWORD_HASH.finditer(text))


# --- values beside a name that gives them away ------------------------------------------------------------------------

_SCHEMES = (b"bearer", b"basic", b"appcode")
_PARTS = (
    *(b"pass", b"pwd", b"psw", b"secret", b"token", b"credential", b"key", b"salt", b"auth", b"mima", b"jscode"),
    *(b"login(", b"connect", b"hmac", b"jwt.", *_SCHEMES),
)
_SHORT = re.compile(rb"k(?<=[as]k)(?<![a-z][as]k)(?![a-z])")
_CHINESE_NAME = re.compile(r"密码|口令|密钥|秘钥|密匙|私钥|令牌|授权码|凭证")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TRAILERS = frozenset(
    "value val str string text default dev test prod production online local old new hash md encrypted plain raw b env "
    "hex data bytes base id num const".split()
)
_PASSWORDS = ("password", "passwd", "pwd", "psw", "pswd", "passphrase", "passcode", "passwords", "pwds", "mima")
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
_PAIRS = ("login", "connect", "connection", "auth", "basicauth")


@lru_cache(maxsize=4096)
def _rank(name: str) -> str:
    """Return what a name says of its value: `password`, `secret`, `token`, `key`, `pair`, `signing`, or nothing.

    The last word counts: `passwordRules` holds rules, and `loginPassword` a password.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while len(words) > 1 and words[-1] in _TRAILERS:
        if words[-1] == "id" and words[-2] not in ("key", "secret"):
            return ""
        words.pop()
    last, before = ["", "", *words][-1], ["", "", *words][-2]
    if last == "pass" or (before + last).endswith(_PASSWORDS):
        return "password"
    if last.endswith(_SECRETS) or (last in ("key", "keys") and before in _SECRET_KEYS):
        return "secret"
    if (before + last).endswith(_TOKENS) or last in ("ak", "sk") or (last in ("key", "keys") and before in _TOKEN_KEYS):
        return "token"
    if last in _PAIRS:
        return "pair"
    if last == "hmac" or (before == "jwt" and last in ("sign", "verify", "encode", "decode")):
        return "signing"
    return "key" if last in ("key", "keys") and before not in ("public", "pub") else ""


_AFTER = re.compile(
    r"""(?P<close>\]?\\?["'`]\]?|&quot;)?(?:\s{0,20}(?:"""
    r"""(?P<named>>\s{0,20}<value>|\)\.(?:type|fill|setValue|sendKeys|send_keys)\(|,?\s{0,20}\\?["']?(?:value|val|content|default|defaultValue)\\?["']?\s?[:=])"""
    r"""|(?P<xml>>)|(?P<equal>[=!]==?)|(?P<op>:\s?[A-Za-z&][\w.<>\[\]| ]{0,30}=(?![=>])|:=|=>|\|\||\?\?|[=:：＝])"""
    r"""|(?P<comma>,)|(?P<call>\()|(?P<prose>(?:is|are|是|为)(?![A-Za-z])))|(?P<space>[ \t]))\s{0,40}"""
)
_TOKEN = re.compile(
    r"""(?:\\["']|&quot;)(?P<escaped>[^"'\\\n]{0,4096}?)(?:\\["']|&quot;)"""
    r"""|[rbfuRBFU]{0,2}(?:"(?P<double>(?:[^"\\\n]|\\.){0,8192})"|'(?P<single>(?:[^'\\\n]|\\.){0,8192})'"""
    r"""|`(?P<back>(?:[^`\\\n]|\\.){0,8192})`)|[(\[)\],;{}\n]|[^\s"'`(\[)\],;{}\n]{1,120}"""
)
_GOES_ON = re.compile(r"\+|\|\||\?|:$|\.|(?:or|if|else)$|\\$")
_TRANSPARENT = re.compile(
    r"(?:parse|from|atob|btoa|get|getenv|env|getOrDefault|getProperty|encode|String|Buffer|b64decode|SecretStr|bytes|"
    r"md5|[=:,(\[]\s?)\($"
)
_READER = re.compile(r"(?:get|check|valid|is[A-Z_]|has|verify|remove|delete|find|load|parse|on[A-Z]|use)")
_BOUND = re.compile(r"(?:^|\s|v-bind|v-model)[:@]$")
_KEY_VALUE = re.compile(r"[^A-Za-z0-9]{1,12}(?:[\w.]{1,30}\()?.?(?:[A-Za-z0-9+/_=-]{20}|(?<=Utf8\.parse\(.)\w{16})")
_BASIC_VALUE = re.compile(r"[\"']?([\w+/]{8,512}={0,2})")
_SCHEME_VALUE = re.compile(r"(?:\s|%20){1,3}([\w\-.~+/]{8,4096}={0,2})")
_OPENING = ("'", '"', "`", '\\"', "\\'", "&quot;")
_NAME_LETTERS = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_$.-")
_CODE = frozenset(
    ".js .jsx .ts .tsx .vue .mjs .cjs .json .py .java .kt .go .cs .php .css .scss .less .c .cpp .rs".split()
)
_PAGES = frozenset(".js .jsx .ts .tsx .vue .css .scss .less .html".split())  # where nobody writes shell or SQL
_CONFIG = frozenset(".yml .yaml .env .properties .ini .conf .cfg .toml .npmrc .sh .netrc .envrc .config".split())


def _named(text: str, lower: bytes, suffix: str) -> Iterator[_Span]:
    hits = [(match.start() - 1, b"") for match in _SHORT.finditer(lower)]
    for part in _PARTS:
        at = lower.find(part)
        while at >= 0:
            hits.append((at, part))
            at = lower.find(part, at + len(part))
    seen = 0
    for start, part in sorted(hits):
        if start < seen:
            continue
        end = start
        while start > seen and lower[start - 1] in _NAME_LETTERS and end - start < 60:
            start -= 1
        while end < len(lower) and lower[end] in _NAME_LETTERS and end - start < 80:
            end += 1
        seen = end
        if part in _SCHEMES:
            yield from _scheme(text, end, part.decode()) if end - start == len(part) else ()
        elif (rank := _rank(text[start:end])) and (rank != "key" or _KEY_VALUE.match(text, end)):
            yield from _values(text, start, end, rank, suffix)
    for hit in _CHINESE_NAME.finditer(text) if not text.isascii() else ():
        yield from _chinese(text, hit)


def _scheme(text: str, end: int, scheme: str) -> Iterator[_Span]:
    match = _SCHEME_VALUE.match(text, end)
    if not match or _PLACEHOLDER.search(match[1]):
        return
    if _is_basic(match[1]) if scheme == "basic" else _random(match[1], least=12, letters=20):
        yield _Span(*match.span(1), f"{scheme}-authorization")


def _is_basic(value: str) -> bool:
    try:
        return ":" in base64.b64decode(value, validate=True).decode("utf-8")
    except ValueError:
        return False


def _values(text: str, start: int, end: int, rank: str, suffix: str) -> Iterator[_Span]:
    """Yield the secrets among the values that follow a name."""
    after = _AFTER.match(text, end)
    if not after:
        return
    at, how, name = after.end(), str(after.lastgroup), text[start:end]
    before = text[max(text.rfind("\n", max(0, start - 300), start) + 1, start - 300) : start]
    if rank == "pair":
        call = how == "call" or text[at : at + 1] == "("
        values = [span for span, _ in _literals(text, at, how == "call")] if call else []
        if values and (len(values) > 1 or name.endswith("auth")) and _looks(text[slice(*values[-1])], "password"):
            yield _Span(*values[-1], "password")
        if how == "op" and (match := _BASIC_VALUE.match(text, at)) and _is_basic(match[1]):
            yield _Span(*match.span(1), "basic-authorization")
        return
    if rank == "signing":
        for span, _ in _literals(text, at, 1) if how == "call" else ():
            yield from _judged(text, span, "secret")
        return
    if rank == "key" and "Utf8.parse(" in text[at : at + 40]:
        rank = "secret"
    open_quotes = [quote for quote in "\"'`" if (before + name + (after["close"] or "")).count(quote) % 2]
    if text[at : at + 1] in open_quotes and how == "op":
        at += 1  # `"?token=" + "…"`
    quoted = text.startswith(_OPENING, at)
    if how == "space" and not (name.startswith("--") or before.endswith(("ENV ", "machine ", "login "))):
        return
    if (how == "call" and _READER.match(name.rpartition(".")[2])) or (how == "comma" and not after["close"]):
        return
    if how == "op" and _BOUND.search(before):  # `:password="…"` holds an expression
        if text[at + 1 : at + 2] != "'":
            return
        at += 1
    expression = how == "op" and suffix not in _CONFIG and "\n" not in after[0]
    if quoted or expression:
        for span, plain in _literals(text, at) if expression else list(_literals(text, at))[:1]:
            yield from _judged(text, span, rank if plain else "token" if rank != "key" else "")
    if not quoted and how not in ("comma", "call", "equal"):
        yield from _bare(text, before + name, at, how, rank, suffix, bool(open_quotes))


def _literals(text: str, at: int, depth: int = 0) -> Iterator[tuple[tuple[int, int], bool]]:
    """Yield where the string literals of an expression are, and False for those handed to some other function."""
    opaque = junk = 0
    last = "+"
    for token in _TOKEN.finditer(text, at):
        word = token[0]
        if token.lastgroup:
            if last == '"' and not depth:
                return
            yield token.span(token.lastgroup), not opaque
            last, junk = '"', 0
            continue
        if word == "\n":
            if not depth and last not in '"+(=:?|&[\\':
                return
            continue
        if word in "([":
            depth += 1
            called = _TRANSPARENT.search(text, max(at - 3, token.start() - 24), token.end()) if depth < 9 else None
            opaque = opaque or (depth if word == "(" and not called else 0)
        elif word in ")]":
            opaque = 0 if depth == opaque else opaque
            depth -= 1
        junk += len(word)
        ends = word in ";{}" or (word == "," and not depth) or not 0 <= depth < 9 or junk > 120
        if ends or (last == '"' and word not in "([)]," and not _GOES_ON.match(word)):
            return
        last = word[-1]


_PHRASE = re.compile(r"\s*[A-Za-z-]{2,16} +(\S{12,512})\s*")


def _judged(text: str, span: tuple[int, int], rank: str) -> Iterator[_Span]:
    start, end = span
    value = text[start:end]
    if rank == "token" and (phrase := _PHRASE.fullmatch(value)):
        start, end = start + phrase.start(1), start + phrase.end(1)
    elif value != value.strip():
        start, end = start + len(value) - len(value.lstrip()), end - len(value) + len(value.rstrip())
    if _looks(re.sub(r"(?:\\[nrt])+", "", text[start:end]), rank):
        yield _Span(start, end, rank)


_BARE = re.compile(r"[^\s\"'`<>,;(){}\[\]|&\\\u2000-\uffff]{4,512}")
_BARE_LINE = re.compile(r"[^\s\"'`<>{\[|*&][^\s\u2000-\uffff]{3,4096}(?=[ \t\r]*(?:[ \t](?:#|//).*)?$)", re.M)
_COMMENT = re.compile(r"(?:^|\s)(?://|#|/?\*|<!--|--\s|;)")
_ASSIGNED = re.compile(r"[ \t]*(?:[#;*/-]{1,3}[ \t]+)?(?:export |set |ENV |ARG |-e |-D)?[\w.$\"'/:-]*")


def _bare(text: str, before: str, at: int, how: str, rank: str, suffix: str, within: bool) -> Iterator[_Span]:
    """Yield the secret that follows without quotes, where a value and not a variable can stand."""
    line = suffix in _CONFIG or (suffix not in _CODE and _ASSIGNED.fullmatch(before) is not None)
    match = _BARE_LINE.match(text, at) if line and not within else None
    if not match and (line or within or how in ("xml", "space") or suffix not in _CODE or _COMMENT.search(before)):
        match = _BARE.match(text, at)
    ahead = text[match.end() : match.end() + 1] if match else ""
    if not match or ahead in ("(", "[") or (how == "xml" and ahead != "<"):
        return
    value = match[0].rstrip(".,;:")
    plain = suffix in _CONFIG and rank == "password" and value.isalnum() and value.lower() not in _STAND_INS
    if _looks(value, rank) or (plain and value.isascii()):
        yield _Span(match.start(), match.start() + len(value), rank)


_CHINESE_AFTER = re.compile(
    r"(?:[（(][\u4e00-\u9fff]{1,8}[)）])?(?P<close>[\"'”’])?\*{0,2}\s{0,2}"
    r"(?P<sep>(?:默认|统一|初始|都|均|改|重置|设置)?(?:是|为|成)?[ \t]?[:：=＝|]?)\*{0,2}\s{0,2}"
    r"(?:[\"'“‘「【（(`]|<code>)?"
)
_ACCOUNT, _USER = re.compile(r"[号户名][/和与及、 ]*$"), re.compile(r"[\w.@-]{1,20} ?/ ?")
_CHINESE_RANKS = {"密码": "password", "口令": "password", "令牌": "token", "凭证": "token"}


def _chinese(text: str, hit: re.Match[str]) -> Iterator[_Span]:
    after = _CHINESE_AFTER.match(text, hit.end())
    match = _BARE.match(text, after.end()) if after and (after["sep"] or not after["close"]) else None
    if match:
        rank = _CHINESE_RANKS.get(hit[0], "secret")
        if _ACCOUNT.search(text[max(0, hit.start() - 8) : hit.start()]) and (user := _USER.match(text, match.start())):
            match = _BARE.match(text, user.end()) or match
        value = match[0].rstrip(".,;:")
        if _looks(value, rank):
            yield _Span(match.start(), match.start() + len(value), rank)


# --- what a secret looks like -----------------------------------------------------------------------------------------

_PLACEHOLDER = re.compile(
    r"x{4,}|X{4,}|(?<![A-Za-z0-9])[xX]{3,}(?![A-Za-z0-9])|\*{3,}|\.{3}|…|(?i:your|change.?(?:me|it)|placeholder|example|"
    r"redacted|dummy|process\.env|os\.environ|import\.meta|getenv)|\$\{|\{\{|\$\(|<%|^<.*>$|^\{.*\}$|^%.*%$|"
    r"^\$[A-Z_]+$|^%[sd]$"
)
_STAND_INS = frozenset(
    "password passwd pass pwd psw secret token user username test none null true false undefined string text required "
    "optional hidden visible yes no on off input value".split()
)
_NOT_A_VALUE = re.compile(
    r"^(?:\.{1,2}/|[@~]/|[#?]/|\$t\b|#[0-9a-fA-F]{3,8}$)|://|=>|\(\)|&&|\|\||\[[aA0]-|\\d|\.\*|\{\d|</|/>|^data:|^ENC\(|"
    r"^\d+(?:px|%|ms|rem)$|^[\w.+-]+@[\w-]+\.(?:com|cn|net|org|io)$|\.(?:vue|js|ts|json|png|svg|html|css)$|"
    r"^\d[\d.:/-]*[./:-][\d.:/-]*[TZ]?[\d:.]*$"
)
_ALGORITHM = re.compile(r"(?i)(?:md|sha|aes|des|rsa|utf|base|hmac|oauth|ecb|cbc|pkcs|h|v|i)-?\d{1,4}.{0,8}")
_BIGRAMS = frozenset(
    "ab ac ad al an ap ar as at bl ca ce ch ck co ct de di ea ec ed el em en ep er es et ex fi ge ha he ho ic id ig il "
    "im in io is it ke la le li ll lo ly ma me mi mo mp na nc nd ne ng ni ns nt ol om on op or ot ou ow pa pe pl po pr "
    "ra re ri ro rs rt se sh si sp ss st ta te th ti to tr ts un ur us ut ve".split()
)  # fmt: skip
_CONSTANT = re.compile(r"[a-z]+(?:[_-][a-z]+)+|[A-Z]+(?:[_-][A-Z]+)+")
_COMMON = frozenset("qwerty qwertyuiop asdfgh asdfghjkl zxcvbnm iloveyou letmein woaini".split())
_LEET = str.maketrans("013457$@!", "oleastsai")


def _looks(value: str, rank: str) -> bool:
    """Return whether a value looks like a secret, by what may be expected under a name of that rank."""
    value = value[:96]  # the start of a long one tells enough
    if not rank or not value.isascii() or _PLACEHOLDER.search(value) or _NOT_A_VALUE.search(value):
        return False
    if _CONSTANT.fullmatch(value) or (value[:1] == "/" and not _random(value, least=24, letters=30)):
        return False
    if re.search(r"\s", value):
        return rank == "password" and re.fullmatch(r"[a-z]{4}(?: [a-z]{4}){3}", value) is not None
    if rank == "key":
        return not re.fullmatch(_UUID, value) and _random(value, least=20, letters=30)
    made_up = rank in ("password", "secret") and len(value) >= (6 if rank == "password" else 8) and _made_up(value)
    return made_up or _random(value, least=10, letters=16)


def _made_up(value: str) -> bool:
    """Return whether a person may have made this up for a password: not a word, an identifier or a class name."""
    if len(value) > 64:
        return False
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    special = sum(letter in "!@#$%^&*?+~=" for letter in value)
    if value.lower() in _COMMON:
        return True
    if not letters:
        return digits >= 6 or (digits > 2 and digits + special >= 6)
    if not digits:
        return value[-1] != "=" and (
            special > 1 or (special == 1 and letters > 3 and (value[0] + value[-1]).isalnum() and not value.islower())
        )
    if special:
        return letters + digits > 2
    if digits > 1 or _ALGORITHM.fullmatch(value):
        return not _ALGORITHM.fullmatch(value) and (value.isalnum() or digits > 2 or not value.islower())
    odd = len(value) > 7 and (_wordiness(value) < 0.35 or (value[:-1].istitle() and value[:-1].isalpha()))
    leet = value.isalnum() and not value[-1].isdigit()
    return odd or (leet and value.lower().translate(_LEET).startswith(("passw", "admin", "root")))


def _random(value: str, *, least: int, letters: int) -> bool:
    """Return whether a value was drawn by a machine: long, varied, and its letters not those of words.

    Args:
        value: What to judge.
        least: How many letters and digits it has at least.
        letters: How many letters it has at least if there are not two digits among them.
    """
    plain = re.sub(r"[^A-Za-z0-9]", "", value[:96])
    if len(plain) < least or len(set(plain)) < 6 or plain.isdigit():
        return False
    if sum(map(str.isdigit, plain)) < 2 and len(plain) < letters:
        return False
    steps = sum(-1 <= ord(one) - ord(other) <= 1 for one, other in pairwise(plain))
    return steps < len(plain) * 0.5 and _wordiness(plain) < 0.38


def _wordiness(value: str) -> float:
    """Return the share of its pairs of letters that are common in words: about 0.7 in words, 0.15 in drawn letters."""
    lower = value.lower()
    return sum(lower[at : at + 2] in _BIGRAMS for at in range(len(lower) - 1)) / max(len(lower) - 1, 1)
