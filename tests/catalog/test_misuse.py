"""Attributes and directives that Vue's compiler rejects although their expressions parse.

The tables were compared with Vue's own compilers, 2.7.16 and 3.5.13; `test_against_the_compilers` does so again.
"""

from __future__ import annotations

import random
import re

import npm
import pytest

from swiftprep import Catalog
from swiftprep.distill.verification.compiler import Compiler

SCRIPT = "<script>\nexport default {}\n</script>\n"


def syntax(code, vue, **settings):
    return [p.name for p in Catalog(vue_version=vue).check(code, **settings) if p.kind == "syntax"]


def problems(markup, vue):
    return syntax(f"<template><div>{markup}</div></template>\n{SCRIPT}", vue)


# What both versions, only Vue 2 and only Vue 3 reject, with a part of the message.
REJECTED = {
    "one attribute twice": ("23", "<i id='a' title='b' id='c'/>", "duplicate attribute 'id'"),
    "one binding twice": ("23", "<x-a :rows='a' :rows='b'/>", "duplicate attribute 'rows'"),
    "one class twice": ("23", "<i class='a' class='b'/>", "duplicate attribute 'class'"),
    "one listener twice": ("23", "<i @click='a' @click='b'/>", "duplicate attribute '@click'"),
    "one directive twice": ("23", "<i v-if='a' v-if='b'/>", "duplicate attribute 'v-if'"),
    "v-model on a sum": ("3", "<x-a v-model='a + b'/>", "nothing can be assigned to 'a + b'"),
    "v-model on a call": ("3", "<input v-model='f(a)'/>", "nothing can be assigned to 'f(a)'"),
    "v-model on a choice": ("3", "<x-a v-model='a ? b : c'/>", "nothing can be assigned"),
    "v-model on a loop's variable": ("23", "<i v-for='a in b' :key='a'><input v-model='a'/></i>", "variable of the loop"),
    "v-model on a slot's variable": ("3", "<x-a v-slot='{ b }'><x-c v-model='b'/></x-a>", "variable of the loop or slot"),
    "v-model on a plain element": ("3", "<span v-model='a'/>", "not supported on <span>"),
    "v-model on a file": ("23", "<input type='file' v-model='a'/>", "type='file'"),
    "v-model beside a value": ("23", "<input v-model='a' :value='b'/>", "conflicts with v-model"),
    "v-model with an argument on an element": ("3", "<input v-model:a='b'/>", "v-model with an argument"),
    "v-else without v-if": ("23", "<i/><b v-else/>", "v-else without v-if"),
    "v-else as the first": ("23", "<p><b v-else-if='a'/></p>", "v-else-if without v-if"),
    "v-else after text": ("23", "<i v-if='a'/>or<b v-else/>", "v-else without v-if"),
    "v-slot on a plain element": ("23", "<p v-slot:a='b'>c</p>", "v-slot on <p>"),
    "v-slot and the old syntax": ("2", "<x-a v-slot='b' slot='c'>d</x-a>", "old slot syntax"),
    "v-slot twice, inside": ("23", "<x-a v-slot='b'><template #c>d</template></x-a>", "v-slot both on <x-a>"),
    "v-slot far from its component": ("23", "<p><template #a>b</template></p>", "directly inside the component"),
    "a slot without a name": ("2", "<x-a><template #='a'>b</template></x-a>", "without the name of a slot"),
    "a key on a template": ("2", "<template v-for='a in b' :key='a'><i/></template>", "<template> cannot have a key"),
    "a key on a slot": ("2", "<slot key='a'/>", "<slot> cannot have a key"),
    "a key below a template": ("3", "<template v-for='a in b'><i :key='a'/></template>", "belongs on the <template>"),
    "braces in an attribute": ("2", "<i title='{{ a }}'/>", "bind it as ':title'"),
    "v-html beside content": ("3", "<p v-html='a'>b</p>", "which it would replace"),
    "a directive on a slot": ("3", "<slot v-show='a'/>", "'v-show' on <slot>"),
    "an assignment to an operation": ("23", "<i @a='b && c = 1'/>", "syntax error"),
    "v-for with an empty variable": ("2", "<i v-for='(a, ) in b'/>", "syntax error"),
    "a paragraph without its end": ("23", "<p>a", "<p> without its end tag"),
    "a last entry without its end": ("23", "<ul><li>a</li><li>b</ul>", "<li> without its end tag"),
}  # fmt: skip


