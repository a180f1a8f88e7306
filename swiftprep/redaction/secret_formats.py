"""Secrets recognisable by their form: documented key formats, private keys, addresses, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.secret_values import PLACEHOLDER, STAND_INS, UUID, Span, is_random, looks_secret

_VENDORS = (
    "gsk_ xai- nvapi- r8_ pplx- tvly- jina_ pcsk_ lsv2_ dop_v1_ dckr_pat_ shpat_ lin_api_ ntn_ PMAK- ATATT3 ATBB SCT "
    "fal_ dapi figd_ sntrys_ sq0csp- GOCSPX- api_org_ xapp- glsa_ rnd_ sbp_"
).split()
# Kind, pattern, and the number of letters from which two digits are not required.
_FORMATS = tuple(
    (kind, re.compile(pattern), letters)
    for kind, pattern, letters in (
        ("anthropic-key", r"sk-ant-[\w-]{20,200}", 20),
        ("openai-key", r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,250}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", 20),
        ("dashscope-key", r"sk-[0-9a-f]{32}(?![\w-])", 16),  # and DeepSeek's, which look the same
        # Moonshot, SiliconFlow and others that copy OpenAI's form.
        ("model-api-key", rf"sk-(?:[a-z0-9]{{2,8}}-){{0,3}}(?:{UUID}|\w{{20,200}})", 40),
        ("modelscope-token", rf"ms-{UUID}", 16),
        ("volcengine-key", rf"ark-{UUID}[\w-]{{0,20}}|AK[LT][TP][\w-]{{20,80}}={{0,2}}", 16),
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
# Formats of so exact a length that nothing else matches, whatever the letters.
_EXACT = re.compile(
    r"glpat-[\w-]{20}|LTAI(?:[A-Za-z0-9]{12}|[A-Za-z0-9]{16}|[A-Za-z0-9]{20})|AKID[A-Za-z0-9]{32}|A(?:KIA|SIA)[A-Z2-7]{16}"
    r"|gh[pousr]_[A-Za-z0-9]{36}|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{34}|AIza[\w-]{35}"
)
_VARIED = 12  # different letters and digits
_ANY_FORMAT = re.compile("|".join(pattern.pattern for _, pattern, _ in _FORMATS))
# Prefixes of formats that may have no digit.
_PREFIXES = ("hf_", "sk-", "LTAI", "AKI", "ASIA", "AKLT", "ghp_", "eyJ", "AIza", "gl", "xox", "npm_", "sk_", *_VENDORS)
# What precedes a token and identifies it.
_PLACES = re.compile(
    r"(?P<wecom_webhook>cgi-bin/webhook/\w{1,20}\?key=)|(?P<dingtalk_webhook>/robot/send\?access_token=)"
    r"|(?P<feishu_webhook>/hook/)|(?P<slack_webhook>hooks\.slack\.com/\w{1,20}/\w{1,20}/(?:\w{1,20}/)?)"
    r"|(?P<discord_webhook>/webhooks/\d{10,25}/)|(?P<sendgrid_key>\bSG\.)|(?P<telegram_token>\b\d{8,10}:)"
    r"|(?P<aliyun_token>\bSTS\.)|(?P<vault_token>\bhvs\.)|(?P<google_token>\bya29\.)"
)
_LEADS = ("?key=", "token=", "SG.", "STS.", "hvs.", "ya29.", *(f"{digit}:" for digit in range(10)))
_PLACED = re.compile(r"[\w-]{20,500}(?:\.[\w-]{16,500})?")
# The secret that belongs to an id has no form of its own, but is nearby.
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


def formats(text: str, raw: bytes) -> Iterator[Span]:
    """Yield what has the form of a provider's key; `raw` is the text with one byte per character.

    Each form has at least 16 consecutive letters, digits, `_` and `-`.
    """
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
                if lead and value and is_random(value[0], least=16, letters=16):
                    yield Span(*value.span(), str(lead[-1].lastgroup).replace("_", "-"))
        at = flat.find(b"a" * 16, end)


def has_format(text: str) -> bool:
    """Return whether a whole text has the form of a provider's key."""
    match = _ANY_FORMAT.fullmatch(text)
    return match is not None and any(True for _ in _format(text, match))


def _format(text: str, match: re.Match[str]) -> Iterator[Span]:
    start = match.start()
    kind, key, letters = next((k, m, n) for k, pattern, n in _FORMATS if (m := pattern.match(text, start)))
    is_exact = _EXACT.fullmatch(key[0]) and len(set(key[0])) >= _VARIED and re.search(r"\d|[a-z][A-Z]", key[0][6:])
    if not PLACEHOLDER.search(key[0]) and (is_exact or is_random(key[0], least=12, letters=letters)):
        yield Span(*key.span(), kind)
        if kind in _PARTNERS:
            for near in _PARTNERS[kind].finditer(text, max(0, start - 160), key.end() + 160):
                if near.start() != start and is_random(near[0], least=28, letters=30):
                    yield Span(*near.span(), re.sub(r"-[a-z]+$", "-secret", kind))


