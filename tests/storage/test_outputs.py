"""A folder of results holds what one run wrote, whatever ends the writer and whoever else writes there."""

from __future__ import annotations

import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from swiftprep import Catalog, Checker, Mixer, Sample, Scanner, SwiftRunner, demo, read_jsonl, write_jsonl
from swiftprep.errors import ConfigError, DataError
from swiftprep.evaluate.probes import load_questions
from swiftprep.recipes import check, distill, scan, stage1
from swiftprep.recipes.shared.stage1_state import read_stage1, write_state
from swiftprep.storage.disk import atomic_write, whole_folder
from swiftprep.storage.locking import lock
from swiftprep.storage.outputs import (
    OutputFolder,
    check_run,
    check_together,
    hold_together,
    reading,
    run_of,
    settle,
    writing,
)
from swiftprep.storage.staging import begin
from swiftprep.swiftfmt import lint, parse_entry

posix = pytest.mark.skipif(sys.platform == "win32", reason="fork, signals and limits of POSIX")

# A writer that is killed before its k-th step on the disk, for every k, each time over a set that is whole.
KILLED_AT_EVERY_STEP = """
import os, shutil, signal, sys
from pathlib import Path
from swiftprep.storage.outputs import settle, writing

folder, steps = Path(sys.argv[1]), sys.argv[2].split(",")
names = ["a.jsonl", "sub/b.jsonl"]

def write(text):
    with writing(folder, "run", sides=names) as staged:
        for name in names:
            (staged / name).parent.mkdir(exist_ok=True)
            (staged / name).write_text(text)

def write_until(step):
    left = [step]
    def hook(event, arguments):
        if event in steps:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    write("new")
    os._exit(0)

def found():
    return {name: (folder / name).read_text() for name in names if (folder / name).exists()}

seen = set()
write("old")
shutil.copytree(folder, folder.with_name("before"))
for step in range(10_000):
    shutil.rmtree(folder)
    shutil.copytree(folder.with_name("before"), folder)
    child = os.fork() or write_until(step)
    killed = os.waitpid(child, 0)[1]
    assert len(set(found().values())) <= 1, ("seen past the module", step, found())
    settle(folder)
    assert sorted(found()) == names and len(set(found().values())) == 1, ("a reader's", step, found())
    seen |= set(found().values())
    there = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert there == [".swiftprep/files.json", ".swiftprep/lock", *names, "users.txt"], there
    if not killed:
        break
print(step, *sorted(seen))
"""


def python(code: str, *arguments: object, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, **settings)  # type: ignore[call-overload,no-any-return]


@posix
@pytest.mark.parametrize(
    ("events", "least"),
    [
        pytest.param("os.rename", 5, id="moves"),
        pytest.param("os.rename,os.remove,os.rmdir,os.mkdir,open,fcntl.flock", 30, id="all", marks=pytest.mark.slow),
    ],
)
def test_a_writer_killed_at_any_step_leaves_the_old_set_or_the_new_one(events, least, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "users.txt").write_text("mine")
    child = python(KILLED_AT_EVERY_STEP, out, events)
    assert child.returncode == 0, child.stderr
    kills, *seen = child.stdout.split()
    assert int(kills) >= least
    assert seen == ["new", "old"]
    assert (out / "users.txt").read_text() == "mine"


def put(folder: Path, text: str, *, what: str = "run", names: tuple[str, ...] = ("train.jsonl", "val.jsonl")) -> None:
    """Write a set of files as a run does, one sample in each."""
    with writing(folder, what, sides=names) as staged:
        for name in names:
            write_jsonl([Sample.from_instruction(f"{text} {name}", "", "a", id=name)], staged / name)


def test_what_is_written_together_appears_together(tmp_path):
    put(tmp_path, "old")
    (tmp_path / "notes.txt").write_text("mine")
    before = (tmp_path / "train.jsonl").read_bytes()
    with writing(tmp_path, "run") as staged:
        (staged / "train.jsonl").write_text("new")
        assert (tmp_path / "train.jsonl").read_bytes() == before
    assert (tmp_path / "train.jsonl").read_text() == "new"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def broken(folder: Path, format: Any) -> None:
    with writing(folder, "run") as staged:
        (staged / "train.jsonl").write_text("new")
        write_jsonl([Sample.from_instruction("q", "", "a")], staged / format, format)


