"""Passwords recognisable by position: an argument of a call, a part of an address, a word after a user in a comment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from swiftprep.redaction.places import PROSE, Places
from swiftprep.redaction.secret_columns import row_fields
from swiftprep.redaction.secret_values import PLACEHOLDER, STAND_INS, Span, hits, looks_secret

# The position of the password among the arguments of a call, from 0.
_ARGUMENT = {
    "getConnection": 2, "Sequelize": 2, "createConnection": 2, "createPool": 2, "FTP": 2, "FTP_TLS": 2,
    "PasswordAuthentication": 1, "UsernamePasswordToken": 1, "UsernamePasswordCredentials": 1, "NetworkCredential": 1,
    "UsernamePasswordAuthenticationToken": 1, "BasicAuth": 1, "HTTPDigestAuth": 1, "HttpBasicAuth": 1,
    "DriverManagerDataSource": 2, "forURL": 2, "PDO": 2, "mysqli_connect": 2, "mysqli": 2,
    "basicAuthentication": 1, "setBasicAuth": 1, "withBasicAuth": 1, "PlainTextAuthProvider": 1,
    "Minio": 2, "create_user": 2, "create_superuser": 2, "credentials": 1,
}  # fmt: skip
_LONGEST_NAME = 60  # characters of a call's name and of what precedes its arguments
_MOST = 600  # characters of a call's arguments
_IN_ADDRESSES = ("jdbc:oracle:", "@tcp(", "@unix(", "@udp(")
# For `connect` it depends on the module.
_OWNERS = {"pymysql": 2, "MySQLdb": 2, "cx_Oracle": 1, "oracledb": 1, "mysql": 2, "pymssql": 2}
_IN_CALLS = (
    *("onnect", "Pool(", "DataSource(", "PDO(", "mysqli(", "forURL(", "Sequelize", "FTP", "Auth", "Token("),
    *("redential", "Minio(", "user("),
)
CALL_LEADS = (  # words at which `positional` applies, for `Leads`
    r"onnect|pool\Z|datasource\Z|pdo\Z|mysqli\Z|forurl\Z|sequelize|ftp|auth|token\Z|credential|minio\Z|create_(?:super)?user\Z"
    r"|jdbc\Z|^tcp\Z|^unix\Z|^udp\Z"
)
_CALL = re.compile(
    rf"(?<![\w$])(?:(?P<name>{'|'.join(_ARGUMENT)})|(?P<owner>{'|'.join(_OWNERS)})\.connect)\s{{0,3}}\((?=\s{{0,40}}[^\s)])"
)
_LITERAL = re.compile(r"\s{0,80}[Nrbu]?([\"'`])(?P<value>[^\"'`\n\\]{4,128})\1(?:\.toCharArray\(\))?\s{0,80}")
_ADDRESS = re.compile(
    r"jdbc:oracle:\w{1,10}:[\w$#]{1,40}/(?P<oracle>[^\s\"'`/]{3,64})@"
    r"|(?<=[\"'`])[\w.-]{1,40}:(?P<dsn>[^\s\"'`:]{3,128})@(?:tcp|unix|udp)\("
)

_USERS = (
    r"(?:(?:super|sys)?[-_]?admin(?:istrator)?\d{0,3}|root|test(?:er|user)?\d{0,3}|guest|demo|user\d{0,3}|nacos|postgres"
    r"|(?:超级)?管理员|超管)"
)
_LEAD = (
    r"(?:(?:账号|帐号|账户|帐户|用户名?|登录名?|测试|[账帐]密)[^\n\w]{0,6}"
    r"|(?:password|passwd|pwd|pass|密码|口令)\s(?:for|of)\s(?:the\s|user\s)?"
    r"|(?:account|user(?:name)?|login|credentials?)\s{0,3}[:=]\s{0,3})"
)
# Words at which `told` applies in ASCII texts, for `Leads`.
USER_LEADS = (
    r"^(?:(?:super|sys)?_?admin(?:istrator)?\d{0,3}|root|test(?:er|user)?\d{0,3}|guest|demo|user\d{0,3}|nacos|postgres|pw)"
    r"\Z"
)
_IN_USERS = ("admin", "root", "test", "user", "guest", "demo", "nacos", "postgres", "pw")
_BEFORE_USERS = ("super", "super-", "super_", "sys", "超级")
# A user name, a separator, and a possible password.
_PAIR = re.compile(
    rf"(?i)(?<![\w@.$-])(?<!(?<!/)/)(?<!://)(?P<user>{_USERS})(?P<sign>\s{{0,3}}(?:[/|:：,，、→(（]|[-=]{{0,2}}>|-)\s{{0,3}}|\s{{1,3}})"
    r"[\"'`“]?(?P<value>[^\s\"'`<>,，。；;、()（）{}]{5,64})"
)
_LED = re.compile(rf"(?i){_LEAD}\Z")
_SHORT_NAME = re.compile(r"(?i)(?<![\w.$-])(?:pw|密)\s{0,2}[:=：]\s{0,2}(?P<value>[^\s\"'`<>,，。；;、()（）{}]{5,64})")
# A path, an address, a call, a setting, a version.
_OTHER = re.compile(r"[/=(]|[\w)]\.[A-Za-z]|\w@[\w-]{1,40}\.|[@^~v]\d{1,4}\.\d|^\d{4}-\d\d")
_CHARSETS = frozenset("utf8 utf8mb4 latin1 gbk ascii".split())
_MARKED = re.compile(r"[@!#$%^&*?+~]")
_COMMENTS = frozenset(".yml .yaml .env .properties .sh .py .conf .ini .toml .rb".split())


def positional(text: str) -> Iterator[Span]:
    """Yield the passwords passed by position, and those in the addresses of databases."""
    for match in _calls(text):
        place = _ARGUMENT[match["name"]] if match["name"] else _OWNERS[match["owner"]]
        arguments, _ = row_fields(text, match.end(), _MOST)
        literal = _LITERAL.fullmatch(text, *arguments[place]) if place < len(arguments) else None
        if literal and _is_password(literal["value"], may_be_word=match["name"] != "credentials"):
            yield Span(*literal.span("value"), "password")
    for match in _ADDRESS.finditer(text) if any(part in text for part in _IN_ADDRESSES) else ():
        group = str(match.lastgroup)
        if not PLACEHOLDER.search(match[group]) and match[group].lower() not in STAND_INS:
            yield Span(*match.span(group), "password")


def _calls(text: str) -> Iterator[re.Match[str]]:
    done = 0
    for at in sorted(at for part in _IN_CALLS for at in hits(text, part)):
        match = _CALL.search(text, max(done, at - _LONGEST_NAME), at + _LONGEST_NAME) if at >= done else None
        if match:
            done = match.end()
            yield match


def told(text: str, lower: str, suffix: str, places: Callable[[], Places], offset: int) -> Iterator[Span]:
    """Yield the passwords that comments and prose mention beside a user name: `admin / …`, `测试账号 admin …`.

    Args:
        text: A region of a text.
        lower: The region in lower case, with the same offsets.
        suffix: Suffix of the region.
        places: Returns the places of the whole text.
        offset: Start of the region in the whole text.
    """
    for at in _users(text, lower):
        short = _SHORT_NAME.match(text, at)
        pair = None if short else _PAIR.match(text, at)
        match = short or pair
        if match is None:
            continue
        value = match["value"].rstrip(".:：")
        start = match.start("value")
        if value[0] == value[-1] == "*":  # emphasis of Markdown
            value = value.strip("*")
            start = text.find(value, start)
        may_be = looks_secret(value, "password") if pair is None else _may_follow(pair, value)
        if may_be and _is_prose_or_comment(text, start, suffix, places, offset):
            yield Span(start, start + len(value), "password")


def _users(text: str, lower: str) -> Iterator[int]:
    """Yield the positions at which a user name may begin."""
    for word in _IN_USERS if text.isascii() else (*_IN_USERS, "管理员", "超管", "密"):
        for at in hits(lower if word.isascii() else text, word):
            yield from (at - len(before) for before in _BEFORE_USERS if lower.startswith(before, at - len(before)))
            yield at


def _is_password(value: str, may_be_word: bool) -> bool:
    may_be_word = may_be_word or re.search(r"\d", value) is not None
    plain = may_be_word and value.isascii() and value.isalnum() and value.lower() not in STAND_INS | _CHARSETS
    return looks_secret(value, "password") or (plain and not PLACEHOLDER.search(value))


def _may_follow(match: re.Match[str], value: str) -> bool:
    """Return whether a value beside a user name is a password: `admin/index2` is a path."""
    if not looks_secret(value, "password") or _OTHER.search(value):
        return False
    if _LED.search(match.string[max(0, match.start() - 24) : match.start()]):
        return True
    if value.isdigit() or not match["sign"].strip():
        return False
    is_spaced = match["sign"] != match["sign"].strip() == "/"
    return is_spaced or _MARKED.search(value) is not None


def _is_prose_or_comment(text: str, at: int, suffix: str, places: Callable[[], Places], offset: int) -> bool:
    """Return whether a position is in a comment or in prose, which no program reads."""
    if suffix in PROSE:
        return True
    if places().at(offset + at, offset + at + 1).is_comment:
        return True
    if places().part(offset + at) is not None:
        return False
    line = text[text.rfind("\n", 0, at) + 1 : at]
    if suffix in _COMMENTS and line.lstrip().startswith("#"):
        return True
    opened = text.rfind("<!--", max(0, at - 2000), at)
    return opened >= 0 and text.find("-->", opened, at) < 0
