"""Components from source: what each way of writing one says, and what files say of each other."""

from __future__ import annotations

import json

import pytest

from swiftprep import Catalog, Scanner
from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import SCRIPTS, read_script, read_vue, suffix_of
from swiftprep.catalog.vue.markup import Use
from swiftprep.errors import DataError


def components(files, packages=None):
    facts = {}
    for path, text in files.items():
        read = read_script if suffix_of(path) in SCRIPTS else read_vue
        facts[path] = json.loads(json.dumps(read(text.encode(), path)[0]))  # as the cache keeps them
    return link(facts, packages)


def only(text, path="Box.vue"):
    (component,) = components({path: text}).values()
    return component


def props(component):
    return {p.name: (p.type, p.required, p.default, p.values) for p in component.props}


def names(items):
    return [item.name for item in items]


def script(body, attrs="", template="<div/>"):
    return f"<template>{template}</template>\n<script{attrs}>\n{body}\n</script>\n"


PROPS = {
    "array": ("export default { props: ['a', 'bC'] }", {"a": ("", False, None, ()), "bC": ("", False, None, ())}),
    "types": (
        "export default { props: { a: String, b: [Number, String], c: null, d: {}, e: { type: Boolean, required: true } } }",
        {
            "a": ("string", False, None, ()),
            "b": ("number | string", False, None, ()),
            "c": ("", False, None, ()),
            "d": ("", False, None, ()),
            "e": ("boolean", True, None, ()),
        },
    ),
    "defaults": (
        "export default { props: { a: { type: Array, default: () => [] }, b: { default() { return { x: 1 } } }, c: { default: 'x' } } }",
        {"a": ("array", False, "[]", ()), "b": ("", False, "{ x: 1 }", ()), "c": ("", False, "'x'", ())},
    ),
    "includes": (
        "export default { props: { size: { type: String, validator: v => ['small', 'large'].includes(v) } } }",
        {"size": ("string", False, None, ("small", "large"))},
    ),
    "indexOf on a constant": (
        "const SIZES = ['s', 'm']\nexport default { props: { size: { validator(v) { return SIZES.indexOf(v) > -1 } } } }",
        {"size": ("", False, None, ("s", "m"))},
    ),
    "constant": (
        "const own = { a: String }\nconst more = { b: Number }\nexport default { props: { ...own, ...more, c: Date } }",
        {"a": ("string", False, None, ()), "b": ("number", False, None, ()), "c": ("Date", False, None, ())},
    ),
    "Object.assign": (
        "const own = { a: String }\nexport default { props: Object.assign({}, own, { b: Number }) }",
        {"a": ("string", False, None, ()), "b": ("number", False, None, ())},
    ),
    "computed keys": (
        "const NAME = 'label'\nexport default { props: { [NAME]: String, [`${NAME}Width`]: Number } }",
        {"label": ("string", False, None, ()), "labelWidth": ("number", False, None, ())},
    ),
    "another component's": (
        "const Base = { props: { a: String } }\nexport default { props: Base.props }",
        {"a": ("string", False, None, ())},
    ),
    "a whole component": (
        "const Base = { props: { a: String } }\nexport default { props: { ...Base.props, b: Number } }",
        {"a": ("string", False, None, ()), "b": ("number", False, None, ())},
    ),
    "initDefaultProps": (
        "const all = { a: String, b: Number }\nexport default { props: initDefaultProps(all, { a: 'x' }) }",
        {"a": ("string", False, "'x'", ()), "b": ("number", False, None, ())},
    ),
    "pick": (
        "const all = { a: String, b: Number }\nexport default { props: pick(all, ['b']) }",
        {"b": ("number", False, None, ())},
    ),
    "wrapped, with a helper for each": (
        "const TEXT = String\nconst NUM = [Number, String]\nconst base = { a: makeProp(TEXT, 'x'), gone: makeProp(TEXT) }\n"
        "const rest = omit(base, ['gone'])\nconst props = configurable(sorted({ ...rest, b: makeProp(NUM) }), 'Box')\n"
        "export default { props }",
        {"a": ("string", False, "'x'", ()), "b": ("number | string", False, None, ())},
    ),
    "a function": (
        "function make() { return { a: String } }\nexport default { props: make() }",
        {"a": ("string", False, None, ())},
    ),
    "PropTypes": (
        "import PropTypes from './vue-types'\nexport default { props: { a: PropTypes.bool.def(true), "
        "b: PropTypes.oneOf(['x', 'y']).isRequired, c: PropTypes.oneOfType([PropTypes.string, PropTypes.number]) } }",
        {
            "a": ("boolean", False, "true", ()),
            "b": ("string", True, None, ("x", "y")),
            "c": ("string | number", False, None, ()),
        },
    ),
    "Vue.extend": (
        "import Vue from 'vue'\nexport default Vue.extend({ props: { a: String } })",
        {"a": ("string", False, None, ())},
    ),
    "no wrapper, module.exports": ("module.exports = { props: { a: String } }", {"a": ("string", False, None, ())}),
    "a syntax error elsewhere": (
        "export default { props: { a: String }, methods: { broken() { if ( } } }",
        {"a": ("string", False, None, ())},
    ),
}


