"""The catalogue against what others know of the same framework: python benchmarks/api.py [package[@version]] [--json]

Props are judged by Vue itself, run on the compiled package with its mixins merged: which there are, their types, whether
they are required, and constant defaults by value. Events and slots, of which Vue 2 keeps no list, are judged by the
framework's published documents (web-types, else its own pages, which `--source` holds), with what Vue 3 is told of
events; a documented name that no code has is set aside and counted. `--all` prints one row for each framework of the
table:

- right tag: registered components that the catalogue has under a tag they are registered under
- props: of the components known, and of all that are registered; precision: ours that Vue has too
- types, defaults: of the props both know; invented: constant defaults of ours that Vue does not have
- events, slots: of those documented; prec.: ours that are documented, or found in the compiled code or its folder
- closed: what is missing on components whose list is said to be complete

What is scanned is the package's own source: a checkout (`--source FOLDER`, which is one or holds several), else the
`src` of the npm package, else the sources in its source maps, else its compiled `es/`, which is the harder class. What
is published beside the source (web-types, `.d.ts` files, pages) is taken out of it first, as it is what we are judged
by; `--witnesses` leaves it there, and then shows what a scan of the whole makes of the props.

For one package three more parts are printed:

(b) everything against the package's own web-types, as they are and with each difference judged;
(c) file by file against vue-docgen-api;
(d) what is inferred from nothing but the use of its tags in public applications, against the framework.

Node 20 and npm are needed. Packages are installed into the cache folder once. `--ours docgen` measures vue-docgen-api
in our place, which shows what the stick itself does, and `--peer` adds its row. Other packages need their version.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from api_truth.details import against_code, against_vue, against_web_types, by_file, inferred
from api_truth.documents import documented
from api_truth.frameworks import TABLE, TRUTH, Framework, bare, checkout, install, named, run, source_of
from api_truth.known import KINDS, from_catalog, from_docgen, from_vue, from_web_types, scanned
from api_truth.row import row_of, table

# Vue 2 sources that use the framework's tags and do not contain the framework.
APPS = {
    "element-ui": (
        "d2-admin@1.7.2", "@wocwin/t-ui@1.2.8", "workflow-bpmn-modeler@0.2.8", "vue-js-cron@1.0.1", "xcrud@0.4.19",
        "@femessage/el-data-table@1.23.2", "vue-data-tables@3.4.5",
    ),
}  # fmt: skip


def measure(
    framework: Framework, *, source: Path | None, ours_from: str, peer: bool, witnesses: bool, details: bool
) -> dict[str, Any]:
    """Return a framework's row, and with `details` every difference."""
    name = framework.name
    folder, vue_3 = install(framework.key, name)
    root, source_class, ignore = source_of(framework, folder, source)
    runtime = TRUTH / ("runtime3.js" if vue_3 else "runtime.js")
    vue = json.loads(run("node", runtime, name, framework.entry, cwd=folder))
    root = root if witnesses else bare(root, framework.key)
    catalog, seconds = scanned(root, name, ignore)
    ours = from_catalog(catalog, vue["vue"])
    docgen: dict[str, Any] = {"files": {}, "seconds": 0.0}
    if details or peer or ours_from == "docgen":
        docgen = json.loads(run("node", TRUTH / "docgen.js", root, name, cwd=folder))
    others = dict(from_docgen(docgen, vue["vue"]))
    if ours_from == "docgen":
        ours, seconds = others, docgen["seconds"]
    truth, tags = from_vue(vue, root, ours)
    found = checkout(framework, source)
    said = documented(framework, folder, found and found[0], vue["vue"], tags)
    row = {"package": framework.key, "vue": vue["vue"], "source": source_class, "seconds": round(seconds, 2)}
    row["documents"] = framework.documents if said is not None else "code"
    row |= row_of(truth, ours, tags, said, cwd=folder)
    if peer:
        row["vue-docgen-api"] = row_of(truth, others, tags, said, cwd=folder)
    if not details:
        return row
    stated = from_web_types(folder / "source", vue["vue"], tags)
    ours, others = ({tags.get(tag, tag): one for tag, one in api.items()} for api in (ours, others))
    row |= {
        "(a) props by Vue's run time": against_vue(truth, ours),
        "(a) vue-docgen-api by the same": against_vue(truth, others),
        "(a) the rest by the compiled code": {kind: against_code(truth, ours, kind) for kind in KINDS[1:]},
        "(b) web-types": {
            kind: against_web_types(truth, vue["native"], stated, ours, kind)
            for kind in (("components", *KINDS) if stated else ())
        },
        "(c) vue-docgen-api by file": by_file(docgen, vue["vue"], ours, truth, tags),
    }
    for app in APPS.get(name, ()) if ours_from == "swiftprep" else ():
        row[f"(d) inferred from {app}"] = inferred(app, name, vue, truth, stated)
    return row


def whole_table(source: Path | None, **chosen: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the row of each framework as it is measured; one that cannot be says why."""
    for framework in TABLE:
        try:
            yield framework.key, measure(framework, source=source, details=False, **chosen)
        except SystemExit as error:  # no network, or a package that does not load
            yield framework.key, {"skipped": str(error)}


def show(title: str, value: Any, margin: str = "") -> None:
    if isinstance(value, dict):
        print(f"{margin}{title}")
        for key, inner in value.items():
            show(key, inner, f"{margin}    ")
    elif isinstance(value, list):
        print(f"{margin}{title} ({len(value)})", *value, sep=f"\n{margin}    ")
    else:
        print(f"{margin}{title}: {value}")


parser = argparse.ArgumentParser(description="Measure the catalogue against Vue, the framework's documents and others.")
parser.add_argument("package", nargs="?", default="element-ui", help="a name, or name@version")
parser.add_argument("--all", action="store_true", help="one row for each framework of the table")
parser.add_argument("--source", type=Path, help="a checkout of the framework, or a folder of checkouts")
parser.add_argument("--ours", choices=("swiftprep", "docgen"), default="swiftprep", help="what is measured")
parser.add_argument("--peer", action="store_true", help="add vue-docgen-api's row")
parser.add_argument("--witnesses", action="store_true", help="leave web-types, .d.ts files and pages in the source")
parser.add_argument("--json", action="store_true", help="print the whole result as JSON")

if __name__ == "__main__":
    options = parser.parse_args()
    chosen = {"ours_from": options.ours, "peer": options.peer, "witnesses": options.witnesses}
    if options.all:
        rows = dict(whole_table(options.source, **chosen))
        print(json.dumps(rows, ensure_ascii=False, indent=2) if options.json else "\n".join(table(rows)))
    else:
        measured = measure(named(options.package), source=options.source, details=True, **chosen)
        if options.json:
            print(json.dumps(measured, ensure_ascii=False, indent=2))
        else:
            for heading, content in measured.items():
                show(heading, content)
