"""Output folders: files that are written together appear together, and readers detect files of different runs.

    FOLDER/.swiftprep/lock         held by the process that writes, or works there
    FOLDER/.swiftprep/new/         files being written; removed if their writer is dead
    FOLDER/.swiftprep/ready/       complete files being moved into place; if their writer dies, the next process of the
                                   same user finishes the move, and any other discards them: see
                                   `swiftprep.storage.staging`
    FOLDER/.swiftprep/files.json   which run wrote which files, with their sizes and hashes

Old files are removed before the first new one is moved in: a program that reads the folder without this module may find
files missing for a moment, but never files of two runs.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import combinations
from pathlib import Path

from swiftprep.errors import ConfigError, DataError
from swiftprep.storage.disk import clear_leftovers
from swiftprep.storage.locking import holder, lock, open_lock, sign
from swiftprep.storage.run_records import RUNS, STATE, RunRecord, fingerprint, read_runs, replaced, run_id, write_runs
from swiftprep.storage.staging import (
    NEW,
    READY,
    begin,
    finish,
    flush,
    is_ours,
    make_way,
    move_in,
    not_ours,
    put_right,
    refuse_dead_links,
    refuse_links,
    staged_files,
    throw_away,
)
from swiftprep.streams import get_logger

logger = get_logger(__name__)

WAIT = 600.0  # seconds for another process to finish what it writes
_MOVING = 30.0  # seconds for another process to move files into place
_LOOK = 0.05  # seconds between two attempts to take a lock

_ours: set[Path] = set()  # folders that this process holds
_warned: set[Path] = set()  # folders for which a warning about another user's files was logged
_open: dict[Path, set[str]] = {}  # folders being filled → the names of their sides


class OutputFolder:
    """An output folder that only this process writes to, until `close` or until the process ends, however it ends.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp()) / "out"
    >>> with OutputFolder(folder) as out, out.writing("example") as staged:
    ...     _ = (staged / "a.txt").write_text("a")
    ...     _ = (staged / "b.txt").write_text("b")
    ...     list(folder.glob("*.txt"))
    []
    >>> sorted(path.name for path in folder.glob("*.txt"))
    ['a.txt', 'b.txt']
    """

    def __init__(self, path: str | Path, *, wait: float = WAIT) -> None:
        """Lock the folder, creating it if needed, and repair what a dead writer left.

        Args:
            path: The folder.
            wait: Seconds to wait for another process that holds it.

        Raises:
            ConfigError: another process holds it, it is a link to nowhere, or files wait there that no run of this
                user wrote and that cannot be discarded.
            DataError: a link is in place of a file or folder of swiftprep's own.
            OSError: the folder cannot be created or written to.
        """
        self.path = Path(path)
        state = self.path / STATE
        refuse_dead_links(self.path)
        refuse_links(self.path)
        state.mkdir(parents=True, exist_ok=True)
        self._lock = _take(state / "lock", self.path, wait)
        try:
            clear_leftovers(self.path)
            if not put_right(self.path):
                # Where locks do not work, a writer on another machine may be busy with these files.
                if not (_holds(self._lock) and throw_away(self.path)):
                    raise ConfigError(not_ours(self.path))
                logger.warning(
                    "%s: threw away files that waited there without the mark of this user's runs, which the cache "
                    "folder holds (已丢弃来历不明的待写入文件)",
                    self.path,
                )
        except BaseException:
            os.close(self._lock)
            raise
        self._whole = self.path.resolve()
        _ours.add(self._whole)

    def __enter__(self) -> OutputFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the folder."""
        _ours.discard(self._whole)
        os.close(self._lock)

    @contextmanager
    def writing(self, what: str, *, sides: Iterable[str] = ()) -> Iterator[Path]:
        """Yield an empty folder whose files are moved into this one at the end, all of them or none.

        Existing files with other names stay as they are.

        Args:
            what: Short name of the writer; the run's id begins with it.
            sides: See `RunRecord`.

        Raises:
            DataError: a link is on the path of one of the files; nothing is changed.
            OSError: the disk is full, or something is in the way; nothing is changed.
        """
        new, ready = self.path / STATE / NEW, self.path / STATE / READY
        staged = begin(self.path)
        _open[staged] = set(sides)
        try:
            yield staged
            files = {name: fingerprint(path) for name, path in staged_files(staged).items()}
            run = RunRecord(run_id(what, files), files, tuple(sorted(_open[staged] & set(files))))
            for name in files:
                make_way(self.path, name)
            earlier = read_runs(self.path)
            for kind, names in replaced(earlier, run).items():
                logger.warning(
                    "%s: %s replaces %s of %s; to keep both, write to different folders (%s 的结果被覆盖：%s)",
                    self.path, what, ", ".join(names), kind, kind, ", ".join(names),
                )  # fmt: skip
            write_runs(new / RUNS, [*(r for r in earlier if r.id != run.id), run])
            for path in (*new.rglob("*"), new):
                flush(path)
            new.rename(ready)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        finally:
            del _open[staged]
        flush(ready.parent)
        try:
            move_in(self.path)
        except KeyboardInterrupt:
            move_in(self.path)
            raise


