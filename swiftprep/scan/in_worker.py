"""Have files read in worker processes. What reads them is loaded there alone."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from swiftprep.scan.record import File, Job, Record
from swiftprep.workers import Guarded, ItemLimits


def in_worker(job: Job, limits: ItemLimits) -> Guarded[File, Record | None]:
    """Return what does with a file what `read_file` does."""
    return Guarded(partial(_read, job), limits=limits, size=attrgetter("size"))


def _read(job: Job, file: File) -> Record | None:
    from swiftprep.scan.reading import read_file  # it takes longer to load than a small tree to scan

    return read_file(job, file.path, file.known)
