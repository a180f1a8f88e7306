"""What a JavaScript or TypeScript module says about components: imports, exports, options, registrations.

Nothing is resolved here; the result is plain data about one file (see `values.py`), which `link.py` joins with the
other files'. A component's or mixin's options become an item of `Module.components`, and `["C", index]` is the value
that stands for it. Its keys:

    span [first line, last line]   range [first byte, last byte]   sure: it is a component, not only a mixin
    name props emits mixins extends components model expose        values, or absent
    methods [[name, signature, doc]]   doc   setup: `<script setup>`
    data computed                  the names of the state it keeps and derives
    events slots open passes       added by `behaviour.py`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.grammar import error_lines, parse
from swiftprep.catalog.types import bases, members, type_value
from swiftprep.catalog.values import (
    Value,
    default_text,
    doc_of,
    pairs,
    returned,
    returned_node,
    short,
    signature,
    string_of,
    text_of,
    unwrapped,
    value_of,
)

_VALUES = ("name", "props", "emits", "mixins", "extends", "components", "model", "expose", "inheritAttrs", "template")
_TELLING = frozenset(
    "props computed methods mixins components render template setup extends emits inheritAttrs functional".split()
)
_FACTORY = re.compile(
    r"^(?:Vue\.extend|_?define\w*Component|createComponent|defineComponent|Vue\.component)$|\.extend$"
)
_REGISTER = re.compile(rb"component\s*\(")
_MACRO = re.compile(r"^(?:withDefaults|define(?:Props|Emits|Slots|Expose|Model|Options))$")
_NAMELESS = ("...", "[]")
_DECLARATIONS = ("lexical_declaration", "variable_declaration")
_DECORATED = re.compile(rb"@(?:Component|Options)\b")


@dataclass(slots=True)
class Module:
    """What one file says.

    Attributes:
        imports: Local name → `[module, exported name]`; the exported name is `"default"`, `"*"` or a name.
        exports: Exported name → value.
        stars: Modules whose exports are all passed on (`export * from`).
        bindings: Top-level name → value.
        registrations: `[name, component, iterated]` of each `X.component(name, component)`; `iterated` is what the
            loop around it goes over, as `[kind of loop, variables, value]`, or None.
        installs: Values handed to a function such as `withInstall`.
        components: Every component's and mixin's options found, in order.
        errors: Lines with a syntax error.
    """

    imports: dict[str, list[str]] = field(default_factory=dict)
    exports: dict[str, Value] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    bindings: dict[str, Value] = field(default_factory=dict)
    registrations: list[list[Any]] = field(default_factory=list)
    installs: list[Value] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    errors: list[int] = field(default_factory=list)


def parse_script(source: bytes, lang: str) -> tuple[Node, list[int], str]:
    """Parse a script and return its root, the lines of its errors, from 1, and the grammar that took it.

    Vue's JSX has attributes (`class=`) that the JavaScript grammar trips over and the TSX grammar takes.
    """
    plain = ["tsx", "js"] if b"</" in source or b"/>" in source else ["js"]
    names = {"ts": ["ts"], "tsx": ["tsx"], "jsx": ["tsx"]}.get(lang, plain)
    root = parse(source, names[0]).root_node
    errors = error_lines(root)
    if errors and len(names) > 1:
        other = parse(source, names[1]).root_node
        other_errors = error_lines(other)
        if len(other_errors) < len(errors):
            return other, other_errors, names[1]
    return root, errors, names[0]


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a source that can be cut out whole: bytes from `start` to `end`; `inner` parts lie within it."""

    start: int
    end: int
    kind: str
    inner: tuple[Piece, ...] = ()


