"""What the corpora of right and broken samples share: how a repair and a whole checker are judged.

A corpus is a module with two lists:

GOOD: list of `(question, answer)`.
BAD:  list of `(kind, question_or_messages, answer, fixable, expected)`.
      `question_or_messages` is a str, or the complete list of messages including the last one.
      `expected` is one of
        None            nothing to compare with (the sample should be found; dropping it is fine)
        str             the answer after the repair, the question being unchanged
        list of dicts   the whole conversation after the repair
        AnyOf(...)      any of the above will do
        Gone([...])     none of these texts may be left anywhere, and most of the rest must be
      Where `fixable` is False and `expected` is not None, dropping is fine, but a repair must give `expected`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

Messages = list[dict[str, str]]


class AnyOf(tuple):
    """Several results that are all right."""

    def __new__(cls, *items):
        return super().__new__(cls, items)


class Gone(list):
    """Texts that must not be left in the sample."""


def messages_of(question, answer):
    if isinstance(question, list):
        return [dict(m) for m in question]
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _norm(text):
    text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{2,}", "\n", text).strip()


def matches(bad, after):
    """True if `after` (messages) is a right repair of the row `bad`; blank lines and line ends do not count."""
    _, question, answer, _, expected = bad
    before = messages_of(question, answer)
    if isinstance(expected, AnyOf):
        return any(matches((*bad[:4], one), after) for one in expected)
    if isinstance(expected, Gone):
        old = "\n".join(m["content"] for m in before)
        new = "\n".join(m["content"] for m in after)
        rest = len(old) - sum(len(t) for t in expected)
        return not any(t in new for t in expected) and len(new) >= 0.5 * rest
    if expected is None:
        return False
    want = [*before[:-1], {"role": "assistant", "content": expected}] if isinstance(expected, str) else expected
    pairs = [[(m["role"], _norm(m["content"])) for m in turns] for turns in (want, after)]
    return pairs[0] == pairs[1]


@dataclass(slots=True)
class Judgement:
    """What a checker made of a corpus: how many of each, and which it did not get right."""

    planted: int = 0
    found: int = 0
    fixable: int = 0
    repaired: int = 0
    good: int = 0
    good_dropped: int = 0
    good_changed: int = 0
    missed: list[tuple[str, Any, str]] = field(default_factory=list)


def judge(corpus: ModuleType, run: Callable[[Messages], Any]) -> Judgement:
    """Judge `run(messages) -> report`, one sample at a time; any finding on a broken one counts."""
    judgement = Judgement(planted=len(corpus.BAD), good=len(corpus.GOOD))
    for row in corpus.BAD:
        kind, question, answer, fixable, _ = row
        report = run(messages_of(question, answer))
        is_right = fixable and bool(report.kept) and matches(row, report.kept[0].messages)
        judgement.found += len(report.findings) > 0
        judgement.fixable += fixable
        judgement.repaired += is_right
        if not len(report.findings):
            judgement.missed.append((f"{kind}: not found", question, answer[-80:]))
        elif fixable and not is_right:
            judgement.missed.append((f"{kind}: not repaired right", question, answer[-80:]))
    for question, answer in corpus.GOOD:
        messages = messages_of(question, answer)
        report = run(messages)
        rules = "; ".join(
            f"{found.rule}: {found.reason}" for found in report.findings.itertuples() if found.severity != "warn"
        )
        if not report.kept:
            judgement.good_dropped += 1
            judgement.missed.append(("good: dropped", question, rules))
        elif report.kept[0].messages != messages:
            judgement.good_changed += 1
            judgement.missed.append(("good: changed", question, rules))
    return judgement
