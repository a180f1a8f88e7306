"""The JavaScript in templates: what Vue compiles passes, what it cannot is a syntax problem; what is text is left alone.

The tables were compared with Vue's own compilers, 2.7.16 and 3.5.22.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swiftprep import Catalog

SCRIPT = {"none": "", "js": "<script>export default {}</script>", "ts": "<script lang='ts'>export default {}</script>"}


def problems(markup, vue="2.7", script="js"):
    """Return the syntax problems of a component with `markup` in its template."""
    code = f"<template>\n<div>{markup}</div>\n</template>\n{SCRIPT[script]}"
    return [(p.line, p.name) for p in Catalog(vue_version=vue).check(code) if p.kind == "syntax"]


SOUND = {
    "expressions": """<i :a="x ? {b: [1, ...c]} : `${d}-e`" :b="f(() => y?.z ?? 0)" :c="/\\d+/.test(s)" v-if="!a && typeof b === 'c'"/>""",
    "objects": """<i v-bind="{a, 'b-c': 1, ...d}" v-on="{a: f, [e]: g}" :class="[a, {b: c > 1}]" :style="{'--x': y + 'px'}"/>""",
    "statements": """<i @a="f(1); g($event)" @b="x = !x" @c="() => { f() }" @d="async e => { await f(e) }" @e="function (e) { g(e) }" @f="go" @g.stop @h="a && f()"/>""",
    "statements on lines": '<i @a="\n  f()\n  g = 1\n"/>',
    "a condition in a listener": """<i @a="if (ok) { f() }"/>""",
    "v-for": """<i v-for="a in 10"/><i v-for="(a, i) of f(b).filter(c => c.d in e)"/><i v-for="({x, y: [z]}, key, i) in {a: 1}"/>""",
    "slots": """<x-a v-slot="{row, at: {x}, n = 1, ...more}"/><x-a><template #a="p">1</template><template v-slot:[b.c]="{d}">2</template></x-a>""",
    "old slots": """<x-a><i slot="a" slot-scope="{row: {id}}"/><i :slot="b" slot-scope="p"/></x-a>""",
    "dynamic arguments": """<i :[a]="b" :[a.b].sync="c" @[d]="f" v-on:[`${d}-e`].once="f()"/>""",
    "custom directives": """<i v-focus v-tip:left.now="{text: a}" v-cloak v-once/>""",
    "entities": """<i v-if="a &amp;&amp; b &lt; c" :t="'&quot;' + d">{{ a &gt; b &amp;&amp; '&nbsp;' }}</i>""",
    "text": """{{ a }} {{ b < c ? '“d”' : "，" }} {{ $t('x') }} {{ }}""",
    "names in Chinese": """<i :a="数据.列表">{{ 数据.名称 }}</i>""",
    "comments": """<i :a="/* x */ b"/><!-- {{ not code }} <i :a="b +"/> -->""",
    "v-else": """<i v-if="a"/><i v-else/>""",
    "a mustache that is text": """{{ '}' }}""",
}  # fmt: skip


@pytest.mark.parametrize("vue", ["2.7", "3.5"])
@pytest.mark.parametrize("markup", SOUND.values(), ids=SOUND.keys())
def test_what_compiles_is_no_problem(markup, vue):
    assert problems(markup, vue) == []


BROKEN = {
    "an operator without its side": ("""<i v-if="a ||"/>""", """v-if="a ||\""""),
    "two words": ("""{{ user name }}""", "{{ user name }}"),
    "a bracket": ("""<i :a="f(b"/>""", """:a="f(b\""""),
    "a string": ("""<i :a="'b"/>""", """:a="'b\""""),
    "a statement": ("""<i :a="b; c"/>""", """:a="b; c\""""),
    "a listener": ("""<i @a="f(); g("/>""", """@a="f(); g(\""""),
    "a listener of two words": ("""<i @a="f g"/>""", """@a="f g\""""),
    "a bracket too many": ("""<i :a="b) + (c"/>""", """:a="b) + (c\""""),
    "v-for without its list": ("""<i v-for="a in"/>""", """v-for="a in\""""),
    "v-for of one word": ("""<i v-for="a"/>""", """v-for="a\""""),
    "v-for's variables": ("""<i v-for="(a, ) b in c"/>""", """v-for="(a, ) b in c\""""),
    "v-for's list": ("""<i v-for="a in b c"/>""", """v-for="a in b c\""""),
    "a slot's scope": ("""<x-a v-slot="{a"/>""", """v-slot="{a\""""),
    "an old slot's scope": ("""<x-a><i slot-scope="a b"/></x-a>""", """slot-scope="a b\""""),
    "a dynamic argument": ("""<i :[a+]="b"/>""", """:[a+]="b\""""),
    "a dynamic argument with spaces": ("""<i :[a + b]="c"/>""", ":[a"),
    "nothing": ("""<i :a=""/>""", """:a=\"\""""),
    "an ellipsis": ("""<i :a="..."/>""", """:a="...\""""),
    "typographic quotes": ("""<i :a="“b”"/>""", """:a="“b”\""""),
    "full-width brackets": ("""<i @a="f（b）"/>""", """@a="f（b）\""""),
    "a full-width comma": ("""{{ f(a，b) }}""", "{{ f(a，b) }}"),
    "three brackets": ("""{{{ a }}}""", "{{{ a }}"),
    "brackets that meet": ("""{{ {a: {b: 1}} }}""", "{{ {a: {b: 1}}"),
    "a comment to the end": ("""<i :a="b // c"/>""", """:a="b // c\""""),
    "types without TypeScript": ("""<i :a="b as string"/>""", """:a="b as string\""""),
}  # fmt: skip


