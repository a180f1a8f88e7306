"""The kinds of samples, where long files are cut, and what is redacted or refused."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from swiftprep import Sample, Scanner, read_jsonl
from swiftprep.catalog.vue.facts import read_script, read_vue
from swiftprep.errors import ConfigError
from swiftprep.scan.cut import cut, pieces_of
from swiftprep.scan.kinds import holes, is_good_hole

PAGE = """<template>
  <div class="users">
    <ta-form :model="query" inline>
      <ta-input v-model="query.name" placeholder="姓名" />
    </ta-form>
    <ta-table :columns="columns" :data-source="rows" @change="turn">
      <template #action="{ row }"><user-badge :user="row" /></template>
    </ta-table>
  </div>
</template>

<script>
import UserBadge from './UserBadge.vue'

export default {
  name: 'UserList',
  components: { UserBadge },
  data() {
    return { query: { name: '' }, rows: [], columns: [] }
  },
  methods: {
    turn(page) {
      this.page = page
      this.load()
    },
    load() {
      return fetch('/users')
    }
  }
}
</script>

<style scoped>
.users { padding: 8px; }
.users .bar { color: red; }
</style>
"""


def count(text):
    """A tokenizer: words and signs."""
    return len(text.replace("<", " < ").replace("(", " ( ").split())


def scan(root, **settings):
    return Scanner(root, **{"cache": False, **settings}).scan()


def one(root, kind, **settings):
    (sample,) = scan(root, kinds=[kind], **settings).samples
    return sample


def lines(text, span):
    return "\n".join(text.split("\n")[span[0] - 1 : span[1]])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("kind", ["component", "template", "script", "fim", "page"])
def test_every_kind_answers_with_real_code_and_says_where_it_is_from(tree, kind, lang):
    sample = one(tree({"src/UserList.vue": PAGE}), kind, lang=lang)
    assert sample.meta["path"] == "src/UserList.vue"
    assert sample.meta["kind"] == kind
    assert sample.meta["commit"] is None
    assert "{{" not in sample.prompt.replace("{{ ", "")
    code = sample.answer.split("```vue\n")[-1].split("```javascript\n")[-1].removesuffix("\n```")
    assert code.strip() in PAGE
    assert code.strip() == lines(PAGE, sample.meta["span"]).strip().rstrip(",")
    assert sample.prompt.partition("\n")[0].isascii() == (lang == "en")


def test_template_and_script_ask_for_each_other(tree):
    root = tree({"A.vue": PAGE})
    template, script = one(root, "template"), one(root, "script")
    assert "export default" in template.prompt
    assert "<ta-table" not in template.prompt
    assert template.answer.startswith("```vue\n<template>")
    assert "<ta-table" in script.prompt
    assert "turn(page)" not in script.prompt
    assert script.answer.endswith("</script>\n```")


def test_a_file_without_both_halves_asks_for_neither(tree):
    found = scan(tree({"A.vue": "<template><i/></template>\n<script>\n</script>\n"}), kinds=["template", "script"])
    assert [r.reason for r in found.rejects] == ["no-sample"]


def test_fill_in_the_middle_takes_out_a_whole_piece(tree):
    sample = one(tree({"A.vue": PAGE}), "fim")
    before, _, after = sample.prompt.rpartition("【待补全】")
    middle = sample.answer.removeprefix("```vue\n").removesuffix("\n```")
    assert PAGE in before + middle + after
    assert middle.count("{") == middle.count("}")
    assert middle.count("<") == middle.count("</") * 2 + middle.count("/>")


def test_the_lines_of_a_filled_hole_are_indented_alike(tree):
    files = {f"A{number}.vue": PAGE for number in range(12)}  # the file's name chooses the hole
    for sample in scan(tree(files), kinds=["fim"]).samples:
        lines = sample.answer.removeprefix("```vue\n").removesuffix("\n```").split("\n")
        indents = [len(line) - len(line.lstrip()) for line in lines]
        assert indents[0] == indents[-1] == min(indents)


def test_a_hole_begins_a_line():
    source = b"export default { name: 'A', data() {\n    x()\n  },\n  render() {\n    y()\n  }\n}\n" + b"// more\n" * 20
    _, shape = read_script(source, "a.js")
    found = [source[start:end] for start, end in holes(shape, source) if is_good_hole(source, start, end)]
    assert found == [b"  render() {\n    y()\n  }"]


PASSED_ON = {
    "a style": "import '../style/index.less'\nimport './more.css';\n",
    "a component": "// The box.\nimport Box from './Box.vue'\n\nexport default Box;\n",
    "names": "/* all */\nexport * from './a'\nexport { default as B, c } from './b'\nexport type { D } from './d'\n",
    "CommonJS": "'use strict'\nconst box = require('./box')\nrequire('./box.css')\nmodule.exports = box\n",
}


@pytest.mark.parametrize("code", PASSED_ON.values(), ids=PASSED_ON.keys())
def test_a_module_that_only_imports_and_exports_is_no_sample(tree, code):
    found = scan(tree({"A.vue": PAGE, "index.ts": code}))
    assert [(r.path, r.reason) for r in found.rejects] == [("index.ts", "no-sample")]
    assert "only imports and exports" in found.rejects[0].detail
    assert scan(tree({"A.vue": PAGE, "index.ts": code + "export const size = 3\n"})).rejects == []


def test_a_page_names_components_key_props_and_state_before_the_code(tree):
    sample = one(tree({"views/UserList.vue": PAGE}), "page")
    reasoning = sample.answer.partition("```vue")[0]
    for word in (
        "ta-form",
        "ta-input",
        "ta-table",
        "data-source",
        "columns",
        "change",
        "action",
        "query",
        "rows",
        "v-model",
    ):
        assert word in reasoning, word
    assert "user-badge" not in reasoning  # the project's own
    assert sample.meta["components"] == ["ta-form", "ta-input", "ta-table"]
    assert "UserList" in sample.prompt


def test_the_api_is_asked_for_and_told(tree):
    root = tree({"A.vue": PAGE, "B.vue": PAGE.replace("UserList", "Other"), "C.vue": PAGE.replace("UserList", "Third")})
    samples = {s.meta["components"][0]: s for s in scan(root, kinds=["api"]).samples}
    table = samples["ta-table"]
    assert "ta-table" in table.prompt
    for word in (
        "| columns |",
        "| dataSource |",
        "- change",
        "- action",
        "row",
        "归纳",
        '<ta-table :columns="columns"',
    ):
        assert word in table.answer, word
    assert table.meta["kind"] == "api"


def test_what_a_slot_hands_over_is_told_as_scripts_write_it(tree):
    box = "<template><div><slot name='row' :row-key='k' :colIndex='i'/></div></template><script>export default { name: 'TaBox' }</script>"
    answer = one(tree({"Box.vue": box}), "api", lang="en").answer
    assert "rowKey, colIndex" in answer
    assert "row-key" not in answer


def test_values_and_props_that_would_mislead_are_not_told(tree):
    box = (
        "export default { name: 'TaBox', props: {\n"
        "  side: { type: String, validator: v => ['left', ''].includes(v) },\n"
        "  /** @values click, hover */\n  action: { type: [Boolean, String], default: 'click' },\n  _mark: String } }"
    )
    answer = one(tree({"Box.vue": f"<template><i/></template><script>{box}</script>"}), "api", lang="en").answer
    assert "One of left, ''." in answer
    assert "| action | boolean \\| string | no | 'click' |  |" in answer
    assert "_mark" not in answer


def test_kinds_can_be_chosen_mixed_with_own_templates_and_worded_differently(tree, tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(
        "kind: fim\ninstruction: ['A {{ path }}', 'B {{ path }}']\ninput: '{{ prefix }}|{{ suffix }}'\noutput: '{{ middle }}'"
    )
    found = scan(tree({f"C{i}.vue": PAGE + f"<!-- {i} -->" for i in range(12)}), kinds=["component", own])
    assert [s.meta["kind"] for s in found.samples] == ["component", "fim"] * 12
    assert {s.prompt[0] for s in found.samples if s.meta["kind"] == "fim"} == {"A", "B"}
    own.write_text("kind: nope\ninstruction: a\ninput: b\noutput: c")
    with pytest.raises(ConfigError, match="kind='nope'"):
        Scanner(tmp_path, kinds=[own])


def test_python_and_java_make_samples_and_entries(tree):
    root = tree(
        {
            "acme/http.py": 'class Client:\n    """Talks to the gateway."""\n\n    def __init__(self, url: str, retries: int = 3):\n        self.url = url\n\n'
            '    def get(self, path: str) -> dict:\n        """Fetch a path."""\n        return {}\n',
            "src/Foo.java": "package com.acme;\n/** A foo. */\npublic class Foo {\n  /** Finds. */\n  public String find(int id) { return null; }\n}\n",
        }
    )
    found = scan(root)
    assert {s.meta["kind"] for s in found.samples} == {"component", "fim", "api"}
    client = found.catalog.components["acme.http.Client"]
    assert [(p.name, p.type, p.required, p.default) for p in client.props] == [
        ("url", "str", True, None),
        ("retries", "int", False, "3"),
    ]
    assert [m.name for m in client.methods] == ["get"]
    assert found.catalog.components["com.acme.Foo"].methods[0].doc == "Finds."
    assert "python" in found.samples[0].prompt
    assert len(found.catalog.to_web_types()["contributions"]["html"].get("vue-components", [])) == 0


LIMITS = [60, 100, 180]


@pytest.mark.parametrize("limit", LIMITS)
def test_long_components_are_cut_at_borders_and_nothing_is_lost(tree, limit):
    found = scan(tree({"A.vue": PAGE}), kinds=["component"], max_tokens=limit, tokenizer=count)
    assert not found.rejects
    covered = set()
    for sample in found.samples:
        assert count(sample.prompt) + count(sample.answer) <= limit
        assert sample.meta["tokens"] == count(sample.prompt) + count(sample.answer)
        assert sample.answer in PAGE
        assert sample.answer.count("{") == sample.answer.count("}")
        if len(found.samples) > 1:
            part, parts = sample.meta["part"].split("/")
            assert f"第{part}部分,共{parts}部分" in sample.prompt
        covered |= set(range(sample.meta["span"][0], sample.meta["span"][1] + 1))
    for drop in found.dropped:
        start, end = map(int, drop.path.rpartition(":")[2].split("-"))
        covered |= set(range(start, end + 1))
    headings = {
        1,
        2,
        9,
        10,
        12,
        15,
        21,
        29,
        30,
        31,
        33,
        36,
    }  # of what was cut open: tags and braces of the outer pieces
    blank = {n for n, line in enumerate(PAGE.split("\n"), 1) if not line.strip()}
    missing = set(range(1, PAGE.count("\n") + 1)) - covered - blank
    assert missing <= headings | {17, 16, 20}


def test_cut_covers_every_piece_once_and_splits_none():
    source = PAGE.encode()
    _, shape = read_vue(source, "A.vue")
    parts, too_long = cut(source, pieces_of(source, shape), lambda piece: len(piece) < 120)
    stretches = sorted((p.start, p.end) for p in [*parts, *too_long])
    assert all(a[1] <= b[0] for a, b in pairwise(stretches))
    assert any("export default {" in " ".join(p.around) for p in parts)
    code = b"function a() {\n  return 1\n}\nfunction b() {\n  return 2\n}\n"
    _, shape = read_script(code, "a.js")
    parts, too_long = cut(code, pieces_of(code, shape), lambda piece: len(piece) < 40)
    assert [code[p.start : p.end].decode() for p in parts] == [
        "function a() {\n  return 1\n}",
        "function b() {\n  return 2\n}",
    ]
    assert not too_long


def test_what_cannot_be_cut_is_rejected_with_its_size(tree):
    root = tree({"A.vue": "<template>\n<p>" + "word " * 300 + "</p>\n</template>\n", "B.vue": PAGE})
    found = scan(root, kinds=["component"], max_tokens=120, tokenizer=count)
    (reject,) = found.rejects
    assert (reject.path, reject.reason) == ("A.vue", "too-long")
    assert reject.detail.startswith("303 tokens, more than 120")
    assert found.found == 2
    table = found.kinds().set_index("kind")
    assert table.loc["component", "longest"] <= 120
    assert table.loc["component", "tokens"] == sum(s.meta["tokens"] for s in found.samples)


@pytest.mark.slow
def test_the_models_own_tokenizer_counts(tree, model):
    found = scan(tree({"A.vue": PAGE}), kinds=["component", "api"], max_tokens=420, tokenizer=model)
    assert found.samples
    assert all(s.meta["tokens"] <= 420 for s in found.samples)


def test_secrets_never_reach_a_sample_a_file_or_a_finding(tree, tmp_path):
    key = "sk-" + "9f86d081884c7d65" * 2
    root = tree({"A.vue": PAGE.replace("fetch('/users')", f"call('{key}')"), "B.vue": PAGE})
    found = scan(root)
    assert [(f.path, f.line) for f in found.findings] == [("A.vue", 27)]
    assert "REDACTED_" in found.samples[0].answer
    assert {s.meta.get("redacted") for s in found.samples if s.meta["path"] == "A.vue"} >= {1}
    paths = found.write(tmp_path / "out")
    written = b"".join(path.read_bytes() for path in paths.values())
    assert key.encode() not in written
    assert key not in repr(found.findings) + repr(found.catalog) + found.catalog._repr_html_()
    assert json.loads(paths["findings"].read_text()) == {"path": "A.vue", "line": 27, "kind": found.findings[0].kind}
    assert key in scan(root, redact=False).samples[0].answer


def test_licences_are_recorded_and_can_be_limited(tree):
    root = tree(
        {
            "A.vue": "<!-- SPDX-License-Identifier: GPL-3.0-only -->\n" + PAGE,
            "B.vue": PAGE,
            "c.js": "// SPDX-License-Identifier: MIT\nexport default 1\n",
        }
    )
    found = scan(root, kinds=["component"])
    assert {f["path"]: f.get("licence") for f in found.files} == {"A.vue": "GPL-3.0-only", "B.vue": None, "c.js": "MIT"}
    assert found.samples[0].meta["licence"] == "GPL-3.0-only"
    found = scan(root, kinds=["component"], allow_licenses=["MIT"])
    assert [(r.path, r.reason, r.detail) for r in found.rejects] == [
        ("A.vue", "licence", 'GPL-3.0-only is not allowed; it says "SPDX-License-Identifier: GPL-3.0-only"')
    ]
    assert "user-list" in found.catalog.components  # B.vue's


def test_a_syntax_error_marks_the_file_and_keeps_it(tree):
    found = scan(
        tree({"A.vue": "<template><div></template>\n<script>\nexport default { props: ['a'], b: ( }\n</script>"})
    )
    (file,) = found.files
    assert [line for line, _ in file["errors"]] == [1, 3]
    assert [p.name for p in found.catalog.components["a"].props] == ["a"]


def test_samples_survive_writing_and_alpaca_splits_them_again(tree, tmp_path):
    found = scan(tree({"A.vue": PAGE}))
    paths = found.write(tmp_path / "out")
    back = [*read_jsonl(paths["train"]), *read_jsonl(paths["val"])]
    assert sorted(s.id for s in back) == sorted(s.id for s in found.samples)
    assert len({s.id for s in found.samples}) == len(found.samples)
    assert all(isinstance(s, Sample) and s.channel == "private" for s in back)


@pytest.mark.parametrize(
    "settings", [{"kinds": ["page"]}, {"max_tokens": 75, "tokenizer": count}], ids=["kind", "length"]
)
def test_a_file_that_makes_no_sample_still_feeds_the_catalogue(tree, settings):
    root = tree(
        {
            "A.vue": "<template><ta-tag/></template>\n<script>\nimport m from './m'\nexport default { name: 'TaA', mixins: [m] }\n</script>",
            "m.js": "export default { props: [" + ", ".join(f"'p{i}'" for i in range(100)) + "] }",
        }
    )
    found = scan(root, **settings)
    assert {r.path for r in found.rejects} == {"m.js"}
    assert [p.name for p in found.catalog.components["ta-a"].props] == [f"p{i}" for i in range(100)]


def test_other_files_only_feed_the_catalogue_when_suffixes_say_so(tree):
    root = tree(
        {
            "A.vue": "<script>\nimport m from './m'\nexport default { name: 'TaA', mixins: [m] }\n</script>",
            "m.js": "export default { props: ['a'] }",
        }
    )
    found = scan(root, suffixes=[".vue"], kinds=["component"])
    assert (found.found, found.files_kept, len(found.samples)) == (1, 1, 1)
    assert [p.origin for p in found.catalog.components["ta-a"].props] == ["m.js"]
    with pytest.raises(ConfigError, match=r"no .py file in it; there are .js, .vue, see suffixes="):
        scan(root, suffixes=[".py"])
