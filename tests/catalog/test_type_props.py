"""What a reader sees of a type: what its name stands for, the values it allows, and what Vue checks at run time."""

from __future__ import annotations

import pytest
from test_catalog import components

from swiftprep import Scanner

FILES = {
    "kinds.ts": (
        "export type Size = 'small' | 'large'\nexport type Key = string | number\n"
        "export type Format = (value: number) => string\nexport interface Item { id: string }\n"
        "export type Loose = Partial<Item>\nexport type Sized<T = Size> = T | 'auto'\nexport type Keys = Key[]\n"
        "export type Deep = Deep[] | string\nexport type Wait = boolean | { delay: number }\n"
        "export type When<T> = T extends string ? 'a' : 'b'\nexport type Tree = { children: Tree[] }\n"
        "export enum Side { Left = 'left', Right = 'right' }\nexport enum Level { Low, High = 5 }\n"
        "export const MODES = ['light', 'dark'] as const\nexport type Mode = (typeof MODES)[number]\n"
        "export const placed = { top: 'at-top', bottom: 'at-bottom' } as const\n"
        "export interface Props { size?: Size; onPick?: (key: Key) => void; inner: { deep: Size } }\n"
        "export type Nested<T> = T | Nested<T>[]\nexport type Mapped<T> = (value: T, key: T1) => T[]\nexport type Twice = Twice\nexport type Size2 = Size\nexport const Size2 = 1\n"
    ),
}
# In `Object as PropType<…>`: the type, the text, the values, and the run-time types unless the text tells them.
STATED = {
    "a union": ("Size", "'small' | 'large'", ("small", "large"), ()),
    "basic types": ("Key", "string | number", (), ("object",)),
    "a function": ("Format", "(value: number) => string", (), ("object",)),
    "an interface": ("Item", "Item", (), ("object",)),
    "a list of an interface": ("Item[]", "Item[]", (), ("object",)),
    "a list of a union": ("Size[]", "('small' | 'large')[]", (), ("object",)),
    "a generic list": ("Array<Size>", "('small' | 'large')[]", (), ("object",)),
    "an alias of an alias": ("Keys", "(string | number)[]", (), ("object",)),
    "a union with an alias": ("Size | 'none'", "'small' | 'large' | 'none'", ("small", "large", "none"), ()),
    "with undefined": ("Size | undefined", "'small' | 'large'", ("small", "large"), ()),
    "with null": ("Size | null", "'small' | 'large' | null", ("small", "large"), ()),
    "a function in a union": ("Format | Size", "((value: number) => string) | 'small' | 'large'", (), ("object",)),
    "a utility type of the tree": ("Loose", "Loose", (), ("object",)),
    "a parameter's default": ("Sized", "'small' | 'large' | 'auto'", ("small", "large", "auto"), ()),
    "a parameter's argument": ("Sized<number>", "number | 'auto'", (), ("object",)),
    "a parameter's type": ("Sized<{ a: 1 }>", "object | 'auto'", (), ("object",)),
    "a member": ("Props['size']", "'small' | 'large'", ("small", "large"), ()),
    "a member that is a function": ("Props['onPick']", "(key: Key) => void", (), ("object",)),
    "a member of a member": ("Props['inner']['deep']", "'small' | 'large'", ("small", "large"), ()),
    "an unknown member": ("Props['none']", "Props['none']", (), ("object",)),
    "the keys of an interface": ("keyof Props", "'size' | 'onPick' | 'inner'", ("size", "onPick", "inner"), ()),
    "the keys of a value": ("keyof typeof placed", "'top' | 'bottom'", ("top", "bottom"), ()),
    "the values of an object": ("(typeof placed)[keyof typeof placed]", "'at-top' | 'at-bottom'", ("at-top", "at-bottom"), ()),
    "the items of a list": ("Mode", "'light' | 'dark'", ("light", "dark"), ()),
    "what is left of a union": ("Exclude<Size, 'small'>", "'large'", ("large",), ()),
    "a template": ("`${Size}-${Mode}`", "'small-light' | 'small-dark' | 'large-light' | 'large-dark'", ("small-light", "small-dark", "large-light", "large-dark"), ()),
    "an open template": ("`${number}px`", "`${number}px`", (), ("object",)),
    "an enum": ("Side", "'left' | 'right'", ("left", "right"), ()),
    "an enum of numbers": ("Level", "Level", (), ("object",)),
    "a condition": ("When<Size>", "When<Size>", (), ("object",)),
    "an inline object": ("{ size: Size }", "{ size: Size }", (), ()),
    "an alias with an inline object": ("Wait", "Wait", (), ("object",)),
    "any string": ("string & {}", "string", (), ("object",)),
    "what may not be null": ("NonNullable<Size | null>", "'small' | 'large' | null", ("small", "large"), ()),
    "a package's": ("VNode", "VNode", (), ("object",)),
    "a list of functions": ("((a: Size) => void)[] | Format", "((a: Size) => void)[] | ((value: number) => string)", (), ("object",)),
    "a parameter within a function": ("Mapped<Item>", "(value: Item, key: T1) => Item[]", (), ("object",)),
    "itself": ("Twice", "Twice", (), ("object",)),
    "its own items": ("Deep", "Deep[] | string", (), ("object",)),
    "a generic alias of itself": ("Nested<Size>", "'small' | 'large' | Nested<Size>[]", (), ("object",)),
    "a name that is also a value's": ("Size2", "'small' | 'large'", ("small", "large"), ()),
}  # fmt: skip


