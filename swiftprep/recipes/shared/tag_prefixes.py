"""The prefixes of custom tags in a code base, to propose what its framework may be called."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from swiftprep.errors import DataError
from swiftprep.text.limits import read_within

_MOST_FILES = 500
_MOST_FOLDERS = 5_000
_LARGEST = 1 << 20  # bytes of a file
_PASSED_OVER = {"node_modules", "dist", "build", "bower_components"}
_TAG = re.compile(r"<([a-z]\w*)-[a-z]|<([A-Z][a-z0-9]*)[A-Z]")
_OF_VUE = {"keep", "router", "transition", "font"}  # keep-alive, router-view, transition-group; SVG's font-face


def count_prefixes(folder: Path) -> tuple[int, Counter[str]]:
    """Return the number of `.vue` files read, 500 at most, and for each prefix of tags how many of them use it."""
    count, prefixes = 0, Counter[str]()
    for path in islice(_vue_files(folder), _MOST_FILES):
        try:
            text = read_within(path, _LARGEST).decode("utf-8", "replace")
        except (OSError, DataError):
            continue
        count += 1
        prefixes.update({(kebab or pascal).lower() for kebab, pascal in _TAG.findall(text)} - _OF_VUE)
    return count, prefixes


def proposed_name(folder: Path, prefix: str) -> str:
    """Return what a framework may be called: a dependency that begins with its prefix, else the prefix.

    Without a prefix, it is the name of the code base: that in `package.json`, else that of the folder.
    """
    try:
        package = json.loads(read_within(folder / "package.json", _LARGEST))
        dependencies = [str(name) for name in package.get("dependencies") or {}]
        name = str(package.get("name") or "")
    except (OSError, DataError, ValueError, AttributeError, TypeError, RecursionError):
        dependencies, name = [], ""
    fitting = [each for each in dependencies if prefix and each.rpartition("/")[2].lower().startswith(prefix.lower())]
    return min(fitting, key=len, default="") or prefix or name.rpartition("/")[2] or folder.resolve().name


def _vue_files(folder: Path) -> Iterator[Path]:
    for parent, folders, names in islice(os.walk(folder), _MOST_FOLDERS):
        folders[:] = sorted(name for name in folders if name not in _PASSED_OVER and not name.startswith("."))
        yield from (Path(parent, name) for name in sorted(names) if name.endswith(".vue"))
