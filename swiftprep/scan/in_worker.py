"""The task that worker processes run on a file; the parsers are imported only there."""

from __future__ import annotations

from swiftprep.scan.file_record import File, FileRecord, Job


def read_in_worker(job: Job, file: File) -> FileRecord | None:
    """Return the result of `read_file`."""
    from swiftprep.scan.one_file import read_file  # importing it takes longer than scanning a small tree

    return read_file(job, file.path, file.known)
