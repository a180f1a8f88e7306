"""Read components from a package's type declarations, `types/*.d.ts`.

Two forms are read: a class whose bases end in `Vue` (`declare class Button extends UIComponent { size: string }`), and
a constant of Vue 3's `DefineComponent<Props, …>`, with whatever is around it. They may be older than the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from swiftprep.catalog.api import ITEMS, Component, Event, Method, Prop, Slot, camel, kebab
from swiftprep.catalog.linking.listeners import payload
from swiftprep.catalog.linking.names import Facts, Modules
from swiftprep.catalog.linking.scope import Where, path_of
from swiftprep.catalog.linking.type_props import PropTypes
from swiftprep.catalog.vue.typescript_types import called_events, type_of
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME, TYPE
from swiftprep.catalog.vue.values import Value, doc_tags

_DECLARED = ".d.ts"
_VUE = frozenset(("vue", "@vue/runtime-core", "@vue/runtime-dom", "@vue/composition-api"))
_EVENTS_AT = 7  # of DefineComponent's type parameters
_MOST_BASES = 50
_NO_PROPS = frozenset(("class", "style", "key", "ref", "slot", "is"))
_LISTS = ("events", "props", "slots")
_CONSTRUCTOR = re.compile(r"\b([A-Z]\w*)Constructor\b")
_LISTED = re.compile(r"\(([^()]*)\)\[\]")
_LONGEST_TYPE = 1_000  # characters
_STATED = re.compile(r"(?:\w+\.)?PropType<(.*)>", re.S)


def declared_types(facts: Mapping[str, Facts], packages: Mapping[str, str] | None = None) -> dict[str, Component]:
    """Return the components that `.d.ts` files declare, by the name under which they are declared or exported.

    Their `name` is the name in kebab case, without the prefix that the framework gives its tags at run time, unless it
    is part of the declaration (`ElButton`). Their lists are open.

    Args:
        facts: Path relative to the root → the file's facts.
        packages: Package name → its folder.
    """
    return Declarations(Modules(facts, packages)).components()


class Declarations:
    """The components in the `.d.ts` files of a tree.

    Args:
        modules: The facts of all files.
    """

    def __init__(self, modules: Modules) -> None:
        self._modules = modules
        self._types = PropTypes(modules, _values_of_package)
        self._by_tag: dict[str, list[Component]] | None = None

    def of(self, component: Component) -> Component | None:
        """Return what is declared of a registered component under its name, or its name without the first word.

        Others are of the framework's inner parts, and may have the name of something that is declared.
        """
        if not component.registered:
            return None
        if self._by_tag is None:
            self._by_tag = {}
            for declared in self.components().values():
                self._by_tag.setdefault(declared.name, []).append(declared)
        names = [component.name, *map(kebab, component.names)]
        for name in dict.fromkeys((*names, *(name.partition("-")[2] for name in names))):
            if len(self._by_tag.get(name, ())) == 1:
                return replace(self._by_tag[name][0], name=component.name, names=component.names)
        return None

    def components(self) -> dict[str, Component]:
        """Return the declared components by the name under which they are declared or exported."""
        found: dict[str, Component] = {}
        for path in sorted(self._modules.facts):
            if path.endswith(_DECLARED):
                self._modules.effort.start()
                for name, component in self._in_file(path):
                    found.setdefault(name, component)
        return found

    def _in_file(self, path: str) -> Iterator[tuple[str, Component]]:
        facts = self._modules.facts[path]
        for name, value in facts.get("types", {}).items():
            if value[0] == "class" and self._is_component([NAME, name], path):
                yield name, self._of_class(name, value[1], path)
        for exported in facts.get("exports", {}):
            shape = self._shape([NAME, exported] if exported != "default" else facts["exports"]["default"], path)
            name = exported if exported != "default" else _file_name(path)
            if shape is not None and name:
                yield name, self._of_shape(name, shape, path)

    def _is_component(self, value: Value, path: str) -> bool:
        """Return whether a class is Vue, or extends a class that is."""
        where: Where = path
        for _ in range(_MOST_BASES):
            imported = self._modules.facts[path_of(where)].get("imports", {}).get(value[1] if value[0] == NAME else "")
            if imported is not None and imported[0] in _VUE:
                return True
            resolved, there = self._modules.resolve(value, where, types=True)
            if resolved[0] != "class" or not resolved[1][2]:
                return value == [NAME, "Vue"]
            value, where = resolved[1][2][0], there
        return False

    def _of_class(self, name: str, value: Value, path: str) -> Component:
        inherited = [self._types.props(base, path)[0] for base in value[2]]
        members, _ = self._types.props([TYPE, value[1], []], path)
        members += [prop for props in inherited for prop in props]
        texts = {key: text for key, text, _, _ in value[1] if isinstance(key, str)}
        slots: list[Slot] = []
        if "$slots" in texts:
            slots, _ = self._types.slots(type_of(texts["$slots"]), path)
        own = [member for member in members if member.name[:1] not in "$_" and member.name not in _NO_PROPS]
        methods = [member for member in own if member.type.startswith("(") and not _is_function(member.type)]
        props = [member for member in own if member not in methods]
        return _component(
            name, path,
            props=[replace(prop, name=camel(prop.name), required=False) for prop in props],
            events=[
                Event(event, arguments, doc=doc_tags(doc)[0])
                for key, text, _, doc in value[1]
                for event, arguments in (called_events(text) if key == "$emit" else ())
            ],
            methods=[Method(method.name, method.type, doc=method.doc) for method in methods],
            slots=slots,
        )  # fmt: skip

    def _of_shape(self, name: str, shape: _Shape, path: str) -> Component:
        props, _ = self._types.props(shape.props, shape.where)
        events = self._types.props(shape.events, shape.where)[0] if shape.events is not None else []
        slots = self._types.slots(shape.slots, shape.where)[0] if shape.slots is not None else []
        return _component(
            name, path,
            props=[_from_options(self._types, prop, shape.where) for prop in props],
            events=[Event(event.name, payload(event.type), doc=event.doc) for event in events],
            slots=slots,
        )  # fmt: skip

    def _shape(self, value: Value, path: str) -> _Shape | None:
        """Return the arguments of the `DefineComponent` in the type of a declared constant."""
        slots: Value | None = None
        stack: list[tuple[Value, Where]] = [(["typeof", value], path)]
        while stack and self._modules.effort.spend():
            value, where = stack.pop()
            kind = value[0]
            if kind == "typeof":
                resolved, there = self._modules.resolve(value[1], where)
                declared = self._modules.facts[path_of(there)].get("declared", {})
                if resolved[0] == NAME and resolved[1] in declared:
                    stack.append((declared[resolved[1]], there))
            elif kind == "&":
                stack += [(part, where) for part in reversed(value[1])]
            elif kind == "<>":
                name = str(value[1][-1]) if value[1][0] in (NAME, MEMBER) else ""
                if name == "DefineComponent":
                    events = value[2][_EVENTS_AT] if len(value[2]) > _EVENTS_AT else None
                    return _Shape(value[2][0], events, slots, where)
                if name.endswith("WithSlots") and len(value[2]) > 1:
                    slots = value[2][1]
                stack += [(argument, where) for argument in reversed(value[2])]
        return None


def without_docs(component: Component) -> Component:
    """Return a component without the comments of its props, events, slots and methods."""
    lists = {what: tuple(replace(item, doc="") for item in getattr(component, what)) for what in ITEMS}
    return replace(component, **cast(Any, lists))


@dataclass(frozen=True, slots=True)
class _Shape:
    """The types of a component's props, events and slots, and the file in which they stand."""

    props: Value
    events: Value | None
    slots: Value | None
    where: Where