def test_a_write_that_fails_changes_nothing(tmp_path):
    put(tmp_path, "old")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(DataError, match="format"):
        broken(tmp_path, "html")
    (tmp_path / "messages").mkdir()
    with pytest.raises(IsADirectoryError, match="messages"):
        broken(tmp_path, "messages")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_set_within_a_set_belongs_to_the_outer_one(tmp_path):
    with writing(tmp_path, "outer") as staged:
        put(staged, "inner")
        (staged / "more.txt").write_text("more")
    assert not (tmp_path / ".swiftprep" / "new").exists()
    (run,) = check_run(tmp_path, ["train.jsonl", "val.jsonl", "more.txt"])
    assert run.startswith("outer-")
    (tmp_path / "val.jsonl").write_text("changed")
    with pytest.raises(DataError, match=r"val\.jsonl"):  # the inner one's sides are known
        check_together([tmp_path / "train.jsonl"])


def test_the_same_files_are_the_same_run(tmp_path):
    put(tmp_path / "one", "text")
    put(tmp_path / "two", "text")
    put(tmp_path / "two", "text")
    records = [(tmp_path / name / ".swiftprep" / "files.json").read_bytes() for name in ("one", "two")]
    assert records[0] == records[1]
    assert run_of(tmp_path / "one" / "val.jsonl") == run_of(tmp_path / "two" / "train.jsonl") != ""


def mixed(folder: Path) -> tuple[str, str]:
    """Put the training rows of an earlier run beside the validation rows of a later one; return their ids."""
    put(folder, "first")
    first, kept = run_of(folder / "train.jsonl"), (folder / "train.jsonl").read_bytes()
    put(folder, "second")
    (folder / "train.jsonl").write_bytes(kept)
    return first, run_of(folder / "val.jsonl")


def readers(folder: Path) -> dict[str, object]:
    train, val = folder / "train.jsonl", folder / "val.jsonl"
    return {
        "mixer": lambda: Mixer([train], ratio=None),
        "mixer of the other": lambda: Mixer([f"{val}#1"], ratio=None),
        "held-out samples": lambda: Checker(held_out=[val]).run_files(train),
        "training": lambda: runner(folder).sft([f"{train}#1"], [val], dry_run=True),
    }


def runner(folder: Path) -> SwiftRunner:
    (folder / "config.json").write_text("{}")
    return SwiftRunner(folder, folder, device=None)


@pytest.mark.parametrize("reader", ["mixer", "mixer of the other", "held-out samples", "training"])
def test_a_reader_of_a_mixed_folder_names_both_runs(reader, tmp_path):
    first, second = mixed(tmp_path)
    read = readers(tmp_path)[reader]
    with pytest.raises(DataError) as caught:
        read()  # type: ignore[operator]
    assert {first, second} <= set(str(caught.value).replace(",", " ").replace(";", " ").split())
    assert f"delete {tmp_path / '.swiftprep'}" in str(caught.value)
    shutil.rmtree(tmp_path / ".swiftprep")
    read()  # type: ignore[operator]