@pytest.mark.parametrize(("body", "expected"), PROPS.values(), ids=PROPS.keys())
def test_props(body, expected):
    assert props(only(script(body))) == expected


TYPED = {
    "defineProps of a type": (
        "const p = defineProps<{ /** The title. */ title: string; size?: 'small' | 'large'; on?: boolean }>()",
        {"title": ("string", True, None, ()), "size": ("'small' | 'large'", False, None, ("small", "large")),
         "on": ("boolean", False, None, ())},
    ),
    "withDefaults of an interface that extends": (
        "interface Base { id: number }\ninterface Props extends Base { tags?: string[] }\n"
        "withDefaults(defineProps<Props>(), { tags: () => ['a'] })",
        {"tags": ("string[]", False, "['a']", ()), "id": ("number", True, None, ())},
    ),
    "PropType": (
        "defineProps({ size: { type: String as PropType<'a' | 'b'>, default: 'a' }, rows: Array as () => number[] })",
        {"size": ("'a' | 'b'", False, "'a'", ("a", "b")), "rows": ("array", False, None, ())},
    ),
    "defineModel": (
        "const m = defineModel<string>({ required: true })\nconst n = defineModel('count', { type: Number })",
        {"modelValue": ("string", True, None, ()), "count": ("number", False, None, ())},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), TYPED.values(), ids=TYPED.keys())
def test_props_of_script_setup(body, expected):
    assert props(only(script(body, ' setup lang="ts"'))) == expected


def test_the_other_macros():
    component = only(
        script(
            "defineOptions({ name: 'TaBox', inheritAttrs: false })\n"
            "defineSlots<{ /** Each row. */ default(props: { row: Row; index: number }): any; empty(): any }>()\n"
            "/* what parents call */\ndefineExpose({ focus: (now) => {}, reset() {} })",
            ' setup lang="ts"',
            "<slot/>",
        )
    )
    assert component.name == "ta-box"
    assert [(m.name, m.type) for m in component.methods] == [("focus", "(now)"), ("reset", "()")]
    assert {s.name: s.doc for s in component.slots} == {"default": "Each row.", "empty": ""}
    assert only("<script setup>\nconst a = 1\n</script>\n<template><i/></template>", "Only.vue").name == "only"


def test_ways_to_build_on_another():
    found = components(
        {
            "base.vue": "<script>export default { name: 'TaBase', props: ['a'] }</script>",
            "extend.js": "import Base from './base.vue'\nexport default Base.extend({ name: 'TaOne', props: ['b'] })",
            "inline.js": "export default { name: 'TaTwo', mixins: [{ props: ['c'] }, ...more], render() {} }\nconst D = { props: ['d'] }, more = [D]",
            "old.js": "const Base = require('./base.vue').default\nmodule.exports = { name: 'TaThree', extends: Base, render() {} }",
            "made.ts": "export default wrap({ name: 'TaFour', props: { e: String }, setup() {} })",
            "asked.js": "export const known = Vue.component('ta-base')",
        }
    )
    assert {tag: sorted(names(c.props)) for tag, c in found.items()} == {
        "ta-base": ["a"], "ta-one": ["a", "b"], "ta-two": ["c", "d"], "ta-three": ["a"], "ta-four": ["e"],
    }  # fmt: skip
    assert not found["ta-base"].registered


def test_class_components():
    component = only(
        script(
            "@Component({ components: { Inner } })\nexport default class TaBox extends mixins(Sizes) {\n"
            "  /** Its title. */\n  @Prop({ required: true }) readonly title!: string\n"
            "  @Prop(Boolean) open!: boolean\n  @Emit() reset() {}\n  @Emit('done') finish(x) {}\n"
            "  private _x = 1\n  created() { this.$emit('made') }\n}",
            ' lang="ts"',
        )
    )
    assert component.name == "ta-box"
    assert props(component) == {"title": ("string", True, None, ()), "open": ("boolean", False, None, ())}
    assert component.props[0].doc == "Its title."
    assert sorted(names(component.events)) == ["done", "made", "reset"]
    assert names(component.methods) == ["reset", "finish"]


EVENTS = {
    "this": ("methods: { a() { this.$emit('done', 1, x) } }", "<div/>", {"done": "(1, x)"}),
    "alias": ("methods: { a() { const me2 = this; later(() => me2.$emit('done')) } }", "<div/>", {"done": ""}),
    "one of two": ("methods: { a(x) { this.$emit(x ? 'on' : 'off') } }", "<div/>", {"on": "", "off": ""}),
    "call and apply": ("methods: { a() { this.$emit.apply(this, ['done', 1]) } }", "<div/>", {"done": "(1)"}),
    "in the template": ("", "<button @click=\"$emit('go', item)\"/>", {"go": "(item)"}),
    "in a comment or a string": ("methods: { a() { /* this.$emit('no') */ log(\"this.$emit('no')\") } }", "<div/>", {}),
    "of somebody else": ("methods: { a() { this.$parent.$emit('no'); bus.$emit('no') } }", "<div/>", {}),
    "declared": ("emits: ['a', 'b-c']", "<div/>", {"a": "", "b-c": ""}),
    "declared with a computed name": ("emits: { [CHANGE]: null }", "<div/>", {"change": ""}),
    "declared with a check": ("emits: { change: (value, old) => true }", "<div/>", {"change": "(value, old)"}),
    "setup": ("setup(props, { emit }) { emit('made', 1) }", "<div/>", {"made": "(1)"}),
    "setup context": ("setup(props, ctx) { ctx.emit('made') }", "<div/>", {"made": ""}),
    "a constant": ("methods: { a() { this.$emit(CHANGE) } }", "<div/>", {"change": ""}),
}


