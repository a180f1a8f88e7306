"""Register the servers this process has started, with the keys that clients need."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


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


def running_at(base_url: str) -> Near | None:
    """Return the server of ours that runs at an address; `None` when there is none, or it has ended."""
    server = _servers.get(base_url)
    return server if server is not None and server.is_running() else None
