"""JSONL read, validated and written: python benchmarks/jsonl.py [megabytes]

`read_jsonl` checks every row and makes a `Sample` of it; `write_jsonl` writes them again. Rows of about 1.5 KB, half of
them code and half Chinese, in the forms messages and alpaca. Two floors in the same run: orjson alone, loads and dumps
of each line, and a plain copy of the file. One core. Exit code 1 below 60 MB a second.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from swiftprep import Sample, read_jsonl, write_jsonl

BAR = 60  # MB/s


def generate(path: Path, megabytes: int, form: str) -> None:
    draw = random.Random(42)
    words = [f"{a}{b}{n}" for a in ("user", "order", "load") for b in ("List", "Name", "Row") for n in range(90)]
    characters = [chr(0x4E00 + n) for n in range(2400)]
    samples = []
    for number in range(2000):
        if number % 2:
            answer = "".join(draw.choices(characters, k=440))
        else:
            answer = "\n".join(f"  const {{ {', '.join(draw.choices(words, k=5))} }} = this;" for _ in range(23))
        meta = {"path": f"src/{draw.choice(words)}.vue", "span": [1, draw.randrange(500)], "split": "train"}
        question = f"请解释{draw.choice(words)}。"
        samples.append(
            Sample.from_instruction(question, "在文件里。", answer, id=f"row-{number}", channel="private", meta=meta)
        )
    size = write_jsonl(samples, path, format=form) and path.stat().st_size
    block = path.read_bytes()
    with path.open("wb") as file:
        for _ in range(max(1, round(megabytes * 1e6 / size))):
            file.write(block)


def ours(source: Path, target: Path) -> None:
    write_jsonl(read_jsonl(source), target)


def orjson_alone(source: Path, target: Path) -> None:
    with source.open("rb") as rows, target.open("wb") as file:
        for line in rows:
            file.write(orjson.dumps(orjson.loads(line), option=orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())


def copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb+") as file:
        os.fsync(file.fileno())


def speed(run: Callable[[Path, Path], None], source: Path, target: Path) -> float:
    """Return MB a second, the best of three runs."""
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        run(source, target)
        seconds.append(time.perf_counter() - start)
    return source.stat().st_size / 1e6 / min(seconds)


def main(megabytes: int) -> int:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "rows.jsonl", Path(folder) / "out.jsonl"
        for form in ("messages", "alpaca"):
            generate(source, megabytes, form)
            ours_, alone, plain = (speed(run, source, target) for run in (ours, orjson_alone, copy))
            slow |= ours_ < BAR
            print(
                f"{form}: read, validated and written {ours_:.0f} MB/s; orjson loads and dumps alone {alone:.0f} MB/s; "
                f"plain copy {plain:.0f} MB/s ({source.stat().st_size / 1e6:.0f} MB)"
            )
    return int(slow)


sys.path.pop(0)  # this folder: its secrets.py would stand in for the standard library's
sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
