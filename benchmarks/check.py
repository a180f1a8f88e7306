"""catalog.check on a framework's own components and on damaged copies: python benchmarks/check.py [package] [copies]

Every .vue file of the package is checked against the catalogue of the same package: what is found there is an alarm to
look at. Then, in turn, one thing is broken in a copy of a file drawn by a fixed seed (tests/support/damage.py), and the copy is
checked: the problem must be new and of the right kind.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

from api_truth.frameworks import install, named

from swiftprep import Scanner

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from damage import KINDS, damaged


def main(name: str, copies: int) -> None:
    folder, _ = install(named(name).key, name)
    scan = Scanner(folder / "source", framework=name, kinds=["component"], suffixes=[".vue"]).scan()
    catalog = scan.catalog
    parsed = [file["path"] for file in scan.files if "errors" not in file]
    texts = {path: (folder / "source" / path).read_text("utf-8") for path in parsed}
    alarms = {path: catalog.check(text) for path, text in texts.items()}
    clean = sum(not problems for problems in alarms.values())
    print(
        f"{name}: {len(parsed)} of {scan.files_kept} files parse; no problem in {clean} ({100 * clean / len(parsed):.1f} %)"
    )
    for path, problems in alarms.items():
        for problem in problems:
            print(f"  {path}:{problem.line}: {problem.message}")
    draw = random.Random(42)
    tried, found, right = Counter(), Counter(), Counter()
    missed = []
    while sum(tried.values()) < copies:
        kind = list(KINDS)[sum(tried.values()) % len(KINDS)]
        path = draw.choice(parsed)
        copy = damaged(texts[path], kind, catalog.components, draw)
        if copy is None:
            continue
        known = {(p.kind, p.tag, p.name) for p in alarms[path]}
        new = [p for p in catalog.check(copy) if (p.kind, p.tag, p.name) not in known]
        tried[kind] += 1
        found[kind] += bool(new)
        right[kind] += any(p.kind == KINDS[kind] for p in new)
        if not new:
            changed = next(b for a, b in zip(texts[path].split("\n"), copy.split("\n"), strict=False) if a != b)
            missed.append(f"{path}: {kind}: {changed.strip()}")
    print(
        f"{copies} damaged copies: {found.total()} found ({100 * found.total() / copies:.1f} %), {right.total()} named right"
    )
    for kind in KINDS:
        print(f"  {kind}: {found[kind]} of {tried[kind]}")
    for line in missed:
        print(f"  missed: {line}")


main(sys.argv[1] if len(sys.argv) > 1 else "element-ui", int(sys.argv[2]) if len(sys.argv) > 2 else 200)
