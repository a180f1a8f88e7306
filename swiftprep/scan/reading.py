"""One file → everything the scan needs of it, packed as bytes: what runs in the worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from swiftprep.catalog.facts import SCRIPTS, Shape, read_script, read_vue, suffix_of
from swiftprep.catalog.java_code import java_api
from swiftprep.catalog.module import Piece
from swiftprep.catalog.python_code import python_api
from swiftprep.catalog.units import java_units, python_units
from swiftprep.catalog.units import members as members_of
from swiftprep.records import Reject
from swiftprep.scan.files import read_source
from swiftprep.scan.kinds import Maker, Wanted
from swiftprep.scan.licences import allowed, read_licence
from swiftprep.scan.secrets import redact
from swiftprep.scan.split import signature
from swiftprep.workers import Guarded, Limits, Lost

_NOT_READ = ("unreadable", "symlink", "not-a-file")
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
    wanted: Wanted
    suffixes: tuple[str, ...] = SUFFIXES
    licences: frozenset[str] | None = None
    redact: bool = True


@dataclass(frozen=True, slots=True)
class Record:
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


def in_worker(job: Job, limits: Limits) -> Guarded[File, Record | None]:
    """Return what does with a file what `read_file` does."""
    return Guarded(partial(_read, job), limits=limits, size=attrgetter("size"))


def _read(job: Job, file: File) -> Record | None:
    return read_file(job, file.path, file.known)


def not_parsed(lost: Lost) -> Record:
    """Return what stands for a file that a worker could not read to its end."""
    raised = {
        "seconds": "; file_seconds= gives it more (解析超时)",
        "memory_mb": "; file_memory_mb= gives it more (内存不足)",
    }
    return _reject("not-parsed", lost.reason + raised.get(lost.over, ""))


def read_file(job: Job, path: str, known: str = "") -> Record | None:
    """Read a file, find its secrets, parse it and make its samples; None when its hash is `known`."""
    source = read_source(Path(job.root), path)
    if isinstance(source, Reject):
        return _reject(source.reason, source.detail, "" if source.reason in _NOT_READ else source.reason)
    if source.sha == known:
        return None
    stated = read_licence(source.text)
    licence = stated.licence
    if job.licences is not None and not allowed(licence, job.licences):
        return _reject("licence", f'{licence} is not allowed; it says "{stated.words}"', source.sha)
    name = readable(path)
    text, findings = redact(source.text, name) if job.redact else (source.text, [])
    facts, shape = _parse(text.encode("utf-8", "replace"), name)
    if not path.lower().endswith(job.suffixes):
        return Record(source.sha, b"{}", orjson.dumps(facts))
    made = Maker(job.wanted, name, text, facts, shape).make()
    if not made.rows:
        if made.dropped:
            size = max(size or 0 for _, _, size in made.dropped)
            detail = f"{size} tokens, more than {job.wanted.max_tokens}, and nothing to cut"
            return _reject("too-long", detail, source.sha, orjson.dumps(facts))
        if any(task.kind != "api" for task in job.wanted.tasks):
            detail = "none of the kinds of samples makes a prompt and an answer of it"
            return _reject("no-sample", detail, source.sha, orjson.dumps(facts))
    head: dict[str, Any] = {
        "encoding": source.encoding,
        "licence": licence,
        "findings": [[finding.line, finding.kind] for finding in findings],
        "errors": facts.pop("errors", []),
        "notes": facts.pop("notes", []),
        "dropped": made.dropped,
    }
    return Record(source.sha, orjson.dumps(head), orjson.dumps(facts), orjson.dumps(made.rows), signature(text))


def _reject(reason: str, detail: str, sha: str = "", facts: bytes = b"") -> Record:
    return Record(sha, orjson.dumps({"reject": [reason, readable(detail)]}), facts)


def _parse(source: bytes, path: str) -> tuple[dict[str, Any], Shape]:
    suffix = suffix_of(path)
    if suffix == ".vue":
        return read_vue(source, path)
    if suffix in SCRIPTS:
        return read_script(source, path)
    api, units = (python_api, python_units) if suffix == ".py" else (java_api, java_units)
    entries, errors = api(source, path)
    facts: dict[str, Any] = {"entries": entries} if entries else {}
    if errors:
        facts["errors"] = [[line, "syntax error"] for line in errors[:20]]
    pieces = []
    for unit in units(source):
        inner = tuple(Piece(m.start, m.end, "member") for m in members_of(source, unit)) if unit.kind == "class" else ()
        pieces.append(Piece(unit.start, unit.end, unit.kind, inner))
    return facts, Shape([], pieces, [])