@pytest.mark.parametrize("vue", ["2.7", "3.5"])
@pytest.mark.parametrize(("markup", "shown"), BROKEN.values(), ids=BROKEN.keys())
def test_what_does_not_compile_is_a_problem(markup, shown, vue):
    assert (2, f"syntax error in '{shown}'") in problems(markup, vue)


def test_the_line_is_that_of_the_expression():
    assert problems("\n<i/>\n{{ a\n b }}")[0][0] == 4
    assert problems("\n<b\n :a='c'\n/><i :a='b +'/>")[0][0] == 5


def test_filters_are_vue_2s():
    assert problems("{{ a | f }} {{ b | g(1) | two-words }} {{ c | delete }}<i :a='b | f'/>") == []
    assert problems("{{ c | delete }}", "3.5") != []  # there it is an operator
    assert problems("{{ a | f | }}") != []


def test_types_are_code_where_the_script_is_typescript():
    markup = """<i :a="(b as string[])[0]!" @c="(e: Event) => f<number>(e)"/><x-a v-slot="{ d }: { d: number }"/>{{ e as any }}"""
    assert problems(markup, "3.5", "ts") == []
    assert problems(markup, "3.5", "none") == []  # it may be
    assert len(problems(markup, "3.5", "js")) == 4


def test_what_the_versions_see_differently():
    assert problems("<i :a/>", "3.5") == []
    assert problems("<i :a/>") != []
    assert problems("{{ a", "3.5") != []
    assert problems("{{ a") == []
    assert problems("<i @a/><b v-if/>", "3.5") != []
    assert problems("<i @a/>") == []


def test_with_delimiters_of_its_own_the_usual_ones_are_text():
    code = "<template><i>{{ a b }} ${ c }</i></template><script>export default { delimiters: ['${', '}'] }</script>"
    assert Catalog().check(code) == []


QUOTES = {
    "bound": "<x-a :rows=“rows” />",
    "with spaces": "<x-a title=“two words” />",
    "single": "<x-a title=‘a’ />",
    "of Chinese": "<x-a title=「a」 />",
}


@pytest.mark.parametrize("markup", QUOTES.values(), ids=QUOTES.keys())
def test_other_signs_are_no_quotation_marks(markup):
    assert problems(markup) != []
    assert problems('<x-a title="“a”" :b="\'‘c’\'">“d”</x-a>') == []


def test_scripts_too_have_names_of_letters_only():
    code = "<script>\n// “说明”，（一）\nconst 名 = '“a”，'\nconst b = /，/, c = `（${名}）`\n%s\n</script>"
    assert Catalog().check(code % "") == []
    for line in ("const d = “e”", "f（1）", "g(1，2)", "const h ＝ 1"):
        assert [(p.kind, p.line) for p in Catalog().check(code % line)] == [("syntax", 5)]


TEXT = {
    "textarea": "<textarea v-model='a'><ta-no :b='c +'></textarea><i/>",
    "textarea that ends itself": "<textarea/><i>{{ a }}</i>",
    "textarea with a template": "<textarea><template></textarea>",
    "title": "<svg><title>a < b <ta-no></title></svg>",
    "v-pre": "<p v-pre>{{ not code }} <ta-no :a='b +' @c='d e'><i #f/></ta-no></p>",
    "v-pre on a component": "<ta-no v-pre :a='b +'>{{ a b }}</ta-no>",
    "v-pre within v-pre": "<p v-pre><b v-pre>{{ a b }}</b>{{ c d }}</p>",
    "style": "<component :is='x'/><style>.a { b: '{{ c d }}' } <ta-no></style>",
    "script": "<script>if (a < b) { '{{ c d }}' } '<ta-no>'</script>",
    "a capital is a component": "<Textarea><i/></Textarea>",
}


@pytest.mark.parametrize("markup", TEXT.values(), ids=TEXT.keys())
def test_what_vue_takes_for_text_is_not_checked(markup):
    code = f"<template><div>{markup}</div></template><script>import Textarea from './t'\nexport default {{ components: {{ Textarea }} }}</script>"
    assert Catalog().check(code) == []
    assert [p.kind for p in Catalog().check(code.replace("<div>", "<div><ta-no/>"))] == ["unknown-tag"]


def test_expressions_in_a_textarea_count_and_elements_after_text_too():
    assert problems("<textarea>{{ a b }}</textarea>") != []
    assert problems("<p v-pre>{{ a b }}</p><i>{{ c d }}</i>") == [(2, "syntax error in '{{ c d }}'")]
    assert problems("<p v-pre><b></p>") != []  # its elements must still have an end


def test_what_is_text_is_no_api():
    from test_catalog import only

    component = only("<template><div><p v-pre><slot name='a'/>{{ $emit('b') }}</p><slot name='c'/></div></template>")
    assert [slot.name for slot in component.slots] == ["c"]
    assert component.events == ()


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["<i :a='%s'/>", "<i v-for='%s'/>", "{{%s}}", "<i v-slot='%s' :[%s]/>"]))
def test_no_expression_makes_it_fail(text, frame):
    problems(frame.replace("%s", text), "3.5")
