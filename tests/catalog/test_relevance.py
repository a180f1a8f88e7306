"""Which functions of a single-file component are converted to flows, and that nothing is lost by the others."""

from __future__ import annotations

import json

import pytest

from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import read_script, read_vue


def sfc(body, head=""):
    return f"<script>\n{head}\nexport default {{ name: 'XBox', {body} }}\n</script>\n"


def flows(text):
    return read_vue(text.encode(), "box.vue")[0]["components"][0].get("flows", {})


def component(files):
    facts = {}
    for path, text in files.items():
        read = read_vue if path.endswith(".vue") else read_script
        facts[path] = json.loads(json.dumps(read(text.encode(), path)[0]))
    return link(facts)["x-box"]


SILENT = {
    "data only": "methods: { load(page) { this.page = page; this.fill('all', page) }, fill(kind) { this.kind = kind } }",
    "an event by name": "methods: { go() { this.$emit('go', this.page); } }",
    "a method of Vue": "methods: { go() { this.$set('a', 1); this.$t('words') } }",
    "a parameter handed on": "methods: { test(rule, value) { return isSound(rule, value) } }",
    "an unknown method without bases": "methods: { go() { this.validator('a') } }",
}


@pytest.mark.parametrize("body", SILENT.values(), ids=SILENT)
def test_what_only_deals_with_data_is_not_converted(body):
    assert flows(sfc(body)) == {}


TELLING = {
    "a method is told a name": (
        "methods: { go() { this.fire('sent') }, fire(name) { this.$emit(name) } }", {}, ["sent"],
    ),
    "through another method": (
        "methods: { go() { this.one('sent') }, one(name) { this.two(name) }, two(name) { this.$emit(name) } }", {}, ["sent"],
    ),
    "a method of a mixin": (
        "mixins: [Fire], methods: { go() { this.fire('sent') } }",
        {"fire.js": "export default { methods: { fire(name) { this.$emit(name) } } }"},
        ["sent"],
    ),
    "the component is handed on": (
        "methods: { go() { this.pass(this, 'sent') }, pass(vm, name) { Fire(vm, name) } }",
        {"fire.js": "export default function (vm, name) { vm.$emit(name) }"},
        ["sent"],
    ),
    "a call in a watcher": (
        "watch: { a(v) { this.fire('sent', v) } }, methods: { fire(name) { this.$emit(name) } }", {}, ["sent"],
    ),
    "methods of another component": (
        "methods: { ...Fire.methods }",
        {"fire.vue": "<script>\nexport default { methods: { go() { this.$emit('sent') } } }\n</script>\n"},
        ["sent"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "others", "events"), TELLING.values(), ids=TELLING)
def test_events_are_found_through_relevant_functions(body, others, events):
    head = f"import Fire from './{next(iter(others), '')}'" if others else ""
    found = component({"box.vue": sfc(body, head), **others})
    assert sorted(event.name for event in found.events) == events
    assert "events" not in found.open
