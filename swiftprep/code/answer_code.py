"""Find syntax errors and misuse of the framework in the code of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from swiftprep.catalog.api import kebab
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.check import Problem
from swiftprep.catalog.known_tags import families
from swiftprep.code.pieces import CodePiece, is_noted_wrong
from swiftprep.code.snippets import SCRIPTS, script_frame, syntax_errors

_JSX = re.compile(r"<[A-Za-z][^<>]*>")
_NAMED_HERE = re.compile(
    r"""\bname\s*:\s*['"]([\w-]+)['"]|\bimport\s+(\w+)\s+from\s+['"](?:[.~]|@/)|\bcomponent\(\s*['"]([\w-]+)['"]"""
    r"|\b([A-Z]\w+)\.vue\b"
)
_FROM_PACKAGE = re.compile(r"""\bimport\s+(?:(\w+)|\{([^{}]*)\})\s+from\s+['"](?![.~]|@/)([^'"]+)['"]""")


def problems(
    text: str, pieces: list[CodePiece], catalog: Catalog | None, *, only_known: bool = False
) -> Iterator[tuple[CodePiece, Problem]]:
    """Yield the problems in the code of an answer, except in code that it shows as wrong.

    Args:
        text: The whole answer; a component defined in one block is known in the others.
        pieces: Its pieces of code.
        catalog: The components to check against; None checks only the syntax.
        only_known: Whether the author knows no other tags than those of the catalogue; see `Catalog.check`.
    """
    here = {kebab(name) for match in _NAMED_HERE.finditer(text) for name in match.groups() if name}
    for piece in pieces:
        if piece.is_wrong:
            continue
        for problem in dict.fromkeys(_problems(piece, catalog, only_known)):
            is_here = problem.kind == "unknown-tag" and kebab(problem.tag) in here
            if not is_here and not is_noted_wrong(piece.code, problem.line):
                yield piece, problem


def _problems(piece: CodePiece, catalog: Catalog | None, only_known: bool) -> Iterator[Problem]:
    known = catalog if catalog is not None and any(component.kind == "component" for component in catalog) else None
    if piece.language == "vue" and known is not None:
        yield from _checked(known, piece.code, only_known)
        return
    yield from (Problem("syntax", line, name=what) for line, what in syntax_errors(piece.code, piece.language))
    if known is not None and piece.language in SCRIPTS and _JSX.search(piece.code):
        before, after = script_frame(piece.code, piece.language)[0]
        wrapped = f"<script lang='tsx'>{before}{piece.code}{after}\n</script>"
        yield from (problem for problem in _checked(known, wrapped, only_known) if problem.kind != "syntax")


def _checked(catalog: Catalog, code: str, only_known: bool) -> Iterator[Problem]:
    yield from catalog.check(code, strict=True, only_known=only_known)
    if "import" in code:
        yield from _invented(catalog, code, only_known)


def _invented(catalog: Catalog, code: str, only_known: bool) -> Iterator[Problem]:
    """Yield components imported from a package that have the framework's prefix but do not exist in it."""
    prefixes = tuple(f"{prefix}-" for prefix in sorted(families(catalog.owned("framework"))))
    for match in _FROM_PACKAGE.finditer(code):
        for name in (match[1] or match[2]).split(","):
            tag = kebab(name.rpartition(" as ")[2].strip())
            is_ours = tag.startswith(prefixes) and re.search(rf"<{tag}[\s/>]", code) is not None
            # It is judged like a tag that is not imported.
            if is_ours and any(
                problem.kind == "unknown-tag" for problem in catalog.check(f"<{tag} />", only_known=only_known)
            ):
                yield Problem("unknown-tag", code.count("\n", 0, match.start()) + 1, tag)
