"""Events that other files emit on a component: its children, and those that it provides itself to."""

from __future__ import annotations

import json

import pytest

from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import read_script

CHILD = (
    "export default {{ name: 'XLeaf', inject: ['tree'], methods: {{ go() {{ {} }} }}, render(h) {{ return h('i') }} }}"
)
ROOT = "import XLeaf from '{}'\nexport default {{ name: 'XBox', {}, components: {{ XLeaf }}, render(h) {{ return h('i') }} }}"
PROVIDED = {
    "the component itself": ("provide() { return { tree: this, other: 1 } }", ["pick"]),
    "an arrow function": ("provide: () => ({ tree: this })", ["pick"]),
    "something else": ("provide() { return { tree: this.store } }", []),
    "under another name": ("provide() { return { forest: this } }", []),
}


def box(files):
    facts = {path: json.loads(json.dumps(read_script(text.encode(), path)[0])) for path, text in files.items()}
    return link(facts)["x-box"]


@pytest.mark.parametrize(("provide", "events"), PROVIDED.values(), ids=PROVIDED.keys())
def test_events_on_a_component_that_provides_itself(provide, events):
    child = CHILD.format("this.tree.$emit('pick', 1)")
    found = box({"box/box.js": ROOT.format("./leaf", provide), "box/leaf.js": child})
    assert [event.name for event in found.events] == events


@pytest.mark.parametrize("folder", ["box", "leaf"])
def test_an_event_on_the_parent_whose_name_is_unknown_leaves_its_list_open(folder):
    child = CHILD.format("this.$parent.$emit(this.kind, 1)")
    found = box({"box/box.js": ROOT.format(f"../{folder}/leaf", "props: {}"), f"{folder}/leaf.js": child})
    assert (found.events, found.open) == ((), ("events",))


def test_an_event_on_a_parent_of_another_folder_is_not_claimed():
    child = CHILD.format("this.$parent.$emit('pick', 1)")
    found = box({"box/box.js": ROOT.format("../leaf/leaf", "props: {}"), "leaf/leaf.js": child})
    assert (found.events, found.open) == ((), ())
