"""A model that ms-swift serves, as a teacher: one just trained, or any that ms-swift can load."""

from __future__ import annotations

import asyncio
import functools
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from swiftprep.distill.request import Reply, Request
from swiftprep.distill.teachers.teacher import Limits, Teacher
from swiftprep.errors import ConfigError, TeacherError
from swiftprep.serve.local import SAMPLING, ServedTeacher, fingerprint, kind_of
from swiftprep.serve.server import LocalServer

# Set by swiftprep: nothing is to be reached from another machine, and nothing of what is asked to be written down.
_OURS = (
    "host",
    "port",
    "api_key",
    "ssl_keyfile",
    "ssl_certfile",
    "served_model_name",
    "verbose",
    "log_level",
    "stream",
)
# In a checkpoint folder beside the weights, and of no account for the answers.
_LEFTOVERS = ("optimizer", "scheduler", "rng_state", "trainer_state", "training_args", "scaler")
_KEPT = (".json", ".safetensors", ".bin", ".pt", ".model", ".txt", ".jinja", ".py")


def swift_teacher(
    model: str | Path,
    adapters: Iterable[str | Path] = (),
    *,
    model_type: str | None = None,
    template: str | None = None,
    sampling: Mapping[str, Any] | None = None,
    backend: Literal["deploy", "engine"] = "deploy",
    concurrency: int = 8,
    device: str | None = "auto",
    trust_remote_code: bool = False,
    arguments: Mapping[str, Any] | None = None,
) -> ServedTeacher | EngineTeacher:
    """Return a teacher that is a model ms-swift loads on this machine.

    Args:
        model: A folder, or a hub id.
        adapters: Checkpoints of adapters on it.
        model_type: ms-swift's model type, for a model it does not recognise.
        template: ms-swift's chat template, likewise.
        sampling: Over `{"temperature": 0.7, "max_tokens": 1024}`: any of ms-swift's `RequestConfig`. A JSON schema is
            not among them, and a server does as if it were not there.
        backend: `"deploy"` serves it in a process of its own while it is asked. `"engine"` loads it into this process,
            with all that `import swift` changes there.
        concurrency: Questions under way at the same time, answered in batches.
        device: `"auto"`, `"cpu"`, or None to leave the device to ms-swift.
        trust_remote_code: Let Python code that comes with the model run.
        arguments: Any other of ms-swift's `DeployArguments`, such as `{"infer_backend": "vllm"}` on a GPU.

    Raises:
        ConfigError: no such model, one that brings code of its own, no adapter in a folder, or an argument that is
            set by swiftprep itself. What ms-swift refuses is told by the first question.
        MissingDependencyError: ms-swift is not installed.
    """
    from swiftprep.train.arguments import require_swift
    from swiftprep.train.device import environment_of

    require_swift()
    if backend not in ("deploy", "engine"):
        raise ConfigError(f"backend={backend!r}; expected 'deploy' or 'engine'")
    folders = [Path(adapter).expanduser() for adapter in adapters]
    given = {"model_type": model_type, "template": template, **(arguments or {})}
    known = swift_arguments(model, folders, given, concurrency=concurrency, device=device, trust=trust_remote_code)
    name = swift_identity(model, folders, given)
    limits = Limits(concurrency=concurrency)
    if backend == "engine":
        job = {"arguments": known, "trust_remote_code": trust_remote_code}
        return EngineTeacher(job, identity=name, sampling=sampling, limits=limits)
    job = {
        "task": "swift",
        "arguments": known,
        "trust_remote_code": trust_remote_code,
    }
    return ServedTeacher(
        functools.partial(LocalServer, job, model=name, environment=environment_of(device), timeout=1800.0),
        identity=name,
        sampling=sampling,
        limits=limits,
    )


