"""The rules about the form of code and what stands around it: what they find, what they repair, what they let be."""

from __future__ import annotations

import time

import pytest

from swiftprep import Checker, Sample
from swiftprep.quality.checker import RULES

FENCE = "```"


def qa(question: str, answer: str) -> Sample:
    return Sample([{"role": "user", "content": question}, {"role": "assistant", "content": answer}])


def block(language: str, code: str) -> str:
    return f"{FENCE}{language}\n{code}\n{FENCE}"


def found_in(answer: str, question: str = "How is it done?") -> dict[str, str]:
    report = Checker().run([qa(question, answer)])
    return {str(found.rule): str(found.severity) for found in report.findings.itertuples()}


def repaired(answer: str, question: str = "How is it done?") -> str:
    (kept,) = Checker().run([qa(question, answer)]).kept
    return kept.answer


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("vue", '<template>\n  <p :title="a +">x</p>\n</template>'),
        ("html", '<b v-if="open && >x</b>'),
        ("js", "const total = rows.reduce((a, b) => a + b.sum, 0;\nshow(total)"),
        ("ts", "export function first(list: Item[]: Item {\n  return list[0]\n}"),
        ("python", "def load(path)\n    return open(path).read()"),
        ("java", "class A {\n  int b( { return 1; }\n}"),
        ("json", '{\n  "a": 1\n  "b": 2\n}'),
        ("js", "login({ user: [NAME REMOVED], password: 'x' })"),
        ("python", "connect(host='a', token=<TOKEN>)"),
    ],
)
def test_code_that_does_not_parse_is_told(language, code):
    assert found_in(block(language, code))["syntax-error"] == "warn"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("js", "data() {\n  return { a: 1 }\n},"),
        ("js", "{ a: 1, b: [2] }"),
        ("js", "{ path: '/a' },\n{ path: '/b' }"),
        ("js", "import A from './A.vue'\n\ncomponents: { A },\n\nmounted() {\n  this.load()\n},"),
        ("js", "const form = { ...defaults, name }\nsend(form, ...)"),
        ("ts", "name: string\nage?: number"),
        ("ts", "'small' | 'large'"),
        ("json", '// of the build\n{\n  "a": 1, // first\n}'),
        ("json", '"scripts": {\n  "dev": "vite"\n}'),
        ("json", '{ "a": 1 }\n{ "a": 2 }'),
        ("python", ">>> 1 +\n2"),
        ("python", "    if a:\n        b()"),
        ("java", "private int a;\n\npublic int a() { return a; }"),
        ("vue", '<li v-for="(a, i) in list" :key="i">{{ a | upper }}</li>'),
        ("html", "<p>{% if a %}{{ b|default('x') }}{% endif %}</p>"),
        ("bash", "if ( then"),
    ],
)
def test_parts_of_files_and_other_languages_parse(language, code):
    assert "syntax-error" not in found_in(block(language, code))


def test_a_long_object_with_comments_parses():
    rows = "\n".join(f'  "{number}": "a value of some length", // of row {number}' for number in range(400))
    assert "syntax-error" not in found_in(block("json", f"{{\n{rows}\n}}"))


def test_what_is_shown_as_wrong_may_be_wrong():
    wrong = f"错误写法：\n\n{block('js', 'if (a { b() }')}\n\n正确写法：\n\n{block('js', 'if (a) { b() }')}"
    assert "syntax-error" not in found_in(wrong, "这样写对吗？")
    assert "syntax-error" not in found_in(block("js", "if (a { b() }"), "Show code with a syntax error.")


