"""The wheel that `make dist` builds works in an environment that holds nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRY_IT = """
import sys
from importlib import metadata
from pathlib import Path
import swiftprep
from swiftprep import Checker, Scanner, demo
from swiftprep.errors import MissingDependencyError
assert Path(swiftprep.__file__).is_relative_to(sys.prefix), swiftprep.__file__
scan = Scanner(demo.app(), framework="ta404").scan()
scan.write("data")
Checker(catalog=scan.catalog).run(scan.samples).write("checked")
assert not any(name in sys.modules for name in ("torch", "swift"))
try:
    demo.model()
except MissingDependencyError as error:
    assert "pip install" in str(error)
print(len(scan.samples), metadata.version("swiftprep"))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder], cwd=ROOT, check=True, capture_output=True
    )
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_a_wheel_holds_the_package_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {"swiftprep", wheel.name.split("-py3")[0] + ".dist-info"}
    tracked = subprocess.run(
        ["git", "ls-files", "swiftprep"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert sorted(tracked) == sorted(name for name in names if name.startswith("swiftprep/"))


@pytest.mark.slow
def test_a_wheel_installs_into_an_empty_environment_and_works_there(wheel, tmp_path):
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "empty"], check=True)
    python = str(tmp_path / "empty" / ("Scripts" if os.name == "nt" else "bin") / "python")
    lock = ROOT / "locks" / "py{}{}.txt".format(*sys.version_info)
    pins = re.findall(r"^[a-z0-9-]+==[^\s;]+", lock.read_text(encoding="utf-8"), re.MULTILINE)
    (tmp_path / "pins.txt").write_text("\n".join(pins))
    install = [python, "-m", "pip", "install", "--quiet", "-c", str(tmp_path / "pins.txt"), str(wheel)]
    installed = subprocess.run(install, capture_output=True, text=True, check=False)
    if installed.returncode and "NewConnectionError" in installed.stderr:
        pytest.skip("no package index can be reached, so swiftprep's dependencies cannot be installed")
    assert installed.returncode == 0, installed.stderr
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    tried = subprocess.run(
        [python, "-c", TRY_IT], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert tried.returncode == 0, tried.stderr
    assert tried.stdout.split()[1] == "0.1.0"
