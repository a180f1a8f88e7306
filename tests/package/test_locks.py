"""The locks hold everything that gets installed, and nothing of the machine they were written on."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
INSTALLED = ("swift", "demo", "teacher", "experts", "dev")  # the extras that `make install` installs


def locked(path: Path) -> dict[str, str]:
    """Return name → version."""
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", path.read_text(encoding="utf-8"), re.MULTILINE))


def asked_for() -> list[Requirement]:
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in INSTALLED for line in PROJECT["optional-dependencies"][extra]),
    ]
    return [needed for needed in map(Requirement, lines) if needed.name not in ("swiftprep", "torch")]


def test_there_is_a_lock_for_each_supported_python():
    supported = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", line)]
    assert {path.name for path in LOCKS} == {"build.txt", *(f"py{python.replace('.', '')}.txt" for python in supported)}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_line_is_a_pinned_package_or_a_hash_of_it(path):
    text = path.read_text(encoding="utf-8").replace(" \\\n", " ")
    for line in text.splitlines():
        if not line.startswith("#"):
            # No index, no path, no link, no editable; at least one hash.
            assert re.fullmatch(r"[a-z0-9-]+==[\w.!+]+(?: ;[^\\/:]+?)?(?: +--hash=sha256:[0-9a-f]{64})+", line), line[
                :100
            ]


@pytest.mark.parametrize("path", [path for path in LOCKS if path.name != "build.txt"], ids=lambda path: path.name)
def test_what_the_project_needs_is_locked_within_its_range(path):
    versions = locked(path)
    for needed in asked_for():
        assert needed.specifier.contains(Version(versions[canonicalize_name(needed.name)])), str(needed)


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_torch_and_what_its_gpu_builds_bring_are_for_the_machine_to_choose(path):
    assert not [name for name in locked(path) if name in ("torch", "triton") or name.startswith(("nvidia-", "cuda-"))]
    held = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert re.search(r"^torch==\d", held, re.MULTILINE)


def test_an_older_python_gets_the_same_versions_where_it_can():
    """ms-swift and what decides over training are the same everywhere, or a result would depend on the Python."""
    names = ("ms-swift", "transformers", "peft", "trl", "accelerate", "datasets", "modelscope", "evalscope")
    first, *others = ({name: locked(path)[name] for name in names} for path in LOCKS if path.name != "build.txt")
    assert all(other == first for other in others)
