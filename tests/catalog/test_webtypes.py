from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swiftprep.catalog.api import Component, Event, Method, Prop, Slot, kebab
from swiftprep.catalog.webtypes import SCHEMA, from_web_types, to_web_types
from swiftprep.errors import DataError

TABLE = Component(
    "ta-table",
    names=("ta-table", "TaTable"),
    path="packages/table/src/表格.vue",
    span=(1, 90),
    doc="一个表格。",
    props=(
        Prop("pageSize", "number", default="10", doc="每页条数", origin="mixins/page.js"),
        Prop("size", "string", default="'small'", values=("small", "large")),
        Prop("align", "'left' | 'right'", required=True, values=("left", "right")),
        Prop("rowKey", "string | ((row: Row) => string)"),
    ),
    events=(
        Event("row-click", "(row, column: Column, event: Event)", doc="点击行"),
        Event("close"),
        Event("off", "()"),
    ),
    slots=(Slot("default", bindings=("row", "$index")), Slot("empty", "{ text: string }", bindings=("text",))),
    methods=(Method("toggleRowSelection", "(row, selected)", doc="切换选中"),),
    model=("checked", "change"),
    mixins=("mixins/page.js",),
    registered=True,
    uses=3,
)


def read_one(kind: str = "vue-components", **entry: Any) -> Component:
    document = {"name": "lib", "version": "1.0.0", "contributions": {"html": {kind: [{"name": "TaTable", **entry}]}}}
    (component,) = from_web_types(document)
    return component


def entries(*components: Component) -> list[dict[str, Any]]:
    listed = to_web_types(components, name="ta404")["contributions"]["html"]["vue-components"]
    assert isinstance(listed, list)
    return listed


def carried(component: Component) -> Component:
    """What of a component the form has a place for."""
    return Component(
        component.name,
        names=component.names,
        path=component.path,
        doc=component.doc,
        props=tuple(replace(prop, origin="") for prop in component.props),
        events=tuple(replace(event, origin="") for event in component.events),
        slots=tuple(replace(slot, origin="") for slot in component.slots),
        methods=tuple(replace(method, origin="") for method in component.methods),
        model=component.model,
        origin="web-types",
    )


# -- the schema, as far as what we write meets it ---------------------------------------------------------------------

TOP = {"$schema", "framework", "name", "version", "js-types-syntax", "description-markup", "contributions"}
TYPED = {"name": str, "description": str, "type": str, "default": str, "required": bool}


def check_document(document: dict[str, Any]) -> None:
    assert set(document) == TOP  # no others are allowed there
    assert document["$schema"] == SCHEMA
    assert document["js-types-syntax"] == "typescript"
    assert document["description-markup"] in ("html", "markdown", "none")
    assert all(isinstance(document[key], str) for key in TOP - {"contributions"})
    assert set(document["contributions"]) == {"html"}
    check_host(document["contributions"]["html"])


def check_host(host: dict[str, Any]) -> None:
    """Check an object of contributions: typed keys, and any other a scalar, an object, or a flat list of the two."""
    for key, value in host.items():
        if key in TYPED:
            assert isinstance(value, TYPED[key]), key
        elif key == "source":
            assert set(value) == {"file", "offset"}
            assert isinstance(value["file"], str)
            assert type(value["offset"]) is int
        elif key == "attribute-value":
            assert value == {"kind": "plain", "type": "enum"}
        elif key in ("vue-components", "props", "slots", "events", "methods", "values", "vue-properties", "arguments"):
            for item in value:
                check_host(item)
        elif key in ("js", "vue-model"):
            check_host(value)
        else:
            for item in value if isinstance(value, list) else [value]:
                assert isinstance(item, str), key


# -- writing ----------------------------------------------------------------------------------------------------------


