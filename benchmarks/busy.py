"""What a training step on the CPU costs beside busy neighbours, by OpenMP's settings: python benchmarks/busy.py [SETTING …]

The step is forward and backward of a model of random weights with the widths of SmolLM2-135M and a fifth of its
layers, in the number format that swiftprep chooses. A process for each setting takes its steps in turn with the
others, there and back, so that what else goes on meets all of them; neighbours are processes that only count. The
figures are the median wall and processor seconds of a step, and the median ratio of each setting's step to the step
of the first setting in the same round. On a machine with other work "0 neighbours" is not quiet: then read the
ratios within a row, and the processor seconds.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from swiftprep.models.device import available_cores, detect

SETTINGS = {
    "unset": {},
    "threads": {"OMP_NUM_THREADS": str(available_cores())},
    "passive": {"OMP_WAIT_POLICY": "passive"},
    "spin-1000": {"GOMP_SPINCOUNT": "1000"},
    "one-thread": {"OMP_NUM_THREADS": "1"},
    "dynamic": {"OMP_DYNAMIC": "true"},
}
USUAL = ("unset", "passive")
NEIGHBOURS = (0, 4)
ROUNDS, SECONDS = 6, 100  # of each row: so many rounds, or two and no more than fit into the time

STEPS = """
import json, resource, sys, time
import torch
from transformers import LlamaConfig, LlamaForCausalLM

torch.manual_seed(1)
config = LlamaConfig(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=6,
                     num_attention_heads=9, num_key_value_heads=3, tie_word_embeddings=True)
model = LlamaForCausalLM(config).to(getattr(torch, sys.argv[1]))
tokens = torch.randint(0, config.vocab_size, (1, 256))
print(torch.get_num_threads(), flush=True)
for _ in sys.stdin:
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    model(input_ids=tokens, labels=tokens).loss.backward()
    model.zero_grad()
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps([wall, used]), flush=True)
"""
# It ends with the pipe, so also when this process is killed.
NEIGHBOUR = """
import os, threading
threading.Thread(target=lambda: (os.read(0, 1), os._exit(0))).start()
while True:
    pass
"""


class Trainer:
    """A process that takes a step when it is told to."""

    def __init__(self, dtype: str, setting: dict[str, str]) -> None:
        bare = {
            name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "GOMP_", "MKL_", "KMP_"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", STEPS, dtype],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**bare, **setting},
        )
        self.threads = int(self.process.stdout.readline())

    def step(self) -> tuple[float, float]:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return tuple(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def neighbours(count: int) -> Iterator[None]:
    busy = [subprocess.Popen([sys.executable, "-c", NEIGHBOUR], stdin=subprocess.PIPE) for _ in range(count)]
    try:
        yield
    finally:
        for process in busy:
            process.stdin.close()
            process.wait()


def main(names: list[str]) -> None:
    dtype = detect("cpu").dtype
    trainers = {name: Trainer(dtype, SETTINGS[name]) for name in names}
    for trainer in trainers.values():
        trainer.step()  # the first one also allocates
    print(f"{available_cores()} cores, {dtype}, load before {os.getloadavg()[0]:.1f}")
    for count in NEIGHBOURS:
        steps: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        with neighbours(count):
            begin = time.monotonic()
            for number in range(ROUNDS):
                if number > 1 and time.monotonic() - begin > SECONDS:
                    break
                for name in names if number % 2 == 0 else names[::-1]:
                    steps[name].append(trainers[name].step())
        print(f"\n{count} neighbours, {len(steps[names[0]])} rounds, load {os.getloadavg()[0]:.1f}")
        for name in names:
            walls, processors = zip(*steps[name], strict=True)
            ratios = sorted(own[0] / first[0] for own, first in zip(steps[name], steps[names[0]], strict=True))
            print(
                f"  {name:10} {trainers[name].threads} threads: {statistics.median(walls):6.2f} s, "
                f"at best {min(walls):.2f} s, {statistics.median(processors):.2f} s of processors; "
                f"{statistics.median(ratios):.2f} of {names[0]} ({ratios[0]:.2f}–{ratios[-1]:.2f})",
                flush=True,
            )
    for trainer in trainers.values():
        trainer.close()


if __name__ == "__main__":
    main(sys.argv[1:] or list(USUAL))
