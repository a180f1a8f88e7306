"""Personal data: mobile numbers, ID numbers, bank cards and e-mail addresses, as opposed to what looks like them.

Digits are often just a number: a size, an id or a time stamp may well have eleven digits that begin with 13. In prose
they count as what they look like. In code the place decides: a number is personal only beside a name that says so, a
string unless its name says otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from swiftprep.redaction.mask import MARKER
from swiftprep.redaction.places import Place, Places
from swiftprep.redaction.secret_values import Span

_PHONE = re.compile(
    r"(?<![\w.+-])(?:(?:\+|00)?86[- ]?)?1[3-9]\d(?:\d{8}|[- ]\d{4}[- ]?\d{4})(?![\w.-]*\d)(?!(?!L\b)[\w-])", re.ASCII
)
_IDENTITY = re.compile(
    r"(?<![\w.-])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\w-])", re.ASCII
)
_CARD = re.compile(r"(?<![\w.-])[3-6]\d{3}(?:[ -]?\d{4}){2,3}[ -]?\d{1,4}(?![\w.-]*\d)(?!\w)", re.ASCII)
_MAIL = re.compile(
    r"(?:(?<![\w.+%/@\\-])|(?<=\\[nrt]))[A-Za-z0-9][\w.+-]{0,63}@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,4}[A-Za-z]{2,24})(?![\w@])",
    re.ASCII,
)
# Quick checks for what each contains, which rule out most code and are ten times faster.
_MAY_BE_MAIL = re.compile(r"@(?<=[\w.+-]@)[A-Za-z0-9][\w-]{0,62}\.", re.ASCII)
_COUNTRY = 5  # letters of `0086 ` before a number
_MAY_BE_NUMBER = re.compile(r"\d(?:\d{10}|\d{2,3}[ -]\d{4}[ -]?\d{3})", re.ASCII)
# Domains that RFC 2606 reserves for examples, and `example` under any other top-level domain.
_NOBODY = re.compile(r"(?:^|\.)(?:example\.(?:[a-z]{2,4}\.)?[a-z]{2,4}|example|test|invalid|localhost)$", re.I)
# Numbers used in documentation, which belong to nobody: phone numbers, the examples of GB 11643-1999, and the test
# cards of payment services.
_KNOWN = frozenset(
    "13800138000 13800000000 13888888888 13900000000 11010519491231002X 440524188001010014 4242424242424242 "
    "4111111111111111 5555555555554444 4000056655665556 378282246310005 6011111111111117 3566002020360505 "
    "6200000000000005 6205500000000000004".split()
)
_FILES = frozenset(
    "js mjs cjs ts jsx tsx vue css scss less sass styl png jpg jpeg svg gif webp avif bmp ico icns tif tiff json html "
    "htm md py java xml yml yaml toml ini txt pdf zip tgz gz tar jar whl mp mov webm woff ttf otf eot map lock".split()
)
_VERSION = re.compile(r"v?\d+(?:\.\d+)+(?:[-.+].*)?|\d+(?:\.\d+)?x\..*|v\d+\..*")  # of a package, or an image scale
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_TELLING = {
    "phone": re.compile(
        r"(?i)phone|mobile|(?<![a-z])tel(?![a-z])|tel(?:ephone|_?no|_?num)|(?<![a-z])(?:fax|cell|dial|call|whatsapp|sms)"
        r"(?![a-z])|cell_?(?:no|num)|contact|sendsms|call_?(?:no|phone)|电话|手机|热线|座机|联系|号码|微信|致电|拨打|短信"
    ),
    "id-card": re.compile(r"(?i)id[-_ ]?(?:card|no|num|code)|identity|cert_?(?:no|num|id)|ssn|citizen|sfz|身份|证件"),
    "bank-card": re.compile(r"(?i)card|bank|account|acct|iban|(?<![a-z])pan(?![a-z])|卡|账号|账户|帐号"),
}
# Names of values with many digits that are not personal.
_OTHERWISE = re.compile(
    r"(?i)(?<![a-z])(?:ids?|uid|uuid|guid|pid|oid|no|sn|seq|ts|d|x|y|v|key|code|hash|seed|size|bytes?|length|limit|max|min|"
    r"port|offset|index|count|total|sum|amount|price|version|ver|build|time|timestamp|date|trace|serial|order|points|"
    r"width|height|transform|view_?box|expires?|timeout|interval|duration|revision|rev|nonce|salt|checksum|crc|color)$|"
    r"(?:Ids?|ID|No|SN|Seq|Time(?:stamp)?|Date|Size|Bytes|Length|Limit|Port|Offset|Index|Count|Total|Amount|Price|Version|"
    r"Hash|Code|Key|Serial|Order|Trace|[Ss]tamp|At)$|[_-](?:ids?|no|sn|seq|time|ts|date|at|size|bytes|limit|count|code|key|hash)$|"
    r"(?:编号|单号|序号|流水号?|时间戳?|版本号?|端口|字节|大小|长度|金额|价格|总数|数量|订单|主键|序列号?|工号|编码|学号)$"
)
_ABOUT = re.compile(
    r"(?i)(?:max|min|limit|size|length|time(?:stamp)?|(?:created|updated)_?at|count|version)$|(?:Id|ID|_id)$"
)
# Names of 18-digit numbers that are not personal, though they may be a valid ID number by chance.
_OF_ORDERS = re.compile(
    r"(?i)order|serial|trace|track|invoice|waybill|bill|trans|txn|trade|batch|uuid|guid|hash|nonce|stamp|(?<![a-z])(?:sn|seq)(?![a-z])|"
    r"单号|订单|流水|序列|交易|批次|时间戳"
)
_REGIONS = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
# A number beside one of the most frequent family names and one or two more characters belongs to that person.
_FAMILIES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆汪范廖石金韦贾夏付方白邹孟熊秦邱侯江尹薛闫段雷龙陶黎史贺毛顾龚邵万钱严武戴孔汤"
)
_CALLED = rf"[\"'`][{_FAMILIES}][\u4e00-\u9fff]{{1,2}}[\"'`]"
_BEFORE_NAME = re.compile(rf"[\"'`\]]{{0,2}}\s{{0,3}}[:,]\s{{0,3}}{_CALLED}")
_AFTER_NAME = re.compile(rf"{_CALLED}\s{{0,3}}[:,]\s{{0,3}}\[?$")
_OF_A_USER = re.compile(r"(?i)/(?:u|users?|members?|customers?|phones?|mobiles?|tel|contacts?)/$")
# What precedes a number in prose that is not personal.
_NUMBER_OF = re.compile(
    r"(?i)(?:(?<![a-z])(?:imei|imsi|iccid|meid|isbn|ean|upc|gtin|sku|(?:[\w-]{1,40}[-_])?id|uuid|order|invoice|tracking|"
    r"transaction|serial|ticket|batch|trace|waybill)(?:[ _-]?(?:no|num|number|id)\.?)?|编号|单号|序号|流水号?|"
    r"时间戳?|订单|主键|序列号?|工号|学号|编码|设备号|串号)[\s:：=`\"'“‘(（#是为]{0,8}$"
)
_CONFIGURATION = (".yml", ".yaml", ".env", ".properties", ".ini", ".conf", ".cfg")
_UNIT = re.compile(
    r"\s?(?:[KMGT]i?B|[Bb]ytes?|bits?|[mμn]s|millisec\w*|seconds?|[Hh]z|rows?|records?|items?|times|字节|比特|毫秒|微秒|秒|次|条|行|个|元|"
    r"[-+%^*]\s?\d|[=<>]=?\s?\d)"
)
_SUM = re.compile(r"[=≈^约]\s?$|\d\s?(?:\*{1,2}|%)\s?$|\S\s[<>]=?\s$")
_IN_ADDRESS = re.compile(r"(?:://|(?<![\w<])/)[^\s\"'`<>，。]{0,300}$")
_REMOTE = re.compile(
    r"://[^\s\"'`<>]{0,200}$|\b(?:ssh|scp|sftp|rsync|mosh|ssh-copy-id|git clone|git@)\b[^\n|;&]{0,120}$"
)
_NOTICE = re.compile(r"(?i)copyright|\(c\)|©|@licen[cs]e|版权所有")
_STAND_IN = re.compile(
    r"(?i)(?:your|you|user|username|name|someone|somebody|xx|abc)[\w.-]*@(?:your|example|e?mail|domain|company|xx|host|site)[\w.-]*\.\w+"
)


def personal(text: str, path: str) -> list[Span]:
    """Return the personal numbers and addresses in a text, in order and without overlaps.

    Args:
        text: Text of a message or a file.
        path: `"a.md"` for prose that may hold code, or the path of the file.
    """
    spans: list[Span] = []
    if _MAY_BE_MAIL.search(text):
        spans += (Span(*m.span(), "email") for m in _MAIL.finditer(text) if not _is_not_personal(text, m))
    if _MAY_BE_NUMBER.search(text):
        matches = [Span(*m.span(), "id-card") for m in _near_digits(text, _IDENTITY) if is_identity_number(m[0])]
        matches += (Span(*m.span(), "bank-card") for m in _near_digits(text, _CARD) if is_card_number(m[0]))
        matches += (Span(*m.span(), "phone") for m in _near_digits(text, _PHONE))
        places = Places(text, path) if matches else None
        for span in matches:
            if places and not is_known(text[span.start : span.end]) and _is_personal(text, span, places):
                spans.append(span)
    taken = bytearray(len(text) if spans else 0)
    for match in MARKER.finditer(text) if spans else ():
        taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
    kept: list[Span] = []
    for span in spans:  # where two overlap, the more exact one comes first
        if 1 not in taken[span.start : span.end]:
            taken[span.start : span.end] = b"\1" * (span.end - span.start)
            kept.append(span)
    return sorted(kept)


def _near_digits(text: str, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Yield the matches of `finditer`, searching only where there are enough digits."""
    done = 0
    for digits in _MAY_BE_NUMBER.finditer(text):
        for start in range(max(done, digits.start() - _COUNTRY), digits.start() + 1):
            if match := pattern.match(text, start):
                yield match
                done = match.end()
                break


