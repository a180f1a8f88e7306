"""The record that a scan keeps of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import orjson

from swiftprep.catalog.vue.facts import SCRIPTS
from swiftprep.process.worker_child import Lost
from swiftprep.redaction.file_names import without_private_name
from swiftprep.scan.kinds import SampleSpec
from swiftprep.scan.roots import Roots, readable

SUFFIXES = (".vue", *SCRIPTS, ".py", ".java")
DOCS = (".md", ".markdown")  # read for what they say of components


@dataclass(frozen=True, slots=True)
class Job:
    """The settings for reading every file.

    Attributes:
        roots: The scanned folders.
        wanted: The samples to make.
        suffixes: Endings of the files to make samples of; others are read for their facts only.
        licences: The allowed SPDX ids, or None for all.
        redact: Whether secrets are replaced.
    """

    roots: Roots
    wanted: SampleSpec
    suffixes: tuple[str, ...] = SUFFIXES
    licences: frozenset[str] | None = None
    redact: bool = True

    def is_sampled(self, path: str) -> bool:
        """Return whether samples are made of a file; others are read for their facts only."""
        return path.lower().endswith(self.suffixes) and self.roots.of(path).is_sampled


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The result of reading one file.

    Attributes:
        sha: Hash of its bytes, or the reason they are unusable; `""` if it could not be read, so it is tried again.
        head: JSON: `reject`, or `encoding`, `licence`, `findings`, `errors`, `notes`, `dropped`.
        facts: JSON of its facts for the catalogue; also for a rejected file, if only its samples were the problem.
        rows: JSON of its samples.
        signature: Its MinHash signature, for finding near copies.
        inner: JSON of the facts of each source in its source map, by path.
    """

    sha: str
    head: bytes
    facts: bytes = b""
    rows: bytes = b""
    signature: bytes = b""
    inner: bytes = b""


def shown_name(path: str, job: Job) -> str:
    """Return a file name to show: as valid text, with secrets replaced."""
    return without_private_name(readable(path)) if job.redact else readable(path)


class File(NamedTuple):
    """A file to read in a worker process.

    Attributes:
        path: Relative to the root.
        known: Its cached hash.
        size: In bytes.
        refused: The reason and detail of its reject, to read it for the catalogue only; `()` otherwise.
    """

    path: str
    known: str
    size: int
    refused: tuple[str, ...] = ()


def not_parsed(lost: Lost) -> FileRecord:
    """Return the record of a file that a worker process could not finish."""
    raised = {
        "seconds": "; raise file_seconds= to allow more (解析超时)",
        "memory_mb": "; raise file_memory_mb= to allow more (内存不足)",
    }
    return reject("not-parsed", lost.reason + raised.get(lost.over, ""))


def reject(reason: str, detail: str, sha: str = "", facts: bytes = b"") -> FileRecord:
    """Return the record of a rejected file."""
    return FileRecord(sha, orjson.dumps({"reject": [reason, readable(detail)]}), facts)
