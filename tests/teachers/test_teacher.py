"""Teachers: what is sent, to whom, and functions as teachers."""

from __future__ import annotations

import asyncio
import functools
import json
import logging
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from swiftprep import Limits, Teacher
from swiftprep.errors import ConfigError, TeacherError
from swiftprep.teachers.functions import as_teacher
from swiftprep.teachers.protocol import TeacherProtocol
from swiftprep.teachers.providers import PROVIDERS
from swiftprep.teachers.request import Reply, Request

ANSWER = json.dumps({"choices": [{"message": {"content": "好"}, "finish_reason": "stop"}]}).encode()
MESSAGES = ({"role": "system", "content": "你是专家"}, {"role": "user", "content": "表格？ 😀"})


class Recorder:
    """Keeps what was sent."""

    def __init__(self):
        self.requests: list[Any] = []
        self.answers: list[Any] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorder.requests.append((self.path, self.headers, json.loads(body)))
                status, answer = recorder.answers.pop(0) if recorder.answers else (200, ANSWER)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()


@pytest.fixture
def recorder():
    made = Recorder()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


def ask(teacher, *requests):
    async def work():
        try:
            return [await teacher.ask(request) for request in requests]
        finally:
            await teacher.close()

    return asyncio.run(work())


@pytest.mark.slow
def test_what_is_sent_is_what_the_openai_sdk_sends(recorder, monkeypatch):
    openai = pytest.importorskip("openai", reason="openai comes with ms-swift, which is not installed")
    monkeypatch.setenv("A_KEY", "sk-1")
    sampling = {
        "temperature": 0.2,
        "max_tokens": 50,
        "top_p": 0.9,
        "seed": 7,
        "response_format": {"type": "json_object"},
    }
    teacher = Teacher(recorder.url, "m", "A_KEY", sampling=sampling)
    ask(teacher, Request("m", MESSAGES, teacher.sampling))
    with openai.OpenAI(base_url=recorder.url, api_key="sk-1", max_retries=0) as client:
        client.chat.completions.create(model="m", messages=list(MESSAGES), **sampling)
    (path, headers, body), (their_path, their_headers, their_body) = recorder.requests
    assert (path, body) == (their_path, their_body)
    for name in ("Authorization", "Content-Type"):
        assert headers[name] == their_headers[name]


def test_without_a_key_there_is_no_header(recorder):
    ask(Teacher(recorder.url, "m"), Request("m", MESSAGES))
    assert "Authorization" not in recorder.requests[0][1]


def test_a_model_that_says_it_needs_a_stream_gets_one(recorder):
    refusal = json.dumps(
        {"error": {"message": "This model only support stream mode", "code": "invalid_parameter_error"}}
    )
    event = json.dumps({"choices": [{"delta": {"content": "好"}, "finish_reason": "stop"}]})
    recorder.answers = [(400, refusal.encode()), (200, f"data: {event}\n\ndata: [DONE]\n\n".encode())]
    teacher = Teacher(recorder.url, "m")
    with pytest.raises(TeacherError) as first:
        ask(teacher, Request("m", MESSAGES))
    assert first.value.kind == "needs-stream"
    assert ask(teacher, Request("m", MESSAGES))[0].content == "好"
    assert recorder.requests[1][2]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("model", "streams"), [("qwq-plus", True), ("qwen3-235b-a22b-thinking-2507", True), ("qwen-max", False)]
)
def test_models_known_to_need_a_stream(model, streams):
    teacher = Teacher("dashscope", model)
    assert ("stream" in teacher.body(Request(model, MESSAGES))) == streams
    assert "stream" not in Teacher("dashscope", model, stream=False).body(Request(model, MESSAGES))


def test_a_teacher_lives_longer_than_an_event_loop(recorder):
    teacher = Teacher(recorder.url, "m")
    for _ in range(2):
        assert ask(teacher, Request("m", MESSAGES))[0].content == "好"


@pytest.mark.parametrize("name", PROVIDERS)
def test_providers(name):
    teacher = Teacher(name, "m")
    assert teacher.base_url.startswith(("https://", "http://127.0.0.1"))
    assert not teacher.base_url.endswith("/")
    assert Teacher("https://other.example/v1", "m").api_key_env is None


