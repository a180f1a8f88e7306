"""What holds for the package as a whole."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import swiftprep

ROOT = Path(swiftprep.__file__).parent
HEAVY = ("torch", "swift", "modelscope", "transformers", "datasets", "evalscope", "pandas", "numpy", "matplotlib")

# Who may import whom: only what stands further up.
ORDER = [
    "spellings",
    "withheld",
    "errors",
    "limits",
    "bounded_yaml",
    "streams",
    "locking",
    "characters",
    "disk",
    "run_records",
    "staging",
    "outputs",
    "children",
    "lifeline",
    "worker_child",
    "workers",
    "progress",
    "rows",
    "turn_keys",
    "repeated_keys",
    "row_columns",
    "records",
    "tokens",
    "swiftfmt",
    "catalog",
    "scan",
    "quality",
    "augment",
    "mix",
    "distill",
    "evaluate",
    "train",
    "demo",
    "serve",
    "report",
    "recipes",
]
# `Teacher.local` and `Teacher.swift` are where people look for them; what they call needs the rooms above. And a model
# is evaluated through a server.
BY_CALL = [("distill", "serve"), ("train", "serve")]


def test_importing_loads_nothing_heavy():
    code = f"import sys, swiftprep; print([m for m in {HEAVY} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


@pytest.mark.slow
def test_using_the_light_half_loads_nothing_heavy(tmp_path):
    (tmp_path / "A.vue").write_text("<template/>")
    code = (
        "import sys; from swiftprep import Scanner, Mixer, Monitor, SwiftRunner, read_jsonl;"
        f"Scanner({str(tmp_path)!r}).scan().write({str(tmp_path / 'out')!r});"
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_public_names_are_there_and_listed():
    for name in swiftprep.__all__:
        assert getattr(swiftprep, name) is not None
    assert set(swiftprep.__all__) <= set(dir(swiftprep))
    with pytest.raises(AttributeError, match="no attribute 'Nope'"):
        _ = swiftprep.Nope


def modules():
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in sorted(ROOT.rglob("*.py"))]


@pytest.mark.parametrize("path", modules())
def test_imports_go_one_way(path):
    room = path.relative_to(ROOT).parts[0].removesuffix(".py")
    if room == "__init__":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.ImportFrom) and module.startswith("swiftprep"):
            names = [module.split(".")[1]] if "." in module else [a.name for a in node.names]
            for name in names:
                assert ORDER.index(name) <= ORDER.index(room) or (room, name) in BY_CALL, f"{room} imports {name}"


@pytest.mark.parametrize("path", modules())
def test_only_the_worker_imports_swift(path):
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert "swift" not in imported or path.name in ("worker.py", "guard.py", "list_arguments.py")