def _holds(file: int) -> bool:
    """Tell whether the lock of an open file is really held, as not every file system supports locks."""
    try:
        return lock(file)
    except OSError:
        return False


@contextmanager
def writing(folder: str | Path, what: str, *, sides: Iterable[str] = ()) -> Iterator[Path]:
    """Take an output folder, yield a folder whose files are moved into it together at the end, and release it.

    The folder that such a block yields may be passed to a nested call, whose files then join the same set.

    Args:
        folder: Where the files go. Another process that writes there is waited for.
        what: See `OutputFolder.writing`.
        sides: See `OutputFolder.writing`.

    Raises:
        ConfigError: another process writes there, and does not finish in time.
        OSError: see `OutputFolder.writing`.
    """
    if (outer := _open.get(Path(folder))) is not None:
        outer |= set(sides)
        yield Path(folder)
        return
    with OutputFolder(folder) as out, out.writing(what, sides=sides) as staged:
        yield staged


@contextmanager
def reading(folder: str | Path) -> Iterator[None]:
    """Keep writers out of an output folder during a long operation on its files; readers share the lock.

    Raises:
        ConfigError: another process writes there.
    """
    settle(folder)
    file = None
    with suppress(OSError):  # not an output folder, or not writable: then nobody writes
        if Path(folder).resolve() not in _ours:
            file = _take(Path(folder) / STATE / "lock", Path(folder), 2.0, shared=True)
    try:
        yield
    finally:
        if file is not None:
            os.close(file)


def settle(folder: str | Path) -> None:
    """Repair what a dead writer left in a folder: move its files into place if they are complete, else remove them.

    Readers call this first. It touches nothing in a folder that was never an output folder, and nothing that another
    user or machine left there, which is logged once.

    Raises:
        DataError: some new files are in place and this process may not move the others, or a link is in place of a
            file or folder of swiftprep's own.
    """
    where = Path(folder)
    new, ready = where / STATE / NEW, where / STATE / READY
    refuse_links(where)
    if not (new.exists() or ready.exists()):
        return
    until = time.monotonic() + _MOVING
    while True:
        try:
            file = open_lock(where / STATE / "lock", create=False)
            try:
                put = put_right
                try:
                    taken = lock(file)
                except OSError:  # a file system without locks: move what is ready, whoever prepared it
                    taken, put = True, finish
                if taken:
                    if not put(where):
                        _warn_of_others(where)
                    return
                by = holder(file)
            finally:
                os.close(file)
        except OSError as error:
            if not ready.exists():
                return  # the old files are complete
            if not is_ours(where, READY):
                _warn_of_others(where)
                return
            raise DataError(
                f"{where}: a writer was stopped while its files were moved into place, and the rest cannot be moved "
                f"now: {error.strerror or error} (写入中断，且无法恢复)"
            ) from None
        if not ready.exists():
            return
        if not is_ours(where, READY):  # its writer may not exist, so do not wait for it
            _warn_of_others(where)
            return
        if time.monotonic() > until:
            raise DataError(f"{where}: process {by or '?'} moves new files into place and does not end (正在写入)")
        time.sleep(_LOOK)


def _warn_of_others(folder: Path) -> None:
    if folder not in _warned:
        _warned.add(folder)
        logger.warning(
            "%s: it holds unfinished files that no run of yours on this machine left; they are left alone, and the "
            "other files are read as they are (存在来历不明的文件，未作改动)",
            folder / STATE,
        )


