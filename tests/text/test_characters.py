"""Escapes, entities and digits in what others wrote: whatever they say, what is read can be written."""

from __future__ import annotations

import orjson
import pytest

from swiftprep import Sample
from swiftprep.catalog.linking.names import Modules
from swiftprep.catalog.python_java.docstrings import javadoc
from swiftprep.catalog.python_java.python_api import python_api
from swiftprep.catalog.vue.facts import read_script, read_vue
from swiftprep.errors import ConfigError
from swiftprep.mix.mixer import parse_ratio
from swiftprep.parsing.sfc import template
from swiftprep.quality.rules.pages import unescaped
from swiftprep.quality.rules.text import json_wrapped
from swiftprep.recipes.shared.yaml_text import load_yaml
from swiftprep.redaction.mask import MARKER
from swiftprep.redaction.secrets import redact
from swiftprep.scan.tasks import load_task
from swiftprep.text.characters import whole, without_entities

SMILE = "\U0001f600"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\ud83d\ude00", SMILE),
        (r"\u{1f600}", SMILE),
        (r"\ud83d", "\ufffd"),
        (r"a\ude00\ud83db", "a\ufffd\ufffdb"),
        (r"\u{d83d}", "\ufffd"),
        (r"\u{" + "f" * 5_000 + "}", "\ufffd"),
        (r"\x41\u4e2d", "A中"),
    ],
)
def test_strings_of_scripts_are_whole(written, read):
    source = f"export default {{ name: '{written}', props: {{ '{written}': String }}, emits: ['{written}'] }}"
    facts, _ = read_script(source.encode(), "a.js")
    options = facts["components"][0]
    assert (options["name"], options["emits"][1]) == (["s", read], [["s", read]])
    assert options["props"][1][0][0] == read
    orjson.dumps(facts)
    facts, _ = read_vue(f"<script>\n{source}\n</script>\n".encode(), "a.vue")
    orjson.dumps(facts)


def test_strings_of_python_are_whole():
    source = '__all__ = ["f", "\\ud83d"]\n\ndef f(a: Literal["\\ud83d\\ude00", "\\ude00"] = "b"):\n    "Take \\ud83d\\ude00 or \\ud83d."\n'
    (entry,), errors = python_api(source.encode(), "a.py")
    assert (entry.doc, entry.props[0].values, errors) == (f"Take {SMILE} or \ufffd.", (SMILE, "\ufffd"), [])


def test_a_number_of_thousands_of_digits_is_no_value():
    many = "f" * 5_000
    (entry,), _ = python_api(f"def f(a: Literal[0x{many}, 1]):\n    'Do.'\n".encode(), "a.py")
    assert entry.props[0].values == ()
    digits = "9" * 5_000
    assert javadoc(f"/** Adds &#{digits}; to &lt;a&gt;. */", ()) == ("Adds \ufffd to <a>.", {})
    assert load_yaml(f"a: {digits}") == {"a": digits}
    assert load_yaml("a: 12_000") == {"a": 12_000}
    for ratio in ("1e-999999999", digits, f"{digits}:1", "²:1"):
        with pytest.raises(ConfigError, match="expected 'private:general'"):
            parse_ratio(ratio)


def test_entities_that_name_no_character_are_told():
    assert without_entities("&#128512;&#x1f600;&#00000000065;&lt;") == f"{SMILE}{SMILE}A<"
    assert without_entities("&#" + "9" * 5_000 + ";&#xd83d;&#x" + "f" * 5_000) == "\ufffd\ufffd\ufffd"
    assert unescaped("&lt;a&gt;&#" + "9" * 5_000 + ";&lt;/a&gt;")


def test_whole_leaves_what_is_whole():
    assert whole("中 a é " + SMILE) == "中 a é " + SMILE
    assert whole("") == ""


@pytest.mark.parametrize("name", ["²", "٣", "1" * 5_000, "-1"])
def test_an_index_of_a_list_is_made_of_a_few_digits(name):
    modules = Modules({"a.js": {}})
    value = ["m", ["a", [["s", "x"]]], name]
    assert modules.resolve(value, "a.js") == (value, "a.js")
    assert modules.resolve(["m", ["a", [["s", "x"]]], "0"], "a.js") == (["s", "x"], "a.js")


@pytest.mark.parametrize("answer", ["{{ 'hello' }}", "{[1, 2]: 'a'}", "{{}: 1}", "[{'a'}: 1]", "{" * 3_000])
def test_an_answer_that_only_looks_like_an_object_is_no_wrapper(answer):
    assert json_wrapped(Sample.from_instruction("怎么写？", "", answer)) is None


def test_a_wrapped_answer_is_whole():
    verdict = json_wrapped(
        Sample.from_instruction("怎么写？", "", r"{'answer': '先引入组件 \ud83d\ude00 \ud83d，再写模板。'}")
    )
    assert verdict is not None
    assert verdict.sample is not None
    assert verdict.sample.answer == f"先引入组件 {SMILE} \ufffd，再写模板。"


def test_texts_of_a_template_are_whole(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text('instruction: "\\uD83D\\uDE00 {name}"\ninput: ""\noutput: "{source}"\n')
    assert load_task(path).instruction == (f"{SMILE} {{name}}",)
    path.write_text(f"instruction: {'9' * 5_000}\ninput: ''\noutput: ''\n")
    assert load_task(path).instruction == ("9" * 5_000,)
    path.write_text('instruction: "\\uD83D"\ninput: ""\noutput: ""\n')
    with pytest.raises(ConfigError, match="half a surrogate pair"):
        load_task(path)


def test_what_hides_one_secret_behind_the_other_is_taken_out_in_the_end():
    text = "let a = 1\n" + "-----END`sk-pwd:," * 60 + "\nlet b = 2\n"
    clean, findings = redact(text, "a.yml")
    assert findings
    assert clean.count("\n") == text.count("\n")
    assert clean.startswith("let a = 1\n")
    assert clean.endswith("\nlet b = 2\n")
    assert MARKER.search(clean.split("\n")[1])
    assert redact(clean, "a.yml") == (clean, [])


def test_elements_behind_a_comment_that_never_ends_are_read():
    parsed = template(b"<div>\n<!-- a --><ta-a/>\n<!-- b\n<!-- c\n<ta-b/></div>")
    assert [element.tag for element in parsed.elements] == ["div", "ta-a", "ta-b"]
    assert (3, "syntax error") in parsed.errors
