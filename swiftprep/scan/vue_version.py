"""Read the version of Vue that a code base is written for from its `package.json`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.scan.packages import nearest_package

USUAL = "2.7"  # unless `package.json` requires Vue 3
_DEPENDENCIES = ("dependencies", "peerDependencies", "devDependencies")
_RANGE = re.compile(r"\s*(?:npm:vue@[\^~=v>\s]*|[\^~=v>][\^~=v>\s]*)?([0-9]{1,9})(?:\.([0-9]{1,9}))?(?![\w])")
_VERSION = re.compile(r"[23](\.[0-9]{1,3}){0,2}")


def checked_version(version: str) -> str:
    """Return a version of Vue that a user gave.

    Raises:
        ConfigError: it is none of Vue 2 or 3.
    """
    text = str(version).strip()
    if not _VERSION.fullmatch(text):
        raise ConfigError(
            f"vue_version={text!r:.100}: expected a version of Vue 2 or 3, such as '2.7' or '3.4' "
            "(应为 Vue 2 或 3 的版本号，如 2.7、3.4)"
        )
    return text


def vue_version_of(root: Path) -> str:
    """Return the version of Vue 3 that the nearest `package.json`, in the folder or above it, requires.

    If that allows other versions, or none is stated, return the usual version. The search ends at the root of the
    repository, the folder that holds `.git`.
    """
    return _version(nearest_package(root))


def _version(package: dict[str, Any]) -> str:
    for key in _DEPENDENCIES:
        wanted = package.get(key)
        if isinstance(wanted, dict) and isinstance(wanted.get("vue"), str):
            return vue_3_of(wanted["vue"]) or USUAL
    return USUAL


def vue_3_of(versions: str) -> str:
    """Return the lowest Vue 3 in a version range, or `""` if the range is not limited to Vue 3.

    >>> vue_3_of("^3.4.21"), vue_3_of("3.x"), vue_3_of("^2.7.0 || ^3.0.0"), vue_3_of("latest")
    ('3.4', '3', '', '')
    """
    matches = [_RANGE.match(part) for part in versions.split("||")]
    if not all(match and match[1] == "3" for match in matches):
        return ""
    lowest = min((int(match[2] or 0), match[2]) for match in matches if match)
    return "3" if lowest[1] is None else f"3.{lowest[1]}"
