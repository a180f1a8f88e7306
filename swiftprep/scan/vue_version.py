"""The version of Vue that a code base is written for, as its `package.json` says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from swiftprep.scan.packages import read_package

USUAL = "2.7"  # where nothing says that it is Vue 3
_DEPENDENCIES = ("dependencies", "peerDependencies", "devDependencies")
_RANGE = re.compile(r"\s*(?:npm:vue@[\^~=v>\s]*|[\^~=v>][\^~=v>\s]*)?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?![\w])")


def vue_version_of(root: Path) -> str:
    """Return the version of Vue in the nearest `package.json`, of the folder or above it, where that is a Vue 3.

    Where it is another Vue, both, or not told, the version is the usual one. Beyond a repository's own folder, which
    holds `.git`, nothing is looked for.
    """
    folder = root.resolve()
    for place in (folder, *folder.parents):
        if (place / "package.json").is_file():
            return _version(read_package(place, ""))
        if (place / ".git").exists():
            break
    return USUAL


def _version(package: dict[str, Any]) -> str:
    for key in _DEPENDENCIES:
        wanted = package.get(key)
        if isinstance(wanted, dict) and isinstance(wanted.get("vue"), str):
            return vue_3_of(wanted["vue"]) or USUAL
    return USUAL


def vue_3_of(versions: str) -> str:
    """Return the lowest Vue 3 that a range of versions allows, or `""` when it allows others too.

    >>> vue_3_of("^3.4.21"), vue_3_of("3.x"), vue_3_of("^2.7.0 || ^3.0.0"), vue_3_of("latest")
    ('3.4', '3', '', '')
    """
    matches = [_RANGE.match(part) for part in versions.split("||")]
    if not all(match and match[1] == "3" for match in matches):
        return ""
    lowest = min((int(match[2] or 0), match[2]) for match in matches if match)
    return "3" if lowest[1] is None else f"3.{lowest[1]}"
