"""What frameworks make of props while their modules load is evaluated: functions, spreads, defaults, statements."""

from __future__ import annotations

import pytest

from swiftprep.catalog.linking import effort
from swiftprep.catalog.linking.link import Linked
from swiftprep.catalog.vue.facts import read_script, read_vue


def linked(files):
    """Return the components by key, of sources by path."""
    facts = {
        path: (read_vue if path.endswith(".vue") else read_script)(code.encode(), path)[0]
        for path, code in files.items()
    }
    made = Linked(facts)
    assert made.failed == []
    return dict(made)


def props_of(code, path="box.ts", **files):
    """Return `{prop: (type, default)}` and whether the list is open, of the component `TaBox` in a script."""
    files = {path: code, **{name.replace("__", "."): text for name, text in files.items()}}
    component = linked(files)["ta-box"]
    return {prop.name: (prop.type, prop.default) for prop in component.props}, "props" in component.open


BOX = "\nexport default { name: 'TaBox', props, render() {} }"
# Of each: the script, and the props of its component.
EVALUATED = {
    "a parameter in the result": (
        "const sized = (kind, size) => ({ type: kind, default: size })\nconst props = { size: sized(Number, 3), gap: sized(Number) }",
        {"size": ("number", "3"), "gap": ("number", None)},
    ),
    "a parameter with a default": (
        "function sized(size = 'm') { return { size: { type: String, default: size } } }\nconst props = { ...sized() }",
        {"size": ("string", "'m'")},
    ),
    "a parameter taken apart": (
        "const made = ({ size, ...more }) => ({ ...more, size: { type: String, default: size } })\n"
        "const props = made({ size: 'm', wide: Boolean })",
        {"wide": ("boolean", None), "size": ("string", "'m'")},
    ),
    "a local variable": (
        "const made = () => { const own = { wide: Boolean }; return { ...own, size: String } }\nconst props = made()",
        {"wide": ("boolean", None), "size": ("string", None)},
    ),
    "a function of a function": (
        "const factory = shared => extra => ({ ...shared, ...extra })\nconst make = factory({ wide: Boolean })\nconst props = make({ size: String })",
        {"wide": ("boolean", None), "size": ("string", None)},
    ),
    "entries set one by one": (
        "const props = (() => { const all = {}; ['s', 'm'].forEach(size => { all[size] = { type: Boolean, default: false } }); return all })()",
        {"s": ("boolean", "false"), "m": ("boolean", "false")},
    ),
    "entries set by a loop": (
        "function all(names) { const made = {}; for (let i = 0; i < names.length; i++) { made[names[i]] = String } return made }\nconst props = all(['a', 'b'])",
        {"a": ("string", None), "b": ("string", None)},
    ),
    "entries deleted": (
        "const without = (all, names) => { const copy = { ...all }; names.forEach(name => delete copy[name]); return copy }\n"
        "const props = without({ a: String, b: Number }, ['a'])",
        {"b": ("number", None)},
    ),
    "reduce": (
        "const props = ['a', 'b'].reduce((all, name) => ({ ...all, [name + 'Size']: Number }), {})",
        {"aSize": ("number", None), "bSize": ("number", None)},
    ),
    "fromEntries of entries": (
        "const all = { a: String, b: Number }\nconst props = Object.fromEntries(Object.entries(all).map(([name, type]) => [`x-${name}`, { type, default: null }]))",
        {"x-a": ("string", "null"), "x-b": ("number", "null")},
    ),
    "a condition": (
        "const made = (type, isList) => { if (isList) { return { type: Array, default: () => [] } } return { type } }\n"
        "const props = { a: made(String, false), b: made(String, true) }",
        {"a": ("string", None), "b": ("array", "[]")},
    ),
    "defaults added to an object": (
        "const withDefaults = (types, values) => { Object.keys(values).forEach(key => { types[key].default = values[key] }); return types }\n"
        "const props = withDefaults({ size: { type: String }, wide: { type: Boolean } }, { size: 'm' })",
        {"size": ("string", "'m'"), "wide": ("boolean", None)},
    ),
    "defaults added through a variable": (
        "const withDefaults = (types, values) => { const all = { ...types }; for (const key in values) { const one = all[key]; one.default = values[key] } return all }\n"
        "const props = withDefaults({ size: { type: String } }, { size: 'm' })",
        {"size": ("string", "'m'")},
    ),
    "statements of the module": (
        "const props = { a: String }\nprops.b = Number\nObject.assign(props, { c: Boolean })\nfor (const name of ['d', 'e']) props[name] = Array",
        {"a": ("string", None), "b": ("number", None), "c": ("boolean", None), "d": ("array", None), "e": ("array", None)},
    ),
    "the last entry wins": (
        "const base = { size: { type: String, default: 'm' }, gap: Number }\nconst props = { size: Number, ...base, gap: { type: Number, default: 2 } }",
        {"size": ("string", "'m'"), "gap": ("number", "2")},
    ),
    "PropTypes that are given defaults": (
        "const withDefaults = (types, values) => { Object.keys(values).forEach(key => { types[key] = types[key].def(values[key]) }); return types }\n"
        "const props = withDefaults({ size: PropTypes.oneOf(['s', 'm']), wide: PropTypes.bool }, { size: 'm' })",
        {"size": ("string", "'m'"), "wide": ("boolean", None)},
    ),
    "Babel's helpers": (
        "const base = { a: String }\nconst props = _objectSpread(_objectSpread({}, base), {}, _defineProperty({ c: Array }, 'b', Number))",
        {"a": ("string", None), "c": ("array", None), "b": ("number", None)},
    ),
    "a constant far within": (
        "const A = { b: { c: { d: { e: { f: { type: String, default: 'far' } } } } } }\nconst props = { far: A.b.c.d.e.f }",
        {"far": ("string", "'far'")},
    ),
    "a constant as default": ("const SIZE = 'm'\nconst props = { size: { type: String, default: SIZE } }", {"size": ("string", "'m'")}),
    "undefined as default": ("const props = { size: { type: String, default: undefined } }", {"size": ("string", None)}),
    "a prop called props": (
        "const build = all => all\nconst props = build({ size: String, props: { type: Object, default: () => ({}) }, render: Function })",
        {"size": ("string", None), "props": ("object", "{}"), "render": ("function", None)},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), EVALUATED.values(), ids=EVALUATED.keys())
