"""Whose a component is, and that nothing else is taught as the framework's."""

from __future__ import annotations

import json

import pytest

from swiftprep import Catalog, Scanner
from swiftprep.catalog.api import Component
from swiftprep.errors import DataError

PACKAGE = json.dumps({"name": "shop", "dependencies": {"vue": "2", "ta404": "1", "chart-kit": "1", "sorter": "1"}})
MAIN = """
import Vue from 'vue'
import Ta from 'ta404'
import ChartKit from 'chart-kit'
import { Frame } from 'page-kit'
import MenuTree from './parts/MenuTree'
Vue.use(Ta)
Vue.use(ChartKit)
Vue.component('page-frame', Frame)
Vue.component('menu-tree', MenuTree)
"""
PAGE = """<template>
  <page-frame>
    <chart-line :data="rows" /><chart-axis :label="a" />
    <sorter v-model="rows" />
    <menu-tree :rows="rows" />
    <ta-card title="x" ref="card" style="top: 0"><ta-table :rows="rows" :columns="columns" /></ta-card>
  </page-frame>
</template>
<script>
import sorter from 'sorter'
export default { name: 'Orders', components: { sorter }, data() { return { rows: [], columns: [] } } }
</script>
"""
APP = {
    "package.json": PACKAGE,
    "main.js": MAIN,
    "Orders.vue": PAGE,
    "Bills.vue": PAGE.replace("Orders", "Bills"),
    "Taxes.vue": PAGE.replace("Orders", "Taxes"),
    "parts/MenuTree.vue": "<template><ul/></template><script>export default { name: 'MenuTree', props: ['rows'] }</script>",
}
LIBRARY = {
    f"{name}/index.js": f"import Main from './{name}.vue'\nMain.install = (Vue) => Vue.component(Main.name, Main)\nexport default Main\n"
    for name in ("card", "table", "tag", "tree", "form")
} | {
    f"{name}/{name}.vue": f"<template><div/></template><script>export default {{ name: 'Ta{name.title()}', props: {{ rows: Array }} }}</script>"
    for name in ("card", "table", "tag", "tree", "form")
}


def scan(root, **settings):
    return Scanner(root, **{"framework": "ta404", "cache": False, "workers": 1, "val_fraction": 0, **settings}).scan()


def owners(catalog):
    return {tag: component.owner for tag, component in catalog.components.items()}


def test_package_import_registration_and_prefix_tell_the_owner(tree):
    catalog = scan(tree(APP)).catalog
    assert owners(catalog) == {
        "ta-card": "framework", "ta-table": "framework", "page-frame": "other", "chart-line": "other",
        "chart-axis": "other", "sorter": "other", "menu-tree": "application", "orders": "application",
        "bills": "application", "taxes": "application",
    }  # fmt: skip
    assert [component.name for component in catalog.owned("framework")] == ["ta-card", "ta-table"]
    assert catalog.owner_of("TaCard") == "framework"
    assert catalog.owner_of("sorter") == "other"


def test_pages_name_only_what_is_the_frameworks_and_no_attributes_of_any_element(tree):
    for sample in scan(tree(APP), kinds=["page"]).samples:
        said = sample.prompt + sample.answer.partition("```")[0]
        assert sample.meta["components"] == ["ta-card", "ta-table"]
        assert not [name for name in ("chart", "sorter", "page-frame", "menu-tree", "ref", "style") if name in said]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_api_samples_say_whose_a_component_is(tree, lang):
    samples = {s.meta["components"][0]: s for s in scan(tree(APP), kinds=["api"], lang=lang).samples}
    assert sorted(samples) == ["menu-tree", "ta-card", "ta-table"]
    own = samples["menu-tree"]
    assert "parts/MenuTree.vue" in own.prompt
    assert ("不属于ta404" if lang == "zh" else "does not belong to ta404") in own.answer
    assert "ta404" not in own.prompt


def test_a_prefix_is_the_frameworks_even_if_others_are_used_more(tree):
    page = "<template><div>" + "<chart-line/><chart-axis/>" * 9 + "<ta-card/></div></template>"
    root = tree({"main.js": "import Kit from 'chart-kit'\nVue.use(Kit)", "A.vue": page})
    assert owners(scan(root).catalog) == {
        "ta-card": "framework", "chart-line": "other", "chart-axis": "other", "a": "application",
    }  # fmt: skip
    assert owners(scan(root, framework="fw").catalog)["ta-card"] == "framework"


def test_without_a_common_prefix_what_nothing_else_explains_is_the_frameworks(tree):
    page = "<template><div><Row-x/><Date-picker/><List-item/><Input-box/></div></template>"
    found = owners(scan(tree({"A.vue": page}), framework="plain").catalog)
    assert {found[tag] for tag in ("row-x", "date-picker", "list-item", "input-box")} == {"framework"}


