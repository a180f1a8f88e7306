"""Find the slots of children that their parents render: `this.children.map(item => item.$slots.title)`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from swiftprep.catalog.api import Slot
from swiftprep.catalog.linking.entries import Entry
from swiftprep.catalog.linking.names import Modules


def shown(modules: Modules, entries: Mapping[str, Entry], parents: Mapping[str, list[str]]) -> dict[str, list[Slot]]:
    """Return the slots that parents render of their children, by the child's key.

    Of a parent with several kinds of children it is not known whose they are.

    Args:
        modules: The facts of all files.
        entries: The components, by key.
        parents: File → the keys of the components that are the parents of those in it.
    """
    children: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in entries.items():
        for parent in parents.get(entry.path, ()) if entry.registered else ():
            children[parent].append(key)
    slots: dict[str, list[Slot]] = {}
    for parent, keys in children.items():
        path = entries[parent].path
        names = modules.facts[path].get("shown", ())
        if len(keys) == 1 and names:
            slots[keys[0]] = [Slot(name, origin=path) for name in names]
    return slots
