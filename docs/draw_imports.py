"""Draw the rooms of the package and what they import into docs/architecture.md.

Run as `python docs/draw_imports.py`. With `--check`, write nothing and end with 1 where the page is out of date.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

PAGE = Path(__file__).parent / "architecture.md"
PACKAGE = Path(__file__).parent.parent / "swiftprep"
BEGIN, END = "<!-- drawn by docs/draw_imports.py -->", "<!-- end of the drawing -->"


def rooms() -> dict[str, str]:
    """Return the first line of the docstring of each folder and module directly within the package."""
    files = {path.parent.name: path for path in PACKAGE.glob("*/__init__.py")}
    files |= {path.stem: path for path in PACKAGE.glob("*.py") if path.stem != "__init__"}
    return {
        name: (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n")[0]
        for name, path in sorted(files.items())
    }


def imports(names: set[str]) -> dict[str, set[str]]:
    """Return which rooms each room imports, within functions too, but not for types alone."""
    graph: dict[str, set[str]] = {name: set() for name in names}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room not in names:
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
                node.body = []
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "swiftprep":
                module = (node.module or "").split(".")
                graph[room] |= {module[1]} if len(module) > 1 else {alias.name for alias in node.names}
    return {room: (others & names) - {room} for room, others in graph.items()}


def layers(graph: dict[str, set[str]]) -> dict[str, int]:
    """Return how many rooms stand above each, one upon the other."""
    depth: dict[str, int] = {}

    def measure(room: str) -> int:
        if room not in depth:
            depth[room] = 1 + max(map(measure, graph[room]), default=-1)
        return depth[room]

    for room in graph:
        measure(room)
    return depth


def direct(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the graph without the imports that follow from others."""

    def reach(room: str) -> set[str]:
        return {room}.union(*map(reach, graph[room]))

    return {
        room: {other for other in others if not any(other in reach(third) for third in others - {other})}
        for room, others in graph.items()
    }


def drawing() -> str:
    """Return the drawing and the table as Markdown."""
    told = rooms()
    graph = imports(set(told))
    depth = layers(graph)
    lines = ["```mermaid", "flowchart BT"]
    for room, others in sorted(direct(graph).items(), key=lambda item: (depth[item[0]], item[0])):
        lines += [f"  {room} --> {other}" for other in sorted(others)] or [f"  {room}"]
    lines += ["```", "", "| layer | room | what it is for | imports |", "|---|---|---|---|"]
    for room in sorted(graph, key=lambda name: (depth[name], name)):
        name = f"`{room}/`" if (PACKAGE / room).is_dir() else f"`{room}.py`"
        lines.append(f"| {depth[room]} | {name} | {told[room]} | {', '.join(sorted(graph[room]))} |")
    return "\n".join(lines)


def main() -> int:
    """Draw it, or check that it is drawn; return the exit code."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    drawn = f"{before}{BEGIN}\n\n{drawing()}\n\n{END}{after}"
    if "--check" in sys.argv[1:]:
        return int(drawn != page)
    PAGE.write_text(drawn, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
