"""What a component's props leave open: listeners and slots that its documents may name."""

from __future__ import annotations

import json

import pytest

from swiftprep import Catalog
from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import read_script


def component(files, tag="x-box", **options):
    facts = {path: json.loads(json.dumps(read_script(text.encode(), path)[0])) for path, text in files.items()}
    return link(facts, **options)[tag]


def box(body):
    return "export default { name: 'XBox', " + body + " }"


PROPS = {
    "a text or a function": ("headLine: [String, Function]", ("slots:head-line", "slots:headLine")),
    "a function": ("format: Function", ()),
    "a text": ("label: String", ()),
    "a listener": ("onDragEnd: Function", ("events:drag-end", "events:dragEnd")),
    "no listener": ("online: Function", ()),
}


@pytest.mark.parametrize(("props", "opened"), PROPS.values(), ids=PROPS.keys())
def test_props_that_stand_for_slots_and_listeners(props, opened):
    found = component({"box.js": box(f"props: {{ {props} }}, render(h) {{ return h('i') }}")})
    assert found.open == opened
    assert {what for what, _ in found.why_open} == {part.partition(":")[0] for part in opened}
    assert not any("computed" in why for _, why in found.why_open)


def test_what_the_code_has_is_not_left_open():
    code = "props: { head: [String, Function], onShut: Function }, render(h) { this.$emit('shut'); return h('i', this.$slots.head) }"
    assert component({"box.js": box(code)}).open == ()


def test_listeners_that_are_props_are_events_in_vue_3():
    found = component({"box.js": box("props: { onShut: Function }, render() { return null }")}, vue3=True)
    assert [event.name for event in found.events] == ["shut"]
    assert not [part for part in found.open if part.startswith("events")]


def test_slots_of_an_inner_component_that_is_given_the_same_props():
    inner = "export default { name: 'XRow', props: { label: {}, icon: {} }, render(h) { return h('i', [this.$slots.label, this.$slots.icon]) } }"
    outer = box("props: { label: {} }, render(h) { return h(Row, { props: this.$props, on: this.$listeners }) }")
    found = component({"row.js": inner, "box.js": "import Row from './row'\n" + outer})
    assert found.open == ("slots:label",)
    assert "x-row" in found.why_open[0][1].lower() or "XRow" in found.why_open[0][1]


def test_a_comment_in_parentheses_hides_nothing():
    found = component({"box.js": box("render(h) { return (\n // why\n h('i', this.$slots.head)\n) }")})
    assert [slot.name for slot in found.slots] == ["head"]


def test_a_slot_that_is_left_open_is_no_mistake_and_others_are():
    code = "props: { headLine: [String, Function] }, render(h) { return h('i', this.$slots.foot) }"
    catalog = Catalog([component({"box.js": box(code)})])
    page = "<template><x-box><i slot='headLine'/><i slot='{}'/></x-box></template>"
    assert [problem.name for problem in catalog.check(page.format("foot"))] == []
    assert [problem.name for problem in catalog.check(page.format("neck"))] == ["neck"]
