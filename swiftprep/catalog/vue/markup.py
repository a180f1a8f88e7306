"""Read a template: the meaning of each attribute, the slots it provides, the components it uses."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from tree_sitter import Node

from swiftprep.catalog.api import camel, kebab
from swiftprep.catalog.vue.native import BUILT_IN, is_native
from swiftprep.catalog.vue.values import key_of, pairs, unwrapped
from swiftprep.parsing.grammar import parse
from swiftprep.parsing.sfc import Element, Template

_LITERAL = re.compile(r"""\s*(?:'([^'\\]*)'|"([^"\\]*)"|`([^`\\$]*)`)\s*""")
# The attributes of `<slot>` that Vue itself uses; all others become slot props, with names in camel case.
_NOT_HANDED_OVER = frozenset(("key", "ref", "class", "style", "slot-scope", "is", ""))
MOST_BINDINGS = 400  # slot props recorded per slot
SAMPLES = 8  # values recorded per attribute
_LONGEST_EXAMPLE = 1000  # characters of a start tag used as an example; longer ones are distracting
_LOOP = re.compile(r"\s(?:in|of)\s")
_ALL_SLOTS = re.compile(r"\$(?:s|scopedS)lots\b")
_ALL_SLOTS = re.compile(r"\$(?:scopedS|s)lots(?:\b(?!\s*[.\[?])|\s*\[\s*[^'\"\]])")
_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")


class Attribute(NamedTuple):
    """An attribute with its meaning to Vue.

    Attributes:
        role: `"prop"` (a plain or bound attribute), `"on"`, `"model"`, `"slot"`, `"object"` (`v-bind="obj"`),
            `"listeners"` (`v-on="obj"`) or `"directive"`.
        name: The prop, event, slot or directive in kebab case; `""` if computed, and for a bare `v-model`.
        value: Its value.
        bound: Whether the value is an expression.
        modifiers: Such as `("native", "enter")`.
    """

    role: str
    name: str
    value: str | None
    bound: bool = False
    modifiers: tuple[str, ...] = ()


def read_attribute(name: str, value: str | None) -> Attribute:
    """Return the meaning of an attribute.

    >>> read_attribute("@row-click.once", "go")
    Attribute(role='on', name='row-click', value='go', bound=True, modifiers=('once',))
    """
    if "slot" in name or len(name) > 100:
        return _read(name, value)  # the value may be the slot's name
    role, target, _, bound, modifiers = _read_name(name)
    return Attribute(role, target, value, bound, modifiers)


@lru_cache(maxsize=10_000)
def _read_name(name: str) -> Attribute:
    return _read(name, None)


def _read(name: str, value: str | None) -> Attribute:
    first = name[:1]
    if first == "@":
        return _argument("on", name[1:], value)
    if first == ":":
        return _argument("prop", name[1:], value)
    if first == "#":
        return Attribute("slot", _slot_name(name[1:]), value, True)
    if not name.startswith("v-"):
        return Attribute("slot", value or "default", None) if name == "slot" else Attribute("prop", kebab(name), value)
    directive, _, argument = name[2:].partition(":")
    base = directive.partition(".")[0]
    if base == "bind":
        return _argument("prop", argument, value) if argument else Attribute("object", "", value, True)
    if base == "on":
        return _argument("on", argument, value) if argument else Attribute("listeners", "", value, True)
    if base == "slot":
        return Attribute("slot", _slot_name(argument or "default"), value, True)
    if base == "model":
        return Attribute("model", kebab(argument.partition(".")[0]), value, True)
    return Attribute("directive", base, value, True)


def _argument(role: str, argument: str, value: str | None) -> Attribute:
    if argument.startswith("["):
        return Attribute(role, "", value, True)
    name, *modifiers = argument.split(".")
    if role == "on":
        return Attribute(role, name, value, True, tuple(modifiers))
    name = kebab(name)
    if name == "slot":
        literal = literal_of(value)
        return Attribute("slot", literal if literal is not None else "", None, True)
    return Attribute(role, name, value, True, tuple(modifiers))


def _slot_name(name: str) -> str:
    return "" if name.startswith("[") else name


