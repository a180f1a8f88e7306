"""`Compiler`: check with the user's own Vue compiler whether code compiles."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import weakref
from importlib.resources import files
from pathlib import Path
from typing import Any

from swiftprep.errors import RunError
from swiftprep.process import lifeline
from swiftprep.streams import get_logger
from swiftprep.text.characters import whole_in

_log = get_logger(__name__)

START = 30.0  # seconds Node may take to load the compiler
_LEAST = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LANG")  # it must not see the teachers' API keys


class Compiler:
    """Vue's compiler in its own Node process, which ends with this one.

    **This runs JavaScript of the given project**: that of the compiler and its dependencies. The code to check is
    compiled but never run. `find` looks for the compiler in a project; several threads may share one compiler.

    Attributes:
        name: Name and version, such as `"vue-template-compiler 2.7.16"`.
    """

    def __init__(self, command: list[str], *, timeout: float = 10.0) -> None:
        """Start a compiler.

        Args:
            command: The command to run. It writes JSON lines: first `{"ready": name}`, then `{"id", "errors"}` for
                each `{"id", "code"}` on its standard input.
            timeout: Seconds a check may take.

        Raises:
            RunError: it cannot be started, or is not ready in time.
        """
        self.timeout = timeout
        self._command = list(command)
        self._lock = threading.Lock()
        self._last = 0
        self._child: _Child | None = None
        self.name = self._start().name

    def __repr__(self) -> str:
        return f"<Compiler {self.name}>"

    @classmethod
    def find(cls, folder: str | Path | None = None, *, timeout: float = 10.0) -> Compiler | None:
        """Return the compiler of a project, or None, with the reason in the log, if there is none.

        Node must be on the PATH. The compiler is `vue/compiler-sfc` (Vue 2.7 and 3), else `@vue/compiler-sfc`, else
        `vue-template-compiler` (Vue 2), from the `node_modules` of the folder and of those above it up to the
        project's root. Its JavaScript runs, and the log says so; files outside the project that a link leads to, or of
        another owner than the folder, do not. The root is the nearest folder of the same owner with a `package.json`
        or a `.git`; for a workspace whose packages share the `node_modules` of its root, pass the root.

        Args:
            folder: The project, or a folder in it; None: no project.
            timeout: Seconds a check may take.
        """
        if folder is None:
            return None
        places = [place for place in os.get_exec_path() if os.path.isabs(place)]  # the working folder is not trusted
        node = shutil.which("node", path=os.pathsep.join(places))
        if node is None or not os.path.isabs(node):
            _log.warning("code is not compiled: no 'node' on the PATH (PATH 中没有 node，不做编译检查)")
            return None
        script = str(files("swiftprep") / "assets" / "distill" / "compiler.cjs")
        try:
            project = Path(folder).resolve(strict=True)
            root = project_root(project)
        except (OSError, RuntimeError, ValueError) as error:
            _log.warning("code is not compiled: %s: %s (没有这个项目文件夹，不做编译检查)", folder, error)
            return None
        _log.warning(
            "JavaScript of the project %s runs with %s (编译检查会用 node 运行该项目中的 JavaScript)",
            root,
            node,
        )
        try:
            return cls([node, "--max-old-space-size=512", script, str(project), str(root)], timeout=timeout)
        except RunError as error:
            _log.warning("code is not compiled: %s", error)
            return None

    def check(self, code: str) -> list[str]:
        """Return the compiler's errors for some code, with the lines it names; `[]` when it compiles.

        A compiler that hangs or crashes is restarted, and the code that made it do so counts as not compiling.

        Args:
            code: A single-file component, or a piece of a template.

        Raises:
            RunError: it cannot be restarted.
        """
        text = code.encode("utf-8", "replace").decode("utf-8")
        with self._lock:
            for _ in range(2):
                child = self._child if self._child and self._child.is_alive() else self._start()
                self._last += 1
                try:
                    answer = child.ask({"id": self._last, "code": text}, self.timeout)
                except TimeoutError:
                    self._end()
                    return [f"the compiler did not come to an end within {self.timeout:g} s"]
                except OSError:
                    self._end()
                    continue
                return [str(error) for error in answer.get("errors", ())]
        return ["the compiler died of it"]

    def close(self) -> None:
        """End the Node process; a later check restarts it."""
        with self._lock:
            self._end()

    def __enter__(self) -> Compiler:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _start(self) -> _Child:
        self._end()
        try:
            self._child = _Child(self._command)
        except OSError as error:
            raise RunError(f"the Vue compiler does not start: {error} (Vue 编译器无法启动)") from None
        weakref.finalize(self, _Child.end, self._child)
        return self._child

    def _end(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def project_root(folder: Path) -> Path:
    """Return the nearest folder, from this one upwards, with a `package.json` or a `.git` of the same owner.

    The search stops at a folder of another owner. Without such a folder it is the folder itself.

    Args:
        folder: Absolute, without links.

    Raises:
        OSError: there is no such folder.
    """
    owner = folder.stat().st_uid
    for place in (folder, *folder.parents):
        if place.stat().st_uid != owner:
            break
        for mark in (place / "package.json", place / ".git"):
            if os.path.lexists(mark) and mark.lstat().st_uid == owner:
                return place
    return folder


class _Child:
    def __init__(self, command: list[str]) -> None:
        self._process = lifeline.start(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _LEAST if name in os.environ},
        )
        assert self._process.stdin is not None
        self._stdin = self._process.stdin
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        try:
            first = self._next(START)
            if "ready" not in first:
                raise OSError(str(first.get("missing", "it does not say that it is ready")))
        except (OSError, TimeoutError):
            self.end()
            raise
        self.name = str(first["ready"])

    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        # A compiler that hangs does not read either, so even writing may block.
        timer = threading.Timer(timeout, self._process.kill)
        timer.start()
        try:
            self._stdin.write(json.dumps(question).encode() + b"\n")
            self._stdin.flush()
            answer = self._next(timeout + 1)
        except OSError:
            if timer.is_alive():
                raise
            raise TimeoutError(f"no answer from the compiler within {timeout:g} s") from None
        finally:
            timer.cancel()
        if answer.get("id") != question["id"]:
            raise OSError("an answer to something else")
        return answer

    def _next(self, timeout: float) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"no answer from the compiler within {timeout:g} s") from None
        try:
            answer = whole_in(json.loads(line))
        except ValueError:
            raise OSError("the compiler ended" if not line else "the compiler's answer is no JSON") from None
        return answer if isinstance(answer, dict) else {}

    def end(self) -> None:
        lifeline.end(self._process)
        for pipe in (self._process.stdin, self._process.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                pass  # input that the process never read


def _read(pipe: Any, lines: queue.Queue[bytes]) -> None:
    try:
        for line in pipe:
            lines.put(line)
    except (OSError, ValueError):
        pass  # closed on our side
    lines.put(b"")