BAD = {
    "an unknown provider": (("deepsek", "m"), {}, "did you mean 'deepseek'"),
    "a space in the address": (("https://api.x y/v1", "m"), {}, "base_url"),
    "a fragment in the address": (("https://api.x/v1#k", "m"), {}, "base_url"),
    "no tokens": (("openai", "m"), {"sampling": {"max_tokens": 0}}, "max_tokens=0"),
    "tokens as a text": (("openai", "m"), {"sampling": {"max_tokens": "many"}}, "max_tokens='many'"),
    "half a token": (("openai", "m"), {"sampling": {"max_completion_tokens": 1.5}}, "max_completion_tokens=1.5"),
    "a temperature below 0": (("openai", "m"), {"sampling": {"temperature": -1}}, "temperature=-1"),
    "a temperature that is no number": (
        ("openai", "m"),
        {"sampling": {"temperature": float("nan")}},
        "temperature=nan",
    ),
    "a share above 1": (("openai", "m"), {"sampling": {"top_p": 1.5}}, "top_p=1.5"),
    "a file": (("file:///etc/passwd", "m"), {}, "base_url"),
    "a password in it": (("https://user:pw@host/v1", "m"), {}, "do not belong"),
    "a key in it": (("https://host/v1?api_key=abc", "m"), {}, "do not belong"),
    "no port": (("https://host:port/v1", "m"), {}, "not a URL"),
    "stream": (("openai", "m"), {"sampling": {"stream": True}}, "stream is set by swiftprep"),
    "several answers": (("openai", "m"), {"sampling": {"n": 3}}, "n is set by swiftprep"),
    "one price": (("openai", "m"), {"price": (1,)}, "price"),
}


@pytest.mark.parametrize(("args", "settings", "says"), BAD.values(), ids=BAD)
def test_what_is_no_teacher(args, settings, says):
    with pytest.raises(ConfigError, match=says) as error:
        Teacher(*args, **settings)
    assert "pw" not in str(error.value)
    assert "abc" not in str(error.value)


def test_a_key_that_is_not_there(monkeypatch):
    monkeypatch.delenv("A_KEY", raising=False)
    with pytest.raises(ConfigError, match="A_KEY is not set"):
        Teacher("openai", "m", "A_KEY").check()


@pytest.mark.parametrize("value", ["sk-secret with space", "sk-secret\nX-Evil: 1", "sk-秘密secret", "sk-secret\x00"])
def test_what_cannot_be_a_key_is_not_shown(monkeypatch, value):
    monkeypatch.setattr("os.environ", {"A_KEY": value})
    with pytest.raises(ConfigError, match="cannot be a key") as error:
        Teacher("openai", "m", "A_KEY").check()
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "slip", ["sk-proj-abcdef0123456789", "0123456789abcdef0123456789abcdef", "a.b", "abcdef0123456789abcdef012"]
)
def test_a_key_in_place_of_its_name_is_refused_and_not_shown(slip):
    with pytest.raises(ConfigError, match="name of an environment variable") as error:
        Teacher("openai", "m", slip)
    assert slip not in str(error.value)


def test_one_teacher_in_two_threads(recorder):
    teacher = Teacher(recorder.url, "m")
    answers = []

    def work():
        answers.extend(ask(teacher, *[Request("m", MESSAGES)] * 20))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 60


def test_white_space_around_a_key_is_nothing(monkeypatch):
    monkeypatch.setenv("A_KEY", "  sk-1\n")
    Teacher("openai", "m", "A_KEY").check()


def test_a_key_in_clear_over_the_network_is_told(monkeypatch, caplog):
    with caplog.at_level(logging.WARNING):
        Teacher("http://models.example/v1", "m", "A_KEY")
    assert "without encryption" in caplog.text


def test_keys_of_requests():
    base = Request("m", MESSAGES, {"temperature": 0.7, "max_tokens": 9}, "inline")
    same = Request(
        "m", tuple(dict(reversed(m.items())) for m in MESSAGES), {"max_tokens": 9, "temperature": 0.7}, "inline"
    )
    assert same.key() == base.key()
    others = [
        Request("m2", MESSAGES, base.sampling, "inline"),
        Request("m", MESSAGES[1:], base.sampling, "inline"),
        Request("m", ({"role": "system", "content": "你是新手"}, MESSAGES[1]), base.sampling, "inline"),
        Request("m", MESSAGES, {"temperature": 0.8, "max_tokens": 9}, "inline"),
        Request("m", MESSAGES, {**base.sampling, "response_format": {"type": "json_object"}}, "inline"),
        Request("m", MESSAGES, base.sampling, "think"),
    ]
    assert len({request.key() for request in [base, *others]}) == 7


def test_a_lone_surrogate_can_be_asked(recorder):
    ask(Teacher(recorder.url, "m"), Request("m", ({"role": "user", "content": "a\ud800b"},)))
    assert Request("m", ({"role": "user", "content": "a\ud800b"},)).key()


