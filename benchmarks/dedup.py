"""Near copies, against datasketch and datatrove: python benchmarks/dedup.py [--rows 100000] [--slow-rows 20000]

Samples of about 1.5 KB are generated from a seed, half of them code and half Chinese prose. Three in ten are copies of
another, with as many tokens changed as bring the similarity to somewhere between 0.6 and 1. Each program gets the same
samples as strings in memory, the same threshold, and one core in a process of its own; the time is that from the
strings to the list of what to drop. The peers are used as their documentation shows, over the same whole texts:
datasketch with `MinHash.generator` over the same runs of tokens and `MinHashLSH`, datatrove with its four steps, its
own words and its default signature. It takes minutes for all samples and gets the first `--slow-rows`.

Exact: every pair of a part of the samples, with the shingles as plain Python builds them. Recall is the share of the
pairs at or over the threshold of which at least one is dropped; precision, the share of what is dropped that is at or
over the threshold with what it is said to be a copy of.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path

from swiftprep import Sample, read_jsonl, write_jsonl

THRESHOLD = 0.8
SIZE = 5  # tokens of a shingle
TOKEN = re.compile(r"[0-9A-Za-z_$]+|[^\s0-9A-Za-z_$]")
NAMES = [f"{a}{b}{n}" for a in ("get", "user", "order", "load", "page", "is") for b in "List Name Item Row Tree".split() for n in range(60)]  # fmt: skip
LINES = (
    "const {} = await this.{}({}, {}.{})", "if ({} && {}.{} !== '{}') return {}", "this.$emit('{}', {}.{}, {})",
    '<ta-input v-model="{}.{}" :{}="{}" @{}="{}" />', "{}: {{ type: {}, default: () => {} }},",
    "for (const {} of {}) {}.push({}[{}] + {})", "export function {}({}, {}) {{ return {}.{}({}) }}",
)  # fmt: skip
CHARACTERS = "".join(map(chr, range(0x4E00, 0x4E00 + 2400)))


def generate(count: int) -> list[Sample]:
    draw = random.Random(42)
    words = ["".join(draw.choices(CHARACTERS, k=draw.choice((1, 2, 2, 3)))) for _ in range(6000)]
    samples: list[Sample] = []
    for number in range(count):
        if samples and draw.random() < 0.3:
            base = draw.choice(samples)
            question, answer = base.prompt, edited(base.answer, draw.uniform(0.6, 1.0), draw)
        elif draw.random() < 0.5:
            lines = [draw.choice(LINES) for _ in range(22)]
            answer = "\n".join(line.format(*draw.choices(NAMES, k=line.count("{}"))) for line in lines)
            question = f"用私有框架写一个名为{'-'.join(draw.choices(NAMES, k=6))}的组件。"
        else:
            answer = "".join(draw.choice(words) + draw.choice(("", "", "", "", "，", "。", "\n")) for _ in range(190))
            question = f"请说明{''.join(draw.choices(words, k=6))}是什么意思？"
        samples.append(Sample.from_instruction(question, "", answer, id=str(number)))
    return samples


def edited(text: str, similarity: float, draw: random.Random) -> str:
    """Change as many tokens, far from each other, as bring the Jaccard similarity of the shingles to about that."""
    pieces = re.findall(r"[0-9A-Za-z_$]+|\s+|[^\s0-9A-Za-z_$]", text)
    places = [i for i, piece in enumerate(pieces) if not piece.isspace()]
    changes = round(len(places) * (1 - similarity) / (1 + similarity) / SIZE)
    for place in draw.sample(places, changes):
        pieces[place] = draw.choice(("", f" {draw.choice(NAMES)} ", pieces[place] + draw.choice(CHARACTERS)))
    return "".join(pieces)


def shingled(text: str) -> frozenset[tuple[str, ...]]:
    """Return the shingles as the dictionary would have them: without hashes, without numpy."""
    tokens = TOKEN.findall(text.replace("/", " ").replace("*", " "))
    return frozenset(tuple(tokens[i : i + SIZE]) for i in range(max(len(tokens) - SIZE + 1, min(len(tokens), 1))))


def alike(one: Sample, other: Sample) -> float:
    return min(jaccard(shingled(one.prompt), shingled(other.prompt)), jaccard(shingled(one.answer), shingled(other.answer)))  # fmt: skip


def jaccard(one: frozenset, other: frozenset) -> float:
    both = len(one & other)
    return both / (len(one) + len(other) - both) if one or other else 1.0


def ours(samples: list[Sample]) -> list[tuple[int, int]]:
    from swiftprep.quality.duplicates.dedup import duplicates

    return [(copy.position, copy.of) for copy in duplicates(samples, threshold=THRESHOLD)]


def datasketch(samples: list[Sample]) -> list[tuple[int, int]]:
    from datasketch import MinHash, MinHashLSH

    def shingles(sample: Sample):
        tokens = TOKEN.findall(f"{sample.prompt}\n{sample.answer}")
        return [" ".join(tokens[i : i + SIZE]).encode() for i in range(max(len(tokens) - SIZE + 1, 1))]

    index = MinHashLSH(threshold=THRESHOLD, num_perm=128)
    dropped = []
    for position, signature in enumerate(MinHash.generator(map(shingles, samples), num_perm=128)):
        found = index.query(signature)
        if found:
            dropped.append((position, min(found)))
        else:
            index.insert(position, signature)
    return dropped


def datatrove(samples: list[Sample]) -> list[tuple[int, int]]:
    from datatrove.data import Document
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupBuckets
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.typeshelper import Languages
    from loguru import logger

    logger.remove()
    kept: set[int] = set()

    def documents(data=None, rank=0, world_size=1):
        for position, sample in enumerate(samples):
            yield Document(text=f"{sample.prompt}\n{sample.answer}", id=str(position))

    def keep(data, rank=0, world_size=1):
        for document in data:
            kept.add(int(document.id))
            yield document

    config = MinhashConfig(n_grams=SIZE, hash_config=HashConfig(hash_fc="sha1"))  # its xxhash needs xxhash < 4
    with tempfile.TemporaryDirectory() as folder:
        steps = (
            [documents, MinhashDedupSignature(f"{folder}/signatures", config, language=Languages.english)],
            [MinhashDedupBuckets(f"{folder}/signatures", f"{folder}/buckets", config=config)],
            [MinhashDedupCluster(f"{folder}/buckets", f"{folder}/remove", config=config)],
            [documents, MinhashDedupFilter(f"{folder}/remove"), keep],
        )
        for number, step in enumerate(steps):
            tasks = config.num_buckets if number == 1 else 1
            LocalPipelineExecutor(step, tasks=tasks, workers=1, logging_dir=f"{folder}/logs{number}").run()
    return [(position, -1) for position in range(len(samples)) if position not in kept]


def once(program: str, path: str, count: int, out: str) -> None:
    """Run one program on the first samples of a file and print its seconds and its peak memory in MB."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    samples = list(read_jsonl(path))[:count]
    start = time.perf_counter()
    dropped = {"swiftprep": ours, "datasketch": datasketch, "datatrove": datatrove}[program](samples)
    seconds = time.perf_counter() - start
    Path(out).write_text(json.dumps(dropped))
    print(json.dumps({"seconds": seconds, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def labelled(samples: list[Sample], size: int) -> list[tuple[int, int]]:
    """Return the pairs at or over the threshold among the samples of a part: whole families of copies."""
    families: dict[str, list[int]] = {}
    for position, sample in enumerate(samples):
        families.setdefault(sample.prompt, []).append(position)
    part: list[int] = []
    for family in random.Random(7).sample(list(families.values()), len(families)):
        if len(part) + len(family) <= size:
            part += family
    sets = {p: (shingled(samples[p].prompt), shingled(samples[p].answer)) for p in part}
    return [
        (a, b)
        for a, b in combinations(sorted(part), 2)
        if all(jaccard(x, y) >= THRESHOLD for x, y in zip(sets[a], sets[b], strict=True))
    ]


def template(counts: tuple[int, int]) -> float:
    """Print what a row costs of texts from one template that are not alike enough; return how it grows."""
    words = " ".join(f"word{n};" for n in range(150))
    costs = []
    for count in counts:
        samples = [Sample.from_instruction("q", "", f"{words} {' '.join(f'own{n}_{i}' for i in range(100))}") for n in range(count)]  # fmt: skip
        start = time.process_time()
        ours(samples)
        costs.append((time.process_time() - start) / count)
        print(f"one template, {count} rows alike by about 0.6: {1e6 * costs[-1]:.0f} µs a row")
    return costs[1] / costs[0]


def main(rows: int, slow_rows: int) -> int:
    samples = generate(rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples.jsonl"
        write_jsonl(samples, path)
        print(f"{rows} samples, {path.stat().st_size / rows:.0f} bytes each; one core; threshold {THRESHOLD}")
        counts = {"swiftprep": rows, "datasketch": rows, "datatrove": min(slow_rows, rows)}
        runs, dropped = {}, {}
        for program, count in counts.items():
            out = f"{folder}/{program}.json"
            command = [sys.executable, __file__, "--once", program, str(path), str(count), out]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{program}: {done.stderr.strip().splitlines()[-1]}")
                continue
            runs[program] = json.loads(done.stdout.splitlines()[-1])
            dropped[program] = json.loads(Path(out).read_text())
    print(f"{'':12}{'rows':>8}{'seconds':>9}{'µs a row':>9}{'times':>7}{'peak MB':>9}{'dropped':>9}{'recall':>8}")
    failed = len(runs) < len(counts)
    for program, run in runs.items():
        gone = {position for position, _ in dropped[program]}
        pairs = labelled(samples[: counts[program]], 1500)
        recall = sum(a in gone or b in gone for a, b in pairs) / len(pairs)
        cost = run["seconds"] / counts[program]
        times = cost / (runs["swiftprep"]["seconds"] / rows)
        print(
            f"{program:12}{counts[program]:8}{run['seconds']:9.1f}{1e6 * cost:9.0f}{times:7.1f}{run['peak']:9.0f}{len(gone):9}{recall:8.3f}"
        )
        failed |= times < 5 if program != "swiftprep" else recall < 0.95 or run["peak"] > 2000
    matches = random.Random(1).sample(dropped["swiftprep"], min(3000, len(dropped["swiftprep"])))
    right = sum(alike(samples[a], samples[b]) >= THRESHOLD for a, b in matches) / len(matches)
    print(f"precision of swiftprep on {len(matches)} drawn from what it drops: {right:.4f}")
    growth = template((rows // 20, rows // 4))
    return int(failed or right < 0.99 or growth > 2)


del sys.path[0]  # this folder: its secrets.py would stand in for the standard library's
if sys.argv[1:2] == ["--once"]:
    once(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
else:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--slow-rows", type=int, default=20_000)
    arguments = parser.parse_args()
    sys.exit(main(arguments.rows, arguments.slow_rows))