@pytest.mark.parametrize(("stated", "text", "values", "runtime"), STATED.values(), ids=STATED.keys())
def test_what_a_stated_type_stands_for(stated, text, values, runtime):
    constructor = "String" if values else "Object"
    names = "Mapped, Nested, Size, Key, Format, Item, Loose, Sized, Keys, Deep, Wait, When, Side, Level, Mode, placed, Props, Twice, Size2"
    code = (
        f"import {{ defineComponent }} from 'vue'\nimport {{ {names} }} from './kinds'\n"
        f"export default defineComponent({{ name: 'Box', props: {{ a: {{ type: {constructor} as PropType<{stated}> }} }} }})"
    )
    (prop,) = components({**FILES, "box.ts": code})["box"].props
    assert (prop.type, prop.values, prop.runtime) == (text, values, runtime)


def test_the_types_that_vue_checks_are_kept_where_the_type_does_not_tell_them():
    code = (
        "import { Item, Size, Key, Format } from './kinds'\nexport default { name: 'Box', props: {"
        "a: Object as PropType<Item>, b: [String, Function] as PropType<Row>, c: String as PropType<Size>,"
        "d: { type: [String, Number] as unknown as PropType<Key> }, e: Function as PropType<Format>, f: Array as PropType<any>"
        "}, render() {} }"
    )
    props = {prop.name: prop.runtime for prop in components({**FILES, "box.ts": code})["box"].props}
    assert props == {"a": ("object",), "b": ("string", "function"), "c": (), "d": (), "e": (), "f": ("array",)}


def test_constructors_with_arguments_and_a_prop_called_default():
    code = (
        "import { Item, Size } from './kinds'\nexport default { name: 'Box', render() {}, props: {"
        " default: { type: Object as PropType<Item>, required: true }, a: { type: Array<Size>, default: () => [] },"
        " b: [String, Array<Item>], c: { type: [Date, Array] as PropType<Date | Item[]>, default: { type: 'x' } },"
        " d: [File, Object] as PropType<File | Item> } }"
    )
    props = {prop.name: (prop.type, prop.runtime) for prop in components({**FILES, "box.ts": code})["box"].props}
    assert props == {
        "default": ("Item", ("object",)), "a": ("('small' | 'large')[]", ()), "b": ("string | Item[]", ()),
        "c": ("Date | Item[]", ()), "d": ("File | Item", ("file", "object")),
    }  # fmt: skip


