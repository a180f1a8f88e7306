"""Child processes end with their parent, however it ends, and take with them what they have started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from swiftprep.process import lifeline
from swiftprep.recipes.shared import command_line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]

# A child that says who it is and whom it has started, and then does what it is told.
CHILD = """
import os, signal, subprocess, sys, time
how, note = sys.argv[1:]
if how == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
aide = subprocess.Popen(["sleep", "3600"])
try:
    print(os.getpid(), aide.pid, flush=True)
    while True:
        time.sleep(0.05)
except KeyboardInterrupt:
    open(note, "w").write("saved")
"""
PARENT = """
import os, subprocess, sys, time
from swiftprep.process import lifeline
how, grace, child, note = sys.argv[1:]
process = lifeline.start([sys.executable, "-c", child, how, note], grace=float(grace), stdout=subprocess.PIPE)
print(process.stdout.readline().decode().strip(), lifeline._keeper.pid, flush=True)
time.sleep(3600)
"""


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def ignores(pid: int, number: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (mask,) = (int(line.split()[1], 16) for line in lines if line.startswith("SigIgn"))
    return bool(mask >> (number - 1) & 1)


def wait_for(what: Callable[[], Any], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.01)


@pytest.fixture
def family(tmp_path: Path) -> Iterator[Callable[..., tuple[subprocess.Popen[str], list[int]]]]:
    """Start a parent with a child; return it, and the numbers of the child, of what that has started, of the keeper."""
    parents = []

    def start(how: str = "listens", grace: float = 60.0) -> tuple[subprocess.Popen[str], list[int]]:
        command = [sys.executable, "-c", PARENT, how, str(grace), CHILD, str(tmp_path / "note")]
        parent = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        parents.append(parent)
        assert parent.stdout is not None
        return parent, [int(word) for word in parent.stdout.readline().split()]

    yield start
    for parent in parents:
        parent.kill()
        parent.communicate()


@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGTERM", "SIGINT", "SIGABRT"])
def test_a_child_is_asked_to_stop_when_its_parent_ends(family, tmp_path, name):
    parent, pids = family()
    parent.send_signal(getattr(signal, name))
    wait_for(lambda: not any(map(is_there, pids)))
    assert (tmp_path / "note").read_text() == "saved"


@pytest.mark.parametrize("how", ["deaf", "stopped"])
def test_one_that_does_not_stop_has_a_hard_end(family, tmp_path, how):
    parent, pids = family(how, grace=0.5)
    if how == "stopped":
        os.kill(pids[0], signal.SIGSTOP)
    parent.kill()
    wait_for(lambda: not any(map(is_there, pids)))
    assert not (tmp_path / "note").exists()


def test_without_grace_it_is_killed_at_once(family, tmp_path):
    parent, pids = family(grace=0)
    parent.kill()
    wait_for(lambda: not any(map(is_there, pids)))
    assert not (tmp_path / "note").exists()


def test_what_a_child_started_ends_when_both_are_killed_at_once(family):
    parent, pids = family(grace=3600)
    os.kill(parent.pid, signal.SIGSTOP)
    os.kill(pids[0], signal.SIGKILL)
    os.kill(parent.pid, signal.SIGKILL)
    wait_for(lambda: not any(map(is_there, pids)))


def test_a_parent_that_is_stopped_keeps_its_children(family):
    parent, pids = family(grace=0)
    os.kill(parent.pid, signal.SIGSTOP)
    wait_for(lambda: Path(f"/proc/{parent.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    wait_for(lambda: ignores(pids[2], signal.SIGHUP))
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        os.kill(pids[2], getattr(signal, name))  # nor does a signal to the keeper end it
    os.kill(parent.pid, signal.SIGCONT)
    assert all(map(is_there, pids))
    parent.kill()
    wait_for(lambda: not any(map(is_there, pids)))


def test_a_keeper_that_was_killed_is_replaced_and_told_of_all():
    code = """if True:
        import os, signal, subprocess
        from swiftprep.process import lifeline
        first = lifeline.start(["sleep", "3600"])
        lifeline._keeper.kill()
        lifeline._keeper.wait()
        second = lifeline.start(["sleep", "3600"])
        print(first.pid, second.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    pids = [int(word) for word in found.stdout.split()]
    assert len(pids) == 2
    wait_for(lambda: not any(map(is_there, pids)))


def test_end_takes_the_whole_group_and_may_be_called_again(tmp_path):
    child = lifeline.start([sys.executable, "-c", CHILD, "deaf", str(tmp_path / "note")], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        pids = [int(word) for word in child.stdout.readline().split()]
        assert lifeline.end(child) == -signal.SIGKILL
        assert lifeline.end(child) == -signal.SIGKILL
    wait_for(lambda: not any(map(is_there, pids)))


def test_a_command_is_run_to_its_end_and_ended_where_that_is_broken_off(tmp_path):
    code = "import os, sys; print(os.environ['A'], repr(sys.stdin.read())); print('b', file=sys.stderr); sys.exit(3)"
    found = lifeline.run([sys.executable, "-c", code], environment={"A": "a"})
    assert (found.returncode, found.stdout, found.stderr) == (3, "a ''\n", "b\n")
    note = tmp_path / "pid"
    code = "import os, signal, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); os.kill(os.getppid(), 2); time.sleep(3600)"
    with pytest.raises(KeyboardInterrupt):
        lifeline.run([sys.executable, "-c", code, str(note)], environment={})
    assert not is_there(int(note.read_text()))


def test_a_fork_of_the_parent_neither_ends_the_children_nor_holds_the_lifeline():
    """As `multiprocessing` makes them."""
    code = """if True:
        import os, signal, sys, time
        from swiftprep.process import lifeline
        child = lifeline.start(["sleep", "3600"])
        if os.fork() == 0:
            lifeline.end(child)
            print(os.getpid(), child.pid, flush=True)
            os.close(1)
            time.sleep(3600)
        time.sleep(3600)
    """
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        fork, child = map(int, parent.stdout.readline().split())
        try:
            assert is_there(child)
            parent.kill()
            wait_for(lambda: not is_there(child))
            assert is_there(fork)
        finally:
            os.kill(fork, signal.SIGKILL)


def test_a_number_that_belongs_to_another_process_by_now_is_left_alone():
    other = subprocess.Popen(["sleep", "3600"], start_new_session=True)
    gone = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    gone.wait()
    try:
        charges = {other.pid: (5.0, "an earlier birth"), gone.pid: (5.0, "0")}
        lifeline._end_all(charges)
        assert charges == {}
        assert is_there(other.pid)
    finally:
        other.kill()
        other.wait()


def test_a_last_word_that_is_cut_off_names_nobody():
    with subprocess.Popen(["sleep", "3600"], start_new_session=True) as other:
        told = f"+{other.pid} 0\n-{other.pid} 0\n+{other.pid} 0".encode()
        keeper = subprocess.run(lifeline._KEEPER, input=told, check=False)
        assert (keeper.returncode, is_there(other.pid)) == (0, True)
        subprocess.run(lifeline._KEEPER, input=told + b"\n", check=True)
        assert other.wait() == -signal.SIGKILL


def test_the_keeper_gets_no_key_and_ends_with_the_last_of_them(monkeypatch):
    code = """if True:
        from pathlib import Path
        from swiftprep.process import lifeline
        lifeline.end(lifeline.start(["true"]))
        print(lifeline._keeper.pid, Path(f"/proc/{lifeline._keeper.pid}/environ").read_text().count("canary"))
    """
    monkeypatch.setenv("TEACHER_API_KEY", "canary")
    # Its output ends with the process: nobody who reads it waits for the keeper.
    found = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    pid, keys = found.stdout.split()
    assert (keys, found.stderr) == ("0", "")
    wait_for(lambda: not is_there(int(pid)))


# --- signals as Ctrl-C ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_recipe_is_stopped_by_any_of_these_signals(name, capsys):
    before = signal.getsignal(getattr(signal, name))

    def recipe(arguments):
        os.kill(os.getpid(), getattr(signal, name))
        time.sleep(60)
        return {}

    assert command_line.run("check", "", recipe, []) == 130
    assert "interrupted" in capsys.readouterr().err
    assert signal.getsignal(getattr(signal, name)) is before


def test_who_started_it_with_nohup_has_it_go_on(monkeypatch):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with lifeline.stopping_by_signals(signal.default_int_handler):
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_a_run_prints_for_its_parent_is_json(tmp_path):
    """A worker whose parent is gone before it is told what to do ends by itself."""
    from swiftprep.process import children

    for module in ("swiftprep.train.worker", "swiftprep.serve.worker"):
        command = children.python(module)
        found = subprocess.run(
            command, stdin=subprocess.DEVNULL, env=children.environment(), capture_output=True, text=True, check=False
        )
        assert found.returncode != 0
        assert all(json.loads(line) for line in found.stdout.splitlines())
