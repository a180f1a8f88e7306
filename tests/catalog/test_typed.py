"""Props, events and slots that TypeScript types declare: every member is there, or the list is said to be open."""

from __future__ import annotations

import pytest
from test_catalog import components

FILES = {
    "kinds.ts": (
        "export interface Sized { width: number; height?: number; unit: 'px' | 'em' }\n"
        "export type Edges = 'width' | 'height'\n"
        "export interface Holding<T> extends Sized { held: T }\n"
        "export default interface Plain { note: string }\n"
        "export * from './deeper'\nexport type { Hidden as Shown } from './deeper'\n"
    ),
    "deeper.d.ts": "export interface Extra { more: boolean }\nexport interface Hidden { seen?: string }",
    "Other.vue": "<script lang='ts'>export interface Told { words: string }</script><template><i/></template>",
}


def read(body, **more):
    code = f"<script setup lang='ts'>\n{body}\n</script>\n<template><i/></template>"
    return components({**FILES, "Box.vue": code, **more})["box"]


def members(component):
    """Return the props' names, with `!` behind what is required."""
    return " ".join(sorted(prop.name + "!" * prop.required for prop in component.props))


FOLLOWED = {
    "an intersection of interfaces": (
        "interface A { a: string }\ninterface B { b?: string }\ntype AB = A & B & { c: 1 }\ndefineProps<AB>()",
        "a! b c!",
    ),
    "a member that one part requires": ("defineProps<{ a?: string } & { a: string }>()", "a!"),
    "several bases": ("interface A { a: 1 }\ninterface B { b: 1 }\ninterface P extends A, B { a?: 2 }\ndefineProps<P>()", "a b!"),
    "bases with arguments": (
        "import type { Holding, Sized } from './kinds'\n"
        "interface P extends Omit<Holding<string>, 'unit'>, Partial<Pick<Sized, 'unit'>> { own: 1 }\ndefineProps<P>()",
        "height held! own! unit width!",
    ),
    "imported types": (
        "import Plain, { type Extra, Shown } from './kinds'\nimport { Told } from './Other.vue'\n"
        "defineProps<Plain & Extra & Shown & Told>()",
        "more! note! seen words!",
    ),
    "a namespace": ("import * as kinds from './kinds'\ndefineProps<kinds.Sized>()", "height unit! width!"),
    "an interface in two parts": ("interface P { a: 1 }\ninterface P { b?: 1 }\ndefineProps<P>()", "a! b"),
    "aliases of aliases": ("import { Sized } from './kinds'\ntype A = Sized\ntype B = A\ndefineProps<Readonly<B>>()", "height unit! width!"),
    "Omit of a union": ("import { Sized } from './kinds'\ndefineProps<Omit<Sized, 'unit' | \"height\">>()", "width!"),
    "Omit of an alias": ("import { Sized, Edges } from './kinds'\ndefineProps<Omit<Sized, Edges>>()", "unit!"),
    "Pick of what is left of the keys": (
        "import { Sized } from './kinds'\ndefineProps<Pick<Sized, Exclude<keyof Sized, 'unit'>>>()", "height width!",
    ),
    "Pick of common keys": ("import { Sized } from './kinds'\ndefineProps<Pick<Sized, Extract<keyof Sized, 'width' | 'x'>>>()", "width!"),
    "Pick of a list's items": (
        "const SHOWN = ['unit', 'height'] as const\nimport { Sized } from './kinds'\ndefineProps<Pick<Sized, (typeof SHOWN)[number]>>()",
        "height unit!",
    ),
    "Required and Partial within each other": (
        "import { Sized } from './kinds'\ndefineProps<Required<Pick<Sized, 'height'>> & Partial<Omit<Sized, 'height'>>>()",
        "height! unit width",
    ),
    "Record": ("type Side = 'left' | 'right'\ndefineProps<Record<Side, number> & Partial<Record<'top', number>>>()", "left! right! top"),
    "a mapped type with a parameter": (
        "import { Sized } from './kinds'\ntype Loose<T> = { [K in keyof T]?: T[K] }\ndefineProps<Loose<Sized> & { a: 1 }>()",
        "a! height unit width",
    ),
    "a mapped type of literals": ("type P = { readonly [K in 'a' | 'b']-?: string }\ndefineProps<P>()", "a! b!"),
    "a parameter with a default": (
        "import { Sized } from './kinds'\ntype With<T, U = { u: 1 }> = T & U\ndefineProps<With<Pick<Sized, 'unit'>>>()", "u! unit!",
    ),
    "a union, of which one part may lack a member": (
        "type P = { kind: 'a'; x: string } | { kind: 'b'; y: string }\ndefineProps<P | undefined>()", "kind! x y",
    ),
    "a member's type": ("interface A { inner: { x: 1 } }\ndefineProps<A['inner']>()", "x!"),
    "the type of a value": (
        "const own = { a: { type: String, required: true }, b: Number }\ndefineProps<Omit<ExtractPropTypes<typeof own>, 'b'>>()", "a!",
    ),
    "handed to a call": ("const { a } = toRefs(defineProps<{ a: string }>())", "a!"),
    "keys that hold no letter": ("interface P { 'a-b': 1; c: 1 }\ndefineProps<Omit<P, 'c'>>()", "a-b!"),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), FOLLOWED.values(), ids=FOLLOWED.keys())
def test_types_are_followed(body, expected):
    component = read(body)
    assert members(component) == expected
    assert component.open == ()


