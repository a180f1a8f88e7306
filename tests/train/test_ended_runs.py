"""Real runs of ms-swift that are ended from outside, and two evaluations at once."""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from swiftprep import SwiftRunner
from swiftprep.demo import MODEL_ARGUMENTS
from swiftprep.train import process

pytestmark = pytest.mark.long

KEY = "canary-of-the-key"
# A worker as ever, but that the key of its server is known by its beginning.
WORKER = f"""
import os, secrets, sys
draw = secrets.token_urlsafe
secrets.token_urlsafe = lambda length: ({KEY!r} if length == 32 else "") + draw(length)
from swiftprep.train.worker import main
code = main()
sys.stderr.flush()
os._exit(code)
"""


def test_the_arguments_of_the_server_are_those_that_ms_swift_would_give_its_own():
    code = """if True:
        import dataclasses
        from swift.arguments import DeployArguments, EvalArguments
        from swiftprep.train.worker import _OF_EVAL
        of_eval, of_server = ({f.name: f.default for f in dataclasses.fields(kind) if f.init} for kind in (EvalArguments, DeployArguments))
        assert {name for name in of_eval if _OF_EVAL.fullmatch(name)} == of_eval.keys() - of_server.keys()
        print({name: value for name, value in of_eval.items() if name in of_server and value != of_server[name]})
    """
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    # The temperature is given to the server; what is asked is never printed.
    assert found.stdout.splitlines()[-1] == "{'temperature': 0.0, 'verbose': False}", found.stderr[-2000:]


needs_proc = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc")


def wait_for(what: Callable[[], Any], seconds: float = 240.0) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it does not come to that"
        time.sleep(0.05)
    return found


def test_two_at_once_do_not_disturb_each_other_and_the_key_is_written_nowhere(model, tmp_path, monkeypatch):
    known = functools.partial(process.run_in_child, worker=[sys.executable, "-c", WORKER])
    monkeypatch.setattr("swiftprep.train.runner.run_in_child", known)
    runner = SwiftRunner(model, tmp_path, **MODEL_ARGUMENTS)
    with ThreadPoolExecutor(2) as pool:
        limits = (1, 2)
        asked = list(pool.map(lambda n: runner.eval(None, "general", limit=n, max_new_tokens=8), limits))
    assert [len(evaluation.rows) for evaluation in asked] == [1, 2]
    assert asked[0].rows[0]["answer"] == asked[1].rows[0]["answer"]
    ports = set()
    for evaluation in asked:
        (log,) = evaluation.output_dir.glob("*.log")
        ports |= set(re.findall(r"base_url=http://127\.0\.0\.1:(\d+)/v1", log.read_text("utf-8")))
        assert KEY not in evaluation.command
    assert len(ports) == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 8
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def processes(mark: str) -> dict[int, str]:
    """Return the command lines of the processes that have a mark in their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_text()
        except OSError:
            pass
    return found


def start(model: Path, folder: Path, call: str) -> tuple[str, subprocess.Popen[bytes]]:
    """Start a recipe that calls a runner; return what marks all its processes, and the first of them."""
    code = f"""if True:
        from swiftprep import SwiftRunner
        from swiftprep.recipes.shared import command_line
        runner = SwiftRunner({str(model)!r}, {str(folder)!r}, **{MODEL_ARGUMENTS!r})
        command_line.run("check", "", lambda arguments: runner.{call}, [])
    """
    environment = {**os.environ, "SWIFTPREP_MARK": str(folder)}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.DEVNULL)
    return f"SWIFTPREP_MARK={folder}", process


@needs_proc
@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP"])
def test_a_training_run_whose_parent_ends_saves_what_it_has(model, tmp_path, name):
    data = tmp_path / "train.jsonl"
    data.write_text('{"query": "What is ta404?", "response": "A private framework."}\n' * 64, encoding="utf-8")
    more = "max_length=64, max_steps=3000, save_steps=3000, logging_steps=1, per_device_train_batch_size=1"
    mark, parent = start(model, tmp_path, f"sft([{str(data)!r}], {more})")
    wait_for(lambda: any(log.stat().st_size for log in tmp_path.glob("v*/logging.jsonl")))
    parent.send_signal(getattr(signal, name))
    parent.wait()
    wait_for(lambda: not processes(mark))
    assert len(list(tmp_path.glob("v*/checkpoint-*/adapter_model.safetensors"))) == 1


@needs_proc
@pytest.mark.parametrize(
    ("name", "when"),
    [("SIGHUP", "Creating model"), ("SIGKILL", "Creating model"), ("SIGTERM", ""), ("SIGKILL", "")],
    ids=["hung up while it asks", "killed while it asks", "terminated while it loads", "killed while it loads"],
)
def test_one_that_is_ended_leaves_nothing_behind(model, tmp_path, name, when):
    mark, parent = start(model, tmp_path, 'eval(None, "general", max_new_tokens=250)')
    wait_for(lambda: any("swiftprep.serve.worker" in command for command in processes(mark).values()))
    wait_for(lambda: all(when in log.read_text("utf-8") for log in tmp_path.glob("eval/*/*.log")))
    assert parent.poll() is None
    assert len(processes(mark)) >= 3
    parent.send_signal(getattr(signal, name))
    parent.wait()
    wait_for(lambda: not processes(mark), seconds=process.AT_ONCE + 30)
