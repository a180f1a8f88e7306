"""Precautions for every process that loads a model with ms-swift."""

from __future__ import annotations

import sys
from typing import Any

# Without the first, `datasets` reports every file it loads, even local ones, to a download counter.
NO_TELEMETRY = {"HF_UPDATE_DOWNLOAD_COUNTS": "0", "HF_HUB_DISABLE_TELEMETRY": "1"}


def refuse_remote_code() -> None:
    """Make transformers refuse Python code that comes with a model, which ms-swift allows unasked."""
    from transformers import dynamic_module_utils

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("this model runs Python code of its own; if you trust it, pass trust_remote_code=True")

    original = dynamic_module_utils.get_class_from_dynamic_module
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("get_class_from_dynamic_module") is original:
            module.get_class_from_dynamic_module = refuse  # type: ignore[attr-defined]
