"""The lines of a tree's `.gitignore`, or why what it leaves out cannot be known: then its whole folder is left out."""

from __future__ import annotations

import os
import re
from pathlib import Path

from swiftprep.records import Reject
from swiftprep.scan.source_file import read_bytes
from swiftprep.streams import get_logger

logger = get_logger(__name__)

LONGEST_GLOB = 4_096  # bytes, as many as the longest path of Linux has
SPECIAL = re.compile(rb"[*?\[\\]")
_MAX_IGNORE_BYTES = 10_000_000
_MOST_GLOBS = 20_000  # bytes of those in one file; a tree that leaves out more leaves out all
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def ignore_lines(root: Path, prefix: str) -> tuple[list[bytes], str]:
    """Return the lines of a folder's `.gitignore`, and the name to report them by.

    Args:
        root: The folder that is walked.
        prefix: The folder below it, with a slash at its end, or `""`.
    """
    name = f"{prefix}.gitignore"
    data = read_bytes(root, name, max_bytes=_MAX_IGNORE_BYTES)
    if isinstance(data, Reject):
        # git, too, goes on without one that is a link or no file. What one forbids to read is for its owner to say.
        if data.reason in ("symlink", "not-a-file") or not os.path.lexists(root / name):
            return [], name
        return [b"*"], f"{name}, which cannot be read: {data.detail} (无法读取，所在文件夹已整个忽略)"
    if data.startswith(_UTF_16):
        logger.warning(
            "%s: is UTF-16, of which git reads nothing, and neither does the scan: what it names is not left out; "
            "save it as UTF-8 (编码为 UTF-16，与 git 一样不生效，请另存为 UTF-8)",
            root / name,
        )
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if sum(len(line) for line in lines if SPECIAL.search(line) and len(line) <= LONGEST_GLOB) > _MOST_GLOBS:
        return [b"*"], f"{name}, whose globs are too many to be read (通配规则过多)"
    return lines, name
