"""Samples from the catalogue: a question about a component, answered with its API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson

from swiftprep.catalog.api import Component, Method, Prop
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.packing import packed
from swiftprep.catalog.vue.markup import shown_use
from swiftprep.errors import SwiftprepError
from swiftprep.scan.kinds import SYNTAX, SampleSpec
from swiftprep.scan.tasks import Task

FEWEST_USES = 3  # of a component known only from usage, to make a sample of it


def api_samples(
    wanted: SampleSpec,
    frame: Catalog,
    components: Iterable[tuple[str, Component]],
    held_out: set[str],
) -> Iterator[tuple[str, bytes]]:
    """Yield `("catalog", part)` of the packed catalogue and `(split, JSON of rows)` of its samples.

    Rows have the form of `kinds.BuiltSamples`, plus a path. A component's samples go to the split of the file that
    defines it; components known only from usage go to the training split, without examples from held-out files. Samples
    that are too long are yielded as `"dropped"`, in the form `[path, span, kind, size]`; those that fail with any
    exception as `"failed"`, in the form `[path, span, kind, why]`.

    Args:
        wanted: The samples to make.
        frame: The catalogue without its components.
        components: Its components by key; only a few hundred are held in memory at a time.
        held_out: The files held out.
    """
    tasks = [task for task in wanted.tasks if task.kind == "api"]
    batches: dict[str, list[list[Any]]] = {"train": [], "val": [], "dropped": [], "failed": []}

    def noted() -> Iterator[tuple[str, Component]]:
        for key, component in components:
            if whose_is(key, component) and _is_telling(component):
                side = "val" if component.path in held_out and component.origin != "usage" else "train"
                for task in tasks:
                    try:
                        row = _row(wanted, task, key, component, _example(frame, component, held_out, side))
                        batches[side if len(row) > 4 else "dropped"].append(row)
                    except SwiftprepError:  # the template is at fault, so all samples would fail
                        raise
                    except Exception as error:
                        why = f"{type(error).__name__}: {str(error)[:200]}"
                        batches["failed"].append([component.path, list(component.span), task.kind, why])
            yield key, component

    for part in packed(frame, noted()):
        yield "catalog", part
        for side, rows in batches.items():
            if rows:
                yield side, orjson.dumps(rows)
                batches[side] = []


def failures_and_notes(linked: Linked) -> Iterator[tuple[str, bytes]]:
    """Yield the components that failed as `"failed"`, and notes on the others as `"notes"`: `[path, note]`."""
    if linked.failed:
        yield "failed", orjson.dumps(linked.failed)
    if linked.notes:
        yield "notes", orjson.dumps(list(dict.fromkeys(linked.notes)))


def _is_telling(component: Component) -> bool:
    if component.origin == "usage" and component.uses < FEWEST_USES:
        return False
    return bool(component.props or component.events or component.slots or component.methods)


def _example(frame: Catalog, component: Component, held_out: set[str], side: str) -> str:
    """Return a use of the component from a file in the same split, or `""`."""
    use = frame.usage.get(component.name)
    if use is None or not use.example or (use.example[0] in held_out) != (side == "val"):
        return ""
    return shown_use(use)


def whose_is(key: str, component: Component) -> str:
    """Return whose a component is for its samples, or `""` if there shall be none.

    Args:
        key: Its key in the catalogue; not its tag if another component has that.
        component: The component.

    Returns:
        `"framework"`, `"code-base"` for one that only its path tells, `"application"`, or `""`.
    """
    if component.kind != "component":
        return "framework" if key == component.name else "code-base"
    if component.owner == "other" or (component.origin == "usage" and component.owner == "application"):
        return ""
    if component.owner == "application":
        return "application" if component.props or component.events or component.slots else ""
    if component.origin != "source":
        return "framework"
    if component.registered and key == component.name:
        return "framework"
    return "code-base" if component.owner == "framework" else ""


def tellable(component: Component) -> Component:
    """Return a component with only what can be said about it for certain.

    Props that begin with `_` are internal. Defaults are those that are constant, and payloads of events those that are
    named. Methods are those that somebody documented, or that any field has: others may be internal. Descriptions are
    on one line, without tags of documentation tools.
    """
    if component.kind != "component":
        return component
    methods = [replace(item, doc=_clean(item.doc)) for item in component.methods]
    methods = [m for m in methods if component.owner != "application" and _is_public(m)]
    return replace(
        component,
        doc=_clean(component.doc),
        props=tuple(_told(prop) for prop in component.props if prop.name[:1] != "_"),
        events=tuple(replace(item, doc=_clean(item.doc), type=_payload(item.type)) for item in component.events),
        slots=tuple(replace(item, doc=_clean(item.doc)) for item in component.slots),
        methods=tuple(methods),
    )


_LITERAL = r"(?:'[^'\\\n]*'|\"[^\"\\\n]*\"|-?\d+(?:\.\d+)?|true|false|null)"
_LONGEST = 500  # characters of a default or a description that are looked at
_CONSTANT = re.compile(
    rf"{_LITERAL}|\[\s*(?:{_LITERAL}(?:\s*,\s*{_LITERAL})*\s*,?\s*)?\]|\{{\s*\}}|\(\)\s*=>\s*(?:\[\s*\]|\(\{{\s*\}}\))"
)
# What developers tell each other, and code that was commented out.
_NOTE = re.compile(r"\W*(?:TODO|FIXME|HACK|XXX|NOTE|eslint|tslint|prettier|@ts-)\b", re.I)
_CODE = re.compile(r"\w\??:\s*[\w.<>|()\[\] ]+;|=>|\w\(\);|\b(?:const|let|var|import)\s+[\w{]+.*[=;]")
_TAGGED = re.compile(r"(?:^|\s)@\w+.*", re.S)
_INTERNAL = re.compile(r"_|\$|handle[A-Z]|on[A-Z]|emit[A-Z]|render[A-Z]|get[A-Z]\w*(?:Cls|Class|Style)")
_NO_NAMES = ("true", "false", "null", "undefined", "this")
_OF_ANY_FIELD = ("focus", "blur")


def _told(prop: Prop) -> Prop:
    """Return a prop with what is certain; of values beside `boolean`, `true` and `false` may be missing."""
    is_whole = "boolean" not in prop.type or not {"true", "false"}.isdisjoint(prop.values)
    values = tuple(value or "''" for value in prop.values) if is_whole else ()
    return replace(prop, doc=_clean(prop.doc), default=_constant(prop), values=values)


def _constant(prop: Prop) -> str | None:
    """Return a default that is constant; that of a function is a function, which says nothing as a value."""
    default = prop.default or ""
    return default if _CONSTANT.fullmatch(default[:_LONGEST].strip()) and prop.type.lower() != "function" else None


def _payload(arguments: str) -> str:
    """Return an event's arguments if they say more than the code of one call: names or types, no literals."""
    names = [part.partition(":")[0].strip(" ?") for part in arguments.strip("()").split(",")]
    return arguments if all(name.isidentifier() and name not in _NO_NAMES for name in names) else ""


