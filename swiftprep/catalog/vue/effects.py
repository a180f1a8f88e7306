"""Read the statements of a module's top level that change the values of its names.

`X.props = {…}`, `Object.assign(X, {…})`, `X.install = …`, `sizes.forEach(size => { props[size] = String })`. A function
that gets `props` in this way is a functional component.

Statements that may register components (`Vue.component(…)`, `app.use(…)`) are read too.
"""

from __future__ import annotations

import re
from typing import Any

from tree_sitter import Node

from swiftprep.catalog.vue.functions import Statement, statements_of
from swiftprep.catalog.vue.module import Module, Script
from swiftprep.catalog.vue.options import read_value
from swiftprep.catalog.vue.value_kinds import CALL, EARLIER, FUNCTION, ITEM, MEMBER, NAME, OPTIONS, SOURCE, STRING
from swiftprep.catalog.vue.values import Value, doc_of, value_of
from swiftprep.parsing.grammar import text_of

_LONGEST = 6_000  # bytes of a statement
_MOST = 300  # statements of one file
_SILENT = frozenset(("prototype", "version", "__file", "__docgenInfo"))
_KINDS = frozenset(("expression_statement", "for_in_statement", "for_statement", "if_statement"))
_MERGES = frozenset(("assign", "_extends", "__assign", "extend"))
_CHANGES = frozenset(("push", "unshift"))  # methods
_CALLS = _MERGES | _CHANGES | frozenset(("forEach", "each", "map"))
_INSTALL = "install"
_REGISTERS = re.compile(rb"\.(?:component|use)\s*\(")
_LONGEST_REGISTERING = 40_000  # bytes
_DECLARING = frozenset(("props", "emits"))


def read_effects(script: Script, node: Node) -> None:
    """Add a statement of the top level to `Module.effects`, under each name that it changes."""
    effects = script.module.effects
    if node.type not in _KINDS or node.end_byte - node.start_byte > _LONGEST:
        return
    if sum(map(len, effects.values())) >= _MOST:
        script.module.notes.append(f"statements beyond the first {_MOST} that change values are not read")
        return
    called = node.named_children[0] if node.type == "expression_statement" else None
    if called is not None and called.type == "call_expression":
        callee = called.child_by_field_name("function")
        if callee is None or text_of(callee).rpartition(".")[2] not in _CALLS:
            return

    def assigned(inner: Node | None) -> Value:
        return [SOURCE, ""] if inner is None else read_value(script, inner, inner)

    for statement in statements_of([node], value_of, assigned):
        for name in dict.fromkeys(_changed(statement)):
            effects.setdefault(name, []).append(statement)
            _keep_earlier(script.module, name, statement)


def _keep_earlier(module: Module, name: str, statement: Statement) -> None:
    """Mark what was bound to a member before this statement changes it: `const install = X.install`."""
    if statement[0] == "=" and statement[1][:2] == [MEMBER, [NAME, name]]:
        for bound, value in module.bindings.items():
            if value == statement[1]:
                module.bindings[bound] = [EARLIER, value]


def read_registering(script: Script, node: Node) -> None:
    """Add a statement of the top level to `Module.registering` if it may register components."""
    length = node.end_byte - node.start_byte
    if node.type in _KINDS and length <= _LONGEST_REGISTERING and _REGISTERS.search(node.text or b""):

        def convert(inner: Node | None) -> Value:
            return [SOURCE, ""] if inner is None else read_value(script, inner, inner)

        script.module.registering += statements_of([node], convert, convert)


def _changed(statement: Statement) -> list[str]:
    """Return the names that a statement changes."""
    kind = statement[0]
    if kind in ("=", "delete"):
        return [name for name in [_root(statement[1])] if name]
    if kind == "if":
        return [name for part in (statement[2] + statement[3])[:_MOST] for name in _changed(part)]
    if kind == "for":
        return [name for part in statement[4][:_MOST] for name in _changed(part)]
    if kind == "loop":
        return [name for part in statement[4][:_MOST] for name in _changed(part)]
    return _changed_by_call(statement[1]) if kind == "do" and statement[1][0] == CALL else []


def _changed_by_call(call: Value) -> list[str]:
    callee, arguments = call[1], call[2]
    name = callee[-1]
    if name in _MERGES and arguments:
        return [root for root in [_root(arguments[0])] if root]
    if name in _CHANGES and callee[0] == MEMBER:
        return [root for root in [_root(callee[1])] if root]
    functions = [argument for argument in arguments if argument[0] == FUNCTION and argument[4]]
    return [name for function in functions for part in function[4][:_MOST] for name in _changed(part)]


def _root(target: Value) -> str:
    """Return the name in `name.a.b`; `""` if it says nothing, or for anything else."""
    if target[0] == MEMBER and target[2] in _SILENT:
        return ""
    while target[0] in (MEMBER, ITEM):
        target = target[1]
    return str(target[1]) if target[0] == NAME else ""


def add_function_components(script: Script, functions: dict[str, tuple[Node, Node]]) -> None:
    """Make options of the functions that get `props`, and leave out the effects on what the module does not bind.

    Args:
        script: The script.
        functions: Name → a function of the top level, and its statement.
    """
    module = script.module
    for name in list(module.effects):
        if name not in module.bindings and name not in module.imports:
            del module.effects[name]
            continue
        set_ = {s[1][2]: s[2] for s in module.effects[name] if s[0] == "=" and s[1][:2] == [MEMBER, [NAME, name]]}
        is_bare = module.bindings.get(name, [""])[0] == FUNCTION
        if is_bare and set_.keys() == {_INSTALL} and len(module.effects[name]) == 1:  # it is called all the same
            del module.effects[name]
            continue
        is_function = module.bindings.get(name, [""])[0] == FUNCTION and not script.in_sfc
        if is_function and not _DECLARING.isdisjoint(set_) and name in functions:
            node, statement = functions[name]
            named = set_.get("displayName") or set_.get("name") or [STRING, name]
            options: dict[str, Any] = {
                "sure": True, "span": script.span(node), "range": list(script.bounds(node)),
                "doc": doc_of(statement), "methods": [], "functional": True, "name": named,
            }  # fmt: skip
            if _INSTALL in set_:
                options["statics"] = {_INSTALL: set_[_INSTALL]}
            module.components.append(options | {key: set_[key] for key in _DECLARING & set_.keys()})
            module.bindings[name] = [OPTIONS, len(module.components) - 1]
            del module.effects[name]
