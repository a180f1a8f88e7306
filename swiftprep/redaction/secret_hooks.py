"""Tokens of webhooks, however the address is written: escaped, encoded, concatenated, or only named."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.redaction.assigned import assigned
from swiftprep.redaction.mask import MARKER
from swiftprep.redaction.secret_values import PLACEHOLDER, UUID, Span, hits, is_random

_SLASH = r"(?:\\{0,4}/|%2[fF])"
_EQUALS = r"(?:=|%3[dD])"
# The part of an address up to the token.
_LEAD = re.compile(
    rf"(?P<feishu>(?:bot(?:{_SLASH}v\d)?{_SLASH}hook|trigger-webhook){_SLASH}?)"
    rf"|(?P<dingtalk>robot{_SLASH}send(?:(?:\?|%3[fF])access_token{_EQUALS})?)"
    rf"|(?P<wecom>cgi-bin{_SLASH}webhook{_SLASH}\w{{1,20}}(?:(?:\?|%3[fF])(?:type{_EQUALS}\w{{1,12}}(?:&|%26|&amp;))?key{_EQUALS})?)"
    rf"|(?P<slack>(?:hooks\.slack\.com)?{_SLASH}(?:services|workflows|triggers){_SLASH}?)"
)
_SLACK = (
    rf"T[A-Z0-9]{{7,14}}{_SLASH}(?:B?[A-Z0-9]{{7,14}}|\d{{10,20}}){_SLASH}(?:\d{{10,20}}{_SLASH})?[A-Za-z0-9]{{16,64}}"
)
_TOKEN = rf"(?:{_SLACK}|{UUID}|[0-9a-f]{{32,64}}|(?=[\w-]{{0,40}}\d)[A-Za-z0-9_-]{{24,100}})(?![\w-])"
_OF_SLACK = re.compile(_SLACK)
_HERE = re.compile(_TOKEN)
# The string ends before the token: another one is appended, or it is among the parameters of the call.
_ADDED = re.compile(rf"[\"'`]\s{{0,20}}\+\s{{0,20}}[\"'`](?P<value>{_TOKEN})")
_GIVEN = re.compile(
    rf"[\"'`](?:access_token|key|token)[\"'`]?\s{{0,3}}[:=]\s{{0,3}}[\"'`](?P<value>{_TOKEN})|(?<=[{{,(\s])(?:access_token|key|token)\s{{0,3}}[:=]\s{{0,3}}[\"'`](?P<bare>{_TOKEN})"
)
_BY_NAME = re.compile(
    r"\$\{\s{0,3}([A-Za-z_$][\w$.]{1,60})\s{0,3}\}|[\"'`]\s{0,20}\+\s{0,20}([A-Za-z_$][\w$.]{1,60})|\{([A-Za-z_]\w{1,60})\}"
)
# A token alone, after the name of a webhook provider.
_NAMED = re.compile(
    r"(?i:feishu|lark|ding(?:talk|ding)?|wecom|qywx|slack|hook|robot)(?i:[_-]?(?:id|key|token|bot|robot|hook|webhook|url|path|"
    r"secret)){0,3}[\"'\]]{0,2}\s{0,3}[:=]\s{0,3}[\"'`]/?(?:services/)?"
    rf"(?P<value>{_SLACK}|{UUID}|[0-9a-f]{{32}}(?:[0-9a-f]{{32}})?)(?=[\"'`])"
)
LEADS = r"hook|robot|slack|services\Z|workflows\Z|triggers\Z|feishu|dingt|ding_|wecom|qywx"  # for `Leads`
_NEEDLES = (
    *("hook", "robot", "slack", "services/t", "workflows/t", "triggers/t", "feishu", "dingt", "ding_", "wecom", "qywx"),
)
_REACH = 160  # characters after an address that are searched for its token
_AROUND = 40  # characters around a needle that are searched for a lead


def hooks(text: str, lower: str) -> Iterator[Span]:
    """Yield the tokens of webhooks; `lower` is the text in lower case."""
    done = 0
    for at in sorted(_places(lower)):
        if (named := _NAMED.match(text, at)) and _is_token(named["value"]) and not _is_in_marker(text, at):
            yield Span(*named.span("value"), "webhook-token")
        lead = _LEAD.search(text, max(done, at - _AROUND), at + _AROUND) if at >= done else None
        if lead is None or (lead := _LEAD.match(text, lead.start())) is None:  # up to its full end
            continue
        done = lead.end()
        for start, end in _tokens(text, lead):
            if _is_token(text[start:end]):
                yield Span(start, end, f"{lead.lastgroup}-webhook")


def _places(lower: str) -> Iterator[int]:
    for needle in _NEEDLES:
        yield from hits(lower, needle)


def _tokens(text: str, lead: re.Match[str]) -> Iterator[tuple[int, int]]:
    at = lead.end()
    if token := _HERE.match(text, at):
        if lead.lastgroup != "slack" or "slack" in lead[0] or _OF_SLACK.match(text, at):
            yield token.span()
    elif added := _ADDED.match(text, at):
        yield added.span("value")
    elif named := _BY_NAME.match(text, at):
        name = next(filter(None, named.groups())).rpartition(".")[2]
        yield from (match.span() for at in assigned(text, name) if (match := _HERE.match(text, at + 1)))
    elif lead.lastgroup in ("dingtalk", "wecom"):
        for match in _GIVEN.finditer(text, at, at + _REACH):
            yield match.span("value" if match["value"] else "bare")


def _is_in_marker(text: str, at: int) -> bool:
    return any(match.end() > at for match in MARKER.finditer(text, max(0, at - _AROUND), at + 1))


def _is_token(value: str) -> bool:
    return is_random(value, least=16, letters=16) and not PLACEHOLDER.search(value)