class Reader:
    """Reads one script; `line` and `offset` are where it begins in its file.

    Attributes:
        pieces: The top-level statements and, of component options, their entries and methods.
    """

    def __init__(self, source: bytes, root: Node, *, line: int = 1, offset: int = 0, in_sfc: bool = False) -> None:
        self.source = source
        self.root = root
        self.line = line
        self.offset = offset
        self.in_sfc = in_sfc
        self.module = Module()
        self.pieces: list[Piece] = []
        self._entries: list[Piece] = []

    def read(self) -> Module:
        """Read the top level of the module."""
        decorated: list[Node] = []
        for node in self.root.named_children:
            kind = node.type
            if kind == "import_statement":
                self._import(node)
            elif kind == "export_statement":
                self._export(node, decorated)
            elif kind == "expression_statement":
                self._statement(node)
            elif kind == "decorator":
                decorated.append(node)
                continue
            else:
                self._declaration(node, decorated)
            decorated = []
        for match in _REGISTER.finditer(self.source):
            self._registration(match.start())
        self._cut()
        return self.module

    def _cut(self) -> None:
        for node in self.root.named_children:
            start, end = self._bounds(node)
            inner = [entry for entry in self._entries if start <= entry.start and entry.end <= end]
            self.pieces.append(Piece(start, end, node.type, tuple(inner)))

    def _import(self, node: Node) -> None:
        source = node.child_by_field_name("source")
        clause = next((c for c in node.named_children if c.type == "import_clause"), None)
        if source is None or clause is None:
            return
        module = string_of(source)
        for part in clause.named_children:
            if part.type == "identifier":
                self.module.imports[text_of(part)] = [module, "default"]
            elif part.type == "namespace_import":
                self.module.imports[text_of(part.named_children[0])] = [module, "*"]
            elif part.type == "named_imports":
                for name, local in _specifiers(part):
                    self.module.imports[local] = [module, name]

    def _export(self, node: Node, decorated: list[Node]) -> None:
        source = node.child_by_field_name("source")
        clause = next((c for c in node.named_children if c.type in ("export_clause", "namespace_export")), None)
        if source is not None:
            module = string_of(source)
            if clause is None:
                self.module.stars.append(module)
            elif clause.type == "namespace_export":
                local = text_of(clause.named_children[0])
                self.module.imports[f"*{local}"] = [module, "*"]
                self.module.exports[local] = ["i", f"*{local}"]
            else:
                for name, exported in _specifiers(clause):
                    self.module.imports[f"*{exported}"] = [module, name]
                    self.module.exports[exported] = ["i", f"*{exported}"]
            return
        if clause is not None:
            self.module.exports.update({exported: ["i", name] for name, exported in _specifiers(clause)})
            return
        value = node.child_by_field_name("value")
        if value is not None:
            self.module.exports["default"] = self._value(value, node)
            return
        declaration = node.child_by_field_name("declaration")
        if declaration is not None:
            decorated = [*decorated, *(c for c in node.named_children if c.type == "decorator")]
            names = self._declaration(declaration, decorated)
            if any(c.type == "default" for c in node.children):
                value_ = self.module.bindings.get(names[0]) if names else self._class(declaration, decorated)
                self.module.exports["default"] = ["i", names[0]] if names else (value_ or ["x", ""])
            else:
                self.module.exports.update({name: ["i", name] for name in names})

    def _declaration(self, node: Node, decorated: list[Node]) -> list[str]:
        """Bind what a declaration declares and return the names."""
        kind = node.type
        if kind in _DECLARATIONS:
            return [name for child in node.named_children for name in self._declarator(child, node)]
        named = node.child_by_field_name("name")
        if named is None:
            return []
        name = text_of(named)
        if kind in ("function_declaration", "generator_function_declaration"):
            self.module.bindings[name] = self._function(node)
        elif kind in ("class_declaration", "abstract_class_declaration", "class"):
            value = self._class(node, decorated)
            if value is not None:
                self.module.bindings[name] = value
        elif kind == "interface_declaration":
            body = node.child_by_field_name("body")
            self.module.bindings[name] = ["t", members(body), bases(node)]
        elif kind == "type_alias_declaration":
            value_node = node.child_by_field_name("value")
            if value_node is not None:
                self.module.bindings[name] = type_value(value_node)
        else:
            return []
        return [name]

    def _declarator(self, node: Node, declaration: Node) -> list[str]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return []
        if name.type == "identifier":
            required = _required(value)
            if required is not None:
                self.module.imports[text_of(name)] = required
            elif not self._macro(value):
                self.module.bindings[text_of(name)] = self._value(value, declaration)
            return [text_of(name)]
        self._macro(value)
        if name.type == "array_pattern" and value.type == "call_expression":
            call = value_of(value)
            names = [text_of(part) for part in name.named_children if part.type == "identifier"]
            for position, part in enumerate(names):
                self.module.bindings[part] = ["m", call, str(position)]
            return names
        return []

    def _statement(self, node: Node) -> None:
        expression = node.named_children[0] if node.named_children else None
        if expression is None:
            return
        if expression.type == "assignment_expression":
            left, right = expression.child_by_field_name("left"), expression.child_by_field_name("right")
            target = "" if left is None else text_of(left)
            if right is not None and target in ("module.exports", "exports.default", "module.exports.default"):
                self.module.exports["default"] = self._value(right, node)
            elif right is not None and re.fullmatch(r"(?:module\.)?exports\.[\w$]+", target):
                self.module.exports[target.rpartition(".")[2]] = self._value(right, node)
        elif expression.type == "call_expression" and not self._macro(expression):
            callee = expression.child_by_field_name("function")
            if callee is not None and re.fullmatch(r"new Vue|Vue\.extend", text_of(callee)):
                self._value(expression, node)

    def _macro(self, node: Node) -> bool:
        """Take `defineProps` and its like into the options of the `<script setup>` component."""
        node = unwrapped(node)
        callee = node.child_by_field_name("function") if node.type == "call_expression" else None
        if callee is None or not _MACRO.match(text_of(callee)):
            return False
        options = self.setup_options()
        what = text_of(callee)
        arguments = node.child_by_field_name("arguments")
        given = [] if arguments is None else [c for c in arguments.named_children if c.type != "comment"]
        types = node.child_by_field_name("type_arguments") or next(
            (c for c in node.named_children if c.type == "type_arguments"), None
        )
        generic = type_value(types.named_children[0]) if types is not None and types.named_children else None
        if what == "withDefaults" and given:
            self._macro(given[0])
            if len(given) > 1 and given[1].type == "object":
                options["defaults"] = [
                    [key, ["x", default_text(value)]] for key, _, value in pairs(given[1]) if value is not None
                ]
        elif what in ("defineProps", "defineEmits"):
            options["props" if what == "defineProps" else "emits"] = generic or value_of(given[0] if given else None)
        elif what == "defineSlots" and generic is not None:
            options["slot_types"] = generic
        elif what == "defineExpose" and given and given[0].type == "object":
            options["methods"] = [[key, _signature(value), doc_of(entry)] for key, entry, value in pairs(given[0])]
        elif what == "defineModel":
            named = string_of(given[0]) if given and given[0].type == "string" else "modelValue"
            settings = next((value_of(g) for g in given if g.type == "object"), ["o", []])
            options.setdefault("models", []).append([named, settings])
        elif what == "defineOptions" and given and given[0].type == "object":
            self._options_into(options, given[0])
        return True

    def setup_options(self) -> dict[str, Any]:
        """Return the options of the component a `<script setup>` is."""
        for options in self.module.components:
            if options.get("setup"):
                return options
        options = {"sure": True, "setup": True, "span": self._span(self.root), "range": list(self._bounds(self.root))}
        options["methods"] = []
        self.module.components.append(options)
        return options

    def _value(self, node: Node, statement: Node) -> Value:
        """Convert a value; an object that reads like component options becomes `["C", …]`."""
        node = unwrapped(node)
        if node.type == "object":
            telling = _TELLING & {key for key, _, _ in pairs(node)}
            is_sfc_export = self.in_sfc and statement.type == "export_statement"
            if telling or is_sfc_export:
                return self._options(node, statement, sure=is_sfc_export)
        if node.type == "call_expression":
            callee = node.child_by_field_name("function")
            arguments = node.child_by_field_name("arguments")
            given = [] if arguments is None else [unwrapped(c) for c in arguments.named_children if c.type != "comment"]
            named = "" if callee is None else short(callee)
            options = next((g for g in reversed(given) if g.type == "object"), None)
            if _FACTORY.search(named) and (options is not None or given):
                value = self._options(options or node, statement, sure=True)
                if named.endswith(".extend") and not named.startswith("Vue.") and callee is not None:
                    self.module.components[value[1]].setdefault(
                        "extends", value_of(callee.child_by_field_name("object"))
                    )
                return value
            if options is not None and _TELLING & {key for key, _, _ in pairs(options)}:
                return self._options(options, statement, sure=False)
            if given and re.search(r"install", named, re.I):
                self.module.installs.append(value_of(given[0]))
        if node.type in ("class", "class_declaration"):
            return self._class(node, []) or ["x", ""]
        if node.type in ("arrow_function", "function_expression"):
            return self._function(node)
        return value_of(node)

    def _function(self, node: Node) -> Value:
        """Convert a function; when it returns component options (`PopupMixin()`), these are read as such."""
        made = returned_node(node)
        made = None if made is None else unwrapped(made)
        if made is not None and made.type == "object" and _TELLING & {key for key, _, _ in pairs(made)}:
            return ["f", signature(node), self._options(made, made, sure=False)]
        return ["f", signature(node), returned(node, 1)]

    def _options(self, node: Node, statement: Node, *, sure: bool) -> Value:
        options: dict[str, Any] = {
            "sure": sure, "span": self._span(node), "range": list(self._bounds(node)), "doc": doc_of(statement),
            "methods": [],
        }  # fmt: skip
        index = len(self.module.components)
        self.module.components.append(options)
        if node.type == "object":
            self._options_into(options, node)
        return ["C", index]

    def _options_into(self, options: dict[str, Any], node: Node) -> None:
        keys = set()
        for key, entry, value in pairs(node):
            keys.add(key)
            if value is None:
                continue
            inner_node = unwrapped(value)
            inner = pairs(inner_node) if inner_node.type == "object" else []
            self._entries.append(self._piece(key, entry, inner))
            if key in _VALUES:
                options[key] = self._nested(value, key)
            elif key == "methods":
                named = [(name, e, v) for name, e, v in inner if name not in _NAMELESS]
                options["methods"] += [[name, _signature(v), doc_of(e)] for name, e, v in named]
            elif key == "computed":
                options["computed"] = [name for name, _, _ in inner if name not in _NAMELESS]
            elif key == "data":
                state = unwrapped(returned_node(value) or value)
                options["data"] = [name for name, _, _ in pairs(state) if name not in _NAMELESS]
            elif key == "...":
                options.setdefault("spreads", []).append(value_of(value))
        if keys & {"render", "template", "setup"} or ("name" in keys and keys & _TELLING):
            options["sure"] = True

    def _piece(self, key: str, entry: Node, parts: list[tuple[str, Node, Node | None]]) -> Piece:
        start, end = self._bounds(entry)
        kind = "member" if key in ("methods", "computed", "watch") else "part"
        return Piece(start, end, "option", tuple(Piece(*self._bounds(part), kind) for _, part, _ in parts))

    def _nested(self, value: Node, key: str) -> Value:
        """Convert an option's value; options written right there (`mixins: [{props}]`) are options too."""
        value = unwrapped(value)
        if key == "extends":
            return self._value(value, value)
        if key == "mixins" and value.type == "array":
            return ["a", [self._value(item, item) for item in value.named_children if item.type != "comment"]]
        return value_of(value)

    def _class(self, node: Node, decorated: list[Node]) -> Value | None:
        """Read a class component (vue-class-component, vue-property-decorator, vue-facing-decorator)."""
        decorators = [*decorated, *(c for c in node.named_children if c.type == "decorator")]
        heritage = next((c for c in node.named_children if c.type == "class_heritage"), None)
        marked = [d for d in decorators if _DECORATED.match(d.text or b"")]
        if not marked and (heritage is None or not re.search(r"\bVue\b|mixins\(|Mixins\(", text_of(heritage))):
            return None
        from swiftprep.catalog.decorated import read_class

        options: dict[str, Any] = {
            "sure": True, "span": self._span(node), "range": list(self._bounds(node)), "doc": doc_of(node),
            "methods": [],
        }  # fmt: skip
        index = len(self.module.components)
        self.module.components.append(options)
        for decorator in marked:
            call = decorator.named_children[0]
            arguments = call.child_by_field_name("arguments") if call.type == "call_expression" else None
            for argument in [] if arguments is None else arguments.named_children:
                if argument.type == "object":
                    self._options_into(options, argument)
        read_class(node, heritage, options)
        return ["C", index]

    def _registration(self, position: int) -> None:
        node = self.root.descendant_for_byte_range(position, position + 1)
        while node is not None and node.type != "call_expression":
            if node.type in ("comment", "string", "statement_block", "program"):
                return
            node = node.parent
        callee = None if node is None else node.child_by_field_name("function")
        arguments = None if node is None else node.child_by_field_name("arguments")
        given = [] if arguments is None else [c for c in arguments.named_children if c.type != "comment"]
        is_method = callee is not None and callee.type == "member_expression" and text_of(callee).endswith("component")
        if node is None or not is_method or not given or len(given) > 3:
            return
        if len(given) == 1:
            return  # Vue.component(id) only asks for it
        component = self._value(given[1], given[1])
        self.module.registrations.append([value_of(given[0]), component, _loop_around(node)])

    def _span(self, node: Node) -> list[int]:
        return [self.line + node.start_point[0], self.line + node.end_point[0]]

    def _bounds(self, node: Node) -> tuple[int, int]:
        return self.offset + node.start_byte, self.offset + node.end_byte


