"""Components and props that are made by calls: merged options, reduced lists, plugins that are given components."""

from __future__ import annotations

import pytest

from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import read_script, read_vue


def linked(files):
    facts = {
        path: (read_vue if path.endswith(".vue") else read_script)(code.encode(), path)[0]
        for path, code in files.items()
    }
    return link(facts)


def props(component):
    return {prop.name: prop.type for prop in component.props}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(
            "const looks = ['flat', 'push']\nconst props = looks.reduce((all, key) => (all[key] = Boolean) && all, {})",
            {"flat": "boolean", "push": "boolean"},
            id="an assignment whose result is tested",
        ),
        pytest.param(
            "const one = (a, key) => key ? (a[key] = String, a) : a\nconst props = ['x', 'y'].reduce(one, {})",
            {"x": "string", "y": "string"},
            id="an assignment in a choice",
        ),
        pytest.param(
            "const base = { b: String, a: Number, c: Array }\nconst props = Object.keys(base).sort().reverse()"
            ".reduce((all, key) => ({ ...all, [key]: base[key] }), {})",
            {"c": "array", "b": "string", "a": "number"},
            id="names that are sorted",
        ),
        pytest.param(
            "import { merge } from 'lodash'\nconst base = { size: { type: String }, rows: Array }\n"
            "const props = merge({}, base, { size: { default: 'm' }, wide: Boolean })",
            {"size": "string", "rows": "array", "wide": "boolean"},
            id="objects that are merged deeply",
        ),
    ],
)
def test_props_that_calls_make(code, expected):
    box = linked({"box.js": f"{code}\nexport default {{ name: 'TaBox', props, render() {{}} }}"})["ta-box"]
    assert (props(box), box.open) == (expected, ())


def test_lists_that_are_merged_are_not_read_as_objects():
    code = "import { merge } from 'x'\nexport default { name: 'TaBox', props: merge(['a'], ['b']), render() {} }"
    assert "props" in linked({"box.js": code})["ta-box"].open


def test_options_that_a_function_merges_into_a_component_are_its_own():
    box = (
        "<template><b>{{ title }}</b></template>\n<script>\nimport make from './make'\n"
        "export default new make({ name: 'TaBox', props: { title: String } })\n</script>"
    )
    make = (
        "import deepmerge from 'deepmerge'\nexport default function (options) {\n"
        "  const defaults = { props: { theme: null } }\n  return deepmerge(defaults, options)\n}"
    )
    components = linked({"Box.vue": box, "make.js": make})
    assert list(components) == ["ta-box"]
    assert (props(components["ta-box"]), components["ta-box"].open) == ({"title": "string", "theme": ""}, ())


def test_options_of_a_component_have_what_it_inherits():
    code = """
    const sized = { props: { size: String } }
    export const Ring = Vue.extend({ name: 'TaRing', mixins: [sized], props: { value: Number }, render() {} })
    export const Knob = Vue.extend({ name: 'TaKnob', mixins: [{ props: Ring.options.props }], render() {} })
    export const Dial = Vue.extend({ name: 'TaDial', props: { ...Ring.options.props, step: Number }, render() {} })
    """
    components = linked({"box.js": code})
    both = {"size": "string", "value": "number"}
    assert (props(components["ta-knob"]), components["ta-knob"].open) == (both, ())
    assert (props(components["ta-dial"]), components["ta-dial"].open) == ({**both, "step": "number"}, ())


_PLUGIN = """
export default function create({ prefix = 'Ta', components = [] } = {}) {
  function register(app, name, component) { if (!app.component(prefix + name)) app.component(prefix + name, component) }
  function install(app) {
    components.forEach(component => {
      const { name, alias } = component
      register(app, name, component)
      if (alias) alias.forEach(other => register(app, other, component))
    })
  }
  return { prefix, install }
}
"""


def test_a_plugin_is_made_of_a_list_of_components():
    components = linked(
        {
            "create.js": _PLUGIN,
            "box.js": "export default { name: 'Box', alias: ['Case'], render() {} }",
            "list.js": "export { default as TaBox } from './box'",
            "main.js": "import * as all from './list'\nimport create from './create'\n"
            "export default create({ components: Object.keys(all).map(key => all[key]) })",
        }
    )
    assert set(components["ta-box"].names) >= {"TaBox", "TaCase"}


def test_what_is_given_to_a_plugin_is_no_component():
    code = "export default create({ components: list(), name: 'Plain' })"
    assert "plain" not in linked({"main.js": code})


def test_slots_between_the_tags_of_an_element_show_the_default_one():
    code = "import { h } from 'vue'\nexport default { name: 'TaBox', props: {}, render() { return h('ul', null, this.$slots) } }"
    box = linked({"box.js": code})["ta-box"]
    assert ([slot.name for slot in box.slots], box.open) == (["default"], ())


def test_a_helper_that_leaves_props_out_by_their_own_names():
    code = (
        "const omit = (all, names) => { const left = {}\n  Object.getOwnPropertyNames(all).forEach(key => {\n"
        "    if (!names.includes(key)) left[key] = all[key] })\n  return left }\n"
        "export default { name: 'TaBox', props: omit({ a: String, b: Number }, ['b']), render() {} }"
    )
    box = linked({"box.js": code})["ta-box"]
    assert (props(box), box.open) == ({"a": "string"}, ())


def test_slots_that_are_provided_may_be_shown_by_any_component_within():
    setup = "setup(props, { slots }) { provide('box', { slots }); return () => h('div', slots.default()) }"
    code = f"import {{ h, provide }} from 'vue'\nexport default {{ name: 'TaBox', props: {{}}, {setup} }}"
    assert linked({"box.js": code})["ta-box"].open == ("slots",)


def test_as_many_props_as_large_components_have_are_reduced():
    names = [f"prop{at}" for at in range(150)]
    code = (
        f"const base = {{ {', '.join(f'{name}: String' for name in names)} }}\n"
        "const copy = all => Object.keys(all).sort().reduce((made, key) => ({ ...made, [key]: all[key] }), {})\n"
        "export default { name: 'TaBox', props: copy(copy(base)), render() {} }"
    )
    box = linked({"box.js": code})["ta-box"]
    assert (sorted(props(box)), box.open) == (sorted(names), ())


def test_a_mixin_beside_the_props_that_a_function_returns():
    code = """
    const make = (prop, type) => {
      const props = { [prop]: { type } }
      const mixin = Vue.extend({ model: { prop, event: 'change' }, props })
      return { mixin, props }
    }
    const { mixin: model } = make('value', Number)
    export default { name: 'TaBox', mixins: [model], props: { own: String }, render() {} }
    """
    box = linked({"box.js": code})["ta-box"]
    assert (props(box), box.open) == ({"own": "string", "value": "number"}, ())
    assert box.model == ("value", "change")
