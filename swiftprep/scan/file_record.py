"""What a scan knows of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from swiftprep.catalog.vue.facts import SCRIPTS
from swiftprep.process.worker_child import Lost
from swiftprep.redaction.file_names import without_private_name
from swiftprep.scan.kinds import SampleSpec

SUFFIXES = (".vue", *SCRIPTS, ".py", ".java")


@dataclass(frozen=True, slots=True)
class Job:
    """What to do with every file.

    Attributes:
        root: The scanned folder.
        wanted: The samples to make.
        suffixes: Endings of the files to make samples of; of others only the facts are read.
        licences: The SPDX ids that are allowed, or None for all.
        redact: Whether secrets are replaced.
    """

    root: str
    wanted: SampleSpec
    suffixes: tuple[str, ...] = SUFFIXES
    licences: frozenset[str] | None = None
    redact: bool = True


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What came of one file.

    Attributes:
        sha: Hash of its bytes, or why they are of no use; `""` when it could not be read, so it must be tried again.
        head: JSON: `reject`, or `encoding`, `licence`, `findings`, `errors`, `notes`, `dropped`.
        facts: JSON of what it says, for the catalogue; of a reject, where no more than its samples were at fault.
        rows: JSON of its samples.
        signature: For finding near copies.
    """

    sha: str
    head: bytes
    facts: bytes = b""
    rows: bytes = b""
    signature: bytes = b""


def readable(name: str) -> str:
    """Return a file name as valid text: bytes of it that are no UTF-8 become U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def shown_name(path: str, job: Job) -> str:
    """Return how a file is called wherever its name is shown: as valid text, without the secrets in it."""
    return without_private_name(readable(path)) if job.redact else readable(path)


class File(NamedTuple):
    """A file to read in a worker.

    Attributes:
        path: Relative to the root.
        known: Hash of what is known of it.
        size: In bytes.
    """

    path: str
    known: str
    size: int


def not_parsed(lost: Lost) -> FileRecord:
    """Return what stands for a file that a worker could not read to its end."""
    raised = {
        "seconds": "; file_seconds= gives it more (解析超时)",
        "memory_mb": "; file_memory_mb= gives it more (内存不足)",
    }
    return reject("not-parsed", lost.reason + raised.get(lost.over, ""))


def reject(reason: str, detail: str, sha: str = "", facts: bytes = b"") -> FileRecord:
    """Return what stands for a file that is left out."""
    return FileRecord(sha, orjson.dumps({"reject": [reason, readable(detail)]}), facts)