def literal_of(expression: str | None) -> str | None:
    """Return the value of a string literal, or None for any other expression."""
    match = _LITERAL.fullmatch(expression or "")
    return None if match is None else next(group for group in match.groups() if group is not None)


def object_keys(expression: str) -> list[str]:
    """Return the property names of an object literal.

    >>> object_keys("{ row, rowIndex: i + 1, ...more }")
    ['row', 'rowIndex']
    """
    root = parse(f"({expression}\n)".encode("utf-8", "replace"), "js").root_node
    expressions = root.named_children[0].named_children[:1] if root.named_children else []
    literal = unwrapped(expressions[0]) if expressions else None
    if literal is None or literal.type != "object":
        return []
    return [key for key, _, _ in pairs(literal) if key not in ("...", "[]")]


def scope_names(pattern: str) -> list[str]:
    """Return the slot props that a pattern destructures, by their names in the slot.

    >>> scope_names("{ row: { id }, rowIndex = 0, size: s, ...rest }")
    ['row', 'rowIndex', 'size']
    """
    if not pattern.strip().startswith("{"):
        return []
    names = []
    for match in parse(f"(({pattern}\n) => 0)".encode("utf-8", "replace"), "ts").root_node.named_children[:1]:
        node: Node | None = match
        while node is not None and node.type != "object_pattern":
            node = node.named_children[0] if node.named_children else None
        for part in node.named_children if node is not None else ():
            key = part.child_by_field_name("key") or part.child_by_field_name("left") or part
            name = None if part.type == "rest_pattern" else key_of(key)
            names += [] if name is None else [name]
    return names


def is_custom(tag: str) -> bool:
    """Return whether a tag, as written, is a component."""
    return not is_native(tag) and kebab(tag) not in BUILT_IN and tag[:1] not in ("!", "?", "")


@dataclass(slots=True)
class Use:
    """The usage of a tag in any number of files.

    Attributes:
        count: Number of uses.
        files: Number of files.
        props: Attribute (kebab case) → `[count, count bound, some of its values]`.
        events: Event → count of listeners.
        slots: Slot → `[count, the slot props used]`.
        parents: Nearest parent component → count.
        models: Number of uses with `v-model`.
        objects: Number of uses with `v-bind="obj"`.
        example: `[path, line, source]` of a use; the source is `""` if no start tag can be shown whole.
    """

    count: int = 0
    files: int = 1
    props: dict[str, list[Any]] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    slots: dict[str, list[Any]] = field(default_factory=dict)
    parents: dict[str, int] = field(default_factory=dict)
    models: int = 0
    objects: int = 0
    example: list[Any] = field(default_factory=list)

    def add(self, other: Use) -> None:
        """Add the uses in another file."""
        self.count += other.count
        self.files += other.files
        for name, (times, bound, values) in other.props.items():
            mine = self.props.setdefault(name, [0, 0, []])
            mine[0] += times
            mine[1] += bound
            mine[2] += [value for value in values if value not in mine[2]][: SAMPLES - len(mine[2])]
        for name, times in other.events.items():
            self.events[name] = self.events.get(name, 0) + times
        for name, (times, bindings) in other.slots.items():
            mine = self.slots.setdefault(name, [0, []])
            mine[0] += times
            mine[1] = list(dict.fromkeys([*mine[1], *bindings]))[:MOST_BINDINGS]
        for name, times in other.parents.items():
            self.parents[name] = self.parents.get(name, 0) + times
        self.models += other.models
        self.objects += other.objects
        if not self.example or (len(other.example[2]) > len(self.example[2])):
            self.example = other.example


