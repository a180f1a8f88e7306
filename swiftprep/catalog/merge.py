"""Merge the components and the usage of several catalogues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import replace

from swiftprep.catalog.api import ITEMS, Component, kebab
from swiftprep.catalog.vue.markup import Use
from swiftprep.catalog.witnesses.joining import Contradiction, joined
from swiftprep.streams import get_logger

logger = get_logger(__name__)

_MOST_TOLD = 10


def merge_components(
    catalogs: Iterable[Mapping[str, Component]],
) -> tuple[dict[str, Component], list[Contradiction]]:
    """Return the components of several catalogues by key, in order of keys, and where they contradict each other.

    What witnesses of different rank know of one tag is joined; of those with the same rank, the first is taken. Those
    listed under their path, because another in their catalogue has the tag, are all kept, under a numbered path where
    two are equal.

    Args:
        catalogs: Components by key; the key is the tag, or the path of one whose tag is taken.
    """
    merged: dict[str, Component] = {}
    differing: list[str] = []
    contradictions: list[Contradiction] = []
    for components in catalogs:
        for key, component in components.items():
            if key not in merged:
                merged[key] = component
            elif key in (component.name, merged[key].name):
                other = merged[key]
                if other.origin == component.origin and _api(other) != _api(component):
                    differing.append(f"{key} ({component.path or component.origin})")
                both, found = joined((other, component))
                contradictions += found
                merged[key] = replace(both, uses=other.uses + component.uses)
            elif merged[key] != component:
                number = 2
                while f"{key}#{number}" in merged:
                    number += 1
                merged[f"{key}#{number}"] = component
    if differing:
        more = f" … (+{len(differing) - _MOST_TOLD})" if len(differing) > _MOST_TOLD else ""
        logger.warning(
            "%d tags are defined differently in two catalogues; the first is taken, left out: %s%s "
            "(同名标签定义不同，取先出现的)",
            len(differing), ", ".join(differing[:_MOST_TOLD]), more,
        )  # fmt: skip
    return _without_aliases(merged), contradictions


def merge_usage(usages: Iterable[Mapping[str, Use]]) -> dict[str, Use]:
    """Return the usage of each tag, added up."""
    merged: dict[str, Use] = {}
    for usage in usages:
        for tag, use in usage.items():
            if tag in merged:
                merged[tag].add(use)
            else:
                merged[tag] = deepcopy(use)
    return merged


def _api(component: Component) -> list[set[str]]:
    return [{item.name for item in getattr(component, what)} for what in ITEMS]


def _without_aliases(components: Mapping[str, Component]) -> dict[str, Component]:
    """Leave out what is known only from usage under a further name of a component that is known better."""
    owners: dict[str, str] = {}
    for key, component in components.items():
        if component.origin != "usage":
            for name in component.names:
                owners.setdefault(kebab(name), key)
    kept: dict[str, Component] = {}
    uses: dict[str, int] = {}
    for key in sorted(components):
        component = components[key]
        if component.origin == "usage" and owners.get(component.name, key) != key:
            owner = owners[component.name]
            uses[owner] = uses.get(owner, 0) + component.uses
        else:
            kept[key] = component
    return {key: replace(one, uses=one.uses + uses[key]) if key in uses else one for key, one in kept.items()}
