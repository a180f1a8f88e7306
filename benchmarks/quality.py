"""What the checker finds of planted defects, and what it takes for one: python benchmarks/quality.py

Good samples of element-ui, of the embedded application, of the general rows and of the tests (tests/support/defects.py) are
broken in known ways. Printed for each kind: how many were planted, how many a fitting rule found, how many of those that
can be repaired were repaired right. Then 1,000 samples in which nothing is wrong are checked: whatever is dropped of them is
listed. Ends with 1 where a bar is missed. Needs npm, to download element-ui once.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from importlib import metadata
from pathlib import Path

# numpy needs Python's own `secrets`, and this folder, which comes first, has a module of that name.
sys.path.append(sys.path.pop(0))
sys.path.append(str(Path(__file__).parent.parent / "tests" / "support"))

import corpora
from api import FRAMEWORKS, unpack
from defects import Outcome, defects, good_samples, judge

from swiftprep import Catalog, Checker, Sample, Scanner, demo

FOUND, REPAIRED, FLAGGED = 0.95, 0.90, 0.02
CLEAN = 1000
LONGEST = 32_768  # tokens Qwen2.5-Coder can read
COPY = 0.7  # Jaccard similarity


def without_copies(samples: list[Sample]) -> list[Sample]:
    """Return the samples without near copies of an earlier one of the same kind: the package holds its code twice.

    Similarity is exact Jaccard over five tokens in a row of the answer.
    """
    seen: list[set[tuple[str, ...]]] = []
    where: dict[tuple[object, ...], list[int]] = defaultdict(list)
    kept = []
    for sample in samples:
        tokens = re.findall(r"\w+|[^\w\s]", sample.answer)
        shingles = {tuple(tokens[at : at + 5]) for at in range(max(1, len(tokens) - 4))}
        keys = [(sample.meta["kind"], *shingle) for shingle in shingles]
        shared = Counter(other for key in keys for other in where[key])
        if any(n / (len(shingles) + len(seen[other]) - n) >= COPY for other, n in shared.items()):
            continue
        for key in keys:
            where[key].append(len(seen))
        seen.append(shingles)
        kept.append(sample)
    return kept


def package_prose() -> list[Sample]:
    """Return real prose with code, as answers: nothing in it was written for a model, and nearly nothing is wrong."""
    samples = []
    for package in sorted(metadata.distributions(), key=lambda found: found.name.lower()):
        text = (package.read_text("METADATA") or "").partition("\n\n")[2]
        for number, section in enumerate(re.split(r"\n(?=## )", text)[:6], start=1):
            if 100 < len(section) < 6000:
                question = f"Explain how the Python package {package.name} is used, part {number}."
                samples.append(Sample.from_instruction(question, "", section.strip(), id=f"{package.name}-{number}"))
    return samples


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:.1f} %" if whole else "-"


def planted(samples: list[Sample], catalog: Catalog, each: int, seed: int) -> list[Outcome]:
    return judge(
        defects(samples, catalog, seed=seed, each=each),
        lambda broken, held_out: Checker(catalog=catalog, held_out=held_out, max_tokens=LONGEST).run(broken),
    )


def print_kinds(outcomes: list[Outcome], missed: bool) -> None:
    print(f"{'kind':24} {'found':>16} {'repaired':>16}  rules")
    for kind in dict.fromkeys(o.defect.kind for o in outcomes):
        mine = [o for o in outcomes if o.defect.kind == kind]
        fixable = [o for o in mine if o.defect.fixable]
        rules = Counter(rule for o in mine for rule in o.rules)
        named = ", ".join(f"{rule} {n}" for rule, n in rules.most_common(4))
        found = share(sum(o.found for o in mine), len(mine))
        print(f"{kind:24} {found:>16} {share(sum(o.repaired for o in fixable), len(fixable)):>16}  {named}")
        for o in mine if missed else ():
            if not o.found or (o.defect.fixable and not o.repaired):
                what = "not found" if not o.found else "not right"
                print(ascii(f"    {what}: {o.defect.sample.id}: {o.defect.note} [{', '.join(sorted(o.rules))}]")[1:-1])


def main(each: int, seed: int, missed: bool) -> int:
    element = Scanner(unpack(f"element-ui@{FRAMEWORKS['element-ui']}"), framework="element-ui").scan()
    embedded = Scanner(demo.app(), framework="ta404").scan()
    written, general = good_samples(), demo.general_samples()

    outcomes = [
        *planted([*written, *general, *element.samples], element.catalog, each, seed),
        *planted(embedded.samples, embedded.catalog, max(1, each // 4), seed),
    ]
    print_kinds(outcomes, missed)
    fixable = [o for o in outcomes if o.defect.fixable]
    found, repaired = sum(o.found for o in outcomes), sum(o.repaired for o in fixable)

    drawn = without_copies(element.samples)
    random.Random(seed).shuffle(drawn)
    clean = [*written, *general, *drawn][:CLEAN]
    # The evaluation samples are of another code base, and asked in the same words.
    report = Checker(catalog=element.catalog, held_out=embedded.samples, max_tokens=LONGEST).run(clean)
    flagged = len(report.rejected)
    print(f"\n{len(clean)} clean samples: {dict(Counter(report.findings['severity']))}")
    for reject in report.rejected:
        name = reject.sample.id if reject.sample else ""
        print(ascii(f"    dropped: {reject.path} {name}: {reject.reason}: {reject.detail}")[1:-1])
    print(f"\nfound {share(found, len(outcomes))}, of {len({o.defect.kind for o in outcomes})} kinds; bar {FOUND:.0%}")
    print(f"repaired right {share(repaired, len(fixable))}; bar {REPAIRED:.0%}")
    print(f"clean samples dropped {share(flagged, len(clean))}; bar {FLAGGED:.0%}")
    checker = Checker(catalog=element.catalog)
    # The third is about a framework of which there is no catalogue.
    for name, corpus, of in (("second", corpora.load("second"), checker), ("third", corpora.load("third"), Checker())):
        blind = corpora.judge(corpus, lambda messages, of=of: of.run([Sample(messages)]))
        print(f"\n{name} corpus, written without sight of the rules:")
        print(f"found {share(blind.found, blind.planted)}, repaired right {share(blind.repaired, blind.fixable)}")
        spoilt = f"dropped {share(blind.good_dropped, blind.good)}, changed {share(blind.good_changed, blind.good)}"
        print(f"good samples {spoilt}, most of them made to look bad")
        for what, question, about in blind.missed if missed else ():
            print(ascii(f"    {what}: {str(question)[:100]} | {about}")[1:-1])
    prose = Checker(near_duplicate_threshold=None).run(package_prose())
    print(f"\nsections of what installed Python packages say of themselves: {prose}")
    held = found >= FOUND * len(outcomes) and repaired >= REPAIRED * len(fixable) and flagged <= FLAGGED * len(clean)
    return 0 if held and len(clean) == CLEAN else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=16, help="defects of each kind")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--missed", action="store_true", help="list what was not found or not repaired right")
    given = parser.parse_args()
    sys.exit(main(given.each, given.seed, given.missed))