def test_document_is_what_ides_read() -> None:
    document = to_web_types([TABLE], name="ta404", version="1.2.3", framework_version="2.7")
    assert document["framework"] == "vue"
    assert (document["name"], document["version"]) == ("ta404", "1.2.3")
    html = document["contributions"]["html"]
    assert html["framework-version"] == "2.7"
    assert html["vue-components"] == [
        {
            "name": "TaTable",
            "names": ["ta-table", "TaTable"],
            "description": "一个表格。",
            "source": {"file": "packages/table/src/表格.vue", "offset": 0},
            "vue-model": {"prop": "checked", "event": "change"},
            "props": [
                {"name": "pageSize", "description": "每页条数", "type": "number", "default": "10"},
                {
                    "name": "size",
                    "type": "string",
                    "default": "'small'",
                    "values": [{"name": "small"}, {"name": "large"}],
                    "attribute-value": {"kind": "plain", "type": "enum"},
                },
                {"name": "align", "required": True, "type": "'left' | 'right'"},
                {"name": "rowKey", "type": "string | ((row: Row) => string)"},
            ],
            "slots": [
                {"name": "default", "vue-properties": [{"name": "row"}, {"name": "$index"}]},
                {"name": "empty", "vue-properties": [{"name": "text", "type": "string"}]},
            ],
            "js": {
                "events": [
                    {
                        "name": "row-click",
                        "description": "点击行",
                        "arguments": [
                            {"name": "row"},
                            {"name": "column", "type": "Column"},
                            {"name": "event", "type": "Event"},
                        ],
                    },
                    {"name": "close"},
                    {"name": "off", "arguments": []},
                ],
                "methods": [
                    {
                        "name": "toggleRowSelection",
                        "description": "切换选中",
                        "arguments": [{"name": "row"}, {"name": "selected"}],
                    }
                ],
            },
        }
    ]


def test_defaults_and_emptiness_leave_no_keys() -> None:
    document = to_web_types([Component("ta-icon", names=("TaIcon",))], name="ta404")
    assert document["version"] == "0.0.0"
    assert document["contributions"]["html"] == {"vue-components": [{"name": "TaIcon"}]}
    assert from_web_types(to_web_types([], name="ta404")) == []


def test_only_components_are_written_and_in_their_order() -> None:
    others = [Component("ta404.api.Client", "class"), Component("ta404.api.call", "function")]
    assert [entry["name"] for entry in entries(Component("b"), *others, Component("a"))] == ["B", "A"]


@pytest.mark.parametrize(
    ("name", "names", "written"),
    [
        pytest.param("ta-table", ("ta-table", "TaTable"), "TaTable", id="pascal-first"),
        pytest.param("ta-table", ("ta-table",), "ta-table", id="as-registered"),
        pytest.param("ta-table", (), "TaTable", id="made"),
        pytest.param("q-r-code", ("Code", "QRCode"), "QRCode", id="the-one-that-leads-back"),
        pytest.param("ta-2d", (), "ta-2d", id="pascal-would-not-lead-back"),
        pytest.param("ta-表格", (), "ta-表格", id="nor-would-chinese"),
        pytest.param("表格", (), "表格", id="chinese"),
    ],
)
def test_name_in_the_document(name: str, names: tuple[str, ...], written: str) -> None:
    (entry,) = entries(Component(name, names=names))
    assert entry["name"] == written
    assert kebab(written) == name  # as it is read again


# -- round trip -------------------------------------------------------------------------------------------------------

words = st.sampled_from(
    ["row", "pageSize", "列", "$index", "data-id", "x", "page-size", "update:show", "v-model", "a b"]
)
texts = st.one_of(st.text(max_size=12), st.sampled_from(["点击行", "Emitted `on` click.\n\nTwice."]))
TYPES = (
    "", " ", "string", "boolean | number", "'a' | \"b\" | 1 | null", "'1' | 1", "-1 | 0.5", "true | false", "enum",
    "()", "( )", "(row)", "(row,column)", "(row, column)", "(row, )", "(, row)", "(: T)", "(row:)", "(row: T;)",
    "(row: Row, ...rest: any[])", "(row) => void", "(a) | (b)", "((a, b) => c)", "(a: Map<b, c>)", "(a: Map<b, c)",
    "{}", "{ }", "{ row }", "{row: Row}", "{ row: Row }", "{ row: Row, $index: T }", "{ row: Row; $index: T }",
    "{ row?: T }", "{ 'a:b': string, fn: (a, b) => { c: d } }", "{ : T }", "{", "it's", "'", "=>", "`a", "symbol",
)  # fmt: skip
types = st.sampled_from(TYPES) | st.text(max_size=12) | st.text(alphabet="(){}[]<>,:;|'=ab1 ", max_size=12)
flags = st.booleans()


