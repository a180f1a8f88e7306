"""Join what several witnesses know of one component, by rank, and note where they contradict each other.

The best witness describes the component. The others fill what it leaves empty, and add names to lists that it leaves
open. Vue at run time is the only one that also adds names to a complete list, and that closes the list of props: it
lists what is there. Documentation and type declarations may be out of date, so they are only quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from swiftprep.catalog.api import ITEMS, RANK, Component, Prop, Witness, one_spelling
from swiftprep.catalog.type_text import split_type

_MOST_ITEMS = 1_000  # of one kind in one component, as for those read from source


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A fact of which two witnesses say different things.

    Attributes:
        component: The tag.
        what: `"prop"`, `"event"`, `"slot"` or `"method"`.
        name: The item's name.
        fact: `"type"`, `"default"`, `"required"`, or `"exists"` if only one of the two knows the item.
        witness: The witness that is believed.
        said: What it says; `""` if it does not know the item.
        other: The other witness.
        other_said: What that one says.
    """

    component: str
    what: str
    name: str
    fact: str
    witness: Witness
    said: str
    other: Witness
    other_said: str

    def __str__(self) -> str:
        if self.fact == "exists":
            with_it, without = (self.witness, self.other) if self.said else (self.other, self.witness)
            return f"<{self.component}> {self.what} '{self.name}': {with_it} has it, {without} does not"
        return (
            f"<{self.component}> {self.what} '{self.name}': {self.fact} is {self.said} by {self.witness}, "
            f"{self.other_said} by {self.other}"
        )


def joined(witnesses: Iterable[Component]) -> tuple[Component, list[Contradiction]]:
    """Return one component from what several witnesses know of it, and where they contradict each other.

    Args:
        witnesses: At least one component with the same tag; of equal rank, the first counts. What is known only from
            usage is left out if there is anything better.

    >>> source = Component("ta-box", props=(Prop("size", "string"),), open=("props",))
    >>> running = Component("ta-box", props=(Prop("size", "number"), Prop("wide", "boolean")), origin="run-time")
    >>> both, contradictions = joined([source, running])
    >>> [(prop.name, prop.type) for prop in both.props], both.open
    ([('size', 'string'), ('wide', 'boolean')], ())
    >>> print(contradictions[0])
    <ta-box> prop 'size': type is string by source, number by run-time
    """
    best, *others = sorted(map(_signed, witnesses), key=lambda component: RANK[component.origin])
    contradictions: list[Contradiction] = []
    for other in others:
        if other.origin in ("usage", best.origin):
            continue
        lists = {what: tuple(_list(best, other, what, contradictions)) for what in ITEMS}
        closed = "props" if other.origin == "run-time" and "props" not in other.open else ""
        best = replace(
            best,
            **cast(Any, lists),
            doc=best.doc or other.doc,
            model=best.model or other.model,
            registered=best.registered or other.registered,
            names=tuple(dict.fromkeys((*best.names, *other.names))) if other.origin == "run-time" else best.names,
            open=tuple(what for what in best.open if what != closed),
            why_open=tuple(pair for pair in best.why_open if pair[0] != closed),
        )
    return best, contradictions


def _signed(component: Component) -> Component:
    """Return a component whose items state their witness; those made without one have that of the component."""
    if component.origin == "source":
        return component
    lists = {
        what: tuple(
            replace(item, witness=component.origin) if item.witness == "source" else item
            for item in getattr(component, what)
        )
        for what in ITEMS
    }
    return replace(component, **cast(Any, lists))


def _list(best: Component, other: Component, what: str, contradictions: list[Contradiction]) -> list[Any]:
    """Return one list of the component, with what the other witness adds."""
    items = list(getattr(best, what))
    places = {one_spelling(item.name): place for place, item in enumerate(items)}
    is_open = any(part.partition(":")[0] == what for part in best.open) or what == "methods"
    about = (best.name, what.removesuffix("s"))
    for item in getattr(other, what):
        place = places.get(one_spelling(item.name))
        if place is not None:
            contradictions += _facts(about, items[place], item)
            items[place] = _filled(items[place], item)
            continue
        if not is_open:
            contradictions.append(
                Contradiction(*about, item.name, "exists", best.origin, "", other.origin, _shown(item))
            )
        if (is_open or other.origin == "run-time") and len(items) < _MOST_ITEMS:
            places[one_spelling(item.name)] = len(items)
            items.append(item)
    if what == "props" and other.origin == "run-time" and "props" not in other.open:
        names = {one_spelling(prop.name) for prop in other.props}
        contradictions += [
            Contradiction(*about, item.name, "exists", item.witness, _shown(item), other.origin, "")
            for item in getattr(best, what)
            if one_spelling(item.name) not in names
        ]
    return items


