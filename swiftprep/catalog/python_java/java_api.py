"""Read catalogue entries from Java sources.

Sources are UTF-8. Syntax errors never raise: everything that parses is kept, and the lines of errors are returned.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from swiftprep.catalog.api import Component, Method, Prop
from swiftprep.catalog.python_java.docstrings import javadoc, joined
from swiftprep.parsing.grammar import error_lines
from swiftprep.parsing.nodes import (
    COMMENTS,
    INTERFACES,
    MAX_NESTED,
    children_of,
    field_of,
    is_broken,
    kind_of,
    line_of,
    name_of,
    root_of,
    span_of,
    statements_of,
    text_of,
)


def java_api(source: bytes, path: str) -> tuple[list[Component], list[int]]:
    """Read the public classes, interfaces, enums, records and annotations of a Java file, including nested ones.

    `props` are the parameters of the longest public constructor, a record's components or an annotation's elements; an
    enum has one, `value`, with its constants as `values`.

    Args:
        source: The file's content.
        path: The path relative to the root. Qualified names use the package that the file declares.

    Returns:
        The entries in the order of the file, and the lines of syntax errors.

    >>> entries, errors = java_api(b"package com.acme; public class Foo { public int add(int a) {} }", "Foo.java")
    >>> entries[0].name, entries[0].methods[0].type
    ('com.acme.Foo', 'int add(int a)')
    """
    root = root_of(source, "java")
    packages = [line_of(n.named_children[-1]) + "." for n in root.named_children if n.type == "package_declaration"]
    per_type = [_entries(comment, n, "".join(packages[:1]), path, False) for comment, n in _documented(root)]
    return list(itertools.chain.from_iterable(per_type)), error_lines(root, None, nested=True)


def _entries(comment: str, node: Node, prefix: str, path: str, implied: bool, depth: int = 0) -> list[Component]:
    if kind_of(node) != "class" or is_broken(node) or not _public(node, implied):
        return []
    doc, docs = javadoc(comment, ("deprecated",))
    name, in_interface, is_enum = prefix + name_of(node), node.type in INTERFACES, node.type == "enum_declaration"
    props, methods, nested, values = _parameters(node, docs), [], [], []
    for above, member in _documented(field_of(node, "body")):
        text, own = javadoc(above, ("param", "return", "returns", "throws", "exception", "deprecated"))
        if member.type == "enum_constant":
            values.append(name_of(member))
        elif member.type == "annotation_type_element_declaration":
            default = line_of(field_of(member, "value")) or None
            props.append(Prop(name_of(member), _type(member), default is None, joined(text), default))
        elif is_broken(member) or not _public(member, in_interface):
            continue
        elif member.type == "constructor_declaration" and node.type != "record_declaration":
            props = max(props, _parameters(member, docs | own), key=len)
        elif member.type == "method_declaration":
            methods.append(Method(name_of(member), _signature(member), doc=text))
        elif depth < MAX_NESTED:
            nested += _entries(above, member, f"{name}.", path, in_interface, depth + 1)
    props = [Prop("value", values=tuple(values))] if is_enum else props
    heads = [n for n in node.named_children if n.type in ("superclass", "super_interfaces", "extends_interfaces")]
    named = [n for head in heads for n in head.named_children]
    types = [t for n in named for t in (n.named_children if n.type == "type_list" else [n])]
    bases = tuple(line_of(t) for t in types if t.type not in COMMENTS)
    entry = Component(name, "class", names=(name_of(node),), path=path, span=span_of(node), doc=doc, mixins=bases)
    return [replace(entry, props=tuple(props), methods=tuple(methods)), *nested]


def _documented(body: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield each declaration with the Javadoc comment above it."""
    comment = ""
    for node in statements_of(body):
        if node.type not in COMMENTS:
            yield comment, node
            comment = ""
        elif text_of(node).startswith("/**") and text_of(node) != "/**/":
            comment = text_of(node)


def _modifiers(node: Node) -> set[str]:
    return {word.type for child in node.children[:1] if child.type == "modifiers" for word in child.children}


def _public(node: Node, implied: bool) -> bool:
    return "public" in _modifiers(node) or (implied and "private" not in _modifiers(node))


def _signature(method: Node) -> str:
    words = ["static"] if "static" in _modifiers(method) else []
    parameters = ", ".join(f"{prop.type} {prop.name}" for prop in _parameters(method, {}))
    words += [line_of(field_of(method, "type_parameters")), _type(method), f"{name_of(method)}({parameters})"]
    return " ".join(word for word in words if word)


def _type(node: Node) -> str:
    return line_of(field_of(node, "type")) + line_of(field_of(node, "dimensions"))


def _parameters(node: Node, docs: dict[str, str]) -> list[Prop]:
    props = []
    for child in children_of(field_of(node, "parameters")):
        if child.type == "formal_parameter":
            props.append(Prop(name_of(child), _type(child), True, docs.get(name_of(child), "")))
        elif child.type == "spread_parameter":
            kind, declarator = [n for n in child.named_children if n.type not in COMMENTS][-2:]
            props.append(Prop(name_of(declarator), f"{line_of(kind)}...", False, docs.get(name_of(declarator), "")))
    return props
