"""Reword an instruction: read its facts, and compose a new one from them with a small grammar.

The grammars are `assets/paraphrase/zh.yaml` and `en.yaml`. A generated sentence is kept only if it states exactly the
facts that were read, so that a paraphrase neither loses nor invents any.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

import yaml

from swiftprep.text.characters import HAN

LONGEST = 2_000  # characters of the longest instruction that is read
_TRIES = 400  # sentences generated before giving up; at worst one in thirty states exactly the facts
_RULE = re.compile(r"\$(?:([a-z]+)|\{([a-z]+)\})")
_SLOT = re.compile(r"(?<!\$)\{([a-z]+)\}")
# Patterns of the facts in an instruction; any other fact matches anything within the line.
_SHAPES = {
    "vue": r"[^\s']+?", "framework": r"[^'\n]+?", "language": r"[\w+#-]+", "part": r"\d+", "parts": r"\d+",
    "name": r"\S+?", "used": r"[^'\n]+?", "first": r"\S+?", "needs": r"[^.\n]+?",
}  # fmt: skip
_TOLD_AS = {"tags": {"used"}, "settings": {"used"}}
_JOINED = {"zh": ("、", "、"), "en": (", ", " and ")}


class Asked(NamedTuple):
    """An instruction that was understood.

    Attributes:
        lang: `"zh"` or `"en"`.
        kind: The task, one of the grammar's kinds.
        facts: The facts it states, by slot. `used` lists components with their props: `"el-a (props: x, y), el-b"`.
    """

    lang: str
    kind: str
    facts: dict[str, str]


def language_of(text: str) -> str:
    """Return `"zh"` for a text with Chinese characters in its prose, otherwise `"en"`."""
    return "zh" if HAN.search(text.partition("```")[0][:LONGEST]) else "en"


@lru_cache(maxsize=2)
def grammar(lang: str) -> dict[str, dict[str, list[str]]]:
    """Return a language's rules by kind; each kind includes the shared ones."""
    text = (files("swiftprep") / "assets" / "paraphrase" / f"{lang}.yaml").read_text(encoding="utf-8")
    kinds: dict[str, Any] = yaml.safe_load(text)
    shared = kinds.pop("shared")
    return {kind: {**shared, **rules} for kind, rules in kinds.items()}


def read(instruction: str) -> Asked | None:
    r"""Return what an instruction asks, or None if it is not one of the scanner's.

    >>> read("What can be set on ta-table?")
    Asked(lang='en', kind='api', facts={'name': 'ta-table'})
    """
    if len(instruction) > LONGEST:
        return None
    for lang, kind, pattern in _readers():
        match = pattern.fullmatch(instruction)
        if match:
            facts = match.groupdict()
            if "needs" in facts:  # the props of the first component, which the sentence states separately
                rest = facts["used"].removeprefix(facts.pop("first"))
                first = facts["used"].removesuffix(rest) if rest else facts["used"]
                facts["used"] = with_props(first, facts.pop("needs"), lang) + rest
            return Asked(lang, kind, facts)
    return None


@lru_cache(maxsize=1)
def _readers() -> list[tuple[str, str, re.Pattern[str]]]:
    return [
        (lang, kind, _pattern(sentence))
        for lang in ("zh", "en")
        for kind, rules in grammar(lang).items()
        for sentence in rules.get("read", ())
    ]


def _pattern(sentence: str) -> re.Pattern[str]:
    pattern, seen = "", set()
    for at, piece in enumerate(_SLOT.split(sentence)):
        if at % 2 == 0:
            pattern += re.escape(piece)
        elif piece in seen:
            pattern += f"(?P={piece})"
        else:
            shape = "" if piece == "think" else _SHAPES.get(piece, r"[^\n]+?")
            pattern += f"(?P<{piece}>{shape})"
            seen.add(piece)
    return re.compile(pattern)


def with_props(tag: str, props: str, lang: str) -> str:
    """Return a component with its props in the form of `used`."""
    return f"{tag}(属性:{props})" if lang == "zh" else f"{tag} (props: {props})"


def components(used: str) -> list[tuple[str, list[str]]]:
    """Return the components in `used`, each with its props.

    >>> components("el-a (props: x, y), el-b")
    [('el-a', ['x', 'y']), ('el-b', [])]
    """
    listed = re.findall(r"([^\s、,()]+)(?: ?\((?:props: |属性:)([^()]*)\))?", used)
    return [(tag, re.split(r"、|, ", props) if props else []) for tag, props in listed]


def say(lang: str, kind: str, facts: Mapping[str, str], draw: Random) -> str | None:
    """Compose a sentence that states exactly these facts; return None if the grammar has none.

    Args:
        lang: `"zh"` or `"en"`.
        kind: The task, one of the grammar's kinds.
        facts: The facts, which are inserted unchanged.
        draw: Chooses the words.
    """
    rules = grammar(lang)[kind]
    values = _values(lang, facts, draw)
    for _ in range(_TRIES):
        text = _expanded(draw.choice(rules["forms"]), rules, draw)
        slots = set(_SLOT.findall(text))
        if slots <= values.keys() and set().union(*(_TOLD_AS.get(slot, {slot}) for slot in slots)) == facts.keys():
            text = _tidy_en(text, values) if lang == "en" else text
            return _SLOT.sub(lambda match: values[match[1]], text).strip()
    return None


def _expanded(text: str, rules: Mapping[str, list[str]], draw: Random) -> str:
    return _RULE.sub(lambda match: _expanded(draw.choice(rules[match[1] or match[2]]), rules, draw), text)


def _tidy_en(text: str, values: Mapping[str, str]) -> str:
    """Fix capitals, question marks and articles, before the facts are inserted."""
    text = re.sub(r" +", " ", text).replace(" .", ".")
    if re.match(r"\W?[aeiou]", values.get("framework", ""), re.I):
        text = re.sub(r"\ba (?=\{framework\})", "an ", text)
    text = re.sub(r"(^|[.?] |\n)([a-z])", lambda match: match[1] + match[2].upper(), text)
    return re.sub(r"(Could you (?:(?!Could you )[^.?;\n])*)\.", r"\1?", text)


def _values(lang: str, facts: Mapping[str, str], draw: Random) -> dict[str, str]:
    """Return the value of each slot: the facts, and the components worded in several ways."""
    values = dict(facts)
    if "framework" in facts:
        left, right = draw.choice([("", ""), ("", ""), ("'", "'"), ("「", "」") if lang == "zh" else ('"', '"')])
        values["framework"] = left + facts["framework"] + right
    if "think" in facts:
        values["think"] = ""
    if "used" in facts:
        listed = components(facts["used"])
        tags = [tag for tag, _ in listed]
        draw.shuffle(listed)
        values["used"] = _series(
            [with_props(tag, _JOINED[lang][0].join(props), lang) if props else tag for tag, props in listed], lang
        )
        if any(props for _, props in listed):
            values["tags"] = _series(tags, lang)
            settings = [(tag, _series(props, lang)) for tag, props in listed if props]
            values["settings"] = (
                "，".join(f"{tag}设置{props}" for tag, props in settings)
                if lang == "zh"
                else " and ".join(f"set {props} on {tag}" for tag, props in settings)
            )
    return values


def _series(names: list[str], lang: str) -> str:
    comma, last = _JOINED[lang]
    return names[0] if len(names) == 1 else comma.join(names[:-1]) + last + names[-1]