def test_a_recipe_that_meets_a_mixed_folder_ends_with_2(tmp_path, capsys):
    first, second = mixed(tmp_path)
    assert check.main([f"data=[{tmp_path}/train.jsonl]", f"held_out=[{tmp_path}/val.jsonl]", "--dry-run"]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert first in line
    assert second in line


def test_a_catalogue_goes_with_the_samples_of_its_scan(tmp_path, capsys):
    names = ("train.jsonl", "catalog.json")
    put(tmp_path, "first", names=names)
    kept = (tmp_path / "catalog.json").read_bytes()
    put(tmp_path, "second", names=names)
    (tmp_path / "catalog.json").write_bytes(kept)
    catalog, train = tmp_path / "catalog.json", tmp_path / "train.jsonl"
    assert check.main([str(train), f"catalog={catalog}", "--dry-run"]) == 2
    assert distill.main([f"catalog={catalog}", f"samples=[{train}]", "--dry-run"]) == 2
    assert capsys.readouterr().err.count("do not belong together") == 2


def test_held_out_samples_that_were_written_anew_are_told(tmp_path):
    put(tmp_path, "first")
    checker = Checker(held_out=[tmp_path / "val.jsonl"])
    assert checker.run_files(tmp_path / "train.jsonl").read == 1
    put(tmp_path, "second")  # both sides: on the disk they go together
    with pytest.raises(DataError, match="was written anew since it was read"):
        checker.run_files(tmp_path / "train.jsonl")


def test_a_mix_that_is_frozen_is_of_one_run_then_too(tmp_path):
    put(tmp_path, "one")
    mix = Mixer([tmp_path / "train.jsonl"], ratio=None)
    assert mix.freeze(tmp_path / "mix.jsonl") == 1
    mixed(tmp_path)
    with pytest.raises(DataError, match="do not belong together"):
        mix.freeze(tmp_path / "mix.jsonl")


def test_a_file_from_elsewhere_is_told(tmp_path):
    put(tmp_path / "a", "a")
    put(tmp_path / "b", "b")
    (tmp_path / "a" / "val.jsonl").write_bytes((tmp_path / "b" / "val.jsonl").read_bytes())
    with pytest.raises(
        DataError, match=r"val\.jsonl is not the one of run run-\w+: another run wrote it, or it was changed"
    ):
        Mixer([tmp_path / "a" / "train.jsonl"], ratio=None)


def test_recipes_may_share_a_folder(tmp_path):
    """`rejects.jsonl` is of both; nobody reads it with the samples."""
    put(tmp_path, "scan", what="scan", names=("train.jsonl", "val.jsonl"))
    with writing(tmp_path, "scan", sides=("train.jsonl", "val.jsonl")) as staged:
        put(staged, "scan")
        (staged / "rejects.jsonl").write_text("{}\n")
    with writing(tmp_path, "check") as staged:
        (staged / "rejects.jsonl").write_text('{"other": 1}\n')
    Mixer([tmp_path / "train.jsonl"], ratio=None)
    assert check_run(tmp_path, ["train.jsonl", "val.jsonl"])


def test_files_of_the_users_own_are_read_as_they_are(tmp_path):
    put(tmp_path, "run")
    write_jsonl(
        [Sample.from_instruction("mine", "", "a")] * 3, tmp_path / "train.jsonl"
    )  # through swiftprep: on purpose
    assert len(list(read_jsonl(tmp_path / "train.jsonl"))) == 3
    Mixer([tmp_path / "train.jsonl"], ratio=None)
    (tmp_path / "plain").mkdir()
    for name in ("train.jsonl", "val.jsonl"):
        (tmp_path / "plain" / name).write_bytes((tmp_path / name).read_bytes())
    Mixer([tmp_path / "plain" / "train.jsonl"], ratio=None)
    assert sorted(os.listdir(tmp_path / "plain")) == ["train.jsonl", "val.jsonl"]


def test_a_file_of_the_users_own_is_not_overwritten_by_what_a_dead_writer_left(tmp_path):
    put(tmp_path, "run")
    ready = tmp_path / ".swiftprep" / "ready" / "files"
    ready.mkdir(parents=True)
    (ready / "train.jsonl").write_text("of the dead writer")
    write_jsonl([Sample.from_instruction("mine", "", "a")], tmp_path / "train.jsonl")
    assert [sample.prompt for sample in read_jsonl(tmp_path / "train.jsonl")] == ["mine"]


def test_a_damaged_record_is_told(tmp_path):
    put(tmp_path, "run")
    (tmp_path / ".swiftprep" / "files.json").write_text("[")
    with pytest.raises(DataError, match=r"files\.json: cannot be read .*delete"):
        Mixer([tmp_path / "train.jsonl"], ratio=None)


def test_many_writes_do_not_make_the_record_grow(tmp_path):
    put(tmp_path, "kept", what="other", names=("kept.jsonl",))
    for number in range(10):
        with writing(tmp_path, "run") as staged:
            (staged / "a.txt").write_text(str(number))
    runs = json.loads((tmp_path / ".swiftprep" / "files.json").read_text())["runs"]
    assert len(runs) == 9
    assert run_of(tmp_path / "kept.jsonl").startswith("other-")


# --- two at once ---------------------------------------------------------------------------------------------------


def test_a_second_writer_waits_and_says_so(tmp_path, caplog):
    waited = threading.Event()

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            waited.set()

    logger, told = logging.getLogger("swiftprep.storage.outputs"), Told()
    logger.addHandler(told)
    second = threading.Thread(target=put, args=(tmp_path, "second"))
    try:
        with writing(tmp_path, "run") as staged:
            (staged / "train.jsonl").write_text("first")
            second.start()
            assert waited.wait(60)
    finally:
        second.join(60)
        logger.removeHandler(told)
    assert f"process {os.getpid()} writes there; waiting for it" in caplog.text
    assert [sample.prompt for sample in read_jsonl(tmp_path / "train.jsonl")] == ["second train.jsonl"]
    check_together([tmp_path / "train.jsonl", tmp_path / "val.jsonl"])


def test_a_folder_that_is_taken_is_told_with_its_process(tmp_path):
    with OutputFolder(tmp_path), pytest.raises(ConfigError, match=f"process {os.getpid()} is at work there"):
        OutputFolder(tmp_path, wait=0)
    OutputFolder(tmp_path, wait=0).close()


@posix
def test_readers_share_a_folder_and_keep_writers_out(tmp_path):
    put(tmp_path, "run")
    with reading(tmp_path), reading(tmp_path), pytest.raises(ConfigError, match="is at work there"):
        OutputFolder(tmp_path, wait=0)
    with reading(tmp_path / "nowhere"):
        assert not (tmp_path / "nowhere").exists()


def test_who_has_a_folder_may_read_there(tmp_path):
    put(tmp_path, "run")
    with OutputFolder(tmp_path), hold_together([tmp_path / "train.jsonl"]):
        pass


def stopped_on_the_way(folder: Path) -> None:
    """Leave a folder as a writer does that was killed when its first file was in place."""
    put(folder, "new")
    staged = begin(folder)
    (folder / ".swiftprep" / "files.json").rename(staged.parent / "files.json")
    (folder / "val.jsonl").rename(staged / "val.jsonl")
    staged.parent.rename(folder / ".swiftprep" / "ready")


@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda path: list(read_jsonl(path)), id="read_jsonl"),
        pytest.param(load_questions, id="questions"),
        pytest.param(parse_entry, id="data set entry"),
        pytest.param(lambda path: Mixer([path], ratio=None), id="mixer"),
        pytest.param(lambda path: Checker().run_files(path), id="checker"),
        pytest.param(lint, id="lint"),
        pytest.param(lambda path: check_together([path]), id="check"),
        pytest.param(lambda path: read_stage1_data(path.parent), id="stage 2"),
    ],
)
def test_every_reader_finishes_what_a_dead_writer_began(read, tmp_path):
    folder = tmp_path / "data"
    stopped_on_the_way(folder)
    read(folder / "val.jsonl")
    assert sorted(os.listdir(folder)) == [".swiftprep", "train.jsonl", "val.jsonl"]
    assert sorted(os.listdir(folder / ".swiftprep")) == ["files.json", "lock"]
    assert check_run(folder, ["train.jsonl", "val.jsonl"])


