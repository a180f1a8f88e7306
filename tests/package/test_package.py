"""What holds for the package as a whole."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import swiftprep

ROOT = Path(swiftprep.__file__).parent
HEAVY = ("torch", "swift", "modelscope", "transformers", "datasets", "evalscope", "pandas", "numpy", "matplotlib")

# Who may import whom: a room only those above its line. `docs/architecture.md` says what each is for.
LAYERS = (
    "apportion parsing reasons sample spellings streams",
    "progress redaction withheld",
    "errors notebook",
    "arguments plotting text",
    "process",
    "rows storage",
    "catalog records",
    "code demo inputs swiftfmt tokens",
    "evaluate mix models scan",
    "quality serve",
    "augment teachers train",
    "distill",
    "recipes",
    "__main__",
)
LAYER = {room: layer for layer, rooms in enumerate(LAYERS) for room in rooms.split()}


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


def imports() -> dict[str, set[str]]:
    """Return which modules each module imports, within functions too, but not for types alone."""
    files = {".".join(path.relative_to(ROOT.parent).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    graph = {}
    for name, path in files.items():
        tree = ast.parse(path.read_text("utf-8"))
        typing_only = {
            id(child)
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for statement in node.body
            for child in ast.walk(statement)
        }
        targets = set()
        for node in ast.walk(tree):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if isinstance(node, ast.ImportFrom) and module.startswith("swiftprep") and id(node) not in typing_only:
                targets |= {module, *(f"{module}.{alias.name}" for alias in node.names)} & files.keys()
        graph[name] = targets - {name}
    return graph


def test_rooms_import_only_those_above_them():
    for name, targets in imports().items():
        rooms = {target.split(".")[1] for target in targets}
        own = name.split(".")[1]
        for room in rooms - {own} if own != "__init__" else ():
            assert LAYER[room] < LAYER[own], f"{name} imports {room}"


def test_no_modules_and_no_folders_import_each_other_in_a_circle():
    modules = imports()
    folders: dict[str, set[str]] = {}
    for name, targets in modules.items():
        for target in targets:
            one, other = name.split("."), target.split(".")
            shared = next(at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
            if shared < len(one) - 1 and shared < len(other) - 1:
                folders.setdefault(".".join(one[: shared + 1]), set()).add(".".join(other[: shared + 1]))
    for graph in (modules, folders):
        list(TopologicalSorter(graph).static_order())  # raises `CycleError`


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
