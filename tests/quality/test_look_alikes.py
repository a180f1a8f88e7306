"""Signs in code that only look right: repaired where that is proved, told where not, and left alone where a reader sees them."""

import pytest
from present import present, repaired

from swiftprep import Checker, Sample, Scanner, demo
from swiftprep.code.spans import code_spans
from swiftprep.distill.scenario import Scenario
from swiftprep.distill.verification.verify import Verifier
from swiftprep.quality.rules.look_alikes import look_alikes, look_alikes_beside
from swiftprep.teachers.request import Reply

TICKS = "```"
HOW = "How do I list the users with ta-table?"


@pytest.fixture(scope="module")
def catalog():
    return Scanner(demo.app(), framework="ta404").scan().catalog


def block(code: str, language: str = "vue") -> str:
    return f"Like this:\n\n{TICKS}{language}\n{code}\n{TICKS}\n"


def qa(answer: str, question: str = HOW, **meta: object) -> Sample:
    return Sample.from_instruction(question, "", answer, meta=meta)


REPAIRED = {
    "dashes in a tag": ("vue", '<ta‑table :data−source="rows" row–key="id"></ta‑table>', '<ta-table :data-source="rows" row-key="id"></ta-table>'),
    "quotes around a value": ("vue", "<ta-table :columns=“columns” row-key=‘id’ />", "<ta-table :columns=\"columns\" row-key='id' />"),
    "signs of a tag": ("vue", '<ta-table ：columns＝"columns" ／>', '<ta-table :columns="columns" />'),
    "a whole tag": ("vue", '＜ta-table :columns="columns" /＞', '<ta-table :columns="columns" />'),
    "an expression": ("vue", '<ta-table :columns="pick（all，2）" /> {{ ok ？ \'是，\' ： \'否\' }}', '<ta-table :columns="pick(all,2)" /> {{ ok ? \'是，\' : \'否\' }}'),
    "white space in a tag": ("vue", '<ta-table\u00a0:columns="columns"\n\u3000\u3000row-key="id" />', '<ta-table :columns="columns"\n  row-key="id" />'),
    "indentation": ("js", "function a() {\n\u202f\u202freturn 1\n\u00a0}", "function a() {\n  return 1\n }"),
    "indentation of tags": ("vue", "<ta-card>\n\u3000<ta-table />\n</ta-card>", "<ta-card>\n <ta-table />\n</ta-card>"),
    "a script in a component": ("vue", "<template>\n  <p>好，（的）</p>\n</template>\n<script>\nexport default {\n  data（） {\n    return { a： ‘一，二’ }；\n  }\n}\n</script>", "<template>\n  <p>好，（的）</p>\n</template>\n<script>\nexport default {\n  data() {\n    return { a: '一，二' };\n  }\n}\n</script>"),
    "statements": ("js", "const a ＝ “你好，世界”；\nsay（a，‘x’）； // （注释，）", "const a = \"你好，世界\";\nsay(a,'x'); // （注释，）"),
    "a number": ("js", "const a = １ − b", "const a = 1 - b"),
    "a type": ("ts", "const a：string = `你好，${name}`", "const a:string = `你好，${name}`"),
    "JSX": ("jsx", "return <div title=\"（好）\">你好，（世界）{ok ？ 1 ： 2}</div>", "return <div title=\"（好）\">你好，（世界）{ok ? 1 : 2}</div>"),
    "Python": ("python", "def a（b）：\n\u00a0\u00a0\u00a0\u00a0return “好，”  # 说明：（）", "def a(b):\n    return \"好，\"  # 说明：（）"),
    "Java": ("java", "int a ＝ 1；\nString b = \"好，\"；", "int a = 1;\nString b = \"好，\";"),
    "JSON": ("json", '{“a”：1，"b": "好，"}', '{"a":1,"b": "好，"}'),
    "a style": ("css", ".a {\n\u00a0\u00a0color：red； /* 红，（色） */\n}", ".a {\n  color:red; /* 红，（色） */\n}"),
    "names in a style": ("vue", '<div class="ta-page" />\n<style>\n.ta‑page { margin‑top: 1px; }\n</style>\n<p style="margin-top: 0" />', '<div class="ta-page" />\n<style>\n.ta-page { margin-top: 1px; }\n</style>\n<p style="margin-top: 0" />'),
    "an import and options": ("js", "import { list } from ‘@/api’\n\ndata() {\n  return {}\n}", "import { list } from '@/api'\n\ndata() {\n  return {}\n}"),
    "a Cyrillic letter": ("js", "const total = 1\nconsole.log(tоtal)", "const total = 1\nconsole.log(total)"),
    "a joiner in a name": ("js", "const rows = []\nreturn ro\u200dws", "const rows = []\nreturn rows"),
    "full-width letters": ("js", "const rows = []\nreturn ｒows", "const rows = []\nreturn rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", REPAIRED)
def test_what_is_proved_is_repaired(catalog, name):
    language, wrong, right = REPAIRED[name]
    rule = look_alikes_beside(catalog)
    found = present(rule(qa(block(wrong, language))))
    assert found.severity == "fix"
    assert repaired(found).answer == block(right, language)
    assert rule(repaired(found)) is None


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("Use `ta‑table`, and bind `:data‑source`.", "Use `ta-table`, and bind `:data-source`."),
        ("The `<ta‑table>` has it.", "The `<ta-table>` has it."),
        ("The ta‑table shows them, and a row‑key is needed.", "The ta-table shows them, and a row‑key is needed."),
        ("Set `row‑key` and not `2020‑21`; it is non‑empty.", "Set `row-key` and not `2020‑21`; it is non‑empty."),
    ],
)
def test_names_in_prose_are_put_right_where_they_are_known(catalog, answer, right):
    assert repaired(look_alikes_beside(catalog)(qa(answer, "Which one?"))).answer == right


