"""Authorise requests to a server on this machine by its key and its `Host` header.

The key keeps out other users of the machine; the `Host` check keeps out web pages with a host name that resolves to
this machine (DNS rebinding). Both servers listen on a socket that is bound before its port is published.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

HOST = "127.0.0.1"
LARGEST = 64 << 20  # bytes of a request
_PASSED_ON = ("Content-Type", "Authorization", "Accept")
_Message = MutableMapping[str, Any]
_App = Callable[[_Message, Callable[[], Awaitable[_Message]], Callable[[_Message], Awaitable[None]]], Awaitable[None]]


class Gate:
    """A socket bound to a free port of 127.0.0.1, and the check that requests to it must pass.

    >>> with Gate("k") as gate:
    ...     here = [f"localhost:{gate.port}"]
    ...     gate.refusal(here, "Bearer k"), gate.refusal(here, "Bearer x"), gate.refusal(["evil.example"], "Bearer k")
    (0, 401, 421)
    """

    def __init__(self, key: str) -> None:
        """Bind the socket.

        Args:
            key: The bearer token that requests must carry.
        """
        self._key = key.encode()
        self.socket = socket.create_server((HOST, 0), backlog=128)
        self.port: int = self.socket.getsockname()[1]

    def refusal(self, hosts: Iterable[str], authorization: str | None) -> int:
        """Return the HTTP status to refuse a request with: 421 for another host, 401 without the key, else 0.

        Args:
            hosts: The request's `Host` headers.
            authorization: The request's `Authorization` header.
        """
        if [host.strip().lower() for host in hosts] not in ([f"{HOST}:{self.port}"], [f"localhost:{self.port}"]):
            return 421
        scheme, _, token = (authorization or "").partition(" ")
        key = token.strip().encode("utf-8", "surrogateescape")
        return 0 if scheme.lower() == "bearer" and secrets.compare_digest(key, self._key) else 401

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()


def guarded(app: _App, gate: Gate) -> _App:
    """Return an ASGI application that passes on to another only what the gate accepts."""

    async def checked(scope: _Message, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        hosts = [value for name, value in headers if name == "host"]
        status = gate.refusal(hosts, dict(headers).get("authorization"))
        if not status:
            await app(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send({"type": "websocket.close", "code": 1008})

    return checked


async def stand_before(address: str, gate: Gate, ready: Callable[[], None]) -> None:
    """Run a proxy that forwards the requests a gate accepts to an HTTP server, until cancelled.

    Args:
        address: Address of the server: the path of a socket, or `http://…`.
        gate: The gate.
        ready: Called once the proxy accepts requests.
    """
    import asyncio

    import aiohttp
    from aiohttp import web

    is_path = not address.startswith("http://")
    # One connection per request: the server may close a kept one just as the next request is sent.
    settings: dict[str, Any] = {"limit": 0, "force_close": True}
    connector = aiohttp.UnixConnector(address, **settings) if is_path else aiohttp.TCPConnector(**settings)
    base = f"http://{HOST}" if is_path else address
    no_limit = aiohttp.ClientTimeout(total=None, sock_read=None)  # the client has its own timeout

    async def pass_on(request: web.Request) -> web.StreamResponse:
        if status := gate.refusal(request.headers.getall("Host", []), request.headers.get("Authorization")):
            return web.Response(status=status)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        body = await request.read()
        async with session.request(request.method, base + request.path_qs, data=body, headers=headers) as answer:
            response = web.StreamResponse(status=answer.status)
            response.content_type = answer.content_type
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            await response.write_eof()
            return response

    async with aiohttp.ClientSession(
        connector=connector, timeout=no_limit, skip_auto_headers=["Accept-Encoding"]
    ) as session:
        app = web.Application(client_max_size=LARGEST)
        app.router.add_route("*", "/{rest:.*}", pass_on)
        runner = web.AppRunner(app, access_log=None, handler_cancellation=True)  # stop when the client disconnects
        await runner.setup()
        try:
            await web.SockSite(runner, gate.socket).start()
            ready()
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()