def test_props_that_are_made_are_known_and_complete(code, expected):
    assert props_of(code + BOX) == (expected, False)


# Of each: the script, and the props of its component that are known all the same.
OPEN = {
    "a function of a package": ("import { made } from 'far'\nconst props = made({ size: String })", ["size"]),
    "a spread from a package": ("import { more } from 'far'\nconst props = { ...more, size: String }", ["size"]),
    "an unknown condition": ("const made = () => { const all = { a: String }; if (window.big) { all.b = String } return all }\nconst props = made()", ["a", "b"]),
    "an unknown key": ("import { name } from 'far'\nconst props = { [name]: String, size: String }", ["size"]),
    "one of two": ("const props = window.big ? { a: String } : { b: String }", ["a", "b"]),
    "an unknown list": ("import { names } from 'far'\nconst props = names.reduce((all, name) => { all[name] = String; return all }, { size: String })", ["size"]),
}  # fmt: skip


@pytest.mark.parametrize(("code", "expected"), OPEN.values(), ids=OPEN.keys())
def test_props_that_may_not_be_all_are_open(code, expected):
    props, is_open = props_of(code + BOX)
    assert (sorted(props), is_open) == (expected, True)


def test_a_default_that_depends_on_an_unknown_argument_is_not_claimed():
    code = "import { far } from 'far'\nconst made = size => ({ type: String, default: size })\nconst props = { a: made(far), b: made('m') }"
    assert props_of(code + BOX)[0] == {"a": ("string", None), "b": ("string", "'m'")}


def test_a_type_argument_stands_for_the_type_of_a_prop():
    code = (
        "function typed<T>(kind?: any) { return { type: kind as PropType<T> } }\n"
        "const props = { a: typed<'x' | 'y'>(String), b: typed(Number) }"
    )
    assert props_of(code + BOX)[0] == {"a": ("'x' | 'y'", None), "b": ("number", None)}


