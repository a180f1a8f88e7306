"""catalog.check on code that works and on damaged copies of it: python benchmarks/check.py [package] [copies]

Every .vue file of the package is checked against the catalogue of the same package: what is found there is an alarm to
look at. Then, in turn, one thing is broken in a copy of a file drawn by a fixed seed (tests/support/damage.py), and the
copy is checked: the problem must be new and of the right kind.

With `--code FOLDER…` the code of others is checked instead, against the framework named: applications, or a framework's
own demos. Its .vue and .jsx files are read, of demos the first ```vue or ```html block of each .md file too. Each folder is
scanned together with the framework, so that its own components are known, and each has its alarms per file.

    python benchmarks/check.py ant-design-vue@1.7.8 --source CHECKOUT --code CHECKOUT/antdv-demo/docs APPLICATION…

`--json` lists every alarm. One that is a real slip in the code can be set aside by hand: `--real FILE` is a JSON list
of `{"file": …, "kind": …, "tag": …, "name": …, "why": …}`. They are counted apart.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from api_truth.frameworks import TABLE, checkout, install, named, source_of

from swiftprep import Catalog, Scanner

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "support"))
from damage import KINDS, damaged

_BLOCK = re.compile(r"^(```+)(?:vue|html)\b[^\n]*\n(.*?)^\1\s*$", re.M | re.S)
_MOST_FAILED = 300  # draws in a row in which nothing of a kind could be broken: no required prop anywhere
_NOT_READ = {"node_modules", "dist", ".git"}


def own_files(name: str) -> tuple[Catalog, dict[str, str], int]:
    """Return a package's catalogue, the texts of its .vue files that parse, and how many it has."""
    framework = named(name)
    folder, _ = install(framework.key, framework.name)
    scan = Scanner(folder / "source", framework=framework.name, kinds=["component"], suffixes=[".vue"]).scan()
    parsed = [file["path"] for file in scan.files if "errors" not in file]
    return scan.catalog, {path: (folder / "source" / path).read_text("utf-8") for path in parsed}, scan.files_kept


def texts_of(folder: Path, *, demos: bool) -> dict[str, str]:
    """Return the code to check in a folder, by path with the folder's own name; a block keeps its lines' numbers.

    With `demos`, only what lies in folders of demos is read, and not the site's own pages, `index.vue` among them.
    """
    texts: dict[str, str] = {}
    for path in sorted(folder.rglob("*/demo/*" if demos else "*")):
        if (
            path.suffix not in (".vue", ".jsx", ".md" if demos else ".vue")
            or _NOT_READ.intersection(path.parts)
            or not path.is_file()
        ):
            continue
        text = path.read_text("utf-8", errors="replace").replace("\r\n", "\n")
        if demos and path.stem == "index":
            continue
        if path.suffix == ".md":
            block = _BLOCK.search(text)
            text = "\n" * text.count("\n", 0, block.start(2)) + block[2] if block else ""
        elif path.suffix == ".jsx":
            text = f'<script lang="jsx">{text}\n</script>'
        if text.strip():
            texts[f"{folder.name}/{path.relative_to(folder).as_posix()}"] = text
    return texts