def test_without_a_catalogue_a_name_is_known_from_what_is_said():
    wrong, right = block('<my‑grid :rows="rows" />'), block('<my-grid :rows="rows" />')
    assert repaired(look_alikes(qa(wrong, "How do I use my-grid?"))).answer == right
    told = present(look_alikes(qa(wrong, "How do I show rows?")))
    assert (told.severity, "my‑grid" in told.reason, "my‑grid" in told.reason_zh) == ("warn", True, True)


@pytest.mark.parametrize(
    ("language", "code", "severity"),
    [
        ("js", 'const a = “say "x" now”', "drop"),
        ("js", "const a ＝ (1，", "drop"),
        ("json", "{“a”：1，}", "drop"),
        ("vue", "<ta-table :columns=“columns />", "drop"),
        ("vue", '<ta‑pager :total="1" />', "warn"),
        ("css", ".my‑page { color: red; }", "warn"),
        ("js", "const rоws_of_mine = 1", "warn"),
        ("js", "this.$emit('row‑selection', row)\nuse('data‑source')", "warn"),
    ],
)
def test_what_is_not_proved_is_told(catalog, language, code, severity):
    found = present(look_alikes_beside(catalog)(qa(block(code, language))))
    assert found.severity == severity
    assert found.reason_zh


GOOD = {
    "text in a template": block("<p>你好，（世界）：“引号”；《书名》＜b＞</p>"),
    "a label": block('<ta-form-item label="姓名（“全名”），必填：" prop="name" />'),
    "an indented paragraph": block("<p>\n　　第一段，（说明）\n</p>"),
    "a no-break space in a text": block("<span>10\u00a0000\u202f€</span>"),
    "strings in an expression": block("<p :title=\"ok ? '是，（好）' : '否；'\">{{ t('你好，“世界”') }}</p>"),
    "an i18n file": block("export default {\n  tip: '请输入姓名（必填），例如：“张三”',\n  dash: '2020–2021',\n  full: 'ＡＢＣ１２３',\n}", "js"),
    "an i18n file in JSON": block('{\n  "tip": "确定删除“{name}”吗？（不可恢复）",\n  "nbsp": "10\u00a0000"\n}', "json"),
    "a no-break space in a string": block("const a = 'a\u00a0b'.replace(/\u00a0/g, ' ')", "js"),
    "emoji with joiners": block("const team = '👨\u200d👩\u200d👧' // 👩\u200d💻，（好）", "js"),
    "mathematics in a comment": block("// a − b ≤ c，（x ∈ ℝ）：“开区间”\nconst d = a - b\n/* α·β → γ；1 ‑ 2 */", "js"),
    "a regular expression": block("const re = /[（），：；“”‘’＝＜＞\u2010-\u2015\u3000\u00a0]/g\nreturn s.replace(/，/g, ',')", "js"),
    "a template string": block("const s = `共 ${n} 条，（第 ${p} 页）：“${name}”`", "js"),
    "text in JSX": block("return <p title=\"（好）\">共 {n} 条，“引号”：（完）</p>", "jsx"),
    "a style's content": block(".a::before {\n  content: '“（，）”';\n  font-family: '微软雅黑'; /* 字体：雅黑，（中文） */\n}", "css"),
    "Python texts": block('"""说明：（中文，标点）。"""\nname = "“引号”，（好）"  # 注释；结束', "python"),
    "names in other letters": block("const Δx = 1, имя = 'Иван', 总数 = 3, naïve = 4", "js"),
    "a comment in a template": block("<!-- 注意：（这里），“引号” -->\n<div />"),
    "prose": "先引入组件（见下文），再绑定：“标题”。价格在 10–20 之间，non‑breaking 也可以。",
    "inline code that shows a text": "提示写成 `请输入（必填）：` 即可。",
    "a shell": block("echo “你好”，世界 # 说明", "bash"),
    "a text": block("步骤（一）：先引入，再“绑定”", "text"),
    "an arrow and a check": block("const a = b // ✅ 正确：→ 返回 “x”", "js"),
    "an attribute that is text": block('<ta-input placeholder="请输入，例如：ＡＢＣ（全角）" />'),
    "prose where code is said to be": block("That’s all there is to say, and it’s enough", "python"),
    "a Java string": block('String a = "你好，（世界）"; // 说明：“好”', "java"),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_signs_that_a_reader_sees_are_right(catalog, name):
    assert look_alikes_beside(catalog)(qa(GOOD[name])) is None
    assert look_alikes(qa(GOOD[name])) is None


def test_an_answer_about_such_signs_may_show_them():
    wrong = block("const a ＝ “x”；", "js")
    assert present(look_alikes(qa(wrong))).severity == "fix"
    assert look_alikes(qa(wrong, "Why do curly quotes break my script?")) is None
    assert look_alikes(qa("原因是用了中文标点：\n\n" + wrong)) is None
    assert look_alikes(qa(wrong, kind="fim")) is None


def test_bare_code_is_looked_at_too():
    code = (
        "<template>\n  <p>好，（的）</p>\n</template>\n<script>\nexport default { data（） { return {} } }\n</script>\n"
    )
    assert repaired(look_alikes(qa(code))).answer == code.replace("data（）", "data()")


def test_the_checker_asks_its_catalogue_first(catalog):
    report = Checker(catalog=catalog).run([qa("Bind the columns.\n\n" + block('<ta‑table :columns="columns" />'))])
    assert [f.rule for f in report.findings.itertuples()] == ["look-alikes"]
    assert '<ta-table :columns="columns" />' in report.kept[0].answer


def test_a_teachers_answer_is_repaired_or_sent_back(catalog):
    verifier = Verifier(catalog, reasoning="none")
    task = Scenario(HOW, components=("ta-table",), lang="en")
    reply = Reply("The `ta‑table` takes them:\n\n" + block('<ta‑table :columns="columns"\u202f/>'))
    assert verifier.check(task, reply) == []
    assert verifier.finish(task, reply).isascii()
    wrong = Reply("It takes them:\n\n" + block('<ta-table :columns="columns" @row‑picked="open" />'))
    assert "look-alikes" in {flaw.kind for flaw in verifier.check(task, wrong)}


def test_where_code_is():
    code = "a（“b，”） /* ， */ + '，' + `，${c，d}`"
    assert "".join(code[s.start : s.end] for s in code_spans(code, "js")) == "a（“”）  +  + c，d"
    assert code_spans("a，b", "text") == []
