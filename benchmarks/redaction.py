"""What the rules for secrets find and what they take for one: python benchmarks/redaction.py [package]

Recall is measured on the tests' corpus (tests/support/secrets_corpus.py), made anew from seeds that no test uses, and false
alarms on the sources and the compiled files of the package, in which there is no secret.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from api import FRAMEWORKS, install

from swiftprep.redaction.private import without_private
from swiftprep.redaction.secrets import redact

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from private_corpus import private
from secrets_corpus import documented, generic

READ = (".vue", ".js", ".ts", ".scss", ".css", ".json", ".md")
LONGEST_LINE = 5000  # a minified file is not scanned


def recall(name: str, cases: list, clean_up: Callable = redact) -> tuple[int, int]:
    clean = [clean_up(case.text, case.path)[0] for case in cases]
    found = sum(all(part not in text for part in case.parts) for text, case in zip(clean, cases, strict=True))
    print(f"{name}: {found} of {len(cases)} found ({100 * found / len(cases):.1f} %)")
    return found, len(cases)


def main(name: str) -> None:
    sums = [
        recall("documented formats", documented(seed=7001, rounds=5)),
        recall("beside a name", generic(seed=7001, count=350)),
    ]
    print(f"all: {100 * sum(f for f, _ in sums) / sum(n for _, n in sums):.1f} %")
    recall("by place, put together, of people, of the intranet", private(seed=7001, rounds=5), without_private)
    folder, _ = install(f"{name}@{FRAMEWORKS[name]}", name)
    lines = size = alarms = 0
    start = time.perf_counter()
    for path in sorted((folder / "source").rglob("*")):
        if path.suffix not in READ or not path.is_file():
            continue
        text = path.read_text("utf-8", "replace")
        if max(map(len, text.split("\n"))) > LONGEST_LINE:
            continue
        lines += text.count("\n") + 1
        size += len(text.encode())
        alarms += len(redact(text, str(path))[1])
    seconds = time.perf_counter() - start
    print(
        f"{name}: {alarms} alarms in {lines} lines ({1e4 * alarms / lines:.2f} in 10,000), {size / 1e6 / seconds:.0f} MB/s with reading"
    )


main(sys.argv[1] if len(sys.argv) > 1 else "element-ui")