def alarms_in(catalog: Catalog, texts: dict[str, str], real: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what the check finds in code that works; `real` says of each whether it was set aside by hand."""
    slips = {(it["file"], it["kind"], it["tag"], it["name"]) for it in real}
    return [
        {
            "file": file, "line": p.line, "kind": p.kind, "tag": p.tag, "name": p.name, "message": p.message,
            "real": (file, p.kind, p.tag, p.name) in slips,
        }
        for file, text in texts.items()
        for p in catalog.check(text)
    ]  # fmt: skip


def planted(catalog: Catalog, texts: dict[str, str], copies: int) -> dict[str, Any]:
    """Break one thing in each of `copies` copies, and return how many of them the check finds, by kind."""
    draw = random.Random(42)
    before = {file: {(p.kind, p.tag, p.name) for p in catalog.check(text)} for file, text in texts.items()}
    tried, found, right = Counter[str](), Counter[str](), Counter[str]()
    missed: list[str] = []
    failed = Counter[str]()
    while sum(tried.values()) < copies and (kinds := [it for it in KINDS if failed[it] < _MOST_FAILED]):
        kind = min(kinds, key=lambda it: tried[it])
        file = draw.choice(list(texts))
        copy = damaged(texts[file], kind, catalog.components, draw)
        if copy is None:
            failed[kind] += 1
            continue
        failed[kind] = 0
        new = [p for p in catalog.check(copy) if (p.kind, p.tag, p.name) not in before[file]]
        tried[kind] += 1
        found[kind] += bool(new)
        right[kind] += any(p.kind == KINDS[kind] for p in new)
        if not new:
            changed = next(b for a, b in zip(texts[file].split("\n"), copy.split("\n"), strict=False) if a != b)
            missed.append(f"{file}: {kind}: {changed.strip()}")
    low, high = interval(found.total(), tried.total())
    return {
        "copies": tried.total(), "found": found.total(), "named right": right.total(),
        "share": f"{100 * found.total() / max(1, tried.total()):.1f} % (95 %: {100 * low:.1f} to {100 * high:.1f})",
        "by kind": {kind: f"{found[kind]} of {tried[kind]}" for kind in KINDS},
        "missed": missed,
    }  # fmt: skip


def interval(part: int, whole: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share.

    >>> [round(bound, 3) for bound in interval(195, 200)]
    [0.943, 0.989]
    """
    if not whole:
        return 0.0, 1.0
    z, share = 1.96, part / whole
    middle = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return max(0.0, middle - half), min(1.0, middle + half)


def others_code(options: argparse.Namespace) -> dict[str, Any]:
    """Check the code of others against a framework, folder by folder."""
    framework = named(options.package)
    if checkout(framework, options.source):
        root, source_class, ignore = source_of(framework, Path(), options.source)
    else:
        root, source_class, ignore = source_of(framework, install(framework.key, framework.name)[0], None)
    real = json.loads(options.real.read_text("utf-8")) if options.real else []
    result: dict[str, Any] = {"framework": framework.key, "source": source_class, "folders": {}}
    for folder in options.code:
        own = folder.resolve().is_relative_to(root.resolve())
        texts = texts_of(folder, demos=own)
        roots = [root] if own else [folder, root]  # a framework's own demos add nothing to its catalogue
        scan = Scanner(roots, framework=framework.name, kinds=["component"], ignore=ignore, cache=False).scan()
        found = alarms_in(scan.catalog, texts, real)
        false = [alarm for alarm in found if not alarm["real"]]
        result["folders"][folder.name] = {
            "files": len(texts), "alarms": len(found), "set aside as real": len(found) - len(false),
            "false alarms a file": round(len(false) / max(1, len(texts)), 4),
            "by kind": dict(Counter(alarm["kind"] for alarm in false).most_common()),
            "list": found,
            "damaged copies": planted(scan.catalog, texts, options.copies) if options.copies else {},
        }  # fmt: skip
    return result


def print_folders(result: dict[str, Any]) -> None:
    print(f"{result['framework']} ({result['source']})")
    for name, one in result["folders"].items():
        print(f"{name}: {one['files']} files, {one['alarms']} alarms, {one['set aside as real']} of them real")
        print(f"  false alarms a file: {one['false alarms a file']}  {one['by kind']}")
        for alarm in one["list"]:
            print(f"  {'real ' if alarm['real'] else ''}{alarm['file']}:{alarm['line']}: {alarm['message']}")
        print_planted(one["damaged copies"])


def print_planted(result: dict[str, Any]) -> None:
    if result:
        print(f"{result['copies']} damaged copies: {result['share']} found, {result['named right']} named right")
        for kind, said in result["by kind"].items():
            print(f"  {kind}: {said}")
        for line in result["missed"]:
            print(f"  missed: {line}")


def own_code(options: argparse.Namespace) -> dict[str, Any]:
    catalog, texts, kept = own_files(options.package)
    found = alarms_in(catalog, texts, [])
    clean = len(texts) - len({alarm["file"] for alarm in found})
    return {
        "package": options.package, "files": kept, "parse": len(texts), "without a problem": clean, "list": found,
        "damaged copies": planted(catalog, texts, options.copies),
    }  # fmt: skip


def print_own(result: dict[str, Any]) -> None:
    parsed, clean = result["parse"], result["without a problem"]
    print(
        f"{result['package']}: {parsed} of {result['files']} files parse; no problem in {clean} ({100 * clean / parsed:.1f} %)"
    )
    for alarm in result["list"]:
        print(f"  {alarm['file']}:{alarm['line']}: {alarm['message']}")
    print_planted(result["damaged copies"])


parser = argparse.ArgumentParser(description="Measure the false alarms of the check, and the errors that it finds.")
parser.add_argument("package", nargs="?", default="element-ui", help=f"such as {TABLE[0].name} or {TABLE[2].key}")
parser.add_argument("copies", nargs="?", type=int, default=200, help="damaged copies to check, of each folder")
parser.add_argument("--source", type=Path, help="a checkout of the framework, or a folder of checkouts")
parser.add_argument("--code", type=Path, nargs="+", help="folders of code that uses the framework")
parser.add_argument("--real", type=Path, help="a JSON list of alarms that are real slips")
parser.add_argument("--json", action="store_true", help="print the whole result as JSON")

if __name__ == "__main__":
    given = parser.parse_args()
    measured = others_code(given) if given.code else own_code(given)
    if given.json:
        print(json.dumps(measured, ensure_ascii=False, indent=2))
    else:
        (print_folders if given.code else print_own)(measured)
