"""What reading a script fills in: what it says (`Module`), and where it can be cut (`SourcePiece`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tree_sitter import Node

from swiftprep.catalog.vue.values import Value


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
        components: Every component's and mixin's options found, in order (`options.py` says what they hold).
        notes: What was not read, in words.
    """

    imports: dict[str, list[str]] = field(default_factory=dict)
    exports: dict[str, Value] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    bindings: dict[str, Value] = field(default_factory=dict)
    registrations: list[list[Any]] = field(default_factory=list)
    installs: list[Value] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class SourcePiece(NamedTuple):
    """A part of a source that can be cut out whole: bytes from `start` to `end`; `inner` parts lie within it."""

    start: int
    end: int
    kind: str
    inner: tuple[SourcePiece, ...] = ()


@dataclass(slots=True)
class Script:
    """A script while it is read.

    Attributes:
        root: Its syntax tree.
        module: What it has been found to say.
        line: The line of its file where it begins, from 1.
        offset: The byte of its file where it begins.
        in_sfc: Whether it is a block of a single-file component.
        entries: The entries of the component options found, with their methods.
    """

    root: Node
    module: Module
    line: int
    offset: int
    in_sfc: bool
    entries: list[SourcePiece] = field(default_factory=list)

    def span(self, node: Node) -> list[int]:
        """Return the node's first and last line in the file."""
        return [self.line + node.start_point[0], self.line + node.end_point[0]]

    def bounds(self, node: Node) -> tuple[int, int]:
        """Return the bytes of the file between which the node stands."""
        return self.offset + node.start_byte, self.offset + node.end_byte
