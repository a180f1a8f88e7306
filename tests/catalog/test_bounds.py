"""Linking, reading trees and matching names ends, whatever the files say; what is lost on the way is said."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from steps import growth, steps

import swiftprep
from swiftprep import Catalog, Scanner
from swiftprep.catalog import near
from swiftprep.catalog.api import Component, Prop
from swiftprep.catalog.linking import effort
from swiftprep.catalog.linking.component import ComponentReader
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.python_java.python_api import python_api
from swiftprep.catalog.vue.facts import read_script, read_vue
from swiftprep.errors import DataError
from swiftprep.parsing.sfc import MOST_NESTED, template
from swiftprep.records import Reject
from swiftprep.scan import api_samples
from swiftprep.scan.packages import read_package
from swiftprep.scan.walk import walk
from swiftprep.text.json_text import MAX_DEPTH, read_json


def sfc(script, attrs=""):
    return f"<template><i/></template>\n<script{attrs}>\n{script}\n</script>\n"


def linked(files):
    """Return `Linked` and its components by key, of sources by path."""
    read = {
        path: (read_vue if path.endswith(".vue") else read_script)(code.encode(), path)[0]
        for path, code in files.items()
    }
    made = Linked(read)
    return made, dict(made)


def names(items):
    return sorted(item.name for item in items)


def chain(first, step, count):
    """Return `first`, then `step` with `{a}` and the number after it, `{b}`, for each of `count`."""
    return "\n".join([first, *(step.format(a=number, b=number + 1) for number in range(count))])


# --- what names of names come to -------------------------------------------------------------------------------------

# Of each: the script, its attributes, and the props that the component has, or None where they need not be all.
DOUBLING = {
    "lists": (chain("const p0 = ['a']", "const p{b} = [...p{a}, ...p{a}, 'b{a}']", 30) + "\nexport default { props: p30 }", "", 31),
    "objects": (chain("const p0 = {a: String}", "const p{b} = {{...p{a}, ...p{a}}}", 30) + "\nexport default { props: p30 }", "", 1),
    "merged by calls": (chain("const p0 = {a: String}", "const p{b} = merge(p{a}, p{a})", 30) + "\nexport default { props: p30 }", "", 1),
    "types": (chain("const t0 = [String]", "const t{b} = [t{a}, t{a}]", 30) + "\nexport default { props: { a: t30 } }", "", 1),
    "types of PropTypes": (
        chain("const t0 = PropTypes.string", "const t{b} = PropTypes.oneOfType([t{a}, t{a}])", 30)
        + "\nexport default { props: { a: t30 } }", "", 1,
    ),
    "interfaces": (chain("interface P0 { a: 1 }", "interface P{b} extends P{a}, P{a} {{ b{a}: 1 }}", 30) + "\ndefineProps<P30>()", " setup lang='ts'", 31),
    "intersections": (chain("type P0 = { a: 1 }", "type P{b} = P{a} & P{a}", 30) + "\ndefineProps<P30>()", " setup lang='ts'", 1),
    "calls": (chain("const a0 = 1", "const a{b} = wrap(a{a}, a{a})", 30) + "\nexport default { props: ['z'], extends: a30 }", "", 1),
    "members": (chain("const a0 = {x: {x: ['a']}}", "const a{b} = {{x: a{a}.x, y: a{a}.x}}", 30) + "\nexport default { props: a30.x.x }", "", 1),
    "defaults": (
        chain("const d0 = {a: 1}", "const d{b} = {{...d{a}, ...d{a}}}", 30)
        + "\nwithDefaults(defineProps<{ a?: number }>(), d30)", " setup lang='ts'", 1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "attrs", "count"), DOUBLING.values(), ids=DOUBLING.keys())
def test_what_doubles_at_every_step_is_followed_once(script, attrs, count):
    files = {"Box.vue": sfc(script, attrs)}
    made, components = linked(files)
    assert len(components["box"].props) == count
    assert made.notes == made.failed == []
    assert steps(lambda: linked(files)) < 60_000


# Of each: files, of which `Box.vue` has a prop `own`.
CIRCLES = {
    "a type of PropTypes in itself": {"Box.vue": sfc("const A = PropTypes.oneOfType([PropTypes.string, A])\nexport default { props: { own: A } }")},
    "a list in itself": {"Box.vue": sfc("const p = [...p, ...p, 'own']\nexport default { props: p }")},
    "defaults in themselves": {"Box.vue": sfc("const d = {...d, ...d}\nwithDefaults(defineProps<{ own?: 1 }>(), d)", " setup lang='ts'")},
    "a name in itself": {"Box.vue": sfc("const n = n + n + 'a'\nexport default { name: n, props: ['own'], emits: [n] }")},
    "a function that returns its call": {"Box.vue": sfc("const f = () => f()\nexport default { props: ['own'], mixins: [f()] }")},
    "events in themselves": {"Box.vue": sfc("const e = [...e, 'a']\nexport default { props: ['own'], emits: e }")},
    "barrels that pass on each other": {
        "a.js": "export * from './b'\nexport * from './b.js'\nexport * from './b'",
        "b.js": "export * from './a'\nexport * from './a.js'\nexport * from './a'",
        "Box.vue": sfc("import { gone } from './a'\nexport default { props: ['own'], mixins: [gone] }"),
    },
    "mixins that include each other": {
        **{f"m{i}.js": "".join(f"import m{j} from './m{j}'\n" for j in range(12)) + f"export default {{ props: {{ p{i}: String }}, mixins: [{', '.join(f'm{j}' for j in range(12))}] }}" for i in range(12)},
        "Box.vue": sfc("import m from './m0'\nexport default { props: ['own'], mixins: [m] }"),
    },
    "props that are each other's": {
        "Box.vue": sfc("import O from './Other.vue'\nexport default { props: { own: String, ...O.props } }"),
        "Other.vue": sfc("import B from './Box.vue'\nexport default { props: { other: String, ...B.props } }"),
    },
    "scripts that stand in each other": {
        "Box.vue": "<template><i/></template><script src='./o.vue'></script><script setup lang='ts'>defineProps<{ own: 1 }>()</script>",
        "o.vue": "<script src='./Box.vue'></script>",
    },
}  # fmt: skip


@pytest.mark.parametrize("files", CIRCLES.values(), ids=CIRCLES.keys())
def test_what_leads_back_to_itself_ends(files):
    made, components = linked(files)
    assert "own" in names(components["box"].props)
    assert made.failed == []
    assert steps(lambda: linked(files)) < 300_000


def test_layers_of_mixins_that_include_all_of_the_next_are_read_once():
    layers = 60
    files = {
        f"m{layer}{side}.js": f"import a from './m{layer + 1}a'\nimport b from './m{layer + 1}b'\n"
        f"export default {{ props: {{ p{layer}{side}: String }}, mixins: [a, b] }}"
        for layer in range(layers)
        for side in "ab"
    }
    files |= {f"m{layers}{side}.js": "export default { props: { last: String } }" for side in "ab"}
    files["Box.vue"] = sfc("import a from './m0a'\nexport default { mixins: [a] }")
    made, components = linked(files)
    assert names(components["box"].props) == sorted(
        ["last", "p0a", *(f"p{n}{side}" for n in range(1, layers) for side in "ab")]
    )
    assert made.notes == []


def test_a_chain_of_a_thousand_files_is_followed_to_its_end():
    files = {f"c{n}.js": f"export {{ default }} from './c{n + 1}'" for n in range(1000)}
    files["c1000.js"] = "export default { props: { far: String } }"
    files["Box.vue"] = sfc("import c from './c0'\nexport default { mixins: [c] }")
    assert names(linked(files)[1]["box"].props) == ["far"]


def test_a_component_that_takes_too_many_steps_is_open_and_said_to_be(monkeypatch):
    monkeypatch.setattr(effort, "MOST_STEPS", 30)
    monkeypatch.setattr(effort, "_SHARE", 30)
    monkeypatch.setattr(effort, "_RESERVE", 30)
    lists = "".join(f"const p{n} = ['a{n}']\n" for n in range(40))
    code = sfc(f"{lists}export default {{ props: [{', '.join(f'...p{n}' for n in range(40))}] }}")
    made, components = linked({"Box.vue": code, "Fine.vue": sfc("export default { props: ['b'] }")})
    assert components["box"].open == ("events", "props", "slots")
    assert components["fine"].open == ()
    [(path, note)] = made.notes
    assert path == "Box.vue"
    assert "not followed to the end" in note


FAR = 2 * effort.MAX_DEPTH
# Of each: files, of which `Box.vue` has an API that lies too deep.
TOO_DEEP = {
    "lists": {"Box.vue": sfc(chain("const p0 = ['a']", "const p{b} = [...p{a}]", FAR) + f"\nexport default {{ props: p{FAR} }}")},
    "types of props": {"Box.vue": sfc(chain("const t0 = [String]", "const t{b} = [t{a}]", FAR) + f"\nexport default {{ props: {{ a: t{FAR} }} }}")},
    "interfaces": {
        "Box.vue": sfc(chain("interface P0 { a: 1 }", "interface P{b} extends P{a} {{}}", FAR) + f"\ndefineProps<P{FAR}>()", " setup lang='ts'"),
    },
    "types with parameters": {
        "Box.vue": sfc(chain("type P0<T> = { a: T }", "type P{b}<T> = Partial<P{a}<T>>", FAR) + f"\ndefineProps<P{FAR}<1>>()", " setup lang='ts'"),
    },
    "events": {"Box.vue": sfc(chain("const e0 = ['a']", "const e{b} = [...e{a}]", FAR) + f"\nexport default {{ props: [], emits: e{FAR} }}")},
    "props of other components": {
        **{f"C{n}.vue": sfc(f"import C from './C{n + 1}.vue'\nexport default {{ props: {{ ...C.props, a{n}: String }} }}") for n in range(FAR)},
        "Box.vue": sfc("import C from './C0.vue'\nexport default { props: { ...C.props } }"),
    },
    "scripts in other files": {
        **{f"C{n}.vue": f"<script src='./C{n + 1}.vue'></script><template><i/></template>" for n in range(FAR)},
        "Box.vue": "<script src='./C0.vue'></script><template><i/></template>",
    },
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("files", TOO_DEEP.values(), ids=TOO_DEEP.keys())
def test_what_is_too_deep_is_open_and_said_to_be(files):
    made, components = linked(files)
    assert components["box"].open == ("events", "props", "slots")
    assert "Box.vue" in dict(made.notes)
    assert made.failed == []


def test_what_is_nearly_too_deep_is_followed():
    script = chain("const p0 = ['a']", "const p{b} = [...p{a}]", 90)
    made, components = linked({"Box.vue": sfc(f"{script}\nexport default {{ props: p90 }}")})
    assert (names(components["box"].props), components["box"].open, made.notes) == (["a"], (), [])


def test_members_of_members_are_followed_however_many_there_are():
    script = chain("const p0 = {x: ['a']}", "const p{b} = {{x: p{a}.x}}", FAR)
    made, components = linked({"Box.vue": sfc(f"{script}\nexport default {{ props: [...p{FAR}.x] }}")})
    assert (names(components["box"].props), made.notes) == (["a"], [])


def test_no_component_has_more_than_so_many_props():
    rows = "".join(f"const p{i} = [{', '.join(repr(f'a{i}x{j}') for j in range(300))}]\n" for i in range(20))
    made, components = linked(
        {"Box.vue": sfc(f"{rows}export default {{ props: [{', '.join(f'...p{i}' for i in range(20))}] }}")}
    )
    assert len(components["box"].props) == effort.MOST_ITEMS
    assert "props" in components["box"].open
    assert made.notes


def test_the_items_of_an_object_or_a_list_that_are_not_read_leave_it_open():
    many = ", ".join(f"a{n}: String" for n in range(500))
    listed = ", ".join(f"'a{n}'" for n in range(500))
    components = linked(
        {
            "A.vue": sfc(f"export default {{ props: {{ {many} }} }}"),
            "B.vue": sfc(f"export default {{ props: [{listed}] }}"),
        }
    )[1]
    assert [(len(components[name].props), components[name].open) for name in "ab"] == [(400, ("props",))] * 2
    methods = ", ".join(f"a{n}() {{}}" for n in range(500))
    facts = read_vue(sfc(f"export default {{ methods: {{ {methods} }} }}").encode(), "a.vue")[0]
    assert facts["notes"] == ["methods beyond the first 400 are not read"]


def test_files_of_one_name_are_not_compared_with_every_importer():
    def work(count):
        files = {
            f"app{n}/components/Box.vue": sfc("import m from '@/components/Box'\nexport default { mixins: [m] }")
            for n in range(count)
        }
        read = {path: {"imports": {"m": ["@/components/Box", "default"]}} for path in files}
        modules = Linked(read)._modules
        return [modules.file("@/components/Box", path) for path in files]

    assert work(3) == [f"app{n}/components/Box.vue" for n in range(3)]
    assert growth(work, 100) < 6


# --- what fails costs one component, or one sample -------------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [RecursionError("deep"), MemoryError(), KeyError("x")], ids=["recursion", "memory", "key"]
)
def test_an_exception_costs_one_component_and_is_said(monkeypatch, tmp_path, error):
    read = ComponentReader.component

    def component(self, path, index, depth=0):
        if path == "Bad.vue":
            raise error
        return read(self, path, index, depth)

    monkeypatch.setattr(ComponentReader, "component", component)
    for name in ("Bad.vue", "Fine.vue"):
        (tmp_path / name).write_text(sfc(f"export default {{ name: '{name[:-4]}', props: ['a'] }}"))
    scan = Scanner(tmp_path, framework="ta", cache=False, workers=1).scan()
    assert list(scan.catalog.components) == ["fine"]
    [reject] = scan.dropped
    assert (reject.path, reject.reason) == ("Bad.vue:3-3", "failed")
    assert type(error).__name__ in reject.detail
    assert any(sample.id.startswith("ta:Bad.vue") for sample in scan.samples)


def test_an_exception_costs_one_derived_sample_and_is_said(monkeypatch, tmp_path):
    row = api_samples._row

    def fails(wanted, task, key, component, example):
        if key == "bad":
            raise MemoryError
        return row(wanted, task, key, component, example)

    monkeypatch.setattr(api_samples, "_row", fails)
    for name in ("Bad.vue", "Fine.vue"):
        (tmp_path / name).write_text(sfc("export default { props: ['a'] }"))
    scan = Scanner(tmp_path, framework="ta", kinds=["api"], cache=False, workers=1).scan()
    assert [sample.id for sample in scan.samples] == ["ta:fine#api"]
    assert [(reject.reason, reject.detail) for reject in scan.dropped] == [("failed", "api: MemoryError: ")]
    assert sorted(scan.catalog.components) == ["bad", "fine"]


def test_what_was_not_followed_is_a_note_of_its_file(tmp_path):
    script = chain("const p0 = ['a']", "const p{b} = [...p{a}]", 150)
    (tmp_path / "Box.vue").write_text(sfc(f"{script}\nexport default {{ props: p150 }}"))
    for scan in [Scanner(tmp_path, framework="ta", workers=1).scan() for _ in range(2)]:
        [file] = scan.files
        assert "not followed to the end" in file["notes"][0]


# --- trees -----------------------------------------------------------------------------------------------------------

GROWING = {
    "options within options": lambda n: read_vue(sfc("export default " + "{ props: {}, extends: " * n + "{}" + " }" * n).encode(), "a.vue"),
    "macros within calls": lambda n: read_vue(sfc("const p = " + "f(" * n + "defineProps()" + ")" * n, " setup").encode(), "a.vue"),
    "registrations within each other": lambda n: read_script(("Vue.component('a', f(() => " * n + "1" + "))" * n).encode(), "a.js"),
    "emits with a computed name": lambda n: read_script(
        ("export default { name: 'x', methods: { send(k) {\n" + "o.$emit(`a-${k}`);\n" * n + "}, go() {\n" + "send('a');\n" * n + "} } }").encode(), "a.js"
    ),
    "emits of many components": lambda n: read_script("".join(f"export const a{i} = {{ props: [], methods: {{ a() {{ this.$emit('b') }} }} }}\n" for i in range(n)).encode(), "a.js"),
    "JSX within JSX": lambda n: read_script(("export default { render() { return " + "<div>" * n + "</div>" * n + " } }").encode(), "a.jsx"),
    "bindings of one slot": lambda n: read_vue(("<template><ta-x>" + "".join(f'<i #s="{{a{i}}}"/>' for i in range(n)) + "</ta-x></template>").encode(), "a.vue"),
    "blocks of one kind": lambda n: read_vue(b"<script>let a = 1\n</script>\n" * n, "a.vue"),
    "functions of one name": lambda n: python_api(b"def a(): pass\n" * n, "a.py"),
    "functions and an error": lambda n: python_api("".join(f"def a{i}(): pass\n" for i in range(n)).encode() + b"def (:\n", "a.py"),
    "names added to __all__": lambda n: python_api("".join(f"__all__ += ['a{i}']\n" for i in range(n)).encode(), "a.py"),
    "parts of the context within brackets": lambda n: read_script(("export default { functional: true, render(h, ctx) { " + "f(((ctx.listeners.a)), " * n + "1" + ")" * n + " } }").encode(), "a.js"),
}  # fmt: skip


@pytest.mark.parametrize("work", GROWING.values(), ids=GROWING.keys())
def test_the_work_grows_as_the_source_does(work):
    assert growth(work, 60) < 6


DEEP = {
    "await": ("a.js", lambda n: "export const a = " + "await " * n + "b"),
    "templates": ("a.js", lambda n: "export const a = " + "`${" * n + "1" + "}`" * n),
    "brackets": ("a.js", lambda n: "export const a = " + "(" * n + "1" + ")" * n),
    "arrays": ("a.js", lambda n: "export default { props: " + "[" * n + "]" * n + " }"),
    "options": ("a.js", lambda n: "export default " + "{ mixins: [{ props: {} }], extends: " * n + "{}" + " }" * n),
    "functions": ("a.js", lambda n: "export default { props: {}, extends: " + "() => " * n + "1 }"),
    "classes": ("a.ts", lambda n: "export default { extends: " + "class extends Vue { a = " * n + "1" + "}" * n + " }"),
    "macros": ("a.vue", lambda n: sfc("const p = " + "withDefaults(" * n + "defineProps()" + ", {})" * n, " setup")),
    "intersections": ("a.ts", lambda n: "export type A = B" + " & B" * n),
    "types in brackets": ("a.ts", lambda n: "export type A = " + "(B | " * n + "B" + ")" * n),
    "types of types": ("a.ts", lambda n: "export type A = " + "A<" * n + "B" + ">" * n),
    "JSX": ("a.jsx", lambda n: "export default { render() { return " + "<a b={" * n + "1" + "}/>" * n + " } }"),
    "elements": ("a.vue", lambda n: f"<template>{'<ta-a>' * n}{'</ta-a>' * n}</template>"),
    "elements without end": ("a.vue", lambda n: f"<template>{'<ta-a>' * n}</template>"),
    "patterns": ("a.js", lambda n: "export default { functional: true, render(h, " + "{ data: " * n + "a" + "}" * n + ") { a.on() } }"),
    "scopes": ("a.vue", lambda n: '<template><ta-a #b="' + "{ a: " * n + "c" + "}" * n + '"/></template>'),
}  # fmt: skip


@pytest.mark.parametrize(("path", "make"), DEEP.values(), ids=DEEP.keys())
def test_nothing_is_too_deep_to_be_read(path, make):
    read = read_vue if path.endswith(".vue") else read_script
    read(make(1200).encode(), path)


def test_what_is_too_deep_to_be_read_is_a_note_or_an_error():
    nested = "{ props: {}, extends: " * 40 + "{}" + " }" * 40
    assert read_script(f"export default {nested}".encode(), "a.js")[0]["notes"] == [
        "options nested deeper than 20 levels are not read"
    ]
    macro = "withDefaults(" * 40 + "defineProps()" + ", {})" * 40
    assert read_vue(sfc(f"const p = {macro}", " setup").encode(), "a.vue")[0]["notes"]
    assert read_vue(b"<script></script>" * 30, "a.vue")[0]["notes"] == [
        "30 <script> blocks, of which the first 20 are read"
    ]
    deep = f"{'<b>' * 500}{'</b>' * 500}"
    assert template(deep.encode()).errors == [(1, f"elements nested deeper than {MOST_NESTED} levels")]
    assert "nested" not in str(template(b"<li>" * 500).errors)


@pytest.mark.parametrize("tags", ["<p>", "<li><td>", "<option>", "<div><p></p>", "<tr><td><tbody>", "<a></p>"])
def test_what_the_grammar_nests_counts_as_nested(tags: str) -> None:
    """It takes a time that is squared in how deep they are."""
    assert "nested deeper" in str(template((tags * (MOST_NESTED + 1)).encode()).errors)
    assert "nested" not in str(template((tags * 100 + "</p></div>").encode()).errors)


@pytest.mark.parametrize(
    "tags", ["<li>a", "<dt>a<dd>b", "<tr><td>a<th>b", "<rt>", "<p></p>", "<div><li>a</div>", "<br>"]
)
def test_tags_that_end_one_another_are_not_nested(tags: str) -> None:
    assert "nested" not in str(template((tags * (MOST_NESTED + 1)).encode()).errors)


# --- names, JSON, ignore files ---------------------------------------------------------------------------------------


def test_a_wrong_name_is_compared_once():
    catalog = Catalog([Component(f"ta-c{n}", props=(Prop(f"size{n}"),)) for n in range(200)])
    checked = "<template><div>" + "<ta-zz size='1'/><ta-c1 sise1='2'/>" * 60 + "</div></template>"
    [unknown, wrong] = catalog.check(checked)
    assert (unknown.kind, wrong.near) == ("unknown-tag", "size1")
    assert (
        growth(
            lambda n: catalog.check(
                "<template><div>" + "".join(f"<ta-zz{i}/>" for i in range(n)) + "</div></template>"
            ),
            60,
        )
        < 6
    )


def test_so_many_names_are_compared_and_no_more(monkeypatch):
    monkeypatch.setattr(near, "_MOST", 3 * near._COMPARED + 300)
    known = near.Names([f"page-size{n}" for n in range(10)], cutoff=0.6)
    assert [known.nearest(f"page-sise{n}") != "" for n in range(5)] == [True, False, False, False, False]
    assert near.Names(["a" * 100], cutoff=0.6).nearest("a" * 100) == ""


@pytest.mark.parametrize("text", ["page-sise", "color", "clor", "x", "pagesize", "Page-Size", "eslabelw"])
@pytest.mark.parametrize("cutoff", [0.6, 0.8, 0.9])
def test_the_nearest_name_is_the_one_difflib_finds(text, cutoff):
    from difflib import get_close_matches

    known = "page-size color colour size width label labels max-width é x1 page-sizes new-label".split()
    expected = get_close_matches(text, known, n=1, cutoff=cutoff)
    assert near.Names(known, cutoff=cutoff).nearest(text) == (expected[0] if expected else "")


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["arrays", "objects"])
def test_json_that_is_too_deep_is_none(opening, closing, tmp_path):
    inner = "1" if closing == "}" else ""
    fine = (opening * MAX_DEPTH + inner + closing * MAX_DEPTH).encode()
    deep = (opening * (MAX_DEPTH + 1) + inner + closing * (MAX_DEPTH + 1)).encode()
    read_json(fine)
    with pytest.raises(ValueError, match="deeper"):
        read_json(deep)
    path = tmp_path / "package.json"
    path.write_bytes(b'{"name": "a", "b": ' + deep + b"}")
    assert read_package(tmp_path, "") == {}
    with pytest.raises(DataError, match="deeper"):
        Catalog.from_web_types(path)


@pytest.mark.parametrize(
    "lines", ["a*" * 100_000, "*" * 100_000 + "x", "[" * 100_000], ids=["stars", "a run of stars", "a set"]
)
def test_a_glob_that_no_path_can_match_is_passed_over(tmp_path, lines):
    (tmp_path / ".gitignore").write_text(f"{lines}\nb.vue\n")
    for name in ("a.vue", "b.vue"):
        (tmp_path / name).write_text("<template><i/></template>")
    list(walk(tmp_path, suffixes=[".vue"]))  # the default patterns are compiled once
    assert steps(lambda: list(walk(tmp_path, suffixes=[".vue"]))) < 20_000
    assert [getattr(found, "reason", "") for found in walk(tmp_path, suffixes=[".vue"])] == ["", "ignored"]


def test_a_folder_whose_globs_are_too_many_is_left_out_and_this_is_said(tmp_path):
    (tmp_path / ".gitignore").write_text("".join(f"a{n}*b\n" for n in range(4000)))
    (tmp_path / "a.vue").write_text("<template><i/></template>")
    [reject] = walk(tmp_path, suffixes=[".vue"])
    assert isinstance(reject, Reject)
    assert reject.reason == "ignored"
    assert "too many" in reject.detail


# --- every function that calls itself ends ---------------------------------------------------------------------------

BOUNDED = {"depth", "place"}  # a place of `typed.py` has its depth
WHY = {
    "expressions._is_sound": "of a `v-for` it asks for the two sides, as something else than a `v-for`",
    "flows.is_live": "expressions are no deeper than they were read",
    "flows.is_worth": "as `is_live`",
    "patterns.names_in": "as `is_live`",
    "webtypes._type_text": "of a list within a list nothing is taken",
    "phrasing._expanded": "the rules are those of our own files",
    "cut.add": "the pieces are those of statements, their options and members, or elements to a depth of 100",
    "licences._any_of": "expressions have 50 brackets at most",
    "licences._all_of": "as `_any_of`",
    "licences._one": "as `_any_of`",
    "python_api._whole": "Python's own parser takes 200 brackets at most",
    "spans._script": "what stands in a hole of a template string has no template string in it",
    "spans._holes": "as `_script`",
}
WHY |= {
    f"tracing.{name}": "each goes through `evaluate`, which counts how deep it is"
    for name in "_arguments _called _evaluated _list _named _object _of_component assign call evaluate member run subscript".split()
}
WHY |= dict.fromkeys(
    "effects._changed effects._changed_by_call functions._listed functions._object_pattern functions.effects "
    "functions.pattern_of listeners.payload options.is_prop patterns.defaults_in type_code.written "
    "type_props._is_spelt_out".split(),
    "a file that is nested too deeply is not parsed, with that as the reason",
)
WHY |= {
    f"run.{name}": "statements are no deeper than they were read, and each is a step with the depth of its call"
    for name in "_for _if _loop _set _statement assign bind run".split()
} | dict.fromkeys(("statements.has_effects", "statements.matters"), "as `run.run`")
WHY["registered._may_install"] = "a name stands for no other name, so it asks twice at most"


def called(function, owner):
    """Yield the functions, as `(class or "", name)`, that a function calls or hands on."""
    inside = list(ast.walk(function))
    own = {node.arg for node in inside if isinstance(node, ast.arg)}
    own |= {node.id for node in inside if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in inside:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            yield owner, node.attr
        elif isinstance(node, ast.Name) and node.id not in own:
            yield "", node.id


def circles(path):
    """Return the functions of a module that call themselves, also one through the other, with their parameters."""
    functions = {}
    waiting = [("", node) for node in ast.parse(path.read_text()).body]
    while waiting:
        owner, node = waiting.pop()
        if isinstance(node, ast.FunctionDef):
            functions[owner, node.name] = node
        inner = node.name if isinstance(node, ast.ClassDef) else ""
        waiting += [(inner, child) for child in ast.iter_child_nodes(node)]
    calls = {name: set(called(node, name[0])) & set(functions) for name, node in functions.items()}
    for name, node in functions.items():
        reached: set[tuple[str, str]] = set()
        waiting = [name]
        while waiting:
            new = calls[waiting.pop()] - reached
            reached |= new
            waiting += new
        if name in reached:
            yield f"{path.stem}.{name[1]}", {argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)}


@pytest.mark.slow
def test_every_function_that_calls_itself_is_told_how_deep_it_is():
    root = Path(swiftprep.__file__).parent
    found = dict(
        item
        for room in ("parsing", "catalog", "code", "redaction", "augment", "scan")
        for path in sorted((root / room).rglob("*.py"))
        for item in circles(path)
    )
    assert sorted(name for name, parameters in found.items() if not parameters & BOUNDED and name not in WHY) == []
    assert sorted(set(WHY) - set(found)) == []
