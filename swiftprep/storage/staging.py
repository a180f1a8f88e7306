"""Sets of files on their way into an output folder: whose they are, and how they move, never through a link.

A folder that was downloaded, cloned or unpacked may hold whatever looks like a set that waits. So a set has a mark
which only this user can make, with a key in the cache folder, and only for the folder it lies in, whose number it
covers. What has no such mark is not moved, whatever it is. Readers leave it alone; a writer, whom it would keep out
for ever once the key is lost, throws it away, as long as nothing but plain files of this user's own would go.
"""

from __future__ import annotations

import errno
import hmac
import os
import secrets
import shutil
import stat
from contextlib import suppress
from functools import lru_cache
from pathlib import Path, PurePosixPath

from swiftprep.errors import ConfigError, DataError
from swiftprep.storage.disk import cache_dir
from swiftprep.storage.locking import NO_LINKS
from swiftprep.storage.run_records import RUNS, STATE, read_record

NEW, READY = "new", "ready"
_FILES, _MARK = "files", "owner"
_KEY = "writer.key"  # in the cache folder
_unkept = secrets.token_bytes(32)  # the key where there is no cache folder: only this process knows its sets then


def refuse_links(folder: Path) -> None:
    """Refuse an output folder in which a link stands for what is swiftprep's own.

    Raises:
        DataError: there is one.
    """
    state = folder / STATE
    for path in (state, *(state / name for name in ("lock", NEW, READY, RUNS))):
        if path.is_symlink():
            raise DataError(f"{path}: a link, where swiftprep writes; delete it, or name another folder (不能是链接)")


def check_output(folder: str | Path) -> None:
    """Refuse an output folder that `swiftprep.storage.outputs.OutputFolder` would, before there is work to lose.

    Nothing is changed. That another process has it is not looked at: it may be done by then.

    Raises:
        ConfigError: it is no folder, or what waits there is not of a run of this user's and cannot be thrown away.
        DataError: a link stands for a file or folder of swiftprep's own.
    """
    where = Path(folder)
    refuse_dead_links(where)
    refuse_links(where)
    if os.path.lexists(where) and not where.is_dir():
        raise ConfigError(f"{where}: is a file; the results need a folder (应为文件夹)")
    with suppress(OSError):  # what cannot even be looked at is told by who takes the folder
        if not all(is_ours(where, part) for part in (NEW, READY)) and not is_takeable(where):
            raise ConfigError(not_ours(where))


def refuse_dead_links(folder: Path) -> None:
    """Refuse an output folder behind a link that leads nowhere.

    Raises:
        ConfigError: it is one, or lies behind one.
    """
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            raise ConfigError(
                f"{place}: a link to {os.readlink(place)}, which is not there; make that folder, delete the link, or "
                "name another folder (链接指向的文件夹不存在)"
            )


def begin(folder: Path) -> Path:
    """Make the folder that is filled, with the mark beside it, and return it. The lock is held.

    Raises:
        OSError: it cannot be made.
    """
    new = folder / STATE / NEW
    new.mkdir()
    (new / _MARK).write_text(_mark(folder))
    (new / _FILES).mkdir()
    return new / _FILES


def staged_files(staged: Path) -> dict[str, Path]:
    """Return what is in a folder that was filled: name below it → path."""
    files = sorted(path for path in staged.rglob("*") if not path.is_dir() or path.is_symlink())
    return {path.relative_to(staged).as_posix(): path for path in files}


def make_way(folder: Path, name: str) -> None:
    """Make the folders that a file of this name needs.

    Raises:
        DataError: a link is on the way, or the name leads elsewhere.
        OSError: a folder is where the file belongs, or it cannot be made.
    """
    _refuse_detour(folder, name)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        raise IsADirectoryError(errno.EISDIR, "a folder is where this file belongs", str(target))


def put_right(folder: Path) -> bool:
    """Finish or remove what a dead writer left, and return whether all that is left there is ours. The lock is held."""
    new = folder / STATE / NEW
    if not is_ours(folder, NEW):
        return False
    shutil.rmtree(new, ignore_errors=True)
    return finish(folder)


def finish(folder: Path) -> bool:
    """Move what is ready into place if it is ours, and return whether it is. The lock is held.

    Raises:
        DataError: see `move_in`.
    """
    if not is_ours(folder, READY):
        return False
    move_in(folder)
    return True


def is_ours(folder: Path, part: str) -> bool:
    """Return whether a part of what an output folder keeps was made by this user in this folder, or is not there."""
    state = folder / STATE
    if not os.path.lexists(state / part):
        return True
    if not _is_folder(state) or not _is_folder(state / part):
        return False
    try:
        file = os.open(state / part / _MARK, os.O_RDONLY | NO_LINKS)
    except FileNotFoundError:
        return not os.listdir(state / part)
    except OSError:
        return False
    with os.fdopen(file, "rb") as opened:
        found = opened.read(100) if stat.S_ISREG(os.fstat(file).st_mode) else b"?"
    # A writer that was killed when it had just begun left an empty mark, alone.
    return hmac.compare_digest(found, _mark(folder).encode()) or (not found and os.listdir(state / part) == [_MARK])