def _is_personal(text: str, span: Span, places: Places) -> bool:
    start, end, kind = span
    place = places.at(start, end)
    tells = _tells(place.name, _TELLING[kind])
    # One in ten numbers of that length passes the checksum of cards.
    if kind == "bank-card" and not tells and not _TELLING[kind].search(text, max(0, start - 200), start):
        return False
    if place.kind == "code":
        return False
    if kind == "id-card" and _is_plausible_identity(text[start:end]):
        before = text[max(text.rfind("\n", 0, start) + 1, start - 24) : start]
        return tells or not (_OF_ORDERS.search(place.name.rpartition(".")[2]) or _OF_ORDERS.search(before))
    if place.kind == "number":
        beside = _BEFORE_NAME.match(text, end) or _AFTER_NAME.search(text[max(0, start - 16) : start])
        return tells or (kind == "phone" and beside is not None)
    if places.suffix(start) in _CONFIGURATION and "#" not in text[text.rfind("\n", 0, start) + 1 : start]:
        return tells
    if tells:
        return True
    if place.kind == "text" and not place.is_comment and (place.start, place.end) == (start, end) and _is_other(place):
        return False
    return _reads_as_personal(text, span, _TELLING[kind], place)


def _tells(name: str, telling: re.Pattern[str]) -> bool:
    """Return whether a name denotes a personal number, and not something about one: `phoneLimit`, `contactId`."""
    last = name.rpartition(".")[2] or name
    return telling.search(last) is not None and not _ABOUT.search(last)


