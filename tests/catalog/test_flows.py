"""Events and slots that a component's functions reach through helpers, mixins and inner components."""

from __future__ import annotations

import json

import pytest

from swiftprep.catalog.linking.link import link
from swiftprep.catalog.vue.facts import SCRIPTS, read_script, read_vue, suffix_of


def component(files, tag="x-box", **given):
    facts = {}
    for path, text in files.items():
        read = read_script if suffix_of(path) in SCRIPTS else read_vue
        facts[path] = json.loads(json.dumps(read(text.encode(), path)[0]))  # as the cache keeps them
    return link(facts, **given)[tag]


def names(items):
    return sorted(item.name for item in items)


def api(files, tag="x-box"):
    found = component(files, tag)
    return names(found.events), names(found.slots), tuple(what for what in found.open if what != "props")


def options(body):
    return f"export default {{ name: 'XBox', {body} }}"


INNER = "export default { name: 'XInner', methods: { go() { this.$emit('open'); this.$emit('shut') } }, render(h) { return h('i', [this.$slots.title, this.$slots.default]) } }"
WRAP = "import Inner from './inner'\n"
BOTH = ("events", "slots")

# Of each: the script of the component, other files, and its events, its slots and what is open.
HELPERS = {
    "the name is an argument": (
        "import { part } from './help'\n" + options("render() { return part(this, 'icon') }"),
        {"help.js": "export function part(vm, name) { return vm[name] || vm.$scopedSlots[name] || vm.$slots[name] }"},
        ([], ["icon"], ()),
    ),
    "through a second helper": (
        "import { two } from './help'\n" + options("render() { return two(this, 'icon', 'text') }"),
        {"help.js": "export const one = (vm, name) => vm.$slots[name]\nexport const two = (vm, a, b) => one(vm, a) || one(vm, b)"},
        ([], ["icon", "text"], ()),
    ),
    "a default argument": (
        "import { part } from './help'\n" + options("render() { return part(this) }"),
        {"help.js": "export function part(vm, name = 'default') { return vm.$slots[name] }"},
        ([], ["default"], ()),
    ),
    "it returns a function": (
        "import { usePart } from './help'\n" + options("setup(props, ctx) { const part = usePart(); return () => part('icon') }"),
        {"help.js": "export const usePart = () => { const vm = getCurrentInstance(); return function (name) { return vm.slots[name] } }"},
        ([], ["icon"], ()),
    ),
    "a constant of another file": (
        "import { part } from './help'\nimport { ICON } from './names'\n" + options("render() { return part(this, ICON) }"),
        {"help.js": "export function part(vm, name) { return vm.$slots[name] }", "names.js": "export const ICON = 'icon'"},
        ([], ["icon"], ()),
    ),
    "a name that is not known": (
        "import { part } from './help'\n" + options("render() { return part(this, this.kind) }"),
        {"help.js": "export function part(vm, name) { return vm.$slots[name] }"},
        ([], [], ("slots",)),
    ),
    "not in the tree, its name says it": (
        "import { getSlot } from 'far'\n" + options("render() { return getSlot(this, 'icon') }"), {}, ([], ["icon"], BOTH),
    ),
    "not in the tree": ("import { far } from 'far'\n" + options("render() { return far(this) }"), {}, ([], [], BOTH)),
    "of Vue or lodash": (
        "import { get } from 'lodash'\n" + options("render() { return get(this, 'a.b') }"), {}, ([], [], ()),
    ),
    "it emits": (
        "import { fire } from './help'\n" + options("methods: { go() { fire(this, 'open', 1) } }, render() { return null }"),
        {"help.js": "export function fire(vm, name, ...args) { vm.$emit(name, ...args) }"},
        (["open"], [], ("slots",)),
    ),
    "it calls listeners": (
        "import { fire } from './help'\n" + options("functional: true, props: {}, render(h, ctx) { fire(ctx, 'open') }"),
        {"help.js": "export function fire(ctx, name) { const heard = ctx.listeners[name]; heard && heard() }"},
        (["open"], [], ()),
    ),
    "bound and called": (
        options("render() { const emit = this.$emit.bind(this); emit('a'); this.$emit.call(this, 'b'); this.$emit.apply(this, ['c', 1]) }"),
        {},
        (["a", "b", "c"], [], ()),
    ),
    "taken apart": (
        options("render() { const { $emit, $slots: { head }, $scopedSlots } = this; $emit('a'); return [head, $scopedSlots.tail()] }"),
        {},
        (["a"], ["head", "tail"], ()),
    ),
    "a function that is declared before what it uses": (
        options("methods: { slot(name) { return this.$slots[name] } }, render() { const { slot } = this; return left(); function left() { return slot('icon') } }"),
        {},
        ([], ["icon"], ()),
    ),
    "a helper passes its parameter on alone": (
        "import { open } from './help'\n" + options("methods: { show() { open(this) } }, render() { return <i/> }"),
        {
            "help.js": "const all = []\nfunction shade(vm) { return { on: { click() { vm.$emit('shade') } } } }\n"
            "export function open(vm) { const it = shade(vm); all.push({ vm, it }) }"
        },
        (["shade"], [], ()),
    ),
    "a method of a mixin that a factory adds": (
        "import { make } from './help'\nexport default make('x-box')({ props: {}, render() { const { slot } = this; return slot('icon') } })",
        {
            "help.js": "const Parts = { methods: { slot(name) { return this.$slots[name] } } }\n"
            "export function make(name) { return function (one) { one.mixins = one.mixins || []; one.mixins.push(Parts); one.name = name; return one } }"
        },
        ([], ["icon"], ()),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "others", "expected"), HELPERS.values(), ids=HELPERS.keys())
