"""Read API from a component's code: the events it emits by name, the JSX it renders."""

from __future__ import annotations

import bisect
import re
from functools import cache
from typing import Any

from tree_sitter import Node, Query, QueryCursor

from swiftprep.catalog.api import kebab
from swiftprep.catalog.vue.module import Module
from swiftprep.catalog.vue.patterns import is_for_tests
from swiftprep.catalog.vue.value_kinds import JOINED, NAME, STRING
from swiftprep.catalog.vue.values import Value, clean_doc, pairs, short, string_of, unwrapped, value_of
from swiftprep.parsing.around import Around, nearest, smallest
from swiftprep.parsing.grammar import language, text_of
from swiftprep.parsing.sfc import Element

_EMIT = re.compile(rb"emit\s*(?:\(|\.\s*(?:call|apply)\s*\(|\?\.\()")
_IN_A_WORD = re.compile(rb"[\w$]\$?\Z")
_ALIAS = re.compile(rb"=\s*this\b(?!\s*[.\[(])")
_SELF = frozenset("this vm self that _this _self me ctx context instance proxy _vm $this".split())
_TAKES_EMIT = re.compile(rb"[{,]\s*emit\s*[,}:]|\bemit\s*=|,\s*emit\s*[),]|\(\s*emit\s*[),]")
_ATTRS = re.compile(rb"\$attrs\b(?!\s*[.\[])")
_WORD = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$"
_MOST_NAMES = 100  # that a computed name may have
_FAR = 3  # anonymous nodes between a statement and the comment above it
_JSX = re.compile(rb"<[A-Za-z][\w.-]*(?:\s|>|/>)")


def read_behaviour(source: bytes, root: Node, module: Module, *, offset: int) -> list[list[Any]]:
    """Add `events` and `open` to the components of a script.

    Returns:
        `[receiver, name, arguments]` of each event emitted on something other than the component itself, such as
        `this.table.$emit('select')`, which may be another component's API.
    """
    foreign: list[list[Any]] = []
    at = _Places(module)
    if b"emit" in source:
        own = own_names(source)
        takes_emit: bool | None = None
        emits: list[tuple[int, bool]] = []
        for match in _EMIT.finditer(source):
            dollar = source[match.start() - 1 : match.start()] == b"$"
            if not _IN_A_WORD.search(source, max(0, match.start() - dollar - 1), match.start() - dollar):
                emits.append((match.start(), dollar))
        around = smallest(root, (start - dollar for start, dollar in emits))
        parameters = _Parameters(source, root)
        has_tests, in_tests = b"NODE_ENV" in source, dict[int, bool | None]()
        for start, dollar in emits:
            call = _call_at(around[start - dollar])
            if call is None or (has_tests and nearest(call, in_tests, _for_tests)):
                continue
            receiver, names, arguments, doc = _emitted(call)
            if receiver == "" and not dollar:
                takes_emit = _TAKES_EMIT.search(source) is not None if takes_emit is None else takes_emit
                if not takes_emit:
                    continue
            if receiver and receiver not in own:
                if not offset:
                    names = [text for name in names for text in parameters.stand_for(call, name)]
                foreign += [[receiver, name, arguments] for name in names]
                continue
            for component in at(offset + start):
                component.setdefault("events", []).extend([name, arguments, doc] for name in names)
    for match in _ATTRS.finditer(source):
        for component in at(offset + match.start()):
            if "props" not in component.setdefault("open", []):
                component["open"].append("props")
    return foreign


def own_names(source: bytes) -> frozenset[str]:
    """Return the names for the component itself: `this`, the usual aliases, and `const that = this`."""
    words = (last_word(source[max(0, m.start() - 40) : m.start()]) for m in _ALIAS.finditer(source))
    return _SELF | {word for word in words if word}


def last_word(before: bytes) -> str:
    """Return the name that a source ends with, or `""`."""
    before = before.rstrip()
    return before[len(before.rstrip(_WORD)) :].decode()


class _Places:
    """Finds the innermost component around a position, or the file's only one outside of all."""

    def __init__(self, module: Module) -> None:
        sure = [c for c in module.components if c.get("sure")] or module.components
        self._outside = sure if len(sure) == 1 else []
        # Of two with the same range, the first counts as innermost, so it comes last here.
        order = sorted(
            enumerate(module.components), key=lambda item: (item[1]["range"][0], -item[1]["range"][1], -item[0])
        )
        self._components = [component for _, component in order]
        self._starts = [component["range"][0] for component in self._components]
        self._above: list[int] = []  # the index of each one's parent, or -1
        open_: list[int] = []
        for index, component in enumerate(self._components):
            while open_ and self._components[open_[-1]]["range"][1] < component["range"][1]:
                open_.pop()
            self._above.append(open_[-1] if open_ else -1)
            open_.append(index)

    def __call__(self, position: int) -> list[dict[str, Any]]:
        index = bisect.bisect_right(self._starts, position) - 1
        while index >= 0 and self._components[index]["range"][1] <= position:
            index = self._above[index]
        return [self._components[index]] if index >= 0 else self._outside


