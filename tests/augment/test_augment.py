"""The augmenter: facts in are facts out, answers stay right, nothing is a copy, the same seed makes the same bytes."""

from __future__ import annotations

import hashlib
import math
import os
import re
import subprocess
import sys
from random import Random
from types import SimpleNamespace
from typing import Any

import cloudpickle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from present import present

from swiftprep import demo
from swiftprep.augment import augmenter
from swiftprep.augment.augmenter import OPERATIONS, Augmenter
from swiftprep.augment.breaks import BREAKS, broken, misspelt
from swiftprep.augment.page_props import Change, changed, values_of
from swiftprep.augment.phrasing import components, grammar, language_of, read, say
from swiftprep.catalog.api import Component, Event, Prop, Slot
from swiftprep.catalog.catalog import Catalog
from swiftprep.code.markdown import fenced
from swiftprep.errors import ConfigError
from swiftprep.quality.checker import Checker
from swiftprep.quality.duplicates.dedup import near_duplicates
from swiftprep.records import Sample, read_jsonl, write_jsonl
from swiftprep.scan.scanner import Scanner
from swiftprep.scan.tasks import KINDS, load_task

pytestmark = pytest.mark.slow

CATALOG = Catalog(
    [
        Component(
            "ta-table",
            props=(
                Prop("columns", "array", required=True),
                Prop("rowKey", "string"),
                Prop("size", "string", default="'large'", values=("large", "small")),
                Prop("bordered", "boolean"),
            ),
            events=(Event("row-click"), Event("change")),
            slots=(Slot("default"), Slot("footer")),
            root="div",
        ),
        Component("ta-button", props=(Prop("type", "string"),), events=(Event("click"),), root="button"),
    ],
    framework="ta404",
)
PAGE = """<template>
  <div class="page">
    <ta-table
      :columns="columns"
      size="small"
      @row-click="open"
    >
      <template #footer>
        <ta-button type="primary">More</ta-button>
      </template>
    </ta-table>
  </div>
</template>

<script>
export default {
  name: 'ThePage',
  data() {
    return { columns: [] }
  },
  methods: {
    open(row) {
      this.$emit('open', row)
    }
  }
}
</script>
"""


@pytest.fixture(scope="module", params=["zh", "en"])
def scan(request):
    return Scanner(demo.app(), framework="ta404", lang=request.param).scan()


@pytest.fixture(scope="module")
def made(scan):
    return Augmenter(catalog=scan.catalog, per_sample=2).augment(scan.samples)


def component(code: str = PAGE, path: str = "src/ThePage.vue", **meta: object) -> Sample:
    meta = {"kind": "component", "path": path, "span": [1, 30], "split": "train", "licence": "MIT", **meta}
    return Sample.from_instruction("Study it.", "", code, id=f"ta404:{path}", channel="private", meta=meta)


# --- instructions

WORDS = {
    "framework": "ta404", "vue_version": "2.7", "path": "src/views/User List.vue", "code": "<a/>", "part": 2, "parts": 5,
    "context": "export default {", "language": "vue", "script": "<script></script>", "template": "<template></template>",
    "prefix": "a", "suffix": "b", "middle": "c", "name": "UserList", "states": ["rows", "loading"], "example": "",
    "component": Component("ta-table"),
    "used": [{"tag": "ta-table", "props": ["columns", "row-key"], "slots": [], "events": []}, {"tag": "ta-space", "props": []}],
}  # fmt: skip


PARTS: list[dict[str, Any]] = [{"parts": 1}, {"context": ""}, {}]


def wordings():
    for lang in ("zh", "en"):
        for kind in KINDS:
            task = load_task(kind, lang)
            for number, wording in enumerate(task.instruction):
                one = type(task)(kind, (wording,), task.input, "", trusted=True)
                variants: list[dict[str, Any]] = [{}]
                if kind == "component":
                    variants = [{"language": lang_} | more for lang_ in ("vue", "javascript") for more in PARTS]
                if kind == "page":
                    variants = [{}, {"states": []}, {"used": [{"tag": "ta-space", "props": []}], "states": []}]
                for at, more in enumerate(variants):
                    instruction, input_, _ = one.render("x", WORDS | more)
                    text = f"{instruction}\n{input_}" if kind == "component" else instruction
                    yield pytest.param(lang, kind, text, id=f"{lang}-{kind}-{number}-{at}")