def test_the_framework_itself_offers_what_it_registers(tree):
    inner = "<template><i/></template><script>export default { name: 'TaTableHead', props: ['rows'] }</script>"
    demo = "<template><ta-table/></template><script>export default { name: 'Demo', props: ['rows'] }</script>"
    root = tree({**LIBRARY, "table/head.vue": inner, "demo/Demo.vue": demo})
    result = scan(root, kinds=["api"])
    found = owners(result.catalog)
    assert found["ta-table"] == "framework"
    assert (found["ta-table-head"], found["demo"]) == ("", "")
    told = {sample.meta["components"][0]: sample for sample in result.samples}
    assert set(told) == {"ta-card", "ta-table", "ta-tag", "ta-tree", "ta-form"}
    assert "ta-table是ta404框架的组件" in told["ta-table"].answer


def test_of_two_folders_each_keeps_its_own(tmp_path):
    for name, files in (("shop", APP), ("ui", LIBRARY)):
        for path, text in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)
    found = owners(scan([tmp_path / "shop", tmp_path / "ui"]).catalog)
    assert (found["ta-card"], found["menu-tree"], found["chart-line"]) == ("framework", "application", "other")


def test_a_page_does_not_take_the_tag_of_a_component_that_others_use(tree):
    page = "<template><div>hello</div></template><script>export default { name: 'd2-grid' }</script>"
    use = "<template><d2-grid :rows='rows' :columns='columns' @pick='f'/></template>"
    catalog = scan(tree({"pages/grid/index.vue": page, "A.vue": use, "B.vue": use})).catalog
    assert catalog.components["d2-grid"].origin == "usage"
    assert catalog.components["pages/grid/index.vue"].name == "d2-grid"
    assert catalog.check(use) == []


def test_a_component_used_as_it_is_defined_keeps_its_tag(tree):
    box = "<template><div/></template><script>export default { name: 'side-box', props: ['rows'] }</script>"
    catalog = scan(tree({"parts/SideBox.vue": box, "A.vue": "<template><side-box :rows='r' /></template>"})).catalog
    assert (catalog.components["side-box"].origin, catalog.components["side-box"].uses) == ("source", 1)


def test_two_components_of_one_name_are_asked_about_by_their_files(tree):
    files = {
        f"v/{d}/list.vue": f"<template><p/></template><script>export default {{ name: 'TableList', props: {{ p{d}: String }} }}</script>"
        for d in "abcd"
    }
    prompts = [sample.prompt for sample in scan(tree(files), kinds=["api"]).samples]
    assert len(set(prompts)) == len(prompts) == 4


def test_an_owner_is_stored_and_old_catalogues_have_none(tmp_path):
    catalog = Catalog([Component("ta-a", owner="other"), Component("ta-b")])
    document = json.loads(catalog.save(tmp_path / "c.json").read_text())
    assert Catalog.load(tmp_path / "c.json").components["ta-a"].owner == "other"
    for row in document[1:]:
        del row["is"]["owner"]
    (tmp_path / "c.json").write_text(json.dumps(document))
    old = Catalog.load(tmp_path / "c.json")
    assert old.components["ta-a"].owner == ""
    assert [component.name for component in old.owned("framework")] == ["ta-a", "ta-b"]
    document[1]["is"]["owner"] = "nobody"
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match="owner: 'nobody': no such thing"):
        Catalog.load(tmp_path / "c.json")


FIELD = """<script>
export default {
  name: 'TaField',
  props: {
    /** Its size. @since 2 */
    size: { type: String, default: 'small', validator: (v) => ['small', 'large'].includes(v) },
    list: { type: Array, default: () => [] },
    at: { type: Number, default: Date.now() },
    any: {},
  },
  methods: {
    /** Empty it. */
    clear() {},
    /** TODO: rewrite */
    measure() {},
    renderRows() {},
    focus() {},
    send() { this.$emit('change', true); this.$emit('pick', row, index); this.$emit('error', { a: 1 }) },
  },
  render() { return <div>{this.$slots.default}</div> },
}
</script>
"""


def test_an_api_sample_says_only_what_is_certain(tree):
    (sample,) = scan(tree({"Field.vue": FIELD}), kinds=["api"], lang="en").samples
    rows = [line for line in sample.answer.splitlines() if line.startswith("| ")]
    assert "| size | string | no | 'small' | Its size. One of small, large. |" in rows
    assert "| list | array | no | [] |  |" in rows
    assert "| at | number | no |  |  |" in rows  # the default is computed
    assert "| any |  |  |  |  |" in rows  # whether it is required is not known without anything said of it
    assert [line for line in sample.answer.splitlines() if line.startswith("- ")] == [
        "- change", "- pick(row, index)", "- error", "- default", "- clear(): Empty it.", "- focus()",
    ]  # fmt: skip


def test_a_list_that_may_be_incomplete_is_said_to_be(tree):
    mixed = (
        "<script>import { D } from 'kit'\nexport default { name: 'TaOpen', mixins: [D], props: { a: String } }</script>"
    )
    (sample,) = scan(tree({"Open.vue": mixed}), kinds=["api"], lang="en").samples
    assert "What follows is what is known of it, which may not be all." in sample.answer
