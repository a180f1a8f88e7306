"""How fast the scanner is: python benchmarks/scan.py [files]

Four measurements, each against a peer or against itself in the same run:

1. the API of element-ui's components, against vue-docgen-api on the same files;
2. the whole scan of Vue source, every kind of sample, one process: MB a second, and how often that is reading time;
3. `files` (100,000) generated components against 1,000: seconds a file and peak memory;
4. the same tree again with nothing changed.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from api import TRUTH, install  # npm packages, fetched once into the cache folder

WORDS = "user order role stock price total status detail account report task plan item group level region city".split()
TAGS = "ta-table ta-form ta-form-item ta-input ta-select ta-button ta-dialog ta-card ta-tag ta-date-picker".split()


def component(number: int) -> str:
    """Return a component of about 1.6 KB, another one for every number."""
    draw = random.Random(number)
    names = [f"{draw.choice(WORDS)}{draw.choice(WORDS).title()}{draw.randrange(1000)}" for _ in range(12)]
    markup = "\n".join(
        f'    <{tag} :{draw.choice(WORDS)}="{name}" {draw.choice(WORDS)}="{draw.choice(WORDS)}" @change="on{name}">'
        f"{{{{ {name} }}}}</{tag}>"
        for tag, name in zip(draw.choices(TAGS, k=6), names, strict=False)
    )
    props = "\n".join(f"    {name}: {{ type: String, default: '{draw.choice(WORDS)}' }}," for name in names[6:9])
    methods = "\n".join(
        f"    on{name}(value) {{\n      this.{name} = value;\n      this.$emit('{draw.choice(WORDS)}-{name}', value);\n    }},"
        for name in names[:6]
    )
    return (
        f'<template>\n  <div class="{names[0]}">\n{markup}\n    <slot name="{names[9]}" />\n  </div>\n</template>\n\n'
        f"<script>\nexport default {{\n  name: 'C{number}',\n  props: {{\n{props}\n  }},\n  data() {{\n    return {{ {names[0]}: null }};\n  }},\n"
        f"  methods: {{\n{methods}\n  }},\n}};\n</script>\n"
    )


def generate(root: Path, count: int) -> None:
    for number in range(count):
        path = root / f"src/m{number // 100}/C{number}.vue"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(component(number))


def scan_once(root: Path, out: Path | None, workers: int | None = None) -> None:
    """Scan in this process and print seconds, processor time, files kept, and peak memory of it and its workers in MB."""
    from swiftprep import Scanner
    from swiftprep.process import workers as pools

    start = time.perf_counter()
    scan = Scanner(root, workers=workers, cache=workers is None).scan()
    scanned = time.perf_counter() - start
    if out is not None:
        scan.write(out)
    for pool in pools._kept:
        pool.close()  # what a child took is known when it has ended
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in usages)
    peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": scanned, "cpu": cpu, "kept": scan.files_kept, "own": own, "peak": peak}))


def in_fresh_process(root: Path, cache: Path, out: Path | None = None, workers: int | None = None) -> dict[str, float]:
    command = [sys.executable, __file__, "--once", str(root), str(out or ""), str(workers or "")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "SWIFTPREP_CACHE": str(cache)}
    )
    return json.loads(done.stdout)


def extraction(package: Path, tools: Path) -> None:
    from swiftprep.catalog.linking.link import link
    from swiftprep.catalog.vue.facts import read_script, read_vue, suffix_of

    vue = sorted(package.glob("packages/**/*.vue"))
    others = sorted(p for folder in ("packages", "src") for p in package.glob(f"{folder}/**/*.js"))
    ours = []
    for _ in range(5):
        start = time.perf_counter()
        facts = {}
        for path in vue:
            name = str(path.relative_to(package))
            facts[name] = read_vue(path.read_bytes(), name)[0]
        link(facts, {"element-ui": ""})
        ours.append(time.perf_counter() - start)
    start = time.perf_counter()
    for path in others:
        name = str(path.relative_to(package))
        facts[name] = read_script(path.read_bytes(), name)[0] if suffix_of(name) == ".js" else {}
    whole = link(facts, {"element-ui": ""})
    with_mixins = min(ours) + time.perf_counter() - start
    theirs = []
    for _ in range(3):
        docgen = ["node", str(TRUTH / "docgen.js"), str(package), "element-ui"]
        done = subprocess.run(docgen, cwd=tools, capture_output=True, text=True, check=True)
        theirs.append(json.loads(done.stdout)["seconds"])
    print(
        f"API of {len(vue)} .vue files: {min(ours):.3f} s, vue-docgen-api {min(theirs):.3f} s "
        f"({min(theirs) / min(ours):.1f} x); with {len(others)} .js files, mixins resolved: {with_mixins:.3f} s, "
        f"{len(whole)} components"
    )


def throughput(package: Path, folder: Path, copies: int = 8) -> None:
    from swiftprep import Scanner

    for copy in range(copies):
        for path in package.glob("packages/**/*.vue"):
            target = folder / str(copy) / path.relative_to(package)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes() + f"<!-- {copy} -->\n".encode())
    files = list(folder.rglob("*.vue"))
    megabytes = sum(path.stat().st_size for path in files) / 1e6
    reads, scans = [], []
    for _ in range(4):
        start = time.perf_counter()
        for path in files:
            path.read_bytes().decode("utf-8")
        reads.append(time.perf_counter() - start)
        start = time.perf_counter()
        Scanner(folder, workers=1, cache=False).scan()
        scans.append(time.perf_counter() - start)
    print(
        f"whole scan, one process, {len(files)} files, {megabytes:.1f} MB: {min(scans):.2f} s, "
        f"{megabytes / min(scans):.1f} MB/s ({min(scans) / min(reads):.0f} x reading and decoding)"
    )


def scale(folder: Path, count: int) -> None:
    costs = {}
    for size in (1000, count):
        root, cache = folder / f"tree{size}", folder / f"cache{size}"
        generate(root, size)
        time.sleep(0.1)  # so that no file is as young as the clock's tick
        runs = []
        for turn in range(5 if size == 1000 else 1):
            shutil.rmtree(cache, ignore_errors=True)
            runs.append(in_fresh_process(root, cache))
            del turn
        again = [in_fresh_process(root, cache) for _ in range(2)]
        first, second = min(r["seconds"] for r in runs), min(r["seconds"] for r in again)
        costs[size] = first / size
        print(
            f"{size} generated files: {first:.2f} s, {1e6 * first / size:.0f} µs a file, peak {runs[0]['own']:.0f} MB "
            f"({runs[0]['peak']:.0f} MB with the largest worker); again, nothing changed: {second:.2f} s ({first / second:.1f} x as fast)"
        )
    written = in_fresh_process(folder / f"tree{count}", folder / f"cache{count}", folder / "out")
    print(
        f"scanned and written: peak {written['own']:.0f} MB; a file costs {costs[count] / costs[1000]:.2f} x that at 1,000"
    )


def linear(folder: Path) -> None:
    """One worker for both sizes, in processor time: the wall clock of a large scan is that of several processes."""
    costs: dict[int, list[float]] = {1000: [], 10_000: []}
    for size in costs:
        generate(folder / str(size), size)
    for _ in range(2):
        for size, seconds in costs.items():
            seconds.append(in_fresh_process(folder / str(size), folder / "cache", workers=1)["cpu"] / size)
    small, large = (min(seconds) for seconds in costs.values())
    print(f"one worker, processor time: a file of 10,000 costs {large / small:.2f} x one of 1,000")


def main(count: int) -> None:
    folder, _ = install("element-ui@2.15.14", "element-ui")
    package = folder / "source"
    extraction(package, folder)
    with tempfile.TemporaryDirectory() as folder:
        throughput(package, Path(folder) / "copies")
        linear(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        scale(Path(folder), count)


if sys.argv[1:2] == ["--once"]:
    root, out, count = sys.argv[2:5]
    scan_once(Path(root), Path(out) if out else None, int(count) if count else None)
else:
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
