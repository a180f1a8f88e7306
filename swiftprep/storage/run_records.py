"""The record of which run wrote which files of an output folder, kept beside them."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from swiftprep.errors import DataError
from swiftprep.storage.disk import atomic_write
from swiftprep.text.limits import loads_within, read_within

STATE = ".swiftprep"  # in an output folder
RUNS = "files.json"  # in there
BEGUN = "-begun"  # at the end of a kind: a job that has begun and has no results yet
_REMEMBERED = 8  # newest runs that are kept although all their files have been rewritten


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The files that a run wrote into a folder.

    Attributes:
        id: Name of the writer and a hash of the files: the same files have the same id.
        files: Name relative to the folder → size in bytes and SHA-256.
        sides: Files that must not come from two runs, such as the two sides of a split: reading one of them checks
            the others as well.
    """

    id: str
    files: dict[str, tuple[int, str]]
    sides: tuple[str, ...] = ()


def read_runs(folder: Path) -> list[RunRecord]:
    """Return the runs recorded for a folder, newest last.

    Raises:
        DataError: the record is damaged, or a link.
    """
    if (folder / STATE).is_symlink():
        raise DataError(f"{folder / STATE}: a link; delete it (不能是链接)")
    return read_record(folder / STATE / RUNS)


def read_record(path: Path) -> list[RunRecord]:
    """Return the runs in a record file, newest last; none if there is no such file.

    Raises:
        DataError: the file is damaged, or a link.
    """
    if path.is_symlink():
        raise DataError(f"{path}: a link; delete it (不能是链接)")
    try:
        rows: Any = loads_within(read_within(path))["runs"]
        return [
            RunRecord(
                str(row["id"]),
                {str(name): (int(size), str(sha)) for name, (size, sha) in row["files"].items()},
                tuple(map(str, row["sides"])),
            )
            for row in rows
        ]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: cannot be read ({error}); delete {path.parent} (无法读取，可删除)") from None


def write_runs(path: Path, runs: list[RunRecord]) -> None:
    """Write a record, leaving out old runs whose files have all been rewritten."""
    kept = [
        run
        for place, run in enumerate(runs)
        if place >= len(runs) - _REMEMBERED
        or any(not any(name in later.files for later in runs[place + 1 :]) for name in run.files)
    ]
    with atomic_write(path) as file:
        file.write(orjson.dumps({"runs": [asdict(run) for run in kept]}, option=orjson.OPT_INDENT_2))


def fingerprint(path: Path) -> tuple[int, str]:
    """Return the size of a file in bytes and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def run_id(what: str, files: dict[str, tuple[int, str]]) -> str:
    """Return the id of a run with these files."""
    return f"{what}-{hashlib.sha256(orjson.dumps(files, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]}"


def replaced(runs: list[RunRecord], run: RunRecord) -> dict[str, list[str]]:
    """Return the files that a run replaces with others although a run of another kind wrote them last, by its kind.

    The records of a job that has begun are of the same kind as its results.
    """
    by_kind: dict[str, list[str]] = {}
    for name, print_ in run.files.items():
        last = next((other for other in reversed(runs) if name in other.files), run)
        if last.files[name] != print_ and _kind(last) != _kind(run):
            by_kind.setdefault(_kind(last), []).append(name)
    return by_kind


def _kind(run: RunRecord) -> str:
    return run.id.rpartition("-")[0].removesuffix(BEGUN)
