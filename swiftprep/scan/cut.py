"""Cut a long source into parts that fit, at the borders of blocks, statements, methods and elements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from swiftprep.catalog.facts import Shape
from swiftprep.catalog.module import Piece
from swiftprep.catalog.sfc import Element


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a source, in bytes; `around` names what it lies in, the outermost first."""

    start: int
    end: int
    around: tuple[str, ...] = ()


def cut(source: bytes, tree: list[Piece], fits: Callable[[bytes], bool]) -> tuple[list[Part], list[Part]]:
    """Return the parts of `source` that fit, joined as far as they fit, and the smallest ones that do not.

    Together they cover every piece of `tree`, and no part begins or ends within a piece that has no inner ones.

    Args:
        source: The text as UTF-8.
        tree: Its pieces in order.
        fits: Whether a stretch is short enough.
    """
    parts: list[Part] = []
    too_long: list[Part] = []

    def add(pieces: tuple[Piece, ...] | list[Piece], around: tuple[str, ...]) -> None:
        open_: Piece | None = None
        for piece in pieces:
            if open_ is not None and fits(source[open_.start : piece.end]):
                open_ = Piece(open_.start, piece.end, open_.kind)
                continue
            if open_ is not None:
                parts.append(Part(open_.start, open_.end, around))
                open_ = None
            if fits(source[piece.start : piece.end]):
                open_ = piece
            elif piece.inner:
                add(piece.inner, (*around, _heading(source, piece)))
            else:
                too_long.append(Part(piece.start, piece.end, around))
        if open_ is not None:
            parts.append(Part(open_.start, open_.end, around))

    add(tree, ())
    return parts, too_long


def _heading(source: bytes, piece: Piece) -> str:
    """Return the first line of a piece, which says what the parts within it belong to."""
    line = source[piece.start : piece.end].lstrip().split(b"\n", 1)[0]
    return line[:120].decode("utf-8", "ignore").strip()


def pieces_of(source: bytes, shape: Shape) -> list[Piece]:
    """Return a file's pieces: blocks, in them statements or elements, in these their parts."""
    if not shape.blocks:
        return shape.pieces
    made = []
    for block in shape.blocks:
        inner: list[Piece] = []
        if block.kind == "script":
            inner = [p for p in shape.pieces if block.start <= p.start and p.end <= block.end]
        elif block.kind == "template":
            inner = _elements(shape.elements, block.start, block.end)
        elif block.kind == "style":
            inner = rules(source, block.start, block.end)
        made.append(Piece(block.outer, block.outer_end, block.kind, tuple(inner)))
    return made


def _elements(elements: list[Element], start: int, end: int) -> list[Piece]:
    """Return the template's elements as nested pieces."""
    children: dict[int, list[int]] = {}
    for index, element in enumerate(elements):
        if start <= element.start and element.end <= end:
            children.setdefault(element.parent, []).append(index)
    inside = {index for members in children.values() for index in members}
    roots = [index for parent, members in children.items() if parent not in inside for index in members]

    def piece(index: int, depth: int) -> Piece:
        element = elements[index]
        inner = tuple(piece(child, depth + 1) for child in children.get(index, ())) if depth < 100 else ()
        return Piece(element.start, element.end, "element", inner)

    return [piece(index, 0) for index in sorted(roots)]


def rules(source: bytes, start: int, end: int) -> list[Piece]:
    """Return the top-level rules of a style sheet: stretches that end where its braces are closed."""
    found: list[Piece] = []
    depth = 0
    begin = start
    for position in range(start, end):
        byte = source[position]
        if byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if depth == 0:
                found.append(Piece(begin, position + 1, "rule"))
                begin = position + 1
    if source[begin:end].strip():
        found.append(Piece(begin, end, "rule"))
    return found


def span_of(source: bytes, start: int, end: int) -> list[int]:
    """Return the first and the last line, from 1, of `source[start:end]`, blank ends left out."""
    text = source[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    first = source.count(b"\n", 0, start) + 1
    return [first, first + source.count(b"\n", start, max(start, end))]
