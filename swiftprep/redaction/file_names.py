"""Removal of private content from file names."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

# What a part of a path must contain to hold anything private; most parts are ruled out by this at once.
_MAY_HOLD = re.compile(r"[^\x00-\x7f]|[=@:]|[\w-]{16}|\d{11}")


@lru_cache(maxsize=4096)
def without_private_name(path: str) -> str:
    """Return the path of a file with private content in its names replaced; folders and suffixes stay.

    A hash of the whole name distinguishes names that would become equal.

    >>> without_private_name("src/password=Tr0ub" + "4dor3.vue")
    'src/password=REDACTED_PASSWORD-2ebdbba0.vue'
    """
    if not any(map(str.isdigit, path)):
        return path
    return "/".join(_without_private_part(part) for part in path.split("/"))


def _without_private_part(part: str) -> str:
    stem, dot, suffix = part.rpartition(".") if "." in part[1:] else (part, "", "")
    if not _MAY_HOLD.search(stem):
        return part
    from swiftprep.redaction.private import without_private  # slow to load, and most trees do without it

    redacted, findings = without_private(stem)
    digest = hashlib.blake2b(part.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
    return f"{redacted}-{digest}{dot}{suffix}" if findings else part
