"""What witnesses beside the source know, joined by rank, and how the catalogue explains itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from swiftprep import Catalog, Scanner
from swiftprep.catalog.api import Component, Event, Method, Prop, Slot
from swiftprep.catalog.explain import completeness_of
from swiftprep.catalog.witnesses.docs import Docs
from swiftprep.catalog.witnesses.joining import constructors, joined
from swiftprep.catalog.witnesses.markdown import api_tables
from swiftprep.catalog.witnesses.overrides import overridden, read_overrides
from swiftprep.catalog.witnesses.vetur import from_vetur
from swiftprep.errors import ConfigError, DataError, MissingDependencyError, RunError


def box(*props, origin="source", **more):
    return Component("ta-box", props=props, origin=origin, **more)


def names(items):
    return [item.name for item in items]


def documented(pages, tag, path, *, chinese=True, tags=()) -> Component:
    found = Docs(pages, [tag, *tags], chinese=chinese).of(Component(tag, path=path))
    assert found is not None
    return found


def corrected(component, override) -> Component:
    known = overridden(component, override)
    assert known is not None
    return known


# -- joining ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["web-types", "vetur", "types", "docs"])
def test_a_complete_list_takes_comments_but_no_names(origin):
    known, contradictions = joined(
        [box(Prop("size", "string")), box(Prop("size", "string", doc="How large"), Prop("old"), origin=origin)]
    )
    assert [(p.name, p.doc, p.witness) for p in known.props] == [("size", "How large", "source")]
    assert [(c.name, c.fact, c.witness, c.other) for c in contradictions] == [("old", "exists", "source", origin)]


def test_an_open_list_takes_names_with_their_witness_and_stays_open():
    source = box(Prop("size"), open=("props", "slots"))
    known, contradictions = joined([source, box(Prop("wide"), origin="docs", slots=(Slot("footer"),))])
    assert [(p.name, p.witness) for p in known.props] == [("size", "source"), ("wide", "docs")]
    assert names(known.slots) == ["footer"]
    assert known.open == ("props", "slots")
    assert not contradictions


def test_run_time_completes_and_closes_the_list_of_props():
    source = box(Prop("size"), open=("props", "slots"), why_open=(("props", "a"), ("slots", "b")))
    known, _ = joined([source, box(Prop("size", "string", default="'m'"), Prop("wide"), origin="run-time")])
    assert [(p.name, p.type, p.default, p.witness) for p in known.props] == [
        ("size", "string", "'m'", "source"), ("wide", "", None, "run-time"),
    ]  # fmt: skip
    assert (known.open, known.why_open) == (("slots",), (("slots", "b"),))
    unsure, _ = joined([source, box(origin="run-time", open=("props",))])
    assert "props" in unsure.open


def test_source_and_run_time_contradict_each_other_in_type_default_required_and_existence():
    source = box(
        Prop("a", "string"), Prop("b", "'x' | 'y'", default="'x'"), Prop("c", required=True), Prop("gone"),
        Prop("list", "string[]", default="[]"), Prop("made", default="makeIt()"), Prop("when", "Day", runtime=("Date",)),
    )  # fmt: skip
    running = box(
        Prop("a", "number"), Prop("b", "string", default="'z'"), Prop("c"), Prop("more"),
        Prop("list", "array", default="[]"), Prop("made", default="'m'"), Prop("when", "Date"), origin="run-time",
    )  # fmt: skip
    known, found = joined([source, running])
    assert [(c.name, c.fact, c.said, c.other_said) for c in found] == [
        ("a", "type", "string", "number"), ("b", "default", "'x'", "'z'"), ("c", "required", "true", "false"),
        ("more", "exists", "", "more"), ("gone", "exists", "gone", ""),
    ]  # fmt: skip
    assert [p.name for p in known.props] == ["a", "b", "c", "gone", "list", "made", "when", "more"]
    assert known.props[0].type == "string"
    assert str(found[-1]) == "<ta-box> prop 'gone': source has it, run-time does not"


def test_usage_adds_nothing_to_what_is_known_better():
    known, contradictions = joined([box(origin="usage", uses=2), box(Prop("a"), origin="web-types", open=("props",))])
    assert (known.origin, names(known.props), contradictions) == ("web-types", ["a"], [])


def test_documentation_states_no_default_and_no_type_of_a_known_prop():
    documented = box(Prop("size", "number", doc="d", default="3", witness="docs"), origin="docs")
    known, contradictions = joined([box(Prop("size")), documented])
    assert known.props == (Prop("size", doc="d"),)
    assert not contradictions


@pytest.mark.parametrize(
    ("text", "kinds"),
    {
        "string | number": {"string", "number"},
        "'a' | \"b\"": {"string"},
        "Array<string | number>": {"array"},
        "{ a: string | number }": {"object"},
        "(a: string | number) => void": {"function"},
        "boolean/Function": {"boolean", "function"},
        "string | any": set(),
        "": set(),
        "Date | null": {"date"},
    }.items(),
)
def test_types_are_compared_as_vue_checks_them(text, kinds):
    assert constructors(text) == kinds


def test_merged_catalogues_are_joined_and_keep_the_contradictions(tmp_path):
    source, running = Catalog([box(Prop("a", "string"))]), Catalog([box(Prop("a", "number"), origin="run-time")])
    merged = Catalog.merge([running, source])
    assert [c.fact for c in merged.contradictions] == ["type"]
    merged.save(tmp_path / "catalog.json")
    assert Catalog.load(tmp_path).contradictions == merged.contradictions
    assert Catalog.merge([merged, source]).contradictions == merged.contradictions


def test_the_witness_of_each_fact_is_kept_in_files_and_tables(tmp_path):
    catalog = Catalog([box(Prop("a"), Prop("b", witness="run-time"), open=("slots",), why_open=(("slots", "why"),))])
    catalog.save(tmp_path / "catalog.json")
    (loaded,) = Catalog.load(tmp_path)
    assert [p.witness for p in loaded.props] == ["source", "run-time"]
    assert loaded.why_open == (("slots", "why"),)
    assert list(catalog.to_pandas()["witness"]) == ["source", "run-time"]
    catalog.to_web_types(tmp_path / "web-types.json")
    (read,) = Catalog.from_web_types(tmp_path / "web-types.json")
    assert [p.witness for p in read.props] == ["web-types", "run-time"]
    assert read.open == ("slots",)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"why_open": ["slots"]}, "why_open: 'slots' in the list"),
        ({"props": [{"name": "a", "witness": "hearsay"}]}, "witness: 'hearsay'"),
    ],
)
def test_a_damaged_witness_is_refused(tmp_path, change, message):
    path = Catalog([box()]).save(tmp_path / "catalog.json")
    rows = json.loads(path.read_text())
    rows[1]["is"].update(change)
    path.write_text(json.dumps(rows))
    with pytest.raises(DataError, match=message):
        Catalog.load(path)


def test_a_damaged_contradiction_is_refused(tmp_path):
    path = Catalog([box()]).save(tmp_path / "catalog.json")
    rows = json.loads(path.read_text())
    path.write_text(json.dumps([*rows, {"contradicts": {"component": "ta-box", "what": "prop"}}]))
    with pytest.raises(DataError, match="fields:"):
        Catalog.load(path)


# -- documentation ----------------------------------------------------------------------------------------------------

PAGES = {
    "pipes": ("# Box\n### Props\n| 参数 | 说明 | 类型 |\n|---|:-:|---|\n| `size` | 大小 | _string_ |\n", "props", ["size"]),
    "no outer pipes": ("### Box Props\n\n名称 | 类型 | 默认值 | 说明\n-- | -- | -- | --\nsize | String | - | 大小\n", "props", ["size"]),
    "kebab": ("## Box\n|Attribute|Description|Type|\n|-|-|-|\n|page-size|Rows|number|\n", "props", ["pageSize"]),
    "two names": ("## Box\n|Property|Description|Type|\n|-|-|-|\n|value / v-model|What|string|\n", "props", ["value"]),
    "model": ("## Box\n|Property|Description|Type|\n|-|-|-|\n|value(v-model)|What|string|\n", "props", ["value"]),
    "events": ("### Box 事件\n|事件名称|说明|回调参数|\n|--|--|--|\n|change|变了|(a) => void|\n", "events", ["change"]),
    "slots": ("### Box Slots\n| Name | Description |\n| --- | --- |\n| footer | The foot |\n", "slots", ["footer"]),
    "slot prop": ("### Box\n|参数|说明|类型|\n|--|--|--|\n|title|题|string\\|slot|\n", "slots", ["title"]),
    "only a slot": ("### Box\n|参数|说明|类型|\n|--|--|--|\n|cell|格|v-slot:cell=\"{ a }\"|\n", "slots", ["cell"]),
    "methods": ("## Box\n### 方法\n|方法名|描述|\n|--|--|\n|blur()|移除焦点|\n|Box.open|开|\n", "methods", ["blur"]),
    "markdown": ("## Box\n|参数|说明|类型|\n|--|--|--|\n|**size** ^1.2.0^|[大小](#a) <br/>x|string|\n", "props", ["size"]),
}  # fmt: skip


@pytest.mark.parametrize(("page", "kind", "expected"), PAGES.values(), ids=PAGES.keys())
def test_tables_of_api_are_read(page, kind, expected):
    found = {what: [row[0] for row in rows] for subjects, what, rows in api_tables(page) if subjects[0] == "Box"}
    assert found.get(kind) == expected


@pytest.mark.parametrize(
    "page",
    [
        "### Box\n```md\n| 参数 | 说明 |\n| --- | --- |\n| a | b |\n```\n",
        "### Box\n| 版本 | 说明 |\n| --- | --- |\n| a | b |\n",
        "### Box\n| 参数 | 说明 |\nno delimiter\n| a | b |\n",
        "# Box\n### 数据结构\n| 参数 | 说明 |\n| --- | --- |\n| a | b |\n",
    ],
    ids=["code", "versions", "no delimiter", "other structure"],
)
def test_what_is_no_table_of_api_is_left_out(page):
    assert api_tables(page) == []


def test_a_table_follows_another_without_a_blank_line():
    page = "### `<box>` Props\n|参数名|描述|\n|-|-|\n|a|一|\n### `<box-item>` Props\n|参数名|描述|\n|-|-|\n|b|二|\n"
    assert [(subjects, [row[0] for row in rows]) for subjects, _, rows in api_tables(page)] == [
        (["box"], ["a"]),
        (["box-item"], ["b"]),
    ]


def test_a_heading_names_the_component_with_and_without_prefix_and_as_a_part():
    pages = {
        "docs/menu.md": [
            [["Menu"], "props", [["mode", "模式", "string"]]],
            [["Menu.SubMenu"], "props", [["title", "标题", "string"]]],
            [["pagination"], "props", [["total", "总数", "number"]]],
        ],
        "src/card/index.md": [[[""], "slots", [["cover", "封面", ""]]]],
    }
    tags = ["x-menu", "x-sub-menu", "x-card", "menu"]
    of = {tag: documented(pages, tag, f"src/{tag}.vue", tags=tags) for tag in tags[:3]}
    assert [names(of[tag].props) for tag in of] == [["mode"], ["title"], []]
    assert names(of["x-card"].slots) == ["cover"]
    assert of["x-menu"].path == "docs/menu.md"
    assert Docs(pages, tags, chinese=True).of(Component("menu", path="src/menu.vue")) is None


@pytest.mark.parametrize(("chinese", "doc"), [(True, "大小"), (False, "How large")])
def test_comments_are_those_in_the_language_of_the_samples(chinese, doc):
    pages = {
        f"box/index.{lang}.md": [[[""], "props", [["size", text, "string"]]]]
        for lang, text in (("en-US", "How large"), ("zh-CN", "大小"))
    }
    found = documented(pages, "x-box", "box/index.jsx", chinese=chinese, tags=["x-tag"])
    assert found.props[0].doc == doc


def test_the_pages_nearest_to_the_component_count():
    pages = {f"{folder}/box/README.md": [[[""], "props", [[folder, "d", ""]]]] for folder in ("a", "b")}
    assert names(documented(pages, "x-box", "b/box/Box.vue", tags=["x-tag"]).props) == ["b"]


@pytest.mark.parametrize(
    "page",
    [
        "|" * 200_000,
        "| a |\n|" + "-|" * 100_000,
        "| a | b\n" + ("- " * 250 + "|\n"),
        "|a|说明|\n|-|-|\n|" + "[(" * 50_000 + "|x|",
        "# " + "a " * 100_000,
        "|参数|说明|\n|-|-|\n" + ("|" + "a/" * 3000 + "|x|\n") * 2000,
        "|参数|说明|\n|-|-|\n" + ("|" + "<a " * 3000 + "|x|\n") * 500,
    ],
    ids=range(7),
)
def test_hostile_pages_are_read_in_bounded_time(page):
    tables = api_tables(page)
    assert sum(len(rows) for _, _, rows in tables) < 1_000_000


# -- vetur and overrides ----------------------------------------------------------------------------------------------


def test_vetur_files_are_read():
    tags = {"ElBox": {"attributes": ["size", "open", 3], "description": "A box"}}
    attributes = {"ElBox/size": {"type": "string", "description": "d", "options": ["s"]}, "open": {"type": "event"}}
    (component,) = from_vetur(tags, attributes)
    assert (component.name, component.doc, component.origin) == ("el-box", "A box", "vetur")
    assert component.props == (Prop("size", "string", doc="d", values=("s",)),)
    assert component.events == (Event("open"),)
    assert "events" in component.open
    with pytest.raises(DataError, match="expected an object of tags"):
        from_vetur(["el-box"], None)


OVERRIDES = """
ta-box:
  doc: A box
  model: [value, change]
  props:
    size: {type: string, default: 3, required: true, values: [3, true]}
    kind: boolean
    old: null
  events: {change: (rows)}
  slots: [footer]
  closed: [props]
  open: [slots]
