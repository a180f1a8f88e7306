"""The result of reading a script: its facts (`Module`) and the places where it can be cut (`SourcePiece`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tree_sitter import Node

from swiftprep.catalog.vue.values import Value


@dataclass(slots=True)
class Module:
    """The facts of one file.

    Attributes:
        imports: Local name → `[module, exported name]`; the exported name is `"default"`, `"*"` or a name.
        exports: Exported name → value.
        stars: Modules that are re-exported completely (`export * from`).
        bindings: Top-level name → value.
        effects: Top-level name → the statements that change its value (`functions.py`), such as `X.props = {…}`.
        types: Name → the interface, alias, enum or declared class that has it.
        augments: `[module, types]` of each `declare module 'x'`.
        declared: Name → the type of a variable that is only declared (`declare const`).
        registering: The statements of the top level that may register components (`functions.py`).
        registrations: `[name, component]` of each `X.component(name, component)`, wherever it stands.
        installs: Values passed to a function such as `withInstall`.
        components: The options of each component and mixin, in order (see `options.py`).
        flows: Top-level function → what it does with a component that it is given (see `component_flows.py`).
        notes: Messages about parts that were not read.
    """

    imports: dict[str, list[str]] = field(default_factory=dict)
    exports: dict[str, Value] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    bindings: dict[str, Value] = field(default_factory=dict)
    effects: dict[str, list[Any]] = field(default_factory=dict)
    types: dict[str, Value] = field(default_factory=dict)
    augments: list[list[Any]] = field(default_factory=list)
    declared: dict[str, Value] = field(default_factory=dict)
    registering: list[Any] = field(default_factory=list)
    registrations: list[list[Any]] = field(default_factory=list)
    installs: list[Value] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    flows: dict[str, list[Any]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class SourcePiece(NamedTuple):
    """A piece of a source that can be cut out: bytes from `start` to `end`, with the `inner` pieces inside it."""

    start: int
    end: int
    kind: str
    inner: tuple[SourcePiece, ...] = ()


@dataclass(slots=True)
class Script:
    """A script that is being read.

    Attributes:
        root: Its syntax tree.
        module: The facts read so far.
        line: Its first line in the file, from 1.
        offset: Its first byte in the file.
        in_sfc: Whether it is a block of a single-file component.
        entries: The entries of its component options, with their methods.
        places: First byte of options in it → their index in the module.
    """

    root: Node
    module: Module
    line: int
    offset: int
    in_sfc: bool
    entries: list[SourcePiece] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)

    def span(self, node: Node) -> list[int]:
        """Return the node's first and last line in the file."""
        return [self.line + node.start_point[0], self.line + node.end_point[0]]

    def bounds(self, node: Node) -> tuple[int, int]:
        """Return the node's start and end byte in the file."""
        return self.offset + node.start_byte, self.offset + node.end_byte