@pytest.mark.parametrize(("lang", "kind", "text"), list(wordings()))
def test_facts_in_are_facts_out(lang, kind, text):
    asked = read(text)
    assert asked is not None
    assert asked.lang == lang
    assert asked.kind in (kind, "source")
    facts = [fact for name, fact in asked.facts.items() if name not in ("used", "states", "think")]
    for tag, props in components(asked.facts.get("used", "")):
        facts += [tag, *props]
    facts += re.split("、|, ", asked.facts["states"]) if "states" in asked.facts else []
    for name in ("ta404", "ta-table", "row-key", "loading", "User List.vue"):
        assert name not in text or any(name in fact for fact in facts), name  # nothing that is told goes unread
    unsaid = {"2.7", "ta404", "javascript"} - set(facts)
    seen = set()
    for number in range(60):
        said = say(lang, asked.kind, asked.facts, Random(number))
        assert said is not None
        assert [fact for fact in facts if fact not in said] == []
        assert [fact for fact in unsaid if fact in said] == []
        assert not re.search(r"[{}$]|，，|。。|  |\.\.|，。|^[，。,.]", said.replace("export default {", "")), said
        assert kind != "fim" or ("【待补全】" if lang == "zh" else "[MISSING]") in said
        asks_why = re.search("思路|做法|要点|how you go|approach|points|short plan", said)
        assert kind != "page" or ("think" in asked.facts) == bool(asks_why)
        seen.add(said)
    assert len(seen) >= 30


def sentences(rules: dict[str, list[str]], texts: list[str]) -> int:
    """Return how many sentences a grammar composes, before the facts choose among them."""
    return sum(
        math.prod(sentences(rules, rules[a or b]) for a, b in re.findall(r"\$(?:([a-z]+)|\{(\w+)\})", text))
        for text in texts
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_grammar_is_whole(lang):
    for kind, rules in grammar(lang).items():
        called = {
            a or b for texts in rules.values() for t in texts for a, b in re.findall(r"\$(?:([a-z]+)|\{(\w+)\})", t)
        }
        assert called <= rules.keys(), kind
        assert rules.keys() - called <= {"read", "forms", "task", "please"}, kind
        assert all(
            len(set(texts)) == len(texts)
            for name, texts in rules.items()
            if name not in ("role", "limit", "report", "with", "project")
        )
    for kind in ("component", "source", "template", "script", "fim", "page", "api", "repair"):
        assert sentences(grammar(lang)[kind], grammar(lang)[kind]["forms"]) >= 2_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("el-a(属性:x、y)、el-b", [("el-a", ["x", "y"]), ("el-b", [])]),
        ("el-a (props: x, y), el-b", [("el-a", ["x", "y"]), ("el-b", [])]),
        ("", []),
    ],
    ids=["zh", "en", "none"],
)
def test_lists_of_components_are_read(text, expected):
    assert components(text) == expected


@pytest.mark.parametrize(
    ("text", "lang"),
    [("写一页", "zh"), ("Write a page.", "en"), ("Explain:\n```js\n// 注释\n```", "en"), ("", "en")],
    ids=["zh", "en", "code", "empty"],
)
def test_the_language_is_that_of_the_prose(text, lang):
    assert language_of(text) == lang


def test_props_told_of_the_first_component_are_not_lost():
    asked = read(
        "Implement A with ta-x, ta-y of 'ta404'; ta-x needs p, q. Say how you go about it, then write the code."
    )
    assert asked is not None
    assert asked.facts["used"] == "ta-x (props: p, q), ta-y"