@pytest.mark.parametrize(
    ("language", "numbered", "plain"),
    [
        ("js", "1 let a = 0\n2 function up() {\n3   a++\n4 }", "let a = 0\nfunction up() {\n  a++\n}"),
        ("ts", "10| type A = {\n11|   b: 1\n12| }", "type A = {\n  b: 1\n}"),
        ("python", "1: def f(x):\n2:     return x\n3: \n4: print(f(1))", "def f(x):\n    return x\n\nprint(f(1))"),
        ("css", "1.  .a {\n2.    top: 0;\n3.  }", ".a {\n  top: 0;\n}"),
        ("sql", "1 | SELECT a\n2 |   FROM b\n3 |  WHERE c = 1", "SELECT a\n  FROM b\n WHERE c = 1"),
        ("vue", "1 <template>\n2   <p>{{ a }}</p>\n3 </template>", "<template>\n  <p>{{ a }}</p>\n</template>"),
        (
            "js",
            "\n".join(f"{n:<3} {line}" for n, line in enumerate(["if (a) {", *["  b()"] * 9, "}"], start=1)),
            "\n".join(["if (a) {", *["  b()"] * 9, "}"]),
        ),
        ("js", "1\n2\n3\nlet a = 1\nlet b = 2\nuse(a, b)", "let a = 1\nlet b = 2\nuse(a, b)"),
    ],
)  # fmt: skip
def test_line_numbers_are_taken_off(language, numbered, plain):
    assert repaired(f"So:\n\n{block(language, numbered)}") == f"So:\n\n{block(language, plain)}"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("text", "1. open\n2. close\n3. lock"),
        ("yaml", "1: a\n2: b\n3: c"),
        ("js", "1\n2\n3"),
        ("js", "const codes = {\n  1: 'a',\n  2: 'b',\n  3: 'c',\n}"),
        ("js", "1: 'a',\n2: 'b',\n3: 'c',"),
        ("css", "10% { top: 0; }\n11% { top: 1px; }\n12% { top: 2px; }"),
        ("basic", "10 PRINT 1\n11 PRINT 2\n12 END"),
    ],
)
def test_numbers_that_are_meant_stay(language, code):
    answer = f"So:\n\n{block(language, code)}"
    assert "line-numbers" not in found_in(answer)


def test_line_numbers_that_the_text_speaks_of_are_told():
    answer = f"In line 2 the sum grows:\n\n{block('js', '1 let a = 0' + chr(10) + '2 a += 1' + chr(10) + '3 show(a)')}"
    assert found_in(answer)["line-numbers"] == "warn"
    assert "line-numbers" not in found_in(answer, "Print it with line numbers.")


@pytest.mark.parametrize(
    ("language", "escaped", "plain"),
    [
        ("java", "Map&lt;String, A&gt; all = load(&quot;a&quot;);", 'Map<String, A> all = load("a");'),
        ("python", "if a &lt; b &amp;&amp; c:\n    pass".replace("&amp;&amp;", "and"), "if a < b and c:\n    pass"),
        ("sql", "SELECT a FROM b WHERE c &lt;&gt; 0 AND d &gt; 1", "SELECT a FROM b WHERE c <> 0 AND d > 1"),
        ("bash", "make 2&gt;&amp;1 | tee log", "make 2>&1 | tee log"),
        ("go", "if err := do(&amp;a); err != nil &amp;&amp; n &lt; 3 { return }", "if err := do(&a); err != nil && n < 3 { return }"),
        ("vue", "&lt;p&gt;{{ a }} &times; {{ b }} &hellip;&lt;/p&gt;", "<p>{{ a }} × {{ b }} …</p>"),
    ],
)  # fmt: skip
def test_escaped_code_is_read(language, escaped, plain):
    assert repaired(f"So:\n\n{block(language, escaped)}") == f"So:\n\n{block(language, plain)}"


@pytest.mark.parametrize(
    "code",
    ["UPDATE a SET b = REPLACE(b, '&lt;', '<')", "SELECT '&lt;b&gt;'", "SELECT a FROM t WHERE b < 1 AND c = '&gt;'"],
)
def test_entities_that_a_query_is_about_stay(code):
    assert repaired(f"So:\n\n{block('sql', code)}") == f"So:\n\n{block('sql', code)}"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<div data-v-1a2b class="x"><p style="color:red">One thing.</p></div>', "One thing."),
        ('<font color=#333 size="2">One thing.</font><br><br>Another.', "One thing.\n\nAnother."),
        ('One thing.<br/>Another.<a href="javascript:;" class="m">展开更多</a>', "One thing.\nAnother."),
        ('<p>One thing<sup><a href="#n1">[1]</a></sup>.</p>', "One thing[1]."),
        ('<p>See <a target="_blank" href="https://a.example/b">the manual</a>.</p>', "See [the manual](https://a.example/b)."),
    ],
)  # fmt: skip
def test_what_a_page_was_made_of_is_taken_off(html, text):
    assert repaired(html).strip() == text