def test_types_given_to_functions_are_those_of_each_call():
    """`<T>` is what the call says it is, at the place of the call; without an argument, the constructor tells."""
    files = {
        "make.ts": (
            "type Size = 'wrong'\n"
            "export function text<T extends string = string>(start?: T) { return { type: String as unknown as PropType<T>, default: start } }\n"
            "export const made = <T, U = T>() => ({ type: Object as PropType<T | U[]> })\n"
            "export function some<T>(types: any[]) { return { type: types as PropType<T> } }\n"
            "export const outer = <T>(start: T) => text<T>(start)\n"
        ),
        "kinds.ts": FILES["kinds.ts"],
        "box.ts": (
            "import { text, made, outer, some } from './make'\nimport { Size, Mode, Item } from './kinds'\n"
            "export default { name: 'Box', render() {}, props: { a: text<Size>(), b: text<Mode>(), c: text(), d: made<Item, Size>(),"
            " e: outer<'x' | 'y'>('x'), f: text<'p' | 'q'>('p'), g: made(), h: some<Item>([Boolean, Object]) } }"
        ),
    }
    props = {prop.name: (prop.type, prop.runtime) for prop in components(files)["box"].props}
    assert props == {
        "a": ("'small' | 'large'", ()), "b": ("'light' | 'dark'", ()), "c": ("string", ()),
        "d": ("Item | ('small' | 'large')[]", ("object",)), "e": ("'x' | 'y'", ()), "f": ("'p' | 'q'", ()),
        "g": ("object", ()), "h": ("Item", ("boolean", "object")),
    }  # fmt: skip


def test_what_vue_checks_for_types_of_vue_and_of_the_dom():
    body = "defineProps<{ a: StyleValue; b: string | Component; c?: HTMLInputElement; d: VNode | Foreign; e: Window | string }>()"
    component = components(
        {"Box.vue": f"<script setup lang='ts'>\nimport {{ Foreign }} from 'pkg'\n{body}\n</script>"}
    )["box"]
    assert {prop.name: prop.runtime for prop in component.props} == {
        "a": ("boolean", "string", "object", "array"), "b": ("string", "object", "function"), "c": ("object",), "d": (),
        "e": ("object", "string"),
    }  # fmt: skip


def test_a_builder_of_props_that_asks_for_objects():
    files = {
        "build.ts": (
            "import { isObject } from '@vue/shared'\nexport const one = (prop: any) => {\n"
            "  if (!isObject(prop)) return prop\n  const { type, ...rest } = prop\n  return { type, required: false, ...rest }\n}\n"
            "export const all = (props) => Object.fromEntries(Object.entries(props).map(([key, prop]) => [key, one(prop)]))\n"
        ),
        "box.ts": (
            "import { all } from './build'\nexport default { name: 'Box', render() {},"
            " props: all({ a: Boolean, b: { type: [String, Number] }, c: { type: Number, default: 3 } }) }"
        ),
    }
    component = components(files)["box"]
    assert {prop.name: (prop.type, prop.default) for prop in component.props} == {
        "a": ("boolean", None), "b": ("string | number", None), "c": ("number", "3"),
    }  # fmt: skip


UNLISTED = {
    "of a folder": ("./parts", "Size"), "of the folder above": ("../ui/parts", "Size"), "of a package": ("@ui/parts", "Size"),
    "of a package's folder": ("@ui/parts/deep", "Kind"), "of another package": ("@ui/other", "Size"),
    "exported twice": ("./parts", "Twice"), "not exported": ("./parts", "None"),
}  # fmt: skip


