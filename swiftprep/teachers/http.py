"""Call one HTTP endpoint with its key and deadline, and no other host."""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import os
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from swiftprep.errors import ConfigError, MissingDependencyError, TeacherError
from swiftprep.serve import near
from swiftprep.withheld import (
    MARGIN,
    shown,
    withhold_url,
    withhold_variable,
    without_half_secret,
    without_secrets_in_bytes,
)

LARGEST = 32 * 2**20  # bytes read of an answer
LARGEST_ERROR = 64 * 2**10  # bytes read of an error


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response without secrets; `is_cut`: it is an error of which only the beginning was read."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    is_cut: bool = False


class _Secret(str):
    """A text that is not shown even where local variables are printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Endpoint:
    """Calls to one base URL."""

    def __init__(self, base_url: str, api_key_env: str | None, deadline: float) -> None:
        self._base_url = base_url
        self._api_key_env = api_key_env
        self._deadline = deadline
        self._near = near.running_at(base_url)
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[Any, _Proxy]] = WeakKeyDictionary()
        if api_key_env is not None:
            withhold_variable(api_key_env)

    def check(self) -> None:
        """Raise `ConfigError` when the key is missing or malformed."""
        self._key()

    def _key(self) -> _Secret:
        if self._api_key_env is None:
            return _Secret(self._near.key if self._near else "")
        key = _Secret(os.environ.get(self._api_key_env, "").strip())
        if not key:
            raise ConfigError(
                f"the environment variable {self._api_key_env} is not set; set it to the teacher's key "
                f"(请将密钥写入环境变量 {self._api_key_env})"
            )
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ConfigError(
                f"the value of the environment variable {self._api_key_env} cannot be a key: it has white space or "
                "characters that are not ASCII (环境变量中的密钥含有空白或非 ASCII 字符)"
            )
        return key

    def _headers(self, *, is_json: bool) -> dict[str, str]:
        key = self._key()
        headers = {"Accept": "application/json, text/event-stream"}
        if is_json:
            headers["Content-Type"] = "application/json"
        return {**headers, "Authorization": _Secret(f"Bearer {key}")} if key else headers

    def _connect(self) -> tuple[Any, _Proxy]:
        """Return the session of this event loop, and the proxy; a session works in one loop only."""
        try:
            import aiohttp
        except ImportError:
            raise MissingDependencyError(
                "a teacher over HTTP needs aiohttp: pip install aiohttp (请先安装 aiohttp)"
            ) from None
        loop = asyncio.get_running_loop()
        if loop not in self._sessions:
            timeout = aiohttp.ClientTimeout(total=self._deadline, sock_connect=min(30.0, self._deadline))
            session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout)
            self._sessions[loop] = session, _proxy(self._base_url)
        return self._sessions[loop]

    async def post(self, path: str, body: Any, *, largest: int | None = None) -> Response:
        """Send a body and return the response; an answer of more than `largest` bytes is refused.

        Raises:
            TeacherError: of kind `"connection"`, `"deadline"`, or `"bad-body"` when the response breaks off.
        """
        return await self.call("POST", path, body, largest=largest)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        largest: int | None = None,
        take: Callable[[bytes], bool] | None = None,
    ) -> Response:
        """Send a request with any method, like `post`.

        Args:
            method: HTTP method, such as `"GET"`.
            path: Path to append to the base URL.
            body: Bytes, or a form with files.
            largest: Bytes an answer may have.
            take: Called with each piece of an answer as it arrives; returns whether to go on. The response's body is
                empty then, unless it is an error.
        """
        import aiohttp

        if self._near and not self._near.is_running():  # another process may have its port by now
            raise TeacherError(f"the server at {self._base_url} has ended (该模型服务已结束)", kind="no-server")
        session, proxy = self._connect()
        headers = self._headers(is_json=isinstance(body, bytes))
        # Credentials for a proxy go into the request or, if that is encrypted, into the CONNECT before it.
        for_proxy = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
        is_encrypted = self._base_url.startswith("https:")
        most = largest or LARGEST
        received = bytearray()
        status: int | None = None
        failure: TeacherError
        try:
            async with session.request(
                method,
                self._base_url + path,
                data=body,
                headers=headers if is_encrypted else {**headers, **for_proxy},
                allow_redirects=False,
                proxy=proxy.url,
                proxy_headers=for_proxy if is_encrypted and for_proxy else None,
            ) as response:
                status = response.status
                is_error = status not in (200, 201)
                async for chunk in response.content.iter_any():
                    if take is not None and not is_error:
                        if take(chunk):
                            continue
                        break
                    received += chunk
                    if is_error and len(received) > LARGEST_ERROR:
                        break
                    if len(received) > most:
                        raise TeacherError(too_large(most), kind="bad-body", status=status, tokens=None)
                received_headers = {name: shown(value) for name, value in response.headers.items()}
                return Response(status, received_headers, *_beginning(received, is_error))
        except TeacherError as error:
            failure = error
        except asyncio.TimeoutError:
            message = f"no complete answer within {self._deadline:g} s (回答超时)"
            failure = TeacherError(message, kind="deadline", status=status, tokens=None)
        except (aiohttp.ClientError, ConnectionError, OSError, ValueError) as error:
            kind = "connection" if status is None else "bad-body"
            # Some errors quote the URL of a proxy, which may hold a password.
            says = "" if isinstance(error, aiohttp.InvalidURL) else f": {error}"
            message = shown(f"{type(error).__name__}{says}")[:500]
            failure = TeacherError(message, kind=kind, status=status, tokens=None if status == 200 else (0, 0))
        failure.body = without_half_secret(_beginning(received, is_error=True)[0])
        received.clear()  # or it would show among the local variables of a traceback
        raise failure

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


@dataclass(frozen=True, slots=True)
class _Proxy:
    """A proxy with its credentials in a header; a password in the URL would show in every error."""

    url: str | None = None
    authorization: str = ""


def _proxy(url: str) -> _Proxy:
    """Return the proxy the environment sets for a URL, as `urllib` reads it."""
    parts = urlsplit(url)
    if not parts.hostname or is_loopback(parts.hostname) or urllib.request.proxy_bypass(parts.hostname):
        return _Proxy()
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy is None or "@" not in proxy:
        return _Proxy(proxy)
    withhold_url(proxy)
    who, _, where = proxy.rpartition("@")
    scheme, mark, who = who.partition("://") if "://" in who else ("", "", who)
    user, _, password = who.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode("utf-8", "replace")
    return _Proxy(f"{scheme}{mark}{where}", _Secret(f"Basic {base64.b64encode(pair).decode()}"))


def _beginning(received: bytearray, is_error: bool) -> tuple[bytes, bool]:
    """Return a body without secrets, and whether it is cut off: an answer is kept whole, an error up to 64 KB.

    A key split by the cut could not be recognised, so the cut leaves a margin.
    """
    if not is_error or len(received) <= LARGEST_ERROR:
        return without_secrets_in_bytes(bytes(received)), False
    kept = without_secrets_in_bytes(bytes(received[: LARGEST_ERROR + MARGIN]))
    return kept[: min(LARGEST_ERROR, max(0, len(kept) - MARGIN))], True


def too_large(most: int) -> str:
    """Return the message for an answer of more than `most` bytes."""
    return (
        f"the answer is larger than {most / 2**20:.3g} MB, more than its `max_tokens` can fill "
        "(回答的大小超出了 max_tokens 的上限)"
    )
