"""Secrets are shown nowhere, whatever somebody else spells them like, and no sink lets control characters through."""

from __future__ import annotations

import base64
import html
import json
import logging
import pickle
import sqlite3
from urllib.parse import quote

import pytest
from present import present
from test_teacher import ANSWER, Recorder, ask

from swiftprep import Distiller, Teacher, withheld
from swiftprep.distill.scenario import Scenario
from swiftprep.errors import ConfigError, DistillStopped, RunError, TeacherError
from swiftprep.models.arguments import to_command
from swiftprep.recipes.shared import command_line
from swiftprep.recipes.shared.settings import load_config, save_config
from swiftprep.teachers.http import LARGEST_ERROR
from swiftprep.teachers.openai import LEAST_ANSWER
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.request import Reply, Request
from swiftprep.teachers.stream import read_stream
from swiftprep.withheld import (
    is_secret_name,
    masked,
    printable,
    shown,
    without_half_secret,
    without_secrets,
    without_secrets_in_bytes,
)

KEY = "sk-Ab+c/9" + "Zk~37==Qx_01"
ASKED = ({"role": "user", "content": "?"},)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("MY_TEACHER", KEY)
    monkeypatch.setattr(withheld, "_variables", {"MY_TEACHER"})
    monkeypatch.setattr(withheld, "_values", set())


@pytest.fixture
def server():
    made = Recorder()
    yield made
    made.server.shutdown()
    made.thread.join()
    made.server.server_close()


