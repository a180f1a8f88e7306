"""Read a JavaScript or TypeScript module: imports, exports, component options, registrations.

Nothing is resolved here; the result is plain data about one file (`module.py`, `options.py`, `values.py`), which
`link.py` links with that of the other files.
"""

from __future__ import annotations

import bisect
import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.effects import add_function_components, read_effects, read_registering
from swiftprep.catalog.vue.functions import pattern_of
from swiftprep.catalog.vue.macros import note_unread, read_macro, read_pattern, setup_options
from swiftprep.catalog.vue.module import Module, Script, SourcePiece
from swiftprep.catalog.vue.options import arguments_of, class_component, plugin_of, read_function, read_value
from swiftprep.catalog.vue.syntax import DECLARED
from swiftprep.catalog.vue.type_declarations import declare_types, is_declared
from swiftprep.catalog.vue.value_kinds import MEMBER, NAME, SOURCE
from swiftprep.catalog.vue.values import string_of, unwrapped, value_of
from swiftprep.parsing.around import Around, nearest, smallest
from swiftprep.parsing.grammar import text_of

_REGISTER = re.compile(rb"component\s*\(")
_LONGEST_REQUIRE = 500  # characters
_REQUIRE = re.compile(r"""(\w*[iI]nterop\w*\(\s*)?require\(\s*(['"])([^'"]+)\2\s*\)(?(1)\s*\))(?:\.(\w+))?""")
_EXPORTED = re.compile(r"""(?:module\.)?exports(?:\.([\w$]+)|\[['"]([\w$]+)['"]\])""")
_CLASSES = ("class_declaration", "abstract_class_declaration", "class")
_DECLARATIONS = ("lexical_declaration", "variable_declaration")


