"""Read the component options in a script into `Module.components`.

The value `["C", index]` refers to such an item. Its keys:

    span [first line, last line]   range [first byte, last byte]   sure: it is a component, not only a mixin
    name props emits mixins extends components model expose        values, or absent
    methods [[name, signature, doc]]   doc   setup: `<script setup>`
    data computed                  the names of its data and computed properties
    defaults slot_types models     added by `macros.py`
    events open                    added by `behaviour.py`
    slots open passes              added by `markup.py`
    flows                          added by `component_flows.py`
    bare: it has no content of its own, unless a base has
    functional: it has no instance; its render function receives a context
    within: it stands in a function, so its values depend on the call
    statics: its other entries in capitals, such as `Item: {...}`, `install`, `alias`, and names, as values by key
    provides: the keys under which it provides itself to the components inside it
    outer                          the value that a `<script src>` refers to
"""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.decorated import read_class
from swiftprep.catalog.vue.module import Script, SourcePiece
from swiftprep.catalog.vue.syntax import FUNCTIONS
from swiftprep.catalog.vue.typescript_types import slots_of_call, slots_type
from swiftprep.catalog.vue.value_kinds import ARRAY, CALL, OBJECT, OPTIONS, SOURCE
from swiftprep.catalog.vue.values import (
    MAX_ITEMS,
    Value,
    doc_of,
    function_value,
    is_note,
    pairs,
    returned_node,
    short,
    signature,
    unwrapped,
    value_of,
)
from swiftprep.parsing.grammar import text_of

_VALUES = ("name", "props", "emits", "mixins", "extends", "components", "model", "expose", "inheritAttrs", "template")
_TELLING = frozenset(
    "props computed methods mixins components render template setup extends emits inheritAttrs functional".split()
)
_FACTORY = re.compile(
    r"^(?:Vue\.extend|_?define\w*Component|createComponent|defineComponent|Vue\.component)$|\.extend$"
)
_INSTALL = re.compile(r"install", re.I)
_NAMELESS = ("...", "[]")
_NAMES = ("identifier", "shorthand_property_identifier")
MOST_NESTED = 20  # levels of nested options or calls
_LONGEST_IN_SFC = 1_000  # bytes of a function in a single-file component whose statements are read
_CONSTRUCTORS = frozenset("String Number Boolean Array Object Function Symbol Date Promise".split())
_PROP_TYPES = re.compile(rb"\w*PropTypes\s*\.|VueTypes\s*\.")
_CLEARLY = frozenset("props mixins extends emits setup functional".split())  # enough for options in a function
_DECORATED = re.compile(rb"@(?:Component|Options)\b")
_HERITAGE = re.compile(r"\bVue\b|mixins\(|Mixins\(")


def arguments_of(call: Node) -> list[Node]:
    """Return a call's arguments, without comments."""
    arguments = call.child_by_field_name("arguments")
    return [] if arguments is None else [node for node in arguments.named_children if node.type != "comment"]


def read_value(script: Script, node: Node, statement: Node, depth: int = 0) -> Value:
    """Convert a value; an object that looks like component options becomes `["C", …]`.

    Args:
        script: The script to add the options to.
        node: The value.
        statement: The statement that contains it, with the comment.
        depth: The number of options around it.
    """
    node = unwrapped(node)
    if node.type == "object":
        is_sfc_export = script.in_sfc and statement.type == "export_statement"
        if is_sfc_export or is_telling(node):
            return _options(script, node, statement, depth, sure=is_sfc_export)
    if node.type == "call_expression":
        component = _call(script, node, statement, depth)
        if component is not None:
            return component
    if node.type in ("class", "class_declaration"):
        return class_component(script, node, [], depth) or [SOURCE, ""]
    if node.type in FUNCTIONS:
        return read_function(script, node, depth)
    value = value_of(node, 0, _Special(script, depth + 1))
    if value[0] == CALL and value[2] and _INSTALL.search(str(value[1][-1])):
        script.module.installs.append(value[2][0])
    return value


class _Special:
    """Converts the component options that stand in the arguments of a call or in a function.

    Args:
        script: The script to add the options to.
        depth: The number of options around them.
        within: Whether they stand in a function.
    """

    def __init__(self, script: Script, depth: int, *, within: bool = False) -> None:
        self._script = script
        self._depth = depth
        self._within = within

    def __call__(self, node: Node) -> Value | None:
        """Return `["C", …]` for component options, else None."""
        if node.type == "object":
            if not is_telling(node, _CLEARLY if self._within else _TELLING):
                return None
            value: Value | None = _options(self._script, node, node, self._depth, sure=False)
        elif node.type == "call_expression":
            value = _call(self._script, node, node, self._depth)
        elif node.type in FUNCTIONS and not self._within and self._depth < MOST_NESTED:
            return read_function(self._script, node, self._depth)
        else:
            return None
        if self._within and value is not None and value[0] == OPTIONS:
            self._script.module.components[value[1]]["within"] = True
        return value


