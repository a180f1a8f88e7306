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
        self._used_globally: set[str] = set()  # the tags that files use without registering them
        columns: set[str] = set()
        tables: set[str] = set()
        for path in facts:
            of_file = facts[path]
            made_up = of_file.get("columns", ())
            columns.update(made_up)
            own = _registered(of_file)
            tags = {tag: _tag(tag, own, path, of_file, linked, ownership) for tag in of_file.get("uses", ())}
            for written, row in of_file.get("uses", {}).items():
                use = Use(row[0], 1, *row[1:])
                tag = tags[written]
                if not tag:
                    continue
                if kebab(written) != tag and use.example:
                    use.example = [*use.example[:2], ""]  # it shows another name
                use.parents = {tags.get(parent, parent): times for parent, times in use.parents.items()}
                use.parents.pop("", None)
                if not use.slots.keys().isdisjoint(made_up):
                    tables.add(tag)
                if written not in own:
                    self._used_globally.add(tag)
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

        That is so if files use the tag without registering it, and set props of which the component has none.
        """
        use = self.by_tag.get(component.name)
        if use is None or component.registered or component.name not in self._used_globally:
            return None
        known = {kebab(prop.name) for prop in component.props}
        set_props = {name for name in use.props if not is_global(name)}
        return use if set_props and known.isdisjoint(set_props) and "props" not in component.open else None


def _tag(
    written: str, own: Mapping[str, str], path: str, facts: Mapping[str, Any], linked: Linked, ownership: Ownership
) -> str:
    """Return the tag of what a file uses, or `""` for a variable whose component is not known."""
    is_variable = written[:1].isupper() or "." in written
    variable = written if is_variable else own.get(written, "")
    if not variable:
        return written
    tag = linked.tag_of(variable, path)
    name, _, member = variable.partition(".")
    module, exported = facts.get("imports", {}).get(name, ("", ""))
    if not tag and module:
        exported = name if exported in ("default", "*") else exported
        tag = ownership.tag_of_import(package_of(module), exported + member)
    return tag or ("" if is_variable else written)


def _registered(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags that a file registers for itself, each with the variable that holds the component, or `""`."""
    tags: dict[str, str] = {}
    for options in facts.get("components", ()):
        if options.get("setup"):
            tags |= {kebab(name): name for name in facts.get("imports", ())}
        registered = options.get("components") or ["o", []]
        for key, value, _ in registered[1] if registered[0] == "o" else ():
            tags[kebab(key)] = value[1] if value[0] == "i" else ""
    return tags
