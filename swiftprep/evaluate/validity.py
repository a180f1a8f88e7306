"""Check the framework API that answers use against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from swiftprep.catalog.catalog import Catalog
from swiftprep.code.answer_code import problems
from swiftprep.code.markdown import fenced
from swiftprep.code.pieces import pieces
from swiftprep.code.tags import markup
from swiftprep.process.workers import Guarded

_TAG = re.compile(r"<(/?)([A-Za-z][\w-]*)(?![\w-])[^<>]*>")
_VOID = ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
# Syntax errors and missing props do not count: an answer may end at `max_new_tokens`, in the middle of its code.
_WRONG = ("unknown-tag", "unknown-prop", "unknown-event", "unknown-slot")


def api_valid(answer: str, catalog: Catalog) -> bool:
    r"""Return whether the code of an answer uses the framework, and only API that the framework has.

    An answer without any component of the framework is not valid, since it does not use it. Nor is one with a tag
    that has the framework's prefix and is not in the catalogue, or one that cannot be analysed. PriCoder (arXiv
    2603.15159) counts executable answers in the same spirit; here nothing is run.

    Args:
        answer: The answer, which may be cut off anywhere.
        catalog: The framework's catalogue.

    >>> from swiftprep import Scanner, demo
    >>> catalog = Scanner(demo.app(), framework="ta404").scan().catalog
    >>> [api_valid(f"```vue\n{code}\n```", catalog) for code in ("<ta-tag>x</ta-tag>", "<ta-tga/>", "<b>x</b>")]
    [True, False, False]
    """
    return Guarded(partial(_api_valid, catalog), size=len)(answer) is True


def _api_valid(catalog: Catalog, answer: str) -> bool:
    text = _ended(answer)
    code_pieces = pieces(text)
    if any(problem.kind in _WRONG for _, problem in problems(text, code_pieces, catalog)):
        return False
    vue_code = [
        piece.code.encode("utf-8", "replace") for piece in code_pieces if piece.language == "vue" and not piece.is_wrong
    ]
    tags = {element.tag for code in vue_code for element in markup(code)}
    of_framework = [tag for tag in tags if catalog.owner_of(tag) == "framework"]
    return bool(of_framework) and all(catalog.find(tag) is not None for tag in of_framework)


def _ended(answer: str) -> str:
    """Return an answer that may be cut off without its last partial tag and with open tags closed, for parsing."""
    text = answer[: answer.rfind("<")] if answer.rfind("<") > answer.rfind(">") else answer
    blocks = fenced(text)
    if blocks and blocks[-1].closed:
        return text
    left_open: list[str] = []
    for match in _TAG.finditer(text, blocks[-1].start if blocks else 0):
        if match[1] and match[2] in left_open:
            while left_open.pop() != match[2]:
                pass
        elif not match[1] and not match[0].endswith("/>") and match[2] not in _VOID:
            left_open.append(match[2])
    return text + "".join(f"</{name}>" for name in reversed(left_open))


def api_rows(rows: Iterable[Mapping[str, Any]], catalog: Catalog) -> list[dict[str, Any]]:
    """Return rows of an evaluation scored by their API, in a set named after theirs with `-api` appended.

    Args:
        rows: Rows of `Evaluation.rows`; those whose reference does not use the framework are left out.
        catalog: The framework's catalogue.
    """
    valid = Guarded(partial(_api_valid, catalog), size=len)
    return [
        {**row, "set": f"{row['set']}-api", "metric": "api", "score": float(valid(str(row["answer"])) is True)}
        for row in rows
        if valid(str(row["reference"])) is True
    ]