OPEN = {
    "a base from a package": ("import { Ext } from 'pkg'\ninterface P extends Ext { a: 1 }\ndefineProps<P>()", "a!"),
    "a part from a package": ("import { Ext } from 'pkg'\ndefineProps<Ext & { a: 1 }>()", "a!"),
    "keys from a package": (
        "import { Keys } from 'pkg'\ninterface A { a: 1 }\ndefineProps<Omit<A, Keys>>()", "a",  # it may be left out
    ),
    "an index signature": ("defineProps<{ a: 1; [key: string]: unknown }>()", "a!"),
    "any string": ("defineProps<Record<string, 1> & { a: 1 }>()", "a!"),
    "a template of strings": ("defineProps<{ [K in `on${string}`]?: 1 } & { a: 1 }>()", "a!"),
    "a condition": ("type P<T> = T extends string ? { a: 1 } : { b: 1 }\ndefineProps<P<'x'>>()", ""),
    "types that are each other": ("type A = B\ntype B = A\ndefineProps<A>()", ""),
    "a type that is its own value's": ("type A = ExtractPropTypes<typeof A>\ndefineProps<A>()", ""),
    "a type from import()": ("defineProps<import('./kinds').Sized>()", ""),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), OPEN.values(), ids=OPEN.keys())
def test_what_cannot_be_followed_is_open(body, expected):
    component = read(body)
    assert members(component) == expected
    assert component.open == ("props",)


def test_events_of_types():
    body = (
        "interface Own { save: [id: number] }\ntype All = Own & { (e: 'open' | 'shut', now: boolean): void }\n"
        "defineEmits<All>()"
    )
    component = read(body)
    assert {event.name: event.type for event in component.events} == {
        "save": "(id: number)", "open": "(now: boolean)", "shut": "(now: boolean)",
    }  # fmt: skip
    assert component.open == ()
    assert read("import { Ext } from 'pkg'\ndefineEmits<Ext & { a: [] }>()").open == ("events",)
    assert read("defineEmits<{ (e: Name): void }>()").open == ("events",)


def test_slots_of_types_have_the_names_of_their_own_scope_only():
    body = (
        "interface Scope { rowIndex: number; row: { id: number } }\n"
        "defineSlots<{ cell(props: Scope): any; head?: (scope: { colKey: string; at: { x: number } }) => any }>()"
    )
    component = read(body)
    assert {slot.name: slot.bindings for slot in component.slots} == {
        "cell": ("rowIndex", "row"), "head": ("colKey", "at"),
    }  # fmt: skip
    assert read("import { S } from 'pkg'\ndefineSlots<S>()").open == ("slots",)


DEFAULTS = {
    "taken apart": ("const { size = 3, kind: alias = 'x', none, ...rest } = defineProps<P>()", {"size": "3", "kind": "'x'"}),
    "quoted": ("const { 'aria-label': label = 'y' } = defineProps<P & { 'aria-label'?: string }>()", {"aria-label": "'y'"}),
    "a function": ("const { list = () => [1, 2] } = defineProps<P>()", {"list": "[1, 2]"}),
    "of a list of names": ("let { size = 1 } = defineProps(['size', 'kind'])", {"size": "1"}),
    "beside withDefaults": ("const { size = 3 } = withDefaults(defineProps<P>(), { kind: 'z', list: () => [] })", {"size": "3", "kind": "'z'", "list": "[]"}),
    "a constant with spreads": ("const some = { size: 9 }\nconst all = { ...some, kind: 'q' }\nwithDefaults(defineProps<P>(), all)", {"size": "9", "kind": "'q'"}),
    "a spread among others": ("const some = { size: 9, list: () => [] }\nwithDefaults(defineProps<P>(), { ...some, kind: 'q' })", {"size": "9", "kind": "'q'", "list": "[]"}),
    "of what is no macro's": ("const props = defineProps<P>()\nconst { size = 3 } = props", {}),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), DEFAULTS.values(), ids=DEFAULTS.keys())
def test_defaults(body, expected):
    component = read(f"interface P {{ size?: number; kind?: string; list?: number[]; none?: 1 }}\n{body}")
    assert {prop.name: prop.default for prop in component.props if prop.default is not None} == expected


MODELS = {
    "of a type": ("const m = defineModel<'a' | 'b'>()", {"modelValue": ("'a' | 'b'", False, None)}, True),
    "of options": ("defineModel({ type: [String, Number], default: 'x' })", {"modelValue": ("string | number", False, "'x'")}, True),
    "of both": ("defineModel<number[]>('rows', { required: true })", {"rows": ("number[]", True, None)}, False),
    "named by a constant": ("const NAME = 'shown'\ndefineModel<boolean>(NAME, { default: false })", {"shown": ("boolean", False, "false")}, False),
    "options in a constant": ("const how = { type: Boolean }\ndefineModel('shown', how)", {"shown": ("boolean", False, None)}, False),
    "with modifiers": ("const [text, marks] = defineModel<string, 'trim'>({ set: v => v })", {"modelValue": ("string", False, None)}, True),
    "several": ("const a = defineModel<Date>('from')\nconst b = defineModel<string>()\nconst c = defineModel('to')",
                {"from": ("Date", False, None), "modelValue": ("string", False, None), "to": ("", False, None)}, True),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected", "is_bare"), MODELS.values(), ids=MODELS.keys())
def test_define_model(body, expected, is_bare):
    component = read(body)
    assert {prop.name: (prop.type, prop.required, prop.default) for prop in component.props} == expected
    assert {event.name for event in component.events} == {f"update:{name}" for name in expected}
    assert component.model == (("modelValue", "update:modelValue") if is_bare else None)


def test_a_model_whose_name_is_computed_leaves_the_lists_open():
    assert read("defineModel(nameOf('x'))").open == ("events", "props")
