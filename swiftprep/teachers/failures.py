"""Turn a provider's response into a reply or a kind of failure, and say what to do about each kind."""

from __future__ import annotations

import email.utils
import json
import re
import reprlib
import time
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import orjson

from swiftprep.errors import DataError, TeacherError
from swiftprep.teachers.request import Reply
from swiftprep.text.characters import whole
from swiftprep.text.limits import TOO_DEEP, loads_within, shallow, whole_number

Action: TypeAlias = Literal["wait", "retry", "stop", "give-up"]

# wait: slow all calls down, then retry. retry: call again, a bounded number of times. stop: every other request would
# fail, too, so the run ends and can be resumed. give-up: the failure is final for this request; never send it again.
ACTIONS: dict[str, Action] = {
    "throttled": "wait",
    "server": "retry",
    "connection": "retry",
    "deadline": "retry",
    "bad-body": "retry",
    "empty": "retry",
    "needs-stream": "retry",
    "no-money": "stop",
    "auth": "stop",
    "not-found": "stop",
    "redirect": "stop",
    "bad-batch": "stop",
    "no-server": "stop",
    "filtered": "give-up",
    "too-long": "give-up",
    "bad-request": "give-up",
}

# Numeric values of `code`: Zhipu's, and SiliconFlow's 30001.
_CODES = {"1113": "no-money", "30001": "no-money", "1301": "filtered", "1261": "too-long", "1211": "not-found"}
# What providers write into the `code`, `type` or `message` of an error.
_SAYS = {
    "no-money": re.compile(
        r"arrearage|insufficient[ _](?:account[ _])?(?:balance|quota|user[ _]quota|funds|credit)"
        r"|balance is insufficient|exceeded your current quota|exceeded_current_quota|freetieronly|overdue"
        r"|欠费|余额不足|额度不足|额度已用"
    ),
    "filtered": re.compile(
        r"data_?inspection_?failed|content_?filter|content management policy|content_policy|sensitivecontent"
        r"|inappropriate content|敏感|不安全"
    ),
    "too-long": re.compile(
        r"context_length|context length|context window|context size|exceed_context|range of input length"
        r"|prompt is too long|input is too long|too many (?:input )?tokens|max_model_len"
    ),
    "needs-stream": re.compile(r"(?:only|must|require).{0,40}\bstream|\bstream.{0,40}(?:required|must be|only)"),
    "not-found": re.compile(r"model_?not_?found|model.{0,80}(?:does not exist|not found)|模型不存在"),
    "auth": re.compile(r"invalid_?api_?key|incorrect api key|invalid_authentication|authentication_?error"),
}  # fmt: skip
# DashScope uses OpenAI's words for an empty account when the tokens of the current minute are used up.
_QUOTA_OF_A_MINUTE = re.compile(r"insufficient_quota|exceeded your current quota|throttling")
_FILTERED = ("content_filter", "sensitive")
_BROKE_OFF = ("insufficient_system_resource", "network_error", "error", "abort")
_CUT = ("length", "max_tokens", "model_context_window_exceeded")
_SHOWN = 300
_MOST = 10**9  # tokens per call; a larger number is not a count


def read_json(text: bytes) -> Any:
    r"""Parse a provider's JSON, which was paid for, even where `orjson` refuses it.

    `orjson` refuses lone surrogate escapes, which are kept because the other half may come in another event of a
    stream, numbers that overflow, and NaN.

    Raises:
        DataError: it is nested too deeply.
        ValueError: it is not JSON.

    >>> read_json(b'["\\ud83d", 1e999]')
    ['\ud83d', inf]
    """
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        return loads_within(text)
    except orjson.JSONDecodeError:
        pass
    try:
        return shallow(json.loads(text.decode("utf-8", "surrogatepass"), parse_int=whole_number))
    except RecursionError:
        raise DataError(TOO_DEEP) from None


def read_reply(status: int, headers: Mapping[str, str], body: bytes, host: str = "", *, is_cut: bool = False) -> Reply:
    """Return the reply in a chat completion response.

    Args:
        status: HTTP status.
        headers: HTTP headers.
        body: HTTP body.
        host: The provider's host: the same words mean different things at different providers.
        is_cut: Whether the body is an error's and only its beginning was read.

    Raises:
        TeacherError: it is a failure; `.kind` says which.
    """
    try:
        document = read_json(body)
    except DataError as error:
        raise too_deep(error, status, body) from None
    except ValueError:
        document = None
    if status != 200:
        raise failure(status, headers, body, document, host, is_cut=is_cut)
    if not isinstance(document, dict):
        what = "an HTML page" if body.lstrip()[:1] == b"<" else "no JSON" if body.strip() else "nothing"
        tokens = None if body.lstrip()[:1] == b"{" else (0, 0)  # half an answer was paid for, too
        raise TeacherError(
            f"the teacher answered with {what}{_excerpt(body)} (返回的不是有效的 JSON)",
            kind="bad-body",
            status=status,
            body=body,
            tokens=tokens,
        )
    if document.get("error") or (document.get("code") and not document.get("choices")):
        raise failure(status, headers, body, document, host)
    choice = first_choice(document)
    message = choice.get("message")
    message = message if isinstance(message, dict) else {}
    usage = document.get("usage")
    return to_reply(
        text_of(message.get("content")),
        text_of(message.get("reasoning_content") or message.get("reasoning")),
        choice.get("finish_reason"),
        usage if isinstance(usage, dict) else {},
        body,
    )