@pytest.mark.parametrize(
    ("prompt", "kept"),
    [
        ("写一个快速排序，用Python。", "写一个快速排序，用Python。"),
        ("请解释`v-if`与`v-show`的区别。", "解释`v-if`与`v-show`的区别。"),
        ("什么是闭包？", "什么是闭包？"),
        ("Write a function `add(a, b)` in C.", "rite a function `add(a, b)` in C"),
        ("Please explain this line.\nx = 1", "xplain this line.\nx = 1"),
        ("Which city is the capital of France?", "Which city is the capital of France?"),
    ],
    ids=["zh order", "zh polite", "zh question", "en order", "en polite", "en question"],
)
def test_other_prompts_keep_all_but_their_opening(prompt, kept):
    sample = Sample.from_instruction(prompt, "", "An answer.", id="1")
    variants = Augmenter(operations=["paraphrase"], per_sample=4).run([sample])
    assert variants
    assert all(kept in v.prompt and v.prompt != prompt for v in variants)
    assert {v.answer for v in variants} == {"An answer."}


@pytest.mark.parametrize(
    "prompt",
    [
        "计算机的组成。",
        "设计模式有三类。",
        "List comprehensions are slow.",
        "Hello there!",
        "你好",
        "x" * 3000,
        "def f(): pass",
        "Name:",
    ],
    ids=["noun", "noun 2", "noun en", "greeting", "zh greeting", "long", "code", "label"],
)
def test_what_is_not_surely_an_order_or_a_question_is_left_alone(prompt):
    assert Augmenter(operations=["paraphrase"]).run([Sample.from_instruction(prompt, "", "a", id="1")]) == []


# --- what comes out of a scan


def test_every_operation_makes_variants_and_the_counts_add_up(scan, made):
    counts = made.counts()
    assert list(counts.columns) == ["operation", "outcome", "samples", "variants"]
    for operation in OPERATIONS:
        of_it = counts[counts.operation == operation]
        assert of_it.samples.sum() == len(scan.samples), operation
        variants = [v for v in made.samples if v.meta["generator"] == f"augment/{operation}"]
        assert of_it.variants.sum() == len(variants) >= 10, operation
        assert of_it[of_it.outcome == "made"].samples.sum() == len({v.meta["parent"] for v in variants})


def test_variants_keep_channel_split_and_lineage(scan, made):
    parents = {sample.id: sample for sample in scan.samples}
    assert len({v.id for v in made.samples} | parents.keys()) == len(made.samples) + len(parents)
    for variant in made.samples:
        parent = parents[variant.meta["parent"]]
        assert variant.channel == parent.channel == "private"
        for name in ("path", "commit", "split", "encoding", "components"):
            assert variant.meta.get(name) == parent.meta.get(name)
        assert variant.id.startswith(f"{parent.id}#aug-")
        assert [m["role"] for m in variant.messages] == ["user", "assistant"]


def test_nothing_is_a_near_copy_whatever_comes_first(scan, made):
    everything = [*scan.samples, *made.samples]
    texts = [(s.prompt, s.answer) for s in everything]
    assert not [
        match for match in near_duplicates(texts, firm=len(scan.samples)) if match.position >= len(scan.samples)
    ]
    assert len({(v.prompt, v.answer) for v in everything}) == len(everything)


def test_answers_have_closed_fences_and_valid_code(scan, made):
    for variant in made.samples:
        blocks = fenced(variant.answer)
        assert all(block.closed for block in (*blocks, *fenced(variant.prompt)))
        if variant.meta["kind"] in ("repair", "page"):
            assert len(blocks) == 1
            assert scan.catalog.check(blocks[0].code) == [], variant.id


@pytest.mark.parametrize("every", [3, 1], ids=["a third of them", "all"])
def test_variants_pass_the_checker(scan, made, every):
    # The demonstration's files are alike, so that pieces of held-out ones stand in others too.
    samples = [*scan.samples, *made.samples][::every]
    report = Checker(catalog=scan.catalog, levels={"contamination": "off"}).run(samples)
    assert [(present(reject.sample).id, reject.reason) for reject in report.rejected] == []
    assert report.changes == []


def test_context_and_paraphrase_leave_the_answer(scan, made):
    parents = {sample.id: sample for sample in scan.samples}
    for variant in made.samples:
        parent = parents[variant.meta["parent"]]
        if variant.meta["generator"] in ("augment/context", "augment/paraphrase"):
            assert variant.answer == parent.answer
            assert variant.prompt != parent.prompt
        if variant.meta["generator"] == "augment/paraphrase" and variant.meta["kind"] in ("fim", "template", "script"):
            assert variant.prompt.endswith(parent.prompt[parent.meta["input_at"] :])


