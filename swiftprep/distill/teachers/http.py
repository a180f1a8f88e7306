"""One endpoint over HTTP: the key, the deadline, and no host but the one that was named."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

from swiftprep.distill.request import Reply
from swiftprep.distill.teachers import near
from swiftprep.errors import ConfigError, MissingDependencyError, TeacherError

SECRET = 8  # characters from which a key is one; servers without keys are given `none` or `EMPTY`
LARGEST = 32 * 2**20  # bytes of a body that are read


@dataclass(frozen=True, slots=True)
class Response:
    """What came back over HTTP, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _Secret(str):
    """A text that does not show itself, even where local variables are printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Endpoint:
    """Calls to one base URL."""

    def __init__(self, base_url: str, api_key_env: str | None, deadline: float) -> None:
        self._base_url = base_url
        self._api_key_env = api_key_env
        self._deadline = deadline
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Any, str | None]] = WeakKeyDictionary()

    def check(self) -> None:
        """Raise `ConfigError` when there is no key, or none that can be one."""
        self._key()

    def _key(self) -> _Secret:
        if self._api_key_env is None:
            return _Secret(near.key_of(self._base_url))
        key = _Secret(os.environ.get(self._api_key_env, "").strip())
        if not key:
            raise ConfigError(
                f"the environment variable {self._api_key_env} is not set; put the teacher's key into it "
                f"(请设置环境变量 {self._api_key_env})"
            )
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"what is in the environment variable {self._api_key_env} cannot be a key: it has white space or "
                "characters that are not ASCII (环境变量中的密钥格式不正确)"
            )
        return key

    def _headers(self, *, is_json: bool) -> dict[str, str]:
        key = self._key()
        headers = {"Accept": "application/json, text/event-stream"}
        if is_json:
            headers["Content-Type"] = "application/json"
        return {**headers, "Authorization": _Secret(f"Bearer {key}")} if key else headers

    def _connect(self) -> tuple[Any, str | None]:
        """Return the session of this event loop, and the proxy; a session of another loop is of no use."""
        try:
            import aiohttp
        except ImportError:
            raise MissingDependencyError("a teacher over HTTP needs aiohttp: pip install aiohttp") from None
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            timeout = aiohttp.ClientTimeout(total=self._deadline, sock_connect=min(30.0, self._deadline))
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)
            self._sessions[loop] = session, _proxy(self._base_url)
        return self._sessions[loop]

    async def post(self, path: str, body: Any) -> Response:
        """Send a body and return the response.

        Raises:
            TeacherError: there is none: `"connection"`, `"deadline"`, or `"bad-body"` when it breaks off.
        """
        return await self.call("POST", path, body)

    async def call(self, method: str, path: str, body: Any = None, *, largest: int | None = None) -> Response:
        """As `post`, with any method; `body` may be bytes, or a form with files, and `largest` bytes are read."""
        import aiohttp

        near.check(self._base_url)
        session, proxy = self._connect()
        most = largest or LARGEST
        received = bytearray()
        status: int | None = None
        failure: TeacherError
        try:
            async with session.request(
                method,
                self._base_url + path,
                data=body,
                headers=self._headers(is_json=isinstance(body, bytes)),
                allow_redirects=False,
                proxy=proxy,
            ) as response:
                status = response.status
                async for chunk in response.content.iter_any():
                    received += chunk
                    if len(received) > most:
                        raise TeacherError(f"the answer is larger than {most >> 20} MB", kind="bad-body", status=status)
                shown = {name: self._scrubbed_text(value) for name, value in response.headers.items()}
                return Response(status, shown, self._scrub(bytes(received)))
        except TeacherError as error:
            failure = error
        except asyncio.TimeoutError:
            told = f"no whole answer within {self._deadline:g} s"
            failure = TeacherError(told, kind="deadline", status=status, tokens=None)
        except (aiohttp.ClientError, ConnectionError, OSError, ValueError) as error:
            kind = "connection" if status is None else "bad-body"
            # The URL of a proxy, which may hold a password, is in some.
            says = "" if isinstance(error, aiohttp.InvalidURL) else f": {error}"
            told = self._scrubbed_text(f"{type(error).__name__}{says}")[:500]
            failure = TeacherError(told, kind=kind, status=status, tokens=None if status == 200 else (0, 0))
        failure.body = self._scrub(bytes(received[:most]))
        raise failure

    def scrubbed(self, reply: Reply) -> Reply:
        """Return a reply without the key, which an answer put together from pieces may hold."""
        key = self._key()
        if len(key) < SECRET or (key not in reply.content and key not in reply.reasoning):
            return reply
        return replace(reply, content=reply.content.replace(key, "***"), reasoning=reply.reasoning.replace(key, "***"))

    def _scrubbed_text(self, text: str) -> str:
        return self._scrub(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")

    def _scrub(self, body: bytes) -> bytes:
        """Return what came back without the key: some providers show it in their errors."""
        key = self._key()
        for form in {key, quote(key, safe=""), key.replace("/", "\\/")} if len(key) >= SECRET else ():
            body = body.replace(form.encode(), b"***")
        return body

    async def close(self) -> None:
        """Close the connections."""
        session, _ = self._sessions.pop(asyncio.get_running_loop(), (None, None))
        if session is not None:
            await session.close()


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _proxy(url: str) -> str | None:
    """Return the proxy the environment names for a URL, as `urllib` reads it."""
    parts = urlsplit(url)
    if not parts.hostname or is_loopback(parts.hostname) or urllib.request.proxy_bypass(parts.hostname):
        return None
    return urllib.request.getproxies().get(parts.scheme)
