"""Convert the macros of `<script setup>`, such as `defineProps`, to component options."""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.module import Script
from swiftprep.catalog.vue.options import MOST_NESTED, add_options, arguments_of, method_signature
from swiftprep.catalog.vue.typescript_types import type_value
from swiftprep.catalog.vue.value_kinds import OBJECT, SOURCE
from swiftprep.catalog.vue.values import Value, default_text, doc_of, key_of, pairs, short, unwrapped, value_of
from swiftprep.parsing.grammar import text_of

_MACRO = re.compile(r"^(?:withDefaults|define(?:Props|Emits|Slots|Expose|Model|Options))$")
_UNREAD = (
    (rb"\bdefineProps", "props", "props"), (rb"\bdefineEmits", "emits", "events"),
    (rb"\bdefineModel", "models", "props"), (rb"\bdefineModel", "models", "events"),
)  # fmt: skip


def setup_options(script: Script) -> dict[str, Any]:
    """Return the options of the component that a `<script setup>` defines."""
    known = _known_setup(script)
    if known is not None:
        return known
    root = script.root
    options = {"sure": True, "setup": True, "span": script.span(root), "range": list(script.bounds(root))}
    options["methods"] = []
    script.module.components.append(options)
    return options


def _known_setup(script: Script) -> dict[str, Any] | None:
    return next((options for options in script.module.components if options.get("setup")), None)


def read_macro(script: Script, node: Node, depth: int = 0) -> bool:
    """Add a macro call to the options of the `<script setup>` component; return whether `node` is one.

    Macros inside other calls, as in `toRefs(defineProps<Props>())`, are found down to a limited depth.
    """
    if depth > MOST_NESTED:
        script.module.notes.append(f"calls nested deeper than {MOST_NESTED} levels are not read")
        return False
    node = unwrapped(node)
    callee = node.child_by_field_name("function") if node.type == "call_expression" else None
    what = "" if callee is None else text_of(callee)
    if not _MACRO.match(what):
        if callee is not None and _known_setup(script) is not None:
            for inner in arguments_of(node):
                read_macro(script, inner, depth + 1)
        return False
    options = setup_options(script)
    arguments = arguments_of(node)
    first = arguments[0] if arguments else None
    argument = _type_argument(node)
    generic = None if argument is None else ["=", type_value(argument), ""]  # a name is that of a type
    if what == "withDefaults" and first is not None:
        read_macro(script, first, depth + 1)
        if len(arguments) > 1:
            options.setdefault("defaults", []).append(_defaults(unwrapped(arguments[1])))
    elif what in ("defineProps", "defineEmits"):
        options["props" if what == "defineProps" else "emits"] = generic or value_of(first)
    elif what == "defineSlots" and generic is not None:
        options["slot_types"] = generic
    elif what == "defineExpose" and first is not None and first.type == "object":
        options["methods"] = [[key, method_signature(value), doc_of(entry)] for key, entry, value in pairs(first)]
    elif what == "defineModel":
        text = None if argument is None else short(argument)
        options.setdefault("models", []).append([[value_of(node) for node in arguments[:2]], text])
    elif what == "defineOptions" and first is not None and first.type == "object":
        add_options(script, options, first)
    return True


def note_unread(source: bytes, options: dict[str, Any]) -> None:
    """Mark a list as open if the `<script setup>` contains its macro in a form that could not be read."""
    for macro, key, what in _UNREAD:
        if key not in options and re.search(macro + rb"\s*[<(]", source):
            options.setdefault("open", []).append(what)


def read_pattern(script: Script, pattern: Node, call: Node) -> None:
    """Add the defaults in `const { size = 3, kind: alias = 'a' } = defineProps<…>()` to the component's options."""
    macro = text_of(call.child_by_field_name("function") or call)
    if macro not in ("defineProps", "withDefaults"):
        return
    entries = []
    for part in pattern.named_children:
        key, value = part.child_by_field_name("key"), part.child_by_field_name("value")
        if part.type == "object_assignment_pattern":
            key, value = part.child_by_field_name("left"), part
        default = None if value is None else value.child_by_field_name("right")
        name = None if key is None else key_of(key)
        if name is not None and default is not None:
            entries.append([name, [SOURCE, default_text(default)], ""])
    if entries:
        setup_options(script).setdefault("defaults", []).append([OBJECT, entries])


def _defaults(node: Node) -> Value:
    """Convert an object of defaults; inline values are kept as source text."""
    if node.type != "object":
        return value_of(node)
    entries = [(key, value) for key, _, value in pairs(node) if value is not None]
    return [OBJECT, [[key, value_of(v) if key == "..." else [SOURCE, default_text(v)], ""] for key, v in entries]]


def _type_argument(call: Node) -> Node | None:
    """Return the first type argument of a call, or None."""
    types = call.child_by_field_name("type_arguments") or next(
        (c for c in call.named_children if c.type == "type_arguments"), None
    )
    return None if types is None else next((c for c in types.named_children if c.type != "comment"), None)