def _component(name: str, path: str, **lists: list[Any]) -> Component:
    found: dict[str, Any] = {what: tuple(replace(item, witness="types") for item in lists[what]) for what in lists}
    slots = (replace(slot, name=slot.name or "default") for slot in found["slots"])
    found["slots"] = tuple(replace(slot, type="") if "typeof" in slot.type else slot for slot in slots)
    return Component(kebab(name), names=(name,), path=path, origin="types", open=_LISTS, **found)


def _values_of_package(value: Value, where: Where, unknown: set[str], depth: int) -> list[Prop]:
    unknown.add("props")
    return []


def _is_function(text: str) -> bool:
    """Return whether a type is that of a function; the signature of a method has no arrow."""
    return "=>" in text[len(payload(text)) :] or text.endswith("[]")


def _from_options(types: PropTypes, prop: Prop, where: Where) -> Prop:
    """Return a prop from the type of its options, `{ type: StringConstructor; default: string }`."""
    text = prop.type
    if len(text) > _LONGEST_TYPE:
        return prop
    shape = type_of(text) if text.startswith("{") else []
    options = {key: stated for key, stated, _, _ in shape[1] if isinstance(key, str)} if shape[:1] == [TYPE] else {}
    is_options = "type" in options or "default" in options or "required" in options
    if text == "null":  # any value
        return replace(prop, type="", required=False)
    if not is_options and not _CONSTRUCTOR.search(text) and not _STATED.search(text):
        return prop
    stated = str(options.get("type", "")) if is_options else text
    stated = _CONSTRUCTOR.sub(lambda match: match[1].lower(), _LISTED.sub(r"\1", stated))
    stated = _STATED.sub(r"\1", stated).strip()
    bare = Prop(prop.name, "", options.get("required") == "true", prop.doc, prop.default, prop.values)
    return types.stated(bare, stated, where) if stated not in ("", "null") else bare


def _file_name(path: str) -> str:
    """Return the name of a file that is named like what it exports, `Button` of `button.vue.d.ts`; else `""`."""
    stem = path.rpartition("/")[2].partition(".")[0]
    return "" if stem in ("index", "main") else "".join(part[:1].upper() + part[1:] for part in stem.split("-"))
