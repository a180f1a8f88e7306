"""Read and check the folders of models, adapters and checkpoints."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from swiftprep.errors import ConfigError, RunInterrupted
from swiftprep.swiftfmt import is_hub_id

ADAPTER_CONFIG = "adapter_config.json"
MERGED = "swiftprep-merge.json"  # in a merged model: what it was merged from

# Keys whose values ms-swift 4.6 (`args.json`), transformers or peft import or run.
_CODE = frozenset({"auto_map", "custom_pipelines", "external_plugins", "custom_register_path"})
_VOCABULARIES = ("tokenizer.json", "vocab.json", "added_tokens.json")  # their keys may be any word

# Arguments that ms-swift would load from the `args.json` of a checkpoint, limited to those that shape answers and
# cannot run code; `attn_impl`, for one, may name a kernel on a hub.
_CARRIED = (
    "tuner_type", "task_type", "bnb_4bit_quant_type", "bnb_4bit_use_double_quant", "new_special_tokens",
    "num_labels", "problem_type", "rope_scaling", "max_model_len", "quant_method", "quant_bits", "hqq_axis",
    "bnb_4bit_compute_dtype", "system", "truncation_strategy", "agent_template", "norm_bbox", "use_chat_template",
    "response_prefix",
)  # fmt: skip

# With `adapters`, ms-swift 4.6 loads the adapter as it is (pipelines/train/tuner.py, TunerMixin.prepare_model) and
# silently ignores these arguments for new adapters. Their values are the names in `adapter_config.json`.
_SHAPE = {
    "lora_rank": "r",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
    "lora_bias": "bias",
    "use_rslora": "use_rslora",
    "use_dora": "use_dora",
    "target_modules": "",
    "target_regex": "",
    "target_parameters": "",
    "modules_to_save": "",
    "init_weights": "",
}


def read_json_file(path: Path) -> Any:
    """Return the content of a JSON file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: {error} (无法读取该 JSON 文件)") from None


def read_json(path: Path) -> dict[str, Any]:
    """Return the object a JSON file holds.

    Raises:
        ConfigError: it cannot be read, or holds something else.
    """
    content = read_json_file(path)
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: expected a JSON object (应为 JSON 对象)")
    return content


def model_name_of(model: str | Path) -> str:
    """Return a model that a user gave, with `~` expanded.

    Raises:
        ConfigError: it is no text and no path.

    >>> model_name_of(Path("models/small"))
    'models/small'
    """
    if not isinstance(model, (str, Path)):
        raise ConfigError(
            f"model={model!r:.100}: expected a model folder, or a hub id such as 'Qwen/Qwen2.5-Coder-0.5B-Instruct' "
            "(应为模型文件夹或 ModelScope 模型名)"
        )
    return os.path.expanduser(model)


def check_model(model: str | Path, trust_remote_code: bool) -> bool:
    """Refuse a model that does not exist or brings untrusted Python code; return whether it is a local folder.

    Raises:
        ConfigError: it is neither a hub id nor a folder with a `config.json`; or see `check_code`.
    """
    folder = Path(model)
    if not os.path.exists(folder):
        if str(model).startswith((".", "/", "~", "\\")) or not is_hub_id(str(model)):
            raise ConfigError(
                f"{str(model)[:300]}: no such model folder, and not a hub id like 'Qwen/Qwen2.5-Coder-0.5B-Instruct' "
                "(没有这个模型)"
            )
        return False
    if not (folder / "config.json").is_file():
        raise ConfigError(f"{folder}: no config.json in it, so not a model (不是模型文件夹)")
    check_code(folder, trust_remote_code)
    return True


def check_code(folder: Path, trust_remote_code: bool) -> None:
    """Refuse the folder of a model, an adapter or a checkpoint that brings untrusted Python code.

    Call it before such a folder is loaded, here or in a child process: ms-swift and transformers run the code that its
    JSON files name.

    Raises:
        ConfigError: it names Python code, or a JSON file in it cannot be read.
    """
    if trust_remote_code:
        return
    for path in sorted(folder.glob("*.json")):
        if path.name not in _VOCABULARIES and (key := _names_code(read_json_file(path))):
            raise ConfigError(
                f"{path}: {key} names Python code that would run; if you trust it, pass trust_remote_code=True "
                "(该文件夹自带 Python 代码，确认可信后请设置 trust_remote_code=True)"
            )


def check_loaded(arguments: Mapping[str, Any], trust_remote_code: bool) -> None:
    """Refuse arguments of a training run that would run untrusted code from a checkpoint.

    Args:
        arguments: The arguments of the run.
        trust_remote_code: Whether such code is trusted.

    Raises:
        ConfigError: see `check_code` for `adapters` and `resume_from_checkpoint`, and `check_model` for a `model` in
            place of the runner's own; or `load_args` is set.
    """
    if arguments.get("model") is not None:
        check_model(arguments["model"], trust_remote_code)
    for name in ("adapters", "resume_from_checkpoint"):
        value = arguments.get(name) or []
        for folder in [value] if isinstance(value, (str, Path)) else value:
            check_code(Path(folder), trust_remote_code)
    if arguments.get("load_args") and not trust_remote_code:
        raise ConfigError(
            "load_args: ms-swift would also load arguments that run code; pass the arguments themselves, or "
            "trust_remote_code=True (load_args 可能执行检查点自带的代码，请直接传入参数)"
        )


