"""Scanning again, with several processes, in any order: the same bytes, and only what changed is read."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import Future
from contextlib import nullcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Scanner
from swiftprep.scan import catalog_parts, one_file, scanner
from swiftprep.scan.api_samples import api_samples
from swiftprep.scan.file_record import FileRecord
from swiftprep.scan.source_file import read_source
from swiftprep.scan.split import held_out, near_copies, signature

NAMES = [f"m{i % 5}/C{i}.vue" for i in range(30)] + ["mixins/size.js", "api/users.py", "Main.java", "bad.vue"]


def content(name, salt=0):
    draw = random.Random(f"{name}{salt}")
    words = [f"{draw.choice('abcdefgh')}{draw.randrange(900)}" for _ in range(30)]
    if name.endswith(".vue") and name != "bad.vue":
        return (
            f"<template><ta-table :data='{words[0]}' {words[1]}='1'><slot name='{words[2]}'/></ta-table></template>\n<script>\n"
            f"import size from '../mixins/size'\nexport default {{ mixins: [size], props: {{ {words[3]}: String }},\n"
            f"  data() {{ return {{ {', '.join(w + ': 1' for w in words[4:])} }} }} }}\n</script>\n"
        )
    return {
        "mixins/size.js": f"export default {{ props: {{ size: String, {words[0]}: Number }} }}\n",
        "api/users.py": f"def {words[0]}(a: int) -> int:\n    return a\n",
        "Main.java": f"public class Main {{ public int {words[0]}(int a) {{ return a; }} }}\n",
    }.get(name, "\0")


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SWIFTPREP_CACHE", str(tmp_path / "cache"))
    for name in NAMES:
        path = tmp_path / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content(name))
    age(tmp_path / "repo")
    return tmp_path / "repo"


def age(root):
    """Make files look older than the clock's tick, or they would be read again to be sure."""
    then = time.time_ns() - 3_000_000_000
    for path in root.rglob("*.*"):
        os.utime(path, ns=(then, then))


def outputs(scan, folder):
    return {name: path.read_bytes() for name, path in scan.write(folder).items()}


class InThisProcess:
    """In place of the pool: what is read here can be seen, and stopped."""

    def submit(self, guarded, files):
        future: Future[list[FileRecord | None]] = Future()
        future.set_result(list(map(guarded.function, files)))
        return future


@pytest.fixture
def reads(monkeypatch):
    """The files that are really read."""
    seen = []
    monkeypatch.setattr(scanner, "pool_of", lambda workers: nullcontext(InThisProcess()))
    real = read_source

    def noted(root, path, **more):
        seen.append(path)
        return real(root, path, **more)

    monkeypatch.setattr(one_file, "read_source", noted)
    return seen


@pytest.mark.slow
def test_any_number_of_processes_gives_the_same_bytes(root, tmp_path):
    made = [outputs(Scanner(root, workers=n, cache=False).scan(), tmp_path / str(n)) for n in (1, 3)]
    assert made[0] == made[1]
    assert b'"split":"val"' in made[0]["val"]