def test_helpers_are_followed(script, others, expected):
    assert api({"box.js": script, **others}) == expected


METHODS = {
    "of a mixin": ("this.fire('open'); this.fire('shut')", "fire(...args) { this.$emit(...args) }", ["open", "shut"], ()),
    "arguments": ("this.fire('open')", "fire() { const all = [].slice.call(arguments, 0); const name = all[0]; this.$listeners[name] && this.$listeners[name]() }", ["open"], ()),
    "never called": ("this.go()", "fire(name) { this.$emit(name) }", [], ()),
    "a name that is not known": ("this.fire(this.kind)", "fire(name) { this.$emit(name) }", [], ("events",)),
    "made of its argument": ("this.fire('row')", "fire(kind) { this.$emit(`${kind}-click`); this.$emit('all:' + kind) }", ["all:row", "row-click"], ()),
    "each of a list": ("this.fire(['a', 'b'])", "fire(names) { names.forEach(name => this.$emit(name)) }", ["a", "b"], ()),
    "each key of an object": ("this.fire({ a: 1, b: 2 })", "fire(by) { for (const name in by) this.$emit(name) }", ["a", "b"], ()),
}  # fmt: skip


@pytest.mark.parametrize(("code", "method", "events", "opened"), METHODS.values(), ids=METHODS.keys())
def test_methods_that_are_told_the_name_of_an_event(code, method, events, opened):
    mixin = f"export default {{ methods: {{ {method} }} }}"
    box = "import base from './base'\n" + options(f"mixins: [base], render(h) {{ {code}; return h('i') }}")
    assert api({"box.js": box, "base.js": mixin}) == (events, [], opened)


def test_a_method_that_only_its_own_component_has_may_be_called_by_anybody():
    assert api({"box.js": options("methods: { fire(name) { this.$emit(name) } }, render(h) { return h('i') }")}) == (
        [], [], ("events",),
    )  # fmt: skip


def test_a_template_calls_methods_with_names():
    box = "<template><i @click=\"fire('open')\">{{ part('icon') }}</i></template><script>\n" + options(
        "methods: { fire(name) { this.$emit(name) }, part(name) { return this.$slots[name] } }"
    )
    assert api({"Box.vue": box + "\n</script>"}) == (["open"], ["icon"], ())


