"""The task that worker processes run on a file; the parsers are imported only there."""

from __future__ import annotations

from swiftprep.scan.file_record import File, FileRecord, Job


def read_in_worker(job: Job, file: File) -> FileRecord | None:
    """Return the result of `read_file`, or of `read_compiled` for a file that was rejected."""
    from swiftprep.scan.one_file import read_file  # importing it takes longer than scanning a small tree

    if file.refused:
        from swiftprep.scan.compiled_file import read_compiled

        return read_compiled(job, file.path, (file.refused[0], file.refused[1]))
    return read_file(job, file.path, file.known)
