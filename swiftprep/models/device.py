"""Detect the device, the fastest number format on it, and what fits in memory."""

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

# x86 features as torch and the kernel name them, then those of 64-bit Arm, which they name differently.
_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16", "sve_bf16", "svebf16"})
# Variables for how OpenMP threads wait: of the standard, of GNU's library (in torch's wheels), of Intel's and LLVM's.
_WAITING = frozenset({"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"})


@dataclass(frozen=True, slots=True)
class Device:
    """A device to train on.

    Attributes:
        kind: `"cuda"` or `"cpu"`.
        dtype: The fastest format that trains well: `"bfloat16"`, `"float16"` or `"float32"`; for a CPU see `cpu_dtype`.
    """

    kind: Kind
    dtype: str


def check_device(device: str | None) -> None:
    """Refuse an invalid device setting.

    Raises:
        ConfigError: it is not `"auto"`, `"cpu"`, `"cuda"` or None.
    """
    if device not in ("auto", "cpu", "cuda", None):
        raise ConfigError(
            f"device={device!r}; expected 'auto', 'cpu', 'cuda' or None (应为 'auto'、'cpu'、'cuda' 或 None)"
        )


def require_device(device: str | None) -> None:
    """Refuse to compute on a GPU where torch sees none.

    Raises:
        ConfigError: the device is `"cuda"`, and there is no such GPU.
        RunError: torch is needed and cannot be imported.
    """
    if device == "cuda" and detect("auto").kind != "cuda":
        raise ConfigError(
            "device='cuda': torch sees no GPU here; run the command on a machine with one, or use device='auto' "
            "(本机没有可用的 GPU，请在有 GPU 的机器上运行，或设置 device='auto')"
        )


@lru_cache(maxsize=3)
def detect(kind: str = "auto") -> Device:
    """Detect the device; if the kernel does not tell, with torch in a child process, which takes seconds.

    Args:
        kind: `"auto"`, `"cpu"` to ignore a GPU, or `"cuda"` for a GPU that may be in another machine: then its
            format is that of this machine's GPU, or bfloat16, which all since NVIDIA's Ampere have.

    Raises:
        RunError: torch is needed and cannot be imported.
    """
    if kind == "cuda":
        try:
            here = detect("auto")
        except RunError:  # no torch on this machine
            here = None
        return here if here is not None and here.kind == "cuda" else Device("cuda", "bfloat16")
    features = kernel_features()
    if features and (kind == "cpu" or not any(_gpu_nodes(Path("/dev")))):
        return Device("cpu", cpu_dtype(features))
    command = children.python("swiftprep.models.device", kind)
    child = lifeline.run(command, environment=children.environment())
    if child.returncode:
        raise RunError("torch cannot be imported (无法导入 torch):\n" + child.stderr[-2000:])
    return Device(**json.loads(child.stdout.splitlines()[-1]))


def _gpu_nodes(dev: Path) -> Iterator[Path]:
    """Yield the device files of GPUs on Linux: NVIDIA's (servers, Jetson, Windows' subsystem for Linux) and AMD's."""
    for pattern in ("nvidia*", "nvhost*", "nvmap", "dxg", "kfd"):
        yield from dev.glob(pattern)


def _look(kind: str) -> Device:
    import torch

    if kind != "cpu" and torch.cuda.is_available():
        return Device("cuda", "bfloat16" if torch.cuda.is_bf16_supported() else "float16")
    return Device("cpu", cpu_dtype(kernel_features() or torch_features()))


def cpu_dtype(features: Iterable[str]) -> str:
    """Return the number format for a CPU with these features.

    Only a CPU that multiplies bfloat16 in hardware is faster in it; others emulate it, many times slower. The features
    decide, not a timing, so that a machine always trains in the same format, however busy it is.

    >>> cpu_dtype({"avx2", "avx512_vnni", "avx512_bf16"}), cpu_dtype({"avx2", "avx512_vnni"})
    ('bfloat16', 'float32')
    """
    return "float32" if _BFLOAT16.isdisjoint(features) else "bfloat16"


def kernel_features() -> frozenset[str]:
    """Return the features of this CPU by the Linux kernel; empty on other systems."""
    try:
        return cpuinfo_features(Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return frozenset()


def torch_features() -> frozenset[str]:
    """Return the features of this CPU by torch; empty before torch 2.11."""
    import torch

    # Apple's cores have bfloat16, but torch has no fast kernels for it there.
    if sys.platform == "darwin" or not hasattr(torch.cpu, "get_capabilities"):
        return frozenset()
    return frozenset(name for name, has in torch.cpu.get_capabilities().items() if has is True)


def cpuinfo_features(text: str) -> frozenset[str]:
    r"""Return the features that all cores have, from the text of `/proc/cpuinfo`.

    >>> sorted(cpuinfo_features("model name : x\nflags\t\t: avx2 avx512_bf16\n"))
    ['avx2', 'avx512_bf16']
    """
    lines = [line.partition(":")[2].split() for line in text.split("\n") if line.startswith(("flags", "Features"))]
    return frozenset.intersection(*map(frozenset, lines)) if lines else frozenset()


def environment_of(device: str | None) -> dict[str, str]:
    """Return the variables to set in a process that computes on a device.

    Args:
        device: `"auto"`, `"cpu"`, `"cuda"`, or None to leave it to ms-swift.

    Raises:
        RunError: see `detect`.
    """
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
    return {**hidden, **cpu_environment()} if device is not None and detect(device).kind == "cpu" else hidden


def cpu_environment(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return OpenMP's settings for a process that computes on the CPU, except those the user has set.

    An OpenMP thread that waits for another spins, by default for milliseconds. On a busy machine the other may not be
    running at all, and spinning takes CPU time from the work: `benchmarks/busy.py` measures the effect on a training
    step. With the policy `PASSIVE` waiting threads sleep.

    Args:
        environment: Variables already set.
    """
    settings = {} if environment.keys() & _WAITING else {"OMP_WAIT_POLICY": "PASSIVE"}
    return settings if "OMP_NUM_THREADS" in environment else {**settings, "OMP_NUM_THREADS": str(available_cores())}


def available_cores() -> int:
    """Return how many cores this process may use, by its CPU affinity and the quota of its control group.

    OpenMP only considers the affinity: in a container limited to 2 of 64 cores it starts 64 threads, which then wait
    for each other.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, core_quota(Path("/sys/fs/cgroup")))))


def core_quota(group: Path) -> float:
    """Return the CPU quota of a control group, version 2 or 1, in cores; infinity without a limit."""
    with contextlib.suppress(OSError, ValueError):
        quota, period = (group / "cpu.max").read_text(encoding="ascii").split()
        return math.inf if quota == "max" else int(quota) / int(period)
    with contextlib.suppress(OSError, ValueError):
        quota, period = ((group / f"cpu/cpu.cfs_{name}_us").read_text(encoding="ascii") for name in ("quota", "period"))
        return int(quota) / int(period) if int(quota) > 0 else math.inf
    return math.inf


def available_memory() -> int | None:
    """Return the free main memory in bytes, or None if the system does not tell."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None
    try:  # in a container its limit counts; page cache is freed on demand, so it counts as free
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
