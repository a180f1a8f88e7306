"""Find the npm packages of a tree through their `package.json` files."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from swiftprep.scan.source_file import read_bytes
from swiftprep.streams import get_logger
from swiftprep.text.json_text import read_json

logger = get_logger(__name__)

_DEEPEST = 3  # levels below the root


def packages_of(root: Path) -> dict[str, str]:
    """Return the tree's package names with their folders, those nearest the root first.

    Links are not followed and special files are skipped; an unreadable `package.json` gives a warning.
    """
    folders: dict[str, str] = {}
    level = [""]
    for _ in range(_DEEPEST + 1):
        for folder in level:
            name = read_package(root, folder).get("name")
            if isinstance(name, str) and name:
                folders.setdefault(name, folder)
        level = [below for folder in level for below in _folders(root, folder)]
    return folders


def nearest_package(root: Path) -> dict[str, Any]:
    """Return the content of the nearest `package.json`, in the folder or above it; an empty dict if there is none.

    The search ends at the root of the repository, the folder that holds `.git`.
    """
    folder = root.resolve()
    for place in (folder, *folder.parents):
        if (place / "package.json").is_file():
            return read_package(place, "")
        if (place / ".git").exists():
            break
    return {}


def read_package(root: Path, folder: str) -> dict[str, Any]:
    """Return the content of `root/folder/package.json`, or an empty dict if it is missing or no object."""
    data = read_bytes(root, os.path.join(folder, "package.json"))
    if isinstance(data, bytes):
        with suppress(ValueError):
            content = read_json(data)
            return content if isinstance(content, dict) else {}
    elif data.reason in ("unreadable", "too-large") and os.path.lexists(os.path.join(root, folder, "package.json")):
        _tell_unread(os.path.join(root, folder, "package.json"), data.detail)
    return {}


@lru_cache(maxsize=1024)  # warn once
def _tell_unread(path: str, why: str) -> None:
    logger.warning(
        "%s: cannot be read (%s): its package name and Vue version are unknown (无法读取 package.json)",
        path,
        why,
    )


def _folders(root: Path, folder: str) -> list[str]:
    try:
        with os.scandir(os.path.join(root, folder)) as listing:
            names = [entry.name for entry in listing if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return [f"{folder}/{name}" if folder else name for name in sorted(names) if name not in ("node_modules", ".git")]
