"""Scanning against the floor, reading and decoding the same files: python benchmarks/scan.py [folder]

Without a folder it writes copies of the demonstration application, 2,000 components in all.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from swiftprep import Scanner, demo

COPIES = 112


def floor(root: Path) -> int:
    return sum(len(path.read_bytes().decode("utf-8")) for path in root.rglob("*.vue"))


def timed(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main(root: Path) -> None:
    files = list(root.rglob("*.vue"))
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    pairs = [(timed(lambda: floor(root)), timed(lambda: Scanner(root, ignore=[]).scan())) for _ in range(5)]
    base, scan = (min(pair[i] for pair in pairs) for i in (0, 1))
    print(
        f"{len(files)} files, {megabytes:.1f} MB: read {base:.2f} s, scan {scan:.2f} s "
        f"({megabytes / scan:.1f} MB/s, {scan / base:.1f} x reading)"
    )


if len(sys.argv) > 1:
    main(Path(sys.argv[1]))
else:
    with tempfile.TemporaryDirectory() as folder:
        for copy in range(COPIES):
            for path in demo.app().rglob("*.vue"):
                target = Path(folder) / str(copy) / path.relative_to(demo.app())
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(path.read_bytes())
        main(Path(folder))
