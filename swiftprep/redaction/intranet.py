"""Addresses of machines that only the company's own network has: `10.23.4.5`, `http://git.corp.acme.cn`.

A number of four parts may as well be a version. So one that begins with 10 needs something that tells an address: what
stands before it, a port, or parts that no version has. Networks (`10.0.0.0/8`) are everybody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.places import PROSE, suffix_of
from swiftprep.redaction.secret_names import CONFIGURATION
from swiftprep.redaction.secret_values import Span, hits

KINDS = ("intranet-address", "intranet-host")

# It begins with a sign of its own, so that all else is passed over fast; what stands before it is looked at afterwards.
_ADDRESS = re.compile(
    r"1(?:(?P<ten>0\.\d{1,3})|92\.168|72\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}(?!\w|\.\w|-[A-Za-z])", re.ASCII
)
_TELLS = re.compile(
    r"(?i)(?:host\w{0,12}|\bips?|[a-z]ips?|_ips?|addr(?:ess)?\w{0,6}|server\w{0,6}|url|uri|gateway|dns|proxy|target|endpoint|"
    r"redis|mysql|oracle|mongo|kafka|nacos|zookeeper|rabbit\w{0,4}|elastic\w{0,8}|brokers?|nodes?|master|slave|ssh|ping|"
    r"curl|wget|telnet|listen|bind|内网|地址|服务器?|机器|主机|部署\w?|访问|打开|网关|环境)[^\w\n]{1,12}"
    r"(?:[A-Za-z]{1,20} )?$"
)
_VERSION = re.compile(r"(?i)(?:[\^~-]|[=~<>!]=|(?:version|\bver|release|chrome|firefox|edge|safari|build|sdk)\W{0,8})$")
_REMOTE = re.compile(r"(?:\b(?:ssh|scp|sftp|rsync|mosh|git clone)\b|://)[^\n]{0,80}@$")
_MANIFESTS = ("package.json", "package-lock.json", "pom.xml", "requirements.txt", "yarn.lock", "pnpm-lock.yaml")
_PORT = re.compile(r":\d{2,5}(?!\d)")
_LEAST = 64  # from which a part of a number is hardly one of a version

_HOST = r"(?P<host>(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24})(?![\w.-])"
_IN_URL = re.compile(rf"://(?:[^\s/@'\"<>`]{{1,120}}@)?{_HOST}")
_QUOTED = re.compile(rf"[\"'`]{_HOST}(?=(?::\d{{2,5}})?[\"'`])")
_GIVEN = re.compile(rf"[:=][ \t]{{0,8}}{_HOST}(?=(?::\d{{2,5}})?[ \t]{{0,40}}(?:\n|\Z|#))")
# Without a quote or a scheme, only where no program reads it: there it may be a property of something.
_BARE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){2,6}[A-Za-z]{2,24}(?![\w-]|\.\w)", re.ASCII)
_BEFORE_BARE = re.compile(r"[A-Za-z0-9.-]{0,200}\Z")
_IN_COMMENT = re.compile(r"//|/\*|^\s*\*|#|<!--|[\u3000-\u9fff]|\w@\Z")
_GIVEN_IN_QUOTES = re.compile(
    r"[:=,\[]\s{0,20}[\"'`](?P<host>[A-Za-z0-9][A-Za-z0-9-]{0,62}\.(?:lan|intranet))(?=(?::\d{2,5})?[\"'`](?!\s{0,9}:))"
)
_OWN_ENDS = frozenset("internal intranet intra corp lan local localdomain inner".split())
_OWN_LABELS = frozenset("internal intranet intra corp inner lan".split())
_IN_HOSTS = (".corp.", ".intra", ".internal.", "corp.", "intranet.")
_ENDS = frozenset("cn com net org io co tech dev cloud cc top".split())
# Names that container systems and clouds give the same way everywhere.
_EVERYBODYS = ("docker.internal", "cluster.local", "google.internal", "localhost.localdomain", "compute.internal")


def intranet(text: str, path: str = "") -> list[Span]:
    """Return where the addresses of machines within a company's network are, in order.

    >>> [text[a:b] for text in ("ping 10.0.3.12", "x@10.0.0.1") for a, b, _ in intranet(text)]
    ['10.0.3.12']
    """
    found = []
    if any(beginning in text for beginning in ("192.168.", "10.", "172.")):
        found += [
            Span(*match.span(), "intranet-address") for match in _ADDRESS.finditer(text) if _is_one(text, match, path)
        ]
    if "." in text:
        found += [
            Span(*match.span("host"), "intranet-host") for match in _IN_URL.finditer(text) if _is_own(match["host"])
        ]
        if any(label in text for label in _IN_HOSTS):
            for pattern in [_QUOTED, _GIVEN] if suffix_of(path) in CONFIGURATION else [_QUOTED]:
                hosts = (match for match in pattern.finditer(text) if _is_own(match["host"], 3))
                found += [Span(*match.span("host"), "intranet-host") for match in hosts]
            found += [Span(*span, "intranet-host") for span in _bare(text, suffix_of(path) in PROSE)]
        if ".lan" in text or ".intranet" in text:
            found += [Span(*match.span("host"), "intranet-host") for match in _GIVEN_IN_QUOTES.finditer(text)]
    return sorted(set(found))


def _bare(text: str, is_prose: bool) -> Iterator[tuple[int, int]]:
    """Yield where hosts stand in prose, in comments and in the addresses of repositories (`git@host:group/app.git`)."""
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
    if re.match(r"[\w.]", text[match.start() - 1 : match.start()]):
        return False
    parts = [int(part) for part in match[0].split(".")]
    if max(parts) > 255 or parts[-1] in (0, 255):  # a network, and all of one
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
    return _TELLS.search(before) is not None or max(parts[1:]) >= _LEAST


def _is_own(host: str, least: int = 2) -> bool:
    labels = host.lower().split(".")
    if host.lower().endswith(_EVERYBODYS) or len(labels) < least:
        return False
    return (labels[-1] in _OWN_ENDS and least == 2) or (
        labels[-1] in _ENDS and not _OWN_LABELS.isdisjoint(labels[:-2] or labels[:1])
    )