@pytest.mark.parametrize(("options", "markup", "expected"), EVENTS.values(), ids=EVENTS.keys())
def test_events(options, markup, expected):
    component = only(script(f"const CHANGE = 'change'\nexport default {{ {options} }}", template=markup))
    assert {event.name: event.type for event in component.events} == expected
    assert component.open == ()


def test_an_event_whose_name_is_computed_leaves_the_list_open():
    assert only(script("export default { methods: { a(x) { this.$emit(`row-${x}`) } } }")).open == ("events",)


def test_emits_of_types():
    component = only(
        script(
            "const emit = defineEmits<{ (e: 'change', id: number): void; (e: 'a' | 'b'): void }>()", ' setup lang="ts"'
        )
    )
    assert {e.name: e.type for e in component.events} == {"change": "(id: number)", "a": "()", "b": "()"}
    component = only(script("defineEmits<{ change: [id: number]; close: [] }>()", ' setup lang="ts"'))
    assert {e.name: e.type for e in component.events} == {"change": "(id: number)", "close": "()"}


SLOTS = {
    "in the template": (
        "",
        '<div><slot/><slot name="head" :row="r" index="1"/></div>',
        {"default": (), "head": ("row", "index")},
    ),
    "asked for": ("", "<div v-if=\"$slots.foot || $scopedSlots['side']\"/>", {"foot": (), "side": ()}),
    "in code": (
        "render(h) { return h('b', [this.$slots.default, this.$scopedSlots.cell({ row })]) }",
        "",
        {"default": (), "cell": ("row",)},
    ),
    "taken apart": ("render() { const { default: d, extra } = this.$slots }", "", {"default": (), "extra": ()}),
    "setup": ("setup(props, { slots }) { return () => slots.body?.() }", "", {"body": ()}),
    "of somebody else": ("render() { return this.$parent.$slots.no }", "", {}),
}


@pytest.mark.parametrize(("options", "markup", "expected"), SLOTS.values(), ids=SLOTS.keys())
def test_slots(options, markup, expected):
    component = only(script(f"export default {{ {options} }}", template=markup))
    assert {slot.name: slot.bindings for slot in component.slots} == expected


HANDED_OVER = {
    "camel case": (":colIndex='i'", ("colIndex",)),
    "kebab case": (":col-index='i' v-bind:is-last.camel='l' plain-text='x'", ("colIndex", "isLast", "plainText")),
    "an object": ("v-bind='{ colIndex: i, is_last: f(a, b), ...more }'", ("colIndex", "is_last")),
    "once": (":col-index='i' :colIndex='j'", ("colIndex",)),
    "a computed name": (":[name]='i' :a='1'", ("a",)),
}


@pytest.mark.parametrize(("attributes", "expected"), HANDED_OVER.values(), ids=HANDED_OVER.keys())
def test_slots_hand_over_names_as_scripts_write_them(attributes, expected):
    component = only(script("", template=f"<div><slot name='cell' {attributes}/></div>"))
    (slot,) = component.slots
    assert slot.bindings == expected
    assert slot.type == "{ " + ", ".join(expected) + " }"
    document = Catalog([component]).to_web_types()
    (entry,) = document["contributions"]["html"]["vue-components"]
    assert [part["name"] for part in entry["slots"][0]["vue-properties"]] == list(expected)


def test_names_taken_from_a_scope_are_those_the_slot_gives(tree):
    page = "<template><ta-list><template #item='{ rowData: { id }, index = 0, size: s, ...rest }'>{{ id }}</template></ta-list></template>"
    catalog = Scanner(tree({"A.vue": page, "B.vue": page.replace("0", "1")}), cache=False).scan().catalog
    assert [s.bindings for s in catalog.components["ta-list"].slots] == [("index", "rowData", "size")]


