"""The samples made of the catalogue: a question about a component, answered with its API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from swiftprep.catalog.api import Component
from swiftprep.catalog.catalog import Catalog, packed
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.vue.markup import shown_use
from swiftprep.errors import SwiftprepError
from swiftprep.scan.kinds import SYNTAX, SampleSpec
from swiftprep.scan.tasks import Task

FEWEST_USES = 3  # of a component known from usage alone, before something is said of it


def api_samples(
    wanted: SampleSpec, frame: Catalog, components: Iterable[tuple[str, Component]], held_out: set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield `("catalog", part)` of the packed catalogue and `(split, JSON of rows)` of the samples made of it.

    A row is that of `kinds.Made`, with its path. A component's samples are on the side of the file that defines it.
    What is known from usage alone is on the training side, and shows no example of a held-out file. Samples that are
    too long come under `"dropped"`, as `[path, span, kind, size]`; those that fail, whatever the exception, under
    `"failed"`, as `[path, span, kind, why]`.

    Args:
        wanted: Which samples to make.
        frame: The catalogue without its components.
        components: Its components, by key, of which no more than some hundreds are held at a time.
        held_out: The files held out.
    """
    tasks = [task for task in wanted.tasks if task.kind == "api"]
    batches: dict[str, list[list[Any]]] = {"train": [], "val": [], "dropped": [], "failed": []}

    def noted() -> Iterator[tuple[str, Component]]:
        for key, component in components:
            if _is_telling(component):
                side = "val" if component.path in held_out and component.origin != "usage" else "train"
                for task in tasks:
                    try:
                        row = _row(wanted, task, key, component, _example(frame, component, held_out, side))
                        batches[side if len(row) > 4 else "dropped"].append(row)
                    except SwiftprepError:  # the template is at fault, and so for all
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
    """Yield what became known while components were made: `"failed"` ones, and `"notes"` as `[path, note]`."""
    if linked.failed:
        yield "failed", orjson.dumps(linked.failed)
    if linked.notes:
        yield "notes", orjson.dumps(list(dict.fromkeys(linked.notes)))


def _is_telling(component: Component) -> bool:
    if component.origin == "usage" and component.uses < FEWEST_USES:
        return False
    return bool(component.props or component.events or component.slots or component.methods)


def _example(frame: Catalog, component: Component, held_out: set[str], side: str) -> str:
    """Return a use of the component from a file of its own side, or `""`."""
    use = frame.usage.get(component.name)
    if use is None or not use.example or (use.example[0] in held_out) != (side == "val"):
        return ""
    return shown_use(use)


def _row(wanted: SampleSpec, task: Task, key: str, component: Component, example: str) -> list[Any]:
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
