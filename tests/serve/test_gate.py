"""Servers on this machine answer whoever has their key and asks for them by their own address, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from local_servers import SMALL, STAND_IN, ask, needs_gguf

from swiftprep.errors import RunError, TeacherError
from swiftprep.serve import near
from swiftprep.serve.gate import HOST, Gate, guarded, stand_before
from swiftprep.serve.server import LocalServer
from swiftprep.teachers.local import serve
from swiftprep.teachers.teacher import Teacher


def get(port: int, path: str = "/", *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    """Ask with these headers, and with no other `Host` than that among them."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True)
        for name, value in headers.items():
            for one in value.split("|"):
                connection.putheader(name, one)
        connection.endheaders()
        response = connection.getresponse()
        response.body = response.read()  # type: ignore[attr-defined]
        return response


@pytest.mark.parametrize(
    ("hosts", "authorization", "status"),
    [
        ([f"{HOST}:9"], "Bearer key", 0),
        (["LOCALHOST:9"], "bearer key", 0),
        ([f"{HOST}:9"], None, 401),
        ([f"{HOST}:9"], "", 401),
        ([f"{HOST}:9"], "Bearer ", 401),
        ([f"{HOST}:9"], "Bearer key2", 401),
        ([f"{HOST}:9"], "Bearer ke", 401),
        ([f"{HOST}:9"], "Basic key", 401),
        ([f"{HOST}:9"], "key", 401),
        ([f"{HOST}:9"], "Bearer \udcff", 401),
        (["evil.example:9"], "Bearer key", 421),
        (["evil.example"], None, 421),
        ([f"{HOST}:8"], "Bearer key", 421),
        ([HOST], "Bearer key", 421),
        ([f"{HOST}.evil.example:9"], "Bearer key", 421),
        ([f"evil.example@{HOST}:9"], "Bearer key", 421),
        ([f"{HOST}:9", "evil.example"], "Bearer key", 421),
        ([""], "Bearer key", 421),
        ([], "Bearer key", 421),
    ],
)
def test_who_is_let_in(hosts, authorization, status):
    with Gate("key") as gate:
        gate.port = 9
        assert gate.refusal(hosts, authorization) == status


def test_the_socket_is_bound_before_anyone_is_told_and_two_have_two():
    with Gate("a") as one, Gate("b") as two:
        assert one.port != two.port
        assert {gate.socket.getsockname() for gate in (one, two)} == {(HOST, one.port), (HOST, two.port)}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"host", b"127.0.0.1:9"), (b"authorization", b"Bearer key")], 200),
        ([(b"Host", b"localhost:9"), (b"Authorization", b"Bearer key")], 200),
        ([(b"host", b"127.0.0.1:9")], 401),
        ([(b"host", b"127.0.0.1:9"), (b"authorization", b"Bearer \xff")], 401),
        ([(b"host", b"127.0.0.1:9"), (b"host", b"evil"), (b"authorization", b"Bearer key")], 421),
        ([], 421),
    ],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_an_application_behind_a_gate_sees_what_is_let_in(kind, headers, status):
    seen: list[str] = []
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    async def send(message: Any) -> None:
        sent.append(message)

    with Gate("key") as gate:
        gate.port = 9
        asyncio.run(guarded(app, gate)({"type": kind, "headers": headers}, None, send))  # type: ignore[arg-type]
        asyncio.run(guarded(app, gate)({"type": "lifespan"}, None, send))  # type: ignore[arg-type]
    assert seen == ([kind, "lifespan"] if status == 200 else ["lifespan"])
    if status != 200:
        assert sent[0].get("status", status) == status
        assert sent[0]["type"] == ("http.response.start" if kind == "http" else "websocket.close")


def test_what_is_let_in_is_passed_on_as_it_is_and_nothing_else():
    reached: list[Any] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        reached.append((request.method, request.path_qs, request.headers["Authorization"], await request.text()))
        response = web.StreamResponse(status=418)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        for number in range(3):
            await response.write(f"data: {number}\n\n".encode())
        return response

    async def go() -> list[http.client.HTTPResponse]:
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        with Gate("inner") as inner, Gate("key") as gate:
            await web.SockSite(runner, inner.socket).start()
            is_open = asyncio.Event()
            standing = asyncio.ensure_future(stand_before(f"http://{HOST}:{inner.port}", gate, is_open.set))
            await is_open.wait()
            here = f"{HOST}:{gate.port}"
            asked = [
                {"path": "/v1/x?a=%20b", "Host": here, "Authorization": "Bearer key"},
                {"path": "/v1/x", "Host": here},
                {"path": "/health", "Host": "evil.example", "Authorization": "Bearer key"},
                {"path": "http://evil.example/", "Host": f"{here}|evil.example", "Authorization": "Bearer key"},
            ]
            found = [await asyncio.to_thread(get, gate.port, **one) for one in asked]
            standing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await standing
            await runner.cleanup()
            return found

    found = asyncio.run(go())
    assert [one.status for one in found] == [418, 401, 421, 400]
    assert reached == [("GET", "/v1/x?a=%20b", "Bearer key", "")]
    assert found[0].body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"  # type: ignore[attr-defined]
    assert found[0].headers.get_content_type() == "text/event-stream"