TaGone: null
"""


def test_a_users_overrides_add_correct_remove_close_and_open(tmp_path):
    (tmp_path / "o.yaml").write_text(OVERRIDES)
    overrides = read_overrides(tmp_path / "o.yaml")
    source = box(Prop("size", "number"), Prop("old"), Prop("rest"), open=("props",), events=(Event("change"),))
    known = corrected(source, overrides["ta-box"])
    assert known.props == (
        Prop("size", "string", required=True, default="3", values=("3", "true")), Prop("rest"), Prop("kind", "boolean"),
    )  # fmt: skip
    assert [p.witness for p in known.props] == ["overrides", "source", "overrides"]
    assert (known.doc, known.model, known.open) == ("A box", ("value", "change"), ("slots",))
    assert known.events == (Event("change", "(rows)"),)
    assert names(known.slots) == ["footer"]
    assert overridden(Component("ta-gone"), overrides["ta-gone"]) is None
    assert read_overrides({"ta-box": {"props": ["size"]}})["ta-box"].items == {"props": {"size": {}}}


WRONG = {
    "no such key": ({"ta-box": {"prop": {}}}, r"ta-box.prop: no such key \(did you mean 'props'\?\) \(没有这个键\)"),
    "item's key": ({"ta-box": {"props": {"a": {"typ": "x"}}}}, r"ta-box.props.a.typ: .*did you mean 'type'"),
    "slots have no default": ({"ta-box": {"slots": {"a": {"default": "x"}}}}, "slots.a.default: no such key"),
    "a number": ({"ta-box": {"props": {"a": 3}}}, "ta-box.props.a: expected a type"),
    "open": ({"ta-box": {"open": ["prop"]}}, "ta-box.open: 'prop': expected some of props, events, slots"),
    "model": ({"ta-box": {"model": ["value"]}}, "ta-box.model: expected a prop and an event"),
    "required": ({"ta-box": {"props": {"a": {"required": "yes"}}}}, "required: expected true or false"),
    "values": ({"ta-box": {"props": {"a": {"values": "x"}}}}, "values: expected a list"),
    "doc": ({"ta-box": {"doc": 3}}, "ta-box.doc: expected text"),
    "no keys": ({"ta-box": 3}, "ta-box: expected keys below it"),
    "no tag": ({3: {}}, "3: expected a tag"),
}


@pytest.mark.parametrize(("content", "message"), WRONG.values(), ids=WRONG.keys())
def test_wrong_overrides_are_refused(content, message):
    with pytest.raises(ConfigError, match=message):
        read_overrides(content)


def test_all_problems_of_overrides_are_told_at_once_and_files_that_are_none(tmp_path):
    with pytest.raises(ConfigError) as raised:
        read_overrides({"a-b": {"x": 1, "doc": 2}})
    assert str(raised.value).count("\n") == 2
    for content, message in ((b"a: [", "not valid YAML"), (b"- a", "expected tags"), (b"\xff", "not UTF-8")):
        (tmp_path / "o.yaml").write_bytes(content)
        with pytest.raises(ConfigError, match=message):
            read_overrides(tmp_path / "o.yaml")
    with pytest.raises(ConfigError, match="No such file"):
        read_overrides(tmp_path / "none.yaml")


# -- explaining -------------------------------------------------------------------------------------------------------


def test_a_fact_is_explained_by_witness_file_and_line(tree):
    root = tree(
        {
            "mixin.js": "export default {\n  props: {\n    pageSize: Number,\n  },\n}\n",
            "Box.vue": "<template><p /></template>\n<script>\nimport m from './mixin'\nexport default {\n"
            "  name: 'TaBox',\n  mixins: [m],\n  props: {\n    size: String,\n  },\n}\n</script>\n",
        }
    )
    catalog = Scanner(root, cache=False).scan().catalog
    (size,) = catalog.explain("TaBox", "size").facts
    assert (size.witness, size.path, size.line) == ("source", "Box.vue", 8)
    (page,) = catalog.explain("ta-box", "page-size").facts
    assert (page.path, page.line) == ("mixin.js", 3)
    assert str(page) == "prop pageSize: number — by the component's source (mixin.js:3)"
    (whole,) = catalog.explain("ta-box").facts
    assert (whole.path, whole.line) == ("Box.vue", 4)
    assert catalog.explain("ta-box", "pagesise").near == ("pageSize",)
    assert catalog.explain("ta-bax").near == ("ta-box",)
    assert "did you mean ta-box?" in str(catalog.explain("ta-bax"))


def test_an_open_list_says_what_could_not_be_followed_and_where(tree):
    root = tree(
        {
            "A.vue": "<template><p /></template>\n<script>\nimport base from 'far-away'\nexport default {\n"
            "  name: 'TaA',\n  mixins: [base],\n}\n</script>\n",
            "B.vue": "<template><p /></template>\n<script>\nexport default { name: 'TaB', props: { ...more() } }\n</script>\n",
            "C.vue": "<template><slot :name='x' /></template>\n<script>\nexport default { name: 'TaC' }\n</script>\n",
            "D.vue": "<template><slot /></template>\n<script>\nexport default { name: 'TaD' }\n</script>\n",
        }
    )
    scan = Scanner(root, cache=False).scan()
    catalog = scan.catalog
    assert dict(catalog.components["ta-a"].why_open)["props"] == (
        "its mixin or base 'base' from 'far-away' could not be followed (A.vue:4)"
    )
    assert "'more()'" in dict(catalog.components["ta-b"].why_open)["props"]
    assert dict(catalog.components["ta-c"].why_open)["slots"].startswith("the name of a slot is computed")
    assert catalog.components["ta-d"].why_open == ()
    assert "far-away" in str(catalog.explain("ta-a", "size"))
    known = scan.completeness
    assert (known.closed, known.open) == (1, 3)
    assert known == catalog.completeness == Scanner(root).scan().completeness == Scanner(root).scan().completeness
    assert str(known).startswith("4 components: 1 closed, 3 open (1 × ")
    assert known.zh.startswith("共 4 个组件：1 个完整，3 个不完整（")
    assert "无法跟踪 mixin 或基类 'base' from 'far-away'" in known.zh
    assert "4 components, 3 of them open" in repr(scan)


WHY = {
    "package": ("import f from 'far'", "render(h) { return h('div', f(this.$scopedSlots)) }", "slots", "could not be followed"),
    "computed": ("", "methods: { go(name) { this.$emit(name + this.x) } }, render(h) { return h('p') }", "events", "computed"),
    "native": ("", "render(h) { return h('a', { on: this.$listeners }) }", "events", "passed on to a native element"),
    "unknown": ("import Far from 'far'", "render(h) { return h(Far, { on: this.$listeners }) }", "events", "not known"),
    "functional": ("", "functional: true, render(h, c) { return h('p') }", "props", "every attribute is one"),
}  # fmt: skip


@pytest.mark.parametrize(("before", "options", "what", "words"), WHY.values(), ids=WHY.keys())
def test_the_reason_is_what_its_code_does(tree, before, options, what, words):
    root = tree({"box.js": f"{before}\nexport default {{ name: 'TaBox', {options} }}\n"})
    component = Scanner(root, cache=False).scan().catalog.components["ta-box"]
    assert what in {part.partition(":")[0] for part in component.open}
    assert words in " ".join(why for which, why in component.why_open if which == what)
    assert all(why.endswith("(box.js:2)") for _, why in component.why_open)


def test_a_mixin_passes_its_reasons_on(tree):
    root = tree(
        {
            "m.js": "import f from 'far'\nexport default { mixins: [f] }\n",
            "Box.vue": "<script>\nimport m from './m'\nexport default { name: 'TaBox', mixins: [m] }\n</script>\n",
        }
    )
    component = Scanner(root, cache=False).scan().catalog.components["ta-box"]
    assert component.open == ("events", "props", "slots")
    assert {what for what, _ in component.why_open} == {"events", "props", "slots"}


def test_contradictions_and_usage_are_explained():
    running, source = Catalog([box(Prop("a", "number"), origin="run-time")]), Catalog([box(Prop("a", "string"))])
    merged = Catalog.merge([source, running])
    assert "contradiction: <ta-box> prop 'a': type is string by source, number by run-time" in str(
        merged.explain("ta-box", "a")
    )
    used = Catalog([box(origin="usage", open=("props",), path="A.vue")])
    assert used.explain("ta-box").open == (("props", "only its uses are known (A.vue)"),)
    both = Catalog([box(Prop("click"), events=(Event("click"),), methods=(Method("m"),))])
    assert [fact.what for fact in both.explain("ta-box", "click").facts] == ["prop", "event"]


def test_only_components_are_counted():
    entries = [box(), replace(box(), kind="class"), box(origin="usage", open=("props",))]
    counted = completeness_of(entries)
    assert (counted.closed, counted.open, counted.from_usage, counted.reasons) == (1, 0, 1, {})
    assert str(counted) == "1 component: 1 closed, 0 open"


# -- run time ---------------------------------------------------------------------------------------------------------

ANSWER = {
    "name": "@corp/ta404",
    "version": "1.0.0",
    "vue": "2.7.16",
    "failed": ["install: oh no"],
    "components": [
        {
            "names": ["TaBox", "TaCrate"],
            "name": "TaBox",
            "props": [
                {"name": "size", "types": ["String", "Number"], "required": True, "default": None},
                {"name": "list", "types": ["Array"], "required": False, "default": "[]"},
            ],
            "emits": ["change"],
            "model": ["value", "change"],
            "open": [],
        }
    ],
}


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "node_modules" / "ta404"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text('{"name": "@corp/ta404"}')
    return folder


def stand_in(tmp_path, body):
    program = tmp_path / "node"
    program.write_text(
        f'#!{sys.executable}\nimport sys\nif "--version" in sys.argv: print("v20.1.0"); sys.exit()\n{body}\n'
    )
    program.chmod(0o755)
    return program


def test_what_vue_says_at_run_time_becomes_a_catalogue(package, tmp_path, caplog):
    node = stand_in(tmp_path, f"print({json.dumps(ANSWER)!r})")
    catalog = Catalog.from_runtime(package, node=node)
    assert list(Catalog.from_runtime(tmp_path, "ta404", node=node)) == list(catalog)
    assert (catalog.framework, catalog.vue_version) == ("ta404", "2.7")
    (component,) = catalog
    assert (component.name, component.names, component.origin) == ("ta-box", ("TaBox", "TaCrate"), "run-time")
    assert component.props == (Prop("size", "string | number", required=True), Prop("list", "array", default="[]"))
    assert {prop.witness for prop in component.props} == {event.witness for event in component.events} == {"run-time"}
    assert (component.model, component.open) == (("value", "change"), ("events", "slots"))
    assert "oh no" in caplog.text


def test_the_child_gets_no_keys_and_few_permissions(package, tmp_path, monkeypatch):
    monkeypatch.setenv("TEACHER_API_KEY", "sk-1")
    seen = tmp_path / "seen.json"
    node = stand_in(
        tmp_path,
        f"import json, os\njson.dump([sys.argv, dict(os.environ)], open({str(seen)!r}, 'w'))\nprint({json.dumps(ANSWER)!r})",
    )
    Catalog.from_runtime(package, node=node)
    arguments, environment = json.loads(seen.read_text())
    assert "TEACHER_API_KEY" not in environment
    assert "--experimental-permission" in arguments
    assert not {"--allow-fs-write=*", "--allow-child-process"} & set(arguments)


def test_what_keeps_run_time_from_being_read_is_said(package, tmp_path):
    with pytest.raises(ConfigError, match=r"no package\.json in it"):
        Catalog.from_runtime(tmp_path)
    with pytest.raises(ConfigError, match="seconds above 0"):
        Catalog.from_runtime(package, timeout=0)
    with pytest.raises(MissingDependencyError, match=r"Node.js is not installed.*没有安装 Node.js"):
        Catalog.from_runtime(package, node=tmp_path / "none")
    for body, error, message in (
        ('print(\'{"error": "no-vue"}\')', MissingDependencyError, "vue is not installed there"),
        ('print(\'{"error": "load", "detail": "it broke"}\')', RunError, "it broke"),
        ("sys.stderr.write('boom'); sys.exit(3)", RunError, "ended with 3 and no result.*\nboom"),
        ("print('[]')", RunError, "no result"),
        (f"print({json.dumps(ANSWER | {'components': []})!r})", RunError, "no component"),
    ):
        with pytest.raises(error, match=message):
            Catalog.from_runtime(package, node=stand_in(tmp_path, body))
    with pytest.raises(RunError, match=r"not loaded within 0\.5 s"):
        Catalog.from_runtime(package, node=stand_in(tmp_path, "import time; time.sleep(60)"), timeout=0.5)


LIBRARY = """
import './style.css'
const Box = {
  name: 'TaBox',
  props: { size: { type: String, default: 'm' }, rows: { type: Array, default: () => [] }, when: [Date, Number], must: { required: true } },
  emits: ['change'],
  render() { return null },
}
const Item = { name: 'TaBoxItem', props: ['label'], render: () => null }
require('net').connect(80, 'localhost')
"""


@pytest.mark.slow
@pytest.mark.parametrize("version", ["2.7.16", "3.5"])
def test_vue_itself_lists_the_components_of_a_package(tmp_path, version):
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("Node is not installed")
    (tmp_path / "package.json").write_text('{"name": "app"}')
    install = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", f"vue@{version}"]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, timeout=300, env=os.environ)
    if done.returncode:
        pytest.skip(f"vue cannot be installed: {done.stderr[-200:]}")
    package = tmp_path / "node_modules" / "ta404"
    package.mkdir()
    (package / "package.json").write_text('{"name": "ta404", "main": "index.js"}')
    (package / "style.css").write_text("p { color: red }")
    library = LIBRARY.replace("import './style.css'", "require('./style.css')").replace(
        "require('net').connect(80, 'localhost')",
        "try { require('net').connect(80) } catch { Box.props.offline = null }",
    )
    (package / "index.js").write_text(
        f"{library}\nmodule.exports = {{ install(app) {{ app.component(Box.name, Box); app.component('TaBoxItem', Item) }} }}\n"
    )
    catalog = Catalog.from_runtime(package)
    box_, item = catalog.components["ta-box"], catalog.components["ta-box-item"]
    assert box_.props == (
        Prop("size", "string", default="'m'"), Prop("rows", "array", default="[]"), Prop("when", "Date | number"),
        Prop("must", required=True), Prop("offline"),
    )  # fmt: skip
    assert names(item.props) == ["label"]
    assert names(box_.events) == ["change"]
    (package / "index.js").write_text("throw new Error('it is broken')")
    with pytest.raises(RunError, match="it is broken"):
        Catalog.from_runtime(package)
    (package / "index.js").write_text("require('fs').writeFileSync('x', '')")
    with pytest.raises(RunError, match=r"(?i)access|permission|restricted"):
        Catalog.from_runtime(package)
