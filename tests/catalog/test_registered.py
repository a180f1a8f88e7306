"""Which components there are and under which tags: what registers them is run."""

from __future__ import annotations

import pytest

from swiftprep.catalog.linking.link import Linked, link
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.vue.facts import SCRIPTS, read_script, read_vue, suffix_of

BOX = {"box.vue": "<script>export default { name: 'Box', props: ['a'] }</script>"}
PANE = {"pane.js": "export default { name: 'Pane', props: { tab: String }, render() {} }"}

# Of each: the files, and the registered tags with the path of their options.
REGISTERED = {
    "a prefix from options with a default": (
        BOX
        | {
            "prefix.js": "export const prefixOf = options => options?.prefix ?? 'My'",
            "index.js": "import { prefixOf } from './prefix'\nimport Box from './box.vue'\n"
            "export default Object.assign(Box, { install(app, options) { app.component(prefixOf(options) + Box.name, Box) } })",
        },
        {"my-box": "box.vue"},
    ),
    "keys of a namespace": (
        BOX
        | {
            "all.js": "export { default as VBox } from './box.vue'",
            "install.js": "export function install(Vue, { components = {} }) {\n"
            "  if (install.done) return\n  install.done = true\n"
            "  for (const key in components) { const one = components[key]; if (one) Vue.component(key, one) }\n}",
            "plugin.js": "import { install } from './install'\nexport default class Plugin { static install = install }",
            "index.js": "import * as components from './all'\nimport Plugin from './plugin'\n"
            "const install = Plugin.install\n"
            "Plugin.install = (Vue, args) => { install.call(Plugin, Vue, { components, ...args }) }\nexport default Plugin",
        },
        {"v-box": "box.vue"},
    ),
    "plugins used by a plugin": (
        BOX
        | {
            "with.js": "export const withInstall = comp => {\n  const c = comp\n"
            "  c.install = app => { app.component('My' + c.name, comp) }\n  return comp\n}",
            "ui.js": "import { withInstall } from './with'\nimport Box from './box.vue'\nexport const UiBox = withInstall(Box)",
            "index.js": "import * as all from './ui'\n"
            "export default { install(app) { Object.keys(all).map(key => app.use(all[key])) } }",
        },
        {"my-box": "box.vue"},
    ),
    "statements of the top level": (
        BOX | {"main.js": "import Box from './box.vue'\nfor (const part of [Box]) { Vue.component(`x-${part.name}`, part) }"},
        {"x-box": "box.vue"},
    ),
    "a static with a new name": (
        PANE
        | {
            "tabs.js": "import Pane from './pane'\nconst Tabs = { name: 'MyTabs', props: {}, render() {} }\n"
            "Tabs.Pane = { ...Pane, name: 'MyPane' }\n"
            "Tabs.install = Vue => { Vue.component(Tabs.name, Tabs); Vue.component(Tabs.Pane.name, Tabs.Pane) }\nexport default Tabs"
        },
        {"my-tabs": "tabs.js", "my-pane": "pane.js"},
    ),
    "a name given afterwards": (
        PANE
        | {
            "index.js": "import Pane from './pane'\nPane.name = 'MyPane'\n"
            "Pane.install = Vue => Vue.component(Pane.name, Pane)\nexport default Pane"
        },
        {"my-pane": "pane.js"},
    ),
    "a helper that names and installs": (
        {
            "create.js": "function install(Vue) { const { name } = this; Vue.component(name, this) }\n"
            "export const create = name => sfc => { sfc.name = `my-${name}`; sfc.install = install; return sfc }",
            "tag/index.js": "import { create } from '../create'\nexport default create('tag')({ props: { plain: Boolean }, render() {} })",
        },
        {"my-tag": "tag/index.js"},
    ),
    "a chain of exports": (
        BOX
        | {
            "index.js": "import Box from './box.vue'\nconst all = { MyBox: Box }\n"
            "const install = Vue => { Object.keys(all).forEach(key => { Vue.component(key, all[key]) }) }\n"
            "const API = { install, ...all }\nmodule.exports.default = module.exports = API"
        },
        {"my-box": "box.vue"},
    ),
}  # fmt: skip


def linked(files):
    return {
        path: (read_script if suffix_of(path) in SCRIPTS else read_vue)(text.encode(), path)[0]
        for path, text in files.items()
    }


@pytest.mark.parametrize(("files", "expected"), REGISTERED.values(), ids=REGISTERED.keys())
def test_what_is_registered_is_found_by_running_it(files, expected):
    found = link(linked(files))
    assert {tag: one.path for tag, one in found.items() if one.registered} == expected


def test_what_a_factory_makes_has_the_name_given_to_it():
    files = {
        "simple.js": "export const simple = (tag, name) => Vue.extend({ name: name || `x-${tag}`, functional: true,"
        " props: { tag: { type: String, default: tag } }, render() {} })",
        "index.js": "import { simple } from './simple'\nexport const Spacer = simple('p', 'my-spacer')\nexport const Line = simple('hr')",
    }
    found = link(linked(files))
    assert sorted(found) == ["my-spacer", "x-hr"]
    assert [prop.name for prop in found["my-spacer"].props] == ["tag"]
    assert not found["x-hr"].registered


def test_the_parts_of_a_made_component_are_no_components_of_their_own():
    made = REGISTERED["a helper that names and installs"][0]
    assert list(link(linked(made))) == ["my-tag"]


