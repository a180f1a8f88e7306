"""One framework's row of the table: how much of it the catalogue knows, and how much of what it says is right."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from api_truth.frameworks import TRUTH, run
from api_truth.known import Api, Known

from swiftprep.catalog.api import kebab
from swiftprep.catalog.vue.native import DOM_EVENTS, is_native

COLUMNS = (
    "right tag", "props", "props of all", "precision", "types", "defaults", "invented", "events", "events prec.",
    "slots", "slots prec.", "closed: props", "closed: events", "closed: slots",
)  # fmt: skip


def share(part: int, whole: int) -> str:
    return f"{part}/{whole} {100 * part / whole:.1f} %" if whole else "0/0"


def named_like(ours: Api, tags: dict[str, str]) -> Api:
    """Return our components by Vue's tags; `button` stands for `a-button` where nothing else does.

    A wrong tag costs the component its place among the right tags, and shows in its API only what it lacks there.
    """
    api = {tags.get(tag, tag): one for tag, one in reversed(ours.items())} | {t: ours[t] for t in tags if t in ours}
    for tag in sorted(set(tags.values()) - api.keys()):
        bare = tag.partition("-")[2]
        if bare in api:
            api[tag] = api[bare]
    return {tag: api[tag] for tag in api.keys() & set(tags.values())}


def row_of(truth: Api, ours: Api, tags: dict[str, str], documented: Api | None, *, cwd: Path) -> dict[str, Any]:
    """Return one framework's figures and, under `lists`, everything that is missing or wrong.

    Args:
        truth: What Vue knows.
        ours: What the catalogue knows, by its own tags.
        tags: Vue's further names of a component, and its tag.
        documented: The events and slots of the published documents, or None to judge by the code alone.
        cwd: Where the framework is installed.
    """
    right = {tag for tag, one in truth.items() if not one.native["registered"].isdisjoint(ours)}
    api = named_like(ours, tags)
    lists: dict[str, Any] = {
        "wrong or no tag": sorted(f"{tag}{_instead(api.get(tag))}" for tag in truth.keys() - right),
        "registered by us alone": sorted(
            t for t, one in ours.items() if one.registered and tags.get(t, t) not in truth
        ),
    }
    row: dict[str, Any] = {"right tag": share(len(right), len(truth))}
    row |= _props(truth, api, ours, lists)
    row |= _defaults(truth, api, lists, cwd)
    for kind in ("events", "slots"):
        row |= _rest(truth, api, ours, documented=documented, kind=kind, lists=lists)
    row["closed: props"] = len(lists["props missing, list closed"])
    return {key: row[key] for key in COLUMNS} | {"lists": lists}


def _instead(one: Known | None) -> str:
    return f" (known from {one.path})" if one else ""


def _props(truth: Api, api: Api, ours: Api, lists: dict[str, Any]) -> dict[str, str]:
    wanted = {(tag, name) for tag in truth for name in truth[tag].props}
    known = {(tag, name) for tag, name in wanted if tag in api}
    named = {(tag, name) for tag in truth.keys() & api.keys() for name in api[tag].props}
    both = sorted(known & named)
    types, required = [], []
    for tag, name in both:
        (we, we_need), (vue, vue_needs) = api[tag].props[name], truth[tag].props[name]
        if vue and we != vue:  # Vue is told of no type: what the validator or the default shows is not against it
            types.append(f"{tag}.{name}: {' | '.join(sorted(we)) or 'any'}, Vue: {' | '.join(sorted(vue))}")
        if we_need != vue_needs:
            required.append(f"{tag}.{name}: {we_need}, Vue: {vue_needs}")
    missing = sorted(known - named)
    lists["props missing"] = _lines(missing)
    lists["props missing, list closed"] = _lines(it for it in missing if not is_open(ours, api[it[0]], "props", it[1]))
    lists["props that Vue does not have"] = _lines(named - wanted)
    lists["types that differ"], lists["required that differ"] = types, required
    return {
        "props": share(len(both), len(known)), "props of all": share(len(both), len(wanted)),
        "precision": share(len(both), len(named)), "types": share(len(both) - len(types), len(both)),
    }  # fmt: skip


def _defaults(truth: Api, api: Api, lists: dict[str, Any], cwd: Path) -> dict[str, Any]:
    """Compare constant defaults by value; what factories make is listed, and is no constant."""
    both = [(t, n) for t in sorted(truth.keys() & api.keys()) for n in sorted(truth[t].props) if n in api[t].props]
    stated = [(tag, name) for tag, name in both if name in api[tag].defaults]
    texts = [(api[tag].defaults[name], "function" not in truth[tag].props[name][0]) for tag, name in stated]
    values = dict(
        zip(stated, json.loads(run("node", TRUTH / "values.js", cwd=cwd, given=json.dumps(texts))), strict=True)
    )
    constants = [it for it in both if _is_constant(truth[it[0]].defaults.get(it[1]))]
    found = [it for it in constants if values.get(it) == truth[it[0]].defaults[it[1]]]
    line = "{}.{}: {}, Vue: {}".format
    lists["defaults missing"] = [
        line(*it, api[it[0]].defaults.get(it[1]), truth[it[0]].defaults[it[1]])
        for it in constants
        if values.get(it) is None
    ]
    invented = [it for it in stated if _is_constant(values[it]) and _differs(truth[it[0]], it[1], str(values[it]))]
    lists["defaults invented"] = [line(*it, values[it], truth[it[0]].defaults.get(it[1], "none")) for it in invented]
    made = {it: text for it in both if (text := truth[it[0]].defaults.get(it[1]) or "").startswith("made ")}
    same = sum((values.get(it) or "").removeprefix("made ") == text.removeprefix("made ") for it, text in made.items())
    lists["factories"] = share(same, len(made))
    return {"defaults": share(len(found), len(constants)), "invented": len(invented)}


def _is_constant(literal: str | None) -> bool:
    return literal is not None and not literal.startswith("made ")


def _differs(vue: Known, name: str, value: str) -> bool:
    return value != (vue.defaults.get(name, "undefined") or "").removeprefix("made ")


def _rest(
    truth: Api, api: Api, ours: Api, *, documented: Api | None, kind: str, lists: dict[str, Any]
) -> dict[str, Any]:
    """Compare events or slots with what is documented and declared; what we name beyond that, with the code."""
    tags = truth.keys() & api.keys()
    wanted: set[tuple[str, str]] = set()
    unfounded: set[tuple[str, str]] = set()
    for tag in tags:
        one = truth[tag]
        said = getattr(documented[tag], kind) if documented and tag in documented else frozenset()
        if documented is None:
            said = frozenset(name for name in getattr(one, kind) if not name.endswith("*"))
        elif kind == "events":
            # A native event reaches the root in Vue 3 without a word in the code.
            bubbling = {name for name in said & DOM_EVENTS if one.native["vue_3"] and not one.has(kind, name)}
            said = said - bubbling | one.native["emits"]
        in_code = {name for name in said if one.has(kind, name) or _is_shown(one, kind, name, imports=True)}
        wanted |= {(tag, name) for name in in_code}
        unfounded |= {(tag, name) for name in said - in_code}
    named = {(tag, name) for tag in tags for name in getattr(api[tag], kind)}
    wrong = {
        (tag, name)
        for tag, name in named - wanted - unfounded
        if not (truth[tag].has(kind, name) or _is_shown(truth[tag], kind, name, imports=False))
    }
    missing = sorted(wanted - named)
    closed = [it for it in missing if not is_open(ours, api[it[0]], kind, it[1])]
    lists[f"{kind} missing"] = _lines(missing)
    lists[f"{kind} missing, list closed"] = _lines(closed)
    lists[f"{kind} nowhere in the code"] = _lines(wrong)
    lists[f"{kind} documented and not in the code"] = _lines(unfounded)
    return {
        kind: share(len(wanted & named), len(wanted)),
        f"{kind} prec.": share(len(named - wrong), len(named)),
        f"closed: {kind}": len(closed),
    }


def _is_shown(one: Known, kind: str, name: str, *, imports: bool) -> bool:
    """Return whether a component's folder emits or shows a name, or may by a computed one; with `imports`, what it imports.

    An event with a name that is made up must be quoted somewhere; a slot's may be a prop's.
    """
    files = one.native["imports" if imports else "folder"]
    if kind == "slots" and name == "default":
        return bool(files.any_slot)
    spelt = spellings(name)
    if not spelt.isdisjoint(files.emitted if kind == "events" else files.slots):
        return True
    if any(name.startswith(begun[:-1]) for begun in files.emitted if kind == "events" and begun.endswith("*")):
        return True
    parts = spelt | set(re.split("[:.]", name))
    if one.native["computed"][kind] and not parts.isdisjoint(one.native["imports"].quoted):
        return True
    if files.hands_on(kind):
        inner = one.native["imports"]
        if name in DOM_EVENTS or not spelt.isdisjoint(inner.emitted if kind == "events" else inner.slots):
            return True
    words = files.quoted if kind == "events" else one.native["folder"].words
    return files.computed(kind) and not parts.isdisjoint(words)


def spellings(name: str) -> set[str]:
    """The spellings of a name that code may have: `update:openKeys` also where only `openKeys` is.

    >>> sorted(spellings("update:open-keys"))
    ['onOpenKeys', 'onUpdate:openKeys', 'open-keys', 'openKeys', 'update:open-keys', 'update:openKeys']
    """
    bare = name.removeprefix("update:")
    camel = re.sub(r"[:.-](\w)", lambda match: match[1].upper(), bare)
    title = camel[:1].upper() + camel[1:]
    updates = {f"update:{camel}", f"onUpdate:{camel}"} if bare != name else set()
    return {name, bare, camel, f"on{title}"} | updates


def is_open(ours: Api, one: Known, kind: str, name: str, depth: int = 0) -> bool:
    """Return whether our list leaves room for a name: it is open, or hands on to a component that has it or is open."""
    if kind in one.open or any(name.startswith(it.removeprefix(f"{kind}:")) for it in one.open if f"{kind}:" in it):
        return True
    if kind != "events" or depth == 4:
        return False
    for tag in one.passes:
        inner = ours.get(kebab(tag))
        if inner and (name in inner.events or is_open(ours, inner, kind, name, depth + 1)):
            return True
        if inner is None and (not is_native(tag) or name in DOM_EVENTS):
            return True
    return False


def _lines(items: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(map(".".join, items))


def table(rows: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Yield the rows as a Markdown table."""
    yield f"| framework | {' | '.join(COLUMNS)} |"
    yield f"|---|{'---|' * len(COLUMNS)}"
    for key, row in rows.items():
        if "skipped" in row:
            yield f"| {key} | skipped: {row['skipped']} |"
        else:
            yield f"| {key} ({row['source']}) | {' | '.join(str(row[it]) for it in COLUMNS)} |"
