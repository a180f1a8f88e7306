"""No repair changes a token of code, and the user's own files are not dropped for their words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import npm
import pytest
from tree_sitter import Node

from swiftprep import Checker, Sample, Scanner, demo
from swiftprep.code.markdown import code_of
from swiftprep.parsing.grammar import error_lines, parse
from swiftprep.parsing.script import parse_script
from swiftprep.parsing.sfc import blocks
from swiftprep.quality.report.report import QualityReport
from swiftprep.quality.report.shown import shown
from swiftprep.quality.rules.origin import is_code, language_of_file

PACKAGES = (
    "element-ui@2.15.14",
    *(
        pytest.param(name, marks=pytest.mark.long)
        for name in ("view-design@4.7.0", "d2-admin@1.7.2", "vue-element-admin@3.9.3")
    ),
)
DROPPED = 0.003
SCRIPTS = {"js": "js", "javascript": "js", "jsx": "jsx", "ts": "ts", "typescript": "ts", "tsx": "tsx"}


def roots(code: str, language: str) -> Iterator[Node]:
    """The syntax trees of a piece of code."""
    source = code.encode("utf-8", "replace")
    if language in SCRIPTS:
        yield parse_script(source, SCRIPTS[language])[0]
    elif language in ("vue", "html") or source.lstrip()[:1] == b"<":
        parts = [block for block in blocks(source) if block.kind in ("template", "script", "style")]
        if not parts:
            yield parse(source, "html").root_node
        for block in parts:
            inner = source[block.start : block.end]
            yield (
                parse_script(inner, block.lang or "js")[0] if block.kind == "script" else parse(inner, "html").root_node
            )
    else:
        yield parse_script(source, "js")[0]


def tokens(code: str, language: str) -> list[bytes]:
    """What a piece of code is made of, without comments and white space."""
    found: list[bytes] = []
    for root in roots(code, language):
        nodes = [root]
        while nodes:
            node = nodes.pop()
            if "comment" in node.type:
                continue
            if not node.children or "string" in node.type:
                found.append((node.text or b"").strip())
            nodes.extend(reversed(node.children))
    return [token for token in found if token]


def code(sample: Sample) -> list[tuple[str, str]]:
    """The code of a sample's messages."""
    answer = [(language_of_file(sample), sample.answer)] if is_code(sample) else code_of(sample.answer)
    return [*(piece for turn in sample.messages[:-1] for piece in code_of(turn["content"])), *answer]


def check(samples: list[Sample]) -> QualityReport:
    """Check samples, and assert that no code of those kept has other tokens than before."""
    report = Checker(near_duplicate_threshold=None).run(samples)
    for before, row in zip(samples, report.rows, strict=True):
        if row.reject is not None or row.sample is None or row.sample.messages == before.messages:
            continue
        clean = shown(before)
        assert [tokens(text, name) for name, text in code(row.sample)] == [
            tokens(text, name) for name, text in code(clean)
        ], before.id
        for (name, text), (_, raw) in zip(code(clean), code(before), strict=True):
            errors = [sum(len(error_lines(root, None)) for root in roots(piece, name)) for piece in (text, raw)]
            assert errors[0] <= errors[1], (before.id, "a secret was replaced by what does not parse")
    return report


@pytest.mark.slow
def test_the_demonstration_keeps_every_token():
    samples = [*Scanner(demo.app(), framework="ta404").scan().samples, *demo.general_samples()]
    report = check(samples)
    assert [(reject.sample.id, reject.reason) for reject in report.rejected if reject.sample] == []


# Files of an application whose words look like flaws to whoever does not know that they are the application's.
FILES = {
    "src/status.js": "export const STATUS = { TODO: 1, FIXME: 2, TBD: 3 }\nexport const LABELS = ['待补充', '待完善', '略']\n",
    "src/i18n/zh.js": "export default {\n  denied: '抱歉，我无法为您提供该服务',\n  policy: '不符合医保报销政策',\n  score: '评分标准：满分100分，60分及格',\n"
    "  empty: '此处填写内容', lost: '\ufffd', zero: 'a\u200bb', rtl: '\u200fא'\n}\n",
    "src/i18n/en.js": "export default {\n  denied: \"I'm sorry, I can't help with that request.\",\n  hint: '<your name>',\n"
    "  cookies: 'We use cookies to improve your experience.',\n  ai: 'As an AI language model, I cannot do that.'\n}\n",
    "src/mojibake.js": "export const WRONG = [/Ã©/g, /â€™/g, /锟斤拷/g]\nexport const fix = text => WRONG.reduce((t, w) => t.replace(w, ''), text)\n",
    "src/escape.js": "export const escape = s => s.replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/\"/g, '&quot;')\n"
    "export const lines = 'one.\\ntwo.\\nthree.\\nfour.'\n",
    "src/Exam.vue": "<template>\n  <div>\n    <h1>系统提示：请完成以下10条问题</h1>\n    <p>&lt;ta-card&gt; &nbsp;&nbsp; &copy; 2024</p>\n"
    "    <ta-tag v-for=\"i in 3\" :key=\"i\">同上</ta-tag>\n    <footer>点赞 收藏 关注</footer>\n  </div>\n</template>\n\n"
    "<script>\n// TODO: 评分\nexport default {\n  name: 'Exam',\n  data() {\n    return { total: 100, tip: '总分为100分' }\n  },\n"
    "  methods: {\n    save() {\n      this.$emit('save') // 其余字段保持不变\n    },\n  },\n}\n</script>\n",
    "src/Grid.vue": "<template>\n  <ta-row>\n" + "    <ta-col :span=\"1\">列</ta-col>\n" * 16 + "  </ta-row>\n</template>\n",
}  # fmt: skip


def test_files_full_of_suspicious_words_are_kept_as_they_are(tree):
    scan = Scanner(tree(FILES), framework="ta404", cache=False).scan()
    assert {file["path"] for file in scan.files} == set(FILES)
    report = check(scan.samples)
    assert [(reject.sample.id, reject.reason, reject.detail) for reject in report.rejected if reject.sample] == []
    assert [(before.id, after.answer) for before, after in report.changes] == []


@pytest.fixture(scope="module", params=PACKAGES)
def package(request) -> Path:
    return npm.unpacked(request.param)


@pytest.mark.slow
def test_packages_keep_every_token(package):
    samples = Scanner(package, framework="ta404", cache=False, val_fraction=0).scan().samples
    assert len(samples) > 300
    report = check(samples)
    dropped = [(reject.sample.id, reject.reason, reject.detail) for reject in report.rejected if reject.sample]
    assert len(dropped) <= DROPPED * len(samples), dropped
