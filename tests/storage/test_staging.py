"""A folder that came from elsewhere gets nothing moved or written to by whoever reads or writes there."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from swiftprep import Sample, read_jsonl, write_jsonl
from swiftprep.distill.store_lock import Lock
from swiftprep.errors import ConfigError, DataError
from swiftprep.recipes import check
from swiftprep.storage import outputs, staging
from swiftprep.storage.locking import open_lock
from swiftprep.storage.outputs import OutputFolder, hold_together, settle, writing
from swiftprep.storage.run_records import read_runs
from swiftprep.storage.staging import begin, check_output

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links of POSIX")


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def downloaded(tmp_path: Path, *names: str, part: str = "ready", mark: str | None = None) -> Path:
    """Return a data set that came with a set of files that seems to wait for its place."""
    folder = tmp_path / "downloaded"
    folder.mkdir()
    write_jsonl([Sample.from_instruction("theirs", "", "a")], folder / "train.jsonl")
    waiting = folder / ".swiftprep" / part
    for name in names:
        (waiting / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (waiting / "files" / name).write_text("planted")
    run = {"id": "run-1", "files": {name: [7, "0" * 64] for name in names}, "sides": []}
    (waiting / "files.json").write_text(json.dumps({"runs": [run]}))
    (folder / ".swiftprep" / "lock").touch()
    if mark is not None:
        (waiting / "owner").write_text(mark)
    return folder


@pytest.mark.parametrize("part", ["ready", "new"])
@pytest.mark.parametrize("mark", [None, "", "0" * 64])
def test_a_set_of_somebody_elses_stays_where_it_is(part, mark, tmp_path, caplog):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "notes").write_text("mine")
    folder = downloaded(tmp_path, "sub/notes", "train.jsonl", part=part, mark=mark)
    (folder / "sub").symlink_to("../private")
    before = contents(tmp_path)
    for _ in range(2):
        assert [sample.prompt for sample in read_jsonl(folder / "train.jsonl")] == ["theirs"]
    with hold_together([folder / "train.jsonl"]):
        assert check.main([str(folder / "train.jsonl"), "levels={unclear: off}", "--dry-run"]) == 0
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    assert contents(tmp_path) == before
    assert caplog.text.count("no run of yours on this machine left") == 1
    with OutputFolder(folder):  # what is planted is thrown away, and goes nowhere
        assert caplog.text.count("threw away files that waited there") == 1
    left = {name: data for name, data in before.items() if f".swiftprep/{part}/" not in name}
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    assert {name: data for name, data in contents(tmp_path).items() if not name.endswith("lock")} == {
        name: data for name, data in left.items() if not name.endswith("lock")
    }


def test_a_lost_key_does_not_lock_a_folder(tmp_path, caplog):
    stopped(tmp_path / "out")
    shutil.rmtree(tmp_path / "cache")
    staging._key.cache_clear()
    check_output(tmp_path / "out")
    with writing(tmp_path / "out", "run") as staged:
        (staged / "b.txt").write_text("newer")
    assert (tmp_path / "out" / "b.txt").read_text() == "newer"
    assert "threw away files that waited there" in caplog.text


@pytest.mark.parametrize(
    "kind", ["link to a file", "link to a folder", "pipe", "second name", "somebody else's", "no locks"]
)
def test_what_is_not_surely_ours_to_throw_away_keeps_a_writer_out(kind, tmp_path, monkeypatch):
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "notes").write_text("mine")
    folder = downloaded(tmp_path, "train.jsonl")
    odd = folder / ".swiftprep" / "ready" / "files" / "odd"
    if kind.startswith("link"):
        odd.symlink_to(tmp_path / "private" / ("notes" if kind.endswith("file") else ""))
    elif kind == "pipe":
        os.mkfifo(odd)
    elif kind == "second name":
        os.link(tmp_path / "private" / "notes", odd)
    elif kind == "somebody else's":
        monkeypatch.setattr(os, "getuid", lambda: 12345)
    else:
        monkeypatch.setattr(outputs, "_holds", lambda file: False)
    before = contents(tmp_path)
    for take in (OutputFolder, check_output)[: 1 if kind == "no locks" else 2]:
        with pytest.raises(ConfigError, match=r"writer\.key.*Delete .*/\.swiftprep/ready.*清空缓存"):
            take(folder)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)
    lock = "downloaded/.swiftprep/lock"
    assert {**contents(tmp_path), lock: b""} == {**before, lock: b""}


@pytest.mark.parametrize("below", ["", "sub/folder"])
def test_a_link_that_leads_nowhere_is_called_one(below, tmp_path):
    (tmp_path / "out").symlink_to(tmp_path / "gone")
    for take in (check_output, OutputFolder):
        with pytest.raises(ConfigError, match=r"out: a link to .*gone, which is not there; make that folder"):
            take(tmp_path / "out" / below)


def stopped(folder: Path, name: str = "sub/a.txt") -> None:
    """Leave what a writer of ours leaves that was killed before its file moved."""
    with writing(folder, "run") as staged:
        (staged / name).parent.mkdir(exist_ok=True)
        (staged / name).write_text("new")
    waiting = begin(folder)
    (waiting / name).parent.mkdir(exist_ok=True)
    (folder / name).rename(waiting / name)
    (folder / ".swiftprep" / "files.json").rename(waiting.parent / "files.json")
    waiting.parent.rename(folder / ".swiftprep" / "ready")


def test_what_no_run_listed_is_neither_moved_nor_removed(tmp_path):
    stopped(tmp_path / "out")
    extra = tmp_path / "out" / ".swiftprep" / "ready" / "files" / "extra.txt"
    extra.write_text("extra")
    (tmp_path / "out" / "extra.txt").write_text("mine")
    settle(tmp_path / "out")
    assert (tmp_path / "out" / "sub" / "a.txt").read_text() == "new"
    assert ((tmp_path / "out" / "extra.txt").read_text(), extra.read_text()) == ("mine", "extra")


def test_a_copy_of_a_folder_is_another_folder(tmp_path, caplog):
    stopped(tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "copy")
    before = contents(tmp_path / "copy")
    settle(tmp_path / "copy")
    assert contents(tmp_path / "copy") == before
    assert "no run of yours" in caplog.text
    (tmp_path / "out").rename(tmp_path / "moved")
    settle(tmp_path / "moved")
    assert (tmp_path / "moved" / "sub" / "a.txt").read_text() == "new"


def test_files_do_not_move_through_a_link(tmp_path):
    stopped(tmp_path / "out")
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.txt").write_text("mine")
    shutil.rmtree(tmp_path / "out" / "sub")
    (tmp_path / "out" / "sub").symlink_to("../private")
    with pytest.raises(DataError, match="a link is on the way"):
        settle(tmp_path / "out")
    assert (tmp_path / "private" / "a.txt").read_text() == "mine"


def write_into_sub(folder: Path) -> None:
    with writing(folder, "run") as staged:
        (staged / "sub").mkdir()
        (staged / "sub" / "a.txt").write_text("new")


def test_a_writer_does_not_write_through_a_link(tmp_path):
    (tmp_path / "private").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to("../private")
    with pytest.raises(DataError, match="a link is on the way"):
        write_into_sub(tmp_path / "out")
    assert not os.listdir(tmp_path / "private")
    assert os.listdir(tmp_path / "out" / ".swiftprep") == ["lock"]


@pytest.mark.parametrize("name", ["../a.txt", "/a.txt", ".swiftprep/lock"])
def test_a_name_that_leads_elsewhere_is_refused(name, tmp_path):
    stopped(tmp_path / "out")
    record = tmp_path / "out" / ".swiftprep" / "ready" / "files.json"
    record.write_text(record.read_text().replace("sub/a.txt", name))
    with pytest.raises(DataError, match="not below"):
        settle(tmp_path / "out")


@pytest.mark.parametrize("part", ["", "new", "ready", "lock", "files.json"])
def test_a_link_for_what_is_ours_is_refused(part, tmp_path):
    victim = tmp_path / "victim"
    for name in ("new", "ready"):
        (victim / name).mkdir(parents=True)
        (victim / name / "precious").write_text("mine")
    for name in ("lock", "files.json"):
        (victim / name).write_text("mine")
    state = tmp_path / "out" / ".swiftprep"
    (state if part else state.parent).mkdir(parents=True)
    (state / part if part else state).symlink_to(victim / part if part else victim)
    before = contents(victim)
    with pytest.raises(DataError, match="a link, where swiftprep writes"):
        OutputFolder(tmp_path / "out")
    with pytest.raises(DataError, match="a link, where swiftprep writes"):
        settle(tmp_path / "out")
    if part in ("", "files.json"):
        with pytest.raises(DataError, match="a link"):
            read_runs(tmp_path / "out")
    assert contents(victim) == before


@pytest.mark.parametrize("kind", ["link", "hard link", "file"])
def test_a_lock_that_is_another_file_is_not_written_to(kind, tmp_path):
    victim, lock = tmp_path / "victim", tmp_path / "store.lock"
    victim.write_text("mine, and longer than the number of a process")
    if kind == "file":
        victim.rename(lock)
        victim = lock
    elif kind == "link":
        lock.symlink_to(victim)
    else:
        lock.hardlink_to(victim)
    with pytest.raises(ConfigError, match=r"store\.lock: a link, or no lock"):
        open_lock(lock)
    with pytest.raises(ConfigError, match=r"store\.lock: a link, or no lock"):
        Lock(tmp_path / "store")
    assert victim.read_text() == "mine, and longer than the number of a process"


def test_without_a_cache_folder_files_are_written_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "file" / "cache"))
    write_into_sub(tmp_path / "out")
    assert (tmp_path / "out" / "sub" / "a.txt").read_text() == "new"
    assert sorted(os.listdir(tmp_path / "out" / ".swiftprep")) == ["files.json", "lock"]


@pytest.mark.parametrize("name", ["file/x", "file/x/y"])
def test_a_file_above_the_output_folder_is_said_at_once(name, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file is a file, so that no folder can be in it.*是文件"):
        check_output(tmp_path / name)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux")
def test_a_place_where_no_folder_can_be_made_is_said_at_once():
    with pytest.raises(ConfigError, match=r"/proc/none/x: /proc cannot be written to .*不可写"):
        check_output("/proc/none/x")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("name", [".", "x/y"])
def test_a_folder_that_is_read_only_is_said_at_once(name, tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ConfigError, match=r"cannot be written to \(Permission denied\)"):
        check_output(tmp_path / "closed" / name)


def test_looking_at_an_output_folder_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_output("a/b")
    check_output(tmp_path)
    assert list(tmp_path.iterdir()) == []