def _call(script: Script, node: Node, statement: Node, depth: int) -> Value | None:
    """Convert a call that creates a component from options, or return None."""
    callee = node.child_by_field_name("function")
    arguments = [unwrapped(argument) for argument in arguments_of(node)]
    base = None if callee is None else callee.child_by_field_name("object")
    named = "" if callee is None else short(callee)
    if callee is not None and base is not None and named.endswith("…"):
        named = f"….{text_of(callee.child_by_field_name('property') or callee)}"
    options = next((g for g in reversed(arguments) if g.type == "object"), None)
    is_made = _FACTORY.search(named) is not None and not (named == "createComponent" and _is_own(script, named))
    if options is None or not (is_made or (script.in_sfc and is_telling(options))):
        return None
    value = _options(script, options, statement, depth, sure=is_made)
    if named.endswith(".extend") and base is not None and text_of(unwrapped(base)) != "Vue":
        script.module.components[value[1]].setdefault("extends", value_of(base))
    return value


def _is_own(script: Script, name: str) -> bool:
    """Return whether a function is not one of Vue's, but of the code base."""
    return name in script.module.bindings or script.module.imports.get(name, [""])[0].startswith((".", "@/", "~"))


def read_function(script: Script, node: Node, depth: int = 0) -> Value:
    """Convert a function; if it returns component options (`PopupMixin()`), these are read too."""
    if script.in_sfc and node.end_byte - node.start_byte > _LONGEST_IN_SFC:  # application code
        return function_value(node, 1, _Special(script, depth + 1, within=True), longest=0)
    return function_value(node, 1, _Special(script, depth + 1, within=True))


def class_component(script: Script, node: Node, decorated: list[Node], depth: int = 0) -> Value | None:
    """Read a class component (vue-class-component, vue-property-decorator, vue-facing-decorator).

    Args:
        script: The script to add its options to.
        node: The class.
        decorated: The decorators above it.
        depth: The number of options around it.

    Returns:
        The value that refers to it, or None if the class is no component.
    """
    decorators = [*decorated, *(c for c in node.named_children if c.type == "decorator")]
    heritage = next((c for c in node.named_children if c.type == "class_heritage"), None)
    marked = [d for d in decorators if _DECORATED.match(d.text or b"")]
    if not marked and (heritage is None or not _HERITAGE.search(text_of(heritage))):
        return None
    value, options = _added(script, node, node, sure=True)
    for decorator in marked:
        for argument in arguments_of(decorator.named_children[0]):
            if argument.type == "object":
                add_options(script, options, argument, depth)
    read_class(node, heritage, options)
    return value


def plugin_of(node: Node) -> Value | None:
    """Return the static `install` of a class that is no component, in an object, or None."""
    body = node.child_by_field_name("body")
    for member in () if body is None else body.named_children[:MAX_ITEMS]:
        name = member.child_by_field_name("name") or member.child_by_field_name("property")
        if name is not None and any(child.type == "static" for child in member.children):
            is_method = member.type == "method_definition"
            value = value_of(member if is_method else member.child_by_field_name("value"))
            if text_of(name) == "install":
                return [OBJECT, [["install", value, ""]]]
    return None


def add_options(script: Script, options: dict[str, Any], node: Node, depth: int = 0) -> None:
    """Add an object of component options to `options`; `depth` is the number of options around it."""
    keys = set()
    if node.named_child_count > MAX_ITEMS:
        script.module.notes.append(f"options of more than {MAX_ITEMS} entries are read in part")
    for key, entry, value in pairs(node):
        keys.add(key)
        if value is None:
            continue
        inner_node = unwrapped(value)
        inner = pairs(inner_node) if inner_node.type == "object" else []
        if key in ("methods", "computed") and inner_node.named_child_count > MAX_ITEMS:
            script.module.notes.append(f"{key} beyond the first {MAX_ITEMS} are not read")
        script.entries.append(_piece(script, key, entry, inner))
        if key in _VALUES:
            options[key] = _nested(script, options, value, key, depth)
        elif key == "methods":
            named = [(name, e, v) for name, e, v in inner if name not in _NAMELESS]
            options["methods"] += [[name, method_signature(v), doc_of(e), is_note(e)] for name, e, v in named]
        elif key == "computed":
            options["computed"] = [name for name, _, _ in inner if name not in _NAMELESS]
        elif key == "functional":
            options["functional"] = text_of(inner_node) != "false"
        elif key == "data":
            state = unwrapped(returned_node(value) or value)
            options["data"] = [name for name, _, _ in pairs(state) if name not in _NAMELESS]
        elif key == "provide":
            given = pairs(unwrapped(returned_node(value) or value))
            options["provides"] = [name for name, _, held in given if held is not None and held.type == "this"]
        elif key[:1].isupper() or key in ("install", "alias"):
            options.setdefault("statics", {})[key] = value_of(value, 0, _Special(script, depth + 1))
        elif key == "slots" and (stated := slots_type(value)) is not None:
            options["slot_types"] = stated
        elif key == "...":
            options.setdefault("spreads", []).append(value_of(value))
        elif inner_node.type in _NAMES:  # `return { mixin, props }` is no component
            options.setdefault("statics", {})[key] = value_of(value)
    if keys & {"render", "template", "setup"} or ("name" in keys and keys & _TELLING):
        options["sure"] = True


