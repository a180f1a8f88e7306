"""The prefixes of custom tags in a code base, and what its framework may be called."""

from __future__ import annotations

import re
from collections import Counter
from itertools import islice
from pathlib import Path

from swiftprep.errors import DataError
from swiftprep.scan.file_record import SUFFIXES
from swiftprep.scan.framework import framework_of
from swiftprep.scan.roots import Roots
from swiftprep.scan.walk import FoundFile
from swiftprep.text.limits import read_within

_MOST_FOUND = 20_000  # source files, ignored ones included
_MOST_READ = 500
_LARGEST = 1 << 20  # bytes of a file
_TAG = re.compile(r"<([a-z]\w*)-[a-z]|<([A-Z][a-z0-9]*)[A-Z]")
_OF_VUE = {"keep", "router", "transition", "font"}  # keep-alive, router-view, transition-group; SVG's font-face


def has_sources(folder: Path) -> bool:
    """Return whether a scan of a folder finds a source file."""
    return any(isinstance(item, FoundFile) for item in Roots.given([folder]).walk(SUFFIXES, None))


def look_at(folder: Path) -> tuple[str, int, Counter[str]]:
    """Look through the first source files of a code base, without parsing them.

    Returns:
        The name of its framework as a scan infers it, the number of `.vue` files read, 500 at most, and for each prefix
        of tags how many of them use it.
    """
    roots = Roots.given([folder])
    files = [item for item in islice(roots.walk(SUFFIXES, None), _MOST_FOUND) if isinstance(item, FoundFile)]
    count, prefixes = 0, Counter[str]()
    for file in islice((file for file in files if file.path.endswith(".vue")), _MOST_READ):
        try:
            text = read_within(folder / file.path, _LARGEST).decode("utf-8", "replace")
        except (OSError, DataError):
            continue
        count += 1
        prefixes.update({(kebab or pascal).lower() for kebab, pascal in _TAG.findall(text)} - _OF_VUE)
    return framework_of(roots, files).name, count, prefixes