def _is_other(place: Place) -> bool:
    return _OTHERWISE.search(place.name.rpartition(".")[2] or place.name) is not None


def _reads_as_personal(text: str, span: Span, telling: re.Pattern[str], place: Place) -> bool:
    """Return whether digits in prose, in a comment or in a longer string are personal."""
    line = text.rfind("\n", 0, span.start) + 1
    before = text[max(line, span.start - 200) : span.start]
    after = text[span.end : span.end + 16]
    if span.kind != "id-card" and _NUMBER_OF.search(before) and not telling.search(before.rstrip(" :：`")[-6:]):
        return False
    if telling.search(before[-24:]):
        return True
    if span.kind == "phone" and _OF_A_USER.search(before):
        return True
    if _UNIT.match(after) or _SUM.search(before) or _IN_ADDRESS.search(before):
        return False
    if not place.kind and before.count("`") % 2 and not telling.search(before):
        return False  # inline code
    return not (_is_other(place) and re.search(r"[\"':：= ]\s?[\"']?$", before))


def _is_not_personal(text: str, match: re.Match[str]) -> bool:
    """Return whether a match is not an address, or not the address of a person."""
    name = match[0].partition("@")[0].lower()
    suffix = match[1].rpartition(".")[2].lower()
    if name in ("git", "npm") or suffix in _FILES or _NOBODY.search(match[1]) or _VERSION.fullmatch(match[1].lower()):
        return True
    if _STAND_IN.fullmatch(match[0]):
        return True
    line = text.rfind("\n", 0, match.start()) + 1
    before = text[max(line, match.start() - 200) : match.start()]
    # Of repositories and machines: `deploy@git.corp.cn:group/app.git`, `ssh root@build.corp.cn`, `redis://user:word@host`.
    if re.match(r":(?:[\w~-][\w.~-]*)?/|:~|:[\w-]+\.git\b", text[match.end() : match.end() + 80]) or _REMOTE.search(
        before
    ):
        return True
    # A copyright notice must stay as it is wherever the code goes.
    return _NOTICE.search(before) is not None


def is_known(text: str) -> bool:
    """Return whether a number is one that documentation uses, which belongs to nobody."""
    digits = re.sub(r"[^\dX]", "", text.upper())
    return digits in _KNOWN or digits.removeprefix("00").removeprefix("86") in _KNOWN


def is_identity_number(text: str) -> bool:
    """Return whether 18 characters are a Chinese ID number, by its check digit (GB 11643-1999).

    >>> is_identity_number("11010519491231002X")
    True
    """
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def _is_plausible_identity(text: str) -> bool:
    """Return whether an ID number has a valid region and a plausible date of birth, as hardly any does by chance."""
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    return text[:2] in _REGIONS and 1900 <= born.year <= date.today().year


def is_card_number(text: str) -> bool:
    """Return whether 15 to 19 digits are a card number, by its check digit (ISO/IEC 7812-1, Luhn).

    >>> is_card_number("4111 1111 1111 1111"), is_card_number("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(digit) for digit in text if digit.isdecimal()]
    if not 15 <= len(digits) <= 19 or len(set(digits)) < 2:
        return False
    doubled = (2 * digit - 9 * (digit > 4) if place % 2 else digit for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0
