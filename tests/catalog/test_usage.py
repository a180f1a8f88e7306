"""What is inferred from use, in templates and in JSX, and what is not."""

from __future__ import annotations

import pytest

from swiftprep import Scanner


def catalog_of(root, **settings):
    return Scanner(root, **{"framework": "ta", "cache": False, "workers": 1, **settings}).scan().catalog


def names(items):
    return [item.name for item in items]


def page(template, script=""):
    return f"<template><div>{template}</div></template>\n<script>\n{script}\n</script>\n"


JSX = """
export default {
  render() {
    return (
      <ta-table dataSource={this.rows} rowKey="id" onChange={this.turn} scopedSlots={{ cell: (row) => row.id }}>
        <ta-column {...{ props: { label: 'a' } }} />
      </ta-table>
    )
  },
}
"""


def test_jsx_shows_props_events_and_slots(tree):
    table = catalog_of(tree({"a.jsx": JSX, "b.jsx": JSX})).components["ta-table"]
    assert names(table.props) == ["dataSource", "rowKey"]
    assert names(table.events) == ["change"]
    assert names(table.slots) == ["cell"]


def test_a_jsx_variable_is_the_component_it_holds(tree):
    badge = (
        "const Badge = { name: 'TaBadge', props: { count: Number }, render() { return <i/> } }\nexport default Badge\n"
    )
    use = "import Badge from './badge'\nimport { Row } from 'grid'\nexport default { name: 'TaList', render() { const Tag = this.tag; return <div><Badge count={1}/><Row/><Tag/><props.tag/></div> } }\n"
    catalog = catalog_of(tree({"badge.jsx": badge, "list.jsx": use}))
    assert sorted(catalog.components) == ["ta-badge", "ta-list"]
    assert catalog.components["ta-badge"].uses == 1
    assert catalog.usage["ta-badge"].props == {"count": [1, 1, []]}


def test_a_component_imported_from_the_framework_has_its_tag(tree):
    use = "import { Table, Menu } from 'ta'\nexport default { render() { return <Menu><Menu.Item name='a'/><Table rows={[]}/></Menu> } }\n"
    catalog = catalog_of(tree({"a.jsx": use, "b.vue": page("<ta-card/><ta-table/>")}))
    assert sorted(catalog.usage) == ["ta-card", "ta-menu", "ta-menu-item", "ta-table"]
    assert catalog.usage["ta-table"].count == 2


def test_a_tag_registered_under_another_name_is_that_component(tree):
    box = page("a", "export default { name: 'TaBox', props: ['size'] }")
    use = page("<big-box size='1' />", "import Box from './Box.vue'\nexport default { components: { BigBox: Box } }")
    catalog = catalog_of(tree({"Box.vue": box, "A.vue": use}))
    assert catalog.components["ta-box"].uses == 1
    assert "big-box" not in catalog.usage


COLUMNS = "export default { data() { return { columns: [{ title: 'A', scopedSlots: { customRender: 'state' } }, { title: 'B', slot: 'act' }] } } }"
SLOTS = "<ta-table :columns='columns'><i slot='state' slot-scope='a'/><i slot='act'/><i slot='footer'/></ta-table>"


def test_slots_that_pages_name_in_columns_are_not_the_tables(tree):
    pages = {f"{name}.vue": page(SLOTS, COLUMNS) for name in "ab"}
    catalog = catalog_of(tree(pages | {"c.vue": page(SLOTS, "import columns from './columns'")}))
    assert names(catalog.components["ta-table"].slots) == ["footer"]
    assert list(catalog.usage["ta-table"].slots) == ["footer"]


def test_a_computed_slot_is_none(tree):
    box = "<ta-box><template v-slot:[name]><i/></template><template #head='{ row }'><i/></template></ta-box>"
    assert names(catalog_of(tree({"a.vue": page(box)})).components["ta-box"].slots) == ["head"]


def test_an_object_that_is_bound_shows_its_names(tree):
    box = catalog_of(tree({"a.vue": page("<ta-box v-bind=\"{ rowKey: id, size }\" v-bind:kind='k' />")})).components[
        "ta-box"
    ]
    assert names(box.props) == ["kind", "rowKey", "size"]
    assert {prop.type for prop in box.props} == {""}


@pytest.mark.parametrize(
    ("uses", "kind", "values"),
    [
        (["size='s'"], "", ()),
        (["size='s'"] * 3, "string", ()),
        (["size='s'", "size='l'"] * 2, "string", ("s", "l")),
        (["size='s'", "size='l'"], "string", ()),
        (["size='关闭'", "size='打开'"] * 3, "string", ()),
        (["size='s'", ":size='n'"], "", ()),
        (["size='1'", "size='2'"] * 2, "", ()),
        (["size"] * 2, "boolean", ()),
        ([f"size='v{n}'" for n in range(9)] * 2, "string", ()),
    ],
    ids=["one literal", "one value", "two values", "two values, once each", "texts", "bound too", "numbers", "bare", "many"],
)  # fmt: skip
def test_types_and_values_need_more_than_a_single_literal(tree, uses, kind, values):
    tags = "".join(f"<ta-box {use} />" for use in uses)
    (prop,) = catalog_of(tree({"a.vue": page(tags)})).components["ta-box"].props
    assert (prop.type, prop.values) == (kind, values)


def test_a_model_is_claimed_only_where_it_is_certain(tree):
    both = "<ta-a v-model='x'/><ta-a :value='x' @input='f'/><ta-b v-model='x'/><ta-b v-model='y'/>"
    found = catalog_of(tree({"a.vue": page(both)})).components
    assert (found["ta-a"].model, found["ta-b"].model) == (("value", "input"), None)
    found = catalog_of(tree({"a.vue": page(both)}), vue_version="3.4").components
    assert found["ta-b"].model == ("modelValue", "update:modelValue")
