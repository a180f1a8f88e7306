"""Read the commit of a tree from the files of its repository.

`git` itself is not run: it would execute programs named in the tree's configuration, and fetch missing objects.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from swiftprep.scan.source_file import read_bytes

_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"ref: (refs/(?:[\w@+=,-][\w.@+=,-]*/)*[\w@+=,-][\w.@+=,-]*)")
_MAX_REFS = 50_000_000  # bytes of `packed-refs`


def commit_of(root: Path) -> str | None:
    """Return the hash of the commit checked out in the repository that contains a folder, or None."""
    folder = root.resolve()
    for place in (folder, *folder.parents):
        if (place / ".git").is_dir():
            return _head(place / ".git")
        if pointer := _line(place, ".git"):  # in a linked work tree or a submodule
            return _head(place / pointer.removeprefix("gitdir:").strip()) if pointer.startswith("gitdir:") else None
    return None


def _head(git: Path) -> str | None:
    head = _line(git, "HEAD")
    if _HASH.fullmatch(head):
        return head
    named = _REF.fullmatch(head)
    if named is None:
        return None
    shared = git / (_line(git, "commondir") or ".")  # in a linked work tree: where the branches are
    for folder in (git, shared):
        if _HASH.fullmatch(commit := _line(folder, named[1])):
            return commit
    packed = read_bytes(shared, "packed-refs", max_bytes=_MAX_REFS)
    lines = packed.split(b"\n") if isinstance(packed, bytes) else []
    wanted = b" " + named[1].encode()
    ref_line = next((line for line in lines if line.endswith(wanted)), b"")
    commit = ref_line[: -len(wanted)].decode("ascii", "replace")
    return commit if _HASH.fullmatch(commit) else None


def _line(folder: Path, name: str) -> str:
    """Return the content of a small one-line file; `""` if there is none."""
    data = read_bytes(folder, os.path.join(*name.split("/")), max_bytes=4096)
    return data.decode("utf-8", "replace").strip() if isinstance(data, bytes) else ""