@pytest.mark.parametrize(("versions", "markup", "words"), REJECTED.values(), ids=REJECTED.keys())
def test_what_vue_rejects_is_a_problem(versions, markup, words):
    for vue in versions:
        assert any(words in name for name in problems(markup, f"{vue}.5")), vue
    for vue in {"2", "3"} - set(versions) if "assigned" not in words else ():
        assert not any(words in name for name in problems(markup, f"{vue}.5")), vue


def test_a_plain_and_a_bound_attribute_of_one_name_are_one_too_many():
    for markup in ("<x-a title='a' :title='b'/>", "<x-a :title='a' v-bind:title='b'/>", "<x-a title :title.sync='b'/>"):
        assert problems(markup, "2.7") == problems(markup, "3.5") == ["duplicate attribute 'title'"]


ACCEPTED = {
    "a class and a bound one": "<i class='a' :class='b' style='c' :style='d'/>",
    "one event, other modifiers": "<i @click='a' @click.native='b' @keyup.enter='c' @keyup.esc='d' v-on:click='e'/>",
    "a prop and an event": "<x-a value='b' @value='c' v-value='d'/>",
    "computed names": "<x-a :[b]='c' :[d]='e' @[f]='g'/>",
    "v-model on places": "<x-a v-model='b'/><x-a v-model='b.c[d]'/><x-a v-model='b[f(c)]'/><x-a v-model='(b)'/>",
    "v-model below a loop": "<p v-for='(a, i) in b' :key='i'><input v-model='a.c'/><input v-model='b[i]'/></p>",
    "v-model on a dynamic component": "<component :is='a' v-model='b'/>",
    "v-model on a checkbox": "<input type='checkbox' v-model='a' :value='b'/><select v-model='a'><option/></select>",
    "branches": "<i v-if='a'/><!-- or --><b v-else-if='c'/>\n<u v-else/>",
    "branches of slots": "<x-a><template v-if='b' #c>d</template><template v-else #c>e</template></x-a>",
    "slots": "<x-a><template #b='{ c }'>{{ c }}</template><template v-slot:d>e</template></x-a><x-f v-slot='g'>h</x-f>",
    "slots of slots": "<x-a><template #b><x-c v-slot='d'>{{ d }}</x-c></template></x-a>",
    "braces in text": "<i title='a'>{{ b }}</i>",
    "entries closed by the next": "<ul><li>a</li><li>b</li></ul>",
}  # fmt: skip


