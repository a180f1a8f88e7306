"""Whatever happens to the standard streams, the work is done, and the exit code is that of the work."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from swiftprep import Mixer, Sample, write_jsonl
from swiftprep.progress import progress_bar
from swiftprep.recipes import check
from swiftprep.recipes.shared import command_line
from swiftprep.streams import Forgiving, get_logger, let_go, tell

posix = pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full of Linux")

WRITTEN = [".swiftprep", "config.yaml", "findings.jsonl", "kept.jsonl", "rejects.jsonl", "report.html"]
UNTOLD = ("Traceback", "Exception ignored", "Error")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    rows = [
        {"query": f"对话框{number}要怎样关闭？", "response": f"先取得它的引用{number}，再调用关闭方法。"}
        for number in range(3)
    ]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def in_shell(line: str, data: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which $CHECK is the check recipe; its exit code is that of the recipe."""
    command = f"{sys.executable} -m swiftprep.recipes.check {data} output_dir={out}"
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; CHECK="{command}"; {line}'],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("$CHECK 2>/dev/full", id="full stderr"),
        pytest.param("$CHECK 2>&-", id="closed stderr"),
        pytest.param("$CHECK >&- 2>&- <&-", id="all closed"),
        pytest.param("$CHECK >/dev/full 2>/dev/full", id="all full"),
        pytest.param("$CHECK 2>&1 | true", id="nobody reads"),
        pytest.param("$CHECK 2>&1 | head -1", id="head"),
        pytest.param("$CHECK --json | cat", id="the report goes through"),
        pytest.param("$CHECK --json | head -1", id="of the report a line is enough"),
    ],
)
def test_the_work_is_done_and_its_exit_code_is_right(line, data, tmp_path):
    child = in_shell(line, data, tmp_path / "out")
    assert child.returncode == 0, child
    assert sorted(os.listdir(tmp_path / "out")) == WRITTEN
    assert not [word for word in UNTOLD if word in child.stdout + child.stderr]


@posix
@pytest.mark.slow
@pytest.mark.parametrize("where", [">/dev/full", ">&-"])
def test_a_report_that_cannot_be_written_is_an_error(where, data, tmp_path):
    child = in_shell(f"$CHECK --json {where}", data, tmp_path / "out")
    assert child.returncode == 1, child
    assert sorted(os.listdir(tmp_path / "out")) == WRITTEN
    assert child.stderr.splitlines()[-1].startswith("error: standard output did not take the report: ")
    assert not [word for word in UNTOLD[:2] if word in child.stderr]


@posix
@pytest.mark.slow
@pytest.mark.parametrize(
    ("given", "code"), [("near_duplicate_threshold=9", 2), ("output_dir=/dev/null/x", 2), ("--help", 0)]
)
def test_an_error_that_cannot_be_told_keeps_its_exit_code(given, code, data, tmp_path):
    for where in ("2>/dev/full", "2>&-", "2>/dev/full >/dev/full"):
        child = in_shell(f"$CHECK {given} {where}", data, tmp_path / "out")
        assert child.returncode == code, (where, child)


@posix
@pytest.mark.slow
def test_no_file_of_ours_becomes_standard_error(data, tmp_path):
    """With `2>&-` the next file that is opened would get descriptor 2, and what a library in C complains of went into it."""
    code = (
        "import os, sys; from swiftprep.recipes.shared import command_line\n"
        "def recipe(arguments):\n"
        f"    with open({str(tmp_path / 'data')!r}, 'w') as file:\n"
        "        os.write(2, b'noise')\n"
        "    return {}\n"
        f"sys.exit(command_line.run('x', '', recipe, []))"
    )
    child = subprocess.run(["bash", "-c", '"$@" 2>&-', "-", sys.executable, "-c", code], timeout=60, check=False)
    assert child.returncode == 0
    assert (tmp_path / "data").read_text() == ""