@pytest.mark.parametrize(
    ("language", "code", "plain"),
    [
        ("yaml", "a:\n\u00a0\u00a0b: 1", "a:\n  b: 1"),
        ("bash", "cp\u00a0-r a\u3000b\nls './*' /*.txt\u00a0x", "cp -r a b\nls './*' /*.txt x"),
        ("dockerfile", "RUN make \\\n\u00a0\u00a0\u00a0\u00a0install", "RUN make \\\n    install"),
        ("sql", "SELECT a，SUM(b)\nFROM t\nWHERE c IN （1, 2）；", "SELECT a,SUM(b)\nFROM t\nWHERE c IN (1, 2);"),
    ],
)
def test_look_alikes_where_there_is_no_grammar(language, code, plain):
    assert repaired(f"So:\n\n{block(language, code)}") == f"So:\n\n{block(language, plain)}"


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("yaml", "a: |\n  \u3000\u3000第一段\nb: 张\u3000三"),
        ("bash", "echo '甲\u3000乙' \"a\u00a0b\" # c\u00a0d"),
        ("sql", "SELECT SUM(a) AS 金额（元）, '，；' AS b -- 好，的\nFROM t"),
        ("text", "a\u00a0b —c"),
        ("bash", "echo 'a —b' # —c"),
    ],
)
def test_signs_that_are_meant_stay(language, code):
    answer = f"So:\n\n{block(language, code)}"
    assert repaired(answer) == answer
    assert "look-alikes" not in found_in(answer)


def test_what_may_be_one_dash_or_two_is_told():
    assert found_in(block("bash", "git log —oneline –all"))["look-alikes"] == "warn"
    assert found_in(block("sql", "SELECT a FROM t WHERE b = ‘x’"))["look-alikes"] == "warn"


def test_a_joiner_is_in_no_latin_name():
    assert repaired(f"So:\n\n{block('js', 'this.lo' + chr(0x200C) + 'ad()')}") == f"So:\n\n{block('js', 'this.load()')}"


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        ("Use it so.\n\nShare  Improve  Follow\nasked Jan 2, 2020 at 8:05", "Use it so."),
        ("This website uses cookies. Accept\nHome  Docs  Blog  Sign in\n\nUse it so.", "Use it so."),
        ("先这样用。\n\n点赞 3 收藏 8 评论\n版权声明：本文为原创。", "先这样用。"),
        ("先这样用。\n\n赞赏作者\n扫码加群领资料", "先这样用。"),
        ("Use it so.\n\nRegenerate response\nCopy 👍 👎\nGemini can make mistakes. Check it.", "Use it so."),
    ],
)
def test_lines_of_pages(answer, kept):
    assert repaired(answer) == kept


@pytest.mark.parametrize(
    "answer",
    [
        "The page has these parts:\n\nHome  Docs  Blog",
        "Press the button, then:\n- Share\n- Follow",
        "点赞的人多，收藏的人少，评论也不多。",
        "A model can make mistakes. Check what it says.\nThen go on.",
    ],
)
def test_what_only_sounds_like_a_page_stays(answer):
    assert repaired(answer) == answer


@pytest.mark.parametrize(
    "answer",
    [
        '{"name": "read", "arguments": {"path": "a"}}',
        'Let me look.\n\n{"id": 1, "function": {"name": "ls", "arguments": "{}"}}',
        'Moment.\n[{"tool_name": "find", "input": {"q": "a"}}]',
        "Thought: I must search.\nAction: search\nAction Input: a table",
    ],
)
def test_calls_of_tools_are_no_answer(answer):
    assert found_in(answer, "Where is the table kept?")["tool-call"] == "drop"
    assert "tool-call" not in found_in(answer, "Which tool call does the agent make?")


@pytest.mark.parametrize(
    "answer",
    [
        'It returns:\n\n{"name": "Li", "age": 3}',
        f"Set it so:\n\n{block('json', '{' + chr(34) + 'name' + chr(34) + ': ' + chr(34) + 'a' + chr(34) + '}')}",
        'The row is\n{"name": "Ann Lee", "input": {"a": 1}}',
        "Action: press the button.",
    ],
)
def test_other_objects_are(answer):
    assert "tool-call" not in found_in(answer, "What comes back?")