@pytest.mark.parametrize(("module", "name"), UNLISTED.values(), ids=UNLISTED.keys())
def test_exports_of_a_folder_whose_index_is_missing(module, name):
    """As in the sources that are restored from source maps, which lack the files that only re-export."""
    files = {
        "ui/parts/size.ts": "export type Size = 'l' | 's'\nexport type Twice = 1",
        "ui/parts/deep/kind.ts": "export type Kind = 'a' | 'b'\nexport type Twice = 2",
        "ui/box/Box.vue" if module.startswith("@") else "ui/Box.vue": (
            f"<script setup lang='ts'>\nimport type {{ {name} }} from '{module}'\ndefineProps<{{ a: {name} }}>()\n</script>"
        ),
    }
    (prop,) = components(files)["box"].props
    is_known = name in ("Size", "Kind") and module != "@ui/other"
    assert prop.values == ((("l", "s") if name == "Size" else ("a", "b")) if is_known else ())


def test_a_scoped_module_is_the_one_with_most_of_its_name():
    files = {
        "ui/select/index.ts": "export const own = { a: String }",
        "ui/tree-select/select.ts": "export const own = { b: String }",
        "ui/tree-select/Box.vue": "<script>\nimport { own } from '@corp/ui/select'\nexport default { props: own }\n</script>",
    }
    (component,) = components(files).values()
    assert [prop.name for prop in component.props] == ["a"]


def test_members_of_a_type_are_read_where_they_stand():
    """A name means what it means in the file of the interface, not in that of the component."""
    files = {
        "far.ts": "type Size = 1 | 2\ntype Own = 'x'\nexport interface Base<T> { size?: Size; own: Own; held?: T }",
        "Box.vue": (
            "<script setup lang='ts'>\nimport type { Base } from './far'\ntype Own = 'y'\n"
            "interface Props extends Base<Own> { mine?: Own; at?: Base<Own>['own'] }\ndefineProps<Props>()\n</script>"
        ),
    }
    props = {prop.name: prop.type for prop in components(files)["box"].props}
    assert props == {"mine": "'y'", "at": "'x'", "size": "1 | 2", "own": "'x'", "held": "'y'"}


def test_interfaces_are_merged_across_files():
    files = {
        "base.ts": "export interface Base { a: 1 }\nexport interface Other { b: 1 }",
        "more.ts": "import './base'\ndeclare module './base' { interface Base { added?: 'x' } }\nexport {}",
        "Box.vue": "<script setup lang='ts'>\nimport type { Base } from './base'\ndefineProps<Base>()\n</script>",
        "Bag.vue": "<script setup lang='ts'>\nimport type { Other } from './base'\ndefineProps<Other>()\n</script>",
    }
    found = components(files)
    assert [prop.name for prop in found["box"].props] == ["a", "added"]
    assert [prop.name for prop in found["bag"].props] == ["b"]


def test_a_type_does_not_hide_a_component_of_the_same_name():
    code = "export const Box = defineComponent({ name: 'Box', props: { a: String } })\nexport type Box = InstanceType<typeof Box>\n"
    files = {"box.ts": code, "index.ts": "import { Box } from './box'\napp.component('my-box', Box)"}
    assert [prop.name for prop in components(files)["my-box"].props] == ["a"]


BOUNDED = {
    "members that are each other": "interface A { a: A['b']; b: A['c']; c: A['a'] }\ndefineProps<A>()",
    "keys of members that are each other": "interface A { a: Exclude<A['b'], 'x'>; b: A['a'] }\ndefineProps<A>()",
    "a member of a member of itself": "interface A { a: A['a']['a'] }\ndefineProps<A & A['a']>()",
    "generics that double": (
        "type P0<T> = T\n" + "\n".join(f"type P{i}<T> = P{i - 1}<T> | P{i - 1}<[T]>" for i in range(1, 40)) + "\ndefineProps<{ a: P39<string> }>()"
    ),
    "templates that multiply": (
        "type A = " + " | ".join(f"'a{i}'" for i in range(300)) + "\ndefineProps<{ a: `${A}-${A}-${A}` }>()"
    ),
}  # fmt: skip


