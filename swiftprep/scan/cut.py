"""Cut a long source into parts that fit, at the boundaries of blocks, statements, methods and elements."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from swiftprep.catalog.vue.facts import CutPlaces
from swiftprep.catalog.vue.module import SourcePiece
from swiftprep.parsing.sfc import Element


@dataclass(frozen=True, slots=True)
class CutPart:
    """A stretch of a source, in bytes; `around` holds the first lines of its enclosing pieces, outermost first."""

    start: int
    end: int
    around: tuple[str, ...] = ()


def cut(source: bytes, tree: list[SourcePiece], fits: Callable[[bytes], bool]) -> tuple[list[CutPart], list[CutPart]]:
    """Return the parts of `source` that fit, each as long as possible, and the smallest ones that do not.

    Together they cover every piece of `tree`; no part begins or ends within a piece that has no inner pieces.

    Args:
        source: The text as UTF-8.
        tree: Its pieces in order.
        fits: Returns whether a stretch is short enough.
    """
    parts: list[CutPart] = []
    too_long: list[CutPart] = []

    def add(pieces: tuple[SourcePiece, ...] | list[SourcePiece], around: tuple[str, ...]) -> None:
        first = 0
        while first < len(pieces):
            piece = pieces[first]
            if count := _that_fit(source, pieces, first, fits):
                parts.append(CutPart(piece.start, pieces[first + count - 1].end, around))
            elif piece.inner:
                add(piece.inner, (*around, _heading(source, piece)))
            else:
                too_long.append(CutPart(piece.start, piece.end, around))
            first += count or 1

    add(tree, ())
    return parts, too_long


def _that_fit(
    source: bytes, pieces: tuple[SourcePiece, ...] | list[SourcePiece], first: int, fits: Callable[[bytes], bool]
) -> int:
    """Return how many consecutive pieces, from one on, fit together; few stretches are measured."""
    count, step, grows = 0, 1, True
    while step:
        last = first + count + step - 1
        if last < len(pieces) and fits(source[pieces[first].start : pieces[last].end]):
            count += step
        else:
            grows = False
        step = 2 * step if grows else step // 2
    return count


def _heading(source: bytes, piece: SourcePiece) -> str:
    """Return the first line of a piece, as context for the parts inside it."""
    line = source[piece.start : piece.end].lstrip().split(b"\n", 1)[0]
    return line[:120].decode("utf-8", "ignore").strip()


def pieces_of(source: bytes, shape: CutPlaces) -> list[SourcePiece]:
    """Return a file's pieces: blocks, which hold statements or elements, which hold their parts."""
    if not shape.blocks:
        return shape.pieces
    by_block = []
    pieces = sorted(shape.pieces, key=lambda piece: piece.start)
    elements = sorted(enumerate(shape.elements), key=lambda item: item[1].start)
    for block in shape.blocks:
        inner: list[SourcePiece] = []
        if block.kind == "script":
            first = bisect_left(pieces, block.start, key=lambda piece: piece.start)
            last = bisect_left(pieces, block.end, key=lambda piece: piece.start)
            inner = [piece for piece in pieces[first:last] if piece.end <= block.end]
        elif block.kind == "template":
            first = bisect_left(elements, block.start, key=lambda item: item[1].start)
            last = bisect_left(elements, block.end, key=lambda item: item[1].start)
            inner = _elements([item for item in elements[first:last] if item[1].end <= block.end])
        elif block.kind == "style":
            inner = rules(source, block.start, block.end)
        by_block.append(SourcePiece(block.outer, block.outer_end, block.kind, tuple(inner)))
    return by_block


def _elements(numbered: list[tuple[int, Element]]) -> list[SourcePiece]:
    """Return the template's elements, each with its number in the file, as nested pieces."""
    elements = dict(numbered)
    children: dict[int, list[int]] = {}
    for index, element in numbered:
        children.setdefault(element.parent, []).append(index)
    inside = {index for members in children.values() for index in members}
    roots = [index for parent, members in children.items() if parent not in inside for index in members]

    def piece(index: int, depth: int) -> SourcePiece:
        element = elements[index]
        inner = tuple(piece(child, depth + 1) for child in children.get(index, ())) if depth < 100 else ()
        return SourcePiece(element.start, element.end, "element", inner)

    return [piece(index, 0) for index in sorted(roots)]


def rules(source: bytes, start: int, end: int) -> list[SourcePiece]:
    """Return the top-level rules of a style sheet: stretches that end where all braces are closed."""
    pieces: list[SourcePiece] = []
    depth = 0
    begin = start
    for position in range(start, end):
        byte = source[position]
        if byte == 0x7B:
            depth += 1
        elif byte == 0x7D:
            depth -= 1
            if depth == 0:
                pieces.append(SourcePiece(begin, position + 1, "rule"))
                begin = position + 1
    if source[begin:end].strip():
        pieces.append(SourcePiece(begin, end, "rule"))
    return pieces


def span_of(source: bytes, start: int, end: int) -> list[int]:
    """Return the first and the last line, from 1, of `source[start:end]`, without blank ends."""
    text = source[start:end]
    start += len(text) - len(text.lstrip())
    end -= len(text) - len(text.rstrip())
    first = source.count(b"\n", 0, start) + 1
    return [first, first + source.count(b"\n", start, max(start, end))]