def unique(items: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, max_size=3, unique_by=lambda item: item.name).map(tuple)


components = st.builds(
    Component,
    name=st.sampled_from(["ta-table", "table", "ta-2d", "q-r-code", "ta-表格", "表格"]),
    names=st.lists(st.sampled_from(["TaTable", "ta-table", "taTable", "QRCode", "表格", "table"])).map(tuple),
    path=texts,
    doc=texts,
    props=unique(
        st.builds(
            Prop,
            words,
            types,
            flags,
            texts,
            st.none() | st.text(max_size=8).filter(lambda text: text != "-"),
            st.lists(st.sampled_from(["a", "b", "1", "", "中"]), max_size=3).map(tuple),
        )
    ),
    events=unique(st.builds(Event, words, types, flags, texts)),
    slots=unique(st.builds(Slot, words, types, flags, texts, st.lists(words, max_size=2).map(tuple))),
    methods=unique(st.builds(Method, words, types, flags, texts)),
    model=st.none() | st.tuples(words, words),
)


@pytest.mark.slow
@given(st.lists(components, max_size=3))
def test_round_trip(catalogue: list[Component]) -> None:
    document = to_web_types(catalogue, name="ta404")
    check_document(document)
    assert from_web_types(json.loads(json.dumps(document))) == [carried(component) for component in catalogue]


def test_round_trip_of_the_example() -> None:
    assert from_web_types(to_web_types([TABLE], name="ta404", framework_version="2.7")) == [carried(TABLE)]


@pytest.mark.parametrize("text", TYPES)
def test_round_trip_of_types(text: str) -> None:
    bindings = [(), ("row",), ("row", "$index")]
    component = Component(
        "ta",
        names=("Ta",),
        props=(Prop("p", text), Prop("q", text, values=("a",))),
        events=(Event("e", text),),
        slots=tuple(Slot(f"s{len(names)}", text, bindings=names) for names in bindings),
        methods=(Method("m", text),),
    )
    assert from_web_types(to_web_types([component], name="ta404")) == [carried(component)]


@pytest.mark.parametrize("text", ["(a) | (b)", "(a: Map<b)", "(a) => b", "row"])
def test_only_a_list_of_arguments_is_written_as_one(text: str) -> None:
    (entry,) = entries(Component("ta", names=("Ta",), events=(Event("e", text),)))
    assert entry["js"] == {"events": [{"name": "e", "type": text}]}


# -- reading what others write ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["vue-components", "tags", "elements"])
@pytest.mark.parametrize("name", ["TaTable", "ta-table"])
def test_components_of_every_form(kind: str, name: str) -> None:
    component = read_one(kind, name=name, description="一个表格。")
    assert component == Component("ta-table", names=(name,), doc="一个表格。", origin="web-types")


def test_aliases_are_names_too() -> None:
    assert read_one(aliases=["NuxtTable", "TaTable"]).names == ("TaTable", "NuxtTable")


def test_a_later_form_of_the_same_component_is_passed_over() -> None:
    html = {
        "tags": [{"name": "ta-table", "attributes": ["old"]}, {"name": "ta-only-here"}],
        "vue-components": [{"name": "TaTable", "props": ["new"]}],
    }
    read = from_web_types({"contributions": {"html": html}})
    assert [component.name for component in read] == ["ta-table", "ta-only-here"]
    assert read[0].props == (Prop("new"),)


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"pattern": {"or": []}}, id="pattern"),
        pytest.param({"extension": True}, id="extension"),
        pytest.param({"abstract": True}, id="abstract"),
        pytest.param({"name": ""}, id="empty-name"),
        pytest.param({"name": None}, id="no-name"),
    ],
)
def test_entries_that_are_no_component(entry: dict[str, Any]) -> None:
    html = {"elements": [{"name": "Vue component", **entry}, {"name": "sl-alert"}]}
    assert [component.name for component in from_web_types({"contributions": {"html": html}})] == ["sl-alert"]


