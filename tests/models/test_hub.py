"""Models on a hub: cached, missing, private, or out of reach."""

from __future__ import annotations

import dataclasses
import http.server
import json
import socket
import threading
import time

import pytest

from swiftprep import Sample, SwiftRunner, write_jsonl
from swiftprep.errors import ConfigError
from swiftprep.models.hub import check_hub, hub_of


@pytest.fixture
def server():
    """A hub on this machine: its address, and the requests it had."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, self.headers.get("Authorization")))
            private = "private" in self.path and not self.headers.get("Authorization")
            if "moved" in self.path:
                self.send_response(302)
                self.send_header("Location", "/elsewhere")
                self.end_headers()
                return
            self.send_response(401 if private else 503 if "busy" in self.path else 404 if "none" in self.path else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            pass

    hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=hub.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{hub.server_address[1]}", asked
    hub.shutdown()
    hub.server_close()


@pytest.fixture
def hub(server, tmp_path):
    return dataclasses.replace(hub_of(environment={"HOME": str(tmp_path)}), endpoint=server[0])


def test_a_model_that_is_there(hub, server):
    check_hub("Qwen/Qwen2.5-Coder-0.5B-Instruct", hub)
    check_hub("owner/busy", hub)  # the hub's own trouble is not judged
    assert server[1][0][0] == "/api/v1/models/Qwen/Qwen2.5-Coder-0.5B-Instruct"


def test_a_token_does_not_follow_a_redirect(hub, server):
    check_hub("owner/moved", hub, token="secret")
    assert [path for path, _ in server[1]] == ["/api/v1/models/owner/moved"]


def test_a_mistyped_model(hub):
    with pytest.raises(ConfigError, match="no such model on ModelScope; check the spelling"):
        check_hub("Qwen/none", hub)


def test_a_private_model_needs_a_token(hub, server):
    with pytest.raises(ConfigError, match="pass hub_token or set MODELSCOPE_API_TOKEN"):
        check_hub("owner/private", hub)
    check_hub("owner/private", hub, token="secret")
    assert server[1][-1][1] == "Bearer secret"


def test_a_login_is_not_second_guessed(hub):
    hub.logins[0].parent.mkdir(parents=True)
    hub.logins[0].write_text("token")
    check_hub("owner/private", hub)


def test_offline(hub):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = dataclasses.replace(hub, endpoint=f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(ConfigError, match=r"ModelScope cannot be reached .*offline.* pass its folder"):
        check_hub("owner/name", away)


def test_a_hub_that_never_answers_takes_no_longer_than_the_timeout(hub):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        away = dataclasses.replace(hub, endpoint=f"http://127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        with pytest.raises(ConfigError, match=r"within 0.5 s"):
            check_hub("owner/name", away, timeout=0.5)
        assert time.monotonic() - begun < 3


@pytest.mark.parametrize("place", ["models/owner/n___1", "models/owner--n.1/snapshots/master", "hub/owner/n.1"])
def test_a_cached_model_needs_no_network(hub, server, place):
    (hub.cache / place).mkdir(parents=True)
    (hub.cache / place / "config.json").write_text("{}")
    check_hub("owner/n.1", hub)
    assert server[1] == []


def test_the_hub_is_ms_swifts():
    assert hub_of(environment={"USE_HF": "1", "HF_ENDPOINT": "https://mirror"}).endpoint == "https://mirror"
    assert hub_of(True, {}).name == "Hugging Face"
    assert hub_of(False, {"MODELSCOPE_DOMAIN": "inside"}).endpoint == "https://inside"


def test_a_runner_asks_before_anything_is_started_and_not_in_a_dry_run(server, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server[0])
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    write_jsonl([Sample.from_instruction("Count.", "", "1 2 3", id="a")], tmp_path / "train.jsonl")
    runner = SwiftRunner("owner/none", tmp_path / "out", device="cpu")
    runner.command([tmp_path / "train.jsonl"], use_hf=True)
    assert server[1] == []
    with pytest.raises(ConfigError, match="no such model on Hugging Face"):
        runner.sft([tmp_path / "train.jsonl"], use_hf=True)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("model", ["./nomodel", "../x", "/abs/x", "~/x", "x.y/"])
def test_a_path_is_no_hub_id(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no such model folder"):
        SwiftRunner(model)


def test_a_home_folder_is_expanded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "config.json").write_text(json.dumps({"model_type": "llama"}))
    assert SwiftRunner("~/m").local
