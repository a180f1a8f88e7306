"""TypeScript types as values: what `defineProps<Props>()` and `defineEmits<{…}>()` name."""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.values import Value, doc_of, key_of, short, signature, text_of


def bases(node: Node) -> list[str]:
    """Return the names of the interfaces that an interface extends."""
    clause = next((c for c in node.named_children if c.type in ("extends_type_clause", "extends_clause")), None)
    return [] if clause is None else [text_of(c) for c in clause.named_children if c.type == "type_identifier"]


def members(body: Node | None) -> list[list[Any]]:
    """Return `[name, type text, required, doc]` of an interface's or object type's members, call signatures as well."""
    found: list[list[Any]] = []
    for child in [] if body is None else body.named_children:
        if child.type in ("property_signature", "method_signature"):
            name = child.child_by_field_name("name")
            key = None if name is None else key_of(name)
            annotation = child.child_by_field_name("type")
            if child.type == "method_signature":
                text = signature(child)
            else:
                text = "" if annotation is None else short(annotation).lstrip(": ")
            if key is not None:
                optional = any(c.type == "?" for c in child.children)
                found.append([key, text, not optional, doc_of(child)])
        elif child.type == "call_signature":
            match = re.match(
                r"""\(\s*\w+\s*:\s*((?:\|?\s*['"][^'"]+['"]\s*)+)(?:,\s*(.*))?\)""", signature(child), re.S
            )
            for name_ in re.findall(r"""['"]([^'"]+)['"]""", match[1]) if match else []:
                found.append([name_, f"({(match[2] or '').strip(', ')})" if match else "", False, doc_of(child)])
    return found


def type_value(node: Node) -> Value:
    """Convert a type: its members, the names it is joined from, or its text."""
    if node.type in ("object_type", "interface_body"):
        return ["t", members(node), []]
    if node.type == "intersection_type":
        parts = [type_value(child) for child in node.named_children]
        own = [member for part in parts if part[0] == "t" for member in part[1]]
        return ["t", own, [part[1] for part in parts if part[0] == "i"]]
    if node.type == "type_identifier":
        return ["i", text_of(node)]
    if node.type == "generic_type" and node.named_children:
        arguments = node.named_children[-1]
        if re.match(r"(?:Partial|Readonly|Required|Omit|Pick|ExtractPropTypes)\b", text_of(node)):
            return type_value(arguments.named_children[0]) if arguments.named_children else ["x", short(node)]
        return ["i", text_of(node.named_children[0])]
    if node.type == "parenthesized_type" and node.named_children:
        return type_value(node.named_children[0])
    if node.type == "function_type":
        text = f"{{ {short(node)} }}"
        match = re.match(r"""\{ \(\s*\w+\s*:\s*((?:\|?\s*['"][^'"]+['"]\s*)+)(?:,\s*(.*?))?\)\s*=>""", text)
        names = re.findall(r"""['"]([^'"]+)['"]""", match[1]) if match else []
        return ["t", [[name, f"({(match[2] or '') if match else ''})", False, ""] for name in names], []]
    return ["x", short(node)]
