"""Linking does not do the same work twice, so that large frameworks stay within the limits."""

from __future__ import annotations

from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.vue.facts import read_script

FACTORY = """
export function factory(props) {
  return (defaults) => Object.keys(props).reduce((all, key) => {
    const definition = typeof props[key] === 'object' ? props[key] : { type: props[key] }
    if (defaults && key in defaults) { all[key] = { ...definition, default: defaults[key] } } else { all[key] = definition }
    return all
  }, {})
}
"""


def linked(files):
    """Return `Linked` and its components by key, of sources by path."""
    made = Linked({path: read_script(code.encode(), path)[0] for path, code in files.items()})
    return made, dict(made)


def test_a_function_without_arguments_is_run_once_for_all_its_calls():
    listed = ", ".join(f"p{number}: String" for number in range(60))
    spreads = ", ".join(["...make()"] * 100)
    box = f"import {{ factory }} from './factory'\nconst make = factory({{ {listed} }})\n"
    box += f"export default {{ name: 'x-box', props: {{ {spreads} }} }}"
    made, components = linked({"factory.js": FACTORY, "box.js": box})
    assert len(components["x-box"].props) == 60
    assert made.notes == []
    assert "props" not in components["x-box"].open


def test_each_call_with_arguments_has_its_own_result():
    box = """
    import { factory } from './factory'
    const make = factory({ size: String, tall: Number })
    export const XBox = { name: 'x-box', props: make() }
    export const XRow = { name: 'x-row', props: make({ size: 'small' }) }
    export const XCol = { name: 'x-col', props: make({ size: 'large' }) }
    """
    _, components = linked({"factory.js": FACTORY, "box.js": box})
    defaults = {tag: [prop.default for prop in component.props] for tag, component in components.items()}
    assert defaults == {"x-box": [None, None], "x-row": ["'small'", None], "x-col": ["'large'", None]}


def test_members_of_spread_objects_are_those_of_the_last_spread():
    box = """
    import { factory } from './factory'
    const base = { size: { type: String, default: 'a' }, tall: Number }
    const more = { ...base, size: { type: Number, default: 2 } }
    export default { name: 'x-box', props: { ...factory({ ...base, ...more, wide: Boolean })({ wide: true }), own: String } }
    """
    _, components = linked({"factory.js": FACTORY, "box.js": box})
    props = [(prop.name, prop.type, prop.default) for prop in components["x-box"].props]
    assert props == [
        ("size", "number", "2"), ("tall", "number", None), ("wide", "boolean", "true"), ("own", "string", None),
    ]  # fmt: skip


def test_a_condition_is_not_taken_for_statements():
    code = """
    const Box = { name: 'x-box', props: { size: String } }
    Box.install = (app) => {
      if (ready()) { if (loaded()) { app.component('x-box', Box) } }
    }
    export default Box
    """
    made, components = linked({"box.js": code})
    assert made.failed == []
    assert [prop.name for prop in components["x-box"].props] == ["size"]