@pytest.mark.parametrize("vue", ["2.7", "3.5"])
@pytest.mark.parametrize("markup", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_what_vue_accepts_is_no_problem(markup, vue):
    assert problems(markup, vue) == []


def test_roots_are_counted_where_it_is_asked_for():
    two = f"<template>\n<i/>\n<b/>\n</template>\n{SCRIPT}"
    assert syntax(two, "2.7") == syntax(two, "3.5", strict=True) == []
    assert syntax(two, "2.7", strict=True) == ["a second root element"]
    branches = f"<template><i v-if='a'/><b v-else/></template>\n{SCRIPT}"
    assert syntax(branches, "2.7", strict=True) == []
    assert syntax(branches.replace("<i v-if='a'/>", "<slot/>"), "2.7", strict=True) != []


def test_what_is_not_compiled_is_not_judged():
    assert problems("<p v-pre><i v-else id='a' id='b'/></p><textarea><i v-else/></textarea>", "2.7") == []
    code = "<template><i title='{{ a }}'/></template><script>export default { delimiters: ['[', ']'] }</script>"
    assert syntax(code, "2.7") == []


# --- differential ------------------------------------------------------------------------------------------------

PAGE = """
  <ta-form :model="form" :rules="rules" ref="form" @submit.native.prevent="save({ draft: false })">
    <ta-form-item v-for="(field, i) in fields" :key="field.id" :label="$t(`form.${field.name}`)" :required="i === 0">
      <ta-input v-if="field.kind === 'text'" v-model.trim="form[field.name]" :max-length="field.max || 20" />
      <ta-select v-else-if="field.kind === 'choice'" v-model="form[field.name]" @change="value => pick(field, value)">
        <ta-option v-for="item of field.items" :key="item.id" :value="item.id">{{ item.label | short }}</ta-option>
      </ta-select>
      <span v-else class="empty" :class="{ wide: field.wide, [field.name]: true }">{{ field.value ? field.value : '-' }}</span>
    </ta-form-item>
    <ta-table :rows="rows.filter(row => row.ok)" title="rows" v-bind="options" v-on="{ sort: order }">
      <template #state="{ row, index }"><ta-tag :color="colors[row.state]" @close="drop(index)">{{ row.state }}</ta-tag></template>
    </ta-table>
    <p v-show="!loading && rows.length > 0">{{ rows.length }} / {{ total }}</p>
    <button type="button" @click="open = !open; log('open')">{{ open ? 'close' : 'open' }}</button>
  </ta-form>
"""
CODE = re.compile(r"""(?:[\s](?::|@|v-)[\w.:-]+="|\{\{)([^"{}]+)(?:"|\}\})""")


def broken(draw):
    """Return the page with one error, which may turn out to be none."""
    at = draw.choice(list(CODE.finditer(PAGE))).span(1)
    code = PAGE[slice(*at)]
    place = draw.randrange(len(code) + 1)
    attribute = draw.choice(list(re.finditer(r'\s[@:\w.-]+="[^"]*"', PAGE)))
    tag = draw.choice(list(re.finditer(r"</[\w-]+>", PAGE)))
    kinds = [
        lambda: PAGE[: at[0]] + code[:place] + draw.choice("()[]{}'`+?:&=!") + code[place:] + PAGE[at[1] :],
        lambda: PAGE[: at[0]] + code + draw.choice([" &&", " ||", " ? a", " ===", " b c"]) + PAGE[at[1] :],
        lambda: PAGE[: at[0]] + code.translate(str.maketrans("(),", "（），")) + PAGE[at[1] :],
        lambda: PAGE[: attribute.end()] + attribute[0] + PAGE[attribute.end() :],
        lambda: PAGE[: attribute.end() - 1] + PAGE[attribute.end() :],
        lambda: PAGE[: tag.start()] + PAGE[tag.end() :],
        lambda: PAGE.replace('v-if="field', draw.choice(['v-fi="field', 'v-else="field'])),
        lambda: PAGE.replace(draw.choice([" in fields", " of field"]), " "),
        lambda: PAGE.replace("<span v-else", "<span v-slot:a='b'"),
    ]
    return draw.choice(kinds)()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("package", "vue"), [("vue-template-compiler@2.7.16", "2.7"), ("@vue/compiler-sfc@3.5.13", "3.5")]
)
def test_against_the_compilers(package, vue):
    draw = random.Random(5)
    compiler = Compiler.find(npm.installed(package))
    assert compiler is not None
    page = PAGE if vue == "2.7" else PAGE.replace(" | short", "")
    whole = f"<template><div>{page}</div></template>\n{SCRIPT}"
    with compiler:
        assert (compiler.check(whole), syntax(whole, vue)) == ([], [])
        rejected = []
        for _ in range(400):
            code = f"<template><div>{broken(draw)}</div></template>\n{SCRIPT}"
            if compiler.check(code):
                rejected.append(code)
        assert len(rejected) > 200
        missed = [code for code in rejected if not syntax(code, vue)]
        assert len(missed) <= 0.03 * len(rejected), missed[:3]
        accepted = {name: markup for name, markup in ACCEPTED.items() if not name.startswith("v-model on a dynamic")}
        for name, markup in accepted.items():
            assert compiler.check(f"<template><div>{markup}</div></template>\n{SCRIPT}") == [], name
        for name, (versions, markup, _) in REJECTED.items():
            if vue[0] in versions:
                assert compiler.check(f"<template><div>{markup}</div></template>\n{SCRIPT}") != [], name
