"""Add to a file's facts what its functions do with the slots, listeners and events of a component.

A component's options get `flows`: `methods` and `computed`, each name → flow; `roots`, which run by themselves; `setup`
and `render`, which are given a context; `names`, option → name of a function defined elsewhere; `taken`, names of
components of which it has the methods; and `template`, the steps of its template. One that is a function has it as
`function`. The functions at the top level of a module are in its own `flows`, by name. See `flows.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.flows import FlowReader
from swiftprep.catalog.vue.markup import hands_slots
from swiftprep.catalog.vue.module import Module
from swiftprep.catalog.vue.patterns import Expression
from swiftprep.catalog.vue.relevance import Relevance, is_relevant
from swiftprep.catalog.vue.syntax import FUNCTIONS
from swiftprep.catalog.vue.values import pairs, returned_node, unwrapped
from swiftprep.parsing.grammar import parse, text_of
from swiftprep.parsing.sfc import Template

# What code of a template must hold to matter here.
CODE = re.compile(r"\$(?:emit|slots|scopedSlots|listeners)\b|[\w$]\(\s*['\"`]|slots|listeners", re.I)
_GROUPS = frozenset(("methods", "computed", "watch"))
_NOT_RUN = frozenset("props name components mixins extends model emits directives filters inject slots expose".split())
_TAKEN = re.compile(r"[\w$]+\.(?:methods|computed)")
_CONTENT = frozenset(("render", "template", "setup", "extends", "mixins", "...", "emits", "slots"))
_EMPTY = ("''", '""', "false", "undefined")
_BASES = frozenset(("extends", "mixins", "spreads"))


def read_flows(module: Module, root: Node, *, offset: int, first: int = 0) -> None:
    """Add the flows of a script.

    Args:
        module: Its facts.
        root: Its syntax tree.
        offset: Its first byte in the file.
        first: The number of the components that earlier scripts of the file define.
    """
    apart = frozenset(options["range"][0] - offset for options in module.components[first:])
    for options in module.components[first:]:
        start, end = (place - offset for place in options["range"])
        if options.get("setup") and start == root.start_byte:
            if is_relevant(root):
                options["flows"] = {"setup": FlowReader(apart=apart - {start}).block(root.named_children)}
            continue
        node = root.named_descendant_for_byte_range(start, end)
        if node is not None:
            _read_component(options, node, apart - {start}, in_sfc=offset > 0)
    for name, function in _top_level(root):
        if is_relevant(function, alone=True):
            flow = FlowReader(apart=apart).function(function)
            if flow[1]:
                module.flows[name] = flow


def _top_level(root: Node) -> list[tuple[str, Node]]:
    """Return the functions at the top level of a module; `default` is one exported without a name."""
    found: list[tuple[str, Node]] = []
    for statement in root.named_children:
        declared = statement.child_by_field_name("declaration") or statement.child_by_field_name("value") or statement
        name = declared.child_by_field_name("name")
        if declared.type in FUNCTIONS:
            found.append(("default" if name is None else text_of(name), declared))
            if any(child.type == "default" for child in statement.children) and name is not None:
                found.append(("default", declared))
        elif declared.type in ("lexical_declaration", "variable_declaration"):
            for declarator in declared.named_children:
                target, value = declarator.child_by_field_name("name"), declarator.child_by_field_name("value")
                value = None if value is None else unwrapped(value)
                if target is not None and value is not None and value.type in FUNCTIONS:
                    found.append((text_of(target), value))
    return found


def _read_component(options: dict[str, Any], node: Node, apart: frozenset[int], *, in_sfc: bool) -> None:
    if node.type in FUNCTIONS:
        flow = FlowReader(apart=apart).function(node)
        options.update({"flows": {"function": flow}} if flow[1] else {})
        return
    members = _members(node)
    groups = {key: _named_functions(value) for key, value in members if key in _GROUPS and value.type == "object"}
    flows: dict[str, Any] = {"methods": {}, "computed": {}, "roots": [], "names": {}, "taken": _taken(members)}
    known = {*options.get("computed", ()), *(method[0] for method in options.get("methods", ()))}
    matters: Callable[[Node], bool] = is_relevant
    may_do = None
    if in_sfc:
        is_whole = node.type == "object" and _BASES.isdisjoint(options) and not flows["taken"]
        named = [*groups.get("methods", ()), *groups.get("computed", ())]
        matters = relevance = Relevance(node, named, own=known, is_whole=is_whole)
        known, may_do = relevance.telling, relevance.may_do
    reader = FlowReader(known, may_do=may_do, apart=apart)
    for key, functions in groups.items():
        for name, function in functions:
            if matters(function):
                flow = reader.function(function)
                if key == "watch":
                    flows["roots"] += [flow] if flow[1] else []
                elif flow[1] or key == "computed":
                    flows[key][name] = flow
    for key, value in members:
        if key in ("render", "setup"):
            for function in _functions(value)[:1]:
                if options.get("functional") or is_relevant(function):
                    dull = ("props",) if key == "setup" else ()
                    flow = FlowReader(known, dull=dull, may_do=may_do, apart=apart).function(function)
                    flows.update({key: flow} if flow[1] else {})
            if value.type == "identifier":
                flows["names"][key] = text_of(value)
        elif key == "@method":
            name_node = value.child_by_field_name("name")
            flow = reader.function(value) if matters(value) else [[], []]
            if name_node is not None and flow[1]:
                name = text_of(name_node)
                if name in known:
                    flows["methods"][name] = flow
                else:
                    flows["roots"].append(flow)
        elif key not in _NOT_RUN and key not in _GROUPS:
            for function in _functions(value):
                flow = reader.function(function) if matters(function) else [[], []]
                flows["roots"] += [flow] if flow[1] else []
    if _renders_nothing(members):
        options.setdefault("open", []).append("slots")
        options["bare"] = True
    if node.type == "object" and _CONTENT.isdisjoint([key for key, _ in members]):
        options["bare"] = True
    kept = {key: value for key, value in flows.items() if value}
    if kept:
        options["flows"] = kept


def _renders_nothing(members: list[tuple[str, Node]]) -> bool:
    """Return whether a component has no content: then its parent reads what it is given, as a table its columns."""
    renders = [value for key, value in members if key == "render" and value.type in FUNCTIONS]
    results = [unwrapped(result) for result in map(returned_node, renders) if result is not None]
    return any(result.type == "null" or text_of(result) in _EMPTY for result in results)


def _members(node: Node) -> list[tuple[str, Node]]:
    """Return the options of a component; the methods of a class have the key `@method`."""
    node = unwrapped(node)
    if node.type == "object":
        return [(key, unwrapped(value)) for key, _, value in pairs(node) if value is not None]
    body = node.child_by_field_name("body")
    if node.type.startswith(("class", "abstract_class")) and body is not None:
        return [("@method", child) for child in body.named_children if child.type == "method_definition"]
    listed = node.child_by_field_name("arguments") if node.type == "call_expression" else None
    functions = [] if listed is None else [child for child in listed.named_children if child.type in FUNCTIONS]
    return [("setup", function) for function in functions[:1]]  # defineComponent((props, { slots }) => …)


def _taken(members: list[tuple[str, Node]]) -> list[str]:
    """Return the names of the components whose methods or computed properties a component takes."""
    names: list[str] = []
    for key, value in members:
        if key in ("methods", "computed"):
            spread = [inner for name, _, inner in pairs(value) if name == "..." and inner is not None]
            texts = [text_of(one) for one in (value, *spread) if one.type == "member_expression"]
            names += [text[: -len(key) - 1] for text in texts if _TAKEN.fullmatch(text)]
    return names


def _named_functions(value: Node) -> list[tuple[str, Node]]:
    """Return the functions in an object, with their keys."""
    return [(name, function) for name, _, inner in pairs(value) if inner is not None for function in _functions(inner)]


def _functions(value: Node) -> list[Node]:
    """Return a function, those in an object or a list (`{ get, set }`, `{ handler }`), or that in a call."""
    value = unwrapped(value)
    if value.type in FUNCTIONS:
        return [value]
    if value.type == "object":
        inner = [unwrapped(part) for _, _, part in pairs(value) if part is not None]
    else:
        listed = value.child_by_field_name("arguments") if value.type == "call_expression" else value
        inner = [] if listed is None or listed.type not in ("arguments", "array") else listed.named_children
    return [part for part in inner if part.type in FUNCTIONS]


def read_template_flows(options: dict[str, Any], parsed: Template, codes: list[str]) -> None:
    """Add what the code of a template does to the flows of its component.

    Args:
        options: The component's options.
        parsed: The template.
        codes: The expressions and statements in it.
    """
    steps: list[Expression] = []
    for code in dict.fromkeys(code for code in codes if CODE.search(code)):
        found = _converted(code)
        steps += [found] if found is not None and found[0] not in ("x", "s", "i") else []
    for element in parsed.elements:
        for name, value in element.attrs:
            if value and (name == "v-on" or (name == "v-bind" and CODE.search(value))):
                found = _converted(value)
                given = "on" if name == "v-on" else "..."
                if found is not None and found[0] != "x":
                    steps.append(["j", ["t", element.tag], [[given, found]], []])
        owner = hands_slots(element, parsed.elements)
        if owner:
            steps.append(["j", ["t", owner], [["scopedSlots", ["m", ["T"], "$slots"]]], []])
    if steps:
        options.setdefault("flows", {}).setdefault("template", []).extend(steps)


def _converted(code: str) -> Expression | None:
    for text in (f"({code}\n)", code):
        root = parse(text.encode("utf-8", "replace"), "ts").root_node
        if not root.has_error:
            steps = FlowReader(in_template=True).block(root.named_children)[1]
            return steps[0] if len(steps) == 1 else [",", steps] if steps else None
    return None