def _call_at(here: Around) -> Around | None:
    place: Around | None = here
    for _ in range(5):
        if place is None:
            return None
        if place.node.type in ("comment", "string", "string_fragment", "template_string", "regex"):
            return None
        if place.node.type == "call_expression":
            return place
        place = place.above
    return None


def _emitted(here: Around) -> tuple[str, list[Value], str, str]:
    """Return the receiver (`""` for a bare `emit`), the names, the arguments as text, and the comment above."""
    call = here.node
    callee, arguments = call.child_by_field_name("function"), call.child_by_field_name("arguments")
    values = [] if arguments is None else [c for c in arguments.named_children if c.type != "comment"]
    receiver = ""
    while callee is not None and callee.type == "member_expression":
        name, target = callee.child_by_field_name("property"), callee.child_by_field_name("object")
        if name is not None and text_of(name) in ("call", "apply"):
            packed = values[1] if len(values) > 1 else None
            values = values[1:] if packed is None or packed.type != "array" else packed.named_children
            callee = target
            continue
        if target is not None:
            last = target.child_by_field_name("property") if target.type == "member_expression" else target
            receiver = text_of(last) if last is not None else "?"
        break
    if not values:
        return receiver, [], "", ""
    first = unwrapped(values[0])
    if first.type == "ternary_expression":
        options = [
            unwrapped(n)
            for n in (first.child_by_field_name("consequence"), first.child_by_field_name("alternative"))
            if n
        ]
        names = [value_of(option) for option in options]
    else:
        names = [value_of(first)]
    words = "(" + ", ".join(payload_of(argument) for argument in values[1:]) + ")" if len(values) > 1 else ""
    return receiver, names, words, _doc_above(here)


class _Parameters:
    """Resolves computed names such as `row-${kind}`, where `kind` is a parameter of the function.

    The names follow from the function's calls in the same file; if one passes anything but a string, they are unknown.
    """

    def __init__(self, source: bytes, root: Node) -> None:
        self._source = source
        self._root = root
        self._functions: dict[int, Around | None] = {}
        self._passed: dict[tuple[bytes, int], list[str] | None] = {}  # function and position → the texts passed there

    def stand_for(self, call: Around, name: Value) -> list[Value]:
        """Return the possible values of `name` in a call, or `name` itself if they are unknown."""
        parts = name[1] if name[0] == JOINED else []
        asked = [part[1] for part in parts if part[0] == NAME]
        around = nearest(call, self._functions, _function) if len(asked) == 1 else None
        called = around.node.child_by_field_name("name") if around is not None else None
        parameters = around.node.child_by_field_name("parameters") if around is not None else None
        if called is None or parameters is None:
            return [name]
        names = [text_of(child) for child in parameters.named_children]
        if asked[0] not in names:
            return [name]
        key = text_of(called).encode(), names.index(asked[0])
        if key not in self._passed:
            self._passed[key] = self._texts(*key)
        texts = self._passed[key] or []
        return [[STRING, "".join(text if p[0] == NAME else str(p[1]) for p in parts)] for text in texts] or [name]

    def _texts(self, function: bytes, at: int) -> list[str] | None:
        places = [m.start() for m in re.finditer(rb"(?<![\w$])" + re.escape(function) + rb"\s*\(", self._source)]
        texts: list[str] = []
        around = smallest(self._root, places)
        for place in places:
            use = _call_at(around[place])
            callee = use.node.child_by_field_name("function") if use is not None else None
            values = use.node.child_by_field_name("arguments") if use is not None else None
            if callee is None or values is None or not callee.start_byte <= place < callee.end_byte:
                continue
            value = value_of(unwrapped(values.named_children[at])) if at < len(values.named_children) else ["?"]
            if value[0] != STRING:
                return None
            texts.append(str(value[1]))
        distinct = list(dict.fromkeys(texts))
        return distinct if len(distinct) <= _MOST_NAMES else None


def _for_tests(here: Around) -> bool | None:
    return is_for_tests(here.node) or None