def test_a_hole_filled_gives_the_file_back(scan, made):
    sources = {s.meta["path"]: s.answer for s in scan.samples if s.meta["kind"] == "component"}
    holes = [v for v in made.samples if v.meta["generator"] == "augment/fim"]
    for variant in holes:
        source = sources[variant.meta["path"]]
        [answer], [shown] = fenced(variant.answer), fenced(variant.prompt)
        before, after = re.split(r"【待补全】|\[MISSING\]", shown.code.removesuffix("\n"))
        middle = answer.code.removesuffix("\n")
        assert before + middle + after in source
        first, last = variant.meta["span"]
        assert middle in "\n".join(source.split("\n")[first - 1 : last])
    originals = {(s.meta["path"], tuple(s.meta["span"])) for s in scan.samples if s.meta["kind"] == "fim"}
    assert not originals & {(v.meta["path"], tuple(v.meta["span"])) for v in holes}


def test_repairs_say_what_is_wrong_in_which_line(scan, made):
    repairs = [v for v in made.samples if v.meta["kind"] == "repair"]
    for variant in repairs:
        [shown], [right] = fenced(variant.prompt), fenced(variant.answer)
        problems = scan.catalog.check(shown.code)
        assert problems, variant.id
        words = variant.answer.partition("\n")[0]
        line = int(present(re.search(r"第(\d+)行|line (\d+)", words, re.I))[0].strip("第行lineLINE "))
        wrong, fixed = shown.code.split("\n"), right.code.split("\n")
        if variant.meta["fault"] == "unclosed":
            assert wrong[line - 1] == fixed[line - 1] or "</" in fixed[line - 1]
        elif variant.meta["fault"] == "missing-prop":
            assert problems[0].name in words
        else:
            assert wrong[line - 1] != fixed[line - 1]
            assert not problems[0].name or variant.meta["fault"] == "comma" or problems[0].name in words
    assert len({v.meta["fault"] for v in repairs}) >= 5


def test_props_change_code_and_question_alike(scan, made):
    parents = {sample.id: sample for sample in scan.samples}
    variants = [v for v in made.samples if v.meta["generator"] == "augment/props"]
    for variant in variants:
        tag, prop, value = variant.meta["change"]
        old, new = parents[variant.meta["parent"]].answer, variant.answer
        assert old != new
        told = dict(components(" ".join(re.findall(r"[^\s、,]+ ?\((?:props: |属性:)[^()]*\)", variant.prompt)))).get(
            tag
        )
        if value is None:
            assert told is None or prop not in told
            assert not re.search(rf"<{tag}\s[^>]*\s{prop}[=\s>]", new)
        else:
            assert prop in variant.prompt
            assert value in variant.prompt
            assert f'{prop}="{value}"' in new if value else re.search(rf"<{tag}\s+{prop}\s", new)


def test_variants_are_written_and_read_as_any_sample(made, tmp_path):
    for form in ("messages", "alpaca"):
        write_jsonl(made.samples, tmp_path / f"{form}.jsonl", format=form)
        assert [s.messages for s in read_jsonl(tmp_path / f"{form}.jsonl")] == [s.messages for s in made.samples]


def test_instructions_become_more_diverse(made):
    table = made.diversity().set_index(["when", "kind"])
    for kind in ("component", "template", "script", "fim"):
        old, new = table.loc[("before", kind)], table.loc[("after", kind)]
        assert new["distinct-2"] > 1.5 * old["distinct-2"]
        assert new["self-BLEU"] < old["self-BLEU"]
        assert new["most common"] < old["most common"]


# --- the same again


def told(samples) -> str:
    text = repr([(s.id, s.channel, s.messages, sorted(s.meta.items(), key=str)) for s in samples])
    return hashlib.sha256(text.encode()).hexdigest()