def _names_code(value: Any) -> str:
    """Return the first key at any depth that makes code be imported; `""` if there is none."""
    left = [value]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            if key := next((key for key in value if key in _CODE and value[key]), ""):
                return str(key)
            left += value.values()
        elif isinstance(value, list):
            left += value
    return ""


def trained_with(folder: Path) -> dict[str, Any]:
    """Return the arguments that ms-swift saved in a folder (`args.json`), or an empty dict."""
    path = folder / "args.json"
    return read_json(path) if path.is_file() else {}


def carried_arguments(folder: Path) -> dict[str, Any]:
    """Return the saved arguments of a checkpoint that are safe to reuse, as a replacement for `load_args`."""
    trained = trained_with(folder)
    return {name: trained[name] for name in _CARRIED if trained.get(name) is not None}


def check_adapter(folder: Path, model: str) -> None:
    """Refuse a folder that is not an adapter, or an adapter for another model.

    Args:
        folder: A checkpoint.
        model: The base model to use it with: a folder or a hub id.

    Raises:
        ConfigError: it is not an adapter, or it is for another model.
    """
    if not (folder / ADAPTER_CONFIG).is_file():
        raise ConfigError(f"{folder}: no {ADAPTER_CONFIG} in it, so not an adapter (不是适配器文件夹)")
    base = trained_with(folder).get("model") or read_json(folder / ADAPTER_CONFIG).get("base_model_name_or_path")
    if isinstance(base, str) and base and not _same_model(base, model):
        raise ConfigError(f"{folder}: this adapter was made for {base}, not for {model} (适配器与基座模型不匹配)")


def _same_model(one: str, other: str) -> bool:
    """Tell whether two names may mean the same model; a moved folder, or a local copy of a hub model, may."""
    if one == other:
        return True
    folders = [Path(name) for name in (one, other)]
    there = [folder.exists() for folder in folders]
    if all(there):
        return folders[0].samefile(folders[1])
    absolute = any(folder.is_absolute() for folder in folders)
    return absolute or any(there)


def check_continues(adapters: list[str], model: str, arguments: Mapping[str, Any]) -> None:
    """Refuse to train an adapter further with arguments that ms-swift would silently ignore.

    Args:
        adapters: The value of `adapters`.
        model: The base model.
        arguments: The arguments of the run.

    Raises:
        ConfigError: there are several adapters, one does not belong to the model, or an argument that only applies to
            a new adapter differs from the adapter's own.
    """
    if not adapters:
        return
    if len(adapters) > 1:
        raise ConfigError(f"adapters: ms-swift trains one at a time, not {len(adapters)} (一次只能续训一个适配器)")
    folder = Path(adapters[0])
    if not folder.exists():
        raise ConfigError(f"{folder}: no such checkpoint (没有这个检查点)")
    check_adapter(folder, model)
    own = read_json(folder / ADAPTER_CONFIG)
    for name in sorted(set(arguments) & set(_SHAPE)):
        kept = own.get(_SHAPE[name])
        if arguments[name] is not None and (not _SHAPE[name] or arguments[name] != kept):
            has = f" ({kept!r})" if _SHAPE[name] else ""
            raise ConfigError(
                f"{name}={arguments[name]!r}: an adapter that is continued keeps its own{has}; leave it out, or merge "
                "the adapter and start a new one (续训时适配器结构不变，请删除该参数，或先合并再新建适配器)"
            )


def merged_from(adapter: Path, model: str) -> dict[str, Any]:
    """Return what identifies a merge: the base model, the adapter and a hash of its weights."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(adapter.glob("adapter_model*")):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return {"base": model, "adapter": str(adapter), "weights": digest.hexdigest()}


def unused(folder: Path) -> Path:
    """Return the folder, with a number after its name if it exists already: two names may have the same time."""
    names = (folder.with_name(f"{folder.name}-{number}") if number else folder for number in count())
    return next(name for name in names if not name.exists())


def interrupted(output_dir: Path | None, resumed_from: str | Path | None = None) -> RunInterrupted:
    """Return the error for a run that was stopped, with its last complete checkpoint and how to resume.

    Args:
        output_dir: The run's folder; None if it was stopped before it had one.
        resumed_from: The checkpoint it had resumed from, which is still the last one if the run saved none itself.
    """
    whole = output_dir.glob("checkpoint-*/trainer_state.json") if output_dir else ()  # the last file of a checkpoint
    checkpoints = sorted((state.parent for state in whole), key=lambda path: int(path.name.rpartition("-")[2]))
    if not checkpoints and resumed_from is None:
        return RunInterrupted("stopped before the first checkpoint; start again (训练已中断，尚无检查点，请重新开始)")
    last = checkpoints[-1] if checkpoints else Path(str(resumed_from))
    return RunInterrupted(
        f"stopped; everything up to {last} is kept. Resume with the same call and "
        f"resume_from_checkpoint='{last}' (训练已中断，检查点已保存，可由此继续)",
        checkpoint=last,
    )