def test_functions_are_teachers():
    def plain(messages):
        return messages[-1]["content"].upper()

    async def later(messages):
        await asyncio.sleep(0)
        return Reply("ok", reasoning="because")

    request = Request("x", ({"role": "user", "content": "hi"},))
    assert ask(as_teacher(plain), request)[0].content == "HI"
    assert ask(as_teacher(later), request)[0].reasoning == "because"
    assert isinstance(as_teacher(plain), TeacherProtocol)
    assert as_teacher(Teacher("openai", "m")).identity == "m"


def test_the_identity_of_a_function_is_its_code():
    first, second = (lambda messages: "a"), (lambda messages: "b")
    assert as_teacher(first).identity != as_teacher(second).identity
    assert as_teacher(first).identity == as_teacher(first).identity

    def named(messages):
        return "c"

    function: Any = named
    function.identity = "our-model@3"
    assert as_teacher(function).identity == "our-model@3"


def test_what_a_function_holds_is_part_of_its_identity():
    def made(word):
        return lambda messages: word

    def asks(messages, model="a"):
        return model

    class Model:
        def __init__(self, name):
            self.name = name

        def __call__(self, messages):
            return self.name

    pairs = [
        (made("A"), made("B")),
        (functools.partial(asks, model="AAA"), functools.partial(asks, model="BBB")),
        (Model("A"), Model("B")),
    ]
    for first, second in pairs:
        assert as_teacher(first).identity != as_teacher(second).identity
        assert as_teacher(first).identity == as_teacher(first).identity


def test_a_function_may_return_something_to_wait_for():
    async def later(messages):
        return "ok"

    assert ask(as_teacher(lambda messages: later(messages)), Request("x", MESSAGES))[0].content == "ok"


def test_a_function_has_a_deadline():
    def slow(messages):
        time.sleep(0.5)

    async def waits(messages):
        await asyncio.sleep(5)

    functions: list[Any] = [slow, waits]
    for function in functions:
        function.deadline = 0.05
        with pytest.raises(TeacherError) as failed:
            ask(as_teacher(function), Request("x", MESSAGES))
        assert failed.value.kind == "deadline"


@pytest.mark.parametrize("bad", [lambda m: None, lambda m: "", lambda m: 3], ids=["none", "empty", "number"])
def test_a_function_that_says_nothing(bad):
    with pytest.raises(TeacherError) as failed:
        ask(as_teacher(bad), Request("x", MESSAGES))
    assert failed.value.kind == "empty"


def test_a_function_that_fails():
    def broken(messages):
        raise RuntimeError("out of memory")

    with pytest.raises(TeacherError, match="out of memory") as failed:
        ask(as_teacher(broken), Request("x", MESSAGES))
    assert failed.value.kind == "server"


def test_what_is_no_function():
    with pytest.raises(ConfigError, match="expected a Teacher"):
        as_teacher("gpt-4")  # type: ignore[arg-type]


def test_the_usual_settings_may_be_given_by_their_own_names():
    teacher = Teacher("deepseek", "m", temperature=0.2, top_p=0.9, max_tokens=50, concurrency=8, requests_per_minute=30)
    assert teacher.sampling == {"temperature": 0.2, "top_p": 0.9, "max_tokens": 50}
    assert teacher.limits == Limits(concurrency=8, requests_per_minute=30)
    both = Teacher(
        "deepseek", "m", temperature=0.2, sampling={"seed": 7, "temperature": 0.2}, limits=Limits(attempts=2)
    )
    assert both.sampling == {"temperature": 0.2, "max_tokens": 4096, "seed": 7}
    assert Teacher("deepseek", "m", concurrency=8, limits=Limits(attempts=2)).limits == Limits(8, attempts=2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"temperature": 0.2, "sampling": {"temperature": 0.3}}, "temperature=0.2, but sampling has temperature=0.3"),
        ({"max_tokens": 5, "sampling": {"max_tokens": None}}, "max_tokens=5, but sampling has max_tokens=None"),
        ({"concurrency": 8, "limits": Limits(concurrency=4)}, "concurrency=8, but limits has concurrency=4"),
        ({"temperature": 3}, "temperature=3; expected a number from 0 to 2"),
        ({"concurrency": 0}, "concurrency=0; expected 1 or more"),
        ({"api_key": "sk-1"}, "Teacher: no argument 'api_key' (did you mean 'api_key_env'?)"),
        ({"rpm": 60}, "did you mean 'requests_per_minute'?"),
    ],
    ids=str,
)
def test_contradictions_and_other_names_are_told(given, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        Teacher("deepseek", "m", **given)