def uses(
    elements: list[Element], source: bytes, path: str, *, jsx: int = 0, variables: Container[str] = ()
) -> dict[str, Use]:
    """Return the usage of each component by its tag in kebab case, or by its variable as written (`Menu.Item`).

    Args:
        elements: The elements, those of JSX first.
        source: The file's text.
        path: The file's path, for the example.
        jsx: The number of elements in JSX, where a tag that begins with a capital letter is a variable.
        variables: The file's variables.
    """
    by_tag: dict[str, Use] = {}
    owners: list[str] = []  # for each element, the nearest component at or above it
    taken: dict[tuple[str, str], dict[str, None]] = {}  # component and slot → the slot props used
    for number, element in enumerate(elements):
        is_variable = number < jsx and element.tag.partition(".")[0] in variables
        custom = is_variable or is_custom(element.tag)
        above = owners[element.parent] if element.parent >= 0 else ""
        tag = element.tag if is_variable else kebab(element.tag) if custom else ""
        owners.append(tag or above)
        attributes = [read_attribute(name, value) for name, value in element.attrs]
        if any(attribute.role == "object" for attribute in attributes):
            attributes = [part for attribute in attributes for part in _spread(attribute)]
        for attribute in attributes:
            if attribute.role == "slot" and attribute.name:
                # On a component, `v-slot` fills its own slot; elsewhere, a slot of the component around it.
                own = custom and attribute.bound and attribute.value is not None
                target = tag if own else above
                if target and target in by_tag:
                    slot = by_tag[target].slots.setdefault(attribute.name, [0, []])
                    slot[0] += 1
                    names = taken.setdefault((target, attribute.name), dict.fromkeys(slot[1]))
                    if len(names) < MOST_BINDINGS:
                        names.update(dict.fromkeys(_scope(element, attribute)))
                elif own:
                    by_tag.setdefault(tag, Use()).slots.setdefault(attribute.name, [0, []])[0] += 1
        if not custom:
            continue
        use = by_tag.setdefault(tag, Use())
        use.count += 1
        if above:
            use.parents[above] = use.parents.get(above, 0) + 1
        for attribute in attributes:
            if attribute.role == "prop" and attribute.name:
                seen = use.props.setdefault(attribute.name, [0, 0, []])
                seen[0] += 1
                seen[1] += attribute.bound
                value = attribute.value
                if value is not None and len(value) <= 40 and len(seen[2]) < SAMPLES and not attribute.bound:
                    seen[2] += [value] if value not in seen[2] else []
                if "sync" in attribute.modifiers:
                    use.events[f"update:{attribute.name}"] = use.events.get(f"update:{attribute.name}", 0) + 1
            elif attribute.role == "on" and attribute.name and "native" not in attribute.modifiers:
                use.events[attribute.name] = use.events.get(attribute.name, 0) + 1
            elif attribute.role == "model":
                use.models += 1
            elif attribute.role == "object":
                use.objects += 1
        if not use.example or not use.example[2]:
            start_tag = _opening(element, source)
            use.example = [path, element.line, start_tag] if start_tag or not use.example else use.example
    for (tag, name), names in taken.items():
        by_tag[tag].slots[name][1] = list(names)[:MOST_BINDINGS]
    return by_tag


def _spread(attribute: Attribute) -> list[Attribute]:
    """Return the attributes that `v-bind="{ a: 1, b }"` sets, after itself; any other attribute alone."""
    is_literal = attribute.role == "object" and (attribute.value or "").lstrip().startswith("{")
    keys = object_keys(attribute.value or "") if is_literal else []
    return [attribute, *(Attribute("prop", kebab(key), None, True) for key in keys)]


def shown_use(use: Use | None) -> str:
    """Return the example of a use as a complete element, or `""` if there is none."""
    opening = str(use.example[2]) if use is not None and use.example else ""
    tag = re.match(r"<[^\s/>]+", opening)
    return opening if tag is None or opening.endswith("/>") else f"{opening}</{tag[0][1:]}>"


def _opening(element: Element, source: bytes) -> str:
    """Return an element's start tag with normalized white space, or `""` if it is too long, incomplete or JSX."""
    text = source[element.start : element.head_end].decode("utf-8", "replace")
    if len(text) > _LONGEST_EXAMPLE or not text.endswith(">") or "{" in _QUOTED.sub("", text):
        return ""
    # Line breaks matter after a comment in an expression, and in a string that spans lines.
    is_tied = "`" in text or "\n" in text.partition("//")[2]
    return text if is_tied else re.sub(r"\s+", " ", text)