def test_order_and_company_change_nothing(scan):
    augmenter = Augmenter(catalog=scan.catalog, seed=7)
    places = ("src/views/user/", "src/views/role/", "src/views/system/")
    pages = [s for s in scan.train if s.meta["path"].startswith(places) and s.meta["kind"] in ("page", "script")]
    all_of_them = {v.id: v for v in augmenter.run(pages)}
    backwards = {v.id: v for v in augmenter.run(pages[::-1])}
    assert all_of_them == backwards
    # Whole files, as of two near copies made from one file only one stays.
    fewer = {v.id: v for v in augmenter.run(s for s in pages if "/system/" not in s.meta["path"])}
    assert len(fewer) > 10
    assert [name for name in fewer if fewer[name] != all_of_them.get(name)] == []
    assert len(fewer) < len(all_of_them)
    assert told(augmenter.run(pages)) != told(Augmenter(catalog=scan.catalog, seed=8).run(pages))


def test_every_process_makes_the_same():
    code = (
        "import sys; from swiftprep.augment.augmenter import Augmenter; from swiftprep.records import Sample;"
        "page = Sample.from_instruction('Write a page.', '', '```vue\\n' + sys.stdin.read() + '```', id='1');"
        "print(repr(Augmenter(per_sample=3).run([page])))"
    )
    here = Sample.from_instruction("Write a page.", "", f"```vue\n{PAGE}```", id="1")
    run: dict[str, Any] = {"capture_output": True, "text": True, "check": True, "input": PAGE}
    there = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": "1"}, **run)
    made = Augmenter(per_sample=3).run([here])
    assert len(made) > 4
    assert there.stdout.strip() == repr(made)


# --- what nothing can be made of


def turns(*roles: str) -> Sample:
    return Sample([{"role": role, "content": "Write a page."} for role in roles], id="1")


@pytest.mark.parametrize(
    ("sample", "operation", "reason"),
    [
        (turns("user", "assistant", "user", "assistant"), "paraphrase", "several-turns"),
        (turns("assistant"), "paraphrase", "several-turns"),
        (Sample([], id="1"), "paraphrase", "several-turns"),
        (Sample.from_instruction(" ", "", "a"), "paraphrase", "empty"),
        (Sample.from_instruction("Write a page.", "", "\n"), "paraphrase", "empty"),
        (Sample.from_instruction("Write a \ud800 page.", "", "a"), "paraphrase", "not-unicode"),
        (Sample.from_instruction("Write a page.", "", "x" * 1_000_000), "repair", "too-long"),
        (component(generator="augment/fim"), "fim", "variant"),
        (component(PAGE.replace("\n", "\r\n")), "fim", "crlf"),
        (component(PAGE.replace("</ta-table>", "")), "repair", "syntax"),
        (component("print(1)\n", "a.py"), "fim", "other-language"),
        (component("const a = 1\n", "a.js"), "fim", "no-span"),
        (component("const a = 1\n", "a.js"), "repair", "other-language"),
        (component(part="1/2"), "fim", "other-kind"),
        (component(), "context", "not-understood"),
        (component(), "props", "other-kind"),
        (component(PAGE.replace("size=", "siez=")), "repair", "not-clean"),
        (Sample.from_instruction("Write two.", "", "```vue\n<a/>\n```\n```vue\n<b/>\n```"), "repair", "no-code"),
        (Sample.from_instruction("Write one.", "", "```vue\n<a/>"), "repair", "no-code"),
        (Sample.from_instruction("Say hi.", "", "Hi!"), "repair", "no-code"),
    ],
)  # fmt: skip
def test_why_there_is_no_variant_is_counted(sample, operation, reason):
    made = Augmenter(operations=[operation], catalog=CATALOG).augment([sample])
    assert made.samples == []
    assert [row for row in made.outcomes if row[2]] == [(operation, reason, 1, 0)]


def test_without_a_catalogue_only_syntax_is_broken_and_no_prop_changed():
    made = Augmenter(operations=["props", "repair"], per_sample=3).augment([component()])
    assert ("props", "no-catalog", 1, 0) in made.outcomes
    assert {v.meta["fault"] for v in made.samples} <= {"unclosed", "comma"}
    assert made.samples