def test_methods_that_are_taken_from_another_component():
    far = "export default { name: 'XFar', methods: { go() { this.$emit('made', this.$slots.anchor) } }, render(h) { return h('i') } }"
    box = "import Far from './far'\n" + options("methods: Far.methods, render(h) { return h('i') }")
    assert api({"box.js": box, "far.js": far}) == (["made"], ["anchor"], ())


HANDED = {
    "listeners in JSX": ("return <Inner on={this.$listeners}/>", (["open", "shut"], [], ())),
    "spread into JSX": ("const given = { on: { ...this.$listeners } }; return <Inner {...given}/>", (["open", "shut"], [], ())),
    "added later": ("const given = {}; given.on = this.$listeners; return h(Inner, given)", (["open", "shut"], [], ())),
    "with one's own": ("return h(Inner, { on: { ...this.$listeners, shut: this.f } })", (["open"], [], ())),
    "one's own is overridden": ("return h(Inner, { on: { shut: this.f, ...this.$listeners } })", (["open", "shut"], [], ())),
    "by Object.assign": ("return h(Inner, { on: Object.assign({}, this.$listeners, { shut: this.f }) })", (["open", "shut"], [], ())),
    "slots": ("return h(Inner, { scopedSlots: this.$scopedSlots })", ([], ["default", "title"], ())),
    "slots one by one": (
        "return <Inner>{Object.keys(this.$slots).map(name => <template slot={name}>{this.$slots[name]}</template>)}</Inner>",
        ([], ["default", "title"], ()),
    ),
    "all but some": ("return h(Inner, { on: omit(this.$listeners, ['shut']) })", (["open"], [], ())),
    "only some": ("return h(Inner, { on: pick(this.$listeners, ['shut']) })", (["shut"], [], ())),
    "some that are not known": ("return h(Inner, { on: pick(this.$listeners, this.names) })", ([], [], ("events",))),
    "below a comment": ("return ( // how it looks\n /* now */ <Inner on={this.$listeners}/> )", (["open", "shut"], [], ())),
    "to a tag that is not known": ("return h(this.tag, { on: this.$listeners, scopedSlots: this.$scopedSlots })", ([], [], BOTH)),
    "to a component of a package": ("return h(Far, { on: this.$listeners })", ([], [], ("events",))),
    "to a helper of a package": ("far(this.$slots); return h('i')", ([], [], ("slots",))),
    "as another prop": ("return h(Inner, { props: { heard: this.$listeners } })", ([], [], ("events",))),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), HANDED.values(), ids=HANDED.keys())
def test_listeners_and_slots_that_are_handed_to_an_inner_component(code, expected):
    box = (
        WRAP
        + "import Far, { far } from 'far'\nimport { omit, pick } from 'lodash'\n"
        + options(f"render(h) {{ {code} }}")
    )
    assert api({"box.jsx": box, "inner.js": INNER}) == expected


def test_a_listener_that_is_deleted_is_no_event():
    code = "render(h) { const on = { ...this.$listeners }; delete on.tap; return h('i', on.go) }"
    assert names(component({"box.js": options(code)}).events) == ["go"]


def test_v_model_is_not_that_of_an_inner_component():
    inner = "export default { name: 'XInner', model: { prop: 'on' }, props: ['on'], methods: { f() { this.$emit('input') } } }"
    box = WRAP + options("props: ['on', 'value'], render(h) { return h(Inner, { on: this.$listeners }) }")
    found = component({"box.js": box, "inner.js": inner})
    assert (names(found.events), found.model) == (["input"], None)


def test_what_only_tests_emit_is_no_event():
    code = (
        "methods: { f() { this.$emit('a'); if (process.env.NODE_ENV === 'test') { this.$emit('b') }"
        " if (process.env.NODE_ENV !== 'test') this.$emit('c') } }, render(h) { return h('i') }"
    )
    assert api({"box.js": options(code)}) == (["a", "c"], [], ())


