"""A chat-completions server on a raw socket that fails when told to, and counts every call.

In a test: `with serve(Plan(delay=0.01)) as server:` runs it in a thread. As a process of its own:

    python tests/fault_server.py --plan '{"delay": 0.2}' --log calls.jsonl

prints its port, ends when its standard input closes, and appends one line to the log when a call comes and one when it
ends. `GET /_calls` returns the calls so far, `GET /_count` how many, `POST /_plan` changes the plan.

What fails is said by the request itself: `[[fault:500 x2]]` in its last user message makes the first two calls with these
messages fail so, `x*` all of them, and `[[fault:500]][[fault:hang]]` one after the other. Beside it, a plan can name faults by the
number of the call, from a number on, by a limit of calls in flight, or at a rate (by a hash: the order does not matter).
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import os
import re
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from email.utils import formatdate
from pathlib import Path
from typing import Any

from multidict import CIMultiDict

MARK = re.compile(r"\[\[fault:([\w-]+)(?: x(\d+|\*))?\]\]")
LABEL = re.compile(r"case-[\w-]+")
HUGE = 50_000_000
REASONS = {200: "OK", 302: "Found", 307: "Temporary Redirect", 400: "Bad Request", 401: "Unauthorized", 429: "Too Many Requests"}  # fmt: skip


@dataclass
class Plan:
    """What the server does.

    Attributes:
        delay: Seconds before an answer.
        spread: Share of these by which a delay may be shorter or longer, by a hash of the request.
        retry_after: Seconds named in `Retry-After`.
        by_number: Faults by the number of the call, from 1.
        from_number: From this call on, `from_fault` for everybody; 0 is never.
        from_fault: See above.
        limit: More calls in flight than this get a 429; 0 is no limit.
        limit_until: The last call this holds for.
        hold_from: Calls from this number on wait until another plan lets them go; 0 is none.
        rate: Share of first calls that fail, chosen by a hash of the request and `seed`; a second call is good.
        mix: The faults those get.
        seed: See above.
        answer: What a good answer says, `{label}` in it replaced; `""` is a fixed one in the language of the question.
    """

    delay: float = 0.0
    spread: float = 0.0
    retry_after: float = 0.0
    by_number: dict[int, str] = field(default_factory=dict)
    from_number: int = 0
    from_fault: str = ""
    limit: int = 0
    limit_until: int = 10**9
    hold_from: int = 0
    rate: float = 0.0
    mix: tuple[str, ...] = ()
    seed: int = 0
    answer: str = ""

    def change(self, changes: dict[str, Any]) -> None:
        known = {each.name for each in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"no such setting: {name}")
            setattr(self, name, {int(k): v for k, v in value.items()} if name == "by_number" else value)


@dataclass
class Call:
    """One request for an answer. Times are of the monotonic clock, which all processes of a machine share."""

    number: int
    key: str  # of the messages
    label: str  # the first `case-…` of the last user message
    nth: int  # of the calls with this key, from 1
    fault: str  # "" is none
    in_flight: int  # this one among them
    start: float
    headers: CIMultiDict[str]
    body: dict[str, Any]
    end: float = 0.0
    whole: bool = False  # all of the answer was written before the client left
    named_wait: float = 0.0  # when the answer says to come back, on the same clock

    @property
    def prompt(self) -> str:
        turns = [turn for turn in self.body.get("messages", []) if turn.get("role") == "user"]
        return str(turns[-1].get("content", "")) if turns else ""


def good_text(prompt: str, label: str) -> str:
    """Return an answer with two considerations and a component; the same for the same question."""
    if re.search("[\u4e00-\u9fff]", prompt):
        return (
            f"1. 页面只需要一个按钮，用原生元素即可，编号 {label}。\n2. 点击次数放在 data 里，模板直接读取，状态清楚。\n\n"
            '```vue\n<template>\n  <button class="counter" @click="add">{{ count }}</button>\n</template>\n\n<script>\nexport default {\n'
            f"  name: 'Counter',\n  data() {{\n    return {{ count: 0, label: '{label}' }};\n  }},\n"
            "  methods: {\n    add() {\n      this.count += 1;\n    },\n  },\n};\n</script>\n```\n\n点击按钮后数字加一。"
        )
    return (
        f"1. The page needs one button only, so a plain element will do, number {label}.\n2. The count lives in data, where the template reads it.\n\n"
        '```vue\n<template>\n  <button class="counter" @click="add">{{ count }}</button>\n</template>\n\n<script>\nexport default {\n'
        f"  name: 'Counter',\n  data() {{\n    return {{ count: 0, label: '{label}' }};\n  }},\n"
        "  methods: {\n    add() {\n      this.count += 1;\n    },\n  },\n};\n</script>\n```\n\nEach click adds one to the number."
    )


# --- answers ------------------------------------------------------------------------------------------------------


def completion(text: Any, *, finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": "fault-1",
        "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
    }  # fmt: skip


def sse(data: Any) -> bytes:
    return b"data: " + (data if isinstance(data, bytes) else dumps(data)) + b"\n\n"


def dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def events(text: str, *, reasoning: str = "", finish: str = "stop", usage: bool = True) -> list[bytes]:
    """Return the parts of a streamed answer, the closing `[DONE]` left out."""

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        return sse(
            {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fault-1",
             "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        )  # fmt: skip

    made = [chunk({"role": "assistant", "content": ""})]
    made += [chunk({"content": None, "reasoning_content": reasoning[i : i + 20]}) for i in range(0, len(reasoning), 20)]
    made += [chunk({"content": text[i : i + 20]}) for i in range(0, len(text), 20)]
    made.append(chunk({}, finish))
    if usage:
        tokens = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        made.append(sse({"id": "chatcmpl-1", "object": "chat.completion.chunk", "choices": [], "usage": tokens}))
    return made


DONE = sse(b"[DONE]")


class Connection(asyncio.Protocol):
    """One client's connection: reads requests, and gives the faults what they need to answer badly."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.buffer = b""
        self.task: asyncio.Task[None] | None = None
        self.room = asyncio.Event()
        self.room.set()

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.connections.discard(self)
        self.room.set()
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        self.room.clear()

    def resume_writing(self) -> None:
        self.room.set()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.read()

    def read(self) -> None:
        head, blank, rest = self.buffer.partition(b"\r\n\r\n")
        if self.task is not None or not blank or self.transport.is_closing():
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = (line.partition(":") for line in lines)
        headers = CIMultiDict((name, value.strip()) for name, _, value in fields)
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self.buffer = rest[length:]
        method, path, _ = first.split(" ", 2)
        self.task = asyncio.get_running_loop().create_task(self.answer(method, path, headers, rest[:length]))

    async def answer(self, method: str, path: str, headers: CIMultiDict[str], body: bytes) -> None:
        try:
            await self.server.answer(self, method, path, headers, body)
        except Exception as error:
            self.server.problems.append(error)
            self.transport.abort()
        finally:
            self.task = None
        self.read()

    async def write(self, data: bytes) -> None:
        self.transport.write(data)
        await self.room.wait()

    async def send(self, status: int, body: Any, *headers: tuple[str, str], kind: str = "application/json") -> None:
        data = body if isinstance(body, bytes) else dumps(body)
        await self.head(status, ("content-type", kind), ("content-length", str(len(data))), *headers)
        await self.write(data)

    async def head(self, status: int, *headers: tuple[str, str]) -> None:
        lines = [
            f"HTTP/1.1 {status} {REASONS.get(status, 'Unknown')}",
            *(f"{name}: {value}" for name, value in headers),
        ]
        await self.write("\r\n".join([*lines, "", ""]).encode("latin-1"))

    async def chunk(self, data: bytes) -> None:
        await self.write(b"%x\r\n%s\r\n" % (len(data), data))

    async def stream(self, parts: list[bytes], pause: float = 0.0) -> None:
        """Send parts as a chunked stream of events, without the chunk that ends it."""
        await self.head(200, ("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))
        for part in parts:
            await self.chunk(part)
            if pause:
                await asyncio.sleep(pause)

    def reset(self) -> None:
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()


# --- faults -------------------------------------------------------------------------------------------------------

Fault = Callable[[Connection, Call], Awaitable[None]]


def fixed(status: int, body: Any, *headers: tuple[str, str], kind: str = "application/json") -> Fault:
    async def fault(out: Connection, call: Call) -> None:
        await out.send(status, body, *headers, kind=kind)

    return fault


def says(make: Callable[[str], Any]) -> Fault:
    """A 200 whose body is made from the good answer."""

    async def fault(out: Connection, call: Call) -> None:
        await out.send(200, make(out.server.text(call)))

    return fault


def streams(make: Callable[[str], list[bytes]], *, end: bool = True) -> Fault:
    """A stream of events made from the good answer; without `end` the connection is closed in the middle of it."""

    async def fault(out: Connection, call: Call) -> None:
        await out.stream(make(out.server.text(call)))
        if end:
            await out.write(b"0\r\n\r\n")
        else:
            out.transport.close()

    return fault


def openai_error(message: str, code: str | None = None, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


async def good(out: Connection, call: Call) -> None:
    text = out.server.text(call)
    if call.body.get("stream"):
        usage = bool((call.body.get("stream_options") or {}).get("include_usage"))
        await out.stream([*events(text, usage=usage), DONE])
        await out.write(b"0\r\n\r\n")
    else:
        await out.send(200, completion(text))


async def too_many_seconds(out: Connection, call: Call) -> None:
    wait = out.server.plan.retry_after
    call.named_wait = time.monotonic() + wait
    await out.send(429, openai_error("Rate limit reached", "rate_limit_exceeded"), ("retry-after", f"{wait:g}"))


async def too_many_milliseconds(out: Connection, call: Call) -> None:
    wait = out.server.plan.retry_after
    call.named_wait = time.monotonic() + wait
    await out.send(
        429, openai_error("Rate limit reached", "rate_limit_exceeded"), ("retry-after-ms", f"{1000 * wait:g}")
    )


async def too_many_date(out: Connection, call: Call) -> None:
    then = int(time.time() + out.server.plan.retry_after) + 1  # a date has whole seconds
    call.named_wait = time.monotonic() + then - time.time()
    await out.send(429, openai_error("Rate limit reached"), ("retry-after", formatdate(then, usegmt=True)))


async def reset_before(out: Connection, call: Call) -> None:
    out.reset()


async def reset_middle(out: Connection, call: Call) -> None:
    data = dumps(completion(out.server.text(call)))
    await out.head(200, ("content-type", "application/json"), ("content-length", str(len(data))))
    await out.write(data[: len(data) // 2])
    await asyncio.sleep(0.01)
    out.reset()


async def close_before(out: Connection, call: Call) -> None:
    out.transport.close()


async def close_middle(out: Connection, call: Call) -> None:
    data = dumps(completion(out.server.text(call)))
    await out.head(200, ("content-type", "application/json"), ("content-length", str(len(data) + 1000)))
    await out.write(data)
    out.transport.close()


async def close_in_chunk(out: Connection, call: Call) -> None:
    data = dumps(completion(out.server.text(call)))
    await out.head(200, ("content-type", "application/json"), ("transfer-encoding", "chunked"))
    await out.write(b"%x\r\n%s" % (len(data), data[: len(data) // 2]))
    out.transport.close()


async def hang(out: Connection, call: Call) -> None:
    await asyncio.sleep(3600)


async def drip_blank(out: Connection, call: Call) -> None:
    await out.head(200, ("content-type", "application/json"), ("transfer-encoding", "chunked"))
    while True:
        await out.chunk(b"\n")
        await asyncio.sleep(0.02)


async def drip_comments(out: Connection, call: Call) -> None:
    await out.stream([])
    while True:
        await out.chunk(b": keep-alive\n\n")
        await asyncio.sleep(0.02)


async def drip_headers(out: Connection, call: Call) -> None:
    await out.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        await out.write(b"x-wait: 1\r\n")
        await asyncio.sleep(0.02)


async def slow_good(out: Connection, call: Call) -> None:
    data = b"\n\n\n" + dumps(completion(out.server.text(call)))
    await out.head(200, ("content-type", "application/json"), ("content-length", str(len(data))))
    for at in range(0, len(data), 100):
        await out.write(data[at : at + 100])
        await asyncio.sleep(0.005)


async def huge(out: Connection, call: Call) -> None:
    head, tail = dumps(completion("HERE")).split(b"HERE")
    await out.head(200, ("content-type", "application/json"), ("content-length", str(len(head) + HUGE + len(tail))))
    await out.write(head)
    for _ in range(HUGE // 1_000_000):
        await out.write(b"x" * 1_000_000)
    await out.write(tail)


async def endless(out: Connection, call: Call) -> None:
    await out.head(200, ("content-type", "application/json"), ("transfer-encoding", "chunked"))
    while True:
        await out.chunk(b" " * 1_000_000)


async def garbled_gzip(out: Connection, call: Call) -> None:
    await out.send(200, b"\x1f\x8b\x08\x00" + b"\xde\xad\xbe\xef" * 20, ("content-encoding", "gzip"))


async def zipped(out: Connection, call: Call) -> None:
    await out.send(200, gzip.compress(dumps(completion(out.server.text(call)))), ("content-encoding", "gzip"))


def redirect(status: int) -> Fault:
    async def fault(out: Connection, call: Call) -> None:
        await out.send(status, b"", ("location", f"http://localhost:{out.server.elsewhere_port}/v1/chat/completions"))

    return fault


def authorization(call: Call) -> str:
    return str(call.headers.get("authorization", ""))


async def echo_in_error(out: Connection, call: Call) -> None:
    await out.send(400, openai_error(f"Malformed header: Authorization: {authorization(call)}", "bad_header"))


async def echo_in_401(out: Connection, call: Call) -> None:
    await out.send(401, openai_error(f"Incorrect API key provided: {authorization(call)[7:]}.", "invalid_api_key"))


async def echo_in_500(out: Connection, call: Call) -> None:
    await out.send(500, f"Traceback: headers={dict(call.headers)!r}".encode(), kind="text/plain")


async def echo_in_answer(out: Connection, call: Call) -> None:
    await out.send(200, completion(f"{out.server.text(call)}\n{authorization(call)}"))


async def echo_in_headers(out: Connection, call: Call) -> None:
    await out.send(500, b"", ("x-echo", authorization(call)))


async def echo_in_redirect(out: Connection, call: Call) -> None:
    await out.send(
        307, b"", ("location", f"http://localhost:{out.server.elsewhere_port}/?key={authorization(call)[7:]}")
    )


async def echo_in_stream(out: Connection, call: Call) -> None:
    await out.stream([sse(openai_error(f"bad header {authorization(call)}", "internal_error", "server_error"))])
    await out.write(b"0\r\n\r\n")


async def early_hints(out: Connection, call: Call) -> None:
    await out.write(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
    await good(out, call)


async def old_http(out: Connection, call: Call) -> None:
    await out.write(
        b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + dumps(completion(out.server.text(call)))
    )
    out.transport.close()


async def good_and_gone(out: Connection, call: Call) -> None:
    await out.send(200, completion(out.server.text(call)))
    await asyncio.sleep(0.001)
    out.transport.close()


async def bad_status_line(out: Connection, call: Call) -> None:
    await out.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    out.transport.close()


async def stream_split(out: Connection, call: Call) -> None:
    data = b"".join([*events(out.server.text(call), reasoning="先想一想：按钮怎么写？"), DONE])
    await out.head(200, ("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))
    for at in range(0, len(data), 7):
        await out.chunk(data[at : at + 7])
        if at % 70 == 0:
            await asyncio.sleep(0)
    await out.write(b"0\r\n\r\n")


async def stream_reset(out: Connection, call: Call) -> None:
    parts = events(out.server.text(call))
    await out.stream(parts[: len(parts) // 2])
    await asyncio.sleep(0.01)
    out.reset()


HTML = b"<html><head><title>502 Bad Gateway</title></head><body><center><h1>nginx</h1></center></body></html>"
TOOL = [{"id": "1", "type": "function", "function": {"name": "run", "arguments": "{}"}}]
ARREARS = "Access denied, please make sure your account is in good standing."
INSPECTED = "Input data may contain inappropriate content."

FAULTS: dict[str, Fault] = {
    # Too many requests.
    "429-seconds": too_many_seconds,
    "429-milliseconds": too_many_milliseconds,
    "429-date": too_many_date,
    "429-bare": fixed(429, openai_error("Rate limit reached", "rate_limit_exceeded")),
    "429-garbage": fixed(429, b"slow down", ("retry-after", "soon"), kind="text/plain"),
    "429-negative": fixed(429, b"", ("retry-after", "-5")),
    "429-zhipu": fixed(429, {"error": {"code": "1302", "message": "您当前使用该API的并发数过高，请降低并发"}}),
    # Numbers that look like the codes of other kinds.
    "429-number": fixed(429, openai_error("Rate limit reached: Limit 30000, Used 28887, Requested 1113.", "rate_limit_exceeded")),
    "500-number": fixed(500, openai_error("worker 1113 died, see line 1301", "internal_error", "server_error")),
    "503-seconds": fixed(503, b"", ("retry-after", "0")),
    # No money.
    "no-money-zhipu": fixed(429, {"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试"}}),
    "no-money-zhipu-number": fixed(429, {"error": {"code": 1113, "message": "您的账户已欠费，请充值后重试"}}),
    "no-money-deepseek": fixed(402, openai_error("Insufficient Balance", "invalid_request_error", "unknown_error")),
    "no-money-dashscope": fixed(400, {"code": "Arrearage", "message": ARREARS, "request_id": "1"}),
    "no-money-dashscope-openai": fixed(400, openai_error(ARREARS, "Arrearage", "Arrearage")),
    "no-money-openai": fixed(429, openai_error("You exceeded your current quota, please check your plan", "insufficient_quota", "insufficient_quota")),
    "no-money-200": fixed(200, {"error": {"code": "1113", "message": "您的账户已欠费，请充值后重试"}}),
    # The content filter.
    "filter-dashscope": fixed(400, {"code": "DataInspectionFailed", "message": INSPECTED, "request_id": "1"}),
    "filter-dashscope-openai": fixed(400, openai_error(INSPECTED, "data_inspection_failed", "data_inspection_failed")),
    "filter-zhipu": fixed(400, {"contentFilter": [{"level": 1, "role": "user"}], "error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}}),
    "filter-azure": fixed(400, openai_error("The response was filtered due to the prompt triggering the content management policy", "content_filter")),
    "filter-finish": says(lambda text: completion(text[:20], finish="content_filter")),
    "filter-finish-empty": says(lambda text: completion(None, finish="content_filter")),
    "filter-sensitive": says(lambda text: completion("", finish="sensitive")),
    "filter-stream": streams(lambda text: [*events(text[:20], finish="content_filter"), DONE]),
    # The request or the key is wrong.
    "400-context": fixed(400, openai_error("This model's maximum context length is 4096 tokens. However, you requested 9000 tokens.", "context_length_exceeded")),
    "400-parameter": fixed(400, openai_error("Unknown parameter: 'top_q'.", "unknown_parameter")),
    "401": fixed(401, openai_error("Incorrect API key provided.", "invalid_api_key")),
    "403": fixed(403, openai_error("Access to model denied.", "access_denied")),
    "404": fixed(404, openai_error("The model `no-such` does not exist.", "model_not_found")),
    "413": fixed(413, HTML, kind="text/html"),
    # The server is ill.
    "500": fixed(500, openai_error("Internal error", "internal_error", "server_error")),
    "502-html": fixed(502, HTML, kind="text/html"),
    "503": fixed(503, openai_error("The server is overloaded", None, "server_error")),
    "504": fixed(504, b""),
    "529": fixed(529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    "408": fixed(408, b""),
    "500-long": fixed(500, b"<p>stack</p>" * 500_000, kind="text/html"),
    # The connection is ill.
    "reset-before": reset_before,
    "reset-middle": reset_middle,
    "close-before": close_before,
    "close-middle": close_middle,
    "close-in-chunk": close_in_chunk,
    "bad-status-line": bad_status_line,
    "hang": hang,
    "drip-blank": drip_blank,
    "drip-comments": drip_comments,
    "drip-headers": drip_headers,
    # The body of a 200 is ill.
    "truncated-json": says(lambda text: dumps(completion(text))[:-40]),
    "empty-200": fixed(200, b""),
    "html-200": fixed(200, HTML, kind="text/html"),
    "error-200": fixed(200, openai_error("upstream timeout", "upstream_error", "server_error")),
    "null-200": fixed(200, b"null"),
    "list-200": fixed(200, b"[1, 2]"),
    "no-choices": says(lambda text: {**completion(text), "choices": []}),
    "null-choices": says(lambda text: {**completion(text), "choices": None}),
    "odd-choices": says(lambda text: {**completion(text), "choices": ["x"]}),
    "null-message": says(lambda text: {**completion(text), "choices": [{"index": 0, "message": None, "finish_reason": "stop"}]}),
    "null-content": says(lambda text: completion(None)),
    "empty-content": says(lambda text: completion("")),
    "number-content": says(lambda text: completion(7)),
    "tool-calls": says(lambda text: completion(None, finish="tool_calls", tool_calls=TOOL)),
    "bad-utf-8": says(lambda text: dumps(completion("HERE")).replace(b"HERE", b"\xff\xfe\x80 broken")),
    "bad-gzip": garbled_gzip,
    "huge": huge,
    "endless": endless,
    "redirect-302": redirect(302),
    "redirect-307": redirect(307),
    "length": says(lambda text: completion(text[: len(text) // 2], finish="length")),
    # Odd, and good.
    "slow-good": slow_good,
    "parts": says(lambda text: completion([{"type": "text", "text": text[:50]}, {"type": "text", "text": text[50:]}])),
    "no-usage": says(lambda text: {name: value for name, value in completion(text).items() if name != "usage"}),
    "null-usage": says(lambda text: {**completion(text), "usage": None}),
    "odd-usage": says(lambda text: {**completion(text), "usage": {"prompt_tokens": None, "completion_tokens": "7"}}),
    "big-usage": says(
        lambda text: {**completion(text), "usage": {"prompt_tokens": 2**64 - 1, "completion_tokens": 10**30}}
    ),
    "text-plain": lambda out, call: out.send(200, completion(out.server.text(call)), kind="text/plain"),
    "gbk-said": lambda out, call: out.send(200, completion(out.server.text(call)), kind="application/json; charset=gbk"),
    "byte-order-mark": says(lambda text: b"\xef\xbb\xbf" + dumps(completion(text))),
    "null-error": says(lambda text: {**completion(text), "error": None}),
    "gzip-good": zipped,
    "reasoning-content": says(lambda text: completion(text, reasoning_content="Let me think: one button.")),
    "reasoning": says(lambda text: completion(text, reasoning="Let me think: one button.")),
    "duplicate-headers": lambda out, call: out.send(200, completion(out.server.text(call)), ("x-request-id", "1"), ("x-request-id", "2"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
    "odd-headers": lambda out, call: out.send(
        200, completion(out.server.text(call)), ("x-note", "caf\xe9 \xff\xfe"), ("x-empty", "")
    ),
    "good-and-gone": good_and_gone,
    "early-hints": early_hints,
    "old-http": old_http,
    "lone-surrogate": says(lambda text: dumps(completion("HERE")).replace(b"HERE", json.dumps(text + " \ud800").encode()[1:-1])),
    "nul": says(lambda text: completion(text + " \x00")),
    # Keys come back.
    "echo-400": echo_in_error,
    "echo-401": echo_in_401,
    "echo-500": echo_in_500,
    "echo-answer": echo_in_answer,
    "echo-headers": echo_in_headers,
    "echo-redirect": echo_in_redirect,
    "echo-stream": echo_in_stream,
    # Streams.
    "stream-cut": streams(lambda text: events(text)[:4], end=False),
    "stream-reset": stream_reset,
    "stream-short": streams(lambda text: events(text)[:4]),  # ends as if it were whole, with neither a reason nor [DONE]
    "stream-error": streams(lambda text: [*events(text)[:4], sse(openai_error("upstream died", "internal_error", "server_error"))]),
    "stream-json": streams(lambda text: [*events(text)[:4], b"data: {broken\n\n", *events(text)[4:], DONE]),
    "stream-empty": streams(lambda text: [DONE]),
    "stream-length": streams(lambda text: [*events(text[: len(text) // 2], finish="length"), DONE]),
    "stream-no-done": streams(lambda text: events(text)),
    "stream-comments": streams(lambda text: [part for event in [*events(text), DONE] for part in (b": keep-alive\n\n", event)]),
    "stream-crlf": streams(lambda text: [event.replace(b"\n", b"\r\n") for event in [*events(text), DONE]]),
    "stream-split": stream_split,
    "stream-reasoning": streams(lambda text: [*events(text, reasoning="Let me think: one button."), DONE]),
}  # fmt: skip


# --- the server ---------------------------------------------------------------------------------------------------


class FaultServer:
    """The server; see the module. `calls` holds every call, in the order they came."""

    def __init__(self, plan: Plan, log: Path | None = None) -> None:
        self.plan = plan
        self.calls: list[Call] = []
        self.elsewhere = 0  # requests that followed a redirect
        self.problems: list[Exception] = []  # of this server itself; none are expected
        self.connections: set[Connection] = set()
        self.nth: Counter[str] = Counter()
        self.in_flight = 0
        self.log = None if log is None else os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def most(self) -> int:
        """The largest number of calls in flight."""
        return max((call.in_flight for call in self.calls), default=0)

    def of(self, label: str) -> list[Call]:
        return [call for call in self.calls if call.label == label]

    def by_label(self) -> Counter[str]:
        return Counter(call.label for call in self.calls)

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self.main = await loop.create_server(lambda: Connection(self), "127.0.0.1", port, backlog=512)
        self.other = await loop.create_server(lambda: Elsewhere(self), "127.0.0.1", 0)
        self.port, self.elsewhere_port = (each.sockets[0].getsockname()[1] for each in (self.main, self.other))

    async def stop(self) -> None:
        self.main.close()
        self.other.close()
        tasks = [connection.task for connection in self.connections if connection.task is not None]
        for connection in list(self.connections):
            connection.transport.abort()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
        if self.log is not None:
            os.close(self.log)

    def text(self, call: Call) -> str:
        return self.plan.answer.replace("{label}", call.label) or good_text(call.prompt, call.label)

    def note(self, **line: Any) -> None:
        if self.log is not None:
            os.write(self.log, dumps(line) + b"\n")

    async def answer(self, out: Connection, method: str, path: str, headers: CIMultiDict[str], body: bytes) -> None:
        if path == "/_calls":
            calls = [[call.label, call.fault, call.start, call.end, call.whole] for call in self.calls]
            await out.send(200, {"calls": calls, "most": self.most, "elsewhere": self.elsewhere})
        elif path == "/_count":
            others = len(self.connections) - 1
            await out.send(200, {"calls": len(self.calls), "in_flight": self.in_flight, "connections": others})
        elif path == "/_plan":
            self.plan.change(json.loads(body))
            await out.send(200, {})
        elif method == "POST" and path == "/v1/chat/completions":
            await self.complete(out, headers, json.loads(body))
        else:
            await out.send(404, openai_error(f"no such path: {method} {path}"))

    async def complete(self, out: Connection, headers: CIMultiDict[str], body: dict[str, Any]) -> None:
        key = hashlib.blake2b(dumps(body.get("messages")), digest_size=8).hexdigest()
        self.nth[key] += 1
        self.in_flight += 1
        number, nth = len(self.calls) + 1, self.nth[key]
        call = Call(number, key, "", nth, "", self.in_flight, time.monotonic(), headers, body)
        found = LABEL.search(call.prompt)
        call.label = found.group() if found else key
        call.fault = self.choose(call)
        self.calls.append(call)
        self.note(event="start", number=number, label=call.label, key=key, nth=nth, fault=call.fault, at=call.start)
        try:
            while 0 < self.plan.hold_from <= number:
                await asyncio.sleep(0.02)
            await asyncio.sleep(self.plan.delay * (1 + self.plan.spread * (2 * self.draw(call, "delay") - 1)))
            await FAULTS.get(call.fault, good)(out, call)
            call.whole = not out.transport.is_closing()
        finally:
            self.in_flight -= 1
            call.end = time.monotonic()
            self.note(event="end", number=number, whole=call.whole, at=call.end)

    def choose(self, call: Call) -> str:
        plan, left = self.plan, call.nth
        planned: list[tuple[str, str]] = MARK.findall(call.prompt)
        for name, times in planned:
            if name not in FAULTS:
                raise ValueError(f"no such fault: {name}")
            left -= left if times == "*" else int(times or 1)
            if left <= 0:
                return name
        if plan.from_number and call.number >= plan.from_number:
            return plan.from_fault
        if plan.limit and call.number <= plan.limit_until and call.in_flight > plan.limit:
            return "429-seconds"
        if call.number in plan.by_number:
            return plan.by_number[call.number]
        if plan.mix and call.nth == 1 and self.draw(call, "fails") < plan.rate:
            return plan.mix[int(self.draw(call, "how") * len(plan.mix))]
        return ""

    def draw(self, call: Call, what: str) -> float:
        """Return a number from 0 to 1 that depends on the request, and not on when it comes."""
        digest = hashlib.blake2b(f"{self.plan.seed} {what} {call.key}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") / 2**32


class Elsewhere(asyncio.Protocol):
    """The host a redirect leads to: whatever comes here should not have."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server

    def connection_made(self, transport: Any) -> None:
        self.server.elsewhere += 1
        transport.close()


@contextmanager
def serve(plan: Plan | None = None, *, log: Path | None = None) -> Iterator[FaultServer]:
    """Run a server in a thread."""
    server, ready, loop = FaultServer(plan or Plan(), log), threading.Event(), asyncio.new_event_loop()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(server.start())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(server.stop())
        loop.close()

    thread = threading.Thread(target=run, name="fault server", daemon=True)
    thread.start()
    assert ready.wait(60)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
    if server.problems:
        raise server.problems[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--plan", default="{}", help="settings of Plan as JSON")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    plan = Plan()
    plan.change(json.loads(arguments.plan))

    async def run() -> None:
        server = FaultServer(plan, arguments.log)
        await server.start(arguments.port)
        print(server.port, flush=True)
        await asyncio.get_running_loop().run_in_executor(
            None, sys.stdin.buffer.read
        )  # until whoever started us is gone
        await server.stop()

    with suppress(KeyboardInterrupt):
        asyncio.run(run())


if __name__ == "__main__":
    main()