PROPS = [
    ("type", {"type": "string"}, Prop("p", "string")),
    ("type-list", {"type": ["string", "number"]}, Prop("p", "string | number")),
    ("type-list-twice", {"type": ["string", "string"]}, Prop("p", "string")),
    ("type-reference", {"type": {"module": "lib", "name": "Row"}}, Prop("p", "Row")),
    ("type-mixed", {"type": ["string", {"name": "Row", "source": {}}]}, Prop("p", "string | Row")),
    ("lists-in-a-list", {"type": [["string"], "number"]}, Prop("p", "number")),
    ("function-in-a-list", {"type": ["(a) => b", "string"]}, Prop("p", "((a) => b) | string")),
    ("function-alone-in-a-list", {"type": ["(a) => b"]}, Prop("p", "(a) => b")),
    ("function-inside-brackets", {"type": ["Array<() => b>", "string"]}, Prop("p", "Array<() => b> | string")),
    ("union-of-literals", {"type": "'a' | \"b\" | 1 | null"},
     Prop("p", "'a' | \"b\" | 1 | null", values=("a", "b", "1"))),
    ("union-in-lines", {"type": "| 'a'\n| true\n"}, Prop("p", "| 'a'\n| true\n", values=("a", "true"))),
    ("literals-in-a-list", {"type": ["'a' | 'b'"]}, Prop("p", "'a' | 'b'", values=("a", "b"))),
    ("literals-with-a-bar", {"type": "'a|b' | 'c'"}, Prop("p", "'a|b' | 'c'", values=("a|b", "c"))),
    ("not-only-literals", {"type": "'a' | number"}, Prop("p", "'a' | number")),
    ("literals-alike", {"type": "'1' | 1 | -1"}, Prop("p", "'1' | 1 | -1", values=("1", "-1"))),
    ("list-of-literals", {"type": "('a' | 'b')[]"}, Prop("p", "('a' | 'b')[]")),
    ("values", {"type": "string", "values": [{"name": "a"}, "b"]}, Prop("p", "string", values=("a", "b"))),
    ("values-over-the-type", {"type": "'a' | 'b'", "values": [{"name": "a"}]}, Prop("p", "'a' | 'b'", values=("a",))),
    ("values-by-a-pattern", {"values": {"name": "icon", "pattern": "x"}}, Prop("p")),
    ("attribute-value", {"attribute-value": {"type": "number", "default": "1"}}, Prop("p", "number", default="1")),
    ("enum", {"attribute-value": {"type": "enum"}, "values": ["a"]}, Prop("p", values=("a",))),
    ("type-named-symbol", {"type": "symbol"}, Prop("p", "symbol")),
    ("required", {"required": True}, Prop("p", required=True)),
    ("required-value-only", {"value": {"required": True}}, Prop("p")),
    ("default", {"default": "'info'"}, Prop("p", default="'info'")),
    ("default-empty-string", {"default": "''"}, Prop("p", default="''")),
    ("default-boolean", {"default": False}, Prop("p", default="false")),
    ("default-number", {"default": 3}, Prop("p", default="3")),
    ("default-null", {"default": None}, Prop("p")),
    ("default-dash", {"default": "-"}, Prop("p")),
    ("default-template-literal", {"default": "`x`"}, Prop("p", default="`x`")),
    ("description", {"description": "每页条数"}, Prop("p", doc="每页条数")),
    ("nonsense", {"type": 3, "description": [], "required": "yes", "value": 1}, Prop("p")),
]  # fmt: skip


