"""The servers that this process has started on this machine: what whoever asks one of them has to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from swiftprep.errors import TeacherError


class Key(str):
    """The key of a server, which does not show itself: ms-swift, for one, logs all its arguments."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


class Near(NamedTuple):
    """One of them.

    Attributes:
        key: It answers nobody without it.
        is_running: Tells whether it is still there; its port may be another's later.
    """

    key: Key
    is_running: Callable[[], bool]


_servers: dict[str, Near] = {}


def add(base_url: str, server: Near) -> None:
    """Make one known, in place of an earlier one of the same address."""
    _servers[base_url] = server


def key_of(base_url: str) -> Key:
    """Return the key of the server at an address; an empty one when it is none of ours."""
    return _servers[base_url].key if base_url in _servers else Key()


def check(base_url: str) -> None:
    """Make sure that a server of ours still runs: else whoever has its port now would get the question.

    Raises:
        TeacherError: it has ended; of kind `"no-server"`.
    """
    if base_url in _servers and not _servers[base_url].is_running():
        raise TeacherError(f"the server at {base_url} has ended (该模型服务已结束)", kind="no-server")
