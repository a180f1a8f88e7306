"""What the catalogue finds wrong with code, and what it leaves alone."""

from __future__ import annotations

import random

import pytest
from damage import KINDS, damaged
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Catalog
from swiftprep.catalog.api import Component, Event, Prop
from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import read_script, read_vue

FRAMEWORK = {
    "packages/table/table.vue": (
        "<template><div><slot/><slot name='empty'/></div></template><script>export default { name: 'TaTable',"
        " props: { data: { type: Array, required: true }, rowKey: String, border: Boolean },"
        " methods: { go() { this.$emit('row-click', 1); this.$emit('select') } } }</script>"
    ),
    "packages/input/input.vue": (
        "<template><div><input v-bind='$attrs' v-on='$listeners'></div></template><script>export default { name: 'TaInput',"
        " props: ['value', 'size'], methods: { go() { this.$emit('input', 1) } } }</script>"
    ),
    "packages/search/search.vue": (
        "<template><ta-input v-bind='$attrs' :size='size'/></template>"
        "<script>export default { name: 'TaSearch', props: ['size'] }</script>"
    ),
    "packages/button/button.vue": (
        "<template><button @click=\"$emit('click', $event)\"><slot/></button></template>"
        "<script>export default { name: 'TaButton', props: { type: String } }</script>"
    ),
    "packages/wrap/wrap.vue": (
        "<template><ta-rank :rank='1'/></template><script>export default { name: 'TaWrap', props: { title: String } }</script>"
    ),
    "packages/rank/rank.vue": (
        "<template><i/></template><script>export default { name: 'TaRank', props: ['rank'] }</script>"
    ),
    "packages/grid/grid.vue": (
        "<template><div><grid-row/><grid-head/></div></template><script>import GridRow from './row'\nimport GridHead from './head'\n"
        "export default { name: 'TaGrid', props: { rows: Array }, components: { GridRow, GridHead } }</script>"
    ),
    "packages/grid/row.vue": (
        "<template><i/></template><script>export default { name: 'GridRow',"
        " methods: { a(kind) { this.grid.$emit(`row-${kind}`) } } }</script>"
    ),
    "packages/grid/head.js": (
        "export default { name: 'GridHead', methods: { a(e) { this.told(e, 'click') }, told(e, kind) { this.$parent.$emit(`head-${kind}`, e) } } }"
    ),
    "packages/open/open.vue": (
        "<template><div><slot v-for='c in cols' :name='c.slot'/></div></template>"
        "<script>export default { name: 'TaOpen', props: {...anything()}, methods: { go(x) { this.$emit(x) } } }</script>"
    ),
    "packages/dialog/dialog.vue": (
        "<template><div><slot/><slot name='footer'/></div></template><script>export default { name: 'TaDialog',"
        " model: { prop: 'visible', event: 'toggle' }, props: { visible: { type: Boolean, required: true }, title: String },"
        " methods: { go() { this.$emit('toggle'); this.$emit('update:title') } } }</script>"
    ),
}


SPELT = {
    "packages/as/as.vue": (
        "<template><Component :is='tag' v-bind='$attrs'/></template><script>export default { name: 'TaAs', props: ['tag'] }</script>"
    ),
    "packages/h1/h1.vue": (
        "<template><h1/></template><script>export default { name: 'TaH1Bar', emits: ['go2Top'],"
        " props: { top3: Boolean, mp4Src: { type: String, required: true } } }</script>"
    ),
}


def framework(files=FRAMEWORK, **settings):
    facts = {
        path: (read_vue if path.endswith(".vue") else read_script)(text.encode(), path)[0]
        for path, text in files.items()
    }
    return Catalog(link(facts), framework="ta", **settings)


CATALOG = framework()


def found(code, **settings):
    return [(p.kind, p.line, p.tag, p.name) for p in CATALOG.check(code, **settings)]