def test_letters_that_became_question_marks():
    lost = "Die L?sung h?ngt davon ab, ob die T?r offen ist."
    assert found_in(lost, "Is the door open?")["mojibake"] == "warn"
    assert found_in(block("js", "const m = {\n  a: 'Le caf? est ferm?e le dimanche',\n  b: 'une pi?ce d?j? lue'\n}"))
    for fine in ("Open /a?b=1 and /c?d=2 or /e?f=3.", "Really? Yes?no? Sure.", "`a?b` and `c?.d`"):
        assert "mojibake" not in found_in(fine)


def test_code_within_a_sentence():
    assert found_in("先写 .a { top: 0; left: 0; } 再写别的。")["bare-code"] == "warn"
    assert found_in("Put function up(a) { return a + 1; } into the file.")["bare-code"] == "warn"
    assert "bare-code" not in found_in("Put `.a { top: 0; left: 0; }` into the file, or set {a} and {b}.")


@pytest.mark.parametrize(
    ("question", "answer", "rule"),
    [
        ("Sum it in SQL.", block("sql", "SELECT a, ROUND(SUM("), "truncated"),
        ("Sum it in Go.", block("go", "total := sum("), "truncated"),
        ("如何退货？", "先申请，再寄回；收到后由仓库检查，有问题的应当", "truncated"),
        ("如何退货？", "- 申请：填写原因；\n- 寄回：保留单号；\n- 退款：仓库检查之后再把钱退到原来的账户里", "truncated"),
        ("Write a parser.", block("python", "def parse(a):\n    # split the line\n    pass\n\ndef main():\n    parse(1)"), "placeholder"),
        ("Write a parser.", block("js", "function parse(a) {\n  // your own parsing code here\n}"), "placeholder"),
    ],
)  # fmt: skip
def test_what_is_not_there(question, answer, rule):
    assert rule in found_in(answer, question)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How large is it?", "At most `2 ** 8`."),
        ("Which tag opens the page? Only the line.", block("html", '<main class="a">')),
        ("How are props merged?", block("js", "const a = { ...b, ...c }\nuse(a)\n// ...")),
        ("Write an abstract reader.", block("python", "class A(ABC):\n    @abstractmethod\n    def read(self):\n        # bytes\n        ...")),
        ("Which file do I change?", "改 router.js 里的路由"),
        ("What do I put into .env?", block("ini", "DB_PASSWORD=changeme\nA=1")),
        ("Which addresses pass?", block("js", "const good = ['a.b@example.co.uk', 'c+d@example.de']")),
        ("Who reads the role?", "The server."),
    ],
)  # fmt: skip
def test_what_is_whole_stays(question, answer):
    report = Checker().run([qa(question, answer)])
    assert [sample.answer for sample in report.kept] == [answer]


def test_the_name_of_the_speaker_alone_on_a_line():
    assert repaired("assistant\n\nUse a table for that.") == "Use a table for that."
    answer = "assistant\n\nThe other one is user."
    assert repaired(answer, "Which role answers?") == answer


def test_a_fence_that_opens_twice_in_its_language():
    answer = f"So:\n\n{FENCE}scss\n{block('scss', '.a { top: 0; }')}\n\nDone."
    assert repaired(answer) == f"So:\n\n{block('scss', '.a { top: 0; }')}\n\nDone."


def test_an_address_does_not_begin_within_an_escape():
    assert repaired('{"answer": "@Get(1)\\n@app.get(2)"}') == "@Get(1)\n@app.get(2)"
    assert "zhang@corp.cn" not in repaired('const a = "x\\nzhang@corp.cn"')


def test_names_of_roles_from_elsewhere():
    sample = Sample([{"role": "human", "content": "How is it done?"}, {"role": "gpt", "content": "With a table."}])
    (kept,) = Checker().run([sample]).kept
    assert [turn["role"] for turn in kept.messages] == ["user", "assistant"]
    assert not Checker().run([Sample([{"role": "narrator", "content": "a"}])]).kept


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["列", "a", "…", "点赞   ", "Share   ", "a{b:c; ", "T?", '<a href="#', "1 a\n", "{\n", "'\u00a0"]
)
def test_no_rule_is_slow_on_what_is_repeated(piece):
    sample = qa("How?", piece * (6000 // len(piece)) + "\nx")
    began = time.process_time()
    for rule in RULES:
        rule(sample)
    assert time.process_time() - began < 5
