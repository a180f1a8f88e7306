"""What each side knows of a framework's components, in one form, and what a name is that Vue does not know."""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from api_truth.code import Code

from swiftprep import Catalog, Scanner
from swiftprep.catalog.api import Component, kebab

KINDS = ("props", "events", "slots")
_NOTHING = ("any", "null", "undefined", "mixed", "unknown")


@dataclass(frozen=True, slots=True)
class Known:
    """One component; props are spelt as in templates.

    `inherited` are the names that come from a mixin. The rest is of Vue's side alone: `beside` is what other files of
    its folder emit and show (a table's events come from its body and its store), `native` its methods, the tags its
    `attrs` end up on, and whether it hands on its `listeners`.
    """

    props: dict[str, tuple[frozenset[str], bool]] = field(default_factory=dict)  # name -> (types, required)
    events: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()
    path: str = ""
    inherited: frozenset[str] = frozenset()
    beside: dict[str, frozenset[str]] = field(default_factory=dict)
    native: dict[str, Any] = field(default_factory=dict)
    defaults: dict[str, str | None] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    passes: tuple[str, ...] = ()
    registered: bool = False

    def has(self, kind: str, name: str) -> str:
        """Say where Vue's side has a name: `"own"`, `"beside"`, or `""` for nowhere.

        An event whose name is made at run time is known by its beginning; `update:` needs a prop to go with it.
        """
        for where, names in (("own", getattr(self, kind)), ("beside", self.beside.get(kind, frozenset()))):
            if name in names:
                return where
            begun = kind == "events" and any(name.startswith(n[:-1]) for n in names if n.endswith("*"))
            if begun and (not name.startswith("update:") or kebab(name[7:]) in self.props):
                return where
        return ""


Api = dict[str, Known]


def from_vue(result: dict[str, Any], source: Path, ours: Api) -> tuple[Api, dict[str, str]]:
    """Return what Vue knows by tag, and the tag for each further name it is registered under."""
    api: Api = {}
    tags: dict[str, str] = {}
    for row in result["components"]:
        names = [kebab(name) for name in row["names"]]
        tag = next((name for name in names if name in ours), names[0])
        tags.update(dict.fromkeys(names, tag))
        props = [p for p in row["props"] if not p["name"].startswith("_")]  # a framework's own marks
        if row["name"]:
            tags.setdefault(kebab(row["name"]), tag)
        api[tag] = _listening(
            result["vue"],
            Known(
                {kebab(p["name"]): (frozenset(map(str.lower, p["types"])), p["required"]) for p in props},
                _events(result["vue"], [*(row["emits"] or ()), *row["emitted"]]),
                frozenset(row["slots"]),
                native={
                    "methods": [kebab(m) for m in row["methods"]],
                    "attrs": row["attrs"],
                    "listeners": row["listeners"],
                    "emits": _events(result["vue"], row["emits"] or ()),
                    "computed": row["computed"],
                    "registered": frozenset(names),
                    "vue_3": not result["vue"].startswith("2"),
                },
                defaults={kebab(p["name"]): p["default"] for p in props if p["hasDefault"]},
            ),
        )
    code = Code(source)
    for tag, one in list(api.items()):
        mine = ours.get(tag) or ours.get(next((name for name, to in tags.items() if to == tag and name in ours), ""))
        mine = mine or ours.get(tag.partition("-")[2])
        folder = code.shown(mine.path if mine else "", "parts")
        beside = {"events": _events(result["vue"], folder.emitted), "slots": folder.slots}
        files = {"folder": folder, "imports": code.shown(mine.path if mine else "", "all")}
        api[tag] = replace(one, beside=beside, native=one.native | files)
    return api, tags


def _listening(vue: str, one: Known) -> Known:
    """In Vue 3 a prop `onChange` is the listener for an event: it is compared as the event, however it is declared."""
    listened = [] if vue.startswith("2") else [name for name in one.props if name.startswith("on-")]
    if not listened:
        return one
    props = {name: said for name, said in one.props.items() if name not in listened}
    return replace(one, props=props, events=one.events | {name.removeprefix("on-") for name in listened})


def scanned(root: Path, framework: str, ignore: tuple[str, ...]) -> tuple[Catalog, float]:
    """Return the catalogue of a folder, and the seconds its whole scan takes."""
    start = time.perf_counter()
    catalog = Scanner(root, framework=framework, ignore=ignore, cache=False).scan().catalog
    return catalog, time.perf_counter() - start


def from_catalog(catalog: Catalog, vue: str, origin: str = "source") -> Api:
    """Return what swiftprep knows by tag, under each further tag of a component too."""
    api: Api = {}
    found = [one for one in catalog if one.kind == "component" and one.origin == origin]
    for name_of in (lambda one: [one.name], lambda one: one.names):
        for one in sorted(found, key=lambda one: not one.registered):
            for name in map(kebab, name_of(one)):
                if name not in api:
                    api[name] = _known(one, vue)
    return api


