"""Read the lines of a `.gitignore`; if it cannot be used, its whole folder is ignored."""

from __future__ import annotations

import os
import re
from pathlib import Path

from swiftprep.records import Reject
from swiftprep.scan.source_file import read_bytes
from swiftprep.streams import get_logger

logger = get_logger(__name__)

LONGEST_GLOB = 4_096  # bytes, the length of the longest path on Linux
SPECIAL = re.compile(rb"[*?\[\\]")
_MAX_IGNORE_BYTES = 10_000_000
_MOST_GLOBS = 20_000  # bytes of globs in one file; beyond that, its whole folder is ignored
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def ignore_lines(root: Path, prefix: str) -> tuple[list[bytes], str]:
    """Return the lines of a folder's `.gitignore`, and the name to report them by.

    Args:
        root: The folder being walked.
        prefix: The folder within it, with a slash at the end, or `""`.
    """
    name = f"{prefix}.gitignore"
    data = read_bytes(root, name, max_bytes=_MAX_IGNORE_BYTES)
    if isinstance(data, Reject):
        # Like git, skip one that is a link or not a file. An unreadable one may list private files, so all are ignored.
        if data.reason in ("symlink", "not-a-file") or not os.path.lexists(root / name):
            return [], name
        return [b"*"], f"{name}, which cannot be read: {data.detail} (无法读取，所在文件夹已整个忽略)"
    if data.startswith(_UTF_16):
        logger.warning(
            "%s: is UTF-16, of which git reads nothing, and neither does the scan: nothing in it is ignored; "
            "save it as UTF-8 (编码为 UTF-16，与 git 一样不生效，请另存为 UTF-8)",
            root / name,
        )
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if sum(len(line) for line in lines if SPECIAL.search(line) and len(line) <= LONGEST_GLOB) > _MOST_GLOBS:
        return [b"*"], f"{name}, which has too many globs to read (通配规则过多)"
    return lines, name
