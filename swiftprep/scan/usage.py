"""How the code base uses each tag, over all its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from swiftprep.catalog.api import Component, kebab
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.vue.markup import Use
from swiftprep.catalog.vue.native import is_global
from swiftprep.scan.framework import package_of
from swiftprep.scan.ownership import Ownership


class CodeUsage:
    """The usage of each tag in all files.

    JSX tags that are variables are linked to the components they refer to; those of components that are not known are
    left out. The slots that pages make up for the columns of a table are not the table's.

    Args:
        facts: The facts of each file.
        linked: The components that the files define.
        ownership: Whose the components are.

    Attributes:
        by_tag: Tag → its usage.
    """

    def __init__(self, facts: Mapping[str, Any], linked: Linked, ownership: Ownership) -> None:
        self.by_tag: dict[str, Use] = {}
        self._files: dict[str, list[str]] = {}  # tag → the files that use it without registering it themselves
        columns: set[str] = set()
        tables: set[str] = set()
        for path in facts:
            of_file = facts[path]
            made_up = of_file.get("columns", ())
            columns.update(made_up)
            tags = {tag: _tag(tag, path, of_file, linked, ownership) for tag in of_file.get("uses", ())}
            own = _registered(of_file) if tags else frozenset()
            for written, row in of_file.get("uses", {}).items():
                use = Use(row[0], 1, *row[1:])
                tag = tags[written]
                if not tag:
                    continue
                use.parents = {tags.get(parent, parent): times for parent, times in use.parents.items()}
                use.parents.pop("", None)
                if not use.slots.keys().isdisjoint(made_up):
                    tables.add(tag)
                if tag not in own:
                    self._files.setdefault(tag, []).append(path)
                if tag in self.by_tag:
                    self.by_tag[tag].add(use)
                else:
                    self.by_tag[tag] = use
        for tag in tables:
            slots = self.by_tag[tag].slots
            for name in columns & slots.keys():
                del slots[name]

    def of_others(self, component: Component) -> Use | None:
        """Return the usage of a component's tag if it is that of another component.

        That is so if files other than the component's own use the tag, without registering it, and set props of which
        the component has none.
        """
        use = self.by_tag.get(component.name)
        if use is None or component.registered or set(self._files.get(component.name, ())) <= {component.path}:
            return None
        known = {kebab(prop.name) for prop in component.props}
        set_props = {name for name in use.props if not is_global(name)}
        return use if set_props and known.isdisjoint(set_props) and "props" not in component.open else None


def _tag(written: str, path: str, facts: Mapping[str, Any], linked: Linked, ownership: Ownership) -> str:
    """Return the tag of what a file uses, or `""` for a variable whose component is not known."""
    if not written[:1].isupper():
        return written
    tag = linked.tag_of(written, path)
    name, _, member = written.partition(".")
    module, exported = facts.get("imports", {}).get(name, ("", ""))
    if tag or not module:
        return tag
    exported = name if exported in ("default", "*") else exported
    return ownership.tag_of_import(package_of(module), exported + member)


def _registered(facts: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags that a file registers for itself."""
    tags = {kebab(name) for name in facts.get("imports", ())}
    for options in facts.get("components", ()):
        registered = options.get("components") or ["o", []]
        tags |= {kebab(key) for key, _, _ in registered[1]} if registered[0] == "o" else set()
    return frozenset(tags)