def _function(here: Around) -> Around | None:
    return here if here.node.type in ("method_definition", "function_declaration") else None


def payload_of(argument: Node) -> str:
    """Return a name for an argument: `row`, `value` for `this.value`, `{…}` for an object literal."""
    node = unwrapped(argument)
    if node.type == "member_expression":
        name = node.child_by_field_name("property")
        return text_of(name) if name is not None else "…"
    if node.type in ("identifier", "string", "number", "true", "false", "null", "undefined"):
        return short(node)
    return {"object": "{…}", "array": "[…]", "spread_element": "...args"}.get(node.type, "…")


def _doc_above(call: Around) -> str:
    place = call.above
    while place is not None and place.node.type in ("await_expression", "expression_statement", "return_statement"):
        before = next(
            (node for node in reversed(place.siblings[max(0, place.at - _FAR) : place.at]) if node.is_named), None
        )
        if before is not None and before.type == "comment" and text_of(before).startswith("/**"):
            return clean_doc(text_of(before))
        if place.node.type != "await_expression":
            break
        place = place.above
    return ""


@cache
def _jsx_query(grammar: str) -> Query:
    return Query(language(grammar), "[(jsx_opening_element) (jsx_self_closing_element)] @tag (jsx_element) @whole")


def jsx_elements(source: bytes, root: Node, grammar: str, *, offset: int = 0, line: int = 1) -> list[Element]:
    """Return the JSX elements of a script, with attributes in template syntax (`onClick` → `@click`)."""
    if grammar == "ts" or not _JSX.search(source):
        return []
    captured = QueryCursor(_jsx_query(grammar)).captures(root)
    tags = captured.get("tag", [])
    wholes = {node.start_byte: node for node in captured.get("whole", [])}  # they begin where their opening tags do
    elements: list[Element] = []
    nodes = sorted(tags, key=lambda node: node.start_byte)
    open_: list[tuple[int, int]] = []  # (end, index) of the enclosing elements
    for node in nodes:
        name = node.child_by_field_name("name")
        if name is None:
            continue
        whole = wholes.get(node.start_byte, node) if node.type == "jsx_opening_element" else node
        while open_ and open_[-1][0] <= node.start_byte:
            open_.pop()
        element = Element(
            text_of(name), [], line + node.start_point[0], offset + whole.start_byte, offset + whole.end_byte,
            open_[-1][1] if open_ else -1, head_end=offset + node.end_byte,
        )  # fmt: skip
        for child in node.named_children:
            if child.type == "jsx_attribute":
                _jsx_attribute(child, element)
            elif child.type == "jsx_expression" and child.named_children:
                element.spread = True
        open_.append((whole.end_byte, len(elements)))
        elements.append(element)
    return elements


def _jsx_attribute(node: Node, element: Element) -> None:
    children = node.named_children
    name = text_of(children[0])
    value = children[1] if len(children) > 1 else None
    inner = (
        value.named_children[0]
        if value is not None and value.type == "jsx_expression" and value.named_children
        else None
    )
    text = None if value is None else string_of(value) if value.type == "string" else short(inner or value)
    add = element.attrs.append
    is_object = inner is not None and unwrapped(inner).type == "object"
    if name in ("props", "attrs", "on", "nativeOn", "domProps", "scopedSlots", "v-slots", "vSlots"):
        if not is_object or inner is None:
            element.spread = element.spread or name not in ("nativeOn", "domProps")
            return
        prefix = {"props": ":", "attrs": ":", "on": "@", "scopedSlots": "#", "v-slots": "#", "vSlots": "#"}.get(name)
        for key, _, _ in pairs(unwrapped(inner)):
            if key == "...":
                element.spread = True
            elif prefix is not None:
                add((prefix + (key if prefix != ":" else kebab(key)), ""))
    elif name.startswith("domProps"):
        return
    elif match := re.match(r"nativeOn[-:]?(\w.*)|native-on-(.*)", name):
        add((f"@{_event(match[1] or match[2])}.native", text))
    elif match := re.match(r"(?:on|vOn:|v-on:)[-:]?([A-Z].*|(?<=[-:]).+)", name):
        add((f"@{_event(match[1])}", text))
    elif name in ("vModel", "v-model"):
        add(("v-model", text))
    elif name.startswith(("v-", "vShow", "vHtml")):
        add((kebab(name), text))
    else:
        add((name if value is None or value.type == "string" else f":{name}", text))


def _event(name: str) -> str:
    """Return the event that `onRow-click` or `onRowClick` listens to."""
    head = name[:1].lower() + name[1:]
    return head if "-" in head or ":" in head else kebab(head)
