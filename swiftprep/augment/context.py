"""Show another context for the same answer: the API of its components, less of the file, or only its members."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from swiftprep.augment.holes import MARKS, file_line
from swiftprep.augment.parent import Draft, Drafts, Parent
from swiftprep.augment.phrasing import say
from swiftprep.catalog.api import Component, Prop, kebab
from swiftprep.catalog.vue.facts import read_vue
from swiftprep.code.markdown import fenced

MOST_COMPONENTS = 5
MOST_PROPS = 10  # described per component
MOST_VALUES = 6
LONGEST_TYPE = 60  # characters
FEWEST_MEMBERS = 3


def context(parent: Parent, draw: Random) -> Drafts:
    """Change what is shown with the question, and keep the answer."""
    if parent.asked is None:
        return "not-understood"
    if parent.asked.kind == "fim":
        return _less(parent, draw)
    if parent.asked.kind not in ("page", "template", "script", "component") or parent.is_part:
        return "other-kind"
    uses = _uses(parent)
    if isinstance(uses, str):
        return uses
    drafts = [_reference(parent, uses, draw), _members(parent, draw)]
    fitting = [draft for draft in drafts if draft is not None]
    draw.shuffle(fitting)
    return iter(fitting) if fitting else "no-context"


def _less(parent: Parent, draw: Random) -> Drafts:
    blocks, mark = fenced(parent.input), MARKS[parent.lang]
    if len(blocks) != 1 or blocks[0].code.count(mark) != 1 or not blocks[0].closed:
        return "no-context"
    before, after = blocks[0].code.removesuffix("\n").split(mark)

    def drafts() -> Iterator[Draft]:
        for lines in draw.sample(range(4, 25), 4):
            near = "".join(before.splitlines(keepends=True)[-lines:]).lstrip("\n")
            rest = "".join(after.splitlines(keepends=True)[:lines]).removesuffix("\n")
            assert parent.asked is not None
            instruction = say(parent.lang, "fim", parent.asked.facts, draw)
            if instruction is not None and len(near) + len(rest) < len(before) + len(after):
                code = f"```{blocks[0].language}\n{near}{mark}{rest}\n```"
                head = file_line(parent, draw, whole=False)
                yield Draft(instruction, head + code, parent.sample.answer, "fim")

    return drafts()


def _uses(parent: Parent) -> dict[str, list[Any]] | str:
    """Return how components are used in the answer, or in the template in the question: tag → packed `markup.Use`."""
    if parent.kind == "script":
        blocks = fenced(parent.input)
        if len(blocks) != 1 or "\r" in blocks[0].code:
            return "no-code"
        uses: dict[str, list[Any]] = read_vue(blocks[0].code.encode("utf-8", "replace"), "")[0].get("uses", {})
        return uses
    if isinstance(parent.parsed, str):
        return parent.parsed
    if not parent.is_vue:
        return "other-language"
    return dict(parent.parsed[0].get("uses", {}))


def _reference(parent: Parent, used: dict[str, list[Any]], draw: Random) -> Draft | None:
    """Add the API of the components in use, by the catalogue, to the question."""
    assert parent.asked is not None
    ordered = sorted(used, key=lambda tag: (-used[tag][0], tag))
    specs = [(tag, spec) for tag in ordered if (spec := parent.component(tag)) and spec.path != parent.path]
    lines = [line for tag, spec in specs[:MOST_COMPONENTS] if (line := described(tag, spec, used[tag], parent.lang))]
    asked = say(parent.lang, parent.asked.kind, parent.asked.facts, draw)
    intro = say(parent.lang, "reference", {}, draw)
    if not lines or asked is None or intro is None:
        return None
    instruction, _, rest = asked.partition("\n")
    reference = intro + "\n" + "\n".join(lines)
    # A description of the component comes before the API that follows from it; code to work on comes last.
    parts = [rest, reference] if rest else [reference, parent.input]
    return Draft(instruction, "\n\n".join(part for part in parts if part), parent.sample.answer, parent.kind)


def described(tag: str, spec: Component, use: list[Any], lang: str) -> str:
    """Describe a component's API in one line, what is used first; return `""` if nothing is known.

    Args:
        tag: The tag as it is written in the code.
        spec: The component in the catalogue.
        use: The packed `markup.Use` of the tag: `[count, props, events, slots, …]`.
        lang: `"zh"` or `"en"`.
    """
    comma, stop = ("、", "；") if lang == "zh" else (", ", "; ")
    names = {"zh": ("属性", "事件", "插槽"), "en": ("props", "events", "slots")}[lang]
    props = sorted(spec.props, key=lambda prop: kebab(prop.name) not in use[1])[:MOST_PROPS]
    # Values known from usage are those that were seen, not all that are allowed.
    items_by_name = [[_prop(prop, all_values=spec.origin != "usage") for prop in props]]
    for at, items in ((2, [event.name for event in spec.events]), (3, [slot.name for slot in spec.slots])):
        items_by_name.append(sorted(items, key=lambda name: name not in use[at])[:MOST_PROPS])
    parts = [f"{name} {comma.join(items)}" for name, items in zip(names, items_by_name, strict=True) if items]
    return f"- {tag}: {stop.join(parts)}" if parts else ""


def _prop(prop: Prop, *, all_values: bool) -> str:
    allowed = " | ".join(prop.values[:MOST_VALUES]) if prop.values and all_values else prop.type
    return f"{kebab(prop.name)} ({allowed})" if allowed and len(allowed) <= LONGEST_TYPE else kebab(prop.name)


def _members(parent: Parent, draw: Random) -> Draft | None:
    """Ask for a template, with the names of the script's members in place of the script."""
    blocks = fenced(parent.input)
    if parent.kind != "template" or len(blocks) != 1 or "\r" in blocks[0].code:
        return None
    if parent.catalog is not None and parent.catalog.check(parent.code.text if parent.code else ""):
        return None  # its tags are known only from the imports, which are no longer shown
    facts, _ = read_vue(blocks[0].code.encode("utf-8", "replace"), "")
    own = next((c for c in facts.get("components", ()) if c.get("sure") and not c.get("setup")), None)
    if own is None or own.get("mixins") or own.get("extends") or (own.get("props") or ["o"])[0] not in ("o", "a"):
        return None
    props = (own.get("props") or ["o", []])[1]
    names = {
        "data": own.get("data", []),
        "props": [item[0] if isinstance(item[0], str) and len(item) > 2 else item[1] for item in props],
        "computed": own.get("computed", []),
        "methods": [name + signature for name, signature, _ in own.get("methods", ())],
    }
    answer = parent.sample.answer
    telling = [n for items in names.values() for n in items if re.search(rf"\b{re.escape(n.split('(')[0])}\b", answer)]
    if len(telling) < FEWEST_MEMBERS or any("..." in name for items in names.values() for name in items):
        return None
    asked = parent.asked.facts if parent.asked else {}
    outline_facts = {key: fact for key, fact in asked.items() if key in ("framework", "vue")}
    instruction = say(parent.lang, "outline", outline_facts, draw)
    if instruction is None:
        return None
    rows = "\n".join(f"- {what}: {', '.join(items)}" for what, items in names.items() if items)
    return Draft(instruction, file_line(parent, draw, whole=True) + rows, answer, parent.kind)