@pytest.mark.parametrize("key", ["props", "attributes"])
@pytest.mark.parametrize(("item", "expected"), [pytest.param(*case[1:], id=case[0]) for case in PROPS])
def test_props(item: dict[str, Any], expected: Prop, key: str) -> None:
    entry: dict[str, Any] = {key: [{"name": "p", **item}]}
    assert read_one(**entry).props == (expected,)


OLD_ATTRIBUTES = [
    ("value-type", {"value": {"kind": "expression", "type": "number"}}, Prop("p", "number")),
    ("value-over-hint", {"type": "boolean", "value": {"type": ["boolean", "string"]}}, Prop("p", "boolean | string")),
    ("value-default", {"value": {"type": "string", "default": "'a'"}}, Prop("p", "string", default="'a'")),
    ("default-in-markdown", {"value": {"type": "any"}, "default": "`false`"}, Prop("p", "any", default="false")),
    ("two-in-markdown", {"value": {"type": "any"}, "default": "`a` or `b`"}, Prop("p", "any", default="`a` or `b`")),
    ("dash-in-markdown", {"value": {"type": "any"}, "default": "`-`"}, Prop("p", "any")),
    ("default-empty", {"value": {"type": "any"}, "default": ""}, Prop("p", "any")),
    ("enum", {"value": {"type": "enum"}, "values": [{"name": "a"}]}, Prop("p", values=("a",))),
    ("of-match", {"value": {"type": "of-match"}, "type": "string"}, Prop("p", "string")),
]


@pytest.mark.parametrize(("item", "expected"), [pytest.param(*case[1:], id=case[0]) for case in OLD_ATTRIBUTES])
def test_attributes_of_the_old_form(item: dict[str, Any], expected: Prop) -> None:
    assert read_one("tags", attributes=[{"name": "p", **item}]).props == (expected,)


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("page-size", ["pageSize"]),
        ("pageSize", ["pageSize"]),
        ("data-id", ["data-id"]),
        ("aria-label", ["aria-label"]),
        ("v-model", ["value"]),
        ("v-model:main-active", ["mainActive"]),
        ("v-model (fileList)", ["fileList"]),
        ("open(v-model)", ["open"]),
        ("pageSize (v-model)", ["pageSize"]),
        ("overlay(v-slot)", []),
        ("blur()", []),
        ("[props]", []),
        ("d-{type}", []),
        ("每页条数", ["每页条数"]),
    ],
)
def test_props_are_named_as_declared(written: str, declared: list[str]) -> None:
    for key in ("props", "attributes"):
        entry: dict[str, Any] = {key: [written]}
        assert [prop.name for prop in read_one(**entry).props] == declared