class Broken(io.StringIO):
    """A stream in a terminal that cannot be written to."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        if self.error:
            raise self.error
        return super().write(text)

    def flush(self) -> None:
        if self.error:
            raise self.error

    def isatty(self) -> bool:
        if isinstance(self.error, ValueError):
            raise self.error
        return True


BROKEN = {
    "full": OSError(errno.ENOSPC, "full"),
    "no reader": BrokenPipeError(errno.EPIPE, "gone"),
    "no terminal": OSError(errno.EIO, "gone"),
    "closed": ValueError("I/O operation on closed file"),
}


@pytest.fixture(params=[*BROKEN, "none"])
def broken(request):
    """A stream that cannot be written to. The test itself puts it in place: pytest has its own until then."""
    return None if request.param == "none" else Broken(BROKEN[request.param])


def test_a_progress_bar_goes_on_without_its_terminal(broken, monkeypatch):
    monkeypatch.setattr(sys, "stderr", broken)
    assert list(progress_bar(range(3), desc="x")) == [0, 1, 2]
    with progress_bar(total=2) as bar:
        bar.update()
        bar.set_postfix({"loss": "1.0"})


def test_a_terminal_that_goes_away_under_a_progress_bar(monkeypatch):
    stream = Broken(None)
    monkeypatch.setattr(sys, "stderr", stream)
    bar = progress_bar(range(3), desc="seen", mininterval=0)
    seen = []
    for item in bar:
        seen.append(item)
        stream.error = BROKEN["no reader"]
    assert seen == [0, 1, 2]
    assert "seen" in stream.getvalue()


def test_what_is_said_is_lost_and_no_more(broken, monkeypatch):
    monkeypatch.setattr(sys, "stderr", broken)
    tell("x")
    command_line.say("x")


def test_a_warning_is_lost_and_no_more(broken, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", broken)
    write_jsonl([Sample.from_instruction("q", "", "a")] * 20, tmp_path / "private.jsonl")
    write_jsonl([Sample.from_instruction("g", "", "a")], tmp_path / "general.jsonl")
    handler = logging.StreamHandler(broken) if broken else logging.StreamHandler()
    logger = logging.getLogger("swiftprep")
    logger.addHandler(handler)
    try:
        mix = Mixer([tmp_path / "private.jsonl"], [tmp_path / "general.jsonl"], ratio="1:99")
    finally:
        logger.removeHandler(handler)
    assert mix.dataset_args()[1].endswith("general.jsonl#1980")


def test_a_logger_is_the_one_of_its_name_and_tells_what_it_can(caplog):
    logger = get_logger("swiftprep.tests")
    assert logger is logging.getLogger("swiftprep.tests") is get_logger("swiftprep.tests")
    logger.warning("heard %s", "well")
    assert "heard well" in caplog.text


def test_a_recipe_survives_its_streams(broken, data, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", broken)
    assert check.main([str(data), f"output_dir={tmp_path / 'out'}"]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == WRITTEN
    assert sys.stderr is broken


@pytest.mark.parametrize("kind", [*BROKEN, "none"])
def test_a_report_that_standard_output_does_not_take(kind, data, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None if kind == "none" else Broken(BROKEN[kind]))
    has_enough = kind == "no reader"  # as `head` has
    assert check.main([str(data), f"output_dir={tmp_path / 'out'}", "--json"]) == (0 if has_enough else 1)
    assert ("standard output did not take the report" in capsys.readouterr().err) != has_enough


def test_a_report_in_an_encoding_that_lacks_its_characters(data, tmp_path, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    out = tmp_path / "输出"
    assert check.main([str(data), f"output_dir={out}", "--json"]) == 0
    assert json.loads(raw.getvalue())["files"]["kept"] == str(out / "kept.jsonl")


def test_what_a_stream_lacks_is_shown_by_its_number():
    raw = io.BytesIO()
    stream = Forgiving(io.TextIOWrapper(raw, encoding="ascii"))
    assert stream.write("页 x") == 3
    stream.flush()
    assert raw.getvalue() == b"\\u9875 x"
    assert stream.encoding == "ascii"


@posix
def test_what_waits_in_a_stream_is_let_go():
    with open("/dev/full", "w") as stream:
        stream.write("x")
        let_go(stream)
        assert os.fstat(stream.fileno()).st_rdev == os.stat(os.devnull).st_rdev
    let_go(None)


def test_a_bar_that_is_interrupted_holds_nobody_up(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    bar = progress_bar(total=9, mininterval=0)
    monkeypatch.setattr(terminal, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bar.update(3)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "stderr", Terminal())
    others = threading.Thread(target=lambda: progress_bar(total=1).close(), daemon=True)
    others.start()
    others.join(20)
    assert not others.is_alive()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def interrupted(text: str) -> int:
    raise KeyboardInterrupt


def test_a_bar_that_nobody_sees_counts():
    with progress_bar(total=3, desc="x") as bar:
        bar.update()
        bar.update(2)
        bar.set_postfix({"a": 1}, refresh=False)
    assert (bar.n, bar.total) == (3, 3)
    assert list(progress_bar([1, 2])) == [1, 2]
