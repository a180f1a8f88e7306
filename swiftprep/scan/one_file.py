"""Read one file into a `FileRecord` of packed bytes; this runs in the worker processes."""

from __future__ import annotations

from typing import Any

import orjson

from swiftprep.catalog.python_java.java_api import java_api
from swiftprep.catalog.python_java.python_api import python_api
from swiftprep.catalog.python_java.units import java_units, python_units
from swiftprep.catalog.python_java.units import members as members_of
from swiftprep.catalog.vue.facts import SCRIPTS, CutPlaces, read_script, read_vue, suffix_of
from swiftprep.catalog.vue.module import SourcePiece
from swiftprep.catalog.witnesses.markdown import api_tables
from swiftprep.records import Reject
from swiftprep.redaction.private import without_private
from swiftprep.scan.file_record import DOCS, FileRecord, Job, reject, shown_name
from swiftprep.scan.kinds import SampleBuilder, is_only_imports
from swiftprep.scan.licences import allowed, read_licence
from swiftprep.scan.set_aside import NOTE
from swiftprep.scan.source_file import SAYS, read_source
from swiftprep.scan.split import signature

_NOT_READ = ("unreadable", "symlink", "not-a-file")


def read_file(job: Job, path: str, known: str = "") -> FileRecord | None:
    """Read a file, replace its secrets, parse it and make its samples; None if its hash equals `known`."""
    place = job.roots.place(path)
    source, marked = read_source(*place), ""
    if isinstance(source, Reject) and source.detail.startswith(SAYS) and suffix_of(path) in (".vue", *SCRIPTS):
        whole = read_source(*place, keep_generated=True)
        if not isinstance(whole, Reject):
            marked, source = source.detail, whole
    if isinstance(source, Reject):
        return reject(source.reason, source.detail, "" if source.reason in _NOT_READ else source.reason)
    if source.sha == known:
        return None
    name = shown_name(path, job)
    if suffix_of(path) in DOCS:
        return FileRecord(source.sha, b"{}", _docs(source.text, name, job))
    stated = read_licence(source.text)
    licence = stated.licence
    if job.is_sampled(path) and job.licences is not None and not allowed(licence, job.licences):
        return reject("licence", f'{licence} is not allowed; it says "{stated.words}"', source.sha)
    text, findings = without_private(source.text, name) if job.redact else (source.text, [])
    facts, shape = _parse(text.encode("utf-8", "replace"), name)
    if marked:
        return reject("generated", marked + NOTE, source.sha, orjson.dumps(facts))
    if not job.is_sampled(path):
        return FileRecord(source.sha, b"{}", orjson.dumps(facts))
    samples = SampleBuilder(job.wanted, name, text, facts, shape).make()
    if not samples.rows:
        if samples.dropped:
            size = max(size or 0 for _, _, size in samples.dropped)
            detail = f"{size} tokens, more than {job.wanted.max_tokens}, and it cannot be cut (过长且无法切分)"
            return reject("too-long", detail, source.sha, orjson.dumps(facts))
        if any(task.kind != "api" for task in job.wanted.tasks):
            detail = (
                "it only imports and exports what other files define (只有导入和转出，没有自己的内容)"
                if is_only_imports(shape, text.encode("utf-8", "replace"))
                else "none of the sample kinds fits this file (没有适合这个文件的样本种类)"
            )
            return reject("no-sample", detail, source.sha, orjson.dumps(facts))
    head: dict[str, Any] = {
        "encoding": source.encoding,
        "licence": licence,
        "findings": [[finding.line, finding.kind] for finding in findings],
        "errors": facts.pop("errors", []),
        "notes": facts.pop("notes", []),
        "dropped": samples.dropped,
    }
    return FileRecord(source.sha, orjson.dumps(head), orjson.dumps(facts), orjson.dumps(samples.rows), signature(text))


def _docs(text: str, name: str, job: Job) -> bytes:
    """Return the tables of API in a page, as JSON; `b""` without one."""
    tables = api_tables(text)
    if tables and job.redact:
        tables = api_tables(without_private(text, name)[0])
    return orjson.dumps(tables) if tables else b""


def _parse(source: bytes, path: str) -> tuple[dict[str, Any], CutPlaces]:
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
        inner = (
            tuple(SourcePiece(m.start, m.end, "member") for m in members_of(source, unit))
            if unit.kind == "class"
            else ()
        )
        pieces.append(SourcePiece(unit.start, unit.end, unit.kind, inner))
    return facts, CutPlaces([], pieces, [])
