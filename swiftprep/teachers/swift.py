"""Teachers served by ms-swift: a model just trained, or any that ms-swift can load."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.serve.server import LocalServer
from swiftprep.teachers.local import ServedTeacher, fingerprint
from swiftprep.teachers.protocol import Limits

# Set by swiftprep: the server must not be reachable from other machines, nor log requests.
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
# Files of a checkpoint folder that do not affect the answers.
_LEFTOVERS = ("optimizer", "scheduler", "rng_state", "trainer_state", "training_args", "scaler")
_KEPT = (".json", ".safetensors", ".bin", ".pt", ".model", ".txt", ".jinja", ".py")


def swift_teacher(
    model: str | Path,
    adapters: Iterable[str | Path] = (),
    *,
    model_type: str | None = None,
    template: str | None = None,
    sampling: Mapping[str, Any] | None = None,
    concurrency: int = 8,
    device: str | None = "auto",
    trust_remote_code: bool = False,
    arguments: Mapping[str, Any] | None = None,
) -> ServedTeacher:
    """Return a model that ms-swift loads on this machine as a teacher.

    Args:
        model: A folder, or a hub id.
        adapters: Checkpoints of adapters for it.
        model_type: ms-swift's model type, for a model it does not recognise.
        template: ms-swift's chat template, likewise.
        sampling: Fields of ms-swift's `RequestConfig`, added to `{"temperature": 0.7, "max_tokens": 1024}`. The server
            ignores a JSON schema.
        concurrency: Requests in flight at once, answered in batches.
        device: `"auto"`, `"cpu"`, or None to leave the device to ms-swift.
        trust_remote_code: Whether Python code that comes with the model may run.
        arguments: Further `DeployArguments` of ms-swift, such as `{"infer_backend": "vllm"}` on a GPU.

    Raises:
        ConfigError: there is no such model, it comes with Python code, a folder holds no adapter, or swiftprep itself
            sets an argument. An argument that ms-swift refuses is reported by the first request.
        MissingDependencyError: ms-swift is not installed.
    """
    from swiftprep.models.arguments import require_swift
    from swiftprep.models.device import environment_of

    require_swift()
    folders = [Path(adapter).expanduser() for adapter in adapters]
    settings = {"model_type": model_type, "template": template, **(arguments or {})}
    known = swift_arguments(model, folders, settings, concurrency=concurrency, device=device, trust=trust_remote_code)
    name = swift_identity(model, folders, settings)
    limits = Limits(concurrency=concurrency)
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
    settings: Mapping[str, Any],
    *,
    concurrency: int,
    device: str | None,
    trust: bool,
) -> dict[str, Any]:
    """Return ms-swift's arguments for a model: those given, added to defaults for this machine.

    Raises:
        ConfigError: see `swift_teacher`.
    """
    from swiftprep.models.device import check_device, detect
    from swiftprep.models.folders import carried_arguments, check_code, check_model

    check_device(device)
    is_local = check_model(model, trust)
    for name in _OURS:
        if name in settings:
            raise ConfigError(f"{name} is set by swiftprep itself (由 swiftprep 设置)")
    for folder in adapters:
        if not (folder / "adapter_config.json").is_file():
            raise ConfigError(f"{folder}: no adapter_config.json in it, so not an adapter (不是适配器文件夹)")
        check_code(folder, trust)
        if "=" in str(folder.resolve()):
            raise ConfigError(
                f"{folder}: ms-swift takes the text before a '=' for a name; rename the folder (路径中不能有 =)"
            )
    defaults: dict[str, Any] = {
        "model": str(Path(model).resolve()) if is_local else str(model),
        "adapters": [str(folder.resolve()) for folder in adapters],
        "torch_dtype": None if device is None else detect(device).dtype,
        "device_map": "cpu" if device == "cpu" else None,
        "infer_backend": "transformers",
        "load_args": False,
        **carried_arguments([Path(model), *adapters][-1]),
    }
    merged = {**defaults, **settings}
    if merged["infer_backend"] == "transformers":
        merged.setdefault("max_batch_size", concurrency)
    return merged


def swift_identity(model: str | Path, adapters: list[Path], settings: Mapping[str, Any]) -> str:
    """Return a name for a model with its adapters: a hash of their files and of all else that shapes the answers.

    It does not change when the folder moves but keeps its name. Of a hub id only the id is hashed.
    """
    folder = Path(model)
    local = folder.is_dir()
    shapes = {key: value for key, value in settings.items() if value is not None}
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