def test_what_a_template_hands_on():
    listeners = '<template><inner v-on="heard"/></template><script>\n' + WRAP + options(
        "components: { Inner }, computed: { heard() { return { ...this.$listeners, shut: this.f } } }"
    )  # fmt: skip
    slots = (
        "<template><x-inner><template v-for=\"(_, name) in $slots\" #[name]><slot :name='name'/></template></x-inner>"
        "</template><script>\n" + options("")
    )
    assert api({"Box.vue": listeners + "\n</script>", "inner.js": INNER}) == (["open"], [], ())
    assert api({"Box.vue": slots + "\n</script>", "inner.js": INNER}) == ([], ["default", "title"], ())


def test_through_several_components_and_of_those_that_hand_to_each_other():
    chain = {
        f"c{at}.js": f"import Inner from './c{at + 1}'\nexport default {{ name: 'XC{at}', render(h) {{ return h(Inner, {{ on: this.$listeners }}) }} }}"
        for at in range(4)
    }
    assert api({**chain, "c4.js": INNER}, "x-c0") == (["open", "shut"], [], ())
    a = "import B from './b'\nexport default { name: 'XBox', render(h) { this.$emit('a'); return h(B, { on: this.$listeners }) } }"
    b = "import A from './a'\nexport default { name: 'XB', render(h) { this.$emit('b'); return h(A, { on: this.$listeners }) } }"
    assert names(component({"a.js": a, "b.js": b}).events) == ["a", "b"]


def test_what_an_inner_component_adds_says_where_it_is_from():
    found = component(
        {"box.js": WRAP + options("render(h) { return h(Inner, { on: this.$listeners }) }"), "inner.js": INNER}
    )
    assert {event.name: event.origin for event in found.events} == {"open": "inner.js", "shut": "inner.js"}


def test_a_component_that_is_a_function():
    code = (
        "function Box(h, props, slots, ctx) { return <i onClick={() => ctx.emit('tap')}>{slots.icon && slots.icon({ size: 1 })}</i> }\n"
        "Box.props = { a: String }\nexport default make(Box)\n"
    )
    found = component({"box.tsx": code}, "box")
    assert (names(found.events), {slot.name: slot.bindings for slot in found.slots}) == (["tap"], {"icon": ("size",)})


def test_what_renders_nothing_is_read_by_its_parent():
    assert api({"box.js": options("props: { a: String }, render() { return null }")}) == ([], [], BOTH)
    assert api({"box.js": options("props: { a: String }")}) == ([], [], BOTH)


def test_composables_that_are_given_the_context():
    box = "import { useOpen } from './use'\n" + options(
        "setup(props, { emit, slots }) { useOpen(emit, slots); return () => null }"
    )
    use = "export function useOpen(emit, slots) { const has = computed(() => !!slots.icon); watch(has, () => emit('open', 1)) }"
    assert api({"box.js": box, "use.js": use}) == (["open"], ["icon"], ())


def test_slots_in_the_defaults_of_patterns():
    code = "setup(props, { slots }) { return () => { const { tip = slots.tip?.(), render = slots.item } = props; return [tip, render()] } }"
    assert api({"box.js": options(code)}) == ([], ["item", "tip"], ())


def test_options_that_stand_in_a_function_leave_open_what_their_code_reaches():
    make = "function make(name) { const props = { a: String }; return defineComponent({ name, props, setup(props, { slots }) { return () => slots.icon() } }) }\n"
    box = (
        "export function pickers() { "
        + make
        + " return { Box: make('XBox') } }\nconst { Box } = pickers()\nexport default Box\n"
    )
    assert api({"box.js": box})[2] == BOTH


def test_all_slots_as_the_children_of_a_native_element():
    assert api({"box.js": options("render() { return h('div', {}, this.$slots) }")}) == ([], ["default"], ())
    body = "render() { return h('div', {}, renderSlot(this.$slots, 'icon')) }"
    assert api({"box.js": "import { h, renderSlot } from 'vue'\n" + options(body)}) == ([], ["icon"], ())


