"""Samples from the catalogue: a question about a component, answered with its API."""

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

FEWEST_USES = 3  # of a component known only from usage, to make a sample of it


def api_samples(
    wanted: SampleSpec, frame: Catalog, components: Iterable[tuple[str, Component]], held_out: set[str]
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
            if _is_telling(component):
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


def _row(wanted: SampleSpec, task: Task, key: str, component: Component, example: str) -> list[Any]:
    """Return a row, or `[path, span, kind, size]` if it is too long."""
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