def first_choice(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the choice numbered 0 or without a number; an empty one if there is none."""
    choices = document.get("choices")
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, dict) and choice.get("index") in (None, 0):
            return choice
    return {}


def too_deep(error: DataError, status: int, body: bytes) -> TeacherError:
    """Return the failure for a body whose JSON is nested too deeply; the tokens it cost are unknown."""
    tokens = None if status == 200 else (0, 0)
    return TeacherError(f"the teacher's JSON is {error}", kind="bad-body", status=status, body=body, tokens=tokens)


def to_reply(content: str, reasoning: str, finish_reason: Any, usage: Mapping[str, Any], body: bytes) -> Reply:
    """Return a reply assembled from its parts.

    Raises:
        TeacherError: it was filtered, broke off, or is empty.
    """
    tokens_in, tokens_out = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    content, reasoning, reason = whole(content), whole(reasoning), whole(_plain(finish_reason or "stop"))[:_SHOWN]
    reason = "length" if reason in _CUT else reason
    kind = message = ""
    if reason in _FILTERED:
        kind, message = "filtered", "the provider's filter withheld the answer (内容审核未通过)"
    elif reason in _BROKE_OFF:
        kind, message = "server", f"the provider broke off: {reason} (服务商中断了回答)"
    elif not content.strip() and reason != "length":
        kind, message = "empty", f"the answer is empty{_excerpt(body)} (回答为空)"
    if kind:
        raise TeacherError(message, kind=kind, status=200, body=body, tokens=(tokens_in, tokens_out))
    return Reply(content, reasoning, reason, tokens_in, tokens_out, body)


def count(tokens: Any) -> int:
    """Return a teacher's token count; 0 when it is not a valid count.

    >>> count(12), count(10**30), count(float("nan")), count("12")
    (12, 0, 0, 0)
    """
    return tokens if type(tokens) is int and 0 < tokens < _MOST else 0


def text_of(content: Any) -> str:
    """Return a message's content as text; it may be a string, a list of parts, or null."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(text for text in texts if isinstance(text, str))
    return ""


def failure(
    status: int, headers: Mapping[str, str], body: bytes, document: Any, host: str = "", *, is_cut: bool = False
) -> TeacherError:
    """Return the failure that a response stands for.

    Args:
        status: HTTP status; may be 200 with an error in the body.
        headers: HTTP headers.
        body: HTTP body.
        document: The body as JSON, or None.
        host: The provider's host.
        is_cut: Whether only the beginning of the body was read.
    """
    code, message = _error_text(document)
    words = message.lower()
    kind = _CODES.get(code) or next((kind for kind, pattern in _SAYS.items() if pattern.search(words)), "")
    wait = retry_after(headers)
    if status == 402:
        kind = "no-money"
    elif status == 429 and host.endswith("aliyuncs.com") and _QUOTA_OF_A_MINUTE.search(words):
        kind = "throttled"
    elif status == 429 and "request too large" in words:  # for the tokens of a whole minute: it never fits
        kind = "too-long"
    elif kind in ("filtered", "too-long", "needs-stream", "not-found", "auth") and (status == 429 or status >= 500):
        kind = ""
    if not kind:
        kind = _by_status(status, wait, document)
    says = f": {message[:_SHOWN]}" if message else _excerpt(body)
    says += " (only its first 64 KB were read; 只读取了前 64 KB)" if is_cut else ""
    return TeacherError(f"HTTP {status}{says}", kind=kind, status=status, retry_after=wait, body=body)


def _by_status(status: int, wait: float | None, document: Any) -> str:
    if status in (429, 529) or (status == 503 and wait is not None):
        return "throttled"
    if 300 <= status < 400:
        return "redirect"
    if status in (401, 403, 407):
        return "auth"
    if status == 404:
        return "not-found"
    # Final only if the endpoint itself says so; a gateway's page says nothing about the request.
    return "bad-request" if status == 413 or (status in (400, 422) and document is not None) else "server"


def _error_text(document: Any) -> tuple[str, str]:
    """Return an error's code, and its code, type and message on one line."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return "", ""
    error = document.get("error") or document
    if not isinstance(error, dict):
        return "", " ".join(_plain(error).split())
    parts = [error.get(name) for name in ("code", "type", "status", "message", "msg", "detail")]
    return _plain(parts[0]), " ".join(" ".join(_plain(part) for part in parts if part not in (None, "")).split())


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else reprlib.repr(value)


def _excerpt(body: bytes) -> str:
    text = " ".join(body[:4000].decode("utf-8", "replace").split())
    return f": {text[:_SHOWN]}" if text else ""


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Return the seconds to wait by a `Retry-After` header, which is a number or an HTTP date.

    Source: RFC 9110, section 10.2.3.

    >>> retry_after({"Retry-After": "1.5"})
    1.5
    >>> retry_after({"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"}, now=40.0)
    60.0
    """
    values = {name.lower(): value for name, value in headers.items()}
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = values.get(name, "").strip()
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,9})?", text, re.ASCII):
            return float(text) / unit
    try:
        when = email.utils.parsedate_to_datetime(values["retry-after"]).timestamp()
        if now is None:  # by the provider's own clock, if the response has its date
            sent = values.get("date")
            now = email.utils.parsedate_to_datetime(sent).timestamp() if sent else time.time()
        return max(0.0, when - now)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
