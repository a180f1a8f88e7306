"""Run a model server in its own process, and never leave it behind."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from swiftprep.errors import ConfigError, RunError
from swiftprep.process import children, lifeline
from swiftprep.process.jobs import LOG_END, events_of, how_ended, last_lines, send_job
from swiftprep.serve import near
from swiftprep.serve.gate import HOST

WORKER = children.python("swiftprep.serve.worker")


class LocalServer:
    """A model server on 127.0.0.1 in its own process.

    It ends with `close()`, with the `with` block, when it is garbage-collected, and with this process. It requires a
    key, which is new for each server: `Teacher(server.base_url, server.model)` in this process uses it automatically;
    other clients send it as `Authorization: Bearer …`.

    Attributes:
        model: Name of the model with a hash of its files, the same on every machine and port.
        served_name: A second name that no other server has.
        api_key: The key. It is stored nowhere.
        pid: Process id.
    """

    def __init__(
        self,
        job: Mapping[str, Any],
        *,
        model: str,
        environment: Mapping[str, str] | None = None,
        timeout: float = 600.0,
    ) -> None:
        """Start the server; it is up once `settled` is true and `base_url` does not raise.

        Args:
            job: See `swiftprep.serve.worker`.
            model: See the attribute.
            environment: Variables to set in the process.
            timeout: Seconds it may take to start.
        """
        self.model = model
        self.served_name = f"swiftprep-{secrets.token_urlsafe(12)}"
        self.api_key = near.ServerKey(secrets.token_urlsafe(32))
        self._timeout = timeout
        self._began = time.monotonic()
        log = tempfile.TemporaryFile()  # noqa: SIM115 - the server writes to it as long as it runs
        folder = tempfile.mkdtemp(prefix="swiftprep-")  # accessible to this user only
        child = lifeline.start(
            WORKER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=children.environment(environment, network=job["task"] == "swift"),
        )
        self.pid = child.pid
        self._child, self._log = child, log
        self._end = weakref.finalize(self, _end, child, log, folder, os.getpid())
        self._start = _Start(loading=job["task"] == "gguf")
        own = {"model": model, "served_name": self.served_name, "api_key": self.api_key, "folder": folder}
        check = functools.partial(_check, self.served_name, self.api_key)
        threading.Thread(target=_listen, args=(child, {**job, **own}, self._start, check), daemon=True).start()

    @property
    def settled(self) -> bool:
        """Whether starting is over: the server answers, or never will."""
        return self._start.settled.is_set() or time.monotonic() - self._began > self._timeout

    @property
    def started(self) -> bool:
        """Whether the server is up and has answered."""
        return self._start.event.get("event") == "ready"

    @property
    def running(self) -> bool:
        """Whether its process still runs."""
        return self._end.alive and self._child.poll() is None

    @property
    def base_url(self) -> str:
        """Base URL, such as `"http://127.0.0.1:40123/v1"`; waits until the server answers.

        Raises:
            ConfigError: ms-swift refused the arguments.
            RunError: it ended, or did not answer in time; the message has the end of its log.
        """
        start, left = self._start, self._began + self._timeout - time.monotonic()
        start.settled.wait(max(0.0, left))
        event = start.event
        if event.get("event") == "ready":
            url = f"http://{HOST}:{event['port']}/v1"
            near.add(url, near.Near(self.api_key, functools.partial(_is_running, self._child)))
            return url
        if not event:
            reason = f"did not answer within {self._timeout:g} s"
        elif event["event"] == "ended":
            reason = self.how_it_ended()
        elif start.loading or event["type"] == "SystemExit":
            reason = f"{event['type']}: {event['message']}"
        else:
            raise ConfigError(f"ms-swift refuses {self.model}: {event['message']} (ms-swift 拒绝了这些参数)")
        raise RunError(f"the server of {self.model} could not start: {reason} (模型服务启动失败){self.log_end()}")

    def how_it_ended(self) -> str:
        """Return the exit code or the signal in words; `"closed"` after `close`."""
        if not self._end.alive:
            return "closed"
        try:
            code = self._child.wait(5)
        except subprocess.TimeoutExpired:
            return "it still runs, but has closed its output"
        return how_ended(code)

    def log_end(self) -> str:
        """Return the last lines the server printed, under a heading; `""` when there are none."""
        if self._log.closed:
            return ""
        # `pread`, as the server shares this descriptor's position and goes on writing there.
        size = os.fstat(self._log.fileno()).st_size
        data = os.pread(self._log.fileno(), LOG_END, max(0, size - LOG_END)) if hasattr(os, "pread") else b""
        tail = last_lines(data)
        return "\nThe end of its log:\n" + "\n".join(tail) if tail else ""

    def close(self) -> None:
        """End the server and all its child processes; harmless when it has ended."""
        self._end()

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class _Start:
    """The progress of a server's start, kept apart so that the listener does not keep the server alive."""

    loading: bool
    event: dict[str, Any] = field(default_factory=dict)
    settled: threading.Event = field(default_factory=threading.Event)


def _check(name: str, key: str, port: int) -> None:
    """Check a server's name before anything else is sent to it.

    Raises:
        RunError: another server answers, or none.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", "/v1/models", headers={"Authorization": f"Bearer {key}"})
        names = [model["id"] for model in json.load(connection.getresponse())["data"]]
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        raise RunError(f"what listens on port {port} is not it: {type(error).__name__} (该端口上不是本服务)") from None
    finally:
        connection.close()
    if name not in names:
        raise RunError(f"another server listens on port {port} (该端口上是另一个服务)")


def _is_running(child: subprocess.Popen[bytes]) -> bool:
    return child.poll() is None


def _listen(
    child: subprocess.Popen[bytes], job: Mapping[str, Any], start: _Start, check: Callable[[int], None]
) -> None:
    assert child.stdout is not None
    send_job(child, job)
    with child.stdout:
        for event in events_of(child):
            start.loading = start.loading or event["event"] == "started"
            if event["event"] == "ready":
                try:
                    check(event["port"])
                except RunError as error:
                    event = {"event": "failed", "type": "RunError", "message": str(error)}
            if event["event"] in ("ready", "failed"):
                start.event = event
                start.settled.set()
    start.event = start.event or {"event": "ended"}
    start.settled.set()


def _end(child: subprocess.Popen[bytes], log: IO[bytes], folder: str, owner: int) -> None:
    if os.getpid() != owner:  # a fork must not end its parent's server
        return
    lifeline.end(child)
    shutil.rmtree(folder, ignore_errors=True)
    assert child.stdin is not None
    with contextlib.suppress(OSError):
        child.stdin.close()
    log.close()