def _known(one: Component, vue: str) -> Known:
    props = [p for p in one.props if not p.name.startswith("_")]
    return _listening(
        vue,
        Known(
            {kebab(p.name): (frozenset(p.runtime) or type_names(p.type), p.required) for p in props},
            _events(vue, (e.name for e in one.events)),
            frozenset(s.name for s in one.slots),
            one.path,
            frozenset(kebab(item.name) for kind in KINDS for item in getattr(one, kind) if item.origin),
            defaults={kebab(p.name): p.default for p in one.props if p.default is not None},
            open=one.open,
            passes=one.passes,
            registered=one.registered,
        ),
    )


def from_docgen(result: dict[str, Any], vue: str) -> list[tuple[str, Known]]:
    """Return what vue-docgen-api reads, file by file, with the name each gives its component."""
    return [
        (
            kebab(one["name"]),
            Known(
                {kebab(p["name"]): (type_names(p["type"]), p["required"]) for p in one["props"]},
                _events(vue, one["events"]),
                frozenset(one["slots"]),
                path,
                frozenset(kebab(p["name"]) for p in one["props"] if p["mixin"]),
            ),
        )
        for path, found in result["files"].items()
        if isinstance(found, list)
        for one in found
    ]


def from_web_types(source: Path, vue: str, tags: dict[str, str]) -> Api:
    """Return what the web-types a package ships say, of the older form too; nothing when it ships none."""
    manifest = json.loads((source / "package.json").read_text("utf-8"))
    paths = manifest.get("web-types") or ("web-types.json" if (source / "web-types.json").is_file() else [])
    api: Api = {}
    for path in [paths] if isinstance(paths, str) else paths:
        html = json.loads((source / path).read_text("utf-8"))["contributions"]["html"]
        for one in html.get("vue-components") or html.get("tags") or html.get("elements") or []:
            props = {kebab(name) for name in _names(one.get("props") or one.get("attributes"))}
            tag = tags.get(kebab(one["name"]), kebab(one["name"]))
            api[tag] = Known(
                {name: (frozenset(), False) for name in props if not name.startswith(("v-model", "v-bind"))},
                _events(vue, _names(one.get("js", {}).get("events") or one.get("events"))),
                frozenset(_names(one.get("slots") or one.get("vue-slots"))),
            )
    return api


def _names(items: list[dict[str, Any]] | None) -> list[str]:
    return [item["name"] for item in items or [] if isinstance(item.get("name"), str)]  # a pattern has no name


def _events(vue: str, events: Iterable[str]) -> frozenset[str]:
    """Vue 3 takes an event in either spelling, Vue 2 only as it is emitted."""
    return frozenset(events) if vue.startswith("2") else frozenset(map(kebab, events))


def type_names(text: str) -> frozenset[str]:
    """Return the constructors Vue would check for, those of `"'a' | 'b' | string[]"` being a string and an array.

    What stands behind an arrow is the function's result, `string | void` of `() => string | void`.
    """
    parts, depth, start, is_result = [], 0, 0, False
    for i, char in enumerate(text):
        depth += (char in "(<{[") - (char in ")>}]" and text[i - 1 : i + 1] != "=>")
        is_result = is_result or (not depth and text[i - 1 : i + 1] == "=>")
        if char == "|" and not depth and not is_result:
            parts.append(text[start:i])
            start = i + 1
    stripped = [part.strip() for part in [*parts, text[start:]]]
    return frozenset(_constructor(part) for part in stripped if part and part not in _NOTHING)


def _constructor(part: str) -> str:
    if part[0] in "'\"`":
        return "string"
    if part[0] == "(" and part.endswith("[]") and _first_bracket(part) == part.removesuffix("[]"):
        return "array"
    if (part[0] == "(" and "=>" in part) or part == "func":
        return "function"
    if part.endswith("[]") or part.startswith(("Array", "ReadonlyArray", "[")):
        return "array"
    if part[0] == "{" or part.startswith(("Record<", "Partial<")):
        return "object"
    return (
        "number"
        if part[0].isdigit()
        else "boolean"
        if part in ("true", "false", "bool")
        else part.split("<")[0].lower()
    )


def _first_bracket(text: str) -> str:
    """Return a text as far as the bracket is closed that it begins with."""
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[: position + 1]
    return text


def landing(truth: Api, taken: dict[str, list[str]], tag: str, name: str) -> str:
    """Return the tag on which an attribute that is no prop of `tag` means something, or `""`."""
    for target in truth[tag].native["attrs"]:
        if target in truth and target != tag:
            if found := target if name in truth[target].props else landing(truth, taken, target, name):
                return str(found)
        elif "-" not in target and (
            name.replace("-", "") in taken.get(target, taken["div"]) or name.startswith(("data-", "aria-"))
        ):
            return str(target)
    return ""


def why_not(truth: Api, taken: dict[str, list[str]], kind: str, tag: str, name: str) -> str:
    """Say what a name is that Vue does not know as a prop, event or slot of this component."""
    one = truth[tag]
    if kind == "props" and (target := landing(truth, taken, tag, name)):
        return f"is passed on to <{target}>"
    if name in one.native["methods"]:
        return "is a method"
    other = next((other for other in KINDS if other != kind and name in getattr(one, other)), None)
    if other:
        return f"is one of its {other}"
    if kind == "events" and one.native["listeners"]:
        return "is passed on with $listeners"
    near = difflib.get_close_matches(name, getattr(one, kind), 1, 0.8)
    return f"is misspelt for {near[0]}" if near else "is nowhere in its code"
