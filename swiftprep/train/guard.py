"""What holds in every process that loads a model with ms-swift."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any


def refuse_remote_code() -> None:
    """Make transformers refuse Python code that comes with a model; ms-swift asks for it without being told to."""
    from transformers import dynamic_module_utils

    def refuse(*_: Any, **__: Any) -> Any:
        raise ValueError("this model runs Python code of its own; if you trust it, pass trust_remote_code=True")

    original = dynamic_module_utils.get_class_from_dynamic_module
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("get_class_from_dynamic_module") is original:
            module.get_class_from_dynamic_module = refuse  # type: ignore[attr-defined]


def guard_deployments(trust_remote_code: bool) -> None:
    """Have the model servers that `eval_main` starts from this process come under the same guard, and end with it."""
    from swift.pipelines.infer import deploy

    deploy._deploy_main = _deploy_trusting if trust_remote_code else _deploy


def _deploy(arguments: Any) -> None:
    """Serve, in the process that `eval_main` has started, but run no code that comes with the model."""
    from swift.pipelines.infer import deploy

    end_with_parent()
    refuse_remote_code()
    deploy.deploy_main(arguments)


def _deploy_trusting(arguments: Any) -> None:
    from swift.pipelines.infer import deploy

    end_with_parent()
    arguments._import_external_plugins()
    deploy.deploy_main(arguments)


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however that died."""
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(70)

    threading.Thread(target=watch, daemon=True).start()
