"""Read the types that a module declares: interfaces, aliases, enums, classes without bodies, `declare module`.

Types have names of their own: `const Size` and `type Size` may stand in one module. These forms are added to those of
`typescript_types.py`:

    ["enum", value]                      an enum, by the object of its values
    ["class", value]                     a declared class, by the object type of its instances
"""

from __future__ import annotations

from tree_sitter import Node

from swiftprep.catalog.vue.module import Module
from swiftprep.catalog.vue.typescript_types import alias, class_type, enumeration, interface, type_value
from swiftprep.catalog.vue.value_kinds import NAME, TYPE
from swiftprep.catalog.vue.values import Value, string_of
from swiftprep.parsing.grammar import text_of

_VARIABLES = ("lexical_declaration", "variable_declaration")
_CLASSES = ("class_declaration", "abstract_class_declaration")
_NESTED = 3  # modules within modules


def declare_types(module: Module, node: Node, depth: int = 0) -> list[str]:
    """Add the types that a statement declares to the module; return their names."""
    kind = node.type
    if kind == "ambient_declaration":
        return [name for child in node.named_children for name in _ambient(module, child, depth)]
    named = node.child_by_field_name("name")
    name = "" if named is None else text_of(named)
    if kind == "interface_declaration":
        module.types[name] = _declared_again(module.types.get(name), interface(node))
    elif kind == "type_alias_declaration":
        module.types[name] = alias(node)
    elif kind == "enum_declaration":
        module.bindings[name] = enumeration(node)
        module.types[name] = ["enum", [NAME, name]]
    elif kind in _CLASSES:
        module.types[name] = class_type(node)
    else:
        return []
    return [name]


def is_declared(node: Node) -> bool:
    """Return whether a class is only declared: it has members, and none of them has a body or a value."""
    body = node.child_by_field_name("body")
    members = [] if body is None else [child for child in body.named_children if child.type != "comment"]
    is_decorated = any(child.type == "decorator" for part in (node, *members) for child in part.named_children)
    return (
        bool(members)
        and not is_decorated
        and all(
            member.type == "method_signature"
            or (member.type == "public_field_definition" and member.child_by_field_name("value") is None)
            for member in members
        )
    )


def _ambient(module: Module, node: Node, depth: int) -> list[str]:
    """Add what `declare` stands before; a variable is known by its type."""
    if node.type in _VARIABLES:
        names = []
        for child in node.named_children:
            name, annotation = child.child_by_field_name("name"), child.child_by_field_name("type")
            if name is not None and annotation is not None and annotation.named_children:
                module.declared[text_of(name)] = type_value(annotation.named_children[0])
                names.append(text_of(name))
        return names
    if node.type == "module":
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None and name.type == "string" and depth < _NESTED:
            inner = Module()
            for statement in body.named_children:
                declare_types(inner, statement.child_by_field_name("declaration") or statement, depth + 1)
            if inner.types:
                module.augments.append([string_of(name), inner.types])
        return []
    return declare_types(module, node, depth)


def _declared_again(earlier: Value | None, value: Value) -> Value:
    """Merge an interface with an earlier declaration of its name, as TypeScript does."""
    if earlier is not None and earlier[0] == value[0] == "g":
        return ["g", value[1], merged(earlier[2], value[2])]
    return value if earlier is None else merged(earlier, value)


def merged(earlier: Value, value: Value) -> Value:
    """Return the interface that two declarations of it make."""
    if earlier[0] != TYPE or value[0] != TYPE:
        return value
    return [TYPE, [*earlier[1], *value[1]], [*earlier[2], *value[2]]]