@pytest.mark.parametrize("body", BOUNDED.values(), ids=BOUNDED.keys())
def test_types_without_an_end_are_bounded(body):
    component = components({"Box.vue": f"<script setup lang='ts'>\n{body}\n</script>"})["box"]
    assert "a" in {prop.name for prop in component.props}
    assert all(len(prop.type) < 1000 for prop in component.props)


SLOTS = {
    "SlotsType": ("Object as SlotsType<{ head?: any; row: (scope: { item: Item; at: number }) => any }>", {"head": (), "row": ("item", "at")}, ()),
    "a type of its own": ("Object as CustomSlotsType<Shown>", {"foot": (), "cell": ("value",)}, ()),
    "in brackets": ("(Object as SlotsType<{ a: any }>)", {"a": ()}, ()),
    "an unknown type": ("Object as SlotsType<Foreign>", {}, ("slots",)),
    "no type": ("Object", {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("option", "expected", "is_open"), SLOTS.values(), ids=SLOTS.keys())
def test_the_option_slots(option, expected, is_open):
    files = {
        "far.ts": "interface Scope { value: 1 }\nexport interface Shown { foot: any; cell: (scope: Scope) => any }",
        "box.ts": (
            "import type { Shown } from './far'\n"
            f"export default defineComponent({{ name: 'Box', props: {{}}, slots: {option} }})"
        ),
    }
    component = components(files)["box"]
    assert {slot.name: slot.bindings for slot in component.slots} == expected
    assert component.open == is_open


GIVEN = {
    "by its name": ("<BoxSlots>()", {"head": ("item",), "row": ()}, ()),
    "to the factory itself": ("<Props, BoxSlots>", {"head": ("item",), "row": ()}, ()),
    "with arguments": ("<RowSlots<string>>()", {"cell": ("at",)}, ()),
    "as a parameter": ("<new <T>(props: { a: T }, slots: RowSlots<T> & { foot: never }) => Made<T>>()", {"cell": ("at",), "foot": ()}, ()),
    "of a package": ("<OtherSlots>()", {}, ("slots",)),
    "of another kind": ("<Props>()", {}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("given", "expected", "is_open"), GIVEN.values(), ids=GIVEN.keys())
def test_slots_given_to_the_function_that_makes_the_component(given, expected, is_open):
    code = (
        "interface BoxSlots { head: (scope: { item: 1 }) => any; row: never }\ninterface Props { a: 1 }\n"
        "interface RowSlots<T> { cell: { at: T } }\n"
        f"export const Box = defineComponent{given}({{ name: 'Box', props: {{ a: String }}, setup() {{}} }})"
    )
    component = components({"box.ts": code})["box"]
    assert {slot.name: slot.bindings for slot in component.slots} == expected
    assert component.open == is_open


EVENTS = {
    "properties": ("defineEmits<{ save: [id: number]; 'row-click': [] }>()", {"save": "(id: number)", "row-click": "()"}),
    "a function type": ("defineEmits<(e: 'save' | 'shut', id: number) => void>()", {"save": "(id: number)", "shut": "(id: number)"}),
    "an alias of names": ("type Name = 'a' | 'b'\ndefineEmits<{ (e: Name, id: number, now: Date): void }>()", {"a": "(id: number, now: Date)", "b": "(id: number, now: Date)"}),
    "a constant's type": ("const NAMES = ['a', 'b'] as const\ndefineEmits<{ (e: (typeof NAMES)[number]): void }>()", {"a": "()", "b": "()"}),
    "a name that is computed": ("const SAVE = 'save'\ndefineEmits<{ [SAVE]: [id: number] }>()", {"save": "(id: number)"}),
    "a handler's alias": ("type On = (done: () => void) => void\ndefineEmits<{ save: On }>()", {"save": "(done: () => void)"}),
    "a list": ("const SAVE = 'save'\ndefineEmits([SAVE, 'shut'])", {"save": "", "shut": ""}),
    "validators": ("defineEmits({ save: (id: number) => true, shut: null })", {"save": "(id: number)", "shut": ""}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), EVENTS.values(), ids=EVENTS.keys())
def test_declared_events(body, expected):
    component = components({"Box.vue": f"<script setup lang='ts'>\n{body}\n</script>"})["box"]
    assert {event.name: event.type for event in component.events} == expected
    assert component.open == ()


MEMBERS = {
    "what a function returns": ("const made = () => ({ a: String, b: { type: Number, required: true } })\ndefineProps<ExtractPropTypes<ReturnType<typeof made>>>()", "a b!"),
    "the props of an instance": ("import Bag from './Bag.vue'\ndefineProps<InstanceType<typeof Bag>['$props']>()", "held"),
    "a member's members": ("interface A { inner: { x: 1; y?: 2 } }\ndefineProps<A['inner']>()", "x! y"),
    "Pick of what is imported": ("import type { Props } from './kinds'\ndefineProps<Pick<Props, 'size'> & { own: 1 }>()", "size own!"),
    "capitals": ("defineProps<{ [K in Capitalize<'a' | 'b'>]?: 1 }>()", "A B"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), MEMBERS.values(), ids=MEMBERS.keys())
def test_members(body, expected):
    files = {**FILES, "Bag.vue": "<script>export default { name: 'Bag', props: { held: String } }</script>"}
    component = components({**files, "Box.vue": f"<script setup lang='ts'>\n{body}\n</script>"})["box"]
    assert " ".join(prop.name + "!" * prop.required for prop in component.props) == expected
    assert component.open == ()


DOCS = {
    "a description": ("@description how large it is", "how large it is", None),
    "words first": ("How large. @description and more", "How large.", None),
    "a default": ("How large.\n * @default 'small'", "How large.", "'small'"),
    "a bare default": ("How large.\n * @default small", "How large.", "'small'"),
    "of another tool": ("@zh 大小\n * @en Size\n * @defaultValue 'large'", "大小", "'large'"),
}


@pytest.mark.parametrize(("comment", "doc", "default"), DOCS.values(), ids=DOCS.keys())
def test_comments_with_tags(comment, doc, default):
    body = f"interface P {{\n/**\n * {comment}\n */\nsize?: 'small' | 'large' }}\ndefineProps<P>()"
    (prop,) = components({"Box.vue": f"<script setup lang='ts'>\n{body}\n</script>"})["box"].props
    assert (prop.doc, prop.default) == (doc, default)


LISTENING = (
    "export default defineComponent({ name: 'XBox', props: { value: String, online: Boolean, onTop: Boolean,"
    "onSearch: Function as PropType<(words: string, now: Date) => void>, onShowChange: [Function, Array],"
    "'onUpdate:value': Function }, emits: ['show-change'] })"
)


@pytest.mark.parametrize("version", ["3.4", "2.7"])
def test_props_that_listen_are_events_in_vue_3(tmp_path, version):
    (tmp_path / "box.ts").write_text(LISTENING)
    catalog = Scanner(tmp_path, framework="x", vue_version=version, cache=False, workers=1).scan().catalog
    component = catalog.components["x-box"]
    assert "onSearch" in {prop.name for prop in component.props}
    events = {event.name: event.type for event in component.events}
    if version == "2.7":
        assert events == {"show-change": ""}
        return
    assert events == {"show-change": "", "search": "(words: string, now: Date)", "update:value": ""}
    assert catalog.check("<x-box @search='a' @showChange='b' @show-change='b' @update:value='c' @top='d' />") == []
    (problem,) = catalog.check("<x-box @serch='a' />")
    assert (problem.name, problem.near) == ("serch", "search")