def _specifiers(clause: Node) -> list[tuple[str, str]]:
    """Return `(name, alias or name)` of `{ a, b as c }`."""
    found = []
    for part in clause.named_children:
        name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
        if name is not None:
            word = string_of(name) if name.type == "string" else text_of(name)
            found.append((word, word if alias is None else text_of(alias)))
    return found


def _required(node: Node) -> list[str] | None:
    """Return the import that `require('x')` or `require('x').default` stands for."""
    match = re.fullmatch(r"""require\(\s*(['"])([^'"]+)\1\s*\)(?:\.(\w+))?""", text_of(node)) if node.type in (
        "call_expression", "member_expression",
    ) else None  # fmt: skip
    return None if match is None else [match[2], match[3] or "default"]


def _signature(value: Node | None) -> str:
    if value is None:
        return "()"
    value = unwrapped(value)
    if value.type == "call_expression":  # debounce(function (a, b) {…}, 100)
        arguments = value.child_by_field_name("arguments")
        for argument in [] if arguments is None else arguments.named_children:
            if argument.child_by_field_name("body") is not None:
                return signature(argument)
        return "(…)"
    return signature(value) if value.child_by_field_name("body") is not None else "(…)"


def _loop_around(node: Node) -> list[Any] | None:
    """Return `[kind, variables, iterated]` of the loop a call stands in, or None."""
    above = node.parent
    while above is not None:
        if above.type in ("arrow_function", "function_expression", "function"):
            call = above.parent.parent if above.parent is not None else None
            callee = (
                call.child_by_field_name("function") if call is not None and call.type == "call_expression" else None
            )
            method = callee.child_by_field_name("property") if callee is not None else None
            if callee is not None and method is not None and text_of(method) in ("forEach", "map", "each", "reduce"):
                variables = re.findall(r"[\w$]+", signature(above))
                return ["each", variables, value_of(callee.child_by_field_name("object"))]
        elif above.type == "for_in_statement":
            left, right = above.child_by_field_name("left"), above.child_by_field_name("right")
            kind = "in" if any(c.type == "in" for c in above.children) else "each"
            return [kind, re.findall(r"[\w$]+", "" if left is None else text_of(left)), value_of(right)]
        above = above.parent
    return None