def _shown(item: Any) -> str:
    return str(item.type or item.name)


def _filled(item: Any, other: Any) -> Any:
    """Return an item with what it leaves empty from another; what only documentation says is no default or type."""
    fills: dict[str, Any] = {} if item.doc or not other.doc else {"doc": other.doc}
    if other.witness != "docs":
        fills |= {"type": other.type} if other.type and not item.type else {}
        if isinstance(item, Prop) and other.witness == "run-time" and item.default is None:
            fills |= {"default": other.default}
        if getattr(item, "bindings", None) == () and other.bindings:
            fills |= {"bindings": other.bindings}
    return replace(item, **fills) if fills else item


def _facts(about: tuple[str, str], item: Any, other: Any) -> list[Contradiction]:
    if not isinstance(item, Prop) or other.witness in ("docs", item.witness):
        return []
    mine, its = (frozenset(map(str.lower, prop.runtime)) or constructors(prop.type) for prop in (item, other))
    is_judge = other.witness == "run-time"
    differing: list[tuple[str, str, str]] = []
    if mine and its and (mine != its if is_judge else not mine & its):
        differing.append(("type", item.type, other.type))
    if is_judge:
        if item.required != other.required:
            differing.append(("required", _yes(item.required), _yes(other.required)))
        if item.default is not None and (constant := _constant(item.default)) is not None:
            stated = "" if other.default is None else _constant(other.default)
            if stated is not None and stated != constant:
                differing.append(("default", item.default, other.default or "none"))
    return [Contradiction(*about, item.name, fact, item.witness, a, other.witness, b) for fact, a, b in differing]


def _yes(value: bool) -> str:
    return "true" if value else "false"


_LITERAL = re.compile(r"'[^'\\]*'|\"[^\"\\]*\"|`[^`\\$]*`|-?\d+(?:\.\d+)?|true|false|null|\[\]|\{\}")
_LONGEST = 500  # characters of a default that is compared
_MADE = re.compile(r"(?:\(\)\s*=>|function\s*\(\)\s*\{\s*return)\s*\(?\s*(\[\s*\]|\{\s*\})\s*\)?\s*;?\s*\}?")


def _constant(default: str) -> str | None:
    """Return a default that is a literal in one spelling, or None."""
    made = _MADE.fullmatch(default[:_LONGEST].strip())
    text = re.sub(r"\s", "", made[1]) if made else default.strip()
    if not _LITERAL.fullmatch(text):
        return None
    return f"'{text[1:-1]}'" if text[0] in "\"'`" else text


_WORDS = {"func": "function", "bool": "boolean", "true": "boolean", "false": "boolean", "int": "number"}
_NOTHING = ("", "any", "null", "undefined", "mixed", "unknown", "void")


def constructors(type_: str) -> frozenset[str]:
    """Return the constructors that Vue would check a type by; empty if anything may be given.

    >>> sorted(constructors("'a' | 'b' | string[] | ((row: Row) => void)"))
    ['array', 'function', 'string']
    """
    kinds = [_constructor(member.strip()) for member in split_type(type_, ("|", "/")) or [type_]]
    return frozenset() if "any" in kinds or "" in kinds else frozenset(kinds) - set(_NOTHING)


def _constructor(member: str) -> str:
    word = member.lower()
    if member[:1] in ("'", '"', "`"):
        return "string"
    if "=>" in member or word.startswith("function"):
        return "function"
    if member.endswith("[]") or word.startswith(("array", "[")):
        return "array"
    if member[:1] == "{" or word.startswith(("record<", "partial<")):
        return "object"
    if member[:1].isdigit():
        return "number"
    return _WORDS.get(word, word.partition("<")[0])
