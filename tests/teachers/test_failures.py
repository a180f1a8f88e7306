"""What a provider's response means."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swiftprep.errors import TeacherError
from swiftprep.teachers.failures import ACTIONS, read_reply, retry_after, to_reply
from swiftprep.teachers.stream import read_stream


def choice(message, finish="stop", **more):
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}], **more}).encode()


def error(code="", message="", type="", top=False):
    inner = {"code": code, "message": message, "type": type}
    return json.dumps(inner if top else {"error": inner}).encode()


REPLIES = {
    "plain": (choice({"content": "hi"}), "hi", "", "stop"),
    "parts": (choice({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}), "ab", "", "stop"),
    "reasoning_content": (choice({"content": "hi", "reasoning_content": "so"}), "hi", "so", "stop"),
    "reasoning": (choice({"content": "hi", "reasoning": "so"}), "hi", "so", "stop"),
    "cut off": (choice({"content": "hi"}, "length"), "hi", "", "length"),
    "only thought, then cut off": (choice({"content": None, "reasoning_content": "so"}, "length"), "", "so", "length"),
    "zhipu's context": (choice({"content": "hi"}, "model_context_window_exceeded"), "hi", "", "length"),
    "no finish reason": (choice({"content": "hi"}, None), "hi", "", "stop"),
    "error is null": (choice({"content": "hi"}, error=None), "hi", "", "stop"),
    "code beside an answer": (choice({"content": "hi"}, code=200), "hi", "", "stop"),
    "half a pair of surrogates": (choice({"content": "hi \ud83d"}), "hi \ufffd", "", "stop"),
    "half a pair in a finish reason": (choice({"content": "hi"}, "\ude00"), "hi", "", "\ufffd"),
    "another choice comes first": (
        b'{"choices": [{"index": 1, "message": {"content": "no"}}, {"index": 0, "message": {"content": "hi"}}]}',
        "hi",
        "",
        "stop",
    ),
    "usage without end": (choice({"content": "hi"})[:-1] + b', "usage": {"prompt_tokens": 1e400}}', "hi", "", "stop"),
    "usage of digits": (
        choice({"content": "hi"})[:-1] + b', "usage": {"prompt_tokens": ' + b"9" * 5000 + b"}}",
        "hi",
        "",
        "stop",
    ),
    "usage is NaN": (choice({"content": "hi"}, usage={"completion_tokens": float("nan")}), "hi", "", "stop"),
    "usage is null": (choice({"content": "hi"}, usage=None), "hi", "", "stop"),
}


@pytest.mark.parametrize(("body", "content", "reasoning", "finish"), REPLIES.values(), ids=REPLIES)
def test_replies(body, content, reasoning, finish):
    reply = read_reply(200, {}, body)
    assert (reply.content, reply.reasoning, reply.finish_reason, reply.body) == (content, reasoning, finish, body)


FAILURES = {
    "zhipu: no money": (429, error("1113", "您的账户已欠费，请充值后重试"), "", "no-money"),
    "zhipu: too fast": (429, error("1302", "您的账户已达到速率限制"), "", "throttled"),
    "zhipu: unsafe": (400, error("1301", "系统检测到输入或生成内容可能包含不安全或敏感内容"), "", "filtered"),
    "zhipu: too long": (400, error("1261", "Prompt 超长"), "", "too-long"),
    "zhipu: no such model": (400, error("1211", "模型不存在，请检查模型代码"), "", "not-found"),
    "deepseek: no money": (402, error("invalid_request_error", "Insufficient Balance"), "", "no-money"),
    "deepseek: overloaded": (503, error("", "The server is overloaded"), "", "server"),
    "dashscope: arrears": (400, error("Arrearage", "Access denied", top=True), "", "no-money"),
    "dashscope: arrears, as OpenAI": (400, error("Arrearage", "Access denied, account is not in good standing"), "", "no-money"),
    "dashscope: filter": (400, error("data_inspection_failed", "Input data may contain inappropriate content."), "", "filtered"),
    "dashscope: filter, native": (400, error("DataInspectionFailed", "Output data", top=True), "", "filtered"),
    "dashscope: tokens of the minute": (429, error("insufficient_quota", "You exceeded your current quota, please check your plan"), "dashscope.aliyuncs.com", "throttled"),
    "dashscope: free tier used up": (403, error("AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted"), "", "no-money"),
    "dashscope: wants a stream": (400, error("invalid_parameter_error", "This model only support stream mode, please enable the stream parameter to access the model."), "", "needs-stream"),
    "openai: no money": (429, error("insufficient_quota", "You exceeded your current quota, please check your plan and billing details."), "api.openai.com", "no-money"),
    "openai: too fast": (429, error("rate_limit_exceeded", "Rate limit reached. Visit https://platform.openai.com/account/billing to add a payment method"), "", "throttled"),
    "openai: too long": (400, error("context_length_exceeded", "This model's maximum context length is 8192 tokens"), "", "too-long"),
    "openai: key": (401, error("invalid_api_key", "Incorrect API key provided"), "", "auth"),
    "openai: model": (404, error("model_not_found", "The model `x` does not exist"), "", "not-found"),
    "openai: larger than a minute": (429, error("rate_limit_exceeded", "Request too large for gpt-4 on tokens per min (TPM): Limit 30000, Requested 50000."), "", "too-long"),
    "azure: filter": (400, error("content_filter", "The response was filtered due to the prompt triggering"), "", "filtered"),
    "siliconflow: no money": (403, error(30001, "Sorry, your account balance is insufficient", top=True), "", "no-money"),
    "ark: overdue": (403, error("AccountOverdueError", "The request failed because your account has an overdue balance."), "", "no-money"),
    "ark: filter": (400, error("SensitiveContentDetected", "The request failed because the input text may contain"), "", "filtered"),
    "llama.cpp: too long": (400, error(400, "the request exceeds the available context size", "exceed_context_size_error"), "", "too-long"),
    "vllm: a bad parameter": (400, error(400, "top_p must be in (0, 1], got 3."), "", "bad-request"),
    "a 401 without a body": (401, b"", "", "auth"),
    "a 404 without a body": (404, b"not found", "", "not-found"),
    "a 500 page": (500, b"<html>Internal Server Error</html>", "", "server"),
    "a 500 that speaks of context": (500, error("", "context length bookkeeping failed"), "", "server"),
    "a 529": (529, error("overloaded_error", "Overloaded"), "", "throttled"),
    "a redirect": (307, b"", "", "redirect"),
    "408": (408, b"", "", "server"),
    "413": (413, b"too large", "", "bad-request"),
    "error in a 200": (200, error("internal", "upstream failed"), "", "server"),
    "no money in a 200": (200, error("1113", "余额不足"), "", "no-money"),
    "error that is a text": (200, b'{"error": "model is loading"}', "", "server"),
    "html in a 200": (200, b"<!DOCTYPE html><p>hello", "", "bad-body"),
    "half of a JSON": (200, choice({"content": "hi"})[:-5], "", "bad-body"),
    "nothing": (200, b"", "", "bad-body"),
    "not UTF-8": (200, b'{"choices": "\xff\xfe"}', "", "bad-body"),
    "a list": (200, b"[]", "", "bad-body"),
    "no choices": (200, b'{"choices": []}', "", "empty"),
    "null choices": (200, b'{"choices": null}', "", "empty"),
    "null content": (200, choice({"content": None}), "", "empty"),
    "only a tool call": (200, choice({"content": None, "tool_calls": [{}]}, "tool_calls"), "", "empty"),
    "filtered answer": (200, choice({"content": ""}, "content_filter"), "", "filtered"),
    "zhipu's filtered answer": (200, choice({"content": "x"}, "sensitive"), "", "filtered"),
    "deepseek broke off": (200, choice({"content": "x"}, "insufficient_system_resource"), "", "server"),
}  # fmt: skip


@pytest.mark.parametrize(("status", "body", "host", "kind"), FAILURES.values(), ids=FAILURES)
def test_failures(status, body, host, kind):
    with pytest.raises(TeacherError) as failed:
        read_reply(status, {}, body, host)
    assert failed.value.kind == kind
    assert kind in ACTIONS
    assert failed.value.body == body


def test_503_with_retry_after_is_throttling():
    with pytest.raises(TeacherError) as failed:
        read_reply(503, {"retry-after": "7"}, b"")
    assert (failed.value.kind, failed.value.retry_after) == ("throttled", 7.0)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"Retry-After": " 0.5 "}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:10 GMT"}, 10.0),
        ({"Retry-After": "Wed, 21 Oct 2015 07:27:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "٣"}, None),
        ({}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(headers, now=1445412480.0) == seconds


@pytest.mark.slow
@given(st.integers(100, 599), st.one_of(st.binary(), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.sampled_from(["choices", "message", "content", "error", "code", "usage", "x"]), v)).map(lambda v: json.dumps(v).encode())))  # fmt: skip
def test_whatever_comes_is_a_reply_or_a_teacher_error(status, body):
    for read in (lambda: read_reply(status, {}, body), lambda: read_stream(b"data: " + body)):
        assert _kind(read) in {"", *ACTIONS}


DEEP = "[" * 300 + "]" * 300


@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": %s}}',
        '{"choices": [{"message": {"content": [{"text": %s}]}}]}',
        '{"choices": [{"message": {"content": "hello"}, "finish_reason": %s}]}',
    ],
    ids=["error", "text", "finish_reason"],
)
def test_json_that_is_too_deep_is_no_answer_and_what_is_foreign_is_shown_in_short(body):
    for status in (200, 400):
        with pytest.raises(TeacherError, match="nested deeper than 100 levels") as caught:
            read_reply(status, {}, (body % DEEP).encode())
        assert caught.value.kind == "bad-body"
    with pytest.raises(TeacherError, match="nested deeper than 100 levels") as caught:
        read_stream(f"data: {body % DEEP}\n\n".encode())
    assert caught.value.kind == "bad-body"
    failed = {"error": {"message": [[["x" * 1000] * 1000]]}}
    with pytest.raises(TeacherError) as caught:
        read_reply(400, {}, json.dumps(failed).encode())
    assert len(str(caught.value)) < 500
    assert len(to_reply("hello", "", ["y" * 1000] * 9, {}, b"").finish_reason) < 500


def _kind(read):
    try:
        read()
    except TeacherError as failed:
        return failed.kind
    return ""


def event(delta, finish=None, **more):
    return b"data: " + json.dumps({"choices": [{"delta": delta, "finish_reason": finish}], **more}).encode() + b"\n\n"


def test_a_stream_is_put_together():
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    body = (
        b": keep-alive\n\n"
        + event({"role": "assistant", "content": None, "reasoning_content": "想"})
        + event({"content": "表"}).replace(b"\n", b"\r\n")
        + event({"content": "格"}, "stop")
        + b"data: " + json.dumps({"choices": [], "usage": usage}).encode() + b"\n\ndata: [DONE]\n\n"
    )  # fmt: skip
    reply = read_stream(body)
    assert (reply.content, reply.reasoning, reply.tokens_in, reply.tokens_out) == ("表格", "想", 3, 4)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (event({"content": "a"}), "bad-body"),
        (event({"content": "a"}) + b'data: {"choi', "bad-body"),
        (event({"content": "a"}) + b'data: {"error": {"code": "1301", "message": "x"}}\n\n', "filtered"),
        (event({"content": "a"}) + b'data: {"error": {"message": "boom"}}\n\ndata: [DONE]\n\n', "server"),
        (b"data: [DONE]\n\n", "empty"),
        (b"", "bad-body"),
        (b": keep-alive\n\n" * 9, "bad-body"),
        (event({"content": "a"}, "content_filter"), "filtered"),
    ],
    ids=["cut off", "cut off in an event", "filtered", "error", "nothing said", "empty", "only comments", "filter"],
)
def test_streams_that_fail(body, kind):
    with pytest.raises(TeacherError) as failed:
        read_stream(body)
    assert failed.value.kind == kind


STOP = event({}, "stop")
STREAMS = {
    "a pair over two events": (event({"content": "a\ud83d"}) + event({"content": "\ude00b"}) + STOP, "a\U0001f600b"),
    "half a pair": (event({"content": "a\ud83d"}) + STOP, "a\ufffd"),
    "another choice": (
        event({"content": "a"}) + event({"content": "b"}).replace(b'{"delta"', b'{"index": 1, "delta"') + STOP,
        "a",
    ),
    "after the end": (event({"content": "a"}) + STOP + b"data: [DONE]\n\n" + event({"content": "b"}), "a"),
    "usage without end": (event({"content": "a"}, usage={"prompt_tokens": float("inf")}) + STOP, "a"),
}


@pytest.mark.parametrize(("body", "content"), STREAMS.values(), ids=STREAMS)
def test_odd_streams(body, content):
    assert read_stream(body).content == content
