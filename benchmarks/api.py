"""The catalogue against what others know of the same framework: python benchmarks/api.py [package[@version]] [--json]

Props are judged by Vue itself, run on the compiled package with its mixins merged. Events and slots, of which Vue 2
keeps no list, are judged by what the code emits and shows. Four parts are printed:

(a) props against Vue's run time, ours and vue-docgen-api's, and our events and slots against the compiled code;
(b) everything against the package's own web-types, as they are and with each difference judged;
(c) file by file against vue-docgen-api;
(d) what is inferred from nothing but the use of its tags in public applications, against the framework.

Node 20 and npm are needed. Packages are installed into the cache folder once. `--ours docgen` measures vue-docgen-api
in our place, which shows what the stick itself does. Where `FRAMEWORKS` has no version, give one.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from api_truth.known import KINDS, Api, from_catalog, from_docgen, from_vue, from_web_types, why_not

from swiftprep.storage.disk import cache_dir

TRUTH = Path(__file__).parent / "api_truth"
VUE_3 = "vue@3.5.22"
FRAMEWORKS = {
    "element-ui": "2.15.14", "view-design": "4.7.0", "vant": "2.13.2", "ant-design-vue": "1.7.8", "muse-ui": "3.0.2",
    "at-ui": "1.3.3", "vuesax": "3.12.2", "bootstrap-vue": "2.23.1", "element-plus": "2.11.4", "naive-ui": "2.43.1",
    "@arco-design/web-vue": "2.57.0", "primevue": "4.3.9",
}  # fmt: skip
VUE_UNSAID = {"primevue": "3"}  # their manifest names no version of Vue
# Vue 2 sources that use the framework's tags and do not contain the framework.
APPS = {
    "element-ui": (
        "d2-admin@1.7.2", "@wocwin/t-ui@1.2.8", "workflow-bpmn-modeler@0.2.8", "vue-js-cron@1.0.1", "xcrud@0.4.19",
        "@femessage/el-data-table@1.23.2", "vue-data-tables@3.4.5",
    ),
}  # fmt: skip


# --- what is measured ---------------------------------------------------------------------------------------------


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, encoding="utf-8")
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stderr.strip()[-2000:]}")
    return done.stdout


def folder_for(package: str) -> Path:
    return cache_dir() / "bench" / re.sub(r"[^\w.-]+", "_", package)


def install(package: str, name: str) -> tuple[Path, bool]:
    """Return the folder the package and the tools are installed in, and whether the package is for Vue 3."""
    folder = folder_for(package)
    manifest, ready = folder / "node_modules" / name / "package.json", folder / "ready"
    npm = ("npm", "install", "--ignore-scripts", "--legacy-peer-deps", "--no-package-lock", "--no-audit", "--no-fund")
    wanted = (TRUTH / "package.json").read_text("utf-8")
    fresh = not ready.exists() or ready.read_text("utf-8") != wanted
    if fresh:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(wanted, "utf-8")
        run(*npm, package, cwd=folder)
    said = json.loads(manifest.read_text("utf-8"))
    versions = [said.get(key, {}).get("vue") for key in ("peerDependencies", "dependencies", "devDependencies")]
    vue_3 = bool(re.match(r"\D*3", VUE_UNSAID.get(name) or next(filter(None, versions), "")))
    if fresh and vue_3:
        run(*npm, VUE_3, cwd=folder)
    if fresh:
        # vue-docgen-api follows no mixin into a folder called node_modules.
        shutil.copytree(manifest.parent, folder / "source", ignore=shutil.ignore_patterns("node_modules"))
    ready.write_text(wanted, "utf-8")
    return folder, vue_3


def unpack(package: str) -> Path:
    """Return the files of a package alone: an application's dependencies are not wanted."""
    folder = folder_for(f"app-{package}")
    if not folder.exists():
        work = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        archive = run("npm", "pack", package, "--silent", cwd=work).split()[-1]
        shutil.unpack_archive(work / archive, work, filter="data")
        (work / "package").rename(folder)
        shutil.rmtree(work)
    return folder


# --- the comparison -----------------------------------------------------------------------------------------------


def pairs(api: Api, kind: str, tags: Any) -> set[tuple[str, ...]]:
    return {(tag, name) for tag in tags for name in getattr(api[tag], kind)}


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:.1f} %" if whole else "0/0"


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
    used, seconds = from_catalog(root, framework, vue["vue"], "usage")
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


# --- what is printed ----------------------------------------------------------------------------------------------


def show(title: str, value: Any, margin: str = "") -> None:
    if isinstance(value, dict):
        print(f"{margin}{title}")
        for key, inner in value.items():
            show(key, inner, f"{margin}    ")
    elif isinstance(value, list):
        print(f"{margin}{title} ({len(value)})", *value, sep=f"\n{margin}    ")
    else:
        print(f"{margin}{title}: {value}")


def measure(package: str, ours_from: str) -> dict[str, Any]:
    name, _, version = package.rpartition("@") if package.rfind("@") > 0 else (package, "", FRAMEWORKS.get(package))
    if not version:
        sys.exit(f"{package}: give a version, as in {package}@1.2.3 (请写明版本)")
    folder, vue_3 = install(f"{name}@{version}", name)
    source = folder / "source"
    vue = json.loads(run("node", TRUTH / ("runtime3.js" if vue_3 else "runtime.js"), name, cwd=folder))
    docgen = json.loads(run("node", TRUTH / "docgen.js", source, name, cwd=folder))
    others = dict(from_docgen(docgen, vue["vue"]))
    ours, seconds = (others, docgen["seconds"]) if ours_from == "docgen" else from_catalog(source, name, vue["vue"])
    truth, tags = from_vue(vue, source, ours)
    stated = from_web_types(source, vue["vue"], tags)
    ours, others = ({tags.get(tag, tag): one for tag, one in api.items()} for api in (ours, others))
    result: dict[str, Any] = {
        "package": f"{name}@{version}", "vue": vue["vue"], "seconds": round(seconds, 2),
        "(a) props by Vue's run time": against_vue(truth, ours),
        "(a) vue-docgen-api by the same": against_vue(truth, others),
        "(a) the rest by the compiled code": {kind: against_code(truth, ours, kind) for kind in KINDS[1:]},
        "(b) web-types": {
            kind: against_web_types(truth, vue["native"], stated, ours, kind)
            for kind in (("components", *KINDS) if stated else ())
        },
        "(c) vue-docgen-api by file": by_file(docgen, vue["vue"], ours, truth, tags),
    }  # fmt: skip
    for app in APPS.get(name, ()) if ours_from == "swiftprep" else ():
        result[f"(d) inferred from {app}"] = inferred(app, name, vue, truth, stated)
    return result


parser = argparse.ArgumentParser(description="Measure the catalogue against Vue, web-types and vue-docgen-api.")
parser.add_argument("package", nargs="?", default="element-ui", help="a name, or name@version")
parser.add_argument("--ours", choices=("swiftprep", "docgen"), default="swiftprep", help="what is measured")
parser.add_argument("--json", action="store_true", help="print the whole result as JSON")

if __name__ == "__main__":
    options = parser.parse_args()
    measured = measure(options.package, options.ours)
    if options.json:
        print(json.dumps(measured, ensure_ascii=False, indent=2))
    else:
        for heading, content in measured.items():
            show(heading, content)