def check_together(paths: Iterable[str | Path]) -> None:
    """Refuse files of one output folder that belong to different runs. Files outside output folders are not checked.

    Raises:
        DataError: a file was changed since its run wrote it, or files that were written together come from two runs;
            the message names both.
    """
    folders: dict[Path, set[str]] = {}
    for path in paths:
        whole = Path(path).resolve()
        folders.setdefault(whole.parent, set()).add(whole.name)
    for folder, names in folders.items():
        check_run(folder, names)


def hold_together(paths: Iterable[str | Path]) -> ExitStack:
    """Call `check_together`, and keep writers out of the folders of these files until the stack is closed.

    Raises:
        ConfigError: another process writes there.
        DataError: see `check_together`.
    """
    files = list(paths)
    with ExitStack() as held:
        for folder in sorted({Path(path).resolve().parent for path in files}):
            held.enter_context(reading(folder))
        check_together(files)
        return held.pop_all()


def check_run(folder: Path, names: Iterable[str]) -> set[str]:
    """Refuse files of an output folder, named relative to it, that belong to different runs.

    Returns:
        The ids of the runs whose record matches all of them.

    Raises:
        DataError: see `check_together`.
    """
    settle(folder)
    runs = read_runs(folder)
    wanted = set(names)
    wanted |= {side for run in runs if wanted & set(run.sides) for side in run.sides}
    prints = {
        name: fingerprint(folder / name)
        for name in sorted(wanted)
        if any(name in run.files for run in runs) and (folder / name).is_file()
    }
    of = {name: [run.id for run in runs if run.files.get(name) == current] for name, current in prints.items()}
    for name, ids in of.items():
        if not ids:
            wrote = next(run for run in reversed(runs) if name in run.files)
            size, sha = prints[name]
            _refuse(
                folder,
                f"{name} is not the one of run {wrote.id}: another run wrote it, or it was changed ({size} bytes, "
                f"sha256 {sha[:12]})",
            )
    for one, other in combinations(of, 2):
        together = any(one in run.files and other in run.files for run in runs)
        if together and not set(of[one]) & set(of[other]):
            _refuse(folder, f"{one} is of run {of[one][-1]}, {other} of run {of[other][-1]}")
    return set.intersection(*map(set, of.values())) if of else set()


def run_of(path: str | Path) -> str:
    """Return the id of the newest run whose record matches a file of an output folder, or `""`."""
    where = Path(path)
    runs = [run for run in reversed(read_runs(where.parent)) if where.name in run.files]
    current = fingerprint(where) if runs else None
    return next((run.id for run in runs if run.files[where.name] == current), "")


def _refuse(folder: Path, what: str) -> None:
    raise DataError(
        f"{folder}: {what}; they do not belong together. Run the command again to write all of them, or, if "
        f"they are as you want them, delete {folder / STATE} (文件来自不同的运行或已被修改，请重新生成)"
    )


def own(path: str | Path) -> None:
    """Detach a file of an output folder from its run, as the caller is about to overwrite it."""
    where = Path(path)
    settle(where.parent)
    runs = read_runs(where.parent)
    if any(where.name in run.files for run in runs):
        left = [
            RunRecord(
                run.id,
                {name: recorded for name, recorded in run.files.items() if name != where.name},
                tuple(name for name in run.sides if name != where.name),
            )
            for run in runs
        ]
        write_runs(where.parent / STATE / RUNS, left)


def _take(path: Path, folder: Path, wait: float, *, shared: bool = False) -> int:
    file = open_lock(path, create=not shared)
    until = time.monotonic() + wait
    waiting = False
    try:
        while not lock(file, shared=shared):
            by = f"process {holder(file) or '?'}"
            if time.monotonic() >= until:
                raise ConfigError(
                    f"{folder}: {by} is at work there; wait for it, or name another folder (另一个进程正在使用该文件夹)"
                )
            if not waiting and wait > 2.0:
                logger.warning("%s: %s writes there; waiting for it (等待另一个进程写完)", folder, by)
                waiting = True
            time.sleep(_LOOK)
    except OSError as error:
        logger.warning(
            "%s: this file system has no locks (%s); do not write there from two processes (该文件系统不支持锁)",
            folder,
            error,
        )
    except BaseException:
        os.close(file)
        raise
    if not shared or holder(file):  # a reader signs only where a writer did: a copied folder stays as it is
        with suppress(OSError):  # a full disk: the lock is held without it
            sign(file)
    return file
