"""What worker processes are given to do with a file. What reads it is loaded there alone."""

from __future__ import annotations

from swiftprep.scan.file_record import File, FileRecord, Job


def read_in_worker(job: Job, file: File) -> FileRecord | None:
    """Return what `read_file` makes of a file."""
    from swiftprep.scan.one_file import read_file  # it takes longer to load than a small tree to scan

    return read_file(job, file.path, file.known)