class ScriptReader:
    """Reads one script.

    Args:
        source: Its text.
        root: Its syntax tree.
        line: Its first line in the file.
        offset: Its first byte in the file.
        in_sfc: Whether it is a block of a single-file component.
        is_setup: Whether it is a `<script setup>`, which always defines a component.
        module: The facts from the file's earlier scripts, to add to.

    Attributes:
        module: The facts of the file.
        pieces: The top-level statements, and the entries and methods of component options.
    """

    def __init__(
        self,
        source: bytes,
        root: Node,
        *,
        line: int = 1,
        offset: int = 0,
        in_sfc: bool = False,
        is_setup: bool = False,
        module: Module | None = None,
    ) -> None:
        self.source = source
        self.module = Module() if module is None else module
        self.pieces: list[SourcePiece] = []
        self._script = Script(root, self.module, line, offset, in_sfc)
        self._functions: dict[str, tuple[Node, Node]] = {}  # those of the top level, with their statements
        self._is_compiled = b"nterop" in source  # by Babel: `require` returns the module
        self._is_setup = is_setup
        if is_setup:
            setup_options(self._script)

    def read(self) -> Module:
        """Read the top level of the module."""
        decorated: list[Node] = []
        for node in self._script.root.named_children:
            kind = node.type
            if kind == "import_statement":
                self._import(node)
            elif kind == "export_statement":
                self._export(node, decorated)
            elif kind == "expression_statement":
                self._statement(node)
                read_registering(self._script, node)
            elif kind in ("for_in_statement", "for_statement", "if_statement"):
                read_effects(self._script, node)
                read_registering(self._script, node)
            elif kind == "decorator":
                decorated.append(node)
                continue
            else:
                self._declaration(node, decorated)
            decorated = []
        add_function_components(self._script, self._functions)
        self._registrations()
        if self._is_setup:
            note_unread(self.source, setup_options(self._script))
        self._cut()
        return self.module

    def _cut(self) -> None:
        statements = [(*self._script.bounds(node), node.type) for node in self._script.root.named_children]
        starts = [start for start, _, _ in statements]
        inner: list[list[SourcePiece]] = [[] for _ in statements]
        for entry in self._script.entries:
            at = bisect.bisect_right(starts, entry.start) - 1
            if at >= 0 and entry.end <= statements[at][1]:
                inner[at].append(entry)
        self.pieces += [
            SourcePiece(*statement, tuple(parts)) for statement, parts in zip(statements, inner, strict=True)
        ]

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
                self.module.exports[local] = [NAME, f"*{local}"]
            else:
                for name, exported in _specifiers(clause):
                    self.module.imports[f"*{exported}"] = [module, name]
                    self.module.exports[exported] = [NAME, f"*{exported}"]
            return
        if clause is not None:
            self.module.exports.update({exported: [NAME, name] for name, exported in _specifiers(clause)})
            return
        value = node.child_by_field_name("value")
        if value is not None:
            self.module.exports["default"] = read_value(self._script, value, node)
            return
        declaration = node.child_by_field_name("declaration")
        if declaration is not None:
            decorated = [*decorated, *(c for c in node.named_children if c.type == "decorator")]
            names = self._declaration(declaration, decorated)
            if any(c.type == "default" for c in node.children):
                value_ = [NAME, names[0]] if names else class_component(self._script, declaration, decorated)
                self.module.exports["default"] = value_ or [SOURCE, ""]
            else:
                self.module.exports.update({name: [NAME, name] for name in names})

    def _declaration(self, node: Node, decorated: list[Node]) -> list[str]:
        """Bind the names that a declaration declares, and return them."""
        kind = node.type
        if kind in _DECLARATIONS:
            return [name for child in node.named_children for name in self._declarator(child, node)]
        named = node.child_by_field_name("name")
        name = "" if named is None else text_of(named)
        if kind in DECLARED:
            self.module.bindings[name] = read_function(self._script, node)
            self._functions[name] = node, node
        elif kind in _CLASSES and not (is_declared(node) and not decorated):
            value = class_component(self._script, node, decorated) or plugin_of(node)
            if value is None:
                return declare_types(self.module, node)
            self.module.bindings[name] = value
        else:
            return declare_types(self.module, node)
        return [name] if name else []

    def _declarator(self, node: Node, declaration: Node) -> list[str]:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None or value is None:
            return []
        if name.type == "identifier":
            required = self._required(value)
            if required is not None:
                self.module.imports[text_of(name)] = required
            elif not self._is_macro(value):
                self.module.bindings[text_of(name)] = read_value(self._script, value, declaration)
                self._functions[text_of(name)] = unwrapped(value), declaration
            return [text_of(name)]
        if self._is_macro(value):
            if name.type == "object_pattern":
                read_pattern(self._script, name, unwrapped(value))
            return []
        pattern = pattern_of(name, value_of)
        return [] if pattern is None else self._taken_apart(pattern, value)

    def _is_macro(self, node: Node) -> bool:
        """Read a macro of `<script setup>`; return whether `node` is one."""
        return self._is_setup and read_macro(self._script, node)

    def _taken_apart(self, pattern: list[Any], node: Node) -> list[str]:
        """Bind the names in `[a, b] = value` or `{ a, b: c } = value`, one level deep, and return them."""
        value = value_of(node)
        inner = enumerate(pattern[1]) if pattern[0] == "[" else pattern[1] if pattern[0] == "{" else ()
        named = [(str(key), part) for key, part in inner if part is not None and part[0] == NAME]
        for key, part in named:
            self.module.bindings[part[1]] = [MEMBER, value, key]
        return [part[1] for _, part in named]

    def _required(self, node: Node) -> list[str] | None:
        """Return the import equivalent to `require('x')` or `require('x').default`, or None."""
        if node.type not in ("call_expression", "member_expression"):
            return None
        match = _REQUIRE.fullmatch(text_of(node)[:_LONGEST_REQUIRE])
        if match is None:
            return None
        whole = "*" if match[1] else "require" if self._is_compiled else "default"
        return [match[3], match[4] or whole]

    def _statement(self, node: Node) -> None:
        expression = node.named_children[0] if node.named_children else None
        if expression is None:
            return
        if expression.type == "assignment_expression":
            left, right = expression.child_by_field_name("left"), expression.child_by_field_name("right")
            target = "" if left is None else text_of(left)
            exported = _EXPORTED.fullmatch(target)
            while right is not None and _is_export(right):  # module.exports.default = module.exports = API
                right = right.child_by_field_name("right")
            if right is not None and (target == "module.exports" or exported):
                name = "default" if exported is None else exported[1] or exported[2]
                if exported is None and (required := self._required(right)) is not None:
                    self.module.imports["*module"] = required
                    self.module.exports[name] = [NAME, "*module"]
                    self.module.stars.append(required[0])
                elif text_of(right) not in ("void 0", "undefined"):
                    self.module.exports[name] = read_value(self._script, right, node)
            else:
                read_effects(self._script, node)
        elif expression.type == "call_expression" and not self._is_macro(expression):
            callee = expression.child_by_field_name("function")
            if callee is not None and text_of(callee) == "Vue.extend":
                read_value(self._script, expression, node)
            elif not self._is_setup:
                read_effects(self._script, node)

    def _registrations(self) -> None:
        around = smallest(self._script.root, (match.start() for match in _REGISTER.finditer(self.source)))
        calls: dict[int, Around | None] = {}
        for _, here in sorted(around.items()):
            call = nearest(here, calls, _called)
            if call is not None and call.node.type == "call_expression":
                self._registration(call)

    def _registration(self, call: Around) -> None:
        callee = call.node.child_by_field_name("function")
        if callee is None or callee.type != "member_expression" or not text_of(callee).endswith("component"):
            return
        arguments = arguments_of(call.node)
        if not 2 <= len(arguments) <= 3:  # Vue.component(id) only looks it up
            return
        component = read_value(self._script, arguments[1], arguments[1])
        self.module.registrations.append([value_of(arguments[0]), component])


def _is_export(node: Node) -> bool:
    """Return whether a node is `exports.a = …` or `module.exports = …`."""
    left = node.child_by_field_name("left") if node.type == "assignment_expression" else None
    target = "" if left is None else text_of(left)
    return target == "module.exports" or _EXPORTED.fullmatch(target) is not None


def _specifiers(clause: Node) -> list[tuple[str, str]]:
    """Return `(name, alias or name)` of `{ a, b as c }`."""
    pairs = []
    for part in clause.named_children:
        name, alias = part.child_by_field_name("name"), part.child_by_field_name("alias")
        if name is not None:
            word = string_of(name) if name.type == "string" else text_of(name)
            pairs.append((word, word if alias is None else text_of(alias)))
    return pairs


def _called(here: Around) -> Around | None:
    """Return a call, or a node that no call extends beyond."""
    ends = ("call_expression", "comment", "string", "statement_block", "program")
    return here if here.node.type in ends else None
