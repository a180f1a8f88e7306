"""Change the props of a page's components, checked against the catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from random import Random
from typing import NamedTuple

from swiftprep.augment.parent import Draft, Drafts, Parent
from swiftprep.augment.phrasing import components, say, with_props
from swiftprep.catalog.api import Component, Prop, kebab, one_spelling
from swiftprep.catalog.check import Problem
from swiftprep.catalog.vue.facts import read_vue
from swiftprep.catalog.vue.markup import Attribute, literal_of
from swiftprep.code.tags import markup, opening, spots, with_attribute, without
from swiftprep.parsing.sfc import Element
from swiftprep.scan.kinds import SampleBuilder, SampleSpec
from swiftprep.scan.tasks import Task, load_task

MOST_NAMED = 6  # props of a component that a page's question names
_TRIES = 40  # changes tried, each with a check of the whole page
_PLAIN = re.compile(r"[A-Za-z][\w-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?|true|false")
# Props that are set by state, not by taste.
_STATE = frozenset("value visible checked model-value open show loading disabled tag".split())
# The values of a prop known from usage are those that were seen; only for these props do they fit any page.
_STYLE = frozenset("size type layout mode placement position direction align shape theme variant color effect".split())


class Change(NamedTuple):
    """A prop to set on every use of a component in a page, or to remove from it if `value` is None."""

    tag: str
    prop: str
    value: str | None


def props(parent: Parent, draw: Random) -> Drafts:
    """Add a prop with one of its values, or remove one that has a default, and update the list in the question."""
    if parent.catalog is None:
        return "no-catalog"
    if parent.asked is None or parent.asked.kind != "page":
        return "other-kind"
    if isinstance(parent.parsed, str):
        return parent.parsed
    assert parent.code is not None
    if _rendered(parent, parent.code.text) != parent.sample.answer:
        return "own-template"
    changes = list(_changes(parent, parent.code.text.encode("utf-8", "replace")))
    draw.shuffle(changes)
    return _drafts(parent, changes, draw) if changes else "no-prop"


def _changes(parent: Parent, source: bytes) -> Iterator[Change]:
    assert parent.asked is not None
    elements = markup(source)
    for tag, _ in components(parent.asked.facts["used"]):
        spec = parent.component(tag)
        uses = [e for e in elements if kebab(e.tag) == tag]
        if spec is None or not uses or any(e.spread for e in uses):
            continue
        attributes = [spot.attribute for e in uses for spot in spots(source, e)]
        names = {one_spelling(a.name) for a in attributes if a.role in ("prop", "model")}
        if any(a.role == "object" for a in attributes):
            continue
        for prop in spec.props:
            name = kebab(prop.name)
            if prop.required or name in _STATE or _is_model(name, spec):
                continue
            if one_spelling(prop.name) not in names:
                if spec.origin != "usage" or prop.type == "boolean" or name in _STYLE:
                    yield from (Change(tag, name, value) for value in values_of(prop))
            elif _falls_back(prop, spec) and all(
                _is_literal(a) for a in attributes if a.role == "prop" and a.name == name
            ):
                yield Change(tag, name, None)


def _is_model(name: str, spec: Component) -> bool:
    events = {event.name for event in spec.events}
    return name == kebab(spec.model[0] if spec.model else "value") or f"update:{name}" in events


def values_of(prop: Prop) -> list[str]:
    """Return the values of a prop other than its default; `""` switches it on."""
    default = (prop.default or "").strip().strip("'\"")
    if prop.type.lower() == "boolean":
        return [] if default == "true" else [""]
    if prop.values and not _NUMBER.fullmatch(prop.values[0]):
        return [value for value in prop.values if _PLAIN.fullmatch(value) and value != default]
    return []


def _falls_back(prop: Prop, spec: Component) -> bool:
    """Return whether a component still works without a prop."""
    if prop.type.lower() == "boolean" or (spec.origin == "usage" and kebab(prop.name) in _STYLE):
        return True
    return spec.origin != "usage" and (prop.default is not None or bool(prop.values))


def _is_literal(attribute: Attribute) -> bool:
    if not attribute.bound or attribute.value is None:
        return True
    return literal_of(attribute.value) is not None or _NUMBER.fullmatch(attribute.value.strip()) is not None


def _drafts(parent: Parent, changes: list[Change], draw: Random) -> Iterator[Draft]:
    assert parent.asked is not None
    assert parent.code is not None
    assert parent.catalog is not None
    before = {_key(problem) for problem in parent.catalog.check(parent.code.text)}
    for change in changes[:_TRIES]:
        code = changed(parent.code.text, change)
        if code == parent.code.text or any(_key(p) not in before for p in parent.catalog.check(code)):
            continue
        answer = _rendered(parent, code)
        used = _used(parent, code, change.tag)
        instruction = say(parent.lang, "page", {**parent.asked.facts, "used": used}, draw)
        if answer is None or instruction is None:
            continue
        if change.value is not None:
            setting = {"tag": change.tag, "prop": change.prop} | ({"value": change.value} if change.value else {})
            more = say(parent.lang, "change" if change.value else "switch", setting, draw)
            if more is None:
                continue
            instruction += more if parent.lang == "zh" else f" {more}"
        yield Draft(instruction, "", answer, "page", {"change": list(change)})


def _key(problem: Problem) -> tuple[str, str, str]:
    return problem.kind, problem.tag, problem.name


def changed(code: str, change: Change) -> str:
    """Apply the change to every use of the component, and return the code."""
    source = code.encode("utf-8", "replace")
    parts: list[bytes] = []
    end = 0
    for element in markup(source):
        if kebab(element.tag) != change.tag or element.start < end:
            continue
        first, last = opening(source, element)
        head = Element(element.tag, [], 1, 0, last - first)
        tag = source[first:last]
        if change.value is not None:
            text = f'{change.prop}="{change.value}"' if change.value else change.prop
            tag = with_attribute(tag, head, text)
        else:
            for spot in reversed(spots(tag, head)):
                if spot.attribute.role == "prop" and spot.attribute.name == change.prop:
                    tag = without(tag, spot)
        parts += [source[end:first], tag]
        end = last
    return b"".join([*parts, source[end:]]).decode("utf-8", "replace")


def _used(parent: Parent, code: str, tag: str) -> str:
    """Return the question's list of components, with the props that `tag` has now."""
    assert parent.asked is not None
    uses = read_vue(code.encode("utf-8", "replace"), parent.path)[0].get("uses", {})
    listed = []
    for name, named in components(parent.asked.facts["used"]):
        if name == tag:
            counts = uses[name][1]
            named = sorted(counts, key=lambda prop: (-counts[prop][0], prop))[:MOST_NAMED]
        listed.append(
            with_props(name, ("、" if parent.lang == "zh" else ", ").join(named), parent.lang) if named else name
        )
    return ("、" if parent.lang == "zh" else ", ").join(listed)


def _rendered(parent: Parent, code: str) -> str | None:
    """Return the answer that the scanner's template gives for a page, or None."""
    assert parent.asked is not None
    facts, shape = read_vue(code.encode("utf-8", "replace"), parent.path)
    framework = parent.asked.facts["framework"]
    tags = frozenset(tag for tag, _ in components(parent.asked.facts["used"]))
    wanted = SampleSpec((_page_task(parent.lang),), framework, parent.asked.facts.get("vue", ""), tags)
    rows = SampleBuilder(wanted, parent.path, code, facts, shape).make().rows
    return str(rows[0][4]) if rows else None


@lru_cache(maxsize=2)
def _page_task(lang: str) -> Task:
    return load_task("page", lang)
