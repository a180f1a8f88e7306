"""The macros of `<script setup>` (`defineProps` and its like) as options of the component it is."""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.module import Script
from swiftprep.catalog.options import add_options, arguments_of, method_signature
from swiftprep.catalog.types import type_value
from swiftprep.catalog.values import Value, default_text, doc_of, pairs, string_of, text_of, unwrapped, value_of

_MACRO = re.compile(r"^(?:withDefaults|define(?:Props|Emits|Slots|Expose|Model|Options))$")


def setup_options(script: Script) -> dict[str, Any]:
    """Return the options of the component a `<script setup>` is."""
    for options in script.module.components:
        if options.get("setup"):
            return options
    root = script.root
    options = {"sure": True, "setup": True, "span": script.span(root), "range": list(script.bounds(root))}
    options["methods"] = []
    script.module.components.append(options)
    return options


def read_macro(script: Script, node: Node) -> bool:
    """Take a macro's call into the options of the `<script setup>` component; return whether `node` is one."""
    node = unwrapped(node)
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    what = "" if callee is None else text_of(callee)
    if not _MACRO.match(what):
        return False
    options = setup_options(script)
    given = arguments_of(node)
    first = given[0] if given else None
    generic = _type_argument(node)
    if what == "withDefaults" and first is not None:
        read_macro(script, first)
        if len(given) > 1 and given[1].type == "object":
            options["defaults"] = [
                [key, ["x", default_text(value)]] for key, _, value in pairs(given[1]) if value is not None
            ]
    elif what in ("defineProps", "defineEmits"):
        options["props" if what == "defineProps" else "emits"] = generic or value_of(first)
    elif what == "defineSlots" and generic is not None:
        options["slot_types"] = generic
    elif what == "defineExpose" and first is not None and first.type == "object":
        options["methods"] = [[key, method_signature(value), doc_of(entry)] for key, entry, value in pairs(first)]
    elif what == "defineModel":
        named = string_of(first) if first is not None and first.type == "string" else "modelValue"
        settings = next((value_of(g) for g in given if g.type == "object"), ["o", []])
        options.setdefault("models", []).append([named, settings])
    elif what == "defineOptions" and first is not None and first.type == "object":
        add_options(script, options, first)
    return True


def _type_argument(call: Node) -> Value | None:
    """Return the type a call is given in angle brackets, or None."""
    types = call.child_by_field_name("type_arguments") or next(
        (c for c in call.named_children if c.type == "type_arguments"), None
    )
    return type_value(types.named_children[0]) if types is not None and types.named_children else None
