"""Read an answer from a stream of events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from swiftprep.errors import DataError, TeacherError
from swiftprep.teachers.failures import failure, first_choice, read_json, text_of, to_reply, too_deep
from swiftprep.teachers.request import Reply


def read_stream(body: bytes) -> Reply:
    r"""Return the answer from a complete stream of server-sent events.

    Source: the events of OpenAI's chat completions with `stream: true`; HTML standard, server-sent events.

    Raises:
        TeacherError: it broke off, holds an error, or is empty.

    >>> read_stream(b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n').content
    'Hi'
    """
    content: list[str] = []
    reasoning: list[str] = []
    finish_reason: Any = None
    usage: dict[str, Any] = {}
    done = False
    for data in _events(body):
        if data.strip() == b"[DONE]":
            done = True
            break  # anything after the end does not belong to the answer
        try:
            event = read_json(data)
        except DataError as error:
            raise too_deep(error, 200, body) from None
        except ValueError:
            raise TeacherError(
                "the stream has an event that is not JSON (数据流中有无法解析的事件)",
                kind="bad-body",
                status=200,
                body=body,
            ) from None
        if not isinstance(event, dict):
            continue
        if event.get("error") or (event.get("code") and "choices" not in event):
            raise failure(200, {}, body, event)
        if isinstance(event.get("usage"), dict):
            usage = event["usage"]
        choice = first_choice(event)
        delta = choice.get("delta") or choice.get("message") or {}
        if isinstance(delta, dict):
            content.append(text_of(delta.get("content")))
            reasoning.append(text_of(delta.get("reasoning_content") or delta.get("reasoning")))
        finish_reason = choice.get("finish_reason") or finish_reason
    if finish_reason is None and not done:
        raise TeacherError(
            "the stream broke off before its end (数据流中断)", kind="bad-body", status=200, body=body, tokens=None
        )
    return to_reply("".join(content), "".join(reasoning), finish_reason, usage, body)


def _events(body: bytes) -> Iterator[bytes]:
    """Yield the data of each event, skipping the comments that keep the connection alive."""
    lines: list[bytes] = []
    for line in body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").split(b"\n"):
        if not line:
            if lines:
                yield b"\n".join(lines)
            lines = []
        elif line.startswith(b"data:"):
            lines.append(line[5:].removeprefix(b" "))
    if lines:
        yield b"\n".join(lines)