def read_stage1_data(data: Path) -> None:
    with pytest.raises(ConfigError, match="no finished stage 1 there"):
        read_stage1(data.parent, None)


@posix
def test_files_that_are_held_together_stay_as_they_are(tmp_path):
    put(tmp_path / "data", "run")
    (tmp_path / "plain.jsonl").write_text("")
    files = [tmp_path / "data" / "train.jsonl", tmp_path / "data" / "val.jsonl", tmp_path / "plain.jsonl"]
    with hold_together(files) as held:
        with pytest.raises(ConfigError, match="is at work there"):
            OutputFolder(tmp_path / "data", wait=0)
        held.close()
        put(tmp_path / "data", "another")
    mixed(tmp_path / "data")
    with pytest.raises(DataError, match="do not belong together"):
        hold_together(files)
    OutputFolder(tmp_path / "data", wait=0).close()


@posix
def test_a_reader_does_not_disturb_a_writer(tmp_path):
    put(tmp_path, "old")
    with writing(tmp_path, "run") as staged:
        (staged / "train.jsonl").write_text("new")
        assert [sample.prompt for sample in read_jsonl(tmp_path / "train.jsonl")] == ["old train.jsonl"]
        check_together([tmp_path / "train.jsonl"])
    assert (tmp_path / "train.jsonl").read_text() == "new"