KEY = "export const KEY = Symbol('box')\n"
IMPORTS = "import { provide, inject, reactive } from 'vue'\nimport { KEY } from './key'\n"
PROVIDES = IMPORTS + options(
    "setup(props, { slots, emit }) { provide(KEY, reactive({ slots, emit })); return () => <i>{slots.default()}</i> }"
)


def injects(code):
    return IMPORTS + "export default { name: 'XItem', " + code + " }"


def test_slots_and_events_that_are_provided_to_the_components_within():
    code = "setup(props, { slots }) { const box = inject(KEY, null); return () => { box.emit('go'); return box?.slots['item-icon']?.() ?? slots.own() } }"
    files = {"box.jsx": PROVIDES, "key.js": KEY, "item.jsx": injects(code)}
    assert api(files) == (["go"], ["default", "item-icon"], ())
    assert api(files, "x-item") == ([], ["own"], ())
    template = "<template><i>{{ box.slots.label && 1 }}</i></template>\n<script>" + injects(
        "setup() { const box = inject(KEY); return { box } }"
    ) + "</script>"  # fmt: skip
    assert api({**files, "item.jsx": "", "Item.vue": template})[1] == ["default", "label"]


def test_what_is_provided_to_nobody_known_leaves_the_lists_open():
    hook = IMPORTS + "export function useBox() { return inject(KEY) }\n"
    assert api({"box.jsx": PROVIDES, "key.js": KEY})[2] == BOTH
    assert api({"box.jsx": PROVIDES, "key.js": KEY, "use.js": hook})[2] == BOTH


def test_attributes_hand_on_listeners_in_vue_3_only():
    files = {"box.jsx": WRAP + options("render() { return <Inner {...this.$attrs}/> }"), "inner.js": INNER}
    assert names(component(files, vue3=True).events) == ["open", "shut"]
    assert names(component(files).events) == []
    native = {"box.jsx": options("setup(props, { attrs }) { return () => <i {...attrs}/> }")}
    assert {"events", "props"} <= set(component(native, vue3=True).open)


def test_listeners_fall_through_to_a_root_that_is_a_component():
    code = "setup(props, { emit, slots }) { return () => <Inner a={slots.icon} onGo={() => emit('go')}/> }"
    files = {"box.jsx": WRAP + options(code), "inner.js": INNER}
    assert "events" in component(files, vue3=True).open
    assert (
        "events" not in component({**files, "box.jsx": WRAP + options("inheritAttrs: false, " + code)}, vue3=True).open
    )


def test_what_setup_returns_is_known_to_the_rest_whatever_their_order():
    body = "render() { return this.part('icon') }, setup(props, { slots }) { return { part: name => slots[name] } }"
    assert api({"box.js": options(body)}) == ([], ["icon"], ())


def test_declared_events_count_as_all_although_a_name_is_computed():
    code = "setup(props, { emit }) { return () => emit(props.kind) }"
    assert api({"box.js": options(code)})[2] == ("events",)
    assert api({"box.js": options(f"emits: ['a'], {code}")}) == (["a"], [], ())


@pytest.mark.parametrize(
    "code",
    [
        "function f(vm, name) { return f(vm, name + 'x') }\n" + options("render() { return f(this, 'a') }"),
        "const f = (g) => g(g)\n" + options("render() { return f(f) }"),
        "\n".join(f"function f{at}(vm, a) {{ f{at + 1}(vm, a + 'x'); return f{at + 1}(vm, a + 'y') }}" for at in range(40))
        + "\nfunction f40(vm, a) { return vm.$slots[a] }\n" + options("render() { return f0(this, 'a') }"),
        options("render() { return " + "this.$slots[" * 300 + "'a'" + "]" * 300 + " }"),
        options("render() { " + "".join(f"const f{at} = () => [f{at + 1}(this), f{at + 1}(this.$slots)]; " for at in range(60)) + " }"),
    ],
    ids=["endless", "of itself", "doubling", "deep", "closures"],
)  # fmt: skip
def test_hostile_functions_end_and_leave_the_lists_open(code):
    assert isinstance(component({"box.js": code}).open, tuple)