FUNCTIONAL = {
    "taken apart": (
        "render(h, { props, listeners, scopedSlots }) { return h('i', { on: { click: listeners.pick } }, scopedSlots.row({ rowId: 1 })) }",
        {"pick": ""}, {"row": ("rowId",)}, (),
    ),
    "context": (
        "render: (h, ctx) => h('i', [ctx.listeners['row-in'] && ctx.listeners['row-in'](1, ctx.props.a), ctx.slots().end])",
        {"row-in": "(1, a)"}, {"end": ()}, (),
    ),
    "under other names": (
        "render(h, context) { const { listeners: on = {}, slots: all } = context; const $s = all(); const { a: go } = on;"
        " if (on) { go(1) } return $s.top || $s['low'] }",
        {"a": ""}, {"top": (), "low": ()}, (),
    ),
    "through data": ("render(h, { data }) { return h('i', { class: data.staticClass, on: { x: data.on.move } }) }", {"move": ""}, {}, ()),
    "listeners handed on": ("render(h, { listeners }) { listeners.a(); return h('i', { on: listeners }) }", {"a": ""}, {}, ("events",)),
    "a listener that is computed": ("render(h, { listeners, props }) { listeners[props.a]() }", {}, {}, ("events",)),
    "all of data handed on": ("render(h, ctx) { return h('x-b', ctx.data, ctx.children) }", {}, {"default": ()}, ("events", "props", "slots")),
    "the context handed on": ("render(h, ctx) { return draw(h, ctx) }", {}, {}, ("events", "props", "slots")),
    "scoped slots handed on": ("render(h, ctx) { return h('x-b', { scopedSlots: ctx.scopedSlots }) }", {}, {}, ("slots",)),
    "in JSX": ("render(h, { listeners, data }) { return <i onClick={listeners.tap} {...data}/> }", {"tap": ""}, {}, ("events", "props", "slots")),
    "nothing of it": ("render(h, { props }) { return h('i', props.a) }", {}, {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("render", "events", "slots", "unknown"), FUNCTIONAL.values(), ids=FUNCTIONAL.keys())
def test_functional_components(render, events, slots, unknown):
    component = only(f"export default {{ name: 'TaBox', functional: true, props: {{ a: String }}, {render} }}", "a.js")
    assert {event.name: event.type for event in component.events} == events
    assert {slot.name: slot.bindings for slot in component.slots} == slots
    assert component.open == unknown


def test_functional_templates_and_functional_components_without_props():
    markup = "<i v-on='listeners' @click=\"listeners.press && listeners.press($event)\">{{ slots().tail }}</i>"
    component = only(f"<template functional>{markup}</template><script>export default {{ props: ['a'] }}</script>")
    assert (names(component.events), names(component.slots), component.open) == (["press"], ["tail"], ("events",))
    assert only("export default { name: 'TaA', functional: true, render: h => h('i') }", "a.js").open == ("props",)
    code = "const Box = (props, { emit }) => emit('a')\nBox.props = ['b']\nexport default Box"
    assert only(f"<script>{code}</script>").open == ("events", "props", "slots")


def test_the_parts_of_a_component_in_other_files():
    found = components(
        {
            "pick/Pick.vue": "<template><div><slot name='foot'/></div></template><script src='./code.ts' lang='ts'></script>",
            "pick/code.ts": "import more from './more'\nexport default Vue.extend({ name: 'TaPick', mixins: [more], props: { size: String },"
            " components: { Inner }, methods: { go() { this.$emit('gone') } } })",
            "pick/more.js": "export default { props: { more: Number } }",
            "low/index.vue": "<template><i/></template><script src='../pick/code.ts'/>",
            "far/Far.vue": "<template src='./far.html'></template><script>export default { props: ['a'] }</script>",
            "lost/Lost.vue": "<template><i/></template><script src='pkg/lost.js'></script>",
            "self/Self.vue": "<template><i/></template><script src='./Self.vue'></script>",
            "index.js": "import Pick from './pick/Pick.vue'\nVue.component(Pick.name, Pick)",
        }
    )
    assert sorted(found) == ["far", "lost", "low/index.vue", "self", "ta-pick"]
    pick = found["ta-pick"]
    assert (pick.path, pick.registered, pick.names) == ("pick/Pick.vue", True, ("TaPick",))
    assert {p.name: p.origin for p in pick.props} == {"size": "", "more": "pick/more.js"}
    assert (names(pick.events), names(pick.slots), pick.components) == (["gone"], ["foot"], ("inner",))
    assert (pick.open, found["low/index.vue"].name) == ((), "ta-pick")
    assert found["far"].open == found["lost"].open == ("events", "props", "slots")
    facts, _ = read_vue(b"<template src='./far.html'/><script src='a.js'/>", "A.vue")
    assert facts["notes"] == [
        "<template src=./far.html> stands in another file",
        "<script src=a.js> stands in another file",
    ]


def test_computed_slot_names_and_documented_slots():
    assert only(script("", template='<slot :name="column.slot"/>')).open == ("slots",)
    component = only(script("", template="<div>\n<!-- @slot What stands above. -->\n<slot name='head'/></div>"))
    assert component.slots[0].doc == "What stands above."


def test_docs_methods_model_and_spans():
    component = only(
        "<script>\n/** A box. */\nexport default {\n  name: 'TaBox',\n  model: { prop: 'open', event: 'toggle' },\n"
        "  props: {\n    // How wide,\n    // in pixels.\n    width: Number,\n    open: Boolean, // 是否展开\n"
        "    /**\n     * The kind.\n     * @values info, error\n     */\n    kind: String\n  },\n"
        "  methods: {\n    /** Focus it. @public */\n    focus(now = true) {},\n    _hidden() {},\n"
        "    slow: debounce(function (a) {}, 10)\n  }\n}\n</script>\n"
    )
    assert component.doc == "A box."
    assert {p.name: p.doc for p in component.props} == {
        "width": "How wide, in pixels.",
        "open": "是否展开",
        "kind": "The kind.",
    }
    assert component.props[2].values == ("info", "error")
    assert [(m.name, m.type, m.doc) for m in component.methods] == [
        ("focus", "(now = true)", "Focus it."),
        ("slow", "(a)", ""),
    ]
    assert component.model == ("open", "toggle")
    assert component.span == (3, 23)


def test_notes_on_methods_that_the_file_itself_uses_are_no_doc():
    component = only(
        script(
            "export default { methods: {\n  // Opens the box.\n  open() { this.measure() },\n"
            "  // Works around a bug.\n  measure() {},\n  // Called by a click.\n  tap() {},\n"
            "  /** Closes the box. */\n  close() {},\n  both() { this.close() },\n"
            "  // Moves it. @public\n  move() {},\n  more() { this.move() } } }",
            template="<i @click='tap'/>",
        )
    )
    assert {m.name: m.doc for m in component.methods if m.doc} == {
        "open": "Opens the box.",
        "close": "Closes the box.",
        "move": "Moves it.",
    }


def test_a_validator_that_also_allows_a_type_lists_no_values():
    component = only(
        script(
            "export default { props: { size: { validator: v => typeof v === 'number' || ['s', 'l'].includes(v) } } }"
        )
    )
    assert component.props[0].values == ()


def test_the_heading_of_several_entries_is_no_doc():
    component = only(
        script(
            "export default { props: {\n  // ===== Size =====\n  wide: Number,\n  /* ---- more ---- */\n  high: Number } }"
        )
    )
    assert [p.doc for p in component.props] == ["", ""]


def test_an_event_whose_calls_name_different_arguments_has_no_names():
    calls = {
        "of another name": "this.$emit('a', max); this.$emit('a', min)",
        "at other places": "this.$emit('a', one, held); this.$emit('a', held, two)",
        "the same": "this.$emit('a', val); this.$emit('a', value)",
        "of different lengths": "this.$emit('a', value); this.$emit('a', value, more); this.$emit('a', {})",
    }
    found = {
        key: only(script(f"export default {{ methods: {{ f() {{ {code} }} }} }}")).events[0].type
        for key, code in calls.items()
    }
    assert found == {
        "of another name": "(…)",
        "at other places": "(…)",
        "the same": "(val)",
        "of different lengths": "(value)",
    }


def test_events_that_children_emit_on_what_a_component_provides_itself_as():
    box = (
        "export default { name: 'TaBox', provide() { return { boxContext: this, size: this.size } },"
        " render(h) { return h('i') } }"
    )
    child = (
        "export default { name: 'TaPart', inject: ['boxContext'],"
        " methods: { f(e) { this.boxContext.$emit('click', e) } } }"
    )
    far = child.replace("click", "tap").replace("TaPart", "TaFar")
    found = components({"box/box.js": box, "box/part.js": child, "other/part.js": far})
    assert [(e.name, e.type, e.origin) for e in found["ta-box"].events] == [("click", "(e)", "box/part.js")]


def test_code_that_is_commented_out_is_no_doc():
    component = only(
        script(
            "export default { props: {\n  /** Where it begins. */\n  from: Number,\n  /** Called at the end. */\n"
            "  // onEnd?: (late?: boolean) => void;\n  /** Where it ends. */\n  to: Number,\n  // size: String,\n"
            "  // onPick: PropTypes.func\n  rows: Array,\n  // note: counted from 1, not from 0\n  // Width: a number;\n  wide: Number } }"
        )
    )
    assert {p.name: p.doc for p in component.props} == {
        "from": "Where it begins.",
        "to": "Where it ends.",
        "rows": "",
        "wide": "note: counted from 1, not from 0 Width: a number;",
    }


@pytest.mark.parametrize(
    ("attributes", "is_read"),
    [
        ("type='text/ecmascript-6'", True),
        ("type='application/javascript;version=1.8'", True),
        ("type='text/coffeescript'", False),
        ("lang='coffee'", False),
        ("lang='ts' type='text/x-template'", True),
    ],
)
def test_a_script_of_an_unusual_type_is_javascript(attributes, is_read):
    component = only(f"<template><i/></template><script {attributes}>export default {{ props: ['a'] }}</script>")
    assert names(component.props) == (["a"] if is_read else [])


def test_v_model_without_a_declaration():
    assert only(script("export default { props: ['value'], methods: { a() { this.$emit('input') } } }")).model == (
        "value",
        "input",
    )
    assert only(script("defineModel()", " setup")).model == ("modelValue", "update:modelValue")
    assert only(script("export default { props: ['value'] }")).model is None


MIXED = {
    "box/Box.vue": "<script>\nimport Size from '../mixins/size'\nimport { focus } from '@/mixins'\n"
    "import Base from 'acme-ui/src/base.vue'\n"
    "export default { name: 'TaBox', extends: Base, mixins: [Size, focus('x')], props: { own: String, size: Number } }\n</script>",
    "mixins/size.js": "export default { props: { size: { type: String, required: true }, wide: Boolean },"
    " methods: { grow() { this.$emit('grown') } } }",
    "mixins/index.js": "export { default as focus } from './focus'\nexport * from './size'",
    "mixins/focus.js": "export default function (ref) { return { mixins: [], props: { tab: Number }, created() { this.$emit('focus') } } }",
    "src/base.vue": "<template><p><slot name='base'/></p></template><script>export default { props: { base: String } }</script>",
}


def test_mixins_and_bases_are_merged_across_files():
    component = components(MIXED, {"acme-ui": ""})["ta-box"]
    assert {p.name: (p.type, p.required, p.origin) for p in component.props} == {
        "own": ("string", False, ""),
        "size": ("number", False, ""),  # its own wins
        "tab": ("number", False, "mixins/focus.js"),
        "wide": ("boolean", False, "mixins/size.js"),
        "base": ("string", False, "src/base.vue"),
    }
    assert {e.name: e.origin for e in component.events} == {"grown": "mixins/size.js", "focus": "mixins/focus.js"}
    assert names(component.slots) == ["base"]
    assert set(component.mixins) == {"mixins/size.js", "mixins/focus.js", "src/base.vue"}


def test_mixins_that_include_each_other_end():
    found = components(
        {
            "A.vue": "<script>\nimport b from './b'\nexport default { mixins: [b], props: ['a'] }\n</script>",
            "b.js": "import c from './c'\nexport default { mixins: [c], props: ['b'] }",
            "c.js": "import b from './b'\nexport default { mixins: [b], props: ['c'] }",
        }
    )
    assert names(found["a"].props) == ["a", "b", "c"]


CIRCLES = {
    "props of itself": "const A = { name: 'TaA', props: A, render() {} }\nexport default A",
    "props that spread each other": "const A = { name: 'TaA', props: {...B}, render() {} }\nconst B = { name: 'TaB', props: {...A}, render() {} }\nexport default A",
    "a name for itself": "const a = b, b = a\nexport default { name: 'TaA', props: a, mixins: [b], render() {} }",
    "a function that calls itself": "function f() { return f() }\nexport default { name: 'TaA', props: f(), mixins: [f()], render() {} }",
}


@pytest.mark.parametrize("code", CIRCLES.values(), ids=CIRCLES.keys())
def test_circles_end(code):
    assert "ta-a" in components({"a.js": code})


def test_a_very_long_chain_of_mixins_ends():
    files = {
        f"m{i}.js": f"import m from './m{i + 1}'\nexport default {{ mixins: [m], props: ['p{i}'] }}" for i in range(300)
    }
    found = components(files | {"A.vue": "<script>\nimport m from './m0'\nexport default { mixins: [m] }\n</script>"})
    assert {"p0", "p20"} <= set(names(found["a"].props))


REGISTERED = {
    "by name": "import Vue from 'vue'\nimport Box from './box.vue'\nVue.component('ta-box', Box)",
    "in install": "import Box from './box.vue'\nBox.install = function (Vue) { Vue.component(Box.name, Box) }\nexport default Box",
    "in a loop over a list": "import Box from './box.vue'\nconst all = [Box]\nexport default { install(app) { all.forEach(c => { app.component(c.name, c) }) } }",
    "in a loop over keys": "import Box from './box.vue'\nconst all = { TaBox: Box }\n"
    "export function install(Vue) { Object.keys(all).forEach(key => { Vue.component(key, all[key]) }) }",
    "in a loop over entries": "import * as all from './all'\n"
    "export const install = app => { for (const [name, c] of Object.entries(all)) app.component(name, c) }",
    "with a prefix": "import Box from './box.vue'\nconst all = { Box }\n"
    "export default Vue => Object.keys(all).forEach(k => Vue.component(`Ta${k}`, all[k]))",
    "through withInstall": "import { withInstall } from './utils'\nimport Box from './box.vue'\nexport const TaBox = withInstall(Box)",
}


@pytest.mark.parametrize("code", REGISTERED.values(), ids=REGISTERED.keys())
def test_registrations_give_the_tag(code):
    found = components(
        {
            "box.vue": "<script>export default { name: 'TaBox', props: ['a'] }</script>",
            "all.js": "export { default as TaBox } from './box.vue'",
            "index.js": code,
            "other.vue": "<script>export default { name: 'TaOther' }</script>",
        }
    )
    assert found["ta-box"].registered
    assert found["ta-box"].path == "box.vue"
    assert not found["ta-other"].registered


def test_components_in_scripts():
    found = components(
        {
            "a.js": "export default { name: 'TaA', props: { a: String }, render(h) { return h('i') } }",
            "b.tsx": "export const TaB = defineComponent({ name: 'TaB', props: { b: Number }, setup(p, { slots }) { return () => <i>{slots.x?.()}</i> } })",
            "c.js": "Vue.component('ta-c', { template: '<p><slot name=\"y\"/></p>', props: ['c'] })",
            "mixin.js": "export default { props: { no: String } }",
            "store.js": "export default { state: {}, mutations: {} }",
        }
    )
    assert sorted(found) == ["ta-a", "ta-b", "ta-c"]
    assert {tag: names(c.props) for tag, c in found.items()} == {"ta-a": ["a"], "ta-b": ["b"], "ta-c": ["c"]}
    assert names(found["ta-b"].slots) == ["x"]
    assert names(found["ta-c"].slots) == ["y"]


def test_names_come_from_files_when_nothing_else_says_them_and_never_collide():
    box = "<script>export default { props: ['a'] }</script>"
    named = "<script>export default { name: 'UserList', props: ['b'] }</script>"
    found = components({"a/UserList.vue": box, "b/user-list/index.vue": named, "c/UserList.vue": box})
    assert found["user-list"].path == "b/user-list/index.vue"
    assert sorted(found) == ["a/UserList.vue", "c/UserList.vue", "user-list"]


def test_what_helpers_emit_on_a_component_is_its_event_unless_it_listens_to_it_itself():
    found = components(
        {
            "table/table.vue": "<script>export default { name: 'TaTable', created() { this.$on('row-add', f) } }</script>",
            "table/store/watch.js": "export function f(table) { table.$emit('select', 1); this.table.$emit('row-add') }",
            "other/x.js": "export function f(table) { table.$emit('no') }",
        }
    )
    assert [(e.name, e.origin) for e in found["ta-table"].events] == [("select", "table/store/watch.js")]


def test_pug_is_named_and_the_script_is_read_all_the_same():
    facts, _ = read_vue(
        b"<template lang='pug'>\ndiv\n</template><script>export default { props: ['a'] }</script>", "A.vue"
    )
    assert facts["notes"] == ["template lang=pug is not read"]
    assert facts["components"][0]["props"] == ["a", [["s", "a"]]]


APP = {
    "a/List.vue": "<template><div><ta-table :data='rows' border @select='f'>"
    "<template #head='{ row }'>x</template><ta-column prop='a' label='A'/><ta-column prop='b' label='B'/></ta-table></div></template>",
    "b/Form.vue": "<template><ta-table v-model='x' :data='y' size='small' @select='g'><ta-column prop='c' :label='d' align='left'/>"
    "</ta-table></template>",
    "b/Own.vue": "<template><List :x='1'/></template><script>import List from '../a/List.vue'\nexport default { components: { List } }</script>",
}


def test_a_framework_is_inferred_from_its_use(tree):
    catalog = Scanner(tree(APP), cache=False).scan().catalog
    table, column = catalog.components["ta-table"], catalog.components["ta-column"]
    assert (table.origin, table.uses) == ("usage", 2)
    assert names(table.props) == ["border", "data", "size"]
    assert names(table.events) == ["select"]
    assert names(column.props) == ["label", "prop"]  # `align` was seen once in three
    assert catalog.usage["ta-column"].parents == {"ta-table": 3}
    assert catalog.usage["ta-table"].slots == {"head": [1, ["row"]]}
    assert catalog.usage["ta-table"].models == 1
    assert catalog.usage["ta-column"].props["align"] == [1, 0, ["left"]]
    assert (catalog.components["list"].origin, catalog.components["list"].uses) == ("source", 1)


LONG = "\n  ".join(f":column-{i}='rows.filter((row) => row.size > {i})'" for i in range(18))  # about 900 characters


def example_of(tree, *starts):
    pages = {f"P{i}.vue": f"<template><div>{start}a</x-grid></div></template>" for i, start in enumerate(starts)}
    return Scanner(tree(pages), cache=False).scan().catalog.usage["x-grid"].example


def test_an_example_of_use_is_a_whole_start_tag(tree):
    (path, line, shown) = example_of(tree, f"<x-grid\n  {LONG}\n  last='x'>")
    assert (path, line) == ("P0.vue", 1)
    assert shown.startswith("<x-grid :column-0='rows")
    assert shown.endswith(":column-17='rows.filter((row) => row.size > 17)' last='x'>")


@pytest.mark.parametrize(
    ("start", "shown"),
    [
        (f"<x-grid {LONG} {LONG.upper()}>", ""),
        ("<x-grid :a='() => {\n  go() // now\n}'>", "<x-grid :a='() => {\n  go() // now\n}'>"),
        ("<x-grid :a='`one\n  two`'>", "<x-grid :a='`one\n  two`'>"),
    ],
    ids=["too long", "a comment", "a text of two lines"],
)
def test_no_example_is_cut_or_joined_where_that_changes_it(tree, start, shown):
    assert example_of(tree, start) == ["P0.vue", 1, shown]


def test_another_use_is_shown_where_the_first_is_too_long(tree):
    start = f"<x-grid {LONG} {LONG.upper()}>b</x-grid><x-grid short>"
    assert example_of(tree, start)[2] == "<x-grid short>"


def test_jsx_is_no_example_of_markup(tree):
    code = "export default { render() { return <div><x-grid onPick={(a) => a > 1}>a</x-grid></div> } }"
    assert Scanner(tree({"a.jsx": code, "b.vue": "<template><i/></template>"}), cache=False).scan().catalog.usage[
        "x-grid"
    ].example == ["a.jsx", 1, ""]


def test_attributes_that_any_element_takes_count_when_they_are_used_like_props(tree):
    page = "<template><ta-card title='a' :data-source='b' data-id='1' id='c' :model='m'/><ta-card :title='d' :data-source='e' data-id='2'/></template>"
    catalog = (
        Scanner(
            tree(
                {
                    "A.vue": page,
                    "B.vue": "<template><ta-tag title='x'/><ta-tag/><ta-tag/><ta-tag title='y' bind='z'/><ta-tag/></template>",
                }
            ),
            cache=False,
        )
        .scan()
        .catalog
    )
    assert names(catalog.components["ta-card"].props) == ["dataSource", "model", "title"]
    assert names(catalog.components["ta-tag"].props) == []


def test_save_and_load_and_web_types(tree, tmp_path):
    catalog = Scanner(tree(MIXED | APP), framework="acme", cache=False).scan().catalog
    again = Catalog.load(catalog.save(tmp_path / "catalog.json"))
    assert again.components == catalog.components
    assert again.usage == catalog.usage
    assert repr(again) == repr(catalog) == "<Catalog acme: 5 components, 2 known from usage>"
    catalog.to_web_types(tmp_path / "web-types.json", version="1.2.3")
    other = Catalog.load(tmp_path / "web-types.json")
    assert set(other.components) == {kept.name for kept in catalog}
    assert props(other.components["ta-box"]) == props(catalog.components["ta-box"])
    frame = catalog.to_pandas()
    assert len(frame) == sum(len(c.props) + len(c.events) + len(c.slots) + len(c.methods) for c in catalog)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "not valid JSON"), ("1", "expected a JSON object or array"), ("{}", "c.json"), ("[]", "damaged"), ('[{"format":"x"}]', "damaged"),
     ('[{"format":"swiftprep-catalog-1","framework":"a","vue_version":"2.7"},{"tag":"a","is":{}}]', "damaged")],
)  # fmt: skip
def test_what_is_no_catalogue_is_a_clear_error(tmp_path, text, message):
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(DataError, match=message):
        Catalog.load(tmp_path / "c.json")
    with pytest.raises(DataError, match=r"none\.json"):
        Catalog.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((0, "vue_version"), None, r"entry 1: vue_version: None, expected text"),
        ((1, "tag"), 5, r"entry 2: tag: 5, expected text"),
        ((1, "is", "name"), {}, r"entry 2 \(ta-box\): name: \{\}, expected text"),
        ((1, "is", "kind"), "thing", r"kind: 'thing'.*no such thing"),
        ((1, "is", "model"), "x", r"model: 'x', expected a list or null"),
        ((1, "is", "model"), ["x"], r"model: \['x'\], expected a property and an event"),
        ((1, "is", "span"), [1, True], r"span: \[1, True\], expected two whole numbers"),
        ((1, "is", "uses"), True, r"uses: True, expected a whole number"),
        ((1, "is", "names"), [None], r"names: None in the list, expected text"),
        ((1, "is", "props"), {}, r"props: \{\}, expected a list"),
        ((1, "is", "props", 0), 5, r"props: 5, expected an object"),
        ((1, "is", "props", 0, "type"), True, r"props: type: True, expected text"),
        ((1, "is", "props", 0, "values"), 5, r"props: values: 5, expected a list"),
        ((1, "is", "props", 0, "values"), [5], r"props: values: 5 in the list, expected text"),
        ((1, "is", "props", 0, "bindings"), [], r"props: 'bindings': no such field"),
        ((2, "is", "count"), "1", r"entry 3 \(ta-box\): count: '1', expected a whole number"),
        ((2, "is", "props"), {"a": 5}, r"props: 'a': 5, expected numbers and a list"),
        ((2, "is", "slots"), {"a": [1, [2]]}, r"slots: 'a': 2 in the list"),
        ((2, "is", "events"), {"a": "1"}, r"events: 'a': '1', expected a whole number"),
        ((2, "is", "example"), [1], r"example: \[1\], expected a path"),
    ],
)  # fmt: skip
def test_a_catalogue_with_a_value_of_another_type_is_damaged_there(tmp_path, place, value, message):
    prop = Prop("color", "string", values=("red",))
    catalog = Catalog([Component("ta-box", props=(prop,))], usage={"ta-box": Use(1)})
    document = json.loads(catalog.save(tmp_path / "c.json").read_text())
    assert Catalog.load(tmp_path / "c.json").components == catalog.components
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    (tmp_path / "c.json").write_text(json.dumps(document))
    with pytest.raises(DataError, match=rf"c\.json: a damaged catalogue: .*{message}"):
        Catalog.load(tmp_path / "c.json")


def test_the_notebook_view_is_bounded_and_escaped(tree):
    files = {
        f"C{i}.vue": f"<script>export default {{ name: 'C{i}', props: {{ '<b>': String }} }}</script>"
        for i in range(40)
    }
    shown = Scanner(tree(files), framework="<i>", cache=False).scan().catalog._repr_html_()
    assert "<b>" not in shown
    assert "<i>" not in shown
    assert "&lt;b&gt;" in shown
    assert shown.count("<tr>") == 21
    assert "20 more" in shown


def test_a_computed_prop_type_does_not_lose_the_component():
    code = "import PropTypes from './types'\nexport default { name: 'TaBox', props: { a: PropTypes[kind], b: PropTypes.oneOf(['x'])[kind].isRequired, c: String }, render() { return <i/> } }"
    assert names(only(code, "Box.jsx").props) == ["a", "b", "c"]
