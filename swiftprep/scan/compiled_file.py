"""Read a compiled, minified or very large file for the catalogue only; this runs in the worker processes."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import Any

import orjson

from swiftprep.catalog.vue.facts import SCRIPTS, read_script, read_vue, suffix_of
from swiftprep.records import Reject
from swiftprep.redaction.private import without_private
from swiftprep.scan.file_record import FileRecord, Job, reject, shown_name
from swiftprep.scan.licences import allowed, read_licence
from swiftprep.scan.source_file import read_source
from swiftprep.scan.source_map import original_sources

MAX_BYTES = 5_000_000
_OF_SAMPLES = ("errors", "notes")  # what a person may want to mend, which is not this file


def read_compiled(job: Job, path: str, refused: tuple[str, str]) -> FileRecord:
    """Return the record of a file that makes no samples, with its facts or those of the sources in its source map.

    Args:
        job: The settings of the scan.
        path: The file.
        refused: The reason and the detail of its reject.
    """
    root, relative = job.roots.place(path)
    source = read_source(root, relative, max_bytes=MAX_BYTES, keep_generated=True, keep_minified=True)
    if isinstance(source, Reject):
        return reject(source.reason, source.detail)
    if (
        job.is_sampled(path)
        and job.licences is not None
        and not allowed(read_licence(source.text).licence, job.licences)
    ):
        return reject(*refused, source.sha)
    above = path.removesuffix(relative)
    originals = original_sources(root, relative, source.text, package=_package(root, relative))
    inner = {shown_name(above + name, job): _facts(job, above + name, text) for name, text in originals.items()}
    if not inner:
        facts = {**_facts(job, path, source.text), "compiled": True}
        facts.pop("uses", None)
        return reject(*refused, source.sha, orjson.dumps(facts))
    facts = _redirect(shown_name(path, job), next(iter(inner))) if len(inner) == 1 else {"compiled": True}
    record = reject(*refused, source.sha, orjson.dumps(facts))
    return FileRecord(record.sha, record.head, record.facts, inner=orjson.dumps(inner))


def _facts(job: Job, path: str, text: str) -> dict[str, Any]:
    name = shown_name(path, job)
    if job.redact:
        text, _ = without_private(text, name)
    source, suffix = text.encode("utf-8", "replace"), suffix_of(name)
    facts: dict[str, Any] = {}
    if suffix in (".vue", *SCRIPTS):
        facts, _ = (read_vue if suffix == ".vue" else read_script)(source, name)
    return {key: value for key, value in facts.items() if key not in _OF_SAMPLES}


def _redirect(path: str, target: str) -> dict[str, Any]:
    """Return the facts of a module that exports what another one does."""
    module = posixpath.relpath(target, posixpath.dirname(path) or ".")
    module = module if module.startswith("..") else f"./{module}"
    return {"imports": {"*map": [module, "default"]}, "exports": {"default": ["i", "*map"]}, "stars": [module]}


def _package(root: Path, path: str) -> str:
    """Return the nearest folder above a file with a `package.json`, relative to the root."""
    folder = posixpath.dirname(path)
    while folder and not os.path.isfile(os.path.join(root, folder, "package.json")):
        folder = posixpath.dirname(folder)
    return folder