@pytest.mark.parametrize(
    ("entry", "model"),
    [
        pytest.param({"vue-model": {"prop": "checked", "event": "change"}}, ("checked", "change"), id="whole"),
        pytest.param({"vue-model": {"prop": "checked"}}, ("checked", "input"), id="prop"),
        pytest.param({"vue-model": {"event": "change"}}, ("value", "change"), id="event"),
        pytest.param({"vue-model": None}, None, id="null"),
        pytest.param({"attributes": ["x", "v-model"]}, ("value", "input"), id="attribute"),
        pytest.param({"attributes": ["v-model (fileList)"]}, ("fileList", "input"), id="attribute-with-its-prop"),
        pytest.param({"attributes": ["v-model:show"]}, None, id="attribute-with-argument"),
        pytest.param({"attributes": ["open(v-model)"]}, None, id="attribute-in-antd-form"),
        pytest.param(
            {"attributes": ["v-model"], "events": ["update:model-value"]},
            ("modelValue", "update:modelValue"),
            id="vue-3",
        ),
        pytest.param(
            {"attributes": ["v-model (checked)"], "events": ["update:modelValue"]},
            ("checked", "input"),
            id="attribute-with-another-prop",
        ),
        pytest.param({"props": ["value"], "events": ["input"]}, None, id="not-said"),
    ],
)
def test_model(entry: dict[str, Any], model: tuple[str, str] | None) -> None:
    assert read_one("tags", **entry).model == model


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({"js": {"events": [{"name": "e"}]}}, [Event("e")], id="js"),
        pytest.param({"events": [{"name": "e", "description": "d"}]}, [Event("e", doc="d")], id="old"),
        pytest.param(
            {"js": {"events": [{"name": "e", "type": "T"}]}, "events": ["e", "f"]},
            [Event("e", "T"), Event("f")],
            id="both",
        ),
        pytest.param({"events": [{"name": "e", "type": "(v: T) => void"}]}, [Event("e", "(v: T) => void")], id="type"),
        pytest.param(
            {"events": [{"name": "e", "arguments": [{"name": "a", "type": "T\n"}, {"name": "b"}]}]},
            [Event("e", "(a: T, b)")],
            id="arguments",
        ),
        pytest.param({"events": [{"name": "e", "arguments": []}]}, [Event("e", "()")], id="no-arguments"),
        pytest.param(
            {"events": [{"name": "e", "type": "T", "arguments": [{"name": "a"}]}]}, [Event("e", "T")], id="type-first"
        ),
        pytest.param({"events": ["e", {"name": "e", "type": "T"}, "e"]}, [Event("e")], id="twice"),
        pytest.param({"events": [{"description": "no name"}]}, [], id="nameless"),
        pytest.param({"js": None, "events": None}, [], id="null"),
    ],
)
def test_events(entry: dict[str, Any], expected: list[Event]) -> None:
    assert list(read_one("tags", **entry).events) == expected


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param({"slots": [{"name": "s", "description": "d"}]}, Slot("s", doc="d"), id="plain"),
        pytest.param({"slots": [{"name": ""}]}, Slot("default"), id="nameless"),
        pytest.param(
            {"slots": [{"name": "s", "vue-properties": [{"name": "row"}, {"name": "i"}]}]},
            Slot("s", bindings=("row", "i")),
            id="bindings",
        ),
        pytest.param(
            {"slots": [{"name": "s", "vue-properties": [{"name": "row", "type": "Row"}, {"name": "i"}]}]},
            Slot("s", "{ row: Row, i }", bindings=("row", "i")),
            id="typed-bindings",
        ),
        pytest.param(
            {"vue-scoped-slots": [{"name": "s", "properties": [{"name": "row"}]}]},
            Slot("s", bindings=("row",)),
            id="scoped",
        ),
        pytest.param(
            {"slots": [{"name": "s", "type": "{row: {a: b, c: d}; i?: Map<x, y>, f: (a, b) => c, [k: string]: any }"}]},
            Slot(
                "s", "{row: {a: b, c: d}; i?: Map<x, y>, f: (a, b) => c, [k: string]: any }", bindings=("row", "i", "f")
            ),
            id="bindings-in-the-type",
        ),
        pytest.param(
            {"slots": [{"name": "s", "type": "Row", "vue-properties": [{"name": "row", "type": "T"}]}]},
            Slot("s", "Row", bindings=("row",)),
            id="type-first",
        ),
        pytest.param({"slots": [{"name": "s", "type": "$attrs"}]}, Slot("s", "$attrs"), id="type-of-another-kind"),
    ],
)
def test_slots(entry: dict[str, Any], expected: Slot) -> None:
    assert read_one(**entry).slots == (expected,)


def test_custom_element_has_attributes_and_properties() -> None:
    component = read_one(
        "elements",
        attributes=[{"name": "help-text", "value": {"type": "string", "default": "''"}}],
        js={
            "properties": [
                {"name": "helpText", "type": "string"},
                {"name": "formatter", "type": "(value: number) => string"},
                {"name": "validity", "read-only": True},
            ]
        },
    )
    assert component.props == (
        Prop("help-text", "string", default="''"),
        Prop("formatter", "(value: number) => string"),
    )
    assert component.methods == ()
    assert read_one("tags", js={"properties": ["validity"]}).props == ()


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ({"file": "src/a.vue", "offset": 3}, "src/a.vue"),
        ({"module": "./src/a.vue", "symbol": "default"}, "src/a.vue"),
        ({"module": "lib", "symbol": "A"}, ""),
        (None, ""),
        ("src/a.vue", ""),
    ],
)
def test_source(source: Any, path: str) -> None:
    assert read_one(source=source).path == path