@pytest.mark.slow
def test_a_script_without_a_main_guard_can_use_processes(root, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        f"from swiftprep import Scanner\nprint(Scanner({str(root)!r}, workers=2, cache=False).scan().files_kept)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(len(NAMES) - 1)
    assert done.stderr == ""


def test_nothing_is_read_again_and_the_result_is_the_same(root, tmp_path, reads):
    first = outputs(Scanner(root).scan(), tmp_path / "1")
    assert len(reads) == len(NAMES)
    reads.clear()
    again = Scanner(root).scan()
    assert reads == []
    assert outputs(again, tmp_path / "2") == first
    assert outputs(Scanner(root, cache=False).scan(), tmp_path / "3") == first


CHANGES = {
    "changed": (lambda root: (root / "m1/C1.vue").write_text(content("m1/C1.vue", 1)), {"m1/C1.vue"}),
    "touched": (lambda root: os.utime(root / "m1/C1.vue"), {"m1/C1.vue"}),
    "new": (lambda root: (root / "m1/New.vue").write_text(content("m1/New.vue")), {"m1/New.vue"}),
    "gone": (lambda root: (root / "m1/C1.vue").unlink(), set()),
    "moved": (lambda root: (root / "m1/C1.vue").rename(root / "m1/Z.vue"), {"m1/Z.vue"}),
    "mixin changed": (lambda root: (root / "mixins/size.js").write_text("export default { props: ['other'] }"), {"mixins/size.js"}),
    "same size": (lambda root: (root / "m1/C1.vue").write_text(content("m1/C1.vue").replace(":data=", ":dato=")), {"m1/C1.vue"}),
    "ignored": (lambda root: (root / ".gitignore").write_text("m2/\n"), set()),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_only_what_changed_is_read_and_the_result_is_that_of_a_new_scan(root, tmp_path, reads, change, expected):
    Scanner(root).scan()
    reads.clear()
    change(root)
    rescan = Scanner(root).scan()
    assert set(reads) == expected
    assert outputs(rescan, tmp_path / "1") == outputs(Scanner(root, cache=False).scan(), tmp_path / "2")


def test_an_earlier_scan_keeps_what_it_found(root, tmp_path):
    first = Scanner(root).scan()
    (root / "m1/C1.vue").write_text(content("m1/C1.vue", 1))
    Scanner(root).scan()
    answers = {s.meta["path"]: s.answer for s in first.stream() if s.meta["kind"] == "component"}
    assert answers["m1/C1.vue"] == content("m1/C1.vue")


def test_other_settings_are_not_mixed_up(root, reads):
    zh = Scanner(root, kinds=["component"]).scan()
    en = Scanner(root, kinds=["component"], lang="en").scan()
    assert len(reads) == 2 * len(NAMES)
    assert not zh.samples[0].prompt.isascii()
    assert en.samples[0].prompt.isascii()
    assert len(Scanner(root, kinds=["component"], seed=3).scan().val) == len(zh.val)
    assert len(reads) == 2 * len(NAMES)


@pytest.mark.slow
def test_a_damaged_or_locked_cache_is_no_error(root, tmp_path):
    first = outputs(Scanner(root).scan(), tmp_path / "1")
    (store,) = (tmp_path / "cache/scan").glob("*.sqlite")
    assert store.stat().st_mode & 0o077 == 0
    holder = sqlite3.connect(store, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert outputs(Scanner(root).scan(), tmp_path / "2") == first
    holder.close()
    store.write_bytes(b"no database" * 1000)
    assert outputs(Scanner(root).scan(), tmp_path / "3") == first
    data = bytearray(store.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    store.write_bytes(data)
    assert outputs(Scanner(root).scan(), tmp_path / "4") == first


@pytest.mark.parametrize("kind", ["a file", "a folder there", "a link to nowhere"])
def test_a_cache_that_cannot_be_written_is_told_and_done_without(kind, root, tmp_path, caplog):
    if kind == "a file":
        (tmp_path / "cache").write_text("")
    elif kind == "a folder there":
        assert Scanner(root).scan().files_kept
        (store,) = (tmp_path / "cache/scan").glob("*.sqlite")
        store.unlink()
        store.mkdir()
    else:
        (tmp_path / "cache").symlink_to("gone")
    found = [repr(Scanner(root).scan()) for _ in range(2)]
    assert found == [repr(Scanner(root, cache=False).scan())] * 2
    assert caplog.text.count("the cache cannot be used") == 1
    assert "SWIFTPREP_CACHE names another folder, cache=False" in caplog.text


def test_a_cache_nobody_uses_is_deleted(root, tmp_path):
    folder = tmp_path / "cache/scan"
    folder.mkdir(parents=True)
    for name, days in (("old.sqlite", 31), ("new.sqlite", 29)):
        (folder / name).write_bytes(b"")
        then = time.time() - days * 86400
        os.utime(folder / name, (then, then))
    Scanner(root).scan()
    assert not (folder / "old.sqlite").exists()
    assert (folder / "new.sqlite").exists()


def test_a_scan_that_is_stopped_goes_on_where_it_was(root, monkeypatch, reads):
    class Stops(InThisProcess):
        def submit(self, guarded, files):
            if len(reads) >= 10:
                raise KeyboardInterrupt
            return super().submit(guarded, files)

    with monkeypatch.context() as patch:
        patch.setattr(scanner, "_CHUNK_BYTES", 2000)
        patch.setattr(scanner, "pool_of", lambda workers: nullcontext(Stops()))
        with pytest.raises(KeyboardInterrupt):
            Scanner(root, workers=1).scan()
    done = len(reads)
    assert 10 <= done < len(NAMES)
    assert Scanner(root).scan().files_kept == len(NAMES) - 1
    assert len(reads) <= len(NAMES) + 6  # at most the batches that were under way again


def test_a_scan_that_is_stopped_while_linking_leaves_no_half_catalogue(root, tmp_path, monkeypatch):
    def stop(*arguments):
        yield from list(real(*arguments))[:1]
        raise KeyboardInterrupt

    real = api_samples
    with monkeypatch.context() as patch:
        patch.setattr(catalog_parts, "api_samples", stop)
        with pytest.raises(KeyboardInterrupt):
            Scanner(root).scan()
    again = outputs(Scanner(root).scan(), tmp_path / "1")
    assert again == outputs(Scanner(root, cache=False).scan(), tmp_path / "2")


def test_many_samples_are_kept_on_disk(root, tmp_path, monkeypatch):
    from swiftprep.scan import result

    plain = Scanner(root, cache=False).scan()
    monkeypatch.setattr(result, "IN_MEMORY", 1000)
    spooled = Scanner(root, cache=False).scan()
    assert outputs(spooled, tmp_path / "1") == outputs(plain, tmp_path / "2")


def test_the_commit_is_that_of_the_folder(root, tmp_path):
    assert Scanner(root, cache=False).scan().samples[0].meta["commit"] is None
    git = ["git", "-C", str(root), "-c", "user.name=a", "-c", "user.email=a@b"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *command], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    assert {s.meta["commit"] for s in Scanner(root, cache=False).scan().samples} == {head}


@pytest.mark.slow
def test_near_copies_stay_on_one_side_wherever_they_lie(tmp_path):
    root = tmp_path / "repo"
    for number in range(20):
        text = content(f"a/C{number}.vue")
        for copy, changed in enumerate(
            (text, text.replace("ta-table", "ta-list"), "\n\n" + text.replace("\n", "\n  "))
        ):
            path = root / f"m{number * 3 + copy}/C.vue"
            path.parent.mkdir(parents=True)
            path.write_text(changed)
    found = Scanner(root, cache=False, kinds=["component"], val_fraction=0.2).scan()
    sides = [{found.files[i]["path"]: found.files[i]["split"] for i in range(60)}[f"m{n}/C.vue"] for n in range(60)]
    assert all(len(set(sides[i : i + 3])) == 1 for i in range(0, 60, 3))
    assert 6 <= sides.count("val") <= 12


def test_everything_of_one_component_is_on_one_side(root):
    found = Scanner(root, val_fraction=0.3).scan()
    by_path: dict[str, set[str]] = {}
    for sample in found.samples:
        usage = sample.meta["kind"] == "api" and sample.meta["components"] == ["ta-table"]
        if not usage:
            by_path.setdefault(sample.meta["path"], set()).add(sample.meta["split"])
    assert all(len(sides) == 1 for sides in by_path.values())
    assert {"train", "val"} == set().union(*by_path.values())


def test_signatures_tell_copies_from_others():
    text = content("a/A.vue")
    signs = [signature(t) for t in (text, text.replace("30", "31"), content("b/B.vue"), "a b", "a  b", "a c")]
    groups = near_copies(signs)
    assert groups[0] == groups[1] != groups[2]
    assert groups[3] == groups[4] != groups[5]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "c/d", "e"]), st.integers(0, 6)), min_size=1, max_size=30),
    st.sampled_from([[".vue"], [".vue", ".vue", ".js"], [".py", ".vue"]]),
    st.floats(0, 0.9),
    st.integers(0, 5),
)
def test_held_out_is_a_share_and_does_not_depend_on_the_order(files, suffixes, fraction, seed):
    paths = [f"{folder}/{number}{suffixes[number % len(suffixes)]}" for number, (folder, _) in enumerate(files)]
    signs = [signature(content(f"x{kind}.vue")) for _, kind in files]
    out = {paths[i] for i in held_out(paths, signs, fraction, seed)}
    assert len(out) < len(paths)
    assert bool(out) == (len(paths) > 1 and fraction > 0)
    order = list(range(len(paths)))
    random.Random(seed).shuffle(order)
    again = held_out([paths[i] for i in order], [signs[i] for i in order], fraction, seed)
    assert {paths[order[i]] for i in again} == out