HELD = """
import sys, time
from swiftprep.storage.outputs import OutputFolder
out = OutputFolder(sys.argv[1])
with out.writing("dead") as staged:
    (staged / "train.jsonl").write_text("private")
    print("held", flush=True)
    time.sleep(600)
"""


@posix
@pytest.mark.slow
def test_a_dead_process_holds_nothing_and_leaves_nothing(tmp_path):
    put(tmp_path, "old")
    child = subprocess.Popen([sys.executable, "-c", HELD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match=f"process {child.pid} is at work there"):
            OutputFolder(tmp_path, wait=0)
        child.send_signal(signal.SIGSTOP)  # it is not dead
        with pytest.raises(ConfigError, match=f"process {child.pid}"):
            OutputFolder(tmp_path, wait=0)
        child.kill()
    assert (tmp_path / ".swiftprep" / "new").exists()
    list(read_jsonl(tmp_path / "train.jsonl"))
    assert not (tmp_path / ".swiftprep" / "new").exists()
    OutputFolder(tmp_path, wait=0).close()


WRITES_ON = """
import sys
from swiftprep import Sample, write_jsonl
from swiftprep.storage.outputs import writing
number = 0
while True:
    number += 1
    text = f"{sys.argv[2]}-{number}"
    with writing(sys.argv[1], "run", sides=("train.jsonl", "val.jsonl")) as staged:
        for name in ("train.jsonl", "val.jsonl"):
            write_jsonl([Sample.from_instruction(text, "", "a")] * 200, staged / name)
    print(text, flush=True)
"""


@posix
@pytest.mark.long
def test_writers_that_are_killed_again_and_again_never_leave_a_mix(tmp_path):
    rng = random.Random(1)
    writers: dict[int, subprocess.Popen[bytes]] = {}
    seen, kills = set(), 0
    try:
        for number in range(40):
            while len(writers) < 3:
                command = [sys.executable, "-c", WRITES_ON, str(tmp_path), str(number * 10 + len(writers))]
                child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                writers[child.pid] = child
            time.sleep(rng.random() * 0.4)
            victim = writers.pop(rng.choice(list(writers)))
            victim.kill()
            victim.wait()
            kills += 1
            for child in writers.values():
                child.send_signal(signal.SIGSTOP)
            try:
                settle(tmp_path)
                there = [name for name in ("train.jsonl", "val.jsonl") if (tmp_path / name).exists()]
                texts = {sample.prompt for name in there for sample in read_jsonl(tmp_path / name)}
            except DataError as error:  # a living writer was stopped while it moved files into place
                assert "moves new files into place" in str(error)  # noqa: PT017
                continue
            finally:
                for child in writers.values():
                    child.send_signal(signal.SIGCONT)
            assert len(there) in (0, 2)
            assert len(texts) <= 1
            seen |= texts
    finally:
        for child in writers.values():
            child.kill()
            child.wait()
    assert kills == 40
    assert len(seen) > 8
    put(tmp_path, "last")
    assert sorted(os.listdir(tmp_path / ".swiftprep")) == ["files.json", "lock"]


# --- single files ---------------------------------------------------------------------------------------------------


def leave_behind(folder: Path) -> Path:
    """Return what a writer left that was killed: a temporary file that nobody holds."""
    code = """
import os, signal, sys
from swiftprep.storage.disk import atomic_write
with atomic_write(sys.argv[1]) as file:
    file.write(b"private")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert python(code, folder / "a.txt").returncode == -signal.SIGKILL
    (left,) = folder.glob(".swiftprep-*")
    return left


@posix
def test_what_a_killed_writer_left_goes_with_the_next_write(tmp_path):
    left = leave_behind(tmp_path)
    os.utime(left, (4e9, 4e9))  # whatever the clock says
    theirs = tmp_path / ".a.txt.123.tmp"
    theirs.write_text("of another program")
    with atomic_write(tmp_path / "b.txt") as mine:
        assert not left.exists()
        os.utime(mine.name, (0, 0))
        with atomic_write(tmp_path / "c.txt") as file:
            file.write(b"c")
        mine.write(b"b")  # that of a living writer stays
    assert sorted(os.listdir(tmp_path)) == [".a.txt.123.tmp", "b.txt", "c.txt"]


@posix
def test_what_a_killed_writer_left_goes_at_the_next_start(tmp_path):
    left = leave_behind(tmp_path)
    with OutputFolder(tmp_path):
        assert not left.exists()


@posix
def test_nobody_is_led_astray_by_a_link_where_the_temporary_file_goes(tmp_path):
    with atomic_write(tmp_path / "a.txt") as file:
        number = int(Path(file.name).stem.rpartition("-")[2])
    victim = tmp_path / "victim.txt"
    victim.write_text("whole")
    for ahead in range(1, 4):
        (tmp_path / f".swiftprep-{os.getpid()}-{number + ahead}.tmp").symlink_to(victim)
    with atomic_write(tmp_path / "a.txt") as file:
        file.write(b"a")
    assert victim.read_text() == "whole"
    assert (tmp_path / "a.txt").read_text() == "a"


def test_two_threads_may_write_one_file(tmp_path):
    with atomic_write(tmp_path / "a.txt") as one:
        with atomic_write(tmp_path / "a.txt") as other:
            other.write(b"other")
        one.write(b"one")
    assert (tmp_path / "a.txt").read_bytes() == b"one"
    assert os.listdir(tmp_path) == ["a.txt"]


@posix
def test_a_folder_appears_whole_and_what_was_half_made_goes(tmp_path):
    with whole_folder(tmp_path / "model") as folder:
        folder.mkdir()
        (folder / "weights").write_text("w")
        assert not (tmp_path / "model").exists()
    left = leave_behind(tmp_path)
    left.with_suffix(".dir").mkdir()
    with pytest.raises(OSError, match="model"), whole_folder(tmp_path / "model") as folder:
        folder.mkdir()
    assert sorted(os.listdir(tmp_path)) == ["model"]


@posix
def test_a_lock_is_taken_once_shared_by_those_who_ask_and_free_again(tmp_path):
    one, other = (os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
    assert lock(one)
    assert not lock(other)
    assert not lock(other, shared=True)
    os.close(one)
    third = os.open(tmp_path / "lock", os.O_RDWR)
    assert lock(other, shared=True)
    assert lock(third, shared=True)
    os.close(other)
    os.close(third)


# --- a full disk -----------------------------------------------------------------------------------------------------

FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from swiftprep.recipes import scan
sys.exit(scan.main([f"output_dir={sys.argv[1]}", "scan.path=" + sys.argv[2]]))
"""


@posix
@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_the_old_set(tmp_path):
    where = [f"output_dir={tmp_path / 'out'}", f"scan.path={demo.app()}"]
    assert scan.main([*where, "scan.lang=en"]) == 0
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    child = python(FULL, tmp_path / "out", demo.app(), env={**os.environ, "SWIFTPREP_CACHE": str(tmp_path / "cache")})
    assert child.returncode == 1
    (line,) = [line for line in child.stderr.splitlines() if line.startswith("error:")]
    assert line.startswith("error: ")
    assert "train.jsonl: File too large" in line
    assert "Traceback" not in child.stderr
    after = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert {**after, tmp_path / "out/.swiftprep/lock": b""} == {**before, tmp_path / "out/.swiftprep/lock": b""}


# --- the recipes -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_every_file_of_a_scan_is_of_one_run(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    tree.mkdir()
    for number in range(6):
        (tree / f"C{number}.vue").write_text(
            f"<template><ta-card title='{number}'/></template>\n<script>\nexport default {{ name: 'c{number}' }}\n</script>\n"
        )
    out = tmp_path / "out"
    assert scan.main([f"scan.path={tree}", f"output_dir={out}"]) == 0
    names = [path.name for path in out.iterdir() if path.name != ".swiftprep"]
    assert len(names) == 8
    (run,) = check_run(out, names)
    assert run.startswith("scan-")
    (tree / "C0.vue").unlink()
    found = Scanner(tree, framework="ta404").scan().write(out)
    check_run(out, [path.name for path in found.values()])
    with pytest.raises(DataError, match=r"config\.yaml of run scan-"):
        check_run(out, names)
    Catalog.load(found["catalog"])


@pytest.mark.slow
def test_stage1_says_that_another_one_is_at_work(tmp_path, capsys):
    runner(tmp_path)
    with OutputFolder(tmp_path / "out"):
        assert stage1.main(["scan.path=demo", f"output_dir={tmp_path / 'out'}", f"model.path={tmp_path}"]) == 2
    assert f"process {os.getpid()} is at work there; wait for it, or name another folder" in capsys.readouterr().err
    assert not (tmp_path / "out" / "data").exists()


def stage1_left(folder: Path, rows: str, settings: str) -> None:
    """Write what a finished stage 1 leaves, as far as stage 2 looks at it."""
    put(folder / "data", rows, names=("train.jsonl", "val.jsonl", "catalog.json"))
    checkpoint = folder / "sft" / "v0" / "checkpoint-3"
    checkpoint.mkdir(parents=True, exist_ok=True)
    with writing(folder, "stage1") as staged:
        (staged / "config.yaml").write_text(settings)
        write_state(staged, checkpoint, run_of(folder / "data" / "train.jsonl"))


def test_stage2_reads_a_stage1_that_is_of_one_run(tmp_path):
    stage1_left(tmp_path, "rows", "seed: 1\n")
    before = run_of(tmp_path / "data" / "val.jsonl")
    assert read_stage1(tmp_path, None).config.seed == 1
    with writing(tmp_path, "settings") as staged:  # begun once more, with the same settings
        (staged / "config.yaml").write_text("seed: 1\n")
    assert read_stage1(tmp_path, None).config.seed == 1
    put(tmp_path / "data", "others", names=("train.jsonl", "val.jsonl", "catalog.json"))  # and killed in training
    with pytest.raises(DataError, match="a later stage 1 did not come to its end") as caught:
        read_stage1(tmp_path, None)
    assert before in str(caught.value)
    assert run_of(tmp_path / "data" / "val.jsonl") in str(caught.value)


def test_stage2_does_not_read_the_settings_of_one_stage1_and_the_report_of_another(tmp_path):
    stage1_left(tmp_path, "rows", "seed: 1\n")
    with writing(tmp_path, "settings") as staged:
        (staged / "config.yaml").write_text("seed: 2\n")
    with pytest.raises(DataError, match=r"config\.yaml is of run settings-\w+, state\.json of run stage1-\w+"):
        read_stage1(tmp_path, None)


def test_files_that_a_run_of_another_kind_wrote_are_not_replaced_in_silence(tmp_path, caplog):
    scanned = Scanner(demo.app(), framework="ta404", cache=False).scan()
    Checker().run([Sample.from_instruction("q", "", "a")]).write(tmp_path)
    assert not caplog.text
    scanned.write(tmp_path)
    assert f"{tmp_path}: scan replaces findings.jsonl, rejects.jsonl of check" in caplog.text
    assert "check 的结果被覆盖" in caplog.text
    caplog.clear()
    scanned.write(tmp_path)
    Scanner(demo.app(), framework="other", cache=False).scan().write(tmp_path)
    assert not caplog.text


def test_a_job_replaces_what_it_has_begun(tmp_path, caplog):
    for what, text in (("sft-begun", "1"), ("sft-begun", "2"), ("sft", "3"), ("sft", "4"), ("mix", "4")):
        with writing(tmp_path, what) as staged:
            (staged / "config.yaml").write_text(text)
    assert not caplog.text
    with writing(tmp_path, "mix") as staged:
        (staged / "config.yaml").write_text("5")
    assert not caplog.text  # `mix` wrote it last, if the same text
    with writing(tmp_path, "sft-begun") as staged:
        (staged / "config.yaml").write_text("6")
    assert "sft-begun replaces config.yaml of mix" in caplog.text
