"""Make repair samples: broken code in the question, the explanation and the correct code in the answer."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from random import Random

from swiftprep.augment.breaks import BREAKS, SYNTAX, Broken, broken
from swiftprep.augment.parent import Draft, Drafts, Parent
from swiftprep.augment.phrasing import say
from swiftprep.catalog.catalog import Catalog
from swiftprep.catalog.check import Problem
from swiftprep.code.tags import markup

WHOLE = 4_000  # characters up to which a component is shown whole; of a longer one, a piece of its template is shown
FEWEST_LINES, MOST_LINES = 4, 50  # of a piece
MOST_PIECES = 6
_API_FIRST = 0.8  # how often a misuse of the API is tried before broken syntax, which is possible anywhere
_TRIES = 4  # places tried for each kind of fault


def repair(parent: Parent, draw: Random) -> Drafts:
    """Break a component in a known way, and answer with the explanation and the original code.

    The catalogue must find no problem in the original code, and only the one introduced in the broken code. Without a
    catalogue, only the syntax is broken.
    """
    if parent.kind not in ("component", "page", "template", "") or parent.is_part:
        return "other-kind"
    if isinstance(parent.parsed, str):
        return parent.parsed
    if not parent.is_vue:
        return "other-language"
    assert parent.code is not None
    if "```" in parent.code.text:
        return "no-code"
    excerpts = [code for code in _excerpts(parent.code.text, draw) if not _problems(code, parent.catalog)]
    if not excerpts:
        return "not-clean"
    return _drafts(parent, excerpts, draw)


def _excerpts(code: str, draw: Random) -> list[str]:
    """Return the whole code if it is short, and pieces of its template, in random order."""
    source = code.encode("utf-8", "replace")
    pieces = []
    for element in markup(source):
        if element.end - element.start > WHOLE:
            continue
        first = source.rfind(b"\n", 0, element.start) + 1
        text = source[first : element.end].decode("utf-8", "replace")
        if FEWEST_LINES <= text.count("\n") + 1 <= MOST_LINES and not source[first : element.start].strip():
            pieces.append(textwrap.dedent(text))
    draw.shuffle(pieces)
    pieces = pieces[:MOST_PIECES]
    if len(code) <= WHOLE:
        pieces.insert(0 if draw.random() < 0.5 else len(pieces), code.strip("\n"))
    return pieces


def _problems(code: str, catalog: Catalog | None) -> list[Problem]:
    problems = (catalog or Catalog()).check(code)
    return problems if catalog is not None else [problem for problem in problems if problem.kind == "syntax"]


def _drafts(parent: Parent, excerpts: list[str], draw: Random) -> Iterator[Draft]:
    kinds = list(BREAKS if parent.catalog is not None else SYNTAX)
    draw.shuffle(kinds)
    if draw.random() < _API_FIRST:
        kinds.sort(key=lambda kind: kind in SYNTAX)
    for kind in kinds:
        for code in excerpts:
            for fault in islice(broken(code, kind, parent.catalog, draw), _TRIES):
                problems = _problems(fault.code, parent.catalog)
                if _is_reported(fault, problems):
                    draft = _draft(parent, code, fault, problems[0], draw)
                    if draft is not None:
                        yield draft
                    break


def _is_reported(fault: Broken, problems: list[Problem]) -> bool:
    """Return whether the catalogue finds the fault that was introduced, and nothing else."""
    if fault.kind in SYNTAX:
        return bool(problems) and problems[0].kind == "syntax"
    name = {"unknown-tag": "", "missing-prop": fault.right}.get(fault.kind, fault.wrong)
    return [(problem.kind, problem.name) for problem in problems] == [(fault.kind, name)]


def _draft(parent: Parent, code: str, fault: Broken, problem: Problem, draw: Random) -> Draft | None:
    lang = parent.lang
    question_facts = dict(parent.known) if draw.random() < 0.5 else {}
    if draw.random() < 0.5:
        plain = replace(problem, near="")  # the answer tells the correct name, not the question
        question_facts["message"] = plain.message_zh if lang == "zh" else plain.message
    question = say(lang, "repair", question_facts, draw)
    facts = {"line": str(fault.line), "tag": fault.tag, "wrong": fault.wrong, "right": fault.right}
    if fault.kind == "unknown-tag":
        del facts["tag"]
    explained = say(lang, fault.kind, {key: value for key, value in facts.items() if value}, draw)
    fixed = say(lang, "fixed", {}, draw)
    if question is None or explained is None or fixed is None:
        return None
    answer = f"{explained}\n\n{fixed}\n\n```vue\n{code}\n```"
    return Draft(question, f"```vue\n{fault.code}\n```", answer, "repair", {"fault": fault.kind})