def test_lists_nested_under_html_count() -> None:
    component = read_one("elements", html={"attributes": ["a"], "slots": ["s"], "events": ["e"]})
    assert (component.props, component.slots, component.events) == ((Prop("a"),), (Slot("s"),), (Event("e"),))


# -- what is not web-types --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param([], "w.json is list; expected an object", id="list"),
        pytest.param(None, "w.json is NoneType; expected an object", id="null"),
        pytest.param({"name": "lib", "version": "1"}, "w.json: no 'contributions'", id="package-json"),
        pytest.param({"contributions": []}, "w.json: contributions is list; expected an object", id="contributions"),
        pytest.param({"contributions": {"html": 1}}, "w.json: contributions.html is int; expected an obj", id="html"),
        pytest.param(
            {"contributions": {"html": {"tags": "x"}}},
            "w.json: contributions.html.tags is str; expected a list",
            id="tags",
        ),
        pytest.param(
            {"contributions": {"html": {"tags": ["x", 5]}}},
            "w.json: contributions.html.tags[1] is int; expected an object",
            id="component",
        ),
        pytest.param(
            {"contributions": {"html": {"tags": [{"name": 5}]}}},
            "w.json: contributions.html.tags[0].name is int; expected a string",
            id="name",
        ),
        pytest.param(
            {"contributions": {"html": {"tags": [{"name": "x", "js": {"events": [{"name": "e", "arguments": [7]}]}}]}}},
            "w.json: contributions.html.tags[0].js.events[0].arguments[0] is int; expected an object",
            id="deep",
        ),
        pytest.param(
            {"contributions": {"html": {"tags": [{"name": "x", "js": []}]}}},
            "w.json: contributions.html.tags[0].js is list; expected an object",
            id="js",
        ),
    ],
)
def test_error_names_the_file_and_the_part(document: Any, message: str) -> None:
    with pytest.raises(DataError) as error:
        from_web_types(document, "w.json")
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("contributions", [{}, {"js": {}}, {"html": None}, {"html": {"tags": None}}, {"html": {}}])
def test_a_document_without_components_is_empty(contributions: dict[str, Any]) -> None:
    assert from_web_types({"name": "lib", "version": "1", "contributions": contributions}) == []


KEYS = (
    "name", "names", "aliases", "description", "type", "default", "required", "value", "values", "attribute-value",
    "props", "attributes", "events", "arguments", "slots", "vue-properties", "vue-scoped-slots", "properties", "js",
    "html", "methods", "vue-model", "prop", "event", "source", "file", "module", "pattern", "read-only", "declared",
)  # fmt: skip
keys = st.sampled_from(KEYS) | st.text(max_size=3)
leaves: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.floats()
leaves |= st.sampled_from(["v-model", "a-b", "'a' | 1", "{ a: b }", "(", "}"]) | st.text(max_size=5)
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4), max_leaves=12
)
items = st.dictionaries(keys, anything, max_size=3).map(lambda entry: {"name": "x", **entry})
lists = st.sampled_from(["props", "attributes", "events", "slots", "js", "values"])
entries_of = st.dictionaries(keys, anything, max_size=2) | st.dictionaries(
    lists, st.lists(items, max_size=2), max_size=3
)
tags = entries_of.map(lambda entry: {"name": "x", **entry})
html = st.dictionaries(st.sampled_from(["vue-components", "tags", "elements"]), anything | st.lists(tags, max_size=2))
contributed = anything | st.fixed_dictionaries({"html": html | anything})
documents = anything | st.fixed_dictionaries({"contributions": contributed})


@given(documents)
def test_any_json_is_read_or_refused(document: Any) -> None:
    try:
        read = from_web_types(document)
    except DataError:
        return
    written = to_web_types(read, name="lib")
    check_document(written)
    assert from_web_types(json.loads(json.dumps(written))) == read