VALID = {
    "html": "<template><div id='a' class='b' data-x='1' aria-label='c' @click='d'><p>a < b && c {{ a < b }}<br></p></div></template>",
    "paragraphs around blocks": "<template><p><div/></p></template>",
    "built-ins": "<template><transition name='a'><keep-alive><router-view :key='a'/></keep-alive></transition></template>",
    "vue's own": "<template><ta-table v-for='a in b' :key='a' ref='t' v-if='c' v-loading='d' :data='x' class='y' data-y/></template>",
    "dynamic": "<template><component :is='x' anything='1'/><ta-table :[name]='1' @[event]='f' :data='x'/></template>",
    "an object": "<template><ta-table v-bind='all' v-on='listeners'/></template>",
    "passed on": "<template><ta-input placeholder='a' maxlength='3' @keyup.enter='b' @focus='c'/></template>",
    "passed on twice": "<template><ta-search placeholder='a' value='b'/></template>",
    "native": "<template><ta-table :data='x' @click.native='y'/></template>",
    "root's own attributes": "<template><ta-button disabled name='x' form='f'/></template>",
    "pascal case": "<template><TaTable :rowKey='k' :data='x'/></template>",
    "events that a row and a head emit on what they are in": "<template><ta-grid @row-click='a' @head-click='b'/></template>",
    "model of a prop called value": "<template><ta-input v-model='x'/><ta-search v-model='x'/></template>",
    "model": "<template><ta-dialog v-model='x' :title.sync='t'/></template>",
    "sync": "<template><ta-dialog :visible.sync='x'/></template>",
    "slots": "<template><ta-dialog visible><template #footer>a</template><template v-slot:default>b</template></ta-dialog></template>",
    "old slots": "<template><ta-dialog visible><div slot='footer' slot-scope='x'/></ta-dialog></template>",
    "open": "<template><ta-open whatever='1' @anything='2'><template #any>3</template></ta-open></template>",
    "registered here": "<template><my-box wrong='1'/><Other/></template><script>import MyBox from './box.vue'\n"
    "export default { components: { MyBox, Other: () => import('./other') } }</script>",
    "script setup": "<script setup>import MyBox from './box.vue'\nconst X = 1</script><template><MyBox a='1'/><my-box/></template>",
    "unknown registrations": "<template><who-knows/></template><script>export default { components: { ...all } }</script>",
    "its own name": "<template><tree-node/></template><script>export default { name: 'TreeNode' }</script>",
    "typescript": "<script lang='ts'>const a = <T,>(x: T) => x; interface A { b?: string }</script>",
    "jsx": "<script>export default { render() { return <ta-table data={x} nativeOnClick={f} class='a'><b/></ta-table> } }</script>",
    "capital names that HTML knows": "<template><Input :a='1'><Col/></Input></template><script>import {Input, Col} from 'x'\n"
    "export default { components: { Input, Col } }</script>",
    "a piece of a template": "<ta-button type='primary'>确定</ta-button>\n<ta-input v-model='a'/>",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("code", VALID.values(), ids=VALID.keys())
def test_valid_code_has_no_problem(code):
    assert found(code) == []


WRONG = {
    "prop": ("<ta-table :data='x' rowkey='a'/>", [("unknown-prop", 1, "ta-table", "rowkey")]),
    "prop of an inner component": ("<ta-search placeholdr='a'/>", [("unknown-prop", 1, "ta-search", "placeholdr")]),
    "required": ("\n<ta-table/>", [("missing-prop", 2, "ta-table", "data")]),
    "event": ("<ta-table :data='x' @rowclick='f'/>", [("unknown-event", 1, "ta-table", "rowclick")]),
    "model with an argument": ("<ta-dialog v-model:visible='x' visible/>", [("unknown-prop", 1, "ta-dialog", "v-model:visible")]),
    "model of nothing": ("<ta-table v-model='x' :data='x'/>", [("unknown-prop", 1, "ta-table", "v-model")]),
    "prop of the root, which is a component": ("<ta-wrap rank='a' name='b'/>", [("unknown-prop", 1, "ta-wrap", "rank")]),
    "event of a head that is not": ("<ta-grid @head-move='f' @rowclick='f'/>", [("unknown-event", 1, "ta-grid", "head-move"), ("unknown-event", 1, "ta-grid", "rowclick")]),
    "event in another case": ("<ta-table :data='x' @rowClick='f'/>", [("unknown-event", 1, "ta-table", "rowClick")]),
    "passed-on event": ("<ta-input @keyupp='f'/>", [("unknown-event", 1, "ta-input", "keyupp")]),
    "slot": ("<ta-dialog visible>\n<template #foot/></ta-dialog>", [("unknown-slot", 2, "ta-dialog", "foot")]),
    "old slot": ("<ta-dialog visible><i slot='foot'/></ta-dialog>", [("unknown-slot", 1, "ta-dialog", "foot")]),
    "tag": ("<ta-tabel :data='x'/>", [("unknown-tag", 1, "ta-tabel", "")]),
    "tag of nobody": ("<van-button/>", [("unknown-tag", 1, "van-button", "")]),
    "no end tag": ("<div>\n<ta-button>\n</div>", [("syntax", 2, "", "<ta-button> without its end tag")]),
    "no start tag": ("<div>\n</ta-button>\n</div>", [("syntax", 2, "", "</ta-button> without its start tag")]),
    "block cut off": ("<template>\n<div/>", [("syntax", 1, "", "<template> without its end tag")]),
    "script": ("<template><i/></template>\n<script>\nexport default {\n  a: (\n}\n</script>", [("syntax", 4, "", "syntax error in <script>")]),
    "jsx": ("<script>export default { render() { return <ta-table rowkey='x' data={y}/> } }</script>", [("unknown-prop", 1, "ta-table", "rowkey")]),
    "imported from the framework": (
        "<template><ta-table/></template><script>import TaTable from 'ta/packages/table'\nexport default { components: { TaTable } }</script>",
        [("missing-prop", 1, "ta-table", "data")],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), WRONG.values(), ids=WRONG.keys())
def test_wrong_code_is_found(code, expected):
    assert found(code) == expected


def test_messages_say_what_was_meant_in_both_languages():
    (problem,) = CATALOG.check("<ta-dialog visible titel='a'/>")
    assert problem.message == "<ta-dialog> has no prop 'titel' (did you mean 'title'?)"
    assert problem.message_zh == "<ta-dialog> 没有属性 'titel'，是不是 'title'？"


def test_a_model_that_there_is_not_is_told_with_the_prop_to_bind():
    (problem,) = CATALOG.check("<ta-dialog v-model:visible='x' visible/>")
    assert problem.message == "<ta-dialog> has no v-model:visible (did you mean ':title.sync'?)"
    assert problem.message_zh == "<ta-dialog> 不支持 v-model:visible，是不是 ':title.sync'？"
    assert framework(vue_version="3.4").check("<ta-wrap v-model:title='x' rank='a'/>") == []


@pytest.mark.parametrize(
    "code",
    [
        "<ta-as tag='a' href='b' any-thing='c'/>",
        "<ta-h1-bar top3 mp4-src='a'/>",
        "<TaH1Bar top-3 :mp-4-src='a'/>",
        "<ta-h-1-bar :mp4Src='a'/>",
    ],
    ids=["passed on to a dynamic component", "digit", "digit behind a hyphen", "in the tag"],
)
@pytest.mark.parametrize("vue_version", ["2.7", "3.4"])
def test_vue_takes_several_spellings_for_one(code, vue_version):
    assert framework(SPELT, vue_version=vue_version).check(code) == []


def test_another_digit_is_another_name():
    problems = framework(SPELT).check("<ta-h1-bar top-4/>")
    assert [(p.kind, p.name) for p in problems] == [("unknown-prop", "top-4"), ("missing-prop", "mp4-src")]
    (problem,) = framework(SPELT).check("<ta-h2-bar/>")
    assert problem.kind == "unknown-tag"


def test_a_digit_in_the_name_of_an_event_may_stand_behind_a_hyphen_in_vue_3():
    code = "<ta-h1-bar mp4-src='a' @go-2-top='f' @go2-top='f'/>"
    assert [p.name for p in framework(SPELT).check(code)] == ["go-2-top", "go2-top"]
    assert framework(SPELT, vue_version="3.4").check(code) == []


def test_a_native_listener_without_native_is_only_strictly_a_problem():
    code = "<ta-table :data='x' @click='f'/>"
    assert found(code) == []
    assert found(code, strict=True) == [("unknown-event", 1, "ta-table", "click")]
    assert framework(vue_version="3.4").check(code, strict=True) == []


def test_what_is_known_from_usage_alone_is_only_checked_for_slips(tree):
    from swiftprep import Scanner

    page = "<template><ta-form :label-width='a' @submit='b' inline/></template>"
    catalog = Scanner(tree({"A.vue": page, "B.vue": page}), cache=False).scan().catalog
    assert catalog.check("<ta-form whatever='1' @else-where='2'/>") == []
    assert [p.message for p in catalog.check("<ta-form :lable-width='1' @sumbit='x'/>")] == [
        "<ta-form> has no prop 'lable-width' (did you mean 'label-width'?)",
        "<ta-form> has no event 'sumbit' (did you mean 'submit'?)",
    ]


OPEN_BASES = {
    "a mixin of a package": "import { D } from '@kx/ui'\nexport default { name: 'TaOwn', mixins: [D], props: ['a'] }",
    "a base of a package": "import { D } from '@kx/ui'\nexport default { name: 'TaOwn', extends: D, props: ['a'] }",
    "a spread of a package": "import { D } from '@kx/ui'\nexport default { name: 'TaOwn', ...D, props: ['a'] }",
    "a call of a package": "import { d } from '@kx/ui'\nexport default { name: 'TaOwn', mixins: [d()], props: ['a'] }",
    "a list of a package": "import { all } from '@kx/ui'\nexport default { name: 'TaOwn', mixins: all, props: ['a'] }",
    "a mixin of a mixin": "import M from './m'\nexport default { name: 'TaOwn', mixins: [M], props: ['a'] }",
}


@pytest.mark.parametrize("script", OPEN_BASES.values(), ids=OPEN_BASES.keys())
def test_a_component_with_a_base_outside_the_tree_may_have_more_than_is_seen(script):
    vue = f"<template><i/></template><script>{script}</script>"
    catalog = framework({"own.vue": vue, "m.js": "import D from 'kx-ui'\nexport default { mixins: [D] }"})
    assert catalog.components["ta-own"].open == ("events", "props", "slots")
    assert catalog.check("<ta-own v-model='x' b='1' @c='y'><template #d/></ta-own>") == []


CLOSED_BASES = {
    "a mixin here": ("", "const m = { created() {} }\nexport default { name: 'TaOwn', mixins: [m], props: ['a'] }"),
    "an empty mixin": ("", "export default { name: 'TaOwn', mixins: [{}], props: ['a'] }"),
    "a function here": (
        "",
        "function f() { return { data: {} } }\nexport default { name: 'TaOwn', mixins: [f()], props: ['a'] }",
    ),
    "a file here": ("", "import M from './m'\nexport default { name: 'TaOwn', mixins: [M], props: ['a'] }"),
    "Vue itself": (
        "ts",
        "import Vue from 'vue'\nexport default (Vue as VueConstructor<X>).extend({ name: 'TaOwn', props: ['a'] })",
    ),
    "types of a class": (
        "ts",
        "@Component\nexport default class TaOwn extends Vue<Own> implements Row { @Prop() a }",
    ),
}


@pytest.mark.parametrize(("lang", "script"), CLOSED_BASES.values(), ids=CLOSED_BASES.keys())
def test_a_component_with_bases_that_are_known_is_known(lang, script):
    vue = f"<template><i/></template><script lang='{lang or 'js'}'>{script}</script>"
    catalog = framework({"own.vue": vue, "m.js": "export default { methods: { go() {} } }"})
    assert catalog.components["ta-own"].open == ()
    assert [p.name for p in catalog.check("<ta-own v-model='x'/>")] == ["v-model"]


def test_what_the_code_base_uses_is_no_slip_of_what_it_uses_more(tree):
    from swiftprep import Scanner

    page = "<template><ta-pages :page-size='a' @size-change='b'/></template>"
    once = "<template><div><ta-pages :page-sizes='a' @size-changed='b'/><ta-rows :page-saze='1'/></div></template>"
    catalog = Scanner(tree({"A.vue": page, "B.vue": page, "C.vue": once}), cache=False).scan().catalog
    assert catalog.check(page) == catalog.check(once) == []
    assert catalog.check("<ta-pages :page-saze='1'/>") == []  # used, if on another component
    assert [p.near for p in catalog.check("<ta-pages :page-siez='1'/>")] == ["page-size"]


def test_another_word_or_a_plural_is_no_slip(tree):
    from swiftprep import Scanner

    page = "<template><ta-pages :page-size='a' :min-height='b'/></template>"
    catalog = Scanner(tree({"A.vue": page, "B.vue": page}), cache=False).scan().catalog
    assert catalog.check("<ta-pages :page-sizes='a' :max-height='b'/>") == []


PAGE = """<template>
  <div>
    <ta-table :data="rows" row-key="id" border @row-click="open" @select="select">
      <template #empty><span>none</span></template>
    </ta-table>
    <ta-dialog :visible="shown" :title="title" @toggle="shown = false">
      <ta-button type="primary" @click="go">go</ta-button>
    </ta-dialog>
  </div>
</template>
"""


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_copies_are_found(kind):
    assert CATALOG.check(PAGE) == []
    hits = total = 0
    for seed in range(40):
        broken = damaged(PAGE, kind, CATALOG.components, random.Random(seed))
        if broken is not None:
            total += 1
            hits += KINDS[kind] in {p.kind for p in CATALOG.check(broken)}
    assert total >= 30
    assert hits == total


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["", "<template>", "<script>", "<ta-table ", "{{", "<!--"]))
def test_no_text_makes_it_fail(text, start):
    CATALOG.check(start + text)