def test_variants_of_variants_are_made_when_asked_for():
    [first] = Augmenter(operations=["repair"], catalog=CATALOG).run([component()])
    again = Augmenter(operations=["repair"], catalog=CATALOG, vary_variants=True)
    assert Augmenter(operations=["repair"], catalog=CATALOG).run([first]) == []
    assert again.augment([first]).outcomes[1][1] == "other-kind"  # a repair is not broken anew
    assert again.run([first.replace(meta={**first.meta, "kind": ""})])


def test_copies_and_samples_without_an_id_are_told_apart():
    samples = [Sample.from_instruction(f"Write a page about {what}.", "", "ok") for what in ("tea", "tea", "trains")]
    made = Augmenter(operations=["paraphrase"]).augment(samples)
    assert ("paraphrase", "repeated", 1, 0) in made.outcomes
    assert len({v.id for v in made.samples}) == len(made.samples) == 2


def test_the_system_prompt_stays():
    sample = Sample.from_instruction("Write a page about tea.", "", "ok", id="1")
    sample = sample.replace(messages=[{"role": "system", "content": "Be kind."}, *sample.messages])
    [variant] = Augmenter(operations=["paraphrase"]).run([sample])
    assert variant.messages[0] == sample.messages[0]


def test_training_samples_are_not_shown_what_held_out_files_define():
    spec = Component("ta-own", path="src/Own.vue", props=(Prop("secret", "string"),))
    catalog = Catalog([*CATALOG, spec], framework="ta404")
    page = component(PAGE.replace("<ta-button type=", "<ta-own/><ta-button type="))
    text = load_task("component", "en").render("x", WORDS | {"path": "src/ThePage.vue", "parts": 1})
    page = page.replace(messages=[{"role": "user", "content": "\n".join(text[:2])}, page.messages[1]])
    held = Sample.from_instruction("q", "", "a", id="v", meta={"path": "src/Own.vue", "split": "val"})
    augmenter = Augmenter(operations=["context"], catalog=catalog)
    [open_] = augmenter.run([page])
    [closed] = augmenter.run([page, held])
    assert "secret" in open_.prompt
    assert "secret" not in closed.prompt
    assert "row-key" in closed.prompt


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=80), st.text(max_size=120), st.sampled_from(["", "component", "page", "fim", "template", "api"])
)
def test_any_text_is_taken(prompt, answer, kind):
    sample = Sample.from_instruction(prompt, "", answer, id="1", meta={"kind": kind, "path": "a.vue"})
    wrapped = Sample.from_instruction(
        prompt, answer, f"```vue\n<template>{answer}</template>\n```", id="2", meta={"kind": kind}
    )
    made = Augmenter(catalog=CATALOG).augment([sample, wrapped])
    assert sum(row[2] for row in made.outcomes) == 2 * len(OPERATIONS)


@pytest.mark.parametrize(
    ("settings_", "words"),
    [
        ({"operations": ["paraphrse"]}, "did you mean 'paraphrase'"),
        ({"per_sample": 0}, "per_sample=0"),
    ],
    ids=["operation", "per_sample"],
)
def test_wrong_settings_are_told(settings_, words):
    with pytest.raises(ConfigError, match=words):
        Augmenter(**settings_)


# --- breaking and changing code


@pytest.mark.parametrize("kind", BREAKS)
def test_what_is_broken_is_what_the_catalogue_reports(kind):
    assert CATALOG.check(PAGE) == []
    seen = 0
    for seed in range(10):
        for made in broken(PAGE, kind, CATALOG, Random(seed)):
            problems = CATALOG.check(made.code)
            is_alone = len(problems) == 1 and problems[0].kind != "syntax"  # `ta_table` is no tag at all
            if is_alone or kind in ("unclosed", "comma"):
                seen += 1
                assert problems[0].kind == {"unclosed": "syntax", "comma": "syntax"}.get(kind, kind)
                if made.wrong:
                    assert made.wrong in made.code.split("\n")[made.line - 1]
                    assert made.code.replace(made.wrong, made.right) == PAGE
    assert seen


