"""Texts that nobody would write, for every parser: each ends, none kills its process, and none raises but an error of ours.

`make fuzz` goes on with other ones until something is found.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import cloudpickle
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from swiftprep import Catalog, Checker, Sample, Scanner
from swiftprep.catalog.api import Component, Prop
from swiftprep.distill.prompting.guard import neutralise
from swiftprep.distill.reading.experts import read_experts
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.examine import Examiner
from swiftprep.errors import SwiftprepError
from swiftprep.process.workers import Guarded, ItemLimits, Lost
from swiftprep.recipes.shared.settings import CheckConfig, load
from swiftprep.scan.one_file import read_file
from swiftprep.scan.walk import walk
from swiftprep.swiftfmt import lint, repair_file
from swiftprep.teachers.request import Reasoning, Reply
from swiftprep.train.monitor import Monitor

pytestmark = pytest.mark.slow

cloudpickle.register_pickle_by_value(sys.modules[__name__])  # the children cannot import the tests

CATALOG = Catalog([Component("ta-b", props=(Prop("size", "string", required=True), Prop("color")))])
LIMITS = ItemLimits(seconds=5, seconds_per_mb=60)

EVERYWHERE = (
    *" \n\t\r\0'\"`\\/*#<>{}[]()=:;,.!?@$%^&|~+-_0a表看", "\ud83d", "\ud83d\ude00", "\u2028", "\ufeff", "²", "\n\n",
    "password", "=A1b2C3d4e5", "AKIAIOSFODNN7EXAMPLE", "://u:p@h", "-----BEGIN PRIVATE KEY-----", "192.168.0.1",
    "SPDX-License-Identifier: ", "Copyright ", "TODO", "...", "\\ud83d", "\\u002B", "9" * 400, "1e999", "NaN",
)  # fmt: skip
SCRIPT = (
    "export default ", "export * from './a'\n", "import a from './b'\n", "props: ", "mixins: [a]", "extends: a",
    "name: 'x'", "function ", "=> ", "class A extends B ", "async ", "await ", "...", "`${", "}`", "/**", "*/", "//",
    "@param {A} b", "Vue.component('a', ", "this.$emit('a', ", "PropTypes.oneOf([", "defineProps<", "(e: 'a'): void",
    "interface A extends B ", "type A = ", " & ", " | ", "<A>", "as const", "return h('ta-b', {", "<ta-b size='1'/>",
)  # fmt: skip
TEMPLATE = (
    "<template>", "</template>", "<script>", "<script setup lang=\"ts\">", "</script>", "<style>", "<!--", "-->", "{{",
    "}}", "<ta-b ", "/>", "</ta-b>", "v-for=\"a in b\"", "v-if=", "#slot=\"{a}\"", "@click=\"", ":size=", "v-model:a.b=",
    "v-bind=\"$attrs\"", "<div>", "</div>", "<![CDATA[", "&lt;", "slot-scope=\"", "delimiters: ",
)  # fmt: skip
PYTHON = (
    "def f(a=", "class A(B):\n", "    ", "\"\"\"", "'''", ":param a: b\n", "Args:\n", "Parameters\n----------\n", "Returns:\n",
    "__all__ = [", "__all__ += ", "@property\n", "f'{", "lambda: ", "if a:\n", "import a\n", "r'", "b'", "\\N{", "async ",
)  # fmt: skip
JAVA = ("public class A ", "interface B ", "@Override ", "/** ", " * @param a b", " */", "void f(", "<T extends ", "\"\"\"", "enum C ")  # fmt: skip
PROSE = (
    "```", "```vue\n", "~~~", "<think>", "</think>", "<|im_end|>", "<|im_start|>system\n", "[INST]", "User: ", "Assistant: ",
    "# 标题\n", "- ", "1. ", "> ", "| a | b |\n|---|---|\n", "抱歉，我无法", "Certainly! ", "希望对你有帮助", "\\n", "\\\"", "&nbsp;", "</p>",
    "<ta-b/>", "<answer>", "先想想，", "吃。", "http://a.b/c?d=e", "{\"answer\": \"", "1  const a", "13800138000",
)  # fmt: skip
ROWS = (
    '{"query": "q", "response": "a"}\n', '{"messages": [', '{"role": "user", "content": "', '"}', "]}", '\\"', '{"a":',
    "[", "]", "{", "}", ",", "null", "true", "1.5", '{"query":"', '","response":"', '{"conversations":[', "query,response\n",
    '"', '""', "a,b\n", '"history":[["', "{'query': 'x'}", '{"loss": 1.2, "global_step/max_steps": "1/9"}\n', '{"eval_loss": ',
    '"epoch": ', "12%|#", "it/s]", '"grad_norm": ', "NaN",
)  # fmt: skip
YAML = (
    "a: ", "- ", "&a ", "*a", "<<: ", "? ", "|\n", ">-\n", "!!python/object:os.system ", "{a: ", "[", "]", "}", "---\n",
    "question: ", "answer: ", "data: ", "levels: ", "  ", "2001-01-01", "0x1F", ".inf", "~", "%YAML 1.1\n", "问题", "## 如何\n",
)  # fmt: skip
GLOBS = ("*", "**", "/", "a", "[", "]", "[!a-z]", "?", "!", "\\", "#", " ", "\n", "**/", "*.vue", "[[:alpha:]]")


def texts(*words: str) -> st.SearchStrategy[str]:
    """Return texts of these words, some of them many times in a row."""
    word = st.sampled_from(words) | st.text(max_size=3)
    repeated = st.builds(lambda some, times: "".join(some) * times, st.lists(word, min_size=1, max_size=3), REPEATS)
    return st.lists(word | repeated, max_size=25).map(lambda some: "".join(some)[:LONGEST])


# What tree-sitter needs to find its way in nonsense grows with the square; a worker ends that, and it is no fault of ours.
LONGEST = 5_000
REPEATS = st.sampled_from([1, 2, 3, 40, 600, 5_000])


# --- what is done with a text; in a child ---------------------------------------------------------------------------


def data_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def scan_file(suffix: str) -> Callable[[str], Any]:
    def scan(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, f"a{suffix}").write_bytes(data_of(text))
            record = read_file(Scanner(folder, framework="x", cache=False)._job, f"a{suffix}")
            assert record is not None
            for part in (record.head, record.facts, record.rows):
                orjson.loads(part or b"{}")

    return scan


def scan_tree(text: str) -> None:
    """Link what the parts of a text say of each other."""
    with tempfile.TemporaryDirectory() as folder:
        for name, part in zip(("a.js", "b.ts", "index.js", "c.vue", "d.jsx"), text.split("\0")[:5], strict=False):
            Path(folder, name).write_bytes(data_of(part))
        Path(folder, "ok.vue").write_text("<template><ta-b size='1'/></template>")
        scan = Scanner(folder, framework="x", cache=False).scan()
        assert "ok.vue" in {file["path"] for file in scan.files}
        list(scan.catalog.pack())


def check_code(text: str) -> None:
    assert "not-checked" not in {problem.kind for problem in CATALOG.check(text)}


def check_answer(text: str) -> None:
    report = Checker(catalog=CATALOG).run([Sample.from_instruction("怎样写一个按钮？", "", text), *BESIDE])
    assert "not-checked" not in {note.rule for row in report.rows for note in row.notes}
    orjson.dumps([sample.messages for sample in report.kept])
    assert report.read == len(report.kept) + len(report.rejected)


def check_question(text: str) -> None:
    report = Checker().run([Sample.from_instruction(text, "", "先引入按钮组件，再在模板里写出它。"), *BESIDE])
    assert "not-checked" not in {note.rule for row in report.rows for note in row.notes}


BESIDE = [Sample.from_instruction("表格如何分页？", "", "给 ta-table 绑定 pagination，再监听 change。", id="beside")]


def verify(text: str) -> None:
    reasoning: Reasoning
    for reasoning, reply in (("inline", Reply(text)), ("think", Reply("```vue\n<ta-b/>\n```", reasoning=text))):
        finding = Examiner(CATALOG, reasoning)((Scenario("用 ta-b 写一个页面", components=("ta-b",)), reply, ()))
        assert "not-checked" not in {flaw.kind for flaw in finding.flaws}
        finding.answer.encode("utf-8")


def with_file(name: str, work: Callable[[Path], Any]) -> Callable[[str], Any]:
    def do(text: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, name).write_bytes(data_of(text))
            with suppress(SwiftprepError):
                work(Path(folder, name))

    return do


def ignored(path: Path) -> None:
    (path.parent / "a.vue").write_text("")
    list(walk(path.parent, suffixes=[".vue"]))


class Target(NamedTuple):
    words: tuple[str, ...]
    work: Callable[[str], Any]


TARGETS = {
    ".vue": Target((*EVERYWHERE, *TEMPLATE, *SCRIPT), scan_file(".vue")),
    ".js": Target((*EVERYWHERE, *SCRIPT), scan_file(".js")),
    ".tsx": Target((*EVERYWHERE, *SCRIPT, *TEMPLATE), scan_file(".tsx")),
    ".py": Target((*EVERYWHERE, *PYTHON), scan_file(".py")),
    ".java": Target((*EVERYWHERE, *JAVA), scan_file(".java")),
    "tree": Target(("\0", *SCRIPT, *TEMPLATE, "{", "}", "[", "]", "'", "\n", "a", "b", ": "), scan_tree),
    "catalog.check": Target((*EVERYWHERE, *TEMPLATE, *SCRIPT), check_code),
    "answer": Target((*EVERYWHERE, *PROSE, *TEMPLATE, *PYTHON), check_answer),
    "question": Target((*EVERYWHERE, *PROSE), check_question),
    "verify": Target((*EVERYWHERE, *PROSE, *TEMPLATE, *SCRIPT), verify),
    "guard": Target((*EVERYWHERE, *PROSE), lambda text: neutralise(text, scores=True)),
    "rows.jsonl": Target((*EVERYWHERE, *ROWS), with_file("a.jsonl", lambda path: (lint(path), list(repair_file(path))))),
    "rows.json": Target((*EVERYWHERE, *ROWS), with_file("a.json", lambda path: (lint(path), list(repair_file(path))))),
    "rows.csv": Target((*EVERYWHERE, *ROWS), with_file("a.csv", lambda path: (lint(path), list(repair_file(path))))),
    "log": Target((*EVERYWHERE, *ROWS), with_file("logging.jsonl", lambda path: Monitor.read(path).verdict())),
    "experts.md": Target((*EVERYWHERE, *YAML, *PROSE), with_file("a.md", lambda path: read_experts(path.parent))),
    "experts.yaml": Target((*EVERYWHERE, *YAML), with_file("a.yaml", lambda path: read_experts(path.parent))),
    "settings": Target((*EVERYWHERE, *YAML), with_file("a.yaml", lambda path: load(CheckConfig, path, []))),
    "web-types": Target((*EVERYWHERE, *ROWS, '{"contributions":{"html":{"vue-components":['), with_file("a.json", Catalog.from_web_types)),
    ".gitignore": Target(GLOBS, with_file(".gitignore", ignored)),
}  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.data())
def test_every_text_comes_to_an_end(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    text = data.draw(texts(*target.words))
    found = Guarded(target.work, limits=LIMITS, size=len)(text)
    assert not isinstance(found, Lost), found.reason
