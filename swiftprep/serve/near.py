"""Register the servers this process has started, with the keys that clients need."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from swiftprep.errors import TeacherError


class ServerKey(str):
    """The key of a server, hidden in its repr, as ms-swift, for one, logs all its arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Near(NamedTuple):
    """A server that this process has started.

    Attributes:
        key: The key it requires.
        is_running: Tells whether it still runs; its port may belong to another process later.
    """

    key: ServerKey
    is_running: Callable[[], bool]


_servers: dict[str, Near] = {}


def add(base_url: str, server: Near) -> None:
    """Register a server, replacing an earlier one at the same address."""
    _servers[base_url] = server


def key_of(base_url: str) -> ServerKey:
    """Return the key of the server at an address; an empty one if it is not ours."""
    return _servers[base_url].key if base_url in _servers else ServerKey()


def check(base_url: str) -> None:
    """Make sure that a server of ours still runs; else another process on its port would get the request.

    Raises:
        TeacherError: it has ended; of kind `"no-server"`.
    """
    if base_url in _servers and not _servers[base_url].is_running():
        raise TeacherError(f"the server at {base_url} has ended (该模型服务已结束)", kind="no-server")
