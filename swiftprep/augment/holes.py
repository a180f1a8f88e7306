"""Fill-in-the-middle with other holes: spans of a file at syntactic boundaries."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from swiftprep.augment.parent import Draft, Drafts, Parent
from swiftprep.augment.phrasing import say
from swiftprep.scan.cut import span_of
from swiftprep.scan.kinds import CONTEXT_LINES, holes, is_good_hole

MARKS = {"zh": "【待补全】", "en": "[MISSING]"}
WHOLE = 6_000  # bytes up to which a file is shown whole


def fim(parent: Parent, draw: Random) -> Drafts:
    """Cut another piece out of a file: a method, an option, a statement, an element.

    Source: Bavarian et al., Efficient training of language models to fill in the middle (2022).
    """
    if parent.kind not in ("component", "page", "") or parent.is_part:
        return "other-kind"
    if isinstance(parent.parsed, str):
        return parent.parsed
    assert parent.code is not None
    source = parent.code.text.encode("utf-8", "replace")
    mark = MARKS[parent.lang]
    if mark in parent.code.text or "```" in parent.code.text:
        return "no-span"
    spots = [hole for hole in sorted(set(holes(parent.parsed[1], source))) if is_good_hole(source, *hole)]
    draw.shuffle(spots)
    return _drafts(parent, source, spots, draw) if spots else "no-span"


def _drafts(parent: Parent, source: bytes, spots: list[tuple[int, int]], draw: Random) -> Iterator[Draft]:
    assert parent.code is not None
    language, first = parent.code.language, _first_line(parent)
    for start, end in spots:
        before, middle, after = (
            part.decode("utf-8", "replace") for part in (source[:start], source[start:end], source[end:])
        )
        whole = len(source) <= WHOLE
        if not whole:
            before = "".join(before.splitlines(keepends=True)[-CONTEXT_LINES:])
            after = "".join(after.splitlines(keepends=True)[:CONTEXT_LINES])
        facts = parent.known if draw.random() < 0.5 else {}
        instruction = say(parent.lang, "fim", facts, draw)
        if instruction is None:
            continue
        excerpt = f"```{language}\n{before}{MARKS[parent.lang]}{after}\n```"
        span = [line + first - 1 for line in span_of(source, start, end)]
        head = file_line(parent, draw, whole=whole)
        yield Draft(instruction, head + excerpt, f"```{language}\n{middle}\n```", "fim", {"span": span})


def _first_line(parent: Parent) -> int:
    span = parent.sample.meta.get("span")
    return span[0] if isinstance(span, list | tuple) and span and isinstance(span[0], int) else 1


def file_line(parent: Parent, draw: Random, *, whole: bool) -> str:
    """Return a line that names the file, with a blank line after it; `""` if the file has no name."""
    if not parent.path:
        return ""
    if whole:
        return f"文件:{parent.path}\n\n" if parent.lang == "zh" else f"File: {parent.path}\n\n"
    return (say(parent.lang, "excerpt", {"path": parent.path}, draw) or parent.path) + "\n\n"