SPELLINGS = {
    "as it is": KEY,
    ".NET": json.dumps(KEY).strip('"').replace("+", "\\u002B").replace("=", "\\u003D"),
    "every letter escaped": "".join(f"\\u{ord(letter):04x}" for letter in KEY),
    "JSON within JSON": json.dumps(json.dumps(KEY.replace("/", "\\/"))).strip('"\\'),
    "PHP": KEY.replace("/", "\\/"),
    "a URL": quote(KEY, safe=""),
    "a URL within a URL": quote(quote(KEY, safe=""), safe=""),
    "a URL in small letters": quote(KEY, safe="").replace("%2B", "%2b"),
    "HTML": html.escape(KEY).replace("+", "&#43;").replace("/", "&#x2F;").replace("=", "&equals;"),
    "HTML, twice": html.escape(KEY.replace("+", "&#43;")),
    "a program": KEY.replace("+", "\\x2b"),
    "two bytes a letter": KEY.encode("utf-16-le").decode("latin-1"),
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_a_key_is_found_in_every_spelling(spelling):
    for made in (shown(f"Incorrect key {spelling} given"), without_secrets(f"Incorrect key {spelling} given")):
        assert made.replace("\\u0000", "").replace("\0", "") == "Incorrect key *** given"
    assert without_secrets_in_bytes(spelling.encode()).rstrip(b"\0") == b"***"


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
def test_no_error_and_no_store_holds_a_key_that_the_provider_repeats(server, tmp_path, spelling):
    body = f'{{"error": {{"message": "Incorrect API key provided: {spelling}", "code": "x"}}}}'.encode()
    server.answers = [(500, body)] * 2
    teacher = Teacher(server.url, "m", "MY_TEACHER", limits=Limits(attempts=2, backoff=0.01))
    with pytest.raises(DistillStopped) as stopped:
        Distiller(teacher, store=tmp_path / "s.sqlite").run([Scenario("写一个按钮")])
    result = present(stopped.value.result)
    assert server.requests[0][1]["Authorization"] == f"Bearer {KEY}"
    kept = sqlite3.connect(tmp_path / "s.sqlite")
    rows = str(kept.execute("SELECT detail, body FROM attempts").fetchall())
    kept.close()
    for told in (rows, str(stopped.value), str(result.rejected), result.rejected[0].detail):
        assert "***" in told
        assert KEY not in told
        assert spelling not in told


def test_a_key_in_pieces_of_a_stream_is_in_no_answer_and_no_body():
    pieces = ["So: ", KEY[:7], KEY[7:], "."]
    events = [{"choices": [{"delta": {"content": piece}, "finish_reason": None}]} for piece in pieces]
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    reply = read_stream(body.encode())
    assert (reply.content, reply.body) == ("So: ***.", b"")
    assert Reply("none", body=b"raw") == Reply("none", body=b"raw")


def test_no_half_key_is_left_where_a_connection_breaks_off():
    for length in range(5, len(KEY)):
        assert without_half_secret(b"so: " + KEY[:length].encode()) == b"so: ***"
    assert without_half_secret(b"so: " + KEY[1:].encode()) == b"so: " + KEY[1:].encode()


PROXIES = {
    "http": "http://joe:hunt%40er2x@127.0.0.1:{port}",
    "short": "http://joe:k7x9@127.0.0.1:{port}",
}


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_the_proxys_password_is_used_and_shown_nowhere(server, tmp_path, monkeypatch, proxy):
    url = proxy.format(port=server.server.server_port)
    monkeypatch.setenv("http_proxy", url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    password = url.split(":")[2].split("@")[0].replace("%40", "@")
    packed = base64.b64encode(f"joe:{password}".encode()).decode()
    server.answers = [(407, f"refused Basic {packed}: joe:{password} ({url})".encode())]
    teacher = Teacher("http://teacher.test/v1", "m", "MY_TEACHER", limits=Limits(attempts=1))
    with pytest.raises(TeacherError) as caught:
        ask(teacher, Request("m", ASKED))
    assert server.requests[0][1]["Proxy-Authorization"] == f"Basic {packed}"
    assert "http://***@127.0.0.1" in str(caught.value)
    for secret in (password, packed, url.split("@")[0]):
        assert secret not in str(caught.value)


NAMES = {
    "API_KEY": True, "apiKey": True, "hub_token": True, "HF_TOKEN": True, "swanlab_webhook_url": True, "webhook": True, "dbPassword": True,
    "AWS_SECRET_ACCESS_KEY": True, "Authorization": True, "client-secret": True, "x-api-key": True, "db.passwd": True, "SECRET_KEY": True,
    "max_tokens": False, "max_new_tokens": False, "api_key_env": False, "tokenizer": False, "pad_token": False, "reft_layer_key": False,
    "num_input_tokens_seen": False, "KEYBOARD": False, "ssl_keyfile": False, "token_path": False, "secrets": False, "base_url": False, "": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_which_names_tell_a_secret(name, expected):
    assert is_secret_name(name) is expected


def test_settings_are_masked_however_deep_and_in_json():
    settings = {
        "swanlab_webhook_url": "https://hook.example/x", "max_tokens": 5, "learning_rate": 1e-4, "env": [{"API_KEY": "abc", "n": 1}],
        "custom": '{"api_key": "abc", "a": 1}', "dataset": ["http://joe:pw12@h.cn/a.jsonl", "b#5"], "token": "",
    }  # fmt: skip
    assert masked(settings) == {
        "swanlab_webhook_url": "***", "max_tokens": 5, "learning_rate": 1e-4, "env": [{"API_KEY": "***", "n": 1}],
        "custom": '{"api_key": "***", "a": 1}', "dataset": ["http://***@h.cn/a.jsonl", "b#5"], "token": "",
    }  # fmt: skip
    assert "hook.example" not in to_command("sft", settings)


@pytest.mark.slow
def test_the_secrets_of_settings_are_told_nowhere(tmp_path):
    pytest.importorskip("swift", reason="ms-swift knows the arguments, and is not installed")
    secret = "tok-9" + "f8e7d6c5b4"
    config = load_config(None, [f"sft.hub_token={secret}"])
    assert secret not in save_config(config, tmp_path / "c.yaml").read_text(encoding="utf-8")
    assert str(RunError(f"log: HfApi(token='{secret}')")) == "log: HfApi(token='***')"


def test_words_after_a_scheme_stay():
    assert (
        shown("Basic authentication is required; Bearer authorization")
        == "Basic authentication is required; Bearer authorization"
    )
    assert shown("Authorization: Bearer abcdefgh12345678") == "Authorization: Bearer ***"


def test_words_and_short_values_of_the_environment_stay(monkeypatch):
    for name, value in {"A_TOKEN": "none", "DB_PASSWORD": "postgres", "SSH_KEY": "/home/me/.ssh/key1"}.items():
        monkeypatch.setenv(name, value)
    answer = "display: none; postgres; /home/me/.ssh/key1"
    assert without_secrets(answer) == answer
    assert Reply(answer).content == answer


# --- what is not a secret, but must not reach a terminal --------------------------------------------------------------

ESCAPES = "\x1b[2J\x1b]0;owned\x07 \x9b31m\u202e\r"


def test_control_characters_are_escaped_in_errors_and_on_the_terminal(capsys, tmp_path):
    for error in (
        ConfigError(ESCAPES),
        TeacherError(ESCAPES, kind="server"),
        pickle.loads(pickle.dumps(RunError(ESCAPES))),
    ):
        assert str(error).isprintable()
    command_line.say(ESCAPES)

    def recipe(_: command_line.Arguments) -> dict[str, str]:
        logging.getLogger("swiftprep").warning("%s %s", KEY, ESCAPES)
        return {"answer": ESCAPES + KEY}

    root = logging.getLogger()
    handlers, root.handlers[:] = root.handlers[:], []
    try:
        assert command_line.run("x", "", recipe, ["--json"]) == command_line.DONE
    finally:
        root.handlers[:] = handlers
    out, err = capsys.readouterr()
    assert json.loads(out)["answer"] == printable(ESCAPES) + "***"
    assert err.count("***") == 1
    assert (out + err).replace("\n", "").isprintable()


# --- how much of a body is read ---------------------------------------------------------------------------------------


def asked(server, body, status=500, **sampling):
    server.answers = [(status, body)]
    teacher = Teacher(server.url, "m", "MY_TEACHER", sampling=sampling)
    return ask(teacher, Request("m", ASKED, teacher.sampling))[0]


def test_of_an_error_the_beginning_is_read_and_that_is_told(server):
    with pytest.raises(TeacherError, match="64 KB") as caught:
        asked(server, b"<html>" + b"x" * 300_000, status=429)
    assert caught.value.kind == "throttled"
    assert 0 < len(caught.value.body) <= LARGEST_ERROR
    with pytest.raises(TeacherError) as caught:
        asked(server, b"<html>" + b"x" * 3_000)
    assert "64 KB" not in str(caught.value)


@pytest.mark.parametrize(
    "spelling", [KEY, "".join(f"\\u{ord(letter):04x}" for letter in KEY)], ids=["plain", "escaped"]
)
@pytest.mark.parametrize("kept", range(4, 60, 7))
def test_no_half_key_is_left_where_an_error_is_cut_off(server, spelling, kept):
    body = b"x" * (LARGEST_ERROR - kept) + spelling.encode() + b"y" * 100_000
    with pytest.raises(TeacherError) as caught:
        asked(server, body)
    assert spelling[:4].encode() not in caught.value.body


@pytest.mark.slow
def test_an_answer_may_be_as_large_as_its_tokens(server):
    def large(size):
        return json.dumps({"choices": [{"message": {"content": "x" * size}, "finish_reason": "stop"}]}).encode()

    assert len(asked(server, large(LEAST_ANSWER - 1000), 200, max_tokens=100).content) == LEAST_ANSWER - 1000
    assert len(asked(server, large(2 * LEAST_ANSWER), 200, max_tokens=32_768).content) == 2 * LEAST_ANSWER
    with pytest.raises(TeacherError, match="max_tokens") as caught:
        asked(server, large(2 * LEAST_ANSWER), 200, max_tokens=100)
    assert caught.value.kind == "bad-body"
    assert len(caught.value.body) <= LARGEST_ERROR
    assert asked(server, ANSWER, 200).content == "好"


def test_the_environment_is_read_again_only_where_it_changed(monkeypatch):
    monkeypatch.setenv("LATER_API_KEY", "k3y-" + "a1b2c3d4e5")
    assert without_secrets("k3y-" + "a1b2c3d4e5") == "***"
    reads = withheld._of.cache_info().misses
    for _ in range(50):
        without_secrets("some text")
    assert withheld._of.cache_info().misses == reads
    monkeypatch.setenv("LATER_API_KEY", "k3y-" + "z9y8x7w6v5")
    assert without_secrets("k3y-" + "z9y8x7w6v5") == "***"
    assert without_secrets("k3y-" + "a1b2c3d4e5") != "***"