def test_slips_are_slips():
    for name in ("columns", "row-click", "type", "size-and-so-on"):
        for seed in range(30):
            word = misspelt(name, Random(seed))
            assert word != name
            assert abs(len(word) - len(name)) <= 1


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        (Prop("a", "boolean"), [""]),
        (Prop("a", "boolean", default="true"), []),
        (Prop("a", "string", default="'x'", values=("x", "y-z")), ["y-z"]),
        (Prop("a", "string", values=("has space", 'quo"te')), []),
        (Prop("a", "number", values=("1", "2")), []),
        (Prop("a", "object"), []),
    ],
    ids=["switch", "on by default", "values", "odd values", "numbers", "anything"],
)
def test_values_come_from_the_catalogue(prop, expected):
    assert values_of(prop) == expected


@pytest.mark.parametrize(
    ("code", "change", "expected"),
    [
        ("<ta-x/>", Change("ta-x", "size", "small"), '<ta-x size="small"/>'),
        ("<TaX />\n<ta-x>a</ta-x>", Change("ta-x", "plain", ""), "<TaX plain />\n<ta-x plain>a</ta-x>"),
        ("<ta-x\n  :b='1'\n/>", Change("ta-x", "size", "s"), "<ta-x\n  size=\"s\"\n  :b='1'\n/>"),
        ('<ta-x size="s" b/>', Change("ta-x", "size", None), "<ta-x b/>"),
        ('<ta-x\n  b="1"\n  :size="2"\n>', Change("ta-x", "size", None), '<ta-x\n  b="1"\n>'),
        ("<p>中文<ta-x v-if='a > b' size=s /></p>", Change("ta-x", "size", None), "<p>中文<ta-x v-if='a > b' /></p>"),
    ],
    ids=["add", "add to all", "own line", "drop", "drop a line", "bytes"],
)
def test_a_change_is_made_where_it_belongs(code, change, expected):
    assert changed(code, change) == expected


class Dies(augmenter._Work):
    def variants(self, sample):
        if sample.id == "odd":
            os._exit(1)
        return super().variants(sample)


def test_a_sample_that_kills_its_worker_costs_itself_alone(monkeypatch):
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    monkeypatch.setattr(augmenter, "_Work", Dies)
    odd, tag = (
        Sample.from_instruction("What can be set on ta-tag?", "", f"Its color {id}.", id=id) for id in ("odd", "tag")
    )
    made = Augmenter(seed=1).augment([odd, tag])
    assert [sample.meta["parent"] for sample in made.samples] == ["tag"]
    assert {outcome for outcome in made.outcomes if outcome[1] == "not-read"} == {
        (name, "not-read", 1, 0) for name in OPERATIONS
    }
    assert set(made.counts().groupby("operation")["samples"].sum()) == {2}


def test_files_and_results_are_augmented_like_samples(tmp_path):
    samples = [Sample.from_instruction(f"What can be set on ta-{i}?", "", f"Its color {i}.", id=str(i)) for i in "abc"]
    write_jsonl(samples, tmp_path / "data.jsonl")
    expected = Augmenter().run(samples)
    assert expected
    for data in (tmp_path / "data.jsonl", str(tmp_path / "data.jsonl"), SimpleNamespace(samples=samples)):
        assert Augmenter().run(data) == expected


def test_an_augmentation_says_why_there_is_no_variant_and_is_written_whole(tmp_path):
    sample = Sample.from_instruction("What can be set on ta-tag?", "", "Its color.", id="tag")
    made = Augmenter(operations="paraphrase").augment([sample, sample, Sample.from_instruction("", "", "x", id="e")])
    assert [(reject.path, reject.reason, reject.detail) for reject in made.rejected] == [
        ("tag", "repeated", "paraphrase"),
        ("e", "empty", "paraphrase"),
    ]
    assert (made.kept, made.rejects, made.reasons()) == (made.samples, made.rejected, {"repeated": 1, "empty": 1})
    files = made.save(tmp_path / "out")
    assert list(read_jsonl(files["samples"])) == made.samples
    assert files["rejects"].read_text("utf-8").count("repeated") == 1