def test_options_in_a_function_are_another_mixin_for_other_arguments():
    mixin = (
        "export default (name, kind) => Vue.extend({ props: { [name]: kind }, model: { prop: name, event: 'change' } })"
    )
    code = "import sized from './m'\nexport default { name: 'TaBox', mixins: [sized('size', String), sized('gap', Number)], render() {} }"
    files = {"m.js": mixin, "box.js": code}
    component = linked(files)["ta-box"]
    assert {prop.name: prop.type for prop in component.props} == {"size": "string", "gap": "number"}
    assert component.open == ()
    assert component.model in (("size", "change"), ("gap", "change"))


def test_bases_that_a_function_joins_are_all_bases():
    files = {
        "mixins.js": "export default function mixins(...args) { return Vue.extend({ mixins: args }) }",
        "a.js": "export default Vue.extend({ props: { a: String } })",
        "b.js": "export default Vue.extend({ props: { b: String } })",
        "box.js": "import mixins from './mixins'\nimport A from './a'\nimport B from './b'\n"
        "const base = mixins(A, B)\nexport default base.extend().extend({ name: 'TaBox', props: { own: String }, render() {} })",
    }
    component = linked(files)["ta-box"]
    assert sorted(prop.name for prop in component.props) == ["a", "b", "own"]
    assert component.open == ()


def test_an_object_that_a_helper_changes_is_changed_for_all_who_use_it():
    helper = "export const init = (types, values) => { Object.keys(values).forEach(k => { types[k] = { type: types[k], default: values[k] } }); return types }"
    files = {
        "util.js": helper,
        "props.js": "export const shared = { size: String }",
        "a.js": "import { init } from './util'\nimport { shared } from './props'\nexport default { name: 'TaA', props: init(shared, { size: 'm' }), render() {} }",
        "b.js": "import { shared } from './props'\nexport default { name: 'TaB', props: shared, render() {} }",
    }
    components = linked(files)
    assert [components[name].props[0].default for name in ("ta-a", "ta-b")] == ["'m'", "'m'"]


def test_the_order_of_files_changes_nothing():
    files = {
        "f.js": "export const f = name => ({ [name]: String })",
        "a.js": "import { f } from './f'\nexport default { name: 'TaA', props: { ...f('a'), ...f('b') }, render() {} }",
        "b.js": "import { f } from './f'\nimport A from './a'\nexport default { name: 'TaB', props: { ...A.props, ...f('c') }, render() {} }",
    }
    assert linked(files) == linked(dict(reversed(files.items())))


HOSTILE = {
    "a function that calls itself twice": "const f = n => ({ ...f(n + 1), ...f(n + 2), [n]: String })\nconst props = f(0)",
    "a loop without end": "const f = () => { const all = { a: String }; let i = 0; while (i < 1) { all.b = String } return all }\nconst props = f()",
    "lists that double": "let l = [1]\n" + "l = l.concat(l)\n" * 40 + "const f = n => { let all = ['a']; " + "all = all.concat(all);" * 30
    + " return all.reduce((o, k) => { o[k] = String; return o }, {}) }\nconst props = f()",
    "functions that pass on each other": "const f = g => g(g)\nconst props = f(f)",
    "an object in itself": "const a = {}\na.a = a\na.b = { ...a, a }\nconst props = a",
}  # fmt: skip


@pytest.mark.parametrize("code", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_has_no_end_is_given_up(code):
    facts = {"box.js": read_script((code + BOX).encode(), "box.js")[0]}
    made = Linked(facts)
    components = dict(made)
    assert made.failed == []
    assert "ta-box" in components
    assert made._modules.effort._left > -effort.MOST_STEPS


def test_what_the_default_of_a_function_returns_is_no_default():
    code = (
        "const noop = () => {}\nexport default { name: 'XBox', props: {"
        " check: { type: Function, default: () => true }, list: { type: Array, default: () => [1] },"
        " either: { type: [Function, Boolean], default: true }, run: { type: Function, default: noop } }, render() {} }"
    )
    ((_, box),) = Linked({"box.js": read_script(code.encode(), "box.js")[0]})
    assert {prop.name: prop.default for prop in box.props} == {
        "check": None, "list": "[1]", "either": "true", "run": "noop",
    }  # fmt: skip