def test_a_question_does_not_meet_a_connection_that_is_just_being_closed():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok")
        await writer.drain()
        await reader.read(1)  # another question on it, or its end
        writer.close()
        await writer.wait_closed()

    async def go() -> list[http.client.HTTPResponse]:
        inner = await asyncio.start_server(answer, HOST, 0)
        port = inner.sockets[0].getsockname()[1]
        with Gate("key") as gate:
            is_open = asyncio.Event()
            standing = asyncio.ensure_future(stand_before(f"http://{HOST}:{port}", gate, is_open.set))
            await is_open.wait()
            headers = {"Host": f"{HOST}:{gate.port}", "Authorization": "Bearer key"}
            found = [await asyncio.to_thread(get, gate.port, method="POST", **headers) for _ in range(3)]
            standing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await standing
            inner.close()
            return found

    assert [one.status for one in asyncio.run(go())] == [200, 200, 200]


# --- what a server of ours is asked ---------------------------------------------------------------------------------


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    def use(code: str) -> None:
        script = tmp_path / "worker.py"
        script.write_text(STAND_IN + code + "\ntime.sleep(3600)")
        monkeypatch.setattr("swiftprep.serve.server.WORKER", (sys.executable, "-I", str(script)))

    return use


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("Named.names = ['swiftprep-another']; ready()", "another server listens"),
        ("job['api_key'] = 'another'; ready()", "another server listens|is not it"),
        ("Named.do_GET = lambda self: self.wfile.write(b'SSH-2.0'); ready()", "is not it: BadStatusLine"),
        ("print(json.dumps({'event': 'ready', 'port': 1}), flush=True)", "is not it: ConnectionRefusedError"),
    ],
    ids=["another name", "another key", "another protocol", "nobody"],
)
def test_nothing_is_asked_of_a_server_that_is_not_ours(stand_in, code, told):
    stand_in(code)
    with LocalServer({"task": "gguf"}, model="m") as server, pytest.raises(RunError, match=told) as error:
        _ = server.base_url
    assert server.api_key not in str(error.value)


@pytest.mark.slow
def test_each_server_has_a_key_and_a_name_of_its_own_that_are_written_nowhere(stand_in, tmp_path):
    stand_in(
        f"open({str(tmp_path / 'job')!r}, 'w').write(json.dumps(job)); print(job['task'], file=sys.stderr); ready()"
    )
    with LocalServer({"task": "gguf"}, model="m") as one, LocalServer({"task": "gguf"}, model="m") as two:
        assert one.api_key != two.api_key
        assert one.served_name != two.served_name
        assert len(one.api_key) > 40
        assert one.base_url != two.base_url
        assert json.loads((tmp_path / "job").read_text())["api_key"] in (one.api_key, two.api_key)
        shown = f"{one!r} {one.__dict__!r} {one.log_end()}"
        if Path("/proc/self").exists():
            process = Path(f"/proc/{one.pid}")
            shown += (process / "cmdline").read_text() + (process / "environ").read_text()
        assert one.api_key not in shown


@pytest.mark.slow
def test_no_question_goes_to_the_port_of_a_server_that_has_ended(stand_in):
    stand_in("ready()")
    server = LocalServer({"task": "gguf"}, model="m")
    teacher = Teacher(server.base_url, server.model)
    server.close()
    del server
    gc.collect()
    (error,) = ask(teacher, "Hi")
    assert isinstance(error, TeacherError)
    assert error.kind == "no-server"


@pytest.mark.slow
@needs_gguf
def test_a_real_server_answers_nobody_else():
    with serve(**SMALL) as server:
        port = int(server.base_url.rpartition(":")[2].partition("/")[0])
        here, key = f"{HOST}:{port}", f"Bearer {server.api_key}"
        for path in ("/", "/health", "/v1/models", "/models", "/props", "/slots", "/metrics", "/v1/chat/completions"):
            assert get(port, path, Host=here).status == 401
            assert get(port, path, Host="evil.example", Authorization=key).status == 421
        assert get(port, "/v1/models", method="OPTIONS", Host=here, Origin="https://evil.example").status == 401
        models = json.loads(get(port, "/v1/models", Host=here, Authorization=key).body)  # type: ignore[attr-defined]
        assert [model["id"] for model in models["data"]] == [server.served_name]
        (reply,) = ask(Teacher(server.base_url, server.model), "Hi", max_tokens=2)
        assert reply.tokens_out > 0
        assert server.api_key not in server.log_end()
        if Path("/proc/net/tcp").exists():  # it has no other port
            inodes = {link.readlink().name for link in Path(f"/proc/{server.pid}/fd").iterdir()}
            rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
            listening = {
                int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes
            }
            assert listening == {port}


def test_an_address_at_which_a_server_has_ended_may_be_named_for_another():
    url = f"http://{HOST}:9/v1"
    near.add(url, near.Near(near.ServerKey("k"), lambda: False))
    (error,) = ask(Teacher(url, "m"), "Hi")
    assert isinstance(error, TeacherError)
    assert error.kind == "connection"  # it was asked
