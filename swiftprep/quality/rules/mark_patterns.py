"""The patterns of chat-template marks, from `assets/quality/marks.yaml`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

_ROLES = {
    "assistant": "assistant|ASSISTANT|Assistant|model|bot|Bot|ai|gpt|chatbot|CHATBOT",
    "user": "user|USER|User|human|HUMAN|Human",
    "system": "system|SYSTEM|System|developer",
    "tool": "tool|observation|function|ipython|environment",
}
_FENCE = r"^[ \t]*(?P<fence>`{3,}|~{3,})(?P<info>[^\n]*)$"


@dataclass(frozen=True, slots=True)
class Marks:
    """The patterns of `marks.yaml`.

    Attributes:
        turns: A mark of a turn; its group tells the kind: `"opens"`, `"ends"` or `"turns"`.
        owners: Role → the marks that name the role of the turn by themselves.
        thoughts: A fence, or a mark around reasoning; groups `first_0`, `last_0`, `first_1` …
        word: The group number that words in angle brackets have in `thoughts`.
        answers: Opening and closing mark around an answer.
        in_thought: Marks that may be removed from reasoning.
        tokens: Anything in the form of a chat-template token.
        words: A word in angle brackets that may be a mark.
        calls: A mark of a tool call.
        any: Any of these.
    """

    turns: re.Pattern[str]
    owners: dict[str, re.Pattern[str]]
    thoughts: re.Pattern[str]
    word: str
    answers: list[tuple[re.Pattern[str], re.Pattern[str]]]
    in_thought: re.Pattern[str]
    tokens: re.Pattern[str]
    words: re.Pattern[str]
    calls: re.Pattern[str]
    any: re.Pattern[str]


@cache
def marks() -> Marks:
    """Return the patterns, read from the file once."""
    text = (files("swiftprep") / "assets" / "quality" / "marks.yaml").read_text(encoding="utf-8")
    text = text.replace("{role}", "(?:" + "|".join(_ROLES.values()) + ")")
    lines = {name: [line for line in str(block).split("\n") if line] for name, block in yaml.safe_load(text).items()}
    of = {name: "|".join(f"(?:{line})" for line in block) for name, block in lines.items()}
    owners = {role: of[f"of_{role}"] for role in ("user", "assistant", "system")}
    turns = "|".join([of["turns"], *owners.values()])
    thoughts, answers = ([_pair(line) for line in lines[name]] for name in ("thoughts", "answers"))
    think = "|".join(thoughts[0])
    words = f"</?(?i:{of['thought_words']}|{of['answer_words']})>"
    thoughts.append((rf"^[ \t]*<(?i:{of['thought_words']})>", f"</(?i:{of['thought_words']})>"))
    pairs = [mark for pair in (*thoughts[1:-1], *answers) for mark in pair]
    others = [mark for mark in pairs if not mark.startswith((r"\A", "assistant"))]
    # Looking at the first character first makes the search ten times faster.
    tokens = r"(?=[<\[\]◁])(?:" + "|".join([of["opens"], of["ends"], turns, *others, of["others"]]) + ")"
    answers.append((f"<(?i:{of['answer_words']})>", f"</(?i:{of['answer_words']})>"))
    anything = "|".join([tokens, think, words, of["calls"], r"\\boxed\b"])
    return Marks(
        re.compile(f"(?P<opens>{of['opens']})|(?P<ends>{of['ends']})|(?P<turns>{turns})"),
        {role: re.compile(own) for role, own in owners.items()},
        re.compile(
            "|".join([_FENCE, *(f"(?P<first_{n}>{a})|(?P<last_{n}>{b})" for n, (a, b) in enumerate(thoughts))]), re.M
        ),
        str(len(thoughts) - 1),
        [(re.compile(rf"\A\s*(?:{first})"), re.compile(rf"(?:{last})\s*\Z")) for first, last in answers],
        re.compile("|".join([of["in_thoughts"], words, think])),
        re.compile(tokens),
        re.compile(rf"^[ \t]*{words}|{words}[ \t]*$", re.M),
        re.compile(of["calls"]),
        re.compile(rf"(?=[<\[\]◁✿\\])(?:{anything})|\A\s*(?:<s>|analysis\w)"),
    )


def _pair(line: str) -> tuple[str, str]:
    first, _, last = line.partition(" => ")
    return first, last


def owner_of(mark: str) -> str:
    """Return the role whose turn a mark begins, or `""`."""
    for role, own in marks().owners.items():
        if own.fullmatch(mark):
            return role
    for role, names in _ROLES.items():
        if re.search(rf"(?<![A-Za-z])(?:{names})(?![A-Za-z])", mark):
            return role
    return ""
