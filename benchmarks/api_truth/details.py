"""What one framework's comparison prints beside its row: each difference, by Vue, by web-types, by vue-docgen-api."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import Any

from api_truth.frameworks import BUILT, unpack
from api_truth.known import KINDS, Api, from_catalog, from_docgen, scanned, why_not
from api_truth.row import share


def pairs(api: Api, kind: str, tags: Any) -> set[tuple[str, ...]]:
    return {(tag, name) for tag in tags for name in getattr(api[tag], kind)}


def against_vue(truth: Api, api: Api) -> dict[str, Any]:
    """Compare props with Vue's: which, and of those both have the types and whether they are required.

    A prop may say nothing of its type to Vue and show it by its default or validator: that is listed as narrower and
    is no disagreement.
    """
    tags = truth.keys() & api.keys()
    mine, theirs = pairs(api, "props", tags), pairs(truth, "props", tags)
    both = sorted(mine & theirs)
    types: list[str] = []
    required: list[str] = []
    narrower: list[str] = []
    for tag, name in both:
        (we, we_need), (vue, vue_needs) = api[tag].props[name], truth[tag].props[name]
        if we != vue:
            line = f"{tag}.{name}: {' | '.join(sorted(we)) or 'any'}, Vue: {' | '.join(sorted(vue)) or 'any'}"
            (types if vue else narrower).append(line)
        if we_need != vue_needs:
            required.append(f"{tag}.{name}: {we_need}, Vue: {vue_needs}")
    return {
        "components": share(len(tags), len(truth)),
        "recall": share(len(both), len(theirs)), "precision": share(len(both), len(mine)),
        "recall over all registered": share(len(both), len(pairs(truth, "props", truth))),
        "type agrees": share(len(both) - len(types), len(both)),
        "required agrees": share(len(both) - len(required), len(both)),
        "components not known": sorted(truth.keys() - tags),
        "missing": sorted(map(".".join, theirs - mine)), "extra": sorted(map(".".join, mine - theirs)),
        "types that differ": types, "types narrower than Vue's any": narrower, "required that differ": required,
    }  # fmt: skip


def against_code(truth: Api, ours: Api, kind: str) -> dict[str, Any]:
    """Compare events or slots with those in each component's own compiled code; its folder's may confirm ours."""
    tags = truth.keys() & ours.keys()
    mine, theirs = pairs(ours, kind, tags), {it for it in pairs(truth, kind, tags) if not it[1].endswith("*")}
    wrong = {(tag, name) for tag, name in mine if not truth[tag].has(kind, name)}
    return {
        "recall": share(len(mine & theirs), len(theirs)), "precision": share(len(mine - wrong), len(mine)),
        "missing": sorted(map(".".join, theirs - mine)), "nowhere in the code": sorted(map(".".join, wrong)),
    }  # fmt: skip


def against_web_types(truth: Api, taken: dict[str, list[str]], stated: Api, ours: Api, kind: str) -> dict[str, Any]:
    """Compare with web-types, raw and with Vue as the judge of each difference."""
    verdicts: defaultdict[str, list[str]] = defaultdict(list)
    mine: set[tuple[str, ...]] = {(tag,) for tag in truth.keys() & ours.keys()}
    known: set[tuple[str, ...]] = {(tag,) for tag in stated}
    if kind == "components":
        where: dict[tuple[str, ...], str] = {(tag,): "own" for tag in truth}
    else:
        tags = truth.keys() & ours.keys() & stated.keys()
        mine, known = pairs(ours, kind, tags), pairs(stated, kind, tags)
        where = {pair: found for pair in mine | known if (found := truth[pair[0]].has(kind, pair[1]))}
    for item in sorted(known - mine):
        reason = "is not registered" if kind == "components" else ""
        if item not in where:
            reason = reason or re.sub(r" for .*", "", why_not(truth, taken, kind, item[0], item[1]))
        verdict = "we miss it" if item in where else f"web-types names it, it {reason}"
        verdicts[verdict].append(".".join(item))
    for item in sorted(mine):
        beside = ", seen in another file of its folder" if where.get(item) == "beside" else ""
        if item not in known:
            verdict = f"web-types leaves it out{beside}" if item in where else "ours is wrong"
            verdicts[verdict].append(".".join(item))
        elif item not in where:
            verdicts["both name it, Vue does not"].append(".".join(item))
    right, missed = len(mine & where.keys()), len(known & where.keys() - mine)
    return {
        "raw recall": share(len(mine & known), len(known)), "raw precision": share(len(mine & known), len(mine)),
        "judged recall": share(right, right + missed),
        "judged precision": share(right, len(mine)),
        "verdicts": dict(sorted(verdicts.items())),
    }  # fmt: skip


def by_file(result: dict[str, Any], vue: str, ours: Api, truth: Api, tags: dict[str, str]) -> dict[str, Any]:
    """Compare the names in each file that vue-docgen-api reads; where Vue knows the component, say who is right."""
    counts: Counter[str] = Counter()
    rows: list[str] = []
    at_path = {one.path: one for one in ours.values()}
    for name, theirs in from_docgen(result, vue):
        tag = tags.get(name, name)
        known, same = truth.get(tag), ours.get(tag)
        mine = same if same and same.path == theirs.path else at_path.get(theirs.path)
        counts["files both read"] += mine is not None
        if mine is None:
            rows.append(f"{theirs.path}: not in the catalogue")
            continue
        for kind in KINDS:
            we, they = set(getattr(mine, kind)), set(getattr(theirs, kind))
            counts[f"{kind} both name"] += len(we & they)
            counts[f"{kind} only ours"] += len(we - they)
            counts[f"{kind} only ours, from mixins"] += len((we - they) & mine.inherited)
            counts[f"{kind} only docgen's"] += len(they - we)
            for item in sorted(they - we):
                verdict = "" if known is None else "; so does Vue" if known.has(kind, item) else "; Vue does not"
                rows.append(f"{theirs.path}: names {kind[:-1]} {item}{verdict}")
    errors = [f"{path}: {found['error']}" for path, found in result["files"].items() if isinstance(found, dict)]
    return {"seconds": round(result["seconds"], 2), "counts": dict(counts), "only docgen": rows, "errors": errors}


def inferred(package: str, framework: str, vue: dict[str, Any], truth: Api, stated: Api) -> dict[str, Any]:
    """Judge what a scan of an application infers about the framework that it does not contain."""
    root = unpack(package)
    catalog, seconds = scanned(root, framework, BUILT)
    used = from_catalog(catalog, vue["vue"], "usage")
    tags = used.keys() & truth.keys()
    result: dict[str, Any] = {
        "files": sum(1 for _ in root.rglob("*.vue")), "seconds": round(seconds, 2), "components": len(tags),
    }  # fmt: skip
    wrong: list[str] = []
    for kind in KINDS:
        counts: Counter[str] = Counter()
        for tag, name in sorted(pairs(used, kind, tags)):
            said = kind != "props" and tag in stated and name in getattr(stated[tag], kind)
            reason = "" if said or truth[tag].has(kind, name) else why_not(truth, vue["native"], kind, tag, name)
            verdict = "passed on" if "passed on" in reason else "wrong" if reason else "declared"
            counts[verdict] += 1
            if verdict == "wrong":
                wrong.append(f"{kind[:-1]} {tag}.{name}: {reason}")
        good = counts["declared"] + counts["passed on"]
        result[kind] = f"{share(good, sum(counts.values()))}, of these {counts['passed on']} native or passed on"
    return result | {"wrong": wrong, "not the framework's": sorted(used.keys() - tags)}
