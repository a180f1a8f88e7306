"""What a package's `.d.ts` files declare of its components."""

from __future__ import annotations

import json

import pytest

from swiftprep import Scanner
from swiftprep.catalog.api import Component
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.vue.facts import read_script
from swiftprep.catalog.witnesses.declarations import Declarations, declared_types

CLASSES = {
    "types/base.d.ts": (
        "import Vue from 'vue'\nexport declare class Base extends Vue { static install(v: any): void }\nexport type Size = 'l' | 's'"
    ),
    "types/box.d.ts": (
        "import { Base, Size } from './base'\nimport { VNode } from 'vue'\n"
        "export interface BoxSlots { /** The head. */ head: VNode[]; '': VNode[]; [key: string]: VNode[] }\n"
        "/** A box. */\nexport declare class UiBox extends Base {\n"
        "  static Part: typeof Part\n  /** How large. @default l */\n  size: Size\n  'with-line'?: boolean\n"
        "  /** @description 表格\n   * @default 自动 */\n  width: string | number\n  render: (row: object) => string\n"
        "  /** Closes it. */\n  close(now?: boolean): void\n  private inner: string\n  _hidden: number\n  $slots: BoxSlots\n"
        "  /** It was opened. */\n  $emit(event: 'open' | 'shut', at: Date): this\n}\n"
        "export declare class Part extends UiBox { at: number }\n"
        "export class Empty extends Base {}\nexport declare class Plain { a: string }\n"
    ),
}
DEFINED = {
    "es/card.d.ts": (
        "import { PropType } from 'vue'\nimport type { Item } from './item'\n"
        "declare const _default: import('vue').DefineComponent<import('vue').ExtractPropTypes<{\n"
        "  rows: { type: PropType<Item[]>; required: true }\n  kind: { type: import('vue').PropType<'a' | 'b'>; default: string }\n"
        "  wide: BooleanConstructor\n  at: (StringConstructor | NumberConstructor)[]\n  any: null\n}>, {}, {}, {}, {}, M, N, {\n"
        "  pick: (item: Item, now: Date) => boolean\n}>\nexport default _default\n"
    ),
    "es/item.d.ts": "export interface Item { id: string }",
    "es/tile.vue.d.ts": (
        "import * as _v from 'vue'\nimport type { TileProps } from './tile'\ndeclare var bound: { row: number }\n"
        "type Slots = {} & { foot?: (props: typeof bound) => any }\n"
        "declare const base: _v.DefineComponent<TileProps, {}>\ndeclare const all: WithSlots<typeof base, Slots>\n"
        "declare const _default: typeof all\nexport { _default as default }\n"
    ),
    "es/tile.d.ts": (
        "declare const sizes: readonly ['l', 's']\nexport interface TileProps { /** @description how large */ size?: (typeof sizes)[number]; id: string }\n"
    ),
    "es/index.d.ts": (
        "import _default from './tile.vue.js'\nexport declare const UiTile: SFCWithInstall<typeof _default> & { Part: 1 }\n"
        "export declare const other: Map<string, typeof missing>\n"
    ),
}  # fmt: skip


def read(files):
    return {path: json.loads(json.dumps(read_script(text.encode(), path)[0])) for path, text in files.items()}


def props(component):
    return {prop.name: (prop.type, prop.required, prop.default, prop.doc) for prop in component.props}


def test_classes():
    found = declared_types(read(CLASSES))
    box = found["UiBox"]
    assert (box.name, box.path, box.origin, box.open) == (
        "ui-box",
        "types/box.d.ts",
        "types",
        ("events", "props", "slots"),
    )
    assert props(box) == {
        "size": ("'l' | 's'", False, "'l'", "How large."), "withLine": ("boolean", False, None, ""),
        "width": ("string | number", False, None, "表格"), "render": ("(row: object) => string", False, None, ""),
    }  # fmt: skip
    assert [(method.name, method.type, method.doc) for method in box.methods] == [
        ("close", "(now?: boolean)", "Closes it.")
    ]
    assert [(slot.name, slot.doc) for slot in box.slots] == [("head", "The head."), ("default", "")]
    assert [(event.name, event.type, event.doc) for event in box.events] == [
        ("open", "(at: Date)", "It was opened."), ("shut", "(at: Date)", "It was opened."),
    ]  # fmt: skip
    assert list(props(found["Part"])) == ["at", *props(box)]
    assert {item.witness for items in (box.props, box.methods, box.slots, box.events) for item in items} == {"types"}
    assert found["Empty"].props == ()
    assert "Plain" not in found