def test_a_typo_is_found_where_a_list_is_open() -> None:
    button = Component("ta-button", props=(Prop("loading"),), events=(Event("change"),), open=("props", "events"))
    other = Component("ta-range", events=(Event("chance"),))
    catalog = Catalog([button, other])
    found = catalog.check("<ta-button @chaxge='f' @clik='f' @chance='f' @refresh='f' lodaing='1' size='s' />")
    assert [problem.name for problem in found] == ["lodaing", "chaxge", "clik"]


def test_a_file_that_registers_a_component_is_checked() -> None:
    code = "<script>import Vue from 'vue'\nVue.component('TaTag', { render: h => h('p') })\nVue.use(Other)</script>"
    assert Catalog([]).check(code) == []


@pytest.mark.parametrize("path", ["src/list/Rows.vue", "src/Rows/Rows.vue", "src/Rows/index.js"])
@pytest.mark.parametrize("module", ["@/list/Rows", "@/Rows", "../Rows"])
def test_a_member_of_an_imported_component_is_checked_as_the_one_of_that_file(path: str, module: str) -> None:
    item = Component("rows-item", path=path, props=(Prop("size", "string", required=True),), root="div")
    code = (
        f"<template><rows-item sixe='1'/></template>\n<script>\nimport Rows from '{module}'\n"
        "const RowsItem = Rows.Item\nexport default { components: { RowsItem } }\n</script>"
    )
    assert {(p.kind, p.name) for p in Catalog([item]).check(code)} == {
        ("missing-prop", "size"),
        ("unknown-prop", "sixe"),
    }


def test_of_two_components_an_import_means_the_one_of_its_folder() -> None:
    ours = Component("trend", path="src/components/Trend/Trend.vue", props=(Prop("flag", required=True),), root="div")
    others = Component("trend", path="src/components/chart/Trend.vue", root="div")
    catalog = Catalog({"trend": others, "src/components/Trend/Trend.vue": ours})
    code = "<template><trend/></template>\n<script>\nimport Trend from '{}'\nexport default {{ components: {{ Trend }} }}\n</script>"
    assert [p.name for p in catalog.check(code.format("@/components/Trend"))] == ["flag"]
    assert [p.name for p in catalog.check(code.format("@/components/chart/Trend"))] == []
