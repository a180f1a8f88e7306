"""Corpora of right and broken samples, written without sight of the rules, and how a checker is judged by them.

`corpora_data/NAME.jsonl` has a row for each sample. A right one has `question` and `answer`. A broken one has besides:

kind:     what is wrong with it.
fixable:  whether it can be put right from what is left of it.
expected: null (it should be found; dropping it is fine); the answer after the repair, the question being unchanged; the
          list of all messages after the repair; `{"any_of": […]}`, any of which will do; `{"gone": […]}`, texts of which
          none may be left, and most of the rest must be. Where `fixable` is false and this is not null, dropping it is
          fine, but a repair must give this.

`question` may be the list of all messages, the answer among them. The sign U+241F stands in the midst of made-up keys,
so that no scanner for leaks takes them for real ones; it is taken out here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Messages = list[dict[str, str]]

DATA = Path(__file__).parent / "corpora_data"
_WITHIN_KEYS = "\u241f"


class Good(NamedTuple):
    """A sample in which nothing is wrong."""

    question: str
    answer: str


class Bad(NamedTuple):
    """A broken sample; the module says what its fields hold."""

    kind: str
    question: str | Messages
    answer: str
    fixable: bool
    expected: Any


class Corpus(NamedTuple):
    """Right and broken samples."""

    good: list[Good]
    bad: list[Bad]


@cache
def load(name: str) -> Corpus:
    """Return the corpus of a file in `corpora_data`."""
    corpus = Corpus([], [])
    for line in (DATA / f"{name}.jsonl").read_text("utf-8").split("\n"):
        row = json.loads(line.replace(_WITHIN_KEYS, "")) if line else {}
        if "kind" in row:
            corpus.bad.append(Bad(**row))
        elif row:
            corpus.good.append(Good(**row))
    return corpus


def messages_of(question: str | Messages, answer: str) -> Messages:
    """Return the messages of a sample of a corpus."""
    if isinstance(question, list):
        return [dict(m) for m in question]
    return [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]


def _norm(text: str) -> str:
    text = "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n"))
    return re.sub(r"\n{2,}", "\n", text).strip()


def matches(bad: Bad, after: Messages) -> bool:
    """Return whether messages are a right repair of a broken sample; blank lines and line ends do not count."""
    before = messages_of(bad.question, bad.answer)
    if isinstance(bad.expected, dict) and "any_of" in bad.expected:
        return any(matches(bad._replace(expected=one), after) for one in bad.expected["any_of"])
    if isinstance(bad.expected, dict):
        old, new = ("\n".join(m["content"] for m in messages) for messages in (before, after))
        gone = bad.expected["gone"]
        rest = len(old) - sum(len(text) for text in gone)
        return not any(text in new for text in gone) and len(new) >= 0.5 * rest
    if bad.expected is None:
        return False
    want = bad.expected
    if isinstance(want, str):
        want = [*before[:-1], {"role": "assistant", "content": want}]
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


def judge(corpus: Corpus, run: Callable[[Messages], Any]) -> Judgement:
    """Judge `run(messages) -> report`, one sample at a time; any finding on a broken one counts."""
    judgement = Judgement(planted=len(corpus.bad), good=len(corpus.good))
    for bad in corpus.bad:
        report = run(messages_of(bad.question, bad.answer))
        is_right = bad.fixable and bool(report.kept) and matches(bad, report.kept[0].messages)
        judgement.found += len(report.findings) > 0
        judgement.fixable += bad.fixable
        judgement.repaired += is_right
        if not len(report.findings):
            judgement.missed.append((f"{bad.kind}: not found", bad.question, bad.answer[-80:]))
        elif bad.fixable and not is_right:
            judgement.missed.append((f"{bad.kind}: not repaired right", bad.question, bad.answer[-80:]))
    for question, answer in corpus.good:
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
