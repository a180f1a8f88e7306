"""Which device there is, which number format is fastest on it, and what fits into memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from swiftprep.errors import RunError

Kind = Literal["cuda", "cpu"]


@dataclass(frozen=True, slots=True)
class Device:
    """A device to train on.

    Attributes:
        kind: `"cuda"` or `"cpu"`.
        dtype: The fastest format that trains well: `"bfloat16"`, `"float16"` or `"float32"`.
    """

    kind: Kind
    dtype: str


@lru_cache(maxsize=2)
def detect(kind: str = "auto") -> Device:
    """Look at this machine, in a child process so that this one need not load torch.

    Args:
        kind: `"auto"`, or `"cpu"` to leave a GPU alone.

    Raises:
        RunError: torch cannot be imported.
    """
    child = subprocess.run(
        [sys.executable, "-m", "swiftprep.train.device", kind], capture_output=True, text=True, check=False
    )
    if child.returncode:
        raise RunError("torch cannot be imported:\n" + child.stderr[-2000:])
    return Device(**json.loads(child.stdout.splitlines()[-1]))


def _look(kind: str) -> Device:
    import torch

    if kind != "cpu" and torch.cuda.is_available():
        return Device("cuda", "bfloat16" if torch.cuda.is_bf16_supported() else "float16")
    return Device("cpu", _fastest_on_cpu())


def _fastest_on_cpu() -> str:
    """Time a linear layer of a small model, forward and backward: a CPU without AVX-512 BF16 or AMX emulates it."""
    import torch

    seconds = {}
    for dtype in (torch.float32, torch.bfloat16):
        layer = torch.nn.Linear(576, 1536, dtype=dtype)
        batch = torch.randn(512, 576, dtype=dtype, requires_grad=True)
        times = []
        for _ in range(8):
            start = time.perf_counter()
            layer(batch).sum().backward()
            times.append(time.perf_counter() - start)
        seconds[dtype] = min(times)
    return "bfloat16" if seconds[torch.bfloat16] < 0.9 * seconds[torch.float32] else "float32"


def available_memory() -> int | None:
    """Return the bytes of main memory that can still be used, or None where the system does not tell."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    try:  # inside a container its limit counts; page cache is given back on demand, so count it as free
        text = Path("/proc/meminfo").read_text(encoding="ascii")
        free = next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("MemAvailable"))
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
        free = free if limit == "max" else min(free, int(limit) - used)
    except (OSError, StopIteration, ValueError):
        pass
    return free


def activation_bytes(config: dict[str, Any], *, tokens: int, width: int) -> int | None:
    """Estimate the memory one training step keeps for its backward pass, without gradient checkpointing.

    34 bytes per token, layer and hidden unit at 16 bits (Korthikanti et al., "Reducing Activation Recomputation in
    Large Transformer Models", section 4.1, without the attention scores, which a fused kernel does not keep), and
    the logits with their gradient in 32 bits.

    Args:
        config: The model's `config.json`.
        tokens: Tokens of one batch.
        width: Bytes per value.

    Returns:
        Bytes, or None when the config does not have the sizes.
    """
    try:
        layers, hidden, words = (config[k] for k in ("num_hidden_layers", "hidden_size", "vocab_size"))
    except KeyError:
        return None
    return int(34 * layers * tokens * hidden * width / 2 + 3 * 4 * tokens * words)


if __name__ == "__main__":
    print(json.dumps(asdict(_look(sys.argv[1]))))  # noqa: T201 - the parent reads it
