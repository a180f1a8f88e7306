"""Which device there is, which number format is fastest on it, and what fits into memory."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from swiftprep.errors import ConfigError, RunError
from swiftprep.process import children, lifeline

Kind = Literal["cuda", "cpu"]

# x86 by torch's names, which are the kernel's, then 64-bit Arm by torch's and by the kernel's.
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16", "sve_bf16", "svebf16"})
# How OpenMP's threads wait: by the standard, by GNU's library (torch's wheels have it), by Intel's and LLVM's.
_WAITING = frozenset({"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"})


@dataclass(frozen=True, slots=True)
class Device:
    """A device to train on.

    Attributes:
        kind: `"cuda"` or `"cpu"`.
        dtype: The fastest format that trains well: `"bfloat16"`, `"float16"` or `"float32"`. Of a CPU see `cpu_dtype`.
    """

    kind: Kind
    dtype: str


def check_device(device: str | None) -> None:
    """Refuse a setting of the device that is none.

    Raises:
        ConfigError: it is neither `"auto"` nor `"cpu"` nor None.
    """
    if device not in ("auto", "cpu", None):
        raise ConfigError(f"device={device!r}; expected 'auto', 'cpu' or None")


@lru_cache(maxsize=2)
def detect(kind: str = "auto") -> Device:
    """Look at this machine. Where the kernel does not tell, a child process asks torch, which takes seconds to load.

    Args:
        kind: `"auto"`, or `"cpu"` to leave a GPU alone.

    Raises:
        RunError: torch has to be asked and cannot be imported.
    """
    features = kernel_features()
    if features and (kind == "cpu" or not any(_gpu_nodes(Path("/dev")))):
        return Device("cpu", cpu_dtype(features))
    command = children.python("swiftprep.models.device", kind)
    child = lifeline.run(command, environment=children.environment())
    if child.returncode:
        raise RunError("torch cannot be imported:\n" + child.stderr[-2000:])
    return Device(**json.loads(child.stdout.splitlines()[-1]))


def _gpu_nodes(dev: Path) -> Iterator[Path]:
    """Yield what Linux shows of a GPU: NVIDIA's (of a server, a Jetson, Windows' subsystem), AMD's."""
    for pattern in ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd"):
        yield from dev.glob(pattern)


def _look(kind: str) -> Device:
    import torch

    if kind != "cpu" and torch.cuda.is_available():
        return Device("cuda", "bfloat16" if torch.cuda.is_bf16_supported() else "float16")
    return Device("cpu", cpu_dtype(kernel_features() or torch_features()))


def cpu_dtype(features: Iterable[str]) -> str:
    """Return the number format for a CPU of these features.

    Only a CPU that multiplies bfloat16 itself is faster in it; others emulate it, many times slower. What the CPU has
    decides, and no timing: a machine trains in the same format whoever else is busy on it.

    >>> cpu_dtype({"avx2", "avx512_vnni", "avx512_bf16"}), cpu_dtype({"avx2", "avx512_vnni"})
    ('bfloat16', 'float32')
    """
    return "float32" if _BFLOAT16.isdisjoint(features) else "bfloat16"


def kernel_features() -> frozenset[str]:
    """Return what Linux says that this CPU has; empty on other systems."""
    try:
        return cpuinfo_features(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return frozenset()


def torch_features() -> frozenset[str]:
    """Return what torch says that this CPU has; empty before torch 2.11."""
    import torch

    # Apple's cores have bfloat16, and torch has no fast kernels for it there.
    if sys.platform == "darwin" or not hasattr(torch.cpu, "get_capabilities"):
        return frozenset()
    return frozenset(name for name, has in torch.cpu.get_capabilities().items() if has is True)


def cpuinfo_features(text: str) -> frozenset[str]:
    r"""Return the features in the text of `/proc/cpuinfo`: those that all cores have.

    >>> sorted(cpuinfo_features("model name : x\nflags\t\t: avx2 avx512_bf16\n"))
    ['avx2', 'avx512_bf16']
    """
    lines = [line.partition(":")[2].split() for line in text.split("\n") if line.startswith(("flags", "Features"))]
    return frozenset.intersection(*map(frozenset, lines)) if lines else frozenset()


def environment_of(device: str | None) -> dict[str, str]:
    """Return the variables to set in a process that computes on a device.

    Args:
        device: `"auto"`, `"cpu"`, or None for what is left to ms-swift.

    Raises:
        RunError: as `detect`.
    """
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
    return {**hidden, **cpu_environment()} if device is not None and detect(device).kind == "cpu" else hidden


def cpu_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return OpenMP's settings for a process that computes on the CPU, without those that the user has set.

    A thread of OpenMP that waits for another spins, by default for milliseconds. Beside busy processes the other may
    not be running at all, and the time spent on spinning is then missing for the work: `benchmarks/busy.py` measures
    what that does to a training step. With the policy `PASSIVE` a thread that waits sleeps.

    Args:
        environment: What is set already.
    """
    settings = {} if environment.keys() & _WAITING else {"OMP_WAIT_POLICY": "PASSIVE"}
    return settings if "OMP_NUM_THREADS" in environment else {**settings, "OMP_NUM_THREADS": str(available_cores())}


def available_cores() -> int:
    """Return how many cores this process may use: its affinity, and less where its control group allows less time.

    OpenMP looks at the affinity alone: in a container that may use 2 of 64 cores it starts 64 threads, which then wait
    for each other.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, core_quota(Path("/sys/fs/cgroup")))))


def core_quota(group: Path) -> float:
    """Return the cores' worth of time that a control group may use, of its version 2 or 1; infinity without a limit."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        quota, period = ((group / f"cpu/cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    return math.inf


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