_KEY_BEGINS = re.compile(
    r"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:\\[nrt]|[^A-Za-z0-9+/=<-]){0,200}"
)
_KEY_ENDS = re.compile(r"-----END|\Z")
_NO_KEY = re.compile(r"[<>{}()]")
_AROUND_KEY = " \t\n\r\f\v\"'`+\\"  # what a line of the key has at its end when written as a string
_LONGEST_KEY = 20_000
_ADDRESS = re.compile(r"""://[^\s/:@'"`<>,?#]{0,80}:([^\s/'"`<>]{3,128})@(?=[\w\[.{$-])|://([\w-]{20,100})@(?=\w)""")
_HOST = re.compile(r"://(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|[\w-]{1,40}(?:\.[\w-]{1,40}){1,4})$")
_SHELL = re.compile(
    r"""(?:mysql\w{0,10}\s[^\n|;&]{0,120}?(?<=\s)-p|sshpass\s{1,4}-p\s{0,4}|redis-cli\s[^\n|;&]{0,120}?(?<=\s)-a\s{1,4}"""
    r"""|curl\b[^\n]{0,200}?\s(?:-u|--user)[ =]{1,2}['"]?[^\s:'"]{1,64}:|docker login\s[^\n]{0,100}?\s-p\s{1,2}"""
    r"""|htpasswd\s[^\n|;&]{0,80}?(?<=\s)-[a-zA-Z]{0,6}b[a-zA-Z]{0,6}\s{1,4}[^\s|;]{1,80}\s{1,4}[^\s|;]{1,64}\s{1,4})['"]?([^\s'"|;]{4,64})"""
)
# Without quotes it is a name: the `id-…` of ASN.1, which would not be valid in a database.
_STATEMENT = re.compile(
    r"""(?:identified|IDENTIFIED|Identified)(?:\s{1,4}(?i:with)\s{1,4}[\w'"`]{1,60})?\s{1,4}(?i:by)\s{1,4}"""
    r"""(?=['"]|[\w$#@!]{4,64}(?:[\s;]|\Z))['"]?([^\s'"|;]{4,64})"""
)
# Input piped to a command: `echo … | sudo -S`.
_PIPED = re.compile(
    r"""echo\s{1,4}(?:-\w{1,3}\s{1,4})?['"]?([^\s'"|;$]{4,64})['"]?\s{0,4}\|\s{0,4}(?:sudo\s(?:[^\n|]{0,40}\s)?-S\b|[^\n|]{0,120}--?(?:password-)?stdin\b)"""
)
_SHELL_WORDS = ("mysql", "sshpass", "redis-cli", "curl ", "docker login", "htpasswd")
_PASSWORD_HASH = re.compile(r"\$2[aby]\$\d\d\$([./A-Za-z0-9]{53})")


def private_keys(text: str) -> Iterator[Span]:
    """Yield the private keys in PEM format."""
    if "PRIVATE KEY" in text:
        for match in _KEY_BEGINS.finditer(text):
            end = text.find("-----", match.end())
            end = len(text) if end < 0 else end
            body = text[match.end() : min(end, match.end() + _LONGEST_KEY)]
            if not _KEY_ENDS.match(text, end) or end - match.end() > _LONGEST_KEY or _NO_KEY.search(body):
                continue
            body = body.rstrip(_AROUND_KEY)
            body = body[:-2].rstrip(_AROUND_KEY) if body.endswith(("\\n", "\\r", "\\t")) else body
            if re.search(r"[A-Za-z0-9+/=]{16}", body) and not PLACEHOLDER.search(body):
                yield Span(match.end(), match.end() + len(body), "private-key")


def elsewhere(text: str) -> Iterator[Span]:
    """Yield passwords in addresses and commands, and password hashes."""
    for match in _ADDRESS.finditer(text):
        if match[1] and match[1].isdigit() and _HOST.search(text, max(0, match.start() - 90), match.start(1) - 1):
            continue  # the port of a host: `http://localhost:8080@foo`
        if match[1] and not PLACEHOLDER.search(match[1]) and match[1].lower() not in STAND_INS:
            yield Span(*match.span(1), "url-password")
        elif match[2] and is_random(match[2], least=20, letters=30):
            yield Span(*match.span(2), "url-token")
    if any(word in text for word in _SHELL_WORDS):
        yield from (Span(*m.span(1), "password") for m in _SHELL.finditer(text) if looks_secret(m[1], "password"))
    if "dentified" in text or "DENTIFIED" in text:
        yield from (Span(*m.span(1), "password") for m in _STATEMENT.finditer(text) if looks_secret(m[1], "password"))
    if "echo " in text and "|" in text:
        yield from (Span(*m.span(1), "password") for m in _PIPED.finditer(text) if looks_secret(m[1], "password"))
    if "$2" in text:
        yield from (Span(*match.span(1), "password-hash") for match in _PASSWORD_HASH.finditer(text))