def test_constants_of_define_component():
    found = declared_types(read(DEFINED))
    assert sorted(found) == ["Card", "Tile", "UiTile"]
    assert props(found["Card"]) == {
        "rows": ("Item[]", True, None, ""), "kind": ("'a' | 'b'", False, None, ""), "wide": ("boolean", False, None, ""),
        "at": ("string | number", False, None, ""), "any": ("", False, None, ""),
    }  # fmt: skip
    assert [(event.name, event.type) for event in found["Card"].events] == [("pick", "(item: Item, now: Date)")]
    assert props(found["UiTile"]) == {"size": ("'l' | 's'", False, None, "how large"), "id": ("string", True, None, "")}
    assert [slot.name for slot in found["UiTile"].slots] == ["foot"]


TAGS = {
    "its whole name": ("ui-box", (), "UiBox"),
    "its name without the prefix": ("xx-part", (), "Part"),
    "another name": ("box-of-ours", ("UiBox",), "UiBox"),
    "a name of nothing": ("xx-none", (), None),
    "a part of its name": ("box", (), None),
}


@pytest.mark.parametrize(("tag", "names", "expected"), TAGS.values(), ids=TAGS.keys())
def test_what_is_declared_of_a_component(tag, names, expected):
    declared = Declarations(Modules(read(CLASSES))).of(Component(tag, names=names, registered=True))
    assert (declared and declared.name) == (tag if expected else None)
    if expected is not None:
        assert declared is not None
        assert declared.props == declared_types(read(CLASSES))[expected].props


def test_inner_components_are_not_those_that_are_declared():
    assert Declarations(Modules(read(CLASSES))).of(Component("ui-box")) is None


@pytest.mark.parametrize("documented", [True, False])
def test_declarations_fill_what_the_source_does_not_say(tmp_path, documented):
    files = {
        "types/box.d.ts": (
            "import Vue from 'vue'\nexport declare class Box extends Vue {\n/** How wide. */\nwide: boolean\n"
            "/** How large. */\nsize: 'l' | 's'\nnone: string }"
        ),
        "src/box.js": (
            "export default { name: 'XBox', props: { wide: Boolean, size: null, ...unknown }, render() {} }"
        ),
        "src/index.js": "import Box from './box'\nVue.component('x-box', Box)",
        "docs/box.md": "# Box\n## API\n| 参数 | 说明 | 类型 |\n|---|---|---|\n| wide | 是否加宽 | boolean |\n",
    }
    for path, text in files.items():
        if documented or not path.endswith(".md"):
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(text)
    catalog = Scanner(tmp_path, framework="x", cache=False, workers=1).scan().catalog
    found = {prop.name: (prop.type, prop.doc, prop.witness) for prop in catalog.components["x-box"].props}
    docs = (
        {"wide": "是否加宽", "size": "", "none": ""}
        if documented
        else {"wide": "How wide.", "size": "How large.", "none": ""}
    )
    assert found == {
        "wide": ("boolean", docs["wide"], "source"),
        "size": ("'l' | 's'", docs["size"], "source"),
        "none": ("string", docs["none"], "types"),
    }


def test_classes_that_extend_each_other_are_no_components():
    code = "export declare class A extends B { a: 1 }\nexport declare class B extends A { b: 1 }"
    assert declared_types(read({"a.d.ts": code})) == {}


def test_a_declared_class_is_no_component_of_the_source():
    facts = read({"a.ts": "import Vue from 'vue'\nexport class Box extends Vue { size: string; close(): void }"})
    assert "components" not in facts["a.ts"]