def swift_arguments(
    model: str | Path,
    adapters: list[Path],
    given: Mapping[str, Any],
    *,
    concurrency: int,
    device: str | None,
    trust: bool,
) -> dict[str, Any]:
    """Return ms-swift's arguments for a model: what is given, over what suits this machine.

    Raises:
        ConfigError: as `swift_teacher`.
    """
    from swiftprep.train.device import detect
    from swiftprep.train.folders import carried_arguments, check_code
    from swiftprep.train.runner import SwiftRunner

    runner = SwiftRunner(model, device=device, trust_remote_code=trust)  # looks at the model, and runs nothing
    for name in _OURS:
        if name in given:
            raise ConfigError(f"{name} is set by swiftprep itself (由 swiftprep 设置)")
    for folder in adapters:
        if not (folder / "adapter_config.json").is_file():
            raise ConfigError(f"{folder}: no adapter_config.json in it, so not an adapter (不是适配器文件夹)")
        check_code(folder, trust)
        if "=" in str(folder.resolve()):
            raise ConfigError(f"{folder}: ms-swift takes what is before a '=' for a name; rename it (路径中不能有 =)")
    own: dict[str, Any] = {
        "model": str(Path(model).resolve()) if runner.local else str(model),
        "adapters": [str(folder.resolve()) for folder in adapters],
        "torch_dtype": None if device is None else detect(device).dtype,
        "device_map": "cpu" if device == "cpu" else None,
        "infer_backend": "transformers",
        "load_args": False,
        **carried_arguments([Path(model), *adapters][-1]),
    }
    merged = {**own, **given}
    if merged["infer_backend"] == "transformers":
        merged.setdefault("max_batch_size", concurrency)
    return merged


def swift_identity(model: str | Path, adapters: list[Path], given: Mapping[str, Any]) -> str:
    """Return a name for a model with its adapters, and a hash of their files and of what else shapes the answers.

    Moved to another folder of the same name, it stays the same. Of a hub id only the id is hashed.
    """
    folder = Path(model)
    local = folder.is_dir()
    shapes = {key: value for key, value in given.items() if value is not None}
    digest = fingerprint(_files(folder) if local else (), extra=json.dumps(shapes, sort_keys=True, default=str))
    for adapter in adapters:
        digest = fingerprint(_files(adapter), extra=digest)
    names = [folder.resolve().name if local else str(model), *(adapter.resolve().name for adapter in adapters)]
    return f"{'+'.join(names)}#{digest}"


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if path.suffix in _KEPT and not path.name.startswith(_LEFTOVERS) and path.is_file()
    ]


class EngineTeacher:
    """A teacher inside this process: ms-swift's `TransformersEngine`, loaded by the first question and kept."""

    def __init__(
        self, job: Mapping[str, Any], *, identity: str, sampling: Mapping[str, Any] | None, limits: Limits
    ) -> None:
        """Set up; nothing is loaded.

        Args:
            job: See `swiftprep.serve.worker.load_engine`.
            identity: As of `Teacher`.
            sampling: Over `SAMPLING`.
            limits: As of `Teacher`.
        """
        self._job = job
        self._ask: Any = None
        self._lock = threading.Lock()
        self.identity = identity
        self.host = "this process"
        self.limits = limits
        self.price: tuple[float, float] | None = None
        self.sampling = Teacher("http://127.0.0.1", identity, sampling={**SAMPLING, **(sampling or {})}).sampling

    def __repr__(self) -> str:
        return f"<Teacher {self.identity} in this process>"

    def _load(self) -> None:
        from swiftprep.serve.worker import load_engine

        with self._lock:
            self._ask = self._ask or load_engine(self._job)

    async def ask(self, request: Request) -> Reply:
        """Return the answer.

        Raises:
            TeacherError: there is none; of kind `"no-server"` when the model could not be loaded.
        """
        if self._ask is None:
            try:
                await asyncio.to_thread(self._load)
            except (Exception, SystemExit) as error:  # argparse ends the process, having printed why
                told = f"ms-swift could not load {self.identity}: {type(error).__name__}: {error}"
                raise TeacherError(told, kind="no-server") from error
        try:
            response = await self._ask([dict(message) for message in request.messages], dict(request.sampling))
        except Exception as error:
            raise TeacherError(f"{type(error).__name__}: {error}", kind=kind_of(str(error))) from error
        choice = response.choices[0]
        content = choice.message.content if isinstance(choice.message.content, str) else ""
        usage = response.usage
        reason = str(choice.finish_reason or "stop")
        if not content.strip() and reason != "length":
            raise TeacherError("the answer is empty", kind="empty")
        return Reply(content, "", reason, usage.prompt_tokens, usage.completion_tokens)

    async def close(self) -> None:
        """Let go of the model; the next call loads it again."""
        self._ask = None
