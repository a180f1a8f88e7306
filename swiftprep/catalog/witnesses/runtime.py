"""Read what Vue itself knows of the components of an installed package, by running it in a child process with Node.

**This runs the package's own JavaScript**, and that of what it depends on. The child has no network, may not write
files or start programs (with Node 20 or later), gets none of this process's keys, and ends after a time limit.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from swiftprep.arguments import is_number
from swiftprep.catalog.api import Component, Event, Prop, kebab
from swiftprep.errors import ConfigError, MissingDependencyError, RunError
from swiftprep.process.children import environment_for_parsing
from swiftprep.streams import get_logger
from swiftprep.text.json_text import read_json

logger = get_logger(__name__)

_MOST_BYTES = 50_000_000  # of the result
_MEMORY_MB = 2_000
_VERSION = re.compile(r"v(\d+)\.(\d+)")
_TYPES = {"Boolean": "boolean", "String": "string", "Number": "number", "Array": "array", "Object": "object"}
_TYPES |= {"Function": "function", "Symbol": "symbol", "BigInt": "bigint"}


def runtime_components(
    folder: str | Path, *, node: str | Path = "node", timeout: float = 60.0
) -> tuple[list[Component], str, str]:
    """Return the components of an installed package, its name, and the version of Vue that read it.

    Their props are complete. Events are those that a component declares, and it may emit others; slots and methods are
    not known at run time.

    Args:
        folder: The package, such as `node_modules/ant-design-vue`; `vue` must be installed beside it.
        node: The Node program.
        timeout: Seconds that the package may take to load.

    Raises:
        ConfigError: the folder is no package.
        MissingDependencyError: Node, or Vue beside the package, is not installed.
        RunError: the package cannot be loaded, or not in time.
    """
    package = Path(folder)
    if not (package / "package.json").is_file():
        raise ConfigError(
            f"{package}: no package.json in it; name the folder of an installed package, such as "
            "node_modules/ant-design-vue (不是已安装的 npm 包的文件夹)"
        )
    if not is_number(timeout) or timeout <= 0:
        raise ConfigError(f"timeout={timeout!r:.100}: expected a number of seconds above 0 (应为大于 0 的秒数)")
    result = _run(package.resolve(), _program(str(node)), timeout)
    if result.get("error") == "no-vue":
        raise MissingDependencyError(
            f"{package}: vue is not installed there; run `npm install vue` beside it (没有安装 vue，请先安装)"
        )
    if "error" in result:
        raise RunError(f"{package}: cannot be loaded in Node (无法在 Node 中加载):\n{result.get('detail', '')}")
    for failure in result["failed"]:
        logger.warning("%s: not read: %s (未能读取)", package, failure)
    components = [_component(row) for row in result["components"]]
    if not components:
        raise RunError(f"{package}: it registers and exports no component (这个包没有注册或导出任何组件)")
    return components, str(result["name"]), str(result["vue"])


def _program(node: str) -> list[str]:
    """Return the command that runs Node with as few permissions as its version allows."""
    program = shutil.which(node)
    if program is None:
        raise MissingDependencyError(
            f"{node}: Node.js is not installed; see https://nodejs.org, or name the program with node= "
            "(没有安装 Node.js，或请用 node= 指定其路径)"
        )
    shown = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=20, check=False).stdout
    match = _VERSION.match(shown.strip())
    version = (int(match[1]), int(match[2])) if match else (0, 0)
    limits = [f"--max-old-space-size={_MEMORY_MB}", "--no-warnings"]
    if version >= (20, 0):
        switch = "--permission" if version >= (23, 5) else "--experimental-permission"
        limits += [switch, "--allow-fs-read=*", "--allow-worker"]  # the worker reads modules
    return [program, *limits]


def _run(package: Path, program: list[str], timeout: float) -> dict[str, Any]:
    with (
        as_file(files("swiftprep") / "assets" / "runtime" / "components.cjs") as script,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as errors,
    ):
        try:
            code = subprocess.run(
                [*program, os.fspath(script), os.fspath(package)],
                stdin=subprocess.DEVNULL, stdout=out, stderr=errors, env=environment_for_parsing(),
                cwd=package, timeout=timeout, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            raise RunError(
                f"{package}: not loaded within {timeout:g} s; raise timeout= to allow more (加载超时)"
            ) from None
        size = out.seek(0, os.SEEK_END)
        out.seek(0)
        try:
            result = read_json(out.read()) if size <= _MOST_BYTES else None
        except ValueError:
            result = None
        if not isinstance(result, dict):
            errors.seek(max(0, errors.seek(0, os.SEEK_END) - 2_000))
            said = errors.read().decode("utf-8", "replace").strip()
            raise RunError(f"{package}: Node ended with {code} and no result (Node 没有返回结果):\n{said}")
        return result


def _component(row: dict[str, Any]) -> Component:
    names = tuple(map(str, row["names"]))
    props = tuple(
        Prop(
            prop["name"],
            " | ".join(_TYPES.get(name, name) for name in prop["types"]),
            prop["required"],
            default=prop["default"],
            witness="run-time",
        )
        for prop in row["props"]
    )
    return Component(
        kebab(names[0]),
        names=names,
        props=props,
        events=tuple(Event(name, witness="run-time") for name in row["emits"]),
        model=(row["model"][0], row["model"][1]) if row["model"] else None,
        registered=True,
        passes=("component",) if row.get("passes") else (),  # to whatever it renders
        origin="run-time",
        open=tuple(sorted({"events", "slots", *row["open"]})),
        why_open=(
            ("events", "Vue lists only the events that a component declares"),
            ("slots", "Vue keeps no list of slots"),
        ),
    )
