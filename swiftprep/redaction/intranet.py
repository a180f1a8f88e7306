"""Addresses of machines in a company's own network: `10.23.4.5`, `http://git.corp.acme.cn`.

Four numbers with dots may also be a version. So one that begins with 10 needs evidence that it is an address: the text
before it, a port, or numbers that no version has. Networks (`10.0.0.0/8`) are not private.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.places import PROSE, suffix_of
from swiftprep.redaction.secret_names import CONFIGURATION
from swiftprep.redaction.secret_values import Span, hits

KINDS = ("intranet-address", "intranet-host")

# It begins with a fixed character, so that other text is skipped fast; what precedes a match is checked afterwards.
_ADDRESS = re.compile(
    r"1(?:(?P<ten>0\.\d{1,3})|92\.168|72\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?!\w|\.\w|-[A-Za-z])", re.ASCII
)
_TELLS = re.compile(
    r"(?i)(?:(?:host\w{0,12}|\bips?|[a-z]ips?|_ips?|addr(?:ess)?\w{0,6}|server\w{0,6}|url|uri|gateway|dns|proxy|target|endpoint|"
    r"redis|mysql|oracle|mongo|kafka|nacos|zookeeper|rabbit\w{0,4}|elastic\w{0,8}|brokers?|nodes?|master|slave|ssh|ping|"
    r"curl|wget|telnet|listen|bind|deploy(?:ed)?)[^\w\n]{1,12}|(?:内网|地址|服务器?|机器|主机|部署|访问|打开|登录|连接?|网关|环境)"
    r"(?:在|到|是|为|了)?[^\w\n]{0,12})(?:[A-Za-z]{1,20} )?$"
)
# A call that takes a host, or an option of a command.
_CALLED = re.compile(
    r"(?i)(?:connect\w{0,8}|create_?connection|open|get(?:all)?byname|jedis|dial\w{0,7}|httphost|\w{0,12}socket\w{0,8}|"
    r"resolve|lookup|ping)\(\(?\s{0,3}[\"'`]$|\s-h\s{1,3}$"
)
_AFTER = re.compile(r"[\"'`],\s?\d{2,5}\s?[,)]|/[A-Za-z_]", re.ASCII)  # a port, a path
_OPENS = re.compile(r"(?:^|[\s\"'`(,=])$")
_NO_VERSION = re.compile(r"192\.168\.\d|172\.(?:1[6-9]|2\d|3[01])\.\d", re.ASCII)
# Words near a version.
_OF_VERSIONS = re.compile(
    r"(?i)ver(?:sion|s?\b)|_ver|release|build|revision|firmware|sdk|driver|chrome|firefox|edge|safari|agent|\bos\b|macos|ios|"
    r"platform|semver|since|compat|engine|require|depend|tag|package|pkg|librar|plugin|upgrade|update|product|app_?v|版本|升级|更新|发布|第|[章节条款]"
)
_IS_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NEAR = 200  # characters before a number that are searched for such words
_VERSION = re.compile(r"(?i)(?:[\^~-]|[=~<>!]=|(?:version|\bver|release|chrome|firefox|edge|safari|build|sdk)\W{0,8})$")
_REMOTE = re.compile(r"(?:\b(?:ssh|scp|sftp|rsync|mosh|git clone)\b|://)[^\n]{0,80}@$")
_PROGRAMS = frozenset(".js .mjs .cjs .jsx .ts .tsx .vue .py .java .kt .go .php .rb .cs .scala .groovy .sh".split())
_MANIFESTS = ("package.json", "package-lock.json", "pom.xml", "requirements.txt", "yarn.lock", "pnpm-lock.yaml")
_PORT = re.compile(r":\d{2,5}(?!\d)")
_LEAST = 64  # numbers of at least this size are hardly part of a version

_HOST = r"(?P<host>(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24})(?![\w.-])"
_IN_URL = re.compile(rf"://(?:[^\s/@'\"<>`]{{1,120}}@)?{_HOST}")
_QUOTED = re.compile(rf"[\"'`]{_HOST}(?=(?::\d{{2,5}})?[\"'`])")
_GIVEN = re.compile(rf"[:=][ \t]{{0,8}}{_HOST}(?=(?::\d{{2,5}})?[ \t]{{0,40}}(?:\n|\Z|#))")
# A host without quotes or a scheme counts only in prose and comments: in code it may be a property of an object.
_BARE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){2,6}[A-Za-z]{2,24}(?![\w-]|\.\w)", re.ASCII)
_BEFORE_BARE = re.compile(r"[A-Za-z0-9.-]{0,200}\Z")
_IN_COMMENT = re.compile(r"//|/\*|^\s*\*|#|<!--|[\u3000-\u9fff]|\w@\Z")
_GIVEN_IN_QUOTES = re.compile(
    r"[:=,\[]\s{0,20}[\"'`](?P<host>[A-Za-z0-9][A-Za-z0-9-]{0,62}\.(?:lan|intranet))(?=(?::\d{2,5})?[\"'`](?!\s{0,9}:))"
)
# In quotes, alone or in a list, with its end: object members and message keys look the same.
_OWN_END = re.compile(
    r"\.(?:internal|intranet|intra|corp|lan|local|localdomain|inner)(?=[\"'`,;]|:\d)|\.(?:corp|intra)\."
)
_IN_LIST = re.compile(rf"{_HOST}(?P<port>:\d{{2,5}}(?!\d)|(?=[\"'`],\s?\d{{2,5}}\s?[,)]))?(?=[\"'`,;])", re.ASCII)
_BEFORE_LISTED = re.compile(r"[\"'`,;](?P<start>[A-Za-z0-9.-]{0,200})\Z", re.ASCII)
_NAMED_HOST = re.compile(
    r"(?i)(?:host\w{0,8}|servers?|addr\w{0,8}|domain|endpoint|target|brokers?|redis\w{0,8}|mysql|mongo\w{0,4}|kafka|nodes?|"
    r"proxy|gateway|dns|smtp\w{0,8}|ldap\w{0,8}|registry|url|uri)[\"'\])]{0,2}\s{0,3}[:=(,]\s{0,3}\[?[\"'`]\Z"
)
_OF_A_MESSAGE = re.compile(
    r"(?:\bt|\$t|\btc|\bte|\btr|i18n|translate|[gG]et|\w[kK]ey|[nN]ame|[lL]ogger|import|from|require)\(?\s?[\"'`]\Z"
)
_SERVES = re.compile(
    r"(?:db|redis|mysql|pg|api|app|nas|git|gitlab|kafka|es|mq|ftp|smtp|mail|vpn|ldap|nexus|jenkins|harbor|wiki|nacos|consul|"
    r"jira|minio|etcd|k8s|www)(?=[.-])|[a-z]+-?\d|[a-z]+-[a-z]"
)
# A host name without a domain is private only where it states its purpose: `fe-dev01`, `k8s-master`.
_MACHINE = re.compile(
    r"://(?:[^\s/@'\"<>`]{1,120}@)?(?P<host>[A-Za-z][A-Za-z0-9]{0,20}(?:-[A-Za-z0-9]{1,20}){1,4}):\d{2,5}(?!\d)"
)
_PURPOSE = re.compile(
    r"(?i)(?:^|-)(?:dev|test|prod|uat|sit|stg|staging|stage|pre|master|slave|node|worker|vm|srv|db)\d{0,3}(?:-|$)|\d\d$"
)
_OWN_ENDS = frozenset("internal intranet intra corp lan local localdomain inner".split())
_OWN_LABELS = frozenset("internal intranet intra corp inner lan".split())
_IN_HOSTS = (".corp.", ".intra", ".internal.", "corp.", "intranet.")
_ENDS = frozenset("cn com net org io co tech dev cloud cc top".split())
# Names that container systems and clouds use everywhere.
_EVERYBODYS = ("docker.internal", "cluster.local", "google.internal", "localhost.localdomain", "compute.internal")


def intranet(text: str, path: str = "") -> list[Span]:
    """Return the addresses of machines in a company's network, in order.

    >>> [text[a:b] for text in ("ping 10.0.3.12", "x@10.0.0.1") for a, b, _ in intranet(text)]
    ['10.0.3.12']
    """
    spans: list[Span] = []
    if any(beginning in text for beginning in ("192.168.", "10.", "172.")):
        spans += [
            Span(*match.span(), "intranet-address") for match in _ADDRESS.finditer(text) if _is_one(text, match, path)
        ]
    if "://" in text:
        machines = (match for match in _MACHINE.finditer(text) if _PURPOSE.search(match["host"]))
        spans += [Span(*match.span("host"), "intranet-host") for match in machines]
    if "." in text:
        spans += [
            Span(*match.span("host"), "intranet-host") for match in _IN_URL.finditer(text) if _is_own(match["host"])
        ]
        if "corp." in text or "intra" in text or ".internal." in text:  # one of `_IN_HOSTS`
            for pattern in [_QUOTED, _GIVEN] if suffix_of(path) in CONFIGURATION else [_QUOTED]:
                hosts = (match for match in pattern.finditer(text) if _is_own(match["host"], 3))
                spans += [Span(*match.span("host"), "intranet-host") for match in hosts]
            spans += [Span(*span, "intranet-host") for span in _bare(text, suffix_of(path) in PROSE)]
        spans += [Span(*span, "intranet-host") for span in _listed(text)]
        if ".lan" in text or ".intranet" in text:
            spans += [Span(*match.span("host"), "intranet-host") for match in _GIVEN_IN_QUOTES.finditer(text)]
    return sorted(set(spans))


def _listed(text: str) -> Iterator[tuple[int, int]]:
    """Yield the hosts in quotes, alone or in a list, that have a port or a name that denotes a host."""
    done = 0
    for end in _OWN_END.finditer(text):
        at = end.start()
        before = _BEFORE_LISTED.search(text, max(done, at - 201), at) if at >= done else None
        host = _IN_LIST.match(text, before.start("start")) if before else None
        if before is None or host is None:
            continue
        labels = host["host"].lower().split(".")
        done = host.end()
        if not (_is_own(host["host"]) or _is_own(host["host"], 3)) or labels[0] in ("this", "self", "vm"):
            continue
        ahead = text[max(0, before.start() - 60) : before.start() + 1]
        is_sure = host["port"] is not None or _NAMED_HOST.search(ahead)
        if not is_sure and (len(labels) < 3 or _OF_A_MESSAGE.search(ahead) or _IS_KEY.match(text, host.end())):
            continue
        if is_sure or labels[-1] in ("corp", "lan", "intranet") or _SERVES.match(host["host"]):
            yield host.span("host")


_IS_KEY = re.compile(r"[\"'`]\s{0,9}:")


def _bare(text: str, is_prose: bool) -> Iterator[tuple[int, int]]:
    """Yield the hosts in prose, in comments and in addresses of repositories (`git@host:group/app.git`)."""
    done = 0
    for at in sorted(at for label in _IN_HOSTS for at in hits(text, label)):
        if at < done:
            continue
        before = _BEFORE_BARE.search(text, max(done, at - 200), at)
        start = before.start() if before else at
        match = _BARE.match(text, start)
        done = match.end() if match else at + 1
        if match is None or not _is_own(match[0], 3):
            continue
        line = text.rfind("\n", max(0, start - 1000), start) + 1
        if is_prose or _IN_COMMENT.search(text[line:start]):
            yield match.span()


def _is_one(text: str, match: re.Match[str], path: str) -> bool:
    if re.match(r"[\w.]", text[match.start() - 1 : match.start()], re.ASCII):
        return False
    parts = [int(part) for part in match[0].split(".")]
    if max(parts) > 255 or parts[-1] in (0, 255):  # not an address, a network, or a broadcast address
        return False
    line = text.rfind("\n", 0, match.start()) + 1
    before = text[max(line, match.start() - 100) : match.start()]
    if before.endswith("://") or _PORT.match(text, match.end()) or _REMOTE.search(before):
        return True
    if before.endswith("@") or _VERSION.search(before):
        return False
    if not match["ten"]:
        return True
    if path.lower().endswith(_MANIFESTS):
        return False
    if max(parts[1:]) >= _LEAST or _TELLS.search(before) or _CALLED.search(before):
        return True
    if _AFTER.match(text, match.end()) and _OPENS.search(before):
        return True
    line_end = text.find("\n", match.end(), match.end() + _NEAR)
    if _NO_VERSION.search(text, max(line, match.start() - _NEAR), line_end if line_end >= 0 else match.end() + _NEAR):
        return True
    if _IS_CHINESE.match(text, match.end()) or _IS_CHINESE.match(text, match.start() - 1):
        end = line_end if line_end >= 0 else match.end() + _NEAR
        return _OF_VERSIONS.search(text, max(line, match.start() - _NEAR), end) is None
    # It is a whole literal, and nothing suggests a version.
    return (
        before[-1:] in ("'", '"', "`")
        and text.startswith(before[-1:], match.end())
        and suffix_of(path) in _PROGRAMS
        and not _OF_VERSIONS.search(text, max(0, match.start() - _NEAR), match.start())
    )


def _is_own(host: str, least: int = 2) -> bool:
    labels = host.lower().split(".")
    if host.lower().endswith(_EVERYBODYS) or len(labels) < least:
        return False
    return (labels[-1] in _OWN_ENDS and least == 2) or (
        labels[-1] in _ENDS and not _OWN_LABELS.isdisjoint(labels[:-2] or labels[:1])
    )
