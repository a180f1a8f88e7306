"""The samples made of the catalogue: a question about a component, answered with its API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from swiftprep.catalog.api import Component
from swiftprep.catalog.catalog import Catalog
from swiftprep.scan.kinds import SYNTAX, Wanted
from swiftprep.scan.tasks import Task

_BATCH = 200
FEWEST_USES = 3  # of a component known from usage alone, before something is said of it


def api_rows(wanted: Wanted, catalog: Catalog, held_out: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield `(split, JSON of rows)` of the samples the catalogue makes; a row is that of `kinds.Made`, with its path.

    A component's samples are on the side of the file that defines it. What is known from usage alone is on the
    training side, and shows no example of a held-out file.

    Samples that are too long come under `"dropped"`, as `[path, span, kind, size]`.

    Args:
        wanted: Which samples to make.
        catalog: The catalogue.
        held_out: The files held out.
    """
    tasks = [task for task in wanted.tasks if task.kind == "api"]
    batches: dict[str, list[list[Any]]] = {"train": [], "val": [], "dropped": []}
    for key, component in catalog.components.items() if tasks else ():
        if not (component.props or component.events or component.slots or component.methods):
            continue
        if component.origin == "usage" and component.uses < FEWEST_USES:
            continue
        side = "val" if component.path in held_out and component.origin != "usage" else "train"
        for task in tasks:
            row = _row(wanted, task, key, component, _example(catalog, component, held_out, side))
            batches[side if len(row) > 4 else "dropped"].append(row)
        if len(batches[side]) >= _BATCH:
            yield side, orjson.dumps(batches[side])
            batches[side] = []
    for side, rows in batches.items():
        if rows:
            yield side, orjson.dumps(rows)


def _example(catalog: Catalog, component: Component, held_out: set[str], side: str) -> str:
    """Return a use of the component from a file of its own side, or `""`."""
    use = catalog.usage.get(component.name)
    if use is None or not use.example or (use.example[0] in held_out) != (side == "val"):
        return ""
    return str(use.example[2])


def _row(wanted: Wanted, task: Task, key: str, component: Component, example: str) -> list[Any]:
    """Return a row, or `[path, span, kind, size]` of one that is too long."""
    sample_id = f"{wanted.framework}:{key}#api"
    suffix = "." + component.path.rpartition(".")[2].lower()
    values = {
        "framework": wanted.framework, "vue_version": wanted.vue_version, "path": component.path,
        "language": SYNTAX.get(suffix, "text"), "component": component, "example": example,
    }  # fmt: skip
    parts = task.render(sample_id, values)
    more: dict[str, Any] = {"path": component.path, "components": [component.name]}
    if wanted.count is not None:
        more["tokens"] = wanted.count("\n".join(p for p in parts[:2] if p)) + wanted.count(parts[2])
        if wanted.max_tokens is not None and more["tokens"] > wanted.max_tokens:
            return [component.path, list(component.span), task.kind, more["tokens"]]
    return [sample_id, task.kind, *parts, list(component.span), more]
