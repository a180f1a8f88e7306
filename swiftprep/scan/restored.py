"""Read the files that were set aside, where nothing else tells what they do, and add their facts."""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import TypeAlias

import orjson

from swiftprep.process.item_limits import ItemLimits
from swiftprep.process.workers import Guarded, Lost, pool_of
from swiftprep.records import Reject
from swiftprep.scan.cache import ScanCache
from swiftprep.scan.file_record import File, FileRecord, Job, reject, shown_name
from swiftprep.scan.in_worker import read_in_worker
from swiftprep.scan.result import Spool
from swiftprep.scan.set_aside import NOTE, Aside, Reading, is_set_aside
from swiftprep.scan.walk import FoundFile

_SCOPED = re.compile(rb'"(@[\w-]+/[\w.-]+)"')
_POOL_BYTES = 1_000_000  # from this size on, a second worker process saves time
_BATCH = 20  # files

Read: TypeAlias = Callable[[list[Aside]], Iterable[tuple[str, FileRecord]]]


class Restored:
    """Adds the facts of the files that were set aside to those of the other files.

    Args:
        places: Path → the place of a file's facts in the spool; extended here.
        spool: The facts.
    """

    def __init__(self, places: dict[str, tuple[int, int]], spool: Spool) -> None:
        self._places = places
        self._spool = spool
        self._asides: list[tuple[Aside, int]] = []
        self._originals: set[str] = set()
        self._scoped: set[bytes] = set()

    def sets_aside(self, file: FoundFile, refused: list[str], number: int) -> bool:
        """Return whether a rejected file may be read for the catalogue later, and if so, remember it.

        Args:
            file: The file.
            refused: The reason and the detail of its reject.
            number: The place of its reject in the list given to `read`, or -1 if it is not listed.
        """
        reason, detail = refused
        if not is_set_aside(reason, detail, file.path, file.size):
            return False
        self._asides.append((Aside(file, reason, detail), number))
        return True

    def read(self, folders: Iterable[str], read: Read, rejects: list[Reject]) -> bytes:
        """Read the files that nothing else speaks for, say so in their rejects, and return a hash of their facts.

        Args:
            folders: The folders of the packages and of the roots.
            read: Returns the shown path and the record of each file.
            rejects: The scan's rejects.
        """
        if not self._asides:
            return b""
        digest = hashlib.blake2b(digest_size=16)
        numbers = {aside.file.path: number for aside, number in self._asides}
        reading = Reading((aside for aside, _ in self._asides), folders)
        for path, place in self._places.items():
            reading.add(path, self._spool.get(place))
        for batch in reading.rounds():
            for aside, (path, record) in zip(batch, read(batch), strict=True):
                if not record.facts:
                    continue
                originals = orjson.loads(record.inner) if record.inner else {}
                for name, facts in originals.items():
                    self._originals.add(name)
                    self._scoped.update(_SCOPED.findall(self._add(name, orjson.dumps(facts), reading)))
                self._add(path, record.facts, reading)
                digest.update(f"{path}\0".encode("utf-8", "replace") + record.facts + record.inner)
                number = numbers[aside.file.path]
                if number >= 0:
                    rejects[number] = replace(rejects[number], detail=aside.detail + NOTE)
        return digest.digest()

    def _add(self, path: str, facts: bytes, reading: Reading) -> bytes:
        if path in self._places:  # a file of the tree, or the source of two builds
            return b""
        self._places[path] = self._spool.add(facts)
        reading.add(path, facts)
        return facts

    def packages(self) -> dict[str, str]:
        """Return the packages that sources from source maps import by a scoped name, with their folders.

        Their `package.json` is not there: `@acme/hooks` is the folder `hooks` that holds an `index` module.
        """
        folders: dict[str, str] = {}
        for path in sorted(self._originals, key=lambda path: (path.count("/"), path), reverse=True):
            folder, _, name = path.rpartition("/")
            if name.partition(".")[0] == "index":
                folders[posixpath.basename(folder)] = folder
        names = (found.decode("utf-8", "replace") for found in sorted(self._scoped))
        return {name: folders[name.partition("/")[2]] for name in names if name.partition("/")[2] in folders}


def read_again(job: Job, limits: ItemLimits, workers: int | None, store: ScanCache) -> Read:
    """Return a function that reads files for the catalogue only, in worker processes.

    Args:
        job: The settings of the scan.
        limits: The limits of one file.
        workers: Number of worker processes, or None to choose it.
        store: The cache.
    """
    task = Guarded(partial(read_in_worker, job), limits=limits, size=attrgetter("size"))

    def read(asides: list[Aside]) -> Iterator[tuple[str, FileRecord]]:
        read_at = time.time_ns()
        cached = {aside.file.path: store.get(aside.file.path) for aside in asides}
        known = {path: record for path, record in cached.items() if record is not None and record.facts}
        todo = [aside for aside in asides if aside.file.path not in known]
        parts = iter([todo[start : start + _BATCH] for start in range(0, len(todo), _BATCH)])
        count = workers or (min(os.cpu_count() or 1, 8) if sum(a.file.size for a in todo) > _POOL_BYTES else 1)
        with pool_of(count) as pool:
            waiting = deque(pool.submit(task, _files(part)) for part in islice(parts, 2 * count))
            fresh: deque[FileRecord | Lost | None] = deque()
            for aside in asides:
                record = known.get(aside.file.path)
                if record is None:
                    if not fresh:
                        fresh.extend(waiting.popleft().result())
                        waiting.extend(pool.submit(task, _files(part)) for part in islice(parts, 1))
                    result = fresh.popleft()
                    record = result if isinstance(result, FileRecord) else reject(aside.reason, aside.detail)
                    if record.facts and not record.inner:  # a source map may change alone
                        store.put(aside.file, record, read_at)
                yield shown_name(aside.file.path, job), record

    return read


def _files(asides: list[Aside]) -> list[File]:
    return [File(aside.file.path, "", aside.file.size, (aside.reason, aside.detail)) for aside in asides]
