"""Convert class components with decorators (vue-property-decorator, vue-facing-decorator) to options."""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.api import kebab
from swiftprep.catalog.vue.value_kinds import ARRAY, NAME, OBJECT, SOURCE, STRING
from swiftprep.catalog.vue.values import Value, doc_of, is_note, short, signature, string_of, value_of
from swiftprep.parsing.grammar import text_of

_HOOKS = frozenset(
    "data render setup beforeCreate created beforeMount mounted beforeUpdate updated activated deactivated "
    "beforeDestroy destroyed beforeUnmount unmounted errorCaptured constructor".split()
)

_ONLY_TYPES = re.compile(r"<[^()]{0,500}>|\bimplements\b.*", re.DOTALL)  # in the head of a class


def read_class(node: Node, heritage: Node | None, options: dict[str, Any]) -> None:
    """Add a class's decorated members to component options (see `options.py`)."""
    name = node.child_by_field_name("name")
    if name is not None:
        options.setdefault("name", [STRING, text_of(name)])
    props: list[list[Any]] = []
    extended = "" if heritage is None else text_of(heritage).removeprefix("extends")
    bases = re.findall(r"[A-Za-z_$][\w$]*", _ONLY_TYPES.sub("", extended))
    mixins: list[Value] = [[NAME, base] for base in bases if base not in ("Vue", "mixins", "Mixins", "typeof")]
    body = node.child_by_field_name("body")
    waiting: list[Node] = []
    for child in [] if body is None else body.named_children:
        if child.type == "decorator":
            waiting.append(child)
            continue
        decorators = [*waiting, *(c for c in child.named_children if c.type == "decorator")]
        if child.type in ("public_field_definition", "field_definition"):
            _field(child, decorators, options, props)
        elif child.type == "method_definition":
            _method(child, decorators, options)
        if child.type != "comment":
            waiting = []
    if props:
        earlier = options.get("props")
        options["props"] = [OBJECT, [*props, *([["...", earlier, ""]] if earlier else [])]]
    if mixins:
        options["mixins"] = [ARRAY, [*options.get("mixins", [ARRAY, []])[1], *mixins]]


def _field(node: Node, decorators: list[Node], options: dict[str, Any], props: list[list[Any]]) -> None:
    named = node.child_by_field_name("name") or node.child_by_field_name("property")
    if named is None:
        return
    field = text_of(named)
    for decorator in decorators:
        what, arguments = _decorator(decorator)
        if what not in ("Prop", "PropSync", "Model", "ModelSync", "VModel"):
            continue
        settings = next((value_of(g) for g in reversed(arguments) if g.type in ("object", "array", "identifier")), None)
        entry: Value = settings or [OBJECT, []]
        if entry[0] == OBJECT and not any(key == "type" for key, _, _ in entry[1]):
            annotation = node.child_by_field_name("type")
            if annotation is not None:
                text = short(annotation).lstrip(": ")
                entry = [OBJECT, [*entry[1], ["type", [SOURCE, f"PropType<{text}>"], ""]]]
        strings = [string_of(g) for g in arguments if g.type == "string"]
        prop = {"Prop": field, "PropSync": strings[0] if strings else field, "VModel": "value"}.get(what, field)
        if what == "ModelSync" and strings:
            prop = strings[0]
        props.append([prop, entry, doc_of(node)])
        if what == "Model" and strings:
            options["model"] = [OBJECT, [["prop", [STRING, field], ""], ["event", [STRING, strings[0]], ""]]]
        if what in ("PropSync", "ModelSync"):
            options.setdefault("events", []).append([f"update:{prop}", "", ""])
        if what == "VModel":
            options.setdefault("events", []).append(["input", "", ""])


def _method(node: Node, decorators: list[Node], options: dict[str, Any]) -> None:
    named = node.child_by_field_name("name")
    if named is None:
        return
    method = text_of(named)
    accessor = any(child.type in ("get", "set", "static") for child in node.children)
    if method not in _HOOKS and not accessor:
        options["methods"].append([method, signature(node), doc_of(node), is_note(node)])
    for decorator in decorators:
        what, arguments = _decorator(decorator)
        if what == "Emit":
            strings = [string_of(g) for g in arguments if g.type == "string"]
            options.setdefault("events", []).append([strings[0] if strings else kebab(method), signature(node), ""])


def _decorator(node: Node) -> tuple[str, list[Node]]:
    """Return a decorator's name and arguments."""
    call = node.named_children[0]
    callee = call.child_by_field_name("function")
    arguments = call.child_by_field_name("arguments")
    if callee is None:
        return text_of(call), []
    return text_of(callee), [] if arguments is None else [c for c in arguments.named_children if c.type != "comment"]
