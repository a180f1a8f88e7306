"""Staged files on their way into an output folder: who owns them, and how they are moved, never through a link.

A folder that was downloaded, cloned or unpacked may contain anything that looks like staged files. So they carry a mark
that only this user can make, with a key from the cache folder, and that is valid only for the folder they lie in, whose
inode number it covers. Files without a valid mark are never moved. Readers leave them alone; a writer, which they would
block for ever once the key is lost, discards them, provided that only plain files of this user would be deleted.
"""

from __future__ import annotations

import errno
import hmac
import os
import secrets
import shutil
import stat
import tempfile
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
_unkept = secrets.token_bytes(32)  # the key where there is no cache folder: valid for this process only


def refuse_links(folder: Path) -> None:
    """Refuse an output folder in which a link is in place of a file or folder of swiftprep's own.

    Raises:
        DataError: there is one.
    """
    state = folder / STATE
    for path in (state, *(state / name for name in ("lock", NEW, READY, RUNS))):
        if path.is_symlink():
            raise DataError(f"{path}: a link, where swiftprep writes; delete it, or name another folder (不能是链接)")


def check_output(folder: str | Path) -> None:
    """Refuse an output folder that `swiftprep.storage.outputs.OutputFolder` would refuse, before any work is done.

    Nothing is changed; where the folder is still to be made, it is tried out with a temporary one beside it. Whether
    another process holds it is not checked, as that may change until then.

    Raises:
        ConfigError: it is not a folder, cannot be made or written to, or files wait there that no run of this
            user wrote and cannot be discarded.
        DataError: a link is in place of a file or folder of swiftprep's own.
    """
    where = Path(folder)
    refuse_dead_links(where)
    refuse_links(where)
    if os.path.lexists(where) and not where.is_dir():
        raise ConfigError(f"{where}: is a file; the results need a folder (应为文件夹)")
    _require_room(where)
    with suppress(OSError):  # an unreadable folder is reported when it is opened for writing
        if not all(is_ours(where, part) for part in (NEW, READY)) and not is_takeable(where):
            raise ConfigError(not_ours(where))


def _require_room(folder: Path) -> None:
    """Refuse a folder that cannot be written to, or made in the nearest folder above it that exists."""
    place = next((place for place in (folder, *folder.absolute().parents) if os.path.lexists(place)), folder)
    if not place.is_dir():
        raise ConfigError(
            f"{folder}: {place} is a file, so that no folder can be in it; name another folder "
            f"({place} 是文件，其中不能有文件夹；请换一个输出文件夹)"
        )
    try:
        if not os.access(place, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if place != folder:
            os.rmdir(tempfile.mkdtemp(dir=place))
    except OSError as error:
        raise ConfigError(
            f"{folder}: {place} cannot be written to ({error.strerror}); name another folder "
            f"({place} 不可写，请换一个输出文件夹)"
        ) from None


def refuse_dead_links(folder: Path) -> None:
    """Refuse an output folder that is, or lies behind, a broken link.

    Raises:
        ConfigError: there is a broken link on its path.
    """
    for place in (folder, *folder.parents):
        if place.is_symlink() and not place.exists():
            raise ConfigError(
                f"{place}: a link to {os.readlink(place)}, which is not there; make that folder, delete the link, or "
                "name another folder (链接指向的文件夹不存在)"
            )


def begin(folder: Path) -> Path:
    """Create the staging folder, with the mark beside it, and return it. The lock must be held.

    Raises:
        OSError: it cannot be created.
    """
    new = folder / STATE / NEW
    new.mkdir()
    (new / _MARK).write_text(_mark(folder))
    (new / _FILES).mkdir()
    return new / _FILES


def staged_files(staged: Path) -> dict[str, Path]:
    """Return the files in a staging folder: name relative to it → path."""
    files = sorted(path for path in staged.rglob("*") if not path.is_dir() or path.is_symlink())
    return {path.relative_to(staged).as_posix(): path for path in files}


def make_way(folder: Path, name: str) -> None:
    """Create the parent folders of a file.

    Raises:
        DataError: a link is on its path, or the name leads outside the folder.
        OSError: there is a folder in place of the file, or a parent cannot be created.
    """
    _refuse_detour(folder, name)
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        raise IsADirectoryError(errno.EISDIR, "a folder is where this file belongs", str(target))


def put_right(folder: Path) -> bool:
    """Finish or remove what a dead writer left, and return whether all of it is ours. The lock must be held."""
    new = folder / STATE / NEW
    if not is_ours(folder, NEW):
        return False
    shutil.rmtree(new, ignore_errors=True)
    return finish(folder)


def finish(folder: Path) -> bool:
    """Move what is ready into place if it is ours, and return whether it is. The lock must be held.

    Raises:
        DataError: see `move_in`.
    """
    if not is_ours(folder, READY):
        return False
    move_in(folder)
    return True


def is_ours(folder: Path, part: str) -> bool:
    """Return whether a staging subfolder was created by this user in this folder, or does not exist."""
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
        mark = opened.read(100) if stat.S_ISREG(os.fstat(file).st_mode) else b"?"
    # A writer that was killed right at the start left an empty mark, alone.
    return hmac.compare_digest(mark, _mark(folder).encode()) or (not mark and os.listdir(state / part) == [_MARK])


def is_takeable(folder: Path) -> bool:
    """Return whether files without our mark could be discarded: only folders and files of this user, and no links.

    Nothing is written, and nothing outside the two subfolders is touched, whatever they contain.
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
    """Discard files without our mark if possible, and return whether they are gone. The lock must be held."""
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
    """Return the error message about staged files without our mark: the likely cause, and what to do."""
    try:
        cache = str(cache_dir())
    except ConfigError:
        cache = "the cache folder"
    state = folder / STATE
    return (
        f"{folder}: it holds unfinished files that no run of yours on this machine left, according to {cache}: the key "
        f"that marks yours ({_KEY}) is kept there, and is lost when it is cleared. Delete {state / NEW} and "
        f"{state / READY}, or name another folder (存在来历不明的文件：标记密钥保存在缓存文件夹中，清空缓存后会丢失；"
        "请删除上述两个文件夹，或改用其他文件夹)"
    )


def move_in(folder: Path) -> None:
    """Move the files of a recorded set into place, as far as they are still staged. The lock must be held.

    Raises:
        DataError: a link is on the path of a file, or its name leads outside the folder.
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
    with suppress(FileNotFoundError):  # the record was moved before, and only empty folders are left
        os.replace(ready / RUNS, folder / STATE / RUNS)
    flush(folder)
    for place, _, _ in os.walk(ready / _FILES, topdown=False):
        with suppress(OSError):  # the folder holds something that no writer of ours recorded
            os.rmdir(place)
    if not (ready / _FILES).exists():
        (ready / _MARK).unlink(missing_ok=True)
        with suppress(OSError):
            ready.rmdir()


def flush(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk, where the system can."""
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
    """Return whether a path is a folder, or a plain file without other hard links, that this user owns."""
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
            except FileExistsError:  # another process created it meanwhile
                pass
            except OSError:  # a file system without hard links
                os.replace(mine, path)
        finally:
            mine.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != 32:
        raise OSError(errno.EINVAL, "not a key of swiftprep", str(path))
    return key
