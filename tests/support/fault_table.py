"""What each fault of `fault_server` must come to."""

from __future__ import annotations

# fault → how the ledger names it. Where it comes twice and then a good answer, the last of three attempts is the answer.
RETRIED = {
    "429-seconds": "throttled", "429-milliseconds": "throttled", "429-bare": "throttled", "429-garbage": "throttled",
    "429-negative": "throttled", "429-zhipu": "throttled", "503-seconds": "throttled",
    "529": "throttled",
    "500": "server", "502-html": "server", "503": "server", "504": "server", "408": "server", "500-long": "server",
    "error-200": "server", "echo-500": "server", "echo-headers": "server",
    "reset-before": "connection", "close-before": "connection", "bad-status-line": "connection",
    "reset-middle": "bad-body", "close-middle": "bad-body", "close-in-chunk": "bad-body", "truncated-json": "bad-body",
    "empty-200": "bad-body", "html-200": "bad-body", "null-200": "bad-body", "list-200": "bad-body",
    "bad-utf-8": "bad-body", "bad-gzip": "bad-body",
    "no-choices": "empty", "null-choices": "empty", "odd-choices": "empty", "null-message": "empty",
    "null-content": "empty", "empty-content": "empty", "number-content": "empty", "tool-calls": "empty",
}  # fmt: skip
RETRIED_STREAMS = {
    "stream-cut": "bad-body", "stream-reset": "bad-body", "stream-short": "bad-body", "stream-json": "bad-body",
    "stream-error": "server", "echo-stream": "server", "stream-empty": "empty",
    "500": "server", "html-200": "bad-body", "429-seconds": "throttled", "error-200": "server",
}  # fmt: skip
GIVEN_UP = {
    "filter-dashscope": "filtered", "filter-dashscope-openai": "filtered", "filter-zhipu": "filtered",
    "filter-azure": "filtered", "filter-finish": "filtered", "filter-finish-empty": "filtered",
    "filter-sensitive": "filtered",
    "400-context": "too-long", "400-parameter": "bad-request", "413": "bad-request", "echo-400": "bad-request",
}  # fmt: skip
GIVEN_UP_STREAMS = {"filter-stream": "filtered", "filter-azure": "filtered"}
STOPS = {
    "no-money-zhipu": "no-money", "no-money-zhipu-number": "no-money", "no-money-deepseek": "no-money",
    "no-money-dashscope": "no-money", "no-money-dashscope-openai": "no-money", "no-money-openai": "no-money",
    "no-money-200": "no-money",
    "401": "auth", "403": "auth", "echo-401": "auth", "404": "not-found",
    "redirect-302": "redirect", "redirect-307": "redirect", "echo-redirect": "redirect",
}  # fmt: skip
GOOD = (
    "slow-good", "parts", "no-usage", "null-usage", "odd-usage", "text-plain", "gbk-said", "null-error",
    "gzip-good", "reasoning-content", "reasoning", "duplicate-headers", "early-hints", "old-http", "nul", "lone-surrogate",
)  # fmt: skip
GOOD_STREAMS = ("stream-no-done", "stream-comments", "stream-crlf", "stream-split", "stream-reasoning")
HANGS = ("hang", "drip-blank", "drip-comments", "drip-headers")
GOOD_ALONE = ("byte-order-mark", "odd-headers", "big-usage")  # what one of these breaks would break the others' run
# These have tests of their own.
ELSEWHERE = (
    "429-date", "429-number", "500-number", "good-and-gone", "huge", "endless", "length", "stream-length", "echo-answer",
)  # fmt: skip