def is_takeable(folder: Path) -> bool:
    """Return whether what has no mark of ours could be thrown away: folders and files of this user's, and no links.

    Nothing is written for it, and nothing outside the two folders is touched, whatever somebody else prepared there.
    """
    state = folder / STATE
    if not hasattr(os, "getuid") or not shutil.rmtree.avoids_symlink_attacks or not _is_own(state):
        return False
    parts = [state / part for part in (NEW, READY) if os.path.lexists(state / part)]
    if not all(_is_own(part) for part in parts):
        return False
    return all(
        _is_own(Path(place, name), is_file=kind == "file")
        for part in parts
        for place, folders, files in os.walk(part, onerror=_raise)
        for kind, names in (("folder", folders), ("file", files))
        for name in names
    )


def throw_away(folder: Path) -> bool:
    """Remove what has no mark of ours if it can be, and return whether it is gone. The lock is held."""
    try:
        if not is_takeable(folder):
            return False
        for part in (NEW, READY):
            if os.path.lexists(folder / STATE / part):
                shutil.rmtree(folder / STATE / part)
    except OSError:
        return False
    return True


def not_ours(folder: Path) -> str:
    """Say that files wait in an output folder without a mark of ours, why that may be, and what to do."""
    try:
        cache = str(cache_dir())
    except ConfigError:
        cache = "the cache folder"
    state = folder / STATE
    return (
        f"{folder}: files wait there that no run of yours on this machine left, as far as {cache} tells: the key that "
        f"marks yours ({_KEY}) is kept there, and is lost when it is cleared. Delete {state / NEW} and "
        f"{state / READY}, or name another folder (存在来历不明的文件：标记密钥保存在缓存文件夹中，清空缓存后会丢失；"
        "请删除上述两个文件夹，或改用其他文件夹)"
    )


def move_in(folder: Path) -> None:
    """Move the files that the record of a set lists into place, or what is left of them. The lock is held.

    Raises:
        DataError: a link is on the way of a file, or its name leads elsewhere.
    """
    ready = folder / STATE / READY
    runs = read_record(ready / RUNS)
    names = list(runs[-1].files) if runs else []
    for name in names:
        _refuse_detour(folder, name)
        _refuse_detour(ready / _FILES, name)
    waiting = [name for name in names if os.path.lexists(ready / _FILES / name)]
    for name in waiting:
        (folder / name).unlink(missing_ok=True)
    for name in waiting:
        os.replace(ready / _FILES / name, folder / name)
    with suppress(FileNotFoundError):  # it was the last, and only empty folders are left
        os.replace(ready / RUNS, folder / STATE / RUNS)
    flush(folder)
    for place, _, _ in os.walk(ready / _FILES, topdown=False):
        with suppress(OSError):  # something is in there that no writer of ours listed
            os.rmdir(place)
    if not (ready / _FILES).exists():
        (ready / _MARK).unlink(missing_ok=True)
        with suppress(OSError):
            ready.rmdir()


def flush(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk, where the system can."""
    if os.name == "posix":
        file = os.open(path, os.O_RDONLY)
        try:
            with suppress(OSError):
                os.fsync(file)
        finally:
            os.close(file)


def _refuse_detour(folder: Path, name: str) -> None:
    parts = PurePosixPath(name).parts
    is_relative = bool(parts) and not os.path.isabs(name) and ".." not in parts and parts[0] != STATE
    if not is_relative or any(folder.joinpath(*parts[:length]).is_symlink() for length in range(1, len(parts))):
        raise DataError(f"{folder / name}: it is not below {folder}, or a link is on the way (路径经过链接)")


def _is_own(path: Path, *, is_file: bool = False) -> bool:
    """Return whether it is a folder, or a plain file with no other name, of this user's."""
    status = os.lstat(path)
    is_kind = stat.S_ISREG(status.st_mode) and status.st_nlink == 1 if is_file else stat.S_ISDIR(status.st_mode)
    return is_kind and status.st_uid == os.getuid()


def _raise(error: OSError) -> None:
    raise error


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False


def _mark(folder: Path) -> str:
    number = os.lstat(folder / STATE).st_ino
    try:
        key = _key(cache_dir())
    except (OSError, ConfigError):
        key = _unkept
    return hmac.new(key, str(number).encode(), "sha256").hexdigest()


@lru_cache(maxsize=8)
def _key(cache: Path) -> bytes:
    path = cache / _KEY
    if not path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        mine = cache / f"{_KEY}.{secrets.token_hex(8)}"
        file = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(secrets.token_bytes(32))
            try:
                os.link(mine, path)
            except FileExistsError:  # another process made it meanwhile
                pass
            except OSError:  # a file system without hard links
                os.replace(mine, path)
        finally:
            mine.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != 32:
        raise OSError(errno.EINVAL, "no key of swiftprep", str(path))
    return key