def method_signature(value: Node | None) -> str:
    """Return the parameters of a method, even inside a call; `"(…)"` if unknown."""
    if value is None:
        return "()"
    value = unwrapped(value)
    if value.type == "call_expression":  # debounce(function (a, b) {…}, 100)
        functions = (node for node in arguments_of(value) if node.child_by_field_name("body") is not None)
        function = next(functions, None)
        return "(…)" if function is None else signature(function)
    return signature(value) if value.child_by_field_name("body") is not None else "(…)"


def is_telling(node: Node, keys: frozenset[str] = _TELLING) -> bool:
    """Return whether an object is component options, by keys that are typical of these.

    An object of props may have the same keys, with a type as their value: `{ rows: Array, render: Function }`. What
    `create({ components: list })` is given is no component: a component's own `components` are written as an object.
    """
    found = pairs(node)
    telling = {key: value for key, _, value in found if key in keys}
    registered = telling.get("components")
    if not telling or (len(telling) == 1 and registered is not None and unwrapped(registered).type != "object"):
        return False
    return not any(value is not None and key not in ("...", "[]") and is_prop(value) for key, _, value in found)


def is_prop(node: Node) -> bool:
    """Return whether a value can only be the definition of a prop: a type, or an object with one."""
    node = unwrapped(node)
    if node.type == "identifier":
        return text_of(node) in _CONSTRUCTORS
    if node.type in ("member_expression", "call_expression"):
        return _PROP_TYPES.match(node.text or b"") is not None
    if node.type == "array":
        items = node.named_children
        return bool(items) and all(item.type == "identifier" and text_of(item) in _CONSTRUCTORS for item in items)
    if node.type != "object":
        return False
    settings = {key: value for key, _, value in pairs(node)}
    kind, default, required = settings.get("type"), settings.get("default"), settings.get("required")
    if kind is None or unwrapped(kind).type == "object" or not is_prop(kind):
        return False
    has_default = default is not None and not is_prop(default)
    return has_default or (required is not None and required.type in ("true", "false"))


def _options(script: Script, node: Node, statement: Node, depth: int, *, sure: bool) -> Value:
    known = script.places.get(node.start_byte)
    if known is not None:
        script.module.components[known]["sure"] |= sure
        return [OPTIONS, known]
    value, options = _added(script, node, statement, sure=sure)
    script.places[node.start_byte] = value[1]
    if node.type == "object":
        stated = slots_of_call(node)
        options |= {} if stated is None else {"slot_types": stated}
        add_options(script, options, node, depth)
    return value


def _added(script: Script, node: Node, statement: Node, *, sure: bool) -> tuple[Value, dict[str, Any]]:
    """Add a component to the module; return the value that refers to it, and its options."""
    options: dict[str, Any] = {
        "sure": sure, "span": script.span(node), "range": list(script.bounds(node)), "doc": doc_of(statement),
        "methods": [],
    }  # fmt: skip
    script.module.components.append(options)
    return [OPTIONS, len(script.module.components) - 1], options


def _piece(script: Script, key: str, entry: Node, parts: list[tuple[str, Node, Node | None]]) -> SourcePiece:
    kind = "member" if key in ("methods", "computed", "watch") else "part"
    return SourcePiece(
        *script.bounds(entry), "option", tuple(SourcePiece(*script.bounds(part), kind) for _, part, _ in parts)
    )


def _nested(script: Script, options: dict[str, Any], value: Node, key: str, depth: int) -> Value:
    """Convert an option's value, including inline options (`mixins: [{props}]`)."""
    value = unwrapped(value)
    if key not in ("extends", "mixins"):
        return value_of(value)
    if depth == MOST_NESTED:
        options.setdefault("open", []).extend(["props", "events", "slots"])
        script.module.notes.append(f"options nested deeper than {MOST_NESTED} levels are not read")
        return value_of(value)
    if key == "extends":
        return read_value(script, value, value, depth + 1)
    if value.type == "array":
        return [ARRAY, [_mixin(script, item, depth + 1) for item in value.named_children if item.type != "comment"]]
    return value_of(value)


def _mixin(script: Script, item: Node, depth: int) -> Value:
    if item.type == "spread_element":
        return ["...", value_of(item.named_children[0])]
    return read_value(script, item, item, depth)