@pytest.mark.parametrize(
    "body",
    [
        "setup(props, { slots }) { const { icon = slots.icon?.() } = props; return () => icon }",
        "setup(props, { slots }) { return () => { const { a: [icon = slots.icon] = [] } = { ...props }; return h('i', icon) } }",
        "render() { const { slots } = this; return h('i', [slots('icon')]) }",
        "render() { return h('i', this.slots('icon')) }",
    ],
)
def test_slots_that_are_a_default_or_asked_for_by_an_injected_function(body):
    assert api({"box.js": options(body)}) == ([], ["icon"], ())


def test_slots_that_are_provided_to_what_is_inside_are_open():
    code = "setup(props, { slots }) { provide('box', reactive({ slots })); return () => h('i', slots.icon) }"
    assert api({"box.js": f"import {{ provide, reactive }} from 'vue'\n{options(code)}"}) == ([], ["icon"], ("slots",))


PANE = "export default { name: 'XPane', props: { title: {} }, render(h) { return h('div', this.$slots.default) } }"
READS = {
    "by a helper": "import { slotOf } from '../slot'\nexport default { name: 'XTabs', render(h) { return this.$slots.default.map(pane => slotOf(pane, 'title')) } }",
    "as a member": "export default { name: 'XTabs', render(h) { return this.panes.map(pane => pane.$slots.title) } }",
    "by a key": "export default { name: 'XTabs', setup() { const all = inject('panes'); return () => all?.slots?.['title']?.() } }",
    "by a method": "export default { name: 'XTabs', render(h) { return this.panes.map(pane => pane.slots('title')) } }",
}
SLOT_OF = "export const slotOf = (node, name) => node.$scopedSlots[name] || node.$slots[name]"


@pytest.mark.parametrize("reads", READS.values(), ids=READS.keys())
@pytest.mark.parametrize("folder", ["tabs", "tab"])
def test_slots_that_a_neighbour_reads_are_open(reads, folder):
    files = {"ui/tabs/tabs.js": reads, f"ui/{folder}/pane.js": PANE, "ui/slot.js": SLOT_OF}
    found = component(files, "x-pane")
    assert ("slots" in found.open, "events" in found.open) == (True, False)
    assert any("'title'" in why and "ui/tabs/tabs.js" in why for what, why in found.why_open if what == "slots")
    assert "slots" not in component({**files, "ui/tabs/tabs.js": reads.replace("title", "default")}, "x-pane").open


def test_slots_that_something_else_reads_are_not_open():
    own = READS["by a helper"].replace("pane =>", "() =>").replace("slotOf(pane", "slotOf(this")
    other = "import { on } from '../dom'\nexport default { mounted() { on(box, 'title') } }"
    dom = "export function on(box, name) { box.addEventListener(name, () => this.$emit(name)) }"
    files = {
        "ui/tabs/tabs.js": own,
        "ui/tabs/pane.js": PANE,
        "ui/slot.js": SLOT_OF,
        "ui/tabs/x.js": other,
        "ui/dom.js": dom,
    }
    assert "slots" not in component(files, "x-pane").open
    far = {"ui/menu/menu.js": READS["as a member"], "ui/tabs/pane.js": PANE}
    assert "slots" not in component(far, "x-pane").open


def test_a_method_of_a_text_is_no_listener():
    merge = "const merge = data => Object.keys(data).map(key => data[key].trim())\n"
    code = (
        merge
        + "export default { name: 'XBox', functional: true, props: {}, render(h, { listeners }) { return h('b', merge({ on: listeners })) } }"
    )
    assert api({"box.js": code})[0] == []
    assert api({"box.js": options("render() { this.$emit('trim'); return this.$listeners.shut }")})[0] == [
        "shut",
        "trim",
    ]
