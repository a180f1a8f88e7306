"""Packages of npm, fetched once into the cache folder.

Two npm's at work at the same time write over each other's cache and may leave a package without some of its files,
without saying so: the test processes go one after the other.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from swiftprep.storage.disk import cache_dir

INSTALL = ("install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts")


def unpacked(package: str) -> Path:
    """Return the folder with the files of `name@version` as it is published."""

    def fill(folder: Path) -> None:
        archive = _npm("pack", "--silent", package, folder=folder).split()[-1]
        shutil.unpack_archive(folder / archive, folder, filter="data")

    return _once(f"packed-{package}", fill) / "package"


def installed(*packages: str) -> Path:
    """Return a folder whose `node_modules` holds packages, with what they need."""

    def fill(folder: Path) -> None:
        (folder / "package.json").write_text('{"private": true}')
        _npm(*INSTALL, *packages, folder=folder)

    return _once("installed-" + "-".join(packages), fill)


def _once(name: str, fill: Callable[[Path], None]) -> Path:
    folder = cache_dir() / "tests" / name.replace("/", "+")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / "npm.lock"):
        if not folder.is_dir():
            # Whole or not there.
            with tempfile.TemporaryDirectory(dir=folder.parent) as made:
                whole = Path(made) / "whole"
                whole.mkdir()
                fill(whole)
                whole.rename(folder)
    return folder


def _npm(*arguments: str, folder: Path) -> str:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("needs node and npm")
    done = subprocess.run([npm, *arguments], cwd=folder, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"npm {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()[-200:]}")
    return done.stdout
