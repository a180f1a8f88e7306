"""The process that serves a local model: the only module of this folder that imports ms-swift and xllamacpp.

It is started as `python -m swiftprep.serve.worker`, reads a job (one line of JSON) from standard input, writes events
(JSON lines) to standard output until the server is up, and sends all other output to standard error.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import traceback
from collections.abc import Mapping
from typing import Any

from swiftprep.process.jobs import Emit, event_writer
from swiftprep.serve.gate import HOST, Gate, guarded, stand_before


def serve_gguf(job: Mapping[str, Any], emit: Emit) -> None:
    """Serve a GGUF file with llama.cpp's own server, until the process ends.

    That server listens on a socket in a private folder, behind the gate.

    Args:
        job: `path`, `name`, `context` (tokens per slot), `slots` and `threads` (None: llama.cpp chooses), and the
            server's `served_name`, `api_key` and `folder`.
        emit: Called with `ready` and the `port`.
    """
    import xllamacpp  # type: ignore[import-untyped, unused-ignore]

    gate = Gate(job["api_key"])
    params = xllamacpp.CommonParams()
    params.model.path = job["path"]
    params.model_alias = {job["served_name"]}  # it answers by any name
    # Relative to the folder: the path of a socket may have only about 100 bytes.
    os.chdir(job["folder"])
    params.hostnames = ["llama.sock" if hasattr(socket, "AF_UNIX") else HOST]
    params.port = 0  # any free one
    params.api_keys = [job["api_key"]]
    params.n_parallel = job["slots"]
    params.n_ctx = job["slots"] * job["context"]  # llama.cpp divides it among the slots
    if job["threads"] is not None:
        params.cpuparams.n_threads = job["threads"]
    params.cache_ram_mib = 0  # else up to 8 GB of old prompts are kept
    # No page open in a browser may send requests, and no one may read those of others.
    params.cors_origins = f"http://{HOST}"
    params.endpoint_slots = False
    params.ui = False
    server = xllamacpp.Server(params)
    address = server.listening_address.removeprefix("unix://")
    asyncio.run(stand_before(address, gate, lambda: emit({"event": "ready", "port": gate.port})))


def serve_swift(job: Mapping[str, Any], emit: Emit) -> None:
    """Serve a model with ms-swift's `deploy`, until the process ends.

    It runs in this process, not through `run_deploy`, which starts another one and waits forever if that dies.

    Args:
        job: `arguments` (of ms-swift's `DeployArguments`, by name) and `trust_remote_code`, and the server's `model`,
            `served_name` and `api_key`.
        emit: Called with `started` once the arguments are accepted, and with `ready` and the `port`.
    """
    import uvicorn
    from swift.pipelines.infer.deploy import SwiftDeploy

    gate = Gate(job["api_key"])

    class Deploy(SwiftDeploy):  # type: ignore[misc]
        """`SwiftDeploy` behind the gate, with two names for the model."""

        def _get_model_list(self) -> list[str]:
            return [job["served_name"], job["model"], *super()._get_model_list()[1:]]

        def run(self) -> None:
            self.jsonl_writer = None
            Server(uvicorn.Config(guarded(self.app, gate), log_level="warning")).run(sockets=[gate.socket])

    class Server(uvicorn.Server):
        """`uvicorn.Server` that reports when it is up."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                emit({"event": "ready", "port": gate.port})

    arguments = {**job["arguments"], "host": HOST, "verbose": False, "log_level": "warning", "log_interval": -1}
    deploy = Deploy(_parsed(Deploy.args_class, arguments, job, emit))
    deploy.infer_engine.strict = False  # else a prompt that is too long fails its whole batch
    deploy.main()


def _parsed(kind: Any, arguments: Mapping[str, Any], job: Mapping[str, Any], emit: Emit) -> Any:
    from swift.utils import parse_args

    from swiftprep.models.arguments import to_argv
    from swiftprep.models.guard import NO_TELEMETRY, refuse_remote_code

    os.environ.update(NO_TELEMETRY)
    if not job["trust_remote_code"]:
        refuse_remote_code()
    parsed, rest = parse_args(kind, to_argv(arguments))
    if rest:
        raise ValueError(f"ms-swift does not know {' '.join(rest)}")
    emit({"event": "started"})
    return parsed


def main() -> None:
    """Run the job from standard input; never return."""
    emit = event_writer()  # the servers' own output belongs in the log
    job = json.loads(sys.stdin.buffer.readline() or b"null")
    if job is None:
        sys.exit("the parent sent no job")
    try:
        {"gguf": serve_gguf, "swift": serve_swift}[job["task"]](job, emit)
    except BaseException as error:
        traceback.print_exc()
        emit({"event": "failed", "type": type(error).__name__, "message": str(error)})
    sys.stderr.flush()
    os._exit(1)  # its child processes end with it: see `swiftprep.process.lifeline`


if __name__ == "__main__":
    main()