def _scope(element: Element, attribute: Attribute) -> list[str]:
    """Return the slot props that an element uses."""
    value = attribute.value if attribute.bound and attribute.value else None
    value = value or next((v for n, v in element.attrs if n in ("slot-scope", "scope") and v), None)
    return scope_names(value or "")


def behaviour(parsed: Template, source: bytes) -> dict[str, Any]:
    """Return the API that a template adds to its component: `slots`, `passes`, `roots`, `open`."""
    api: dict[str, Any] = {"slots": [], "passes": [], "open": [], "roots": []}
    for element in parsed.elements:
        if element.parent < 0 and element.tag != "slot":
            api["roots"].append(element.tag)
        for name, value in element.attrs:
            if (value is not None and "$attrs" in value and name in ("v-bind", ":attrs")) or (
                value is not None and "$listeners" in value and name in ("v-on", "@")
            ):
                api["passes"].append(element.tag)
            if value is not None and "lots" in value:
                api["slots"] += [[slot, [], ""] for slot in slots_in(value)]
                if _ALL_SLOTS.search(value) and not hands_slots(element, parsed.elements):
                    api["open"].append("slots")
        if element.tag == "slot":
            unknown: list[str] = []
            api["slots"] += list(_slot(element, source, unknown))
            api["open"] += [] if unknown and _is_handed(element, parsed.elements) else unknown
    return api


def hands_slots(element: Element, elements: list[Element]) -> str:
    """Return the tag that `<template v-for="(_, name) in $slots" #[name]>` hands all slots to, or `""`."""
    loops = any(name == "v-for" and value and _is_over_slots(value) for name, value in element.attrs)
    if not loops or element.parent < 0:
        return ""
    is_named = any(a.role == "slot" and not a.name for a in (read_attribute(*written) for written in element.attrs))
    return elements[element.parent].tag if is_named else ""


def _is_handed(element: Element, elements: list[Element]) -> bool:
    """Return whether a `<slot>` of unknown name is that of an element that hands all slots on."""
    while element.parent >= 0 and not hands_slots(element, elements):
        element = elements[element.parent]
    return element.parent >= 0


def slots_in(text: str) -> list[str]:
    """Return the slots that code accesses by name: `$slots.header`, `$scopedSlots['header']`.

    >>> slots_in("$slots.title || $scopedSlots['footer']")
    ['title', 'footer']
    """
    return [
        a or b for a, b in re.findall(r"""\$(?:scopedS|s)lots\s*\??\.?(?:([\w$]+)|\[\s*['"]([^'"]+)['"]\s*\])""", text)
    ]


def _comment_before(source: bytes) -> str:
    """Return the text of the comment at the end of a piece of markup, or `""`."""
    source = source.rstrip()
    if not source.endswith(b"-->"):
        return ""
    end = len(source) - len(b"-->")
    start = source.find(b"<!--", max(0, source.rfind(b"-->", 0, end)), end)
    return "" if start < 0 else " ".join(source[start + len(b"<!--") : end].decode("utf-8", "replace").split())


def _slot(element: Element, source: bytes, unknown: list[str]) -> Iterator[list[Any]]:
    name = "default"
    bindings: list[str] = []
    for raw, value in element.attrs:
        attribute = read_attribute(raw, value)
        if attribute.role == "object":
            bindings += object_keys(value or "")
        elif attribute.role == "prop" and attribute.name == "name":
            literal = literal_of(value) if attribute.bound else (value or "default")
            if literal is None:
                unknown.append("slots")
                return
            name = literal
        elif attribute.role == "prop" and attribute.name not in _NOT_HANDED_OVER:
            written = re.sub(r"^(?:v-bind)?:", "", raw).partition(".")[0]
            bindings.append(camel(written))
    doc = _comment_before(source[max(0, element.start - 400) : element.start])
    yield [name, list(dict.fromkeys(bindings)), doc.removeprefix("@slot").strip()]


def _is_over_slots(loop: str) -> bool:
    """Return whether a `v-for` goes over the component's own slots."""
    separator = _LOOP.search(loop)
    return separator is not None and _ALL_SLOTS.search(loop, separator.end()) is not None
