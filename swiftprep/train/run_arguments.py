"""The arguments of ms-swift that follow from how a `SwiftRunner` was set up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError
from swiftprep.inputs import Data, data_file
from swiftprep.models.arguments import unknown_arguments, wrong_values
from swiftprep.models.device import Device, activation_bytes, available_memory
from swiftprep.models.folders import read_json

SELF_COGNITION = "swift/self-cognition"


def check_arguments(task: str, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that ms-swift does not know, and values that its parser does not take.

    Raises:
        ConfigError: there are some; each is named.
    """
    problems = unknown_arguments(task, arguments) + wrong_values(task, arguments)
    if problems:
        raise ConfigError("\n".join(problems))


def device_arguments(device: Device | None, model: Path | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a training run for a device.

    Args:
        device: None to leave them to ms-swift.
        model: The model's folder, or None for a model on a hub.
        settings: The other arguments of the run.

    Raises:
        ConfigError: the model's `config.json` cannot be read.
    """
    if device is None:
        return {}
    if device.kind == "cuda":
        return {"torch_dtype": device.dtype}
    mixed = {True: "bfloat16", False: "float32"}.get(settings.get("bf16"))  # type: ignore[arg-type]
    dtype = str(settings.get("torch_dtype") or mixed or device.dtype)
    return {
        "use_cpu": True,
        "torch_dtype": dtype,
        "bf16": dtype == "bfloat16",
        "fp16": False,
        "dataloader_num_workers": 0,
        "gradient_checkpointing": not _fits(model, settings, width=4 if dtype == "float32" else 2),
    }


def _fits(model: Path | None, settings: Mapping[str, Any], width: int) -> bool:
    """Tell whether a training step fits in half of the free memory without gradient checkpointing."""
    free = available_memory()
    if model is None or free is None:
        return False
    config = read_json(model / "config.json")
    length = int(settings.get("max_length") or config.get("max_position_embeddings", 0))
    batch = int(settings.get("per_device_train_batch_size") or 1)
    need = activation_bytes(config, tokens=length * batch, width=width)
    return need is not None and need < free / 2


def identity_arguments(
    model_name: str | Sequence[str] | None, model_author: str | Sequence[str] | None
) -> dict[str, list[str] | None]:
    """Return ms-swift's `model_name` and `model_author`, which it puts into the rows of `swift/self-cognition`.

    Args:
        model_name: One name, or a Chinese and an English one.
        model_author: Likewise.

    Raises:
        ConfigError: there are more than two.
    """
    given = {"model_name": model_name, "model_author": model_author}
    pairs = {key: _texts(value) for key, value in given.items()}
    for key, texts in pairs.items():
        if texts is not None and not (1 <= len(texts) <= 2 and all(texts)):
            raise ConfigError(
                f"{key}={given[key]!r}: expected one text, or a pair of a Chinese and an English one "
                "(应为一个名称，或中文、英文各一个)"
            )
    return pairs


def _texts(value: str | Sequence[str] | None) -> list[str] | None:
    return value if value is None else [value] if isinstance(value, str) else list(value)


def check_identity(sources: Iterable[str], arguments: Mapping[str, Any]) -> None:
    """Refuse to train on `swift/self-cognition` without a name: ms-swift would train `{{NAME}}` as it stands.

    Args:
        sources: The hub ids among the data sets, with their prefix and subset.
        arguments: The arguments of the run.

    Raises:
        ConfigError: a name or an author is missing.
    """
    missing = [name for name in ("model_name", "model_author") if not arguments.get(name)]
    for source in sources:
        if missing and source.rpartition("::")[2].partition(":")[0].lower() == SELF_COGNITION:
            raise ConfigError(
                f"{source}: needs {' and '.join(missing)}, or the model learns the literal {{{{NAME}}}} and "
                f"{{{{AUTHOR}}}}; pass them to SwiftRunner, such as model_name=('小助手', 'Helper'), "
                "model_author=('某团队', 'Some team'); in a recipe set model.name and model.author "
                "(缺少模型的名称或作者，请设置 model_name 和 model_author)"
            )


def as_list(entries: str | Path | Iterable[str | Path] | None) -> list[str]:
    """Return one or several entries as a list of texts."""
    if entries is None:
        return []
    return [str(entries)] if isinstance(entries, (str, Path)) else [str(entry) for entry in entries]


def question_sets(dataset: str | Path | Iterable[str | Path] | Mapping[str, Data]) -> dict[str, str]:
    """Return the name of each set of questions and its file, or `"general"`.

    Raises:
        ConfigError: two files have the same name.
    """
    if isinstance(dataset, Mapping):
        named = {name: data_file(name, data, side="val") for name, data in dataset.items()}
    else:
        paths = as_list(dataset)
        named = {Path(path).stem: path for path in paths}
        if len(named) < len(paths):
            raise ConfigError(
                "two question files have the same name; pass a mapping of set names to paths "
                "(两个问题文件同名，请用字典指定各自的名称)"
            )
    return {name: path if path == "general" else str(Path(path).resolve()) for name, path in named.items()}
