"""Data the tests share, and what holds for every test."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from swiftprep import demo

HEAVY = ("torch", "swift", "transformers")

# Hypothesis fails what takes longer than 200 ms, or whose examples come slowly: on a busy machine that is anything.
settings.register_profile("swiftprep", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fuzz", settings.get_profile("swiftprep"), max_examples=1000)
settings.load_profile("swiftprep")

# Who runs the tests in the background (a shell, nohup) has them ignore what some of them send to their children.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Several workers that each train on all cores wait for each other most of the time.
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
if WORKERS > 1:
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))


def is_fast(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is None and item.get_closest_marker("long") is None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow ones come first, so that no worker starts one when the others are done."""
    items.sort(key=is_fast)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A fast test converts no model; what shares something costly runs in one worker."""
    group = item.get_closest_marker("xdist_group")
    if group and getattr(item.config.option, "loadgroup", False) and not item.nodeid.endswith(f"@{group.args[0]}"):
        pytest.fail("pytest-xdist scatters the tests of a group: it does not fit this pytest")
    given = getattr(getattr(item, "callspec", None), "params", {})
    if is_fast(item) and "model" in getattr(item, "fixturenames", ()) and "model" not in given:
        pytest.fail("uses the real model: mark it slow")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A fast test loads nothing heavy."""
    before = set(sys.modules)
    yield
    loaded = [name for name in HEAVY if sys.modules.get(name) and name not in before]
    if loaded and is_fast(item):
        pytest.fail(f"loads {', '.join(loaded)}: mark it slow")


@pytest.fixture
def jsonl(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as JSONL and return the path."""

    def write(name: str, rows: Iterable[Any]) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str | bytes]], Path]:
    """Write files below a folder and return the folder."""

    def write(files: dict[str, str | bytes]) -> Path:
        root = tmp_path / "repo"
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return root

    return write


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded SmolLM2-135M-Instruct, converted once into the user's cache: by one worker, while the others wait."""
    with FileLock(tmp_path_factory.getbasetemp().parent / "model.lock"):
        return demo.model()


class Stage1Run(NamedTuple):
    """A real stage 1 on the embedded default, shortened: a few steps, a few questions."""

    folder: Path
    settings: list[str]  # those of the length, which stage 2 has as well
    printed: str


@pytest.fixture(scope="session")
def stage1_run(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Stage1Run:
    """Run stage 1 once for all: a test that uses it belongs to the group `stage1`, so that one worker has them all."""
    from swiftprep.recipes import stage1

    folder = tmp_path_factory.mktemp("stage1")
    probes = folder / "probes.jsonl"
    shipped = Path(demo.app()).with_name("probes.jsonl").read_text(encoding="utf-8").splitlines()
    probes.write_text("\n".join(shipped[:4]) + "\n", encoding="utf-8")
    settings = [
        f"eval.probes={probes}", "eval.limit=1", "eval.max_new_tokens=8", "sft.max_length=256", "sft.eval_strategy=steps",
        "sft.save_strategy=steps",
    ]  # fmt: skip
    steps = ["sft.max_steps=8", "sft.eval_steps=8", "sft.save_steps=8"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert stage1.main(["scan.path=demo", f"output_dir={folder}", *settings, *steps, "--lang", "zh", "--json"]) == 0
    return Stage1Run(folder, settings, printed.getvalue())