def test_a_variable_of_a_page_leads_to_the_tag_that_is_registered():
    files = REGISTERED["a static with a new name"][0] | {"page.js": "import Tabs from './tabs'"}
    assert Linked(linked(files)).tag_of("Tabs.Pane", "page.js") == "my-pane"


def test_plugins_that_install_each_other_end():
    files = {
        "a.js": "import b from './b'\nexport default { install(app) { app.use(b) } }",
        "b.js": "import a from './a'\nexport default { install(app) { app.use(a); app.component('my-c', { props: ['c'], render() {} }) } }",
    }
    assert list(link(linked(files))) == ["my-c"]


MAKER = {
    "make.js": "export const createPart = name => part => {\n  part.name = name\n"
    "  part.install = function (Vue) { Vue.component(this.name, this) }\n  return part\n}",
}


def test_a_part_that_the_index_of_its_folder_leaves_out_is_not_registered():
    files = MAKER | {
        "tabs/Title.js": "import { createPart } from '../make'\nexport default createPart('my-tab')({ props: { inner: String } })",
        "tabs/Shown.js": "import { createPart } from '../make'\nexport default createPart('my-shown')({ props: { b: String } })",
        "tabs/index.js": "import { createPart } from '../make'\nimport Title from './Title'\nimport Shown from './Shown'\n"
        "const Tabs = createPart('my-tabs')({ props: { c: String }, components: { Title } })\n"
        "export default { install(Vue) { Vue.use(Tabs); Vue.use(Shown) } }",
        "zone/index.js": "import { createPart } from '../make'\nexport default createPart('my-tab')({ props: { d: String } })",
        "alone/Badge.js": "import { createPart } from '../make'\nexport default createPart('my-badge')({ props: { e: String } })",
    }
    found = link(linked(files))
    assert {tag for tag, one in found.items() if one.registered} == {"my-tabs", "my-shown", "my-tab", "my-badge"}
    assert [prop.name for prop in found["my-tab"].props] == ["d"]


def test_a_factory_that_is_exported_is_not_run_without_what_it_needs():
    files = MAKER | {
        "own.js": "import { createPart } from './make'\nconst createOwn = createPart('my-own')\nexport { createOwn }",
        "own/index.js": "import { createOwn } from '../own'\nexport default createOwn({ props: { a: String } })",
    }
    (component,) = link(linked(files)).values()
    assert (component.path, component.registered) == ("own/index.js", True)


def test_what_is_registered_under_an_unknown_name_keeps_its_own():
    files = BOX | {
        "index.js": "import Box from './box.vue'\nexport const install = (Vue, o) => Vue.component(o.name(), Box)"
    }
    (component,) = link(linked(files)).values()
    assert (component.name, component.registered) == ("box", True)


WRAPPED = BOX | {
    "box.vue": "<script>export default { name: 'MyBox', props: { value: String, initialValue: String },"
    " methods: { focus() {} } }</script>",
    "wrap.js": "export default keys => function (inner) {\n"
    "  const props = { ...inner.props }\n  const forwarded = {}\n"
    "  keys.forEach(key => {\n"
    "    const initial = `initial${key.replace(/^[a-z]/, letter => letter.toUpperCase())}`\n"
    "    props[initial] = inner.props[initial]\n  })\n"
    "  if (inner.methods) { Object.keys(inner.methods).forEach(key => { forwarded[key] = function () {} }) }\n"
    "  const { name } = inner\n"
    "  return Vue.extend({ name: `${name}-outer`, props: { ...props }, methods: { ...forwarded }, render(h) { return h(inner) } })\n}",
    "with.js": "export const withInstall = comp => {\n  const name = comp.options?.name || comp.name\n"
    "  comp.install = Vue => {\n    let tag = name.replace('My', '').replace('-outer', '')\n    tag = 'My' + tag\n"
    "    Vue.component(tag, comp)\n  }\n  return comp\n}",
    "index.js": "import Inner from './box.vue'\nimport wrap from './wrap'\nimport { withInstall } from './with'\n"
    "export const Box = withInstall(wrap(['value'])(Inner))\nexport default Box",
}


def test_a_component_that_wraps_another_takes_its_tag_and_is_listed_once():
    facts = {p: (read_vue if p.endswith("vue") else read_script)(s.encode(), p)[0] for p, s in WRAPPED.items()}
    components = link(facts)
    assert sorted(components) == ["box.vue", "my-box"]
    outer = components["my-box"]
    assert (outer.registered, outer.path, [prop.name for prop in outer.props]) == (
        True, "wrap.js", ["value", "initialValue"],
    )  # fmt: skip
    assert "props" not in outer.open


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("'a-b-c'.replace(/-(\\w)/g, (match, letter) => letter.toUpperCase())", "aBC"),
        ("'aaa'.replace('a', 'b')", "baa"),
        ("'aXbX'.replace(/x/gi, '-')", "a-b-"),
        ("'a+b'.replace('+', '')", "ab"),
        ("'aaa'.replace(/(a+)+$/, 'b')", None),  # with repetitions, which may take forever
        ("'ab'.replace(/(a)/, '$1$1')", None),
        ("'ab'.replace(/(a/, 'x')", None),
    ],
)
def test_texts_are_replaced(call, text):
    facts = {"a.js": read_script(f"export const it = {call}".encode(), "a.js")[0]}
    modules = Modules(facts)
    assert modules.text(["i", "it"], "a.js") == text