def _is_public(method: Method) -> bool:
    return (bool(method.doc) and not _INTERNAL.match(method.name)) or method.name in _OF_ANY_FIELD


def _clean(doc: str) -> str:
    if _NOTE.match(doc) or _CODE.search(doc[:_LONGEST]):
        return ""
    return " ".join(_TAGGED.sub("", doc).replace("<!--", "").replace("-->", "").split())


def _row(wanted: SampleSpec, task: Task, key: str, component: Component, example: str) -> list[Any]:
    """Return a row, or `[path, span, kind, size]` if it is too long."""
    sample_id = f"{wanted.framework}:{key}#api"
    suffix = "." + component.path.rpartition(".")[2].lower()
    values = {
        "framework": wanted.framework, "vue_version": wanted.vue_version, "path": component.path,
        "language": SYNTAX.get(suffix, "text"), "component": tellable(component), "example": example,
        "whose": whose_is(key, component), "place": component.path if key == component.name else key,
    }  # fmt: skip
    parts = task.render(sample_id, values)
    more: dict[str, Any] = {"path": component.path, "components": [component.name]}
    if wanted.count is not None:
        more["tokens"] = wanted.count("\n".join(p for p in parts[:2] if p)) + wanted.count(parts[2])
        if wanted.max_tokens is not None and more["tokens"] > wanted.max_tokens:
            return [component.path, list(component.span), task.kind, more["tokens"]]
    return [sample_id, task.kind, *parts, list(component.span), more]
